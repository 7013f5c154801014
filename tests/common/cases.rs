//! What the properties are tried on.

use std::cell::OnceCell;

use super::{
    Algorithms, Built, CIPHERS, DIGESTS, Parties, key_transports, rng, signature_algorithms,
    widest_policy,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use scep::{CertRep, Limits, PendingRequest, PkiMessage};

/// No file is kept of a failed case: nonces and keys are new each time, so it may not fail again.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Runs with the parties of this thread, under the widest policy.
pub(crate) fn with_parties<T>(run: impl FnOnce(&Parties) -> T) -> T {
    thread_local! {
        static PARTIES: OnceCell<Parties> = const { OnceCell::new() };
    }
    PARTIES.with(|cell| {
        run(cell.get_or_init(|| {
            let mut parties = Parties::new();
            parties.policy = widest_policy();
            parties
        }))
    })
}

/// Messages of every type in some of the algorithms.
pub(crate) fn corpus(parties: &Parties) -> Vec<Vec<Built>> {
    let mut transports = key_transports().into_iter().cycle();
    let mut ciphers = CIPHERS.into_iter().cycle();
    signature_algorithms(&DIGESTS)
        .into_iter()
        .map(|signature| {
            parties.every_message(Algorithms {
                signature,
                cipher: ciphers.next().unwrap(),
                transport: transports.next().unwrap(),
            })
        })
        .collect()
}

pub(crate) fn with_corpus<T>(run: impl FnOnce(&Parties, &[Vec<Built>]) -> T) -> T {
    thread_local! {
        static CORPUS: OnceCell<Vec<Vec<Built>>> = const { OnceCell::new() };
    }
    CORPUS.with(|cell| with_parties(|parties| run(parties, cell.get_or_init(|| corpus(parties)))))
}

pub(crate) fn granted(
    parties: &Parties,
    pending: &PendingRequest,
    reply: &[u8],
) -> Result<scep::Granted, TestCaseError> {
    let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let roles = parties.roles();
    let accepted = pending.accept(&reply, &roles, &parties.provider, &parties.policy);
    let Ok(CertRep::Success(sealed)) = accepted else {
        return Err(TestCaseError::fail(format!("{accepted:?}")));
    };
    let recipient = parties.client_recipient();
    let granted = sealed.open(&parties.provider, &recipient, &mut rng());
    granted.map_err(|error| TestCaseError::fail(error.to_string()))
}
