//! Who is who in an answer to GetCACert, and each way to be somebody else.
#![cfg(feature = "rustcrypto")]

#[path = "../common/mod.rs"]
mod common;
mod intruders;
mod issuing_ca;
mod key_usage;
mod pins;
mod ras;
mod rollover;

use RoleReason::{AnyLeafOfCa, IssuingCa, KeyUsageIgnored, Pinned, RequestAgent};
use common::issue::NOW;
use common::made::{
    ALL_USES, BOTH, CERT_AND_CRL_SIGN, Constraints, DATA_ENCIPHERMENT, DIGITAL_SIGNATURE, EC_KEY,
    EXPIRED, KEY_ENCIPHERMENT, Made, NOT_YET, Period,
};
use common::{certificate, provider, vector};
use scep::crypto::{DigestAlgorithm, Policy};
use scep::{
    CaCertificates, CaPin, CaRole, CaRoles, Certificate, CertsOnly, Fingerprint,
    FingerprintAlgorithm, Limits, Oid, Refused, RoleError, RoleReason, RoleRules, oid,
};

const ROOT: Made = Made::ca("root", vector!("keys/ca-jscep.key"), CERT_AND_CRL_SIGN);
const CA: Made = Made::ca("CA", vector!("keys/ca-micromdm.key"), CERT_AND_CRL_SIGN);
const CA_OF_ALL_USES: Made = Made {
    usage: Some(ALL_USES),
    ..CA
};
const SIGNING_RA: Made = Made::ra("signing RA", vector!("keys/c2048.key"), DIGITAL_SIGNATURE);
const ENCRYPTION_RA: Made = Made::ra("encryption RA", vector!("keys/cpend.key"), KEY_ENCIPHERMENT);
const RA: Made = Made::ra("RA", vector!("keys/c2048.key"), BOTH);
/// An RA's that only its operator knows for one.
const PLAIN_RA: Made = Made {
    purposes: &[],
    ..RA
};
/// What the CA issued to somebody who is on the way now.
const DEVICE: Made = Made::leaf("device", vector!("keys/cbad.key"), BOTH);

/// Begins later than that of all others.
const RENEWED: Period = ["260101000000Z", "400101000000Z"];

/// Who has which role and why. The order of reply signers means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    issuer: String,
    recipient: (String, RoleReason),
    signers: Vec<(String, RoleReason)>,
    chain: Vec<String>,
}

/// The chain without what stands before `CN=`, the issuer first.
fn told(
    chain: &[&str],
    (recipient, reason): (&str, RoleReason),
    signers: &[(&str, RoleReason)],
) -> Result<Told, RoleError> {
    let name = |name: &str| format!("CN={name}");
    let mut signers: Vec<_> = signers
        .iter()
        .map(|(signer, reason)| (name(signer), *reason))
        .collect();
    signers.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(Told {
        issuer: name(chain[0]),
        recipient: (name(recipient), reason),
        signers,
        chain: chain.iter().map(|ca| name(ca)).collect(),
    })
}

impl Told {
    fn of(roles: &CaRoles<'_>) -> Self {
        let name = |certificate: &Certificate<'_>| certificate.subject().to_string();
        let signers = roles.reply_signers();
        let reasons = roles.reply_signer_reasons();
        assert_eq!(signers.len(), reasons.len());
        assert_eq!(roles.chain().first(), Some(roles.issuer()));
        assert_eq!(roles.chain().last(), Some(roles.pinned()));
        let mut signers: Vec<_> = signers.iter().map(name).zip(reasons.to_vec()).collect();
        signers.sort_by(|one, other| one.0.cmp(&other.0));
        Self {
            issuer: name(roles.issuer()),
            recipient: (name(roles.recipient()), roles.recipient_reason()),
            signers,
            chain: roles.chain().iter().map(name).collect(),
        }
    }
}

fn roles_under(
    answer: &[Certificate<'_>],
    pin: &CaPin<'_>,
    rules: RoleRules,
    policy: &Policy,
) -> Result<CaRoles<'static>, RoleError> {
    let (media_type, body) = CaCertificates::encode(answer).unwrap();
    let answer = CaCertificates::parse(body, Some(media_type), &Limits::REPLY).unwrap();
    CaRoles::select(&answer, pin, NOW, &rules, &provider(), policy)
}

/// Selects from the answer in every rotation, forwards and backwards, which all must tell the same.
fn select_with(
    answer: &[Certificate<'_>],
    pin: &CaPin<'_>,
    rules: RoleRules,
) -> Result<Told, RoleError> {
    let select = |answer: &[Certificate<'_>]| {
        let policy = Policy::default();
        let roles = roles_under(answer, pin, rules, &policy);
        roles.map(|roles| (Told::of(&roles), roles.recipient().clone().into_owned()))
    };
    let first = select(answer);
    let mut order = answer.to_vec();
    for _ in 0..answer.len() {
        order.rotate_left(1);
        assert_eq!(select(&order), first);
        order.reverse();
        assert_eq!(select(&order), first);
        order.reverse();
    }
    first.map(|(told, _)| told)
}

fn select(answer: &[Certificate<'_>], pin: &Certificate<'_>) -> Result<Told, RoleError> {
    select_with(answer, &CaPin::certificate(pin), RoleRules::default())
}

fn any_leaf() -> RoleRules {
    RoleRules::default().any_leaf_of_ca()
}

fn no_usage() -> RoleRules {
    RoleRules::default().ignoring_key_usage()
}

fn fingerprint(algorithm: FingerprintAlgorithm, certificate: &Certificate<'_>) -> Fingerprint {
    Fingerprint::of(algorithm, certificate, &provider()).unwrap()
}
