//! A request on a server's road: parse, verify, open, answer.

use scep::crypto::{DecryptionKey, KeyManagement, Policy};
use scep::diagnose::{Diagnosis, ReplyProfile, Sender};
use scep::microsoft::RequestContent;
use scep::{
    Certificate, Error, FailInfo, Limits, MessageType, PkiMessage, PkiStatus, Recipient, Request,
    RequestBody, SignedForm, SignerMatch, SignerTrust, inspect,
};

use super::parse::{Sink, show_certificate};
use super::payload::show_request_content;
use super::roles::NOW;
use crate::parties::{PARTIES, PASSWORD};
use crate::reached;
use crate::repair::{self, Repairs};
use crate::tlv;
use crate::toy::{Counter, PROVIDER};

/// Repairs a message as the first byte says, and has a server receive and answer it.
///
/// The second byte chooses the policy, whom the server trusts, which challenge passwords it tries, and whether it has the key on
/// a curve.
pub fn open(data: &[u8]) {
    let [repairs, setting, message @ ..] = data else {
        return;
    };
    let mut forest = tlv::read(message);
    let _ = repair::message(&mut forest, Repairs::of(*repairs));
    let bytes = tlv::write(&forest);
    let Ok(message) = PkiMessage::parse(&bytes[..], &Limits::REQUEST) else {
        return;
    };
    let policies = [
        Policy::default(),
        Policy::strict(),
        Policy::compatible(),
        Policy::legacy(),
    ];
    let policy = policies[usize::from(setting & 3)];
    let ca = &PARTIES.ca;
    let trust = match setting >> 2 & 3 {
        0 => SignerTrust::new().self_issued().issuer(&ca.certificate),
        1 => SignerTrust::new()
            .certificate(&PARTIES.client.certificate)
            .foreign_issuer(&ca.certificate),
        2 => SignerTrust::new().self_issued(),
        _ => SignerTrust::new(),
    };
    let rng = &mut Counter::new(1);
    let passwords: &[&str] = match setting >> 4 & 3 {
        0 => &["another", PASSWORD],
        1 => &[],
        2 => &["another"],
        _ => &[PASSWORD; 5],
    };
    let curve_ca = &PARTIES.curve_ca;
    let on_curve = match setting >> 6 & 1 {
        0 => Recipient::new(&curve_ca.certificate, &curve_ca.key).expect("its key"),
        _ => Recipient::without_key(&curve_ca.certificate),
    };
    let recipients = [
        Recipient::new(&PARTIES.next_ca.certificate, &PARTIES.next_ca.key).expect("its key"),
        Recipient::new(&ca.certificate, &ca.key).expect("its key"),
        passwords.iter().fold(on_curve, |on_curve, password| {
            on_curve.with_password(password)
        }),
    ];
    match message.receive(&PROVIDER, &policy, &trust, &recipients, rng) {
        Ok(request) => {
            assert_ne!(setting >> 2 & 3, 3, "opened for nobody");
            let is_right = match request.key_management() {
                KeyManagement::Transport(_) => request.recipient() < 2,
                KeyManagement::Agreement(_) => request.recipient() == 2 && setting >> 6 & 1 == 0,
                KeyManagement::Password(_) => request.recipient() == 2 && setting >> 4 & 3 == 0,
                _ => false,
            };
            let is_open = !reached::asks_for_nothing(&request);
            assert!(is_right || !is_open, "opened by somebody else");
            reached::request(&request);
            check(&message, &request);
            grant(&request);
        }
        Err(error) => {
            Sink::show(&error);
            refuse(&message, &policy, error);
        }
    }
    look_into(&message, &policy);
}

/// Holds what an opened request promises against the message that it came from.
fn check(message: &PkiMessage<'_>, request: &Request) {
    let attributes = message.unverified_attributes();
    assert_eq!(*request.transaction_id(), attributes.transaction_id());
    assert_eq!(request.sender_nonce(), attributes.sender_nonce());
    assert_eq!(request.message_type(), attributes.message_type());
    let signer = request.signer();
    show_certificate(signer);
    match request.signer_match() {
        SignerMatch::SelfIssued => {
            assert!(signer.is_self_issued());
            assert_ne!(request.message_type(), MessageType::RenewalReq);
        }
        SignerMatch::Certificate(_) => assert_eq!(signer, &PARTIES.client.certificate),
        SignerMatch::Issuer(_) | SignerMatch::ForeignIssuer(_) => {
            let ca = &PARTIES.ca.certificate;
            assert_eq!(
                signer.verify_issued_by(ca, &PROVIDER, request.policy()),
                Ok(())
            );
        }
        _ => unreachable!("a kind of trust that nobody gave"),
    }
    match request.body() {
        RequestBody::PkcsReq(csr) | RequestBody::RenewalReq(csr) => {
            let csr = scep::UnverifiedCsr::from_der(csr.as_der(), &Limits::REQUEST);
            let verified = csr.map(|csr| csr.verify(&PROVIDER, request.policy()).is_ok());
            assert_eq!(verified, Ok(true));
        }
        RequestBody::CertPoll(names) => {
            Sink::show(&scep::NameRef::new(names.issuer_der()));
        }
        RequestBody::GetCert(id) | RequestBody::GetCrl(id) => assert!(!id.to_der().is_empty()),
        _ => unreachable!("a payload that nobody knows"),
    }
    if let Some(proof) = request.renewal_proof(NOW) {
        assert_eq!(proof.old_certificate(), signer);
        let is_ours = matches!(proof.issuer(), SignerMatch::Issuer(_));
        assert!(!proof.is_plain() || is_ours && !signer.is_ca());
        Sink::debug(&(proof.holder(), proof.validity(), proof.has_same_key()));
        Sink::debug(&(proof.has_same_subject(), proof.has_same_alt_names()));
    }
    if let Some(csr) = request.csr() {
        Sink::debug(csr);
        show_request_content(&RequestContent::of(csr));
        csr.extensions().for_each(|extension| {
            Sink::debug(&extension.oid());
        });
        csr.attributes().for_each(|(oid, _)| {
            Sink::show(&oid);
        });
    }
    if reached::asks_for_nothing(request) {
        return;
    }
    // The key that opened the request opens it for those too who look into it; they have no passwords.
    let [one, other] = [&PARTIES.ca, &PARTIES.next_ca].map(|party| &party.key);
    let keys: [&dyn DecryptionKey; 3] = [one, other, &PARTIES.curve_ca.key];
    let opened = inspect::open_unverified(message, &PROVIDER, &keys, &mut Counter::new(2));
    let is_under_password = matches!(request.key_management(), KeyManagement::Password(_));
    assert!(
        opened.is_ok_and(|payload| payload.is_readable()) || is_under_password,
        "opened by a server and not by inspect"
    );
}

/// Answers in every way, and reads the answers.
fn grant(request: &Request) {
    let (ca, rng) = (PARTIES.ca.signer(), &mut Counter::new(3));
    let reply = request.reply(&PROVIDER, &ca);
    let issued: Vec<Certificate<'_>> = PARTIES
        .all()
        .map(|party| party.certificate.borrowed())
        .into_iter()
        .collect();
    let replies = [
        (PkiStatus::Success, reply.success(&issued, rng)),
        (PkiStatus::Success, reply.success_crl(&PARTIES.crl, rng)),
        (PkiStatus::Pending, reply.pending(rng)),
        (
            PkiStatus::Failure,
            reply.failure(FailInfo::BadRequest, Some("no"), rng),
        ),
    ];
    for (status, unsigned) in replies {
        let Ok(unsigned) = unsigned else {
            continue;
        };
        if status == PkiStatus::Success {
            assert!(request.success_envelope().is_ok());
        }
        let bytes = unsigned.sign(&PARTIES.ca.key, rng).expect("a signature");
        read_reply(&bytes, status, request.policy());
    }
}

/// Refuses what could not be received, and reads the refusal.
fn refuse(message: &PkiMessage<'_>, policy: &Policy, error: Error) {
    let (ca, rng) = (PARTIES.ca.signer(), &mut Counter::new(4));
    let refusal = message.refuse(&PROVIDER, policy, &ca).because(error, rng);
    let refusal = refusal.and_then(|unsigned| unsigned.sign(&PARTIES.ca.key, rng));
    read_reply(&refusal.expect("a refusal"), PkiStatus::Failure, policy);
}

fn read_reply(bytes: &[u8], status: PkiStatus, policy: &Policy) {
    let reply = PkiMessage::parse(bytes, &Limits::REPLY).expect("a readable reply");
    assert_eq!(reply.unverified_attributes().pki_status(), Some(status));
    let report = inspect::signature(&reply, &PROVIDER, policy, &[]).expect("a signer");
    assert_eq!(report.outcome, Ok(SignedForm::AsReceived));
}

fn look_into(message: &PkiMessage<'_>, policy: &Policy) {
    let diagnosis = Diagnosis::new(&PROVIDER).now(NOW);
    for diagnosis in [diagnosis.request(message), diagnosis.reply(message)] {
        diagnosis.findings().iter().for_each(|finding| {
            Sink::show(finding);
        });
    }
    let sender = Sender::of(message, &PROVIDER);
    Sink::debug(&(ReplyProfile::of(message, sender.as_ref()), &sender));
    if let Some(sender) = &sender {
        assert!(!sender.evidence().is_empty(), "guessed from nothing");
    }
    let known = [PARTIES.ca.certificate.borrowed()];
    if let Some(report) = inspect::signature(message, &PROVIDER, policy, &known) {
        Sink::debug(&(report.digest, report.algorithm, report.embedded));
    }
}
