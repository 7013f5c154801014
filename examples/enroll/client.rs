//! The client: makes requests, and reads replies. It never sees anything of the CA but bytes.

use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{CryptoError, CryptoRng, Policy, Provider, SigningKey};
use scep::{
    BuildError, CaRoles, Capabilities, Capability, CertRep, Certificate, Crl, Csr, CsrBuilder,
    Failure, Fingerprint, FingerprintAlgorithm, Granted, IssuerAndSerialNumber, Limits,
    NextCaCertificates, PendingRequest, PkiMessage, Recipient, RequestBuilder,
    SignerCertificateBuilder, SignerIdentity, Validity,
};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use crate::show::Outcome;

const DAY: i64 = 24 * 60 * 60;

/// What a client knows of its CA, after it checked that.
pub struct Client {
    provider: Provider,
    policy: Policy,
    ca: Certificate<'static>,
}

/// A key, and a certificate on it: who signs a request, and to whom the reply is encrypted.
pub struct Holder {
    pub key: RsaKey,
    pub certificate: Certificate<'static>,
}

/// Whom the certificate is for.
pub struct Device {
    subject: Name,
    dns_name: SubjectAltName,
}

/// A request's bytes, and what the client keeps to read the reply.
pub type Sent = (Vec<u8>, PendingRequest);

/// What the CA says.
pub enum Answer {
    Granted(Box<Granted>),
    Refused(Failure),
    Pending,
}

impl Device {
    pub fn new(subject: &str, dns_name: &str) -> Outcome<Self> {
        let dns_name = GeneralName::DnsName(dns_name.to_owned().try_into()?);
        Ok(Self {
            subject: subject.parse()?,
            dns_name: SubjectAltName(vec![dns_name]),
        })
    }

    /// A certificate that the device makes itself: its first request is signed with it.
    pub fn self_signed(
        &self,
        key: &RsaKey,
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate<'static>, BuildError> {
        let provider = Provider::rustcrypto();
        let validity = Validity {
            not_before: now - DAY,
            not_after: now + 7 * DAY,
        };
        SignerCertificateBuilder::new(&self.subject, key.public_key_der(), validity)
            .build(key.algorithms()[0], &provider, rng)?
            .sign(key, &provider, rng)
    }

    fn csr(
        &self,
        key: &RsaKey,
        challenge: Option<&str>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Csr, BuildError> {
        let mut csr =
            CsrBuilder::new(&self.subject, key.public_key_der()).subject_alt_names(&self.dns_name);
        if let Some(challenge) = challenge {
            csr = csr.challenge_password(challenge);
        }
        csr.build(key.algorithms()[0])?
            .sign(key, &Provider::rustcrypto(), rng)
    }
}

/// Whether a CA can do all that the client is going to do. Nobody signs that answer, so it only chooses.
pub fn can_do_all(body: &[u8]) -> bool {
    let capabilities = Capabilities::parse(body);
    [
        Capability::Aes,
        Capability::Sha256,
        Capability::PostPkiOperation,
        Capability::Renewal,
        Capability::GetNextCaCert,
    ]
    .iter()
    .all(|capability| capabilities.supports(*capability))
}

/// The SHA-256 fingerprint of a certificate.
pub fn fingerprint(certificate: &Certificate<'_>) -> Result<Fingerprint, CryptoError> {
    Fingerprint::of(
        FingerprintAlgorithm::Sha256,
        certificate,
        &Provider::rustcrypto(),
    )
}

impl Client {
    /// Reads GetCACert's body, which nobody signs either: it is the CA's if it has the fingerprint that the client was
    /// given in another way.
    pub fn new(body: &[u8], fingerprint: Fingerprint) -> Outcome<Self> {
        let ca = Certificate::from_der(body)?.into_owned();
        if self::fingerprint(&ca)? != fingerprint {
            return Err("the certificate has another fingerprint".into());
        }
        Ok(Self {
            provider: Provider::rustcrypto(),
            policy: Policy::default(),
            ca,
        })
    }

    /// PKCSReq.
    pub fn enrol(
        &self,
        device: &Device,
        holder: &Holder,
        challenge: &str,
        rng: &mut dyn CryptoRng,
    ) -> Result<Sent, BuildError> {
        let csr = device.csr(&holder.key, Some(challenge), rng)?;
        self.send(holder, rng, |signer, ca| {
            Ok(RequestBuilder::pkcs_req(&csr, signer, ca))
        })
    }

    /// CertPoll.
    pub fn poll(
        &self,
        pending: &PendingRequest,
        holder: &Holder,
        rng: &mut dyn CryptoRng,
    ) -> Result<Sent, BuildError> {
        self.send(holder, rng, |signer, ca| {
            RequestBuilder::cert_poll(pending, signer, ca)
        })
    }

    /// RenewalReq: asks for a certificate on a new key, signed with the old one.
    pub fn renew(
        &self,
        device: &Device,
        old: &Holder,
        new_key: &RsaKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<Sent, BuildError> {
        let csr = device.csr(new_key, None, rng)?;
        self.send(old, rng, |signer, ca| {
            Ok(RequestBuilder::renewal_req(&csr, signer, ca))
        })
    }

    /// GetCert.
    pub fn get_cert(
        &self,
        wanted: &Certificate<'_>,
        holder: &Holder,
        rng: &mut dyn CryptoRng,
    ) -> Result<Sent, BuildError> {
        let wanted = IssuerAndSerialNumber::of(wanted);
        self.send(holder, rng, |signer, ca| {
            Ok(RequestBuilder::get_cert(wanted, signer, ca))
        })
    }

    /// GetCRL.
    pub fn get_crl(
        &self,
        certificate: &Certificate<'_>,
        holder: &Holder,
        rng: &mut dyn CryptoRng,
    ) -> Result<Sent, BuildError> {
        let certificate = IssuerAndSerialNumber::of(certificate);
        self.send(holder, rng, |signer, ca| {
            Ok(RequestBuilder::get_crl(certificate, signer, ca))
        })
    }

    fn send(
        &self,
        holder: &Holder,
        rng: &mut dyn CryptoRng,
        request: impl for<'b> FnOnce(
            &'b SignerIdentity<'b>,
            &'b CaRoles<'b>,
        ) -> Result<RequestBuilder<'b>, BuildError>,
    ) -> Result<Sent, BuildError> {
        let signer = SignerIdentity::new(&holder.certificate, &holder.key)?;
        let ca = CaRoles::new(&self.ca);
        request(&signer, &ca)?
            .build(&self.provider, &self.policy, rng)?
            .sign(&holder.key, rng)
    }

    /// Reads the reply to a request. A reply to another request, or by somebody else than the CA, is an error, and leaves
    /// the request waiting for its reply.
    pub fn read(
        &self,
        reply: &[u8],
        pending: &PendingRequest,
        holder: &Holder,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Answer> {
        let ca = CaRoles::new(&self.ca);
        let reply = PkiMessage::parse(reply, &Limits::REPLY)?;
        let answer = pending.accept(&reply, &ca, &self.provider, &self.policy)?;
        Ok(match answer {
            CertRep::Success(sealed) => {
                let recipient = Recipient::new(&holder.certificate, &holder.key)?;
                let granted = sealed.open(&self.provider, &recipient, rng)?;
                Answer::Granted(Box::new(granted))
            }
            CertRep::Failure(failure) => Answer::Refused(failure),
            CertRep::Pending => Answer::Pending,
        })
    }

    /// Reads GetNextCACert's body: what the CA of today signed.
    pub fn next_ca(&self, body: &[u8]) -> Outcome<Certificate<'static>> {
        let next = NextCaCertificates::parse(body, &Limits::REPLY)?;
        let signed = next.verify(&[&self.ca], &self.provider, &self.policy)?;
        let first = signed.certificates().next();
        Ok(first.ok_or("the body has no certificate")??.into_owned())
    }

    /// The CA's certificate.
    pub fn ca(&self) -> &Certificate<'static> {
        &self.ca
    }

    /// Whether the CA issued a certificate.
    pub fn issued(&self, certificate: &Certificate<'_>) -> bool {
        let issued = certificate.verify_issued_by(&self.ca, &self.provider, &self.policy);
        issued.is_ok()
    }

    /// Whether a list says that a certificate is revoked; an error if the CA did not sign it, or if it does not tell.
    pub fn revoked(
        &self,
        crl: &Crl<'_>,
        certificate: &Certificate<'_>,
    ) -> Result<bool, scep::Error> {
        crl.verify_issued_by(&self.ca, &self.provider, &self.policy)?;
        Ok(crl.contains_serial(certificate.serial())?)
    }
}
