//! One input: what it is, what is in it, what is wrong with it.

use scep::http::Operation;

use crate::facts::{self, Report, Tools};
use crate::findings::{self, Beside};
use crate::http::{Exchange, Request};
use crate::input::{self, Failure};
use crate::{json, text};

/// What is to be printed of an input.
pub struct Shown {
    pub text: String,
    /// Whether all of it was decoded.
    pub decoded: bool,
}

/// How it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Json,
}

/// What went by HTTP.
#[derive(Default)]
pub struct ExchangeFacts {
    pub method: Option<String>,
    pub target: Option<String>,
    pub operation: Option<&'static str>,
    pub status: Option<u16>,
    pub content_type: Option<String>,
    pub request: Option<Result<Report, Failure>>,
    pub response: Option<Result<Report, Failure>>,
}

/// Shows an input.
pub fn show(
    name: &str,
    input: Result<Vec<u8>, Failure>,
    beside: &Beside,
    tools: &Tools,
    form: Form,
) -> Shown {
    match input.and_then(|bytes| shown(name, bytes, beside, tools, form)) {
        Ok(shown) => shown,
        Err(failure) => Shown {
            text: match form {
                Form::Text => text::failure(name, &failure),
                Form::Json => json::failure(name, &failure).to_string(),
            },
            decoded: false,
        },
    }
}

fn shown(
    name: &str,
    bytes: Vec<u8>,
    beside: &Beside,
    tools: &Tools,
    form: Form,
) -> Result<Shown, Failure> {
    if let Some(exchange) = Exchange::read(&bytes) {
        let exchange = exchange?;
        let facts = ExchangeFacts::of(&exchange, beside, tools);
        let findings = findings::of_exchange(&exchange, beside, tools);
        return Ok(Shown {
            text: match form {
                Form::Text => text::exchange(name, &facts, &findings),
                Form::Json => json::exchange(name, &facts, &findings).to_string(),
            },
            decoded: ![&facts.request, &facts.response]
                .into_iter()
                .any(|part| matches!(part, Some(Err(_)))),
        });
    }
    let (body, report) = match facts::answered_capabilities(200, &bytes) {
        Some(list) if beside.is_get_ca_caps => (bytes, list),
        _ => {
            let body = input::decode(bytes)?;
            let report = facts::report(&body, tools)?;
            (body, report)
        }
    };
    let findings = findings::of(report.kind, &body, beside, tools);
    Ok(Shown {
        text: match form {
            Form::Text => text::report(name, &report, &findings),
            Form::Json => json::report(name, &report, &findings).to_string(),
        },
        decoded: true,
    })
}

impl ExchangeFacts {
    fn of(exchange: &Exchange, beside: &Beside, tools: &Tools) -> Self {
        let mut facts = Self::default();
        if let Some(request) = &exchange.request {
            facts.read_request(request, tools);
        }
        if let Some(response) = &exchange.response {
            facts.status = Some(response.status);
            facts.content_type = Some(response.content_type.clone());
            let list = facts::answered_capabilities(response.status, &response.body);
            let asked_for = findings::asked_for_capabilities(exchange, beside);
            facts.response = Some(match list.filter(|_| asked_for) {
                Some(list) => Ok(list),
                None => facts::report(&response.body, tools),
            });
        }
        facts
    }

    fn read_request(&mut self, request: &Request, tools: &Tools) {
        self.method = Some(request.method.clone());
        self.target = Some(request.target.clone());
        self.operation = findings::operation(request).map(|operation| match operation {
            Operation::GetCaCaps { .. } => "GetCACaps",
            Operation::GetCaCert { .. } => "GetCACert",
            Operation::GetNextCaCert { .. } => "GetNextCACert",
            Operation::PkiOperation { message } => {
                self.request = Some(facts::report(&message, tools));
                "PKIOperation"
            }
        });
        // What is wrong with any other request is a finding.
    }
}
