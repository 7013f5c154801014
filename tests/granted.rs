//! Which certificate or CRL of a reply is granted, whose signature it has, and what becomes of one that the CA did not sign.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{Envelope, Forge, printable};
use common::issue::NOW;
use common::made::{ALL_USES, BOTH, CERT_AND_CRL_SIGN, Made};
use common::{Parties, key, rng, vector};
use scep::crypto::{ContentCipher, DigestAlgorithm, KeyTransport, Policy, Tolerance, ToleranceSet};
use scep::{
    CaCertificates, CaPin, CaRoles, CertRep, Certificate, CertificateSignatureError, CertsOnly,
    Crl, FailInfo, Granted, IssuerAndSerialNumber, Limits, PkiMessage, Recipient, Refused,
    RequestBuilder, RoleRules, SignerIdentity, SignerTrust, TransactionError, oid,
};

const ROOT: Made = Made::ca("root", vector!("keys/ca-jscep.key"), CERT_AND_CRL_SIGN);
const CA: Made = Made::ca("CA", vector!("keys/ca-micromdm.key"), ALL_USES);
const DEVICE: Made = Made::leaf("device", vector!("keys/c2048.key"), BOTH);
/// Somebody else of the CA's name, and somebody of another name.
const NAMESAKE: Made = Made {
    key: vector!("keys/c3072.key"),
    ..CA
};
const STRANGER: Made = Made::ca("stranger", vector!("keys/c3072.key"), ALL_USES);

const TOLERANT: Policy =
    Policy::default_policy().with_tolerances(ToleranceSet::of(&[Tolerance::AnotherIssuer]));

/// A root, and below it the CA that answers.
struct Chain {
    parties: Parties,
    root: Certificate<'static>,
    ca: Certificate<'static>,
    roles: CaRoles<'static>,
}

impl Chain {
    fn new() -> Self {
        let parties = Parties::new();
        let (root, ca) = (ROOT.self_signed(), CA.issued_by(&ROOT));
        let body = CertsOnly::encode(&[ca.clone(), root.clone()], &[]);
        let answer = CaCertificates::parse(body, None, &Limits::REPLY).unwrap();
        let (pin, rules) = (CaPin::certificate(&root), RoleRules::default());
        let Parties {
            provider, policy, ..
        } = &parties;
        let roles = CaRoles::select(&answer, &pin, NOW, &rules, provider, policy).unwrap();
        Self {
            parties,
            root,
            ca,
            roles,
        }
    }

    /// What a client has from the CA's SUCCESS with this set of certificates and CRLs.
    fn grant(
        &self,
        request: RequestBuilder<'_>,
        set: &[u8],
        policy: &Policy,
    ) -> Result<Granted, TransactionError> {
        let provider = &self.parties.provider;
        let (sent, pending) = self.parties.send(request);
        let ca_key = key(CA.key);
        let recipients = [Recipient::new(&self.ca, &ca_key).unwrap()];
        let message = PkiMessage::parse(&sent, &Limits::REQUEST).unwrap();
        let trust = SignerTrust::new().self_issued();
        let verified = message.verify(provider, &self.parties.policy, &trust);
        let opened = verified.unwrap().open(provider, &recipients, &mut rng());
        let signer = SignerIdentity::new(&self.ca, &ca_key).unwrap();
        let refused = opened
            .unwrap()
            .reply(provider, &signer)
            .failure(FailInfo::BadRequest, None, &mut rng())
            .unwrap()
            .sign(&ca_key, &mut rng())
            .unwrap();
        // What no server of this crate would grant is granted by hand.
        let mut forge = Forge::of(&refused);
        forge.remove(oid::FAIL_INFO);
        forge.set(oid::PKI_STATUS, printable("0"));
        let (cipher, transport) = (ContentCipher::Aes128Cbc, KeyTransport::RsaPkcs1v15);
        let envelope = Envelope::seal(set, &self.parties.client, cipher, transport);
        forge.set_content(Some(envelope.to_der()));
        let reply = PkiMessage::parse(forge.sign(&ca_key), &Limits::REPLY).unwrap();
        match pending.accept(&reply, &self.roles, provider, policy)? {
            CertRep::Success(sealed) => {
                sealed.open(provider, &self.parties.client_recipient(), &mut rng())
            }
            other => panic!("not a SUCCESS: {other:?}"),
        }
    }

    fn enrol(
        &self,
        issued: &Certificate<'_>,
        policy: &Policy,
    ) -> Result<Granted, TransactionError> {
        let signer = self.parties.client_signer();
        let request = RequestBuilder::pkcs_req(&self.parties.csr, &signer, &self.roles);
        self.grant(request, &only(issued), policy)
    }

    /// A GetCert for one certificate that is answered with another, or the same.
    fn get_cert(
        &self,
        wanted: &Certificate<'_>,
        found: &Certificate<'_>,
        policy: &Policy,
    ) -> Result<Granted, TransactionError> {
        let signer = self.parties.client_signer();
        let name = IssuerAndSerialNumber::of(wanted);
        let request = RequestBuilder::get_cert(name, &signer, &self.roles);
        self.grant(request, &only(found), policy)
    }

    /// A GetCRL for the CRL of this CA that is answered with these.
    fn get_crl(
        &self,
        of: &Made,
        found: &[Crl<'_>],
        policy: &Policy,
    ) -> Result<Granted, TransactionError> {
        let signer = self.parties.client_signer();
        let name = IssuerAndSerialNumber::of(&DEVICE.issued_by(of));
        let request = RequestBuilder::get_crl(name, &signer, &self.roles);
        self.grant(request, &CertsOnly::encode(&[], found), policy)
    }
}

fn only(certificate: &Certificate<'_>) -> Vec<u8> {
    CertsOnly::encode(std::slice::from_ref(certificate), &[])
}

const fn not_issued(fault: CertificateSignatureError) -> Option<TransactionError> {
    Some(TransactionError::NotIssuedByCa(fault))
}

#[test]
fn whoever_in_the_chain_signed_a_certificate_is_told() {
    let chain = Chain::new();
    for (issuer, certificate) in [(&CA, &chain.ca), (&ROOT, &chain.root)] {
        let issued = DEVICE.issued_by(issuer);
        let granted = chain.enrol(&issued, &Policy::default()).unwrap();
        assert_eq!(granted.certificate(), Some(&issued));
        assert_eq!(granted.issuer(), Some(certificate));
    }
}

#[test]
fn a_certificate_that_the_ca_did_not_sign_is_refused_with_the_reason() {
    let chain = Chain::new();
    let sha1 = Made {
        digest: DigestAlgorithm::Sha1,
        ..DEVICE
    };
    for (issued, reason) in [
        (
            DEVICE.issued_by(&STRANGER),
            CertificateSignatureError::AnotherIssuer,
        ),
        (
            DEVICE.issued_by(&NAMESAKE),
            CertificateSignatureError::Invalid,
        ),
        (
            sha1.issued_by(&CA),
            CertificateSignatureError::Refused(Refused::CertificateSignature(oid::SHA1_WITH_RSA)),
        ),
    ] {
        let granted = chain.enrol(&issued, &Policy::strict());
        assert_eq!(granted.err(), not_issued(reason), "{}", issued.issuer());
    }
}

#[test]
fn under_a_lenient_policy_it_is_a_fact() {
    let chain = Chain::new();
    for issuer in [&STRANGER, &NAMESAKE] {
        let issued = DEVICE.issued_by(issuer);
        let granted = chain.enrol(&issued, &TOLERANT).unwrap();
        assert_eq!(granted.certificate(), Some(&issued));
        assert_eq!(granted.issuer(), None);
    }
    // What is the CA's is still told to be.
    let granted = chain.enrol(&DEVICE.issued_by(&CA), &TOLERANT).unwrap();
    assert_eq!(granted.issuer(), Some(&chain.ca));
}

#[test]
fn a_certificate_that_was_asked_for_by_number_may_be_anybodys() {
    let chain = Chain::new();
    for (issuer, told) in [(&CA, Some(&chain.ca)), (&STRANGER, None)] {
        let issued = DEVICE.issued_by(issuer);
        let granted = chain.get_cert(&issued, &issued, &Policy::strict()).unwrap();
        assert_eq!(granted.certificate(), Some(&issued));
        assert_eq!(granted.issuer(), told);
    }
}

#[test]
fn one_that_names_the_ca_must_be_the_cas() {
    let chain = Chain::new();
    let forged = DEVICE.issued_by(&NAMESAKE);
    let granted = chain.get_cert(&forged, &forged, &Policy::default());
    assert_eq!(
        granted.err(),
        not_issued(CertificateSignatureError::Invalid)
    );
    let granted = chain.get_cert(&forged, &forged, &TOLERANT).unwrap();
    assert_eq!(granted.certificate(), Some(&forged));
    assert_eq!(granted.issuer(), None);
}

#[test]
fn another_certificate_than_the_one_with_the_number_is_not_found() {
    let chain = Chain::new();
    let wanted = DEVICE.issued_by(&CA);
    // The CA's own, and one of the same issuer with another number.
    for found in [&chain.ca, &DEVICE.issued_by(&CA)] {
        let granted = chain.get_cert(&wanted, found, &TOLERANT);
        assert_eq!(granted.err(), Some(TransactionError::NotFound));
    }
}

#[test]
fn the_crl_is_that_of_the_issuer_that_was_asked_for() {
    let chain = Chain::new();
    let (of_ca, of_stranger) = (CA.crl(&[7]), STRANGER.crl(&[7]));
    let granted = chain.get_crl(&CA, std::slice::from_ref(&of_stranger), &TOLERANT);
    assert_eq!(granted.err(), Some(TransactionError::NotFound));
    let both = [of_stranger, of_ca.clone()];
    let granted = chain.get_crl(&CA, &both, &Policy::default()).unwrap();
    assert_eq!(granted.crl(), Some(&of_ca));
    assert_eq!(granted.issuer(), Some(&chain.ca));
}

#[test]
fn a_crl_of_another_ca_is_nobodys() {
    let chain = Chain::new();
    let crl = STRANGER.crl(&[7]);
    let asked = std::slice::from_ref(&crl);
    let granted = chain.get_crl(&STRANGER, asked, &Policy::default()).unwrap();
    assert_eq!(granted.crl(), Some(&crl));
    assert_eq!(granted.issuer(), None);
}

#[test]
fn a_crl_that_names_the_ca_must_be_the_cas() {
    let chain = Chain::new();
    let forged = NAMESAKE.crl(&[7]);
    // No tolerance helps.
    for policy in [Policy::default(), TOLERANT] {
        let granted = chain.get_crl(&CA, std::slice::from_ref(&forged), &policy);
        assert_eq!(
            granted.err(),
            not_issued(CertificateSignatureError::Invalid)
        );
    }
}

#[test]
fn two_crls_of_the_issuer_are_ambiguous_and_a_copy_is_not() {
    let chain = Chain::new();
    let (one, other) = (CA.crl(&[7]), CA.crl(&[8]));
    let granted = chain.get_crl(&CA, &[one.clone(), other], &TOLERANT);
    assert_eq!(granted.err(), Some(TransactionError::Ambiguous(2)));
    let twice = [one.clone(), one.clone()];
    let granted = chain.get_crl(&CA, &twice, &Policy::default()).unwrap();
    assert_eq!(granted.crl(), Some(&one));
}
