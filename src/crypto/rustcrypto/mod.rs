//! The software provider, made of the [RustCrypto](https://github.com/RustCrypto) crates.
//!
//! It needs no standard library and no C code. RSA keys have from 1024 to 8192 bits; what a message may use is decided
//! by a [`Policy`](super::Policy), not here. MD5 and single DES are computed only with the feature `legacy`.

use super::Provider;

mod cbc;
mod digest;
mod rsa;
mod rsa_key;
mod rsa_private;

pub use self::cbc::CbcCiphers;
pub use self::digest::Digests;
pub use self::rsa::{RsaKeyTransport, RsaSignatures};
pub use self::rsa_key::RsaKey;

impl Provider {
    /// The provider made of [`Digests`], [`RsaSignatures`], [`RsaKeyTransport`] and [`CbcCiphers`].
    #[cfg_attr(docsrs, doc(cfg(feature = "rustcrypto")))]
    #[must_use]
    pub const fn rustcrypto() -> Self {
        Self::new(&Digests, &RsaSignatures, &RsaKeyTransport, &CbcCiphers)
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
