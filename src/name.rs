//! Distinguished names as text for people to read.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::asn1::{Element, Reader, tag};
use crate::attributes::text_of;
use crate::signed::typed_view;
use crate::{Item, Layer, Limits, Oid, ParseError};

/// A distinguished name ([RFC 5280, section 4.1.2.4]) as it was received.
///
/// [`Display`](fmt::Display) gives it as text in the manner of [RFC 4514], the most specific part first. It never
/// fails: what is no Name is shown as `<unreadable>`, and characters that could disturb a log or a terminal are
/// escaped. Two names are equal if their bytes are.
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
                || matches!((parts(self.0), parts(other.0)), (Ok(one), Ok(other)) if one == other))
    }

    /// A typed view.
    ///
    /// # Errors
    /// If `x509-cert` refuses the name, which remains usable here.
    pub fn to_x509(&self) -> Result<x509_cert::name::Name, ParseError> {
        typed_view(self.0, Item::Name)
    }
}

impl fmt::Display for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match text(self.0) {
            Ok(text) => f.write_str(&text),
            Err(_) => f.write_str("<unreadable>"),
        }
    }
}

impl fmt::Debug for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NameRef(\"{self}\")")
    }
}

/// What is compared of a name: in each part its attributes.
fn parts(name: &[u8]) -> Result<Vec<Vec<Attribute<'_>>>, ParseError> {
    let mut reader = Reader::new(name, 0, Layer::Message, &Limits::REPLY);
    let mut parts = Vec::new();
    reader.nested(tag::SEQUENCE, Item::Name, |rdns| {
        while !rdns.at_end() {
            let mut attributes = Vec::new();
            rdns.nested(tag::SET, Item::Name, |set| {
                while !set.at_end() {
                    attributes.push(set.nested(tag::SEQUENCE, Item::Name, |pair| {
                        let oid = pair.oid(Item::Name)?;
                        Ok((oid, Value::of(&pair.element(Item::Name)?)))
                    })?);
                }
                Ok(())
            })?;
            // Where the types of strings differ, so may their order.
            attributes.sort_unstable();
            parts.push(attributes);
        }
        Ok(())
    })?;
    reader.finish(Item::Name)?;
    Ok(parts)
}

/// A type and its value.
type Attribute<'a> = (&'a [u8], Value<'a>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
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

fn text(name: &[u8]) -> Result<String, ParseError> {
    let mut reader = Reader::new(name, 0, Layer::Message, &Limits::REPLY);
    let mut parts = Vec::new();
    reader.nested(tag::SEQUENCE, Item::Identifier, |rdns| {
        while !rdns.at_end() {
            parts.push(rdns.nested(tag::SET, Item::Identifier, relative_name)?);
        }
        Ok(())
    })?;
    reader.finish(Item::Identifier)?;
    parts.reverse();
    Ok(parts.join(","))
}

fn relative_name(reader: &mut Reader<'_>) -> Result<String, ParseError> {
    let mut text = String::new();
    while !reader.at_end() {
        if !text.is_empty() {
            text.push('+');
        }
        reader.nested(tag::SEQUENCE, Item::Identifier, |pair| {
            let oid = pair.oid(Item::Identifier)?;
            let value = pair.element(Item::Identifier)?;
            // Writing to a String does not fail.
            let _ = write_type(oid, &mut text);
            text.push('=');
            let _ = write_value(&value, &mut text);
            Ok(())
        })?;
    }
    Ok(text)
}

fn write_type(oid: &[u8], out: &mut String) -> fmt::Result {
    match TYPES.iter().find(|(known, _)| *known == oid) {
        Some((_, name)) => out.write_str(name),
        None => Oid::from_bytes(oid).map_or(Ok(()), |oid| write!(out, "{oid}")),
    }
}

fn write_value(value: &Element<'_>, out: &mut String) -> fmt::Result {
    match value.tag {
        tag::UTF8_STRING
        | tag::PRINTABLE_STRING
        | tag::TELETEX_STRING
        | tag::IA5_STRING
        | tag::BMP_STRING
        | NUMERIC_STRING
        | VISIBLE_STRING => write_escaped(&text_of(value.tag, value.contents), out),
        _ => {
            out.push('#');
            value
                .raw
                .iter()
                .try_for_each(|byte| write!(out, "{byte:02x}"))
        }
    }
}

/// Escapes as [RFC 4514, section 2.4] demands, and also what is not seen or disturbs what is.
///
/// [RFC 4514, section 2.4]: https://www.rfc-editor.org/rfc/rfc4514#section-2.4
fn write_escaped(text: &str, out: &mut String) -> fmt::Result {
    let last = text.char_indices().next_back().map(|(at, _)| at);
    for (at, character) in text.char_indices() {
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '=' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '#' if at == 0 => out.push_str("\\#"),
            ' ' if at == 0 || Some(at) == last => out.push_str("\\ "),
            _ if disturbs(character) => {
                let mut bytes = [0; 4];
                for byte in character.encode_utf8(&mut bytes).bytes() {
                    write!(out, "\\{byte:02X}")?;
                }
            }
            _ => out.push(character),
        }
    }
    Ok(())
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
    use alloc::string::ToString;

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
