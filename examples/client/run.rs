//! What every task needs.

use std::time::SystemTime;

use getrandom::SysRng;
use scep::Certificate;
use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{CryptoRng, Provider};
use signature::rand_core::UnwrapErr;

use crate::arguments::{KeySource, Options};
use crate::dir::{CERTIFICATE, Dir, KEY, Readers};
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
    pub key: RsaKey,
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
    pub fn key(&self, name: &str) -> Outcome<Option<RsaKey>> {
        let Some(text) = self.dir.read(name)? else {
            return Ok(None);
        };
        let key = pem::key(&text);
        key.map(Some).map_err(|error| self.dir.damaged(name, error))
    }

    /// The key in a file for the certificate that is wanted, if there is such a file. It is the one that the user wants.
    pub fn wanted_key(&self, name: &str) -> Outcome<Option<RsaKey>> {
        let Some(key) = self.key(name)? else {
            return Ok(None);
        };
        let is_wanted = match &self.options.key {
            None => true,
            Some(KeySource::New(bits)) => key.modulus_bits() == *bits,
            Some(KeySource::File(other)) => key.public_key_der() == other.public_key_der(),
        };
        let path = self.dir.path(name);
        if !is_wanted {
            return Err(Stop::Usage(format!(
                "--key: the key in {path} is another: leave --key out, or choose another --out"
            )));
        }
        show::step(
            "key",
            format_args!("RSA {}, from {path}", key.modulus_bits()),
        );
        Ok(Some(key))
    }

    /// The key in DIR or, if there is none, a new one.
    pub fn key_or_new(&self) -> Outcome<RsaKey> {
        match self.wanted_key(KEY)? {
            Some(key) => Ok(key),
            None => self.new_key(KEY, 2048),
        }
    }

    /// Makes a key as the user wants, or else of so many bits, and keeps it before it is used.
    pub fn new_key(&self, name: &str, bits: usize) -> Outcome<RsaKey> {
        let failed = |error| Stop::failed("key", error);
        let path = self.dir.path(name);
        let der = match &self.options.key {
            Some(KeySource::File(key)) => {
                show::step(
                    "key",
                    format_args!("RSA {}, copied to {path}", key.modulus_bits()),
                );
                key.to_pkcs8_der()
            }
            wanted => {
                let bits = match wanted {
                    Some(KeySource::New(bits)) => *bits,
                    _ => bits,
                };
                show::step("key", format_args!("RSA {bits}, new, for {path}"));
                RsaKey::generate(bits, &mut rng()).and_then(|key| key.to_pkcs8_der())
            }
        };
        let der = der.map_err(failed)?;
        self.dir
            .write_pem(name, pem::PRIVATE_KEY, [&der[..]], Readers::Owner)?;
        RsaKey::from_pkcs8_der(&der).map_err(failed)
    }
}

impl Holder {
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
