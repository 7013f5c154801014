//! A provider that is fast, deterministic and no cryptography at all. For fuzzing only: it keeps nothing secret and
//! anybody can sign as anybody.
//!
//! A signature is a hash of the public key and the message, an encrypted key is the key behind a hash of the public key,
//! and the cipher is an XOR with the content key: under a key of zeros a payload stands in its envelope as it is, where a
//! mutator can reach it.

use scep::crypto::rand_core::{TryCryptoRng, TryRng};
use scep::crypto::{
    CipherContent, ComputeDigest, ContentCipher, CryptoError, CryptoRng, DecryptionKey,
    DigestAlgorithm, DigestValue, EncryptKey, KeyTransport, Provider, SignatureAlgorithm,
    SigningKey, SubstituteSecret, VerifySignature,
};

/// The provider.
pub const PROVIDER: Provider = Provider::new(&Toy, &Toy, &Toy, &Toy);

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
}

impl CipherContent for Toy {
    fn encrypt(
        &self,
        cipher: ContentCipher,
        key: &[u8],
        iv: &[u8],
        blocks: &mut [u8],
    ) -> Result<(), CryptoError> {
        let block = cipher.block_len();
        if key.len() != cipher.key_len() || iv.len() != block || !blocks.len().is_multiple_of(block)
        {
            return Err(CryptoError::Failed);
        }
        let stream = key.iter().cycle();
        blocks
            .iter_mut()
            .zip(stream)
            .for_each(|(byte, key)| *byte ^= key);
        Ok(())
    }

    fn decrypt(
        &self,
        cipher: ContentCipher,
        key: &[u8],
        iv: &[u8],
        blocks: &mut [u8],
    ) -> Result<(), CryptoError> {
        self.encrypt(cipher, key, iv, blocks)
    }
}

/// A private key, which is the public one.
pub struct ToyKey {
    public_key: Vec<u8>,
    secret: SubstituteSecret,
}

impl ToyKey {
    pub fn new(public_key: &[u8]) -> Self {
        Self {
            public_key: public_key.to_vec(),
            secret: SubstituteSecret::new([0x5c; 32]),
        }
    }
}

impl SigningKey for ToyKey {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        &ALGORITHMS
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
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, CryptoError> {
        encrypted_key
            .strip_prefix(&digest(KEY_TAG, &[&self.public_key])[..])
            .map(|key| key.to_vec().into())
            .ok_or(CryptoError::Failed)
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

/// The signature of the owner of a public key.
pub fn sign(public_key: &[u8], message: &[&[u8]]) -> Vec<u8> {
    let message = digest(32, message);
    digest(32, &[b"signature", &message, public_key])
}

/// A content key for the owner of a public key.
pub fn encrypt_key(public_key: &[u8], key: &[u8]) -> Vec<u8> {
    [&digest(KEY_TAG, &[public_key]), key].concat()
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
    for chunk in message.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = mixed(state ^ u64::from_le_bytes(word));
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
