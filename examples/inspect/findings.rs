//! What is wrong, in words.

use std::time::{SystemTime, UNIX_EPOCH};

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use scep::crypto::DecryptionKey;
use scep::diagnose::{Diagnosis, Finding};
use scep::inspect::{self, PayloadContent};
use scep::{Capabilities, Certificate, Limits, MessageType, PkiMessage, UnverifiedCsr};

use crate::facts::Tools;

/// What messages are judged beside.
pub struct Beside {
    /// The answer to GetCACert.
    pub ca_certificates: Vec<Certificate<'static>>,
    /// The request to which replies belong.
    pub request: Option<PkiMessage<'static>>,
}

/// Judges a body of this kind.
pub fn of(kind: &str, body: &[u8], beside: &Beside, tools: &Tools) -> Vec<Finding> {
    let diagnosis = Diagnosis::new(&tools.provider);
    if kind == "capabilities" {
        let capabilities = Capabilities::parse(body);
        return diagnosis.capabilities(&capabilities).findings();
    }
    // The certificates of a message are no answer to GetCACert: only that is judged.
    let Ok(message) = PkiMessage::parse(body, &Limits::REPLY) else {
        return Vec::new();
    };
    let mut diagnosis = diagnosis.ca_certificates(&beside.ca_certificates);
    if let Some(now) = now() {
        diagnosis = diagnosis.now(now);
    }
    let (request, reply) = match message.unverified_message_type() {
        MessageType::CertRep => (beside.request.as_ref(), Some(&message)),
        _ => (Some(&message), None),
    };
    if let Some(reply) = reply {
        diagnosis = diagnosis.reply(reply);
    }
    let Some(request) = request else {
        return diagnosis.findings();
    };
    let diagnosis = diagnosis.request(request);
    match csr(request, tools) {
        Some(csr) => diagnosis.csr(&csr).findings(),
        None => diagnosis.findings(),
    }
}

/// The CSR in a request that one of the keys opens.
fn csr(request: &PkiMessage<'_>, tools: &Tools) -> Option<UnverifiedCsr> {
    let keys: Vec<&dyn DecryptionKey> = tools
        .keys
        .iter()
        .map(|key| key as &dyn DecryptionKey)
        .collect();
    let rng = &mut UnwrapErr(SysRng);
    match inspect::open_unverified(request, &tools.provider, &keys, rng)
        .ok()?
        .content
    {
        PayloadContent::Csr(csr) => Some(csr),
        _ => None,
    }
}

fn now() -> Option<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}
