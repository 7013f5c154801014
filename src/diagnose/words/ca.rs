//! The words of findings about what a CA shows of itself.

use super::Row;
use crate::diagnose::{ClientKind, Severity};

pub(in crate::diagnose) const NO_CA: Row = Row {
    name: "no-ca",
    severity: Severity::Error,
    sentence: "No certificate in the answer to GetCACert is a CA's.",
    cause: "The server sends RA certificates alone, or a CA certificate without basicConstraints.",
    advice: "Let GetCACert send the certificate of the CA that issues.",
    fail_info: None,
    clients: &[ClientKind::Windows, ClientKind::Apple],
};

pub(in crate::diagnose) const NO_ENCRYPTION_CERTIFICATE: Row = Row {
    name: "no-encryption-certificate",
    severity: Severity::Warning,
    sentence: "No certificate of the CA may be encrypted to.",
    cause: "No keyUsage in the answer to GetCACert allows keyEncipherment. Many clients do not look; Windows does.",
    advice: "Issue an RA certificate with keyEncipherment, or give the CA's own that usage.",
    fail_info: None,
    clients: &[ClientKind::Windows],
};

pub(in crate::diagnose) const NO_SIGNING_CERTIFICATE: Row = Row {
    name: "no-signing-certificate",
    severity: Severity::Warning,
    sentence: "No certificate of the CA may sign replies.",
    cause: "No keyUsage in the answer to GetCACert allows digitalSignature. Many clients do not look; Windows does.",
    advice: "Issue an RA certificate with digitalSignature, or give the CA's own that usage.",
    fail_info: None,
    clients: &[ClientKind::Windows],
};

pub(in crate::diagnose) const ENCRYPTION_KEY_NOT_RSA: Row = Row {
    name: "encryption-key-not-rsa",
    severity: Severity::Warning,
    sentence: "What is to be encrypted to has no RSA key, and most clients encrypt with RSA alone.",
    cause: "The CA has an elliptic-curve key, and no RA with an RSA key stands before it.",
    advice: "Put an RA certificate with an RSA key beside it, unless all clients agree on keys or encrypt under the challenge password, as clients on this crate do.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const RA_OF_ANOTHER_CA: Row = Row {
    name: "ra-of-another-ca",
    severity: Severity::Error,
    sentence: "An RA certificate is not issued by a CA in the answer to GetCACert.",
    cause: "The CA was renewed or replaced, and the RA certificates were not. Apple's devices report error -67731.",
    advice: "Renew the RA certificates from the CA that is in use.",
    fail_info: None,
    clients: &[ClientKind::Windows, ClientKind::Apple],
};

pub(in crate::diagnose) const CERTIFICATE_EXPIRED: Row = Row {
    name: "certificate-expired",
    severity: Severity::Error,
    sentence: "A certificate of the CA has expired.",
    cause: "RA certificates of NDES last two years and are not renewed by themselves.",
    advice: "Renew the certificate, and restart the server.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CERTIFICATE_NOT_YET_VALID: Row = Row {
    name: "certificate-not-yet-valid",
    severity: Severity::Error,
    sentence: "A certificate of the CA is not valid yet.",
    cause: "The clock of the CA or of the reader is wrong.",
    advice: "Set the clocks.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CERTIFICATE_EXPIRES_SOON: Row = Row {
    name: "certificate-expires-soon",
    severity: Severity::Warning,
    sentence: "A certificate of the CA expires soon.",
    cause: "RA certificates of NDES last two years and are not renewed by themselves.",
    advice: "Renew the certificate before it expires.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SIGNATURE_REFUSED_BY_APPLE: Row = Row {
    name: "signature-refused-by-apple",
    severity: Severity::Warning,
    sentence: "A certificate of the CA is signed in a way that Apple's devices refuse.",
    cause: "It is signed with SHA-1, MD5 or RSASSA-PSS.",
    advice: "Issue the certificate again, signed with SHA-256 and RSA PKCS #1 v1.5.",
    fail_info: None,
    clients: &[ClientKind::Apple],
};

pub(in crate::diagnose) const THUMBPRINT_UNKNOWN: Row = Row {
    name: "thumbprint-unknown",
    severity: Severity::Error,
    sentence: "The configured thumbprint is that of no certificate in the answer to GetCACert.",
    cause: "The CA was renewed, or the profile names another one.",
    advice: "Configure the thumbprint of the issuing CA. Where GetCACert is at hand the evidence lists it.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const THUMBPRINT_NOT_OF_ISSUING_CA: Row = Row {
    name: "thumbprint-not-of-issuing-ca",
    severity: Severity::Warning,
    sentence: "The configured thumbprint is not that of the CA that issues.",
    cause: "The profile names the root or an RA.",
    advice: "Windows wants the thumbprint of the issuing CA; Android's agents want that of the root.",
    fail_info: None,
    clients: &[ClientKind::Windows],
};

pub(in crate::diagnose) const THUMBPRINT_NOT_OF_ROOT: Row = Row {
    name: "thumbprint-not-of-root",
    severity: Severity::Note,
    sentence: "The configured thumbprint is that of a CA that is not the root.",
    cause: "The profile names the CA that issues, as Windows wants it.",
    advice: "In a profile for Android, possibly name the root.",
    fail_info: None,
    clients: &[ClientKind::Android],
};

pub(in crate::diagnose) const SET_WITHOUT_RA: Row = Row {
    name: "set-without-ra",
    severity: Severity::Warning,
    sentence: "The answer to GetCACert has several certificates, and all are CAs'.",
    cause: "The server sends a chain. Possibly Apple's devices and Windows look for an RA wherever there is more than one certificate, and give up without.",
    advice: "Send the certificate of the issuing CA alone, or put those of an RA beside it, with digitalSignature and keyEncipherment.",
    fail_info: None,
    clients: &[ClientKind::Windows, ClientKind::Apple],
};

pub(in crate::diagnose) const ROOT_MISSING: Row = Row {
    name: "root-missing",
    severity: Severity::Note,
    sentence: "The root above an RA's CA is not in the answer to GetCACert.",
    cause: "The server sends the RA and its CA, and nothing from above. Possibly macOS wants the whole chain where there is an RA.",
    advice: "Let the profile install the root, or let GetCACert send it too.",
    fail_info: None,
    clients: &[ClientKind::Apple],
};

pub(in crate::diagnose) const RA_NOT_MARKED: Row = Row {
    name: "ra-not-marked",
    severity: Severity::Note,
    sentence: "An RA certificate does not say that it is one.",
    cause: "It lacks the extended key usage Certificate Request Agent. Possibly clients that were made for NDES look for it; clients on this crate do.",
    advice: "Issue it with the extended key usage 1.3.6.1.4.1.311.20.2.1.",
    fail_info: None,
    clients: &[ClientKind::Other],
};

pub(in crate::diagnose) const SEVERAL_ENCRYPTION_CERTIFICATES: Row = Row {
    name: "several-encryption-certificates",
    severity: Severity::Note,
    sentence: "More than one RA certificate may be encrypted to.",
    cause: "An earlier RA certificate stands beside its successor, or the RA's certificates have no keyUsage. Many clients take the first.",
    advice: "Let one of them alone have keyEncipherment, or let the server open what is encrypted to any.",
    fail_info: None,
    clients: &[ClientKind::Android, ClientKind::Other],
};

pub(in crate::diagnose) const CAPABILITIES_UNKNOWN: Row = Row {
    name: "capabilities-unknown",
    severity: Severity::Warning,
    sentence: "The CA does not say what it can do.",
    cause: "GetCACaps gave an error, or a page. Apple's devices refuse that, and jscep then writes MD5 and single DES.",
    advice: "Let GetCACaps answer with a list, one word a line.",
    fail_info: None,
    clients: &[ClientKind::Apple, ClientKind::Android],
};

pub(in crate::diagnose) const CAPABILITIES_WITHOUT_DIGEST: Row = Row {
    name: "capabilities-without-digest",
    severity: Severity::Warning,
    sentence: "GetCACaps lists no SHA-1, SHA-256 or SHA-512.",
    cause: "The list is that of an old server.",
    advice: "List SHA-256.",
    fail_info: None,
    clients: &[ClientKind::Apple],
};

pub(in crate::diagnose) const CAPABILITIES_WITHOUT_CIPHER: Row = Row {
    name: "capabilities-without-cipher",
    severity: Severity::Warning,
    sentence: "GetCACaps lists neither AES nor DES3.",
    cause: "The list is that of an old server.",
    advice: "List AES.",
    fail_info: None,
    clients: &[ClientKind::Apple],
};

pub(in crate::diagnose) const CAPABILITIES_WITHOUT_POST: Row = Row {
    name: "capabilities-without-post",
    severity: Severity::Warning,
    sentence: "GetCACaps does not list POSTPKIOperation.",
    cause: "The list is that of an old server.",
    advice: "Take POST and list it: with Intune's challenge passwords a GET is some 12 KB long, more than most servers take.",
    fail_info: None,
    clients: &[ClientKind::Windows, ClientKind::Apple],
};
