//! Shows every layer of what SCEP sends: pkiMessages, certificates, sets of them, CSRs, capability lists, and what goes around
//! them by HTTP.
//!
//! It judges signatures and opens envelopes, and trusts nobody. See `--help`.

mod facts;
mod findings;
mod http;
mod input;
mod json;
mod payload;
mod show;
mod text;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use facts::Tools;
use findings::Beside;
use lexopt::Arg;
use scep::crypto::{Policy, Provider};
use scep::{Fingerprint, NameRef};
use show::Form;
use zeroize::Zeroizing;

const USAGE: &str = "\
usage: inspect [OPTION]... FILE...

Shows what is in pkiMessages, GetCACert and GetNextCACert bodies, certificates, CSRs and capability lists, in captures of
HTTP and in sentences of a Windows device's log.
A FILE is DER, BER, PEM or base64, which is found out; or a request, a response or both as HTTP has them; or text of a log.
\"-\" is standard input, and a URL with operation and message may stand in the place of a FILE.

  --json             one JSON object a file, one line each
  --key KEY.pem      tries to open envelopes with this key: RSA (PKCS #8 or PKCS #1), or on a curve (PKCS #8 or SEC 1; needs
                     the feature `ec`)
  --challenge PASSWORD
                     tries to open envelopes under this challenge password
  --signer CERT.pem  looks for signers among these certificates too
  --ca-certs FILE    judges messages beside this answer to GetCACert
  --ca-caps FILE     judges messages beside this answer to GetCACaps
  --get-ca-caps      takes files for answers to GetCACaps, where no request says so: an empty one is an empty list
  --request FILE     judges replies beside this request
  --policy strict|default|compatible
                     judges messages by what a server of this policy allows
  --thumbprint HEX   judges answers to GetCACert by this MD5, SHA-1 or SHA-256 thumbprint, which devices are given of the CA
  --subject NAME, --alt-name TEXT, --purpose OID, --key-bits NUMBER
                     judges CSRs by what is configured; of names and purposes give each, and all
  --legacy           takes MD5 signatures and single DES for readable (needs the feature `legacy`)

Under the layers it says in words what is wrong, as far as it can be seen. A CA's certificate, and a set with a CA or an
RA in it, are judged as answers to GetCACert.

Exit status: 0 if every file was decoded, 1 if one was not, 2 for wrong usage.
It never prints a challenge password or a key.";

/// What the arguments ask for.
struct Options {
    form: Form,
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
        let input = input::read(file);
        let shown = show::show(&name, input, &options.beside, &options.tools, options.form);
        undecoded |= !shown.decoded;
        if writeln!(out, "{}", shown.text).is_err() {
            // Whoever read this has closed the pipe.
            return ExitCode::FAILURE;
        }
    }
    ExitCode::from(u8::from(undecoded))
}

/// Reads the arguments and the files of keys and certificates that they name; `None` for `--help`.
fn arguments() -> Result<Option<Options>, String> {
    let mut parser = lexopt::Parser::from_env();
    let (mut form, mut legacy) = (Form::Text, false);
    let (mut keys, mut signers, mut files) = (Vec::new(), Vec::new(), Vec::new());
    let show = |error: lexopt::Error| format!("{error} (see --help)");
    let mut passwords = Vec::new();
    let (mut alt_names, mut purposes) = (Vec::new(), Vec::new());
    let mut beside = Beside {
        now: now(),
        ..Beside::default()
    };
    while let Some(argument) = parser.next().map_err(show)? {
        match argument {
            Arg::Long("json") => form = Form::Json,
            Arg::Long("legacy") => legacy = true,
            Arg::Long("key") => keys.push(input::key(&parser.value().map_err(show)?)?),
            Arg::Long("challenge") => passwords.push(Zeroizing::new(text(&mut parser)?)),
            Arg::Long("signer") => {
                signers.extend(input::certificates(&parser.value().map_err(show)?)?);
            }
            Arg::Long("ca-certs") => {
                beside.ca_certificates = input::ca_certificates(&parser.value().map_err(show)?)?;
            }
            Arg::Long("ca-caps") => {
                let list = input::capabilities(&parser.value().map_err(show)?)?;
                beside.capabilities = Some(list);
            }
            Arg::Long("get-ca-caps") => beside.is_get_ca_caps = true,
            Arg::Long("policy") => {
                let name = parser.value().map_err(show)?;
                beside.policy = Some(policy_of(&name.to_string_lossy())?);
            }
            Arg::Long("request") => {
                beside.request = Some(input::message(&parser.value().map_err(show)?)?);
            }
            Arg::Long("thumbprint") => {
                let read = Fingerprint::from_hex(&text(&mut parser)?);
                let read = read.map_err(|error| format!("--thumbprint: {error}"))?;
                beside.thumbprint = Some(read);
            }
            Arg::Long("subject") => {
                let der = input::subject(&text(&mut parser)?)?;
                beside.profile = beside.profile.subject(NameRef::new(der.leak()));
            }
            // Arguments are there as long as the program.
            Arg::Long("alt-name") => alt_names.push(&*text(&mut parser)?.leak()),
            Arg::Long("purpose") => purposes.push(input::oid(&text(&mut parser)?)?),
            Arg::Long("key-bits") => {
                let bits = text(&mut parser)?.parse();
                let bits = bits.map_err(|_| "--key-bits: a number")?;
                beside.profile = beside.profile.rsa_key_bits(bits);
            }
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            Arg::Value(file) => files.push(file),
            other => return Err(show(other.unexpected())),
        }
    }
    if files.is_empty() {
        return Err("no FILE is given (see --help)".to_owned());
    }
    if !alt_names.is_empty() {
        beside.profile = beside.profile.alt_names(alt_names.leak());
    }
    if !purposes.is_empty() {
        beside.profile = beside.profile.purposes(purposes.leak());
    }
    // The signer of a reply may be in GetCACert only.
    signers.extend(beside.ca_certificates.iter().cloned());
    let policy = if legacy {
        legacy_policy().ok_or("--legacy needs a build with `--features legacy`")?
    } else {
        Policy::compatible()
    };
    Ok(Some(Options {
        form,
        tools: Tools {
            provider: Provider::rustcrypto(),
            policy,
            keys,
            passwords,
            signers,
        },
        beside,
        files,
    }))
}

fn text(parser: &mut lexopt::Parser) -> Result<String, String> {
    let value = parser.value().map_err(|error| error.to_string())?;
    let text = value.into_string();
    text.map_err(|_| "an argument is not UTF-8".to_owned())
}

fn now() -> Option<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

fn policy_of(name: &str) -> Result<Policy, String> {
    match name {
        "strict" => Ok(Policy::strict()),
        "default" => Ok(Policy::default()),
        "compatible" => Ok(Policy::compatible()),
        _ => Err(format!("there is no policy {name:?} (see --help)")),
    }
}

#[cfg(feature = "legacy")]
fn legacy_policy() -> Option<Policy> {
    Some(Policy::legacy())
}

#[cfg(not(feature = "legacy"))]
fn legacy_policy() -> Option<Policy> {
    None
}
