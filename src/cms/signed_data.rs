//! SignedData, [RFC 5652, section 5](https://www.rfc-editor.org/rfc/rfc5652#section-5): read in place, written in DER.

use alloc::vec::Vec;

use super::Identifier;
use crate::algorithm_identifier::{self, AlgorithmIdentifier};
use crate::asn1::{Element, Elements, OctetString, Reader, Writer, tag};
use crate::crypto::SignatureAlgorithm;
use crate::oid::{self, Oid};
use crate::{Item, Layer, Limit, Limits, ParseError, ParseErrorKind};

/// A SignedData in place.
///
/// ```text
/// SignedData ::= SEQUENCE {
///     version CMSVersion,
///     digestAlgorithms DigestAlgorithmIdentifiers,
///     encapContentInfo EncapsulatedContentInfo,
///     certificates [0] IMPLICIT CertificateSet OPTIONAL,
///     crls [1] IMPLICIT RevocationInfoChoices OPTIONAL,
///     signerInfos SignerInfos }
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedData<'a> {
    pub(crate) content_type: &'a [u8],
    pub(crate) content: Option<OctetString<'a>>,
    certificates: Elements<'a>,
    crls: Elements<'a>,
    pub(crate) signer_infos: Elements<'a>,
}

/// A SignerInfo in place.
///
/// ```text
/// SignerInfo ::= SEQUENCE {
///     version CMSVersion,
///     sid SignerIdentifier,
///     digestAlgorithm DigestAlgorithmIdentifier,
///     signedAttrs [0] IMPLICIT SignedAttributes OPTIONAL,
///     signatureAlgorithm SignatureAlgorithmIdentifier,
///     signature SignatureValue,
///     unsignedAttrs [1] IMPLICIT UnsignedAttributes OPTIONAL }
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignerInfo<'a> {
    pub(crate) sid: Identifier<'a>,
    pub(crate) digest_algorithm: AlgorithmIdentifier<'a>,
    pub(crate) signed_attributes: Option<SignedAttributes<'a>>,
    pub(crate) signature_algorithm: AlgorithmIdentifier<'a>,
    pub(crate) signature: OctetString<'a>,
}

/// The signed attributes as they came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedAttributes<'a> {
    /// All but the first byte, the tag, which is 0xA0 in a message and 0x31 in what is digested.
    pub(crate) after_tag: &'a [u8],
    elements: Elements<'a>,
}

/// An attribute in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute<'a> {
    pub(crate) oid: &'a [u8],
    /// The values, one after the other.
    pub(crate) values: &'a [u8],
    /// The one value, or `None` if there are none or several.
    pub(crate) value: Option<Element<'a>>,
    /// Where the attribute starts.
    pub(crate) offset: usize,
}

/// Reads a ContentInfo of this type to the end of the input, and its content with `read`.
///
/// ```text
/// ContentInfo ::= SEQUENCE {
///     contentType ContentType,
///     content [0] EXPLICIT ANY DEFINED BY contentType }
/// ```
pub(crate) fn read_content_info<'a, T>(
    reader: &mut Reader<'a>,
    content_type: Oid,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, ParseError>,
) -> Result<T, ParseError> {
    reader.nested(tag::SEQUENCE, Item::ContentInfo, |info| {
        let offset = info.offset();
        let found = info.oid(Item::ContentType)?;
        if found != content_type.as_bytes() {
            let kind = Oid::from_bytes(found)
                .map_or(ParseErrorKind::InvalidValue, ParseErrorKind::UnexpectedType);
            return Err(info.error_at(kind, Item::ContentType, offset));
        }
        info.nested(tag::context_constructed(0), Item::ContentInfo, read)
    })
}

impl<'a> SignedData<'a> {
    /// Reads the SignedData of a ContentInfo.
    pub(crate) fn read_content_info(
        reader: &mut Reader<'a>,
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        read_content_info(reader, oid::SIGNED_DATA, |content| {
            Self::read(content, limits)
        })
    }

    fn read(reader: &mut Reader<'a>, limits: &Limits) -> Result<Self, ParseError> {
        reader.nested(tag::SEQUENCE, Item::SignedData, |fields| {
            fields.small_integer(Item::SignedData)?;
            // What the SignerInfo says counts; this set only announces it.
            fields.expect(tag::SET, Item::DigestAlgorithms)?;
            let (content_type, content) =
                fields.nested(tag::SEQUENCE, Item::EncapContentInfo, |encap| {
                    let content_type = encap.oid(Item::EncapContentInfo)?;
                    let content = if encap.is_next(tag::context_constructed(0)) {
                        Some(encap.nested(
                            tag::context_constructed(0),
                            Item::EContent,
                            |explicit| {
                                explicit.octet_string(tag::OCTET_STRING, Item::EContent, limits)
                            },
                        )?)
                    } else {
                        None
                    };
                    Ok((content_type, content))
                })?;
            let mut set = |number, item, limit| {
                let tag = tag::context_constructed(number);
                if fields.is_next(tag) {
                    fields.elements(tag, item, limit, limits)
                } else {
                    Ok(Elements::default())
                }
            };
            let certificates = set(0, Item::Certificates, Limit::Certificates)?;
            let crls = set(1, Item::Crls, Limit::Crls)?;
            let signer_infos =
                fields.elements(tag::SET, Item::SignerInfos, Limit::Certificates, limits)?;
            Ok(Self {
                content_type,
                content,
                certificates,
                crls,
                signer_infos,
            })
        })
    }

    /// The X.509 certificates; attribute certificates and other choices are passed over.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        sequences(self.certificates)
    }

    /// The contents of the certificates field.
    pub(crate) const fn certificate_set(&self) -> Elements<'a> {
        self.certificates
    }

    /// The contents of the crls field.
    pub(crate) const fn crl_set(&self) -> Elements<'a> {
        self.crls
    }

    /// The one SignerInfo that a signed message must have.
    pub(crate) fn only_signer_info(
        &self,
        layer: Layer,
        limits: &Limits,
    ) -> Result<(SignerInfo<'a>, Reader<'a>), ParseError> {
        let mut reader = Reader::new(
            self.signer_infos.contents,
            self.signer_infos.offset,
            layer,
            limits,
        );
        let kind = match self.signer_infos.count {
            0 => ParseErrorKind::Missing,
            1 => {
                let info = SignerInfo::read(&mut reader, limits)?;
                return Ok((info, reader));
            }
            _ => ParseErrorKind::Duplicate,
        };
        Err(reader.error(kind, Item::SignerInfo))
    }
}

/// The SEQUENCEs among the elements of a set of choices.
fn sequences<'a>(set: Elements<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    set.iter()
        .filter(|element| element.is(tag::SEQUENCE))
        .map(|element| element.raw)
}

impl<'a> SignerInfo<'a> {
    fn read(reader: &mut Reader<'a>, limits: &Limits) -> Result<Self, ParseError> {
        reader.nested(tag::SEQUENCE, Item::SignerInfo, |fields| {
            fields.small_integer(Item::SignerInfo)?;
            let sid = Identifier::read(fields)?;
            let digest_algorithm = AlgorithmIdentifier::read(fields)?;
            let signed_attributes = if fields.is_next(tag::context_constructed(0)) {
                Some(SignedAttributes::read(fields, limits)?)
            } else {
                None
            };
            let signature_algorithm = AlgorithmIdentifier::read(fields)?;
            let signature = fields.octet_string(tag::OCTET_STRING, Item::Signature, limits)?;
            // Nothing signs these, so nothing reads them.
            fields.optional(tag::context_constructed(1), Item::UnsignedAttributes)?;
            Ok(Self {
                sid,
                digest_algorithm,
                signed_attributes,
                signature_algorithm,
                signature,
            })
        })
    }
}

impl<'a> SignedAttributes<'a> {
    fn read(reader: &mut Reader<'a>, limits: &Limits) -> Result<Self, ParseError> {
        let mut whole = reader.clone();
        let raw = whole.element(Item::SignedAttributes)?.raw;
        let elements = reader.elements(
            tag::context_constructed(0),
            Item::SignedAttributes,
            Limit::Attributes,
            limits,
        )?;
        Ok(Self {
            after_tag: raw.get(1..).unwrap_or_default(),
            elements,
        })
    }

    /// The contents: the attributes one after the other.
    pub(crate) const fn contents(&self) -> &'a [u8] {
        self.elements.contents
    }

    /// Where the contents start.
    pub(crate) const fn offset(&self) -> usize {
        self.elements.offset
    }
}

impl<'a> Attribute<'a> {
    /// Reads the next attribute.
    ///
    /// ```text
    /// Attribute ::= SEQUENCE {
    ///     attrType OBJECT IDENTIFIER,
    ///     attrValues SET OF AttributeValue }
    /// ```
    pub(crate) fn read(reader: &mut Reader<'a>, limits: &Limits) -> Result<Self, ParseError> {
        let offset = reader.offset();
        reader.nested(tag::SEQUENCE, Item::Attribute, |fields| {
            let oid = fields.oid(Item::Attribute)?;
            let set = fields.elements(tag::SET, Item::Attribute, Limit::Attributes, limits)?;
            if set.contents.len() > limits.attribute_len {
                let kind = ParseErrorKind::LimitExceeded(Limit::AttributeLen);
                return Err(fields.error_at(kind, Item::Attribute, offset));
            }
            let value = if set.count == 1 {
                set.iter().next()
            } else {
                None
            };
            Ok(Self {
                oid,
                values: set.contents,
                value,
                offset,
            })
        })
    }
}

/// What goes into a SignedData beside the signature.
pub(crate) struct SignerParts<'a> {
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) content: Option<&'a [u8]>,
    pub(crate) certificates: &'a [&'a [u8]],
    pub(crate) sid: Identifier<'a>,
    /// The attributes as a SET OF, tag 0x31, in DER order.
    pub(crate) signed_attributes: &'a [u8],
}

/// Writes the ContentInfo of a SignedData with one signer.
pub(crate) fn write_signed_data(parts: &SignerParts<'_>, signature: &[u8]) -> Vec<u8> {
    let certificates: usize = parts.certificates.iter().map(|der| der.len()).sum();
    let capacity = [
        parts.content.map_or(0, <[u8]>::len),
        certificates,
        parts.signed_attributes.len(),
        signature.len(),
        512,
    ]
    .iter()
    .sum();
    let mut out = Writer::with_capacity(capacity);
    content_info(&mut out, |signed| {
        signed.small_integer(match parts.sid {
            Identifier::IssuerAndSerialNumber { .. } => 1,
            Identifier::SubjectKeyIdentifier(_) => 3,
        });
        signed.set(|digests| {
            algorithm_identifier::write_signer_digest(digests, parts.algorithm);
        });
        write_encap(signed, parts.content);
        write_set(signed, 0, parts.certificates);
        signed.set(|infos| {
            infos.sequence(|info| {
                info.small_integer(match parts.sid {
                    Identifier::IssuerAndSerialNumber { .. } => 1,
                    Identifier::SubjectKeyIdentifier(_) => 3,
                });
                parts.sid.write(info);
                algorithm_identifier::write_signer_digest(info, parts.algorithm);
                let attributes = parts.signed_attributes.split_first();
                if let Some((_, after_tag)) = attributes {
                    info.raw(&[tag::context_constructed(0)]);
                    info.raw(after_tag);
                }
                algorithm_identifier::write_signer_signature(info, parts.algorithm);
                info.octet_string(signature);
            });
        });
    });
    out.into_bytes()
}

/// Writes a degenerate certificates-only SignedData, [RFC 8894, section 3.4](https://www.rfc-editor.org/rfc/rfc8894#section-3.4).
pub(crate) fn write_certs_only(certificates: &[&[u8]], crls: &[&[u8]]) -> Vec<u8> {
    let payload: usize = certificates.iter().chain(crls).map(|der| der.len()).sum();
    let mut out = Writer::with_capacity(payload.saturating_add(128));
    content_info(&mut out, |signed| {
        signed.small_integer(1);
        signed.set(|_| {});
        write_encap(signed, None);
        write_set(signed, 0, certificates);
        write_set(signed, 1, crls);
        signed.set(|_| {});
    });
    out.into_bytes()
}

fn content_info(out: &mut Writer, write: impl FnOnce(&mut Writer)) {
    out.sequence(|info| {
        info.oid(oid::SIGNED_DATA);
        info.nested(tag::context_constructed(0), |content| {
            content.sequence(write)
        });
    });
}

fn write_encap(out: &mut Writer, content: Option<&[u8]>) {
    out.sequence(|encap| {
        encap.oid(oid::DATA);
        if let Some(content) = content {
            encap.nested(tag::context_constructed(0), |explicit| {
                explicit.octet_string(content);
            });
        }
    });
}

/// Writes an optional SET OF in DER order, or nothing if it is empty.
fn write_set(out: &mut Writer, number: u8, elements: &[&[u8]]) {
    if elements.is_empty() {
        return;
    }
    let mut sorted = elements.to_vec();
    sorted.sort_unstable();
    out.nested(tag::context_constructed(number), |set| {
        for element in sorted {
            set.raw(element);
        }
    });
}
