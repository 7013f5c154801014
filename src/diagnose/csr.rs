//! What a CSR asks for.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Diagnosis, Finding, FindingCode, profile};
use crate::certificate::{purposes, read_key_usage};
use crate::crypto::Policy;
use crate::crypto::public_key::{key_algorithm, key_curve, modulus_bits};
use crate::csr::iter_requested_extensions;
use crate::microsoft::{AltName, RequestContent};
use crate::ndes::TemplateSetting;
use crate::{ChallengeKind, CsrError, KeyUsage, Oid, ParseError, Refused, UnverifiedCsr, oid};

pub(super) fn judge(diagnosis: &Diagnosis<'_>, csr: &UnverifiedCsr, findings: &mut Vec<Finding>) {
    let mut push = |code, evidence| findings.push(Finding::new(code, evidence));
    let policy = diagnosis.policy.unwrap_or(Policy::compatible());
    match csr.verify(&diagnosis.provider, &policy) {
        Err(error @ CsrError::Signature) => {
            push(FindingCode::CsrSignatureInvalid, error.to_string());
        }
        // Without a policy nobody refuses anything.
        Err(CsrError::Refused(refused)) if diagnosis.policy.is_some() => {
            let code = match refused {
                Refused::CsrSignature(_) | Refused::Unsupported(_) => {
                    FindingCode::AlgorithmNotAllowed
                }
                _ => FindingCode::KeyNotAllowed,
            };
            push(code, format!("CSR: {refused}; {}", key(csr)));
        }
        _ => {}
    }
    if csr.unverified_subject().as_der() == EMPTY_NAME {
        push(
            FindingCode::SubjectEmpty,
            format!("CSR: no subject; {}", alt_names(csr)),
        );
    }
    match content(csr) {
        Err((item, error)) => {
            push(
                FindingCode::CsrContentUnreadable,
                format!("CSR: {item}: {error}"),
            );
        }
        Ok(content) => {
            if !content.sids.is_empty() {
                push(
                    FindingCode::SidClaimed,
                    format!("CSR: {}", content.sids.join(", ")),
                );
            }
            if let [one, other, ..] = content.templates.as_slice()
                && one != other
            {
                let evidence = format!("CSR: template {one:?} and template {other:?}");
                push(FindingCode::TemplateConflict, evidence);
            }
        }
    }
    if let Some(profile) = &diagnosis.profile {
        profile::judge(profile, csr, findings);
    }
}

/// What the challenge password looks like.
pub(super) fn challenge(csr: &UnverifiedCsr) -> String {
    let kind = match csr.unverified_challenge_password().kind() {
        ChallengeKind::Absent => "absent",
        ChallengeKind::Empty => "empty",
        ChallengeKind::NdesOneTime => "one as NDES gives out",
        ChallengeKind::IntuneBlob => "one as Intune gives out",
        ChallengeKind::Other => "neither one of NDES nor one of Intune",
    };
    format!("CSR: challengePassword is {kind}")
}

/// Which template the CSR asks for, and what NDES makes of it.
pub(super) fn template(csr: &UnverifiedCsr) -> String {
    let content = content(csr).unwrap_or_default();
    let mut names: Vec<_> = content
        .templates
        .iter()
        .map(|name| format!("{name:?}"))
        .collect();
    names.extend(content.template_id.map(|id| id.to_string()));
    let named = match names.as_slice() {
        [] => "no template".into(),
        _ => format!("template {}", names.join(" and ")),
    };
    let usage = key_usage(csr);
    let setting = TemplateSetting::of(usage);
    let setting = setting.map_or("none that is known", TemplateSetting::name);
    // What it takes without a keyUsage nobody has confirmed.
    let takes = usage.map_or("possibly takes", |_| "takes");
    format!(
        "CSR: {named}, {}, for which NDES {takes} {setting}",
        shown_usage(usage)
    )
}

/// The subject.
pub(super) fn subject(csr: &UnverifiedCsr) -> String {
    format!("CSR: subject \"{}\"", csr.unverified_subject())
}

/// The names in subjectAltName.
pub(super) fn alt_names(csr: &UnverifiedCsr) -> String {
    let Some(names) = read_alt_names(csr) else {
        return "CSR: subjectAltName that cannot be read or has more than 256 names".into();
    };
    let names: Vec<_> = names.iter().map(AltName::to_string).collect();
    match names.as_slice() {
        [] => "CSR: no subjectAltName".into(),
        _ => format!("CSR: subjectAltName {}", names.join(", ")),
    }
}

/// The names in subjectAltName, if they can be read and are not too many.
pub(super) fn read_alt_names(csr: &UnverifiedCsr) -> Option<Vec<AltName>> {
    RequestContent::of_unverified(csr).alt_names().ok()
}

/// keyUsage and extKeyUsage.
pub(super) fn usages(csr: &UnverifiedCsr) -> String {
    let purposes = read_purposes(csr);
    let purposes: Vec<_> = purposes.iter().map(Oid::to_string).collect();
    let usage = shown_usage(key_usage(csr));
    match purposes.as_slice() {
        [] => format!("CSR: {usage}, no extKeyUsage"),
        _ => format!("CSR: {usage}, extKeyUsage {}", purposes.join(", ")),
    }
}

/// The purposes in extKeyUsage, as far as they can be read.
pub(super) fn read_purposes(csr: &UnverifiedCsr) -> Vec<Oid> {
    let wanted = extension(csr, oid::EXT_KEY_USAGE).unwrap_or_default();
    purposes(wanted).collect()
}

/// The kind and size of the key.
pub(super) fn key(csr: &UnverifiedCsr) -> String {
    let key = csr.public_key_der();
    if let Some(bits) = modulus_bits(key) {
        return format!("CSR: RSA key of {bits} bits");
    }
    if let Some(curve) = key_curve(key) {
        return format!("CSR: key on {}", curve.name());
    }
    match key_algorithm(key) {
        Some(oid::ED25519) => "CSR: Ed25519 key".into(),
        Some(algorithm) => format!("CSR: key of algorithm {algorithm}"),
        None => "CSR: key that cannot be read".into(),
    }
}

const EMPTY_NAME: [u8; 2] = [0x30, 0];

/// What Microsoft defines for CSRs.
#[derive(Default)]
struct Content {
    /// In the words of evidence.
    sids: Vec<String>,
    /// The names of templates.
    templates: Vec<String>,
    template_id: Option<Oid>,
}

/// Reads all of Microsoft's content, or says which item cannot be read.
fn content(csr: &UnverifiedCsr) -> Result<Content, (&'static str, ParseError)> {
    let content = RequestContent::of_unverified(csr);
    let at = |item| move |error| (item, error);
    content.os_version().map_err(at("OS version"))?;
    content.csp_info().map_err(at("CSP information"))?;
    content
        .client_info()
        .map_err(at("request client information"))?;
    content
        .renewal_certificate()
        .map_err(at("renewal certificate"))?;
    content
        .application_policies()
        .map_err(at("application policies"))?;
    content
        .claimed_user_principal_names()
        .map_err(at("user principal name"))?;
    let pairs = content.name_value_pairs().map_err(at("name and value"))?;
    let sids = content.claimed_sids().map_err(at("SID"))?;
    let name = content.template_name().map_err(at("template name"))?;
    let information = content
        .template_information()
        .map_err(at("template information"))?;
    let named = pairs
        .into_iter()
        .filter(|pair| pair.name == "CertificateTemplate");
    Ok(Content {
        sids: sids
            .iter()
            .map(|sid| format!("{} in {}", sid, sid.source().name()))
            .collect(),
        templates: name
            .into_iter()
            .chain(named.map(|pair| pair.value))
            .collect(),
        template_id: information.map(|information| information.id),
    })
}

fn extension(csr: &UnverifiedCsr, oid: Oid) -> Option<&[u8]> {
    iter_requested_extensions(csr.attributes_contents())
        .find(|extension| extension.oid() == oid)
        .map(|extension| extension.value())
}

fn key_usage(csr: &UnverifiedCsr) -> Option<KeyUsage> {
    extension(csr, oid::KEY_USAGE).map(read_key_usage)
}

fn shown_usage(usage: Option<KeyUsage>) -> String {
    usage.map_or_else(
        || "no keyUsage".into(),
        |usage| format!("keyUsage {usage:?}"),
    )
}
