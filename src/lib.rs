#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs, unreachable_pub)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]
//! The messages of SCEP, the Simple Certificate Enrolment Protocol ([RFC 8894]), for both sides.
//!
//! Pure types and functions: no sockets, no clock, no threads, no globals; `no_std` + `alloc`. What needs randomness takes an
//! RNG as an argument, what needs the time takes the time.
//!
//! # The road of a message
//!
//! ```text
//! server:  bytes -> PkiMessage -> VerifiedMessage -> Request -> UnsignedReply -> bytes
//! client:  RequestBuilder -> UnsignedRequest -> bytes, PendingRequest
//!          bytes -> PkiMessage -> CertRep -> SealedReply -> Granted
//! ```
//!
//! Each state is a type, and is made only by the step before it. Nothing of a [`PkiMessage`] is to be trusted, and its
//! accessors say so; a [`VerifiedMessage`] has a right signature by somebody whom the caller trusts; a [`Request`] is opened,
//! and only it can be granted. A client reads a reply only through the [`PendingRequest`] that it answers.
//!
//! # Where to find what
//!
//! | for | see |
//! | --- | --- |
//! | receiving a request | [`PkiMessage::parse`], [`PkiMessage::verify`], [`VerifiedMessage::open`], [`Request`] |
//! | answering it | [`Request::reply`], [`PkiMessage::refuse`] |
//! | making a request | [`CsrBuilder`], [`SignerCertificateBuilder`], [`RequestBuilder`] |
//! | reading the reply | [`PendingRequest::accept`], [`SealedReply::open`], [`Granted`] |
//! | trusting a CA's certificates | [`CaRoles::select`], [`CaPin`], [`Fingerprint`] |
//! | the other bodies | [`Capabilities`], [`CaCertificates`], [`NextCaCertificates`] |
//! | a server: whole turns, renewals, what waits | [`server`] |
//! | a whole transaction as a client | [`client`], [`Negotiation`] |
//! | HTTP around the messages | [`http`] |
//! | algorithms, policies, keys | [`crypto`] |
//! | looking into a message without trusting it | [`inspect`] |
//! | what is wrong with an enrolment, in words | `diagnose` |
//! | what Microsoft's servers and clients say besides | [`microsoft`], [`ndes`] |
//!
//! # Features
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `rustcrypto` (default) | the software provider: RSA, AES, 3DES, SHA-1, SHA-2, PBKDF2; still `no_std` |
//! | `aws-lc-rs` | the fast provider: RSA and curves by AWS-LC, several times as fast as the software provider, and PBKDF2; the software provider does the rest; needs `std` and a C compiler |
//! | `diagnose` (default) | findings about messages, CA certificates and answers by HTTP, in words for people |
//! | `ec` | ECDSA and key agreement (ECDH) with P-256, P-384 and P-521, and Ed25519, in the software provider; still `no_std` |
//! | `legacy` | single DES and MD5 signatures, under `Policy::legacy()` |
//! | `pem` | keys and certificates from PEM |
//! | `cms` | conversions from and to the `cms` crate's types; outside the semver promise until cms 0.3.0 is final |
//! | `intune` | the JSON of Intune's interface for other CAs, by serde |
//! | `http` | conversions from and to the `http` crate's requests and responses; needs `std` |
//! | `std` | `Validity::between` of two `std::time::SystemTime` |
//!
//! [RFC 8894]: https://www.rfc-editor.org/rfc/rfc8894

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod algorithm_identifier;
mod asn1;
mod attributes;
mod ca_roles;
mod capabilities;
mod certificate;
pub mod client;
// The crate `cms` has the name too: inside this crate it is `::cms`.
mod cms;
#[cfg(feature = "cms")]
mod cms_conversions;
mod crl;
pub mod crypto;
mod csr;
#[cfg(feature = "diagnose")]
#[cfg_attr(docsrs, doc(cfg(feature = "diagnose")))]
pub mod diagnose;
mod error;
mod fingerprint;
// The crate `http` has the name too: inside this crate it is `::http`.
pub mod http;
pub mod inspect;
#[cfg(feature = "intune")]
#[cfg_attr(docsrs, doc(cfg(feature = "intune")))]
pub mod intune;
mod limits;
mod message;
pub mod microsoft;
mod name;
pub mod ndes;
mod negotiation;
pub mod oid;
mod pki_message;
pub mod server;
mod signed;
mod signer_certificate;

pub use crate::cms::{Encoding, SignedForm};
pub use attributes::{FailInfo, MessageType, Nonce, PkiStatus, TransactionId};
pub use ca_roles::{CaPin, CaRole, CaRoles, RoleReason, RoleRules};
pub use capabilities::{Capabilities, Capability};
pub use certificate::{Certificate, CertificateSignatureError, Extension, KeyUsage, Validity};
pub use crl::{Crl, UnprocessedExtension};
pub use csr::{
    ChallengeKind, ChallengePassword, Csr, CsrBuilder, CsrError, PresentedPassword, UnsignedCsr,
    UnverifiedCsr,
};
pub use error::{
    BuildError, Cause, DecryptError, Error, Item, Layer, OpenError, ParseError, ParseErrorKind,
    RecipientHint, Refused, RoleError, TransactionError, VerifyError,
};
pub use fingerprint::{Fingerprint, FingerprintAlgorithm, FingerprintError};
pub use limits::{Limit, Limits};
pub use message::{
    CaCertificates, CertRep, CertsOnly, Failure, Granted, IssuerAndSerialNumber, IssuerAndSubject,
    NextCaBuilder, NextCaCertificates, PendingRequest, Refusal, ReplyBuilder, Request, RequestBody,
    RequestBuilder, SealedReply, UnsignedNextCa, UnsignedReply, UnsignedRequest,
};
pub use name::NameRef;
pub use negotiation::{Negotiation, NegotiationError, RenewalForm};
pub use oid::Oid;
pub use pki_message::{
    Attributes, EncryptedKey, PkiMessage, Recipient, RecipientId, SignerId, SignerIdentity,
    SignerMatch, SignerTrust, UnknownAttribute, VerifiedMessage,
};
pub use signer_certificate::{SignerCertificateBuilder, UnsignedSignerCertificate};

#[cfg(all(doctest, feature = "rustcrypto"))]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
