//! The words of findings about replies.

use super::Row;
use crate::diagnose::{Client, Severity};

pub(in crate::diagnose) const REFUSED: Row = Row {
    name: "refused",
    severity: Severity::Error,
    sentence: "The CA refused the request.",
    cause: "The evidence has the CA's own words.",
    advice: "Follow what the evidence says, and look into the CA's log of that moment.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const CHALLENGE_REFUSED: Row = Row {
    name: "challenge-refused",
    severity: Severity::Error,
    sentence: "The server does not take the challenge password.",
    cause: "It is wrong, used before, expired, or missing.",
    advice: "Get a new challenge password and enrol again.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const OAEP_REFUSED: Row = Row {
    name: "oaep-refused",
    severity: Severity::Error,
    sentence: "The CA refused an algorithm, and the request uses RSAES-OAEP.",
    cause: "Possibly the server reads RSAES-PKCS1-v1_5 only. Windows always writes OAEP.",
    advice: "Let the server read OAEP, or let the client write RSAES-PKCS1-v1_5.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const TRANSACTION_ID_MISMATCH: Row = Row {
    name: "transaction-id-mismatch",
    severity: Severity::Error,
    sentence: "The reply is for another transaction.",
    cause: "A proxy or cache mixes up answers, or the server changes the transactionID.",
    advice: "Let the server echo the transactionID byte for byte, and nothing cache the answers.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const NONCE_MISMATCH: Row = Row {
    name: "nonce-mismatch",
    severity: Severity::Error,
    sentence: "The recipientNonce of the reply is not the senderNonce of the request.",
    cause: "The reply is an old one, or the server makes up a nonce.",
    advice: "Let the server echo the senderNonce byte for byte, whatever its length.",
    fail_info: None,
    clients: Client::ALL,
};

pub(in crate::diagnose) const REPLY_WITHOUT_SENDER_NONCE: Row = Row {
    name: "reply-without-sender-nonce",
    severity: Severity::Warning,
    sentence: "The reply has no senderNonce.",
    cause: "The server leaves it out of replies.",
    advice: "Let the server send one: some clients, such as MikroTik's, refuse a reply without it.",
    fail_info: None,
    clients: &[Client::Other],
};
