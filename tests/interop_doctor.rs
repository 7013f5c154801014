//! The example `doctor` at our CA: every statement of its report is true.
#![cfg(all(feature = "rustcrypto", feature = "diagnose"))]

#[path = "live/doctor.rs"]
mod doctor;
mod live;

use std::net::TcpListener;

use doctor::{Doctor, Shown};
use live::{Ca, Scratch};

/// A CA of these options, and what openssl says of its certificates.
struct Server<'s> {
    ca: Ca<'s>,
    shown: Vec<Shown>,
}

impl<'s> Server<'s> {
    fn start(scratch: &'s Scratch, options: &str, files: &[&str]) -> Self {
        let ca = Ca::start(scratch, "ca", &format!("--challenge secret {options}"));
        let shown = files
            .iter()
            .map(|file| Shown::of(scratch, &format!("ca/{file}")));
        Self {
            shown: shown.collect(),
            ca,
        }
    }

    /// Has it examined, with an enrolment, which works; what is the same for all arrangements is checked.
    fn enrols(&self, scratch: &Scratch) -> Doctor {
        let fingerprint = &self.ca.fingerprint;
        let options = format!("--ca-fingerprint {fingerprint} --challenge secret");
        let doctor = Doctor::of(scratch, &self.ca.url, &options, 0);
        doctor.tells_the_truth(&self.ca.url, &self.shown);
        assert_eq!(doctor.given(), [fingerprint]);
        // One for each report.
        let issued = self.ca.issued();
        assert_eq!(issued.len(), 2);
        let (outcome, serial) = doctor.enrolment();
        assert_eq!(outcome, "issued");
        assert!(issued.iter().any(|known| Some(&known[..]) == serial));
        doctor.says("\n  issued: \"CN=scep-doctor\", serial number ");
        assert_eq!(doctor.server(), Some("a program on the crate scep"));
        doctor
    }
}

#[test]
#[ignore = "runs the examples and openssl"]
fn doctor_at_ca() {
    let scratch = &Scratch::new();
    let server = Server::start(scratch, "", &["ca.pem"]);
    let doctor = server.enrols(scratch);
    // It does all by itself, and says so.
    for usage in ["CA:TRUE", "Digital Signature", "Key Encipherment"] {
        assert!(server.shown[0].has(usage), "{usage}");
    }
    assert!(server.shown[0].is_root());
    assert_eq!(doctor.codes(), [""; 0]);
    assert_eq!(doctor.objections(), []);
    doctor.says("\n  Nothing that can be seen from here.\n");
    doctor.says("\n  Windows          yes\n  Apple            yes\n");
}

#[test]
#[ignore = "runs the examples and openssl"]
fn doctor_at_ca_with_ra() {
    let scratch = &Scratch::new();
    let files = ["ca.pem", "ra-signing.pem", "ra-encryption.pem"];
    let server = Server::start(scratch, "--ra", &files);
    let doctor = server.enrols(scratch);
    let [_, signing, encryption] = &server.shown[..] else {
        panic!("three certificates");
    };
    assert!(signing.has("Digital Signature") && !signing.has("Key Encipherment"));
    assert!(encryption.has("Key Encipherment") && !encryption.has("Digital Signature"));
    for ra in [signing, encryption] {
        // Certificate Request Agent.
        assert!(
            ra.has("1.3.6.1.4.1.311.20.2.1") && !ra.has("CA:TRUE"),
            "{}",
            ra.text
        );
    }
    assert_eq!(doctor.codes(), [""; 0]);
    assert_eq!(doctor.objections(), []);
}

#[test]
#[ignore = "runs the examples and openssl"]
fn doctor_at_ca_under_a_root() {
    let scratch = &Scratch::new();
    let server = Server::start(scratch, "--chain", &["ca.pem", "root.pem"]);
    let doctor = server.enrols(scratch);
    // Both are CAs', and the one whose fingerprint was given is not the root.
    assert!(server.shown.iter().all(|shown| shown.has("CA:TRUE")));
    let roots: Vec<_> = server.shown.iter().map(Shown::is_root).collect();
    assert_eq!(roots, [false, true]);
    assert_eq!(doctor.codes(), ["set-without-ra", "thumbprint-not-of-root"]);
    let evidence = doctor.evidence("thumbprint-not-of-root");
    assert!(evidence.starts_with(&server.ca.fingerprint), "{evidence}");
    let set = || vec!["set-without-ra"];
    let expected = [
        ("Windows", "possibly not", set()),
        ("Apple", "possibly not", set()),
        (
            "Android (jscep)",
            "possibly not",
            vec!["thumbprint-not-of-root"],
        ),
    ];
    assert_eq!(doctor.objections(), expected);
    // With an RA between, there is no set of CAs alone.
    let other = &Scratch::new();
    let files = ["ca.pem", "root.pem", "ra-signing.pem", "ra-encryption.pem"];
    let doctor = Server::start(other, "--ra --chain", &files).enrols(other);
    assert_eq!(doctor.codes(), ["thumbprint-not-of-root"]);
}

#[test]
#[ignore = "runs the examples and openssl"]
fn doctor_tells_what_a_ca_refuses() {
    let scratch = &Scratch::new();
    let server = Server::start(scratch, "", &["ca.pem"]);
    let (url, fingerprint) = (&server.ca.url, &server.ca.fingerprint);

    let options = format!("--ca-fingerprint {fingerprint} --challenge wrong");
    let doctor = Doctor::of(scratch, url, &options, 1);
    assert_eq!(doctor.enrolment(), ("refused", None));
    assert_eq!(doctor.codes(), ["refused"]);
    let evidence = doctor.evidence("refused");
    assert!(evidence.starts_with("failInfo badRequest"), "{evidence}");
    doctor.says("\n  the CA refuses: ");

    let options = format!("--ca-fingerprint {fingerprint} --enrol");
    let doctor = Doctor::of(scratch, url, &options, 1);
    assert_eq!(doctor.codes(), ["refused", "challenge-absent"]);

    let stranger = "00".repeat(32);
    let options = format!("--ca-fingerprint {stranger} --challenge secret");
    let doctor = Doctor::of(scratch, url, &options, 1);
    assert_eq!(doctor.enrolment(), ("not tried", None));
    assert_eq!(doctor.codes(), ["thumbprint-unknown"]);
    assert!(doctor.evidence("thumbprint-unknown").contains(fingerprint));
    let clients = doctor.objections();
    assert_eq!(clients.len(), 5);
    assert!(clients.iter().all(|(_, accepts, _)| *accepts == "no"));
    assert_eq!(server.ca.issued(), [""; 0]);
    // Nothing is enrolled by a look.
    let doctor = Doctor::of(scratch, url, "", 0);
    assert_eq!(doctor.enrolment(), ("not asked", None));
    assert_eq!(server.ca.issued(), [""; 0]);
}

#[test]
#[ignore = "runs the examples and openssl"]
fn doctor_waits_for_nobody() {
    let scratch = &Scratch::new();
    let server = Server::start(scratch, "--hold 1", &["ca.pem"]);
    let fingerprint = &server.ca.fingerprint;
    let options = format!("--ca-fingerprint {fingerprint} --challenge secret");
    let doctor = Doctor::of(scratch, &server.ca.url, &options, 0);
    assert_eq!(doctor.enrolment(), ("pending", None));
    assert_eq!(doctor.codes(), [""; 0]);
    assert_eq!(server.ca.issued(), [""; 0]);
}

#[test]
#[ignore = "runs the examples"]
fn doctor_tells_that_nobody_answers() {
    let scratch = &Scratch::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/scep", free.local_addr().unwrap());
    drop(free);
    let doctor = Doctor::of(scratch, &url, "", 1);
    assert_eq!(doctor.codes(), [""; 0]);
    doctor.says("\n  no answer: ");
}
