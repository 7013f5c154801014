//! Replies: built from an opened request, or, as a bare refusal, from one that could not be verified or opened.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::held_enrolment::HeldEnrolment;
use super::request::{Request, RequestBody};
use crate::certificate::Certificate;
use crate::cms::write_certs_only;
use crate::crl::Crl;
use crate::crypto::{
    ContentCipher, DigestAlgorithm, KeyManagement, Policy, Provider, SignatureAlgorithm,
    SigningKey, is_same_key,
};
use crate::csr::Challenge;
use crate::microsoft::Hresult;
use crate::pki_message::build::{
    Addressee, AttributeSet, EnvelopeRecipient, ReplyAttributes, Unsigned, WantedDigest,
    check_text, seal,
};
use crate::pki_message::{PkiMessage, SignerIdentity};
use crate::{
    BuildError, Error, FailInfo, Item, MessageType, Nonce, OpenError, PkiStatus, VerifyError,
};

/// Builds the reply to an opened request: SUCCESS, FAILURE or PENDING.
///
/// transactionID, recipientNonce, recipient and algorithms come from the request, so none can be mismatched. Made only by
/// [`Request::reply`]; a request that was not opened has none:
///
/// ```compile_fail,E0599
/// # use scep::{SignerIdentity, VerifiedMessage, crypto::Provider};
/// # fn reply(verified: &VerifiedMessage<'_>, provider: &Provider, ra: &SignerIdentity<'_>) {
/// let reply = verified.reply(provider, ra); // only an opened Request can be granted
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ReplyBuilder<'r> {
    request: &'r Request,
    provider: Provider,
    signer: &'r SignerIdentity<'r>,
    enrolment: Option<&'r HeldEnrolment>,
    microsoft_error: Option<Hresult>,
    microsoft_message: Option<&'r str>,
    challenge: Option<Challenge<&'r str>>,
}

/// Builds the reply to a request that could not be verified or opened. It can only be a FAILURE:
///
/// ```compile_fail,E0599
/// # use scep::{Certificate, PkiMessage, SignerIdentity, crypto::{CryptoRng, Policy, Provider}};
/// # fn grant(m: &PkiMessage<'_>, p: &Provider, ra: &SignerIdentity<'_>, c: &[Certificate<'_>], rng: &mut dyn CryptoRng) {
/// let reply = m.refuse(p, &Policy::default(), ra).success(c, rng);
/// # }
/// ```
///
/// Made by [`PkiMessage::refuse`]. It echoes the transactionID, up to 256 bytes of it, and the senderNonce, both unverified.
#[derive(Clone, Debug)]
pub struct Refusal<'r> {
    message: &'r PkiMessage<'r>,
    provider: Provider,
    policy: Policy,
    signer: &'r SignerIdentity<'r>,
}

/// A reply that lacks its signature: sign it at once with [`sign`](Self::sign), or have
/// [`to_be_signed`](Self::to_be_signed) signed elsewhere and bring the signature to [`attach`](Self::attach).
#[derive(Clone)]
pub struct UnsignedReply(Unsigned);

impl Request {
    /// Starts the reply, signed by `signer`: the CA, or the RA that answers for it.
    #[must_use]
    pub const fn reply<'r>(
        &'r self,
        provider: &Provider,
        signer: &'r SignerIdentity<'r>,
    ) -> ReplyBuilder<'r> {
        ReplyBuilder {
            request: self,
            provider: *provider,
            signer,
            enrolment: None,
            microsoft_error: None,
            microsoft_message: None,
            challenge: None,
        }
    }

    /// How a SUCCESS would be enveloped, as far as the policy and the signer's certificate tell. That the provider can make such
    /// an envelope is known to [`ReplyBuilder::success_envelope`]: ask there before issuing what cannot be delivered.
    ///
    /// It is encrypted to the signer's key if that decrypts; else under the challenge password of the CSR
    /// ([RFC 8894, section 3.1](https://www.rfc-editor.org/rfc/rfc8894#section-3.1)), if the signer has the CSR's key or encrypted the
    /// request under a password too; else, to a key on a curve, by key agreement, as renewals and queries need it. A poll has no CSR,
    /// and the signer of a renewal has another key: their replies take the [challenge](ReplyBuilder::challenge) from the caller.
    ///
    /// # Errors
    /// [`BuildError::Recipient`] if the signer's key is refused by the policy; [`BuildError::EmptyPolicy`] if the policy has no key
    /// transport for a key that decrypts, or with a challenge nothing to encrypt under it. Without a challenge,
    /// [`BuildError::NoPassword`] if the key only signs, if the policy has no digest or key wrap for key agreement, or if the cipher's
    /// keys are too short for a key wrap, as those of single DES; [`BuildError::NoKeyAgreement`] if the certificate's keyUsage forbids
    /// key agreement.
    pub fn success_envelope(&self) -> Result<(ContentCipher, KeyManagement), BuildError> {
        let challenge = self.challenge();
        let recipient =
            self.success_recipient(challenge.as_ref().map(|challenge| challenge.0.as_str()))?;
        Ok((self.content_cipher(), recipient.key_management()))
    }

    /// The challenge of the CSR, if the signer has the CSR's key.
    ///
    /// Nothing binds an envelope to who signs the message. A captured one, signed anew with a key that cannot decrypt, would otherwise
    /// be answered with something to try passwords at. If the envelope is under a password, its captor has that already.
    fn challenge(&self) -> Option<Challenge<Zeroizing<String>>> {
        let under_password = matches!(self.key_management(), KeyManagement::Password(_));
        if !under_password && self.signer_has_csr_key() != Some(true) {
            return None;
        }
        self.csr()?.challenge_password().secret_text()
    }

    fn success_recipient<'a>(
        &'a self,
        challenge: Option<&'a str>,
    ) -> Result<EnvelopeRecipient<'a>, BuildError> {
        let mirrored = match self.key_management() {
            KeyManagement::Transport(transport) => Some(transport),
            KeyManagement::Password(_) | KeyManagement::Agreement(_) => None,
        };
        let addressee = Addressee {
            certificate: self.signer(),
            password: challenge,
            cipher: self.content_cipher(),
        };
        let fresh = self.policy().fresh_transports();
        addressee.envelope_recipient(mirrored.into_iter().chain(fresh), self.policy())
    }
}

impl<'r> ReplyBuilder<'r> {
    /// Names the enrolment that a CertPoll asks for: a SUCCESS must be for its key.
    #[must_use]
    pub const fn answering(mut self, enrolment: &'r HeldEnrolment) -> Self {
        self.enrolment = Some(enrolment);
        self
    }

    /// Puts an HRESULT into a FAILURE (1.3.6.1.4.1.311.21.33), which Windows shows in its log in place of failInfo. Other
    /// replies have none.
    #[must_use]
    pub const fn microsoft_error(mut self, error: Hresult) -> Self {
        self.microsoft_error = Some(error);
        self
    }

    /// Puts a text for Windows into the reply (1.3.6.1.4.1.311.21.38). NDES writes `Issued` into a SUCCESS.
    #[must_use]
    pub const fn microsoft_message(mut self, text: &'r str) -> Self {
        self.microsoft_message = Some(text);
        self
    }

    /// Takes the challenge password of the enrolment, under which a SUCCESS is encrypted if the signer's key cannot decrypt. Without
    /// it, that is the one in the request's CSR, if the signer has the CSR's key or encrypted the request under a password too. A
    /// CertPoll has none, and what waits for it ([`HeldEnrolment`](crate::server::HeldEnrolment)) holds none, so keep it as secret as the
    /// passwords that you gave out. An empty one counts as none.
    ///
    /// # Security
    /// Give it only in answer to a client that has shown that it knows it: by a request under it, or by the right challenge in a CSR of
    /// this enrolment that is the signer's own, and which the request still asks for
    /// ([`HeldEnrolment::answers`](crate::server::HeldEnrolment::answers)). A CSR is the signer's own if
    /// [their keys are one](Request::signer_has_csr_key), or in a [plain renewal](crate::server::RenewalProof::is_plain). A right
    /// challenge alone shows nothing of who signed: the envelope may be captured. What a SUCCESS holds is known or easily guessed, so
    /// whoever else gets one, with a key that he made himself, tries passwords at it offline.
    #[must_use]
    pub const fn challenge(mut self, password: &'r str) -> Self {
        self.challenge = if password.is_empty() {
            None
        } else {
            Some(Challenge(password))
        };
        self
    }

    /// Whether and how a SUCCESS would be enveloped: ask before issuing what cannot be delivered.
    ///
    /// The recipient and algorithms are those of [`Request::success_envelope`], with the [challenge](Self::challenge) that was taken.
    /// An envelope of nothing is made with them (under a password: with few iterations), so that what the provider cannot do shows here
    /// and not after something was issued. It costs another operation with the signer's public key.
    ///
    /// # Errors
    /// As [`Request::success_envelope`], and [`BuildError::Crypto`] if the provider makes no such envelope.
    pub fn success_envelope(
        &self,
        rng: &mut dyn CryptoRng,
    ) -> Result<(ContentCipher, KeyManagement), BuildError> {
        let (own, cipher) = (self.request.challenge(), self.request.content_cipher());
        let recipient = self.success_recipient(own.as_ref())?;
        seal(&self.provider, recipient.for_trial(), cipher, &[], rng)?;
        Ok((cipher, recipient.key_management()))
    }

    /// SUCCESS with certificates: the issued one, or for a GetCert the one asked for, and whatever else shall go along,
    /// such as its chain. Their order does not matter.
    ///
    /// # Errors
    /// [`BuildError::NotRequested`] if none has the public key of the CSR, or for a CertPoll that of the
    /// [enrolment](Self::answering), or is the one that a GetCert names; [`BuildError::PollWithoutEnrolment`] for a CertPoll
    /// if no enrolment was named, and [`BuildError::NotHeld`] if it is another one; [`BuildError::ReplyNotForRequest`] for a
    /// GetCRL; others as for [every reply](BuildError#every-reply).
    pub fn success(
        &self,
        certificates: &[Certificate<'_>],
        rng: &mut dyn CryptoRng,
    ) -> Result<UnsignedReply, BuildError> {
        if let Some(enrolment) = self.enrolment {
            enrolment.answers(self.request)?;
        }
        let on_key = |key: &[u8]| {
            certificates
                .iter()
                .any(|certificate| is_same_key(certificate.public_key_der(), key))
        };
        let requested = match self.request.body() {
            RequestBody::PkcsReq(csr) | RequestBody::RenewalReq(csr) => {
                on_key(csr.public_key_der())
            }
            RequestBody::CertPoll(_) => {
                let enrolment = self.enrolment.ok_or(BuildError::PollWithoutEnrolment)?;
                on_key(enrolment.public_key_der())
            }
            RequestBody::GetCert(id) => certificates.iter().any(|one| id.matches(one)),
            RequestBody::GetCrl(_) => {
                return Err(BuildError::ReplyNotForRequest(MessageType::GetCrl));
            }
        };
        if !requested {
            return Err(BuildError::NotRequested);
        }
        let certificates: Vec<&[u8]> = certificates.iter().map(Certificate::as_der).collect();
        self.success_payload(&write_certs_only(&certificates, &[]), rng)
    }

    /// SUCCESS with the CRL that a GetCRL asks for.
    ///
    /// # Errors
    /// [`BuildError::ReplyNotForRequest`] for anything but a GetCRL; others as for [every reply](BuildError#every-reply). Whether the
    /// CRL is of the issuer that was asked for is not checked, and is [not to decide](crate::RequestBody::GetCrl).
    pub fn success_crl(
        &self,
        crl: &Crl<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<UnsignedReply, BuildError> {
        let RequestBody::GetCrl(_) = self.request.body() else {
            let message_type = self.request.message_type();
            return Err(BuildError::ReplyNotForRequest(message_type));
        };
        self.success_payload(&write_certs_only(&[], &[crl.as_der()]), rng)
    }

    /// FAILURE with a reason and, if it helps, a text for people.
    ///
    /// # Errors
    /// [`BuildError::InvalidInput`] for a text that is empty or has control characters; others as for
    /// [every reply](BuildError#every-reply).
    pub fn failure(
        &self,
        info: FailInfo,
        text: Option<&str>,
        rng: &mut dyn CryptoRng,
    ) -> Result<UnsignedReply, BuildError> {
        text.map_or(Ok(()), |text| check_text(text, Item::FailInfoText))?;
        self.build(PkiStatus::Failure, Some((info, text)), None, rng)
    }

    /// PENDING: the request waits for somebody's decision, and the client is to poll.
    ///
    /// # Errors
    /// [`BuildError::ReplyNotForRequest`] for anything but a PKCSReq, RenewalReq or CertPoll; others as for
    /// [every reply](BuildError#every-reply).
    pub fn pending(&self, rng: &mut dyn CryptoRng) -> Result<UnsignedReply, BuildError> {
        match self.request.message_type() {
            MessageType::PkcsReq | MessageType::RenewalReq | MessageType::CertPoll => {
                self.build(PkiStatus::Pending, None, None, rng)
            }
            other => Err(BuildError::ReplyNotForRequest(other)),
        }
    }

    fn success_payload(
        &self,
        payload: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<UnsignedReply, BuildError> {
        let own = self.request.challenge();
        let envelope = seal(
            &self.provider,
            self.success_recipient(own.as_ref())?,
            self.request.content_cipher(),
            payload,
            rng,
        )?;
        self.build(PkiStatus::Success, None, Some(envelope), rng)
    }

    /// To whom a SUCCESS is encrypted; `own` is the challenge in the request's CSR.
    fn success_recipient<'a>(
        &'a self,
        own: Option<&'a Challenge<Zeroizing<String>>>,
    ) -> Result<EnvelopeRecipient<'a>, BuildError> {
        let taken = self.challenge.map(|challenge| challenge.0);
        let own = own.map(|challenge| challenge.0.as_str());
        self.request.success_recipient(taken.or(own))
    }

    fn build(
        &self,
        pki_status: PkiStatus,
        fail_info: Option<(FailInfo, Option<&str>)>,
        content: Option<Vec<u8>>,
        rng: &mut dyn CryptoRng,
    ) -> Result<UnsignedReply, BuildError> {
        self.microsoft_message
            .map_or(Ok(()), |text| check_text(text, Item::MicrosoftMessage))?;
        Unsigned::new(
            &self.provider,
            self.request.policy(),
            self.signer,
            WantedDigest::Preferred(self.request.digest()),
            &AttributeSet {
                message_type: MessageType::CertRep,
                transaction_id: self.request.transaction_id(),
                // Interop: MikroTik refuses a reply without senderNonce, though RFC 8894 has no use for one.
                sender_nonce: Nonce::random(rng),
                reply: Some(ReplyAttributes {
                    pki_status,
                    recipient_nonce: self.request.sender_nonce(),
                    microsoft_error: fail_info.and(self.microsoft_error),
                    microsoft_message: self.microsoft_message,
                    fail_info,
                }),
            },
            content,
        )
        .map(UnsignedReply)
    }
}

impl PkiMessage<'_> {
    /// Starts the refusal of a request that could not be verified or opened. Its digest is the request's if the policy
    /// allows that.
    #[must_use]
    pub const fn refuse<'r>(
        &'r self,
        provider: &Provider,
        policy: &Policy,
        signer: &'r SignerIdentity<'r>,
    ) -> Refusal<'r> {
        Refusal {
            message: self,
            provider: *provider,
            policy: *policy,
            signer,
        }
    }
}

impl Refusal<'_> {
    /// FAILURE because of an error of verifying or opening, with its `fail_info()`.
    ///
    /// What the policy refuses is named in a failInfoText: the algorithms of a message are public. Nothing else has a text,
    /// so that nobody learns from one why an envelope did not open.
    ///
    /// # Errors
    /// As for [every reply](BuildError#every-reply).
    pub fn because(
        &self,
        error: impl Into<Error>,
        rng: &mut dyn CryptoRng,
    ) -> Result<UnsignedReply, BuildError> {
        let error = error.into();
        let text = match &error {
            Error::Verify(VerifyError::Refused(refused))
            | Error::Open(OpenError::Refused(refused)) => Some(refused.to_string()),
            _ => None,
        };
        let digest = self.message.unverified_digest();
        Unsigned::new(
            &self.provider,
            &self.policy,
            self.signer,
            digest.map_or(WantedDigest::Any, WantedDigest::Preferred),
            &AttributeSet {
                message_type: MessageType::CertRep,
                transaction_id: &self.message.unverified_transaction_id().shortened(),
                sender_nonce: Nonce::random(rng),
                reply: Some(ReplyAttributes {
                    pki_status: PkiStatus::Failure,
                    recipient_nonce: self.message.unverified_sender_nonce(),
                    fail_info: Some((error.fail_info(), text.as_deref())),
                    microsoft_error: None,
                    microsoft_message: None,
                }),
            },
            None,
        )
        .map(UnsignedReply)
    }
}

impl UnsignedReply {
    /// Signs the reply with the signer's key, and gives its bytes.
    ///
    /// # Errors
    /// [`BuildError::KeyMismatch`] if the key knows its public key and it is not the signer's;
    /// [`BuildError::WrongSignature`] if it does not know it and its signature is not the signer's, or if one of ECDSA is not in DER;
    /// [`BuildError::Crypto`] if it gives no signature.
    pub fn sign(
        self,
        key: &dyn SigningKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, BuildError> {
        self.0.sign(key, rng)
    }

    /// The bytes to be signed elsewhere, not yet digested.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        self.0.to_be_signed()
    }

    /// The algorithm with which they are to be signed.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }

    /// Takes the signature that was made elsewhere, and gives the reply's bytes.
    ///
    /// # Errors
    /// [`BuildError::WrongSignature`] if it is not the signer's over [`to_be_signed`](Self::to_be_signed).
    pub fn attach(self, signature: &[u8], provider: &Provider) -> Result<Vec<u8>, BuildError> {
        self.0.attach(signature, provider)
    }
}

impl core::fmt::Debug for UnsignedReply {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("UnsignedReply { .. }")
    }
}

impl PkiMessage<'_> {
    /// The digest that the message names, for a refusal to mirror.
    fn unverified_digest(&self) -> Option<DigestAlgorithm> {
        self.signer_info()?.digest_algorithm.digest().ok()
    }
}
