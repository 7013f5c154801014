//! Makes the first corpus from test-vectors/: `cargo run --example seed` writes it to corpus/.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use scep::client::{Client, Requester};
use scep::crypto::rand_core::Rng;
use scep::crypto::rustcrypto::{EcKey, RsaKey};
use scep::crypto::{
    DecryptionKey, DigestAlgorithm, Policy, Provider, SignatureAlgorithm, SigningKey,
};
use scep::microsoft::TemplateInformation;
use scep::server::{Authority, HeldEnrolment, Received, Server};
use scep::{
    CaCertificates, CaRoles, Capabilities, Certificate, CertsOnly, CsrBuilder,
    IssuerAndSerialNumber, Limits, Negotiation, PkiMessage, RequestBuilder, SignerIdentity,
    SignerTrust, UnverifiedCsr, inspect, oid,
};
use scep_fuzz::parties::{PARTIES, Party};
use scep_fuzz::targets::MAX_ITERATIONS;
use scep_fuzz::tlv::Node;
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
    seeds.below_the_ca()?;
    seeds.recipients()?;
    seeds.real_recipients()?;
    seeds.refused_signers()?;
    seeds.refused_transports()?;
    seeds.deviations()?;
    seeds.plain_renewal()?;
    seeds.steps()?;
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
                self.write("payload", file, &[&[*kind | 16], payload])?;
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

    /// An RA or a CA below the parties' CA, by what its certificate says that its key is for.
    fn below_the_ca(&self) -> Result<()> {
        let ca = &PARTIES.ca.certificate;
        let (rsa, on_curve) = (&PARTIES.neighbour, &PARTIES.curve_issued);
        let agent = Node::new(0x06, oid::CERTIFICATE_REQUEST_AGENT.as_bytes());
        let agent = extension(oid::EXT_KEY_USAGE, &Node::of(0x30, vec![agent]));
        let is_ca = Node::of(0x30, vec![Node::new(0x01, &[0xff])]);
        let is_ca = extension(oid::BASIC_CONSTRAINTS, &is_ca);
        for (name, party, usage, purpose) in [
            ("agent", rsa, 0xa0_u8, &agent),
            ("agent-of-another-usage", rsa, 0x08, &agent),
            ("lower-ca-that-only-issues", rsa, 0x04, &is_ca),
            ("lower-ca-on-curve", on_curve, 0x84, &is_ca),
        ] {
            let usage = Node::new(0x03, &[usage.trailing_zeros() as u8, usage]);
            let usage = extension(oid::KEY_USAGE, &usage);
            let mut below = tlv::read(party.certificate.as_der());
            let extensions = below[0]
                .at_mut(0)
                .and_then(|part| part.with_tag_mut(0xa3)?.at_mut(0)?.elements_mut());
            *extensions.ok_or("no extensions")? = vec![usage, purpose.clone()];
            let below = repair::signed_by(&tlv::write(&below), ca.public_key_der());
            let set = [ca.borrowed(), Certificate::from_der(below)?];
            let body = CertsOnly::encode(&set, &[]);
            for setting in [0, 4] {
                self.write("roles", name, &[&[setting], &body])?;
            }
        }
        Ok(())
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
        for setting in [0, 32] {
            self.write("roles", "next", &[&[setting], &next])?;
        }

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

    /// Messages to a key on a curve: under the password, and by key agreement; and what recipients of both kinds may say.
    fn recipients(&self) -> Result<()> {
        let (rng, policy) = (&mut Counter::new(3), Policy::default());
        let (client, ca) = (&PARTIES.curve_client, &PARTIES.curve_ca);
        let (signer, roles) = (client.signer(), CaRoles::new(&ca.certificate));
        let csr = &PARTIES.curve_csr;
        let id = IssuerAndSerialNumber::of(&PARTIES.renewing.certificate);
        let mut sealed = |builder: RequestBuilder<'_>, payload: &[u8]| {
            let unsigned = builder.build(&PROVIDER, &policy, rng)?;
            let (request, _) = unsigned.sign(&client.key, rng)?;
            let sealed = repair::seal(&request, payload, ca.certificate.public_key_der());
            sealed.ok_or_else(|| "no envelope".into()) as Result<Vec<u8>>
        };
        let password = RequestBuilder::pkcs_req(csr, &signer, &roles);
        let password = sealed(password, csr.as_der())?;
        let agreement = RequestBuilder::get_crl(id.clone(), &signer, &roles);
        let agreement = sealed(agreement, &id.to_der())?;
        for (name, message) in [("password", &password), ("agreement", &agreement)] {
            for setting in [0, 2, 0x10, 0x20, 0x30, 0x40] {
                self.write(
                    "open",
                    &format!("{name}-{setting:x}"),
                    &[&[0, setting], message],
                )?;
            }
            for reader in [0, 9] {
                self.write("parse", name, &[&[reader], message])?;
            }
            self.write("differential", name, &[&[0], message])?;
        }

        // What is said is repaired before it is opened.
        let none = || Node::new(0x05, &[]);
        let oid = |oid: scep::Oid| Node::new(0x06, oid.as_bytes());
        let algorithm = |id: scep::Oid, parameters| Node::of(0x30, vec![oid(id), parameters]);
        let key_identifier = ca.certificate.subject_key_identifier().unwrap_or_default();
        let identifier = |party: &Party| {
            let id = IssuerAndSerialNumber::of(&party.certificate).to_der();
            tlv::read(&id).remove(0)
        };
        let agreements: [(&str, Edit<'_>); 8] = [
            ("ukm", &|kari| {
                let ukm = Node::of(0xa1, vec![Node::new(0x04, b"ukm")]);
                kari.elements_mut()?.insert(2, ukm);
                Some(())
            }),
            ("key-identifier", &|kari| {
                let id = Node::of(0xa0, vec![Node::new(0x04, key_identifier)]);
                *kari.elements_mut()?.last_mut()?.at_mut(0)?.at_mut(0)? = id;
                Some(())
            }),
            ("several", &|kari| {
                let keys = kari.elements_mut()?.last_mut()?.elements_mut()?;
                let mut another = keys.first()?.clone();
                *another.at_mut(0)? = identifier(&PARTIES.neighbour);
                keys.insert(0, another);
                Some(())
            }),
            ("named-curve", &|kari| {
                let key = kari.at_mut(1)?.at_mut(0)?;
                *key.at_mut(0)? = algorithm(oid::EC_PUBLIC_KEY, oid(oid::SECP256R1));
                Some(())
            }),
            ("another-curve", &|kari| {
                let key = kari.at_mut(1)?.at_mut(0)?;
                *key.at_mut(0)? = algorithm(oid::EC_PUBLIC_KEY, oid(oid::SECP384R1));
                Some(())
            }),
            ("originator", &|kari| {
                kari.at_mut(1)?.elements_mut()?[0] = identifier(&PARTIES.curve_client);
                Some(())
            }),
            ("sha1-and-null", &|kari| {
                let wrap = algorithm(oid::AES256_WRAP, none());
                *kari.at_mut(2)? = algorithm(oid::ECDH_SHA1_KDF, wrap);
                Some(())
            }),
            ("off-the-curve", &|kari| {
                let point = kari.at_mut(1)?.at_mut(0)?.at_mut(1)?;
                *point = Node::new(0x03, &[&[0, 4][..], &[1; 64]].concat());
                Some(())
            }),
        ];
        let passwords: [(&str, Edit<'_>); 5] = [
            ("no-derivation", &|pwri| {
                pwri.elements_mut()?.remove(1);
                Some(())
            }),
            ("another-derivation", &|pwri| {
                *pwri.at_mut(1)?.at_mut(0)? = oid(oid::DATA);
                Some(())
            }),
            ("sha1-by-default", &|pwri| {
                let parameters = pwri.at_mut(1)?.at_mut(1)?.elements_mut()?;
                parameters.retain(|parameter| parameter.tag != 0x30);
                parameters.push(Node::new(0x02, &[16]));
                Some(())
            }),
            ("short-salt", &|pwri| {
                *pwri.at_mut(1)?.at_mut(1)?.at_mut(0)? = Node::new(0x04, &[7; 7]);
                Some(())
            }),
            ("many-iterations", &|pwri| {
                *pwri.at_mut(1)?.at_mut(1)?.at_mut(1)? = Node::new(0x02, &[0x7f; 4]);
                Some(())
            }),
        ];
        let edited = agreements.map(|(name, edit)| (name, &agreement, edit));
        let edited = edited
            .into_iter()
            .chain(passwords.map(|(name, edit)| (name, &password, edit)));
        for (name, message, edit) in edited {
            let mut forest = tlv::read(message);
            repair::recipient_mut(&mut forest)
                .and_then(edit)
                .ok_or(name)?;
            self.write("open", name, &[&[0, 2], &tlv::write(&forest)])?;
        }
        // And a wrapped key that is left as it is, of a length that no cipher has.
        let mut forest = tlv::read(&agreement);
        repair::recipient_mut(&mut forest)
            .and_then(|kari| kari.elements_mut()?.last_mut()?.at_mut(0)?.at_mut(1))
            .ok_or("no key")?
            .set_octets(&[7; 16]);
        self.write("open", "short-key", &[&[3, 2], &tlv::write(&forest)])
    }

    /// Messages to a real key on a curve, under the password and by key agreement.
    fn real_recipients(&self) -> Result<()> {
        let (rng, provider) = (&mut Counter::new(4), Provider::rustcrypto());
        let policy = Policy::default().with_password_iterations(MAX_ITERATIONS);
        let text = |name: &str| -> Result<String> {
            Ok(String::from_utf8(self.read(&format!("keys/{name}"))?)?)
        };
        let ca = Certificate::from_pem(&text("ca-ec.pem")?)?;
        let client = Certificate::from_pem(&text("ec-p256.selfsigned.pem")?)?;
        let key = EcKey::from_pem(&text("ec-p256.key")?)?;
        let (_, csr) = pem_rfc7468::decode_vec(text("ec-p256.csr.pem")?.as_bytes())
            .map_err(|error| error.to_string())?;
        let csr = UnverifiedCsr::from_der(csr, &Limits::REQUEST)?
            .verify(&provider, &policy)
            .map_err(|error| error.to_string())?;
        let (signer, roles) = (SignerIdentity::new(&client, &key)?, CaRoles::new(&ca));
        let id = IssuerAndSerialNumber::of(&ca);
        for (name, builder) in [
            ("password", RequestBuilder::pkcs_req(&csr, &signer, &roles)),
            ("agreement", RequestBuilder::get_crl(id, &signer, &roles)),
        ] {
            let unsigned = builder.build(&provider, &policy, rng)?;
            let (request, _) = unsigned.sign(&key, rng)?;
            self.write("real_rsa", name, &[&[4], &request])?;
        }
        for public_key in [
            ca.public_key_der(),
            PARTIES.curve_client.certificate.public_key_der(),
        ] {
            self.write(
                "real_rsa",
                &format!("point-{}", public_key.len()),
                &[&[6], public_key],
            )?;
        }
        Ok(())
    }

    /// The choices of a client, or of a server, that lead to a SUCCESS under the password, and to one by key agreement.
    fn steps(&self) -> Result<()> {
        // Begin, send, have the CA grant, accept; what is asked for needs no sending. A choice among one takes no byte.
        for (name, steps) in [
            ("transport", &[0, 0, 1, 2, 2, 9][..]),
            ("password", &[0, 4, 1, 2, 2, 9]),
            (
                "password-after-pending",
                &[0, 4, 1, 2, 1, 9, 1, 2, 1, 2, 9, 1],
            ),
            ("agreement", &[0, 5, 2, 2, 9]),
            ("agreement-on-a-crl", &[0, 6, 2, 2, 9]),
        ] {
            self.write("client", name, &[steps])?;
        }
        // Send: who, to whom, what, in a transactionID of its own; receive and grant.
        for (name, kind) in [
            ("password", 0),
            ("renewal", 1),
            ("certificate", 2),
            ("crl", 3),
        ] {
            self.write("server", name, &[&[0, 3, 2, kind, 0, 8, 2]])?;
        }
        Ok(())
    }

    /// Digests and signatures that contradict each other, that are refused or unknown, and parameters of PSS.
    fn refused_signers(&self) -> Result<()> {
        let request = pkcs_req()?;
        let null = || Node::new(0x05, &[]);
        let algorithm = |id: scep::Oid, parameters| {
            Node::of(0x30, vec![Node::new(0x06, id.as_bytes()), parameters])
        };
        let pss = |last: Node| {
            let hash = || Node::of(0xa0, vec![algorithm(oid::SHA256, null())]);
            let mgf = algorithm(oid::MGF1, algorithm(oid::SHA256, null()));
            let parameters = [hash(), Node::of(0xa1, vec![mgf]), last];
            algorithm(oid::RSASSA_PSS, Node::of(0x30, parameters.into()))
        };
        let number = |tag: u8, number: u8| Node::of(tag, vec![Node::new(0x02, &[number])]);
        for (name, digest, signature) in [
            (
                "contradicting",
                oid::SHA1,
                algorithm(oid::SHA256_WITH_RSA, null()),
            ),
            ("md5", oid::MD5, algorithm(oid::MD5_WITH_RSA, null())),
            (
                "unknown-digest",
                oid::DATA,
                algorithm(oid::RSA_ENCRYPTION, null()),
            ),
            (
                "unknown-signature",
                oid::SHA256,
                algorithm(oid::DATA, null()),
            ),
            ("pss", oid::SHA256, pss(number(0xa2, 32))),
            ("pss-trailer", oid::SHA256, pss(number(0xa3, 1))),
            ("pss-another-trailer", oid::SHA256, pss(number(0xa3, 2))),
            (
                "pss-of-sha1",
                oid::SHA256,
                algorithm(oid::RSASSA_PSS, Node::of(0x30, Vec::new())),
            ),
        ] {
            let mut forest = tlv::read(&request);
            let signer = repair::signer_mut(&mut forest).ok_or("no signer")?;
            let fields = signer.elements_mut().ok_or("no fields")?;
            fields[2] = algorithm(digest, null());
            fields[4] = signature;
            self.write("open", name, &[&[0, 0], &tlv::write(&forest)])?;
        }
        Ok(())
    }

    /// Parameters of OAEP.
    fn refused_transports(&self) -> Result<()> {
        let request = pkcs_req()?;
        let oid = |id: scep::Oid| Node::new(0x06, id.as_bytes());
        let label = |octets: &[u8]| {
            let source = vec![oid(oid::P_SPECIFIED), Node::new(0x04, octets)];
            Node::of(0xa2, vec![Node::of(0x30, source)])
        };
        let hash = |id: scep::Oid| Node::of(0x30, vec![oid(id), Node::new(0x05, &[])]);
        let mgf = Node::of(0x30, vec![oid(oid::MGF1), hash(oid::MD5)]);
        let oaep = |parameters| Node::of(0x30, vec![oid(oid::RSAES_OAEP), parameters]);
        let with = |parameter| oaep(Node::of(0x30, vec![parameter]));
        for (name, transport) in [
            ("label", with(label(b"label"))),
            ("empty-label", with(label(b""))),
            (
                "another-source",
                with(Node::of(0xa2, vec![hash(oid::DATA)])),
            ),
            ("oaep-md5", with(Node::of(0xa0, vec![hash(oid::MD5)]))),
            ("oaep-sha256", with(Node::of(0xa0, vec![hash(oid::SHA256)]))),
            ("mgf-md5", with(Node::of(0xa1, vec![mgf]))),
            ("oaep-number", oaep(Node::new(0x02, &[1]))),
            ("unknown-transport", hash(oid::DATA)),
        ] {
            let mut forest = tlv::read(&request);
            let recipient = repair::recipient_mut(&mut forest).ok_or("no recipient")?;
            *recipient.at_mut(2).ok_or("no algorithm")? = transport;
            self.write("open", name, &[&[0, 2], &tlv::write(&forest)])?;
        }
        Ok(())
    }

    /// What deviates in a way that one policy tolerates and another does not, and a recipient that nobody opens.
    fn deviations(&self) -> Result<()> {
        let request = pkcs_req()?;
        let deviations: [(&str, Edit<'_>); 3] = [
            ("encrypted-data", &|signed_data| {
                let content = repair::enveloped_mut(signed_data)?.elements_mut()?;
                let content_type = Node::new(0x06, oid::ENCRYPTED_DATA.as_bytes());
                *content.last_mut()?.at_mut(0)? = content_type;
                Some(())
            }),
            ("no-nonce", &|signed_data| {
                let signer = signed_data.elements_mut()?.last_mut()?.at_mut(0)?;
                let attributes = signer.with_tag_mut(0xa0)?.elements_mut()?;
                attributes.retain(|attribute| {
                    let named = attribute.at(0).map(Node::contents);
                    named.as_deref() != Some(oid::SENDER_NONCE.as_bytes())
                });
                Some(())
            }),
            ("shared-key", &|signed_data| {
                let recipients = repair::enveloped_mut(signed_data)?.with_tag_mut(0x31)?;
                recipients.at_mut(0)?.tag = 0xa2;
                Some(())
            }),
        ];
        for (name, edit) in deviations {
            let mut forest = tlv::read(&request);
            forest[0]
                .at_mut(1)
                .and_then(|explicit| edit(explicit.at_mut(0)?))
                .ok_or(name)?;
            for setting in [0, 2] {
                let file = format!("{name}-{setting}");
                self.write("open", &file, &[&[0, setting], &tlv::write(&forest)])?;
            }
        }
        Ok(())
    }

    /// A renewal of the same names, subjectAltName and all.
    fn plain_renewal(&self) -> Result<()> {
        let (rng, policy) = (&mut Counter::new(7), Policy::default());
        let names = Node::of(0x30, vec![Node::new(0x82, b"device.example")]).to_bytes();
        let extension = Node::of(
            0x30,
            vec![
                Node::new(0x06, oid::SUBJECT_ALT_NAME.as_bytes()),
                Node::new(0x04, &names),
            ],
        );
        let mut old = tlv::read(PARTIES.renewing.certificate.as_der());
        old[0]
            .at_mut(0)
            .and_then(|part| part.with_tag_mut(0xa3)?.at_mut(0)?.elements_mut())
            .ok_or("no extensions")?
            .push(extension);
        let ca = PARTIES.ca.certificate.public_key_der();
        let old = Party::new(repair::signed_by(&tlv::write(&old), ca));
        let subject: Name = "CN=client-2048,O=Peer Test,C=US".parse()?;
        for (name, alt_names) in [("same-names", Some(names)), ("no-names", None)] {
            let builder = CsrBuilder::new(&subject, old.certificate.public_key_der());
            let builder = match alt_names {
                Some(names) => builder.extension(oid::SUBJECT_ALT_NAME, names),
                None => builder,
            };
            let csr = builder
                .build(old.key.algorithms()[0])?
                .sign(&old.key, &PROVIDER, rng)?;
            let (signer, roles) = (old.signer(), CaRoles::new(&PARTIES.ca.certificate));
            let (request, _) = RequestBuilder::renewal_req(&csr, &signer, &roles)
                .build(&PROVIDER, &policy, rng)?
                .sign(&old.key, rng)?;
            let request = repair::seal(&request, csr.as_der(), ca).ok_or("no envelope")?;
            self.write("open", name, &[&[0, 0], &request])?;
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

/// An extension of a certificate.
fn extension(oid: scep::Oid, value: &Node) -> Node {
    let id = Node::new(0x06, oid.as_bytes());
    Node::of(0x30, vec![id, Node::new(0x04, &value.to_bytes())])
}

/// A request to the CA whose payload stands in its envelope as it is.
fn pkcs_req() -> Result<Vec<u8>> {
    let (rng, policy) = (&mut Counter::new(5), Policy::default());
    let (client, ca) = (&PARTIES.client, &PARTIES.ca.certificate);
    let (signer, roles, csr) = (client.signer(), CaRoles::new(ca), &PARTIES.csr);
    let (request, _) = RequestBuilder::pkcs_req(csr, &signer, &roles)
        .build(&PROVIDER, &policy, rng)?
        .sign(&client.key, rng)?;
    Ok(repair::seal(&request, csr.as_der(), ca.public_key_der()).ok_or("no envelope")?)
}

/// Changes a part of a message.
type Edit<'e> = &'e dyn Fn(&mut Node) -> Option<()>;

/// A message whose payload stands in its envelope as it is, to the CA of the toy provider.
fn in_clear(message: &[u8], payload: &[u8]) -> Option<Vec<u8>> {
    let ca = &PARTIES.ca.certificate;
    let sealed = repair::seal(message, payload, ca.public_key_der())?;
    let mut forest = tlv::read(&sealed);
    repair::address(&mut forest, ca)?;
    Some(tlv::write(&forest))
}
