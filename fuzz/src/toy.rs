//! A provider that is fast, deterministic and no cryptography at all. For fuzzing only: it keeps nothing secret and
//! anybody can sign as anybody.
//!
//! A signature is a hash of the public key and the message, an encrypted key is the key behind a hash of the public key, and
//! two keys agree on a hash of both points. The cipher adds the key and turns the block, but for a key of zeros, which leaves
//! it alone: under that a payload stands in its envelope as it is, where a mutator can reach it.

use scep::crypto::rand_core::{TryCryptoRng, TryRng};
use scep::crypto::{
    CipherContent, ComputeDigest, ContentCipher, CryptoError, CryptoRng, DecryptionKey, DeriveKey,
    DigestAlgorithm, DigestValue, EncryptKey, KeyTransport, Provider, SignatureAlgorithm,
    SigningKey, SubstituteSecret, VerifySignature,
};
use scep::oid;
use zeroize::Zeroizing;

use crate::tlv::{self, Body, Node};

/// The provider.
pub const PROVIDER: Provider = Provider::new(&Toy, &Toy, &Toy, &Toy).with_key_derivation(&Toy);

/// How many octets of hash stand before an encrypted key.
const KEY_TAG: usize = 8;

struct Toy;

impl ComputeDigest for Toy {
    fn digest(
        &self,
        algorithm: DigestAlgorithm,
        parts: &[&[u8]],
    ) -> Result<DigestValue, CryptoError> {
        let value = digest(algorithm.output_len(), parts);
        DigestValue::new(&value).ok_or(CryptoError::Failed)
    }
}

impl VerifySignature for Toy {
    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        match algorithm {
            SignatureAlgorithm::RsaPss {
                digest, mgf_digest, ..
            } if digest != mgf_digest => Err(CryptoError::Unsupported),
            _ if sign(public_key, message) == signature => Ok(()),
            _ => Err(CryptoError::Failed),
        }
    }
}

impl EncryptKey for Toy {
    fn encrypt_key(
        &self,
        _: KeyTransport,
        public_key: &[u8],
        key: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        Ok(encrypt_key(public_key, key))
    }

    fn agree(
        &self,
        public_key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), CryptoError> {
        let recipient = point(public_key).ok_or(CryptoError::InvalidKey)?;
        let mut x = vec![0; recipient.len() / 2];
        rng.fill_bytes(&mut x);
        let ephemeral = [&[4], &x[..], &digest(x.len(), &[&x])].concat();
        let mut key = tlv::read(public_key);
        let place = key.first_mut().and_then(|key| key.at_mut(1));
        place.ok_or(CryptoError::InvalidKey)?.body = Body::Octets([&[0], &ephemeral[..]].concat());
        let secret = agreed(&ephemeral, &recipient).ok_or(CryptoError::InvalidKey)?;
        Ok((tlv::write(&key), secret.into()))
    }
}

impl DeriveKey for Toy {
    fn pbkdf2(
        &self,
        prf: DigestAlgorithm,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        key: &mut [u8],
    ) -> Result<(), CryptoError> {
        if iterations == 0 {
            return Err(CryptoError::Failed);
        }
        let derived = derive_key(prf.output_len(), password, salt, iterations, key.len());
        key.copy_from_slice(&derived);
        Ok(())
    }
}

impl CipherContent for Toy {
    fn encrypt(
        &self,
        cipher: ContentCipher,
        key: &[u8],
        iv: &[u8],
        blocks: &mut [u8],
    ) -> Result<(), CryptoError> {
        check_lengths(cipher, key, iv, blocks)?;
        encrypt(key, iv, blocks);
        Ok(())
    }

    fn decrypt(
        &self,
        cipher: ContentCipher,
        key: &[u8],
        iv: &[u8],
        blocks: &mut [u8],
    ) -> Result<(), CryptoError> {
        check_lengths(cipher, key, iv, blocks)?;
        decrypt(key, iv, blocks);
        Ok(())
    }
}

fn check_lengths(
    cipher: ContentCipher,
    key: &[u8],
    iv: &[u8],
    blocks: &[u8],
) -> Result<(), CryptoError> {
    let block = cipher.block_len();
    let fits =
        key.len() == cipher.key_len() && iv.len() == block && blocks.len().is_multiple_of(block);
    fits.then_some(()).ok_or(CryptoError::Failed)
}

/// A private key, which is the public one.
pub struct ToyKey {
    public_key: Vec<u8>,
    /// Where it is on its curve, if it is on one.
    point: Option<Vec<u8>>,
    secret: SubstituteSecret,
}

impl ToyKey {
    pub fn new(public_key: &[u8]) -> Self {
        Self {
            public_key: public_key.to_vec(),
            point: point(public_key),
            secret: SubstituteSecret::new([0x5c; 32]),
        }
    }
}

impl SigningKey for ToyKey {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        match self.point {
            Some(_) => &ON_CURVES,
            None => &ALGORITHMS,
        }
    }

    fn sign(
        &self,
        _: SignatureAlgorithm,
        message: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        Ok(sign(&self.public_key, &[message]))
    }
}

impl DecryptionKey for ToyKey {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    fn decrypt_key(
        &self,
        _: KeyTransport,
        encrypted_key: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        if self.point.is_some() {
            return Err(CryptoError::Unsupported);
        }
        encrypted_key
            .strip_prefix(&digest(KEY_TAG, &[identity(&self.public_key)])[..])
            .map(|key| key.to_vec().into())
            .ok_or(CryptoError::Failed)
    }

    fn agree(
        &self,
        public_key: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let own = self.point.as_ref().ok_or(CryptoError::Unsupported)?;
        let originator = point(public_key).ok_or(CryptoError::InvalidKey)?;
        let secret = agreed(&originator, own).ok_or(CryptoError::InvalidKey)?;
        Ok(secret.into())
    }

    fn substitute_secret(&self) -> &SubstituteSecret {
        &self.secret
    }
}

const ALGORITHMS: [SignatureAlgorithm; 6] = [
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256),
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha1),
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha384),
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha512),
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Md5),
    SignatureAlgorithm::RsaPss {
        digest: DigestAlgorithm::Sha256,
        mgf_digest: DigestAlgorithm::Sha256,
        salt_len: 32,
    },
];

const ON_CURVES: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::EcdsaSha256,
    SignatureAlgorithm::EcdsaSha384,
    SignatureAlgorithm::EcdsaSha512,
];

/// The signature of the owner of a public key, in the form of one of ECDSA, which has to have it.
pub fn sign(public_key: &[u8], message: &[&[u8]]) -> Vec<u8> {
    let message = digest(32, message);
    let hash = digest(32, &[b"signature", &message, identity(public_key)]);
    let (r, s) = hash.split_at(16);
    [&[0x30, 36, 0x02, 16], r, &[0x02, 16], s].concat()
}

/// A content key for the owner of a public key.
pub fn encrypt_key(public_key: &[u8], key: &[u8]) -> Vec<u8> {
    [&digest(KEY_TAG, &[identity(public_key)]), key].concat()
}

/// A public key without what says that it is RSA: with NULL behind the identifier or without, it is the same key.
pub fn identity(public_key: &[u8]) -> &[u8] {
    const WITH_NULL: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    const WITHOUT: &[u8] = b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";

    // The header of the key itself is as long as its length needs.
    (2..=4)
        .filter_map(|header| public_key.get(header..))
        .find_map(|key| key.strip_prefix(WITH_NULL).or(key.strip_prefix(WITHOUT)))
        .unwrap_or(public_key)
}

/// The point of a public key, if it is one on a curve.
pub fn point(public_key: &[u8]) -> Option<Vec<u8>> {
    let key = tlv::read(public_key).pop()?;
    if key.at(0)?.at(0)?.contents() != oid::EC_PUBLIC_KEY.as_bytes() {
        return None;
    }
    Some(key.at(1).map(Node::contents)?.get(1..)?.to_vec())
}

/// What the owners of two points agree on, as long as a coordinate. A point is on its curve if y is a hash of x; those of
/// certificates are not asked.
pub fn agreed(ephemeral: &[u8], recipient: &[u8]) -> Option<Vec<u8>> {
    let coordinates = ephemeral.get(1..)?;
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    (digest(x.len(), &[x]) == y).then(|| digest(x.len(), &[b"agreement", ephemeral, recipient]))
}

/// A key of `len` bytes made of a password, in one step whatever the iterations are.
pub fn derive_key(
    prf_len: usize,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    len: usize,
) -> Vec<u8> {
    let parameters = [&[prf_len as u8], &iterations.to_be_bytes()[..], salt].concat();
    digest(len, &[&parameters, password])
}

/// Encrypts blocks as long as the initialisation vector, chained as in CBC.
pub fn encrypt(key: &[u8], iv: &[u8], blocks: &mut [u8]) {
    let Some(pad) = pad(key) else {
        return;
    };
    let mut last = iv.to_vec();
    for block in blocks.chunks_exact_mut(iv.len().max(1)) {
        block
            .iter_mut()
            .zip(&last)
            .for_each(|(byte, last)| *byte ^= last);
        for (half, pad) in block.chunks_exact_mut(HALF).zip(pad) {
            let word = le_word(half).wrapping_add(pad).rotate_left(29);
            half.copy_from_slice(&word.to_le_bytes());
        }
        block.rotate_left(3);
        last.copy_from_slice(block);
    }
}

/// What [`encrypt`] does, backwards.
pub fn decrypt(key: &[u8], iv: &[u8], blocks: &mut [u8]) {
    let Some(pad) = pad(key) else {
        return;
    };
    let mut last = iv.to_vec();
    for block in blocks.chunks_exact_mut(iv.len().max(1)) {
        let encrypted = block.to_vec();
        block.rotate_right(3);
        for (half, pad) in block.chunks_exact_mut(HALF).zip(pad) {
            let word = le_word(half).rotate_right(29).wrapping_sub(pad);
            half.copy_from_slice(&word.to_le_bytes());
        }
        block
            .iter_mut()
            .zip(&last)
            .for_each(|(byte, last)| *byte ^= last);
        last = encrypted;
    }
}

/// The bytes of a block that are added at once.
const HALF: usize = 8;

/// What a key adds to both halves of a block: nothing is done if it is of zeros.
fn pad(key: &[u8]) -> Option<[u64; 2]> {
    let hash = digest(2 * HALF, &[key]);
    let (first, second) = hash.split_at(HALF);
    let is_null = key.iter().all(|byte| *byte == 0);
    (!is_null).then(|| [le_word(first), le_word(second)])
}

fn le_word(bytes: &[u8]) -> u64 {
    let mut word = [0; HALF];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// A hash of `len` bytes over the parts, one behind the other.
pub fn digest(len: usize, parts: &[&[u8]]) -> Vec<u8> {
    let joined;
    let message = match parts {
        [one] => *one,
        several => {
            joined = several.concat();
            &joined
        }
    };
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ message.len() as u64;
    for chunk in message.chunks(HALF) {
        state = mixed(state ^ le_word(chunk));
    }
    let words =
        (0..len.div_ceil(8) as u64).map(|n| mixed(state ^ n.wrapping_mul(0xff51_afd7_ed55_8ccd)));
    let mut value: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    value.truncate(len);
    value
}

fn mixed(word: u64) -> u64 {
    let wide = u128::from(word ^ 0x2545_f491_4f6c_dd1d) * 0xd6e8_feb8_6659_fd93_u128;
    (wide >> 64) as u64 ^ wide as u64
}

/// Random numbers that are the same in every run.
pub struct Counter(u64);

impl Counter {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, or 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % (bound.max(1) as u64)) as usize
    }

    /// One of several.
    pub fn of<'t, T>(&mut self, several: &'t [T]) -> Option<&'t T> {
        several.get(self.below(several.len()))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }
}

impl TryRng for Counter {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(self.next() as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Counter {}
