//! The programs of micromdm: its `scepclient` at our CA, and our client at its `scepserver`.
//!
//! Both write SHA-1 and single DES whatever they are told, so that only `--policy legacy` talks to them.
#![cfg(feature = "legacy")]

#[path = "live/doctor.rs"]
mod doctor;
mod live;

use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use doctor::{Doctor, Enrolment, Expected, Shown};
use live::{ARRANGEMENTS, Ca, Finished, Program, RENEWALS, Report, Scratch, client};

/// Runs `scepclient` in a directory, where it keeps the files that it knows by their names.
fn scepclient(scratch: &Scratch, directory: &str, url: &str, options: &str) -> Finished {
    let directory = scratch.path().join(directory);
    std::fs::create_dir_all(&directory).unwrap();
    Program::run(&directory, "scepclient", &arguments(url, options))
}

fn arguments(url: &str, options: &str) -> String {
    let files = "-private-key client.key -certificate cert.pem -cn device";
    format!("{files} -server-url {url} {options}")
}

/// An enrolment in a new directory, from which the certificate comes that was asked for.
fn enrols(scratch: &Scratch, ca: &Ca<'_>, directory: &str, options: &str) {
    let options = format!("-challenge secret {options}");
    scepclient(scratch, directory, &ca.url, &options)
        .exits(0)
        .says("pkiStatus=SUCCESS");
    is_issued(scratch, ca, directory);
}

fn is_issued(scratch: &Scratch, ca: &Ca<'_>, directory: &str) {
    let certificate = format!("{directory}/cert.pem");
    ca.vouches_for(&certificate);
    scratch.is_on_key(&certificate, &format!("{directory}/client.key"));
}

fn version(scratch: &Scratch, program: &str) -> String {
    let told = Program::run(scratch.path(), program, "-version").exits(0);
    String::from_utf8(told.stdout).unwrap().trim().to_owned()
}

/// The heading of what scepclient does at a CA of ours.
fn scepclient_report(scratch: &Scratch) -> Report {
    let version = version(scratch, "scepclient");
    Report::of(format!("`scepclient` {version}"), "`ca --policy legacy`")
}

#[test]
#[ignore = "needs scepclient and openssl"]
fn scepclient_at_ca() {
    let scratch = &Scratch::new();
    let mut report = scepclient_report(scratch);
    let ca = &Ca::start(scratch, "ca", "--challenge secret --policy legacy");

    report.works("enrolment", || enrols(scratch, ca, "first", ""));
    report.works("RSA-3072 key", || {
        enrols(scratch, ca, "3072", "-keySize 3072")
    });
    report.works("RSA-4096 key", || {
        enrols(scratch, ca, "4096", "-keySize 4096")
    });
    report.refused("wrong challenge", "badRequest", || {
        scepclient(scratch, "wrong", &ca.url, "-challenge wrong")
            .exits(1)
            .says("failInfo: badRequest (2)");
    });
    report.refused("no challenge", "badRequest", || {
        scepclient(scratch, "none", &ca.url, "")
            .exits(1)
            .says("failInfo: badRequest (2)");
    });

    // It renews where it finds a certificate. Its CSR is kept, too: where that is missing, it makes a new one.
    let without_csr = |options: &str| {
        std::fs::remove_file(scratch.path().join("first/csr.pem")).unwrap();
        scepclient(scratch, "first", &ca.url, options)
    };
    report.works("renewal by RenewalReq, old key", || {
        let old = scratch.serial("first/cert.pem");
        enrols(scratch, ca, "first", "");
        assert_ne!(scratch.serial("first/cert.pem"), old);
    });
    report.works("renewal without a challenge", || {
        without_csr("").exits(0);
        is_issued(scratch, ca, "first");
    });
    report.refused("renewal with a wrong challenge", "badRequest", || {
        without_csr("-challenge wrong")
            .exits(1)
            .says("RenewalReq (17) request failed, failInfo: badRequest (2)");
    });
    report.refused("renewal of a revoked certificate", "badRequest", || {
        ca.revoke(&scratch.serial("3072/cert.pem"));
        scepclient(scratch, "3072", &ca.url, "")
            .exits(1)
            .says("RenewalReq (17) request failed, failInfo: badRequest (2)");
    });
    let why = "it signs with the key that the CSR is on, which is not the old certificate's";
    report.peer_cannot("renewal by RenewalReq, new key", why, || {
        scratch.openssl("key", "genrsa -traditional -out first/client.key 2048");
        without_csr("")
            .exits(1)
            .says("RenewalReq (17) request failed, failInfo: badMessageCheck (1)");
    });
    report.finish();
}

#[test]
#[ignore = "needs scepclient and openssl"]
fn scepclient_sends_a_pending_request_again() {
    let scratch = &Scratch::new();
    let mut report = scepclient_report(scratch);
    let ca = &Ca::start(scratch, "ca", "--challenge secret --policy legacy --hold 1");
    // It knows no CertPoll, and sleeps half a minute.
    report.works("PENDING, then polls", || {
        scepclient(scratch, "held", &ca.url, "-challenge secret")
            .exits(0)
            .says("pkiStatus=PENDING")
            .says("pkiStatus=SUCCESS");
        is_issued(scratch, ca, "held");
    });
    report.works("PENDING, and polled by a later run", || {
        let directory = scratch.dir("killed");
        let arguments = arguments(&ca.url, "-challenge secret");
        let mut program = Program::start(&directory, "scepclient", &arguments);
        program.wait_for("pkiStatus=PENDING");
        program.kill();
        enrols(scratch, ca, "killed", "");
        assert_eq!(ca.issued().len(), 2);
    });
    report.finish();
}

#[test]
#[ignore = "needs scepclient and openssl"]
fn scepclient_at_ra_and_chain() {
    let scratch = &Scratch::new();
    let mut report = scepclient_report(scratch);
    for (case, options) in ARRANGEMENTS {
        report.works(case, || {
            let name = options.replace(['-', ' '], "");
            let options = format!("--challenge secret --policy legacy {options}");
            let ca = &Ca::start(scratch, &name, &options);
            enrols(scratch, ca, &format!("at-{name}"), "");
        });
    }
    report.finish();
}

/// It has one option to choose among the CA's certificates, for two different uses.
#[test]
#[ignore = "needs scepclient and openssl"]
fn scepclient_told_which_certificate_to_use() {
    let scratch = &Scratch::new();
    let mut report = scepclient_report(scratch);
    let ca = &Ca::start(scratch, "ca", "--challenge secret --policy legacy --ra");
    let why = "it takes replies from the certificate alone that -ca-fingerprint has it encrypt to";
    report.peer_cannot("CA with RA certificates, one of them named", why, || {
        let show = "x509 -in ca/ra-encryption.pem -noout -fingerprint -sha256";
        let fingerprint = scratch.openssl("fingerprint", show);
        let (_, fingerprint) = fingerprint.trim().split_once('=').unwrap();
        let fingerprint = fingerprint.replace(':', "");
        let options = format!("-challenge secret -ca-fingerprint {fingerprint}");
        scepclient(scratch, "named", &ca.url, &options)
            .exits(1)
            .says("pkcs7: No certificate for signer");
        // The CA had no way to know.
        assert_eq!(ca.issued().len(), 1);
    });
    report.finish();
}

#[test]
#[ignore = "needs scepclient"]
fn what_scepclient_has_no_option_for() {
    let scratch = &Scratch::new();
    let mut report = scepclient_report(scratch);
    let options = options_of(scratch, "scepclient");
    for case in [
        "renewal by PKCSReq, new key",
        "renewal by PKCSReq, old key",
        "GetCert",
        "GetCRL",
        "GetNextCACert",
        "SHA-2 and AES, policy default",
    ] {
        report.peer_cannot(case, "it has no option for that", || {
            assert_eq!(
                options,
                [
                    "ca-fingerprint",
                    "cacert-message",
                    "certificate",
                    "challenge",
                    "cn",
                    "country",
                    "debug",
                    "keySize",
                    "locality",
                    "log-json",
                    "organization",
                    "ou",
                    "private-key",
                    "province",
                    "server-url",
                    "version",
                ]
            );
        });
    }
    report.finish();
}

#[test]
#[ignore = "needs scepclient"]
fn scepclient_under_other_policies() {
    let scratch = &Scratch::new();
    let mut report = scepclient_report(scratch);
    for policy in ["strict", "default", "compatible"] {
        let case = format!("SHA-1 with single DES, policy {policy}");
        report.refused(&case, "badAlg", || {
            let options = format!("--challenge secret --policy {policy}");
            let ca = Ca::start(scratch, policy, &options);
            scepclient(
                scratch,
                &format!("at-{policy}"),
                &ca.url,
                "-challenge secret",
            )
            .exits(1)
            .says("failInfo: badAlg (0)");
        });
    }
    report.finish();
}

/// micromdm's server, with a CA of its own.
struct ScepServer<'s> {
    scratch: &'s Scratch,
    url: String,
    _program: Program,
}

impl<'s> ScepServer<'s> {
    fn start(scratch: &'s Scratch) -> Self {
        let make_ca = "ca -init -keySize 2048 -depot depot";
        Program::run(scratch.path(), "scepserver", make_ca).exits(0);
        // It knows no addresses, cannot choose a port, and says that it listens before it does: the port may be gone then.
        for _ in 0..10 {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = free.local_addr().unwrap();
            drop(free);
            let port = address.port();
            let options = format!("-depot depot -port {port} -challenge secret -allowrenew 0");
            let mut program = Program::start(scratch.path(), "scepserver", &options);
            let started = Instant::now();
            while !program.has_ended() && started.elapsed() < Duration::from_secs(10) {
                if TcpStream::connect(address).is_ok() && !program.has_ended() {
                    let url = format!("http://{address}/scep");
                    return Self {
                        scratch,
                        url,
                        _program: program,
                    };
                }
                thread::sleep(Duration::from_millis(10));
            }
        }
        panic!("scepserver does not serve");
    }

    /// The serial numbers of all that it has issued, in order.
    fn issued(&self) -> Vec<String> {
        let depot = std::fs::read_dir(self.scratch.path().join("depot")).unwrap();
        let files = depot.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let issued = files.filter(|file| file.ends_with(".pem") && file != "ca.pem");
        let mut serials: Vec<_> = issued
            .map(|file| self.scratch.serial(&format!("depot/{file}")))
            .collect();
        serials.sort();
        serials
    }

    fn client(&self, directory: &str, options: &str) -> Finished {
        self.client_under("legacy", directory, options)
    }

    fn client_under(&self, policy: &str, directory: &str, options: &str) -> Finished {
        let url = &self.url;
        let server = format!("--url {url} --ca-cert depot/ca.pem --policy {policy}");
        let subject = "--subject CN=device,O=Test";
        client(
            self.scratch,
            &format!("{server} {subject} --out {directory} {options}"),
        )
    }

    fn enrols(&self, directory: &str, options: &str) {
        self.client(directory, &format!("--challenge secret {options}"))
            .exits(0);
        self.is_issued(directory);
    }

    fn is_issued(&self, directory: &str) {
        let certificate = format!("{directory}/cert.pem");
        let verify = format!("verify -CAfile depot/ca.pem {certificate}");
        self.scratch.openssl("issued", &verify);
        self.scratch
            .is_on_key(&certificate, &format!("{directory}/key.pem"));
    }
}

fn scepserver_report(scratch: &Scratch) -> Report {
    let version = version(scratch, "scepserver");
    Report::of(
        "`client --policy legacy`",
        format!("`scepserver` {version}"),
    )
}

#[test]
#[ignore = "needs scepserver and openssl"]
fn client_at_scepserver() {
    let scratch = &Scratch::new();
    let mut report = scepserver_report(scratch);
    let server = &ScepServer::start(scratch);

    report.works("enrolment", || server.enrols("first", ""));
    report.works("enrolment by POST", || server.enrols("post", "--http post"));
    report.works("enrolment by GET", || server.enrols("get", "--http get"));
    report.works("RSA-3072 key", || server.enrols("3072", "--key rsa:3072"));
    report.works("RSA-4096 key", || server.enrols("4096", "--key rsa:4096"));
    report.refused("wrong challenge", "badRequest", || {
        server
            .client("wrong", "--challenge wrong")
            .exits(4)
            .says("badRequest");
    });
    report.refused("no challenge", "badRequest", || {
        server.client("none", "").exits(4).says("badRequest");
    });

    for (case, form) in RENEWALS {
        report.works(case, || {
            let serial = scratch.serial("first/cert.pem");
            let renew = format!("--renew {form} --challenge secret");
            server.client("first", &renew).exits(0);
            server.is_issued("first");
            assert_ne!(scratch.serial("first/cert.pem"), serial);
        });
    }
    let why = "it wants the challenge of who renews, too";
    report.peer_cannot("renewal without a challenge", why, || {
        server
            .client("first", "--renew")
            .exits(4)
            .says("badRequest");
    });
    report.refused("renewal with a wrong challenge", "badRequest", || {
        server
            .client("first", "--renew --challenge wrong")
            .exits(4)
            .says("badRequest");
    });

    let why = "it answers HTTP 500: not implemented";
    for (case, task) in [
        ("GetCert", "--get-cert 02"),
        ("GetCRL", "--get-crl"),
        ("GetNextCACert", "--next-ca"),
    ] {
        report.peer_cannot(case, why, || {
            server
                .client("first", task)
                .exits(5)
                .says("HTTP status 500")
                .says("not implemented");
        });
    }
    report.finish();
}

/// Its certificate has no keyUsage for what SCEP does with it, and its replies are in single DES.
#[test]
#[ignore = "needs scepserver"]
fn client_at_scepserver_under_other_policies() {
    let scratch = &Scratch::new();
    let mut report = scepserver_report(scratch);
    let server = &ScepServer::start(scratch);
    for (policy, refusal) in [
        ("strict", "keyUsage does not let it"),
        ("default", "keyUsage does not let it"),
        ("compatible", "1.3.14.3.2.7"),
    ] {
        let case = format!("SHA-1 with single DES, policy {policy}");
        report.refused(&case, "by the client", || {
            server
                .client_under(policy, policy, "--challenge secret")
                .exits(5)
                .says(refusal);
        });
    }
    report.finish();
}

/// Every line of the report is true, and there is no other.
#[test]
#[ignore = "needs scepserver and openssl"]
fn doctor_at_scepserver() {
    let scratch = &Scratch::new();
    let server = ScepServer::start(scratch);
    let (url, shown) = (&server.url, [Shown::of(scratch, "depot/ca.pem")]);
    let ca = &shown[0];
    // It has one certificate for all, whose keyUsage lets it do nothing of what SCEP does.
    assert!(ca.has("CA:TRUE") && ca.is_root(), "{}", ca.text);
    assert!(!ca.has("Key Encipherment") && !ca.has("Digital Signature"));
    let codes = ["no-encryption-certificate", "no-signing-certificate"];
    let evidence = format!("keyUsage of {}", ca.named());
    let usages = || codes.map(|code| (code, evidence.clone()));
    // It answers in its own algorithms.
    let differs = |what: &str| ("reply-algorithm-differs", what.to_owned());
    let digest = || differs("digestAlgorithm sha-256 in the request, sha-1 in the reply");
    let cipher =
        || differs("contentEncryptionAlgorithm aes-128-cbc in the request, des-cbc in the reply");
    let known = |given, findings, enrolment, server| Expected {
        url,
        certificates: &shown,
        given,
        findings,
        objections: vec![("Windows", "no", codes.to_vec())],
        enrolment,
        server,
    };
    let sender = || {
        let shape = vec![
            "the digest's algorithm has no parameters",
            "the signature's algorithm names its digest and has no parameters",
            "the senderNonce is the client's",
        ];
        let program = "micromdm or another program on smallstep's library";
        Some((program, "likely", shape))
    };

    let doctor = Doctor::of(scratch, url, "", 1);
    doctor.says(&known(None, usages().into(), Enrolment::NotAsked, None));

    let sha256 = &ca.sha256;
    let examined = |options: &str| {
        let options = format!("--ca-fingerprint {sha256} {options}");
        Doctor::of(scratch, url, &options, 1)
    };
    let given = Some(&sha256[..]);
    let doctor = examined("--challenge secret --policy legacy");
    let findings = [&usages()[..], &[digest(), cipher()]].concat();
    let issued = server.issued();
    doctor.says(&known(
        given,
        findings,
        Enrolment::Issued(&issued),
        sender(),
    ));

    let doctor = examined("--challenge wrong --policy legacy");
    let refused = ("refused", "failInfo badRequest".to_owned());
    let findings = [&[refused], &usages()[..], &[digest()]].concat();
    let why = Enrolment::Refused("badRequest".to_owned());
    doctor.says(&known(given, findings, why, sender()));

    // Its replies are in single DES, which only --policy legacy reads.
    let doctor = examined("--challenge secret");
    let findings = [&usages()[..], &[digest(), cipher()]].concat();
    let why = "contentEncryptionAlgorithm is des-cbc (1.3.14.3.2.7), which is refused by policy or cannot be used so";
    let why = Enrolment::Failed(format!("{why} (see --policy)"));
    doctor.says(&known(given, findings, why, sender()));
}

#[test]
#[ignore = "needs scepserver"]
fn what_scepserver_has_no_option_for() {
    let scratch = &Scratch::new();
    let mut report = scepserver_report(scratch);
    let options = options_of(scratch, "scepserver");
    for case in [
        "PENDING, then polls",
        "CA with RA certificates",
        "CA under a root",
    ] {
        report.peer_cannot(case, "it has no option for that", || {
            assert_eq!(
                options,
                [
                    "allowrenew",
                    "capass",
                    "challenge",
                    "crtvalid",
                    "csrverifierexec",
                    "debug",
                    "depot",
                    "log-json",
                    "port",
                    "version",
                ]
            );
        });
    }
    report.finish();
}

/// The options in the usage of a program.
fn options_of(scratch: &Scratch, program: &str) -> Vec<String> {
    let usage = Program::run(scratch.path(), program, "-help").text();
    let options = usage.lines().filter_map(|line| line.strip_prefix("  -"));
    options
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}
