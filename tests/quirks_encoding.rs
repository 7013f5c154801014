//! How peers encode what they send: BER where DER should stand, strings in segments, parameters left out.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{
    Element, Envelope, algorithm, digest_oid, elements, explicit, inside, octets, oid_der,
    sequence, tlv,
};
use common::verdict::{
    BAD_CHECK, SEALED, around, changed, envelope, good, open, open_error, verify,
};
use common::x509::{MadeCertificate, MadeCsr, signature_oid};
use common::{DIGESTS, Parties, pss};
use scep::crypto::{
    ContentCipher, DigestAlgorithm, KeyManagement, KeyTransport, Policy, SignatureAlgorithm,
};
use scep::{
    Encoding, Item, Layer, Limits, OpenError, ParseErrorKind, PkiMessage, SignerMatch, inspect, oid,
};

use ContentCipher::{Aes128Cbc, TripleDesCbc};
use DigestAlgorithm::{Sha256, Sha512};

/// An element of indefinite length.
fn indefinite(tag: u8, contents: &[u8]) -> Vec<u8> {
    [&[tag, 0x80], contents, &[0, 0]].concat()
}

/// An OCTET STRING of indefinite length, in segments of this length.
fn in_segments(tag: u8, octets: &[u8], len: usize) -> Vec<u8> {
    let segments: Vec<u8> = octets
        .chunks(len)
        .flat_map(|segment| tlv(0x04, segment))
        .collect();
    indefinite(tag, &segments)
}

/// The envelope with this element in the place of encryptedContent, and every structure around it of indefinite length.
fn indefinite_envelope(envelope: &Envelope, encrypted_content: &[u8]) -> Vec<u8> {
    let der = envelope.to_der();
    let fields = inside(inside(&der)[1].contents);
    let recipients = elements(fields[1].contents)
        .iter()
        .flat_map(|recipient| indefinite(0x30, recipient.contents))
        .collect::<Vec<u8>>();
    let content_info = elements(fields[2].contents);
    let encrypted = [content_info[0].raw, content_info[1].raw, encrypted_content].concat();
    let enveloped = [
        fields[0].raw.to_vec(),
        indefinite(0x31, &recipients),
        indefinite(0x30, &encrypted),
    ];
    let content = indefinite(0xa0, &indefinite(0x30, &enveloped.concat()));
    indefinite(0x30, &[oid_der(oid::ENVELOPED_DATA), content].concat())
}

/// The message with this element in the place of eContent, and every structure around it of indefinite length.
fn indefinite_message(message: &[u8], content: &[u8]) -> Vec<u8> {
    let fields = inside(inside(message)[1].contents);
    let write = |(position, field): (usize, &Element<'_>)| match position {
        2 => {
            let content = indefinite(0xa0, content);
            indefinite(0x30, &[oid_der(oid::DATA), content].concat())
        }
        _ => match field.tag {
            0x02 => field.raw.to_vec(),
            tag => indefinite(tag, field.contents),
        },
    };
    let signed: Vec<u8> = fields.iter().enumerate().flat_map(write).collect();
    let content = indefinite(0xa0, &indefinite(0x30, &signed));
    indefinite(0x30, &[oid_der(oid::SIGNED_DATA), content].concat())
}

// BER.

#[test]
fn an_ios_request_in_ber_is_read() {
    // Both layers of indefinite length, eContent and encryptedContent constructed, SHA-512, 3DES.
    let parties = Parties::new();
    let transport = KeyTransport::RsaPkcs1v15;
    let csr = parties.csr.as_der();
    let envelope = Envelope::seal(csr, &parties.ca, TripleDesCbc, transport);
    let encrypted_content = in_segments(0xa0, &envelope.encrypted_content, 512);
    let content = indefinite_envelope(&envelope, &encrypted_content);
    let message = changed(&parties, |forge| {
        forge.set_content(Some(content.clone()));
        forge.set_signature(SignatureAlgorithm::RsaPkcs1v15(Sha512));
    });
    let message = indefinite_message(&message, &in_segments(0x24, &content, 1000));
    let parsed = PkiMessage::parse(&message[..], &Limits::REQUEST).unwrap();
    assert_eq!(parsed.encoding(), Encoding::Ber);
    let report = inspect::envelope(&parsed).unwrap().unwrap();
    assert_eq!(report.encoding, Encoding::Ber);
    let request = open(&parties, &Policy::default(), &message).unwrap();
    assert_eq!(request.csr().unwrap().as_der(), csr);

    // The reply is DER and mirrors the rest.
    let reply = parties.grant(&request);
    let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    assert_eq!(reply.encoding(), Encoding::Der);
    let report = inspect::signature(&reply, &parties.provider, &parties.policy, &[]).unwrap();
    assert_eq!(report.digest, Ok(Sha512));
    let report = inspect::envelope(&reply).unwrap().unwrap();
    assert_eq!(report.cipher, Ok(TripleDesCbc));
}

#[test]
fn content_in_segments_may_be_cut_anywhere() {
    // BouncyCastle cuts at 1000 bytes, in the middle of whatever stands there.
    let parties = Parties::new();
    let forge = good(&parties);
    let content = forge.content.clone().unwrap();
    let message = forge.sign(&parties.client_key);
    for len in [1, 2, 7, 333, 1000, content.len()] {
        let message = indefinite_message(&message, &in_segments(0x24, &content, len));
        assert!(open(&parties, &Policy::strict(), &message).is_ok(), "{len}");
    }
    // Another octet in one of the segments is another content.
    let mut other = content.clone();
    other[700] ^= 1;
    let message = indefinite_message(&message, &in_segments(0x24, &other, 1000));
    let error = verify(&parties, &Policy::compatible(), &message).unwrap_err();
    assert_eq!(error, scep::VerifyError::MessageDigest);
}

#[test]
fn encrypted_content_is_read_in_every_shape() {
    let parties = Parties::new();
    let envelope = envelope(&parties);
    let whole = &envelope.encrypted_content;
    let (first, rest) = whole.split_at(100);
    let two = [octets(first), octets(rest)].concat();
    let shapes = [
        ("primitive", tlv(0x80, whole)),
        ("one segment", tlv(0xa0, &octets(whole))),
        ("two segments", tlv(0xa0, &two)),
        ("an empty segment", tlv(0xa0, &[&two[..], &[4, 0]].concat())),
        ("indefinite", indefinite(0xa0, &two)),
        ("nested", tlv(0xa0, &tlv(0x24, &two))),
        (
            "nested, indefinite",
            indefinite(0xa0, &indefinite(0x24, &two)),
        ),
    ];
    for (name, shape) in &shapes {
        let content = indefinite_envelope(&envelope, shape);
        let message = changed(&parties, |forge| forge.set_content(Some(content)));
        assert!(
            open(&parties, &Policy::strict(), &message).is_ok(),
            "{name}"
        );
    }
    // Nothing is encrypted: no block, so nothing opens.
    for shape in [tlv(0x80, &[]), tlv(0xa0, &[]), indefinite(0xa0, &[])] {
        let content = indefinite_envelope(&envelope, &shape);
        let message = changed(&parties, |forge| forge.set_content(Some(content)));
        match open_error(&parties, &Policy::compatible(), &message) {
            (OpenError::Parse(error), BAD_CHECK) => {
                assert_eq!(error.kind(), ParseErrorKind::InvalidValue);
                assert_eq!(error.item(), Item::EncryptedContent);
            }
            other => panic!("{other:?}"),
        }
    }
    // A segment that is no OCTET STRING.
    let content = indefinite_envelope(&envelope, &tlv(0xa0, &tlv(0x0c, whole)));
    let message = changed(&parties, |forge| forge.set_content(Some(content)));
    match open_error(&parties, &Policy::compatible(), &message) {
        (OpenError::Parse(error), BAD_CHECK) => {
            assert_eq!(error.item(), Item::EncryptedContent);
            assert_eq!(error.layer(), Layer::Message);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payload_in_ber_is_read_in_replies_only() {
    // A CSR is signed as it is, so BER in its outline is refused like any other payload that does not open.
    let parties = Parties::new();
    let csr = indefinite(0x30, elements(parties.csr.as_der())[0].contents);
    let transport = KeyTransport::RsaPkcs1v15;
    let envelope = Envelope::seal(&csr, &parties.ca, Aes128Cbc, transport);
    let error = open_error(
        &parties,
        &Policy::compatible(),
        &around(&parties, &envelope),
    );
    assert_eq!(error, SEALED);

    let set = scep::CertsOnly::encode(std::slice::from_ref(&parties.issued), &[]);
    let signed = inside(&set)[1].contents;
    let set = indefinite(
        0x30,
        &[oid_der(oid::SIGNED_DATA), indefinite(0xa0, signed)].concat(),
    );
    let envelope = Envelope::seal(&set, &parties.client, Aes128Cbc, transport);
    let verdict = common::verdict::replied(&parties, &Policy::default(), |forge| {
        forge.set_content(Some(envelope.to_der()));
    });
    assert_eq!(verdict, Ok("success"));
}

// Parameters.

#[test]
fn parameters_may_be_absent_where_null_should_stand() {
    let parties = Parties::new();
    let policy = Policy::default();
    let sha256 = algorithm(oid::SHA256, &[]);
    let rsa = algorithm(oid::RSA_ENCRYPTION, &[]);
    for (place, message) in [
        (
            "digestAlgorithms",
            changed(&parties, |forge| {
                forge.digest_algorithms = vec![sha256.clone()]
            }),
        ),
        (
            "digestAlgorithm",
            changed(&parties, |forge| forge.digest_algorithm = sha256.clone()),
        ),
        (
            "signatureAlgorithm",
            changed(&parties, |forge| forge.signature_algorithm = rsa.clone()),
        ),
        ("keyEncryptionAlgorithm", {
            let mut envelope = envelope(&parties);
            envelope.key_encryption = rsa.clone();
            around(&parties, &envelope)
        }),
        ("all of them", {
            let mut envelope = envelope(&parties);
            envelope.key_encryption = rsa.clone();
            changed(&parties, |forge| {
                forge.set_content(Some(envelope.to_der()));
                forge.digest_algorithms = vec![sha256.clone()];
                forge.digest_algorithm = sha256.clone();
                forge.signature_algorithm = rsa.clone();
            })
        }),
    ] {
        assert!(open(&parties, &policy, &message).is_ok(), "{place}");
    }
}

#[test]
fn hashes_of_oaep_and_pss_may_lack_their_null() {
    let parties = Parties::new();
    let hash = |digest| algorithm(digest_oid(digest), &[]);
    for digest in DIGESTS {
        let transport = KeyTransport::RsaOaep {
            digest,
            mgf_digest: digest,
        };
        let csr = parties.csr.as_der();
        let mut envelope = Envelope::seal(csr, &parties.ca, Aes128Cbc, transport);
        let parameters = sequence(&[
            &explicit(0, &hash(digest)),
            &explicit(1, &algorithm(oid::MGF1, &hash(digest))),
        ]);
        envelope.key_encryption = algorithm(oid::RSAES_OAEP, &parameters);
        let opened = open(&parties, &Policy::strict(), &around(&parties, &envelope)).unwrap();
        assert_eq!(opened.key_management(), KeyManagement::Transport(transport));

        // The one trailer that there is may be written or not.
        for trailer in [Vec::new(), explicit(3, &tlv(0x02, &[1]))] {
            let parameters = sequence(&[
                &explicit(0, &hash(digest)),
                &explicit(1, &algorithm(oid::MGF1, &hash(digest))),
                &explicit(2, &tlv(0x02, &[digest.output_len() as u8])),
                &trailer,
            ]);
            let message = changed(&parties, |forge| {
                forge.set_signature(pss(digest));
                forge.signature_algorithm = algorithm(oid::RSASSA_PSS, &parameters);
            });
            assert!(verify(&parties, &Policy::default(), &message).is_ok());
        }
    }
}

#[test]
fn a_csr_and_a_signer_certificate_may_lack_every_null() {
    let parties = Parties::new();
    let key = &parties.client_key;
    let bits = inside(key.public_key_der())[1].raw.to_vec();
    let public_key = sequence(&[&algorithm(oid::RSA_ENCRYPTION, &[]), &bits]);

    let mut csr = MadeCsr::new(key);
    csr.public_key = public_key.clone();
    csr.signature_algorithm = algorithm(signature_oid(Sha256), &[]);
    let mut signer = MadeCertificate::self_issued(key, "no parameters");
    signer.public_key = public_key;
    signer.signature_algorithm = algorithm(signature_oid(Sha256), &[]);
    let signer = signer.sign(key);

    let transport = KeyTransport::RsaPkcs1v15;
    let envelope = Envelope::seal(&csr.sign(key), &parties.ca, Aes128Cbc, transport);
    let message = changed(&parties, |forge| {
        forge.set_content(Some(envelope.to_der()));
        forge.set_signer(&signer);
    });
    let request = open(&parties, &Policy::strict(), &message).unwrap();
    assert_eq!(request.signer_match(), SignerMatch::SelfIssued);
    assert_eq!(request.signer_has_csr_key(), Some(true));
    assert!(request.success_envelope().is_ok());
}
