//! The ratios that are aimed at, measured by turns: every operation runs in each of many rounds, and a ratio is that of one
//! round. What disturbs a shared machine for longer than a round disturbs both sides of a ratio. Not criterion's, which measures
//! one operation after the other.
//!
//! ```text
//! cargo bench --manifest-path benches/peers/Cargo.toml --bench turns [-- --svg FILE]
//! ```
//!
//! It prints Markdown; the plot is that of the medians.

#[path = "../../../../examples/bench_ratios/targets.rs"]
#[cfg_attr(test, allow(dead_code, reason = "the example's tests use more"))]
mod targets;

#[path = "../operations/mod.rs"]
mod operations;
mod plot;

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use scep::Limits;
use scep::crypto::{DecryptionKey, SigningKey, aws_lc_rs};

use operations::fixture::bare::Bare;
use operations::fixture::ec::Curves;
use operations::fixture::{self, CHALLENGE, Fixture, Messages, PKCS_REQ_BER};
use operations::{Libraries, Operation};
use targets::TARGETS;

const ROUNDS: u32 = 400;

/// In each round an operation is repeated for about so long.
const TURN: Duration = Duration::from_millis(3);

/// The time of one iteration in microseconds, by the operation's id.
type Round = HashMap<String, f64>;

fn main() {
    // As criterion has it: `cargo test --benches` and `cargo bench -- --test` only want to see that it runs.
    let given = |wanted| std::env::args().any(|argument| argument == wanted);
    let is_test = given("--test") || !given("--bench");
    let (rounds, turn) = if is_test {
        (1, Duration::ZERO)
    } else {
        (ROUNDS, TURN)
    };
    let libraries = Libraries::new();
    let curves = [Some(CHALLENGE), None].map(Curves::aws_lc_rs);
    let aws_lc_rs = libraries.aws_lc_rs.messages();
    let rustcrypto = libraries.rustcrypto.messages();
    let mut operations = libraries.operations();
    operations.extend(decoding(&aws_lc_rs));
    operations.extend(ours("aws_lc_rs", &libraries.aws_lc_rs, &aws_lc_rs));
    operations.extend(ours("rustcrypto", &libraries.rustcrypto, &rustcrypto));
    operations.extend(["pwri", "kari"].into_iter().zip(&curves).map(on_curves));
    operations.extend(bare("aws_lc_rs", Bare::aws_lc_rs(2048)));
    operations.extend(bare("rustcrypto", Bare::rustcrypto(2048)));
    let rounds = measure(operations, rounds, turn);
    if is_test {
        println!("each operation ran; nothing is measured");
        return;
    }
    show_times(&rounds);
    show_ratios(&rounds);
    let mut svg = std::env::args().skip_while(|argument| argument != "--svg");
    if let Some(file) = svg.nth(1) {
        std::fs::write(file, plot::svg(|id| quartiles(of(&rounds, id))[1])).unwrap();
    }
}

fn decoding<'a>(messages: &'a Messages) -> Vec<Operation<'a>> {
    let operation = |id: &str, run: Box<dyn FnMut() + 'a>| (format!("decode/{id}"), run);
    vec![
        operation(
            "pkcsreq_der",
            Box::new(|| fixture::decode(black_box(&messages.request), &Limits::REQUEST)),
        ),
        operation(
            "pkcsreq_ber",
            Box::new(|| fixture::decode(black_box(PKCS_REQ_BER), &Limits::REQUEST)),
        ),
        operation(
            "peer_cms",
            Box::new(|| {
                black_box(fixture::decode_with_cms(black_box(&messages.request)));
            }),
        ),
    ]
}

/// The operations on messages of this crate's own, as the benchmarks of the crate itself measure them.
fn ours<'a, K: SigningKey + DecryptionKey>(
    provider: &str,
    fixture: &'a Fixture<K>,
    messages: &'a Messages,
) -> Vec<Operation<'a>> {
    let operation = |name, run: Box<dyn FnMut() + 'a>| (format!("{name}/{provider}"), run);
    let request = fixture.server_receive(&messages.request);
    let server = fixture.server();
    vec![
        operation(
            "server_receive",
            Box::new(|| {
                black_box(fixture.server_receive(black_box(&messages.request)));
            }),
        ),
        operation(
            "client_build",
            Box::new(|| {
                black_box(fixture.client_build());
            }),
        ),
        operation(
            "server_reply",
            Box::new(move || {
                black_box(fixture.server_reply(black_box(&request)));
            }),
        ),
        operation(
            "client_receive",
            Box::new(|| {
                let reply = black_box(&messages.reply);
                black_box(fixture.client_receive(reply, &messages.pending));
            }),
        ),
        operation(
            "server_turn",
            Box::new(move || {
                black_box(fixture.server_turn(&server, black_box(&messages.request)));
            }),
        ),
    ]
}

fn on_curves<'a>((name, curves): (&str, &'a Curves<aws_lc_rs::EcKey>)) -> Operation<'a> {
    let (request, server) = (curves.pkcs_req(), curves.server());
    let turn = move || {
        black_box(curves.server_turn(&server, black_box(&request)));
    };
    (
        format!("server_turn/aws_lc_rs/ec_p256_{name}"),
        Box::new(turn),
    )
}

fn bare(provider: &str, bare: Bare) -> Vec<Operation<'static>> {
    let operation = |name, run: Box<dyn FnMut()>| (format!("bare/{provider}/rsa2048_{name}"), run);
    vec![
        operation("private", bare.private),
        operation("public", bare.public),
        operation("decrypt", bare.decrypt),
        operation("encrypt", bare.encrypt),
    ]
}

fn measure(mut operations: Vec<Operation<'_>>, rounds: u32, turn: Duration) -> Vec<Round> {
    let mut round = || -> Round {
        operations
            .iter_mut()
            .map(|(id, run)| (id.clone(), microseconds(run, turn)))
            .collect()
    };
    // The first warms up.
    round();
    (0..rounds).map(|_| round()).collect()
}

/// How long one iteration takes, of as many as fill the turn.
fn microseconds(run: &mut dyn FnMut(), turn: Duration) -> f64 {
    let began = Instant::now();
    let (mut count, mut batch) = (0_u32, 1_u32);
    loop {
        for _ in 0..batch {
            run();
        }
        count += batch;
        let elapsed = began.elapsed();
        if elapsed >= turn {
            return elapsed.as_secs_f64() * 1e6 / f64::from(count);
        }
        // Short operations are not measured with the clock's own time.
        batch *= 2;
    }
}

fn show_times(rounds: &[Round]) {
    println!("| operation | median | middle half |");
    println!("| --- | --- | --- |");
    let mut ids: Vec<&String> = rounds[0].keys().collect();
    ids.sort();
    for id in ids {
        let [lower, median, upper] = quartiles(of(rounds, id));
        println!("| `{id}` | {median:.2} µs | {lower:.2} to {upper:.2} |");
    }
}

/// The times of an operation.
fn of(rounds: &[Round], id: &str) -> Vec<f64> {
    rounds.iter().map(|round| round[id]).collect()
}

fn show_ratios(rounds: &[Round]) {
    println!("\n| figure | divided by | median ratio | middle half | at most | |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for target in TARGETS {
        let ratios = rounds
            .iter()
            .map(|round| target.ratio(|id| round.get(id).copied()))
            .map(|ratio| ratio.expect("every figure of a target is measured"))
            .collect();
        let [lower, median, upper] = quartiles(ratios);
        println!(
            "| `{}` | {} | {median:.3} | {lower:.3} to {upper:.3} | {:.3} | {} |",
            target.figure,
            target.divisor(),
            target.bound,
            target.verdict(Some(median)),
        );
    }
}

/// The lower quartile, the median and the upper quartile.
fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
}
