//! What no operation can do without: the arithmetic, asked of the libraries themselves. Nothing here goes through this crate,
//! so that what it adds shows.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;

/// A file of test-vectors/keys/.
macro_rules! pem {
    ($name:literal) => {
        pem_rfc7468::decode_vec(include_bytes!(concat!("../test-vectors/keys/", $name)))
            .unwrap()
            .1
    };
}

/// The keys, each a PrivateKeyInfo of PKCS #8, by their size in bits.
fn keys() -> [(usize, Vec<u8>); 3] {
    use scep::crypto::rustcrypto::RsaKey;

    let pkcs8 = |pkcs1: Vec<u8>| {
        let key = RsaKey::from_pkcs1_der(&pkcs1).unwrap();
        key.to_pkcs8_der().unwrap().to_vec()
    };
    [
        (2048, pkcs8(pem!("c2048.key"))),
        (3072, pkcs8(pem!("c3072.key"))),
        (4096, pkcs8(pem!("c4096.key"))),
    ]
}

const DIGEST: [u8; 32] = [7; 32];
const CONTENT_KEY: [u8; 16] = [7; 16];

/// How long the content of a message is, about.
const CONTENT: [u8; 2048] = [7; 2048];

fn rustcrypto(c: &mut Criterion) {
    use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePublicKey};
    use rsa::{Pkcs1v15Encrypt, Pkcs1v15Sign, PrivateKey, PublicKey};
    use scep::crypto::rustcrypto::CbcCiphers;
    use scep::crypto::{CipherContent, ContentCipher};
    use sha2::{Digest, Sha256};

    let rng = &mut UnwrapErr(SysRng);
    let padding = Pkcs1v15Sign::new::<Sha256>;
    for (bits, pkcs8) in keys() {
        let private = PrivateKey::from_pkcs8_der(&pkcs8).unwrap();
        let spki = private.to_public_key().to_public_key_der().unwrap();
        let public = || PublicKey::from_public_key_der(black_box(spki.as_bytes())).unwrap();
        let signature = private.sign_with_rng(rng, padding(), &DIGEST).unwrap();
        let encrypted = public()
            .encrypt(rng, Pkcs1v15Encrypt, &CONTENT_KEY)
            .unwrap();
        let mut bench = |operation, run: &mut dyn FnMut()| {
            c.bench_function(&format!("bare/rustcrypto/rsa{bits}_{operation}"), |b| {
                b.iter(&mut *run);
            });
        };
        bench("private", &mut || {
            black_box(private.sign_with_rng(rng, padding(), &DIGEST).unwrap());
        });
        bench("public", &mut || {
            public().verify(padding(), &DIGEST, &signature).unwrap();
        });
        bench("decrypt", &mut || {
            black_box(private.decrypt_blinded(rng, Pkcs1v15Encrypt, &encrypted)).unwrap();
        });
        bench("encrypt", &mut || {
            black_box(public().encrypt(rng, Pkcs1v15Encrypt, &CONTENT_KEY)).unwrap();
        });
    }
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
        AES_128, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey,
    };
    use aws_lc_rs::digest;
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::iv::FixedLength;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{
        KeyPair, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey,
        PublicEncryptingKey,
    };
    use aws_lc_rs::signature::{
        KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey,
    };

    let rng = SystemRandom::new();
    for (bits, pkcs8) in keys() {
        let signing = KeyPair::from_pkcs8(&pkcs8).unwrap();
        let decrypting = PrivateDecryptingKey::from_pkcs8(&pkcs8).unwrap();
        let spki = decrypting.public_key().as_der().unwrap();
        // A bare RSAPublicKey is what aws-lc-rs reads fastest.
        let public_key = signing.public_key().as_ref().to_vec();
        let public = || {
            let key = PublicEncryptingKey::from_der(black_box(spki.as_ref())).unwrap();
            Pkcs1PublicEncryptingKey::new(key).unwrap()
        };
        let decrypting = Pkcs1PrivateDecryptingKey::new(decrypting).unwrap();
        let mut output = vec![0; bits / 8];
        let mut signature = vec![0; bits / 8];
        let mut encrypted = vec![0; bits / 8];
        signing
            .sign(&RSA_PKCS1_SHA256, &rng, &DIGEST, &mut signature)
            .unwrap();
        public().encrypt(&CONTENT_KEY, &mut encrypted).unwrap();
        let mut bench = |operation, run: &mut dyn FnMut()| {
            c.bench_function(&format!("bare/aws_lc_rs/rsa{bits}_{operation}"), |b| {
                b.iter(&mut *run);
            });
        };
        bench("private", &mut || {
            signing
                .sign(&RSA_PKCS1_SHA256, &rng, &DIGEST, &mut output)
                .unwrap();
        });
        bench("public", &mut || {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, black_box(&public_key))
                .verify(&DIGEST, &signature)
                .unwrap();
        });
        bench("decrypt", &mut || {
            decrypting.decrypt(&encrypted, &mut output).unwrap();
        });
        bench("encrypt", &mut || {
            public().encrypt(&CONTENT_KEY, &mut output).unwrap();
        });
    }
    c.bench_function("bare/aws_lc_rs/sha256_2KiB", |b| {
        b.iter(|| digest::digest(&digest::SHA256, black_box(&CONTENT)));
    });
    let key = || UnboundCipherKey::new(&AES_128, &CONTENT_KEY).unwrap();
    let iv = [0; 16];
    let mut buffer = CONTENT;
    c.bench_function("bare/aws_lc_rs/aes128_cbc_encrypt_2KiB", |b| {
        b.iter(|| {
            let iv = aws_lc_rs::cipher::EncryptionContext::Iv128(FixedLength::from(&iv));
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
