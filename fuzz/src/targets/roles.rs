//! Roles in answers that nobody vouches for: nobody has one who is not under the pinned certificate.

use scep::crypto::Policy;
use scep::diagnose::{Acceptance, Diagnosis};
use scep::{
    CaCertificates, CaPin, CaRoles, Certificate, CertsOnly, Fingerprint, FingerprintAlgorithm,
    KeyUsage, Limits, NextCaCertificates, RoleReason, RoleRules, SignedForm, Validity, inspect,
    oid,
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
    let leave = Leave {
        for_any_leaf: is_set(1),
        to_ignore_key_usage: is_set(2),
        for_neighbour: is_set(4),
    };
    let rules = leave.rules();
    let ca = &PARTIES.ca.certificate;
    let fingerprint = Fingerprint::of(FingerprintAlgorithm::Sha256, ca, &PROVIDER);
    let fingerprint = fingerprint.expect("a digest");
    let mut pin = match is_set(3) {
        true => CaPin::fingerprint(fingerprint),
        false => CaPin::certificate(ca),
    };
    if leave.for_neighbour {
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
                check(&roles, leave, |validity| validity.contains(NOW));
            }
            Err(error) => {
                Sink::show(&error);
            }
        }
    }
    if is_set(6) {
        next_by_impostor(&body, !is_set(5), &rules);
    } else {
        // Among the next ones nobody is pinned.
        let leave = Leave {
            for_neighbour: false,
            ..leave
        };
        next(&body, !is_set(5), leave);
    }
}

/// What the client allows beyond the strict rules.
#[derive(Clone, Copy)]
struct Leave {
    for_any_leaf: bool,
    to_ignore_key_usage: bool,
    /// The neighbour is pinned as an RA.
    for_neighbour: bool,
}

impl Leave {
    fn rules(self) -> RoleRules {
        let mut rules = RoleRules::default();
        if self.for_any_leaf {
            rules = rules.any_leaf_of_ca();
        }
        if self.to_ignore_key_usage {
            rules = rules.ignoring_key_usage();
        }
        rules
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
fn next(content: &[u8], with_attributes: bool, leave: Leave) {
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
    match CaRoles::from_next(&body, &current, NOW, &leave.rules(), &PROVIDER, &policy) {
        Ok(next) => {
            // Their time may be to come.
            check(&next, leave, |validity| validity.not_after >= NOW);
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

/// Holds that each role is held by the CA, or by what it issued and what is marked for that or allowed to have it, with a keyUsage
/// for it, and that all of them and those above are valid.
fn check(roles: &CaRoles<'_>, leave: Leave, is_valid: fn(Validity) -> bool) {
    let policy = Policy::default();
    let chain = roles.chain();
    assert_eq!(chain.first(), Some(roles.issuer()));
    for pair in chain.windows(2) {
        assert_eq!(
            pair[0].verify_issued_by(&pair[1], &PROVIDER, &policy),
            Ok(())
        );
    }
    assert!(chain.iter().all(|one| one.validity().is_some_and(is_valid)));
    let reasons = roles.reply_signer_reasons();
    assert_eq!(roles.reply_signers().len(), reasons.len());
    for (signer, reason) in roles.reply_signers().iter().zip(reasons) {
        let usage = signer.key_usage();
        let is_allowed = usage.is_none_or(KeyUsage::digital_signature);
        check_holder(roles, signer, *reason, is_allowed, leave);
        assert!(signer.validity().is_some_and(is_valid));
    }
    let recipient = roles.recipient();
    let usage = recipient.key_usage();
    // keyUsage says nothing about a key that nothing is encrypted to.
    let is_allowed = !encrypts(recipient) || usage.is_none_or(KeyUsage::key_encipherment);
    let reason = roles.recipient_reason();
    check_holder(roles, recipient, reason, is_allowed, leave);
    assert!(recipient.validity().is_some_and(is_valid));
}

/// Holds that somebody has a role for this reason.
fn check_holder(
    roles: &CaRoles<'_>,
    holder: &Certificate<'_>,
    reason: RoleReason,
    is_allowed: bool,
    leave: Leave,
) {
    let is_ca = holder == roles.issuer();
    if !is_ca {
        let issued = holder.verify_issued_by(roles.issuer(), &PROVIDER, &Policy::default());
        assert_eq!(issued, Ok(()));
    }
    let is_agent = holder
        .extended_key_usage()
        .any(|purpose| purpose == oid::CERTIFICATE_REQUEST_AGENT);
    let is_pinned = leave.for_neighbour && *holder == PARTIES.neighbour.certificate;
    match reason {
        RoleReason::IssuingCa => assert!(is_ca),
        RoleReason::RequestAgent => assert!(is_agent),
        RoleReason::Pinned => assert!(is_pinned),
        RoleReason::AnyLeafOfCa => assert!(leave.for_any_leaf && !is_ca),
        RoleReason::KeyUsageIgnored => {
            assert!(leave.to_ignore_key_usage && (is_ca || is_agent || is_pinned));
        }
        other => panic!("{holder:?} has a role as {other}"),
    }
    // The leave is named only where it was needed.
    assert_eq!(is_allowed, reason != RoleReason::KeyUsageIgnored);
}

/// Whether a content key can be encrypted to the certificate's key.
fn encrypts(certificate: &Certificate<'_>) -> bool {
    let key = tlv::read(certificate.public_key_der());
    let algorithm = key.first().and_then(|key| key.at(0)?.at(0));
    algorithm.is_some_and(|oid| oid.contents() == oid::RSA_ENCRYPTION.as_bytes())
}
