//! What a server keeps of an enrolment that waits, and how it finds it again.

use alloc::vec::Vec;
use core::fmt;

use super::request::{Request, RequestBody};
use crate::asn1::{Reader, encode, tag};
use crate::certificate::{
    Criticality, Extension, iter_extensions, read_extensions, write_extension,
};
use crate::crypto::public_key::{key_algorithm, key_identity};
use crate::crypto::{CryptoError, DigestAlgorithm, Provider, is_same_key};
use crate::name::NameRef;
use crate::{
    FailInfo, Item, Layer, Limits, MessageType, Oid, ParseError, ParseErrorKind, TransactionId,
};

/// What a server keeps of an enrolment that it answered with PENDING, until it is decided and fetched.
///
/// Keep it under its [`transaction_key`](Self::transaction_key). Whoever polls must be whoever asked:
/// [`answers`](Self::answers) tells, and a SUCCESS to a CertPoll is
/// [built only with it](crate::ReplyBuilder::answering), because a CertPoll names no key.
///
/// It holds the names, key and extensions that a certificate is issued from, and no secret: the challenge password is judged before an
/// enrolment is held, and stays behind. A poll brings none of what else a decision may need, so keep beside it:
///
/// - whether the challenge was right and the CSR the signer's own: only then the reply to a poll may be under
///   [the challenge](crate::ReplyBuilder::challenge);
/// - of a renewal, that it is one and which certificate it renews ([`Request::renewal_proof`]): it may be revoked before it is decided;
/// - the CSR itself ([`Csr::as_der`](crate::Csr::as_der)) for a CA that issues from one, as Intune's service and Microsoft's attributes
///   want it.
///
/// The [bytes](Self::to_bytes) are DER, as large as the CSR without its password and signature, and a key:
///
/// ```text
/// HeldEnrolment ::= SEQUENCE {
///     version        INTEGER (1),
///     transactionID  OCTET STRING,
///     signerKey      SubjectPublicKeyInfo,
///     subject        Name,
///     csrKey         SubjectPublicKeyInfo,
///     extensions     SEQUENCE OF Extension }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct HeldEnrolment {
    transaction_id: TransactionId<'static>,
    signer_key: Vec<u8>,
    subject: Vec<u8>,
    public_key: Vec<u8>,
    /// One after the other.
    extensions: Vec<u8>,
}

/// Under what a server finds an enrolment that waits: SHA-256 over the transactionID and the public key of the signer.
///
/// A transactionID alone is neither unique nor secret. With the signer's key in it, nobody reaches another's enrolment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionKey([u8; 32]);

/// Why a request does not ask for an enrolment that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotHeld {
    /// The request has another transactionID.
    TransactionId,
    /// The request is signed with another key.
    Signer,
    /// The request is a PKCSReq or RenewalReq, and its CSR has another key.
    CsrKey,
    /// A request of this type does not ask for an enrolment.
    MessageType(MessageType),
}

impl Request {
    /// Under what the enrolment is found that the request starts, repeats, or polls for.
    ///
    /// # Errors
    /// A [`CryptoError`] if the provider has no SHA-256.
    pub fn transaction_key(&self, provider: &Provider) -> Result<TransactionKey, CryptoError> {
        let signer_key = self.signer().public_key_der();
        TransactionKey::new(self.transaction_id(), signer_key, provider)
    }
}

impl HeldEnrolment {
    const VERSION: u8 = 1;

    /// What is to be kept of a request before it is answered with PENDING: `None` if it is no PKCSReq or RenewalReq.
    #[must_use]
    pub fn of(request: &Request) -> Option<Self> {
        let csr = request.csr()?;
        let extensions = encode(0, |out| {
            for extension in csr.extensions() {
                let criticality = if extension.is_critical() {
                    Criticality::Critical
                } else {
                    Criticality::NonCritical
                };
                write_extension(out, extension.oid(), criticality, extension.value());
            }
        });
        Some(Self {
            transaction_id: request.transaction_id().clone(),
            signer_key: request.signer().public_key_der().to_vec(),
            subject: csr.subject_der().to_vec(),
            public_key: csr.public_key_der().to_vec(),
            extensions,
        })
    }

    /// Whether this is the enrolment that a request asks for: a CertPoll of the same transactionID and signer key, or the
    /// first request once more, with the same key in its CSR.
    ///
    /// It says so for as long as the caller keeps the enrolment. Once its SUCCESS or FAILURE was sent, a PKCSReq or RenewalReq
    /// starts a new one, and only a CertPoll still asks for it: the reply may have got lost. Between the decision and that, a repeated
    /// request gets what was decided. A challenge password that comes with it is the caller's to judge.
    ///
    /// # Errors
    /// A [`NotHeld`] that says what differs, and [what to answer](NotHeld::fail_info).
    // Interop: micromdm polls by sending its PKCSReq once more.
    pub fn answers(&self, request: &Request) -> Result<(), NotHeld> {
        let csr = match request.body() {
            RequestBody::PkcsReq(csr) | RequestBody::RenewalReq(csr) => Some(csr),
            RequestBody::CertPoll(_) => None,
            RequestBody::GetCert(_) | RequestBody::GetCrl(_) => {
                return Err(NotHeld::MessageType(request.message_type()));
            }
        };
        if *request.transaction_id() != self.transaction_id {
            return Err(NotHeld::TransactionId);
        }
        if !is_same_key(request.signer().public_key_der(), &self.signer_key) {
            return Err(NotHeld::Signer);
        }
        match csr {
            Some(csr) if !is_same_key(csr.public_key_der(), &self.public_key) => {
                Err(NotHeld::CsrKey)
            }
            _ => Ok(()),
        }
    }

    /// Under what it is to be kept; [`Request::transaction_key`] gives the same for who asks for it.
    ///
    /// # Errors
    /// A [`CryptoError`] if the provider has no SHA-256.
    pub fn transaction_key(&self, provider: &Provider) -> Result<TransactionKey, CryptoError> {
        TransactionKey::new(&self.transaction_id, &self.signer_key, provider)
    }

    /// The transactionID.
    #[must_use]
    pub const fn transaction_id(&self) -> &TransactionId<'static> {
        &self.transaction_id
    }

    /// The name of the subject that the CSR asks for.
    #[must_use]
    pub fn subject(&self) -> NameRef<'_> {
        NameRef::new(&self.subject)
    }

    /// The DER of the SubjectPublicKeyInfo that is to be certified. Who asks has its private key.
    #[must_use]
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key
    }

    /// The extensions that the CSR asks for, as [`Csr::extensions`](crate::Csr::extensions) gives them.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        iter_extensions(&self.extensions)
    }

    /// The first extension of a type that the CSR asks for.
    #[must_use]
    pub fn extension(&self, oid: Oid) -> Option<Extension<'_>> {
        self.extensions().find(|extension| extension.oid() == oid)
    }

    /// The bytes to be kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(1024, |out| {
            out.sequence(|fields| {
                fields.small_integer(Self::VERSION);
                fields.octet_string(self.transaction_id.as_bytes());
                fields.raw(&self.signer_key);
                fields.raw(&self.subject);
                fields.raw(&self.public_key);
                fields.sequence(|extensions| extensions.raw(&self.extensions));
            });
        })
    }

    /// Reads the bytes that [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    /// A [`ParseError`] if the bytes are something else, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        let item = Item::HeldEnrolment;
        let mut reader = Reader::new_der(bytes, 0, Layer::Message, &Limits::REQUEST);
        let held = reader.nested(tag::SEQUENCE, item, |fields| {
            let version = fields.expect(tag::INTEGER, item)?;
            if version.contents != [Self::VERSION] {
                return Err(fields.error_at(ParseErrorKind::InvalidValue, item, version.offset));
            }
            let id = fields.expect(tag::OCTET_STRING, Item::TransactionId)?;
            if id.contents.is_empty() {
                let item = Item::TransactionId;
                return Err(fields.error_at(ParseErrorKind::InvalidValue, item, id.offset));
            }
            let key = |fields: &mut Reader<'_>| {
                let item = Item::SubjectPublicKeyInfo;
                let key = fields.expect(tag::SEQUENCE, item)?;
                match key_algorithm(key.raw) {
                    Some(_) => Ok(key.raw.to_vec()),
                    None => Err(fields.error_at(ParseErrorKind::InvalidValue, item, key.offset)),
                }
            };
            Ok(Self {
                transaction_id: TransactionId::borrowed(tag::UTF8_STRING, id.contents).into_owned(),
                signer_key: key(fields)?,
                subject: fields.expect(tag::SEQUENCE, Item::Name)?.raw.to_vec(),
                public_key: key(fields)?,
                extensions: read_extensions(fields)?.to_vec(),
            })
        })?;
        reader.finish(item)?;
        Ok(held)
    }
}

/// Shows the transactionID and the subject.
impl fmt::Debug for HeldEnrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldEnrolment")
            .field("transaction_id", &self.transaction_id)
            .field("subject", &self.subject())
            .finish_non_exhaustive()
    }
}

impl TransactionKey {
    fn new(
        id: &TransactionId<'_>,
        signer_key: &[u8],
        provider: &Provider,
    ) -> Result<Self, CryptoError> {
        // With its length before it, so that no identifier runs into the key.
        let id = encode(64, |out| out.octet_string(id.as_bytes()));
        let (_, signer_key) = key_identity(signer_key);
        let digest = provider
            .digests()
            .digest(DigestAlgorithm::Sha256, &[&id, signer_key])?;
        let bytes = digest.as_bytes().try_into();
        bytes.map(Self).map_err(|_| CryptoError::Failed)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// 64 hexadecimal digits in lower case, fit for the name of a file.
impl fmt::Display for TransactionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TransactionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransactionKey({self})")
    }
}

impl NotHeld {
    /// What to answer: badCertId to a CertPoll for another transaction or by another signer, badRequest to a request for another key or
    /// of another type. A PKCSReq or RenewalReq of another transaction or signer is none of these: it is just another enrolment.
    #[must_use]
    pub const fn fail_info(&self) -> FailInfo {
        match self {
            Self::TransactionId | Self::Signer => FailInfo::BadCertId,
            Self::CsrKey | Self::MessageType(_) => FailInfo::BadRequest,
        }
    }
}

impl fmt::Display for NotHeld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TransactionId => f.write_str("the enrolment has another transactionID"),
            Self::Signer => f.write_str("the enrolment was asked for with another key"),
            Self::CsrKey => f.write_str("the enrolment is for another key"),
            Self::MessageType(request) => write!(f, "a {request} does not ask for an enrolment"),
        }
    }
}

impl core::error::Error for NotHeld {}
