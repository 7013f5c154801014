//! A provider and a key that cost nothing, so that what is measured is this crate.

use scep::crypto::{
    CipherContent, ComputeDigest, ContentCipher, CryptoError, CryptoRng, DecryptionKey,
    DigestAlgorithm, DigestValue, EncryptKey, KeyTransport, Provider, SignatureAlgorithm,
    SubstituteSecret, VerifySignature,
};
use zeroize::Zeroizing;

/// A provider that costs nothing and finds every signature wrong.
pub(super) const REFUSING: Provider = Provider::new(&Free, &Refusing, &Free, &Free);

/// A provider that costs nothing and finds every signature right.
pub(super) const TRUSTING: Provider = Provider::new(&Free, &Free, &Free, &Free);

struct Free;
struct Refusing;

impl ComputeDigest for Free {
    fn digest(&self, algorithm: DigestAlgorithm, _: &[&[u8]]) -> Result<DigestValue, CryptoError> {
        DigestValue::new(&[0; 64][..algorithm.output_len()]).ok_or(CryptoError::Failed)
    }
}

impl VerifySignature for Free {
    fn verify(
        &self,
        _: SignatureAlgorithm,
        _: &[u8],
        _: &[&[u8]],
        _: &[u8],
    ) -> Result<(), CryptoError> {
        Ok(())
    }
}

impl VerifySignature for Refusing {
    fn verify(
        &self,
        _: SignatureAlgorithm,
        _: &[u8],
        _: &[&[u8]],
        _: &[u8],
    ) -> Result<(), CryptoError> {
        Err(CryptoError::Failed)
    }
}

impl EncryptKey for Free {
    fn encrypt_key(
        &self,
        _: KeyTransport,
        _: &[u8],
        _: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        Err(CryptoError::Unsupported)
    }
}

impl CipherContent for Free {
    fn encrypt(
        &self,
        _: ContentCipher,
        _: &[u8],
        _: &[u8],
        _: &mut [u8],
    ) -> Result<(), CryptoError> {
        Err(CryptoError::Unsupported)
    }

    fn decrypt(
        &self,
        _: ContentCipher,
        _: &[u8],
        _: &[u8],
        _: &mut [u8],
    ) -> Result<(), CryptoError> {
        Ok(())
    }
}

/// A key that takes anything for a content key.
pub(super) struct AnyKey;

impl DecryptionKey for AnyKey {
    fn public_key(&self) -> Option<&[u8]> {
        None
    }

    fn decrypt_key(
        &self,
        _: KeyTransport,
        _: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        Ok(vec![0; 16].into())
    }

    fn substitute_secret(&self) -> &SubstituteSecret {
        static SECRET: SubstituteSecret = SubstituteSecret::new([0; 32]);
        &SECRET
    }
}
