//! The hot path: reading a message, and each side's part of an enrolment. RSA-2048, SHA-256, AES-128-CBC.

mod fixture;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use scep::{CertRep, Limits, PkiMessage};

use fixture::{Fixture, rng};

fn decode(c: &mut Criterion) {
    let messages = Fixture::new().messages();
    let read = |input: &[u8], limits| {
        let message = PkiMessage::parse(input, limits).unwrap();
        let attributes = message.unverified_attributes();
        black_box((attributes.message_type(), attributes.sender_nonce()));
        black_box(attributes.transaction_id().as_bytes().len());
    };
    let mut group = c.benchmark_group("decode");
    group.bench_function("pkcsreq_der", |b| {
        b.iter(|| read(black_box(&messages.request), &Limits::REQUEST));
    });
    let ber = include_bytes!("../test-vectors/openssl-made/pkcsreq-sha256-aes128-indef.ber");
    group.bench_function("pkcsreq_ber", |b| {
        b.iter(|| read(black_box(ber), &Limits::REQUEST));
    });
    group.bench_function("certrep_der", |b| {
        b.iter(|| read(black_box(&messages.reply), &Limits::REPLY));
    });
    // The `cms` crate has nothing lazy: it comes to the attributes by way of everything else.
    group.bench_function("peer_cms", |b| {
        b.iter(|| black_box(fixture::decode_with_cms(black_box(&messages.request))));
    });
    group.finish();
}

fn server(c: &mut Criterion) {
    let fixture = Fixture::new();
    let messages = fixture.messages();
    c.bench_function("server_receive/rustcrypto", |b| {
        b.iter(|| black_box(fixture.receive(&messages.request)));
    });
    let request = fixture.receive(&messages.request);
    c.bench_function("server_reply/rustcrypto", |b| {
        b.iter(|| black_box(fixture.build_reply(&request)));
    });
}

fn client(c: &mut Criterion) {
    let fixture = Fixture::new();
    let messages = fixture.messages();
    c.bench_function("client_build/rustcrypto", |b| {
        b.iter(|| black_box(fixture.build_request()));
    });
    let roles = fixture.roles();
    let recipient = fixture.client_recipient();
    c.bench_function("client_receive/rustcrypto", |b| {
        b.iter(|| {
            let reply = PkiMessage::parse(&messages.reply[..], &Limits::REPLY).unwrap();
            let Ok(CertRep::Success(sealed)) =
                messages
                    .pending
                    .accept(&reply, &roles, &fixture.provider, &fixture.policy)
            else {
                panic!("the fixture's reply is a SUCCESS");
            };
            black_box(sealed.open(&fixture.provider, &recipient, &mut rng())).unwrap();
        });
    });
}

/// What each operation cannot do without.
fn bare(c: &mut Criterion) {
    use scep::crypto::{DigestAlgorithm, SignatureAlgorithm, SigningKey};
    let fixture = Fixture::new();
    let algorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
    let message = [7; 32];
    c.bench_function("bare/rustcrypto/rsa2048_private", |b| {
        b.iter(|| {
            let signature = fixture.ca_key.sign(algorithm, &message, &mut rng());
            black_box(signature.unwrap())
        });
    });
    let signature = fixture
        .ca_key
        .sign(algorithm, &message, &mut rng())
        .unwrap();
    let public_key = fixture.ca.public_key_der();
    c.bench_function("bare/rustcrypto/rsa2048_public", |b| {
        b.iter(|| {
            fixture
                .provider
                .signatures()
                .verify(algorithm, public_key, &[&message], &signature)
                .unwrap();
        });
    });
}

criterion_group!(benches, decode, server, client, bare);
criterion_main!(benches);
