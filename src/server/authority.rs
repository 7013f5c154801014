//! One generation of a CA or RA.

use alloc::vec::Vec;

use crate::BuildError;
use crate::certificate::Certificate;
use crate::crypto::{DecryptionKey, SigningKey, is_same_key};
use crate::pki_message::{Recipient, SignerIdentity};

/// One generation of a CA, with the RA that speaks for it if there is one: who opens requests, and who signs replies.
#[derive(Clone)]
pub struct Authority<'s> {
    ca: &'s Certificate<'s>,
    recipient: Recipient<'s>,
    signer: SignerIdentity<'s>,
    signing_key: &'s dyn SigningKey,
    chain: Vec<&'s Certificate<'s>>,
}

impl<'s> Authority<'s> {
    /// A CA that opens requests and signs replies itself.
    ///
    /// Its keyUsage, if it has one, needs keyEncipherment and digitalSignature beside keyCertSign and cRLSign, or clients refuse it, this
    /// crate's among them ([`RoleError::KeyUsage`](crate::RoleError::KeyUsage)). Which kinds of clients take the certificates is told
    /// by `Diagnosis::verdicts` of the feature `diagnose`: ask once at the start.
    ///
    /// # Errors
    /// [`BuildError::KeyMismatch`] if the key is not the certificate's.
    pub fn new<K: SigningKey + DecryptionKey>(
        ca: &'s Certificate<'s>,
        key: &'s K,
    ) -> Result<Self, BuildError> {
        let (recipient, signer) = (Recipient::new(ca, key)?, SignerIdentity::new(ca, key)?);
        Self::with_ra(ca, recipient, signer, key)
    }

    /// A CA whose private key only signs, such as one for Ed25519: it opens nothing but requests under a challenge password
    /// ([`Server::receive_with_passwords`](super::Server::receive_with_passwords)). An RA with an RSA key opens for it what the others
    /// send.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn signing_only(
        ca: &'s Certificate<'s>,
        key: &'s dyn SigningKey,
    ) -> Result<Self, BuildError> {
        let signer = SignerIdentity::new(ca, key)?;
        Self::with_ra(ca, Recipient::without_key(ca), signer, key)
    }

    /// A CA for which an RA opens requests and signs replies, with one certificate or with one for each.
    ///
    /// # Errors
    /// [`BuildError::KeyMismatch`] if `signing_key` is not the signer's.
    pub fn with_ra(
        ca: &'s Certificate<'s>,
        recipient: Recipient<'s>,
        signer: SignerIdentity<'s>,
        signing_key: &'s dyn SigningKey,
    ) -> Result<Self, BuildError> {
        let expected = signer.certificate().public_key_der();
        match signing_key.public_key() {
            Some(own) if !is_same_key(own, expected) => Err(BuildError::KeyMismatch),
            _ => Ok(Self {
                ca,
                recipient,
                signer,
                signing_key,
                chain: Vec::new(),
            }),
        }
    }

    /// Sends another certificate along in answer to GetCACert, such as that of the root above the CA.
    ///
    /// Better only beside an RA: Windows and Apple look for one among several certificates, and may give up if there is none
    /// (the finding `set-without-ra`).
    #[must_use]
    pub fn with_chain(mut self, certificate: &'s Certificate<'s>) -> Self {
        self.chain.push(certificate);
        self
    }

    /// The certificate of the CA, which issues.
    #[must_use]
    pub const fn ca(&self) -> &'s Certificate<'s> {
        self.ca
    }

    /// Who opens requests.
    #[must_use]
    pub const fn recipient(&self) -> &Recipient<'s> {
        &self.recipient
    }

    /// Who signs replies.
    #[must_use]
    pub const fn signer(&self) -> &SignerIdentity<'s> {
        &self.signer
    }

    pub(super) const fn signing_key(&self) -> &'s dyn SigningKey {
        self.signing_key
    }

    /// What answers GetCACert: the certificates of the RA, the CA and the chain, each once.
    pub(super) fn certificates(&self) -> Vec<Certificate<'_>> {
        let of_ra = [self.signer.certificate(), self.recipient.certificate()];
        let mut certificates = Vec::new();
        for certificate in of_ra
            .into_iter()
            .chain([self.ca])
            .chain(self.chain.iter().copied())
        {
            if !certificates.contains(certificate) {
                certificates.push(certificate.borrowed());
            }
        }
        certificates
    }
}

/// Shows the certificates.
impl core::fmt::Debug for Authority<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Authority")
            .field("ca", self.ca)
            .field("recipient", self.recipient.certificate())
            .field("signer", self.signer.certificate())
            .finish_non_exhaustive()
    }
}
