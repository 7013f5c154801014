//! Every reader of bytes, and all that can be asked of what it read.

use std::fmt::Write;

use scep::{
    CaCertificates, Certificate, CertsOnly, ChallengePassword, Crl, IssuerAndSerialNumber,
    IssuerAndSubject, Limit, Limits, NameRef, NextCaCertificates, Oid, ParseError, PkiMessage,
    UnverifiedCsr, inspect,
};

use crate::heap;

/// Reads what follows the first byte as what that byte says.
///
/// Whatever the bytes are, there is no panic, an error stands inside the input, memory is bounded by the input's length,
/// and what was read is read neither when cut short nor when something follows it.
pub fn parse(data: &[u8]) {
    let Some((&reader, input)) = data.split_first() else {
        return;
    };
    let (read, most) = READERS[usize::from(reader) % READERS.len()];
    let (peak, result) = heap::peak_of(|| read(input));
    assert!(
        peak <= most * input.len() + SLACK,
        "{peak} bytes of the heap for {} of input",
        input.len()
    );
    match result {
        Err(error) => {
            assert!(error.offset() <= input.len(), "{error}");
            Sink::show(&error);
        }
        Ok(()) => {
            let longer = [input, &[0]].concat();
            assert!(read(&longer).is_err(), "read with a byte behind it");
            let shorter = &input[..input.len() - 1];
            assert!(read(shorter).is_err(), "read without its last byte");
        }
    }
}

/// What small inputs may take beside: the first places of a list or a text.
const SLACK: usize = 256;

type Read = fn(&[u8]) -> Result<(), ParseError>;

/// Each reader, and how many times the input it may take from the heap.
const READERS: [(Read, usize); 12] = [
    // A text as it is told: up to three bytes for each of its own.
    (message, 3),
    (next_ca, 0),
    (certs_only, 0),
    (ca_certificates, 0),
    (certificate, 0),
    (crl, 0),
    // The buffer of its own, and a password as text, twice: up to three bytes for each of its own.
    (csr, 7),
    (issuer_and_subject, 4),
    (issuer_and_serial_number, 4),
    (tight_message, 3),
    (tight_csr, 7),
    (tight_set, 0),
];

/// A place for text that needs no memory.
#[derive(Default)]
pub struct Sink {
    pub len: usize,
}

impl Sink {
    /// Writes a value as text, and tells how long that is.
    pub fn show(value: &impl std::fmt::Display) -> usize {
        let mut sink = Self::default();
        write!(sink, "{value}").expect("text");
        sink.len
    }

    /// As [`show`](Self::show), for programmers.
    pub fn debug(value: &impl std::fmt::Debug) -> usize {
        let mut sink = Self::default();
        write!(sink, "{value:?}").expect("text");
        sink.len
    }
}

impl std::fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.len += text.len();
        Ok(())
    }
}

fn message(input: &[u8]) -> Result<(), ParseError> {
    read_message(input, &Limits::REQUEST)
}

/// Bounds that a small set or CSR exceeds.
const TIGHT: Limits = Limits::REQUEST
    .with(Limit::InputLen, 1 << 10)
    .with(Limit::Depth, 8)
    .with(Limit::Certificates, 2)
    .with(Limit::Crls, 1)
    .with(Limit::Recipients, 1)
    .with(Limit::Attributes, 8)
    .with(Limit::AttributeLen, 512)
    .with(Limit::Segments, 8);

fn tight_message(input: &[u8]) -> Result<(), ParseError> {
    // The shortest that is read has more than a KiB, and is to come to the other bounds.
    read_message(input, &TIGHT.with(Limit::InputLen, 2 << 10))
}

fn read_message(input: &[u8], limits: &Limits) -> Result<(), ParseError> {
    let message = PkiMessage::parse(input, limits)?;
    let attributes = message.unverified_attributes();
    Sink::show(&attributes.message_type());
    Sink::debug(&message);
    Sink::debug(&attributes.transaction_id());
    Sink::debug(&(attributes.sender_nonce(), attributes.recipient_nonce()));
    Sink::debug(&(
        attributes.pki_status(),
        attributes.fail_info(),
        attributes.fail_info_text(),
    ));
    Sink::debug(&(attributes.microsoft_error(), attributes.microsoft_message()));
    assert!(
        attributes
            .signing_time()
            .is_none_or(|time| time.len() <= input.len())
    );
    for attribute in attributes.unknown() {
        show_oid(attribute.oid());
        assert!(attribute.values().len() <= limits.bound(Limit::AttributeLen));
    }
    assert!(message.unverified_signer_id().is_some());
    for certificate in message.unverified_certificates() {
        show_certificate(&certificate);
    }
    if let Ok(recipients) = message.unverified_recipients() {
        assert!(recipients.len() <= limits.bound(Limit::Recipients));
    }
    if let Ok(Some(envelope)) = inspect::envelope(&message) {
        Sink::debug(&(envelope.cipher, envelope.encoding));
    }
    assert_eq!(message.as_bytes(), input);
    Ok(())
}

fn next_ca(input: &[u8]) -> Result<(), ParseError> {
    let body = NextCaCertificates::parse(input, &Limits::REPLY)?;
    Sink::debug(&(&body, body.unverified_has_content()));
    Ok(())
}

fn certs_only(input: &[u8]) -> Result<(), ParseError> {
    show_set(&CertsOnly::parse(input, &Limits::REPLY)?);
    Ok(())
}

fn tight_set(input: &[u8]) -> Result<(), ParseError> {
    show_set(&CertsOnly::parse(input, &TIGHT)?);
    Ok(())
}

fn ca_certificates(input: &[u8]) -> Result<(), ParseError> {
    let media_type = Some(CaCertificates::CERTIFICATE_TYPE);
    let parsed = CaCertificates::parse(input, media_type, &Limits::REPLY)?;
    for certificate in parsed.certificates().flatten() {
        show_certificate(&certificate);
    }
    Ok(())
}

fn certificate(input: &[u8]) -> Result<(), ParseError> {
    show_certificate(&Certificate::from_der(input)?);
    Ok(())
}

fn crl(input: &[u8]) -> Result<(), ParseError> {
    show_crl(&Crl::from_der(input)?);
    Ok(())
}

fn csr(input: &[u8]) -> Result<(), ParseError> {
    show_csr(&UnverifiedCsr::from_der(input, &Limits::REQUEST)?);
    Ok(())
}

fn tight_csr(input: &[u8]) -> Result<(), ParseError> {
    show_csr(&UnverifiedCsr::from_der(input, &TIGHT)?);
    Ok(())
}

fn issuer_and_subject(input: &[u8]) -> Result<(), ParseError> {
    let names = IssuerAndSubject::from_der(input)?;
    Sink::show(&NameRef::new(names.issuer_der()));
    Sink::show(&NameRef::new(names.subject_der()));
    assert_eq!(
        IssuerAndSubject::from_der(&names.to_der()).as_ref(),
        Ok(&names)
    );
    Ok(())
}

fn issuer_and_serial_number(input: &[u8]) -> Result<(), ParseError> {
    let id = IssuerAndSerialNumber::from_der(input)?;
    Sink::show(&NameRef::new(id.issuer_der()));
    assert_eq!(
        IssuerAndSerialNumber::from_der(&id.to_der()).as_ref(),
        Ok(&id)
    );
    Ok(())
}

fn show_set(set: &CertsOnly<'_>) {
    Sink::debug(set);
    for certificate in set.certificates() {
        match certificate {
            Ok(certificate) => show_certificate(&certificate),
            Err(error) => assert!(error.offset() <= set.as_bytes().len()),
        }
    }
    for crl in set.crls().flatten() {
        show_crl(&crl);
    }
}

/// Asks a certificate for all that it says.
pub fn show_certificate(certificate: &Certificate<'_>) {
    Sink::debug(certificate);
    Sink::show(&certificate.issuer());
    Sink::debug(&(
        certificate.validity(),
        certificate.key_usage(),
        certificate.is_ca(),
    ));
    show_oid(certificate.signature_algorithm_oid());
    certificate.extended_key_usage().for_each(show_oid);
    for extension in certificate.extensions().take(4) {
        show_oid(extension.oid());
        let first = certificate.extension(extension.oid());
        assert_eq!(first.map(|first| first.oid()), Some(extension.oid()));
    }
    assert!(
        certificate
            .subject_key_identifier()
            .is_none_or(|ski| ski.len() < certificate.as_der().len())
    );
    assert_eq!(&certificate.borrowed(), certificate);
}

fn show_crl(crl: &Crl<'_>) {
    Sink::debug(crl);
    Sink::show(&crl.issuer());
    Sink::debug(&crl.contains_serial(&[1]));
}

fn show_csr(csr: &UnverifiedCsr) {
    Sink::debug(csr);
    Sink::show(&csr.unverified_subject());
    show_oid(csr.signature_algorithm_oid());
    let password = csr.unverified_challenge_password();
    assert!(!password.verify(b""), "an empty password matches");
    Sink::debug(&password.kind());
    match password {
        ChallengePassword::Present(presented) => {
            let text = presented.expose_secret();
            let is_whole = !text.contains(char::REPLACEMENT_CHARACTER);
            assert!(!is_whole || password.verify(text.as_bytes()));
        }
        _ => assert!(!password.verify(b"secret"), "no password matches"),
    }
}

fn show_oid(oid: Oid) {
    Sink::show(&oid);
    assert_eq!(Oid::from_bytes(oid.as_bytes()), Some(oid));
}
