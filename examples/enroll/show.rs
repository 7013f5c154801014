//! What the example prints, and how it fails.

use std::error::Error;
use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering};

use scep::{Certificate, FailInfo, Limits, PkiMessage, Request};

/// What every step gives: a value, or the reason why the example ends with exit status 1.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

static STEPS: AtomicU32 = AtomicU32::new(0);
static CHECKS: AtomicU32 = AtomicU32::new(0);

/// Starts a step: the operation, and what it is for.
pub fn step(operation: &str, purpose: &str) {
    let number = STEPS.fetch_add(1, Ordering::Relaxed) + 1;
    println!("\n{number:2}. {operation}: {purpose}");
}

/// Says what one side does or finds out.
pub fn says(who: &str, what: impl Display) {
    println!("    {who:<9} {what}");
}

/// Holds a claim to be true, or ends the example.
pub fn check(claim: &str, holds: bool) -> Outcome<()> {
    if !holds {
        return Err(format!("this should hold and does not: {claim}").into());
    }
    CHECKS.fetch_add(1, Ordering::Relaxed);
    says("  holds:", claim);
    Ok(())
}

/// How many claims were checked.
pub fn checks() -> u32 {
    CHECKS.load(Ordering::Relaxed)
}

/// Shows bytes on their way, and what everybody on the way can read of them.
pub fn travels(from: &str, to: &str, operation: &str, bytes: &[u8]) {
    let content = match PkiMessage::parse(bytes, &Limits::REPLY) {
        Ok(message) => {
            let attributes = message.unverified_attributes();
            let status = attributes.pki_status();
            let status = status.map_or(String::new(), |status| format!(" {status}"));
            let id = attributes.transaction_id();
            format!("{}{status}, transaction {id}", attributes.message_type())
        }
        Err(_) if bytes.is_empty() => format!("a question, \"?operation={operation}\""),
        Err(_) if bytes.is_ascii() => String::from_utf8_lossy(bytes).replace('\n', " "),
        Err(_) => format!("the answer to {operation}"),
    };
    let route = format!("{from} -> {to}");
    println!("    {route:<12} {:>5} bytes: {content}", bytes.len());
}

/// Shows how an opened request was protected. The reply is protected in the same way.
pub fn opened(request: &Request) {
    let (signature, subject) = (request.signature_algorithm(), request.signer().subject());
    let (name, digest) = (signature.name(), signature.digest().name());
    says(
        "CA",
        format_args!("signature is right: {name}, {digest}, by \"{subject}\""),
    );
    let (cipher, management) = (request.content_cipher(), request.key_management());
    let (cipher, management) = (cipher.name(), management.name());
    says(
        "CA",
        format_args!("envelope opens: {cipher}, its key encrypted by {management}"),
    );
}

/// Shows a refusal as the CA makes it.
pub fn refused(info: FailInfo, why: impl Display) {
    says(
        "CA",
        format_args!("refuses with {info} ({}): {why}", info.code()),
    );
}

/// A certificate in a line.
pub fn certificate(certificate: &Certificate<'_>) -> String {
    let serial = hex(certificate.serial());
    format!("\"{}\", serial number {serial}", certificate.subject())
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
