//! Who sent a message: every vector is recognised, and every shape is no longer that of its program with one thing changed.
#![cfg(all(feature = "rustcrypto", feature = "diagnose"))]

mod common;
#[path = "common/manifest.rs"]
mod manifest;

use common::forge::{Envelope, Forge, NULL, algorithm, digest_id, oaep_id, octets, printable, tlv};
use common::x509::MadeCertificate;
use common::{Parties, provider, self_signed, vector};
use scep::crypto::{ContentCipher, DigestAlgorithm, KeyTransport};
use scep::diagnose::Program::{
    Apple, CiscoIos, Jscep, Micromdm, Ndes, OpenSsl, Sscep, StrongSwan, ThisCrate, Windows,
};
use scep::diagnose::{Certainty, Program, ReplyCertificates, ReplyProfile, Sender};
use scep::{Certificate, Limits, PkiMessage, oid};

fn sender(message: &[u8]) -> Option<Sender> {
    let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
    Sender::of(&message, &provider())
}

fn program(message: &[u8]) -> Option<Program> {
    sender(message).map(|sender| sender.program())
}

#[test]
fn every_vector_is_recognised() {
    use Certainty::{Likely, Possible};
    for vector in manifest::vectors() {
        let (pair, _) = vector.file.split_once('/').unwrap();
        let (client, server) = pair.split_once('-').unwrap();
        let expected = match if manifest::is_reply(&vector) {
            server
        } else {
            client
        } {
            _ if client == "openssl" => (OpenSsl, Possible),
            "jscep" => (Jscep, Likely),
            "micromdm" | "smallstep" => (Micromdm, Likely),
            "sscep" => (Sscep, Likely),
            "strongswan" => (StrongSwan, Likely),
            other => panic!("{other}"),
        };
        let sender = sender(&vector.bytes).unwrap_or_else(|| panic!("{}", vector.file));
        let found = (sender.program(), sender.certainty());
        assert_eq!(found, expected, "{}: {sender}", vector.file);
        assert!(!sender.evidence().is_empty());
    }
}

#[test]
fn damaged_messages_are_guessed_at_without_harm() {
    let mut guessed = 0;
    for vector in manifest::vectors() {
        // Every byte has its turn somewhere, and no test takes a minute.
        for at in (vector.file.len() % 11..vector.bytes.len()).step_by(11) {
            let mut damaged = vector.bytes.clone();
            damaged[at] ^= 1;
            if let Ok(message) = PkiMessage::parse(&damaged[..], &Limits::REPLY) {
                let sender = Sender::of(&message, &provider());
                guessed += usize::from(sender.is_some());
                let profile = ReplyProfile::of(&message, sender.as_ref());
                let is_reply = message.unverified_message_type() == scep::MessageType::CertRep;
                assert!(profile.is_none() || !is_reply);
            }
        }
    }
    // Most of a message is ciphertext and signature.
    assert!(guessed > 5_000, "{guessed}");
}

/// A message that is recognised, and not with any one of the changes.
fn is_no_more(forge: &Forge, parties: &Parties, whose: Program, changes: &[&dyn Fn(&mut Forge)]) {
    let sign = |forge: &Forge| forge.sign(&parties.client_key);
    assert_eq!(program(&sign(forge)), Some(whose));
    for (at, change) in changes.iter().enumerate() {
        let mut changed = forge.clone();
        change(&mut changed);
        assert_ne!(program(&sign(&changed)), Some(whose), "change {at}");
    }
}

fn request(parties: &Parties) -> Forge {
    Forge::of(&parties.pkcs_req().0)
}

fn reply(parties: &Parties) -> Forge {
    Forge::of(&parties.grant(&parties.receive(&parties.pkcs_req().0)))
}

/// Changes the envelope, whose payload nobody opens.
fn with_envelope(forge: &mut Forge, change: impl FnOnce(&mut Envelope)) {
    let mut envelope = Envelope::of(forge.content.as_deref().unwrap());
    change(&mut envelope);
    forge.set_content(Some(envelope.to_der()));
}

fn set_id(forge: &mut Forge, id: &str) {
    forge.set(oid::TRANSACTION_ID, printable(id));
}

fn set_signing_time(forge: &mut Forge) {
    forge.set(oid::SIGNING_TIME, tlv(0x17, b"260801120000Z"));
}

/// The SHA-1 of something, in upper case.
fn sha1(input: &[u8]) -> String {
    let digest = provider().digests().digest(DigestAlgorithm::Sha1, &[input]);
    let digest = digest.unwrap();
    let bytes = digest.as_bytes().iter();
    bytes.map(|byte| format!("{byte:02X}")).collect()
}

/// A self-issued certificate on the client's key.
fn signer(parties: &Parties, subject: &str) -> Certificate<'static> {
    MadeCertificate::self_issued(&parties.client_key, subject).sign(&parties.client_key)
}

fn windows(parties: &Parties) -> Forge {
    let signer = signer(parties, "SCEP Protocol Certificate");
    let mut forge = request(parties);
    with_envelope(&mut forge, |envelope| {
        envelope.key_encryption = oaep_id(None, None, None);
    });
    forge.set_signer(&signer);
    set_id(&mut forge, &sha1(signer.as_der()).to_lowercase());
    set_signing_time(&mut forge);
    forge
}

fn apple(parties: &Parties) -> Forge {
    let mut forge = request(parties);
    with_envelope(&mut forge, |envelope| {
        envelope.cipher = algorithm(oid::DES_EDE3_CBC, &octets(&[7; 8]));
    });
    forge.set_signer(&signer(parties, "MDM SCEP SIGNER"));
    set_id(&mut forge, &sha1(b"the CSR's key"));
    forge.set(oid::SENDER_NONCE, octets(&[0xa5; 8]));
    set_signing_time(&mut forge);
    forge
}

fn cisco(parties: &Parties) -> Forge {
    let mut forge = request(parties);
    with_envelope(&mut forge, |envelope| {
        envelope.cipher = algorithm(oid::DES_CBC, &octets(&[7; 8]));
    });
    forge.digest_algorithm = digest_id(DigestAlgorithm::Md5);
    set_id(&mut forge, "0123456789ABCDEF0123456789ABCDEF");
    forge
}

#[test]
fn windows_is_told_by_its_thumbprint() {
    let parties = Parties::new();
    let forge = windows(&parties);
    let sender = sender(&forge.sign(&parties.client_key)).unwrap();
    assert_eq!(sender.certainty(), Certainty::Likely);
    assert_eq!(sender.evidence().len(), 3, "{sender}");
    let own = signer(&parties, "SCEP Protocol Certificate");
    is_no_more(
        &forge,
        &parties,
        Windows,
        &[
            &|forge| set_id(forge, &sha1(own.as_der())),
            &|forge| set_id(forge, &sha1(own.public_key_der()).to_lowercase()),
            &|forge| forge.set_signer(&parties.client),
        ],
    );
}

#[test]
fn apple_is_told_by_its_signer_and_the_id_of_another_key() {
    let parties = Parties::new();
    let forge = apple(&parties);
    let sender = sender(&forge.sign(&parties.client_key)).unwrap();
    assert_eq!(sender.evidence().len(), 4, "{sender}");
    is_no_more(
        &forge,
        &parties,
        Apple,
        &[
            &|forge| forge.set_signer(&signer(&parties, "SCEP SIGNER")),
            &|forge| set_id(forge, &sha1(b"the CSR's key").to_lowercase()),
            &|forge| set_id(forge, &sha1(parties.client.public_key_der())),
        ],
    );
}

#[test]
fn cisco_is_only_possible() {
    let parties = Parties::new();
    let forge = cisco(&parties);
    let sender = sender(&forge.sign(&parties.client_key)).unwrap();
    assert_eq!(sender.certainty(), Certainty::Possible);
    assert!(
        sender
            .to_string()
            .starts_with("possibly Cisco IOS (the digest is MD5; ")
    );
    is_no_more(
        &forge,
        &parties,
        CiscoIos,
        &[
            &|forge| forge.digest_algorithm = digest_id(DigestAlgorithm::Sha1),
            &|forge| set_id(forge, "0123456789abcdef0123456789abcdef"),
            &|forge| {
                with_envelope(forge, |envelope| {
                    envelope.cipher = algorithm(oid::DES_EDE3_CBC, &octets(&[7; 8]));
                });
            },
        ],
    );
}

#[test]
fn sscep_is_told_by_its_ids() {
    let parties = Parties::new();
    let first = Forge::of(vector!("sscep-jscep/default.1.req.der"));
    is_no_more(
        &first,
        &parties,
        Sscep,
        &[
            &|forge| set_id(forge, "2AE540C7ACC8D2395679F0FE866D0A60"),
            // The same key in another certificate.
            &|forge| forge.set_signer(&parties.client),
        ],
    );
    let query = Forge::of(vector!("sscep-jscep/getcert.1.req.der"));
    let changed: &dyn Fn(&mut Forge) = &|forge| set_id(forge, "SSCEP transactionID");
    is_no_more(&query, &parties, Sscep, &[changed]);
    // It is the client's word, which a server repeats.
    let answer = vector!("sscep-jscep/getcert.1.rsp.ber");
    assert_eq!(program(answer), Some(Jscep));
}

#[test]
fn strong_swan_is_told_by_the_digest_of_its_key() {
    let parties = Parties::new();
    let forge = Forge::of(vector!("strongswan-micromdm/default.1.req.der"));
    let id = sha1(parties.client.public_key_der());
    is_no_more(
        &forge,
        &parties,
        StrongSwan,
        &[&|forge| set_id(forge, &id.to_lowercase()), &|forge| {
            set_id(forge, &sha1(b"another key"))
        }],
    );
    // As in a renewal: the key is the same, the serial number a CA's.
    let mut renewal = forge;
    renewal.set_signer(&parties.issued);
    let found = sender(&renewal.sign(&parties.client_key)).unwrap();
    let found = (found.program(), found.certainty());
    assert_eq!(found, (StrongSwan, Certainty::Possible));
    let changed: &dyn Fn(&mut Forge) =
        &|forge| forge.signature_algorithm = algorithm(oid::RSA_ENCRYPTION, &NULL);
    is_no_more(&renewal, &parties, StrongSwan, &[changed]);
}

#[test]
fn bouncy_castle_is_told_by_ber_and_its_attribute() {
    const PROTECTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 52];
    let edited = |message: &[u8], what: &[u8], at: usize| {
        let mut message = message.to_vec();
        let mut places = message.windows(what.len());
        let place = places.position(|part| part == what).unwrap() + at;
        message[place] ^= 1;
        message
    };
    let reply = vector!("jscep-jscep/default.1.rsp.ber");
    assert_eq!(program(reply), Some(Jscep));
    let without = edited(reply, PROTECTION, PROTECTION.len() - 1);
    assert_ne!(program(&without), Some(Jscep));
    // A request has its transactionID besides: an older jscep writes no more.
    let request = vector!("jscep-jscep/default.1.req.ber");
    let older = edited(request, PROTECTION, PROTECTION.len() - 1);
    let found = sender(&older).unwrap();
    let found = (found.program(), found.certainty());
    assert_eq!(found, (Jscep, Certainty::Possible));
    assert_eq!(
        program(&edited(
            &older,
            b"ea3121e08522d467592fd33e739bfb104986dd9a",
            0
        )),
        None
    );
    let mut agent = older.clone();
    let id = b"ea3121e08522d467592fd33e739bfb104986dd9a";
    let mut places = older.windows(id.len());
    let place = places.position(|part| part == id).unwrap();
    agent[place..place + id.len()].make_ascii_uppercase();
    assert_eq!(program(&agent), Some(Jscep));
    // The attribute in DER is anybody's.
    let parties = Parties::new();
    let mut forge = self::request(&parties);
    forge.set(scep::Oid::from_bytes(PROTECTION).unwrap(), tlv(0x30, &[]));
    assert_ne!(program(&forge.sign(&parties.client_key)), Some(Jscep));
}

#[test]
fn the_go_library_is_told_by_what_it_leaves_out() {
    let parties = Parties::new();
    let mut forge = request(&parties);
    forge.digest_algorithm = algorithm(oid::SHA256, &[]);
    forge.signature_algorithm = algorithm(oid::SHA256_WITH_RSA, &[]);
    let bare =
        |envelope: &mut Envelope| envelope.key_encryption = algorithm(oid::RSA_ENCRYPTION, &[]);
    with_envelope(&mut forge, bare);
    let changes: [&dyn Fn(&mut Forge); 3] = [
        &|forge| forge.digest_algorithm = digest_id(DigestAlgorithm::Sha256),
        &|forge| forge.signature_algorithm = algorithm(oid::SHA256_WITH_RSA, &NULL),
        &|forge| {
            with_envelope(forge, |envelope| {
                envelope.key_encryption = algorithm(oid::RSA_ENCRYPTION, &NULL);
            });
        },
    ];
    is_no_more(&forge, &parties, Micromdm, &changes);
    let certainty = |forge: &Forge| {
        sender(&forge.sign(&parties.client_key))
            .unwrap()
            .certainty()
    };
    assert_eq!(certainty(&forge), Certainty::Possible);
    set_id(&mut forge, "/WowJqpkzJhsHSwpzSqRqGHL+zs=");
    assert_eq!(certainty(&forge), Certainty::Likely);

    let mut forge = reply(&parties);
    forge.digest_algorithm = algorithm(oid::SHA256, &[]);
    forge.signature_algorithm = algorithm(oid::SHA256_WITH_RSA, &[]);
    for nonce in [oid::SENDER_NONCE, oid::RECIPIENT_NONCE] {
        forge.set(nonce, octets(&[0xa5; 16]));
    }
    let own_nonce: &dyn Fn(&mut Forge) = &|forge| forge.set(oid::SENDER_NONCE, octets(&[0x5a; 16]));
    is_no_more(
        &forge,
        &parties,
        Micromdm,
        &[own_nonce, changes[0], changes[1]],
    );
}

#[test]
fn ndes_is_told_by_its_code_and_what_it_leaves_out() {
    let parties = Parties::new();
    let mut forge = reply(&parties);
    let certificates = std::mem::take(&mut forge.certificates);
    forge.set(oid::MS_SCEP_SERVER_MESSAGE, tlv(0x0c, b"Issued"));
    is_no_more(
        &forge,
        &parties,
        Ndes,
        &[
            &|forge| drop(forge.remove(oid::MS_SCEP_SERVER_MESSAGE)),
            &|forge| forge.certificates.clone_from(&certificates),
        ],
    );
}

#[test]
fn this_crate_knows_its_own() {
    let parties = Parties::new();
    let changes: [&dyn Fn(&mut Forge); 3] = [
        &set_signing_time,
        &|forge| forge.digest_algorithm = algorithm(oid::SHA256, &[]),
        &|forge| forge.signature_algorithm = algorithm(oid::SHA256_WITH_RSA, &NULL),
    ];
    let forge = request(&parties);
    let found = sender(&forge.sign(&parties.client_key)).unwrap();
    assert_eq!(found.certainty(), Certainty::Possible);
    is_no_more(&forge, &parties, ThisCrate, &changes);
    let id: &dyn Fn(&mut Forge) = &|forge| set_id(forge, "1");
    is_no_more(&forge, &parties, ThisCrate, &[id]);

    let forge = reply(&parties);
    is_no_more(&forge, &parties, ThisCrate, &changes);
    let copied: &dyn Fn(&mut Forge) = &|forge| {
        let nonce = forge.remove(oid::RECIPIENT_NONCE).values.remove(0);
        forge.set(oid::RECIPIENT_NONCE, nonce.clone());
        forge.set(oid::SENDER_NONCE, nonce);
    };
    let bare: &dyn Fn(&mut Forge) = &|forge| forge.certificates.clear();
    is_no_more(&forge, &parties, ThisCrate, &[copied, bare]);
}

#[test]
fn open_ssl_is_only_possible() {
    let parties = Parties::new();
    let mut forge = request(&parties);
    forge.digest_algorithm = algorithm(oid::SHA256, &[]);
    set_signing_time(&mut forge);
    is_no_more(
        &forge,
        &parties,
        OpenSsl,
        &[
            &|forge| forge.digest_algorithm = digest_id(DigestAlgorithm::Sha256),
            &|forge| forge.signature_algorithm = algorithm(oid::SHA256_WITH_RSA, &NULL),
            &|forge| drop(forge.remove(oid::SIGNING_TIME)),
        ],
    );
}

#[test]
fn thin_evidence_is_none() {
    let parties = Parties::new();
    let named = |subject| {
        let mut forge = request(&parties);
        forge.set_signer(&self_signed(&parties.client_key, subject));
        set_signing_time(&mut forge);
        program(&forge.sign(&parties.client_key))
    };
    // Anybody may have these names.
    assert_eq!(named("CN=SCEP Protocol Certificate"), None);
    assert_eq!(named("CN=MDM SCEP SIGNER"), None);
    // Two that are as likely as each other are none.
    let mut both = windows(&parties);
    both.digest_algorithm = algorithm(oid::SHA256, &[]);
    both.signature_algorithm = algorithm(oid::SHA256_WITH_RSA, &[]);
    with_envelope(&mut both, |envelope| {
        envelope.key_encryption = algorithm(oid::RSA_ENCRYPTION, &[]);
    });
    assert_eq!(program(&both.sign(&parties.client_key)), Some(Windows));
    let id = sha1(parties.client.public_key_der());
    let mut forge = Forge::of(vector!("strongswan-micromdm/default.1.req.der"));
    forge.digest_algorithm = algorithm(oid::SHA256, &[]);
    forge.signature_algorithm = algorithm(oid::SHA256_WITH_RSA, &[]);
    forge.set_signer(&parties.issued);
    set_id(&mut forge, &id);
    with_envelope(&mut forge, |envelope| {
        envelope.key_encryption = algorithm(oid::RSA_ENCRYPTION, &[]);
    });
    assert_eq!(program(&forge.sign(&parties.client_key)), None);
}

#[test]
fn a_profile_mirrors_the_request_and_knows_its_client() {
    let parties = Parties::new();
    let of = |forge: Forge| {
        let message = forge.sign(&parties.client_key);
        let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
        let sender = Sender::of(&message, &parties.provider);
        ReplyProfile::of(&message, sender.as_ref())
    };
    let plain = of(request(&parties)).unwrap();
    assert_eq!(plain.sender_nonce_len, 16);
    assert_eq!(plain.digest, Some(DigestAlgorithm::Sha256));
    assert_eq!(plain.content_cipher, Some(ContentCipher::Aes128Cbc));
    assert_eq!(plain.key_transport, Some(KeyTransport::RsaPkcs1v15));
    assert_eq!(plain.certificates, ReplyCertificates::Issued);
    let windows = of(windows(&parties)).unwrap();
    assert!(matches!(
        windows.key_transport,
        Some(KeyTransport::RsaOaep { .. })
    ));
    let apple = of(apple(&parties)).unwrap();
    assert_eq!(apple.sender_nonce_len, 8);
    assert_eq!(apple.content_cipher, Some(ContentCipher::TripleDesCbc));
    let cisco = of(cisco(&parties)).unwrap();
    assert_eq!(cisco.digest, Some(DigestAlgorithm::Md5));
    assert_eq!(cisco.content_cipher, Some(ContentCipher::DesCbc));
    assert_eq!(cisco.certificates, ReplyCertificates::IssuedAndCa);
    // A short nonce alone is not Apple's.
    let mut short = request(&parties);
    short.set(oid::SENDER_NONCE, octets(&[0xa5; 8]));
    assert_eq!(of(short).unwrap().sender_nonce_len, 16);
    assert_eq!(of(reply(&parties)), None);
}
