//! A server's reply, alone or beside its request.

use alloc::format;
use alloc::vec::Vec;

use super::{Diagnosis, Finding, FindingCode, algorithms, clock, refusal, signature};
use crate::{PkiMessage, PkiStatus};

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
        refusal::judge(diagnosis, reply, findings);
    }
    // Interop: one byte is what NDES writes where there is no content.
    let nothing = match reply.content() {
        [] => Some("no content"),
        [_] => Some("one byte of content"),
        _ => None,
    };
    let success = attributes.pki_status() == Some(PkiStatus::Success);
    if let Some(nothing) = nothing.filter(|_| success) {
        let evidence = format!("pkiStatus SUCCESS, and {nothing}");
        findings.push(Finding::new(FindingCode::SuccessWithoutContent, evidence));
    }
    signature::judge(diagnosis, reply, diagnosis.ca_certificates, findings);
    signature::judge_signer(reply, diagnosis.ca_certificates, findings);
    if let Some(request) = diagnosis.request {
        judge_pair(request, reply, findings);
        algorithms::judge_pair(request, reply, findings);
        clock::judge_pair(request, reply, findings);
    }
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
