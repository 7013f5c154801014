//! A reader of BER that takes elements in place, one after the other, without allocating.
//!
//! Every definite and indefinite length form is read directly; there is no second, normalised copy of a message. The
//! only bytes that are ever copied are the segments of a constructed OCTET STRING, by [`OctetString::to_vec`].

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::tag;
use crate::{Item, Layer, Limit, Limits, Oid, ParseError, ParseErrorKind};

/// Reads the elements of one level of nesting.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
    layer: Layer,
    depth_left: usize,
    end: End,
    der_only: bool,
    ber_seen: bool,
}

/// What ends the level that a reader reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The end of its bytes.
    Slice,
    /// End-of-contents octets.
    EndOfContents,
}

/// One whole element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    /// Tag, length, contents, and the end-of-contents octets if there are any.
    pub(crate) raw: &'a [u8],
    pub(crate) contents: &'a [u8],
    /// Where the contents start in the layer.
    pub(crate) contents_offset: usize,
    /// Where the element starts in the layer.
    pub(crate) offset: usize,
}

/// The elements of a SET OF or SEQUENCE OF, already walked and counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Elements<'a> {
    pub(crate) contents: &'a [u8],
    pub(crate) count: usize,
    pub(crate) offset: usize,
}

/// An OCTET STRING in any of its forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OctetString<'a> {
    contents: &'a [u8],
    constructed: bool,
    /// The number of octets in all segments.
    pub(crate) len: usize,
    /// Where the contents start in the layer.
    pub(crate) offset: usize,
}

impl<'a> Reader<'a> {
    /// Reads `input`, whose first byte is at `offset` of `layer`, in BER.
    pub(crate) fn new(input: &'a [u8], offset: usize, layer: Layer, limits: &Limits) -> Self {
        Self {
            rest: input,
            offset,
            layer,
            depth_left: limits.depth,
            end: End::Slice,
            der_only: false,
            ber_seen: false,
        }
    }

    /// Reads `input` and refuses what is not DER in lengths and strings.
    pub(crate) fn new_der(input: &'a [u8], offset: usize, layer: Layer, limits: &Limits) -> Self {
        Self {
            der_only: true,
            ..Self::new(input, offset, layer, limits)
        }
    }

    /// Whether anything in BER form was read.
    pub(crate) const fn ber_seen(&self) -> bool {
        self.ber_seen
    }

    /// Where the next element starts in the layer.
    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    /// Whether the level has no more elements.
    pub(crate) fn at_end(&self) -> bool {
        match self.end {
            End::Slice => self.rest.is_empty(),
            End::EndOfContents => self.rest.starts_with(&[0, 0]),
        }
    }

    /// The tag of the next element, or `None` at the end.
    pub(crate) fn peek(&self) -> Option<u8> {
        if self.at_end() {
            None
        } else {
            self.rest.first().copied()
        }
    }

    /// Whether the next element has this tag.
    pub(crate) fn is_next(&self, tag: u8) -> bool {
        self.peek() == Some(tag)
    }

    /// An error at the next element.
    pub(crate) fn error(&self, kind: ParseErrorKind, item: Item) -> ParseError {
        self.error_at(kind, item, self.offset)
    }

    /// An error at an offset of the layer.
    pub(crate) fn error_at(&self, kind: ParseErrorKind, item: Item, offset: usize) -> ParseError {
        ParseError {
            kind,
            item,
            offset,
            layer: self.layer,
        }
    }

    /// Requires the end of the level.
    pub(crate) fn finish(&self, item: Item) -> Result<(), ParseError> {
        if self.at_end() {
            return Ok(());
        }
        Err(self.error(
            match self.end {
                End::EndOfContents if self.rest.len() < 2 => ParseErrorKind::Truncated,
                _ => ParseErrorKind::TrailingData,
            },
            item,
        ))
    }

    /// Reads the elements inside the next element, which must have this constructed tag, to its end.
    pub(crate) fn nested<T>(
        &mut self,
        tag: u8,
        item: Item,
        read: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        let mut inner = self.enter(tag, item)?;
        let value = read(&mut inner)?;
        inner.finish(item)?;
        self.leave(&inner);
        Ok(value)
    }

    /// The bytes of the next element, whether they are there or not; `None` if its header does not tell.
    pub(crate) fn declared_len(&self, item: Item) -> Option<usize> {
        let mut rest = self.clone();
        let contents = rest.tag_and_length(item).ok()??;
        rest.offset.checked_sub(self.offset)?.checked_add(contents)
    }

    /// Takes the next element whatever its tag.
    // Inlined, as `enter` is: what they give takes longer to hand over in memory than to find.
    #[inline]
    pub(crate) fn element(&mut self, item: Item) -> Result<Element<'a>, ParseError> {
        let (start, offset) = (self.rest, self.offset);
        let len = self.header(item)?;
        let (body, contents_offset) = (self.rest, self.offset);
        let contents = match len {
            Some(len) => self.take(len),
            None => {
                self.skip_to_end_of_contents(item)?;
                let contents = body
                    .get(..body.len().saturating_sub(self.rest.len()))
                    .unwrap_or_default();
                self.take(2);
                contents
            }
        };
        let raw = start
            .get(..start.len().saturating_sub(self.rest.len()))
            .unwrap_or_default();
        Ok(Element {
            tag: raw.first().copied().unwrap_or_default(),
            raw,
            contents,
            contents_offset,
            offset,
        })
    }

    /// Takes the next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8, item: Item) -> Result<Element<'a>, ParseError> {
        self.require_tag(tag, item)?;
        self.element(item)
    }

    /// Takes the next element if it has this tag.
    pub(crate) fn optional(
        &mut self,
        tag: u8,
        item: Item,
    ) -> Result<Option<Element<'a>>, ParseError> {
        if self.is_next(tag) {
            self.element(item).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Takes an OBJECT IDENTIFIER and gives its contents, which [`Oid`] can hold.
    pub(crate) fn oid(&mut self, item: Item) -> Result<&'a [u8], ParseError> {
        let element = self.expect(tag::OID, item)?;
        match element.contents.last() {
            Some(last) if *last < 0x80 && element.contents.len() <= Oid::MAX_LEN => {
                Ok(element.contents)
            }
            _ => Err(self.error_at(ParseErrorKind::InvalidValue, item, element.offset)),
        }
    }

    /// Takes an INTEGER of 0 to 255, such as a version.
    pub(crate) fn small_integer(&mut self, item: Item) -> Result<u8, ParseError> {
        let element = self.expect(tag::INTEGER, item)?;
        match element.contents {
            [value] if *value < 0x80 => Ok(*value),
            [0, value] => Ok(*value),
            _ => Err(self.error_at(ParseErrorKind::InvalidValue, item, element.offset)),
        }
    }

    /// Takes a SET OF or SEQUENCE OF with this tag, and counts its elements against a limit.
    pub(crate) fn elements(
        &mut self,
        tag: u8,
        item: Item,
        limit: Limit,
        limits: &Limits,
    ) -> Result<Elements<'a>, ParseError> {
        let mut inner = self.enter(tag, item)?;
        let (start, offset) = (inner.rest, inner.offset);
        let mut count = 0_usize;
        while !inner.at_end() {
            count = count.saturating_add(1);
            if count > limits.bound(limit) {
                return Err(inner.error(ParseErrorKind::LimitExceeded(limit), item));
            }
            inner.element(item)?;
        }
        let contents = start
            .get(..start.len().saturating_sub(inner.rest.len()))
            .unwrap_or_default();
        self.leave(&inner);
        Ok(Elements {
            contents,
            count,
            offset,
        })
    }

    /// Takes an OCTET STRING in any form; `tag` is the primitive one.
    pub(crate) fn octet_string(
        &mut self,
        tag: u8,
        item: Item,
        limits: &Limits,
    ) -> Result<OctetString<'a>, ParseError> {
        if !self.is_next(tag | tag::CONSTRUCTED) {
            let element = self.expect(tag, item)?;
            return Ok(OctetString {
                contents: element.contents,
                constructed: false,
                len: element.contents.len(),
                offset: element.contents_offset,
            });
        }
        if self.der_only {
            return Err(self.error(ParseErrorKind::NotDer, item));
        }
        self.ber_seen = true;
        let mut inner = self.enter(tag | tag::CONSTRUCTED, item)?;
        let (start, offset) = (inner.rest, inner.offset);
        let (mut len, mut segments) = (0, 0);
        inner.count_segments(item, limits, &mut len, &mut segments)?;
        let contents = start
            .get(..start.len().saturating_sub(inner.rest.len()))
            .unwrap_or_default();
        self.leave(&inner);
        Ok(OctetString {
            contents,
            constructed: true,
            len,
            offset,
        })
    }

    fn count_segments(
        &mut self,
        item: Item,
        limits: &Limits,
        len: &mut usize,
        segments: &mut usize,
    ) -> Result<(), ParseError> {
        while !self.at_end() {
            *segments = segments.saturating_add(1);
            if *segments > limits.segments {
                return Err(self.error(ParseErrorKind::LimitExceeded(Limit::Segments), item));
            }
            if self.is_next(tag::OCTET_STRING | tag::CONSTRUCTED) {
                let mut inner = self.enter(tag::OCTET_STRING | tag::CONSTRUCTED, item)?;
                inner.count_segments(item, limits, len, segments)?;
                self.leave(&inner);
            } else {
                let segment = self.expect(tag::OCTET_STRING, item)?;
                *len = len.saturating_add(segment.contents.len());
            }
        }
        self.finish(item)
    }

    /// Opens the next element, which must have this constructed tag.
    #[inline]
    fn enter(&mut self, tag: u8, item: Item) -> Result<Self, ParseError> {
        self.require_tag(tag, item)?;
        let offset = self.offset;
        let len = self.header(item)?;
        let Some(depth_left) = self.depth_left.checked_sub(1) else {
            return Err(self.error_at(ParseErrorKind::LimitExceeded(Limit::Depth), item, offset));
        };
        let mut inner = Self {
            depth_left,
            ..self.clone()
        };
        match len {
            Some(len) => {
                inner.end = End::Slice;
                inner.rest = self.take(len);
            }
            None => inner.end = End::EndOfContents,
        }
        Ok(inner)
    }

    /// Goes on behind a level that was entered and read to its end.
    fn leave(&mut self, inner: &Self) {
        if inner.end == End::EndOfContents {
            self.rest = inner.rest;
            self.offset = inner.offset;
            self.take(2);
        }
        self.ber_seen |= inner.ber_seen;
    }

    fn require_tag(&self, tag: u8, item: Item) -> Result<(), ParseError> {
        match self.peek() {
            Some(found) if found == tag => Ok(()),
            Some(found) => Err(self.error(
                ParseErrorKind::UnexpectedTag {
                    expected: tag,
                    found,
                },
                item,
            )),
            None => Err(self.error(ParseErrorKind::Missing, item)),
        }
    }

    /// Takes the tag and length of the next element whose contents are there, and gives the length; `None` is the indefinite
    /// form.
    fn header(&mut self, item: Item) -> Result<Option<usize>, ParseError> {
        let offset = self.offset;
        let len = self.tag_and_length(item)?;
        if len.is_some_and(|len| len > self.rest.len()) {
            return Err(self.error_at(ParseErrorKind::Truncated, item, offset));
        }
        Ok(len)
    }

    fn tag_and_length(&mut self, item: Item) -> Result<Option<usize>, ParseError> {
        let offset = self.offset;
        let truncated = |reader: &Self| reader.error_at(ParseErrorKind::Truncated, item, offset);
        let tag = self.byte().ok_or_else(|| truncated(self))?;
        if tag & 0x1f == 0x1f {
            self.skip_tag_number(item, offset)?;
        }
        let first = self.byte().ok_or_else(|| truncated(self))?;
        let len = match first {
            0x80 if tag & tag::CONSTRUCTED != 0 => {
                self.note_ber(item, offset)?;
                return Ok(None);
            }
            0x80 | 0xff => {
                return Err(self.error_at(ParseErrorKind::InvalidLength, item, offset));
            }
            0..0x80 => usize::from(first),
            _ => self.long_length(first & 0x7f, item, offset)?,
        };
        Ok(Some(len))
    }

    fn skip_tag_number(&mut self, item: Item, offset: usize) -> Result<(), ParseError> {
        for _ in 0..4 {
            match self.byte() {
                Some(byte) if byte & 0x80 != 0 => {}
                Some(_) => return Ok(()),
                None => return Err(self.error_at(ParseErrorKind::Truncated, item, offset)),
            }
        }
        Err(self.error_at(ParseErrorKind::InvalidTag, item, offset))
    }

    fn long_length(&mut self, count: u8, item: Item, offset: usize) -> Result<usize, ParseError> {
        let mut len = 0_usize;
        let mut minimal = true;
        for position in 0..count {
            let byte = self
                .byte()
                .ok_or_else(|| self.error_at(ParseErrorKind::Truncated, item, offset))?;
            minimal &= position > 0 || byte != 0;
            len = len
                .checked_mul(256)
                .and_then(|shifted| shifted.checked_add(usize::from(byte)))
                .ok_or_else(|| self.error_at(ParseErrorKind::InvalidLength, item, offset))?;
        }
        if !minimal || len < 0x80 {
            self.note_ber(item, offset)?;
        }
        Ok(len)
    }

    fn note_ber(&mut self, item: Item, offset: usize) -> Result<(), ParseError> {
        if self.der_only {
            return Err(self.error_at(ParseErrorKind::NotDer, item, offset));
        }
        self.ber_seen = true;
        Ok(())
    }

    /// Goes to the end-of-contents octets that close the current element. Linear: nothing is read twice.
    fn skip_to_end_of_contents(&mut self, item: Item) -> Result<(), ParseError> {
        let mut open = 1_usize;
        loop {
            if self.rest.starts_with(&[0, 0]) {
                open = open.saturating_sub(1);
                if open == 0 {
                    return Ok(());
                }
                self.take(2);
                continue;
            }
            let offset = self.offset;
            match self.header(item)? {
                Some(len) => {
                    self.take(len);
                }
                None if open >= self.depth_left => {
                    let kind = ParseErrorKind::LimitExceeded(Limit::Depth);
                    return Err(self.error_at(kind, item, offset));
                }
                None => open = open.saturating_add(1),
            }
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.offset = self.offset.saturating_add(1);
        Some(*first)
    }

    /// Takes bytes that are known to be there.
    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
        self.rest = rest;
        self.offset = self.offset.saturating_add(taken.len());
        taken
    }
}

impl<'a> Element<'a> {
    /// Requires a tag of an element that was taken whatever its tag.
    pub(crate) const fn is(&self, tag: u8) -> bool {
        self.tag == tag
    }
}

impl<'a> Elements<'a> {
    /// The elements again; they were walked once, so none fails.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        // Depth was bounded by the first walk with the caller's limits.
        let limits = Limits::REPLY.with(Limit::Depth, usize::MAX);
        let mut reader = Reader::new(self.contents, self.offset, Layer::Message, &limits);
        core::iter::from_fn(move || {
            if reader.at_end() {
                None
            } else {
                reader.element(Item::Input).ok()
            }
        })
    }
}

impl<'a> OctetString<'a> {
    /// The octets in place, if they stand in one piece.
    pub(crate) fn in_place(&self) -> Option<&'a [u8]> {
        (!self.constructed).then_some(self.contents)
    }

    /// Appends the octets of all segments.
    pub(crate) fn append_to(&self, out: &mut Vec<u8>) {
        if !self.constructed {
            out.extend_from_slice(self.contents);
            return;
        }
        // Segments nest and end as the first walk found them; what is left to see are headers and octets.
        let mut rest = self.contents;
        while let Some((&tag, after_tag)) = rest.split_first() {
            let Some((&first, mut after)) = after_tag.split_first() else {
                return;
            };
            let mut len = usize::from(first);
            if first > 0x80 {
                let (digits, body) = after
                    .split_at_checked(usize::from(first & 0x7f))
                    .unwrap_or((after, &[]));
                len = digits.iter().fold(0, |len: usize, digit| {
                    len.wrapping_shl(8) | usize::from(*digit)
                });
                after = body;
            }
            if tag & tag::CONSTRUCTED != 0 || tag == 0 {
                rest = after;
                continue;
            }
            let (octets, body) = after.split_at_checked(len).unwrap_or((after, &[]));
            out.extend_from_slice(octets);
            rest = body;
        }
    }

    /// The octets, in place if they stand in one piece.
    pub(crate) fn to_cow(self) -> Cow<'a, [u8]> {
        self.in_place()
            .map_or_else(|| Cow::Owned(self.to_vec()), Cow::Borrowed)
    }

    /// The octets in a buffer of their own, allocated once.
    pub(crate) fn to_vec(self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.len);
        self.append_to(&mut octets);
        octets
    }
}

#[cfg(test)]
mod tests;
