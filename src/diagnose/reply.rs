//! A server's reply, alone or beside its request.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Diagnosis, Finding, FindingCode};
use crate::crypto::KeyTransport;
use crate::microsoft::Hresult;
use crate::{FailInfo, PkiMessage, PkiStatus, inspect};

pub(super) fn judge(
    diagnosis: &Diagnosis<'_>,
    reply: &PkiMessage<'_>,
    findings: &mut Vec<Finding>,
) {
    let attributes = reply.unverified_attributes();
    if attributes.sender_nonce().is_none() {
        let evidence = "signed attributes: no senderNonce".into();
        findings.push(Finding::new(FindingCode::ReplyWithoutSenderNonce, evidence));
    }
    if attributes.pki_status() == Some(PkiStatus::Failure) {
        judge_refusal(diagnosis.request, reply, findings);
    }
    if let Some(request) = diagnosis.request {
        judge_pair(request, reply, findings);
    }
}

/// The codes by which NDES refuses a challenge password.
const CHALLENGE_REFUSED: [Hresult; 3] = [
    Hresult::new(0x8007_0490),
    Hresult::new(0x8009_6004),
    Hresult::new(0x800b_0110),
];

fn judge_refusal(
    request: Option<&PkiMessage<'_>>,
    reply: &PkiMessage<'_>,
    findings: &mut Vec<Finding>,
) {
    let attributes = reply.unverified_attributes();
    let mut said: Vec<String> = Vec::new();
    said.extend(
        attributes
            .fail_info()
            .map(|info| format!("failInfo {info}")),
    );
    let texts = [attributes.fail_info_text(), attributes.microsoft_message()];
    said.extend(texts.into_iter().flatten().map(|text| format!("{text:?}")));
    let code = attributes.microsoft_error();
    said.extend(code.map(|code| match code.meaning() {
        Some(meaning) => format!("HRESULT {code}: {meaning}"),
        None => format!("HRESULT {code}"),
    }));
    if said.is_empty() {
        said.push("pkiStatus FAILURE, and nothing else".into());
    }
    findings.push(Finding::new(FindingCode::Refused, said.join("; ")));
    if let Some(code) = code.filter(|code| CHALLENGE_REFUSED.contains(code)) {
        let evidence = format!("HRESULT {code}");
        findings.push(Finding::new(FindingCode::ChallengeRefused, evidence));
    }
    if attributes.fail_info() == Some(FailInfo::BadAlg) && request.is_some_and(has_oaep) {
        let evidence = "failInfo badAlg; keyEncryptionAlgorithm RSAES-OAEP".into();
        findings.push(Finding::new(FindingCode::OaepRefused, evidence));
    }
}

fn has_oaep(request: &PkiMessage<'_>) -> bool {
    let envelope = inspect::envelope(request).ok().flatten();
    envelope.is_some_and(|envelope| {
        let mut transports = envelope.recipients.iter().map(|one| one.key_transport);
        transports.any(|transport| matches!(transport, Some(Ok(KeyTransport::RsaOaep { .. }))))
    })
}

fn judge_pair(request: &PkiMessage<'_>, reply: &PkiMessage<'_>, findings: &mut Vec<Finding>) {
    let (sent, came) = (
        request.unverified_transaction_id(),
        reply.unverified_transaction_id(),
    );
    if sent != came {
        let evidence = format!("transactionID {sent} and {came}");
        findings.push(Finding::new(FindingCode::TransactionIdMismatch, evidence));
    }
    let (sent, came) = (
        request.unverified_sender_nonce(),
        reply.unverified_attributes().recipient_nonce(),
    );
    if sent.is_some() && sent != came {
        let len = |nonce: Option<crate::Nonce>| nonce.map_or(0, |nonce| nonce.as_bytes().len());
        let evidence = format!(
            "senderNonce of {} bytes, recipientNonce of {}",
            len(sent),
            len(came)
        );
        findings.push(Finding::new(FindingCode::NonceMismatch, evidence));
    }
}
