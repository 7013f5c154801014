//! Who asks, with a key of its own at hand.

use std::time::{SystemTime, UNIX_EPOCH};

use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{Policy, Provider};
use scep::{
    CaRoles, CertRep, Certificate, CsrBuilder, Limits, PendingRequest, PkiMessage, Recipient,
    RequestBuilder, SignerCertificateBuilder, SignerIdentity, Validity,
};
use x509_cert::name::Name;

use crate::{ALGORITHM, CHALLENGE, Outcome, rng};

const DAY: i64 = 24 * 60 * 60;

pub struct Device {
    provider: Provider,
    policy: Policy,
    subject: Name,
    key: RsaKey,
    /// Made by itself, to sign its requests.
    certificate: Certificate<'static>,
}

impl Device {
    pub fn new(provider: Provider) -> Outcome<Self> {
        let (subject, key): (Name, _) = ("CN=device".parse()?, RsaKey::generate(2048, &mut rng())?);
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let now = i64::try_from(now)?;
        let validity = Validity {
            not_before: now - DAY,
            not_after: now + DAY,
        };
        let certificate = SignerCertificateBuilder::new(&subject, key.public_key_der(), validity)
            .build(ALGORITHM, &provider, &mut rng())?
            .sign(&key, &provider, &mut rng())?;
        Ok(Self {
            provider,
            policy: Policy::default(),
            subject,
            key,
            certificate,
        })
    }

    /// A PKCSReq, and what reads its reply.
    pub fn ask(&self, ca: &CaRoles<'_>) -> Outcome<(Vec<u8>, PendingRequest)> {
        let csr = CsrBuilder::new(&self.subject, self.key.public_key_der())
            .challenge_password(CHALLENGE)
            .build(ALGORITHM)?
            .sign(&self.key, &self.provider, &mut rng())?;
        let signer = SignerIdentity::new(&self.certificate, &self.key)?;
        let request = RequestBuilder::pkcs_req(&csr, &signer, ca);
        let request = request.build(&self.provider, &self.policy, &mut rng())?;
        Ok(request.sign(&self.key, &mut rng())?)
    }

    /// The certificate in a reply.
    pub fn read(
        &self,
        reply: &[u8],
        pending: &PendingRequest,
        ca: &CaRoles<'_>,
    ) -> Outcome<Certificate<'static>> {
        let reply = PkiMessage::parse(reply, &Limits::REPLY)?;
        match pending.accept(&reply, ca, &self.provider, &self.policy)? {
            CertRep::Success(sealed) => {
                let recipient = Recipient::new(&self.certificate, &self.key)?;
                let granted = sealed.open(&self.provider, &recipient, &mut rng())?;
                Ok(granted.into_certificate().ok_or("no certificate")?)
            }
            CertRep::Failure(failure) => Err(failure.to_string().into()),
            CertRep::Pending => Err("PENDING".into()),
        }
    }
}
