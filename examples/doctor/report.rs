//! The report, and how people read it.

use std::fmt::Display;
use std::time::Duration;

use der::DateTime;
use scep::crypto::Provider;
use scep::diagnose::{Acceptance, Certainty, Finding, Sender, Severity, Verdict};
use scep::{Certificate, Fingerprint, FingerprintAlgorithm};

/// All that an examination came to.
pub struct Report {
    pub url: String,
    /// What the server says it can do, or why that is not known.
    pub capabilities: Result<Vec<String>, String>,
    /// What it shows, or why it shows nothing.
    pub certificates: Result<Vec<CertificateFacts>, String>,
    pub findings: Vec<Finding>,
    pub verdicts: Vec<Verdict>,
    pub enrolment: Enrolment,
    /// What seems to answer, if an enrolment was tried.
    pub sender: Option<Sender>,
}

/// What is told of a certificate.
pub struct CertificateFacts {
    pub subject: String,
    pub is_ca: bool,
    pub until: Option<String>,
    pub sha256: String,
    /// Whether it is the one whose fingerprint was given.
    pub is_given: bool,
}

/// What came of an enrolment.
pub enum Enrolment {
    NotAsked,
    /// Something is missing for it.
    NotTried(String),
    Issued(Certificate<'static>),
    /// The CA says so.
    Refused(String),
    Pending,
    /// The exchange failed by this check.
    Failed(String),
}

/// How it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Plain,
    Coloured,
}

impl Report {
    /// Whether something stands in somebody's way for certain, or an enrolment did not come about.
    pub fn is_bad(&self) -> bool {
        let mut findings = self.findings.iter();
        let mut verdicts = self.verdicts.iter();
        self.certificates.is_err()
            || findings.any(|finding| finding.severity() == Severity::Error)
            || verdicts.any(|verdict| verdict.acceptance() == Acceptance::Refused)
            || !matches!(
                self.enrolment,
                Enrolment::NotAsked | Enrolment::Issued(_) | Enrolment::Pending
            )
    }
}

impl CertificateFacts {
    pub fn of(
        certificate: &Certificate<'_>,
        given: Option<Fingerprint>,
        provider: &Provider,
    ) -> Self {
        let sha256 = Fingerprint::of(FingerprintAlgorithm::Sha256, certificate, provider);
        let is_given = |given: Fingerprint| given.matches(certificate, provider) == Ok(true);
        Self {
            subject: certificate.subject().to_string(),
            is_ca: certificate.is_ca(),
            until: certificate
                .validity()
                .and_then(|valid| date(valid.not_after)),
            sha256: sha256.map(|sha256| sha256.to_string()).unwrap_or_default(),
            is_given: given.is_some_and(is_given),
        }
    }
}

/// The day of a time in Unix seconds.
fn date(seconds: i64) -> Option<String> {
    let since_1970 = Duration::from_secs(seconds.try_into().ok()?);
    let time = DateTime::from_unix_duration(since_1970).ok()?;
    let (year, month, day) = (time.year(), time.month(), time.day());
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// Writes the report for people.
pub fn text(report: &Report, ink: Ink) -> String {
    let mut page = Page {
        text: String::new(),
        ink,
    };
    page.line(0, &report.url);
    page.answers(report);
    page.findings(report);
    page.verdicts(&report.verdicts);
    page.enrolment(report);
    page.text
}

struct Page {
    text: String,
    ink: Ink,
}

/// The colours of a terminal.
#[derive(Clone, Copy)]
enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
}

impl Page {
    fn line(&mut self, level: usize, what: impl Display) {
        let indentation = "  ".repeat(level);
        self.text.push_str(&format!("{indentation}{what}\n"));
    }

    fn heading(&mut self, what: impl Display) {
        self.line(0, format_args!("\n{what}"));
    }

    fn coloured(&self, colour: Colour, what: impl Display) -> String {
        match self.ink {
            Ink::Plain => what.to_string(),
            Ink::Coloured => format!("\x1b[{}m{what}\x1b[0m", colour as u8),
        }
    }

    fn answers(&mut self, report: &Report) {
        self.heading("What the server says it can do (GetCACaps)");
        match &report.capabilities {
            Ok(words) if words.is_empty() => self.line(1, "an empty list"),
            Ok(words) => self.line(1, words.join(", ")),
            Err(why) => self.line(1, why),
        }
        self.heading("The certificates that it shows (GetCACert)");
        match &report.certificates {
            Ok(certificates) => {
                for certificate in certificates {
                    self.certificate(certificate);
                }
            }
            Err(why) => self.line(1, why),
        }
    }

    fn certificate(&mut self, certificate: &CertificateFacts) {
        let kind = if certificate.is_ca { "a CA" } else { "no CA" };
        let until = certificate.until.as_deref().unwrap_or("an unknown day");
        let subject = &certificate.subject;
        self.line(
            1,
            format_args!("\"{subject}\": {kind}, valid until {until}"),
        );
        self.line(
            2,
            format_args!("SHA-256 fingerprint {}", certificate.sha256),
        );
        if certificate.is_given {
            self.line(2, "This is the one whose fingerprint was given.");
        }
    }

    fn findings(&mut self, report: &Report) {
        self.heading("What is wrong");
        let answered = report.capabilities.is_ok() && report.certificates.is_ok();
        match (report.findings.is_empty(), answered) {
            (true, true) => self.line(1, "Nothing that can be seen from here."),
            (true, false) => self.line(1, "An answer is missing, as is told above."),
            (false, _) => {}
        }
        for finding in &report.findings {
            let severity = match finding.severity() {
                Severity::Error => self.coloured(Colour::Red, Severity::Error),
                Severity::Warning => self.coloured(Colour::Yellow, Severity::Warning),
                Severity::Note => Severity::Note.to_string(),
            };
            let (code, sentence) = (finding.code(), finding.sentence());
            self.line(1, format_args!("{severity} {code}: {sentence}"));
            self.line(2, format_args!("seen by: {}", finding.evidence()));
            self.line(2, format_args!("usually: {}", finding.cause()));
            self.line(2, format_args!("what to do: {}", finding.advice()));
        }
    }

    fn verdicts(&mut self, verdicts: &[Verdict]) {
        if verdicts.is_empty() {
            return;
        }
        self.heading("Who would take these answers, by what is known of each kind of client");
        for verdict in verdicts {
            let acceptance = verdict.acceptance();
            let colour = match acceptance {
                Acceptance::Accepted => Colour::Green,
                Acceptance::Doubtful => Colour::Yellow,
                Acceptance::Refused => Colour::Red,
            };
            let mut what = self.coloured(colour, acceptance);
            let codes: Vec<_> = verdict
                .reasons()
                .iter()
                .map(|reason| reason.code().name())
                .collect();
            if !codes.is_empty() {
                what.push_str(&format!(", for {}", codes.join(", ")));
            }
            let client = verdict.client().name();
            self.line(1, format_args!("{client:<16} {what}"));
        }
    }

    fn enrolment(&mut self, report: &Report) {
        let outcome = match &report.enrolment {
            Enrolment::NotAsked => return,
            Enrolment::NotTried(why) => {
                format!("{}: {why}", self.coloured(Colour::Red, "not tried"))
            }
            Enrolment::Issued(certificate) => {
                let issued = self.coloured(Colour::Green, "issued");
                let serial = serial(certificate);
                format!(
                    "{issued}: \"{}\", serial number {serial}",
                    certificate.subject()
                )
            }
            Enrolment::Refused(why) => {
                format!("{}: {why}", self.coloured(Colour::Red, "the CA refuses"))
            }
            Enrolment::Pending => {
                let pending = self.coloured(Colour::Yellow, "pending");
                format!(
                    "{pending}: somebody has to decide at the CA, and this program does not wait"
                )
            }
            Enrolment::Failed(why) => format!("{}: {why}", self.coloured(Colour::Red, "failed")),
        };
        self.heading("An enrolment by this program");
        self.line(1, outcome);
        if let Some(sender) = &report.sender {
            let possibly = match sender.certainty() {
                Certainty::Possible => "possibly ",
                Certainty::Likely => "",
            };
            let program = sender.program();
            self.line(
                1,
                format_args!("By its reply the server is {possibly}{program}."),
            );
        }
    }
}

/// The serial number in hexadecimal digits.
pub fn serial(certificate: &Certificate<'_>) -> String {
    let octets = match certificate.serial() {
        [0, rest @ ..] if !rest.is_empty() => rest,
        octets => octets,
    };
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scep::Capabilities;
    use scep::diagnose::Diagnosis;

    const CA: &[u8] = include_bytes!("../../test-vectors/server-jscep/getcacert.der");

    /// What is said of one certificate and a list, an hour before the certificate's end.
    fn report(capabilities: &str) -> Report {
        let provider = Provider::rustcrypto();
        let certificate = Certificate::from_der(CA).unwrap();
        let given = Fingerprint::of(FingerprintAlgorithm::Sha1, &certificate, &provider).unwrap();
        let certificates = [certificate];
        let list = Capabilities::parse(capabilities.as_bytes());
        let end = certificates[0].validity().unwrap().not_after;
        let diagnosis = Diagnosis::new(&provider)
            .ca_certificates(&certificates)
            .capabilities(&list)
            .now(end - 3_600);
        Report {
            url: "http://ca.example/scep".to_owned(),
            capabilities: Ok(capabilities.lines().map(str::to_owned).collect()),
            certificates: Ok(vec![CertificateFacts::of(
                &certificates[0],
                Some(given),
                &provider,
            )]),
            findings: diagnosis.findings(),
            verdicts: diagnosis.verdicts(),
            enrolment: Enrolment::NotAsked,
            sender: None,
        }
    }

    const GOOD: &str = "AES\nSHA-256\nPOSTPKIOperation";

    #[test]
    fn every_part_is_told() {
        let text = text(&report("SHA-256\nPOSTPKIOperation"), Ink::Plain);
        for part in [
            "http://ca.example/scep\n",
            "\n  SHA-256, POSTPKIOperation\n",
            "\n  \"CN=jscep CA,O=Peer Test,C=US\": a CA, valid until ",
            "\n    This is the one whose fingerprint was given.\n",
            "\n  warning certificate-expires-soon: A certificate of the CA expires soon.\n",
            "\n    seen by: GetCACaps: SHA-256, POSTPKIOperation\n",
            "\n    what to do: List AES.\n",
            "\n  Apple            no, for capabilities-without-cipher\n",
            "\n  Cisco IOS        yes\n",
        ] {
            assert!(text.contains(part), "no {part:?} in:\n{text}");
        }
        assert!(
            !text.contains("enrolment") && !text.contains('\x1b'),
            "{text}"
        );
    }

    #[test]
    fn nothing_wrong_is_said_too() {
        let mut report = report(GOOD);
        report.findings.clear();
        let text = text(&report, Ink::Plain);
        assert!(
            text.contains("\n  Nothing that can be seen from here.\n"),
            "{text}"
        );
        report.capabilities = Err("no answer".to_owned());
        let text = self::text(&report, Ink::Plain);
        let wrong = "\nWhat is wrong\n  An answer is missing, as is told above.\n";
        assert!(text.contains(wrong), "{text}");
    }

    #[test]
    fn colours_are_for_terminals() {
        let text = text(&report("SHA-256\nPOSTPKIOperation"), Ink::Coloured);
        assert!(
            text.contains("\x1b[33mwarning\x1b[0m certificate-expires-soon"),
            "{text}"
        );
        assert!(
            text.contains("\x1b[31mno\x1b[0m, for capabilities-without-cipher"),
            "{text}"
        );
        assert!(text.contains("\x1b[32myes\x1b[0m\n"), "{text}");
    }

    #[test]
    fn it_is_bad_for_what_is_certain() {
        assert!(!report(GOOD).is_bad());
        assert!(report("SHA-256\nPOSTPKIOperation").is_bad());
        let with = |enrolment| Report {
            enrolment,
            ..report(GOOD)
        };
        assert!(!with(Enrolment::Pending).is_bad());
        assert!(with(Enrolment::Refused("no".to_owned())).is_bad());
        assert!(with(Enrolment::NotTried("no".to_owned())).is_bad());
        let none = Report {
            certificates: Err("no answer".to_owned()),
            ..report(GOOD)
        };
        assert!(none.is_bad());
    }

    #[test]
    fn the_outcome_of_an_enrolment_is_told() {
        let told = |enrolment| {
            let report = Report {
                enrolment,
                ..report(GOOD)
            };
            let text = text(&report, Ink::Plain);
            let (_, outcome) = text
                .split_once("\nAn enrolment by this program\n  ")
                .unwrap();
            outcome.trim_end().to_owned()
        };
        let refused = told(Enrolment::Refused("failInfo badRequest".to_owned()));
        assert_eq!(refused, "the CA refuses: failInfo badRequest");
        assert_eq!(told(Enrolment::Failed("x".to_owned())), "failed: x");
        assert_eq!(told(Enrolment::NotTried("x".to_owned())), "not tried: x");
        assert!(told(Enrolment::Pending).starts_with("pending: "));
        let certificate = Certificate::from_der(CA).unwrap();
        let issued = format!(
            "issued: \"CN=jscep CA,O=Peer Test,C=US\", serial number {}",
            serial(&certificate)
        );
        assert_eq!(told(Enrolment::Issued(certificate)), issued);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(date(0).as_deref(), Some("1970-01-01"));
        assert_eq!(date(1_796_000_000).as_deref(), Some("2026-11-30"));
        assert_eq!(date(-1), None);
    }
}
