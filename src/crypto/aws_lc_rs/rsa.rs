//! RSA with public keys: verification of signatures, and encryption of content-encryption keys.

use alloc::vec;
use alloc::vec::Vec;

use ::aws_lc_rs::digest;
use ::aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey,
};
use ::aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, UnparsedPublicKey,
};
use signature::rand_core::CryptoRng;

use crate::crypto::public_key::rsa_public_key;
use crate::crypto::rustcrypto;
use crate::crypto::{
    CryptoError, DigestAlgorithm, EncryptKey, KeyTransport, SignatureAlgorithm, VerifySignature,
};

/// The sizes of RSA keys in bits that AWS-LC is asked about.
pub(super) const MODULUS_BITS: core::ops::RangeInclusive<usize> = 2048..=8192;

/// RSASSA-PKCS1-v1_5 and RSASSA-PSS, as [`rustcrypto::RsaSignatures`] has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct RsaSignatures;

impl VerifySignature for RsaSignatures {
    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let verified = parameters(algorithm)
            .zip(public_key_for_aws_lc(public_key))
            .is_some_and(|(parameters, public_key)| {
                let digest = digest_of(parameters.digest, message);
                UnparsedPublicKey::new(parameters.algorithm, public_key)
                    .verify_digest(&digest, signature)
                    .is_ok()
            });
        if verified {
            return Ok(());
        }
        // Also what failed: AWS-LC does not know that a DigestInfo may have no parameters.
        rustcrypto::RsaSignatures.verify(algorithm, public_key, message, signature)
    }
}

/// RSAES-PKCS1-v1_5 and RSAES-OAEP, as [`rustcrypto::RsaKeyTransport`] has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct RsaKeyTransport;

impl EncryptKey for RsaKeyTransport {
    fn encrypt_key(
        &self,
        algorithm: KeyTransport,
        public_key: &[u8],
        key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        let native = Padding::of(algorithm)
            .filter(|_| public_key_for_aws_lc(public_key).is_some())
            // It takes no key whose algorithm has no parameters, though some write it so.
            .and_then(|padding| Some((padding, PublicEncryptingKey::from_der(public_key).ok()?)));
        let Some((padding, public_key)) = native else {
            return rustcrypto::RsaKeyTransport.encrypt_key(algorithm, public_key, key, rng);
        };
        let mut encrypted = vec![0; public_key.key_size_bytes()];
        let written = match padding {
            Padding::Pkcs1v15 => Pkcs1PublicEncryptingKey::new(public_key)
                .and_then(|public_key| Ok(public_key.encrypt(key, &mut encrypted)?.len())),
            Padding::Oaep(oaep) => {
                OaepPublicEncryptingKey::new(public_key).and_then(|public_key| {
                    Ok(public_key.encrypt(oaep, key, &mut encrypted, None)?.len())
                })
            }
        }
        .map_err(|_| CryptoError::Failed)?;
        encrypted.truncate(written);
        Ok(encrypted)
    }
}

/// A key transport that AWS-LC has.
pub(super) enum Padding {
    Pkcs1v15,
    Oaep(&'static OaepAlgorithm),
}

impl Padding {
    pub(super) fn of(algorithm: KeyTransport) -> Option<Self> {
        match algorithm {
            KeyTransport::RsaPkcs1v15 => Some(Self::Pkcs1v15),
            KeyTransport::RsaOaep { digest, mgf_digest } if digest == mgf_digest => {
                Some(Self::Oaep(match digest {
                    DigestAlgorithm::Sha1 => &OAEP_SHA1_MGF1SHA1,
                    DigestAlgorithm::Sha256 => &OAEP_SHA256_MGF1SHA256,
                    DigestAlgorithm::Sha384 => &OAEP_SHA384_MGF1SHA384,
                    DigestAlgorithm::Sha512 => &OAEP_SHA512_MGF1SHA512,
                    DigestAlgorithm::Md5 => return None,
                }))
            }
            KeyTransport::RsaOaep { .. } => None,
        }
    }
}

struct Parameters {
    algorithm: &'static RsaParameters,
    digest: &'static digest::Algorithm,
}

/// What AWS-LC verifies.
fn parameters(algorithm: SignatureAlgorithm) -> Option<Parameters> {
    use DigestAlgorithm::{Md5, Sha1, Sha256, Sha384, Sha512};

    let (parameters, digest) = match algorithm {
        SignatureAlgorithm::RsaPkcs1v15(digest) => match digest {
            Sha1 => (
                &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
                &digest::SHA1_FOR_LEGACY_USE_ONLY,
            ),
            Sha256 => (&RSA_PKCS1_2048_8192_SHA256, &digest::SHA256),
            Sha384 => (&RSA_PKCS1_2048_8192_SHA384, &digest::SHA384),
            Sha512 => (&RSA_PKCS1_2048_8192_SHA512, &digest::SHA512),
            Md5 => return None,
        },
        SignatureAlgorithm::RsaPss {
            digest,
            mgf_digest,
            salt_len,
        } if digest == mgf_digest && salt_len == digest.output_len() => match digest {
            Sha256 => (&RSA_PSS_2048_8192_SHA256, &digest::SHA256),
            Sha384 => (&RSA_PSS_2048_8192_SHA384, &digest::SHA384),
            Sha512 => (&RSA_PSS_2048_8192_SHA512, &digest::SHA512),
            Sha1 | Md5 => return None,
        },
        _ => return None,
    };
    Some(Parameters {
        algorithm: parameters,
        digest,
    })
}

pub(super) fn digest_of(algorithm: &'static digest::Algorithm, parts: &[&[u8]]) -> digest::Digest {
    let mut context = digest::Context::new(algorithm);
    parts.iter().for_each(|part| context.update(part));
    context.finish()
}

/// The RSAPublicKey of a SubjectPublicKeyInfo, if it is one and of a size that AWS-LC takes.
fn public_key_for_aws_lc(spki: &[u8]) -> Option<&[u8]> {
    let (public_key, bits) = rsa_public_key(spki)?;
    MODULUS_BITS.contains(&bits).then_some(public_key)
}
