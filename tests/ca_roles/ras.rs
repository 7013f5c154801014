//! Who receives requests and signs replies for the CA.

use super::*;

#[test]
fn ndes_has_one_for_each_use() {
    for (ca_usage, more) in [
        (CERT_AND_CRL_SIGN, &[][..]),
        (
            CERT_AND_CRL_SIGN | DIGITAL_SIGNATURE,
            &[("CA", IssuingCa)][..],
        ),
    ] {
        let ca = Made {
            usage: Some(ca_usage),
            ..CA
        };
        let answer = [
            SIGNING_RA.issued_by(&ca),
            ENCRYPTION_RA.issued_by(&ca),
            ca.issued_by(&ROOT),
            ROOT.self_signed(),
        ];
        let signers = [&[("signing RA", RequestAgent)], more].concat();
        for (pin, chain) in [(&answer[2], &["CA"][..]), (&answer[3], &["CA", "root"])] {
            assert_eq!(
                select(&answer, pin),
                told(chain, ("encryption RA", RequestAgent), &signers)
            );
        }
    }
}

#[test]
fn the_use_and_not_the_name_tells_them_apart() {
    let swapped = |made: Made, usage| Made {
        usage: Some(usage),
        ..made
    };
    let answer = [
        CA.self_signed(),
        swapped(SIGNING_RA, KEY_ENCIPHERMENT).issued_by(&CA),
        swapped(ENCRYPTION_RA, DIGITAL_SIGNATURE).issued_by(&CA),
    ];
    assert_eq!(
        select(&answer, &answer[0]),
        told(
            &["CA"],
            ("signing RA", RequestAgent),
            &[("encryption RA", RequestAgent)]
        )
    );
}

#[test]
fn one_of_both_uses_goes_before_the_ca() {
    let ra = ("RA", RequestAgent);
    for usage in [Some(BOTH), None] {
        let answer = [
            CA_OF_ALL_USES.self_signed(),
            Made { usage, ..RA }.issued_by(&CA),
        ];
        assert_eq!(
            select(&answer, &answer[0]),
            told(&["CA"], ra, &[ra, ("CA", IssuingCa)])
        );
    }
}

#[test]
fn what_one_cannot_do_the_ca_does() {
    let answer = [CA_OF_ALL_USES.self_signed(), SIGNING_RA.issued_by(&CA)];
    let ca = ("CA", IssuingCa);
    assert_eq!(
        select(&answer, &answer[0]),
        told(&["CA"], ca, &[("signing RA", RequestAgent), ca])
    );
    let answer = [CA.self_signed(), ENCRYPTION_RA.issued_by(&CA)];
    assert_eq!(
        select(&answer, &answer[0]),
        Err(RoleError::KeyUsage(CaRole::ReplySigner))
    );
}

#[test]
fn one_of_another_ca_is_none() {
    let ca = ("CA", IssuingCa);
    let expected = told(&["CA"], ca, &[ca]);
    let other = Made::ca("other CA", DEVICE.key, ALL_USES);
    let of_same_name = Made {
        key: DEVICE.key,
        ..CA
    };
    for forger in [other, of_same_name] {
        let answer = [
            CA_OF_ALL_USES.self_signed(),
            RA.issued_by(&forger),
            forger.self_signed(),
        ];
        assert_eq!(select(&answer, &answer[0]), expected);
    }
    let answer = [CA_OF_ALL_USES.self_signed(), RA.self_signed()];
    assert_eq!(select(&answer, &answer[0]), expected);
}

#[test]
fn the_newest_of_those_that_are_valid_receives() {
    let ra = |key, period| Made { key, period, ..RA }.issued_by(&CA);
    let (old_key, new_key) = (vector!("keys/c2048.key"), vector!("keys/cpend.key"));
    let ca = CA.self_signed();
    let old = ra(old_key, RA.period);
    let pin = CaPin::certificate(&ca);
    let recipient = |new: &Certificate<'static>| {
        let answer = [ca.clone(), old.clone(), new.clone()];
        let roles = roles_under(&answer, &pin, RoleRules::default(), &Policy::default());
        roles.map(|roles| {
            let signers = roles.reply_signers().len();
            (roles.recipient().clone().into_owned(), signers)
        })
    };
    // Replies to requests that the old one received come from it.
    let new = ra(new_key, RENEWED);
    assert_eq!(recipient(&new), Ok((new, 2)));
    for period in [NOT_YET, EXPIRED] {
        assert_eq!(recipient(&ra(new_key, period)), Ok((old.clone(), 1)));
    }
    assert_eq!(
        recipient(&ra(new_key, RA.period)),
        Err(RoleError::Ambiguous(CaRole::Recipient, 2))
    );
}

#[test]
fn one_that_is_not_valid_is_told() {
    for (period, error) in [
        (EXPIRED, RoleError::Expired as fn(_) -> _),
        (NOT_YET, RoleError::NotYetValid),
    ] {
        let made = |made: Made| Made { period, ..made }.issued_by(&CA);
        let ca = CA.self_signed();
        for (signing, encryption, role) in [
            (
                SIGNING_RA.issued_by(&CA),
                made(ENCRYPTION_RA),
                CaRole::Recipient,
            ),
            (
                made(SIGNING_RA),
                ENCRYPTION_RA.issued_by(&CA),
                CaRole::ReplySigner,
            ),
        ] {
            let answer = [ca.clone(), signing, encryption];
            assert_eq!(select(&answer, &ca), Err(error(role)));
        }
        // A CA that may do it itself does.
        let answer = [CA_OF_ALL_USES.self_signed(), made(RA)];
        let ca = ("CA", IssuingCa);
        assert_eq!(select(&answer, &answer[0]), told(&["CA"], ca, &[ca]));
    }
}

#[test]
fn what_the_policy_refuses_is_told() {
    let sha1 = Made {
        digest: DigestAlgorithm::Sha1,
        ..RA
    };
    let answer = [CA.self_signed(), sha1.issued_by(&CA)];
    let pin = CaPin::certificate(&answer[0]);
    let select = |policy| {
        let roles = roles_under(&answer, &pin, RoleRules::default(), &policy);
        roles.map(|roles| roles.recipient().subject().to_string())
    };
    let refused = Refused::CertificateSignature(oid::SHA1_WITH_RSA);
    assert_eq!(select(Policy::strict()), Err(RoleError::Refused(refused)));
    assert_eq!(select(Policy::default()).as_deref(), Ok("CN=RA"));
    // Absent, the pinned CA has nothing under it that counts.
    let under = roles_under(&answer[1..], &pin, RoleRules::default(), &Policy::strict());
    assert_eq!(under.map(|_| ()), Err(RoleError::Refused(refused)));
}

#[test]
fn one_whose_key_only_signs_is_the_recipient_if_nobody_else_is() {
    let ec = Made {
        subject: "EC RA",
        public_key: Some(EC_KEY),
        period: RENEWED,
        ..RA
    };
    let (ra, ec_ra) = (("RA", RequestAgent), ("EC RA", RequestAgent));
    let answer = [CA.self_signed(), ec.issued_by(&CA), RA.issued_by(&CA)];
    assert_eq!(select(&answer, &answer[0]), told(&["CA"], ra, &[ec_ra, ra]));
    assert_eq!(
        select(&answer[..2], &answer[0]),
        told(&["CA"], ec_ra, &[ec_ra])
    );
}

#[cfg(feature = "ec")]
#[test]
fn a_ca_that_only_signs_does_not_receive_where_an_ra_could_but_may_not() {
    use crate::common::forge::signature_id;
    use crate::common::x509::{MadeCertificate, extension};
    use crate::common::{EcKey, key, pem};
    use scep::crypto::{SignatureAlgorithm, SigningKey};

    let key_of_ca = EcKey::from_pkcs8_der(&pem(vector!("keys/ca-ec.key"))).unwrap();
    let ca = certificate(vector!("keys/ca-ec.pem"));
    let ra = |made: Made| {
        let algorithm = SignatureAlgorithm::EcdsaSha256;
        let agent = common::forge::oid_der(oid::CERTIFICATE_REQUEST_AGENT);
        let unused = made.usage.unwrap().trailing_zeros() as u8;
        let usage = common::forge::tlv(0x03, &[unused, made.usage.unwrap()]);
        MadeCertificate {
            issuer: ca.subject_der().to_vec(),
            validity: made.period,
            signature_algorithm: signature_id(algorithm),
            extensions: vec![
                extension(oid::EXT_KEY_USAGE, &common::forge::tlv(0x30, &agent)),
                extension(oid::KEY_USAGE, &usage),
            ],
            ..MadeCertificate::self_issued(&key(made.key), made.subject)
        }
        .sign_with(algorithm, &key_of_ca)
    };
    assert!(
        key_of_ca
            .algorithms()
            .contains(&SignatureAlgorithm::EcdsaSha256)
    );
    let recipient = |answer: &[Certificate<'_>]| {
        let pin = CaPin::certificate(&ca);
        let roles = roles_under(answer, &pin, RoleRules::default(), &Policy::default());
        roles.map(|roles| roles.recipient().subject().to_string())
    };
    let (signing, encryption) = (ra(SIGNING_RA), ra(ENCRYPTION_RA));
    let expired = ra(Made {
        period: EXPIRED,
        ..ENCRYPTION_RA
    });
    let whole = [ca.clone(), signing.clone(), encryption];
    assert_eq!(recipient(&whole).as_deref(), Ok("CN=encryption RA"));
    // The one that receives was taken out on the way, or its time is over: nothing goes under the challenge because of that.
    assert_eq!(
        recipient(&whole[..2]),
        Err(RoleError::KeyUsage(CaRole::Recipient))
    );
    assert_eq!(
        recipient(&[ca.clone(), signing, expired]),
        Err(RoleError::Expired(CaRole::Recipient))
    );
    // The CA alone is its own RA, for all that can be seen.
    assert!(recipient(&whole[..1]).unwrap().contains("CN="));
}
