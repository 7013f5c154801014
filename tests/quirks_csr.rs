//! CSRs as devices send them, each through a whole message.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{
    Envelope, dotted, inside, octets, oid_der, printable, sequence, small_integer, tlv,
};
use common::verdict::{BAD_CHECK, SMALL_KEY, good, open, open_error};
use common::x509::{MadeCertificate, MadeCsr, common_name, critical_extension, extension, name};
use common::{Parties, RsaKey, key, rng};
use scep::crypto::{ContentCipher, DigestAlgorithm, KeyTransport, Policy, SignatureAlgorithm};
use scep::{ChallengePassword, Csr, Limits, OpenError, PkiMessage, Refused, Request, oid};

use ContentCipher::{Aes128Cbc, TripleDesCbc};
use DigestAlgorithm::Sha1;

const BMP_STRING: u8 = 0x1e;
const IA5_STRING: u8 = 0x16;
const UTF8_STRING: u8 = 0x0c;

/// A PKCSReq around this CSR.
fn message(parties: &Parties, csr: &[u8]) -> Vec<u8> {
    let envelope = Envelope::seal(csr, &parties.ca, Aes128Cbc, KeyTransport::RsaPkcs1v15);
    let mut forge = good(parties);
    forge.set_content(Some(envelope.to_der()));
    forge.sign(&parties.client_key)
}

/// The CSR as a server gets it, byte for byte as it was sent.
fn received(parties: &Parties, csr: &[u8]) -> Csr {
    let request = open(parties, &Policy::strict(), &message(parties, csr)).unwrap();
    let received = request.csr().unwrap().clone();
    assert_eq!(received.as_der(), csr);
    received
}

/// An attribute of one value.
fn attribute(oid: scep::Oid, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid_der(oid), &tlv(0x31, value)])
}

fn with_attributes(key: &RsaKey, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut csr = MadeCsr::new(key);
    csr.attributes = Some(attributes.to_vec());
    csr.sign(key)
}

/// Text in BMPString.
fn bmp(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    tlv(BMP_STRING, &units)
}

/// A request of Apple's MDM client of 2016: version 2, 1024 bits and SHA-1 in the CSR, no challenge; the signer another,
/// self-issued key; a nonce of 8 bytes, SHA-1, 3DES.
fn apple_request(parties: &Parties) -> (Vec<u8>, Vec<u8>) {
    let device = key(SMALL_KEY);
    let mut csr = MadeCsr::new(&device).with_digest(Sha1);
    csr.version = 2;
    let uuid = b"com.apple.security.scep.8F0C2B0E-5A52-4B0F-8C44-7C7B6B1A1F60";
    csr.subject = name(&[(common_name(), tlv(UTF8_STRING, uuid))]);
    let usage = critical_extension(oid::KEY_USAGE, &tlv(0x03, &[5, 0xa0]));
    csr.attributes = Some(vec![attribute(oid::EXTENSION_REQUEST, &tlv(0x30, &usage))]);
    let csr = csr.sign(&device);

    let client_auth = sequence(&[&oid_der(dotted("1.3.6.1.5.5.7.3.2"))]);
    let mut signer = MadeCertificate::self_issued(&parties.client_key, "MDM SCEP SIGNER");
    signer.extensions = vec![
        critical_extension(oid::KEY_USAGE, &tlv(0x03, &[5, 0xa0])),
        critical_extension(oid::EXT_KEY_USAGE, &client_auth),
    ];
    let transport = KeyTransport::RsaPkcs1v15;
    let envelope = Envelope::seal(&csr, &parties.ca, TripleDesCbc, transport);
    let mut forge = good(parties);
    forge.set_content(Some(envelope.to_der()));
    forge.set_signature(SignatureAlgorithm::RsaPkcs1v15(Sha1));
    forge.set_signer(&signer.sign(&parties.client_key));
    forge.set(oid::SENDER_NONCE, octets(&[0xa5; 8]));
    (forge.sign(&parties.client_key), csr)
}

#[test]
fn an_apple_request_is_read_under_compatible_for_its_short_key() {
    let parties = Parties::new();
    let (message, sent) = apple_request(&parties);
    let request = open(&parties, &Policy::compatible(), &message).unwrap();
    let csr = request.csr().unwrap();
    assert_eq!((csr.version(), csr.as_der()), (2, &sent[..]));
    assert!(matches!(
        csr.challenge_password(),
        ChallengePassword::Absent
    ));
    assert!(csr.extension(oid::KEY_USAGE).unwrap().is_critical());
    assert_eq!(request.signer_has_csr_key(), Some(false));

    // All eight bytes of the nonce come back.
    let ca = parties.ca_signer();
    let reply = request.reply(&parties.provider, &ca).pending(&mut rng());
    let reply = reply.unwrap().sign(&parties.ca_key, &mut rng()).unwrap();
    let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let nonce = reply.unverified_attributes().recipient_nonce().unwrap();
    assert_eq!(nonce.as_bytes(), [0xa5; 8]);

    // Only the key is too short for the default policy, and the sender is not told.
    let error = open_error(&parties, &Policy::default(), &message);
    let refused = OpenError::CsrRefused(Refused::RsaModulusBits(1024));
    assert_eq!(error, (refused, BAD_CHECK));
}

#[test]
fn a_challenge_of_intune_is_long_and_stays_as_it_is() {
    // PKCS #9 sets an upper bound of 255 characters.
    let parties = Parties::new();
    let challenge = "MIIRtwYJKoZIhvcNAQcDoIIRqDCCEaQC".repeat(172);
    assert_eq!(challenge.len(), 5504);
    let value = printable(&challenge);
    let csr = with_attributes(
        &parties.client_key,
        &[attribute(oid::CHALLENGE_PASSWORD, &value)],
    );
    let csr = received(&parties, &csr);
    let ChallengePassword::Present(password) = csr.challenge_password() else {
        panic!("{:?}", csr.challenge_password());
    };
    assert_eq!(*password.expose_secret(), challenge);
    assert!(password.verify(challenge.as_bytes()));
    assert!(!password.verify(&challenge.as_bytes()[..255]));
}

#[test]
fn a_challenge_is_read_in_every_string_type() {
    let parties = Parties::new();
    let password = "Geheim-7";
    for value in [
        printable(password),
        tlv(UTF8_STRING, password.as_bytes()),
        tlv(IA5_STRING, password.as_bytes()),
        // T61String, UniversalString, BMPString, OCTET STRING.
        tlv(0x14, password.as_bytes()),
        tlv(
            0x1c,
            &password
                .bytes()
                .flat_map(|byte| [0, 0, 0, byte])
                .collect::<Vec<u8>>(),
        ),
        bmp(password),
        octets(password.as_bytes()),
    ] {
        let challenge = attribute(oid::CHALLENGE_PASSWORD, &value);
        let csr = received(
            &parties,
            &with_attributes(&parties.client_key, &[challenge]),
        );
        assert!(csr.challenge_password().verify(password.as_bytes()));
        assert!(!csr.challenge_password().verify(b"geheim-7"));
    }
    // Early micromdm: an OCTET STRING where the set of values belongs.
    let bare = sequence(&[
        &oid_der(oid::CHALLENGE_PASSWORD),
        &octets(password.as_bytes()),
    ]);
    let csr = received(&parties, &with_attributes(&parties.client_key, &[bare]));
    assert!(csr.challenge_password().verify(password.as_bytes()));
}

#[test]
fn a_csr_may_have_no_attributes() {
    let parties = Parties::new();
    for attributes in [None, Some(Vec::new())] {
        let mut csr = MadeCsr::new(&parties.client_key);
        csr.attributes = attributes;
        let csr = received(&parties, &csr.sign(&parties.client_key));
        assert_eq!(csr.attributes().count(), 0);
        assert!(matches!(
            csr.challenge_password(),
            ChallengePassword::Absent
        ));
    }
}

#[test]
fn a_subject_may_be_anything() {
    let parties = Parties::new();
    let key = &parties.client_key;
    let serial_number = sequence(&[&oid_der(dotted("2.5.4.5")), &printable("FTX1234A5BC")]);
    let host = tlv(IA5_STRING, b"router.example");
    let unstructured = sequence(&[&oid_der(dotted("1.2.840.113549.1.9.2")), &host]);
    // Cisco: one RelativeDistinguishedName of two parts, and no common name.
    let cisco = tlv(0x30, &tlv(0x31, &[serial_number, unstructured].concat()));
    let twice = name(&[
        (common_name(), printable("a")),
        (common_name(), tlv(UTF8_STRING, b"b")),
    ]);
    for (subject, text) in [
        (
            cisco,
            "serialNumber=FTX1234A5BC+unstructuredName=router.example",
        ),
        (twice, "CN=b,CN=a"),
        (tlv(0x30, &[]), ""),
        (name(&[(common_name(), bmp("Zoë"))]), "CN=Zoë"),
    ] {
        let mut csr = MadeCsr::new(key);
        csr.subject = subject.clone();
        let csr = received(&parties, &csr.sign(key));
        assert_eq!(csr.subject_der(), subject);
        assert_eq!(csr.subject().to_string(), text);
    }
}

#[test]
fn attributes_of_windows_are_kept_and_none_is_needed() {
    let parties = Parties::new();
    let microsoft = |arcs: &str| dotted(&format!("1.3.6.1.4.1.311.{arcs}"));
    let sid = "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1103";
    let alternative_name = tlv(0x30, &tlv(0x86, sid.as_bytes()));
    let requested = sequence(&[
        &extension(microsoft("20.2"), &bmp("Workstation")),
        &extension(
            microsoft("21.7"),
            &sequence(&[&oid_der(microsoft("21.8.1")), &small_integer(100)]),
        ),
        &extension(microsoft("25.2"), &sequence(&[])),
        &extension(oid::SUBJECT_ALT_NAME, &alternative_name),
    ]);
    let pair = sequence(&[&bmp("ValidityPeriod"), &bmp("Days")]);
    let client = sequence(&[
        &small_integer(9),
        &tlv(UTF8_STRING, b"DESKTOP-1"),
        &tlv(UTF8_STRING, b"NT AUTHORITY\\SYSTEM"),
        &tlv(UTF8_STRING, b"taskhostw.exe"),
    ]);
    let provider = sequence(&[
        &small_integer(1),
        &bmp("Microsoft Software Key Storage Provider"),
        &tlv(0x03, &[0]),
    ]);
    let attributes = [
        attribute(microsoft("13.2.3"), &tlv(IA5_STRING, b"10.0.22631.2")),
        attribute(microsoft("13.2.2"), &provider),
        attribute(microsoft("13.2.1"), &pair),
        attribute(microsoft("21.20"), &client),
        attribute(oid::MS_CERT_EXTENSIONS, &requested),
    ];
    let csr = with_attributes(&parties.client_key, &attributes);
    let csr = received(&parties, &csr);
    let kept: Vec<_> = csr
        .attributes()
        .map(|(_, values)| values.to_vec())
        .collect();
    let sent: Vec<_> = attributes
        .iter()
        .map(|attribute| inside(attribute)[1].raw.to_vec())
        .collect();
    assert_eq!(kept, sent);
    let extensions: Vec<_> = csr.extensions().map(|extension| extension.oid()).collect();
    let expected = [
        microsoft("20.2"),
        microsoft("21.7"),
        microsoft("25.2"),
        oid::SUBJECT_ALT_NAME,
    ];
    assert_eq!(extensions, expected);
    let names = csr.extension(oid::SUBJECT_ALT_NAME).unwrap();
    assert_eq!(names.value(), alternative_name);
}

#[test]
fn a_poll_with_the_names_the_wrong_way_round_is_read() {
    // sscep before 0.8 swapped them; jscep wrote the CA's issuer for the CA.
    let parties = Parties::new();
    let (_, pending) = parties.pkcs_req();
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let builder = scep::RequestBuilder::cert_poll(&pending, &signer, &roles).unwrap();
    let (poll, _) = parties.send(builder);
    let names = scep::IssuerAndSubject::new(parties.csr.subject_der(), parties.ca.subject_der());
    let transport = KeyTransport::RsaPkcs1v15;
    let open = |payload: &[u8]| {
        let envelope = Envelope::seal(payload, &parties.ca, Aes128Cbc, transport);
        let mut forge = common::forge::Forge::of(&poll);
        forge.set_content(Some(envelope.to_der()));
        open(
            &parties,
            &Policy::strict(),
            &forge.sign(&parties.client_key),
        )
    };
    let request: Request = open(&names.to_der()).unwrap();
    let scep::RequestBody::CertPoll(found) = request.body() else {
        panic!("{:?}", request.body());
    };
    assert_eq!(found, &names);
    assert_eq!(request.transaction_id(), pending.transaction_id());
    // Names as text are no Names, and the poll counts all the same.
    // Interop: sscep before 0.8 writes them so.
    let text = sequence(&[&printable("CN=jscep CA"), &printable("CN=device")]);
    let request = open(&text).unwrap();
    let scep::RequestBody::CertPoll(found) = request.body() else {
        panic!("{:?}", request.body());
    };
    assert_eq!(found, &scep::IssuerAndSubject::new(&[0x30, 0], &[0x30, 0]));
    assert_eq!(request.transaction_id(), pending.transaction_id());
}
