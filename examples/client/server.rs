//! The way to the server, by HTTP.

use std::time::Duration;

use scep::http::{BodyKind, ClientRequest, Method};
use scep::{Limit, Limits, ParseError};
use ureq::Agent;
use ureq::http::{Response, header};

/// How long an exchange may take: a CA may think before it answers, a person does not decide in that time.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The server at a URL.
pub struct Server {
    agent: Agent,
    url: String,
    ca_identifier: Option<String>,
}

/// What the server answered.
pub struct Answer {
    pub status: u16,
    pub media_type: Option<String>,
    pub body: Vec<u8>,
}

impl Server {
    pub fn new(url: &str, ca_identifier: Option<&str>) -> Self {
        let config = Agent::config_builder()
            // A message is read whatever the status is.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT));
        Self {
            agent: config.build().new_agent(),
            url: url.to_owned(),
            ca_identifier: ca_identifier.map(str::to_owned),
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks what the CA can do. An error here and below tells in a line why there is no answer.
    pub fn get_ca_caps(&self) -> Result<Answer, String> {
        self.send(&ClientRequest::get_ca_caps(&self.url, self.ca_identifier()))
    }

    pub fn get_ca_cert(&self) -> Result<Answer, String> {
        self.send(&ClientRequest::get_ca_cert(&self.url, self.ca_identifier()))
    }

    pub fn get_next_ca_cert(&self) -> Result<Answer, String> {
        let ca_identifier = self.ca_identifier();
        self.send(&ClientRequest::get_next_ca_cert(&self.url, ca_identifier))
    }

    pub fn pki_operation(&self, method: Method, message: Vec<u8>) -> Result<Answer, String> {
        self.send(&ClientRequest::pki_operation(&self.url, method, message))
    }

    fn ca_identifier(&self) -> Option<&str> {
        self.ca_identifier.as_deref()
    }

    fn send(&self, request: &ClientRequest) -> Result<Answer, String> {
        let response = match request.method() {
            Method::Get => self.agent.get(request.url()).call(),
            Method::Post => {
                let mut post = self.agent.post(request.url());
                if let Some(media_type) = request.content_type() {
                    post = post.header(header::CONTENT_TYPE, media_type);
                }
                post.send(request.body())
            }
        };
        let no_answer = |error| format!("no answer from {}: {error}", self.url);
        let response = response.map_err(no_answer)?;
        // What following it makes of a POST is no message any more.
        if response.status().is_redirection() {
            let location = response.headers().get(header::LOCATION);
            let location = location
                .and_then(|url| url.to_str().ok())
                .unwrap_or_default();
            return Err(format!("{} moved, to {location:?}", self.url));
        }
        Answer::read(response).map_err(no_answer)
    }
}

impl Answer {
    fn read(mut response: Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let media_type = response.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        // One more than is read, so that what is too long fails as such.
        let limit = Limits::REPLY.bound(Limit::InputLen) as u64 + 1;
        Ok(Self {
            status: response.status().as_u16(),
            media_type: media_type.map(str::to_owned),
            body: response
                .body_mut()
                .with_config()
                .limit(limit)
                .read_to_vec()?,
        })
    }

    /// Why the body is not what was wanted: what it looks like, and what it says if that is for people.
    pub fn is_no(&self, wanted: &str, error: ParseError) -> String {
        let (status, kind) = (self.status, BodyKind::of(&self.body));
        let mut why = format!("the answer is no {wanted} (HTTP status {status}) but {kind}");
        match kind {
            BodyKind::Text => {
                let text = String::from_utf8_lossy(&self.body);
                let line: String = text
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .take(200)
                    .collect();
                why.push_str(&format!(": {line:?}"));
            }
            BodyKind::Asn1 | BodyKind::Unknown => why.push_str(&format!("; {error}")),
            _ => {}
        }
        why
    }
}
