//! What came by HTTP in the place of a message, and the URL.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::{Finding, FindingCode};
use crate::http::BodyKind;
use crate::microsoft::is_tpm_attestation;

pub(super) fn judge_answer(status: u16, body: &[u8], findings: &mut Vec<Finding>) {
    let kind = BodyKind::of(body);
    let code = match status {
        401 => FindingCode::Unauthorized,
        403 => FindingCode::Forbidden,
        404 => FindingCode::NotFound,
        414 => FindingCode::UrlTooLong,
        500 => FindingCode::ServerError,
        503 => FindingCode::ServiceDown,
        504 => FindingCode::GatewayTimeout,
        _ if kind == BodyKind::Asn1 => return,
        _ => FindingCode::BodyIsNoMessage,
    };
    let evidence = match code {
        FindingCode::BodyIsNoMessage => kind.to_string(),
        _ => format!("HTTP status {status}"),
    };
    findings.push(Finding::new(code, evidence));
}

pub(super) fn judge_url(url: &str, findings: &mut Vec<Finding>) {
    if is_tpm_attestation(url) {
        let evidence = format!("URL {url:?}");
        findings.push(Finding::new(FindingCode::TpmAttestation, evidence));
    }
}
