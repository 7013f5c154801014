//! Which kinds of envelopes a target has opened: so that a test can tell that it still gets there.

use std::cell::RefCell;
use std::collections::BTreeSet;

use scep::crypto::KeyManagement;
use scep::{Limits, PkiMessage, RecipientId, Request, RequestBody};

thread_local! {
    static KINDS: RefCell<BTreeSet<Kind>> = const { RefCell::new(BTreeSet::new()) };
}

/// For whom an envelope was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Transport,
    Agreement,
    Password,
}

/// What was opened since the last call.
pub fn take() -> BTreeSet<Kind> {
    KINDS.take()
}

/// Whether a request asks for nothing, as a poll or query does that did not open.
pub fn asks_for_nothing(request: &Request) -> bool {
    let names = match request.body() {
        RequestBody::CertPoll(names) => [names.issuer_der(), names.subject_der()],
        RequestBody::GetCert(id) | RequestBody::GetCrl(id) => [id.issuer_der(); 2],
        _ => return false,
    };
    names == [EMPTY_NAME; 2]
}

/// A Name of no parts.
pub const EMPTY_NAME: &[u8] = &[0x30, 0];

/// Takes down that a request was opened.
pub fn request(request: &Request) {
    if asks_for_nothing(request) {
        return;
    }
    opened(match request.key_management() {
        KeyManagement::Transport(_) => Kind::Transport,
        KeyManagement::Agreement(_) => Kind::Agreement,
        KeyManagement::Password(_) => Kind::Password,
        _ => unreachable!("a kind that nobody knows"),
    });
}

/// Takes down that a reply was opened, which has one recipient.
pub fn reply(bytes: &[u8]) {
    let message = PkiMessage::parse(bytes, &Limits::REPLY).expect("a reply that was opened");
    let recipients = message.unverified_recipients().expect("recipients");
    opened(match recipients[..] {
        [RecipientId::KeyTransport(_)] => Kind::Transport,
        [RecipientId::KeyAgreement] => Kind::Agreement,
        [RecipientId::Password] => Kind::Password,
        // Somebody else changed it.
        _ => return,
    });
}

fn opened(kind: Kind) {
    KINDS.with_borrow_mut(|kinds| kinds.insert(kind));
}
