//! What goes and comes by HTTP.

use scep::diagnose::{Diagnosis, Finding, FindingCode, FindingCode::*};
use scep::http::{ClientRequest, Method, PKI_MESSAGE_TYPE};
use scep::{CaCertificates, CertsOnly, Fingerprint};

use crate::codes;
use crate::common::{Parties, provider, vector};

const PAGE: &[u8] = b"<html><title>Error</title></html>";

fn answered(status: u16, body: &[u8], content_type: Option<&str>) -> Vec<Finding> {
    let diagnosis = Diagnosis::new(&provider()).http_answer(status, body);
    match content_type {
        Some(content_type) => diagnosis.content_type(content_type).findings(),
        None => diagnosis.findings(),
    }
}

fn asked(method: &str, target: &str, body: &[u8]) -> Vec<Finding> {
    Diagnosis::new(&provider())
        .http_request(method, target, body)
        .findings()
}

#[test]
fn each_status_has_its_finding() {
    for (status, code) in [
        (301, Redirected),
        (302, Redirected),
        (308, Redirected),
        (400, BadHttpRequest),
        (405, MethodNotAllowed),
        (413, BodyTooLong),
        (502, BadGateway),
        // What has no finding of its own is told by what came.
        (299, BodyIsNoMessage),
        (406, BodyIsNoMessage),
    ] {
        let findings = answered(status, PAGE, None);
        assert_eq!(codes(&findings), [code]);
        if code != BodyIsNoMessage {
            assert_eq!(findings[0].evidence(), format!("HTTP status {status}"));
            // Windows logs the same, and says no more.
            let name = format!("http-{status}");
            assert!(code.name() == name || code.name() == "http-3xx");
        }
    }
}

#[test]
fn lengths_stand_beside_the_status_that_is_about_them() {
    let parties = Parties::new();
    let (message, _) = parties.pkcs_req();
    let get = ClientRequest::pki_operation("http://ca/scep", Method::Get, message.clone());
    let query = get.url().len() - "http://ca/scep?".len();
    let of = |status, method, target, body| {
        let diagnosis = Diagnosis::new(&provider()).http_request(method, target, body);
        let findings = diagnosis.http_answer(status, PAGE).findings();
        findings[0].evidence().to_owned()
    };
    let sizes = format!("URL of {} bytes, query of {query} bytes", get.url().len());
    assert_eq!(
        of(414, "GET", get.url(), b""),
        format!("HTTP status 414; {sizes}")
    );
    assert_eq!(
        of(400, "GET", get.url(), b""),
        format!("HTTP status 400; {sizes}")
    );
    assert_eq!(of(404, "GET", get.url(), b""), "HTTP status 404");
    let expected = format!("HTTP status 413; body of {} bytes", message.len());
    assert_eq!(
        of(413, "POST", "/scep?operation=PKIOperation", &message),
        expected
    );
}

#[test]
fn a_media_type_is_that_of_the_body() {
    let parties = Parties::new();
    let (message, _) = parties.pkcs_req();
    let certificates = [parties.ca.clone(), parties.issued.clone()];
    let set = CertsOnly::encode(&certificates, &[]);
    for (body, right) in [
        (&message[..], PKI_MESSAGE_TYPE),
        (parties.ca.as_der(), CaCertificates::CERTIFICATE_TYPE),
        (&set[..], CaCertificates::SET_TYPE),
    ] {
        assert_eq!(answered(200, body, Some(right)), []);
        assert_eq!(answered(200, body, Some(&right.to_uppercase())), []);
        assert_eq!(answered(200, body, None), []);
        for wrong in [
            "",
            "text/plain",
            "application/octet-stream",
            "application/x-pki-messages",
        ] {
            let findings = answered(200, body, Some(wrong));
            assert_eq!(codes(&findings), [ContentType], "{wrong}");
            let expected = format!("Content-Type {wrong:?}; right is {right}");
            assert_eq!(findings[0].evidence(), expected);
        }
    }
    // Of what SCEP does not send nothing is known.
    assert_eq!(answered(200, &[0x30, 0x00], Some("text/plain")), []);
    let next = vector!("server-jscep/getnextcacert.ber");
    assert_eq!(
        answered(200, next, Some("application/x-x509-next-ca-cert")),
        []
    );
}

#[test]
fn a_message_in_a_url_is_read_to_its_end() {
    let (message, _) = Parties::new().pkcs_req();
    let get = ClientRequest::pki_operation("http://ca/scep", Method::Get, message.clone());
    let url = get.url();
    assert_eq!(asked("GET", url, b""), []);
    // Wherever it is cut, and not only where base64 ends in whole bytes.
    for len in [
        url.len() - 40,
        url.len() - 41,
        url.len() - 42,
        url.len() - 43,
        2_000,
    ] {
        let findings = asked("GET", &url[..len], b"");
        assert_eq!(codes(&findings), [RequestCut], "{len}");
        let start = format!("URL of {len} bytes, query of ");
        assert!(findings[0].evidence().starts_with(&start));
    }
    // Where base64 does, the message tells how long it was.
    let of = format!("of {} bytes", message.len());
    let tells = |less| {
        asked("GET", &url[..url.len() - less], b"")[0]
            .evidence()
            .contains(&of)
    };
    assert!((40..60).any(tells));
}

#[test]
fn a_request_that_is_none_of_scep_says_why() {
    let (message, _) = Parties::new().pkcs_req();
    let get = ClientRequest::pki_operation("http://ca/scep", Method::Get, message.clone());
    let twice = get.url().replace('%', "%25");
    let post = "/scep?operation=PKIOperation";
    for (method, target, body, why) in [
        (
            "GET",
            "/scep?operation=GetCACertChain",
            &b""[..],
            "the operation must be",
        ),
        ("GET", "/scep?message=x", b"", "has no operation"),
        ("GET", twice.as_str(), b"", "percent-encoded twice"),
        ("PUT", post, &message, "the method must be"),
        ("POST", post, PAGE, "an HTML page"),
        ("POST", post, b"", "the body is empty"),
    ] {
        let findings = asked(method, target, body);
        assert_eq!(codes(&findings), [RequestUnreadable], "{why}");
        assert!(findings[0].evidence().contains(why), "{}", findings[0]);
    }
    assert_eq!(asked("POST", post, &message), []);
    assert_eq!(
        asked("GET", "/scep?operation=GetCACert&message=ca", b""),
        []
    );
    assert_eq!(codes(&asked("POST", post, &message[..100])), [RequestCut]);
}

#[test]
fn a_url_that_not_every_server_takes_is_told_with_its_length() {
    let message = [&[0x30, 0x82, 0x20, 0x00][..], &[0; 0x2000]].concat();
    let of = |len: usize| {
        let message = [
            &[0x30, 0x82],
            &(len as u16).to_be_bytes()[..],
            &message[4..4 + len],
        ]
        .concat();
        let get = ClientRequest::pki_operation("/", Method::Get, message);
        (get.url().len(), asked(get.method().name(), get.url(), b""))
    };
    let (short, findings) = of(5_900);
    assert!(short <= ClientRequest::MAX_GET_URL);
    assert_eq!(findings, []);
    let (long, findings) = of(8_000);
    assert_eq!(codes(&findings), [UrlLong]);
    let start = format!("URL of {long} bytes, query of {} bytes", long - 2);
    assert_eq!(findings[0].evidence(), start);
}

#[test]
fn microsofts_service_for_tpms_speaks_another_scep() {
    let url = |host: &str| {
        format!("https://intc-keyid-00.{host}/templates/Aik/scep?operation=GetCACertChain")
    };
    let judged = |url: &str| -> Vec<FindingCode> {
        let diagnosis = Diagnosis::new(&provider()).url(url);
        codes(&diagnosis.http_request("GET", url, b"").findings())
    };
    assert_eq!(judged(&url("microsoftaik.azure.net")), [TpmAttestation]);
    assert_eq!(
        judged(&url("microsoftaik.azure.example")),
        [RequestUnreadable]
    );
}

/// In UTF-16, as NDES sends its pages.
fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn the_pages_of_ndes_that_give_no_password_are_told_apart() {
    let page = |sentence: &str| format!("<HTML><Body><P> {sentence} </P></Body></HTML>");
    for (sentence, code) in [
        ("The password cache is full.", PasswordCacheFull),
        (
            "You do not have sufficient permission to enroll with SCEP.",
            PasswordNotPermitted,
        ),
        ("The password cache is fine.", BodyIsNoMessage),
    ] {
        let page = page(sentence);
        for body in [page.clone().into_bytes(), utf16(&page)] {
            assert_eq!(codes(&answered(200, &body, None)), [code], "{sentence}");
        }
    }
}

#[test]
fn the_page_with_a_password_is_told_and_the_password_is_not() {
    const THUMBPRINT: &str = "0CC175B9 C0F1B6A8 31C399E2 69772661";
    const PASSWORD: &str = "1F2E3D4C5B6A7988";
    let page = |password: &str| {
        format!(
            "<HTML><Body><P> The thumbprint is: <B> {THUMBPRINT} </B> \
             <P> The challenge password is: <B> {password} </B></Body></HTML>"
        )
    };
    for body in [page(PASSWORD).into_bytes(), utf16(&page(PASSWORD))] {
        let findings = answered(200, &body, None);
        assert_eq!(codes(&findings), [PasswordPage]);
        let thumbprint = Fingerprint::from_hex(THUMBPRINT).unwrap().to_string();
        assert!(findings[0].evidence().contains(&thumbprint));
        assert!(!format!("{findings:?}").contains(PASSWORD));
        assert!(findings[0].advice().contains("/certsrv/mscep/mscep.dll"));
        // What the status tells comes first.
        assert_eq!(codes(&answered(404, &body, None)), [NotFound]);
    }
    let without = utf16(&page(""));
    assert_eq!(codes(&answered(200, &without, None)), [BodyIsNoMessage]);
}
