//! What a CSR shows by itself.

use scep::crypto::{DigestAlgorithm, Policy};
use scep::diagnose::{Diagnosis, Finding, FindingCode::*, Profile};
use scep::{
    Csr, CsrBuilder, FailInfo, Limits, NameRef, Oid, PkiMessage, RequestBuilder, UnverifiedCsr, oid,
};

use crate::common::forge::{NULL, dotted, sequence, tlv};
use crate::common::issue::{dns_names, name};
use crate::common::x509::MadeCsr;
use crate::common::{Parties, key, provider, vector};
use crate::{NDES, capabilities, codes, csr_for, evidence, unverified};

const SID: &str = "S-1-5-21-1-2-3-1104";

fn judged(der: &[u8], policy: Option<Policy>) -> Vec<Finding> {
    let csr = UnverifiedCsr::from_der(der, &Limits::REQUEST).unwrap();
    let diagnosis = Diagnosis::new(&provider()).csr(&csr);
    match policy {
        Some(policy) => diagnosis.policy(&policy).findings(),
        None => diagnosis.findings(),
    }
}

/// The findings of a CSR for CN=device that is changed.
fn with(change: impl FnOnce(CsrBuilder<'_>) -> CsrBuilder<'_>) -> Vec<Finding> {
    let key = key(vector!("keys/c2048.key"));
    judged(csr_for(&key, "CN=device", change).as_der(), None)
}

#[test]
fn a_plain_csr_has_no_findings() {
    assert_eq!(with(|csr| csr), []);
}

#[test]
fn a_csr_that_another_key_signed_is_told() {
    let parties = Parties::new();
    let mut der = parties.csr.as_der().to_vec();
    assert_eq!(judged(&der, None), []);
    *der.last_mut().unwrap() ^= 1;
    let findings = judged(&der, None);
    assert_eq!(codes(&findings), [CsrSignatureInvalid]);
    assert_eq!(findings[0].fail_info(), Some(FailInfo::BadMessageCheck));
}

#[cfg(feature = "ec")]
#[test]
fn a_key_on_a_curve_is_named() {
    let der = crate::common::pem(vector!("keys/ec-p256.csr.pem"));
    let p384 = scep::crypto::CurveSet::of(&[scep::crypto::EllipticCurve::P384]);
    let findings = judged(&der, Some(Policy::default().with_curves(p384)));
    assert_eq!(codes(&findings), [KeyNotAllowed]);
    let evidence = findings[0].evidence();
    assert!(evidence.ends_with("; CSR: key on p-256"), "{evidence}");
    assert_eq!(judged(&der, Some(Policy::default())), []);
}

#[test]
fn a_key_and_a_signature_are_held_against_the_policy() {
    let parties = Parties::new();
    let der = parties.csr.as_der();
    let large = Policy::default().with_rsa_modulus_bits(3072..=8192);
    let findings = judged(der, Some(large));
    assert_eq!(codes(&findings), [KeyNotAllowed]);
    assert_eq!(
        findings[0].evidence(),
        "CSR: an RSA key of 2048 bits is refused by policy; CSR: RSA key of 2048 bits"
    );
    assert_eq!(judged(der, Some(Policy::default())), []);
    let sha1 = MadeCsr::new(&parties.client_key).with_digest(DigestAlgorithm::Sha1);
    let sha1 = sha1.sign(&parties.client_key);
    assert_eq!(
        codes(&judged(&sha1, Some(Policy::strict()))),
        [AlgorithmNotAllowed]
    );
    assert_eq!(judged(&sha1, None), []);
}

#[test]
fn an_empty_subject_is_told_beside_the_other_names() {
    let key = key(vector!("keys/c2048.key"));
    let dns = crate::common::issue::dns_names(&["device.example"]);
    let csr = csr_for(&key, "", |csr| csr.extension(oid::SUBJECT_ALT_NAME, dns));
    let findings = judged(csr.as_der(), None);
    assert_eq!(codes(&findings), [SubjectEmpty]);
    assert_eq!(
        findings[0].evidence(),
        "CSR: no subject; CSR: subjectAltName DNS \"device.example\""
    );
    assert_eq!(
        findings[0].fail_info_text(),
        Some("The subject of the CSR is empty.")
    );
}

#[test]
fn content_that_cannot_be_read_is_named() {
    let version = |value: Vec<u8>| with(|csr| csr.attribute(oid::MS_OS_VERSION, value));
    assert_eq!(version(tlv(0x16, b"10.0.26100.2")), []);
    let findings = version(NULL.to_vec());
    assert_eq!(codes(&findings), [CsrContentUnreadable]);
    assert!(findings[0].evidence().starts_with("CSR: OS version: "));
    assert_eq!(findings[0].fail_info(), None);
    let bad_sid = tlv(0x86, b"tag:microsoft.com,2022-09-14:sid:S-1-5-x");
    let findings = with(|csr| csr.extension(oid::SUBJECT_ALT_NAME, sequence(&[&bad_sid])));
    assert!(evidence(&findings, CsrContentUnreadable).starts_with("CSR: SID: "));
}

#[test]
fn a_server_opens_a_request_whose_content_cannot_be_read() {
    let parties = Parties::new();
    let csr = csr_for(&parties.client_key, "CN=device", |csr| {
        csr.attribute(oid::MS_OS_VERSION, NULL.to_vec())
    });
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let (request, _) = parties.send(RequestBuilder::pkcs_req(&csr, &signer, &roles));
    let opened = parties.receive(&request);
    assert_eq!(opened.csr().unwrap().as_der(), csr.as_der());
}

#[test]
fn a_claimed_sid_is_told_with_its_place() {
    let findings = with(|csr| csr.microsoft_sid(SID));
    assert_eq!(codes(&findings), [SidClaimed]);
    assert_eq!(
        findings[0].evidence(),
        format!("CSR: {SID} in the security extension")
    );
    let uri = |start: &str| {
        let uri = tlv(0x86, format!("{start}:sid:{SID}").as_bytes());
        with(|csr| csr.extension(oid::SUBJECT_ALT_NAME, sequence(&[&uri])))
    };
    assert_eq!(
        evidence(&uri("tag:microsoft.com,2022-09-14"), SidClaimed),
        format!("CSR: {SID} in subjectAltName")
    );
    assert_eq!(uri("tag:example.com,2022-09-14"), []);
}

#[test]
fn what_is_configured_is_compared_with_the_csr() {
    let key = key(vector!("keys/c2048.key"));
    let agent = sequence(&[&tlv(0x06, oid::CERTIFICATE_REQUEST_AGENT.as_bytes())]);
    let names = dns_names(&["a.example", "b.example"]);
    let full = csr_for(&key, "CN=device", |csr| {
        csr.extension(oid::SUBJECT_ALT_NAME, names)
            .extension(oid::EXT_KEY_USAGE, agent)
    });
    let plain = csr_for(&key, "CN=device", |csr| csr);
    let judged = |csr: &Csr, profile: Profile<'_>| {
        let csr = unverified(csr);
        let diagnosis = Diagnosis::new(&provider()).csr(&csr);
        let findings = diagnosis.profile(profile).findings();
        let evidence = findings.iter().map(|finding| {
            assert_eq!(finding.code(), NotAsConfigured);
            finding.evidence().to_owned()
        });
        evidence.collect::<Vec<_>>()
    };
    let none = [""; 0];
    assert_eq!(judged(&full, Profile::new()), none);

    let [device, other] = ["device", "other"].map(|text| name(&[(0x13, text)]));
    let subject = |der| Profile::new().subject(NameRef::new(der));
    // In another type of string it is the same.
    assert_eq!(judged(&full, subject(&device)), none);
    assert_eq!(
        judged(&full, subject(&other)),
        ["CSR: subject \"CN=device\"; configured is \"CN=other\""]
    );

    let alt_names = |csr, names: &[&str]| judged(csr, Profile::new().alt_names(names));
    assert_eq!(alt_names(&full, &["B.example", "a.example"]), none);
    assert_eq!(alt_names(&plain, &[]), none);
    let found = "CSR: subjectAltName DNS \"a.example\", DNS \"b.example\"";
    for (wanted, told) in [
        (&["a.example"][..], "\"a.example\""),
        (
            &["a.example", "b.example", "c.example"],
            "\"a.example\", \"b.example\", \"c.example\"",
        ),
        (&[], "none"),
    ] {
        let expected = format!("{found}; configured is {told}");
        assert_eq!(alt_names(&full, wanted), [expected]);
    }
    assert_eq!(
        alt_names(&plain, &["a.example"]),
        ["CSR: no subjectAltName; configured is \"a.example\""]
    );

    let purposes = |csr, wanted: &[Oid]| judged(csr, Profile::new().purposes(wanted));
    let client = dotted("1.3.6.1.5.5.7.3.2");
    assert_eq!(purposes(&full, &[oid::CERTIFICATE_REQUEST_AGENT]), none);
    assert_eq!(
        purposes(&full, &[oid::CERTIFICATE_REQUEST_AGENT, client]),
        [
            "CSR: no keyUsage, extKeyUsage 1.3.6.1.4.1.311.20.2.1; configured is \
             1.3.6.1.4.1.311.20.2.1, 1.3.6.1.5.5.7.3.2"
        ]
    );
    assert_eq!(
        purposes(&full, &[]),
        ["CSR: no keyUsage, extKeyUsage 1.3.6.1.4.1.311.20.2.1; configured is none"]
    );
    assert_eq!(
        purposes(&plain, &[client]),
        ["CSR: no keyUsage, no extKeyUsage; configured is 1.3.6.1.5.5.7.3.2"]
    );

    assert_eq!(judged(&full, Profile::new().rsa_key_bits(2048)), none);
    assert_eq!(
        judged(&full, Profile::new().rsa_key_bits(3072)),
        ["CSR: RSA key of 2048 bits; configured is RSA of 3072 bits"]
    );
    // Each is told by itself.
    let all = subject(&other).alt_names(&[]).purposes(&[]).rsa_key_bits(1);
    assert_eq!(judged(&full, all).len(), 4);
}

#[test]
fn two_templates_must_be_one() {
    let named = |other: &str| {
        with(|csr| {
            csr.microsoft_template_name("Device")
                .microsoft_name_value("CertificateTemplate", other)
        })
    };
    assert_eq!(named("Device"), []);
    let findings = named("Machine");
    assert_eq!(codes(&findings), [TemplateConflict]);
    assert_eq!(
        findings[0].evidence(),
        "CSR: template \"Device\" and template \"Machine\""
    );
}

#[test]
fn ndes_reads_no_other_string_than_a_printable_one() {
    let parties = Parties::new();
    let judged = |password: &str, list: &[u8]| {
        let csr = csr_for(&parties.client_key, "CN=device", |csr| {
            csr.challenge_password(password)
        });
        let (signer, roles) = (parties.client_signer(), parties.roles());
        let (request, _) = parties.send(RequestBuilder::pkcs_req(&csr, &signer, &roles));
        let request = PkiMessage::parse(request, &Limits::REQUEST).unwrap();
        let (csr, list) = (unverified(&csr), capabilities(list));
        let diagnosis = Diagnosis::new(&parties.provider)
            .request(&request)
            .csr(&csr);
        diagnosis.capabilities(&list).findings()
    };
    let findings = judged("secret!", NDES);
    assert_eq!(codes(&findings), [ChallengeTypeRefused]);
    assert_eq!(
        findings[0].evidence(),
        "CSR: challengePassword is a UTF8String; GetCACaps is the list of NDES"
    );
    assert_eq!(judged("secret", NDES), []);
    let others = judged("secret!", b"SCEPStandard");
    assert_eq!(codes(&others), [ChallengeNotPrintable]);
    assert_eq!(
        others[0].evidence(),
        "CSR: challengePassword is a UTF8String"
    );
}
