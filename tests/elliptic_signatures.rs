//! Keys on elliptic curves sign: CSRs, certificates, requests and replies; and what a policy makes of them.
#![cfg(feature = "ec")]

mod common;
mod live;

use common::{EcKey, Ed25519Key, Parties, certificate, pem, provider, rng, vector};
use live::Scratch;
use scep::crypto::{
    CurveSet, DigestAlgorithm, DigestSet, EllipticCurve, Policy, SignatureAlgorithm,
    SignatureScheme, SigningKey,
};
use scep::{
    CertRep, Certificate, CertificateSignatureError, Csr, CsrBuilder, CsrError, FailInfo, Limits,
    PkiMessage, Refused, Request, RequestBuilder, SignerCertificateBuilder, SignerIdentity,
    SignerTrust, UnverifiedCsr, Validity, VerifyError, oid,
};
use std::str::FromStr;
use x509_cert::name::Name;

use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, EcdsaSha512, Ed25519};

/// A client: its key, a certificate that OpenSSL signed with it, and OpenSSL's CSR.
struct Client {
    key: Box<dyn SigningKey>,
    certificate: Certificate<'static>,
    csr: Vec<u8>,
    /// What OpenSSL signed the CSR with.
    signed: SignatureAlgorithm,
}

fn ec_key(text: &[u8]) -> EcKey {
    EcKey::from_pkcs8_der(&pem(text)).unwrap()
}

fn clients() -> [Client; 4] {
    [
        Client {
            key: Box::new(ec_key(vector!("keys/ec-p256.key"))),
            certificate: certificate(vector!("keys/ec-p256.selfsigned.pem")),
            csr: pem(vector!("keys/ec-p256.csr.pem")),
            signed: EcdsaSha256,
        },
        Client {
            key: Box::new(ec_key(vector!("keys/ec-p384.key"))),
            certificate: certificate(vector!("keys/ec-p384.selfsigned.pem")),
            csr: pem(vector!("keys/ec-p384.csr.pem")),
            signed: EcdsaSha384,
        },
        Client {
            key: Box::new(ec_key(vector!("keys/ec-p521.key"))),
            certificate: certificate(vector!("keys/ec-p521.selfsigned.pem")),
            csr: pem(vector!("keys/ec-p521.csr.pem")),
            signed: EcdsaSha512,
        },
        Client {
            key: Box::new(Ed25519Key::from_pkcs8_der(&pem(vector!("keys/ed25519.key"))).unwrap()),
            certificate: certificate(vector!("keys/ed25519.selfsigned.pem")),
            csr: pem(vector!("keys/ed25519.csr.pem")),
            signed: Ed25519,
        },
    ]
}

fn read_csr(der: &[u8], policy: &Policy) -> Result<Csr, CsrError> {
    UnverifiedCsr::from_der(der.to_vec(), &Limits::REQUEST)
        .unwrap()
        .verify(&provider(), policy)
}

/// A PKCSReq of the client's to an RSA CA.
fn pkcs_req(parties: &Parties, client: &Client, signature: SignatureAlgorithm) -> Vec<u8> {
    let csr = read_csr(&client.csr, &Policy::strict()).unwrap();
    let signer = SignerIdentity::remote(&client.certificate, &[signature]);
    let request = RequestBuilder::pkcs_req(&csr, &signer, &parties.roles())
        .digest(signature.digest())
        .build(&parties.provider, &Policy::strict(), &mut rng());
    let (bytes, _) = request.unwrap().sign(&*client.key, &mut rng()).unwrap();
    bytes
}

fn verify(bytes: &[u8], policy: &Policy) -> Result<SignatureAlgorithm, VerifyError> {
    let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued();
    let verified = message.verify(&provider(), policy, &trust)?;
    Ok(verified.signature_algorithm())
}

fn receive(parties: &Parties, bytes: &[u8]) -> Request {
    let trust = SignerTrust::new().self_issued();
    PkiMessage::parse(bytes, &Limits::REQUEST)
        .unwrap()
        .receive(
            &parties.provider,
            &Policy::strict(),
            &trust,
            &parties.ca_recipients(),
            &mut rng(),
        )
        .unwrap()
}

#[test]
fn what_openssl_signed_verifies() {
    for client in clients() {
        let csr = read_csr(&client.csr, &Policy::strict()).unwrap();
        assert_eq!(csr.signature_algorithm(), client.signed);
        assert_eq!(Some(csr.public_key_der()), client.key.public_key());
    }
    let ca = certificate(vector!("keys/ca-ec.pem"));
    let verified = ca.verify_issued_by(&ca, &provider(), &Policy::strict());
    assert_eq!(verified, Ok(()));
    let mut changed = ca.as_der().to_vec();
    *changed.last_mut().unwrap() ^= 1;
    let changed = Certificate::from_der(changed).unwrap();
    assert_eq!(
        changed.verify_issued_by(&ca, &provider(), &Policy::strict()),
        Err(CertificateSignatureError::Invalid)
    );
}

#[test]
fn a_request_is_signed_with_every_algorithm_of_every_key() {
    let parties = Parties::new();
    for client in clients() {
        for signature in client.key.algorithms() {
            let bytes = pkcs_req(&parties, &client, *signature);
            let request = receive(&parties, &bytes);
            assert_eq!(request.signature_algorithm(), *signature);
            assert_eq!(request.digest(), signature.digest());
            assert_eq!(request.signer_has_csr_key(), Some(true));
        }
    }
}

#[test]
fn a_changed_message_does_not_verify() {
    let parties = Parties::new();
    for client in clients() {
        let mut bytes = pkcs_req(&parties, &client, client.key.algorithms()[0]);
        // The last byte is the signature's.
        *bytes.last_mut().unwrap() ^= 1;
        assert_eq!(
            verify(&bytes, &Policy::strict()),
            Err(VerifyError::Signature)
        );
    }
}

#[test]
fn the_digest_of_the_message_is_that_of_the_signature() {
    let parties = Parties::new();
    for client in clients() {
        let signature = client.key.algorithms()[0];
        let mut bytes = pkcs_req(&parties, &client, signature);
        let (from, digest, to) = match signature.digest() {
            DigestAlgorithm::Sha384 => (oid::SHA384, DigestAlgorithm::Sha512, oid::SHA512),
            DigestAlgorithm::Sha256 => (oid::SHA256, DigestAlgorithm::Sha384, oid::SHA384),
            _ => (oid::SHA512, DigestAlgorithm::Sha256, oid::SHA256),
        };
        let len = from.as_bytes().len();
        for at in 0..bytes.len() - len {
            if bytes[at..at + len] == *from.as_bytes() {
                bytes[at..at + len].copy_from_slice(to.as_bytes());
            }
        }
        assert_eq!(
            verify(&bytes, &Policy::strict()),
            Err(VerifyError::DigestMismatch {
                signer_info: digest,
                signature: signature.digest()
            })
        );
    }
}

#[test]
fn a_policy_refuses_schemes_curves_and_digests_by_name() {
    let parties = Parties::new();
    let [p256, _, _, ed25519] = clients();
    let (on_p256, on_ed25519) = (
        pkcs_req(&parties, &p256, EcdsaSha256),
        pkcs_req(&parties, &ed25519, Ed25519),
    );
    let strict = Policy::strict();
    let refused = |refused| Err(VerifyError::Refused(refused));
    let without =
        |scheme| strict.with_signature_schemes(strict.signature_schemes().without(scheme));

    let no_ecdsa = without(SignatureScheme::Ecdsa);
    assert_eq!(
        verify(&on_p256, &no_ecdsa),
        refused(Refused::Signature(oid::ECDSA_WITH_SHA256))
    );
    assert_eq!(verify(&on_ed25519, &no_ecdsa), Ok(Ed25519));

    let no_ed25519 = without(SignatureScheme::Ed25519);
    assert_eq!(
        verify(&on_ed25519, &no_ed25519),
        refused(Refused::Signature(oid::ED25519))
    );
    assert_eq!(verify(&on_p256, &no_ed25519), Ok(EcdsaSha256));

    let only_p384 = strict.with_curves(CurveSet::of(&[EllipticCurve::P384]));
    assert_eq!(
        verify(&on_p256, &only_p384),
        refused(Refused::Curve(oid::SECP256R1))
    );
    assert_eq!(verify(&on_ed25519, &only_p384), Ok(Ed25519));

    let only_sha256 = strict.with_message_digests(DigestSet::of(&[DigestAlgorithm::Sha256]));
    assert_eq!(
        verify(&on_ed25519, &only_sha256),
        refused(Refused::MessageDigest(oid::SHA512))
    );
    assert_eq!(verify(&on_p256, &only_sha256), Ok(EcdsaSha256));

    // The same of a CSR.
    assert_eq!(
        read_csr(&p256.csr, &no_ecdsa).unwrap_err(),
        CsrError::Refused(Refused::CsrSignature(oid::ECDSA_WITH_SHA256))
    );
    assert_eq!(
        read_csr(&p256.csr, &only_p384).unwrap_err(),
        CsrError::Refused(Refused::Curve(oid::SECP256R1))
    );
    let only_sha256 = strict.with_csr_digests(DigestSet::of(&[DigestAlgorithm::Sha256]));
    assert_eq!(
        read_csr(&ed25519.csr, &only_sha256).unwrap_err(),
        CsrError::Refused(Refused::CsrSignature(oid::ED25519))
    );
}

#[test]
fn a_key_builds_its_own_csr_and_certificate() {
    let name = Name::from_str("CN=device,O=Example").unwrap();
    let validity = Validity {
        not_before: 1_795_465_365,
        not_after: 2_600_000_000,
    };
    let provider = provider();
    for client in clients() {
        let public_key = client.key.public_key().unwrap();
        for algorithm in client.key.algorithms() {
            let unsigned = CsrBuilder::new(&name, public_key)
                .build(*algorithm)
                .unwrap();
            let csr = unsigned.sign(&*client.key, &provider, &mut rng()).unwrap();
            let csr = read_csr(csr.as_der(), &Policy::strict()).unwrap();
            assert_eq!(csr.signature_algorithm(), *algorithm);

            let certificate = SignerCertificateBuilder::new(&name, public_key, validity)
                .build(*algorithm, &provider, &mut rng())
                .unwrap()
                .sign(&*client.key, &provider, &mut rng())
                .unwrap();
            let usage = certificate.key_usage().unwrap();
            assert!(usage.digital_signature() && !usage.key_encipherment());
            assert_eq!(usage.key_agreement(), *algorithm != Ed25519);
        }
    }
}

#[test]
fn a_ca_on_a_curve_answers_in_the_digest_of_the_request() {
    let parties = Parties::new();
    let ca = certificate(vector!("keys/ca-ec.pem"));
    let ca_key = ec_key(vector!("keys/ca-ec.key"));
    let signer = SignerIdentity::new(&ca, &ca_key).unwrap();
    for digest in [
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha512,
        DigestAlgorithm::Sha1,
    ] {
        let identity = parties.client_signer();
        let roles = parties.roles();
        let builder = RequestBuilder::pkcs_req(&parties.csr, &identity, &roles).digest(digest);
        let (bytes, pending) = parties.send(builder);
        let request = parties.receive(&bytes);
        let failure = request.reply(&parties.provider, &signer).failure(
            FailInfo::BadRequest,
            None,
            &mut rng(),
        );
        let reply = failure.unwrap().sign(&ca_key, &mut rng()).unwrap();
        let message = PkiMessage::parse(&reply, &Limits::REPLY).unwrap();
        let roles = scep::CaRoles::new(&ca);
        let accepted = pending.accept(&message, &roles, &parties.provider, &parties.policy);
        let Ok(CertRep::Failure(failure)) = accepted else {
            panic!("{accepted:?}");
        };
        assert_eq!(failure.info(), Some(FailInfo::BadRequest));
        // There is no ECDSA with SHA-1 here, so that such a request is answered in what is written by default.
        let expected = match digest {
            DigestAlgorithm::Sha384 => EcdsaSha384,
            DigestAlgorithm::Sha512 => EcdsaSha512,
            _ => EcdsaSha256,
        };
        let signers = [ca.borrowed()];
        let report =
            scep::inspect::signature(&message, &parties.provider, &parties.policy, &signers);
        assert_eq!(report.unwrap().algorithm, Ok(expected));
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn openssl_verifies_what_keys_on_curves_signed() {
    let parties = Parties::new();
    let scratch = Scratch::new();
    scratch.write("ca.pem", vector!("keys/ca-jscep.pem"));
    scratch.write("ca.key", vector!("keys/ca-jscep.key"));
    for client in clients() {
        for signature in client.key.algorithms() {
            let what = format!("{signature:?}");
            let name = Name::from_str("CN=device").unwrap();
            let csr = CsrBuilder::new(&name, client.key.public_key().unwrap());
            let csr = csr.build(*signature).unwrap();
            let csr = csr.sign(&*client.key, &parties.provider, &mut rng());
            scratch.write("csr", csr.unwrap().as_der());
            let verified = scratch.openssl(&what, "req -verify -inform DER -in csr -noout");
            assert!(verified.contains("verify OK"), "{what}: {verified}");
            if *signature == Ed25519 {
                // OpenSSL 3.0 has no Ed25519 in CMS.
                continue;
            }
            scratch.write("message", &pkcs_req(&parties, &client, *signature));
            scratch.openssl(
                &what,
                "cms -verify -inform DER -in message -noverify -binary -out content",
            );
            scratch.openssl(
                &what,
                "cms -decrypt -inform DER -in content -inkey ca.key -recip ca.pem -binary -out payload",
            );
            assert_eq!(scratch.read("payload"), client.csr, "{what}");
        }
    }
}
