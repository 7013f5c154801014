//! HTTP, signals, and the log.

use std::fmt::Display;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use der::DateTime;
use scep::{Limit, Limits};
use signal_hook::consts::{SIGINT, SIGTERM};
use tiny_http::{Header, Request, Response, Server};

use crate::Outcome;
use crate::ca::{Answer, Ca};

/// How soon a signal to stop is seen.
const TICK: Duration = Duration::from_millis(100);

/// How long requests that are being answered may still take then.
const GRACE: Duration = Duration::from_secs(5);

/// A socket that listens, and a note of the signals that came since.
pub struct Listener {
    server: Server,
    stopped: Arc<AtomicBool>,
    pub address: SocketAddr,
}

impl Listener {
    pub fn bind(address: SocketAddr) -> Outcome<Self> {
        let stopped = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT] {
            signal_hook::flag::register(signal, Arc::clone(&stopped))?;
        }
        let server = Server::http(address)
            .map_err(|error| format!("cannot listen on {address}: {error}"))?;
        let address = server
            .server_addr()
            .to_ip()
            .ok_or("this is no IP address")?;
        Ok(Self {
            server,
            stopped,
            address,
        })
    }

    /// Answers requests, each in a thread of its own, until a signal comes.
    pub fn serve(self, ca: Ca) -> Outcome<()> {
        let ca = Arc::new(ca);
        // Nothing is sent here: the channel closes when the last thread that holds an end is done.
        let (busy, all_done) = mpsc::channel::<()>();
        while !self.stopped.load(Ordering::Relaxed) {
            let received = self.server.recv_timeout(TICK);
            let received = received.map_err(|error| format!("cannot take connections: {error}"))?;
            if let Some(request) = received {
                let (ca, busy) = (Arc::clone(&ca), busy.clone());
                let answer = move || {
                    answer(&ca, request);
                    drop(busy);
                };
                if let Err(error) = thread::Builder::new().spawn(answer) {
                    log(format_args!("no answer: {error}"));
                }
            }
        }
        drop(busy);
        let _ = all_done.recv_timeout(GRACE);
        Ok(())
    }
}

/// The time in Unix seconds.
pub fn now() -> Outcome<i64> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(i64::try_from(since_1970.as_secs())?)
}

/// Writes a line to the log. That nobody reads it is no reason to stop.
pub fn log(line: impl Display) {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    let time = DateTime::from_unix_duration(since_1970.unwrap_or_default());
    let time = time.map_or(String::new(), |time| format!("{time} "));
    let _ = writeln!(std::io::stderr().lock(), "{time}{line}");
}

/// Answers a request, and tells what happened.
fn answer(ca: &Ca, mut request: Request) {
    let client = request.remote_addr();
    let client = client.map_or(String::new(), ToString::to_string);
    let answer = decide(ca, &mut request).unwrap_or_else(|problem| {
        let text = "the CA has a problem of its own";
        Answer::text(500, text, format!("PROBLEM: {problem}"))
    });
    log(format_args!("{client} {}", answer.log));
    if let Err(problem) = send(ca, request, answer) {
        log(format_args!("{client} PROBLEM: {problem}"));
    }
}

fn decide(ca: &Ca, request: &mut Request) -> Outcome<Answer> {
    let mut body = Vec::new();
    // A byte more than what is allowed is enough to be refused.
    let bound = u64::try_from(Limits::REQUEST.bound(Limit::InputLen))? + 1;
    request.as_reader().take(bound).read_to_end(&mut body)?;
    ca.answer(request.method().as_str(), request.url(), &body, now()?)
}

fn send(ca: &Ca, request: Request, answer: Answer) -> Outcome<()> {
    let mut response = Response::from_data(answer.body).with_status_code(answer.status);
    let headers = [
        ("Content-Type", Some(answer.content_type)),
        ("Allow", answer.allow),
    ];
    for (name, value) in headers {
        if let Some(header) = value.and_then(|value| Header::from_bytes(name, value).ok()) {
            response.add_header(header);
        }
    }
    request.respond(response)?;
    answer
        .ends
        .map_or(Ok(()), |transaction| ca.delivered(&transaction))
}
