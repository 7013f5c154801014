//! Private keys on the curves of ECDSA.

use alloc::vec::Vec;
use core::fmt;

use ::aws_lc_rs::agreement::PrivateKey;
use ::aws_lc_rs::rand::SystemRandom;
use ::aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair,
};
use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::key_encryption::{ecdh, shared_coordinate};
use crate::crypto::{
    CryptoError, DecryptionKey, EllipticCurve, KeyTransport, SignatureAlgorithm, SigningKey,
    SubstituteSecret, rustcrypto,
};

/// A private key on P-256, P-384 or P-521 in memory: with the digest that suits the curve AWS-LC signs, with the others
/// [`rustcrypto::EcKey`]. AWS-LC agrees on secrets by ECDH, and the key decrypts nothing itself.
///
/// It is held by both, and checked by both, so that one provider takes no key that the other refuses.
///
/// The key is not shown by `Debug`, and is zeroised when it is dropped, as far as AWS-LC and [`rustcrypto::EcKey`] do that.
pub struct EcKey {
    signing: EcdsaKeyPair,
    agreement: PrivateKey,
    software: rustcrypto::EcKey,
}

impl EcKey {
    /// Reads a DER PrivateKeyInfo, also known as PKCS #8 ([RFC 5958](https://www.rfc-editor.org/rfc/rfc5958)).
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if it is not one, or not of a key on one of the three curves, named in the algorithm.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, CryptoError> {
        Self::try_from(rustcrypto::EcKey::from_pkcs8_der(der)?)
    }

    /// Reads a DER ECPrivateKey of SEC 1 ([RFC 5915, section 3](https://www.rfc-editor.org/rfc/rfc5915#section-3)).
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if it is not one, or not of a key on one of the three curves.
    pub fn from_sec1_der(der: &[u8]) -> Result<Self, CryptoError> {
        Self::try_from(rustcrypto::EcKey::from_sec1_der(der)?)
    }

    /// Reads PEM with the label `PRIVATE KEY` or `EC PRIVATE KEY`.
    ///
    /// # Errors
    /// As [`from_pkcs8_der`](Self::from_pkcs8_der), and [`CryptoError::Unsupported`] for an encrypted key.
    #[cfg(feature = "pem")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pem")))]
    pub fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        Self::try_from(rustcrypto::EcKey::from_pem(pem)?)
    }

    /// Generates a key, by the software provider.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if no key is made.
    pub fn generate(curve: EllipticCurve, rng: &mut dyn CryptoRng) -> Result<Self, CryptoError> {
        Self::try_from(rustcrypto::EcKey::generate(curve, rng)?)
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

    /// The curve.
    #[must_use]
    pub const fn curve(&self) -> EllipticCurve {
        self.software.curve()
    }
}

impl TryFrom<rustcrypto::EcKey> for EcKey {
    type Error = CryptoError;

    /// Takes the same key from the software provider.
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if AWS-LC does not take it.
    fn try_from(software: rustcrypto::EcKey) -> Result<Self, CryptoError> {
        let curve = software.curve();
        let ecdsa = match curve {
            EllipticCurve::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            EllipticCurve::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            EllipticCurve::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        };
        let der = software.to_pkcs8_der()?;
        Ok(Self {
            signing: EcdsaKeyPair::from_pkcs8(ecdsa, &der).map_err(|_| CryptoError::InvalidKey)?,
            agreement: PrivateKey::from_private_key_der(ecdh(curve), &der)
                .map_err(|_| CryptoError::InvalidKey)?,
            software,
        })
    }
}

impl SigningKey for EcKey {
    fn public_key(&self) -> Option<&[u8]> {
        SigningKey::public_key(&self.software)
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        self.software.algorithms()
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        // The first is the one that suits the curve.
        if self.algorithms().first() != Some(&algorithm) {
            return self.software.sign(algorithm, message, rng);
        }
        let signature = self.signing.sign(&SystemRandom::new(), message);
        Ok(signature.map_err(|_| CryptoError::Failed)?.as_ref().into())
    }
}

impl DecryptionKey for EcKey {
    fn public_key(&self) -> Option<&[u8]> {
        DecryptionKey::public_key(&self.software)
    }

    /// Nothing is encrypted to a key on a curve itself.
    fn decrypt_key(
        &self,
        algorithm: KeyTransport,
        encrypted_key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.software.decrypt_key(algorithm, encrypted_key, rng)
    }

    fn agree(
        &self,
        public_key: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        shared_coordinate(&self.agreement, self.curve(), public_key)
    }

    fn substitute_secret(&self) -> &SubstituteSecret {
        self.software.substitute_secret()
    }
}

impl fmt::Debug for EcKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcKey")
            .field("curve", &self.curve())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::testing;
    use alloc::format;

    #[test]
    fn a_generated_key_is_of_its_curve_and_reads_back() {
        for curve in EllipticCurve::ALL {
            let key = EcKey::generate(curve, &mut testing::rng()).unwrap();
            assert_eq!(key.curve(), curve);
            let again = EcKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap();
            assert_eq!(again.public_key_der(), key.public_key_der());
        }
    }

    #[test]
    fn other_keys_and_broken_ones_are_invalid() {
        for der in [
            &[][..],
            &testing::key().to_pkcs8_der().unwrap(),
            &testing::ed25519().to_pkcs8_der().unwrap(),
        ] {
            for read in [EcKey::from_pkcs8_der, EcKey::from_sec1_der] {
                assert_eq!(read(der).unwrap_err(), CryptoError::InvalidKey);
            }
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let key = EcKey::try_from(testing::p384()).unwrap();
        assert_eq!(format!("{key:?}"), "EcKey { curve: P384, .. }");
    }
}
