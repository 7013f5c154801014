//! Serial numbers of certificates.

use std::fmt;

use scep::Certificate;
use scep::crypto::CryptoRng;

/// A serial number: the contents of its DER INTEGER. Shown as `openssl x509 -serial` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// A positive number of 16 octets, never the same one twice in the life of a CA.
    pub fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut octets = [0; 16];
        rng.fill_bytes(&mut octets);
        // Not negative, and not shortened either.
        octets[0] = octets[0] & 0x3f | 0x40;
        Self(octets.to_vec())
    }

    pub fn of(certificate: &Certificate<'_>) -> Self {
        Self::new(certificate.serial())
    }

    pub fn new(contents: &[u8]) -> Self {
        Self(contents.to_vec())
    }

    /// Reads hexadecimal digits in either case.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let (pairs, []) = digits.as_chunks::<2>() else {
            return None;
        };
        let octets: Option<Vec<u8>> = pairs
            .iter()
            .map(|[high, low]| {
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                u8::try_from(digit(high)? * 16 + digit(low)?).ok()
            })
            .collect();
        octets.filter(|octets| !octets.is_empty()).map(Self)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
    }
}
