//! Which of a CA's certificates does what.

use alloc::vec::Vec;
use core::fmt;

use crate::certificate::Certificate;
use crate::crypto::{Policy, Provider};
use crate::message::{CaCertificates, NextCaCertificates};
use crate::{KeyUsage, RoleError};

mod pin;
mod select;

pub use pin::{CaPin, RoleRules};

/// A CA's certificates by their role: who issues, who receives requests, who signs replies.
///
/// GetCACert is not authenticated. [`select`](Self::select) assigns the roles in its answer under a certificate that you trust
/// from elsewhere; name them yourself with [`new`](Self::new) or [`with_ra`](Self::with_ra) only if you checked each.
#[derive(Clone, Debug)]
pub struct CaRoles<'c> {
    issuer: Certificate<'c>,
    /// The issuer and those above it.
    chain: Vec<Certificate<'c>>,
    recipient: Certificate<'c>,
    recipient_reason: RoleReason,
    reply_signers: Vec<Certificate<'c>>,
    /// One for each of the reply signers.
    reply_signer_reasons: Vec<RoleReason>,
}

/// A role that a certificate can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CaRole {
    /// The CA under which everything is verified.
    PinnedCa,
    /// The CA that issues to clients.
    IssuingCa,
    /// Whom requests are encrypted to: exactly one.
    Recipient,
    /// Who signs replies.
    ReplySigner,
}

/// Why a certificate is recipient or reply signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RoleReason {
    /// The caller named it.
    NamedByCaller,
    /// It is the issuing CA's own.
    IssuingCa,
    /// It is an RA's by its extended key usage Certificate Request Agent.
    RequestAgent,
    /// It is an RA's that the caller pinned.
    Pinned,
    /// It is a certificate of the issuing CA's like any other: [`RoleRules::any_leaf_of_ca`].
    AnyLeafOfCa,
    /// It is the issuing CA's or an RA's, whose keyUsage does not allow the role: [`RoleRules::ignoring_key_usage`].
    KeyUsageIgnored,
}

/// Making them.
impl<'c> CaRoles<'c> {
    /// A CA that does all three itself. Nothing is checked: only for a certificate that you know to be the CA's. For one that came by
    /// GetCACert use [`select`](Self::select), or the challenge password is encrypted to whoever answered.
    #[must_use]
    pub fn new(ca: &'c Certificate<'_>) -> Self {
        Self::with_ra(ca, ca, ca)
    }

    /// A CA behind an RA: requests are encrypted to `encryption`, replies are signed by `signing`, and by nobody else. As in
    /// [`new`](Self::new) nothing is checked.
    #[must_use]
    pub fn with_ra(
        issuer: &'c Certificate<'_>,
        encryption: &'c Certificate<'_>,
        signing: &'c Certificate<'_>,
    ) -> Self {
        Self {
            issuer: issuer.borrowed(),
            chain: alloc::vec![issuer.borrowed()],
            recipient: encryption.borrowed(),
            recipient_reason: RoleReason::NamedByCaller,
            reply_signers: alloc::vec![signing.borrowed()],
            reply_signer_reasons: alloc::vec![RoleReason::NamedByCaller],
        }
    }

    /// Also takes replies signed by this certificate, as in a rollover by the next CA's.
    #[must_use]
    pub fn reply_signer(mut self, certificate: &'c Certificate<'_>) -> Self {
        self.reply_signers.push(certificate.borrowed());
        self.reply_signer_reasons.push(RoleReason::NamedByCaller);
        self
    }

    /// The roles with certificates of their own, to be kept.
    #[must_use]
    pub fn into_owned(self) -> CaRoles<'static> {
        let all_owned = |certificates: Vec<Certificate<'c>>| {
            certificates
                .into_iter()
                .map(Certificate::into_owned)
                .collect()
        };
        CaRoles {
            issuer: self.issuer.into_owned(),
            chain: all_owned(self.chain),
            recipient: self.recipient.into_owned(),
            recipient_reason: self.recipient_reason,
            reply_signers: all_owned(self.reply_signers),
            reply_signer_reasons: self.reply_signer_reasons,
        }
    }
}

/// Finding them in what a CA sent.
impl CaRoles<'static> {
    /// Assigns the roles in an answer to GetCACert, by what the certificates say and never by their order.
    ///
    /// Only those count that have a way up to the pinned certificate by names, basicConstraints and signatures, and that are
    /// valid at `time`, in Unix seconds, with all on the way ([RFC 8894, section 2.2]). Not judged are path lengths, name
    /// constraints and revocation. What stands above the pinned certificate is not trusted and has no role. Among those that
    /// count:
    ///
    /// - The **issuing CA** is the one that issued the RAs' certificates or, without an RA, the one below which there is no
    ///   other CA. Of several certificates of the same name and key the newest is taken.
    /// - The **recipient** has a keyUsage of keyEncipherment, or none, and is an RA of the issuing CA's or else that CA: where
    ///   there is an RA, the CA's key is not at hand to open requests. Of several RAs the newest is taken, by notBefore. A key that
    ///   only signs, to which requests go under the challenge password, is taken if no RA has another.
    /// - The **reply signers** are all of these RAs and the issuing CA, as far as their keyUsage is digitalSignature, or none.
    ///
    /// An RA's certificate is one with the extended key usage Certificate Request Agent or that the caller pinned; `rules` can
    /// say more. Otherwise whoever holds a certificate of the CA's could put it into the answer on its way and read what is
    /// encrypted to it.
    ///
    /// ```
    /// # #[cfg(feature = "rustcrypto")] {
    /// use scep::crypto::{Policy, Provider};
    /// use scep::{CaCertificates, CaPin, CaRoles, Error, Fingerprint, Limits, RoleRules};
    ///
    /// fn roles(body: &[u8], pinned: Fingerprint, now: i64) -> Result<CaRoles<'static>, Error> {
    ///     let (provider, policy) = (Provider::rustcrypto(), Policy::default());
    ///     let answer = CaCertificates::parse(body, None, &Limits::REPLY)?;
    ///     let (pin, rules) = (CaPin::fingerprint(pinned), RoleRules::default());
    ///     Ok(CaRoles::select(&answer, &pin, now, &rules, &provider, &policy)?)
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// A [`RoleError`] if a pinned certificate does not fit the answer, and if a role goes to nobody or to one of several.
    ///
    /// [RFC 8894, section 2.2]: https://www.rfc-editor.org/rfc/rfc8894#section-2.2
    pub fn select(
        answer: &CaCertificates<'_>,
        pin: &CaPin<'_>,
        time: i64,
        rules: &RoleRules,
        provider: &Provider,
        policy: &Policy,
    ) -> Result<Self, RoleError> {
        let criteria = select::Criteria {
            moment: select::Moment::Now(time),
            rules: *rules,
            provider,
            policy,
        };
        select::under_pin(answer, pin, &criteria)
    }

    /// Verifies a GetNextCACert body by the current CA's signature and assigns the roles among the next certificates as
    /// [`select`](Self::select) does ([RFC 8894, section 4.7]).
    ///
    /// Beside the CA's own, only the signature of a reply signer counts that the caller [pinned](RoleReason::Pinned) or
    /// [named](RoleReason::NamedByCaller): others came with an answer that nobody signed. Nobody's counts whose certificate is
    /// not valid at `time`, in Unix seconds.
    ///
    /// The signature stands in for a pin: trusted are the CA certificates in the body that are self-issued or whose issuer
    /// is not in it, and what verifies under these. They must not have expired at `time`, and need not be valid yet.
    /// Certificates of the current chain are no next ones.
    ///
    /// # Errors
    /// [`RoleError::Verify`] if the signature does not count, [`RoleError::Expired`] or [`RoleError::NotYetValid`] if its
    /// signer's certificate is not valid, [`RoleError::NoNextCa`] if there is no new CA certificate, and others as
    /// `select`.
    ///
    /// [RFC 8894, section 4.7]: https://www.rfc-editor.org/rfc/rfc8894#section-4.7
    pub fn from_next(
        body: &NextCaCertificates<'_>,
        current: &CaRoles<'_>,
        time: i64,
        rules: &RoleRules,
        provider: &Provider,
        policy: &Policy,
    ) -> Result<Self, RoleError> {
        let criteria = select::Criteria {
            moment: select::Moment::ToCome(time),
            rules: *rules,
            provider,
            policy,
        };
        select::next(body, current, &criteria)
    }

    /// The roles for enrolling with the next CA while the current one still answers: as `next` has them, but replies may be
    /// signed by either's reply signers ([RFC 8894, section 5.1, figure 9]).
    ///
    /// [RFC 8894, section 5.1, figure 9]: https://www.rfc-editor.org/rfc/rfc8894#section-5.1
    #[must_use]
    pub fn rollover(current: &CaRoles<'_>, next: &CaRoles<'_>) -> Self {
        let mut roles = next.clone().into_owned();
        let of_current = current
            .reply_signers
            .iter()
            .zip(&current.reply_signer_reasons);
        for (signer, reason) in of_current {
            if !roles.reply_signers.contains(signer) {
                roles.reply_signers.push(signer.clone().into_owned());
                roles.reply_signer_reasons.push(*reason);
            }
        }
        roles
    }
}

/// Who has which.
impl<'c> CaRoles<'c> {
    /// The certificate that issued certificates verify under.
    #[must_use]
    pub const fn issuer(&self) -> &Certificate<'c> {
        &self.issuer
    }

    /// The issuing CA's certificate and those above it, each issued by the one that follows, up to the pinned one.
    #[must_use]
    pub fn chain(&self) -> &[Certificate<'c>] {
        &self.chain
    }

    /// The certificate that all others were verified under: the last of the [`chain`](Self::chain).
    #[must_use]
    pub fn pinned(&self) -> &Certificate<'c> {
        self.chain.last().unwrap_or(&self.issuer)
    }

    /// The certificate that requests are encrypted to.
    #[must_use]
    pub const fn recipient(&self) -> &Certificate<'c> {
        &self.recipient
    }

    /// Why it is that one.
    #[must_use]
    pub const fn recipient_reason(&self) -> RoleReason {
        self.recipient_reason
    }

    /// The certificates that may sign replies.
    #[must_use]
    pub fn reply_signers(&self) -> &[Certificate<'c>] {
        &self.reply_signers
    }

    /// Why it is those, in their order.
    #[must_use]
    pub fn reply_signer_reasons(&self) -> &[RoleReason] {
        &self.reply_signer_reasons
    }
}

impl CaRole {
    /// Whether a keyUsage allows the role ([RFC 5280, section 4.2.1.3]).
    ///
    /// What a request encrypts is a content-encryption key, so dataEncipherment does not do.
    ///
    /// [RFC 5280, section 4.2.1.3]: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.3
    const fn is_allowed_by(self, usage: KeyUsage) -> bool {
        match self {
            Self::PinnedCa | Self::IssuingCa => usage.key_cert_sign(),
            Self::Recipient => usage.key_encipherment(),
            Self::ReplySigner => usage.digital_signature(),
        }
    }
}

impl fmt::Display for CaRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PinnedCa => "pinned CA",
            Self::IssuingCa => "issuing CA",
            Self::Recipient => "recipient of requests",
            Self::ReplySigner => "signer of replies",
        })
    }
}

impl fmt::Display for RoleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NamedByCaller => "named by the caller",
            Self::IssuingCa => "the issuing CA",
            Self::RequestAgent => "an RA by its extended key usage",
            Self::Pinned => "an RA by its pin",
            Self::AnyLeafOfCa => "a certificate of the CA's that nothing marks as an RA's",
            Self::KeyUsageIgnored => "by leave to ignore its keyUsage",
        })
    }
}
