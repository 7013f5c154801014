//! What is configured for a device, beside what its CSR asks for.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Finding, FindingCode, csr};
use crate::crypto::public_key::modulus_bits;
use crate::{NameRef, Oid, UnverifiedCsr};

/// What is configured for a device, in the profile of an MDM service or elsewhere. What is not given is not compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Profile<'p> {
    subject: Option<NameRef<'p>>,
    alt_names: Option<&'p [&'p str]>,
    purposes: Option<&'p [Oid]>,
    rsa_key_bits: Option<usize>,
}

impl<'p> Profile<'p> {
    /// Nothing is configured yet.
    pub const fn new() -> Self {
        Self {
            subject: None,
            alt_names: None,
            purposes: None,
            rsa_key_bits: None,
        }
    }

    /// The subject.
    pub const fn subject(mut self, subject: NameRef<'p>) -> Self {
        self.subject = Some(subject);
        self
    }

    /// The names in subjectAltName, all of them and in any order: e-mail addresses, DNS names, URIs and user principal names.
    /// Their kind is not compared, nor is the case of ASCII letters.
    pub const fn alt_names(mut self, names: &'p [&'p str]) -> Self {
        self.alt_names = Some(names);
        self
    }

    /// The purposes in extKeyUsage, all of them and in any order.
    pub const fn purposes(mut self, purposes: &'p [Oid]) -> Self {
        self.purposes = Some(purposes);
        self
    }

    /// The size of the RSA key in bits.
    pub const fn rsa_key_bits(mut self, bits: usize) -> Self {
        self.rsa_key_bits = Some(bits);
        self
    }
}

pub(super) fn judge(profile: &Profile<'_>, csr: &UnverifiedCsr, findings: &mut Vec<Finding>) {
    let differing = [
        subject(profile, csr),
        alt_names(profile, csr),
        purposes(profile, csr),
        key(profile, csr),
    ];
    for evidence in differing.into_iter().flatten() {
        findings.push(Finding::new(FindingCode::NotAsConfigured, evidence));
    }
}

fn subject(profile: &Profile<'_>, csr: &UnverifiedCsr) -> Option<String> {
    let wanted = profile.subject?;
    if csr.unverified_subject().has_same_text(&wanted) {
        return None;
    }
    Some(format!("{}; configured is \"{wanted}\"", csr::subject(csr)))
}

fn alt_names(profile: &Profile<'_>, csr: &UnverifiedCsr) -> Option<String> {
    let wanted = profile.alt_names?;
    // What cannot be read is told by itself.
    let found = csr::read_alt_names(csr)?;
    let is_wanted = |text: &String| wanted.iter().any(|name| name.eq_ignore_ascii_case(text));
    let only_wanted = found
        .iter()
        .all(|name| name.text.as_ref().is_some_and(is_wanted));
    let is_found = |wanted: &&str| {
        let mut texts = found.iter().filter_map(|name| name.text.as_ref());
        texts.any(|text| text.eq_ignore_ascii_case(wanted))
    };
    if only_wanted && wanted.iter().all(is_found) {
        return None;
    }
    let wanted: Vec<_> = wanted.iter().map(|name| format!("{name:?}")).collect();
    Some(against(csr::alt_names(csr), &wanted))
}

fn purposes(profile: &Profile<'_>, csr: &UnverifiedCsr) -> Option<String> {
    let wanted = profile.purposes?;
    let found = csr::read_purposes(csr);
    let same = found.iter().all(|one| wanted.contains(one))
        && wanted.iter().all(|one| found.contains(one));
    if same {
        return None;
    }
    let wanted: Vec<_> = wanted.iter().map(|one| format!("{one}")).collect();
    Some(against(csr::usages(csr), &wanted))
}

fn key(profile: &Profile<'_>, csr: &UnverifiedCsr) -> Option<String> {
    let wanted = profile.rsa_key_bits?;
    if modulus_bits(csr.public_key_der()) == Some(wanted) {
        return None;
    }
    Some(format!(
        "{}; configured is RSA of {wanted} bits",
        csr::key(csr)
    ))
}

fn against(found: String, wanted: &[String]) -> String {
    match wanted {
        [] => format!("{found}; configured is none"),
        _ => format!("{found}; configured is {}", wanted.join(", ")),
    }
}
