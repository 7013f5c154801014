//! What a client knows of a CA from elsewhere, and how far it trusts what it does not.

use alloc::vec::Vec;

use crate::certificate::Certificate;
use crate::crypto::{CryptoError, Provider};
use crate::fingerprint::Fingerprint;

/// The CA certificate that a client trusts: the issuing CA's, as Windows profiles name it, or that of a CA above it up to the
/// root, as Android profiles name it.
///
/// Every CA under it is trusted in its name. An old root without basicConstraints counts as a CA's only when pinned.
#[derive(Clone, Debug)]
pub struct CaPin<'p> {
    pub(super) ca: Pin<'p>,
    pub(super) ras: Vec<Pin<'p>>,
}

#[derive(Clone, Debug)]
pub(super) enum Pin<'p> {
    Fingerprint(Fingerprint),
    Certificate(Certificate<'p>),
}

impl<'p> CaPin<'p> {
    /// The CA certificate with this fingerprint, which must be among those of the answer.
    #[must_use]
    pub const fn fingerprint(fingerprint: Fingerprint) -> Self {
        Self {
            ca: Pin::Fingerprint(fingerprint),
            ras: Vec::new(),
        }
    }

    /// This CA certificate, whether the answer has it or only certificates that were issued under it.
    #[must_use]
    pub fn certificate(certificate: &'p Certificate<'_>) -> Self {
        Self {
            ca: Pin::Certificate(certificate.borrowed()),
            ras: Vec::new(),
        }
    }

    /// Also trusts the certificate with this fingerprint for an RA's of the CA, whatever its extended key usage says. It must be
    /// among those of the answer, so that nobody can take it out: for an RA that is about to be renewed, try one pin with the
    /// old and then one with the new fingerprint.
    #[must_use]
    pub fn ra_fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.ras.push(Pin::Fingerprint(fingerprint));
        self
    }

    /// Also trusts this certificate for an RA's of the CA, whatever its extended key usage says and whether the answer has it
    /// or not.
    #[must_use]
    pub fn ra_certificate(mut self, certificate: &'p Certificate<'_>) -> Self {
        self.ras.push(Pin::Certificate(certificate.borrowed()));
        self
    }
}

impl Pin<'_> {
    /// The certificate itself, or the one of the answer that has the fingerprint.
    pub(super) fn find<'f>(
        &'f self,
        answered: &'f [Certificate<'_>],
        provider: &Provider,
    ) -> Result<Option<&'f Certificate<'f>>, CryptoError> {
        let fingerprint = match self {
            Self::Certificate(certificate) => return Ok(Some(certificate)),
            Self::Fingerprint(fingerprint) => fingerprint,
        };
        for certificate in answered {
            if fingerprint.matches(certificate, provider)? {
                return Ok(Some(certificate));
            }
        }
        Ok(None)
    }
}

/// How strict [`CaRoles::select`](super::CaRoles::select) is with certificates under the pinned one.
///
/// The default is strict: a certificate that is no CA's has a role only with the extended key usage Certificate Request Agent
/// (1.3.6.1.4.1.311.20.2.1) or pinned itself, and keyUsage holds. Each leniency is named, and
/// [`RoleReason`](super::RoleReason) tells where one was needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoleRules {
    pub(super) any_leaf_of_ca: bool,
    pub(super) ignoring_key_usage: bool,
}

impl RoleRules {
    /// Takes any certificate of the issuing CA's for an RA's, where its keyUsage allows the role and no RA that is marked or
    /// pinned has it; several that could have one role are an error.
    ///
    /// The answer to GetCACert is not authenticated, so whoever is on the way can put a certificate into it that the CA once
    /// issued to him, and then read requests with their challenge passwords: pin the RA's certificate rather, if it is known.
    // Interop: step-ca takes what certificate its operator gives it for a decrypter.
    #[must_use]
    pub const fn any_leaf_of_ca(mut self) -> Self {
        self.any_leaf_of_ca = true;
        self
    }

    /// Lets the CA and its RAs have roles that their keyUsage does not allow; a recipient whose keyUsage allows it goes
    /// before one whose does not.
    ///
    /// It opens nothing to strangers, but uses keys for what their owner did not say that they are for. [RFC 8894, section
    /// 3.5.2] tells of a server for which it is needed.
    ///
    /// [RFC 8894, section 3.5.2]: https://www.rfc-editor.org/rfc/rfc8894#section-3.5.2
    // Interop: micromdm's CA certificate allows keyCertSign and cRLSign only, as do many that were not made for SCEP.
    #[must_use]
    pub const fn ignoring_key_usage(mut self) -> Self {
        self.ignoring_key_usage = true;
        self
    }
}
