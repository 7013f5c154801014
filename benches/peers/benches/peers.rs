//! `peers/<operation>/<library>`: each side's part of an enrolment by this crate with each provider and by OpenSSL's CMS, with
//! the same keys and CSR, on the same two messages. Before anything is measured, each has read what the other wrote.

mod operations;

use criterion::{Criterion, criterion_group, criterion_main};

use operations::Libraries;

fn peers(c: &mut Criterion) {
    let libraries = Libraries::new();
    for (id, mut run) in libraries.operations() {
        c.bench_function(&id, |b| b.iter(&mut run));
    }
}

criterion_group!(benches, peers);
criterion_main!(benches);
