//! A mutator that knows elements: it changes tags, lengths and forms, nests, splits strings into segments, reorders,
//! duplicates and moves whole elements, and puts in what messages are made of.

use std::slice;

use scep::oid;

use crate::tlv::{self, Body, Form, Node};
use crate::toy::Counter;

/// The mutator of libFuzzer, which knows bytes.
pub type MutateBytes = fn(data: &mut [u8], size: usize, max_size: usize) -> usize;

/// Changes `data[..size]` in place and tells its new size. The first `header` bytes are not elements.
pub fn bytes(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    header: usize,
    mutate_bytes: MutateBytes,
) -> usize {
    let mut rng = Counter::new(seed.into());
    if size <= header || rng.below(4) == 0 {
        return mutate_bytes(data, size, max_size);
    }
    if rng.below(16) == 0 {
        data[rng.below(header.max(1))] ^= 1 << rng.below(8);
    }
    let mut forest = tlv::read(&data[header..size]);
    if forest.iter().all(|node| matches!(node.body, Body::Raw(_))) {
        return mutate_bytes(data, size, max_size);
    }
    for _ in 0..=rng.below(3) {
        change(&mut forest, &mut rng);
    }
    let changed = tlv::write(&forest);
    let room = max_size.min(data.len()).saturating_sub(header);
    if changed.len() > room || changed == data[header..size] {
        return mutate_bytes(data, size, max_size);
    }
    data[header..header + changed.len()].copy_from_slice(&changed);
    header + changed.len()
}

/// As many elements as a forest may get by copying: a few of them would multiply to more than there is memory for.
const MAX_NODES: usize = 4096;

/// Changes one thing.
pub fn change(forest: &mut Vec<Node>, rng: &mut Counter) {
    let nodes = count(forest);
    if nodes == 0 {
        forest.push(part(rng));
        return;
    }
    let mut position = rng.below(nodes);
    let Some((siblings, at)) = find(forest, &mut position) else {
        return;
    };
    match rng.below(20) {
        0 => siblings[at].tag = tag(siblings[at].tag, rng),
        1 | 2 => siblings[at].form = form(rng),
        3 => {
            siblings.remove(at);
        }
        4 if nodes < MAX_NODES => siblings.insert(at, siblings[at].clone()),
        5 => {
            let other = rng.below(siblings.len());
            siblings.swap(at, other);
        }
        6 => siblings.reverse(),
        7 => nest(&mut siblings[at], rng),
        8 => unnest(siblings, at),
        9 => split(&mut siblings[at], rng),
        10 => siblings[at] = siblings[at].to_der(),
        11 | 12 => siblings.insert(rng.below(siblings.len() + 1), part(rng)),
        13 => siblings[at] = part(rng),
        14 | 15 => octets(&mut siblings[at], rng),
        16 if nodes < MAX_NODES => {
            let copied = siblings[at].clone();
            let mut position = rng.below(nodes);
            if let Some((siblings, at)) = find(forest, &mut position) {
                siblings[at] = copied;
            }
        }
        17 if nodes < MAX_NODES => {
            let copied = siblings[at].clone();
            let mut position = rng.below(nodes);
            if let Some((siblings, at)) = find(forest, &mut position) {
                siblings.insert(at, copied);
            }
        }
        18 if nodes < MAX_NODES => {
            let copied = siblings[at].clone();
            let times = rng
                .below(80)
                .min(MAX_NODES / count(slice::from_ref(&copied)));
            siblings.splice(at..at, std::iter::repeat_n(copied, times));
        }
        _ => every_form(forest, form(rng)),
    }
}

/// The number of elements in a forest.
fn count(forest: &[Node]) -> usize {
    let inside = |node: &Node| node.elements().map_or(0, count);
    forest.iter().map(|node| 1 + inside(node)).sum()
}

/// The element at a position, counted from the outside in and from the front, among its siblings.
fn find<'t>(forest: &'t mut Vec<Node>, position: &mut usize) -> Option<(&'t mut Vec<Node>, usize)> {
    let mut path = Vec::new();
    if !path_to(forest, position, &mut path) {
        return None;
    }
    let at = path.pop()?;
    let step = |siblings: &'t mut Vec<Node>, at: usize| siblings[at].elements_mut();
    let siblings = path.into_iter().try_fold(forest, step)?;
    Some((siblings, at))
}

/// Whether the element is there; `path` leads to it then.
fn path_to(forest: &[Node], position: &mut usize, path: &mut Vec<usize>) -> bool {
    for (at, node) in forest.iter().enumerate() {
        path.push(at);
        if *position == 0 {
            return true;
        }
        *position -= 1;
        if node
            .elements()
            .is_some_and(|inside| path_to(inside, position, path))
        {
            return true;
        }
        path.pop();
    }
    false
}

fn tag(old: u8, rng: &mut Counter) -> u8 {
    const TAGS: [u8; 24] = [
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1e, 0x1f,
        0x30, 0x31, 0x80, 0x81, 0xa0, 0xa1, 0xa2, 0xa3, 0xff,
    ];
    match rng.below(3) {
        0 => old ^ 0x20,
        1 => old ^ 1 << rng.below(8),
        _ => rng.of(&TAGS).copied().unwrap_or_default(),
    }
}

fn form(rng: &mut Counter) -> Form {
    match rng.below(8) {
        0 | 1 => Form::Definite,
        2 | 3 => Form::Long(rng.below(10) as u8),
        4..=6 => Form::Indefinite,
        _ => Form::Wrong(rng.below(9) as i8 - 4),
    }
}

/// Puts an element into others.
fn nest(node: &mut Node, rng: &mut Counter) {
    let (tag, levels) = (tag(node.tag | 0x20, rng) | 0x20, 1 + rng.below(3));
    let levels = if rng.below(8) == 0 { 34 } else { levels };
    let form = form(rng);
    for _ in 0..levels {
        let inside = node.clone();
        *node = Node {
            form,
            ..Node::of(tag, vec![inside])
        };
    }
}

/// Puts what is inside in the place of an element.
fn unnest(siblings: &mut Vec<Node>, at: usize) {
    if let Some(inside) = siblings[at].elements_mut() {
        let inside = std::mem::take(inside);
        siblings.splice(at..=at, inside);
    }
}

/// Splits a string into segments, or one of its segments.
fn split(node: &mut Node, rng: &mut Counter) {
    if matches!(node.body, Body::Elements(_) | Body::Raw(_)) {
        return;
    }
    let octets = node.contents();
    let size = 1 + rng.below(octets.len().clamp(1, 64));
    let segments = octets.chunks(size).map(|segment| Node::new(0x04, segment));
    *node = Node {
        form: form(rng),
        ..Node::of(node.tag | 0x20, segments.collect())
    };
}

/// Changes the octets of an element that holds no others.
fn octets(node: &mut Node, rng: &mut Counter) {
    let (Body::Octets(octets) | Body::Raw(octets)) = &mut node.body else {
        return;
    };
    match rng.below(6) {
        0 if !octets.is_empty() => {
            let at = rng.below(octets.len());
            octets[at] ^= 1 << rng.below(8);
        }
        1 => octets.truncate(rng.below(octets.len() + 1)),
        2 => {
            let len = 1 + rng.below(80);
            octets.resize(octets.len() + len, rng.below(256) as u8);
        }
        3 => octets.insert(0, rng.below(256) as u8),
        4 if !octets.is_empty() => {
            octets.remove(0);
        }
        _ => {
            const NUMBERS: [&[u8]; 10] = [
                b"",
                b"\0",
                b"\x7f",
                b"\x80",
                b"\xff",
                b"\0\x80",
                b"0",
                b"3",
                b"19",
                b"4294967296",
            ];
            *octets = rng.of(&NUMBERS).copied().unwrap_or_default().to_vec();
        }
    }
}

fn every_form(forest: &mut [Node], form: Form) {
    for node in forest {
        // A primitive element has no indefinite form.
        if form != Form::Indefinite || node.tag & 0x20 != 0 {
            node.form = form;
        }
        if let Some(inside) = node.elements_mut() {
            every_form(inside, form);
        }
    }
}

/// Something that messages are made of.
fn part(rng: &mut Counter) -> Node {
    let identifier = |rng: &mut Counter| {
        rng.of(&OIDS)
            .map_or(Node::new(0x05, &[]), |oid| Node::new(0x06, oid.as_bytes()))
    };
    match rng.below(12) {
        0 => identifier(rng),
        1 => Node::of(0x30, vec![identifier(rng)]),
        2 | 3 => Node::of(0x30, vec![identifier(rng), Node::new(0x05, &[])]),
        4 => {
            let hash = Node::of(0x30, vec![identifier(rng), Node::new(0x05, &[])]);
            let mgf = Node::of(
                0x30,
                vec![Node::new(0x06, oid::MGF1.as_bytes()), hash.clone()],
            );
            let salt = Node::new(0x02, &[rng.below(256) as u8]);
            let parameters = [(0xa0, hash), (0xa1, mgf), (0xa2, salt)]
                .into_iter()
                .filter(|_| rng.below(3) > 0)
                .map(|(tag, value)| Node::of(tag, vec![value]));
            let parameters = parameters.collect();
            Node::of(0x30, vec![identifier(rng), Node::of(0x30, parameters)])
        }
        5 | 6 => {
            let value = match rng.below(4) {
                0 => Node::new(
                    0x13,
                    rng.of(&[&b"3"[..], b"0", b"2", b"17", b"19", b"22", b"1x"])
                        .copied()
                        .unwrap_or_default(),
                ),
                1 => Node::new(0x04, &vec![7; rng.below(70)]),
                2 => Node::new(0x0c, b"text"),
                _ => identifier(rng),
            };
            let values = vec![value; rng.below(3)];
            Node::of(0x30, vec![identifier(rng), Node::of(0x31, values)])
        }
        7 => Node::new(0x02, &vec![rng.below(256) as u8; rng.below(24)]),
        8 => Node::new(0x06, &vec![0x81 | rng.below(256) as u8; rng.below(50)]),
        9 => {
            // An algorithm that is the parameter of another: of key agreement, and of what wraps under a password.
            let inside = match rng.below(2) {
                0 => vec![identifier(rng)],
                _ => vec![
                    identifier(rng),
                    Node::new(0x04, &vec![9; 8 << rng.below(2)]),
                ],
            };
            Node::of(0x30, vec![identifier(rng), Node::of(0x30, inside)])
        }
        10 => {
            let salt = Node::new(0x04, &vec![7; rng.below(70)]);
            let iterations = Node::new(0x02, &vec![1; 1 + rng.below(4)]);
            let mut parameters = vec![salt, iterations];
            if rng.below(3) > 0 {
                parameters.push(Node::of(0x30, vec![identifier(rng), Node::new(0x05, &[])]));
            }
            let tag = if rng.below(2) == 0 { 0x30 } else { 0xa0 };
            Node::of(tag, vec![identifier(rng), Node::of(0x30, parameters)])
        }
        _ => Node {
            form: form(rng),
            ..Node::of(tag(0x30, rng) | 0x20, Vec::new())
        },
    }
}

/// The identifiers that the crate knows.
const OIDS: [scep::Oid; 65] = [
    oid::DATA,
    oid::SIGNED_DATA,
    oid::ENVELOPED_DATA,
    oid::ENCRYPTED_DATA,
    oid::CONTENT_TYPE,
    oid::MESSAGE_DIGEST,
    oid::SIGNING_TIME,
    oid::CHALLENGE_PASSWORD,
    oid::EXTENSION_REQUEST,
    oid::MS_CERT_EXTENSIONS,
    oid::MESSAGE_TYPE,
    oid::PKI_STATUS,
    oid::FAIL_INFO,
    oid::SENDER_NONCE,
    oid::RECIPIENT_NONCE,
    oid::TRANSACTION_ID,
    oid::FAIL_INFO_TEXT,
    oid::MS_SCEP_ERROR,
    oid::MS_SCEP_SERVER_MESSAGE,
    oid::MD5,
    oid::SHA1,
    oid::SHA256,
    oid::SHA384,
    oid::SHA512,
    oid::RSA_ENCRYPTION,
    oid::MD5_WITH_RSA,
    oid::SHA1_WITH_RSA,
    oid::RSAES_OAEP,
    oid::MGF1,
    oid::P_SPECIFIED,
    oid::RSASSA_PSS,
    oid::SHA256_WITH_RSA,
    oid::SHA384_WITH_RSA,
    oid::SHA512_WITH_RSA,
    oid::DES_CBC,
    oid::DES_EDE3_CBC,
    oid::AES128_CBC,
    oid::AES192_CBC,
    oid::AES256_CBC,
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::KEY_USAGE,
    oid::SUBJECT_ALT_NAME,
    oid::BASIC_CONSTRAINTS,
    oid::EXT_KEY_USAGE,
    oid::EC_PUBLIC_KEY,
    oid::SECP256R1,
    oid::SECP384R1,
    oid::SECP521R1,
    oid::ECDSA_WITH_SHA256,
    oid::ECDSA_WITH_SHA384,
    oid::ECDSA_WITH_SHA512,
    oid::ED25519,
    oid::PBKDF2,
    oid::HMAC_WITH_SHA1,
    oid::HMAC_WITH_SHA256,
    oid::HMAC_WITH_SHA384,
    oid::HMAC_WITH_SHA512,
    oid::PWRI_KEK,
    oid::ECDH_SHA1_KDF,
    oid::ECDH_SHA256_KDF,
    oid::ECDH_SHA384_KDF,
    oid::ECDH_SHA512_KDF,
    oid::AES128_WRAP,
    oid::AES192_WRAP,
    oid::AES256_WRAP,
];
