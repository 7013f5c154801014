//! What signed attributes and their signer must be, under every policy: each message here is a good one with one thing
//! changed, and signed again.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{
    Attribute, NULL, Order, digest_id, dotted, inside, issuer_and_serial, octets, oid_der,
    printable, sequence, small_integer, tlv, with_public_key,
};
use common::verdict::{
    BAD_CHECK, changed, envelope, good, offset_of, open, parse_error, policies, verify,
    verify_error,
};
use common::{Parties, rng};
use scep::crypto::{DigestAlgorithm, Policy};
use scep::{
    Certificate, Encoding, FailInfo, Item, Limits, MessageType, ParseErrorKind, PkiMessage,
    RecipientId, SignedForm, SignerId, SignerMatch, SignerTrust, VerifyError, oid,
};

use DigestAlgorithm::Sha512;

#[test]
fn the_content_type_is_data_and_says_so() {
    let parties = Parties::new();
    let policy = Policy::compatible();
    let wrong = (VerifyError::ContentType, BAD_CHECK);
    let enveloped = oid_der(oid::ENVELOPED_DATA);
    for message in [
        // The attribute is absent, or another type, or no type at all.
        changed(&parties, |forge| drop(forge.remove(oid::CONTENT_TYPE))),
        changed(&parties, |forge| {
            forge.set(oid::CONTENT_TYPE, enveloped.clone())
        }),
        changed(&parties, |forge| {
            forge.set(oid::CONTENT_TYPE, octets(oid::DATA.as_bytes()))
        }),
        // The type is another, in its place only, or there and in the attribute.
        changed(&parties, |forge| forge.content_type = oid::ENVELOPED_DATA),
        changed(&parties, |forge| {
            forge.content_type = oid::ENVELOPED_DATA;
            forge.set(oid::CONTENT_TYPE, enveloped.clone());
        }),
    ] {
        assert_eq!(verify_error(&parties, &policy, &message), wrong);
    }
}

#[test]
fn the_message_digest_is_that_of_the_content() {
    let parties = Parties::new();
    let policy = Policy::compatible();
    let wrong = (VerifyError::MessageDigest, BAD_CHECK);
    let other = envelope(&parties).to_der();
    let digest = good(&parties).remove(oid::MESSAGE_DIGEST).values.remove(0);
    for message in [
        changed(&parties, |forge| drop(forge.remove(oid::MESSAGE_DIGEST))),
        changed(&parties, |forge| forge.content = Some(other)),
        changed(&parties, |forge| forge.content = None),
        // Another type of string, one byte less, none.
        changed(&parties, |forge| {
            forge.set(oid::MESSAGE_DIGEST, tlv(0x13, &digest[2..]))
        }),
        changed(&parties, |forge| {
            forge.set(oid::MESSAGE_DIGEST, octets(&digest[2..33]))
        }),
        changed(&parties, |forge| {
            forge.set(oid::MESSAGE_DIGEST, octets(&[]))
        }),
    ] {
        assert_eq!(verify_error(&parties, &policy, &message), wrong);
    }
}

#[test]
fn there_is_one_signer_with_signed_attributes() {
    let parties = Parties::new();
    let forge = good(&parties);
    let signature = forge.signature(&parties.client_key, Order::Der);
    let info = forge.signer_info(Order::Der, &signature);
    let none = forge.assemble(&[]);
    let set_at = none.len();
    assert_eq!(
        parse_error(&none),
        (ParseErrorKind::Missing, Item::SignerInfo, set_at)
    );
    let two = forge.assemble(&[info.clone(), info.clone()]);
    let set_at = two.len() - 2 * info.len();
    assert_eq!(
        parse_error(&two),
        (ParseErrorKind::Duplicate, Item::SignerInfo, set_at)
    );
    let bare = changed(&parties, |forge| forge.attributes = None);
    let (kind, item, _) = parse_error(&bare);
    let missing = (ParseErrorKind::Missing, Item::SignedAttributes);
    assert_eq!((kind, item), missing);
}

#[test]
fn attributes_that_nobody_signed_do_not_count() {
    let parties = Parties::new();
    for (oid, item) in [
        (oid::MESSAGE_TYPE, Item::MessageType),
        (oid::TRANSACTION_ID, Item::TransactionId),
    ] {
        let message = changed(&parties, |forge| {
            let attribute = forge.remove(oid);
            forge.unsigned_attributes.push(attribute);
        });
        let (kind, found, _) = parse_error(&message);
        assert_eq!((kind, found), (ParseErrorKind::Missing, item));
    }
    for (oid, error) in [
        (
            oid::SENDER_NONCE,
            (VerifyError::MissingSenderNonce, FailInfo::BadRequest),
        ),
        (oid::MESSAGE_DIGEST, (VerifyError::MessageDigest, BAD_CHECK)),
        (oid::CONTENT_TYPE, (VerifyError::ContentType, BAD_CHECK)),
    ] {
        let message = changed(&parties, |forge| {
            let attribute = forge.remove(oid);
            forge.unsigned_attributes.push(attribute);
        });
        assert_eq!(verify_error(&parties, &Policy::default(), &message), error);
    }
    // Beside the signed ones they are passed over.
    let message = changed(&parties, |forge| {
        forge.unsigned_attributes.push(Attribute {
            oid: oid::MESSAGE_TYPE,
            values: vec![printable("22")],
        });
    });
    let opened = open(&parties, &Policy::default(), &message).unwrap();
    assert_eq!(opened.message_type(), MessageType::PkcsReq);
}

#[test]
fn each_attribute_stands_once_and_has_one_value() {
    let parties = Parties::new();
    for (oid, item) in [
        (oid::MESSAGE_TYPE, Item::MessageType),
        (oid::TRANSACTION_ID, Item::TransactionId),
        (oid::SENDER_NONCE, Item::SenderNonce),
        (oid::CONTENT_TYPE, Item::ContentTypeAttribute),
        (oid::MESSAGE_DIGEST, Item::MessageDigest),
    ] {
        let mut twice = good(&parties);
        let attribute = twice.remove(oid);
        let again = attribute.to_der();
        twice.attributes().push(attribute.clone());
        twice.attributes().push(attribute.clone());
        let message = twice.sign(&parties.client_key);
        // Equal, so they are neighbours: it is the second that is too much.
        let both = [again.clone(), again.clone()].concat();
        let offset = offset_of(&message, &both) + again.len();
        assert_eq!(
            parse_error(&message),
            (ParseErrorKind::Duplicate, item, offset)
        );

        for (values, kind) in [
            (Vec::new(), ParseErrorKind::Missing),
            (
                [&attribute.values[..], &[printable("x")]].concat(),
                ParseErrorKind::Duplicate,
            ),
        ] {
            let attribute = Attribute { oid, values };
            let der = attribute.to_der();
            let mut forge = good(&parties);
            forge.remove(oid);
            forge.attributes().push(attribute);
            let message = forge.sign(&parties.client_key);
            assert_eq!(
                parse_error(&message),
                (kind, item, offset_of(&message, &der))
            );
        }
    }
}

#[test]
fn the_message_type_is_exact() {
    let parties = Parties::new();
    for value in [
        printable("019"),
        printable(" 19"),
        printable("19 "),
        printable("+19"),
        printable(""),
        printable("x"),
        printable("1900"),
        small_integer(19),
        octets(b"19"),
        tlv(0x1e, &[0, b'1', 0, b'9']),
    ] {
        let attribute = Attribute {
            oid: oid::MESSAGE_TYPE,
            values: vec![value.clone()],
        };
        let message = changed(&parties, |forge| {
            forge.set(oid::MESSAGE_TYPE, value.clone())
        });
        let der = attribute.to_der();
        let offset = offset_of(&message, &der) + der.len() - value.len();
        let wrong = (ParseErrorKind::InvalidValue, Item::MessageType, offset);
        assert_eq!(parse_error(&message), wrong);
    }
    let message = changed(&parties, |forge| drop(forge.remove(oid::MESSAGE_TYPE)));
    let (kind, item, _) = parse_error(&message);
    assert_eq!((kind, item), (ParseErrorKind::Missing, Item::MessageType));

    for (text, error) in [
        ("3", VerifyError::NotARequest),
        (
            "18",
            VerifyError::UnsupportedMessageType(MessageType::Other(18)),
        ),
        (
            "0",
            VerifyError::UnsupportedMessageType(MessageType::Other(0)),
        ),
        (
            "999",
            VerifyError::UnsupportedMessageType(MessageType::Other(999)),
        ),
        ("17", VerifyError::SelfIssuedRenewal),
    ] {
        let message = changed(&parties, |forge| {
            forge.set(oid::MESSAGE_TYPE, printable(text));
            if text == "3" {
                forge.set(oid::PKI_STATUS, printable("0"));
            }
        });
        let found = verify_error(&parties, &Policy::compatible(), &message);
        assert_eq!(found, (error, FailInfo::BadRequest), "{text}");
    }
}

#[test]
fn nonces_have_1_to_64_bytes() {
    let parties = Parties::new();
    for len in [1, 8, 16, 64] {
        let nonce: Vec<u8> = (0..len).collect();
        let message = changed(&parties, |forge| {
            forge.set(oid::SENDER_NONCE, octets(&nonce))
        });
        let opened = open(&parties, &Policy::default(), &message).unwrap();
        assert_eq!(opened.sender_nonce().unwrap().as_bytes(), nonce);
        // The reply has all of it.
        let ca = parties.ca_signer();
        let reply = opened.reply(&parties.provider, &ca).pending(&mut rng());
        let reply = reply.unwrap().sign(&parties.ca_key, &mut rng()).unwrap();
        let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
        let echoed = reply.unverified_attributes().recipient_nonce();
        assert_eq!(echoed.unwrap().as_bytes(), nonce);
    }
    for value in [octets(&[]), octets(&[7; 65]), printable("0123456789abcdef")] {
        for (oid, item) in [
            (oid::SENDER_NONCE, Item::SenderNonce),
            (oid::RECIPIENT_NONCE, Item::RecipientNonce),
        ] {
            let message = changed(&parties, |forge| forge.set(oid, value.clone()));
            let attribute = Attribute {
                oid,
                values: vec![value.clone()],
            };
            let der = attribute.to_der();
            let offset = offset_of(&message, &der) + der.len() - value.len();
            let wrong = (ParseErrorKind::InvalidValue, item, offset);
            assert_eq!(parse_error(&message), wrong);
        }
    }
}

#[test]
fn a_request_without_sender_nonce_is_read_under_compatible_only() {
    let parties = Parties::new();
    let message = changed(&parties, |forge| drop(forge.remove(oid::SENDER_NONCE)));
    for (name, policy, ..) in policies() {
        if matches!(name, "compatible" | "legacy") {
            let opened = open(&parties, &policy, &message).unwrap();
            assert_eq!(opened.sender_nonce(), None);
            continue;
        }
        let error = verify_error(&parties, &policy, &message);
        let refused = (VerifyError::MissingSenderNonce, FailInfo::BadRequest);
        assert_eq!(error, refused, "{name}");
    }
}

#[test]
fn the_transaction_id_is_any_string_that_is_not_empty() {
    let parties = Parties::new();
    let long = [b'x'; 300];
    for (tag, text) in [
        (0x13, &b"printable"[..]),
        (0x0c, "密码".as_bytes()),
        (0x16, b"ia5@example"),
        (0x0c, &[0xff, 0xfe]),
        (0x13, &long),
    ] {
        let message = changed(&parties, |forge| {
            forge.set(oid::TRANSACTION_ID, tlv(tag, text))
        });
        let opened = open(&parties, &Policy::default(), &message).unwrap();
        assert_eq!(opened.transaction_id().as_bytes(), text);
    }
    for value in [
        printable(""),
        tlv(0x0c, b""),
        octets(b"octets"),
        tlv(0x1e, &[0, b'x']),
        small_integer(1),
    ] {
        let message = changed(&parties, |forge| {
            forge.set(oid::TRANSACTION_ID, value.clone())
        });
        let (kind, item, _) = parse_error(&message);
        let wrong = (ParseErrorKind::InvalidValue, Item::TransactionId);
        assert_eq!((kind, item), wrong);
    }
    let message = changed(&parties, |forge| drop(forge.remove(oid::TRANSACTION_ID)));
    let (kind, item, _) = parse_error(&message);
    assert_eq!((kind, item), (ParseErrorKind::Missing, Item::TransactionId));
}

#[test]
fn unknown_attributes_are_kept() {
    let parties = Parties::new();
    let oid = dotted("2.25.1");
    let values = vec![octets(&[1]), octets(&[2])];
    let message = changed(&parties, |forge| {
        let values = values.clone();
        forge.attributes().push(Attribute { oid, values });
    });
    let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
    let found: Vec<_> = message.unverified_attributes().unknown().collect();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].oid(), found[0].values()),
        (oid, &values.concat()[..])
    );
}

// Signers.

#[test]
fn an_identifier_of_two_keys_is_ambiguous() {
    let parties = Parties::new();
    let other = with_public_key(&parties.client, parties.ca.public_key_der());
    let ambiguous = (VerifyError::AmbiguousSigner, BAD_CHECK);
    for position in [0, 1] {
        let message = changed(&parties, |forge| {
            forge.certificates.insert(position, other.as_der().to_vec());
        });
        let error = verify_error(&parties, &Policy::compatible(), &message);
        assert_eq!(error, ambiguous);
    }
    // One of the two may be the caller's.
    let message = changed(&parties, |_| {});
    let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued().certificate(&other);
    let verdict = message.verify(&parties.provider, &parties.policy, &trust);
    assert_eq!(verdict.unwrap_err(), VerifyError::AmbiguousSigner);
    // The same certificate twice is not.
    let message = changed(&parties, |forge| {
        let again = forge.certificates[0].clone();
        forge.certificates.push(again);
    });
    assert!(verify(&parties, &Policy::default(), &message).is_ok());
}

#[test]
fn the_signer_is_found_by_its_identifier() {
    let parties = Parties::new();
    let missing = (VerifyError::SignerCertificateMissing, BAD_CHECK);
    let policy = Policy::default();
    let none = changed(&parties, |forge| forge.certificates.clear());
    assert_eq!(verify_error(&parties, &policy, &none), missing);
    let another = changed(&parties, |forge| {
        forge.certificates = vec![parties.ca.as_der().to_vec()];
    });
    assert_eq!(verify_error(&parties, &policy, &another), missing);
    // The caller has it.
    let message = PkiMessage::parse(none, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().certificate(&parties.client);
    assert!(message.verify(&parties.provider, &policy, &trust).is_ok());

    // By key identifier, among others, and what is no certificate is passed over.
    let ski = parties.client.subject_key_identifier().unwrap();
    let message = changed(&parties, |forge| {
        forge.version = 3;
        forge.sid = tlv(0x80, ski);
        forge.certificates.insert(0, parties.ca.as_der().to_vec());
        forge.certificates.insert(0, sequence(&[&NULL]));
    });
    let verdict = verify(&parties, &policy, &message);
    assert_eq!(verdict, Ok(SignerMatch::SelfIssued));
    let message = changed(&parties, |forge| forge.sid = tlv(0x80, &[7; 20]));
    assert_eq!(verify_error(&parties, &policy, &message), missing);
}

#[test]
fn another_key_does_not_sign_for_the_signer() {
    let parties = Parties::new();
    let message = good(&parties).sign(&parties.ca_key);
    let error = verify_error(&parties, &Policy::compatible(), &message);
    assert_eq!(error, (VerifyError::Signature, BAD_CHECK));
    // A signature over the content alone is another form of SignerInfo.
    let forge = good(&parties);
    let mut bare = forge.clone();
    bare.attributes = None;
    let signature = bare.signature(&parties.client_key, Order::Der);
    let info = forge.signer_info(Order::Der, &signature);
    let error = verify_error(&parties, &Policy::compatible(), &forge.assemble(&[info]));
    assert_eq!(error, (VerifyError::Signature, BAD_CHECK));
    for signature in [&[][..], &[0; 255], &[0; 256], &[0xff; 256], &[1; 257]] {
        let info = forge.signer_info(Order::Der, signature);
        let error = verify_error(&parties, &Policy::compatible(), &forge.assemble(&[info]));
        assert_eq!(error, (VerifyError::Signature, BAD_CHECK));
    }
}

#[test]
fn announced_digests_do_not_count() {
    let parties = Parties::new();
    for announced in [Vec::new(), vec![digest_id(Sha512)], vec![vec![0x30, 0]]] {
        let message = changed(&parties, |forge| forge.digest_algorithms = announced);
        assert!(verify(&parties, &Policy::strict(), &message).is_ok());
    }
}

#[test]
fn a_set_of_two_different_signers_is_not_a_message() {
    // Two SignerInfos of two keys, each right by itself.
    let parties = Parties::new();
    let forge = good(&parties);
    let mut second = forge.clone();
    second.sid = issuer_and_serial(&parties.ca);
    let order = Order::Der;
    let infos = [
        forge.signer_info(order, &forge.signature(&parties.client_key, order)),
        second.signer_info(order, &second.signature(&parties.ca_key, order)),
    ];
    let mut both = forge.clone();
    both.certificates.push(parties.ca.as_der().to_vec());
    let message = both.assemble(&infos);
    let offset = message.len() - infos.concat().len();
    let duplicate = (ParseErrorKind::Duplicate, Item::SignerInfo, offset);
    assert_eq!(parse_error(&message), duplicate);
}

#[test]
fn attributes_in_any_order_verify_as_sent_or_in_der() {
    let parties = Parties::new();
    let mut forge = good(&parties);
    forge.attributes().sort_by_key(Attribute::to_der);
    forge.attributes().reverse();
    let form = |sent, signed| {
        let message = forge.sign_in(&parties.client_key, sent, signed);
        let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
        let trust = SignerTrust::new().self_issued();
        let verified = message.verify(&parties.provider, &parties.policy, &trust);
        verified.map(|verified| verified.signed_form())
    };
    assert_eq!(form(Order::Der, Order::Der), Ok(SignedForm::AsReceived));
    assert_eq!(
        form(Order::Listed, Order::Listed),
        Ok(SignedForm::AsReceived)
    );
    assert_eq!(form(Order::Listed, Order::Der), Ok(SignedForm::Der));
    assert_eq!(form(Order::Der, Order::Listed), Err(VerifyError::Signature));
}

/// The identifier of a certificate by issuer and serial number.
fn by_name<'c>(certificate: &'c Certificate<'_>) -> SignerId<'c> {
    SignerId::IssuerAndSerialNumber {
        issuer: certificate.issuer_der(),
        serial: certificate.serial(),
    }
}

#[test]
fn what_a_message_says_is_there_before_it_is_verified() {
    let parties = Parties::new();
    // The signature is wrong, and nobody has looked.
    let mut forge = good(&parties);
    forge.certificates.push(parties.ca.as_der().to_vec());
    let bytes = forge.assemble(&[forge.signer_info(Order::Der, &[7; 256])]);
    let message = PkiMessage::parse(&bytes[..], &Limits::REQUEST).unwrap();
    assert_eq!(message.as_bytes(), bytes);
    assert_eq!(message.encoding(), Encoding::Der);
    let signer = by_name(&parties.client);
    assert_eq!(message.unverified_signer_id(), Some(signer));
    let recipient = RecipientId::KeyTransport(by_name(&parties.ca));
    assert_eq!(message.unverified_recipients(), Ok(vec![recipient]));
    let certificates: Vec<_> = message.unverified_certificates().collect();
    assert_eq!(certificates, [parties.client.clone(), parties.ca.clone()]);
    let attributes = message.unverified_attributes();
    assert_eq!(message.unverified_message_type(), MessageType::PkcsReq);
    assert_eq!(
        message.unverified_transaction_id(),
        attributes.transaction_id()
    );
    let nonce = message.unverified_sender_nonce();
    assert_eq!(nonce, attributes.sender_nonce());
    assert!(nonce.is_some());
    let shown = format!("{message:?}");
    assert!(shown.starts_with(&format!("PkiMessage {{ len: {}, ", bytes.len())));
    // By key identifier.
    let ski = parties.client.subject_key_identifier().unwrap();
    forge.sid = tlv(0x80, ski);
    let bytes = forge.sign(&parties.client_key);
    let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
    let signer = SignerId::SubjectKeyIdentifier(ski);
    assert_eq!(message.unverified_signer_id(), Some(signer));
}

#[test]
fn ber_in_either_layer_of_a_message_is_noticed() {
    // Every length of more than 127 may be in a longer form: that of the whole, or one in the SignerInfo.
    let parties = Parties::new();
    let (bytes, _) = parties.pkcs_req();
    let encoding = |bytes: &[u8]| {
        PkiMessage::parse(bytes, &Limits::REQUEST)
            .unwrap()
            .encoding()
    };
    assert_eq!(encoding(&bytes), Encoding::Der);
    let whole = [&[0x30, 0x83, 0][..], &bytes[2..]].concat();
    assert_eq!(encoding(&whole), Encoding::Ber);
    let forge = good(&parties);
    let signature = [&[0x04, 0x83, 0, 1, 0][..], &[7; 256]].concat();
    let info = forge.signer_info(Order::Der, &[7; 256]);
    let mut info = inside(&info)
        .iter()
        .map(|field| field.raw)
        .collect::<Vec<_>>();
    *info.last_mut().unwrap() = &signature;
    assert_eq!(encoding(&forge.assemble(&[sequence(&info)])), Encoding::Ber);
}
