//! The state of an enrolment between two requests, as it is stored.

use alloc::vec::Vec;
use core::fmt;

use super::Client;
use crate::asn1::{Reader, encode, tag};
use crate::certificate::Certificate;
use crate::crypto::CryptoError;
use crate::fingerprint::{Fingerprint, FingerprintAlgorithm};
use crate::message::WantedCertificate;
use crate::{
    Cause, IssuerAndSerialNumber, Item, Layer, Limits, MessageType, ParseError, ParseErrorKind,
    TransactionId,
};

/// The state of an enrolment between two requests: no secrets, and under 1 KiB besides names for RSA keys up to 4096 bits.
///
/// It refers to the CA and to the requester by the SHA-256 of their certificates, and has neither them nor a key.
///
/// ```text
/// SavedEnrolment ::= SEQUENCE {
///     version       INTEGER (1),
///     messageType   INTEGER (17 | 19),
///     stage         INTEGER { requested(0), pending(1) },
///     polls         INTEGER (0..4294967295),
///     transactionID OCTET STRING,
///     ca            OCTET STRING (SIZE (32)),
///     requester     OCTET STRING (SIZE (32)),
///     subject       Name,
///     publicKey     SubjectPublicKeyInfo,
///     replaced      IssuerAndSerialNumber }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedEnrolment {
    pub(super) message_type: MessageType,
    pub(super) stage: Stage,
    pub(super) polls: u32,
    pub(super) transaction_id: TransactionId<'static>,
    pub(super) ca: Fingerprint,
    pub(super) requester: Fingerprint,
    pub(super) wanted: WantedCertificate,
}

/// How far an enrolment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No answer came yet.
    Requested,
    /// The CA answered PENDING.
    Pending,
}

const VERSION: u8 = 1;

impl SavedEnrolment {
    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// A [`ParseError`] if the bytes are something else, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        let item = Item::SavedEnrolment;
        let mut reader = Reader::new_der(bytes, 0, Layer::Message, &Limits::REQUEST);
        let saved = reader.nested(tag::SEQUENCE, item, |fields| {
            let code = |fields: &mut Reader<'_>, allowed: &[u8]| {
                let start = fields.offset();
                let code = fields.small_integer(item)?;
                allowed
                    .contains(&code)
                    .then_some(code)
                    .ok_or_else(|| fields.error_at(ParseErrorKind::InvalidValue, item, start))
            };
            code(fields, &[VERSION])?;
            let message_type = MessageType::from_code(u32::from(code(fields, &[17, 19])?));
            let stage = match code(fields, &[0, 1])? {
                0 => Stage::Requested,
                _ => Stage::Pending,
            };
            let polls = read_count(fields)?;
            let id = fields.expect(tag::OCTET_STRING, item)?;
            let transaction_id = core::str::from_utf8(id.contents)
                .ok()
                .and_then(TransactionId::new)
                .ok_or_else(|| fields.error(ParseErrorKind::InvalidValue, Item::TransactionId))?;
            let (ca, requester) = (read_fingerprint(fields)?, read_fingerprint(fields)?);
            let subject = fields.expect(tag::SEQUENCE, Item::Name)?.raw.to_vec();
            let public_key = fields.expect(tag::SEQUENCE, Item::SubjectPublicKeyInfo)?;
            Ok(Self {
                message_type,
                stage,
                polls,
                transaction_id,
                ca,
                requester,
                wanted: WantedCertificate {
                    subject,
                    public_key: public_key.raw.to_vec(),
                    replaced: IssuerAndSerialNumber::read(fields)?,
                },
            })
        })?;
        reader.finish(item)?;
        Ok(saved)
    }

    /// Writes the state.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(1024, |out| {
            out.sequence(|fields| {
                fields.small_integer(VERSION);
                // Only 17 and 19 are saved.
                fields.small_integer(u8::try_from(self.message_type.code()).unwrap_or_default());
                fields.small_integer(match self.stage {
                    Stage::Requested => 0,
                    Stage::Pending => 1,
                });
                fields.unsigned_integer(&self.polls.to_be_bytes());
                fields.octet_string(self.transaction_id.as_bytes());
                fields.octet_string(self.ca.as_bytes());
                fields.octet_string(self.requester.as_bytes());
                fields.raw(&self.wanted.subject);
                fields.raw(&self.wanted.public_key);
                fields.raw(&self.wanted.replaced.to_der());
            });
        })
    }

    /// The transactionID.
    #[must_use]
    pub const fn transaction_id(&self) -> &TransactionId<'static> {
        &self.transaction_id
    }

    /// How many polls were made.
    #[must_use]
    pub const fn polls(&self) -> u32 {
        self.polls
    }

    /// Whether the CA answered PENDING, so that resuming needs no CSR.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.stage == Stage::Pending
    }
}

/// A saved enrolment cannot go on with this client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResumeError {
    /// The pinned CA is not the one that the enrolment was started with.
    AnotherCa,
    /// The requester's certificate is not the one that the enrolment was started with.
    AnotherRequester,
    /// No answer had come, and the CSR that is to be sent again is not given.
    CsrMissing,
    /// The CSR is over another key than the one that the enrolment was started with.
    AnotherCsr,
    /// The provider has no SHA-256.
    Crypto(CryptoError),
}

impl ResumeError {
    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::AnotherCa => Cause::Policy,
            _ => Cause::Misuse,
        }
    }
}

impl From<CryptoError> for ResumeError {
    fn from(error: CryptoError) -> Self {
        Self::Crypto(error)
    }
}

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnotherCa => {
                f.write_str("the pinned CA is not the one that the enrolment was started with: resume it with that one, or start anew")
            }
            Self::AnotherRequester => f.write_str(
                "the requester's certificate is not the one that the enrolment was started with",
            ),
            Self::CsrMissing => f.write_str("the CSR is needed: it is to be sent again"),
            Self::AnotherCsr => f.write_str(
                "the CSR is over another key than the one that the enrolment was started with",
            ),
            Self::Crypto(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ResumeError {}

impl Client<'_> {
    pub(super) fn fingerprint(
        &self,
        certificate: &Certificate<'_>,
    ) -> Result<Fingerprint, CryptoError> {
        Fingerprint::of(FingerprintAlgorithm::Sha256, certificate, &self.provider)
    }
}

/// A non-negative INTEGER of up to 32 bits.
fn read_count(fields: &mut Reader<'_>) -> Result<u32, ParseError> {
    let item = Item::SavedEnrolment;
    let start = fields.offset();
    let element = fields.expect(tag::INTEGER, item)?;
    let wrong = || fields.error_at(ParseErrorKind::InvalidValue, item, start);
    let magnitude = match element.contents {
        [] | [0x80..=0xff, ..] => return Err(wrong()),
        [0, rest @ ..] => rest,
        digits => digits,
    };
    if magnitude.len() > 4 {
        return Err(wrong());
    }
    Ok(magnitude
        .iter()
        .fold(0, |count, byte| (count << 8) | u32::from(*byte)))
}

fn read_fingerprint(fields: &mut Reader<'_>) -> Result<Fingerprint, ParseError> {
    let item = Item::SavedEnrolment;
    let element = fields.expect(tag::OCTET_STRING, item)?;
    Fingerprint::from_bytes(element.contents)
        .filter(|fingerprint| fingerprint.algorithm() == FingerprintAlgorithm::Sha256)
        .ok_or_else(|| fields.error_at(ParseErrorKind::InvalidValue, item, element.offset))
}
