//! `peers/<operation>/<library>`: each side's part of an enrolment by this crate with each provider and by OpenSSL's CMS, on
//! the same keys, CSR and messages. Each library reads what the other wrote.

#[path = "../../../fixture/mod.rs"]
mod fixture;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use scep::crypto::{DecryptionKey, SigningKey};
use scep_peers::OpenSsl;

use fixture::{Fixture, Messages, Parties};

fn peers(c: &mut Criterion) {
    let aws_lc_rs = Fixture::aws_lc_rs(Parties::RSA_2048);
    let rustcrypto = Fixture::rustcrypto(Parties::RSA_2048);
    let openssl = openssl(&aws_lc_rs);
    // What each of the two wrote; the second pair is written in answer to the first.
    let ours = aws_lc_rs.messages();
    let theirs = OpenSslMessages {
        request: openssl.client_build().unwrap().0,
        reply: openssl.server_turn(&ours.request).unwrap(),
    };
    ours_beside(c, "scep_aws_lc_rs", &aws_lc_rs, &ours, &theirs);
    ours_beside(c, "scep_rustcrypto", &rustcrypto, &ours, &theirs);
    openssl_beside(c, &openssl, &ours);
}

/// What OpenSSL wrote.
struct OpenSslMessages {
    request: Vec<u8>,
    /// The answer to the request that this crate wrote.
    reply: Vec<u8>,
}

fn ours_beside<K: SigningKey + DecryptionKey>(
    c: &mut Criterion,
    library: &str,
    fixture: &Fixture<K>,
    ours: &Messages,
    theirs: &OpenSslMessages,
) {
    let request = fixture.server_receive(&theirs.request);
    assert_eq!(
        request.csr().unwrap().as_der(),
        fixture.csr.as_der(),
        "what OpenSSL wrote opens"
    );
    let server = fixture.server();
    let mut bench = |operation, run: &dyn Fn()| {
        c.bench_function(&format!("peers/{operation}/{library}"), |b| b.iter(run));
    };
    bench("server_receive", &|| {
        black_box(fixture.server_receive(black_box(&theirs.request)));
    });
    bench("client_build", &|| {
        black_box(fixture.client_build());
    });
    bench("server_reply", &|| {
        black_box(fixture.server_reply(&request));
    });
    bench("client_receive", &|| {
        black_box(fixture.client_receive(black_box(&theirs.reply), &ours.pending));
    });
    bench("server_turn", &|| {
        black_box(fixture.server_turn(&server, black_box(&theirs.request)));
    });
}

fn openssl_beside(c: &mut Criterion, openssl: &OpenSsl, ours: &Messages) {
    let request = openssl.server_receive(&ours.request).unwrap();
    let (id, nonce) = (&request.transaction_id, &request.sender_nonce);
    let mut bench = |operation, run: &dyn Fn()| {
        c.bench_function(&format!("peers/{operation}/openssl"), |b| b.iter(run));
    };
    bench("server_receive", &|| {
        black_box(openssl.server_receive(black_box(&ours.request)).unwrap());
    });
    bench("client_build", &|| {
        black_box(openssl.client_build().unwrap());
    });
    bench("server_reply", &|| {
        black_box(openssl.server_reply(&request).unwrap());
    });
    bench("client_receive", &|| {
        let issued = openssl.client_receive(black_box(&ours.reply), id, nonce);
        black_box(issued.unwrap());
    });
    bench("server_turn", &|| {
        black_box(openssl.server_turn(black_box(&ours.request)).unwrap());
    });
}

/// OpenSSL with the keys, certificates and CSR of the fixture.
fn openssl<K>(fixture: &Fixture<K>) -> OpenSsl {
    let Parties {
        ca,
        ca_key,
        client,
        client_key,
        issued,
    } = Parties::RSA_2048;
    OpenSsl::new(ca, ca_key, client, client_key, fixture.csr.as_der(), issued).unwrap()
}

criterion_group!(benches, peers);
criterion_main!(benches);
