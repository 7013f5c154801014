//! What an RSA private key does: signatures and decryption of content-encryption keys.

use super::digest::with_digest_type;
use super::rsa::pkcs1v15;
use super::{Digests, RsaKey};
use crate::crypto::{
    ComputeDigest, CryptoError, DecryptionKey, DigestAlgorithm, KeyTransport, SignatureAlgorithm,
    SigningKey, SubstituteSecret,
};
use alloc::vec::Vec;
use rsa::{Oaep, Pkcs1v15Encrypt, Pss};
use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

impl SigningKey for RsaKey {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        &self.algorithms
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        if !self.algorithms.contains(&algorithm) {
            return Err(CryptoError::Unsupported);
        }
        let hash = Digests.digest(algorithm.digest(), &[message])?;
        let hash = hash.as_bytes();
        match algorithm {
            SignatureAlgorithm::RsaPkcs1v15(digest) => {
                self.key.sign_with_rng(rng, pkcs1v15(digest), hash)
            }
            SignatureAlgorithm::RsaPss {
                digest, salt_len, ..
            } => with_digest_type!(digest, D => {
                Ok(self.key.sign_with_rng(rng, Pss::<D>::new_blinded_with_salt(salt_len), hash))
            })?,
            _ => return Err(CryptoError::Unsupported),
        }
        .map_err(|_| CryptoError::Failed)
    }
}

impl DecryptionKey for RsaKey {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    fn decrypt_key(
        &self,
        algorithm: KeyTransport,
        encrypted_key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match algorithm {
            KeyTransport::RsaPkcs1v15 => {
                self.key
                    .decrypt_blinded(rng, Pkcs1v15Encrypt, encrypted_key)
            }
            KeyTransport::RsaOaep { digest, mgf_digest } => {
                with_digest_type!(digest, D => with_digest_type!(mgf_digest, M => {
                    let oaep = Oaep::<D, M>::new_with_mgf_hash();
                    Ok(self.key.decrypt_blinded(rng, oaep, encrypted_key))
                }))?
            }
        }
        .map(Zeroizing::new)
        .map_err(|_| CryptoError::Failed)
    }

    fn substitute_secret(&self) -> &SubstituteSecret {
        &self.substitute_secret
    }
}

/// The algorithms of a key, the preferred one first.
pub(super) fn algorithms(modulus_bits: usize) -> Vec<SignatureAlgorithm> {
    let algorithms = ALGORITHMS.iter().copied();
    algorithms
        .filter(|algorithm| fits(*algorithm, modulus_bits))
        .collect()
}

const ALGORITHMS: &[SignatureAlgorithm] = &[
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256),
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha384),
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha512),
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha1),
    #[cfg(feature = "legacy")]
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Md5),
    pss(DigestAlgorithm::Sha256),
    pss(DigestAlgorithm::Sha384),
    pss(DigestAlgorithm::Sha512),
    pss(DigestAlgorithm::Sha1),
];

const fn pss(digest: DigestAlgorithm) -> SignatureAlgorithm {
    SignatureAlgorithm::RsaPss {
        digest,
        mgf_digest: digest,
        salt_len: digest.output_len(),
    }
}

/// Whether a key is large enough for an algorithm: 1024 bits are not for PSS with SHA-512
/// ([RFC 8017, section 9.1.1](https://www.rfc-editor.org/rfc/rfc8017#section-9.1.1), step 3).
fn fits(algorithm: SignatureAlgorithm, modulus_bits: usize) -> bool {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1v15(_) => true,
        SignatureAlgorithm::RsaPss {
            digest, salt_len, ..
        } => {
            let needed = digest
                .output_len()
                .saturating_add(salt_len)
                .saturating_add(2);
            modulus_bits.saturating_sub(1).div_ceil(8) >= needed
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::VerifySignature;
    use crate::crypto::rustcrypto::RsaSignatures;
    use crate::crypto::rustcrypto::testing::{self, hex};

    // Made with OpenSSL 3.0.19 to the test key, of the bytes 0 to 15.
    const OAEP_SHA256_MGF_SHA1: &str = "0dce0b1d0c253dc0c9d2c7c30e023c9662f9ffde03e379685c4bea8d069f38448803a1066e7ac52aa8a6e570b0ca5576\
         e943fada015a88af0628d78267922e511d16524bb1edd09cbd24a46375c459e0785435c5ee943dc9fc36292f1ac77520\
         91d82362f44440c738842d468bf2a79ba9e8254b5ea6667635062b070eac57fa37647e8632d79b4e2a24fed4c7ffa419\
         944e5665b2986a13f62487a9cb5fb194f91607d0346e90156e33c6f2fec8217090b2ab5a86488fa34c67f7eaac58a5ce\
         4fe0372dc963a4445b542755a0e403ff06c28fe532479b94e2378af369b94f861e852adb67946daeac92f3df6f4911bf\
         3190765920041d928d3e42628bb93ac1";
    const PKCS1V15: &str = "6b9e6ab14046ad2863222ffef1abd543538dcf13ca170926b399b86c30bb336f8062d734b625109b1d766275b48225cc\
         1338e40280728fb015066797e7ad411b57de5ba7ed42995124127df08e00e2d2268f63cfd028fe2c852ef44b57f492f4\
         1d488fb59cf8b24b64bcb4d46f0290398c624c19783d41abbc8b137a644e8a64baaf701623751a7b6cf8458e713f1db8\
         55fb38c9385159476678f39e8f47b52a7c21904417970af1c9c970d59a68129e5d1a67c6ead3e2bd7c3a3d1918a59b3b\
         33dc7b462b5222c72cc3ff2ca8478f163fbeaff50deab8a373b931d6c660976dea98dc184dddd2938de0297938a0ea31\
         f12eb7c8faa519a996cbb9bbe04bba24";

    #[test]
    fn what_openssl_encrypted_decrypts() {
        let key = testing::key();
        let rng = &mut testing::rng();
        let plain: [u8; 16] = core::array::from_fn(|i| i as u8);
        let mut decrypt = |transport, encrypted: &str| {
            let decrypted = key.decrypt_key(transport, &hex(encrypted), rng);
            decrypted.map(|key| key.to_vec())
        };
        assert_eq!(decrypt(KeyTransport::RsaPkcs1v15, PKCS1V15).unwrap(), plain);
        use DigestAlgorithm::{Md5, Sha1, Sha256};
        for (digest, mgf_digest, expected) in [
            (Sha256, Sha1, Ok(plain.to_vec())),
            (Sha256, Sha256, Err(CryptoError::Failed)),
            (Sha1, Sha1, Err(CryptoError::Failed)),
            (Sha1, Sha256, Err(CryptoError::Failed)),
            (Sha256, Md5, Err(CryptoError::Unsupported)),
            (Md5, Sha1, Err(CryptoError::Unsupported)),
        ] {
            let transport = KeyTransport::RsaOaep { digest, mgf_digest };
            assert_eq!(decrypt(transport, OAEP_SHA256_MGF_SHA1), expected);
        }
    }

    #[test]
    fn bad_pkcs1v15_padding_gives_another_plaintext_always_the_same() {
        let key = testing::key();
        let rng = &mut testing::rng();
        for first in 0..20 {
            let mut encrypted = hex(PKCS1V15);
            encrypted[100] ^= first + 1;
            let once = key
                .decrypt_key(KeyTransport::RsaPkcs1v15, &encrypted, rng)
                .unwrap();
            let again = key
                .decrypt_key(KeyTransport::RsaPkcs1v15, &encrypted, rng)
                .unwrap();
            assert_eq!(once, again);
        }
    }

    #[test]
    fn wrong_ciphertexts_are_failed() {
        let key = testing::key();
        let rng = &mut testing::rng();
        let oaep = KeyTransport::RsaOaep {
            digest: DigestAlgorithm::Sha256,
            mgf_digest: DigestAlgorithm::Sha1,
        };
        for transport in [KeyTransport::RsaPkcs1v15, oaep] {
            for wrong in [&[][..], &[1; 255], &[1; 257], &[0xff; 256]] {
                let decrypted = key.decrypt_key(transport, wrong, rng);
                assert_eq!(decrypted, Err(CryptoError::Failed));
            }
        }
        let mut changed = hex(OAEP_SHA256_MGF_SHA1);
        changed[200] ^= 1;
        assert_eq!(
            key.decrypt_key(oaep, &changed, rng),
            Err(CryptoError::Failed)
        );
        assert_eq!(
            key.decrypt_key(oaep, &[0; 256], rng),
            Err(CryptoError::Failed)
        );
    }

    #[test]
    fn sha256_is_preferred_and_pkcs1v15_listed_before_pss() {
        let key = testing::key();
        let algorithms = SigningKey::algorithms(&key);
        let sha256 = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
        assert_eq!(algorithms.first(), Some(&sha256));
        assert!(algorithms.is_sorted_by_key(|algorithm| algorithm.name()));
        let md5 = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Md5);
        assert_eq!(algorithms.contains(&md5), cfg!(feature = "legacy"));
        assert!(!algorithms.contains(&pss(DigestAlgorithm::Md5)));
        for unlisted in [
            pss(DigestAlgorithm::Md5),
            SignatureAlgorithm::RsaPss {
                digest: DigestAlgorithm::Sha256,
                mgf_digest: DigestAlgorithm::Sha1,
                salt_len: 32,
            },
        ] {
            let signature = key.sign(unlisted, b"", &mut testing::rng());
            assert_eq!(signature, Err(CryptoError::Unsupported));
        }
    }

    #[test]
    fn a_generated_key_of_1024_bits_does_all_but_pss_with_sha512() {
        let rng = &mut testing::rng();
        let key = RsaKey::generate(1024, rng).unwrap();
        assert_eq!(key.modulus_bits(), 1024);
        let left_out: Vec<_> = ALGORITHMS
            .iter()
            .copied()
            .filter(|algorithm| !SigningKey::algorithms(&key).contains(algorithm))
            .collect();
        assert_eq!(left_out, [pss(DigestAlgorithm::Sha512)]);
        for algorithm in SigningKey::algorithms(&key) {
            let signature = key.sign(*algorithm, b"message", rng).unwrap();
            let public_key = key.public_key_der();
            let verified = RsaSignatures.verify(*algorithm, public_key, &[b"message"], &signature);
            assert_eq!(verified, Ok(()), "{algorithm:?}");
        }
        let secrets = [&key, &testing::key()].map(|key| *key.substitute_secret().secret_bytes());
        assert_ne!(secrets[0], secrets[1]);
    }
}
