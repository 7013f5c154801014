//! The answer is not authenticated, and here somebody adds to it what the CA once issued to him.

use super::*;
use crate::common::provider;

const ANY_PURPOSE: &str = "2.5.29.37.0";
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

/// Certificates that a CA may well have issued to a device.
fn devices() -> Vec<Certificate<'static>> {
    let purposes: &'static [Oid] = vec![
        common::forge::dotted(ANY_PURPOSE),
        common::forge::dotted(CLIENT_AUTH),
    ]
    .leak();
    let with_purposes = Made { purposes, ..DEVICE };
    let renewed = Made {
        period: RENEWED,
        ..DEVICE
    };
    let for_all = Made {
        usage: None,
        ..DEVICE
    };
    let bare = Made {
        constraints: Constraints::Absent,
        ..for_all
    };
    [DEVICE, with_purposes, renewed, for_all, bare]
        .map(|device| device.issued_by(&CA))
        .to_vec()
}

#[test]
fn another_device_is_neither_recipient_nor_reply_signer() {
    let ca = ("CA", IssuingCa);
    for device in devices() {
        // Not beside a CA that is its own RA,
        let answer = [CA_OF_ALL_USES.self_signed(), device.clone()];
        for rules in [RoleRules::default(), no_usage()] {
            let pin = CaPin::certificate(&answer[0]);
            assert_eq!(select_with(&answer, &pin, rules), told(&["CA"], ca, &[ca]));
        }
        // not beside RAs,
        let answer = [
            CA.self_signed(),
            SIGNING_RA.issued_by(&CA),
            ENCRYPTION_RA.issued_by(&CA),
            device.clone(),
        ];
        let expected = told(
            &["CA"],
            ("encryption RA", RequestAgent),
            &[("signing RA", RequestAgent)],
        );
        assert_eq!(select(&answer, &answer[0]), expected);
        let pin = CaPin::certificate(&answer[0]);
        assert_eq!(select_with(&answer, &pin, any_leaf()), expected);
        // and not where nobody else could be it.
        let answer = [CA.self_signed(), device];
        assert_eq!(
            select(&answer, &answer[0]),
            Err(RoleError::NotMarkedAsRa(CaRole::Recipient))
        );
        let ignored = ("CA", KeyUsageIgnored);
        let pin = CaPin::certificate(&answer[0]);
        assert_eq!(
            select_with(&answer, &pin, no_usage()),
            told(&["CA"], ignored, &[ignored])
        );
    }
}

#[test]
fn a_device_has_a_role_only_by_leave_which_is_told() {
    let answer = [CA_OF_ALL_USES.self_signed(), PLAIN_RA.issued_by(&CA)];
    let pin = CaPin::certificate(&answer[0]);
    let ra = ("RA", AnyLeafOfCa);
    assert_eq!(
        select_with(&answer, &pin, any_leaf()),
        told(&["CA"], ra, &[ra, ("CA", IssuingCa)])
    );
    let of_one_use = |usage| {
        Made {
            usage: Some(usage),
            ..PLAIN_RA
        }
        .issued_by(&CA)
    };
    let ca = ("CA", IssuingCa);
    for (usage, recipient, signers) in [
        (KEY_ENCIPHERMENT, ra, &[ca][..]),
        (DIGITAL_SIGNATURE, ca, &[ra, ca]),
    ] {
        let answer = [answer[0].clone(), of_one_use(usage)];
        assert_eq!(
            select_with(&answer, &pin, any_leaf()),
            told(&["CA"], recipient, signers)
        );
    }
}

#[test]
fn two_devices_are_one_too_many() {
    let recipients = [
        CA.self_signed(),
        PLAIN_RA.issued_by(&CA),
        Made {
            period: RENEWED,
            ..DEVICE
        }
        .issued_by(&CA),
    ];
    let pin = CaPin::certificate(&recipients[0]);
    assert_eq!(
        select_with(&recipients, &pin, any_leaf()),
        Err(RoleError::Ambiguous(CaRole::Recipient, 2))
    );
    let signer = |made: Made| Made {
        usage: Some(DIGITAL_SIGNATURE),
        ..made
    };
    let signers = [
        CA_OF_ALL_USES.self_signed(),
        signer(PLAIN_RA).issued_by(&CA),
        signer(DEVICE).issued_by(&CA),
    ];
    let pin = CaPin::certificate(&signers[0]);
    assert_eq!(
        select_with(&signers, &pin, any_leaf()),
        Err(RoleError::Ambiguous(CaRole::ReplySigner, 2))
    );
}

#[test]
fn the_leave_is_for_leaves_of_the_issuing_ca() {
    let answer = [
        ROOT.self_signed(),
        CA.issued_by(&ROOT),
        PLAIN_RA.issued_by(&ROOT),
    ];
    let pin = CaPin::certificate(&answer[0]);
    assert_eq!(
        select_with(&answer, &pin, any_leaf()),
        Err(RoleError::KeyUsage(CaRole::Recipient))
    );
}

#[test]
fn a_pinned_ra_needs_no_mark() {
    let (ca, ra) = (CA.self_signed(), PLAIN_RA.issued_by(&CA));
    let pinned = ("RA", Pinned);
    let expected = told(&["CA"], pinned, &[pinned]);
    let by_fingerprint = fingerprint(FingerprintAlgorithm::Sha256, &ra);
    let by_fingerprint = CaPin::certificate(&ca).ra_fingerprint(by_fingerprint);
    let by_certificate = CaPin::certificate(&ca).ra_certificate(&ra);
    let device = DEVICE.issued_by(&CA);
    let answer = [ca.clone(), ra.clone(), device.clone()];
    for rules in [RoleRules::default(), any_leaf()] {
        assert_eq!(select_with(&answer, &by_fingerprint, rules), expected);
        assert_eq!(select_with(&answer, &by_certificate, rules), expected);
    }
    // The certificate itself need not be in the answer.
    let answer = [ca.clone(), device];
    assert_eq!(
        select_with(&answer, &by_certificate, RoleRules::default()),
        expected
    );
    assert_eq!(
        select_with(&answer, &by_fingerprint, RoleRules::default()),
        Err(RoleError::PinnedRaNotFound)
    );
}

#[test]
fn a_pinned_ra_that_is_taken_out_leaves_its_role_to_nobody() {
    // An enrolment agent, such as a smart-card officer, has the mark of an RA.
    let agent = Made::ra("agent", vector!("keys/cbad.key"), BOTH);
    let ca = CA_OF_ALL_USES.self_signed();
    let (signing, encryption) = (SIGNING_RA.issued_by(&CA), ENCRYPTION_RA.issued_by(&CA));
    let of = |ra| fingerprint(FingerprintAlgorithm::Sha256, ra);
    let pin = CaPin::certificate(&ca)
        .ra_fingerprint(of(&signing))
        .ra_fingerprint(of(&encryption));
    let mut answer = vec![ca.clone(), agent.issued_by(&CA), signing, encryption];
    let roles = select_with(&answer, &pin, RoleRules::default()).unwrap();
    assert_eq!(roles.recipient, ("CN=encryption RA".to_owned(), Pinned));
    answer.pop();
    for left in [&answer[..], &answer[..1]] {
        assert_eq!(
            select_with(left, &pin, RoleRules::default()),
            Err(RoleError::PinnedRaNotFound)
        );
    }
}

#[test]
fn a_pinned_ra_goes_before_a_marked_one() {
    let marked = Made {
        period: RENEWED,
        ..ENCRYPTION_RA
    };
    let answer = [
        CA.self_signed(),
        PLAIN_RA.issued_by(&CA),
        marked.issued_by(&CA),
    ];
    let pinned = ("RA", Pinned);
    assert_eq!(
        select_with(
            &answer,
            &CaPin::certificate(&answer[0]).ra_certificate(&answer[1]),
            RoleRules::default()
        ),
        told(&["CA"], pinned, &[pinned])
    );
}

#[test]
fn a_pinned_ra_must_be_the_cas_and_valid() {
    let ca = CA.self_signed();
    let of_another = PLAIN_RA.self_signed();
    let expired = Made {
        period: EXPIRED,
        ..PLAIN_RA
    }
    .issued_by(&CA);
    for (ra, error) in [
        (of_another, RoleError::KeyUsage(CaRole::Recipient)),
        (expired, RoleError::Expired(CaRole::Recipient)),
    ] {
        let pin = CaPin::certificate(&ca).ra_certificate(&ra);
        let answer = [ca.clone(), ra.clone()];
        assert_eq!(select_with(&answer, &pin, RoleRules::default()), Err(error));
    }
}

#[test]
fn a_set_with_the_certificate_of_a_device_as_openssl_wrote_it() {
    let body = &vector!("openssl-made/getcacert-degenerate2.der")[..];
    let set = CertsOnly::parse(body, &Limits::REPLY).unwrap();
    assert_eq!(set.certificates().count(), 2);
    let answer = CaCertificates::parse(body, None, &Limits::REPLY).unwrap();
    let ca = certificate(vector!("keys/ca-jscep.pem"));
    let roles = CaRoles::select(
        &answer,
        &CaPin::certificate(&ca),
        NOW,
        &RoleRules::default(),
        &provider(),
        &Policy::strict(),
    )
    .unwrap();
    assert_eq!(
        (roles.issuer(), roles.recipient(), roles.reply_signers()),
        (&ca, &ca, std::slice::from_ref(&ca))
    );
}
