//! HTTP: what was asked, what came in the place of a message, and the URL.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Diagnosis, Finding, FindingCode};
use crate::http::{BodyKind, ClientRequest, HttpError, Operation, PKI_MESSAGE_TYPE};
use crate::microsoft::is_tpm_attestation;
use crate::ndes::{AdminPage, AdminPageError};
use crate::{CaCertificates, Limits, PkiMessage};

pub(super) fn judge_answer(
    diagnosis: &Diagnosis<'_>,
    status: u16,
    body: &[u8],
    findings: &mut Vec<Finding>,
) {
    let kind = BodyKind::of(body);
    let (code, evidence) = match of_status(status) {
        Some(code) => (code, status_text(diagnosis, status)),
        None if kind == BodyKind::Asn1 => {
            judge_content_type(diagnosis.content_type, body, findings);
            return;
        }
        None => {
            of_admin_page(body).unwrap_or_else(|| (FindingCode::BodyIsNoMessage, kind.to_string()))
        }
    };
    findings.push(Finding::new(code, evidence));
}

pub(super) fn judge_request(method: &str, target: &str, body: &[u8], findings: &mut Vec<Finding>) {
    let sizes = sizes(target);
    let (code, evidence) = match Operation::read(method, target, body, &Limits::REQUEST) {
        Ok(Operation::PkiOperation { .. }) if target.len() > ClientRequest::MAX_GET_URL => {
            (FindingCode::UrlLong, sizes)
        }
        Ok(_) => return,
        Err(error) if is_cut(error, target) => {
            (FindingCode::RequestCut, format!("{sizes}; {error}"))
        }
        Err(error @ HttpError::QueryTooLong) => (FindingCode::UrlLong, format!("{sizes}; {error}")),
        Err(error) => (FindingCode::RequestUnreadable, format!("{sizes}; {error}")),
    };
    findings.push(Finding::new(code, evidence));
}

pub(super) fn judge_url(url: &str, findings: &mut Vec<Finding>) {
    if is_tpm_attestation(url) {
        let evidence = format!("URL {url:?}");
        findings.push(Finding::new(FindingCode::TpmAttestation, evidence));
    }
}

/// What a status finds.
pub(super) fn of_status(status: u16) -> Option<FindingCode> {
    Some(match status {
        300..400 => FindingCode::Redirected,
        400 => FindingCode::BadHttpRequest,
        401 => FindingCode::Unauthorized,
        403 => FindingCode::Forbidden,
        404 => FindingCode::NotFound,
        405 => FindingCode::MethodNotAllowed,
        413 => FindingCode::BodyTooLong,
        414 => FindingCode::UrlTooLong,
        500 => FindingCode::ServerError,
        502 => FindingCode::BadGateway,
        503 => FindingCode::ServiceDown,
        504 => FindingCode::GatewayTimeout,
        _ => return None,
    })
}

/// What the page of NDES finds that gives out challenge passwords.
fn of_admin_page(body: &[u8]) -> Option<(FindingCode, String)> {
    let says_so = || "the page at /certsrv/mscep_admin/ says so".into();
    match AdminPage::parse(body) {
        Ok(page) => Some((
            FindingCode::PasswordPage,
            format!(
                "a page with the CA's thumbprint {}, and a challenge password that is not shown here",
                page.thumbprint()
            ),
        )),
        Err(AdminPageError::CacheFull) => Some((FindingCode::PasswordCacheFull, says_so())),
        Err(AdminPageError::NoPermission) => Some((FindingCode::PasswordNotPermitted, says_so())),
        Err(AdminPageError::NotRecognised | AdminPageError::NotText) => None,
    }
}

/// The status, with the lengths that it is about.
fn status_text(diagnosis: &Diagnosis<'_>, status: u16) -> String {
    match (status, diagnosis.http_request) {
        (400 | 414, Some((_, target, _))) => format!("HTTP status {status}; {}", sizes(target)),
        (413, Some((_, _, body))) => format!("HTTP status 413; body of {} bytes", body.len()),
        _ => format!("HTTP status {status}"),
    }
}

fn sizes(target: &str) -> String {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    format!(
        "URL of {} bytes, query of {} bytes",
        target.len(),
        query.len()
    )
}

/// Whether a message ends too early: its ASN.1, or its base64 or percent-encoding at the very end.
fn is_cut(error: HttpError, target: &str) -> bool {
    let query = target.split_once('?').map_or(target, |(_, query)| query);
    match error {
        HttpError::NotAMessage(BodyKind::Truncated { .. }) => true,
        HttpError::NotBase64 { offset } | HttpError::InvalidEscape { offset } => {
            offset.saturating_add(3) >= query.len()
        }
        _ => false,
    }
}

fn judge_content_type(found: Option<&str>, body: &[u8], findings: &mut Vec<Finding>) {
    let Some((found, right)) = found.zip(content_type(body)) else {
        return;
    };
    if !found.trim().eq_ignore_ascii_case(right) {
        let evidence = format!("Content-Type {found:?}; right is {right}");
        findings.push(Finding::new(FindingCode::ContentType, evidence));
    }
}

/// The media type of what SCEP sends.
fn content_type(body: &[u8]) -> Option<&'static str> {
    if PkiMessage::parse(body, &Limits::REPLY).is_ok() {
        return Some(PKI_MESSAGE_TYPE);
    }
    match CaCertificates::parse(body, None, &Limits::REPLY).ok()? {
        CaCertificates::Certificate(_) => Some(CaCertificates::CERTIFICATE_TYPE),
        CaCertificates::Set(_) => Some(CaCertificates::SET_TYPE),
    }
}
