//! A writer of DER into one growing buffer.

use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt::{self, Write};

use super::{Reader, tag};
use crate::{Item, Layer, Limits, Oid};

/// Writes DER elements one after the other.
#[derive(Default)]
pub(crate) struct Writer {
    out: Vec<u8>,
    /// Where elements are put in order; kept, since sets stand in sets.
    sorted: Vec<u8>,
}

/// Writes the few elements of a SET OF in a message that is built, without a buffer of its own. For sets that somebody else made,
/// with as many elements as he likes, there is [`Writer::sort_elements`].
pub(crate) struct SetOf<'w> {
    out: &'w mut Writer,
    /// Where the first element stands.
    start: usize,
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
            sorted: Vec::new(),
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
        self.out.extend(length_octets(len));
    }

    /// Writes a constructed element around what `write` writes.
    pub(crate) fn nested(&mut self, tag: u8, write: impl FnOnce(&mut Self)) {
        let Ok(()) = self.try_nested(tag, |inner| {
            write(inner);
            Ok::<_, Infallible>(())
        });
    }

    /// As [`nested`](Self::nested). After an error, what was written is of no use.
    pub(crate) fn try_nested<E>(
        &mut self,
        tag: u8,
        write: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.out.push(tag);
        let length_at = self.out.len();
        // Room for the length of an element that takes all that is left: what is long then stays where it is written.
        let left = self.out.capacity().saturating_sub(length_at);
        self.out.extend(length_octets(left));
        let start = self.out.len();
        write(self)?;
        let len = self.out.len().saturating_sub(start);
        self.out.splice(length_at..start, length_octets(len));
        Ok(())
    }

    /// Writes a text, without tag and length.
    pub(crate) fn display(&mut self, text: impl fmt::Display) {
        // A buffer in memory refuses nothing.
        let _ = write!(self, "{text}");
    }

    /// The last `len` bytes that were written.
    pub(crate) fn written_mut(&mut self, len: usize) -> &mut [u8] {
        let start = self.out.len().saturating_sub(len);
        self.out.get_mut(start..).unwrap_or_default()
    }

    /// How many bytes were written.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// Puts the elements that were written from `start` on, and of which each ends where `ends` says, into DER order.
    ///
    /// X.690, section 11.6: in ascending order of the encodings, the shorter one as if padded with zeros, which is the order
    /// of slices, since no encoding is a prefix of another.
    pub(crate) fn sort_elements(&mut self, start: usize, ends: &[usize]) {
        let starts = core::iter::once(&start).chain(ends);
        let mut elements: Vec<&[u8]> = starts
            .zip(ends)
            .filter_map(|(start, end)| self.out.get(*start..*end))
            .collect();
        if elements.is_sorted() {
            return;
        }
        elements.sort_unstable();
        self.sorted.clear();
        // Once for the largest set there can be: growing step by step takes more in all.
        self.sorted.reserve_exact(self.out.capacity());
        for element in elements {
            self.sorted.extend_from_slice(element);
        }
        self.out.truncate(start);
        self.out.extend_from_slice(&self.sorted);
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

    /// Writes a SET OF, whose elements come to stand in DER order.
    pub(crate) fn set_of(&mut self, write: impl FnOnce(&mut SetOf<'_>)) {
        self.set(|out| {
            let start = out.out.len();
            write(&mut SetOf { out, start });
        });
    }
}

impl fmt::Write for Writer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.raw(text.as_bytes());
        Ok(())
    }
}

impl SetOf<'_> {
    /// Writes the next element with `write`, and moves it to where it belongs.
    pub(crate) fn element(&mut self, write: impl FnOnce(&mut Writer)) {
        let written = self.out.out.len();
        write(self.out);
        let len = self.out.out.len().saturating_sub(written);
        let set = self.out.out.get_mut(self.start..).unwrap_or_default();
        let Some((before, element)) = set.split_at_checked(set.len().saturating_sub(len)) else {
            return;
        };
        let mut elements = Reader::new_der(before, 0, Layer::Message, &Limits::REPLY);
        let mut place = 0;
        while elements
            .element(Item::Attribute)
            .is_ok_and(|other| other.raw <= element)
        {
            place = elements.offset();
        }
        if let Some(moved) = set.get_mut(place..) {
            moved.rotate_right(len);
        }
    }
}

/// Big-endian digits without leading zeros.
fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    digits.get(zeros..).unwrap_or_default()
}

/// The length octets of an element: a length below 128 by itself, any other after the number of its digits.
fn length_octets(len: usize) -> impl Iterator<Item = u8> {
    let all = len.to_be_bytes();
    let digits = significant(&all).len().max(1);
    let count = u8::try_from(digits).unwrap_or_default();
    let first = (len >= 0x80).then_some(0x80 | count);
    first
        .into_iter()
        .chain(all.into_iter().skip(all.len().saturating_sub(digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_minimal_and_read_back() {
        for len in [0, 1, 127, 128, 129, 255, 256, 65_535, 65_536, 70_000] {
            let contents = alloc::vec![0x5a; len];
            let flat = encode(0, |w| w.octet_string(&contents));
            // Room for a length that is too short, right, too long.
            for capacity in [0, 100, len + 10, 1 << 20] {
                let nested = encode(capacity, |w| {
                    w.nested(tag::OCTET_STRING, |w| w.raw(&contents))
                });
                assert_eq!(flat, nested);
            }
            let mut reader = Reader::new_der(&flat, 0, Layer::Message, &Limits::REQUEST);
            let element = reader.element(Item::Input).unwrap();
            assert_eq!((element.contents, reader.at_end()), (&contents[..], true));
        }
    }

    #[test]
    fn a_set_of_stands_in_der_order() {
        let elements: [&[u8]; 5] = [&[2, 2], &[], &[2, 1, 1], &[3], &[2, 2]];
        let set = encode(0, |w| {
            w.set_of(|set| {
                for octets in elements {
                    set.element(|w| w.octet_string(octets));
                }
            });
        });
        let sorted = [
            0x31, 18, 4, 0, 4, 1, 3, 4, 2, 2, 2, 4, 2, 2, 2, 4, 3, 2, 1, 1,
        ];
        assert_eq!(set, sorted);
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
