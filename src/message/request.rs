//! The third state of a request: opened.

use alloc::vec::Vec;

use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::payload::{IssuerAndSerialNumber, IssuerAndSubject};
use crate::asn1::Reader;
use crate::certificate::Certificate;
use crate::crypto::{
    ContentCipher, DigestAlgorithm, KeyManagement, Policy, Provider, SignatureAlgorithm,
    SubstituteSecret, is_same_key,
};
use crate::csr::{Csr, UnverifiedCsr};
use crate::pki_message::open::{Opened, OpenedBy};
use crate::pki_message::{
    EncryptedKey, PkiMessage, Recipient, SignerMatch, SignerTrust, VerifiedMessage,
};
use crate::{
    DecryptError, Error, Layer, Limits, MessageType, Nonce, OpenError, ParseError, TransactionId,
};

/// A request that was verified and opened: what a server decides on, and the only thing that it can grant.
///
/// It owns all that it holds and is `Send + Sync + 'static`, so that it may wait in a queue or across an await point.
/// Made only by [`VerifiedMessage::open`] and [`VerifiedMessage::open_with`].
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
    message_type: MessageType,
    transaction_id: TransactionId<'static>,
    sender_nonce: Option<Nonce>,
    signer: Certificate<'static>,
    matched: SignerMatch,
    opened_by: OpenedBy,
    digest: DigestAlgorithm,
    signature_algorithm: SignatureAlgorithm,
    policy: Policy,
}

/// What a request asks for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RequestBody {
    /// PKCSReq: a certificate. Its challenge was not judged: see [`Csr::challenge_password`].
    PkcsReq(Csr),
    /// RenewalReq: a certificate in the place of the signer's. What that proves was not judged: see
    /// [`Request::renewal_proof`].
    RenewalReq(Csr),
    /// CertPoll: the certificate that was asked for before. The transactionID and the signer tell which. The names are a hint for
    /// people, and empty if the envelope does not open: no answer may depend on them.
    CertPoll(IssuerAndSubject),
    /// GetCert: a certificate by its issuer and serial number.
    ///
    /// If the envelope does not open, they are those of no certificate, as in a [GetCRL](Self::GetCrl). Nothing protects what is inside,
    /// so a stranger can make an envelope out of pieces of a captured one that opens if a guess at its plaintext is right. As it is, he
    /// is told that nothing was found in either case.
    GetCert(IssuerAndSerialNumber),
    /// GetCRL: the CRL that would list a certificate.
    ///
    /// Answer with the CRL of the CA that the request is for, whatever names it has: a client looks at the issuer of what it gets. Where
    /// the issuer's name decides, and the serial number does not, a guess at what follows the name would show.
    GetCrl(IssuerAndSerialNumber),
}

impl PkiMessage<'_> {
    /// Verifies and opens a request: [`verify`](Self::verify) and [`VerifiedMessage::open`] in one.
    ///
    /// # Errors
    /// Those of both steps; what to answer is what [`refuse`](Self::refuse) builds from the error.
    pub fn receive(
        &self,
        provider: &Provider,
        policy: &Policy,
        trust: &SignerTrust<'_>,
        recipients: &[Recipient<'_>],
        rng: &mut dyn CryptoRng,
    ) -> Result<Request, Error> {
        Ok(self
            .verify(provider, policy, trust)?
            .open(provider, recipients, rng)?)
    }
}

impl VerifiedMessage<'_> {
    /// Opens the envelope with the first of `recipients` that it is for, and reads the payload.
    ///
    /// # Errors
    /// [`OpenError::Decrypt`] for every way in which the envelope of a PKCSReq or RenewalReq does not open, and if no password is right
    /// (a query that does not open [asks for nothing](RequestBody::GetCert), and a poll needs nothing of what is inside);
    /// [`OpenError::TooManyPasswords`] for more than 4 passwords; other [`OpenError`]s for what is public of the envelope, and for a CSR
    /// that is not signed by its own key. The reply to all of these is [`OpenError::fail_info`] without a text.
    pub fn open(
        &self,
        provider: &Provider,
        recipients: &[Recipient<'_>],
        rng: &mut dyn CryptoRng,
    ) -> Result<Request, OpenError> {
        let (opened, opened_by) =
            self.message()
                .open_envelope(provider, self.policy(), recipients, rng)?;
        self.read(provider, opened, opened_by)
    }

    /// The encrypted content key for the first of `certificates` that the envelope is for: the first of two steps, for a
    /// private key that answers elsewhere.
    ///
    /// # Errors
    /// An [`OpenError`] for what is public of the envelope.
    pub fn encrypted_key<'m>(
        &'m self,
        certificates: &'m [Certificate<'m>],
    ) -> Result<EncryptedKey<'m>, OpenError> {
        self.message()
            .encrypted_key(self.policy(), certificates.iter())
    }

    /// Opens the envelope with what a private key elsewhere answered: the second of two steps.
    ///
    /// `answer` is the decrypted content key, or where [two keys agree](EncryptedKey::originator_key) the x coordinate of the shared
    /// point, as it came. Do not branch on it, but to try the second of two [transports](EncryptedKey::transports): after an error, a
    /// substitute key derived from `secret` takes its place, so that nobody learns which of the two it was.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with<E>(
        &self,
        provider: &Provider,
        encrypted: &EncryptedKey<'_>,
        answer: Result<Zeroizing<Vec<u8>>, E>,
        secret: &SubstituteSecret,
    ) -> Result<Request, OpenError> {
        if !encrypted.is_of(self.message()) {
            return Err(OpenError::AnotherMessage);
        }
        let opened = encrypted.decrypt_content(provider, answer, secret)?;
        self.read(provider, opened, encrypted.opened_by())
    }

    /// Reads the payload.
    fn read(
        &self,
        provider: &Provider,
        opened: Opened,
        opened_by: OpenedBy,
    ) -> Result<Request, OpenError> {
        let limits = self.message().limits();
        let message_type = self.message_type();
        let body = match message_type {
            MessageType::CertPoll => {
                let names = read_names(opened, limits, IssuerAndSubject::read)?;
                RequestBody::CertPoll(names.unwrap_or_else(IssuerAndSubject::of_nobody))
            }
            MessageType::GetCert => {
                let names = read_names(opened, limits, IssuerAndSerialNumber::read)?;
                RequestBody::GetCert(names.unwrap_or_else(IssuerAndSerialNumber::of_none))
            }
            MessageType::GetCrl => {
                let names = read_names(opened, limits, IssuerAndSerialNumber::read)?;
                RequestBody::GetCrl(names.unwrap_or_else(IssuerAndSerialNumber::of_none))
            }
            _ => {
                // The CSR's own signature is verified before the padding is acted on: see `Opened::finish`.
                let read = UnverifiedCsr::read_prefix(opened.buffer(), Layer::Payload, limits);
                let verdict = match &read {
                    Ok((view, _)) => view
                        .check(opened.buffer(), provider, self.policy())
                        .map_err(OpenError::from),
                    Err(_) => Err(DecryptError.into()),
                };
                let cost_as_much = match (&verdict, &read) {
                    (Ok(_), _) => true,
                    // On a curve, what is no point or no pair of numbers is wrong before anything is computed.
                    (Err(OpenError::CsrSignature), Ok((view, _))) => {
                        view.has_rsa_key(opened.buffer())
                    }
                    _ => false,
                };
                if !cost_as_much {
                    UnverifiedCsr::check_in_vain(opened.buffer(), provider);
                }
                let (_, len) = read.map_err(|_| DecryptError)?;
                let payload = opened.finish(len)?;
                let csr = Csr::from_checked(payload, verdict?);
                if message_type == MessageType::RenewalReq {
                    RequestBody::RenewalReq(csr)
                } else {
                    RequestBody::PkcsReq(csr)
                }
            }
        };
        Ok(Request {
            body,
            message_type,
            transaction_id: self.attributes().transaction_id().into_owned(),
            sender_nonce: self.attributes().sender_nonce(),
            signer: self.signer().clone().into_owned(),
            matched: self.signer_match(),
            opened_by,
            digest: self.digest(),
            signature_algorithm: self.signature_algorithm(),
            policy: *self.policy(),
        })
    }
}

/// The payload of a poll or query, or `None` if the envelope does not open. That no password is right may show: it says nothing of
/// what is inside, and the password of a captured envelope is right however its content is changed.
fn read_names<T>(
    opened: Opened,
    limits: &Limits,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, ParseError>,
) -> Result<Option<T>, DecryptError> {
    if !opened.is_unwrapped() {
        return Err(DecryptError);
    }
    let mut reader = Reader::new(opened.buffer(), 0, Layer::Payload, limits);
    let Ok(names) = read(&mut reader) else {
        return Ok(None);
    };
    let len = reader.offset();
    Ok(opened.finish(len).is_ok().then_some(names))
}

impl Request {
    /// What is asked for.
    #[must_use]
    pub const fn body(&self) -> &RequestBody {
        &self.body
    }

    /// The CSR of a PKCSReq or RenewalReq.
    #[must_use]
    pub const fn csr(&self) -> Option<&Csr> {
        match &self.body {
            RequestBody::PkcsReq(csr) | RequestBody::RenewalReq(csr) => Some(csr),
            _ => None,
        }
    }

    /// The messageType.
    #[must_use]
    pub const fn message_type(&self) -> MessageType {
        self.message_type
    }

    /// The transactionID. It is neither unique nor secret: key what you store by it together with the signer's public key.
    #[must_use]
    pub const fn transaction_id(&self) -> &TransactionId<'static> {
        &self.transaction_id
    }

    /// The senderNonce; absent only under a policy that tolerates that.
    #[must_use]
    pub const fn sender_nonce(&self) -> Option<Nonce> {
        self.sender_nonce
    }

    /// The signer's certificate, to which a SUCCESS is encrypted.
    #[must_use]
    pub const fn signer(&self) -> &Certificate<'static> {
        &self.signer
    }

    /// By which member of the caller's [`SignerTrust`](crate::SignerTrust) the signer was accepted.
    #[must_use]
    pub const fn signer_match(&self) -> SignerMatch {
        self.matched
    }

    /// Whether the signer's key is the CSR's, or `None` if there is no CSR.
    ///
    /// That they differ is usual for keys that cannot decrypt (a TPM's) and for proxies; it is a fact, not a fault.
    // Interop: Windows and Apple sign a PKCSReq with a throw-away key.
    #[must_use]
    pub fn signer_has_csr_key(&self) -> Option<bool> {
        self.csr()
            .map(|csr| is_same_key(csr.public_key_der(), self.signer.public_key_der()))
    }

    /// The position of the recipient that opened the request, among those given: which CA or RA it was meant for.
    #[must_use]
    pub const fn recipient(&self) -> usize {
        self.opened_by.recipient
    }

    /// The position of the challenge password that opened the request, among those of the [recipient](Self::recipient); `None` if
    /// its key did. It tells which enrolment a poll is for, and with which [challenge](crate::ReplyBuilder::challenge) it is answered.
    ///
    /// Somebody wrote the envelope under that password: whether it was the signer, or one who captured it, does not show.
    #[must_use]
    pub const fn password(&self) -> Option<usize> {
        self.opened_by.password
    }

    /// The digest of the message, which a reply mirrors.
    #[must_use]
    pub const fn digest(&self) -> DigestAlgorithm {
        self.digest
    }

    /// The algorithm of the signature.
    #[must_use]
    pub const fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.signature_algorithm
    }

    /// The cipher of the envelope, which a reply mirrors.
    #[must_use]
    pub const fn content_cipher(&self) -> ContentCipher {
        self.opened_by.cipher
    }

    /// How the content key was encrypted. A reply mirrors a key transport. A [`KeyManagement::Password`] shows that somebody wrote the
    /// envelope under the password, and not that the signer knows it: he may have captured it.
    #[must_use]
    pub const fn key_management(&self) -> KeyManagement {
        self.opened_by.key_management
    }

    /// The policy that the request was verified and opened under.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }
}
