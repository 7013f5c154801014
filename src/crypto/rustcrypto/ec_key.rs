//! Private keys on the curves of ECDSA.

use super::Digests;
use crate::crypto::{
    ComputeDigest, CryptoError, DecryptionKey, EllipticCurve, KeyTransport, SignatureAlgorithm,
    SigningKey, SubstituteSecret,
};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Mul;
use p256::ecdsa::signature::hazmat::RandomizedPrehashSigner;
use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::{CurveArithmetic, CurveGroup, Generate, PublicKey, SecretKey};
use p256::pkcs8::{DecodePublicKey, EncodePrivateKey, EncodePublicKey, PrivateKeyInfoRef};
use sha2::{Digest, Sha256};
use signature::SignatureEncoding;
use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

/// A private key on P-256, P-384 or P-521 in memory.
///
/// It signs with ECDSA and SHA-256, SHA-384 and SHA-512, the digest that suits the curve first. The secret number of a
/// signature is made of the key, the message ([RFC 6979, section 3.6]) and the random numbers that are given, so that bad
/// random numbers do not give the key away. It agrees on secrets by ECDH, and decrypts nothing itself.
///
/// The key is zeroised when it is dropped, and not shown by `Debug`.
///
/// [RFC 6979, section 3.6]: https://www.rfc-editor.org/rfc/rfc6979#section-3.6
pub struct EcKey {
    secret: Secret,
    public_key: Vec<u8>,
    substitute_secret: SubstituteSecret,
}

enum Secret {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
}

impl EcKey {
    /// Reads a DER PrivateKeyInfo, also known as PKCS #8 ([RFC 5958](https://www.rfc-editor.org/rfc/rfc5958)).
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if it is not one, or not of a key on one of the three curves, named in the algorithm.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, CryptoError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| CryptoError::InvalidKey)?;
        // Each takes the keys of its own curve only.
        p256::SecretKey::try_from(info.clone())
            .map(Secret::P256)
            .or_else(|_| p384::SecretKey::try_from(info.clone()).map(Secret::P384))
            .or_else(|_| p521::SecretKey::try_from(info).map(Secret::P521))
            .map_err(|_| CryptoError::InvalidKey)
            .and_then(Self::new)
    }

    /// Reads a DER ECPrivateKey of SEC 1 ([RFC 5915, section 3](https://www.rfc-editor.org/rfc/rfc5915#section-3)).
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if it is not one, or not of a key on one of the three curves.
    pub fn from_sec1_der(der: &[u8]) -> Result<Self, CryptoError> {
        p256::SecretKey::from_sec1_der(der)
            .map(Secret::P256)
            .or_else(|_| p384::SecretKey::from_sec1_der(der).map(Secret::P384))
            .or_else(|_| p521::SecretKey::from_sec1_der(der).map(Secret::P521))
            .map_err(|_| CryptoError::InvalidKey)
            .and_then(Self::new)
    }

    /// Reads PEM with the label `PRIVATE KEY` or `EC PRIVATE KEY`.
    ///
    /// # Errors
    /// As [`from_pkcs8_der`](Self::from_pkcs8_der), and [`CryptoError::Unsupported`] for an encrypted key.
    #[cfg(feature = "pem")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pem")))]
    pub fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        super::pem::read(pem, |label, der| match label {
            "PRIVATE KEY" => Self::from_pkcs8_der(der),
            "EC PRIVATE KEY" => Self::from_sec1_der(der),
            _ => Err(CryptoError::InvalidKey),
        })
    }

    /// Generates a key.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if no key is made.
    pub fn generate(curve: EllipticCurve, rng: &mut dyn CryptoRng) -> Result<Self, CryptoError> {
        Self::new(match curve {
            EllipticCurve::P256 => Secret::P256(p256::SecretKey::generate_from_rng(rng)),
            EllipticCurve::P384 => Secret::P384(p384::SecretKey::generate_from_rng(rng)),
            EllipticCurve::P521 => Secret::P521(p521::SecretKey::generate_from_rng(rng)),
        })
    }

    /// The key as a DER PrivateKeyInfo.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if it cannot be encoded.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match &self.secret {
            Secret::P256(key) => key.to_pkcs8_der(),
            Secret::P384(key) => key.to_pkcs8_der(),
            Secret::P521(key) => key.to_pkcs8_der(),
        }
        .map(|document| document.to_bytes())
        .map_err(|_| CryptoError::Failed)
    }

    /// The public key as a DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key
    }

    /// The curve.
    #[must_use]
    pub const fn curve(&self) -> EllipticCurve {
        match self.secret {
            Secret::P256(_) => EllipticCurve::P256,
            Secret::P384(_) => EllipticCurve::P384,
            Secret::P521(_) => EllipticCurve::P521,
        }
    }

    fn new(secret: Secret) -> Result<Self, CryptoError> {
        let public_key = match &secret {
            Secret::P256(key) => key.public_key().to_public_key_der(),
            Secret::P384(key) => key.public_key().to_public_key_der(),
            Secret::P521(key) => key.public_key().to_public_key_der(),
        };
        let public_key = public_key.map_err(|_| CryptoError::Failed)?.into_vec();
        let substitute_secret = match &secret {
            Secret::P256(key) => derive_substitute_secret(&Zeroizing::new(key.to_bytes())),
            Secret::P384(key) => derive_substitute_secret(&Zeroizing::new(key.to_bytes())),
            Secret::P521(key) => derive_substitute_secret(&Zeroizing::new(key.to_bytes())),
        };
        Ok(Self {
            secret,
            public_key,
            substitute_secret,
        })
    }
}

impl SigningKey for EcKey {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, EcdsaSha512};

        match self.secret {
            Secret::P256(_) => &[EcdsaSha256, EcdsaSha384, EcdsaSha512],
            Secret::P384(_) => &[EcdsaSha384, EcdsaSha512, EcdsaSha256],
            Secret::P521(_) => &[EcdsaSha512, EcdsaSha384, EcdsaSha256],
        }
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        use p256::ecdsa as p256;
        use p384::ecdsa as p384;
        use p521::ecdsa as p521;

        if !self.algorithms().contains(&algorithm) {
            return Err(CryptoError::Unsupported);
        }
        let hash = Digests.digest(algorithm.digest(), &[message])?;
        let hash = hash.as_bytes();
        match &self.secret {
            Secret::P256(key) => {
                sign::<p256::DerSignature>(&p256::SigningKey::from(key), hash, rng)
            }
            Secret::P384(key) => {
                sign::<p384::DerSignature>(&p384::SigningKey::from(key), hash, rng)
            }
            Secret::P521(key) => {
                sign::<p521::DerSignature>(&p521::SigningKey::from(key), hash, rng)
            }
        }
    }
}

impl DecryptionKey for EcKey {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    /// Nothing is encrypted to a key on a curve itself.
    fn decrypt_key(
        &self,
        _: KeyTransport,
        _: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        Err(CryptoError::Unsupported)
    }

    fn agree(
        &self,
        public_key: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match &self.secret {
            Secret::P256(key) => shared_coordinate(key, public_key),
            Secret::P384(key) => shared_coordinate(key, public_key),
            Secret::P521(key) => shared_coordinate(key, public_key),
        }
    }

    fn substitute_secret(&self) -> &SubstituteSecret {
        &self.substitute_secret
    }
}

/// ECDH, [SEC 1, section 3.3.1](https://www.secg.org/sec1-v2.pdf): each of the curves has no point of small order, so that to be on
/// it is all that is asked of a point.
fn shared_coordinate<C>(
    secret: &SecretKey<C>,
    public_key: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError>
where
    C: CurveArithmetic,
    PublicKey<C>: DecodePublicKey,
{
    // Reading it sees to it that the point is on the curve.
    let public_key = PublicKey::<C>::from_public_key_der(public_key);
    let public_key = public_key.map_err(|_| CryptoError::InvalidKey)?;
    let secret = Zeroizing::new(secret.to_nonzero_scalar());
    let point = Zeroizing::new(public_key.to_projective().mul((**secret).as_ref()));
    let point = Zeroizing::new(point.to_affine());
    let coordinate = Zeroizing::new(point.x());
    Ok(Zeroizing::new(coordinate.to_vec()))
}

/// The label keeps the secret apart from whatever else may ever be derived from the key.
fn derive_substitute_secret(scalar: &[u8]) -> SubstituteSecret {
    let mut digest = Sha256::new();
    digest.update(b"scep substitute secret v1\0");
    digest.update(scalar);
    let secret: Zeroizing<[u8; 32]> = Zeroizing::new(digest.finalize().into());
    SubstituteSecret::new(*secret)
}

fn sign<S: SignatureEncoding>(
    key: &impl RandomizedPrehashSigner<S>,
    hash: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, CryptoError> {
    let signature = key.sign_prehash_with_rng(rng, hash);
    Ok(signature.map_err(|_| CryptoError::Failed)?.to_vec())
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
    use zeroize::ZeroizeOnDrop;

    #[test]
    fn encodings_round_trip() {
        for key in [testing::p256(), testing::p384(), testing::p521()] {
            let again = EcKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap();
            assert_eq!(again.public_key_der(), key.public_key_der());
            assert_eq!(again.curve(), key.curve());
        }
        let Secret::P384(key) = testing::p384().secret else {
            unreachable!()
        };
        let sec1 = EcKey::from_sec1_der(&key.to_sec1_der().unwrap()).unwrap();
        assert_eq!(sec1.public_key_der(), testing::p384().public_key_der());
    }

    #[test]
    fn a_generated_key_is_of_its_curve_and_new() {
        for curve in EllipticCurve::ALL {
            let generate = || EcKey::generate(curve, &mut testing::rng()).unwrap();
            let key = generate();
            assert_eq!(key.curve(), curve);
            assert_ne!(key.public_key_der(), generate().public_key_der());
            assert!(EcKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).is_ok());
        }
    }

    #[test]
    fn other_keys_and_broken_ones_are_invalid() {
        let invalid = |der: &[u8]| {
            assert_eq!(
                EcKey::from_pkcs8_der(der).unwrap_err(),
                CryptoError::InvalidKey
            );
            assert_eq!(
                EcKey::from_sec1_der(der).unwrap_err(),
                CryptoError::InvalidKey
            );
        };
        invalid(&[]);
        invalid(&testing::key().to_pkcs8_der().unwrap());
        invalid(&testing::ed25519().to_pkcs8_der().unwrap());
        // The public key in the private one's encoding is of another key.
        let mut mixed = testing::p256().to_pkcs8_der().unwrap().to_vec();
        *mixed.last_mut().unwrap() ^= 1;
        invalid(&mixed);
    }

    #[test]
    fn other_algorithms_are_unsupported() {
        let rsa = testing::key();
        let others = rsa
            .algorithms()
            .iter()
            .chain(&[SignatureAlgorithm::Ed25519]);
        for algorithm in others {
            assert_eq!(
                testing::p256().sign(*algorithm, &[], &mut testing::rng()),
                Err(CryptoError::Unsupported)
            );
        }
    }

    #[test]
    fn random_numbers_make_every_signature_another() {
        let sign =
            || testing::p256().sign(SignatureAlgorithm::EcdsaSha256, b"m", &mut testing::rng());
        assert_ne!(sign().unwrap(), sign().unwrap());
    }

    #[test]
    fn the_secret_is_neither_shown_nor_left_behind() {
        fn zeroised<T: ZeroizeOnDrop>(_: &T) {}

        let key = testing::p256();
        assert_eq!(format!("{key:?}"), "EcKey { curve: P256, .. }");
        match &key.secret {
            Secret::P256(secret) => zeroised(secret),
            Secret::P384(secret) => zeroised(secret),
            Secret::P521(secret) => zeroised(secret),
        }
    }

    #[cfg(feature = "pem")]
    #[test]
    fn pem_is_told_apart_by_its_label() {
        const PKCS8: &str = include_str!("../../../test-vectors/keys/ec-p256.key");
        // Made of the same key with `openssl ec`.
        const SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEINZrhgl3vhCjcOYHt4QHMBzO+zC2e9Z3EMNG07DxFjW4oAoGCCqGSM49
AwEHoUQDQgAEQ+4chcoNpX7vMNAIgp4BKQr9oJaR8BAfQ2E4XaMTvcHkcYkC+tx7
4jTI8TbVqY6297O2zjlGyIoPaoY4PNuLqg==
-----END EC PRIVATE KEY-----
";

        for pem in [PKCS8, SEC1] {
            let key = EcKey::from_pem(pem).unwrap();
            assert_eq!(key.public_key_der(), testing::p256().public_key_der());
        }
        let relabelled = |label| EcKey::from_pem(&PKCS8.replace("PRIVATE KEY", label)).unwrap_err();
        assert_eq!(
            relabelled("ENCRYPTED PRIVATE KEY"),
            CryptoError::Unsupported
        );
        assert_eq!(relabelled("EC PRIVATE KEY"), CryptoError::InvalidKey);
        assert_eq!(relabelled("CERTIFICATE"), CryptoError::InvalidKey);
    }
}
