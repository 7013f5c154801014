//! Before and after issuing: what is asked of Intune, and what it is told.

use alloc::string::{String, ToString};
use core::fmt;

use serde::{Deserialize, Serialize};

use super::ResultCode;
use super::forms::{EncodedCsr, UpperHex, shortened, utc};
use crate::crypto::{CryptoError, Provider};
use crate::microsoft::Hresult;
use crate::{Cause, Certificate, Fingerprint, FingerprintAlgorithm, Request};

/// Asks whether a certificate may be issued: the body of [`VALIDATE`](super::service::VALIDATE).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidateRequest {
    /// The request of a device.
    pub request: ValidateDetails,
}

/// The fields of a [`ValidateRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidateDetails {
    /// The transactionID of the SCEP message.
    pub transaction_id: String,
    /// The CSR as it was received.
    pub certificate_request: EncodedCsr,
    /// Product and version of the CA.
    pub caller_info: String,
}

/// Tells that a certificate was issued: the body of [`SUCCESS`](super::service::SUCCESS).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuccessNotification {
    /// What was issued.
    pub notification: SuccessDetails,
}

/// The fields of a [`SuccessNotification`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SuccessDetails {
    /// The transactionID of the SCEP message.
    pub transaction_id: String,
    /// The CSR as it was received.
    pub certificate_request: EncodedCsr,
    /// SHA-1 of the certificate: 40 hexadecimal digits in upper case.
    pub certificate_thumbprint: String,
    /// The serial number: hexadecimal digits in upper case.
    pub certificate_serial_number: String,
    /// The end of its validity: `YYYY-MM-DDThh:mm:ss.sssZ`.
    pub certificate_expiration_date_utc: String,
    /// The name of who issued it.
    pub issuing_certificate_authority: String,
    /// Product and version of the CA.
    pub caller_info: String,
    /// A text by which the CA finds its settings again; Intune sends it along with a revocation.
    pub ca_configuration: String,
    /// The name by which the CA asks for its revocations.
    pub certificate_authority: String,
}

/// Tells that a request was refused: the body of [`FAILURE`](super::service::FAILURE).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureNotification {
    /// What was refused.
    pub notification: FailureDetails,
}

/// The fields of a [`FailureNotification`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureDetails {
    /// The transactionID of the SCEP message.
    pub transaction_id: String,
    /// The CSR as it was received.
    pub certificate_request: EncodedCsr,
    /// The 32 bits of an HRESULT, not signed. The administrator sees it.
    pub h_result: u32,
    /// What went wrong, at most 255 characters. The administrator sees it.
    pub error_description: String,
    /// Product and version of the CA.
    pub caller_info: String,
}

/// Intune's answer to each of the three.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationResult {
    /// What Intune says. Anything but success is a refusal, though HTTP says 200.
    pub code: ResultCode,
    /// More words about it.
    #[serde(default)]
    pub error_description: Option<String>,
}

/// Why Intune cannot be asked or told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntuneError {
    /// The request asks for no certificate.
    NoCsr,
    /// The transactionID is no text, or blank.
    TransactionId,
    /// The certificate's validity cannot be understood.
    Validity,
    /// The provider has no SHA-1, which Microsoft's thumbprint is.
    Crypto(CryptoError),
}

impl ValidateRequest {
    /// Asks for an opened request. `caller_info` names product and version of the CA.
    ///
    /// # Errors
    /// [`IntuneError::NoCsr`] for anything but a PKCSReq or RenewalReq; [`IntuneError::TransactionId`].
    pub fn of(request: &Request, caller_info: &str) -> Result<Self, IntuneError> {
        let (transaction_id, certificate_request) = identity(request)?;
        Ok(Self {
            request: ValidateDetails {
                transaction_id,
                certificate_request,
                caller_info: caller_info.into(),
            },
        })
    }
}

impl SuccessNotification {
    /// Tells of the certificate that was issued for an opened request. The issuer is named as it stands in the certificate.
    ///
    /// `ca_configuration` and `certificate_authority` are empty; set them for a CA that takes revocations from Intune.
    ///
    /// # Errors
    /// As [`ValidateRequest::of`]; [`IntuneError::Validity`] and [`IntuneError::Crypto`].
    pub fn of(
        request: &Request,
        issued: &Certificate<'_>,
        provider: &Provider,
        caller_info: &str,
    ) -> Result<Self, IntuneError> {
        let (transaction_id, certificate_request) = identity(request)?;
        let validity = issued.validity().ok_or(IntuneError::Validity)?;
        let thumbprint = Fingerprint::of(FingerprintAlgorithm::Sha1, issued, provider)?;
        Ok(Self {
            notification: SuccessDetails {
                transaction_id,
                certificate_request,
                certificate_thumbprint: thumbprint.to_string(),
                certificate_serial_number: UpperHex(issued.serial()).to_string(),
                certificate_expiration_date_utc: utc(validity.not_after)
                    .ok_or(IntuneError::Validity)?,
                issuing_certificate_authority: issued.issuer().to_string(),
                caller_info: caller_info.into(),
                ca_configuration: String::new(),
                certificate_authority: String::new(),
            },
        })
    }
}

impl FailureNotification {
    /// Tells why an opened request was refused; a longer `description` is cut after 255 characters.
    ///
    /// # Errors
    /// As [`ValidateRequest::of`].
    pub fn of(
        request: &Request,
        error: Hresult,
        description: &str,
        caller_info: &str,
    ) -> Result<Self, IntuneError> {
        let (transaction_id, certificate_request) = identity(request)?;
        Ok(Self {
            notification: FailureDetails {
                transaction_id,
                certificate_request,
                h_result: error.code(),
                error_description: shortened(description, MAX_DESCRIPTION),
                caller_info: caller_info.into(),
            },
        })
    }
}

impl IntuneError {
    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::NoCsr | Self::Crypto(_) => Cause::Misuse,
            Self::TransactionId | Self::Validity => Cause::Protocol,
        }
    }
}

impl From<CryptoError> for IntuneError {
    fn from(error: CryptoError) -> Self {
        Self::Crypto(error)
    }
}

impl fmt::Display for IntuneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCsr => {
                f.write_str("the request asks for no certificate, so Intune has no part in it")
            }
            Self::TransactionId => f.write_str("the transactionID is no text, or blank"),
            Self::Validity => f.write_str("the validity of the certificate cannot be understood"),
            Self::Crypto(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for IntuneError {}

/// The characters that Intune takes of a description.
const MAX_DESCRIPTION: usize = 255;

/// What all three say of the request.
fn identity(request: &Request) -> Result<(String, EncodedCsr), IntuneError> {
    let csr = request.csr().ok_or(IntuneError::NoCsr)?;
    let id = core::str::from_utf8(request.transaction_id().as_bytes())
        .ok()
        .filter(|id| !id.trim().is_empty())
        .ok_or(IntuneError::TransactionId)?;
    Ok((id.into(), EncodedCsr::of(csr)))
}
