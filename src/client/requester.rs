//! Who sends a request.

use core::fmt;

use crate::BuildError;
use crate::certificate::Certificate;
use crate::crypto::{DecryptionKey, SigningKey};
use crate::pki_message::{Recipient, SignerIdentity};

/// Who sends a request: the certificate that signs it, with the private key that also opens the reply.
///
/// For a first enrolment it is a certificate that the client issued itself
/// ([`SignerCertificateBuilder`](crate::SignerCertificateBuilder)), for everything later the one that the CA issued.
#[derive(Clone)]
pub struct Requester<'k> {
    identity: SignerIdentity<'k>,
    signing_key: &'k dyn SigningKey,
    recipient: Recipient<'k>,
    challenge: Option<&'k str>,
}

impl<'k> Requester<'k> {
    /// A certificate with its private key.
    ///
    /// A CA may encrypt the answer to an enrolment under the challenge password of the CSR if the key is on a curve:
    /// [`Enrolment`](super::Enrolment) opens that with the CSR's own, so nothing is to be done for it but after
    /// [a restart](Self::with_challenge).
    ///
    /// # Errors
    /// [`BuildError::KeyMismatch`] if the key knows its public key and it is not the certificate's.
    pub fn new<K: SigningKey + DecryptionKey>(
        certificate: &'k Certificate<'k>,
        key: &'k K,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            identity: SignerIdentity::new(certificate, key)?,
            signing_key: key,
            recipient: Recipient::new(certificate, key)?,
            challenge: None,
        })
    }

    /// A certificate whose private key only signs, such as one for Ed25519: answers to it are encrypted under the challenge
    /// password of the CSR, or the one that is [taken](Self::with_challenge). It is no way for an RSA key, to which answers are encrypted
    /// in any case.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn signing_only(
        certificate: &'k Certificate<'k>,
        key: &'k dyn SigningKey,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            identity: SignerIdentity::new(certificate, key)?,
            signing_key: key,
            recipient: Recipient::without_key(certificate),
            challenge: None,
        })
    }

    /// Takes the challenge password of the enrolment, for where its CSR is not at hand, as after a restart, and the key of the requester
    /// or of the CA cannot decrypt ([RFC 8894, section 3.1](https://www.rfc-editor.org/rfc/rfc8894#section-3.1)): answers are opened with
    /// it, and polls encrypted under it. Where the CSR is at hand, what that has counts. Queries and renewals are not encrypted under
    /// it, since whoever captures such a message can try passwords at it. The exception is a requester that [only
    /// signs](Self::signing_only): its answers can be encrypted in no other way.
    ///
    /// One that is taken later replaces it; an empty one counts as none.
    #[must_use]
    pub const fn with_challenge(mut self, password: &'k str) -> Self {
        self.challenge = if password.is_empty() {
            None
        } else {
            Some(password)
        };
        self
    }

    /// Sends another certificate along in requests, such as the issuer of an old certificate from elsewhere.
    #[must_use]
    pub fn with_certificate(mut self, certificate: &'k Certificate<'_>) -> Self {
        self.identity = self.identity.with_certificate(certificate);
        self
    }

    /// The certificate.
    #[must_use]
    pub const fn certificate(&self) -> &'k Certificate<'k> {
        self.recipient.certificate()
    }

    pub(super) const fn identity(&self) -> &SignerIdentity<'k> {
        &self.identity
    }

    pub(super) const fn signing_key(&self) -> &'k dyn SigningKey {
        self.signing_key
    }

    pub(super) const fn challenge(&self) -> Option<&'k str> {
        self.challenge
    }

    /// The challenge if answers can be under nothing else.
    pub(super) const fn challenge_of_signer(&self) -> Option<&'k str> {
        match self.recipient.key() {
            Some(_) => None,
            None => self.challenge,
        }
    }

    /// Requires that an answer can be opened: with the private key, or under this challenge password.
    pub(super) fn check_opens(&self, challenge: Option<&str>) -> Result<(), BuildError> {
        let is_under_password = challenge.is_some() && self.recipient.cannot_decrypt();
        match self.recipient.key() {
            None if !is_under_password => Err(BuildError::ReplyUnreadable),
            _ => Ok(()),
        }
    }

    /// Who opens an answer, with a challenge password if there is one.
    pub(super) fn recipient<'p>(&'p self, challenge: Option<&'p str>) -> Recipient<'p> {
        self.recipient.with_password(challenge.unwrap_or_default())
    }
}

impl fmt::Debug for Requester<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requester")
            .field("certificate", self.certificate())
            .finish_non_exhaustive()
    }
}
