//! What the operations take from the heap. `cargo test --test allocations -- --nocapture` prints it.
//!
//! Counted are the calls of Rust's allocator on this thread, and the bytes that they ask for; one that grows a buffer counts
//! as a new one. What AWS-LC, which is written in C, allocates is not seen.
#![cfg(feature = "rustcrypto")]

#[path = "../benches/fixture/mod.rs"]
mod fixture;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt;
use std::hint::black_box;

use scep::crypto::rustcrypto::{CbcCiphers, Digests, RsaKey};
use scep::crypto::{
    ComputeDigest, CryptoError, CryptoRng, DecryptionKey, DigestAlgorithm, EncryptKey,
    KeyTransport, Provider, SignatureAlgorithm, SigningKey, SubstituteSecret, VerifySignature,
};
use scep::{Limits, PkiMessage};
use zeroize::Zeroizing;

use fixture::{Fixture, Parties, rng};

struct Counting;

thread_local! {
    static TAKEN: Cell<Heap> = const { Cell::new(Heap::NOTHING) };
}

/// What was taken from the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Heap {
    allocations: usize,
    bytes: usize,
}

impl Heap {
    const NOTHING: Self = Self {
        allocations: 0,
        bytes: 0,
    };

    /// What `run` takes.
    fn taken_by<T>(run: impl FnOnce() -> T) -> Self {
        let before = TAKEN.get();
        let result = black_box(run());
        let after = TAKEN.get();
        drop(result);
        after.minus(before)
    }

    fn minus(self, other: Self) -> Self {
        Self {
            allocations: self.allocations - other.allocations,
            bytes: self.bytes - other.bytes,
        }
    }
}

impl fmt::Display for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} allocations, {} bytes", self.allocations, self.bytes)
    }
}

fn count(bytes: usize) {
    let Heap {
        allocations,
        bytes: before,
    } = TAKEN.get();
    TAKEN.set(Heap {
        allocations: allocations + 1,
        bytes: before + bytes,
    });
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A provider that allocates nothing but what it gives back. Whoever knows a public key can sign and decrypt with it.
struct Hashed;

/// A key of [`Hashed`].
struct HashedKey {
    public_key: Vec<u8>,
    substitute_secret: SubstituteSecret,
}

const SHA256_WITH_RSA: SignatureAlgorithm =
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);

/// As long as those of RSA with 2048 bits.
const SIGNATURE_LEN: usize = 256;

impl Hashed {
    const PROVIDER: Provider = Provider::new(&Digests, &Hashed, &Hashed, &CbcCiphers);

    fn key(key: RsaKey) -> HashedKey {
        HashedKey {
            public_key: key.public_key_der().to_vec(),
            substitute_secret: SubstituteSecret::new([7; 32]),
        }
    }

    fn signature(message: &[&[u8]]) -> Result<[u8; SIGNATURE_LEN], CryptoError> {
        let digest = Digests.digest(DigestAlgorithm::Sha256, message)?;
        let mut signature = [0; SIGNATURE_LEN];
        signature[..32].copy_from_slice(digest.as_bytes());
        Ok(signature)
    }
}

impl VerifySignature for Hashed {
    fn verify(
        &self,
        _: SignatureAlgorithm,
        _: &[u8],
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        if Self::signature(message)? == signature {
            Ok(())
        } else {
            Err(CryptoError::Failed)
        }
    }
}

impl EncryptKey for Hashed {
    fn encrypt_key(
        &self,
        _: KeyTransport,
        _: &[u8],
        key: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        let mut encrypted = vec![0; SIGNATURE_LEN];
        encrypted[..key.len()].copy_from_slice(key);
        Ok(encrypted)
    }
}

impl SigningKey for HashedKey {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        &[SHA256_WITH_RSA]
    }

    fn sign(
        &self,
        _: SignatureAlgorithm,
        message: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        Ok(Hashed::signature(&[message])?.to_vec())
    }
}

impl DecryptionKey for HashedKey {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    fn decrypt_key(
        &self,
        _: KeyTransport,
        encrypted_key: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        Ok(Zeroizing::new(encrypted_key[..16].to_vec()))
    }

    fn substitute_secret(&self) -> &SubstituteSecret {
        &self.substitute_secret
    }
}

fn read_attributes(input: &[u8]) {
    let message = PkiMessage::parse(input, &Limits::REQUEST).unwrap();
    let attributes = message.unverified_attributes();
    black_box((
        attributes.message_type(),
        attributes.transaction_id().as_bytes(),
        attributes.sender_nonce(),
    ));
}

/// Prints what each operation takes, and holds `server_receive` to its bounds.
fn server_receive_is_frugal<K: SigningKey + DecryptionKey>(name: &str, fixture: &Fixture<K>) {
    let messages = fixture.messages();
    let receive = || fixture.server_receive(&messages.request);
    // The first time, a library may prepare itself.
    let request = receive();
    let taken = Heap::taken_by(receive);
    let len = messages.request.len();
    println!("server_receive/{name}: {taken}; the message has {len} bytes");
    let built = Heap::taken_by(|| fixture.client_build());
    println!("client_build/{name}: {built}; the message has {len} bytes");
    let replied = Heap::taken_by(|| fixture.server_reply(&request));
    let reply_len = messages.reply.len();
    println!("server_reply/{name}: {replied}; the message has {reply_len} bytes");
    assert!(taken.allocations <= 8, "{taken}");
    assert!(taken.bytes <= 2 * len, "{taken}");
}

#[test]
fn a_counted_allocation_is_seen() {
    let taken = Heap::taken_by(|| vec![1_u8; 100]);
    let expected = Heap {
        allocations: 1,
        bytes: 100,
    };
    assert_eq!(taken, expected);
}

#[test]
fn reading_a_der_message_to_its_attributes_allocates_nothing() {
    let der = include_bytes!("../test-vectors/openssl-made/pkcsreq-sha256-aes128.der");
    assert_eq!(Heap::taken_by(|| read_attributes(der)), Heap::NOTHING);
}

#[test]
fn reading_a_ber_message_to_its_attributes_takes_one_buffer() {
    let ber = include_bytes!("../test-vectors/openssl-made/pkcsreq-sha256-aes128-indef.ber");
    let taken = Heap::taken_by(|| read_attributes(ber));
    assert_eq!(taken.allocations, 1);
    assert!(taken.bytes < ber.len());
}

#[test]
fn receiving_a_request_is_frugal_by_itself() {
    let fixture = Fixture::new(Hashed::PROVIDER, Parties::RSA_2048, Hashed::key);
    server_receive_is_frugal("no provider's own", &fixture);
}

#[cfg(feature = "aws-lc-rs")]
#[test]
fn receiving_a_request_is_frugal_with_aws_lc_rs() {
    let fixture = Fixture::aws_lc_rs(Parties::RSA_2048);
    server_receive_is_frugal("aws_lc_rs", &fixture);
    let messages = fixture.messages();
    let received = Heap::taken_by(|| fixture.client_receive(&messages.reply, &messages.pending));
    let len = messages.reply.len();
    println!("client_receive/aws_lc_rs: {received}; the message has {len} bytes");
}

/// `rsa` allocates much, and not always the same: what it takes by itself is told beside, and nothing is demanded.
#[test]
fn the_software_providers_own_allocations_are_told() {
    let fixture = Fixture::rustcrypto(Parties::RSA_2048);
    let messages = fixture.messages();
    let request = fixture.server_receive(&messages.request);
    let key = fixture.ca_key.public_key_der();
    let (provider, transport) = (fixture.provider, KeyTransport::RsaPkcs1v15);
    let signature = fixture.ca_key.sign(SHA256_WITH_RSA, b"", &mut rng());
    let signature = signature.unwrap();
    let encrypt = || {
        let encryption = provider.key_encryption();
        encryption.encrypt_key(transport, key, &[7; 16], &mut rng())
    };
    let encrypted = encrypt().unwrap();
    let verified = Heap::taken_by(|| {
        let signatures = provider.signatures();
        signatures.verify(SHA256_WITH_RSA, key, &[b""], &signature)
    });
    let decrypted = Heap::taken_by(|| {
        let key: &dyn DecryptionKey = &fixture.ca_key;
        key.decrypt_key(transport, &encrypted, &mut rng())
    });
    let signed = Heap::taken_by(|| fixture.ca_key.sign(SHA256_WITH_RSA, b"", &mut rng()));
    println!("verify, bare/rustcrypto: {verified}");
    println!("encrypt, bare/rustcrypto: {}", Heap::taken_by(encrypt));
    println!("decrypt, bare/rustcrypto: {decrypted}");
    println!("sign, bare/rustcrypto: {signed}");
    let received = Heap::taken_by(|| fixture.server_receive(&messages.request));
    println!("server_receive/rustcrypto: {received}");
    let built = Heap::taken_by(|| fixture.client_build());
    println!("client_build/rustcrypto: {built}");
    let replied = Heap::taken_by(|| fixture.server_reply(&request));
    println!("server_reply/rustcrypto: {replied}");
    let accepted = Heap::taken_by(|| fixture.client_receive(&messages.reply, &messages.pending));
    println!("client_receive/rustcrypto: {accepted}");
    assert!(decrypted.allocations > 8, "the counter sees what rsa does");
}
