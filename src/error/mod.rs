//! Errors: one small comparable type for each phase of a message's life, and [`Error`] over all of them.

mod build;
mod open;
mod parse;
mod role;
mod transaction;
mod verify;

use core::fmt;

pub use build::BuildError;
pub use open::{DecryptError, OpenError, RecipientHint};
pub use parse::{Item, Layer, ParseError, ParseErrorKind};
pub use role::RoleError;
pub use transaction::TransactionError;
pub use verify::{Refused, VerifyError};

use crate::client::ResumeError;
use crate::crypto::CryptoError;
use crate::http::HttpError;
use crate::{
    CertificateSignatureError, CsrError, FailInfo, NegotiationError, UnprocessedExtension,
};

/// The four causes of an error, never mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The bytes cannot be decoded, or a cryptographic check over them fails.
    Undecodable,
    /// The bytes can be decoded and break RFC 8894 or a standard that it builds on.
    Protocol,
    /// The message is understood and refused by the caller's [`Policy`](crate::crypto::Policy),
    /// [`Limits`](crate::Limits) or [`SignerTrust`](crate::SignerTrust).
    Policy,
    /// The caller asks for something that cannot be, or a key or provider of the caller's fails.
    Misuse,
}

/// Any error on the way of a message, for callers that pass all of them on with `?`. What reads fingerprints, and the modules `ndes`,
/// `microsoft` and `intune`, have errors of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Bytes could not be read.
    Parse(ParseError),
    /// A message could not be verified.
    Verify(VerifyError),
    /// A message could not be opened.
    Open(OpenError),
    /// A message could not be built.
    Build(BuildError),
    /// A reply does not belong to its request.
    Transaction(TransactionError),
    /// A certificate or CRL is not issued by another certificate.
    Certificate(CertificateSignatureError),
    /// A CRL does not tell who is revoked.
    Crl(UnprocessedExtension),
    /// A request by HTTP is none of SCEP.
    Http(HttpError),
    /// A CA and a policy have nothing in common.
    Negotiation(NegotiationError),
    /// A saved enrolment cannot go on.
    Resume(ResumeError),
    /// A CA's certificates have no clear roles.
    Role(RoleError),
}

impl Error {
    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Parse(error) => error.cause(),
            Self::Verify(error) => error.cause(),
            Self::Open(error) => error.cause(),
            Self::Build(error) => error.cause(),
            Self::Transaction(error) => error.cause(),
            Self::Certificate(error) => error.cause(),
            Self::Crl(error) => error.cause(),
            Self::Http(error) => error.cause(),
            Self::Negotiation(error) => error.cause(),
            Self::Resume(error) => error.cause(),
            Self::Role(error) => error.cause(),
        }
    }

    /// What a server should answer.
    #[must_use]
    pub const fn fail_info(&self) -> FailInfo {
        match self {
            Self::Parse(error) => error.fail_info(),
            Self::Verify(error) => error.fail_info(),
            Self::Open(error) => error.fail_info(),
            Self::Build(_)
            | Self::Transaction(_)
            | Self::Certificate(_)
            | Self::Crl(_)
            | Self::Http(_)
            | Self::Negotiation(_)
            | Self::Resume(_)
            | Self::Role(_) => FailInfo::BadRequest,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::Verify(error) => error.fmt(f),
            Self::Open(error) => error.fmt(f),
            Self::Build(error) => error.fmt(f),
            Self::Transaction(error) => error.fmt(f),
            Self::Certificate(error) => error.fmt(f),
            Self::Crl(error) => error.fmt(f),
            Self::Http(error) => error.fmt(f),
            Self::Negotiation(error) => error.fmt(f),
            Self::Resume(error) => error.fmt(f),
            Self::Role(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

macro_rules! from_phase {
    ($($error:ident => $variant:ident),*) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

from_phase!(
    ParseError => Parse,
    VerifyError => Verify,
    OpenError => Open,
    BuildError => Build,
    TransactionError => Transaction,
    CertificateSignatureError => Certificate,
    UnprocessedExtension => Crl,
    HttpError => Http,
    NegotiationError => Negotiation,
    ResumeError => Resume,
    RoleError => Role
);

impl From<CsrError> for Error {
    fn from(error: CsrError) -> Self {
        Self::Open(error.into())
    }
}

impl From<CryptoError> for Error {
    fn from(error: CryptoError) -> Self {
        Self::Build(error.into())
    }
}
