//! What a reply to a client should look like.

use super::{Program, Sender};
use crate::crypto::{ContentCipher, DigestAlgorithm, KeyTransport};
use crate::{MessageType, PkiMessage, inspect};

/// What the reply to a request should be made of, so that the client takes it: advice for a server's author, and for
/// experiments with a client that refuses replies.
///
/// What the server's policy forbids stays forbidden: this crate's replies have the request's algorithms where the policy
/// allows them, and a nonce of 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplyProfile {
    /// The length of the reply's senderNonce in bytes.
    pub sender_nonce_len: usize,
    /// The digest, if it is known: the request's.
    pub digest: Option<DigestAlgorithm>,
    /// The content cipher, if it is known: the request's.
    pub content_cipher: Option<ContentCipher>,
    /// The key transport, if it is known: the request's.
    pub key_transport: Option<KeyTransport>,
    /// Which certificates to send in the envelope.
    pub certificates: ReplyCertificates,
}

/// The certificates in the envelope of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplyCertificates {
    /// The issued one alone.
    Issued,
    /// The issued one and the CA's.
    IssuedAndCa,
}

impl ReplyProfile {
    /// The profile for a request, by what it is written in and by who sent it, as far as that was [guessed](Sender::of).
    /// `None` for a reply.
    #[must_use]
    pub fn of(request: &PkiMessage<'_>, sender: Option<&Sender>) -> Option<Self> {
        if request.unverified_message_type() == MessageType::CertRep {
            return None;
        }
        let digest = request.signer_info()?.digest_algorithm.digest();
        let envelope = inspect::envelope(request).ok().flatten();
        let recipient = envelope.as_ref().and_then(|one| one.recipients.first());
        let program = sender.map(Sender::program);
        let nonce_len = request
            .unverified_sender_nonce()
            .map_or(16, |nonce| nonce.as_bytes().len());
        Some(Self {
            sender_nonce_len: match program {
                // Interop: iOS of old sends 8 bytes and expects 8.
                Some(Program::Apple) => nonce_len,
                _ => 16,
            },
            digest: digest.ok(),
            content_cipher: envelope.as_ref().and_then(|one| one.cipher.ok()),
            key_transport: recipient.and_then(|one| one.key_transport?.ok()),
            certificates: match program {
                // Interop: Cisco's VPN client wants the CA in the reply, and possibly IOS does; Juniper refuses it.
                Some(Program::CiscoIos) => ReplyCertificates::IssuedAndCa,
                _ => ReplyCertificates::Issued,
            },
        })
    }
}
