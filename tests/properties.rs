//! What holds of every message: it reads back as it was built, in DER and in any BER; no bit of it can be changed; a changed
//! envelope does not open.
#![cfg(feature = "rustcrypto")]

mod common;

use std::cell::OnceCell;

use common::forge::{
    Element, Envelope, Forge, Order, elements, explicit, inside, tlv, with_serial,
};
use common::{
    Algorithms, Built, CIPHERS, DIGESTS, Inside, Parties, key_transports, rng, self_signed,
    signature_algorithms, vector, widest_policy,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestCaseError;
use scep::crypto::{ContentCipher, KeyTransport, SignatureAlgorithm, SigningKey};
use scep::{
    CertRep, Certificate, CertsOnly, Csr, CsrBuilder, DecryptError, Encoding, FailInfo,
    IssuerAndSerialNumber, Limits, MessageType, NextCaCertificates, OpenError, PendingRequest,
    PkiMessage, PkiStatus, RequestBody, RequestBuilder, SignedForm, SignerIdentity, SignerMatch,
    SignerTrust, TransactionId, VerifyError,
};
use x509_cert::name::Name;

/// No file is kept of a failed case: nonces and keys are new each time, so it may not fail again.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Runs with the parties of this thread, under the widest policy.
fn with_parties<T>(run: impl FnOnce(&Parties) -> T) -> T {
    thread_local! {
        static PARTIES: OnceCell<Parties> = const { OnceCell::new() };
    }
    PARTIES.with(|cell| {
        run(cell.get_or_init(|| {
            let mut parties = Parties::new();
            parties.policy = widest_policy();
            parties
        }))
    })
}

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

// (a) What is built reads back.

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
            prop_assert_eq!(request.key_transport(), algorithms.transport);
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

fn granted(
    parties: &Parties,
    pending: &PendingRequest,
    reply: &[u8],
) -> Result<scep::Granted, TestCaseError> {
    let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let roles = parties.roles();
    let accepted = pending.accept(&reply, &roles, &parties.provider, &parties.policy);
    let Ok(CertRep::Success(sealed)) = accepted else {
        return Err(TestCaseError::fail(format!("{accepted:?}")));
    };
    let recipient = parties.client_recipient();
    let granted = sealed.open(&parties.provider, &recipient, &mut rng());
    granted.map_err(|error| TestCaseError::fail(error.to_string()))
}

// (b) Any BER of a message reads as the message.

/// Writes the same values in BER, each time in another of its forms.
struct Ber {
    state: u64,
}

impl Ber {
    fn new(seed: u64) -> Self {
        Self { state: seed | 1 }
    }

    /// A number below a bound (xorshift64).
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 16) as usize % bound
    }

    /// A definite length, shortest or longer.
    fn header(&mut self, tag: u8, len: usize) -> Vec<u8> {
        let shortest = tlv(tag, &vec![0; len]);
        let header = &shortest[..shortest.len() - len];
        let zeros = match self.below(4) {
            0 => self.below(5),
            _ => return header.to_vec(),
        };
        let digits = match header {
            [_, short] => &[*short][..],
            [_, _, digits @ ..] => digits,
            _ => unreachable!(),
        };
        let count = 0x80 | (zeros + digits.len()) as u8;
        [&[tag, count], &vec![0; zeros][..], digits].concat()
    }

    fn primitive(&mut self, tag: u8, contents: &[u8]) -> Vec<u8> {
        [&self.header(tag, contents.len())[..], contents].concat()
    }

    fn constructed(&mut self, tag: u8, contents: &[u8]) -> Vec<u8> {
        match self.below(2) {
            0 => [&[tag, 0x80], contents, &[0, 0]].concat(),
            _ => self.primitive(tag, contents),
        }
    }

    /// An OCTET STRING, whole or in segments that may themselves be in segments.
    fn octets(&mut self, tag: u8, octets: &[u8], depth: usize) -> Vec<u8> {
        if depth == 0 || self.below(2) == 0 {
            return self.primitive(tag, octets);
        }
        let mut segments = Vec::new();
        let mut rest = octets;
        while !rest.is_empty() || self.below(4) == 0 {
            let most = match self.below(3) {
                0 => 2,
                1 => 20,
                _ => rest.len() + 1,
            };
            let (segment, after) = rest.split_at(self.below(most).min(rest.len()));
            segments.extend(self.octets(0x04, segment, depth - 1));
            rest = after;
        }
        self.constructed(tag | 0x20, &segments)
    }

    /// An element and all that is inside.
    fn deep(&mut self, element: &Element<'_>) -> Vec<u8> {
        if element.tag & 0x20 == 0 {
            return self.primitive(element.tag, element.contents);
        }
        let inner: Vec<u8> = elements(element.contents)
            .iter()
            .flat_map(|element| self.deep(element))
            .collect();
        self.constructed(element.tag, &inner)
    }

    /// An element whose elements stay as they are: certificates, names.
    fn shallow(&mut self, element: &Element<'_>) -> Vec<u8> {
        if element.tag & 0x20 == 0 {
            return self.primitive(element.tag, element.contents);
        }
        self.constructed(element.tag, element.contents)
    }

    /// The ContentInfo around what `write` makes of its fields.
    fn content_info(
        &mut self,
        der: &[u8],
        write: impl FnOnce(&mut Self, &[Element<'_>]) -> Vec<u8>,
    ) -> Vec<u8> {
        let [content_type, content] = inside(der)[..] else {
            panic!("no ContentInfo");
        };
        let fields = write(self, &inside(content.contents));
        let content = self.constructed(0x30, &fields);
        let content = self.constructed(0xa0, &content);
        let content_type = self.shallow(&content_type);
        self.constructed(0x30, &[content_type, content].concat())
    }

    /// A SignedData. What is signed stays as it is: signedAttrs, certificates, CRLs, the octets of the content.
    fn signed_data(&mut self, der: &[u8]) -> Vec<u8> {
        self.content_info(der, |ber, fields| {
            let last = fields.len() - 1;
            let write = |(position, field): (usize, &Element<'_>)| match position {
                0 | 1 => ber.deep(field),
                2 => ber.encapsulated(field),
                _ if position == last => {
                    let infos: Vec<u8> = elements(field.contents)
                        .iter()
                        .flat_map(|info| ber.signer_info(info))
                        .collect();
                    ber.constructed(0x31, &infos)
                }
                _ => ber.shallow(field),
            };
            fields.iter().enumerate().flat_map(write).collect()
        })
    }

    fn encapsulated(&mut self, encap: &Element<'_>) -> Vec<u8> {
        let fields = elements(encap.contents);
        let mut out = self.shallow(&fields[0]);
        if let Some(content) = fields.get(1) {
            let octets = self.octets(0x04, elements(content.contents)[0].contents, 3);
            out.extend(self.constructed(0xa0, &octets));
        }
        self.constructed(0x30, &out)
    }

    fn signer_info(&mut self, info: &Element<'_>) -> Vec<u8> {
        let write = |(position, field): (usize, &Element<'_>)| match (position, field.tag) {
            (1, _) => self.shallow(field),
            (_, 0xa0) => field.raw.to_vec(),
            (_, 0x04) => self.octets(0x04, field.contents, 3),
            _ => self.deep(field),
        };
        let fields = elements(info.contents);
        let fields: Vec<u8> = fields.iter().enumerate().flat_map(write).collect();
        self.constructed(0x30, &fields)
    }

    /// An EnvelopedData.
    fn enveloped_data(&mut self, der: &[u8]) -> Vec<u8> {
        self.content_info(der, |ber, fields| {
            let version = ber.deep(&fields[0]);
            let recipient = inside(fields[1].contents);
            let recipient = [
                ber.deep(&recipient[0]),
                ber.shallow(&recipient[1]),
                ber.deep(&recipient[2]),
                ber.octets(0x04, recipient[3].contents, 3),
            ];
            let recipient = ber.constructed(0x30, &recipient.concat());
            let recipients = ber.constructed(0x31, &recipient);
            let encrypted = elements(fields[2].contents);
            let encrypted = [
                ber.deep(&encrypted[0]),
                ber.deep(&encrypted[1]),
                ber.octets(0x80, encrypted[2].contents, 3),
            ];
            let encrypted = ber.constructed(0x30, &encrypted.concat());
            [version, recipients, encrypted].concat()
        })
    }
}

/// Which bytes were written in BER.
fn encoding(bytes: &[u8], der: &[u8]) -> Encoding {
    if bytes == der {
        Encoding::Der
    } else {
        Encoding::Ber
    }
}

/// Messages of every type in some of the algorithms.
fn corpus(parties: &Parties) -> Vec<Vec<Built>> {
    let mut transports = key_transports().into_iter().cycle();
    let mut ciphers = CIPHERS.into_iter().cycle();
    signature_algorithms(&DIGESTS)
        .into_iter()
        .map(|signature| {
            parties.every_message(Algorithms {
                signature,
                cipher: ciphers.next().unwrap(),
                transport: transports.next().unwrap(),
            })
        })
        .collect()
}

fn with_corpus<T>(run: impl FnOnce(&Parties, &[Vec<Built>]) -> T) -> T {
    thread_local! {
        static CORPUS: OnceCell<Vec<Vec<Built>>> = const { OnceCell::new() };
    }
    CORPUS.with(|cell| with_parties(|parties| run(parties, cell.get_or_init(|| corpus(parties)))))
}

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
            let ca = parties.ca_signer();
            let reply = parties
                .receive(&request)
                .reply(&parties.provider, &ca)
                .success(std::slice::from_ref(&parties.issued), &mut rng())
                .unwrap()
                .sign(&parties.ca_key, &mut rng())
                .unwrap();
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

// (c) No bit of what is signed can be changed.

proptest! {
    #![proptest_config(cases(1024))]

    #[test]
    fn a_flipped_bit_never_verifies(
        of in any::<Index>(),
        which in any::<Index>(),
        part in 0_usize..3,
        at in any::<Index>(),
        bit in 0_u8..8,
    ) {
        with_corpus(|parties, corpus| {
            let set: &Vec<Built> = of.get(corpus);
            let built = which.get(set);
            let regions = signed_regions(&built.bytes);
            let region = regions.get(part).unwrap_or(&regions[0]);
            let mut bytes = built.bytes.clone();
            let position = region.start + at.index(region.len());
            bytes[position] ^= 1 << bit;
            if matches!(built.inside, Inside::Signed(_)) {
                let Ok(body) = NextCaCertificates::parse(&bytes[..], &Limits::REPLY) else {
                    return Ok(());
                };
                let verdict = body.verify(&[&parties.ca], &parties.provider, &parties.policy);
                prop_assert!(verdict.is_err(), "{}: byte {}", built.name, position);
                return Ok(());
            }
            let Ok(message) = PkiMessage::parse(&bytes[..], &Limits::REPLY) else {
                return Ok(());
            };
            let report = scep::inspect::signature(&message, &parties.provider, &parties.policy, &[]);
            prop_assert!(report.unwrap().outcome.is_err(), "{}: byte {}", built.name, position);
            let trust = SignerTrust::new()
                .self_issued()
                .issuer(&parties.ca)
                .certificate(&parties.client);
            let verdict = message.verify(&parties.provider, &parties.policy, &trust);
            prop_assert!(verdict.is_err(), "{}: byte {}", built.name, position);
            Ok(())
        })?;
    }
}

/// Where signedAttrs, the signature and, if there is one, eContent stand, each with its contents only.
fn signed_regions(message: &[u8]) -> Vec<std::ops::Range<usize>> {
    let signed = inside(inside(message)[1].contents);
    let place = |part: &[u8]| {
        let start = part.as_ptr() as usize - message.as_ptr() as usize;
        start..start + part.len()
    };
    let info = inside(signed.last().unwrap().contents);
    let attributes = info.iter().find(|field| field.tag == 0xa0).unwrap();
    let signature = info.iter().find(|field| field.tag == 0x04).unwrap();
    let mut regions = vec![place(attributes.contents), place(signature.contents)];
    if let Some(content) = elements(signed[2].contents).get(1) {
        regions.push(place(elements(content.contents)[0].contents));
    }
    regions
}

// (d) A changed envelope, signed again, does not open.

/// A change to the encrypted bytes of an envelope.
#[derive(Clone, Debug)]
enum Change {
    FlipKey(Vec<(Index, u8)>),
    CutKey(Index),
    FlipContent(Vec<(Index, u8)>),
    CutContent(Index),
    GrowContent(Vec<u8>),
    SwapBlocks(Index, Index),
    RepeatBlock(Index),
    FlipIv(Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let flips = || proptest::collection::vec((any::<Index>(), 1_u8..=255), 1..4);
    let bytes = proptest::collection::vec(any::<u8>(), 1..40);
    prop_oneof![
        2 => flips().prop_map(Change::FlipKey),
        1 => any::<Index>().prop_map(Change::CutKey),
        4 => flips().prop_map(Change::FlipContent),
        1 => any::<Index>().prop_map(Change::CutContent),
        1 => bytes.prop_map(Change::GrowContent),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Change::SwapBlocks(a, b)),
        1 => any::<Index>().prop_map(Change::RepeatBlock),
        1 => (any::<Index>(), 1_u8..=255).prop_map(|(at, mask)| Change::FlipIv(at, mask)),
    ]
}

impl Change {
    fn apply(&self, envelope: &mut Envelope, block: usize) {
        let flip = |bytes: &mut Vec<u8>, flips: &[(Index, u8)]| {
            for (at, mask) in flips {
                let position = at.index(bytes.len());
                bytes[position] ^= mask;
            }
        };
        let content = &mut envelope.encrypted_content;
        let blocks = content.len() / block;
        match self {
            Self::FlipKey(flips) => flip(&mut envelope.encrypted_key, flips),
            Self::CutKey(at) => {
                let len = at.index(envelope.encrypted_key.len());
                envelope.encrypted_key.truncate(len);
            }
            Self::FlipContent(flips) => flip(content, flips),
            Self::CutContent(at) => content.truncate(at.index(content.len())),
            Self::GrowContent(bytes) => content.extend(bytes),
            Self::SwapBlocks(one, other) => {
                let (one, other) = (one.index(blocks) * block, other.index(blocks) * block);
                for offset in 0..block {
                    content.swap(one + offset, other + offset);
                }
            }
            Self::RepeatBlock(at) => {
                let start = at.index(blocks) * block;
                let repeated = content[start..start + block].to_vec();
                content.splice(start..start, repeated);
            }
            Self::FlipIv(at, mask) => {
                let len = envelope.cipher.len();
                let position = len - block + at.index(block);
                envelope.cipher[position] ^= mask;
            }
        }
    }

    /// Whether the content key is what is wrong.
    fn is_of_key(&self) -> bool {
        matches!(self, Self::FlipKey(_) | Self::CutKey(_))
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_changed_envelope_does_not_open(
        change in change(),
        cipher in select(&CIPHERS[..]),
        transport in select(key_transports()),
    ) {
        with_parties(|parties| {
            let csr = parties.csr.as_der();
            let good = Envelope::seal(csr, &parties.ca, cipher, transport);
            let mut envelope = good.clone();
            change.apply(&mut envelope, cipher.block_len());
            prop_assume!(envelope.to_der() != good.to_der());
            let mut forge = Forge::of(&parties.pkcs_req().0);
            forge.set_content(Some(envelope.to_der()));
            let bytes = forge.sign(&parties.client_key);
            let message = PkiMessage::parse(&bytes[..], &Limits::REQUEST).unwrap();
            let trust = SignerTrust::new().self_issued();
            let verified = message
                .verify(&parties.provider, &parties.policy, &trust)
                .unwrap();
            let error = verified
                .open(&parties.provider, &parties.ca_recipients(), &mut rng())
                .expect_err("a changed envelope opens");
            let sealed = OpenError::Decrypt(DecryptError);
            match error {
                error if error == sealed => {}
                // What was garbled is inside of the CSR's public key, name or signature: an error of its own in the
                // server's log, and the same answer to the client.
                OpenError::CsrSignature | OpenError::CsrRefused(_) => {
                    prop_assert!(!change.is_of_key(), "{error:?}");
                }
                other => prop_assert!(false, "{other:?}"),
            }
            prop_assert_eq!(error.fail_info(), FailInfo::BadMessageCheck);
            // The two-step form and the reply's road agree.
            let two_steps = open_in_two_steps(parties, &verified);
            prop_assert_eq!(two_steps, Err(error));
            Ok(())
        })?;
    }
}

fn open_in_two_steps(
    parties: &Parties,
    verified: &scep::VerifiedMessage<'_>,
) -> Result<(), OpenError> {
    use scep::crypto::DecryptionKey;
    let ca = [parties.ca.clone()];
    let encrypted = verified.encrypted_key(&ca)?;
    let transport = encrypted.transports().next().unwrap();
    let key = &parties.ca_key;
    let content_key = key.decrypt_key(transport, encrypted.as_bytes(), &mut rng());
    let secret = key.substitute_secret();
    verified
        .open_with(&parties.provider, &encrypted, content_key, secret)
        .map(|_| ())
}

// (e) The order of signed attributes.

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
