//! The example `doctor`, and what openssl says of the same certificates.
#![allow(dead_code, reason = "each test file uses its own part")]

use serde_json::Value;

use crate::live::{Program, Scratch, example, get};

/// A report, as JSON.
pub(crate) struct Doctor {
    report: Value,
    text: String,
}

/// A certificate by openssl.
pub(crate) struct Shown {
    pub(crate) sha256: String,
    /// The text of subject, issuer, and the extensions that say what it is for.
    pub(crate) text: String,
}

impl Doctor {
    /// Has a server examined, twice: for people and for programs.
    pub(crate) fn of(scratch: &Scratch, url: &str, options: &str, exit: i32) -> Self {
        let run = |more: &str| {
            let arguments = format!("--url {url} {options} {more}");
            Program::run(scratch.path(), example("doctor"), &arguments).exits(exit)
        };
        let report = run("--json");
        Self {
            report: serde_json::from_slice(&report.stdout).unwrap(),
            text: String::from_utf8(run("").stdout).unwrap(),
        }
    }

    pub(crate) fn says(&self, part: &str) {
        assert!(self.text.contains(part), "no {part:?} in:\n{}", self.text);
    }

    pub(crate) fn codes(&self) -> Vec<&str> {
        let findings = self.report["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| finding["code"].as_str().unwrap())
            .collect()
    }

    /// The evidence of the one finding of a code.
    pub(crate) fn evidence(&self, code: &str) -> &str {
        let mut findings = self.report["findings"].as_array().unwrap().iter();
        let finding = findings.find(|finding| finding["code"] == code);
        finding.unwrap()["evidence"].as_str().unwrap()
    }

    /// Who does not accept, how surely, and why.
    pub(crate) fn objections(&self) -> Vec<(&str, &str, Vec<&str>)> {
        let clients = self.report["clients"].as_array().unwrap().iter();
        let objecting = clients.filter(|client| client["accepts"] != "yes");
        objecting
            .map(|client| {
                let reasons = client["reasons"].as_array().unwrap().iter();
                let reasons = reasons.map(|reason| reason.as_str().unwrap());
                let text = |field: &str| client[field].as_str().unwrap();
                (text("client"), text("accepts"), reasons.collect())
            })
            .collect()
    }

    /// What came of the enrolment, and the serial number of what was issued.
    pub(crate) fn enrolment(&self) -> (&str, Option<&str>) {
        let enrolment = &self.report["enrolment"];
        let outcome = enrolment["outcome"].as_str().unwrap_or("not asked");
        (outcome, enrolment["serial"].as_str())
    }

    /// The program that the server is guessed to be.
    pub(crate) fn server(&self) -> Option<&str> {
        self.report["server"]["program"].as_str()
    }

    /// Every fact about the server's answers is so: the capabilities are what it sends, the certificates are these and no
    /// others, and they are of the kind and time that openssl sees.
    pub(crate) fn tells_the_truth(&self, url: &str, expected: &[Shown]) {
        let sent = get(&format!("{url}?operation=GetCACaps")).body;
        let sent = String::from_utf8(sent).unwrap();
        let words: Vec<_> = sent.lines().map(str::trim).collect();
        assert_eq!(self.report["capabilities"], Value::from(words));
        let told = self.report["certificates"].as_array().unwrap();
        assert_eq!(told.len(), expected.len());
        for certificate in expected {
            let found = told
                .iter()
                .find(|told| told["sha256"] == certificate.sha256);
            let found = found.unwrap_or_else(|| panic!("{} is not told", certificate.text));
            assert_eq!(found["ca"], certificate.has("CA:TRUE"));
            let until = found["valid_until"].as_str().unwrap();
            assert!(certificate.has(&format!("notAfter={until}")), "{until}");
        }
    }

    /// The fingerprints of the certificates that are told to be the one that was given.
    pub(crate) fn given(&self) -> Vec<&str> {
        let certificates = self.report["certificates"].as_array().unwrap().iter();
        let given = certificates.filter(|certificate| certificate["fingerprint_given"] == true);
        given
            .map(|certificate| certificate["sha256"].as_str().unwrap())
            .collect()
    }
}

impl Shown {
    pub(crate) fn of(scratch: &Scratch, file: &str) -> Self {
        let show = "-noout -fingerprint -sha256 -subject -issuer -enddate -dateopt iso_8601";
        let extensions = "-ext basicConstraints,keyUsage,extendedKeyUsage";
        let text = scratch.openssl("x509", &format!("x509 -in {file} {show} {extensions}"));
        let (_, rest) = text.split_once("ingerprint=").unwrap();
        let sha256 = rest.lines().next().unwrap().replace(':', "");
        Self { sha256, text }
    }

    pub(crate) fn has(&self, part: &str) -> bool {
        self.text.contains(part)
    }

    /// Whether subject and issuer are the same.
    pub(crate) fn is_root(&self) -> bool {
        let name = |start| self.text.lines().find_map(|line| line.strip_prefix(start));
        name("subject=").is_some() && name("subject=") == name("issuer=")
    }
}
