//! What is built reads back.
#![cfg(feature = "rustcrypto")]

mod common;

use common::cases::{cases, granted, with_parties};
use common::forge::with_serial;
use common::{
    Algorithms, CIPHERS, DIGESTS, Parties, key_transports, rng, self_signed, signature_algorithms,
    vector,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use scep::crypto::{KeyManagement, SignatureAlgorithm, SigningKey};
use scep::{
    CertRep, Certificate, Csr, CsrBuilder, Encoding, FailInfo, IssuerAndSerialNumber, Limits,
    MessageType, PendingRequest, PkiMessage, PkiStatus, RequestBody, RequestBuilder,
    SignerIdentity, SignerMatch, TransactionId,
};
use x509_cert::name::Name;

fn algorithms() -> impl Strategy<Value = Algorithms> {
    let signature = select(signature_algorithms(&DIGESTS));
    let transport = select(key_transports());
    (signature, select(&CIPHERS[..]), transport).prop_map(|(signature, cipher, transport)| {
        Algorithms {
            signature,
            cipher,
            transport,
        }
    })
}

/// A name of one to three parts with any text in them.
fn name() -> impl Strategy<Value = Name> {
    let part = (select(&["CN", "O", "OU"][..]), "\\PC{1,20}");
    proptest::collection::vec(part, 1..4).prop_map(|parts| {
        let escaped =
            |text: &str| -> String { text.bytes().map(|byte| format!("\\{byte:02x}")).collect() };
        let parts: Vec<_> = parts
            .iter()
            .map(|(attribute, text)| format!("{attribute}={}", escaped(text)))
            .collect();
        parts.join(",").parse().unwrap()
    })
}

fn transaction_id() -> impl Strategy<Value = TransactionId<'static>> {
    "[A-Za-z0-9 '()+,\\-./:=?]{1,256}".prop_map(|text| TransactionId::new(&text).unwrap())
}

fn serial() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 1..33)
}

fn der_of(name: &Name) -> Vec<u8> {
    der::Encode::to_der(name).unwrap()
}

/// What a client sends.
#[derive(Clone, Debug)]
enum Asked {
    PkcsReq,
    RenewalReq,
    CertPoll,
    GetCert(Name, Vec<u8>),
    GetCrl(Name, Vec<u8>),
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        3 => Just(Asked::PkcsReq),
        1 => Just(Asked::RenewalReq),
        1 => Just(Asked::CertPoll),
        1 => (name(), serial()).prop_map(|(issuer, serial)| Asked::GetCert(issuer, serial)),
        1 => (name(), serial()).prop_map(|(issuer, serial)| Asked::GetCrl(issuer, serial)),
    ]
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn a_request_reads_back(
        asked in asked(),
        id in transaction_id(),
        algorithms in algorithms(),
        subject in name(),
        serial in serial(),
        password in proptest::option::of(any::<String>()),
    ) {
        with_parties(|parties| {
            let key = &parties.client_key;
            let csr = csr(parties, &subject, password.as_deref());
            let signer = with_serial(&self_signed(key, "CN=replaced"), &serial);
            let one = [algorithms.signature];
            let signer = match asked {
                Asked::RenewalReq => parties.issued.clone(),
                _ => signer,
            };
            let identity = SignerIdentity::remote(&signer, &one);
            let roles = parties.roles();
            let wanted = |issuer: &Name, serial: &[u8]| {
                IssuerAndSerialNumber::new(&der_of(issuer), serial)
            };
            let enrol = RequestBuilder::pkcs_req(&csr, &identity, &roles)
                .transaction_id(id.clone());
            let builder = match &asked {
                Asked::PkcsReq => enrol,
                Asked::RenewalReq => RequestBuilder::renewal_req(&csr, &identity, &roles),
                Asked::CertPoll => {
                    let (_, pending) = parties.send(enrol);
                    RequestBuilder::cert_poll(&pending, &identity, &roles).unwrap()
                }
                Asked::GetCert(issuer, serial) => {
                    RequestBuilder::get_cert(wanted(issuer, serial), &identity, &roles)
                }
                Asked::GetCrl(issuer, serial) => {
                    RequestBuilder::get_crl(wanted(issuer, serial), &identity, &roles)
                }
            };
            let (bytes, pending) = parties.send(
                builder
                    .transaction_id(id.clone())
                    .digest(algorithms.signature.digest())
                    .content_cipher(algorithms.cipher)
                    .key_transport(algorithms.transport),
            );
            let message = PkiMessage::parse(&bytes[..], &Limits::REQUEST).unwrap();
            prop_assert_eq!(message.encoding(), Encoding::Der);
            let sent = message.unverified_attributes();
            prop_assert_eq!(sent.unknown().count(), 0);
            prop_assert_eq!(sent.pki_status(), None);
            prop_assert_eq!(sent.recipient_nonce(), None);

            let request = parties.receive(&bytes);
            prop_assert_eq!(request.transaction_id(), &id);
            prop_assert_eq!(pending.transaction_id(), &id);
            prop_assert_eq!(request.sender_nonce(), sent.sender_nonce());
            prop_assert_eq!(request.sender_nonce().unwrap().as_bytes().len(), 16);
            prop_assert_eq!(request.message_type(), pending.message_type());
            prop_assert_eq!(request.signature_algorithm(), algorithms.signature);
            prop_assert_eq!(request.digest(), algorithms.signature.digest());
            prop_assert_eq!(request.content_cipher(), algorithms.cipher);
            prop_assert_eq!(request.key_management(), KeyManagement::Transport(algorithms.transport));
            prop_assert_eq!(request.signer().as_der(), signer.as_der());
            let (expected, matched) = match &asked {
                Asked::PkcsReq => (MessageType::PkcsReq, SignerMatch::SelfIssued),
                Asked::RenewalReq => (MessageType::RenewalReq, SignerMatch::Issuer(0)),
                Asked::CertPoll => (MessageType::CertPoll, SignerMatch::SelfIssued),
                Asked::GetCert(..) => (MessageType::GetCert, SignerMatch::SelfIssued),
                Asked::GetCrl(..) => (MessageType::GetCrl, SignerMatch::SelfIssued),
            };
            prop_assert_eq!(request.message_type(), expected);
            prop_assert_eq!(request.signer_match(), matched);
            match (&asked, request.body()) {
                (Asked::PkcsReq, RequestBody::PkcsReq(opened))
                | (Asked::RenewalReq, RequestBody::RenewalReq(opened)) => {
                    prop_assert_eq!(opened.as_der(), csr.as_der());
                    prop_assert_eq!(opened.subject_der(), &der_of(&subject)[..]);
                    let found = opened.challenge_password();
                    match &password {
                        Some(password) if !password.is_empty() => {
                            prop_assert!(found.verify(password.as_bytes()));
                            let longer = format!("{password}x");
                            prop_assert!(!found.verify(longer.as_bytes()));
                        }
                        // Neither the empty password nor none ever matches.
                        _ => prop_assert!(!found.verify(b"")),
                    }
                }
                (Asked::CertPoll, RequestBody::CertPoll(names)) => {
                    prop_assert_eq!(names.issuer_der(), parties.ca.subject_der());
                    prop_assert_eq!(names.subject_der(), &der_of(&subject)[..]);
                }
                (Asked::GetCert(issuer, serial), RequestBody::GetCert(found))
                | (Asked::GetCrl(issuer, serial), RequestBody::GetCrl(found)) => {
                    prop_assert_eq!(found, &wanted(issuer, serial));
                }
                (asked, body) => panic!("{asked:?}: {body:?}"),
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_failure_reads_back(
        id in transaction_id(),
        signature in select(signature_algorithms(&DIGESTS)),
        info in prop_oneof![0_u32..6, 0_u32..1000].prop_map(FailInfo::from_code),
        text in proptest::option::of("\\PC{1,200}"),
    ) {
        with_parties(|parties| {
            let (request, pending) = pkcs_req(parties, signature, id.clone());
            let ca = SignerIdentity::remote(&parties.ca, &[signature]);
            let opened = parties.receive(&request);
            let bytes = opened
                .reply(&parties.provider, &ca)
                .failure(info, text.as_deref(), &mut rng())
                .unwrap()
                .sign(&parties.ca_key, &mut rng())
                .unwrap();
            let reply = PkiMessage::parse(&bytes[..], &Limits::REPLY).unwrap();
            let attributes = reply.unverified_attributes();
            prop_assert_eq!(attributes.pki_status(), Some(PkiStatus::Failure));
            prop_assert_eq!(attributes.transaction_id(), id);
            let nonces = (attributes.recipient_nonce(), attributes.sender_nonce());
            prop_assert_eq!(nonces.0, opened.sender_nonce());
            prop_assert_ne!(nonces.0, nonces.1);
            let roles = parties.roles();
            match pending.accept(&reply, &roles, &parties.provider, &parties.policy) {
                Ok(CertRep::Failure(failure)) => {
                    prop_assert_eq!(failure.info(), Some(info));
                    prop_assert_eq!(failure.text(), text.as_deref());
                }
                other => panic!("{other:?}"),
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_granted_certificate_reads_back(
        algorithms in algorithms(),
        along in proptest::sample::subsequence(vec![0_usize, 1, 2], 0..=3).prop_shuffle(),
        position in any::<Index>(),
    ) {
        with_parties(|parties| {
            let others = [
                parties.ca.clone(),
                common::certificate(vector!("keys/ca-jscep-next.pem")),
                common::certificate(vector!("keys/c3072.selfsigned.pem")),
            ];
            let mut sent: Vec<_> = along.iter().map(|index| others[*index].clone()).collect();
            sent.insert(position.index(sent.len() + 1), parties.issued.clone());
            let one = [algorithms.signature];
            let signer = SignerIdentity::remote(&parties.client, &one);
            let roles = parties.roles();
            let (request, pending) = parties.send(
                RequestBuilder::pkcs_req(&parties.csr, &signer, &roles)
                    .digest(algorithms.signature.digest())
                    .content_cipher(algorithms.cipher)
                    .key_transport(algorithms.transport),
            );
            let ca = SignerIdentity::remote(&parties.ca, &one);
            let reply = parties
                .receive(&request)
                .reply(&parties.provider, &ca)
                .success(&sent, &mut rng())
                .unwrap()
                .sign(&parties.ca_key, &mut rng())
                .unwrap();
            let granted = granted(parties, &pending, &reply)?;
            prop_assert_eq!(granted.certificate(), Some(&parties.issued));
            let mut found: Vec<_> = granted.others().iter().map(Certificate::as_der).collect();
            let mut expected: Vec<_> = along.iter().map(|index| others[*index].as_der()).collect();
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
            Ok(())
        })?;
    }
}

/// A CSR of the client's key.
fn csr(parties: &Parties, subject: &Name, password: Option<&str>) -> Csr {
    let key = &parties.client_key;
    let mut builder = CsrBuilder::new(subject, key.public_key_der());
    if let Some(password) = password {
        builder = builder.challenge_password(password);
    }
    builder
        .build(key.algorithms()[0])
        .unwrap()
        .sign(key, &parties.provider, &mut rng())
        .unwrap()
}

fn pkcs_req(
    parties: &Parties,
    signature: SignatureAlgorithm,
    id: TransactionId<'static>,
) -> (Vec<u8>, PendingRequest) {
    let one = [signature];
    let signer = SignerIdentity::remote(&parties.client, &one);
    let roles = parties.roles();
    parties.send(
        RequestBuilder::pkcs_req(&parties.csr, &signer, &roles)
            .digest(signature.digest())
            .transaction_id(id),
    )
}
