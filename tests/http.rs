//! Requests by HTTP as clients write them: each form that is known of one is read, and what we write reads back.

use std::borrow::Cow;

use base64ct::{Base64, Encoding};
use proptest::prelude::*;
use proptest::sample::select;
use scep::http::{BodyKind, ClientRequest, HttpError, Method, Operation};
use scep::{Cause, Limit, Limits, PkiMessage};

/// Its base64 has `+`, `/` and padding.
const MESSAGE: &[u8] = include_bytes!("../test-vectors/sscep-jscep/getcert.1.req.der");
const BER: &[u8] = include_bytes!("../test-vectors/jscep-jscep/default.1.req.ber");

fn base64() -> String {
    let base64 = Base64::encode_string(MESSAGE);
    for character in ['+', '/', '='] {
        assert!(base64.contains(character), "{character}");
    }
    base64
}

/// The lines of 64 characters that OpenSSL and others break base64 into, each with an end, the last one too.
fn lines(base64: &str, end: &str) -> String {
    let lines = base64.as_bytes().chunks(64);
    lines
        .map(|line| format!("{}{end}", str::from_utf8(line).unwrap()))
        .collect()
}

fn read<'r>(method: &str, target: &'r str, body: &'r [u8]) -> Result<Operation<'r>, HttpError> {
    Operation::read(method, target, body, &Limits::REQUEST)
}

fn pki_operation(message: &[u8]) -> Result<Operation<'_>, HttpError> {
    Ok(Operation::PkiOperation {
        message: Cow::Borrowed(message),
    })
}

/// The error of a GET with this as its message.
fn get_error(message: &str) -> HttpError {
    let target = format!("/scep?operation=PKIOperation&message={message}");
    read("GET", &target, b"").map(drop).unwrap_err()
}

/// Requires that a GET with this as its message carries [`MESSAGE`].
#[track_caller]
fn assert_reads(message: &str) {
    let target = format!("/scep?operation=PKIOperation&message={message}");
    assert_eq!(read("GET", &target, b""), pki_operation(MESSAGE));
}

/// The offset in the query of [`assert_reads`] and [`get_error`] at which the message begins.
const MESSAGE_OFFSET: usize = "operation=PKIOperation&message=".len();

// Messages by GET.

#[test]
fn cisco_ios_breaks_lines() {
    let message = lines(&base64(), "%0A");
    assert!(message.ends_with("%0A"));
    let target = format!("/cgi-bin/pkiclient.exe?operation=PKIOperation&message={message}");
    assert_eq!(read("GET", &target, b""), pki_operation(MESSAGE));
    assert_reads(&lines(&base64(), "%0D%0A"));
}

#[test]
fn sscep_breaks_lines_and_leaves_the_slash() {
    let broken = lines(&base64(), "\n").replace('\n', "%0A");
    assert_reads(&broken.replace('+', "%2B").replace('=', "%3D"));
}

#[test]
fn strongswan_escapes_only_line_ends_and_plus() {
    assert_reads(
        &lines(&base64(), "\n")
            .replace('\n', "%0A")
            .replace('+', "%2B"),
    );
}

#[test]
fn macos_escapes_only_the_padding() {
    assert_reads(&base64().replace('=', "%3D"));
}

#[test]
fn ios_and_jscep_leave_the_plus() {
    assert_reads(&base64());
    assert_reads(&base64().replace('/', "%2F").replace('=', "%3D"));
}

#[test]
fn a_framework_makes_a_space_of_plus() {
    // Once form-decoded, and once percent-encoded again after that.
    assert_reads(&base64().replace('+', " "));
    assert_reads(&base64().replace('+', "%20"));
    assert_reads(&lines(&base64(), "\n").replace('+', " "));
}

#[test]
fn micromdm_wrote_base64url() {
    let base64url = base64().replace('+', "-").replace('/', "_");
    assert_reads(&base64url);
    assert_reads(&base64url.replace('=', "%3D"));
}

#[test]
fn padding_may_be_missing() {
    assert_reads(base64().trim_end_matches('='));
}

#[test]
fn ejbca_and_we_escape_all() {
    let request = ClientRequest::pki_operation("/scep", Method::Get, MESSAGE.to_vec());
    let escaped = base64()
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    assert_eq!(
        request.url(),
        format!("/scep?operation=PKIOperation&message={escaped}")
    );
    assert_reads(&escaped);
    // The digits of an escape are read in any case.
    assert_reads(
        &escaped
            .replace("%2B", "%2b")
            .replace("%2F", "%2f")
            .replace("%3D", "%3d"),
    );
}

#[test]
fn a_message_that_is_escaped_twice_is_refused() {
    let twice = base64().replace('+', "%252B");
    let offset = MESSAGE_OFFSET + twice.find('%').unwrap();
    let error = get_error(&twice);
    assert_eq!(error, HttpError::EscapedTwice { offset });
    assert_eq!((error.status(), error.cause()), (400, Cause::Undecodable));
}

#[test]
fn what_is_not_base64_is_told_by_its_offset() {
    let offset = MESSAGE_OFFSET + 8;
    let mut message = base64();
    message.replace_range(8..9, "!");
    assert_eq!(get_error(&message), HttpError::NotBase64 { offset });
    message.replace_range(8..9, "%0");
    assert_eq!(get_error(&message), HttpError::InvalidEscape { offset });
}

#[test]
fn a_url_that_a_proxy_cut_off_is_told_so() {
    let base64 = base64();
    let error = get_error(&base64[..1000]);
    let kind = BodyKind::Truncated {
        expected: Some(MESSAGE.len()),
        received: 750,
    };
    assert_eq!(error, HttpError::NotAMessage(kind));
    assert_eq!(
        error.to_string(),
        format!(
            "the message is cut off after 750 of {} bytes: a server or proxy limits the length; use POST if this is GET",
            MESSAGE.len()
        )
    );
    let offset = MESSAGE_OFFSET + 1000;
    assert_eq!(get_error(&base64[..1001]), HttpError::NotBase64 { offset });
}

#[test]
fn a_get_needs_a_message() {
    for (target, error) in [
        ("/?operation=PKIOperation", HttpError::MissingMessage),
        (
            "/?operation=PKIOperation&message=",
            HttpError::EmptyMessage(Method::Get),
        ),
        (
            "/?operation=PKIOperation&message",
            HttpError::EmptyMessage(Method::Get),
        ),
        (
            "/?operation=PKIOperation&message=%0A",
            HttpError::EmptyMessage(Method::Get),
        ),
        (
            "/?operation=PKIOperation&message=AAAA&message=AAAA",
            HttpError::DuplicateMessage,
        ),
    ] {
        // A body has no meaning here.
        assert_eq!(read("GET", target, MESSAGE), Err(error), "{target}");
        assert_eq!((error.status(), error.cause()), (400, Cause::Protocol));
    }
}

// Messages by POST.

#[test]
fn a_post_is_its_body_wherever_it_goes() {
    for target in [
        "/scep?operation=PKIOperation",
        "/certsrv/mscep/mscep.dll/pkiclient.exe?operation=PKIOperation",
        "https://ca.example/scep?profile=a/b&operation=pkioperation",
        "operation=PKIOperation&message=ignored",
        "?operation=%50KIOperation",
        "/scep?profile=1",
        "/scep?message=",
        "/",
        "",
    ] {
        for body in [MESSAGE, BER] {
            let operation = read("POST", target, body);
            assert_eq!(operation, pki_operation(body), "{target}");
            assert!(matches!(
                operation,
                Ok(Operation::PkiOperation {
                    message: Cow::Borrowed(_)
                })
            ));
        }
    }
}

#[test]
fn a_body_that_is_no_message_is_told_for_what_it_is() {
    let pem = include_bytes!("../test-vectors/keys/c2048.csr.pem");
    let base64 = lines(&base64(), "\r\n");
    for (body, kind) in [
        (&b"<html><body>Login</body></html>"[..], BodyKind::Html),
        (b"{\"csr\": \"MII\"}", BodyKind::Json),
        (pem, BodyKind::Pem),
        (base64.as_bytes(), BodyKind::Base64),
        (b"operation=PKIOperation&message=MII", BodyKind::Text),
        (&[0x1f, 0x8b, 8, 0], BodyKind::Unknown),
        (
            &MESSAGE[..1000],
            BodyKind::Truncated {
                expected: Some(MESSAGE.len()),
                received: 1000,
            },
        ),
        (
            &BER[..1000],
            BodyKind::Truncated {
                expected: None,
                received: 1000,
            },
        ),
    ] {
        let error = read("POST", "/?operation=PKIOperation", body).unwrap_err();
        assert_eq!(error, HttpError::NotAMessage(kind));
        assert_eq!((error.status(), error.cause()), (400, Cause::Undecodable));
    }
}

#[test]
fn an_empty_body_has_an_error_of_its_own() {
    for body in [&b""[..], b"\r\n"] {
        let error = read("POST", "/?operation=PKIOperation&message=MII", body).unwrap_err();
        assert_eq!(error, HttpError::EmptyMessage(Method::Post));
    }
}

#[test]
fn what_could_be_a_message_is_left_to_the_parser() {
    // A bare certificate, trailing bytes, an impossible length inside: the parser says what is wrong.
    let certificate = include_bytes!("../test-vectors/server-jscep/getcacert.der");
    let trailing = [MESSAGE, b"\r\n"].concat();
    for body in [&certificate[..], &trailing, &[0x30, 0x80, 0x06, 0xff, 0, 0]] {
        assert_eq!(read("POST", "/", body), pki_operation(body));
        assert!(PkiMessage::parse(body, &Limits::REQUEST).is_err());
    }
}

// Limits.

#[test]
fn the_message_is_bounded_in_both_ways() {
    let get = format!("/?operation=PKIOperation&message={}", base64());
    for (method, target, body, status) in
        [("GET", &*get, &b""[..], 414), ("POST", "/", MESSAGE, 413)]
    {
        let limits = Limits::REQUEST.with(Limit::InputLen, MESSAGE.len());
        assert_eq!(
            Operation::read(method, target, body, &limits),
            pki_operation(MESSAGE)
        );
        let limits = Limits::REQUEST.with(Limit::InputLen, MESSAGE.len() - 1);
        let error = Operation::read(method, target, body, &limits).unwrap_err();
        assert!(matches!(error, HttpError::MessageTooLong(by) if by.name() == method));
        assert_eq!((error.status(), error.cause()), (status, Cause::Policy));
    }
}

#[test]
fn the_query_is_bounded_before_it_is_decoded() {
    let limits = Limits::REQUEST.with(Limit::InputLen, 3);
    let query = "operation=GetCACert&x=";
    let target = |len: usize| format!("/a/long/path?{query}{}", "%".repeat(len - query.len()));
    let longest = 4 * 3 + 4096;
    assert!(Operation::read("GET", &target(longest), b"", &limits).is_ok());
    for method in ["GET", "POST"] {
        let error = Operation::read(method, &target(longest + 1), MESSAGE, &limits).unwrap_err();
        assert_eq!(error, HttpError::QueryTooLong);
        assert_eq!((error.status(), error.cause()), (414, Cause::Policy));
    }
}

#[test]
fn a_message_with_every_character_escaped_is_within_the_bound() {
    let limits = Limits::REQUEST.with(Limit::InputLen, MESSAGE.len());
    let escaped: String = base64()
        .bytes()
        .map(|byte| format!("%{byte:02x}"))
        .collect();
    let target = format!("/?operation=PKIOperation&message={escaped}");
    assert_eq!(
        Operation::read("GET", &target, b"", &limits),
        pki_operation(MESSAGE)
    );
}

// The other operations.

/// What a target asks for, and for which CA.
fn asked(method: &str, target: &str) -> Result<(&'static str, Option<String>), HttpError> {
    let (name, identifier) = match read(method, target, b"")? {
        Operation::GetCaCaps { ca_identifier } => ("GetCACaps", ca_identifier),
        Operation::GetCaCert { ca_identifier } => ("GetCACert", ca_identifier),
        Operation::GetNextCaCert { ca_identifier } => ("GetNextCACert", ca_identifier),
        Operation::PkiOperation { .. } => ("PKIOperation", None),
    };
    Ok((name, identifier.map(Cow::into_owned)))
}

#[test]
fn names_are_read_in_any_case_and_order() {
    for (target, expected) in [
        ("/scep?operation=GetCACaps", ("GetCACaps", None)),
        ("/scep?operation=getcacaps", ("GetCACaps", None)),
        ("/scep?operation=GetCACert", ("GetCACert", None)),
        ("/scep?Operation=GETCACERT", ("GetCACert", None)),
        ("/scep?operation=GetNextCACert", ("GetNextCACert", None)),
        (
            "/scep?message=a&x&operation=GetNextCaCert",
            ("GetNextCACert", Some("a".into())),
        ),
        (
            "/pkiclient.exe?x=1&x=2&operation=GetCACaps&",
            ("GetCACaps", None),
        ),
    ] {
        for method in ["GET", "POST", "HEAD"] {
            assert_eq!(
                asked(method, target),
                Ok(expected.clone()),
                "{method} {target}"
            );
        }
    }
}

#[track_caller]
fn assert_identifier(target: &str, operation: &'static str, identifier: Option<&str>) {
    let expected = (operation, identifier.map(str::to_owned));
    assert_eq!(asked("GET", target), Ok(expected));
}

#[test]
fn old_macos_sends_an_empty_identifier() {
    assert_identifier("/scep?operation=GetCACaps&message=", "GetCACaps", Some(""));
    assert_identifier("/scep?operation=GetCACaps", "GetCACaps", None);
}

#[test]
fn juniper_sends_the_name_of_the_ca() {
    assert_identifier(
        "/scep?operation=GetCACert&message=My-CA_1.x~",
        "GetCACert",
        Some("My-CA_1.x~"),
    );
    // It looks like base64, and is none.
    assert_identifier(
        "/scep?operation=GetCACert&message=AAAA%3D",
        "GetCACert",
        Some("AAAA="),
    );
}

#[test]
fn windows_sscep_and_android_send_constants() {
    for constant in ["default", "CAIdentifier", "*", "ca"] {
        let target = format!(
            "/certsrv/mscep/mscep.dll/pkiclient.exe?operation=GetCACert&message={constant}"
        );
        assert_identifier(&target, "GetCACert", Some(constant));
    }
}

#[test]
fn ios_sends_the_name_of_the_profile() {
    assert_identifier(
        "/scep?operation=GetCACert&message=SCEP%20Authority",
        "GetCACert",
        Some("SCEP Authority"),
    );
}

#[test]
fn go_and_java_clients_send_plus_for_a_space() {
    assert_identifier(
        "/scep?operation=GetCACert&message=My+CA%2B",
        "GetCACert",
        Some("My CA+"),
    );
}

#[test]
fn an_identifier_is_decoded_once() {
    assert_identifier(
        "/scep?operation=GetCACert&message=100%2525",
        "GetCACert",
        Some("100%25"),
    );
    assert_eq!(
        asked("GET", "/scep?operation=GetCACert&message=100%"),
        Err(HttpError::InvalidEscape { offset: 31 })
    );
    assert_eq!(
        asked("GET", "/scep?operation=GetCACert&message=%ff"),
        Err(HttpError::IdentifierNotUtf8)
    );
}

#[test]
fn what_is_no_operation_is_refused() {
    for (target, error) in [
        // A browser.
        ("/certsrv/mscep/mscep.dll", HttpError::MissingOperation),
        ("/", HttpError::MissingOperation),
        ("/?message=AAAA", HttpError::MissingOperation),
        // Windows enrolling a TPM's attestation key, with an operation of old drafts.
        (
            "/scep?operation=GetCACertChain&message=default",
            HttpError::UnknownOperation,
        ),
        ("/scep?operation=", HttpError::UnknownOperation),
        ("/scep?operation=GetCACap", HttpError::UnknownOperation),
        ("/scep?operation=GetCACaps%", HttpError::UnknownOperation),
        (
            "/scep?operation=GetCACaps&operation=GetCACaps",
            HttpError::DuplicateOperation,
        ),
        (
            "/scep?operation=GetCACaps&message=a&message=a",
            HttpError::DuplicateMessage,
        ),
    ] {
        assert_eq!(asked("GET", target), Err(error), "{target}");
        assert_eq!((error.status(), error.cause()), (400, Cause::Protocol));
    }
    assert_eq!(
        asked("POST", "/scep?operation=GetCACap"),
        Err(HttpError::UnknownOperation)
    );
}

#[test]
fn other_methods_are_refused() {
    let target = format!("/?operation=PKIOperation&message={}", base64());
    // HEAD is safe, and enrolling is not. Methods are told apart by case (RFC 9110, section 9.1).
    for method in ["HEAD", "PUT", "OPTIONS", "get", "Post", "GET ", ""] {
        let error = read(method, &target, MESSAGE).unwrap_err();
        assert_eq!(error, HttpError::MethodNotAllowed, "{method}");
        assert_eq!((error.status(), error.cause()), (405, Cause::Protocol));
    }
    assert_eq!(
        asked("PUT", "/?operation=GetCACaps"),
        Err(HttpError::MethodNotAllowed)
    );
    assert_eq!(asked("HEAD", "/"), Err(HttpError::MissingOperation));
}

// Properties.

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A SEQUENCE of anything that no text could be.
fn message() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..2000).prop_map(|contents| {
        let [.., high, low] = (contents.len() + 2).to_be_bytes();
        [&[0x30, 0x82, high, low, 0x05, 0x00], &contents[..]].concat()
    })
}

fn base_url() -> impl Strategy<Value = String> {
    let path = "(/[a-zA-Z0-9._~%=-]{0,8}){1,3}";
    let query = select(vec!["", "?", "?a=b", "?a&", "?x=/?"]);
    (
        select(vec!["", "http://ca.example", "https://[::1]:8443"]),
        path,
        query,
    )
        .prop_map(|(origin, path, query)| format!("{origin}{path}{query}"))
}

fn method() -> impl Strategy<Value = Method> {
    select(vec![Method::Get, Method::Post])
}

/// A character of base64 in one of the forms in which it can come.
fn character(character: char, form: u8) -> String {
    let url_safe = match character {
        '+' => '-',
        '/' => '_',
        other => other,
    };
    let percent = |character: char| format!("%{:02X}", u32::from(character));
    match form {
        0 => percent(character),
        1 => percent(url_safe),
        2 => url_safe.to_string(),
        3 => format!("%0a{character}"),
        4 => format!("\r\n{character}"),
        5 => character.to_string().replace('+', " "),
        _ => character.to_string(),
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_message_reads_back(message in message(), url in base_url(), method in method()) {
        let request = ClientRequest::pki_operation(&url, method, message.clone());
        if method == Method::Get {
            prop_assert_eq!(ClientRequest::get_url_len(&url, &message), request.url().len());
        }
        let operation = read(method.name(), request.url(), request.body());
        prop_assert_eq!(operation, pki_operation(&message));
    }

    #[test]
    fn a_ca_identifier_reads_back(identifier: Option<String>, url in base_url()) {
        let ca_identifier = identifier.as_deref().map(Cow::Borrowed);
        for (request, operation) in [
            (ClientRequest::get_ca_caps(&url, identifier.as_deref()),
             Operation::GetCaCaps { ca_identifier: ca_identifier.clone() }),
            (ClientRequest::get_ca_cert(&url, identifier.as_deref()),
             Operation::GetCaCert { ca_identifier: ca_identifier.clone() }),
            (ClientRequest::get_next_ca_cert(&url, identifier.as_deref()),
             Operation::GetNextCaCert { ca_identifier: ca_identifier.clone() }),
        ] {
            prop_assert_eq!(read(request.method().name(), request.url(), b""), Ok(operation));
        }
    }

    #[test]
    fn every_form_of_a_message_reads_the_same(
        message in message(),
        forms in proptest::collection::vec(0_u8..20, 64),
        padded: bool,
    ) {
        let base64 = Base64::encode_string(&message);
        let base64 = if padded { &*base64 } else { base64.trim_end_matches('=') };
        let written: String = base64.chars().zip(forms.iter().cycle()).map(|(c, form)| character(c, *form)).collect();
        let target = format!("/?operation=PKIOperation&message={written}");
        prop_assert_eq!(read("GET", &target, b""), pki_operation(&message));
    }

    #[test]
    fn nothing_panics(
        method in select(vec!["GET", "POST", "HEAD", "PUT"]),
        target in prop_oneof![
            "\\PC*",
            "[/?&=%0-9a-f+mesag]{0,40}",
            "/\\?operation=(PKIOperation|GetCACert)&message=[A-Za-z0-9%+/=_\n -]{0,40}",
        ],
        body in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        if let Err(error) = read(method, &target, &body) {
            prop_assert!((400..500).contains(&error.status()));
            let (HttpError::InvalidEscape { offset } | HttpError::EscapedTwice { offset } | HttpError::NotBase64 { offset }) = error else {
                return Ok(());
            };
            prop_assert!(offset < target.len());
        }
    }

    /// What is refused here the parser would refuse too.
    #[test]
    fn no_message_is_taken_for_another_thing(
        source in select(vec![MESSAGE, BER]),
        len: proptest::sample::Index,
        flip: Option<(proptest::sample::Index, u8)>,
    ) {
        let mut body = source[..=len.index(source.len())].to_vec();
        if let Some((at, mask)) = flip {
            let at = at.index(body.len().min(64));
            body[at] ^= mask;
        }
        if read("POST", "/", &body).is_err() {
            prop_assert!(PkiMessage::parse(&body, &Limits::REQUEST).is_err());
        }
    }
}

// The types of the crate `http`.

#[cfg(feature = "http")]
mod conversions {
    use super::*;
    use ::http::header::{ALLOW, CONTENT_TYPE};
    use ::http::{Request, StatusCode};
    use scep::http::Response;

    fn converted(request: ClientRequest) -> Request<Vec<u8>> {
        request.try_into().unwrap()
    }

    #[test]
    fn requests_go_there_and_back() {
        for method in [Method::Get, Method::Post] {
            let request = ClientRequest::pki_operation("http://ca/scep", method, MESSAGE.to_vec());
            let request = converted(request);
            assert_eq!(request.method().as_str(), method.name());
            let content_type = request
                .headers()
                .get(CONTENT_TYPE)
                .map(|value| value.as_bytes());
            let expected = (method == Method::Post).then_some(&b"application/x-pki-message"[..]);
            assert_eq!(content_type, expected);
            let operation = Operation::from_http(&request, &Limits::REQUEST);
            assert_eq!(operation, pki_operation(MESSAGE));
        }
        let request = converted(ClientRequest::get_ca_cert("http://ca/scep", Some("my ca")));
        let operation = Operation::GetCaCert {
            ca_identifier: Some("my ca".into()),
        };
        assert_eq!(
            Operation::from_http(&request, &Limits::REQUEST),
            Ok(operation)
        );
    }

    // Interop: micromdm's and jscep's clients send application/octet-stream, strongSwan and sscep no type at all.
    #[test]
    fn the_media_type_of_a_request_does_not_matter() {
        for content_type in [
            None,
            Some("application/octet-stream"),
            Some("application/x-www-form-urlencoded"),
        ] {
            let mut request = Request::post("/scep?operation=PKIOperation");
            if let Some(content_type) = content_type {
                request = request.header(CONTENT_TYPE, content_type);
            }
            let request = request.body(MESSAGE).unwrap();
            assert_eq!(
                Operation::from_http(&request, &Limits::REQUEST),
                pki_operation(MESSAGE)
            );
        }
    }

    #[test]
    fn a_url_that_is_none_cannot_be_converted() {
        let request = ClientRequest::get_ca_caps("http://ca example/", None);
        assert!(Request::try_from(request).is_err());
    }

    #[test]
    fn responses_keep_status_type_and_body() {
        let response: ::http::Response<Vec<u8>> = Response::pki_message(MESSAGE.to_vec()).into();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()[CONTENT_TYPE],
            "application/x-pki-message"
        );
        assert_eq!(response.headers().get(ALLOW), None);
        assert_eq!(response.body(), MESSAGE);
        let response: ::http::Response<Vec<u8>> =
            Response::error(HttpError::MethodNotAllowed).into();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[ALLOW], "GET, HEAD, POST");
    }
}
