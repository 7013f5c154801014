//! The words of findings about what came by HTTP.

use super::Row;
use crate::diagnose::{ClientKind, Severity};

pub(in crate::diagnose) const UNAUTHORIZED: Row = Row {
    name: "http-401",
    severity: Severity::Error,
    sentence: "The web server wants a user name.",
    cause: "The path of SCEP is protected, as that of challenge passwords is.",
    advice: "Let the path of SCEP be reached without a user name.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const FORBIDDEN: Row = Row {
    name: "http-403",
    severity: Severity::Error,
    sentence: "The web server forbids it.",
    cause: "A filter, a gateway or a client certificate setting stands before SCEP. NDES with Intune's module says it to browsers.",
    advice: "Ask with ?operation=GetCACaps and not with a browser; then look for what filters.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const NOT_FOUND: Row = Row {
    name: "http-404",
    severity: Severity::Error,
    sentence: "There is no SCEP at this URL.",
    cause: "The path is wrong. Windows appends /pkiclient.exe to it.",
    advice: "Correct the URL; NDES is at /certsrv/mscep/mscep.dll.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const URL_TOO_LONG: Row = Row {
    name: "http-414",
    severity: Severity::Error,
    sentence: "The URL is too long for the web server.",
    cause: "The message goes by GET: with Intune's challenge passwords it is some 12 KB.",
    advice: "Use POST, or raise the limits: at IIS those of URL and query string to 65534.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SERVER_ERROR: Row = Row {
    name: "http-500",
    severity: Severity::Error,
    sentence: "The server failed.",
    cause: "At NDES: the pool's account, its permissions, or the RA certificates.",
    advice: "Read the application log of the server.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SERVICE_DOWN: Row = Row {
    name: "http-503",
    severity: Severity::Error,
    sentence: "The service is down.",
    cause: "At NDES: the SCEP pool has stopped, possibly because of its account's password.",
    advice: "Start the pool, and see why it stopped.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const GATEWAY_TIMEOUT: Row = Row {
    name: "http-504",
    severity: Severity::Error,
    sentence: "A proxy gets no answer from the server.",
    cause: "The proxy's connector is down or does not reach the server.",
    advice: "See whether the connector runs and reaches the server.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const BODY_IS_NO_MESSAGE: Row = Row {
    name: "body-is-no-message",
    severity: Severity::Error,
    sentence: "What came is no message of SCEP.",
    cause: "A wrong URL, a proxy or a portal; or the body was cut or encoded on the way.",
    advice: "See what the evidence says it is, and what answers at this URL.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const REDIRECTED: Row = Row {
    name: "http-3xx",
    severity: Severity::Error,
    sentence: "The web server sends the client elsewhere.",
    cause: "The URL is an old one, or http where https is wanted. Most clients do not follow when they POST.",
    advice: "Put the final URL into the profile.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const BAD_HTTP_REQUEST: Row = Row {
    name: "http-400",
    severity: Severity::Error,
    sentence: "The web server cannot read the request.",
    cause: "The message was damaged or cut on the way, or the URL or its query is too long.",
    advice: "Look at the request with the inspect example. If it was a GET, use POST.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const METHOD_NOT_ALLOWED: Row = Row {
    name: "http-405",
    severity: Severity::Error,
    sentence: "The web server does not take the method.",
    cause: "A filter lets only GET or only POST pass, or the path is that of another service.",
    advice: "Let GET and POST pass. Clients POST where GetCACaps lists POSTPKIOperation.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const BODY_TOO_LONG: Row = Row {
    name: "http-413",
    severity: Severity::Error,
    sentence: "The message is too long for the web server.",
    cause: "The server or a proxy limits the length of bodies.",
    advice: "Raise the limit to 64 KiB or more.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const BAD_GATEWAY: Row = Row {
    name: "http-502",
    severity: Severity::Error,
    sentence: "A proxy gets no answer that it understands.",
    cause: "The server behind the proxy is down, or speaks TLS where the proxy does not.",
    advice: "See whether the server behind the proxy runs.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CONTENT_TYPE: Row = Row {
    name: "content-type",
    severity: Severity::Warning,
    sentence: "The answer has another media type than it should.",
    cause: "The server or a proxy sets one for all answers.",
    advice: "Let the server send the type that the evidence names: some clients refuse any other.",
    fail_info: None,
    clients: &[ClientKind::Other],
};

pub(in crate::diagnose) const REQUEST_CUT: Row = Row {
    name: "request-cut",
    severity: Severity::Error,
    sentence: "The message in the URL is cut off.",
    cause: "A server, a proxy or a log limits the length of URLs or queries: IIS takes a query of 2,048 bytes until it is set otherwise.",
    advice: "Use POST, or raise the limits: at IIS those of URL and query string to 65534.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const REQUEST_UNREADABLE: Row = Row {
    name: "request-unreadable",
    severity: Severity::Error,
    sentence: "The HTTP request is none of SCEP.",
    cause: "The URL or the message in it was written wrongly, or changed on the way.",
    advice: "See what the evidence says, and what the client or a proxy makes of the URL.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const URL_LONG: Row = Row {
    name: "url-long",
    severity: Severity::Warning,
    sentence: "The URL is longer than what every server takes.",
    cause: "The message goes by GET: with Intune's challenge passwords it is some 12 KB.",
    advice: "Use POST, or raise the limits: at IIS those of URL and query string to 65534.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const UNREACHABLE: Row = Row {
    name: "unreachable",
    severity: Severity::Error,
    sentence: "The server cannot be reached.",
    cause: "Its name cannot be resolved, it does not run, or something stands between.",
    advice: "See from the device's network whether name and port of the URL answer.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const TLS_FAILED: Row = Row {
    name: "tls-failed",
    severity: Severity::Error,
    sentence: "TLS failed.",
    cause: "The web server's certificate is expired, for another name or not trusted, or there is no version in common; or a clock is wrong.",
    advice: "Open the URL on the device with a browser, and see what it says of the certificate. Windows' client speaks TLS 1.2 at most.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const LOGGED_FAILURE: Row = Row {
    name: "logged-failure",
    severity: Severity::Error,
    sentence: "The log tells of an enrolment that failed.",
    cause: "The evidence has the code of the log and its meaning.",
    advice: "Follow what the evidence says, and look into the server's log of that moment.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const PASSWORD_CACHE_FULL: Row = Row {
    name: "password-cache-full",
    severity: Severity::Error,
    sentence: "NDES gives out no more challenge passwords.",
    cause: "Its cache is full: passwords that nobody used stay in it for 60 minutes unless it is set otherwise.",
    advice: "Wait until passwords expire, raise PasswordMax in the registry of the NDES host, or restart its pool.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const PASSWORD_NOT_PERMITTED: Row = Row {
    name: "password-not-permitted",
    severity: Severity::Error,
    sentence: "NDES gives this user no challenge password.",
    cause: "The user may not enrol for one of the templates that NDES names.",
    advice: "Give the user enrol permission on every template that NDES names in its registry.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const PASSWORD_PAGE: Row = Row {
    name: "password-page",
    severity: Severity::Error,
    sentence: "What came is NDES's page for administrators, with a challenge password, and no answer of SCEP.",
    cause: "The URL is that of the page, /certsrv/mscep_admin/, and not that of SCEP.",
    advice: "Put the URL of SCEP into the profile: /certsrv/mscep/mscep.dll. Whoever sees the page can use the password: do not pass it on.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const TPM_ATTESTATION: Row = Row {
    name: "tpm-attestation",
    severity: Severity::Note,
    sentence: "The server is Microsoft's service for TPMs and not your CA.",
    cause: "Windows asks it of its own accord, and logs a failure if the TPM's maker is not known there.",
    advice: "Ignore it: it does not touch other enrolments.",
    fail_info: None,
    clients: &[ClientKind::Windows],
};
