//! The openssl program as a judge: what the crate builds it verifies and opens, what it makes the crate reads.
//!
//! Its command line cannot write SCEP's signed attributes, so that what it makes here are the parts: envelopes, inside an
//! outer message that the tests sign, and signed and degenerate bodies without attributes of SCEP. Whole messages that
//! OpenSSL's library made are in test-vectors/openssl-made.
#![cfg(feature = "rustcrypto")]

mod common;
mod live;

use common::forge::Forge;
use common::{
    Algorithms, Built, CIPHERS, DIGESTS, Inside, Parties, certificate, key_transports, pem, pss,
    rng, self_signed, signature_algorithms, vector, widest_policy,
};
use live::Scratch;
use scep::crypto::{
    ContentCipher, DigestAlgorithm, KeyManagement, KeyTransport, SignatureAlgorithm, SigningKey,
};
use scep::{
    Certificate, CertsOnly, CsrBuilder, Encoding, Limits, NextCaCertificates, RequestBuilder,
    SignerIdentity,
};

/// The parties, under the widest policy, with their keys and certificates in files.
fn start() -> (Parties, Scratch) {
    let mut parties = Parties::new();
    parties.policy = widest_policy();
    let scratch = Scratch::new();
    scratch.write("ca.pem", vector!("keys/ca-jscep.pem"));
    scratch.write("ca.key", vector!("keys/ca-jscep.key"));
    scratch.write("next.pem", vector!("keys/ca-jscep-next.pem"));
    scratch.write("client.pem", vector!("keys/c2048.selfsigned.pem"));
    scratch.write("client.key", vector!("keys/c2048.key"));
    (parties, scratch)
}

/// OpenSSL 3 has single DES in a provider of its own.
#[cfg(feature = "legacy")]
const WITH_DES: &str = "-provider legacy -provider default";

/// Has openssl verify a message and, if it is encrypted, open it with these further options.
fn judge(scratch: &Scratch, what: &str, message: &Built, options: &str) {
    let what = &format!("{what}: {}", message.name);
    let verify = "cms -verify -inform DER -in message -noverify -binary -out content";
    scratch.write("message", &message.bytes);
    if message.inside == Inside::Nothing {
        // OpenSSL takes an absent content only as a detached one, here of no bytes.
        scratch.write("empty", &[]);
        scratch.openssl(what, &format!("{verify} -content empty"));
        assert!(!scratch.run(verify).status.success(), "{what}: has content");
        assert_eq!(scratch.read("content"), [], "{what}");
        return;
    }
    scratch.openssl(what, verify);
    let (role, payload) = match &message.inside {
        Inside::Signed(content) => {
            assert_eq!(scratch.read("content"), *content, "{what}");
            return;
        }
        Inside::ForCa(payload) => ("ca", payload),
        Inside::ForClient(payload) => ("client", payload),
        Inside::Nothing => unreachable!(),
    };
    let decrypt = format!(
        "cms -decrypt -inform DER -in content -inkey {role}.key -recip {role}.pem -binary -out payload {options}"
    );
    scratch.openssl(what, &decrypt);
    assert_eq!(scratch.read("payload"), *payload, "{what}");
}

#[test]
#[ignore = "needs the openssl program"]
fn every_message_in_every_signature_algorithm_and_cipher() {
    let (parties, scratch) = start();
    // 17 transports over 32 pairs: each message type meets every one of them too.
    let mut transports = key_transports().into_iter().cycle();
    for signature in signature_algorithms(&DIGESTS) {
        for cipher in CIPHERS {
            let algorithms = Algorithms {
                signature,
                cipher,
                transport: transports.next().unwrap(),
            };
            let messages = parties.every_message(algorithms);
            assert_eq!(messages.len(), 10);
            for message in &messages {
                judge(&scratch, &format!("{algorithms:?}"), message, "");
            }
        }
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn a_request_in_every_combination() {
    let (parties, scratch) = start();
    let roles = parties.roles();
    for signature in signature_algorithms(&DIGESTS) {
        let signer = SignerIdentity::remote(&parties.client, &[signature]);
        for cipher in CIPHERS {
            for transport in key_transports() {
                let builder = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles)
                    .digest(signature.digest())
                    .content_cipher(cipher)
                    .key_transport(transport);
                let message = Built {
                    name: "PKCSReq",
                    bytes: parties.send(builder).0,
                    inside: Inside::ForCa(parties.csr.as_der().to_vec()),
                };
                let what = format!("{signature:?} {cipher:?} {transport:?}");
                judge(&scratch, &what, &message, "");
            }
        }
    }
}

#[cfg(feature = "legacy")]
#[test]
#[ignore = "needs the openssl program"]
fn every_message_in_md5_and_des() {
    let (parties, scratch) = start();
    let md5 = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Md5);
    let sha256 = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
    for (signature, cipher) in [
        (md5, ContentCipher::DesCbc),
        (md5, ContentCipher::Aes128Cbc),
        (sha256, ContentCipher::DesCbc),
    ] {
        let algorithms = Algorithms {
            signature,
            cipher,
            transport: KeyTransport::RsaPkcs1v15,
        };
        for message in parties.every_message(algorithms) {
            judge(&scratch, &format!("{algorithms:?}"), &message, WITH_DES);
        }
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn certificates_only() {
    let (parties, scratch) = start();
    let certificates = [parties.issued.clone(), parties.ca.clone()];
    let body = CertsOnly::encode(&certificates, &[parties.crl()]);
    scratch.write("body", &body);
    let print = "pkcs7 -inform DER -in body -print_certs -out printed";
    scratch.openssl("certs-only", print);
    let printed = scratch.read("printed");
    let printed = String::from_utf8(printed).unwrap();
    let mut found: Vec<Vec<u8>> = printed
        .split_inclusive("-----END CERTIFICATE-----\n")
        .filter_map(|part| Some(pem(&part.as_bytes()[part.find("-----BEGIN CERT")?..])))
        .collect();
    found.sort();
    let mut expected = certificates.map(|certificate| certificate.as_der().to_vec());
    expected.sort();
    assert_eq!(found, expected);
    assert!(printed.contains("-----BEGIN X509 CRL-----"), "{printed}");
}

#[test]
#[ignore = "needs the openssl program"]
fn signer_certificates_and_csrs() {
    let (parties, scratch) = start();
    let key = &parties.client_key;
    let subject: x509_cert::name::Name = "CN=密码\\, device,O=Test,C=US".parse().unwrap();
    for signature in key.algorithms() {
        let what = &format!("{signature:?}");
        for password in ["secret", "", "密码 🔑"] {
            let csr = CsrBuilder::new(&subject, key.public_key_der())
                .challenge_password(password)
                .build(*signature)
                .unwrap()
                .sign(key, &parties.provider, &mut rng())
                .unwrap();
            scratch.write("csr", csr.as_der());
            let text = scratch.openssl(what, "req -inform DER -in csr -verify -noout -text");
            assert!(text.contains("self-signature verify OK"), "{what}: {text}");
        }

        let certificate = built_signer(&parties, *signature);
        scratch.write("signer.der", certificate.as_der());
        scratch.openssl(what, "x509 -inform DER -in signer.der -out signer.pem");
        // MD5 and SHA-1 are beneath OpenSSL's default security level.
        let verify = "verify -check_ss_sig -x509_strict -auth_level 0 -attime 1770000000 -CAfile signer.pem signer.pem";
        scratch.openssl(what, verify);
    }
}

fn built_signer(parties: &Parties, signature: SignatureAlgorithm) -> Certificate<'static> {
    if signature == parties.client_key.algorithms()[0] {
        return self_signed(&parties.client_key, "CN=client-2048");
    }
    let subject: x509_cert::name::Name = "CN=client-2048".parse().unwrap();
    let validity = scep::Validity {
        not_before: 1_767_225_600,
        not_after: 1_798_761_600,
    };
    let key = &parties.client_key;
    scep::SignerCertificateBuilder::new(&subject, key.public_key_der(), validity)
        .build(signature, &parties.provider, &mut rng())
        .unwrap()
        .sign(key, &parties.provider, &mut rng())
        .unwrap()
}

/// The names of openssl's command line.
fn name_of(digest: DigestAlgorithm) -> &'static str {
    match digest {
        DigestAlgorithm::Sha1 => "sha1",
        DigestAlgorithm::Sha256 => "sha256",
        DigestAlgorithm::Sha384 => "sha384",
        DigestAlgorithm::Sha512 => "sha512",
        other => panic!("{other:?}"),
    }
}

/// Opens an envelope that openssl made, inside an outer message that is signed here.
fn open_envelope(parties: &Parties, message: &Forge, envelope: &[u8]) -> scep::Request {
    let mut message = message.clone();
    message.set_content(Some(envelope.to_vec()));
    let opened = parties.receive(&message.sign(&parties.client_key));
    assert_eq!(opened.csr().unwrap().as_der(), parties.csr.as_der());
    opened
}

#[test]
#[ignore = "needs the openssl program"]
fn envelopes_of_openssl_open() {
    let (parties, scratch) = start();
    let message = Forge::of(&parties.pkcs_req().0);
    scratch.write("csr", parties.csr.as_der());
    let mut options = vec![(KeyTransport::RsaPkcs1v15, String::new())];
    for digest in DIGESTS {
        for mgf_digest in DIGESTS {
            options.push((
                KeyTransport::RsaOaep { digest, mgf_digest },
                format!(
                    "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:{} -keyopt rsa_mgf1_md:{}",
                    name_of(digest),
                    name_of(mgf_digest)
                ),
            ));
        }
    }
    for (cipher, flag) in [
        (ContentCipher::TripleDesCbc, "-des3"),
        (ContentCipher::Aes128Cbc, "-aes128"),
        (ContentCipher::Aes192Cbc, "-aes192"),
        (ContentCipher::Aes256Cbc, "-aes256"),
    ] {
        for (transport, keyopt) in &options {
            for (encoding, stream) in [(Encoding::Der, ""), (Encoding::Ber, "-stream -indef")] {
                for identifier in ["", "-keyid"] {
                    let arguments = format!(
                        "cms -encrypt -binary -in csr -outform DER -out envelope {flag} {stream} {identifier} -recip ca.pem {keyopt}"
                    );
                    scratch.openssl("encrypt", &arguments);
                    let envelope = scratch.read("envelope");
                    let opened = open_envelope(&parties, &message, &envelope);
                    assert_eq!(opened.content_cipher(), cipher, "{arguments}");
                    assert_eq!(
                        opened.key_management(),
                        KeyManagement::Transport(*transport),
                        "{arguments}"
                    );
                    let ends = envelope.ends_with(&[0, 0, 0, 0]);
                    assert_eq!(ends, encoding == Encoding::Ber, "{arguments}");
                }
            }
        }
    }
}

#[cfg(feature = "legacy")]
#[test]
#[ignore = "needs the openssl program"]
fn des_envelopes_of_openssl_open() {
    let (parties, scratch) = start();
    let message = Forge::of(&parties.pkcs_req().0);
    scratch.write("csr", parties.csr.as_der());
    scratch.openssl(
        "encrypt",
        &format!("cms -encrypt -binary -in csr -outform DER -out envelope -des-cbc -recip ca.pem {WITH_DES}"),
    );
    let opened = open_envelope(&parties, &message, &scratch.read("envelope"));
    assert_eq!(opened.content_cipher(), ContentCipher::DesCbc);
}

#[test]
#[ignore = "needs the openssl program"]
fn signatures_and_sets_of_openssl_verify() {
    let (parties, scratch) = start();
    let next = certificate(vector!("keys/ca-jscep-next.pem"));
    scratch.openssl(
        "certs-only",
        "crl2pkcs7 -nocrl -certfile next.pem -outform DER -out set",
    );
    let set = scratch.read("set");
    let set = CertsOnly::parse(&set[..], &Limits::REPLY).unwrap();
    assert_eq!(set.certificates().collect::<Vec<_>>(), [Ok(next.clone())]);
    // OpenSSL 3.0 cannot write PSS and stream at once.
    let forms = [
        ("", ""),
        ("", "-stream -indef"),
        ("-keyopt rsa_padding_mode:pss", ""),
        (
            "-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:11",
            "",
        ),
    ];
    for digest in DIGESTS.map(name_of) {
        for (scheme, stream) in forms {
            for flags in [
                "",
                "-keyid",
                "-nocerts",
                "-noattr",
                "-econtent_type 1.2.840.113549.1.7.2",
            ] {
                let arguments = format!(
                    "cms -sign -nodetach -binary -in set -signer ca.pem -inkey ca.key -md {digest} {scheme} {stream} {flags} -outform DER -out body"
                );
                scratch.openssl("sign", &arguments);
                let body = scratch.read("body");
                let body = NextCaCertificates::parse(&body[..], &Limits::REPLY).unwrap();
                let ber = body.encoding() == Encoding::Ber;
                assert_eq!(ber, !stream.is_empty(), "{arguments}");
                let set = body
                    .verify(&[&parties.ca], &parties.provider, &parties.policy)
                    .unwrap_or_else(|error| panic!("{arguments}: {error}"));
                assert_eq!(set.certificates().collect::<Vec<_>>(), [Ok(next.clone())]);
            }
        }
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn openssl_refuses_what_was_changed() {
    // That the judge judges.
    let (parties, scratch) = start();
    let mut message = Forge::of(&parties.pkcs_req().0);
    message.set_signature(pss(DigestAlgorithm::Sha384));
    let good = message.sign(&parties.client_key);
    let verify = "cms -verify -inform DER -in message -noverify -binary -out content";
    scratch.write("message", &good);
    scratch.openssl("a good message", verify);
    message.content.as_mut().unwrap()[200] ^= 1;
    scratch.write("message", &message.sign(&parties.client_key));
    assert!(!scratch.run(verify).status.success());
}
