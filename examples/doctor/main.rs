//! Examines a server that speaks SCEP ([RFC 8894]), and reports which kinds of client could enrol there, and what stands in
//! the way.
//!
//! ```text
//! cargo run --example doctor -- --url http://127.0.0.1:8080/scep
//! ```
//!
//! See `--help`. `examine.rs` asks and has the crate judge, `enrol.rs` tries, `report.rs` tells people and `json.rs` programs.
//!
//! [RFC 8894]: https://www.rfc-editor.org/rfc/rfc8894

mod arguments;
mod enrol;
mod examine;
mod json;
mod report;
mod server;

use std::io::{IsTerminal, Write, stdout};
use std::process::ExitCode;

use report::Ink;

fn main() -> ExitCode {
    let options = match arguments::read(lexopt::Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{}", arguments::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("doctor: {problem} (see --help)");
            return ExitCode::from(2);
        }
    };
    let report = match examine::examine(&options) {
        Ok(report) => report,
        Err(problem) => {
            eprintln!("doctor: {problem}");
            return ExitCode::from(2);
        }
    };
    let ink = if stdout().is_terminal() {
        Ink::Coloured
    } else {
        Ink::Plain
    };
    let text = if options.json {
        json::report(&report)
    } else {
        report::text(&report, ink)
    };
    // A reader who closed the pipe has seen enough.
    let _ = writeln!(stdout(), "{}", text.trim_end());
    ExitCode::from(u8::from(report.is_bad()))
}
