//! The server's turns: bodies in, opened requests or signed refusals out, replies by the right generation.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{Attribute, Envelope, Forge, oaep_id, printable, tlv};
use common::issue::{self, NOW, Ra};
use common::{Parties, RsaKey, certificate, key, rng, vector};
use scep::crypto::{
    ContentCipher, DigestAlgorithm, DigestSet, KeyManagement, KeyTransport, Policy,
};
use scep::http::{Method, Response};
use scep::server::{Authority, Received, RefusedRequest, Server};
use scep::{
    BuildError, CaCertificates, CaRoles, Capabilities, Capability, CertRep, Certificate,
    ChallengePassword, Csr, DecryptError, Error, FailInfo, Failure, Granted, Item, Limit, Limits,
    MessageType, Negotiation, NextCaCertificates, OpenError, ParseErrorKind, PendingRequest,
    PkiMessage, Recipient, Refused, RenewalForm, Request, RequestBuilder, SignerIdentity,
    SignerMatch, SignerTrust, VerifyError, oid,
};

/// A server of one generation that takes first requests and renews what it issued.
fn server(parties: &Parties) -> Server<'_> {
    let trust = SignerTrust::new().self_issued().issuer(&parties.ca);
    server_with(parties, trust)
}

fn server_with<'s>(parties: &'s Parties, trust: SignerTrust<'s>) -> Server<'s> {
    let authority = Authority::new(&parties.ca, &parties.ca_key).unwrap();
    Server::new(&parties.provider, &parties.policy, trust, authority)
}

fn opened(server: &Server<'_>, body: &[u8]) -> Request {
    match server.receive(body, &mut rng()).unwrap() {
        Received::Request(request) => *request,
        Received::Refused(refused) => panic!("{refused:?}"),
    }
}

fn refused(server: &Server<'_>, body: &[u8]) -> RefusedRequest {
    match server.receive(body, &mut rng()).unwrap() {
        Received::Request(request) => panic!("{request:?}"),
        Received::Refused(refused) => refused,
    }
}

/// What a client of this CA reads.
fn answer<'p>(
    parties: &'p Parties,
    pending: &'p PendingRequest,
    roles: &'p CaRoles<'_>,
    reply: &[u8],
) -> Result<Answer, scep::TransactionError> {
    let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    match pending.accept(&reply, roles, &parties.provider, &parties.policy)? {
        CertRep::Success(sealed) => {
            let recipient = parties.client_recipient();
            let granted = sealed.open(&parties.provider, &recipient, &mut rng())?;
            Ok(Answer::Granted(Box::new(granted)))
        }
        CertRep::Failure(failure) => Ok(Answer::Refused(failure)),
        CertRep::Pending => Ok(Answer::Pending),
    }
}

#[derive(Debug)]
enum Answer {
    Granted(Box<Granted>),
    Refused(Failure),
    Pending,
}

/// The failInfo and the text of a refusal, as the client of this CA reads it.
fn failure(
    parties: &Parties,
    pending: &PendingRequest,
    ca: &Certificate<'_>,
    reply: &[u8],
) -> (Option<FailInfo>, Option<String>) {
    match answer(parties, pending, &CaRoles::new(ca), reply) {
        Ok(Answer::Refused(failure)) => (failure.info(), failure.text().map(Into::into)),
        other => panic!("{other:?}"),
    }
}

/// A PKCSReq for a CA.
fn request_for(parties: &Parties, roles: &CaRoles<'_>) -> (Vec<u8>, PendingRequest) {
    let signer = parties.client_signer();
    parties.send(RequestBuilder::pkcs_req(&parties.csr, &signer, roles))
}

// A turn.

#[test]
fn a_turn_ends_in_a_certificate_a_refusal_or_pending() {
    let parties = Parties::new();
    let server = server(&parties);
    let (body, pending) = parties.pkcs_req();
    let request = opened(&server, &body);
    assert_eq!(request.signer_match(), SignerMatch::SelfIssued);
    assert_eq!(request.csr().unwrap().as_der(), parties.csr.as_der());
    assert_eq!(server.authority(&request).ca(), &parties.ca);
    let (cipher, transport) = (ContentCipher::Aes128Cbc, KeyTransport::RsaPkcs1v15);
    assert_eq!(
        request.success_envelope(),
        Ok((cipher, KeyManagement::Transport(transport)))
    );

    let roles = parties.roles();
    let reads = |reply: Vec<u8>| answer(&parties, &pending, &roles, &reply).unwrap();
    let reply = server.reply(&request);
    let issued = std::slice::from_ref(&parties.issued);
    let Answer::Granted(granted) = reads(reply.success(issued, &mut rng()).unwrap()) else {
        panic!("not granted");
    };
    assert_eq!(granted.certificate(), Some(&parties.issued));
    let text = Some("no");
    let failure = reply.failure(FailInfo::BadRequest, text, &mut rng());
    let Answer::Refused(failure) = reads(failure.unwrap()) else {
        panic!("not refused");
    };
    assert_eq!(failure.info(), Some(FailInfo::BadRequest));
    assert_eq!(failure.text(), text);
    let waiting = reads(reply.pending(&mut rng()).unwrap());
    assert!(matches!(waiting, Answer::Pending), "{waiting:?}");
    assert_eq!(
        reply.success_crl(&parties.crl(), &mut rng()).unwrap_err(),
        BuildError::ReplyNotForRequest(MessageType::PkcsReq)
    );
}

#[test]
fn a_list_of_revoked_certificates_goes_to_who_asks() {
    let parties = Parties::new();
    let server = server(&parties);
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let wanted = scep::IssuerAndSerialNumber::of(&parties.issued);
    let (body, pending) = parties.send(RequestBuilder::get_crl(wanted, &signer, &roles));
    let request = opened(&server, &body);
    let reply = server
        .reply(&request)
        .success_crl(&parties.crl(), &mut rng());
    let Ok(Answer::Granted(granted)) = answer(&parties, &pending, &roles, &reply.unwrap()) else {
        panic!("not granted");
    };
    assert_eq!(granted.crl(), Some(&parties.crl()));
}

#[test]
fn an_unset_password_is_no_empty_one() {
    let parties = Parties::new();
    let server = server(&parties);
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let password = |csr: Csr, check: fn(ChallengePassword<'_>)| {
        let (body, _) = parties.send(RequestBuilder::pkcs_req(&csr, &signer, &roles));
        check(opened(&server, &body).csr().unwrap().challenge_password());
    };
    let key = &parties.client_key;
    password(issue::csr(key, |csr| csr), |password| {
        assert!(matches!(password, ChallengePassword::Absent));
        assert!(!password.verify(b"") && !password.verify(b"secret"));
    });
    let empty = issue::csr(key, |csr| csr.challenge_password(""));
    password(empty, |password| {
        assert!(matches!(password, ChallengePassword::Empty));
        assert!(!password.verify(b"") && !password.verify(b"secret"));
    });
    let given = issue::csr(key, |csr| csr.challenge_password("secret"));
    password(given, |password| {
        assert!(matches!(password, ChallengePassword::Present(_)));
        assert!(!password.verify(b"") && password.verify(b"secret"));
    });
}

#[test]
fn a_server_crosses_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Server<'static>>();
    crosses::<Received>();
    crosses::<scep::server::HeldEnrolment>();
}

// What is not received.

#[test]
fn what_is_no_message_is_an_error() {
    let parties = Parties::new();
    let error = |server: &Server<'_>, body: &[u8]| match server.receive(body, &mut rng()) {
        Err(Error::Parse(error)) => (error.kind(), error.item()),
        other => panic!("{other:?}"),
    };
    let (body, _) = parties.pkcs_req();
    let server = server(&parties);
    assert_eq!(
        error(&server, b""),
        (ParseErrorKind::Missing, Item::ContentInfo)
    );
    assert_eq!(
        error(&server, &body[..body.len() - 1]),
        (ParseErrorKind::Truncated, Item::ContentInfo)
    );
    let mut forge = Forge::of(&body);
    forge.remove(oid::TRANSACTION_ID);
    assert_eq!(
        error(&server, &forge.sign(&parties.client_key)),
        (ParseErrorKind::Missing, Item::TransactionId)
    );
    let limits = Limits::REQUEST.with(Limit::InputLen, body.len() - 1);
    assert_eq!(
        error(&server.clone().with_limits(limits), &body),
        (ParseErrorKind::LimitExceeded(Limit::InputLen), Item::Input)
    );
}

#[test]
fn nobody_is_trusted_because_the_ca_issued_to_it() {
    let parties = Parties::new();
    let old = SignerIdentity::new(&parties.issued, &parties.client_key).unwrap();
    let roles = parties.roles();
    let (body, pending) = parties.send(RequestBuilder::renewal_req(&parties.csr, &old, &roles));
    let trusting = server(&parties);
    let request = opened(&trusting, &body);
    assert_eq!(request.signer_match(), SignerMatch::Issuer(0));
    assert!(request.renewal_proof(NOW).is_some());

    let first_requests = server_with(&parties, SignerTrust::new().self_issued());
    let refused = refused(&first_requests, &body);
    let error = Error::Verify(VerifyError::UntrustedSigner);
    assert_eq!(refused.error(), error);
    let reads = failure(&parties, &pending, &parties.ca, refused.reply());
    assert_eq!(reads, (Some(FailInfo::BadRequest), None));
}

#[test]
fn who_is_self_issued_cannot_renew() {
    let parties = Parties::new();
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let renewal = RequestBuilder::renewal_req(&parties.csr, &signer, &roles);
    let (body, pending) = parties.send(renewal);
    let refused = refused(&server(&parties), &body);
    let error = Error::Verify(VerifyError::SelfIssuedRenewal);
    assert_eq!(refused.error(), error);
    let reads = failure(&parties, &pending, &parties.ca, refused.reply());
    assert_eq!(reads, (Some(FailInfo::BadRequest), None));
}

#[test]
fn a_reply_is_no_request() {
    let parties = Parties::new();
    let server = server(&parties);
    let (body, _) = parties.pkcs_req();
    let request = opened(&server, &body);
    let reply = server.reply(&request).pending(&mut rng()).unwrap();
    let refused = refused(&server, &reply);
    assert_eq!(refused.error(), Error::Verify(VerifyError::NotARequest));
    assert_eq!(refused.error().fail_info(), FailInfo::BadRequest);
}

#[test]
fn a_message_for_somebody_else_is_refused_by_the_current_generation() {
    let parties = Parties::new();
    let stranger = certificate(vector!("keys/ca-micromdm.pem"));
    let (body, pending) = request_for(&parties, &CaRoles::new(&stranger));
    let refused = refused(&server(&parties), &body);
    let Error::Open(OpenError::NoRecipient(hint)) = refused.error() else {
        panic!("{:?}", refused.error());
    };
    assert_eq!((hint.first(), hint.recipients()), (stranger.serial(), 1));
    assert_eq!(
        refused.unverified_transaction_id(),
        pending.transaction_id()
    );
    let reads = failure(&parties, &pending, &parties.ca, refused.reply());
    assert_eq!(reads, (Some(FailInfo::BadMessageCheck), None));
}

#[test]
fn a_refused_algorithm_is_named() {
    let mut parties = Parties::new();
    let (body, pending) = parties.pkcs_req();
    let sha512 = DigestSet::of(&[DigestAlgorithm::Sha512]);
    let lenient = parties.policy;
    parties.policy = lenient.with_message_digests(sha512);
    let refused = refused(&server(&parties), &body);
    let error = VerifyError::Refused(Refused::MessageDigest(oid::SHA256));
    assert_eq!(refused.error(), Error::Verify(error));
    parties.policy = lenient;
    let (info, text) = failure(&parties, &pending, &parties.ca, refused.reply());
    assert_eq!(info, Some(FailInfo::BadAlg));
    let text = text.unwrap();
    assert!(text.contains("2.16.840.1.101.3.4.2.1"), "{text}");
}

/// A reply without what differs from one to the next: its nonce and its signature.
fn without_nonce_and_signature(reply: &[u8]) -> Vec<u8> {
    let mut forge = Forge::of(reply);
    let nonce = forge.remove(oid::SENDER_NONCE);
    assert_eq!(nonce.values[0].len(), 2 + 16);
    let info = forge.signer_info(common::forge::Order::Listed, &[]);
    forge.assemble(&[info])
}

#[test]
fn refusals_of_what_does_not_open_are_alike_to_the_byte() {
    let mut parties = Parties::new();
    let (body, _) = parties.pkcs_req();
    let around = |envelope: &Envelope| {
        let mut forge = Forge::of(&body);
        forge.set_content(Some(envelope.to_der()));
        forge.sign(&parties.client_key)
    };
    let (cipher, transport) = (ContentCipher::Aes128Cbc, KeyTransport::RsaPkcs1v15);
    let seal = |payload: &[u8]| Envelope::seal(payload, &parties.ca, cipher, transport);
    let csr = parties.csr.as_der();
    let mut wrong_signature = csr.to_vec();
    *wrong_signature.last_mut().unwrap() ^= 1;
    let mut wrong_key = seal(csr);
    wrong_key.encrypted_key = vec![7; 256];
    let mut wrong_padding = seal(csr);
    *wrong_padding.encrypted_content.last_mut().unwrap() ^= 1;
    let decrypt = OpenError::Decrypt(DecryptError);
    let bodies = [
        (around(&wrong_key), decrypt),
        (around(&wrong_padding), decrypt),
        (around(&seal(b"no CSR")), decrypt),
        (around(&seal(&wrong_signature)), OpenError::CsrSignature),
    ];
    // One that opens, and whose CSR the policy refuses.
    let sha512 = DigestSet::of(&[DigestAlgorithm::Sha512]);
    let strict = parties.policy.with_csr_digests(sha512);
    let csr_refused = OpenError::CsrRefused(Refused::CsrSignature(oid::SHA256_WITH_RSA));

    let lenient = server(&parties);
    assert!(matches!(
        lenient.receive(&around(&seal(csr)), &mut rng()),
        Ok(Received::Request(_))
    ));
    let mut replies = Vec::new();
    for (body, error) in &bodies {
        let refused = refused(&lenient, body);
        assert_eq!(refused.error(), Error::Open(*error));
        replies.push(refused.into_reply());
    }
    let good = around(&seal(csr));
    parties.policy = strict;
    let refused = refused(&server(&parties), &good);
    assert_eq!(refused.error(), Error::Open(csr_refused));
    replies.push(refused.into_reply());

    let mut forge = Forge::of(&replies[0]);
    let fail_info = Attribute {
        oid: oid::FAIL_INFO,
        values: vec![printable("1")],
    };
    let attributes: Vec<Vec<u8>> = forge.attributes().iter().map(Attribute::to_der).collect();
    assert!(attributes.contains(&fail_info.to_der()));
    assert!(
        !forge
            .attributes()
            .iter()
            .any(|attribute| attribute.oid == oid::FAIL_INFO_TEXT)
    );
    assert_eq!(forge.content, None);
    for reply in &replies {
        assert_eq!(
            without_nonce_and_signature(reply),
            without_nonce_and_signature(&replies[0])
        );
    }
}

// Generations.

/// A CA in three generations. The next one has a key of another length.
struct Generations {
    parties: Parties,
    older: Certificate<'static>,
    older_key: RsaKey,
    next: Certificate<'static>,
    next_key: RsaKey,
}

impl Generations {
    fn new() -> Self {
        let older_key = key(vector!("keys/ca-micromdm.key"));
        let next_key = key(vector!("keys/c3072.key"));
        Self {
            parties: Parties::new(),
            older: issue::root("the CA", &older_key),
            older_key,
            next: issue::root("the CA", &next_key),
            next_key,
        }
    }

    fn server(&self) -> Server<'_> {
        server(&self.parties)
            .with_generation(Authority::new(&self.older, &self.older_key).unwrap())
            .with_generation(Authority::new(&self.next, &self.next_key).unwrap())
    }

    fn cas(&self) -> [&Certificate<'static>; 3] {
        [&self.parties.ca, &self.older, &self.next]
    }
}

#[test]
fn each_generation_opens_and_answers_its_own() {
    let generations = Generations::new();
    let (parties, server) = (&generations.parties, generations.server());
    for (position, ca) in generations.cas().into_iter().enumerate() {
        let roles = CaRoles::new(ca);
        let (body, pending) = request_for(parties, &roles);
        let request = opened(&server, &body);
        assert_eq!(request.recipient(), position);
        assert_eq!(server.authority(&request).ca(), ca);
        let reply = server.reply(&request).pending(&mut rng()).unwrap();
        let reads = answer(parties, &pending, &roles, &reply);
        assert!(matches!(reads, Ok(Answer::Pending)), "{reads:?}");
        // And by no other: a client of one generation does not believe the next.
        for other in generations.cas() {
            let reads = answer(parties, &pending, &CaRoles::new(other), &reply);
            assert_eq!(reads.is_ok(), other == ca);
        }
    }
}

#[test]
fn a_refusal_comes_from_the_generation_that_was_asked() {
    let generations = Generations::new();
    let (parties, server) = (&generations.parties, generations.server());
    for ca in generations.cas() {
        let (body, pending) = request_for(parties, &CaRoles::new(ca));
        // What does not verify, and what does not open.
        let mut unverified = body.clone();
        *unverified.last_mut().unwrap() ^= 1;
        let mut forge = Forge::of(&body);
        let mut envelope = Envelope::of(forge.content.as_ref().unwrap());
        envelope.encrypted_content.truncate(16);
        forge.set_content(Some(envelope.to_der()));
        let unopened = forge.sign(&parties.client_key);
        for (body, error) in [
            (unverified, Error::Verify(VerifyError::Signature)),
            (unopened, Error::Open(OpenError::Decrypt(DecryptError))),
        ] {
            let refused = refused(&server, &body);
            assert_eq!(refused.error(), error);
            let reads = failure(parties, &pending, ca, refused.reply());
            assert_eq!(reads, (Some(FailInfo::BadMessageCheck), None));
        }
    }
    // A message that has no envelope is for nobody.
    let (body, pending) = request_for(parties, &CaRoles::new(&generations.older));
    let mut forge = Forge::of(&body);
    forge.set_content(None);
    let refused = refused(&server, &forge.sign(&parties.client_key));
    assert_eq!(refused.error(), Error::Open(OpenError::NoContent));
    let reads = failure(parties, &pending, &parties.ca, refused.reply());
    assert_eq!(reads, (Some(FailInfo::BadMessageCheck), None));
}

#[test]
fn an_ra_opens_with_one_certificate_and_signs_with_another() {
    let (parties, ra) = (Parties::new(), Ra::new());
    let signer = SignerIdentity::new(&ra.signature, &ra.signature_key).unwrap();
    let recipient = Recipient::new(&ra.encryption, &ra.encryption_key).unwrap();
    let authority = Authority::with_ra(&parties.ca, recipient, signer, &ra.signature_key).unwrap();
    let trust = SignerTrust::new().self_issued();
    let server = Server::new(&parties.provider, &parties.policy, trust, authority);
    let roles = CaRoles::with_ra(&parties.ca, &ra.encryption, &ra.signature);
    let (body, pending) = request_for(&parties, &roles);
    let request = opened(&server, &body);
    assert_eq!(server.authority(&request).ca(), &parties.ca);
    let issued = std::slice::from_ref(&parties.issued);
    let reply = server.reply(&request).success(issued, &mut rng()).unwrap();
    let reads = answer(&parties, &pending, &roles, &reply);
    assert!(matches!(reads, Ok(Answer::Granted(_))), "{reads:?}");
    // Nothing is for the CA itself, nor for the certificate that signs.
    for wrong in [&parties.ca, &ra.signature] {
        let roles = CaRoles::with_ra(&parties.ca, wrong, &ra.signature);
        let (body, pending) = request_for(&parties, &roles);
        let refused = refused(&server, &body);
        let error = refused.error();
        assert!(matches!(error, Error::Open(OpenError::NoRecipient(_))));
        let reads = answer(&parties, &pending, &roles, refused.reply());
        assert!(matches!(reads, Ok(Answer::Refused(_))), "{reads:?}");
    }
}

#[test]
fn a_key_is_its_certificates() {
    let (parties, ra) = (Parties::new(), Ra::new());
    let mismatch = Some(BuildError::KeyMismatch);
    let ca = &parties.ca;
    assert_eq!(Authority::new(ca, &ra.encryption_key).err(), mismatch);
    let with_key = |key| {
        let signer = SignerIdentity::new(&ra.signature, &ra.signature_key).unwrap();
        let recipient = Recipient::new(&ra.encryption, &ra.encryption_key).unwrap();
        Authority::with_ra(ca, recipient, signer, key).err()
    };
    assert_eq!(with_key(&ra.signature_key), None);
    assert_eq!(with_key(&ra.encryption_key), mismatch);
}

// What a reply echoes and mirrors.

#[test]
fn a_transaction_id_comes_back_as_it_came() {
    let parties = Parties::new();
    let server = server(&parties);
    let (body, _) = parties.pkcs_req();
    let sent = |id: &[u8]| {
        let mut forge = Forge::of(&body);
        forge.set(oid::TRANSACTION_ID, id.to_vec());
        forge.sign(&parties.client_key)
    };
    let echoed = |reply: &[u8]| {
        let echoed = Forge::of(reply).remove(oid::TRANSACTION_ID);
        echoed.values.concat()
    };
    let in_reply = |id: &[u8]| {
        let request = opened(&server, &sent(id));
        echoed(&server.reply(&request).pending(&mut rng()).unwrap())
    };
    let in_refusal = |id: &[u8]| {
        let mut tampered = sent(id);
        *tampered.last_mut().unwrap() ^= 1;
        echoed(refused(&server, &tampered).reply())
    };
    let string = |tag, text: &str| tlv(tag, text.as_bytes());
    let characters = "密".repeat(85);
    for (tag, text) in [
        (0x13, "A1+/="),
        (0x13, "no_PrintableString"),
        (0x0c, "A1+/="),
        (0x0c, &characters),
        (0x16, "A1"),
        (0x16, "ia5@example"),
    ] {
        let id = string(tag, text);
        assert_eq!(in_reply(&id), id);
        assert_eq!(in_refusal(&id), id);
    }
    // Who is refused gets no more than 256 bytes back, and no part of a character.
    for (long, cut) in [
        (format!("x{characters}x"), format!("x{characters}")),
        (format!("xx{characters}"), format!("xx{}", "密".repeat(84))),
    ] {
        let id = string(0x0c, &long);
        assert_eq!(in_reply(&id), id);
        assert_eq!(in_refusal(&id), string(0x0c, &cut));
    }
}

#[test]
fn a_reply_mirrors_the_key_transport_that_opened() {
    // Interop: smallstep's pkcs7 uses the OAEP hash for MGF1 too and does not write that down.
    let mut parties = Parties::new();
    parties.policy = Policy::compatible();
    let digest = DigestAlgorithm::Sha256;
    for mgf_digest in [DigestAlgorithm::Sha1, digest] {
        let transport = KeyTransport::RsaOaep { digest, mgf_digest };
        let cipher = ContentCipher::Aes128Cbc;
        let csr = parties.csr.as_der();
        let mut envelope = Envelope::seal(csr, &parties.ca, cipher, transport);
        envelope.key_encryption = oaep_id(Some(digest), None, None);
        let mut forge = Forge::of(&parties.pkcs_req().0);
        forge.set_content(Some(envelope.to_der()));
        let body = forge.sign(&parties.client_key);
        let server = server(&parties);
        let request = opened(&server, &body);
        assert_eq!(
            request.key_management(),
            KeyManagement::Transport(transport)
        );
        let issued = std::slice::from_ref(&parties.issued);
        let reply = server.reply(&request).success(issued, &mut rng()).unwrap();
        let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
        let report = scep::inspect::envelope(&reply).unwrap().unwrap();
        assert_eq!(report.recipients[0].key_transport, Some(Ok(transport)));

        // In two steps, the caller tells which one it was.
        let message = PkiMessage::parse(&body[..], &Limits::REQUEST).unwrap();
        let trust = SignerTrust::new().self_issued();
        let verified = message.verify(&parties.provider, &parties.policy, &trust);
        let verified = verified.unwrap();
        let cas = std::slice::from_ref(&parties.ca);
        let encrypted = verified.encrypted_key(cas).unwrap();
        use scep::crypto::DecryptionKey;
        let key = &parties.ca_key;
        let content_key = key.decrypt_key(transport, encrypted.as_bytes(), &mut rng());
        let encrypted = encrypted.decrypted_with(transport);
        // What it cannot have been changes nothing.
        let encrypted = encrypted.decrypted_with(KeyTransport::RsaPkcs1v15);
        let secret = key.substitute_secret();
        let request = verified.open_with(&parties.provider, &encrypted, content_key, secret);
        assert_eq!(
            request.unwrap().key_management(),
            KeyManagement::Transport(transport)
        );
    }
}

// The other bodies.

#[test]
fn capabilities_are_what_the_policy_allows() {
    let mut parties = Parties::new();
    let listed = |policy| {
        parties.policy = policy;
        server(&parties).capabilities().to_string()
    };
    let [strict, default, compatible] =
        [Policy::strict(), Policy::default(), Policy::compatible()].map(listed);
    assert_eq!(
        strict,
        "POSTPKIOperation\nRenewal\nSCEPStandard\nAES\nSHA-256\nSHA-384\nSHA-512"
    );
    assert_eq!(
        default,
        "POSTPKIOperation\nRenewal\nSCEPStandard\nAES\nDES3\nSHA-256\nSHA-384\nSHA-512\nSHA-1"
    );
    assert_eq!(compatible, default);
    // Interop: strongSwan 5.9.8 takes AES only beside SHA-384.
    let capabilities = Capabilities::parse(strict.as_bytes());
    assert!(capabilities.lists(Capability::Other("SHA-384")));

    let without_aes128 = Policy::strict().content_ciphers();
    let without_aes128 = without_aes128.without(ContentCipher::Aes128Cbc);
    parties.policy = Policy::strict().with_content_ciphers(without_aes128);
    assert_eq!(
        server(&parties).capabilities().to_string(),
        "POSTPKIOperation\nRenewal\nSHA-256\nSHA-384\nSHA-512"
    );
    let only_sha1 = DigestSet::of(&[DigestAlgorithm::Sha1]);
    parties.policy = Policy::default().with_message_digests(only_sha1);
    assert_eq!(
        server(&parties).capabilities().to_string(),
        "POSTPKIOperation\nRenewal\nAES\nDES3\nSHA-1"
    );
}

#[test]
fn a_client_finds_in_the_capabilities_what_the_server_can_do() {
    let mut parties = Parties::new();
    for policy in [Policy::strict(), Policy::default()] {
        parties.policy = policy;
        let body = Response::ca_caps(&server(&parties).capabilities());
        let capabilities = Capabilities::from_response(body.status(), body.body());
        assert_eq!(capabilities, server(&parties).capabilities());
        let negotiation = Negotiation::new(&capabilities, &policy).unwrap();
        assert_eq!(negotiation.digest(), DigestAlgorithm::Sha256);
        assert_eq!(negotiation.content_cipher(), ContentCipher::Aes128Cbc);
        assert_eq!(negotiation.method(), Method::Post);
        assert_eq!(negotiation.renewal(), RenewalForm::RenewalReq);
    }
}

#[test]
fn a_next_ca_is_told_if_there_is_one() {
    let generations = Generations::new();
    let parties = &generations.parties;
    let next_ca = [generations.next.clone()];
    let server = generations.server();
    let lists = |server: &Server<'_>| server.capabilities().lists(Capability::GetNextCaCert);
    assert!(!lists(&server));
    assert_eq!(server.next_ca_certificates(&mut rng()), Ok(None));

    let server = server.with_next_ca(&next_ca);
    assert!(lists(&server));
    let response = server.next_ca_certificates(&mut rng()).unwrap().unwrap();
    let media_type = "application/x-x509-next-ca-cert";
    assert_eq!(
        (response.status(), response.content_type()),
        (200, media_type)
    );
    let body = NextCaCertificates::parse(response.into_body(), &Limits::REPLY).unwrap();
    let verify = |signer| body.verify(&[signer], &parties.provider, &parties.policy);
    let told = verify(&parties.ca).unwrap();
    let told: Vec<_> = told.certificates().map(Result::unwrap).collect();
    assert_eq!(told, next_ca);
    assert_eq!(
        verify(&generations.next).unwrap_err(),
        VerifyError::UntrustedSigner
    );
}

#[test]
fn the_certificates_of_the_current_generation_are_told() {
    let (parties, ra) = (Parties::new(), Ra::new());
    let told = |authority: Authority<'_>| {
        let trust = SignerTrust::new();
        let server = Server::new(&parties.provider, &parties.policy, trust, authority);
        let response = server.ca_certificates();
        assert_eq!(response.status(), 200);
        let media_type = response.content_type();
        let read = CaCertificates::parse(response.into_body(), None, &Limits::REPLY).unwrap();
        let mut serials: Vec<_> = read
            .certificates()
            .map(|certificate| certificate.unwrap().serial().to_vec())
            .collect();
        serials.sort_unstable();
        (media_type, serials)
    };
    let serials = |certificates: &[&Certificate<'_>]| {
        let mut serials: Vec<_> = certificates
            .iter()
            .map(|certificate| certificate.serial().to_vec())
            .collect();
        serials.sort_unstable();
        serials
    };
    let (one, set) = (CaCertificates::CERTIFICATE_TYPE, CaCertificates::SET_TYPE);
    let ca = &parties.ca;
    let alone = || Authority::new(ca, &parties.ca_key).unwrap();
    assert_eq!(told(alone()), (one, serials(&[ca])));
    let root = certificate(vector!("keys/ca-micromdm.pem"));
    assert_eq!(
        told(alone().with_chain(&root)),
        (set, serials(&[ca, &root]))
    );
    let with_ra = |signature, key| {
        let signer = SignerIdentity::new(signature, key).unwrap();
        let recipient = Recipient::new(&ra.encryption, &ra.encryption_key).unwrap();
        Authority::with_ra(ca, recipient, signer, key).unwrap()
    };
    let two = || with_ra(&ra.signature, &ra.signature_key);
    let of_both = [ca, &ra.signature, &ra.encryption];
    assert_eq!(told(two()), (set, serials(&of_both)));
    let with_root = [ca, &ra.signature, &ra.encryption, &root];
    // Each once, however often it is named.
    let chain = two().with_chain(&root).with_chain(&root);
    assert_eq!(told(chain), (set, serials(&with_root)));
    let dual = with_ra(&ra.encryption, &ra.encryption_key);
    assert_eq!(told(dual), (set, serials(&[ca, &ra.encryption])));
}
