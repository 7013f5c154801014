//! The words of findings about requests and the CSRs in them.

use super::Row;
use crate::FailInfo;
use crate::diagnose::{ClientKind, Severity};

pub(in crate::diagnose) const RECIPIENT_UNKNOWN: Row = Row {
    name: "recipient-unknown",
    severity: Severity::Error,
    sentence: "The request is encrypted to a certificate that the CA does not have.",
    cause: "The client keeps a certificate of the CA from before a renewal, or was given the wrong one.",
    advice: "Let the client fetch GetCACert anew.",
    fail_info: Some(FailInfo::BadMessageCheck),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const RECIPIENT_MAY_NOT_DECRYPT: Row = Row {
    name: "recipient-may-not-decrypt",
    severity: Severity::Error,
    sentence: "The request is encrypted to a certificate that is not for encryption.",
    cause: "The client takes the first certificate of GetCACert, or the CA's, and not the one whose keyUsage has keyEncipherment.",
    advice: "Choose the certificate by its keyUsage; the evidence names the right one.",
    fail_info: Some(FailInfo::BadMessageCheck),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SENDER_NONCE_MISSING: Row = Row {
    name: "sender-nonce-missing",
    severity: Severity::Error,
    sentence: "The request has no senderNonce.",
    cause: "The client breaks section 3.2.1.5 of RFC 8894.",
    advice: "Mend the client, or receive under a policy that tolerates it.",
    fail_info: Some(FailInfo::BadRequest),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SIGNER_NOT_YET_VALID: Row = Row {
    name: "signer-not-yet-valid",
    severity: Severity::Warning,
    sentence: "The certificate that signed the request is not valid yet.",
    cause: "The clock of the CA was fast when it issued the certificate, or the reader's is slow.",
    advice: "Set the clocks. A CA should let what it issues begin some hours in the past.",
    fail_info: Some(FailInfo::BadTime),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CHALLENGE_ABSENT: Row = Row {
    name: "challenge-absent",
    severity: Severity::Warning,
    sentence: "The request has no challenge password.",
    cause: "The profile has none, or the client leaves it out.",
    advice: "Put a challenge password into the profile, or let the CA decide without one.",
    fail_info: Some(FailInfo::BadRequest),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CHALLENGE_EMPTY: Row = Row {
    name: "challenge-empty",
    severity: Severity::Warning,
    sentence: "The challenge password of the request is empty.",
    cause: "The profile's is empty. Windows sends an empty one when it renews, which is right there.",
    advice: "For a first enrolment, put a challenge password into the profile.",
    fail_info: Some(FailInfo::BadRequest),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CHALLENGE_NOT_PRINTABLE: Row = Row {
    name: "challenge-not-printable",
    severity: Severity::Note,
    sentence: "The challenge password is not a PrintableString, the only type that NDES reads.",
    cause: "Most toolkits write UTF8String.",
    advice: "If the server is NDES, let the client write a PrintableString; others need not care.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CHALLENGE_TYPE_REFUSED: Row = Row {
    name: "challenge-type-refused",
    severity: Severity::Warning,
    sentence: "The challenge password is not a PrintableString, and the server is NDES or speaks like it.",
    cause: "NDES is reported to read no other type, and to tell of it in event 29 only.",
    advice: "Let the client write a PrintableString: letters, digits and few other characters.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const RECIPIENT_IS_CA: Row = Row {
    name: "recipient-is-ca",
    severity: Severity::Warning,
    sentence: "The request is encrypted to the CA, and not to the RA that stands before it.",
    cause: "The client takes the CA's certificate, and does not look for the RA's.",
    advice: "Choose the certificate whose keyUsage has keyEncipherment; the evidence names it.",
    fail_info: Some(FailInfo::BadMessageCheck),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const ALGORITHM_UNKNOWN: Row = Row {
    name: "algorithm-unknown",
    severity: Severity::Error,
    sentence: "The request uses an algorithm that SCEP does not know.",
    cause: "The client uses an algorithm that is newer or older than SCEP, or parameters that nobody reads.",
    advice: "Set the client to SHA-256, AES-128 and RSA.",
    fail_info: Some(FailInfo::BadAlg),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const ALGORITHM_NOT_ALLOWED: Row = Row {
    name: "algorithm-not-allowed",
    severity: Severity::Error,
    sentence: "The request uses an algorithm that the server's policy does not allow.",
    cause: "The client is old, or set to old algorithms, or the server reads less than the client writes.",
    advice: "Set the client to what is allowed, as the evidence lists it, or allow it at the server.",
    fail_info: Some(FailInfo::BadAlg),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const ALGORITHM_NOT_OFFERED: Row = Row {
    name: "algorithm-not-offered",
    severity: Severity::Warning,
    sentence: "The request uses an algorithm that is not in the answer to GetCACaps.",
    cause: "The client does not ask for GetCACaps, or is set to an algorithm of its own.",
    advice: "Set the client to what GetCACaps lists, or list it if the server takes it.",
    fail_info: Some(FailInfo::BadAlg),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const ALGORITHM_WEAK: Row = Row {
    name: "algorithm-weak",
    severity: Severity::Note,
    sentence: "The request uses a weak algorithm, although GetCACaps offers a better one.",
    cause: "The client is old or takes no heed of GetCACaps, as Windows does with SHA-1.",
    advice: "Set the client to the better one where it can be set.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SIGNATURE_INVALID: Row = Row {
    name: "signature-invalid",
    severity: Severity::Error,
    sentence: "The signature of the message is wrong.",
    cause: "A proxy changes the body, or the signer's certificate does not belong to the key.",
    advice: "Compare what was sent with what came, byte for byte.",
    fail_info: Some(FailInfo::BadMessageCheck),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SIGNED_ATTRIBUTE_MISSING: Row = Row {
    name: "signed-attribute-missing",
    severity: Severity::Error,
    sentence: "A signed attribute is missing that every message must have.",
    cause: "The sender breaks section 11 of RFC 5652, or section 3.2.1 of RFC 8894.",
    advice: "Let the sender write contentType and messageDigest. Windows says 0x80091006 to a reply without.",
    fail_info: Some(FailInfo::BadMessageCheck),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CONTENT_TYPE_NOT_DATA: Row = Row {
    name: "content-type-not-data",
    severity: Severity::Error,
    sentence: "eContentType and the signed contentType are not both data.",
    cause: "The sender names what stands in the content, envelopedData, as Dogtag seems to do.",
    advice: "Let the sender write data in both places: so say section 3.2 of RFC 8894 and section 11.1 of RFC 5652.",
    fail_info: Some(FailInfo::BadMessageCheck),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SIGNING_TIME_AHEAD: Row = Row {
    name: "signing-time-ahead",
    severity: Severity::Warning,
    sentence: "The request was signed at a time that is still to come.",
    cause: "The device's clock is fast, as it often is before its set-up is done, or the reader's is slow.",
    advice: "Set the clock. A CA should let what it issues begin some hours in the past.",
    fail_info: Some(FailInfo::BadTime),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SIGNING_TIME_PAST: Row = Row {
    name: "signing-time-past",
    severity: Severity::Note,
    sentence: "The request was signed some time ago.",
    cause: "It was kept for a while before it was looked at, or the device's clock is slow.",
    advice: "If the request is fresh, set the device's clock.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SIGNER_EXPIRED: Row = Row {
    name: "signer-expired",
    severity: Severity::Warning,
    sentence: "The certificate that signed the request has expired.",
    cause: "The device was off for too long to renew in time, or a clock is wrong.",
    advice: "Enrol anew, with a challenge password, or let the CA take certificates that have just expired.",
    fail_info: Some(FailInfo::BadRequest),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SIGNER_KEY_NOT_ALLOWED: Row = Row {
    name: "signer-key-not-allowed",
    severity: Severity::Error,
    sentence: "The key that signed the request is not one that the server's policy allows.",
    cause: "The key is too small or too large, or of a kind that the policy does not allow. In a first request it mostly is that of the CSR, in a renewal the old one.",
    advice: "Set the key size in the profile and enrol anew, or allow the key at the server.",
    fail_info: Some(FailInfo::BadAlg),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SUBJECT_EMPTY: Row = Row {
    name: "subject-empty",
    severity: Severity::Warning,
    sentence: "The subject of the CSR is empty.",
    cause: "The profile has no subject, or a variable in it stands for nothing.",
    advice: "Put a subject into the profile, such as CN with the device's name.",
    fail_info: Some(FailInfo::BadRequest),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const KEY_NOT_ALLOWED: Row = Row {
    name: "key-not-allowed",
    severity: Severity::Error,
    sentence: "The key of the CSR is not one that the server's policy allows.",
    cause: "The profile's key is too small or too large, or of a kind that the policy does not allow.",
    advice: "Set the key size in the profile, or allow it at the server.",
    fail_info: Some(FailInfo::BadMessageCheck),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CSR_SIGNATURE_INVALID: Row = Row {
    name: "csr-signature-invalid",
    severity: Severity::Error,
    sentence: "The CSR is not signed by its own key.",
    cause: "The CSR was changed after it was signed, or another key signed it.",
    advice: "Let the client make the CSR anew. Nothing between client and CA may write it in another way.",
    fail_info: Some(FailInfo::BadMessageCheck),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CSR_CONTENT_UNREADABLE: Row = Row {
    name: "csr-content-unreadable",
    severity: Severity::Warning,
    sentence: "Something that Microsoft defines stands in the CSR and cannot be read.",
    cause: "The client or a script writes it wrongly.",
    advice: "Look at the place that the evidence names. A CA of Windows may refuse the request for it; a server need not look at it.",
    fail_info: None,
    clients: &[ClientKind::Windows],
};

pub(in crate::diagnose) const SID_CLAIMED: Row = Row {
    name: "sid-claimed",
    severity: Severity::Note,
    sentence: "The CSR claims the SID of an account, which nothing in it proves.",
    cause: "Intune asks devices to do so. Anybody else can write it too.",
    advice: "Let the CA copy it only if the challenge password, or whoever made it, stands for that account. A CA that takes no URI in subjectAltName refuses the request.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const TEMPLATE_CONFLICT: Row = Row {
    name: "template-conflict",
    severity: Severity::Warning,
    sentence: "The CSR names two templates that differ.",
    cause: "The client writes the template in two places, and only one was changed.",
    advice: "Let the request name one template only.",
    fail_info: Some(FailInfo::BadRequest),
    clients: &[ClientKind::Windows],
};

pub(in crate::diagnose) const NOT_AS_CONFIGURED: Row = Row {
    name: "not-as-configured",
    severity: Severity::Warning,
    sentence: "The CSR asks for something else than what is configured.",
    cause: "The device has an earlier profile, or a variable in the profile stands for something else.",
    advice: "Compare both in the evidence. Let the device take the profile anew, or correct the profile.",
    fail_info: Some(FailInfo::BadRequest),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const RENEWAL_NOT_OFFERED: Row = Row {
    name: "renewal-not-offered",
    severity: Severity::Warning,
    sentence: "The request is a RenewalReq, and GetCACaps does not say that the server takes one.",
    cause: "The client does not look at GetCACaps, or takes Renewal for enough: without SCEPStandard beside it, as at NDES, it often means a PKCSReq that the old certificate signs.",
    advice: "Renew with a PKCSReq that the old certificate signs, or enrol anew.",
    fail_info: Some(FailInfo::BadRequest),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const RENEWAL_SELF_ISSUED: Row = Row {
    name: "renewal-self-issued",
    severity: Severity::Error,
    sentence: "The request is a RenewalReq, and its signer's certificate is self-issued, so it renews nothing.",
    cause: "The client signs with a new certificate and not with the old one.",
    advice: "Sign with the certificate that is to be renewed, or send a PKCSReq.",
    fail_info: Some(FailInfo::BadRequest),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SIGNER_OF_ANOTHER_CA: Row = Row {
    name: "signer-of-another-ca",
    severity: Severity::Warning,
    sentence: "The certificate that signed the request is not issued by the CA.",
    cause: "The CA was replaced since, or the device renews at another CA than it enrolled at.",
    advice: "Enrol anew, with a challenge password, or let the server trust the earlier CA.",
    fail_info: Some(FailInfo::BadRequest),
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const RENEWAL_SUBJECT_DIFFERS: Row = Row {
    name: "renewal-subject-differs",
    severity: Severity::Warning,
    sentence: "The subject of the CSR is not that of the certificate that signed the request.",
    cause: "The profile or the device's name was changed since the certificate was issued.",
    advice: "Renew with the names of the old certificate, or enrol anew. At NDES DisableRenewalSubjectNameMatch lets them differ.",
    fail_info: Some(FailInfo::BadRequest),
    clients: ClientKind::ALL,
};
