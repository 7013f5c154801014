//! The hot path: reading a message, and each side's part of an enrolment with each provider. SHA-256, AES-128-CBC.

mod fixture;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scep::Limits;
use scep::crypto::{DecryptionKey, SigningKey};

#[cfg(feature = "ec")]
use fixture::CHALLENGE;
#[cfg(feature = "ec")]
use fixture::ec::Curves;
use fixture::{Fixture, PKCS_REQ_BER, Parties};

fn decode(c: &mut Criterion) {
    let messages = Fixture::rustcrypto(Parties::RSA_2048).messages();
    let mut group = c.benchmark_group("decode");
    group.bench_function("pkcsreq_der", |b| {
        b.iter(|| fixture::decode(black_box(&messages.request), &Limits::REQUEST));
    });
    group.bench_function("pkcsreq_ber", |b| {
        b.iter(|| fixture::decode(black_box(PKCS_REQ_BER), &Limits::REQUEST));
    });
    group.bench_function("certrep_der", |b| {
        b.iter(|| fixture::decode(black_box(&messages.reply), &Limits::REPLY));
    });
    group.bench_function("peer_cms", |b| {
        b.iter(|| black_box(fixture::decode_with_cms(black_box(&messages.request))));
    });
    group.finish();
}

fn rustcrypto(c: &mut Criterion) {
    operations(c, "rustcrypto", Fixture::rustcrypto);
    #[cfg(feature = "ec")]
    server_turn_on_curves(c, "rustcrypto", Curves::rustcrypto);
}

#[cfg(feature = "aws-lc-rs")]
fn aws_lc_rs(c: &mut Criterion) {
    operations(c, "aws_lc_rs", Fixture::aws_lc_rs);
    #[cfg(feature = "ec")]
    server_turn_on_curves(c, "aws_lc_rs", Curves::aws_lc_rs);
}

/// Without the feature there is nothing to measure.
#[cfg(not(feature = "aws-lc-rs"))]
fn aws_lc_rs(_: &mut Criterion) {}

fn operations<K: SigningKey + DecryptionKey>(
    c: &mut Criterion,
    provider: &str,
    fixture: fn(Parties) -> Fixture<K>,
) {
    let rsa_2048 = fixture(Parties::RSA_2048);
    let messages = rsa_2048.messages();
    let request = rsa_2048.server_receive(&messages.request);
    c.bench_function(&format!("server_receive/{provider}"), |b| {
        b.iter(|| rsa_2048.server_receive(black_box(&messages.request)));
    });
    c.bench_function(&format!("client_build/{provider}"), |b| {
        b.iter(|| rsa_2048.client_build());
    });
    c.bench_function(&format!("server_reply/{provider}"), |b| {
        b.iter(|| rsa_2048.server_reply(black_box(&request)));
    });
    c.bench_function(&format!("client_receive/{provider}"), |b| {
        b.iter(|| rsa_2048.client_receive(black_box(&messages.reply), &messages.pending));
    });
    let server = rsa_2048.server();
    c.bench_function(&format!("server_turn/{provider}"), |b| {
        b.iter(|| rsa_2048.server_turn(&server, black_box(&messages.request)));
    });
    for (name, parties) in [
        ("server_turn_3072", Parties::RSA_3072),
        ("server_turn_4096", Parties::RSA_4096),
    ] {
        let fixture = fixture(parties);
        let (request, _) = fixture.client_build();
        let server = fixture.server();
        c.bench_function(&format!("{name}/{provider}"), |b| {
            b.iter(|| fixture.server_turn(&server, black_box(&request)));
        });
    }
    let mut group = c.benchmark_group(format!("client_receive_crl/{provider}"));
    for len in CRL_SIZES {
        let messages = rsa_2048.crl_messages(len);
        group.throughput(Throughput::Bytes(messages.reply.len() as u64));
        group.bench_function(format!("{}KiB", len >> 10), |b| {
            b.iter(|| rsa_2048.client_receive(black_box(&messages.reply), &messages.pending));
        });
    }
    group.finish();
}

/// `server_turn` with keys on P-256.
#[cfg(feature = "ec")]
fn server_turn_on_curves<K: SigningKey + DecryptionKey>(
    c: &mut Criterion,
    provider: &str,
    curves: fn(Option<&'static str>) -> Curves<K>,
) {
    for (name, challenge) in [("pwri", Some(CHALLENGE)), ("kari", None)] {
        let curves = curves(challenge);
        let (request, server) = (curves.pkcs_req(), curves.server());
        c.bench_function(&format!("server_turn/{provider}/ec_p256_{name}"), |b| {
            b.iter(|| curves.server_turn(&server, black_box(&request)));
        });
    }
}

/// The sizes of CRLs in bytes: of all messages, only their answers become long.
const CRL_SIZES: [usize; 5] = [1 << 10, 16 << 10, 128 << 10, 512 << 10, 2048 << 10];

criterion_group!(benches, decode, rustcrypto, aws_lc_rs);
criterion_main!(benches);
