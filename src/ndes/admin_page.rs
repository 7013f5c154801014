//! The page at `/certsrv/mscep_admin/`.

use alloc::string::String;
use core::fmt;

use zeroize::Zeroizing;

use crate::Fingerprint;

/// The page of NDES that gives out a challenge password, at `/certsrv/mscep_admin/`.
///
/// It is HTML, in UTF-16 mostly without a mark that says so, or in UTF-8, and its sentences are in the server's language. What
/// is looked for is the same in all of them: two texts in bold, the thumbprint of the CA and then the password.
///
/// ```
/// use scep::ndes::AdminPage;
/// let page = AdminPage::parse(
///     b"<P>The thumbprint (hash value) for the CA certificate is: <B> 0CC175B9 C0F1B6A8 31C399E2 69772661 </B>
///       <P>The enrollment challenge password is: <B> 1F2E3D4C5B6A7988 </B>",
/// )?;
/// assert_eq!(page.secret_challenge_password(), "1F2E3D4C5B6A7988");
/// # Ok::<(), scep::ndes::AdminPageError>(())
/// ```
pub struct AdminPage {
    thumbprint: Fingerprint,
    challenge_password: Zeroizing<String>,
}

/// Why there is no challenge password on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdminPageError {
    /// The server says that its cache of passwords is full.
    CacheFull,
    /// The server says that the user may not have a password.
    NoPermission,
    /// The page is none that is known: another page, or an error in a language other than English.
    NotRecognised,
    /// It is neither UTF-8 nor UTF-16.
    NotText,
}

impl AdminPage {
    /// Reads the body of the answer.
    ///
    /// # Errors
    /// An [`AdminPageError`] that says what the page is instead.
    pub fn parse(body: &[u8]) -> Result<Self, AdminPageError> {
        let html = decode(body)?;
        if html.contains("password cache is full") {
            return Err(AdminPageError::CacheFull);
        }
        if html.contains("not have sufficient permission") {
            return Err(AdminPageError::NoPermission);
        }
        // The thumbprint stands in groups of digits, the password never does.
        let mut bold = bold_texts(&html).skip_while(|text| thumbprint(text).is_none());
        let thumbprint = bold.next().and_then(thumbprint);
        let password = bold.find(|text| is_password(text));
        match (thumbprint, password) {
            (Some(thumbprint), Some(password)) => Ok(Self {
                thumbprint,
                challenge_password: Zeroizing::new(password.into()),
            }),
            _ => Err(AdminPageError::NotRecognised),
        }
    }

    /// The thumbprint of the CA's certificate, MD5 as NDES makes it.
    ///
    /// The page is as trustworthy as the connection that it came by.
    #[must_use]
    pub const fn thumbprint(&self) -> Fingerprint {
        self.thumbprint
    }

    /// The challenge password: for one enrolment, within an hour, unless the server is set otherwise.
    #[must_use]
    pub fn secret_challenge_password(&self) -> &str {
        &self.challenge_password
    }
}

/// Never shows the challenge password.
impl fmt::Debug for AdminPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminPage")
            .field("thumbprint", &self.thumbprint)
            .finish_non_exhaustive()
    }
}

impl AdminPageError {
    /// What to do about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::CacheFull => {
                "Wait until passwords expire (60 minutes unless set otherwise), raise PasswordMax in the registry of the NDES host, or restart its pool."
            }
            Self::NoPermission => {
                "Give the user enrol permission on every template that NDES names in its registry."
            }
            Self::NotRecognised => {
                "Open the page in a browser: the path is /certsrv/mscep_admin/ and it wants a user name and password of Windows."
            }
            Self::NotText => "See what answers at this URL: it sends something other than a page.",
        }
    }
}

impl fmt::Display for AdminPageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CacheFull => "the server's cache of challenge passwords is full",
            Self::NoPermission => "the user may not have a challenge password",
            Self::NotRecognised => {
                "not recognised: no thumbprint with a challenge password after it, both in bold"
            }
            Self::NotText => "not recognised: neither UTF-8 nor UTF-16",
        })
    }
}

impl core::error::Error for AdminPageError {}

/// The shortest password that is taken for one: half of what NDES makes by itself.
const MIN_PASSWORD_LEN: usize = 8;

// Interop: NDES sends UTF-16LE, mostly without a byte order mark and without a charset in Content-Type.
fn decode(body: &[u8]) -> Result<Zeroizing<String>, AdminPageError> {
    let marked = body.strip_prefix(b"\xff\xfe");
    let utf16 = marked.unwrap_or(body);
    let (pairs, rest) = utf16.as_chunks::<2>();
    let is_utf16 = marked.is_some() || matches!(pairs.first(), Some([1..=0xff, 0]));
    if !is_utf16 {
        let utf8 = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let text = core::str::from_utf8(utf8).map_err(|_| AdminPageError::NotText)?;
        return Ok(Zeroizing::new(text.into()));
    }
    if !rest.is_empty() {
        return Err(AdminPageError::NotText);
    }
    let units = pairs.iter().map(|pair| u16::from_le_bytes(*pair));
    // Enough for every character, so that no copy is left behind by growing.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len().saturating_mul(3)));
    for character in char::decode_utf16(units) {
        text.push(character.map_err(|_| AdminPageError::NotText)?);
    }
    Ok(text)
}

/// The texts between `<B>` and `</B>`, without the blanks around them.
fn bold_texts(html: &str) -> impl Iterator<Item = &str> {
    let mut rest = html;
    core::iter::from_fn(move || {
        let (_, after) = split_at_tag(rest, "<b>")?;
        let (text, after) = split_at_tag(after, "</b>")?;
        rest = after;
        Some(text.trim())
    })
}

/// What stands before and behind a tag, which is ASCII, in any case.
fn split_at_tag<'t>(html: &'t str, tag: &str) -> Option<(&'t str, &'t str)> {
    let at = html
        .as_bytes()
        .windows(tag.len())
        .position(|window| window.eq_ignore_ascii_case(tag.as_bytes()))?;
    Some((html.get(..at)?, html.get(at.checked_add(tag.len())?..)?))
}

fn thumbprint(text: &str) -> Option<Fingerprint> {
    text.contains(' ')
        .then(|| Fingerprint::from_hex(text).ok())
        .flatten()
}

fn is_password(text: &str) -> bool {
    text.len() >= MIN_PASSWORD_LEN
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    const THUMBPRINT: &str = "0CC175B9 C0F1B6A8 31C399E2 69772661";
    const PASSWORD: &str = "1F2E3D4C5B6A79881F2E3D4C5B6A7988";

    fn english(thumbprint: &str, password: &str) -> String {
        format!(
            "<HTML><Head><Title>NDES</Title></Head><Body><P>To complete certificate enrollment, provide: \
             <P> The thumbprint (hash value) for the CA certificate is: <B> {thumbprint} </B> \
             <P> The enrollment challenge password is: <B> {password} </B> <P> This password can be used only once \
             and will expire within 60 minutes.</Body></HTML>"
        )
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn check(body: &[u8]) {
        let page = AdminPage::parse(body).unwrap();
        assert_eq!(page.secret_challenge_password(), PASSWORD);
        assert_eq!(
            page.thumbprint(),
            Fingerprint::from_hex(THUMBPRINT).unwrap()
        );
        assert!(!format!("{page:?}").contains(PASSWORD));
    }

    fn error(body: &[u8]) -> AdminPageError {
        AdminPage::parse(body).unwrap_err()
    }

    #[test]
    fn every_encoding_is_read() {
        let page = english(THUMBPRINT, PASSWORD);
        check(page.as_bytes());
        check(&utf16(&page));
        check(&[b"\xff\xfe", &utf16(&page)[..]].concat());
        check(&[b"\xef\xbb\xbf", page.as_bytes()].concat());
    }

    #[test]
    fn another_language_is_read() {
        let page = format!(
            "<html><body><p>CA \u{8a3c}\u{660e}\u{66f8}\u{306e}\u{62c7}\u{5370}: <b>{THUMBPRINT}</b>\
             <p>\u{767b}\u{9332}\u{30c1}\u{30e3}\u{30ec}\u{30f3}\u{30b8}: <b>{PASSWORD}</b></body></html>"
        );
        check(&utf16(&page));
        check(page.as_bytes());
    }

    #[test]
    fn bold_words_around_do_no_harm() {
        let page = english(THUMBPRINT, PASSWORD);
        let page = page
            .replace("<Body>", "<Body><B>Network Device Enrollment Service</B>")
            .replace("challenge password is:", "challenge <B>password</B> is:");
        check(page.as_bytes());
    }

    #[test]
    fn the_password_follows_the_thumbprint() {
        let swapped = english(PASSWORD, THUMBPRINT);
        assert_eq!(error(swapped.as_bytes()), AdminPageError::NotRecognised);
    }

    #[test]
    fn what_is_no_password_and_no_thumbprint_is_not_recognised() {
        for (thumbprint, password) in [
            (THUMBPRINT, "1F2E3D4"),
            (THUMBPRINT, "1f2e3d4c5b6a7988"),
            (THUMBPRINT, "1F2E3D4C 5B6A7988"),
            (THUMBPRINT, ""),
            ("0CC175B9 C0F1B6A8 31C399E2 6977266", PASSWORD),
        ] {
            let page = english(thumbprint, password);
            assert_eq!(
                error(page.as_bytes()),
                AdminPageError::NotRecognised,
                "{page}"
            );
        }
        let open = english(THUMBPRINT, PASSWORD).replace("</B> <P> This", "<P> This");
        assert_eq!(error(open.as_bytes()), AdminPageError::NotRecognised);
        assert_eq!(error(b""), AdminPageError::NotRecognised);
    }

    #[test]
    fn errors_are_told_apart() {
        let page = |sentence: &str| utf16(&format!("<HTML><Body><P>{sentence}</Body></HTML>"));
        assert_eq!(
            error(&page("The password cache is full.")),
            AdminPageError::CacheFull
        );
        let denied = "You do not have sufficient permission to enroll with SCEP.";
        assert_eq!(error(&page(denied)), AdminPageError::NoPermission);
        assert_eq!(
            error(&page("The service is full.")),
            AdminPageError::NotRecognised
        );
    }

    #[test]
    fn what_is_no_text_is_told() {
        assert_eq!(error(b"\x30\x82\xff\xff"), AdminPageError::NotText);
        let mut odd = utf16(&english(THUMBPRINT, PASSWORD));
        odd.push(0);
        assert_eq!(error(&odd), AdminPageError::NotText);
        assert_eq!(error(b"<\0\0\xd8<\0"), AdminPageError::NotText);
    }
}
