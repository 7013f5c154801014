//! Keys from passwords.

use crate::crypto::{CryptoError, DeriveKey, DigestAlgorithm};
use pbkdf2::pbkdf2_hmac;

/// PBKDF2 with HMAC-SHA-1 and HMAC-SHA-2.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pbkdf2;

impl DeriveKey for Pbkdf2 {
    fn pbkdf2(
        &self,
        prf: DigestAlgorithm,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        key: &mut [u8],
    ) -> Result<(), CryptoError> {
        if iterations == 0 {
            return Err(CryptoError::Failed);
        }
        match prf {
            DigestAlgorithm::Md5 => return Err(CryptoError::Unsupported),
            DigestAlgorithm::Sha1 => pbkdf2_hmac::<sha1::Sha1>(password, salt, iterations, key),
            DigestAlgorithm::Sha256 => pbkdf2_hmac::<sha2::Sha256>(password, salt, iterations, key),
            DigestAlgorithm::Sha384 => pbkdf2_hmac::<sha2::Sha384>(password, salt, iterations, key),
            DigestAlgorithm::Sha512 => pbkdf2_hmac::<sha2::Sha512>(password, salt, iterations, key),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::testing::hex;

    #[test]
    fn known_answers() {
        let derive = |prf, iterations, len| {
            let mut key = alloc::vec![0; len];
            Pbkdf2.pbkdf2(prf, b"password", b"salt", iterations, &mut key)?;
            Ok(key)
        };
        // RFC 6070.
        assert_eq!(
            derive(DigestAlgorithm::Sha1, 4096, 20),
            Ok(hex("4b007901b765489abead49d926f721d065a429c1"))
        );
        assert_eq!(
            derive(DigestAlgorithm::Md5, 1, 20),
            Err(CryptoError::Unsupported)
        );
        assert_eq!(
            derive(DigestAlgorithm::Sha1, 0, 20),
            Err(CryptoError::Failed)
        );
        // Made with Python's hashlib.
        for (prf, expected) in [
            (DigestAlgorithm::Sha256, "632c2812e46d4604102ba7618e9d6d7d"),
            (DigestAlgorithm::Sha384, "3bd37e2236941d4a77b1b5b714c6f913"),
            (DigestAlgorithm::Sha512, "afe6c5530785b6cc6b1c6453384731bd"),
        ] {
            assert_eq!(derive(prf, 1000, 16), Ok(hex(expected)));
        }
    }
}
