//! Whose signature is on what a reply yields, and what becomes of a certificate that the CA did not sign.
#![cfg(feature = "rustcrypto")]

mod common;

use common::issue::NOW;
use common::made::{ALL_USES, BOTH, CERT_AND_CRL_SIGN, Made};
use common::{Parties, key, rng, vector};
use scep::crypto::{DigestAlgorithm, Policy, Tolerance, ToleranceSet};
use scep::{
    CaCertificates, CaPin, CaRoles, CertRep, Certificate, CertificateSignatureError, CertsOnly,
    Granted, IssuerAndSerialNumber, Limits, PkiMessage, Recipient, Refused, RequestBuilder,
    RoleRules, SignerIdentity, SignerTrust, TransactionError, oid,
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

    /// What a client has from the CA's SUCCESS with this certificate.
    fn grant(
        &self,
        request: RequestBuilder<'_>,
        issued: &Certificate<'_>,
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
        let reply = opened
            .unwrap()
            .reply(provider, &signer)
            .success(std::slice::from_ref(issued), &mut rng())
            .unwrap()
            .sign(&ca_key, &mut rng())
            .unwrap();
        let reply = PkiMessage::parse(&reply, &Limits::REPLY).unwrap();
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
        self.grant(request, issued, policy)
    }

    fn get_cert(&self, wanted: &Certificate<'_>) -> Result<Granted, TransactionError> {
        let signer = self.parties.client_signer();
        let name = IssuerAndSerialNumber::of(wanted);
        let request = RequestBuilder::get_cert(name, &signer, &self.roles);
        self.grant(request, wanted, &self.parties.policy)
    }
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
    let not_issued = |fault| Some(TransactionError::NotIssuedByCa(fault));
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
    let by_ca = DEVICE.issued_by(&CA);
    let granted = chain.get_cert(&by_ca).unwrap();
    assert_eq!(granted.certificate(), Some(&by_ca));
    assert_eq!(granted.issuer(), Some(&chain.ca));
    let by_stranger = DEVICE.issued_by(&STRANGER);
    let granted = chain.get_cert(&by_stranger).unwrap();
    assert_eq!(granted.certificate(), Some(&by_stranger));
    assert_eq!(granted.issuer(), None);
}
