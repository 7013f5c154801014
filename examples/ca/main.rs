//! A certification authority that speaks SCEP ([RFC 8894]) by HTTP.
//!
//! ```text
//! cargo run --example ca -- --dir demo-ca --challenge secret
//! ```
//!
//! See `--help`. Read on in `ca.rs` for SCEP, which is what the crate `scep` does, and in `office.rs` for the decisions,
//! which are the caller's. `key.rs`, `keys.rs`, `issue.rs`, `subject.rs` and `store.rs` are what a CA does besides:
//! having keys, certifying, and remembering; `serve.rs` is HTTP.
//!
//! [RFC 8894]: https://www.rfc-editor.org/rfc/rfc8894

mod ca;
mod dir;
mod issue;
mod key;
mod keys;
mod office;
mod options;
mod pem;
mod serial;
mod serve;
mod store;
mod subject;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use getrandom::SysRng;
use scep::crypto::Provider;
use scep::{Fingerprint, FingerprintAlgorithm};
use signature::rand_core::UnwrapErr;

use ca::Ca;
use dir::Dir;
use keys::Keys;
use office::Office;
use options::{Options, USAGE};
use serve::Listener;
use store::Store;

/// What went wrong at the CA, in words for whoever runs it.
pub type Problem = Box<dyn Error + Send + Sync>;

pub type Outcome<T> = Result<T, Problem>;

fn main() -> ExitCode {
    let options = match Options::read() {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("ca: {problem} (see --help)");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("ca: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Outcome<()> {
    let (rng, now) = (&mut UnwrapErr(SysRng), serve::now()?);
    // Nothing is made if nothing can be served.
    let listener = Listener::bind(options.listen)?;
    let dir = Dir::open(&options.dir, &Store::FOLDERS)?;
    let keys = Keys::load(&dir, options, now, rng)?;
    let mut office = Office::new(Store::new(dir), options);
    for generation in &keys.generations {
        office.crl_of(generation, now, rng)?;
    }
    let certificate = &keys.current().ca.certificate;
    serve::log(format_args!(
        "\"{}\" in {}: {}",
        certificate.subject(),
        options.dir.display(),
        office.admission(),
    ));
    let provider = Provider::rustcrypto();
    let fingerprint = Fingerprint::of(FingerprintAlgorithm::Sha256, certificate, &provider)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening on http://{}/scep", listener.address)?;
    writeln!(out, "SHA-256 fingerprint of the CA: {fingerprint}")?;
    out.flush()?;
    drop(out);
    listener.serve(Ca::new(keys, office, options))
}
