//! Content encryption.

use crate::crypto::{CipherContent, ContentCipher, CryptoError};
use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::array::Array;
use cbc::cipher::{
    Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit,
    KeyIvInit,
};
use des::TdesEde3;

/// AES and 3DES in CBC mode; single DES too with the feature `legacy`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CbcCiphers;

impl CipherContent for CbcCiphers {
    fn encrypt(
        &self,
        cipher: ContentCipher,
        key: &[u8],
        iv: &[u8],
        blocks: &mut [u8],
    ) -> Result<(), CryptoError> {
        match cipher {
            #[cfg(feature = "legacy")]
            ContentCipher::DesCbc => encrypt::<des::Des>(key, iv, blocks),
            #[cfg(not(feature = "legacy"))]
            ContentCipher::DesCbc => Err(CryptoError::Unsupported),
            ContentCipher::TripleDesCbc => encrypt::<TdesEde3>(key, iv, blocks),
            ContentCipher::Aes128Cbc => encrypt::<Aes128>(key, iv, blocks),
            ContentCipher::Aes192Cbc => encrypt::<Aes192>(key, iv, blocks),
            ContentCipher::Aes256Cbc => encrypt::<Aes256>(key, iv, blocks),
        }
    }

    fn decrypt(
        &self,
        cipher: ContentCipher,
        key: &[u8],
        iv: &[u8],
        blocks: &mut [u8],
    ) -> Result<(), CryptoError> {
        match cipher {
            #[cfg(feature = "legacy")]
            ContentCipher::DesCbc => decrypt::<des::Des>(key, iv, blocks),
            #[cfg(not(feature = "legacy"))]
            ContentCipher::DesCbc => Err(CryptoError::Unsupported),
            ContentCipher::TripleDesCbc => decrypt::<TdesEde3>(key, iv, blocks),
            ContentCipher::Aes128Cbc => decrypt::<Aes128>(key, iv, blocks),
            ContentCipher::Aes192Cbc => decrypt::<Aes192>(key, iv, blocks),
            ContentCipher::Aes256Cbc => decrypt::<Aes256>(key, iv, blocks),
        }
    }
}

fn encrypt<C: BlockCipherEncrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    blocks: &mut [u8],
) -> Result<(), CryptoError> {
    let mode = cbc::Encryptor::<C>::new_from_slices(key, iv);
    let mut mode = mode.map_err(|_| CryptoError::Failed)?;
    mode.encrypt_blocks(whole_blocks::<C>(blocks)?);
    Ok(())
}

fn decrypt<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    blocks: &mut [u8],
) -> Result<(), CryptoError> {
    let mode = cbc::Decryptor::<C>::new_from_slices(key, iv);
    let mut mode = mode.map_err(|_| CryptoError::Failed)?;
    // All blocks in one call: unlike encryption, CBC decryption runs several blocks side by side.
    mode.decrypt_blocks(whole_blocks::<C>(blocks)?);
    Ok(())
}

fn whole_blocks<C: cbc::cipher::BlockSizeUser>(
    bytes: &mut [u8],
) -> Result<&mut [Block<C>], CryptoError> {
    match Array::slice_as_chunks_mut(bytes) {
        (blocks, []) => Ok(blocks),
        _ => Err(CryptoError::Failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::testing::hex;
    use alloc::vec;

    /// The plaintext of NIST SP 800-38A, appendix F.2.
    const SP800_38A: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
                             30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

    struct Known {
        cipher: ContentCipher,
        key: &'static str,
        iv: &'static str,
        plain: &'static str,
        encrypted: &'static str,
    }

    const KNOWN: [Known; 6] = [
        // NIST SP 800-38A, F.2.1, F.2.3, F.2.5.
        Known {
            cipher: ContentCipher::Aes128Cbc,
            key: "2b7e151628aed2a6abf7158809cf4f3c",
            iv: "000102030405060708090a0b0c0d0e0f",
            plain: SP800_38A,
            encrypted: "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2\
                        73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
        },
        Known {
            cipher: ContentCipher::Aes192Cbc,
            key: "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
            iv: "000102030405060708090a0b0c0d0e0f",
            plain: SP800_38A,
            encrypted: "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a\
                        571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
        },
        Known {
            cipher: ContentCipher::Aes256Cbc,
            key: "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            iv: "000102030405060708090a0b0c0d0e0f",
            plain: SP800_38A,
            encrypted: "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d\
                        39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
        },
        // The first block of the example of NIST SP 800-67, appendix B.1, which is in ECB mode.
        Known {
            cipher: ContentCipher::TripleDesCbc,
            key: "0123456789abcdef23456789abcdef01456789abcdef0123",
            iv: "0000000000000000",
            plain: "5468652071756663",
            encrypted: "a826fd8ce53b855f",
        },
        // Made with OpenSSL 3.0.19.
        Known {
            cipher: ContentCipher::TripleDesCbc,
            key: "0123456789abcdef23456789abcdef01456789abcdef0123",
            iv: "1234567890abcdef",
            plain: "54686520717569636b2062726f776e20666f78206a756d70",
            encrypted: "5ba523a59a5109710da06400f058192a743dc4df1c592655",
        },
        // FIPS 81, table C1: "Now is the time for all ".
        Known {
            cipher: ContentCipher::DesCbc,
            key: "0123456789abcdef",
            iv: "1234567890abcdef",
            plain: "4e6f77206973207468652074696d6520666f7220616c6c20",
            encrypted: "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6",
        },
    ];

    fn is_done(cipher: ContentCipher) -> bool {
        cipher != ContentCipher::DesCbc || cfg!(feature = "legacy")
    }

    #[test]
    fn known_answers() {
        for known in KNOWN.iter().filter(|known| is_done(known.cipher)) {
            let (key, iv) = (hex(known.key), hex(known.iv));
            let mut blocks = hex(known.plain);
            CbcCiphers
                .encrypt(known.cipher, &key, &iv, &mut blocks)
                .unwrap();
            assert_eq!(blocks, hex(known.encrypted), "{}", known.cipher.name());
            CbcCiphers
                .decrypt(known.cipher, &key, &iv, &mut blocks)
                .unwrap();
            assert_eq!(blocks, hex(known.plain), "{}", known.cipher.name());
        }
    }

    #[test]
    fn many_blocks_round_trip() {
        for cipher in ContentCipher::ALL
            .into_iter()
            .filter(|cipher| is_done(*cipher))
        {
            let (key, iv) = (vec![7; cipher.key_len()], vec![9; cipher.block_len()]);
            for count in [0, 1, 2, 7, 8, 9, 64, 129] {
                let plain: vec::Vec<u8> =
                    (0..count * cipher.block_len()).map(|i| i as u8).collect();
                let mut blocks = plain.clone();
                CbcCiphers.encrypt(cipher, &key, &iv, &mut blocks).unwrap();
                assert_eq!(count == 0, blocks == plain);
                CbcCiphers.decrypt(cipher, &key, &iv, &mut blocks).unwrap();
                assert_eq!(blocks, plain);
            }
        }
    }

    #[test]
    fn wrong_lengths_are_failed() {
        for cipher in ContentCipher::ALL
            .into_iter()
            .filter(|cipher| is_done(*cipher))
        {
            let (key, block) = (cipher.key_len(), cipher.block_len());
            for (key, iv, data) in [
                (key - 1, block, block),
                (key + 1, block, block),
                (0, block, block),
                (key, block - 1, block),
                (key, block + 1, block),
                (key, 0, block),
                (key, block, block - 1),
                (key, block, 3 * block + 1),
            ] {
                let (key, iv, mut data) = (vec![1; key], vec![2; iv], vec![3; data]);
                let before = data.clone();
                let encrypted = CbcCiphers.encrypt(cipher, &key, &iv, &mut data);
                assert_eq!(encrypted, Err(CryptoError::Failed));
                let decrypted = CbcCiphers.decrypt(cipher, &key, &iv, &mut data);
                assert_eq!(decrypted, Err(CryptoError::Failed));
                assert_eq!(data, before);
            }
        }
    }

    #[cfg(not(feature = "legacy"))]
    #[test]
    fn single_des_is_unsupported() {
        let mut blocks = [0; 8];
        let encrypted = CbcCiphers.encrypt(ContentCipher::DesCbc, &[0; 8], &[0; 8], &mut blocks);
        assert_eq!(encrypted, Err(CryptoError::Unsupported));
        let decrypted = CbcCiphers.decrypt(ContentCipher::DesCbc, &[0; 8], &[0; 8], &mut blocks);
        assert_eq!(decrypted, Err(CryptoError::Unsupported));
    }
}
