//! Clients on elliptic curves: what can be delivered to them, and the challenge password that opens it.
#![cfg(feature = "ec")]

mod common;

use common::forge::{Envelope, Forge, explicit, inside};
use common::issue::Template;
use common::{EcKey, Ed25519Key, Parties, certificate, pem, provider, rng, vector};
use scep::client::{Client, Enrolment, Outcome, Requester};
use scep::crypto::{
    CryptoError, CryptoRng, DigestAlgorithm, DigestSet, EncryptKey, KeyTransport, Policy, Provider,
    SignatureAlgorithm, SigningKey, TransportScheme, TransportSet,
};
use scep::server::{Authority, HeldEnrolment, Received, Server};
use scep::{
    BuildError, CaRoles, Certificate, Csr, CsrBuilder, Error, IssuerAndSerialNumber, Limits,
    Negotiation, OpenError, PkiMessage, Recipient, Request, RequestBuilder, SignerIdentity,
    SignerTrust, TransactionError, oid,
};
use zeroize::Zeroizing;

const PASSWORD: &str = "secret";

/// A device on P-256, and an RSA CA.
struct Device {
    parties: Parties,
    certificate: Certificate<'static>,
    key: EcKey,
}

impl Device {
    fn new() -> Self {
        let mut parties = Parties::new();
        parties.policy = Policy::default()
            .with_password_iterations(1000)
            .with_max_password_iterations(1000);
        Self {
            parties,
            certificate: certificate(vector!("keys/ec-p256.selfsigned.pem")),
            key: EcKey::from_pkcs8_der(&pem(vector!("keys/ec-p256.key"))).unwrap(),
        }
    }

    fn csr(&self, password: Option<&str>) -> Csr {
        let subject = "CN=device".parse().unwrap();
        let mut builder = CsrBuilder::new(&subject, self.key.public_key_der());
        if let Some(password) = password {
            builder = builder.challenge_password(password);
        }
        let unsigned = builder.build(self.key.algorithms()[0]).unwrap();
        unsigned.sign(&self.key, &provider(), &mut rng()).unwrap()
    }

    /// A request to the CA, opened.
    fn request(&self, password: Option<&str>) -> Request {
        self.parties.receive(&self.message(password))
    }

    /// A request to the CA.
    fn message(&self, password: Option<&str>) -> Vec<u8> {
        let signer = SignerIdentity::new(&self.certificate, &self.key).unwrap();
        let roles = self.parties.roles();
        self.sign(RequestBuilder::pkcs_req(
            &self.csr(password),
            &signer,
            &roles,
        ))
    }

    fn sign(&self, request: RequestBuilder<'_>) -> Vec<u8> {
        let parties = &self.parties;
        let unsigned = request.build(&parties.provider, &parties.policy, &mut rng());
        unsigned.unwrap().sign(&self.key, &mut rng()).unwrap().0
    }

    /// How this provider would envelope a SUCCESS.
    fn envelope(&self, request: &Request, provider: &Provider) -> Result<&'static str, BuildError> {
        let ca = self.parties.ca_signer();
        let envelope = request.reply(provider, &ca).success_envelope(&mut rng());
        envelope.map(|(_, management)| management.name())
    }

    fn requester(&self) -> Requester<'_> {
        Requester::new(&self.certificate, &self.key).unwrap()
    }

    fn client<'c>(&'c self, ca: &'c CaRoles<'c>, requester: &'c Requester<'c>) -> Client<'c> {
        let (provider, policy) = (&self.parties.provider, &self.parties.policy);
        let capabilities = scep::Capabilities::parse(b"SCEPStandard\nRenewal");
        let negotiation = Negotiation::new(&capabilities, policy).unwrap();
        Client::new(provider, policy, ca, negotiation, requester)
    }

    /// Has the CA grant what an enrolment asks for, under the password where there is one.
    fn granted(
        &self,
        enrolment: &mut Enrolment<'_>,
        held: &HeldEnrolment,
    ) -> Result<Outcome, TransactionError> {
        let request = enrolment.next_request(&mut rng()).unwrap();
        let request = self.parties.receive(&request);
        let issued = Template::new(held.subject().as_der(), held.public_key_der())
            .issue(self.parties.ca.subject_der(), &self.parties.ca_key);
        let ca = self.parties.ca_signer();
        let reply = request.reply(&self.parties.provider, &ca).answering(held);
        let reply = reply.challenge(PASSWORD);
        let (_, management) = reply.success_envelope(&mut rng()).unwrap();
        assert_eq!(management.name(), "password");
        let reply = reply.success(&[issued], &mut rng()).unwrap();
        let reply = reply.sign(&self.parties.ca_key, &mut rng()).unwrap();
        enrolment.accept(200, &reply, &mut rng())
    }
}

/// Key transport without key agreement.
struct TransportOnly;

impl EncryptKey for TransportOnly {
    fn encrypt_key(
        &self,
        algorithm: KeyTransport,
        public_key: &[u8],
        key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        let encryption = provider().key_encryption();
        encryption.encrypt_key(algorithm, public_key, key, rng)
    }
}

/// Agrees with a key on another curve than the one that is asked for.
struct AnotherCurve;

impl EncryptKey for AnotherCurve {
    fn encrypt_key(
        &self,
        _: KeyTransport,
        _: &[u8],
        _: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        Err(CryptoError::Unsupported)
    }

    fn agree(
        &self,
        _: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), CryptoError> {
        let other = certificate(vector!("keys/ec-p384.selfsigned.pem"));
        let encryption = provider().key_encryption();
        encryption.agree(other.public_key_der(), rng)
    }
}

#[test]
fn a_provider_that_cannot_make_the_envelope_says_so_before_anything_is_issued() {
    let device = Device::new();
    let whole = device.parties.provider;
    let unsupported = Err(BuildError::Crypto(CryptoError::Unsupported));

    let with_challenge = device.request(Some(PASSWORD));
    let underived = Provider::new(
        whole.digests(),
        whole.signatures(),
        whole.key_encryption(),
        whole.content_encryption(),
    );
    assert_eq!(device.envelope(&with_challenge, &whole), Ok("password"));
    assert_eq!(device.envelope(&with_challenge, &underived), unsupported);

    let without = device.request(None);
    let transport_only = whole.with_key_encryption(&TransportOnly);
    assert_eq!(device.envelope(&without, &whole), Ok("ecdh"));
    assert_eq!(device.envelope(&without, &transport_only), unsupported);
    // An RSA key needs none of it.
    let rsa = device.parties.receive(&device.parties.pkcs_req().0);
    assert_eq!(device.envelope(&rsa, &transport_only), Ok("rsa-pkcs1v15"));

    let another_curve = whole.with_key_encryption(&AnotherCurve);
    assert_eq!(
        device.envelope(&without, &another_curve),
        Err(BuildError::Crypto(CryptoError::InvalidKey))
    );
}

#[cfg(feature = "legacy")]
#[test]
fn a_content_key_that_is_too_short_for_a_key_wrap_is_told_before_anything_is_issued() {
    use scep::crypto::ContentCipher::{DesCbc, TripleDesCbc};

    let mut device = Device::new();
    device.parties.policy = Policy::legacy();
    let signer = SignerIdentity::new(&device.certificate, &device.key).unwrap();
    let roles = device.parties.roles();
    for (cipher, expected) in [
        (TripleDesCbc, Ok("ecdh")),
        (DesCbc, Err(BuildError::NoPassword(oid::EC_PUBLIC_KEY))),
    ] {
        let request = RequestBuilder::pkcs_req(&device.csr(None), &signer, &roles);
        let request = device.sign(request.content_cipher(cipher));
        let request = device.parties.receive(&request);
        let told = request.success_envelope();
        assert_eq!(told.map(|(_, management)| management.name()), expected);
        assert_eq!(device.envelope(&request, &provider()), expected);
    }
}

#[test]
fn a_captured_challenge_is_not_shared_with_who_signs_anew() {
    let device = Device::new();
    let ed25519 = Ed25519Key::from_pkcs8_der(&pem(vector!("keys/ed25519.key"))).unwrap();
    let p384 = EcKey::from_pkcs8_der(&pem(vector!("keys/ec-p384.key"))).unwrap();
    let keys: [(&str, Certificate<'_>, &dyn SigningKey); 3] = [
        ("own", device.certificate.clone(), &device.key),
        (
            "P-384",
            certificate(vector!("keys/ec-p384.selfsigned.pem")),
            &p384,
        ),
        (
            "Ed25519",
            certificate(vector!("keys/ed25519.selfsigned.pem")),
            &ed25519,
        ),
    ];
    for (name, signer, key) in keys {
        let mut forge = Forge::of(&device.message(Some(PASSWORD)));
        forge.set_signer(&signer);
        forge.set_signature(key.algorithms()[0]);
        let request = device.parties.receive(&forge.sign(key));
        let challenge = request.csr().unwrap().challenge_password();
        assert!(challenge.verify(PASSWORD.as_bytes()), "{name}");
        let expected = match name {
            "own" => Ok("password"),
            "P-384" => Ok("ecdh"),
            _ => Err(BuildError::NoPassword(oid::ED25519)),
        };
        assert_eq!(device.envelope(&request, &provider()), expected, "{name}");
        let told = request.success_envelope();
        let told = told.map(|(_, management)| management.name());
        assert_eq!(told, expected, "{name}");
        // The caller may know better.
        let ca = device.parties.ca_signer();
        let reply = request.reply(&device.parties.provider, &ca);
        let told = reply.challenge(PASSWORD).success_envelope(&mut rng());
        assert_eq!(told.unwrap().1.name(), "password", "{name}");
    }
}

#[test]
fn an_enrolment_opens_its_answer_with_the_challenge_of_its_csr() {
    let device = Device::new();
    let (roles, requester) = (device.parties.roles(), device.requester());
    let client = device.client(&roles, &requester);
    let held = HeldEnrolment::of(&device.request(Some(PASSWORD))).unwrap();
    let held_by = |enrolment: &mut Enrolment<'_>| {
        let request = enrolment.next_request(&mut rng()).unwrap();
        HeldEnrolment::of(&device.parties.receive(&request)).unwrap()
    };
    let is_issued = |outcome| matches!(outcome, Ok(Outcome::Issued(_)));

    let mut enrolment = client.enrol(&device.csr(Some(PASSWORD)), &mut rng());
    let own = held_by(&mut enrolment);
    assert!(is_issued(device.granted(&mut enrolment, &own)));
    // Another challenge of the requester's does not get in its way.
    let wrong = device.requester().with_challenge("wrong");
    let wrong = device.client(&roles, &wrong);
    let mut enrolment = wrong.enrol(&device.csr(Some(PASSWORD)), &mut rng());
    let own = held_by(&mut enrolment);
    assert!(is_issued(device.granted(&mut enrolment, &own)));
    assert_ne!(own.transaction_id(), held.transaction_id());

    // Without one in the CSR, the answer is for somebody else.
    let mut enrolment = client.enrol(&device.csr(None), &mut rng());
    let own = held_by(&mut enrolment);
    assert!(matches!(
        device.granted(&mut enrolment, &own),
        Err(TransactionError::Open(OpenError::NoRecipient(_)))
    ));
}

#[test]
fn after_a_restart_the_challenge_is_the_requesters() {
    let device = Device::new();
    let (roles, requester) = (device.parties.roles(), device.requester());
    let client = device.client(&roles, &requester);
    let csr = device.csr(Some(PASSWORD));
    let mut enrolment = client.enrol(&csr, &mut rng());
    let request = enrolment.next_request(&mut rng()).unwrap();
    let request = device.parties.receive(&request);
    let held = HeldEnrolment::of(&request).unwrap();
    let ca = device.parties.ca_signer();
    let pending = request.reply(&device.parties.provider, &ca);
    let pending = pending.pending(&mut rng()).unwrap();
    let pending = pending.sign(&device.parties.ca_key, &mut rng()).unwrap();
    let outcome = enrolment.accept(200, &pending, &mut rng());
    assert!(matches!(outcome, Ok(Outcome::Pending)));
    let saved = enrolment.save().unwrap();

    // With the CSR at hand, and without it.
    assert!(matches!(
        device.granted(&mut enrolment, &held),
        Ok(Outcome::Issued(_))
    ));
    let mut resumed = Enrolment::resume(client, &saved, None).unwrap();
    assert!(matches!(
        device.granted(&mut resumed, &held),
        Err(TransactionError::Open(OpenError::NoRecipient(_)))
    ));
    // The second replaces the first: two would cost more than the policy allows.
    let requester = device.requester();
    let requester = requester.with_challenge("wrong").with_challenge(PASSWORD);
    let client = device.client(&roles, &requester);
    let mut resumed = Enrolment::resume(client, &saved, None).unwrap();
    assert!(matches!(
        device.granted(&mut resumed, &held),
        Ok(Outcome::Issued(_))
    ));
}

#[test]
fn a_challenge_is_for_the_polls_of_its_enrolment_alone() {
    let device = Device::new();
    let ca = certificate(vector!("keys/ca-ec.pem"));
    let roles = CaRoles::new(&ca);
    let requester = device.requester().with_challenge(PASSWORD);
    let client = device.client(&roles, &requester);
    let recipient = |body: Vec<u8>| {
        let message = PkiMessage::parse(body, &Limits::REQUEST).unwrap();
        let recipients = message.unverified_recipients().unwrap();
        let [recipient] = recipients[..] else {
            panic!("{recipients:?}");
        };
        format!("{recipient:?}")
    };
    let wanted = || IssuerAndSerialNumber::of(&device.parties.issued);
    // Who only signs is answered under nothing else, and shows with it that it is known.
    let signer = Requester::signing_only(&device.certificate, &device.key).unwrap();
    let signer = signer.with_challenge(PASSWORD);
    let signs = device.client(&roles, &signer);
    let (get_crl, _) = signs.get_crl(wanted(), &mut rng()).unwrap();
    assert_eq!(recipient(get_crl), "Password");

    let (get_cert, _) = client.get_cert(wanted(), &mut rng()).unwrap();
    assert_eq!(recipient(get_cert), "KeyAgreement");
    let (get_crl, _) = client.get_crl(wanted(), &mut rng()).unwrap();
    assert_eq!(recipient(get_crl), "KeyAgreement");
    // A renewal is signed with the old certificate, not with one that the client made.
    let mut renewal = client.renew(&device.csr(None), &mut rng());
    let error = renewal.next_request(&mut rng()).unwrap_err();
    assert_eq!(error, BuildError::SelfIssuedRenewal);

    // The polls of both, by somebody whom the CA knows.
    let ca_key = EcKey::from_pkcs8_der(&pem(vector!("keys/ca-ec.key"))).unwrap();
    let csr = device.csr(None);
    let parties = &device.parties;
    let issued = Template::new(csr.subject_der(), csr.public_key_der())
        .issue(parties.ca.subject_der(), &parties.ca_key);
    let signer = Requester::signing_only(&issued, &device.key).unwrap();
    let signer = signer.with_challenge(PASSWORD);
    let mut renewal = device.client(&roles, &signer).renew(&csr, &mut rng());
    let renewal = renewal.next_request(&mut rng()).unwrap();
    assert_eq!(recipient(renewal), "Password");
    let requester = Requester::new(&issued, &device.key).unwrap();
    let requester = requester.with_challenge(PASSWORD);
    let client = device.client(&roles, &requester);
    let authority = Authority::new(&ca, &ca_key).unwrap();
    let trust = SignerTrust::new().issuer(&parties.ca);
    let server = Server::new(&parties.provider, &parties.policy, trust, authority);
    for (mut transaction, resumed) in [
        (client.renew(&csr, &mut rng()), "KeyAgreement"),
        (client.enrol(&csr, &mut rng()), "Password"),
    ] {
        let request = transaction.next_request(&mut rng()).unwrap();
        let received = server.receive(&request, &mut rng()).unwrap();
        let Received::Request(request) = received else {
            panic!("not opened");
        };
        let pending = server.reply(&request).pending(&mut rng()).unwrap();
        let outcome = transaction.accept(200, &pending, &mut rng());
        assert!(matches!(outcome, Ok(Outcome::Pending)), "{outcome:?}");
        // There was none in the CSR. Where that is not at hand, the caller says what there was.
        let poll = transaction.next_request(&mut rng()).unwrap();
        assert_eq!(recipient(poll), "KeyAgreement");
        let saved = transaction.save().unwrap();
        let mut transaction = Enrolment::resume(client, &saved, None).unwrap();
        let poll = transaction.next_request(&mut rng()).unwrap();
        assert_eq!(recipient(poll), resumed);
    }
    let mut enrolment = client.enrol(&device.csr(Some("other")), &mut rng());
    let request = enrolment.next_request(&mut rng()).unwrap();
    assert_eq!(recipient(request), "Password");
}

#[test]
fn a_certificate_without_its_key_opens_nothing_unless_a_password_does() {
    let device = Device::new();
    let parties = &device.parties;
    let open = |body: &[u8], recipient: Recipient<'_>| {
        let message = PkiMessage::parse(body, &Limits::REQUEST).unwrap();
        let trust = SignerTrust::new().self_issued();
        let policy = &parties.policy;
        let opened = message.receive(&parties.provider, policy, &trust, &[recipient], &mut rng());
        opened.map(|request| request.password())
    };
    let no_key = Error::Open(OpenError::NoKey);
    let (body, _) = parties.pkcs_req();
    let without_key = Recipient::without_key(&parties.ca);
    assert_eq!(open(&body, without_key), Err(no_key));
    assert_eq!(
        open(&body, without_key.with_password(PASSWORD)),
        Err(no_key)
    );
    assert_eq!(no_key.cause(), scep::Cause::Protocol);
    assert_eq!(open(&body, parties.ca_recipients()[0]), Ok(None));

    // The same beside a recipient that is the password.
    let ca = certificate(vector!("keys/ca-ec.pem"));
    let (signer, roles) = (parties.client_signer(), CaRoles::new(&ca));
    let request = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles);
    let (under_password, _) = parties.send(request);
    let mut message = Forge::of(&under_password);
    let content = message.content.clone().unwrap();
    let enveloped = inside(inside(&content)[1].contents);
    let to_ca = Envelope::of(&Forge::of(&body).content.unwrap());
    let both = Envelope {
        // A key agreement that cannot be read, and the password.
        other_recipients: vec![explicit(1, &[]), enveloped[1].contents.to_vec()],
        rid: to_ca.rid,
        key_encryption: to_ca.key_encryption,
        encrypted_key: to_ca.encrypted_key,
        ..Envelope::of(&content)
    };
    message.set_content(Some(both.to_der()));
    let both = message.sign(&parties.client_key);
    assert_eq!(open(&both, without_key), Err(no_key));
    let other = Recipient::without_key(&ca);
    assert!(matches!(
        open(&both, other),
        Err(Error::Open(OpenError::Parse(_)))
    ));
    for recipient in [without_key, other] {
        let recipient = recipient.with_password("").with_password(PASSWORD);
        assert_eq!(open(&both, recipient), Ok(Some(1)));
    }
}

#[test]
fn a_key_that_is_too_short_for_a_long_hash_gets_a_shorter_one() {
    use scep::crypto::DigestAlgorithm::{Sha1, Sha512};

    let mut parties = Parties::new();
    let oaep = DigestSet::of(&[Sha1, Sha512]);
    parties.policy = Policy::compatible()
        .with_transports(TransportSet::of(&[TransportScheme::RsaOaep]))
        .with_oaep_digests(oaep)
        .with_mgf_digests(oaep);
    let short = common::RsaKey::generate(1024, &mut rng()).unwrap();
    let certificate = common::self_signed(&short, "CN=short");
    let signer = SignerIdentity::new(&certificate, &short).unwrap();
    let roles = parties.roles();
    let request = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles)
        .build(&parties.provider, &parties.policy, &mut rng())
        .unwrap();
    let request = request.sign(&short, &mut rng()).unwrap().0;
    let request = parties.receive(&request);
    let managed = |digest| {
        let mgf_digest: DigestAlgorithm = digest;
        scep::crypto::KeyManagement::Transport(KeyTransport::RsaOaep { digest, mgf_digest })
    };
    assert_eq!(request.key_management(), managed(Sha512));
    let (_, management) = request.success_envelope().unwrap();
    assert_eq!(management, managed(Sha1));
}

#[test]
fn a_message_is_signed_with_what_suits_the_key() {
    use scep::crypto::SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, EcdsaSha512};

    let parties = Parties::new();
    let roles = parties.roles();
    for (certificate, key, first) in [
        (
            certificate(vector!("keys/ec-p256.selfsigned.pem")),
            pem(vector!("keys/ec-p256.key")),
            EcdsaSha256,
        ),
        (
            certificate(vector!("keys/ec-p384.selfsigned.pem")),
            pem(vector!("keys/ec-p384.key")),
            EcdsaSha384,
        ),
        (
            certificate(vector!("keys/ec-p521.selfsigned.pem")),
            pem(vector!("keys/ec-p521.key")),
            EcdsaSha512,
        ),
    ] {
        let key = EcKey::from_pkcs8_der(&key).unwrap();
        let signer = SignerIdentity::new(&certificate, &key).unwrap();
        let request = |policy: &Policy, digest: Option<DigestAlgorithm>| {
            let wanted = IssuerAndSerialNumber::of(&parties.issued);
            let mut request = RequestBuilder::get_crl(wanted, &signer, &roles);
            if let Some(digest) = digest {
                request = request.digest(digest);
            }
            let built = request.build(&parties.provider, policy, &mut rng());
            built.unwrap().algorithm()
        };
        let sha256 = DigestAlgorithm::Sha256;
        let only = Policy::default().with_message_digests(DigestSet::of(&[sha256]));
        assert_eq!(request(&Policy::default(), None), first);
        assert_eq!(request(&Policy::default(), Some(sha256)), EcdsaSha256);
        assert_eq!(request(&only, None), EcdsaSha256);
    }
}

/// An RSA key that has SHA-1 first, and SHA-256 last.
struct Sha256Last(common::RsaKey);

impl SigningKey for Sha256Last {
    fn public_key(&self) -> Option<&[u8]> {
        self.0.public_key()
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        const {
            &[
                SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha1),
                SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha512),
                SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256),
            ]
        }
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
fn an_rsa_key_signs_with_sha256_first_and_with_sha1_last_whatever_it_says() {
    let parties = Parties::new();
    let (roles, key) = (
        parties.roles(),
        Sha256Last(common::key(vector!("keys/c2048.key"))),
    );
    let signer = SignerIdentity::new(&parties.client, &key).unwrap();
    let algorithm = |digests: &[DigestAlgorithm]| {
        let policy = Policy::default().with_message_digests(DigestSet::of(digests));
        let wanted = IssuerAndSerialNumber::of(&parties.issued);
        let request = RequestBuilder::get_crl(wanted, &signer, &roles);
        let built = request.build(&parties.provider, &policy, &mut rng());
        built.unwrap().algorithm().digest()
    };
    let (sha1, sha256) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256);
    let sha512 = DigestAlgorithm::Sha512;
    assert_eq!(algorithm(&[sha1, sha512, sha256]), sha256);
    assert_eq!(algorithm(&[sha1, sha512]), sha512);
    assert_eq!(algorithm(&[sha1]), sha1);
}

#[test]
fn no_other_digest_takes_the_place_of_one_that_was_named() {
    use scep::crypto::SignatureAlgorithm::{EcdsaSha256, Ed25519, RsaPkcs1v15};

    fn algorithm(
        (certificate, key): (&[u8], &dyn SigningKey),
        digest: Option<DigestAlgorithm>,
        policy: &Policy,
    ) -> Result<scep::crypto::SignatureAlgorithm, BuildError> {
        let parties = Parties::new();
        let (certificate, roles) = (common::certificate(certificate), parties.roles());
        let signer = SignerIdentity::new(&certificate, key).unwrap();
        let wanted = IssuerAndSerialNumber::of(&parties.issued);
        let request = RequestBuilder::get_crl(wanted, &signer, &roles);
        let request = match digest {
            Some(digest) => request.digest(digest),
            None => request,
        };
        let built = request.build(&parties.provider, policy, &mut rng());
        built.map(|unsigned| unsigned.algorithm())
    }

    let (rsa, ec) = (
        common::key(vector!("keys/c2048.key")),
        EcKey::from_pkcs8_der(&pem(vector!("keys/ec-p256.key"))).unwrap(),
    );
    let ed25519 = Ed25519Key::from_pkcs8_der(&pem(vector!("keys/ed25519.key"))).unwrap();
    let rsa = (
        &vector!("keys/c2048.selfsigned.pem")[..],
        &rsa as &dyn SigningKey,
    );
    let ec = (
        &vector!("keys/ec-p256.selfsigned.pem")[..],
        &ec as &dyn SigningKey,
    );
    let ed25519 = (
        &vector!("keys/ed25519.selfsigned.pem")[..],
        &ed25519 as &dyn SigningKey,
    );
    let policy = Policy::default();
    let [sha1, sha256, sha512] = [
        DigestAlgorithm::Sha1,
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha512,
    ];
    // The key refuses it.
    assert_eq!(algorithm(ec, Some(sha256), &policy), Ok(EcdsaSha256));
    assert_eq!(
        algorithm(ec, Some(sha1), &policy),
        Err(BuildError::NoAlgorithm)
    );
    assert_eq!(algorithm(ed25519, Some(sha512), &policy), Ok(Ed25519));
    assert_eq!(algorithm(ed25519, None, &policy), Ok(Ed25519));
    assert_eq!(
        algorithm(ed25519, Some(sha256), &policy),
        Err(BuildError::NoAlgorithm)
    );
    // The policy does.
    let only = Policy::default().with_message_digests(DigestSet::of(&[sha256]));
    assert_eq!(
        algorithm(rsa, Some(sha512), &policy),
        Ok(RsaPkcs1v15(sha512))
    );
    assert_eq!(
        algorithm(rsa, Some(sha512), &only),
        Err(BuildError::NoAlgorithm)
    );
    assert_eq!(algorithm(rsa, None, &only), Ok(RsaPkcs1v15(sha256)));
}

#[test]
fn a_key_that_cannot_do_the_negotiated_digest_signs_with_its_own() {
    use scep::crypto::SignatureAlgorithm::{Ed25519, RsaPkcs1v15};

    let parties = Parties::new();
    let ed25519 = Ed25519Key::from_pkcs8_der(&pem(vector!("keys/ed25519.key"))).unwrap();
    let certificate = certificate(vector!("keys/ed25519.selfsigned.pem"));
    let alone = Requester::signing_only(&certificate, &ed25519).unwrap();
    let rsa = Requester::new(&parties.client, &parties.client_key).unwrap();
    let sha256 = DigestAlgorithm::Sha256;
    let roles = parties.roles();
    // Without a challenge password it could not read the answer.
    let capabilities = scep::Capabilities::parse(b"SCEPStandard");
    let negotiation = Negotiation::new(&capabilities, &parties.policy).unwrap();
    let client = Client::new(
        &parties.provider,
        &parties.policy,
        &roles,
        negotiation,
        &alone,
    );
    let query = client.get_crl(IssuerAndSerialNumber::of(&parties.issued), &mut rng());
    assert_eq!(query.map(|_| ()), Err(BuildError::ReplyUnreadable));
    let alone = alone.with_challenge(PASSWORD);
    for (requester, expected) in [(&alone, Ed25519), (&rsa, RsaPkcs1v15(sha256))] {
        let capabilities = scep::Capabilities::parse(b"SCEPStandard");
        let negotiation = Negotiation::new(&capabilities, &parties.policy).unwrap();
        assert_eq!(negotiation.digest(), sha256);
        let client = Client::new(
            &parties.provider,
            &parties.policy,
            &roles,
            negotiation,
            requester,
        );
        let wanted = IssuerAndSerialNumber::of(&parties.issued);
        let (bytes, _) = client.get_crl(wanted, &mut rng()).unwrap();
        let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
        let report = scep::inspect::signature(&message, &parties.provider, &parties.policy, &[]);
        assert_eq!(report.unwrap().algorithm, Ok(expected));
    }
}

/// Signs on P-256 as many secure elements do: two numbers side by side.
struct SideBySide(EcKey);

impl SigningKey for SideBySide {
    fn public_key(&self) -> Option<&[u8]> {
        SigningKey::public_key(&self.0)
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
        let der = self.0.sign(algorithm, message, rng)?;
        let signature = p256::ecdsa::Signature::from_der(&der).unwrap();
        Ok(signature.to_bytes().to_vec())
    }
}

#[test]
fn a_signature_that_is_not_in_der_is_not_sent() {
    let device = Device::new();
    let key = SideBySide(device.key);
    let signer = SignerIdentity::new(&device.certificate, &key).unwrap();
    let parties = &device.parties;
    let roles = parties.roles();
    let request = || {
        let request = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles);
        let request = request.build(&parties.provider, &parties.policy, &mut rng());
        request.unwrap()
    };
    assert!(request().sign(&key.0, &mut rng()).is_ok());
    let error = request().sign(&key, &mut rng()).map(|_| ());
    assert_eq!(error, Err(BuildError::WrongSignature));
}
