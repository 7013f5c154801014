//! The forms in which Intune wants values.

use alloc::string::String;
use core::fmt;

use base64ct::{Base64, Encoding};
use ctutils::CtEq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::Csr;
use crate::certificate::civil_text;

/// The base64 of a CSR exactly as it was received, without line breaks.
///
/// Intune verifies the CSR's own signature, so nothing may be encoded anew. It holds the challenge password: it is zeroised in
/// the end, and not shown by [`Debug`](fmt::Debug).
#[derive(Clone)]
pub struct EncodedCsr(Zeroizing<String>);

impl EncodedCsr {
    pub(super) fn of(csr: &Csr) -> Self {
        Self(Zeroizing::new(Base64::encode_string(csr.as_der())))
    }

    /// The base64, which holds the challenge password.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

/// In constant time for texts of one length.
impl PartialEq for EncodedCsr {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).to_bool()
    }
}

impl Eq for EncodedCsr {}

/// Does not show the CSR.
impl fmt::Debug for EncodedCsr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncodedCsr(..)")
    }
}

impl Serialize for EncodedCsr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EncodedCsr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Zeroizing::new(String::deserialize(deserializer)?)))
    }
}

/// Digits in upper case with nothing between.
pub(super) struct UpperHex<'a>(pub(super) &'a [u8]);

impl fmt::Display for UpperHex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

/// A time in seconds since the Unix epoch as `YYYY-MM-DDThh:mm:ss.sssZ`; `None` outside the years 0 to 9999.
pub(super) fn utc(time: i64) -> Option<String> {
    Some(alloc::format!("{}.000Z", civil_text(time)?))
}

/// The first so many characters of a text.
pub(super) fn shortened(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn times_have_milliseconds_and_are_right() {
        for (time, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000Z"),
            (-1, "1969-12-31T23:59:59.000Z"),
            (253_402_300_799, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(utc(time).as_deref(), Some(text));
        }
        for time in [253_402_300_800, i64::MAX, i64::MIN] {
            assert_eq!(utc(time), None);
        }
    }

    #[test]
    fn hex_is_upper_and_keeps_zeros() {
        assert_eq!(UpperHex(&[0, 0xab, 1]).to_string(), "00AB01");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(shortened("\u{e4}\u{f6}\u{fc}", 2), "\u{e4}\u{f6}");
        assert_eq!(shortened("ab", 2), "ab");
    }
}
