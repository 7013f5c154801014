//! The words of findings about replies.

use super::Row;
use crate::diagnose::{ClientKind, Severity};

pub(in crate::diagnose) const REFUSED: Row = Row {
    name: "refused",
    severity: Severity::Error,
    sentence: "The CA refused the request.",
    cause: "The evidence has the CA's own words.",
    advice: "Follow what the evidence says, and look into the CA's log of that moment.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CHALLENGE_REFUSED: Row = Row {
    name: "challenge-refused",
    severity: Severity::Error,
    sentence: "The server does not take the challenge password.",
    cause: "It is wrong, used before, expired, or missing.",
    advice: "Get a new challenge password and enrol again.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const OAEP_REFUSED: Row = Row {
    name: "oaep-refused",
    severity: Severity::Error,
    sentence: "The CA refused an algorithm, and the request uses RSAES-OAEP.",
    cause: "Possibly the server reads RSAES-PKCS1-v1_5 only. Windows always writes OAEP.",
    advice: "Let the server read OAEP, or let the client write RSAES-PKCS1-v1_5.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const TRANSACTION_ID_MISMATCH: Row = Row {
    name: "transaction-id-mismatch",
    severity: Severity::Error,
    sentence: "The reply is for another transaction.",
    cause: "A proxy or cache mixes up answers, or the server changes the transactionID.",
    advice: "Let the server echo the transactionID byte for byte, and nothing cache the answers.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const NONCE_MISMATCH: Row = Row {
    name: "nonce-mismatch",
    severity: Severity::Error,
    sentence: "The recipientNonce of the reply is not the senderNonce of the request.",
    cause: "The reply is an old one, or the server makes up a nonce.",
    advice: "Let the server echo the senderNonce byte for byte, whatever its length.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const REPLY_WITHOUT_SENDER_NONCE: Row = Row {
    name: "reply-without-sender-nonce",
    severity: Severity::Warning,
    sentence: "The reply has no senderNonce.",
    cause: "The server leaves it out of replies.",
    advice: "Let the server send one: some clients, such as MikroTik's, refuse a reply without it.",
    fail_info: None,
    clients: &[ClientKind::Other],
};

pub(in crate::diagnose) const SUCCESS_WITHOUT_CONTENT: Row = Row {
    name: "success-without-content",
    severity: Severity::Error,
    sentence: "The reply says SUCCESS and brings nothing.",
    cause: "The server says SUCCESS while the request still waits at the CA, as versions of Dogtag do.",
    advice: "Look for the request at the CA. Once it is approved, let the client ask again.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const NOT_DECRYPTED: Row = Row {
    name: "not-decrypted",
    severity: Severity::Error,
    sentence: "The server could not decrypt the request.",
    cause: "It is encrypted to another certificate than the server's, or it is damaged.",
    advice: "Compare the recipient in the request with the certificate of GetCACert whose keyUsage has keyEncipherment.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const ALGORITHM_REFUSED: Row = Row {
    name: "algorithm-refused",
    severity: Severity::Error,
    sentence: "The CA refused an algorithm.",
    cause: "The evidence lists what the request uses. Old servers know no OAEP, SHA-2 or AES, and new ones no MD5 or DES.",
    advice: "Set the client to what GetCACaps lists.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const TIME_REFUSED: Row = Row {
    name: "time-refused",
    severity: Severity::Error,
    sentence: "The CA refused the time in the request.",
    cause: "The device's clock is wrong, as it often is before its set-up is done, or the CA's is.",
    advice: "Set the clocks and enrol again.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const TEMPLATE_REFUSED: Row = Row {
    name: "template-refused",
    severity: Severity::Error,
    sentence: "The CA refused the template.",
    cause: "It is not published at the CA, or the account may not enrol for it, or NDES names it by the name that is shown.",
    advice: "Publish the template, give the account of the SCEP pool read and enrol permission, and name it by its short name. NDES chooses by keyUsage.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const SUBJECT_REFUSED: Row = Row {
    name: "subject-refused",
    severity: Severity::Error,
    sentence: "The CA refused the subject.",
    cause: "It is empty, too long, or not the one that the profile or the policy wants.",
    advice: "Compare the subject in the evidence with the profile, and with the policy of the CA.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const ALT_NAMES_REFUSED: Row = Row {
    name: "alt-names-refused",
    severity: Severity::Error,
    sentence: "The CA refused the subjectAltName.",
    cause: "A name is missing that the template or the profile wants, or it is not the one that it wants.",
    advice: "Compare the names in the evidence with the profile. A template that takes its names from the directory wants none.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const USAGE_REFUSED: Row = Row {
    name: "usage-refused",
    severity: Severity::Error,
    sentence: "The CA refused the keyUsage or extKeyUsage.",
    cause: "They are not those of the profile.",
    advice: "Compare the usages in the evidence with the profile.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const KEY_REFUSED: Row = Row {
    name: "key-refused",
    severity: Severity::Error,
    sentence: "The CA refused the key.",
    cause: "It is shorter than the template or the profile wants, or not the one that the device has registered.",
    advice: "Raise the key size in the profile, or lower it in the template.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const RENEWAL_REFUSED: Row = Row {
    name: "renewal-refused",
    severity: Severity::Error,
    sentence: "The CA refused a renewal.",
    cause: "The old certificate is expired, revoked, or of another CA, or its names are not those of the CSR.",
    advice: "Compare what the evidence lists. At NDES see event 28. Else enrol anew, with a challenge password.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CA_UNREACHABLE: Row = Row {
    name: "ca-unreachable",
    severity: Severity::Error,
    sentence: "The RA could not reach the CA.",
    cause: "The CA's service is down, or a firewall does not let RPC pass from the RA to the CA.",
    advice: "Start the CA's service, and ask it from the RA's host.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const CRL_UNAVAILABLE: Row = Row {
    name: "crl-unavailable",
    severity: Severity::Error,
    sentence: "The server could not see whether a certificate is revoked.",
    cause: "A CRL cannot be fetched, or has expired.",
    advice: "Publish the CRL of each CA in the chain, and fetch it from the RA's host by hand.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const REPLY_SIGNER_UNKNOWN: Row = Row {
    name: "reply-signer-unknown",
    severity: Severity::Error,
    sentence: "The certificate that signed the reply neither comes with it nor is in the answer to GetCACert.",
    cause: "The server has new RA certificates, and the client the old ones, or the other way round.",
    advice: "Fetch GetCACert anew. If that does not help, let the server send its signer's certificate.",
    fail_info: None,
    clients: ClientKind::ALL,
};

pub(in crate::diagnose) const REPLY_ALGORITHM_DIFFERS: Row = Row {
    name: "reply-algorithm-differs",
    severity: Severity::Note,
    sentence: "The reply uses another algorithm than the request.",
    cause: "The server takes its own choice, and not the client's.",
    advice: "Let the server answer in the algorithms of the request: old clients know no others.",
    fail_info: None,
    clients: &[ClientKind::Cisco, ClientKind::Other],
};

pub(in crate::diagnose) const CLOCKS_DIFFER: Row = Row {
    name: "clocks-differ",
    severity: Severity::Warning,
    sentence: "The clocks of client and server differ.",
    cause: "The device's clock is wrong, or the server's is; or the reply is an old one.",
    advice: "Set the clocks. A CA should let what it issues begin some hours in the past.",
    fail_info: None,
    clients: ClientKind::ALL,
};
