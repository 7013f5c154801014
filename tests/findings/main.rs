//! Findings: each where it must appear and where it must not, what they say, and what they were seen by.
#![cfg(all(feature = "rustcrypto", feature = "diagnose"))]

#[path = "../common/mod.rs"]
mod common;

mod csr;
mod http;
mod logs;
mod pairs;
mod renewals;
mod replies;
mod requests;

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
