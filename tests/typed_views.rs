//! From the received bytes to the types of `x509-cert`, and back.
#![cfg(feature = "rustcrypto")]

mod common;

use common::{Parties, pem, vector};
use scep::{Certificate, Crl, Item, Limits, ParseErrorKind, UnverifiedCsr};

#[test]
fn certificates_go_there_and_back() {
    let parties = Parties::new();
    let typed = parties.issued.to_x509().unwrap();
    assert_eq!(
        typed.tbs_certificate().serial_number().as_bytes(),
        parties.issued.serial()
    );
    assert_eq!(Certificate::try_from(&typed), Ok(parties.issued.clone()));
    let name = parties.issued.subject().to_x509().unwrap();
    assert_eq!(&name, typed.tbs_certificate().subject());
}

#[test]
fn csrs_go_there_and_back() {
    let parties = Parties::new();
    let typed = parties.csr.to_x509().unwrap();
    let back = UnverifiedCsr::try_from(&typed).unwrap();
    assert_eq!(back.as_der(), parties.csr.as_der());
    assert!(back.verify(&parties.provider, &parties.policy).is_ok());
}

#[test]
fn crls_go_there_and_back() {
    let crl = Crl::from_der(&vector!("server-jscep/crl.der")[..]).unwrap();
    let back = Crl::try_from(&crl.to_x509().unwrap()).unwrap();
    assert_eq!(back.as_der(), crl.as_der());
}

#[test]
fn a_view_that_fails_loses_nothing() {
    // A CSR of version 3 is read here and refused by x509-cert.
    let mut der = pem(vector!("keys/c2048.csr.pem"));
    assert_eq!(der[8..11], [0x02, 0x01, 0x00]);
    der[10] = 2;
    let csr = UnverifiedCsr::from_der(der, &Limits::REQUEST).unwrap();
    let parties = Parties::new();
    assert_eq!(
        csr.verify(&parties.provider, &parties.policy).unwrap_err(),
        scep::CsrError::Signature
    );
    let error = scep::NameRef::new(&[0x31, 0x00]).to_x509().unwrap_err();
    assert_eq!(
        (error.kind(), error.item()),
        (ParseErrorKind::InvalidValue, Item::Name)
    );
}
