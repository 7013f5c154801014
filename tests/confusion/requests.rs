//! Requests that are not what they say, or not whose they say.

use crate::common::forge::{
    Attribute, Envelope, Forge, NULL, Order, algorithm, digest_id, elements, explicit, inside,
    octets, oid_der, printable, sequence, signature_id, tlv,
};
use crate::common::verdict::{
    BAD_CHECK, around, good, open, open_error, parse_error, verify_error,
};
use crate::common::x509::MadeCsr;
use crate::common::{Parties, certificate, key, pss, rng, vector};
use scep::crypto::{ContentCipher, DigestAlgorithm, KeyTransport, Policy, SignatureAlgorithm};
use scep::{FailInfo, Item, MessageType, OpenError, ParseErrorKind, RequestBody, VerifyError, oid};

use ContentCipher::Aes128Cbc;
use DigestAlgorithm::{Sha1, Sha256, Sha512};

/// A good request whose SignerInfo is changed after it was signed.
fn changed_after_signing(parties: &Parties, change: impl FnOnce(&mut Forge)) -> Vec<u8> {
    let mut forge = good(parties);
    let signature = forge.signature(&parties.client_key, Order::Der);
    change(&mut forge);
    forge.assemble(&[forge.signer_info(Order::Der, &signature)])
}

#[test]
fn a_request_cannot_be_relabelled() {
    // Each type that says something else of the same content.
    let parties = Parties::new();
    for text in ["17", "20", "21", "22"] {
        let message = changed_after_signing(&parties, |forge| {
            forge.set(oid::MESSAGE_TYPE, printable(text));
        });
        let error = verify_error(&parties, &Policy::compatible(), &message);
        assert_eq!(error, (VerifyError::Signature, BAD_CHECK), "{text}");
    }
    // As a reply it is no request, whatever its signature is.
    let message = changed_after_signing(&parties, |forge| {
        forge.set(oid::MESSAGE_TYPE, printable("3"));
        forge.set(oid::PKI_STATUS, printable("0"));
    });
    let error = verify_error(&parties, &Policy::compatible(), &message);
    assert_eq!(error, (VerifyError::NotARequest, FailInfo::BadRequest));
}

#[test]
fn a_reply_cannot_be_relabelled_as_request() {
    let parties = Parties::new();
    let request = parties.receive(&parties.pkcs_req().0);
    let ca = parties.ca_signer();
    let reply = request.reply(&parties.provider, &ca);
    let reply = reply.pending(&mut rng()).unwrap();
    let reply = reply.sign(&parties.ca_key, &mut rng()).unwrap();
    let mut forge = Forge::of(&reply);
    let signature = forge.signature(&parties.ca_key, Order::Der);
    forge.set(oid::MESSAGE_TYPE, printable("19"));
    let message = forge.assemble(&[forge.signer_info(Order::Der, &signature)]);
    let error = verify_error(&parties, &Policy::compatible(), &message);
    assert_eq!(error, (VerifyError::Signature, BAD_CHECK));
}

#[test]
fn a_second_message_type_that_nobody_signed_changes_nothing() {
    let parties = Parties::new();
    let message = changed_after_signing(&parties, |forge| {
        for oid in [oid::MESSAGE_TYPE, oid::TRANSACTION_ID] {
            let values = vec![printable("22")];
            forge.unsigned_attributes.push(Attribute { oid, values });
        }
    });
    let opened = open(&parties, &Policy::default(), &message).unwrap();
    assert_eq!(opened.message_type(), MessageType::PkcsReq);
    assert_ne!(opened.transaction_id().as_bytes(), b"22");
}

#[test]
fn digest_and_signature_algorithms_cannot_be_swapped() {
    let parties = Parties::new();
    let error = |change: fn(&mut Forge)| {
        let message = changed_after_signing(&parties, change);
        verify_error(&parties, &Policy::compatible(), &message)
    };
    // Nothing signs these two fields, so each has to contradict what is signed.
    for digest in [Sha1, Sha512] {
        let message = changed_after_signing(&parties, |forge| {
            forge.digest_algorithm = digest_id(digest);
            forge.digest_algorithms = vec![digest_id(digest)];
        });
        let error = verify_error(&parties, &Policy::compatible(), &message);
        assert_eq!(error, (VerifyError::MessageDigest, BAD_CHECK), "{digest:?}");
    }
    let mismatch = VerifyError::DigestMismatch {
        signer_info: Sha256,
        signature: Sha1,
    };
    let other_digest = |forge: &mut Forge| {
        forge.signature_algorithm = algorithm(oid::SHA1_WITH_RSA, &NULL);
    };
    assert_eq!(error(other_digest), (mismatch, FailInfo::BadAlg));
    let other_padding = |forge: &mut Forge| forge.signature_algorithm = signature_id(pss(Sha256));
    assert_eq!(error(other_padding), (VerifyError::Signature, BAD_CHECK));
    // Both, and the attribute with them: now what is signed is another thing.
    let message = changed_after_signing(&parties, |forge| {
        forge.set_signature(SignatureAlgorithm::RsaPkcs1v15(Sha512));
    });
    let error = verify_error(&parties, &Policy::compatible(), &message);
    assert_eq!(error, (VerifyError::Signature, BAD_CHECK));
}

#[test]
fn a_cipher_cannot_be_swapped() {
    let parties = Parties::new();
    let content = good(&parties).content.unwrap();
    let mut swapped = Envelope::of(&content);
    swapped.cipher = algorithm(oid::AES256_CBC, &octets(&[7; 16]));
    let swapped = swapped.to_der();
    let message = changed_after_signing(&parties, |forge| forge.content = Some(swapped.clone()));
    let error = verify_error(&parties, &Policy::compatible(), &message);
    assert_eq!(error, (VerifyError::MessageDigest, BAD_CHECK));
    let message = changed_after_signing(&parties, |forge| forge.set_content(Some(swapped)));
    let error = verify_error(&parties, &Policy::compatible(), &message);
    assert_eq!(error, (VerifyError::Signature, BAD_CHECK));
}

#[test]
fn a_signer_does_not_sign_for_another() {
    // The attacker's signature, and his certificate beside that of whom the identifier names.
    let parties = Parties::new();
    let stranger = certificate(vector!("keys/cpend.selfsigned.pem"));
    let mut forge = good(&parties);
    forge.certificates.insert(0, stranger.as_der().to_vec());
    let message = forge.sign(&key(vector!("keys/cpend.key")));
    let error = verify_error(&parties, &Policy::compatible(), &message);
    assert_eq!(error, (VerifyError::Signature, BAD_CHECK));
}

#[test]
fn a_csr_is_signed_by_its_own_key() {
    let parties = Parties::new();
    let stranger = key(vector!("keys/cpend.key"));
    let seal = |csr: &[u8]| {
        let transport = KeyTransport::RsaPkcs1v15;
        around(
            &parties,
            &Envelope::seal(csr, &parties.ca, Aes128Cbc, transport),
        )
    };
    // The key of somebody else, in a CSR that the signer of the message signs, and the reverse.
    let mut others = MadeCsr::new(&stranger);
    let own = MadeCsr::new(&parties.client_key);
    for csr in [others.sign(&parties.client_key), own.sign(&stranger), {
        others.public_key.clone_from(&own.public_key);
        others.sign(&stranger)
    }] {
        let error = open_error(&parties, &Policy::compatible(), &seal(&csr));
        assert_eq!(error, (OpenError::CsrSignature, BAD_CHECK));
    }
    // Right by itself it is taken, and told apart from one that the signer has the key of.
    let of_another = seal(&MadeCsr::new(&stranger).sign(&stranger));
    let opened = open(&parties, &Policy::default(), &of_another).unwrap();
    assert_eq!(opened.signer_has_csr_key(), Some(false));
    let own = seal(&own.sign(&parties.client_key));
    let opened = open(&parties, &Policy::default(), &own).unwrap();
    assert_eq!(opened.signer_has_csr_key(), Some(true));
}

#[test]
fn a_captured_envelope_keeps_its_content_type() {
    // The envelope of a request in the place of one with other content: a query, signed by whoever captured it.
    let parties = Parties::new();
    let (stranger, stranger_key) = (
        certificate(vector!("keys/cpend.selfsigned.pem")),
        key(vector!("keys/cpend.key")),
    );
    for text in ["20", "21", "22"] {
        let mut forge = good(&parties);
        forge.set_signer(&stranger);
        forge.set(oid::MESSAGE_TYPE, printable(text));
        let message = forge.sign(&stranger_key);
        let request = open(&parties, &Policy::compatible(), &message).unwrap();
        let name = [0x30, 0];
        match request.body() {
            RequestBody::CertPoll(names) => {
                assert_eq!(*names, scep::IssuerAndSubject::new(&name, &name));
            }
            RequestBody::GetCert(id) | RequestBody::GetCrl(id) => {
                let none = [&[0x7f][..], &[0xff; 19]].concat();
                assert_eq!(*id, scep::IssuerAndSerialNumber::new(&name, &none));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_follows_a_message_is_not_part_of_it() {
    // A second message behind the first.
    let parties = Parties::new();
    let (message, _) = parties.pkcs_req();
    let twice = [&message[..], &message[..]].concat();
    let trailing = ParseErrorKind::TrailingData;
    let expected = (trailing, Item::ContentInfo, message.len());
    assert_eq!(parse_error(&twice), expected);
    // The same inside: a second content beside the one that is digested.
    let signed = inside(inside(&message)[1].contents);
    let encap = elements(signed[2].contents);
    let doubled = tlv(0x30, &[signed[2].contents, encap[1].raw].concat());
    let fields: Vec<Vec<u8>> = signed
        .iter()
        .enumerate()
        .map(|(position, field)| match position {
            2 => doubled.clone(),
            _ => field.raw.to_vec(),
        })
        .collect();
    let signed = tlv(0x30, &fields.concat());
    let message = sequence(&[&oid_der(oid::SIGNED_DATA), &explicit(0, &signed)]);
    let (kind, item, _) = parse_error(&message);
    assert_eq!((kind, item), (trailing, Item::EncapContentInfo));
}
