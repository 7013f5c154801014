//! What the example `inspect` prints: of pairs, captures of HTTP, URLs and log sentences.
#![cfg(all(feature = "rustcrypto", feature = "diagnose"))]
#![allow(
    dead_code,
    reason = "the example's modules are more than what is tested"
)]

mod common;
#[path = "inspect/layers.rs"]
mod layers;
mod live;

#[path = "../examples/inspect/facts.rs"]
mod facts;
#[path = "../examples/inspect/findings.rs"]
mod findings;
#[path = "../examples/inspect/http.rs"]
mod http;
#[path = "../examples/inspect/input.rs"]
mod input;
#[path = "../examples/inspect/json.rs"]
mod json;
#[path = "../examples/inspect/payload.rs"]
mod payload;
#[path = "../examples/inspect/show.rs"]
mod show;
#[path = "../examples/inspect/text.rs"]
mod text;

use common::forge::{Forge, octets, oid_der, printable, sequence, tlv};
use common::issue::{Template, name};
use common::made::{ALL_USES, CERT_AND_CRL_SIGN, EXPIRED, Made};
use common::{Parties, RsaKey, key, rng, vector};
use facts::Tools;
use findings::Beside;
use live::{Program, Scratch, example};
use scep::crypto::{Policy, Provider};
use scep::diagnose::Profile;
use scep::http::{ClientRequest, Method};
use scep::microsoft::Hresult;
use scep::{
    CaRoles, Capabilities, Certificate, CertsOnly, FailInfo, Fingerprint, FingerprintAlgorithm,
    Limits, PkiMessage, RequestBuilder, oid,
};
use serde_json::Value;
use show::Form;
use std::ffi::OsString;

fn tools(signers: &[Certificate<'static>]) -> Tools {
    Tools {
        provider: Provider::rustcrypto(),
        policy: Policy::compatible(),
        keys: Vec::new(),
        passwords: Vec::new(),
        signers: signers.to_vec(),
    }
}

/// What is printed of an input in both forms, and whether it was decoded.
fn shown(input: &[u8], beside: &Beside) -> (String, Value, bool) {
    shown_with(&tools(&beside.ca_certificates), input, beside)
}

fn shown_with(tools: &Tools, input: &[u8], beside: &Beside) -> (String, Value, bool) {
    let show = |form| show::show("input", Ok(input.to_vec()), beside, tools, form);
    let (text, json) = (show(Form::Text), show(Form::Json));
    assert_eq!(text.decoded, json.decoded);
    let value = serde_json::from_str(&json.text).unwrap();
    (text.text, value, text.decoded)
}

/// The codes of the findings in JSON.
fn codes(json: &Value) -> Vec<&str> {
    let findings = json["findings"].as_array().unwrap();
    let codes = findings.iter().map(|one| one["code"].as_str().unwrap());
    codes.collect()
}

/// A PKCSReq that is encrypted to the RA's signature certificate, and the refusal of NDES: no certificates, one byte in the
/// place of an envelope, and an HRESULT.
struct Pair {
    request: Vec<u8>,
    reply: Vec<u8>,
    /// As GetCACert has them.
    certificates: Vec<Certificate<'static>>,
}

impl Pair {
    fn new() -> Self {
        let parties = Parties::new();
        let key = key(vector!("keys/cbad.key"));
        let ra = |subject, key: &RsaKey, usage| {
            Template::new(&name(&[(0x0c, subject)]), key.public_key_der())
                .with(
                    oid::EXT_KEY_USAGE,
                    sequence(&[&oid_der(oid::CERTIFICATE_REQUEST_AGENT)]),
                )
                .with(oid::KEY_USAGE, tlv(0x03, &[0, usage]))
                .issue(parties.ca.subject_der(), &parties.ca_key)
        };
        let signing = ra("RA signing", &key, 0x80);
        let encryption = ra(
            "RA encryption",
            &common::key(vector!("keys/cpend.key")),
            0x20,
        );
        let certificates = vec![signing, encryption, parties.ca.clone()];
        let request = encrypted_to(&parties, &certificates[0]);
        let reply = refusal_of_ndes(&parties, &certificates[0], &key, &request);
        Self {
            request,
            reply,
            certificates,
        }
    }

    fn beside(&self) -> Beside {
        Beside {
            ca_certificates: self.certificates.clone(),
            ..Beside::default()
        }
    }
}

/// A PKCSReq that is encrypted to this certificate.
fn encrypted_to(parties: &Parties, recipient: &Certificate<'_>) -> Vec<u8> {
    let roles = CaRoles::with_ra(&parties.ca, recipient, &parties.ca);
    let signer = parties.client_signer();
    let builder = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles);
    parties.send(builder).0
}

fn refusal_of_ndes(
    parties: &Parties,
    signing: &Certificate<'_>,
    key: &RsaKey,
    request: &[u8],
) -> Vec<u8> {
    let request = PkiMessage::parse(request, &Limits::REQUEST).unwrap();
    // A refusal of another request, of which nothing but the frame is kept.
    let other = parties.receive(&parties.pkcs_req().0);
    let signer = parties.ca_signer();
    let reply = other
        .reply(&parties.provider, &signer)
        .microsoft_error(Hresult::new(0x8009_0005))
        .failure(FailInfo::BadMessageCheck, None, &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let mut forge = Forge::of(&reply);
    let id = request.unverified_transaction_id();
    let id = std::str::from_utf8(id.as_bytes()).unwrap();
    forge.set(oid::TRANSACTION_ID, printable(id));
    let nonce = request.unverified_sender_nonce().unwrap();
    forge.set(oid::RECIPIENT_NONCE, octets(nonce.as_bytes()));
    forge.set_signer(signing);
    forge.certificates.clear();
    forge.set_content(Some(vec![0]));
    forge.sign(key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Both certificates by name and serial number, and the code with its meaning.
fn assert_names_all(printed: &str, pair: &Pair) {
    let [wrong, right] = [0, 1].map(|at| hex(pair.certificates[at].serial()));
    let wrong = format!("RecipientInfo names \"CN=RA signing\" serial {wrong}");
    let right = format!("right is \"CN=RA encryption\" serial {right}");
    let code = "HRESULT 0x80090005 (NTE_BAD_DATA): A message cannot be decrypted: it was encrypted to another \
                certificate, or it is damaged.";
    for part in [&wrong, &right, code] {
        assert!(printed.contains(part), "{part}\n{printed}");
    }
}

#[test]
fn a_pair_with_ndes_names_both_certificates_and_the_meaning_of_the_code() {
    let pair = Pair::new();
    let beside = Beside {
        request: Some(PkiMessage::parse(pair.request.clone(), &Limits::REQUEST).unwrap()),
        ..pair.beside()
    };
    let (text, json, decoded) = shown(&pair.reply, &beside);
    assert!(decoded);
    assert_names_all(&text, &pair);
    let findings = json["findings"].as_array().unwrap();
    let evidence = findings.iter().map(|one| one["evidence"].as_str().unwrap());
    assert_names_all(&evidence.collect::<Vec<_>>().join("\n"), &pair);
    let expected = ["recipient-may-not-decrypt", "refused", "not-decrypted"];
    assert!(codes(&json).starts_with(&expected), "{json}");
    assert_eq!(json["signature"], "valid");
    assert_eq!(findings[0]["fail_info"], 1);
    assert_eq!(findings[0]["fail_info_text"], Value::Null);
    assert_eq!(json["microsoft_error"]["code"], "0x80090005");
    assert_eq!(json["microsoft_error"]["name"], "NTE_BAD_DATA");
    // Encrypted to the right one, the same pair has none of it.
    let right = encrypted_to(&Parties::new(), &pair.certificates[1]);
    let (text, json, _) = shown(&right, &pair.beside());
    assert!(
        !codes(&json).contains(&"recipient-may-not-decrypt"),
        "{text}"
    );
}

#[test]
#[ignore = "runs the example"]
fn the_program_names_both_certificates_of_a_pair_with_ndes() {
    let (pair, scratch) = (Pair::new(), Scratch::new());
    scratch.write("getcacert.der", &CertsOnly::encode(&pair.certificates, &[]));
    scratch.write("request.der", &pair.request);
    scratch.write("reply.der", &pair.reply);
    let inspect = |arguments: &str| {
        let arguments = format!("--ca-certs getcacert.der {arguments}");
        Program::run(scratch.path(), example("inspect"), &arguments)
            .exits(0)
            .text()
    };
    let printed = inspect("--request request.der reply.der");
    assert_names_all(&printed, &pair);
    // The code is told where it stands, too.
    for line in [
        "\n  failInfo           badMessageCheck (1)\n",
        "\n  Microsoft's code   0x80090005 (NTE_BAD_DATA)\n    meaning            A message cannot be decrypted: ",
        "\n  finding            error recipient-may-not-decrypt: ",
        "\n  finding            error not-decrypted: ",
    ] {
        assert!(printed.contains(line), "{line:?}\n{printed}");
    }
    // What is configured, and what the device asks for.
    scratch.write("device.csr", Parties::new().csr.as_der());
    let printed = inspect(
        "--subject CN=client-2048,O=Peer,C=US --alt-name a --purpose 1.2.3 --key-bits 1 device.csr",
    );
    let told = printed.matches("\n  finding            warning not-as-configured: ");
    assert_eq!(told.count(), 4, "{printed}");
    // The same, encrypted to the right one.
    let right = encrypted_to(&Parties::new(), &pair.certificates[1]);
    scratch.write("right.der", &right);
    let printed = inspect("right.der");
    assert!(!printed.contains("recipient-"), "{printed}");
}

/// A POST with its response, as a capture has them.
fn captured(request: &[u8], status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut capture = format!(
        "POST /certsrv/mscep/mscep.dll/pkiclient.exe?operation=PKIOperation HTTP/1.1\r\nHost: ndes.example\r\n\
         Content-Type: application/x-pki-message\r\nContent-Length: {}\r\n\r\n",
        request.len()
    )
    .into_bytes();
    capture.extend_from_slice(request);
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    capture.extend_from_slice(head.as_bytes());
    capture.extend_from_slice(body);
    capture
}

const MESSAGE: &str = "Content-Type: application/x-pki-message\r\n";

#[test]
fn a_capture_of_a_pair_is_judged_as_the_pair() {
    let pair = Pair::new();
    let capture = captured(&pair.request, "200 OK", MESSAGE, &pair.reply);
    let (text, json, decoded) = shown(&capture, &pair.beside());
    assert!(decoded);
    assert_names_all(&text, &pair);
    assert_eq!(json["operation"], "PKIOperation");
    assert_eq!(json["request"]["message_type_name"], "PKCSReq");
    assert_eq!(json["response"]["message_type_name"], "CertRep");
    assert_eq!(
        (&json["status"], &json["method"]),
        (&200.into(), &"POST".into())
    );
    assert!(!codes(&json).contains(&"content-type"));
}

#[test]
fn status_body_and_media_type_of_a_response_are_judged() {
    let pair = Pair::new();
    let page = b"<html><title>403</title></html>";
    let judged = |status, headers, body: &[u8]| {
        let capture = captured(&pair.request, status, headers, body);
        let (_, json, decoded) = shown(&capture, &Beside::default());
        let of_http = |code: &&str| {
            code.starts_with("http-") || code.contains("body") || *code == "content-type"
        };
        let codes: Vec<String> = codes(&json)
            .into_iter()
            .filter(of_http)
            .map(str::to_owned)
            .collect();
        (codes, decoded)
    };
    let html = "Content-Type: text/html\r\n";
    assert_eq!(judged("200 OK", MESSAGE, &pair.reply), (vec![], true));
    assert_eq!(
        judged("403 Forbidden", html, page),
        (vec!["http-403".into()], false)
    );
    assert_eq!(
        judged("200 OK", html, page),
        (vec!["body-is-no-message".into()], false)
    );
    assert_eq!(
        judged("200 OK", html, &pair.reply),
        (vec!["content-type".into()], true)
    );
    assert_eq!(
        judged("200 OK", "", &pair.reply),
        (vec!["content-type".into()], true)
    );
}

#[test]
fn a_response_alone_is_what_its_body_is() {
    let pair = Pair::new();
    let response = |status: &str, body: &[u8]| {
        let head = format!("HTTP/1.0 {status}\r\nContent-Type: text/plain\r\n\r\n");
        let (_, json, _) = shown(&[head.as_bytes(), body].concat(), &Beside::default());
        (json["response"]["kind"].clone(), codes(&json).join(" "))
    };
    let (kind, found) = response("200 OK", b"DES3\nSHA-1\n");
    assert_eq!(
        (kind, found.as_str()),
        ("capabilities".into(), "capabilities-without-post")
    );
    let set = CertsOnly::encode(&pair.certificates[..2], &[]);
    let (kind, found) = response("200 OK", &set);
    assert_eq!(kind, "certs_only");
    assert!(
        found.contains("no-ca") && found.contains("content-type"),
        "{found}"
    );
    let (_, found) = response("500 Internal Server Error", b"");
    assert_eq!(found, "http-500");
}

#[test]
fn an_answer_to_get_ca_cert_is_judged_by_itself() {
    let pair = Pair::new();
    let judged = |body: &[u8]| {
        let (text, json, decoded) = shown(body, &Beside::default());
        assert!(decoded, "{text}");
        let codes = codes(&json);
        assert!(codes.iter().all(|code| text.contains(code)), "{text}");
        (json["kind"].clone(), codes.join(" "))
    };
    let set = |certificates: &[Certificate<'_>]| judged(&CertsOnly::encode(certificates, &[]));
    assert_eq!(set(&pair.certificates), ("certs_only".into(), "".into()));
    let (_, found) = set(&pair.certificates[..2]);
    assert_eq!(found, "no-ca");
    // A CA by itself.
    let ca = |usage| Made::ca("CA", vector!("keys/ca-jscep.key"), usage).self_signed();
    let (kind, found) = judged(ca(CERT_AND_CRL_SIGN).as_der());
    assert_eq!(kind, "certificate");
    assert_eq!(found, "no-encryption-certificate no-signing-certificate");
    assert_eq!(judged(ca(ALL_USES).as_der()).1, "");
    // What was issued to somebody is no such answer.
    let issued = Parties::new().issued;
    assert_eq!(judged(issued.as_der()).1, "");
    assert_eq!(set(&[issued]).1, "");
}

#[test]
fn what_an_answer_shows_is_judged_at_the_time() {
    let period = EXPIRED;
    let ca = Made {
        period,
        ..Made::ca("CA", vector!("keys/ca-jscep.key"), ALL_USES)
    };
    let end = ca.self_signed().validity().unwrap().not_after;
    let at = |now| {
        let beside = Beside {
            now: Some(now),
            ..Beside::default()
        };
        let (_, json, _) = shown(ca.self_signed().as_der(), &beside);
        codes(&json).join(" ")
    };
    assert_eq!(at(end - 31 * 86_400), "");
    assert_eq!(at(end), "certificate-expires-soon");
    assert_eq!(at(end + 1), "certificate-expired");
}

#[test]
fn what_is_damaged_is_told_with_its_place() {
    let mut message = Parties::new().pkcs_req().0;
    let (_, _, decoded) = shown(&message, &Beside::default());
    assert!(decoded);
    // The tag of the version of SignedData, which stands behind the heads of ContentInfo, its type, [0] and SignedData.
    let at = 4 + 11 + 4 + 4;
    assert_eq!(message[at..at + 3], [2, 1, 1]);
    message[at] = 4;
    let (text, json, decoded) = shown(&message, &Beside::default());
    assert!(!decoded);
    assert_eq!(json["offset"], at);
    let place = format!("at byte {at}");
    assert!(text.contains(&place), "{text}");
}

#[test]
fn chunks_are_put_together() {
    let pair = Pair::new();
    let (one, other) = pair.reply.split_at(100);
    let mut response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\
                         Content-Type: application/x-pki-message\r\n\r\n64\r\n"
        .to_vec();
    response.extend_from_slice(one);
    response.extend_from_slice(format!("\r\n{:x}\r\n", other.len()).as_bytes());
    response.extend_from_slice(other);
    let cut = response.clone();
    response.extend_from_slice(b"\r\n0\r\n\r\n");
    for response in [response, cut] {
        let (_, json, decoded) = shown(&response, &Beside::default());
        assert_eq!(json["response"]["kind"], "pki_message");
        assert!(decoded);
    }
}

#[test]
fn a_get_is_read_as_a_url_and_as_a_request_line() {
    let pair = Pair::new();
    let get =
        ClientRequest::pki_operation("http://ca.example/scep", Method::Get, pair.request.clone());
    let target = get.url().strip_prefix("http://ca.example").unwrap();
    for input in [
        get.url().to_owned(),
        format!("GET {target}"),
        format!("GET {target} HTTP/1.1"),
        format!("GET {target} HTTP/1.0\r\nHost: ca.example\r\n\r\n"),
    ] {
        let (text, json, decoded) = shown(input.as_bytes(), &pair.beside());
        assert!(decoded, "{text}");
        assert_eq!(json["request"]["message_type_name"], "PKCSReq");
        assert_eq!(codes(&json)[0], "recipient-may-not-decrypt");
    }
    let cut = &get.url()[..get.url().len() - 100];
    let (text, json, _) = shown(cut.as_bytes(), &pair.beside());
    assert_eq!(codes(&json), ["request-cut"]);
    let sizes = format!("URL of {} bytes", cut.len());
    assert!(text.contains(&sizes), "{text}");
    let (_, json, _) = shown(
        b"GET /scep?operation=GetCACert HTTP/1.1\r\n\r\n",
        &Beside::default(),
    );
    assert_eq!(
        (&json["operation"], codes(&json).len()),
        (&"GetCACert".into(), 0)
    );
}

#[test]
fn capabilities_and_a_policy_stand_beside_a_message() {
    let (request, _) = Parties::new().pkcs_req();
    let judged = |beside: Beside| {
        let (_, json, _) = shown(&request, &beside);
        codes(&json).join(" ")
    };
    let listed = |list: &str| Beside {
        capabilities: Some(Capabilities::parse(list.as_bytes())),
        ..Beside::default()
    };
    assert_eq!(judged(listed("SCEPStandard")), "");
    assert_eq!(judged(listed("SCEPStandard\nSHA-1")), "");
    let found = judged(listed("POSTPKIOperation\nSHA-1\nAES"));
    assert_eq!(found, "algorithm-not-offered");
    let with = |policy| Beside {
        policy: Some(policy),
        ..Beside::default()
    };
    assert_eq!(judged(with(Policy::strict())), "");
    let only_oaep = scep::crypto::TransportSet::of(&[scep::crypto::TransportScheme::RsaOaep]);
    let found = judged(with(Policy::strict().with_transports(only_oaep)));
    assert_eq!(found, "algorithm-not-allowed");
}

#[test]
fn what_is_configured_stands_beside_a_csr_and_an_answer_to_get_ca_cert() {
    let csr = Parties::new().csr;
    let judged = |profile| {
        let beside = Beside {
            profile,
            ..Beside::default()
        };
        codes(&shown(csr.as_der(), &beside).1).join(" ")
    };
    let named = |name: &'static [&'static str]| judged(Profile::new().alt_names(name));
    assert_eq!(named(&["c2048.test.example"]), "");
    assert_eq!(named(&["c4096.test.example"]), "not-as-configured");
    let ca = Made::ca("CA", vector!("keys/ca-jscep.key"), ALL_USES).self_signed();
    let with = |thumbprint| {
        let beside = Beside {
            thumbprint: Some(thumbprint),
            ..Beside::default()
        };
        codes(&shown(ca.as_der(), &beside).1).join(" ")
    };
    let sha1 = FingerprintAlgorithm::Sha1;
    let own = Fingerprint::of(sha1, &ca, &common::provider()).unwrap();
    assert_eq!(with(own), "");
    let other = Fingerprint::from_bytes(&[0; 20]).unwrap();
    assert_eq!(with(other), "thumbprint-unknown");
}

#[test]
fn a_sentence_of_a_log_is_explained() {
    let text = "SCEP: Certificate enroll failed. Result: (0x80091007)";
    let (printed, json, decoded) = shown(text.as_bytes(), &Beside::default());
    assert!(
        decoded && printed.contains("CRYPT_E_HASH_VALUE"),
        "{printed}"
    );
    assert_eq!(
        json["event"]["microsoft_error"]["name"],
        "CRYPT_E_HASH_VALUE"
    );
    assert_eq!(codes(&json), ["logged-failure", "thumbprint-unknown"]);
    let (printed, json, decoded) = shown(b"The update failed: 0x80091007", &Beside::default());
    assert!(
        !decoded && printed.contains("cannot be decoded"),
        "{printed}"
    );
    assert_eq!(json["findings"], Value::Null);
}

#[test]
fn who_seems_to_have_sent_it_is_told() {
    let sent = vector!("sscep-jscep/default.1.req.der");
    let (text, json, _) = shown(sent, &Beside::default());
    let line = "\n  sent by            sscep (the transactionID is the MD5 of the signer's key; ";
    assert!(text.contains(line), "{text}");
    assert_eq!(json["sender"]["program"], "sscep");
    assert_eq!(json["sender"]["certainty"], "likely");
    assert_eq!(json["sender"]["evidence"].as_array().unwrap().len(), 2);
    // The same in another transaction is nobody's.
    let mut forge = Forge::of(sent);
    forge.set(oid::TRANSACTION_ID, printable("1"));
    let parties = Parties::new();
    let message = forge.sign(&parties.client_key);
    let (text, json, _) = shown(&message, &Beside::default());
    let line = "\n  sent by            not recognised\n";
    assert!(text.contains(line), "{text}");
    assert_eq!(json["sender"], Value::Null);
}

#[test]
fn signature_algorithms_and_keys_have_names() {
    let certificate = |text| common::pem(text);
    for (der, algorithm, key) in [
        (
            certificate(vector!("keys/ec-p256.selfsigned.pem")),
            "ecdsa, sha-256",
            "p-256",
        ),
        (
            certificate(vector!("keys/ec-p384.selfsigned.pem")),
            "ecdsa, sha-256",
            "p-384",
        ),
        (
            certificate(vector!("keys/ec-p521.selfsigned.pem")),
            "ecdsa, sha-256",
            "p-521",
        ),
        (
            certificate(vector!("keys/ed25519.selfsigned.pem")),
            "ed25519",
            "ed25519",
        ),
        (
            certificate(vector!("keys/c2048.selfsigned.pem")),
            "rsa-pkcs1v15, sha-256",
            "rsa",
        ),
    ] {
        let (text, ..) = shown(&der, &Beside::default());
        let has = |label: &str, value: &str| {
            text.lines().any(|line| {
                let line = line.trim().strip_prefix(label);
                line.is_some_and(|rest| rest.trim() == value)
            })
        };
        assert!(has("algorithm ", algorithm), "{text}");
        assert!(has("key ", key), "{text}");
    }
}

/// The path of a key among the vectors.
fn key_file(name: &str) -> OsString {
    format!("{}/test-vectors/keys/{name}", env!("CARGO_MANIFEST_DIR")).into()
}

/// A PKCSReq to the CA on P-256 as this policy has it, whose challenge password is "secret".
#[cfg(feature = "ec")]
fn to_a_curve(policy: &Policy) -> Vec<u8> {
    let client = common::certificate(vector!("keys/ec-p256.selfsigned.pem"));
    let key = common::EcKey::from_pkcs8_der(&common::pem(vector!("keys/ec-p256.key"))).unwrap();
    let csr = common::pem(vector!("keys/ec-p256.csr.pem"));
    let csr = scep::UnverifiedCsr::from_der(csr, &Limits::REQUEST).unwrap();
    let csr = csr.verify(&common::provider(), policy).unwrap();
    let ca = common::certificate(vector!("keys/ca-ec.pem"));
    let (signer, roles) = (
        scep::SignerIdentity::new(&client, &key).unwrap(),
        CaRoles::new(&ca),
    );
    let request = RequestBuilder::pkcs_req(&csr, &signer, &roles);
    let request = request.build(&common::provider(), policy, &mut rng());
    request.unwrap().sign(&key, &mut rng()).unwrap().0
}

/// One that is encrypted by key agreement.
#[cfg(feature = "ec")]
fn agreed() -> Vec<u8> {
    to_a_curve(&Policy::default().with_password_prfs(scep::crypto::DigestSet::EMPTY))
}

/// One that is encrypted under the password.
#[cfg(feature = "ec")]
fn under_a_password() -> Vec<u8> {
    let policy = Policy::default()
        .with_password_iterations(1000)
        .with_key_agreement_digests(scep::crypto::DigestSet::EMPTY);
    to_a_curve(&policy)
}

#[cfg(feature = "ec")]
#[test]
fn a_key_on_a_curve_opens_what_it_agreed_on() {
    let request = agreed();
    let scratch = Scratch::new();
    // The form of SEC 1 is inside of PKCS #8.
    let der = common::pem(vector!("keys/ca-ec.key"));
    let start = der.windows(5).position(|five| five == [2, 1, 1, 4, 32]);
    let sec1 = &der[start.unwrap() - 2..];
    let sec1 = pem_rfc7468::encode_string("EC PRIVATE KEY", Default::default(), sec1).unwrap();
    scratch.write("sec1.key", sec1.as_bytes());
    let sec1 = scratch.path().join("sec1.key").into_os_string();
    for (file, opened) in [
        (key_file("ca-ec.key"), true),
        (sec1, true),
        (key_file("ec-p256.key"), false),
        (key_file("c2048.key"), false),
    ] {
        let tools = Tools {
            keys: vec![input::key(&file).unwrap()],
            ..tools(&[])
        };
        let (text, json, _) = shown_with(&tools, &request, &Beside::default());
        let recipient = "  recipient          kari, ecdh, KDF hash sha-256, aes-128-wrap\n";
        assert!(text.contains(recipient), "{text}");
        let recipient = &json["envelope"]["recipients"][0];
        assert_eq!(recipient["key_encryption"], "ecdh");
        assert_eq!(recipient["kdf_hash"], "sha-256");
        assert_eq!(recipient["key_wrap"], "aes-128-wrap");
        assert_eq!(json["envelope"]["opened"], opened, "{file:?}");
        let key = opened.then_some("p-256");
        assert_eq!(json["payload"]["key"].as_str(), key);
    }
}

#[cfg(feature = "ec")]
#[test]
fn a_challenge_opens_what_is_under_it() {
    let request = under_a_password();
    for (passwords, opened) in [
        (&["secret"][..], true),
        (&["other", "secret"], true),
        (&["Secret"], false),
        (&[], false),
    ] {
        let passwords = passwords.iter().map(|one| (*one).to_owned().into());
        let tools = Tools {
            passwords: passwords.collect(),
            ..tools(&[])
        };
        let (text, json, _) = shown_with(&tools, &request, &Beside::default());
        let recipient = "  recipient          pwri, pwri-kek, aes-128-cbc, PBKDF2 with sha-256, 1000 iterations\n";
        assert!(text.contains(recipient), "{text}");
        assert!(!text.contains("secret"), "{text}");
        let recipient = &json["envelope"]["recipients"][0];
        assert_eq!(recipient["key_encryption"], "pwri-kek");
        assert_eq!(recipient["password_cipher"], "aes-128-cbc");
        assert_eq!(recipient["password_prf"], "sha-256");
        assert_eq!(recipient["password_iterations"], 1000);
        assert_eq!(json["envelope"]["opened"], opened);
    }
}

#[cfg(feature = "ec")]
#[test]
#[ignore = "runs the example"]
fn the_program_takes_a_challenge_and_a_key_on_a_curve() {
    let scratch = Scratch::new();
    scratch.write("password.der", &under_a_password());
    scratch.write("agreed.der", &agreed());
    scratch.write("ca.key", vector!("keys/ca-ec.key"));
    let inspect = |arguments: &str| {
        let finished = Program::run(scratch.path(), example("inspect"), arguments);
        finished.exits(0).text()
    };
    for (arguments, opened) in [
        ("--challenge secret password.der", true),
        ("--challenge other password.der", false),
        ("--key ca.key password.der", false),
        ("--key ca.key agreed.der", true),
        ("--challenge secret agreed.der", false),
    ] {
        let printed = inspect(arguments);
        assert_eq!(printed.contains(", opened\n"), opened, "{printed}");
    }
}

#[test]
fn a_key_that_opens_nothing_is_an_error() {
    let error = |name| {
        let error = input::key(&key_file(name)).err();
        let at = |error: String| error.split_once(".key: ").map(|(_, why)| why.to_owned());
        error.and_then(at)
    };
    assert_eq!(error("c2048.key"), None);
    let only_signs = "an Ed25519 key only signs, and opens nothing";
    assert_eq!(error("ed25519.key").as_deref(), Some(only_signs));
    let on_a_curve = if cfg!(feature = "ec") {
        None
    } else {
        Some("a key on a curve needs a build with `--features ec`")
    };
    assert_eq!(error("ca-ec.key").as_deref(), on_a_curve);
}

#[test]
fn garbage_is_no_capture() {
    for input in [
        &b"GET"[..],
        b"GET scep",
        b"FETCH /scep?operation=GetCACaps HTTP/1.1\r\n\r\n",
        b"HTTP/9 nonsense",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
    ] {
        let (text, json, decoded) = shown(input, &Beside::default());
        assert!(!decoded, "{text}");
        assert!(json["error"].is_string(), "{json}");
    }
}
