//! The signature of a message, and whose certificate it is to be verified with.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::{Diagnosis, Finding, FindingCode};
use crate::crypto::Policy;
use crate::{Certificate, PkiMessage, VerifyError, inspect};

pub(super) fn judge(
    diagnosis: &Diagnosis<'_>,
    message: &PkiMessage<'_>,
    known: &[Certificate<'_>],
    findings: &mut Vec<Finding>,
) {
    // Which algorithms are allowed is judged elsewhere.
    let policy = diagnosis.policy.unwrap_or(Policy::compatible());
    let report = inspect::signature(message, &diagnosis.provider, &policy, known);
    let Some(Err(error)) = report.map(|report| report.outcome) else {
        return;
    };
    let present = |oid| {
        let attributes = message.unverified_attributes();
        attributes.has(oid)
    };
    let (code, evidence) = match error {
        VerifyError::ContentType if !present(crate::oid::CONTENT_TYPE) => (
            FindingCode::SignedAttributeMissing,
            "signed attributes: no contentType".into(),
        ),
        VerifyError::MessageDigest if !present(crate::oid::MESSAGE_DIGEST) => (
            FindingCode::SignedAttributeMissing,
            "signed attributes: no messageDigest".into(),
        ),
        VerifyError::ContentType
        | VerifyError::MessageDigest
        | VerifyError::Signature
        | VerifyError::DigestMismatch { .. } => (FindingCode::SignatureInvalid, error.to_string()),
        _ => return,
    };
    findings.push(Finding::new(code, evidence));
}

/// Whether the certificate that a reply is to be verified with is at hand.
pub(super) fn judge_signer(
    reply: &PkiMessage<'_>,
    known: &[Certificate<'_>],
    findings: &mut Vec<Finding>,
) {
    let Some(info) = reply.signer_info() else {
        return;
    };
    let carried = reply.unverified_certificates();
    let mut all = carried.chain(known.iter().map(Certificate::borrowed));
    if known.is_empty() || all.any(|one| info.sid.matches(&one) || info.sid.resembles(&one)) {
        return;
    }
    let evidence = alloc::format!(
        "SignerIdentifier names {}; GetCACert: {}",
        super::request::shown(&info.sid.into()),
        super::ca::list(known.iter())
    );
    findings.push(Finding::new(FindingCode::ReplySignerUnknown, evidence));
}
