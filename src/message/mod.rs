//! The typed messages of [RFC 8894, section 3.3]: requests, replies, and what they carry.
//!
//! [RFC 8894, section 3.3]: https://www.rfc-editor.org/rfc/rfc8894#section-3.3

mod ca_certificates;
mod certs_only;
mod held_enrolment;
mod next_ca;
mod payload;
mod pending;
mod renewal_proof;
mod reply;
mod request;
mod request_builder;

pub use ca_certificates::CaCertificates;
pub use certs_only::CertsOnly;
pub use held_enrolment::{HeldEnrolment, NotHeld, TransactionKey};
pub use next_ca::{NextCaBuilder, NextCaCertificates, UnsignedNextCa};
pub use payload::{IssuerAndSerialNumber, IssuerAndSubject};
pub(crate) use pending::WantedCertificate;
pub use pending::{CertRep, Failure, Granted, PendingRequest, SealedReply};
pub use renewal_proof::{Holder, OldValidity, RenewalProof};
pub use reply::{Refusal, ReplyBuilder, UnsignedReply};
pub use request::{Request, RequestBody};
pub use request_builder::{RequestBuilder, UnsignedRequest};
