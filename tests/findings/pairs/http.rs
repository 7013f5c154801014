//! What comes by HTTP, and what a device's log tells of it.

use scep::diagnose::{Diagnosis, Finding, FindingCode, FindingCode::*};
use scep::http::{ClientRequest, Method, PKI_MESSAGE_TYPE};

use super::Pair;
use crate::common::{Parties, provider};
use crate::logs::{failed, logged};

fn message() -> Vec<u8> {
    Parties::new().pkcs_req().0
}

/// A body that came with a status.
pub(super) fn answered(status: u16, body: &[u8]) -> Vec<Finding> {
    let diagnosis = Diagnosis::new(&provider());
    diagnosis.http_answer(status, body).findings()
}

/// A message that came with this status, or with 200.
fn with_status(status: u16, wrong: bool) -> Vec<Finding> {
    answered(if wrong { status } else { 200 }, &message())
}

fn got(url: &str) -> Vec<Finding> {
    let diagnosis = Diagnosis::new(&provider());
    diagnosis.http_request("GET", url, b"").findings()
}

/// An HRESULT of a device, or the same with a bit turned.
fn with_code(code: u32, wrong: bool) -> Vec<Finding> {
    failed(code ^ if wrong { 0 } else { 0x4000 })
}

/// A page of NDES that says so.
fn page(sentence: &str) -> Vec<Finding> {
    let page = format!("<HTML><Body><P> {sentence} </P></Body></HTML>");
    answered(200, page.as_bytes())
}

pub(super) fn pair(code: FindingCode) -> Option<Pair> {
    Some(match code {
        Redirected => |wrong| with_status(302, wrong),
        BadHttpRequest => |wrong| with_status(400, wrong),
        Unauthorized => |wrong| with_status(401, wrong),
        Forbidden => |wrong| with_status(403, wrong),
        NotFound => |wrong| with_status(404, wrong),
        MethodNotAllowed => |wrong| with_status(405, wrong),
        BodyTooLong => |wrong| with_status(413, wrong),
        UrlTooLong => |wrong| with_status(414, wrong),
        ServerError => |wrong| with_status(500, wrong),
        BadGateway => |wrong| with_status(502, wrong),
        ServiceDown => |wrong| with_status(503, wrong),
        GatewayTimeout => |wrong| with_status(504, wrong),
        BodyIsNoMessage => |wrong| {
            let message = message();
            let len = if wrong { 100 } else { message.len() };
            answered(200, &message[..len])
        },
        ContentType => |wrong| {
            let (message, diagnosis) = (message(), Diagnosis::new(&provider()));
            let media_type = if wrong {
                "text/plain"
            } else {
                PKI_MESSAGE_TYPE
            };
            let diagnosis = diagnosis.http_answer(200, &message);
            diagnosis.content_type(media_type).findings()
        },
        RequestCut => |wrong| {
            let get = ClientRequest::pki_operation("/scep", Method::Get, message());
            let cut = if wrong { 40 } else { 0 };
            got(&get.url()[..get.url().len() - cut])
        },
        RequestUnreadable => |wrong| {
            let chain = if wrong { "Chain" } else { "" };
            got(&format!("/scep?operation=GetCACert{chain}"))
        },
        UrlLong => |wrong| {
            let path = "x".repeat(if wrong { ClientRequest::MAX_GET_URL } else { 1 });
            let get = ClientRequest::pki_operation(&path, Method::Get, message());
            got(get.url())
        },
        Unreachable => |wrong| with_code(0x8007_2ee7, wrong),
        TlsFailed => |wrong| with_code(0x8007_2f8f, wrong),
        LoggedFailure => |wrong| {
            let outcome = if wrong {
                "enroll failed"
            } else {
                "installed successfully"
            };
            logged(&format!("SCEP: Certificate {outcome}."))
        },
        PasswordCacheFull => |wrong| {
            let how = if wrong { "full" } else { "fine" };
            page(&format!("The password cache is {how}."))
        },
        PasswordNotPermitted => |wrong| {
            let not = if wrong { "not " } else { "" };
            page(&format!(
                "You do {not}have sufficient permission to enroll with SCEP."
            ))
        },
        PasswordPage => |wrong| {
            let password = if wrong { "1F2E3D4C5B6A7988" } else { "none" };
            page(&format!(
                "<B> 0CC175B9 C0F1B6A8 31C399E2 69772661 </B><B> {password} </B>"
            ))
        },
        TpmAttestation => |wrong| {
            let end = if wrong { "net" } else { "example" };
            let url = format!("https://intc-keyid-00.microsoftaik.azure.{end}/templates/Aik/scep");
            Diagnosis::new(&provider()).url(&url).findings()
        },
        _ => return None,
    })
}
