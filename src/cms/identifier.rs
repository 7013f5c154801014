//! SignerIdentifier and RecipientIdentifier: the same CHOICE, [RFC 5652, sections 5.3 and 6.2.1].
//!
//! [RFC 5652, sections 5.3 and 6.2.1]: https://www.rfc-editor.org/rfc/rfc5652#section-5.3

use crate::asn1::{Reader, Writer, tag};
use crate::certificate::Certificate;
use crate::name::NameRef;
use crate::{Item, ParseError};

/// Which certificate is meant.
///
/// ```text
/// SignerIdentifier ::= CHOICE {
///     issuerAndSerialNumber IssuerAndSerialNumber,
///     subjectKeyIdentifier [0] SubjectKeyIdentifier }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identifier<'a> {
    IssuerAndSerialNumber {
        /// The DER Name as it came.
        issuer: &'a [u8],
        /// The contents octets of the INTEGER as they came.
        serial: &'a [u8],
    },
    SubjectKeyIdentifier(&'a [u8]),
}

impl<'a> Identifier<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, ParseError> {
        if reader.is_next(tag::context(0)) {
            let ski = reader.element(Item::Identifier)?;
            return Ok(Self::SubjectKeyIdentifier(ski.contents));
        }
        Self::read_issuer_and_serial(reader, Item::Identifier)
    }

    /// Reads an IssuerAndSerialNumber, [RFC 5652, section 10.2.4](https://www.rfc-editor.org/rfc/rfc5652#section-10.2.4).
    pub(crate) fn read_issuer_and_serial(
        reader: &mut Reader<'a>,
        item: Item,
    ) -> Result<Self, ParseError> {
        reader.nested(tag::SEQUENCE, item, |fields| {
            Ok(Self::IssuerAndSerialNumber {
                issuer: fields.expect(tag::SEQUENCE, item)?.raw,
                serial: fields.expect(tag::INTEGER, item)?.contents,
            })
        })
    }

    /// The identifier of a certificate by issuer and serial number.
    pub(crate) fn of(certificate: &'a Certificate<'_>) -> Self {
        Self::IssuerAndSerialNumber {
            issuer: certificate.issuer_der(),
            serial: certificate.serial(),
        }
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        match self {
            Self::IssuerAndSerialNumber { issuer, serial } => out.sequence(|fields| {
                fields.raw(issuer);
                fields.tlv(tag::INTEGER, serial);
            }),
            Self::SubjectKeyIdentifier(ski) => out.tlv(tag::context(0), ski),
        }
    }

    /// Whether the identifier means this certificate, byte for byte. By key identifier none is meant that has no
    /// subjectKeyIdentifier extension ([RFC 5652, section 5.3](https://www.rfc-editor.org/rfc/rfc5652#section-5.3)).
    pub(crate) fn matches(&self, certificate: &Certificate<'_>) -> bool {
        match self {
            Self::IssuerAndSerialNumber { issuer, serial } => {
                *issuer == certificate.issuer_der() && *serial == certificate.serial()
            }
            Self::SubjectKeyIdentifier(ski) => certificate.subject_key_identifier() == Some(*ski),
        }
    }

    /// Whether the identifier may mean this certificate: by the same issuer and serial number, each in another encoding.
    ///
    /// A certificate that [matches](Self::matches) comes before one that resembles. Either is only found so: whether it
    /// is the right one, its key shows.
    // Interop: who decodes an issuer and writes it again changes its string types; who reads serials as unsigned numbers
    // adds or drops their leading zero.
    pub(crate) fn resembles(&self, certificate: &Certificate<'_>) -> bool {
        match self {
            Self::IssuerAndSerialNumber { issuer, serial } => {
                without_sign(serial) == without_sign(certificate.serial())
                    && NameRef::new(issuer).has_same_text(&certificate.issuer())
            }
            Self::SubjectKeyIdentifier(_) => false,
        }
    }
}

/// A serial number without the octet of zero that makes it positive.
fn without_sign(serial: &[u8]) -> &[u8] {
    serial.strip_prefix(&[0]).unwrap_or(serial)
}
