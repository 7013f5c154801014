//! The challengePassword attribute of a CSR.

use alloc::string::String;
use core::fmt;

use ctutils::CtEq;
use zeroize::Zeroizing;

use crate::asn1::tag;

/// The challenge password of a CSR ([RFC 2985, section 5.4.1]), by which a first request is authenticated
/// ([RFC 8894, section 2.4]).
///
/// Absent and empty are two things, and neither ever [verifies](Self::verify).
///
/// [RFC 2985, section 5.4.1]: https://www.rfc-editor.org/rfc/rfc2985#section-5.4.1
/// [RFC 8894, section 2.4]: https://www.rfc-editor.org/rfc/rfc8894#section-2.4
#[derive(Clone, Copy)]
pub enum ChallengePassword<'a> {
    /// There is no such attribute, or it has no value.
    Absent,
    /// There is one, and it is empty.
    // Interop: Windows' certenroll sends it so when it renews.
    Empty,
    /// There is one.
    Present(PresentedPassword<'a>),
}

impl<'a> ChallengePassword<'a> {
    pub(super) const fn of(tag: u8, contents: &'a [u8]) -> Self {
        if contents.is_empty() {
            Self::Empty
        } else {
            Self::Present(PresentedPassword { tag, contents })
        }
    }

    /// Whether the password is `expected`, given in UTF-8, compared in a time that tells nothing but the lengths.
    ///
    /// An empty `expected` is nobody's password.
    #[must_use]
    pub fn verify(&self, expected: &[u8]) -> bool {
        match self {
            Self::Absent | Self::Empty => false,
            Self::Present(password) => password.verify(expected),
        }
    }
}

impl ChallengePassword<'_> {
    /// What the password looks like, for logs and diagnosis. Never a proof of who made it.
    #[must_use]
    pub fn kind(&self) -> ChallengeKind {
        match self {
            Self::Absent => ChallengeKind::Absent,
            Self::Empty => ChallengeKind::Empty,
            Self::Present(password) => password.kind(),
        }
    }
}

/// What a challenge password looks like, told from its length and characters alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChallengeKind {
    /// There is none.
    Absent,
    /// It is empty, as it is when Windows renews.
    Empty,
    /// 16 or 32 hexadecimal digits in upper case: what NDES gives out, to be used once.
    NdesOneTime,
    /// Base64 of 1024 characters or more: what Intune gives out. Only Intune can open it, so the whole CSR must go there.
    IntuneBlob,
    /// Anything else, such as a password that people have chosen.
    Other,
}

/// Never shows the password.
impl fmt::Debug for ChallengePassword<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Empty => "Empty",
            Self::Present(_) => "Present(..)",
        })
    }
}

/// The text of a challenge password, which `Debug` does not show.
#[derive(Clone, Copy)]
pub(crate) struct Challenge<T>(pub(crate) T);

impl<T> fmt::Debug for Challenge<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(..)")
    }
}

impl ChallengePassword<'_> {
    /// The password as text, if there is one that is not empty.
    pub(crate) fn secret_text(&self) -> Option<Challenge<Zeroizing<String>>> {
        match self {
            Self::Present(password) => Some(Challenge(password.expose_secret())),
            _ => None,
        }
    }
}

/// A challenge password that is not empty, in whatever string type it was sent.
#[derive(Clone, Copy)]
pub struct PresentedPassword<'a> {
    tag: u8,
    contents: &'a [u8],
}

impl PresentedPassword<'_> {
    /// Whether the password is `expected`, given in UTF-8, compared in a time that tells nothing but the lengths.
    #[must_use]
    pub fn verify(&self, expected: &[u8]) -> bool {
        let text;
        let presented = if is_in_octets(self.tag) {
            self.contents
        } else {
            text = self.expose_secret();
            text.as_bytes()
        };
        presented.ct_eq(expected).to_bool()
    }

    /// Whether it was sent as a PrintableString, the only type that NDES reads.
    #[must_use]
    pub const fn is_printable_string(&self) -> bool {
        self.tag == tag::PRINTABLE_STRING
    }

    /// The name of the string type that it was sent in.
    #[cfg(feature = "diagnose")]
    pub(crate) const fn string_type(&self) -> &'static str {
        match self.tag {
            tag::PRINTABLE_STRING => "PrintableString",
            tag::UTF8_STRING => "UTF8String",
            tag::IA5_STRING => "IA5String",
            tag::TELETEX_STRING => "TeletexString",
            tag::BMP_STRING => "BMPString",
            tag::UNIVERSAL_STRING => "UniversalString",
            NUMERIC_STRING => "NumericString",
            VISIBLE_STRING => "VisibleString",
            _ => "OCTET STRING",
        }
    }

    fn kind(&self) -> ChallengeKind {
        let text = self.expose_secret();
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        if matches!(text.len(), 16 | 32) && text.bytes().all(is_digit) {
            ChallengeKind::NdesOneTime
        } else if text.len() >= 1024 && text.trim_end_matches('=').bytes().all(is_base64) {
            ChallengeKind::IntuneBlob
        } else {
            ChallengeKind::Other
        }
    }

    /// The password as text, for a service that judges it. What cannot be decoded is replaced by U+FFFD.
    #[must_use]
    pub fn expose_secret(&self) -> Zeroizing<String> {
        // Enough for every type, so that no copy is left behind by growing.
        let capacity = self.contents.len().saturating_add(1).saturating_mul(3);
        let mut text = Zeroizing::new(String::with_capacity(capacity));
        match self.tag {
            tag::BMP_STRING => {
                let (pairs, rest) = self.contents.as_chunks::<2>();
                let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
                text.extend(
                    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)),
                );
                text.extend(rest.first().map(|_| char::REPLACEMENT_CHARACTER));
            }
            tag::UNIVERSAL_STRING => {
                let (quads, rest) = self.contents.as_chunks::<4>();
                let points = quads.iter().map(|quad| u32::from_be_bytes(*quad));
                text.extend(
                    points
                        .map(|point| char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)),
                );
                text.extend(rest.first().map(|_| char::REPLACEMENT_CHARACTER));
            }
            // OpenSSL and others put Latin-1 there.
            tag::TELETEX_STRING => text.extend(self.contents.iter().map(|byte| char::from(*byte))),
            _ => {
                for chunk in self.contents.utf8_chunks() {
                    text.push_str(chunk.valid());
                    text.extend(chunk.invalid().first().map(|_| char::REPLACEMENT_CHARACTER));
                }
            }
        }
        text
    }
}

/// Never shows the password.
impl fmt::Debug for PresentedPassword<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedPassword(..)")
    }
}

/// Whether a value of this tag can be a password.
pub(super) const fn is_text(tag: u8) -> bool {
    is_in_octets(tag)
        || matches!(
            tag,
            tag::TELETEX_STRING | tag::BMP_STRING | tag::UNIVERSAL_STRING
        )
}

/// Whether the octets of this string type are ASCII or UTF-8 as they are.
const fn is_in_octets(tag: u8) -> bool {
    matches!(
        tag,
        tag::PRINTABLE_STRING
            | tag::UTF8_STRING
            | tag::IA5_STRING
            | NUMERIC_STRING
            | VISIBLE_STRING
            | tag::OCTET_STRING
    )
}

const NUMERIC_STRING: u8 = 0x12;
const VISIBLE_STRING: u8 = 0x1a;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn the_kind_is_told_from_length_and_characters() {
        let long = "Ab+/".repeat(256);
        for (text, kind) in [
            ("", ChallengeKind::Empty),
            ("0123456789ABCDEF", ChallengeKind::NdesOneTime),
            (
                "0123456789ABCDEF0123456789ABCDEF",
                ChallengeKind::NdesOneTime,
            ),
            ("0123456789ABCDE", ChallengeKind::Other),
            ("0123456789ABCDEf", ChallengeKind::Other),
            ("0123456789ABCDEG", ChallengeKind::Other),
            (&long, ChallengeKind::IntuneBlob),
            (&format!("{long}A=="), ChallengeKind::IntuneBlob),
            (&long[1..], ChallengeKind::Other),
            (&format!("{long}."), ChallengeKind::Other),
            (&format!("={long}"), ChallengeKind::Other),
        ] {
            let password = ChallengePassword::of(tag::UTF8_STRING, text.as_bytes());
            assert_eq!(password.kind(), kind, "{text}");
        }
        assert_eq!(ChallengePassword::Absent.kind(), ChallengeKind::Absent);
    }

    #[test]
    fn the_type_that_ndes_reads_is_told() {
        for (tag, printable) in [(tag::PRINTABLE_STRING, true), (tag::UTF8_STRING, false)] {
            let ChallengePassword::Present(password) = ChallengePassword::of(tag, b"a") else {
                panic!("absent");
            };
            assert_eq!(password.is_printable_string(), printable);
        }
    }

    #[test]
    fn every_string_type_is_decoded() {
        for (tag, contents, text) in [
            (tag::PRINTABLE_STRING, &b"abc"[..], "abc"),
            (tag::UTF8_STRING, "gr\u{fc}n".as_bytes(), "gr\u{fc}n"),
            (tag::IA5_STRING, b"a@b", "a@b"),
            (tag::OCTET_STRING, b"abc", "abc"),
            (tag::TELETEX_STRING, b"gr\xfcn", "gr\u{fc}n"),
            (
                tag::BMP_STRING,
                &[0, b'g', 0, 0xfc, 0xd8, 0x3d, 0xde, 0],
                "g\u{fc}\u{1f600}",
            ),
            (
                tag::UNIVERSAL_STRING,
                &[0, 0, 0, b'g', 0, 1, 0xf6, 0],
                "g\u{1f600}",
            ),
        ] {
            let password = ChallengePassword::of(tag, contents);
            assert!(is_text(tag));
            assert!(password.verify(text.as_bytes()), "{tag:02x}");
            assert!(!password.verify(b"other"));
            let ChallengePassword::Present(password) = password else {
                panic!("absent");
            };
            assert_eq!(*password.expose_secret(), text);
        }
        assert!(!is_text(tag::INTEGER));
    }

    #[test]
    fn what_cannot_be_decoded_is_replaced() {
        for (tag, contents, text) in [
            (tag::UTF8_STRING, &b"a\xffb"[..], "a\u{fffd}b"),
            (tag::BMP_STRING, &[0, b'a', 0xd8, 0, 9], "a\u{fffd}\u{fffd}"),
            (
                tag::UNIVERSAL_STRING,
                &[0, 0x11, 0, 0, 9],
                "\u{fffd}\u{fffd}",
            ),
        ] {
            let password = PresentedPassword { tag, contents };
            assert_eq!(*password.expose_secret(), text);
        }
        let raw = PresentedPassword {
            tag: tag::UTF8_STRING,
            contents: b"a\xffb",
        };
        assert!(raw.verify(b"a\xffb"));
    }

    #[test]
    fn no_copy_is_left_by_growing() {
        for tag in 0..=0xff {
            let contents = &[0xff; 301];
            let text = PresentedPassword { tag, contents }.expose_secret();
            assert_eq!(text.capacity(), 906, "{tag:02x}");
        }
    }

    #[test]
    fn absent_and_empty_never_match() {
        let empty = ChallengePassword::of(tag::UTF8_STRING, b"");
        for password in [ChallengePassword::Absent, empty] {
            assert!(!password.verify(b""));
            assert!(!password.verify(b"x"));
        }
        assert!(!ChallengePassword::of(tag::UTF8_STRING, b"x").verify(b""));
    }

    #[test]
    fn debug_tells_only_which() {
        let present = ChallengePassword::of(tag::UTF8_STRING, b"secret");
        assert_eq!(format!("{present:?}"), "Present(..)");
        assert_eq!(format!("{:?}", ChallengePassword::Absent), "Absent");
    }
}
