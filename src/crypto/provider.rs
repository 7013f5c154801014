//! The boundary to cryptographic code: object-safe traits over bytes, and [`Provider`], a set of them.

use super::{ContentCipher, DigestAlgorithm, KeyTransport, SignatureAlgorithm};
use alloc::vec::Vec;
use core::fmt;
use signature::rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Why a cryptographic operation gave no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CryptoError {
    /// The provider or the key does not do this algorithm. The software provider does elliptic curves with the feature `ec`, single
    /// DES and MD5 with `legacy`.
    Unsupported,
    /// The key cannot be read, or its size is outside what the provider takes.
    InvalidKey,
    /// The operation failed: a wrong signature, a failed decryption, a device that does not answer.
    Failed,
}

impl fmt::Display for CryptoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsupported => {
                "the provider or key does not support the algorithm (the software provider needs the feature `ec` for elliptic curves, and \
                 `legacy` for single DES and MD5)"
            }
            Self::InvalidKey => "the key cannot be read or its size is not supported",
            Self::Failed => "the cryptographic operation failed",
        })
    }
}

impl core::error::Error for CryptoError {}

/// A computed digest, at most 64 bytes.
#[derive(Clone, Copy)]
pub struct DigestValue {
    bytes: [u8; 64],
    len: usize,
}

impl DigestValue {
    /// Takes the bytes of a digest, or `None` if there are more than 64.
    #[must_use]
    pub fn new(digest: &[u8]) -> Option<Self> {
        let mut bytes = [0; 64];
        bytes.get_mut(..digest.len())?.copy_from_slice(digest);
        Some(Self {
            bytes,
            len: digest.len(),
        })
    }

    /// The digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl fmt::Debug for DigestValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestValue(")?;
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

impl PartialEq for DigestValue {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for DigestValue {}

impl Zeroize for DigestValue {
    fn zeroize(&mut self) {
        self.bytes.zeroize();
    }
}

/// Computes digests.
pub trait ComputeDigest: Send + Sync {
    /// The digest over the concatenation of `parts`.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] if the algorithm is not implemented.
    fn digest(
        &self,
        algorithm: DigestAlgorithm,
        parts: &[&[u8]],
    ) -> Result<DigestValue, CryptoError>;
}

/// Verifies signatures with public keys.
pub trait VerifySignature: Send + Sync {
    /// Verifies `signature` over the concatenation of `message` under `public_key`, a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if the signature is wrong, and for no finer reason;
    /// [`CryptoError::InvalidKey`] if the key cannot be used with the algorithm;
    /// [`CryptoError::Unsupported`] if the algorithm is not implemented.
    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError>;
}

/// Encrypts content-encryption keys to public keys, or agrees on what they are encrypted with.
pub trait EncryptKey: Send + Sync {
    /// Encrypts `key` to `public_key`, a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// Any [`CryptoError`].
    fn encrypt_key(
        &self,
        algorithm: KeyTransport,
        public_key: &[u8],
        key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError>;

    /// Makes a key on the curve of `public_key`, a DER SubjectPublicKeyInfo, agrees on a secret with it by ECDH, and forgets the
    /// private half. Gives the public half, a DER SubjectPublicKeyInfo too, and the secret: the x coordinate of the shared
    /// point, as long as the curve's field
    /// ([RFC 5753, section 3.1.2](https://www.rfc-editor.org/rfc/rfc5753#section-3.1.2)).
    ///
    /// Without an implementation of its own, nothing is encrypted to keys on curves.
    ///
    /// # Errors
    /// Any [`CryptoError`]: [`CryptoError::InvalidKey`] for a point that is not on the curve.
    fn agree(
        &self,
        public_key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), CryptoError> {
        let _ = (public_key, rng);
        Err(CryptoError::Unsupported)
    }
}

/// Encrypts and decrypts content in CBC mode. Padding is not its concern: this crate adds and checks it.
pub trait CipherContent: Send + Sync {
    /// Encrypts `blocks` in place; its length is a multiple of the block length.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`], or [`CryptoError::Failed`] if a length does not fit the cipher.
    fn encrypt(
        &self,
        cipher: ContentCipher,
        key: &[u8],
        iv: &[u8],
        blocks: &mut [u8],
    ) -> Result<(), CryptoError>;

    /// Decrypts `blocks` in place; its length is a multiple of the block length.
    ///
    /// # Errors
    /// As [`encrypt`](Self::encrypt).
    fn decrypt(
        &self,
        cipher: ContentCipher,
        key: &[u8],
        iv: &[u8],
        blocks: &mut [u8],
    ) -> Result<(), CryptoError>;
}

/// Derives keys from passwords.
pub trait DeriveKey: Send + Sync {
    /// Fills `key` with the output of PBKDF2 ([RFC 8018, section 5.2]) with the HMAC of this digest.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] if the algorithm is not implemented, [`CryptoError::Failed`] for no iterations.
    ///
    /// [RFC 8018, section 5.2]: https://www.rfc-editor.org/rfc/rfc8018#section-5.2
    fn pbkdf2(
        &self,
        prf: DigestAlgorithm,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        key: &mut [u8],
    ) -> Result<(), CryptoError>;
}

/// What a provider has that cannot derive keys.
struct NoDerivation;

impl DeriveKey for NoDerivation {
    fn pbkdf2(
        &self,
        _: DigestAlgorithm,
        _: &[u8],
        _: &[u8],
        _: u32,
        _: &mut [u8],
    ) -> Result<(), CryptoError> {
        Err(CryptoError::Unsupported)
    }
}

/// A private key that signs, here or elsewhere.
///
/// For a key that cannot answer at once (a cloud KMS behind an async call) no implementation is needed: every
/// message can be signed in two steps, see [`UnsignedReply`](crate::UnsignedReply) and
/// [`UnsignedRequest`](crate::UnsignedRequest).
pub trait SigningKey: Send + Sync {
    /// The public key as a DER SubjectPublicKeyInfo, if the key knows it. It is compared to the certificate's.
    fn public_key(&self) -> Option<&[u8]>;

    /// The signature algorithms that the key can do, the preferred one first.
    fn algorithms(&self) -> &[SignatureAlgorithm];

    /// Signs `message`, which is not yet digested, and gives the signature as it stands in the message: for RSA as long as the
    /// modulus ([RFC 8017, section 8]), for ECDSA the DER of an `Ecdsa-Sig-Value` ([RFC 3279, section 2.2.3]), which is not the `r || s`
    /// of many secure elements, for Ed25519 64 bytes ([RFC 8410, section 6]).
    ///
    /// [RFC 8017, section 8]: https://www.rfc-editor.org/rfc/rfc8017#section-8
    /// [RFC 3279, section 2.2.3]: https://www.rfc-editor.org/rfc/rfc3279#section-2.2.3
    /// [RFC 8410, section 6]: https://www.rfc-editor.org/rfc/rfc8410#section-6
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] if the algorithm is not among [`algorithms`](Self::algorithms),
    /// [`CryptoError::Failed`] if the key gives no signature.
    fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError>;
}

/// A private key that decrypts content-encryption keys, or agrees on what they are encrypted with, here or elsewhere.
pub trait DecryptionKey: Send + Sync {
    /// The public key as a DER SubjectPublicKeyInfo, if the key knows it. It is compared to the certificate's.
    fn public_key(&self) -> Option<&[u8]>;

    /// Decrypts an encrypted content-encryption key.
    ///
    /// The caller never branches on the result: a failed decryption goes on with a substitute key.
    ///
    /// # Errors
    /// Any [`CryptoError`].
    fn decrypt_key(
        &self,
        algorithm: KeyTransport,
        encrypted_key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError>;

    /// Agrees on a secret with another key by ECDH: the x coordinate of the shared point, as long as the curve's field
    /// ([RFC 5753, section 3.1.3](https://www.rfc-editor.org/rfc/rfc5753#section-3.1.3)). `public_key` is a DER
    /// SubjectPublicKeyInfo on the curve of this key, and its point may be none of the curve's: whoever sent the message wrote it.
    ///
    /// Without an implementation of its own, no message opens that is encrypted to a key on a curve.
    ///
    /// The caller never branches on the result: a failed agreement goes on with a substitute key.
    ///
    /// # Errors
    /// Any [`CryptoError`]: [`CryptoError::InvalidKey`] for a point that is not on the curve.
    fn agree(
        &self,
        public_key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let _ = (public_key, rng);
        Err(CryptoError::Unsupported)
    }

    /// A secret of this key, the same at every call, from which substitute content keys are derived.
    fn substitute_secret(&self) -> &SubstituteSecret;
}

/// 32 secret bytes from which the content key is derived that stands in when key transport fails.
///
/// It must not be computable from public data and should stay the same for as long as the private key is in use: for a
/// local key it is derived from the private key, for a remote key the caller keeps 32 random bytes beside it.
#[derive(Clone)]
pub struct SubstituteSecret([u8; 32]);

impl SubstituteSecret {
    /// Takes 32 secret bytes.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    pub(crate) const fn secret_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Zeroize for SubstituteSecret {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl Drop for SubstituteSecret {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl ZeroizeOnDrop for SubstituteSecret {}

impl fmt::Debug for SubstituteSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubstituteSecret(..)")
    }
}

/// The cryptographic code that messages are verified, opened and built with.
///
/// Each part can be replaced by itself:
///
/// ```
/// # #[cfg(feature = "rustcrypto")] {
/// use scep::crypto::{Provider, rustcrypto};
/// let provider = Provider::rustcrypto().with_digests(&rustcrypto::Digests);
/// # let _ = provider;
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Provider {
    digest: &'static dyn ComputeDigest,
    verify: &'static dyn VerifySignature,
    encrypt_key: &'static dyn EncryptKey,
    content: &'static dyn CipherContent,
    derive_key: &'static dyn DeriveKey,
}

impl Provider {
    /// A provider made of the parts that every message needs. It has no [`DeriveKey`]; see
    /// [`with_key_derivation`](Self::with_key_derivation).
    #[must_use]
    pub const fn new(
        digest: &'static dyn ComputeDigest,
        verify: &'static dyn VerifySignature,
        encrypt_key: &'static dyn EncryptKey,
        content: &'static dyn CipherContent,
    ) -> Self {
        Self {
            digest,
            verify,
            encrypt_key,
            content,
            derive_key: &NoDerivation,
        }
    }

    /// Takes another implementation of digests.
    #[must_use]
    pub const fn with_digests(mut self, digest: &'static dyn ComputeDigest) -> Self {
        self.digest = digest;
        self
    }

    /// Takes another implementation of signature verification.
    #[must_use]
    pub const fn with_signatures(mut self, verify: &'static dyn VerifySignature) -> Self {
        self.verify = verify;
        self
    }

    /// Takes another implementation of key transport and key agreement.
    #[must_use]
    pub const fn with_key_encryption(mut self, encrypt_key: &'static dyn EncryptKey) -> Self {
        self.encrypt_key = encrypt_key;
        self
    }

    /// Takes another implementation of content encryption.
    #[must_use]
    pub const fn with_content_encryption(mut self, content: &'static dyn CipherContent) -> Self {
        self.content = content;
        self
    }

    /// Takes an implementation of key derivation, without which no message is encrypted under a password.
    #[must_use]
    pub const fn with_key_derivation(mut self, derive_key: &'static dyn DeriveKey) -> Self {
        self.derive_key = derive_key;
        self
    }

    /// The part that computes digests.
    #[must_use]
    pub const fn digests(&self) -> &'static dyn ComputeDigest {
        self.digest
    }

    /// The part that verifies signatures.
    #[must_use]
    pub const fn signatures(&self) -> &'static dyn VerifySignature {
        self.verify
    }

    /// The part that encrypts content-encryption keys.
    #[must_use]
    pub const fn key_encryption(&self) -> &'static dyn EncryptKey {
        self.encrypt_key
    }

    /// The part that derives keys from passwords.
    #[must_use]
    pub const fn key_derivation(&self) -> &'static dyn DeriveKey {
        self.derive_key
    }

    /// The part that encrypts and decrypts content.
    #[must_use]
    pub const fn content_encryption(&self) -> &'static dyn CipherContent {
        self.content
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider { .. }")
    }
}
