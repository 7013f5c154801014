//! Shows every layer of what SCEP sends: pkiMessages, certificates, sets of them, CSRs, capability lists.
//!
//! It judges signatures and opens envelopes, and trusts nobody. See `--help`.

mod facts;
mod findings;
mod input;
mod json;
mod text;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use facts::Tools;
use findings::Beside;
use lexopt::Arg;
use scep::crypto::{Policy, Provider};

const USAGE: &str = "\
usage: inspect [--json] [--key KEY.pem]... [--signer CERT.pem]... [--ca-certs FILE] [--request FILE] [--legacy] FILE...

Shows what is in pkiMessages, GetCACert and GetNextCACert bodies, certificates, CSRs and capability lists.
A FILE is DER, BER, PEM or base64, which is found out; \"-\" is standard input.

  --json             one JSON object a file, one line each
  --key KEY.pem      tries to open envelopes with this RSA key (PKCS #8 or PKCS #1)
  --signer CERT.pem  looks for signers among these certificates too
  --ca-certs FILE    judges messages beside this answer to GetCACert
  --request FILE     judges replies beside this request
  --legacy           takes MD5 signatures and single DES for readable (needs the feature `legacy`)

Under the layers it says in words what is wrong, as far as it can be seen.

Exit status: 0 if every file was decoded, 1 if one was not, 2 for wrong usage.
It never prints a challenge password or a key.";

/// What the arguments ask for.
struct Options {
    json: bool,
    tools: Tools,
    beside: Beside,
    files: Vec<OsString>,
}

fn main() -> ExitCode {
    let options = match arguments() {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("inspect: {problem}");
            return ExitCode::from(2);
        }
    };
    let mut out = std::io::stdout().lock();
    let mut undecoded = false;
    for file in &options.files {
        let name = file.to_string_lossy();
        let report = input::read(file).and_then(|body| {
            let report = facts::report(&body, &options.tools)?;
            let findings = findings::of(report.kind, &body, &options.beside, &options.tools);
            Ok((report, findings))
        });
        undecoded |= report.is_err();
        let shown = match (&report, options.json) {
            (Ok((report, findings)), true) => json::report(&name, report, findings),
            (Ok((report, findings)), false) => text::report(&name, report, findings),
            (Err(failure), true) => json::failure(&name, failure),
            (Err(failure), false) => text::failure(&name, failure),
        };
        if writeln!(out, "{shown}").is_err() {
            // Whoever read this has closed the pipe.
            return ExitCode::FAILURE;
        }
    }
    ExitCode::from(u8::from(undecoded))
}

/// Reads the arguments and the files of keys and certificates that they name; `None` for `--help`.
fn arguments() -> Result<Option<Options>, String> {
    let mut parser = lexopt::Parser::from_env();
    let (mut json, mut legacy) = (false, false);
    let (mut keys, mut signers, mut files) = (Vec::new(), Vec::new(), Vec::new());
    let show = |error: lexopt::Error| format!("{error} (see --help)");
    let (mut ca_certificates, mut request) = (Vec::new(), None);
    while let Some(argument) = parser.next().map_err(show)? {
        match argument {
            Arg::Long("json") => json = true,
            Arg::Long("legacy") => legacy = true,
            Arg::Long("key") => keys.push(input::key(&parser.value().map_err(show)?)?),
            Arg::Long("signer") => {
                signers.extend(input::certificates(&parser.value().map_err(show)?)?);
            }
            Arg::Long("ca-certs") => {
                ca_certificates = input::ca_certificates(&parser.value().map_err(show)?)?;
            }
            Arg::Long("request") => {
                request = Some(input::message(&parser.value().map_err(show)?)?);
            }
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            Arg::Value(file) => files.push(file),
            other => return Err(show(other.unexpected())),
        }
    }
    if files.is_empty() {
        return Err("no FILE is given (see --help)".to_owned());
    }
    let policy = if legacy {
        legacy_policy().ok_or("--legacy needs a build with `--features legacy`")?
    } else {
        Policy::compatible()
    };
    Ok(Some(Options {
        json,
        tools: Tools {
            provider: Provider::rustcrypto(),
            policy,
            keys,
            signers,
        },
        beside: Beside {
            ca_certificates,
            request,
        },
        files,
    }))
}

#[cfg(feature = "legacy")]
fn legacy_policy() -> Option<Policy> {
    Some(Policy::legacy())
}

#[cfg(not(feature = "legacy"))]
fn legacy_policy() -> Option<Policy> {
    None
}
