//! The software provider, made of the [RustCrypto](https://github.com/RustCrypto) crates.
//!
//! It needs no standard library and no C code. RSA keys have from 1024 to 8192 bits; what a message may use is decided
//! by a [`Policy`](super::Policy), not here. Elliptic curves come with the feature `ec`. MD5 and single DES are computed only with the feature `legacy`.

use super::Provider;

mod cbc;
mod digest;
#[cfg(feature = "ec")]
mod ec;
#[cfg(feature = "ec")]
mod ec_key;
#[cfg(feature = "ec")]
mod ed25519_key;
mod key_encryption;
mod password;
#[cfg(feature = "pem")]
mod pem;
mod rsa;
mod rsa_key;
mod rsa_private;
mod signatures;

pub use self::cbc::CbcCiphers;
pub use self::digest::Digests;
pub use self::key_encryption::KeyEncryption;
pub use self::password::Pbkdf2;
pub use self::rsa::{RsaKeyTransport, RsaSignatures};
pub use self::rsa_key::RsaKey;
pub use self::signatures::Signatures;
#[cfg(feature = "ec")]
#[cfg_attr(docsrs, doc(cfg(feature = "ec")))]
pub use self::{ec::EcSignatures, ec_key::EcKey, ed25519_key::Ed25519Key};

impl Provider {
    /// The provider made of [`Digests`], [`Signatures`], [`KeyEncryption`], [`CbcCiphers`] and [`Pbkdf2`].
    #[cfg_attr(docsrs, doc(cfg(feature = "rustcrypto")))]
    #[must_use]
    pub const fn rustcrypto() -> Self {
        Self::new(&Digests, &Signatures, &KeyEncryption, &CbcCiphers).with_key_derivation(&Pbkdf2)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::RsaKey;
    use ::rsa::PrivateKey;
    use ::rsa::pkcs1::DecodeRsaPrivateKey;
    use alloc::vec::Vec;
    use getrandom::SysRng;
    use signature::rand_core::UnwrapErr;

    pub(crate) const PKCS1_PEM: &str = include_str!("../../../test-vectors/keys/c2048.key");

    pub(crate) fn private_key() -> PrivateKey {
        PrivateKey::from_pkcs1_pem(PKCS1_PEM).unwrap()
    }

    pub(crate) fn key() -> RsaKey {
        RsaKey::try_from(private_key()).unwrap()
    }

    /// The PKCS #8 test keys on elliptic curves.
    #[cfg(feature = "ec")]
    mod elliptic {
        use super::super::{EcKey, Ed25519Key};
        use alloc::vec::Vec;

        const P256: &str = include_str!("../../../test-vectors/keys/ec-p256.key");
        const P384: &str = include_str!("../../../test-vectors/keys/ec-p384.key");
        const P521: &str = include_str!("../../../test-vectors/keys/ec-p521.key");
        const ED25519: &str = include_str!("../../../test-vectors/keys/ed25519.key");

        pub(crate) fn p256() -> EcKey {
            EcKey::from_pkcs8_der(&der(P256)).unwrap()
        }

        pub(crate) fn p384() -> EcKey {
            EcKey::from_pkcs8_der(&der(P384)).unwrap()
        }

        pub(crate) fn p521() -> EcKey {
            EcKey::from_pkcs8_der(&der(P521)).unwrap()
        }

        pub(crate) fn ed25519() -> Ed25519Key {
            Ed25519Key::from_pkcs8_der(&der(ED25519)).unwrap()
        }

        fn der(pem: &str) -> Vec<u8> {
            pem_rfc7468::decode_vec(pem.as_bytes()).unwrap().1
        }
    }
    #[cfg(feature = "ec")]
    pub(crate) use elliptic::{ed25519, p256, p384, p521};

    pub(crate) fn rng() -> UnwrapErr<SysRng> {
        UnwrapErr(SysRng)
    }

    pub(crate) fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
        digits
            .chunks(2)
            .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
            .collect()
    }
}
