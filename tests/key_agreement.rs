//! Key agreement: what is for a key on an elliptic curve is encrypted to it where no challenge password is shared (RFC 5753).
#![cfg(feature = "ec")]

mod common;
#[path = "key_agreement/enrolment.rs"]
mod enrolment;

use std::sync::atomic::{AtomicUsize, Ordering};

use common::forge::{
    Envelope, Forge, NULL, algorithm, dotted, explicit, inside, issuer_and_serial, octets, oid_der,
    sequence, small_integer, tlv,
};
use common::issue::Template;
use common::{EcKey, Parties, certificate, pem, provider, rng, vector};
use scep::client::{Answer, Client, Outcome, Requester};
use scep::crypto::{
    CipherContent, CipherSet, ContentCipher, CryptoError, CurveSet, DecryptionKey, DigestAlgorithm,
    DigestSet, EllipticCurve, KeyAgreement, KeyManagement, KeyTransport, KeyWrap, KeyWrapSet,
    Policy, SigningKey, Tolerance, ToleranceSet,
};
use scep::inspect::{self, PayloadContent};
use scep::server::{Authority, HeldEnrolment, Received, Server};
use scep::{
    BuildError, CaRoles, Certificate, Csr, CsrBuilder, DecryptError, Error, IssuerAndSerialNumber,
    Limits, Negotiation, Oid, OpenError, ParseErrorKind, PkiMessage, Recipient, RecipientId,
    Refused, Request, RequestBody, RequestBuilder, SignerTrust, oid,
};
use zeroize::Zeroizing;

use ContentCipher::{Aes128Cbc, Aes192Cbc, Aes256Cbc, TripleDesCbc};
use DigestAlgorithm::{Sha1, Sha256, Sha384, Sha512};

const DIGESTS: [DigestAlgorithm; 4] = [Sha1, Sha256, Sha384, Sha512];

const CIPHERS: [ContentCipher; 4] = [Aes128Cbc, Aes192Cbc, Aes256Cbc, TripleDesCbc];

/// Somebody whose key is on a curve.
struct Holder {
    certificate: Certificate<'static>,
    key: EcKey,
}

impl Holder {
    fn new(certificate: Certificate<'static>, key: &[u8]) -> Self {
        let key = EcKey::from_pkcs8_der(&pem(key)).unwrap();
        Self { certificate, key }
    }

    fn ca() -> Self {
        Self::new(
            certificate(vector!("keys/ca-ec.pem")),
            vector!("keys/ca-ec.key"),
        )
    }

    fn on_p256() -> Self {
        Self::new(
            certificate(vector!("keys/ec-p256.selfsigned.pem")),
            vector!("keys/ec-p256.key"),
        )
    }

    fn on_every_curve() -> [Self; 3] {
        [
            Self::on_p256(),
            Self::new(
                certificate(vector!("keys/ec-p384.selfsigned.pem")),
                vector!("keys/ec-p384.key"),
            ),
            Self::new(
                certificate(vector!("keys/ec-p521.selfsigned.pem")),
                vector!("keys/ec-p521.key"),
            ),
        ]
    }

    fn recipient(&self) -> Recipient<'_> {
        Recipient::new(&self.certificate, &self.key).unwrap()
    }

    /// A query of an RSA client to this holder, which shares no password.
    fn query(&self, parties: &Parties, policy: &Policy) -> Result<Vec<u8>, BuildError> {
        let (signer, roles) = (parties.client_signer(), CaRoles::new(&self.certificate));
        let wanted = IssuerAndSerialNumber::of(&parties.issued);
        let request = RequestBuilder::get_crl(wanted, &signer, &roles);
        let request = request.build(&parties.provider, policy, &mut rng())?;
        Ok(request.sign(&parties.client_key, &mut rng())?.0)
    }

    fn open(&self, bytes: &[u8], policy: &Policy) -> Result<Request, Error> {
        PkiMessage::parse(bytes, &Limits::REQUEST).unwrap().receive(
            &provider(),
            policy,
            &SignerTrust::new().self_issued(),
            &[self.recipient()],
            &mut rng(),
        )
    }
}

fn agreement(kdf_digest: DigestAlgorithm, wrap: KeyWrap) -> KeyManagement {
    KeyManagement::Agreement(KeyAgreement::new(kdf_digest, wrap))
}

fn refused(refused: Refused) -> Error {
    Error::Open(OpenError::Refused(refused))
}

const FAILED: Error = Error::Open(OpenError::Decrypt(DecryptError));

#[test]
fn every_curve_digest_wrap_and_cipher_is_written_and_read() {
    let parties = Parties::new();
    for holder in Holder::on_every_curve() {
        for kdf_digest in DIGESTS {
            for wrap in KeyWrap::ALL {
                for cipher in CIPHERS {
                    let policy = Policy::default()
                        .with_key_agreement_digests(DigestSet::of(&[kdf_digest]))
                        .with_key_wraps(KeyWrapSet::of(&[wrap]))
                        .with_content_ciphers(CipherSet::of(&[cipher]));
                    let bytes = holder.query(&parties, &policy).unwrap();
                    let message = PkiMessage::parse(&bytes[..], &Limits::REQUEST).unwrap();
                    let recipients = message.unverified_recipients();
                    assert_eq!(recipients, Ok(vec![RecipientId::KeyAgreement]));
                    let request = holder.open(&bytes, &policy).unwrap();
                    assert_eq!(request.key_management(), agreement(kdf_digest, wrap));
                    assert_eq!(request.content_cipher(), cipher);
                }
            }
        }
    }
}

#[test]
fn the_digest_is_sha_256_on_every_curve_and_the_wrap_suits_the_cipher() {
    let parties = Parties::new();
    for holder in &Holder::on_every_curve() {
        for (cipher, wrap) in [
            (Aes128Cbc, KeyWrap::Aes128),
            (TripleDesCbc, KeyWrap::Aes192),
            (Aes192Cbc, KeyWrap::Aes192),
            (Aes256Cbc, KeyWrap::Aes256),
        ] {
            let policy = Policy::default().with_content_ciphers(CipherSet::of(&[cipher]));
            let request = holder.query(&parties, &policy).unwrap();
            let request = holder.open(&request, &policy).unwrap();
            assert_eq!(request.key_management(), agreement(Sha256, wrap));
        }
    }
    // What the policy does not have gives way to what it has.
    let holder = Holder::on_p256();
    let policy = Policy::default()
        .with_key_agreement_digests(DigestSet::of(&[Sha1, Sha512]))
        .with_key_wraps(KeyWrapSet::of(&[KeyWrap::Aes128, KeyWrap::Aes192]))
        .with_content_ciphers(CipherSet::of(&[Aes256Cbc]));
    let request = holder.query(&parties, &policy).unwrap();
    let request = holder.open(&request, &policy).unwrap();
    assert_eq!(request.key_management(), agreement(Sha512, KeyWrap::Aes192));
}

#[test]
fn what_the_policy_does_not_allow_is_refused_by_name() {
    let parties = Parties::new();
    let holder = Holder::on_p256();
    let policy = Policy::default();
    let bytes = holder.query(&parties, &policy).unwrap();
    let error = |policy: Policy| holder.open(&bytes, &policy).unwrap_err();
    assert_eq!(
        error(policy.with_key_agreement_digests(policy.key_agreement_digests().without(Sha256))),
        refused(Refused::KeyAgreement(oid::ECDH_SHA256_KDF))
    );
    assert_eq!(
        error(policy.with_key_wraps(policy.key_wraps().without(KeyWrap::Aes128))),
        refused(Refused::KeyWrap(oid::AES128_WRAP))
    );
    assert_eq!(
        error(policy.with_curves(policy.curves().without(EllipticCurve::P256))),
        refused(Refused::Curve(oid::SECP256R1))
    );
    assert_eq!(
        error(policy.with_content_ciphers(policy.content_ciphers().without(Aes128Cbc))),
        refused(Refused::ContentCipher(oid::AES128_CBC))
    );
}

#[test]
fn why_nothing_can_be_encrypted_is_told() {
    let parties = Parties::new();
    let holder = Holder::on_p256();
    let policy = Policy::default();
    let no_password = BuildError::NoPassword(oid::EC_PUBLIC_KEY);
    for without in [
        policy.with_key_agreement_digests(DigestSet::EMPTY),
        policy.with_key_wraps(KeyWrapSet::EMPTY),
    ] {
        assert_eq!(holder.query(&parties, &without), Err(no_password));
    }
    assert_eq!(
        holder.query(&parties, &policy.with_curves(CurveSet::EMPTY)),
        Err(BuildError::Recipient(Refused::Curve(oid::SECP256R1)))
    );

    // A signature key on a curve.
    let subject = holder.certificate.subject_der();
    let template = Template::new(subject, holder.certificate.public_key_der());
    let with_usage = |bits: u8| {
        let usage = template.clone().with(oid::KEY_USAGE, tlv(3, &[0, bits]));
        Holder::new(
            usage.issue(subject, &parties.ca_key),
            vector!("keys/ec-p256.key"),
        )
    };
    let [signs, agrees] = [0x80, 0x88].map(with_usage);
    assert_eq!(
        signs.query(&parties, &policy),
        Err(BuildError::NoKeyAgreement)
    );
    assert!(agrees.query(&parties, &policy).is_ok());

    // A key that does nothing but sign.
    let ed25519 = certificate(vector!("keys/ed25519.selfsigned.pem"));
    let (signer, roles) = (parties.client_signer(), CaRoles::new(&ed25519));
    let wanted = IssuerAndSerialNumber::of(&parties.issued);
    let built = RequestBuilder::get_crl(wanted, &signer, &roles);
    let built = built.build(&parties.provider, &policy, &mut rng());
    assert_eq!(
        built.map(|_| ()).unwrap_err(),
        BuildError::NoPassword(oid::ED25519)
    );
}

/// A KeyAgreeRecipientInfo that is put together here.
#[derive(Clone)]
struct Kari {
    /// What stands in `originator`, in DER.
    originator: Vec<u8>,
    ukm: Option<Vec<u8>>,
    scheme: Oid,
    /// The parameters of the scheme.
    wrap: Vec<u8>,
    /// The DER of a KeyAgreeRecipientIdentifier, and an encrypted key.
    keys: Vec<(Vec<u8>, Vec<u8>)>,
}

const CONTENT_KEY: [u8; 16] = *b"the content key!";

impl Kari {
    /// Encrypts the content key to a holder on P-256, with SHA-256 and AES-128, with whatever parameters and material.
    fn to(holder: &Holder, wrap: Vec<u8>, ukm: Option<&[u8]>) -> Self {
        let public_key = holder.certificate.public_key_der();
        let agreed = provider().key_encryption().agree(public_key, &mut rng());
        let (ephemeral, secret) = agreed.unwrap();
        Self::agreed(holder, wrap, ukm, &ephemeral, &secret)
    }

    /// The same with an ephemeral key and what was agreed on with it.
    fn agreed(
        holder: &Holder,
        wrap: Vec<u8>,
        ukm: Option<&[u8]>,
        ephemeral: &[u8],
        secret: &[u8],
    ) -> Self {
        let ukm_info = ukm.map(|ukm| explicit(0, &octets(ukm)));
        let info = sequence(&[
            &wrap,
            &ukm_info.unwrap_or_default(),
            &explicit(2, &octets(&[0, 0, 0, 128])),
        ]);
        let digest = provider()
            .digests()
            .digest(Sha256, &[secret, &[0, 0, 0, 1], &info])
            .unwrap();
        let encrypted_key = wrapped(&digest.as_bytes()[..16]);
        // The bit string's contents start with the number of unused bits.
        let point = inside(ephemeral)[1].raw.to_vec();
        let key = [algorithm(oid::EC_PUBLIC_KEY, &[]), point].concat();
        Self {
            originator: explicit(1, &key),
            ukm: ukm.map(<[u8]>::to_vec),
            scheme: oid::ECDH_SHA256_KDF,
            wrap,
            keys: vec![(issuer_and_serial(&holder.certificate), encrypted_key)],
        }
    }

    fn to_der(&self) -> Vec<u8> {
        let ukm = self.ukm.as_ref().map(|ukm| explicit(1, &octets(ukm)));
        let keys = self.keys.iter();
        let keys: Vec<_> = keys
            .map(|(rid, key)| sequence(&[rid, &octets(key)]))
            .collect();
        let fields = [
            small_integer(3),
            explicit(0, &self.originator),
            ukm.unwrap_or_default(),
            algorithm(self.scheme, &self.wrap),
            sequence(&[&keys.concat()]),
        ];
        explicit(1, &fields.concat())
    }

    /// A PKCSReq of the RSA client under the content key, which is for this recipient and for an RSA key.
    fn message(&self, parties: &Parties) -> Vec<u8> {
        self.message_of(parties.csr.as_der(), parties)
    }

    fn message_of(&self, payload: &[u8], parties: &Parties) -> Vec<u8> {
        let padding = 16 - payload.len() % 16;
        let padded = [payload, &vec![padding as u8; padding]].concat();
        let transport = KeyTransport::RsaPkcs1v15;
        let mut envelope =
            Envelope::encrypt_under(&CONTENT_KEY, &padded, &parties.ca, Aes128Cbc, transport);
        envelope.version = 2;
        envelope.other_recipients.push(self.to_der());
        let mut message = Forge::of(&parties.pkcs_req().0);
        message.set_content(Some(envelope.to_der()));
        message.sign(&parties.client_key)
    }
}

/// The content key under AES key wrap, RFC 3394, section 2.2.1.
fn wrapped(kek: &[u8]) -> Vec<u8> {
    let mut check = [0xa6; 8];
    let mut halves = [[0; 8]; 2];
    halves[0].copy_from_slice(&CONTENT_KEY[..8]);
    halves[1].copy_from_slice(&CONTENT_KEY[8..]);
    for step in 1..=12_u8 {
        let half = &mut halves[usize::from(step - 1) % 2];
        let mut block = [check, *half].concat();
        let provider = provider();
        let ciphers = provider.content_encryption();
        ciphers
            .encrypt(Aes128Cbc, kek, &[0; 16], &mut block)
            .unwrap();
        check.copy_from_slice(&block[..8]);
        check[7] ^= step;
        half.copy_from_slice(&block[8..]);
    }
    [check, halves[0], halves[1]].concat()
}

fn aes128_wrap() -> Vec<u8> {
    algorithm(oid::AES128_WRAP, &[])
}

/// The originator with other parameters of its algorithm.
fn with_parameters(kari: &Kari, oid: Oid, parameters: &[u8]) -> Kari {
    let point = inside(&kari.originator)[1].raw.to_vec();
    let key = [algorithm(oid, parameters), point].concat();
    Kari {
        originator: explicit(1, &key),
        ..kari.clone()
    }
}

#[test]
fn every_form_that_peers_may_write_opens() {
    let parties = Parties::new();
    let holder = Holder::on_p256();
    let plain = Kari::to(&holder, aes128_wrap(), None);
    let key_id = holder.certificate.subject_key_identifier().unwrap();
    let by_key = |rest: &[u8]| Kari {
        keys: vec![(
            explicit(0, &[&octets(key_id), rest].concat()),
            plain.keys[0].1.clone(),
        )],
        ..plain.clone()
    };
    let others = |keys: &[(Vec<u8>, Vec<u8>)]| Kari {
        keys: keys.to_vec(),
        ..plain.clone()
    };
    let other = (issuer_and_serial(&parties.ca), vec![1; 24]);
    let date = tlv(0x18, b"20260101000000Z");
    let attribute = sequence(&[&oid_der(oid::DATA)]);
    for (what, kari) in [
        ("plain", plain.clone()),
        ("NULL", with_parameters(&plain, oid::EC_PUBLIC_KEY, &NULL)),
        (
            "named curve",
            with_parameters(&plain, oid::EC_PUBLIC_KEY, &oid_der(oid::SECP256R1)),
        ),
        (
            "material",
            Kari::to(&holder, aes128_wrap(), Some(b"user keying material")),
        ),
        (
            "no octet of material",
            Kari::to(&holder, aes128_wrap(), Some(b"")),
        ),
        (
            "a wrap with NULL, which is hashed as it came",
            Kari::to(&holder, algorithm(oid::AES128_WRAP, &NULL), None),
        ),
        ("by key identifier", by_key(&[])),
        ("with a date", by_key(&date)),
        (
            "with an attribute",
            by_key(&[date.clone(), attribute].concat()),
        ),
        (
            "the second key",
            others(&[other.clone(), plain.keys[0].clone()]),
        ),
        (
            "the first key",
            others(&[plain.keys[0].clone(), other.clone()]),
        ),
    ] {
        let opened = holder.open(&kari.message(&parties), &Policy::strict());
        let opened = opened.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!(opened.csr().unwrap().as_der(), parties.csr.as_der());
        assert_eq!(opened.key_management(), agreement(Sha256, KeyWrap::Aes128));
    }
}

#[test]
fn what_is_public_is_refused_by_name() {
    let parties = Parties::new();
    let holder = Holder::on_p256();
    let good = Kari::to(&holder, aes128_wrap(), None);
    let error = |kari: Kari| {
        let opened = holder.open(&kari.message(&parties), &Policy::compatible());
        opened.map(|_| ()).unwrap_err()
    };
    let (scheme, wrap) = (dotted("1.3.132.1.11.0"), dotted("2.16.840.1.101.3.4.1.8"));
    let changed = |change: &dyn Fn(&mut Kari)| {
        let mut kari = good.clone();
        change(&mut kari);
        error(kari)
    };
    assert_eq!(
        changed(&|kari| kari.scheme = scheme),
        refused(Refused::KeyAgreement(scheme))
    );
    assert_eq!(
        changed(&|kari| kari.wrap = algorithm(wrap, &[])),
        refused(Refused::KeyWrap(wrap))
    );
    assert_eq!(
        changed(&|kari| kari.wrap = algorithm(oid::AES128_WRAP, &octets(&[0; 8]))),
        refused(Refused::KeyWrap(oid::AES128_WRAP))
    );
    assert_eq!(
        changed(&|kari| kari.wrap = Vec::new()),
        refused(Refused::NoKeyWrap)
    );
    assert_eq!(
        changed(&|kari| kari.originator = issuer_and_serial(&holder.certificate)),
        refused(Refused::Originator)
    );
    assert_eq!(
        changed(&|kari| kari.originator = tlv(0x80, &[1; 20])),
        refused(Refused::Originator)
    );
    let with = |oid, parameters: &[u8]| error(with_parameters(&good, oid, parameters));
    assert_eq!(
        with(oid::RSA_ENCRYPTION, &NULL),
        refused(Refused::PublicKey(oid::RSA_ENCRYPTION))
    );
    assert_eq!(
        with(oid::EC_PUBLIC_KEY, &oid_der(oid::SECP384R1)),
        refused(Refused::Curve(oid::SECP384R1))
    );
    assert_eq!(
        with(oid::EC_PUBLIC_KEY, &sequence(&[])),
        refused(Refused::EcKey)
    );
    let point = |point: &[u8]| {
        let bits = tlv(3, &[&[0], point].concat());
        let key = [algorithm(oid::EC_PUBLIC_KEY, &[]), bits].concat();
        error(Kari {
            originator: explicit(1, &key),
            ..good.clone()
        })
    };
    for wrong in [&[][..], &[0], &[2; 33], &[4; 64], &[4; 66], &[4; 97]] {
        assert_eq!(point(wrong), refused(Refused::EcKey), "{wrong:?}");
    }
}

#[test]
fn whatever_does_not_open_is_one_error() {
    let parties = Parties::new();
    let holder = Holder::on_p256();
    let good = Kari::to(&holder, aes128_wrap(), Some(b"material"));
    let failed = |what: &str, change: &dyn Fn(&mut Kari)| {
        let mut kari = good.clone();
        change(&mut kari);
        let opened = holder.open(&kari.message(&parties), &Policy::compatible());
        assert_eq!(opened.map(|_| ()).unwrap_err(), FAILED, "{what}");
    };
    // The last byte of the point: it is on the curve no more.
    failed("point", &|kari| *kari.originator.last_mut().unwrap() ^= 1);
    failed("another ephemeral key", &|kari| {
        kari.originator = Kari::to(&holder, aes128_wrap(), None).originator;
    });
    failed("material", &|kari| kari.ukm = Some(b"Material".to_vec()));
    failed("no material", &|kari| kari.ukm = None);
    failed("digest", &|kari| kari.scheme = oid::ECDH_SHA512_KDF);
    failed("wrap", &|kari| kari.wrap = algorithm(oid::AES256_WRAP, &[]));
    failed("the identifier's form", &|kari| {
        kari.wrap = algorithm(oid::AES128_WRAP, &NULL)
    });
    for at in [0, 8, 23] {
        failed("encrypted key", &|kari| kari.keys[0].1[at] ^= 1);
    }
    for len in [0, 8, 16, 23, 32, 40] {
        failed("length", &|kari| kari.keys[0].1.resize(len, 0));
    }
    // Points of which the product with every key is known, if they were computed with.
    for coordinates in [[0; 64], [0xff; 64]] {
        failed("known product", &|kari| {
            let at = kari.originator.len() - 64;
            kari.originator[at..].copy_from_slice(&coordinates);
        });
    }
}

#[test]
fn only_who_is_named_opens() {
    let parties = Parties::new();
    let (holder, other) = (Holder::on_p256(), Holder::ca());
    let kari = Kari::to(&holder, aes128_wrap(), None);
    let message = kari.message(&parties);
    let error = other.open(&message, &Policy::strict()).unwrap_err();
    let Error::Open(OpenError::NoRecipient(hint)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (hint.recipients(), hint.first()),
        (2, holder.certificate.serial())
    );

    // Another key under the name is one error.
    let named = Kari {
        keys: vec![(
            issuer_and_serial(&other.certificate),
            kari.keys[0].1.clone(),
        )],
        ..kari.clone()
    };
    let opened = other.open(&named.message(&parties), &Policy::strict());
    assert_eq!(opened.map(|_| ()).unwrap_err(), FAILED);

    // An RSA key agrees on nothing.
    let named = Kari {
        keys: vec![(issuer_and_serial(&parties.ca), vec![0; 24])],
        ..kari
    };
    let message = PkiMessage::parse(named.message(&parties), &Limits::REQUEST).unwrap();
    let opened = message.receive(
        &parties.provider,
        &Policy::strict(),
        &SignerTrust::new().self_issued(),
        &parties.ca_recipients(),
        &mut rng(),
    );
    assert_eq!(
        opened.map(|_| ()).unwrap_err(),
        refused(Refused::PublicKey(oid::RSA_ENCRYPTION))
    );
}

#[test]
fn a_recipient_that_cannot_be_read_is_passed_over() {
    let parties = Parties::new();
    let holder = Holder::on_p256();
    let broken = Kari {
        originator: Vec::new(),
        ..Kari::to(&holder, aes128_wrap(), None)
    };
    let message = broken.message(&parties);
    assert_eq!(
        parties.receive(&message).key_management(),
        KeyManagement::Transport(KeyTransport::RsaPkcs1v15)
    );
    let error = holder.open(&message, &Policy::strict()).unwrap_err();
    let Error::Open(OpenError::Parse(error)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.kind(), ParseErrorKind::Missing);
}

#[test]
fn a_key_that_is_elsewhere_agrees_in_between() {
    let parties = Parties::new();
    let holder = Holder::on_p256();
    let policy = Policy::strict();
    let provider = provider();
    let bytes = holder.query(&parties, &policy).unwrap();
    let message = PkiMessage::parse(&bytes[..], &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued();
    let verified = message.verify(&provider, &policy, &trust).unwrap();
    let certificates = [holder.certificate.clone()];
    let encrypted = verified.encrypted_key(&certificates).unwrap();
    assert_eq!(encrypted.transports().count(), 0);
    assert_eq!(encrypted.as_bytes().len(), 24);

    let originator = encrypted.originator_key().unwrap();
    let secret = holder.key.agree(originator, &mut rng());
    let substitute = holder.key.substitute_secret();
    let open = |answer| verified.open_with(&provider, &encrypted, answer, substitute);
    let opened = open(secret.clone()).unwrap();
    assert_eq!(opened.key_management(), agreement(Sha256, KeyWrap::Aes128));
    let wanted = |request: &Request| match request.body() {
        RequestBody::GetCrl(wanted) => wanted.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(wanted(&opened), IssuerAndSerialNumber::of(&parties.issued));
    let mut wrong = secret.unwrap();
    wrong[0] ^= 1;
    // What does not open asks for nothing.
    for answer in [Ok(wrong), Err(CryptoError::Failed)] {
        let opened = open(answer).unwrap();
        assert_eq!(wanted(&opened).issuer_der(), [0x30, 0]);
    }

    // A token that drops leading zeros of the coordinate opens what it is given, too.
    let encryption = provider.key_encryption();
    let public_key = holder.certificate.public_key_der();
    let (ephemeral, secret) = core::iter::repeat_with(|| encryption.agree(public_key, &mut rng()))
        .map(Result::unwrap)
        .find(|(_, secret)| secret[0] == 0)
        .unwrap();
    let kari = Kari::agreed(&holder, aes128_wrap(), None, &ephemeral, &secret);
    let message = PkiMessage::parse(kari.message(&parties), &Limits::REQUEST).unwrap();
    let verified = message.verify(&provider, &policy, &trust).unwrap();
    let encrypted = verified.encrypted_key(&certificates).unwrap();
    let open = |answer: &[u8]| {
        let answer: Result<_, CryptoError> = Ok(Zeroizing::new(answer.to_vec()));
        let opened = verified.open_with(&provider, &encrypted, answer, substitute);
        opened.map(|_| ())
    };
    assert_eq!(open(&secret), Ok(()));
    assert_eq!(open(&secret[1..]), Ok(()));
    for wrong in [[&[0], &secret[..]].concat(), Vec::new()] {
        assert_eq!(open(&wrong), Err(OpenError::Decrypt(DecryptError)));
    }

    // A key that decrypts has no originator to agree with.
    let message = PkiMessage::parse(parties.pkcs_req().0, &Limits::REQUEST).unwrap();
    let verified = message.verify(&provider, &policy, &trust).unwrap();
    let certificates = [parties.ca.clone()];
    let encrypted = verified.encrypted_key(&certificates).unwrap();
    assert_eq!(encrypted.originator_key(), None);
}

#[test]
fn inspection_finds_the_key_that_opens() {
    let parties = Parties::new();
    let (holder, other) = (Holder::on_p256(), Holder::ca());
    let empty = Kari {
        keys: Vec::new(),
        ..Kari::to(&holder, aes128_wrap(), None)
    };
    let mut kari = Kari::to(&holder, aes128_wrap(), None);
    kari.keys.insert(0, (kari.keys[0].0.clone(), vec![0; 24]));
    let open = |kari: &Kari, keys: &[&dyn DecryptionKey]| {
        let message = PkiMessage::parse(kari.message(&parties), &Limits::REQUEST).unwrap();
        let opened = inspect::open_unverified(&message, &provider(), keys, &mut rng());
        opened.map(|opened| matches!(opened.content, PayloadContent::Csr(_)))
    };
    assert_eq!(open(&kari, &[&other.key, &holder.key]), Ok(true));
    let failed = Err(OpenError::Decrypt(DecryptError));
    assert_eq!(open(&kari, &[&other.key]), failed);
    assert_eq!(open(&empty, &[&holder.key]), failed);
}

#[test]
fn inspection_decrypts_the_content_once_for_a_recipient() {
    static DECRYPTED: AtomicUsize = AtomicUsize::new(0);

    struct Counting;
    impl CipherContent for Counting {
        fn encrypt(
            &self,
            cipher: ContentCipher,
            key: &[u8],
            iv: &[u8],
            buffer: &mut [u8],
        ) -> Result<(), CryptoError> {
            let whole = provider().content_encryption();
            whole.encrypt(cipher, key, iv, buffer)
        }

        fn decrypt(
            &self,
            cipher: ContentCipher,
            key: &[u8],
            iv: &[u8],
            buffer: &mut [u8],
        ) -> Result<(), CryptoError> {
            // The key wrap decrypts single blocks.
            DECRYPTED.fetch_add(usize::from(buffer.len() > 16), Ordering::Relaxed);
            let whole = provider().content_encryption();
            whole.decrypt(cipher, key, iv, buffer)
        }
    }
    let (parties, holder) = (Parties::new(), Holder::on_p256());
    let mut kari = Kari::to(&holder, aes128_wrap(), None);
    kari.keys = vec![kari.keys[0].clone(); 16];
    let message = kari.message_of(&[0; 40], &parties);
    let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
    let provider = provider().with_content_encryption(&Counting);
    let opened = inspect::open_unverified(&message, &provider, &[&holder.key], &mut rng());
    assert!(!opened.unwrap().is_readable());
    assert_eq!(DECRYPTED.load(Ordering::Relaxed), 1);
}
