//! Whom the caller trusts to sign a request.

use alloc::vec::Vec;

use crate::VerifyError;
use crate::certificate::{Certificate, CertificateSignatureError};
use crate::crypto::{Policy, Provider};

/// The signers that a caller accepts for requests: a set, since one endpoint receives first requests, renewals, polls and
/// queries.
///
/// ```
/// # use scep::{Certificate, SignerTrust};
/// # fn trust<'a>(ca: &'a Certificate<'a>) -> SignerTrust<'a> {
/// SignerTrust::new().self_issued().issuer(ca)
/// # }
/// ```
///
/// An empty set accepts nobody. A valid signature of a self-issued certificate proves only that the signer has the key. A right
/// challenge password shows who made the CSR, and not that he signed this message: whoever captures an envelope can sign it anew.
/// [`Request::signer_has_csr_key`](crate::Request::signer_has_csr_key) tells whether both have one key.
#[derive(Clone, Debug, Default)]
pub struct SignerTrust<'a> {
    self_issued: SelfIssued,
    issuers: Vec<Certificate<'a>>,
    foreign_issuers: Vec<Certificate<'a>>,
    certificates: Vec<Certificate<'a>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SelfIssued {
    #[default]
    Refused,
    Accepted,
}

/// By which member of a [`SignerTrust`] a signer was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignerMatch {
    /// The signer is the certificate of this position, from [`SignerTrust::certificate`].
    Certificate(usize),
    /// The signer's certificate is signed by the issuer of this position, from [`SignerTrust::issuer`].
    ///
    /// Whether it is expired, revoked or itself a CA was not judged.
    Issuer(usize),
    /// The signer's certificate is signed by the issuer of this position, from [`SignerTrust::foreign_issuer`].
    ForeignIssuer(usize),
    /// The signer's certificate names itself as its issuer. Nothing else of it was judged.
    // Interop: Windows sends a self-issued certificate signed with SHA-1 and with a critical, foreign key identifier.
    SelfIssued,
}

impl<'a> SignerTrust<'a> {
    /// Nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts certificates that name themselves as issuer, as first requests have them
    /// ([RFC 8894, section 2.3](https://www.rfc-editor.org/rfc/rfc8894#section-2.3)).
    #[must_use]
    pub const fn self_issued(mut self) -> Self {
        self.self_issued = SelfIssued::Accepted;
        self
    }

    /// Accepts certificates issued by this CA, as renewals, polls and queries have them.
    #[must_use]
    pub fn issuer(mut self, ca: &'a Certificate<'_>) -> Self {
        self.issuers.push(ca.borrowed());
        self
    }

    /// Accepts certificates issued by another organisation's CA, or by a manufacturer's.
    #[must_use]
    pub fn foreign_issuer(mut self, ca: &'a Certificate<'_>) -> Self {
        self.foreign_issuers.push(ca.borrowed());
        self
    }

    /// Accepts exactly this certificate; it is also found if the message does not carry it.
    #[must_use]
    pub fn certificate(mut self, certificate: &'a Certificate<'_>) -> Self {
        self.certificates.push(certificate.borrowed());
        self
    }

    /// The set with certificates of its own, to be kept.
    #[must_use]
    pub fn into_owned(self) -> SignerTrust<'static> {
        let owned = |certificates: Vec<Certificate<'a>>| {
            certificates
                .into_iter()
                .map(Certificate::into_owned)
                .collect()
        };
        SignerTrust {
            self_issued: self.self_issued,
            issuers: owned(self.issuers),
            foreign_issuers: owned(self.foreign_issuers),
            certificates: owned(self.certificates),
        }
    }

    /// The certificates that a message may leave out.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = &Certificate<'a>> {
        self.certificates.iter()
    }

    /// How the set accepts a signer.
    ///
    /// # Errors
    /// [`VerifyError::Refused`] if all that is wrong is an algorithm that an accepted issuer signed it with, else
    /// [`VerifyError::UntrustedSigner`].
    pub(crate) fn accepts(
        &self,
        signer: &Certificate<'_>,
        provider: &Provider,
        policy: &Policy,
    ) -> Result<SignerMatch, VerifyError> {
        let exact = |known: &Certificate<'_>| known.as_der() == signer.as_der();
        if let Some(position) = self.certificates.iter().position(exact) {
            return Ok(SignerMatch::Certificate(position));
        }
        let mut fault = VerifyError::UntrustedSigner;
        let mut issued = |ca: &Certificate<'_>| match signer.verify_issued_by(ca, provider, policy)
        {
            Err(CertificateSignatureError::Refused(refused)) => {
                fault = VerifyError::Refused(refused);
                false
            }
            verdict => verdict.is_ok(),
        };
        if let Some(position) = self.issuers.iter().position(&mut issued) {
            return Ok(SignerMatch::Issuer(position));
        }
        if let Some(position) = self.foreign_issuers.iter().position(&mut issued) {
            return Ok(SignerMatch::ForeignIssuer(position));
        }
        if self.self_issued == SelfIssued::Accepted && signer.is_self_issued() {
            return Ok(SignerMatch::SelfIssued);
        }
        Err(fault)
    }
}
