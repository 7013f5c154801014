//! Revocations: Intune keeps a list of certificates that a CA shall revoke, and takes the results.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Asks for certificates to be revoked: the body of [`DOWNLOAD_REVOCATIONS`](super::service::DOWNLOAD_REVOCATIONS).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DownloadRevocationRequests {
    /// How many, and whose.
    pub download_parameters: DownloadParameters,
}

/// The fields of [`DownloadRevocationRequests`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DownloadParameters {
    /// The most that shall come, 1 to 500.
    pub max_requests: u16,
    /// Only those of this issuer, or all.
    pub issuer_name: Option<String>,
}

/// Intune's answer: what is to be revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationRequests {
    /// Nothing, or one or more.
    #[serde(alias = "Value")]
    pub value: Vec<RevocationRequest>,
}

/// A certificate that is to be revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevocationRequest {
    /// Intune's name for this request, to be sent back with the result.
    #[serde(alias = "RequestContext")]
    pub request_context: String,
    /// The serial number, as it was told when the certificate was issued.
    #[serde(alias = "SerialNumber")]
    pub serial_number: String,
    /// The issuer, as it was told when the certificate was issued.
    #[serde(default, alias = "IssuerName")]
    pub issuer_name: Option<String>,
    /// The CA's own text, as it was told when the certificate was issued.
    #[serde(default, alias = "CaConfiguration", alias = "CAConfiguration")]
    pub ca_configuration: Option<String>,
}

/// Tells what became of them: the body of [`UPLOAD_REVOCATIONS`](super::service::UPLOAD_REVOCATIONS).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadRevocationResults {
    /// One for each request that was handled.
    pub results: Vec<RevocationResult>,
}

/// What became of a revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevocationResult {
    /// Intune's name for the request.
    pub request_context: String,
    /// Whether the certificate is revoked.
    pub succeeded: bool,
    /// Why not.
    pub error_code: RevocationError,
    /// Words about it.
    pub error_message: Option<String>,
}

/// Intune's answer to the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadAccepted {
    /// Whether they were taken.
    #[serde(alias = "Value")]
    pub value: bool,
}

impl DownloadRevocationRequests {
    /// Asks for at most so many, brought into 1 to 500.
    #[must_use]
    pub fn new(max_requests: u16, issuer_name: Option<&str>) -> Self {
        Self {
            download_parameters: DownloadParameters {
                max_requests: max_requests.clamp(1, 500),
                issuer_name: issuer_name.map(Into::into),
            },
        }
    }
}

impl RevocationResult {
    /// The certificate is revoked.
    #[must_use]
    pub fn revoked(request: &RevocationRequest) -> Self {
        Self {
            request_context: request.request_context.clone(),
            succeeded: true,
            error_code: RevocationError::None,
            error_message: None,
        }
    }

    /// The certificate is not revoked.
    #[must_use]
    pub fn failed(request: &RevocationRequest, error: RevocationError, message: &str) -> Self {
        Self {
            request_context: request.request_context.clone(),
            succeeded: false,
            error_code: error,
            error_message: Some(message.into()),
        }
    }
}

/// Why a certificate could not be revoked, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationError {
    /// Nothing went wrong.
    None,
    /// It cannot be done, for a reason without a name.
    NonRetryableService,
    /// The request cannot be read.
    DataSerialization,
    /// A value in the request is wrong.
    ParameterDataInvalid,
    /// A cryptographic operation failed.
    Cryptography,
    /// The CA has no such certificate.
    CertificateNotFound,
    /// It contradicts another request.
    Conflict,
    /// The CA does not do this.
    NotSupported,
    /// The request is too large.
    PayloadTooLarge,
    /// It cannot be done now, for a reason without a name.
    RetryableService,
    /// The CA is down.
    ServiceUnavailable,
    /// The CA has too much to do.
    ServiceTooBusy,
    /// The CA cannot authenticate itself.
    Authentication,
    /// Another name.
    Other(String),
}

impl RevocationError {
    /// The error of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let known = NAMES.iter().find(|(_, known)| *known == name);
        known.map_or_else(|| Self::Other(name.into()), |(error, _)| error.clone())
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            _ => {
                let known = NAMES.iter().find(|(error, _)| error == self);
                known.map_or("", |(_, name)| name)
            }
        }
    }

    /// Whether Intune will ask again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::RetryableService
                | Self::ServiceUnavailable
                | Self::ServiceTooBusy
                | Self::Authentication
        )
    }
}

impl Serialize for RevocationError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for RevocationError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self::from_name(&name))
    }
}

const NAMES: &[(RevocationError, &str)] = &[
    (RevocationError::None, "None"),
    (
        RevocationError::NonRetryableService,
        "NonRetryableServiceException",
    ),
    (RevocationError::DataSerialization, "DataSerializationError"),
    (
        RevocationError::ParameterDataInvalid,
        "ParameterDataInvalidError",
    ),
    (RevocationError::Cryptography, "CryptographyError"),
    (
        RevocationError::CertificateNotFound,
        "CertificateNotFoundError",
    ),
    (RevocationError::Conflict, "ConflictError"),
    (RevocationError::NotSupported, "NotSupportedError"),
    (RevocationError::PayloadTooLarge, "PayloadTooLargeError"),
    (
        RevocationError::RetryableService,
        "RetryableServiceException",
    ),
    (
        RevocationError::ServiceUnavailable,
        "ServiceUnavailableException",
    ),
    (RevocationError::ServiceTooBusy, "ServiceTooBusyException"),
    (RevocationError::Authentication, "AuthenticationException"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_name_and_is_found_by_it() {
        for (error, name) in NAMES {
            assert_eq!(RevocationError::from_name(name), *error);
            assert_eq!(error.name(), *name);
            let retryable = matches!(
                *name,
                "AuthenticationException" | "RetryableServiceException"
            ) || name.starts_with("ServiceT")
                || name.starts_with("ServiceU");
            assert_eq!(error.is_retryable(), retryable, "{name}");
        }
        let other = RevocationError::from_name("conflictError");
        assert_eq!(other, RevocationError::Other("conflictError".into()));
        assert_eq!(other.name(), "conflictError");
    }

    #[test]
    fn the_number_asked_for_is_brought_into_bounds() {
        for (asked, sent) in [(0, 1), (1, 1), (500, 500), (501, 500)] {
            let body = DownloadRevocationRequests::new(asked, None);
            assert_eq!(body.download_parameters.max_requests, sent);
        }
    }
}
