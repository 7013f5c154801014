//! What comes by HTTP beside messages, and what an application stores: text, queries, fingerprints, saved states.

use scep::client::SavedEnrolment;
use scep::diagnose::Diagnosis;
use scep::http::{BodyKind, ClientRequest, Method, Operation};
use scep::microsoft::{EventText, Hresult};
use scep::ndes::AdminPage;
use scep::server::HeldEnrolment;
use scep::{Capabilities, Capability, Fingerprint, Limits, NameRef};

use super::parse::Sink;
use crate::heap;
use crate::tlv;
use crate::toy::PROVIDER;

/// Reads what follows the first byte as what that byte says.
pub fn capabilities_http(data: &[u8]) {
    let Some((&what, input)) = data.split_first() else {
        return;
    };
    match what % 8 {
        0 => capabilities(input),
        1 => operation("GET", input),
        2 => operation("POST", input),
        3 => operation("HEAD", input),
        4 => {
            let kind = BodyKind::of(input);
            Sink::debug(&kind);
            assert!(Sink::show(&kind) > 0);
            fingerprint(input);
            pages(input);
        }
        5 => saved(input),
        6 => held(input),
        _ => names(input),
    }
}

/// What small inputs may take beside.
const SLACK: usize = 4 << 10;

fn capabilities(input: &[u8]) {
    let capabilities = Capabilities::parse(input);
    let mut words: Vec<Capability<'_>> = capabilities.iter().collect();
    assert!(!capabilities.is_unknown() || words.is_empty());
    for word in &words {
        assert!(capabilities.lists(*word) && capabilities.supports(*word));
        assert!(!word.name().contains(['\r', '\n', '\0']));
    }
    let body = capabilities.to_string();
    if !capabilities.is_unknown() {
        assert_eq!(Capabilities::parse(body.as_bytes()), capabilities);
    }
    assert_eq!(Capabilities::from_response(200, input), capabilities);
    assert!(Capabilities::from_response(404, input).is_unknown());
    for finding in Diagnosis::new(&PROVIDER)
        .capabilities(&capabilities)
        .findings()
    {
        Sink::show(&finding);
    }
    // A list to be sent leaves out what it cannot carry, and nothing else.
    let sent = Capabilities::of(&words);
    words.retain(|word| word.name().bytes().all(|byte| byte.is_ascii_graphic()));
    assert_eq!(sent.iter().collect::<Vec<_>>(), words);
}

/// The target up to the first NUL, and the body behind it.
fn operation(method: &str, input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let Some(Ok(target)) = parts.next().map(std::str::from_utf8) else {
        return;
    };
    let body = parts.next().unwrap_or_default();
    let limits = Limits::REQUEST;
    let (peak, read) = heap::peak_of(|| Operation::read(method, target, body, &limits));
    assert!(peak <= 2 * input.len() + SLACK, "{peak} bytes of the heap");
    let url = "http://ca.example/scep";
    let asked = match &read {
        Ok(Operation::GetCaCaps { ca_identifier }) => {
            ClientRequest::get_ca_caps(url, ca_identifier.as_deref())
        }
        Ok(Operation::GetCaCert { ca_identifier }) => {
            ClientRequest::get_ca_cert(url, ca_identifier.as_deref())
        }
        Ok(Operation::GetNextCaCert { ca_identifier }) => {
            ClientRequest::get_next_ca_cert(url, ca_identifier.as_deref())
        }
        Ok(Operation::PkiOperation { message }) => {
            assert!(!message.is_empty());
            if method == "POST" {
                assert_eq!(&message[..], body);
            }
            ClientRequest::pki_operation(url, Method::Get, message.to_vec())
        }
        Err(error) => {
            assert!((400..500).contains(&error.status()), "{error}");
            Sink::show(error);
            return;
        }
    };
    // What a client writes is read as the same.
    let again = Operation::read("GET", asked.url(), &[], &limits);
    assert_eq!(again, read);
}

fn fingerprint(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match Fingerprint::from_hex(text) {
        Ok(fingerprint) => {
            let shown = fingerprint.to_string();
            assert_eq!(Fingerprint::from_hex(&shown), Ok(fingerprint));
            assert_eq!(
                Fingerprint::from_bytes(fingerprint.as_bytes()),
                Some(fingerprint)
            );
            assert_eq!(shown.len(), 2 * fingerprint.as_bytes().len());
        }
        Err(error) => {
            Sink::show(&error);
        }
    }
}

/// What a server, a page of it, or a device's log says to an administrator.
fn pages(input: &[u8]) {
    match AdminPage::parse(input) {
        Ok(page) => {
            Sink::debug(&page);
            assert!(!page.secret_challenge_password().is_empty());
        }
        Err(error) => {
            Sink::show(&error);
        }
    }
    let diagnosis = Diagnosis::new(&PROVIDER).http_answer(200, input);
    let Ok(text) = std::str::from_utf8(input) else {
        let _ = diagnosis.findings();
        return;
    };
    for finding in diagnosis.url(text).findings() {
        Sink::show(&finding);
    }
    match EventText::parse(text) {
        Ok(event) => {
            Sink::debug(&event);
            assert!(event.url().is_none_or(|url| text.contains(url)));
            if let Some(code) = event.hresult() {
                Sink::debug(&(code.http_status(), code.facility(), code.meaning()));
            }
        }
        Err(error) => {
            Sink::show(&error);
        }
    }
    if let Ok(code) = text.parse::<Hresult>() {
        assert_eq!(Hresult::from(code.signed()), code);
    }
}

fn saved(input: &[u8]) {
    if let Ok(saved) = SavedEnrolment::from_bytes(input) {
        assert_eq!(
            SavedEnrolment::from_bytes(&saved.to_bytes()).as_ref(),
            Ok(&saved)
        );
    }
}

fn held(input: &[u8]) {
    if let Ok(held) = HeldEnrolment::from_bytes(input) {
        Sink::debug(&held);
        Sink::show(&held.subject());
        let extensions = held.extensions().map(|extension| extension.oid());
        assert!(extensions.count() <= input.len());
        let again = HeldEnrolment::from_bytes(&held.to_bytes()).expect("what was kept");
        assert_eq!(again.to_bytes(), held.to_bytes());
    }
}

/// Two names, one behind the other.
fn names(input: &[u8]) {
    let names: Vec<Vec<u8>> = tlv::read(input).iter().map(tlv::Node::to_bytes).collect();
    let [one, other] = &names[..] else {
        return;
    };
    let (one, other) = (NameRef::new(one), NameRef::new(other));
    let same = one.has_same_text(&other);
    assert_eq!(same, other.has_same_text(&one));
    assert!(one.has_same_text(&one));
    if same && one != other {
        assert_ne!(one.to_string(), "<unreadable>");
    }
    if one == other {
        assert!(same);
    }
}
