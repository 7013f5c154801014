//! Reads what criterion measured, of this crate and of benches/peers, and holds it against the targets: every figure as a
//! ratio of one run.
//!
//! ```text
//! cargo run --example bench_ratios [-- --svg FILE] [DIRECTORY...]
//! ```
//!
//! Without directories, target/criterion and benches/peers/target/criterion are read. The exit status is 0 if every target
//! that was measured is met, 1 if one is missed, 2 if nothing can be read.

mod plot;
mod results;

use std::path::PathBuf;
use std::process::ExitCode;

use results::Results;

/// A figure that is to be at most `bound` times a sum of others.
struct Target {
    figure: &'static str,
    bound: f64,
    of: &'static [(f64, &'static str)],
}

const TARGETS: &[Target] = &[
    at_most(
        1.0 / 15.0,
        "decode/pkcsreq_der",
        &[(1.0, "decode/peer_cms")],
    ),
    at_most(4.0, "decode/pkcsreq_ber", &[(1.0, "decode/pkcsreq_der")]),
    at_most(1.10, "server_receive/aws_lc_rs", &AWS_LC_RS_WITH_TWO),
    at_most(1.10, "client_build/aws_lc_rs", &AWS_LC_RS_WITH_ONE),
    at_most(1.10, "server_reply/aws_lc_rs", &AWS_LC_RS_WITH_ONE),
    at_most(1.10, "client_receive/aws_lc_rs", &AWS_LC_RS_WITH_ONE),
    at_most(1.05, "server_receive/rustcrypto", &RUSTCRYPTO_WITH_TWO),
    at_most(1.05, "client_build/rustcrypto", &RUSTCRYPTO_WITH_ONE),
    at_most(1.05, "server_reply/rustcrypto", &RUSTCRYPTO_WITH_ONE),
    at_most(1.05, "client_receive/rustcrypto", &RUSTCRYPTO_WITH_ONE),
    at_most(
        0.67,
        "peers/server_receive/scep_aws_lc_rs",
        &[(1.0, "peers/server_receive/openssl")],
    ),
    at_most(
        1.0,
        "peers/client_build/scep_aws_lc_rs",
        &[(1.0, "peers/client_build/openssl")],
    ),
    at_most(
        1.0,
        "peers/server_reply/scep_aws_lc_rs",
        &[(1.0, "peers/server_reply/openssl")],
    ),
    at_most(
        0.67,
        "peers/client_receive/scep_aws_lc_rs",
        &[(1.0, "peers/client_receive/openssl")],
    ),
];

const AWS_LC_RS_WITH_ONE: [(f64, &str); 2] = [
    (1.0, "bare/aws_lc_rs/rsa2048_private"),
    (1.0, "bare/aws_lc_rs/rsa2048_public"),
];
const AWS_LC_RS_WITH_TWO: [(f64, &str); 2] = [
    (1.0, "bare/aws_lc_rs/rsa2048_private"),
    (2.0, "bare/aws_lc_rs/rsa2048_public"),
];
const RUSTCRYPTO_WITH_ONE: [(f64, &str); 2] = [
    (1.0, "bare/rustcrypto/rsa2048_private"),
    (1.0, "bare/rustcrypto/rsa2048_public"),
];
const RUSTCRYPTO_WITH_TWO: [(f64, &str); 2] = [
    (1.0, "bare/rustcrypto/rsa2048_private"),
    (2.0, "bare/rustcrypto/rsa2048_public"),
];

const fn at_most(bound: f64, figure: &'static str, of: &'static [(f64, &'static str)]) -> Target {
    Target { figure, bound, of }
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench_ratios: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut directories = Vec::new();
    let mut svg = None;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("svg") => svg = Some(PathBuf::from(arguments.value()?)),
            lexopt::Arg::Value(directory) => directories.push(PathBuf::from(directory)),
            other => return Err(other.unexpected().into()),
        }
    }
    if directories.is_empty() {
        directories = ["target/criterion", "benches/peers/target/criterion"]
            .map(PathBuf::from)
            .into();
    }
    let results = Results::read(&directories)?;
    if results.is_empty() {
        return Err("nothing was measured yet: run cargo bench first".into());
    }
    let met = print_ratios(&results);
    if let Some(svg) = svg {
        std::fs::write(svg, plot::svg(&results))?;
    }
    Ok(if met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Prints a row a target; whether each that was measured is met.
fn print_ratios(results: &Results) -> bool {
    let mut all_met = true;
    println!("| figure | measured, µs | ratio | to | at most | |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for Target { figure, bound, of } in TARGETS {
        let sum = of
            .iter()
            .map(|(times, id)| Some(times * results.microseconds(id)?))
            .sum::<Option<f64>>();
        let names: Vec<_> = of
            .iter()
            .map(|(times, id)| format!("{times} {id}"))
            .collect();
        let names = names.join(" + ");
        let Some((measured, sum)) = results.microseconds(figure).zip(sum) else {
            println!("| {figure} | - | - | {names} | {bound:.3} | not measured |");
            continue;
        };
        let ratio = measured / sum;
        let met = ratio <= *bound;
        all_met &= met;
        let verdict = if met { "pass" } else { "miss" };
        println!("| {figure} | {measured:.2} | {ratio:.3} | {names} | {bound:.3} | {verdict} |");
    }
    all_met
}
