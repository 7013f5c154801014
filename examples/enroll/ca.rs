//! The CA: a SCEP server, as its author would write it.

use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{CryptoRng, Policy, Provider};
use scep::server::{Authority, Received, Server};
use scep::{Certificate, FailInfo, SignerTrust};

use crate::issue::Issuer;
use crate::office::{Decision, Office};
use crate::show::{self, Outcome};

const DAY: i64 = 24 * 60 * 60;

/// What the server needs to speak SCEP.
pub struct Ca {
    provider: Provider,
    policy: Policy,
    certificate: Certificate<'static>,
    key: RsaKey,
    next: [Certificate<'static>; 1],
    /// Where it is decided.
    pub office: Office,
}

impl Ca {
    /// A CA that issues to whoever knows the challenge password.
    pub fn new(challenge: &str, now: i64, rng: &mut dyn CryptoRng) -> Outcome<Self> {
        let provider = Provider::rustcrypto();
        let private_key = rsa::PrivateKey::new(rng, 2048)?;
        let key = RsaKey::try_from(private_key.clone())?;
        let issuer = Issuer::root("CN=Example CA,O=Example", private_key, now - DAY, rng)?;
        let next_key = rsa::PrivateKey::new(rng, 2048)?;
        let next = Issuer::root("CN=Example CA,O=Example", next_key, now + 30 * DAY, rng)?;
        Ok(Self {
            provider,
            policy: Policy::default(),
            certificate: issuer.certificate().clone(),
            key,
            next: [next.certificate().clone()],
            office: Office::new(issuer, challenge, provider),
        })
    }

    pub fn certificate(&self) -> &Certificate<'static> {
        &self.certificate
    }

    /// Answers an HTTP request: its operation, and the message, if it has one. An error is an HTTP error:
    /// 400 if the message cannot be read, else 500.
    pub fn receive(
        &mut self,
        operation: &str,
        message: &[u8],
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Vec<u8>> {
        // First requests are signed by a certificate that a client made itself, all others by one that this CA issued.
        let trust = SignerTrust::new().self_issued().issuer(&self.certificate);
        let authority = Authority::new(&self.certificate, &self.key)?;
        let server =
            Server::new(&self.provider, &self.policy, trust, authority).with_next_ca(&self.next);
        match operation {
            "GetCACaps" => Ok(server.capabilities().to_string().into_bytes()),
            "GetCACert" => Ok(server.ca_certificates().into_body()),
            "GetNextCACert" => {
                let next = server.next_ca_certificates(rng)?;
                Ok(next.ok_or("there is no next CA")?.into_body())
            }
            "PKIOperation" => pki_operation(&server, &mut self.office, message, now, rng),
            other => Err(format!("there is no operation {other}").into()),
        }
    }
}

/// Receive, decide, reply.
fn pki_operation(
    server: &Server<'_>,
    office: &mut Office,
    message: &[u8],
    now: i64,
    rng: &mut dyn CryptoRng,
) -> Outcome<Vec<u8>> {
    let request = match server.receive(message, rng)? {
        Received::Request(request) => request,
        Received::Refused(refused) => {
            let error = refused.error();
            show::refused(error.fail_info(), error);
            return Ok(refused.into_reply());
        }
    };
    show::opened(&request);
    let mut reply = server.reply(&request);
    // Before anything is issued: can it be delivered?
    let decision = if request.csr().is_some() && reply.success_envelope(rng).is_err() {
        let why = "no reply can be encrypted to the signer's key";
        Decision::Refused(FailInfo::BadAlg, why)
    } else {
        office.decide(&request, now, rng)?
    };
    if let Some(enrolment) = office.enrolment(&request)? {
        reply = reply.answering(enrolment);
    }
    Ok(match decision {
        Decision::Certificate(certificate) => {
            let line = show::certificate(&certificate);
            show::says("CA", format_args!("grants {line}"));
            reply.success(&[certificate], rng)?
        }
        Decision::Crl(crl) => {
            show::says("CA", "grants its list of revoked certificates");
            reply.success_crl(&crl, rng)?
        }
        Decision::Pending => reply.pending(rng)?,
        Decision::Refused(info, why) => {
            show::refused(info, why);
            reply.failure(info, Some(why), rng)?
        }
    })
}
