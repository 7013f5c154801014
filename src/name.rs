//! Distinguished names as text for people to read.

use core::fmt::{self, Display, Write};

use crate::asn1::{Element, Reader, tag};
use crate::attributes::each_character;
use crate::signed::typed_view;
use crate::{Item, Layer, Limits, Oid, ParseError, ParseErrorKind};

/// A distinguished name ([RFC 5280, section 4.1.2.4]) as it was received.
///
/// [`Display`] gives it as text in the manner of [RFC 4514], the most specific part first. It takes no memory and never
/// fails: what is no Name, or has more than 64 parts or more than 16 attributes in a part, is shown as `<unreadable>`, and
/// characters that could disturb a log or a terminal are escaped. Two names are equal if their bytes are.
///
/// [RFC 5280, section 4.1.2.4]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.4
/// [RFC 4514]: https://www.rfc-editor.org/rfc/rfc4514
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameRef<'a>(&'a [u8]);

impl<'a> NameRef<'a> {
    /// Takes the DER of a Name, which is not looked at until it is shown.
    #[must_use]
    pub const fn new(der: &'a [u8]) -> Self {
        Self(der)
    }

    /// The bytes as they were received.
    #[must_use]
    pub const fn as_der(&self) -> &'a [u8] {
        self.0
    }

    /// Whether the two names are the same text in the same parts: their bytes are equal, or all that differs is in which
    /// of PrintableString, UTF8String and IA5String the same ASCII characters stand.
    // Interop: CAs in Go write PrintableString where the CSR has UTF8String.
    #[must_use]
    pub fn has_same_text(&self, other: &NameRef<'_>) -> bool {
        // The same characters have the same length in each of these types, so most names cost nothing.
        self.0.len() == other.0.len()
            && (self == other
                || matches!((Parts::read(self.0), Parts::read(other.0)), (Ok(one), Ok(other))
                    if one.has_same_text(&other)))
    }

    /// A typed view.
    ///
    /// # Errors
    /// If `x509-cert` refuses the name, which remains usable here.
    pub fn to_x509(&self) -> Result<x509_cert::name::Name, ParseError> {
        typed_view(self.0, Item::Name)
    }
}

impl Display for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(parts) = Parts::read(self.0) else {
            return f.write_str("<unreadable>");
        };
        for (position, part) in parts.iter().rev().enumerate() {
            if position > 0 {
                f.write_char(',')?;
            }
            write_part(part, f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NameRef(\"{self}\")")
    }
}

/// More than any real name has; what is beyond costs neither memory nor comparisons.
const MAX_PARTS: usize = 64;
const MAX_ATTRIBUTES: usize = 16;

/// The contents of each RelativeDistinguishedName, in the order of the encoding.
struct Parts<'a> {
    parts: [&'a [u8]; MAX_PARTS],
    len: usize,
}

impl<'a> Parts<'a> {
    /// Takes a Name apart, and reads all of it.
    fn read(name: &'a [u8]) -> Result<Self, ParseError> {
        let mut found = Self {
            parts: [&[]; MAX_PARTS],
            len: 0,
        };
        let item = Item::Name;
        let mut reader = Reader::new(name, 0, Layer::Message, &Limits::REPLY);
        reader.nested(tag::SEQUENCE, item, |parts| {
            while !parts.at_end() {
                let part = parts.expect(tag::SET, item)?.contents;
                let too_many = parts.error(ParseErrorKind::NotAllowed, item);
                for (position, attribute) in attributes(part).enumerate() {
                    attribute?;
                    if position >= MAX_ATTRIBUTES {
                        return Err(too_many);
                    }
                }
                let slot = found.parts.get_mut(found.len).ok_or(too_many)?;
                *slot = part;
                found.len = found.len.saturating_add(1);
            }
            Ok(())
        })?;
        reader.finish(item)?;
        Ok(found)
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = &'a [u8]> + ExactSizeIterator {
        self.parts
            .get(..self.len)
            .unwrap_or_default()
            .iter()
            .copied()
    }

    fn has_same_text(&self, other: &Self) -> bool {
        self.len == other.len
            && self
                .iter()
                .zip(other.iter())
                .all(|(one, other)| is_same_part(one, other))
    }
}

/// Whether two parts have the same attributes. Where the types of strings differ, so may their order.
fn is_same_part(one: &[u8], other: &[u8]) -> bool {
    values(one).count() == values(other).count()
        && values(one).all(|wanted| {
            let count = |part| values(part).filter(|value| *value == wanted).count();
            count(one) == count(other)
        })
}

/// What is compared of the attributes of a part that [`Parts::read`] read.
fn values(part: &[u8]) -> impl Iterator<Item = (&[u8], Value<'_>)> {
    let read = attributes(part).map_while(Result::ok);
    read.map(|(oid, value)| (oid, Value::of(&value)))
}

/// What is compared of a value.
#[derive(PartialEq, Eq)]
enum Value<'a> {
    Ascii(&'a [u8]),
    Other(&'a [u8]),
}

impl<'a> Value<'a> {
    const fn of(value: &Element<'a>) -> Self {
        match value.tag {
            tag::PRINTABLE_STRING | tag::UTF8_STRING | tag::IA5_STRING
                if value.contents.is_ascii() =>
            {
                Self::Ascii(value.contents)
            }
            _ => Self::Other(value.raw),
        }
    }
}

/// The type and value of each AttributeTypeAndValue in the contents of a RelativeDistinguishedName.
fn attributes(part: &[u8]) -> impl Iterator<Item = Result<(&[u8], Element<'_>), ParseError>> {
    let mut reader = Reader::new(part, 0, Layer::Message, &Limits::REPLY);
    core::iter::from_fn(move || {
        (!reader.at_end()).then(|| {
            reader.nested(tag::SEQUENCE, Item::Name, |pair| {
                Ok((pair.oid(Item::Name)?, pair.element(Item::Name)?))
            })
        })
    })
}

/// Writes a part whose attributes [`Parts::read`] read.
fn write_part(part: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (position, (oid, value)) in attributes(part).map_while(Result::ok).enumerate() {
        if position > 0 {
            f.write_char('+')?;
        }
        write_type(oid, f)?;
        f.write_char('=')?;
        write_value(&value, f)?;
    }
    Ok(())
}

fn write_type(oid: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match TYPES.iter().find(|(known, _)| *known == oid) {
        Some((_, name)) => f.write_str(name),
        None => Oid::from_bytes(oid).map_or(Ok(()), |oid| oid.fmt(f)),
    }
}

fn write_value(value: &Element<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value.tag {
        tag::UTF8_STRING
        | tag::PRINTABLE_STRING
        | tag::TELETEX_STRING
        | tag::IA5_STRING
        | tag::BMP_STRING
        | NUMERIC_STRING
        | VISIBLE_STRING => {
            let mut escaped = Escaped::default();
            each_character(value.tag, value.contents, |character| {
                escaped.write(character, f)
            })?;
            escaped.finish(f)
        }
        _ => {
            f.write_char('#')?;
            value
                .raw
                .iter()
                .try_for_each(|byte| write!(f, "{byte:02x}"))
        }
    }
}

/// Escapes as [RFC 4514, section 2.4] demands, and also what is not seen or disturbs what is.
///
/// [RFC 4514, section 2.4]: https://www.rfc-editor.org/rfc/rfc4514#section-2.4
#[derive(Default)]
struct Escaped {
    is_begun: bool,
    /// A blank that is escaped if it turns out to be the last character.
    blank_is_held: bool,
}

impl Escaped {
    fn write(&mut self, character: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if core::mem::take(&mut self.blank_is_held) {
            f.write_char(' ')?;
        }
        let is_first = !core::mem::replace(&mut self.is_begun, true);
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '=' | '\\' => write!(f, "\\{character}"),
            '#' if is_first => f.write_str("\\#"),
            ' ' if is_first => f.write_str("\\ "),
            ' ' => {
                self.blank_is_held = true;
                Ok(())
            }
            _ if disturbs(character) => {
                let mut bytes = [0; 4];
                let encoded = character.encode_utf8(&mut bytes);
                encoded
                    .bytes()
                    .try_for_each(|byte| write!(f, "\\{byte:02X}"))
            }
            _ => f.write_char(character),
        }
    }

    fn finish(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.blank_is_held {
            f.write_str("\\ ")?;
        }
        Ok(())
    }
}

/// Whether a character is a control character, or one that changes direction or lines or has no width.
fn disturbs(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

const NUMERIC_STRING: u8 = 0x12;
const VISIBLE_STRING: u8 = 0x1a;

/// The attribute types that have a short name, by the contents octets of their identifiers.
const TYPES: &[(&[u8], &str)] = &[
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 4], "SN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 12], "title"),
    (&[0x55, 4, 42], "GN"),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1],
        "emailAddress",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2],
        "unstructuredName",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 8],
        "unstructuredAddress",
    ),
    (
        &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1],
        "UID",
    ),
    (
        &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25],
        "DC",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::encode;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    const CN: &[u8] = &[0x55, 4, 3];

    /// An attribute type, and the tag and contents of its value.
    type Pair<'a> = (&'a [u8], u8, &'a [u8]);

    fn name(rdns: &[&[Pair<'_>]]) -> Vec<u8> {
        encode(0, |w| {
            w.sequence(|w| {
                for rdn in rdns {
                    w.set(|w| {
                        for (oid, tag, value) in *rdn {
                            w.sequence(|w| {
                                w.tlv(tag::OID, oid);
                                w.tlv(*tag, value);
                            });
                        }
                    });
                }
            });
        })
    }

    fn common_name(tag: u8, value: &[u8]) -> String {
        NameRef::new(&name(&[&[(CN, tag, value)]])).to_string()
    }

    #[test]
    fn the_most_specific_part_comes_first_and_multiple_values_are_joined() {
        let der = name(&[
            &[(&[0x55, 4, 6], tag::PRINTABLE_STRING, b"US")],
            &[
                (&[0x55, 4, 5], tag::PRINTABLE_STRING, b"42"),
                (TYPES[12].0, tag::IA5_STRING, b"router.example"),
            ],
            &[(&[0x2a, 3, 4], tag::UTF8_STRING, b"x")],
        ]);
        let name = NameRef::new(&der);
        assert_eq!(
            name.to_string(),
            "1.2.3.4=x,serialNumber=42+unstructuredName=router.example,C=US"
        );
        assert_eq!(NameRef::new(&[0x30, 0]).to_string(), "");
    }

    #[test]
    fn strings_of_every_kind_are_decoded() {
        assert_eq!(
            common_name(tag::UTF8_STRING, "Zoë".as_bytes()),
            "CN=Zo\u{eb}"
        );
        assert_eq!(
            common_name(tag::BMP_STRING, &[0, b'Z', 0, 0xeb]),
            "CN=Z\u{eb}"
        );
        assert_eq!(common_name(tag::TELETEX_STRING, b"Z\xeb"), "CN=Z\u{eb}");
        assert_eq!(common_name(tag::UTF8_STRING, b"\xff"), "CN=\u{fffd}");
        assert_eq!(common_name(tag::INTEGER, &[5]), "CN=#020105");
    }

    #[test]
    fn what_could_break_a_log_is_escaped() {
        assert_eq!(
            common_name(tag::UTF8_STRING, b" a,b+c\n\x1b "),
            "CN=\\ a\\,b\\+c\\0A\\1B\\ "
        );
        assert_eq!(
            common_name(tag::UTF8_STRING, "#\u{202e}".as_bytes()),
            "CN=\\#\\E2\\80\\AE"
        );
    }

    #[test]
    fn names_of_the_same_text_may_differ_in_the_types_of_strings() {
        const O: &[u8] = &[0x55, 4, 10];
        let same = |one: &[u8], other: &[u8]| {
            let (one, other) = (NameRef::new(one), NameRef::new(other));
            assert_eq!(one.has_same_text(&other), other.has_same_text(&one));
            one.has_same_text(&other)
        };
        let utf8 = name(&[
            &[(CN, tag::UTF8_STRING, b"a")],
            &[(O, tag::UTF8_STRING, b"b")],
        ]);
        for string in [tag::PRINTABLE_STRING, tag::IA5_STRING, tag::UTF8_STRING] {
            let other = name(&[&[(CN, string, b"a")], &[(O, tag::UTF8_STRING, b"b")]]);
            assert!(same(&utf8, &other));
        }
        for other in [
            name(&[
                &[(CN, tag::UTF8_STRING, b"A")],
                &[(O, tag::UTF8_STRING, b"b")],
            ]),
            name(&[
                &[(CN, tag::BMP_STRING, b"a")],
                &[(O, tag::UTF8_STRING, b"b")],
            ]),
            name(&[
                &[(O, tag::UTF8_STRING, b"b")],
                &[(CN, tag::UTF8_STRING, b"a")],
            ]),
            name(&[&[(CN, tag::UTF8_STRING, b"a"), (O, tag::UTF8_STRING, b"b")]]),
            name(&[&[(CN, tag::UTF8_STRING, b"a")]]),
            name(&[]),
            [&utf8[..], &[0]].concat(),
        ] {
            assert!(!same(&utf8, &other), "{}", NameRef::new(&other));
        }
        // What is not ASCII is another text in another type.
        let latin = |string| name(&[&[(CN, string, b"\xe9")]]);
        assert!(!same(
            &latin(tag::PRINTABLE_STRING),
            &latin(tag::UTF8_STRING)
        ));
        // In one part, the order depends on the types.
        let one = [
            (CN, tag::UTF8_STRING, &b"b"[..]),
            (CN, tag::PRINTABLE_STRING, b"a"),
        ];
        let other = [
            (CN, tag::UTF8_STRING, &b"a"[..]),
            (CN, tag::UTF8_STRING, b"b"),
        ];
        assert!(same(&name(&[&one]), &name(&[&other])));
        // What is no name is the same as its own bytes.
        assert!(same(b"no name", b"no name") && !same(b"no name", b"none"));
    }

    #[test]
    fn blanks_are_escaped_at_both_ends_only() {
        for (text, shown) in [
            ("a b", "CN=a b"),
            ("a  ", "CN=a \\ "),
            (" ", "CN=\\ "),
            ("  ", "CN=\\ \\ "),
            (" # ", "CN=\\ #\\ "),
        ] {
            assert_eq!(common_name(tag::UTF8_STRING, text.as_bytes()), shown);
        }
    }

    #[test]
    fn a_name_has_at_most_64_parts_of_16_attributes() {
        let shown = |parts, attributes| {
            let attribute: Pair<'_> = (CN, tag::UTF8_STRING, b"x");
            let part = alloc::vec![attribute; attributes];
            NameRef::new(&name(&alloc::vec![&part[..]; parts])).to_string()
        };
        assert_eq!(shown(64, 16).matches("CN=x").count(), 64 * 16);
        assert_eq!(shown(65, 1), "<unreadable>");
        assert_eq!(shown(1, 17), "<unreadable>");
    }

    #[test]
    fn what_is_no_name_is_unreadable() {
        for der in [
            &[][..],
            &[0x30],
            &[0x31, 0],
            &[0x30, 0, 0],
            &[0x30, 2, 0x30, 0],
            &[0x30, 4, 0x31, 2, 0x30, 0],
        ] {
            assert_eq!(NameRef::new(der).to_string(), "<unreadable>");
        }
    }
}
