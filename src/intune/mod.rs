//! Intune's interface for certification authorities that are not Microsoft's: the JSON that goes both ways.
//!
//! Intune makes the challenge password of a device, and only Intune can read it. So a CA sends every CSR to Intune before it
//! issues, and tells Intune afterwards what became of it:
//!
//! | step | send | to | on anything but [`ResultCode::Success`] |
//! | --- | --- | --- | --- |
//! | before issuing | [`ValidateRequest`] | [`service::VALIDATE`] | refuse with badRequest, and the code's name as text |
//! | after issuing | [`SuccessNotification`] | [`service::SUCCESS`] | do not hand the certificate out |
//! | after refusing | [`FailureNotification`] | [`service::FAILURE`] | log it |
//!
//! Each is a plain structure for serde, and each is answered by a [`ValidationResult`], with HTTP status 200 for a refusal too.
//! Intune knows no state of waiting: issue or refuse at once, never answer PENDING.
//!
//! No network, no tokens: [`service`] names what is asked where, and with which headers.
//!
//! ```
//! use scep::intune::{IntuneError, ResultCode, ValidateRequest, ValidationResult};
//!
//! fn body(request: &scep::Request) -> Result<String, IntuneError> {
//!     let validate = ValidateRequest::of(request, "Example CA 1.0")?;
//!     Ok(serde_json::to_string(&validate).expect("plain text"))
//! }
//!
//! let answer: ValidationResult = serde_json::from_str(r#"{"code":"ChallengeExpired","errorDescription":""}"#)?;
//! assert_eq!(answer.code, ResultCode::ChallengeExpired);
//! # Ok::<(), serde_json::Error>(())
//! ```

mod forms;
mod result_code;
mod revocation;
pub mod service;
mod validation;

pub use forms::EncodedCsr;
pub use result_code::ResultCode;
pub use revocation::{
    DownloadParameters, DownloadRevocationRequests, RevocationError, RevocationRequest,
    RevocationRequests, RevocationResult, UploadAccepted, UploadRevocationResults,
};
pub use validation::{
    FailureDetails, FailureNotification, IntuneError, SuccessDetails, SuccessNotification,
    ValidateDetails, ValidateRequest, ValidationResult,
};
