//! What a client sends.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding};

use super::{Method, PKI_MESSAGE_TYPE};

/// A request that a client sends by HTTP, [RFC 8894, section 4.1].
///
/// URLs are those of the server as its operator tells them, with a query of their own or without; a fragment is left off.
/// A CA identifier says which CA is meant where a server speaks for several. Leave it out unless the operator told you one:
/// some servers refuse any that they do not know.
///
/// Send the body with its length, not chunked, and without `Expect`: some servers take neither.
///
/// ```
/// use scep::http::{ClientRequest, Method};
///
/// let request = ClientRequest::get_ca_cert("http://ca.example/scep", Some("my ca"));
/// assert_eq!(request.method(), Method::Get);
/// assert_eq!(request.url(), "http://ca.example/scep?operation=GetCACert&message=my%20ca");
///
/// let message = vec![0x30, 0x03, 0x02, 0x01, 0x00];
/// let request = ClientRequest::pki_operation("http://ca.example/scep", Method::Post, message);
/// assert_eq!(request.url(), "http://ca.example/scep?operation=PKIOperation");
/// assert_eq!(request.content_type(), Some("application/x-pki-message"));
/// ```
///
/// [RFC 8894, section 4.1]: https://www.rfc-editor.org/rfc/rfc8894#section-4.1
// Interop: IIS, under NDES, wants Content-Length; strongSwan's client takes care to send no Expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRequest {
    method: Method,
    url: String,
    body: Vec<u8>,
}

impl ClientRequest {
    /// The longest URL, in bytes, with which a message is sent by GET if the CA takes POST too: 8,000.
    ///
    /// It is what [RFC 9110, section 4.1](https://www.rfc-editor.org/rfc/rfc9110#section-4.1) asks everybody to support. The
    /// RFC has every client use POST where the CA takes it. Servers may allow less: IIS takes a query of 2,048 bytes until it
    /// is configured otherwise.
    pub const MAX_GET_URL: usize = 8_000;

    /// Asks what the CA can do.
    #[must_use]
    pub fn get_ca_caps(url: &str, ca_identifier: Option<&str>) -> Self {
        Self::query(url, "GetCACaps", ca_identifier)
    }

    /// Asks for the CA's certificates.
    #[must_use]
    pub fn get_ca_cert(url: &str, ca_identifier: Option<&str>) -> Self {
        Self::query(url, "GetCACert", ca_identifier)
    }

    /// Asks for the CA's next certificates.
    #[must_use]
    pub fn get_next_ca_cert(url: &str, ca_identifier: Option<&str>) -> Self {
        Self::query(url, "GetNextCACert", ca_identifier)
    }

    /// Sends a message.
    ///
    /// By GET it goes into the URL, as base64 in one line, with `+`, `/` and `=` percent-encoded; it should not be longer than
    /// [`MAX_GET_URL`](Self::MAX_GET_URL), which [`get_url_len`](Self::get_url_len) tells beforehand.
    #[must_use]
    pub fn pki_operation(url: &str, method: Method, message: Vec<u8>) -> Self {
        match method {
            Method::Get => Self {
                method,
                url: get_url(url, &message),
                body: Vec::new(),
            },
            Method::Post => Self {
                method,
                url: operation_url(url, PKI_OPERATION, None),
                body: message,
            },
        }
    }

    /// The length in bytes of the URL that sends a message by GET.
    #[must_use]
    pub fn get_url_len(url: &str, message: &[u8]) -> usize {
        get_url(url, message).len()
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The URL, with its query.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The media type of the body, if there is a body.
    // Interop: OpenXPKI gets an empty body under any other type.
    #[must_use]
    pub const fn content_type(&self) -> Option<&'static str> {
        match self.method {
            Method::Get => None,
            Method::Post => Some(PKI_MESSAGE_TYPE),
        }
    }

    /// The body, which is empty for GET.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, which is empty for GET.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    fn query(url: &str, operation: &str, ca_identifier: Option<&str>) -> Self {
        Self {
            method: Method::Get,
            url: operation_url(url, operation, ca_identifier),
            body: Vec::new(),
        }
    }
}

const PKI_OPERATION: &str = "PKIOperation";

fn get_url(url: &str, message: &[u8]) -> String {
    operation_url(url, PKI_OPERATION, Some(&Base64::encode_string(message)))
}

// Interop: EJBCA answers 404 to an identifier that it does not know, an empty one included, so none is written unasked.
fn operation_url(url: &str, operation: &str, message: Option<&str>) -> String {
    let base = url.split('#').next().unwrap_or_default();
    let separator = match base.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    match message {
        Some(message) => format!(
            "{base}{separator}operation={operation}&message={}",
            Escaped(message)
        ),
        None => format!("{base}{separator}operation={operation}"),
    }
}

/// Text with all but the unreserved characters of [RFC 3986, section 2.3] percent-encoded.
///
/// [RFC 3986, section 2.3]: https://www.rfc-editor.org/rfc/rfc3986#section-2.3
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.bytes().try_for_each(|byte| match byte {
            b'-' | b'.' | b'_' | b'~' => fmt::Write::write_char(f, char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => fmt::Write::write_char(f, char::from(byte)),
            _ => write!(f, "%{byte:02X}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn the_url_may_have_a_query_or_a_fragment() {
        for (url, expected) in [
            ("http://ca/scep", "http://ca/scep?operation=GetCACaps"),
            ("http://ca/", "http://ca/?operation=GetCACaps"),
            ("http://ca?", "http://ca?operation=GetCACaps"),
            ("http://ca/?a=b", "http://ca/?a=b&operation=GetCACaps"),
            ("http://ca/?a&", "http://ca/?a&operation=GetCACaps"),
            ("http://ca/#?b", "http://ca/?operation=GetCACaps"),
        ] {
            assert_eq!(ClientRequest::get_ca_caps(url, None).url(), expected);
        }
    }

    // Interop: EJBCA answers 404 to an identifier that it does not know.
    #[test]
    fn an_absent_identifier_is_not_written_and_an_empty_one_is() {
        for (make, operation) in [
            (
                ClientRequest::get_ca_caps as fn(&str, Option<&str>) -> _,
                "GetCACaps",
            ),
            (ClientRequest::get_ca_cert, "GetCACert"),
            (ClientRequest::get_next_ca_cert, "GetNextCACert"),
        ] {
            for (identifier, end) in [
                (None, ""),
                (Some(""), "&message="),
                (Some("a-b.c_d~e"), "&message=a-b.c_d~e"),
                (
                    Some("a +&=%\u{fc}/?#"),
                    "&message=a%20%2B%26%3D%25%C3%BC%2F%3F%23",
                ),
            ] {
                let request: ClientRequest = make("/", identifier);
                assert_eq!(request.url(), format!("/?operation={operation}{end}"));
                assert_eq!(request.method(), Method::Get);
                assert_eq!((request.content_type(), request.body()), (None, &[][..]));
            }
        }
    }

    // Interop: OpenXPKI takes a message under this media type only.
    #[test]
    fn post_has_the_message_in_its_body() {
        let request = ClientRequest::pki_operation("/?a=b", Method::Post, vec![0x30, 0]);
        assert_eq!(request.method().name(), "POST");
        assert_eq!(request.url(), "/?a=b&operation=PKIOperation");
        assert_eq!(request.content_type(), Some("application/x-pki-message"));
        assert_eq!(request.body(), [0x30, 0]);
        assert_eq!(request.into_body(), [0x30, 0]);
    }

    #[test]
    fn get_has_the_message_in_one_line_with_all_escaped() {
        // All 64 characters, and padding.
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut message = Base64::decode_vec(alphabet).unwrap();
        message.extend([0; 100]);
        let length = ClientRequest::get_url_len("/", &message);
        let request = ClientRequest::pki_operation("/", Method::Get, message);
        let expected = format!(
            "/?operation=PKIOperation&message={}%2B%2F{}A%3D%3D",
            &alphabet[..62],
            "A".repeat(133)
        );
        assert_eq!(request.url(), expected);
        assert_eq!(length, expected.len());
        assert_eq!(request.method().name(), "GET");
        assert_eq!((request.content_type(), request.body()), (None, &[][..]));
    }
}
