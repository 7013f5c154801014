//! Findings about messages, HTTP and logs: each where it must appear, and beside it, changed in one thing, where it must not.
#![cfg(all(feature = "rustcrypto", feature = "diagnose"))]

#[path = "../common/mod.rs"]
mod common;

mod csr;
mod http;
mod logs;
mod renewals;
mod replies;
mod requests;

use std::collections::BTreeSet;
use std::path::Path;

use common::{Parties, RsaKey, rng};
use scep::crypto::SigningKey;
use scep::diagnose::{Diagnosis, Finding, FindingCode};
use scep::{Capabilities, Certificate, Csr, CsrBuilder, Limits, PkiMessage, UnverifiedCsr};
use x509_cert::name::Name;

/// The list that only NDES sends.
const NDES: &[u8] = b"POSTPKIOperation\nRenewal\nSHA-512\nSHA-256\nSHA-1\nDES3";

fn codes(findings: &[Finding]) -> Vec<FindingCode> {
    findings.iter().map(Finding::code).collect()
}

/// The evidence of the only finding with this code.
#[track_caller]
fn evidence(findings: &[Finding], code: FindingCode) -> String {
    let mut found = findings.iter().filter(|finding| finding.code() == code);
    let evidence = found.next().unwrap().evidence().to_owned();
    assert_eq!(found.next(), None);
    evidence
}

/// The findings of a request beside what else is known.
fn of_request<'d>(
    request: &'d PkiMessage<'static>,
    beside: impl FnOnce(Diagnosis<'d>) -> Diagnosis<'d>,
) -> Vec<Finding> {
    let diagnosis = Diagnosis::new(&common::provider()).request(request);
    beside(diagnosis).findings()
}

/// A request that was sent.
fn sent(bytes: Vec<u8>) -> PkiMessage<'static> {
    PkiMessage::parse(bytes, &Limits::REQUEST).unwrap()
}

fn capabilities(list: &[u8]) -> Capabilities {
    Capabilities::parse(list)
}

/// A CSR for this subject.
fn csr_for(
    key: &RsaKey,
    subject: &str,
    change: impl FnOnce(CsrBuilder<'_>) -> CsrBuilder<'_>,
) -> Csr {
    // An empty text is no name to the parser.
    let subject: Name = match subject {
        "" => Name::default(),
        subject => subject.parse().unwrap(),
    };
    change(CsrBuilder::new(&subject, key.public_key_der()))
        .build(key.algorithms()[0])
        .unwrap()
        .sign(key, &common::provider(), &mut rng())
        .unwrap()
}

fn unverified(csr: &Csr) -> UnverifiedCsr {
    UnverifiedCsr::from_der(csr.as_der(), &Limits::REQUEST).unwrap()
}

/// The CA of the test keys, as GetCACert has it.
fn ca(parties: &Parties) -> Vec<Certificate<'static>> {
    vec![parties.ca.clone()]
}

/// The sources of all tests.
fn sources(dir: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|end| end == "rs") {
            text += &std::fs::read_to_string(&path).unwrap();
        }
    }
    text
}

#[test]
fn every_code_stands_in_a_test() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
    let words: BTreeSet<&str> = sources.split(|c: char| !c.is_alphanumeric()).collect();
    for code in FindingCode::ALL {
        let name = format!("{code:?}");
        assert!(words.contains(name.as_str()), "{name}");
    }
}
