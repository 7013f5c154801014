//! HTTP as it was captured: requests, responses, and URLs by themselves.

use httparse::{EMPTY_HEADER, Header, Status};

use crate::input::Failure;

/// What went over one connection: a request, its response, or both.
pub struct Exchange {
    pub request: Option<Request>,
    pub response: Option<Response>,
}

pub struct Request {
    pub method: String,
    /// The target of the request line, or a whole URL.
    pub target: String,
    pub body: Vec<u8>,
    host: String,
}

pub struct Response {
    pub status: u16,
    /// Empty if there is none.
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Exchange {
    /// Reads a capture, or a URL or request line alone; `None` if it is none of these.
    pub fn read(bytes: &[u8]) -> Option<Result<Self, Failure>> {
        let bytes = bytes.trim_ascii_start();
        if bytes.starts_with(b"HTTP/") {
            let response = Response::read(bytes);
            return Some(response.map(|response| Self {
                request: None,
                response: Some(response),
            }));
        }
        let line = bytes.split(|byte| *byte == b'\n').next()?;
        let line = std::str::from_utf8(line).ok()?.trim_end();
        if is_url(line) {
            // A long URL may be broken into lines.
            let url = std::str::from_utf8(bytes).ok()?;
            return Some(Ok(Self::of(url.split_whitespace().collect(), "GET")));
        }
        let (method, rest) = line.split_once(' ')?;
        let target = rest.split(' ').next()?;
        if !METHODS.contains(&method) || !(target.starts_with('/') || is_url(target)) {
            return None;
        }
        if !rest.contains(" HTTP/") {
            return Some(Ok(Self::of(target.to_owned(), method)));
        }
        Some(Self::read_request(bytes))
    }

    fn of(target: String, method: &str) -> Self {
        Self {
            request: Some(Request {
                method: method.to_owned(),
                target,
                body: Vec::new(),
                host: String::new(),
            }),
            response: None,
        }
    }

    fn read_request(bytes: &[u8]) -> Result<Self, Failure> {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        // A request line may stand by itself.
        let mut ended = bytes.to_vec();
        ended.extend_from_slice(b"\r\n\r\n");
        let Status::Complete(len) = parsed.parse(&ended).map_err(failure)? else {
            return Err(failure("the headers do not end"));
        };
        let rest = bytes.get(len..).unwrap_or_default();
        let (body, rest) = body(parsed.headers, rest, Without::Nothing)?;
        let request = Request {
            method: parsed.method.unwrap_or_default().to_owned(),
            target: parsed.path.unwrap_or_default().to_owned(),
            body,
            host: header(parsed.headers, "host").unwrap_or_default(),
        };
        let rest = rest.trim_ascii_start();
        let response = match rest.starts_with(b"HTTP/") {
            true => Some(Response::read(rest)?),
            false => None,
        };
        Ok(Self {
            request: Some(request),
            response,
        })
    }
}

impl Request {
    /// The whole URL, as far as it is known.
    pub fn url(&self) -> String {
        if is_url(&self.target) {
            self.target.clone()
        } else {
            format!("http://{}{}", self.host, self.target)
        }
    }
}

impl Response {
    fn read(bytes: &[u8]) -> Result<Self, Failure> {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Response::new(&mut headers);
        let Status::Complete(len) = parsed.parse(bytes).map_err(failure)? else {
            return Err(failure("the headers do not end"));
        };
        let rest = bytes.get(len..).unwrap_or_default();
        let (body, _) = body(parsed.headers, rest, Without::Rest)?;
        Ok(Self {
            status: parsed.code.unwrap_or_default(),
            content_type: header(parsed.headers, "content-type").unwrap_or_default(),
            body,
        })
    }
}

const METHODS: [&str; 5] = ["GET", "POST", "HEAD", "PUT", "OPTIONS"];

/// As many as web servers take.
const MAX_HEADERS: usize = 100;

/// What the body is where no header tells its length.
#[derive(Clone, Copy)]
enum Without {
    Nothing,
    Rest,
}

/// The body, and what follows it. One that is shorter than it should be is as long as it is.
fn body<'b>(
    headers: &[Header<'_>],
    rest: &'b [u8],
    without: Without,
) -> Result<(Vec<u8>, &'b [u8]), Failure> {
    let chunked = header(headers, "transfer-encoding");
    if chunked.is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return unchunked(rest);
    }
    let len = match (header(headers, "content-length"), without) {
        (Some(len), _) => len
            .parse()
            .map_err(|_| failure("no number in Content-Length"))?,
        (None, Without::Nothing) => 0,
        (None, Without::Rest) => rest.len(),
    };
    let (body, rest) = rest.split_at(rest.len().min(len));
    Ok((body.to_vec(), rest))
}

fn unchunked(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), Failure> {
    let mut body = Vec::new();
    loop {
        let size = httparse::parse_chunk_size(rest).map_err(|_| failure("no size of a chunk"))?;
        let Status::Complete((start, len)) = size else {
            return Ok((body, &[]));
        };
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        rest = rest.get(start..).unwrap_or_default();
        if len == 0 {
            return Ok((body, rest));
        }
        let (chunk, after) = rest.split_at(rest.len().min(len));
        body.extend_from_slice(chunk);
        rest = after.trim_ascii_start();
    }
}

fn header(headers: &[Header<'_>], name: &str) -> Option<String> {
    let found = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))?;
    Some(String::from_utf8_lossy(found.value).trim().to_owned())
}

pub fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn failure(error: impl ToString) -> Failure {
    format!("HTTP: {}", error.to_string()).into()
}
