//! What is wrong with an enrolment, in words: for tools, support and logs, never for a server's road.
//!
//! Give a [`Diagnosis`] whatever is at hand, and read its [`Finding`]s: each has a stable code, a sentence, what it was seen
//! by, where it usually comes from and what to do. What is not given is not judged.
//!
//! ```
//! # #[cfg(feature = "rustcrypto")] {
//! use scep::crypto::Provider;
//! use scep::diagnose::{Diagnosis, FindingCode};
//!
//! let findings = Diagnosis::new(&Provider::rustcrypto())
//!     .http_answer(404, b"<html><title>Not found</title></html>")
//!     .findings();
//! assert_eq!(findings[0].code(), FindingCode::NotFound);
//! # }
//! ```
//!
//! Findings about messages are made from what anybody may have written, and those about an opened CSR tell what a server must
//! not tell a stranger: see [`inspect`](crate::inspect).

mod algorithms;
mod ca;
mod capabilities;
mod clock;
mod code;
mod csr;
mod finding;
mod http;
mod log;
mod profile;
mod refusal;
mod renewal;
mod reply;
mod reply_profile;
mod request;
mod sender;
mod signature;
mod verdict;
mod words;

use alloc::vec::Vec;
use core::fmt;

use crate::crypto::{Policy, Provider};
use crate::microsoft::{EventText, is_tpm_attestation};
use crate::{Capabilities, Certificate, Fingerprint, PkiMessage, UnverifiedCsr};

pub use code::FindingCode;
pub use finding::{ClientKind, Finding, Severity};
pub use profile::Profile;
pub use reply_profile::{ReplyCertificates, ReplyProfile};
pub use sender::{Certainty, Program, Sender};
pub use verdict::{Acceptance, Verdict};

/// What is known of an enrolment, to be judged.
#[derive(Clone, Copy)]
#[must_use]
pub struct Diagnosis<'d> {
    provider: Provider,
    policy: Option<Policy>,
    now: Option<i64>,
    look_ahead: i64,
    ca_certificates: &'d [Certificate<'d>],
    thumbprint: Option<Fingerprint>,
    profile: Option<Profile<'d>>,
    capabilities: Option<&'d Capabilities>,
    request: Option<&'d PkiMessage<'d>>,
    csr: Option<&'d UnverifiedCsr>,
    reply: Option<&'d PkiMessage<'d>>,
    /// Method, target and body.
    http_request: Option<(&'d str, &'d str, &'d [u8])>,
    http_answer: Option<(u16, &'d [u8])>,
    content_type: Option<&'d str>,
    url: Option<&'d str>,
    event: Option<&'d EventText<'d>>,
}

impl<'d> Diagnosis<'d> {
    /// Nothing is known yet.
    pub const fn new(provider: &Provider) -> Self {
        Self {
            provider: *provider,
            policy: None,
            now: None,
            look_ahead: 30 * 86_400,
            ca_certificates: &[],
            thumbprint: None,
            profile: None,
            capabilities: None,
            request: None,
            csr: None,
            reply: None,
            http_request: None,
            http_answer: None,
            content_type: None,
            url: None,
            event: None,
        }
    }

    /// What the server's policy allows. Without it no algorithm and no key is accused of being refused.
    pub const fn policy(mut self, policy: &Policy) -> Self {
        self.policy = Some(*policy);
        self
    }

    /// The time, in seconds since the Unix epoch. Without it no validity and no clock is judged.
    pub const fn now(mut self, now: i64) -> Self {
        self.now = Some(now);
        self
    }

    /// How many seconds before its end a certificate of the CA is said to expire soon; 30 days if not given.
    pub const fn look_ahead(mut self, seconds: i64) -> Self {
        self.look_ahead = seconds;
        self
    }

    /// All certificates of the answer to GetCACert, for the eyes of Windows, Apple's devices, Android's agents and others.
    pub const fn ca_certificates(mut self, certificates: &'d [Certificate<'d>]) -> Self {
        self.ca_certificates = certificates;
        self
    }

    /// The thumbprint that a profile names its CA by. It is judged with the [certificates](Self::ca_certificates).
    pub const fn thumbprint(mut self, thumbprint: Fingerprint) -> Self {
        self.thumbprint = Some(thumbprint);
        self
    }

    /// What else is configured for the device. It is judged with the [CSR](Self::csr).
    pub const fn profile(mut self, profile: Profile<'d>) -> Self {
        self.profile = Some(profile);
        self
    }

    /// The answer to GetCACaps.
    pub const fn capabilities(mut self, capabilities: &'d Capabilities) -> Self {
        self.capabilities = Some(capabilities);
        self
    }

    /// A client's request.
    pub const fn request(mut self, request: &'d PkiMessage<'d>) -> Self {
        self.request = Some(request);
        self
    }

    /// What was found in the envelope of the [request](Self::request), or a CSR by itself.
    pub const fn csr(mut self, csr: &'d UnverifiedCsr) -> Self {
        self.csr = Some(csr);
        self
    }

    /// The reply, to the [request](Self::request) if there is one.
    pub const fn reply(mut self, reply: &'d PkiMessage<'d>) -> Self {
        self.reply = Some(reply);
        self
    }

    /// What a client asked for by HTTP: method, target and body, as [`Operation::read`](crate::http::Operation::read) takes
    /// them. Of a GET the whole URL will do as target.
    pub const fn http_request(mut self, method: &'d str, target: &'d str, body: &'d [u8]) -> Self {
        self.http_request = Some((method, target, body));
        self
    }

    /// What came by HTTP in answer to a message, or in the place of an answer: status and body.
    pub const fn http_answer(mut self, status: u16, body: &'d [u8]) -> Self {
        self.http_answer = Some((status, body));
        self
    }

    /// The header Content-Type of the [answer](Self::http_answer), empty if there was none.
    pub const fn content_type(mut self, content_type: &'d str) -> Self {
        self.content_type = Some(content_type);
        self
    }

    /// A sentence of a device's log.
    pub const fn event(mut self, event: &'d EventText<'d>) -> Self {
        self.event = Some(event);
        self
    }

    /// The URL of the server.
    pub const fn url(mut self, url: &'d str) -> Self {
        self.url = Some(url);
        self
    }

    /// What is to be said of all this: the worst first, and nothing if nothing is wrong.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !self.ca_certificates.is_empty() {
            ca::judge(self, &mut findings);
        }
        if let Some(capabilities) = self.capabilities {
            capabilities::judge(capabilities, &mut findings);
        }
        if let Some(request) = self.request {
            request::judge(self, request, &mut findings);
        }
        if let Some(reply) = self.reply {
            reply::judge(self, reply, &mut findings);
        }
        if let Some(csr) = self.csr {
            csr::judge(self, csr, &mut findings);
        }
        // That service has operations of its own.
        let is_other_scep = self.url.is_some_and(is_tpm_attestation);
        if let Some((method, target, body)) = self.http_request.filter(|_| !is_other_scep) {
            http::judge_request(method, target, body, &mut findings);
        }
        if let Some((status, body)) = self.http_answer {
            http::judge_answer(self, status, body, &mut findings);
        }
        if let Some(url) = self.url {
            http::judge_url(url, &mut findings);
        }
        if let Some(event) = self.event {
            log::judge(event, &mut findings);
        }
        findings.sort_by_key(|finding| core::cmp::Reverse(finding.severity()));
        findings
    }

    /// Which clients would take the [certificates](Self::ca_certificates) and [capabilities](Self::capabilities) of the CA, one
    /// verdict for each kind of client. None if no certificates are given.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Verdict> {
        if self.ca_certificates.is_empty() {
            return Vec::new();
        }
        let mut findings = Vec::new();
        ca::judge(self, &mut findings);
        if let Some(capabilities) = self.capabilities {
            capabilities::judge(capabilities, &mut findings);
        }
        let clients = ClientKind::ALL.iter();
        clients
            .map(|client| Verdict::of(*client, &findings))
            .collect()
    }
}

/// Shows nothing: the CSR may hold a challenge password.
impl fmt::Debug for Diagnosis<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diagnosis").finish_non_exhaustive()
    }
}
