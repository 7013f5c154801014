//! Which certificate is trusted, and what follows for those around it.

use super::*;
use crate::common::provider;

fn ca_alone() -> Result<Told, RoleError> {
    let ca = ("CA", IssuingCa);
    told(&["CA"], ca, &[ca])
}

#[test]
fn a_fingerprint_of_each_algorithm_pins() {
    let ca = CA_OF_ALL_USES.self_signed();
    for algorithm in [
        FingerprintAlgorithm::Md5,
        FingerprintAlgorithm::Sha1,
        FingerprintAlgorithm::Sha256,
    ] {
        let right = fingerprint(algorithm, &ca);
        let mut wrong = right.as_bytes().to_vec();
        wrong[0] ^= 1;
        let wrong = Fingerprint::from_bytes(&wrong).unwrap();
        let select = |fingerprint| {
            let pin = CaPin::fingerprint(fingerprint);
            select_with(std::slice::from_ref(&ca), &pin, RoleRules::default())
        };
        assert_eq!(select(right), ca_alone());
        assert_eq!(select(wrong), Err(RoleError::PinNotFound));
    }
}

#[test]
fn root_intermediate_and_issuing_ca_may_be_pinned() {
    let middle = Made::ca("middle", vector!("keys/c3072.key"), CERT_AND_CRL_SIGN);
    let answer = [
        ROOT.self_signed(),
        middle.issued_by(&ROOT),
        CA.issued_by(&middle),
        RA.issued_by(&CA),
    ];
    let ra = ("RA", RequestAgent);
    for (pin, chain) in [
        (&answer[0], &["CA", "middle", "root"][..]),
        (&answer[1], &["CA", "middle"]),
        (&answer[2], &["CA"]),
    ] {
        let expected = told(chain, ra, &[ra]);
        assert_eq!(select(&answer, pin), expected);
        let pin = CaPin::fingerprint(fingerprint(FingerprintAlgorithm::Sha256, pin));
        assert_eq!(select_with(&answer, &pin, RoleRules::default()), expected);
    }
}

#[test]
fn what_stands_above_the_pin_has_no_role() {
    let root = Made {
        usage: Some(ALL_USES),
        ..ROOT
    };
    let answer = [root.self_signed(), CA.issued_by(&root)];
    assert_eq!(
        select(&answer, &answer[1]),
        Err(RoleError::KeyUsage(CaRole::Recipient))
    );
    let answer = [root.self_signed(), CA_OF_ALL_USES.issued_by(&root)];
    assert_eq!(select(&answer, &answer[1]), ca_alone());
}

#[test]
fn a_pinned_certificate_need_not_be_in_the_answer_but_something_under_it() {
    let (root, ca) = (ROOT.self_signed(), CA_OF_ALL_USES.issued_by(&ROOT));
    let ca_role = ("CA", IssuingCa);
    assert_eq!(
        select(std::slice::from_ref(&ca), &root),
        told(&["CA", "root"], ca_role, &[ca_role])
    );
    let by_fingerprint = CaPin::fingerprint(fingerprint(FingerprintAlgorithm::Sha1, &root));
    assert_eq!(
        select_with(
            std::slice::from_ref(&ca),
            &by_fingerprint,
            RoleRules::default()
        ),
        Err(RoleError::PinNotFound)
    );
    assert_eq!(
        select(&[CA_OF_ALL_USES.self_signed()], &root),
        Err(RoleError::PinNotFound)
    );
}

#[test]
fn a_pinned_ra_does_not_stand_in_for_an_answer() {
    let (ca, ra) = (CA.self_signed(), PLAIN_RA.issued_by(&CA));
    let pin = CaPin::certificate(&ca).ra_certificate(&ra);
    let other = [ROOT.self_signed()];
    assert_eq!(
        select_with(&other, &pin, RoleRules::default()),
        Err(RoleError::PinNotFound)
    );
}

#[test]
fn who_is_no_ca_cannot_be_pinned_as_one() {
    let answer = [CA.self_signed(), RA.issued_by(&CA)];
    assert_eq!(select(&answer, &answer[1]), Err(RoleError::PinIsNoCa));
    let signs_nothing = Made {
        usage: Some(BOTH),
        ..CA
    };
    let answer = [signs_nothing.self_signed()];
    assert_eq!(select(&answer, &answer[0]), Err(RoleError::PinIsNoCa));
}

#[test]
fn without_basic_constraints_only_a_pinned_root_is_a_ca() {
    let v1 = Made {
        constraints: Constraints::Absent,
        usage: None,
        ..CA
    };
    let v3 = Made {
        usage: Some(ALL_USES),
        ..v1
    };
    for old in [v1, v3] {
        let answer = [old.self_signed()];
        assert_eq!(select(&answer, &answer[0]), ca_alone());
        // Under a root it is a certificate like any other, whatever it issued.
        let root = Made {
            usage: Some(ALL_USES),
            ..ROOT
        };
        let answer = [root.self_signed(), old.issued_by(&root), RA.issued_by(&old)];
        let root_role = ("root", IssuingCa);
        assert_eq!(
            select(&answer, &answer[0]),
            told(&["root"], root_role, &[root_role])
        );
        assert_eq!(select(&answer, &answer[1]), Err(RoleError::PinIsNoCa));
    }
    let end_entity = Made {
        constraints: Constraints::EndEntity,
        ..v3
    };
    let answer = [end_entity.self_signed()];
    assert_eq!(select(&answer, &answer[0]), Err(RoleError::PinIsNoCa));
}

#[test]
fn without_basic_constraints_the_name_of_the_pinned_root_makes_no_ca() {
    let root = Made {
        usage: Some(ALL_USES),
        ..ROOT
    };
    let of_same_name = Made {
        key: CA.key,
        constraints: Constraints::Absent,
        usage: None,
        period: RENEWED,
        ..ROOT
    };
    let answer = [
        root.self_signed(),
        of_same_name.issued_by(&root),
        RA.issued_by(&of_same_name),
    ];
    let roles = roles_under(
        &answer,
        &CaPin::certificate(&answer[0]),
        RoleRules::default(),
        &Policy::default(),
    )
    .unwrap();
    assert_eq!(
        (roles.issuer(), roles.recipient()),
        (&answer[0], &answer[0])
    );
    assert_eq!(roles.reply_signers(), &answer[..1]);
}

#[test]
fn an_old_root_issues_what_a_client_enrols_for() {
    let old = Made {
        constraints: Constraints::Absent,
        ..CA_OF_ALL_USES
    };
    let device = DEVICE.issued_by(&old);
    let (provider, policy) = (provider(), Policy::default());
    assert_eq!(
        device.verify_issued_by(&old.self_signed(), &provider, &policy),
        Ok(())
    );
}

#[test]
fn the_pinned_certificate_must_be_valid() {
    for (period, error) in [
        (EXPIRED, RoleError::Expired as fn(_) -> _),
        (NOT_YET, RoleError::NotYetValid),
    ] {
        let ca = Made {
            period,
            ..CA_OF_ALL_USES
        };
        let answer = [ca.self_signed()];
        assert_eq!(select(&answer, &answer[0]), Err(error(CaRole::PinnedCa)));
    }
}

#[test]
fn what_cannot_be_read_has_no_role() {
    let ca = CA_OF_ALL_USES.self_signed();
    let unreadable = [0x30, 3, 2, 1, 1];
    let certificates = [&unreadable[..], ca.as_der()].concat();
    let body = common::forge::certificates_only(&certificates);
    let answer = CaCertificates::parse(body, None, &Limits::REPLY).unwrap();
    assert_eq!(answer.certificates().filter(Result::is_err).count(), 1);
    let roles = CaRoles::select(
        &answer,
        &CaPin::certificate(&ca),
        NOW,
        &RoleRules::default(),
        &provider(),
        &Policy::default(),
    );
    assert_eq!(roles.map(|roles| Told::of(&roles)), ca_alone());
}
