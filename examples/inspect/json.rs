//! A report as one line of JSON.

use scep::diagnose::{Finding, Sender};
use scep::microsoft::Hresult;
use scep::{ChallengeKind, Encoding};
use serde_json::{Value, json};

use crate::facts::{
    CertificateFacts, EnvelopeFacts, EventFacts, IdFacts, RecipientFacts, Report, SignatureFacts,
    SignerFacts, UnreadableFacts,
};
use crate::input::Failure;
use crate::payload::{AltName, ExtensionFacts, PayloadFacts};
use crate::show::ExchangeFacts;

/// What was decoded.
pub fn report(file: &str, report: &Report, findings: &[Finding]) -> Value {
    let message = report.message.as_ref();
    let signature = report.signature.as_ref();
    let mut object = json!({
        "file": file,
        "kind": report.kind,
        "encoding": report.encoding.map(|encoding| match encoding {
            Encoding::Der => "der",
            _ => "ber",
        }),
        "message_type": message.map(|message| message.message_type),
        "message_type_name": message.map(|message| message.message_type_name),
        "transaction_id": message.map(|message| &message.transaction_id),
        "sender_nonce": message.and_then(|message| message.sender_nonce.as_deref().map(hex)),
        "recipient_nonce": message.and_then(|message| message.recipient_nonce.as_deref().map(hex)),
        "pki_status": message.and_then(|message| Some(message.pki_status?.code())),
        "fail_info": message.and_then(|message| Some(message.fail_info?.code())),
        "fail_info_text": message.and_then(|message| message.fail_info_text.as_ref()),
        "microsoft_error": message.and_then(|message| message.microsoft_error.map(hresult)),
        "microsoft_message": message.and_then(|message| message.microsoft_message.as_ref()),
        "digest": signature.and_then(|signature| signature.digest.as_ref()),
        "signature_algorithm": signature.and_then(|signature| signature.algorithm.as_ref()),
        "signature": signature.and_then(|signature| Some(signature.verdict?.name())),
        "signer_id": signature.and_then(signer_id),
        "signer": signature.and_then(|signature| signature.signer.as_ref().map(signer)),
        "other_attributes": message.map(|message| {
            let attribute = |(oid, value): &(scep::Oid, Vec<u8>)| {
                json!({ "oid": oid.to_string(), "value": hex(value) })
            };
            message.other.iter().map(attribute).collect::<Vec<_>>()
        }),
        "unreadable_attributes": message.map(|message| {
            let attribute = |found: &UnreadableFacts| {
                json!({ "attribute": found.attribute, "value": found.value })
            };
            message.unreadable.iter().map(attribute).collect::<Vec<_>>()
        }),
        "sender": message.and_then(|message| message.sender.as_ref().map(sender)),
        "unreadable_certificates": unreadable(&report.certificates),
        "envelope": report.envelope.as_ref().map(envelope),
        "envelope_error": report.envelope_error.as_ref().map(cause),
        "payload": report.payload.as_ref().map(payload),
        "findings": findings.iter().map(finding).collect::<Vec<_>>(),
    });
    if let (Some(signed), Some(fields)) = (report.certificates_signed, object.as_object_mut()) {
        fields.insert("certificates_signed".to_owned(), Value::Bool(signed));
    }
    if let (Some(words), Some(fields)) = (&report.capabilities, object.as_object_mut()) {
        fields.insert("capabilities".to_owned(), json!(words));
    }
    if let (Some(found), Some(fields)) = (&report.event, object.as_object_mut()) {
        fields.insert("event".to_owned(), event(found));
    }
    object
}

/// What went by HTTP.
pub fn exchange(file: &str, exchange: &ExchangeFacts, findings: &[Finding]) -> Value {
    let part = |part: &Result<Report, Failure>| match part {
        Ok(found) => report(file, found, &[]),
        Err(error) => failure(file, error),
    };
    json!({
        "file": file,
        "kind": "http",
        "method": exchange.method,
        "target": exchange.target,
        "operation": exchange.operation,
        "status": exchange.status,
        "content_type": exchange.content_type,
        "request": exchange.request.as_ref().map(part),
        "response": exchange.response.as_ref().map(part),
        "findings": findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

/// What was not.
pub fn failure(file: &str, failure: &Failure) -> Value {
    json!({
        "file": file,
        "error": failure.error,
        "item": failure.item,
        "offset": failure.offset,
    })
}

/// Why a part of what was decoded was not.
fn cause(failure: &Failure) -> Value {
    json!({ "error": failure.error, "item": failure.item, "offset": failure.offset })
}

/// Why certificates could not be read, of those that could not.
fn unreadable(certificates: &[CertificateFacts]) -> Vec<Value> {
    let why = |one: &CertificateFacts| match one {
        CertificateFacts::Unreadable(why) => Some(cause(why)),
        CertificateFacts::Readable { .. } => None,
    };
    certificates.iter().filter_map(why).collect()
}

fn event(event: &EventFacts) -> Value {
    json!({
        "outcome": event.outcome,
        "operation": event.operation,
        "url": event.url,
        "microsoft_error": event.code.map(hresult),
        "thumbprint": event.thumbprint,
    })
}

fn hresult(code: Hresult) -> Value {
    json!({
        "code": format!("0x{:08X}", code.code()),
        "name": code.name(),
        "meaning": code.meaning(),
        "advice": code.advice(),
    })
}

fn signer_id(signature: &SignatureFacts) -> Option<Value> {
    signature.signer_id.as_ref().map(|id| match id {
        IdFacts::IssuerAndSerial { issuer, serial } => {
            json!({ "issuer": issuer, "serial": hex(serial) })
        }
        IdFacts::SubjectKeyIdentifier(ski) => json!({ "ski": hex(ski) }),
    })
}

fn signer(signer: &SignerFacts) -> Value {
    json!({
        "subject": signer.subject,
        "serial": hex(&signer.serial),
        "self_signed": signer.self_signed,
        "embedded": signer.embedded,
    })
}

fn sender(sender: &Sender) -> Value {
    json!({
        "program": sender.program().name(),
        "certainty": sender.certainty().to_string(),
        "evidence": sender.evidence(),
    })
}

fn envelope(envelope: &EnvelopeFacts) -> Value {
    json!({
        "recipients": envelope.recipients.iter().map(recipient).collect::<Vec<_>>(),
        "content_type": envelope.content_type,
        "refused_by": envelope.refused_by,
        "cipher": envelope.cipher,
        "opened": envelope.opened,
    })
}

fn recipient(recipient: &RecipientFacts) -> Value {
    let (issuer, serial, ski) = match &recipient.id {
        Some(IdFacts::IssuerAndSerial { issuer, serial }) => {
            (Some(issuer), Some(hex(serial)), None)
        }
        Some(IdFacts::SubjectKeyIdentifier(ski)) => (None, None, Some(hex(ski))),
        None => (None, None, None),
    };
    json!({
        "kind": recipient.kind,
        "issuer": issuer,
        "serial": serial,
        "ski": ski,
        "key_encryption": recipient.key_encryption,
        "oaep_hash": recipient.oaep_hash,
        "mgf_hash": recipient.mgf_hash,
        "kdf_hash": recipient.kdf_hash,
        "key_wrap": recipient.key_wrap,
        "password_cipher": recipient.password.map(|under| under.cipher.name()),
        "password_prf": recipient.password.map(|under| under.prf.name()),
        "password_iterations": recipient.password.map(|under| under.iterations),
    })
}

fn payload(payload: &PayloadFacts) -> Value {
    json!({
        "kind": payload.kind,
        "len": payload.len,
        "sha256": hex(&payload.sha256),
        "error": payload.error.as_ref().map(cause),
        "certificates": payload.certificates.len(),
        "unreadable_certificates": unreadable(&payload.certificates),
        "crls": payload.crls.len(),
        "subject": payload.subject,
        "version": payload.version,
        "key": payload.key,
        "key_is_signers": payload.key_is_signers,
        "challenge_password": payload.challenge_password.unwrap_or("absent"),
        "challenge_kind": payload.challenge_kind.map(challenge_kind),
        "extensions": payload.extensions.iter().map(extension).collect::<Vec<_>>(),
    })
}

const fn challenge_kind(kind: ChallengeKind) -> &'static str {
    match kind {
        ChallengeKind::Absent => "absent",
        ChallengeKind::Empty => "empty",
        ChallengeKind::NdesOneTime => "ndes-one-time",
        ChallengeKind::IntuneBlob => "intune-blob",
        _ => "other",
    }
}

fn extension(extension: &ExtensionFacts) -> Value {
    let name = |name: &AltName| json!({ "kind": name.kind, "value": name.value });
    json!({
        "oid": extension.oid.to_string(),
        "critical": extension.critical,
        "len": extension.len,
        "alt_names": extension.alt_names.iter().map(name).collect::<Vec<_>>(),
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code().name(),
        "severity": finding.severity().to_string(),
        "sentence": finding.sentence(),
        "evidence": finding.evidence(),
        "cause": finding.cause(),
        "advice": finding.advice(),
        "fail_info": finding.fail_info().map(|info| info.code()),
        "fail_info_text": finding.fail_info_text(),
    })
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
