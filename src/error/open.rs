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
    /// The caller's policy does not allow this algorithm, or the provider does not have it.
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

/// For whom an envelope was that is for nobody here: the first of its recipients that names a certificate, which is public.
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

    /// The serial number or key identifier of the first recipient that names a certificate, its last 24 bytes; empty if none does.
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
        if self.len == 0 {
            return write!(
                f,
                "none of the {} names a certificate (it may be under a challenge password)",
                self.recipients
            );
        }
        f.write_str("the first that names a certificate is ")?;
        for byte in self.first() {
            write!(f, "{byte:02x}")?;
        }
        write!(f, ", of {} in all", self.recipients)
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
            Self::Refused(refused) => refused.fmt(f),
            Self::CsrRefused(refused) => refused.fmt_of("the CSR's key", f),
            Self::NoRecipient(hint) => {
                write!(f, "no recipient of the envelope is one of ours: {hint}")
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_recipient_is_named_if_one_is() {
        let named = OpenError::NoRecipient(RecipientHint::new(&[0x0a, 0xff], 3));
        assert_eq!(
            named.to_string(),
            "no recipient of the envelope is one of ours: the first that names a certificate is 0aff, of 3 in all"
        );
        let unnamed = OpenError::NoRecipient(RecipientHint::new(&[], 2));
        assert_eq!(
            unnamed.to_string(),
            "no recipient of the envelope is one of ours: none of the 2 names a certificate (it may be under a challenge password)"
        );
    }

    #[test]
    fn whose_key_is_refused_is_said() {
        let refused = Refused::RsaModulusBits(1024);
        for (error, whose) in [
            (OpenError::CsrRefused(refused).to_string(), "the CSR's key"),
            (
                crate::VerifyError::Refused(refused).to_string(),
                "the signer's key",
            ),
            (
                crate::RoleError::Refused(refused).to_string(),
                "the key of a certificate of the CA's",
            ),
        ] {
            let what = ": an RSA key of 1024 bits is refused by policy";
            assert_eq!(error.strip_suffix(what), Some(whose));
        }
        // An algorithm says by itself where it stood.
        let refused = Refused::CsrSignature(crate::oid::MD5_WITH_RSA);
        let error = OpenError::CsrRefused(refused).to_string();
        assert!(error.starts_with("signatureAlgorithm of the CSR is md5WithRSAEncryption "));
    }

    #[test]
    fn what_a_provider_cannot_do_is_named() {
        let refused = Refused::Unsupported(crate::oid::ECDSA_WITH_SHA256);
        assert_eq!(
            OpenError::Refused(refused).to_string(),
            "the crypto provider cannot do ecdsa-with-SHA256 (1.2.840.10045.4.3.2)"
        );
    }
}
