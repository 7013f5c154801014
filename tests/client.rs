//! A client's transactions as states, against a CA made of the message layer.
#![cfg(feature = "rustcrypto")]

mod common;

use common::{Parties, RsaKey, certificate, key, pem, provider, pss, rng, self_signed, vector};
use proptest::prelude::*;
use scep::client::{Answer, Client, Enrolment, Outcome, Requester, ResumeError, SavedEnrolment};
use scep::crypto::{
    ContentCipher, DigestAlgorithm, KeyManagement, KeyTransport, Policy, SignatureAlgorithm,
};
use scep::server::HeldEnrolment;
use scep::{
    BuildError, CaRoles, Capabilities, Certificate, Csr, CsrBuilder, FailInfo,
    IssuerAndSerialNumber, Item, Limit, Limits, MessageType, Negotiation, ParseErrorKind,
    PkiMessage, RenewalForm, ReplyBuilder, Request, TransactionError, UnsignedReply, UnverifiedCsr,
    VerifyError,
};

/// What a CA of the standard says.
fn negotiation() -> Negotiation {
    let capabilities = Capabilities::parse(b"SCEPStandard\nRenewal");
    Negotiation::new(&capabilities, &Policy::default()).unwrap()
}

/// A client with the self-signed certificate of [`Parties`].
struct Device {
    parties: Parties,
    ca: CaRoles<'static>,
}

impl Device {
    fn new() -> Self {
        let parties = Parties::new();
        let ca = parties.roles().into_owned();
        Self { parties, ca }
    }

    fn requester(&self) -> Requester<'_> {
        Requester::new(&self.parties.client, &self.parties.client_key).unwrap()
    }

    fn client<'c>(&'c self, requester: &'c Requester<'c>) -> Client<'c> {
        let (provider, policy) = (&self.parties.provider, &self.parties.policy);
        Client::new(provider, policy, &self.ca, negotiation(), requester)
    }

    /// The CA's answer to a request.
    fn answer(
        &self,
        request: &[u8],
        decide: impl FnOnce(&Request, &ReplyBuilder<'_>) -> Result<UnsignedReply, BuildError>,
    ) -> Vec<u8> {
        let request = self.parties.receive(request);
        let signer = self.parties.ca_signer();
        let reply = request.reply(&self.parties.provider, &signer);
        decide(&request, &reply)
            .unwrap()
            .sign(&self.parties.ca_key, &mut rng())
            .unwrap()
    }

    fn grants(&self, request: &[u8]) -> Vec<u8> {
        let issued = [self.parties.ca.clone(), self.parties.issued.clone()];
        self.answer(request, |_, reply| reply.success(&issued, &mut rng()))
    }

    fn holds(&self, request: &[u8]) -> Vec<u8> {
        self.answer(request, |_, reply| reply.pending(&mut rng()))
    }
}

fn message_type(message: &[u8]) -> MessageType {
    let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
    message.unverified_message_type()
}

/// The certificate that an answer yields.
fn issued(outcome: Result<Outcome, TransactionError>) -> Certificate<'static> {
    match outcome.unwrap() {
        Outcome::Issued(issued) => issued.into_certificate(),
        other => panic!("{other:?}"),
    }
}

fn is_pending(outcome: Result<Outcome, TransactionError>) -> bool {
    matches!(outcome, Ok(Outcome::Pending))
}

#[test]
fn an_enrolment_ends_in_the_certificate_and_its_chain() {
    let device = Device::new();
    let requester = device.requester();
    let mut enrolment = device
        .client(&requester)
        .enrol(&device.parties.csr, &mut rng());
    let request = enrolment.next_request(&mut rng()).unwrap();
    assert_eq!(message_type(&request), MessageType::PkcsReq);
    let body = device.grants(&request);
    let Ok(Outcome::Issued(issued)) = enrolment.accept(200, &body, &mut rng()) else {
        panic!("not issued");
    };
    assert_eq!(issued.certificate(), &device.parties.issued);
    assert_eq!(issued.chain(), std::slice::from_ref(&device.parties.ca));
    assert_eq!(issued.others(), std::slice::from_ref(&device.parties.ca));
}

#[test]
fn a_reply_counts_at_any_http_status() {
    let device = Device::new();
    let requester = device.requester();
    let mut enrolment = device
        .client(&requester)
        .enrol(&device.parties.csr, &mut rng());
    let request = enrolment.next_request(&mut rng()).unwrap();
    let body = device.grants(&request);
    for status in [200, 404, 500] {
        assert_eq!(
            issued(enrolment.accept(status, &body, &mut rng())),
            device.parties.issued
        );
    }
}

#[test]
fn a_refusal_is_a_value() {
    let device = Device::new();
    let requester = device.requester();
    let mut enrolment = device
        .client(&requester)
        .enrol(&device.parties.csr, &mut rng());
    let request = enrolment.next_request(&mut rng()).unwrap();
    let body = device.answer(&request, |_, reply| {
        reply.failure(FailInfo::BadRequest, Some("no"), &mut rng())
    });
    let Ok(Outcome::Refused(failure)) = enrolment.accept(200, &body, &mut rng()) else {
        panic!("not refused");
    };
    assert_eq!(failure.info(), Some(FailInfo::BadRequest));
    assert_eq!(failure.text(), Some("no"));
}

#[test]
fn nothing_that_arrives_ends_an_enrolment() {
    let device = Device::new();
    let requester = device.requester();
    let mut enrolment = device
        .client(&requester)
        .enrol(&device.parties.csr, &mut rng());
    assert_eq!(
        enrolment.accept(200, b"", &mut rng()).unwrap_err(),
        TransactionError::NothingSent
    );
    let earlier = enrolment.next_request(&mut rng()).unwrap();
    let earlier = device.grants(&earlier);
    let request = enrolment.next_request(&mut rng()).unwrap();
    let error = enrolment.accept(503, b"<html>", &mut rng()).unwrap_err();
    let TransactionError::NotAMessage { status, error, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!((status, error.item()), (503, Item::ContentInfo));
    // The answer to the request before this one has another nonce.
    assert_eq!(
        enrolment.accept(200, &earlier, &mut rng()).unwrap_err(),
        TransactionError::RecipientNonce
    );
    // A request is no answer.
    assert_eq!(
        enrolment.accept(200, &request, &mut rng()).unwrap_err(),
        TransactionError::Verify(VerifyError::NotAReply(MessageType::PkcsReq))
    );
    let body = device.grants(&request);
    assert_eq!(
        issued(enrolment.accept(200, &body, &mut rng())),
        device.parties.issued
    );
}

#[test]
fn an_answer_over_the_limit_is_refused() {
    let device = Device::new();
    let requester = device.requester();
    let limits = Limits::REPLY.with(Limit::InputLen, 16);
    let client = device.client(&requester).with_limits(limits);
    let mut enrolment = client.enrol(&device.parties.csr, &mut rng());
    let request = enrolment.next_request(&mut rng()).unwrap();
    let body = device.grants(&request);
    let error = enrolment.accept(200, &body, &mut rng()).unwrap_err();
    let TransactionError::NotAMessage { error, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.kind(), ParseErrorKind::LimitExceeded(Limit::InputLen));
}

#[test]
fn a_pending_enrolment_goes_on_after_a_restart() {
    let device = Device::new();
    let requester = device.requester();
    let client = device.client(&requester);
    let mut enrolment = client.enrol(&device.parties.csr, &mut rng());
    let request = enrolment.next_request(&mut rng()).unwrap();
    assert!(is_pending(enrolment.accept(
        200,
        &device.holds(&request),
        &mut rng()
    )));
    let poll = enrolment.next_request(&mut rng()).unwrap();
    assert!(is_pending(enrolment.accept(
        200,
        &device.holds(&poll),
        &mut rng()
    )));
    let saved = enrolment.save().unwrap().to_bytes();
    let id = enrolment.transaction_id().clone();
    drop(enrolment);

    let saved = SavedEnrolment::from_bytes(&saved).unwrap();
    assert!(saved.is_pending());
    assert_eq!((saved.polls(), saved.transaction_id()), (1, &id));
    let mut enrolment = Enrolment::resume(client, &saved, None).unwrap();
    let poll = enrolment.next_request(&mut rng()).unwrap();
    assert_eq!(message_type(&poll), MessageType::CertPoll);
    assert_eq!(enrolment.polls(), 2);
    let held = HeldEnrolment::of(&device.parties.receive(&request)).unwrap();
    let body = device.answer(&poll, |request, reply| {
        assert_eq!(request.transaction_id(), &id);
        let reply = reply.clone().answering(&held);
        reply.success(std::slice::from_ref(&device.parties.issued), &mut rng())
    });
    assert_eq!(
        issued(enrolment.accept(200, &body, &mut rng())),
        device.parties.issued
    );
}

#[test]
fn a_crash_before_the_first_answer_repeats_the_request() {
    let device = Device::new();
    let requester = device.requester();
    let client = device.client(&requester);
    let enrolment = client.enrol(&device.parties.csr, &mut rng());
    let id = enrolment.transaction_id().clone();
    let saved = enrolment.save().unwrap();
    assert!(!saved.is_pending());

    let csr = Some(&device.parties.csr);
    let mut enrolment = Enrolment::resume(client, &saved, csr).unwrap();
    assert!(!enrolment.is_pending());
    let request = enrolment.next_request(&mut rng()).unwrap();
    assert_eq!(message_type(&request), MessageType::PkcsReq);
    assert_eq!(device.parties.receive(&request).transaction_id(), &id);
}

/// A CSR on a key.
fn csr_on(key: &RsaKey, subject: &str) -> Csr {
    let subject = subject.parse().unwrap();
    CsrBuilder::new(&subject, key.public_key_der())
        .challenge_password("not-to-be-seen")
        .build(SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256))
        .unwrap()
        .sign(key, &provider(), &mut rng())
        .unwrap()
}

#[test]
fn resuming_takes_the_same_ca_requester_and_key() {
    let device = Device::new();
    let requester = device.requester();
    let client = device.client(&requester);
    let csr = &device.parties.csr;
    let saved = client.enrol(csr, &mut rng()).save().unwrap();
    let resume =
        |client, csr| Enrolment::resume(client, &saved, csr).map(|enrolment| enrolment.polls());
    assert_eq!(resume(client, Some(csr)), Ok(0));
    assert_eq!(resume(client, None), Err(ResumeError::CsrMissing));

    let other_key = key(vector!("keys/cpend.key"));
    let other_csr = csr_on(&other_key, "CN=device");
    assert_eq!(
        resume(client, Some(&other_csr)),
        Err(ResumeError::AnotherCsr)
    );

    let other_ca = certificate(vector!("keys/ca-jscep-next.pem"));
    let other_ca = CaRoles::new(&other_ca);
    let (provider, policy) = (&device.parties.provider, &device.parties.policy);
    let elsewhere = Client::new(provider, policy, &other_ca, negotiation(), &requester);
    assert_eq!(resume(elsewhere, Some(csr)), Err(ResumeError::AnotherCa));

    let other = self_signed(&device.parties.client_key, "CN=the same key");
    let other = Requester::new(&other, &device.parties.client_key).unwrap();
    assert_eq!(
        resume(device.client(&other), Some(csr)),
        Err(ResumeError::AnotherRequester)
    );
}

#[test]
fn a_renewal_takes_the_negotiated_form() {
    let device = Device::new();
    let requester = Requester::new(&device.parties.issued, &device.parties.client_key).unwrap();
    let (provider, policy) = (&device.parties.provider, &device.parties.policy);
    for (form, expected) in [
        (RenewalForm::RenewalReq, MessageType::RenewalReq),
        (RenewalForm::PkcsReq, MessageType::PkcsReq),
    ] {
        let negotiation = negotiation().with_renewal(form);
        let client = Client::new(provider, policy, &device.ca, negotiation, &requester);
        let mut enrolment = client.renew(&device.parties.csr, &mut rng());
        let request = enrolment.next_request(&mut rng()).unwrap();
        assert_eq!(message_type(&request), expected);
        // The old certificate has the same key, and is not the new one.
        let body = device.answer(&request, |_, reply| {
            reply.success(std::slice::from_ref(&device.parties.issued), &mut rng())
        });
        assert_eq!(
            enrolment.accept(200, &body, &mut rng()).unwrap_err(),
            TransactionError::NotFound
        );
        // A crash keeps the form.
        let saved = SavedEnrolment::from_bytes(&enrolment.save().unwrap().to_bytes()).unwrap();
        let mut enrolment = Enrolment::resume(client, &saved, Some(&device.parties.csr)).unwrap();
        let again = enrolment.next_request(&mut rng()).unwrap();
        assert_eq!(message_type(&again), expected);
    }
}

#[test]
fn requests_are_written_as_negotiated() {
    let device = Device::new();
    let requester = device.requester();
    let transport = KeyTransport::RsaOaep {
        digest: DigestAlgorithm::Sha256,
        mgf_digest: DigestAlgorithm::Sha256,
    };
    let negotiation = negotiation()
        .with_digest(DigestAlgorithm::Sha512)
        .with_content_cipher(ContentCipher::Aes256Cbc)
        .with_key_transport(transport);
    let (provider, policy) = (&device.parties.provider, &device.parties.policy);
    let client = Client::new(provider, policy, &device.ca, negotiation, &requester);
    let mut enrolment = client.enrol(&device.parties.csr, &mut rng());
    let request = enrolment.next_request(&mut rng()).unwrap();
    let request = device.parties.receive(&request);
    assert_eq!(request.digest(), DigestAlgorithm::Sha512);
    assert_eq!(request.content_cipher(), ContentCipher::Aes256Cbc);
    assert_eq!(
        request.key_management(),
        KeyManagement::Transport(transport)
    );
    assert_eq!(
        request.signature_algorithm().digest(),
        DigestAlgorithm::Sha512
    );
    assert_ne!(request.signature_algorithm(), pss(DigestAlgorithm::Sha512));
}

#[test]
fn an_assigned_transaction_id_is_kept() {
    let device = Device::new();
    let requester = device.requester();
    let id = scep::TransactionId::new("00-1B-77-49-54-FD").unwrap();
    let mut enrolment = device
        .client(&requester)
        .enrol(&device.parties.csr, &mut rng())
        .with_transaction_id(id.clone());
    let request = enrolment.next_request(&mut rng()).unwrap();
    assert_eq!(device.parties.receive(&request).transaction_id(), &id);
    // The transaction has it now.
    let other = scep::TransactionId::new("another").unwrap();
    let enrolment = enrolment.with_transaction_id(other.clone());
    let saved = SavedEnrolment::from_bytes(&enrolment.save().unwrap().to_bytes()).unwrap();
    assert_eq!(saved.transaction_id(), &id);
    let resumed = Enrolment::resume(device.client(&requester), &saved, Some(&device.parties.csr));
    let resumed = resumed.unwrap().with_transaction_id(other);
    assert_eq!(resumed.transaction_id(), &id);
}

#[test]
fn nothing_is_asked_that_cannot_be_granted_or_read() {
    let device = Device::new();
    let requester = device.requester();
    let key = &device.parties.client_key;
    let subject = "CN=device".parse().unwrap();
    let csr = CsrBuilder::new(&subject, key.public_key_der())
        .build(SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256))
        .unwrap()
        .sign(key, &provider(), &mut rng())
        .unwrap();
    let sent = |mut enrolment: Enrolment<'_>| enrolment.next_request(&mut rng()).map(|_| ());
    let renewal = device.client(&requester).renew(&csr, &mut rng());
    assert_eq!(sent(renewal), Err(BuildError::SelfIssuedRenewal));
    // What is for an RSA key is encrypted to it, whatever challenge password there is.
    let signing = Requester::signing_only(&device.parties.client, key).unwrap();
    let enrol = |requester: &Requester<'_>, csr: &Csr| {
        sent(device.client(requester).enrol(csr, &mut rng()))
    };
    let ask = |requester: &Requester<'_>| {
        let wanted = IssuerAndSerialNumber::of(&device.parties.issued);
        let query = device.client(requester).get_cert(wanted, &mut rng());
        query.map(|_| ())
    };
    let unreadable = Err(BuildError::ReplyUnreadable);
    for signing in [signing.clone(), signing.with_challenge("secret")] {
        assert_eq!(enrol(&signing, &csr), unreadable);
        assert_eq!(enrol(&signing, &csr_on(key, "CN=device")), unreadable);
        assert_eq!(ask(&signing), unreadable);
    }
    assert_eq!(enrol(&requester, &csr), Ok(()));
    assert_eq!(ask(&requester), Ok(()));
}

#[test]
fn a_certificate_and_a_crl_are_asked_for() {
    let device = Device::new();
    let requester = device.requester();
    let client = device.client(&requester);
    let wanted = || IssuerAndSerialNumber::of(&device.parties.issued);

    let (request, query) = client.get_cert(wanted(), &mut rng()).unwrap();
    let Ok(Answer::Found(found)) = query.accept(200, &device.grants(&request), &mut rng()) else {
        panic!("not found");
    };
    assert_eq!(found.certificate(), Some(&device.parties.issued));

    let (request, query) = client.get_crl(wanted(), &mut rng()).unwrap();
    let body = device.answer(&request, |_, reply| {
        reply.success_crl(&device.parties.crl(), &mut rng())
    });
    let Ok(Answer::Found(found)) = query.accept(200, &body, &mut rng()) else {
        panic!("not found");
    };
    assert_eq!(found.crl(), Some(&device.parties.crl()));
}

#[test]
fn an_unknown_certificate_is_refused_as_a_value() {
    let device = Device::new();
    let requester = device.requester();
    let client = device.client(&requester);
    let wanted = IssuerAndSerialNumber::of(&device.parties.issued);
    let (request, query) = client.get_cert(wanted, &mut rng()).unwrap();
    let body = device.answer(&request, |_, reply| {
        reply.failure(FailInfo::BadCertId, None, &mut rng())
    });
    let Ok(Answer::Refused(failure)) = query.accept(200, &body, &mut rng()) else {
        panic!("not refused");
    };
    assert_eq!(failure.info(), Some(FailInfo::BadCertId));
    assert!(matches!(
        query.accept(200, b"", &mut rng()),
        Err(TransactionError::NotAMessage { status: 200, .. })
    ));
}

#[test]
fn a_challenge_password_is_not_in_what_is_saved_or_printed() {
    let device = Device::new();
    let requester = device.requester();
    let csr = csr_on(&device.parties.client_key, "CN=device");
    let enrolment = device.client(&requester).enrol(&csr, &mut rng());
    let saved = enrolment.save().unwrap();
    let has = |bytes: &[u8]| bytes.windows(14).any(|part| part == b"not-to-be-seen");
    assert!(has(csr.as_der()));
    assert!(!has(&saved.to_bytes()));
    for text in [format!("{enrolment:?}"), format!("{saved:?}")] {
        assert!(!has(text.as_bytes()), "{text}");
    }
}

/// What is saved of an enrolment with the test key of 4096 bits.
fn saved_4096() -> SavedEnrolment {
    let device = Device::new();
    let large = key(vector!("keys/c4096.key"));
    let certificate = certificate(vector!("keys/c4096.selfsigned.pem"));
    let csr = UnverifiedCsr::from_der(pem(vector!("keys/c4096.csr.pem")), &Limits::REQUEST)
        .unwrap()
        .verify(&device.parties.provider, &device.parties.policy)
        .unwrap();
    let requester = Requester::new(&certificate, &large).unwrap();
    let enrolment = device.client(&requester).enrol(&csr, &mut rng());
    enrolment.save().unwrap()
}

#[test]
fn what_is_saved_is_small_and_reads_back() {
    let saved = saved_4096();
    let bytes = saved.to_bytes();
    assert_eq!(SavedEnrolment::from_bytes(&bytes), Ok(saved));
    let names = certificate(vector!("keys/c4096.selfsigned.pem"));
    let names = names.subject_der().len() + names.issuer_der().len();
    assert!(bytes.len() < 1024 + names, "{} bytes", bytes.len());
}

#[test]
fn a_damaged_state_is_an_error() {
    let bytes = saved_4096().to_bytes();
    for len in 0..bytes.len() {
        assert!(SavedEnrolment::from_bytes(&bytes[..len]).is_err(), "{len}");
    }
    let changed = |at: usize, value: u8| {
        let mut changed = bytes.clone();
        changed[at] = value;
        SavedEnrolment::from_bytes(&changed).map_err(|error| (error.kind(), error.offset()))
    };
    // 30 82 xx xx, then version, messageType, stage and polls, of three bytes each.
    for (at, wrong) in [(6, 2), (9, 18), (12, 2), (15, 0x80)] {
        assert_eq!(
            changed(at, wrong),
            Err((ParseErrorKind::InvalidValue, at - 2)),
            "byte {at}"
        );
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(
        SavedEnrolment::from_bytes(&longer).map_err(|error| error.kind()),
        Err(ParseErrorKind::TrailingData)
    );
}

proptest! {
    #[test]
    fn no_state_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = SavedEnrolment::from_bytes(&bytes);
    }
}
