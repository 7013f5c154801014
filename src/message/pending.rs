//! A client's side of a transaction: the request that waits for its reply, and what the reply yields.

use alloc::string::String;
use alloc::vec::Vec;

use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::certs_only::{CertsOnly, read_prefix};
use super::payload::IssuerAndSerialNumber;
use crate::ca_roles::CaRoles;
use crate::certificate::Certificate;
use crate::crl::Crl;
use crate::crypto::{Policy, Provider, SubstituteSecret, Tolerance, is_same_key};
use crate::csr::Csr;
use crate::microsoft::Hresult;
use crate::pki_message::open::Opened;
use crate::pki_message::{EncryptedKey, PkiMessage, Recipient};
use crate::{
    CertificateSignatureError, DecryptError, FailInfo, Layer, MessageType, Nonce, OpenError,
    PkiStatus, TransactionError, TransactionId, VerifyError,
};

/// A request that was sent, and what is needed to read its reply.
///
/// A reply is read only through it; without it there is no way to a certificate:
///
/// ```compile_fail,E0599
/// # use scep::{Limits, PkiMessage};
/// # fn certificate(bytes: &[u8]) {
/// let reply = PkiMessage::parse(bytes, &Limits::REPLY).unwrap();
/// let issued = reply.certificates(); // only `PendingRequest::accept` leads there
/// # }
/// ```
///
/// Accepting borrows it: a forged or damaged reply must not cost the transaction.
#[derive(Clone)]
pub struct PendingRequest {
    message_type: MessageType,
    transaction_id: TransactionId<'static>,
    sender_nonce: Nonce,
    expected: Expected,
    signer: Certificate<'static>,
}

/// What a reply must yield.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Enrolment(WantedCertificate),
    Certificate(IssuerAndSerialNumber),
    Crl { issuer: Vec<u8> },
}

/// What an enrolment must yield: a certificate with the CSR's key that is not the signer's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WantedCertificate {
    pub(crate) public_key: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    /// A certificate that the CA issued before on the same key is not the new one.
    pub(crate) replaced: IssuerAndSerialNumber,
}

/// A verified reply that belongs to its request.
#[derive(Clone, Debug)]
pub enum CertRep<'m> {
    /// The request is granted; open the reply to see what it yields.
    Success(SealedReply<'m>),
    /// The request is refused: a value, not an error.
    Failure(Failure),
    /// The request waits for somebody's decision: poll with [`RequestBuilder::cert_poll`](super::RequestBuilder::cert_poll).
    Pending,
}

/// A CA's refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    info: Option<FailInfo>,
    text: Option<String>,
    microsoft_error: Option<Hresult>,
    microsoft_message: Option<String>,
}

/// A SUCCESS that is not yet opened.
#[derive(Clone, Debug)]
pub struct SealedReply<'m> {
    message: &'m PkiMessage<'m>,
    policy: Policy,
    expected: &'m Expected,
    signer: &'m Certificate<'m>,
    ca: &'m CaRoles<'m>,
}

/// What a SUCCESS yields: the one certificate or CRL that was asked for, and what came along.
#[derive(Clone, Debug)]
pub struct Granted {
    certificate: Option<Certificate<'static>>,
    crl: Option<Crl<'static>>,
    issuer: Option<Certificate<'static>>,
    others: Vec<Certificate<'static>>,
}

impl WantedCertificate {
    pub(crate) fn new(csr: &Csr, signer: &Certificate<'_>) -> Self {
        Self {
            public_key: csr.public_key_der().to_vec(),
            subject: csr.subject_der().to_vec(),
            replaced: IssuerAndSerialNumber::of(signer),
        }
    }
}

impl PendingRequest {
    pub(crate) fn new(
        message_type: MessageType,
        transaction_id: TransactionId<'static>,
        sender_nonce: Nonce,
        expected: Expected,
        signer: &Certificate<'_>,
    ) -> Self {
        Self {
            message_type,
            transaction_id,
            sender_nonce,
            expected,
            signer: signer.clone().into_owned(),
        }
    }

    /// Checks that a message is the reply to this request: a CertRep, signed by one of the CA's reply signers, with the
    /// request's transactionID and its senderNonce as recipientNonce.
    ///
    /// # Errors
    /// A [`TransactionError`]. What the peer refuses is no error but a [`CertRep::Failure`].
    pub fn accept<'m>(
        &'m self,
        reply: &'m PkiMessage<'m>,
        ca: &'m CaRoles<'m>,
        provider: &Provider,
        policy: &Policy,
    ) -> Result<CertRep<'m>, TransactionError> {
        let message_type = reply.unverified_message_type();
        if message_type != MessageType::CertRep {
            return Err(VerifyError::NotAReply(message_type).into());
        }
        // Interop: NDES and others send no certificate along, so the signer is found among the CA's.
        let signers = ca.reply_signers().iter();
        let (signer, _) = reply.verify_signature(provider, policy, signers.clone())?;
        if !signers
            .into_iter()
            .any(|trusted| trusted.as_der() == signer.as_der())
        {
            return Err(VerifyError::UntrustedSigner.into());
        }
        let attributes = reply.unverified_attributes();
        if attributes.transaction_id() != self.transaction_id {
            return Err(TransactionError::TransactionId);
        }
        if attributes.recipient_nonce() != Some(self.sender_nonce) {
            return Err(TransactionError::RecipientNonce);
        }
        match attributes.pki_status() {
            Some(PkiStatus::Success) if reply.content().is_empty() => {
                Err(TransactionError::SuccessWithoutContent)
            }
            Some(PkiStatus::Success) => Ok(CertRep::Success(SealedReply {
                message: reply,
                policy: *policy,
                expected: &self.expected,
                signer: &self.signer,
                ca,
            })),
            // Interop: content on FAILURE or PENDING (none, 0 or 1 byte, by server) means nothing.
            Some(PkiStatus::Failure) => Ok(CertRep::Failure(Failure {
                info: attributes.fail_info(),
                text: attributes.fail_info_text(),
                microsoft_error: attributes.microsoft_error(),
                microsoft_message: attributes.microsoft_message(),
            })),
            Some(PkiStatus::Pending) => match self.message_type {
                MessageType::GetCert | MessageType::GetCrl => {
                    Err(TransactionError::UnexpectedPending(self.message_type))
                }
                _ => Ok(CertRep::Pending),
            },
            Some(status) => Err(TransactionError::UnknownStatus(status)),
            // Parsing demands a pkiStatus of every CertRep.
            None => Err(VerifyError::NotAReply(message_type).into()),
        }
    }

    /// The messageType of the request.
    #[must_use]
    pub const fn message_type(&self) -> MessageType {
        self.message_type
    }

    /// The transactionID.
    #[must_use]
    pub const fn transaction_id(&self) -> &TransactionId<'static> {
        &self.transaction_id
    }

    pub(crate) const fn expected(&self) -> &Expected {
        &self.expected
    }
}

impl core::fmt::Debug for PendingRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PendingRequest")
            .field("message_type", &self.message_type)
            .field("transaction_id", &self.transaction_id)
            .finish_non_exhaustive()
    }
}

impl Failure {
    /// failInfo; `None` if the server sent none or no number.
    #[must_use]
    pub const fn info(&self) -> Option<FailInfo> {
        self.info
    }

    /// failInfoText.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The HRESULT of a Microsoft server: the only useful diagnosis that NDES gives.
    #[must_use]
    pub const fn microsoft_error(&self) -> Option<Hresult> {
        self.microsoft_error
    }

    /// The text of a Microsoft server.
    #[must_use]
    pub fn microsoft_message(&self) -> Option<&str> {
        self.microsoft_message.as_deref()
    }
}

impl core::fmt::Display for Failure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.info {
            Some(info) => info.fmt(f)?,
            None => f.write_str("refused without failInfo")?,
        }
        if let Some(text) = self.text() {
            write!(f, ": {}", text.escape_debug())?;
        }
        if let Some(error) = self.microsoft_error {
            write!(f, "; HRESULT {error}")?;
        }
        if let Some(text) = self.microsoft_message() {
            write!(f, "; {}", text.escape_debug())?;
        }
        Ok(())
    }
}

impl SealedReply<'_> {
    /// Opens the reply with the key of the certificate that signed the request, or under the challenge password of its CSR, which
    /// `recipient` needs if that key cannot decrypt ([`Recipient::with_password`]); and finds what was asked for.
    ///
    /// # Errors
    /// [`TransactionError::Open`] if it does not open, [`TransactionError::NotFound`] or
    /// [`TransactionError::Ambiguous`] if it does not yield exactly what was asked for,
    /// [`TransactionError::NotIssuedByCa`] if none of the CA's keys signed that. Two exceptions are told by
    /// [`Granted::issuer`]: what a GetCert or GetCRL asked for may name another CA as its issuer; and the policy may have
    /// [`Tolerance::AnotherIssuer`], which is for certificates and not for CRLs.
    pub fn open(
        &self,
        provider: &Provider,
        recipient: &Recipient<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Granted, TransactionError> {
        let recipients = core::slice::from_ref(recipient);
        let (opened, _) = self
            .message
            .open_envelope(provider, &self.policy, recipients, rng)?;
        self.read(provider, opened)
    }

    /// The encrypted content key: the first of two steps, for a private key that answers elsewhere. What is encrypted under a challenge
    /// password needs none: [`open`](Self::open) it as [`Recipient::without_key`] with the password.
    ///
    /// # Errors
    /// [`TransactionError::Open`] for what is public of the envelope.
    pub fn encrypted_key(&self) -> Result<EncryptedKey<'_>, TransactionError> {
        Ok(self
            .message
            .encrypted_key(&self.policy, core::iter::once(self.signer))?)
    }

    /// Opens the reply with what a private key elsewhere answered: the second of two steps. See
    /// [`VerifiedMessage::open_with`](crate::VerifiedMessage::open_with).
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with<E>(
        &self,
        provider: &Provider,
        encrypted: &EncryptedKey<'_>,
        answer: Result<Zeroizing<Vec<u8>>, E>,
        secret: &SubstituteSecret,
    ) -> Result<Granted, TransactionError> {
        if !encrypted.is_of(self.message) {
            return Err(OpenError::AnotherMessage.into());
        }
        let opened = encrypted
            .decrypt_content(provider, answer, secret)
            .map_err(OpenError::from)?;
        self.read(provider, opened)
    }

    /// Reads the payload.
    fn read(&self, provider: &Provider, opened: Opened) -> Result<Granted, TransactionError> {
        let limits = self.message.limits();
        let (_, len, _) = read_prefix(opened.buffer(), Layer::Payload, limits)
            .map_err(|_| OpenError::from(DecryptError))?;
        let payload = opened.finish(len).map_err(OpenError::from)?;
        // It was read before the padding was acted on.
        let set =
            CertsOnly::parse(&payload[..], limits).map_err(|_| OpenError::from(DecryptError))?;
        self.find(&set, provider)
    }

    /// Chooses what was asked for, never by position.
    fn find(&self, set: &CertsOnly<'_>, provider: &Provider) -> Result<Granted, TransactionError> {
        let verifies = |certificate: &Certificate<'_>, ca: &Certificate<'_>| {
            certificate.verify_issued_by(ca, provider, &self.policy)
        };
        match self.expected {
            Expected::Enrolment(wanted) => {
                let (certificate, others) = choose(set, |certificate| {
                    is_same_key(certificate.public_key_der(), &wanted.public_key)
                        && !wanted.replaced.matches(certificate)
                })?;
                let issuer = match self.issuer(|ca| verifies(&certificate, ca)) {
                    Ok(issuer) => Some(issuer),
                    Err(_) if self.policy.tolerates(Tolerance::AnotherIssuer) => None,
                    Err(error) => return Err(TransactionError::NotIssuedByCa(error)),
                };
                Ok(Granted::of_certificate(certificate, issuer, others))
            }
            Expected::Certificate(wanted) => {
                let (certificate, others) = choose(set, |certificate| wanted.matches(certificate))?;
                let issuer = match self.issuer(|ca| verifies(&certificate, ca)) {
                    Ok(issuer) => Some(issuer),
                    Err(CertificateSignatureError::AnotherIssuer) => None,
                    Err(_) if self.policy.tolerates(Tolerance::AnotherIssuer) => None,
                    Err(error) => return Err(TransactionError::NotIssuedByCa(error)),
                };
                Ok(Granted::of_certificate(certificate, issuer, others))
            }
            Expected::Crl { issuer } => {
                let mut found = Found::new();
                for crl in set.crls().filter_map(Result::ok) {
                    if crl.issuer_der() == issuer {
                        let same = |first: &Crl<'_>| first.as_der() == crl.as_der();
                        found.add(same, || crl.clone().into_owned());
                    }
                }
                let crl = found.only()?;
                let issuer = self.issuer(|ca| crl.verify_issued_by(ca, provider, &self.policy));
                let issuer = match issuer {
                    Ok(issuer) => Some(issuer),
                    Err(CertificateSignatureError::AnotherIssuer) => None,
                    Err(error) => return Err(TransactionError::NotIssuedByCa(error)),
                };
                Ok(Granted {
                    issuer,
                    others: set
                        .certificates()
                        .filter_map(Result::ok)
                        .map(Certificate::into_owned)
                        .collect(),
                    certificate: None,
                    crl: Some(crl),
                })
            }
        }
    }

    /// Who in the CA's chain issued something, or why none of them that it names did.
    fn issuer(
        &self,
        verifies: impl Fn(&Certificate<'_>) -> Result<(), CertificateSignatureError>,
    ) -> Result<Certificate<'static>, CertificateSignatureError> {
        let mut fault = CertificateSignatureError::AnotherIssuer;
        for ca in self.ca.chain() {
            match verifies(ca) {
                Ok(()) => return Ok(ca.clone().into_owned()),
                Err(CertificateSignatureError::AnotherIssuer) => {}
                Err(other) => fault = other,
            }
        }
        Err(fault)
    }
}

/// The one certificate that is wanted, and all others.
fn choose(
    set: &CertsOnly<'_>,
    wanted: impl Fn(&Certificate<'_>) -> bool,
) -> Result<(Certificate<'static>, Vec<Certificate<'static>>), TransactionError> {
    let (mut found, mut others) = (Found::new(), Vec::new());
    for certificate in set.certificates().filter_map(Result::ok) {
        if wanted(&certificate) {
            let same = |first: &Certificate<'_>| first.as_der() == certificate.as_der();
            found.add(same, || certificate.clone().into_owned());
        } else {
            others.push(certificate.into_owned());
        }
    }
    Ok((found.only()?, others))
}

/// The first of what is wanted, and how many came after it that are not the same.
struct Found<T> {
    first: Option<T>,
    more: usize,
}

impl<T> Found<T> {
    const fn new() -> Self {
        Self {
            first: None,
            more: 0,
        }
    }

    // Each is held against the first alone, or the time would grow with the square of how many there are.
    fn add(&mut self, same: impl FnOnce(&T) -> bool, owned: impl FnOnce() -> T) {
        match &self.first {
            None => self.first = Some(owned()),
            Some(first) if same(first) => {}
            Some(_) => self.more = self.more.saturating_add(1),
        }
    }

    fn only(self) -> Result<T, TransactionError> {
        match (self.first, self.more) {
            (Some(one), 0) => Ok(one),
            (Some(_), more) => Err(TransactionError::Ambiguous(more.saturating_add(1))),
            (None, _) => Err(TransactionError::NotFound),
        }
    }
}

impl Granted {
    const fn of_certificate(
        certificate: Certificate<'static>,
        issuer: Option<Certificate<'static>>,
        others: Vec<Certificate<'static>>,
    ) -> Self {
        Self {
            certificate: Some(certificate),
            crl: None,
            issuer,
            others,
        }
    }

    /// The certificate that was asked for; `None` after a GetCRL.
    ///
    /// One that was enrolled for has the CSR's public key. Whose signature it has, [`issuer`](Self::issuer) tells.
    #[must_use]
    pub const fn certificate(&self) -> Option<&Certificate<'static>> {
        self.certificate.as_ref()
    }

    /// The certificate, as [`certificate`](Self::certificate) has it.
    #[must_use]
    pub fn into_certificate(self) -> Option<Certificate<'static>> {
        self.certificate
    }

    /// The CRL that a GetCRL asked for.
    #[must_use]
    pub const fn crl(&self) -> Option<&Crl<'static>> {
        self.crl.as_ref()
    }

    /// The certificate, one of [`CaRoles::chain`], whose key signed what was asked for.
    ///
    /// `None` if nothing vouches for what came: after a GetCert or GetCRL that asked for the certificate or CRL of a CA whose
    /// name none of the chain has, and after an enrolment or GetCert under a policy with [`Tolerance::AnotherIssuer`].
    #[must_use]
    pub const fn issuer(&self) -> Option<&Certificate<'static>> {
        self.issuer.as_ref()
    }

    /// The certificate and the others, without a copy.
    pub(crate) fn into_certificates(
        self,
    ) -> (Option<Certificate<'static>>, Vec<Certificate<'static>>) {
        (self.certificate, self.others)
    }

    /// The other certificates of the reply, such as the chain. Only the CA's key vouches for what it signed itself.
    #[must_use]
    pub fn others(&self) -> &[Certificate<'static>] {
        &self.others
    }
}
