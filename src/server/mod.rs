//! The server's side of whole transactions ([RFC 8894, section 4]), without I/O: a body in, an opened request out, a signed
//! reply back. Who gets a certificate is the caller's to decide, and what waits is the caller's to store;
//! [`http`](crate::http) tells what a request of HTTP asks for.
//!
//! A [`Server`] knows the generations of a CA ([`Authority`]) and whom to trust. It is a view on keys and
//! certificates that the caller holds, cheap to make for every request. A generation is the CA with one certificate and key; when it
//! rolls over to the next (GetNextCACert), two are in use for a while. One turn:
//!
//! ```
//! # #[cfg(feature = "rustcrypto")] {
//! # use scep::{Certificate, Csr, Error, FailInfo, SignerTrust};
//! # use scep::crypto::{CryptoRng, Policy, Provider, rustcrypto::RsaKey};
//! use scep::server::{Authority, Received, Server};
//!
//! fn turn(body: &[u8], challenge: &[u8], ca: &Certificate<'_>, key: &RsaKey, rng: &mut dyn CryptoRng,
//!         issue: impl Fn(&Csr) -> Certificate<'static>) -> Result<Vec<u8>, Error> {
//!     let (provider, policy, trust) = (Provider::rustcrypto(), Policy::default(), SignerTrust::new().self_issued().issuer(ca));
//!     let server = Server::new(&provider, &policy, trust, Authority::new(ca, key)?);
//!     let request = match server.receive(body, rng)? { // Error::Parse is HTTP 400
//!         Received::Request(request) => request,
//!         Received::Refused(refused) => return Ok(refused.into_reply()),
//!     };
//!     let reply = server.reply(&request);
//!     let deliverable = reply.success_envelope(rng).is_ok();
//!     Ok(match request.csr() {
//!         Some(csr) if deliverable && csr.challenge_password().verify(challenge) => reply.success(&[issue(csr)], rng)?,
//!         _ => reply.failure(FailInfo::BadRequest, Some("not granted"), rng)?,
//!     })
//! }
//! # }
//! ```
//!
//! # What to decide on
//!
//! | fact | where |
//! | --- | --- |
//! | who signed: self-issued, issued by us, by others, known exactly | [`Request::signer_match`] |
//! | whether the signer has the key that is to be certified | [`Request::signer_has_csr_key`] |
//! | the challenge password: present, empty or absent; right or not | [`Csr::challenge_password`] |
//! | what a renewal proves | [`Request::renewal_proof`] |
//! | whether and how a SUCCESS can be delivered, before it is issued | [`Reply::success_envelope`] |
//! | for which CA or RA the request was | [`Server::authority`] |
//! | nonce, digest, cipher, key management | [`Request`] |
//!
//! # What waits
//!
//! Before PENDING, store a [`HeldEnrolment`] under its [`TransactionKey`]. Look for one when a CertPoll comes, and when a
//! PKCSReq or RenewalReq does; if it [answers](HeldEnrolment::answers) the request, decide on it, else refuse the poll with
//! [`NotHeld::fail_info`], or with badCertId if there is none at all. What is stored is in one of three states:
//!
//! | state | a CertPoll | the PKCSReq or RenewalReq once more |
//! | --- | --- | --- |
//! | it waits | PENDING | PENDING: some clients poll so, and others never saw the first PENDING |
//! | it is granted, and no SUCCESS was sent | SUCCESS | SUCCESS with the same certificate: nothing is issued again |
//! | it is refused, or a SUCCESS was sent | the same once more: a reply can get lost | a new enrolment, judged as one |
//!
//! Neither a CertPoll nor a GetCRL may be answered by [what is inside](crate::RequestBody::CertPoll).
//!
//! # Keys that answer later
//!
//! A [`Server`] calls its keys and waits for them. For a key behind an async call, take the same steps by themselves:
//! [`VerifiedMessage::encrypted_key`](crate::VerifiedMessage::encrypted_key),
//! [`VerifiedMessage::open_with`](crate::VerifiedMessage::open_with), [`Request::reply`],
//! [`UnsignedReply::attach`](crate::UnsignedReply::attach).
//!
//! [RFC 8894, section 4]: https://www.rfc-editor.org/rfc/rfc8894#section-4
//! [`Csr::challenge_password`]: crate::Csr::challenge_password

mod authority;
mod reply;

use alloc::boxed::Box;
use alloc::vec::Vec;

use signature::rand_core::CryptoRng;

pub use crate::message::{
    HeldEnrolment, Holder, NotHeld, OldValidity, RenewalProof, TransactionKey,
};
pub use authority::Authority;
pub use reply::Reply;

use crate::certificate::Certificate;
use crate::crypto::{ContentCipher, DigestAlgorithm, Policy, Provider};
use crate::http::Response;
use crate::pki_message::Recipient;
use crate::pki_message::open::MAX_PASSWORDS;
use crate::{
    BuildError, Capabilities, Capability, Error, Limits, NextCaBuilder, OpenError, PkiMessage,
    Request, SignerTrust, TransactionId,
};

/// A server: its CA or RA in one generation or several, and whom it trusts.
#[derive(Clone, Debug)]
pub struct Server<'s> {
    provider: Provider,
    policy: Policy,
    trust: SignerTrust<'s>,
    current: Authority<'s>,
    others: Vec<Authority<'s>>,
    next_ca: &'s [Certificate<'s>],
    limits: Limits,
}

/// What became of a body that could be read.
#[derive(Clone, Debug)]
pub enum Received {
    /// A request that was verified and opened: decide on it.
    Request(Box<Request>),
    /// A request that was not, and its refusal: send that.
    Refused(RefusedRequest),
}

/// A request that could not be verified or opened, and the signed FAILURE that answers it.
#[derive(Clone, Debug)]
pub struct RefusedRequest {
    error: Error,
    transaction_id: TransactionId<'static>,
    reply: Vec<u8>,
}

impl<'s> Server<'s> {
    /// A server of one generation. `trust` says whose requests are accepted: nobody is trusted because the server knows it,
    /// not even whom its own CA issued certificates to.
    ///
    /// A CA that gives first certificates and renews its own trusts `SignerTrust::new().self_issued().issuer(ca)`.
    #[must_use]
    pub const fn new(
        provider: &Provider,
        policy: &Policy,
        trust: SignerTrust<'s>,
        current: Authority<'s>,
    ) -> Self {
        Self {
            provider: *provider,
            policy: *policy,
            trust,
            current,
            others: Vec::new(),
            next_ca: &[],
            limits: Limits::REQUEST,
        }
    }

    /// Also opens and answers requests for another generation, an older or the next one
    /// ([RFC 8894, figure 9](https://www.rfc-editor.org/rfc/rfc8894#section-5)).
    ///
    /// A request chooses the generation by the recipient that it names. To renew certificates of that generation's CA, name
    /// it in the [`SignerTrust`], too.
    #[must_use]
    pub fn with_generation(mut self, authority: Authority<'s>) -> Self {
        self.others.push(authority);
        self
    }

    /// Tells these certificates in answer to GetNextCACert: the next CA's, and its RA's if it has any.
    ///
    /// Who was told may send requests for the next CA before its time: [`with_generation`](Self::with_generation) opens them.
    #[must_use]
    pub const fn with_next_ca(mut self, certificates: &'s [Certificate<'s>]) -> Self {
        self.next_ca = certificates;
        self
    }

    /// Takes other limits than [`Limits::REQUEST`].
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What to answer to GetCACaps: all that the policy allows, in the words that clients look for.
    ///
    /// Renewal is always listed: clients want to see it also where they renew with a challenge password. Trust your issuers
    /// ([`SignerTrust::issuer`]), or every renewal is refused.
    // Interop: strongSwan 5.9.8 takes AES only beside SHA-384, iOS wants a SHA and AES or DES3, macOS wants Renewal,
    // cryptlib SCEPStandard.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        let digest = |digest| self.policy.message_digests().contains(digest);
        let cipher = |cipher| self.policy.content_ciphers().contains(cipher);
        let (aes, sha256) = (
            cipher(ContentCipher::Aes128Cbc),
            digest(DigestAlgorithm::Sha256),
        );
        let listed = [
            (Capability::PostPkiOperation, true),
            (Capability::Renewal, true),
            (Capability::ScepStandard, aes && sha256),
            (Capability::Aes, aes),
            (Capability::Des3, cipher(ContentCipher::TripleDesCbc)),
            (Capability::Sha256, sha256),
            (
                Capability::Other("SHA-384"),
                digest(DigestAlgorithm::Sha384),
            ),
            (Capability::Sha512, digest(DigestAlgorithm::Sha512)),
            (Capability::Sha1, digest(DigestAlgorithm::Sha1)),
            (Capability::GetNextCaCert, !self.next_ca.is_empty()),
        ];
        let listed = listed.into_iter().filter(|(_, is_listed)| *is_listed);
        let listed: Vec<_> = listed.map(|(capability, _)| capability).collect();
        Capabilities::of(&listed)
    }

    /// What to answer to GetCACert: the certificates of the current generation.
    #[must_use]
    pub fn ca_certificates(&self) -> Response {
        // It is an error to have none, and there is always that of the CA.
        Response::ca_cert(&self.current.certificates()).unwrap_or_else(Response::error)
    }

    /// What to answer to GetNextCACert, signed by the current generation; `None` if [no next CA](Self::with_next_ca) is
    /// known, which [`HttpError::NoNextCa`](crate::http::HttpError::NoNextCa) answers.
    ///
    /// [RFC 8894, section 4.7.1](https://www.rfc-editor.org/rfc/rfc8894#section-4.7.1), has the CA's own key sign it: an RA's
    /// signature is believed only by clients that know the RA, see [`CaRoles::from_next`](crate::CaRoles::from_next).
    ///
    /// # Errors
    /// As for [every reply](BuildError#every-reply).
    pub fn next_ca_certificates(
        &self,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Response>, BuildError> {
        if self.next_ca.is_empty() {
            return Ok(None);
        }
        let body = NextCaBuilder::new(self.next_ca, self.current.signer())
            .build(&self.provider, &self.policy)?
            .sign(self.current.signing_key(), rng)?;
        Ok(Some(Response::next_ca_cert(body)))
    }

    /// Reads, verifies and opens the body of a PKIOperation, with the key of the generation that it is for.
    ///
    /// A request that does not verify or open is refused by that generation, or by the current one if it is for none.
    ///
    /// # Errors
    /// [`Error::Parse`] for a body that is no message, not even one with a transactionID to be refused in: HTTP 400.
    /// [`Error::Build`] if a refusal cannot be built or signed: HTTP 500.
    pub fn receive(&self, body: &[u8], rng: &mut dyn CryptoRng) -> Result<Received, Error> {
        self.receive_with_passwords(body, &[], rng)
    }

    /// As [`receive`](Self::receive), and also opens what is encrypted under one of these challenge passwords, at most 4: those
    /// that [`Recipient::with_password`] asks to be chosen well.
    ///
    /// Such a message names no generation: it is for the first whose key cannot decrypt or, if there is none, for the current one.
    /// Which of the passwords it was, [`Request::password`] tells.
    ///
    /// # Errors
    /// As [`receive`](Self::receive), and [`OpenError::TooManyPasswords`] for a fifth password, whatever the message is.
    pub fn receive_with_passwords(
        &self,
        body: &[u8],
        passwords: &[&str],
        rng: &mut dyn CryptoRng,
    ) -> Result<Received, Error> {
        if passwords.len() > MAX_PASSWORDS {
            return Err(OpenError::TooManyPasswords.into());
        }
        let message = PkiMessage::parse(body, &self.limits)?;
        let mut recipients: Vec<Recipient<'_>> = self
            .authorities()
            .map(|authority| *authority.recipient())
            .collect();
        let without_decryption = recipients.iter().position(Recipient::cannot_decrypt);
        if let Some(recipient) = recipients.get_mut(without_decryption.unwrap_or(0)) {
            for password in passwords {
                *recipient = recipient.with_password(password);
            }
        }
        let opened = message.receive(&self.provider, &self.policy, &self.trust, &recipients, rng);
        let error = match opened {
            Ok(request) => return Ok(Received::Request(Box::new(request))),
            Err(error) => error,
        };
        let certificates = recipients.iter().map(Recipient::certificate);
        let authority = message
            .unverified_recipient_among(certificates)
            .and_then(|position| self.authorities().nth(position))
            .unwrap_or(&self.current);
        let reply = message
            .refuse(&self.provider, &self.policy, authority.signer())
            .because(error, rng)?
            .sign(authority.signing_key(), rng)?;
        Ok(Received::Refused(RefusedRequest {
            error,
            transaction_id: message.unverified_transaction_id().into_owned(),
            reply,
        }))
    }

    /// Starts the reply to a request, signed by the generation that opened it.
    ///
    /// If the server was made anew since then, its generations must stand in the same order.
    #[must_use]
    pub fn reply<'r>(&'r self, request: &'r Request) -> Reply<'r> {
        let authority = self.authority(request);
        let builder = request.reply(&self.provider, authority.signer());
        Reply::new(builder, authority.signing_key())
    }

    /// The generation that opened a request, whose CA is to issue the certificate.
    ///
    /// [`Request::recipient`] counts the current one as 0, and then the others in the order in which they were added.
    #[must_use]
    pub fn authority(&self, request: &Request) -> &Authority<'s> {
        self.authorities()
            .nth(request.recipient())
            .unwrap_or(&self.current)
    }

    fn authorities(&self) -> impl Iterator<Item = &Authority<'s>> {
        core::iter::once(&self.current).chain(&self.others)
    }
}

impl RefusedRequest {
    /// Why the request was refused, for logs. The client is told no more than [`Error::fail_info`], and which algorithm the
    /// policy refuses.
    #[must_use]
    pub const fn error(&self) -> Error {
        self.error
    }

    /// The transactionID that the request has, for logs. Anybody may have written it.
    #[must_use]
    pub const fn unverified_transaction_id(&self) -> &TransactionId<'static> {
        &self.transaction_id
    }

    /// The signed FAILURE to be sent.
    #[must_use]
    pub fn reply(&self) -> &[u8] {
        &self.reply
    }

    /// The signed FAILURE to be sent.
    #[must_use]
    pub fn into_reply(self) -> Vec<u8> {
        self.reply
    }
}
