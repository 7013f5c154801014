//! What the program prints. A reader who closed the pipe does not end a transaction.

use std::fmt::{Display, Write as _};
use std::io::{Write, stdout};
use std::time::Duration;

use scep::client::Issued;
use scep::{Certificate, Validity};

use crate::dir::{CA, CERTIFICATE, CHAIN, Dir, KEY};

/// A step: its name, and what came of it.
pub fn step(name: &str, what: impl Display) {
    let _ = writeln!(stdout(), "{name:<14} {what}");
}

/// More about the step before.
pub fn more(what: impl Display) {
    step("", what);
}

/// A certificate in a line.
pub fn certificate(certificate: &Certificate<'_>) -> String {
    let mut line = format!(
        "\"{}\", serial number {}",
        certificate.subject(),
        serial(certificate.serial())
    );
    if let Some(until) = certificate.validity().and_then(not_after) {
        let _ = write!(line, ", valid until {until}");
    }
    line
}

/// The end of it: a certificate that is in DIR now.
pub fn issued(issued: &Issued, dir: &Dir) {
    step("issued", certificate(issued.certificate()));
    if issued.issuer().is_none() {
        more("none of the CA's certificates verifies it, which this --policy lets pass");
    }
    let path = dir.path(CERTIFICATE);
    more(format_args!(
        "{path}, and beside it {CHAIN}, {CA} and {KEY}"
    ));
}

/// The contents octets of a positive serial number in hexadecimal digits.
pub fn serial(octets: &[u8]) -> String {
    let octets = match octets {
        [0, rest @ ..] if !rest.is_empty() => rest,
        octets => octets,
    };
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// So many of something.
pub fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

fn not_after(validity: Validity) -> Option<der::DateTime> {
    let seconds = u64::try_from(validity.not_after).ok()?;
    der::DateTime::from_unix_duration(Duration::from_secs(seconds)).ok()
}
