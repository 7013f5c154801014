//! Conversions from and to the types of the `http` crate, behind the feature `http`.

use alloc::vec::Vec;

use ::http::header::{ALLOW, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderValue, StatusCode};

use super::{ClientRequest, HttpError, Operation, Response};
use crate::Limits;

impl<'r> Operation<'r> {
    /// Reads a request whose body is all there, as [`read`](Self::read) does.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    pub fn from_http<B: AsRef<[u8]>>(
        request: &'r ::http::Request<B>,
        limits: &Limits,
    ) -> Result<Self, HttpError> {
        let query = request.uri().query().unwrap_or_default();
        Self::read_query(
            request.method().as_str(),
            query,
            request.body().as_ref(),
            limits,
        )
    }
}

/// Fails if the URL cannot be one of the `http` crate, which takes up to 65,534 bytes.
#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl TryFrom<ClientRequest> for ::http::Request<Vec<u8>> {
    type Error = ::http::Error;

    fn try_from(request: ClientRequest) -> Result<Self, ::http::Error> {
        let mut builder = ::http::Request::builder()
            .method(request.method().name())
            .uri(request.url());
        if let Some(content_type) = request.content_type() {
            builder = builder.header(CONTENT_TYPE, content_type);
        }
        builder.body(request.into_body())
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl From<Response> for ::http::Response<Vec<u8>> {
    fn from(response: Response) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static(response.content_type()),
        );
        if let Some(allow) = response.allow() {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        let status =
            StatusCode::from_u16(response.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut converted = Self::new(response.into_body());
        *converted.status_mut() = status;
        *converted.headers_mut() = headers;
        converted
    }
}
