//! The first state: a message as it was received.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::attributes::{Attributes, Found};
use crate::asn1::{Reader, Span};
use crate::certificate::Certificate;
use crate::cms::{Encoding, EnvelopedData, Identifier, RecipientInfo, SignedData, SignerInfo};
use crate::{Item, Layer, Limits, MessageType, Nonce, ParseError, ParseErrorKind, TransactionId};

/// A pkiMessage as it was received: readable, and nothing of it to be trusted.
///
/// Parsing checks its structure and that the attributes of [RFC 8894, section 3.2.1] are there, each once. The bytes are
/// kept as they came, BER or DER; a message in DER is read without allocating.
///
/// What it says is told by accessors named `unverified`, for routing and logs; what it carries becomes readable only by
/// [`verify`](Self::verify) and [`VerifiedMessage::open`](super::VerifiedMessage::open). There is no way round:
///
/// ```compile_fail,E0599
/// # use scep::{Limits, PkiMessage};
/// # fn payload(bytes: &[u8]) {
/// let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
/// let payload = message.open(); // only a VerifiedMessage can be opened
/// # }
/// ```
///
/// [RFC 8894, section 3.2.1]: https://www.rfc-editor.org/rfc/rfc8894#section-3.2.1
#[derive(Clone)]
pub struct PkiMessage<'a> {
    input: Cow<'a, [u8]>,
    content: Content,
    found: Found,
    encoding: Encoding,
    limits: Limits,
}

/// Where the octets of eContent are.
#[derive(Clone, Debug)]
enum Content {
    Absent,
    InPlace {
        span: Span,
        offset: usize,
    },
    /// Put together from the segments of a BER string.
    Joined(Vec<u8>),
}

/// How a message names its signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignerId<'m> {
    /// By issuer and serial number.
    IssuerAndSerialNumber {
        /// The issuer's Name in DER.
        issuer: &'m [u8],
        /// The contents octets of the serial number.
        serial: &'m [u8],
    },
    /// By subject key identifier.
    SubjectKeyIdentifier(&'m [u8]),
}

/// How an envelope names a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecipientId<'m> {
    /// Key transport, ktri, to a certificate.
    KeyTransport(SignerId<'m>),
    /// Key agreement, kari.
    KeyAgreement,
    /// A shared key-encryption key, kekri.
    KeyEncryptionKey,
    /// A password, pwri.
    Password,
    /// Any other, ori.
    Other,
}

impl<'a> PkiMessage<'a> {
    /// Reads a whole pkiMessage.
    ///
    /// # Errors
    /// A [`ParseError`] if the bytes are no SignedData with exactly one signer and signed attributes, if messageType or
    /// transactionID (or pkiStatus, in a CertRep) is missing, if a known attribute stands twice or has several values,
    /// or if a limit is exceeded.
    pub fn parse(input: impl Into<Cow<'a, [u8]>>, limits: &Limits) -> Result<Self, ParseError> {
        let input = input.into();
        let (content, found, encoding) = read(&input, limits)?;
        Ok(Self {
            input,
            content,
            found,
            encoding,
            limits: *limits,
        })
    }

    /// The message with a buffer of its own.
    #[must_use]
    pub fn into_owned(self) -> PkiMessage<'static> {
        PkiMessage {
            input: Cow::Owned(self.input.into_owned()),
            content: self.content,
            found: self.found,
            encoding: self.encoding,
            limits: self.limits,
        }
    }

    /// The bytes as they were received.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.input
    }

    /// Whether the outer layer is DER or BER.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The signed attributes, which anybody may have written.
    #[must_use]
    pub fn unverified_attributes(&self) -> Attributes<'_> {
        Attributes::new(&self.input, &self.found)
    }

    /// The messageType, which anybody may have written.
    #[must_use]
    pub const fn unverified_message_type(&self) -> MessageType {
        self.found.message_type
    }

    /// The transactionID, which anybody may have written.
    #[must_use]
    pub fn unverified_transaction_id(&self) -> TransactionId<'_> {
        self.unverified_attributes().transaction_id()
    }

    /// The senderNonce, which anybody may have written.
    #[must_use]
    pub const fn unverified_sender_nonce(&self) -> Option<Nonce> {
        self.found.sender_nonce
    }

    /// The certificates that came with the message: a pool to find the signer in, and nothing to be trusted.
    /// Elements that are no X.509 certificate are passed over.
    pub fn unverified_certificates(&self) -> impl Iterator<Item = Certificate<'_>> {
        self.signed_data()
            .into_iter()
            .flat_map(|signed| signed.certificates())
            .filter_map(|der| Certificate::from_der(der).ok())
    }

    /// How the message names its signer.
    #[must_use]
    pub fn unverified_signer_id(&self) -> Option<SignerId<'_>> {
        self.signer_info().map(|info| SignerId::from(info.sid))
    }

    /// How the envelope names its recipients: which of your keys it was meant for.
    ///
    /// # Errors
    /// A [`ParseError`] if the content is no EnvelopedData. A message without content has no recipients.
    pub fn unverified_recipients(&self) -> Result<Vec<RecipientId<'_>>, ParseError> {
        let Some(envelope) = self.envelope()? else {
            return Ok(Vec::new());
        };
        envelope
            .recipients()
            .map(|recipient| {
                Ok(match recipient? {
                    RecipientInfo::KeyTrans(ktri) => RecipientId::KeyTransport(ktri.rid.into()),
                    RecipientInfo::KeyAgree(_) => RecipientId::KeyAgreement,
                    RecipientInfo::Kek => RecipientId::KeyEncryptionKey,
                    RecipientInfo::Password(_) => RecipientId::Password,
                    RecipientInfo::Other => RecipientId::Other,
                })
            })
            .collect()
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The octets of eContent; empty if it is absent, as it is digested.
    pub(crate) fn content(&self) -> &[u8] {
        match &self.content {
            Content::Absent => &[],
            Content::InPlace { span, .. } => span.of_buffer(&self.input),
            Content::Joined(octets) => octets,
        }
    }

    /// The EnvelopedData in the content, or `None` if there is no content.
    pub(crate) fn envelope(&self) -> Result<Option<EnvelopedData<'_>>, ParseError> {
        let (offset, layer) = match &self.content {
            Content::InPlace { offset, .. } => (*offset, Layer::Message),
            Content::Absent | Content::Joined(_) => (0, Layer::Content),
        };
        let content = self.content();
        if content.is_empty() {
            return Ok(None);
        }
        EnvelopedData::read_content_info(content, offset, layer, &self.limits).map(Some)
    }

    /// The view that [`parse`](Self::parse) found readable.
    pub(crate) fn signed_data(&self) -> Option<SignedData<'_>> {
        let mut reader = Reader::new(&self.input, 0, Layer::Message, &self.limits);
        SignedData::read_content_info(&mut reader, &self.limits).ok()
    }

    pub(crate) fn signer_info(&self) -> Option<SignerInfo<'_>> {
        let signed = self.signed_data()?;
        Some(
            signed
                .only_signer_info(Layer::Message, &self.limits)
                .ok()?
                .0,
        )
    }
}

fn read(input: &[u8], limits: &Limits) -> Result<(Content, Found, Encoding), ParseError> {
    let mut reader = Reader::new(input, 0, Layer::Message, limits);
    if input.len() > limits.input_len {
        let kind = ParseErrorKind::LimitExceeded(crate::Limit::InputLen);
        return Err(reader.error(kind, Item::Input));
    }
    let signed = SignedData::read_content_info(&mut reader, limits)?;
    reader.finish(Item::ContentInfo)?;
    let (info, info_reader) = signed.only_signer_info(Layer::Message, limits)?;
    let Some(attributes) = &info.signed_attributes else {
        return Err(reader.error_at(
            ParseErrorKind::Missing,
            Item::SignedAttributes,
            signed.signer_infos.offset,
        ));
    };
    let found = Found::read(input, attributes, limits)?;
    let content = match signed.content {
        None => Content::Absent,
        Some(octets) => match octets.in_place() {
            Some(in_place) => Content::InPlace {
                span: Span::of(input, in_place),
                offset: octets.offset,
            },
            None => Content::Joined(octets.to_vec()),
        },
    };
    let encoding = Encoding::of(reader.ber_seen() || info_reader.ber_seen());
    Ok((content, found, encoding))
}

impl<'m> From<Identifier<'m>> for SignerId<'m> {
    fn from(id: Identifier<'m>) -> Self {
        match id {
            Identifier::IssuerAndSerialNumber { issuer, serial } => {
                Self::IssuerAndSerialNumber { issuer, serial }
            }
            Identifier::SubjectKeyIdentifier(ski) => Self::SubjectKeyIdentifier(ski),
        }
    }
}

/// Shows what is public of a message, and not its content.
impl core::fmt::Debug for PkiMessage<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PkiMessage")
            .field("len", &self.input.len())
            .field("encoding", &self.encoding)
            .field("unverified_message_type", &self.unverified_message_type())
            .field(
                "unverified_transaction_id",
                &self.unverified_transaction_id(),
            )
            .finish_non_exhaustive()
    }
}
