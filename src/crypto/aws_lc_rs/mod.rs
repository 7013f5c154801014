//! The fast provider, made of [aws-lc-rs](https://github.com/aws/aws-lc-rs): RSA in assembler, several times as fast as that of
//! the software provider.
//!
//! It needs the standard library and, to build, a C compiler and nothing else on Linux on x86-64. What AWS-LC lacks is done by the
//! [software provider](super::rustcrypto), part by part:
//!
//! | part | AWS-LC | the software provider |
//! | --- | --- | --- |
//! | [`RsaSignatures`] | PKCS #1 v1.5 and PSS with SHA-2 and a salt as long as the digest, PKCS #1 v1.5 with SHA-1; from 2048 bits | all other |
//! | [`RsaKeyTransport`] | PKCS #1 v1.5, OAEP with the same hash in both places; from 2048 bits | all other |
//! | [`RsaKey`] | as those two, without SHA-1 signatures | all other |
//! | content, digests | nothing: at the size of a message it takes about as long | all |
//!
//! Each part can be replaced by itself, see [`Provider::with_verify`] and its neighbours; keys are chosen one by one anyway.
//!
//! AWS-LC takes its random numbers from its own generator, and blinds private operations by it: the `rng` that a method
//! is given is used only by the software provider. Threads share nothing but keys, which this crate neither changes nor
//! locks; AWS-LC keeps blinding factors with a key, and takes a lock for as long as it picks one.

mod rsa;
mod rsa_key;

use super::Provider;
use super::rustcrypto::{CbcCiphers, Digests, Pbkdf2};

pub use rsa::{RsaKeyTransport, RsaSignatures};
pub use rsa_key::RsaKey;

impl Provider {
    /// The provider made of [`RsaSignatures`] and [`RsaKeyTransport`], and of [`Digests`], [`CbcCiphers`] and [`Pbkdf2`] of the
    /// software provider.
    #[cfg_attr(docsrs, doc(cfg(feature = "aws-lc-rs")))]
    #[must_use]
    pub const fn aws_lc_rs() -> Self {
        Self::new(&Digests, &RsaSignatures, &RsaKeyTransport, &CbcCiphers).with_derive_key(&Pbkdf2)
    }
}
