//! Gets certificates from a CA by SCEP ([RFC 8894]), over HTTP, and keeps them in a directory.
//!
//! ```text
//! cargo run --example client -- --url http://127.0.0.1:8080/scep --ca-cert demo-ca/ca.pem \
//!     --challenge secret --subject "CN=device" --out demo-device
//! ```
//!
//! See `--help`. `ca.rs` gets to know the CA, `transaction.rs` sends and polls, `enrol.rs` and `renew.rs` keep in the
//! directory what the next run needs to go on when the program is killed, `query.rs` asks for all else.
//!
//! [RFC 8894]: https://www.rfc-editor.org/rfc/rfc8894

mod arguments;
mod ca;
mod csr;
mod device;
mod dir;
mod enrol;
mod key;
mod pem;
mod query;
mod renew;
mod run;
mod server;
mod show;
mod stop;
mod transaction;

use std::process::ExitCode;

use arguments::{Options, Task};
use run::Run;
use stop::Outcome;

fn main() -> ExitCode {
    let options = match arguments::read(lexopt::Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{}", arguments::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("client: {problem} (see --help)");
            return ExitCode::from(2);
        }
    };
    match perform(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("client: {stop}");
            stop.exit_code()
        }
    }
}

fn perform(options: &Options) -> Outcome<()> {
    let run = Run::new(options)?;
    let finished = renew::finish(&run.dir)?;
    match &options.task {
        Task::Enrol => enrol::enrol(&run),
        // The one that an earlier run was ended in.
        Task::Renew(_) if finished => enrol::enrol(&run),
        Task::Renew(_) => renew::renew(&run),
        Task::GetCert(serial) => query::get_cert(&run, serial),
        Task::GetCrl => query::get_crl(&run),
        Task::NextCa => query::next_ca(&run),
    }
}
