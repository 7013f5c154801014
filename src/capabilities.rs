//! The answer to GetCACaps: what a CA says that it can do.

use alloc::string::String;
use core::fmt;

/// What a CA says in answer to GetCACaps that it can do, [RFC 8894, section 3.5.2].
///
/// Nobody signs this answer: it may choose among what a policy allows, and never lowers the policy. Apart from a list,
/// empty or not, there is [`UNKNOWN`](Self::UNKNOWN): the CA answered with an HTTP error, or with a page that is no list.
///
/// ```
/// use scep::{Capabilities, Capability};
///
/// let capabilities = Capabilities::parse(b"Renewal\r\nscepstandard \r\nRollover\r\n");
/// assert!(capabilities.supports(Capability::Renewal));
/// // Implied by SCEPStandard:
/// assert!(capabilities.supports(Capability::Aes));
/// assert!(!capabilities.supports(Capability::Des3));
/// ```
///
/// [RFC 8894, section 3.5.2]: https://www.rfc-editor.org/rfc/rfc8894#section-3.5.2
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Capabilities {
    /// The keywords, known ones in the case of the RFC, separated by LF; `None` if unknown.
    text: Option<String>,
}

/// A keyword of GetCACaps, [RFC 8894, section 3.5.2, table 7](https://www.rfc-editor.org/rfc/rfc8894#section-3.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability<'a> {
    /// AES: AES128-CBC.
    Aes,
    /// DES3: triple DES in CBC mode.
    Des3,
    /// GetNextCACert: the CA tells its next certificate.
    GetNextCaCert,
    /// POSTPKIOperation: messages are taken by HTTP POST.
    PostPkiOperation,
    /// Renewal: certificates can be renewed.
    // Interop: NDES means by it a PKCSReq that is signed by the old certificate, not a RenewalReq.
    Renewal,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// SCEPStandard: all that RFC 8894 makes mandatory, which implies AES, POSTPKIOperation and SHA-256.
    ScepStandard,
    /// Update, of drafts before RFC 8894.
    Update,
    /// A keyword that is none of these, as it came.
    Other(&'a str),
}

impl Capabilities {
    /// The CA did not say what it can do.
    pub const UNKNOWN: Self = Self { text: None };

    /// The CA said that it can do nothing of this: an empty answer.
    pub const NONE: Self = Self {
        text: Some(String::new()),
    };

    /// The longest body in bytes that is taken for a list.
    pub const MAX_LEN: usize = 4096;

    /// Reads the body of a successful answer: one keyword a line, in any case. It never fails; what is no list is
    /// [`UNKNOWN`](Self::UNKNOWN).
    ///
    /// The media type tells nothing: servers send any. No list is a body that is too long, has control characters or
    /// is not UTF-8, starts like a page of HTML, XML or JSON, or holds PEM.
    #[must_use]
    pub fn parse(body: &[u8]) -> Self {
        let Some(body) = list_text(body) else {
            return Self::UNKNOWN;
        };
        // Interop: some servers end lines in CR LF, some in LF; NDES 2008 sends an empty body.
        let lines = body.split(['\r', '\n']);
        let lines = lines.map(|line| line.trim_matches(is_blank));
        Self::of_words(lines.filter(|line| !line.is_empty()).map(Capability::of))
    }

    /// Reads an answer with its status of HTTP: the body of a 2xx, and [`UNKNOWN`](Self::UNKNOWN) for any other.
    #[must_use]
    pub fn from_response(status: u16, body: &[u8]) -> Self {
        if (200..300).contains(&status) {
            Self::parse(body)
        } else {
            Self::UNKNOWN
        }
    }

    /// A list to be sent. A keyword that is not made of visible ASCII is left out.
    #[must_use]
    pub fn of(capabilities: &[Capability<'_>]) -> Self {
        let words = capabilities.iter().copied();
        Self::of_words(words.filter(|word| is_word(word.name())))
    }

    fn of_words<'a>(words: impl Iterator<Item = Capability<'a>>) -> Self {
        let mut text = String::new();
        for word in words {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(word.name());
        }
        Self { text: Some(text) }
    }

    /// Whether the CA did not say what it can do.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.text.is_none()
    }

    /// Whether the CA can do this: it lists it, or lists SCEPStandard, which implies it.
    #[must_use]
    pub fn supports(&self, capability: Capability<'_>) -> bool {
        self.lists(capability)
            || (capability.is_in_scep_standard() && self.lists(Capability::ScepStandard))
    }

    /// Whether the keyword itself stands in the list, in any case.
    #[must_use]
    pub fn lists(&self, capability: Capability<'_>) -> bool {
        let name = capability.name();
        self.iter()
            .any(|listed| listed.name().eq_ignore_ascii_case(name))
    }

    /// The keywords in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Capability<'_>> {
        self.text
            .iter()
            .flat_map(|text| text.lines())
            .map(Capability::of)
    }
}

/// The body of the answer: a keyword a line, with LF between them. Nothing if unknown.
// Interop: strongSwan takes an empty line for every capability, so no line end follows the last keyword.
impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.as_deref().unwrap_or_default())
    }
}

impl<'a> Capability<'a> {
    const KNOWN: [Capability<'static>; 10] = [
        Capability::Aes,
        Capability::Des3,
        Capability::GetNextCaCert,
        Capability::PostPkiOperation,
        Capability::Renewal,
        Capability::Sha1,
        Capability::Sha256,
        Capability::Sha512,
        Capability::ScepStandard,
        Capability::Update,
    ];

    /// The keyword, as RFC 8894 writes it.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        match self {
            Self::Aes => "AES",
            Self::Des3 => "DES3",
            Self::GetNextCaCert => "GetNextCACert",
            Self::PostPkiOperation => "POSTPKIOperation",
            Self::Renewal => "Renewal",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
            Self::ScepStandard => "SCEPStandard",
            Self::Update => "Update",
            Self::Other(word) => word,
        }
    }

    fn of(word: &'a str) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(word))
            .unwrap_or(Self::Other(word))
    }

    const fn is_in_scep_standard(self) -> bool {
        matches!(self, Self::Aes | Self::PostPkiOperation | Self::Sha256)
    }
}

impl fmt::Display for Capability<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The body as text, if it can be a list of keywords.
fn list_text(body: &[u8]) -> Option<&str> {
    if body.len() > Capabilities::MAX_LEN {
        return None;
    }
    let text = core::str::from_utf8(body).ok()?;
    let is_text = |c: char| !c.is_control() || matches!(c, '\r' | '\n' | '\t');
    let is_page = text
        .trim_start_matches(is_blank)
        .starts_with(['<', '{', '['])
        || text.contains("-----BEGIN ");
    (text.chars().all(is_text) && !is_page).then_some(text)
}

/// Whether a character is no part of a keyword at its ends: white space, or a byte order mark wherever it strayed.
const fn is_blank(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;
    use alloc::vec::Vec;

    const JSCEP: &[u8] = include_bytes!("../test-vectors/server-jscep/getcacaps.txt");
    const MICROMDM: &[u8] = include_bytes!("../test-vectors/server-micromdm/getcacaps.txt");

    #[test]
    fn the_lists_of_two_servers_are_read() {
        let jscep = Capabilities::parse(JSCEP);
        let expected = [
            Capability::Aes,
            Capability::GetNextCaCert,
            Capability::PostPkiOperation,
            Capability::Renewal,
            Capability::ScepStandard,
            Capability::Sha512,
            Capability::Sha256,
            Capability::Sha1,
            Capability::Des3,
        ];
        assert_eq!(jscep.iter().collect::<Vec<_>>(), expected);
        let micromdm = Capabilities::parse(MICROMDM);
        assert!(!micromdm.supports(Capability::GetNextCaCert));
        assert_eq!(micromdm.to_string().as_bytes(), MICROMDM);
    }

    #[test]
    fn case_line_ends_and_blanks_do_not_matter() {
        for body in [
            &b"AES\nRenewal"[..],
            b"aes\r\nRENEWAL\r\n",
            b"\n\n  Aes \t\r\n\r\n renewal",
            b"AES\rRenewal\r",
            b"\xef\xbb\xbfAES\nRenewal\n",
            b"\n \xef\xbb\xbfAES\n\xef\xbb\xbf\nRenewal\xef\xbb\xbf",
        ] {
            let capabilities = Capabilities::parse(body);
            assert_eq!(
                capabilities,
                Capabilities::of(&[Capability::Aes, Capability::Renewal]),
                "{}",
                body.escape_ascii()
            );
        }
    }

    #[test]
    fn only_whole_words_count() {
        let capabilities = Capabilities::parse(b"AES128\nNoRenewal\nSHA-256 SHA-1\nSHA-5");
        for capability in Capability::KNOWN {
            assert!(!capabilities.supports(capability), "{capability}");
        }
        let words: Vec<_> = capabilities.iter().collect();
        assert_eq!(
            words,
            ["AES128", "NoRenewal", "SHA-256 SHA-1", "SHA-5"].map(Capability::Other)
        );
        assert!(capabilities.supports(Capability::Other("aes128")));
    }

    #[test]
    fn the_standard_implies_its_members_and_no_more() {
        let capabilities = Capabilities::parse(b"SCEPStandard");
        let supported: Vec<_> = Capability::KNOWN
            .into_iter()
            .filter(|capability| capabilities.supports(*capability))
            .collect();
        assert_eq!(
            supported,
            [
                Capability::Aes,
                Capability::PostPkiOperation,
                Capability::Sha256,
                Capability::ScepStandard
            ]
        );
        assert!(!capabilities.lists(Capability::Aes));
    }

    #[test]
    fn none_and_unknown_are_two_things() {
        for body in [&b""[..], b"\r\n", b" \n\t"] {
            assert_eq!(Capabilities::parse(body), Capabilities::NONE);
        }
        assert_ne!(Capabilities::NONE, Capabilities::UNKNOWN);
        assert!(Capabilities::UNKNOWN.is_unknown() && !Capabilities::NONE.is_unknown());
        assert!(!Capabilities::UNKNOWN.supports(Capability::Aes));
        assert_eq!(Capabilities::UNKNOWN.to_string(), "");
    }

    #[test]
    fn what_is_no_list_is_unknown() {
        let long = vec![b'\n'; Capabilities::MAX_LEN + 1];
        for body in [
            &b"AES\0"[..],
            b"AES\x1b[0m",
            b"AES\n\xff",
            b"\r\n <html>\nAES\n</html>",
            b"\n\xef\xbb\xbf<html>\nAES",
            b"<?xml version=\"1.0\"?>",
            b"AES\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            b"{\"error\": \"not found\"}",
            b" [\"AES\"]",
            &long,
        ] {
            assert_eq!(Capabilities::parse(body), Capabilities::UNKNOWN);
        }
        assert!(!Capabilities::parse(&long[1..]).is_unknown());
    }

    #[test]
    fn the_status_decides_before_the_body() {
        let aes = Capabilities::of(&[Capability::Aes]);
        for (status, body, expected) in [
            (200, &b"AES"[..], aes.clone()),
            (299, b"AES", aes),
            (204, b"", Capabilities::NONE),
            (199, b"AES", Capabilities::UNKNOWN),
            (300, b"AES", Capabilities::UNKNOWN),
            (404, b"", Capabilities::UNKNOWN),
            (500, b"AES", Capabilities::UNKNOWN),
            (200, b"<html>", Capabilities::UNKNOWN),
        ] {
            assert_eq!(
                Capabilities::from_response(status, body),
                expected,
                "{status}"
            );
        }
    }

    #[test]
    fn a_keyword_cannot_bring_another() {
        let capabilities = Capabilities::of(&[
            Capability::Other("a\nAES"),
            Capability::Other(""),
            Capability::Other("My-Own"),
            Capability::Sha256,
        ]);
        assert_eq!(capabilities.to_string(), "My-Own\nSHA-256");
    }

    #[test]
    fn what_is_written_reads_back() {
        let capabilities = Capabilities::of(&Capability::KNOWN);
        let body = capabilities.to_string();
        assert_eq!(Capabilities::parse(body.as_bytes()), capabilities);
    }
}
