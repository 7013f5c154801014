//! AES key wrap, [RFC 3394](https://www.rfc-editor.org/rfc/rfc3394): a key is encrypted together with a check of itself.

use super::{CipherContent, ContentCipher, CryptoError, KeyWrap};
use alloc::vec::Vec;
use ctutils::CtEq;
use zeroize::Zeroizing;

/// Half a block: the unit in which a key is wrapped.
const HALF: usize = 8;

const BLOCK: usize = 16;

/// What stands before the key, [RFC 3394, section 2.2.3.1](https://www.rfc-editor.org/rfc/rfc3394#section-2.2.3.1).
const INITIAL_VALUE: [u8; HALF] = [0xa6; HALF];

/// How often every half is encrypted.
const ROUNDS: u64 = 6;

/// Encrypts a content key of 16, 24 or 32 bytes.
pub(crate) fn wrap(
    ciphers: &dyn CipherContent,
    algorithm: KeyWrap,
    kek: &[u8],
    key: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let count = halves(key.len())?;
    let mut wrapped = Zeroizing::new(Vec::with_capacity(key.len().saturating_add(HALF)));
    wrapped.extend_from_slice(&INITIAL_VALUE);
    wrapped.extend_from_slice(key);
    let (check, halves) = split(&mut wrapped)?;
    let mut block = Zeroizing::new([0; BLOCK]);
    for step in 1..=ROUNDS.saturating_mul(count) {
        let half = half_of_step(halves, step, count)?;
        join(&mut block, check, half);
        ciphers.encrypt(cipher(algorithm), kek, &[0; BLOCK], &mut *block)?;
        part(&block, check, half);
        count_step(check, step);
    }
    Ok(core::mem::take(&mut *wrapped))
}

/// Decrypts a content key of `len` bytes, or gives an error if it is none.
pub(crate) fn unwrap(
    ciphers: &dyn CipherContent,
    algorithm: KeyWrap,
    kek: &[u8],
    wrapped: &[u8],
    len: usize,
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let count = halves(len)?;
    if wrapped.len() != len.saturating_add(HALF) {
        return Err(CryptoError::Failed);
    }
    let mut key = Zeroizing::new(wrapped.to_vec());
    let (check, halves) = split(&mut key)?;
    let mut block = Zeroizing::new([0; BLOCK]);
    for step in (1..=ROUNDS.saturating_mul(count)).rev() {
        let half = half_of_step(halves, step, count)?;
        count_step(check, step);
        join(&mut block, check, half);
        ciphers.decrypt(cipher(algorithm), kek, &[0; BLOCK], &mut *block)?;
        part(&block, check, half);
    }
    if !check.ct_eq(&INITIAL_VALUE).to_bool() {
        return Err(CryptoError::Failed);
    }
    Ok(Zeroizing::new(halves.to_vec()))
}

/// Whether a key of this length is one that key wrap encrypts: of two halves or more.
pub(crate) const fn can_wrap(len: usize) -> bool {
    len >= BLOCK && len.is_multiple_of(HALF)
}

/// How many halves a key has.
fn halves(len: usize) -> Result<u64, CryptoError> {
    if !can_wrap(len) {
        return Err(CryptoError::Unsupported);
    }
    u64::try_from(len.checked_div(HALF).unwrap_or_default()).map_err(|_| CryptoError::Unsupported)
}

fn split(wrapped: &mut [u8]) -> Result<(&mut [u8; HALF], &mut [u8]), CryptoError> {
    wrapped.split_first_chunk_mut().ok_or(CryptoError::Failed)
}

/// The half whose turn it is, from the first to the last in every round.
fn half_of_step(halves: &mut [u8], step: u64, count: u64) -> Result<&mut [u8], CryptoError> {
    let position = step.saturating_sub(1).checked_rem(count);
    position
        .and_then(|position| usize::try_from(position).ok())
        .and_then(|position| halves.chunks_exact_mut(HALF).nth(position))
        .ok_or(CryptoError::Failed)
}

fn join(block: &mut [u8; BLOCK], check: &[u8], half: &[u8]) {
    let halves = check.iter().chain(half);
    block
        .iter_mut()
        .zip(halves)
        .for_each(|(to, from)| *to = *from);
}

fn part(block: &[u8; BLOCK], check: &mut [u8], half: &mut [u8]) {
    let halves = check.iter_mut().chain(half);
    halves.zip(block).for_each(|(to, from)| *to = *from);
}

fn count_step(check: &mut [u8; HALF], step: u64) {
    check
        .iter_mut()
        .zip(step.to_be_bytes())
        .for_each(|(byte, count)| *byte ^= count);
}

/// The cipher that does one block at a time: CBC of one block without an initialisation vector is the bare cipher.
const fn cipher(algorithm: KeyWrap) -> ContentCipher {
    match algorithm {
        KeyWrap::Aes128 => ContentCipher::Aes128Cbc,
        KeyWrap::Aes192 => ContentCipher::Aes192Cbc,
        KeyWrap::Aes256 => ContentCipher::Aes256Cbc,
    }
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::{CbcCiphers, testing::hex};
    use alloc::vec;

    const KEK: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const KEY: &str = "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f";

    /// RFC 3394, sections 4.1 to 4.6.
    const KNOWN: [(KeyWrap, usize, &str); 6] = [
        (
            KeyWrap::Aes128,
            16,
            "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5",
        ),
        (
            KeyWrap::Aes192,
            16,
            "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d",
        ),
        (
            KeyWrap::Aes256,
            16,
            "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7",
        ),
        (
            KeyWrap::Aes192,
            24,
            "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2",
        ),
        (
            KeyWrap::Aes256,
            24,
            "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1",
        ),
        (
            KeyWrap::Aes256,
            32,
            "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
        ),
    ];

    #[test]
    fn known_answers() {
        for (algorithm, len, expected) in KNOWN {
            let (kek, key) = (&hex(KEK)[..algorithm.key_len()], &hex(KEY)[..len]);
            assert_eq!(wrap(&CbcCiphers, algorithm, kek, key), Ok(hex(expected)));
            let unwrapped = unwrap(&CbcCiphers, algorithm, kek, &hex(expected), len);
            assert_eq!(unwrapped.unwrap().as_slice(), key);
        }
    }

    #[test]
    fn a_changed_bit_or_another_key_fails() {
        for (algorithm, len, known) in KNOWN {
            let (kek, known) = (&hex(KEK)[..algorithm.key_len()], hex(known));
            let failed = |kek: &[u8], wrapped: &[u8]| {
                let unwrapped = unwrap(&CbcCiphers, algorithm, kek, wrapped, len);
                assert_eq!(unwrapped.unwrap_err(), CryptoError::Failed);
            };
            for position in 0..known.len() {
                let mut changed = known.clone();
                changed[position] ^= 1;
                failed(kek, &changed);
            }
            let mut other = kek.to_vec();
            other[0] ^= 1;
            failed(&other, &known);
        }
    }

    #[test]
    fn a_wrapped_key_is_half_a_block_longer_than_the_key() {
        let (algorithm, len, known) = KNOWN[0];
        let (kek, known) = (&hex(KEK)[..16], hex(known));
        for wrapped in [&[][..], &known[..8], &known[..16], &known[..23]] {
            let unwrapped = unwrap(&CbcCiphers, algorithm, kek, wrapped, len);
            assert_eq!(unwrapped.unwrap_err(), CryptoError::Failed);
        }
        let longer = [&known[..], &[0; 8]].concat();
        assert!(unwrap(&CbcCiphers, algorithm, kek, &longer, len).is_err());
        assert!(unwrap(&CbcCiphers, algorithm, kek, &known, 24).is_err());
    }

    #[test]
    fn a_key_of_one_half_or_of_a_fraction_is_not_wrapped() {
        for len in [0, 8, 15, 17] {
            assert_eq!(
                wrap(&CbcCiphers, KeyWrap::Aes128, &[0; 16], &vec![0; len]),
                Err(CryptoError::Unsupported)
            );
        }
    }
}
