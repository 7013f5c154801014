//! The next CA: whose word for it counts, who is who in it, and enrolling with it while the current one still answers.

use crate::common::issue::NOW;
use crate::common::made::{
    ALL_USES, BOTH, CERT_AND_CRL_SIGN, DIGITAL_SIGNATURE, EXPIRED, KEY_ENCIPHERMENT, Made, NOT_YET,
};
use crate::common::{Parties, certificate, key, provider, rng, vector};
use scep::crypto::Policy;
use scep::{
    CaCertificates, CaPin, CaRole, CaRoles, CertRep, Certificate, CertificateSignatureError,
    Limits, NextCaBuilder, NextCaCertificates, PkiMessage, Recipient, RequestBuilder, RoleError,
    RoleReason, RoleRules, SignerIdentity, SignerTrust, TransactionError, VerifyError,
};

const ROOT: Made = Made::ca("root", vector!("keys/c3072.key"), CERT_AND_CRL_SIGN);
const CURRENT: Made = Made::ca("CA", vector!("keys/ca-jscep.key"), ALL_USES);
/// Valid from when the current one is over.
const NEXT: Made = Made {
    period: NOT_YET,
    ..Made::ca("CA G2", vector!("keys/ca-micromdm.key"), ALL_USES)
};
const RA: Made = Made::ra("RA", vector!("keys/cpend.key"), BOTH);
const DEVICE: Made = Made::leaf("device", vector!("keys/cbad.key"), BOTH);

fn body(certificates: &[Certificate<'_>], signer: &Made, certificate: &Certificate<'_>) -> Vec<u8> {
    let key = key(signer.key);
    let signer = SignerIdentity::new(certificate, &key).unwrap();
    NextCaBuilder::new(certificates, &signer)
        .build(&provider(), &Policy::default())
        .unwrap()
        .sign(&key, &mut rng())
        .unwrap()
}

fn from_next(body: Vec<u8>, current: &CaRoles<'_>) -> Result<CaRoles<'static>, RoleError> {
    CaRoles::from_next(
        &NextCaCertificates::parse(body, &Limits::REPLY).unwrap(),
        current,
        NOW,
        &RoleRules::default(),
        &provider(),
        &Policy::default(),
    )
}

/// What the current CA, alone and self-signed, says of the next.
fn next_of(certificates: &[Certificate<'_>]) -> Result<CaRoles<'static>, RoleError> {
    next_after(&CURRENT.self_signed(), certificates)
}

fn next_after(
    current: &Certificate<'_>,
    certificates: &[Certificate<'_>],
) -> Result<CaRoles<'static>, RoleError> {
    let body = body(certificates, &CURRENT, current);
    from_next(body, &CaRoles::new(current))
}

fn names(certificates: &[Certificate<'_>]) -> Vec<String> {
    let name = |certificate: &Certificate<'_>| certificate.subject().to_string();
    certificates.iter().map(name).collect()
}

#[test]
fn who_is_an_ra_by_leave_alone_names_no_next_ca() {
    let answer = [CURRENT.self_signed(), DEVICE.issued_by(&CURRENT)];
    let roles = |rules| {
        let (media_type, body) = CaCertificates::encode(&answer).unwrap();
        let answered = CaCertificates::parse(body, Some(media_type), &Limits::REPLY).unwrap();
        let pin = CaPin::certificate(&answer[0]);
        CaRoles::select(
            &answered,
            &pin,
            NOW,
            &rules,
            &provider(),
            &Policy::default(),
        )
        .unwrap()
    };
    let by_leave = roles(RoleRules::default().any_leaf_of_ca());
    assert!(by_leave.reply_signers().contains(&answer[1]));
    let next = [NEXT.self_signed()];
    let by_device = body(&next, &DEVICE, &answer[1]);
    assert_eq!(
        from_next(by_device, &by_leave).unwrap_err(),
        RoleError::Verify(VerifyError::UntrustedSigner)
    );
    let by_ca = body(&next, &CURRENT, &answer[0]);
    assert_eq!(from_next(by_ca, &by_leave).unwrap().issuer(), &next[0]);
}

#[test]
fn the_next_ca_takes_every_role_before_its_time() {
    let next = NEXT.self_signed();
    let roles = next_of(std::slice::from_ref(&next)).unwrap();
    assert_eq!((roles.issuer(), roles.recipient()), (&next, &next));
    assert_eq!(roles.chain(), std::slice::from_ref(&next));
    assert_eq!(roles.reply_signers(), std::slice::from_ref(&next));
    assert_eq!(roles.recipient_reason(), RoleReason::IssuingCa);
    let expired = Made {
        period: EXPIRED,
        ..NEXT
    };
    let error = next_of(&[expired.self_signed()]).unwrap_err();
    assert_eq!(error, RoleError::Expired(CaRole::IssuingCa));
}

#[test]
fn the_body_that_openssl_signed_is_read() {
    let current = certificate(vector!("keys/ca-jscep.pem"));
    let next = certificate(vector!("keys/ca-jscep-next.pem"));
    let body = vector!("openssl-made/getnextcacert-signed.der").to_vec();
    let roles = from_next(body, &CaRoles::new(&current)).unwrap();
    assert_eq!((roles.issuer(), roles.recipient()), (&next, &next));
}

#[test]
fn only_the_current_ca_and_ras_that_the_caller_names_have_a_word_in_it() {
    let (current, next) = (CURRENT.self_signed(), [NEXT.self_signed()]);
    let ra = RA.issued_by(&CURRENT);
    let behind_ra = CaRoles::with_ra(&current, &ra, &ra);
    for (signer, certificate) in [(&CURRENT, &current), (&RA, &ra)] {
        let roles = from_next(body(&next, signer, certificate), &behind_ra).unwrap();
        assert_eq!(roles.issuer(), &next[0]);
    }
    let untrusted = Err(RoleError::Verify(VerifyError::UntrustedSigner));
    let issuer = |roles: CaRoles<'static>| roles.issuer().clone();
    let by_ra = from_next(body(&next, &RA, &ra), &CaRoles::new(&current));
    assert_eq!(by_ra.map(issuer), untrusted);
    let by_itself = from_next(body(&next, &NEXT, &next[0]), &behind_ra);
    assert_eq!(by_itself.map(issuer), untrusted);
    let mut forged = body(&next, &CURRENT, &current);
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(
        from_next(forged, &behind_ra).map(issuer),
        Err(RoleError::Verify(VerifyError::Signature))
    );
}

#[test]
fn who_is_an_ra_by_its_mark_alone_names_no_next_ca() {
    // An enrolment agent has the mark, and puts its certificate into the answer.
    let agent = Made::ra("agent", vector!("keys/cbad.key"), BOTH);
    let answer = [CURRENT.self_signed(), agent.issued_by(&CURRENT)];
    let (media_type, encoded) = CaCertificates::encode(&answer).unwrap();
    let answered = CaCertificates::parse(encoded, Some(media_type), &Limits::REPLY).unwrap();
    let next = [NEXT.self_signed()];
    let select = |pin: &CaPin<'_>| {
        let (provider, rules) = (provider(), RoleRules::default());
        let policy = Policy::default();
        CaRoles::select(&answered, pin, NOW, &rules, &provider, &policy).unwrap()
    };
    let by_mark = select(&CaPin::certificate(&answer[0]));
    assert_eq!(by_mark.reply_signer_reasons()[0], RoleReason::RequestAgent);
    assert_eq!(
        from_next(body(&next, &agent, &answer[1]), &by_mark).unwrap_err(),
        RoleError::Verify(VerifyError::UntrustedSigner)
    );
    let by_pin = select(&CaPin::certificate(&answer[0]).ra_certificate(&answer[1]));
    let roles = from_next(body(&next, &agent, &answer[1]), &by_pin).unwrap();
    assert_eq!(roles.issuer(), &next[0]);
}

#[test]
fn whose_time_is_over_or_not_come_has_no_word_in_it() {
    let next = [NEXT.self_signed()];
    let ca = CURRENT.self_signed();
    for (period, error) in [
        (EXPIRED, RoleError::Expired as fn(_) -> _),
        (NOT_YET, RoleError::NotYetValid),
    ] {
        let (made_ca, made_ra) = (Made { period, ..CURRENT }, Made { period, ..RA });
        let (other_ca, ra) = (made_ca.self_signed(), made_ra.issued_by(&CURRENT));
        let of_ra = CaRoles::with_ra(&ca, &ra, &ra);
        let by_ra = from_next(body(&next, &RA, &ra), &of_ra);
        assert_eq!(by_ra.unwrap_err(), error(CaRole::ReplySigner));
        let by_ca = from_next(body(&next, &CURRENT, &ca), &of_ra).unwrap();
        assert_eq!(by_ca.issuer(), &next[0]);
        assert_eq!(
            next_after(&other_ca, &next).unwrap_err(),
            error(CaRole::IssuingCa)
        );
        // A signature that is wrong says nothing of times.
        let mut forged = body(&next, &RA, &ra);
        *forged.last_mut().unwrap() ^= 1;
        assert_eq!(
            from_next(forged, &of_ra).unwrap_err(),
            RoleError::Verify(VerifyError::UntrustedSigner)
        );
    }
}

#[test]
fn the_current_ca_is_no_next_one() {
    let (current, next) = (CURRENT.self_signed(), NEXT.self_signed());
    let roles = next_after(&current, &[current.clone(), next.clone()]).unwrap();
    assert_eq!(roles.issuer(), &next);
    for certificates in [
        &[][..],
        std::slice::from_ref(&current),
        &[DEVICE.issued_by(&CURRENT)],
    ] {
        let roles = next_after(&current, certificates);
        let chain = roles.map(|roles| names(roles.chain()));
        assert_eq!(chain, Err(RoleError::NoNextCa));
    }
    let another = Made {
        subject: "CA G3",
        ..NEXT
    };
    let error = next_of(&[next, another.self_signed()]).unwrap_err();
    assert_eq!(error, RoleError::Ambiguous(CaRole::IssuingCa, 2));
}

#[test]
fn the_ras_of_the_next_ca_have_their_roles() {
    let next = Made {
        usage: Some(CERT_AND_CRL_SIGN),
        ..NEXT
    };
    let ra = |subject, usage| Made::ra(subject, RA.key, usage).issued_by(&next);
    let set = [
        next.self_signed(),
        ra("signing RA", DIGITAL_SIGNATURE),
        ra("encryption RA", KEY_ENCIPHERMENT),
        DEVICE.issued_by(&next),
    ];
    let roles = next_of(&set).unwrap();
    assert_eq!(roles.recipient(), &set[2]);
    assert_eq!(roles.reply_signers(), &set[1..2]);
    let without_ras = [set[0].clone(), set[3].clone()];
    let error = next_of(&without_ras).unwrap_err();
    assert_eq!(error, RoleError::NotMarkedAsRa(CaRole::Recipient));
}

#[test]
fn the_chain_goes_on_to_what_was_pinned() {
    let root = ROOT.self_signed();
    let current_ca = CURRENT.issued_by(&ROOT);
    let signed = |certificates: &[Certificate<'_>]| {
        let answer = [root.clone(), current_ca.clone()];
        let (media_type, answer) = CaCertificates::encode(&answer).unwrap();
        let answer = CaCertificates::parse(answer, Some(media_type), &Limits::REPLY).unwrap();
        let (provider, policy) = (provider(), Policy::default());
        let (pin, rules) = (CaPin::certificate(&root), RoleRules::default());
        let current = CaRoles::select(&answer, &pin, NOW, &rules, &provider, &policy).unwrap();
        let body = body(certificates, &CURRENT, &current_ca);
        names(from_next(body, &current).unwrap().chain())
    };
    // A new intermediate CA, with the old root in the set or without it.
    let next = NEXT.issued_by(&ROOT);
    assert_eq!(signed(std::slice::from_ref(&next)), ["CN=CA G2", "CN=root"]);
    assert_eq!(signed(&[next, root.clone()]), ["CN=CA G2", "CN=root"]);
    // A new root and what the old key says of it.
    let by_old = NEXT.issued_by(&CURRENT);
    assert_eq!(signed(&[by_old]), ["CN=CA G2", "CN=CA", "CN=root"]);
    // A new root with a new intermediate CA.
    let new_root = Made {
        subject: "root G2",
        key: DEVICE.key,
        ..ROOT
    };
    let under_new = NEXT.issued_by(&new_root);
    assert_eq!(
        signed(&[under_new, new_root.self_signed()]),
        ["CN=CA G2", "CN=root G2"]
    );
    // The same CA, renewed: what it says of itself is enough.
    let renewed = Made {
        period: NOT_YET,
        ..CURRENT
    };
    assert_eq!(signed(&[renewed.self_signed()]), ["CN=CA"]);
    assert_eq!(signed(&[renewed.issued_by(&ROOT)]), ["CN=CA", "CN=root"]);
    // One that only says that it is the old root's.
    let forger = Made {
        key: DEVICE.key,
        ..ROOT
    };
    assert_eq!(signed(&[NEXT.issued_by(&forger)]), ["CN=CA G2"]);
}

#[test]
fn in_a_rollover_both_sign_replies_and_the_next_one_does_the_rest() {
    let (current, next) = (CURRENT.self_signed(), NEXT.self_signed());
    let (current_ra, next_ra) = (RA.issued_by(&CURRENT), RA.issued_by(&NEXT));
    let before = CaRoles::with_ra(&current, &current_ra, &current_ra).reply_signer(&current);
    let after = CaRoles::with_ra(&next, &next_ra, &next_ra);
    let rollover = CaRoles::rollover(&before, &after);
    assert_eq!((rollover.issuer(), rollover.recipient()), (&next, &next_ra));
    assert_eq!(rollover.chain(), std::slice::from_ref(&next));
    let signers = [&next_ra, &current_ra, &current].map(Clone::clone);
    assert_eq!(rollover.reply_signers(), &signers[..]);
    assert_eq!(
        rollover.reply_signer_reasons(),
        [RoleReason::NamedByCaller; 3]
    );
    // Each once.
    let twice = CaRoles::rollover(&before, &rollover);
    assert_eq!(twice.reply_signers(), &signers[..]);
}

#[test]
fn a_client_enrols_with_the_next_ca_while_the_current_one_signs() {
    let parties = Parties::new();
    let Parties {
        provider, policy, ..
    } = &parties;
    let (current, next) = (CURRENT.self_signed(), NEXT.self_signed());
    let before = CaRoles::new(&current);
    let after = next_of(std::slice::from_ref(&next)).unwrap();
    let roles = CaRoles::rollover(&before, &after);
    let client = parties.client_signer();
    let (sent, pending) = parties.send(RequestBuilder::pkcs_req(&parties.csr, &client, &roles));

    let next_key = key(NEXT.key);
    let recipients = [Recipient::new(&next, &next_key).unwrap()];
    let message = PkiMessage::parse(&sent, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued();
    let verified = message.verify(provider, policy, &trust).unwrap();
    let request = verified.open(provider, &recipients, &mut rng()).unwrap();
    let issued = |issuer: &Made| {
        let client = Made {
            key: vector!("keys/c2048.key"),
            ..DEVICE
        };
        client.issued_by(issuer)
    };
    let answer = |signer: &Made, certificate: &Certificate<'_>, issued: Certificate<'_>| {
        let key = key(signer.key);
        let signer = SignerIdentity::new(certificate, &key).unwrap();
        let reply = request.reply(provider, &signer);
        let reply = reply.success(&[issued], &mut rng()).unwrap();
        reply.sign(&key, &mut rng()).unwrap()
    };
    let accept = |reply: &[u8], roles: &CaRoles<'_>| {
        let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
        match pending.accept(&reply, roles, provider, policy)? {
            CertRep::Success(sealed) => sealed
                .open(provider, &parties.client_recipient(), &mut rng())
                .map(|granted| granted.certificate().is_some()),
            other => panic!("not a SUCCESS: {other:?}"),
        }
    };
    let by_current = answer(&CURRENT, &current, issued(&NEXT));
    let by_next = answer(&NEXT, &next, issued(&NEXT));
    let untrusted = Err(TransactionError::Verify(VerifyError::UntrustedSigner));
    assert_eq!(accept(&by_current, &roles), Ok(true));
    assert_eq!(accept(&by_next, &roles), Ok(true));
    assert_eq!(accept(&by_current, &after), untrusted);
    assert_eq!(accept(&by_next, &before), untrusted);
    let of_current = answer(&CURRENT, &current, issued(&CURRENT));
    assert_eq!(
        accept(&of_current, &roles),
        Err(TransactionError::NotIssuedByCa(
            CertificateSignatureError::AnotherIssuer
        ))
    );
}
