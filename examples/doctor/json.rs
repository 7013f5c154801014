//! The report as one JSON object.

use scep::diagnose::{Finding, Verdict};
use serde_json::{Value, json};

use crate::report::{CertificateFacts, Enrolment, Report, serial};

pub fn report(report: &Report) -> String {
    let sender = report.sender.as_ref().map(|sender| {
        json!({
            "program": sender.program().name(),
            "certainty": sender.certainty().to_string(),
            "evidence": sender.evidence(),
        })
    });
    json!({
        "url": report.url,
        "capabilities": report.capabilities.as_ref().ok(),
        "capabilities_problem": report.capabilities.as_ref().err(),
        "certificates": report.certificates.as_ref().map_or_else(
            |_| Value::Null,
            |certificates| certificates.iter().map(certificate).collect(),
        ),
        "certificates_problem": report.certificates.as_ref().err(),
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "clients": report.verdicts.iter().map(verdict).collect::<Vec<_>>(),
        "enrolment": enrolment(&report.enrolment),
        "server": sender,
    })
    .to_string()
}

fn certificate(certificate: &CertificateFacts) -> Value {
    json!({
        "subject": certificate.subject,
        "ca": certificate.is_ca,
        "valid_until": certificate.until,
        "sha256": certificate.sha256,
        "fingerprint_given": certificate.is_given,
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code().name(),
        "severity": finding.severity().to_string(),
        "sentence": finding.sentence(),
        "evidence": finding.evidence(),
        "cause": finding.cause(),
        "advice": finding.advice(),
    })
}

fn verdict(verdict: &Verdict) -> Value {
    let reasons = verdict.reasons().iter();
    json!({
        "client": verdict.client().name(),
        "accepts": verdict.acceptance().to_string(),
        "reasons": reasons.map(|reason| reason.code().name()).collect::<Vec<_>>(),
    })
}

fn enrolment(enrolment: &Enrolment) -> Value {
    let (outcome, why, serial) = match enrolment {
        Enrolment::NotAsked => return Value::Null,
        Enrolment::NotTried(why) => ("not tried", Some(why), None),
        Enrolment::Issued(certificate) => ("issued", None, Some(serial(certificate))),
        Enrolment::Refused(why) => ("refused", Some(why), None),
        Enrolment::Pending => ("pending", None, None),
        Enrolment::Failed(why) => ("failed", Some(why), None),
    };
    json!({ "outcome": outcome, "why": why, "serial": serial })
}
