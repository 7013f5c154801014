//! What a body looks like that is not what it should be.

use core::fmt;

use crate::asn1::{Reader, tag};
use crate::{Item, Layer, Limits, ParseErrorKind};

/// What a body looks like, for the report of one that cannot be read. It is told from the content; media types tell nothing.
///
/// Its text says what that usually means:
///
/// ```
/// use scep::http::BodyKind;
/// let kind = BodyKind::of(b"<!DOCTYPE html><title>404</title>");
/// assert_eq!(kind, BodyKind::Html);
/// assert_eq!(
///     kind.to_string(),
///     "an HTML page: the URL is wrong, or a proxy or portal answers in place of the SCEP server"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyKind {
    /// A page of HTML, in UTF-16 too.
    Html,
    /// An XML document that is no XHTML.
    Xml,
    /// A JSON object or array.
    Json,
    /// Text with a PEM block.
    Pem,
    /// The base64 of something in ASN.1, in either alphabet.
    Base64,
    /// Other text in UTF-8.
    Text,
    /// Nothing, or nothing but white space.
    Empty,
    /// The beginning of something in ASN.1.
    Truncated {
        /// The bytes of the whole, unless its length is indefinite.
        expected: Option<usize>,
        /// The bytes that are there.
        received: usize,
    },
    /// Something in ASN.1, BER or DER, and not cut off: the parser tells more.
    Asn1,
    /// None of these.
    Unknown,
}

impl BodyKind {
    /// Looks at a whole body. Takes a time linear in its length.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        match without_byte_order_mark(body).trim_ascii_start() {
            [] => Self::Empty,
            // Interop: NDES's page of thumbprint and challenge is UTF-16, mostly without a byte order mark.
            [b'<', 0, ..] => Self::Html,
            markup @ [b'<', ..] => of_markup(markup),
            start => match text(start) {
                Some(text) => of_text(text),
                None => of_binary(body),
            },
        }
    }
}

impl fmt::Display for BodyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Html => {
                "an HTML page: the URL is wrong, or a proxy or portal answers in place of the SCEP server"
            }
            Self::Xml => "an XML document: the URL is that of another service",
            Self::Json => {
                "a JSON document: the URL is that of another service, or a gateway reports an error"
            }
            Self::Pem => "PEM text: it must be decoded to DER before it is sent",
            Self::Base64 => "base64 text: it must be decoded before it is sent; only GET has base64",
            Self::Text => "plain text: a server or proxy reports an error",
            Self::Empty => {
                "nothing: the URL is that of another service, or the server does not take the method, GET or POST"
            }
            Self::Truncated { expected, received } => {
                write!(f, "cut off after {received}")?;
                if let Some(expected) = expected {
                    write!(f, " of {expected}")?;
                }
                return f.write_str(" bytes: a server or proxy limits the length; use POST if this is GET");
            }
            Self::Asn1 => "ASN.1",
            Self::Unknown => {
                "binary data that is not ASN.1: it is compressed, or the URL is that of another service"
            }
        })
    }
}

fn without_byte_order_mark(body: &[u8]) -> &[u8] {
    let utf8 = body.strip_prefix(b"\xef\xbb\xbf");
    utf8.or_else(|| body.strip_prefix(b"\xff\xfe"))
        .unwrap_or(body)
}

fn of_markup(markup: &[u8]) -> BodyKind {
    let head = markup.get(..1024).unwrap_or(markup);
    let has = |tag: &[u8]| {
        head.windows(tag.len())
            .any(|window| window.eq_ignore_ascii_case(tag))
    };
    if has(b"<?xml") && !has(b"<html") {
        BodyKind::Xml
    } else {
        BodyKind::Html
    }
}

/// The bytes as text. What is in ASN.1 never is: its first tags and lengths are control characters.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(bytes).ok()?;
    let is_text = |c: char| !c.is_control() || c.is_ascii_whitespace();
    text.chars().all(is_text).then_some(text)
}

fn of_text(text: &str) -> BodyKind {
    if text.starts_with(['{', '[']) {
        BodyKind::Json
    } else if text.contains("-----BEGIN ") {
        BodyKind::Pem
    } else if is_base64_of_asn1(text) {
        BodyKind::Base64
    } else {
        BodyKind::Text
    }
}

/// Whether a text is the base64 of a SEQUENCE of 128 bytes or more, which always begins with `MI`.
fn is_base64_of_asn1(text: &str) -> bool {
    let is_base64 = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b'\r' | b'\n')
    };
    text.len() > 128 && text.starts_with("MI") && text.bytes().all(is_base64)
}

fn of_binary(body: &[u8]) -> BodyKind {
    let mut reader = Reader::new(body, 0, Layer::Message, &Limits::REPLY);
    if !reader.is_next(tag::SEQUENCE) {
        return BodyKind::Unknown;
    }
    let expected = reader.declared_len(Item::Input);
    match reader.element(Item::Input) {
        Err(error) if error.kind() == ParseErrorKind::Truncated => BodyKind::Truncated {
            expected,
            received: body.len(),
        },
        _ => BodyKind::Asn1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const MESSAGE: &[u8] = include_bytes!("../../test-vectors/micromdm-jscep/default.1.req.der");
    const BER: &[u8] = include_bytes!("../../test-vectors/jscep-jscep/default.1.req.ber");
    const CSR: &[u8] = include_bytes!("../../test-vectors/keys/c2048.csr.pem");

    fn truncated(expected: Option<usize>, received: usize) -> BodyKind {
        BodyKind::Truncated { expected, received }
    }

    #[test]
    fn each_kind_is_known_by_its_content() {
        let base64 = [b"MIIC".as_slice(), &[b'A'; 125]].concat();
        let base64url = [b"MIIC-_".as_slice(), &[b'\n'; 123]].concat();
        for (body, kind) in [
            (&b"<!doctype HTML>"[..], BodyKind::Html),
            (b"\r\n <p>no", BodyKind::Html),
            (b"\xef\xbb\xbf<html>", BodyKind::Html),
            (b"<title>f\xfcr</title>", BodyKind::Html),
            (b"<?xml version='1.0'?>\n<HTML xmlns=''>", BodyKind::Html),
            (b"<?xml version='1.0'?><Error/>", BodyKind::Xml),
            (b" {\"error\": 1}", BodyKind::Json),
            (b"[]", BodyKind::Json),
            (CSR, BodyKind::Pem),
            (b"subject=CN\n-----BEGIN CMS-----", BodyKind::Pem),
            (&base64, BodyKind::Base64),
            (&base64url, BodyKind::Base64),
            // Too short, no SEQUENCE, no base64.
            (b"MISSING", BodyKind::Text),
            (&[b'A'; 200], BodyKind::Text),
            (&[b"MI ", &base64[..]].concat(), BodyKind::Text),
            ("404 \u{2013} not found".as_bytes(), BodyKind::Text),
            (b"0 bytes", BodyKind::Text),
            (b"", BodyKind::Empty),
            (b"\xef\xbb\xbf \r\n", BodyKind::Empty),
            (MESSAGE, BodyKind::Asn1),
            (BER, BodyKind::Asn1),
            (b"\x30\x03\x02\x01\x00trailing", BodyKind::Asn1),
            (b"\x30\xff\x00", BodyKind::Asn1),
            (b"\x1f\x8b\x08", BodyKind::Unknown),
            (b"\x31\x00", BodyKind::Unknown),
            (b"{\x00}", BodyKind::Unknown),
        ] {
            assert_eq!(BodyKind::of(body), kind, "{}", body.escape_ascii());
        }
    }

    #[test]
    fn a_message_that_is_cut_off_tells_its_length() {
        for len in 4..MESSAGE.len() {
            assert_eq!(
                BodyKind::of(&MESSAGE[..len]),
                truncated(Some(MESSAGE.len()), len)
            );
        }
        for len in 2..4 {
            assert_eq!(BodyKind::of(&MESSAGE[..len]), truncated(None, len));
        }
        // A lone tag is the digit 0.
        assert_eq!(BodyKind::of(&MESSAGE[..1]), BodyKind::Text);
        for len in 2..BER.len() {
            assert_eq!(BodyKind::of(&BER[..len]), truncated(None, len), "{len}");
        }
    }

    // Interop: NDES's page of thumbprint and challenge.
    #[test]
    fn the_page_of_ndes_in_utf_16_is_html() {
        let page = "<HTML><Head>The thumbprint (hash value) for the CA certificate is";
        let utf16: Vec<u8> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(BodyKind::of(&utf16), BodyKind::Html);
        assert_eq!(
            BodyKind::of(&[b"\xff\xfe", &utf16[..]].concat()),
            BodyKind::Html
        );
    }

    // Interop: NDES 2012 answers POST so, step-ca GET.
    #[test]
    fn an_empty_answer_says_to_try_the_other_method() {
        let text = BodyKind::of(b"").to_string();
        assert!(text.ends_with("does not take the method, GET or POST"));
    }

    #[test]
    fn a_cut_off_message_says_how_much_is_there() {
        assert_eq!(
            format!("{} / {}", truncated(Some(900), 800), truncated(None, 8)),
            "cut off after 800 of 900 bytes: a server or proxy limits the length; use POST if this is GET / \
             cut off after 8 bytes: a server or proxy limits the length; use POST if this is GET"
        );
    }
}
