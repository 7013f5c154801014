//! The error of choosing a CA's certificates by their role.

use core::fmt;

use super::{Cause, Refused, VerifyError};
use crate::CaRole;
use crate::crypto::CryptoError;

/// No [`CaRoles`](crate::CaRoles) can be made of what a CA sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoleError {
    /// Neither the pinned CA certificate is among those of the answer nor one that was issued under it.
    PinNotFound,
    /// An RA's certificate that is pinned by its fingerprint is not among those of the answer: somebody took it out, or the RA
    /// has another one now.
    PinnedRaNotFound,
    /// The pinned certificate is no CA's: the CA is to be pinned, and an RA beside it.
    PinIsNoCa,
    /// The signature of a GetNextCACert body is wrong, or is not the current CA's.
    Verify(VerifyError),
    /// The next certificates hold no CA's that is not a current one.
    NoNextCa,
    /// So many certificates could have this role, and nothing tells them apart.
    Ambiguous(CaRole, usize),
    /// What would have this role has expired.
    Expired(CaRole),
    /// What would have this role is not valid yet.
    NotYetValid(CaRole),
    /// The algorithm of a key or signature is unknown or refused by policy, and so nobody is left for a role.
    Refused(Refused),
    /// Nobody has this role but a certificate of the CA's that nothing marks as an RA's: pin it beside the CA, or allow it
    /// with [`RoleRules::any_leaf_of_ca`](crate::RoleRules::any_leaf_of_ca).
    NotMarkedAsRa(CaRole),
    /// There is no RA, and the CA's keyUsage does not allow this role:
    /// [`RoleRules::ignoring_key_usage`](crate::RoleRules::ignoring_key_usage) takes the CA nevertheless.
    KeyUsage(CaRole),
    /// The provider does not have the digest of the pinned fingerprint.
    Crypto(CryptoError),
}

impl RoleError {
    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Verify(error) => error.cause(),
            Self::PinNotFound | Self::PinnedRaNotFound | Self::Refused(_) => Cause::Policy,
            Self::PinIsNoCa | Self::Crypto(_) => Cause::Misuse,
            _ => Cause::Protocol,
        }
    }
}

impl From<VerifyError> for RoleError {
    fn from(error: VerifyError) -> Self {
        Self::Verify(error)
    }
}

impl From<CryptoError> for RoleError {
    fn from(error: CryptoError) -> Self {
        Self::Crypto(error)
    }
}

impl fmt::Display for RoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PinNotFound => {
                f.write_str("the answer has neither the pinned CA certificate nor one under it")
            }
            Self::PinnedRaNotFound => f.write_str(
                "the answer does not have the RA's certificate that is pinned by fingerprint",
            ),
            Self::PinIsNoCa => f.write_str("the pinned certificate is not a CA's"),
            Self::Verify(error) => error.fmt(f),
            Self::NoNextCa => f.write_str("the next certificates hold no new CA's"),
            Self::Ambiguous(role, count) => {
                write!(f, "{count} certificates could be that of the {role}")
            }
            Self::Expired(role) => write!(f, "the certificate of the {role} has expired"),
            Self::NotYetValid(role) => {
                write!(f, "the certificate of the {role} is not valid yet")
            }
            Self::Refused(refused) => refused.fmt_of("the key of a certificate of the CA's", f),
            Self::NotMarkedAsRa(role) => write!(
                f,
                "the only certificate for the {role} lacks the RA's extended key usage {}: pin it (CaPin::ra_certificate), or see \
                 RoleRules::any_leaf_of_ca",
                crate::oid::CERTIFICATE_REQUEST_AGENT
            ),
            Self::KeyUsage(role) => {
                write!(
                    f,
                    "the CA's keyUsage does not let it be the {role}, and there is no RA (RoleRules::ignoring_key_usage takes it)"
                )
            }
            Self::Crypto(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RoleError {}
