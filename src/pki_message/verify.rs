//! The second state: a message whose signature is right and whose signer the caller trusts.

use super::attributes::Attributes;
use super::parse::PkiMessage;
use super::trust::{SignerMatch, SignerTrust};
use crate::certificate::Certificate;
use crate::cms::{SignedForm, VerifiedSigner, find_signer};
use crate::crypto::{DigestAlgorithm, Policy, Provider, SignatureAlgorithm, Tolerance};
use crate::oid;
use crate::{MessageType, VerifyError};

/// A request whose signature is right and whose signer the caller trusts. Its payload is still sealed.
///
/// Made only by [`PkiMessage::verify`].
#[derive(Clone, Debug)]
pub struct VerifiedMessage<'m> {
    message: &'m PkiMessage<'m>,
    signer: Certificate<'m>,
    matched: SignerMatch,
    verified: VerifiedSigner,
    policy: Policy,
}

impl PkiMessage<'_> {
    /// Verifies a request: its signature, its signer, and the algorithms of both.
    ///
    /// `trust` says whose requests are accepted; the result tells by which member the signer was. The policy goes with
    /// the result: opening it and replying to it follow the same one.
    ///
    /// # Errors
    /// A [`VerifyError`]; the message stays at hand for a [refusal](PkiMessage::refuse).
    pub fn verify(
        &self,
        provider: &Provider,
        policy: &Policy,
        trust: &SignerTrust<'_>,
    ) -> Result<VerifiedMessage<'_>, VerifyError> {
        match self.unverified_message_type() {
            MessageType::CertRep => return Err(VerifyError::NotARequest),
            unknown @ MessageType::Other(_) => {
                return Err(VerifyError::UnsupportedMessageType(unknown));
            }
            _ => {}
        }
        if self.unverified_sender_nonce().is_none()
            && !policy.tolerates(Tolerance::MissingSenderNonce)
        {
            return Err(VerifyError::MissingSenderNonce);
        }
        let (signer, verified) = self.verify_signature(provider, policy, trust.candidates())?;
        if self.unverified_message_type() == MessageType::RenewalReq && signer.is_self_issued() {
            return Err(VerifyError::SelfIssuedRenewal);
        }
        let matched = trust.accepts(&signer, provider, policy)?;
        Ok(VerifiedMessage {
            message: self,
            signer,
            matched,
            verified,
            policy: *policy,
        })
    }

    /// Verifies the signature with the key of whoever signed, and gives that certificate: trust is the caller's to judge.
    pub(crate) fn verify_signature<'c, 't>(
        &'c self,
        provider: &Provider,
        policy: &Policy,
        candidates: impl Iterator<Item = &'t Certificate<'t>>,
    ) -> Result<(Certificate<'c>, VerifiedSigner), VerifyError> {
        // Parsing went this way before, so neither is missing.
        let signed = self.signed_data().ok_or(VerifyError::Signature)?;
        let info = self.signer_info().ok_or(VerifyError::Signature)?;
        // An algorithm that is refused is named before anything is computed with it.
        info.algorithms(policy)?;
        if signed.content_type != oid::DATA.as_bytes() {
            return Err(VerifyError::ContentType);
        }
        let carried = signed
            .certificates()
            .filter_map(|der| Certificate::from_der(der).ok());
        let known = candidates
            .filter(|candidate| info.sid.matches(candidate) || info.sid.resembles(candidate))
            .map(|candidate| candidate.clone().into_owned());
        let signer = find_signer(&info.sid, known.chain(carried))?;
        let verified = info.verify(
            signed.content_type,
            self.content(),
            &signer,
            provider,
            policy,
            self.limits(),
        )?;
        Ok((signer, verified))
    }
}

impl<'m> VerifiedMessage<'m> {
    /// The message as it was received.
    #[must_use]
    pub const fn message(&self) -> &'m PkiMessage<'m> {
        self.message
    }

    /// The signed attributes.
    #[must_use]
    pub fn attributes(&self) -> Attributes<'m> {
        self.message.unverified_attributes()
    }

    /// The messageType.
    #[must_use]
    pub const fn message_type(&self) -> MessageType {
        self.message.unverified_message_type()
    }

    /// The signer's certificate.
    #[must_use]
    pub const fn signer(&self) -> &Certificate<'m> {
        &self.signer
    }

    /// By which member of the caller's [`SignerTrust`] the signer was accepted.
    #[must_use]
    pub const fn signer_match(&self) -> SignerMatch {
        self.matched
    }

    /// The digest of the message.
    #[must_use]
    pub const fn digest(&self) -> DigestAlgorithm {
        self.verified.digest
    }

    /// The algorithm of the signature.
    #[must_use]
    pub const fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.verified.algorithm
    }

    /// Over which form of the signed attributes the signature is right.
    #[must_use]
    pub const fn signed_form(&self) -> SignedForm {
        self.verified.form
    }

    /// The policy that the message was verified under, and will be opened and answered under.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }
}
