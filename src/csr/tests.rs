use super::*;
use crate::asn1::{Writer, encode};
#[cfg(feature = "rustcrypto")]
use crate::signed::testing::patched;
use crate::signed::testing::pem;
use alloc::format;
use alloc::string::ToString;

fn real() -> Vec<u8> {
    pem(include_bytes!("../../test-vectors/keys/c2048.csr.pem"))
}

fn unverified(der: impl Into<Vec<u8>>) -> Result<UnverifiedCsr, ParseError> {
    UnverifiedCsr::from_der(der, &Limits::REQUEST)
}

/// A CSR with a version and with what `write` puts after its public key, and no right signature.
fn made_with(version: u8, write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    encode(0, |w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.small_integer(version);
                w.sequence(|_| ());
                w.sequence(|_| ());
                write(w);
            });
            w.sequence(|w| w.oid(oid::SHA256_WITH_RSA));
            w.bit_string(&[0]);
        });
    })
}

/// A CSR with these attributes.
fn made(attributes: &[Vec<u8>]) -> Vec<u8> {
    made_with(0, |w| {
        w.nested(tag::context_constructed(0), |w| w.raw(&attributes.concat()));
    })
}

fn attribute(oid: Oid, values: &[u8]) -> Vec<u8> {
    encode(0, |w| {
        w.sequence(|w| {
            w.oid(oid);
            w.raw(values);
        });
    })
}

/// A challengePassword attribute with these values.
fn challenge(values: &[&[u8]]) -> Vec<u8> {
    let set = encode(0, |w| w.set(|w| w.raw(&values.concat())));
    attribute(oid::CHALLENGE_PASSWORD, &set)
}

/// As a CSR that was verified, so that its parts can be read.
fn read(der: Vec<u8>) -> Csr {
    let UnverifiedCsr { buffer, parts } = unverified(der).unwrap();
    let algorithm = SignatureAlgorithm::RsaPkcs1v15(crate::crypto::DigestAlgorithm::Sha256);
    Csr::from_checked(buffer, CheckedCsr { parts, algorithm })
}

#[test]
fn a_request_is_kept_and_its_parts_are_found() {
    let der = real();
    let csr = read(der.clone());
    assert_eq!(csr.as_der(), der);
    assert_eq!(csr.version(), 0);
    assert_eq!(csr.subject().to_string(), "CN=client-2048,O=Peer Test,C=US");
    assert!(csr.challenge_password().verify(b"secret"));
    assert!(!csr.challenge_password().verify(b"Secret"));
    let extensions: Vec<_> = csr.extensions().map(|extension| extension.oid()).collect();
    let expected = [oid::SUBJECT_ALT_NAME, oid::KEY_USAGE, oid::EXT_KEY_USAGE];
    assert_eq!(extensions, expected);
    assert!(csr.extension(oid::KEY_USAGE).unwrap().is_critical());
    let attributes: Vec<_> = csr.attributes().map(|(oid, _)| oid).collect();
    assert_eq!(
        attributes,
        [oid::CHALLENGE_PASSWORD, oid::EXTENSION_REQUEST]
    );
    let (_, values) = csr.attributes().next().unwrap();
    assert_eq!(values, b"\x31\x08\x0c\x06secret");
    let certificate = pem(include_bytes!(
        "../../test-vectors/keys/c2048.selfsigned.pem"
    ));
    let certificate = crate::Certificate::from_der(certificate).unwrap();
    assert_eq!(csr.public_key_der(), certificate.public_key_der());
    assert_eq!(csr.to_x509().unwrap().info.attributes.len(), 2);
}

#[test]
fn it_may_cross_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Csr>();
    check::<UnverifiedCsr>();
}

#[test]
fn debug_hides_password_and_bytes() {
    let csr = read(real());
    assert_eq!(
        format!("{csr:?}"),
        "Csr { subject: NameRef(\"CN=client-2048,O=Peer Test,C=US\"), challenge_password: Present(..), .. }"
    );
    let shown = format!("{:?}", unverified(real()).unwrap());
    assert!(shown.starts_with("UnverifiedCsr") && !shown.contains("secret"));
}

#[test]
fn attributes_may_be_absent_or_empty() {
    for der in [made_with(0, |_| ()), made(&[])] {
        let csr = read(der);
        assert_eq!(csr.attributes().count(), 0);
        assert!(matches!(
            csr.challenge_password(),
            ChallengePassword::Absent
        ));
    }
}

#[test]
fn another_version_is_told() {
    let apple = made_with(2, |w| w.nested(tag::context_constructed(0), |_| ()));
    assert_eq!(read(apple).version(), 2);
}

#[test]
fn passwords_of_every_form_are_read() {
    for (values, password) in [
        (&[&b"\x13\x01x"[..]][..], &b"x"[..]),
        (&[b"\x16\x01@"], b"@"),
        (&[b"\x1e\x02\0x"], b"x"),
        (&[b"\x04\x01x"], b"x"),
    ] {
        let csr = read(made(&[challenge(values)]));
        assert!(csr.challenge_password().verify(password), "{values:?}");
    }
    // As micromdm once wrote it.
    let bare = attribute(oid::CHALLENGE_PASSWORD, b"\x04\x06secret");
    assert!(read(made(&[bare])).challenge_password().verify(b"secret"));
    let long = [&b"\x0c\x82\x17\x70"[..], &[b'x'; 6_000]].concat();
    let csr = read(made(&[challenge(&[&long])]));
    assert!(csr.challenge_password().verify(&[b'x'; 6_000]));
}

#[test]
fn absent_and_empty_differ() {
    let empty = read(made(&[challenge(&[b"\x0c\0"])]));
    assert!(matches!(
        empty.challenge_password(),
        ChallengePassword::Empty
    ));
    let no_value = read(made(&[challenge(&[])]));
    assert!(matches!(
        no_value.challenge_password(),
        ChallengePassword::Absent
    ));
}

#[test]
fn extensions_of_both_requests_are_united() {
    let values = |oid: Oid| {
        encode(0, |w| {
            w.set(|w| {
                w.sequence(|w| {
                    w.sequence(|w| {
                        w.oid(oid);
                        w.octet_string(&[]);
                    });
                });
            });
        })
    };
    let csr = read(made(&[
        attribute(oid::MS_CERT_EXTENSIONS, &values(oid::KEY_USAGE)),
        attribute(oid::DATA, &[0x31, 0]),
        attribute(oid::EXTENSION_REQUEST, &values(oid::SUBJECT_ALT_NAME)),
        attribute(oid::EXTENSION_REQUEST, &[0x31, 0]),
    ]));
    let extensions: Vec<_> = csr.extensions().map(|extension| extension.oid()).collect();
    assert_eq!(extensions, [oid::KEY_USAGE, oid::SUBJECT_ALT_NAME]);
    assert_eq!(csr.attributes().count(), 4);
}

/// The error of a CSR with these attributes.
fn error(attributes: &[Vec<u8>]) -> (ParseErrorKind, Item) {
    let error = unverified(made(attributes)).unwrap_err();
    (error.kind(), error.item())
}

#[test]
fn two_passwords_are_refused() {
    let duplicate = (ParseErrorKind::Duplicate, Item::ChallengePassword);
    assert_eq!(
        error(&[challenge(&[b"\x0c\x01x", b"\x0c\x01y"])]),
        duplicate
    );
    let one = challenge(&[b"\x0c\x01x"]);
    assert_eq!(error(&[one.clone(), one.clone()]), duplicate);
    assert_eq!(error(&[challenge(&[]), one]), duplicate);
    // A second one that cannot be read is one, too: the length is not as short as it can be, or there is no element.
    for second in [&b"\x13\x81\x01y"[..], b"\xff\xff\xff"] {
        assert_eq!(error(&[challenge(&[b"\x0c\x01x", second])]), duplicate);
    }
}

#[test]
fn a_password_that_is_no_text_is_refused() {
    let invalid = (ParseErrorKind::InvalidValue, Item::ChallengePassword);
    assert_eq!(error(&[challenge(&[b"\x02\x01\x05"])]), invalid);
    assert_eq!(error(&[challenge(&[b"\x13\x81\x01x"])]), invalid);
    let no_set = attribute(oid::CHALLENGE_PASSWORD, b"\x0c\x01x");
    assert_eq!(error(&[no_set]), invalid);
}

#[test]
fn broken_extension_requests_and_attributes_are_refused() {
    let broken = attribute(oid::EXTENSION_REQUEST, &[0x31, 4, 0x30, 2, 0x30, 0]);
    assert_eq!(
        error(&[broken]),
        (ParseErrorKind::Missing, Item::Extensions)
    );
    let item = Item::CertificationRequestAttributes;
    let no_values = attribute(oid::DATA, &[]);
    assert_eq!(error(&[no_values]), (ParseErrorKind::Truncated, item));
    let unexpected = ParseErrorKind::UnexpectedTag {
        expected: tag::SET,
        found: tag::NULL,
    };
    let no_set = attribute(oid::EXTENSION_REQUEST, &[5, 0]);
    assert_eq!(error(&[no_set]), (unexpected, item));
}

#[test]
fn limits_are_kept() {
    let kind = |der: &[u8], limit, bound| {
        let limits = Limits::REQUEST.with(limit, bound);
        UnverifiedCsr::from_der(der, &limits).map_err(|error| error.kind())
    };
    let der = real();
    assert!(kind(&der, Limit::Attributes, 2).is_ok());
    assert_eq!(
        kind(&der, Limit::Attributes, 1).unwrap_err(),
        ParseErrorKind::LimitExceeded(Limit::Attributes)
    );
    assert!(kind(&der, Limit::AttributeLen, 85).is_ok());
    assert_eq!(
        kind(&der, Limit::AttributeLen, 84).unwrap_err(),
        ParseErrorKind::LimitExceeded(Limit::AttributeLen)
    );
}

#[test]
fn every_cut_and_every_added_byte_is_an_error() {
    let der = real();
    for len in 0..der.len() {
        assert!(unverified(&der[..len]).is_err(), "{len}");
    }
    let longer = [&der[..], &[2, 2]].concat();
    let error = unverified(longer.clone()).unwrap_err();
    assert_eq!(
        (error.kind(), error.offset()),
        (ParseErrorKind::TrailingData, der.len())
    );
    let (parts, len) =
        UnverifiedCsr::read_prefix(&longer, Layer::Payload, &Limits::REQUEST).unwrap();
    assert_eq!(len, der.len());
    assert_eq!(parts.whole.of_buffer(&longer), der);
}

#[test]
fn no_flipped_bit_does_harm() {
    let good = real();
    for bit in 0..good.len() * 8 {
        let mut der = good.clone();
        der[bit / 8] ^= 1 << (bit % 8);
        if unverified(der.clone()).is_ok() {
            let csr = read(der);
            let _ = (
                csr.extensions().count(),
                csr.attributes().count(),
                format!("{csr:?}"),
            );
            let _ = (csr.challenge_password().verify(b"secret"), csr.to_x509());
        }
    }
}

#[cfg(feature = "rustcrypto")]
mod signatures {
    use super::*;
    use crate::crypto::{DigestAlgorithm, DigestSet};

    fn verify(der: Vec<u8>, policy: &Policy) -> Result<Csr, CsrError> {
        unverified(der)
            .unwrap()
            .verify(&Provider::rustcrypto(), policy)
    }

    #[test]
    fn the_own_signature_is_verified() {
        let csr = verify(real(), &Policy::strict()).unwrap();
        assert_eq!(
            csr.signature_algorithm(),
            SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256)
        );
        let pending = pem(include_bytes!("../../test-vectors/keys/cpend.csr.pem"));
        assert!(verify(pending, &Policy::strict()).is_ok());
    }

    #[test]
    fn a_changed_request_is_refused() {
        let changed = patched(&real(), b"secret", b"public");
        let error = verify(changed, &Policy::strict()).unwrap_err();
        assert_eq!(error, CsrError::Signature);
        assert_eq!(error.fail_info(), FailInfo::BadMessageCheck);
        assert_eq!(OpenError::from(error), OpenError::CsrSignature);
    }

    #[test]
    fn the_policy_decides_on_digest_and_size() {
        let sha512 = DigestSet::of(&[DigestAlgorithm::Sha512]);
        let error = verify(real(), &Policy::strict().with_csr_digests(sha512)).unwrap_err();
        assert_eq!(
            error,
            CsrError::Refused(Refused::CsrSignature(oid::SHA256_WITH_RSA))
        );
        assert_eq!(error.fail_info(), FailInfo::BadMessageCheck);
        let policy = Policy::strict().with_rsa_modulus_bits(3072..=8192);
        let error = verify(real(), &policy).unwrap_err();
        assert_eq!(error, CsrError::Refused(Refused::RsaModulusBits(2048)));
    }

    #[test]
    fn an_unknown_algorithm_is_named() {
        let sha256 = oid::SHA256_WITH_RSA;
        let mut other = sha256.as_bytes().to_vec();
        *other.last_mut().unwrap() = 99;
        let der = patched(&real(), sha256.as_bytes(), &other);
        let error = verify(der, &Policy::strict()).unwrap_err();
        let other = Oid::from_bytes(&other).unwrap();
        assert_eq!(error, CsrError::Refused(Refused::CsrSignature(other)));
    }

    #[test]
    fn an_unusable_key_is_refused() {
        let der = patched(&real(), &[2, 3, 1, 0, 1], &[2, 3, 1, 0, 2]);
        let error = verify(der, &Policy::strict()).unwrap_err();
        assert_eq!(error, CsrError::Refused(Refused::RsaKey));
    }
}
