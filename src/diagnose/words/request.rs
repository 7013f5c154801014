//! The words of findings about requests and the CSRs in them.

use super::Row;
use crate::FailInfo;
use crate::diagnose::{Client, Severity};

pub(in crate::diagnose) const RECIPIENT_UNKNOWN: Row = Row {
    name: "recipient-unknown",
    severity: Severity::Error,
    sentence: "The request is encrypted to a certificate that the CA does not have.",
    cause: "The client keeps a certificate of the CA from before a renewal, or was given the wrong one.",
    advice: "Let the client fetch GetCACert anew.",
    fail_info: Some(FailInfo::BadMessageCheck),
    clients: Client::ALL,
};

pub(in crate::diagnose) const RECIPIENT_MAY_NOT_DECRYPT: Row = Row {
    name: "recipient-may-not-decrypt",
    severity: Severity::Error,
    sentence: "The request is encrypted to a certificate that is not for encryption.",
    cause: "The client takes the first certificate of GetCACert, or the CA's, and not the one whose keyUsage has keyEncipherment.",
    advice: "Choose the certificate by its keyUsage; the evidence names the right one.",
    fail_info: Some(FailInfo::BadMessageCheck),
    clients: Client::ALL,
};

pub(in crate::diagnose) const SENDER_NONCE_MISSING: Row = Row {
    name: "sender-nonce-missing",
    severity: Severity::Error,
    sentence: "The request has no senderNonce.",
    cause: "The client breaks section 3.2.1.5 of RFC 8894.",
    advice: "Mend the client, or receive under a policy that tolerates it.",
    fail_info: Some(FailInfo::BadRequest),
    clients: Client::ALL,
};

pub(in crate::diagnose) const SIGNER_NOT_YET_VALID: Row = Row {
    name: "signer-not-yet-valid",
    severity: Severity::Warning,
    sentence: "The certificate that signed the request is not valid yet.",
    cause: "The device's clock is fast, as it often is before its set-up is done, or the reader's is slow.",
    advice: "Set the clock. A CA should let what it issues begin some hours in the past.",
    fail_info: Some(FailInfo::BadTime),
    clients: Client::ALL,
};

pub(in crate::diagnose) const CHALLENGE_ABSENT: Row = Row {
    name: "challenge-absent",
    severity: Severity::Warning,
    sentence: "The request has no challenge password.",
    cause: "The profile has none, or the client leaves it out.",
    advice: "Put a challenge password into the profile, or let the CA decide without one.",
    fail_info: Some(FailInfo::BadRequest),
    clients: Client::ALL,
};

pub(in crate::diagnose) const CHALLENGE_EMPTY: Row = Row {
    name: "challenge-empty",
    severity: Severity::Warning,
    sentence: "The challenge password of the request is empty.",
    cause: "The profile's is empty. Windows sends an empty one when it renews, which is right there.",
    advice: "For a first enrolment, put a challenge password into the profile.",
    fail_info: Some(FailInfo::BadRequest),
    clients: Client::ALL,
};

pub(in crate::diagnose) const CHALLENGE_NOT_PRINTABLE: Row = Row {
    name: "challenge-not-printable",
    severity: Severity::Note,
    sentence: "The challenge password is not a PrintableString, the only type that NDES reads.",
    cause: "Most toolkits write UTF8String.",
    advice: "If the server is NDES, let the client write a PrintableString; others need not care.",
    fail_info: None,
    clients: Client::ALL,
};
