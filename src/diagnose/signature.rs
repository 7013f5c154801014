//! The signature of a message, and whose certificate it is to be verified with.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::ca::{list, named};
use super::{Diagnosis, Finding, FindingCode};
use crate::crypto::Policy;
use crate::crypto::public_key::check_public_key;
use crate::{Certificate, Oid, PkiMessage, VerifyError, inspect, oid};

pub(super) fn judge(
    diagnosis: &Diagnosis<'_>,
    message: &PkiMessage<'_>,
    known: &[Certificate<'_>],
    findings: &mut Vec<Finding>,
) {
    // Which algorithms and keys are allowed is judged elsewhere.
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
        VerifyError::ContentType if !present(oid::CONTENT_TYPE) => (
            FindingCode::SignedAttributeMissing,
            "signed attributes: no contentType".into(),
        ),
        VerifyError::MessageDigest if !present(oid::MESSAGE_DIGEST) => (
            FindingCode::SignedAttributeMissing,
            "signed attributes: no messageDigest".into(),
        ),
        VerifyError::ContentType => (FindingCode::ContentTypeNotData, content_types(message)),
        VerifyError::MessageDigest
        | VerifyError::Signature
        | VerifyError::DigestMismatch { .. } => (FindingCode::SignatureInvalid, error.to_string()),
        _ => return,
    };
    findings.push(Finding::new(code, evidence));
}

/// Whether the policy allows the key that a request is signed with.
pub(super) fn judge_key(
    diagnosis: &Diagnosis<'_>,
    signer: &Certificate<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(policy) = &diagnosis.policy else {
        return;
    };
    if let Err(refused) = check_public_key(signer.public_key_der(), policy) {
        let evidence = format!("signer is {}: {refused}", named(signer));
        findings.push(Finding::new(FindingCode::SignerKeyNotAllowed, evidence));
    }
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
    let evidence = format!(
        "SignerIdentifier names {}; GetCACert: {}",
        super::request::shown(&info.sid.into()),
        list(known.iter())
    );
    findings.push(Finding::new(FindingCode::ReplySignerUnknown, evidence));
}

/// What a message says of the type of its content, for evidence.
fn content_types(message: &PkiMessage<'_>) -> String {
    let signed_data = message.signed_data();
    let types = [
        signed_data.and_then(|signed| Oid::from_bytes(signed.content_type)),
        message.unverified_attributes().content_type(),
    ];
    let [content, signed] = types.map(|found| match found {
        Some(oid::DATA) => "data".into(),
        Some(oid::SIGNED_DATA) => "signedData".into(),
        Some(oid::ENVELOPED_DATA) => "envelopedData".into(),
        Some(other) => other.to_string(),
        None => "that cannot be read".into(),
    });
    format!("eContentType {content}, contentType {signed}")
}
