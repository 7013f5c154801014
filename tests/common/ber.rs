//! Writes DER again in BER, in any of its forms.

use super::forge::{Element, elements, inside, tlv};
use scep::Encoding;

/// Writes the same values in BER, each time in another of its forms.
pub(crate) struct Ber {
    state: u64,
}

impl Ber {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed | 1 }
    }

    /// A number below a bound (xorshift64).
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 16) as usize % bound
    }

    /// A definite length, shortest or longer.
    fn header(&mut self, tag: u8, len: usize) -> Vec<u8> {
        let shortest = tlv(tag, &vec![0; len]);
        let header = &shortest[..shortest.len() - len];
        let zeros = match self.below(4) {
            0 => self.below(5),
            _ => return header.to_vec(),
        };
        let digits = match header {
            [_, short] => &[*short][..],
            [_, _, digits @ ..] => digits,
            _ => unreachable!(),
        };
        let count = 0x80 | (zeros + digits.len()) as u8;
        [&[tag, count], &vec![0; zeros][..], digits].concat()
    }

    fn primitive(&mut self, tag: u8, contents: &[u8]) -> Vec<u8> {
        [&self.header(tag, contents.len())[..], contents].concat()
    }

    pub(crate) fn constructed(&mut self, tag: u8, contents: &[u8]) -> Vec<u8> {
        match self.below(2) {
            0 => [&[tag, 0x80], contents, &[0, 0]].concat(),
            _ => self.primitive(tag, contents),
        }
    }

    /// An OCTET STRING, whole or in segments that may themselves be in segments.
    fn octets(&mut self, tag: u8, octets: &[u8], depth: usize) -> Vec<u8> {
        if depth == 0 || self.below(2) == 0 {
            return self.primitive(tag, octets);
        }
        let mut segments = Vec::new();
        let mut rest = octets;
        while !rest.is_empty() || self.below(4) == 0 {
            let most = match self.below(3) {
                0 => 2,
                1 => 20,
                _ => rest.len() + 1,
            };
            let (segment, after) = rest.split_at(self.below(most).min(rest.len()));
            segments.extend(self.octets(0x04, segment, depth - 1));
            rest = after;
        }
        self.constructed(tag | 0x20, &segments)
    }

    /// An element and all that is inside.
    pub(crate) fn deep(&mut self, element: &Element<'_>) -> Vec<u8> {
        if element.tag & 0x20 == 0 {
            return self.primitive(element.tag, element.contents);
        }
        let inner: Vec<u8> = elements(element.contents)
            .iter()
            .flat_map(|element| self.deep(element))
            .collect();
        self.constructed(element.tag, &inner)
    }

    /// An element whose elements stay as they are: certificates, names.
    fn shallow(&mut self, element: &Element<'_>) -> Vec<u8> {
        if element.tag & 0x20 == 0 {
            return self.primitive(element.tag, element.contents);
        }
        self.constructed(element.tag, element.contents)
    }

    /// The ContentInfo around what `write` makes of its fields.
    fn content_info(
        &mut self,
        der: &[u8],
        write: impl FnOnce(&mut Self, &[Element<'_>]) -> Vec<u8>,
    ) -> Vec<u8> {
        let [content_type, content] = inside(der)[..] else {
            panic!("no ContentInfo");
        };
        let fields = write(self, &inside(content.contents));
        let content = self.constructed(0x30, &fields);
        let content = self.constructed(0xa0, &content);
        let content_type = self.shallow(&content_type);
        self.constructed(0x30, &[content_type, content].concat())
    }

    /// A SignedData. What is signed stays as it is: signedAttrs, certificates, CRLs, the octets of the content.
    pub(crate) fn signed_data(&mut self, der: &[u8]) -> Vec<u8> {
        self.content_info(der, |ber, fields| {
            let last = fields.len() - 1;
            let write = |(position, field): (usize, &Element<'_>)| match position {
                0 | 1 => ber.deep(field),
                2 => ber.encapsulated(field),
                _ if position == last => {
                    let infos: Vec<u8> = elements(field.contents)
                        .iter()
                        .flat_map(|info| ber.signer_info(info))
                        .collect();
                    ber.constructed(0x31, &infos)
                }
                _ => ber.shallow(field),
            };
            fields.iter().enumerate().flat_map(write).collect()
        })
    }

    fn encapsulated(&mut self, encap: &Element<'_>) -> Vec<u8> {
        let fields = elements(encap.contents);
        let mut out = self.shallow(&fields[0]);
        if let Some(content) = fields.get(1) {
            let octets = self.octets(0x04, elements(content.contents)[0].contents, 3);
            out.extend(self.constructed(0xa0, &octets));
        }
        self.constructed(0x30, &out)
    }

    fn signer_info(&mut self, info: &Element<'_>) -> Vec<u8> {
        let write = |(position, field): (usize, &Element<'_>)| match (position, field.tag) {
            (1, _) => self.shallow(field),
            (_, 0xa0) => field.raw.to_vec(),
            (_, 0x04) => self.octets(0x04, field.contents, 3),
            _ => self.deep(field),
        };
        let fields = elements(info.contents);
        let fields: Vec<u8> = fields.iter().enumerate().flat_map(write).collect();
        self.constructed(0x30, &fields)
    }

    /// An EnvelopedData.
    pub(crate) fn enveloped_data(&mut self, der: &[u8]) -> Vec<u8> {
        self.content_info(der, |ber, fields| {
            let version = ber.deep(&fields[0]);
            let recipient = inside(fields[1].contents);
            let recipient = [
                ber.deep(&recipient[0]),
                ber.shallow(&recipient[1]),
                ber.deep(&recipient[2]),
                ber.octets(0x04, recipient[3].contents, 3),
            ];
            let recipient = ber.constructed(0x30, &recipient.concat());
            let recipients = ber.constructed(0x31, &recipient);
            let encrypted = elements(fields[2].contents);
            let encrypted = [
                ber.deep(&encrypted[0]),
                ber.deep(&encrypted[1]),
                ber.octets(0x80, encrypted[2].contents, 3),
            ];
            let encrypted = ber.constructed(0x30, &encrypted.concat());
            [version, recipients, encrypted].concat()
        })
    }
}

/// Which bytes were written in BER.
pub(crate) fn encoding(bytes: &[u8], der: &[u8]) -> Encoding {
    if bytes == der {
        Encoding::Der
    } else {
        Encoding::Ber
    }
}
