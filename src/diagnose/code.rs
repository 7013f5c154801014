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
    /// `encryption-key-not-rsa`: what is to be encrypted to has a key that is not RSA.
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
    /// `signer-not-yet-valid`: the certificate that signed the request is not valid yet.
    SignerNotYetValid,
    /// `challenge-absent`: the request has no challenge password.
    ChallengeAbsent,
    /// `challenge-empty`: the challenge password of the request is empty.
    ChallengeEmpty,
    /// `challenge-not-printable`: the challenge password is not a PrintableString, the only type that NDES reads.
    ChallengeNotPrintable,
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
    /// `http-401`: the web server wants a user name.
    Unauthorized,
    /// `http-403`: the web server forbids it.
    Forbidden,
    /// `http-404`: There is no SCEP at this URL.
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
        Self::Refused,
        Self::ChallengeRefused,
        Self::OaepRefused,
        Self::TransactionIdMismatch,
        Self::NonceMismatch,
        Self::ReplyWithoutSenderNonce,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::UrlTooLong,
        Self::ServerError,
        Self::ServiceDown,
        Self::GatewayTimeout,
        Self::BodyIsNoMessage,
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
            Self::Refused => &reply::REFUSED,
            Self::ChallengeRefused => &reply::CHALLENGE_REFUSED,
            Self::OaepRefused => &reply::OAEP_REFUSED,
            Self::TransactionIdMismatch => &reply::TRANSACTION_ID_MISMATCH,
            Self::NonceMismatch => &reply::NONCE_MISMATCH,
            Self::ReplyWithoutSenderNonce => &reply::REPLY_WITHOUT_SENDER_NONCE,
            Self::Unauthorized => &http::UNAUTHORIZED,
            Self::Forbidden => &http::FORBIDDEN,
            Self::NotFound => &http::NOT_FOUND,
            Self::UrlTooLong => &http::URL_TOO_LONG,
            Self::ServerError => &http::SERVER_ERROR,
            Self::ServiceDown => &http::SERVICE_DOWN,
            Self::GatewayTimeout => &http::GATEWAY_TIMEOUT,
            Self::BodyIsNoMessage => &http::BODY_IS_NO_MESSAGE,
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
