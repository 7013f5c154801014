//! What every task needs.

use std::time::SystemTime;

use getrandom::SysRng;
use scep::Certificate;
use scep::client::Requester;
use scep::crypto::{CryptoRng, Provider};
use signature::rand_core::UnwrapErr;

use crate::arguments::{KeySource, Options};
use crate::dir::{CERTIFICATE, Dir, KEY, Readers};
use crate::key::{Key, KeyKind};
use crate::pem;
use crate::server::Server;
use crate::show;
use crate::stop::{Outcome, Stop};

/// A run of the program.
pub struct Run<'o> {
    pub options: &'o Options,
    pub dir: Dir,
    pub server: Server,
    pub provider: Provider,
    /// In Unix seconds.
    pub now: i64,
}

/// A key, and a certificate on it: who signs a request, and to whom the reply is encrypted.
pub struct Holder {
    pub key: Key,
    pub certificate: Certificate<'static>,
}

impl<'o> Run<'o> {
    pub fn new(options: &'o Options) -> Outcome<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.ok().and_then(|now| i64::try_from(now.as_secs()).ok());
        Ok(Self {
            options,
            dir: Dir::open(&options.out)?,
            server: Server::new(&options.url, options.ca_identifier.as_deref()),
            provider: Provider::rustcrypto(),
            now: now.ok_or_else(|| Stop::Usage("the clock of this machine is wrong".to_owned()))?,
        })
    }

    /// The certificate that the CA issued, with its key, if DIR has one.
    pub fn holder(&self) -> Outcome<Option<Holder>> {
        let Some(certificate) = self.certificate(CERTIFICATE)? else {
            return Ok(None);
        };
        match self.key(KEY)? {
            Some(key) => Ok(Some(Holder { key, certificate })),
            None => Err(self.dir.damaged(CERTIFICATE, "its key.pem is not there")),
        }
    }

    /// The certificate in a file, if there is such a file.
    pub fn certificate(&self, name: &str) -> Outcome<Option<Certificate<'static>>> {
        let Some(der) = self.dir.read_pem(name, pem::CERTIFICATE)? else {
            return Ok(None);
        };
        let certificate = Certificate::from_der(der.to_vec());
        certificate
            .map(Some)
            .map_err(|error| self.dir.damaged(name, error))
    }

    /// Writes certificates into a file.
    pub fn write_certificates<'c, 'd: 'c>(
        &self,
        name: &str,
        certificates: impl IntoIterator<Item = &'c Certificate<'d>>,
    ) -> Outcome<()> {
        let ders = certificates.into_iter().map(Certificate::as_der);
        self.dir
            .write_pem(name, pem::CERTIFICATE, ders, Readers::Everybody)
    }

    /// The key in a file, if there is such a file.
    pub fn key(&self, name: &str) -> Outcome<Option<Key>> {
        let Some(text) = self.dir.read(name)? else {
            return Ok(None);
        };
        let key = pem::key(&text);
        key.map(Some).map_err(|error| self.dir.damaged(name, error))
    }

    /// The key in a file for the certificate that is wanted, if there is such a file. It is the one that the user wants.
    pub fn wanted_key(&self, name: &str) -> Outcome<Option<Key>> {
        let Some(key) = self.key(name)? else {
            return Ok(None);
        };
        let is_wanted = match &self.options.key {
            None => true,
            Some(KeySource::New(kind)) => key.kind() == *kind,
            Some(KeySource::File(other)) => key.public_key_der() == other.public_key_der(),
        };
        let path = self.dir.path(name);
        if !is_wanted {
            return Err(Stop::Usage(format!(
                "--key: the key in {path} is another: leave --key out, or choose another --out"
            )));
        }
        show::step("key", format_args!("{}, from {path}", key.kind()));
        Ok(Some(key))
    }

    /// The key in DIR or, if there is none, a new one.
    pub fn key_or_new(&self) -> Outcome<Key> {
        match self.wanted_key(KEY)? {
            Some(key) => Ok(key),
            None => self.new_key(KEY, KeyKind::Rsa(2048)),
        }
    }

    /// Makes a key as the user wants, or else of this kind, and keeps it before it is used.
    pub fn new_key(&self, name: &str, kind: KeyKind) -> Outcome<Key> {
        let failed = |error| Stop::failed("key", error);
        let path = self.dir.path(name);
        let der = match &self.options.key {
            Some(KeySource::File(key)) => {
                show::step("key", format_args!("{}, copied to {path}", key.kind()));
                key.to_pkcs8_der()
            }
            wanted => {
                let kind = match wanted {
                    Some(KeySource::New(kind)) => *kind,
                    _ => kind,
                };
                show::step("key", format_args!("{kind}, new, for {path}"));
                kind.generate(&mut rng())
            }
        };
        let der = der.map_err(failed)?;
        self.dir
            .write_pem(name, pem::PRIVATE_KEY, [&der[..]], Readers::Owner)?;
        Key::from_pkcs8_der(&der).map_err(failed)
    }
}

impl Holder {
    /// Whoever signs a request and opens its reply, also with the challenge password that they share with the CA.
    pub fn requester<'h>(
        &'h self,
        step: &str,
        challenge: Option<&'h str>,
    ) -> Outcome<Requester<'h>> {
        let challenge = challenge.filter(|challenge| !challenge.is_empty());
        let kind = self.key.kind();
        if self.key.only_signs() && challenge.is_none() {
            return Err(Stop::Usage(format!(
                "--challenge is missing: a key of {kind} only signs, and the reply to it is encrypted under the challenge password"
            )));
        }
        let requester = self.key.requester(&self.certificate);
        let requester = requester.map_err(|error| Stop::failed(step, error))?;
        Ok(match challenge {
            Some(challenge) => requester.with_challenge(challenge),
            None => requester,
        })
    }

    /// Whether the certificate has run out.
    pub fn is_expired(&self, now: i64) -> bool {
        let validity = self.certificate.validity();
        validity.is_some_and(|validity| validity.not_after < now)
    }
}

/// The operating system's random numbers.
pub fn rng() -> impl CryptoRng {
    UnwrapErr(SysRng)
}
