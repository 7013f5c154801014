//! How `server_turn` grows with the number of threads that share one prepared CA, beside how the bare private-key operation
//! does. Not criterion's: it measures how much is done in a time.

mod fixture;

use std::hint::black_box;
use std::time::{Duration, Instant};

use scep::crypto::{DecryptionKey, DigestAlgorithm, SignatureAlgorithm, SigningKey};

use fixture::{Fixture, Parties, rng};

const SHA256_WITH_RSA: SignatureAlgorithm =
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);

/// The least that the scaling of `server_turn` is to be, as a ratio to that of the bare operation.
const TARGET: f64 = 0.95;

/// Both are measured by turns with each number of threads, so that what disturbs the machine disturbs all.
const ROUNDS: u32 = 10;

fn main() {
    // As criterion has it: `cargo test --benches` and `cargo bench -- --test` only want to see that it runs.
    let given = |wanted| std::env::args().any(|argument| argument == wanted);
    let is_test = given("--test") || !given("--bench");
    let time = Duration::from_millis(if is_test { 1 } else { 500 });
    println!(
        "| provider | threads | server_turn/s | its scaling | private/s | its scaling | ratio | at least |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    #[cfg(feature = "aws-lc-rs")]
    measure("aws_lc_rs", &Fixture::aws_lc_rs(Parties::RSA_2048), time);
    measure("rustcrypto", &Fixture::rustcrypto(Parties::RSA_2048), time);
}

fn measure<K: SigningKey + DecryptionKey>(provider: &str, fixture: &Fixture<K>, time: Duration) {
    let (request, _) = fixture.client_build();
    let server = fixture.server();
    let turn = || {
        black_box(fixture.server_turn(&server, black_box(&request)));
    };
    let private = || {
        let signature = fixture
            .ca_key
            .sign(SHA256_WITH_RSA, black_box(b"scep"), &mut rng());
        black_box(signature.unwrap());
    };
    let most = std::thread::available_parallelism().unwrap().get();
    let mut done = vec![(0.0, 0.0); most];
    for _ in 0..ROUNDS {
        for (threads, (turns, privates)) in (1_usize..).zip(&mut done) {
            *turns += per_second(threads, time, &turn) / f64::from(ROUNDS);
            *privates += per_second(threads, time, &private) / f64::from(ROUNDS);
        }
    }
    let (turns_alone, privates_alone) = done[0];
    for (threads, (turns, privates)) in (1_usize..).zip(done) {
        let (turns_grew, privates_grew) = (turns / turns_alone, privates / privates_alone);
        println!(
            "| {provider} | {threads} | {turns:.0} | {turns_grew:.2} | {privates:.0} | {privates_grew:.2} | {:.2} | {TARGET} |",
            turns_grew / privates_grew
        );
    }
}

/// How often `run` is done in a second by so many threads.
fn per_second(threads: usize, time: Duration, run: &(impl Fn() + Sync)) -> f64 {
    let one = || {
        let began = Instant::now();
        let mut count = 0.0;
        while began.elapsed() < time {
            run();
            count += 1.0;
        }
        count / began.elapsed().as_secs_f64()
    };
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        started
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    })
}
