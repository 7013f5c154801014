//! No bit of what is signed can be changed, a changed envelope does not open, and nothing is read past its end.
#![cfg(feature = "rustcrypto")]

mod common;

use common::cases::{cases, with_corpus, with_parties};
use common::forge::{Envelope, Forge, certificates_only, elements, inside};
use common::{Built, CIPHERS, Inside, Parties, key_transports, rng};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use scep::{
    Certificate, CertsOnly, DecryptError, FailInfo, Item, Limits, MessageType, NextCaCertificates,
    OpenError, ParseError, ParseErrorKind, PkiMessage, SignerTrust, UnverifiedCsr, VerifyError,
};

proptest! {
    #![proptest_config(cases(1024))]

    #[test]
    fn a_flipped_bit_never_verifies(
        of in any::<Index>(),
        which in any::<Index>(),
        part in 0_usize..3,
        at in any::<Index>(),
        bit in 0_u8..8,
    ) {
        with_corpus(|parties, corpus| {
            let set: &Vec<Built> = of.get(corpus);
            let built = which.get(set);
            let regions = signed_regions(&built.bytes);
            let part = if part < regions.len() { part } else { ATTRIBUTES };
            let region = &regions[part];
            let mut bytes = built.bytes.clone();
            let position = region.start + at.index(region.len());
            bytes[position] ^= 1 << bit;
            let is_expected = |error: &VerifyError| match part {
                SIGNATURE => *error == VerifyError::Signature,
                CONTENT => *error == VerifyError::MessageDigest,
                // What is asked of two of the attributes is asked before the signature.
                _ => matches!(
                    error,
                    VerifyError::Signature | VerifyError::MessageDigest | VerifyError::ContentType
                ),
            };
            let is_next_ca = matches!(built.inside, Inside::Signed(_));
            let read = if is_next_ca { read_next_ca } else { read_message };
            if let Err(error) = read(&bytes) {
                prop_assert_eq!(part, ATTRIBUTES, "{}: {}", built.name, error);
                return Ok(());
            }
            if is_next_ca {
                let body = NextCaCertificates::parse(&bytes[..], &Limits::REPLY).unwrap();
                let verdict = body.verify(&[&parties.ca], &parties.provider, &parties.policy);
                let error = verdict.unwrap_err();
                // Its attributes are read when they are verified.
                let is_unread = part == ATTRIBUTES && matches!(error, VerifyError::Parse(_));
                let is_right = is_expected(&error) || is_unread;
                prop_assert!(is_right, "{}: byte {}: {:?}", built.name, position, error);
                return Ok(());
            }
            let message = PkiMessage::parse(&bytes[..], &Limits::REPLY).unwrap();
            let report = scep::inspect::signature(&message, &parties.provider, &parties.policy, &[]);
            let error = report.unwrap().outcome.unwrap_err();
            prop_assert!(is_expected(&error), "{}: byte {}: {:?}", built.name, position, error);
            let trust = SignerTrust::new()
                .self_issued()
                .issuer(&parties.ca)
                .certificate(&parties.client);
            let verdict = message.verify(&parties.provider, &parties.policy, &trust).map(drop);
            let expected = match message.unverified_message_type() {
                MessageType::CertRep => VerifyError::NotARequest,
                other @ MessageType::Other(_) => VerifyError::UnsupportedMessageType(other),
                _ => error,
            };
            prop_assert_eq!(verdict, Err(expected), "{}: byte {}", built.name, position);
            Ok(())
        })?;
    }
}

proptest! {
    #![proptest_config(cases(1024))]

    /// A reader ends where its item ends: what follows is found there, and what is missing is missed.
    #[test]
    fn nothing_is_read_past_the_end(
        of in any::<Index>(),
        which in any::<Index>(),
        behind in proptest::collection::vec(any::<u8>(), 1..64),
        cut in any::<Index>(),
    ) {
        with_corpus(|parties, corpus| {
            let set: &Vec<Built> = of.get(corpus);
            let built = which.get(set);
            let certificate = parties.client.as_der().to_vec();
            let items: [(Vec<u8>, Read); 4] = [
                match built.inside {
                    Inside::Signed(_) => (built.bytes.clone(), read_next_ca),
                    _ => (built.bytes.clone(), read_message),
                },
                (certificates_only(&certificate), read_set),
                (certificate, read_certificate),
                (parties.csr.as_der().to_vec(), read_csr),
            ];
            for (item, read) in items {
                prop_assert_eq!(read(&item), Ok(()));
                let error = read(&[&item[..], &behind].concat()).unwrap_err();
                prop_assert_eq!(error.kind(), ParseErrorKind::TrailingData);
                prop_assert_eq!(error.offset(), item.len());
                let end = cut.index(item.len());
                let error = read(&item[..end]).unwrap_err();
                prop_assert!(error.offset() <= end, "{}", error);
            }
            Ok(())
        })?;
    }
}

type Read = fn(&[u8]) -> Result<(), ParseError>;

fn read_message(bytes: &[u8]) -> Result<(), ParseError> {
    PkiMessage::parse(bytes, &Limits::REPLY).map(drop)
}

fn read_next_ca(bytes: &[u8]) -> Result<(), ParseError> {
    NextCaCertificates::parse(bytes, &Limits::REPLY).map(drop)
}

fn read_set(bytes: &[u8]) -> Result<(), ParseError> {
    CertsOnly::parse(bytes, &Limits::REPLY).map(drop)
}

fn read_certificate(bytes: &[u8]) -> Result<(), ParseError> {
    Certificate::from_der(bytes).map(drop)
}

fn read_csr(bytes: &[u8]) -> Result<(), ParseError> {
    UnverifiedCsr::from_der(bytes, &Limits::REQUEST).map(drop)
}

const ATTRIBUTES: usize = 0;
const SIGNATURE: usize = 1;
const CONTENT: usize = 2;

/// Where signedAttrs, the signature and, if there is one, eContent stand, each with its contents only.
fn signed_regions(message: &[u8]) -> Vec<std::ops::Range<usize>> {
    let signed = inside(inside(message)[1].contents);
    let place = |part: &[u8]| {
        let start = part.as_ptr() as usize - message.as_ptr() as usize;
        start..start + part.len()
    };
    let info = inside(signed.last().unwrap().contents);
    let attributes = info.iter().find(|field| field.tag == 0xa0).unwrap();
    let signature = info.iter().find(|field| field.tag == 0x04).unwrap();
    let mut regions = vec![place(attributes.contents), place(signature.contents)];
    if let Some(content) = elements(signed[2].contents).get(1) {
        regions.push(place(elements(content.contents)[0].contents));
    }
    regions
}

/// A change to the encrypted bytes of an envelope.
#[derive(Clone, Debug)]
enum Change {
    FlipKey(Vec<(Index, u8)>),
    CutKey(Index),
    FlipContent(Vec<(Index, u8)>),
    CutContent(Index),
    GrowContent(Vec<u8>),
    SwapBlocks(Index, Index),
    RepeatBlock(Index),
    FlipIv(Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let flips = || proptest::collection::vec((any::<Index>(), 1_u8..=255), 1..4);
    let bytes = proptest::collection::vec(any::<u8>(), 1..40);
    prop_oneof![
        2 => flips().prop_map(Change::FlipKey),
        1 => any::<Index>().prop_map(Change::CutKey),
        4 => flips().prop_map(Change::FlipContent),
        1 => any::<Index>().prop_map(Change::CutContent),
        1 => bytes.prop_map(Change::GrowContent),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Change::SwapBlocks(a, b)),
        1 => any::<Index>().prop_map(Change::RepeatBlock),
        1 => (any::<Index>(), 1_u8..=255).prop_map(|(at, mask)| Change::FlipIv(at, mask)),
    ]
}

impl Change {
    fn apply(&self, envelope: &mut Envelope, block: usize) {
        let flip = |bytes: &mut Vec<u8>, flips: &[(Index, u8)]| {
            for (at, mask) in flips {
                let position = at.index(bytes.len());
                bytes[position] ^= mask;
            }
        };
        let content = &mut envelope.encrypted_content;
        let blocks = content.len() / block;
        match self {
            Self::FlipKey(flips) => flip(&mut envelope.encrypted_key, flips),
            Self::CutKey(at) => {
                let len = at.index(envelope.encrypted_key.len());
                envelope.encrypted_key.truncate(len);
            }
            Self::FlipContent(flips) => flip(content, flips),
            Self::CutContent(at) => content.truncate(at.index(content.len())),
            Self::GrowContent(bytes) => content.extend(bytes),
            Self::SwapBlocks(one, other) => {
                let (one, other) = (one.index(blocks) * block, other.index(blocks) * block);
                for offset in 0..block {
                    content.swap(one + offset, other + offset);
                }
            }
            Self::RepeatBlock(at) => {
                let start = at.index(blocks) * block;
                let repeated = content[start..start + block].to_vec();
                content.splice(start..start, repeated);
            }
            Self::FlipIv(at, mask) => {
                let len = envelope.cipher.len();
                let position = len - block + at.index(block);
                envelope.cipher[position] ^= mask;
            }
        }
    }

    /// Whether the content key is what is wrong.
    fn is_of_key(&self) -> bool {
        matches!(self, Self::FlipKey(_) | Self::CutKey(_))
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_changed_envelope_does_not_open(
        change in change(),
        cipher in select(&CIPHERS[..]),
        transport in select(key_transports()),
    ) {
        with_parties(|parties| {
            let csr = parties.csr.as_der();
            let good = Envelope::seal(csr, &parties.ca, cipher, transport);
            let mut envelope = good.clone();
            change.apply(&mut envelope, cipher.block_len());
            prop_assume!(envelope.to_der() != good.to_der());
            let mut forge = Forge::of(&parties.pkcs_req().0);
            forge.set_content(Some(envelope.to_der()));
            let bytes = forge.sign(&parties.client_key);
            let message = PkiMessage::parse(&bytes[..], &Limits::REQUEST).unwrap();
            let trust = SignerTrust::new().self_issued();
            let verified = message
                .verify(&parties.provider, &parties.policy, &trust)
                .unwrap();
            let error = verified
                .open(&parties.provider, &parties.ca_recipients(), &mut rng())
                .expect_err("a changed envelope opens");
            let sealed = OpenError::Decrypt(DecryptError);
            match error {
                error if error == sealed => {}
                // What is left is no whole blocks, which is public.
                OpenError::Parse(error) => {
                    prop_assert_eq!(error.item(), Item::EncryptedContent);
                    prop_assert!(matches!(change, Change::CutContent(_) | Change::GrowContent(_)));
                }
                // What was garbled is inside of the CSR's public key, name or signature: an error of its own in the
                // server's log, and the same answer to the client.
                OpenError::CsrSignature | OpenError::CsrRefused(_) => {
                    prop_assert!(!change.is_of_key(), "{error:?}");
                }
                other => prop_assert!(false, "{other:?}"),
            }
            prop_assert_eq!(error.fail_info(), FailInfo::BadMessageCheck);
            // The two-step form and the reply's road agree.
            let two_steps = open_in_two_steps(parties, &verified);
            prop_assert_eq!(two_steps, Err(error));
            Ok(())
        })?;
    }
}

fn open_in_two_steps(
    parties: &Parties,
    verified: &scep::VerifiedMessage<'_>,
) -> Result<(), OpenError> {
    use scep::crypto::DecryptionKey;
    let ca = [parties.ca.clone()];
    let encrypted = verified.encrypted_key(&ca)?;
    let transport = encrypted.transports().next().unwrap();
    let key = &parties.ca_key;
    let content_key = key.decrypt_key(transport, encrypted.as_bytes(), &mut rng());
    let secret = key.substitute_secret();
    verified
        .open_with(&parties.provider, &encrypted, content_key, secret)
        .map(|_| ())
}
