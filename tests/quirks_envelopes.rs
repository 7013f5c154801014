//! Envelopes as peers make them.
#![cfg(feature = "rustcrypto")]

mod common;

use common::Parties;
use common::forge::{
    Envelope, NULL, algorithm, explicit, inside, issuer_and_serial, octets, oid_der, sequence,
    small_integer, tlv,
};
use common::verdict::{
    BAD_CHECK, SEALED, around, changed, envelope, open, open_error, policies, replied,
};
use scep::crypto::{ContentCipher, KeyTransport, Policy};
use scep::{Item, OpenError, ParseErrorKind, Refused, TransactionError, oid};

use ContentCipher::Aes128Cbc;

#[test]
fn encrypted_data_as_content_type_opens_under_compatible_only() {
    let parties = Parties::new();
    let mut envelope = envelope(&parties);
    envelope.content_type = oid::ENCRYPTED_DATA;
    let message = around(&parties, &envelope);
    for (name, policy, ..) in policies() {
        if matches!(name, "compatible" | "legacy") {
            let request = open(&parties, &policy, &message).unwrap();
            assert_eq!(request.csr().unwrap().as_der(), parties.csr.as_der());
            continue;
        }
        match open_error(&parties, &policy, &message) {
            (OpenError::Parse(error), BAD_CHECK) => {
                let unexpected = ParseErrorKind::UnexpectedType(oid::ENCRYPTED_DATA);
                assert_eq!(error.kind(), unexpected, "{name}");
                assert_eq!(error.item(), Item::EncryptedContentInfo, "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    // No other type is tolerated.
    for other in [oid::ENVELOPED_DATA, oid::SIGNED_DATA] {
        envelope.content_type = other;
        match open_error(
            &parties,
            &common::widest_policy(),
            &around(&parties, &envelope),
        ) {
            (OpenError::Parse(error), BAD_CHECK) => {
                assert_eq!(error.kind(), ParseErrorKind::UnexpectedType(other));
            }
            error => panic!("{error:?}"),
        }
    }
}

#[test]
fn encrypted_data_in_a_reply_is_tolerated_alike() {
    let parties = Parties::new();
    let set = scep::CertsOnly::encode(std::slice::from_ref(&parties.issued), &[]);
    let transport = KeyTransport::RsaPkcs1v15;
    let mut envelope = Envelope::seal(&set, &parties.client, Aes128Cbc, transport);
    envelope.content_type = oid::ENCRYPTED_DATA;
    let verdict = |policy: &Policy| {
        replied(&parties, policy, |forge| {
            forge.set_content(Some(envelope.to_der()));
        })
    };
    assert_eq!(verdict(&Policy::compatible()), Ok("success"));
    assert!(matches!(
        verdict(&Policy::default()),
        Err(TransactionError::Open(OpenError::Parse(_)))
    ));
}

#[test]
fn version_numbers_tell_nothing() {
    let parties = Parties::new();
    for version in [0, 1, 2, 3, 4, 5] {
        let mut envelope = envelope(&parties);
        envelope.version = version;
        let message = changed(&parties, |forge| {
            forge.version = version;
            forge.set_content(Some(envelope.to_der()));
        });
        assert!(open(&parties, &Policy::strict(), &message).is_ok());
    }
    // That of a recipient by key identifier is 2, and 0 by issuer and serial number.
    let envelope = envelope(&parties).to_der();
    let recipient = [&[2, 1, 0][..], &issuer_and_serial(&parties.ca)].concat();
    let two = [&[2, 1, 2][..], &issuer_and_serial(&parties.ca)].concat();
    let at = common::verdict::offset_of(&envelope, &recipient);
    let mut changed_version = envelope.clone();
    changed_version[at..at + two.len()].copy_from_slice(&two);
    let message = changed(&parties, |forge| forge.set_content(Some(changed_version)));
    assert!(open(&parties, &Policy::strict(), &message).is_ok());
}

#[test]
fn a_copy_of_the_key_for_every_certificate_does_no_harm() {
    // micromdm's client encrypts to all that GetCACert gave it, also to certificates that only sign.
    let parties = Parties::new();
    let mut envelope = envelope(&parties);
    let copy = |certificate| {
        sequence(&[
            &small_integer(0),
            &issuer_and_serial(certificate),
            &algorithm(oid::RSA_ENCRYPTION, &NULL),
            &octets(&[1; 256]),
        ])
    };
    envelope.other_recipients = vec![copy(&parties.client), copy(&parties.issued)];
    let message = around(&parties, &envelope);
    let request = open(&parties, &Policy::strict(), &message).unwrap();
    assert_eq!(request.csr().unwrap().as_der(), parties.csr.as_der());
    let message = scep::PkiMessage::parse(message, &scep::Limits::REQUEST).unwrap();
    assert_eq!(message.unverified_recipients().unwrap().len(), 3);
}

#[test]
fn a_copy_that_does_not_open_is_not_followed_by_another() {
    // The first copy for the recipient decides: trying the next would tell that this one was wrong.
    let parties = Parties::new();
    let mut envelope = envelope(&parties);
    envelope.other_recipients = vec![sequence(&[
        &small_integer(0),
        &issuer_and_serial(&parties.ca),
        &algorithm(oid::RSA_ENCRYPTION, &NULL),
        &octets(&[1; 256]),
    ])];
    let message = around(&parties, &envelope);
    assert_eq!(open_error(&parties, &Policy::default(), &message), SEALED);
}

#[test]
fn an_envelope_for_the_wrong_certificate_names_it() {
    // Encrypted to the RA's signing certificate, or to an expired one: the server tells its log which.
    let parties = Parties::new();
    let mut envelope = envelope(&parties);
    envelope.rid = issuer_and_serial(&parties.issued);
    match open_error(&parties, &Policy::default(), &around(&parties, &envelope)) {
        (OpenError::NoRecipient(hint), BAD_CHECK) => {
            assert_eq!(
                (hint.first(), hint.recipients()),
                (parties.issued.serial(), 1)
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn key_agreement_with_an_rsa_key_is_refused_by_name() {
    // How NDES is said to answer a client whose key is an elliptic curve's.
    let parties = Parties::new();
    let set = scep::CertsOnly::encode(std::slice::from_ref(&parties.issued), &[]);
    let transport = KeyTransport::RsaPkcs1v15;
    let mut envelope = Envelope::seal(&set, &parties.client, Aes128Cbc, transport);
    envelope.version = 2;
    let der = envelope.to_der();
    let fields = inside(inside(&der)[1].contents);
    let point = tlv(3, &[[0, 4].as_slice(), &[1; 64]].concat());
    let originator = [algorithm(oid::EC_PUBLIC_KEY, &[]), point].concat();
    let scheme = algorithm(oid::ECDH_SHA256_KDF, &algorithm(oid::AES128_WRAP, &[]));
    let key = sequence(&[&issuer_and_serial(&parties.client), &octets(&[1; 24])]);
    let kari = [
        small_integer(3),
        explicit(0, &explicit(1, &originator)),
        scheme,
        sequence(&[&key]),
    ];
    let kari = explicit(1, &kari.concat());
    let enveloped = sequence(&[fields[0].raw, &tlv(0x31, &kari), fields[2].raw]);
    let content = sequence(&[&oid_der(oid::ENVELOPED_DATA), &explicit(0, &enveloped)]);
    let verdict = replied(&parties, &common::widest_policy(), |forge| {
        forge.set_content(Some(content));
    });
    let refused = Refused::PublicKey(oid::RSA_ENCRYPTION);
    assert_eq!(
        verdict.map(|_| ()),
        Err(TransactionError::Open(OpenError::Refused(refused)))
    );
}

#[test]
fn a_csr_without_its_sequence_does_not_open() {
    // A client of one's own wrote the CSR's three parts one after the other.
    let parties = Parties::new();
    let bare = inside(parties.csr.as_der())
        .iter()
        .flat_map(|part| part.raw.to_vec())
        .collect::<Vec<u8>>();
    let transport = KeyTransport::RsaPkcs1v15;
    let envelope = Envelope::seal(&bare, &parties.ca, Aes128Cbc, transport);
    let message = around(&parties, &envelope);
    assert_eq!(
        open_error(&parties, &common::widest_policy(), &message),
        SEALED
    );
}

#[cfg(feature = "legacy")]
mod legacy {
    use super::*;
    use common::forge::Forge;
    use common::rng;
    use common::verdict::{bad_alg, good, verify_error};
    use scep::Refused;
    use scep::crypto::{DigestAlgorithm, SignatureAlgorithm};

    #[test]
    fn a_cisco_request_is_served_in_its_own_algorithms() {
        // MD5 and single DES, from IOS on old routers.
        let parties = Parties::new();
        let transport = KeyTransport::RsaPkcs1v15;
        let des = ContentCipher::DesCbc;
        let md5 = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Md5);
        let envelope = Envelope::seal(parties.csr.as_der(), &parties.ca, des, transport);
        let mut forge = good(&parties);
        forge.set_content(Some(envelope.to_der()));
        forge.set_signature(md5);
        let message = forge.sign(&parties.client_key);

        let request = open(&parties, &Policy::legacy(), &message).unwrap();
        assert_eq!(
            request.success_envelope(),
            Ok((des, scep::crypto::KeyManagement::Transport(transport)))
        );
        let ca = parties.ca_signer();
        let reply = request
            .reply(&parties.provider, &ca)
            .success(std::slice::from_ref(&parties.issued), &mut rng())
            .unwrap();
        let reply = Forge::of(&reply.sign(&parties.ca_key, &mut rng()).unwrap());
        assert_eq!(reply.signature, md5);
        let cipher = Envelope::of(&reply.content.unwrap()).cipher;
        assert_eq!(inside(&cipher)[0].contents, oid::DES_CBC.as_bytes());

        let error = verify_error(&parties, &Policy::compatible(), &message);
        assert_eq!(error, bad_alg(Refused::MessageDigest(oid::MD5)));
    }
}
