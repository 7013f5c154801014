//! The arithmetic, and beside it digest and cipher. Nothing here goes through this crate, so that what it adds shows.

mod fixture;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

use fixture::bare::{Bare, CONTENT_KEY};

/// How long the content of a message is, about.
const CONTENT: [u8; 2048] = [7; 2048];

/// The sizes of the RSA keys in bits.
const KEYS: [usize; 3] = [2048, 3072, 4096];

fn rsa(c: &mut Criterion, provider: &str, bare: fn(usize) -> Bare) {
    for bits in KEYS {
        let bare = bare(bits);
        let operations = [
            ("private", bare.private),
            ("public", bare.public),
            ("decrypt", bare.decrypt),
            ("encrypt", bare.encrypt),
        ];
        for (operation, mut run) in operations {
            c.bench_function(&format!("bare/{provider}/rsa{bits}_{operation}"), |b| {
                b.iter(&mut run);
            });
        }
    }
}

fn rustcrypto(c: &mut Criterion) {
    use scep::crypto::rustcrypto::CbcCiphers;
    use scep::crypto::{CipherContent, ContentCipher};
    use sha2::{Digest, Sha256};

    rsa(c, "rustcrypto", Bare::rustcrypto);
    c.bench_function("bare/rustcrypto/sha256_2KiB", |b| {
        b.iter(|| Sha256::digest(black_box(&CONTENT)));
    });
    // The cipher's crates by way of this one, which gives them whole blocks and nothing else.
    let (cipher, iv) = (ContentCipher::Aes128Cbc, [0; 16]);
    let mut buffer = CONTENT;
    c.bench_function("bare/rustcrypto/aes128_cbc_encrypt_2KiB", |b| {
        b.iter(|| CbcCiphers.encrypt(cipher, &CONTENT_KEY, &iv, &mut buffer));
    });
    c.bench_function("bare/rustcrypto/aes128_cbc_decrypt_2KiB", |b| {
        b.iter(|| CbcCiphers.decrypt(cipher, &CONTENT_KEY, &iv, &mut buffer));
    });
}

#[cfg(feature = "aws-lc-rs")]
fn aws_lc_rs(c: &mut Criterion) {
    use aws_lc_rs::cipher::{
        AES_128, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
        UnboundCipherKey,
    };
    use aws_lc_rs::digest;
    use aws_lc_rs::iv::FixedLength;

    rsa(c, "aws_lc_rs", Bare::aws_lc_rs);
    c.bench_function("bare/aws_lc_rs/sha256_2KiB", |b| {
        b.iter(|| digest::digest(&digest::SHA256, black_box(&CONTENT)));
    });
    let key = || UnboundCipherKey::new(&AES_128, &CONTENT_KEY).unwrap();
    let iv = [0; 16];
    let mut buffer = CONTENT;
    c.bench_function("bare/aws_lc_rs/aes128_cbc_encrypt_2KiB", |b| {
        b.iter(|| {
            let iv = EncryptionContext::Iv128(FixedLength::from(&iv));
            let cipher = EncryptingKey::cbc(key()).unwrap();
            cipher.less_safe_encrypt(&mut buffer, iv).unwrap();
        });
    });
    c.bench_function("bare/aws_lc_rs/aes128_cbc_decrypt_2KiB", |b| {
        b.iter(|| {
            let iv = DecryptionContext::Iv128(FixedLength::from(&iv));
            let cipher = DecryptingKey::cbc(key()).unwrap();
            cipher.decrypt(&mut buffer, iv).unwrap();
        });
    });
}

/// Without the feature there is nothing to measure.
#[cfg(not(feature = "aws-lc-rs"))]
fn aws_lc_rs(_: &mut Criterion) {}

criterion_group!(benches, rustcrypto, aws_lc_rs);
criterion_main!(benches);
