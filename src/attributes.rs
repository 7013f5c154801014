//! The values of the SCEP attributes, [RFC 8894, section 3.2.1].
//!
//! [RFC 8894, section 3.2.1]: https://www.rfc-editor.org/rfc/rfc8894#section-3.2.1

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::convert::Infallible;
use core::fmt;
use core::hash::{Hash, Hasher};

use signature::rand_core::CryptoRng;

use crate::asn1::tag;

/// The operation of a message, [RFC 8894, section 3.2.1.2](https://www.rfc-editor.org/rfc/rfc8894#section-3.2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MessageType {
    /// CertRep, 3: the reply to every request.
    CertRep,
    /// RenewalReq, 17: a CSR authenticated with an existing certificate.
    RenewalReq,
    /// PKCSReq, 19: a CSR authenticated with a shared secret.
    PkcsReq,
    /// CertPoll, 20, also called GetCertInitial.
    CertPoll,
    /// GetCert, 21.
    GetCert,
    /// GetCRL, 22.
    GetCrl,
    /// A number that RFC 8894 does not define, such as 18, the UpdateReq of old drafts.
    Other(u32),
}

impl MessageType {
    /// The number of the message type.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::CertRep => 3,
            Self::RenewalReq => 17,
            Self::PkcsReq => 19,
            Self::CertPoll => 20,
            Self::GetCert => 21,
            Self::GetCrl => 22,
            Self::Other(code) => code,
        }
    }

    /// The message type of a number.
    #[must_use]
    pub const fn from_code(code: u32) -> Self {
        match code {
            3 => Self::CertRep,
            17 => Self::RenewalReq,
            19 => Self::PkcsReq,
            20 => Self::CertPoll,
            21 => Self::GetCert,
            22 => Self::GetCrl,
            other => Self::Other(other),
        }
    }

    /// The name in RFC 8894; `UpdateReq` for 18, which drafts before it had; `unknown` for others.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CertRep => "CertRep",
            Self::RenewalReq => "RenewalReq",
            Self::PkcsReq => "PKCSReq",
            Self::CertPoll => "CertPoll",
            Self::GetCert => "GetCert",
            Self::GetCrl => "GetCRL",
            Self::Other(18) => "UpdateReq",
            Self::Other(_) => "unknown",
        }
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.code())
    }
}

/// The status of a reply, [RFC 8894, section 3.2.1.3](https://www.rfc-editor.org/rfc/rfc8894#section-3.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PkiStatus {
    /// SUCCESS, 0: the request is granted.
    Success,
    /// FAILURE, 2: the request is refused.
    Failure,
    /// PENDING, 3: the request waits for manual approval.
    Pending,
    /// A number that RFC 8894 does not define.
    Other(u32),
}

impl PkiStatus {
    /// The number of the status.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::Success => 0,
            Self::Failure => 2,
            Self::Pending => 3,
            Self::Other(code) => code,
        }
    }

    /// The status of a number.
    #[must_use]
    pub const fn from_code(code: u32) -> Self {
        match code {
            0 => Self::Success,
            2 => Self::Failure,
            3 => Self::Pending,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for PkiStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("SUCCESS"),
            Self::Failure => f.write_str("FAILURE"),
            Self::Pending => f.write_str("PENDING"),
            Self::Other(code) => write!(f, "status {code}"),
        }
    }
}

/// Why a request was refused, [RFC 8894, section 3.2.1.4](https://www.rfc-editor.org/rfc/rfc8894#section-3.2.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailInfo {
    /// badAlg, 0: unrecognised or unsupported algorithm.
    BadAlg,
    /// badMessageCheck, 1: the integrity check failed.
    BadMessageCheck,
    /// badRequest, 2: transaction not permitted or supported.
    BadRequest,
    /// badTime, 3: signingTime is not close enough to the system time.
    BadTime,
    /// badCertId, 4: no certificate matches the criteria.
    BadCertId,
    /// A number that RFC 8894 does not define.
    Other(u32),
}

impl FailInfo {
    /// The number of the reason.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::BadAlg => 0,
            Self::BadMessageCheck => 1,
            Self::BadRequest => 2,
            Self::BadTime => 3,
            Self::BadCertId => 4,
            Self::Other(code) => code,
        }
    }

    /// The reason of a number.
    #[must_use]
    pub const fn from_code(code: u32) -> Self {
        match code {
            0 => Self::BadAlg,
            1 => Self::BadMessageCheck,
            2 => Self::BadRequest,
            3 => Self::BadTime,
            4 => Self::BadCertId,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for FailInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadAlg => f.write_str("badAlg"),
            Self::BadMessageCheck => f.write_str("badMessageCheck"),
            Self::BadRequest => f.write_str("badRequest"),
            Self::BadTime => f.write_str("badTime"),
            Self::BadCertId => f.write_str("badCertId"),
            Self::Other(code) => write!(f, "failInfo {code}"),
        }
    }
}

/// The identifier of a transaction, [RFC 8894, section 3.2.1.1].
///
/// It is opaque: compared as bytes, whole, and echoed as it came, in the type of string that it came in, which plays no part
/// in the comparison. It is neither unique nor secret: some clients use one identifier for all requests of a key, others
/// send a constant.
///
/// [RFC 8894, section 3.2.1.1]: https://www.rfc-editor.org/rfc/rfc8894#section-3.2.1.1
#[derive(Clone)]
pub struct TransactionId<'a> {
    octets: Cow<'a, [u8]>,
    tag: u8,
}

impl<'a> TransactionId<'a> {
    /// The longest identifier in bytes that this crate writes or echoes.
    pub const MAX_LEN: usize = 256;

    /// The contents of a string of this type.
    pub(crate) const fn borrowed(tag: u8, octets: &'a [u8]) -> Self {
        Self {
            octets: Cow::Borrowed(octets),
            tag,
        }
    }

    /// What only PrintableString need hold.
    fn printable(octets: Vec<u8>) -> TransactionId<'static> {
        TransactionId {
            octets: Cow::Owned(octets),
            tag: tag::PRINTABLE_STRING,
        }
    }

    /// A fresh identifier: 32 upper-case hexadecimal digits, which every known server takes.
    #[must_use]
    pub fn random(rng: &mut dyn CryptoRng) -> TransactionId<'static> {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        TransactionId::from_hex(&bytes)
    }

    /// Takes a text of 1 to [`MAX_LEN`](Self::MAX_LEN) characters that a PrintableString can hold, or `None`.
    #[must_use]
    pub fn new(text: &str) -> Option<TransactionId<'static>> {
        let octets = text.as_bytes();
        let fits = (1..=Self::MAX_LEN).contains(&octets.len())
            && octets.iter().all(|byte| is_printable(*byte));
        fits.then(|| Self::printable(octets.to_vec()))
    }

    pub(crate) fn from_hex(bytes: &[u8]) -> TransactionId<'static> {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble & 0x0f)).copied();
        Self::printable(
            bytes
                .iter()
                .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
                .flatten()
                .collect(),
        )
    }

    /// The octets of the identifier.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    /// The type of string that it came in, and is written in.
    pub(crate) const fn tag(&self) -> u8 {
        self.tag
    }

    /// As much of it as fits into [`MAX_LEN`](Self::MAX_LEN) bytes without cutting a character of UTF-8.
    pub(crate) fn shortened(&self) -> TransactionId<'_> {
        let is_boundary = |at: &usize| {
            self.tag != tag::UTF8_STRING
                || self.octets.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80)
        };
        let longest_character = 4;
        let len = (0..=Self::MAX_LEN)
            .rev()
            .take(longest_character)
            .find(is_boundary)
            .unwrap_or(Self::MAX_LEN);
        TransactionId::borrowed(self.tag, self.octets.get(..len).unwrap_or(&self.octets))
    }

    /// The identifier with a buffer of its own.
    #[must_use]
    pub fn into_owned(self) -> TransactionId<'static> {
        TransactionId {
            octets: Cow::Owned(self.octets.into_owned()),
            tag: self.tag,
        }
    }
}

impl PartialEq for TransactionId<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.octets == other.octets
    }
}

impl Eq for TransactionId<'_> {}

impl Hash for TransactionId<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.octets.hash(state);
    }
}

impl PartialOrd for TransactionId<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TransactionId<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.octets.cmp(&other.octets)
    }
}

/// Shows printable ASCII as it is and every other byte escaped.
impl fmt::Display for TransactionId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.octets.escape_ascii())
    }
}

impl fmt::Debug for TransactionId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransactionId(\"{self}\")")
    }
}

/// A senderNonce or recipientNonce, [RFC 8894, section 3.2.1.5]: 16 bytes when written, 1 to 64 when read.
///
/// [RFC 8894, section 3.2.1.5]: https://www.rfc-editor.org/rfc/rfc8894#section-3.2.1.5
#[derive(Clone, Copy)]
pub struct Nonce {
    bytes: [u8; Self::MAX_LEN],
    len: usize,
}

impl Nonce {
    /// The longest nonce in bytes that is read.
    // Interop: Apple's 2016 client sends 8 bytes, some servers mirror whatever length came.
    pub const MAX_LEN: usize = 64;

    /// 16 fresh bytes.
    #[must_use]
    pub fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut fresh = [0; 16];
        rng.fill_bytes(&mut fresh);
        let mut bytes = [0; Self::MAX_LEN];
        bytes
            .iter_mut()
            .zip(fresh)
            .for_each(|(slot, byte)| *slot = byte);
        Self { bytes, len: 16 }
    }

    /// Takes 1 to 64 bytes, or `None`.
    #[must_use]
    pub fn new(nonce: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::MAX_LEN];
        bytes.get_mut(..nonce.len())?.copy_from_slice(nonce);
        (!nonce.is_empty()).then_some(Self {
            bytes,
            len: nonce.len(),
        })
    }

    /// The bytes of the nonce.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl PartialEq for Nonce {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Nonce {}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({self})")
    }
}

/// Reads a decimal code of one to three digits without leading zeros, and nothing else.
pub(crate) fn decimal_code(text: &[u8]) -> Option<u32> {
    if text.len() > 3 || (text.len() > 1 && text.starts_with(b"0")) {
        return None;
    }
    match text {
        [] => None,
        digits => digits.iter().try_fold(0_u32, |code, digit| {
            digit
                .is_ascii_digit()
                .then(|| u32::from(digit & 0x0f))
                .and_then(|digit| code.checked_mul(10)?.checked_add(digit))
        }),
    }
}

/// Whether a PrintableString may hold the byte.
pub(crate) const fn is_printable(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'\'' | b'(' | b')' | b'+' | b',' | b'-' | b'.'
        | b'/' | b':' | b'=' | b'?')
}

/// Decodes the contents of a character string, for people to read: UTF-8, BMP and Latin-1 by tag.
pub(crate) fn text_of(tag: u8, contents: &[u8]) -> String {
    // Counted first: what is no character becomes three bytes, and a text that grows would be there twice.
    let mut len = 0_usize;
    let Ok(()) = each_character(tag, contents, |character| {
        len = len.saturating_add(character.len_utf8());
        Ok::<_, Infallible>(())
    });
    let mut text = String::with_capacity(len);
    let Ok(()) = each_character(tag, contents, |character| {
        text.push(character);
        Ok::<_, Infallible>(())
    });
    text
}

/// Gives each character of a string to `take`, and U+FFFD for what is none.
pub(crate) fn each_character<E>(
    tag: u8,
    contents: &[u8],
    mut take: impl FnMut(char) -> Result<(), E>,
) -> Result<(), E> {
    match tag {
        tag::BMP_STRING => {
            let (pairs, rest) = contents.as_chunks::<2>();
            let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
            char::decode_utf16(units)
                .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
                .chain(rest.first().map(|_| char::REPLACEMENT_CHARACTER))
                .try_for_each(take)
        }
        tag::TELETEX_STRING => contents
            .iter()
            .map(|byte| char::from(*byte))
            .try_for_each(take),
        _ => contents.utf8_chunks().try_for_each(|chunk| {
            let invalid = chunk.invalid().first();
            chunk
                .valid()
                .chars()
                .chain(invalid.map(|_| char::REPLACEMENT_CHARACTER))
                .try_for_each(&mut take)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn codes_are_exact() {
        for (text, code) in [
            (&b"0"[..], Some(0)),
            (b"19", Some(19)),
            (b"999", Some(999)),
            (b"", None),
            (b"019", None),
            (b"19 ", None),
            (b"-1", None),
            (b"1000", None),
            (b"1a", None),
        ] {
            assert_eq!(decimal_code(text), code, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn enums_keep_every_number() {
        for code in 0..300 {
            assert_eq!(MessageType::from_code(code).code(), code);
            assert_eq!(PkiStatus::from_code(code).code(), code);
            assert_eq!(FailInfo::from_code(code).code(), code);
        }
    }

    #[test]
    fn nonces_are_compared_whole() {
        assert_eq!(Nonce::new(&[]), None);
        assert_eq!(Nonce::new(&[0; 65]), None);
        assert_ne!(Nonce::new(&[1, 2]), Nonce::new(&[1, 2, 0]));
        assert_eq!(Nonce::new(&[7; 64]).unwrap().as_bytes(), [7; 64]);
    }

    #[test]
    fn transaction_ids_escape_what_could_break_a_log() {
        assert_eq!(
            TransactionId::borrowed(tag::UTF8_STRING, b"a\n\x1b[0m\xff").to_string(),
            "a\\n\\x1b[0m\\xff"
        );
        assert!(TransactionId::new("a_b").is_none());
        assert!(TransactionId::new("").is_none());
        assert_eq!(TransactionId::new("A1+/=").unwrap().as_bytes(), b"A1+/=");
        assert_eq!(TransactionId::from_hex(&[0x0f, 0xa0]).to_string(), "0FA0");
    }

    #[test]
    fn transaction_ids_are_compared_without_their_type() {
        let [one, other] = [tag::PRINTABLE_STRING, tag::IA5_STRING]
            .map(|tag| TransactionId::borrowed(tag, b"same"));
        assert_eq!((&one, one.cmp(&other)), (&other, Ordering::Equal));
        assert_ne!(one, TransactionId::borrowed(one.tag, b"sam"));
    }

    #[test]
    fn a_transaction_id_is_shortened_between_characters() {
        let shortened = |tag, text: &[u8]| {
            let id = TransactionId::borrowed(tag, text);
            let shortened = id.shortened();
            assert_eq!(shortened.tag(), tag);
            assert!(text.starts_with(shortened.as_bytes()));
            shortened.as_bytes().len()
        };
        for len in [1, 255, 256] {
            assert_eq!(shortened(tag::UTF8_STRING, &[b'x'; 257][..len]), len);
        }
        assert_eq!(shortened(tag::PRINTABLE_STRING, &[b'x'; 257]), 256);
        // Characters of 2, 3 and 4 bytes, beginning at byte 0 or 1.
        for (character, at_0, at_1) in [("é", 256, 255), ("密", 255, 256), ("🔑", 256, 253)] {
            let text = character.repeat(200);
            assert_eq!(shortened(tag::UTF8_STRING, text.as_bytes()), at_0);
            let text = ["x", &text].concat();
            assert_eq!(shortened(tag::UTF8_STRING, text.as_bytes()), at_1);
        }
        // No UTF-8 at all.
        assert_eq!(shortened(tag::UTF8_STRING, &[0x80; 300]), 256);
    }
}
