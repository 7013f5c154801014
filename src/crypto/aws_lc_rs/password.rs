//! Keys from passwords.

use core::num::NonZeroU32;

use ::aws_lc_rs::pbkdf2::{
    self, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA384, PBKDF2_HMAC_SHA512,
};

use crate::crypto::{CryptoError, DeriveKey, DigestAlgorithm};

/// PBKDF2, as [`rustcrypto::Pbkdf2`](crate::crypto::rustcrypto::Pbkdf2) has it.
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
        let iterations = NonZeroU32::new(iterations).ok_or(CryptoError::Failed)?;
        let algorithm = match prf {
            DigestAlgorithm::Md5 => return Err(CryptoError::Unsupported),
            DigestAlgorithm::Sha1 => PBKDF2_HMAC_SHA1,
            DigestAlgorithm::Sha256 => PBKDF2_HMAC_SHA256,
            DigestAlgorithm::Sha384 => PBKDF2_HMAC_SHA384,
            DigestAlgorithm::Sha512 => PBKDF2_HMAC_SHA512,
        };
        pbkdf2::derive(algorithm, iterations, salt, password, key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto;
    use alloc::vec;

    #[test]
    fn each_provider_derives_the_same() {
        for prf in DigestAlgorithm::ALL {
            for (password, salt) in [
                (&b"secret"[..], &b"salt"[..]),
                (&[7; 200], &[]),
                (&[], &[1; 64]),
            ] {
                for (iterations, len) in [(0, 16), (1, 1), (3, 32), (1000, 100)] {
                    let derive = |part: &dyn DeriveKey| {
                        let mut key = vec![0; len];
                        part.pbkdf2(prf, password, salt, iterations, &mut key)?;
                        Ok::<_, CryptoError>(key)
                    };
                    assert_eq!(derive(&Pbkdf2), derive(&rustcrypto::Pbkdf2), "{prf:?}");
                }
            }
        }
    }
}
