//! Encryption of content-encryption keys, whatever the recipient's key.

use alloc::vec::Vec;

#[cfg(feature = "ec")]
use ::aws_lc_rs::agreement::{
    self, Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey,
};
#[cfg(feature = "ec")]
use ::aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use signature::rand_core::CryptoRng;
#[cfg(feature = "ec")]
use zeroize::Zeroizing;

use super::RsaKeyTransport;
use crate::crypto::{CryptoError, EncryptKey, KeyTransport};
#[cfg(feature = "ec")]
use crate::crypto::{EllipticCurve, public_key::key_curve};

/// All encryption of keys by this provider: that of [`RsaKeyTransport`] and, with the feature `ec`, agreement with keys on P-256,
/// P-384 and P-521.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyEncryption;

impl EncryptKey for KeyEncryption {
    fn encrypt_key(
        &self,
        algorithm: KeyTransport,
        public_key: &[u8],
        key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        RsaKeyTransport.encrypt_key(algorithm, public_key, key, rng)
    }

    #[cfg(feature = "ec")]
    fn agree(
        &self,
        public_key: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), CryptoError> {
        let curve = key_curve(public_key).ok_or(CryptoError::InvalidKey)?;
        let ephemeral = PrivateKey::generate(ecdh(curve)).map_err(|_| CryptoError::Failed)?;
        let secret = shared_coordinate(&ephemeral, curve, public_key)?;
        let own: PublicKeyX509Der<'_> = ephemeral
            .compute_public_key()
            .and_then(|own| own.as_der())
            .map_err(|_| CryptoError::Failed)?;
        Ok((own.as_ref().into(), secret))
    }
}

#[cfg(feature = "ec")]
pub(super) const fn ecdh(curve: EllipticCurve) -> &'static Algorithm {
    match curve {
        EllipticCurve::P256 => &ECDH_P256,
        EllipticCurve::P384 => &ECDH_P384,
        EllipticCurve::P521 => &ECDH_P521,
    }
}

/// ECDH with a public key that must be on the same curve.
#[cfg(feature = "ec")]
pub(super) fn shared_coordinate(
    private_key: &PrivateKey,
    curve: EllipticCurve,
    public_key: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    // AWS-LC would also read a point without a word on its curve.
    if key_curve(public_key) != Some(curve) {
        return Err(CryptoError::InvalidKey);
    }
    let public_key = UnparsedPublicKey::new(ecdh(curve), public_key);
    agreement::agree(private_key, public_key, CryptoError::InvalidKey, |secret| {
        Ok(Zeroizing::new(secret.to_vec()))
    })
}

#[cfg(all(test, feature = "ec"))]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::{self, testing};
    use crate::crypto::{DecryptionKey, Provider, aws_lc_rs};

    /// The same keys for both providers.
    fn keys() -> [(aws_lc_rs::EcKey, rustcrypto::EcKey); 3] {
        [testing::p256, testing::p384, testing::p521]
            .map(|key| (aws_lc_rs::EcKey::try_from(key()).unwrap(), key()))
    }

    #[test]
    fn each_provider_agrees_with_either() {
        let rng = &mut testing::rng();
        for (fast, software) in keys() {
            for provider in [Provider::aws_lc_rs(), Provider::rustcrypto()] {
                let public_key = fast.public_key_der();
                let agree = || {
                    let rng = &mut testing::rng();
                    provider.key_encryption().agree(public_key, rng).unwrap()
                };
                let (ephemeral, secret) = agree();
                assert_eq!(secret.len(), fast.curve().coordinate_len());
                assert_eq!(ephemeral.len(), public_key.len());
                assert_ne!(agree().0, ephemeral);
                for key in [&fast as &dyn DecryptionKey, &software] {
                    assert_eq!(key.agree(&ephemeral, rng).unwrap(), secret);
                }
            }
        }
    }

    #[test]
    fn a_point_off_the_curve_and_keys_of_others_are_invalid() {
        let rng = &mut testing::rng();
        let (fast, software) = keys().into_iter().next().unwrap();
        let good = fast.public_key_der();
        let mut off = good.to_vec();
        *off.last_mut().unwrap() ^= 1;
        let (p384, rsa, ed25519) = (testing::p384(), testing::key(), testing::ed25519());
        let bare_point = &good[good.len() - 65..];
        for public_key in [
            &off,
            &[][..],
            bare_point,
            rsa.public_key_der(),
            ed25519.public_key_der(),
        ] {
            for provider in [Provider::aws_lc_rs(), Provider::rustcrypto()] {
                let agreed = provider.key_encryption().agree(public_key, rng);
                assert_eq!(agreed.unwrap_err(), CryptoError::InvalidKey);
            }
            for key in [&fast as &dyn DecryptionKey, &software] {
                for public_key in [public_key, p384.public_key_der()] {
                    let agreed = key.agree(public_key, rng);
                    assert_eq!(agreed.unwrap_err(), CryptoError::InvalidKey);
                }
            }
        }
    }

    #[test]
    fn a_key_on_a_curve_decrypts_nothing() {
        let (fast, software) = keys().into_iter().next().unwrap();
        let decrypted = fast.decrypt_key(KeyTransport::RsaPkcs1v15, &[0; 256], &mut testing::rng());
        assert_eq!(decrypted.unwrap_err(), CryptoError::Unsupported);
        assert_eq!(
            fast.substitute_secret().secret_bytes(),
            software.substitute_secret().secret_bytes()
        );
    }
}
