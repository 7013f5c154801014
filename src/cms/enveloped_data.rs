//! EnvelopedData, [RFC 5652, section 6](https://www.rfc-editor.org/rfc/rfc5652#section-6): read in place, written in DER.

use alloc::vec::Vec;

use super::{Identifier, read_content_info};
use crate::algorithm_identifier::{self, AlgorithmIdentifier};
use crate::asn1::{Elements, OctetString, Reader, Writer, tag};
use crate::crypto::{ContentCipher, KeyTransport};
use crate::oid;
use crate::{Encoding, Item, Layer, Limit, Limits, ParseError, ParseErrorKind};

/// An EnvelopedData in place.
///
/// ```text
/// EnvelopedData ::= SEQUENCE {
///     version CMSVersion,
///     originatorInfo [0] IMPLICIT OriginatorInfo OPTIONAL,
///     recipientInfos RecipientInfos,
///     encryptedContentInfo EncryptedContentInfo,
///     unprotectedAttrs [1] IMPLICIT UnprotectedAttributes OPTIONAL }
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct EnvelopedData<'a> {
    recipients: Elements<'a>,
    pub(crate) content_type: &'a [u8],
    /// Where the content type stands in the layer.
    pub(crate) content_type_offset: usize,
    pub(crate) content_cipher: AlgorithmIdentifier<'a>,
    pub(crate) encrypted_content: OctetString<'a>,
    pub(crate) encoding: Encoding,
    pub(crate) layer: Layer,
    limits: Limits,
}

/// One recipient in place. Kinds that this crate does not open are told apart and passed over.
///
/// ```text
/// RecipientInfo ::= CHOICE {
///     ktri KeyTransRecipientInfo,
///     kari [1] KeyAgreeRecipientInfo,
///     kekri [2] KEKRecipientInfo,
///     pwri [3] PasswordRecipientInfo,
///     ori [4] OtherRecipientInfo }
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) enum RecipientInfo<'a> {
    KeyTrans(KeyTransRecipient<'a>),
    KeyAgree,
    Kek,
    Password,
    Other,
}

/// A KeyTransRecipientInfo in place.
///
/// ```text
/// KeyTransRecipientInfo ::= SEQUENCE {
///     version CMSVersion,
///     rid RecipientIdentifier,
///     keyEncryptionAlgorithm KeyEncryptionAlgorithmIdentifier,
///     encryptedKey EncryptedKey }
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyTransRecipient<'a> {
    pub(crate) rid: Identifier<'a>,
    pub(crate) key_encryption: AlgorithmIdentifier<'a>,
    pub(crate) encrypted_key: OctetString<'a>,
}

impl<'a> EnvelopedData<'a> {
    /// Reads the ContentInfo of an EnvelopedData to the end of `content`, whose first byte is at `offset` of `layer`.
    pub(crate) fn read_content_info(
        content: &'a [u8],
        offset: usize,
        layer: Layer,
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        let mut reader = Reader::new(content, offset, layer, limits);
        let mut envelope = read_content_info(&mut reader, oid::ENVELOPED_DATA, |inner| {
            Self::read(inner, layer, limits)
        })?;
        reader.finish(Item::EnvelopedData)?;
        envelope.encoding = Encoding::of(reader.ber_seen());
        Ok(envelope)
    }

    fn read(reader: &mut Reader<'a>, layer: Layer, limits: &Limits) -> Result<Self, ParseError> {
        reader.nested(tag::SEQUENCE, Item::EnvelopedData, |fields| {
            fields.small_integer(Item::EnvelopedData)?;
            fields.optional(tag::context_constructed(0), Item::EnvelopedData)?;
            let recipients =
                fields.elements(tag::SET, Item::RecipientInfos, Limit::Recipients, limits)?;
            if recipients.count == 0 {
                let kind = ParseErrorKind::Missing;
                return Err(fields.error_at(kind, Item::RecipientInfo, recipients.offset));
            }
            let (content_type_offset, content_type, content_cipher, encrypted_content) = fields
                .nested(tag::SEQUENCE, Item::EncryptedContentInfo, |info| {
                    let offset = info.offset();
                    let content_type = info.oid(Item::EncryptedContentInfo)?;
                    let cipher = AlgorithmIdentifier::read(info)?;
                    // Interop: older Go libraries and BouncyCastle write [0] as constructed, with one or many segments.
                    let content =
                        info.octet_string(tag::context(0), Item::EncryptedContent, limits)?;
                    Ok((offset, content_type, cipher, content))
                })?;
            fields.optional(tag::context_constructed(1), Item::EnvelopedData)?;
            Ok(Self {
                recipients,
                content_type,
                content_type_offset,
                content_cipher,
                encrypted_content,
                encoding: Encoding::Der,
                layer,
                limits: *limits,
            })
        })
    }

    /// The recipients in their order.
    pub(crate) fn recipients(
        &self,
    ) -> impl Iterator<Item = Result<RecipientInfo<'a>, ParseError>> + use<'a> {
        let (layer, limits) = (self.layer, self.limits);
        self.recipients.iter().map(move |element| {
            let mut reader = Reader::new(element.raw, element.offset, layer, &limits);
            match element.tag {
                tag::SEQUENCE => {
                    KeyTransRecipient::read(&mut reader, &limits).map(RecipientInfo::KeyTrans)
                }
                0xa1 => Ok(RecipientInfo::KeyAgree),
                0xa2 => Ok(RecipientInfo::Kek),
                0xa3 => Ok(RecipientInfo::Password),
                _ => Ok(RecipientInfo::Other),
            }
        })
    }
}

impl<'a> KeyTransRecipient<'a> {
    fn read(reader: &mut Reader<'a>, limits: &Limits) -> Result<Self, ParseError> {
        reader.nested(tag::SEQUENCE, Item::RecipientInfo, |fields| {
            fields.small_integer(Item::RecipientInfo)?;
            Ok(Self {
                rid: Identifier::read(fields)?,
                key_encryption: AlgorithmIdentifier::read(fields)?,
                encrypted_key: fields.octet_string(
                    tag::OCTET_STRING,
                    Item::EncryptedKey,
                    limits,
                )?,
            })
        })
    }
}

/// Writes the ContentInfo of an EnvelopedData with one recipient, version 0 as it has an issuer and serial number.
pub(crate) fn write_enveloped_data(
    rid: Identifier<'_>,
    transport: KeyTransport,
    encrypted_key: &[u8],
    cipher: ContentCipher,
    iv: &[u8],
    encrypted_content: &[u8],
) -> Vec<u8> {
    let version = match rid {
        Identifier::IssuerAndSerialNumber { .. } => 0,
        Identifier::SubjectKeyIdentifier(_) => 2,
    };
    let capacity = encrypted_content
        .len()
        .saturating_add(encrypted_key.len())
        .saturating_add(512);
    let mut out = Writer::with_capacity(capacity);
    out.sequence(|info| {
        info.oid(oid::ENVELOPED_DATA);
        info.nested(tag::context_constructed(0), |content| {
            content.sequence(|enveloped| {
                enveloped.small_integer(version);
                enveloped.set(|recipients| {
                    recipients.sequence(|recipient| {
                        recipient.small_integer(version);
                        rid.write(recipient);
                        algorithm_identifier::write_key_transport(recipient, transport);
                        recipient.octet_string(encrypted_key);
                    });
                });
                enveloped.sequence(|encrypted| {
                    encrypted.oid(oid::DATA);
                    algorithm_identifier::write_cipher(encrypted, cipher, iv);
                    encrypted.tlv(tag::context(0), encrypted_content);
                });
            });
        });
    });
    out.into_bytes()
}
