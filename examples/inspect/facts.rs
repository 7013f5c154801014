//! What is to be said about a body: recognised, judged, opened.

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use scep::crypto::{
    DecryptionKey, DigestAlgorithm, KeyTransport, PasswordEncryption, Policy, Provider,
    SignatureAlgorithm, Tolerance,
};
use scep::diagnose::Sender;
use scep::inspect::{self, OpenedPayload, RecipientKind, SignatureReport};
use scep::microsoft::{EventOutcome, EventText, Hresult};
use scep::{
    Capabilities, Certificate, CertificateSignatureError, CertsOnly, Crl, Encoding, Item, Limits,
    NameRef, NextCaCertificates, Oid, OpenError, ParseError, ParseErrorKind, PkiMessage, PkiStatus,
    Refused, SignedForm, SignerId, UnknownAttribute, UnverifiedCsr, Validity, VerifyError, oid,
};

use x509_cert::der::Decode;
use x509_cert::der::asn1::AnyRef;
use zeroize::Zeroizing;

use crate::input::Failure;
use crate::json::hex;
use crate::payload::{PayloadFacts, key_name};

/// What bodies are judged and opened with.
pub struct Tools {
    pub provider: Provider,
    pub policy: Policy,
    pub keys: Vec<Box<dyn DecryptionKey>>,
    /// Challenge passwords.
    pub passwords: Vec<Zeroizing<String>>,
    pub signers: Vec<Certificate<'static>>,
}

/// All that is said about a body.
pub struct Report {
    pub kind: &'static str,
    pub len: usize,
    pub encoding: Option<Encoding>,
    pub message: Option<MessageFacts>,
    pub signature: Option<SignatureFacts>,
    pub envelope: Option<EnvelopeFacts>,
    /// Why what stands in the place of an envelope is none.
    pub envelope_error: Option<Failure>,
    /// What is in the envelope; of bodies without one, what they are themselves.
    pub payload: Option<PayloadFacts>,
    /// Whether the signature covers the certificates, of a GetNextCACert body.
    pub certificates_signed: Option<bool>,
    /// The certificates of the outermost layer.
    pub certificates: Vec<CertificateFacts>,
    pub capabilities: Option<Vec<String>>,
    /// What a sentence of a device's log says.
    pub event: Option<EventFacts>,
}

pub struct EventFacts {
    pub outcome: Option<&'static str>,
    pub operation: Option<&'static str>,
    pub url: Option<String>,
    pub code: Option<Hresult>,
    pub thumbprint: Option<String>,
}

/// The attributes of a pkiMessage.
pub struct MessageFacts {
    pub message_type: u32,
    pub message_type_name: &'static str,
    pub transaction_id: String,
    pub sender_nonce: Option<Vec<u8>>,
    pub recipient_nonce: Option<Vec<u8>>,
    pub pki_status: Option<PkiStatus>,
    pub fail_info: Option<scep::FailInfo>,
    pub fail_info_text: Option<String>,
    pub microsoft_error: Option<Hresult>,
    pub microsoft_message: Option<String>,
    pub signing_time: Option<String>,
    pub other: Vec<(Oid, Vec<u8>)>,
    /// Those of the others that should be a number and are something else.
    pub unreadable: Vec<UnreadableFacts>,
    /// Which program seems to have sent it.
    pub sender: Option<Sender>,
}

pub struct UnreadableFacts {
    pub attribute: &'static str,
    /// What stands there.
    pub value: String,
}

pub struct SignatureFacts {
    pub digest: Option<String>,
    pub algorithm: Option<String>,
    pub verdict: Option<Verdict>,
    /// The form that was signed, or what is wrong.
    pub note: String,
    pub signer_id: Option<IdFacts>,
    pub signer: Option<SignerFacts>,
}

#[derive(Clone, Copy)]
pub enum Verdict {
    Valid,
    Invalid,
    NoSignerCertificate,
    RefusedByPolicy,
}

pub enum IdFacts {
    IssuerAndSerial { issuer: String, serial: Vec<u8> },
    SubjectKeyIdentifier(Vec<u8>),
}

pub struct SignerFacts {
    pub subject: String,
    pub serial: Vec<u8>,
    pub self_signed: bool,
    pub embedded: bool,
}

pub struct EnvelopeFacts {
    pub encoding: Encoding,
    pub recipients: Vec<RecipientFacts>,
    pub content_type: String,
    /// The policies by name that refuse this type of content.
    pub refused_by: Vec<&'static str>,
    pub cipher: String,
    pub opened: bool,
    /// Why no key would have been any good.
    pub refused: Option<String>,
}

pub struct RecipientFacts {
    pub kind: &'static str,
    pub id: Option<IdFacts>,
    pub key_encryption: Option<String>,
    pub oaep_hash: Option<&'static str>,
    pub mgf_hash: Option<&'static str>,
    /// The hash of the key derivation function, and the key wrap, in key agreement.
    pub kdf_hash: Option<&'static str>,
    pub key_wrap: Option<&'static str>,
    pub password: Option<PasswordEncryption>,
}

pub enum CertificateFacts {
    Readable {
        subject: String,
        issuer: String,
        serial: Vec<u8>,
        /// What its key is of.
        key: String,
        validity: Option<Validity>,
        ca: bool,
        sha256: Vec<u8>,
    },
    Unreadable(Failure),
}

impl Tools {
    /// Opens an envelope with whichever key or password fits, to a payload that can be read if there is one.
    pub fn open(&self, message: &PkiMessage<'_>) -> Result<OpenedPayload, OpenError> {
        let keys: Vec<&dyn DecryptionKey> = self.keys.iter().map(AsRef::as_ref).collect();
        let rng = &mut UnwrapErr(SysRng);
        let mut best = inspect::open_unverified(message, &self.provider, &keys, rng);
        for password in &self.passwords {
            if best.as_ref().is_ok_and(OpenedPayload::is_readable) {
                break;
            }
            let opened = inspect::open_unverified_with_password(message, &self.provider, password);
            if best.is_err() || opened.as_ref().is_ok_and(OpenedPayload::is_readable) {
                best = opened;
            }
        }
        best
    }
}

/// Recognises a body by its content, and says what is in it.
pub fn report(body: &[u8], tools: &Tools) -> Result<Report, Failure> {
    if body.first() != Some(&0x30) {
        let text = capabilities(body).or_else(|| event(body));
        return text.ok_or_else(|| match PkiMessage::parse(body, &Limits::REPLY) {
            Err(error) if std::str::from_utf8(body).is_err() => error.into(),
            _ => Failure {
                error: "neither ASN.1 nor a list of capabilities nor a sentence about SCEP"
                    .to_owned(),
                item: Some(Item::Capabilities.name()),
                offset: Some(0),
            },
        });
    }
    match inner_tag(body) {
        Some(0x30) => certificate_or_csr(body, tools),
        _ => content_info(body, tools),
    }
}

/// The tag of the first element inside the first.
fn inner_tag(body: &[u8]) -> Option<u8> {
    let length_octets = match body.get(1)? {
        long @ 0x81..=0x84 => usize::from(long & 0x7f),
        _ => 0,
    };
    body.get(2 + length_octets).copied()
}

/// Reads what GetCACaps was answered with, which may be nothing at all: a list of none.
pub fn answered_capabilities(status: u16, body: &[u8]) -> Option<Report> {
    let capabilities = Capabilities::from_response(status, body);
    let words = capabilities.iter().map(|word| word.to_string()).collect();
    (!capabilities.is_unknown()).then(|| Report {
        capabilities: Some(words),
        ..Report::new("capabilities", body, None)
    })
}

fn capabilities(body: &[u8]) -> Option<Report> {
    // Any text could be a list of words that nobody knows, and no text one of none.
    let known = |word| !matches!(word, scep::Capability::Other(_));
    let mentioned = Capabilities::parse(body).iter().any(known);
    mentioned.then(|| answered_capabilities(200, body))?
}

fn event(body: &[u8]) -> Option<Report> {
    let event = EventText::parse(std::str::from_utf8(body).ok()?).ok()?;
    let outcome = event.outcome().map(|outcome| match outcome {
        EventOutcome::InitialisationFailed => "it failed before anything was requested",
        EventOutcome::EnrolmentFailed => "it failed",
        EventOutcome::RequestMade => "the request was made",
        _ => "the certificate was installed",
    });
    Some(Report {
        event: Some(EventFacts {
            outcome,
            operation: event.operation(),
            url: event.url().map(str::to_owned),
            code: event.hresult(),
            thumbprint: event.thumbprint().map(|thumbprint| thumbprint.to_string()),
        }),
        ..Report::new("event", body, None)
    })
}

fn content_info(body: &[u8], tools: &Tools) -> Result<Report, Failure> {
    let limits = &Limits::REPLY;
    let not_a_message = match PkiMessage::parse(body, limits) {
        Ok(message) => return Ok(pki_message(&message, tools)),
        Err(error) => error,
    };
    let missing =
        |item| not_a_message.kind() == ParseErrorKind::Missing && not_a_message.item() == item;
    if missing(Item::SignerInfo) {
        let set = CertsOnly::parse(body, limits)?;
        let payload = PayloadFacts::certs_only(&set, body, tools);
        return Ok(Report {
            payload: Some(payload),
            ..Report::new("certs_only", body, Some(set.encoding()))
        });
    }
    if missing(Item::MessageType) || missing(Item::SignedAttributes) {
        return next_ca(
            &NextCaCertificates::parse(body, limits)?,
            body,
            not_a_message,
            tools,
        );
    }
    Err(not_a_message.into())
}

fn pki_message(message: &PkiMessage<'_>, tools: &Tools) -> Report {
    let attributes = message.unverified_attributes();
    let facts = MessageFacts {
        message_type: attributes.message_type().code(),
        message_type_name: attributes.message_type().name(),
        transaction_id: String::from_utf8_lossy(attributes.transaction_id().as_bytes())
            .into_owned(),
        sender_nonce: attributes
            .sender_nonce()
            .map(|nonce| nonce.as_bytes().to_vec()),
        recipient_nonce: attributes
            .recipient_nonce()
            .map(|nonce| nonce.as_bytes().to_vec()),
        pki_status: attributes.pki_status(),
        fail_info: attributes.fail_info(),
        fail_info_text: attributes.fail_info_text(),
        microsoft_error: attributes.microsoft_error(),
        microsoft_message: attributes.microsoft_message(),
        signing_time: attributes
            .signing_time()
            .map(|time| time.escape_ascii().to_string()),
        other: attributes
            .unknown()
            .map(|attribute| (attribute.oid(), attribute.values().to_vec()))
            .collect(),
        unreadable: attributes
            .unknown()
            .filter_map(UnreadableFacts::of)
            .collect(),
        sender: Sender::of(message, &tools.provider),
    };
    let signature = inspect::signature(message, &tools.provider, &tools.policy, &tools.signers);
    let signer = signature.as_ref().and_then(|report| report.signer.as_ref());
    // RFC 8894, section 3.2.2: only a SUCCESS has an envelope, and what stands in its place elsewhere means nothing.
    let ignored = facts
        .pki_status
        .is_some_and(|status| status != PkiStatus::Success);
    let (envelope, payload, envelope_error) = if ignored {
        (None, None, None)
    } else {
        match envelope(message, signer, tools) {
            Ok((envelope, payload)) => (envelope, payload, None),
            Err(error) => (None, None, Some(error.into())),
        }
    };
    let unreadable = inspect::unreadable_certificates(message);
    Report {
        message: Some(facts),
        signature: signature.map(|report| SignatureFacts::of(&report)),
        envelope,
        envelope_error,
        payload,
        certificates: message
            .unverified_certificates()
            .map(|certificate| CertificateFacts::of(&certificate, tools))
            .chain(unreadable.map(|error| CertificateFacts::Unreadable(error.into())))
            .collect(),
        ..Report::new("pki_message", message.as_bytes(), Some(message.encoding()))
    }
}

fn envelope(
    message: &PkiMessage<'_>,
    signer: Option<&Certificate<'_>>,
    tools: &Tools,
) -> Result<(Option<EnvelopeFacts>, Option<PayloadFacts>), ParseError> {
    let Some(envelope) = inspect::envelope(message)? else {
        return Ok((None, None));
    };
    let opened = tools.open(message);
    let facts = EnvelopeFacts {
        encoding: envelope.encoding,
        recipients: envelope.recipients.iter().map(RecipientFacts::of).collect(),
        content_type: content_type_name(envelope.content_type),
        refused_by: refusing(envelope.content_type),
        cipher: name_or_oid(envelope.cipher.map(|cipher| cipher.name())),
        opened: opened.is_ok(),
        refused: match opened {
            Err(error @ OpenError::Refused(_)) => Some(error.to_string()),
            _ => None,
        },
    };
    let payload = opened.ok();
    let payload = payload.map(|payload| PayloadFacts::opened(&payload, signer, tools));
    Ok((Some(facts), payload))
}

fn next_ca(
    body: &NextCaCertificates<'_>,
    bytes: &[u8],
    not_a_message: ParseError,
    tools: &Tools,
) -> Result<Report, Failure> {
    // The signature is judged by itself: it may be right and cover nothing.
    let report = inspect::next_ca_signature(body, &tools.provider, &tools.policy, &tools.signers);
    let signer = report.as_ref().and_then(|report| report.signer.as_ref());
    let signers: Vec<&Certificate<'_>> = signer.into_iter().collect();
    let covered = match body.verify(&signers, &tools.provider, &tools.policy) {
        Err(VerifyError::ScepAttributes) => return Err(not_a_message.into()),
        Err(VerifyError::Parse(error)) => return Err(error.into()),
        covered => covered.ok(),
    };
    Ok(Report {
        signature: report.map(|report| SignatureFacts::of(&report)),
        payload: covered.map(|set| PayloadFacts::certs_only(&set, set.as_bytes(), tools)),
        certificates_signed: Some(body.unverified_has_content()),
        ..Report::new("next_ca", bytes, Some(body.encoding()))
    })
}

fn certificate_or_csr(body: &[u8], tools: &Tools) -> Result<Report, Failure> {
    let error = match Certificate::from_der(body) {
        Ok(found) => {
            return Ok(Report {
                signature: Some(issuers_signature(&found, tools)),
                certificates: vec![CertificateFacts::of(&found, tools)],
                ..Report::new("certificate", body, Some(Encoding::Der))
            });
        }
        Err(error) => error,
    };
    match UnverifiedCsr::from_der(body, &Limits::REPLY) {
        Ok(request) => {
            let mut payload = PayloadFacts::csr(&request, None, tools);
            Ok(Report {
                signature: payload.csr_signature.take(),
                payload: Some(payload),
                ..Report::new("csr", body, Some(Encoding::Der))
            })
        }
        Err(_) if Crl::from_der(body).is_ok() => Err(Failure {
            error: "a bare CRL, which SCEP sends in a set only".to_owned(),
            item: Some(Item::CertificateList.name()),
            offset: Some(0),
        }),
        // Whichever was read further is what it was to be.
        Err(other) if other.offset() > error.offset() => Err(other.into()),
        Err(_) => Err(error.into()),
    }
}

/// Looks for the issuer of a certificate among the signers, and in the certificate itself.
fn issuers_signature(found: &Certificate<'_>, tools: &Tools) -> SignatureFacts {
    let mut facts = SignatureFacts::named(found.signature_algorithm_oid());
    facts.note = "no certificate at hand is its issuer's".to_owned();
    facts.verdict = Some(Verdict::NoSignerCertificate);
    let known = tools
        .signers
        .iter()
        .map(|signer| (signer.borrowed(), false));
    for (issuer, embedded) in std::iter::once((found.borrowed(), true)).chain(known) {
        let outcome = found.verify_issued_by(&issuer, &tools.provider, &tools.policy);
        let verdict = match outcome {
            Ok(()) => Verdict::Valid,
            Err(CertificateSignatureError::Refused(_)) => Verdict::RefusedByPolicy,
            Err(CertificateSignatureError::Invalid) => Verdict::Invalid,
            Err(error @ CertificateSignatureError::IssuerIsNoCa) => {
                facts.note = error.to_string();
                continue;
            }
            Err(_) => continue,
        };
        facts.note =
            outcome.map_or_else(|error| error.to_string(), |()| "by its issuer".to_owned());
        facts.verdict = Some(verdict);
        facts.signer = Some(SignerFacts::of(&issuer, embedded));
        if outcome.is_ok() {
            break;
        }
    }
    facts
}

impl Report {
    fn new(kind: &'static str, bytes: &[u8], encoding: Option<Encoding>) -> Self {
        Self {
            kind,
            len: bytes.len(),
            encoding,
            message: None,
            signature: None,
            envelope: None,
            envelope_error: None,
            payload: None,
            certificates_signed: None,
            certificates: Vec::new(),
            capabilities: None,
            event: None,
        }
    }
}

impl UnreadableFacts {
    fn of(attribute: UnknownAttribute<'_>) -> Option<Self> {
        let name = match attribute.oid() {
            oid::FAIL_INFO => "failInfo",
            oid::MS_SCEP_ERROR => "Microsoft's code",
            _ => return None,
        };
        let der = attribute.values();
        let value = AnyRef::from_der(der).ok();
        let text = value.and_then(|value| std::str::from_utf8(value.value()).ok());
        let text = text.filter(|text| !text.chars().any(char::is_control));
        Some(Self {
            attribute: name,
            value: text.map_or_else(|| hex(der), |text| format!("{text:?}")),
        })
    }
}

impl SignatureFacts {
    const fn unknown() -> Self {
        Self {
            digest: None,
            algorithm: None,
            verdict: None,
            note: String::new(),
            signer_id: None,
            signer: None,
        }
    }

    fn of(report: &SignatureReport<'_>) -> Self {
        let (verdict, note) = match &report.outcome {
            Ok(form) => (Verdict::Valid, form_name(*form).to_owned()),
            Err(error) => (Verdict::of(error), error.to_string()),
        };
        let signer = report.signer.as_ref();
        Self {
            digest: Some(name_or_oid(report.digest.map(DigestAlgorithm::name))),
            algorithm: Some(name_or_oid(report.algorithm.map(SignatureAlgorithm::name))),
            verdict: Some(verdict),
            note,
            signer_id: Some(IdFacts::of(report.signer_id)),
            signer: signer.map(|signer| SignerFacts::of(signer, report.embedded)),
        }
    }

    /// Of a certificate or CSR, by the identifier of the algorithm.
    pub fn named(algorithm: Oid) -> Self {
        let known = [
            (oid::MD5_WITH_RSA, "rsa-pkcs1v15", Some("md5")),
            (oid::SHA1_WITH_RSA, "rsa-pkcs1v15", Some("sha-1")),
            (oid::SHA256_WITH_RSA, "rsa-pkcs1v15", Some("sha-256")),
            (oid::SHA384_WITH_RSA, "rsa-pkcs1v15", Some("sha-384")),
            (oid::SHA512_WITH_RSA, "rsa-pkcs1v15", Some("sha-512")),
            (oid::RSASSA_PSS, "rsa-pss", None),
            (oid::ECDSA_WITH_SHA256, "ecdsa", Some("sha-256")),
            (oid::ECDSA_WITH_SHA384, "ecdsa", Some("sha-384")),
            (oid::ECDSA_WITH_SHA512, "ecdsa", Some("sha-512")),
            (oid::ED25519, "ed25519", None),
        ];
        let (name, digest) = known
            .into_iter()
            .find(|(known, ..)| *known == algorithm)
            .map_or((algorithm.to_string(), None), |(_, name, digest)| {
                (name.to_owned(), digest)
            });
        Self {
            digest: digest.map(str::to_owned),
            algorithm: Some(name),
            ..Self::unknown()
        }
    }
}

impl Verdict {
    const fn of(error: &VerifyError) -> Self {
        match error {
            VerifyError::Refused(_) => Self::RefusedByPolicy,
            VerifyError::SignerCertificateMissing | VerifyError::UntrustedSigner => {
                Self::NoSignerCertificate
            }
            _ => Self::Invalid,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::NoSignerCertificate => "no-signer-certificate",
            Self::RefusedByPolicy => "refused-by-policy",
        }
    }
}

impl IdFacts {
    fn of(id: SignerId<'_>) -> Self {
        match id {
            SignerId::IssuerAndSerialNumber { issuer, serial } => Self::IssuerAndSerial {
                issuer: name(issuer),
                serial: serial.to_vec(),
            },
            SignerId::SubjectKeyIdentifier(ski) => Self::SubjectKeyIdentifier(ski.to_vec()),
            _ => Self::SubjectKeyIdentifier(Vec::new()),
        }
    }
}

impl SignerFacts {
    fn of(signer: &Certificate<'_>, embedded: bool) -> Self {
        Self {
            subject: signer.subject().to_string(),
            serial: signer.serial().to_vec(),
            self_signed: signer.is_self_issued(),
            embedded,
        }
    }
}

impl RecipientFacts {
    fn of(recipient: &inspect::RecipientReport<'_>) -> Self {
        let hashes = match recipient.key_transport {
            Some(Ok(KeyTransport::RsaOaep { digest, mgf_digest })) => {
                Some((digest.name(), mgf_digest.name()))
            }
            _ => None,
        };
        let agreement = recipient.key_agreement.and_then(Result::ok);
        Self {
            kind: match recipient.kind {
                RecipientKind::KeyTransport => "ktri",
                RecipientKind::KeyAgreement => "kari",
                RecipientKind::KeyEncryptionKey => "kekri",
                RecipientKind::Password => "pwri",
                _ => "ori",
            },
            id: recipient.id.map(IdFacts::of),
            key_encryption: key_encryption(recipient),
            oaep_hash: hashes.map(|(digest, _)| digest),
            mgf_hash: hashes.map(|(_, mgf_digest)| mgf_digest),
            kdf_hash: agreement.map(|agreement| agreement.kdf_digest.name()),
            key_wrap: agreement.map(|agreement| agreement.wrap.name()),
            password: recipient.password.and_then(Result::ok),
        }
    }
}

impl CertificateFacts {
    pub fn of(certificate: &Certificate<'_>, tools: &Tools) -> Self {
        Self::Readable {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            serial: certificate.serial().to_vec(),
            key: key_name(certificate.public_key_der()),
            validity: certificate.validity(),
            ca: certificate.is_ca(),
            sha256: sha256(certificate.as_der(), tools),
        }
    }
}

const fn form_name(form: SignedForm) -> &'static str {
    match form {
        SignedForm::AsReceived => "over the attributes as they came",
        SignedForm::Der => "over the attributes in DER order, in which they did not come",
        _ => "over the content",
    }
}

fn content_type_name(content_type: Option<Oid>) -> String {
    match content_type {
        Some(oid::DATA) => "data".to_owned(),
        Some(oid::ENCRYPTED_DATA) => "encryptedData".to_owned(),
        Some(other) => other.to_string(),
        None => "no identifier that is known".to_owned(),
    }
}

/// The policies that do not open an envelope around this type.
fn refusing(content_type: Option<Oid>) -> Vec<&'static str> {
    let opens = |policy: &Policy| match content_type {
        Some(oid::DATA) => true,
        Some(oid::ENCRYPTED_DATA) => policy.tolerates(Tolerance::EncryptedDataContentType),
        _ => false,
    };
    let policies = [
        ("strict", Policy::strict()),
        ("default", Policy::default()),
        ("compatible", Policy::compatible()),
    ];
    let refusing = policies.iter().filter(|(_, policy)| !opens(policy));
    refusing.map(|(name, _)| *name).collect()
}

/// The algorithm by which the content key is encrypted; of one that is not known, the identifier.
fn key_encryption(recipient: &inspect::RecipientReport<'_>) -> Option<String> {
    let (known, refused) = match (
        recipient.key_transport,
        recipient.key_agreement,
        recipient.password,
    ) {
        (Some(Ok(transport)), ..) => (transport.name(), None),
        // What is refused is in the parameters, if it is not the algorithm itself.
        (Some(Err(refused)), ..) => ("rsa-oaep", Some(refused)),
        (_, Some(agreement), _) => ("ecdh", agreement.err()),
        (.., Some(password)) => ("pwri-kek", password.err()),
        _ => return None,
    };
    Some(match refused {
        Some(
            Refused::KeyTransport(oid)
            | Refused::KeyAgreement(oid)
            | Refused::KeyWrap(oid)
            | Refused::KeyDerivation(oid)
            | Refused::PasswordPrf(oid)
            | Refused::PasswordCipher(oid),
        ) => oid.to_string(),
        _ => known.to_owned(),
    })
}

pub fn name(der: &[u8]) -> String {
    NameRef::new(der).to_string()
}

fn name_or_oid(known: Result<&'static str, Oid>) -> String {
    known.map_or_else(|oid| oid.to_string(), str::to_owned)
}

pub fn sha256(bytes: &[u8], tools: &Tools) -> Vec<u8> {
    let digest = tools
        .provider
        .digests()
        .digest(DigestAlgorithm::Sha256, &[bytes]);
    digest.map_or_else(|_| Vec::new(), |digest| digest.as_bytes().to_vec())
}
