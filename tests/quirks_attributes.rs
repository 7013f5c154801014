//! Signed attributes as peers write them.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{Attribute, Forge, NULL, algorithm, dotted, octets, printable, sequence, tlv};
use common::verdict::{BAD_CHECK, bad_alg, changed, open, replied, verify, verify_error};
use common::{Parties, rng};
use scep::crypto::Policy;
use scep::{CertRep, Limits, PkiMessage, Refused, RequestBuilder, TransactionId, VerifyError, oid};

/// The string types that stand for PrintableString in peers' messages.
const STRINGS: [u8; 3] = [PRINTABLE_STRING, UTF8_STRING, IA5_STRING];
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;

#[test]
fn every_peers_transaction_id_comes_back_as_it_was() {
    let parties = Parties::new();
    let ca = parties.ca_signer();
    for id in [
        // sscep and Cisco IOS, Windows, one with dashes, micromdm, a UUID, jscep's and sscep's queries, base64url.
        "3B9EAF2A9B3C4D5E6F708192A3B4C5D6",
        "3b9eaf2a9b3c4d5e6f708192a3b4c5d63b9eaf2a",
        "7XXEY-ERLPU-2JDR9",
        "/WowJqpkzJhsHSwpzSqRqGHL+zs=",
        "e2f0a7a4-6d55-4c3b-9c57-1b0f6c2d8e11",
        "0",
        "SSCEP transactionId",
        "_WowJqpkzJhsHSwpzSqRqGHL-zs",
    ] {
        for string in STRINGS {
            let value = tlv(string, id.as_bytes());
            let message = changed(&parties, |forge| {
                forge.set(oid::TRANSACTION_ID, value.clone());
            });
            let request = open(&parties, &Policy::strict(), &message).unwrap();
            assert_eq!(request.transaction_id().as_bytes(), id.as_bytes());
            let reply = request.reply(&parties.provider, &ca);
            let reply = reply.pending(&mut rng()).unwrap();
            let reply = reply.sign(&parties.ca_key, &mut rng()).unwrap();
            let echoed = Forge::of(&reply).remove(oid::TRANSACTION_ID);
            assert_eq!(echoed.values, [value]);
        }
    }
}

#[test]
fn a_fresh_transaction_id_is_what_everybody_reads() {
    // EJBCA and jscep read PrintableString only, OpenXPKI and cryptlib hexadecimal digits only.
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let sent = Forge::of(&request).remove(oid::TRANSACTION_ID).values;
    let id = pending.transaction_id().as_bytes();
    assert_eq!(sent, [tlv(PRINTABLE_STRING, id)]);
    assert_eq!(id.len(), 32);
    let is_upper_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
    assert!(id.iter().all(is_upper_hex));
}

#[test]
fn a_reply_may_write_the_transaction_id_in_another_string_type() {
    let parties = Parties::new();
    let (client, roles) = (parties.client_signer(), parties.roles());
    let id = "SSCEP transactionId";
    let (request, pending) = parties.send(
        RequestBuilder::pkcs_req(&parties.csr, &client, &roles)
            .transaction_id(TransactionId::new(id).unwrap()),
    );
    let ca = parties.ca_signer();
    let request = parties.receive(&request);
    let reply = request.reply(&parties.provider, &ca).pending(&mut rng());
    let reply = reply.unwrap().sign(&parties.ca_key, &mut rng()).unwrap();
    let accept = |string: u8, id: &str| {
        let mut forge = Forge::of(&reply);
        forge.set(oid::TRANSACTION_ID, tlv(string, id.as_bytes()));
        let reply = PkiMessage::parse(forge.sign(&parties.ca_key), &Limits::REPLY).unwrap();
        let verdict = pending.accept(&reply, &roles, &parties.provider, &parties.policy);
        verdict.map(|reply| matches!(reply, CertRep::Pending))
    };
    for string in STRINGS {
        assert_eq!(accept(string, id), Ok(true));
        // Neither a part of it nor another case is it.
        for other in ["S", "SSCEP transactionI", "sscep transactionid"] {
            let wrong = scep::TransactionError::TransactionId;
            assert_eq!(accept(string, other), Err(wrong));
        }
    }
}

#[test]
fn numbers_may_stand_in_other_strings() {
    let parties = Parties::new();
    for string in STRINGS {
        let message = changed(&parties, |forge| {
            forge.set(oid::MESSAGE_TYPE, tlv(string, b"19"));
        });
        assert!(verify(&parties, &Policy::strict(), &message).is_ok());
        for (status, outcome) in [(b"0", "success"), (b"2", "failure"), (b"3", "pending")] {
            let verdict = replied(&parties, &Policy::strict(), |forge| {
                forge.set(oid::PKI_STATUS, tlv(string, status));
            });
            assert_eq!(verdict, Ok(outcome));
        }
    }
}

#[test]
fn a_signing_time_is_no_condition() {
    let parties = Parties::new();
    for (value, characters) in [
        // None; that of a phone whose clock is ahead of its certificate; with an offset, which DER forbids; no time.
        (None, None),
        (
            Some(tlv(0x17, b"491231235959Z")),
            Some(&b"491231235959Z"[..]),
        ),
        (
            Some(tlv(0x17, b"160531073014-0400")),
            Some(b"160531073014-0400"),
        ),
        (Some(printable("noon")), Some(b"noon")),
    ] {
        let message = changed(&parties, |forge| {
            if let Some(value) = value {
                forge.set(oid::SIGNING_TIME, value);
            }
        });
        assert!(verify(&parties, &Policy::strict(), &message).is_ok());
        let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
        assert_eq!(message.unverified_attributes().signing_time(), characters);
    }
}

#[test]
fn attributes_of_other_protocols_are_passed_over_and_kept() {
    let parties = Parties::new();
    let protection = sequence(&[
        &algorithm(oid::SHA256, &NULL),
        &tlv(0xa1, &algorithm(oid::RSA_ENCRYPTION, &NULL)[2..]),
    ]);
    let others = [
        // cmsAlgorithmProtection of BouncyCastle, randomNonce of cryptlib, SCEP_SERVER_STATE of Windows.
        ("1.2.840.113549.1.9.52", protection),
        ("1.2.840.113549.1.9.25.3", octets(&[7; 16])),
        ("1.3.6.1.4.1.311.21.34", octets(b"state")),
    ];
    let message = changed(&parties, |forge| {
        for (oid, value) in &others {
            let (oid, values) = (dotted(oid), vec![value.clone()]);
            forge.attributes().push(Attribute { oid, values });
        }
    });
    assert!(open(&parties, &Policy::strict(), &message).is_ok());
    let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
    let mut kept: Vec<_> = message.unverified_attributes().unknown().collect();
    kept.sort_by_key(|attribute| attribute.values().len());
    let mut expected: Vec<_> = others
        .iter()
        .map(|(oid, value)| (dotted(oid), &value[..]))
        .collect();
    expected.sort_by_key(|(_, value)| value.len());
    let kept: Vec<_> = kept.iter().map(|a| (a.oid(), a.values())).collect();
    assert_eq!(kept, expected);
}

#[test]
fn a_digest_is_named_when_it_is_refused() {
    // MD5 of Cisco IOS, and SHA-224, which nobody needs.
    let parties = Parties::new();
    for (digest, policy) in [
        (oid::MD5, Policy::compatible()),
        (dotted("2.16.840.1.101.3.4.2.4"), common::widest_policy()),
    ] {
        let message = changed(&parties, |forge| {
            forge.digest_algorithm = algorithm(digest, &NULL);
        });
        let error = verify_error(&parties, &policy, &message);
        assert_eq!(error, bad_alg(Refused::MessageDigest(digest)));
    }
}

#[test]
fn a_content_type_of_enveloped_data_is_refused() {
    // Dogtag's replies: the attribute names the type that is inside eContent, and eContentType is data.
    let parties = Parties::new();
    let enveloped = common::forge::oid_der(oid::ENVELOPED_DATA);
    let verdict = replied(&parties, &common::widest_policy(), |forge| {
        forge.set(oid::CONTENT_TYPE, enveloped);
    });
    let refused = VerifyError::ContentType;
    assert_eq!(verdict, Err(refused.into()));
    assert_eq!(refused.fail_info(), BAD_CHECK);
}
