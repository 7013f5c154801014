//! A client's request, and the CSR in it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::ca::{hex, list, may_decrypt, named};
use super::{Diagnosis, Finding, FindingCode};
use crate::certificate::civil_text;
use crate::{
    Certificate, ChallengePassword, MessageType, NameRef, PkiMessage, SignerId, UnverifiedCsr,
    inspect,
};

pub(super) fn judge(
    diagnosis: &Diagnosis<'_>,
    request: &PkiMessage<'_>,
    findings: &mut Vec<Finding>,
) {
    if request.unverified_sender_nonce().is_none() {
        let evidence = "signed attributes: no senderNonce".into();
        findings.push(Finding::new(FindingCode::SenderNonceMissing, evidence));
    }
    if !diagnosis.ca_certificates.is_empty() {
        judge_recipient(request, diagnosis.ca_certificates, findings);
    }
    let signer = signer(request);
    if let (Some(now), Some(signer)) = (diagnosis.now, &signer) {
        judge_clock(signer, now, findings);
    }
    let first = request.unverified_message_type() == MessageType::PkcsReq
        && signer.is_none_or(|signer| signer.is_self_issued());
    if let Some(csr) = diagnosis.csr {
        judge_challenge(csr, first, findings);
    }
}

fn judge_recipient(
    request: &PkiMessage<'_>,
    certificates: &[Certificate<'_>],
    findings: &mut Vec<Finding>,
) {
    let Ok(Some(envelope)) = inspect::envelope(request) else {
        return;
    };
    let ids: Vec<_> = envelope
        .recipients
        .iter()
        .filter_map(|one| one.id)
        .collect();
    // Interop: micromdm's CA decrypts by itself, though its keyUsage has no keyEncipherment. Only where there is a better
    // certificate is another the wrong one.
    let better = certificates.iter().any(may_decrypt);
    let right = || list(certificates.iter().filter(|one| may_decrypt(one)));
    for id in &ids {
        let meant: Vec<_> = certificates
            .iter()
            .filter(|one| is_meant(id, one))
            .collect();
        let (code, evidence) = match meant.first() {
            None => (FindingCode::RecipientUnknown, shown(id)),
            Some(one) if better && !may_decrypt(one) => {
                (FindingCode::RecipientMayNotDecrypt, named(one))
            }
            Some(_) => continue,
        };
        let evidence = format!("RecipientInfo names {evidence}; right is {}", right());
        findings.push(Finding::new(code, evidence));
    }
}

fn judge_clock(signer: &Certificate<'_>, now: i64, findings: &mut Vec<Finding>) {
    let Some(ahead) = signer
        .validity()
        .map(|validity| validity.not_before.saturating_sub(now))
        .filter(|ahead| *ahead > 0)
    else {
        return;
    };
    let begins = civil_text(now.saturating_add(ahead)).unwrap_or_default();
    let evidence = format!("signer's notBefore is {begins} UTC, {ahead} seconds ahead");
    findings.push(Finding::new(FindingCode::SignerNotYetValid, evidence));
}

fn judge_challenge(csr: &UnverifiedCsr, first: bool, findings: &mut Vec<Finding>) {
    let (code, evidence) = match csr.unverified_challenge_password() {
        ChallengePassword::Absent if first => {
            (FindingCode::ChallengeAbsent, "CSR: no challengePassword")
        }
        ChallengePassword::Empty if first => (
            FindingCode::ChallengeEmpty,
            "CSR: challengePassword of length 0",
        ),
        ChallengePassword::Present(password) if !password.is_printable_string() => (
            FindingCode::ChallengeNotPrintable,
            "CSR: type of challengePassword",
        ),
        _ => return,
    };
    findings.push(Finding::new(code, evidence.into()));
}

/// The certificate in the message that its signer is named by.
fn signer<'m>(message: &'m PkiMessage<'m>) -> Option<Certificate<'m>> {
    let id: SignerId<'_> = message.signer_info()?.sid.into();
    message
        .unverified_certificates()
        .find(|certificate| is_meant(&id, certificate))
}

fn is_meant(id: &SignerId<'_>, certificate: &Certificate<'_>) -> bool {
    match id {
        SignerId::IssuerAndSerialNumber { issuer, serial } => {
            certificate.issuer_der() == *issuer && certificate.serial() == *serial
        }
        SignerId::SubjectKeyIdentifier(identifier) => {
            certificate.subject_key_identifier() == Some(*identifier)
        }
    }
}

fn shown(id: &SignerId<'_>) -> String {
    match id {
        SignerId::IssuerAndSerialNumber { issuer, serial } => {
            let mut text = format!("issuer \"{}\" serial ", NameRef::new(issuer));
            hex(&mut text, serial);
            text
        }
        SignerId::SubjectKeyIdentifier(identifier) => {
            let mut text = String::from("key identifier ");
            hex(&mut text, identifier);
            text
        }
    }
}
