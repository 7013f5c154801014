//! The example `doctor`, held line by line against what is known of the server from elsewhere.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::fs;

use serde_json::{Value, json};

use crate::live::{Program, Scratch, example, get};

/// A report, for people and for programs, by two runs.
pub(crate) struct Doctor {
    text: String,
    report: Value,
}

/// All that a report may say of a server that answers. What is not here it must not say.
pub(crate) struct Expected<'e> {
    pub(crate) url: &'e str,
    /// What it shows, in any order.
    pub(crate) certificates: &'e [Shown],
    /// The SHA-256 fingerprint that was given.
    pub(crate) given: Option<&'e str>,
    /// Codes and evidence. Their other words are those of docs/troubleshooting.md.
    pub(crate) findings: Vec<(&'e str, String)>,
    /// The clients that do not say yes, how surely, and for which findings.
    pub(crate) objections: Vec<(&'e str, &'e str, Vec<&'e str>)>,
    pub(crate) enrolment: Enrolment<'e>,
    /// The program by its reply, how surely, and by what.
    pub(crate) server: Option<(&'e str, &'e str, Vec<&'e str>)>,
}

pub(crate) enum Enrolment<'e> {
    NotAsked,
    /// For each run the CA has issued a certificate to `CN=scep-doctor`; their serial numbers.
    Issued(&'e [String]),
    Refused(String),
    Pending,
    Failed(String),
    NotTried(String),
}

/// A certificate by openssl.
pub(crate) struct Shown {
    pub(crate) sha256: String,
    /// The text of subject, issuer, and the extensions that say what it is for.
    pub(crate) text: String,
}

pub(crate) const CLIENTS: [&str; 5] = [
    "Windows",
    "Apple",
    "Android (jscep)",
    "Cisco IOS",
    "made for NDES",
];

impl Doctor {
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

    /// The whole text is this.
    #[track_caller]
    pub(crate) fn reads(&self, text: &str) {
        assert_eq!(self.text, text, "what is printed, and what is known");
    }

    /// The certificates in the order in which the report has them.
    pub(crate) fn in_order<'s>(&self, certificates: &'s [Shown]) -> Vec<&'s Shown> {
        let mut found: Vec<_> = certificates.iter().collect();
        let place = |shown: &&Shown| {
            let of_line = format!("fingerprint {}\n", shown.sha256);
            let place = self.text.find(&of_line);
            place.unwrap_or_else(|| panic!("not told: {}", shown.text))
        };
        found.sort_by_key(place);
        found
    }

    /// The report says all of this and nothing else, in either form.
    #[track_caller]
    pub(crate) fn says(&self, expected: &Expected<'_>) {
        let capabilities = capabilities(expected.url);
        let certificates = self.in_order(expected.certificates);
        let mut serials = [None; 2];
        if let Enrolment::Issued(issued) = expected.enrolment {
            let mut told = [self.serial_in_text(), self.serial()];
            serials = told.map(Some);
            told.sort_unstable();
            assert_eq!(told[..], *issued);
        }
        self.reads(&expected.text(&capabilities, &certificates, serials[0]));
        let json = expected.json(&capabilities, &certificates, serials[1]);
        assert_eq!(self.report, json, "what is reported, and what is known");
    }

    fn serial_in_text(&self) -> &str {
        let (_, serial) = self.text.split_once(", serial number ").unwrap();
        serial.lines().next().unwrap()
    }

    fn serial(&self) -> &str {
        self.report["enrolment"]["serial"].as_str().unwrap()
    }
}

/// The words that the server itself sends.
fn capabilities(url: &str) -> Vec<String> {
    let sent = String::from_utf8(get(&format!("{url}?operation=GetCACaps")).body).unwrap();
    sent.lines().map(|line| line.trim().to_owned()).collect()
}

/// What docs/troubleshooting.md says of a finding: severity, sentence, cause and advice.
fn words(code: &str) -> [String; 4] {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/troubleshooting.md");
    let page = fs::read_to_string(page).unwrap();
    let start = format!("| `{code}` | ");
    let row = page.lines().find_map(|line| line.strip_prefix(&start));
    let cells = row.unwrap().strip_suffix(" |").unwrap().split(" | ");
    let cells: Vec<String> = cells.map(str::to_owned).collect();
    cells.try_into().unwrap()
}

impl Expected<'_> {
    fn text(
        &self,
        capabilities: &[String],
        certificates: &[&Shown],
        serial: Option<&str>,
    ) -> String {
        let mut text = format!(
            "{}\n\nWhat the server says it can do (GetCACaps)\n  {}\n\nThe certificates that it shows (GetCACert)\n",
            self.url,
            capabilities.join(", ")
        );
        for shown in certificates {
            let kind = if shown.is_ca() { "a CA" } else { "no CA" };
            let (subject, until, sha256) = (shown.subject(), shown.until(), &shown.sha256);
            text += &format!("  \"{subject}\": {kind}, valid until {until}\n");
            text += &format!("    SHA-256 fingerprint {sha256}\n");
            if self.given == Some(sha256) {
                text += "    This is the one whose fingerprint was given.\n";
            }
        }
        text += "\nWhat is wrong\n";
        if self.findings.is_empty() {
            text += "  Nothing that can be seen from here.\n";
        }
        for (code, evidence) in &self.findings {
            let [severity, sentence, cause, advice] = words(code);
            text += &format!("  {severity} {code}: {sentence}\n    seen by: {evidence}\n");
            text += &format!("    usually: {cause}\n    what to do: {advice}\n");
        }
        text += "\nWho would take these answers, by what is known of each kind of client\n";
        for client in CLIENTS {
            let what = match self.objection(client) {
                None => "yes".to_owned(),
                Some((accepts, reasons)) => format!("{accepts}, for {}", reasons.join(", ")),
            };
            text += &format!("  {client:<16} {what}\n");
        }
        let outcome = match &self.enrolment {
            Enrolment::NotAsked => return text,
            Enrolment::Issued(_) => {
                format!(
                    "issued: \"CN=scep-doctor\", serial number {}",
                    serial.unwrap()
                )
            }
            Enrolment::Refused(why) => format!("the CA refuses: {why}"),
            Enrolment::Pending => {
                "pending: somebody has to decide at the CA, and this program does not wait"
                    .to_owned()
            }
            Enrolment::Failed(why) => format!("failed: {why}"),
            Enrolment::NotTried(why) => format!("not tried: {why}"),
        };
        text += &format!("\nAn enrolment by this program\n  {outcome}\n");
        if let Some((program, certainty, _)) = &self.server {
            let possibly = if *certainty == "possible" {
                "possibly "
            } else {
                ""
            };
            text += &format!("  By its reply the server is {possibly}{program}.\n");
        }
        text
    }

    fn json(
        &self,
        capabilities: &[String],
        certificates: &[&Shown],
        serial: Option<&str>,
    ) -> Value {
        let certificate = |shown: &&Shown| {
            json!({
                "subject": shown.subject(),
                "ca": shown.is_ca(),
                "valid_until": shown.until(),
                "sha256": shown.sha256,
                "fingerprint_given": self.given == Some(&shown.sha256),
            })
        };
        let finding = |(code, evidence): &(&str, String)| {
            let [severity, sentence, cause, advice] = words(code);
            json!({
                "code": code,
                "severity": severity,
                "sentence": sentence,
                "evidence": evidence,
                "cause": cause,
                "advice": advice,
            })
        };
        let client = |client: &str| {
            let (accepts, reasons) = self.objection(client).unwrap_or(("yes", &[]));
            json!({ "client": client, "accepts": accepts, "reasons": reasons })
        };
        let (outcome, why) = match &self.enrolment {
            Enrolment::NotAsked => (None, None),
            Enrolment::Issued(_) => (Some("issued"), None),
            Enrolment::Refused(why) => (Some("refused"), Some(why)),
            Enrolment::Pending => (Some("pending"), None),
            Enrolment::Failed(why) => (Some("failed"), Some(why)),
            Enrolment::NotTried(why) => (Some("not tried"), Some(why)),
        };
        let server = self.server.as_ref().map(|(program, certainty, evidence)| {
            json!({ "program": program, "certainty": certainty, "evidence": evidence })
        });
        json!({
            "url": self.url,
            "capabilities": capabilities,
            "capabilities_problem": null,
            "certificates": certificates.iter().map(certificate).collect::<Vec<_>>(),
            "certificates_problem": null,
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
            "clients": CLIENTS.map(client),
            "enrolment": outcome.map(|outcome| {
                json!({ "outcome": outcome, "why": why, "serial": serial })
            }),
            "server": server,
        })
    }

    fn objection(&self, client: &str) -> Option<(&str, &[&str])> {
        let mut objections = self.objections.iter();
        let (_, accepts, reasons) = objections.find(|(whose, ..)| *whose == client)?;
        Some((accepts, reasons))
    }
}

impl Shown {
    pub(crate) fn of(scratch: &Scratch, file: &str) -> Self {
        let show = "-noout -fingerprint -sha256 -subject -issuer -serial -enddate -nameopt RFC2253 -dateopt iso_8601";
        let extensions = "-ext basicConstraints,keyUsage,extendedKeyUsage";
        let text = scratch.openssl("x509", &format!("x509 -in {file} {show} {extensions}"));
        let (_, rest) = text.split_once("ingerprint=").unwrap();
        let sha256 = rest.lines().next().unwrap().replace(':', "");
        Self { sha256, text }
    }

    pub(crate) fn has(&self, part: &str) -> bool {
        self.text.contains(part)
    }

    fn field(&self, start: &str) -> &str {
        let mut lines = self.text.lines();
        lines.find_map(|line| line.strip_prefix(start)).unwrap()
    }

    pub(crate) fn subject(&self) -> &str {
        self.field("subject=")
    }

    fn is_ca(&self) -> bool {
        self.has("CA:TRUE")
    }

    /// The day on which it ends.
    fn until(&self) -> &str {
        &self.field("notAfter=")[..10]
    }

    /// Whether subject and issuer are the same.
    pub(crate) fn is_root(&self) -> bool {
        self.subject() == self.field("issuer=")
    }

    /// As evidence names it: the serial number is in the octets of its DER.
    pub(crate) fn named(&self) -> String {
        let serial = self.field("serial=");
        let sign = match serial.as_bytes()[0] {
            b'0'..=b'7' => "",
            _ => "00",
        };
        format!("\"{}\" serial {sign}{serial}", self.subject())
    }
}
