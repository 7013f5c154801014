//! The fast provider, made of [aws-lc-rs](https://github.com/aws/aws-lc-rs): RSA and elliptic curves in assembler, several times
//! as fast as those of the software provider.
//!
//! It needs the standard library and, to build, a C compiler and nothing else on Linux on x86-64. What AWS-LC lacks is done by the
//! [software provider](super::rustcrypto), part by part:
//!
//! | part | AWS-LC | the software provider |
//! | --- | --- | --- |
//! | [`RsaSignatures`] | PKCS #1 v1.5 and PSS with SHA-2 and a salt as long as the digest, PKCS #1 v1.5 with SHA-1; from 2048 bits | all other |
//! | [`RsaKeyTransport`] | PKCS #1 v1.5, OAEP with the same hash in both places; from 2048 bits | all other |
//! | [`RsaKey`] | as those two, without SHA-1 signatures | all other |
//! | `EcSignatures` | ECDSA over P-256, P-384 and P-521 with SHA-256, SHA-384 and SHA-512 | Ed25519: AWS-LC takes keys and signatures with points of small order |
//! | [`KeyEncryption`] | that of [`RsaKeyTransport`], ECDH over the three curves | that of [`RsaKeyTransport`] |
//! | `EcKey` | ECDH, ECDSA with the digest that suits the curve | ECDSA with the other two digests |
//! | `Ed25519Key` | all | |
//! | [`Pbkdf2`] | all | |
//! | content, digests | nothing: at the size of a message it takes about as long | all |
//!
//! Elliptic curves come with the feature `ec`, here as in the software provider, which the other half of the table is done by.
//!
//! Each part can be replaced by itself, see [`Provider::with_signatures`] and its neighbours; keys are chosen one by one anyway.
//!
//! AWS-LC takes its random numbers from its own generator, and blinds private operations by it: the `rng` that a method
//! is given is used only by the software provider. Threads share nothing but keys, which this crate neither changes nor
//! locks; AWS-LC keeps blinding factors with a key, and takes a lock for as long as it picks one.

#[cfg(feature = "ec")]
mod ec;
#[cfg(feature = "ec")]
mod ec_key;
#[cfg(feature = "ec")]
mod ed25519_key;
mod key_encryption;
mod password;
mod rsa;
mod rsa_key;
mod signatures;

use super::Provider;
use super::rustcrypto::{CbcCiphers, Digests};

pub use key_encryption::KeyEncryption;
pub use password::Pbkdf2;
pub use rsa::{RsaKeyTransport, RsaSignatures};
pub use rsa_key::RsaKey;
pub use signatures::Signatures;
#[cfg(feature = "ec")]
#[cfg_attr(docsrs, doc(cfg(feature = "ec")))]
pub use {ec::EcSignatures, ec_key::EcKey, ed25519_key::Ed25519Key};

impl Provider {
    /// The provider made of [`Signatures`], [`KeyEncryption`] and [`Pbkdf2`], and of [`Digests`] and [`CbcCiphers`] of the
    /// software provider.
    #[cfg_attr(docsrs, doc(cfg(feature = "aws-lc-rs")))]
    #[must_use]
    pub const fn aws_lc_rs() -> Self {
        Self::new(&Digests, &Signatures, &KeyEncryption, &CbcCiphers).with_key_derivation(&Pbkdf2)
    }
}
