//! What Microsoft's servers and clients say besides RFC 8894: result codes (HRESULTs, 32-bit numbers), events, log sentences.
//!
//! Facts and words only, for logs, tools and support. Nothing here decides about a request.
//!
//! ```
//! use scep::microsoft::Hresult;
//! let code: Hresult = "-2147023728".parse()?; // as NDES writes it into a FAILURE
//! assert_eq!(code.to_string(), "0x80070490 (ERROR_NOT_FOUND)");
//! assert!(code.meaning().is_some_and(|meaning| meaning.contains("challenge password")));
//! # Ok::<(), scep::microsoft::HresultError>(())
//! ```

mod event;
mod event_text;
mod hresult;
mod hresult_table;
mod request_content;
mod request_writer;

pub use event::{Event, EventSource};
#[cfg(feature = "diagnose")]
pub(crate) use event_text::is_tpm_attestation;
pub use event_text::{EventOutcome, EventText, EventTextError};
pub use hresult::{Hresult, HresultError};
#[cfg(feature = "diagnose")]
pub(crate) use request_content::AltName;
pub use request_content::{
    ClaimedSid, ClientInfo, CspInfo, NameValuePair, RequestContent, SidSource, TemplateInformation,
};
pub use request_writer::{sid_alt_name, user_principal_alt_name};
