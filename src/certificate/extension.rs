//! Extensions of certificates and CSRs.

use crate::asn1::{Reader, Writer, tag};
use crate::oid::Oid;
use crate::{Item, Layer, Limits, ParseError};

/// An extension of a certificate or CSR, [RFC 5280, section 4.2](https://www.rfc-editor.org/rfc/rfc5280#section-4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extension<'a> {
    oid: Oid,
    critical: bool,
    value: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Which extension it is.
    #[must_use]
    pub const fn oid(&self) -> Oid {
        self.oid
    }

    /// Whether who does not know the extension must refuse the certificate.
    #[must_use]
    pub const fn is_critical(&self) -> bool {
        self.critical
    }

    /// The octets of extnValue: the DER of the extension's own type.
    #[must_use]
    pub const fn value(&self) -> &'a [u8] {
        self.value
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, ParseError> {
        reader.nested(tag::SEQUENCE, Item::Extensions, |fields| {
            let oid = fields.oid(Item::Extensions)?;
            // Interop: some CAs write TRUE as 01, which is BER.
            let critical = fields
                .optional(tag::BOOLEAN, Item::Extensions)?
                .is_some_and(|value| value.contents.iter().any(|byte| *byte != 0));
            let value = fields.expect(tag::OCTET_STRING, Item::Extensions)?;
            Ok(Self {
                // `Reader::oid` gave the contents, so they fit.
                oid: Oid::from_bytes(oid).unwrap_or(crate::oid::DATA),
                critical,
                value: value.contents,
            })
        })
    }
}

/// Requires a SEQUENCE OF Extension and gives its contents.
pub(crate) fn read_extensions<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], ParseError> {
    let contents = reader
        .clone()
        .expect(tag::SEQUENCE, Item::Extensions)?
        .contents;
    reader.nested(tag::SEQUENCE, Item::Extensions, |extensions| {
        while !extensions.at_end() {
            Extension::read(extensions)?;
        }
        Ok(())
    })?;
    Ok(contents)
}

/// The extensions again that [`read_extensions`] saw.
pub(crate) fn iter_extensions<'a>(
    contents: &'a [u8],
) -> impl Iterator<Item = Extension<'a>> + use<'a> {
    let mut reader = Reader::new(contents, 0, Layer::Message, &Limits::REPLY);
    core::iter::from_fn(move || Extension::read(&mut reader).ok())
}

/// Whether an extension that is written is marked critical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Criticality {
    Critical,
    NonCritical,
}

pub(crate) fn write_extension(out: &mut Writer, oid: Oid, criticality: Criticality, value: &[u8]) {
    out.sequence(|extension| {
        extension.oid(oid);
        if criticality == Criticality::Critical {
            extension.tlv(tag::BOOLEAN, &[0xff]);
        }
        extension.octet_string(value);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParseErrorKind;
    use crate::asn1::encode;
    use alloc::vec::Vec;

    fn read(der: &[u8]) -> Result<Vec<Extension<'_>>, ParseError> {
        let mut reader = Reader::new(der, 0, Layer::Message, &Limits::REPLY);
        Ok(iter_extensions(read_extensions(&mut reader)?).collect())
    }

    #[test]
    fn true_may_be_any_byte_but_zero() {
        for (boolean, critical) in [
            (&[1, 1, 0xff][..], true),
            (&[1, 1, 1], true),
            (&[1, 1, 0], false),
            (&[], false),
        ] {
            let mut fields = [&[6, 2, 0x2a, 3], boolean, &[4, 1, 9]].concat();
            fields.splice(0..0, [0x30, u8::try_from(fields.len()).unwrap()]);
            fields.splice(0..0, [0x30, u8::try_from(fields.len()).unwrap()]);
            let extensions = read(&fields).unwrap();
            assert_eq!(extensions.len(), 1);
            assert_eq!(
                (extensions[0].is_critical(), extensions[0].value()),
                (critical, &[9][..])
            );
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for criticality in [Criticality::Critical, Criticality::NonCritical] {
            let der = encode(0, |w| {
                w.sequence(|w| write_extension(w, crate::oid::KEY_USAGE, criticality, &[9]));
            });
            let extension = read(&der).unwrap()[0];
            assert_eq!(
                (extension.oid(), extension.value()),
                (crate::oid::KEY_USAGE, &[9][..])
            );
            assert_eq!(
                extension.is_critical(),
                criticality == Criticality::Critical
            );
        }
    }

    #[test]
    fn an_extension_without_value_is_refused() {
        let error = read(&[0x30, 6, 0x30, 4, 6, 2, 0x2a, 3]).unwrap_err();
        assert_eq!(
            (error.kind(), error.item()),
            (ParseErrorKind::Missing, Item::Extensions)
        );
    }
}
