//! The CA as a server of SCEP: an HTTP request in, an answer out, and a line for the log.

use std::sync::{Mutex, MutexGuard, PoisonError};

use getrandom::SysRng;
use scep::crypto::{CryptoRng, Policy, Provider};
use scep::http::{HttpError, Operation, Response};
use scep::server::{Authority, Received, Server, TransactionKey};
use scep::{
    BuildError, Certificate, Error, Limits, Recipient, Request, SignerIdentity, SignerTrust,
};
use signature::rand_core::UnwrapErr;
use zeroize::Zeroizing;

use crate::Outcome;
use crate::keys::{Generation, Holder, Keys, Ra};
use crate::office::{Case, Decision, Office};
use crate::options::Options;
use crate::serial::Serial;

/// All that answers requests.
pub struct Ca {
    keys: Keys,
    /// What GetNextCACert tells: nothing, if there is no next CA.
    next: Vec<Certificate<'static>>,
    office: Mutex<Office>,
    challenge: Option<Zeroizing<String>>,
    provider: Provider,
    policy: Policy,
}

/// What is answered to a request.
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    /// The methods that are allowed, if the request's is not.
    pub allow: Option<&'static str>,
    pub body: Vec<u8>,
    /// What happened, in words for the log.
    pub log: String,
    /// The transaction that is over once the client has this answer.
    pub ends: Option<TransactionKey>,
}

impl Answer {
    fn new(response: Response, log: impl Into<String>) -> Self {
        Self {
            status: response.status(),
            content_type: response.content_type(),
            allow: response.allow(),
            body: response.into_body(),
            log: log.into(),
            ends: None,
        }
    }

    /// An answer in words, which no client is made to understand.
    pub fn text(status: u16, text: &str, log: impl Into<String>) -> Self {
        Self {
            status,
            content_type: "text/plain",
            allow: None,
            body: text.into(),
            log: log.into(),
            ends: None,
        }
    }
}

impl Ca {
    pub fn new(keys: Keys, office: Office, options: &Options) -> Self {
        Self {
            next: keys.next_certificates(),
            keys,
            office: Mutex::new(office),
            challenge: options.challenge.clone(),
            provider: Provider::rustcrypto(),
            policy: options.policy,
        }
    }

    /// Answers a request. An error is the CA's own trouble.
    pub fn answer(&self, method: &str, target: &str, body: &[u8], now: i64) -> Outcome<Answer> {
        let operation = match Operation::read(method, target, body, &Limits::REQUEST) {
            Ok(operation) => operation,
            Err(error) => {
                let log = format!("{}: {error}", method.escape_debug());
                return Ok(Answer::new(Response::error(error), log));
            }
        };
        let (server, rng) = (self.server()?, &mut UnwrapErr(SysRng));
        match operation {
            Operation::GetCaCaps { .. } => {
                let response = Response::ca_caps(&server.capabilities());
                Ok(Answer::new(response, "GetCACaps"))
            }
            Operation::GetCaCert { .. } => Ok(Answer::new(server.ca_certificates(), "GetCACert")),
            Operation::GetNextCaCert { .. } => Ok(match server.next_ca_certificates(rng)? {
                Some(response) => Answer::new(response, "GetNextCACert"),
                None => {
                    let error = HttpError::NoNextCa;
                    Answer::new(Response::error(error), format!("GetNextCACert: {error}"))
                }
            }),
            Operation::PkiOperation { message } => self.pki_operation(&server, &message, now, rng),
        }
    }

    /// Notes that the answer that ends a transaction was sent.
    pub fn delivered(&self, transaction: &TransactionKey) -> Outcome<()> {
        self.office().delivered(transaction)
    }

    /// The view of the keys and certificates that speaks SCEP.
    fn server(&self) -> Outcome<Server<'_>> {
        let mut trust = SignerTrust::new().self_issued();
        let mut authorities = Vec::new();
        for generation in &self.keys.generations {
            trust = trust.issuer(&generation.ca.certificate);
            authorities.extend(self.authorities(generation)?);
        }
        let mut authorities = authorities.into_iter();
        let current = authorities.next().ok_or("nobody speaks SCEP for the CA")?;
        let server = Server::new(&self.provider, &self.policy, trust, current);
        Ok(authorities.fold(server.with_next_ca(&self.next), Server::with_generation))
    }

    /// Who speaks SCEP for a generation: its RA, or else the CA.
    fn authorities<'a>(&'a self, generation: &'a Generation) -> Outcome<Vec<Authority<'a>>> {
        let Holder { certificate, key } = &generation.ca;
        let mut authorities = Vec::new();
        if let Some(Ra {
            signing,
            encryption,
        }) = &generation.ra
        {
            let recipient = encryption.key.recipient(&encryption.certificate)?;
            authorities.push(speaking(certificate, recipient, signing)?);
        }
        if generation.speaks_itself() {
            let recipient = key.recipient(certificate)?;
            authorities.push(speaking(certificate, recipient, &generation.ca)?);
        }
        let root = &self.keys.root;
        Ok(match root {
            Some(root) => authorities
                .into_iter()
                .map(|one| one.with_chain(root))
                .collect(),
            None => authorities,
        })
    }

    /// Verify, open, decide, reply.
    fn pki_operation(
        &self,
        server: &Server<'_>,
        message: &[u8],
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Answer> {
        let received = server.receive_with_passwords(message, &self.passwords(), rng);
        let request = match received {
            Ok(Received::Request(request)) => request,
            Ok(Received::Refused(refused)) => {
                let (error, id) = (refused.error(), refused.unverified_transaction_id());
                let info = error.fail_info();
                let log = format!("PKIOperation, transaction {id}: refused with {info}, {error}");
                return Ok(Answer::new(
                    Response::pki_message(refused.into_reply()),
                    log,
                ));
            }
            Err(Error::Parse(error)) => {
                let log = format!("PKIOperation: {error}");
                return Ok(Answer::new(Response::error(error), log));
            }
            Err(error) => return Err(error.into()),
        };
        let transaction = request.transaction_key(&self.provider)?;
        let mut reply = server.reply(&request);
        if let Some(challenge) = &self.challenge
            && self.office().knows_challenge(&request, &transaction, now)?
        {
            reply = reply.challenge(challenge);
        }
        let case = Case {
            request: &request,
            deliverable: reply.success_envelope(rng).map(drop),
            transaction,
            keys: &self.keys,
            generation: self.generation(server.authority(&request).ca())?,
            now,
        };
        let decision = self.office().decide(&case, rng)?;
        let log = format!("{}: {}", question(&request), answer(&decision));
        let mut ends = None;
        let reply = match decision {
            Decision::Granted {
                certificate,
                enrolment,
                ..
            } => {
                ends = Some(case.transaction);
                reply.answering(&enrolment).success(&[certificate], rng)?
            }
            Decision::Found(certificate) => reply.success(&[certificate], rng)?,
            Decision::Crl(crl) => reply.success_crl(&crl, rng)?,
            Decision::Pending => reply.pending(rng)?,
            Decision::Refused(info, why) => reply.failure(info, Some(why), rng)?,
        };
        Ok(Answer {
            ends,
            ..Answer::new(Response::pki_message(reply), log)
        })
    }

    /// What requests to a CA whose key cannot decrypt may be encrypted under. Where there is none, nobody makes this CA try.
    fn passwords(&self) -> Vec<&str> {
        let mut generations = self.keys.generations.iter();
        let tries = generations.any(|one| one.speaks_itself() && one.ca.key.cannot_decrypt());
        let challenge = self.challenge.iter().filter(|_| tries);
        challenge.map(|challenge| challenge.as_str()).collect()
    }

    fn generation(&self, ca: &Certificate<'_>) -> Outcome<&Generation> {
        let mut generations = self.keys.generations.iter();
        let found = generations.find(|generation| generation.ca.certificate == *ca);
        found.ok_or_else(|| "the recipient is no generation of the CA".into())
    }

    fn office(&self) -> MutexGuard<'_, Office> {
        // All is in files, so there is nothing that a panic could leave half done.
        self.office.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever signs replies for a CA, where a recipient opens requests.
fn speaking<'a>(
    ca: &'a Certificate<'static>,
    recipient: Recipient<'a>,
    signer: &'a Holder,
) -> Result<Authority<'a>, BuildError> {
    let key = signer.key.signing_key();
    let identity = SignerIdentity::new(&signer.certificate, key)?;
    Authority::with_ra(ca, recipient, identity, key)
}

/// Who asks for what, and how that was protected, which the reply mirrors.
fn question(request: &Request) -> String {
    let signer = request.signer().subject();
    let who = match request.csr() {
        Some(csr) if csr.subject() == signer => format!("for \"{signer}\""),
        Some(csr) => format!("for \"{}\" by \"{signer}\"", csr.subject()),
        None => format!("by \"{signer}\""),
    };
    format!(
        "{} {who}, transaction {}, signed with {} {}, encrypted with {} {}",
        request.message_type().name(),
        request.transaction_id(),
        request.digest().name(),
        request.signature_algorithm().name(),
        request.content_cipher().name(),
        request.key_management().name(),
    )
}

fn answer(decision: &Decision) -> String {
    match decision {
        Decision::Granted {
            certificate,
            is_new,
            ..
        } => {
            let verb = if *is_new { "issued" } else { "gave again" };
            format!("{verb} {}", Serial::of(certificate))
        }
        Decision::Found(certificate) => format!("gave {}", Serial::of(certificate)),
        Decision::Crl(_) => "gave the CRL".to_owned(),
        Decision::Pending => "PENDING".to_owned(),
        Decision::Refused(info, why) => format!("refused with {info}, {why}"),
    }
}
