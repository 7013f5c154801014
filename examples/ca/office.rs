//! Where it is decided: who gets a certificate, and who does not.

use scep::crypto::{CryptoRng, KeyManagement};
use scep::server::{HeldEnrolment, TransactionKey};
use scep::{
    BuildError, Certificate, ChallengePassword, Crl, Csr, FailInfo, IssuerAndSerialNumber, Request,
    RequestBody,
};
use zeroize::Zeroizing;

use crate::Outcome;
use crate::issue::{DAY, Period};
use crate::keys::{Generation, Keys};
use crate::options::Options;
use crate::serial::Serial;
use crate::store::{Enrolment, State, Store};
use crate::subject::subject;

/// Two years, and a day for whoever's clock is slow.
const DAYS: i64 = 730;

/// Decides on requests, and keeps the records.
pub struct Office {
    store: Store,
    challenge: Option<Zeroizing<String>>,
    admission: Admission,
    hold: u32,
}

/// Who is let in without a challenge password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Admission {
    Nobody,
    Everybody,
}

/// A request and its circumstances.
pub struct Case<'c> {
    pub request: &'c Request,
    /// Why a SUCCESS could not be encrypted, if it could not.
    pub deliverable: Result<(), BuildError>,
    /// The request's enrolment, or the one that it polls for.
    pub transaction: TransactionKey,
    pub keys: &'c Keys,
    /// The generation that the request is encrypted to.
    pub generation: &'c Generation,
    pub now: i64,
}

/// What is decided about a request.
pub enum Decision {
    /// A certificate for whom asked for one, made just now or before.
    Granted {
        certificate: Certificate<'static>,
        enrolment: HeldEnrolment,
        is_new: bool,
    },
    /// A certificate on record.
    Found(Certificate<'static>),
    Crl(Crl<'static>),
    Pending,
    Refused(FailInfo, &'static str),
}

impl Office {
    pub fn new(store: Store, options: &Options) -> Self {
        Self {
            store,
            challenge: options.challenge.clone(),
            admission: if options.open {
                Admission::Everybody
            } else {
                Admission::Nobody
            },
            hold: options.hold,
        }
    }

    /// Who gets a certificate, in words.
    pub const fn admission(&self) -> &'static str {
        match (&self.challenge, self.admission) {
            (Some(_), Admission::Nobody) => "new clients need the challenge password",
            (Some(_), Admission::Everybody) => {
                "a challenge password, if there is one, must be right"
            }
            (None, Admission::Nobody) => {
                "no new clients, since there is neither --challenge nor --open"
            }
            (None, Admission::Everybody) => "everybody gets a certificate",
        }
    }

    /// Decides on a request. An error is the CA's own trouble, and no answer to the client.
    pub fn decide(&mut self, case: &Case<'_>, rng: &mut dyn CryptoRng) -> Outcome<Decision> {
        // Before anything is issued: can it be delivered?
        if let Err(error) = case.deliverable {
            return Ok(Decision::Refused(FailInfo::BadAlg, undeliverable(error)));
        }
        match case.request.body() {
            RequestBody::PkcsReq(csr) | RequestBody::RenewalReq(csr) => self.enrol(case, csr, rng),
            RequestBody::CertPoll(_) => self.poll(case, rng),
            RequestBody::GetCert(wanted) => self.look_up(wanted),
            // Whatever issuer it names: see `RequestBody::GetCrl`.
            RequestBody::GetCrl(_) => Ok(Decision::Crl(self.crl_of(
                case.generation,
                case.now,
                rng,
            )?)),
            _ => Ok(bad_request("this CA does not know such a request")),
        }
    }

    /// Whether the client has shown that it knows the challenge password: nobody else is sent anything that is encrypted under it, for
    /// whoever has such a thing can try passwords at it. Who sends an envelope under it has shown as much, or has captured it, and then
    /// has something to try passwords at already.
    pub fn knows_challenge(
        &self,
        request: &Request,
        transaction: &TransactionKey,
        now: i64,
    ) -> Outcome<bool> {
        Ok(match (request.key_management(), request.body()) {
            (KeyManagement::Password(_), _) => true,
            (_, RequestBody::CertPoll(_)) => {
                let enrolment = self.store.enrolment(transaction)?;
                enrolment
                    .is_some_and(|one| one.knows_challenge && one.held.answers(request).is_ok())
            }
            (_, RequestBody::PkcsReq(csr) | RequestBody::RenewalReq(csr)) => {
                is_signers_own(request, now) && self.has_right_challenge(csr)
            }
            _ => false,
        })
    }

    /// Notes that the certificate of a transaction was sent to the client. Until then the same request, sent again, is the
    /// same transaction; after that it is a new one.
    pub fn delivered(&mut self, transaction: &TransactionKey) -> Outcome<()> {
        if let Some(mut enrolment) = self.store.enrolment(transaction)?
            && let State::Granted(serial) = enrolment.state
        {
            enrolment.state = State::Delivered(serial);
            self.store.keep(transaction, &enrolment)?;
        }
        Ok(())
    }

    /// The CRL of a generation, made anew if the one in DIR is not good any more.
    pub fn crl_of(
        &mut self,
        generation: &Generation,
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Crl<'static>> {
        let file = format!("{}ca.crl", generation.prefix);
        self.store.crl(&file, generation.ca.issuer(), now, rng)
    }

    /// PKCSReq and RenewalReq.
    fn enrol(&mut self, case: &Case<'_>, csr: &Csr, rng: &mut dyn CryptoRng) -> Outcome<Decision> {
        if let Some(why) = self.objection(case, csr)? {
            return Ok(bad_request(why));
        }
        let enrolment = self.store.enrolment(&case.transaction)?;
        let unfinished = enrolment.filter(|one| !matches!(one.state, State::Delivered(_)));
        let enrolment = match unfinished {
            // Some clients poll by sending their request again, others do that when they got no answer.
            Some(enrolment) => match enrolment.held.answers(case.request) {
                Ok(()) => enrolment,
                Err(_) => return Ok(bad_request("this transaction is about another key")),
            },
            None => {
                let held = HeldEnrolment::of(case.request).ok_or("the request has no CSR")?;
                if let Err(why) = subject(&held) {
                    return Ok(bad_request(why));
                }
                let knows_challenge =
                    self.knows_challenge(case.request, &case.transaction, case.now)?;
                Enrolment {
                    held,
                    knows_challenge,
                    state: State::Waiting(self.hold),
                }
            }
        };
        self.proceed(case, enrolment, rng)
    }

    /// CertPoll.
    fn poll(&mut self, case: &Case<'_>, rng: &mut dyn CryptoRng) -> Outcome<Decision> {
        let enrolment = self.store.enrolment(&case.transaction)?;
        let Some(enrolment) = enrolment.filter(|one| one.held.answers(case.request).is_ok()) else {
            let why = "nothing of yours waits here";
            return Ok(Decision::Refused(FailInfo::BadCertId, why));
        };
        if self.store.is_revoked(case.request.signer())? {
            return Ok(bad_request(REVOKED));
        }
        self.proceed(case, enrolment, rng)
    }

    /// Takes an enrolment a step further: to the next PENDING, or to its certificate.
    fn proceed(
        &mut self,
        case: &Case<'_>,
        mut enrolment: Enrolment,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Decision> {
        let serial = match enrolment.state {
            State::Waiting(0) => {
                let serial = self.store.new_serial(rng)?;
                enrolment.state = State::Granted(serial.clone());
                self.store.keep(&case.transaction, &enrolment)?;
                serial
            }
            State::Waiting(answers) => {
                enrolment.state = State::Waiting(answers - 1);
                self.store.keep(&case.transaction, &enrolment)?;
                return Ok(Decision::Pending);
            }
            State::Granted(serial) | State::Delivered(serial) => serial,
        };
        let on_record = self.store.issued(&serial)?;
        let is_new = on_record.is_none();
        let certificate = match on_record {
            Some(certificate) => certificate,
            None => {
                let period = Period {
                    not_before: case.now - DAY,
                    not_after: case.now + DAYS * DAY,
                };
                let (issuer, subject) = (case.generation.ca.issuer(), subject(&enrolment.held)?);
                let certificate = issuer.issue(subject, &serial, period, rng)?;
                self.store.add_issued(&certificate)?;
                certificate
            }
        };
        Ok(Decision::Granted {
            certificate,
            enrolment: enrolment.held,
            is_new,
        })
    }

    /// Why nothing is issued for a CSR.
    fn objection(&self, case: &Case<'_>, csr: &Csr) -> Outcome<Option<&'static str>> {
        let (request, old) = (case.request, case.request.signer());
        if case
            .keys
            .cas()
            .any(|ca| ca.subject().has_same_text(&csr.subject()))
        {
            return Ok(Some("the subject is the name of a CA"));
        }
        if self.store.is_revoked(old)? {
            return Ok(Some(REVOKED));
        }
        let challenge_is_right = self.has_right_challenge(csr);
        // An empty password is like none: it never matches, and is not wrong either.
        if let ChallengePassword::Present(_) = csr.challenge_password() {
            if self.challenge.is_some() && !challenge_is_right {
                return Ok(Some("the challenge password is wrong"));
            }
            if self.challenge.is_none() && self.admission == Admission::Nobody {
                return Ok(Some("this CA takes no challenge password"));
            }
        }
        let is_renewal_req = matches!(request.body(), RequestBody::RenewalReq(_));
        if !is_renewal_req && (challenge_is_right || self.admission == Admission::Everybody) {
            return Ok(None);
        }
        let Some(proof) = request.renewal_proof(case.now) else {
            return Ok(Some(if self.challenge.is_some() {
                "the challenge password is missing"
            } else {
                "this CA takes no new clients, and only renews"
            }));
        };
        Ok(if !self.store.has_issued(old)? {
            Some("the signer's certificate is not on record here")
        } else if !proof.has_same_subject() || !proof.has_same_alt_names() {
            Some("a renewal is for the same names")
        } else if !proof.is_plain() {
            Some("the signer's certificate is not valid now")
        } else {
            None
        })
    }

    /// Compares in constant time.
    fn has_right_challenge(&self, csr: &Csr) -> bool {
        let challenge = self.challenge.as_ref();
        challenge.is_some_and(|challenge| csr.challenge_password().verify(challenge.as_bytes()))
    }

    /// GetCert.
    fn look_up(&self, wanted: &IssuerAndSerialNumber) -> Outcome<Decision> {
        let found = self.store.issued(&Serial::new(wanted.serial()))?;
        let found = found.filter(|certificate| wanted.matches(certificate));
        Ok(found.map_or(
            Decision::Refused(FailInfo::BadCertId, "no such certificate was issued here"),
            Decision::Found,
        ))
    }
}

/// Whether the CSR is the signer's, and not in an envelope that was captured and signed anew: it is for the signer's key, or for the
/// names that the CA gave him.
fn is_signers_own(request: &Request, now: i64) -> bool {
    let proof = request.renewal_proof(now);
    request.signer_has_csr_key() == Some(true) || proof.is_some_and(|proof| proof.is_plain())
}

/// Why nothing is issued that could not be delivered.
const fn undeliverable(error: BuildError) -> &'static str {
    match error {
        BuildError::NoPassword(_) => {
            "the signer's key only signs, and without a challenge password no reply can be encrypted to it"
        }
        _ => "no reply can be encrypted to the signer's key",
    }
}

const REVOKED: &str = "the signer's certificate is revoked";

const fn bad_request(why: &'static str) -> Decision {
    Decision::Refused(FailInfo::BadRequest, why)
}
