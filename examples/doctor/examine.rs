//! The examination: asks the server, and has the crate judge what it answers.

use std::time::SystemTime;

use scep::crypto::Provider;
use scep::diagnose::{Diagnosis, Sender};
use scep::http::{BodyKind, ClientRequest};
use scep::{CaCertificates, Capabilities, Certificate, Limits, PkiMessage, UnverifiedCsr};

use crate::arguments::Options;
use crate::enrol::{self, Exchange};
use crate::report::{CertificateFacts, Enrolment, Report};
use crate::server::{Answer, Server};

/// Examines the server. An error is this machine's own trouble.
pub fn examine(options: &Options) -> Result<Report, String> {
    let now = now().ok_or("the clock of this machine is wrong")?;
    let (server, provider) = (Server::new(), Provider::rustcrypto());
    let ca = options.ca_identifier.as_deref();
    let caps = server.ask(&ClientRequest::get_ca_caps(&options.url, ca));
    let cert = server.ask(&ClientRequest::get_ca_cert(&options.url, ca));

    let capabilities = match &caps {
        Ok(answer) => Capabilities::from_response(answer.status, &answer.body),
        Err(_) => Capabilities::UNKNOWN,
    };
    let offered = cert.as_ref().map(read_certificates);
    let certificates: Vec<Certificate<'_>> = match &offered {
        Ok(Ok(offered)) => offered.certificates().filter_map(Result::ok).collect(),
        _ => Vec::new(),
    };
    let (enrolment, exchange) = match (&options.enrolment, &offered) {
        (None, _) => (Enrolment::NotAsked, None),
        (Some(wish), Ok(Ok(offered))) => {
            let ca = enrol::Ca {
                offered,
                capabilities: &capabilities,
                fingerprint: options.fingerprint,
            };
            enrol::enrol(wish, &ca, &options.url, now, &server)
        }
        (Some(_), _) => {
            let why = "the server shows no certificates".to_owned();
            (Enrolment::NotTried(why), None)
        }
    };

    let mut diagnosis = Diagnosis::new(&provider)
        .url(&options.url)
        .now(now)
        .look_ahead(options.look_ahead)
        .ca_certificates(&certificates);
    // No answer at all is no list of capabilities: it is told by itself.
    if caps.is_ok() {
        diagnosis = diagnosis.capabilities(&capabilities);
    }
    if let Some(fingerprint) = options.fingerprint {
        diagnosis = diagnosis.thumbprint(fingerprint);
    }
    if let (Ok(answer), Ok(Err(_))) = (&cert, &offered) {
        diagnosis = diagnosis.http_answer(answer.status, &answer.body);
    }
    let sent = exchange.as_ref().and_then(Sent::of);
    if let Some(sent) = &sent {
        diagnosis = diagnosis.request(&sent.request);
        // What a CA takes is not to be found fault with.
        if !matches!(enrolment, Enrolment::Issued(_) | Enrolment::Pending) {
            diagnosis = diagnosis.csr(&sent.csr);
        }
        diagnosis = match &sent.reply {
            Some(reply) => diagnosis.reply(reply),
            None => diagnosis.http_answer(sent.status, sent.body),
        };
    }
    let reply = sent.as_ref().and_then(|sent| sent.reply.as_ref());
    let facts = |certificate| CertificateFacts::of(certificate, options.fingerprint, &provider);
    Ok(Report {
        url: options.url.clone(),
        capabilities: match &caps {
            Ok(answer) if capabilities.is_unknown() => Err(no_list(answer)),
            Ok(_) => Ok(words(&capabilities)),
            Err(why) => Err(why.clone()),
        },
        certificates: match &offered {
            Ok(Ok(_)) => Ok(certificates.iter().map(facts).collect()),
            Ok(Err(why)) => Err(why.clone()),
            Err(why) => Err((*why).clone()),
        },
        findings: diagnosis.findings(),
        verdicts: diagnosis.verdicts(),
        enrolment,
        sender: reply.and_then(|reply| Sender::of(reply, &provider)),
    })
}

/// The messages of an enrolment, to be judged.
struct Sent<'e> {
    request: PkiMessage<'e>,
    csr: UnverifiedCsr,
    status: u16,
    body: &'e [u8],
    /// The body, if it is a message.
    reply: Option<PkiMessage<'e>>,
}

impl<'e> Sent<'e> {
    fn of(exchange: &'e Exchange) -> Option<Self> {
        let body = &exchange.answer.body[..];
        Some(Self {
            request: PkiMessage::parse(&exchange.request[..], &Limits::REQUEST).ok()?,
            csr: UnverifiedCsr::from_der(exchange.csr.as_der(), &Limits::REQUEST).ok()?,
            status: exchange.answer.status,
            body,
            reply: PkiMessage::parse(body, &Limits::REPLY).ok(),
        })
    }
}

fn read_certificates(answer: &Answer) -> Result<CaCertificates<'_>, String> {
    let media_type = answer.media_type.as_deref();
    CaCertificates::parse(&answer.body[..], media_type, &Limits::REPLY).map_err(|error| {
        let (status, kind) = (answer.status, BodyKind::of(&answer.body));
        match kind {
            BodyKind::Asn1 | BodyKind::Unknown => {
                format!("no certificates (HTTP status {status}): {error}")
            }
            kind => format!("no certificates (HTTP status {status}), but {kind}"),
        }
    })
}

fn no_list(answer: &Answer) -> String {
    let (status, kind) = (answer.status, BodyKind::of(&answer.body));
    format!("no list (HTTP status {status}), but {kind}")
}

fn words(capabilities: &Capabilities) -> Vec<String> {
    let words = capabilities.iter();
    words
        .map(|word| word.name().escape_debug().to_string())
        .collect()
}

fn now() -> Option<i64> {
    let since_1970 = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    i64::try_from(since_1970.as_secs()).ok()
}
