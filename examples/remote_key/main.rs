//! A CA whose private key is somewhere else and answers late, and clients who do not wait in line for it.
//!
//! ```sh
//! cargo run --release --example remote_key
//! ```
//!
//! One thread serves a hundred requests. Each needs the key three times: to decrypt the content-encryption key, to sign the
//! certificate, and to sign the reply. While one request waits for an answer, the others go on.

mod device;
mod issue;
mod vault;

use std::error::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};

use der::Decode;
use device::Device;
use getrandom::SysRng;
use getrandom::rand_core::{CryptoRng, Rng, UnwrapErr};
use issue::{Profile, issue};
use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{
    CryptoError, DigestAlgorithm, Policy, Provider, SignatureAlgorithm, SubstituteSecret,
};
use scep::{
    CaRoles, Certificate, Csr, FailInfo, Limits, PkiMessage, Request, SignerIdentity, SignerTrust,
    UnsignedReply,
};
use tokio::task::{JoinSet, LocalSet};
use vault::RemoteKey;
use x509_cert::name::Name;

type Outcome<T> = Result<T, Box<dyn Error>>;

const REQUESTS: usize = 100;
const DELAY: Duration = Duration::from_millis(50);
const CHALLENGE: &str = "not-a-real-secret";
const ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    LocalSet::new().block_on(&runtime, run())
}

async fn run() -> Outcome<()> {
    let ca = Rc::new(Ca::new().await?);
    let roles = CaRoles::new(&ca.certificates[0]);
    let device = Device::new(ca.provider)?;
    let requests: Outcome<Vec<_>> = (0..REQUESTS).map(|_| device.ask(&roles)).collect();
    let requests = requests?;
    let delay = DELAY.as_millis();
    println!("{REQUESTS} requests are ready. The CA's key answers after {delay} ms.");

    let started = Instant::now();
    let mut turns = JoinSet::new();
    for (request, pending) in requests {
        let ca = Rc::clone(&ca);
        turns.spawn_local(async move {
            let reply = ca.answer(&request).await;
            (reply.map_err(|error| error.to_string()), pending)
        });
    }
    let mut replies = Vec::new();
    while let Some(turn) = turns.join_next().await {
        let (reply, pending) = turn?;
        replies.push((reply?, pending));
    }
    let (count, took) = (replies.len(), started.elapsed().as_millis());
    println!("{count} replies after {took} ms, on one thread.");

    for (reply, pending) in &replies {
        device.read(reply, pending, &roles)?;
    }
    println!("{count} certificates are issued and read.");
    Ok(())
}

/// A CA that has everything but its private key.
struct Ca {
    provider: Provider,
    policy: Policy,
    certificates: [Certificate<'static>; 1],
    key: RemoteKey,
    /// 32 random bytes that are kept beside the certificate, as secret as the key: see `open`.
    substitute: SubstituteSecret,
}

impl Ca {
    async fn new() -> Outcome<Self> {
        let name: Name = "CN=CA with a remote key".parse()?;
        let key = RsaKey::generate(2048, &mut rng())?;
        let public_key = key.public_key_der().to_vec();
        let key = vault::open(key, DELAY)?;
        let profile = Profile {
            issuer: name.clone(),
            subject: name,
            is_ca: true,
        };
        let mut substitute = [0; 32];
        rng().fill_bytes(&mut substitute);
        Ok(Self {
            provider: Provider::rustcrypto(),
            policy: Policy::default(),
            certificates: [issue(profile, &public_key, &key).await?],
            key,
            substitute: SubstituteSecret::new(substitute),
        })
    }

    /// A request's bytes in, a reply's bytes out.
    async fn answer(&self, body: &[u8]) -> Outcome<Vec<u8>> {
        // What is no message has no reply: HTTP 400.
        let message = PkiMessage::parse(body, &Limits::REQUEST)?;
        let signer = SignerIdentity::remote(&self.certificates[0], &[ALGORITHM]);
        match self.open(&message).await {
            Ok(request) => self.decide(&request, &signer).await,
            Err(error) => {
                let refusal = message.refuse(&self.provider, &self.policy, &signer);
                self.sign(refusal.because(error, &mut rng())?).await
            }
        }
    }

    /// Verifies a request, has its content-encryption key decrypted, and opens it.
    async fn open(&self, message: &PkiMessage<'_>) -> Result<Request, scep::Error> {
        let trust = SignerTrust::new().self_issued();
        let verified = message.verify(&self.provider, &self.policy, &trust)?;
        let mut encrypted = verified.encrypted_key(&self.certificates)?;
        let mut content_key = Err(CryptoError::Failed);
        // Where a message leaves open which of two it was, trying the second is the only branch on what the key answers.
        for transport in encrypted.transports() {
            content_key = self.key.decrypt_key(transport, encrypted.as_bytes()).await;
            if content_key.is_ok() {
                encrypted = encrypted.decrypted_with(transport);
                break;
            }
        }
        // A failure goes on with a substitute key, so that nobody learns which of the two it was.
        Ok(verified.open_with(&self.provider, &encrypted, content_key, &self.substitute)?)
    }

    /// What the CA says to an opened request.
    async fn decide(&self, request: &Request, signer: &SignerIdentity<'_>) -> Outcome<Vec<u8>> {
        let reply = request.reply(&self.provider, signer);
        let unsigned = match request.csr() {
            Some(csr) if csr.challenge_password().verify(CHALLENGE.as_bytes()) => {
                // Nothing is issued that could not be delivered.
                match reply.success_envelope(&mut rng()) {
                    Ok(_) => reply.success(&[self.issue(csr).await?], &mut rng())?,
                    Err(_) => {
                        let text = Some("no reply can be encrypted to this key");
                        reply.failure(FailInfo::BadAlg, text, &mut rng())?
                    }
                }
            }
            _ => reply.failure(FailInfo::BadRequest, Some("not granted"), &mut rng())?,
        };
        self.sign(unsigned).await
    }

    async fn issue(&self, csr: &Csr) -> Outcome<Certificate<'static>> {
        let profile = Profile {
            issuer: Name::from_der(self.certificates[0].subject_der())?,
            subject: csr.subject().to_x509()?,
            is_ca: false,
        };
        issue(profile, csr.public_key_der(), &self.key).await
    }

    async fn sign(&self, reply: UnsignedReply) -> Outcome<Vec<u8>> {
        let signature = self
            .key
            .sign(reply.algorithm(), reply.to_be_signed())
            .await?;
        Ok(reply.attach(&signature, &self.provider)?)
    }
}

fn rng() -> impl CryptoRng {
    UnwrapErr(SysRng)
}
