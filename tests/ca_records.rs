//! What the example `ca` decides and keeps on record, through restarts. A killed program is one that is started anew on
//! the same directory: nothing else than files is left of it in either case.
#![cfg(feature = "rustcrypto")]
#![allow(
    dead_code,
    reason = "the example's modules are more than what is tested"
)]

mod common;

#[path = "../examples/ca/dir.rs"]
mod dir;
#[path = "../examples/ca/issue.rs"]
mod issue;
#[path = "../examples/ca/key.rs"]
mod key;
#[path = "../examples/ca/keys.rs"]
mod keys;
#[path = "../examples/ca/office.rs"]
mod office;
#[path = "../examples/ca/options.rs"]
mod options;
#[path = "../examples/ca/pem.rs"]
mod pem;
#[path = "../examples/ca/serial.rs"]
mod serial;
#[path = "../examples/ca/store.rs"]
mod store;
#[path = "../examples/ca/subject.rs"]
mod subject;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use common::issue::{NOW, csr};
use common::{Parties, RsaKey, key, rng, self_signed, vector};
use dir::Dir;
use keys::Keys;
use office::{Case, Decision, Office};
use options::Options;
use scep::{
    Certificate, Csr, FailInfo, IssuerAndSerialNumber, Request, RequestBuilder, SignerIdentity,
    TransactionId, oid,
};
use serial::Serial;
use store::Store;

type Problem = Box<dyn std::error::Error + Send + Sync>;
type Outcome<T> = Result<T, Problem>;

const DAY: i64 = issue::DAY;

/// The directory of a CA, removed in the end.
struct Demo {
    parties: Parties,
    options: Options,
}

/// The program while it runs.
struct Running<'d> {
    demo: &'d Demo,
    keys: Keys,
    office: Office,
}

impl Demo {
    /// A CA on a test key, which takes the challenge password "secret".
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);

        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("scep-ca-records-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let parties = Parties::new();
        let dir = Dir::open(&path, &[]).unwrap();
        let key = parties.ca_key.to_pkcs8_der().unwrap();
        let key = pem::encode(pem::PRIVATE_KEY, &key).unwrap();
        dir.write("ca.key", key.as_bytes(), dir::Readers::Owner)
            .unwrap();
        let certificate = pem::certificates(&[&parties.ca]).unwrap();
        dir.write("ca.pem", &certificate, dir::Readers::Everybody)
            .unwrap();
        let options = Options {
            dir: path,
            listen: ([127, 0, 0, 1], 0).into(),
            challenge: Some("secret".to_owned().into()),
            open: false,
            hold: 0,
            ra: false,
            chain: false,
            next_ca: false,
            ca_key: key::KeyKind::Rsa,
            policy: parties.policy,
        };
        Self { parties, options }
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    fn start(&self) -> Running<'_> {
        let dir = Dir::open(&self.options.dir, &Store::FOLDERS).unwrap();
        let keys = Keys::load(&dir, &self.options, NOW, &mut rng()).unwrap();
        let office = Office::new(Store::new(dir), &self.options);
        Running {
            demo: self,
            keys,
            office,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.options.dir.join(name)
    }

    fn files(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// A first request by the client, for this CSR.
    fn request(&self, csr: &Csr) -> Request {
        let (client, key) = (&self.parties.client, &self.parties.client_key);
        self.send(client, key, |signer, roles| {
            RequestBuilder::pkcs_req(csr, signer, roles)
        })
    }

    /// A poll by the client.
    fn poll(&self) -> Request {
        self.poll_by(&self.parties.client, &self.parties.client_key)
    }

    fn poll_by(&self, certificate: &Certificate<'_>, key: &RsaKey) -> Request {
        let (signer, roles) = (self.parties.client_signer(), self.parties.roles());
        let request = RequestBuilder::pkcs_req(&self.parties.csr, &signer, &roles);
        let (_, pending) = self.parties.send(request.transaction_id(transaction()));
        self.send(certificate, key, |signer, roles| {
            RequestBuilder::cert_poll(&pending, signer, roles).unwrap()
        })
    }

    fn send(
        &self,
        certificate: &Certificate<'_>,
        key: &RsaKey,
        build: impl for<'b> FnOnce(&'b SignerIdentity<'b>, &'b scep::CaRoles<'b>) -> RequestBuilder<'b>,
    ) -> Request {
        let parties = &self.parties;
        let (signer, roles) = (
            SignerIdentity::new(certificate, key).unwrap(),
            parties.roles(),
        );
        let (bytes, _) = build(&signer, &roles)
            .transaction_id(transaction())
            .build(&parties.provider, &parties.policy, &mut rng())
            .unwrap()
            .sign(key, &mut rng())
            .unwrap();
        parties.receive(&bytes)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.options.dir);
    }
}

impl Running<'_> {
    fn decide_at(&mut self, request: &Request, now: i64) -> Decision {
        let case = Case {
            request,
            deliverable: request.success_envelope().map(drop),
            transaction: request
                .transaction_key(&self.demo.parties.provider)
                .unwrap(),
            keys: &self.keys,
            generation: self.keys.current(),
            now,
        };
        self.office.decide(&case, &mut rng()).unwrap()
    }

    fn decide(&mut self, request: &Request) -> Decision {
        self.decide_at(request, NOW)
    }

    fn granted(&mut self, request: &Request) -> Certificate<'static> {
        match self.decide(request) {
            Decision::Granted { certificate, .. } => certificate,
            other => panic!("{}", word(&other)),
        }
    }

    fn delivered(&mut self, request: &Request) {
        let transaction = request.transaction_key(&self.demo.parties.provider);
        self.office.delivered(&transaction.unwrap()).unwrap();
    }
}

/// Sent by all clients here: it is no secret, and does not tell them apart.
fn transaction() -> TransactionId<'static> {
    TransactionId::new("the same one").unwrap()
}

fn word(decision: &Decision) -> String {
    match decision {
        Decision::Granted { is_new: true, .. } => "issued".to_owned(),
        Decision::Granted { is_new: false, .. } => "given again".to_owned(),
        Decision::Found(_) => "found".to_owned(),
        Decision::Crl(_) => "CRL".to_owned(),
        Decision::Pending => "PENDING".to_owned(),
        Decision::Refused(info, why) => format!("{info}: {why}"),
    }
}

#[test]
fn what_waits_outlives_restarts_and_is_issued_once() {
    let demo = Demo::new().with(|options| options.hold = 2);
    let (request, poll) = (demo.request(&demo.parties.csr), demo.poll());
    let decided = [&request, &poll, &poll, &poll, &poll].map(|request| {
        let mut running = demo.start();
        word(&running.decide(request))
    });
    let expected = ["PENDING", "PENDING", "issued", "given again", "given again"];
    assert_eq!(decided, expected);
    assert_eq!(demo.files("issued").len(), 1);
}

#[test]
fn a_request_that_is_repeated_is_a_poll() {
    let demo = Demo::new().with(|options| options.hold = 2);
    let request = demo.request(&demo.parties.csr);
    let mut running = demo.start();
    let decided = [(); 3].map(|()| word(&running.decide(&request)));
    assert_eq!(decided, ["PENDING", "PENDING", "issued"]);
}

#[test]
fn a_grant_keeps_its_serial_number_through_a_crash() {
    let demo = Demo::new();
    let request = demo.request(&demo.parties.csr);
    let first = demo.start().granted(&request);
    // As if it was killed when the number was chosen and the certificate not made yet.
    let file = demo.path(&format!("issued/{}.pem", Serial::of(&first)));
    fs::remove_file(file).unwrap();
    let second = demo.start().granted(&request);
    assert_eq!(second.serial(), first.serial());
}

#[test]
fn after_delivery_the_same_request_is_a_new_transaction() {
    let demo = Demo::new();
    let request = demo.request(&demo.parties.csr);
    let mut running = demo.start();
    let first = running.granted(&request);
    assert_eq!(running.granted(&request), first);
    running.delivered(&request);
    // A poll still gets the certificate: perhaps the answer was lost.
    assert_eq!(running.granted(&demo.poll()), first);
    let second = running.granted(&request);
    assert_ne!(second.serial(), first.serial());
    assert_eq!(running.granted(&demo.poll()), second);
}

#[test]
fn a_transaction_is_its_signers_alone() {
    let demo = Demo::new().with(|options| options.hold = 1);
    let mut running = demo.start();
    let request = demo.request(&demo.parties.csr);
    assert_eq!(word(&running.decide(&request)), "PENDING");

    let stranger_key = key(vector!("keys/cbad.key"));
    let stranger = self_signed(&stranger_key, "CN=stranger");
    let poll = demo.poll_by(&stranger, &stranger_key);
    let nothing = "badCertId: nothing of yours waits here";
    assert_eq!(word(&running.decide(&poll)), nothing);
    let theirs = csr(&stranger_key, |csr| csr.challenge_password("secret"));
    let theirs = demo.send(&stranger, &stranger_key, |signer, roles| {
        RequestBuilder::pkcs_req(&theirs, signer, roles)
    });
    assert_eq!(word(&running.decide(&theirs)), "PENDING");

    // The same signer, with a CSR on another key.
    let other = csr(&stranger_key, |csr| csr.challenge_password("secret"));
    let another = "badRequest: this transaction is about another key";
    assert_eq!(word(&running.decide(&demo.request(&other))), another);

    let certificate = running.granted(&demo.poll());
    let expected = demo.parties.csr.public_key_der();
    assert_eq!(certificate.public_key_der(), expected);
}

#[test]
fn the_challenge_password_decides() {
    let of = |challenge: Option<&str>| {
        let parties = Parties::new();
        csr(&parties.client_key, |csr| match challenge {
            Some(challenge) => csr.challenge_password(challenge),
            None => csr,
        })
    };
    let (right, wrong, empty, none) = (Some("secret"), Some("Secret"), Some(""), None);
    let is_wrong = "badRequest: the challenge password is wrong";
    let is_missing = "badRequest: the challenge password is missing";
    let closed = "badRequest: this CA takes no new clients, and only renews";
    let unknown = "badRequest: this CA takes no challenge password";
    let cases = [
        (
            right,
            false,
            [
                (right, "issued"),
                (wrong, is_wrong),
                (empty, is_missing),
                (none, is_missing),
            ],
        ),
        (
            right,
            true,
            [
                (right, "issued"),
                (wrong, is_wrong),
                (empty, "issued"),
                (none, "issued"),
            ],
        ),
        (
            none,
            false,
            [
                (right, unknown),
                (wrong, unknown),
                (empty, closed),
                (none, closed),
            ],
        ),
        (
            none,
            true,
            [
                (right, "issued"),
                (wrong, "issued"),
                (empty, "issued"),
                (none, "issued"),
            ],
        ),
    ];
    for (challenge, open, requests) in cases {
        let demo = Demo::new().with(|options| {
            options.challenge = challenge.map(|secret| secret.to_owned().into());
            options.open = open;
        });
        let mut running = demo.start();
        for (presented, expected) in requests {
            let request = demo.request(&of(presented));
            let context = format!("{challenge:?}, open {open}: {presented:?}");
            assert_eq!(word(&running.decide(&request)), expected, "{context}");
            running.delivered(&request);
        }
    }
}

#[test]
fn a_renewal_needs_a_certificate_on_record() {
    let demo = Demo::new();
    let mut running = demo.start();
    let (client_key, parties) = (&demo.parties.client_key, &demo.parties);
    let first = csr(client_key, |csr| csr.challenge_password("secret"));
    let request = demo.request(&first);
    let old = running.granted(&request);
    running.delivered(&request);

    let new_key = key(vector!("keys/cpend.key"));
    let same = csr(&new_key, |csr| csr);
    let pkcs_req = |old: &Certificate<'_>, csr: &Csr| {
        demo.send(old, client_key, |signer, roles| {
            RequestBuilder::pkcs_req(csr, signer, roles)
        })
    };
    let renewal_req = |old: &Certificate<'_>, csr: &Csr| {
        demo.send(old, client_key, |signer, roles| {
            RequestBuilder::renewal_req(csr, signer, roles)
        })
    };
    for request in [pkcs_req(&old, &same), renewal_req(&old, &same)] {
        let renewed = running.granted(&request);
        assert_eq!(renewed.public_key_der(), new_key.public_key_der());
        running.delivered(&request);
    }

    let refused = |running: &mut Running<'_>, request: &Request, why: &str| {
        let expected = format!("badRequest: {why}");
        assert_eq!(word(&running.decide(request)), expected);
    };
    let unknown = "the signer's certificate is not on record here";
    refused(&mut running, &renewal_req(&parties.issued, &same), unknown);
    let other = csr(&new_key, |csr| {
        csr.extension(oid::KEY_USAGE, vec![3, 2, 5, 160])
    });
    assert_eq!(word(&running.decide(&renewal_req(&old, &other))), "issued");
    running.delivered(&renewal_req(&old, &other));
    let wrong = csr(&new_key, |csr| csr.challenge_password("wrong"));
    let is_wrong = "the challenge password is wrong";
    refused(&mut running, &renewal_req(&old, &wrong), is_wrong);
    let names = "a renewal is for the same names";
    refused(&mut running, &renewal_req(&old, &parties.csr), names);
    let late = running.decide_at(&renewal_req(&old, &same), NOW + 731 * DAY);
    let late_is = "badRequest: the signer's certificate is not valid now";
    assert_eq!(word(&late), late_is);

    fs::write(demo.path(&format!("revoked/{}", Serial::of(&old))), []).unwrap();
    let revoked = "the signer's certificate is revoked";
    refused(&mut running, &renewal_req(&old, &same), revoked);
    let with_challenge = csr(&new_key, |csr| csr.challenge_password("secret"));
    refused(&mut running, &pkcs_req(&old, &with_challenge), revoked);
}

#[test]
fn certificates_are_found_by_their_issuer_and_the_crl_is_that_of_the_ca() {
    let demo = Demo::new();
    let mut running = demo.start();
    let request = demo.request(&demo.parties.csr);
    let issued = running.granted(&request);
    let ask = |wanted: IssuerAndSerialNumber| {
        let (client, key) = (&demo.parties.client, &demo.parties.client_key);
        let get_cert = demo.send(client, key, |signer, roles| {
            RequestBuilder::get_cert(wanted.clone(), signer, roles)
        });
        let get_crl = demo.send(client, key, |signer, roles| {
            RequestBuilder::get_crl(wanted.clone(), signer, roles)
        });
        (get_cert, get_crl)
    };
    let (get_cert, get_crl) = ask(IssuerAndSerialNumber::of(&issued));
    assert!(matches!(running.decide(&get_cert), Decision::Found(found) if found == issued));
    assert_eq!(word(&running.decide(&get_crl)), "CRL");

    let foreign = IssuerAndSerialNumber::new(issued.subject_der(), issued.serial());
    let (get_cert, get_crl) = ask(foreign);
    let no_certificate = "badCertId: no such certificate was issued here";
    assert_eq!(word(&running.decide(&get_cert)), no_certificate);
    // Whatever issuer it names: an answer that depended on that would be an oracle.
    assert_eq!(word(&running.decide(&get_crl)), "CRL");
    let long = IssuerAndSerialNumber::new(issued.issuer_der(), &[1; 300]);
    assert_eq!(word(&running.decide(&ask(long).0)), no_certificate);
}

#[test]
fn a_crl_is_made_anew_when_it_is_old_or_wrong() {
    let demo = Demo::new();
    let mut running = demo.start();
    let issued = running.granted(&demo.request(&demo.parties.csr));
    let mut crl_at = |now| {
        let Running { office, keys, .. } = &mut running;
        office.crl_of(keys.current(), now, &mut rng()).unwrap()
    };
    let first = crl_at(NOW);
    assert_eq!(first.contains_serial(issued.serial()), Ok(false));
    assert_eq!(crl_at(NOW + DAY - 1), first);
    let second = crl_at(NOW + DAY);
    assert_ne!(second, first);

    // Hexadecimal digits in any case, as people type them.
    let name = Serial::of(&issued).to_string().to_lowercase();
    fs::write(demo.path(&format!("revoked/{name}")), []).unwrap();
    let third = crl_at(NOW + DAY);
    assert_eq!(third.contains_serial(issued.serial()), Ok(true));
    let numbers = [first, second, third].map(|crl| {
        let extensions = crl.to_x509().unwrap().tbs_cert_list.crl_extensions.unwrap();
        let number = extensions
            .into_iter()
            .find(|one| one.extn_id == const_oid::db::rfc5280::ID_CE_CRL_NUMBER);
        number.unwrap().extn_value.as_bytes().to_vec()
    });
    assert_eq!(numbers, [1, 2, 3].map(|number| vec![2, 1, number]));

    fs::write(demo.path("revoked/no serial number"), []).unwrap();
    let Running { office, keys, .. } = &mut running;
    assert!(office.crl_of(keys.current(), NOW, &mut rng()).is_err());
}

#[test]
fn a_directory_is_one_process_own_and_loses_what_is_unfinished() {
    let demo = Demo::new();
    let running = demo.start();
    let second = Dir::open(&demo.options.dir, &Store::FOLDERS);
    assert!(second.is_err());
    drop(running);
    fs::write(demo.path("issued/4A.pem.unfinished"), "-----BEGIN").unwrap();
    demo.start();
    assert!(demo.files("issued").is_empty());
}

#[test]
#[cfg(unix)]
fn secrets_are_the_owners() {
    use std::os::unix::fs::PermissionsExt;

    let demo = Demo::new().with(|options| options.hold = 1);
    demo.start().decide(&demo.request(&demo.parties.csr));
    let enrolment = demo.files("enrolments").remove(0);
    for file in ["ca.key", &format!("enrolments/{enrolment}")] {
        let mode = fs::metadata(demo.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
        // The challenge password is judged, and not stored.
        assert!(
            !fs::read_to_string(demo.path(file))
                .unwrap()
                .contains("secret")
        );
    }
}

#[test]
fn damaged_records_and_keys_are_errors_and_not_new_ones() {
    let demo = Demo::new().with(|options| options.hold = 1);
    let request = demo.request(&demo.parties.csr);
    let mut running = demo.start();
    running.decide(&request);
    let enrolment = demo.files("enrolments").remove(0);
    fs::write(demo.path(&format!("enrolments/{enrolment}")), "# nothing\n").unwrap();
    let case = Case {
        request: &request,
        deliverable: request.success_envelope().map(drop),
        transaction: request.transaction_key(&demo.parties.provider).unwrap(),
        keys: &running.keys,
        generation: running.keys.current(),
        now: NOW,
    };
    assert!(running.office.decide(&case, &mut rng()).is_err());
    drop(running);

    fs::remove_file(demo.path("ca.key")).unwrap();
    let dir = Dir::open(&demo.options.dir, &Store::FOLDERS).unwrap();
    assert!(Keys::load(&dir, &demo.options, NOW, &mut rng()).is_err());
    assert!(!demo.path("ca.key").exists());
}

#[test]
fn no_subject_is_a_ca() {
    let demo = Demo::new();
    let subject = demo.parties.ca.subject().to_x509().unwrap();
    let key = &demo.parties.client_key;
    let csr = scep::CsrBuilder::new(&subject, key.public_key_der())
        .challenge_password("secret")
        .build(scep::crypto::SigningKey::algorithms(key)[0])
        .unwrap()
        .sign(key, &demo.parties.provider, &mut rng())
        .unwrap();
    let decision = demo.start().decide(&demo.request(&csr));
    let expected = (FailInfo::BadRequest, "the subject is the name of a CA");
    assert!(matches!(decision, Decision::Refused(info, why) if (info, why) == expected));
}

#[test]
fn of_the_purposes_only_harmless_ones_are_granted() {
    const SERVER: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
    const CODE_SIGNING: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 3];
    const RA: &[u8] = &[6, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 1];

    let demo = Demo::new();
    let wanted = [SERVER, CODE_SIGNING, RA].concat();
    let wanted = [&[0x30, u8::try_from(wanted.len()).unwrap()], &wanted[..]].concat();
    let csr = csr(&demo.parties.client_key, |csr| {
        csr.challenge_password("secret")
            .extension(oid::EXT_KEY_USAGE, wanted)
            .critical_extension(oid::BASIC_CONSTRAINTS, vec![0x30, 3, 1, 1, 0xff])
    });
    let issued = demo.start().granted(&demo.request(&csr));
    let purposes: Vec<String> = issued
        .extended_key_usage()
        .map(|one| one.to_string())
        .collect();
    assert_eq!(purposes, ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"]);
    assert!(!issued.is_ca());
    let usage = issued.key_usage().unwrap();
    assert!(usage.digital_signature() && usage.key_encipherment() && !usage.key_cert_sign());
}
