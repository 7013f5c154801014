//! What is shown of each layer of a message, also where one of them cannot be read.

use super::common::Parties;
use super::common::forge::{Envelope, Forge, oaep_id};
use super::{Beside, Tools, codes, key_file, shown, shown_with, tools};
use crate::input;
use scep::crypto::{ContentCipher, DigestAlgorithm, KeyTransport};
use scep::{Capabilities, oid};
use serde_json::Value;

/// The key of the CA is at hand.
fn ca_tools() -> Tools {
    Tools {
        keys: vec![input::key(&key_file("ca-jscep.key")).unwrap()],
        ..tools(&[])
    }
}

/// A PKCSReq in which one thing is changed before it is signed again.
fn changed(change: impl FnOnce(&mut Forge)) -> Vec<u8> {
    let parties = Parties::new();
    let mut forge = Forge::of(&parties.pkcs_req().0);
    change(&mut forge);
    forge.sign(&parties.client_key)
}

#[test]
fn an_envelope_that_cannot_be_read_hides_nothing_else() {
    let csr = Parties::new().csr.as_der().to_vec();
    let data = {
        let mut envelope = Envelope::of(&Forge::of(&changed(|_| ())).content.unwrap());
        envelope.outer_type = oid::DATA;
        envelope.to_der()
    };
    for (content, item) in [
        (csr, "ContentInfo.contentType"),
        (vec![0], "ContentInfo"),
        (data, "ContentInfo.contentType"),
    ] {
        let message = changed(|forge| forge.set_content(Some(content)));
        let beside = Beside {
            capabilities: Some(Capabilities::parse(b"POSTPKIOperation\nSHA-1\nAES")),
            ..Beside::default()
        };
        let (text, json, decoded) = shown(&message, &beside);
        assert!(decoded, "{text}");
        assert_eq!(json["message_type_name"], "PKCSReq");
        assert_eq!(json["signature"], "valid");
        assert_eq!(json["signer"]["embedded"], true);
        assert_eq!(json["envelope"], Value::Null);
        let error = &json["envelope_error"];
        assert_eq!(error["item"], item, "{json}");
        assert!(error["offset"].as_u64().unwrap() > 0, "{json}");
        let line = format!(
            "\n  envelope           unreadable: {}\n",
            error["error"].as_str().unwrap()
        );
        assert!(text.contains(&line), "{text}");
        let shown = [
            "\n  messageType  ",
            "\n  transactionID  ",
            "\n  signature  ",
        ];
        assert!(shown.iter().all(|part| text.contains(part)), "{text}");
        assert_eq!(codes(&json), ["algorithm-not-offered"]);
    }
    let (_, json, _) = shown(&changed(|_| ()), &Beside::default());
    assert_eq!(json["envelope_error"], Value::Null);
}

#[test]
fn oaep_that_does_not_say_its_mgf_opens_either_way() {
    let (sha1, sha256) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256);
    let parties = Parties::new();
    let opened = |mgf_digest, written: Vec<u8>| {
        let transport = KeyTransport::RsaOaep {
            digest: sha256,
            mgf_digest,
        };
        let csr = parties.csr.as_der();
        let mut envelope = Envelope::seal(csr, &parties.ca, ContentCipher::Aes128Cbc, transport);
        envelope.key_encryption = written;
        let message = changed(|forge| forge.set_content(Some(envelope.to_der())));
        let (text, json, _) = shown_with(&ca_tools(), &message, &Beside::default());
        assert_eq!(
            text.contains(", opened\n"),
            json["envelope"]["opened"] == true
        );
        json["envelope"]["opened"].clone()
    };
    let absent = || oaep_id(Some(sha256), None, None);
    assert_eq!(opened(sha1, absent()), true);
    // As smallstep writes it.
    assert_eq!(opened(sha256, absent()), true);
    assert_eq!(opened(DigestAlgorithm::Sha512, absent()), false);
    // What is written is meant.
    let written = oaep_id(Some(sha256), Some(sha1), None);
    assert_eq!(opened(sha256, written), false);
}
