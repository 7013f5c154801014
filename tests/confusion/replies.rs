//! Replies that are somebody else's, or answer something else.

use crate::common::forge::{Envelope, Forge, Order, issuer_and_serial, octets, printable, tlv};
use crate::common::issue::{Template, ca_constraints};
use crate::common::verdict::replied;
use crate::common::x509::{MadeCertificate, extension};
use crate::common::{Parties, RsaKey, certificate, key, rng, vector, widest_policy};
use scep::crypto::{ContentCipher, KeyTransport};
use scep::{
    CertRep, Certificate, CertsOnly, DecryptError, Limits, OpenError, PendingRequest, PkiMessage,
    RequestBuilder, TransactionError, TransactionId, VerifyError, oid,
};

use ContentCipher::Aes128Cbc;

/// A request that waits, and the CA's SUCCESS to it, taken apart.
fn answered(parties: &Parties) -> (PendingRequest, Forge) {
    let (request, pending) = parties.pkcs_req();
    let reply = parties.grant(&parties.receive(&request));
    (pending, Forge::of(&reply))
}

/// What the client says of a reply that it did not expect.
fn refused(parties: &Parties, pending: &PendingRequest, reply: &[u8]) -> TransactionError {
    let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let roles = parties.roles();
    let accepted = pending.accept(&reply, &roles, &parties.provider, &widest_policy());
    accepted.unwrap_err()
}

fn attacker() -> RsaKey {
    key(vector!("keys/cpend.key"))
}

/// A certificate that says it is the CA's, on the attacker's key and signed by it.
fn impostor(ca: &Certificate<'_>, serial: &[u8]) -> MadeCertificate {
    let mut made = MadeCertificate::self_issued(&attacker(), "");
    made.subject = ca.subject_der().to_vec();
    made.issuer = ca.issuer_der().to_vec();
    made.serial = serial.to_vec();
    made
}

#[test]
fn an_embedded_certificate_with_the_cas_names_is_not_the_cas() {
    let parties = Parties::new();
    let (pending, mut forge) = answered(&parties);
    let untrusted = VerifyError::UntrustedSigner.into();
    // Under a serial number of its own it is found, and nobody trusts it.
    let made = impostor(&parties.ca, &[7]).sign(&attacker());
    forge.set_signer(&made);
    assert_eq!(
        refused(&parties, &pending, &forge.sign(&attacker())),
        untrusted
    );
    // Under the CA's own there are two keys.
    let made = impostor(&parties.ca, parties.ca.serial()).sign(&attacker());
    forge.set_signer(&made);
    let ambiguous = VerifyError::AmbiguousSigner.into();
    assert_eq!(
        refused(&parties, &pending, &forge.sign(&attacker())),
        ambiguous
    );
    // Under the CA's key identifier too.
    let ski = parties.ca.subject_key_identifier().unwrap();
    let mut made = impostor(&parties.ca, &[7]);
    made.extensions = vec![extension(oid::SUBJECT_KEY_IDENTIFIER, &octets(ski))];
    forge.set_signer(&made.sign(&attacker()));
    forge.sid = tlv(0x80, ski);
    assert_eq!(
        refused(&parties, &pending, &forge.sign(&attacker())),
        ambiguous
    );
}

#[test]
fn a_certificate_that_the_ca_issued_is_not_the_cas() {
    // Another end entity's, and one that says of itself that it is a CA.
    let parties = Parties::new();
    let (pending, mut forge) = answered(&parties);
    let plain = Template::new(parties.ca.subject_der(), attacker().public_key_der());
    let ca = plain.clone().with(oid::BASIC_CONSTRAINTS, ca_constraints());
    for template in [plain, ca] {
        let issued = template.issue(parties.ca.subject_der(), &parties.ca_key);
        forge.set_signer(&issued);
        let error = refused(&parties, &pending, &forge.sign(&attacker()));
        assert_eq!(error, VerifyError::UntrustedSigner.into());
    }
}

#[test]
fn a_signer_identifier_that_points_at_another_certificate_is_a_wrong_signature() {
    let parties = Parties::new();
    let (pending, mut forge) = answered(&parties);
    let wrong = VerifyError::Signature.into();
    // The attacker signs and names the CA.
    assert_eq!(refused(&parties, &pending, &forge.sign(&attacker())), wrong);
    // The CA signed, and the attacker has the identifier name another certificate, his or the client's.
    let signature = forge.signature(&parties.ca_key, Order::Der);
    let attackers = certificate(vector!("keys/cpend.selfsigned.pem"));
    for other in [&attackers, &parties.issued] {
        forge.set_signer(other);
        let reply = forge.assemble(&[forge.signer_info(Order::Der, &signature)]);
        assert_eq!(refused(&parties, &pending, &reply), wrong);
    }
}

#[test]
fn a_request_relabelled_as_reply_is_none() {
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let mut forge = Forge::of(&request);
    let signature = forge.signature(&parties.client_key, Order::Der);
    let mut attributes = forge.attributes().iter();
    let nonce = attributes.find(|attribute| attribute.oid == oid::SENDER_NONCE);
    let nonce = nonce.unwrap().values[0].clone();
    forge.set(oid::MESSAGE_TYPE, printable("3"));
    forge.set(oid::PKI_STATUS, printable("0"));
    forge.set(oid::RECIPIENT_NONCE, nonce);
    // With the signature that it had, with a new one of the same signer, and by the attacker in his own name.
    let reply = forge.assemble(&[forge.signer_info(Order::Der, &signature)]);
    let wrong = VerifyError::Signature.into();
    assert_eq!(refused(&parties, &pending, &reply), wrong);
    let untrusted = VerifyError::UntrustedSigner.into();
    let reply = forge.sign(&parties.client_key);
    assert_eq!(refused(&parties, &pending, &reply), untrusted);
    forge.set_signer(&certificate(vector!("keys/cpend.selfsigned.pem")));
    assert_eq!(
        refused(&parties, &pending, &forge.sign(&attacker())),
        untrusted
    );
}

#[test]
fn a_transaction_id_is_compared_byte_by_byte() {
    let mut parties = Parties::new();
    parties.policy = widest_policy();
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let id = TransactionId::new("0aF9").unwrap();
    let builder = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles);
    let (request, pending) = parties.send(builder.transaction_id(id));
    let ca = parties.ca_signer();
    let reply = parties.receive(&request);
    let reply = reply.reply(&parties.provider, &ca).pending(&mut rng());
    let reply = reply.unwrap().sign(&parties.ca_key, &mut rng()).unwrap();
    let mut forge = Forge::of(&reply);
    for other in [
        "0aF",
        "0",
        "aF9",
        "0aF99",
        "0aF90",
        "0af9",
        "0AF9",
        "0aF9 ",
        " 0aF9",
        "0aF9\0",
        "00aF9",
        "0aF8",
        "0\u{430}F9",
    ] {
        forge.set(oid::TRANSACTION_ID, tlv(0x0c, other.as_bytes()));
        let error = refused(&parties, &pending, &forge.sign(&parties.ca_key));
        assert_eq!(error, TransactionError::TransactionId, "{other:?}");
    }
    forge.set(oid::TRANSACTION_ID, printable("0aF9"));
    let reply = PkiMessage::parse(forge.sign(&parties.ca_key), &Limits::REPLY).unwrap();
    let accepted = pending.accept(&reply, &roles, &parties.provider, &parties.policy);
    assert!(matches!(accepted, Ok(CertRep::Pending)), "{accepted:?}");
}

#[test]
fn a_recipient_nonce_is_the_whole_sender_nonce() {
    let parties = Parties::new();
    let verdict = |change: fn(Vec<u8>) -> Option<Vec<u8>>| {
        replied(&parties, &widest_policy(), |forge| {
            let echoed = forge.remove(oid::RECIPIENT_NONCE).values.remove(0);
            if let Some(nonce) = change(echoed[2..].to_vec()) {
                forge.set(oid::RECIPIENT_NONCE, octets(&nonce));
            }
        })
    };
    assert_eq!(verdict(Some), Ok("success"));
    let wrong = Err(TransactionError::RecipientNonce);
    assert_eq!(verdict(|_| None), wrong);
    for change in [
        |nonce: Vec<u8>| Some(nonce[..1].to_vec()),
        |nonce: Vec<u8>| Some(nonce[..15].to_vec()),
        |nonce: Vec<u8>| Some(nonce[1..].to_vec()),
        |nonce: Vec<u8>| Some([&nonce[..], &[0]].concat()),
        |nonce: Vec<u8>| Some([&nonce[..], &nonce].concat()),
        |nonce: Vec<u8>| Some(nonce.iter().rev().copied().collect()),
    ] {
        assert_eq!(verdict(change), wrong);
    }
}

#[test]
fn another_keys_certificate_is_not_what_was_asked_for() {
    let parties = Parties::new();
    let others = Template::new(parties.csr.subject_der(), attacker().public_key_der())
        .issue(parties.ca.subject_der(), &parties.ca_key);
    let reply = |certificates: &[Certificate<'_>]| {
        let set = CertsOnly::encode(certificates, &[]);
        let transport = KeyTransport::RsaPkcs1v15;
        let envelope = Envelope::seal(&set, &parties.client, Aes128Cbc, transport);
        replied(&parties, &widest_policy(), |forge| {
            forge.set_content(Some(envelope.to_der()));
        })
    };
    let not_found = Err(TransactionError::NotFound);
    assert_eq!(reply(std::slice::from_ref(&others)), not_found);
    assert_eq!(reply(&[others.clone(), parties.ca.clone()]), not_found);
    // Its place among others does not matter.
    let both = [others, parties.issued.clone()];
    assert_eq!(reply(&both), Ok("success"));
}

#[test]
fn a_refusal_with_a_payload_grants_nothing() {
    // The whole payload of a SUCCESS, under FAILURE and PENDING.
    let parties = Parties::new();
    for (status, verdict) in [("2", "failure"), ("3", "pending")] {
        let found = replied(&parties, &widest_policy(), |forge| {
            assert!(forge.content.is_some());
            forge.set(oid::PKI_STATUS, printable(status));
        });
        assert_eq!(found, Ok(verdict));
    }
    // A status that is changed after signing is a wrong signature.
    let (pending, mut forge) = answered(&parties);
    let signature = forge.signature(&parties.ca_key, Order::Der);
    forge.set(oid::PKI_STATUS, printable("3"));
    let reply = forge.assemble(&[forge.signer_info(Order::Der, &signature)]);
    let wrong = VerifyError::Signature.into();
    assert_eq!(refused(&parties, &pending, &reply), wrong);
}

#[test]
fn a_reply_to_another_recipient_is_not_ours() {
    let parties = Parties::new();
    let set = CertsOnly::encode(std::slice::from_ref(&parties.issued), &[]);
    let transport = KeyTransport::RsaPkcs1v15;
    let attackers = certificate(vector!("keys/cpend.selfsigned.pem"));
    let mut envelope = Envelope::seal(&set, &attackers, Aes128Cbc, transport);
    let with = |envelope: &Envelope| {
        replied(&parties, &widest_policy(), |forge| {
            forge.set_content(Some(envelope.to_der()));
        })
    };
    let Err(TransactionError::Open(OpenError::NoRecipient(hint))) = with(&envelope) else {
        panic!("opened");
    };
    assert_eq!(hint.first(), attackers.serial());
    // Named as ours it does not open.
    envelope.rid = issuer_and_serial(&parties.client);
    let sealed = OpenError::Decrypt(DecryptError);
    assert_eq!(with(&envelope), Err(sealed.into()));
}
