//! A CA that asks Intune before it issues: the whole exchange, against a mock that looks at every field.
#![cfg(all(feature = "rustcrypto", feature = "intune"))]

mod common;

use common::{Parties, rng};
use scep::intune::{
    DownloadRevocationRequests, FailureNotification, IntuneError, ResultCode, RevocationError,
    RevocationRequests, RevocationResult, SuccessNotification, UploadAccepted,
    UploadRevocationResults, ValidateRequest, ValidationResult, service,
};
use scep::microsoft::Hresult;
use scep::{
    CertRep, FailInfo, Fingerprint, FingerprintAlgorithm, IssuerAndSerialNumber, Limits,
    PkiMessage, Request, RequestBuilder,
};
use serde_json::{Value, json};

const CALLER: &str = "Example CA 1.0";

/// What base64 without line breaks holds, read as the inside of PEM.
fn decode(text: &str) -> Vec<u8> {
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let lines = lines.join("\n");
    let text = format!("-----BEGIN CSR-----\n{lines}\n-----END CSR-----\n");
    pem_rfc7468::decode_vec(text.as_bytes()).unwrap().1
}

/// Intune, as its clients see it.
struct Mock<'p> {
    parties: &'p Parties,
    transaction_id: String,
    /// What it says of the request, and of the notification that follows.
    codes: [&'static str; 2],
    /// The paths that were posted to.
    posted: Vec<String>,
}

impl Mock<'_> {
    fn post(&mut self, path: &str, body: &str) -> String {
        let code = self.codes[self.posted.len()];
        self.posted.push(path.into());
        let body: Value = serde_json::from_str(body).unwrap();
        let (envelope, own) = match path {
            service::VALIDATE => ("request", json!({})),
            service::SUCCESS => (
                "notification",
                json!({
                    "certificateThumbprint": "DB36EE63318286B050B31A20F678B3615520A111",
                    "certificateSerialNumber": "03EB",
                    "certificateExpirationDateUtc": "2036-11-20T20:26:53.000Z",
                    "issuingCertificateAuthority": "CN=jscep CA,O=Peer Test,C=US",
                    "caConfiguration": "ca-1",
                    "certificateAuthority": "Peer Test CA",
                }),
            ),
            service::FAILURE => (
                "notification",
                json!({ "hResult": 0x8009_4800_u32, "errorDescription": "no such template" }),
            ),
            other => panic!("{other}"),
        };
        let mut expected = own;
        expected["transactionId"] = self.transaction_id.clone().into();
        expected["callerInfo"] = CALLER.into();
        let csr = body[envelope]["certificateRequest"].as_str().unwrap();
        assert_eq!(decode(csr), self.parties.csr.as_der());
        expected["certificateRequest"] = csr.into();
        assert_eq!(body, json!({ envelope: expected }), "{path}");
        json!({ "code": code, "errorDescription": "" }).to_string()
    }
}

fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

fn answer(text: &str) -> ValidationResult {
    serde_json::from_str(text).unwrap()
}

/// What a CA asked and told Intune about a request, which says `codes`, and what the device made of the reply.
fn exchange(codes: [&'static str; 2]) -> (Vec<String>, Result<(), (FailInfo, String)>) {
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let request = parties.receive(&request);
    let mut intune = Mock {
        parties: &parties,
        transaction_id: id(&request),
        codes,
        posted: Vec::new(),
    };
    let said = ask_and_tell(&mut intune, &request);
    let ca = parties.ca_signer();
    let reply = request.reply(&parties.provider, &ca);
    let unsigned = match said.fail_info() {
        None => {
            let certificates = [parties.issued.borrowed()];
            reply.success(&certificates, &mut rng()).unwrap()
        }
        Some(info) => reply.failure(info, Some(said.name()), &mut rng()).unwrap(),
    };
    let signed = unsigned.sign(&parties.ca_key, &mut rng()).unwrap();
    let message = PkiMessage::parse(signed, &Limits::REPLY).unwrap();
    let roles = parties.roles();
    let taken = pending.accept(&message, &roles, &parties.provider, &parties.policy);
    let outcome = match taken.unwrap() {
        CertRep::Success(_) => Ok(()),
        CertRep::Failure(failure) => Err((failure.info().unwrap(), failure.text().unwrap().into())),
        CertRep::Pending => panic!("Intune knows no waiting"),
    };
    (intune.posted, outcome)
}

/// A CA's part: it asks, and tells of what it issues or refuses. What is said last decides.
fn ask_and_tell(intune: &mut Mock<'_>, request: &Request) -> ResultCode {
    let parties = intune.parties;
    let validate = ValidateRequest::of(request, CALLER).unwrap();
    let said = answer(&intune.post(service::VALIDATE, &to_json(&validate))).code;
    if !said.is_success() {
        let error = Hresult::new(0x8009_4800);
        let failure = FailureNotification::of(request, error, "no such template", CALLER).unwrap();
        intune.post(service::FAILURE, &to_json(&failure));
        return said;
    }
    let mut success =
        SuccessNotification::of(request, &parties.issued, &parties.provider, CALLER).unwrap();
    success.notification.ca_configuration = "ca-1".into();
    success.notification.certificate_authority = "Peer Test CA".into();
    answer(&intune.post(service::SUCCESS, &to_json(&success))).code
}

fn id(request: &Request) -> String {
    String::from_utf8(request.transaction_id().as_bytes().to_vec()).unwrap()
}

#[test]
fn what_intune_allows_is_issued_and_told() {
    let (posted, outcome) = exchange(["Success", "Success"]);
    assert_eq!(posted, [service::VALIDATE, service::SUCCESS]);
    assert_eq!(outcome, Ok(()));
}

#[test]
fn what_intune_refuses_is_refused_with_the_name_of_its_code() {
    for code in ["ChallengeExpired", "success", "CodeOfTomorrow"] {
        let (posted, outcome) = exchange([code, "Success"]);
        assert_eq!(posted, [service::VALIDATE, service::FAILURE]);
        assert_eq!(outcome, Err((FailInfo::BadRequest, code.to_string())));
    }
}

#[test]
fn what_intune_takes_no_note_of_is_not_handed_out() {
    let (posted, outcome) = exchange(["Success", "Unknown"]);
    assert_eq!(posted, [service::VALIDATE, service::SUCCESS]);
    assert_eq!(outcome, Err((FailInfo::BadRequest, "Unknown".to_owned())));
}

#[test]
fn intune_is_asked_where_and_how_its_own_client_does() {
    for (ours, theirs) in [
        (service::VALIDATE, "/ScepActions/validateRequest"),
        (service::SUCCESS, "/ScepActions/successNotification"),
        (service::FAILURE, "/ScepActions/failureNotification"),
        (
            service::DOWNLOAD_REVOCATIONS,
            "/CertificateAuthorityRequests/downloadRevocationRequests",
        ),
        (
            service::UPLOAD_REVOCATIONS,
            "/CertificateAuthorityRequests/uploadRevocationResults",
        ),
        (
            service::VALIDATION_SERVICE,
            "ScepRequestValidationFEService",
        ),
        (service::REVOCATION_SERVICE, "PkiConnectorFEService"),
        (service::VALIDATION_API_VERSION, "2018-02-20"),
        (service::REVOCATION_API_VERSION, "5019-05-05"),
        (service::API_VERSION_HEADER, "api-version"),
        (service::REQUEST_ID_HEADER, "client-request-id"),
        (service::GRAPH_SCOPE, "https://graph.microsoft.com/.default"),
        (
            service::INTUNE_SCOPE,
            "https://api.manage.microsoft.com//.default",
        ),
        (
            service::ENDPOINTS_URL,
            "https://graph.microsoft.com/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints",
        ),
    ] {
        assert_eq!(ours, theirs);
    }
}

/// The names of Microsoft's enumerations, in its order.
const RESULT_CODES: &str = "Unknown Success CertificateRequestDecodingFailed ChallengePasswordMissing \
    ChallengeDeserializationError ChallengeDecryptionError ChallengeDecodingError ChallengeInvalidTimestamp \
    ChallengeExpired SubjectNameMissing SubjectNameMismatch SubjectAltNameMissing SubjectAltNameMismatch \
    KeyUsageMismatch KeyLengthMismatch EnhancedKeyUsageMissing EnhancedKeyUsageMismatch \
    AadKeyIdentifierListMissing RegisteredKeyMismatch SigningCertThumbprintMismatch \
    ScepProfileNoLongerTargetedToTheClient SignatureValidationFailed BadCertificateRequestIdInChallenge \
    BadDeviceIdInChallenge BadUserIdInChallenge";
const REVOCATION_ERRORS: &str = "None NonRetryableServiceException DataSerializationError \
    ParameterDataInvalidError CryptographyError CertificateNotFoundError ConflictError NotSupportedError \
    PayloadTooLargeError RetryableServiceException ServiceUnavailableException ServiceTooBusyException \
    AuthenticationException";

#[test]
fn every_name_is_known_and_written_as_it_was_read() {
    for name in RESULT_CODES.split_whitespace() {
        let result = answer(&format!(r#"{{"code":"{name}","errorDescription":"x"}}"#));
        assert!(!matches!(result.code, ResultCode::Other(_)), "{name}");
        assert_eq!(to_json(&result.code), format!("\"{name}\""));
        assert_eq!(result.error_description.as_deref(), Some("x"));
    }
    for name in REVOCATION_ERRORS.split_whitespace() {
        let error: RevocationError = serde_json::from_value(name.into()).unwrap();
        assert!(!matches!(error, RevocationError::Other(_)), "{name}");
        assert_eq!(to_json(&error), format!("\"{name}\""));
    }
    let other: RevocationError = serde_json::from_value("Tomorrow".into()).unwrap();
    assert_eq!(other, RevocationError::Other("Tomorrow".into()));
}

#[test]
fn every_body_reads_back() {
    let parties = Parties::new();
    let request = parties.receive(&parties.pkcs_req().0);
    let validate = ValidateRequest::of(&request, CALLER).unwrap();
    assert_eq!(
        serde_json::from_str::<ValidateRequest>(&to_json(&validate)).unwrap(),
        validate
    );
    let success =
        SuccessNotification::of(&request, &parties.issued, &parties.provider, CALLER).unwrap();
    assert_eq!(
        serde_json::from_str::<SuccessNotification>(&to_json(&success)).unwrap(),
        success
    );
    let sha1 = FingerprintAlgorithm::Sha1;
    let thumbprint = Fingerprint::of(sha1, &parties.issued, &parties.provider).unwrap();
    let told = &success.notification.certificate_thumbprint;
    assert_eq!(Fingerprint::from_hex(told), Ok(thumbprint));
    let long = "\u{e4}".repeat(256);
    let failure = FailureNotification::of(&request, Hresult::new(1), &long, CALLER).unwrap();
    assert_eq!(failure.notification.error_description, "\u{e4}".repeat(255));
    assert_eq!(
        serde_json::from_str::<FailureNotification>(&to_json(&failure)).unwrap(),
        failure
    );
}

#[test]
fn the_csr_is_never_shown() {
    let parties = Parties::new();
    let request = parties.receive(&parties.pkcs_req().0);
    let validate = ValidateRequest::of(&request, CALLER).unwrap();
    let shown = format!("{validate:?}");
    assert!(shown.contains("EncodedCsr(..)"), "{shown}");
    let csr = validate.request.certificate_request.expose_secret();
    assert!(!shown.contains(csr));
}

#[test]
fn only_a_request_for_a_certificate_concerns_intune() {
    let parties = Parties::new();
    let ca = parties.roles();
    let client = parties.client_signer();
    let id = IssuerAndSerialNumber::of(&parties.issued);
    let (request, _) = parties.send(RequestBuilder::get_cert(id, &client, &ca));
    let request = parties.receive(&request);
    let error = ValidateRequest::of(&request, CALLER).unwrap_err();
    assert_eq!(error, IntuneError::NoCsr);
}

#[test]
fn an_answer_needs_no_words_but_a_code() {
    let result = answer(r#"{"code":"KeyLengthMismatch"}"#);
    assert_eq!(result.code, ResultCode::KeyLengthMismatch);
    assert_eq!(result.error_description, None);
    assert!(serde_json::from_str::<ValidationResult>(r#"{"errorDescription":""}"#).is_err());
}

#[test]
fn revocations_go_both_ways() {
    let ask = DownloadRevocationRequests::new(50, Some("CN=CA"));
    let expected = json!({"downloadParameters": {"maxRequests": 50, "issuerName": "CN=CA"}});
    assert_eq!(serde_json::to_value(&ask).unwrap(), expected);
    for text in [
        r#"{"value":[{"requestContext":"c1","serialNumber":"0A","issuerName":"CN=CA","caConfiguration":"ca-1"}]}"#,
        r#"{"Value":[{"RequestContext":"c1","SerialNumber":"0A","IssuerName":"CN=CA","CAConfiguration":"ca-1"}]}"#,
    ] {
        let requests: RevocationRequests = serde_json::from_str(text).unwrap();
        let request = &requests.value[0];
        assert_eq!(request.serial_number, "0A");
        assert_eq!(request.ca_configuration.as_deref(), Some("ca-1"));
        let missing = RevocationError::CertificateNotFound;
        let results = UploadRevocationResults {
            results: vec![
                RevocationResult::revoked(request),
                RevocationResult::failed(request, missing, "unknown"),
            ],
        };
        let expected = json!({"results": [
            {"requestContext": "c1", "succeeded": true, "errorCode": "None", "errorMessage": null},
            {"requestContext": "c1", "succeeded": false, "errorCode": "CertificateNotFoundError", "errorMessage": "unknown"},
        ]});
        assert_eq!(serde_json::to_value(&results).unwrap(), expected);
    }
    assert!(serde_json::from_str::<RevocationRequests>(r#"{"value":[{}]}"#).is_err());
    let accepted: UploadAccepted = serde_json::from_str(r#"{"value":true}"#).unwrap();
    assert!(accepted.value);
}
