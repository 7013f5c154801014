//! Our client at our CA, in every case.
#![cfg(feature = "rustcrypto")]

mod live;

use std::fs;
use std::thread;
use std::time::Duration;

use live::{
    ARRANGEMENTS, Ca, Finished, Program, RENEWALS, Report, Scratch, client, example, request,
};

/// A device at one CA.
#[derive(Clone, Copy)]
struct Device<'s> {
    scratch: &'s Scratch,
    ca: &'s Ca<'s>,
}

impl<'s> Device<'s> {
    /// Runs the client in a directory, without a word on whom to trust.
    fn run(self, directory: &str, options: &str) -> Finished {
        client(self.scratch, &self.arguments(directory, options))
    }

    fn start(self, directory: &str, options: &str) -> Program {
        let arguments = self.arguments(directory, options);
        Program::start(self.scratch.path(), example("client"), &arguments)
    }

    fn arguments(self, directory: &str, options: &str) -> String {
        format!("--url {} --out {directory} {options}", self.ca.url)
    }

    /// Asks for a first certificate, of a CA that is pinned by its certificate.
    fn asks(self, directory: &str, options: &str) -> Finished {
        let who = "--subject CN=device,O=Test --dns device.example";
        let pin = format!("--ca-cert {}/ca.pem", self.ca.name);
        self.run(directory, &format!("{who} {pin} {options}"))
    }

    /// Asks for a first certificate, and gets it.
    fn enrols(self, directory: &str, options: &str) {
        self.asks(directory, &format!("--challenge secret {options}"))
            .exits(0);
        self.has_what_it_wanted(directory);
    }

    /// Asks for a first certificate, and is told to wait.
    fn is_pending(self, directory: &str) {
        self.asks(directory, "--challenge secret --poll-max 0")
            .exits(3);
    }

    /// The certificate leads up to the root, also by nothing but the files of the client, and is on its key.
    fn has_what_it_wanted(self, directory: &str) {
        let certificate = format!("{directory}/cert.pem");
        self.ca.vouches_for(&certificate);
        let (chain, pinned) = (
            format!("{directory}/chain.pem"),
            format!("{directory}/ca.pem"),
        );
        let verify = format!("verify -partial_chain -CAfile {pinned} -untrusted {chain}");
        self.scratch
            .openssl("chain", &format!("{verify} {certificate}"));
        self.scratch
            .is_on_key(&certificate, &format!("{directory}/key.pem"));
    }

    fn serial(self, directory: &str) -> String {
        self.scratch.serial(&format!("{directory}/cert.pem"))
    }

    fn read(self, directory: &str, file: &str) -> Vec<u8> {
        self.scratch.read(&format!("{directory}/{file}"))
    }
}

fn report() -> Report {
    Report::of("`client`", "`ca`")
}

#[test]
#[ignore = "runs the examples and openssl"]
fn client_at_ca() {
    let scratch = &Scratch::new();
    let mut report = report();
    let ca = &Ca::start(scratch, "ca", "--challenge secret");
    let device = Device { scratch, ca };

    report.works("enrolment", || device.enrols("first", ""));
    report.works("enrolment by POST", || device.enrols("post", "--http post"));
    report.works("enrolment by GET", || device.enrols("get", "--http get"));
    report.works("RSA-3072 key", || device.enrols("3072", "--key rsa:3072"));
    report.works("RSA-4096 key", || device.enrols("4096", "--key rsa:4096"));
    report.refused("wrong challenge", "badRequest", || {
        device
            .asks("wrong", "--challenge wrong")
            .exits(4)
            .says("badRequest");
    });
    report.refused("no challenge", "badRequest", || {
        device.asks("none", "").exits(4).says("badRequest");
    });

    for (case, form) in RENEWALS {
        report.works(case, || {
            let (serial, old_key) = (device.serial("first"), device.read("first", "key.pem"));
            let renew = format!("--renew {form}");
            device
                .run("first", &format!("{renew} --challenge secret"))
                .exits(0);
            device.has_what_it_wanted("first");
            assert_ne!(device.serial("first"), serial);
            let kept = device.read("first", "key.pem") == old_key;
            assert_eq!(kept, form.contains("--key"), "the old key");
        });
    }
    report.works("renewal without a challenge", || {
        device.run("first", "--renew").exits(0);
        device.has_what_it_wanted("first");
    });
    report.refused("renewal with a wrong challenge", "badRequest", || {
        let before = device.read("first", "cert.pem");
        device
            .run("first", "--renew --challenge wrong")
            .exits(4)
            .says("badRequest");
        assert_eq!(device.read("first", "cert.pem"), before);
    });

    report.works("GetCert", || {
        let serial = device.serial("first");
        device
            .run("first", &format!("--get-cert {serial}"))
            .exits(0);
        let file = format!("cert-{}.pem", serial.to_lowercase());
        let found = device.read("first", &file);
        assert_eq!(found, device.read("first", "cert.pem"));
    });
    report.refused("GetCert of an unknown serial number", "badCertId", || {
        device
            .run("first", "--get-cert 0123456789ABCDEF")
            .exits(4)
            .says("badCertId");
    });
    report.works("GetCRL", || {
        let revoked = device.serial("get");
        ca.revoke(&revoked);
        device.run("first", "--get-crl").exits(0);
        let show = format!("crl -in first/crl.pem -noout -text {}", ca.trust());
        let text = scratch.openssl("CRL", &show);
        assert!(text.contains("verify OK"), "{text}");
        assert!(text.contains(&revoked), "{revoked} is not in {text}");
    });
    report.refused("renewal of a revoked certificate", "badRequest", || {
        device.run("get", "--renew").exits(4).says("badRequest");
    });
    report.finish();
}

#[test]
#[ignore = "runs the examples and openssl"]
fn client_trusts_whom_it_is_told_to() {
    let scratch = &Scratch::new();
    let mut report = report();
    let ca = &Ca::start(scratch, "ca", "--challenge secret");
    let other = Ca::start(scratch, "other", "--challenge secret");
    let device = Device { scratch, ca };
    let asks = |directory: &str, pin: &str| {
        let options = format!("--challenge secret --subject CN=device {pin}");
        device.run(directory, &options)
    };
    let fingerprint = |digest: &str, file: &str| {
        let show = format!("x509 -in {file} -noout -fingerprint -{digest}");
        let shown = scratch.openssl("fingerprint", &show);
        let (_, fingerprint) = shown.trim().split_once('=').unwrap();
        fingerprint.to_owned()
    };

    report.works("CA certificate pinned", || {
        asks("by-certificate", "--ca-cert ca/ca.pem").exits(0);
        device.has_what_it_wanted("by-certificate");
    });
    for (case, digest) in [
        ("MD5 fingerprint pinned", "md5"),
        ("SHA-1 fingerprint pinned", "sha1"),
        ("SHA-256 fingerprint pinned", "sha256"),
    ] {
        report.works(case, || {
            let right = fingerprint(digest, "ca/ca.pem");
            asks(digest, &format!("--ca-fingerprint {right}")).exits(0);
            device.has_what_it_wanted(digest);
        });
        report.refused("another CA pinned", "by the client", || {
            let wrong = fingerprint(digest, "other/ca.pem");
            let directory = format!("wrong-{digest}");
            asks(&directory, &format!("--ca-fingerprint {wrong}")).exits(5);
            assert!(!scratch.path().join(directory).join("cert.pem").exists());
        });
    }
    report.refused("another CA pinned", "by the client", || {
        asks("wrong-certificate", "--ca-cert other/ca.pem").exits(5);
    });
    report.refused("nothing pinned", "by the client", || {
        let printed = fingerprint("sha256", "ca/ca.pem").replace(':', "");
        asks("nothing", "").exits(5).says(&printed);
        assert_eq!(ca.fingerprint, printed);
    });
    report.works("trust on first use", || {
        asks("first-use", "--trust-on-first-use").exits(0);
        device.has_what_it_wanted("first-use");
    });
    report.refused("another CA on second use", "by the client", || {
        let other = Device {
            scratch,
            ca: &other,
        };
        other.run("first-use", "--renew").exits(5);
    });
    report.finish();
}

#[test]
#[ignore = "runs the examples and openssl"]
fn client_under_every_policy() {
    let scratch = &Scratch::new();
    let mut report = report();
    for (case, policy) in [
        ("policy strict", "strict"),
        ("policy default", "default"),
        ("policy compatible", "compatible"),
        #[cfg(feature = "legacy")]
        ("policy legacy", "legacy"),
    ] {
        let options = format!("--policy {policy} --challenge secret");
        let ca = &Ca::start(scratch, policy, &options);
        let device = Device { scratch, ca };
        report.works(case, || device.enrols(&format!("at-{policy}"), &options));
    }
    report.finish();
}

#[test]
#[ignore = "runs the examples and openssl"]
fn client_at_ra_and_chain() {
    let scratch = &Scratch::new();
    let mut report = report();
    for (case, options) in ARRANGEMENTS {
        report.works(case, || {
            let name = options.replace(['-', ' '], "");
            let ca = &Ca::start(scratch, &name, &format!("--challenge secret {options}"));
            let device = Device { scratch, ca };
            device.enrols(&format!("at-{name}"), "");
            device.run(&format!("at-{name}"), "--renew").exits(0);
            device.has_what_it_wanted(&format!("at-{name}"));
            if options.contains("--chain") {
                let pinned = format!("{name}-root");
                let trust = format!("--ca-cert {name}/root.pem");
                let who = "--challenge secret --subject CN=device";
                device.run(&pinned, &format!("{who} {trust}")).exits(0);
                device.has_what_it_wanted(&pinned);
            }
        });
    }
    report.finish();
}

#[test]
#[ignore = "runs the examples and openssl"]
fn client_polls() {
    let scratch = &Scratch::new();
    let mut report = report();
    let ca = &Ca::start(scratch, "ca", "--challenge secret --hold 2");
    let device = Device { scratch, ca };
    report.works("PENDING, then polls", || {
        device.enrols("held", "--poll-every 1");
        ca.has_issued_only("held/cert.pem");
    });
    report.works("PENDING, and polled by a later run", || {
        device.is_pending("later");
        // The challenge was told already, and the CA is pinned by now.
        device.run("later", "--poll-max 1 --poll-every 1").exits(3);
        device.run("later", "--poll-max 1 --poll-every 1").exits(0);
        device.has_what_it_wanted("later");
        assert_eq!(ca.issued().len(), 2);
    });
    report.works("renewal held, and polled by a later run", || {
        let before = device.serial("held");
        device.run("held", "--renew --poll-max 0").exits(3);
        assert_eq!(device.serial("held"), before);
        device.run("held", "--renew --poll-every 1").exits(0);
        device.has_what_it_wanted("held");
        assert_ne!(device.serial("held"), before);
        assert_eq!(ca.issued().len(), 3);
    });
    report.finish();
}

#[test]
#[ignore = "runs the examples and openssl"]
fn nothing_is_lost_when_either_is_killed() {
    let scratch = &Scratch::new();
    let mut report = report();
    report.works("PENDING, and the CA is killed", || {
        let mut ca = Ca::start(scratch, "ca", "--challenge secret --hold 2");
        Device { scratch, ca: &ca }.is_pending("left");
        ca.kill();
        ca.restart();
        let device = Device { scratch, ca: &ca };
        device.run("left", "--poll-every 1").exits(0);
        device.has_what_it_wanted("left");
        ca.has_issued_only("left/cert.pem");
    });
    report.works("PENDING, and the client is killed", || {
        let ca = &Ca::start(scratch, "other", "--challenge secret --hold 2");
        let device = Device { scratch, ca };
        let options = "--challenge secret --subject CN=device --ca-cert other/ca.pem";
        let mut waiting = device.start("killed", &format!("{options} --poll-every 600"));
        waiting.wait_for("PENDING");
        waiting.kill();
        device.run("killed", "--poll-every 1").exits(0);
        device.has_what_it_wanted("killed");
        ca.has_issued_only("killed/cert.pem");
    });
    report.finish();
}

/// Somebody pulls the plug while a request is pending, each time a little later.
///
/// Only once PENDING has reached the client: a first request whose answer is lost is sent again, and may be a second one to
/// the CA (RFC 8894, section 7.4).
#[test]
#[ignore = "runs the examples and openssl"]
fn one_certificate_is_issued_whenever_either_is_killed() {
    let scratch = &Scratch::new();
    let mut report = report();
    let delays = || (0..12).map(|count| Duration::from_millis(count * 12));
    report.works("PENDING, and the client is killed 12 times", || {
        let ca = &Ca::start(scratch, "steady", "--challenge secret --hold 12");
        let device = Device { scratch, ca };
        device.is_pending("restless");
        for delay in delays() {
            let polling = device.start("restless", "--poll-every 0");
            thread::sleep(delay);
            polling.kill();
        }
        device.run("restless", "--poll-every 0").exits(0);
        device.has_what_it_wanted("restless");
        ca.has_issued_only("restless/cert.pem");
    });
    report.works("PENDING, and the CA is killed 12 times", || {
        let mut ca = Ca::start(scratch, "restive", "--challenge secret --hold 12");
        let device = Device { scratch, ca: &ca };
        device.is_pending("calm");
        let mut polling = device.start("calm", "--poll-every 0 --poll-max 1000000");
        // What comes before the first poll it tries only once.
        polling.wait_for("PENDING");
        for delay in delays() {
            thread::sleep(delay);
            ca.kill();
            ca.restart();
        }
        polling.finish().exits(0);
        let device = Device { scratch, ca: &ca };
        device.has_what_it_wanted("calm");
        ca.has_issued_only("calm/cert.pem");
    });
    report.finish();
}

#[test]
#[ignore = "runs the examples and openssl"]
fn client_goes_along_with_a_rollover() {
    let scratch = &Scratch::new();
    let mut report = report();
    let mut ca = Ca::start(scratch, "ca", "--challenge secret --next-ca");
    let device = Device { scratch, ca: &ca };
    device.enrols("early", "");
    report.works("GetNextCACert", || {
        device.run("early", "--next-ca").exits(0);
        let told = device.read("early", "next-ca.pem");
        assert_eq!(told, scratch.read("ca/next-ca.pem"));
    });
    fs::copy(ca.file("ca.pem"), scratch.path().join("old.pem")).unwrap();
    ca.terminate().exits(0);
    roll_over(&ca);
    ca.restart();
    let device = Device { scratch, ca: &ca };
    report.works("enrolment with the next CA", || {
        let options = "--challenge secret --subject CN=device --ca-cert early/next-ca.pem";
        device.run("late", options).exits(0);
        device.has_what_it_wanted("late");
    });
    report.works("renewal with the next CA", || {
        let trust = "--ca-cert early/next-ca.pem";
        device.run("early", &format!("--renew {trust}")).exits(0);
        device.has_what_it_wanted("early");
    });
    report.finish();
}

/// As the usage of `ca` tells it.
fn roll_over(ca: &Ca<'_>) {
    for (from, to) in [("", "old-"), ("next-", "")] {
        for file in ["ca.pem", "ca.key", "ca.crl"] {
            fs::rename(
                ca.file(&format!("{from}{file}")),
                ca.file(&format!("{to}{file}")),
            )
            .unwrap();
        }
    }
}

/// A stop, and a start in the same directory.
#[test]
#[ignore = "runs the examples and openssl"]
fn ca_stops_when_told_to_and_forgets_nothing() {
    let scratch = &Scratch::new();
    let mut ca = Ca::start(scratch, "ca", "--challenge secret");
    let device = Device { scratch, ca: &ca };
    device.enrols("first", "");
    let fingerprint = ca.fingerprint.clone();
    ca.terminate().exits(0);
    ca.restart();
    assert_eq!(ca.fingerprint, fingerprint);
    let device = Device { scratch, ca: &ca };
    let serial = device.serial("first");
    device
        .run("first", &format!("--get-cert {serial}"))
        .exits(0);
    device.run("first", "--renew").exits(0);
    device.has_what_it_wanted("first");
    assert_eq!(ca.issued().len(), 2);
}

/// It says what is wrong, and goes on serving.
#[test]
#[ignore = "runs the examples and openssl"]
fn ca_withstands_what_no_client_sends() {
    let scratch = &Scratch::new();
    let ca = &Ca::start(scratch, "ca", "--challenge secret");
    let device = Device { scratch, ca };
    let cut_short = &include_bytes!("../test-vectors/openssl-made/pkcsreq-pss.der")[..1000];
    let too_long = vec![0; 3 << 20];
    let operation = "?operation=PKIOperation";
    for (status, method, query, body) in [
        (400, "GET", "", &b""[..]),
        (400, "GET", "?operation=", b""),
        (400, "GET", "?operation=GetCACertificate", b""),
        (400, "GET", operation, b""),
        (400, "GET", "?operation=PKIOperation&message=%%%", b""),
        (400, "GET", "?operation=PKIOperation&message=bm8gRU1T", b""),
        (400, "POST", operation, b""),
        (
            400,
            "POST",
            operation,
            b"<!DOCTYPE html><title>hello</title>",
        ),
        (400, "POST", operation, b"-----BEGIN PKCS7-----"),
        (400, "POST", operation, cut_short),
        (413, "POST", operation, &too_long),
        (405, "PUT", operation, b""),
    ] {
        let answer = request(method, &format!("{}{query}", ca.url), body);
        let text = String::from_utf8_lossy(&answer.body);
        let what = format!("{method} {query} {} bytes: {text}", body.len());
        assert_eq!(answer.status, status, "{what}");
        assert!(answer.content_type.starts_with("text/plain"), "{what}");
        assert!(!text.is_empty(), "{what}");
    }
    device.enrols("afterwards", "");
}

/// Enrols and renews with a challenge, and polls for both, the second time in a later run.
#[cfg(feature = "ec")]
fn goes_all_the_way(device: Device, directory: &str, key: &str) {
    device.enrols(directory, &format!("{key} --poll-every 1"));
    let serial = device.serial(directory);
    device
        .run(directory, "--renew --challenge secret --poll-max 0")
        .exits(3);
    device.run(directory, "--renew --poll-every 1").exits(0);
    device.has_what_it_wanted(directory);
    assert_ne!(device.serial(directory), serial);
}

/// Renews, polls and asks for the CRL, all without a challenge.
#[cfg(feature = "ec")]
fn needs_no_challenge(device: Device, directory: &str) {
    let serial = device.serial(directory);
    device
        .run(directory, "--renew --poll-every 1")
        .exits(0)
        .says("CertPoll");
    device.has_what_it_wanted(directory);
    assert_ne!(device.serial(directory), serial);
    device.run(directory, "--get-crl").exits(0);
    let show = format!("crl -in {directory}/crl.pem -noout {}", device.ca.trust());
    let text = device.scratch.openssl("CRL", &show);
    assert!(text.contains("verify OK"), "{text}");
}

#[cfg(feature = "ec")]
#[test]
#[ignore = "runs the examples and openssl"]
fn client_with_a_key_on_a_curve() {
    let scratch = &Scratch::new();
    let mut report = report();
    let ca = &Ca::start(scratch, "ca", "--challenge secret --hold 1");
    let device = Device { scratch, ca };
    for (case, key) in CURVES {
        report.works(case, || {
            let directory = key.replace(':', "-");
            goes_all_the_way(device, &directory, &format!("--key {key}"));
            let usage = format!("x509 -in {directory}/cert.pem -noout -ext keyUsage");
            let usage = scratch.openssl("keyUsage", &usage);
            assert!(!usage.contains("Encipherment"), "{usage}");
            assert_eq!(usage.contains("Agreement"), key.contains("ec:"), "{usage}");
            if key.contains("ec:") {
                needs_no_challenge(device, &directory);
            }
        });
    }
    report.refused("Ed25519 key, and no challenge", "by the client", || {
        for task in ["--renew", "--get-crl"] {
            device
                .run("ed25519", task)
                .exits(2)
                .says("--challenge is missing: a key of Ed25519 only signs");
        }
    });
    report.finish();
}

#[cfg(feature = "ec")]
#[test]
#[ignore = "runs the examples and openssl"]
fn client_at_ca_on_a_curve() {
    let scratch = &Scratch::new();
    let mut report = report();
    let options = "--challenge secret --hold 1 --ca-key ec:p256";
    let ca = &Ca::start(scratch, "ca", options);
    let device = Device { scratch, ca };
    report.works("CA on P-256", || {
        goes_all_the_way(device, "rsa", "--key rsa:2048");
        needs_no_challenge(device, "rsa");
    });
    for (case, key) in CURVES {
        report.works(&format!("CA on P-256, {case}"), || {
            let directory = key.replace(':', "-");
            goes_all_the_way(device, &directory, &format!("--key {key}"));
            if key.contains("ec:") {
                needs_no_challenge(device, &directory);
            } else {
                // It is under the challenge that it asks, so it may be answered so.
                device
                    .run(&directory, "--get-crl --challenge secret")
                    .exits(0);
            }
        });
    }
    report.works("CA on P-256, and no challenge", || {
        let ca = &Ca::start(scratch, "open", "--open --hold 1 --ca-key ec:p256");
        let device = Device { scratch, ca };
        for key in ["rsa:2048", "ec:p384"] {
            let directory = format!("open-{}", key.replace(':', "-"));
            device
                .asks(&directory, &format!("--key {key} --poll-every 1"))
                .exits(0);
            needs_no_challenge(device, &directory);
        }
    });
    report.works("CA on P-256, with RA certificates", || {
        let ca = &Ca::start(scratch, "ra", &format!("{options} --ra"));
        let device = Device { scratch, ca };
        goes_all_the_way(device, "at-ra", "--key rsa:2048");
        needs_no_challenge(device, "at-ra");
    });
    report.finish();
}

/// The kinds of keys that are none of RSA: the case, and the argument of `--key`.
#[cfg(feature = "ec")]
const CURVES: [(&str, &str); 4] = [
    ("P-256 key", "ec:p256"),
    ("P-384 key", "ec:p384"),
    ("P-521 key", "ec:p521"),
    ("Ed25519 key", "ed25519"),
];
