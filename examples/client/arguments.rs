//! What the command line asks for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser};
use scep::crypto::Policy;
use scep::http::Method;
use scep::{Certificate, Fingerprint, RenewalForm, RoleRules};
use ureq::http::Uri;
use x509_cert::name::Name;
use zeroize::Zeroizing;

use crate::device::Device;
use crate::key::{Key, KeyKind};
use crate::pem;

pub const USAGE: &str = "\
usage: client --url URL --out DIR [OPTION]...

Gets a certificate from a CA by SCEP (RFC 8894), and keeps it with its key in DIR. A run that was ended in any way, by a
kill or a PENDING, is gone on with by the next one; a run whose certificate is there already has nothing to do.

What for:
  --subject NAME         the certificate's subject, such as \"CN=device,O=Example\"; else CN is the first --dns
  --dns NAME             a DNS name for the certificate; as often as wanted
  --challenge SECRET     the challenge password; without it none is sent
  --key rsa:2048|rsa:3072|rsa:4096|ec:p256|ec:p384|ec:p521|ed25519|FILE
                         what to make a new key of, rsa:2048 if not given, or a PEM file with a key, of which DIR gets a
                         copy. A key.pem that is in DIR already is used. Other keys than RSA need a build with
                         `--features ec`: they cannot decrypt, so the CA's reply is encrypted under the challenge
                         password or, if there is none and the key is no ed25519, by key agreement
  --ca-identifier TEXT   which CA, where a server speaks for several

Which CA to trust (its answers are signed by nobody, so one of these is needed; later runs trust DIR/ca.pem):
  --ca-fingerprint HEX   a CA certificate with this MD5, SHA-1 or SHA-256 fingerprint
  --ca-cert FILE         this CA certificate, in PEM or DER
  --trust-on-first-use   what the server shows in the first run: no protection against who is on the way in that run

Other tasks than a first certificate:
  --renew                a new certificate in place of DIR/cert.pem, for the same subject and names unless others are
                         given, on a new key of the old one's kind unless --key says otherwise; --key DIR/key.pem keeps
                         the old key. The old files are replaced when the new certificate is there, and not before
  --renew-type 17|19     as RenewalReq or as PKCSReq; else 17 where the server says that it can do that
  --get-cert SERIAL      the certificate with this serial number in hexadecimal digits, into cert-SERIAL.pem
  --get-crl              the CA's CRL, into crl.der and crl.pem
  --next-ca              the certificates that the CA will have, into next-ca.pem

How:
  --poll-every SECONDS   the time between polls of a pending request; 30 if not given
  --poll-max N           how many polls to make in this run; 120 if not given
  --http get|post|auto   how to send messages; auto, if not given, goes by what the server says that it can do
  --policy strict|default|compatible|legacy
                         which algorithms to take, from AES and SHA-2 alone to single DES and MD5, for which legacy
                         needs a build with `--features legacy`. Under compatible and legacy the CA's keyUsage need
                         not allow what SCEP does with its key

Files in DIR: key.pem (only for the owner, as is csr.pem, which has the challenge password), csr.pem, cert.pem,
chain.pem (from the issuing CA up to the trusted one), ca.pem (the trusted one). While a request is under way also
pending.der and signer.pem, or those of a renewal in renewal/: remove them to give it up.

Exit status: 0 done; 2 wrong usage; 3 still pending; 4 refused by the CA; 5 the exchange failed.
It never prints a challenge password or a key.";

/// What a run is to do, and how.
pub struct Options {
    pub url: String,
    pub out: PathBuf,
    pub task: Task,
    /// For whom the certificate is, if the arguments say that.
    pub device: Option<Device>,
    pub challenge: Option<Zeroizing<String>>,
    pub key: Option<KeySource>,
    pub trust: Option<Trust>,
    pub ca_identifier: Option<String>,
    pub poll_every: Duration,
    pub poll_max: u32,
    /// `None`: as the server says.
    pub method: Option<Method>,
    pub policy: Policy,
    pub rules: RoleRules,
}

pub enum Task {
    Enrol,
    /// In this form, or in the one that the server can do.
    Renew(Option<RenewalForm>),
    /// By the contents octets of the serial number.
    GetCert(Vec<u8>),
    GetCrl,
    NextCa,
}

/// Where a key comes from if there is none.
pub enum KeySource {
    /// It is made.
    New(KeyKind),
    File(Box<Key>),
}

/// What is known of the CA before it was asked.
pub enum Trust {
    Fingerprint(Fingerprint),
    Certificate(Certificate<'static>),
    FirstUse,
}

/// Reads the arguments and the files that they name; `None` for `--help`. An error is one line.
pub fn read(mut parser: Parser) -> Result<Option<Options>, String> {
    let mut given = Given::default();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            Arg::Long(name) => {
                let name = name.to_owned();
                given.take(&name, &mut parser)?;
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    given.options().map(Some)
}

/// The arguments so far.
#[derive(Default)]
struct Given {
    url: Option<String>,
    out: Option<PathBuf>,
    tasks: Vec<Task>,
    renewal: Option<RenewalForm>,
    subject: Option<Name>,
    dns: Vec<String>,
    challenge: Option<Zeroizing<String>>,
    key: Option<KeySource>,
    trust: Vec<Trust>,
    ca_identifier: Option<String>,
    poll_every: Option<u32>,
    poll_max: Option<u32>,
    method: Option<Method>,
    policy: Option<(Policy, RoleRules)>,
}

impl Given {
    fn take(&mut self, name: &str, parser: &mut Parser) -> Result<(), String> {
        match name {
            "url" => self.url = Some(url(text(parser)?)?),
            "out" => self.out = Some(value(parser)?.into()),
            "challenge" => self.challenge = Some(Zeroizing::new(text(parser)?)),
            "subject" => self.subject = Some(subject(&text(parser)?)?),
            "dns" => self.dns.push(text(parser)?),
            "key" => self.key = Some(key(value(parser)?)?),
            "ca-fingerprint" => self.trust.push(fingerprint(&text(parser)?)?),
            "ca-cert" => {
                let certificate = pem::certificate_file(&value(parser)?)?;
                self.trust.push(Trust::Certificate(certificate));
            }
            "trust-on-first-use" => self.trust.push(Trust::FirstUse),
            "ca-identifier" => self.ca_identifier = Some(text(parser)?),
            "renew" => self.tasks.push(Task::Renew(None)),
            "renew-type" => self.renewal = Some(renewal_form(&text(parser)?)?),
            "get-cert" => self.tasks.push(Task::GetCert(serial(&text(parser)?)?)),
            "get-crl" => self.tasks.push(Task::GetCrl),
            "next-ca" => self.tasks.push(Task::NextCa),
            "poll-every" => self.poll_every = Some(number(name, &text(parser)?)?),
            "poll-max" => self.poll_max = Some(number(name, &text(parser)?)?),
            "http" => self.method = method(&text(parser)?)?,
            "policy" => self.policy = Some(policy(&text(parser)?)?),
            _ => return Err(format!("there is no option --{name}")),
        }
        Ok(())
    }

    fn options(mut self) -> Result<Options, String> {
        let task = match (self.tasks.pop(), self.renewal) {
            (Some(Task::Renew(_)), form) => Task::Renew(form),
            (_, Some(_)) => return Err("--renew-type goes with --renew".to_owned()),
            (task, None) => task.unwrap_or(Task::Enrol),
        };
        if !self.tasks.is_empty() {
            return Err("one task a run: --renew, --get-cert, --get-crl or --next-ca".to_owned());
        }
        let trust = self.trust.pop();
        if !self.trust.is_empty() {
            return Err("one of --ca-fingerprint, --ca-cert and --trust-on-first-use".to_owned());
        }
        let (policy, rules) = self.policy.unwrap_or_default();
        Ok(Options {
            url: self.url.ok_or("--url is missing")?,
            out: self.out.ok_or("--out is missing")?,
            task,
            device: device(self.subject, self.dns)?,
            challenge: self.challenge,
            key: self.key,
            trust,
            ca_identifier: self.ca_identifier,
            poll_every: Duration::from_secs(self.poll_every.unwrap_or(30).into()),
            poll_max: self.poll_max.unwrap_or(120),
            method: self.method,
            policy,
            rules,
        })
    }
}

fn value(parser: &mut Parser) -> Result<OsString, String> {
    parser.value().map_err(|error| error.to_string())
}

fn text(parser: &mut Parser) -> Result<String, String> {
    // Not shown: it may be the challenge password.
    let text = value(parser)?.into_string();
    text.map_err(|_| "an argument is not UTF-8".to_owned())
}

fn url(text: String) -> Result<String, String> {
    let uri = text.parse::<Uri>();
    match uri.as_ref().ok().and_then(Uri::scheme_str) {
        Some("http") => Ok(text),
        Some("https") => Err("--url: SCEP needs no TLS, and this program has none".to_owned()),
        _ => Err(format!("--url: not like http://ca.example/scep: {text:?}")),
    }
}

fn subject(text: &str) -> Result<Name, String> {
    text.parse()
        .map_err(|_| format!("--subject: not a name like \"CN=device,O=Example\": {text:?}"))
}

fn device(subject: Option<Name>, dns: Vec<String>) -> Result<Option<Device>, String> {
    let subject = match (subject, dns.first()) {
        (None, None) => return Ok(None),
        (None, Some(name)) => {
            Device::common_name(name).map_err(|error| format!("--dns: {error}"))?
        }
        (Some(subject), _) => subject,
    };
    let device = Device::new(subject, dns);
    device.map(Some).map_err(|error| format!("--dns: {error}"))
}

fn key(value: OsString) -> Result<KeySource, String> {
    match value.to_str().and_then(KeyKind::from_argument) {
        Some(kind) => kind.map(KeySource::New),
        None => Ok(KeySource::File(Box::new(pem::key_file(&value)?))),
    }
}

fn fingerprint(text: &str) -> Result<Trust, String> {
    let fingerprint = Fingerprint::from_hex(text);
    let fingerprint = fingerprint.map_err(|error| format!("--ca-fingerprint: {error}"))?;
    Ok(Trust::Fingerprint(fingerprint))
}

fn renewal_form(text: &str) -> Result<RenewalForm, String> {
    match text {
        "17" => Ok(RenewalForm::RenewalReq),
        "19" => Ok(RenewalForm::PkcsReq),
        _ => Err("--renew-type: 17 or 19".to_owned()),
    }
}

/// The contents octets of a positive INTEGER, of its hexadecimal digits, with colons and blanks or without.
fn serial(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || "--get-cert: a serial number in hexadecimal digits".to_owned();
    let text = text.strip_prefix("0x").unwrap_or(text);
    let digits: Vec<u8> = text
        .chars()
        .filter(|character| !matches!(character, ':' | ' '))
        .map(|character| Some(character.to_digit(16)? as u8))
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    if digits.is_empty() {
        return Err(wrong());
    }
    // From the end, because the number of digits may be odd.
    let octets = digits.rchunks(2).rev().map(|pair| match pair {
        [high, low] => high << 4 | low,
        single => single.iter().sum(),
    });
    let mut octets: Vec<u8> = octets.skip_while(|octet| *octet == 0).collect();
    if octets.first().is_none_or(|first| *first >= 0x80) {
        octets.insert(0, 0);
    }
    Ok(octets)
}

fn number(name: &str, text: &str) -> Result<u32, String> {
    let number = text.parse();
    number.map_err(|_| format!("--{name}: a number from 0 to {}", u32::MAX))
}

fn method(text: &str) -> Result<Option<Method>, String> {
    match text {
        "get" => Ok(Some(Method::Get)),
        "post" => Ok(Some(Method::Post)),
        "auto" => Ok(None),
        _ => Err("--http: get, post or auto".to_owned()),
    }
}

/// The policy of a name, and how strict it is with the CA's certificates.
fn policy(text: &str) -> Result<(Policy, RoleRules), String> {
    let strict = RoleRules::default();
    // A CA whose keyUsage forgets that it speaks SCEP opens nothing to strangers.
    let lenient = strict.ignoring_key_usage();
    match text {
        "strict" => Ok((Policy::strict(), strict)),
        "default" => Ok((Policy::default(), strict)),
        "compatible" => Ok((Policy::compatible(), lenient)),
        #[cfg(feature = "legacy")]
        "legacy" => Ok((Policy::legacy(), lenient)),
        #[cfg(not(feature = "legacy"))]
        "legacy" => Err("--policy legacy needs a build with `--features legacy`".to_owned()),
        _ => Err("--policy: strict, default, compatible or legacy".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Options, String> {
        let usual = ["client", "--url", "http://ca.example/scep", "--out", "dir"];
        let all = usual.iter().chain(arguments);
        read(Parser::from_iter(all)).map(|options| options.expect("this is not --help"))
    }

    fn problem(arguments: &[&str]) -> String {
        parsed(arguments).err().expect("this is wrong usage")
    }

    #[test]
    fn what_is_not_said_has_a_sensible_value() {
        let options = parsed(&[]).unwrap();
        assert!(matches!(options.task, Task::Enrol));
        assert!(options.challenge.is_none() && options.trust.is_none());
        assert_eq!((options.poll_every.as_secs(), options.poll_max), (30, 120));
        assert_eq!((options.method, options.policy), (None, Policy::default()));
        assert_eq!(options.rules, RoleRules::default());
    }

    #[test]
    fn an_empty_challenge_password_is_one() {
        let options = parsed(&["--challenge", ""]).unwrap();
        assert_eq!(options.challenge.unwrap().as_str(), "");
    }

    #[test]
    fn without_a_subject_it_is_the_first_dns_name() {
        let named = |arguments: &[&str]| parsed(arguments).unwrap().device.unwrap();
        let dns = ["--dns", "a.example", "--dns", "b.example"];
        assert_eq!(named(&dns).subject.to_string(), "CN=a.example");
        let both = named(&["--dns", "a.example", "--subject", "CN=device,O=Example"]);
        assert_eq!(both.subject.to_string(), "CN=device,O=Example");
        assert!(both.alt_names.is_some());
    }

    #[test]
    fn there_is_one_task_and_one_trust() {
        let options = parsed(&["--renew-type", "17", "--renew"]).unwrap();
        assert!(matches!(
            options.task,
            Task::Renew(Some(RenewalForm::RenewalReq))
        ));
        for wrong in [
            &["--renew", "--get-crl"][..],
            &["--renew-type", "19"],
            &["--get-crl", "--renew-type", "19"],
        ] {
            assert!(problem(wrong).contains("--renew"), "{wrong:?}");
        }
        let both = ["--trust-on-first-use", "--ca-fingerprint", &"ab".repeat(32)];
        assert!(problem(&both).contains("--trust-on-first-use"));
    }

    #[test]
    fn a_serial_number_is_given_as_openssl_shows_it() {
        for (text, octets) in [
            ("1", &[1][..]),
            ("0x01", &[1]),
            ("0102", &[1, 2]),
            ("0080", &[0, 0x80]),
            ("FF:fe", &[0, 0xff, 0xfe]),
            ("abc", &[0x0a, 0xbc]),
            ("0", &[0]),
        ] {
            assert_eq!(serial(text).unwrap(), octets, "{text}");
        }
        for wrong in ["", "0x", "g1", "-1", "1.2"] {
            assert!(serial(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn wrong_usage_names_the_option() {
        for (name, value) in [
            ("--url", "https://ca.example/scep"),
            ("--url", "ca.example/scep"),
            ("--subject", "device"),
            ("--dns", "ä.example"),
            ("--key", "rsa:1024"),
            ("--key", "ec:p224"),
            ("--key", "no such file"),
            ("--ca-fingerprint", "abcd"),
            ("--ca-cert", "no such file"),
            ("--renew-type", "18"),
            ("--get-cert", "x"),
            ("--poll-every", "-1"),
            ("--poll-max", "many"),
            ("--http", "put"),
            ("--policy", "lax"),
        ] {
            assert!(problem(&[name, value]).contains(name), "{name} {value}");
        }
        assert!(problem(&["--no-such-option"]).contains("no-such-option"));
        assert!(problem(&["word"]).contains("word"));
        #[cfg(not(feature = "legacy"))]
        assert!(problem(&["--policy", "legacy"]).contains("--features legacy"));
    }
}
