//! The arithmetic, and beside it digest and cipher. Nothing here goes through this crate, so that what it adds shows.

mod fixture;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

use fixture::bare::{Bare, CONTENT_KEY};
#[cfg(feature = "ec")]
use fixture::bare::{DIGEST, p256_key};
#[cfg(feature = "ec")]
use fixture::rng;

/// How long the content of a message is, about.
const CONTENT: [u8; 2048] = [7; 2048];

/// What PBKDF2 makes a key of, and how often it repeats its HMAC in what this crate writes.
const PASSWORD: &[u8] = b"not a secret: for benchmarks only";
const SALT: [u8; 16] = [7; 16];
const ITERATIONS: u32 = 600_000;

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
    let mut key = [0; 16];
    c.bench_function("bare/rustcrypto/pbkdf2_600000", |b| {
        b.iter(|| pbkdf2::pbkdf2_hmac::<Sha256>(black_box(PASSWORD), &SALT, ITERATIONS, &mut key));
    });
}

#[cfg(feature = "ec")]
fn rustcrypto_p256(c: &mut Criterion) {
    use p256::ecdsa::signature::hazmat::{PrehashVerifier, RandomizedPrehashSigner};
    use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
    use p256::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePublicKey};
    use p256::{PublicKey, SecretKey};

    let private = SigningKey::from_pkcs8_der(&p256_key()).unwrap();
    let spki = private.verifying_key().to_public_key_der().unwrap();
    let sign = || -> DerSignature {
        let signature = private.sign_prehash_with_rng(&mut rng(), &DIGEST);
        signature.unwrap()
    };
    let signature = sign();
    c.bench_function("bare/rustcrypto/ec_p256_sign", |b| b.iter(sign));
    c.bench_function("bare/rustcrypto/ec_p256_verify", |b| {
        b.iter(|| {
            let public = VerifyingKey::from_public_key_der(black_box(spki.as_bytes()));
            public.unwrap().verify_prehash(&DIGEST, &signature).unwrap();
        });
    });
    let private = SecretKey::from_pkcs8_der(&p256_key()).unwrap();
    let scalar = *private.to_nonzero_scalar();
    c.bench_function("bare/rustcrypto/ec_p256_agree", |b| {
        b.iter(|| {
            let public = PublicKey::from_public_key_der(black_box(spki.as_bytes()));
            (public.unwrap().to_projective() * scalar).to_affine()
        });
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
    let (iterations, mut key) = (ITERATIONS.try_into().unwrap(), [0; 16]);
    c.bench_function("bare/aws_lc_rs/pbkdf2_600000", |b| {
        use aws_lc_rs::pbkdf2::{PBKDF2_HMAC_SHA256, derive};

        b.iter(|| {
            derive(
                PBKDF2_HMAC_SHA256,
                iterations,
                &SALT,
                black_box(PASSWORD),
                &mut key,
            )
        });
    });
}

#[cfg(all(feature = "aws-lc-rs", feature = "ec"))]
fn aws_lc_rs_p256(c: &mut Criterion) {
    use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey};
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
        UnparsedPublicKey,
    };

    let rng = SystemRandom::new();
    let private = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &p256_key()).unwrap();
    let spki = private.public_key().as_der().unwrap();
    let sign = || private.sign(&rng, &DIGEST).unwrap();
    let signature = sign();
    c.bench_function("bare/aws_lc_rs/ec_p256_sign", |b| b.iter(sign));
    c.bench_function("bare/aws_lc_rs/ec_p256_verify", |b| {
        b.iter(|| {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, black_box(spki.as_ref()))
                .verify(&DIGEST, signature.as_ref())
                .unwrap();
        });
    });
    let private = PrivateKey::from_private_key_der(&ECDH_P256, &p256_key()).unwrap();
    c.bench_function("bare/aws_lc_rs/ec_p256_agree", |b| {
        b.iter(|| {
            let public = agreement::UnparsedPublicKey::new(&ECDH_P256, black_box(spki.as_ref()));
            agreement::agree(&private, public, (), |secret| {
                black_box(secret);
                Ok(())
            })
            .unwrap();
        });
    });
}

/// Without the feature there is nothing to measure.
#[cfg(not(feature = "aws-lc-rs"))]
fn aws_lc_rs(_: &mut Criterion) {}

/// As above.
#[cfg(not(feature = "ec"))]
fn rustcrypto_p256(_: &mut Criterion) {}

/// As above.
#[cfg(not(all(feature = "aws-lc-rs", feature = "ec")))]
fn aws_lc_rs_p256(_: &mut Criterion) {}

criterion_group!(
    benches,
    rustcrypto,
    rustcrypto_p256,
    aws_lc_rs,
    aws_lc_rs_p256
);
criterion_main!(benches);
