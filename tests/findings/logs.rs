//! What stands in the log of a device.

use scep::diagnose::{Diagnosis, Finding, FindingCode::*};
use scep::microsoft::EventText;

use crate::codes;
use crate::common::provider;

pub(crate) fn logged(text: &str) -> Vec<Finding> {
    let event = EventText::parse(text).unwrap();
    Diagnosis::new(&provider()).event(&event).findings()
}

pub(crate) fn failed(code: u32) -> Vec<Finding> {
    logged(&format!(
        "SCEP: Certificate enroll failed. https://ca.example/scep/pkiclient.exe Result: (0x{code:08x})."
    ))
}

#[test]
fn each_code_of_a_device_has_its_finding() {
    for (code, finding) in [
        (0x8019_0194, NotFound),
        (0x8019_01f4, ServerError),
        (0x8019_0193, Forbidden),
        (0x8019_019e, UrlTooLong),
        (0x8019_01f7, ServiceDown),
        (0x8007_2ee7, Unreachable),
        (0x8007_2efd, Unreachable),
        (0x8007_2efe, Unreachable),
        (0x8007_2ee2, Unreachable),
        (0x8007_2f05, TlsFailed),
        (0x8007_2f06, TlsFailed),
        (0x8007_2f0d, TlsFailed),
        (0x8007_2f8f, TlsFailed),
        (0x8007_00ce, BodyIsNoMessage),
        (0x8007_2f78, BodyIsNoMessage),
        (0x8009_1006, SignedAttributeMissing),
        (0x8009_1007, ThumbprintUnknown),
        (0x8007_0490, ChallengeRefused),
        (0x8009_4800, TemplateRefused),
    ] {
        let findings = failed(code);
        assert_eq!(codes(&findings), [LoggedFailure, finding], "{code:08x}");
        assert!(
            findings[1]
                .evidence()
                .starts_with(&format!("HRESULT 0x{code:08X} ("))
        );
        assert_eq!(codes(&failed(code ^ 0x4000)), [LoggedFailure], "{code:08x}");
    }
}

#[test]
fn the_sentence_of_a_code_has_the_finding_of_the_code() {
    let found = |sentence: &str| {
        let text = format!("SCEP: Certificate enroll failed. Result: ({sentence}.).");
        let findings = logged(&text);
        (codes(&findings), findings[0].evidence().to_owned())
    };
    for (sentence, other, code, finding) in [
        (
            "The hash value is not correct",
            "The hash value is correct",
            "0x80091007 (CRYPT_E_HASH_VALUE)",
            Some(ThumbprintUnknown),
        ),
        (
            "The message does not contain an expected authenticated attribute",
            "The message does not contain an expected attribute",
            "0x80091006 (CRYPT_E_AUTH_ATTR_MISSING)",
            Some(SignedAttributeMissing),
        ),
        // It may be the certificate to encrypt to, or the one to verify with.
        (
            "The requested certificate does not exist",
            "The requested certificate exists",
            "0x8010002C (SCARD_E_NO_SUCH_CERTIFICATE)",
            None,
        ),
    ] {
        let expected: Vec<_> = [Some(LoggedFailure), finding]
            .into_iter()
            .flatten()
            .collect();
        let (codes, evidence) = found(sentence);
        assert_eq!(codes, expected);
        assert!(evidence.starts_with(&format!("HRESULT {code}: ")));
        let nothing = (vec![LoggedFailure], "neither code nor URL".to_owned());
        assert_eq!(found(other), nothing);
    }
}

#[test]
fn a_code_without_a_finding_is_told_with_its_meaning() {
    for (code, meaning) in [
        (
            0x800b_0109,
            "(CERT_E_UNTRUSTEDROOT): A chain ends in a root that is not trusted. At NDES: often an RA certificate of \
             an earlier CA.",
        ),
        (
            0x8007_0057,
            "(E_INVALIDARG): A value in the request or in the settings is wrong. At the start of NDES: an RA \
             certificate is missing or unusable.",
        ),
        (
            0x8010_002c,
            "(SCARD_E_NO_SUCH_CERTIFICATE): The client finds no certificate to encrypt to, or none to verify with, in \
             the answer to GetCACert.",
        ),
    ] {
        let findings = failed(code);
        assert_eq!(codes(&findings), [LoggedFailure]);
        assert!(findings[0].evidence().ends_with(meaning), "{}", findings[0]);
        let unknown = code ^ 0x4000;
        let findings = failed(unknown);
        let number = format!("HRESULT 0x{unknown:08X}");
        assert!(findings[0].evidence().ends_with(&number), "{}", findings[0]);
    }
}

#[test]
fn a_failure_is_told_with_all_that_the_log_has() {
    let findings = failed(0x8007_2ee7);
    assert_eq!(
        findings[0].evidence(),
        "URL \"https://ca.example/scep/pkiclient.exe\"; HRESULT 0x80072EE7 \
         (WININET_E_NAME_NOT_RESOLVED): The server's name cannot be resolved."
    );
    let installed = "SCEP: Certificate installed successfully. \
                     Thumbprint: 0123456789ABCDEF0123456789abcdef01234567.";
    assert_eq!(logged(installed), []);
    assert_eq!(
        codes(&logged("SCEP: Certificate enroll failed.")),
        [LoggedFailure]
    );
}

#[test]
fn the_noise_of_tpms_is_no_failure() {
    let text = |host: &str| {
        format!(
            "SCEP Certificate enrollment initialization for Local system via \
             https://AMD-KeyId-00.{host}/templates/Aik/scep failed: GetCACaps 0x80190194"
        )
    };
    assert_eq!(
        codes(&logged(&text("microsoftaik.azure.net"))),
        [TpmAttestation]
    );
    assert_eq!(
        codes(&logged(&text("ca.example"))),
        [LoggedFailure, NotFound]
    );
}

#[test]
fn japanese_sentences_have_the_same_findings() {
    let text = "https://ca.example/scep/pkiclient.exe を使用した ローカル システム の SCEP 証明書の登録の初期化に\
                失敗しました:GetCACaps 見つかりません(0x80190194)";
    assert_eq!(codes(&logged(text)), [LoggedFailure, NotFound]);
    let done = "SCEP: 証明書要求が正常に生成されました。";
    assert!(EventText::parse(done).is_err());
}
