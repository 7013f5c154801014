//! Fingerprints of certificates, as people compare them.

use core::fmt;

use md5::{Digest, Md5};

use crate::certificate::Certificate;
use crate::crypto::{CryptoError, DigestAlgorithm, DigestValue, Provider};

/// The digest of a whole certificate, by which a client knows a CA's that came unauthenticated
/// ([RFC 8894, section 2.2](https://www.rfc-editor.org/rfc/rfc8894#section-2.2)).
///
/// RFC 8894 names SHA-256, and SHA-1 for old implementations; servers in use show MD5 too. Take SHA-256 where there is a
/// choice: of the other two it is known how to make two certificates with one fingerprint, though not how to make one for a
/// fingerprint that is given.
///
/// ```
/// use scep::{Fingerprint, FingerprintAlgorithm};
/// let shown = Fingerprint::from_hex("0CC175B9 C0F1B6A8 31C399E2 69772661")?;
/// assert_eq!(shown.algorithm(), FingerprintAlgorithm::Md5);
/// assert_eq!(shown, Fingerprint::from_hex("0c:c1:75:b9:c0:f1:b6:a8:31:c3:99:e2:69:77:26:61")?);
/// # Ok::<(), scep::FingerprintError>(())
/// ```
///
/// It is nothing but a value to compare: no signature can be verified with it, and so MD5 is there under every policy.
// A fingerprint is public, and so is the certificate that it is compared with: comparing them takes no constant time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    algorithm: FingerprintAlgorithm,
    value: DigestValue,
}

/// The digest of a [`Fingerprint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FingerprintAlgorithm {
    /// MD5, 16 bytes, as NDES shows it.
    Md5,
    /// SHA-1, 20 bytes: the thumbprint of Windows.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
}

/// Why a text is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FingerprintError {
    /// This is neither a hexadecimal digit nor what stands between digits.
    Character(char),
    /// So many digits are those of no fingerprint.
    Digits(usize),
}

impl Fingerprint {
    /// Reads hexadecimal digits in either case, with blanks, colons and dashes anywhere; how many there are tells the
    /// algorithm.
    ///
    /// # Errors
    /// [`FingerprintError::Character`] for anything else in the text, [`FingerprintError::Digits`] if there are not 32, 40
    /// or 64 digits.
    pub fn from_hex(text: &str) -> Result<Self, FingerprintError> {
        let mut bytes = [0_u8; 32];
        let mut digits = 0_usize;
        for character in text.chars().filter(|character| !is_separator(*character)) {
            let digit = character
                .to_digit(16)
                .and_then(|digit| digit.try_into().ok());
            let digit: u8 = digit.ok_or(FingerprintError::Character(character))?;
            if let Some(byte) = bytes.get_mut(digits / 2) {
                *byte = *byte << 4 | digit;
            }
            digits = digits.saturating_add(1);
        }
        let error = FingerprintError::Digits(digits);
        if !digits.is_multiple_of(2) {
            return Err(error);
        }
        bytes
            .get(..digits / 2)
            .and_then(Self::from_bytes)
            .ok_or(error)
    }

    /// Takes the bytes, as a configuration profile holds them, or `None` if they are not 16, 20 or 32.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let algorithm = match bytes.len() {
            16 => FingerprintAlgorithm::Md5,
            20 => FingerprintAlgorithm::Sha1,
            32 => FingerprintAlgorithm::Sha256,
            _ => return None,
        };
        let value = DigestValue::new(bytes)?;
        Some(Self { algorithm, value })
    }

    /// Computes the fingerprint of a certificate. MD5 needs nothing of the provider.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] if the provider does not have the digest.
    pub fn of(
        algorithm: FingerprintAlgorithm,
        certificate: &Certificate<'_>,
        provider: &Provider,
    ) -> Result<Self, CryptoError> {
        let der = certificate.as_der();
        let digest = |digest| provider.digests().digest(digest, &[der]);
        let value = match algorithm {
            FingerprintAlgorithm::Md5 => {
                DigestValue::new(&Md5::digest(der)).ok_or(CryptoError::Failed)
            }
            FingerprintAlgorithm::Sha1 => digest(DigestAlgorithm::Sha1),
            FingerprintAlgorithm::Sha256 => digest(DigestAlgorithm::Sha256),
        }?;
        Ok(Self { algorithm, value })
    }

    /// Whether this is the fingerprint of a certificate.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn matches(
        &self,
        certificate: &Certificate<'_>,
        provider: &Provider,
    ) -> Result<bool, CryptoError> {
        Ok(Self::of(self.algorithm, certificate, provider)? == *self)
    }

    /// The digest that it is of.
    #[must_use]
    pub const fn algorithm(&self) -> FingerprintAlgorithm {
        self.algorithm
    }

    /// The bytes: 16, 20 or 32.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.value.as_bytes()
    }
}

/// Shows hexadecimal digits in upper case with nothing between.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.as_bytes() {
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl FingerprintAlgorithm {
    /// The name in lower case, such as `sha-256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => DigestAlgorithm::Md5.name(),
            Self::Sha1 => DigestAlgorithm::Sha1.name(),
            Self::Sha256 => DigestAlgorithm::Sha256.name(),
        }
    }
}

impl fmt::Display for FingerprintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(character) => {
                write!(f, "{character:?} in a fingerprint is no hexadecimal digit")
            }
            Self::Digits(digits) => write!(
                f,
                "a fingerprint has 32, 40 or 64 hexadecimal digits and not {digits}"
            ),
        }
    }
}

impl core::error::Error for FingerprintError {}

// Interop: NDES shows groups of eight digits; Windows' certificate dialog copies an invisible U+200E before the first.
const fn is_separator(character: char) -> bool {
    matches!(character, ':' | '-' | '\u{200e}' | '\u{a0}') || character.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::{String, ToString};

    const SHA256: &str = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";

    fn read(text: &str) -> Result<String, FingerprintError> {
        Fingerprint::from_hex(text).map(|fingerprint| fingerprint.to_string())
    }

    #[test]
    fn the_number_of_digits_tells_the_algorithm() {
        for (digits, algorithm) in [
            (32, FingerprintAlgorithm::Md5),
            (40, FingerprintAlgorithm::Sha1),
            (64, FingerprintAlgorithm::Sha256),
        ] {
            let fingerprint = Fingerprint::from_hex(&SHA256[..digits]).unwrap();
            assert_eq!(fingerprint.algorithm(), algorithm);
            assert_eq!(fingerprint.as_bytes().len(), digits / 2);
            assert_eq!(fingerprint.to_string(), SHA256[..digits]);
            assert_eq!(
                Fingerprint::from_bytes(fingerprint.as_bytes()),
                Some(fingerprint)
            );
        }
    }

    #[test]
    fn every_common_spelling_is_read() {
        let pairs: alloc::vec::Vec<_> = (0..SHA256.len())
            .step_by(2)
            .map(|at| &SHA256[at..at + 2])
            .collect();
        for text in [
            SHA256.to_lowercase(),
            pairs.join(":"),
            pairs.join("-"),
            format!("\u{200e}{}", pairs.join(" ").to_lowercase()),
            format!("  {}\r\n{}\t", &SHA256[..32], &SHA256[32..]),
            format!("{}\u{a0}{}", &SHA256[..8], &SHA256[8..]),
        ] {
            assert_eq!(read(&text).as_deref(), Ok(SHA256), "{text}");
        }
    }

    #[test]
    fn what_is_no_fingerprint_is_told() {
        for digits in [0, 2, 31, 33, 38, 42, 62, 63] {
            assert_eq!(
                read(&SHA256[..digits]),
                Err(FingerprintError::Digits(digits))
            );
        }
        for more in [1, 2, 64] {
            let text = format!("{SHA256}{}", &SHA256[..more]);
            assert_eq!(read(&text), Err(FingerprintError::Digits(64 + more)));
        }
        for wrong in ['g', 'é', '٣', '/'] {
            let text = format!("{wrong}{}", &SHA256[1..]);
            assert_eq!(read(&text), Err(FingerprintError::Character(wrong)));
        }
        assert_eq!(Fingerprint::from_bytes(&[0; 31]), None);
        assert_eq!(
            FingerprintError::Digits(7).to_string(),
            "a fingerprint has 32, 40 or 64 hexadecimal digits and not 7"
        );
    }

    #[cfg(feature = "rustcrypto")]
    #[test]
    fn each_algorithm_is_computed_over_the_whole_certificate() {
        let pem = include_bytes!("../test-vectors/keys/ca-jscep.pem");
        let der = pem_rfc7468::decode_vec(pem).unwrap().1;
        let ca = Certificate::from_der(der).unwrap();
        let provider = Provider::rustcrypto();
        // As `openssl x509 -fingerprint` shows them.
        for (algorithm, shown) in [
            (
                FingerprintAlgorithm::Md5,
                "35:78:B0:65:2D:76:66:D8:B1:FE:D2:C0:C2:05:FE:19",
            ),
            (
                FingerprintAlgorithm::Sha1,
                "1B:FA:FB:01:5E:3E:45:26:4F:EB:E9:77:E0:F1:1D:7B:2B:65:F2:50",
            ),
            (
                FingerprintAlgorithm::Sha256,
                "01:6A:68:17:F1:A9:E7:EF:6A:AF:F8:35:04:ED:8E:8F:59:5F:49:48:13:40:35:94:F4:59:18:A6:34:B7:8D:21",
            ),
        ] {
            let shown = Fingerprint::from_hex(shown).unwrap();
            assert_eq!(shown.algorithm(), algorithm);
            assert_eq!(Fingerprint::of(algorithm, &ca, &provider), Ok(shown));
            assert_eq!(shown.matches(&ca, &provider), Ok(true));
            let mut other = shown.as_bytes().to_vec();
            other[0] ^= 1;
            let other = Fingerprint::from_bytes(&other).unwrap();
            assert_eq!(other.matches(&ca, &provider), Ok(false));
        }
    }
}
