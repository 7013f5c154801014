//! Enrolments that wait: how they are stored, found again, and granted to whoever asked for them.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{
    Forge, NULL, algorithm, elements, inside, octets, sequence, small_integer, tlv,
};
use common::issue::{self, Template};
use common::{Parties, certificate, key, provider, rng, self_signed, vector};
use proptest::prelude::*;
use scep::crypto::CryptoError;
use scep::server::{Authority, HeldEnrolment, NotHeld, Received, Server};
use scep::{
    BuildError, CertRep, Certificate, Csr, FailInfo, IssuerAndSerialNumber, Item, Limits,
    MessageType, ParseErrorKind, PendingRequest, PkiMessage, Request, RequestBuilder,
    SignerIdentity, SignerTrust, TransactionId, oid,
};

const ID: &str = "the transaction";

/// A server's CA, and a client with an enrolment that waits there.
struct Waiting {
    parties: Parties,
    request: Request,
    pending: PendingRequest,
    held: HeldEnrolment,
}

impl Waiting {
    fn new() -> Self {
        let parties = Parties::new();
        let (request, pending) = pkcs_req(&parties, &parties.csr, ID);
        let request = parties.receive(&request);
        let held = HeldEnrolment::of(&request).unwrap();
        Self {
            parties,
            request,
            pending,
            held,
        }
    }

    fn poll(&self) -> (Vec<u8>, PendingRequest) {
        let (signer, roles) = (self.parties.client_signer(), self.parties.roles());
        let poll = RequestBuilder::cert_poll(&self.pending, &signer, &roles);
        self.parties.send(poll.unwrap())
    }

    fn opened_poll(&self) -> Request {
        self.parties.receive(&self.poll().0)
    }

    fn refused(&self, request: &Request) -> (NotHeld, FailInfo) {
        let not_held = self.held.answers(request).unwrap_err();
        (not_held, not_held.fail_info())
    }
}

fn pkcs_req(parties: &Parties, csr: &Csr, id: &str) -> (Vec<u8>, PendingRequest) {
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let id = TransactionId::new(id).unwrap();
    parties.send(RequestBuilder::pkcs_req(csr, &signer, &roles).transaction_id(id))
}

/// A message signed by somebody else, everything else of it the same.
fn signed_by_another(message: &[u8]) -> Vec<u8> {
    let key = key(vector!("keys/c3072.key"));
    let mut forge = Forge::of(message);
    forge.set_signer(&certificate(vector!("keys/c3072.selfsigned.pem")));
    forge.sign(&key)
}

// Whose it is.

#[test]
fn a_poll_asks_for_what_its_signer_holds() {
    let waiting = Waiting::new();
    assert_eq!(waiting.held.answers(&waiting.opened_poll()), Ok(()));
    // Whatever certificate the key is in.
    let other = self_signed(&waiting.parties.client_key, "CN=renamed");
    let mut forge = Forge::of(&waiting.poll().0);
    forge.set_signer(&other);
    let poll = forge.sign(&waiting.parties.client_key);
    let poll = waiting.parties.receive(&poll);
    assert_eq!(waiting.held.answers(&poll), Ok(()));

    let poll = signed_by_another(&waiting.poll().0);
    let poll = waiting.parties.receive(&poll);
    let expected = (NotHeld::Signer, FailInfo::BadCertId);
    assert_eq!(waiting.refused(&poll), expected);

    let mut forge = Forge::of(&waiting.poll().0);
    forge.set(
        oid::TRANSACTION_ID,
        common::forge::printable("the transactio"),
    );
    let poll = forge.sign(&waiting.parties.client_key);
    let poll = waiting.parties.receive(&poll);
    let expected = (NotHeld::TransactionId, FailInfo::BadCertId);
    assert_eq!(waiting.refused(&poll), expected);
}

#[test]
fn a_request_once_more_polls_and_another_key_does_not() {
    // Interop: micromdm polls by sending its PKCSReq once more.
    let waiting = Waiting::new();
    let parties = &waiting.parties;
    let again = |csr: &Csr, id| parties.receive(&pkcs_req(parties, csr, id).0);
    assert_eq!(waiting.held.answers(&again(&parties.csr, ID)), Ok(()));
    // As an issued certificate on the same key sends it.
    let old = SignerIdentity::new(&parties.issued, &parties.client_key).unwrap();
    let roles = parties.roles();
    let renewal = RequestBuilder::renewal_req(&parties.csr, &old, &roles);
    let (renewal, _) = parties.send(renewal.transaction_id(TransactionId::new(ID).unwrap()));
    assert_eq!(waiting.held.answers(&parties.receive(&renewal)), Ok(()));

    let other = issue::csr(&key(vector!("keys/c3072.key")), |csr| csr);
    let expected = (NotHeld::CsrKey, FailInfo::BadRequest);
    assert_eq!(waiting.refused(&again(&other, ID)), expected);
    let expected = (NotHeld::TransactionId, FailInfo::BadCertId);
    assert_eq!(waiting.refused(&again(&parties.csr, "another")), expected);
    let stranger = signed_by_another(&pkcs_req(parties, &parties.csr, ID).0);
    let expected = (NotHeld::Signer, FailInfo::BadCertId);
    assert_eq!(waiting.refused(&parties.receive(&stranger)), expected);
}

#[test]
fn a_query_asks_for_no_enrolment() {
    let waiting = Waiting::new();
    let parties = &waiting.parties;
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let wanted = IssuerAndSerialNumber::of(&parties.issued);
    let id = TransactionId::new(ID).unwrap();
    for (builder, message_type) in [
        (
            RequestBuilder::get_cert(wanted.clone(), &signer, &roles),
            MessageType::GetCert,
        ),
        (
            RequestBuilder::get_crl(wanted, &signer, &roles),
            MessageType::GetCrl,
        ),
    ] {
        let (query, _) = parties.send(builder.transaction_id(id.clone()));
        let query = parties.receive(&query);
        let expected = (NotHeld::MessageType(message_type), FailInfo::BadRequest);
        assert_eq!(waiting.refused(&query), expected);
        assert_eq!(HeldEnrolment::of(&query), None);
    }
    assert_eq!(HeldEnrolment::of(&waiting.opened_poll()), None);
}

// Where it is kept.

#[test]
fn the_transaction_key_is_that_of_identifier_and_signer() {
    let waiting = Waiting::new();
    let provider = &waiting.parties.provider;
    let key = waiting.held.transaction_key(provider).unwrap();
    let of = |request: &Request| request.transaction_key(provider).unwrap();
    assert_eq!(of(&waiting.request), key);
    assert_eq!(of(&waiting.opened_poll()), key);
    let text = key.to_string();
    let hex: String = key
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!((text.len(), text), (64, hex));

    let parties = &waiting.parties;
    let (shorter, _) = pkcs_req(parties, &parties.csr, "the transactio");
    assert_ne!(of(&parties.receive(&shorter)), key);
    let stranger = signed_by_another(&waiting.poll().0);
    assert_ne!(of(&parties.receive(&stranger)), key);
    // The CSR has no part in it: a second enrolment of the key in the transaction takes the place of the first.
    let other = issue::csr(&common::key(vector!("keys/c3072.key")), |csr| csr);
    let (other, _) = pkcs_req(parties, &other, ID);
    assert_eq!(of(&parties.receive(&other)), key);
}

#[test]
fn a_key_written_in_another_way_is_the_same() {
    let waiting = Waiting::new();
    let parties = &waiting.parties;
    // Without the NULL of rsaEncryption.
    let spki = parties.client_key.public_key_der();
    let bits = inside(spki)[1].raw;
    let spki = sequence(&[&algorithm(oid::RSA_ENCRYPTION, &[]), bits]);
    let subject = parties.client.subject_der();
    let signer = Template::new(subject, &spki).issue(subject, &parties.client_key);
    let mut forge = Forge::of(&waiting.poll().0);
    forge.set_signer(&signer);
    let poll = forge.sign(&parties.client_key);
    let poll = parties.receive(&poll);
    assert_eq!(waiting.held.answers(&poll), Ok(()));
    assert_eq!(
        poll.transaction_key(&parties.provider),
        waiting.held.transaction_key(&parties.provider)
    );
}

#[test]
fn a_provider_without_sha_256_has_no_transaction_keys() {
    struct Without;
    impl scep::crypto::ComputeDigest for Without {
        fn digest(
            &self,
            _: scep::crypto::DigestAlgorithm,
            _: &[&[u8]],
        ) -> Result<scep::crypto::DigestValue, CryptoError> {
            Err(CryptoError::Unsupported)
        }
    }
    let waiting = Waiting::new();
    let provider = provider().with_digests(&Without);
    let error = Err(CryptoError::Unsupported);
    assert_eq!(waiting.held.transaction_key(&provider), error);
    assert_eq!(waiting.request.transaction_key(&provider), error);
}

// How it is kept.

#[test]
fn what_is_kept_issues_a_certificate_and_holds_no_password() {
    let Waiting {
        parties,
        request,
        held,
        ..
    } = Waiting::new();
    let csr = request.csr().unwrap();
    let read = HeldEnrolment::from_bytes(&held.to_bytes()).unwrap();
    assert_eq!(read, held);
    assert_eq!(read.transaction_id(), request.transaction_id());
    assert_eq!(read.subject(), csr.subject());
    assert_eq!(read.public_key_der(), csr.public_key_der());
    assert!(read.extensions().eq(csr.extensions()));
    let names = read.extension(oid::SUBJECT_ALT_NAME);
    assert_eq!(names, csr.extension(oid::SUBJECT_ALT_NAME));
    assert!(names.is_some());
    assert_eq!(
        read.transaction_key(&parties.provider),
        request.transaction_key(&parties.provider)
    );

    assert!(csr.challenge_password().verify(b"secret"));
    let contains = |bytes: &[u8]| bytes.windows(6).any(|window| window == b"secret");
    assert!(contains(csr.as_der()) && !contains(&held.to_bytes()));
    assert!(!format!("{held:?}").contains("secret"));
    // Less than the CSR and the key that signed it.
    assert!(held.to_bytes().len() < csr.as_der().len() + parties.client_key.public_key_der().len());
}

#[test]
fn critical_extensions_stay_critical() {
    let parties = Parties::new();
    let csr = issue::csr(&parties.client_key, |csr| {
        csr.critical_extension(oid::KEY_USAGE, tlv(0x03, &[5, 0xa0]))
    });
    let request = parties.receive(&pkcs_req(&parties, &csr, ID).0);
    let held = HeldEnrolment::of(&request).unwrap();
    let critical: Vec<bool> = held.extensions().map(|one| one.is_critical()).collect();
    assert_eq!(critical, [false, true]);
}

#[test]
fn other_bytes_are_no_enrolment() {
    let held = Waiting::new().held.to_bytes();
    let fields: Vec<&[u8]> = inside(&held).iter().map(|field| field.raw).collect();
    let with = |position: usize, field: &[u8]| {
        let mut fields = fields.clone();
        fields[position] = field;
        sequence(&fields)
    };
    let error = |bytes: &[u8]| {
        let error = HeldEnrolment::from_bytes(bytes).unwrap_err();
        (error.kind(), error.item())
    };
    assert!(HeldEnrolment::from_bytes(&sequence(&fields)).is_ok());
    let invalid = ParseErrorKind::InvalidValue;
    for (bytes, expected) in [
        (with(0, &small_integer(2)), (invalid, Item::HeldEnrolment)),
        (with(0, &tlv(2, &[0, 1])), (invalid, Item::HeldEnrolment)),
        (with(1, &octets(b"")), (invalid, Item::TransactionId)),
        (
            with(2, &sequence(&[&NULL])),
            (invalid, Item::SubjectPublicKeyInfo),
        ),
        (
            with(4, &sequence(&[&NULL])),
            (invalid, Item::SubjectPublicKeyInfo),
        ),
        (
            with(3, &[]),
            // The key stands where the name should, and the extensions where the key should.
            (invalid, Item::SubjectPublicKeyInfo),
        ),
        (
            with(5, &sequence(&[&NULL])),
            (
                ParseErrorKind::UnexpectedTag {
                    expected: 0x30,
                    found: 5,
                },
                Item::Extensions,
            ),
        ),
        (
            sequence(&[&fields.concat(), &NULL]),
            (ParseErrorKind::TrailingData, Item::HeldEnrolment),
        ),
        (
            [&held[..], &NULL].concat(),
            (ParseErrorKind::TrailingData, Item::HeldEnrolment),
        ),
        (
            held[..held.len() - 1].to_vec(),
            (ParseErrorKind::Truncated, Item::HeldEnrolment),
        ),
        (vec![], (ParseErrorKind::Missing, Item::HeldEnrolment)),
        (
            [&[0x30, 0x80], elements(&held)[0].contents, &[0, 0]].concat(),
            (ParseErrorKind::NotDer, Item::HeldEnrolment),
        ),
    ] {
        assert_eq!(error(&bytes), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_read_is_written_as_it_was(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        thread_local! {
            static GOOD: Vec<u8> = Waiting::new().held.to_bytes();
        }
        let mut bytes = GOOD.with(Clone::clone);
        for (index, byte) in changes {
            let position = index.index(bytes.len());
            bytes[position] = byte;
        }
        if let Ok(held) = HeldEnrolment::from_bytes(&bytes) {
            prop_assert_eq!(held.to_bytes(), bytes);
        }
    }

    #[test]
    fn no_bytes_at_all_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(held) = HeldEnrolment::from_bytes(&bytes) {
            prop_assert_eq!(held.to_bytes(), bytes);
        }
    }
}

// How it is granted.

#[test]
fn a_poll_is_granted_only_what_it_asks_for() {
    let waiting = Waiting::new();
    let parties = &waiting.parties;
    let poll = waiting.opened_poll();
    let ca = parties.ca_signer();
    let reply = poll.reply(&parties.provider, &ca);
    let grant = |held: Option<&HeldEnrolment>, certificate: &Certificate<'_>| {
        let reply = match held {
            Some(held) => reply.clone().answering(held),
            None => reply.clone(),
        };
        let reply = reply.success(std::slice::from_ref(certificate), &mut rng());
        reply.map(|_| ())
    };
    let held = &waiting.held;
    assert_eq!(grant(Some(held), &parties.issued), Ok(()));
    assert_eq!(
        grant(None, &parties.issued),
        Err(BuildError::PollWithoutEnrolment)
    );
    assert_eq!(
        grant(Some(held), &parties.ca),
        Err(BuildError::NotRequested)
    );
    let (other, _) = pkcs_req(parties, &parties.csr, "another");
    let other = HeldEnrolment::of(&parties.receive(&other)).unwrap();
    assert_eq!(
        grant(Some(&other), &parties.issued),
        Err(BuildError::NotHeld(NotHeld::TransactionId))
    );
}

#[test]
fn an_enrolment_that_is_named_must_be_the_requests() {
    let waiting = Waiting::new();
    let parties = &waiting.parties;
    let ca = parties.ca_signer();
    let grant = |id| {
        let request = parties.receive(&pkcs_req(parties, &parties.csr, id).0);
        let reply = request.reply(&parties.provider, &ca);
        let issued = std::slice::from_ref(&parties.issued);
        let reply = reply.answering(&waiting.held).success(issued, &mut rng());
        reply.map(|_| ())
    };
    assert_eq!(grant(ID), Ok(()));
    let error = BuildError::NotHeld(NotHeld::TransactionId);
    assert_eq!(grant("another"), Err(error));
}

#[test]
fn what_waits_is_fetched_after_a_restart() {
    let parties = Parties::new();
    let server = || {
        let authority = Authority::new(&parties.ca, &parties.ca_key).unwrap();
        let trust = SignerTrust::new().self_issued();
        Server::new(&parties.provider, &parties.policy, trust, authority)
    };
    let receive = |body: &[u8]| match server().receive(body, &mut rng()).unwrap() {
        Received::Request(request) => request,
        Received::Refused(refused) => panic!("{refused:?}"),
    };
    let accept = |pending: &PendingRequest, reply: Vec<u8>| {
        let message = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
        let roles = parties.roles();
        match pending.accept(&message, &roles, &parties.provider, &parties.policy) {
            Ok(CertRep::Pending) => None,
            Ok(CertRep::Success(sealed)) => sealed
                .open(&parties.provider, &parties.client_recipient(), &mut rng())
                .unwrap()
                .into_certificate(),
            other => panic!("{other:?}"),
        }
    };

    let (first, pending) = pkcs_req(&parties, &parties.csr, ID);
    let request = receive(&first);
    let stored = HeldEnrolment::of(&request).unwrap().to_bytes();
    let reply = server().reply(&request).pending(&mut rng()).unwrap();
    assert_eq!(accept(&pending, reply), None);

    let (signer, roles) = (parties.client_signer(), parties.roles());
    let poll = RequestBuilder::cert_poll(&pending, &signer, &roles).unwrap();
    let (poll, polling) = parties.send(poll);
    let request = receive(&poll);
    let held = HeldEnrolment::from_bytes(&stored).unwrap();
    assert_eq!(held.answers(&request), Ok(()));
    let server = server();
    let reply = server.reply(&request);
    let issued = std::slice::from_ref(&parties.issued);
    assert_eq!(
        reply.success(issued, &mut rng()).unwrap_err(),
        BuildError::PollWithoutEnrolment
    );
    let reply = reply.answering(&held).success(issued, &mut rng()).unwrap();
    assert_eq!(accept(&polling, reply), Some(parties.issued.clone()));
}
