//! The example `doctor` at our CA: every line of its report is true, and there is no other.
#![cfg(all(feature = "rustcrypto", feature = "diagnose"))]

#[path = "live/doctor.rs"]
mod doctor;
mod live;

use std::net::TcpListener;

use doctor::{Doctor, Enrolment, Expected, Shown};
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

    /// Has it examined with the fingerprint of its CA.
    fn examined(&self, scratch: &Scratch, options: &str, exit: i32) -> Doctor {
        let fingerprint = &self.ca.fingerprint;
        let options = format!("--ca-fingerprint {fingerprint} {options}");
        Doctor::of(scratch, &self.ca.url, &options, exit)
    }

    /// Nothing is wrong, everybody could enrol, and nothing was tried.
    fn good(&self) -> Expected<'_> {
        Expected {
            url: &self.ca.url,
            certificates: &self.shown,
            given: Some(&self.ca.fingerprint),
            findings: vec![],
            objections: vec![],
            enrolment: Enrolment::NotAsked,
            server: None,
        }
    }

    /// What the replies of our CA show.
    fn recognised(&self) -> Expected<'_> {
        let shape = vec![
            "the message is DER",
            "the digest's algorithm has NULL for parameters",
            "the signature's algorithm is rsaEncryption with NULL",
            "there is no signingTime",
            "the senderNonce has 16 bytes of its own",
            "the signer's certificate is there",
        ];
        Expected {
            server: Some(("a program on the crate scep", "possible", shape)),
            ..self.good()
        }
    }
}

#[test]
#[ignore = "runs the examples and openssl"]
fn doctor_at_ca() {
    let scratch = &Scratch::new();
    let server = Server::start(scratch, "", &["ca.pem"]);
    // It does all by itself, and says so: there is nothing to find.
    let [ca] = &server.shown[..] else {
        panic!("one certificate");
    };
    for usage in ["CA:TRUE", "Digital Signature", "Key Encipherment"] {
        assert!(ca.has(usage), "{usage}");
    }
    assert!(ca.is_root());
    let doctor = server.examined(scratch, "--challenge secret", 0);
    doctor.says(&Expected {
        enrolment: Enrolment::Issued(&server.ca.issued()),
        ..server.recognised()
    });
}

#[test]
#[ignore = "runs the examples and openssl"]
fn doctor_at_ca_with_ra() {
    let scratch = &Scratch::new();
    let files = ["ca.pem", "ra-signing.pem", "ra-encryption.pem"];
    let server = Server::start(scratch, "--ra", &files);
    let [ca, signing, encryption] = &server.shown[..] else {
        panic!("three certificates");
    };
    assert!(ca.is_root());
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
    let doctor = server.examined(scratch, "--challenge secret", 0);
    doctor.says(&Expected {
        enrolment: Enrolment::Issued(&server.ca.issued()),
        ..server.recognised()
    });
}

/// The fingerprint that was given is that of a CA below the root.
fn not_of_root(ca: &Shown) -> (&'static str, String) {
    let evidence = format!("{} is of {}", ca.sha256, ca.named());
    ("thumbprint-not-of-root", evidence)
}

#[test]
#[ignore = "runs the examples and openssl"]
fn doctor_at_ca_under_a_root() {
    let scratch = &Scratch::new();
    let server = Server::start(scratch, "--chain", &["ca.pem", "root.pem"]);
    // Both are CAs', and the one whose fingerprint was given is not the root.
    assert!(server.shown.iter().all(|shown| shown.has("CA:TRUE")));
    let roots: Vec<_> = server.shown.iter().map(Shown::is_root).collect();
    assert_eq!(roots, [false, true]);
    let doctor = server.examined(scratch, "--challenge secret", 0);
    let names: Vec<_> = doctor
        .in_order(&server.shown)
        .into_iter()
        .map(Shown::named)
        .collect();
    let set = || vec!["set-without-ra"];
    doctor.says(&Expected {
        findings: vec![
            ("set-without-ra", format!("GetCACert: {}", names.join(", "))),
            not_of_root(&server.shown[0]),
        ],
        objections: vec![
            ("Windows", "possibly not", set()),
            ("Apple", "possibly not", set()),
            (
                "Android (jscep)",
                "possibly not",
                vec!["thumbprint-not-of-root"],
            ),
        ],
        enrolment: Enrolment::Issued(&server.ca.issued()),
        ..server.recognised()
    });
}

#[test]
#[ignore = "runs the examples and openssl"]
fn doctor_at_ca_with_ra_under_a_root() {
    let scratch = &Scratch::new();
    let files = ["ca.pem", "root.pem", "ra-signing.pem", "ra-encryption.pem"];
    let server = Server::start(scratch, "--ra --chain", &files);
    let doctor = server.examined(scratch, "--challenge secret", 0);
    // With an RA between, there is no set of CAs alone.
    doctor.says(&Expected {
        findings: vec![not_of_root(&server.shown[0])],
        objections: vec![(
            "Android (jscep)",
            "possibly not",
            vec!["thumbprint-not-of-root"],
        )],
        enrolment: Enrolment::Issued(&server.ca.issued()),
        ..server.recognised()
    });
}

#[cfg(feature = "ec")]
#[test]
#[ignore = "runs the examples and openssl"]
fn doctor_at_ca_on_a_curve() {
    let scratch = &Scratch::new();
    let server = Server::start(scratch, "--ca-key ec:p256", &["ca.pem"]);
    let [ca] = &server.shown[..] else {
        panic!("one certificate");
    };
    assert!(ca.has("Key Agreement") && !ca.has("Key Encipherment"));
    // Some clients cannot enrol, and this one can.
    let doctor = server.examined(scratch, "--challenge secret", 1);
    let codes = || vec!["encryption-key-not-rsa"];
    doctor.says(&Expected {
        findings: vec![(codes()[0], format!("public key of {}", ca.named()))],
        objections: vec![
            ("Windows", "possibly not", codes()),
            ("Apple", "possibly not", codes()),
            ("Android (jscep)", "no", codes()),
            ("Cisco IOS", "possibly not", codes()),
            ("made for NDES", "no", codes()),
        ],
        enrolment: Enrolment::Issued(&server.ca.issued()),
        ..server.good()
    });
}

#[test]
#[ignore = "runs the examples and openssl"]
fn doctor_tells_what_a_ca_refuses() {
    let scratch = &Scratch::new();
    let server = Server::start(scratch, "", &["ca.pem"]);

    let doctor = server.examined(scratch, "--challenge wrong", 1);
    let why = "the challenge password is wrong";
    doctor.says(&Expected {
        findings: vec![("refused", format!("failInfo badRequest; {why:?}"))],
        enrolment: Enrolment::Refused(format!("badRequest: {why}")),
        ..server.recognised()
    });

    let doctor = server.examined(scratch, "--enrol", 1);
    let why = "the challenge password is missing";
    doctor.says(&Expected {
        findings: vec![
            ("refused", format!("failInfo badRequest; {why:?}")),
            ("challenge-absent", "CSR: no challengePassword".to_owned()),
        ],
        enrolment: Enrolment::Refused(format!("badRequest: {why}")),
        ..server.recognised()
    });

    let (url, ca) = (&server.ca.url, &server.shown[0]);
    let stranger = "00".repeat(32);
    let options = format!("--ca-fingerprint {stranger} --challenge secret");
    let doctor = Doctor::of(scratch, url, &options, 1);
    let (sha256, named) = (&ca.sha256, ca.named());
    let evidence = format!("configured {stranger}, sha-256 in GetCACert: {sha256} of {named}");
    let why = "the answer has neither the pinned CA certificate nor one under it";
    doctor.says(&Expected {
        given: None,
        findings: vec![("thumbprint-unknown", evidence)],
        objections: doctor::CLIENTS
            .map(|client| (client, "no", vec!["thumbprint-unknown"]))
            .into(),
        enrolment: Enrolment::NotTried(why.to_owned()),
        ..server.good()
    });
    // Nothing is enrolled by a look.
    let doctor = Doctor::of(scratch, url, "", 0);
    doctor.says(&Expected {
        given: None,
        ..server.good()
    });
    assert_eq!(server.ca.issued(), [""; 0]);
}

#[test]
#[ignore = "runs the examples and openssl"]
fn doctor_waits_for_nobody() {
    let scratch = &Scratch::new();
    let server = Server::start(scratch, "--hold 1", &["ca.pem"]);
    let doctor = server.examined(scratch, "--challenge secret", 0);
    doctor.says(&Expected {
        enrolment: Enrolment::Pending,
        ..server.recognised()
    });
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
    let why = "no answer: io: Connection refused (os error 111)";
    doctor.reads(&format!(
        "{url}\n\nWhat the server says it can do (GetCACaps)\n  {why}\n\n\
         The certificates that it shows (GetCACert)\n  {why}\n\n\
         What is wrong\n  An answer is missing, as is told above.\n"
    ));
}
