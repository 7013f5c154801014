//! The worst input of each shape in three sizes: the time for a byte must not grow with the size.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/shapes.rs"]
mod shapes;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
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

criterion_group!(benches, hostile);
criterion_main!(benches);
