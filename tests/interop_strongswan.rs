//! strongSwan's `pki --scep` at our CA.
#![cfg(feature = "rustcrypto")]

mod live;

use std::fs;

use live::{ARRANGEMENTS, Ca, Finished, Program, Report, Scratch};

/// A device of strongSwan's, at one CA.
struct Device<'s> {
    scratch: &'s Scratch,
    ca: &'s Ca<'s>,
    /// The options that name the CA's certificates.
    trust: String,
}

impl<'s> Device<'s> {
    /// Has `pki --scepca` fetch the certificates of the CA, and chooses as a person would who reads what it says of them.
    fn of(scratch: &'s Scratch, ca: &'s Ca<'s>) -> Self {
        let name = format!("fetched-{}", ca.name);
        let directory = scratch.dir(&name);
        let options = format!("--url {} --outform pem", ca.url);
        let fetch = format!("--scepca {options} --caout ca.pem --raout ra.pem");
        let octets = ca.fingerprint.as_bytes().chunks(2);
        let octets: Vec<_> = octets.map(String::from_utf8_lossy).collect();
        Program::run(&directory, "pki", &fetch)
            .exits(0)
            .says(&octets.join(":").to_lowercase());
        let mut files: Vec<String> = fs::read_dir(&directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|file| file.ends_with(".pem"))
            .map(|file| format!("{name}/{file}"))
            .collect();
        // Those of an RA come last.
        files.sort();
        let encrypts = |file: &&String| {
            let show = format!("x509 -in {file} -noout -ext keyUsage");
            scratch.openssl(file, &show).contains("Key Encipherment")
        };
        let encryption = files.iter().rfind(encrypts).expect("one to encrypt to");
        let is_root = |file: &&String| {
            let verify = format!("verify -CAfile {file} {file}");
            scratch.run(&verify).status.success()
        };
        let root = files.iter().find(is_root).expect("a root");
        let mut trust = format!("--cacert-enc {encryption} --cacert-sig {root}");
        for other in files
            .iter()
            .filter(|file| ![encryption, root].contains(file))
        {
            trust += &format!(" --cacert {other}");
        }
        Self { scratch, ca, trust }
    }

    /// Enrols with a key of its own in this directory, or with the key that is there.
    fn scep(&self, directory: &str, options: &str) -> Finished {
        let key = self.scratch.path().join(directory).join("key.pem");
        if !key.exists() {
            fs::create_dir_all(key.parent().unwrap()).unwrap();
            let generate = format!("genrsa -traditional -out {directory}/key.pem 2048");
            self.scratch.openssl("key", &generate);
        }
        let (url, trust) = (&self.ca.url, &self.trust);
        let subject = "--dn CN=device,O=Test --san device.example";
        let arguments = format!(
            "--scep --url {url} {trust} --in {directory}/key.pem {subject} --interval 1 --outform pem {options}"
        );
        let finished = Program::run(self.scratch.path(), "pki", &arguments);
        let certificate = format!("{directory}/cert.pem");
        self.scratch.write(&certificate, &finished.stdout);
        finished
    }

    /// Enrols, and gets the certificate that it asked for.
    fn enrols(&self, directory: &str, options: &str) {
        self.scep(directory, &format!("--password secret {options}"))
            .exits(0);
        self.is_issued(directory);
    }

    fn is_issued(&self, directory: &str) {
        let certificate = format!("{directory}/cert.pem");
        self.ca.vouches_for(&certificate);
        let key = format!("{directory}/key.pem");
        self.scratch.is_on_key(&certificate, &key);
    }
}

fn report(scratch: &Scratch) -> Report {
    let help = Program::run(scratch.path(), "pki", "--help");
    let text = help.text();
    let version = text.split("strongSwan ").nth(1).unwrap();
    let version = version.split(' ').next().unwrap();
    Report::of(format!("strongSwan {version} `pki --scep`"), "`ca`")
}

const DIGESTS: [&str; 4] = ["sha1", "sha256", "sha384", "sha512"];
const CIPHERS: [&str; 2] = ["aes", "des3"];

#[test]
#[ignore = "needs strongSwan's pki and openssl"]
fn pki_at_ca() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    let ca = &Ca::start(scratch, "ca", "--challenge secret");
    let device = &Device::of(scratch, ca);

    report.works("enrolment", || device.enrols("first", ""));
    for bits in ["3072", "4096"] {
        report.works(&format!("RSA-{bits} key"), || {
            scratch.dir(bits);
            scratch.openssl(
                "key",
                &format!("genrsa -traditional -out {bits}/key.pem {bits}"),
            );
            device.enrols(bits, "");
        });
    }
    report.refused("wrong challenge", "badRequest", || {
        device
            .scep("wrong", "--password wrong")
            .exits(1)
            .says("badRequest");
    });
    report.refused("no challenge", "badRequest", || {
        device.scep("none", "").exits(1).says("badRequest");
    });

    // It sends a RenewalReq for whoever names an old certificate.
    let old = "--cert first/cert.pem --key first/key.pem";
    report.works("renewal by RenewalReq, new key", || {
        device.enrols("new-key", old);
    });
    report.works("renewal by RenewalReq, old key", || {
        let serial = scratch.serial("first/cert.pem");
        scratch.write("old.pem", &scratch.read("first/cert.pem"));
        device.enrols("first", "--cert old.pem --key first/key.pem");
        assert_ne!(scratch.serial("first/cert.pem"), serial);
    });
    report.works("renewal without a challenge", || {
        device.scep("unsaid", old).exits(0);
        device.is_issued("unsaid");
    });
    report.refused("renewal with a wrong challenge", "badRequest", || {
        device
            .scep("mistaken", &format!("{old} --password wrong"))
            .exits(1)
            .says("badRequest");
    });
    report.refused("renewal of a revoked certificate", "badRequest", || {
        ca.revoke(&scratch.serial("new-key/cert.pem"));
        let old = "--cert new-key/cert.pem --key new-key/key.pem";
        device
            .scep("too-late", &format!("{old} --password secret"))
            .exits(1)
            .says("badRequest");
    });
    report.finish();
}

#[test]
#[ignore = "needs strongSwan's pki and openssl"]
fn pki_polls() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    let ca = &Ca::start(scratch, "ca", "--challenge secret --hold 2");
    let device = &Device::of(scratch, ca);
    report.works("PENDING, then polls", || {
        device
            .scep("held", "--password secret")
            .exits(0)
            .says("SCEP request pending, polling indefinitely every 1 seconds");
        device.is_issued("held");
    });
    // It keeps nothing of a transaction, and begins again with the same key.
    report.works("PENDING, and polled by a later run", || {
        device
            .scep("later", "--password secret --maxpolltime 1")
            .exits(1);
        device.enrols("later", "");
        assert_eq!(ca.issued().len(), 2);
    });
    report.finish();
}

#[test]
#[ignore = "needs strongSwan's pki and openssl"]
fn pki_at_ra_and_chain() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    for (case, options) in ARRANGEMENTS {
        report.works(case, || {
            let name = options.replace(['-', ' '], "");
            let ca = &Ca::start(scratch, &name, &format!("--challenge secret {options}"));
            let device = Device::of(scratch, ca);
            device.enrols(&format!("at-{name}"), "");
        });
    }
    report.finish();
}

#[test]
#[ignore = "needs strongSwan's pki and openssl"]
fn pki_in_every_digest_and_cipher() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    let ca = &Ca::start(scratch, "ca", "--challenge secret");
    let device = &Device::of(scratch, ca);
    for digest in DIGESTS {
        for cipher in CIPHERS {
            let case = match (digest, cipher) {
                ("sha1", _) | (_, "des3") => "SHA-1 or 3DES, policy default",
                _ => "SHA-2 and AES, policy default",
            };
            report.works(case, || {
                let options = format!("--digest {digest} --cipher {cipher}");
                device.enrols(&format!("{digest}-{cipher}"), &options);
            });
        }
    }
    report.works("RSASSA-PSS", || device.enrols("pss", "--rsa-padding pss"));
    report.refused("SHA-224", "badAlg", || {
        device
            .scep("sha224", "--password secret --digest sha224")
            .exits(1)
            .says("badAlg");
    });
    report.finish();
}

#[test]
#[ignore = "needs strongSwan's pki and openssl"]
fn pki_under_the_strict_policy() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    let ca = &Ca::start(scratch, "ca", "--challenge secret --policy strict");
    let device = &Device::of(scratch, ca);
    for digest in DIGESTS {
        for cipher in CIPHERS {
            let options = format!("--digest {digest} --cipher {cipher}");
            let directory = format!("{digest}-{cipher}");
            if digest == "sha1" || cipher == "des3" {
                report.refused("SHA-1 or 3DES, policy strict", "badAlg", || {
                    device
                        .scep(&directory, &format!("--password secret {options}"))
                        .exits(1)
                        .says("badAlg");
                });
            } else {
                report.works("SHA-2 and AES, policy strict", || {
                    device.enrols(&directory, &options);
                });
            }
        }
    }
    report.finish();
}

#[test]
#[ignore = "needs strongSwan's pki"]
fn what_pki_has_no_option_for() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    let help = Program::run(scratch.path(), "pki", "--scep --help").text();
    let (_, listed) = help.split_once("--help            (-h)").unwrap();
    let options = listed
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--"));
    let options: Vec<&str> = options
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    for case in [
        "renewal by PKCSReq, new key",
        "renewal by PKCSReq, old key",
        "GetCert",
        "GetCRL",
        "GetNextCACert",
    ] {
        report.peer_cannot(case, "it has no option for that", || {
            assert_eq!(
                options,
                [
                    "url",
                    "in",
                    "dn",
                    "san",
                    "profile",
                    "password",
                    "cacert-enc",
                    "cacert-sig",
                    "cacert",
                    "cert",
                    "key",
                    "cipher",
                    "digest",
                    "rsa-padding",
                    "interval",
                    "maxpolltime",
                    "outform",
                    "debug",
                    "options",
                ]
            );
        });
    }
    report.finish();
}
