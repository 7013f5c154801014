//! The answer to GetCACaps.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Finding, FindingCode};
use crate::{Capabilities, Capability};

pub(super) fn judge(capabilities: &Capabilities, findings: &mut Vec<Finding>) {
    let mut push = |code, evidence: String| findings.push(Finding::new(code, evidence));
    if capabilities.is_unknown() {
        push(
            FindingCode::CapabilitiesUnknown,
            "GetCACaps: no list".into(),
        );
        return;
    }
    let any = |wanted: &[Capability<'_>]| wanted.iter().any(|one| capabilities.supports(*one));
    let evidence = || {
        let words: Vec<_> = capabilities
            .iter()
            .map(|one| one.name().to_string())
            .collect();
        alloc::format!("GetCACaps: {}", words.join(", "))
    };
    if !any(&[Capability::Sha1, Capability::Sha256, Capability::Sha512]) {
        push(FindingCode::CapabilitiesWithoutDigest, evidence());
    }
    if !any(&[Capability::Aes, Capability::Des3]) {
        push(FindingCode::CapabilitiesWithoutCipher, evidence());
    }
    if !any(&[Capability::PostPkiOperation]) {
        push(FindingCode::CapabilitiesWithoutPost, evidence());
    }
}
