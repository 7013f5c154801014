//! A reply, built and signed at once.

use alloc::vec::Vec;

use signature::rand_core::CryptoRng;

use crate::certificate::Certificate;
use crate::crl::Crl;
use crate::crypto::{ContentCipher, KeyManagement, SigningKey};
use crate::message::{HeldEnrolment, ReplyBuilder};
use crate::microsoft::Hresult;
use crate::{BuildError, FailInfo};

/// Builds and signs the reply to a request: a [`ReplyBuilder`] with the key of the generation that opened the request.
///
/// Made by [`Server::reply`](super::Server::reply). Every reply is signed, so each of these can fail with a
/// [`BuildError::Crypto`] if the key gives no signature.
#[derive(Clone)]
pub struct Reply<'r> {
    builder: ReplyBuilder<'r>,
    key: &'r dyn SigningKey,
}

impl<'r> Reply<'r> {
    pub(super) const fn new(builder: ReplyBuilder<'r>, key: &'r dyn SigningKey) -> Self {
        Self { builder, key }
    }

    /// Names the enrolment that a CertPoll asks for, as [`ReplyBuilder::answering`] does.
    #[must_use]
    pub const fn answering(self, enrolment: &'r HeldEnrolment) -> Self {
        Self {
            builder: self.builder.answering(enrolment),
            key: self.key,
        }
    }

    /// Takes the challenge password of the enrolment, as [`ReplyBuilder::challenge`] does: only in answer to a client that has shown
    /// that it knows it.
    #[must_use]
    pub const fn challenge(self, password: &'r str) -> Self {
        Self {
            builder: self.builder.challenge(password),
            key: self.key,
        }
    }

    /// Puts an HRESULT into a FAILURE, as [`ReplyBuilder::microsoft_error`] does.
    #[must_use]
    pub const fn microsoft_error(self, error: Hresult) -> Self {
        Self {
            builder: self.builder.microsoft_error(error),
            key: self.key,
        }
    }

    /// Puts a text for Windows into the reply, as [`ReplyBuilder::microsoft_message`] does.
    #[must_use]
    pub const fn microsoft_message(self, text: &'r str) -> Self {
        Self {
            builder: self.builder.microsoft_message(text),
            key: self.key,
        }
    }

    /// Whether and how a SUCCESS would be enveloped: ask before you issue a certificate.
    ///
    /// # Errors
    /// As [`ReplyBuilder::success_envelope`].
    pub fn success_envelope(
        &self,
        rng: &mut dyn CryptoRng,
    ) -> Result<(ContentCipher, KeyManagement), BuildError> {
        self.builder.success_envelope(rng)
    }

    /// SUCCESS with certificates. Ask for the [envelope](Self::success_envelope) before you issue one.
    ///
    /// # Errors
    /// As [`ReplyBuilder::success`].
    pub fn success(
        &self,
        certificates: &[Certificate<'_>],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, BuildError> {
        self.builder.success(certificates, rng)?.sign(self.key, rng)
    }

    /// SUCCESS with the CRL that a GetCRL asks for.
    ///
    /// # Errors
    /// As [`ReplyBuilder::success_crl`].
    pub fn success_crl(
        &self,
        crl: &Crl<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, BuildError> {
        self.builder.success_crl(crl, rng)?.sign(self.key, rng)
    }

    /// FAILURE with a reason and, if it helps, a text for people.
    ///
    /// # Errors
    /// As [`ReplyBuilder::failure`].
    pub fn failure(
        &self,
        info: FailInfo,
        text: Option<&str>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, BuildError> {
        self.builder.failure(info, text, rng)?.sign(self.key, rng)
    }

    /// PENDING: the client is to poll. Store a [`HeldEnrolment`] before you send it.
    ///
    /// # Errors
    /// As [`ReplyBuilder::pending`].
    pub fn pending(&self, rng: &mut dyn CryptoRng) -> Result<Vec<u8>, BuildError> {
        self.builder.pending(rng)?.sign(self.key, rng)
    }
}

impl core::fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reply")
            .field("builder", &self.builder)
            .finish_non_exhaustive()
    }
}
