//! A client's request, and the CSR in it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::ca::{hex, list, may_decrypt, named};
use super::{Diagnosis, Finding, FindingCode, algorithms, clock, renewal, signature};
use crate::crypto::{Policy, Tolerance};
use crate::{
    Certificate, ChallengePassword, KeyUsage, MessageType, NameRef, PkiMessage, SignerId,
    UnverifiedCsr, inspect, negotiation,
};

pub(super) fn judge(
    diagnosis: &Diagnosis<'_>,
    request: &PkiMessage<'_>,
    findings: &mut Vec<Finding>,
) {
    let tolerates = |policy: Policy| policy.tolerates(Tolerance::MissingSenderNonce);
    if request.unverified_sender_nonce().is_none() && !diagnosis.policy.is_some_and(tolerates) {
        let evidence = "signed attributes: no senderNonce".into();
        findings.push(Finding::new(FindingCode::SenderNonceMissing, evidence));
    }
    if !diagnosis.ca_certificates.is_empty() {
        judge_recipient(request, diagnosis.ca_certificates, findings);
    }
    algorithms::judge(diagnosis, request, findings);
    signature::judge(diagnosis, request, &[], findings);
    let signer = signer(request);
    if let Some(now) = diagnosis.now {
        clock::judge(request, signer.as_ref(), now, findings);
    }
    if let Some(signer) = &signer {
        signature::judge_key(diagnosis, signer, findings);
        renewal::judge(diagnosis, request, signer, findings);
    }
    let first = request.unverified_message_type() == MessageType::PkcsReq
        && signer.is_none_or(|signer| signer.is_self_issued());
    if let Some(csr) = diagnosis.csr {
        judge_challenge(csr, first, ndes(diagnosis), findings);
    }
}

/// By what the server shows itself to be NDES, if it does.
fn ndes(diagnosis: &Diagnosis<'_>) -> Option<&'static str> {
    let capabilities = diagnosis.capabilities;
    let reply = diagnosis.reply.map(PkiMessage::unverified_attributes);
    if capabilities.is_some_and(negotiation::is_ndes) {
        Some("GetCACaps is the list of NDES")
    } else if reply.is_some_and(|reply| reply.microsoft_error().is_some()) {
        Some("the reply has an HRESULT")
    } else {
        None
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
    // An RA that says nothing of encryption need not be for it.
    let is_ra = |one: &&Certificate<'_>| {
        let usage = one.key_usage();
        !one.may_issue() && usage.is_some_and(KeyUsage::key_encipherment)
    };
    let ras = || certificates.iter().filter(is_ra);
    let has_ra = ras().next().is_some();
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
            Some(one) if one.may_issue() && has_ra => (FindingCode::RecipientIsCa, named(one)),
            Some(_) => continue,
        };
        // To the CA is wrong too where an RA stands before it.
        let right = match (has_ra, better) {
            (true, _) => format!("right is {}", list(ras())),
            (false, true) => format!(
                "right is {}",
                list(certificates.iter().filter(|one| may_decrypt(one)))
            ),
            (false, false) => format!("GetCACert: {}", list(certificates.iter())),
        };
        let evidence = format!("RecipientInfo names {evidence}; {right}");
        findings.push(Finding::new(code, evidence));
    }
}

fn judge_challenge(
    csr: &UnverifiedCsr,
    first: bool,
    ndes: Option<&str>,
    findings: &mut Vec<Finding>,
) {
    let (code, evidence) = match csr.unverified_challenge_password() {
        ChallengePassword::Absent if first => (
            FindingCode::ChallengeAbsent,
            "CSR: no challengePassword".into(),
        ),
        ChallengePassword::Empty if first => (
            FindingCode::ChallengeEmpty,
            "CSR: challengePassword of length 0".into(),
        ),
        ChallengePassword::Present(password) if !password.is_printable_string() => {
            let evidence = format!("CSR: challengePassword is a {}", password.string_type());
            match ndes {
                Some(seen) => (
                    FindingCode::ChallengeTypeRefused,
                    format!("{evidence}; {seen}"),
                ),
                None => (FindingCode::ChallengeNotPrintable, evidence),
            }
        }
        _ => return,
    };
    findings.push(Finding::new(code, evidence));
}

/// The certificate in the message that its signer is named by.
pub(super) fn signer<'m>(message: &'m PkiMessage<'m>) -> Option<Certificate<'m>> {
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

pub(super) fn shown(id: &SignerId<'_>) -> String {
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
