//! A request that is signed with an earlier certificate.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::algorithms::listed;
use super::ca::{issued_by_one_of, named, of_another_ca};
use super::clock::utc;
use super::{Diagnosis, Finding, FindingCode};
use crate::{Certificate, MessageType, PkiMessage, negotiation};

pub(super) fn judge(
    diagnosis: &Diagnosis<'_>,
    request: &PkiMessage<'_>,
    signer: &Certificate<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut push = |code, evidence| findings.push(Finding::new(code, evidence));
    let by_type = request.unverified_message_type() == MessageType::RenewalReq;
    if by_type && signer.is_self_issued() {
        let evidence = format!("messageType RenewalReq; signer is {}", named(signer));
        push(FindingCode::RenewalSelfIssued, evidence);
    }
    if let Some(capabilities) = diagnosis.capabilities.filter(|list| !list.is_unknown())
        && by_type
        && !negotiation::offers_renewal_req(capabilities)
    {
        let evidence = format!("messageType RenewalReq; {}", listed(capabilities));
        push(FindingCode::RenewalNotOffered, evidence);
    }
    if !is_renewal(request, signer) {
        return;
    }
    let certificates = diagnosis.ca_certificates;
    if certificates.iter().any(Certificate::may_issue)
        && !issued_by_one_of(signer, certificates, &diagnosis.provider)
    {
        let evidence = of_another_ca(signer, certificates);
        push(FindingCode::SignerOfAnotherCa, evidence);
    }
    if let Some(csr) = diagnosis.csr
        && !signer.subject().has_same_text(&csr.unverified_subject())
    {
        let evidence = format!(
            "subject \"{}\" in the CSR, \"{}\" in the signer's certificate",
            csr.unverified_subject(),
            signer.subject()
        );
        push(FindingCode::RenewalSubjectDiffers, evidence);
    }
}

/// Whether a request asks for a certificate in the place of its signer's.
// Interop: most renew with a PKCSReq that the old certificate signs.
pub(super) fn is_renewal(request: &PkiMessage<'_>, signer: &Certificate<'_>) -> bool {
    let kind = request.unverified_message_type();
    matches!(kind, MessageType::PkcsReq | MessageType::RenewalReq) && !signer.is_self_issued()
}

/// What a server looks at in a renewal.
pub(super) fn facts(diagnosis: &Diagnosis<'_>, signer: &Certificate<'_>) -> String {
    let mut facts = format!(
        "the old certificate is {}, issued by \"{}\"",
        named(signer),
        signer.issuer()
    );
    if let Some(validity) = signer.validity() {
        facts.push_str(&format!(", valid until {}", utc(validity.not_after)));
    }
    if let Some(csr) = diagnosis.csr {
        facts.push_str(&format!(
            "; the CSR is for \"{}\"",
            csr.unverified_subject()
        ));
    }
    facts
}
