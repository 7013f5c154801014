//! HRESULTs: the result codes of Windows.

use core::fmt;
use core::str::FromStr;

use super::hresult_table::{Entry, entry};

/// A result code of Windows, 32 bits: NDES puts it into a FAILURE (1.3.6.1.4.1.311.21.33), and the logs of Windows show it.
///
/// Bit 31 tells failure, bits 16 to 26 who says it, and the low 16 bits what. [`name`](Self::name), [`meaning`](Self::meaning)
/// and [`advice`](Self::advice) are there for the codes that are met in enrolments; what they mean there is seldom what their
/// names say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hresult(u32);

/// Why a text is no HRESULT: it is neither 8 hexadecimal digits after `0x` nor a signed or unsigned decimal of 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HresultError;

impl Hresult {
    /// The code of 32 bits, such as `0x8007_0490`.
    #[must_use]
    pub const fn new(code: u32) -> Self {
        Self(code)
    }

    /// The 32 bits.
    #[must_use]
    pub const fn code(self) -> u32 {
        self.0
    }

    /// The same bits as the signed number that NDES writes.
    #[must_use]
    pub const fn signed(self) -> i32 {
        self.0.cast_signed()
    }

    /// Whether it tells a failure.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        self.0 & 0x8000_0000 != 0
    }

    /// The status of HTTP in it, if it is one of the codes that wrap one: 404 in 0x80190194.
    #[must_use]
    pub fn http_status(self) -> Option<u16> {
        let status = self.of_facility(0x19)?;
        (100..600).contains(&status).then_some(status)
    }

    /// The older error number of Windows in it, if it is one of the codes that wrap one: 12007 in 0x80072EE7.
    #[must_use]
    pub fn win32_error(self) -> Option<u16> {
        self.of_facility(7)
    }

    /// The name in Microsoft's headers.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Some(self.entry()?.name)
    }

    /// What it means in an enrolment.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        Some(self.entry()?.meaning)
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(self) -> Option<&'static str> {
        Some(self.entry()?.advice)
    }

    /// The part of Windows that says it, or `None` if this crate does not know its number.
    #[must_use]
    pub const fn facility(self) -> Option<&'static str> {
        Some(match self.0 >> 16 & 0x7ff {
            0 | 4 => "COM",
            1 => "RPC",
            7 => "Win32",
            9 => "cryptography and certificate services",
            0x0b => "certificate trust",
            0x10 => "smart cards and key stores",
            0x19 => "HTTP",
            _ => return None,
        })
    }

    fn of_facility(self, facility: u32) -> Option<u16> {
        (self.0 >> 16 == 0x8000 | facility)
            .then(|| u16::try_from(self.0 & 0xffff).ok())
            .flatten()
    }

    fn entry(self) -> Option<&'static Entry> {
        entry(self.0)
    }
}

/// From the signed number that NDES writes.
impl From<i32> for Hresult {
    fn from(signed: i32) -> Self {
        Self(signed.cast_unsigned())
    }
}

/// Reads `0x80070490`, `-2147023728` and `2147943568`.
impl FromStr for Hresult {
    type Err = HresultError;

    fn from_str(text: &str) -> Result<Self, HresultError> {
        let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        match hex {
            // `from_str_radix` would take a sign too.
            Some(digits) if digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
                u32::from_str_radix(digits, 16).map(Self)
            }
            Some(_) => return Err(HresultError),
            None => text
                .parse::<i32>()
                .map(Self::from)
                .or_else(|_| text.parse().map(Self)),
        }
        .map_err(|_| HresultError)
    }
}

/// Shows `0x80070490 (ERROR_NOT_FOUND)`, or the number alone if the name is not known.
impl fmt::Display for Hresult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08X}", self.0)?;
        match self.name() {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Hresult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hresult({self})")
    }
}

impl fmt::Display for HresultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an HRESULT is 0x and 8 hexadecimal digits, or a decimal number of 32 bits")
    }
}

impl core::error::Error for HresultError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn every_form_of_a_code_is_read() {
        let code = Hresult::new(0x8007_0490);
        for text in ["0x80070490", "0X80070490", "-2147023728", "2147943568"] {
            assert_eq!(text.parse(), Ok(code), "{text}");
        }
        assert_eq!(Hresult::from(-2_147_023_728), code);
        assert_eq!((code.signed(), code.code()), (-2_147_023_728, 0x8007_0490));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "0x",
            "0x8007049",
            "0x800704900",
            "0x+0070490",
            "80070490x",
            "-2147483649",
            "4294967296",
            "none",
        ] {
            assert_eq!(text.parse::<Hresult>(), Err(HresultError), "{text}");
        }
    }

    #[test]
    fn a_known_code_is_explained_and_another_only_shown() {
        let known = Hresult::new(0x8009_1007);
        assert_eq!(known.to_string(), "0x80091007 (CRYPT_E_HASH_VALUE)");
        assert!(known.meaning().is_some() && known.advice().is_some());
        let unknown = Hresult::new(0x8009_1fff);
        assert_eq!(unknown.to_string(), "0x80091FFF");
        assert_eq!((unknown.meaning(), unknown.advice()), (None, None));
        let facility = Some("cryptography and certificate services");
        assert_eq!((known.facility(), unknown.facility()), (facility, facility));
        assert_eq!(Hresult::new(0x87ff_0001).facility(), None);
    }

    #[test]
    fn wrapped_numbers_are_found_in_their_facility_only() {
        let http = Hresult::new(0x8019_0194);
        assert_eq!((http.http_status(), http.win32_error()), (Some(404), None));
        let win32 = Hresult::new(0x8007_2ee7);
        assert_eq!(
            (win32.http_status(), win32.win32_error()),
            (None, Some(12_007))
        );
        // HTTP_E_STATUS_UNEXPECTED wraps no status, and without bit 31 it is no failure.
        assert_eq!(Hresult::new(0x8019_0001).http_status(), None);
        assert_eq!(Hresult::new(0x0019_0194).http_status(), None);
        assert!(http.is_failure() && !Hresult::new(0).is_failure());
    }
}
