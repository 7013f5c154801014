//! Algorithms, policies, and the traits behind which cryptographic code and keys stand.

mod algorithm;
#[cfg(feature = "aws-lc-rs")]
#[cfg_attr(docsrs, doc(cfg(feature = "aws-lc-rs")))]
pub mod aws_lc_rs;
pub(crate) mod key_wrap;
mod policy;
mod provider;
pub(crate) mod public_key;
pub(crate) mod pwri_kek;
#[cfg(feature = "rustcrypto")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustcrypto")))]
pub mod rustcrypto;
mod set;
mod signer_key;
pub(crate) mod x963_kdf;

pub use algorithm::{
    ContentCipher, DigestAlgorithm, EllipticCurve, KeyAgreement, KeyManagement, KeyTransport,
    KeyWrap, PasswordEncryption, SignatureAlgorithm,
};
pub use policy::Policy;
pub use provider::{
    CipherContent, ComputeDigest, CryptoError, DecryptionKey, DeriveKey, DigestValue, EncryptKey,
    Provider, SigningKey, SubstituteSecret, VerifySignature,
};
pub(crate) use public_key::{check_public_key, fits_transport, is_same_key};
pub use set::{
    CipherSet, CurveSet, DigestSet, KeyWrapSet, SignatureScheme, SignatureSchemeSet, Tolerance,
    ToleranceSet, TransportScheme, TransportSet,
};
pub use signature::rand_core::{self, CryptoRng};
pub use signer_key::SignerKey;
