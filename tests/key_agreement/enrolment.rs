//! Devices and a CA on curves, from the first request to a CRL.

use super::*;

const PASSWORD: &str = "secret";

/// A CA on P-256.
struct Authorities {
    ca: Holder,
    policy: Policy,
}

impl Authorities {
    fn new() -> Self {
        // The test CA's certificates are signed by an RSA key.
        let policy = Policy::default()
            .with_password_iterations(1000)
            .with_tolerances(ToleranceSet::of(&[Tolerance::AnotherIssuer]));
        let ca = Holder::ca();
        Self { ca, policy }
    }

    /// Opens a request and answers it.
    fn turn(
        &self,
        body: &[u8],
        passwords: &[&str],
        answer: impl FnOnce(&Request, scep::server::Reply<'_>) -> Vec<u8>,
    ) -> Vec<u8> {
        let authority = Authority::new(&self.ca.certificate, &self.ca.key).unwrap();
        let parties = Parties::new();
        let issuer = with_subject(&parties.ca, self.ca.certificate.subject_der());
        let trust = SignerTrust::new().self_issued().issuer(&issuer);
        let server = Server::new(&provider(), &self.policy, trust, authority);
        match server
            .receive_with_passwords(body, passwords, &mut rng())
            .unwrap()
        {
            Received::Request(request) => answer(&request, server.reply(&request)),
            Received::Refused(refused) => panic!("{:?}", refused.error()),
        }
    }

    fn issue(&self, subject: &[u8], public_key: &[u8]) -> Certificate<'static> {
        Template::new(subject, public_key)
            .with(oid::KEY_USAGE, tlv(3, &[0, 0x88]))
            .issue(self.ca.certificate.subject_der(), &Parties::new().ca_key)
    }
}

/// The issuer of the test certificates: an RSA key under the CA's name.
fn with_subject(issuer: &Certificate<'_>, subject: &[u8]) -> Certificate<'static> {
    Template::new(subject, issuer.public_key_der())
        .with(oid::BASIC_CONSTRAINTS, common::issue::ca_constraints())
        .issue(subject, &Parties::new().ca_key)
}

#[test]
fn a_device_on_a_curve_enrols_polls_renews_and_reads_a_crl() {
    let authorities = Authorities::new();
    let (provider, policy) = (provider(), &authorities.policy);
    let roles = CaRoles::new(&authorities.ca.certificate);
    for device in Holder::on_every_curve() {
        // The challenge is shared in the enrolment, and so is what it encrypts.
        let csr = csr(&device.key, Some(PASSWORD));
        let requester = Requester::new(&device.certificate, &device.key).unwrap();
        let requester = requester.with_challenge(PASSWORD);
        let negotiation = Negotiation::new(&scep::Capabilities::parse(b"SCEPStandard"), policy);
        let negotiation = negotiation.unwrap();
        let client = Client::new(&provider, policy, &roles, negotiation, &requester);
        let mut enrolment = client.enrol(&csr, &mut rng());
        let mut held = None;
        let request = enrolment.next_request(&mut rng()).unwrap();
        let pending = authorities.turn(&request, &[PASSWORD], |request, reply| {
            assert_eq!(request.key_management().name(), "password");
            held = Some(HeldEnrolment::of(request).unwrap());
            let pending = reply.pending(&mut rng());
            pending.unwrap()
        });
        let outcome = enrolment.accept(200, &pending, &mut rng()).unwrap();
        assert!(matches!(outcome, Outcome::Pending), "{outcome:?}");

        let issued = authorities.issue(csr.subject_der(), csr.public_key_der());
        let poll = enrolment.next_request(&mut rng()).unwrap();
        let reply = authorities.turn(&poll, &[PASSWORD], |request, reply| {
            assert_eq!(request.key_management().name(), "password");
            let reply = reply.answering(held.as_ref().unwrap());
            // The server kept no password: the reply is encrypted to the key.
            let (_, management) = reply.success_envelope(&mut rng()).unwrap();
            assert_eq!(management.name(), "ecdh");
            reply.success(&[issued.borrowed()], &mut rng()).unwrap()
        });
        let outcome = enrolment.accept(200, &reply, &mut rng()).unwrap();
        let Outcome::Issued(granted) = outcome else {
            panic!("not issued");
        };
        assert_eq!(granted.into_certificate().as_der(), issued.as_der());

        // A renewal and a query share no challenge.
        let requester = Requester::new(&issued, &device.key).unwrap();
        let client = Client::new(&provider, policy, &roles, negotiation, &requester);
        let new_key = EcKey::generate(device.key.curve(), &mut rng()).unwrap();
        let csr = self::csr(&new_key, None);
        let renewed = authorities.issue(csr.subject_der(), csr.public_key_der());
        let mut renewal = client.renew(&csr, &mut rng());
        let request = renewal.next_request(&mut rng()).unwrap();
        let reply = authorities.turn(&request, &[], |request, reply| {
            assert_eq!(request.key_management(), agreement(Sha256, KeyWrap::Aes128));
            let (_, management) = reply.success_envelope(&mut rng()).unwrap();
            assert_eq!(management.name(), "ecdh");
            reply.success(&[renewed.borrowed()], &mut rng()).unwrap()
        });
        let outcome = renewal.accept(200, &reply, &mut rng()).unwrap();
        let Outcome::Issued(granted) = outcome else {
            panic!("not renewed");
        };
        assert_eq!(granted.into_certificate().as_der(), renewed.as_der());

        let parties = Parties::new();
        let wanted = IssuerAndSerialNumber::of(&issued);
        let (request, query) = client.get_cert(wanted, &mut rng()).unwrap();
        let reply = authorities.turn(&request, &[], |_, reply| {
            reply.success(&[issued.borrowed()], &mut rng()).unwrap()
        });
        let answer = query.accept(200, &reply, &mut rng()).unwrap();
        assert!(matches!(answer, Answer::Found(_)), "{answer:?}");
        let wanted = IssuerAndSerialNumber::of(&parties.issued);
        let (request, query) = client.get_crl(wanted, &mut rng()).unwrap();
        let crl = parties.crl();
        let reply = authorities.turn(&request, &[], |request, reply| {
            assert_eq!(request.key_management().name(), "ecdh");
            reply.success_crl(&crl, &mut rng()).unwrap()
        });
        let Ok(Answer::Found(found)) = query.accept(200, &reply, &mut rng()) else {
            panic!("no CRL");
        };
        assert_eq!(found.crl(), Some(&crl));
    }
}

fn csr(key: &EcKey, password: Option<&str>) -> Csr {
    let subject = "CN=device".parse().unwrap();
    let mut builder = CsrBuilder::new(&subject, key.public_key_der());
    if let Some(password) = password {
        builder = builder.challenge_password(password);
    }
    let unsigned = builder.build(key.algorithms()[0]).unwrap();
    unsigned.sign(key, &provider(), &mut rng()).unwrap()
}
