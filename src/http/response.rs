//! What a server answers.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::PKI_MESSAGE_TYPE;
use crate::{CaCertificates, Capabilities, Certificate, Error, ParseError};

/// What a server answers by HTTP.
///
/// A refusal in a message, FAILURE, is a success of HTTP: it goes out by [`pki_message`](Self::pki_message), with status 200.
/// Only what cannot be answered by a message becomes an [`error`](Self::error).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
}

impl Response {
    /// The answer to a PKIOperation: a CertRep of any pkiStatus.
    // Interop: certmonger refuses a FAILURE that comes as text/plain.
    #[must_use]
    pub fn pki_message(reply: Vec<u8>) -> Self {
        Self::ok(PKI_MESSAGE_TYPE, reply)
    }

    /// The answer to GetCACaps, [RFC 8894, section 3.5.2](https://www.rfc-editor.org/rfc/rfc8894#section-3.5.2).
    #[must_use]
    pub fn ca_caps(capabilities: &Capabilities) -> Self {
        Self::ok(TEXT_TYPE, capabilities.to_string().into_bytes())
    }

    /// The answer to GetCACert: one certificate bare, several as a set,
    /// [RFC 8894, section 4.2.1](https://www.rfc-editor.org/rfc/rfc8894#section-4.2.1).
    ///
    /// # Errors
    /// As [`CaCertificates::encode`], if there is no certificate.
    // Interop: micromdm's client compares the whole media type, so it has no parameters.
    pub fn ca_cert(certificates: &[Certificate<'_>]) -> Result<Self, ParseError> {
        let (content_type, body) = CaCertificates::encode(certificates)?;
        Ok(Self::ok(content_type, body))
    }

    /// The answer to GetNextCACert: what [`NextCaBuilder`](crate::NextCaBuilder) makes,
    /// [RFC 8894, section 4.7.1](https://www.rfc-editor.org/rfc/rfc8894#section-4.7.1).
    #[must_use]
    pub fn next_ca_cert(body: Vec<u8>) -> Self {
        Self::ok(NEXT_CA_CERT_TYPE, body)
    }

    /// The answer to what cannot be answered by a message.
    ///
    /// A request that is none of SCEP, or a message that cannot be parsed, is the client's fault, and the text says what is
    /// wrong with it. Of all other errors nothing is told: to tell why a message did not open is to help an attacker open it.
    #[must_use]
    pub fn error(error: impl Into<Error>) -> Self {
        let (status, text) = match error.into() {
            Error::Http(error) => (error.status(), error.to_string()),
            Error::Parse(error) => (400, error.to_string()),
            _ => (500, "the request cannot be answered".to_string()),
        };
        Self {
            status,
            content_type: TEXT_TYPE,
            body: text.into_bytes(),
        }
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The value of the header `Content-Type`.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// The value of the header `Allow`, which status 405 must have
    /// ([RFC 9110, section 15.5.6](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6)).
    #[must_use]
    pub const fn allow(&self) -> Option<&'static str> {
        match self.status {
            405 => Some("GET, HEAD, POST"),
            _ => None,
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    const fn ok(content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            status: 200,
            content_type,
            body,
        }
    }
}

const NEXT_CA_CERT_TYPE: &str = "application/x-x509-next-ca-cert";
const TEXT_TYPE: &str = "text/plain";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{BodyKind, HttpError, Method};
    use crate::{Capability, DecryptError, Limits, OpenError, ParseErrorKind, PkiMessage};

    const SET: &[u8] = include_bytes!("../../test-vectors/openssl-made/getcacert-degenerate2.der");
    const FAILURE: &[u8] = include_bytes!("../../test-vectors/openssl-made/certrep-failure-2.der");

    fn parts(response: Response) -> (u16, &'static str, Vec<u8>) {
        assert_eq!(response.allow(), None);
        assert_eq!(response.body(), response.clone().into_body());
        (
            response.status(),
            response.content_type(),
            response.into_body(),
        )
    }

    // Interop: certmonger refuses a FAILURE under another media type.
    #[test]
    fn a_refusal_goes_out_as_a_message() {
        let response = Response::pki_message(FAILURE.to_vec());
        let expected = (200, "application/x-pki-message", FAILURE.to_vec());
        assert_eq!(parts(response), expected);
    }

    // Interop: strongSwan takes an empty line for every capability.
    #[test]
    fn capabilities_go_out_as_text_without_an_empty_line() {
        let capabilities = Capabilities::of(&[Capability::Aes, Capability::Renewal]);
        let expected = (200, "text/plain", b"AES\nRenewal".to_vec());
        assert_eq!(parts(Response::ca_caps(&capabilities)), expected);
        let nothing = (200, "text/plain", Vec::new());
        assert_eq!(parts(Response::ca_caps(&Capabilities::NONE)), nothing);
    }

    // Interop: micromdm's client compares the whole media type; Apple's refuses a set without an RA.
    #[test]
    fn one_certificate_goes_out_bare_and_several_as_a_set() {
        let set = CaCertificates::parse(SET, None, &Limits::REPLY).unwrap();
        let certificates: Vec<_> = set.certificates().collect::<Result<_, _>>().unwrap();
        let (status, content_type, body) = parts(Response::ca_cert(&certificates).unwrap());
        assert_eq!(
            (status, content_type),
            (200, "application/x-x509-ca-ra-cert")
        );
        assert_eq!(
            CaCertificates::parse(body, None, &Limits::REPLY)
                .unwrap()
                .certificates()
                .count(),
            2
        );
        let bare = (
            200,
            "application/x-x509-ca-cert",
            certificates[0].as_der().to_vec(),
        );
        assert_eq!(parts(Response::ca_cert(&certificates[..1]).unwrap()), bare);
        let error = Response::ca_cert(&[]).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::Missing);
    }

    #[test]
    fn the_next_certificates_have_a_type_of_their_own() {
        let expected = (200, "application/x-x509-next-ca-cert", b"x".to_vec());
        assert_eq!(parts(Response::next_ca_cert(b"x".to_vec())), expected);
    }

    #[test]
    fn each_error_has_its_status() {
        for (error, status) in [
            (HttpError::MissingOperation, 400),
            (HttpError::UnknownOperation, 400),
            (HttpError::NotBase64 { offset: 3 }, 400),
            (HttpError::NotAMessage(BodyKind::Pem), 400),
            (HttpError::MessageTooLong(Method::Post), 413),
            (HttpError::MessageTooLong(Method::Get), 414),
            (HttpError::QueryTooLong, 414),
            (HttpError::NoNextCa, 404),
        ] {
            let expected = (status, "text/plain", error.to_string().into_bytes());
            assert_eq!(parts(Response::error(error)), expected);
        }
        let response = Response::error(HttpError::MethodNotAllowed);
        assert_eq!(
            (response.status(), response.allow()),
            (405, Some("GET, HEAD, POST"))
        );
    }

    #[test]
    fn a_message_that_cannot_be_parsed_is_told_what_is_wrong() {
        let error = PkiMessage::parse(SET, &Limits::REQUEST).unwrap_err();
        let expected = (400, "text/plain", error.to_string().into_bytes());
        assert_eq!(parts(Response::error(error)), expected);
    }

    #[test]
    fn of_other_errors_nothing_is_told() {
        let error = OpenError::Decrypt(DecryptError);
        let expected = (
            500,
            "text/plain",
            b"the request cannot be answered".to_vec(),
        );
        assert_eq!(parts(Response::error(Error::from(error))), expected);
    }
}
