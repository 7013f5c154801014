//! Ed25519 private keys.

use alloc::vec::Vec;
use core::fmt;

use ::aws_lc_rs::signature::Ed25519KeyPair;
use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::crypto::{CryptoError, SignatureAlgorithm, SigningKey, rustcrypto};

/// An Ed25519 private key in memory. It signs and does nothing else: whom it belongs to is encrypted to by password.
///
/// It is held by AWS-LC and by [`rustcrypto::Ed25519Key`], and checked by both, so that one provider takes no key that the
/// other refuses.
///
/// The key is not shown by `Debug`, and is zeroised when it is dropped, as far as those two do that.
pub struct Ed25519Key {
    native: Ed25519KeyPair,
    software: rustcrypto::Ed25519Key,
}

impl Ed25519Key {
    /// Reads a DER PrivateKeyInfo, also known as PKCS #8 ([RFC 8410, section 7]).
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if it is not one, not of an Ed25519 key, or holds another public key than its own.
    ///
    /// [RFC 8410, section 7]: https://www.rfc-editor.org/rfc/rfc8410#section-7
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, CryptoError> {
        Self::try_from(rustcrypto::Ed25519Key::from_pkcs8_der(der)?)
    }

    /// Reads PEM with the label `PRIVATE KEY`.
    ///
    /// # Errors
    /// As [`from_pkcs8_der`](Self::from_pkcs8_der), and [`CryptoError::Unsupported`] for an encrypted key.
    #[cfg(feature = "pem")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pem")))]
    pub fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        Self::try_from(rustcrypto::Ed25519Key::from_pem(pem)?)
    }

    /// Generates a key, by the software provider.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if no key is made.
    pub fn generate(rng: &mut dyn CryptoRng) -> Result<Self, CryptoError> {
        Self::try_from(rustcrypto::Ed25519Key::generate(rng)?)
    }

    /// The key as a DER PrivateKeyInfo.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if it cannot be encoded.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.software.to_pkcs8_der()
    }

    /// The public key as a DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key_der(&self) -> &[u8] {
        self.software.public_key_der()
    }
}

impl TryFrom<rustcrypto::Ed25519Key> for Ed25519Key {
    type Error = CryptoError;

    /// Takes the same key from the software provider.
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if AWS-LC does not take it.
    fn try_from(software: rustcrypto::Ed25519Key) -> Result<Self, CryptoError> {
        let native = Ed25519KeyPair::from_pkcs8(&software.to_pkcs8_der()?);
        Ok(Self {
            native: native.map_err(|_| CryptoError::InvalidKey)?,
            software,
        })
    }
}

impl SigningKey for Ed25519Key {
    fn public_key(&self) -> Option<&[u8]> {
        self.software.public_key()
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        self.software.algorithms()
    }

    /// Signs without random numbers, as Ed25519 always does.
    fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        if algorithm != SignatureAlgorithm::Ed25519 {
            return Err(CryptoError::Unsupported);
        }
        let signature = self.native.try_sign(message);
        Ok(signature.map_err(|_| CryptoError::Failed)?.as_ref().into())
    }
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519Key").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::testing;
    use alloc::format;

    #[test]
    fn a_generated_key_reads_back() {
        let key = Ed25519Key::generate(&mut testing::rng()).unwrap();
        let again = Ed25519Key::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap();
        assert_eq!(again.public_key_der(), key.public_key_der());
    }

    #[test]
    fn a_signature_is_that_of_the_other_provider() {
        let key = Ed25519Key::try_from(testing::ed25519()).unwrap();
        let sign = |key: &dyn SigningKey| {
            key.sign(SignatureAlgorithm::Ed25519, b"scep", &mut testing::rng())
        };
        assert_eq!(sign(&key), sign(&testing::ed25519()));
    }

    #[test]
    fn nothing_secret_is_shown() {
        let key = Ed25519Key::try_from(testing::ed25519()).unwrap();
        assert_eq!(format!("{key:?}"), "Ed25519Key { .. }");
    }
}
