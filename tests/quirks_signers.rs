//! Signers as peers make them: throw-away keys, odd certificates, identifiers in another encoding.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{
    Envelope, Forge, NULL, algorithm, issuer_and_serial, oaep_id, octets, printable, sequence, tlv,
};
use common::verdict::{
    BAD_CHECK, around, bad_alg, envelope, good, open, open_error, verify, verify_error,
};
use common::x509::{MadeCertificate, common_name, critical_extension, extension, name};
use common::{Parties, RsaKey, key, rng, vector};
use scep::crypto::{
    ContentCipher, DigestAlgorithm, KeyManagement, KeyTransport, Policy, SignatureAlgorithm,
};
use scep::{
    Certificate, Limits, OpenError, PkiMessage, Refused, Request, RequestBuilder, SignerIdentity,
    SignerMatch, SignerTrust, VerifyError, inspect, oid,
};

use ContentCipher::Aes128Cbc;
use DigestAlgorithm::Sha1;

const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";

/// A key that is not the CSR's.
fn throw_away() -> RsaKey {
    key(vector!("keys/cpend.key"))
}

/// The request of `parties` with another signer, under the default policy.
fn signed_by(parties: &Parties, signer: &Certificate<'_>, key: &RsaKey) -> Request {
    let mut forge = good(parties);
    forge.set_signer(signer);
    open(parties, &Policy::default(), &forge.sign(key)).unwrap()
}

/// Has a request granted, and opens the reply with the signer's key: the certificates inside.
fn granted(parties: &Parties, request: &Request, key: &RsaKey) -> Vec<Certificate<'static>> {
    let reply = parties.grant(request);
    let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    // It is for the signer, and says so byte for byte.
    let ids = Envelope::of(&Forge::of(reply.as_bytes()).content.unwrap());
    assert_eq!(ids.rid, issuer_and_serial(request.signer()));
    let opened = inspect::open_unverified(&reply, &parties.provider, &[key], &mut rng()).unwrap();
    let inspect::PayloadContent::CertsOnly(set) = &opened.content else {
        panic!("{:?}", opened.content);
    };
    set.certificates()
        .map(|certificate| certificate.unwrap().into_owned())
        .collect()
}

/// The self-signed certificate of Windows' enrolment client.
fn windows_signer(key: &RsaKey) -> Certificate<'static> {
    let mut made = MadeCertificate::self_issued(key, "SCEP Protocol Certificate").with_digest(Sha1);
    made.serial = (1..=16).collect();
    let foreign = tlv(0x80, &[0xee; 20]);
    made.extensions = vec![
        critical_extension(
            common::forge::dotted(AUTHORITY_KEY_IDENTIFIER),
            &sequence(&[&foreign]),
        ),
        extension(oid::SUBJECT_KEY_IDENTIFIER, &octets(&[0x11; 20])),
    ];
    made.sign(key)
}

#[test]
fn a_windows_request_is_served() {
    // SHA-1, rsaEncryption, a throw-away key whose certificate is signed in SHA-1 and has a critical, foreign
    // authorityKeyIdentifier; OAEP with empty parameters, AES-128; transactionID the thumbprint in lower case.
    let parties = Parties::new();
    let key = throw_away();
    let signer = windows_signer(&key);
    let digests = parties.provider.digests();
    let thumbprint = digests.digest(Sha1, &[signer.as_der()]).unwrap();
    let id: String = thumbprint
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let sha1 = KeyTransport::RsaOaep {
        digest: Sha1,
        mgf_digest: Sha1,
    };
    let mut envelope = Envelope::seal(parties.csr.as_der(), &parties.ca, Aes128Cbc, sha1);
    envelope.key_encryption = oaep_id(None, None, None);
    let mut forge = good(&parties);
    forge.set_content(Some(envelope.to_der()));
    forge.set_signature(SignatureAlgorithm::RsaPkcs1v15(Sha1));
    forge.set_signer(&signer);
    forge.set(oid::TRANSACTION_ID, printable(&id));
    forge.set(oid::SIGNING_TIME, tlv(0x17, b"260801120000Z"));
    let message = forge.sign(&key);

    let request = open(&parties, &Policy::default(), &message).unwrap();
    assert_eq!(request.signer_match(), SignerMatch::SelfIssued);
    assert_eq!(request.signer_has_csr_key(), Some(false));
    assert_eq!(request.digest(), Sha1);
    assert_eq!(
        request.success_envelope(),
        Ok((Aes128Cbc, KeyManagement::Transport(sha1)))
    );
    assert_eq!(
        granted(&parties, &request, &key),
        std::slice::from_ref(&parties.issued)
    );
    let error = verify_error(&parties, &Policy::strict(), &message);
    assert_eq!(error, bad_alg(Refused::MessageDigest(oid::SHA1)));
}

#[test]
fn odd_self_signed_certificates_are_signers() {
    let parties = Parties::new();
    let key = throw_away();
    let plain = MadeCertificate::self_issued(&key, "odd");
    for (whose, signer) in [
        ("sscep: the 32 digits of an MD5 as serial, no extensions", {
            let mut made = plain.clone();
            made.serial = b"3B9EAF2A9B3C4D5E6F708192A3B4C5D6".to_vec();
            made
        }),
        ("strongSwan: a serial of 21 octets", {
            let mut made = plain.clone();
            made.serial = [&[0][..], &[0xaa; 20]].concat();
            made
        }),
        ("v1", {
            let mut made = plain.clone();
            made.version = None;
            made
        }),
        ("serial 0", {
            let mut made = plain.clone();
            made.serial = vec![0];
            made
        }),
        ("a negative serial", {
            let mut made = plain.clone();
            made.serial = vec![0x80, 1];
            made
        }),
        ("Apple: critical key usages", {
            let mut made = plain.clone();
            let client_auth = sequence(&[&[0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2]]);
            made.extensions = vec![
                critical_extension(oid::KEY_USAGE, &tlv(0x03, &[5, 0xa0])),
                critical_extension(oid::EXT_KEY_USAGE, &client_auth),
            ];
            made
        }),
        ("an unknown critical extension", {
            let mut made = plain.clone();
            made.extensions = vec![critical_extension(common::forge::dotted("1.2.3"), &NULL)];
            made
        }),
        ("expired", {
            let mut made = plain.clone();
            made.validity = ["010101000000Z", "010102000000Z"];
            made
        }),
        ("not yet valid", {
            let mut made = plain.clone();
            made.validity = ["490101000000Z", "491231235959Z"];
            made
        }),
        ("a self-signature that says MD5 and is wrong", {
            let mut made = plain.clone();
            made.signature_algorithm = algorithm(oid::MD5_WITH_RSA, &NULL);
            made
        }),
    ] {
        let signer = signer.sign(&key);
        let request = signed_by(&parties, &signer, &key);
        assert_eq!(request.signer_match(), SignerMatch::SelfIssued, "{whose}");
        assert_eq!(request.signer(), &signer, "{whose}");
        let inside = granted(&parties, &request, &key);
        assert_eq!(inside, std::slice::from_ref(&parties.issued), "{whose}");
    }
}

#[test]
fn a_pkcs_req_may_be_signed_by_the_old_certificate() {
    // How NDES, jscep and sscep renew. Who signed is a fact; a request by a stranger's certificate is refused.
    let parties = Parties::new();
    let old = SignerIdentity::new(&parties.issued, &parties.client_key).unwrap();
    let roles = parties.roles();
    let (message, _) = parties.send(RequestBuilder::pkcs_req(&parties.csr, &old, &roles));
    let request = open(&parties, &Policy::strict(), &message).unwrap();
    assert_eq!(request.signer_match(), SignerMatch::Issuer(0));
    assert_eq!(request.signer(), &parties.issued);
    let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued();
    let verdict = message.verify(&parties.provider, &parties.policy, &trust);
    assert_eq!(verdict.unwrap_err(), VerifyError::UntrustedSigner);
}

// Identifiers.

/// The certificate's issuer and serial number as somebody writes them who decoded both: UTF8String became
/// PrintableString, and the serial number got a zero in front.
fn rewritten(issuer: &str, serial: &[u8]) -> Vec<u8> {
    let issuer = name(&[(common_name(), printable(issuer))]);
    sequence(&[&issuer, &tlv(0x02, serial)])
}

#[test]
fn a_signer_identifier_may_be_in_another_encoding() {
    let parties = Parties::new();
    let key = throw_away();
    let mut made = MadeCertificate::self_issued(&key, "Device 7");
    made.serial = vec![0x8f, 1];
    let signer = made.sign(&key);
    let mut forge = good(&parties);
    forge.set_signer(&signer);
    for sid in [
        rewritten("Device 7", &[0x8f, 1]),
        rewritten("Device 7", &[0, 0x8f, 1]),
        sequence(&[signer.issuer_der(), &tlv(0x02, &[0, 0x8f, 1])]),
    ] {
        forge.sid = sid;
        let request = open(&parties, &Policy::strict(), &forge.sign(&key)).unwrap();
        assert_eq!(request.signer(), &signer);
        // It is found so, and nothing more: the key decides.
        let error = verify_error(
            &parties,
            &Policy::compatible(),
            &forge.sign(&parties.ca_key),
        );
        assert_eq!(error, (VerifyError::Signature, BAD_CHECK));
    }
    let missing = (VerifyError::SignerCertificateMissing, BAD_CHECK);
    for sid in [
        rewritten("Device 8", &[0x8f, 1]),
        rewritten("DEVICE 7", &[0x8f, 1]),
        rewritten("Device  7", &[0x8f, 1]),
        rewritten("Device 7", &[0x8f, 2]),
        rewritten("Device 7", &[0x8f, 1, 0]),
        rewritten("Device 7", &[1, 0x8f, 1]),
        rewritten("Device 7", &[0, 0, 0x8f, 1]),
    ] {
        forge.sid = sid;
        let error = verify_error(&parties, &Policy::compatible(), &forge.sign(&key));
        assert_eq!(error, missing);
    }
}

#[test]
fn the_exact_identifier_comes_before_another_encoding_of_it() {
    let parties = Parties::new();
    let key = throw_away();
    let signer = MadeCertificate::self_issued(&key, "Device 7").sign(&key);
    let mut other = MadeCertificate::self_issued(&parties.ca_key, "Device 7");
    other.serial = vec![0, 1];
    let other = other.sign(&parties.ca_key);
    let mut forge = good(&parties);
    forge.set_signer(&signer);
    for position in [0, 1] {
        let mut both = forge.clone();
        both.certificates.insert(position, other.as_der().to_vec());
        let request = open(&parties, &Policy::strict(), &both.sign(&key)).unwrap();
        assert_eq!(request.signer(), &signer);
        // Where neither is exact and the keys differ, nobody is meant.
        both.sid = rewritten("Device 7", &[1]);
        let error = verify_error(&parties, &Policy::compatible(), &both.sign(&key));
        assert_eq!(error, (VerifyError::AmbiguousSigner, BAD_CHECK));
    }
}

#[test]
fn a_recipient_identifier_may_be_in_another_encoding() {
    let mut parties = Parties::new();
    let mut made = MadeCertificate::self_issued(&parties.ca_key, "Example CA");
    made.serial = vec![0x8f, 1];
    parties.ca = made.sign(&parties.ca_key);
    for (rid, opens) in [
        (rewritten("Example CA", &[0x8f, 1]), true),
        (rewritten("Example CA", &[0, 0x8f, 1]), true),
        (rewritten("Example CA", &[0x8f, 2]), false),
        (rewritten("EXAMPLE CA", &[0x8f, 1]), false),
    ] {
        let mut envelope = envelope(&parties);
        envelope.rid = rid;
        let message = around(&parties, &envelope);
        if opens {
            assert!(open(&parties, &Policy::strict(), &message).is_ok());
            continue;
        }
        match open_error(&parties, &Policy::compatible(), &message) {
            (OpenError::NoRecipient(hint), BAD_CHECK) => assert_eq!(hint.recipients(), 1),
            other => panic!("{other:?}"),
        }
    }
    // The recipient that is named byte for byte comes first, wherever it stands.
    let mut envelope = envelope(&parties);
    let resembling = sequence(&[
        &[2, 1, 0],
        &rewritten("Example CA", &[0, 0x8f, 1]),
        &algorithm(oid::RSA_ENCRYPTION, &NULL),
        &octets(&[1; 256]),
    ]);
    envelope.other_recipients = vec![resembling];
    let message = around(&parties, &envelope);
    assert!(open(&parties, &Policy::strict(), &message).is_ok());
}

#[test]
fn a_key_identifier_is_that_of_the_extension() {
    // RFC 5652, section 5.3: it matches the value of the extension. Without one there is nothing to match, however the
    // sender computed it.
    let parties = Parties::new();
    let key = throw_away();
    let bits = common::forge::inside(key.public_key_der())[1].contents[1..].to_vec();
    let digests = parties.provider.digests();
    let computed = digests.digest(Sha1, &[&bits]).unwrap();
    let mut made = MadeCertificate::self_issued(&key, "device");
    let mut forge = good(&parties);
    forge.version = 3;
    forge.set_signer(&made.sign(&key));
    forge.sid = tlv(0x80, computed.as_bytes());
    let error = verify_error(&parties, &Policy::compatible(), &forge.sign(&key));
    assert_eq!(error, (VerifyError::SignerCertificateMissing, BAD_CHECK));

    made.extensions = vec![extension(
        oid::SUBJECT_KEY_IDENTIFIER,
        &octets(computed.as_bytes()),
    )];
    forge.certificates = vec![made.sign(&key).as_der().to_vec()];
    assert_eq!(
        verify(&parties, &Policy::strict(), &forge.sign(&key)),
        Ok(SignerMatch::SelfIssued)
    );
}
