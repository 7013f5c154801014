//! The error of building a message, CSR or certificate.

use core::fmt;

use super::{Cause, Item, Refused};
use crate::crypto::CryptoError;
use crate::message::NotHeld;
use crate::{MessageType, Oid};

/// A message could not be built.
///
/// # Every request
/// Each can fail with [`KeyMismatch`](Self::KeyMismatch), [`NoAlgorithm`](Self::NoAlgorithm), [`Crypto`](Self::Crypto) and
/// [`WrongSignature`](Self::WrongSignature) of the signer; with [`EmptyPolicy`](Self::EmptyPolicy) and [`Recipient`](Self::Recipient)
/// if nothing can be encrypted to the CA; and with [`NoPassword`](Self::NoPassword) or [`NoKeyAgreement`](Self::NoKeyAgreement) if the
/// CA's key only signs.
///
/// # Every reply
/// As for a request, where the signer is the CA or RA, and the recipient, of a SUCCESS only, is the client; and
/// [`ReplyNotForRequest`](Self::ReplyNotForRequest), [`NotHeld`](Self::NotHeld) and [`InvalidInput`](Self::InvalidInput) of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The private key does not belong to the certificate or CSR.
    KeyMismatch,
    /// The signing key can do none of the algorithms that the policy allows, or none with the digest that was named.
    NoAlgorithm,
    /// The policy allows no cipher, digest or key transport with which the message could be written.
    EmptyPolicy,
    /// The recipient's certificate or its key cannot be encrypted to.
    Recipient(Refused),
    /// Nothing can be encrypted to the recipient's key, and no challenge password is at hand to encrypt under: the key only signs,
    /// or the policy has no key agreement.
    NoPassword(Oid),
    /// The keyUsage of the recipient's certificate has no keyAgreement, and no challenge password is at hand to encrypt under.
    NoKeyAgreement,
    /// A value cannot be written as this item.
    InvalidInput(Item),
    /// The key gave no signature, or the envelope could not be made.
    Crypto(CryptoError),
    /// The signature is not one of the certificate's key over the bytes to be signed, or not in the form that
    /// [`SigningKey::sign`](crate::crypto::SigningKey::sign) says.
    WrongSignature,
    /// A request of this type has no such reply: PENDING answers only a PKCSReq, RenewalReq or CertPoll, a CRL only a
    /// GetCRL, certificates all but a GetCRL.
    ReplyNotForRequest(MessageType),
    /// No certificate (or CRL) is the one that the request asks for.
    NotRequested,
    /// A CertPoll has no SUCCESS without the enrolment that it asks for, which holds the key to be certified.
    PollWithoutEnrolment,
    /// The request does not ask for the enrolment that was given.
    NotHeld(NotHeld),
    /// A RenewalReq is signed by the old certificate, and this signer's is one that it issued itself.
    SelfIssuedRenewal,
    /// The requester's private key only signs, and what is issued could not be read: a reply to an RSA key is encrypted to that, and one
    /// to another key under a challenge password, of which none is at hand.
    ReplyUnreadable,
}

impl BuildError {
    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Recipient(_)
            | Self::NoPassword(_)
            | Self::NoKeyAgreement
            | Self::EmptyPolicy
            | Self::NoAlgorithm => Cause::Policy,
            _ => Cause::Misuse,
        }
    }
}

impl From<NotHeld> for BuildError {
    fn from(error: NotHeld) -> Self {
        Self::NotHeld(error)
    }
}

impl From<CryptoError> for BuildError {
    fn from(error: CryptoError) -> Self {
        Self::Crypto(error)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyMismatch => f.write_str("the private key is not the certificate's"),
            Self::NoAlgorithm => {
                f.write_str("the signing key can do no algorithm that the policy allows, or none with the digest that was named")
            }
            Self::EmptyPolicy => f.write_str("the policy allows nothing to write the message with"),
            Self::Recipient(refused) => {
                write!(f, "the recipient cannot be encrypted to: {refused}")
            }
            Self::NoPassword(key) => write!(
                f,
                "nothing can be encrypted to the recipient's key ({key}), and there is no challenge password to encrypt under"
            ),
            Self::NoKeyAgreement => f.write_str(
                "the recipient's keyUsage has no keyAgreement, and there is no challenge password to encrypt under",
            ),
            Self::InvalidInput(item) => write!(f, "the value cannot be written as {item}"),
            Self::Crypto(error) => error.fmt(f),
            Self::WrongSignature => {
                f.write_str("the signature is not the certificate's over the bytes to be signed, or not in the form of a message's (ECDSA: DER)")
            }
            Self::ReplyNotForRequest(request) => write!(f, "a {request} has no such reply"),
            Self::NotRequested => f.write_str("nothing in the reply is what the request asks for"),
            Self::PollWithoutEnrolment => {
                f.write_str("a CertPoll is granted only with the enrolment that it asks for")
            }
            Self::NotHeld(error) => error.fmt(f),
            Self::SelfIssuedRenewal => f.write_str(
                "a RenewalReq is signed with the old certificate and its key, and this certificate is self-issued",
            ),
            Self::ReplyUnreadable => f.write_str(
                "the requester's private key only signs, so it could not read the reply: an RSA key must decrypt, another needs a challenge password",
            ),
        }
    }
}

impl core::error::Error for BuildError {}
