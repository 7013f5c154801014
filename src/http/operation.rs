//! What a client asks a server for.

use alloc::borrow::Cow;

use super::query::{self, Parameters, Value};
use super::{BodyKind, HttpError, Method};
use crate::{Limit, Limits};

/// What a client asks a server for by HTTP, [RFC 8894, section 4.1].
///
/// # CA identifiers
///
/// A server that speaks for several CAs tells them apart by the parameter `message` of all operations but PKIOperation, which
/// the RFC no longer defines. `None` says that it is not there, `Some("")` that it is empty. Nothing is checked of it but that
/// it is UTF-8, and anybody may have sent it. A server of one CA ignores it, since many clients send a constant.
///
/// [RFC 8894, section 4.1]: https://www.rfc-editor.org/rfc/rfc8894#section-4.1
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation<'r> {
    /// What can the CA do? Answered by [`Response::ca_caps`](super::Response::ca_caps).
    GetCaCaps {
        /// The CA that is meant.
        ca_identifier: Option<Cow<'r, str>>,
    },
    /// Which are the CA's certificates? Answered by [`Response::ca_cert`](super::Response::ca_cert).
    GetCaCert {
        /// The CA that is meant.
        ca_identifier: Option<Cow<'r, str>>,
    },
    /// Which will be the CA's next certificates? Answered by
    /// [`Response::next_ca_cert`](super::Response::next_ca_cert).
    GetNextCaCert {
        /// The CA that is meant.
        ca_identifier: Option<Cow<'r, str>>,
    },
    /// A message, to be read with [`PkiMessage::parse`](crate::PkiMessage::parse). Answered by
    /// [`Response::pki_message`](super::Response::pki_message).
    PkiOperation {
        /// The message: not empty, within the limits, and in ASN.1 by its first byte.
        message: Cow<'r, [u8]>,
    },
}

impl<'r> Operation<'r> {
    /// Reads a request.
    ///
    /// - `method` is that of the request line. HEAD asks for what GET does, and for no PKIOperation, since it is safe
    ///   ([RFC 9110, section 9.2.1]).
    /// - `target` is the request target with any path, a whole URL, or the raw query alone. Names are read in any case,
    ///   parameters in any order, and unknown ones are ignored. A `+` in a CA identifier is a space, one in a message is itself.
    /// - `body` is the message of a PKIOperation by POST, whatever its media type says. A POST without `operation` is a
    ///   PKIOperation; POST of another operation is answered like GET.
    /// - `limits` bound the message by [`Limit::InputLen`], and the query by the bytes that such a message needs with each
    ///   character of its base64 percent-encoded.
    ///
    /// ```
    /// use scep::Limits;
    /// use scep::http::Operation;
    /// let operation = Operation::read("GET", "/scep/pkiclient.exe?operation=getcacert&message=my%20ca", &[], &Limits::REQUEST);
    /// assert_eq!(operation, Ok(Operation::GetCaCert { ca_identifier: Some("my ca".into()) }));
    /// ```
    ///
    /// # Errors
    /// An [`HttpError`] that says what stands there instead of a request.
    ///
    /// [RFC 9110, section 9.2.1]: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1
    pub fn read(
        method: &str,
        target: &'r str,
        body: &'r [u8],
        limits: &Limits,
    ) -> Result<Self, HttpError> {
        Self::read_query(method, query::of_target(target), body, limits)
    }

    pub(super) fn read_query(
        method: &str,
        query: &'r str,
        body: &'r [u8],
        limits: &Limits,
    ) -> Result<Self, HttpError> {
        // How a message can come; HEAD brings none.
        let carries_message = match method {
            "GET" => Some(Method::Get),
            "POST" => Some(Method::Post),
            "HEAD" => None,
            _ => return Err(HttpError::MethodNotAllowed),
        };
        if query.len() > longest_query(limits) {
            return Err(HttpError::QueryTooLong);
        }
        let parameters = Parameters::read(query)?;
        let is = |name| {
            parameters
                .operation
                .is_some_and(|value| value.eq_ignore_case(name))
        };
        // Interop: old macOS sends an empty one, Juniper and iOS a name, Windows, sscep and Android a constant.
        let ca_identifier = || parameters.message.map(Value::to_text).transpose();
        // A POST that names no operation can mean nothing else.
        let is_bare = parameters.operation.is_none() && carries_message == Some(Method::Post);
        if is("PKIOperation") || is_bare {
            let method = carries_message.ok_or(HttpError::MethodNotAllowed)?;
            let message = match method {
                Method::Get => parameters
                    .message
                    .ok_or(HttpError::MissingMessage)?
                    .to_bytes()?
                    .into(),
                // Interop: some clients send it as application/octet-stream, some without a type.
                Method::Post => body.into(),
            };
            checked(message, method, limits).map(|message| Self::PkiOperation { message })
        } else if is("GetCACaps") {
            Ok(Self::GetCaCaps {
                ca_identifier: ca_identifier()?,
            })
        } else if is("GetCACert") {
            Ok(Self::GetCaCert {
                ca_identifier: ca_identifier()?,
            })
        } else if is("GetNextCACert") {
            Ok(Self::GetNextCaCert {
                ca_identifier: ca_identifier()?,
            })
        } else if parameters.operation.is_some() {
            Err(HttpError::UnknownOperation)
        } else {
            Err(HttpError::MissingOperation)
        }
    }
}

/// Refuses what is no message for certain, because the parser could not say what it is. The rest is left to the parser.
fn checked<'r>(
    message: Cow<'r, [u8]>,
    method: Method,
    limits: &Limits,
) -> Result<Cow<'r, [u8]>, HttpError> {
    if message.len() > limits.bound(Limit::InputLen) {
        return Err(HttpError::MessageTooLong(method));
    }
    match BodyKind::of(&message) {
        BodyKind::Asn1 => Ok(message),
        BodyKind::Empty => Err(HttpError::EmptyMessage(method)),
        kind => Err(HttpError::NotAMessage(kind)),
    }
}

/// Three bytes are four characters of base64, each of which escaping makes three, and 4 KiB are for all the rest.
fn longest_query(limits: &Limits) -> usize {
    limits
        .bound(Limit::InputLen)
        .saturating_mul(4)
        .saturating_add(4096)
}
