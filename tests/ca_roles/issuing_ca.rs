//! Which of several CAs issues.

use super::*;

const A: Made = Made::ca("A", vector!("keys/c3072.key"), ALL_USES);
const B: Made = Made::ca("B", vector!("keys/ca-micromdm.key"), ALL_USES);

fn answer() -> [Certificate<'static>; 3] {
    [ROOT.self_signed(), A.issued_by(&ROOT), B.issued_by(&ROOT)]
}

#[test]
fn it_is_the_lowest_one() {
    let root = Made {
        usage: Some(ALL_USES),
        ..ROOT
    };
    let answer = [root.self_signed(), A.issued_by(&root), B.issued_by(&A)];
    let b = ("B", IssuingCa);
    assert_eq!(
        select(&answer, &answer[0]),
        told(&["B", "A", "root"], b, &[b])
    );
}

#[test]
fn of_two_it_is_the_one_with_an_ra() {
    let [root, a, b] = answer();
    let both = [root.clone(), a.clone(), b.clone()];
    let ambiguous = |count| Err(RoleError::Ambiguous(CaRole::IssuingCa, count));
    assert_eq!(select(&both, &root), ambiguous(2));
    let with_ra = [root.clone(), a.clone(), b.clone(), RA.issued_by(&A)];
    let ra = ("RA", RequestAgent);
    assert_eq!(
        select(&with_ra, &root),
        told(&["A", "root"], ra, &[ra, ("A", IssuingCa)])
    );
    let with_two = [
        root.clone(),
        a.clone(),
        b.clone(),
        RA.issued_by(&A),
        ENCRYPTION_RA.issued_by(&B),
    ];
    assert_eq!(select(&with_two, &root), ambiguous(2));
    // A leaf like any other says nothing about who issues here.
    let with_leaf = [root.clone(), a, b, PLAIN_RA.issued_by(&A)];
    assert_eq!(
        select_with(&with_leaf, &CaPin::certificate(&root), any_leaf()),
        ambiguous(2)
    );
}

#[test]
fn the_names_alone_make_nobody_a_ca() {
    let [root, a, _] = answer();
    let a_role = ("A", IssuingCa);
    let expected = told(&["A", "root"], a_role, &[a_role]);
    // Its issuer is called as the root is.
    let forger = Made {
        key: DEVICE.key,
        ..ROOT
    };
    let forged = [root.clone(), a.clone(), B.issued_by(&forger)];
    assert_eq!(select(&forged, &root), expected);
    // A device issues, with all that belongs to it but the right to.
    let device = Made {
        usage: Some(ALL_USES),
        ..DEVICE
    };
    let issued = [
        root.clone(),
        a.clone(),
        device.issued_by(&A),
        B.issued_by(&device),
    ];
    assert_eq!(select(&issued, &root), expected);
    let signs_nothing = Made {
        usage: Some(BOTH),
        ..B
    };
    let unable = [root.clone(), a.clone(), signs_nothing.issued_by(&A)];
    assert_eq!(select(&unable, &root), expected);
    let stranger = [root.clone(), a, B.self_signed()];
    assert_eq!(select(&stranger, &root), expected);
}

#[test]
fn it_must_be_valid() {
    let [root, a, _] = answer();
    let b = |period| Made { period, ..B }.issued_by(&ROOT);
    let expired = [root.clone(), b(EXPIRED)];
    assert_eq!(
        select(&expired, &root),
        Err(RoleError::Expired(CaRole::IssuingCa))
    );
    let not_yet = [root.clone(), b(NOT_YET)];
    assert_eq!(
        select(&not_yet, &root),
        Err(RoleError::NotYetValid(CaRole::IssuingCa))
    );
    // Another that is valid decides it.
    let a_role = ("A", IssuingCa);
    for period in [EXPIRED, NOT_YET] {
        assert_eq!(
            select(&[root.clone(), a.clone(), b(period)], &root),
            told(&["A", "root"], a_role, &[a_role])
        );
    }
}

#[test]
fn nobody_under_an_expired_ca_is_valid() {
    let root = Made {
        usage: Some(ALL_USES),
        ..ROOT
    };
    let expired = Made {
        period: EXPIRED,
        ..CA
    };
    let answer = [
        root.self_signed(),
        expired.issued_by(&root),
        RA.issued_by(&expired),
    ];
    assert_eq!(
        select(&answer, &answer[0]),
        Err(RoleError::Expired(CaRole::IssuingCa))
    );
}

#[test]
fn two_that_certify_one_another_are_two() {
    let answer = [A.self_signed(), B.issued_by(&A), A.issued_by(&B)];
    assert_eq!(
        select(&answer, &answer[0]),
        Err(RoleError::Ambiguous(CaRole::IssuingCa, 2))
    );
}

#[test]
fn the_next_ca_does_not_issue_before_its_time() {
    let next = Made {
        period: NOT_YET,
        ..B
    };
    let answer = [A.self_signed(), next.issued_by(&A)];
    let a = ("A", IssuingCa);
    assert_eq!(select(&answer, &answer[0]), told(&["A"], a, &[a]));
}

#[test]
fn an_ra_is_under_the_valid_one_of_its_certificates() {
    let made = |period| Made { period, ..A }.issued_by(&ROOT);
    for other in [EXPIRED, NOT_YET] {
        let mut seen = [false; 2];
        // Serial numbers are random, so either comes first in DER.
        while seen != [true; 2] {
            let answer = [
                ROOT.self_signed(),
                made(other),
                made(RENEWED),
                RA.issued_by(&A),
            ];
            seen[usize::from(answer[1].as_der() < answer[2].as_der())] = true;
            let ra = ("RA", RequestAgent);
            assert_eq!(
                select(&answer, &answer[0]),
                told(&["A", "root"], ra, &[ra, ("A", IssuingCa)])
            );
        }
    }
    // Under an expired one alone it is none.
    let answer = [ROOT.self_signed(), made(EXPIRED), RA.issued_by(&A)];
    assert_eq!(
        select(&answer, &answer[0]),
        Err(RoleError::Expired(CaRole::IssuingCa))
    );
}

#[test]
fn the_newest_of_its_certificates_is_taken() {
    let renewed = Made {
        period: RENEWED,
        ..A
    };
    let answer = [
        ROOT.self_signed(),
        A.issued_by(&ROOT),
        renewed.issued_by(&ROOT),
        RA.issued_by(&A),
    ];
    let pin = CaPin::certificate(&answer[0]);
    let roles = roles_under(&answer, &pin, RoleRules::default(), &Policy::default()).unwrap();
    assert_eq!(roles.issuer(), &answer[2]);
    assert_eq!(roles.recipient(), &answer[3]);
    // A root that renewed itself.
    let renewed = Made {
        period: RENEWED,
        ..A
    };
    let answer = [A.self_signed(), renewed.self_signed()];
    let pin = CaPin::certificate(&answer[0]);
    let roles = roles_under(&answer, &pin, RoleRules::default(), &Policy::default()).unwrap();
    assert_eq!(roles.recipient(), &answer[1]);
    assert_eq!(roles.chain(), [answer[1].clone(), answer[0].clone()]);
    // Another key of the same name is another CA.
    let rekeyed = Made { key: B.key, ..A };
    let answer = [
        ROOT.self_signed(),
        A.issued_by(&ROOT),
        rekeyed.issued_by(&ROOT),
    ];
    assert_eq!(
        select(&answer, &answer[0]),
        Err(RoleError::Ambiguous(CaRole::IssuingCa, 2))
    );
}
