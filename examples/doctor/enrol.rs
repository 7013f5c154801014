//! An enrolment, to see whether it works.

use std::fmt::Display;

use getrandom::SysRng;
use scep::client::{Client, Outcome, Requester};
use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{CryptoRng, DigestAlgorithm, Provider, SignatureAlgorithm};
use scep::http::ClientRequest;
use scep::{
    BuildError, CaCertificates, CaPin, CaRoles, Capabilities, Certificate, Csr, CsrBuilder,
    Fingerprint, Negotiation, OpenError, SignerCertificateBuilder, TransactionError, Validity,
    VerifyError,
};
use signature::rand_core::UnwrapErr;

use crate::arguments::Wish;
use crate::report::Enrolment;
use crate::server::{Answer, Server};

/// What is known of the CA.
pub struct Ca<'c> {
    pub offered: &'c CaCertificates<'c>,
    pub capabilities: &'c Capabilities,
    pub fingerprint: Option<Fingerprint>,
}

/// What went to and fro.
pub struct Exchange {
    pub request: Vec<u8>,
    pub csr: Csr,
    pub answer: Answer,
}

/// Tries to enrol, and tells what came of it, with the messages if there were any.
pub fn enrol(
    wish: &Wish,
    ca: &Ca<'_>,
    url: &str,
    now: i64,
    server: &Server,
) -> (Enrolment, Option<Exchange>) {
    let provider = Provider::rustcrypto();
    let (roles, negotiation) = match prepare(wish, ca, now, &provider) {
        Ok(prepared) => prepared,
        Err(why) => return (Enrolment::NotTried(why), None),
    };
    let device = match Device::new(wish, now, &provider) {
        Ok(device) => device,
        Err(error) => return (Enrolment::NotTried(error.to_string()), None),
    };
    let requester = match Requester::new(&device.certificate, &device.key) {
        Ok(requester) => requester,
        Err(error) => return (Enrolment::NotTried(error.to_string()), None),
    };
    let client = Client::new(&provider, &wish.policy, &roles, negotiation, &requester);
    let mut enrolment = client.enrol(&device.csr, &mut rng());
    let request = match enrolment.next_request(&mut rng()) {
        Ok(request) => request,
        Err(error) => return (Enrolment::NotTried(error.to_string()), None),
    };
    let message = ClientRequest::pki_operation(url, negotiation.method(), request.clone());
    let answer = match server.ask(&message) {
        Ok(answer) => answer,
        Err(why) => return (Enrolment::Failed(why), None),
    };
    let outcome = match enrolment.accept(answer.status, &answer.body, &mut rng()) {
        Ok(Outcome::Issued(issued)) => Enrolment::Issued(issued.into_certificate()),
        Ok(Outcome::Refused(failure)) => Enrolment::Refused(failure.to_string()),
        Ok(Outcome::Pending) => Enrolment::Pending,
        Err(
            error @ (TransactionError::Verify(VerifyError::Refused(_))
            | TransactionError::Open(OpenError::Refused(_))),
        ) => Enrolment::Failed(format!("{error} (see --policy)")),
        Err(error) => Enrolment::Failed(error.to_string()),
    };
    let exchange = Exchange {
        request,
        csr: device.csr,
        answer,
    };
    (outcome, Some(exchange))
}

/// Decides whom to trust and how to write, or tells why that cannot be done.
fn prepare(
    wish: &Wish,
    ca: &Ca<'_>,
    now: i64,
    provider: &Provider,
) -> Result<(CaRoles<'static>, Negotiation), String> {
    let failed = |error: &dyn Display| error.to_string();
    let fingerprint = ca.fingerprint.ok_or("no fingerprint of the CA is given")?;
    let pin = CaPin::fingerprint(fingerprint);
    let roles = CaRoles::select(ca.offered, &pin, now, &wish.rules, provider, &wish.policy);
    let negotiation = Negotiation::new(ca.capabilities, &wish.policy);
    Ok((
        roles.map_err(|error| failed(&error))?,
        negotiation.map_err(|error| failed(&error))?,
    ))
}

/// Whoever enrols, for this time only.
struct Device {
    key: RsaKey,
    csr: Csr,
    certificate: Certificate<'static>,
}

const KEY_BITS: usize = 2048;
const ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
const DAY: i64 = 86_400;

impl Device {
    fn new(wish: &Wish, now: i64, provider: &Provider) -> Result<Self, BuildError> {
        let key = RsaKey::generate(KEY_BITS, &mut rng())?;
        let mut csr = CsrBuilder::new(&wish.subject, key.public_key_der());
        if let Some(challenge) = &wish.challenge {
            csr = csr.challenge_password(challenge);
        }
        let csr = csr.build(ALGORITHM)?.sign(&key, provider, &mut rng())?;
        let validity = Validity {
            not_before: now - DAY,
            not_after: now + DAY,
        };
        let certificate =
            SignerCertificateBuilder::new(&wish.subject, key.public_key_der(), validity)
                .build(ALGORITHM, provider, &mut rng())?
                .sign(&key, provider, &mut rng())?;
        Ok(Self {
            key,
            csr,
            certificate,
        })
    }
}

/// The operating system's random numbers.
fn rng() -> impl CryptoRng {
    UnwrapErr(SysRng)
}
