//! The error of a request that is no SCEP request.

use core::fmt;

use super::{BodyKind, Method};
use crate::Cause;

/// A request by HTTP that is none of SCEP. [`Response::error`](super::Response::error) answers it.
///
/// Offsets count bytes of the query, from behind the `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpError {
    /// The method is not GET or POST, or is HEAD for a PKIOperation.
    MethodNotAllowed,
    /// There is no `operation`, and it is not a POST.
    MissingOperation,
    /// The `operation` is none that RFC 8894 defines.
    UnknownOperation,
    /// There is more than one `operation`.
    DuplicateOperation,
    /// There is more than one `message`.
    DuplicateMessage,
    /// A PKIOperation by GET has no `message`.
    MissingMessage,
    /// The message, of a request by this method, is empty.
    EmptyMessage(Method),
    /// A percent sign is not followed by two hexadecimal digits.
    InvalidEscape {
        /// Where the percent sign stands.
        offset: usize,
    },
    /// The message is still percent-encoded after it was percent-decoded.
    EscapedTwice {
        /// Where the percent sign stands that is left.
        offset: usize,
    },
    /// The message has a character that cannot stand there in base64, or ends in the middle of a byte.
    NotBase64 {
        /// Where the character stands.
        offset: usize,
    },
    /// The CA identifier is not UTF-8.
    IdentifierNotUtf8,
    /// The query is longer than what a message of the greatest length needs.
    QueryTooLong,
    /// The message, of a request by this method, is longer than [`Limit::InputLen`](crate::Limit::InputLen).
    MessageTooLong(Method),
    /// What stands in place of the message is none for certain.
    NotAMessage(BodyKind),
    /// A GetNextCACert, and no next CA is known.
    NoNextCa,
}

impl HttpError {
    /// The status of HTTP to answer with: 404, 405, 413, 414 or 400
    /// ([RFC 9110, section 15.5](https://www.rfc-editor.org/rfc/rfc9110#section-15.5)).
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::NoNextCa => 404,
            Self::MethodNotAllowed => 405,
            Self::MessageTooLong(Method::Post) => 413,
            Self::MessageTooLong(Method::Get) | Self::QueryTooLong => 414,
            _ => 400,
        }
    }

    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::QueryTooLong | Self::MessageTooLong(_) => Cause::Policy,
            Self::InvalidEscape { .. }
            | Self::EscapedTwice { .. }
            | Self::NotBase64 { .. }
            | Self::IdentifierNotUtf8
            | Self::NotAMessage(_) => Cause::Undecodable,
            _ => Cause::Protocol,
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MethodNotAllowed => f.write_str("the method must be GET or POST"),
            Self::MissingOperation => {
                f.write_str("the query has no operation, as that of a browser")
            }
            Self::UnknownOperation => f.write_str(
                "the operation must be GetCACaps, GetCACert, GetNextCACert or PKIOperation",
            ),
            Self::DuplicateOperation => f.write_str("the query has more than one operation"),
            Self::DuplicateMessage => f.write_str("the query has more than one message"),
            Self::MissingMessage => f.write_str("the query has no message, which GET must have"),
            Self::EmptyMessage(Method::Get) => f.write_str("the message in the query is empty"),
            Self::EmptyMessage(Method::Post) => {
                f.write_str("the body is empty: it must be the message, and no proxy may drop it")
            }
            Self::InvalidEscape { offset } => write!(
                f,
                "a percent sign has no two hexadecimal digits, at byte {offset} of the query"
            ),
            Self::EscapedTwice { offset } => write!(
                f,
                "the message is percent-encoded twice, at byte {offset} of the query: encode it once"
            ),
            Self::NotBase64 { offset } => write!(
                f,
                "the message is not base64 or is cut off, at byte {offset} of the query"
            ),
            Self::IdentifierNotUtf8 => f.write_str("the CA identifier is not UTF-8"),
            Self::QueryTooLong => {
                f.write_str("the query is longer than any message needs: send it by POST")
            }
            Self::MessageTooLong(_) => {
                f.write_str("the message exceeds the limit of bytes of input")
            }
            Self::NotAMessage(kind @ BodyKind::Truncated { .. }) => {
                write!(f, "the message is {kind}")
            }
            Self::NotAMessage(kind) => write!(f, "there is no message, but {kind}"),
            Self::NoNextCa => f.write_str("this CA has no next certificate yet"),
        }
    }
}

impl core::error::Error for HttpError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn every_text_is_fit_for_a_response() {
        for error in [
            HttpError::MethodNotAllowed,
            HttpError::MissingOperation,
            HttpError::UnknownOperation,
            HttpError::DuplicateOperation,
            HttpError::DuplicateMessage,
            HttpError::MissingMessage,
            HttpError::EmptyMessage(Method::Get),
            HttpError::EmptyMessage(Method::Post),
            HttpError::InvalidEscape { offset: 1 },
            HttpError::EscapedTwice { offset: 1 },
            HttpError::NotBase64 { offset: 1 },
            HttpError::IdentifierNotUtf8,
            HttpError::QueryTooLong,
            HttpError::MessageTooLong(Method::Post),
            HttpError::NotAMessage(BodyKind::Html),
        ] {
            let text = error.to_string();
            assert!(
                text.bytes().all(|byte| matches!(byte, b' '..=b'~')),
                "{text}"
            );
            assert!(
                !text.ends_with('.') && !text.starts_with(char::is_uppercase),
                "{text}"
            );
        }
    }
}
