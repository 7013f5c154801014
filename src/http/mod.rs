//! HTTP around the messages, [RFC 8894, section 4.1]: what a request asks for, how one is written, and what answers it.
//!
//! Pure functions over strings and bytes: bring any HTTP server or client. Give [`Operation::read`] the request target or the
//! query as it was received and not what a framework made of it, because a `+` in base64 does not survive form decoding
//! (most messages are read even so).
//!
//! ```
//! use scep::http::{HttpError, Operation, Response};
//! use scep::{Capabilities, Capability, Limits};
//!
//! fn answer(method: &str, target: &str, body: &[u8]) -> Result<Response, HttpError> {
//!     Ok(match Operation::read(method, target, body, &Limits::REQUEST)? {
//!         Operation::GetCaCaps { .. } => Response::ca_caps(&Capabilities::of(&[Capability::ScepStandard])),
//!         Operation::PkiOperation { message } => Response::pki_message(reply_to(&message)),
//!         // And so on.
//!         _ => return Err(HttpError::UnknownOperation),
//!     })
//! }
//!
//! let response = answer("GET", "/cgi-bin/pkiclient.exe?operation=GetCACaps&message=my-ca", b"").unwrap();
//! assert_eq!((response.status(), response.content_type()), (200, "text/plain"));
//! assert_eq!(response.body(), b"SCEPStandard");
//!
//! let error = answer("POST", "/scep?operation=PKIOperation", b"<html>").unwrap_err();
//! assert_eq!(Response::error(error).status(), 400);
//! # fn reply_to(_: &[u8]) -> Vec<u8> { Vec::new() }
//! ```
//!
//! [RFC 8894, section 4.1]: https://www.rfc-editor.org/rfc/rfc8894#section-4.1

mod body_kind;
mod client_request;
#[cfg(feature = "http")]
mod conversions;
mod error;
mod operation;
mod query;
mod response;

use core::fmt;

pub use body_kind::BodyKind;
pub use client_request::ClientRequest;
pub use error::HttpError;
pub use operation::Operation;
pub use response::Response;

/// The media type of a message, as the body of a request and of a response.
pub const PKI_MESSAGE_TYPE: &str = "application/x-pki-message";

/// The two ways to send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// GET: the message is base64 in the URL, whose length servers and proxies limit.
    Get,
    /// POST: the message is the body.
    Post,
}

impl Method {
    /// The method as HTTP writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
