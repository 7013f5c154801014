//! The sentences that a Windows device logs about an enrolment.

use core::fmt;

use super::Hresult;
use crate::Fingerprint;

/// What stands in the text of an event about an enrolment.
///
/// Names of operations, URLs, codes and thumbprints are the same in every language, and are found in any; what happened is
/// told of English and Japanese texts.
///
/// ```
/// use scep::microsoft::{EventOutcome, EventText};
/// let event = EventText::parse(
///     "SCEP Certificate enrollment initialization for Local system via https://scep.example/pkiclient.exe failed: \
///      GetCACaps Not found (404). 0x80190194 (-2145844844 HTTP_E_STATUS_NOT_FOUND)",
/// )?;
/// assert_eq!(event.outcome(), Some(EventOutcome::InitialisationFailed));
/// assert_eq!(event.operation(), Some("GetCACaps"));
/// assert_eq!(event.url(), Some("https://scep.example/pkiclient.exe"));
/// assert_eq!(event.hresult().and_then(|code| code.http_status()), Some(404));
/// # Ok::<(), scep::microsoft::EventTextError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventText<'t> {
    outcome: Option<EventOutcome>,
    operation: Option<&'static str>,
    url: Option<&'t str>,
    hresult: Option<Hresult>,
    thumbprint: Option<Fingerprint>,
}

/// What the text says has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventOutcome {
    /// It failed before anything was requested, in GetCACaps or GetCACert.
    InitialisationFailed,
    /// It failed.
    EnrolmentFailed,
    /// The certification request was made.
    RequestMade,
    /// The certificate was installed.
    Installed,
}

/// Why a text was not recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventTextError {
    /// The text does not mention SCEP.
    NotScep,
    /// It does, and has neither a sentence that is known nor a code of failure.
    NoOutcome,
}

impl<'t> EventText<'t> {
    /// Reads the text of an event, with or without the lines around it. Takes a time linear in its length.
    ///
    /// # Errors
    /// An [`EventTextError`] that says what is missing.
    pub fn parse(text: &'t str) -> Result<Self, EventTextError> {
        let url = find_url(text);
        // The URLs of TPM services have 40 hexadecimal digits in them, which are no thumbprint.
        let (before, after) = url
            .and_then(|url| text.split_once(url))
            .unwrap_or((text, ""));
        let operation = OPERATIONS
            .iter()
            .find(|name| contains(before, name) || contains(after, name));
        if operation.is_none() && !contains(text, "SCEP") {
            return Err(EventTextError::NotScep);
        }
        let words = || tokens(before).chain(tokens(after));
        let hresult = words()
            .find_map(failure_code)
            .or_else(|| sentence_code(text));
        let outcome = SENTENCES
            .iter()
            .find(|(_, phrases)| phrases.iter().all(|phrase| contains(text, phrase)))
            .map(|(outcome, _)| *outcome);
        if outcome.is_none() && hresult.is_none() {
            return Err(EventTextError::NoOutcome);
        }
        Ok(Self {
            outcome,
            operation: operation.copied(),
            url,
            hresult,
            thumbprint: words().find_map(thumbprint),
        })
    }

    /// What has happened, if the language of the text is known.
    #[must_use]
    pub const fn outcome(&self) -> Option<EventOutcome> {
        self.outcome
    }

    /// The operation that failed, such as `GetCACaps`. GetCACertChain, of old drafts, may be one.
    #[must_use]
    pub const fn operation(&self) -> Option<&'static str> {
        self.operation
    }

    /// The URL of the server.
    #[must_use]
    pub const fn url(&self) -> Option<&'t str> {
        self.url
    }

    /// The first code of failure. Where the text has only Microsoft's English sentence of a code, it is that code.
    #[must_use]
    pub const fn hresult(&self) -> Option<Hresult> {
        self.hresult
    }

    /// A thumbprint: of the CA that was looked for, or of the certificate that was installed.
    #[must_use]
    pub const fn thumbprint(&self) -> Option<Fingerprint> {
        self.thumbprint
    }

    /// Whether the server is Microsoft's service for the attestation of TPMs, and so nobody's own CA.
    ///
    /// Windows asks it of its own accord, and logs the failure if the maker of the TPM is not known there: harmless to any
    /// other enrolment.
    #[must_use]
    pub fn is_tpm_attestation(&self) -> bool {
        self.url.is_some_and(is_tpm_attestation)
    }
}

impl fmt::Display for EventTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotScep => "not recognised: the text does not mention SCEP",
            Self::NoOutcome => {
                "not recognised: the text has neither a known sentence nor a code such as 0x80190194"
            }
        })
    }
}

impl core::error::Error for EventTextError {}

/// Longer names stand before those that they begin with.
const OPERATIONS: &[&str] = &[
    "GetCACaps",
    "GetCACertChain",
    "GetCACert",
    "GetNextCACert",
    "PKIOperation",
];

/// The phrases that stand together in a text, and what it then says; the first that fits counts.
const SENTENCES: &[(EventOutcome, &[&str])] = &[
    (
        EventOutcome::InitialisationFailed,
        &["enrollment initialization", "failed"],
    ),
    (
        EventOutcome::InitialisationFailed,
        &["\u{767b}\u{9332}\u{306e}\u{521d}\u{671f}\u{5316}\u{306b}\u{5931}\u{6557}"],
    ),
    (EventOutcome::EnrolmentFailed, &["enroll", "failed"]),
    (
        EventOutcome::EnrolmentFailed,
        &["\u{767b}\u{9332}", "\u{5931}\u{6557}"],
    ),
    (
        EventOutcome::RequestMade,
        &["request generated successfully"],
    ),
    (EventOutcome::Installed, &["installed successfully"]),
];

/// The sentences that Windows puts in the place of a code.
const CODE_SENTENCES: &[(&str, u32)] = &[
    ("hash value is not correct", 0x8009_1007),
    ("expected authenticated attribute", 0x8009_1006),
    ("requested certificate does not exist", 0x8010_002c),
];

fn sentence_code(text: &str) -> Option<Hresult> {
    CODE_SENTENCES
        .iter()
        .find(|(sentence, _)| contains(text, sentence))
        .map(|(_, code)| Hresult::new(*code))
}

/// A code of failure; a decimal one only if it is signed, since any number may stand in a text.
fn failure_code(word: &str) -> Option<Hresult> {
    if !word.starts_with("0x") && !word.starts_with("0X") && !word.starts_with('-') {
        return None;
    }
    word.parse().ok().filter(|code: &Hresult| code.is_failure())
}

/// A whole word of 40 or 64 hexadecimal digits: an MD5 may be any identifier of 32.
fn thumbprint(word: &str) -> Option<Fingerprint> {
    matches!(word.len(), 40 | 64)
        .then(|| Fingerprint::from_hex(word).ok())
        .flatten()
}

/// What ASCII letters, digits and dashes stand together: Japanese has no blanks around them.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .filter(|word| !word.is_empty())
}

fn find_url(text: &str) -> Option<&str> {
    let start = ["https://", "http://"]
        .iter()
        .filter_map(|scheme| text.find(scheme))
        .min()?;
    let url = text.get(start..)?;
    // In a Japanese sentence no blank need follow.
    let end = url
        .find(|c: char| !c.is_ascii_graphic() || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')'))
        .unwrap_or(url.len());
    Some(url.get(..end)?.trim_end_matches(['.', ',', ':', ';']))
}

/// Whether a URL is that of Microsoft's service for the attestation of TPMs.
pub(crate) fn is_tpm_attestation(url: &str) -> bool {
    host_of(url).is_some_and(|host| ends_with(host, ".microsoftaik.azure.net"))
}

fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    host.split(':').next()
}

fn contains(text: &str, phrase: &str) -> bool {
    text.as_bytes()
        .windows(phrase.len())
        .any(|window| window.eq_ignore_ascii_case(phrase.as_bytes()))
}

fn ends_with(text: &str, end: &str) -> bool {
    let start = text.len().checked_sub(end.len());
    start
        .and_then(|start| text.as_bytes().get(start..))
        .is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    const THUMBPRINT: &str = "0123456789ABCDEF0123456789abcdef01234567";

    fn read(text: &str) -> EventText<'_> {
        EventText::parse(text).unwrap()
    }

    fn aik(host: &str) -> String {
        format!(
            "SCEP Certificate enrollment initialization for Local system via \
             https://AMD-KeyId-{THUMBPRINT}.{host}/templates/Aik/scep failed:\n\nGetCACaps: Not Found\nHTTP/1.1 404\n\
             Method: GET(219ms)\nStage: GetCACaps\nNot found (404). 0x80190194 (-2145844844 HTTP_E_STATUS_NOT_FOUND)"
        )
    }

    #[test]
    fn a_failed_initialisation_is_read_whole() {
        let text = aik("microsoftaik.azure.net");
        let event = read(&text);
        assert_eq!(event.outcome(), Some(EventOutcome::InitialisationFailed));
        assert_eq!(event.operation(), Some("GetCACaps"));
        assert_eq!(event.hresult(), Some(Hresult::new(0x8019_0194)));
        assert!(event.url().unwrap().ends_with("/templates/Aik/scep"));
        assert_eq!(event.thumbprint(), None);
        assert!(event.is_tpm_attestation());
    }

    #[test]
    fn only_microsofts_host_is_that_of_the_attestation() {
        for host in [
            "microsoftaik.azure.example",
            "microsoftaik.azure.net.example",
            "xmicrosoftaik.azure.net",
        ] {
            let text = aik(host).replacen('.', "-", usize::from(host.starts_with('x')));
            assert!(!read(&text).is_tpm_attestation(), "{host}");
        }
        let path = "SCEP: Certificate enroll failed. https://ca.example/.microsoftaik.azure.net";
        assert!(!read(path).is_tpm_attestation());
        let user = "SCEP: Certificate enroll failed. https://x.microsoftaik.azure.net@ca.example/";
        assert!(!read(user).is_tpm_attestation());
    }

    #[test]
    fn the_sentence_of_a_code_is_the_code() {
        let event =
            read("SCEP: Certificate enroll failed. Result: (The hash value is not correct.).");
        assert_eq!(event.outcome(), Some(EventOutcome::EnrolmentFailed));
        assert_eq!(event.hresult(), Some(Hresult::new(0x8009_1007)));
        let event = read("SCEP: Certificate enroll failed. Result: (The hash value is correct.).");
        assert_eq!(event.hresult(), None);
    }

    #[test]
    fn a_thumbprint_is_a_word_of_its_length() {
        let text = |word| format!("SCEP: Certificate installed successfully. Thumbprint: {word}.");
        let event = text(THUMBPRINT);
        assert_eq!(read(&event).outcome(), Some(EventOutcome::Installed));
        assert_eq!(
            read(&event).thumbprint(),
            Fingerprint::from_hex(THUMBPRINT).ok()
        );
        for word in [
            &THUMBPRINT[1..],
            &format!("{THUMBPRINT}0"),
            &THUMBPRINT[..32],
        ] {
            assert_eq!(read(&text(word)).thumbprint(), None, "{word}");
        }
    }

    #[test]
    fn a_request_that_was_made_is_told() {
        let event = read("SCEP: Certificate request generated successfully.");
        assert_eq!(event.outcome(), Some(EventOutcome::RequestMade));
        assert_eq!((event.url(), event.hresult()), (None, None));
    }

    #[test]
    fn japanese_is_read() {
        let text = "https://scep.example/scep/pkiclient.exe \u{3092}\u{4f7f}\u{7528}\u{3057}\u{305f} \u{30ed}\u{30fc}\u{30ab}\u{30eb} \
                    \u{30b7}\u{30b9}\u{30c6}\u{30e0} \u{306e} SCEP \u{8a3c}\u{660e}\u{66f8}\u{306e}\u{767b}\u{9332}\u{306e}\u{521d}\u{671f}\u{5316}\
                    \u{306b}\u{5931}\u{6557}\u{3057}\u{307e}\u{3057}\u{305f}: GetCACert 0x80072ee7";
        let event = read(text);
        assert_eq!(event.outcome(), Some(EventOutcome::InitialisationFailed));
        assert_eq!(event.url(), Some("https://scep.example/scep/pkiclient.exe"));
        assert_eq!(event.operation(), Some("GetCACert"));
        assert_eq!(event.hresult(), Some(Hresult::new(0x8007_2ee7)));
    }

    #[test]
    fn a_code_in_a_japanese_sentence_needs_no_blanks() {
        for text in [
            "SCEP: \u{8a3c}\u{660e}\u{66f8}\u{306e}\u{767b}\u{9332}\u{306b}\u{5931}\u{6557}\u{3057}\u{307e}\u{3057}\u{305f}\u{3002}\u{7d50}\u{679c}: (-2146889721)",
            "SCEP \u{8a3c}\u{660e}\u{66f8}\u{306e}\u{767b}\u{9332}\u{306f}0x80091007\u{3067}\u{5931}\u{6557}\u{3057}\u{307e}\u{3057}\u{305f}",
            "SCEP \u{767b}\u{9332}\u{5931}\u{6557}\u{ff08}0x80091007\u{ff09}https://scep.example/x\u{3092}\u{4f7f}\u{7528}",
        ] {
            let event = read(text);
            assert_eq!(event.outcome(), Some(EventOutcome::EnrolmentFailed));
            assert_eq!(event.hresult(), Some(Hresult::new(0x8009_1007)), "{text}");
        }
        // The codes alone tell too, where no phrase is known.
        let event = read("SCEP \u{30a8}\u{30e9}\u{30fc}0x80072ee7\u{304c}\u{767a}\u{751f}");
        assert_eq!(
            (event.outcome(), event.hresult()),
            (None, Some(Hresult::new(0x8007_2ee7)))
        );
    }

    #[test]
    fn of_another_language_the_codes_are_read() {
        let event = read("SCEP: Fehler bei der Zertifikatregistrierung. Ergebnis: (-2146885625)");
        assert_eq!(event.outcome(), None);
        assert_eq!(event.hresult(), Some(Hresult::from(-2_146_885_625)));
    }

    #[test]
    fn the_longer_name_of_an_operation_counts() {
        for (name, found) in [
            ("GetCACertChain", "GetCACertChain"),
            ("getcacert", "GetCACert"),
        ] {
            let text = format!("Stage: {name} 0x80072ee7");
            assert_eq!(read(&text).operation(), Some(found));
        }
    }

    #[test]
    fn other_texts_are_not_recognised() {
        for (text, error) in [
            ("", EventTextError::NotScep),
            ("The update failed: 0x80072ee7", EventTextError::NotScep),
            ("SCEP: started", EventTextError::NoOutcome),
            // No code: bit 31 is not set, or it is a mere number.
            ("SCEP: 0x00000000 -1x 2147943568", EventTextError::NoOutcome),
        ] {
            assert_eq!(EventText::parse(text), Err(error), "{text}");
        }
    }
}
