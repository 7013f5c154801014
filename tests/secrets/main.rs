//! What becomes of secrets: the memory they were in, and what is printed of the types that hold them.
#![cfg(feature = "rustcrypto")]

#[path = "../common/mod.rs"]
mod common;
mod memory;
mod shown;

use common::RsaKey;
use scep::Csr;

/// A challenge password.
const PASSWORD: &str = "correct horse battery staple";

/// A CSR with the password.
fn csr_with_password(key: &RsaKey) -> Csr {
    common::issue::csr(key, |csr| csr.challenge_password(PASSWORD))
}

/// The secret numbers of a key, from its most significant byte to its least.
fn secret_numbers(key: &RsaKey) -> Vec<Vec<u8>> {
    use common::forge::{elements, inside};
    let der = key.to_pkcs8_der().unwrap();
    let private_key = elements(inside(&der)[2].contents);
    let numbers = elements(private_key[0].contents);
    // version, modulus and public exponent are no secrets; the others are d, p, q, d mod p-1, d mod q-1 and the coefficient.
    let secret = numbers[3..].iter().map(|number| number.contents);
    secret
        .map(|digits| digits.strip_prefix(&[0]).unwrap_or(digits).to_vec())
        .collect()
}
