//! The raw query of a request: its two parameters, percent-decoded once.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64Unpadded, Encoding};

use super::HttpError;

/// The parameters that SCEP defines. All others are ignored.
#[derive(Default)]
pub(super) struct Parameters<'q> {
    pub(super) operation: Option<Value<'q>>,
    pub(super) message: Option<Value<'q>>,
}

/// The value of a parameter, as it stands in the query.
#[derive(Clone, Copy)]
pub(super) struct Value<'q> {
    raw: &'q str,
    /// Where it stands in the query.
    offset: usize,
}

/// The query of a request target, or the whole of what is only a query.
///
/// A query may hold `/` and `?` itself, but not before the first `=`.
// Interop: paths end in /pkiclient.exe, /mscep.dll or whatever the administrator typed.
pub(super) fn of_target(target: &str) -> &str {
    match target.find(['/', '?', '=']).map(|at| target.split_at(at).1) {
        Some(found) if !found.starts_with('=') => {
            target.split_once('?').map_or("", |(_, query)| query)
        }
        _ => target,
    }
}

impl<'q> Parameters<'q> {
    pub(super) fn read(query: &'q str) -> Result<Self, HttpError> {
        let mut parameters = Self::default();
        let mut offset = 0_usize;
        for parameter in query.split('&') {
            let (name, raw) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value_offset = offset.saturating_add(parameter.len().saturating_sub(raw.len()));
            let value = Value {
                raw,
                offset: value_offset,
            };
            let name = Value { raw: name, offset };
            if name.eq_ignore_case("operation") {
                if parameters.operation.replace(value).is_some() {
                    return Err(HttpError::DuplicateOperation);
                }
            } else if name.eq_ignore_case("message") && parameters.message.replace(value).is_some()
            {
                return Err(HttpError::DuplicateMessage);
            }
            offset = offset.saturating_add(parameter.len()).saturating_add(1);
        }
        Ok(parameters)
    }
}

impl<'q> Value<'q> {
    /// Whether the decoded value is this, in any case.
    pub(super) fn eq_ignore_case(&self, expected: &str) -> bool {
        let decoded = self
            .decoded()
            .map(|decoded| decoded.ok().map(|(_, byte)| byte.to_ascii_lowercase()));
        decoded.eq(expected.bytes().map(|byte| Some(byte.to_ascii_lowercase())))
    }

    /// The value as text, in which `+` is a space.
    // Interop: Go and Java clients write a space as `+`, and every known server reads it so; RFC 3986 knows only `%20`.
    pub(super) fn to_text(self) -> Result<Cow<'q, str>, HttpError> {
        if !self.raw.contains(['%', '+']) {
            return Ok(Cow::Borrowed(self.raw));
        }
        let spaced = self.raw.replace('+', " ");
        let value = Value {
            raw: &spaced,
            offset: self.offset,
        };
        let bytes: Vec<u8> = value
            .decoded()
            .map(|decoded| decoded.map(|(_, byte)| byte))
            .collect::<Result<_, _>>()?;
        String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|_| HttpError::IdentifierNotUtf8)
    }

    /// The bytes whose base64 the value is, in either alphabet, with line breaks or without, padded or not.
    pub(super) fn to_bytes(self) -> Result<Vec<u8>, HttpError> {
        let mut characters = Vec::with_capacity(self.raw.len());
        let (mut padding, mut last) = (0_u8, self.offset);
        for decoded in self.decoded() {
            let (offset, byte) = decoded?;
            let character = match byte {
                // Interop: Cisco IOS, sscep and strongSwan break lines after 64 characters, and after the last one too.
                b'\r' | b'\n' => continue,
                b'=' if padding < 2 => {
                    padding = padding.saturating_add(1);
                    continue;
                }
                // Interop: what is encoded twice reaches servers that decode twice, as micromdm's does, and no others.
                b'%' => return Err(HttpError::EscapedTwice { offset }),
                _ if padding > 0 => return Err(HttpError::NotBase64 { offset }),
                // Interop: micromdm's client wrote base64url once, and step-ca expected it.
                b'-' => b'+',
                b'_' => b'/',
                // Interop: jscep, iOS and macOS leave `+` as it is, and form decoding makes a space of it.
                b' ' => b'+',
                b'+' | b'/' => byte,
                _ if byte.is_ascii_alphanumeric() => byte,
                _ => return Err(HttpError::NotBase64 { offset }),
            };
            characters.push(character);
            last = offset;
        }
        let decoded = Base64Unpadded::decode_in_place(&mut characters);
        let len = decoded
            .map_err(|_| HttpError::NotBase64 { offset: last })?
            .len();
        characters.truncate(len);
        Ok(characters)
    }

    /// The bytes, percent-decoded once, each with its offset in the query.
    fn decoded(self) -> impl Iterator<Item = Result<(usize, u8), HttpError>> + use<'q> {
        let mut rest = self.raw.bytes().zip(self.offset..);
        core::iter::from_fn(move || {
            let (byte, offset) = rest.next()?;
            if byte != b'%' {
                return Some(Ok((offset, byte)));
            }
            let mut digit = || rest.next().and_then(|(byte, _)| hex_digit(byte));
            let escaped = digit()
                .zip(digit())
                .map(|(high, low)| (offset, high << 4 | low));
            Some(escaped.ok_or(HttpError::InvalidEscape { offset }))
        })
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(query: &str) -> Parameters<'_> {
        Parameters::read(query).unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    fn bytes(message: &str) -> Result<Vec<u8>, HttpError> {
        Value {
            raw: message,
            offset: 100,
        }
        .to_bytes()
    }

    #[test]
    fn the_query_is_what_follows_the_path() {
        for (target, query) in [
            ("/scep?a=b", "a=b"),
            ("/tenant=1/scep?a=b", "a=b"),
            ("https://ca.example:8443/x/pkiclient.exe?a=b?c/d", "a=b?c/d"),
            ("pkiclient.exe?a=b", "a=b"),
            ("?a=b", "a=b"),
            ("a=b", "a=b"),
            ("a=b/c?d=e", "a=b/c?d=e"),
            ("a&b", "a&b"),
            ("/scep?", ""),
            ("/scep", ""),
            ("/tenant=1", ""),
            ("", ""),
        ] {
            assert_eq!(of_target(target), query, "{target}");
        }
    }

    #[test]
    fn parameters_are_found_where_they_stand() {
        let found = parameters("&x=1&Mess%61ge=b=c&operation&OPERATIONS=2&");
        let value = |value: Option<Value<'_>>| value.map(|value| (value.raw.len(), value.offset));
        assert_eq!(value(found.message), Some((3, 15)));
        assert_eq!(value(found.operation), Some((0, 28)));
        let found = parameters("");
        assert!(found.message.is_none() && found.operation.is_none());
    }

    #[test]
    fn a_second_parameter_of_one_name_is_refused() {
        for (query, error) in [
            ("operation=a&operation=a", HttpError::DuplicateOperation),
            ("operation=a&x&%6fperation", HttpError::DuplicateOperation),
            ("message=a&MESSAGE=b", HttpError::DuplicateMessage),
            ("message&message", HttpError::DuplicateMessage),
        ] {
            assert_eq!(Parameters::read(query).err(), Some(error), "{query}");
        }
        parameters("x=1&x=2&operation=a&message=b");
    }

    #[test]
    fn text_is_borrowed_unless_it_must_be_decoded() {
        let text = |raw| Value { raw, offset: 7 }.to_text();
        assert!(matches!(text("my-ca/1"), Ok(Cow::Borrowed("my-ca/1"))));
        assert_eq!(text("a%2Bb+c%20d%25").as_deref(), Ok("a+b c d%"));
        assert_eq!(text("gr%C3%BCn").as_deref(), Ok("gr\u{fc}n"));
        assert_eq!(text("gr%FCn"), Err(HttpError::IdentifierNotUtf8));
        assert_eq!(text("a+%"), Err(HttpError::InvalidEscape { offset: 9 }));
    }

    #[test]
    fn a_wrong_character_is_told_with_its_offset() {
        let not_base64 = |offset| Err(HttpError::NotBase64 { offset });
        let invalid_escape = |offset| Err(HttpError::InvalidEscape { offset });
        for (message, expected) in [
            ("MII*", not_base64(103)),
            ("%4DI%0A%2A", not_base64(107)),
            ("MII\u{fc}", not_base64(103)),
            ("MI%00I", not_base64(102)),
            ("MI==I", not_base64(104)),
            ("MI=%3D=", not_base64(106)),
            // One character more than whole bytes need.
            ("MIIAM\r\n", not_base64(104)),
            ("MIIA%4D", not_base64(104)),
            ("MIIA%", invalid_escape(104)),
            ("MIIA%4", invalid_escape(104)),
            ("MIIA%4g", invalid_escape(104)),
            ("MIIA%+4", invalid_escape(104)),
            ("MIIA%%", invalid_escape(104)),
            ("MIIA%253D", Err(HttpError::EscapedTwice { offset: 104 })),
        ] {
            assert_eq!(bytes(message), expected, "{message}");
        }
        for message in ["MIIA", "MII", "MI", "MI==", "MII=", "MI="] {
            assert!(bytes(message).is_ok(), "{message}");
        }
        assert_eq!(bytes(""), Ok(Vec::new()));
    }
}
