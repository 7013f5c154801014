//! Ed25519 private keys.

use crate::crypto::{CryptoError, SignatureAlgorithm, SigningKey};
use alloc::vec::Vec;
use core::fmt;
use ed25519_dalek::pkcs8::{EncodePublicKey, PrivateKeyInfoRef};
use ed25519_dalek::{Signer, SigningKey as Secret};
use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

/// An Ed25519 private key in memory. It signs and does nothing else: whom it belongs to is encrypted to by password.
///
/// The key is zeroised when it is dropped, and not shown by `Debug`.
pub struct Ed25519Key {
    secret: Secret,
    public_key: Vec<u8>,
}

impl Ed25519Key {
    /// Reads a DER PrivateKeyInfo, also known as PKCS #8 ([RFC 8410, section 7]).
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if it is not one, not of an Ed25519 key, or holds another public key than its own.
    ///
    /// [RFC 8410, section 7]: https://www.rfc-editor.org/rfc/rfc8410#section-7
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, CryptoError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| CryptoError::InvalidKey)?;
        Self::new(Secret::try_from(info).map_err(|_| CryptoError::InvalidKey)?)
    }

    /// Reads PEM with the label `PRIVATE KEY`.
    ///
    /// # Errors
    /// As [`from_pkcs8_der`](Self::from_pkcs8_der), and [`CryptoError::Unsupported`] for an encrypted key.
    #[cfg(feature = "pem")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pem")))]
    pub fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        super::pem::read(pem, |label, der| match label {
            "PRIVATE KEY" => Self::from_pkcs8_der(der),
            _ => Err(CryptoError::InvalidKey),
        })
    }

    /// Generates a key.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if no key is made.
    pub fn generate(rng: &mut dyn CryptoRng) -> Result<Self, CryptoError> {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *secret);
        Self::new(Secret::from_bytes(&secret))
    }

    /// The key as a DER PrivateKeyInfo, without its public key.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if it cannot be encoded.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        // Interop: OpenSSL 3.0 reads no PrivateKeyInfo that has the public key in it.
        let mut der = Zeroizing::new(Vec::with_capacity(
            PRIVATE_KEY_INFO.len().saturating_add(32),
        ));
        der.extend_from_slice(&PRIVATE_KEY_INFO);
        der.extend_from_slice(self.secret.as_bytes());
        Ok(der)
    }

    /// The public key as a DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key
    }

    fn new(secret: Secret) -> Result<Self, CryptoError> {
        let public_key = secret.verifying_key().to_public_key_der();
        let public_key = public_key.map_err(|_| CryptoError::Failed)?.into_vec();
        Ok(Self { secret, public_key })
    }
}

/// A PrivateKeyInfo up to the 32 bytes of the private key.
const PRIVATE_KEY_INFO: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

impl SigningKey for Ed25519Key {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        &[SignatureAlgorithm::Ed25519]
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
        let signature = self.secret.try_sign(message);
        Ok(signature.map_err(|_| CryptoError::Failed)?.to_vec())
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
    use ed25519_dalek::pkcs8::EncodePrivateKey;
    use zeroize::ZeroizeOnDrop;

    #[test]
    fn encodings_round_trip() {
        let key = testing::ed25519();
        let again = Ed25519Key::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap();
        assert_eq!(again.public_key_der(), key.public_key_der());
        let generate = || Ed25519Key::generate(&mut testing::rng()).unwrap();
        assert_ne!(generate().public_key_der(), generate().public_key_der());
    }

    #[test]
    fn a_key_is_written_as_openssl_writes_it() {
        const PEM: &str = include_str!("../../../test-vectors/keys/ed25519.key");

        let (_, der) = pem_rfc7468::decode_vec(PEM.as_bytes()).unwrap();
        assert_eq!(*testing::ed25519().to_pkcs8_der().unwrap(), der);
    }

    #[test]
    fn other_keys_and_broken_ones_are_invalid() {
        let document = testing::ed25519().secret.to_pkcs8_der().unwrap();
        let mut mixed = document.as_bytes().to_vec();
        assert!(Ed25519Key::from_pkcs8_der(&mixed).is_ok());
        // The public key beside the private one is of another key.
        *mixed.last_mut().unwrap() ^= 1;
        for der in [
            &[][..],
            &testing::p256().to_pkcs8_der().unwrap(),
            &testing::key().to_pkcs8_der().unwrap(),
            &mixed,
        ] {
            assert_eq!(
                Ed25519Key::from_pkcs8_der(der).unwrap_err(),
                CryptoError::InvalidKey
            );
        }
    }

    #[test]
    fn other_algorithms_are_unsupported() {
        let rsa = testing::key();
        let others = rsa
            .algorithms()
            .iter()
            .chain(&[SignatureAlgorithm::EcdsaSha512]);
        for algorithm in others {
            assert_eq!(
                testing::ed25519().sign(*algorithm, &[], &mut testing::rng()),
                Err(CryptoError::Unsupported)
            );
        }
    }

    #[test]
    fn the_secret_is_neither_shown_nor_left_behind() {
        fn zeroised<T: ZeroizeOnDrop>(_: &T) {}

        let key = testing::ed25519();
        assert_eq!(format!("{key:?}"), "Ed25519Key { .. }");
        zeroised(&key.secret);
    }

    #[cfg(feature = "pem")]
    #[test]
    fn pem_is_told_apart_by_its_label() {
        const PKCS8: &str = include_str!("../../../test-vectors/keys/ed25519.key");

        let key = Ed25519Key::from_pem(PKCS8).unwrap();
        assert_eq!(key.public_key_der(), testing::ed25519().public_key_der());
        let relabelled =
            |label| Ed25519Key::from_pem(&PKCS8.replace("PRIVATE KEY", label)).unwrap_err();
        assert_eq!(
            relabelled("ENCRYPTED PRIVATE KEY"),
            CryptoError::Unsupported
        );
        assert_eq!(relabelled("EC PRIVATE KEY"), CryptoError::InvalidKey);
    }
}
