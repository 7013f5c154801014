//! What an envelope must be, and that one that does not open tells nothing of what is inside.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{
    Envelope, Forge, NULL, algorithm, elements, explicit, inside, issuer_and_serial, oaep_id,
    octets, oid_der, sequence, small_integer, tlv,
};
use common::verdict::{BAD_CHECK, SEALED, around, changed, envelope, offset_of, open, open_error};
use common::{Parties, rng};
use scep::crypto::{ContentCipher, DigestAlgorithm, KeyTransport, Policy};
use scep::{
    CertRep, DecryptError, FailInfo, IssuerAndSerialNumber, Item, Layer, Limits, OpenError,
    ParseErrorKind, PkiMessage, Refused, RequestBody, RequestBuilder, VerifyError, oid,
};

use ContentCipher::{Aes128Cbc, Aes256Cbc, TripleDesCbc};
use DigestAlgorithm::{Sha256, Sha384};

#[test]
fn the_content_is_an_envelope_of_data() {
    let parties = Parties::new();
    let policy = Policy::compatible();
    let error = |change: fn(&mut Envelope)| {
        let mut envelope = envelope(&parties);
        change(&mut envelope);
        match open_error(&parties, &policy, &around(&parties, &envelope)) {
            (OpenError::Parse(error), BAD_CHECK) => (error.kind(), error.item()),
            other => panic!("{other:?}"),
        }
    };
    let encrypted = ParseErrorKind::UnexpectedType(oid::ENCRYPTED_DATA);
    assert_eq!(
        error(|envelope| envelope.outer_type = oid::ENCRYPTED_DATA),
        (encrypted, Item::ContentType)
    );
    assert_eq!(
        error(|envelope| envelope.content_type = oid::ENVELOPED_DATA),
        (
            ParseErrorKind::UnexpectedType(oid::ENVELOPED_DATA),
            Item::EncryptedContentInfo
        )
    );
    // No content at all, an empty one, and anything else.
    for content in [None, Some(Vec::new())] {
        let message = changed(&parties, |forge| forge.set_content(content));
        let error = open_error(&parties, &policy, &message);
        assert_eq!(error, (OpenError::NoContent, BAD_CHECK));
    }
    let message = changed(&parties, |forge| forge.set_content(Some(b"text".to_vec())));
    let (OpenError::Parse(error), BAD_CHECK) = open_error(&parties, &policy, &message) else {
        panic!("no parse error");
    };
    assert_eq!(error.item(), Item::ContentInfo);
    let content = parties.csr.as_der().to_vec();
    let message = changed(&parties, |forge| forge.set_content(Some(content)));
    let (OpenError::Parse(error), BAD_CHECK) = open_error(&parties, &policy, &message) else {
        panic!("no parse error");
    };
    assert_eq!(error.item(), Item::ContentType);
}

#[test]
fn an_envelopes_error_tells_where_it_stands() {
    let parties = Parties::new();
    let encrypted = oid_der(oid::ENCRYPTED_DATA);
    for change in [
        |envelope: &mut Envelope| envelope.outer_type = oid::ENCRYPTED_DATA,
        |envelope: &mut Envelope| envelope.content_type = oid::ENCRYPTED_DATA,
    ] {
        let mut envelope = envelope(&parties);
        change(&mut envelope);
        let error = |message: &[u8]| match open_error(&parties, &Policy::default(), message) {
            (OpenError::Parse(error), BAD_CHECK) => (error.layer(), error.offset()),
            other => panic!("{other:?}"),
        };
        let message = around(&parties, &envelope);
        let offset = offset_of(&message, &encrypted);
        assert_eq!(error(&message), (Layer::Message, offset));
        // Of a content in segments it is the place among the joined octets.
        let joined = envelope.to_der();
        let offset = offset_of(&joined, &encrypted);
        let message = segmented(&parties, &joined);
        assert_eq!(error(&message), (Layer::Content, offset));
    }
}

/// A message with its content in two segments.
fn segmented(parties: &Parties, content: &[u8]) -> Vec<u8> {
    let message = changed(parties, |forge| forge.set_content(Some(content.to_vec())));
    let (first, second) = content.split_at(content.len() / 2);
    let segments = tlv(0x24, &[octets(first), octets(second)].concat());
    let signed = inside(inside(&message)[1].contents);
    let fields: Vec<Vec<u8>> = signed
        .iter()
        .enumerate()
        .map(|(position, field)| match position {
            2 => sequence(&[&oid_der(oid::DATA), &explicit(0, &segments)]),
            _ => field.raw.to_vec(),
        })
        .collect();
    let signed = tlv(0x30, &fields.concat());
    sequence(&[&oid_der(oid::SIGNED_DATA), &explicit(0, &signed)])
}

#[test]
fn a_recipient_is_found_among_all_kinds() {
    let parties = Parties::new();
    let policy = Policy::default();
    let mut envelope = envelope(&parties);
    let stranger = sequence(&[
        &small_integer(0),
        &issuer_and_serial(&parties.client),
        &algorithm(oid::RSA_ENCRYPTION, &NULL),
        &octets(&[1; 256]),
    ]);
    envelope.other_recipients = vec![
        stranger,
        explicit(1, &small_integer(3)),
        explicit(2, &small_integer(4)),
        explicit(3, &small_integer(0)),
        explicit(4, &oid_der(oid::DATA)),
    ];
    let opened = open(&parties, &policy, &around(&parties, &envelope)).unwrap();
    assert_eq!(opened.recipient(), 0);

    // By key identifier.
    let mut envelope = self::envelope(&parties);
    let ski = parties.ca.subject_key_identifier().unwrap();
    envelope.rid = tlv(0x80, ski);
    assert!(open(&parties, &policy, &around(&parties, &envelope)).is_ok());
    envelope.rid = tlv(0x80, &[7; 20]);
    let (error, info) = open_error(&parties, &policy, &around(&parties, &envelope));
    let OpenError::NoRecipient(hint) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (hint.first(), hint.recipients(), info),
        (&[7; 20][..], 1, BAD_CHECK)
    );
}

#[test]
fn whatever_does_not_open_looks_the_same() {
    let parties = Parties::new();
    let policy = Policy::default();
    let csr = parties.csr.as_der();
    let transport = KeyTransport::RsaPkcs1v15;
    let oaep = KeyTransport::RsaOaep {
        digest: Sha256,
        mgf_digest: Sha256,
    };
    let seal = |payload: &[u8]| Envelope::seal(payload, &parties.ca, Aes128Cbc, transport);
    let blocks = |blocks: &[u8]| Envelope::encrypt(blocks, &parties.ca, Aes128Cbc, transport);
    let with = |change: &dyn Fn(&mut Envelope)| {
        let mut envelope = envelope(&parties);
        change(&mut envelope);
        envelope
    };
    let padded = |padding: &[u8]| {
        let mut padded = csr.to_vec();
        padded.resize(padded.len().next_multiple_of(16) + 16 - padding.len(), 0);
        [&padded, padding].concat()
    };
    let cases = [
        // The key.
        with(&|envelope| envelope.encrypted_key = vec![7; 256]),
        with(&|envelope| envelope.encrypted_key = vec![0xff; 256]),
        with(&|envelope| envelope.encrypted_key = vec![0; 256]),
        with(&|envelope| envelope.encrypted_key = vec![7; 255]),
        with(&|envelope| envelope.encrypted_key.clear()),
        Envelope::seal(csr, &parties.client, Aes128Cbc, transport),
        Envelope::seal(csr, &parties.client, Aes128Cbc, oaep),
        with(&|envelope| envelope.key_encryption = oaep_id(Some(Sha256), Some(Sha256), None)),
        {
            let mut envelope = Envelope::seal(csr, &parties.ca, Aes128Cbc, oaep);
            envelope.key_encryption = algorithm(oid::RSA_ENCRYPTION, &NULL);
            envelope
        },
        {
            let mut envelope = Envelope::seal(csr, &parties.ca, Aes128Cbc, oaep);
            envelope.key_encryption = oaep_id(Some(Sha256), Some(Sha384), None);
            envelope
        },
        // A key of another length.
        {
            let mut envelope = Envelope::seal(csr, &parties.ca, Aes256Cbc, transport);
            let iv = octets(&[7; 16]);
            envelope.cipher = algorithm(oid::AES128_CBC, &iv);
            envelope
        },
        // The initialisation vector.
        with(&|envelope| envelope.cipher = algorithm(oid::AES128_CBC, &octets(&[7; 16]))),
        with(&|envelope| envelope.cipher = algorithm(oid::AES192_CBC, &octets(&[7; 16]))),
        // The length.
        with(&|envelope| envelope.encrypted_content.truncate(16)),
        // The padding.
        blocks(&padded(&[0])),
        blocks(&padded(&[17; 17])),
        blocks(&padded(&[2, 3, 3])),
        blocks(&padded(&[3, 2, 3])),
        blocks(&padded(&[0xff])),
        blocks(&[16; 16]),
        // The payload.
        seal(b""),
        seal(b"text"),
        seal(&csr[..csr.len() - 1]),
        seal(&[csr, &[0]].concat()),
        seal(&[csr, csr].concat()),
        seal(&sequence(&[csr])),
        seal(&indefinite(csr)),
        seal(&scep::CertsOnly::encode(
            std::slice::from_ref(&parties.ca),
            &[],
        )),
    ];
    for (number, envelope) in cases.iter().enumerate() {
        let mut envelope = envelope.clone();
        envelope.rid = issuer_and_serial(&parties.ca);
        let error = open_error(&parties, &policy, &around(&parties, &envelope));
        assert_eq!(error, SEALED, "case {number}");
    }
    // A wrong signature of the CSR has its own error, and the same answer.
    let mut wrong = csr.to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    let error = open_error(&parties, &policy, &around(&parties, &seal(&wrong)));
    assert_eq!(error, (OpenError::CsrSignature, BAD_CHECK));
}

#[test]
fn a_vector_or_blocks_of_another_length_are_told_before_the_key_is_touched() {
    let parties = Parties::new();
    let policy = Policy::compatible();
    let told = |change: &dyn Fn(&mut Envelope)| {
        let mut envelope = envelope(&parties);
        change(&mut envelope);
        let message = around(&parties, &envelope);
        let (OpenError::Parse(error), BAD_CHECK) = open_error(&parties, &policy, &message) else {
            panic!("not told");
        };
        (error.kind(), error.item(), error.offset(), message)
    };
    for vector in [&octets(&[7; 8])[..], &octets(&[7; 17]), &NULL, &[]] {
        let cipher = algorithm(oid::AES128_CBC, vector);
        let (kind, item, offset, message) = told(&|envelope| envelope.cipher = cipher.clone());
        assert_eq!(kind, ParseErrorKind::InvalidValue);
        assert_eq!(item, Item::InitialisationVector);
        assert_eq!(offset, offset_of(&message, &cipher));
    }
    for len in [0, 1, 15, 17] {
        let cut = |envelope: &mut Envelope| envelope.encrypted_content.truncate(len);
        let (kind, item, ..) = told(&cut);
        assert_eq!(kind, ParseErrorKind::InvalidValue);
        assert_eq!(item, Item::EncryptedContent);
    }
}

fn indefinite(der: &[u8]) -> Vec<u8> {
    let contents = elements(der)[0].contents;
    [&[der[0], 0x80], contents, &[0, 0]].concat()
}

#[test]
fn a_key_that_anybody_can_compute_does_not_open() {
    let parties = Parties::new();
    let digests = parties.provider.digests();
    let sha256 = |parts: &[&[u8]]| digests.digest(Sha256, parts).unwrap().as_bytes().to_vec();
    let encrypted_key = [7; 256];
    let label = &b"scep substitute content key"[..];
    // HMAC under a key of zeros, which is what is left of a secret that was forgotten.
    let inner = sha256(&[&[0x36; 64], label, &encrypted_key]);
    let outer = sha256(&[&[0x5c; 64], &inner]);
    for transport in [
        KeyTransport::RsaPkcs1v15,
        KeyTransport::RsaOaep {
            digest: Sha256,
            mgf_digest: Sha256,
        },
    ] {
        for key in [
            vec![0; 32],
            sha256(&[&encrypted_key]),
            sha256(&[label, &encrypted_key]),
            sha256(&[parties.ca.public_key_der(), &encrypted_key]),
            outer.clone(),
        ] {
            let csr = parties.csr.as_der();
            let padding = 16 - csr.len() % 16;
            let mut blocks = csr.to_vec();
            blocks.resize(csr.len() + padding, padding as u8);
            let mut envelope =
                Envelope::encrypt_under(&key[..16], &blocks, &parties.ca, Aes128Cbc, transport);
            // The good one opens.
            let good = around(&parties, &envelope);
            assert!(open(&parties, &Policy::default(), &good).is_ok());
            envelope.encrypted_key = encrypted_key.to_vec();
            let error = open_error(&parties, &Policy::default(), &around(&parties, &envelope));
            assert_eq!(error, SEALED);
        }
    }
}

#[test]
fn padding_is_right_or_nothing_opens() {
    let parties = Parties::new();
    let get_cert = {
        let (signer, roles) = (parties.client_signer(), parties.roles());
        let wanted = IssuerAndSerialNumber::of(&parties.issued);
        parties
            .send(RequestBuilder::get_cert(wanted, &signer, &roles))
            .0
    };
    // A payload of this length modulo 16, which ends in a zero.
    let payload = |residue: usize| {
        let wanted = (2..18)
            .map(|len| {
                let serial = [&vec![1; len][..], &[0]].concat();
                IssuerAndSerialNumber::new(parties.ca.subject_der(), &serial)
            })
            .find(|wanted| wanted.to_der().len() % 16 == residue);
        wanted.unwrap().to_der()
    };
    let opens = |residue: usize, tail: &[u8], cipher: ContentCipher| {
        let blocks = [&payload(residue)[..], tail].concat();
        let transport = KeyTransport::RsaPkcs1v15;
        let envelope = Envelope::encrypt(&blocks, &parties.ca, cipher, transport);
        let mut forge = Forge::of(&get_cert);
        forge.set_content(Some(envelope.to_der()));
        let message = forge.sign(&parties.client_key);
        let request = open(&parties, &Policy::default(), &message).unwrap();
        let RequestBody::GetCert(wanted) = request.body() else {
            panic!("{:?}", request.body());
        };
        // What does not open asks for nothing.
        let is_open = wanted.to_der() == payload(residue);
        assert!(is_open || wanted.issuer_der() == [0x30, 0]);
        is_open
    };
    for (residue, tail) in [
        (15, &[1][..]),
        (14, &[2; 2]),
        (8, &[8; 8]),
        (1, &[15; 15]),
        (0, &[16; 16]),
    ] {
        assert!(opens(residue, tail, Aes128Cbc), "{tail:?}");
    }
    for (residue, tail) in [
        (0, &[][..]),
        (0, &[0; 16]),
        (15, &[0]),
        (15, &[2]),
        (15, &[17; 17]),
        (14, &[1, 2]),
        (14, &[2, 1]),
        (14, &[1, 1]),
        (13, &[2, 3, 3]),
        (13, &[3, 2, 3]),
        (1, &[[0].as_slice(), &[15; 14]].concat()),
        (0, &[[15].as_slice(), &[16; 15]].concat()),
        (0, &[[16; 16], [16; 16]].concat()),
        (0, &[32; 32]),
        (1, &[0xff; 15]),
        // As ANSI X9.23, ISO 10126 and ISO/IEC 7816-4 pad.
        (12, &[0, 0, 0, 4]),
        (12, &[9, 2, 7, 4]),
        (12, &[0x80, 0, 0, 0]),
        (0, &[[0x80].as_slice(), &[0; 15]].concat()),
    ] {
        assert!(!opens(residue, tail, Aes128Cbc), "{tail:?}");
    }
    // The padding of a cipher is that of its own block.
    assert!(opens(8, &[8; 8], TripleDesCbc));
    assert!(!opens(0, &[16; 16], TripleDesCbc));
    assert!(!opens(7, &[9; 9], TripleDesCbc));
}

/// What a client reads that is refused because of an error, and how long the reply is.
fn refusal(parties: &Parties, error: impl Into<scep::Error>) -> (scep::Failure, usize) {
    let (request, pending) = parties.pkcs_req();
    let message = PkiMessage::parse(request, &Limits::REQUEST).unwrap();
    let ca = parties.ca_signer();
    let reply = message
        .refuse(&parties.provider, &parties.policy, &ca)
        .because(error, &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let len = reply.len();
    let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let roles = parties.roles();
    match pending.accept(&reply, &roles, &parties.provider, &parties.policy) {
        Ok(CertRep::Failure(failure)) => (failure, len),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_answer_tells_what_policy_refuses_and_nothing_of_an_envelope() {
    let parties = Parties::new();
    let refused = Refused::ContentCipher(oid::DES_CBC);
    for error in [
        scep::Error::from(OpenError::Refused(refused)),
        scep::Error::from(VerifyError::Refused(refused)),
    ] {
        let (failure, _) = refusal(&parties, error);
        assert_eq!(failure.info(), Some(FailInfo::BadAlg));
        let text = failure.text().unwrap();
        assert!(text.contains("1.3.14.3.2.7"), "{text}");
    }
    let answers = [
        OpenError::Decrypt(DecryptError),
        OpenError::CsrSignature,
        OpenError::CsrRefused(Refused::RsaModulusBits(512)),
        OpenError::CsrRefused(Refused::CsrSignature(oid::MD5_WITH_RSA)),
    ]
    .map(|error| refusal(&parties, error));
    assert_eq!(answers[0].0.info(), Some(BAD_CHECK));
    assert_eq!(answers[0].0.text(), None);
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
}
