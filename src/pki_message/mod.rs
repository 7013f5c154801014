//! The states of a pkiMessage, [RFC 8894, section 3]: received, verified, opened; and the way back, built.
//!
//! ```text
//! bytes -> PkiMessage --verify--> VerifiedMessage --open--> Request --reply--> UnsignedReply --sign--> bytes
//!              |                        |
//!              +------- refuse ---------+-----------> UnsignedReply, a FAILURE
//! ```
//!
//! Each state is made only by the step before it. What a received message says is told only by accessors named
//! `unverified`; its payload is told by none.
//!
//! [RFC 8894, section 3]: https://www.rfc-editor.org/rfc/rfc8894#section-3

pub(crate) mod agreement;
mod attributes;
pub(crate) mod build;
pub(crate) mod open;
pub(crate) mod open_password;
mod parse;
mod trust;
mod verify;

pub(crate) use attributes::has_scep_attributes;
pub use attributes::{Attributes, UnknownAttribute};
pub use build::SignerIdentity;
pub use open::{EncryptedKey, Recipient};
pub use parse::{PkiMessage, RecipientId, SignerId};
pub use trust::{SignerMatch, SignerTrust};
pub use verify::VerifiedMessage;
