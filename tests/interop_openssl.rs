//! OpenSSL as a client of our CA.
//!
//! The command line of openssl cannot write SCEP's signed attributes. It makes everything else here: keys, CSRs, signer
//! certificates, envelopes, digests and signatures; only the frame of the outer message, its attributes and the few names in a
//! poll or query are put together by the forge of the tests. It reads replies alone: verifies them up to the CA, opens the
//! envelope, takes the certificates out. Messages that OpenSSL's library wrote as a whole come from test-vectors/openssl-made.
#![cfg(feature = "rustcrypto")]

mod common;
mod live;

use common::forge::{
    Forge, Order, digest_id, inside, issuer_and_serial, octets, oid_der, printable, sequence,
    signature_id, tlv, with_serial,
};
use common::{certificate, pss, vector};
use live::{ARRANGEMENTS, Answer, Ca, Report, Scratch, get, post};
use scep::crypto::{DigestAlgorithm, SignatureAlgorithm};
use scep::oid;

/// A device that has only openssl.
struct Device<'s> {
    scratch: &'s Scratch,
    ca: &'s Ca<'s>,
    /// The file of the certificate that requests are encrypted to.
    recipient: String,
}

/// A request in the making.
#[derive(Clone)]
struct Request<'r> {
    message_type: &'r str,
    transaction: &'r str,
    /// The files of who signs, without their endings.
    signer: &'r str,
    payload: Payload<'r>,
    digest: DigestAlgorithm,
    scheme: Scheme,
    /// openssl's options for the cipher, and for the rest of the envelope.
    cipher: &'r str,
    envelope: &'r str,
}

#[derive(Clone)]
enum Payload<'r> {
    /// The CSR of this name.
    Csr(&'r str),
    Der(Vec<u8>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Pkcs1v15,
    Pss,
}

/// What a CertRep says, read by the forge and not by the crate.
struct Reply {
    status: String,
    fail_info: Option<String>,
}

impl<'r> Request<'r> {
    fn new(
        message_type: &'r str,
        transaction: &'r str,
        signer: &'r str,
        payload: Payload<'r>,
    ) -> Self {
        Self {
            message_type,
            transaction,
            signer,
            payload,
            digest: DigestAlgorithm::Sha256,
            scheme: Scheme::Pkcs1v15,
            cipher: "-aes128",
            envelope: "",
        }
    }

    /// A PKCSReq for the CSR of this name, signed by the certificate that belongs to it.
    fn first(name: &'r str) -> Self {
        Self::new(PKCS_REQ, name, name, Payload::Csr(name))
    }
}

const RENEWAL_REQ: &str = "17";
const PKCS_REQ: &str = "19";
const CERT_POLL: &str = "20";
const GET_CERT: &str = "21";
const GET_CRL: &str = "22";

const SUCCESS: &str = "0";
const FAILURE: &str = "2";
const PENDING: &str = "3";

const BAD_ALG: &str = "0";
const BAD_REQUEST: &str = "2";
const BAD_CERT_ID: &str = "4";

impl<'s> Device<'s> {
    fn of(scratch: &'s Scratch, ca: &'s Ca<'s>) -> Self {
        let recipient = format!("{}/ca.pem", ca.name);
        Self {
            scratch,
            ca,
            recipient,
        }
    }

    /// A key, a CSR with this challenge and a self-signed certificate, in files of this name.
    fn make(&self, name: &str, challenge: &str) {
        self.make_on_key(name, challenge, 2048);
    }

    fn make_on_key(&self, name: &str, challenge: &str, bits: usize) {
        let attributes = match challenge {
            "" => String::new(),
            _ => format!("challengePassword = {challenge}"),
        };
        let config = format!(
            "[req]\nprompt = no\ndistinguished_name = names\nattributes = attributes\nreq_extensions = extensions\n\
             [names]\nO = Test\nCN = device\n[attributes]\n{attributes}\n\
             [extensions]\nsubjectAltName = DNS:device.example\n"
        );
        let scratch = self.scratch;
        scratch.write(&format!("{name}.cnf"), config.as_bytes());
        let new = format!("req -new -newkey rsa:{bits} -noenc -outform DER");
        scratch.openssl(
            "CSR",
            &format!("{new} -config {name}.cnf -keyout {name}.key -out {name}.csr"),
        );
        let own = "req -x509 -days 2 -subj /CN=signer";
        scratch.openssl("signer", &format!("{own} -key {name}.key -out {name}.pem"));
    }

    /// A request as it is sent.
    fn write(&self, request: &Request<'_>) -> Vec<u8> {
        let (scratch, signer) = (self.scratch, request.signer);
        match &request.payload {
            Payload::Csr(name) => scratch.write("payload", &scratch.read(&format!("{name}.csr"))),
            Payload::Der(der) => scratch.write("payload", der),
        }
        let (cipher, options) = (request.cipher, request.envelope);
        let recipient = &self.recipient;
        let encrypt = "cms -encrypt -binary -in payload -outform DER -out envelope";
        scratch.openssl(
            "encrypt",
            &format!("{encrypt} {cipher} -recip {recipient} {options}"),
        );

        let signature = match request.scheme {
            Scheme::Pkcs1v15 => SignatureAlgorithm::RsaPkcs1v15(request.digest),
            Scheme::Pss => pss(request.digest),
        };
        let certificate = certificate(&scratch.read(&format!("{signer}.pem")));
        let mut message = Forge {
            version: 1,
            digest_algorithms: vec![digest_id(request.digest)],
            content_type: oid::DATA,
            content: Some(scratch.read("envelope")),
            certificates: vec![certificate.as_der().to_vec()],
            sid: issuer_and_serial(&certificate),
            signature,
            digest_algorithm: digest_id(request.digest),
            signature_algorithm: signature_id(signature),
            attributes: Some(Vec::new()),
            unsigned_attributes: Vec::new(),
        };
        let (digest, length) = match request.digest {
            DigestAlgorithm::Sha1 => ("-sha1", 20),
            DigestAlgorithm::Sha256 => ("-sha256", 32),
            DigestAlgorithm::Sha384 => ("-sha384", 48),
            _ => ("-sha512", 64),
        };
        scratch.openssl(
            "digest",
            &format!("dgst {digest} -binary -out digest envelope"),
        );
        message.set(oid::CONTENT_TYPE, oid_der(oid::DATA));
        message.set(oid::MESSAGE_DIGEST, octets(&scratch.read("digest")));
        message.set(oid::MESSAGE_TYPE, printable(request.message_type));
        message.set(oid::TRANSACTION_ID, printable(request.transaction));
        scratch.openssl("nonce", "rand -out nonce 16");
        message.set(oid::SENDER_NONCE, octets(&scratch.read("nonce")));

        // What is signed is the attributes as a SET.
        let signed = tlv(0x31, &message.attribute_contents(Order::Der));
        scratch.write("signed", &signed);
        let scheme = match request.scheme {
            Scheme::Pkcs1v15 => String::new(),
            Scheme::Pss => {
                format!("-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:{length}")
            }
        };
        let sign = format!("dgst {digest} {scheme} -sign {signer}.key -out signature signed");
        scratch.openssl("sign", &sign);
        let signature = scratch.read("signature");
        message.assemble(&[message.signer_info(Order::Der, &signature)])
    }

    /// Sends a request, and has openssl verify the reply up to the root.
    fn exchange(&self, request: &Request<'_>) -> Reply {
        let url = format!("{}?operation=PKIOperation", self.ca.url);
        self.reply(post(&url, &self.write(request)))
    }

    fn reply(&self, answer: Answer) -> Reply {
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 200, "{text}");
        assert_eq!(answer.content_type, "application/x-pki-message");
        self.scratch.write("reply", &answer.body);
        let mut told = Forge::of(&answer.body);
        // OpenSSL takes an absent content only as a detached one, here of no bytes.
        self.scratch.write("empty", &[]);
        let content = match told.content {
            Some(_) => "",
            None => "-content empty",
        };
        let trust = self.ca.trust();
        let verify = "cms -verify -binary -inform DER -in reply -purpose any -out content";
        self.scratch
            .openssl("verify", &format!("{verify} {content} {trust}"));
        let mut text = |oid| {
            let attributes = told.attributes();
            let found = attributes.iter().find(|attribute| attribute.oid == oid)?;
            let value = inside(&sequence(&[&found.values[0]]))[0].contents.to_vec();
            Some(String::from_utf8(value).unwrap())
        };
        Reply {
            status: text(oid::PKI_STATUS).expect("pkiStatus"),
            fail_info: text(oid::FAIL_INFO),
        }
    }

    /// Has openssl open a SUCCESS, and take out the first of what is in it, which is of this kind.
    fn open(&self, reply: &Reply, signer: &str, kind: &str, into: &str) {
        assert_eq!(reply.status, SUCCESS, "failInfo: {:?}", reply.fail_info);
        let decrypt = "cms -decrypt -inform DER -in content -binary -out set";
        let options = format!("{decrypt} -recip {signer}.pem -inkey {signer}.key");
        self.scratch.openssl("decrypt", &options);
        self.take_out(kind, into);
    }

    fn take_out(&self, kind: &str, into: &str) {
        let all = "pkcs7 -inform DER -in set -print_certs -out set.pem";
        self.scratch.openssl("set", all);
        let first = format!("{kind} -in set.pem -out {into}");
        self.scratch.openssl("first of the set", &first);
    }

    fn is_granted(&self, request: &Request<'_>, into: &str) {
        let reply = self.exchange(request);
        self.open(&reply, request.signer, "x509", &format!("{into}.pem"));
        self.ca.vouches_for(&format!("{into}.pem"));
        if let Payload::Csr(name) = request.payload {
            self.scratch
                .is_on_key(&format!("{into}.pem"), &format!("{name}.key"));
        }
    }

    fn is_refused(&self, request: &Request<'_>, fail_info: &str) {
        let reply = self.exchange(request);
        assert_eq!(reply.status, FAILURE);
        assert_eq!(reply.fail_info.as_deref(), Some(fail_info));
    }
}

fn report(scratch: &Scratch) -> Report {
    let told = scratch.openssl("version", "version");
    // OpenSSL 3.0.19 21 Oct 2025: what comes after the second number is mended, not changed.
    let version = told.split(' ').nth(1).unwrap();
    let version: Vec<&str> = version.split('.').take(2).collect();
    Report::of(format!("OpenSSL {}", version.join(".")), "`ca`")
}

#[test]
#[ignore = "needs openssl"]
fn openssl_at_ca() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    let ca = &Ca::start(scratch, "ca", "--challenge secret");
    let device = &Device::of(scratch, ca);
    report.works("enrolment", || {
        device.make("first", "secret");
        device.is_granted(&Request::first("first"), "issued");
    });
    report.works("enrolment by GET", || {
        device.make("get", "secret");
        let message = device.write(&Request::first("get"));
        scratch.write("message", &message);
        let text = scratch.openssl("base64", "base64 -A -in message");
        let text = text.trim();
        let text = text
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        let url = format!("{}?operation=PKIOperation&message={text}", ca.url);
        let reply = device.reply(get(&url));
        device.open(&reply, "get", "x509", "by-get.pem");
        ca.vouches_for("by-get.pem");
    });
    for bits in [3072, 4096] {
        report.works(&format!("RSA-{bits} key"), || {
            let name = &format!("rsa-{bits}");
            device.make_on_key(name, "secret", bits);
            device.is_granted(&Request::first(name), &format!("{name}-issued"));
        });
    }
    report.refused("wrong challenge", "badRequest", || {
        device.make("wrong", "wrong");
        device.is_refused(&Request::first("wrong"), BAD_REQUEST);
    });
    report.refused("no challenge", "badRequest", || {
        device.make("none", "");
        device.is_refused(&Request::first("none"), BAD_REQUEST);
    });
    report.finish();
}

#[test]
#[ignore = "needs openssl"]
fn openssl_renews() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    let ca = &Ca::start(scratch, "ca", "--challenge secret");
    let device = &Device::of(scratch, ca);
    device.make("first", "secret");
    device.is_granted(&Request::first("first"), "old");
    scratch.write("old.key", &scratch.read("first.key"));
    for (case, message_type, csr) in [
        ("renewal by RenewalReq, new key", RENEWAL_REQ, "new-17"),
        ("renewal by PKCSReq, new key", PKCS_REQ, "new-19"),
        ("renewal by RenewalReq, old key", RENEWAL_REQ, "first"),
        ("renewal by PKCSReq, old key", PKCS_REQ, "first"),
    ] {
        report.works(case, || {
            if csr != "first" {
                device.make(csr, "secret");
            }
            let name = &format!("{csr}-by-{message_type}");
            let request = Request::new(message_type, name, "old", Payload::Csr(csr));
            device.is_granted(&request, name);
        });
    }
    let renewal = |name| Request::new(RENEWAL_REQ, name, "old", Payload::Csr(name));
    report.works("renewal without a challenge", || {
        device.make("unsaid", "");
        device.is_granted(&renewal("unsaid"), "unsaid-issued");
    });
    report.refused("renewal with a wrong challenge", "badRequest", || {
        device.make("mistaken", "wrong");
        device.is_refused(&renewal("mistaken"), BAD_REQUEST);
    });
    report.refused("renewal of a revoked certificate", "badRequest", || {
        device.make("too-late", "secret");
        ca.revoke(&scratch.serial("old.pem"));
        device.is_refused(&renewal("too-late"), BAD_REQUEST);
    });
    report.finish();
}

#[test]
#[ignore = "needs openssl"]
fn openssl_asks_for_what_there_is() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    let ca = &Ca::start(scratch, "ca", "--challenge secret --next-ca");
    let device = &Device::of(scratch, ca);
    device.make("own", "secret");
    device.is_granted(&Request::first("own"), "issued");
    let issued = certificate(&scratch.read("issued.pem"));
    let query = |message_type, wanted| Request::new(message_type, "query", "own", wanted);

    report.works("GetCert", || {
        let wanted = Payload::Der(issuer_and_serial(&issued));
        device.is_granted(&query(GET_CERT, wanted), "found");
        assert_eq!(scratch.read("found.pem"), scratch.read("issued.pem"));
    });
    report.refused("GetCert of an unknown serial number", "badCertId", || {
        let unknown = with_serial(&issued, &[0x11; 16]);
        let wanted = Payload::Der(issuer_and_serial(&unknown));
        device.is_refused(&query(GET_CERT, wanted), BAD_CERT_ID);
    });
    report.works("GetCRL", || {
        ca.revoke(&scratch.serial("issued.pem"));
        let wanted = Payload::Der(issuer_and_serial(&issued));
        let reply = device.exchange(&query(GET_CRL, wanted));
        device.open(&reply, "own", "crl", "crl.pem");
        let show = format!("crl -in crl.pem -noout -text {}", ca.trust());
        let text = scratch.openssl("CRL", &show);
        assert!(text.contains("verify OK"), "{text}");
        assert!(text.contains(&scratch.serial("issued.pem")), "{text}");
    });
    report.works("GetNextCACert", || {
        let answer = get(&format!("{}?operation=GetNextCACert", ca.url));
        assert_eq!(answer.status, 200);
        assert_eq!(answer.content_type, "application/x-x509-next-ca-cert");
        scratch.write("next", &answer.body);
        let verify = "cms -verify -binary -inform DER -in next -purpose any -out set";
        scratch.openssl("verify", &format!("{verify} {}", ca.trust()));
        device.take_out("x509", "next.pem");
        assert_eq!(scratch.read("next.pem"), scratch.read("ca/next-ca.pem"));
    });
    report.finish();
}

#[test]
#[ignore = "needs openssl"]
fn openssl_polls() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    let ca = &Ca::start(scratch, "ca", "--challenge secret --hold 2");
    let device = &Device::of(scratch, ca);
    report.works("PENDING, then polls", || {
        device.make("held", "secret");
        device.make("other", "secret");
        let request = Request::first("held");
        assert_eq!(device.exchange(&request).status, PENDING);
        let ca_certificate = certificate(&std::fs::read(ca.file("ca.pem")).unwrap());
        let names = "req -inform DER -in held.csr -noout -subject -nameopt RFC2253";
        assert!(scratch.openssl("names", names).contains("CN=device,O=Test"));
        let subject = csr_subject(&scratch.read("held.csr"));
        let names = sequence(&[ca_certificate.subject_der(), &subject]);
        let payload = Payload::Der(names);
        let poll = Request {
            message_type: CERT_POLL,
            payload,
            ..request
        };
        // Somebody else who knows the transactionID, which is no secret.
        device.is_refused(
            &Request {
                signer: "other",
                ..poll.clone()
            },
            BAD_CERT_ID,
        );
        assert_eq!(device.exchange(&poll).status, PENDING);
        device.is_granted(&poll, "polled");
        scratch.is_on_key("polled.pem", "held.key");
        ca.has_issued_only("polled.pem");
    });
    report.finish();
}

/// The subject in a CSR.
fn csr_subject(csr: &[u8]) -> Vec<u8> {
    let info = inside(csr)[0].raw;
    inside(info)[1].raw.to_vec()
}

#[test]
#[ignore = "needs openssl"]
fn openssl_at_ra_and_chain() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    for (case, options) in ARRANGEMENTS {
        report.works(case, || {
            let name = options.replace(['-', ' '], "");
            let ca = &Ca::start(scratch, &name, &format!("--challenge secret {options}"));
            let mut device = Device::of(scratch, ca);
            if options.contains("--ra") {
                device.recipient = format!("{name}/ra-encryption.pem");
            }
            device.make(&format!("at-{name}"), "secret");
            let request = format!("at-{name}");
            device.is_granted(&Request::first(&request), &format!("{name}-issued"));
        });
    }
    report.finish();
}

const DIGESTS: [DigestAlgorithm; 4] = [
    DigestAlgorithm::Sha1,
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
];
const CIPHERS: [&str; 4] = ["-aes128", "-aes192", "-aes256", "-des3"];

#[test]
#[ignore = "needs openssl"]
fn openssl_in_every_digest_and_cipher() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    for policy in ["default", "strict"] {
        let options = format!("--challenge secret --policy {policy}");
        let ca = &Ca::start(scratch, policy, &options);
        let device = &Device::of(scratch, ca);
        device.make("device", "secret");
        let mut count = 0;
        for digest in DIGESTS {
            for cipher in CIPHERS {
                count += 1;
                let transaction = &format!("{policy}-{count}");
                let request = Request {
                    digest,
                    cipher,
                    transaction,
                    ..Request::first("device")
                };
                let old = digest == DigestAlgorithm::Sha1 || cipher == "-des3";
                match (policy, old) {
                    ("strict", true) => {
                        report.refused("SHA-1 or 3DES, policy strict", "badAlg", || {
                            device.is_refused(&request, BAD_ALG);
                        });
                    }
                    _ => {
                        let algorithms = if old {
                            "SHA-1 or 3DES"
                        } else {
                            "SHA-2 and AES"
                        };
                        let case = format!("{algorithms}, policy {policy}");
                        report.works(&case, || device.is_granted(&request, transaction));
                    }
                }
            }
        }
    }
    report.finish();
}

#[test]
#[ignore = "needs openssl"]
fn openssl_in_other_forms() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    let ca = &Ca::start(scratch, "ca", "--challenge secret");
    let device = &Device::of(scratch, ca);
    let oaep = "-keyopt rsa_padding_mode:oaep";
    let oaep_sha256 = &format!("{oaep} -keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha256");
    for (number, (case, scheme, envelope)) in [
        ("RSASSA-PSS", Scheme::Pss, ""),
        ("RSAES-OAEP", Scheme::Pkcs1v15, oaep),
        ("RSAES-OAEP", Scheme::Pkcs1v15, oaep_sha256),
        ("recipient by key identifier", Scheme::Pkcs1v15, "-keyid"),
        ("envelope in BER", Scheme::Pkcs1v15, "-stream -indef"),
    ]
    .into_iter()
    .enumerate()
    {
        report.works(case, || {
            let name = &format!("form-{number}");
            device.make(name, "secret");
            let request = Request {
                scheme,
                envelope,
                ..Request::first(name)
            };
            device.is_granted(&request, &format!("{name}-issued"));
        });
    }
    report.finish();
}

/// The CA gets the key and the certificate for which these messages were made.
#[test]
#[ignore = "needs openssl"]
fn messages_of_openssl_s_library_at_ca() {
    let scratch = &Scratch::new();
    let mut report = report(scratch);
    scratch.dir("ca");
    scratch.write("ca/ca.pem", vector!("keys/ca-jscep.pem"));
    scratch.write("old.key", vector!("keys/ca-jscep.key"));
    scratch.openssl("key", "pkcs8 -topk8 -nocrypt -in old.key -out ca/ca.key");
    scratch.write("client.pem", vector!("keys/c2048.selfsigned.pem"));
    scratch.write("client.key", vector!("keys/c2048.key"));
    let ca = &Ca::start(scratch, "ca", "--challenge secret");
    let device = &Device::of(scratch, ca);
    for message in [
        &vector!("openssl-made/pkcsreq-sha256-aes128.der")[..],
        vector!("openssl-made/pkcsreq-sha256-aes128-indef.ber"),
        vector!("openssl-made/pkcsreq-oaep-sha256.der"),
        vector!("openssl-made/pkcsreq-pss.der"),
        vector!("openssl-made/pkcsreq-ski.der"),
    ] {
        report.works("message of OpenSSL's library", || {
            let url = format!("{}?operation=PKIOperation", ca.url);
            let reply = device.reply(post(&url, message));
            device.open(&reply, "client", "x509", "issued.pem");
            ca.vouches_for("issued.pem");
            scratch.is_on_key("issued.pem", "client.key");
        });
    }
    report.finish();
}
