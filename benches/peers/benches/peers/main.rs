//! `peers/<operation>/<library>`: each side's part of an enrolment by this crate with each provider and by OpenSSL's CMS, with
//! the same keys and CSR, on the same two messages. Before anything is measured, each has read what the other wrote.

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
    let ours = aws_lc_rs.messages();
    let theirs = OpenSslMessages {
        request: openssl.client_build().unwrap().0,
        reply: openssl.server_turn(&ours.request).unwrap(),
    };
    check_ours(&aws_lc_rs, &ours, &theirs);
    check_ours(&rustcrypto, &ours, &theirs);
    check_openssl(&openssl, &aws_lc_rs, &ours, &theirs);
    measure_ours(c, "scep_aws_lc_rs", &aws_lc_rs, &ours, &theirs);
    measure_ours(c, "scep_rustcrypto", &rustcrypto, &ours, &theirs);
    measure_openssl(c, &openssl, &ours, &theirs);
}

/// What OpenSSL wrote, and what everybody is measured on.
struct OpenSslMessages {
    request: Vec<u8>,
    /// The answer to the request that this crate wrote.
    reply: Vec<u8>,
}

/// This crate reads both requests and both replies.
fn check_ours<K: SigningKey + DecryptionKey>(
    fixture: &Fixture<K>,
    ours: &Messages,
    theirs: &OpenSslMessages,
) {
    for request in [&ours.request, &theirs.request] {
        let request = fixture.server_receive(request);
        assert_eq!(request.csr().unwrap().as_der(), fixture.csr.as_der());
    }
    for reply in [&ours.reply, &theirs.reply] {
        let granted = fixture.client_receive(reply, &ours.pending);
        let certificate = granted.certificate().unwrap();
        assert_eq!(certificate.as_der(), fixture.issued.as_der());
    }
}

/// OpenSSL reads both requests and both replies.
fn check_openssl<K>(
    openssl: &OpenSsl,
    fixture: &Fixture<K>,
    ours: &Messages,
    theirs: &OpenSslMessages,
) {
    for request in [&ours.request, &theirs.request] {
        let request = openssl.server_receive(request).unwrap();
        assert_eq!(request.csr.to_der().unwrap(), fixture.csr.as_der());
    }
    let request = openssl.server_receive(&ours.request).unwrap();
    let (id, nonce) = (&request.transaction_id, &request.sender_nonce);
    for reply in [&ours.reply, &theirs.reply] {
        let issued = openssl.client_receive(reply, id, nonce).unwrap();
        assert_eq!(issued.to_der().unwrap(), fixture.issued.as_der());
    }
}

fn measure_ours<K: SigningKey + DecryptionKey>(
    c: &mut Criterion,
    library: &str,
    fixture: &Fixture<K>,
    ours: &Messages,
    theirs: &OpenSslMessages,
) {
    let request = fixture.server_receive(&theirs.request);
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

fn measure_openssl(
    c: &mut Criterion,
    openssl: &OpenSsl,
    ours: &Messages,
    theirs: &OpenSslMessages,
) {
    let request = openssl.server_receive(&theirs.request).unwrap();
    let answered = openssl.server_receive(&ours.request).unwrap();
    let (id, nonce) = (&answered.transaction_id, &answered.sender_nonce);
    let mut bench = |operation, run: &dyn Fn()| {
        c.bench_function(&format!("peers/{operation}/openssl"), |b| b.iter(run));
    };
    bench("server_receive", &|| {
        black_box(openssl.server_receive(black_box(&theirs.request)).unwrap());
    });
    bench("client_build", &|| {
        black_box(openssl.client_build().unwrap());
    });
    bench("server_reply", &|| {
        black_box(openssl.server_reply(&request).unwrap());
    });
    bench("client_receive", &|| {
        let issued = openssl.client_receive(black_box(&theirs.reply), id, nonce);
        black_box(issued.unwrap());
    });
    bench("server_turn", &|| {
        black_box(openssl.server_turn(black_box(&theirs.request)).unwrap());
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
