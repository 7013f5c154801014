//! Where Intune is asked, and how: text for an HTTP client.
//!
//! 1. Get a token for [`GRAPH_SCOPE`], and with it [`ENDPOINTS_URL`]: its `value` lists services by `providerName`, or
//!    `serviceName` in older answers, and `uri`. Compare the names without regard to case.
//! 2. Get a token for [`INTUNE_SCOPE`], and POST to the service's URI with one of the paths below, in JSON.

/// The list of services.
pub const ENDPOINTS_URL: &str = "https://graph.microsoft.com/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints";

/// The scope of the token for the list.
pub const GRAPH_SCOPE: &str = "https://graph.microsoft.com/.default";

/// The scope of the token for the services. The two slashes are as Microsoft's own client writes them.
pub const INTUNE_SCOPE: &str = "https://api.manage.microsoft.com//.default";

/// The service that takes [`VALIDATE`], [`SUCCESS`] and [`FAILURE`].
pub const VALIDATION_SERVICE: &str = "ScepRequestValidationFEService";

/// The service that takes [`DOWNLOAD_REVOCATIONS`] and [`UPLOAD_REVOCATIONS`].
pub const REVOCATION_SERVICE: &str = "PkiConnectorFEService";

/// The path for a [`ValidateRequest`](super::ValidateRequest).
pub const VALIDATE: &str = "/ScepActions/validateRequest";

/// The path for a [`SuccessNotification`](super::SuccessNotification).
pub const SUCCESS: &str = "/ScepActions/successNotification";

/// The path for a [`FailureNotification`](super::FailureNotification).
pub const FAILURE: &str = "/ScepActions/failureNotification";

/// The path for [`DownloadRevocationRequests`](super::DownloadRevocationRequests).
pub const DOWNLOAD_REVOCATIONS: &str = "/CertificateAuthorityRequests/downloadRevocationRequests";

/// The path for [`UploadRevocationResults`](super::UploadRevocationResults).
pub const UPLOAD_REVOCATIONS: &str = "/CertificateAuthorityRequests/uploadRevocationResults";

/// The header that names a call in Intune's logs: a fresh GUID each time.
pub const REQUEST_ID_HEADER: &str = "client-request-id";

/// The header that takes [`VALIDATION_API_VERSION`] or [`REVOCATION_API_VERSION`].
pub const API_VERSION_HEADER: &str = "api-version";

/// The version of [`VALIDATION_SERVICE`].
pub const VALIDATION_API_VERSION: &str = "2018-02-20";

/// The version of [`REVOCATION_SERVICE`]; the year is as Microsoft's own client writes it.
pub const REVOCATION_API_VERSION: &str = "5019-05-05";
