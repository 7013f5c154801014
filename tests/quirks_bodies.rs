//! The bodies of GetCACaps and GetCACert as servers write them.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{Envelope, explicit, octets, oid_der, sequence, set_of, small_integer, tlv};
use common::{Parties, certificate, vector};
use scep::{
    CaCertificates, Capabilities, Capability, Certificate, CertsOnly, Item, Limits, ParseErrorKind,
    oid,
};

/// A certificates-only SignedData with this field in the place of eContent, and this one in that of certificates.
fn certs_only(content: &[u8], certificates: &[u8]) -> Vec<u8> {
    let signed = sequence(&[
        &small_integer(1),
        &set_of::<Vec<u8>>(&[]),
        &sequence(&[&oid_der(oid::DATA), content]),
        certificates,
        &set_of::<Vec<u8>>(&[]),
    ]);
    sequence(&[&oid_der(oid::SIGNED_DATA), &explicit(0, &signed)])
}

fn certificates(body: &[u8], media_type: Option<&str>) -> Vec<Certificate<'static>> {
    let answer = CaCertificates::parse(body, media_type, &Limits::REPLY).unwrap();
    answer
        .certificates()
        .map(|certificate| certificate.unwrap().into_owned())
        .collect()
}

fn error(body: &[u8]) -> (ParseErrorKind, Item) {
    let error = CaCertificates::parse(body, None, &Limits::REPLY).unwrap_err();
    (error.kind(), error.item())
}

// GetCACert.

#[test]
fn a_set_may_have_an_empty_content() {
    // Redwax and cryptlib write an empty OCTET STRING where there should be no eContent.
    let parties = Parties::new();
    let set = tlv(0xa0, parties.ca.as_der());
    for content in [
        &[][..],
        &explicit(0, &octets(&[])),
        &explicit(0, &[0x24, 0]),
    ] {
        let body = certs_only(content, &set);
        assert_eq!(certificates(&body, None), std::slice::from_ref(&parties.ca));
    }
    // One with content is none.
    let body = certs_only(&explicit(0, &octets(b"x")), &set);
    assert_eq!(error(&body), (ParseErrorKind::NotAllowed, Item::EContent));
}

#[test]
fn a_set_keeps_the_order_in_which_it_was_sent() {
    // NDES: signing RA, encryption RA, CA. Nothing is read from the order, and nothing lost.
    let parties = Parties::new();
    let next = certificate(vector!("keys/ca-jscep-next.pem"));
    let issued = parties.issued.clone();
    for order in [
        [&issued, &next, &parties.ca],
        [&parties.ca, &next, &issued],
        [&next, &parties.ca, &issued],
    ] {
        let ders: Vec<_> = order
            .iter()
            .map(|certificate| certificate.as_der())
            .collect();
        let body = certs_only(&[], &tlv(0xa0, &ders.concat()));
        let found = certificates(&body, Some(CaCertificates::SET_TYPE));
        assert_eq!(found, order.map(Certificate::clone));
    }
}

#[test]
fn other_choices_than_certificates_are_passed_over() {
    let parties = Parties::new();
    let attribute_certificate = tlv(0xa2, &small_integer(1));
    let set = [&attribute_certificate[..], parties.ca.as_der()].concat();
    let body = certs_only(&[], &tlv(0xa0, &set));
    assert_eq!(certificates(&body, None), std::slice::from_ref(&parties.ca));
}

#[test]
fn a_set_without_certificates_is_an_error() {
    for body in [
        certs_only(&[], &[]),
        certs_only(&[], &tlv(0xa0, &[])),
        CertsOnly::encode(&[], &[]),
    ] {
        assert_eq!(error(&body), (ParseErrorKind::Missing, Item::Certificate));
    }
    // Nor is anything else taken for an empty one.
    assert_eq!(error(&[0x30, 0]).0, ParseErrorKind::Missing);
    let parties = Parties::new();
    let transport = scep::crypto::KeyTransport::RsaPkcs1v15;
    let cipher = scep::crypto::ContentCipher::Aes128Cbc;
    let envelope = Envelope::seal(b"x", &parties.ca, cipher, transport).to_der();
    let unexpected = ParseErrorKind::UnexpectedType(oid::ENVELOPED_DATA);
    assert_eq!(error(&envelope), (unexpected, Item::ContentType));
}

#[test]
fn media_types_of_every_server_are_ignored() {
    let parties = Parties::new();
    let body = CertsOnly::encode(std::slice::from_ref(&parties.ca), &[]);
    for media_type in [
        "application/x-x509-ca-ra-cert",
        "application/x-x509-ca-ra-cert; charset=utf-8",
        "APPLICATION/X-X509-CA-RA-CERT ",
        "application/x-x509-ra-ca-certs",
        "application/x-x509-ca-ra-cert-chain",
        "application/x-x509-ca-cert",
        "text/html",
        "",
    ] {
        for body in [&body[..], parties.ca.as_der()] {
            let found = certificates(body, Some(media_type));
            assert_eq!(found, std::slice::from_ref(&parties.ca), "{media_type}");
        }
    }
}

// GetCACaps.

#[test]
fn the_list_of_ndes_says_nothing_of_aes() {
    let capabilities = Capabilities::parse(
        b"POSTPKIOperation\r\nRenewal\r\nSHA-512\r\nSHA-256\r\nSHA-1\r\nDES3\r\n",
    );
    assert!(capabilities.supports(Capability::PostPkiOperation));
    assert!(capabilities.supports(Capability::Renewal));
    assert!(!capabilities.supports(Capability::Aes));
    assert!(!capabilities.supports(Capability::ScepStandard));
    assert_eq!(capabilities.iter().count(), 6);
}
