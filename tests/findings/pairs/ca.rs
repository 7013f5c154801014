//! What a CA shows of itself.

use scep::crypto::DigestAlgorithm;
use scep::diagnose::{Diagnosis, Finding, FindingCode, FindingCode::*};
use scep::{Capabilities, Certificate, Fingerprint, FingerprintAlgorithm};

use super::Pair;
use crate::common::issue::NOW;
use crate::common::made::{
    ALL_USES, BOTH, CERT_AND_CRL_SIGN, DIGITAL_SIGNATURE, EC_KEY, EXPIRED, KEY_ENCIPHERMENT, Made,
    NOT_YET, VALID,
};
use crate::common::{provider, vector};

pub(super) const CA: Made = Made::ca("CA", vector!("keys/ca-jscep.key"), CERT_AND_CRL_SIGN);
pub(super) const SIGNER: Made = Made::ra("Signer", vector!("keys/cbad.key"), DIGITAL_SIGNATURE);
pub(super) const RECIPIENT: Made =
    Made::ra("Recipient", vector!("keys/cpend.key"), KEY_ENCIPHERMENT);
const ROOT: Made = Made::ca("Root", vector!("keys/ca-micromdm.key"), CERT_AND_CRL_SIGN);
/// A CA that does all by itself.
const ALONE: Made = Made::ca("CA", vector!("keys/ca-jscep.key"), ALL_USES);

/// As NDES sends them.
pub(super) fn ndes() -> Vec<Certificate<'static>> {
    with(SIGNER, RECIPIENT)
}

fn with(signer: Made, recipient: Made) -> Vec<Certificate<'static>> {
    vec![
        signer.issued_by(&CA),
        recipient.issued_by(&CA),
        CA.self_signed(),
    ]
}

fn judged(certificates: &[Certificate<'_>]) -> Vec<Finding> {
    let diagnosis = Diagnosis::new(&provider()).ca_certificates(certificates);
    diagnosis.now(NOW).findings()
}

/// With a signer that ends soon, at so many seconds after its end.
fn after_end(seconds: i64, look_ahead: i64) -> Vec<Finding> {
    let period = EXPIRED;
    let certificates = with(Made { period, ..SIGNER }, RECIPIENT);
    let end = certificates[0].validity().unwrap().not_after;
    let diagnosis = Diagnosis::new(&provider()).ca_certificates(&certificates);
    let diagnosis = diagnosis.look_ahead(look_ahead).now(end + seconds);
    diagnosis.findings()
}

fn sha1(certificate: &Certificate<'_>) -> Fingerprint {
    Fingerprint::of(FingerprintAlgorithm::Sha1, certificate, &provider()).unwrap()
}

fn configured(certificates: &[Certificate<'_>], thumbprint: Fingerprint) -> Vec<Finding> {
    let diagnosis = Diagnosis::new(&provider()).ca_certificates(certificates);
    diagnosis.thumbprint(thumbprint).findings()
}

/// A list of all words that clients look for, but for one.
fn listed(left_out: Option<&str>) -> Vec<Finding> {
    let words = ["AES", "SHA-256", "POSTPKIOperation"].into_iter();
    let words: Vec<_> = words.filter(|word| Some(*word) != left_out).collect();
    of_list(&Capabilities::parse(words.join("\n").as_bytes()))
}

fn of_list(capabilities: &Capabilities) -> Vec<Finding> {
    let diagnosis = Diagnosis::new(&provider());
    diagnosis.capabilities(capabilities).findings()
}

pub(super) fn pair(code: FindingCode) -> Option<Pair> {
    Some(match code {
        NoCa => |wrong| {
            let mut certificates = ndes();
            if wrong {
                certificates.remove(2);
            }
            judged(&certificates)
        },
        NoEncryptionCertificate => |wrong| {
            let usage = if wrong { DIGITAL_SIGNATURE } else { BOTH };
            let usage = Some(usage);
            judged(&[Made { usage, ..SIGNER }.issued_by(&CA), CA.self_signed()])
        },
        NoSigningCertificate => |wrong| {
            let usage = if wrong { KEY_ENCIPHERMENT } else { BOTH };
            let usage = Some(usage);
            judged(&[Made { usage, ..SIGNER }.issued_by(&CA), CA.self_signed()])
        },
        EncryptionKeyNotRsa => |wrong| {
            let public_key = wrong.then_some(EC_KEY);
            let recipient = Made {
                public_key,
                ..RECIPIENT
            };
            judged(&with(SIGNER, recipient))
        },
        RaOfAnotherCa => |wrong| {
            let mut certificates = ndes();
            certificates[0] = SIGNER.issued_by(if wrong { &ROOT } else { &CA });
            judged(&certificates)
        },
        CertificateExpired => |wrong| after_end(i64::from(wrong), 0),
        CertificateNotYetValid => |wrong| {
            let period = if wrong { NOT_YET } else { VALID };
            judged(&with(Made { period, ..SIGNER }, RECIPIENT))
        },
        CertificateExpiresSoon => |wrong| after_end(i64::from(wrong) - 86_400, 86_400),
        SignatureRefusedByApple => |wrong| {
            let digest = if wrong {
                DigestAlgorithm::Sha1
            } else {
                DigestAlgorithm::Sha256
            };
            judged(&[Made { digest, ..ALONE }.self_signed()])
        },
        ThumbprintUnknown => |wrong| {
            let certificates = [ALONE.self_signed()];
            let mut bytes = sha1(&certificates[0]).as_bytes().to_vec();
            bytes[0] ^= u8::from(wrong);
            configured(&certificates, Fingerprint::from_bytes(&bytes).unwrap())
        },
        ThumbprintNotOfIssuingCa => |wrong| {
            let certificates = ndes();
            let named = &certificates[if wrong { 0 } else { 2 }];
            configured(&certificates, sha1(named))
        },
        ThumbprintNotOfRoot => |wrong| {
            let mut certificates = ndes();
            certificates[2] = CA.issued_by(if wrong { &ROOT } else { &CA });
            certificates.push(ROOT.self_signed());
            configured(&certificates, sha1(&certificates[2]))
        },
        SetWithoutRa => |wrong| {
            let mut certificates = vec![ALONE.issued_by(&ROOT)];
            if wrong {
                certificates.push(ROOT.self_signed());
            }
            judged(&certificates)
        },
        RootMissing => |wrong| {
            let mut certificates = ndes();
            certificates[2] = CA.issued_by(&ROOT);
            if !wrong {
                certificates.push(ROOT.self_signed());
            }
            judged(&certificates)
        },
        RaNotMarked => |wrong| {
            let purposes = if wrong { &[] } else { SIGNER.purposes };
            judged(&with(Made { purposes, ..SIGNER }, RECIPIENT))
        },
        SeveralEncryptionCertificates => |wrong| {
            let usage = if wrong { BOTH } else { DIGITAL_SIGNATURE };
            let usage = Some(usage);
            judged(&with(Made { usage, ..SIGNER }, RECIPIENT))
        },
        CapabilitiesUnknown => |wrong| {
            let status = if wrong { 404 } else { 200 };
            let list = b"AES\nSHA-256\nPOSTPKIOperation";
            of_list(&Capabilities::from_response(status, list))
        },
        CapabilitiesWithoutDigest => |wrong| listed(wrong.then_some("SHA-256")),
        CapabilitiesWithoutCipher => |wrong| listed(wrong.then_some("AES")),
        CapabilitiesWithoutPost => |wrong| listed(wrong.then_some("POSTPKIOperation")),
        _ => return None,
    })
}
