//! Keys that cannot decrypt: what is for their holders is encrypted under the challenge password (RFC 8894, section 3.1).
#![cfg(feature = "ec")]

mod common;
mod live;
#[path = "passwords/salts.rs"]
mod salts;

use common::forge::{
    Envelope, Forge, NULL, algorithm, elements, inside, octets, sequence, small_integer, tlv,
};
use common::issue::Template;
use common::{EcKey, Ed25519Key, Parties, certificate, pem, provider, rng, vector};
use live::Scratch;
use scep::client::{Client, Outcome, Requester};
use scep::crypto::rustcrypto::Pbkdf2;
use scep::crypto::{
    CipherSet, ContentCipher, CryptoError, DeriveKey, DigestAlgorithm, DigestSet, KeyManagement,
    KeyTransport, PasswordEncryption, Policy, Provider, SigningKey, Tolerance, ToleranceSet,
};
use scep::server::{Authority, HeldEnrolment, Received, Server};
use scep::{
    BuildError, CaRoles, Certificate, Csr, DecryptError, Error, FailInfo, Item, Limits,
    Negotiation, OpenError, PkiMessage, Recipient, RecipientId, Refused, Request, RequestBuilder,
    SignerIdentity, SignerTrust, UnverifiedCsr, inspect, oid,
};
use std::sync::atomic::{AtomicUsize, Ordering};

use ContentCipher::{Aes128Cbc, Aes192Cbc, Aes256Cbc, TripleDesCbc};

const PASSWORD: &str = "secret";

/// Few iterations, for tests must not take seconds; and no key agreement, which would take the place of a missing password.
fn policy() -> Policy {
    Policy::default()
        .with_password_iterations(ITERATIONS)
        .with_key_agreement_digests(DigestSet::EMPTY)
}

const ITERATIONS: u32 = 1000;

const FRESH: PasswordEncryption =
    PasswordEncryption::new(DigestAlgorithm::Sha256, ITERATIONS, Aes128Cbc);

/// A CA on P-256, and a client on the same curve whose CSR has the password.
struct Curves {
    provider: Provider,
    ca: Certificate<'static>,
    ca_key: EcKey,
    client: Certificate<'static>,
    client_key: EcKey,
    csr: Csr,
}

impl Curves {
    fn new() -> Self {
        let key = |text| EcKey::from_pkcs8_der(&pem(text)).unwrap();
        Self {
            provider: provider(),
            ca: certificate(vector!("keys/ca-ec.pem")),
            ca_key: key(vector!("keys/ca-ec.key")),
            client: certificate(vector!("keys/ec-p256.selfsigned.pem")),
            client_key: key(vector!("keys/ec-p256.key")),
            csr: csr(vector!("keys/ec-p256.csr.pem")),
        }
    }

    /// A PKCSReq to the CA.
    fn pkcs_req(&self, policy: &Policy) -> Vec<u8> {
        let signer = SignerIdentity::new(&self.client, &self.client_key).unwrap();
        let roles = CaRoles::new(&self.ca);
        let request = RequestBuilder::pkcs_req(&self.csr, &signer, &roles);
        let request = request.build(&self.provider, policy, &mut rng()).unwrap();
        request.sign(&self.client_key, &mut rng()).unwrap().0
    }

    /// The CA as a recipient with these passwords.
    fn open(&self, bytes: &[u8], policy: &Policy, passwords: &[&str]) -> Result<Request, Error> {
        let recipient = passwords
            .iter()
            .fold(Recipient::without_key(&self.ca), |recipient, password| {
                recipient.with_password(password)
            });
        PkiMessage::parse(bytes, &Limits::REQUEST).unwrap().receive(
            &self.provider,
            policy,
            &SignerTrust::new().self_issued(),
            &[recipient],
            &mut rng(),
        )
    }
}

fn csr(text: &[u8]) -> Csr {
    UnverifiedCsr::from_der(pem(text), &Limits::REQUEST)
        .unwrap()
        .verify(&provider(), &Policy::strict())
        .unwrap()
}

fn refused(refused: Refused) -> Error {
    Error::Open(OpenError::Refused(refused))
}

#[test]
fn a_request_to_a_ca_that_only_signs_is_under_the_password() {
    let curves = Curves::new();
    let bytes = curves.pkcs_req(&policy());
    let message = PkiMessage::parse(&bytes, &Limits::REQUEST).unwrap();
    assert_eq!(
        message.unverified_recipients(),
        Ok(vec![RecipientId::Password])
    );
    let request = curves.open(&bytes, &policy(), &[PASSWORD]).unwrap();
    assert_eq!(request.key_management(), KeyManagement::Password(FRESH));
    assert_eq!(request.recipient(), 0);
    assert_eq!(request.csr().unwrap().as_der(), curves.csr.as_der());
    // The answer goes to a key that only signs, too.
    assert_eq!(
        request.success_envelope(),
        Ok((Aes128Cbc, KeyManagement::Password(FRESH)))
    );
}

#[test]
fn every_digest_and_cipher_of_the_policy_is_written_and_read() {
    let curves = Curves::new();
    for prf in [
        DigestAlgorithm::Sha1,
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha512,
    ] {
        for cipher in [Aes128Cbc, Aes192Cbc, Aes256Cbc, TripleDesCbc] {
            for content in [Aes128Cbc, Aes192Cbc, Aes256Cbc, TripleDesCbc] {
                let only = policy()
                    .with_password_prfs(DigestSet::of(&[prf]))
                    .with_password_ciphers(CipherSet::of(&[cipher]))
                    .with_content_ciphers(CipherSet::of(&[content]));
                let bytes = curves.pkcs_req(&only);
                let request = curves.open(&bytes, &only, &[PASSWORD]).unwrap();
                assert_eq!(request.content_cipher(), content);
                let expected = PasswordEncryption::new(prf, ITERATIONS, cipher);
                assert_eq!(request.key_management(), KeyManagement::Password(expected));
            }
        }
    }
}

#[test]
fn the_right_one_of_four_passwords_opens_and_another_is_one_error() {
    let curves = Curves::new();
    let bytes = curves.pkcs_req(&policy());
    for (passwords, right) in [
        (&[PASSWORD, "b", "c", "d"][..], 0),
        (&["a", "b", "c", PASSWORD], 3),
        (&["", PASSWORD], 1),
        (&["a", PASSWORD, PASSWORD], 1),
    ] {
        let request = curves.open(&bytes, &policy(), passwords).unwrap();
        assert_eq!(request.password(), Some(right));
    }
    for passwords in [&["Secret"][..], &["secret "], &["a", "b", "c", "d"]] {
        let error = curves.open(&bytes, &policy(), passwords).unwrap_err();
        assert_eq!(error, Error::Open(OpenError::Decrypt(DecryptError)));
        assert_eq!(error.fail_info(), FailInfo::BadMessageCheck);
    }
}

#[test]
fn without_a_password_the_envelope_is_for_nobody() {
    let curves = Curves::new();
    let bytes = curves.pkcs_req(&policy());
    for passwords in [&[][..], &[""]] {
        let error = curves.open(&bytes, &policy(), passwords).unwrap_err();
        assert!(
            matches!(error, Error::Open(OpenError::NoRecipient(hint)) if hint.recipients() == 1),
            "{error:?}"
        );
    }
}

#[test]
fn a_provider_that_derives_no_keys_says_so() {
    let mut curves = Curves::new();
    let bytes = curves.pkcs_req(&policy());
    let whole = curves.provider;
    curves.provider = Provider::new(
        whole.digests(),
        whole.signatures(),
        whole.key_encryption(),
        whole.content_encryption(),
    );
    assert_eq!(
        curves.open(&bytes, &policy(), &[PASSWORD]).unwrap_err(),
        refused(Refused::Unsupported(oid::PBKDF2))
    );
    curves.provider = curves.provider.with_key_derivation(whole.key_derivation());
    assert!(curves.open(&bytes, &policy(), &[PASSWORD]).is_ok());
}

#[test]
fn a_fifth_password_is_the_callers_mistake() {
    let curves = Curves::new();
    let bytes = curves.pkcs_req(&policy());
    let error = curves.open(&bytes, &policy(), &["a", "b", "c", "d", PASSWORD]);
    let too_many = Error::Open(OpenError::TooManyPasswords);
    assert_eq!(error.unwrap_err(), too_many);
    // A server is told of it by whatever message comes first, and nobody is answered.
    let parties = Parties::new();
    let authority = Authority::new(&parties.ca, &parties.ca_key).unwrap();
    let trust = SignerTrust::new().self_issued();
    let server = Server::new(&parties.provider, &policy(), trust, authority);
    let receive = |passwords: &[&str]| {
        let (body, _) = parties.pkcs_req();
        let received = server.receive_with_passwords(&body, passwords, &mut rng());
        received.map(|received| matches!(received, Received::Request(_)))
    };
    assert_eq!(receive(&["a", "b", "c", "d"]), Ok(true));
    assert_eq!(receive(&["a", "b", "c", "d", "e"]), Err(too_many));
}

#[test]
fn the_iterations_of_all_passwords_are_one_budget() {
    let curves = Curves::new();
    let bytes = curves.pkcs_req(&policy());
    let budget = |iterations| policy().with_max_password_iterations(iterations);
    assert!(curves.open(&bytes, &budget(1000), &[PASSWORD]).is_ok());
    assert_eq!(
        curves.open(&bytes, &budget(999), &[PASSWORD]).unwrap_err(),
        refused(Refused::PasswordIterations(1000))
    );
    assert!(
        curves
            .open(&bytes, &budget(3000), &["a", "b", PASSWORD])
            .is_ok()
    );
    assert_eq!(
        curves
            .open(&bytes, &budget(2999), &["a", "b", PASSWORD])
            .unwrap_err(),
        refused(Refused::PasswordIterations(3000))
    );
    // A key that is longer than the digest takes the iterations once more.
    let long = policy()
        .with_password_prfs(DigestSet::of(&[DigestAlgorithm::Sha1]))
        .with_password_ciphers(CipherSet::of(&[Aes256Cbc]));
    let bytes = curves.pkcs_req(&long);
    let enough = long.with_max_password_iterations(2000);
    assert!(curves.open(&bytes, &enough, &[PASSWORD]).is_ok());
    assert_eq!(
        curves
            .open(
                &bytes,
                &long.with_max_password_iterations(1999),
                &[PASSWORD]
            )
            .unwrap_err(),
        refused(Refused::PasswordIterations(2000))
    );
}

/// PBKDF2 that counts how often it is asked.
struct Counting;

/// PBKDF2 that does not do it.
struct Undone;

impl DeriveKey for Undone {
    fn pbkdf2(
        &self,
        _: DigestAlgorithm,
        _: &[u8],
        _: &[u8],
        _: u32,
        _: &mut [u8],
    ) -> Result<(), CryptoError> {
        Err(CryptoError::Failed)
    }
}

static DERIVED: AtomicUsize = AtomicUsize::new(0);

impl DeriveKey for Counting {
    fn pbkdf2(
        &self,
        prf: DigestAlgorithm,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        key: &mut [u8],
    ) -> Result<(), CryptoError> {
        DERIVED.fetch_add(1, Ordering::Relaxed);
        Pbkdf2.pbkdf2(prf, password, salt, iterations, key)
    }
}

#[test]
fn a_server_without_passwords_derives_nothing() {
    let curves = Curves::new();
    let bytes = curves.pkcs_req(&policy());
    let provider = curves.provider.with_key_derivation(&Counting);
    let received = |passwords: &[&str], policy: &Policy| {
        let signer = SignerIdentity::new(&curves.ca, &curves.ca_key).unwrap();
        let recipient = Recipient::without_key(&curves.ca);
        let authority = Authority::with_ra(&curves.ca, recipient, signer, &curves.ca_key).unwrap();
        let trust = SignerTrust::new().self_issued();
        let server = Server::new(&provider, policy, trust, authority);
        let received = server.receive_with_passwords(&bytes, passwords, &mut rng());
        let error = match received.unwrap() {
            Received::Request(_) => None,
            Received::Refused(refused) => Some(refused.error()),
        };
        (error, DERIVED.swap(0, Ordering::Relaxed))
    };
    let (error, derived) = received(&[], &policy());
    assert!(
        matches!(error, Some(Error::Open(OpenError::NoRecipient(_)))),
        "{error:?}"
    );
    assert_eq!(derived, 0);
    // Each is tried whichever is right, for the time would tell.
    assert_eq!(received(&["other", PASSWORD], &policy()), (None, 2));
    assert_eq!(received(&[PASSWORD, "other"], &policy()), (None, 2));
    let little = policy().with_max_password_iterations(ITERATIONS - 1);
    let expensive = refused(Refused::PasswordIterations(u64::from(ITERATIONS)));
    assert_eq!(received(&[PASSWORD], &little), (Some(expensive), 0));
}

#[test]
fn inspection_opens_under_the_password_only() {
    let curves = Curves::new();
    let open = |bytes: &[u8], password| {
        let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
        let opened = inspect::open_unverified_with_password(&message, &curves.provider, password);
        opened.map(|opened| opened.secret_plaintext().to_vec())
    };
    let bytes = curves.pkcs_req(&policy());
    assert_eq!(open(&bytes, PASSWORD).as_deref(), Ok(curves.csr.as_der()));
    let failed = Err(OpenError::Decrypt(DecryptError));
    assert_eq!(open(&bytes, "Secret"), failed);
    // Of two the first is tried, so that a message costs what one does.
    let other = curves.pkcs_req(&policy());
    let with = |recipients: [&[u8]; 2]| {
        let content = recipients.map(envelope);
        let recipients = content.each_ref().map(|content| {
            let enveloped = inside(inside(content)[1].contents);
            enveloped[1].contents.to_vec()
        });
        let mut message = Forge::of(&bytes);
        let mut two = Envelope::of(&envelope(&bytes));
        two.other_recipients = recipients.to_vec();
        message.set_signature(curves.client_key.algorithms()[0]);
        message.set_content(Some(two.to_der()));
        open(&message.sign(&curves.client_key), PASSWORD)
    };
    assert_eq!(with([&bytes, &other]).as_deref(), Ok(curves.csr.as_der()));
    assert_eq!(with([&other, &bytes]), failed);
    // What is for a key is under no password.
    let agreed = curves.pkcs_req(&Policy::default().with_password_prfs(DigestSet::EMPTY));
    assert_eq!(open(&agreed, PASSWORD), failed);
    // Whoever sent it does not choose how long that takes, and yet it is told.
    let mut costly = curves.pkcs_req(&policy().with_password_iterations(600_000));
    let iterations = [2, 3, 0x09, 0x27, 0xc0];
    let at = costly.windows(5).position(|window| window == iterations);
    costly[at.unwrap() + 2] = 0x7f;
    let many = 0x7f_27c0;
    let refused = OpenError::Refused(Refused::PasswordIterations(many.into()));
    assert_eq!(open(&costly, PASSWORD), Err(refused));
    let message = PkiMessage::parse(&costly, &Limits::REQUEST).unwrap();
    let report = inspect::envelope(&message).unwrap().unwrap();
    let told = PasswordEncryption::new(DigestAlgorithm::Sha256, many, Aes128Cbc);
    assert_eq!(report.recipients[0].password, Some(Ok(told)));
    assert_eq!(report.recipients[0].key_agreement, None);
}

#[test]
fn what_the_policy_does_not_allow_is_refused_by_name() {
    let curves = Curves::new();
    let bytes = curves.pkcs_req(&policy());
    let error = |policy: Policy| curves.open(&bytes, &policy, &[PASSWORD]).unwrap_err();
    let sha512 = DigestSet::of(&[DigestAlgorithm::Sha512]);
    assert_eq!(
        error(policy().with_password_prfs(sha512)),
        refused(Refused::PasswordPrf(oid::HMAC_WITH_SHA256))
    );
    let aes256 = CipherSet::of(&[Aes256Cbc]);
    assert_eq!(
        error(policy().with_password_ciphers(aes256)),
        refused(Refused::PasswordCipher(oid::AES128_CBC))
    );
    assert_eq!(
        error(policy().with_content_ciphers(aes256)),
        refused(Refused::ContentCipher(oid::AES128_CBC))
    );
}

#[test]
fn a_changed_salt_iv_key_or_content_is_one_error() {
    let (curves, parties) = (Curves::new(), Parties::new());
    let forge = Forge::of(&rsa_pkcs_req(&curves, &parties, &policy()));
    let open = |content: &[u8]| {
        let mut forge = forge.clone();
        forge.set_content(Some(content.to_vec()));
        let bytes = forge.sign(&parties.client_key);
        curves.open(&bytes, &policy(), &[PASSWORD]).map(|_| ())
    };
    let content = forge.content.clone().unwrap();
    assert_eq!(open(&content), Ok(()));
    let after = |needle: &[u8]| {
        let mut windows = content.windows(needle.len());
        windows.position(|window| window == needle).unwrap() + needle.len()
    };
    // Identifiers, tags and lengths precede the salt and the initialisation vector; the wrapped key follows that.
    let salt = after(oid::PBKDF2.as_bytes()) + 4;
    let iv = after(oid::AES128_CBC.as_bytes()) + 2;
    let wrapped = iv + 16 + 2;
    for place in [salt, iv, wrapped, wrapped + 31, content.len() - 1] {
        let mut changed = content.clone();
        changed[place] ^= 1;
        let failed = Error::Open(OpenError::Decrypt(DecryptError));
        assert_eq!(open(&changed), Err(failed), "{place}");
    }
}

#[test]
fn nothing_opens_under_what_one_of_two_passwords_makes_of_no_key() {
    // Where no password is right, the key that takes the place of the content key is computed from the first of them: whoever knows
    // that one can encrypt under it, and has opened nothing that is under a password.
    let (curves, parties) = (Curves::new(), Parties::new());
    let mut forge = Forge::of(&rsa_pkcs_req(&curves, &parties, &policy()));
    let content = forge.content.clone().unwrap();
    let after = |needle: &[u8], from: usize| {
        let mut windows = content[from..].windows(needle.len());
        from + windows.position(|window| window == needle).unwrap() + needle.len()
    };
    let salt = after(oid::PBKDF2.as_bytes(), 0) + 2;
    let salt = &content[salt + 2..][..usize::from(content[salt + 1])];
    let kek_iv = after(oid::AES128_CBC.as_bytes(), 0);
    let (wrapped, iv) = (
        kek_iv + 2 + 16 + 2,
        after(oid::AES128_CBC.as_bytes(), kek_iv) + 2,
    );
    let mut secret = [0; 32];
    let derive = curves.provider.key_derivation();
    derive
        .pbkdf2(
            DigestAlgorithm::Sha256,
            b"known",
            salt,
            ITERATIONS,
            &mut secret[..16],
        )
        .unwrap();
    let garbage = [7; 32];
    let sha256 = |parts: &[&[u8]]| {
        let digests = curves.provider.digests();
        let digest = digests.digest(DigestAlgorithm::Sha256, parts).unwrap();
        digest.as_bytes().to_vec()
    };
    let block = |pad: u8| std::array::from_fn::<u8, 64, _>(|n| pad ^ secret.get(n).unwrap_or(&0));
    let inner = sha256(&[&block(0x36), b"scep substitute content key", &garbage]);
    let substitute = sha256(&[&block(0x5c), &inner]);
    let mut blocks = parties.csr.as_der().to_vec();
    let padding = 16 - blocks.len() % 16;
    blocks.resize(blocks.len() + padding, padding as u8);
    let ciphers = curves.provider.content_encryption();
    ciphers
        .encrypt(
            Aes128Cbc,
            &substitute[..16],
            &content[iv..iv + 16],
            &mut blocks,
        )
        .unwrap();
    let mut changed = content.clone();
    changed[wrapped..wrapped + 32].copy_from_slice(&garbage);
    let start = changed.len() - blocks.len();
    changed[start..].copy_from_slice(&blocks);
    forge.set_content(Some(changed));
    let bytes = forge.sign(&parties.client_key);
    let opened = curves.open(&bytes, &policy(), &["known", PASSWORD]);
    let failed = Error::Open(OpenError::Decrypt(DecryptError));
    assert_eq!(opened.map(|_| ()), Err(failed));
}

#[test]
fn what_is_public_of_a_password_recipient_is_refused_by_name() {
    let (curves, parties) = (Curves::new(), Parties::new());
    let forge = Forge::of(&rsa_pkcs_req(&curves, &parties, &policy()));
    // What is told of an envelope with this recipient, before any password is tried.
    let with = |derivation: &[u8], cipher: &[u8], encrypted_key: &[u8]| {
        let mut fields = small_integer(0);
        fields.extend(tlv(0xa0, elements(derivation)[0].contents));
        fields.extend(algorithm(oid::PWRI_KEK, cipher));
        fields.extend(octets(encrypted_key));
        let envelope = Envelope {
            other_recipients: vec![tlv(0xa3, &fields)],
            ..Envelope::seal(
                parties.csr.as_der(),
                &parties.ca,
                Aes128Cbc,
                KeyTransport::RsaPkcs1v15,
            )
        };
        let mut forge = forge.clone();
        forge.set_content(Some(envelope.to_der()));
        let bytes = forge.sign(&parties.client_key);
        let provider = curves.provider.with_key_derivation(&Undone);
        let recipient = Recipient::without_key(&curves.ca).with_password(PASSWORD);
        let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
        let trust = SignerTrust::new().self_issued();
        let opened = message.receive(&provider, &policy(), &trust, &[recipient], &mut rng());
        opened.map(|_| ()).unwrap_err()
    };
    let pbkdf2 = |iterations: u8, key_len: &[u8]| {
        let prf = algorithm(oid::HMAC_WITH_SHA256, &NULL);
        let fields = [
            &octets(&[5; 16])[..],
            &small_integer(iterations),
            key_len,
            &prf,
        ]
        .concat();
        algorithm(oid::PBKDF2, &sequence(&[&fields]))
    };
    let aes = |iv: usize| algorithm(oid::AES128_CBC, &octets(&vec![7; iv]));
    let (good, key) = (pbkdf2(9, &[]), [0; 32]);
    // This one says nothing wrong: only here a key is derived, and that fails.
    let asked = Error::Open(OpenError::Decrypt(DecryptError));
    assert_eq!(with(&good, &aes(16), &key), asked);
    let named = pbkdf2(9, &small_integer(16));
    assert_eq!(with(&named, &aes(16), &key), asked);

    let contradicts = pbkdf2(9, &small_integer(32));
    assert_eq!(
        with(&contradicts, &aes(16), &key),
        refused(Refused::KeyDerivation(oid::PBKDF2))
    );
    assert_eq!(
        with(&pbkdf2(0, &[]), &aes(16), &key),
        refused(Refused::PasswordIterations(0))
    );
    for len in [0, 8, 17] {
        assert_eq!(
            with(&good, &aes(len), &key),
            refused(Refused::PasswordCipher(oid::AES128_CBC))
        );
    }
    for len in [0, 16, 33] {
        let Error::Open(OpenError::Parse(error)) = with(&good, &aes(16), &vec![0; len]) else {
            panic!("{len}");
        };
        assert_eq!(error.item(), Item::EncryptedKey);
    }
}

#[test]
fn a_query_under_another_password_does_not_open() {
    let curves = Curves::new();
    let signer = SignerIdentity::new(&curves.client, &curves.client_key).unwrap();
    let roles = CaRoles::new(&curves.ca);
    let wanted = scep::IssuerAndSerialNumber::of(&curves.ca);
    let query = RequestBuilder::get_crl(wanted.clone(), &signer, &roles).challenge(PASSWORD);
    let query = query.build(&curves.provider, &policy(), &mut rng());
    let (query, _) = query.unwrap().sign(&curves.client_key, &mut rng()).unwrap();
    let opened = curves.open(&query, &policy(), &[PASSWORD]).unwrap();
    assert!(matches!(opened.body(), scep::RequestBody::GetCrl(names) if *names == wanted));
    let error = curves.open(&query, &policy(), &["another"]).unwrap_err();
    assert_eq!(error, Error::Open(OpenError::Decrypt(DecryptError)));
}

#[test]
fn without_a_challenge_there_is_a_reason() {
    let curves = Curves::new();
    let mut parties = Parties::new();
    parties.policy = policy();
    let no_password = BuildError::NoPassword(oid::EC_PUBLIC_KEY);

    // A query has no CSR.
    let signer = SignerIdentity::new(&curves.client, &curves.client_key).unwrap();
    let roles = CaRoles::new(&curves.ca);
    let query = || {
        let wanted = scep::IssuerAndSerialNumber::of(&curves.ca);
        RequestBuilder::get_crl(wanted, &signer, &roles)
    };
    let build = |builder: RequestBuilder<'_>| {
        let built = builder.build(&curves.provider, &policy(), &mut rng());
        built.map(|_| ())
    };
    assert_eq!(build(query()), Err(no_password));
    assert_eq!(build(query().challenge("")), Err(no_password));
    assert_eq!(build(query().challenge(PASSWORD)), Ok(()));
    let none = policy().with_password_prfs(DigestSet::EMPTY);
    let built = query()
        .challenge(PASSWORD)
        .build(&curves.provider, &none, &mut rng());
    assert_eq!(built.map(|_| ()), Err(BuildError::EmptyPolicy));

    // A poll of a client on a curve to an RSA CA.
    let (_, pending) = parties.pkcs_req();
    let roles = parties.roles();
    let poll = RequestBuilder::cert_poll(&pending, &signer, &roles).unwrap();
    let poll = poll.build(&curves.provider, &policy(), &mut rng()).unwrap();
    let poll = poll.sign(&curves.client_key, &mut rng()).unwrap().0;
    let poll = parties.receive(&poll);
    assert_eq!(poll.success_envelope(), Err(no_password));
    let ca = parties.ca_signer();
    let reply = poll.reply(&parties.provider, &ca);
    assert_eq!(reply.success_envelope(&mut rng()), Err(no_password));
    assert_eq!(
        reply.clone().challenge("").success_envelope(&mut rng()),
        Err(no_password)
    );
    let enveloped = reply.challenge(PASSWORD).success_envelope(&mut rng());
    let management = enveloped.map(|(_, management)| management.name());
    assert_eq!(management, Ok("password"));
}

#[test]
fn a_challenge_is_not_printed() {
    let curves = Curves::new();
    let parties = Parties::new();
    let request = parties.receive(&parties.pkcs_req().0);
    let ca = parties.ca_signer();
    let reply = request
        .reply(&parties.provider, &ca)
        .challenge("do not print");
    assert!(!format!("{reply:?}").contains("do not print"));
    let recipient = Recipient::without_key(&curves.ca).with_password("do not print");
    assert!(!format!("{recipient:?}").contains("do not print"));
    let requester = Requester::signing_only(&curves.client, &curves.client_key)
        .unwrap()
        .with_challenge("do not print");
    assert!(!format!("{requester:?}").contains("do not print"));
}

#[test]
fn a_device_on_a_curve_enrols_at_a_ca_on_a_curve() {
    let curves = Curves::new();
    let ed25519 = Ed25519Key::from_pkcs8_der(&pem(vector!("keys/ed25519.key"))).unwrap();
    let devices: [(&dyn SigningKey, _, _); 2] = [
        (
            &curves.client_key,
            curves.client.borrowed(),
            curves.csr.clone(),
        ),
        (
            &ed25519,
            certificate(vector!("keys/ed25519.selfsigned.pem")),
            csr(vector!("keys/ed25519.csr.pem")),
        ),
    ];
    for (key, device, csr) in &devices {
        enrol_with_a_poll(&curves, *key, device, csr);
    }
}

/// A whole enrolment that waits for a poll, which has no CSR: the challenge is what both sides kept.
fn enrol_with_a_poll(curves: &Curves, key: &dyn SigningKey, device: &Certificate<'_>, csr: &Csr) {
    let policy = policy().with_tolerances(ToleranceSet::of(&[Tolerance::AnotherIssuer]));
    let signer = SignerIdentity::new(&curves.ca, &curves.ca_key).unwrap();
    let recipient = Recipient::without_key(&curves.ca);
    let authority = Authority::with_ra(&curves.ca, recipient, signer, &curves.ca_key).unwrap();
    let trust = SignerTrust::new().self_issued();
    let server = Server::new(&curves.provider, &policy, trust, authority);
    let receive = |body: &[u8]| {
        let received = server.receive_with_passwords(body, &["other", PASSWORD], &mut rng());
        match received.unwrap() {
            Received::Request(request) => request,
            Received::Refused(refused) => panic!("{:?}", refused.error()),
        }
    };
    // Whose key signed it does not matter here, and the test keys of CAs that issue are RSA keys.
    let issued = Template::new(csr.subject_der(), csr.public_key_der())
        .issue(curves.ca.subject_der(), &Parties::new().ca_key);

    let requester = Requester::signing_only(device, key)
        .unwrap()
        .with_challenge(PASSWORD);
    let negotiation = Negotiation::new(&server.capabilities(), &policy).unwrap();
    let roles = CaRoles::new(&curves.ca);
    let client = Client::new(&curves.provider, &policy, &roles, negotiation, &requester);
    let mut enrolment = client.enrol(csr, &mut rng());

    let request = receive(&enrolment.next_request(&mut rng()).unwrap());
    assert!(server.reply(&request).success_envelope(&mut rng()).is_ok());
    let held = HeldEnrolment::of(&request).unwrap();
    let pending = server.reply(&request).pending(&mut rng()).unwrap();
    let outcome = enrolment.accept(200, &pending, &mut rng()).unwrap();
    assert!(matches!(outcome, Outcome::Pending), "{outcome:?}");

    let poll = receive(&enrolment.next_request(&mut rng()).unwrap());
    let reply = server.reply(&poll).answering(&held);
    let [without, with] = [reply.clone(), reply.challenge(PASSWORD)]
        .map(|reply| reply.success(&[issued.borrowed()], &mut rng()));
    assert!(
        matches!(without, Err(BuildError::NoPassword(_))),
        "{without:?}"
    );
    let outcome = enrolment.accept(200, &with.unwrap(), &mut rng());
    let Outcome::Issued(granted) = outcome.unwrap() else {
        panic!("not issued");
    };
    assert_eq!(granted.into_certificate().as_der(), issued.as_der());
}

#[test]
fn the_server_answers_a_wrong_password_as_it_does_whatever_does_not_open() {
    let curves = Curves::new();
    let signer = SignerIdentity::new(&curves.ca, &curves.ca_key).unwrap();
    let recipient = Recipient::without_key(&curves.ca);
    let authority = Authority::with_ra(&curves.ca, recipient, signer, &curves.ca_key).unwrap();
    let trust = SignerTrust::new().self_issued();
    let server = Server::new(&curves.provider, &policy(), trust, authority);
    let body = curves.pkcs_req(&policy());
    let received = server.receive_with_passwords(&body, &["wrong"], &mut rng());
    let Received::Refused(refused) = received.unwrap() else {
        panic!("opened");
    };
    assert_eq!(
        refused.error(),
        Error::Open(OpenError::Decrypt(DecryptError))
    );
    let reply = PkiMessage::parse(refused.reply(), &Limits::REPLY).unwrap();
    let attributes = reply.unverified_attributes();
    assert_eq!(attributes.fail_info(), Some(FailInfo::BadMessageCheck));
    assert_eq!(attributes.fail_info_text(), None);
}

/// A message under a password names nobody: it is for the generation whose key only signs.
#[test]
fn a_generation_whose_key_only_signs_gets_what_is_under_a_password() {
    let (curves, parties) = (Curves::new(), Parties::new());
    let body = curves.pkcs_req(&policy());
    let rsa = || Authority::new(&parties.ca, &parties.ca_key).unwrap();
    let on_curve = || {
        let signer = SignerIdentity::new(&curves.ca, &curves.ca_key).unwrap();
        let recipient = Recipient::without_key(&curves.ca);
        Authority::with_ra(&curves.ca, recipient, signer, &curves.ca_key).unwrap()
    };
    for (current, others, expected) in [
        (rsa(), vec![on_curve()], 1),
        (on_curve(), vec![rsa()], 0),
        (rsa(), vec![], 0),
    ] {
        let trust = SignerTrust::new().self_issued();
        let server = Server::new(&curves.provider, &policy(), trust, current);
        let server = others
            .into_iter()
            .fold(server, |server, other| server.with_generation(other));
        let received = server.receive_with_passwords(&body, &[PASSWORD], &mut rng());
        let Ok(Received::Request(request)) = received else {
            panic!("not opened");
        };
        assert_eq!(request.recipient(), expected);
    }
}

/// The EnvelopedData in a message, which OpenSSL's command line reads and writes by itself.
fn envelope(message: &[u8]) -> Vec<u8> {
    Forge::of(message).content.unwrap()
}

/// A PKCSReq of an RSA client to the CA on a curve.
fn rsa_pkcs_req(curves: &Curves, parties: &Parties, policy: &Policy) -> Vec<u8> {
    let (signer, roles) = (parties.client_signer(), CaRoles::new(&curves.ca));
    let request = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles);
    let request = request.build(&curves.provider, policy, &mut rng()).unwrap();
    request.sign(&parties.client_key, &mut rng()).unwrap().0
}

#[test]
#[ignore = "needs the openssl program"]
fn openssl_opens_what_is_under_a_password() {
    let (curves, parties, scratch) = (Curves::new(), Parties::new(), Scratch::new());
    for prf in [
        DigestAlgorithm::Sha1,
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha512,
    ] {
        for cipher in [Aes128Cbc, Aes192Cbc, Aes256Cbc, TripleDesCbc] {
            for content in [Aes128Cbc, Aes192Cbc, Aes256Cbc, TripleDesCbc] {
                let policy = policy()
                    .with_password_prfs(DigestSet::of(&[prf]))
                    .with_password_ciphers(CipherSet::of(&[cipher]))
                    .with_content_ciphers(CipherSet::of(&[content]));
                let what = format!("{prf:?} {cipher:?} {content:?}");
                scratch.write(
                    "envelope",
                    &envelope(&rsa_pkcs_req(&curves, &parties, &policy)),
                );
                scratch.openssl(
                    &what,
                    "cms -decrypt -inform DER -in envelope -pwri_password secret -binary -out payload",
                );
                assert_eq!(scratch.read("payload"), parties.csr.as_der(), "{what}");
            }
        }
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn what_openssl_puts_under_a_password_opens() {
    let (curves, parties, scratch) = (Curves::new(), Parties::new(), Scratch::new());
    let forge = Forge::of(&rsa_pkcs_req(&curves, &parties, &policy()));
    scratch.write("payload", parties.csr.as_der());
    for (option, cipher) in [
        ("-aes128", Aes128Cbc),
        ("-aes192", Aes192Cbc),
        ("-aes256", Aes256Cbc),
        ("-des3", TripleDesCbc),
    ] {
        let encrypt = format!(
            "cms -encrypt -binary -in payload -outform DER -out envelope -pwri_password secret {option}"
        );
        scratch.openssl(option, &encrypt);
        let mut forge = forge.clone();
        forge.set_content(Some(scratch.read("envelope")));
        let bytes = forge.sign(&parties.client_key);
        let request = curves
            .open(&bytes, &Policy::compatible(), &[PASSWORD])
            .unwrap();
        assert_eq!(request.content_cipher(), cipher);
        let KeyManagement::Password(encryption) = request.key_management() else {
            panic!("{:?}", request.key_management());
        };
        // OpenSSL takes the content's cipher for the key as well.
        assert_eq!(encryption.cipher, cipher);
        assert_eq!(request.csr().unwrap().as_der(), parties.csr.as_der());
    }
}
