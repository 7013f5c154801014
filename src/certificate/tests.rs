use super::*;
use crate::ParseErrorKind;
use crate::asn1::{Writer, encode};
use crate::crypto::check_public_key;
use crate::signed::testing::{patched, pem};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

fn client() -> Certificate<'static> {
    read(include_bytes!(
        "../../test-vectors/keys/c2048.issued-by-ca-jscep.pem"
    ))
}

fn ca() -> Certificate<'static> {
    read(include_bytes!("../../test-vectors/keys/ca-jscep.pem"))
}

#[cfg(feature = "rustcrypto")]
fn next_ca() -> Certificate<'static> {
    read(include_bytes!("../../test-vectors/keys/ca-jscep-next.pem"))
}

fn read(text: &[u8]) -> Certificate<'static> {
    Certificate::from_der(pem(text)).unwrap()
}

/// A certificate made of nothing but what is varied.
struct Made<'a> {
    serial: &'a [u8],
    validity: &'a [u8],
    extensions: &'a [(Oid, &'a [u8])],
}

const ALGORITHM: &[u8] = &[0x30, 4, 6, 2, 0x2a, 3];

impl Default for Made<'_> {
    fn default() -> Self {
        Self {
            serial: &[1],
            validity: &[0x30, 0],
            extensions: &[],
        }
    }
}

impl Made<'_> {
    fn certificate(&self) -> Certificate<'static> {
        Certificate::from_der(self.der()).unwrap()
    }

    fn der(&self) -> Vec<u8> {
        encode(0, |w| {
            w.sequence(|w| {
                w.sequence(|w| self.write(w));
                w.raw(ALGORITHM);
                w.bit_string(&[0]);
            });
        })
    }

    fn write(&self, w: &mut Writer) {
        w.nested(tag::context_constructed(0), |version| {
            version.small_integer(3)
        });
        w.tlv(tag::INTEGER, self.serial);
        w.raw(ALGORITHM);
        w.sequence(|_| ());
        w.raw(self.validity);
        w.sequence(|_| ());
        w.sequence(|_| ());
        w.tlv(tag::context(1), &[0, 1]);
        w.tlv(tag::context(2), &[0, 2]);
        if self.extensions.is_empty() {
            return;
        }
        w.nested(tag::context_constructed(3), |w| {
            w.sequence(|w| {
                for (oid, value) in self.extensions {
                    w.sequence(|w| {
                        w.oid(*oid);
                        w.tlv(tag::BOOLEAN, &[1]);
                        w.octet_string(value);
                    });
                }
            });
        });
    }
}

#[test]
fn a_certificate_is_kept_and_its_parts_are_found() {
    let der = pem(include_bytes!("../../test-vectors/keys/ca-jscep.pem"));
    let certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(certificate.as_der(), der);
    assert_eq!(certificate.serial().len(), 20);
    assert_eq!(
        certificate.subject().to_string(),
        "CN=jscep CA,O=Peer Test,C=US"
    );
    assert_eq!(certificate.issuer(), certificate.subject());
    assert!(certificate.is_self_issued() && certificate.is_ca());
    assert_eq!(certificate.signature_algorithm_oid(), oid::SHA256_WITH_RSA);
    let identifier = certificate.subject_key_identifier().unwrap();
    assert_eq!(identifier[..4], [0x8e, 0xec, 0xc2, 0xdc]);
    let usage = certificate.key_usage().unwrap();
    assert!(usage.key_cert_sign() && usage.crl_sign() && usage.digital_signature());
    assert!(!usage.key_agreement());
    assert!(certificate.extension(oid::KEY_USAGE).unwrap().is_critical());
    assert_eq!(certificate.extensions().count(), 4);
    let only_2048 = Policy::strict().with_rsa_modulus_bits(2048..=2048);
    assert_eq!(
        check_public_key(certificate.public_key_der(), &only_2048),
        Ok(())
    );
    let micromdm = read(include_bytes!("../../test-vectors/keys/ca-micromdm.pem"));
    assert_eq!(
        micromdm.validity(),
        Some(Validity {
            not_before: 1_795_465_365,
            not_after: 2_111_084_565
        })
    );
}

#[test]
fn owned_and_borrowed_are_the_same_certificate() {
    let certificate = ca();
    assert_eq!(certificate.borrowed(), certificate);
    assert_eq!(
        certificate.borrowed().into_owned().subject_der(),
        certificate.subject_der()
    );
    assert_ne!(certificate, client());
}

#[test]
fn debug_shows_subject_and_serial() {
    assert_eq!(
        format!("{:?}", client()),
        "Certificate { subject: \"CN=client-2048,O=Peer Test,C=US\", serial: 03eb, .. }"
    );
}

#[test]
fn the_typed_view_goes_both_ways() {
    let certificate = client();
    let typed = certificate.to_x509().unwrap();
    assert_eq!(Certificate::try_from(&typed), Ok(certificate));
    let odd = Made::default().certificate();
    assert_eq!(
        odd.to_x509().unwrap_err().kind(),
        ParseErrorKind::InvalidValue
    );
}

#[test]
fn odd_certificates_are_read_too() {
    for serial in [&[][..], &[0], &[0x80], &[0xff; 32], &[7; 500]] {
        let certificate = Made {
            serial,
            ..Made::default()
        }
        .certificate();
        assert_eq!(certificate.serial(), serial);
        assert_eq!(certificate.validity(), None);
        assert_eq!(certificate.extensions().count(), 0);
        assert_eq!(certificate.key_usage(), None);
        assert!(certificate.is_self_issued() && !certificate.is_ca());
    }
}

#[test]
fn extensions_that_cannot_be_read_allow_nothing() {
    let extensions: &[(Oid, &[u8])] = &[
        (oid::KEY_USAGE, b"x"),
        (oid::BASIC_CONSTRAINTS, &[0x30, 3, 1, 1]),
        (oid::EXT_KEY_USAGE, &[0x30, 9]),
        (oid::SUBJECT_KEY_IDENTIFIER, &[0x30, 0]),
    ];
    let certificate = Made {
        extensions,
        ..Made::default()
    }
    .certificate();
    assert_eq!(format!("{:?}", certificate.key_usage()), "Some({})");
    assert!(!certificate.is_ca());
    assert_eq!(certificate.extended_key_usage().count(), 0);
    assert_eq!(certificate.subject_key_identifier(), None);
}

#[test]
fn purposes_and_constraints_are_read() {
    let extensions: &[(Oid, &[u8])] = &[
        (oid::BASIC_CONSTRAINTS, &[0x30, 3, 1, 1, 1]),
        (oid::EXT_KEY_USAGE, &[0x30, 8, 6, 2, 0x2a, 3, 6, 2, 0x2a, 4]),
    ];
    let certificate = Made {
        extensions,
        ..Made::default()
    }
    .certificate();
    assert!(certificate.is_ca());
    let purposes: Vec<_> = certificate
        .extended_key_usage()
        .map(|oid| oid.to_string())
        .collect();
    assert_eq!(purposes, ["1.2.3", "1.2.4"]);
    let end_entity: &[(Oid, &[u8])] = &[(oid::BASIC_CONSTRAINTS, &[0x30, 0])];
    assert!(
        !Made {
            extensions: end_entity,
            ..Made::default()
        }
        .certificate()
        .is_ca()
    );
}

#[test]
fn every_cut_and_every_added_byte_is_an_error() {
    let der = pem(include_bytes!(
        "../../test-vectors/keys/c2048.selfsigned.pem"
    ));
    for len in 0..der.len() {
        assert!(Certificate::from_der(&der[..len]).is_err(), "{len}");
    }
    let mut longer = der.clone();
    longer.push(0);
    let error = Certificate::from_der(&longer).unwrap_err();
    assert_eq!(
        (error.kind(), error.item(), error.offset()),
        (ParseErrorKind::TrailingData, Item::Certificate, der.len())
    );
}

#[test]
fn no_flipped_bit_does_harm() {
    let good = pem(include_bytes!("../../test-vectors/keys/ca-jscep.pem"));
    for bit in 0..good.len() * 8 {
        let mut der = good.clone();
        der[bit / 8] ^= 1 << (bit % 8);
        if let Ok(certificate) = Certificate::from_der(&der) {
            assert_eq!(certificate.as_der(), der);
            let _ = (
                certificate.is_ca(),
                certificate.key_usage(),
                certificate.validity(),
            );
            let _ = (
                certificate.extended_key_usage().count(),
                format!("{certificate:?}"),
            );
            let _ = (certificate.subject_key_identifier(), certificate.to_x509());
        }
    }
}

#[test]
fn another_element_in_the_place_of_a_part_is_an_error() {
    let der = Made::default().der();
    for (from, to, item) in [
        (&[2, 1, 1][..], &[4, 1, 1][..], Item::Certificate),
        (&[3, 2, 0, 0], &[4, 2, 0, 0], Item::Signature),
        (&[0x81, 2, 0, 1], &[0xa4, 2, 0, 1], Item::Certificate),
    ] {
        let error = Certificate::from_der(patched(&der, from, to)).unwrap_err();
        assert_eq!(error.item(), item);
    }
}

#[cfg(feature = "pem")]
#[test]
fn the_first_pem_block_is_read_and_must_be_a_certificate() {
    let block = include_str!("../../test-vectors/keys/ca-jscep.pem");
    let next = include_str!("../../test-vectors/keys/ca-jscep-next.pem");
    for text in [
        block.to_string(),
        format!("subject=CN = a note\n{block}"),
        format!("{block}{next}"),
        format!("{block}\nanything"),
        block.replace('\n', "\r\n"),
        block.trim_end().to_string(),
    ] {
        assert_eq!(Certificate::from_pem(&text), Ok(ca()));
    }
    let cut = &block[..block.len() / 2];
    let key = include_str!("../../test-vectors/keys/ca-jscep.key");
    let csr = include_str!("../../test-vectors/keys/c2048.csr.pem");
    for text in ["", "no PEM", csr, cut, &format!("{key}{block}")] {
        let kind = Certificate::from_pem(text).map_err(|error| error.kind());
        assert_eq!(kind, Err(ParseErrorKind::InvalidValue));
    }
}

#[cfg(feature = "rustcrypto")]
mod signatures {
    use super::*;
    use crate::crypto::{DigestAlgorithm, DigestSet, SignatureSchemeSet};

    fn verify(
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
    ) -> Result<(), CertificateSignatureError> {
        certificate.verify_issued_by(issuer, &Provider::rustcrypto(), &Policy::strict())
    }

    fn refused(refused: Refused) -> Result<(), CertificateSignatureError> {
        Err(CertificateSignatureError::Refused(refused))
    }

    #[test]
    fn the_issuer_is_verified() {
        assert_eq!(verify(&client(), &ca()), Ok(()));
        assert_eq!(verify(&ca(), &ca()), Ok(()));
    }

    #[test]
    fn another_name_is_another_issuer() {
        assert_eq!(
            verify(&client(), &next_ca()),
            Err(CertificateSignatureError::AnotherIssuer)
        );
    }

    #[test]
    fn who_is_no_ca_issues_nothing() {
        for (from, to) in [
            // cA
            (&[0x30, 3, 1, 1, 0xff][..], &[0x30, 3, 1, 1, 0][..]),
            // keyCertSign
            (&[3, 2, 1, 0xa6], &[3, 2, 1, 0xa2]),
        ] {
            let issuer = Certificate::from_der(patched(ca().as_der(), from, to)).unwrap();
            assert_eq!(
                verify(&client(), &issuer),
                Err(CertificateSignatureError::IssuerIsNoCa)
            );
            let key = issuer.public_key_der();
            let result = client().verify_signature(key, &Provider::rustcrypto(), &Policy::strict());
            assert_eq!(result, Ok(()));
        }
    }

    #[test]
    fn a_root_without_basic_constraints_issues() {
        let may_issue = |extensions| {
            let made = Made {
                extensions,
                ..Made::default()
            };
            made.certificate().may_issue()
        };
        assert!(may_issue(&[]));
        assert!(may_issue(&[(oid::SUBJECT_KEY_IDENTIFIER, &[4, 1, 9])]));
        assert!(may_issue(&[(oid::KEY_USAGE, &[3, 2, 2, 4])]));
        assert!(!may_issue(&[(oid::KEY_USAGE, &[3, 2, 5, 0xa0])]));
        assert!(!may_issue(&[(oid::BASIC_CONSTRAINTS, &[0x30, 0])]));
    }

    #[test]
    fn a_changed_certificate_is_invalid() {
        let changed = patched(client().as_der(), b"client-2048", b"client-2049");
        let changed = Certificate::from_der(changed).unwrap();
        assert_eq!(
            verify(&changed, &ca()),
            Err(CertificateSignatureError::Invalid)
        );
    }

    #[test]
    fn another_key_is_invalid() {
        let other = next_ca().public_key_der().to_vec();
        let result = client().verify_signature(&other, &Provider::rustcrypto(), &Policy::strict());
        assert_eq!(result, Err(CertificateSignatureError::Invalid));
    }

    #[test]
    fn two_algorithms_are_invalid() {
        let mut der = client().as_der().to_vec();
        let sha256_with_rsa = oid::SHA256_WITH_RSA;
        let places: Vec<_> = (0..der.len())
            .filter(|at| der[*at..].starts_with(sha256_with_rsa.as_bytes()))
            .collect();
        assert_eq!(places.len(), 2);
        // Outside, where the signature does not cover it, NULL becomes another empty element.
        der[places[1] + sha256_with_rsa.as_bytes().len()] = 4;
        let certificate = Certificate::from_der(der).unwrap();
        assert_eq!(
            verify(&certificate, &ca()),
            Err(CertificateSignatureError::Invalid)
        );
    }

    #[test]
    fn the_policy_decides_on_digest_scheme_and_size() {
        let verify = |policy| client().verify_issued_by(&ca(), &Provider::rustcrypto(), &policy);
        let digest = refused(Refused::CertificateSignature(oid::SHA256_WITH_RSA));
        let sha512 = DigestSet::of(&[DigestAlgorithm::Sha512]);
        assert_eq!(
            verify(Policy::strict().with_certificate_digests(sha512)),
            digest
        );
        assert_eq!(
            verify(Policy::strict().with_signature_schemes(SignatureSchemeSet::EMPTY)),
            digest
        );
        assert_eq!(
            verify(Policy::strict().with_rsa_modulus_bits(3072..=8192)),
            refused(Refused::RsaModulusBits(2048))
        );
    }

    #[test]
    fn an_unknown_algorithm_is_named() {
        let made = Made::default().certificate();
        let key = ca().public_key_der().to_vec();
        let result = made.verify_signature(&key, &Provider::rustcrypto(), &Policy::strict());
        let oid = Oid::from_bytes(&[0x2a, 3]).unwrap();
        assert_eq!(result, refused(Refused::CertificateSignature(oid)));
    }
}
