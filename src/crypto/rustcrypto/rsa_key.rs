//! RSA private keys: reading, making and writing them.

use super::rsa::MAX_MODULUS_LEN;
use super::rsa_private;
use crate::crypto::{CryptoError, SignatureAlgorithm, SubstituteSecret};
use alloc::vec::Vec;
use core::fmt;
use der::AnyRef;
use rsa::pkcs1::{EncodeRsaPrivateKey, RsaPrivateKeyRef};
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, PrivateKeyInfoRef};
use rsa::traits::PublicKeyParts;
use rsa::{PrivateKey, PublicKey};
use sha2::{Digest, Sha256};
use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

/// An RSA private key in memory, from 1024 to 8192 bits.
///
/// It signs with RSASSA-PKCS1-v1_5 and RSASSA-PSS, SHA-256 first, and decrypts with RSAES-PKCS1-v1_5 and RSAES-OAEP.
/// Every private operation is blinded with the random numbers that it is given. RSAES-PKCS1-v1_5 never tells that the
/// padding is wrong: it gives a plaintext that is derived from the key and the ciphertext instead.
///
/// The key is not shown by `Debug`, and is zeroised when it is dropped, as far as the crate `rsa` does that: version 0.10.0
/// leaves one copy of a prime in memory that is given back.
pub struct RsaKey {
    pub(super) key: PrivateKey,
    pub(super) public_key: Vec<u8>,
    pub(super) algorithms: Vec<SignatureAlgorithm>,
    pub(super) substitute_secret: SubstituteSecret,
}

impl RsaKey {
    /// Reads a DER PrivateKeyInfo, also known as PKCS #8 ([RFC 5208](https://www.rfc-editor.org/rfc/rfc5208)).
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if it is not one, not of an RSA key, inconsistent, or of another size than 1024 to
    /// 8192 bits.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, CryptoError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| CryptoError::InvalidKey)?;
        let parameters = info.algorithm.parameters.unwrap_or(AnyRef::NULL);
        if info.algorithm.oid != rsa::pkcs1::ALGORITHM_OID || parameters != AnyRef::NULL {
            return Err(CryptoError::InvalidKey);
        }
        Self::from_pkcs1_der(info.private_key.as_bytes())
    }

    /// Reads a DER RSAPrivateKey of PKCS #1
    /// ([RFC 8017, appendix A.1.2](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2)).
    ///
    /// # Errors
    /// As [`from_pkcs8_der`](Self::from_pkcs8_der).
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, CryptoError> {
        let key = RsaPrivateKeyRef::try_from(der).map_err(|_| CryptoError::InvalidKey)?;
        // Before rsa calculates with numbers of any size.
        if key.modulus.as_bytes().len() > MAX_MODULUS_LEN {
            return Err(CryptoError::InvalidKey);
        }
        let key = PrivateKey::try_from(key).map_err(|_| CryptoError::InvalidKey)?;
        Self::try_from(key)
    }

    /// Reads PEM with the label `PRIVATE KEY` or `RSA PRIVATE KEY`.
    ///
    /// # Errors
    /// As [`from_pkcs8_der`](Self::from_pkcs8_der), and [`CryptoError::Unsupported`] for an encrypted key.
    #[cfg(feature = "pem")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pem")))]
    pub fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        super::pem::read(pem, |label, der| match label {
            "PRIVATE KEY" => Self::from_pkcs8_der(der),
            "RSA PRIVATE KEY" => Self::from_pkcs1_der(der),
            _ => Err(CryptoError::InvalidKey),
        })
    }

    /// Generates a key with the public exponent 65537.
    ///
    /// It takes up to some seconds, and much longer when the crates `rsa`, `crypto-bigint` and `crypto-primes` are not
    /// optimised.
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if `modulus_bits` is not from 1024 to 8192, [`CryptoError::Failed`] if no key is made.
    pub fn generate(modulus_bits: usize, rng: &mut dyn CryptoRng) -> Result<Self, CryptoError> {
        check_modulus_bits(modulus_bits)?;
        let key = PrivateKey::new(rng, modulus_bits).map_err(|_| CryptoError::Failed)?;
        Self::try_from(key)
    }

    /// The key as a DER PrivateKeyInfo.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if it cannot be encoded.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let document = self.key.to_pkcs8_der().map_err(|_| CryptoError::Failed)?;
        Ok(document.to_bytes())
    }

    /// The public key as a DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key
    }

    /// The size of the modulus in bits.
    #[must_use]
    pub fn modulus_bits(&self) -> usize {
        modulus_bits(&self.key)
    }
}

impl TryFrom<PrivateKey> for RsaKey {
    type Error = CryptoError;

    /// Takes a key of two primes and of 1024 to 8192 bits.
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if the key is inconsistent, or has more primes or another size.
    fn try_from(mut key: PrivateKey) -> Result<Self, CryptoError> {
        let modulus_bits = modulus_bits(&key);
        check_modulus_bits(modulus_bits)?;
        // Unchecked constructors and cleared precomputations are open to whoever made the key.
        key.validate().map_err(|_| CryptoError::InvalidKey)?;
        key.precompute().map_err(|_| CryptoError::InvalidKey)?;
        let public_key = key.as_public_key().to_public_key_der();
        let public_key = public_key.map_err(|_| CryptoError::InvalidKey)?;
        Ok(Self {
            public_key: public_key.into_vec(),
            algorithms: rsa_private::algorithms(modulus_bits),
            substitute_secret: derive_substitute_secret(&key)?,
            key,
        })
    }
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaKey")
            .field("modulus_bits", &self.modulus_bits())
            .finish_non_exhaustive()
    }
}

fn check_modulus_bits(modulus_bits: usize) -> Result<(), CryptoError> {
    if (PublicKey::MIN_SIZE..=PublicKey::MAX_SIZE).contains(&modulus_bits) {
        Ok(())
    } else {
        Err(CryptoError::InvalidKey)
    }
}

fn modulus_bits(key: &PrivateKey) -> usize {
    // A width beyond usize is beyond every limit too.
    usize::try_from(key.n().bit_width_vartime()).unwrap_or(usize::MAX)
}

/// The label keeps the secret apart from whatever else may ever be derived from the key.
fn derive_substitute_secret(key: &PrivateKey) -> Result<SubstituteSecret, CryptoError> {
    let der = key.to_pkcs1_der().map_err(|_| CryptoError::InvalidKey)?;
    let mut digest = Sha256::new();
    digest.update(b"scep substitute secret v1\0");
    digest.update(der.as_bytes());
    let secret: Zeroizing<[u8; 32]> = Zeroizing::new(digest.finalize().into());
    Ok(SubstituteSecret::new(*secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::testing;
    use crate::crypto::{DecryptionKey, SigningKey};
    use alloc::format;
    use rsa::BoxedUint;
    use rsa::pkcs1::UintRef;
    use rsa::traits::PrivateKeyParts;
    use zeroize::ZeroizeOnDrop;

    #[test]
    fn encodings_round_trip() {
        let key = testing::key();
        let from_pkcs8 = RsaKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap();
        let pkcs1 = testing::private_key().to_pkcs1_der().unwrap();
        let from_pkcs1 = RsaKey::from_pkcs1_der(pkcs1.as_bytes()).unwrap();
        for other in [&from_pkcs8, &from_pkcs1] {
            assert_eq!(other.key, key.key);
            assert_eq!(other.public_key_der(), key.public_key_der());
            assert_eq!(other.modulus_bits(), 2048);
            let secrets = [other, &key].map(|key| *key.substitute_secret().secret_bytes());
            assert_eq!(secrets[0], secrets[1]);
        }
        assert_eq!(SigningKey::public_key(&key), Some(key.public_key_der()));
        assert_eq!(DecryptionKey::public_key(&key), Some(key.public_key_der()));
    }

    #[cfg(feature = "pem")]
    #[test]
    fn pem_is_pkcs1_or_pkcs8() {
        use rsa::pkcs8::LineEnding;

        let key = RsaKey::from_pem(testing::PKCS1_PEM).unwrap();
        assert_eq!(key.public_key_der(), testing::key().public_key_der());
        let pkcs8 = testing::private_key()
            .to_pkcs8_pem(LineEnding::CRLF)
            .unwrap();
        assert_eq!(RsaKey::from_pem(&pkcs8).unwrap().key, key.key);
        let encrypted = pkcs8.replace("PRIVATE", "ENCRYPTED PRIVATE");
        assert_eq!(
            RsaKey::from_pem(&encrypted).err(),
            Some(CryptoError::Unsupported)
        );
        let public = pkcs8.replace("PRIVATE", "PUBLIC");
        assert_eq!(
            RsaKey::from_pem(&public).err(),
            Some(CryptoError::InvalidKey)
        );
        let swapped = pkcs8.replace("PRIVATE", "RSA PRIVATE");
        for wrong in ["", "nothing", &pkcs8[..300], &swapped] {
            assert_eq!(RsaKey::from_pem(wrong).err(), Some(CryptoError::InvalidKey));
        }
    }

    #[test]
    fn truncated_keys_are_invalid() {
        let pkcs8 = testing::key().to_pkcs8_der().unwrap();
        let pkcs1 = testing::private_key().to_pkcs1_der().unwrap();
        for len in [0, 1, 30, 400, 1100] {
            let read = RsaKey::from_pkcs8_der(&pkcs8[..len]);
            assert_eq!(read.err(), Some(CryptoError::InvalidKey));
            let read = RsaKey::from_pkcs1_der(&pkcs1.as_bytes()[..len]);
            assert_eq!(read.err(), Some(CryptoError::InvalidKey));
        }
    }

    #[test]
    fn inconsistent_keys_are_invalid() {
        let good = testing::private_key();
        let e = good.e_bytes();
        let d = good.d().to_be_bytes();
        assert!(RsaKey::from_pkcs1_der(&pkcs1(&good, &good.n_bytes(), &e, &d)).is_ok());
        let mut even = good.n_bytes();
        even[255] &= 0xfe;
        let (n, one, three, large) = (good.n_bytes(), &[1][..], &[3][..], &[0xff; 4096][..]);
        for (n, e, d) in [
            (&even[..], &e[..], &d[..]),
            (&n, one, one),
            (&n, three, &d),
            (&n, &[0], &d),
            (&n, &[2], &d),
            (&n, &e, one),
            (large, &e, &d),
            (&n[..100], &e, &d),
        ] {
            let read = RsaKey::from_pkcs1_der(&pkcs1(&good, n, e, d));
            assert_eq!(read.err(), Some(CryptoError::InvalidKey));
        }
    }

    #[test]
    fn sizes_beyond_the_limits_are_invalid() {
        let rng = &mut testing::rng();
        for bits in [0, 512, 1023, 8193, usize::MAX] {
            let generated = RsaKey::generate(bits, rng);
            assert_eq!(generated.err(), Some(CryptoError::InvalidKey));
        }
        // 61 * 53, from the textbook: well formed, but of 12 bits.
        let [p, q, e] = [61_u64, 53, 17].map(BoxedUint::from);
        let tiny = PrivateKey::from_p_q(p, q, e).unwrap();
        assert_eq!(RsaKey::try_from(tiny).err(), Some(CryptoError::InvalidKey));
    }

    #[test]
    fn nothing_secret_is_shown_and_all_is_zeroised() {
        const fn is_zeroised<T: ZeroizeOnDrop>() {}
        const { is_zeroised::<PrivateKey>() }
        const { is_zeroised::<SubstituteSecret>() }
        assert_eq!(
            format!("{:?}", testing::key()),
            "RsaKey { modulus_bits: 2048, .. }"
        );
    }

    fn pkcs1(key: &PrivateKey, n: &[u8], e: &[u8], d: &[u8]) -> Vec<u8> {
        use der::Encode;

        let uint = |bytes| UintRef::new(bytes).unwrap();
        let [p, q] = [0, 1].map(|i: usize| key.primes()[i].to_be_bytes());
        RsaPrivateKeyRef {
            modulus: uint(n),
            public_exponent: uint(e),
            private_exponent: uint(d),
            prime1: uint(&p),
            prime2: uint(&q),
            // Derived anew when the key is read.
            exponent1: uint(&[1]),
            exponent2: uint(&[1]),
            coefficient: uint(&[1]),
            other_prime_infos: None,
        }
        .to_der()
        .unwrap()
    }
}
