//! The codes of findings, and their words.

use core::fmt;

use super::words::{Row, ca, http, reply, request};

/// What a finding says. Names and meanings are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingCode {
    /// `no-ca`: no certificate in the answer to GetCACert is a CA's.
    NoCa,
    /// `no-encryption-certificate`: no certificate of the CA may be encrypted to.
    NoEncryptionCertificate,
    /// `no-signing-certificate`: no certificate of the CA may sign replies.
    NoSigningCertificate,
    /// `encryption-key-not-rsa`: what is to be encrypted to has no RSA key, and most clients encrypt with RSA alone.
    EncryptionKeyNotRsa,
    /// `ra-of-another-ca`: an RA certificate is not issued by a CA in the answer to GetCACert.
    RaOfAnotherCa,
    /// `certificate-expired`: a certificate of the CA has expired.
    CertificateExpired,
    /// `certificate-not-yet-valid`: a certificate of the CA is not valid yet.
    CertificateNotYetValid,
    /// `certificate-expires-soon`: a certificate of the CA expires within the time that is
    /// [looked ahead](super::Diagnosis::look_ahead).
    CertificateExpiresSoon,
    /// `signature-refused-by-apple`: a certificate of the CA is signed in a way that Apple's devices refuse.
    SignatureRefusedByApple,
    /// `thumbprint-unknown`: the configured thumbprint is that of no certificate in the answer to GetCACert.
    ThumbprintUnknown,
    /// `thumbprint-not-of-issuing-ca`: the configured thumbprint is not that of the CA that issues.
    ThumbprintNotOfIssuingCa,
    /// `thumbprint-not-of-root`: the configured thumbprint is that of a CA that is not the root.
    ThumbprintNotOfRoot,
    /// `set-without-ra`: the answer to GetCACert has several certificates and no RA's among them.
    SetWithoutRa,
    /// `root-missing`: the root above an RA's CA is not in the answer to GetCACert.
    RootMissing,
    /// `ra-not-marked`: an RA certificate does not say that it is one.
    RaNotMarked,
    /// `several-encryption-certificates`: more than one RA certificate may be encrypted to.
    SeveralEncryptionCertificates,
    /// `capabilities-unknown`: the CA does not say what it can do.
    CapabilitiesUnknown,
    /// `capabilities-without-digest`: GetCACaps lists no SHA-1, SHA-256 or SHA-512.
    CapabilitiesWithoutDigest,
    /// `capabilities-without-cipher`: GetCACaps lists neither AES nor DES3.
    CapabilitiesWithoutCipher,
    /// `capabilities-without-post`: GetCACaps does not list POSTPKIOperation.
    CapabilitiesWithoutPost,
    /// `recipient-unknown`: the request is encrypted to a certificate that the CA does not have.
    RecipientUnknown,
    /// `recipient-may-not-decrypt`: the request is encrypted to a certificate that is not for encryption.
    RecipientMayNotDecrypt,
    /// `sender-nonce-missing`: the request has no senderNonce.
    SenderNonceMissing,
    /// `signer-not-yet-valid`: the certificate that signed the request, which is not self-issued, is not valid yet.
    SignerNotYetValid,
    /// `challenge-absent`: the request has no challenge password.
    ChallengeAbsent,
    /// `challenge-empty`: the challenge password of the request is empty.
    ChallengeEmpty,
    /// `challenge-not-printable`: the challenge password is not a PrintableString, the only type that NDES reads.
    ChallengeNotPrintable,
    /// `challenge-type-refused`: the challenge password is not a PrintableString, and the server is NDES or speaks like it.
    ChallengeTypeRefused,
    /// `recipient-is-ca`: the request is encrypted to the CA, and not to the RA that stands before it.
    RecipientIsCa,
    /// `algorithm-unknown`: the request uses an algorithm that SCEP does not know.
    AlgorithmUnknown,
    /// `algorithm-not-allowed`: the request uses an algorithm that the server's policy does not allow.
    AlgorithmNotAllowed,
    /// `algorithm-not-offered`: the request uses an algorithm that is not in the answer to GetCACaps.
    AlgorithmNotOffered,
    /// `algorithm-weak`: the request uses a weak algorithm, although GetCACaps offers a better one.
    AlgorithmWeak,
    /// `signature-invalid`: the signature of the message is wrong.
    SignatureInvalid,
    /// `signed-attribute-missing`: a signed attribute is missing that every message must have.
    SignedAttributeMissing,
    /// `content-type-not-data`: eContentType and the signed contentType are not both data.
    ContentTypeNotData,
    /// `signing-time-ahead`: the request was signed at a time that is still to come.
    SigningTimeAhead,
    /// `signing-time-past`: the request was signed some time ago.
    SigningTimePast,
    /// `signer-expired`: the certificate that signed the request, which is not self-issued, has expired.
    SignerExpired,
    /// `signer-key-not-allowed`: the key that signed the request is not one that the server's policy allows.
    SignerKeyNotAllowed,
    /// `subject-empty`: the subject of the CSR is empty.
    SubjectEmpty,
    /// `key-not-allowed`: the key of the CSR is not one that the server's policy allows.
    KeyNotAllowed,
    /// `csr-signature-invalid`: the CSR is not signed by its own key.
    CsrSignatureInvalid,
    /// `csr-content-unreadable`: something that Microsoft defines stands in the CSR and cannot be read.
    CsrContentUnreadable,
    /// `sid-claimed`: the CSR claims the SID of an account, which nothing in it proves.
    SidClaimed,
    /// `template-conflict`: the CSR names two templates that differ.
    TemplateConflict,
    /// `not-as-configured`: the CSR asks for something else than what is [configured](super::Profile).
    NotAsConfigured,
    /// `renewal-not-offered`: the request is a RenewalReq, and GetCACaps does not list both Renewal and SCEPStandard.
    RenewalNotOffered,
    /// `renewal-self-issued`: the request is a RenewalReq, and its signer's certificate is self-issued, so it renews nothing.
    RenewalSelfIssued,
    /// `signer-of-another-ca`: the certificate that signed the request is not issued by the CA.
    SignerOfAnotherCa,
    /// `renewal-subject-differs`: the subject of the CSR is not that of the certificate that signed the request.
    RenewalSubjectDiffers,
    /// `refused`: the CA refused the request.
    Refused,
    /// `challenge-refused`: the server does not take the challenge password.
    ChallengeRefused,
    /// `oaep-refused`: the CA refused an algorithm, and the request uses RSAES-OAEP.
    OaepRefused,
    /// `transaction-id-mismatch`: the reply is for another transaction.
    TransactionIdMismatch,
    /// `nonce-mismatch`: the recipientNonce of the reply is not the senderNonce of the request.
    NonceMismatch,
    /// `reply-without-sender-nonce`: the reply has no senderNonce.
    ReplyWithoutSenderNonce,
    /// `success-without-content`: the reply says SUCCESS and brings nothing.
    SuccessWithoutContent,
    /// `not-decrypted`: the server could not decrypt the request.
    NotDecrypted,
    /// `algorithm-refused`: the CA refused an algorithm.
    AlgorithmRefused,
    /// `time-refused`: the CA refused the time in the request.
    TimeRefused,
    /// `template-refused`: the CA refused the template.
    TemplateRefused,
    /// `subject-refused`: the CA refused the subject.
    SubjectRefused,
    /// `alt-names-refused`: the CA refused the subjectAltName.
    AltNamesRefused,
    /// `usage-refused`: the CA refused the keyUsage or extKeyUsage.
    UsageRefused,
    /// `key-refused`: the CA refused the key.
    KeyRefused,
    /// `renewal-refused`: the CA refused a renewal.
    RenewalRefused,
    /// `ca-unreachable`: the RA could not reach the CA.
    CaUnreachable,
    /// `crl-unavailable`: the server could not see whether a certificate is revoked.
    CrlUnavailable,
    /// `reply-signer-unknown`: the certificate that signed the reply neither comes with it nor is in the answer to GetCACert.
    ReplySignerUnknown,
    /// `reply-algorithm-differs`: the reply uses another algorithm than the request.
    ReplyAlgorithmDiffers,
    /// `clocks-differ`: the clocks of client and server differ.
    ClocksDiffer,
    /// `http-401`: the web server wants a user name.
    Unauthorized,
    /// `http-403`: the web server forbids it.
    Forbidden,
    /// `http-404`: there is no SCEP at this URL.
    NotFound,
    /// `http-414`: the URL is too long for the web server.
    UrlTooLong,
    /// `http-500`: the server failed.
    ServerError,
    /// `http-503`: the service is down.
    ServiceDown,
    /// `http-504`: a proxy gets no answer from the server.
    GatewayTimeout,
    /// `body-is-no-message`: what came is no message of SCEP.
    BodyIsNoMessage,
    /// `http-3xx`: the web server sends the client elsewhere.
    Redirected,
    /// `http-400`: the web server cannot read the request.
    BadHttpRequest,
    /// `http-405`: the web server does not take the method.
    MethodNotAllowed,
    /// `http-413`: the message is too long for the web server.
    BodyTooLong,
    /// `http-502`: a proxy gets no answer that it understands.
    BadGateway,
    /// `content-type`: the answer has another media type than it should.
    ContentType,
    /// `request-cut`: the message in the URL is cut off.
    RequestCut,
    /// `request-unreadable`: the HTTP request is none of SCEP.
    RequestUnreadable,
    /// `url-long`: the URL is longer than what every server takes.
    UrlLong,
    /// `unreachable`: the server cannot be reached.
    Unreachable,
    /// `tls-failed`: TLS failed.
    TlsFailed,
    /// `logged-failure`: the log tells of an enrolment that failed.
    LoggedFailure,
    /// `password-cache-full`: NDES gives out no more challenge passwords.
    PasswordCacheFull,
    /// `password-not-permitted`: NDES gives this user no challenge password.
    PasswordNotPermitted,
    /// `password-page`: what came is NDES's page for administrators, with a challenge password.
    PasswordPage,
    /// `tpm-attestation`: the server is Microsoft's service for TPMs and not your CA.
    TpmAttestation,
}

impl FindingCode {
    /// All codes, for a catalogue.
    pub const ALL: &'static [Self] = &[
        Self::NoCa,
        Self::NoEncryptionCertificate,
        Self::NoSigningCertificate,
        Self::EncryptionKeyNotRsa,
        Self::RaOfAnotherCa,
        Self::CertificateExpired,
        Self::CertificateNotYetValid,
        Self::CertificateExpiresSoon,
        Self::SignatureRefusedByApple,
        Self::ThumbprintUnknown,
        Self::ThumbprintNotOfIssuingCa,
        Self::ThumbprintNotOfRoot,
        Self::SetWithoutRa,
        Self::RootMissing,
        Self::RaNotMarked,
        Self::SeveralEncryptionCertificates,
        Self::CapabilitiesUnknown,
        Self::CapabilitiesWithoutDigest,
        Self::CapabilitiesWithoutCipher,
        Self::CapabilitiesWithoutPost,
        Self::RecipientUnknown,
        Self::RecipientMayNotDecrypt,
        Self::SenderNonceMissing,
        Self::SignerNotYetValid,
        Self::ChallengeAbsent,
        Self::ChallengeEmpty,
        Self::ChallengeNotPrintable,
        Self::ChallengeTypeRefused,
        Self::RecipientIsCa,
        Self::AlgorithmUnknown,
        Self::AlgorithmNotAllowed,
        Self::AlgorithmNotOffered,
        Self::AlgorithmWeak,
        Self::SignatureInvalid,
        Self::SignedAttributeMissing,
        Self::ContentTypeNotData,
        Self::SigningTimeAhead,
        Self::SigningTimePast,
        Self::SignerExpired,
        Self::SignerKeyNotAllowed,
        Self::SubjectEmpty,
        Self::KeyNotAllowed,
        Self::CsrSignatureInvalid,
        Self::CsrContentUnreadable,
        Self::SidClaimed,
        Self::TemplateConflict,
        Self::NotAsConfigured,
        Self::RenewalNotOffered,
        Self::RenewalSelfIssued,
        Self::SignerOfAnotherCa,
        Self::RenewalSubjectDiffers,
        Self::Refused,
        Self::ChallengeRefused,
        Self::OaepRefused,
        Self::TransactionIdMismatch,
        Self::NonceMismatch,
        Self::ReplyWithoutSenderNonce,
        Self::SuccessWithoutContent,
        Self::NotDecrypted,
        Self::AlgorithmRefused,
        Self::TimeRefused,
        Self::TemplateRefused,
        Self::SubjectRefused,
        Self::AltNamesRefused,
        Self::UsageRefused,
        Self::KeyRefused,
        Self::RenewalRefused,
        Self::CaUnreachable,
        Self::CrlUnavailable,
        Self::ReplySignerUnknown,
        Self::ReplyAlgorithmDiffers,
        Self::ClocksDiffer,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::UrlTooLong,
        Self::ServerError,
        Self::ServiceDown,
        Self::GatewayTimeout,
        Self::BodyIsNoMessage,
        Self::Redirected,
        Self::BadHttpRequest,
        Self::MethodNotAllowed,
        Self::BodyTooLong,
        Self::BadGateway,
        Self::ContentType,
        Self::RequestCut,
        Self::RequestUnreadable,
        Self::UrlLong,
        Self::Unreachable,
        Self::TlsFailed,
        Self::LoggedFailure,
        Self::PasswordCacheFull,
        Self::PasswordNotPermitted,
        Self::PasswordPage,
        Self::TpmAttestation,
    ];

    /// The name, such as `challenge-absent`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }
}

/// Shows the name.
impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FindingCode {
    pub(super) const fn row(self) -> &'static Row {
        match self {
            Self::NoCa => &ca::NO_CA,
            Self::NoEncryptionCertificate => &ca::NO_ENCRYPTION_CERTIFICATE,
            Self::NoSigningCertificate => &ca::NO_SIGNING_CERTIFICATE,
            Self::EncryptionKeyNotRsa => &ca::ENCRYPTION_KEY_NOT_RSA,
            Self::RaOfAnotherCa => &ca::RA_OF_ANOTHER_CA,
            Self::CertificateExpired => &ca::CERTIFICATE_EXPIRED,
            Self::CertificateNotYetValid => &ca::CERTIFICATE_NOT_YET_VALID,
            Self::CertificateExpiresSoon => &ca::CERTIFICATE_EXPIRES_SOON,
            Self::SignatureRefusedByApple => &ca::SIGNATURE_REFUSED_BY_APPLE,
            Self::ThumbprintUnknown => &ca::THUMBPRINT_UNKNOWN,
            Self::ThumbprintNotOfIssuingCa => &ca::THUMBPRINT_NOT_OF_ISSUING_CA,
            Self::ThumbprintNotOfRoot => &ca::THUMBPRINT_NOT_OF_ROOT,
            Self::SetWithoutRa => &ca::SET_WITHOUT_RA,
            Self::RootMissing => &ca::ROOT_MISSING,
            Self::RaNotMarked => &ca::RA_NOT_MARKED,
            Self::SeveralEncryptionCertificates => &ca::SEVERAL_ENCRYPTION_CERTIFICATES,
            Self::CapabilitiesUnknown => &ca::CAPABILITIES_UNKNOWN,
            Self::CapabilitiesWithoutDigest => &ca::CAPABILITIES_WITHOUT_DIGEST,
            Self::CapabilitiesWithoutCipher => &ca::CAPABILITIES_WITHOUT_CIPHER,
            Self::CapabilitiesWithoutPost => &ca::CAPABILITIES_WITHOUT_POST,
            Self::RecipientUnknown => &request::RECIPIENT_UNKNOWN,
            Self::RecipientMayNotDecrypt => &request::RECIPIENT_MAY_NOT_DECRYPT,
            Self::SenderNonceMissing => &request::SENDER_NONCE_MISSING,
            Self::SignerNotYetValid => &request::SIGNER_NOT_YET_VALID,
            Self::ChallengeAbsent => &request::CHALLENGE_ABSENT,
            Self::ChallengeEmpty => &request::CHALLENGE_EMPTY,
            Self::ChallengeNotPrintable => &request::CHALLENGE_NOT_PRINTABLE,
            Self::ChallengeTypeRefused => &request::CHALLENGE_TYPE_REFUSED,
            Self::RecipientIsCa => &request::RECIPIENT_IS_CA,
            Self::AlgorithmUnknown => &request::ALGORITHM_UNKNOWN,
            Self::AlgorithmNotAllowed => &request::ALGORITHM_NOT_ALLOWED,
            Self::AlgorithmNotOffered => &request::ALGORITHM_NOT_OFFERED,
            Self::AlgorithmWeak => &request::ALGORITHM_WEAK,
            Self::SignatureInvalid => &request::SIGNATURE_INVALID,
            Self::SignedAttributeMissing => &request::SIGNED_ATTRIBUTE_MISSING,
            Self::ContentTypeNotData => &request::CONTENT_TYPE_NOT_DATA,
            Self::SigningTimeAhead => &request::SIGNING_TIME_AHEAD,
            Self::SigningTimePast => &request::SIGNING_TIME_PAST,
            Self::SignerExpired => &request::SIGNER_EXPIRED,
            Self::SignerKeyNotAllowed => &request::SIGNER_KEY_NOT_ALLOWED,
            Self::SubjectEmpty => &request::SUBJECT_EMPTY,
            Self::KeyNotAllowed => &request::KEY_NOT_ALLOWED,
            Self::CsrSignatureInvalid => &request::CSR_SIGNATURE_INVALID,
            Self::CsrContentUnreadable => &request::CSR_CONTENT_UNREADABLE,
            Self::SidClaimed => &request::SID_CLAIMED,
            Self::TemplateConflict => &request::TEMPLATE_CONFLICT,
            Self::NotAsConfigured => &request::NOT_AS_CONFIGURED,
            Self::RenewalNotOffered => &request::RENEWAL_NOT_OFFERED,
            Self::RenewalSelfIssued => &request::RENEWAL_SELF_ISSUED,
            Self::SignerOfAnotherCa => &request::SIGNER_OF_ANOTHER_CA,
            Self::RenewalSubjectDiffers => &request::RENEWAL_SUBJECT_DIFFERS,
            Self::Refused => &reply::REFUSED,
            Self::ChallengeRefused => &reply::CHALLENGE_REFUSED,
            Self::OaepRefused => &reply::OAEP_REFUSED,
            Self::TransactionIdMismatch => &reply::TRANSACTION_ID_MISMATCH,
            Self::NonceMismatch => &reply::NONCE_MISMATCH,
            Self::ReplyWithoutSenderNonce => &reply::REPLY_WITHOUT_SENDER_NONCE,
            Self::SuccessWithoutContent => &reply::SUCCESS_WITHOUT_CONTENT,
            Self::NotDecrypted => &reply::NOT_DECRYPTED,
            Self::AlgorithmRefused => &reply::ALGORITHM_REFUSED,
            Self::TimeRefused => &reply::TIME_REFUSED,
            Self::TemplateRefused => &reply::TEMPLATE_REFUSED,
            Self::SubjectRefused => &reply::SUBJECT_REFUSED,
            Self::AltNamesRefused => &reply::ALT_NAMES_REFUSED,
            Self::UsageRefused => &reply::USAGE_REFUSED,
            Self::KeyRefused => &reply::KEY_REFUSED,
            Self::RenewalRefused => &reply::RENEWAL_REFUSED,
            Self::CaUnreachable => &reply::CA_UNREACHABLE,
            Self::CrlUnavailable => &reply::CRL_UNAVAILABLE,
            Self::ReplySignerUnknown => &reply::REPLY_SIGNER_UNKNOWN,
            Self::ReplyAlgorithmDiffers => &reply::REPLY_ALGORITHM_DIFFERS,
            Self::ClocksDiffer => &reply::CLOCKS_DIFFER,
            Self::Unauthorized => &http::UNAUTHORIZED,
            Self::Forbidden => &http::FORBIDDEN,
            Self::NotFound => &http::NOT_FOUND,
            Self::UrlTooLong => &http::URL_TOO_LONG,
            Self::ServerError => &http::SERVER_ERROR,
            Self::ServiceDown => &http::SERVICE_DOWN,
            Self::GatewayTimeout => &http::GATEWAY_TIMEOUT,
            Self::BodyIsNoMessage => &http::BODY_IS_NO_MESSAGE,
            Self::Redirected => &http::REDIRECTED,
            Self::BadHttpRequest => &http::BAD_HTTP_REQUEST,
            Self::MethodNotAllowed => &http::METHOD_NOT_ALLOWED,
            Self::BodyTooLong => &http::BODY_TOO_LONG,
            Self::BadGateway => &http::BAD_GATEWAY,
            Self::ContentType => &http::CONTENT_TYPE,
            Self::RequestCut => &http::REQUEST_CUT,
            Self::RequestUnreadable => &http::REQUEST_UNREADABLE,
            Self::UrlLong => &http::URL_LONG,
            Self::Unreachable => &http::UNREACHABLE,
            Self::TlsFailed => &http::TLS_FAILED,
            Self::LoggedFailure => &http::LOGGED_FAILURE,
            Self::PasswordCacheFull => &http::PASSWORD_CACHE_FULL,
            Self::PasswordNotPermitted => &http::PASSWORD_NOT_PERMITTED,
            Self::PasswordPage => &http::PASSWORD_PAGE,
            Self::TpmAttestation => &http::TPM_ATTESTATION,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_in_the_catalogue() {
        let catalogue = include_str!("../../docs/troubleshooting.md");
        for code in FindingCode::ALL {
            let row = code.row();
            let line = alloc::format!(
                "| `{code}` | {} | {} | {} | {} |",
                row.severity,
                row.sentence,
                row.cause,
                row.advice
            );
            assert!(catalogue.contains(&line), "{line}");
        }
    }

    #[test]
    fn every_code_has_a_name_of_its_own_and_sentences() {
        for (at, code) in FindingCode::ALL.iter().enumerate() {
            let row = code.row();
            let same = FindingCode::ALL
                .iter()
                .filter(|other| other.name() == row.name);
            assert_eq!(same.count(), 1, "{code}");
            let lower = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
            assert!(row.name.bytes().all(lower), "{code} at {at}");
            for text in [row.sentence, row.cause, row.advice] {
                assert!(text.ends_with('.') && !text.contains("  "), "{code}");
            }
        }
    }
}
