//! A message reads the same in DER and in any BER, and its signed attributes in any order.
#![cfg(feature = "rustcrypto")]

mod common;

use common::ber::{Ber, encoding};
use common::cases::{cases, granted, with_corpus, with_parties};
use common::forge::{Envelope, Forge, Order, elements, explicit};
use common::{Built, DIGESTS, Inside, Parties, rng, signature_algorithms, vector};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use scep::crypto::{ContentCipher, KeyTransport, SignatureAlgorithm, SigningKey};
use scep::{
    CertsOnly, Encoding, Limits, NextCaCertificates, PkiMessage, SignedForm, SignerTrust,
    VerifyError,
};

/// The attributes of a message as text, to be compared.
fn attributes(message: &PkiMessage<'_>) -> String {
    let found = message.unverified_attributes();
    let unknown: Vec<_> = found.unknown().collect();
    format!(
        "{:?}",
        (
            found.message_type(),
            found.transaction_id(),
            (found.sender_nonce(), found.recipient_nonce()),
            (
                found.pki_status(),
                found.fail_info(),
                found.fail_info_text()
            ),
            unknown,
            message.unverified_signer_id(),
        )
    )
}

proptest! {
    #![proptest_config(cases(192))]

    #[test]
    fn any_ber_reads_as_the_message(
        of in any::<Index>(),
        which in any::<Index>(),
        seed in any::<u64>(),
        enveloped in any::<bool>(),
    ) {
        with_corpus(|parties, corpus| {
            let set: &Vec<Built> = of.get(corpus);
            let built = which.get(set);
            let mut ber = Ber::new(seed);
            if let Inside::Signed(content) = &built.inside {
                let bytes = ber.signed_data(&built.bytes);
                let body = NextCaCertificates::parse(&bytes[..], &Limits::REPLY).unwrap();
                prop_assert_eq!(body.encoding(), encoding(&bytes, &built.bytes));
                let found = body.verify(&[&parties.ca], &parties.provider, &parties.policy);
                let found = found.unwrap();
                prop_assert_eq!(found.as_bytes(), &content[..]);
                return Ok(());
            }
            // The envelope comes first, since it is what is signed.
            let mut der = built.bytes.clone();
            let mut inner = Encoding::Der;
            let signer = signer_of(parties, built);
            if enveloped && built.inside != Inside::Nothing {
                let mut forge = Forge::of(&der);
                forge.set_signature(algorithm_of(parties, &der));
                let content = forge.content.clone().unwrap();
                let changed = ber.enveloped_data(&content);
                inner = encoding(&changed, &content);
                forge.set_content(Some(changed));
                der = forge.sign(signer);
            }
            let bytes = ber.signed_data(&der);
            let plain = PkiMessage::parse(&der[..], &Limits::REPLY).unwrap();
            let message = PkiMessage::parse(&bytes[..], &Limits::REPLY).unwrap();
            prop_assert_eq!(message.encoding(), encoding(&bytes, &der));
            prop_assert_eq!(attributes(&message), attributes(&plain));
            let certificates: Vec<_> = message.unverified_certificates().collect();
            prop_assert_eq!(certificates, plain.unverified_certificates().collect::<Vec<_>>());
            let report = scep::inspect::signature(&message, &parties.provider, &parties.policy, &[]);
            prop_assert_eq!(report.unwrap().outcome, Ok(SignedForm::AsReceived));
            let (payload, key) = match &built.inside {
                Inside::ForCa(payload) => (payload, &parties.ca_key),
                Inside::ForClient(payload) => (payload, &parties.client_key),
                _ => return Ok(()),
            };
            let envelope = scep::inspect::envelope(&message).unwrap().unwrap();
            prop_assert_eq!(envelope.encoding, inner);
            let opened = scep::inspect::open_unverified(
                &message,
                &parties.provider,
                &[key],
                &mut rng(),
            );
            let opened = opened.unwrap();
            prop_assert_eq!(opened.secret_plaintext(), &payload[..]);
            if matches!(built.inside, Inside::ForCa(_)) {
                // And on a server's road.
                let request = parties.receive(&bytes);
                prop_assert_eq!(request.transaction_id(), &plain.unverified_transaction_id());
            }
            Ok(())
        })?;
    }

    #[test]
    fn any_ber_reads_as_the_set(seed in any::<u64>(), some in 0_usize..4, crl in any::<bool>()) {
        with_parties(|parties| {
            let all = [
                parties.ca.clone(),
                parties.issued.clone(),
                common::certificate(vector!("keys/c4096.selfsigned.pem")),
            ];
            let crls: Vec<_> = crl.then(|| parties.crl()).into_iter().collect();
            let der = CertsOnly::encode(&all[..some], &crls);
            let mut ber = Ber::new(seed);
            let bytes = ber.signed_data(&der);
            let plain = CertsOnly::parse(&der[..], &Limits::REPLY).unwrap();
            let set = CertsOnly::parse(&bytes[..], &Limits::REPLY).unwrap();
            prop_assert_eq!(set.encoding(), encoding(&bytes, &der));
            let certificates: Vec<_> = set.certificates().collect();
            prop_assert_eq!(certificates, plain.certificates().collect::<Vec<_>>());
            prop_assert_eq!(set.crls().collect::<Vec<_>>(), plain.crls().collect::<Vec<_>>());
            Ok(())
        })?;
    }

    #[test]
    fn a_reply_opens_whatever_ber_is_inside(seed in any::<u64>()) {
        with_parties(|parties| {
            let (request, pending) = parties.pkcs_req();
            let reply = parties.grant(&parties.receive(&request));
            let mut ber = Ber::new(seed);
            let set = CertsOnly::encode(&[parties.issued.clone(), parties.ca.clone()], &[]);
            let envelope = Envelope::seal(
                &ber.signed_data(&set),
                &parties.client,
                ContentCipher::Aes256Cbc,
                KeyTransport::RsaPkcs1v15,
            );
            let mut forge = Forge::of(&reply);
            forge.set_content(Some(ber.enveloped_data(&envelope.to_der())));
            let reply = ber.signed_data(&forge.sign(&parties.ca_key));
            let granted = granted(parties, &pending, &reply)?;
            prop_assert_eq!(granted.certificate(), Some(&parties.issued));
            Ok(())
        })?;
    }
}

fn signer_of<'p>(parties: &'p Parties, built: &Built) -> &'p dyn SigningKey {
    match built.inside {
        Inside::ForCa(_) => &parties.client_key,
        _ => &parties.ca_key,
    }
}

fn algorithm_of(parties: &Parties, message: &[u8]) -> SignatureAlgorithm {
    let message = PkiMessage::parse(message, &Limits::REPLY).unwrap();
    let report = scep::inspect::signature(&message, &parties.provider, &parties.policy, &[]);
    report.unwrap().algorithm.unwrap()
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn attributes_verify_as_received_and_in_der(
        order in Just((0_usize..5).collect::<Vec<_>>()).prop_shuffle(),
        signature in select(signature_algorithms(&DIGESTS)),
        seed in any::<u64>(),
    ) {
        with_parties(|parties| {
            let mut forge = Forge::of(&parties.pkcs_req().0);
            forge.set_signature(signature);
            let listed = forge.attributes().clone();
            prop_assert_eq!(listed.len(), order.len());
            *forge.attributes() = order.iter().map(|index| listed[*index].clone()).collect();
            let sorted = forge.attribute_contents(Order::Der);
            let in_der_order = forge.attribute_contents(Order::Listed) == sorted;
            let key = &parties.client_key;

            let as_sent = forge.sign_in(key, Order::Listed, Order::Listed);
            prop_assert_eq!(form(parties, &as_sent), Ok(SignedForm::AsReceived));
            let in_der = forge.sign_in(key, Order::Listed, Order::Der);
            let expected = if in_der_order { SignedForm::AsReceived } else { SignedForm::Der };
            prop_assert_eq!(form(parties, &in_der), Ok(expected));
            // Of the form that was neither sent nor is DER nobody knows.
            let in_another = forge.sign_in(key, Order::Der, Order::Listed);
            let expected = if in_der_order {
                Ok(SignedForm::AsReceived)
            } else {
                Err(VerifyError::Signature)
            };
            prop_assert_eq!(form(parties, &in_another), expected);

            // Attributes in BER, signed in DER.
            let mut ber = Ber::new(seed);
            let contents = forge.attribute_contents(Order::Listed);
            let rewritten: Vec<u8> = elements(&contents)
                .iter()
                .flat_map(|attribute| ber.deep(attribute))
                .collect();
            let field = ber.constructed(0xa0, &rewritten);
            let is_der = field == explicit(0, &sorted);
            let signature = forge.signature(key, Order::Der);
            let message = forge.assemble(&[forge.signer_info_of(field, &signature)]);
            let expected = if is_der { SignedForm::AsReceived } else { SignedForm::Der };
            prop_assert_eq!(form(parties, &message), Ok(expected));
            Ok(())
        })?;
    }
}

fn form(parties: &Parties, bytes: &[u8]) -> Result<SignedForm, VerifyError> {
    let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued();
    message
        .verify(&parties.provider, &parties.policy, &trust)
        .map(|verified| verified.signed_form())
}
