//! [`SignerKey`], which makes a [`SigningKey`] of a signer of the `signature` crate.

use super::{CryptoError, SignatureAlgorithm, SigningKey};
use alloc::vec::Vec;
use core::fmt;
use signature::rand_core::CryptoRng;
use signature::{Keypair, RandomizedSigner, SignatureEncoding, Signer};
use spki::EncodePublicKey;

/// A signer of the [`signature`] crate as a [`SigningKey`]: a smart card, a TPM, a remote service, or a software key.
///
/// Such a signer does one algorithm, which it cannot tell, so the caller names it.
///
/// ```
/// # #[cfg(feature = "rustcrypto")] {
/// use rsa::pkcs1v15::{Signature, SigningKey};
/// use scep::crypto::{DigestAlgorithm, SignatureAlgorithm, SignerKey};
///
/// fn adapt(key: SigningKey<sha2::Sha256>) -> SignerKey<SigningKey<sha2::Sha256>, Signature> {
///     let algorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
///     SignerKey::<_, Signature>::randomized(key, algorithm)
/// }
/// # }
/// ```
pub struct SignerKey<S, Sig> {
    signer: S,
    // A function rather than a bound: a type may be a Signer, a RandomizedSigner, or both.
    sign: SignFn<S, Sig>,
    algorithms: [SignatureAlgorithm; 1],
    public_key: Option<Vec<u8>>,
}

impl<S, Sig> SignerKey<S, Sig> {
    /// Takes a signer, and the algorithm that it does.
    ///
    /// The signer gets no random numbers. Software RSA needs them to blind the private operation: use
    /// [`randomized`](Self::randomized) for it.
    #[must_use]
    pub fn new(signer: S, algorithm: SignatureAlgorithm) -> Self
    where
        S: Signer<Sig>,
    {
        Self::with_function(signer, algorithm, |signer, message, _| {
            signer.try_sign(message)
        })
    }

    /// Takes a signer that uses random numbers, and the algorithm that it does.
    #[must_use]
    pub fn randomized(signer: S, algorithm: SignatureAlgorithm) -> Self
    where
        S: RandomizedSigner<Sig>,
    {
        Self::with_function(signer, algorithm, |signer, message, rng| {
            signer.try_sign_with_rng(rng, message)
        })
    }

    /// Takes the public key, a DER SubjectPublicKeyInfo, that is to be compared to the certificate's.
    #[must_use]
    pub fn with_public_key(mut self, public_key: impl Into<Vec<u8>>) -> Self {
        self.public_key = Some(public_key.into());
        self
    }

    /// Takes the public key from the signer itself.
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if the public key cannot be encoded.
    pub fn with_own_public_key(self) -> Result<Self, CryptoError>
    where
        S: Keypair<VerifyingKey: EncodePublicKey>,
    {
        let document = self.signer.verifying_key().to_public_key_der();
        let document = document.map_err(|_| CryptoError::InvalidKey)?;
        Ok(self.with_public_key(document.into_vec()))
    }

    fn with_function(signer: S, algorithm: SignatureAlgorithm, sign: SignFn<S, Sig>) -> Self {
        Self {
            signer,
            sign,
            algorithms: [algorithm],
            public_key: None,
        }
    }
}

impl<S: Send + Sync, Sig: SignatureEncoding> SigningKey for SignerKey<S, Sig> {
    fn public_key(&self) -> Option<&[u8]> {
        self.public_key.as_deref()
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
        let signature = (self.sign)(&self.signer, message, rng);
        Ok(signature.map_err(|_| CryptoError::Failed)?.to_vec())
    }
}

impl<S, Sig> fmt::Debug for SignerKey<S, Sig> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the signer: it may hold the private key.
        f.debug_struct("SignerKey")
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

type SignFn<S, Sig> = fn(&S, &[u8], &mut dyn CryptoRng) -> Result<Sig, signature::Error>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::DigestAlgorithm;
    use alloc::boxed::Box;
    use alloc::format;
    use getrandom::SysRng;
    use signature::rand_core::UnwrapErr;

    const SHA256: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);

    /// Signs by giving the message back, if it is not empty.
    struct Echo;

    #[derive(Clone)]
    struct EchoSignature(Vec<u8>);

    impl Signer<EchoSignature> for Echo {
        fn try_sign(&self, message: &[u8]) -> Result<EchoSignature, signature::Error> {
            if message.is_empty() {
                return Err(signature::Error::new());
            }
            Ok(EchoSignature(message.to_vec()))
        }
    }

    impl From<&[u8]> for EchoSignature {
        fn from(bytes: &[u8]) -> Self {
            Self(bytes.to_vec())
        }
    }

    impl From<EchoSignature> for Box<[u8]> {
        fn from(signature: EchoSignature) -> Self {
            signature.0.into_boxed_slice()
        }
    }

    impl SignatureEncoding for EchoSignature {
        type Repr = Box<[u8]>;
    }

    #[test]
    fn a_plain_signer_signs_with_its_algorithm_only() {
        let rng = &mut UnwrapErr(SysRng);
        let key = SignerKey::<_, EchoSignature>::new(Echo, SHA256);
        let key: &dyn SigningKey = &key;
        assert_eq!(key.algorithms(), [SHA256]);
        assert_eq!(key.public_key(), None);
        assert_eq!(key.sign(SHA256, b"message", rng).unwrap(), b"message");
        let sha512 = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha512);
        assert_eq!(
            key.sign(sha512, b"message", rng),
            Err(CryptoError::Unsupported)
        );
    }

    #[test]
    fn a_failing_signer_is_failed() {
        let key = SignerKey::<_, EchoSignature>::new(Echo, SHA256);
        let signature = key.sign(SHA256, b"", &mut UnwrapErr(SysRng));
        assert_eq!(signature, Err(CryptoError::Failed));
    }

    #[test]
    fn the_public_key_is_the_callers() {
        let key = SignerKey::<_, EchoSignature>::new(Echo, SHA256).with_public_key([1, 2, 3]);
        assert_eq!(key.public_key(), Some(&[1, 2, 3][..]));
    }

    #[test]
    fn debug_hides_the_signer() {
        let key = SignerKey::<_, EchoSignature>::new(Echo, SHA256);
        assert_eq!(
            format!("{key:?}"),
            "SignerKey { algorithms: [RsaPkcs1v15(Sha256)], .. }"
        );
    }

    #[cfg(feature = "rustcrypto")]
    #[test]
    fn a_randomized_rsa_signer_signs() {
        use crate::crypto::{Provider, rustcrypto::testing};
        use rsa::pkcs1v15;

        let rng = &mut UnwrapErr(SysRng);
        let signer = pkcs1v15::SigningKey::<sha2::Sha256>::new(testing::private_key());
        let key = SignerKey::<_, pkcs1v15::Signature>::randomized(signer, SHA256)
            .with_own_public_key()
            .unwrap();
        let key: &dyn SigningKey = &key;
        let signature = key.sign(SHA256, b"message", rng).unwrap();
        let public_key = key.public_key().unwrap();
        assert_eq!(public_key, testing::key().public_key_der());
        let verifier = Provider::rustcrypto().signatures();
        verifier
            .verify(SHA256, public_key, &[b"message"], &signature)
            .unwrap();
        // PKCS #1 v1.5 signatures are deterministic, so the key's own must be the same.
        assert_eq!(
            testing::key().sign(SHA256, b"message", rng).unwrap(),
            signature
        );
    }
}
