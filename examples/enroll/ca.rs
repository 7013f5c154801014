//! The CA: a SCEP server, as its author would write it.

use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{CryptoRng, Policy, Provider};
use scep::{
    Capabilities, Capability, Certificate, Limits, NextCaBuilder, PkiMessage, Recipient,
    SignerIdentity, SignerTrust,
};

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
    next: Issuer,
    /// Where it is decided.
    pub office: Office,
}

impl Ca {
    /// A CA that issues to whoever knows the challenge password.
    pub fn new(challenge: &str, now: i64, rng: &mut dyn CryptoRng) -> Outcome<Self> {
        let private_key = rsa::PrivateKey::new(rng, 2048)?;
        let key = RsaKey::try_from(private_key.clone())?;
        let issuer = Issuer::root("CN=Example CA,O=Example", private_key, now - DAY, rng)?;
        let next_key = rsa::PrivateKey::new(rng, 2048)?;
        let next = Issuer::root("CN=Example CA,O=Example", next_key, now + 30 * DAY, rng)?;
        Ok(Self {
            provider: Provider::rustcrypto(),
            policy: Policy::default(),
            certificate: issuer.certificate().clone(),
            key,
            next,
            office: Office::new(issuer, challenge),
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
        match operation {
            "GetCACaps" => Ok(Capabilities::of(&[
                Capability::ScepStandard,
                Capability::Aes,
                Capability::Sha256,
                Capability::PostPkiOperation,
                Capability::Renewal,
                Capability::GetNextCaCert,
            ])
            .to_string()
            .into_bytes()),
            "GetCACert" => Ok(self.certificate.as_der().to_vec()),
            "GetNextCACert" => {
                let signer = SignerIdentity::new(&self.certificate, &self.key)?;
                let next = [self.next.certificate().clone()];
                let body = NextCaBuilder::new(&next, &signer);
                let body = body.build(&self.provider, &self.policy)?;
                Ok(body.sign(&self.key, rng)?)
            }
            "PKIOperation" => self.pki_operation(message, now, rng),
            other => Err(format!("there is no operation {other}").into()),
        }
    }

    /// Parse, verify, open, decide, reply.
    fn pki_operation(
        &mut self,
        bytes: &[u8],
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Vec<u8>> {
        let message = PkiMessage::parse(bytes, &Limits::REQUEST)?;
        let signer = SignerIdentity::new(&self.certificate, &self.key)?;
        // First requests are signed by a certificate that a client made itself, all others by one that this CA issued.
        let trust = SignerTrust::new().self_issued().issuer(&self.certificate);
        let recipients = [Recipient::new(&self.certificate, &self.key)?];
        let request = match message.receive(&self.provider, &self.policy, &trust, &recipients, rng)
        {
            Ok(request) => request,
            Err(error) => {
                show::refused(error.fail_info(), error);
                let refusal = message.refuse(&self.provider, &self.policy, &signer);
                let reply = refusal.because(error, rng)?;
                return Ok(reply.sign(&self.key, rng)?);
            }
        };
        show::opened(&request);
        let reply = request.reply(&self.provider, &signer);
        let reply = match self.office.decide(&request, now, rng)? {
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
        };
        Ok(reply.sign(&self.key, rng)?)
    }
}
