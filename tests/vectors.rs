//! Every message of test-vectors/, held against what OpenSSL finds in it.
#![cfg(feature = "rustcrypto")]

mod common;
#[path = "common/manifest.rs"]
mod manifest;

use common::{certificate, provider, rng};
use manifest::{Keys, Vector, hex, is_reply, kind, read, vectors, widest_policy};
use scep::crypto::{DecryptionKey, DigestAlgorithm, KeyTransport, Policy};
use scep::inspect::RecipientKind;
use scep::{
    CaCertificates, Capabilities, Capability, CertsOnly, DecryptError, Encoding, Limits,
    MessageType, NextCaCertificates, OpenError, ParseErrorKind, PkiMessage, Recipient, Refused,
    Request, RequestBody, SignedForm, SignerId, SignerMatch, VerifyError, inspect, oid,
};
use serde_json::{Value, json};

fn each(test: impl Fn(&Vector, &PkiMessage<'_>, &Keys)) {
    let keys = Keys::read();
    let vectors = vectors();
    assert_eq!(vectors.len(), 61);
    for vector in &vectors {
        let message = PkiMessage::parse(&vector.bytes[..], &Limits::REQUEST)
            .unwrap_or_else(|error| panic!("{}: {error}", vector.file));
        test(vector, &message, &keys);
    }
}

const fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Der => "der",
        _ => "ber",
    }
}

const fn id_kind(id: SignerId<'_>) -> &'static str {
    match id {
        SignerId::IssuerAndSerialNumber { .. } => "issuer_and_serial_number",
        _ => "subject_key_identifier",
    }
}

fn uses_des(vector: &Vector) -> bool {
    vector.facts["envelope"]["cipher"] == "des-cbc"
}

#[test]
fn attributes_are_as_openssl_reads_them() {
    each(|vector, message, _| {
        let attributes = message.unverified_attributes();
        let nonce = |nonce: Option<scep::Nonce>| nonce.map(|nonce| hex(nonce.as_bytes()));
        let id = attributes.transaction_id();
        let found = json!({
            "encoding": encoding(message.encoding()),
            "message_type": attributes.message_type().code(),
            "transaction_id": std::str::from_utf8(id.as_bytes()).unwrap(),
            "sender_nonce": nonce(attributes.sender_nonce()),
            "recipient_nonce": nonce(attributes.recipient_nonce()),
            "pki_status": attributes.pki_status().map(|status| status.code()),
            "fail_info": attributes.fail_info().map(|info| info.code()),
            "signer_id": message.unverified_signer_id().map(id_kind),
            "certificates": message.unverified_certificates().count(),
        });
        for (name, value) in found.as_object().unwrap() {
            assert_eq!(value, &vector.facts[name], "{}: {name}", vector.file);
        }
        assert!(attributes.signing_time().is_some(), "{}", vector.file);
    });
}

#[test]
fn every_signature_is_valid_over_the_attributes_as_they_came() {
    each(|vector, message, keys| {
        let provider = provider();
        let judge = |policy| inspect::signature(message, &provider, &policy, &keys.cas).unwrap();
        let report = judge(Policy::default());
        assert_eq!(
            report.outcome,
            Ok(SignedForm::AsReceived),
            "{}",
            vector.file
        );
        let digest = report.digest.unwrap();
        assert_eq!(digest.name(), vector.facts["digest"], "{}", vector.file);
        let algorithm = report.algorithm.unwrap();
        assert_eq!(
            algorithm.name(),
            vector.facts["signature_algorithm"],
            "{}",
            vector.file
        );
        assert_eq!(algorithm.digest(), digest, "{}", vector.file);
        assert!(
            report.signer.is_some() && report.embedded,
            "{}",
            vector.file
        );

        let strict = if digest == DigestAlgorithm::Sha1 {
            Err(VerifyError::Refused(Refused::MessageDigest(oid::SHA1)))
        } else {
            Ok(SignedForm::AsReceived)
        };
        assert_eq!(judge(Policy::strict()).outcome, strict, "{}", vector.file);
    });
}

#[test]
fn every_envelope_opens_with_its_key() {
    each(|vector, message, keys| {
        let (facts, file) = (&vector.facts, &vector.file);
        let Some(envelope) = inspect::envelope(message).unwrap() else {
            assert_eq!(facts["envelope"], Value::Null, "{file}");
            assert!(is_reply(vector), "{file}");
            return;
        };
        let [recipient] = envelope.recipients[..] else {
            panic!("{file}: {} recipients", envelope.recipients.len());
        };
        assert_eq!(recipient.kind, RecipientKind::KeyTransport, "{file}");
        let transport = recipient.key_transport.unwrap().unwrap();
        let found = json!({
            "encoding": encoding(envelope.encoding),
            "recipient_id": recipient.id.map(id_kind),
            "key_encryption": transport.name(),
            "cipher": envelope.cipher.unwrap().name(),
        });
        assert_eq!(found, facts["envelope"], "{file}");
        if file.ends_with("pkcsreq-oaep-sha256.der") {
            let (digest, mgf_digest) = (DigestAlgorithm::Sha256, DigestAlgorithm::Sha256);
            assert_eq!(transport, KeyTransport::RsaOaep { digest, mgf_digest });
        }

        let provider = provider();
        let open = |key: &dyn DecryptionKey| {
            inspect::open_unverified(message, &provider, &[key], &mut rng())
        };
        let opened = open(keys.of(vector).unwrap());
        if uses_des(vector) && !cfg!(feature = "legacy") {
            assert!(
                matches!(opened, Err(OpenError::Decrypt(DecryptError))),
                "{file}"
            );
            return;
        }
        let opened = opened.unwrap_or_else(|error| panic!("{file}: {error}"));
        let plaintext = opened.secret_plaintext();
        let digest = provider
            .digests()
            .digest(DigestAlgorithm::Sha256, &[plaintext])
            .unwrap();
        let found = json!({
            "kind": kind(&opened.content),
            "len": plaintext.len(),
            "sha256": hex(digest.as_bytes()),
        });
        assert_eq!(found, facts["payload"], "{file}");

        // Nothing was sent to this one.
        let another = keys.named("cbad");
        assert!(
            matches!(open(another), Err(OpenError::Decrypt(DecryptError))),
            "{file}"
        );
    });
}

/// The server's road, whole.
fn receive(
    vector: &Vector,
    message: &PkiMessage<'_>,
    keys: &Keys,
    policy: &Policy,
) -> Result<Request, OpenError> {
    let provider = provider();
    let verified = message
        .verify(&provider, policy, &keys.trust())
        .unwrap_or_else(|error| panic!("{}: {error}", vector.file));
    let ca = &keys.cas[keys.ca_of(vector)];
    let recipient = Recipient::new(ca, keys.of(vector).unwrap()).unwrap();
    verified.open(&provider, &[recipient], &mut rng())
}

#[test]
fn every_request_goes_the_servers_road() {
    each(|vector, message, keys| {
        let (facts, file) = (&vector.facts, &vector.file);
        let (provider, policy) = (provider(), widest_policy());
        match facts["message_type"].as_u64().unwrap() {
            3 => {
                let refused = message
                    .verify(&provider, &policy, &keys.trust())
                    .unwrap_err();
                assert_eq!(refused, VerifyError::NotARequest, "{file}");
                return;
            }
            18 => {
                let refused = message
                    .verify(&provider, &policy, &keys.trust())
                    .unwrap_err();
                let update = MessageType::Other(18);
                assert_eq!(refused, VerifyError::UnsupportedMessageType(update));
                return;
            }
            _ => {}
        }
        if uses_des(vector) {
            let refused = OpenError::Refused(Refused::ContentCipher(oid::DES_CBC));
            let compatible = receive(vector, message, keys, &Policy::compatible());
            assert_eq!(compatible.unwrap_err(), refused, "{file}");
            if !cfg!(feature = "legacy") {
                return;
            }
        }
        let request = receive(vector, message, keys, &policy)
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        let expected = if request.signer() == &keys.issued {
            SignerMatch::Certificate(0)
        } else if request.signer().is_self_issued() {
            SignerMatch::SelfIssued
        } else {
            SignerMatch::Issuer(keys.ca_of(vector))
        };
        assert_eq!(request.signer_match(), expected, "{file}");
        assert_eq!(request.message_type(), message.unverified_message_type());
        assert_eq!(request.digest().name(), facts["digest"], "{file}");
        assert_eq!(
            request.content_cipher().name(),
            facts["envelope"]["cipher"],
            "{file}"
        );

        let payload_len = match (request.message_type(), request.body()) {
            (MessageType::PkcsReq, RequestBody::PkcsReq(csr)) => {
                let wrong = file.contains("badpw");
                let challenge: &[u8] = if wrong { b"wrong" } else { b"secret" };
                assert!(csr.challenge_password().verify(challenge), "{file}");
                csr.as_der().len()
            }
            (MessageType::RenewalReq, RequestBody::RenewalReq(csr)) => {
                assert!(!request.signer().is_self_issued(), "{file}");
                csr.as_der().len()
            }
            (MessageType::CertPoll, RequestBody::CertPoll(names)) => {
                let ca = &keys.cas[keys.ca_of(vector)];
                assert_eq!(names.issuer_der(), ca.subject_der(), "{file}");
                names.to_der().len()
            }
            (MessageType::GetCert, RequestBody::GetCert(certificate))
            | (MessageType::GetCrl, RequestBody::GetCrl(certificate)) => certificate.to_der().len(),
            (message_type, body) => panic!("{file}: {message_type} with {body:?}"),
        };
        assert_eq!(payload_len, facts["payload"]["len"], "{file}");
    });
}

#[test]
fn nobody_elses_request_is_taken() {
    each(|vector, message, _| {
        if is_reply(vector) || vector.facts["message_type"] == 18 {
            return;
        }
        let (provider, policy) = (provider(), widest_policy());
        let stranger = certificate(&read("keys/ca-jscep-next.pem"));
        let trust = scep::SignerTrust::new()
            .issuer(&stranger)
            .certificate(&stranger);
        let refused = message.verify(&provider, &policy, &trust).unwrap_err();
        assert_eq!(refused, VerifyError::UntrustedSigner, "{}", vector.file);
    });
}

#[test]
fn bodies_of_get_ca_cert_are_told_apart_by_content() {
    let keys = Keys::read();
    for (file, ca) in ["server-jscep", "server-micromdm"].iter().zip(&keys.cas) {
        let body = read(&format!("{file}/getcacert.der"));
        let bare = CaCertificates::parse(body, None, &Limits::REPLY).unwrap();
        assert_eq!(bare, CaCertificates::Certificate(ca.clone()), "{file}");
    }
    let body = read("openssl-made/getcacert-degenerate2.der");
    let set = CertsOnly::parse(&body[..], &Limits::REPLY).unwrap();
    let certificates: Vec<_> = set.certificates().map(Result::unwrap).collect();
    assert_eq!(certificates.len(), 2);
    assert_eq!(set.crls().count(), 0);
    assert_eq!(set.encoding(), Encoding::Der);
    assert!(certificates.contains(&keys.cas[0]));
    let answer = CaCertificates::parse(&body[..], Some("text/plain"), &Limits::REPLY).unwrap();
    assert_eq!(answer, CaCertificates::Set(set.clone()));
    assert!(PkiMessage::parse(&body[..], &Limits::REPLY).is_err());
}

#[test]
fn a_next_ca_is_what_the_current_one_signed() {
    let keys = Keys::read();
    let [jscep, micromdm] = &keys.cas;
    let (provider, policy) = (provider(), Policy::default());
    let body = read("openssl-made/getnextcacert-signed.der");
    let body = NextCaCertificates::parse(body, &Limits::REPLY).unwrap();
    assert!(body.unverified_has_content());
    let set = body.verify(&[micromdm, jscep], &provider, &policy).unwrap();
    let next: Vec<_> = set.certificates().map(Result::unwrap).collect();
    assert_eq!(next, [certificate(&read("keys/ca-jscep-next.pem"))]);
    let refused = body.verify(&[micromdm], &provider, &policy).unwrap_err();
    assert_eq!(refused, VerifyError::UntrustedSigner);

    let body = read("server-jscep/getnextcacert.ber");
    let body = NextCaCertificates::parse(body, &Limits::REPLY).unwrap();
    assert_eq!(body.encoding(), Encoding::Ber);
    assert!(!body.unverified_has_content());
    let refused = body.verify(&[jscep], &provider, &policy).unwrap_err();
    assert_eq!(refused, VerifyError::NoSignedContent);
}

#[test]
fn a_message_is_no_next_ca_and_the_reverse() {
    let keys = Keys::read();
    let (provider, policy) = (provider(), Policy::default());
    let signers: Vec<_> = keys.cas.iter().collect();
    each(|vector, _, _| {
        let body = NextCaCertificates::parse(&vector.bytes[..], &Limits::REPLY).unwrap();
        let refused = body.verify(&signers, &provider, &policy).unwrap_err();
        let expected = if body.unverified_has_content() {
            VerifyError::ScepAttributes
        } else {
            VerifyError::NoSignedContent
        };
        assert_eq!(refused, expected, "{}", vector.file);
    });
    for file in [
        "openssl-made/getnextcacert-signed.der",
        "server-jscep/getnextcacert.ber",
    ] {
        let error = PkiMessage::parse(read(file), &Limits::REPLY).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::Missing, "{file}");
    }
}

#[test]
fn capability_lists_are_read() {
    let jscep = Capabilities::parse(&read("server-jscep/getcacaps.txt"));
    let micromdm = Capabilities::parse(&read("server-micromdm/getcacaps.txt"));
    for capabilities in [&jscep, &micromdm] {
        assert!(capabilities.lists(Capability::ScepStandard));
        assert!(capabilities.supports(Capability::Renewal));
    }
    assert!(jscep.supports(Capability::GetNextCaCert));
    assert!(!micromdm.supports(Capability::GetNextCaCert));
}
