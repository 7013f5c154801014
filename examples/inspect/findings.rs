//! What is wrong, in words.

use scep::crypto::Policy;
use scep::diagnose::{Diagnosis, Finding, Profile};
use scep::http::Operation;
use scep::inspect::PayloadContent;
use scep::microsoft::EventText;
use scep::{
    CaCertificates, Capabilities, Certificate, Fingerprint, Limits, MessageType, PkiMessage,
    UnverifiedCsr, oid,
};

use crate::facts::Tools;
use crate::http::{Exchange, Request, Response};

/// What messages are judged beside.
#[derive(Default)]
pub struct Beside {
    /// The answer to GetCACert.
    pub ca_certificates: Vec<Certificate<'static>>,
    /// The answer to GetCACaps.
    pub capabilities: Option<Capabilities>,
    /// Whether inputs are answers to GetCACaps, which nothing in an empty one tells.
    pub is_get_ca_caps: bool,
    /// The request to which replies belong.
    pub request: Option<PkiMessage<'static>>,
    /// The time in seconds since the Unix epoch.
    pub now: Option<i64>,
    /// What the server allows.
    pub policy: Option<Policy>,
    /// By which the device is told to know the CA.
    pub thumbprint: Option<Fingerprint>,
    /// What else is configured for the device.
    pub profile: Profile<'static>,
}

impl Beside {
    fn diagnosis<'d>(&'d self, tools: &Tools) -> Diagnosis<'d> {
        let mut diagnosis = Diagnosis::new(&tools.provider)
            .ca_certificates(&self.ca_certificates)
            .profile(self.profile);
        if let Some(thumbprint) = self.thumbprint {
            diagnosis = diagnosis.thumbprint(thumbprint);
        }
        if let Some(capabilities) = &self.capabilities {
            diagnosis = diagnosis.capabilities(capabilities);
        }
        if let Some(policy) = &self.policy {
            diagnosis = diagnosis.policy(policy);
        }
        match self.now {
            Some(now) => diagnosis.now(now),
            None => diagnosis,
        }
    }
}

/// Judges a body of this kind.
pub fn of(kind: &str, body: &[u8], beside: &Beside, tools: &Tools) -> Vec<Finding> {
    let diagnosis = Diagnosis::new(&tools.provider);
    match kind {
        "capabilities" => {
            let capabilities = Capabilities::parse(body);
            diagnosis.capabilities(&capabilities).findings()
        }
        "event" => {
            let text = String::from_utf8_lossy(body);
            match EventText::parse(&text) {
                Ok(event) => diagnosis.event(&event).findings(),
                Err(_) => Vec::new(),
            }
        }
        "csr" => match UnverifiedCsr::from_der(body, &Limits::REPLY) {
            Ok(csr) => of_csr(&csr, diagnosis, beside),
            Err(_) => Vec::new(),
        },
        "certificate" | "certs_only" => match CaCertificates::parse(body, None, &Limits::REPLY) {
            Ok(set) => of_certificates(&set, diagnosis, beside),
            Err(_) => Vec::new(),
        },
        // The certificates of a message are no answer to GetCACert.
        _ => match PkiMessage::parse(body, &Limits::REPLY) {
            Ok(message) => of_message(&message, beside.diagnosis(tools), beside, tools),
            Err(_) => Vec::new(),
        },
    }
}

/// Judges what may be an answer to GetCACert, and not what was issued to somebody: there is a CA, or an RA that says so.
fn of_certificates(
    set: &CaCertificates<'_>,
    diagnosis: Diagnosis<'_>,
    beside: &Beside,
) -> Vec<Finding> {
    let certificates: Vec<_> = set.certificates().flatten().collect();
    let is_ra = |one: &Certificate<'_>| {
        let mut purposes = one.extended_key_usage();
        purposes.any(|purpose| purpose == oid::CERTIFICATE_REQUEST_AGENT)
    };
    if !certificates.iter().any(|one| one.is_ca() || is_ra(one)) {
        return Vec::new();
    }
    let mut diagnosis = diagnosis.ca_certificates(&certificates);
    if let Some(now) = beside.now {
        diagnosis = diagnosis.now(now);
    }
    if let Some(thumbprint) = beside.thumbprint {
        diagnosis = diagnosis.thumbprint(thumbprint);
    }
    diagnosis.findings()
}

/// Judges what went by HTTP.
pub fn of_exchange(exchange: &Exchange, beside: &Beside, tools: &Tools) -> Vec<Finding> {
    let url = exchange.request.as_ref().map(Request::url);
    let message = exchange.request.as_ref().and_then(message);
    let message = message.as_ref().or(beside.request.as_ref());
    let asked_for_list = asked_for_capabilities(exchange, beside);
    let answer = exchange.response.as_ref();
    let answer = answer.map(|response| Answer::of(response, asked_for_list));
    let mut diagnosis = beside.diagnosis(tools);
    if let (Some(request), Some(url)) = (&exchange.request, &url) {
        let (method, target, body) = (&request.method, &request.target, &request.body);
        diagnosis = diagnosis.url(url).http_request(method, target, body);
    }
    if let Some(response) = &exchange.response {
        if !matches!(answer, Some(Answer::Capabilities(_))) {
            diagnosis = diagnosis.http_answer(response.status, &response.body);
        }
        diagnosis = diagnosis.content_type(&response.content_type);
    }
    match &answer {
        Some(Answer::Capabilities(list)) => diagnosis = diagnosis.capabilities(list),
        Some(Answer::Certificates(certificates)) => {
            diagnosis = diagnosis.ca_certificates(certificates);
        }
        Some(Answer::Reply(reply)) => diagnosis = diagnosis.reply(reply),
        Some(Answer::Other) | None => {}
    }
    of_request(message, diagnosis, tools)
}

/// What a server answered.
enum Answer {
    Capabilities(Capabilities),
    Certificates(Vec<Certificate<'static>>),
    Reply(Box<PkiMessage<'static>>),
    Other,
}

impl Answer {
    /// By what was asked for, else by what came.
    fn of(response: &Response, asked_for_list: bool) -> Self {
        let list = Capabilities::from_response(response.status, &response.body);
        let is_list = |known: &scep::Capability<'_>| !matches!(known, scep::Capability::Other(_));
        if !list.is_unknown() && (asked_for_list || list.iter().any(|word| is_list(&word))) {
            return Self::Capabilities(list);
        }
        let body = &response.body;
        if let Ok(reply) = PkiMessage::parse(body.clone(), &Limits::REPLY) {
            return Self::Reply(Box::new(reply));
        }
        match CaCertificates::parse(body.clone(), None, &Limits::REPLY) {
            Ok(set) => {
                let certificates = set.certificates().flatten();
                Self::Certificates(certificates.map(Certificate::into_owned).collect())
            }
            Err(_) => Self::Other,
        }
    }
}

/// Whether an exchange is about a list of capabilities.
pub fn asked_for_capabilities(exchange: &Exchange, beside: &Beside) -> bool {
    match &exchange.request {
        Some(request) => matches!(operation(request), Some(Operation::GetCaCaps { .. })),
        None => beside.is_get_ca_caps,
    }
}

/// What a request asks for.
pub fn operation(request: &Request) -> Option<Operation<'_>> {
    let (method, target) = (&request.method, &request.target);
    Operation::read(method, target, &request.body, &Limits::REQUEST).ok()
}

fn message(request: &Request) -> Option<PkiMessage<'static>> {
    match operation(request)? {
        Operation::PkiOperation { message } => {
            PkiMessage::parse(message.into_owned(), &Limits::REPLY).ok()
        }
        _ => None,
    }
}

fn of_message(
    message: &PkiMessage<'_>,
    diagnosis: Diagnosis<'_>,
    beside: &Beside,
    tools: &Tools,
) -> Vec<Finding> {
    match message.unverified_message_type() {
        MessageType::CertRep => {
            of_request(beside.request.as_ref(), diagnosis.reply(message), tools)
        }
        _ => of_request(Some(message), diagnosis, tools),
    }
}

fn of_request(
    request: Option<&PkiMessage<'_>>,
    diagnosis: Diagnosis<'_>,
    tools: &Tools,
) -> Vec<Finding> {
    let Some(request) = request else {
        return diagnosis.findings();
    };
    let diagnosis = diagnosis.request(request);
    match csr(request, tools) {
        Some(csr) => diagnosis.csr(&csr).findings(),
        None => diagnosis.findings(),
    }
}

fn of_csr(csr: &UnverifiedCsr, diagnosis: Diagnosis<'_>, beside: &Beside) -> Vec<Finding> {
    let diagnosis = diagnosis.profile(beside.profile).csr(csr);
    match &beside.policy {
        Some(policy) => diagnosis.policy(policy).findings(),
        None => diagnosis.findings(),
    }
}

/// The CSR in a request that one of the keys or passwords opens.
fn csr(request: &PkiMessage<'_>, tools: &Tools) -> Option<UnverifiedCsr> {
    match tools.open(request).ok()?.content {
        PayloadContent::Csr(csr) => Some(csr),
        _ => None,
    }
}
