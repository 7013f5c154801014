//! What a reply must be: each is a good one with one thing changed, as the client that waits for it sees it.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{Envelope, Forge, printable, small_integer, tlv};
use common::verdict::{parse_error, policies, replied};
use common::{Parties, rng};
use scep::crypto::{ContentCipher, KeyTransport, Policy};
use scep::microsoft::Hresult;
use scep::{
    CertRep, FailInfo, IssuerAndSerialNumber, Item, Limits, ParseErrorKind, PkiMessage, PkiStatus,
    RequestBuilder, TransactionError, VerifyError, oid,
};

use ContentCipher::Aes128Cbc;

#[test]
fn a_reply_has_a_status() {
    let parties = Parties::new();
    let policy = Policy::default();
    let status = |text: &'static str| {
        replied(&parties, &policy, |forge| {
            forge.set(oid::PKI_STATUS, printable(text))
        })
    };
    assert_eq!(status("0"), Ok("success"));
    // Content beside FAILURE or PENDING means nothing, and failInfo may be absent.
    assert_eq!(status("2"), Ok("failure"));
    assert_eq!(status("3"), Ok("pending"));
    for (text, code) in [("1", 1), ("4", 4), ("999", 999)] {
        let unknown = TransactionError::UnknownStatus(PkiStatus::Other(code));
        assert_eq!(status(text), Err(unknown));
    }
    let ca = parties.ca_signer();
    let (request, _) = parties.pkcs_req();
    let reply = parties
        .receive(&request)
        .reply(&parties.provider, &ca)
        .pending(&mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let mut forge = Forge::of(&reply);
    forge.set(oid::PKI_STATUS, printable("00"));
    let (kind, item, _) = parse_error(&forge.sign(&parties.ca_key));
    assert_eq!(
        (kind, item),
        (ParseErrorKind::InvalidValue, Item::PkiStatus)
    );
    forge.remove(oid::PKI_STATUS);
    let (kind, item, _) = parse_error(&forge.sign(&parties.ca_key));
    assert_eq!((kind, item), (ParseErrorKind::Missing, Item::PkiStatus));
}

#[test]
fn a_reply_may_lack_its_sender_nonce_and_nothing_else() {
    let parties = Parties::new();
    for (name, policy, ..) in policies() {
        let without = |oid| replied(&parties, &policy, |forge| drop(forge.remove(oid)));
        assert_eq!(without(oid::SENDER_NONCE), Ok("success"), "{name}");
        let no_nonce = Err(TransactionError::RecipientNonce);
        assert_eq!(without(oid::RECIPIENT_NONCE), no_nonce, "{name}");
        let no_type = Err(VerifyError::ContentType.into());
        assert_eq!(without(oid::CONTENT_TYPE), no_type, "{name}");
        let no_digest = Err(VerifyError::MessageDigest.into());
        assert_eq!(without(oid::MESSAGE_DIGEST), no_digest, "{name}");
        let none = replied(&parties, &policy, |forge| forge.certificates.clear());
        assert_eq!(none, Ok("success"), "{name}");
        for content in [None, Some(Vec::new())] {
            let empty = replied(&parties, &policy, |forge| forge.set_content(content));
            let error = TransactionError::SuccessWithoutContent;
            assert_eq!(empty, Err(error), "{name}");
        }
    }
}

#[test]
fn certificates_of_a_reply_are_in_its_envelope() {
    let parties = Parties::new();
    let set = scep::CertsOnly::encode(std::slice::from_ref(&parties.ca), &[]);
    let transport = KeyTransport::RsaPkcs1v15;
    let envelope = Envelope::seal(&set, &parties.client, Aes128Cbc, transport);
    let verdict = replied(&parties, &Policy::default(), |forge| {
        forge.set_content(Some(envelope.to_der()));
        // Where nobody signs it.
        forge.certificates.push(parties.issued.as_der().to_vec());
    });
    assert_eq!(verdict, Err(TransactionError::NotFound));
}

#[test]
fn a_get_cert_has_no_pending_reply() {
    let parties = Parties::new();
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let wanted = IssuerAndSerialNumber::of(&parties.issued);
    for builder in [
        RequestBuilder::get_cert(wanted.clone(), &signer, &roles),
        RequestBuilder::get_crl(wanted.clone(), &signer, &roles),
    ] {
        let (request, pending) = parties.send(builder);
        let ca = parties.ca_signer();
        let reply = parties
            .receive(&request)
            .reply(&parties.provider, &ca)
            .failure(FailInfo::BadCertId, None, &mut rng())
            .unwrap()
            .sign(&parties.ca_key, &mut rng())
            .unwrap();
        let mut forge = Forge::of(&reply);
        forge.set(oid::PKI_STATUS, printable("3"));
        let reply = PkiMessage::parse(forge.sign(&parties.ca_key), &Limits::REPLY).unwrap();
        let error = pending.accept(&reply, &roles, &parties.provider, &parties.policy);
        let unexpected = TransactionError::UnexpectedPending(pending.message_type());
        assert_eq!(error.unwrap_err(), unexpected);
    }
}

#[test]
fn fail_infos_are_values_whatever_they_are() {
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let ca = parties.ca_signer();
    let reply = parties
        .receive(&request)
        .reply(&parties.provider, &ca)
        .failure(FailInfo::BadTime, Some("late"), &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let roles = parties.roles();
    let failure = |change: &dyn Fn(&mut Forge)| {
        let mut forge = Forge::of(&reply);
        change(&mut forge);
        let reply = PkiMessage::parse(forge.sign(&parties.ca_key), &Limits::REPLY).unwrap();
        match pending.accept(&reply, &roles, &parties.provider, &parties.policy) {
            Ok(CertRep::Failure(failure)) => failure,
            other => panic!("{other:?}"),
        }
    };
    let info = |value: Vec<u8>| failure(&|forge| forge.set(oid::FAIL_INFO, value.clone())).info();
    assert_eq!(info(printable("0")), Some(FailInfo::BadAlg));
    assert_eq!(info(printable("17")), Some(FailInfo::Other(17)));
    assert_eq!(info(printable("x")), None);
    assert_eq!(info(small_integer(2)), None);
    assert_eq!(
        failure(&|forge| drop(forge.remove(oid::FAIL_INFO))).info(),
        None
    );
    let text = |value: Vec<u8>| {
        let failure = failure(&|forge| forge.set(oid::FAIL_INFO_TEXT, value.clone()));
        failure.text().map(String::from)
    };
    assert_eq!(text(printable("late")).as_deref(), Some("late"));
    assert_eq!(text(tlv(0x0c, "spät".as_bytes())).as_deref(), Some("spät"));
    let failure = failure(&|forge| {
        forge.set(oid::MS_SCEP_ERROR, tlv(0x0c, b"-2147024809"));
        forge.set(oid::MS_SCEP_SERVER_MESSAGE, tlv(0x0c, b"no"));
    });
    assert_eq!(failure.microsoft_error(), Some(Hresult::new(0x8007_0057)));
    assert_eq!(failure.microsoft_message(), Some("no"));
}
