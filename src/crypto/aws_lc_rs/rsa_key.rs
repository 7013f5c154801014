//! RSA private keys.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use ::aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use ::aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk};
use ::aws_lc_rs::rand::SystemRandom;
use ::aws_lc_rs::rsa::{
    KeyPair, KeySize, OaepAlgorithm, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey,
    PrivateDecryptingKey,
};
use ::aws_lc_rs::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaSignatureEncoding,
};
use ctutils::{Choice, CtAssign};
use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::rsa::{MODULUS_BITS, Padding};
use crate::crypto::{
    CryptoError, DecryptionKey, DigestAlgorithm, KeyTransport, SignatureAlgorithm, SigningKey,
    SubstituteSecret, rustcrypto,
};

/// An RSA private key in memory, from 1024 to 8192 bits: what AWS-LC can do with it is done there, all other by
/// [`rustcrypto::RsaKey`].
///
/// Prepare it once and keep it: reading a key takes about as long as using it. It is held by both, and checked by both, so
/// that one provider takes no key that the other refuses.
///
/// RSAES-PKCS1-v1_5 never tells that the padding is wrong: it gives a plaintext that is derived from the key and the
/// ciphertext instead, always the same one. AWS-LC itself does tell, by way of an error on its way out, and what that takes in
/// time cannot be hidden here. Where it matters, decrypt with a [`rustcrypto::RsaKey`] and sign with this one, or let the policy
/// allow RSAES-OAEP alone.
///
/// The key is not shown by `Debug`, and is zeroised when it is dropped, as far as AWS-LC and [`rustcrypto::RsaKey`] do that.
pub struct RsaKey {
    native: Option<Native>,
    software: rustcrypto::RsaKey,
}

/// The key as AWS-LC holds it.
struct Native {
    signing: KeyPair,
    pkcs1v15: Pkcs1PrivateDecryptingKey,
    oaep: OaepPrivateDecryptingKey,
}

impl RsaKey {
    /// Reads a DER PrivateKeyInfo, also known as PKCS #8 ([RFC 5208](https://www.rfc-editor.org/rfc/rfc5208)).
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if it is not one, not of an RSA key, inconsistent, or of another size than 1024 to
    /// 8192 bits.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, CryptoError> {
        Self::try_from(rustcrypto::RsaKey::from_pkcs8_der(der)?)
    }

    /// Reads a DER RSAPrivateKey of PKCS #1
    /// ([RFC 8017, appendix A.1.2](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2)).
    ///
    /// # Errors
    /// As [`from_pkcs8_der`](Self::from_pkcs8_der).
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, CryptoError> {
        Self::try_from(rustcrypto::RsaKey::from_pkcs1_der(der)?)
    }

    /// Reads PEM with the label `PRIVATE KEY` or `RSA PRIVATE KEY`.
    ///
    /// # Errors
    /// As [`from_pkcs8_der`](Self::from_pkcs8_der), and [`CryptoError::Unsupported`] for an encrypted key.
    #[cfg(feature = "pem")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pem")))]
    pub fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        Self::try_from(rustcrypto::RsaKey::from_pem(pem)?)
    }

    /// Generates a key with the public exponent 65537: by AWS-LC if it has 2048, 3072, 4096 or 8192 bits.
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if `modulus_bits` is not from 1024 to 8192, [`CryptoError::Failed`] if no key is made.
    pub fn generate(modulus_bits: usize, rng: &mut dyn CryptoRng) -> Result<Self, CryptoError> {
        let size = match modulus_bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            8192 => KeySize::Rsa8192,
            other => return Self::try_from(rustcrypto::RsaKey::generate(other, rng)?),
        };
        let key = PrivateDecryptingKey::generate(size).map_err(|_| CryptoError::Failed)?;
        let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| CryptoError::Failed)?;
        Self::from_pkcs8_der(der.as_ref())
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

    /// The size of the modulus in bits.
    #[must_use]
    pub fn modulus_bits(&self) -> usize {
        self.software.modulus_bits()
    }
}

impl TryFrom<rustcrypto::RsaKey> for RsaKey {
    type Error = CryptoError;

    /// Takes the same key from the software provider.
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if AWS-LC does not take it.
    fn try_from(software: rustcrypto::RsaKey) -> Result<Self, CryptoError> {
        let native = MODULUS_BITS
            .contains(&software.modulus_bits())
            .then(|| Native::from_pkcs8_der(&software.to_pkcs8_der()?))
            .transpose()?;
        Ok(Self { native, software })
    }
}

impl SigningKey for RsaKey {
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
        let Some((native, encoding)) = self.native.as_ref().zip(encoding(algorithm)) else {
            return self.software.sign(algorithm, message, rng);
        };
        let mut signature = vec![0; native.signing.public_modulus_len()];
        native
            .signing
            .sign(encoding, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| CryptoError::Failed)?;
        Ok(signature)
    }
}

impl DecryptionKey for RsaKey {
    fn public_key(&self) -> Option<&[u8]> {
        DecryptionKey::public_key(&self.software)
    }

    fn decrypt_key(
        &self,
        algorithm: KeyTransport,
        encrypted_key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match self.native.as_ref().zip(Padding::of(algorithm)) {
            Some((native, Padding::Pkcs1v15)) => {
                native.decrypt_pkcs1v15(encrypted_key, self.substitute_secret())
            }
            Some((native, Padding::Oaep(oaep))) => native.decrypt_oaep(oaep, encrypted_key),
            None => self.software.decrypt_key(algorithm, encrypted_key, rng),
        }
    }

    fn substitute_secret(&self) -> &SubstituteSecret {
        self.software.substitute_secret()
    }
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaKey")
            .field("modulus_bits", &self.modulus_bits())
            .finish_non_exhaustive()
    }
}

impl Native {
    fn from_pkcs8_der(pkcs8: &[u8]) -> Result<Self, CryptoError> {
        let decrypting =
            PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| CryptoError::InvalidKey)?;
        Ok(Self {
            signing: KeyPair::from_pkcs8(pkcs8).map_err(|_| CryptoError::InvalidKey)?,
            pkcs1v15: Pkcs1PrivateDecryptingKey::new(decrypting.clone())
                .map_err(|_| CryptoError::InvalidKey)?,
            oaep: OaepPrivateDecryptingKey::new(decrypting).map_err(|_| CryptoError::InvalidKey)?,
        })
    }

    /// The plaintext, or one that is made up if the padding is wrong. Both are there before it is known which one it is, and
    /// it is chosen in constant time.
    fn decrypt_pkcs1v15(
        &self,
        encrypted_key: &[u8],
        secret: &SubstituteSecret,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let modulus_len = self.pkcs1v15.key_size_bytes();
        if encrypted_key.len() != modulus_len {
            return Err(CryptoError::Failed);
        }
        let (mut plaintext, made_up_len) = made_up_plaintext(secret, encrypted_key)?;
        let mut decrypted = Zeroizing::new(vec![0; modulus_len]);
        let len = self.pkcs1v15.decrypt(encrypted_key, &mut decrypted);
        let len = len.map(|plaintext| plaintext.len());
        let right = Choice::from_u8_lsb(u8::from(len.is_ok()));
        plaintext.ct_assign(&decrypted[..], right);
        plaintext.truncate(len.unwrap_or(made_up_len));
        Ok(plaintext)
    }

    fn decrypt_oaep(
        &self,
        oaep: &'static OaepAlgorithm,
        encrypted_key: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let mut plaintext = Zeroizing::new(vec![0; self.oaep.min_output_size()]);
        let len = self
            .oaep
            .decrypt(oaep, encrypted_key, &mut plaintext, None)
            .map_err(|_| CryptoError::Failed)?
            .len();
        plaintext.truncate(len);
        Ok(plaintext)
    }
}

/// As many bytes as the ciphertext has, derived from it and the secret, and how many of them are the plaintext: no more than
/// fit into RSAES-PKCS1-v1_5 ([RFC 8017, section 7.2.1](https://www.rfc-editor.org/rfc/rfc8017#section-7.2.1)).
fn made_up_plaintext(
    secret: &SubstituteSecret,
    ciphertext: &[u8],
) -> Result<(Zeroizing<Vec<u8>>, usize), CryptoError> {
    /// A number of bytes.
    struct Bytes(usize);

    impl KeyType for Bytes {
        fn len(&self) -> usize {
            self.0
        }
    }

    const LABEL: &[u8] = b"scep made-up plaintext";
    const PADDING: usize = 11;

    let mut len = [0; 4];
    let total = ciphertext.len().saturating_add(len.len());
    let mut bytes = Zeroizing::new(vec![0; total]);
    Prk::new_less_safe(HKDF_SHA256, secret.secret_bytes())
        .expand(&[LABEL, ciphertext], Bytes(total))
        .and_then(|derived| derived.fill(&mut bytes))
        .map_err(|_| CryptoError::Failed)?;
    for (slot, byte) in len.iter_mut().zip(bytes.drain(ciphertext.len()..)) {
        *slot = byte;
    }
    let lengths = ciphertext.len().saturating_sub(PADDING).saturating_add(1);
    let len = usize::try_from(u32::from_be_bytes(len)).unwrap_or_default();
    Ok((bytes, len.checked_rem(lengths).unwrap_or_default()))
}

/// What AWS-LC signs with: no SHA-1, and PSS with a salt as long as the digest.
fn encoding(algorithm: SignatureAlgorithm) -> Option<&'static RsaSignatureEncoding> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};

    match algorithm {
        SignatureAlgorithm::RsaPkcs1v15(Sha256) => Some(&RSA_PKCS1_SHA256),
        SignatureAlgorithm::RsaPkcs1v15(Sha384) => Some(&RSA_PKCS1_SHA384),
        SignatureAlgorithm::RsaPkcs1v15(Sha512) => Some(&RSA_PKCS1_SHA512),
        SignatureAlgorithm::RsaPss {
            digest,
            mgf_digest,
            salt_len,
        } if digest == mgf_digest && salt_len == digest.output_len() => match digest {
            Sha256 => Some(&RSA_PSS_SHA256),
            Sha384 => Some(&RSA_PSS_SHA384),
            Sha512 => Some(&RSA_PSS_SHA512),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Provider;
    use crate::crypto::rustcrypto::testing;
    use alloc::format;

    const DIGESTS: [DigestAlgorithm; 4] = [
        DigestAlgorithm::Sha1,
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha512,
    ];

    /// The same key for both providers.
    fn keys() -> (RsaKey, rustcrypto::RsaKey) {
        (RsaKey::try_from(testing::key()).unwrap(), testing::key())
    }

    fn transports() -> Vec<KeyTransport> {
        let mut all = vec![KeyTransport::RsaPkcs1v15];
        for digest in DIGESTS {
            all.extend(DIGESTS.map(|mgf_digest| KeyTransport::RsaOaep { digest, mgf_digest }));
        }
        all
    }

    #[test]
    fn each_provider_verifies_what_either_signs() {
        let (fast, software) = keys();
        let rng = &mut testing::rng();
        assert_eq!(fast.algorithms(), software.algorithms());
        for algorithm in fast.algorithms() {
            let signatures = [
                fast.sign(*algorithm, b"scep", rng).unwrap(),
                software.sign(*algorithm, b"scep", rng).unwrap(),
            ];
            for provider in [Provider::aws_lc_rs(), Provider::rustcrypto()] {
                for signature in &signatures {
                    let verify = |parts: &[&[u8]], signature: &[u8]| {
                        let key = fast.public_key_der();
                        provider
                            .signatures()
                            .verify(*algorithm, key, parts, signature)
                    };
                    assert_eq!(verify(&[b"sc", b"ep"], signature), Ok(()));
                    assert_eq!(verify(&[b"sceq"], signature), Err(CryptoError::Failed));
                    let mut wrong = signature.clone();
                    wrong[200] ^= 1;
                    assert_eq!(verify(&[b"scep"], &wrong), Err(CryptoError::Failed));
                    assert_eq!(
                        verify(&[b"scep"], &signature[1..]),
                        Err(CryptoError::Failed)
                    );
                }
            }
        }
    }

    #[test]
    fn each_provider_decrypts_what_either_encrypts() {
        let (fast, software) = keys();
        let rng = &mut testing::rng();
        for transport in transports() {
            for provider in [Provider::aws_lc_rs(), Provider::rustcrypto()] {
                let encrypted = provider
                    .key_encryption()
                    .encrypt_key(transport, fast.public_key_der(), &[7; 16], rng)
                    .unwrap();
                for key in [&fast as &dyn DecryptionKey, &software] {
                    let decrypted = key.decrypt_key(transport, &encrypted, rng).unwrap();
                    assert_eq!(*decrypted, [7; 16], "{transport:?}");
                }
            }
        }
    }

    #[test]
    fn bad_pkcs1v15_padding_gives_another_plaintext_always_the_same() {
        let (fast, _) = keys();
        let rng = &mut testing::rng();
        let transport = KeyTransport::RsaPkcs1v15;
        let encrypted = Provider::aws_lc_rs()
            .key_encryption()
            .encrypt_key(transport, fast.public_key_der(), &[7; 16], rng)
            .unwrap();
        let mut lengths = Vec::new();
        for change in 1..=20 {
            let mut wrong = encrypted.clone();
            wrong[100] ^= change;
            let once = fast.decrypt_key(transport, &wrong, rng).unwrap();
            let again = fast.decrypt_key(transport, &wrong, rng).unwrap();
            assert_eq!(once, again);
            assert!(once.len() <= 245 && *once != [7; 16]);
            lengths.push(once.len());
        }
        lengths.sort_unstable();
        lengths.dedup();
        assert!(lengths.len() > 5, "the length tells nothing: {lengths:?}");
    }

    #[test]
    fn what_is_made_up_depends_on_key_and_ciphertext() {
        let made_up = |secret, ciphertext: &[u8]| {
            let secret = SubstituteSecret::new([secret; 32]);
            made_up_plaintext(&secret, ciphertext).unwrap()
        };
        let one = made_up(1, &[1; 256]);
        assert_eq!(one.0.len(), 256);
        assert_eq!(one, made_up(1, &[1; 256]));
        assert_ne!(one.0, made_up(2, &[1; 256]).0);
        assert_ne!(one.0, made_up(1, &[2; 256]).0);
    }

    #[test]
    fn what_is_no_ciphertext_of_the_key_is_failed() {
        let (fast, _) = keys();
        let rng = &mut testing::rng();
        for transport in transports() {
            for wrong in [&[][..], &[1; 16], &[1; 255], &[1; 257]] {
                let decrypted = fast.decrypt_key(transport, wrong, rng);
                assert_eq!(decrypted, Err(CryptoError::Failed), "{transport:?}");
            }
            if transport != KeyTransport::RsaPkcs1v15 {
                for wrong in [&[1; 256], &[0xff; 256]] {
                    let decrypted = fast.decrypt_key(transport, wrong, rng);
                    assert_eq!(decrypted, Err(CryptoError::Failed), "{transport:?}");
                }
            }
        }
    }

    #[test]
    fn a_public_key_without_parameters_is_as_good() {
        let (fast, _) = keys();
        let rng = &mut testing::rng();
        let spki = fast.public_key_der();
        let at = spki.windows(3).position(|window| window == [5, 0, 3]);
        let at = at.unwrap();
        let mut bare = spki.to_vec();
        bare.drain(at..at + 2);
        // Both lengths around the parameters shrink by two.
        bare[3] -= 2;
        bare[5] -= 2;
        let provider = Provider::aws_lc_rs();
        let transport = KeyTransport::RsaPkcs1v15;
        let encrypted = provider
            .key_encryption()
            .encrypt_key(transport, &bare, &[7; 16], rng)
            .unwrap();
        let decrypted = fast.decrypt_key(transport, &encrypted, rng).unwrap();
        assert_eq!(*decrypted, [7; 16]);
        let algorithm = fast.algorithms()[0];
        let signature = fast.sign(algorithm, b"scep", rng).unwrap();
        let verified = provider
            .signatures()
            .verify(algorithm, &bare, &[b"scep"], &signature);
        assert_eq!(verified, Ok(()));
    }

    #[test]
    fn a_public_key_with_other_parameters_is_invalid() {
        let (fast, _) = keys();
        let rng = &mut testing::rng();
        let algorithm = fast.algorithms()[0];
        let signature = fast.sign(algorithm, b"scep", rng).unwrap();
        let mut spki = fast.public_key_der().to_vec();
        let at = spki.windows(3).position(|window| window == [5, 0, 3]);
        spki[at.unwrap()] = 4;
        for provider in [Provider::aws_lc_rs(), Provider::rustcrypto()] {
            let verified = provider
                .signatures()
                .verify(algorithm, &spki, &[b"scep"], &signature);
            assert_eq!(verified, Err(CryptoError::InvalidKey));
            let transport = KeyTransport::RsaPkcs1v15;
            let encrypted = provider
                .key_encryption()
                .encrypt_key(transport, &spki, &[7; 16], rng);
            assert_eq!(encrypted, Err(CryptoError::InvalidKey));
        }
    }

    #[test]
    fn a_key_below_2048_bits_is_the_software_providers() {
        let rng = &mut testing::rng();
        let small = RsaKey::generate(1024, rng).unwrap();
        assert!(small.native.is_none());
        let algorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
        let signature = small.sign(algorithm, b"scep", rng).unwrap();
        let provider = Provider::aws_lc_rs();
        let key = small.public_key_der();
        let verified = provider
            .signatures()
            .verify(algorithm, key, &[b"scep"], &signature);
        assert_eq!(verified, Ok(()));
        let transport = KeyTransport::RsaPkcs1v15;
        let encrypted = provider
            .key_encryption()
            .encrypt_key(transport, key, &[7; 16], rng);
        let decrypted = small.decrypt_key(transport, &encrypted.unwrap(), rng);
        assert_eq!(*decrypted.unwrap(), [7; 16]);
    }

    #[test]
    fn a_generated_key_is_native_and_reads_back() {
        let rng = &mut testing::rng();
        let key = RsaKey::generate(2048, rng).unwrap();
        assert!(key.native.is_some());
        let again = RsaKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap();
        assert_eq!(again.public_key_der(), key.public_key_der());
        for bits in [0, 1023, 8193] {
            let generated = RsaKey::generate(bits, rng);
            assert_eq!(generated.err(), Some(CryptoError::InvalidKey));
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        assert_eq!(
            format!("{:?}", keys().0),
            "RsaKey { modulus_bits: 2048, .. }"
        );
    }
}
