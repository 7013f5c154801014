//! A writer of DER into one growing buffer.

use alloc::vec::Vec;

use super::tag;
use crate::Oid;

/// Writes DER elements one after the other.
#[derive(Default)]
pub(crate) struct Writer {
    out: Vec<u8>,
}

/// Writes with `write` into a new buffer.
pub(crate) fn encode(capacity: usize, write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::with_capacity(capacity);
    write(&mut writer);
    writer.into_bytes()
}

impl Writer {
    /// An empty writer. Where secrets are written, the capacity must hold all of them: growing leaves copies behind.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            out: Vec::with_capacity(capacity),
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Writes bytes that are already DER.
    pub(crate) fn raw(&mut self, der: &[u8]) {
        self.out.extend_from_slice(der);
    }

    /// Writes one element.
    pub(crate) fn tlv(&mut self, tag: u8, contents: &[u8]) {
        self.header(tag, contents.len());
        self.raw(contents);
    }

    /// Writes the tag and length of an element whose contents follow.
    pub(crate) fn header(&mut self, tag: u8, len: usize) {
        self.out.push(tag);
        if let Ok(short @ 0..0x80) = u8::try_from(len) {
            self.out.push(short);
            return;
        }
        let digits = len.to_be_bytes();
        let digits = significant(&digits);
        self.out.push(long_form(digits));
        self.raw(digits);
    }

    /// Writes a constructed element around what `write` writes.
    pub(crate) fn nested(&mut self, tag: u8, write: impl FnOnce(&mut Self)) {
        self.out.push(tag);
        let length_at = self.out.len();
        self.out.push(0);
        let start = self.out.len();
        write(self);
        let len = self.out.len().saturating_sub(start);
        let digits = len.to_be_bytes();
        let digits = significant(&digits);
        let first = match digits {
            [] => 0,
            [short @ 0..0x80] => *short,
            _ => {
                // The contents move up once, by as many bytes as the length turned out to need.
                self.out.extend_from_slice(digits);
                let moved_to = start.saturating_add(digits.len());
                self.out
                    .copy_within(start..start.saturating_add(len), moved_to);
                if let Some(place) = self.out.get_mut(start..moved_to) {
                    place.copy_from_slice(digits);
                }
                long_form(digits)
            }
        };
        if let Some(place) = self.out.get_mut(length_at) {
            *place = first;
        }
    }

    pub(crate) fn sequence(&mut self, write: impl FnOnce(&mut Self)) {
        self.nested(tag::SEQUENCE, write);
    }

    pub(crate) fn set(&mut self, write: impl FnOnce(&mut Self)) {
        self.nested(tag::SET, write);
    }

    pub(crate) fn oid(&mut self, oid: Oid) {
        self.tlv(tag::OID, oid.as_bytes());
    }

    pub(crate) fn null(&mut self) {
        self.tlv(tag::NULL, &[]);
    }

    pub(crate) fn octet_string(&mut self, octets: &[u8]) {
        self.tlv(tag::OCTET_STRING, octets);
    }

    /// Writes a BIT STRING without unused bits.
    pub(crate) fn bit_string(&mut self, octets: &[u8]) {
        self.header(tag::BIT_STRING, octets.len().saturating_add(1));
        self.out.push(0);
        self.raw(octets);
    }

    /// Writes an INTEGER of 0 to 127.
    pub(crate) fn small_integer(&mut self, value: u8) {
        self.tlv(tag::INTEGER, &[value & 0x7f]);
    }

    /// Writes a non-negative INTEGER from its big-endian magnitude.
    pub(crate) fn unsigned_integer(&mut self, magnitude: &[u8]) {
        let digits = significant(magnitude);
        match digits.first() {
            None => self.tlv(tag::INTEGER, &[0]),
            Some(0..0x80) => self.tlv(tag::INTEGER, digits),
            Some(_) => {
                self.header(tag::INTEGER, digits.len().saturating_add(1));
                self.out.push(0);
                self.raw(digits);
            }
        }
    }

    /// Writes a SET OF in DER order.
    pub(crate) fn set_of(&mut self, mut elements: Vec<Vec<u8>>) {
        elements.sort_unstable();
        self.set(|set| {
            for element in &elements {
                set.raw(element);
            }
        });
    }
}

/// Big-endian digits without leading zeros.
fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    digits.get(zeros..).unwrap_or_default()
}

/// The first byte of a length in the long form.
fn long_form(digits: &[u8]) -> u8 {
    u8::try_from(digits.len()).map_or(0xff, |count| 0x80 | count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Item, Layer, Limits, asn1::Reader};

    #[test]
    fn lengths_are_minimal_and_read_back() {
        for len in [0, 1, 127, 128, 129, 255, 256, 65_535, 65_536, 70_000] {
            let contents = alloc::vec![0x5a; len];
            let flat = encode(0, |w| w.octet_string(&contents));
            let nested = encode(0, |w| w.nested(tag::OCTET_STRING, |w| w.raw(&contents)));
            assert_eq!(flat, nested);
            let mut reader = Reader::new_der(&flat, 0, Layer::Message, &Limits::REQUEST);
            let element = reader.element(Item::Input).unwrap();
            assert_eq!((element.contents, reader.at_end()), (&contents[..], true));
        }
    }

    #[test]
    fn integers_keep_their_sign() {
        assert_eq!(encode(0, |w| w.unsigned_integer(&[])), [2, 1, 0]);
        assert_eq!(
            encode(0, |w| w.unsigned_integer(&[0, 0, 0x7f])),
            [2, 1, 0x7f]
        );
        assert_eq!(encode(0, |w| w.unsigned_integer(&[0x80])), [2, 2, 0, 0x80]);
    }
}
