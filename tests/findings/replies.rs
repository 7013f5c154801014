//! What a server answers, beside what the request holds.

use scep::crypto::{ContentCipher, DigestAlgorithm, SignatureAlgorithm};
use scep::diagnose::{Diagnosis, Finding, FindingCode, FindingCode::*};
use scep::microsoft::Hresult;
use scep::{CsrBuilder, FailInfo, Limits, PkiMessage, RequestBuilder, oid};

use crate::common::forge::{Forge, oid_der, printable, sequence, tlv};
use crate::common::issue::{dns_names, root};
use crate::common::{Parties, key, rng, vector};
use crate::{codes, csr_for, evidence, unverified};

/// What a CSR asks for besides a subject.
pub(crate) type Ask = fn(CsrBuilder<'_>) -> CsrBuilder<'_>;

/// What a server says.
#[derive(Clone, Copy)]
pub(crate) struct Refusal<'t> {
    pub(crate) info: FailInfo,
    pub(crate) code: Option<u32>,
    pub(crate) text: Option<&'t str>,
    pub(crate) csr: Ask,
}

pub(crate) const PLAIN: Refusal<'_> = Refusal {
    info: FailInfo::BadRequest,
    code: None,
    text: None,
    csr: |csr| csr.challenge_password("secret"),
};

impl Refusal<'_> {
    /// The findings of the pair.
    pub(crate) fn findings(self) -> Vec<Finding> {
        let parties = Parties::new();
        let csr = csr_for(&parties.client_key, "CN=device", self.csr);
        let (signer, roles) = (parties.client_signer(), parties.roles());
        let (sent, _) = parties.send(RequestBuilder::pkcs_req(&csr, &signer, &roles));
        let signer = parties.ca_signer();
        let received = parties.receive(&sent);
        let mut reply = received.reply(&parties.provider, &signer);
        if let Some(code) = self.code {
            reply = reply.microsoft_error(Hresult::new(code));
        }
        let reply = reply
            .failure(self.info, self.text, &mut rng())
            .unwrap()
            .sign(&parties.ca_key, &mut rng())
            .unwrap();
        let request = PkiMessage::parse(sent, &Limits::REQUEST).unwrap();
        let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
        let csr = unverified(&csr);
        let diagnosis = Diagnosis::new(&parties.provider)
            .request(&request)
            .csr(&csr);
        diagnosis.reply(&reply).findings()
    }
}

/// The evidence of the finding beside the refusal, which must be this one.
#[track_caller]
fn because(refusal: Refusal<'_>, code: FindingCode) -> String {
    let findings = refusal.findings();
    assert_eq!(codes(&findings), [Refused, code]);
    findings[1].evidence().to_owned()
}

#[test]
fn a_refusal_without_a_reason_has_no_other_finding() {
    assert_eq!(codes(&PLAIN.findings()), [Refused]);
    let other_code = Refusal {
        code: Some(0x8000_4005),
        ..PLAIN
    };
    assert_eq!(codes(&other_code.findings()), [Refused]);
}

#[test]
fn each_hresult_of_a_server_has_its_finding() {
    for (code, finding) in [
        (0x8007_0490, ChallengeRefused),
        (0x8009_6004, ChallengeRefused),
        (0x800b_0110, ChallengeRefused),
        (0x8009_0005, NotDecrypted),
        (0x8009_0008, AlgorithmRefused),
        (0x8009_4012, TemplateRefused),
        (0x8009_4800, TemplateRefused),
        (0x8009_4801, TemplateRefused),
        (0x8009_4802, TemplateRefused),
        (0x8009_4807, TemplateRefused),
        (0x8009_4001, SubjectRefused),
        (0x8009_4806, SubjectRefused),
        (0x8009_480f, AltNamesRefused),
        (0x8009_4812, AltNamesRefused),
        (0x8009_4811, KeyRefused),
        (0x8007_06ba, CaUnreachable),
        (0x8009_2012, CrlUnavailable),
        (0x8009_2013, CrlUnavailable),
    ] {
        let refusal = Refusal {
            code: Some(code),
            ..PLAIN
        };
        let evidence = because(refusal, finding);
        assert!(
            evidence.starts_with(&format!("HRESULT 0x{code:08X} (")),
            "{evidence}"
        );
        // One bit further it is another code.
        let other = Refusal {
            code: Some(code ^ 0x4000),
            ..PLAIN
        };
        assert_eq!(codes(&other.findings()), [Refused], "{code:08x}");
    }
}

#[test]
fn each_name_of_intune_has_its_finding() {
    for (name, finding) in [
        ("ChallengePasswordMissing", ChallengeRefused),
        ("ChallengeDeserializationError", ChallengeRefused),
        ("ChallengeDecryptionError", ChallengeRefused),
        ("ChallengeDecodingError", ChallengeRefused),
        ("ChallengeInvalidTimestamp", ChallengeRefused),
        ("ChallengeExpired", ChallengeRefused),
        ("SigningCertThumbprintMismatch", ChallengeRefused),
        ("BadCertificateRequestIdInChallenge", ChallengeRefused),
        ("BadDeviceIdInChallenge", ChallengeRefused),
        ("BadUserIdInChallenge", ChallengeRefused),
        ("SubjectNameMissing", SubjectRefused),
        ("SubjectNameMismatch", SubjectRefused),
        ("SubjectAltNameMissing", AltNamesRefused),
        ("SubjectAltNameMismatch", AltNamesRefused),
        ("KeyUsageMismatch", UsageRefused),
        ("EnhancedKeyUsageMissing", UsageRefused),
        ("EnhancedKeyUsageMismatch", UsageRefused),
        ("KeyLengthMismatch", KeyRefused),
        ("RegisteredKeyMismatch", KeyRefused),
    ] {
        let text = format!("Intune says: {name}.");
        let evidence = because(
            Refusal {
                text: Some(&text),
                ..PLAIN
            },
            finding,
        );
        assert!(
            evidence.starts_with(&format!("Intune's {name}; CSR: ")),
            "{evidence}"
        );
        let longer = format!("{name}s");
        let other = Refusal {
            text: Some(&longer),
            ..PLAIN
        };
        assert_eq!(codes(&other.findings()), [Refused]);
    }
}

#[test]
fn what_was_refused_stands_beside_what_the_csr_holds() {
    let of = |code, csr: Ask| Refusal {
        code: Some(code),
        csr,
        ..PLAIN
    };
    let held = |refusal: Refusal<'_>, code| {
        let evidence = because(refusal, code);
        evidence.split_once("; ").unwrap().1.to_owned()
    };
    let template: Ask = |csr| {
        csr.challenge_password("secret")
            .microsoft_template_name("Device")
            .extension(oid::KEY_USAGE, tlv(0x03, &[7, 0x80]))
    };
    assert_eq!(
        held(of(0x8009_4800, template), TemplateRefused),
        "CSR: template \"Device\", keyUsage {digitalSignature}, for which NDES takes SignatureTemplate"
    );
    assert_eq!(
        held(of(0x8009_4801, PLAIN.csr), TemplateRefused),
        "CSR: no template, no keyUsage, for which NDES possibly takes GeneralPurposeTemplate"
    );
    assert_eq!(
        held(of(0x8009_4001, PLAIN.csr), SubjectRefused),
        "CSR: subject \"CN=device\""
    );
    let names: Ask = |csr| {
        csr.challenge_password("secret").extension(
            oid::SUBJECT_ALT_NAME,
            dns_names(&["a.example", "b.example"]),
        )
    };
    assert_eq!(
        held(of(0x8009_4812, names), AltNamesRefused),
        "CSR: subjectAltName DNS \"a.example\", DNS \"b.example\""
    );
    assert_eq!(
        held(of(0x8009_4812, PLAIN.csr), AltNamesRefused),
        "CSR: no subjectAltName"
    );
    assert_eq!(
        held(of(0x8009_4811, PLAIN.csr), KeyRefused),
        "CSR: RSA key of 2048 bits"
    );
    let agent: Ask = |csr| {
        let purpose = tlv(0x06, oid::CERTIFICATE_REQUEST_AGENT.as_bytes());
        csr.challenge_password("secret")
            .extension(oid::EXT_KEY_USAGE, sequence(&[&purpose]))
    };
    let usage = Refusal {
        text: Some("EnhancedKeyUsageMismatch"),
        csr: agent,
        ..PLAIN
    };
    assert_eq!(
        held(usage, UsageRefused),
        "CSR: no keyUsage, extKeyUsage 1.3.6.1.4.1.311.20.2.1"
    );
}

#[test]
fn a_refused_password_is_told_by_its_kind_and_never_shown() {
    let kind = |csr: Ask| {
        let refusal = Refusal {
            code: Some(0x8007_0490),
            csr,
            ..PLAIN
        };
        evidence(&refusal.findings(), ChallengeRefused)
    };
    assert!(kind(|csr| csr).ends_with("challengePassword is absent"));
    assert!(kind(|csr| csr.challenge_password("")).ends_with("is empty"));
    let one_time = kind(|csr| csr.challenge_password("0123456789ABCDEF"));
    assert!(one_time.ends_with("is one as NDES gives out"), "{one_time}");
    let blob = kind(|csr| csr.challenge_password(&"QUJD".repeat(1024)));
    assert!(blob.ends_with("is one as Intune gives out"), "{blob}");
    let other = kind(|csr| csr.challenge_password("hunter2"));
    assert!(!other.contains("hunter2"), "{other}");
}

#[test]
fn fail_info_alone_tells_of_algorithms_and_times() {
    let alg = Refusal {
        info: FailInfo::BadAlg,
        ..PLAIN
    };
    assert_eq!(
        because(alg, AlgorithmRefused),
        "failInfo badAlg; digestAlgorithm sha-256, contentEncryptionAlgorithm aes-128-cbc, \
         keyEncryptionAlgorithm rsa-pkcs1v15"
    );
    let time = Refusal {
        info: FailInfo::BadTime,
        ..PLAIN
    };
    assert_eq!(
        because(time, TimeRefused),
        "failInfo badTime; signer's notBefore is 2026-11-23T20:24:05 UTC"
    );
    let id = Refusal {
        info: FailInfo::BadCertId,
        ..PLAIN
    };
    assert_eq!(codes(&id.findings()), [Refused]);
}

#[test]
fn an_hresult_makes_a_server_one_that_reads_printable_strings_only() {
    let utf8: Ask = |csr| csr.challenge_password("secret!");
    let of_ndes = Refusal {
        code: Some(0x8000_4005),
        csr: utf8,
        ..PLAIN
    };
    assert_eq!(codes(&of_ndes.findings()), [Refused, ChallengeTypeRefused]);
    let of_others = Refusal { csr: utf8, ..PLAIN };
    assert_eq!(
        codes(&of_others.findings()),
        [Refused, ChallengeNotPrintable]
    );
}

/// The findings of a request and of a refusal that says no more than this.
pub(crate) fn refused(parties: &Parties, request: &[u8], info: FailInfo) -> Vec<Finding> {
    let signer = parties.ca_signer();
    let reply = parties
        .receive(request)
        .reply(&parties.provider, &signer)
        .failure(info, None, &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let request = PkiMessage::parse(request, &Limits::REQUEST).unwrap();
    let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let diagnosis = Diagnosis::new(&parties.provider).request(&request);
    diagnosis.reply(&reply).findings()
}

/// The findings of a pair whose messages are both changed.
pub(crate) fn changed(
    parties: &Parties,
    request: impl FnOnce(&mut Forge),
    reply: impl FnOnce(&mut Forge),
    certificates: &[scep::Certificate<'_>],
) -> Vec<Finding> {
    let (sent, _) = parties.pkcs_req();
    let signer = parties.ca_signer();
    let pending = parties
        .receive(&sent)
        .reply(&parties.provider, &signer)
        .pending(&mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let (mut sent, mut came) = (Forge::of(&sent), Forge::of(&pending));
    request(&mut sent);
    reply(&mut came);
    let sent = PkiMessage::parse(sent.sign(&parties.client_key), &Limits::REQUEST).unwrap();
    let came = PkiMessage::parse(came.sign(&parties.ca_key), &Limits::REPLY).unwrap();
    let diagnosis = Diagnosis::new(&parties.provider)
        .request(&sent)
        .reply(&came);
    diagnosis.ca_certificates(certificates).findings()
}

#[test]
fn a_reply_by_nobody_at_hand_is_told() {
    let parties = Parties::new();
    let without = |forge: &mut Forge| forge.certificates.clear();
    let judged = |certificates: &[scep::Certificate<'_>]| {
        let findings = changed(&parties, |_| (), without, certificates);
        let found = findings.iter().find(|one| one.code() == ReplySignerUnknown);
        found.map(|one| one.evidence().to_owned())
    };
    let other = [root("Another CA", &key(vector!("keys/cpend.key")))];
    let evidence = judged(&other).unwrap();
    assert!(
        evidence.contains("jscep CA") && evidence.contains("Another CA"),
        "{evidence}"
    );
    // Interop: NDES sends no certificates, and its signer is in GetCACert.
    assert_eq!(judged(std::slice::from_ref(&parties.ca)), None);
    assert_eq!(judged(&[]), None);
}

#[test]
fn an_attribute_that_a_reply_must_have_is_named() {
    let parties = Parties::new();
    let judged = |change: &dyn Fn(&mut Forge)| changed(&parties, |_| (), change, &[]);
    assert_eq!(judged(&|_| ()), []);
    for (oid, name) in [
        (oid::CONTENT_TYPE, "contentType"),
        (oid::MESSAGE_DIGEST, "messageDigest"),
    ] {
        let findings = judged(&|forge| drop(forge.remove(oid)));
        assert_eq!(codes(&findings), [SignedAttributeMissing]);
        assert!(findings[0].evidence().ends_with(name));
    }
}

// Interop: Dogtag says SUCCESS while a request waits.
#[test]
fn a_success_that_brings_nothing_is_told() {
    let parties = Parties::new();
    let judged = |status: &str, content: Option<&[u8]>| {
        let change = |forge: &mut Forge| {
            forge.set(oid::PKI_STATUS, printable(status));
            forge.set_content(content.map(<[u8]>::to_vec));
        };
        changed(&parties, |_| (), change, &[])
    };
    for (content, seen) in [
        (None, "no content"),
        (Some(&b""[..]), "no content"),
        (Some(b"\0"), "one byte of content"),
    ] {
        let findings = judged("0", content);
        assert_eq!(codes(&findings), [SuccessWithoutContent]);
        let expected = format!("pkiStatus SUCCESS, and {seen}");
        assert_eq!(findings[0].evidence(), expected);
        assert_eq!(judged("3", content), []);
    }
    let granted = parties.grant(&parties.receive(&parties.pkcs_req().0));
    let granted = PkiMessage::parse(granted, &Limits::REPLY).unwrap();
    let diagnosis = Diagnosis::new(&parties.provider).reply(&granted);
    assert_eq!(diagnosis.findings(), []);
}

#[test]
fn a_content_type_of_a_reply_that_is_not_data_is_told() {
    let signed = |content_type| {
        let change = |forge: &mut Forge| forge.set(oid::CONTENT_TYPE, oid_der(content_type));
        changed(&Parties::new(), |_| (), change, &[])
    };
    let findings = signed(oid::ENVELOPED_DATA);
    assert_eq!(codes(&findings), [ContentTypeNotData]);
    assert_eq!(
        findings[0].evidence(),
        "eContentType data, contentType envelopedData"
    );
    assert_eq!(signed(oid::DATA), []);
}

#[test]
fn a_reply_is_written_as_the_request_was() {
    let parties = Parties::new();
    let judged = |digest| {
        let signature = SignatureAlgorithm::RsaPkcs1v15(digest);
        changed(
            &parties,
            |_| (),
            |forge| forge.set_signature(signature),
            &[],
        )
    };
    assert_eq!(judged(DigestAlgorithm::Sha256), []);
    let findings = judged(DigestAlgorithm::Sha512);
    assert_eq!(codes(&findings), [ReplyAlgorithmDiffers]);
    assert_eq!(
        findings[0].evidence(),
        "digestAlgorithm sha-256 in the request, sha-512 in the reply"
    );
}

#[test]
fn the_cipher_of_a_success_is_that_of_the_request() {
    let parties = Parties::new();
    let judged = |cipher: ContentCipher| {
        let (signer, roles) = (parties.client_signer(), parties.roles());
        let builder = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles);
        let (sent, _) = parties.send(builder.content_cipher(cipher));
        // Written for a request in AES-128.
        let granted = parties.grant(&parties.receive(&parties.pkcs_req().0));
        let sent = PkiMessage::parse(sent, &Limits::REQUEST).unwrap();
        let came = PkiMessage::parse(granted, &Limits::REPLY).unwrap();
        let diagnosis = Diagnosis::new(&parties.provider)
            .request(&sent)
            .reply(&came);
        let findings = diagnosis.findings();
        let found = findings
            .iter()
            .find(|one| one.code() == ReplyAlgorithmDiffers);
        found.map(|one| one.evidence().to_owned())
    };
    assert_eq!(judged(ContentCipher::Aes128Cbc), None);
    assert_eq!(
        judged(ContentCipher::TripleDesCbc).unwrap(),
        "contentEncryptionAlgorithm des-ede3-cbc in the request, aes-128-cbc in the reply"
    );
}

#[test]
fn the_clocks_of_a_pair_are_compared() {
    let parties = Parties::new();
    let judged = |came: &'static [u8]| {
        let time = |text: &'static [u8]| {
            move |forge: &mut Forge| forge.set(oid::SIGNING_TIME, tlv(0x17, text))
        };
        changed(&parties, time(b"261130120000Z"), time(came), &[])
    };
    assert_eq!(judged(b"261130120500Z"), []);
    assert_eq!(judged(b"261130115500Z"), []);
    for (came, difference) in [
        (
            b"261130120501Z",
            "12:05:01 UTC in the reply: 5 minutes apart",
        ),
        (
            b"261130030000Z",
            "03:00:00 UTC in the reply: 9 hours 0 minutes apart",
        ),
    ] {
        let findings = judged(came);
        assert_eq!(codes(&findings), [ClocksDiffer]);
        assert!(findings[0].evidence().ends_with(difference));
    }
}
