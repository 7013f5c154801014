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
        })
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
