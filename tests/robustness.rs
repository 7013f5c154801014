//! Damaged messages: cut off at every byte, with every bit flipped, nested without end. Nothing panics, and nothing that was
//! signed changes unnoticed.
#![cfg(feature = "rustcrypto")]

mod common;
#[path = "common/manifest.rs"]
mod manifest;

use std::hint::black_box;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::forge::{elements, inside};
use common::{RsaKey, pem, provider, rng};
use manifest::{Keys, Vector, attributes, is_reply, read, vectors, widest_policy};
use scep::crypto::{CryptoError, CryptoRng, DecryptionKey, KeyTransport, Policy, SubstituteSecret};
use scep::{
    CaCertificates, Capabilities, Certificate, CertsOnly, Crl, IssuerAndSerialNumber,
    IssuerAndSubject, Item, Limit, Limits, MessageType, NextCaCertificates, ParseError,
    ParseErrorKind, PkiMessage, Recipient, RequestBody, UnverifiedCsr, VerifyError, inspect, oid,
};
use zeroize::Zeroizing;

const PKCS_REQ: &str = "openssl-made/pkcsreq-sha256-aes128.der";

/// Runs a test over each item, on as many threads as there are processors.
fn in_parallel<T: Sync>(items: &[T], test: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    test(item);
                }
            });
        }
    });
}

/// The bytes with one bit flipped.
fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[bit / 8] ^= 1 << (bit % 8);
    flipped
}

/// Different bits of a vector, the same ones each time: a full-period generator over the numbers below a power of two.
fn seeded_bits(seed: usize, bits: usize, count: usize) -> impl Iterator<Item = usize> {
    let modulus = bits.next_power_of_two();
    let mut state = seed % modulus;
    std::iter::from_fn(move || {
        state = (state * 1_103_515_245 + 12_345) % modulus;
        Some(state ^ (state >> 7))
    })
    .filter(move |bit| *bit < bits)
    .take(count)
}

/// Reads a message and all that it says without being verified.
fn read_message(bytes: &[u8]) -> Result<(), ParseError> {
    let message = PkiMessage::parse(bytes, &Limits::REQUEST)?;
    let attributes = message.unverified_attributes();
    black_box((
        attributes.fail_info_text(),
        attributes.microsoft_error(),
        attributes.signing_time(),
        attributes.unknown().count(),
        message.unverified_signer_id(),
        message.unverified_certificates().count(),
        message.unverified_recipients().is_ok(),
        inspect::envelope(&message).is_ok(),
    ));
    Ok(())
}

fn read_certificate(certificate: &Certificate<'_>) {
    black_box((
        certificate.subject().to_string(),
        certificate.issuer().to_string(),
        certificate.validity(),
        certificate.key_usage(),
        certificate.is_ca(),
        certificate.subject_key_identifier(),
        certificate.extensions().count(),
        certificate.extended_key_usage().count(),
    ));
}

fn read_crl(crl: &Crl<'_>) {
    black_box((crl.issuer().to_string(), crl.contains_serial(&[1]).is_ok()));
}

fn read_set(set: &CertsOnly<'_>) {
    for certificate in set.certificates().flatten() {
        read_certificate(&certificate);
    }
    for crl in set.crls().flatten() {
        read_crl(&crl);
    }
}

/// How a body or payload is read.
type ReadBody = fn(&[u8]) -> Result<(), ParseError>;

fn bodies() -> Vec<(String, Vec<u8>, ReadBody)> {
    let certificate: ReadBody = |bytes| {
        read_certificate(&Certificate::from_der(bytes)?);
        Ok(())
    };
    let csr: ReadBody = |bytes| {
        let csr = UnverifiedCsr::from_der(bytes, &Limits::REQUEST)?;
        black_box((
            csr.unverified_subject().to_string(),
            csr.unverified_challenge_password().verify(b"secret"),
            csr.signature_algorithm_oid().to_string(),
        ));
        Ok(())
    };
    let crl: ReadBody = |bytes| {
        read_crl(&Crl::from_der(bytes)?);
        Ok(())
    };
    let set: ReadBody = |bytes| {
        read_set(&CertsOnly::parse(bytes, &Limits::REPLY)?);
        Ok(())
    };
    let ca_certificates: ReadBody = |bytes| {
        for certificate in CaCertificates::parse(bytes, None, &Limits::REPLY)?
            .certificates()
            .flatten()
        {
            read_certificate(&certificate);
        }
        Ok(())
    };
    let next_ca: ReadBody = |bytes| {
        black_box(NextCaCertificates::parse(bytes, &Limits::REPLY)?.unverified_has_content());
        Ok(())
    };
    let mut bodies = Vec::new();
    for (file, read_body) in [
        ("openssl-made/getcacert-degenerate2.der", set),
        ("openssl-made/getcacert-degenerate2.der", ca_certificates),
        ("openssl-made/getnextcacert-signed.der", next_ca),
        ("server-jscep/getnextcacert.ber", next_ca),
        ("server-jscep/getcacert.der", certificate),
        ("server-micromdm/getcacert.der", ca_certificates),
        ("server-jscep/crl.der", crl),
    ] {
        bodies.push((file.to_owned(), read(file), read_body));
    }
    for (file, read_body) in [
        ("keys/c2048.csr.pem", csr),
        ("keys/c3072.csr.pem", csr),
        ("keys/c2048.selfsigned.pem", certificate),
        ("keys/c2048.issued-by-ca-jscep.pem", certificate),
    ] {
        bodies.push((file.to_owned(), pem(&read(file)), read_body));
    }
    let keys = Keys::read();
    for vector in vectors() {
        let message = PkiMessage::parse(&vector.bytes[..], &Limits::REQUEST).unwrap();
        let Some(key) = keys.of(&vector) else {
            continue;
        };
        let Ok(opened) = inspect::open_unverified(&message, &provider(), &[key], &mut rng()) else {
            // Single DES opens with the feature `legacy` alone.
            let needs_legacy = vector.facts["envelope"]["cipher"] == "des-cbc";
            assert!(
                needs_legacy && cfg!(not(feature = "legacy")),
                "{}",
                vector.file
            );
            continue;
        };
        let read_body = match vector.facts["payload"]["kind"].as_str().unwrap() {
            "pkcs10" => csr,
            "certs_only" => set,
            "issuer_and_subject" => |bytes: &[u8]| IssuerAndSubject::from_der(bytes).map(drop),
            _ => |bytes: &[u8]| IssuerAndSerialNumber::from_der(bytes).map(drop),
        };
        let payload = opened.secret_plaintext().to_vec();
        bodies.push((format!("payload of {}", vector.file), payload, read_body));
    }
    bodies
}

/// Holds that what is cut off at any byte is an error inside what is left.
fn cut_at_every_byte(name: &str, bytes: &[u8], read_body: ReadBody) {
    read_body(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    for len in 0..bytes.len() {
        let Err(error) = read_body(&bytes[..len]) else {
            panic!("{name}: read when cut at byte {len}");
        };
        assert!(error.offset() <= len, "{name}, cut at byte {len}: {error}");
    }
}

#[test]
fn a_message_cut_off_anywhere_is_an_error() {
    in_parallel(&vectors(), |vector| {
        cut_at_every_byte(&vector.file, &vector.bytes, read_message);
    });
}

#[test]
fn a_body_cut_off_anywhere_is_an_error() {
    in_parallel(&bodies(), |(name, bytes, read_body)| {
        cut_at_every_byte(name, bytes, *read_body);
    });
}

#[test]
fn no_flipped_bit_of_a_message_panics() {
    in_parallel(&vectors(), |vector| {
        for bit in 0..vector.bytes.len() * 8 {
            let bytes = flipped(&vector.bytes, bit);
            // Parsing walks through all; what is read afterwards is tried with one bit of each byte.
            if bit % 8 == bit / 8 % 8 {
                let _ = read_message(&bytes);
            } else {
                let _ = black_box(PkiMessage::parse(bytes, &Limits::REQUEST));
            }
        }
    });
}

#[test]
fn no_flipped_bit_of_a_body_panics() {
    in_parallel(&bodies(), |(_, bytes, read_body)| {
        for bit in 0..bytes.len() * 8 {
            let _ = read_body(&flipped(bytes, bit));
        }
    });
    for file in [
        "server-jscep/getcacaps.txt",
        "server-micromdm/getcacaps.txt",
    ] {
        let body = read(file);
        for bit in 0..body.len() * 8 {
            let _ = Capabilities::parse(&flipped(&body, bit)).iter().count();
        }
    }
}

/// A key that remembers the first content key that it decrypted: most damage leaves that as it was.
struct Remembering<'k> {
    key: &'k RsaKey,
    first: OnceLock<(KeyTransport, Vec<u8>, Zeroizing<Vec<u8>>)>,
}

impl<'k> Remembering<'k> {
    const fn new(key: &'k RsaKey) -> Self {
        Self {
            key,
            first: OnceLock::new(),
        }
    }
}

impl DecryptionKey for Remembering<'_> {
    fn public_key(&self) -> Option<&[u8]> {
        DecryptionKey::public_key(self.key)
    }

    fn decrypt_key(
        &self,
        algorithm: KeyTransport,
        encrypted_key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match self.first.get() {
            Some((transport, encrypted, content_key))
                if *transport == algorithm && encrypted == encrypted_key =>
            {
                Ok(content_key.clone())
            }
            _ => {
                let content_key = self.key.decrypt_key(algorithm, encrypted_key, rng)?;
                let _ = self
                    .first
                    .set((algorithm, encrypted_key.to_vec(), content_key.clone()));
                Ok(content_key)
            }
        }
    }

    fn substitute_secret(&self) -> &SubstituteSecret {
        self.key.substitute_secret()
    }
}

/// What a message gives to whoever verifies and opens it.
#[derive(Debug, PartialEq)]
struct Yield {
    attributes: String,
    /// The payload, if it has an envelope that this build opens.
    payload: Option<Vec<u8>>,
}

/// Verifies and opens: a request on the server's road, anything else in the way of `inspect`.
fn verified_and_opened(
    bytes: &[u8],
    vector: &Vector,
    keys: &Keys,
    key: Option<&dyn DecryptionKey>,
) -> Option<Yield> {
    let (provider, policy) = (provider(), widest_policy());
    let message = PkiMessage::parse(bytes, &Limits::REQUEST).ok()?;
    let payload = if is_reply(vector) || vector.facts["message_type"] == 18 {
        let report = inspect::signature(&message, &provider, &policy, &keys.cas)?;
        report.outcome.ok()?;
        key.and_then(|key| opened_unverified(&message, key))
    } else {
        let verified = message.verify(&provider, &policy, &keys.trust()).ok()?;
        let ca = &keys.cas[keys.ca_of(vector)];
        let recipient = Recipient::new(ca, key.unwrap()).unwrap();
        let request = verified.open(&provider, &[recipient], &mut rng()).ok();
        request.map(|request| match request.body() {
            RequestBody::PkcsReq(csr) | RequestBody::RenewalReq(csr) => csr.as_der().to_vec(),
            RequestBody::CertPoll(names) => names.to_der(),
            RequestBody::GetCert(id) | RequestBody::GetCrl(id) => id.to_der(),
            other => panic!("{}: {other:?}", vector.file),
        })
    };
    Some(Yield {
        attributes: attributes(&message),
        payload,
    })
}

fn opened_unverified(message: &PkiMessage<'_>, key: &dyn DecryptionKey) -> Option<Vec<u8>> {
    let opened = inspect::open_unverified(message, &provider(), &[key], &mut rng()).ok()?;
    Some(opened.secret_plaintext().to_vec())
}

/// Holds that a message with these bits flipped, one at a time, fails or says what it said before.
fn nothing_signed_changes(
    vector: &Vector,
    keys: &Keys,
    bits: impl Iterator<Item = usize>,
) -> usize {
    let key = keys.of(vector).map(Remembering::new);
    let key = key.as_ref().map(|key| key as &dyn DecryptionKey);
    let good = verified_and_opened(&vector.bytes, vector, keys, key)
        .unwrap_or_else(|| panic!("{} is not good", vector.file));
    let mut still_good = 0;
    for bit in bits {
        let bytes = flipped(&vector.bytes, bit);
        if let Some(damaged) = verified_and_opened(&bytes, vector, keys, key) {
            assert_eq!(damaged, good, "{}: bit {bit} flipped", vector.file);
            still_good += 1;
        }
    }
    still_good
}

#[test]
fn two_hundred_flipped_bits_of_a_message_change_nothing_that_was_signed() {
    let keys = Keys::read();
    in_parallel(&vectors(), |vector| {
        let bits = vector.bytes.len() * 8;
        let chosen = || seeded_bits(vector.bytes.len(), bits, 200);
        let still_good = nothing_signed_changes(vector, &keys, chosen());
        // What is neither signed nor needed: the issuer's signature and the extensions of certificates.
        assert!(still_good < 150, "{}: {still_good}", vector.file);
        // The envelope is opened by those too who did not verify: the inspection API.
        if let Some(key) = keys.of(vector) {
            for bit in chosen().step_by(8) {
                let bytes = flipped(&vector.bytes, bit);
                if let Ok(message) = PkiMessage::parse(bytes, &Limits::REQUEST) {
                    opened_unverified(&message, key);
                }
            }
        }
    });
}

#[test]
#[ignore = "verifies a million messages and opens half of them: minutes, and only when optimised"]
fn no_flipped_bit_of_a_message_changes_what_was_signed() {
    let keys = Keys::read();
    in_parallel(&vectors(), |vector| {
        nothing_signed_changes(vector, &keys, 0..vector.bytes.len() * 8);
    });
}

#[test]
fn no_bit_of_a_signature_or_of_signed_bytes_may_flip() {
    let keys = Keys::read();
    let vector = vectors()
        .into_iter()
        .find(|vector| vector.file == PKCS_REQ)
        .unwrap();
    let content_info = inside(&vector.bytes);
    let signed_data = inside(content_info[1].contents);
    let [_, _, encap, .., signer_infos] = signed_data[..] else {
        panic!("no SignedData");
    };
    let content = elements(elements(encap.contents)[1].contents)[0];
    let info = inside(signer_infos.contents);
    let attributes = info.iter().find(|field| field.tag == 0xa0).unwrap();
    let signature = info.last().unwrap();
    let start_of = |part: &[u8]| position(&vector.bytes, part);
    let flip = |byte: usize| {
        let bytes = flipped(&vector.bytes, byte * 8 + byte % 8);
        let message = PkiMessage::parse(bytes, &Limits::REQUEST).map_err(VerifyError::Parse)?;
        let verdict = message.verify(&provider(), &widest_policy(), &keys.trust());
        verdict.map(drop)
    };
    let bytes_of = |part: &[u8]| start_of(part)..start_of(part) + part.len();
    for byte in bytes_of(content.contents) {
        assert_eq!(flip(byte), Err(VerifyError::MessageDigest), "{byte}");
    }
    for byte in bytes_of(signature.contents) {
        assert_eq!(flip(byte), Err(VerifyError::Signature), "{byte}");
    }
    // What is asked of two attributes is asked before the signature. A flip in any may leave none that can be read.
    let mut unread = 0;
    for attribute in elements(attributes.contents) {
        let oid = elements(attribute.contents)[0].contents;
        let expected = if oid == oid::CONTENT_TYPE.as_bytes() {
            VerifyError::ContentType
        } else if oid == oid::MESSAGE_DIGEST.as_bytes() {
            VerifyError::MessageDigest
        } else {
            VerifyError::Signature
        };
        for byte in bytes_of(attribute.raw) {
            match flip(byte) {
                Err(VerifyError::Parse(_)) => unread += 1,
                verdict => assert_eq!(verdict, Err(expected), "{byte}"),
            }
        }
    }
    let all = attributes.contents.len();
    assert!(unread < all / 3, "{unread} of {all} bytes are for parsing");
}

fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .position(|window| window == part)
        .unwrap()
}

#[test]
fn what_is_no_message_is_refused_where_it_stops_being_one() {
    let good = read(PKCS_REQ);
    let changed = |at: usize, with: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    };
    let with_byte_after = [&good[..], &[0]].concat();
    // ContentInfo has four octets of header, and its contentType starts behind them.
    for (bytes, kind, item, offset) in [
        (vec![], ParseErrorKind::Missing, Item::ContentInfo, 0),
        (
            vec![0x3f, 0x80],
            ParseErrorKind::UnexpectedTag {
                expected: 0x30,
                found: 0x3f,
            },
            Item::ContentInfo,
            0,
        ),
        (
            vec![0x30, 0x84],
            ParseErrorKind::Truncated,
            Item::ContentInfo,
            0,
        ),
        (
            changed(1, &[0xff]),
            ParseErrorKind::InvalidLength,
            Item::ContentInfo,
            0,
        ),
        (
            changed(
                1,
                &[0x89, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            ),
            ParseErrorKind::InvalidLength,
            Item::ContentInfo,
            0,
        ),
        (
            with_byte_after,
            ParseErrorKind::TrailingData,
            Item::ContentInfo,
            good.len(),
        ),
        (
            changed(14, &[3]),
            ParseErrorKind::UnexpectedType(scep::oid::ENVELOPED_DATA),
            Item::ContentType,
            4,
        ),
    ] {
        let error = PkiMessage::parse(&bytes[..], &Limits::REQUEST).unwrap_err();
        assert_eq!(
            (error.kind(), error.item(), error.offset()),
            (kind, item, offset)
        );
    }
}

#[test]
fn endless_nesting_ends_at_the_limit() {
    let limit = ParseErrorKind::LimitExceeded(Limit::Depth);
    let nested = |start: &[u8]| {
        let mut bytes = start.to_vec();
        bytes.resize(Limits::REQUEST.bound(Limit::InputLen), 0x80);
        for byte in bytes.iter_mut().skip(start.len()).step_by(2) {
            *byte = 0x30;
        }
        bytes
    };
    // Alone, nesting is no message from its second level on.
    let error = PkiMessage::parse(nested(&[]), &Limits::REQUEST).unwrap_err();
    assert_eq!((error.item(), error.offset()), (Item::ContentType, 2));
    // Behind a good start it stands where any element may stand: among the certificates.
    let signed_data = [
        0x30, 0x80, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 0x80, 0x30, 0x80, 2,
        1, 1, 0x31, 0, 0x30, 0x0b, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1, 0xa0, 0x80,
    ];
    let bytes = nested(&signed_data);
    let errors = [
        PkiMessage::parse(&bytes[..], &Limits::REQUEST).unwrap_err(),
        CertsOnly::parse(&bytes[..], &Limits::REPLY).unwrap_err(),
        NextCaCertificates::parse(&bytes[..], &Limits::REPLY).unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.kind(), error.item()), (limit, Item::Certificates));
        assert!(error.offset() < 200, "{error}");
    }
    // In an OCTET STRING of segments of segments.
    let mut bytes = signed_data.to_vec();
    // EncapsulatedContentInfo no longer ends before what follows it.
    bytes[23] = 0x80;
    bytes.extend([0x24, 0x80].repeat(100_000));
    let error = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap_err();
    assert_eq!((error.kind(), error.item()), (limit, Item::EContent));
}

#[test]
fn a_message_over_the_limit_is_not_looked_at() {
    let mut bytes = read(PKCS_REQ);
    bytes.resize(Limits::REQUEST.bound(Limit::InputLen) + 1, 0);
    let error = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap_err();
    let kind = ParseErrorKind::LimitExceeded(Limit::InputLen);
    assert_eq!((error.kind(), error.item()), (kind, Item::Input));
}

#[test]
fn another_message_type_is_read_and_never_verified() {
    let keys = Keys::read();
    let vector = vectors()
        .into_iter()
        .find(|vector| vector.file == "openssl-made/certpoll-20.der")
        .unwrap();
    let types = position(&vector.bytes, &[0x31, 4, 0x13, 2, b'2', b'0']) + 4;
    for (text, message_type) in [
        (*b"19", MessageType::PkcsReq),
        (*b"21", MessageType::GetCert),
        (*b"18", MessageType::Other(18)),
    ] {
        let mut bytes = vector.bytes.clone();
        bytes[types..types + 2].copy_from_slice(&text);
        let message = PkiMessage::parse(&bytes[..], &Limits::REQUEST).unwrap();
        assert_eq!(message.unverified_message_type(), message_type);
        let verified = message.verify(&provider(), &Policy::default(), &keys.trust());
        assert!(verified.is_err());
    }
}
