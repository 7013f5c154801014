//! The way to the server, by HTTP.

use std::time::Duration;

use scep::http::{ClientRequest, Method};
use scep::{Limit, Limits};
use ureq::Agent;
use ureq::http::header;

/// How long an exchange may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Sends requests.
pub struct Server(Agent);

/// What the server answered.
pub struct Answer {
    pub status: u16,
    pub media_type: Option<String>,
    pub body: Vec<u8>,
}

impl Server {
    pub fn new() -> Self {
        let config = Agent::config_builder()
            // What comes is told, whatever the status is; where it sends clients to is not followed by all of them.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT));
        Self(config.build().new_agent())
    }

    /// An error tells in a line why there is no answer.
    pub fn ask(&self, request: &ClientRequest) -> Result<Answer, String> {
        let response = match request.method() {
            Method::Get => self.0.get(request.url()).call(),
            Method::Post => {
                let mut post = self.0.post(request.url());
                if let Some(media_type) = request.content_type() {
                    post = post.header(header::CONTENT_TYPE, media_type);
                }
                post.send(request.body())
            }
        };
        let no_answer = |error| format!("no answer: {error}");
        let mut response = response.map_err(no_answer)?;
        let told = |name| {
            let value = response.headers().get(name);
            value
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        if response.status().is_redirection() {
            let to = told(header::LOCATION).unwrap_or_default();
            return Err(format!("the server sends clients on, to {to:?}"));
        }
        let (status, media_type) = (response.status().as_u16(), told(header::CONTENT_TYPE));
        // One more than is read, so that what is too long fails as such.
        let limit = Limits::REPLY.bound(Limit::InputLen) as u64 + 1;
        let body = response.body_mut().with_config().limit(limit);
        Ok(Answer {
            status,
            media_type,
            body: body.read_to_vec().map_err(no_answer)?,
        })
    }
}
