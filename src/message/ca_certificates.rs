//! The body of GetCACert, [RFC 8894, section 4.2.1](https://www.rfc-editor.org/rfc/rfc8894#section-4.2.1).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::certs_only::CertsOnly;
use crate::certificate::Certificate;
use crate::{Item, Limit, Limits, ParseError, ParseErrorKind};

/// The certificates that a CA answers GetCACert with: its own, bare, or a set with those of RAs or a chain.
///
/// Nobody signed this answer, and its order means nothing: [`CaRoles::select`](crate::CaRoles::select) finds out who is who in
/// it, under a fingerprint or certificate that you have from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaCertificates<'a> {
    /// One bare certificate.
    Certificate(Certificate<'a>),
    /// A certificates-only SignedData.
    Set(CertsOnly<'a>),
}

impl<'a> CaCertificates<'a> {
    /// The media type of a bare certificate.
    pub const CERTIFICATE_TYPE: &'static str = "application/x-x509-ca-cert";
    /// The media type of a set.
    pub const SET_TYPE: &'static str = "application/x-x509-ca-ra-cert";

    /// Reads a whole response body, told apart by its content. The media type is a hint: it only decides what a body that is
    /// neither should have been.
    ///
    /// # Errors
    /// A [`ParseError`] if the body is neither, or a set without a single certificate, or exceeds a limit.
    // Interop: servers send either body under either type, with parameters, in other cases, or under none.
    pub fn parse(
        body: impl Into<Cow<'a, [u8]>>,
        media_type: Option<&str>,
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        let body = body.into();
        if body.len() > limits.bound(Limit::InputLen) {
            return Err(error(
                ParseErrorKind::LimitExceeded(Limit::InputLen),
                Item::Input,
            ));
        }
        let set = match Shape::of(&body) {
            Shape::Certificate => false,
            Shape::ContentInfo => true,
            Shape::Neither => !media_type.is_some_and(is_certificate_type),
        };
        if !set {
            return Certificate::from_der(body).map(Self::Certificate);
        }
        let set = CertsOnly::parse(body, limits)?;
        if set.certificates().next().is_none() {
            return Err(error(ParseErrorKind::Missing, Item::Certificate));
        }
        Ok(Self::Set(set))
    }

    /// All certificates in the order of the encoding, which means nothing; one that cannot be read gives its error.
    pub fn certificates(&self) -> impl Iterator<Item = Result<Certificate<'_>, ParseError>> {
        let (bare, set) = match self {
            Self::Certificate(certificate) => (Some(Ok(certificate.borrowed())), None),
            Self::Set(set) => (None, Some(set.certificates())),
        };
        bare.into_iter().chain(set.into_iter().flatten())
    }

    /// Writes the body and tells its media type: one certificate bare, several as a set.
    ///
    /// # Errors
    /// [`ParseErrorKind::Missing`] if there is no certificate.
    pub fn encode(certificates: &[Certificate<'_>]) -> Result<(&'static str, Vec<u8>), ParseError> {
        match certificates {
            [] => Err(error(ParseErrorKind::Missing, Item::Certificate)),
            // Interop: Apple's clients refuse a set in which no certificate is an RA's.
            [one] => Ok((Self::CERTIFICATE_TYPE, one.as_der().to_vec())),
            several => Ok((Self::SET_TYPE, CertsOnly::encode(several, &[]))),
        }
    }
}

/// What a body looks like from its first two tags.
enum Shape {
    Certificate,
    ContentInfo,
    Neither,
}

impl Shape {
    fn of(body: &[u8]) -> Self {
        let second = match body {
            [0x30, 0x80, second, ..] => Some(second),
            [0x30, len, rest @ ..] if *len > 0x80 => rest.get(usize::from(len & 0x7f)),
            [0x30, _, second, ..] => Some(second),
            _ => None,
        };
        match second {
            Some(0x30) => Self::Certificate,
            Some(0x06) => Self::ContentInfo,
            _ => Self::Neither,
        }
    }
}

fn is_certificate_type(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence
        .trim()
        .eq_ignore_ascii_case(CaCertificates::CERTIFICATE_TYPE)
}

const fn error(kind: ParseErrorKind, item: Item) -> ParseError {
    ParseError {
        kind,
        item,
        offset: 0,
        layer: crate::Layer::Message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &[u8] = include_bytes!("../../test-vectors/server-jscep/getcacert.der");
    const SET: &[u8] = include_bytes!("../../test-vectors/openssl-made/getcacert-degenerate2.der");

    fn count(body: &[u8], media_type: Option<&str>) -> Result<usize, ParseError> {
        let parsed = CaCertificates::parse(body, media_type, &Limits::REPLY)?;
        Ok(parsed.certificates().filter(Result::is_ok).count())
    }

    #[test]
    fn the_content_decides_and_not_the_media_type() {
        for media_type in [
            None,
            Some(CaCertificates::CERTIFICATE_TYPE),
            Some(CaCertificates::SET_TYPE),
            Some("text/html; charset=utf-8"),
        ] {
            assert_eq!(count(BARE, media_type), Ok(1));
            assert_eq!(count(SET, media_type), Ok(2));
        }
    }

    #[test]
    fn the_media_type_decides_what_a_wrong_body_should_have_been() {
        let item = |media_type| count(b"<html>", media_type).map_err(|error| error.item());
        assert_eq!(item(None), Err(Item::ContentInfo));
        assert_eq!(
            item(Some("Application/X-X509-CA-Cert ; charset=x")),
            Err(Item::Certificate)
        );
    }

    #[test]
    fn what_is_written_reads_back() {
        let set = CaCertificates::parse(SET, None, &Limits::REPLY).unwrap();
        let certificates: Vec<_> = set.certificates().collect::<Result<_, _>>().unwrap();
        let (media_type, body) = CaCertificates::encode(&certificates).unwrap();
        assert_eq!(media_type, CaCertificates::SET_TYPE);
        assert_eq!(count(&body, None), Ok(2));
        let (media_type, body) = CaCertificates::encode(&certificates[..1]).unwrap();
        assert_eq!(media_type, CaCertificates::CERTIFICATE_TYPE);
        assert_eq!(body, certificates[0].as_der());
        assert_eq!(
            CaCertificates::encode(&[]).map_err(|error| error.kind()),
            Err(ParseErrorKind::Missing)
        );
        assert_eq!(
            count(&CertsOnly::encode(&[], &[]), None).map_err(|error| error.kind()),
            Err(ParseErrorKind::Missing)
        );
    }
}
