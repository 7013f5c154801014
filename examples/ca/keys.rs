//! The CA's keys and certificates: made on first start, and read from DIR ever after.

use std::str::FromStr;

use scep::Certificate;
use scep::crypto::CryptoRng;
use x509_cert::name::Name;

use crate::dir::{Dir, Readers};
use crate::issue::{self, DAY, Issuer, Period, Role, Subject};
use crate::key::{Key, KeyKind};
use crate::options::Options;
use crate::serial::Serial;
use crate::{Outcome, pem};

/// Ten years for a CA and its RA, twenty for a root. All start a day early, for whoever's clock is slow.
const CA_DAYS: i64 = 3_650;
const ROOT_DAYS: i64 = 7_300;

/// All that the CA has.
pub struct Keys {
    /// The current CA, and the next and the old one, if there are such: each answers what is encrypted to it.
    pub generations: Vec<Generation>,
    /// The root above them, if there is one.
    pub root: Option<Certificate<'static>>,
}

/// One generation of the CA.
pub struct Generation {
    /// What the names of its files begin with.
    pub prefix: &'static str,
    pub ca: Holder,
    /// Who speaks SCEP in its place.
    pub ra: Option<Ra>,
}

/// The two certificates of an RA.
pub struct Ra {
    pub signing: Holder,
    pub encryption: Holder,
}

/// A certificate and its key, in files of one name: `NAME.pem` and `NAME.key`.
pub struct Holder {
    pub certificate: Certificate<'static>,
    pub key: Key,
}

const CURRENT: &str = "";
const NEXT: &str = "next-";
const OLD: &str = "old-";

impl Keys {
    /// Reads what is in DIR, and makes what is missing of what the options ask for.
    pub fn load(dir: &Dir, options: &Options, now: i64, rng: &mut dyn CryptoRng) -> Outcome<Self> {
        let mut maker = Maker {
            dir,
            ca_key: options.ca_key,
            now,
            rng,
        };
        let has_root = dir.contains("root.pem")?;
        if options.chain && !has_root && dir.contains("ca.pem")? {
            let path = dir.path("ca.pem");
            return Err(format!("--chain comes too late: {path} has no root above it").into());
        }
        let root = (options.chain || has_root).then(|| maker.root());
        let root = root.transpose()?;
        let mut generations = vec![maker.generation(CURRENT, options.ra, root.as_ref())?];
        for (prefix, wanted) in [(NEXT, options.next_ca), (OLD, false)] {
            if wanted || dir.contains(&format!("{prefix}ca.pem"))? {
                let has_ra = wanted && generations[0].ra.is_some();
                generations.push(maker.generation(prefix, has_ra, root.as_ref())?);
            }
        }
        let root = root.map(|root| root.certificate);
        Ok(Self { generations, root })
    }

    pub fn current(&self) -> &Generation {
        &self.generations[0]
    }

    /// The certificates of all CAs.
    pub fn cas(&self) -> impl Iterator<Item = &Certificate<'static>> {
        let cas = self
            .generations
            .iter()
            .map(|generation| &generation.ca.certificate);
        cas.chain(&self.root)
    }

    /// What clients are told of the next CA: its certificate, its RA's, and the root's.
    pub fn next_certificates(&self) -> Vec<Certificate<'static>> {
        let mut generations = self.generations.iter();
        let Some(next) = generations.find(|generation| generation.prefix == NEXT) else {
            return Vec::new();
        };
        let ra = next.ra.iter().flat_map(|ra| [&ra.signing, &ra.encryption]);
        let holders = [&next.ca].into_iter().chain(ra);
        let certificates = holders.map(|holder| &holder.certificate);
        certificates.chain(&self.root).cloned().collect()
    }
}

impl Generation {
    /// Whether the CA itself speaks SCEP. One that is given its RA later still answers whoever knows of none.
    pub fn speaks_itself(&self) -> bool {
        let usage = self.ca.certificate.key_usage();
        self.ra.is_none() || usage.is_some_and(|usage| usage.digital_signature())
    }
}

impl Holder {
    pub fn issuer(&self) -> Issuer<'_> {
        Issuer {
            certificate: &self.certificate,
            key: &self.key,
        }
    }
}

/// Makes what is missing in DIR.
struct Maker<'m> {
    dir: &'m Dir,
    /// What the keys of CAs and of the root are of. Those of an RA are always of RSA, for whoever can encrypt to nothing else.
    ca_key: KeyKind,
    now: i64,
    rng: &'m mut dyn CryptoRng,
}

impl Maker<'_> {
    fn root(&mut self) -> Outcome<Holder> {
        let name = self.unique_name("Root CA")?;
        let period = self.period(ROOT_DAYS);
        self.holder("root", self.ca_key, &[], |key, rng| {
            issue::self_signed(subject(key, name, Role::Root), key, period, rng)
        })
    }

    fn generation(
        &mut self,
        prefix: &'static str,
        ra_wanted: bool,
        root: Option<&Holder>,
    ) -> Outcome<Generation> {
        let has_ra = ra_wanted || self.dir.contains(&format!("{prefix}ra-signing.pem"))?;
        let ca = self.ca(prefix, has_ra, root)?;
        let ra = has_ra.then(|| self.ra(prefix, &ca)).transpose()?;
        Ok(Generation { prefix, ca, ra })
    }

    fn ca(&mut self, prefix: &str, has_ra: bool, root: Option<&Holder>) -> Outcome<Holder> {
        let name = self.unique_name("SCEP CA")?;
        let period = self.period(CA_DAYS);
        let role = if has_ra { Role::Ca } else { Role::CaAndRa };
        let above: Vec<_> = root.iter().map(|root| &root.certificate).collect();
        self.holder(&format!("{prefix}ca"), self.ca_key, &above, |key, rng| {
            let subject = subject(key, name, role);
            match root {
                Some(root) => {
                    let serial = Serial::random(rng);
                    root.issuer().issue(subject, &serial, period, rng)
                }
                None => issue::self_signed(subject, key, period, rng),
            }
        })
    }

    fn ra(&mut self, prefix: &str, ca: &Holder) -> Outcome<Ra> {
        let period = self.period(CA_DAYS);
        let mut holder = |purpose: &str, role| {
            let name = Name::from_str(&format!("CN=Example SCEP RA for {purpose}"))?;
            let file = format!("{prefix}ra-{purpose}");
            self.holder(&file, KeyKind::Rsa, &[], |key, rng| {
                let serial = Serial::random(rng);
                ca.issuer()
                    .issue(subject(key, name, role), &serial, period, rng)
            })
        };
        let signing = holder("signing", Role::RaSigning)?;
        let encryption = holder("encryption", Role::RaEncryption)?;
        Ok(Ra {
            signing,
            encryption,
        })
    }

    /// Reads a key and its certificate, or makes them. The certificate's file then also has those above it.
    fn holder(
        &mut self,
        name: &str,
        kind: KeyKind,
        above: &[&Certificate<'_>],
        certify: impl FnOnce(&Key, &mut dyn CryptoRng) -> Outcome<Certificate<'static>>,
    ) -> Outcome<Holder> {
        let (key_file, pem_file) = (format!("{name}.key"), format!("{name}.pem"));
        let certificate = self.dir.read(&pem_file)?;
        let key = match self.dir.read(&key_file)? {
            Some(key) => {
                let der = pem::decode(pem::PRIVATE_KEY, &zeroize::Zeroizing::new(key));
                der.and_then(|der| Key::from_pkcs8_der(&der).ok())
            }
            None if certificate.is_some() => None,
            // Killed after this, the next start goes on with this key.
            None => Some(self.new_key(&key_file, kind)?),
        };
        let path = self.dir.path(&key_file);
        let key = key.ok_or_else(|| {
            let build = if cfg!(feature = "ec") {
                " or P-256"
            } else {
                ", or needs a build with `--features ec`,"
            };
            format!("{path} is no unencrypted PKCS #8 key of RSA{build} in PEM")
        })?;
        let certificate = match certificate {
            Some(pem) => pem::decode(pem::CERTIFICATE, &pem)
                .and_then(|der| Certificate::from_der(der.to_vec()).ok())
                .ok_or_else(|| format!("{} is no certificate in PEM", self.dir.path(&pem_file)))?,
            None => {
                let certificate = certify(&key, self.rng)?;
                let chain = [&[&certificate], above].concat();
                self.dir
                    .write(&pem_file, &pem::certificates(&chain)?, Readers::Everybody)?;
                certificate
            }
        };
        if certificate.public_key_der() != key.public_key_der() {
            return Err(format!("{path} is not the key of {}", self.dir.path(&pem_file)).into());
        }
        Ok(Holder { certificate, key })
    }

    fn new_key(&mut self, file: &str, kind: KeyKind) -> Outcome<Key> {
        let der = kind.generate(self.rng)?;
        let pem = pem::encode(pem::PRIVATE_KEY, &der)?;
        self.dir.write(file, pem.as_bytes(), Readers::Owner)?;
        Key::from_pkcs8_der(&der)
    }

    /// A name that no other CA has, so that nobody takes one for the other.
    fn unique_name(&mut self, kind: &str) -> Outcome<Name> {
        let number = self.rng.next_u32();
        Ok(Name::from_str(&format!("CN=Example {kind} {number:08X}"))?)
    }

    fn period(&self, days: i64) -> Period {
        Period {
            not_before: self.now - DAY,
            not_after: self.now + days * DAY,
        }
    }
}

fn subject(key: &Key, name: Name, role: Role) -> Subject<'_> {
    Subject {
        name,
        public_key: key.public_key_der(),
        role,
    }
}
