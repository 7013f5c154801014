//! The worst input of each shape in three sizes: the time for a byte must not grow with the size. And the worst key.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/shapes/mod.rs"]
mod shapes;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use scep::crypto::{CryptoError, DigestAlgorithm, Policy, Provider, SignatureAlgorithm};
use scep::oid;

use common::forge::{NULL, algorithm, sequence, tlv};
use shapes::{SHAPES, SIZES};

fn hostile(c: &mut Criterion) {
    for shape in &SHAPES {
        let mut group = c.benchmark_group(format!("hostile/{}", shape.name));
        for size in SIZES {
            let input = (shape.make)(size);
            group.throughput(Throughput::Bytes(input.len() as u64));
            group.bench_function(BenchmarkId::from_parameter(size), |b| {
                b.iter(|| (shape.run)(black_box(&input)));
            });
        }
        group.finish();
    }
}

/// The most work that one signature may ask for: the largest modulus and exponent that a policy allows.
fn largest_key(c: &mut Criterion) {
    let (modulus, exponent) = ([0xff; 8192 / 8], [1, 0xff, 0xff, 0xff, 0xff]);
    let modulus = [&[0][..], &modulus].concat();
    let key = sequence(&[&tlv(0x02, &modulus), &tlv(0x02, &exponent)]);
    let spki = sequence(&[
        &algorithm(oid::RSA_ENCRYPTION, &NULL),
        &tlv(0x03, &[&[0], &key[..]].concat()),
    ]);
    let provider = Provider::rustcrypto();
    let algorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
    c.bench_function("hostile/largest RSA key", |b| {
        b.iter(|| {
            let signatures = provider.signatures();
            let verified = signatures.verify(algorithm, black_box(&spki), &[b""], &[0x7f; 1024]);
            assert_eq!(verified, Err(CryptoError::Failed));
        });
    });
}

/// The most that reading what is under a password may cost: as many iterations as a policy allows, of the digest that takes longest.
fn most_iterations(c: &mut Criterion) {
    let providers = [
        ("rustcrypto", Provider::rustcrypto()),
        #[cfg(feature = "aws-lc-rs")]
        ("aws_lc_rs", Provider::aws_lc_rs()),
    ];
    let iterations = Policy::default().max_password_iterations();
    let mut group = c.benchmark_group("hostile/most iterations of a password");
    group.sample_size(10);
    for (name, provider) in providers {
        group.bench_function(name, |b| {
            let derivation = provider.key_derivation();
            let (digest, salt) = (DigestAlgorithm::Sha512, [1; 16]);
            let mut key = [0; 32];
            b.iter(|| {
                let password = black_box(b"a challenge of a test");
                let derived = derivation.pbkdf2(digest, password, &salt, iterations, &mut key);
                derived.unwrap();
            });
        });
    }
    group.finish();
}

criterion_group!(benches, hostile, largest_key, most_iterations);
criterion_main!(benches);
