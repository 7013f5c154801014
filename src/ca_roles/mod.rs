//! Which of a CA's certificates does what.

use alloc::vec::Vec;

use crate::certificate::Certificate;

/// A CA's certificates by their role: who issues, who receives requests, who signs replies.
///
/// GetCACert is not authenticated: name here only what you checked, against a fingerprint or a certificate that you have
/// from elsewhere.
#[derive(Clone, Debug)]
pub struct CaRoles<'c> {
    issuer: Certificate<'c>,
    recipient: Certificate<'c>,
    reply_signers: Vec<Certificate<'c>>,
}

impl<'c> CaRoles<'c> {
    /// A CA that does all three itself.
    #[must_use]
    pub fn new(ca: &'c Certificate<'_>) -> Self {
        Self::with_ra(ca, ca, ca)
    }

    /// A CA behind an RA: requests are encrypted to `encryption`, replies are signed by `signing`, and by nobody else.
    #[must_use]
    pub fn with_ra(
        issuer: &'c Certificate<'_>,
        encryption: &'c Certificate<'_>,
        signing: &'c Certificate<'_>,
    ) -> Self {
        Self {
            issuer: issuer.borrowed(),
            recipient: encryption.borrowed(),
            reply_signers: alloc::vec![signing.borrowed()],
        }
    }

    /// Also takes replies signed by this certificate, as in a rollover by the next CA's.
    #[must_use]
    pub fn reply_signer(mut self, certificate: &'c Certificate<'_>) -> Self {
        self.reply_signers.push(certificate.borrowed());
        self
    }

    /// The roles with certificates of their own, to be kept.
    #[must_use]
    pub fn into_owned(self) -> CaRoles<'static> {
        CaRoles {
            issuer: self.issuer.into_owned(),
            recipient: self.recipient.into_owned(),
            reply_signers: self
                .reply_signers
                .into_iter()
                .map(Certificate::into_owned)
                .collect(),
        }
    }

    /// The certificate that issued certificates verify under.
    #[must_use]
    pub const fn issuer(&self) -> &Certificate<'c> {
        &self.issuer
    }

    /// The certificate that the caller pinned: the issuer.
    #[must_use]
    pub const fn pinned(&self) -> &Certificate<'c> {
        &self.issuer
    }

    /// The issuer's certificate and those above it.
    #[must_use]
    pub fn chain(&self) -> &[Certificate<'c>] {
        core::slice::from_ref(&self.issuer)
    }

    /// The certificate that requests are encrypted to.
    #[must_use]
    pub const fn recipient(&self) -> &Certificate<'c> {
        &self.recipient
    }

    /// The certificates that may sign replies.
    #[must_use]
    pub fn reply_signers(&self) -> &[Certificate<'c>] {
        &self.reply_signers
    }
}
