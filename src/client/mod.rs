//! A client's transactions as states: what to send next, and what the answer means. No I/O, no clock, no timers.
//!
//! | step | with |
//! | --- | --- |
//! | what the CA can do (GetCACaps) | [`Capabilities::from_response`](crate::Capabilities::from_response), [`Negotiation`] |
//! | who the CA is (GetCACert) | [`CaCertificates`](crate::CaCertificates), [`CaRoles`] |
//! | a certificate, first or in place of an old one | [`Client::enrol`], [`Client::renew`], [`Enrolment`] |
//! | the same after a restart | [`Enrolment::save`], [`Enrolment::resume`] |
//! | a certificate or CRL by its serial number | [`Client::get_cert`], [`Client::get_crl`], [`Query`] |
//! | a certificate of the CA's next generation | [`NextCaCertificates`](crate::NextCaCertificates), [`CaRoles::rollover`] |
//!
//! How often to poll, how long to wait and when to give up is the caller's to say, and so is the road to the server:
//! [`http`](crate::http) writes the requests and knows the media types.
//!
//! Keys are called and waited for. For a key behind an async call there are the two steps of
//! [`UnsignedRequest`](crate::UnsignedRequest) and [`SealedReply`](crate::SealedReply); what was sent so is known to a
//! [`PendingRequest`](crate::PendingRequest), which lives in memory only: polls do not survive a restart then.
//!
//! ```
//! # #[cfg(feature = "rustcrypto")] {
//! # use scep::crypto::{CryptoRng, Provider, rustcrypto::RsaKey};
//! # use scep::{CaRoles, Certificate, Csr, Error, Negotiation};
//! use scep::client::{Client, Outcome, Requester};
//!
//! # fn run(ca: &CaRoles<'_>, negotiation: Negotiation, certificate: &Certificate<'_>, key: &RsaKey, csr: &Csr,
//! #        send: impl Fn(Vec<u8>) -> (u16, Vec<u8>), wait: impl Fn(), keep: impl Fn(Vec<u8>), rng: &mut dyn CryptoRng)
//! #        -> Result<Option<Certificate<'static>>, Error> {
//! let requester = Requester::new(certificate, key)?;
//! let client = Client::new(&Provider::rustcrypto(), &Default::default(), ca, negotiation, &requester);
//! let mut enrolment = client.enrol(csr, rng);
//! loop {
//!     let (status, body) = send(enrolment.next_request(rng)?); // by POST or GET, as `negotiation.method()` says
//!     match enrolment.accept(status, &body, rng)? {
//!         Outcome::Issued(issued) => return Ok(Some(issued.into_certificate())),
//!         Outcome::Refused(failure) => panic!("refused: {failure}"),
//!         Outcome::Pending => keep(enrolment.save()?.to_bytes()), // goes on from here after a restart
//!     }
//!     wait();
//! }
//! # }
//! # }
//! ```

mod enrolment;
mod query;
mod requester;
mod saved;

use alloc::vec::Vec;

use signature::rand_core::CryptoRng;

pub use enrolment::{Enrolment, Issued, Outcome};
pub use query::{Answer, Query};
pub use requester::Requester;
pub use saved::{ResumeError, SavedEnrolment};

use crate::ca_roles::CaRoles;
use crate::crypto::{Policy, Provider};
use crate::http::BodyKind;
use crate::message::RequestBuilder;
use crate::negotiation::Negotiation;
use crate::pki_message::PkiMessage;
use crate::{BuildError, Csr, IssuerAndSerialNumber, Limits, TransactionError, TransactionId};

/// What all transactions of a client with one CA have in common. Cheap to make and to copy.
#[derive(Clone, Copy, Debug)]
pub struct Client<'c> {
    provider: Provider,
    policy: Policy,
    limits: Limits,
    ca: &'c CaRoles<'c>,
    negotiation: Negotiation,
    requester: &'c Requester<'c>,
}

impl<'c> Client<'c> {
    /// A client that signs as `requester` and talks to `ca` in the way that was negotiated.
    #[must_use]
    pub const fn new(
        provider: &Provider,
        policy: &Policy,
        ca: &'c CaRoles<'c>,
        negotiation: Negotiation,
        requester: &'c Requester<'c>,
    ) -> Self {
        Self {
            provider: *provider,
            policy: *policy,
            limits: Limits::REPLY,
            ca,
            negotiation,
            requester,
        }
    }

    /// Takes other limits than [`Limits::REPLY`].
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Starts a first enrolment: a PKCSReq, signed by a certificate over the CSR's key that the client issued itself, or
    /// by one from elsewhere.
    ///
    /// Its messages are encrypted under the CSR's challenge password where the key of the CA or of the requester cannot decrypt.
    #[must_use]
    pub fn enrol(&self, csr: &Csr, rng: &mut dyn CryptoRng) -> Enrolment<'c> {
        Enrolment::new(*self, crate::MessageType::PkcsReq, csr, rng)
    }

    /// Starts a renewal, in the form that was negotiated; the requester is the old certificate, and not one that the client issued
    /// itself.
    ///
    /// The CSR may be over a new key or over the old one. A challenge password should be left out of it, as
    /// [RFC 8894, section 2.4](https://www.rfc-editor.org/rfc/rfc8894#section-2.4) says, but some servers, such as micromdm's, demand one.
    #[must_use]
    pub fn renew(&self, csr: &Csr, rng: &mut dyn CryptoRng) -> Enrolment<'c> {
        Enrolment::new(*self, self.negotiation.renewal().message_type(), csr, rng)
    }

    /// A GetCert and what reads its answer.
    ///
    /// # Errors
    /// [`BuildError::ReplyUnreadable`] if the requester only signs, and the answer could not be read; or as for
    /// [every request](BuildError#every-request).
    pub fn get_cert(
        &self,
        wanted: IssuerAndSerialNumber,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, Query<'c>), BuildError> {
        let request = RequestBuilder::get_cert(wanted, self.requester.identity(), self.ca);
        Query::send(*self, request, rng)
    }

    /// A GetCRL for the CRL that would list a certificate, and what reads its answer.
    ///
    /// # Errors
    /// [`BuildError::ReplyUnreadable`] if the requester only signs, and the answer could not be read; or as for
    /// [every request](BuildError#every-request).
    pub fn get_crl(
        &self,
        certificate: IssuerAndSerialNumber,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, Query<'c>), BuildError> {
        let request = RequestBuilder::get_crl(certificate, self.requester.identity(), self.ca);
        Query::send(*self, request, rng)
    }

    /// Builds and signs a request as it was negotiated.
    fn write(
        &self,
        request: RequestBuilder<'_>,
        transaction_id: Option<&TransactionId<'static>>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, crate::PendingRequest), BuildError> {
        let mut request = request
            .prefer_digest(self.negotiation.digest())
            .content_cipher(self.negotiation.content_cipher())
            .key_transport(self.negotiation.key_transport());
        if let Some(password) = self.requester.challenge_of_signer() {
            request = request.or_challenge(password);
        }
        if let Some(id) = transaction_id {
            request = request.in_transaction(id);
        }
        request
            .build(&self.provider, &self.policy, rng)?
            .sign(self.requester.signing_key(), rng)
    }

    /// Reads an answer. A CertRep is read whatever the HTTP status is: some servers send one with an error status.
    fn read<'b>(&self, status: u16, body: &'b [u8]) -> Result<PkiMessage<'b>, TransactionError> {
        PkiMessage::parse(body, &self.limits).map_err(|error| TransactionError::NotAMessage {
            status,
            looks_like: BodyKind::of(body),
            error,
        })
    }
}
