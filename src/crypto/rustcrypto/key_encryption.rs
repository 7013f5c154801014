//! Encryption of content-encryption keys, whatever the recipient's key.

#[cfg(feature = "ec")]
use super::EcKey;
use super::RsaKeyTransport;
#[cfg(feature = "ec")]
use crate::crypto::DecryptionKey;
#[cfg(feature = "ec")]
use crate::crypto::public_key::key_curve;
use crate::crypto::{CryptoError, EncryptKey, KeyTransport};
use alloc::vec::Vec;
use signature::rand_core::CryptoRng;
#[cfg(feature = "ec")]
use zeroize::Zeroizing;

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
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), CryptoError> {
        let curve = key_curve(public_key).ok_or(CryptoError::InvalidKey)?;
        let ephemeral = EcKey::generate(curve, rng)?;
        let secret = ephemeral.agree(public_key, rng)?;
        Ok((ephemeral.public_key_der().to_vec(), secret))
    }
}

#[cfg(all(test, feature = "ec"))]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::testing::{self, hex};

    #[test]
    fn both_sides_agree_and_no_third_does() {
        for key in [testing::p256(), testing::p384(), testing::p521()] {
            let agree = || KeyEncryption.agree(key.public_key_der(), &mut testing::rng());
            let (ephemeral, secret) = agree().unwrap();
            assert_eq!(secret.len(), key.curve().coordinate_len());
            assert_eq!(key.agree(&ephemeral, &mut testing::rng()).unwrap(), secret);
            let (another, other) = agree().unwrap();
            assert_ne!((&another, &other), (&ephemeral, &secret));
            assert_ne!(key.agree(&another, &mut testing::rng()).unwrap(), secret);
        }
    }

    #[test]
    fn known_answers() {
        // Made with `openssl pkeyutl -derive` of OpenSSL 3.0.
        for (key, public_key, expected) in [
            (
                testing::p256(),
                "3059301306072a8648ce3d020106082a8648ce3d03010703420004b7608e607168faa74e330bf27e23fe0f6143\
                 81249bba2b7ea750d97efa956db7d1cedcc5e82746befe8d4337dc20650b43ae3eb2a082f472a5bc3a5c0cb9e6\
                 f2",
                "98d7eee88327ec1ed699e9420637901b8386260c71dd4504672c2ef427adf2f7",
            ),
            (
                testing::p384(),
                "3076301006072a8648ce3d020106052b81040022036200045e9b1cfd8198aa774502baddeaded227d83a40b121\
                 b478e39f99e3bc222aa97f91e300df25cc3a44f0a1542efa7dc16bb4ae8b2787d9f32f1f483da030c91c95872a\
                 422bace3c3ac764a81fab59c90b88bcb7fadea86557cd2dbb3c4c60f7ebd",
                "16efaf0b069cb8767a10610243f17411fdf3eb0493023c23f1724513bd15e1fdda1cb8be4846cc72b8344266f8\
                 2d3ef1",
            ),
            (
                testing::p521(),
                "30819b301006072a8648ce3d020106052b810400230381860004010737124826b442830cd42f9e026588c74c60\
                 d915a13847f5271ee2e763b40de92ed362143edfb72bef45f5f4f1de65c8064c6dfceadeb4683e787711a802c2\
                 d1b200ccb8821130f7e39cbd8b7069492f1422ccba3b87955d8714cc43709c161e2e6b2e845fa7268adb5b5c42\
                 faadff27c3f20c6a83fe687ac47e090fb986500ff00e61",
                "014e4a32e42f334f0e9169979113572f3acebffa17b36b511a580b8bfd9df48dedba88155ed589e817b9f37303\
                 810099fdaef2f2f855b8c8c9472f6d89f6d31b95be",
            ),
        ] {
            let agreed = key.agree(&hex(public_key), &mut testing::rng());
            assert_eq!(agreed.unwrap().as_slice(), hex(expected));
        }
    }

    #[test]
    fn a_point_off_the_curve_and_keys_of_others_are_invalid() {
        let (p256, p384) = (testing::p256(), testing::p384());
        let mut off = p256.public_key_der().to_vec();
        *off.last_mut().unwrap() ^= 1;
        let ed25519 = testing::ed25519();
        for public_key in [
            &off,
            &[][..],
            p384.public_key_der(),
            testing::key().public_key_der(),
            ed25519.public_key_der(),
        ] {
            let agreed = p256.agree(public_key, &mut testing::rng());
            assert_eq!(agreed.unwrap_err(), CryptoError::InvalidKey);
        }
        for public_key in [&off, &[][..], ed25519.public_key_der()] {
            let agreed = KeyEncryption.agree(public_key, &mut testing::rng());
            assert_eq!(agreed.unwrap_err(), CryptoError::InvalidKey);
        }
    }

    #[test]
    fn a_key_on_a_curve_decrypts_nothing() {
        let transport = KeyTransport::RsaPkcs1v15;
        let decrypted = testing::p256().decrypt_key(transport, &[0; 256], &mut testing::rng());
        assert_eq!(decrypted.unwrap_err(), CryptoError::Unsupported);
    }

    #[test]
    fn the_substitute_secret_is_of_the_key() {
        let secret = |key: &EcKey| *key.substitute_secret().secret_bytes();
        assert_eq!(secret(&testing::p256()), secret(&testing::p256()));
        assert_ne!(secret(&testing::p256()), secret(&testing::p384()));
    }
}
