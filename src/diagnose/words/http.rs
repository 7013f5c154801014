//! The words of findings about what came by HTTP.

use super::Row;
use crate::diagnose::{Client, Severity};

pub(in crate::diagnose) const UNAUTHORIZED: Row = Row {
    name: "http-401",
    severity: Severity::Error,
    sentence: "The web server wants a user name.",
    cause: "The path of SCEP is protected, as that of challenge passwords is.",
    advice: "Let the path of SCEP be reached without a user name.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const FORBIDDEN: Row = Row {
    name: "http-403",
    severity: Severity::Error,
    sentence: "The web server forbids it.",
    cause: "A filter, a gateway or a client certificate setting stands before SCEP. NDES with Intune's module says it to browsers.",
    advice: "Ask with ?operation=GetCACaps and not with a browser; then look for what filters.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const NOT_FOUND: Row = Row {
    name: "http-404",
    severity: Severity::Error,
    sentence: "There is no SCEP at this URL.",
    cause: "The path is wrong. Windows appends /pkiclient.exe to it.",
    advice: "Correct the URL; NDES is at /certsrv/mscep/mscep.dll.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const URL_TOO_LONG: Row = Row {
    name: "http-414",
    severity: Severity::Error,
    sentence: "The URL is too long for the web server.",
    cause: "The message goes by GET: with Intune's challenge passwords it is some 12 KB.",
    advice: "Use POST, or raise the limits: at IIS those of URL and query string to 65534.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const SERVER_ERROR: Row = Row {
    name: "http-500",
    severity: Severity::Error,
    sentence: "The server failed.",
    cause: "At NDES: the pool's account, its permissions, or the RA certificates.",
    advice: "Read the application log of the server.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const SERVICE_DOWN: Row = Row {
    name: "http-503",
    severity: Severity::Error,
    sentence: "The service is down.",
    cause: "At NDES: the SCEP pool has stopped, often because of its account's password.",
    advice: "Start the pool, and see why it stopped.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const GATEWAY_TIMEOUT: Row = Row {
    name: "http-504",
    severity: Severity::Error,
    sentence: "A proxy gets no answer from the server.",
    cause: "The proxy's connector is down or does not reach the server.",
    advice: "See whether the connector runs and reaches the server.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const BODY_IS_NO_MESSAGE: Row = Row {
    name: "body-is-no-message",
    severity: Severity::Error,
    sentence: "What came is no message of SCEP.",
    cause: "A wrong URL, a proxy or a portal; or the body was cut or encoded on the way.",
    advice: "See what the evidence says it is, and what answers at this URL.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const TPM_ATTESTATION: Row = Row {
    name: "tpm-attestation",
    severity: Severity::Note,
    sentence: "The server is Microsoft's service for TPMs and not your CA.",
    cause: "Windows asks it of its own accord, and logs a failure if the TPM's maker is not known there.",
    advice: "Ignore it: it does not touch other enrolments.",
    fail_info: None,
    clients: &[Client::Windows],
};
