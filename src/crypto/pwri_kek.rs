//! PWRI-KEK, [RFC 3211, section 2.3](https://www.rfc-editor.org/rfc/rfc3211#section-2.3): a content key is encrypted twice in
//! CBC mode, the second time from where the first ended, so that every bit of the result depends on every bit of the key.

use super::{CipherContent, ContentCipher, CryptoError};
use alloc::vec::Vec;
use ctutils::CtEq;
use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Before the key: its length, and the complement of its first three bytes.
const HEADER_LEN: usize = 4;

/// Encrypts a content key of 3 to 255 bytes.
pub(crate) fn wrap(
    ciphers: &dyn CipherContent,
    cipher: ContentCipher,
    kek: &[u8],
    iv: &[u8],
    key: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, CryptoError> {
    let block = cipher.block_len();
    let [first, second, third, ..] = key else {
        return Err(CryptoError::Failed);
    };
    let len = u8::try_from(key.len()).map_err(|_| CryptoError::Failed)?;
    let needed = key.len().saturating_add(HEADER_LEN);
    let padded = needed.next_multiple_of(block).max(block.saturating_mul(2));
    let mut blocks = Zeroizing::new(Vec::with_capacity(padded));
    blocks.extend_from_slice(&[len, !first, !second, !third]);
    blocks.extend_from_slice(key);
    blocks.resize(padded, 0);
    rng.fill_bytes(blocks.get_mut(needed..).unwrap_or_default());
    ciphers.encrypt(cipher, kek, iv, &mut blocks)?;
    let end = last_block(&blocks, block)?;
    ciphers.encrypt(cipher, kek, &end, &mut blocks)?;
    Ok(core::mem::take(&mut *blocks))
}

/// Decrypts a content key of `len` bytes, or gives an error if it is none: a wrong password, or something else.
pub(crate) fn unwrap(
    ciphers: &dyn CipherContent,
    cipher: ContentCipher,
    kek: &[u8],
    iv: &[u8],
    wrapped: &[u8],
    len: usize,
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let block = cipher.block_len();
    let before_last = wrapped
        .len()
        .checked_sub(block)
        .filter(|rest| *rest >= block && wrapped.len().is_multiple_of(block))
        .ok_or(CryptoError::Failed)?;
    let mut blocks = Zeroizing::new(wrapped.to_vec());
    // The outer layer starts from where the inner one ended, which its own last block tells.
    let (rest, last) = blocks.split_at_mut(before_last);
    let outer_iv = last_block(rest, block)?;
    ciphers.decrypt(cipher, kek, &outer_iv, last)?;
    ciphers.decrypt(cipher, kek, last, rest)?;
    ciphers.decrypt(cipher, kek, iv, &mut blocks)?;
    let (header, padded) = blocks
        .split_first_chunk::<HEADER_LEN>()
        .ok_or(CryptoError::Failed)?;
    let key = padded.get(..len).ok_or(CryptoError::Failed)?;
    let [told, check @ ..] = header;
    let mut right = usize::from(*told).ct_eq(&len);
    for (check, byte) in check.iter().zip(key) {
        right &= check.ct_eq(&!byte);
    }
    if right.to_bool() {
        Ok(Zeroizing::new(key.to_vec()))
    } else {
        Err(CryptoError::Failed)
    }
}

fn last_block(blocks: &[u8], block: usize) -> Result<Vec<u8>, CryptoError> {
    let start = blocks.len().checked_sub(block);
    let last = start.and_then(|start| blocks.get(start..));
    last.map(<[u8]>::to_vec).ok_or(CryptoError::Failed)
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::{CbcCiphers, Pbkdf2, testing};
    use crate::crypto::{DeriveKey, DigestAlgorithm};
    use alloc::vec;

    const CIPHERS: [ContentCipher; 4] = [
        ContentCipher::TripleDesCbc,
        ContentCipher::Aes128Cbc,
        ContentCipher::Aes192Cbc,
        ContentCipher::Aes256Cbc,
    ];

    /// RFC 3211, section 3.1 (its second example, for its first is in single DES).
    #[test]
    fn the_known_answer_unwraps() {
        let mut kek = [0; 24];
        let phrase =
            b"All n-entities must communicate with other n-entities via n-1 entiteeheehees";
        let salt = testing::hex("1234567878563412");
        Pbkdf2
            .pbkdf2(DigestAlgorithm::Sha1, phrase, &salt, 500, &mut kek)
            .unwrap();
        assert_eq!(
            kek[..],
            testing::hex("6a8970bf68c92caea84a8df28510858607126380cc47ab2d")
        );
        let iv = testing::hex("baf1ca7931213c4e");
        let wrapped = testing::hex(
            "c03c514abdb9e2c5aac038572b5e24553876b377aafb82eca5a9d73f8ab143d9ec74e6cad7db260c",
        );
        let key = testing::hex("8c637d887223a2f965b566eb014b0fa5d52300a3f7ea40fffc577203c71baf3b");
        let unwrapped = unwrap(
            &CbcCiphers,
            ContentCipher::TripleDesCbc,
            &kek,
            &iv,
            &wrapped,
            32,
        );
        assert_eq!(*unwrapped.unwrap(), key);
    }

    #[test]
    fn what_is_wrapped_unwraps_with_its_own_length_and_key_only() {
        for cipher in CIPHERS {
            let (kek, iv) = (vec![7; cipher.key_len()], vec![9; cipher.block_len()]);
            for len in [8, 16, 24, 32] {
                let key: Vec<u8> = (0..len).collect();
                let len = usize::from(len);
                let wrapped =
                    wrap(&CbcCiphers, cipher, &kek, &iv, &key, &mut testing::rng()).unwrap();
                assert!(wrapped.len().is_multiple_of(cipher.block_len()));
                assert!(wrapped.len() >= 2 * cipher.block_len());
                let unwrap = |kek: &[u8], iv: &[u8], len| {
                    unwrap(&CbcCiphers, cipher, kek, iv, &wrapped, len)
                };
                assert_eq!(*unwrap(&kek, &iv, len).unwrap(), key);
                let failed = Some(CryptoError::Failed);
                for other in [0, 8, 16, 24, 32, 255]
                    .into_iter()
                    .filter(|other| *other != len)
                {
                    assert_eq!(unwrap(&kek, &iv, other).err(), failed);
                }
                assert_eq!(unwrap(&vec![8; kek.len()], &iv, len).err(), failed);
                let mut other_iv = iv.clone();
                other_iv[0] ^= 1;
                assert_eq!(unwrap(&kek, &other_iv, len).err(), failed);
            }
        }
    }

    #[test]
    fn a_length_that_cannot_be_is_failed() {
        let cipher = ContentCipher::Aes128Cbc;
        for len in [0, 1, 15, 16, 31, 33, 47] {
            let unwrapped = unwrap(&CbcCiphers, cipher, &[1; 16], &[2; 16], &vec![3; len], 16);
            assert_eq!(unwrapped.err(), Some(CryptoError::Failed), "{len}");
        }
        for len in [0, 2, 256] {
            let rng = &mut testing::rng();
            let wrapped = wrap(&CbcCiphers, cipher, &[1; 16], &[2; 16], &vec![3; len], rng);
            assert_eq!(wrapped, Err(CryptoError::Failed), "{len}");
        }
    }
}
