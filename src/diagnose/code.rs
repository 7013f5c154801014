//! The codes of findings, and their words.

use core::fmt;

use super::{Client, Severity};
use crate::FailInfo;

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
    /// `certificate-expires-soon`: a certificate of the CA expires within 30 days.
    CertificateExpiresSoon,
    /// `signature-refused-by-apple`: a certificate of the CA is signed in a way that Apple's devices refuse.
    SignatureRefusedByApple,
    /// `thumbprint-unknown`: the configured thumbprint is that of no certificate in the answer to GetCACert.
    ThumbprintUnknown,
    /// `thumbprint-not-of-issuing-ca`: the configured thumbprint is not that of the CA that issues.
    ThumbprintNotOfIssuingCa,
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

/// The words of a code.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) severity: Severity,
    pub(super) sentence: &'static str,
    pub(super) cause: &'static str,
    pub(super) advice: &'static str,
    pub(super) fail_info: Option<FailInfo>,
    pub(super) clients: &'static [Client],
}

impl FindingCode {
    pub(super) const fn row(self) -> &'static Row {
        match self {
            Self::NoCa => &Row {
                name: "no-ca",
                severity: Severity::Error,
                sentence: "No certificate in the answer to GetCACert is a CA's.",
                cause: "The server sends RA certificates alone, or a CA certificate without basicConstraints.",
                advice: "Let GetCACert send the certificate of the CA that issues.",
                fail_info: None,
                clients: &[Client::Windows, Client::Apple],
            },
            Self::NoEncryptionCertificate => &Row {
                name: "no-encryption-certificate",
                severity: Severity::Warning,
                sentence: "No certificate of the CA may be encrypted to.",
                cause: "No keyUsage in the answer to GetCACert allows keyEncipherment. Many clients do not look; Windows does.",
                advice: "Issue an RA certificate with keyEncipherment, or give the CA's own that usage.",
                fail_info: None,
                clients: &[Client::Windows],
            },
            Self::NoSigningCertificate => &Row {
                name: "no-signing-certificate",
                severity: Severity::Warning,
                sentence: "No certificate of the CA may sign replies.",
                cause: "No keyUsage in the answer to GetCACert allows digitalSignature. Many clients do not look; Windows does.",
                advice: "Issue an RA certificate with digitalSignature, or give the CA's own that usage.",
                fail_info: None,
                clients: &[Client::Windows],
            },
            Self::EncryptionKeyNotRsa => &Row {
                name: "encryption-key-not-rsa",
                severity: Severity::Error,
                sentence: "What is to be encrypted to has a key that is not RSA.",
                cause: "The CA has an elliptic-curve key, and no RA with an RSA key stands before it.",
                advice: "Put an RA certificate with an RSA key beside it: clients encrypt their requests with RSA.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::RaOfAnotherCa => &Row {
                name: "ra-of-another-ca",
                severity: Severity::Error,
                sentence: "An RA certificate is not issued by a CA in the answer to GetCACert.",
                cause: "The CA was renewed or replaced, and the RA certificates were not.",
                advice: "Renew the RA certificates from the CA that is in use.",
                fail_info: None,
                clients: &[Client::Windows, Client::Apple],
            },
            Self::CertificateExpired => &Row {
                name: "certificate-expired",
                severity: Severity::Error,
                sentence: "A certificate of the CA has expired.",
                cause: "RA certificates of NDES last two years and are not renewed by themselves.",
                advice: "Renew the certificate, and restart the server.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::CertificateNotYetValid => &Row {
                name: "certificate-not-yet-valid",
                severity: Severity::Error,
                sentence: "A certificate of the CA is not valid yet.",
                cause: "The clock of the CA or of the reader is wrong.",
                advice: "Set the clocks.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::CertificateExpiresSoon => &Row {
                name: "certificate-expires-soon",
                severity: Severity::Warning,
                sentence: "A certificate of the CA expires within 30 days.",
                cause: "RA certificates of NDES last two years and are not renewed by themselves.",
                advice: "Renew the certificate before it expires.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::SignatureRefusedByApple => &Row {
                name: "signature-refused-by-apple",
                severity: Severity::Warning,
                sentence: "A certificate of the CA is signed in a way that Apple's devices refuse.",
                cause: "It is signed with SHA-1, MD5 or RSASSA-PSS.",
                advice: "Issue the certificate again, signed with SHA-256 and RSA PKCS #1 v1.5.",
                fail_info: None,
                clients: &[Client::Apple],
            },
            Self::ThumbprintUnknown => &Row {
                name: "thumbprint-unknown",
                severity: Severity::Error,
                sentence: "The configured thumbprint is that of no certificate in the answer to GetCACert.",
                cause: "The CA was renewed, or the profile names another one.",
                advice: "Configure the thumbprint of the issuing CA, as the evidence lists it.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::ThumbprintNotOfIssuingCa => &Row {
                name: "thumbprint-not-of-issuing-ca",
                severity: Severity::Warning,
                sentence: "The configured thumbprint is not that of the CA that issues.",
                cause: "The profile names the root or an RA.",
                advice: "Windows wants the thumbprint of the issuing CA; Android's agents want that of the root.",
                fail_info: None,
                clients: &[Client::Windows],
            },
            Self::CapabilitiesUnknown => &Row {
                name: "capabilities-unknown",
                severity: Severity::Warning,
                sentence: "The CA does not say what it can do.",
                cause: "GetCACaps gave an error, or a page.",
                advice: "Let GetCACaps answer with a list, one word a line.",
                fail_info: None,
                clients: &[Client::Apple],
            },
            Self::CapabilitiesWithoutDigest => &Row {
                name: "capabilities-without-digest",
                severity: Severity::Warning,
                sentence: "GetCACaps lists no SHA-1, SHA-256 or SHA-512.",
                cause: "The list is that of an old server.",
                advice: "List SHA-256.",
                fail_info: None,
                clients: &[Client::Apple],
            },
            Self::CapabilitiesWithoutCipher => &Row {
                name: "capabilities-without-cipher",
                severity: Severity::Warning,
                sentence: "GetCACaps lists neither AES nor DES3.",
                cause: "The list is that of an old server.",
                advice: "List AES.",
                fail_info: None,
                clients: &[Client::Apple],
            },
            Self::CapabilitiesWithoutPost => &Row {
                name: "capabilities-without-post",
                severity: Severity::Warning,
                sentence: "GetCACaps does not list POSTPKIOperation.",
                cause: "The list is that of an old server.",
                advice: "Take POST and list it: with Intune's challenge passwords a GET is some 12 KB long, more than most servers take.",
                fail_info: None,
                clients: &[Client::Windows, Client::Apple],
            },
            Self::RecipientUnknown => &Row {
                name: "recipient-unknown",
                severity: Severity::Error,
                sentence: "The request is encrypted to a certificate that the CA does not have.",
                cause: "The client keeps a certificate of the CA from before a renewal, or was given the wrong one.",
                advice: "Let the client fetch GetCACert anew.",
                fail_info: Some(FailInfo::BadMessageCheck),
                clients: Client::ALL,
            },
            Self::RecipientMayNotDecrypt => &Row {
                name: "recipient-may-not-decrypt",
                severity: Severity::Error,
                sentence: "The request is encrypted to a certificate that is not for encryption.",
                cause: "The client takes the first certificate of GetCACert, or the CA's, and not the one whose keyUsage has keyEncipherment.",
                advice: "Choose the certificate by its keyUsage; the evidence names the right one.",
                fail_info: Some(FailInfo::BadMessageCheck),
                clients: Client::ALL,
            },
            Self::SenderNonceMissing => &Row {
                name: "sender-nonce-missing",
                severity: Severity::Error,
                sentence: "The request has no senderNonce.",
                cause: "The client breaks section 3.2.1.5 of RFC 8894.",
                advice: "Mend the client, or receive under a policy that tolerates it.",
                fail_info: Some(FailInfo::BadRequest),
                clients: Client::ALL,
            },
            Self::SignerNotYetValid => &Row {
                name: "signer-not-yet-valid",
                severity: Severity::Warning,
                sentence: "The certificate that signed the request is not valid yet.",
                cause: "The device's clock is fast, as it often is before its set-up is done, or the reader's is slow.",
                advice: "Set the clock. A CA should let what it issues begin some hours in the past.",
                fail_info: Some(FailInfo::BadTime),
                clients: Client::ALL,
            },
            Self::ChallengeAbsent => &Row {
                name: "challenge-absent",
                severity: Severity::Warning,
                sentence: "The request has no challenge password.",
                cause: "The profile has none, or the client leaves it out.",
                advice: "Put a challenge password into the profile, or let the CA decide without one.",
                fail_info: Some(FailInfo::BadRequest),
                clients: Client::ALL,
            },
            Self::ChallengeEmpty => &Row {
                name: "challenge-empty",
                severity: Severity::Warning,
                sentence: "The challenge password of the request is empty.",
                cause: "The profile's is empty. Windows sends an empty one when it renews, which is right there.",
                advice: "For a first enrolment, put a challenge password into the profile.",
                fail_info: Some(FailInfo::BadRequest),
                clients: Client::ALL,
            },
            Self::ChallengeNotPrintable => &Row {
                name: "challenge-not-printable",
                severity: Severity::Note,
                sentence: "The challenge password is not a PrintableString, the only type that NDES reads.",
                cause: "Most toolkits write UTF8String.",
                advice: "If the server is NDES, let the client write a PrintableString; others need not care.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::Refused => &Row {
                name: "refused",
                severity: Severity::Error,
                sentence: "The CA refused the request.",
                cause: "The evidence has the CA's own words.",
                advice: "Follow what the evidence says, and look into the CA's log of that moment.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::ChallengeRefused => &Row {
                name: "challenge-refused",
                severity: Severity::Error,
                sentence: "The server does not take the challenge password.",
                cause: "It is wrong, used before, expired, or missing.",
                advice: "Get a new challenge password and enrol again.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::OaepRefused => &Row {
                name: "oaep-refused",
                severity: Severity::Error,
                sentence: "The CA refused an algorithm, and the request uses RSAES-OAEP.",
                cause: "Possibly the server reads RSAES-PKCS1-v1_5 only. Windows always writes OAEP.",
                advice: "Let the server read OAEP, or let the client write RSAES-PKCS1-v1_5.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::TransactionIdMismatch => &Row {
                name: "transaction-id-mismatch",
                severity: Severity::Error,
                sentence: "The reply is for another transaction.",
                cause: "A proxy or cache mixes up answers, or the server changes the transactionID.",
                advice: "Let the server echo the transactionID byte for byte, and nothing cache the answers.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::NonceMismatch => &Row {
                name: "nonce-mismatch",
                severity: Severity::Error,
                sentence: "The recipientNonce of the reply is not the senderNonce of the request.",
                cause: "The reply is an old one, or the server makes up a nonce.",
                advice: "Let the server echo the senderNonce byte for byte, whatever its length.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::ReplyWithoutSenderNonce => &Row {
                name: "reply-without-sender-nonce",
                severity: Severity::Warning,
                sentence: "The reply has no senderNonce.",
                cause: "The server leaves it out of replies.",
                advice: "Let the server send one: some clients, such as MikroTik's, refuse a reply without it.",
                fail_info: None,
                clients: &[Client::Other],
            },
            Self::Unauthorized => &Row {
                name: "http-401",
                severity: Severity::Error,
                sentence: "The web server wants a user name.",
                cause: "The path of SCEP is protected, as that of challenge passwords is.",
                advice: "Let the path of SCEP be reached without a user name.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::Forbidden => &Row {
                name: "http-403",
                severity: Severity::Error,
                sentence: "The web server forbids it.",
                cause: "A filter, a gateway or a client certificate setting stands before SCEP. NDES with Intune's module says it to browsers.",
                advice: "Ask with ?operation=GetCACaps and not with a browser; then look for what filters.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::NotFound => &Row {
                name: "http-404",
                severity: Severity::Error,
                sentence: "There is no SCEP at this URL.",
                cause: "The path is wrong. Windows appends /pkiclient.exe to it.",
                advice: "Correct the URL; NDES is at /certsrv/mscep/mscep.dll.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::UrlTooLong => &Row {
                name: "http-414",
                severity: Severity::Error,
                sentence: "The URL is too long for the web server.",
                cause: "The message goes by GET: with Intune's challenge passwords it is some 12 KB.",
                advice: "Use POST, or raise the limits: at IIS those of URL and query string to 65534.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::ServerError => &Row {
                name: "http-500",
                severity: Severity::Error,
                sentence: "The server failed.",
                cause: "At NDES: the pool's account, its permissions, or the RA certificates.",
                advice: "Read the application log of the server.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::ServiceDown => &Row {
                name: "http-503",
                severity: Severity::Error,
                sentence: "The service is down.",
                cause: "At NDES: the SCEP pool has stopped, often because of its account's password.",
                advice: "Start the pool, and see why it stopped.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::GatewayTimeout => &Row {
                name: "http-504",
                severity: Severity::Error,
                sentence: "A proxy gets no answer from the server.",
                cause: "The proxy's connector is down or does not reach the server.",
                advice: "See whether the connector runs and reaches the server.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::BodyIsNoMessage => &Row {
                name: "body-is-no-message",
                severity: Severity::Error,
                sentence: "What came is no message of SCEP.",
                cause: "A wrong URL, a proxy or a portal; or the body was cut or encoded on the way.",
                advice: "See what the evidence says it is, and what answers at this URL.",
                fail_info: None,
                clients: Client::ALL,
            },
            Self::TpmAttestation => &Row {
                name: "tpm-attestation",
                severity: Severity::Note,
                sentence: "The server is Microsoft's service for TPMs and not your CA.",
                cause: "Windows asks it of its own accord, and logs a failure if the TPM's maker is not known there.",
                advice: "Ignore it: it does not touch other enrolments.",
                fail_info: None,
                clients: &[Client::Windows],
            },
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
