//! A sentence of a device's log.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::refusal::{explained, of_hresult};
use super::{Finding, FindingCode, http};
use crate::microsoft::{EventOutcome, EventText, Hresult};

pub(super) fn judge(event: &EventText<'_>, findings: &mut Vec<Finding>) {
    if event.is_tpm_attestation() {
        http::judge_url(event.url().unwrap_or_default(), findings);
        return;
    }
    let succeeded = matches!(
        event.outcome(),
        Some(EventOutcome::RequestMade | EventOutcome::Installed)
    );
    if succeeded && event.hresult().is_none() {
        return;
    }
    let mut seen: Vec<String> = Vec::new();
    seen.extend(event.operation().map(Into::into));
    seen.extend(event.url().map(|url| format!("URL {url:?}")));
    seen.extend(
        event
            .thumbprint()
            .map(|thumbprint| format!("thumbprint {thumbprint}")),
    );
    seen.extend(event.hresult().map(explained));
    if seen.is_empty() {
        seen.push("neither code nor URL".into());
    }
    findings.push(Finding::new(FindingCode::LoggedFailure, seen.join("; ")));
    let code = event.hresult();
    if let Some((finding, code)) = code.and_then(|code| Some((of_log(code)?, code))) {
        findings.push(Finding::new(finding, format!("HRESULT {code}")));
    }
}

/// What an HRESULT of a device finds: its own, or that of the server's refusal.
fn of_log(code: Hresult) -> Option<FindingCode> {
    if let Some(status) = code.http_status() {
        return http::of_status(status);
    }
    Some(match code.code() {
        0x8009_1006 => FindingCode::SignedAttributeMissing,
        0x8009_1007 => FindingCode::ThumbprintUnknown,
        0x8007_2ee2 | 0x8007_2ee7 | 0x8007_2efd | 0x8007_2efe => FindingCode::Unreachable,
        0x8007_2f05 | 0x8007_2f06 | 0x8007_2f0d | 0x8007_2f8f => FindingCode::TlsFailed,
        // Interop: Windows says "the file name is too long" to a page of HTML.
        0x8007_00ce | 0x8007_2f78 => FindingCode::BodyIsNoMessage,
        _ => return of_hresult(code),
    })
}
