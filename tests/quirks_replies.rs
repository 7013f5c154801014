//! Replies as servers write them, through the request that they answer.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{
    Attribute, Envelope, Forge, NULL, algorithm, digest_id, dotted, inside, oaep_id, octets,
    printable, set_of, tlv,
};
use common::verdict::replied;
use common::{Parties, certificate, rng, vector};
use scep::crypto::{ContentCipher, DigestAlgorithm, KeyTransport, Policy, SignatureAlgorithm};
use scep::microsoft::Hresult;
use scep::{
    CertRep, CertsOnly, FailInfo, Failure, Granted, IssuerAndSerialNumber, Limits, OpenError,
    PendingRequest, PkiMessage, Refused, RequestBuilder, TransactionError, TransactionId, oid,
};

use ContentCipher::Aes128Cbc;
use DigestAlgorithm::Sha1;

const UTF8_STRING: u8 = 0x0c;

/// A request with this transactionID, and the CA's FAILURE to it, taken apart.
fn failed(parties: &Parties, id: &str) -> (PendingRequest, Forge) {
    let (client, roles) = (parties.client_signer(), parties.roles());
    let (request, pending) = parties.send(
        RequestBuilder::pkcs_req(&parties.csr, &client, &roles)
            .transaction_id(TransactionId::new(id).unwrap()),
    );
    let ca = parties.ca_signer();
    let reply = parties
        .receive(&request)
        .reply(&parties.provider, &ca)
        .failure(FailInfo::BadRequest, None, &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    (pending, Forge::of(&reply))
}

fn failure(parties: &Parties, pending: &PendingRequest, reply: &Forge) -> Failure {
    let reply = PkiMessage::parse(reply.sign(&parties.ca_key), &Limits::REPLY).unwrap();
    let roles = parties.roles();
    match pending.accept(&reply, &roles, &parties.provider, &Policy::default()) {
        Ok(CertRep::Failure(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

/// Makes a reply what NDES makes it: SHA-1 with rsaEncryption, no certificates.
fn as_ndes(reply: &mut Forge) {
    reply.set_signature(SignatureAlgorithm::RsaPkcs1v15(Sha1));
    reply.certificates.clear();
}

// Microsoft's server.

#[test]
fn a_failure_of_ndes_is_read_with_its_hresult() {
    // The content is one byte of zero, failInfo says next to nothing, and a decimal HRESULT says it all.
    let parties = Parties::new();
    let (pending, mut reply) = failed(&parties, "3b9eaf2a9b3c4d5e6f708192a3b4c5d6");
    as_ndes(&mut reply);
    reply.set_content(Some(vec![0]));
    reply.set(oid::MS_SCEP_ERROR, printable("-2147024809"));
    let failure = self::failure(&parties, &pending, &reply);
    assert_eq!(failure.info(), Some(FailInfo::BadRequest));
    assert_eq!(failure.text(), None);
    assert_eq!(failure.microsoft_error(), Some(Hresult::new(0x8007_0057)));
    let shown = failure.to_string();
    assert!(
        shown.ends_with("; HRESULT 0x80070057 (E_INVALIDARG)"),
        "{shown}"
    );
    // Other forms are kept from being taken for a code.
    for text in ["0x80070057", "2147942487", "", "x"] {
        reply.set(oid::MS_SCEP_ERROR, printable(text));
        let failure = self::failure(&parties, &pending, &reply);
        assert_eq!(failure.microsoft_error(), None, "{text}");
    }
}

#[test]
fn a_success_of_ndes_is_granted() {
    // No certificates beside the envelope, RSAES-OAEP with empty parameters, a transactionID in base64, and a message
    // of the server's own.
    let parties = Parties::new();
    let (pending, mut reply) = failed(&parties, "/WowJqpkzJhsHSwpzSqRqGHL+zs=");
    let set = CertsOnly::encode(std::slice::from_ref(&parties.issued), &[]);
    let transport = KeyTransport::RsaOaep {
        digest: Sha1,
        mgf_digest: Sha1,
    };
    let mut envelope = Envelope::seal(&set, &parties.client, Aes128Cbc, transport);
    envelope.key_encryption = oaep_id(None, None, None);
    as_ndes(&mut reply);
    reply.remove(oid::FAIL_INFO);
    reply.set(oid::PKI_STATUS, printable("0"));
    reply.set(oid::MS_SCEP_SERVER_MESSAGE, tlv(UTF8_STRING, b"Issued"));
    reply.set_content(Some(envelope.to_der()));
    let reply = PkiMessage::parse(reply.sign(&parties.ca_key), &Limits::REPLY).unwrap();
    let attributes = reply.unverified_attributes();
    assert_eq!(attributes.microsoft_message().as_deref(), Some("Issued"));
    assert_eq!(reply.unverified_certificates().count(), 0);
    let roles = parties.roles();
    let granted = pending.accept(&reply, &roles, &parties.provider, &Policy::default());
    let Ok(CertRep::Success(sealed)) = granted else {
        panic!("{granted:?}");
    };
    let recipient = parties.client_recipient();
    let granted: Granted = sealed
        .open(&parties.provider, &recipient, &mut rng())
        .unwrap();
    assert_eq!(granted.certificate(), Some(&parties.issued));
}

// Content.

#[test]
fn content_beside_failure_and_pending_means_nothing() {
    let parties = Parties::new();
    let zeros = vec![0; 32];
    for status in ["2", "3"] {
        for content in [
            None,
            Some(vec![]),
            Some(vec![0]),
            Some(vec![0x30]),
            Some(zeros.clone()),
        ] {
            let verdict = replied(&parties, &Policy::strict(), |forge| {
                forge.set(oid::PKI_STATUS, printable(status));
                forge.set_content(content.clone());
            });
            let expected = if status == "2" { "failure" } else { "pending" };
            assert_eq!(verdict, Ok(expected), "{content:?}");
        }
    }
}

// Attributes.

#[test]
fn the_short_identifier_of_a_text_is_an_unknown_attribute() {
    // step-ca before 2024 left out the last arc of failInfoText.
    let parties = Parties::new();
    let (pending, mut reply) = failed(&parties, "1");
    let short = dotted("1.3.6.1.5.5.7.24");
    reply.attributes().push(Attribute {
        oid: short,
        values: vec![printable("bad challenge")],
    });
    let failure = self::failure(&parties, &pending, &reply);
    assert_eq!(failure.text(), None);
    let reply = PkiMessage::parse(reply.sign(&parties.ca_key), &Limits::REPLY).unwrap();
    let unknown: Vec<_> = reply.unverified_attributes().unknown().collect();
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown[0].oid(), short);
    assert_eq!(unknown[0].values(), printable("bad challenge"));
}

#[test]
fn a_sender_nonce_may_repeat_the_recipient_nonce() {
    // The Go libraries and libscep copy it; OpenXPKI gives it the length that the request's had.
    let parties = Parties::new();
    for len in [1, 8, 16] {
        let verdict = replied(&parties, &Policy::strict(), |forge| {
            let mut attributes = forge.attributes().iter();
            let echoed = attributes.find(|attribute| attribute.oid == oid::RECIPIENT_NONCE);
            let nonce = octets(&echoed.unwrap().values[0][2..][..len]);
            forge.set(oid::SENDER_NONCE, nonce);
        });
        assert_eq!(verdict, Ok("success"));
    }
}

#[test]
fn a_recipient_nonce_is_compared_whole() {
    let parties = Parties::new();
    let changes: [fn(&mut Vec<u8>); 4] = [
        |nonce| nonce.truncate(8),
        |nonce| nonce.truncate(15),
        |nonce| nonce.push(0),
        |nonce| nonce[15] ^= 1,
    ];
    for change in changes {
        let verdict = replied(&parties, &common::widest_policy(), |forge| {
            let echoed = forge.remove(oid::RECIPIENT_NONCE).values.remove(0);
            let mut nonce = echoed[2..].to_vec();
            change(&mut nonce);
            forge.set(oid::RECIPIENT_NONCE, octets(&nonce));
        });
        assert_eq!(verdict, Err(TransactionError::RecipientNonce));
    }
}

#[test]
fn a_status_of_eleven_is_unknown() {
    // Microsoft's attestation service, which asks for one more round so.
    let parties = Parties::new();
    let verdict = replied(&parties, &common::widest_policy(), |forge| {
        forge.set(oid::PKI_STATUS, printable("11"));
    });
    let status = scep::PkiStatus::Other(11);
    assert_eq!(verdict, Err(TransactionError::UnknownStatus(status)));
}

// Algorithms.

#[test]
fn a_reply_in_single_des_is_refused_by_name() {
    // The Go libraries write it whatever they were asked. Nothing is decrypted before it is refused.
    let parties = Parties::new();
    let set = CertsOnly::encode(std::slice::from_ref(&parties.issued), &[]);
    let transport = KeyTransport::RsaPkcs1v15;
    let mut envelope = Envelope::seal(&set, &parties.client, Aes128Cbc, transport);
    envelope.cipher = algorithm(oid::DES_CBC, &octets(&[7; 8]));
    let verdict = replied(&parties, &Policy::compatible(), |forge| {
        forge.set_content(Some(envelope.to_der()));
    });
    let refused = OpenError::Refused(Refused::ContentCipher(oid::DES_CBC));
    assert_eq!(verdict, Err(refused.into()));
}

// Certificates.

#[test]
fn the_issued_certificate_may_also_stand_in_clear() {
    // The Go libraries put it before the signer's own. The one that counts is in the envelope.
    let parties = Parties::new();
    let next = certificate(vector!("keys/ca-jscep-next.pem"));
    for position in [0, 1] {
        let verdict = replied(&parties, &Policy::strict(), |forge| {
            let issued = parties.issued.as_der().to_vec();
            forge.certificates.insert(position, issued);
            forge.certificates.push(next.as_der().to_vec());
        });
        assert_eq!(verdict, Ok("success"));
    }
}

#[test]
fn a_payload_may_hold_the_certificate_alone_or_among_others_in_any_order() {
    let parties = Parties::new();
    let next = certificate(vector!("keys/ca-jscep-next.pem"));
    let (issued, ca) = (&parties.issued, &parties.ca);
    let in_order = |set: &[&scep::Certificate<'_>]| {
        let ders: Vec<_> = set.iter().map(|certificate| certificate.as_der()).collect();
        let empty = CertsOnly::encode(&[], &[]);
        let fields = inside(inside(&empty)[1].contents);
        let signed = common::forge::sequence(&[
            fields[0].raw,
            fields[1].raw,
            fields[2].raw,
            &tlv(0xa0, &ders.concat()),
            &set_of::<Vec<u8>>(&[]),
        ]);
        let oid = common::forge::oid_der(oid::SIGNED_DATA);
        common::forge::sequence(&[&oid, &tlv(0xa0, &signed)])
    };
    for (set, expected) in [
        (&[issued][..], Ok("success")),
        (&[issued, ca], Ok("success")),
        (&[ca, issued], Ok("success")),
        (&[&next, ca, issued], Ok("success")),
        (&[issued, issued], Ok("success")),
        (&[ca], Err(TransactionError::NotFound)),
        (&[], Err(TransactionError::NotFound)),
    ] {
        let transport = KeyTransport::RsaPkcs1v15;
        let payload = in_order(set);
        let envelope = Envelope::seal(&payload, &parties.client, Aes128Cbc, transport);
        let verdict = replied(&parties, &Policy::strict(), |forge| {
            forge.set_content(Some(envelope.to_der()));
        });
        assert_eq!(verdict, expected, "{} certificates", set.len());
    }
}

#[test]
fn two_new_certificates_of_the_key_are_ambiguous() {
    let parties = Parties::new();
    let other = common::self_signed(&parties.client_key, "CN=another");
    let set = CertsOnly::encode(&[parties.issued.clone(), other], &[]);
    let transport = KeyTransport::RsaPkcs1v15;
    let envelope = Envelope::seal(&set, &parties.client, Aes128Cbc, transport);
    let verdict = replied(&parties, &common::widest_policy(), |forge| {
        forge.set_content(Some(envelope.to_der()));
    });
    assert_eq!(verdict, Err(TransactionError::Ambiguous(2)));
}

#[test]
fn a_crl_is_granted_and_its_absence_is_an_error() {
    let parties = Parties::new();
    let (client, roles) = (parties.client_signer(), parties.roles());
    let wanted = IssuerAndSerialNumber::of(&parties.issued);
    let (request, pending) = parties.send(RequestBuilder::get_crl(wanted, &client, &roles));
    let ca = parties.ca_signer();
    let reply = parties
        .receive(&request)
        .reply(&parties.provider, &ca)
        .success_crl(&parties.crl(), &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let open = |reply: Vec<u8>| {
        let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
        match pending.accept(&reply, &roles, &parties.provider, &parties.policy) {
            Ok(CertRep::Success(sealed)) => {
                let recipient = parties.client_recipient();
                sealed.open(&parties.provider, &recipient, &mut rng())
            }
            other => panic!("{other:?}"),
        }
    };
    let mut forge = Forge::of(&reply);
    let granted = open(reply).unwrap();
    assert_eq!(granted.crl(), Some(&parties.crl()));
    assert_eq!(granted.certificate(), None);
    let set = CertsOnly::encode(std::slice::from_ref(&parties.ca), &[]);
    let transport = KeyTransport::RsaPkcs1v15;
    let envelope = Envelope::seal(&set, &parties.client, Aes128Cbc, transport);
    forge.set_content(Some(envelope.to_der()));
    let error = open(forge.sign(&parties.ca_key)).unwrap_err();
    assert_eq!(error, TransactionError::NotFound);
}

#[test]
fn a_reply_in_any_spelling_of_its_signature_is_read() {
    // rsaEncryption of NDES and sscep, shaNWithRSA of the Go libraries with and without NULL, CryptoAPI's mixture.
    let parties = Parties::new();
    for id in [
        algorithm(oid::RSA_ENCRYPTION, &NULL),
        algorithm(oid::RSA_ENCRYPTION, &[]),
        algorithm(oid::SHA256_WITH_RSA, &NULL),
        algorithm(oid::SHA256_WITH_RSA, &[]),
    ] {
        for digest in [
            digest_id(DigestAlgorithm::Sha256),
            algorithm(oid::SHA256, &[]),
            algorithm(oid::SHA256_WITH_RSA, &NULL),
        ] {
            let verdict = replied(&parties, &Policy::strict(), |forge| {
                forge.signature_algorithm = id.clone();
                forge.digest_algorithms = vec![digest.clone()];
                forge.digest_algorithm = digest;
            });
            assert_eq!(verdict, Ok("success"));
        }
    }
}
