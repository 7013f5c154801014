//! Hostile inputs in any size: for each shape the worst that was found, and how a program runs into it.
//!
//! Bounds that would end the work early are lifted where they stand in the way: what is shown is that even then time and
//! memory grow with the length of the input and not faster.
#![allow(
    dead_code,
    reason = "the benchmark and the test each use their own part"
)]

use std::fmt::Write;
use std::hint::black_box;
use std::sync::LazyLock;

use scep::crypto::{ContentCipher, KeyTransport, Policy};
use scep::{Certificate, CertsOnly, Crl, Limit, Limits, PkiMessage, Recipient, SignerTrust, oid};

pub(crate) mod behind;
mod free;

use crate::common::forge::{
    Attribute, Envelope, Forge, NULL, Order, algorithm, certificates_only, crls_only, dotted,
    elements, explicit, inside, octets, oid_der, sequence, small_integer, tlv,
};
use crate::common::{Parties, pem, rng, vector};
use free::{AnyKey, REFUSING, TRUSTING};

/// A shape of hostile input.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// Makes one of about this many bytes.
    pub(crate) make: fn(usize) -> Vec<u8>,
    /// What a program does with it.
    pub(crate) run: fn(&[u8]),
}

pub(crate) const SIZES: [usize; 3] = [64 << 10, 512 << 10, 2 << 20];

pub(crate) const SHAPES: [Shape; 21] = [
    Shape {
        name: "deep nesting",
        make: nesting,
        run: read_message,
    },
    Shape {
        name: "deep nesting in signed attributes",
        make: nested_attributes,
        run: verify,
    },
    Shape {
        name: "tiny segments",
        make: segments,
        run: read_message,
    },
    Shape {
        name: "tiny segments in both layers",
        make: segments_in_both_layers,
        run: open,
    },
    Shape {
        name: "many certificates",
        make: certificates,
        run: verify,
    },
    Shape {
        name: "many certificates in a set",
        make: certificate_set,
        run: read_set,
    },
    Shape {
        name: "long CRLs in a set",
        make: crl_set,
        run: read_set,
    },
    Shape {
        name: "recipients with long names",
        make: recipients,
        run: open,
    },
    Shape {
        name: "key agreement with long names",
        make: agreements,
        run: open,
    },
    Shape {
        name: "many attributes",
        make: attributes,
        run: read_message,
    },
    Shape {
        name: "long object identifiers",
        make: identifiers,
        run: read_message,
    },
    Shape {
        name: "long names",
        make: name,
        run: read_certificate,
    },
    Shape {
        name: "names in other strings",
        make: identifier,
        run: verify,
    },
    Shape {
        name: "many entries in a CRL",
        make: crl,
        run: read_crl,
    },
    Shape {
        name: "many attributes in a CSR",
        make: behind::csr_attributes,
        run: behind::read_csr,
    },
    Shape {
        name: "many extensions in a CSR",
        make: behind::csr_extensions,
        run: behind::read_csr,
    },
    Shape {
        name: "long names of a renewal",
        make: behind::renewal,
        run: behind::prove_renewal,
    },
    Shape {
        name: "many RAs",
        make: behind::ras,
        run: behind::select,
    },
    Shape {
        name: "many next CAs",
        make: behind::next_cas,
        run: behind::select_next,
    },
    Shape {
        name: "many certificates on the key of a reply",
        make: behind::wanted,
        run: behind::accept,
    },
    Shape {
        name: "many other certificates in a reply",
        make: behind::others,
        run: behind::accept,
    },
];

/// No bound on what these inputs have many of. Depth stays bounded, and so does an attribute.
pub(crate) const LIFTED: Limits = Limits::REQUEST
    .with(Limit::InputLen, usize::MAX)
    .with(Limit::Segments, usize::MAX)
    .with(Limit::Certificates, usize::MAX)
    .with(Limit::Attributes, usize::MAX);

fn read_message(input: &[u8]) {
    let message = PkiMessage::parse(input, &LIFTED).unwrap();
    let mut text = Length(0);
    for attribute in message.unverified_attributes().unknown() {
        write!(text, "{}", attribute.oid()).unwrap();
    }
    black_box((
        text.0,
        message.unverified_certificates().count(),
        message.unverified_signer_id(),
    ));
}

/// Reads a message and verifies it, up to the moment at which the signature is wrong in both forms.
fn verify(input: &[u8]) {
    let limits = LIFTED.with(Limit::Attributes, Limits::REQUEST.bound(Limit::Attributes));
    let message = PkiMessage::parse(input, &limits).unwrap();
    let trust = SignerTrust::new().self_issued();
    let verified = message.verify(&REFUSING, &Policy::default(), &trust);
    assert_eq!(verified.unwrap_err(), scep::VerifyError::Signature);
}

/// Receives a message by somebody who is trusted, up to the payload, which is none.
fn open(input: &[u8]) {
    let message = PkiMessage::parse(input, &LIFTED).unwrap();
    let trust = SignerTrust::new().self_issued();
    let ca = Certificate::from_der(pem(vector!("keys/ca-jscep.pem"))).unwrap();
    let recipient = Recipient::new(&ca, &AnyKey).unwrap();
    let policy = Policy::default();
    let received = message.receive(&TRUSTING, &policy, &trust, &[recipient], &mut rng());
    let decrypt = scep::OpenError::Decrypt(scep::DecryptError);
    assert_eq!(received.unwrap_err(), decrypt.into());
}

fn read_set(input: &[u8]) {
    let set = CertsOnly::parse(input, &LIFTED).unwrap();
    black_box((
        set.certificates().filter(Result::is_ok).count(),
        set.crls()
            .flatten()
            .any(|crl| crl.contains_serial(&[2]) == Ok(true)),
    ));
}

fn read_certificate(input: &[u8]) {
    let certificate = Certificate::from_der(input).unwrap();
    let mut text = Length(0);
    write!(text, "{} {}", certificate.subject(), certificate.issuer()).unwrap();
    black_box((text.0, certificate.is_ca(), certificate.key_usage()));
}

fn read_crl(input: &[u8]) {
    let crl = Crl::from_der(input).unwrap();
    assert_eq!(black_box(crl.contains_serial(&[2])), Ok(false));
}

/// Where text goes of which only the length matters.
struct Length(usize);

impl Write for Length {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// As many copies of something as fit into a size.
fn filled(unit: &[u8], size: usize) -> Vec<u8> {
    unit.repeat(size / unit.len())
}

/// A chain of elements of indefinite length, each in the one before.
fn chain(levels: usize) -> Vec<u8> {
    [[0x30, 0x80].repeat(levels), [0, 0].repeat(levels)].concat()
}

/// A request with the digest that both providers below give.
fn message() -> Forge {
    static REQUEST: LazyLock<Forge> = LazyLock::new(|| {
        let mut forge = Forge::of(&Parties::new().pkcs_req().0);
        forge.set(oid::MESSAGE_DIGEST, octets(&[0; 32]));
        forge
    });
    REQUEST.clone()
}

fn assembled(forge: &Forge) -> Vec<u8> {
    forge.assemble(&[forge.signer_info(Order::Listed, &[0; 256])])
}

/// Chains as deep as is read, side by side in one element of indefinite length, so that its end must be looked for.
fn nesting(size: usize) -> Vec<u8> {
    let mut forge = message();
    let chains = filled(&chain(27), size);
    forge
        .certificates
        .push([&[0x30, 0x80], &chains[..], &[0, 0]].concat());
    assembled(&forge)
}

/// Sets in sets, each in the wrong order, around elements of two bytes: for the DER form all is moved at each level.
fn nested_attributes(size: usize) -> Vec<u8> {
    let mut forge = message();
    let len = Limits::REQUEST.bound(Limit::AttributeLen) - 512;
    for _ in 0..size / len {
        let mut value = [&[0x30, 0x80], &filled(&NULL, len)[..], &[0, 0]].concat();
        for _ in 0..24 {
            value = [&[0x31, 0x80], &value[..], &small_integer(0), &[0, 0]].concat();
        }
        forge.attributes().push(Attribute {
            oid: dotted("1.2.3"),
            values: vec![value],
        });
    }
    assembled(&forge)
}

/// The message with this eContent, an OCTET STRING in whatever form.
fn with_content(content: &[u8]) -> Vec<u8> {
    let mut forge = message();
    forge.content = None;
    in_place_of_content(&forge, content)
}

/// The message of a forge that has no content, with this in its place.
fn in_place_of_content(forge: &Forge, content: &[u8]) -> Vec<u8> {
    let message = assembled(forge);
    let fields = inside(inside(&message)[1].contents);
    let fields: Vec<Vec<u8>> = fields.iter().map(|field| field.raw.to_vec()).collect();
    let encap = sequence(&[&oid_der(oid::DATA), &explicit(0, content)]);
    let signed = sequence(&[&fields[0], &fields[1], &encap, &fields[3..].concat()]);
    sequence(&[&oid_der(oid::SIGNED_DATA), &explicit(0, &signed)])
}

/// Segments of one octet and of none.
fn segmented(tag: u8, size: usize) -> Vec<u8> {
    [
        &[tag, 0x80],
        &filled(&[4, 1, 0x30, 4, 0], size)[..],
        &[0, 0],
    ]
    .concat()
}

fn segments(size: usize) -> Vec<u8> {
    with_content(&segmented(0x24, size))
}

/// An envelope whose encryptedContent is in segments of 16, itself in an eContent in segments of 64: both are joined.
fn segments_in_both_layers(size: usize) -> Vec<u8> {
    let ca = Certificate::from_der(pem(vector!("keys/ca-jscep.pem"))).unwrap();
    let (cipher, transport) = (ContentCipher::Aes128Cbc, KeyTransport::RsaPkcs1v15);
    let mut envelope = Envelope::seal(b"", &ca, cipher, transport);
    let segment = tlv(0x04, &[0x5a; 16]);
    envelope.encrypted_content = Vec::new();
    let empty = envelope.to_der();
    let content_info = inside(&empty);
    let fields = inside(content_info[1].contents);
    let encrypted = elements(fields[2].contents);
    let encrypted = sequence(&[
        encrypted[0].raw,
        encrypted[1].raw,
        &tlv(0xa0, &filled(&segment, size)),
    ]);
    let enveloped = sequence(&[fields[0].raw, fields[1].raw, &encrypted]);
    let envelope = sequence(&[content_info[0].raw, &explicit(0, &enveloped)]);
    let segments: Vec<u8> = envelope
        .chunks(64)
        .flat_map(|chunk| tlv(0x04, chunk))
        .collect();
    with_content(&tlv(0x24, &segments))
}

/// The smallest certificate that is read, with these names.
fn small_certificate(issuer: &[u8], subject: &[u8]) -> Vec<u8> {
    small_certificate_of(issuer, subject, &sequence(&[]))
}

fn small_certificate_of(issuer: &[u8], subject: &[u8], key: &[u8]) -> Vec<u8> {
    let id = algorithm(dotted("1.2"), &[]);
    let validity = sequence(&[]);
    let part = sequence(&[&small_integer(1), &id, issuer, &validity, subject, key]);
    sequence(&[&part, &id, &tlv(0x03, &[0])])
}

fn certificates(size: usize) -> Vec<u8> {
    let mut forge = message();
    let empty = sequence(&[]);
    let small = small_certificate(&empty, &empty);
    forge.certificates.push(filled(&small, size));
    assembled(&forge)
}

fn certificate_set(size: usize) -> Vec<u8> {
    let empty = sequence(&[]);
    certificates_only(&filled(&small_certificate(&empty, &empty), size))
}

/// As many recipients as are read, with long names, and the CA behind them all.
fn recipients(size: usize) -> Vec<u8> {
    let count = Limits::REQUEST.bound(Limit::Recipients);
    before_the_ca(count - 1, |key_encryption| {
        sequence(&[
            &small_integer(0),
            &named(&long_name(size / count, 0x0c)),
            key_encryption,
            &octets(&[0; 256]),
        ])
    })
}

/// The same with recipients by key agreement, each of as many keys as are read.
fn agreements(size: usize) -> Vec<u8> {
    let count = Limits::REQUEST.bound(Limit::Recipients);
    let name = text_name(size / count / count - 100);
    let key = sequence(&[&named(&name), &octets(&[0; 24])]);
    let point = [algorithm(oid::EC_PUBLIC_KEY, &[]), tlv(0x03, &[0; 66])];
    let wrap = algorithm(oid::AES128_WRAP, &[]);
    let fields = [
        small_integer(3),
        explicit(0, &explicit(1, &point.concat())),
        algorithm(oid::ECDH_SHA256_KDF, &wrap),
        tlv(0x30, &key.repeat(count)),
    ];
    before_the_ca(count - 1, |_| explicit(1, &fields.concat()))
}

/// An IssuerAndSerialNumber.
fn named(issuer: &[u8]) -> Vec<u8> {
    sequence(&[issuer, &small_integer(1)])
}

/// A message for so many other recipients, made with the identifier of the key transport, and then for the CA.
fn before_the_ca(count: usize, other: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let ca = Certificate::from_der(pem(vector!("keys/ca-jscep.pem"))).unwrap();
    let (cipher, transport) = (ContentCipher::Aes128Cbc, KeyTransport::RsaPkcs1v15);
    let mut envelope = Envelope::seal(b"", &ca, cipher, transport);
    envelope.other_recipients = vec![other(&envelope.key_encryption); count];
    with_content(&octets(&envelope.to_der()))
}

fn attributes(size: usize) -> Vec<u8> {
    many_attributes(dotted("1.2"), size)
}

/// The longest identifier that is read, in which every arc is as long as can be printed.
fn identifiers(size: usize) -> Vec<u8> {
    let mut contents = [0xff; scep::Oid::MAX_LEN];
    contents[19] = 0x7f;
    contents[38] = 0x7f;
    many_attributes(scep::Oid::from_bytes(&contents).unwrap(), size)
}

fn many_attributes(oid: scep::Oid, size: usize) -> Vec<u8> {
    let mut forge = message();
    let attribute = Attribute {
        oid,
        values: vec![vec![0x05, 0x00]],
    };
    let count = size / attribute.to_der().len();
    let attributes = forge.attributes();
    attributes.resize(attributes.len() + count, attribute);
    assembled(&forge)
}

/// As many parts as are shown, of what takes the most characters to show.
fn name(size: usize) -> Vec<u8> {
    let text = filled(&[0x20, 0x0b], size / 64);
    let attribute = sequence(&[&tlv(0x06, &[0x55, 4, 3]), &tlv(0x1e, &text)]);
    let subject = tlv(0x30, &tlv(0x31, &attribute).repeat(64));
    small_certificate(&sequence(&[]), &subject)
}

/// A name of about this many bytes, whose last string has this tag.
fn long_name(size: usize, last: u8) -> Vec<u8> {
    let text = filled(b"x", size / 64);
    let part = |tag| {
        let attribute = sequence(&[&tlv(0x06, &[0x55, 4, 3]), &tlv(tag, &text)]);
        tlv(0x31, &attribute)
    };
    tlv(0x30, &[part(0x0c).repeat(63), part(last)].concat())
}

/// A name of one text of this length.
fn text_name(len: usize) -> Vec<u8> {
    let attribute = sequence(&[&tlv(0x06, &[0x55, 4, 3]), &tlv(0x0c, &filled(b"x", len))]);
    tlv(0x30, &tlv(0x31, &attribute))
}

/// A signer and a certificate whose names differ in the type of their last string alone: compared to the end.
fn identifier(size: usize) -> Vec<u8> {
    let mut forge = message();
    let (sent, found) = (long_name(size / 2, 0x0c), long_name(size / 2, 0x13));
    forge.sid = sequence(&[&sent, &small_integer(1)]);
    let key = Certificate::from_der(&forge.certificates[0][..]).unwrap();
    let key = key.public_key_der().to_vec();
    forge.certificates = vec![small_certificate_of(&found, &found, &key)];
    assembled(&forge)
}

fn crl(size: usize) -> Vec<u8> {
    let id = algorithm(dotted("1.2"), &[]);
    let entries = tlv(0x30, &filled(&sequence(&[&small_integer(1)]), size));
    let time = tlv(0x17, b"261123202248Z");
    let part = sequence(&[&id, &sequence(&[]), &time, &entries]);
    sequence(&[&part, &id, &tlv(0x03, &[0])])
}

/// As many CRLs as are read.
fn crl_set(size: usize) -> Vec<u8> {
    let count = Limits::REQUEST.bound(Limit::Crls);
    crls_only(&crl(size / count).repeat(count))
}
