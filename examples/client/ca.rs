//! Getting to know the CA: what it can do, who it is, and whether it is to be trusted.

use scep::client::{Client, Requester};
use scep::http::{BodyKind, ClientRequest, Method};
use scep::{
    CaCertificates, CaPin, CaRole, CaRoles, Capabilities, Certificate, Fingerprint,
    FingerprintAlgorithm, Limits, Negotiation, RoleError,
};

use crate::arguments::{Options, Task, Trust};
use crate::dir::CA;
use crate::run::Run;
use crate::server::Answer;
use crate::show;
use crate::stop::{Outcome, Stop};

const CAPS: &str = "GetCACaps";
const CERT: &str = "GetCACert";

/// A CA that is trusted.
pub struct Ca {
    pub roles: CaRoles<'static>,
    negotiation: Negotiation,
}

impl Ca {
    /// Asks the server, and trusts what the user trusts.
    pub fn meet(run: &Run) -> Outcome<Self> {
        let negotiation = negotiate(run)?;
        let answer = run.server.get_ca_cert();
        let answer = answer.map_err(|error| Stop::failed(CERT, error))?;
        let offered = read(&answer)?;
        let roles = select(run, &offered)?;
        Ok(Self { roles, negotiation })
    }

    /// Keeps in DIR which certificate is trusted.
    pub fn keep(&self, run: &Run) -> Outcome<()> {
        let trusted = self.roles.pinned();
        if run.certificate(CA)?.as_ref() == Some(trusted) {
            return Ok(());
        }
        run.write_certificates(CA, [trusted])
    }

    pub fn client<'c>(&'c self, run: &Run, requester: &'c Requester<'c>) -> Client<'c> {
        let (provider, policy) = (&run.provider, &run.options.policy);
        Client::new(provider, policy, &self.roles, self.negotiation, requester)
    }

    /// Sends a message in the way that was negotiated.
    pub fn send(&self, run: &Run, message: Vec<u8>) -> Result<Answer, String> {
        let method = self.negotiation.method();
        let len = ClientRequest::get_url_len(run.server.url(), &message);
        if method == Method::Get && len > ClientRequest::MAX_GET_URL {
            show::step(
                "GET",
                format_args!("a URL of {len} bytes, more than every server takes"),
            );
        }
        run.server.pki_operation(method, message)
    }
}

fn negotiate(run: &Run) -> Outcome<Negotiation> {
    let answer = run.server.get_ca_caps();
    let answer = answer.map_err(|error| Stop::failed(CAPS, error))?;
    let capabilities = Capabilities::from_response(answer.status, &answer.body);
    if capabilities.is_unknown() {
        let (status, kind) = (answer.status, BodyKind::of(&answer.body));
        show::step(CAPS, format_args!("no list (HTTP status {status}, {kind})"));
    } else {
        let words: Vec<_> = capabilities.iter().map(|word| word.name()).collect();
        let none = words.is_empty().then_some("an empty list");
        show::step(CAPS, none.unwrap_or(&words.join(", ")));
    }
    let negotiation = Negotiation::new(&capabilities, &run.options.policy);
    let mut negotiation = negotiation.map_err(|error| Stop::failed(CAPS, error))?;
    if let Some(method) = run.options.method {
        negotiation = negotiation.with_method(method);
    }
    if let Task::Renew(Some(form)) = run.options.task {
        negotiation = negotiation.with_renewal(form);
    }
    show::more(format_args!(
        "messages go by {} in {} and {}",
        negotiation.method(),
        negotiation.digest().name().to_uppercase(),
        negotiation.content_cipher().name().to_uppercase(),
    ));
    Ok(negotiation)
}

fn read(answer: &Answer) -> Outcome<CaCertificates<'_>> {
    let media_type = answer.media_type.as_deref();
    CaCertificates::parse(&answer.body[..], media_type, &Limits::REPLY)
        .map_err(|error| Stop::failed(CERT, answer.is_no("set of certificates", error)))
}

/// Finds who is who among the certificates, under the one that the user trusts.
fn select(run: &Run, offered: &CaCertificates<'_>) -> Outcome<CaRoles<'static>> {
    let kept = run.certificate(CA)?;
    let certificates: Vec<_> = offered.certificates().filter_map(Result::ok).collect();
    show_offered(run, &certificates)?;
    let pin = match (&run.options.trust, &kept) {
        (Some(Trust::Fingerprint(fingerprint)), _) => CaPin::fingerprint(*fingerprint),
        (Some(Trust::Certificate(certificate)), _) => CaPin::certificate(certificate),
        (_, Some(certificate)) => CaPin::certificate(certificate),
        (Some(Trust::FirstUse), None) => {
            let top = top(&certificates);
            let several =
                || Stop::failed(CERT, "there are several CAs: choose one by its fingerprint");
            let top = top.ok_or_else(several)?;
            show::more(format_args!("\"{}\" is trusted from now on", top.subject()));
            CaPin::certificate(top)
        }
        (None, None) => {
            let why = "nobody vouches for what the server shows: compare the SHA-256 fingerprint with the one \
                that the CA's operator tells, and give it with --ca-fingerprint";
            return Err(Stop::failed(CERT, why));
        }
    };
    let Options { rules, policy, .. } = run.options;
    let roles = CaRoles::select(offered, &pin, run.now, rules, &run.provider, policy);
    let roles = roles.map_err(|error| match error {
        RoleError::KeyUsage(_) | RoleError::Refused(_) => {
            Stop::failed(CERT, format_args!("{error} (see --policy)"))
        }
        error => Stop::failed(CERT, error),
    })?;
    show_roles(&roles);
    Ok(roles)
}

/// The CA certificate that no other is above, if there is one.
fn top<'o>(offered: &'o [Certificate<'o>]) -> Option<&'o Certificate<'o>> {
    if let [only] = offered {
        return Some(only);
    }
    let is_under_another = |certificate: &Certificate<'_>| {
        offered.iter().any(|other| {
            other.is_ca() && other != certificate && other.subject_der() == certificate.issuer_der()
        })
    };
    let mut tops = offered
        .iter()
        .filter(|certificate| certificate.is_ca() && !is_under_another(certificate));
    match (tops.next(), tops.next()) {
        (Some(top), None) => Some(top),
        _ => None,
    }
}

fn show_offered(run: &Run, offered: &[Certificate<'_>]) -> Outcome<()> {
    show::step(CERT, show::count(offered.len(), "certificate"));
    for certificate in offered {
        let sha256 = Fingerprint::of(FingerprintAlgorithm::Sha256, certificate, &run.provider);
        let sha256 = sha256.map_err(|error| Stop::failed(CERT, error))?;
        show::more(show::certificate(certificate));
        show::more(format_args!("  SHA-256 fingerprint {sha256}"));
    }
    Ok(())
}

/// Shows each certificate that has a role, once.
fn show_roles(roles: &CaRoles<'_>) {
    let mut certificates: Vec<_> = roles.chain().iter().rev().collect();
    certificates.push(roles.recipient());
    certificates.extend(roles.reply_signers());
    for (at, certificate) in certificates.iter().enumerate() {
        if !certificates[..at].contains(certificate) {
            let its = roles_of(certificate, roles).join(", ");
            show::more(format_args!("\"{}\": {its}", certificate.subject()));
        }
    }
}

fn roles_of(certificate: &Certificate<'_>, roles: &CaRoles<'_>) -> Vec<String> {
    let mut its = Vec::new();
    if certificate == roles.pinned() {
        its.push("trusted".to_owned());
    }
    if certificate == roles.issuer() {
        its.push(CaRole::IssuingCa.to_string());
    }
    if certificate == roles.recipient() {
        let (role, reason) = (CaRole::Recipient, roles.recipient_reason());
        its.push(format!("{role} ({reason})"));
    }
    for (signer, reason) in roles
        .reply_signers()
        .iter()
        .zip(roles.reply_signer_reasons())
    {
        if certificate == signer {
            its.push(format!("{} ({reason})", CaRole::ReplySigner));
        }
    }
    its
}
