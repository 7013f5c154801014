//! What a stranger learns who sends envelopes and looks at the answers: nothing of what is inside. He has captured the
//! envelope of another, changes it as he likes, and signs with a key of his own.
#![cfg(feature = "rustcrypto")]

mod common;

use std::cell::RefCell;

use common::forge::{
    Envelope, Forge, NULL, Order, algorithm, cipher_oid, oaep_id, octets, printable,
};
use common::x509::MadeCsr;
use common::{Parties, RsaKey, certificate, key, provider, rng, vector};
use rsa::BoxedUint;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;
use scep::crypto::{
    ContentCipher, CryptoError, DigestAlgorithm, KeyTransport, Policy, SignatureAlgorithm,
    VerifySignature,
};
use scep::server::{Authority, HeldEnrolment, Received, Server};
use scep::{
    Certificate, DecryptError, Error, FailInfo, Limits, OpenError, PkiMessage, PkiStatus, Refused,
    Request, RequestBody, SignerTrust, oid,
};

use ContentCipher::{Aes128Cbc, Aes256Cbc, TripleDesCbc};
use DigestAlgorithm::{Sha1, Sha256};

const PKCS1: KeyTransport = KeyTransport::RsaPkcs1v15;
const OAEP: KeyTransport = KeyTransport::RsaOaep {
    digest: Sha256,
    mgf_digest: Sha256,
};
const SEALED: OpenError = OpenError::Decrypt(DecryptError);

/// A client, its CA, and a stranger between them.
struct Scene {
    parties: Parties,
    stranger: Certificate<'static>,
    stranger_key: RsaKey,
    /// The client's request, as the stranger captured it.
    captured: Forge,
}

/// What a server makes of a request.
#[derive(Debug, PartialEq)]
struct Answer {
    error: Error,
    /// The reply without its nonce and its signature.
    reply: Vec<u8>,
}

impl Scene {
    fn new() -> Self {
        let parties = Parties::new();
        let (request, _) = parties.pkcs_req();
        Self {
            parties,
            stranger: certificate(vector!("keys/cpend.selfsigned.pem")),
            stranger_key: key(vector!("keys/cpend.key")),
            captured: Forge::of(&request),
        }
    }

    /// The captured envelope.
    fn envelope(&self) -> Envelope {
        Envelope::of(self.captured.content.as_ref().unwrap())
    }

    /// The captured request around another content, signed by the stranger.
    fn signed(&self, content: Vec<u8>) -> Vec<u8> {
        let mut forge = self.captured.clone();
        forge.set_signer(&self.stranger);
        // All attributes are the stranger's to choose; these are the same every time.
        forge.set(oid::TRANSACTION_ID, printable("the stranger's"));
        forge.set(oid::SENDER_NONCE, octets(&[7; 16]));
        forge.set_content(Some(content));
        forge.sign(&self.stranger_key)
    }

    fn server(&self, policy: &Policy) -> Server<'_> {
        let authority = Authority::new(&self.parties.ca, &self.parties.ca_key).unwrap();
        let trust = SignerTrust::new().self_issued();
        Server::new(&self.parties.provider, policy, trust, authority)
    }

    /// What the server answers to an envelope, or `None` if it opens.
    fn answer(&self, policy: &Policy, envelope: &Envelope) -> Option<Answer> {
        let body = self.signed(envelope.to_der());
        match self.server(policy).receive(&body, &mut rng()).unwrap() {
            Received::Request(_) => None,
            Received::Refused(refused) => Some(Answer {
                error: refused.error(),
                reply: without_nonce_and_signature(refused.reply()),
            }),
        }
    }

    /// The answer to what cannot be opened at all: a content of one block.
    fn closed(&self) -> Answer {
        let mut envelope = self.envelope();
        envelope.encrypted_content.truncate(16);
        self.answer(&Policy::default(), &envelope).unwrap()
    }

    /// An envelope around a block of RSA as it stands, whose content is right for this content key.
    fn around_block(&self, block: &[u8], content_key: &[u8]) -> Envelope {
        let csr = padded(self.parties.csr.as_der());
        let mut envelope =
            Envelope::encrypt_under(content_key, &csr, &self.parties.ca, Aes128Cbc, PKCS1);
        envelope.encrypted_key = public_operation(&self.parties.ca_key, block);
        envelope
    }
}

fn without_nonce_and_signature(reply: &[u8]) -> Vec<u8> {
    let mut forge = Forge::of(reply);
    let nonce = forge.remove(oid::SENDER_NONCE);
    assert_eq!(nonce.values[0].len(), 2 + 16);
    let info = forge.signer_info(Order::Listed, &[]);
    forge.assemble(&[info])
}

/// PKCS #7 padding to blocks of 16 bytes.
fn padded(payload: &[u8]) -> Vec<u8> {
    let padding = 16 - payload.len() % 16;
    let mut blocks = payload.to_vec();
    blocks.resize(payload.len() + padding, padding as u8);
    blocks
}

/// RSA without padding: the block raised to 65537, the public exponent of the key.
fn public_operation(key: &RsaKey, block: &[u8]) -> Vec<u8> {
    let der = key.to_pkcs8_der().unwrap();
    let key = rsa::PrivateKey::from_pkcs8_der(&der).unwrap();
    let block = BoxedUint::from_be_slice(block, key.n().bits_precision()).unwrap();
    let squared = (0..16).fold(block.clone(), |power, _| power.square_mod(key.n()));
    squared.mul_mod(&block, key.n()).to_be_bytes().to_vec()
}

/// A block of 256 bytes: these first ones, non-zero ones, these last ones.
fn block(first: &[u8], last: &[u8]) -> Vec<u8> {
    let filling = vec![0x5a; 256 - first.len() - last.len()];
    [first, &filling, last].concat()
}

// The content key.

#[test]
fn every_fault_of_pkcs1_padding_looks_like_no_content() {
    let scene = Scene::new();
    let policy = Policy::default();
    // It ends in a zero: who filled up a key that is too short would have it.
    let mut key = [0xa5; 16];
    key[15] = 0;
    let after_zero = [&[0][..], &key].concat();
    let longer = |more: usize| block(&[0, 2], &[&after_zero[..], &vec![7; more]].concat());
    let good = scene.around_block(&block(&[0, 2], &after_zero), &key);
    assert_eq!(scene.answer(&policy, &good), None);
    let closed = scene.closed();
    assert_eq!(closed.error, Error::Open(SEALED));
    let zero_at = |position: usize| {
        let mut block = block(&[0, 2], &after_zero);
        block[position] = 0;
        block
    };
    for (fault, block) in [
        ("first byte", block(&[1, 2], &after_zero)),
        ("block type 0", block(&[0, 0], &after_zero)),
        ("block type 1", block(&[0, 1], &after_zero)),
        ("block type 3", block(&[0, 3], &after_zero)),
        ("no padding", zero_at(2)),
        ("one byte of padding", zero_at(3)),
        ("seven bytes of padding", zero_at(9)),
        ("eight bytes of padding, and so a long key", zero_at(10)),
        ("no end of the padding", block(&[0, 2], &[7; 16])),
        ("no key", block(&[0, 2], &[0])),
        ("key of 1 byte", block(&[0, 2], &[0, 0xa5])),
        ("key of 15 bytes", block(&[0, 2], &after_zero[..16])),
        ("key of 17 bytes", longer(1)),
        ("key of 24 bytes", longer(8)),
        ("key of 32 bytes", longer(16)),
        ("nothing but zeros", vec![0; 256]),
    ] {
        let envelope = scene.around_block(&block, &key);
        let answer = scene.answer(&policy, &envelope).unwrap();
        assert_eq!(answer, closed, "{fault}");
    }
}

#[test]
fn a_content_key_for_another_cipher_looks_like_no_content() {
    let scene = Scene::new();
    let closed = scene.closed();
    let csr = scene.parties.csr.as_der();
    for (sealed, named) in [
        (Aes256Cbc, Aes128Cbc),
        (Aes128Cbc, Aes256Cbc),
        (TripleDesCbc, Aes128Cbc),
        (Aes128Cbc, TripleDesCbc),
    ] {
        let mut envelope = Envelope::seal(csr, &scene.parties.ca, sealed, PKCS1);
        let iv = octets(&vec![7; named.block_len()]);
        envelope.cipher = algorithm(cipher_oid(named), &iv);
        let answer = scene.answer(&Policy::default(), &envelope).unwrap();
        assert_eq!(answer, closed, "{sealed:?} {named:?}");
    }
}

#[test]
fn every_fault_of_oaep_looks_like_no_content() {
    let scene = Scene::new();
    let closed = scene.closed();
    let csr = scene.parties.csr.as_der();
    let good = Envelope::seal(csr, &scene.parties.ca, Aes128Cbc, OAEP);
    assert_eq!(scene.answer(&Policy::default(), &good), None);
    let id = good.key_encryption.clone();
    // A first byte that is not zero (the oracle of Manger's attack), and blocks that hash to nothing.
    for block in [block(&[1], &[]), block(&[0], &[]), vec![0; 256]] {
        let mut envelope = good.clone();
        envelope.encrypted_key = public_operation(&scene.parties.ca_key, &block);
        let answer = scene.answer(&Policy::default(), &envelope);
        assert_eq!(answer.as_ref(), Some(&closed));
    }
    for key_encryption in [
        oaep_id(Some(Sha1), Some(Sha256), None),
        oaep_id(Some(Sha256), Some(Sha1), None),
        algorithm(oid::RSA_ENCRYPTION, &NULL),
    ] {
        let mut envelope = good.clone();
        envelope.key_encryption = key_encryption;
        let answer = scene.answer(&Policy::default(), &envelope);
        assert_eq!(answer.as_ref(), Some(&closed));
    }
    let mut envelope = Envelope::seal(csr, &scene.parties.ca, Aes128Cbc, PKCS1);
    envelope.key_encryption = id;
    let answer = scene.answer(&Policy::default(), &envelope);
    assert_eq!(answer, Some(closed));
}

// The content.

#[test]
fn every_fault_of_the_content_looks_like_no_content() {
    let scene = Scene::new();
    let policy = Policy::default();
    let closed = scene.closed();
    let csr = scene.parties.csr.as_der();
    let blocks = |blocks: &[u8]| Envelope::encrypt(blocks, &scene.parties.ca, Aes128Cbc, PKCS1);
    let padded_with = |padding: u8| {
        let mut blocks = padded(csr);
        *blocks.last_mut().unwrap() = padding;
        blocks
    };
    let right = *padded(csr).last().unwrap();
    assert_eq!(scene.answer(&policy, &blocks(&padded_with(right))), None);
    for padding in [0, 1, 2, right - 1, right + 1, 16, 17, 0x80, 0xff] {
        assert_ne!(padding, right);
        let answer = scene.answer(&policy, &blocks(&padded_with(padding)));
        assert_eq!(answer.as_ref(), Some(&closed), "{padding}");
    }
    for payload in [
        &b""[..],
        b"text",
        &csr[1..],
        &csr[..csr.len() - 1],
        &[csr, &[0]].concat(),
        &[csr, csr].concat(),
        scene.parties.ca.as_der(),
        &scep::CertsOnly::encode(std::slice::from_ref(&scene.parties.ca), &[]),
    ] {
        let answer = scene.answer(&policy, &blocks(&padded(payload)));
        assert_eq!(answer.as_ref(), Some(&closed));
    }
}

/// CSRs that read well, and what the crate tells its caller of them.
fn refused_csrs(scene: &Scene) -> Vec<(Vec<u8>, OpenError)> {
    let own = &scene.parties.client_key;
    let wrong_signature = MadeCsr::new(own).sign(&scene.stranger_key);
    let mut flipped = scene.parties.csr.as_der().to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let small = key(common::verdict::SMALL_KEY);
    let mut unknown = MadeCsr::new(own);
    unknown.signature_algorithm = algorithm(common::forge::dotted("1.2.3.4"), &[]);
    let unknown_oid = Refused::CsrSignature(common::forge::dotted("1.2.3.4"));
    let refused = OpenError::CsrRefused;
    vec![
        (wrong_signature, OpenError::CsrSignature),
        (flipped, OpenError::CsrSignature),
        (
            MadeCsr::new(own).with_digest(Sha1).sign(own),
            refused(Refused::CsrSignature(oid::SHA1_WITH_RSA)),
        ),
        (
            MadeCsr::new(&small).sign(&small),
            refused(Refused::RsaModulusBits(1024)),
        ),
        (unknown.sign(own), refused(unknown_oid)),
    ]
}

#[test]
fn a_csr_that_is_refused_is_answered_like_no_content() {
    let scene = Scene::new();
    let sha256 = scep::crypto::DigestSet::of(&[Sha256]);
    let policy = Policy::default().with_csr_digests(sha256);
    let closed = scene.closed();
    for (csr, error) in refused_csrs(&scene) {
        let envelope = Envelope::seal(&csr, &scene.parties.ca, Aes128Cbc, PKCS1);
        let answer = scene.answer(&policy, &envelope).unwrap();
        assert_eq!(answer.error, Error::Open(error));
        assert_eq!(answer.reply, closed.reply, "{error:?}");
    }
}

#[test]
fn a_captured_envelope_with_a_flipped_bit_teaches_nothing() {
    let scene = Scene::new();
    let policy = Policy::default();
    let envelope = scene.envelope();
    // As it was captured it opens, whoever signs it: what is inside is the client's, and so is the challenge password.
    assert_eq!(scene.answer(&policy, &envelope), None);
    let closed = scene.closed();
    let refuses = |change: &dyn Fn(&mut Envelope), what: &str, at: usize| {
        let mut envelope = envelope.clone();
        change(&mut envelope);
        let answer = scene.answer(&policy, &envelope).unwrap();
        assert_eq!(answer.reply, closed.reply, "{what} {at}");
        assert!(matches!(
            answer.error,
            Error::Open(SEALED | OpenError::CsrSignature | OpenError::CsrRefused(_))
        ));
    };
    let iv = envelope.cipher.len() - 16;
    for at in 0..16 {
        refuses(&|envelope| envelope.cipher[iv + at] ^= 1, "iv", at);
    }
    for at in (0..envelope.encrypted_content.len()).step_by(11) {
        let bit = 1 << (at % 8);
        let flip = |envelope: &mut Envelope| envelope.encrypted_content[at] ^= bit;
        refuses(&flip, "content", at);
    }
    for at in (0..envelope.encrypted_key.len()).step_by(23) {
        refuses(&|envelope| envelope.encrypted_key[at] ^= 1, "key", at);
    }
    // Cut off and put together anew.
    for at in (16..envelope.encrypted_content.len()).step_by(16) {
        let cut = |envelope: &mut Envelope| envelope.encrypted_content.truncate(at);
        refuses(&cut, "cut", at);
        let at = at - 16;
        let turn = |envelope: &mut Envelope| envelope.encrypted_content.rotate_left(at + 16);
        if at + 16 < envelope.encrypted_content.len() {
            refuses(&turn, "turned", at);
        }
    }
}

#[test]
fn a_guess_at_captured_plaintext_does_not_show_in_a_query() {
    // Vaudenay's attack: the IV makes the header of names out of a block whose plaintext is known, what follows is any bytes of a
    // Name or number, and the captured block at the end has right padding if the guess is right.
    let scene = Scene::new();
    let policy = Policy::default();
    let server = scene.server(&policy);
    let envelope = scene.envelope();
    let plain = scene.parties.csr.as_der();
    let iv = envelope.cipher.len() - 16;
    let captured =
        |n: usize| <[u8; 16]>::try_from(&envelope.encrypted_content[n * 16..][..16]).unwrap();
    let known = |n: usize| <[u8; 16]>::try_from(&plain[n * 16..][..16]).unwrap();
    let xor =
        |one: [u8; 16], other: [u8; 16]| std::array::from_fn::<u8, 16, _>(|n| one[n] ^ other[n]);
    let first = xor(known(0), envelope.cipher[iv..].try_into().unwrap());
    let aim = 3;
    let before_chaining = xor(known(aim), captured(aim - 1));
    // The stranger has an enrolment of his own that waits.
    let body = scene.signed(envelope.to_der());
    let Received::Request(request) = server.receive(&body, &mut rng()).unwrap() else {
        panic!("refused");
    };
    let held = HeldEnrolment::of(&request).unwrap();
    let parties = &scene.parties;
    let crl = parties.crl();
    // As a server decides: its status, and the reply if there is nothing random in it.
    let answer = |request: &Request| {
        let (reply, rng) = (server.reply(request), &mut rng());
        let bytes = match request.body() {
            RequestBody::CertPoll(_) => {
                assert_eq!(held.answers(request), Ok(()));
                reply.answering(&held).pending(rng).unwrap()
            }
            RequestBody::GetCert(id) if id.matches(&parties.issued) => {
                let issued = std::slice::from_ref(&parties.issued);
                reply.success(issued, rng).unwrap()
            }
            RequestBody::GetCrl(_) => reply.success_crl(&crl, rng).unwrap(),
            _ => reply.failure(FailInfo::BadCertId, None, rng).unwrap(),
        };
        let message = PkiMessage::parse(&bytes[..], &Limits::REPLY).unwrap();
        match message.unverified_attributes().pki_status().unwrap() {
            PkiStatus::Success => (PkiStatus::Success, Vec::new()),
            status => (status, without_nonce_and_signature(&bytes)),
        }
    };
    for (message_type, tag) in [("20", 0x30), ("21", 0x02), ("22", 0x02)] {
        let mut header = [0; 16];
        header[..6].copy_from_slice(&[0x30, 0x2d, 0x30, 0x00, tag, 0x29]);
        let receive = |guess: u8| {
            let mut last = [0; 16];
            last[15] = guess;
            let mut envelope = envelope.clone();
            envelope.cipher[iv..].copy_from_slice(&xor(first, header));
            envelope.encrypted_content = [captured(0), last, captured(aim)].concat();
            let mut forge = scene.captured.clone();
            forge.set_signer(&scene.stranger);
            forge.set(oid::MESSAGE_TYPE, printable(message_type));
            forge.set(oid::TRANSACTION_ID, printable("the stranger's"));
            forge.set(oid::SENDER_NONCE, octets(&[7; 16]));
            forge.set_content(Some(envelope.to_der()));
            let body = forge.sign(&scene.stranger_key);
            match server.receive(&body, &mut rng()).unwrap() {
                Received::Request(request) => request,
                Received::Refused(refused) => panic!("{message_type}: {}", refused.error()),
            }
        };
        let right = before_chaining[15] ^ 1;
        let (right, wrong) = (receive(right), receive(right ^ 0x40));
        let names = |request: &Request| match request.body() {
            RequestBody::CertPoll(names) => names.to_der(),
            RequestBody::GetCert(id) | RequestBody::GetCrl(id) => id.to_der(),
            other => panic!("{other:?}"),
        };
        // The one opens and the other does not, which is for the server to know.
        assert_eq!(names(&right)[..6], header[..6]);
        assert_ne!(names(&wrong)[..6], header[..6]);
        assert_eq!(
            right.transaction_key(&scene.parties.provider),
            wrong.transaction_key(&scene.parties.provider)
        );
        let [right, wrong] = [right, wrong].map(|request| answer(&request));
        assert_eq!(right, wrong, "{message_type}");
    }
}

// The work.

/// Verifies, and writes down what was verified.
struct Recording;

thread_local! {
    static VERIFIED: RefCell<Vec<(SignatureAlgorithm, usize)>> = const { RefCell::new(Vec::new()) };
}

impl VerifySignature for Recording {
    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let verifies = provider().signatures();
        let result = verifies.verify(algorithm, public_key, message, signature);
        // A key that is refused at once takes no time at all.
        if result != Err(CryptoError::InvalidKey) {
            VERIFIED.with_borrow_mut(|verified| verified.push((algorithm, public_key.len())));
        }
        result
    }
}

/// What is verified while this message is opened.
fn work(scene: &Scene, policy: &Policy, body: &[u8]) -> Vec<(SignatureAlgorithm, usize)> {
    let provider = scene.parties.provider.with_signatures(&Recording);
    let message = PkiMessage::parse(body, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued();
    let verified = message.verify(&provider, policy, &trust).unwrap();
    VERIFIED.take();
    let _ = verified.open(&provider, &scene.parties.ca_recipients(), &mut rng());
    VERIFIED.take()
}

#[test]
fn the_work_is_the_same_whatever_is_inside() {
    let scene = Scene::new();
    let sha256 = scep::crypto::DigestSet::of(&[Sha256]);
    let policy = Policy::default().with_csr_digests(sha256);
    let csr = scene.parties.csr.as_der();
    let seal = |payload: &[u8]| Envelope::seal(payload, &scene.parties.ca, Aes128Cbc, PKCS1);
    let mut envelopes = vec![
        seal(csr),
        seal(b"text"),
        seal(&csr[..csr.len() - 1]),
        seal(&[csr, &[0]].concat()),
        Envelope::encrypt(&padded(csr), &scene.stranger, Aes128Cbc, PKCS1),
        Envelope::encrypt(&padded(csr), &scene.stranger, Aes128Cbc, OAEP),
    ];
    let mut wrong_padding = padded(csr);
    *wrong_padding.last_mut().unwrap() ^= 1;
    envelopes.push(Envelope::encrypt(
        &wrong_padding,
        &scene.parties.ca,
        Aes128Cbc,
        PKCS1,
    ));
    envelopes.extend(refused_csrs(&scene).iter().map(|(csr, _)| seal(csr)));
    let one = [(
        SignatureAlgorithm::RsaPkcs1v15(Sha256),
        scene.parties.csr.public_key_der().len(),
    )];
    for (number, mut envelope) in envelopes.into_iter().enumerate() {
        envelope.rid = common::forge::issuer_and_serial(&scene.parties.ca);
        let body = scene.signed(envelope.to_der());
        assert_eq!(work(&scene, &policy, &body), one, "{number}");
        // A query has nothing to verify, whatever is inside.
        let mut query = Forge::of(&body);
        query.set(oid::MESSAGE_TYPE, printable("21"));
        let query = query.sign(&scene.stranger_key);
        assert_eq!(work(&scene, &policy, &query), [], "{number}");
    }
}

/// On a curve a verification may be over before anything is computed: what is no point, or no signature at all, costs one in vain.
#[cfg(feature = "ec")]
#[test]
fn a_csr_on_a_curve_that_costs_nothing_costs_a_verification_in_vain() {
    let scene = Scene::new();
    let csr = common::pem(vector!("keys/ec-p256.csr.pem"));
    let read = scep::UnverifiedCsr::from_der(&csr[..], &Limits::REQUEST).unwrap();
    let read = read.verify(&provider(), &Policy::default()).unwrap();
    let key = read.public_key_der();
    let work = |csr: &[u8]| {
        let envelope = Envelope::seal(csr, &scene.parties.ca, Aes128Cbc, PKCS1);
        let body = scene.signed(envelope.to_der());
        work(&scene, &Policy::default(), &body)
    };
    let in_vain = (
        SignatureAlgorithm::RsaPkcs1v15(Sha256),
        scene.parties.csr.public_key_der().len(),
    );
    let real = (SignatureAlgorithm::EcdsaSha256, key.len());
    assert_eq!(work(&csr), [real]);
    let end_of_key = csr.windows(key.len()).position(|part| part == key).unwrap() + key.len();
    let mut off_curve = csr.clone();
    off_curve[end_of_key - 1] ^= 1;
    assert_eq!(work(&off_curve), [in_vain]);
    // The contents of the signature end in an INTEGER: a longer one does not fit.
    let mut no_signature = csr.clone();
    let last = no_signature.len() - 33;
    no_signature[last] = 0x7f;
    assert_eq!(work(&no_signature), [real, in_vain]);
}
