//! The signed attributes of a message, [RFC 8894, section 3.2.1](https://www.rfc-editor.org/rfc/rfc8894#section-3.2.1).

use alloc::string::String;

use crate::asn1::{Element, Reader, Span, tag};
use crate::attributes::{decimal_code, text_of};
use crate::cms::{Attribute, SignedAttributes};
use crate::microsoft::Hresult;
use crate::oid::{self, Oid};
use crate::{
    FailInfo, Item, Layer, Limits, MessageType, Nonce, ParseError, ParseErrorKind, PkiStatus,
    TransactionId,
};

/// The signed attributes of a message.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'m> {
    input: &'m [u8],
    found: &'m Found,
}

/// A signed attribute that [`Attributes`] has no accessor for, or failInfo or Microsoft's code that is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAttribute<'m> {
    oid: Oid,
    values: &'m [u8],
}

/// What was found among the signed attributes, without borrowing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) message_type: MessageType,
    transaction_id: Text,
    pub(crate) sender_nonce: Option<Nonce>,
    recipient_nonce: Option<Nonce>,
    pki_status: Option<PkiStatus>,
    fail_info: Option<FailInfo>,
    fail_info_text: Option<Text>,
    ms_error: Option<Text>,
    ms_message: Option<Text>,
    signing_time: Option<Text>,
    all: Span,
    limits: Limits,
}

/// A character string or time by its tag and place.
#[derive(Clone, Copy, Debug)]
struct Text {
    tag: u8,
    contents: Span,
}

impl<'m> Attributes<'m> {
    pub(crate) const fn new(input: &'m [u8], found: &'m Found) -> Self {
        Self { input, found }
    }

    /// messageType.
    #[must_use]
    pub const fn message_type(&self) -> MessageType {
        self.found.message_type
    }

    /// transactionID.
    #[must_use]
    pub fn transaction_id(&self) -> TransactionId<'m> {
        let Text { tag, contents } = self.found.transaction_id;
        TransactionId::borrowed(tag, contents.of_buffer(self.input))
    }

    /// senderNonce. RFC 8894 demands it in every message; some servers leave it out of replies.
    #[must_use]
    pub const fn sender_nonce(&self) -> Option<Nonce> {
        self.found.sender_nonce
    }

    /// recipientNonce, in replies.
    #[must_use]
    pub const fn recipient_nonce(&self) -> Option<Nonce> {
        self.found.recipient_nonce
    }

    /// pkiStatus, in replies.
    #[must_use]
    pub const fn pki_status(&self) -> Option<PkiStatus> {
        self.found.pki_status
    }

    /// failInfo, in replies of status FAILURE. `None` if it is absent or no number, which is then among the
    /// [`unknown`](Self::unknown) attributes.
    #[must_use]
    pub const fn fail_info(&self) -> Option<FailInfo> {
        self.found.fail_info
    }

    /// failInfoText, in replies of status FAILURE.
    #[must_use]
    pub fn fail_info_text(&self) -> Option<String> {
        self.text(self.found.fail_info_text)
    }

    /// Microsoft's code of the failure (1.3.6.1.4.1.311.21.33), an HRESULT: the only useful diagnosis that NDES gives. `None` if it
    /// is absent or not written as NDES writes it, in decimal digits with a sign.
    #[must_use]
    pub fn microsoft_error(&self) -> Option<Hresult> {
        let signed: i32 = self.text(self.found.ms_error)?.parse().ok()?;
        Some(signed.into())
    }

    /// Microsoft's message of the server (1.3.6.1.4.1.311.21.38).
    #[must_use]
    pub fn microsoft_message(&self) -> Option<String> {
        self.text(self.found.ms_message)
    }

    /// signingTime as its characters stand, such as `261123223000Z`.
    #[must_use]
    pub fn signing_time(&self) -> Option<&'m [u8]> {
        Some(self.found.signing_time?.contents.of_buffer(self.input))
    }

    /// signingTime in seconds since the Unix epoch, if it can be understood.
    #[cfg(feature = "diagnose")]
    pub(crate) fn signing_seconds(&self) -> Option<i64> {
        let time = self.found.signing_time?;
        crate::certificate::unix_seconds(time.tag, time.contents.of_buffer(self.input))
    }

    /// Whether there is an attribute of this type.
    #[cfg(feature = "diagnose")]
    pub(crate) fn has(&self, oid: Oid) -> bool {
        self.all().any(|attribute| attribute.oid == oid.as_bytes())
    }

    /// contentType, if it is there and an object identifier.
    #[cfg(feature = "diagnose")]
    pub(crate) fn content_type(&self) -> Option<Oid> {
        let mut all = self.all();
        let found = all.find(|attribute| attribute.oid == oid::CONTENT_TYPE.as_bytes())?;
        let value = found.value.filter(|value| value.tag == tag::OID)?;
        Oid::from_bytes(value.contents)
    }

    /// The attributes that this type has no accessor for, in their order, and failInfo and Microsoft's code if they are no numbers.
    pub fn unknown(&self) -> impl Iterator<Item = UnknownAttribute<'m>> + use<'m> {
        let unreadable = [
            self.fail_info().is_none().then_some(oid::FAIL_INFO),
            self.microsoft_error()
                .is_none()
                .then_some(oid::MS_SCEP_ERROR),
        ];
        let is_unreadable =
            move |oid: &[u8]| unreadable.iter().flatten().any(|one| one.as_bytes() == oid);
        self.all()
            .filter(move |attribute| !is_known(attribute.oid) || is_unreadable(attribute.oid))
            .filter_map(|attribute| {
                Some(UnknownAttribute {
                    oid: Oid::from_bytes(attribute.oid)?,
                    values: attribute.values,
                })
            })
    }

    fn all(&self) -> impl Iterator<Item = Attribute<'m>> + use<'m> {
        let limits = self.found.limits;
        let contents = self.found.all.of_buffer(self.input);
        let mut reader = Reader::new(contents, 0, Layer::Message, &limits);
        core::iter::from_fn(move || {
            if reader.at_end() {
                return None;
            }
            Attribute::read(&mut reader, &limits).ok()
        })
    }

    fn text(&self, text: Option<Text>) -> Option<String> {
        text.map(|text| text_of(text.tag, text.contents.of_buffer(self.input)))
    }
}

impl<'m> UnknownAttribute<'m> {
    /// The attribute's type.
    #[must_use]
    pub const fn oid(&self) -> Oid {
        self.oid
    }

    /// The values, each with tag and length, one after the other.
    #[must_use]
    pub const fn values(&self) -> &'m [u8] {
        self.values
    }
}

impl Found {
    /// Reads the attributes; each that is known stands once and has one value.
    pub(crate) fn read(
        input: &[u8],
        attributes: &SignedAttributes<'_>,
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        let mut reader = Reader::new(
            attributes.contents(),
            attributes.offset(),
            Layer::Message,
            limits,
        );
        let mut known = Known::default();
        while !reader.at_end() {
            let attribute = Attribute::read(&mut reader, limits)?;
            known.take(&reader, &attribute)?;
        }
        let missing = |item| {
            let offset = attributes.offset();
            reader.error_at(ParseErrorKind::Missing, item, offset)
        };
        let invalid = |item, value: Element<'_>| {
            reader.error_at(ParseErrorKind::InvalidValue, item, value.offset)
        };
        let code = |item, value: Element<'_>| {
            decimal_code(string(value).unwrap_or_default()).ok_or_else(|| invalid(item, value))
        };
        let nonce = |item, value: Option<Element<'_>>| match value {
            None => Ok(None),
            Some(value) => octets(value, limits)
                .ok_or_else(|| invalid(item, value))
                .map(Some),
        };
        let text = |value: Option<Element<'_>>| {
            value.map(|value| Text {
                tag: value.tag,
                contents: Span::of(input, value.contents),
            })
        };

        let message_type = known
            .message_type
            .ok_or_else(|| missing(Item::MessageType))?;
        let message_type = MessageType::from_code(code(Item::MessageType, message_type)?);
        let id = known
            .transaction_id
            .ok_or_else(|| missing(Item::TransactionId))?;
        let transaction_id = match string(id) {
            Some(octets) if !octets.is_empty() => Text {
                tag: id.tag,
                contents: Span::of(input, octets),
            },
            _ => return Err(invalid(Item::TransactionId, id)),
        };
        let pki_status = match known.pki_status {
            Some(status) => Some(PkiStatus::from_code(code(Item::PkiStatus, status)?)),
            None if message_type == MessageType::CertRep => {
                return Err(missing(Item::PkiStatus));
            }
            None => None,
        };
        Ok(Self {
            message_type,
            transaction_id,
            sender_nonce: nonce(Item::SenderNonce, known.sender_nonce)?,
            recipient_nonce: nonce(Item::RecipientNonce, known.recipient_nonce)?,
            pki_status,
            // Interop: jscep's peers send failInfo values outside the RFC's list, or none: a fact, not an error.
            fail_info: known
                .fail_info
                .and_then(|value| decimal_code(string(value)?))
                .map(FailInfo::from_code),
            fail_info_text: text(known.fail_info_text),
            ms_error: text(known.ms_error),
            ms_message: text(known.ms_message),
            signing_time: text(known.signing_time),
            all: Span::of(input, attributes.contents()),
            limits: *limits,
        })
    }
}

/// Whether a signer's attributes hold any that only SCEP messages have.
pub(crate) fn has_scep_attributes(
    attributes: &SignedAttributes<'_>,
    limits: &Limits,
) -> Result<bool, ParseError> {
    let mut reader = Reader::new(
        attributes.contents(),
        attributes.offset(),
        Layer::Message,
        limits,
    );
    let mut any = false;
    while !reader.at_end() {
        let attribute = Attribute::read(&mut reader, limits)?;
        any |= [
            oid::MESSAGE_TYPE,
            oid::PKI_STATUS,
            oid::FAIL_INFO,
            oid::SENDER_NONCE,
            oid::RECIPIENT_NONCE,
            oid::TRANSACTION_ID,
        ]
        .iter()
        .any(|scep| scep.as_bytes() == attribute.oid);
    }
    Ok(any)
}

/// The one value of each known attribute.
#[derive(Default)]
struct Known<'a> {
    message_type: Option<Element<'a>>,
    transaction_id: Option<Element<'a>>,
    sender_nonce: Option<Element<'a>>,
    recipient_nonce: Option<Element<'a>>,
    pki_status: Option<Element<'a>>,
    fail_info: Option<Element<'a>>,
    fail_info_text: Option<Element<'a>>,
    ms_error: Option<Element<'a>>,
    ms_message: Option<Element<'a>>,
    signing_time: Option<Element<'a>>,
    content_type: Option<Element<'a>>,
    message_digest: Option<Element<'a>>,
}

impl<'a> Known<'a> {
    fn take(&mut self, reader: &Reader<'a>, attribute: &Attribute<'a>) -> Result<(), ParseError> {
        let Some(item) = known_item(attribute.oid) else {
            return Ok(());
        };
        let slot = match item {
            Item::MessageType => &mut self.message_type,
            Item::TransactionId => &mut self.transaction_id,
            Item::SenderNonce => &mut self.sender_nonce,
            Item::RecipientNonce => &mut self.recipient_nonce,
            Item::PkiStatus => &mut self.pki_status,
            Item::FailInfo => &mut self.fail_info,
            Item::FailInfoText => &mut self.fail_info_text,
            Item::SigningTime => &mut self.signing_time,
            Item::ContentTypeAttribute => &mut self.content_type,
            Item::MessageDigest => &mut self.message_digest,
            _ if attribute.oid == oid::MS_SCEP_ERROR.as_bytes() => &mut self.ms_error,
            _ => &mut self.ms_message,
        };
        let kind = match (attribute.value, slot.is_some()) {
            (Some(value), false) => {
                *slot = Some(value);
                return Ok(());
            }
            (None, false) if attribute.values.is_empty() => ParseErrorKind::Missing,
            _ => ParseErrorKind::Duplicate,
        };
        Err(reader.error_at(kind, item, attribute.offset))
    }
}

fn is_known(oid: &[u8]) -> bool {
    known_item(oid).is_some()
}

fn known_item(oid: &[u8]) -> Option<Item> {
    [
        (oid::MESSAGE_TYPE, Item::MessageType),
        (oid::TRANSACTION_ID, Item::TransactionId),
        (oid::SENDER_NONCE, Item::SenderNonce),
        (oid::RECIPIENT_NONCE, Item::RecipientNonce),
        (oid::PKI_STATUS, Item::PkiStatus),
        (oid::FAIL_INFO, Item::FailInfo),
        (oid::FAIL_INFO_TEXT, Item::FailInfoText),
        (oid::CONTENT_TYPE, Item::ContentTypeAttribute),
        (oid::MESSAGE_DIGEST, Item::MessageDigest),
        (oid::SIGNING_TIME, Item::SigningTime),
        (oid::MS_SCEP_ERROR, Item::Attribute),
        (oid::MS_SCEP_SERVER_MESSAGE, Item::Attribute),
    ]
    .iter()
    .find(|(known, _)| known.as_bytes() == oid)
    .map(|(_, item)| *item)
}

/// The contents of a character string of any type that peers use.
// Interop: RFC 8894 says PrintableString; UTF8String and IA5String occur.
fn string(value: Element<'_>) -> Option<&[u8]> {
    matches!(
        value.tag,
        tag::PRINTABLE_STRING | tag::UTF8_STRING | tag::IA5_STRING
    )
    .then_some(value.contents)
}

fn octets(value: Element<'_>, limits: &Limits) -> Option<Nonce> {
    let mut reader = Reader::new(value.raw, value.offset, Layer::Message, limits);
    let octets = reader
        .octet_string(tag::OCTET_STRING, Item::SenderNonce, limits)
        .ok()?;
    if octets.len > Nonce::MAX_LEN {
        return None;
    }
    Nonce::new(&octets.to_cow())
}
