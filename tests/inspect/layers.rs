//! What is shown of each layer of a message, also where one of them cannot be read.

use super::common::forge::{
    Envelope, Forge, algorithm, certificates_only, dotted, explicit, inside, oaep_id, oid_der,
    printable, sequence, small_integer, tlv,
};
use super::common::{Parties, pem, provider, rng, vector};
use super::{Beside, Tools, codes, key_file, shown, shown_with, tools};
use crate::input;
use scep::crypto::{
    ContentCipher, CryptoError, CryptoRng, DecryptionKey, DigestAlgorithm, KeyTransport,
    SignatureAlgorithm, SigningKey, SubstituteSecret,
};
use scep::{Capabilities, CsrBuilder, oid};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// The key of the CA is at hand.
fn ca_tools() -> Tools {
    Tools {
        keys: vec![input::key(&key_file("ca-jscep.key")).unwrap()],
        ..tools(&[])
    }
}

/// A PKCSReq in which one thing is changed before it is signed again.
fn changed(change: impl FnOnce(&mut Forge)) -> Vec<u8> {
    let parties = Parties::new();
    let mut forge = Forge::of(&parties.pkcs_req().0);
    change(&mut forge);
    forge.sign(&parties.client_key)
}

#[test]
fn an_envelope_that_cannot_be_read_hides_nothing_else() {
    let csr = Parties::new().csr.as_der().to_vec();
    let data = {
        let mut envelope = Envelope::of(&Forge::of(&changed(|_| ())).content.unwrap());
        envelope.outer_type = oid::DATA;
        envelope.to_der()
    };
    for (content, item) in [
        (csr, "ContentInfo.contentType"),
        (vec![0], "ContentInfo"),
        (data, "ContentInfo.contentType"),
    ] {
        let message = changed(|forge| forge.set_content(Some(content)));
        let beside = Beside {
            capabilities: Some(Capabilities::parse(b"POSTPKIOperation\nSHA-1\nAES")),
            ..Beside::default()
        };
        let (text, json, decoded) = shown(&message, &beside);
        assert!(decoded, "{text}");
        assert_eq!(json["message_type_name"], "PKCSReq");
        assert_eq!(json["signature"], "valid");
        assert_eq!(json["signer"]["embedded"], true);
        assert_eq!(json["envelope"], Value::Null);
        let error = &json["envelope_error"];
        assert_eq!(error["item"], item, "{json}");
        assert!(error["offset"].as_u64().unwrap() > 0, "{json}");
        let line = format!(
            "\n  envelope           unreadable: {}\n",
            error["error"].as_str().unwrap()
        );
        assert!(text.contains(&line), "{text}");
        let shown = [
            "\n  messageType  ",
            "\n  transactionID  ",
            "\n  signature  ",
        ];
        assert!(shown.iter().all(|part| text.contains(part)), "{text}");
        assert_eq!(codes(&json), ["algorithm-not-offered"]);
    }
    let (_, json, _) = shown(&changed(|_| ()), &Beside::default());
    assert_eq!(json["envelope_error"], Value::Null);
}

#[test]
fn oaep_that_does_not_say_its_mgf_opens_either_way() {
    let (sha1, sha256) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256);
    let parties = Parties::new();
    let opened = |mgf_digest, written: Vec<u8>| {
        let transport = KeyTransport::RsaOaep {
            digest: sha256,
            mgf_digest,
        };
        let csr = parties.csr.as_der();
        let mut envelope = Envelope::seal(csr, &parties.ca, ContentCipher::Aes128Cbc, transport);
        envelope.key_encryption = written;
        let message = changed(|forge| forge.set_content(Some(envelope.to_der())));
        let (text, json, _) = shown_with(&ca_tools(), &message, &Beside::default());
        assert_eq!(
            text.contains(", opened\n"),
            json["envelope"]["opened"] == true
        );
        json["envelope"]["opened"].clone()
    };
    let absent = || oaep_id(Some(sha256), None, None);
    assert_eq!(opened(sha1, absent()), true);
    // As smallstep writes it.
    assert_eq!(opened(sha256, absent()), true);
    assert_eq!(opened(DigestAlgorithm::Sha512, absent()), false);
    // What is written is meant.
    let written = oaep_id(Some(sha256), Some(sha1), None);
    assert_eq!(opened(sha256, written), false);
}

/// A message of this type whose payload, encrypted to the CA, is anything.
fn with_payload(message_type: &str, payload: &[u8]) -> Vec<u8> {
    let parties = Parties::new();
    let (cipher, transport) = (ContentCipher::Aes128Cbc, KeyTransport::RsaPkcs1v15);
    let envelope = Envelope::seal(payload, &parties.ca, cipher, transport);
    changed(|forge| {
        forge.set(oid::MESSAGE_TYPE, printable(message_type));
        if message_type == "3" {
            forge.set(oid::PKI_STATUS, printable("0"));
        }
        forge.set_content(Some(envelope.to_der()));
    })
}

#[test]
fn a_payload_that_cannot_be_read_was_opened_all_the_same() {
    let parties = Parties::new();
    let csr = parties.csr.as_der();
    let trailing = [csr, b"Xy".as_slice()].concat();
    let certificate = parties.issued.as_der();
    for (message_type, payload, error, item, offset) in [
        (
            "19",
            &trailing[..],
            format!(
                "bytes follow the end of CertificationRequest, at byte {} of the payload",
                csr.len()
            ),
            "CertificationRequest",
            csr.len(),
        ),
        (
            "20",
            b"Zq74",
            "IssuerAndSubject must have tag 30, not 5a, at byte 0 of the payload".into(),
            "IssuerAndSubject",
            0,
        ),
        (
            "3",
            certificate,
            "ContentInfo.contentType must have tag 06, not 30, at byte 4 of the payload".into(),
            "ContentInfo.contentType",
            4,
        ),
    ] {
        let message = with_payload(message_type, payload);
        let (text, json, decoded) = shown_with(&ca_tools(), &message, &Beside::default());
        assert!(decoded);
        assert_eq!(json["envelope"]["opened"], true, "{text}");
        assert_eq!(json["payload"]["kind"], "unreadable");
        assert_eq!(json["payload"]["len"], payload.len());
        let expected = json!({ "error": error, "item": item, "offset": offset });
        assert_eq!(json["payload"]["error"], expected);
        let lines = [
            ", opened\n".to_owned(),
            format!(
                "\n    payload            unreadable, {} bytes\n",
                payload.len()
            ),
            format!("\n      cannot be read     {error}\n"),
        ];
        assert!(lines.iter().all(|line| text.contains(line)), "{text}");
        // Nothing of what is inside.
        assert!(
            !text.contains("Zq74") && !text.contains("5a713734"),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
        // To who has another key it is not opened.
        let other = Tools {
            keys: vec![input::key(&key_file("c3072.key")).unwrap()],
            ..tools(&[])
        };
        let (text, json, _) = shown_with(&other, &message, &Beside::default());
        assert_eq!(json["envelope"]["opened"], false);
        assert_eq!(json["payload"], Value::Null);
        assert!(text.contains("not opened: no key or password at hand fits"));
    }
    let (_, json, _) = shown_with(&ca_tools(), &with_payload("19", csr), &Beside::default());
    assert_eq!(json["payload"]["error"], Value::Null);
    assert_eq!(json["payload"]["kind"], "pkcs10");
}

/// A key that hides that it does not fit, and gives this content key of its own.
struct Hiding {
    content_key: Vec<u8>,
    secret: SubstituteSecret,
}

impl DecryptionKey for Hiding {
    fn public_key(&self) -> Option<&[u8]> {
        None
    }

    fn decrypt_key(
        &self,
        _: KeyTransport,
        _: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        Ok(self.content_key.clone().into())
    }

    fn substitute_secret(&self) -> &SubstituteSecret {
        &self.secret
    }
}

#[test]
fn a_payload_that_can_be_read_goes_before_one_that_cannot() {
    let message = changed(|_| ());
    let envelope = Envelope::of(&Forge::of(&message).content.unwrap());
    let cipher = ContentCipher::Aes128Cbc;
    assert_eq!(
        inside(&envelope.cipher)[0].contents,
        oid::AES128_CBC.as_bytes()
    );
    let iv = inside(&envelope.cipher)[1].contents;
    // By chance the padding is right, once in 256 times.
    let ends_well = |content_key: &[u8; 16]| {
        let mut content = envelope.encrypted_content.clone();
        let ciphers = provider();
        let ciphers = ciphers.content_encryption();
        ciphers
            .decrypt(cipher, content_key, iv, &mut content)
            .unwrap();
        content.ends_with(&[1])
    };
    let content_key = (0_u128..).map(u128::to_be_bytes).find(ends_well).unwrap();
    let hiding = || -> Box<dyn DecryptionKey> {
        Box::new(Hiding {
            content_key: content_key.to_vec(),
            secret: SubstituteSecret::new([0; 32]),
        })
    };
    let kind = |keys| {
        let tools = Tools { keys, ..tools(&[]) };
        let (_, json, _) = shown_with(&tools, &message, &Beside::default());
        json["payload"]["kind"].clone()
    };
    let right = || ca_tools().keys.remove(0);
    assert_eq!(kind(vec![hiding()]), "unreadable");
    assert_eq!(kind(vec![hiding(), right()]), "pkcs10");
    assert_eq!(kind(vec![right(), hiding()]), "pkcs10");
}

#[test]
fn a_cipher_that_is_not_known_is_why_nothing_opens() {
    let gcm = dotted("2.16.840.1.101.3.4.1.6");
    let message = changed(|forge| {
        let mut envelope = Envelope::of(forge.content.as_ref().unwrap());
        envelope.cipher = algorithm(gcm, &[]);
        forge.set_content(Some(envelope.to_der()));
    });
    let (text, json, _) = shown_with(&ca_tools(), &message, &Beside::default());
    assert_eq!(json["envelope"]["opened"], false);
    let why = "2.16.840.1.101.3.4.1.6, not opened: contentEncryptionAlgorithm is 2.16.840.1.101.3.4.1.6, \
               which is unknown\n";
    assert!(text.contains(why), "{text}");
}

#[test]
fn an_empty_answer_to_get_ca_caps_is_a_list_of_none() {
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let get = |operation: &str| format!("GET /scep?operation={operation} HTTP/1.0\r\n\r\n");
    let told = Beside {
        is_get_ca_caps: true,
        ..Beside::default()
    };
    for (input, beside, part) in [
        (get("GetCACaps") + response, Beside::default(), "response"),
        (response.to_owned(), told, "response"),
    ] {
        let (text, json, decoded) = shown(input.as_bytes(), &beside);
        assert!(decoded, "{text}");
        let json = &json[part];
        assert_eq!(json["kind"], "capabilities");
        assert_eq!(json["capabilities"], json!([]));
        let line = "\n  capability         none is listed\n";
        assert!(text.contains(line), "{text}");
    }
    let told = Beside {
        is_get_ca_caps: true,
        ..Beside::default()
    };
    for (body, words) in [
        (&b""[..], json!([])),
        (b"\r\nUnheardOf\n", json!(["UnheardOf"])),
    ] {
        let (text, json, decoded) = shown(body, &told);
        assert!(decoded, "{text}");
        assert_eq!(
            (&json["kind"], &json["capabilities"]),
            (&json!("capabilities"), &words)
        );
    }
    // Without a word that is known, nobody can tell what it is; and an error is no list.
    for input in [
        String::new(),
        get("GetCACert") + response,
        get("GetCACaps") + &response.replace("200 OK", "404 Not Found"),
        response.to_owned(),
    ] {
        let (text, json, decoded) = shown(input.as_bytes(), &Beside::default());
        assert!(!decoded && !text.contains("capability  "), "{text}");
        assert_eq!(json["response"]["capabilities"], Value::Null);
    }
}

#[test]
fn a_code_that_is_no_number_is_shown_as_it_stands() {
    let reply = |fail_info: Vec<u8>, code: Vec<u8>| {
        changed(|forge| {
            forge.set(oid::MESSAGE_TYPE, printable("3"));
            forge.set(oid::PKI_STATUS, printable("2"));
            forge.set(oid::FAIL_INFO, fail_info);
            forge.set(oid::MS_SCEP_ERROR, code);
        })
    };
    let good = || (printable("2"), printable("-2147024809"));
    let (text, json, _) = shown(&reply(good().0, good().1), &Beside::default());
    assert!(!text.contains("unreadable"), "{text}");
    assert_eq!(json["unreadable_attributes"], json!([]));
    assert_eq!(json["other_attributes"], json!([]));
    for (fail_info, code, attribute, value) in [
        (
            printable("badRequest"),
            good().1,
            "failInfo",
            r#""badRequest""#,
        ),
        (vec![2, 1, 2], good().1, "failInfo", "020102"),
        (
            good().0,
            printable("2147942487"),
            "Microsoft's code",
            r#""2147942487""#,
        ),
        (
            good().0,
            printable("0x80070057"),
            "Microsoft's code",
            r#""0x80070057""#,
        ),
    ] {
        let (text, json, decoded) = shown(&reply(fail_info, code), &Beside::default());
        assert!(decoded);
        let expected = json!([{ "attribute": attribute, "value": value }]);
        assert_eq!(json["unreadable_attributes"], expected);
        assert_eq!(json["other_attributes"].as_array().unwrap().len(), 1);
        let line = format!("\n  {attribute:<18} unreadable: {value}\n");
        assert!(text.contains(&line), "{text}");
        let is_fail_info = attribute == "failInfo";
        assert_eq!(json["fail_info"].is_null(), is_fail_info);
        assert_eq!(json["microsoft_error"].is_null(), !is_fail_info);
    }
}

#[test]
fn a_certificate_that_cannot_be_read_is_told_with_its_place() {
    // A version in the place of all that is signed.
    let bad = sequence(&[b"\xa0\x04\x02\x02\0\x02"]);
    let attribute_certificate = explicit(1, &[5, 0]);
    let message = changed(|forge| {
        forge
            .certificates
            .extend([bad.clone(), attribute_certificate])
    });
    let (text, json, decoded) = shown(&message, &Beside::default());
    assert!(decoded, "{text}");
    assert_eq!(json["signature"], "valid");
    let at = message.windows(bad.len()).position(|window| window == bad);
    let error = &json["unreadable_certificates"][0];
    assert_eq!(error["item"], "Certificate", "{error}");
    assert_eq!(error["offset"], at.unwrap() + 2, "{error}");
    assert_eq!(json["unreadable_certificates"].as_array().unwrap().len(), 1);
    let line = format!(
        "\n  certificate        unreadable: {}\n",
        error["error"].as_str().unwrap()
    );
    assert_eq!(text.matches(&line).count(), 1, "{text}");
    assert_eq!(text.matches("\n  certificate  ").count(), 2, "{text}");
    let (_, json, _) = shown(&changed(|_| ()), &Beside::default());
    assert_eq!(json["unreadable_certificates"], json!([]));
    // And in a payload.
    let parties = Parties::new();
    let set = certificates_only(&[parties.issued.as_der(), &bad].concat());
    let (_, json, _) = shown_with(&ca_tools(), &with_payload("3", &set), &Beside::default());
    assert_eq!(json["payload"]["certificates"], 2);
    let unreadable = json["payload"]["unreadable_certificates"].as_array();
    assert_eq!(unreadable.unwrap()[0]["item"], "Certificate");
}

#[test]
fn a_type_of_content_that_a_policy_refuses_is_told() {
    let shown = |content_type| {
        let message = changed(|forge| {
            let mut envelope = Envelope::of(forge.content.as_ref().unwrap());
            envelope.content_type = content_type;
            forge.set_content(Some(envelope.to_der()));
        });
        let (text, json, _) = shown_with(&ca_tools(), &message, &Beside::default());
        assert_eq!(json["envelope"]["opened"], true, "{text}");
        let label = "\n    content type       ";
        let line = text.split_once(label).map(|(_, rest)| rest.lines().next());
        let line = line.flatten().map(str::to_owned);
        let envelope = &json["envelope"];
        (
            line,
            envelope["content_type"].clone(),
            envelope["refused_by"].clone(),
        )
    };
    assert_eq!(shown(oid::DATA), (None, json!("data"), json!([])));
    let line = "encryptedData, refused by --policy strict, default".to_owned();
    let refused_by = json!(["strict", "default"]);
    let expected = (Some(line), json!("encryptedData"), refused_by);
    assert_eq!(shown(oid::ENCRYPTED_DATA), expected);
    let (line, found, refused_by) = shown(oid::ENVELOPED_DATA);
    assert_eq!(found, "1.2.840.113549.1.7.3");
    assert_eq!(refused_by, json!(["strict", "default", "compatible"]));
    assert!(
        line.unwrap()
            .starts_with("1.2.840.113549.1.7.3, refused by ")
    );
}

/// A CSR of the client's, with this challenge password and this subjectAltName.
fn made_csr(challenge: Option<&str>, alt_names: &[u8]) -> Vec<u8> {
    let key = Parties::new().client_key;
    let name = "CN=device".parse().unwrap();
    let mut csr = CsrBuilder::new(&name, SigningKey::public_key(&key).unwrap())
        .extension(oid::SUBJECT_ALT_NAME, alt_names);
    if let Some(challenge) = challenge {
        csr = csr.challenge_password(challenge);
    }
    let csr = csr.build(key.algorithms()[0]).unwrap();
    let csr = csr.sign(&key, &provider(), &mut rng()).unwrap();
    csr.as_der().to_vec()
}

/// What is shown of a CSR in a message and by itself; what the message says of the signer is left out.
fn shown_csr(csr: &[u8]) -> (String, Value) {
    let message = with_payload("19", csr);
    let (text, json, decoded) = shown_with(&ca_tools(), &message, &Beside::default());
    assert!(decoded);
    let (bare, json_of_bare, _) = shown(csr, &Beside::default());
    let mut payload = json["payload"].clone();
    assert_eq!(payload["key_is_signers"], true, "{text}");
    assert!(text.contains("\n      key                rsa, which signed the message\n"));
    assert_eq!(json_of_bare["payload"]["key_is_signers"], Value::Null);
    assert!(bare.contains("\n    key                rsa\n"), "{bare}");
    payload["key_is_signers"] = Value::Null;
    assert_eq!(payload, json_of_bare["payload"]);
    (text, payload)
}

#[test]
fn the_names_in_a_subject_alt_name_are_shown() {
    let upn = sequence(&[
        &oid_der(dotted("1.3.6.1.4.1.311.20.2.3")),
        &explicit(0, &tlv(0x0c, "jürgen@ad".as_bytes())),
    ]);
    let other = sequence(&[&oid_der(dotted("1.2.3")), &explicit(0, &printable("x"))]);
    let names = [
        (tlv(0x82, b"device.example"), "DNS", "device.example"),
        (tlv(0x81, b"a@example"), "email", "a@example"),
        (tlv(0x86, b"urn:x\n"), "URI", "urn:x\\n"),
        (tlv(0x87, &[192, 0, 2, 1]), "IP", "192.0.2.1"),
        (tlv(0x87, &[0; 16]), "IP", "::"),
        (tlv(0x87, &[1, 2, 3]), "IP", "010203"),
        (tlv(0x88, &[0x2a, 3]), "registered ID", "1.2.3"),
        (explicit(0, &upn[2..]), "UPN", "jürgen@ad"),
        (explicit(0, &other[2..]), "other name", "1.2.3"),
    ];
    let der: Vec<u8> = names.iter().flat_map(|(der, ..)| der.clone()).collect();
    let der = sequence(&[&der]);
    let (text, payload) = shown_csr(&made_csr(None, &der));
    let wanted: Vec<Value> = names
        .iter()
        .map(|(_, kind, value)| json!({ "kind": kind, "value": value }))
        .collect();
    let expected = json!([{
        "oid": "2.5.29.17", "critical": false, "len": der.len(), "alt_names": wanted,
    }]);
    assert_eq!(payload["extensions"], expected);
    let mut lines = format!(
        "\n      wants extension    subjectAltName, {} bytes\n",
        der.len()
    );
    for (_, kind, value) in &names {
        lines += &format!("        {kind:<18} {value}\n");
    }
    assert!(text.contains(&lines), "{text}");
    let (_, payload) = shown_csr(&made_csr(None, &[0x30, 1]));
    let found = &payload["extensions"][0]["alt_names"];
    assert_eq!(found[0]["kind"], "unreadable");
    assert_eq!(found.as_array().unwrap().len(), 1);
}

#[test]
fn what_a_challenge_looks_like_is_shown_and_not_the_challenge() {
    let intune = "QUJD".repeat(300);
    for (challenge, kind, told) in [
        (None, "absent", "absent"),
        (Some(""), "empty", "empty"),
        (
            Some("0123456789ABCDEF"),
            "ndes-one-time",
            "present, 16 or 32 digits as NDES gives out",
        ),
        (
            Some(&*intune),
            "intune-blob",
            "present, long base64 as Intune gives out",
        ),
        (Some("chosen by people"), "other", "present, a text"),
    ] {
        let (text, payload) = shown_csr(&made_csr(challenge, &sequence(&[])));
        assert_eq!(payload["challenge_kind"], kind);
        let line = format!("\n      challenge password {told}\n");
        assert!(text.contains(&line), "{text}");
        if let Some(challenge) = challenge.filter(|one| !one.is_empty()) {
            let hidden = |shown: &str| !shown.contains(challenge);
            assert!(hidden(&text) && hidden(&payload.to_string()), "{text}");
        }
    }
}

#[test]
fn another_version_of_a_csr_and_another_signer_are_shown() {
    let parties = Parties::new();
    let csr = parties.csr.as_der();
    let (text, payload) = shown_csr(csr);
    assert_eq!(payload["version"], 0);
    assert!(!text.contains("RFC 2986"), "{text}");
    // As Apple's client of 2016 writes it.
    let parts = inside(csr);
    let fields = inside(parts[0].raw);
    let rest: Vec<u8> = fields[1..]
        .iter()
        .flat_map(|field| field.raw)
        .copied()
        .collect();
    let info = sequence(&[&small_integer(2), &rest]);
    let sha256 = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
    let signature = parties.client_key.sign(sha256, &info, &mut rng()).unwrap();
    let signature = tlv(0x03, &[&[0], &signature[..]].concat());
    let (text, payload) = shown_csr(&sequence(&[&info, parts[1].raw, &signature]));
    assert_eq!(payload["version"], 2);
    let line = "\n      version            2, where RFC 2986 has 0\n";
    assert!(text.contains(line), "{text}");
    // A key that is not the message's.
    let other = with_payload("19", &pem(vector!("keys/c3072.csr.pem")));
    let (text, json, _) = shown_with(&ca_tools(), &other, &Beside::default());
    assert_eq!(json["payload"]["key_is_signers"], false);
    let line = "\n      key                rsa, and another signed the message\n";
    assert!(text.contains(line), "{text}");
}
