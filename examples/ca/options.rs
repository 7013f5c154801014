//! The arguments.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};
use scep::crypto::Policy;
use zeroize::Zeroizing;

use crate::key::KeyKind;

pub const USAGE: &str = "\
usage: ca --dir DIR [--listen 127.0.0.1:8080] [--challenge SECRET] [--hold N] [--ra] [--chain] [--open]
          [--next-ca] [--ca-key rsa:2048|ec:p256] [--policy strict|default|compatible|legacy]

A certification authority that speaks SCEP (RFC 8894) by HTTP, by GET and POST, on any path.

  --dir DIR           its keys, certificates and records; what is missing is made on first start
  --listen ADDRESS    where it listens (127.0.0.1:8080); port 0 takes a free one. It prints where, and the CA's
                      SHA-256 fingerprint
  --challenge SECRET  the challenge password that lets a new client in
  --open              lets new clients in without a challenge password; if there is none to compare with,
                      one that a client sends is not looked at
  --hold N            answers PENDING N times before it issues: to the request itself, then to polls (0)
  --ra                an RA speaks SCEP in the CA's place, with one certificate to sign and one to open
  --chain             a root above the CA; only on first start
  --next-ca           makes the CA that will follow, and tells it to clients (GetNextCACert)
  --ca-key KIND       what a CA or root that is made now gets a key of (rsa:2048). An RA's keys are always of RSA. ec:p256
                      needs a build with `--features ec`: it cannot decrypt, so without an RA requests to the CA are
                      encrypted under the challenge password or, if there is none, by key agreement
  --policy NAME       what messages may use (default). strict: AES and SHA-2. default: also 3DES and SHA-1.
                      compatible: also RSA of 1024 bits, and tolerances. legacy: also single DES and MD5

With neither --challenge nor --open it only renews: a certificate that it issued, as long as that is neither
expired nor revoked, lets its holder have another one of the same names. A wrong challenge is always refused.
Certificates are valid from a day ago for two years. They have the names that the request asks for and, of the
purposes, TLS client and whatever it asks for of TLS server, e-mail and IPsec.

What is in DIR, and stays in force without --ra, --chain and --next-ca:
  ca.pem ca.key       the CA that issues; with --chain the root's certificate follows in ca.pem
  ca.crl              its CRL
  root.pem root.key   the root above it
  ra-signing.pem ra-signing.key ra-encryption.pem ra-encryption.key
  issued/SERIAL.pem   what was issued
  revoked/SERIAL      what is revoked, an empty file each: `touch` one, also while this runs, to revoke
  enrolments/         what was asked for, and how far it is; no secrets
  next-...            all of the next CA; old-...: all of the one before. To roll over, stop it, put old-
                      before the names of ca.* and ra-*, and take next- from those that have it

It writes a line a request to standard error. Exit status: 0 if stopped by SIGTERM or SIGINT, 2 for wrong usage,
1 for whatever else ends it.";

/// What the arguments ask for.
pub struct Options {
    pub dir: PathBuf,
    pub listen: SocketAddr,
    pub challenge: Option<Zeroizing<String>>,
    pub open: bool,
    pub hold: u32,
    pub ra: bool,
    pub chain: bool,
    pub next_ca: bool,
    pub ca_key: KeyKind,
    pub policy: Policy,
}

impl Options {
    /// Reads the arguments; `None` for `--help`.
    pub fn read() -> Result<Option<Self>, String> {
        Self::from_parser(Parser::from_env())
    }

    fn from_parser(mut parser: Parser) -> Result<Option<Self>, String> {
        let show = |error: lexopt::Error| error.to_string();
        let (mut dir, mut challenge) = (None, None);
        let (mut listen, mut policy) = ("127.0.0.1:8080".to_owned(), Policy::default());
        let (mut open, mut ra, mut chain, mut next_ca) = (false, false, false, false);
        let (mut hold, mut ca_key) = (0, KeyKind::Rsa);
        while let Some(argument) = parser.next().map_err(show)? {
            match argument {
                Arg::Long("dir") => dir = Some(parser.value().map_err(show)?.into()),
                Arg::Long("listen") => {
                    listen = parser.value().and_then(ValueExt::string).map_err(show)?
                }
                Arg::Long("challenge") => {
                    let secret = parser.value().and_then(ValueExt::string).map_err(show)?;
                    challenge = Some(Zeroizing::new(secret));
                }
                Arg::Long("open") => open = true,
                Arg::Long("hold") => {
                    let number = parser.value().map_err(show)?;
                    hold = number.parse().map_err(|_| "--hold wants a number")?;
                }
                Arg::Long("ra") => ra = true,
                Arg::Long("chain") => chain = true,
                Arg::Long("next-ca") => next_ca = true,
                Arg::Long("ca-key") => {
                    let kind = parser.value().and_then(ValueExt::string).map_err(show)?;
                    ca_key = key_kind(&kind)?;
                }
                Arg::Long("policy") => {
                    let name = parser.value().and_then(ValueExt::string).map_err(show)?;
                    policy = named_policy(&name)?;
                }
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                other => return Err(show(other.unexpected())),
            }
        }
        if challenge.as_ref().is_some_and(|secret| secret.is_empty()) {
            return Err("an empty --challenge would let nobody in".to_owned());
        }
        let resolved = listen
            .to_socket_addrs()
            .ok()
            .and_then(|mut found| found.next());
        Ok(Some(Self {
            dir: dir.ok_or("--dir is missing")?,
            listen: resolved.ok_or("--listen wants an address and a port, as 127.0.0.1:8080")?,
            challenge,
            open,
            hold,
            ra,
            chain,
            next_ca,
            ca_key,
            policy,
        }))
    }
}

fn key_kind(name: &str) -> Result<KeyKind, String> {
    match name {
        "rsa:2048" => Ok(KeyKind::Rsa),
        #[cfg(feature = "ec")]
        "ec:p256" => Ok(KeyKind::P256),
        #[cfg(not(feature = "ec"))]
        "ec:p256" => Err("--ca-key ec:p256 needs a build with `--features ec`".to_owned()),
        _ => Err("--ca-key wants rsa:2048 or ec:p256".to_owned()),
    }
}

fn named_policy(name: &str) -> Result<Policy, String> {
    match name {
        "strict" => Ok(Policy::strict()),
        "default" => Ok(Policy::default()),
        "compatible" => Ok(Policy::compatible()),
        #[cfg(feature = "legacy")]
        "legacy" => Ok(Policy::legacy()),
        #[cfg(not(feature = "legacy"))]
        "legacy" => Err("--policy legacy needs a build with `--features legacy`".to_owned()),
        _ => Err("--policy wants strict, default, compatible or legacy".to_owned()),
    }
}
