//! The answer to GetCACert: would clients take it?

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::{Diagnosis, Finding, FindingCode};
use crate::certificate::civil_text;
use crate::crypto::{Policy, Provider};
use crate::{Certificate, Fingerprint, KeyUsage, NameRef, oid};

// Nobody signs what answers GetCACert, so what is told of it is bounded whatever stands in it.

/// How many certificates are named in one finding, and how many are told to be of another CA.
const MAX_NAMED: usize = 8;

/// How much of a name is told, in bytes of UTF-8.
const MAX_NAME_LEN: usize = 256;

/// How many octets of a serial number are told: more than it may have.
const MAX_SERIAL_LEN: usize = 32;

/// Under how many CAs of its issuer's name a certificate is verified in vain.
const MAX_TRIED: usize = 4;

pub(super) fn judge(diagnosis: &Diagnosis<'_>, findings: &mut Vec<Finding>) {
    let certificates = diagnosis.ca_certificates;
    if !certificates.iter().any(is_ca) {
        let evidence = format!("GetCACert: {}", list(certificates.iter()));
        findings.push(Finding::new(FindingCode::NoCa, evidence));
    }
    judge_usages(certificates, findings);
    judge_set(certificates, findings);
    judge_issuers(certificates, &diagnosis.provider, findings);
    for certificate in certificates {
        judge_signature(certificate, findings);
        if let Some(now) = diagnosis.now {
            judge_validity(certificate, now, diagnosis.look_ahead, findings);
        }
    }
    if let Some(thumbprint) = diagnosis.thumbprint {
        judge_thumbprint(thumbprint, certificates, &diagnosis.provider, findings);
    }
}

/// Whether requests may be encrypted to it. No keyUsage allows all.
pub(super) fn may_decrypt(certificate: &Certificate<'_>) -> bool {
    certificate
        .key_usage()
        .is_none_or(KeyUsage::key_encipherment)
}

/// Whether requests may be encrypted to it by key agreement.
fn may_agree(certificate: &Certificate<'_>) -> bool {
    let usage = certificate.key_usage();
    !is_rsa(certificate) && usage.is_some_and(KeyUsage::key_agreement)
}

/// Subject and serial number, for evidence.
pub(super) fn named(certificate: &Certificate<'_>) -> String {
    let mut text = format!("\"{}\" serial ", excerpt(&certificate.subject()));
    let (told, more) = certificate
        .serial()
        .split_at_checked(MAX_SERIAL_LEN)
        .unwrap_or((certificate.serial(), &[]));
    hex(&mut text, told);
    if !more.is_empty() {
        text.push('…');
    }
    text
}

/// The beginning of a name, for evidence.
pub(super) fn excerpt(name: &NameRef<'_>) -> String {
    struct Beginning(String);

    impl Write for Beginning {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            text.chars().try_for_each(|character| {
                if self.0.len() < MAX_NAME_LEN {
                    self.0.push(character);
                    return Ok(());
                }
                Err(fmt::Error)
            })
        }
    }

    let mut beginning = Beginning(String::new());
    let is_whole = write!(beginning, "{name}").is_ok();
    let Beginning(mut text) = beginning;
    if !is_whole {
        text.push('…');
    }
    text
}

/// Whether one of these certificates issued it. What cannot be verified is not accused, nor is one whose issuer has many namesakes.
pub(super) fn issued_by_one_of(
    certificate: &Certificate<'_>,
    all: &[Certificate<'_>],
    provider: &Provider,
) -> bool {
    let policy = Policy::compatible();
    let mut tried = 0_usize;
    all.iter().any(|ca| {
        use crate::CertificateSignatureError::{AnotherIssuer, Invalid, IssuerIsNoCa, Refused};
        match certificate.verify_issued_by(ca, provider, &policy) {
            Ok(()) | Err(Refused(_)) => true,
            Err(AnotherIssuer | IssuerIsNoCa) => false,
            Err(Invalid) => {
                tried = tried.saturating_add(1);
                tried == MAX_TRIED
            }
        }
    })
}

/// Adds hexadecimal digits.
pub(super) fn hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02X}");
    }
}

/// Names several.
pub(super) fn list<'c>(certificates: impl Iterator<Item = &'c Certificate<'c>>) -> String {
    joined(certificates, named)
}

/// Tells something of several, separated by commas.
fn joined<T>(mut items: impl Iterator<Item = T>, tell: impl FnMut(T) -> String) -> String {
    let mut told: Vec<_> = items.by_ref().take(MAX_NAMED).map(tell).collect();
    if told.is_empty() {
        return "none".into();
    }
    let more = items.count();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told.join(", ")
}

fn is_ca(certificate: &Certificate<'_>) -> bool {
    certificate.may_issue()
}

fn judge_usages(certificates: &[Certificate<'_>], findings: &mut Vec<Finding>) {
    let evidence = || format!("keyUsage of {}", list(certificates.iter()));
    let is_for_encryption = |one: &&Certificate<'_>| may_decrypt(one) || may_agree(one);
    let encryption: Vec<_> = certificates.iter().filter(is_for_encryption).collect();
    if encryption.is_empty() {
        findings.push(Finding::new(
            FindingCode::NoEncryptionCertificate,
            evidence(),
        ));
    } else if !encryption.iter().any(|one| is_rsa(one)) {
        let evidence = format!("public key of {}", list(encryption.into_iter()));
        findings.push(Finding::new(FindingCode::EncryptionKeyNotRsa, evidence));
    }
    let may_sign = |one: &Certificate<'_>| one.key_usage().is_none_or(KeyUsage::digital_signature);
    if !certificates.iter().any(may_sign) {
        findings.push(Finding::new(FindingCode::NoSigningCertificate, evidence()));
    }
}

/// Judges the certificates beside one another: whether there is an RA, and what it says of itself.
fn judge_set(certificates: &[Certificate<'_>], findings: &mut Vec<Finding>) {
    let ras: Vec<_> = certificates.iter().filter(|one| !is_ca(one)).collect();
    let evidence = || format!("GetCACert: {}", list(certificates.iter()));
    if ras.is_empty() {
        if certificates.len() > 1 {
            findings.push(Finding::new(FindingCode::SetWithoutRa, evidence()));
        }
        return;
    }
    for ra in &ras {
        let mut purposes = ra.extended_key_usage();
        if !purposes.any(|purpose| purpose == oid::CERTIFICATE_REQUEST_AGENT) {
            let evidence = format!("extKeyUsage of {}", named(ra));
            findings.push(Finding::new(FindingCode::RaNotMarked, evidence));
        }
    }
    let for_encryption = ras.iter().copied().filter(|one| may_decrypt(one));
    let for_encryption: Vec<_> = for_encryption.collect();
    if for_encryption.len() > 1 {
        let evidence = format!("keyUsage of {}", list(for_encryption.into_iter()));
        let code = FindingCode::SeveralEncryptionCertificates;
        findings.push(Finding::new(code, evidence));
    }
    let cas = || certificates.iter().filter(|one| is_ca(one));
    let is_there = |name| cas().any(|other| other.subject_der() == name);
    if let Some(top) = cas().find(|ca| !is_there(ca.issuer_der())) {
        let issuer = excerpt(&top.issuer());
        let evidence = format!("{} is issued by \"{issuer}\"", named(top));
        findings.push(Finding::new(FindingCode::RootMissing, evidence));
    }
}

fn is_rsa(certificate: &Certificate<'_>) -> bool {
    crate::crypto::public_key::key_algorithm(certificate.public_key_der())
        .is_some_and(|algorithm| algorithm == oid::RSA_ENCRYPTION)
}

fn judge_issuers(
    certificates: &[Certificate<'_>],
    provider: &Provider,
    findings: &mut Vec<Finding>,
) {
    if !certificates.iter().any(is_ca) {
        return;
    }
    // The issuer of a CA may be above what the server sends.
    let others = certificates
        .iter()
        .filter(|one| !is_ca(one) && !issued_by_one_of(one, certificates, provider));
    for other in others.take(MAX_NAMED) {
        let evidence = of_another_ca(other, certificates);
        findings.push(Finding::new(FindingCode::RaOfAnotherCa, evidence));
    }
}

/// Who issued a certificate that no CA of the answer issued, and who these are.
pub(super) fn of_another_ca(certificate: &Certificate<'_>, all: &[Certificate<'_>]) -> String {
    format!(
        "{} is issued by \"{}\", and the CA is {}",
        named(certificate),
        excerpt(&certificate.issuer()),
        list(all.iter().filter(|one| is_ca(one)))
    )
}

fn judge_signature(certificate: &Certificate<'_>, findings: &mut Vec<Finding>) {
    let algorithm = certificate.signature_algorithm_oid();
    let name = match algorithm {
        oid::MD5_WITH_RSA => "MD5",
        oid::SHA1_WITH_RSA => "SHA-1",
        oid::RSASSA_PSS => "RSASSA-PSS",
        _ => return,
    };
    let evidence = format!("{} is signed with {name}", named(certificate));
    findings.push(Finding::new(FindingCode::SignatureRefusedByApple, evidence));
}

fn judge_validity(
    certificate: &Certificate<'_>,
    now: i64,
    look_ahead: i64,
    findings: &mut Vec<Finding>,
) {
    let Some(validity) = certificate.validity() else {
        return;
    };
    let (code, what, when) = if now > validity.not_after {
        (
            FindingCode::CertificateExpired,
            "expired",
            validity.not_after,
        )
    } else if now < validity.not_before {
        let when = validity.not_before;
        (FindingCode::CertificateNotYetValid, "is valid from", when)
    } else if validity.not_after.saturating_sub(now) < look_ahead {
        let when = validity.not_after;
        (FindingCode::CertificateExpiresSoon, "expires", when)
    } else {
        return;
    };
    let when = civil_text(when).unwrap_or_default();
    let evidence = format!("{} {what} {when} UTC", named(certificate));
    findings.push(Finding::new(code, evidence));
}

fn judge_thumbprint(
    thumbprint: Fingerprint,
    certificates: &[Certificate<'_>],
    provider: &Provider,
    findings: &mut Vec<Finding>,
) {
    let algorithm = thumbprint.algorithm();
    let mut computed = Vec::new();
    for certificate in certificates {
        match Fingerprint::of(algorithm, certificate, provider) {
            Ok(own) => computed.push((certificate, own)),
            // What cannot be computed cannot be compared.
            Err(_) => return,
        }
    }
    match computed.iter().find(|(_, own)| *own == thumbprint) {
        None => {
            let evidence = format!(
                "configured {thumbprint}, {} in GetCACert: {}",
                algorithm.name(),
                joined(computed.iter(), |(one, own)| format!(
                    "{own} of {}",
                    named(one)
                ))
            );
            findings.push(Finding::new(FindingCode::ThumbprintUnknown, evidence));
        }
        Some((one, _)) if !is_issuing_ca(one, certificates) => {
            let evidence = format!("{thumbprint} is of {}", named(one));
            findings.push(Finding::new(
                FindingCode::ThumbprintNotOfIssuingCa,
                evidence,
            ));
        }
        Some((one, _)) if !one.is_self_issued() => {
            let evidence = format!("{thumbprint} is of {}", named(one));
            findings.push(Finding::new(FindingCode::ThumbprintNotOfRoot, evidence));
        }
        Some(_) => {}
    }
}

/// Whether it is the lowest CA: one that no other CA of the answer is issued by.
fn is_issuing_ca(certificate: &Certificate<'_>, all: &[Certificate<'_>]) -> bool {
    let names = |other: &&Certificate<'_>| {
        other.issuer_der() == certificate.subject_der() && !other.is_self_issued()
    };
    is_ca(certificate)
        && !all
            .iter()
            .filter(|other| is_ca(other))
            .any(|other| names(&other))
}
