//! A report for people: a line for each fact, a level of indentation for each layer.

use std::fmt::Display;

use scep::diagnose::Finding;
use scep::microsoft::Hresult;
use scep::{ChallengeKind, Encoding, Oid, Validity, oid};

use crate::facts::{
    CertificateFacts, EnvelopeFacts, EventFacts, IdFacts, MessageFacts, Report, SignatureFacts,
};
use crate::input::Failure;
use crate::json::hex;
use crate::payload::PayloadFacts;
use crate::show::ExchangeFacts;

/// What was decoded.
pub fn report(file: &str, report: &Report, findings: &[Finding]) -> String {
    let mut page = Page(String::new());
    let kind = match report.kind {
        "pki_message" => "a pkiMessage",
        "certs_only" => "a set of certificates and CRLs",
        "next_ca" => "the next CA certificates",
        "certificate" => "a certificate",
        "csr" => "a CSR",
        "event" => "a sentence of a log",
        _ => "a list of capabilities",
    };
    let encoding = report.encoding.map_or("", |encoding| match encoding {
        Encoding::Der => " of DER",
        _ => " of BER",
    });
    page.0 = format!("{file}: {kind}, {} bytes{encoding}\n", report.len);
    if let Some(message) = &report.message {
        page.message(message);
    }
    if let Some(signature) = &report.signature {
        page.signature(1, "signature", signature);
    }
    if let Some(signed) = report.certificates_signed {
        page.line(
            1,
            "certificates",
            if signed {
                "covered by the signature"
            } else {
                "NOT covered by the signature"
            },
        );
    }
    for certificate in &report.certificates {
        page.certificate(1, certificate);
    }
    if let Some(envelope) = &report.envelope {
        page.envelope(envelope);
    }
    if let Some(failure) = &report.envelope_error {
        page.line(1, "envelope", format_args!("unreadable: {}", failure.error));
    }
    if let Some(payload) = &report.payload {
        page.payload(1 + u8::from(report.envelope.is_some()), payload);
    }
    if let Some(capabilities) = &report.capabilities {
        if capabilities.is_empty() {
            page.line(1, "capability", "none is listed");
        }
        for capability in capabilities {
            page.line(1, "capability", capability.escape_debug());
        }
    }
    if let Some(event) = &report.event {
        page.event(event);
    }
    for finding in findings {
        page.finding(finding);
    }
    page.0
}

/// What went by HTTP.
pub fn exchange(file: &str, exchange: &ExchangeFacts, findings: &[Finding]) -> String {
    let mut page = Page(format!("{file}: HTTP\n"));
    let asked = exchange.method.as_ref().zip(exchange.target.as_ref());
    page.some(
        1,
        "asked",
        asked.map(|(method, target)| format!("{method} {}", shortened(target))),
    );
    page.some(1, "operation", exchange.operation);
    page.some(1, "status", exchange.status);
    page.some(
        1,
        "media type",
        exchange
            .content_type
            .as_ref()
            .map(|media_type| media_type.escape_debug()),
    );
    let parts = [
        ("request", &exchange.request),
        ("response", &exchange.response),
    ];
    for (name, part) in parts {
        match part {
            Some(Ok(found)) => page.0.push_str(&report(name, found, &[])),
            Some(Err(error)) => page.0.push_str(&failure(name, error)),
            None => {}
        }
    }
    for finding in findings {
        page.finding(finding);
    }
    page.0
}

/// A URL without most of the message in it.
fn shortened(target: &str) -> String {
    let shown = target.chars().take(120).collect::<String>();
    let shown = shown.escape_debug();
    match target.len() {
        0..=120 => shown.to_string(),
        len => format!("{shown}... ({len} bytes)"),
    }
}

/// What was not.
pub fn failure(file: &str, failure: &Failure) -> String {
    format!("{file}: cannot be decoded: {}\n", failure.error)
}

struct Page(String);

impl Page {
    fn line(&mut self, level: u8, label: &str, value: impl Display) {
        let indentation = "  ".repeat(usize::from(level));
        self.0
            .push_str(&format!("{indentation}{label:<18} {value}\n"));
    }

    fn some(&mut self, level: u8, label: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.line(level, label, value);
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let severity = finding.severity();
        let (code, sentence) = (finding.code(), finding.sentence());
        self.line(1, "finding", format!("{severity} {code}: {sentence}"));
        self.line(2, "seen by", finding.evidence());
        self.line(2, "usually", finding.cause());
        self.line(2, "what to do", finding.advice());
        self.some(
            2,
            "a server answers",
            finding
                .fail_info()
                .map(|info| match finding.fail_info_text() {
                    Some(text) => format!("{info}, {text:?}"),
                    None => format!("{info}, without a text"),
                }),
        );
    }

    fn event(&mut self, event: &EventFacts) {
        self.some(1, "outcome", event.outcome);
        self.some(1, "operation", event.operation);
        self.some(1, "URL", event.url.as_ref());
        self.some(1, "code", event.code);
        self.some(2, "meaning", event.code.and_then(Hresult::meaning));
        self.some(2, "what to do", event.code.and_then(Hresult::advice));
        self.some(1, "thumbprint", event.thumbprint.as_ref());
    }

    fn message(&mut self, message: &MessageFacts) {
        let kind = format!("{} ({})", message.message_type_name, message.message_type);
        self.line(1, "messageType", kind);
        self.line(1, "transactionID", message.transaction_id.escape_debug());
        self.some(
            1,
            "senderNonce",
            message.sender_nonce.as_deref().map(octets),
        );
        self.some(
            1,
            "recipientNonce",
            message.recipient_nonce.as_deref().map(octets),
        );
        self.some(
            1,
            "pkiStatus",
            message
                .pki_status
                .map(|status| format!("{status} ({})", status.code())),
        );
        self.some(
            1,
            "failInfo",
            message
                .fail_info
                .map(|info| format!("{info} ({})", info.code())),
        );
        self.some(
            1,
            "failInfoText",
            message
                .fail_info_text
                .as_ref()
                .map(|text| format!("{text:?}")),
        );
        self.some(1, "Microsoft's code", message.microsoft_error);
        self.some(
            2,
            "meaning",
            message.microsoft_error.and_then(Hresult::meaning),
        );
        self.some(
            2,
            "what to do",
            message.microsoft_error.and_then(Hresult::advice),
        );
        self.some(
            1,
            "Microsoft's text",
            message
                .microsoft_message
                .as_ref()
                .map(|text| format!("{text:?}")),
        );
        self.some(1, "signingTime", message.signing_time.as_ref());
        for unreadable in &message.unreadable {
            let value = format_args!("unreadable: {}", unreadable.value);
            self.line(1, unreadable.attribute, value);
        }
        for (oid, value) in &message.other {
            self.line(
                1,
                "other attribute",
                format_args!("{oid}, {}", octets(value)),
            );
        }
        match &message.sender {
            Some(sender) => self.line(1, "sent by", sender),
            None => self.line(1, "sent by", "not recognised"),
        }
    }

    fn signature(&mut self, level: u8, label: &str, signature: &SignatureFacts) {
        let verdict = match signature.verdict {
            Some(verdict) => verdict.name().to_uppercase(),
            None => "NOT JUDGED".to_owned(),
        };
        self.line(level, label, format_args!("{verdict}: {}", signature.note));
        let names = [&signature.algorithm, &signature.digest];
        let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
        if !names.is_empty() {
            self.line(level + 1, "algorithm", names.join(", "));
        }
        self.some(
            level + 1,
            "signer named by",
            signature.signer_id.as_ref().map(identifier),
        );
        if let Some(signer) = &signature.signer {
            let origin = if signer.embedded {
                "came along"
            } else {
                "was given"
            };
            let issuer = if signer.self_signed {
                "self-issued"
            } else {
                "issued by a CA"
            };
            self.line(
                level + 1,
                "signer",
                format_args!("\"{}\", {issuer}, {origin}", signer.subject),
            );
        }
    }

    fn envelope(&mut self, envelope: &EnvelopeFacts) {
        let encoding = match envelope.encoding {
            Encoding::Der => "DER",
            _ => "BER",
        };
        let opened = match &envelope.refused {
            _ if envelope.opened => "opened",
            Some(refused) => &format!("not opened: {refused}"),
            None => "not opened: no key or password at hand fits",
        };
        self.line(
            1,
            "envelope",
            format_args!("{encoding}, {}, {opened}", envelope.cipher),
        );
        if !envelope.refused_by.is_empty() {
            let (found, policies) = (&envelope.content_type, envelope.refused_by.join(", "));
            let refused = format_args!("{found}, refused by --policy {policies}");
            self.line(2, "content type", refused);
        }
        for recipient in &envelope.recipients {
            let mut parts = vec![recipient.kind.to_owned()];
            parts.extend(recipient.key_encryption.clone());
            parts.extend(recipient.oaep_hash.map(|hash| format!("hash {hash}")));
            parts.extend(recipient.mgf_hash.map(|hash| format!("MGF hash {hash}")));
            parts.extend(recipient.kdf_hash.map(|hash| format!("KDF hash {hash}")));
            parts.extend(recipient.key_wrap.map(str::to_owned));
            parts.extend(recipient.password.map(|under| {
                let (cipher, prf) = (under.cipher.name(), under.prf.name());
                format!(
                    "{cipher}, PBKDF2 with {prf}, {} iterations",
                    under.iterations
                )
            }));
            parts.extend(recipient.id.as_ref().map(identifier));
            self.line(2, "recipient", parts.join(", "));
        }
    }

    fn payload(&mut self, level: u8, payload: &PayloadFacts) {
        let kind = match payload.kind {
            "pkcs10" => "a CSR",
            "certs_only" => "a set of certificates and CRLs",
            "issuer_and_subject" => "IssuerAndSubject",
            "issuer_and_serial_number" => "IssuerAndSerialNumber",
            other => other,
        };
        self.line(
            level,
            "payload",
            format_args!("{kind}, {} bytes", payload.len),
        );
        let level = level + 1;
        self.line(level, "SHA-256", hex(&payload.sha256));
        let error = payload.error.as_ref();
        self.some(level, "cannot be read", error.map(|failure| &failure.error));
        self.some(level, "issuer", payload.issuer.as_ref().map(quoted));
        self.some(level, "serial number", payload.serial.as_deref().map(hex));
        self.some(level, "subject", payload.subject.as_ref().map(quoted));
        let version = payload.version.filter(|version| *version != 0);
        let version = version.map(|version| format!("{version}, where RFC 2986 has 0"));
        self.some(level, "version", version);
        let whose = match payload.key_is_signers {
            Some(true) => ", which signed the message",
            Some(false) => ", and another signed the message",
            None => "",
        };
        let key = payload.key.as_ref();
        self.some(level, "key", key.map(|key| format!("{key}{whose}")));
        let challenge = payload.challenge_kind.map(challenge);
        self.some(level, "challenge password", challenge);
        for found in &payload.extensions {
            let critical = if found.critical { ", critical" } else { "" };
            let (name, len) = (extension(found.oid), found.len);
            let value = format_args!("{name}{critical}, {len} bytes");
            self.line(level, "wants extension", value);
            for name in &found.alt_names {
                self.line(level + 1, name.kind, &name.value);
            }
        }
        if let Some(signature) = &payload.csr_signature {
            self.signature(level, "signature", signature);
        }
        for certificate in &payload.certificates {
            self.certificate(level, certificate);
        }
        for issuer in &payload.crls {
            self.line(level, "CRL", format_args!("by \"{issuer}\""));
        }
    }

    fn certificate(&mut self, level: u8, certificate: &CertificateFacts) {
        match certificate {
            CertificateFacts::Unreadable(why) => {
                let why = format_args!("unreadable: {}", why.error);
                self.line(level, "certificate", why);
            }
            CertificateFacts::Readable {
                subject,
                issuer,
                serial,
                key,
                validity,
                ca,
                sha256,
            } => {
                let role = if *ca { "a CA" } else { "no CA" };
                self.line(level, "certificate", format_args!("\"{subject}\", {role}"));
                self.line(level + 1, "issuer", quoted(issuer));
                self.line(level + 1, "serial number", hex(serial));
                self.line(level + 1, "key", key);
                self.some(level + 1, "valid", validity.map(period));
                self.line(level + 1, "SHA-256", hex(sha256));
            }
        }
    }
}

const fn challenge(kind: ChallengeKind) -> &'static str {
    match kind {
        ChallengeKind::Absent => "absent",
        ChallengeKind::Empty => "empty",
        ChallengeKind::NdesOneTime => "present, 16 or 32 digits as NDES gives out",
        ChallengeKind::IntuneBlob => "present, long base64 as Intune gives out",
        _ => "present, a text",
    }
}

fn quoted(name: &String) -> String {
    format!("\"{name}\"")
}

fn octets(bytes: &[u8]) -> String {
    format!("{}, {} bytes", hex(bytes), bytes.len())
}

fn identifier(id: &IdFacts) -> String {
    match id {
        IdFacts::IssuerAndSerial { issuer, serial } => {
            format!("serial number {} of \"{issuer}\"", hex(serial))
        }
        IdFacts::SubjectKeyIdentifier(ski) => format!("key identifier {}", hex(ski)),
    }
}

fn extension(extension: Oid) -> String {
    let known = [
        (oid::SUBJECT_KEY_IDENTIFIER, "subjectKeyIdentifier"),
        (oid::KEY_USAGE, "keyUsage"),
        (oid::SUBJECT_ALT_NAME, "subjectAltName"),
        (oid::BASIC_CONSTRAINTS, "basicConstraints"),
        (oid::EXT_KEY_USAGE, "extKeyUsage"),
    ];
    let name = known.iter().find(|(oid, _)| *oid == extension);
    name.map_or_else(|| extension.to_string(), |(_, name)| (*name).to_owned())
}

fn period(validity: Validity) -> String {
    format!(
        "from {} to {}",
        time(validity.not_before),
        time(validity.not_after)
    )
}

/// Seconds since the Unix epoch as a date and time in UTC.
fn time(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years that start in March have their leap day at the end; 400 of them have 146,097 days.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = year + 400 * era + carry;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}
