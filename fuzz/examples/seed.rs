//! Makes the first corpus from test-vectors/: `cargo run --example seed` writes it to corpus/.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use scep::client::{Client, Requester};
use scep::crypto::rand_core::Rng;
use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{DecryptionKey, DigestAlgorithm, Policy, Provider, SignatureAlgorithm};
use scep::microsoft::TemplateInformation;
use scep::server::{Authority, HeldEnrolment, Received, Server};
use scep::{
    CaCertificates, CaRoles, Capabilities, CertsOnly, CsrBuilder, Limits, Negotiation, PkiMessage,
    RequestBuilder, SignerTrust, inspect, oid,
};
use scep_fuzz::parties::PARTIES;
use scep_fuzz::toy::{Counter, PROVIDER};
use scep_fuzz::{repair, tlv};
use serde_json::Value;
use x509_cert::name::Name;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seeds = Seeds {
        vectors: root.join("../test-vectors"),
        corpus: root.join("corpus"),
    };
    seeds.messages()?;
    seeds.bodies()?;
    seeds.keys()?;
    seeds.texts()?;
    seeds.parties()?;
    // Steps that no vector has: enough bytes to choose some.
    for seed in 0..16 {
        let mut bytes = vec![0; 512];
        Counter::new(seed).fill_bytes(&mut bytes);
        seeds.write("client", &format!("random-{seed}"), &[&bytes])?;
        seeds.write("server", &format!("random-{seed}"), &[&bytes])?;
        seeds.write("roundtrip", &format!("random-{seed}"), &[&bytes])?;
    }
    Ok(())
}

/// What Windows logs.
const EVENT: &str = "SCEP Certificate enrollment initialization for Local system via https://ca.example/scep failed: \
    GetCACaps Not found (404). 0x80190194 (-2145844844 HTTP_E_STATUS_NOT_FOUND)";

/// What NDES shows to who may have a password.
const ADMIN_PAGE: &str = "<P>The thumbprint (hash value) for the CA certificate is: \
    <B> 0CC175B9 C0F1B6A8 31C399E2 69772661 </B> <P>The enrollment challenge password is: <B> 1F2E3D4C5B6A7988 </B>";

struct Seeds {
    vectors: PathBuf,
    corpus: PathBuf,
}

impl Seeds {
    /// The messages of the manifest, and what is inside.
    fn messages(&self) -> Result<()> {
        let names = [
            "ca-jscep",
            "ca-micromdm",
            "c2048",
            "c3072",
            "c4096",
            "cbad",
            "cpend",
        ];
        let keys = names.map(|name| self.key(name));
        let keys = keys.into_iter().collect::<Result<Vec<RsaKey>>>()?;
        let keys: Vec<&dyn DecryptionKey> = keys.iter().map(|key| key as _).collect();
        let manifest: Value = serde_json::from_slice(&self.read("manifest.json")?)?;
        for facts in manifest.as_array().ok_or("no list")? {
            let file = facts["file"].as_str().ok_or("no file")?;
            let bytes = self.read(file)?;
            for reader in [0, 1, 9] {
                self.write("parse", file, &[&[reader], &bytes])?;
            }
            self.write("differential", file, &[&[0], &bytes])?;
            self.write("real_rsa", file, &[&[4], &bytes])?;
            let message = PkiMessage::parse(&bytes[..], &Limits::REPLY)?;
            let rng = &mut Counter::new(0);
            let opened = inspect::open_unverified(&message, &Provider::rustcrypto(), &keys, rng);
            let Ok(opened) = opened else {
                self.write("open", file, &[&[0, 2], &bytes])?;
                continue;
            };
            let payload = opened.secret_plaintext();
            let (readers, kinds): (&[u8], &[u8]) = match facts["payload"]["kind"].as_str() {
                Some("pkcs10") => (&[6, 10], &[0, 1, 2]),
                Some("certs_only") => (&[2, 3, 11], &[10, 12, 14]),
                Some("issuer_and_subject") => (&[7], &[4]),
                _ => (&[8], &[6, 8]),
            };
            for reader in readers {
                self.write("parse", file, &[&[*reader], payload])?;
            }
            for kind in kinds {
                self.write("payload", file, &[&[*kind], payload])?;
            }
            let differential = match readers[0] {
                6 => 4,
                2 => 1,
                _ => 5,
            };
            self.write("differential", file, &[&[differential], payload])?;
            let in_clear = in_clear(&bytes, payload).ok_or("no envelope")?;
            for setting in [0, 2, 7] {
                self.write("open", file, &[&[0, setting], &in_clear])?;
            }
        }
        Ok(())
    }

    /// Certificates, CSRs, sets and lists.
    fn bodies(&self) -> Result<()> {
        for (file, reader, differential) in [
            ("openssl-made/getcacert-degenerate2.der", 2, 1),
            ("openssl-made/getnextcacert-signed.der", 1, 1),
            ("server-jscep/getnextcacert.ber", 1, 1),
            ("server-jscep/getcacert.der", 4, 2),
            ("server-micromdm/getcacert.der", 3, 2),
            ("server-jscep/crl.der", 5, 3),
        ] {
            let bytes = self.read(file)?;
            self.write("parse", file, &[&[reader], &bytes])?;
            self.write("differential", file, &[&[differential], &bytes])?;
        }
        for file in [
            "server-jscep/getcacaps.txt",
            "server-micromdm/getcacaps.txt",
        ] {
            self.write("capabilities_http", file, &[&[0], &self.read(file)?])?;
        }
        for file in [
            "openssl-made/getcacert-degenerate2.der",
            "server-jscep/getcacert.der",
        ] {
            for setting in [0, 2, 12, 16] {
                self.write("roles", file, &[&[setting], &self.read(file)?])?;
            }
        }
        for entry in fs::read_dir(self.vectors.join("keys"))? {
            let name = entry?.file_name().into_string().map_err(|_| "no name")?;
            let text = self.read(&format!("keys/{name}"))?;
            let Ok((label, der)) = pem_rfc7468::decode_vec(&text) else {
                continue;
            };
            let (reader, differential) = match label {
                "CERTIFICATE" => (4, 2),
                "CERTIFICATE REQUEST" => (6, 4),
                _ => continue,
            };
            self.write("parse", &name, &[&[reader], &der])?;
            self.write("differential", &name, &[&[differential], &der])?;
            self.write("real_rsa", &name, &[&[5], &der])?;
        }
        Ok(())
    }

    /// Keys, public and private, and a signature.
    fn keys(&self) -> Result<()> {
        let key = self.key("c2048")?;
        self.write("real_rsa", "public", &[&[0], key.public_key_der()])?;
        self.write("real_rsa", "public", &[&[1], key.public_key_der()])?;
        self.write("real_rsa", "encrypted", &[&[2], &[0x5a; 256]])?;
        self.write("real_rsa", "private", &[&[3], &key.to_pkcs8_der()?])?;
        let text = self.read("keys/c2048.key")?;
        let (_, pkcs1) = pem_rfc7468::decode_vec(&text).map_err(|error| error.to_string())?;
        self.write("real_rsa", "pkcs1", &[&[3], &pkcs1])
    }

    /// What only the toy parties can make: answers under their CA, a renewal, a CSR as Windows writes it.
    fn parties(&self) -> Result<()> {
        let all = PARTIES.all().map(|party| party.certificate.borrowed());
        for (name, set) in [("ca", &all[..1]), ("all", &all[..])] {
            let (_, body) = CaCertificates::encode(set)?;
            for setting in [0, 1, 2, 4, 8, 16, 30] {
                self.write("roles", name, &[&[setting], &body])?;
            }
        }
        let next = CertsOnly::encode(&[PARTIES.next_ca.certificate.borrowed()], &[]);
        self.write("roles", "next", &[&[0], &next])?;

        let rng = &mut Counter::new(2);
        let (ca, renewing) = (&PARTIES.ca.certificate, PARTIES.renewing.signer());
        let roles = CaRoles::new(ca);
        let (renewal, _) = RequestBuilder::renewal_req(&PARTIES.csr, &renewing, &roles)
            .build(&PROVIDER, &Policy::default(), rng)?
            .sign(&PARTIES.client.key, rng)?;
        for setting in [0, 4] {
            self.write(
                "open",
                &format!("renewal-{setting}"),
                &[&[0, setting], &renewal],
            )?;
        }

        let subject: Name = "CN=device".parse()?;
        let text = |tag: u8, octets: &[u8]| [&[tag, octets.len() as u8], octets].concat();
        let csr = CsrBuilder::new(&subject, PARTIES.client.certificate.public_key_der())
            .challenge_password("0123456789ABCDEF")
            .microsoft_template_name("Device")
            .microsoft_template_information(&TemplateInformation {
                id: oid::DATA,
                major: Some(100),
                minor: Some(3),
            })
            .microsoft_sid("S-1-5-21-1-2-3-1104")
            .microsoft_name_value("ValidityPeriod", "Years")
            .attribute(oid::MS_OS_VERSION, text(0x16, b"10.0.22631.2"))
            .build(SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256))?
            .sign(&PARTIES.client.key, &PROVIDER, rng)?;
        for kind in [0, 1, 2] {
            self.write("payload", "windows", &[&[kind], csr.as_der()])?;
        }
        self.write("parse", "windows", &[&[6], csr.as_der()])?;
        // The password in each type of string.
        for tag in [0x0c, 0x14, 0x16, 0x1c, 0x1e] {
            let mut typed = csr.as_der().to_vec();
            let password = text(0x13, b"0123456789ABCDEF");
            let at = typed
                .windows(password.len())
                .position(|window| window == password);
            typed[at.ok_or("no password")?] = tag;
            self.write("parse", &format!("password-{tag:x}"), &[&[6], &typed])?;
        }
        Ok(())
    }

    /// Queries, fingerprints, and what an application stores.
    fn texts(&self) -> Result<()> {
        for (what, text) in [
            (1, "/scep?operation=GetCACaps&message=my%20ca"),
            (1, "/scep/pkiclient.exe?operation=GetCACert"),
            (1, "/scep?message=MAA%3D&operation=PKIOperation"),
            (2, "/scep?operation=PKIOperation\0\x30\0"),
            (3, "/scep?operation=GetNextCACert&message"),
            (4, "SHA256 Fingerprint=00:11"),
            (4, "00112233445566778899aabbccddeeff00112233"),
            (4, "<html>"),
            (4, "-----BEGIN CERTIFICATE-----"),
            (4, "0x80070490"),
            (4, EVENT),
            (4, ADMIN_PAGE),
        ] {
            let name = format!("text-{}", text.len());
            self.write("capabilities_http", &name, &[&[what], text.as_bytes()])?;
        }
        let rng = &mut Counter::new(1);
        let requester = Requester::new(&PARTIES.client.certificate, &PARTIES.client.key)?;
        let roles = CaRoles::new(&PARTIES.ca.certificate);
        let policy = Policy::default();
        let negotiation = Negotiation::new(&Capabilities::parse(b"SCEPStandard"), &policy)?;
        let client = Client::new(&PROVIDER, &policy, &roles, negotiation, &requester);
        let mut enrolment = client.enrol(&PARTIES.csr, rng);
        let saved = enrolment.save()?.to_bytes();
        self.write("capabilities_http", "saved", &[&[5], &saved])?;
        let request = enrolment.next_request(rng)?;
        let authority = Authority::new(&PARTIES.ca.certificate, &PARTIES.ca.key)?;
        let trust = SignerTrust::new().self_issued();
        let server = Server::new(&PROVIDER, &policy, trust, authority);
        if let Received::Request(request) = server.receive(&request, rng)? {
            let held = HeldEnrolment::of(&request).ok_or("no enrolment")?;
            self.write("capabilities_http", "held", &[&[6], &held.to_bytes()])?;
        }
        let name = PARTIES.ca.certificate.subject_der();
        self.write("capabilities_http", "names", &[&[7], name, name])
    }

    fn key(&self, name: &str) -> Result<RsaKey> {
        let pem = self.read(&format!("keys/{name}.key"))?;
        Ok(RsaKey::from_pem(std::str::from_utf8(&pem)?)?)
    }

    fn read(&self, file: &str) -> Result<Vec<u8>> {
        Ok(fs::read(self.vectors.join(file)).map_err(|error| format!("{file}: {error}"))?)
    }

    fn write(&self, target: &str, name: &str, parts: &[&[u8]]) -> Result<()> {
        let directory = self.corpus.join(target);
        fs::create_dir_all(&directory)?;
        let first = parts[0].first().copied().unwrap_or_default();
        let file = format!("{first:02x}-{}", name.replace('/', "-"));
        Ok(fs::write(directory.join(file), parts.concat())?)
    }
}

/// A message whose payload stands in its envelope as it is, to the CA of the toy provider.
fn in_clear(message: &[u8], payload: &[u8]) -> Option<Vec<u8>> {
    let ca = &PARTIES.ca.certificate;
    let sealed = repair::seal(message, payload, ca.public_key_der())?;
    let mut forest = tlv::read(&sealed);
    repair::address(&mut forest, ca)?;
    Some(tlv::write(&forest))
}
