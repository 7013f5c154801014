//! Roles in answers that nobody vouches for: nobody has one who is not under the pinned certificate.

use scep::crypto::Policy;
use scep::diagnose::{Acceptance, Diagnosis};
use scep::{
    CaCertificates, CaPin, CaRoles, Certificate, CertsOnly, Fingerprint, FingerprintAlgorithm,
    Limits, NextCaCertificates, RoleReason, RoleRules, SignedForm, inspect, oid,
};

use super::parse::Sink;
use crate::parties::PARTIES;
use crate::repair;
use crate::tlv;
use crate::toy::PROVIDER;

/// A time at which all certificates of the parties are valid.
pub(super) const NOW: i64 = 1_795_600_000;

/// Assigns roles in what follows the first byte, read as an answer to GetCACert or to GetNextCACert.
///
/// The bits of that byte choose how the CA is pinned, how strict the rules are, whether certificates are signed again, and whether
/// the next set is signed by way of attributes, and by the CA.
pub fn roles(data: &[u8]) {
    let Some((&setting, body)) = data.split_first() else {
        return;
    };
    let is_set = |bit: u8| setting >> bit & 1 == 1;
    let mut forest = tlv::read(body);
    if !is_set(0) {
        forest.iter_mut().for_each(repair::payload);
    }
    let body = tlv::write(&forest);
    let mut rules = RoleRules::default();
    if is_set(1) {
        rules = rules.any_leaf_of_ca();
    }
    if is_set(2) {
        rules = rules.ignoring_key_usage();
    }
    let ca = &PARTIES.ca.certificate;
    let fingerprint = Fingerprint::of(FingerprintAlgorithm::Sha256, ca, &PROVIDER);
    let fingerprint = fingerprint.expect("a digest");
    let mut pin = match is_set(3) {
        true => CaPin::fingerprint(fingerprint),
        false => CaPin::certificate(ca),
    };
    if is_set(4) {
        pin = pin.ra_certificate(&PARTIES.neighbour.certificate);
    }
    let policy = Policy::default();
    if let Ok(answer) = CaCertificates::parse(&body[..], None, &Limits::REPLY) {
        let certificates: Vec<_> = answer.certificates().flatten().collect();
        let diagnosis = Diagnosis::new(&PROVIDER).now(NOW);
        let diagnosis = diagnosis.ca_certificates(&certificates);
        for verdict in diagnosis.verdicts() {
            let is_accepted = verdict.acceptance() == Acceptance::Accepted;
            assert_eq!(verdict.reasons().is_empty(), is_accepted);
        }
        for finding in diagnosis.thumbprint(fingerprint).findings() {
            Sink::show(&finding);
        }
        match CaRoles::select(&answer, &pin, NOW, &rules, &PROVIDER, &policy) {
            Ok(roles) => {
                assert_eq!(roles.pinned(), ca);
                check(&roles, &rules);
            }
            Err(error) => {
                Sink::show(&error);
            }
        }
    }
    if is_set(6) {
        next_by_impostor(&body, !is_set(5), &rules);
    } else {
        next(&body, !is_set(5), &rules);
    }
}

/// Holds that nobody follows the CA by the word of one who has its names.
fn next_by_impostor(content: &[u8], with_attributes: bool, rules: &RoleRules) {
    let Some(body) = repair::signed_content(&PARTIES.impostor, content, with_attributes) else {
        return;
    };
    let body = NextCaCertificates::parse(&body[..], &Limits::REPLY).expect("a readable body");
    let (current, policy) = (CaRoles::new(&PARTIES.ca.certificate), Policy::default());
    let next = CaRoles::from_next(&body, &current, NOW, rules, &PROVIDER, &policy);
    Sink::show(&next.expect_err("roles by an impostor's word"));
}

/// Reads a body as the set that the current CA signs for its next one.
fn next(content: &[u8], with_attributes: bool, rules: &RoleRules) {
    let Ok(set) = CertsOnly::parse(content, &Limits::REPLY) else {
        return;
    };
    let ca = &PARTIES.ca;
    let Some(body) = repair::signed_content(ca, content, with_attributes) else {
        return;
    };
    let body = NextCaCertificates::parse(&body[..], &Limits::REPLY).expect("a readable body");
    let (current, policy) = (CaRoles::new(&ca.certificate), Policy::default());
    let form = match with_attributes {
        true => SignedForm::AsReceived,
        false => SignedForm::Content,
    };
    let signers = [ca.certificate.borrowed()];
    let report = inspect::next_ca_signature(&body, &PROVIDER, &policy, &signers);
    assert_eq!(report.expect("a signer").outcome, Ok(form));
    match CaRoles::from_next(&body, &current, NOW, rules, &PROVIDER, &policy) {
        Ok(next) => {
            let is_in_set =
                |role: &Certificate<'_>| set.certificates().any(|found| found.as_ref() == Ok(role));
            assert!(is_in_set(next.issuer()) && is_in_set(next.recipient()));
            assert!(next.reply_signers().iter().all(is_in_set));
            let both = CaRoles::rollover(&current, &next);
            assert!(both.reply_signers().contains(&PARTIES.ca.certificate));
            assert_eq!(both.recipient(), next.recipient());
        }
        Err(error) => {
            Sink::show(&error);
        }
    }
}

/// Holds that each role is held by the CA, or by what it issued and what is marked for that.
fn check(roles: &CaRoles<'_>, rules: &RoleRules) {
    let policy = Policy::default();
    let chain = roles.chain();
    assert_eq!(chain.first(), Some(roles.issuer()));
    for pair in chain.windows(2) {
        assert_eq!(
            pair[0].verify_issued_by(&pair[1], &PROVIDER, &policy),
            Ok(())
        );
    }
    let recipient_reason = roles.recipient_reason();
    let signers = roles
        .reply_signers()
        .iter()
        .zip(roles.reply_signer_reasons());
    let holders = signers.chain([(roles.recipient(), &recipient_reason)]);
    for (holder, reason) in holders {
        if holder.public_key_der() == roles.issuer().public_key_der() {
            continue;
        }
        assert_eq!(
            holder.verify_issued_by(roles.issuer(), &PROVIDER, &policy),
            Ok(())
        );
        let is_agent = holder
            .extended_key_usage()
            .any(|purpose| purpose == oid::CERTIFICATE_REQUEST_AGENT);
        let is_pinned = *holder == PARTIES.neighbour.certificate;
        match reason {
            RoleReason::RequestAgent => assert!(is_agent),
            RoleReason::Pinned => assert!(is_pinned),
            RoleReason::AnyLeafOfCa => assert_ne!(*rules, RoleRules::default()),
            RoleReason::KeyUsageIgnored => assert!(is_agent || is_pinned),
            other => panic!("{holder:?} has a role as {other}"),
        }
    }
}
