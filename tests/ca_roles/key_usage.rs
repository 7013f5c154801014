//! What keyUsage allows, and leave to ignore it.

use super::*;
use crate::common::provider;

fn alone(usage: Option<u8>, rules: RoleRules) -> Result<Told, RoleError> {
    let answer = [Made { usage, ..CA }.self_signed()];
    select_with(&answer, &CaPin::certificate(&answer[0]), rules)
}

#[test]
fn a_ca_of_all_uses_does_everything() {
    let ca = ("CA", IssuingCa);
    assert_eq!(
        alone(Some(ALL_USES), RoleRules::default()),
        told(&["CA"], ca, &[ca])
    );
    assert_eq!(alone(None, RoleRules::default()), told(&["CA"], ca, &[ca]));
}

#[test]
fn each_role_has_its_bit() {
    let usage = |bits| Some(CERT_AND_CRL_SIGN | bits);
    for (bits, role) in [
        (0, CaRole::Recipient),
        (DIGITAL_SIGNATURE, CaRole::Recipient),
        (DIGITAL_SIGNATURE | DATA_ENCIPHERMENT, CaRole::Recipient),
        (KEY_ENCIPHERMENT, CaRole::ReplySigner),
    ] {
        assert_eq!(
            alone(usage(bits), RoleRules::default()),
            Err(RoleError::KeyUsage(role))
        );
    }
}

#[test]
fn it_is_ignored_only_by_leave_which_is_told() {
    let (ca, ignored) = (("CA", IssuingCa), ("CA", KeyUsageIgnored));
    for (usage, recipient, signer) in [
        (CERT_AND_CRL_SIGN, ignored, ignored),
        (CERT_AND_CRL_SIGN | DIGITAL_SIGNATURE, ignored, ca),
        (CERT_AND_CRL_SIGN | KEY_ENCIPHERMENT, ca, ignored),
        (ALL_USES, ca, ca),
    ] {
        assert_eq!(
            alone(Some(usage), no_usage()),
            told(&["CA"], recipient, &[signer])
        );
    }
}

#[test]
fn the_ca_of_micromdm_needs_that_leave() {
    let body = &vector!("server-micromdm/getcacert.der")[..];
    let answer = CaCertificates::parse(body, None, &Limits::REPLY).unwrap();
    let ca = certificate(vector!("keys/ca-micromdm.pem"));
    let pin = CaPin::certificate(&ca);
    let select = |rules: RoleRules| {
        let (provider, policy) = (provider(), Policy::default());
        let roles = CaRoles::select(&answer, &pin, NOW, &rules, &provider, &policy)?;
        Ok((
            roles.recipient_reason(),
            roles.reply_signer_reasons().to_vec(),
        ))
    };
    assert_eq!(
        select(RoleRules::default()),
        Err(RoleError::KeyUsage(CaRole::Recipient))
    );
    assert_eq!(
        select(no_usage()),
        Ok((KeyUsageIgnored, vec![KeyUsageIgnored]))
    );
}

#[test]
fn an_ra_of_one_use_can_serve_for_both() {
    let answer = [CA.self_signed(), SIGNING_RA.issued_by(&CA)];
    assert_eq!(
        select(&answer, &answer[0]),
        Err(RoleError::KeyUsage(CaRole::Recipient))
    );
    let pin = CaPin::certificate(&answer[0]);
    assert_eq!(
        select_with(&answer, &pin, no_usage()),
        told(
            &["CA"],
            ("signing RA", KeyUsageIgnored),
            &[("signing RA", RequestAgent), ("CA", KeyUsageIgnored)]
        )
    );
}

#[test]
fn a_recipient_that_it_allows_goes_first() {
    let answer = [
        CA.self_signed(),
        SIGNING_RA.issued_by(&CA),
        ENCRYPTION_RA.issued_by(&CA),
    ];
    let pin = CaPin::certificate(&answer[0]);
    assert_eq!(
        select_with(&answer, &pin, no_usage()),
        told(
            &["CA"],
            ("encryption RA", RequestAgent),
            &[
                ("signing RA", RequestAgent),
                ("encryption RA", KeyUsageIgnored),
                ("CA", KeyUsageIgnored),
            ]
        )
    );
}
