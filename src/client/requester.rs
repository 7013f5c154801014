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

    /// A certificate whose private key only signs, such as one for Ed25519: replies to it are encrypted under the
    /// [challenge](Self::with_challenge).
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

    /// Takes the challenge password of the enrolment, the same that is in its CSR, for when the key of the requester or of the
    /// CA cannot decrypt ([RFC 8894, section 3.1](https://www.rfc-editor.org/rfc/rfc8894#section-3.1)): replies are opened with it,
    /// and polls encrypted under it.
    #[must_use]
    pub fn with_challenge(mut self, password: &'k str) -> Self {
        self.recipient = self.recipient.with_password(password);
        self.challenge = Some(password);
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

    pub(super) const fn recipient(&self) -> &Recipient<'k> {
        &self.recipient
    }
}

impl fmt::Debug for Requester<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requester")
            .field("certificate", self.certificate())
            .finish_non_exhaustive()
    }
}
