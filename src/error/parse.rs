//! The error of everything that reads bytes.

use core::fmt;

use super::Cause;
use crate::{FailInfo, Limit, Oid};

/// Bytes could not be read as what they should be.
///
/// Says what is wrong, in which ASN.1 item, and at which byte of which layer.
///
/// ```
/// use scep::{Item, Limits, ParseErrorKind, PkiMessage};
/// let error = PkiMessage::parse(&[0x30, 0x05, 0x06], &Limits::REQUEST).unwrap_err();
/// assert_eq!(error.kind(), ParseErrorKind::Truncated);
/// assert_eq!((error.item(), error.offset()), (Item::ContentInfo, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub(crate) kind: ParseErrorKind,
    pub(crate) item: Item,
    pub(crate) offset: usize,
    pub(crate) layer: Layer,
}

/// What is wrong with bytes that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The element is longer than what is there.
    Truncated,
    /// Another tag stands where an item of a fixed tag must be.
    UnexpectedTag {
        /// The tag that should be there.
        expected: u8,
        /// The tag that is there.
        found: u8,
    },
    /// The tag has more than five bytes.
    InvalidTag,
    /// The length has a reserved or impossible form.
    InvalidLength,
    /// A length or string in BER form stands where DER is required.
    NotDer,
    /// The content of the item is not what its type allows.
    InvalidValue,
    /// Bytes follow the end of the item.
    TrailingData,
    /// A bound of [`Limits`](crate::Limits) is exceeded.
    LimitExceeded(Limit),
    /// There are more of a kind in the item than this, as many as are listed.
    TooMany(usize),
    /// The item must be there ([RFC 8894](https://www.rfc-editor.org/rfc/rfc8894)) and is not.
    Missing,
    /// The item may stand only once and stands again, or has several values.
    Duplicate,
    /// The item must be of another type; this is what it says that it is.
    UnexpectedType(Oid),
    /// The item may not be here.
    NotAllowed,
}

/// An ASN.1 item of a message, named as in the RFCs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Item {
    /// The whole input.
    Input,
    /// ContentInfo.
    ContentInfo,
    /// ContentInfo.contentType.
    ContentType,
    /// SignedData.
    SignedData,
    /// SignedData.digestAlgorithms.
    DigestAlgorithms,
    /// SignedData.encapContentInfo.
    EncapContentInfo,
    /// SignedData.encapContentInfo.eContent.
    EContent,
    /// SignedData.certificates.
    Certificates,
    /// SignedData.crls.
    Crls,
    /// SignedData.signerInfos.
    SignerInfos,
    /// SignerInfo.
    SignerInfo,
    /// SignerInfo.sid or RecipientInfo.rid.
    Identifier,
    /// SignerInfo.signedAttrs.
    SignedAttributes,
    /// SignerInfo.unsignedAttrs.
    UnsignedAttributes,
    /// SignerInfo.signature.
    Signature,
    /// An attribute other than those below.
    Attribute,
    /// The contentType attribute.
    ContentTypeAttribute,
    /// The messageDigest attribute.
    MessageDigest,
    /// The signingTime attribute.
    SigningTime,
    /// The messageType attribute.
    MessageType,
    /// The pkiStatus attribute.
    PkiStatus,
    /// The failInfo attribute.
    FailInfo,
    /// The failInfoText attribute.
    FailInfoText,
    /// Microsoft's attribute with a message of the server.
    MicrosoftMessage,
    /// The senderNonce attribute.
    SenderNonce,
    /// The recipientNonce attribute.
    RecipientNonce,
    /// The transactionID attribute.
    TransactionId,
    /// EnvelopedData.
    EnvelopedData,
    /// EnvelopedData.recipientInfos.
    RecipientInfos,
    /// RecipientInfo.
    RecipientInfo,
    /// RecipientInfo.encryptedKey.
    EncryptedKey,
    /// EnvelopedData.encryptedContentInfo.
    EncryptedContentInfo,
    /// EnvelopedData.encryptedContentInfo.encryptedContent.
    EncryptedContent,
    /// AlgorithmIdentifier.
    AlgorithmIdentifier,
    /// The initialisation vector of a content cipher.
    InitialisationVector,
    /// Certificate.
    Certificate,
    /// CertificateList.
    CertificateList,
    /// CertificationRequest.
    CertificationRequest,
    /// The attributes of a CertificationRequest.
    CertificationRequestAttributes,
    /// The challengePassword attribute of a CertificationRequest.
    ChallengePassword,
    /// Extensions.
    Extensions,
    /// Name.
    Name,
    /// SubjectPublicKeyInfo.
    SubjectPublicKeyInfo,
    /// IssuerAndSubject.
    IssuerAndSubject,
    /// IssuerAndSerialNumber.
    IssuerAndSerialNumber,
    /// The text of a GetCACaps response.
    Capabilities,
    /// [`SavedEnrolment`](crate::client::SavedEnrolment).
    SavedEnrolment,
    /// The bytes of a [`HeldEnrolment`](crate::server::HeldEnrolment).
    HeldEnrolment,
}

impl Item {
    /// The item's name, as the RFCs write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::ContentInfo => "ContentInfo",
            Self::ContentType => "ContentInfo.contentType",
            Self::SignedData => "SignedData",
            Self::DigestAlgorithms => "SignedData.digestAlgorithms",
            Self::EncapContentInfo => "SignedData.encapContentInfo",
            Self::EContent => "SignedData.encapContentInfo.eContent",
            Self::Certificates => "SignedData.certificates",
            Self::Crls => "SignedData.crls",
            Self::SignerInfos => "SignedData.signerInfos",
            Self::SignerInfo => "SignerInfo",
            Self::Identifier => "identifier of a signer or recipient",
            Self::SignedAttributes => "SignerInfo.signedAttrs",
            Self::UnsignedAttributes => "SignerInfo.unsignedAttrs",
            Self::Signature => "signature",
            Self::Attribute => "attribute",
            Self::ContentTypeAttribute => "attribute contentType",
            Self::MessageDigest => "attribute messageDigest",
            Self::SigningTime => "attribute signingTime",
            Self::MessageType => "attribute messageType",
            Self::PkiStatus => "attribute pkiStatus",
            Self::FailInfo => "attribute failInfo",
            Self::FailInfoText => "attribute failInfoText",
            Self::MicrosoftMessage => "Microsoft's attribute of the server's message",
            Self::SenderNonce => "attribute senderNonce",
            Self::RecipientNonce => "attribute recipientNonce",
            Self::TransactionId => "attribute transactionID",
            Self::EnvelopedData => "EnvelopedData",
            Self::RecipientInfos => "EnvelopedData.recipientInfos",
            Self::RecipientInfo => "RecipientInfo",
            Self::EncryptedKey => "RecipientInfo.encryptedKey",
            Self::EncryptedContentInfo => "EnvelopedData.encryptedContentInfo",
            Self::EncryptedContent => "EnvelopedData.encryptedContentInfo.encryptedContent",
            Self::AlgorithmIdentifier => "AlgorithmIdentifier",
            Self::InitialisationVector => "initialisation vector",
            Self::Certificate => "Certificate",
            Self::CertificateList => "CertificateList",
            Self::CertificationRequest => "CertificationRequest",
            Self::CertificationRequestAttributes => "CertificationRequestInfo.attributes",
            Self::ChallengePassword => "attribute challengePassword",
            Self::Extensions => "Extensions",
            Self::Name => "Name",
            Self::SubjectPublicKeyInfo => "SubjectPublicKeyInfo",
            Self::IssuerAndSubject => "IssuerAndSubject",
            Self::IssuerAndSerialNumber => "IssuerAndSerialNumber",
            Self::SavedEnrolment => "SavedEnrolment",
            Self::Capabilities => "GetCACaps text",
            Self::HeldEnrolment => "HeldEnrolment",
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which bytes an offset counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// The bytes as they were received.
    Message,
    /// The octets of eContent, put together from the segments of a BER string.
    Content,
    /// The decrypted payload. Only the inspection API tells offsets in it.
    Payload,
}

impl ParseError {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// The ASN.1 item that could not be read.
    #[must_use]
    pub const fn item(&self) -> Item {
        self.item
    }

    /// Where the trouble stands: the offset in bytes in [`layer`](Self::layer).
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Which bytes the offset counts in.
    #[must_use]
    pub const fn layer(&self) -> Layer {
        self.layer
    }

    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self.kind {
            ParseErrorKind::LimitExceeded(_) | ParseErrorKind::TooMany(_) => Cause::Policy,
            ParseErrorKind::Missing | ParseErrorKind::Duplicate | ParseErrorKind::NotAllowed => {
                Cause::Protocol
            }
            _ => Cause::Undecodable,
        }
    }

    /// What a server should answer where it can answer at all: badMessageCheck.
    #[must_use]
    pub const fn fail_info(&self) -> FailInfo {
        FailInfo::BadMessageCheck
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = self.item;
        match self.kind {
            ParseErrorKind::Truncated => write!(f, "{item} is cut short")?,
            ParseErrorKind::UnexpectedTag { expected, found } => {
                write!(f, "{item} must have tag {expected:02x}, not {found:02x}")?;
            }
            ParseErrorKind::InvalidTag => write!(f, "{item} has a tag of more than five bytes")?,
            ParseErrorKind::InvalidLength => write!(f, "{item} has an impossible length")?,
            ParseErrorKind::NotDer => write!(f, "{item} is BER where DER is required")?,
            ParseErrorKind::InvalidValue => write!(f, "{item} has a value that its type forbids")?,
            ParseErrorKind::TrailingData => write!(f, "bytes follow the end of {item}")?,
            ParseErrorKind::LimitExceeded(limit) => {
                write!(f, "{item} exceeds the limit of {limit}")?
            }
            ParseErrorKind::Missing => write!(f, "{item} is missing")?,
            ParseErrorKind::Duplicate => write!(f, "{item} stands more than once")?,
            ParseErrorKind::UnexpectedType(oid) => {
                write!(f, "{item} is of the unexpected type {oid}")?
            }
            ParseErrorKind::NotAllowed => write!(f, "{item} is not allowed here")?,
            ParseErrorKind::TooMany(most) => write!(f, "{item} has more than {most} of a kind")?,
        }
        let layer = match self.layer {
            Layer::Message => "",
            Layer::Content => " of eContent",
            Layer::Payload => " of the payload",
        };
        write!(f, ", at byte {}{layer}", self.offset)
    }
}

impl core::error::Error for ParseError {}
