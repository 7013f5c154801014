//! The little HTTP that is needed to send a server what no client sends.

use std::io::{Read, Write};
use std::net::TcpStream;

/// What a server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// `url` with its query.
pub(crate) fn get(url: &str) -> Answer {
    request("GET", url, &[])
}

/// A body of no type, as strongSwan and sscep send it.
pub(crate) fn post(url: &str, body: &[u8]) -> Answer {
    request("POST", url, body)
}

pub(crate) fn request(method: &str, url: &str, body: &[u8]) -> Answer {
    let (host, target) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    // HTTP/1.0: one exchange a connection, and no chunks.
    let length = body.len();
    let head =
        format!("{method} /{target} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let body = answer.split_off(end.expect("an HTTP head") + 4);
    let head = String::from_utf8(answer).unwrap();
    let content_type = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let found = name.eq_ignore_ascii_case("content-type");
        found.then(|| value.trim().to_owned())
    });
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        content_type: content_type.unwrap_or_default(),
        body,
    }
}
