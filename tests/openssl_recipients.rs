//! OpenSSL opens what is encrypted to keys on elliptic curves here, and the other way round. Passwords are in
//! tests/passwords.rs, RSA keys in tests/openssl.rs.
#![cfg(feature = "ec")]

mod common;
mod live;

use common::forge::Forge;
use common::{Parties, certificate, pem, rng, vector};
use live::Scratch;
use scep::crypto::rustcrypto::EcKey;
use scep::crypto::{
    CipherSet, ContentCipher, DigestAlgorithm, DigestSet, KeyAgreement, KeyManagement, KeyWrap,
    KeyWrapSet, Policy, Provider,
};
use scep::{
    CaRoles, Certificate, IssuerAndSerialNumber, Limits, PkiMessage, Recipient, Request,
    RequestBuilder, SignerTrust,
};

const DIGESTS: [(DigestAlgorithm, &str); 4] = [
    (DigestAlgorithm::Sha1, "sha1"),
    (DigestAlgorithm::Sha256, "sha256"),
    (DigestAlgorithm::Sha384, "sha384"),
    (DigestAlgorithm::Sha512, "sha512"),
];

const WRAPS: [(KeyWrap, &str); 3] = [
    (KeyWrap::Aes128, "-aes128-wrap"),
    (KeyWrap::Aes192, "-aes192-wrap"),
    (KeyWrap::Aes256, "-aes256-wrap"),
];

const CIPHERS: [(ContentCipher, &str); 4] = [
    (ContentCipher::TripleDesCbc, "-des3"),
    (ContentCipher::Aes128Cbc, "-aes128"),
    (ContentCipher::Aes192Cbc, "-aes192"),
    (ContentCipher::Aes256Cbc, "-aes256"),
];

/// Somebody whose key is on a curve, with files that OpenSSL reads.
struct Holder {
    name: &'static str,
    certificate: Certificate<'static>,
    key: EcKey,
}

fn holders(scratch: &Scratch) -> [Holder; 3] {
    [
        (
            "p256",
            &vector!("keys/ec-p256.selfsigned.pem")[..],
            &vector!("keys/ec-p256.key")[..],
        ),
        (
            "p384",
            vector!("keys/ec-p384.selfsigned.pem"),
            vector!("keys/ec-p384.key"),
        ),
        (
            "p521",
            vector!("keys/ec-p521.selfsigned.pem"),
            vector!("keys/ec-p521.key"),
        ),
    ]
    .map(|(name, in_pem, key)| {
        scratch.write(&format!("{name}.pem"), in_pem);
        scratch.write(&format!("{name}.key"), key);
        Holder {
            name,
            certificate: certificate(in_pem),
            key: EcKey::from_pkcs8_der(&pem(key)).unwrap(),
        }
    })
}

/// A query of an RSA client, encrypted to the holder under the only algorithms that the policy has.
fn query(parties: &Parties, holder: &Holder, policy: &Policy) -> Vec<u8> {
    let (signer, roles) = (parties.client_signer(), CaRoles::new(&holder.certificate));
    let wanted = IssuerAndSerialNumber::of(&parties.issued);
    let request = RequestBuilder::get_crl(wanted, &signer, &roles);
    let request = request
        .build(&parties.provider, policy, &mut rng())
        .unwrap();
    request.sign(&parties.client_key, &mut rng()).unwrap().0
}

fn open(holder: &Holder, bytes: &[u8]) -> Request {
    let recipient = Recipient::new(&holder.certificate, &holder.key).unwrap();
    let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
    let opened = message.receive(
        &Provider::rustcrypto(),
        &Policy::default(),
        &SignerTrust::new().self_issued(),
        &[recipient],
        &mut rng(),
    );
    opened.unwrap()
}

#[test]
#[ignore = "needs the openssl program"]
fn openssl_opens_what_is_encrypted_to_a_key_on_a_curve() {
    let (parties, scratch) = (Parties::new(), Scratch::new());
    let payload = IssuerAndSerialNumber::of(&parties.issued).to_der();
    for holder in holders(&scratch) {
        let name = holder.name;
        for (digest, _) in DIGESTS {
            for (wrap, _) in WRAPS {
                for (cipher, _) in CIPHERS {
                    let policy = Policy::default()
                        .with_key_agreement_digests(DigestSet::of(&[digest]))
                        .with_key_wraps(KeyWrapSet::of(&[wrap]))
                        .with_content_ciphers(CipherSet::of(&[cipher]));
                    let message = Forge::of(&query(&parties, &holder, &policy));
                    scratch.write("envelope", &message.content.unwrap());
                    let what = format!("{name} {digest:?} {wrap:?} {cipher:?}");
                    let decrypt = format!(
                        "cms -decrypt -inform DER -in envelope -inkey {name}.key -recip {name}.pem -binary -out payload"
                    );
                    scratch.openssl(&what, &decrypt);
                    assert_eq!(scratch.read("payload"), payload, "{what}");
                }
            }
        }
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn what_openssl_encrypts_to_a_key_on_a_curve_opens() {
    let (parties, scratch) = (Parties::new(), Scratch::new());
    let forge = Forge::of(&parties.pkcs_req().0);
    scratch.write("payload", parties.csr.as_der());
    for holder in holders(&scratch) {
        let name = holder.name;
        for (kdf_digest, digest_name) in DIGESTS {
            for (wrap, wrap_name) in WRAPS {
                for (cipher, cipher_name) in CIPHERS {
                    for form in ["", "-keyid", "-stream -indef"] {
                        let encrypt = format!(
                            "cms -encrypt -binary -in payload -outform DER -out envelope {cipher_name} {wrap_name} {form} -recip {name}.pem -keyopt ecdh_kdf_md:{digest_name}"
                        );
                        scratch.openssl("encrypt", &encrypt);
                        let mut forge = forge.clone();
                        forge.set_content(Some(scratch.read("envelope")));
                        let request = open(&holder, &forge.sign(&parties.client_key));
                        let agreement = KeyAgreement::new(kdf_digest, wrap);
                        assert_eq!(
                            request.key_management(),
                            KeyManagement::Agreement(agreement),
                            "{encrypt}"
                        );
                        assert_eq!(request.content_cipher(), cipher, "{encrypt}");
                        assert_eq!(request.csr().unwrap().as_der(), parties.csr.as_der());
                    }
                }
            }
        }
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn one_of_several_recipients_of_openssl_opens() {
    let (parties, scratch) = (Parties::new(), Scratch::new());
    let forge = Forge::of(&parties.pkcs_req().0);
    scratch.write("payload", parties.csr.as_der());
    scratch.write("rsa.pem", vector!("keys/ca-jscep.pem"));
    let holders = holders(&scratch);
    scratch.openssl(
        "encrypt",
        "cms -encrypt -binary -in payload -outform DER -out envelope -aes256 -pwri_password other -recip p384.pem -recip rsa.pem -recip p256.pem -recip p521.pem",
    );
    let mut forge = forge.clone();
    forge.set_content(Some(scratch.read("envelope")));
    let message = forge.sign(&parties.client_key);
    for holder in &holders {
        let request = open(holder, &message);
        assert_eq!(request.key_management().name(), "ecdh");
        assert_eq!(request.csr().unwrap().as_der(), parties.csr.as_der());
    }
    let request = parties.receive(&message);
    assert_eq!(request.key_management().name(), "rsa-pkcs1v15");
}
