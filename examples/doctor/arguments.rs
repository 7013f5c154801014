//! What the command line asks for.

use lexopt::{Arg, Parser};
use scep::crypto::Policy;
use scep::{Fingerprint, RoleRules};
use ureq::http::Uri;
use x509_cert::name::Name;
use zeroize::Zeroizing;

pub const USAGE: &str = "\
usage: doctor --url URL [OPTION]...

Asks a SCEP server (RFC 8894) what it can do and for its certificates, says what is wrong with the answers, and which
kinds of client could enrol there.

  --url URL              the server's URL, as clients are given it
  --ca-fingerprint HEX   the MD5, SHA-1 or SHA-256 fingerprint (thumbprint) that clients are given of the CA
  --ca-identifier TEXT   which CA, where a server speaks for several
  --ahead DAYS           how long before its end a certificate is said to expire soon; 30 if not given
  --json                 the report as one JSON object

An enrolment, which needs --ca-fingerprint, because the challenge password goes to whoever has that certificate. If it
succeeds, the CA has issued a certificate, on a key that is thrown away:
  --challenge SECRET     tries to enrol with this challenge password
  --enrol                tries to enrol without one
  --subject NAME         for whom; CN=scep-doctor if not given
  --policy strict|default|compatible|legacy
                         which algorithms to take; compatible if not given. legacy, which has single DES and MD5, needs
                         a build with `--features legacy`

Exit status: 0 if nothing stands in anybody's way for certain; 1 if something does, or the enrolment that was asked for
did not come about; 2 for wrong usage. It never prints a challenge password or a key.";

/// What is to be examined, and how.
pub struct Options {
    pub url: String,
    pub fingerprint: Option<Fingerprint>,
    pub ca_identifier: Option<String>,
    /// In seconds.
    pub look_ahead: i64,
    pub json: bool,
    pub enrolment: Option<Wish>,
}

/// The enrolment that is to be tried.
pub struct Wish {
    pub challenge: Option<Zeroizing<String>>,
    pub subject: Name,
    pub policy: Policy,
    pub rules: RoleRules,
}

/// Reads the arguments; `None` for `--help`. An error is one line.
pub fn read(mut parser: Parser) -> Result<Option<Options>, String> {
    let (mut url, mut fingerprint, mut ca_identifier) = (None, None, None);
    let (mut days, mut json, mut enrol) = (30, false, false);
    let (mut challenge, mut subject, mut policy) = (None, None, None);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            Arg::Long("url") => url = Some(self::url(text(&mut parser)?)?),
            Arg::Long("ca-fingerprint") => {
                let read = Fingerprint::from_hex(&text(&mut parser)?);
                fingerprint = Some(read.map_err(|error| format!("--ca-fingerprint: {error}"))?);
            }
            Arg::Long("ca-identifier") => ca_identifier = Some(text(&mut parser)?),
            Arg::Long("ahead") => {
                let read = text(&mut parser)?.parse();
                days = read.map_err(|_| "--ahead: a number of days")?;
            }
            Arg::Long("json") => json = true,
            Arg::Long("enrol") => enrol = true,
            Arg::Long("challenge") => challenge = Some(Zeroizing::new(text(&mut parser)?)),
            Arg::Long("subject") => subject = Some(self::subject(&text(&mut parser)?)?),
            Arg::Long("policy") => policy = Some(self::policy(&text(&mut parser)?)?),
            other => return Err(other.unexpected().to_string()),
        }
    }
    let wanted = enrol || challenge.is_some();
    if !wanted && (subject.is_some() || policy.is_some()) {
        return Err("--subject and --policy go with --enrol or --challenge".to_owned());
    }
    if wanted && fingerprint.is_none() {
        return Err("--enrol and --challenge need --ca-fingerprint".to_owned());
    }
    let wish = || {
        let (policy, rules) = match policy {
            Some(named) => named,
            None => self::policy("compatible")?,
        };
        let subject = subject.map_or_else(|| self::subject("CN=scep-doctor"), Ok)?;
        Ok::<_, String>(Wish {
            challenge,
            subject,
            policy,
            rules,
        })
    };
    let days: u16 = days;
    Ok(Some(Options {
        url: url.ok_or("--url is missing")?,
        fingerprint,
        ca_identifier,
        look_ahead: i64::from(days) * 86_400,
        json,
        enrolment: wanted.then(wish).transpose()?,
    }))
}

fn text(parser: &mut Parser) -> Result<String, String> {
    let value = parser.value().map_err(|error| error.to_string())?;
    // Not shown: it may be the challenge password.
    let text = value.into_string();
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
        let usual = ["doctor", "--url", "http://ca.example/scep"];
        let read = read(Parser::from_iter(usual.iter().chain(arguments)));
        read.map(|options| options.expect("this is not --help"))
    }

    #[test]
    fn nothing_is_enrolled_unless_asked_for() {
        let options = parsed(&[]).unwrap();
        assert!(options.enrolment.is_none() && options.fingerprint.is_none());
        assert_eq!(options.look_ahead, 30 * 86_400);
        let fingerprint = "ab".repeat(20);
        let with = |more: &[&str]| {
            let given = [&["--ca-fingerprint", &fingerprint], more].concat();
            parsed(&given).unwrap().enrolment
        };
        assert!(with(&[]).is_none());
        assert!(with(&["--enrol"]).unwrap().challenge.is_none());
        let secret = with(&["--challenge", "secret"]).unwrap().challenge;
        assert_eq!(secret.unwrap().as_str(), "secret");
    }

    #[test]
    fn a_challenge_goes_to_nobody_who_is_not_known() {
        for asked in [&["--enrol"][..], &["--challenge", "secret"]] {
            let problem = parsed(asked).err().unwrap();
            assert!(problem.contains("--ca-fingerprint"), "{problem}");
            assert!(!problem.contains("secret"), "{problem}");
        }
    }

    #[test]
    fn wrong_usage_names_the_option() {
        for (name, value) in [
            ("--url", "https://ca.example/scep"),
            ("--url", "ca.example/scep"),
            ("--ca-fingerprint", "abcd"),
            ("--ahead", "-1"),
            ("--subject", "device"),
            ("--policy", "lax"),
            ("--policy", "strict"),
        ] {
            let problem = parsed(&[name, value]).err().unwrap();
            assert!(problem.contains(name), "{problem}");
        }
    }
}
