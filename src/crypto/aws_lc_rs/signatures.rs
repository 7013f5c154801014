//! Verification of signatures, whatever their algorithm.

#[cfg(feature = "ec")]
use super::EcSignatures;
use super::RsaSignatures;
use crate::crypto::{CryptoError, SignatureAlgorithm, VerifySignature};

/// All signatures of this provider: those of [`RsaSignatures`] and, with the feature `ec`, of `EcSignatures`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signatures;

impl VerifySignature for Signatures {
    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        match algorithm {
            SignatureAlgorithm::RsaPkcs1v15(_) | SignatureAlgorithm::RsaPss { .. } => {
                RsaSignatures.verify(algorithm, public_key, message, signature)
            }
            #[cfg(feature = "ec")]
            SignatureAlgorithm::EcdsaSha256
            | SignatureAlgorithm::EcdsaSha384
            | SignatureAlgorithm::EcdsaSha512
            | SignatureAlgorithm::Ed25519 => {
                EcSignatures.verify(algorithm, public_key, message, signature)
            }
            #[cfg(not(feature = "ec"))]
            _ => Err(CryptoError::Unsupported),
        }
    }
}
