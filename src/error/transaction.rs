//! The error of a reply that does not fit its request.

use core::fmt;

use super::{Cause, OpenError, ParseError, VerifyError};
use crate::http::BodyKind;
use crate::{CertificateSignatureError, MessageType, PkiStatus};

/// A reply is not accepted as the answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionError {
    /// What came is no pkiMessage.
    NotAMessage {
        /// The HTTP status with which it came.
        status: u16,
        /// What it looks like.
        looks_like: BodyKind,
        /// Where reading it stopped.
        error: ParseError,
    },
    /// An answer is taken before a request was made.
    NothingSent,
    /// The reply could not be verified.
    Verify(VerifyError),
    /// The reply could not be opened.
    Open(OpenError),
    /// The reply has another transactionID than the request.
    TransactionId,
    /// The reply's recipientNonce is absent or not the request's senderNonce.
    RecipientNonce,
    /// The pkiStatus is none that RFC 8894 defines.
    UnknownStatus(PkiStatus),
    /// PENDING answers a GetCert or GetCRL.
    UnexpectedPending(MessageType),
    /// SUCCESS comes without content.
    SuccessWithoutContent,
    /// No certificate (or CRL) in the reply is the one that was asked for.
    NotFound,
    /// So many certificates (or CRLs) in the reply, not counting copies of the first, could be the one that was asked for.
    Ambiguous(usize),
    /// The certificate or CRL that was asked for does not verify under the CA's certificates.
    NotIssuedByCa(CertificateSignatureError),
}

impl TransactionError {
    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Verify(error) => error.cause(),
            Self::Open(error) => error.cause(),
            Self::NotAMessage { error, .. } => error.cause(),
            Self::NotIssuedByCa(error) => error.cause(),
            Self::NothingSent => Cause::Misuse,
            _ => Cause::Protocol,
        }
    }
}

impl From<VerifyError> for TransactionError {
    fn from(error: VerifyError) -> Self {
        Self::Verify(error)
    }
}

impl From<OpenError> for TransactionError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl fmt::Display for TransactionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verify(error) => error.fmt(f),
            Self::Open(error) => error.fmt(f),
            Self::NotAMessage {
                status,
                looks_like,
                error,
            } => {
                write!(
                    f,
                    "the answer (HTTP status {status}) is no pkiMessage: it looks like {looks_like}"
                )?;
                match looks_like {
                    BodyKind::Asn1 | BodyKind::Unknown => write!(f, "; {error}"),
                    // Where the parser stopped in a page of HTML helps nobody.
                    _ => Ok(()),
                }
            }
            Self::NothingSent => f.write_str("an answer is taken before a request was made"),
            Self::TransactionId => f.write_str("the reply has another transactionID"),
            Self::RecipientNonce => {
                f.write_str("the reply's recipientNonce is not the request's senderNonce")
            }
            Self::UnknownStatus(status) => {
                write!(f, "the reply has the unknown pkiStatus {}", status.code())
            }
            Self::UnexpectedPending(request) => write!(f, "PENDING answers a {request}"),
            Self::SuccessWithoutContent => f.write_str("SUCCESS comes without content"),
            Self::NotFound => f.write_str("what was asked for is not in the reply"),
            Self::Ambiguous(count) => {
                write!(
                    f,
                    "{count} certificates or CRLs in the reply could be the one asked for"
                )
            }
            Self::NotIssuedByCa(error) => {
                write!(
                    f,
                    "what was issued does not verify under the CA's certificates: {error}"
                )
            }
        }
    }
}

impl core::error::Error for TransactionError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, PkiMessage};
    use alloc::string::ToString;

    #[test]
    fn the_parsers_words_are_for_what_is_in_asn1() {
        let text = |body: &[u8]| {
            let error = PkiMessage::parse(body, &Limits::REPLY).unwrap_err();
            let looks_like = BodyKind::of(body);
            let text = TransactionError::NotAMessage {
                status: 200,
                looks_like,
                error,
            }
            .to_string();
            assert!(text.contains(&looks_like.to_string()), "{text}");
            (text, error.to_string())
        };
        let (html, parser) = text(b"<html>");
        assert!(!html.contains(&parser), "{html}");
        let (asn1, parser) = text(&[0x30, 0]);
        assert!(asn1.ends_with(&parser), "{asn1}");
    }
}
