//! An enrolment or renewal, from the first request to the certificate.

use alloc::string::String;
use alloc::vec::Vec;

use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::Client;
use super::saved::{ResumeError, SavedEnrolment, Stage};
use crate::certificate::Certificate;
use crate::crypto::is_same_key;
use crate::csr::Challenge;
use crate::message::{
    CertRep, Failure, Granted, PendingRequest, RequestBuilder, WantedCertificate,
};
use crate::{BuildError, Csr, MessageType, TransactionError, TransactionId};

/// An enrolment or renewal under way: it gives the next request to send and takes the answer.
///
/// Made by [`Client::enrol`], [`Client::renew`] and [`Enrolment::resume`]. A forged or damaged answer does not end it: it is an
/// error, and the right one is still taken.
#[derive(Clone, Debug)]
pub struct Enrolment<'c> {
    client: Client<'c>,
    message_type: MessageType,
    transaction_id: TransactionId<'static>,
    /// Whether that may be known to the CA.
    has_transaction_id: bool,
    wanted: WantedCertificate,
    stage: Stage,
    polls: u32,
    /// For the first request; gone after a resumption that polls.
    csr: Option<Csr>,
    sent: Option<PendingRequest>,
}

/// What an answer means.
#[derive(Clone, Debug)]
#[must_use]
pub enum Outcome {
    /// The certificate was issued.
    Issued(Issued),
    /// The CA refuses: a value, not an error. The transaction is over.
    ///
    /// It is the CA's word on a message with these identifiers, and not always on the one that was sent: whoever is on the way
    /// can change that before it arrives, or send it signed by himself, and gets a refusal, or a wait. So a new enrolment
    /// may well succeed.
    Refused(Failure),
    /// The request waits for somebody's decision: [`save`](Enrolment::save) the state, wait, and send the next request.
    Pending,
}

/// An issued certificate with its chain.
#[derive(Clone, Debug)]
pub struct Issued {
    certificate: Certificate<'static>,
    chain: Vec<Certificate<'static>>,
    others: Vec<Certificate<'static>>,
}

impl<'c> Enrolment<'c> {
    pub(super) fn new(
        client: Client<'c>,
        message_type: MessageType,
        csr: &Csr,
        rng: &mut dyn CryptoRng,
    ) -> Self {
        Self {
            client,
            message_type,
            transaction_id: TransactionId::random(rng),
            has_transaction_id: false,
            wanted: WantedCertificate::new(csr, client.requester.certificate()),
            stage: Stage::Requested,
            polls: 0,
            csr: Some(csr.clone()),
            sent: None,
        }
    }

    /// Takes a transactionID that the CA assigned. Once a request was made, or the enrolment was resumed, it has its own, which stays.
    #[must_use]
    pub fn with_transaction_id(mut self, id: TransactionId<'static>) -> Self {
        if !self.has_transaction_id {
            self.transaction_id = id;
        }
        self
    }

    /// Goes on with a saved enrolment, perhaps in another process.
    ///
    /// `client` has the same CA and the same requester as before. The CSR is needed only if no answer had come when the
    /// state was saved: then the first request is sent once more, in the same transaction. Where messages are encrypted under its
    /// challenge password, either it is given or the requester [has that](super::Requester::with_challenge).
    ///
    /// # Errors
    /// [`ResumeError::AnotherCa`] or [`ResumeError::AnotherRequester`] if the client is not the one that saved it;
    /// [`ResumeError::CsrMissing`] or [`ResumeError::AnotherCsr`] if the CSR is needed and not there or over another key.
    pub fn resume(
        client: Client<'c>,
        saved: &SavedEnrolment,
        csr: Option<&Csr>,
    ) -> Result<Self, ResumeError> {
        if saved.ca != client.fingerprint(client.ca.pinned())? {
            return Err(ResumeError::AnotherCa);
        }
        if saved.requester != client.fingerprint(client.requester.certificate())? {
            return Err(ResumeError::AnotherRequester);
        }
        match csr {
            None if saved.stage == Stage::Requested => return Err(ResumeError::CsrMissing),
            Some(csr) if !is_same_key(csr.public_key_der(), &saved.wanted.public_key) => {
                return Err(ResumeError::AnotherCsr);
            }
            _ => {}
        }
        Ok(Self {
            client,
            message_type: saved.message_type,
            transaction_id: saved.transaction_id.clone(),
            has_transaction_id: true,
            wanted: saved.wanted.clone(),
            stage: saved.stage,
            polls: saved.polls,
            csr: csr.cloned(),
            sent: None,
        })
    }

    /// The state as it is to be stored, without secrets: before the first request is sent, and after every
    /// [`Outcome::Pending`].
    ///
    /// From PENDING on a crash costs nothing. Before the first answer it costs the answer: the request is repeated in the
    /// same transaction, and a CA that granted it already may refuse it or issue again ([RFC 8894, section 5.2]).
    ///
    /// [RFC 8894, section 5.2]: https://www.rfc-editor.org/rfc/rfc8894#section-5.2
    ///
    /// # Errors
    /// [`BuildError::Crypto`] if the provider has no SHA-256.
    pub fn save(&self) -> Result<SavedEnrolment, BuildError> {
        let client = &self.client;
        Ok(SavedEnrolment {
            message_type: self.message_type,
            stage: self.stage,
            polls: self.polls,
            transaction_id: self.transaction_id.clone(),
            ca: client.fingerprint(client.ca.pinned())?,
            requester: client.fingerprint(client.requester.certificate())?,
            wanted: self.wanted.clone(),
        })
    }

    /// The next request to send: the PKCSReq or RenewalReq, and once the CA answered PENDING, a CertPoll.
    ///
    /// If sending fails, make the next request anew: every one has a nonce of its own.
    ///
    /// # Errors
    /// [`BuildError::SelfIssuedRenewal`] for a RenewalReq by a certificate that the client issued itself;
    /// [`BuildError::ReplyUnreadable`] if the requester only signs, and what is issued could not be read; or as for
    /// [every request](BuildError#every-request).
    pub fn next_request(&mut self, rng: &mut dyn CryptoRng) -> Result<Vec<u8>, BuildError> {
        let client = self.client;
        self.check_requester()?;
        let (identity, ca) = (client.requester.identity(), client.ca);
        let request = match (self.stage, &self.csr) {
            (Stage::Requested, Some(csr)) if self.message_type == MessageType::RenewalReq => {
                RequestBuilder::renewal_req(csr, identity, ca)
            }
            (Stage::Requested, Some(csr)) => RequestBuilder::pkcs_req(csr, identity, ca),
            _ => {
                self.polls = self.polls.saturating_add(1);
                let poll = RequestBuilder::poll_for(&self.wanted, identity, ca);
                let own = self.own_challenge();
                poll.challenge(self.challenge(own.as_ref()).unwrap_or_default())
            }
        };
        let (message, sent) = client.write(request, Some(&self.transaction_id), rng)?;
        self.sent = Some(sent);
        self.has_transaction_id = true;
        Ok(message)
    }

    /// Requires that the CA can grant what is asked, and the client read it.
    fn check_requester(&self) -> Result<(), BuildError> {
        let requester = self.client.requester;
        let is_self_issued = requester.certificate().is_self_issued();
        if self.message_type == MessageType::RenewalReq && is_self_issued {
            return Err(BuildError::SelfIssuedRenewal);
        }
        let own = self.own_challenge();
        requester.check_opens(self.challenge(own.as_ref()))
    }

    /// Takes the answer to the last request: the HTTP status and body that came.
    ///
    /// # Errors
    /// A [`TransactionError`] that names the check which failed; [`TransactionError::NothingSent`] before the first request.
    pub fn accept(
        &mut self,
        status: u16,
        body: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Outcome, TransactionError> {
        let client = &self.client;
        let sent = self.sent.as_ref().ok_or(TransactionError::NothingSent)?;
        let reply = client.read(status, body)?;
        match sent.accept(&reply, client.ca, &client.provider, &client.policy)? {
            CertRep::Success(sealed) => {
                let own = self.own_challenge();
                let recipient = client.requester.recipient(self.challenge(own.as_ref()));
                let granted = sealed.open(&client.provider, &recipient, rng)?;
                Issued::new(granted, client).map(Outcome::Issued)
            }
            CertRep::Failure(failure) => Ok(Outcome::Refused(failure)),
            CertRep::Pending => {
                self.stage = Stage::Pending;
                Ok(Outcome::Pending)
            }
        }
    }

    /// The challenge password of the CSR, while that is at hand.
    fn own_challenge(&self) -> Option<Challenge<Zeroizing<String>>> {
        self.csr.as_ref()?.challenge_password().secret_text()
    }

    /// The challenge password that is shared with the CA: that of the CSR, or the requester's where the CSR of an enrolment is not at
    /// hand, or where the requester only signs.
    fn challenge<'a>(&'a self, own: Option<&'a Challenge<Zeroizing<String>>>) -> Option<&'a str> {
        let requester = self.client.requester;
        let own = own.map(|challenge| challenge.0.as_str());
        own.or_else(|| match (&self.csr, self.message_type) {
            (None, MessageType::PkcsReq) => requester.challenge(),
            _ => requester.challenge_of_signer(),
        })
    }

    /// The transactionID.
    #[must_use]
    pub const fn transaction_id(&self) -> &TransactionId<'static> {
        &self.transaction_id
    }

    /// How many polls were made, those before a resumption included.
    #[must_use]
    pub const fn polls(&self) -> u32 {
        self.polls
    }

    /// Whether the CA answered PENDING, so that the next request is a poll.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.stage == Stage::Pending
    }
}

impl Issued {
    fn new(granted: Granted, client: &Client<'_>) -> Result<Self, TransactionError> {
        let (issuer, chain) = (granted.issuer(), client.ca.chain().iter());
        let from_issuer = chain.skip_while(|ca| Some(*ca) != issuer).cloned();
        let chain = from_issuer.map(Certificate::into_owned).collect();
        let (certificate, others) = granted.into_certificates();
        Ok(Self {
            certificate: certificate.ok_or(TransactionError::NotFound)?,
            chain,
            others,
        })
    }

    /// The certificate, with the CSR's public key.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate<'static> {
        &self.certificate
    }

    /// The certificate whose key signed it: the first of the [`chain`](Self::chain).
    ///
    /// `None` only under a policy with [`Tolerance::AnotherIssuer`](crate::crypto::Tolerance::AnotherIssuer): nothing
    /// vouches for the certificate then.
    #[must_use]
    pub fn issuer(&self) -> Option<&Certificate<'static>> {
        self.chain.first()
    }

    /// The certificate alone.
    #[must_use]
    pub fn into_certificate(self) -> Certificate<'static> {
        self.certificate
    }

    /// The issuer's certificate and those above it, up to the pinned one: from GetCACert, not from the reply. Empty if the
    /// issuer is none of them.
    #[must_use]
    pub fn chain(&self) -> &[Certificate<'static>] {
        &self.chain
    }

    /// The other certificates of the reply. Nothing vouches for them.
    #[must_use]
    pub fn others(&self) -> &[Certificate<'static>] {
        &self.others
    }
}
