//! Reads what criterion measured, of this crate and of benches/peers, and holds it against the targets.
//!
//! ```text
//! cargo run --example bench_ratios [-- [--hostile] RUN...]
//! ```
//!
//! A RUN is a directory that one `cargo bench` of each of the two wrote to, with CRITERION_HOME set to it; without one it is
//! target/criterion and benches/peers/target/criterion. Every ratio is one of medians of the same run. Of several runs each is
//! shown, and each must meet every target. The output is Markdown.
//!
//! Last comes how the time for a byte of hostile input grows with its length. With `--hostile` that is all, for a run of
//! `cargo bench --bench hostile`.
//!
//! The exit status is 0 if every target is met, 1 if one is missed, 2 if a figure is missing or nothing can be read.

mod figures;
mod growth;
mod targets;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use figures::Figures;
use targets::{TARGETS, Target, Verdict};

/// The directories of the run that is taken without arguments.
const DEFAULT_RUN: [&str; 2] = ["target/criterion", "benches/peers/target/criterion"];

fn main() -> ExitCode {
    match run() {
        Ok(verdict) => ExitCode::from(match verdict {
            Verdict::Pass => 0,
            Verdict::Miss => 1,
            Verdict::Missing => 2,
        }),
        Err(error) => {
            eprintln!("bench_ratios: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<Verdict, Box<dyn std::error::Error>> {
    let mut runs: Vec<Vec<PathBuf>> = Vec::new();
    let mut hostile_only = false;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Value(run) => runs.push(vec![PathBuf::from(run)]),
            lexopt::Arg::Long("hostile") => hostile_only = true,
            other => return Err(other.unexpected().into()),
        }
    }
    if runs.is_empty() {
        runs.push(DEFAULT_RUN.map(PathBuf::from).into());
    }
    let mut worst = Verdict::Pass;
    for run in &runs {
        let figures = Figures::read(run)?;
        let names: Vec<_> = run.iter().map(|path| shown(path)).collect();
        println!("Run: {}\n", names.join(" and "));
        if !hostile_only {
            worst = worst.max(show(&figures));
        }
        worst = worst.max(show_growth(&figures));
    }
    Ok(worst)
}

/// Prints the figures and ratios of a run, and gives the worst verdict.
fn show(figures: &Figures) -> Verdict {
    println!("| figure | median | 95 % interval |");
    println!("| --- | --- | --- |");
    let mut worst = Verdict::Pass;
    for id in figures::expected() {
        if figures.median(&id).is_none() {
            println!("| `{id}` | missing | |");
            worst = Verdict::Missing;
        }
    }
    for (id, figure) in figures.iter() {
        println!(
            "| `{id}` | {:.2} µs | {:.2} to {:.2} |",
            figure.median, figure.lower, figure.upper
        );
    }
    println!("\n| figure | divided by | ratio | at most | |");
    println!("| --- | --- | --- | --- | --- |");
    for target in TARGETS {
        let (row, verdict) = judge(target, figures);
        println!("{row}");
        worst = worst.max(verdict);
    }
    println!();
    worst
}

/// Prints how the time for a byte of each shape of hostile input grows, and gives the worst verdict.
fn show_growth(figures: &Figures) -> Verdict {
    println!("| input | 64 KiB | 512 KiB | 2 MiB | ns a byte | last by first | |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let growths = growth::growths(figures);
    for growth in &growths {
        println!("{}", growth.row());
    }
    println!();
    let verdicts = growths.iter().map(growth::Growth::verdict);
    verdicts.max().unwrap_or(Verdict::Missing)
}

fn judge(target: &Target, figures: &Figures) -> (String, Verdict) {
    let Target { figure, bound, .. } = target;
    let ratio = target.ratio(|id| figures.median(id));
    let verdict = target.verdict(ratio);
    let ratio = ratio.map_or_else(|| "missing".to_owned(), |ratio| format!("{ratio:.3}"));
    let row = format!(
        "| `{figure}` | {} | {ratio} | {bound:.3} | {verdict} |",
        target.divisor()
    );
    (row, verdict)
}

fn shown(path: &Path) -> String {
    format!("`{}`", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWICE: Target = Target {
        figure: "a",
        bound: 2.0,
        of: &[(1.0, "b"), (2.0, "c")],
    };

    fn judged(figures: &[(&str, f64)]) -> (String, Verdict) {
        judge(&TWICE, &Figures::of(figures))
    }

    #[test]
    fn a_ratio_is_held_against_its_bound() {
        let row =
            |ratio, verdict| format!("| `a` | 1 × `b` + 2 × `c` | {ratio} | 2.000 | {verdict} |");
        assert_eq!(
            judged(&[("a", 10.0), ("b", 1.0), ("c", 2.0)]),
            (row("2.000", "pass"), Verdict::Pass)
        );
        assert_eq!(
            judged(&[("a", 10.1), ("b", 1.0), ("c", 2.0)]),
            (row("2.020", "miss"), Verdict::Miss)
        );
        for incomplete in [&[("a", 10.0), ("b", 1.0)][..], &[("b", 1.0), ("c", 2.0)]] {
            assert_eq!(
                judged(incomplete),
                (row("missing", "missing"), Verdict::Missing)
            );
        }
    }

    #[test]
    fn every_target_is_made_of_figures_that_are_expected() {
        let expected: Vec<_> = figures::expected().collect();
        for target in TARGETS {
            for id in target.ids() {
                assert!(expected.iter().any(|expected| expected == id), "{id}");
            }
        }
    }
}
