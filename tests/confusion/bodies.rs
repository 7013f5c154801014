//! Bodies without a signature, or with one over something else, taken for those of a CA.

use crate::common::forge::{
    Envelope, Forge, Order, explicit, oid_der, sequence, set_of, small_integer, tlv,
};
use crate::common::verdict::replied;
use crate::common::{Parties, certificate, key, rng, vector, widest_policy};
use scep::crypto::{ContentCipher, KeyTransport};
use scep::{
    CaCertificates, CertsOnly, DecryptError, Item, Limits, NextCaCertificates, OpenError,
    ParseErrorKind, PkiMessage, VerifyError, oid,
};

/// The CA's PENDING, taken apart.
fn pending(parties: &Parties) -> Forge {
    let request = parties.receive(&parties.pkcs_req().0);
    let ca = parties.ca_signer();
    let reply = request.reply(&parties.provider, &ca);
    let reply = reply.pending(&mut rng()).unwrap();
    Forge::of(&reply.sign(&parties.ca_key, &mut rng()).unwrap())
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
    let verify = |body: Vec<u8>| {
        let body = NextCaCertificates::parse(body, &Limits::REPLY).unwrap();
        let signers = [&parties.ca];
        let set = body.verify(&signers, &parties.provider, &widest_policy());
        set.map(|set| set.certificates().count())
    };
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
