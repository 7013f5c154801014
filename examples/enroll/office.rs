//! Where the CA decides: what it keeps on record, who gets a certificate, and who does not.

use std::collections::HashMap;

use scep::crypto::{CryptoRng, Provider};
use scep::server::{HeldEnrolment, TransactionKey};
use scep::{Certificate, ChallengePassword, Crl, Csr, FailInfo, Request, RequestBody};

use crate::issue::{Issuer, Wanted};
use crate::show::{self, Outcome};

/// What the CA keeps on record.
pub struct Office {
    issuer: Issuer,
    challenge: String,
    provider: Provider,
    enrolments: HashMap<TransactionKey, Enrolment>,
    issued: Vec<Certificate<'static>>,
    revoked: Vec<Certificate<'static>>,
}

struct Enrolment {
    held: HeldEnrolment,
    state: State,
}

enum State {
    Waiting,
    Approved,
    Issued(Certificate<'static>),
}

/// What is decided about a request.
pub enum Decision {
    Certificate(Certificate<'static>),
    Crl(Crl<'static>),
    Pending,
    Refused(FailInfo, &'static str),
}

impl Office {
    /// A CA that issues to whoever knows the challenge password.
    pub fn new(issuer: Issuer, challenge: &str, provider: Provider) -> Self {
        Self {
            issuer,
            challenge: challenge.into(),
            provider,
            enrolments: HashMap::new(),
            issued: Vec::new(),
            revoked: Vec::new(),
        }
    }

    /// Somebody at the CA looks at what waits, and approves it.
    pub fn approve_all(&mut self) {
        for enrolment in self.enrolments.values_mut() {
            if matches!(enrolment.state, State::Waiting) {
                let subject = enrolment.held.subject();
                show::says("CA", format_args!("a person approves \"{subject}\""));
                enrolment.state = State::Approved;
            }
        }
    }

    /// Somebody at the CA revokes a certificate.
    pub fn revoke(&mut self, certificate: &Certificate<'static>) {
        let line = show::certificate(certificate);
        show::says("CA", format_args!("a person revokes {line}"));
        self.revoked.push(certificate.clone());
    }

    /// The enrolment that a request asks for, if it is on record.
    pub fn enrolment(&self, request: &Request) -> Outcome<Option<&HeldEnrolment>> {
        let key = request.transaction_key(&self.provider)?;
        let held = self.enrolments.get(&key).map(|enrolment| &enrolment.held);
        Ok(held.filter(|held| held.answers(request).is_ok()))
    }

    pub fn decide(
        &mut self,
        request: &Request,
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Decision> {
        match request.body() {
            RequestBody::PkcsReq(csr) => self.enrol(request, csr, now, rng),
            RequestBody::CertPoll(_) => self.poll(request, now, rng),
            RequestBody::RenewalReq(csr) => self.renew(request, csr, now, rng),
            RequestBody::GetCert(wanted) => {
                let found = self.issued.iter().find(|issued| wanted.matches(issued));
                Ok(found.cloned().map_or(
                    Decision::Refused(FailInfo::BadCertId, "no such certificate was issued here"),
                    Decision::Certificate,
                ))
            }
            // Whatever issuer it names: see `RequestBody::GetCrl`.
            RequestBody::GetCrl(_) => {
                let crl = self.issuer.crl(&self.revoked, now, rng)?;
                Ok(Decision::Crl(crl))
            }
            _ => Ok(Decision::Refused(FailInfo::BadRequest, "not supported")),
        }
    }

    /// A first request: whoever knows the challenge password may wait for a person's decision.
    fn enrol(
        &mut self,
        request: &Request,
        csr: &Csr,
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Decision> {
        // Compared in constant time. An absent or empty password never matches.
        if !csr.challenge_password().verify(self.challenge.as_bytes()) {
            let why = "the challenge password is wrong";
            return Ok(Decision::Refused(FailInfo::BadRequest, why));
        }
        show::says("CA", "the challenge password is right");
        // Some clients poll by sending their request again. What is new waits; in life not without end, nor limit.
        let key = request.transaction_key(&self.provider)?;
        let repeated = self.enrolments.get(&key).is_some_and(|enrolment| {
            enrolment.held.answers(request).is_ok() && !matches!(enrolment.state, State::Issued(_))
        });
        if !repeated {
            let held = HeldEnrolment::of(request).ok_or("there is no CSR")?;
            let state = State::Waiting;
            self.enrolments.insert(key, Enrolment { held, state });
        }
        self.poll(request, now, rng)
    }

    /// Whoever signed the first request asks what became of it.
    fn poll(&mut self, request: &Request, now: i64, rng: &mut dyn CryptoRng) -> Outcome<Decision> {
        // A transactionID is neither unique nor secret, so an enrolment belongs to the key that signed the request, too.
        let key = request.transaction_key(&self.provider)?;
        let Some(enrolment) = self.enrolments.get_mut(&key) else {
            let why = "nothing of yours waits here";
            return Ok(Decision::Refused(FailInfo::BadCertId, why));
        };
        match &enrolment.state {
            State::Waiting => {
                show::says("CA", "a person must approve: PENDING");
                Ok(Decision::Pending)
            }
            State::Issued(certificate) => Ok(Decision::Certificate(certificate.clone())),
            State::Approved => {
                let certificate = self.issuer.issue(&Wanted::of(&enrolment.held), now, rng)?;
                enrolment.state = State::Issued(certificate.clone());
                self.issued.push(certificate.clone());
                Ok(Decision::Certificate(certificate))
            }
        }
    }

    /// A renewal: in place of the challenge password stands the old certificate.
    fn renew(
        &mut self,
        request: &Request,
        csr: &Csr,
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Decision> {
        if let Some(why) = self.objection(request, csr, now) {
            return Ok(Decision::Refused(FailInfo::BadRequest, why));
        }
        show::says(
            "CA",
            "signed with a valid certificate of mine, for the same names: no challenge needed",
        );
        let certificate = self.issuer.issue(&Wanted::by(csr), now, rng)?;
        self.issued.push(certificate.clone());
        Ok(Decision::Certificate(certificate))
    }

    /// Why a renewal cannot be granted.
    fn objection(&self, request: &Request, csr: &Csr, now: i64) -> Option<&'static str> {
        let old = request.signer();
        let plain = request
            .renewal_proof(now)
            .is_some_and(|proof| proof.is_plain());
        let wrong_challenge = match csr.challenge_password() {
            ChallengePassword::Absent | ChallengePassword::Empty => false,
            ChallengePassword::Present(given) => !given.verify(self.challenge.as_bytes()),
        };
        if !self.issued.contains(old) {
            Some("the signer's certificate is not on record here")
        } else if self.revoked.contains(old) {
            Some("the signer's certificate is revoked")
        } else if !plain {
            Some("the signer's certificate has expired, or is for other names")
        } else if wrong_challenge {
            Some("the challenge password is wrong")
        } else {
            None
        }
    }
}
