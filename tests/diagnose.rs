//! Each finding: where it must appear, and beside it, changed in one thing, where it must not.
#![cfg(all(feature = "rustcrypto", feature = "diagnose"))]

mod common;

use common::forge::{Forge, oid_der, printable, sequence, tlv};
use common::issue::{self, NOW, Template, ca_constraints, name};
use common::{Parties, RsaKey, key, rng, vector};
use scep::crypto::{DigestAlgorithm, KeyTransport};
use scep::diagnose::{ClientKind, Diagnosis, Finding, FindingCode, Severity};
use scep::microsoft::Hresult;
use scep::{
    CaRoles, Capabilities, Certificate, CsrBuilder, FailInfo, Fingerprint, FingerprintAlgorithm,
    Limits, PkiMessage, RequestBuilder, SignerIdentity, UnverifiedCsr, oid,
};

use FindingCode::*;

/// keyUsage in DER: the bits of digitalSignature, keyEncipherment, keyCertSign.
const SIGNS: u8 = 0x80;
const DECRYPTS: u8 = 0x20;
const ISSUES: u8 = 0x04;

fn key_usage(bits: u8) -> Vec<u8> {
    tlv(0x03, &[0, bits])
}

/// A CA and the two certificates of an RA before it, as NDES has them.
struct Ca {
    root_key: RsaKey,
    subject: Vec<u8>,
    ca: Template,
    ra_signing: Template,
    ra_encryption: Template,
}

impl Ca {
    fn new() -> Self {
        let root_key = key(vector!("keys/ca-jscep.key"));
        let subject = name(&[(0x0c, "Issuing CA")]);
        let ra = |text: &str, key: &[u8], usage| {
            let key = common::key(key);
            let agent = sequence(&[&oid_der(oid::CERTIFICATE_REQUEST_AGENT)]);
            Template::new(&name(&[(0x0c, text)]), key.public_key_der())
                .with(oid::KEY_USAGE, key_usage(usage))
                .with(oid::EXT_KEY_USAGE, agent)
        };
        Self {
            ca: Template::new(&subject, root_key.public_key_der())
                .with(oid::BASIC_CONSTRAINTS, ca_constraints())
                .with(oid::KEY_USAGE, key_usage(ISSUES)),
            ra_signing: ra("RA signing", vector!("keys/cbad.key"), SIGNS),
            ra_encryption: ra("RA encryption", vector!("keys/cpend.key"), DECRYPTS),
            root_key,
            subject,
        }
    }

    /// In the order of NDES.
    fn certificates(&self) -> Vec<Certificate<'static>> {
        [&self.ra_signing, &self.ra_encryption, &self.ca]
            .map(|template| template.issue(&self.subject, &self.root_key))
            .into()
    }
}

fn parties() -> Parties {
    Parties::new()
}

fn codes(findings: &[Finding]) -> Vec<FindingCode> {
    findings.iter().map(Finding::code).collect()
}

fn judged(certificates: &[Certificate<'_>]) -> Vec<FindingCode> {
    let provider = parties().provider;
    let diagnosis = Diagnosis::new(&provider).ca_certificates(certificates);
    codes(&diagnosis.now(NOW).findings())
}

#[test]
fn a_good_ca_has_no_findings() {
    assert_eq!(judged(&Ca::new().certificates()), []);
    // A CA that does all by itself, without keyUsage.
    let key = key(vector!("keys/ca-jscep.key"));
    assert_eq!(judged(&[issue::root("CA", &key)]), []);
}

#[test]
fn a_set_without_ca_is_told() {
    let mut certificates = Ca::new().certificates();
    certificates.pop();
    assert_eq!(judged(&certificates), [NoCa]);
}

#[test]
fn usages_are_missed() {
    let mut certificates = Ca::new().certificates();
    let encryption = certificates.remove(1);
    assert_eq!(judged(&certificates), [NoEncryptionCertificate]);
    certificates[0] = encryption;
    assert_eq!(judged(&certificates), [NoSigningCertificate]);
}

#[test]
fn a_key_that_few_encrypt_to_is_told() {
    let mut ca = Ca::new();
    // id-ecPublicKey on P-256, with a point that nobody looks at.
    let algorithm = sequence(&[
        &oid_der(common::forge::dotted("1.2.840.10045.2.1")),
        &oid_der(common::forge::dotted("1.2.840.10045.3.1.7")),
    ]);
    let point = [&[0, 4][..], &[1; 64]].concat();
    ca.ra_encryption.public_key = sequence(&[&algorithm, &tlv(0x03, &point)]);
    let certificates = ca.certificates();
    assert_eq!(judged(&certificates), [EncryptionKeyNotRsa]);
    let provider = parties().provider;
    let diagnosis = Diagnosis::new(&provider).ca_certificates(&certificates);
    // A client that agrees on keys can enrol here.
    assert_eq!(diagnosis.findings()[0].severity(), Severity::Warning);
}

#[test]
fn an_ra_of_an_earlier_ca_is_told() {
    let ca = Ca::new();
    let mut certificates = ca.certificates();
    // The same name on another key, as after a renewal.
    let earlier = key(vector!("keys/ca-micromdm.key"));
    certificates[0] = ca.ra_signing.issue(&ca.subject, &earlier);
    assert_eq!(judged(&certificates), [RaOfAnotherCa]);
    let other = name(&[(0x0c, "Another CA")]);
    certificates[0] = ca.ra_signing.issue(&other, &ca.root_key);
    assert_eq!(judged(&certificates), [RaOfAnotherCa]);
}

#[test]
fn validity_is_judged_at_the_time() {
    let mut ca = Ca::new();
    ca.ra_signing.validity = ["260101000000Z", "261231000000Z"];
    let certificates = ca.certificates();
    let validity = certificates[0].validity().unwrap();
    let (begin, end) = (validity.not_before, validity.not_after);
    let provider = parties().provider;
    let diagnosis = Diagnosis::new(&provider).ca_certificates(&certificates);
    let at = |now| codes(&diagnosis.now(now).findings());
    let month = 30 * 86_400;
    assert_eq!(at(begin), []);
    assert_eq!(at(begin - 1), [CertificateNotYetValid]);
    assert_eq!(at(end - month), []);
    assert_eq!(at(end - month + 1), [CertificateExpiresSoon]);
    assert_eq!(at(end), [CertificateExpiresSoon]);
    assert_eq!(at(end + 1), [CertificateExpired]);
    let evidence = diagnosis.now(end + 1).findings()[0].evidence().to_string();
    assert!(
        evidence.ends_with("expired 2026-12-31T00:00:00 UTC"),
        "{evidence}"
    );
    // Without a time nothing is said.
    assert_eq!(diagnosis.findings(), []);
}

#[test]
fn signatures_that_apple_refuses_are_told() {
    let mut ca = Ca::new();
    ca.ca.digest = DigestAlgorithm::Sha1;
    let provider = parties().provider;
    let certificates = ca.certificates();
    let diagnosis = Diagnosis::new(&provider).ca_certificates(&certificates);
    let findings = diagnosis.findings();
    assert_eq!(codes(&findings), [SignatureRefusedByApple]);
    assert_eq!(findings[0].clients(), [ClientKind::Apple]);
    let evidence = findings[0].evidence();
    assert!(
        evidence.contains("Issuing CA") && evidence.ends_with("SHA-1"),
        "{evidence}"
    );
}

#[test]
fn thumbprints_are_compared_with_every_certificate() {
    let ca = Ca::new();
    let mut certificates = ca.certificates();
    let root = issue::root("Root", &key(vector!("keys/ca-micromdm.key")));
    let root_name = root.subject_der().to_vec();
    certificates[2] = ca
        .ca
        .issue(&root_name, &key(vector!("keys/ca-micromdm.key")));
    certificates.push(root);
    let provider = parties().provider;
    let with = |thumbprint| {
        let diagnosis = Diagnosis::new(&provider).ca_certificates(&certificates);
        diagnosis.thumbprint(thumbprint).findings()
    };
    for algorithm in [
        FingerprintAlgorithm::Md5,
        FingerprintAlgorithm::Sha1,
        FingerprintAlgorithm::Sha256,
    ] {
        let of = |at: usize| Fingerprint::of(algorithm, &certificates[at], &provider).unwrap();
        assert_eq!(codes(&with(of(2))), [ThumbprintNotOfRoot]);
        assert_eq!(codes(&with(of(3))), [ThumbprintNotOfIssuingCa]);
        assert_eq!(codes(&with(of(0))), [ThumbprintNotOfIssuingCa]);
        let mut other = of(2).as_bytes().to_vec();
        other[0] ^= 1;
        let findings = with(Fingerprint::from_bytes(&other).unwrap());
        assert_eq!(codes(&findings), [ThumbprintUnknown]);
        // The right one is there to be copied.
        assert!(findings[0].evidence().contains(&of(2).to_string()));
    }
}

#[test]
fn lists_of_capabilities_are_judged() {
    let judged = |capabilities: Capabilities| {
        let provider = parties().provider;
        codes(
            &Diagnosis::new(&provider)
                .capabilities(&capabilities)
                .findings(),
        )
    };
    let of = |text: &str| judged(Capabilities::parse(text.as_bytes()));
    assert_eq!(of("AES\nSHA-256\nPOSTPKIOperation\n"), []);
    assert_eq!(of("SCEPStandard\n"), []);
    assert_eq!(
        of("SHA-256\nPOSTPKIOperation\n"),
        [CapabilitiesWithoutCipher]
    );
    assert_eq!(of("DES3\nPOSTPKIOperation\n"), [CapabilitiesWithoutDigest]);
    assert_eq!(of("DES3\nSHA-1\n"), [CapabilitiesWithoutPost]);
    assert_eq!(judged(Capabilities::UNKNOWN), [CapabilitiesUnknown]);
}

/// A PKCSReq encrypted to a certificate.
fn encrypted_to(parties: &Parties, recipient: &Certificate<'_>) -> Vec<u8> {
    let roles = CaRoles::with_ra(&parties.ca, recipient, &parties.ca);
    let signer = parties.client_signer();
    parties
        .send(RequestBuilder::pkcs_req(&parties.csr, &signer, &roles))
        .0
}

#[test]
fn the_wrong_recipient_and_the_right_one_are_named() {
    let (parties, ca) = (parties(), Ca::new());
    let certificates = ca.certificates();
    let findings = |recipient: &Certificate<'_>| {
        let request =
            PkiMessage::parse(encrypted_to(&parties, recipient), &Limits::REQUEST).unwrap();
        let diagnosis = Diagnosis::new(&parties.provider).ca_certificates(&certificates);
        diagnosis.request(&request).findings()
    };
    assert_eq!(findings(&certificates[1]), []);
    let to_signer = findings(&certificates[0]);
    assert_eq!(codes(&to_signer), [RecipientMayNotDecrypt]);
    let evidence = to_signer[0].evidence();
    let (wrong, right) = evidence.split_once("; right is ").unwrap();
    assert!(
        wrong.contains("RA signing") && right.contains("RA encryption"),
        "{evidence}"
    );
    assert!(!right.contains("Issuing CA"), "{evidence}");
    assert_eq!(to_signer[0].fail_info(), Some(FailInfo::BadMessageCheck));
    let to_stranger = findings(&parties.ca);
    assert_eq!(codes(&to_stranger), [RecipientUnknown]);
    assert!(
        to_stranger[0]
            .evidence()
            .contains("right is \"CN=RA encryption\"")
    );
}

#[test]
fn a_ca_that_decrypts_against_its_key_usage_is_not_the_wrong_recipient() {
    let (parties, ca) = (parties(), Ca::new());
    let certificates = [ca.ca.issue(&ca.subject, &ca.root_key)];
    let request = encrypted_to(&parties, &certificates[0]);
    let request = PkiMessage::parse(request, &Limits::REQUEST).unwrap();
    let diagnosis = Diagnosis::new(&parties.provider).ca_certificates(&certificates);
    let findings = diagnosis.request(&request).findings();
    assert_eq!(
        codes(&findings),
        [NoEncryptionCertificate, NoSigningCertificate]
    );
    let of_windows = |one: &Finding| {
        one.severity() == Severity::Warning && one.clients() == [ClientKind::Windows]
    };
    assert!(findings.iter().all(of_windows));
}

#[test]
fn a_pair_with_ndes_is_explained() {
    let (parties, ca) = (parties(), Ca::new());
    let certificates = ca.certificates();
    let request = encrypted_to(&parties, &certificates[0]);
    let answered = parties.receive(&parties.pkcs_req().0);
    let signer = parties.ca_signer();
    let reply = answered
        .reply(&parties.provider, &signer)
        .microsoft_error(Hresult::new(0x8009_0005))
        .failure(FailInfo::BadMessageCheck, None, &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let request = PkiMessage::parse(request, &Limits::REQUEST).unwrap();
    let mut forge = Forge::of(&reply);
    let id = request.unverified_transaction_id();
    forge.set(
        oid::TRANSACTION_ID,
        printable(std::str::from_utf8(id.as_bytes()).unwrap()),
    );
    let nonce = request.unverified_sender_nonce().unwrap();
    forge.set(oid::RECIPIENT_NONCE, tlv(0x04, nonce.as_bytes()));
    let reply = PkiMessage::parse(forge.sign(&parties.ca_key), &Limits::REPLY).unwrap();
    let findings = Diagnosis::new(&parties.provider)
        .ca_certificates(&certificates)
        .request(&request)
        .reply(&reply)
        .findings();
    assert_eq!(
        codes(&findings),
        [RecipientMayNotDecrypt, Refused, NotDecrypted]
    );
    let evidence = findings[1].evidence();
    assert!(evidence.contains("badMessageCheck"), "{evidence}");
    assert!(evidence.contains("0x80090005 (NTE_BAD_DATA): A message cannot be decrypted"));
}

/// The findings of a reply that is changed, with and without its request.
fn replied(change: impl Fn(&mut Forge)) -> Vec<FindingCode> {
    let parties = parties();
    let (sent, _) = parties.pkcs_req();
    let request = PkiMessage::parse(&sent[..], &Limits::REQUEST).unwrap();
    let signer = parties.ca_signer();
    let reply = parties
        .receive(&sent)
        .reply(&parties.provider, &signer)
        .pending(&mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let mut forge = Forge::of(&reply);
    change(&mut forge);
    let reply = PkiMessage::parse(forge.sign(&parties.ca_key), &Limits::REPLY).unwrap();
    let diagnosis = Diagnosis::new(&parties.provider).reply(&reply);
    codes(&diagnosis.request(&request).findings())
}

#[test]
fn a_reply_belongs_to_its_request() {
    assert_eq!(replied(|_| ()), []);
    assert_eq!(
        replied(|forge| forge.set(oid::TRANSACTION_ID, printable("x"))),
        [TransactionIdMismatch]
    );
    assert_eq!(
        replied(|forge| forge.set(oid::RECIPIENT_NONCE, tlv(0x04, &[0; 16]))),
        [NonceMismatch]
    );
    assert_eq!(
        replied(|forge| drop(forge.remove(oid::RECIPIENT_NONCE))),
        [NonceMismatch]
    );
    assert_eq!(
        replied(|forge| drop(forge.remove(oid::SENDER_NONCE))),
        [ReplyWithoutSenderNonce]
    );
}

#[test]
fn a_refused_challenge_is_told_by_its_code() {
    let with = |code: u32| {
        replied(|forge| {
            forge.set(oid::PKI_STATUS, printable("2"));
            let signed = Hresult::new(code).signed().to_string();
            forge.set(oid::MS_SCEP_ERROR, printable(&signed));
        })
    };
    for code in [0x8007_0490, 0x8009_6004, 0x800b_0110] {
        assert_eq!(with(code), [Refused, ChallengeRefused], "{code:08x}");
    }
    assert_eq!(with(0x8009_4801), [Refused, TemplateRefused]);
    // A code beside another status is no refusal.
    let pending = replied(|forge| forge.set(oid::MS_SCEP_ERROR, printable("-2147023728")));
    assert_eq!(pending, []);
}

#[test]
fn oaep_is_suspected_only_where_it_was_used_and_an_algorithm_refused() {
    let findings = |transport, info| {
        let parties = parties();
        let (client, roles) = (parties.client_signer(), parties.roles());
        let builder = RequestBuilder::pkcs_req(&parties.csr, &client, &roles);
        let (sent, _) = parties.send(builder.key_transport(transport));
        let signer = parties.ca_signer();
        let reply = parties
            .receive(&sent)
            .reply(&parties.provider, &signer)
            .failure(info, None, &mut rng())
            .unwrap()
            .sign(&parties.ca_key, &mut rng())
            .unwrap();
        let request = PkiMessage::parse(sent, &Limits::REQUEST).unwrap();
        let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
        let diagnosis = Diagnosis::new(&parties.provider).request(&request);
        codes(&diagnosis.reply(&reply).findings())
    };
    let oaep = KeyTransport::RsaOaep {
        digest: DigestAlgorithm::Sha1,
        mgf_digest: DigestAlgorithm::Sha1,
    };
    assert_eq!(
        findings(oaep, FailInfo::BadAlg),
        [Refused, AlgorithmRefused, OaepRefused]
    );
    assert_eq!(findings(oaep, FailInfo::BadRequest), [Refused]);
    assert_eq!(
        findings(KeyTransport::RsaPkcs1v15, FailInfo::BadAlg),
        [Refused, AlgorithmRefused]
    );
}

#[test]
fn a_request_without_nonce_is_told() {
    let parties = parties();
    let judged = |change: &dyn Fn(&mut Forge)| {
        let mut forge = Forge::of(&parties.pkcs_req().0);
        change(&mut forge);
        let request = forge.sign(&parties.client_key);
        let request = PkiMessage::parse(request, &Limits::REQUEST).unwrap();
        codes(
            &Diagnosis::new(&parties.provider)
                .request(&request)
                .findings(),
        )
    };
    assert_eq!(judged(&|_| ()), []);
    assert_eq!(
        judged(&|forge| drop(forge.remove(oid::SENDER_NONCE))),
        [SenderNonceMissing]
    );
}

#[test]
fn a_signer_that_is_not_yet_valid_is_told_if_somebody_issued_it() {
    let parties = parties();
    let signed_with = |certificate: &Certificate<'_>, now| {
        let signer = SignerIdentity::new(certificate, &parties.client_key).unwrap();
        let roles = parties.roles();
        let builder = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles);
        let request = PkiMessage::parse(parties.send(builder).0, &Limits::REQUEST).unwrap();
        let diagnosis = Diagnosis::new(&parties.provider).request(&request);
        diagnosis.now(now).findings()
    };
    let begin = parties.issued.validity().unwrap().not_before;
    assert_eq!(signed_with(&parties.issued, begin), []);
    let early = signed_with(&parties.issued, begin - 90);
    assert_eq!(codes(&early), [SignerNotYetValid]);
    assert!(early[0].evidence().ends_with("90 seconds ahead"));
    // Of a self-issued signer only the key counts, and this crate's server takes it at any time.
    let begin = parties.client.validity().unwrap().not_before;
    assert_eq!(signed_with(&parties.client, begin - 90), []);
}

/// The findings of a first request or renewal whose CSR is changed.
fn challenged(
    change: impl FnOnce(CsrBuilder<'_>) -> CsrBuilder<'_>,
    renewing: bool,
) -> Vec<FindingCode> {
    let parties = parties();
    let csr = issue::csr(&parties.client_key, change);
    let roles = parties.roles();
    let signer = if renewing {
        SignerIdentity::new(&parties.issued, &parties.client_key).unwrap()
    } else {
        parties.client_signer()
    };
    let (sent, _) = parties.send(RequestBuilder::pkcs_req(&csr, &signer, &roles));
    let request = PkiMessage::parse(sent, &Limits::REQUEST).unwrap();
    let csr = UnverifiedCsr::from_der(csr.as_der(), &Limits::REQUEST).unwrap();
    let diagnosis = Diagnosis::new(&parties.provider).request(&request);
    codes(&diagnosis.csr(&csr).findings())
}

#[test]
fn challenges_are_missed_in_first_requests_only() {
    assert_eq!(
        challenged(|csr| csr.challenge_password("secret"), false),
        []
    );
    assert_eq!(challenged(|csr| csr, false), [ChallengeAbsent]);
    assert_eq!(
        challenged(|csr| csr.challenge_password(""), false),
        [ChallengeEmpty]
    );
    // The CSR is for another subject than the old certificate, which is not what is tested here.
    assert_eq!(challenged(|csr| csr, true), [RenewalSubjectDiffers]);
    assert_eq!(
        challenged(|csr| csr.challenge_password(""), true),
        [RenewalSubjectDiffers]
    );
    // What a PrintableString cannot hold is written as a UTF8String.
    assert_eq!(
        challenged(|csr| csr.challenge_password("secret!"), false),
        [ChallengeNotPrintable]
    );
}

#[test]
fn answers_by_http_are_told_apart() {
    let page = b"<html><title>Sign in</title></html>";
    let judged = |status, body: &[u8]| {
        let provider = parties().provider;
        codes(
            &Diagnosis::new(&provider)
                .http_answer(status, body)
                .findings(),
        )
    };
    for (status, code) in [
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (414, UrlTooLong),
        (500, ServerError),
        (503, ServiceDown),
        (504, GatewayTimeout),
        (200, BodyIsNoMessage),
        (418, BodyIsNoMessage),
    ] {
        assert_eq!(judged(status, page), [code]);
    }
    let (message, _) = parties().pkcs_req();
    assert_eq!(judged(200, &message), []);
    assert_eq!(judged(200, &message[..100]), [BodyIsNoMessage]);
}

#[test]
fn the_service_for_tpms_is_not_the_ca() {
    let judged = |url: &str| {
        let provider = parties().provider;
        Diagnosis::new(&provider).url(url).findings()
    };
    let findings = judged("https://intc-keyid-00.microsoftaik.azure.net/templates/Aik/scep");
    assert_eq!(codes(&findings), [TpmAttestation]);
    assert_eq!(findings[0].severity(), Severity::Note);
    assert_eq!(
        judged("https://intc-keyid-00.microsoftaik.azure.example/"),
        []
    );
}

#[test]
fn the_worst_comes_first_and_secrets_never() {
    let parties = parties();
    let csr = issue::csr(&parties.client_key, |csr| {
        csr.challenge_password("hunter2!")
    });
    let (client, roles) = (parties.client_signer(), parties.roles());
    let (sent, _) = parties.send(RequestBuilder::pkcs_req(&csr, &client, &roles));
    let request = PkiMessage::parse(sent, &Limits::REQUEST).unwrap();
    let csr = UnverifiedCsr::from_der(csr.as_der(), &Limits::REQUEST).unwrap();
    let certificates = Ca::new().certificates();
    let diagnosis = Diagnosis::new(&parties.provider)
        .csr(&csr)
        .request(&request)
        .ca_certificates(&certificates);
    let findings = diagnosis.findings();
    assert_eq!(codes(&findings), [RecipientUnknown, ChallengeNotPrintable]);
    let shown = format!("{findings:?} {diagnosis:?} {}", findings[1]);
    assert!(!shown.contains("hunter2"), "{shown}");
}
