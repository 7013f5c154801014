//! Bodies without a signature, or with one over something else, taken for those of a CA.

use crate::common::forge::{
    Attribute, Envelope, Forge, Order, explicit, oid_der, sequence, set_of, small_integer, tlv,
};
use crate::common::verdict::replied;
use crate::common::{Parties, certificate, key, rng, vector, widest_policy};
use scep::crypto::{ContentCipher, KeyTransport};
use scep::{
    CaCertificates, CertsOnly, DecryptError, Item, Limits, NextCaBuilder, NextCaCertificates,
    OpenError, ParseErrorKind, PkiMessage, VerifyError, oid,
};

/// The CA's PENDING, taken apart.
fn pending(parties: &Parties) -> Forge {
    let request = parties.receive(&parties.pkcs_req().0);
    let ca = parties.ca_signer();
    let reply = request.reply(&parties.provider, &ca);
    let reply = reply.pending(&mut rng()).unwrap();
    Forge::of(&reply.sign(&parties.ca_key, &mut rng()).unwrap())
}

/// The set of the next CA, signed as a server does, taken apart.
fn next_ca(parties: &Parties) -> Forge {
    let next = certificate(vector!("keys/ca-jscep-next.pem"));
    let ca = parties.ca_signer();
    let body = NextCaBuilder::new(std::slice::from_ref(&next), &ca)
        .build(&parties.provider, &parties.policy)
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    Forge::of(&body)
}

/// What a client that knows the CA makes of a rollover body: the number of certificates in it.
fn rolled_over(parties: &Parties, body: Vec<u8>) -> Result<usize, VerifyError> {
    let body = NextCaCertificates::parse(body, &Limits::REPLY).unwrap();
    let set = body.verify(&[&parties.ca], &parties.provider, &widest_policy());
    set.map(|set| set.certificates().count())
}

/// A certificates-only set beside signers.
fn signed_set(parties: &Parties, signer_infos: &[Vec<u8>]) -> Vec<u8> {
    let signed_data = sequence(&[
        &small_integer(1),
        &tlv(0x31, &[]),
        &sequence(&[&oid_der(oid::DATA)]),
        &explicit(0, parties.issued.as_der()),
        &set_of(signer_infos),
    ]);
    sequence(&[&oid_der(oid::SIGNED_DATA), &explicit(0, &signed_data)])
}

#[test]
fn a_set_of_certificates_has_no_signers() {
    // A PENDING with a certificate added would otherwise be one.
    let parties = Parties::new();
    let forge = pending(&parties);
    let info = forge.signer_info(Order::Der, &forge.signature(&parties.ca_key, Order::Der));
    assert!(CertsOnly::parse(signed_set(&parties, &[]), &Limits::REPLY).is_ok());
    let body = signed_set(&parties, &[info]);
    let expected = (ParseErrorKind::NotAllowed, Item::SignerInfos);
    let error = CertsOnly::parse(&body[..], &Limits::REPLY).unwrap_err();
    assert_eq!((error.kind(), error.item()), expected);
    let error = CaCertificates::parse(&body[..], None, &Limits::REPLY).unwrap_err();
    assert_eq!((error.kind(), error.item()), expected);
    // Inside the envelope of a reply it does not open.
    let (cipher, transport) = (ContentCipher::Aes128Cbc, KeyTransport::RsaPkcs1v15);
    let envelope = Envelope::seal(&body, &parties.client, cipher, transport);
    let verdict = replied(&parties, &widest_policy(), |forge| {
        forge.set_content(Some(envelope.to_der()));
    });
    assert_eq!(verdict, Err(OpenError::Decrypt(DecryptError).into()));
}

#[test]
fn a_next_ca_that_nothing_signs_is_none() {
    // The CA's PENDING, whose signature is right, with a certificate of the attacker's beside it.
    let parties = Parties::new();
    let mut forge = pending(&parties);
    let attackers = certificate(vector!("keys/cpend.selfsigned.pem"));
    forge.certificates.push(attackers.as_der().to_vec());
    let verify = |body| rolled_over(&parties, body);
    let body = forge.sign(&parties.ca_key);
    assert_eq!(verify(body.clone()), Err(VerifyError::NoSignedContent));
    assert!(PkiMessage::parse(body, &Limits::REPLY).is_ok());
    // With the attacker's set as content the signature is over another one.
    let set = CertsOnly::encode(std::slice::from_ref(&attackers), &[]);
    for oid in [
        oid::MESSAGE_TYPE,
        oid::PKI_STATUS,
        oid::TRANSACTION_ID,
        oid::SENDER_NONCE,
        oid::RECIPIENT_NONCE,
    ] {
        forge.remove(oid);
    }
    forge.content = Some(set.clone());
    let body = forge.sign(&parties.ca_key);
    assert_eq!(verify(body), Err(VerifyError::MessageDigest));
    forge.set_content(Some(set));
    let body = forge.sign(&key(vector!("keys/cpend.key")));
    assert_eq!(verify(body), Err(VerifyError::Signature));
    assert_eq!(verify(forge.sign(&parties.ca_key)), Ok(1));
}

#[test]
fn signed_attributes_are_no_content() {
    // Without signed attributes the signature is over the content. So a signature over attributes is one over a content of
    // the same bytes (RFC 5652 does not tell them apart), and those of a reply can be had from the CA.
    let parties = Parties::new();
    let mut forge = pending(&parties);
    let signature = forge.signature(&parties.ca_key, Order::Der);
    let attributes = tlv(0x31, &forge.attribute_contents(Order::Der));
    forge.attributes = None;
    forge.content = Some(attributes);
    let body = forge.assemble(&[forge.signer_info(Order::Der, &signature)]);
    let Err(VerifyError::Parse(error)) = rolled_over(&parties, body) else {
        panic!("taken for a set");
    };
    let no_sequence = ParseErrorKind::UnexpectedTag {
        expected: 0x30,
        found: 0x31,
    };
    assert_eq!(
        (error.kind(), error.item()),
        (no_sequence, Item::ContentInfo)
    );
    // A set that is signed like that is one.
    let mut forge = next_ca(&parties);
    forge.attributes = None;
    assert_eq!(rolled_over(&parties, forge.sign(&parties.ca_key)), Ok(1));
    let wrong = forge.sign(&key(vector!("keys/cpend.key")));
    assert_eq!(rolled_over(&parties, wrong), Err(VerifyError::Signature));
}

#[test]
fn a_next_ca_is_in_no_content_of_another_type() {
    let parties = Parties::new();
    for (content_type, expected) in [
        (oid::DATA, Ok(1)),
        (oid::SIGNED_DATA, Ok(1)),
        (oid::ENVELOPED_DATA, Err(VerifyError::ContentType)),
        (oid::ENCRYPTED_DATA, Err(VerifyError::ContentType)),
    ] {
        let mut forge = next_ca(&parties);
        forge.content_type = content_type;
        forge.set(oid::CONTENT_TYPE, oid_der(content_type));
        let body = forge.sign(&parties.ca_key);
        assert_eq!(rolled_over(&parties, body), expected, "{content_type}");
    }
}

#[test]
fn what_is_signed_of_a_next_ca_stands_once() {
    // Twice, it could be read in one place and held against the content in another.
    let parties = Parties::new();
    assert_eq!(
        rolled_over(&parties, next_ca(&parties).sign(&parties.ca_key)),
        Ok(1)
    );
    for (oid, error) in [
        (oid::CONTENT_TYPE, VerifyError::ContentType),
        (oid::MESSAGE_DIGEST, VerifyError::MessageDigest),
    ] {
        let mut twice = next_ca(&parties);
        let attribute = twice.remove(oid);
        twice
            .attributes()
            .extend([attribute.clone(), attribute.clone()]);
        assert_eq!(
            rolled_over(&parties, twice.sign(&parties.ca_key)),
            Err(error)
        );
        let mut two_values = next_ca(&parties);
        two_values.remove(oid);
        two_values.attributes().push(Attribute {
            oid,
            values: [&attribute.values[..], &attribute.values].concat(),
        });
        let body = two_values.sign(&parties.ca_key);
        assert_eq!(rolled_over(&parties, body), Err(error));
        let mut none = next_ca(&parties);
        none.remove(oid);
        assert_eq!(
            rolled_over(&parties, none.sign(&parties.ca_key)),
            Err(error)
        );
    }
}
