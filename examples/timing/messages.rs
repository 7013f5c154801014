//! The messages whose opening is measured.

use getrandom::rand_core::Rng;
use scep::crypto::{ContentCipher, DigestAlgorithm, KeyTransport};

use crate::common::forge::{Envelope, transport_id};
use crate::common::verdict::around;
use crate::common::{Parties, rng};

/// How many messages a class has: enough that none of them is known by heart.
pub(crate) const CLASS_SIZE: usize = 64;

const CIPHER: ContentCipher = ContentCipher::Aes128Cbc;
const PKCS1: KeyTransport = KeyTransport::RsaPkcs1v15;
const OAEP: KeyTransport = KeyTransport::RsaOaep {
    digest: DigestAlgorithm::Sha256,
    mgf_digest: DigestAlgorithm::Sha256,
};

/// Something that a stranger would like to know of an envelope.
pub(crate) struct Question {
    pub(crate) name: &'static str,
    pub(crate) classes: [&'static str; 2],
    pub(crate) messages: [Vec<Vec<u8>>; 2],
}

pub(crate) fn questions(parties: &Parties) -> Vec<Question> {
    // A CSR that is read to its end, and whose signature is wrong: the same work, and no success to be seen.
    let mut csr = parties.csr.as_der().to_vec();
    *csr.last_mut().unwrap() ^= 1;
    let right = 16 - csr.len() % 16;
    let padded = |payload: &[u8], padding: u8| {
        let mut blocks = payload.to_vec();
        blocks.resize(csr.len() + right, padding);
        blocks
    };
    let (right_padding, wrong_padding) = (right as u8, right as u8 ^ 0x40);
    let encrypted =
        |blocks: &[u8], transport| Envelope::encrypt(blocks, &parties.ca, CIPHER, transport);
    // The key opens, and is that of another content.
    let right_key = |transport| {
        let mut envelope = encrypted(&padded(&csr, right_padding), transport);
        envelope.encrypted_content = random(envelope.encrypted_content.len());
        envelope
    };
    let wrong_key = |transport| {
        let mut envelope = right_key(transport);
        envelope.key_encryption = transport_id(transport);
        envelope.encrypted_key = random(256);
        // Below the modulus.
        envelope.encrypted_key[0] &= 0x7f;
        envelope
    };
    let class = |make: &dyn Fn() -> Envelope| {
        let messages = std::iter::repeat_with(|| around(parties, &make()));
        messages.take(CLASS_SIZE).collect::<Vec<_>>()
    };
    vec![
        Question {
            name: "pkcs1",
            classes: ["right PKCS #1 padding", "wrong padding"],
            messages: [class(&|| right_key(PKCS1)), class(&|| wrong_key(PKCS1))],
        },
        Question {
            name: "oaep",
            classes: ["right OAEP", "wrong OAEP"],
            messages: [class(&|| right_key(OAEP)), class(&|| wrong_key(OAEP))],
        },
        Question {
            name: "cbc",
            classes: ["right CBC padding", "wrong padding"],
            messages: [
                class(&|| encrypted(&padded(&csr, right_padding), PKCS1)),
                class(&|| encrypted(&padded(&csr, wrong_padding), PKCS1)),
            ],
        },
        Question {
            name: "payload",
            classes: ["a CSR", "noise"],
            messages: [
                class(&|| encrypted(&padded(&csr, right_padding), PKCS1)),
                class(&|| encrypted(&padded(&random(csr.len()), right_padding), PKCS1)),
            ],
        },
    ]
}

fn random(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    rng().fill_bytes(&mut bytes);
    bytes
}
