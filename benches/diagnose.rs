//! What a diagnosis costs: the findings of a request and its reply, 10 KiB in all, are to be there in less than 1 ms.

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scep::diagnose::{Diagnosis, Sender};
use scep::microsoft::Hresult;
use scep::{FailInfo, Limits, PkiMessage, RequestBuilder, UnverifiedCsr};

use common::issue::{self, NOW};
use common::{Parties, rng};

fn pair(c: &mut Criterion) {
    let parties = Parties::new();
    // As long as Intune's and more, so that the pair has its 10 KiB.
    let csr = issue::csr(&parties.client_key, |csr| {
        csr.challenge_password(&"challenge".repeat(850))
    });
    let (client, roles) = (parties.client_signer(), parties.roles());
    let (request, _) = parties.send(RequestBuilder::pkcs_req(&csr, &client, &roles));
    let reply = parties
        .receive(&request)
        .reply(&parties.provider, &parties.ca_signer())
        .microsoft_error(Hresult::new(0x8007_0490))
        .failure(FailInfo::BadRequest, None, &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let len = request.len() + reply.len();
    assert!((10 << 10..12 << 10).contains(&len), "{len} bytes");
    // The one must be verified to be issued by the other.
    let certificates = [parties.ca.clone(), parties.issued.clone()];
    let csr = UnverifiedCsr::from_der(csr.as_der(), &Limits::REQUEST).unwrap();
    let mut group = c.benchmark_group("diagnose");
    group.throughput(Throughput::Bytes(len as u64));
    group.bench_function("pair", |b| {
        b.iter(|| {
            let request = PkiMessage::parse(black_box(&request[..]), &Limits::REQUEST).unwrap();
            let reply = PkiMessage::parse(black_box(&reply[..]), &Limits::REPLY).unwrap();
            let findings = Diagnosis::new(&parties.provider)
                .now(NOW)
                .ca_certificates(&certificates)
                .request(&request)
                .csr(&csr)
                .reply(&reply)
                .findings();
            assert!(!findings.is_empty());
            let senders = [&request, &reply].map(|one| Sender::of(one, &parties.provider));
            black_box((findings, senders))
        });
    });
    group.finish();
}

criterion_group!(benches, pair);
criterion_main!(benches);
