//! What a server writes for Windows, and what a client reads of it.
#![cfg(feature = "rustcrypto")]

mod common;

use common::{Parties, rng};
use scep::microsoft::Hresult;
use scep::{BuildError, CertRep, FailInfo, Failure, Item, Limits, PkiMessage, ReplyBuilder};

const UNKNOWN_CHALLENGE: Hresult = Hresult::new(0x8007_0490);

/// What a client reads of a reply.
struct Answer {
    error: Option<Hresult>,
    message: Option<String>,
    failure: Option<Failure>,
}

/// The reply to a PKCSReq, as the client reads its attributes and as it takes it.
fn answered(
    reply: impl FnOnce(ReplyBuilder<'_>) -> Result<scep::UnsignedReply, BuildError>,
) -> Result<Answer, BuildError> {
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let ca = parties.ca_signer();
    let request = parties.receive(&request);
    let signed = reply(request.reply(&parties.provider, &ca))?
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let message = PkiMessage::parse(signed, &Limits::REPLY).unwrap();
    let roles = parties.roles();
    let taken = pending.accept(&message, &roles, &parties.provider, &parties.policy);
    let failure = match taken.unwrap() {
        CertRep::Failure(failure) => Some(failure),
        _ => None,
    };
    let attributes = message.unverified_attributes();
    Ok(Answer {
        error: attributes.microsoft_error(),
        message: attributes.microsoft_message(),
        failure,
    })
}

#[test]
fn a_failure_carries_the_code_and_the_text() {
    let answer = answered(|reply| {
        reply
            .microsoft_error(UNKNOWN_CHALLENGE)
            .microsoft_message("no such password")
            .failure(FailInfo::BadRequest, None, &mut rng())
    })
    .unwrap();
    let failure = answer.failure.unwrap();
    assert_eq!(failure.microsoft_error(), Some(UNKNOWN_CHALLENGE));
    assert_eq!(failure.microsoft_message(), Some("no such password"));
    assert_eq!(
        failure.to_string(),
        "badRequest; HRESULT 0x80070490 (ERROR_NOT_FOUND); no such password"
    );
}

#[test]
fn without_them_it_carries_none() {
    let answer = answered(|reply| reply.failure(FailInfo::BadRequest, None, &mut rng())).unwrap();
    let failure = answer.failure.unwrap();
    assert_eq!(failure.microsoft_error(), None);
    assert_eq!(failure.microsoft_message(), None);
}

#[test]
fn only_a_failure_has_a_code() {
    let pending = |reply: ReplyBuilder<'_>| {
        reply
            .microsoft_error(UNKNOWN_CHALLENGE)
            .microsoft_message("Taken under submission")
            .pending(&mut rng())
    };
    let answer = answered(pending).unwrap();
    assert_eq!(answer.error, None);
    assert_eq!(answer.message.as_deref(), Some("Taken under submission"));
}

#[test]
fn a_text_must_be_one() {
    for text in ["", "two\nlines"] {
        let error = answered(|reply| reply.microsoft_message(text).pending(&mut rng()));
        let expected = BuildError::InvalidInput(Item::MicrosoftMessage);
        assert_eq!(error.err(), Some(expected));
    }
}
