//! Where the CA decides: what it keeps on record, who gets a certificate, and who does not.

use std::collections::HashMap;

use scep::crypto::CryptoRng;
use scep::{
    Certificate, ChallengePassword, Crl, Csr, FailInfo, Request, RequestBody, SignerMatch,
    TransactionId, oid,
};

use crate::issue::Issuer;
use crate::show::{self, Outcome};

/// What the CA keeps on record.
pub struct Office {
    issuer: Issuer,
    challenge: String,
    enrolments: HashMap<EnrolmentId, Enrolment>,
    issued: Vec<Certificate<'static>>,
    revoked: Vec<Certificate<'static>>,
}

/// A transactionID is neither unique nor secret, so an enrolment belongs to the key that signed the request, too.
type EnrolmentId = (TransactionId<'static>, Vec<u8>);

struct Enrolment {
    csr: Csr,
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
    pub fn new(issuer: Issuer, challenge: &str) -> Self {
        Self {
            issuer,
            challenge: challenge.into(),
            enrolments: HashMap::new(),
            issued: Vec::new(),
            revoked: Vec::new(),
        }
    }

    /// Somebody at the CA looks at what waits, and approves it.
    pub fn approve_all(&mut self) {
        for enrolment in self.enrolments.values_mut() {
            if matches!(enrolment.state, State::Waiting) {
                let subject = enrolment.csr.subject();
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

    pub fn decide(
        &mut self,
        request: &Request,
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Decision> {
        // Before anything is issued: can it be delivered?
        if request.csr().is_some() && request.success_envelope().is_err() {
            let why = "no reply can be encrypted to the signer's key";
            return Ok(Decision::Refused(FailInfo::BadAlg, why));
        }
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
            RequestBody::GetCrl(wanted)
                if wanted.issuer_der() == self.issuer.certificate().subject_der() =>
            {
                let crl = self.issuer.crl(&self.revoked, now, rng)?;
                Ok(Decision::Crl(crl))
            }
            RequestBody::GetCrl(_) => {
                let why = "this CA has no list of that issuer";
                Ok(Decision::Refused(FailInfo::BadCertId, why))
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
        let id = enrolment_id(request);
        let repeated = self.enrolments.get(&id).is_some_and(|enrolment| {
            enrolment.csr.public_key_der() == csr.public_key_der()
                && !matches!(enrolment.state, State::Issued(_))
        });
        if !repeated {
            let (csr, state) = (csr.clone(), State::Waiting);
            self.enrolments.insert(id, Enrolment { csr, state });
        }
        self.poll(request, now, rng)
    }

    /// Whoever signed the first request asks what became of it.
    fn poll(&mut self, request: &Request, now: i64, rng: &mut dyn CryptoRng) -> Outcome<Decision> {
        let Some(enrolment) = self.enrolments.get_mut(&enrolment_id(request)) else {
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
                let certificate = self.issuer.issue(&enrolment.csr, now, rng)?;
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
        let certificate = self.issuer.issue(csr, now, rng)?;
        self.issued.push(certificate.clone());
        Ok(Decision::Certificate(certificate))
    }

    /// Why a renewal cannot be granted.
    fn objection(&self, request: &Request, csr: &Csr, now: i64) -> Option<&'static str> {
        let old = request.signer();
        let valid = old
            .validity()
            .is_some_and(|validity| validity.contains(now));
        let old_names = old.extension(oid::SUBJECT_ALT_NAME);
        let new_names = csr.extension(oid::SUBJECT_ALT_NAME);
        let same_names = old.subject_der() == csr.subject_der()
            && old_names.map(|names| names.value()) == new_names.map(|names| names.value());
        let wrong_challenge = match csr.challenge_password() {
            ChallengePassword::Absent | ChallengePassword::Empty => false,
            ChallengePassword::Present(given) => !given.verify(self.challenge.as_bytes()),
        };
        if request.signer_match() != SignerMatch::Issuer(0) || !self.issued.contains(old) {
            Some("the signer's certificate is not on record here")
        } else if self.revoked.contains(old) || old.is_ca() || !valid {
            Some("the signer's certificate is revoked, expired, or a CA's")
        } else if !same_names {
            Some("a renewal is for the same names")
        } else if wrong_challenge {
            Some("the challenge password is wrong")
        } else {
            None
        }
    }
}

fn enrolment_id(request: &Request) -> EnrolmentId {
    let signer = request.signer().public_key_der().to_vec();
    (request.transaction_id().clone(), signer)
}
