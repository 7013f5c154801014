//! BER as a tree that can be changed and written again, in good form or bad.
//!
//! It knows nothing of the crate under test, and reads whatever it is given: what is no element is kept as it is.

/// One element, or bytes that are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub tag: u8,
    pub form: Form,
    pub body: Body,
}

/// How a length is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As DER has it.
    Definite,
    /// In this many octets after the first, most of them zeros.
    Long(u8),
    /// By end-of-contents octets.
    Indefinite,
    /// Minimal, and wrong by this much.
    Wrong(i8),
}

/// What an element holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Octets(Vec<u8>),
    Elements(Vec<Node>),
    /// The octets of a primitive string that are elements themselves: an eContent, an encryptedContent, a key.
    Wrapped {
        /// The unused bits of a BIT STRING.
        prefix: Vec<u8>,
        elements: Vec<Node>,
        /// What follows the elements: the padding of a payload.
        tail: Vec<u8>,
    },
    /// Bytes that are no element; the tag means nothing.
    Raw(Vec<u8>),
}

const OCTET_STRING: u8 = 0x04;
const BIT_STRING: u8 = 0x03;
const ENCRYPTED_CONTENT: u8 = 0x80;
const CONSTRUCTED: u8 = 0x20;

/// Elements deeper than this stay bytes.
const MAX_DEPTH: usize = 40;

/// Takes bytes apart.
pub fn read(bytes: &[u8]) -> Vec<Node> {
    elements(&mut { bytes }, Until::End, 0)
}

/// Puts elements together.
pub fn write(nodes: &[Node]) -> Vec<u8> {
    let mut out = Vec::new();
    nodes.iter().for_each(|node| node.write(&mut out));
    out
}

impl Node {
    /// An element in DER.
    pub fn new(tag: u8, octets: &[u8]) -> Self {
        Self {
            tag,
            form: Form::Definite,
            body: Body::Octets(octets.to_vec()),
        }
    }

    /// A constructed element in DER.
    pub fn of(tag: u8, elements: Vec<Node>) -> Self {
        Self {
            tag,
            form: Form::Definite,
            body: Body::Elements(elements),
        }
    }

    /// The elements inside, if there may be any.
    pub fn elements(&self) -> Option<&[Node]> {
        match &self.body {
            Body::Elements(elements) | Body::Wrapped { elements, .. } => Some(elements),
            Body::Octets(_) | Body::Raw(_) => None,
        }
    }

    /// The elements inside, to be changed.
    pub fn elements_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.body {
            Body::Elements(elements) | Body::Wrapped { elements, .. } => Some(elements),
            Body::Octets(_) | Body::Raw(_) => None,
        }
    }

    /// An element inside, by its position.
    pub fn at(&self, position: usize) -> Option<&Node> {
        self.elements()?.get(position)
    }

    /// An element inside, to be changed.
    pub fn at_mut(&mut self, position: usize) -> Option<&mut Node> {
        self.elements_mut()?.get_mut(position)
    }

    /// The first of the elements inside that has this tag.
    pub fn with_tag(&self, tag: u8) -> Option<&Node> {
        self.elements()?.iter().find(|node| node.tag == tag)
    }

    /// The first of the elements inside that has this tag, to be changed.
    pub fn with_tag_mut(&mut self, tag: u8) -> Option<&mut Node> {
        self.elements_mut()?.iter_mut().find(|node| node.tag == tag)
    }

    /// The bytes of the element.
    pub fn to_bytes(&self) -> Vec<u8> {
        write(std::slice::from_ref(self))
    }

    /// The octets between the length and the end.
    pub fn contents(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_contents(&mut out);
        out
    }

    /// The octets of a string, those of its segments put together.
    pub fn string_octets(&self) -> Vec<u8> {
        match &self.body {
            Body::Elements(segments) => segments.iter().flat_map(Node::string_octets).collect(),
            _ => self.contents(),
        }
    }

    /// Puts other octets into a string, in as many segments as before.
    pub fn set_octets(&mut self, octets: &[u8]) {
        match &mut self.body {
            Body::Elements(segments) if !segments.is_empty() => {
                let size = octets.len().div_ceil(segments.len());
                let chunks = octets.chunks(size.max(1));
                *segments = chunks.map(|chunk| Node::new(0x04, chunk)).collect();
            }
            body => *body = Body::Octets(octets.to_vec()),
        }
    }

    /// The same in DER: definite, minimal lengths, strings in one piece, SETs sorted.
    pub fn to_der(&self) -> Node {
        let body = match &self.body {
            Body::Elements(_) if is_constructed_string(self.tag) => {
                return Node::new(self.tag ^ CONSTRUCTED, &self.string_octets());
            }
            Body::Elements(elements) => {
                let mut elements: Vec<Node> = elements.iter().map(Node::to_der).collect();
                if self.tag == 0x31 {
                    elements.sort_by_cached_key(Node::to_bytes);
                }
                Body::Elements(elements)
            }
            // What is inside a primitive string is no business of the string's own encoding.
            other => other.clone(),
        };
        Node {
            tag: self.tag,
            form: Form::Definite,
            body,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        if let Body::Raw(bytes) = &self.body {
            out.extend_from_slice(bytes);
            return;
        }
        // The length goes in front when it is known: a buffer for each level would be most of what a mutation costs.
        out.push(self.tag);
        let start = out.len();
        self.write_contents(out);
        let len = out.len() - start;
        let (length, octets) = match self.form {
            Form::Definite => length(len, 0),
            Form::Long(octets) => length(len, usize::from(octets)),
            Form::Wrong(by) => length(len.saturating_add_signed(isize::from(by)), 0),
            Form::Indefinite => {
                out.extend_from_slice(&[0, 0]);
                ([0x80; MAX_LENGTH], 1)
            }
        };
        out.splice(start..start, length[..octets].iter().copied());
    }

    fn write_contents(&self, out: &mut Vec<u8>) {
        match &self.body {
            Body::Octets(octets) | Body::Raw(octets) => out.extend_from_slice(octets),
            Body::Elements(elements) => elements.iter().for_each(|node| node.write(out)),
            Body::Wrapped {
                prefix,
                elements,
                tail,
            } => {
                out.extend_from_slice(prefix);
                elements.iter().for_each(|node| node.write(out));
                out.extend_from_slice(tail);
            }
        }
    }
}

/// Whether a tag is that of a string in constructed form.
pub fn is_constructed_string(tag: u8) -> bool {
    matches!(tag, 0x24 | 0x2c | 0x32..=0x36 | 0x39..=0x3e)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    End,
    EndOfContents,
}

fn elements(input: &mut &[u8], until: Until, depth: usize) -> Vec<Node> {
    let mut found = Vec::new();
    while !input.is_empty() {
        if until == Until::EndOfContents && input.starts_with(&[0, 0]) {
            *input = &input[2..];
            break;
        }
        match element(input, depth) {
            Some(node) => found.push(node),
            None => {
                found.push(Node {
                    tag: 0,
                    form: Form::Definite,
                    body: Body::Raw(input.to_vec()),
                });
                *input = &[];
            }
        }
    }
    found
}

/// Takes one element, or nothing at all.
fn element(input: &mut &[u8], depth: usize) -> Option<Node> {
    let (&tag, rest) = input.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    if tag & 0x1f == 0x1f || depth > MAX_DEPTH {
        return None;
    }
    let (form, len) = match first {
        0..0x80 => (Form::Definite, usize::from(first)),
        0x80 if tag & CONSTRUCTED != 0 => {
            let elements = elements(&mut rest, Until::EndOfContents, depth + 1);
            *input = rest;
            return Some(Node {
                tag,
                form: Form::Indefinite,
                body: Body::Elements(elements),
            });
        }
        _ => {
            let octets = usize::from(first & 0x7f);
            let (digits, after) = rest.split_at_checked(octets)?;
            rest = after;
            let len = digits.iter().try_fold(0_usize, |len, digit| {
                Some(len.checked_mul(256)? | usize::from(*digit))
            })?;
            let minimal = len >= 0x80 && digits.first() != Some(&0);
            let form = if minimal {
                Form::Definite
            } else {
                Form::Long(first & 0x7f)
            };
            (form, len)
        }
    };
    let (contents, after) = rest.split_at_checked(len)?;
    *input = after;
    let body = if tag & CONSTRUCTED != 0 {
        Body::Elements(elements(&mut { contents }, Until::End, depth + 1))
    } else {
        wrapped(tag, contents, depth).unwrap_or_else(|| Body::Octets(contents.to_vec()))
    };
    Some(Node { tag, form, body })
}

/// The contents of a primitive string as elements, if they look like it.
fn wrapped(tag: u8, contents: &[u8], depth: usize) -> Option<Body> {
    let (prefix, mut rest) = match tag {
        OCTET_STRING | ENCRYPTED_CONTENT => (&[][..], contents),
        BIT_STRING => contents.split_at_checked(1)?,
        _ => return None,
    };
    if !matches!(
        rest.first()?,
        0x02..=0x06 | 0x0c | 0x13 | 0x30 | 0x31 | 0xa0
    ) {
        return None;
    }
    let first = element(&mut rest, depth + 1)?;
    let mut found = vec![first];
    // Padding follows a payload and may look like an element; elsewhere all must be elements.
    if tag != ENCRYPTED_CONTENT {
        while !rest.is_empty() {
            found.push(element(&mut rest, depth + 1)?);
        }
    }
    // Random octets may look like an element without an end, and would get one.
    let is_same = [prefix, &write(&found), rest].concat() == contents;
    is_same.then(|| Body::Wrapped {
        prefix: prefix.to_vec(),
        elements: found,
        tail: rest.to_vec(),
    })
}

/// The first octet of a length, and as many as it may count.
const MAX_LENGTH: usize = 1 + 0x7e;

/// The octets of a length, and how many they are: at least so many after the first, or as few as can be.
fn length(len: usize, octets: usize) -> ([u8; MAX_LENGTH], usize) {
    let mut out = [0; MAX_LENGTH];
    if len < 0x80 && octets == 0 {
        out[0] = len as u8;
        return (out, 1);
    }
    let digits = len.to_be_bytes();
    let significant = digits.len() - len.leading_zeros() as usize / 8;
    let octets = octets.max(significant).min(0x7e);
    let zeros = octets.saturating_sub(digits.len());
    out[0] = 0x80 | octets as u8;
    out[1 + zeros..=octets].copy_from_slice(&digits[digits.len() - (octets - zeros)..]);
    (out, 1 + octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_bytes_are_written_as_they_were_read() {
        for bytes in [
            &[
                0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 1, 0, 0, 0x31, 0x81, 0x00, 0, 0,
            ][..],
            &[0x04, 0x04, 0x30, 0x02, 0x05, 0x00],
            &[0x80, 0x06, 0x30, 0x02, 0x05, 0x00, 2, 2],
            &[0x03, 0x03, 0x00, 0x30, 0x00],
            &[0x02, 0x84, 0, 0, 0, 1, 7, 0x05, 0x00],
            &[0x30, 0x05, 0x02],
            &[0x1f, 0x81, 0x01, 0x00],
        ] {
            assert_eq!(write(&read(bytes)), bytes, "{bytes:02x?}");
        }
    }

    #[test]
    fn der_is_sorted_and_in_one_piece() {
        let ber = [
            0x31, 0x80, 0x24, 0x80, 0x04, 0x01, 1, 0x04, 0x01, 2, 0, 0, 0x02, 0x81, 0x01, 5, 0, 0,
        ];
        let der = [0x31, 0x07, 0x02, 0x01, 5, 0x04, 0x02, 1, 2];
        assert_eq!(read(&ber)[0].to_der().to_bytes(), der);
    }
}
