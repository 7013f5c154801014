//! EnvelopedData, [RFC 5652, section 6](https://www.rfc-editor.org/rfc/rfc5652#section-6): read in place, written in DER.

use alloc::vec::Vec;

use zeroize::Zeroize;

use super::{Identifier, read_content_info};
use crate::algorithm_identifier::{self, AlgorithmIdentifier};
use crate::asn1::{Elements, OctetString, Reader, Writer, tag};
use crate::crypto::{ContentCipher, CryptoError, KeyAgreement, KeyTransport, PasswordEncryption};
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
    /// Where the cipher's identifier stands in the layer.
    pub(crate) content_cipher_offset: usize,
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
    /// That it cannot be read matters only where it is to be opened.
    KeyAgree(Result<KeyAgreeRecipient<'a>, ParseError>),
    Kek,
    /// As with key agreement.
    Password(Result<PasswordRecipient<'a>, ParseError>),
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

/// A KeyAgreeRecipientInfo in place, [RFC 5652, section 6.2.2](https://www.rfc-editor.org/rfc/rfc5652#section-6.2.2).
///
/// ```text
/// KeyAgreeRecipientInfo ::= SEQUENCE {
///     version CMSVersion,
///     originator [0] EXPLICIT OriginatorIdentifierOrKey,
///     ukm [1] EXPLICIT UserKeyingMaterial OPTIONAL,
///     keyEncryptionAlgorithm KeyEncryptionAlgorithmIdentifier,
///     recipientEncryptedKeys RecipientEncryptedKeys }
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyAgreeRecipient<'a> {
    /// The key of the originator, if it is not named by a certificate.
    pub(crate) originator_key: Option<OriginatorPublicKey<'a>>,
    pub(crate) ukm: Option<OctetString<'a>>,
    pub(crate) key_encryption: AlgorithmIdentifier<'a>,
    recipient_encrypted_keys: Elements<'a>,
    layer: Layer,
    limits: Limits,
}

/// An OriginatorPublicKey in place.
///
/// ```text
/// OriginatorPublicKey ::= SEQUENCE {
///     algorithm AlgorithmIdentifier,
///     publicKey BIT STRING }
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct OriginatorPublicKey<'a> {
    pub(crate) algorithm: AlgorithmIdentifier<'a>,
    pub(crate) public_key: &'a [u8],
}

/// A RecipientEncryptedKey in place.
///
/// ```text
/// RecipientEncryptedKey ::= SEQUENCE {
///     rid CHOICE {
///         issuerAndSerialNumber IssuerAndSerialNumber,
///         rKeyId [0] IMPLICIT RecipientKeyIdentifier },
///     encryptedKey EncryptedKey }
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecipientEncryptedKey<'a> {
    pub(crate) rid: Identifier<'a>,
    pub(crate) encrypted_key: OctetString<'a>,
}

/// A PasswordRecipientInfo in place.
///
/// ```text
/// PasswordRecipientInfo ::= SEQUENCE {
///     version CMSVersion,
///     keyDerivationAlgorithm [0] KeyDerivationAlgorithmIdentifier OPTIONAL,
///     keyEncryptionAlgorithm KeyEncryptionAlgorithmIdentifier,
///     encryptedKey EncryptedKey }
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct PasswordRecipient<'a> {
    pub(crate) key_derivation: Option<AlgorithmIdentifier<'a>>,
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
            let (
                (content_type_offset, content_type),
                (content_cipher_offset, content_cipher),
                encrypted_content,
            ) = fields.nested(tag::SEQUENCE, Item::EncryptedContentInfo, |info| {
                let content_type = (info.offset(), info.oid(Item::EncryptedContentInfo)?);
                let cipher = (info.offset(), AlgorithmIdentifier::read(info)?);
                // Interop: older Go libraries and BouncyCastle write [0] as constructed, with one or many segments.
                let content = info.octet_string(tag::context(0), Item::EncryptedContent, limits)?;
                Ok((content_type, cipher, content))
            })?;
            fields.optional(tag::context_constructed(1), Item::EnvelopedData)?;
            Ok(Self {
                recipients,
                content_type,
                content_type_offset,
                content_cipher,
                content_cipher_offset,
                encrypted_content,
                encoding: Encoding::Der,
                layer,
                limits: *limits,
            })
        })
    }

    /// The first recipient that is a password.
    pub(crate) fn password_recipient(&self) -> Result<Option<PasswordRecipient<'a>>, ParseError> {
        for recipient in self.recipients() {
            if let RecipientInfo::Password(pwri) = recipient? {
                return pwri.map(Some);
            }
        }
        Ok(None)
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
                KEY_AGREE => {
                    let kari = KeyAgreeRecipient::read(&mut reader, layer, &limits);
                    Ok(RecipientInfo::KeyAgree(kari))
                }
                0xa2 => Ok(RecipientInfo::Kek),
                PASSWORD => {
                    let pwri = PasswordRecipient::read(&mut reader, &limits);
                    Ok(RecipientInfo::Password(pwri))
                }
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

impl<'a> KeyAgreeRecipient<'a> {
    fn read(reader: &mut Reader<'a>, layer: Layer, limits: &Limits) -> Result<Self, ParseError> {
        let item = Item::RecipientInfo;
        reader.nested(KEY_AGREE, item, |fields| {
            fields.small_integer(item)?;
            let originator_key =
                fields.nested(tag::context_constructed(0), item, |originator| {
                    if originator.is_next(ORIGINATOR_KEY) {
                        return OriginatorPublicKey::read(originator).map(Some);
                    }
                    Identifier::read(originator)?;
                    Ok(None)
                })?;
            let ukm = tag::context_constructed(1);
            let ukm = if fields.is_next(ukm) {
                Some(fields.nested(ukm, item, |ukm| {
                    ukm.octet_string(tag::OCTET_STRING, item, limits)
                })?)
            } else {
                None
            };
            Ok(Self {
                originator_key,
                ukm,
                key_encryption: AlgorithmIdentifier::read(fields)?,
                recipient_encrypted_keys: fields.elements(
                    tag::SEQUENCE,
                    Item::RecipientInfo,
                    Limit::Recipients,
                    limits,
                )?,
                layer,
                limits: *limits,
            })
        })
    }

    /// The encrypted keys in their order.
    pub(crate) fn recipient_encrypted_keys(
        &self,
    ) -> impl Iterator<Item = Result<RecipientEncryptedKey<'a>, ParseError>> + use<'a> {
        let (layer, limits) = (self.layer, self.limits);
        self.recipient_encrypted_keys.iter().map(move |element| {
            let mut reader = Reader::new(element.raw, element.offset, layer, &limits);
            RecipientEncryptedKey::read(&mut reader, &limits)
        })
    }
}

impl<'a> OriginatorPublicKey<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, ParseError> {
        let item = Item::SubjectPublicKeyInfo;
        reader.nested(ORIGINATOR_KEY, item, |fields| {
            Ok(Self {
                algorithm: AlgorithmIdentifier::read(fields)?,
                public_key: crate::signed::read_bit_string(fields, item)?,
            })
        })
    }
}

impl<'a> RecipientEncryptedKey<'a> {
    fn read(reader: &mut Reader<'a>, limits: &Limits) -> Result<Self, ParseError> {
        reader.nested(tag::SEQUENCE, Item::RecipientInfo, |fields| {
            let key_id = tag::context_constructed(0);
            let rid = if fields.is_next(key_id) {
                fields.nested(key_id, Item::Identifier, |id| {
                    let ski = id.expect(tag::OCTET_STRING, Item::Identifier)?;
                    // Which of several keys of one holder it is: a date, and what others made up.
                    id.optional(tag::GENERALIZED_TIME, Item::Identifier)?;
                    id.optional(tag::SEQUENCE, Item::Identifier)?;
                    Ok(Identifier::SubjectKeyIdentifier(ski.contents))
                })?
            } else {
                Identifier::read_issuer_and_serial(fields, Item::Identifier)?
            };
            let tag = tag::OCTET_STRING;
            let encrypted_key = fields.octet_string(tag, Item::EncryptedKey, limits)?;
            Ok(Self { rid, encrypted_key })
        })
    }
}

impl<'a> PasswordRecipient<'a> {
    fn read(reader: &mut Reader<'a>, limits: &Limits) -> Result<Self, ParseError> {
        reader.nested(PASSWORD, Item::RecipientInfo, |fields| {
            fields.small_integer(Item::RecipientInfo)?;
            let derivation = tag::context_constructed(0);
            let key_derivation = if fields.is_next(derivation) {
                let item = Item::AlgorithmIdentifier;
                Some(fields.nested(derivation, item, AlgorithmIdentifier::read_fields)?)
            } else {
                None
            };
            Ok(Self {
                key_derivation,
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

/// The tag of a KeyAgreeRecipientInfo.
const KEY_AGREE: u8 = tag::context_constructed(1);

/// The tag of an originatorKey.
const ORIGINATOR_KEY: u8 = tag::context_constructed(1);

/// The tag of a PasswordRecipientInfo.
const PASSWORD: u8 = tag::context_constructed(3);

/// To whom a content key is encrypted, and what that takes beside the encrypted key.
#[derive(Clone, Copy)]
pub(crate) enum RecipientParts<'a> {
    KeyTrans {
        rid: Identifier<'a>,
        transport: KeyTransport,
    },
    KeyAgree {
        rid: Identifier<'a>,
        agreement: KeyAgreement,
        /// The point of the ephemeral key.
        originator: &'a [u8],
    },
    Password {
        encryption: PasswordEncryption,
        salt: &'a [u8],
        iv: &'a [u8],
    },
}

impl RecipientParts<'_> {
    /// The versions of the EnvelopedData and of the RecipientInfo, RFC 5652, sections 6.1 and 6.2.
    const fn versions(&self) -> (u8, u8) {
        match self {
            Self::KeyTrans { rid, .. } => match rid {
                Identifier::IssuerAndSerialNumber { .. } => (0, 0),
                Identifier::SubjectKeyIdentifier(_) => (2, 2),
            },
            Self::KeyAgree { .. } => (2, 3),
            Self::Password { .. } => (3, 0),
        }
    }

    /// The length of the recipient's name and of the originator's key in bytes.
    const fn names_len(&self) -> usize {
        let (rid, originator) = match self {
            Self::KeyTrans { rid, .. } => (rid, 0),
            Self::KeyAgree {
                rid, originator, ..
            } => (rid, originator.len()),
            Self::Password { .. } => return 0,
        };
        match rid {
            Identifier::IssuerAndSerialNumber { issuer, serial } => issuer
                .len()
                .saturating_add(serial.len())
                .saturating_add(originator),
            Identifier::SubjectKeyIdentifier(ski) => ski.len().saturating_add(originator),
        }
    }

    fn write(&self, out: &mut Writer, encrypted_key: &[u8]) {
        let (_, version) = self.versions();
        match self {
            Self::KeyTrans { rid, transport } => out.sequence(|recipient| {
                recipient.small_integer(version);
                rid.write(recipient);
                algorithm_identifier::write_key_transport(recipient, *transport);
                recipient.octet_string(encrypted_key);
            }),
            Self::KeyAgree {
                rid,
                agreement,
                originator,
            } => out.nested(KEY_AGREE, |recipient| {
                recipient.small_integer(version);
                recipient.nested(tag::context_constructed(0), |out| {
                    out.nested(ORIGINATOR_KEY, |key| {
                        // The curve is the recipient's, and goes without saying.
                        key.sequence(|id| id.oid(oid::EC_PUBLIC_KEY));
                        key.bit_string(originator);
                    });
                });
                algorithm_identifier::write_key_agreement(recipient, *agreement);
                recipient.sequence(|keys| {
                    keys.sequence(|key| {
                        rid.write(key);
                        key.octet_string(encrypted_key);
                    });
                });
            }),
            Self::Password {
                encryption,
                salt,
                iv,
            } => out.nested(PASSWORD, |recipient| {
                let PasswordEncryption {
                    prf,
                    iterations,
                    cipher,
                } = *encryption;
                recipient.small_integer(version);
                recipient.nested(tag::context_constructed(0), |derivation| {
                    algorithm_identifier::write_pbkdf2_fields(derivation, prf, salt, iterations);
                });
                algorithm_identifier::write_pwri_kek(recipient, cipher, iv);
                recipient.octet_string(encrypted_key);
            }),
        }
    }
}

/// What goes into an EnvelopedData beside the content.
pub(crate) struct EnvelopeParts<'a> {
    pub(crate) recipient: RecipientParts<'a>,
    pub(crate) encrypted_key: &'a [u8],
    pub(crate) cipher: ContentCipher,
    pub(crate) iv: &'a [u8],
}

/// Writes the ContentInfo of an EnvelopedData with one recipient.
///
/// `encrypt` gets the payload with its padding where it stands, and encrypts it there. The buffer does not grow before it has.
pub(crate) fn write_enveloped_data(
    parts: &EnvelopeParts<'_>,
    payload: &[u8],
    encrypt: impl FnOnce(&mut [u8]) -> Result<(), CryptoError>,
) -> Result<Vec<u8>, CryptoError> {
    let (version, _) = parts.recipient.versions();
    let names_len = parts.recipient.names_len();
    let capacity = [
        payload.len(),
        parts.encrypted_key.len(),
        names_len,
        OVERHEAD,
    ]
    .iter()
    .sum();
    let mut out = Writer::with_capacity(capacity);
    let mut encrypted = Ok(());
    out.sequence(|info| {
        info.oid(oid::ENVELOPED_DATA);
        info.nested(tag::context_constructed(0), |content| {
            content.sequence(|enveloped| {
                enveloped.small_integer(version);
                enveloped.set(|recipients| {
                    parts.recipient.write(recipients, parts.encrypted_key);
                });
                enveloped.sequence(|content| {
                    content.oid(oid::DATA);
                    algorithm_identifier::write_cipher(content, parts.cipher, parts.iv);
                    let padding = Padding::of(payload, parts.cipher.block_len());
                    let padding = padding.as_bytes();
                    let len = payload.len().saturating_add(padding.len());
                    content.header(tag::context(0), len);
                    content.raw(payload);
                    content.raw(padding);
                    let padded = content.written_mut(len);
                    encrypted = encrypt(padded);
                    if encrypted.is_err() {
                        // What is half encrypted is still the payload.
                        padded.zeroize();
                    }
                });
            });
        });
    });
    encrypted.map(|()| out.into_bytes())
}

/// The most bytes of an envelope that are neither payload nor encrypted key nor who recipient and originator are: padding, an
/// initialisation vector, algorithms with the parameters of OAEP, tags and lengths.
const OVERHEAD: usize = 320;

/// PKCS #7 padding ([RFC 5652, section 6.3](https://www.rfc-editor.org/rfc/rfc5652#section-6.3)), one block at the most.
struct Padding {
    bytes: [u8; 16],
    len: usize,
}

impl Padding {
    fn of(payload: &[u8], block: usize) -> Self {
        let over = payload.len().checked_rem(block).unwrap_or_default();
        let len = block.saturating_sub(over);
        Self {
            bytes: [u8::try_from(len).unwrap_or_default(); 16],
            len,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{DigestAlgorithm, KeyWrap};

    #[test]
    fn versions_are_those_of_what_is_written() {
        let rid = Identifier::SubjectKeyIdentifier(&[1]);
        let transport = |rid| RecipientParts::KeyTrans {
            rid,
            transport: KeyTransport::RsaPkcs1v15,
        };
        assert_eq!(transport(rid).versions(), (2, 2));
        let rid_by_name = Identifier::IssuerAndSerialNumber {
            issuer: &[0x30, 0],
            serial: &[1],
        };
        assert_eq!(transport(rid_by_name).versions(), (0, 0));
        let agreement = RecipientParts::KeyAgree {
            rid,
            agreement: KeyAgreement::new(DigestAlgorithm::Sha256, KeyWrap::Aes128),
            originator: &[4],
        };
        assert_eq!(agreement.versions(), (2, 3));
        let password = RecipientParts::Password {
            encryption: PasswordEncryption::new(
                DigestAlgorithm::Sha256,
                1,
                ContentCipher::Aes128Cbc,
            ),
            salt: &[],
            iv: &[],
        };
        assert_eq!(password.versions(), (3, 0));
    }
}
