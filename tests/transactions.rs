//! Whole exchanges between the crate's two sides, and each check of them failing by itself.
#![cfg(feature = "rustcrypto")]

mod common;

use common::{Parties, RsaKey, certificate, rng, vector};
use scep::crypto::{
    ContentCipher, CryptoError, CryptoRng, DigestAlgorithm, KeyManagement, KeyTransport, Policy,
    SignatureAlgorithm, SigningKey, SubstituteSecret,
};
use scep::server::HeldEnrolment;
use scep::{
    BuildError, CaRoles, CertRep, CertificateSignatureError, FailInfo, Failure, Granted,
    IssuerAndSerialNumber, Limits, MessageType, NextCaBuilder, NextCaCertificates, OpenError,
    PendingRequest, PkiMessage, PkiStatus, RequestBody, RequestBuilder, SignerIdentity,
    SignerMatch, SignerTrust, TransactionError, TransactionId, VerifyError,
};

/// The client's road for a SUCCESS.
fn granted(
    parties: &Parties,
    pending: &PendingRequest,
    reply: &[u8],
) -> Result<Granted, TransactionError> {
    let message = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let roles = parties.roles();
    match pending.accept(&message, &roles, &parties.provider, &parties.policy)? {
        CertRep::Success(sealed) => {
            sealed.open(&parties.provider, &parties.client_recipient(), &mut rng())
        }
        other => panic!("not a SUCCESS: {other:?}"),
    }
}

fn refused(parties: &Parties, pending: &PendingRequest, reply: &[u8]) -> Failure {
    let message = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let roles = parties.roles();
    match pending
        .accept(&message, &roles, &parties.provider, &parties.policy)
        .unwrap()
    {
        CertRep::Failure(failure) => failure,
        other => panic!("not a FAILURE: {other:?}"),
    }
}

/// A SUCCESS from the CA.
fn success(parties: &Parties, request: &[u8]) -> Vec<u8> {
    let request = parties.receive(request);
    let signer = parties.ca_signer();
    request
        .reply(&parties.provider, &signer)
        .success(&[parties.issued.clone(), parties.ca.clone()], &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap()
}

#[test]
fn an_enrolment_ends_in_the_certificate() {
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let opened = parties.receive(&request);
    assert_eq!(opened.message_type(), MessageType::PkcsReq);
    assert_eq!(opened.signer_match(), SignerMatch::SelfIssued);
    assert_eq!(opened.signer_has_csr_key(), Some(true));
    assert_eq!(opened.transaction_id(), pending.transaction_id());
    assert_eq!(opened.csr().unwrap().as_der(), parties.csr.as_der());
    assert!(opened.csr().unwrap().challenge_password().verify(b"secret"));
    assert!(!opened.csr().unwrap().challenge_password().verify(b"Secret"));

    let granted = granted(&parties, &pending, &success(&parties, &request)).unwrap();
    assert_eq!(granted.certificate(), Some(&parties.issued));
    assert_eq!(granted.others(), std::slice::from_ref(&parties.ca));
}

#[test]
fn a_reply_mirrors_the_algorithms_of_its_request() {
    let mut parties = Parties::new();
    parties.policy = Policy::compatible();
    let oaep = |digest, mgf_digest| KeyTransport::RsaOaep { digest, mgf_digest };
    for (digest, cipher, transport) in [
        (
            DigestAlgorithm::Sha1,
            ContentCipher::TripleDesCbc,
            KeyTransport::RsaPkcs1v15,
        ),
        (
            DigestAlgorithm::Sha256,
            ContentCipher::Aes128Cbc,
            oaep(DigestAlgorithm::Sha1, DigestAlgorithm::Sha1),
        ),
        (
            DigestAlgorithm::Sha384,
            ContentCipher::Aes192Cbc,
            oaep(DigestAlgorithm::Sha256, DigestAlgorithm::Sha1),
        ),
        (
            DigestAlgorithm::Sha512,
            ContentCipher::Aes256Cbc,
            oaep(DigestAlgorithm::Sha512, DigestAlgorithm::Sha384),
        ),
    ] {
        let (signer, roles) = (parties.client_signer(), parties.roles());
        let (request, pending) = parties.send(
            RequestBuilder::pkcs_req(&parties.csr, &signer, &roles)
                .digest(digest)
                .content_cipher(cipher)
                .key_transport(transport),
        );
        let opened = parties.receive(&request);
        assert_eq!(
            (
                opened.digest(),
                opened.content_cipher(),
                opened.key_management()
            ),
            (digest, cipher, KeyManagement::Transport(transport))
        );
        let reply = success(&parties, &request);
        let message = PkiMessage::parse(&reply[..], &Limits::REPLY).unwrap();
        let report = scep::inspect::envelope(&message).unwrap().unwrap();
        assert_eq!(report.cipher, Ok(cipher));
        assert_eq!(report.recipients[0].key_transport, Some(Ok(transport)));
        let report = scep::inspect::signature(&message, &parties.provider, &parties.policy, &[]);
        assert_eq!(report.unwrap().digest, Ok(digest));
        assert!(granted(&parties, &pending, &reply).is_ok());
    }
}

#[test]
fn pending_and_polling_stay_in_one_transaction() {
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let (ca, client, roles) = (
        parties.ca_signer(),
        parties.client_signer(),
        parties.roles(),
    );
    let reply = parties
        .receive(&request)
        .reply(&parties.provider, &ca)
        .pending(&mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let message = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let answer = pending.accept(&message, &roles, &parties.provider, &parties.policy);
    assert!(matches!(answer, Ok(CertRep::Pending)));

    let poll = RequestBuilder::cert_poll(&pending, &client, &roles)
        .unwrap()
        .transaction_id(TransactionId::new("another").unwrap());
    let (poll, polling) = parties.send(poll);
    assert_eq!(polling.transaction_id(), pending.transaction_id());
    let opened = parties.receive(&poll);
    let RequestBody::CertPoll(names) = opened.body() else {
        panic!("not a CertPoll: {:?}", opened.body());
    };
    assert_eq!(names.issuer_der(), parties.ca.subject_der());
    assert_eq!(names.subject_der(), parties.csr.subject_der());
    let held = HeldEnrolment::of(&parties.receive(&request)).unwrap();
    let reply = opened
        .reply(&parties.provider, &ca)
        .answering(&held)
        .success(std::slice::from_ref(&parties.issued), &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let granted = granted(&parties, &polling, &reply).unwrap();
    assert_eq!(granted.certificate(), Some(&parties.issued));
}

#[test]
fn failures_are_values_with_their_text() {
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let opened = parties.receive(&request);
    let ca = parties.ca_signer();
    let fail = |info, text| {
        opened
            .reply(&parties.provider, &ca)
            .failure(info, text, &mut rng())
    };
    let reply = fail(
        FailInfo::BadRequest,
        Some("the challenge password is wrong: 密码"),
    )
    .unwrap()
    .sign(&parties.ca_key, &mut rng())
    .unwrap();
    let failure = refused(&parties, &pending, &reply);
    assert_eq!(failure.info(), Some(FailInfo::BadRequest));
    assert_eq!(
        failure.text(),
        Some("the challenge password is wrong: 密码")
    );
    for text in ["", "line\nbreak"] {
        assert_eq!(
            fail(FailInfo::BadTime, Some(text)).unwrap_err(),
            BuildError::InvalidInput(scep::Item::FailInfoText)
        );
    }
}

#[test]
fn a_renewal_is_signed_by_the_old_certificate() {
    let parties = Parties::new();
    let old = SignerIdentity::new(&parties.issued, &parties.client_key).unwrap();
    let roles = parties.roles();
    let (request, pending) = parties.send(RequestBuilder::renewal_req(&parties.csr, &old, &roles));
    let opened = parties.receive(&request);
    assert_eq!(opened.signer_match(), SignerMatch::Issuer(0));
    assert!(matches!(opened.body(), RequestBody::RenewalReq(_)));
    // The old certificate, on the same key, is not the new one.
    let reply = parties.grant(&opened);
    let message = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let Ok(CertRep::Success(sealed)) =
        pending.accept(&message, &roles, &parties.provider, &parties.policy)
    else {
        panic!("not a SUCCESS");
    };
    let recipient = scep::Recipient::new(&parties.issued, &parties.client_key).unwrap();
    assert_eq!(
        sealed
            .open(&parties.provider, &recipient, &mut rng())
            .unwrap_err(),
        TransactionError::NotFound
    );

    let client = parties.client_signer();
    let (request, _) = parties.send(RequestBuilder::renewal_req(&parties.csr, &client, &roles));
    let message = PkiMessage::parse(request, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued();
    assert_eq!(
        message
            .verify(&parties.provider, &parties.policy, &trust)
            .unwrap_err(),
        VerifyError::SelfIssuedRenewal
    );
}

#[test]
fn get_cert_yields_the_certificate_that_was_asked_for() {
    let parties = Parties::new();
    let (signer, roles, ca) = (
        parties.client_signer(),
        parties.roles(),
        parties.ca_signer(),
    );
    let wanted = IssuerAndSerialNumber::of(&parties.issued);
    let (request, pending) =
        parties.send(RequestBuilder::get_cert(wanted.clone(), &signer, &roles));
    let opened = parties.receive(&request);
    assert!(matches!(opened.body(), RequestBody::GetCert(id) if *id == wanted));
    let reply = opened.reply(&parties.provider, &ca);
    assert_eq!(
        reply
            .success(std::slice::from_ref(&parties.ca), &mut rng())
            .unwrap_err(),
        BuildError::NotRequested
    );
    assert_eq!(
        reply.pending(&mut rng()).unwrap_err(),
        BuildError::ReplyNotForRequest(MessageType::GetCert)
    );
    // Nor is there anything to poll for.
    assert_eq!(
        RequestBuilder::cert_poll(&pending, &signer, &roles).err(),
        Some(BuildError::ReplyNotForRequest(MessageType::GetCert))
    );
    let granted = granted(&parties, &pending, &success(&parties, &request)).unwrap();
    assert_eq!(granted.certificate(), Some(&parties.issued));
    // It is no answer to another GetCert.
    let (_, other) = parties.send(RequestBuilder::get_cert(
        IssuerAndSerialNumber::new(parties.issued.issuer_der(), &[1]),
        &signer,
        &roles,
    ));
    assert_eq!(
        self::granted(&parties, &other, &success(&parties, &request)).unwrap_err(),
        TransactionError::TransactionId
    );
}

#[test]
fn a_reply_belongs_to_one_request() {
    let parties = Parties::new();
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let id = TransactionId::new("same").unwrap();
    let request = |id: &TransactionId<'static>| {
        parties.send(
            RequestBuilder::pkcs_req(&parties.csr, &signer, &roles).transaction_id(id.clone()),
        )
    };
    let (first, pending) = request(&id);
    let (_, second) = request(&id);
    let (_, prefix) = request(&TransactionId::new("sam").unwrap());
    let reply = success(&parties, &first);
    assert!(granted(&parties, &pending, &reply).is_ok());
    assert_eq!(
        granted(&parties, &second, &reply).unwrap_err(),
        TransactionError::RecipientNonce
    );
    assert_eq!(
        granted(&parties, &prefix, &reply).unwrap_err(),
        TransactionError::TransactionId
    );
}

#[test]
fn only_the_named_reply_signer_is_believed() {
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let opened = parties.receive(&request);
    // The client's own issued certificate: an end entity of the same CA.
    let impostor = SignerIdentity::new(&parties.issued, &parties.client_key).unwrap();
    let reply = opened
        .reply(&parties.provider, &impostor)
        .success(std::slice::from_ref(&parties.issued), &mut rng())
        .unwrap()
        .sign(&parties.client_key, &mut rng())
        .unwrap();
    assert_eq!(
        granted(&parties, &pending, &reply).unwrap_err(),
        TransactionError::Verify(VerifyError::UntrustedSigner)
    );
    // Nor is a request taken for a reply.
    let message = PkiMessage::parse(request, &Limits::REPLY).unwrap();
    let roles = parties.roles();
    assert_eq!(
        pending
            .accept(&message, &roles, &parties.provider, &parties.policy)
            .unwrap_err(),
        TransactionError::Verify(VerifyError::NotAReply(MessageType::PkcsReq))
    );
}

#[test]
fn the_issued_certificate_must_be_the_cas() {
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let opened = parties.receive(&request);
    let ca = parties.ca_signer();
    // On the right key, and signed by itself: a self-issued certificate that is not the signer's own.
    let foreign = common::self_signed(&parties.client_key, "CN=not the CA");
    let reply = opened
        .reply(&parties.provider, &ca)
        .success(&[foreign], &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    assert_eq!(
        granted(&parties, &pending, &reply).unwrap_err(),
        TransactionError::NotIssuedByCa(CertificateSignatureError::AnotherIssuer)
    );
}

#[test]
fn a_message_that_does_not_open_can_be_refused() {
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let message = PkiMessage::parse(request, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued();
    let verified = message
        .verify(&parties.provider, &parties.policy, &trust)
        .unwrap();
    let other = scep::Recipient::new(&parties.issued, &parties.client_key).unwrap();
    let error = verified
        .open(&parties.provider, &[other], &mut rng())
        .unwrap_err();
    let OpenError::NoRecipient(hint) = error else {
        panic!("{error:?}");
    };
    assert_eq!((hint.first(), hint.recipients()), (parties.ca.serial(), 1));
    assert_eq!(error.fail_info(), FailInfo::BadMessageCheck);
    let ca = parties.ca_signer();
    let reply = message
        .refuse(&parties.provider, &parties.policy, &ca)
        .because(error, &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let failure = refused(&parties, &pending, &reply);
    assert_eq!(failure.info(), Some(FailInfo::BadMessageCheck));
    assert_eq!(failure.text(), None);
}

#[test]
fn nobody_is_trusted_unless_named() {
    let parties = Parties::new();
    let (request, _) = parties.pkcs_req();
    let message = PkiMessage::parse(request, &Limits::REQUEST).unwrap();
    let verify = |trust: SignerTrust<'_>| {
        message
            .verify(&parties.provider, &parties.policy, &trust)
            .map(|verified| verified.signer_match())
    };
    assert_eq!(
        verify(SignerTrust::new()),
        Err(VerifyError::UntrustedSigner)
    );
    assert_eq!(
        verify(SignerTrust::new().issuer(&parties.ca)),
        Err(VerifyError::UntrustedSigner)
    );
    assert_eq!(
        verify(SignerTrust::new().certificate(&parties.client)),
        Ok(SignerMatch::Certificate(0))
    );
    assert_eq!(
        verify(SignerTrust::new().self_issued()),
        Ok(SignerMatch::SelfIssued)
    );
}

#[test]
fn both_steps_of_a_remote_key_give_the_same_as_one() {
    let parties = Parties::new();
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let remote = SignerIdentity::remote(
        &parties.client,
        &[SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256)],
    );
    let build = |signer| {
        RequestBuilder::pkcs_req(&parties.csr, signer, &roles)
            .build(&parties.provider, &parties.policy, &mut rng())
            .unwrap()
    };
    let unsigned = build(&remote);
    use scep::crypto::DecryptionKey;
    let signature = parties
        .client_key
        .sign(unsigned.algorithm(), unsigned.to_be_signed(), &mut rng())
        .unwrap();
    let mut wrong = signature.clone();
    wrong[9] ^= 1;
    assert_eq!(
        build(&signer)
            .attach(&signature, &parties.provider)
            .unwrap_err(),
        BuildError::WrongSignature
    );
    assert_eq!(
        unsigned
            .clone()
            .attach(&wrong, &parties.provider)
            .unwrap_err(),
        BuildError::WrongSignature
    );
    let (request, _) = unsigned.attach(&signature, &parties.provider).unwrap();

    let message = PkiMessage::parse(request, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued();
    let verified = message
        .verify(&parties.provider, &parties.policy, &trust)
        .unwrap();
    let certificates = [parties.issued.clone(), parties.ca.clone()];
    let encrypted = verified.encrypted_key(&certificates).unwrap();
    assert_eq!(encrypted.recipient(), 1);
    let transport = encrypted.transports().next().unwrap();
    let secret = SubstituteSecret::new([7; 32]);
    let key = parties
        .ca_key
        .decrypt_key(transport, encrypted.as_bytes(), &mut rng());
    let opened = verified
        .open_with(&parties.provider, &encrypted, key, &secret)
        .unwrap();
    assert_eq!(opened.csr().unwrap().as_der(), parties.csr.as_der());
    // A key goes with its message alone.
    let (other, _) = parties.pkcs_req();
    let other = PkiMessage::parse(other, &Limits::REQUEST).unwrap();
    let other = other
        .verify(&parties.provider, &parties.policy, &trust)
        .unwrap();
    let key = parties
        .ca_key
        .decrypt_key(transport, encrypted.as_bytes(), &mut rng());
    assert_eq!(
        other
            .open_with(&parties.provider, &encrypted, key, &secret)
            .unwrap_err(),
        OpenError::AnotherMessage
    );
    // A failed decryption and a key of another length end in the one error.
    for key in [Err(()), Ok(vec![0; 16].into()), Ok(vec![0; 24].into())] {
        assert_eq!(
            verified
                .open_with(&parties.provider, &encrypted, key, &secret)
                .unwrap_err(),
            OpenError::Decrypt(scep::DecryptError)
        );
    }
}

/// A key that does not know its public key.
struct Nameless<'k>(&'k RsaKey);

impl SigningKey for Nameless<'_> {
    fn public_key(&self) -> Option<&[u8]> {
        None
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        self.0.algorithms()
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        self.0.sign(algorithm, message, rng)
    }
}

#[test]
fn a_key_that_does_not_know_itself_is_known_by_its_signature() {
    let parties = Parties::new();
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let request = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles)
        .build(&parties.provider, &parties.policy, &mut rng())
        .unwrap();
    let sign = |key: &dyn SigningKey| {
        let signed = request.clone().sign(key, &mut rng());
        signed.map(|(message, _)| message)
    };
    assert_eq!(
        sign(&Nameless(&parties.client_key)),
        sign(&parties.client_key)
    );
    assert_eq!(sign(&parties.ca_key), Err(BuildError::KeyMismatch));
    assert_eq!(
        sign(&Nameless(&parties.ca_key)),
        Err(BuildError::WrongSignature)
    );
}

#[test]
fn the_next_ca_can_be_signed_elsewhere() {
    let parties = Parties::new();
    let next = certificate(vector!("keys/ca-jscep-next.pem"));
    let signer = parties.ca_signer();
    let unsigned = NextCaBuilder::new(std::slice::from_ref(&next), &signer)
        .build(&parties.provider, &parties.policy)
        .unwrap();
    let mut signature = parties
        .ca_key
        .sign(unsigned.algorithm(), unsigned.to_be_signed(), &mut rng())
        .unwrap();
    assert_eq!(
        unsigned.clone().attach(&signature, &parties.provider),
        unsigned.clone().sign(&parties.ca_key, &mut rng())
    );
    signature[9] ^= 1;
    assert_eq!(
        unsigned.attach(&signature, &parties.provider),
        Err(BuildError::WrongSignature)
    );
}

#[test]
fn the_next_ca_is_what_the_current_one_signed() {
    let parties = Parties::new();
    let next = certificate(vector!("keys/ca-jscep-next.pem"));
    let signer = parties.ca_signer();
    let body = NextCaBuilder::new(std::slice::from_ref(&next), &signer)
        .build(&parties.provider, &parties.policy)
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let parsed = NextCaCertificates::parse(&body[..], &Limits::REPLY).unwrap();
    let set = parsed
        .verify(&[&parties.ca], &parties.provider, &parties.policy)
        .unwrap();
    let certificates: Vec<_> = set.certificates().collect();
    assert_eq!(certificates, [Ok(next.clone())]);
    assert_eq!(
        parsed
            .verify(&[&next], &parties.provider, &parties.policy)
            .unwrap_err(),
        VerifyError::UntrustedSigner
    );
    // A CertRep is signed by the same key and is no such body.
    let (request, _) = parties.pkcs_req();
    let reply = success(&parties, &request);
    let parsed = NextCaCertificates::parse(reply, &Limits::REPLY).unwrap();
    assert_eq!(
        parsed
            .verify(&[&parties.ca], &parties.provider, &parties.policy)
            .unwrap_err(),
        VerifyError::ScepAttributes
    );
}

#[test]
fn replies_without_content_say_so() {
    let parties = Parties::new();
    let (request, _) = parties.pkcs_req();
    let ca = parties.ca_signer();
    let reply = parties
        .receive(&request)
        .reply(&parties.provider, &ca)
        .pending(&mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let message = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let attributes = message.unverified_attributes();
    assert_eq!(attributes.pki_status(), Some(PkiStatus::Pending));
    assert_eq!(attributes.sender_nonce().unwrap().as_bytes().len(), 16);
    assert_eq!(message.unverified_recipients(), Ok(Vec::new()));
    let trust = SignerTrust::new().certificate(&parties.ca);
    assert_eq!(
        message
            .verify(&parties.provider, &parties.policy, &trust)
            .unwrap_err(),
        VerifyError::NotARequest
    );
}

#[test]
fn states_cross_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<scep::Request>();
    crosses::<scep::PendingRequest>();
    crosses::<scep::UnsignedReply>();
    crosses::<scep::UnsignedRequest>();
    crosses::<scep::Granted>();
    crosses::<PkiMessage<'static>>();
    crosses::<scep::Error>();
    crosses::<CaRoles<'static>>();
}

#[test]
fn a_key_that_is_too_short_for_the_transport_gets_the_other_one() {
    // 1024 bits leave no room for OAEP with SHA-512 (RFC 8017, section 7.1.1).
    let mut parties = Parties::new();
    parties.policy = Policy::compatible();
    let short = RsaKey::generate(1024, &mut rng()).unwrap();
    let certificate = common::self_signed(&short, "CN=short");
    let signer = SignerIdentity::new(&certificate, &short).unwrap();
    let roles = parties.roles();
    let (request, _) = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles)
        .key_transport(KeyTransport::RsaOaep {
            digest: DigestAlgorithm::Sha512,
            mgf_digest: DigestAlgorithm::Sha512,
        })
        .build(&parties.provider, &parties.policy, &mut rng())
        .unwrap()
        .sign(&short, &mut rng())
        .unwrap();
    assert_eq!(
        parties.receive(&request).success_envelope(),
        Ok((
            ContentCipher::Aes128Cbc,
            KeyManagement::Transport(KeyTransport::RsaPkcs1v15)
        ))
    );
    success(&parties, &request);
}
