//! The error of opening an envelope.

use core::fmt;

use super::{Cause, ParseError, Refused};
use crate::FailInfo;

/// A verified message could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// The EnvelopedData, all of it public, cannot be read.
    Parse(ParseError),
    /// The message must have an envelope and has no content.
    NoContent,
    /// The caller's policy does not allow this algorithm.
    Refused(Refused),
    /// No recipient of the envelope is one of the caller's.
    NoRecipient(RecipientHint),
    /// The envelope names a certificate of the caller's whose private key was not given, and no password that was given may open it.
    NoKey,
    /// More passwords are to be tried than 4.
    TooManyPasswords,
    /// The encrypted key that was brought is another message's: the caller mixed up two requests.
    AnotherMessage,
    /// The envelope does not open.
    Decrypt(DecryptError),
    /// The payload is a CSR whose own signature is wrong. A server answers as to [`Decrypt`](Self::Decrypt).
    CsrSignature,
    /// The payload is a CSR whose signature algorithm or key is unknown or refused by policy. A server answers as to
    /// [`Decrypt`](Self::Decrypt): whoever flips bits of a captured envelope learns nothing of what is inside.
    CsrRefused(Refused),
}

/// The envelope does not open: a wrong key, bad padding, a bad length and bad content all look like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecryptError;

/// For whom an envelope was that is for nobody here: the first of its recipients, which is public.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RecipientHint {
    id: [u8; Self::MAX_LEN],
    len: usize,
    recipients: usize,
}

impl RecipientHint {
    const MAX_LEN: usize = 24;

    /// Keeps the end of an identifier that is longer than fits.
    pub(crate) fn new(id: &[u8], recipients: usize) -> Self {
        let end = id
            .get(id.len().saturating_sub(Self::MAX_LEN)..)
            .unwrap_or_default();
        let mut kept = [0; Self::MAX_LEN];
        kept.iter_mut()
            .zip(end)
            .for_each(|(slot, byte)| *slot = *byte);
        Self {
            id: kept,
            len: end.len(),
            recipients,
        }
    }

    /// The serial number or key identifier of the first recipient, its last 24 bytes; empty if it has another kind.
    #[must_use]
    pub fn first(&self) -> &[u8] {
        self.id.get(..self.len).unwrap_or_default()
    }

    /// How many recipients the envelope has.
    #[must_use]
    pub const fn recipients(&self) -> usize {
        self.recipients
    }
}

impl fmt::Debug for RecipientHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecipientHint({self})")
    }
}

impl fmt::Display for RecipientHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.first() {
            write!(f, "{byte:02x}")?;
        }
        write!(f, ", 1 of {}", self.recipients)
    }
}

impl OpenError {
    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Parse(error) => error.cause(),
            Self::NoContent | Self::NoRecipient(_) | Self::NoKey => Cause::Protocol,
            Self::AnotherMessage | Self::TooManyPasswords => Cause::Misuse,
            Self::Refused(_) | Self::CsrRefused(_) => Cause::Policy,
            Self::Decrypt(_) | Self::CsrSignature => Cause::Undecodable,
        }
    }

    /// What a server should answer, without any text: badAlg for what policy refuses, else badMessageCheck.
    #[must_use]
    pub const fn fail_info(&self) -> FailInfo {
        match self {
            Self::Refused(_) => FailInfo::BadAlg,
            _ => FailInfo::BadMessageCheck,
        }
    }
}

impl From<ParseError> for OpenError {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

impl From<DecryptError> for OpenError {
    fn from(error: DecryptError) -> Self {
        Self::Decrypt(error)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::NoContent => f.write_str("the message has no envelope"),
            Self::Refused(refused) | Self::CsrRefused(refused) => refused.fmt(f),
            Self::NoRecipient(hint) => write!(
                f,
                "no recipient of the envelope is one of ours; the first is {hint}"
            ),
            Self::NoKey => f.write_str(
                "the envelope is for one of our certificates, and its private key was not given",
            ),
            Self::TooManyPasswords => f.write_str("more than 4 passwords are to be tried"),
            Self::AnotherMessage => f.write_str("the encrypted key is another message's"),
            Self::Decrypt(error) => error.fmt(f),
            Self::CsrSignature => f.write_str("the CSR is not signed by its own key"),
        }
    }
}

impl core::error::Error for OpenError {}

impl fmt::Display for DecryptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the envelope does not open")
    }
}

impl core::error::Error for DecryptError {}
