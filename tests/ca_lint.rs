//! What each kind of client makes of an answer to GetCACert: a verdict appears, and not with one thing changed.
#![cfg(all(feature = "rustcrypto", feature = "diagnose"))]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use common::issue::NOW;
use common::made::{
    ALL_USES, BOTH, CERT_AND_CRL_SIGN, DIGITAL_SIGNATURE, EC_KEY, EXPIRED, KEY_AGREEMENT,
    KEY_ENCIPHERMENT, Made,
};
use common::{provider, vector};
use scep::crypto::{CryptoError, DigestAlgorithm, SignatureAlgorithm, VerifySignature};
use scep::diagnose::FindingCode::*;
use scep::diagnose::{Acceptance, ClientKind, Diagnosis, Finding, FindingCode};
use scep::{Capabilities, Certificate, Fingerprint, FingerprintAlgorithm};

const ROOT: Made = Made::ca("Root", vector!("keys/ca-micromdm.key"), CERT_AND_CRL_SIGN);
const CA: Made = Made::ca("CA", vector!("keys/ca-jscep.key"), CERT_AND_CRL_SIGN);
const ALONE: Made = Made::ca("CA", vector!("keys/ca-jscep.key"), ALL_USES);
const SIGNER: Made = Made::ra("Signer", vector!("keys/cbad.key"), DIGITAL_SIGNATURE);
const RECIPIENT: Made = Made::ra("Recipient", vector!("keys/cpend.key"), KEY_ENCIPHERMENT);

/// As NDES sends it.
fn ndes() -> Vec<Certificate<'static>> {
    vec![
        SIGNER.issued_by(&CA),
        RECIPIENT.issued_by(&CA),
        CA.self_signed(),
    ]
}

fn diagnosis<'d>(certificates: &'d [Certificate<'d>]) -> Diagnosis<'d> {
    let diagnosis = Diagnosis::new(&provider()).ca_certificates(certificates);
    diagnosis.now(NOW)
}

fn codes(findings: &[Finding]) -> Vec<FindingCode> {
    findings.iter().map(Finding::code).collect()
}

fn judged(certificates: &[Certificate<'_>]) -> Vec<FindingCode> {
    codes(&diagnosis(certificates).findings())
}

/// Who does not accept, and why.
fn verdicts(diagnosis: &Diagnosis<'_>) -> Vec<(ClientKind, Acceptance, Vec<FindingCode>)> {
    let verdicts = diagnosis.verdicts();
    let clients: Vec<_> = verdicts.iter().map(|verdict| verdict.client()).collect();
    assert_eq!(clients, ClientKind::ALL);
    let objections = verdicts.iter().filter(|verdict| {
        let accepted = verdict.acceptance() == Acceptance::Accepted;
        assert_eq!(accepted, verdict.reasons().is_empty());
        !accepted
    });
    objections
        .map(|verdict| {
            let why = codes(verdict.reasons());
            (verdict.client(), verdict.acceptance(), why)
        })
        .collect()
}

fn of(certificates: &[Certificate<'_>]) -> Vec<(ClientKind, Acceptance, Vec<FindingCode>)> {
    verdicts(&diagnosis(certificates))
}

use Acceptance::{Doubtful, Refused as No};
use ClientKind::{Android, Apple, Other, Windows};

#[test]
fn good_answers_are_everybodys() {
    for certificates in [
        ndes(),
        vec![ALONE.self_signed()],
        // One RA for both, and a root above.
        vec![
            Made::ra("RA", vector!("keys/cbad.key"), BOTH).issued_by(&CA),
            CA.issued_by(&ROOT),
            ROOT.self_signed(),
        ],
    ] {
        assert_eq!(judged(&certificates), []);
        assert_eq!(of(&certificates), []);
    }
    // Nothing is said of nothing.
    assert_eq!(Diagnosis::new(&provider()).verdicts(), []);
}

#[test]
fn windows_demands_a_certificate_for_each_use() {
    let mut certificates = ndes();
    certificates.remove(1);
    let expected = [(Windows, No, vec![NoEncryptionCertificate])];
    assert_eq!(of(&certificates), expected);
    let mut certificates = ndes();
    certificates.remove(0);
    assert_eq!(
        of(&certificates),
        [(Windows, No, vec![NoSigningCertificate])]
    );
    let alone = [CA.self_signed()];
    let expected = [(
        Windows,
        No,
        vec![NoEncryptionCertificate, NoSigningCertificate],
    )];
    assert_eq!(of(&alone), expected);
}

#[test]
fn windows_and_apple_want_ras_of_the_ca() {
    let mut certificates = ndes();
    certificates.pop();
    let expected = [(Windows, No, vec![NoCa]), (Apple, Doubtful, vec![NoCa])];
    assert_eq!(of(&certificates), expected);
    let mut certificates = ndes();
    certificates[0] = SIGNER.issued_by(&ROOT);
    let why = || vec![RaOfAnotherCa];
    assert_eq!(
        of(&certificates),
        [(Windows, No, why()), (Apple, No, why())]
    );
}

#[test]
fn who_names_an_issuer_of_many_namesakes_is_verified_a_few_times_only() {
    static VERIFIED: AtomicUsize = AtomicUsize::new(0);

    struct Counting;
    impl VerifySignature for Counting {
        fn verify(
            &self,
            algorithm: SignatureAlgorithm,
            public_key: &[u8],
            message: &[&[u8]],
            signature: &[u8],
        ) -> Result<(), CryptoError> {
            VERIFIED.fetch_add(1, Ordering::Relaxed);
            let whole = provider().signatures();
            whole.verify(algorithm, public_key, message, signature)
        }
    }
    let provider = provider().with_signatures(&Counting);
    let namesakes: [&[u8]; 5] = [
        vector!("keys/c2048.key"),
        vector!("keys/c3072.key"),
        vector!("keys/cbad.key"),
        vector!("keys/cpend.key"),
        vector!("keys/ca-micromdm.key"),
    ];
    let mut certificates = vec![RECIPIENT.issued_by(&CA)];
    for (count, key) in (1..).zip(namesakes) {
        certificates.push(Made::ca("CA", key, CERT_AND_CRL_SIGN).self_signed());
        VERIFIED.store(0, Ordering::Relaxed);
        let findings = Diagnosis::new(&provider)
            .ca_certificates(&certificates)
            .findings();
        // The fourth ends it, and then nobody is accused.
        assert_eq!(VERIFIED.load(Ordering::Relaxed), count.min(4));
        assert_eq!(codes(&findings).contains(&RaOfAnotherCa), count < 4);
    }
    // The one that issued it among the first is found.
    certificates.insert(1, CA.self_signed());
    assert!(!judged(&certificates).contains(&RaOfAnotherCa));
}

#[test]
fn what_is_told_of_many_certificates_with_long_names_is_short() {
    let long = "a name ".repeat(50);
    let long: &'static str = long.leak();
    let ca = Made::ca(long, vector!("keys/ca-jscep.key"), CERT_AND_CRL_SIGN).self_signed();
    let stranger = Made::leaf(long, vector!("keys/cpend.key"), BOTH).issued_by(&ROOT);
    let certificates = [vec![ca; 10], vec![stranger; 10]].concat();
    let findings = diagnosis(&certificates).findings();
    let told: Vec<_> = findings
        .iter()
        .filter(|finding| finding.code() == RaOfAnotherCa)
        .map(Finding::evidence)
        .collect();
    assert_eq!(told.len(), 8);
    let name = format!("\"CN={}…\"", &long[..253]);
    // The stranger, and eight CAs.
    assert_eq!(told[0].matches(&name).count(), 9);
    assert!(told[0].ends_with(", and 2 more"), "{}", told[0]);
}

#[test]
fn a_chain_without_an_ra_is_doubtful() {
    let chain = [ALONE.issued_by(&ROOT), ROOT.self_signed()];
    assert_eq!(judged(&chain), [SetWithoutRa]);
    let why = || vec![SetWithoutRa];
    assert_eq!(
        of(&chain),
        [(Windows, Doubtful, why()), (Apple, Doubtful, why())]
    );
    // The CA alone is no set.
    assert_eq!(judged(&chain[..1]), []);
}

#[test]
fn apple_may_miss_the_root() {
    let mut certificates = ndes();
    certificates[2] = CA.issued_by(&ROOT);
    assert_eq!(judged(&certificates), [RootMissing]);
    assert_eq!(of(&certificates), [(Apple, Doubtful, vec![RootMissing])]);
    let evidence = diagnosis(&certificates).findings()[0].evidence().to_owned();
    assert!(evidence.ends_with("is issued by \"CN=Root\""), "{evidence}");
    certificates.push(ROOT.self_signed());
    assert_eq!(judged(&certificates), []);
}

#[test]
fn an_ra_says_that_it_is_one() {
    let mut certificates = ndes();
    certificates[0] =
        Made::leaf("Signer", vector!("keys/cbad.key"), DIGITAL_SIGNATURE).issued_by(&CA);
    assert_eq!(judged(&certificates), [RaNotMarked]);
    assert_eq!(of(&certificates), [(Other, Doubtful, vec![RaNotMarked])]);
    certificates[0] = SIGNER.issued_by(&CA);
    assert_eq!(judged(&certificates), []);
}

#[test]
fn of_two_recipients_the_wrong_one_is_taken() {
    let mut certificates = ndes();
    certificates
        .push(Made::ra("Earlier", vector!("keys/cbad.key"), KEY_ENCIPHERMENT).issued_by(&CA));
    assert_eq!(judged(&certificates), [SeveralEncryptionCertificates]);
    let why = || vec![SeveralEncryptionCertificates];
    assert_eq!(
        of(&certificates),
        [(Android, Doubtful, why()), (Other, Doubtful, why())]
    );
    certificates[3] = SIGNER.issued_by(&CA);
    assert_eq!(judged(&certificates), []);
    // Without a keyUsage both of an RA's certificates may be encrypted to.
    let mut certificates = ndes();
    certificates[0] = Made {
        usage: None,
        ..SIGNER
    }
    .issued_by(&CA);
    assert_eq!(judged(&certificates), [SeveralEncryptionCertificates]);
}

#[test]
fn apple_refuses_sha_1() {
    let weak = Made {
        digest: DigestAlgorithm::Sha1,
        ..ALONE
    };
    let expected = [(Apple, No, vec![SignatureRefusedByApple])];
    assert_eq!(of(&[weak.self_signed()]), expected);
}

#[test]
fn keys_that_are_not_rsa_are_refused_by_those_whose_source_is_known() {
    let mut certificates = ndes();
    certificates[1] = Made {
        public_key: Some(EC_KEY),
        ..RECIPIENT
    }
    .issued_by(&CA);
    let found = of(&certificates);
    let refusing: Vec<_> = found
        .iter()
        .filter(|(_, acceptance, _)| *acceptance == No)
        .map(|(client, ..)| *client)
        .collect();
    assert_eq!((found.len(), refusing), (5, vec![Android, Other]));
}

#[test]
fn a_key_that_agrees_may_be_encrypted_to() {
    let with = |usage| {
        let ca = Made {
            public_key: Some(EC_KEY),
            ..Made::ca("CA", vector!("keys/ca-jscep.key"), usage)
        };
        judged(&[ca.self_signed()])
    };
    let signs = DIGITAL_SIGNATURE | CERT_AND_CRL_SIGN;
    assert_eq!(with(signs | KEY_AGREEMENT), [EncryptionKeyNotRsa]);
    assert_eq!(with(signs), [NoEncryptionCertificate]);
    // RSA agrees on nothing.
    let rsa = Made::ca("CA", vector!("keys/ca-jscep.key"), signs | KEY_AGREEMENT);
    assert_eq!(judged(&[rsa.self_signed()]), [NoEncryptionCertificate]);
}

#[test]
fn expiry_is_told_ahead_and_refused_by_nobody_before() {
    let mut certificates = ndes();
    certificates[0] = Made {
        period: EXPIRED,
        ..SIGNER
    }
    .issued_by(&CA);
    let end = certificates[0].validity().unwrap().not_after;
    let diagnosis = Diagnosis::new(&provider()).ca_certificates(&certificates);
    let at = |now, ahead| {
        let diagnosis = diagnosis.now(now).look_ahead(ahead);
        (codes(&diagnosis.findings()), verdicts(&diagnosis).len())
    };
    let day = 86_400;
    assert_eq!(at(end - day, day), (vec![], 0));
    assert_eq!(at(end - day + 1, day), (vec![CertificateExpiresSoon], 0));
    assert_eq!(
        at(end - 300 * day, 400 * day),
        (vec![CertificateExpiresSoon], 0)
    );
    assert_eq!(at(end, 0), (vec![], 0));
    assert_eq!(
        at(end + 1, 0),
        (vec![CertificateExpired], ClientKind::ALL.len())
    );
}

#[test]
fn a_thumbprint_is_of_the_issuing_ca_for_windows_and_of_the_root_for_android() {
    let mut certificates = ndes();
    certificates[2] = CA.issued_by(&ROOT);
    certificates.push(ROOT.self_signed());
    let with = |at: usize| {
        let sha1 = FingerprintAlgorithm::Sha1;
        let thumbprint = Fingerprint::of(sha1, &certificates[at], &provider()).unwrap();
        verdicts(&diagnosis(&certificates).thumbprint(thumbprint))
    };
    assert_eq!(with(2), [(Android, Doubtful, vec![ThumbprintNotOfRoot])]);
    assert_eq!(
        with(3),
        [(Windows, Doubtful, vec![ThumbprintNotOfIssuingCa])]
    );
    let stranger = Fingerprint::from_bytes(&[0; 20]).unwrap();
    let found = verdicts(&diagnosis(&certificates).thumbprint(stranger));
    let refused =
        |(_, acceptance, why): &(_, _, Vec<_>)| *acceptance == No && why[..] == [ThumbprintUnknown];
    assert!(found.len() == ClientKind::ALL.len() && found.iter().all(refused));
    // A CA that is its own root is both.
    let alone = [ALONE.self_signed()];
    let own = Fingerprint::of(FingerprintAlgorithm::Md5, &alone[0], &provider()).unwrap();
    assert_eq!(verdicts(&diagnosis(&alone).thumbprint(own)), []);
}

#[test]
fn capabilities_count_too() {
    let certificates = ndes();
    let with = |capabilities: Capabilities| {
        verdicts(&diagnosis(&certificates).capabilities(&capabilities))
    };
    let of = |text: &str| with(Capabilities::parse(text.as_bytes()));
    assert_eq!(of("AES\nSHA-256\nPOSTPKIOperation"), []);
    let expected = [(Apple, No, vec![CapabilitiesWithoutCipher])];
    assert_eq!(of("SHA-256\nPOSTPKIOperation"), expected);
    let expected = [(Apple, No, vec![CapabilitiesWithoutDigest])];
    assert_eq!(of("AES\nPOSTPKIOperation"), expected);
    let why = || vec![CapabilitiesUnknown];
    let expected = [(Apple, No, why()), (Android, Doubtful, why())];
    assert_eq!(with(Capabilities::UNKNOWN), expected);
}
