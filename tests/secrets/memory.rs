//! Memory that is given back holds no secret. An allocator looks into each block before it goes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
#[cfg(feature = "ec")]
use std::mem::ManuallyDrop;

use super::{PASSWORD, csr_with_password, secret_numbers};
use crate::common::forge::{Envelope, Forge};
use crate::common::{Parties, key, rng, vector};
use scep::client::{Client, Requester};
use scep::crypto::{ContentCipher, DecryptionKey, KeyTransport, SubstituteSecret};
use scep::server::{Authority, HeldEnrolment, Received, Server};
use scep::{Capabilities, Limits, Negotiation, PkiMessage, RequestBuilder, SignerTrust, inspect};

/// The system's allocator, which looks for what this thread watches in every block that is given back.
///
/// It does not grow a block in place, so that the one it leaves is given back and looked into too.
struct Watching;

thread_local! {
    static WATCHED: Cell<&'static [&'static [u8]]> = const { Cell::new(&[]) };
    static FOUND: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every block comes from the system's allocator and goes back to it, with the layout that it came with. It is zeroed,
// so that all of it is initialised when it is read.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let watched = WATCHED.try_with(Cell::get).unwrap_or_default();
        if !watched.is_empty() {
            let block = unsafe { std::slice::from_raw_parts(black_box(pointer), layout.size()) };
            let holds = |secret: &&&[u8]| holds(block, secret);
            FOUND.set(FOUND.get() + watched.iter().filter(holds).count());
        }
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

fn holds(block: &[u8], secret: &[u8]) -> bool {
    block.windows(secret.len()).any(|window| window == secret)
}

/// How many blocks are given back with one of the secrets in them while `run` runs, and its result is dropped.
fn left_behind<T>(secrets: &[&[u8]], run: impl FnOnce() -> T) -> usize {
    // They live on for the thread, so they are given back nowhere.
    let secrets: &'static [&'static [u8]] = secrets
        .iter()
        .map(|secret| &*secret.to_vec().leak())
        .collect::<Vec<_>>()
        .leak();
    FOUND.set(0);
    WATCHED.set(secrets);
    drop(black_box(run()));
    WATCHED.set(&[]);
    FOUND.get()
}

fn server(parties: &Parties) -> Server<'_> {
    let authority = Authority::new(&parties.ca, &parties.ca_key).unwrap();
    let trust = SignerTrust::new().self_issued();
    Server::new(&parties.provider, &parties.policy, trust, authority)
}

/// A PKCSReq with the password inside.
fn request(parties: &Parties) -> Vec<u8> {
    let csr = csr_with_password(&parties.client_key);
    let (signer, roles) = (parties.client_signer(), parties.roles());
    parties
        .send(RequestBuilder::pkcs_req(&csr, &signer, &roles))
        .0
}

#[test]
fn a_secret_that_is_left_behind_is_seen() {
    let secret = PASSWORD.as_bytes();
    assert_eq!(left_behind(&[secret], || PASSWORD.to_owned()), 1);
    assert_eq!(left_behind(&[secret], || PASSWORD.len()), 0);
    // Also where a buffer grows, and somewhere inside.
    let grown = || {
        let mut text = PASSWORD.to_owned();
        text.reserve(1 << 20);
        text
    };
    assert_eq!(left_behind(&[secret], grown), 2);
    let wiped = || zeroize::Zeroizing::new(PASSWORD.to_owned());
    assert_eq!(left_behind(&[secret], wiped), 0);
}

#[test]
fn a_client_leaves_no_password_behind() {
    let parties = Parties::new();
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let secret = PASSWORD.as_bytes();
    // Every step, each with its copies, and what is dropped half way.
    let found = left_behind(&[secret], || {
        let csr = csr_with_password(&parties.client_key);
        let again = csr.clone();
        let builder = RequestBuilder::pkcs_req(&again, &signer, &roles);
        drop(builder.clone());
        let unsigned = builder
            .build(&parties.provider, &parties.policy, &mut rng())
            .unwrap();
        drop(unsigned.clone());
        (unsigned.sign(&parties.client_key, &mut rng()), csr)
    });
    assert_eq!(found, 0);
    let negotiation = Negotiation::new(
        &Capabilities::parse(b"SCEPStandard"),
        &scep::crypto::Policy::default(),
    );
    let requester = Requester::new(&parties.client, &parties.client_key).unwrap();
    let found = left_behind(&[secret], || {
        let csr = csr_with_password(&parties.client_key);
        let client = Client::new(
            &parties.provider,
            &parties.policy,
            &roles,
            negotiation.unwrap(),
            &requester,
        );
        let mut enrolment = client.enrol(&csr, &mut rng());
        let request = enrolment.next_request(&mut rng()).unwrap();
        let again = enrolment.next_request(&mut rng()).unwrap();
        (
            enrolment.save().unwrap().to_bytes(),
            request,
            again,
            enrolment,
        )
    });
    assert_eq!(found, 0);
}

#[test]
fn a_server_leaves_no_password_behind() {
    let parties = Parties::new();
    let server = server(&parties);
    let body = request(&parties);
    let secret = PASSWORD.as_bytes();
    let found = left_behind(&[secret], || {
        let Received::Request(request) = server.receive(&body, &mut rng()).unwrap() else {
            panic!("refused");
        };
        let password = request.csr().unwrap().challenge_password();
        assert!(password.verify(secret) && !password.verify(b"another"));
        let scep::ChallengePassword::Present(password) = password else {
            panic!("no password");
        };
        let text = password.expose_secret();
        let held = HeldEnrolment::of(&request).unwrap().to_bytes();
        let copy = request.clone();
        (text, held, copy, request)
    });
    assert_eq!(found, 0);
    // Under a policy that refuses the CSR after it was decrypted, and with wrong padding.
    let mut parties = Parties::new();
    let refusing = parties
        .policy
        .with_csr_digests(scep::crypto::DigestSet::of(&[
            scep::crypto::DigestAlgorithm::Sha512,
        ]));
    parties.policy = refusing;
    let refusing = self::server(&parties);
    let mut wrong = Forge::of(&body);
    let mut envelope = Envelope::of(wrong.content.as_ref().unwrap());
    envelope
        .encrypted_content
        .truncate(envelope.encrypted_content.len() - 16);
    wrong.set_content(Some(envelope.to_der()));
    let wrong = wrong.sign(&parties.client_key);
    for (server, body) in [(&refusing, &body), (&server, &wrong)] {
        let found = left_behind(&[secret], || {
            let received = server.receive(body, &mut rng()).unwrap();
            assert!(matches!(received, Received::Refused(_)));
            received
        });
        assert_eq!(found, 0);
    }
}

#[test]
fn looking_into_a_message_leaves_no_password_behind() {
    let parties = Parties::new();
    let body = request(&parties);
    let found = left_behind(&[PASSWORD.as_bytes()], || {
        let message = PkiMessage::parse(&body[..], &Limits::REQUEST).unwrap();
        let keys: [&dyn DecryptionKey; 2] = [&parties.client_key, &parties.ca_key];
        let opened =
            inspect::open_unverified(&message, &parties.provider, &keys, &mut rng()).unwrap();
        assert!(holds(opened.secret_plaintext(), PASSWORD.as_bytes()));
        opened
    });
    assert_eq!(found, 0);
}

#[test]
fn opening_leaves_no_content_key_behind() {
    const KEY: &[u8; 32] = b"a content key of thirty-two byte";
    let parties = Parties::new();
    let csr = parties.csr.as_der();
    let padding = 16 - csr.len() % 16;
    let mut blocks = csr.to_vec();
    blocks.resize(csr.len() + padding, padding as u8);
    let oaep = KeyTransport::RsaOaep {
        digest: scep::crypto::DigestAlgorithm::Sha256,
        mgf_digest: scep::crypto::DigestAlgorithm::Sha256,
    };
    for transport in [KeyTransport::RsaPkcs1v15, oaep] {
        let cipher = ContentCipher::Aes256Cbc;
        let envelope = Envelope::encrypt_under(KEY, &blocks, &parties.ca, cipher, transport);
        let body = crate::common::verdict::around(&parties, &envelope);
        let server = server(&parties);
        let found = left_behind(&[KEY], || server.receive(&body, &mut rng()).unwrap());
        assert_eq!(found, 0, "{transport:?}");
        // In two steps the key goes through the caller's hands.
        let message = PkiMessage::parse(&body[..], &Limits::REQUEST).unwrap();
        let trust = SignerTrust::new().self_issued();
        let (provider, policy) = (&parties.provider, &parties.policy);
        let verified = message.verify(provider, policy, &trust).unwrap();
        let certificates = [parties.ca.clone()];
        let found = left_behind(&[KEY, &[0x77; 32]], || {
            let encrypted = verified.encrypted_key(&certificates).unwrap();
            let key = parties
                .ca_key
                .decrypt_key(transport, encrypted.as_bytes(), &mut rng());
            assert_eq!(key.as_ref().unwrap()[..], KEY[..]);
            let secret = Box::new(SubstituteSecret::new([0x77; 32]));
            (
                verified
                    .open_with(provider, &encrypted, key, &secret)
                    .unwrap(),
                secret,
            )
        });
        assert_eq!(found, 0, "{transport:?}");
    }
}

#[test]
fn a_key_leaves_nothing_behind_but_what_its_library_does() {
    let numbers = secret_numbers(&key(vector!("keys/cpend.key")));
    for (position, number) in numbers.iter().enumerate() {
        // As it is written, and as it lies in memory, from the least significant byte.
        let reversed: Vec<u8> = number.iter().rev().copied().collect();
        let key = key(vector!("keys/cpend.key"));
        let found = left_behind(&[number, &reversed], || key);
        // rsa 0.10.0 has the first prime once more, in the parameters of the CRT coefficient, and does not wipe it there.
        let known = usize::from(position == 1);
        assert!(found <= known, "number {position}: {found}");
    }
}

#[cfg(feature = "ec")]
#[test]
fn a_key_on_a_curve_leaves_nothing_behind() {
    use scep::crypto::rustcrypto::{EcKey, Ed25519Key};

    let on_curve = |der: &[u8]| EcKey::from_pkcs8_der(der).unwrap();
    key_on_a_curve(vector!("keys/ec-p256.key"), 32, on_curve);
    key_on_a_curve(vector!("keys/ec-p384.key"), 48, on_curve);
    key_on_a_curve(vector!("keys/ec-p521.key"), 66, on_curve);
    let ed25519 = |der: &[u8]| Ed25519Key::from_pkcs8_der(der).unwrap();
    key_on_a_curve(vector!("keys/ed25519.key"), 32, ed25519);
}

/// Holds that a key that was read, used and dropped leaves nothing of its `len` secret bytes behind.
#[cfg(feature = "ec")]
fn key_on_a_curve<K: scep::crypto::SigningKey>(in_pem: &[u8], len: u8, read: fn(&[u8]) -> K) {
    let der = crate::common::pem(in_pem);
    // The private key is an OCTET STRING, the only one of this length.
    let at = der.windows(2).position(|header| header == [4, len]);
    let number = &der[at.unwrap() + 2..][..usize::from(len)];
    let reversed: Vec<u8> = number.iter().rev().copied().collect();
    let used = || {
        let key = read(&der);
        key.sign(key.algorithms()[0], b"message", &mut rng())
            .unwrap();
        key
    };
    // In a box, or it would be in no memory that is given back; and one whose key is not dropped, to know that it is seen there.
    let undropped = left_behind(&[number, &reversed], || Box::new(ManuallyDrop::new(used())));
    assert_eq!(undropped, 1, "{len}");
    let dropped = left_behind(&[number, &reversed], || Box::new(used()));
    assert_eq!(dropped, 0, "{len}");
}

#[cfg(feature = "ec")]
#[test]
fn a_key_agreement_leaves_no_secret_behind() {
    use crate::common::{certificate, pem};
    use scep::crypto::rustcrypto::EcKey;
    use scep::{CaRoles, IssuerAndSerialNumber, Recipient};

    let parties = Parties::new();
    let (ca, der) = (
        certificate(vector!("keys/ca-ec.pem")),
        pem(vector!("keys/ca-ec.key")),
    );
    let key = EcKey::from_pkcs8_der(&der).unwrap();
    let (signer, roles) = (parties.client_signer(), CaRoles::new(&ca));
    let wanted = IssuerAndSerialNumber::of(&parties.issued);
    let (request, _) = parties.send(RequestBuilder::get_crl(wanted, &signer, &roles));
    let message = PkiMessage::parse(&request[..], &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued();
    let (provider, policy) = (&parties.provider, &parties.policy);
    let verified = message.verify(provider, policy, &trust).unwrap();
    let certificates = [ca.clone()];
    let encrypted = verified.encrypted_key(&certificates).unwrap();
    let originator = encrypted.originator_key().unwrap();
    let agreed = key.agree(originator, &mut rng()).unwrap();
    let digests = provider.digests();
    let info = [&[0x30, 0x15][..], KEY_INFO, SUPPLEMENT].concat();
    let kek = digests.digest(
        scep::crypto::DigestAlgorithm::Sha256,
        &[&agreed, &[0, 0, 0, 1], &info],
    );
    let kek = kek.unwrap();
    // The private key is an OCTET STRING of 32 bytes, the only one of this length.
    let at = der.windows(2).position(|header| header == [4, 32]).unwrap() + 2;
    let secrets = [&der[at..at + 32], &agreed, &kek.as_bytes()[..16]];
    let found = left_behind(&secrets, || {
        let key = EcKey::from_pkcs8_der(&der).unwrap();
        let recipient = Recipient::new(&ca, &key).unwrap();
        verified.open(provider, &[recipient], &mut rng()).unwrap()
    });
    assert_eq!(found, 0);
}

#[cfg(feature = "ec")]
#[test]
fn an_envelope_under_a_password_leaves_no_secret_behind() {
    use crate::common::forge::inside;
    use crate::common::{EcKey, certificate, pem};
    use scep::CaRoles;
    use scep::crypto::{DigestAlgorithm, Policy};

    const ITERATIONS: u32 = 1000;
    let parties = Parties::new();
    let (ca, provider) = (certificate(vector!("keys/ca-ec.pem")), parties.provider);
    let policy = Policy::default().with_password_iterations(ITERATIONS);
    let csr = csr_with_password(&parties.client_key);
    let (signer, roles) = (parties.client_signer(), CaRoles::new(&ca));
    let build = || {
        RequestBuilder::pkcs_req(&csr, &signer, &roles)
            .build(&provider, &policy, &mut rng())
            .unwrap()
            .sign(&parties.client_key, &mut rng())
            .unwrap()
    };
    let password = PASSWORD.as_bytes();
    assert_eq!(left_behind(&[password], build), 0);
    let (request, _) = build();
    // What the password makes, and the content key under it (RFC 3211, section 2.3).
    let content = Forge::of(&request).content.unwrap();
    let recipients = inside(inside(&content)[1].contents)[1].contents.to_vec();
    let fields = inside(&recipients);
    let salt = inside(inside(fields[1].raw)[1].raw)[0].contents;
    let (cipher, ciphers) = (ContentCipher::Aes128Cbc, provider.content_encryption());
    let mut kek = [0; 16];
    provider
        .key_derivation()
        .pbkdf2(
            DigestAlgorithm::Sha256,
            password,
            salt,
            ITERATIONS,
            &mut kek,
        )
        .unwrap();
    let iv = inside(inside(fields[2].raw)[1].raw)[1].contents;
    let mut wrapped = fields[3].contents.to_vec();
    let (before, mut last) = (
        wrapped[wrapped.len() - 32..][..16].to_vec(),
        wrapped[wrapped.len() - 16..].to_vec(),
    );
    ciphers.decrypt(cipher, &kek, &before, &mut last).unwrap();
    for iv in [&last[..], iv] {
        ciphers.decrypt(cipher, &kek, iv, &mut wrapped).unwrap();
    }
    let content_key = &wrapped[4..][..usize::from(wrapped[0])];
    let check: Vec<u8> = wrapped[1..4].iter().map(|byte| !byte).collect();
    assert_eq!(check, content_key[..3]);

    let ec_key = EcKey::from_pkcs8_der(&pem(vector!("keys/ca-ec.key"))).unwrap();
    let authority = Authority::new(&ca, &ec_key).unwrap();
    let trust = SignerTrust::new().self_issued();
    let server = Server::new(&provider, &policy, trust, authority);
    let passwords = ["wrong", PASSWORD];
    let found = left_behind(&[password, &kek, content_key], || {
        let received = server.receive_with_passwords(&request, &passwords, &mut rng());
        let Received::Request(request) = received.unwrap() else {
            panic!("refused");
        };
        request
    });
    assert_eq!(found, 0);
}

#[test]
fn a_page_of_ndes_leaves_no_password_behind() {
    const PASSWORD: &str = "1F2E3D4C5B6A7988";
    let page = format!("<B> 0CC175B9 C0F1B6A8 31C399E2 69772661 </B> <B> {PASSWORD} </B>");
    let utf16: Vec<u8> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for body in [page.as_bytes(), &utf16] {
        let found = left_behind(&[PASSWORD.as_bytes()], || {
            let page = scep::ndes::AdminPage::parse(body).unwrap();
            assert_eq!(page.secret_challenge_password(), PASSWORD);
            page
        });
        assert_eq!(found, 0);
    }
}

#[cfg(feature = "intune")]
#[test]
fn what_intune_is_asked_leaves_no_request_behind() {
    let parties = Parties::new();
    let request = parties.receive(&request(&parties));
    let whole = scep::intune::ValidateRequest::of(&request, "a test").unwrap();
    let text = whole.request.certificate_request.expose_secret().to_owned();
    let found = left_behind(&[&text.as_bytes()[100..150]], || {
        let whole = scep::intune::ValidateRequest::of(&request, "a test").unwrap();
        (whole.clone(), whole)
    });
    assert_eq!(found, 0);
}

/// The identifier of AES-128 key wrap.
#[cfg(feature = "ec")]
const KEY_INFO: &[u8] = &[
    0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x05,
];

/// The length of its key in bits, with the tags around it.
#[cfg(feature = "ec")]
const SUPPLEMENT: &[u8] = &[0xa2, 0x06, 0x04, 0x04, 0, 0, 0, 128];
