//! The DER form of a BER element: what a signer digested whose signed attributes did not travel in DER.

use alloc::vec::Vec;

use super::{OctetString, Reader, Writer, tag};
use crate::{Item, Layer, Limit, Limits, ParseError, ParseErrorKind};

/// The DER encoding of a SET OF, tag 0x31, whose elements stand in `contents` in any order and form.
///
/// It is written in one buffer, in which elements that are out of order are moved by way of a second one.
pub(crate) fn der_sorted_set(contents: &[u8], limits: &Limits) -> Result<Vec<u8>, ParseError> {
    let mut reader = Reader::new(contents, 0, Layer::Message, limits);
    // The tag and length, and what a definite length may need beyond an indefinite one.
    let mut out = Writer::with_capacity(contents.len().saturating_add(64));
    write_sorted(&mut reader, &mut out, limits)?;
    Ok(out.into_bytes())
}

fn write_sorted(
    reader: &mut Reader<'_>,
    out: &mut Writer,
    limits: &Limits,
) -> Result<(), ParseError> {
    out.try_nested(tag::SET, |set| {
        let start = set.len();
        let mut ends = Vec::new();
        while !reader.at_end() {
            // A set of small elements takes more memory to sort than it has bytes.
            if ends.len() >= limits.bound(Limit::Attributes) {
                let kind = ParseErrorKind::LimitExceeded(Limit::Attributes);
                return Err(reader.error(kind, Item::Attribute));
            }
            write_der(reader, set, limits)?;
            ends.push(set.len());
        }
        set.sort_elements(start, &ends);
        Ok(())
    })
}

fn write_der(reader: &mut Reader<'_>, out: &mut Writer, limits: &Limits) -> Result<(), ParseError> {
    match reader.peek() {
        Some(tag::SET) => reader.nested(tag::SET, Item::Attribute, |inner| {
            write_sorted(inner, out, limits)
        }),
        Some(string) if is_constructed_string(string) => {
            let primitive = string ^ tag::CONSTRUCTED;
            let octets: OctetString<'_> =
                reader.octet_string(primitive, Item::Attribute, limits)?;
            out.tlv(primitive, &octets.to_vec());
            Ok(())
        }
        Some(constructed) if constructed & tag::CONSTRUCTED != 0 && constructed & 0x1f != 0x1f => {
            reader.nested(constructed, Item::Attribute, |inner| {
                out.try_nested(constructed, |children| {
                    while !inner.at_end() {
                        write_der(inner, children, limits)?;
                    }
                    Ok(())
                })
            })
        }
        _ => {
            let element = reader.element(Item::Attribute)?;
            if element.tag & 0x1f == 0x1f {
                out.raw(element.raw);
            } else {
                out.tlv(element.tag, element.contents);
            }
            Ok(())
        }
    }
}

/// Whether a tag is that of an OCTET STRING or character string in constructed form.
const fn is_constructed_string(tag: u8) -> bool {
    matches!(tag, 0x24 | 0x2c | 0x32..=0x36 | 0x39..=0x3e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ber_becomes_der() {
        // SEQUENCE (indefinite) { OCTET STRING in two segments, SET { 2, 1 }, INTEGER with a long length }
        let ber = [
            0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 1, 0x04, 0x01, 2, 0, 0, 0x31, 0x06, 0x02, 0x01, 2,
            0x02, 0x01, 1, 0x02, 0x81, 0x01, 5, 0, 0,
        ];
        let der = [
            0x30, 0x0f, 0x04, 0x02, 1, 2, 0x31, 0x06, 0x02, 0x01, 1, 0x02, 0x01, 2, 0x02, 0x01, 5,
        ];
        for element in [&ber[..], &der] {
            let set = der_sorted_set(element, &Limits::REQUEST).unwrap();
            assert_eq!(set.get(2..), Some(&der[..]));
        }
    }

    #[test]
    fn a_tag_of_more_than_one_octet_stays_as_it_is() {
        for element in [&[0x3f, 0x81, 0x01, 0x01, 7][..], &[0x1f, 0x01, 0x01, 7]] {
            let set = der_sorted_set(element, &Limits::REQUEST).unwrap();
            assert_eq!(set.get(2..), Some(element));
        }
        // Its number has no part in that of others.
        for (ber, der) in [
            (&[0x0c, 0x81, 1, 7][..], &[0x0c, 1, 7][..]),
            (&[0x9e, 0x81, 1, 7], &[0x9e, 1, 7]),
            (&[0xbe, 0x81, 2, 0x05, 0], &[0xbe, 2, 0x05, 0]),
            (&[0xa0, 0x80, 0x05, 0, 0, 0], &[0xa0, 2, 0x05, 0]),
        ] {
            let set = der_sorted_set(ber, &Limits::REQUEST).unwrap();
            assert_eq!(set.get(2..), Some(der), "{ber:02x?}");
        }
    }

    #[test]
    fn a_set_is_sorted_by_encoding() {
        let contents = [0x04, 0x01, 9, 0x02, 0x02, 1, 1, 0x02, 0x01, 3];
        let sorted = [0x31, 0x0a, 0x02, 0x01, 3, 0x02, 0x02, 1, 1, 0x04, 0x01, 9];
        assert_eq!(
            der_sorted_set(&contents, &Limits::REQUEST),
            Ok(sorted.to_vec())
        );
    }

    #[test]
    fn a_set_in_a_value_is_sorted_too_and_limited() {
        let limits = Limits::REQUEST.with(Limit::Attributes, 2);
        let sorted = |count| {
            let set = [2, 1, 9].repeat(count);
            let contents = crate::asn1::encode(0, |w| w.sequence(|w| w.tlv(tag::SET, &set)));
            der_sorted_set(&contents, &limits).map_err(|error| (error.kind(), error.item()))
        };
        assert!(sorted(2).is_ok());
        let kind = ParseErrorKind::LimitExceeded(Limit::Attributes);
        assert_eq!(sorted(3), Err((kind, Item::Attribute)));
    }
}
