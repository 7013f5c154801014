//! Content keys encrypted to recipients of each kind, with the toy provider: what the crate does too, once more from the RFCs.

use scep::oid;

use crate::repair::{cipher_lens, digest_len};
use crate::tlv::Node;
use crate::toy;

/// Who is to open an envelope.
#[derive(Clone, Copy)]
pub struct Holder<'k> {
    /// The public key to which content keys are encrypted in key transport.
    pub decrypting: &'k [u8],
    /// The public key that agrees on how they are encrypted.
    pub on_curve: &'k [u8],
    pub password: &'k str,
}

/// Encrypts a content key as a RecipientInfo says that it is, and puts it there: in key agreement, for everybody named.
pub fn encrypt(recipient: &mut Node, key: &[u8], holder: &Holder<'_>) -> Option<()> {
    match recipient.tag {
        KEY_AGREE => {
            let wrapped = by_agreement(recipient, key, holder.on_curve)?;
            for named in recipient.elements_mut()?.last_mut()?.elements_mut()? {
                let place = named.at_mut(1);
                place.into_iter().for_each(|key| key.set_octets(&wrapped));
            }
        }
        PASSWORD => {
            let wrapped = under_password(recipient, key, holder.password)?;
            recipient.elements_mut()?.last_mut()?.set_octets(&wrapped);
        }
        _ => {
            let encrypted = toy::encrypt_key(holder.decrypting, key);
            recipient.at_mut(3)?.set_octets(&encrypted);
        }
    }
    Some(())
}

/// The tag of a KeyAgreeRecipientInfo.
const KEY_AGREE: u8 = 0xa1;

/// The tag of a PasswordRecipientInfo.
const PASSWORD: u8 = 0xa3;

/// RFC 5753, section 3.1.
fn by_agreement(kari: &Node, key: &[u8], public_key: &[u8]) -> Option<Vec<u8>> {
    let [.., scheme, _] = kari.elements()? else {
        return None;
    };
    let wrap = scheme.at(1)?;
    let kek_len: usize = match wrap.at(0)?.contents() {
        oid if oid == oid::AES192_WRAP.as_bytes() => 24,
        oid if oid == oid::AES256_WRAP.as_bytes() => 32,
        _ => 16,
    };
    let ephemeral = kari.with_tag(0xa0)?.at(0)?.at(1)?.contents();
    let secret = toy::agreed(ephemeral.get(1..)?, &toy::point(public_key)?)?;
    // ECC-CMS-SharedInfo, section 7.2.
    let explicit = |tag: u8, octets: &[u8]| Node::of(tag, vec![Node::new(0x04, octets)]);
    let ukm = kari.with_tag(0xa1).and_then(|ukm| ukm.at(0));
    let ukm = ukm.map(|ukm| explicit(0xa0, &ukm.string_octets()));
    let bits = explicit(0xa2, &(8 * kek_len as u32).to_be_bytes());
    let shared_info = [Some(wrap.clone()), ukm, Some(bits)];
    let shared_info = Node::of(0x30, shared_info.into_iter().flatten().collect()).to_bytes();
    let digest_len = digest_len(&scheme.at(0)?.contents());
    let blocks = (1..=kek_len.div_ceil(digest_len) as u32).map(|counter: u32| {
        let parts = [&secret[..], &counter.to_be_bytes(), &shared_info];
        toy::digest(digest_len, &parts)
    });
    let mut kek = blocks.collect::<Vec<_>>().concat();
    kek.truncate(kek_len);
    key_wrap(&kek, key)
}

/// RFC 3394, section 2.2.1.
fn key_wrap(kek: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    const HALF: usize = 8;
    if key.len() < 2 * HALF || !key.len().is_multiple_of(HALF) {
        return None;
    }
    let (mut check, mut halves) = (vec![0xa6; HALF], key.to_vec());
    let mut step = 0_u64;
    for _ in 0..6 {
        for half in halves.chunks_mut(HALF) {
            step += 1;
            let mut block = [&check[..], half].concat();
            toy::encrypt(kek, &[0; 2 * HALF], &mut block);
            let (first, second) = block.split_at(HALF);
            half.copy_from_slice(second);
            let counted = first.iter().zip(step.to_be_bytes());
            check = counted.map(|(byte, count)| byte ^ count).collect();
        }
    }
    Some([check, halves].concat())
}

/// RFC 3211, sections 2.1 and 2.3.1.
fn under_password(pwri: &Node, key: &[u8], password: &str) -> Option<Vec<u8>> {
    let [.., scheme, _] = pwri.elements()? else {
        return None;
    };
    let [salt, iterations, .., last] = pwri.with_tag(0xa0)?.at(1)?.elements()? else {
        return None;
    };
    let iterations = iterations.contents().into_iter();
    let iterations = iterations.fold(0, |number: u32, byte| number << 8 | u32::from(byte));
    let prf = last.at(0).filter(|_| last.tag == 0x30);
    let prf_len = prf.map_or(20, |prf| digest_len(&prf.contents()));
    let cipher = scheme.at(1)?;
    let (kek_len, block) = cipher_lens(&cipher.at(0)?.contents());
    let iv = cipher.at(1)?.contents();
    let ([first, second, third, ..], true) = (key, iv.len() == block) else {
        return None;
    };
    let salt = salt.contents();
    let kek = toy::derive_key(prf_len, password.as_bytes(), &salt, iterations, kek_len);
    let mut blocks = [&[key.len() as u8, !first, !second, !third], key].concat();
    blocks.resize(blocks.len().next_multiple_of(block).max(2 * block), 0);
    toy::encrypt(&kek, &iv, &mut blocks);
    let outer_iv = blocks[blocks.len() - block..].to_vec();
    toy::encrypt(&kek, &outer_iv, &mut blocks);
    Some(blocks)
}
