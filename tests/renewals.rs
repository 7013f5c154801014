//! What a request that an issued certificate signed proves: every fact of it, each changed by itself.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{octets, oid_der, sequence, tlv};
use common::issue::{self, NOW, Template, dns_names, name};
use common::{Parties, RsaKey, certificate, key, rng, vector};
use scep::server::{Holder, OldValidity};
use scep::{
    Certificate, Csr, CsrBuilder, IssuerAndSerialNumber, Limits, MessageType, Oid, PkiMessage,
    Request, RequestBuilder, SignerIdentity, SignerMatch, SignerTrust, oid,
};

const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;
const IA5: u8 = 0x16;

/// A device that renews its certificate, and its CA.
struct Renewal {
    parties: Parties,
    old: Template,
    csr: Csr,
}

/// What a renewal proof tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    issuer: SignerMatch,
    message_type: MessageType,
    validity: OldValidity,
    holder: Holder,
    same_subject: bool,
    same_alt_names: bool,
    same_key: bool,
    plain: bool,
}

/// What the unchanged renewal proves.
const PLAIN: Facts = Facts {
    issuer: SignerMatch::Issuer(0),
    message_type: MessageType::RenewalReq,
    validity: OldValidity::Valid,
    holder: Holder::EndEntity,
    same_subject: true,
    same_alt_names: true,
    same_key: false,
    plain: true,
};

const NOT_PLAIN: Facts = Facts {
    plain: false,
    ..PLAIN
};

impl Renewal {
    fn new() -> Self {
        let parties = Parties::new();
        let old = Template::new(
            &name(&[(UTF8, "device")]),
            parties.client_key.public_key_der(),
        )
        .with(oid::SUBJECT_ALT_NAME, dns_names(&["device.example"]));
        Self {
            parties,
            old,
            csr: issue::csr(&new_key(), |csr| csr),
        }
    }

    /// The old certificate, by the CA.
    fn issued(&self) -> Certificate<'static> {
        let Parties { ca, ca_key, .. } = &self.parties;
        self.old.issue(ca.subject_der(), ca_key)
    }

    /// The request, opened by a server that trusts these.
    fn request(
        &self,
        message_type: MessageType,
        old: &Certificate<'_>,
        trust: &SignerTrust<'_>,
    ) -> Request {
        let signer = SignerIdentity::new(old, &self.parties.client_key).unwrap();
        let roles = self.parties.roles();
        let build = match message_type {
            MessageType::RenewalReq => RequestBuilder::renewal_req,
            _ => RequestBuilder::pkcs_req,
        };
        let (request, _) = self.parties.send(build(&self.csr, &signer, &roles));
        opened(&self.parties, &request, trust)
    }

    /// What it proves at a time to a server that renews what its CA issued.
    fn facts_at(&self, time: i64) -> Facts {
        let trust = SignerTrust::new().issuer(&self.parties.ca);
        facts(
            &self.request(MessageType::RenewalReq, &self.issued(), &trust),
            time,
        )
    }

    fn facts(&self) -> Facts {
        self.facts_at(NOW)
    }
}

fn opened(parties: &Parties, request: &[u8], trust: &SignerTrust<'_>) -> Request {
    PkiMessage::parse(request, &Limits::REQUEST)
        .unwrap()
        .receive(
            &parties.provider,
            &parties.policy,
            trust,
            &parties.ca_recipients(),
            &mut rng(),
        )
        .unwrap()
}

fn facts(request: &Request, time: i64) -> Facts {
    let proof = request.renewal_proof(time).unwrap();
    assert_eq!(proof.old_certificate(), request.signer());
    Facts {
        issuer: proof.issuer(),
        message_type: proof.message_type(),
        validity: proof.validity(),
        holder: proof.holder(),
        same_subject: proof.has_same_subject(),
        same_alt_names: proof.has_same_alt_names(),
        same_key: proof.has_same_key(),
        plain: proof.is_plain(),
    }
}

fn new_key() -> RsaKey {
    key(vector!("keys/c3072.key"))
}

/// What a renewal proves whose old certificate has one thing changed.
fn with_old(change: impl FnOnce(&mut Template)) -> Facts {
    let mut renewal = Renewal::new();
    change(&mut renewal.old);
    renewal.facts()
}

/// What a renewal proves whose CSR has one thing changed.
fn with_csr(change: impl FnOnce(CsrBuilder<'_>) -> CsrBuilder<'_>) -> Facts {
    let mut renewal = Renewal::new();
    renewal.csr = issue::csr(&new_key(), change);
    renewal.facts()
}

#[test]
fn an_unchanged_renewal_is_plain_in_both_types() {
    let renewal = Renewal::new();
    assert_eq!(renewal.facts(), PLAIN);
    let trust = SignerTrust::new().issuer(&renewal.parties.ca);
    let request = renewal.request(MessageType::PkcsReq, &renewal.issued(), &trust);
    let expected = Facts {
        message_type: MessageType::PkcsReq,
        ..PLAIN
    };
    assert_eq!(facts(&request, NOW), expected);
}

#[test]
fn the_old_key_may_stay() {
    let mut renewal = Renewal::new();
    renewal.csr = issue::csr(&renewal.parties.client_key, |csr| csr);
    let expected = Facts {
        same_key: true,
        ..PLAIN
    };
    assert_eq!(renewal.facts(), expected);
}

#[test]
fn validity_is_judged_at_the_callers_time() {
    let renewal = Renewal::new();
    let validity = renewal.issued().validity().unwrap();
    let at = |time, validity| {
        let expected = Facts {
            validity,
            plain: validity == OldValidity::Valid,
            ..PLAIN
        };
        assert_eq!(renewal.facts_at(time), expected);
    };
    at(validity.not_before - 1, OldValidity::NotYetValid);
    at(validity.not_before, OldValidity::Valid);
    at(validity.not_after, OldValidity::Valid);
    at(validity.not_after + 1, OldValidity::Expired);
    at(i64::MIN, OldValidity::NotYetValid);
    at(i64::MAX, OldValidity::Expired);
    let unreadable = with_old(|old| old.validity[1] = "tomorrow");
    let expected = Facts {
        validity: OldValidity::Unreadable,
        ..NOT_PLAIN
    };
    assert_eq!(unreadable, expected);
}

#[test]
fn only_an_issuer_of_ours_makes_a_renewal_plain() {
    let renewal = Renewal::new();
    let (old, ca) = (renewal.issued(), &renewal.parties.ca);
    let other = certificate(vector!("keys/ca-micromdm.pem"));
    for (trust, issuer, plain) in [
        (
            SignerTrust::new().issuer(&other).issuer(ca),
            SignerMatch::Issuer(1),
            true,
        ),
        (
            SignerTrust::new().foreign_issuer(ca),
            SignerMatch::ForeignIssuer(0),
            false,
        ),
        (
            SignerTrust::new().certificate(&old),
            SignerMatch::Certificate(0),
            false,
        ),
    ] {
        let request = renewal.request(MessageType::RenewalReq, &old, &trust);
        let expected = Facts {
            issuer,
            plain,
            ..PLAIN
        };
        assert_eq!(facts(&request, NOW), expected);
    }
}

#[test]
fn cas_and_ras_do_not_renew_as_end_entities_do() {
    let usage = |bits: u8| tlv(0x03, &[0, bits]);
    let purposes = |purposes: &[Oid]| {
        let purposes: Vec<Vec<u8>> = purposes.iter().map(|oid| oid_der(*oid)).collect();
        sequence(&[&purposes.concat()])
    };
    let client_auth = common::forge::dotted("1.3.6.1.5.5.7.3.2");
    let agent = oid::CERTIFICATE_REQUEST_AGENT;
    for (extension, value, holder) in [
        // digitalSignature and keyEncipherment.
        (oid::KEY_USAGE, usage(0xa0), Holder::EndEntity),
        (oid::BASIC_CONSTRAINTS, sequence(&[]), Holder::EndEntity),
        (
            oid::EXT_KEY_USAGE,
            purposes(&[client_auth]),
            Holder::EndEntity,
        ),
        (oid::BASIC_CONSTRAINTS, issue::ca_constraints(), Holder::Ca),
        // keyCertSign.
        (oid::KEY_USAGE, usage(0x04), Holder::Ca),
        (oid::EXT_KEY_USAGE, purposes(&[agent]), Holder::Ra),
        (
            oid::EXT_KEY_USAGE,
            purposes(&[client_auth, agent]),
            Holder::Ra,
        ),
    ] {
        let changed = with_old(|old| old.extensions.push((extension, value.clone())));
        let expected = Facts {
            holder,
            plain: holder == Holder::EndEntity,
            ..PLAIN
        };
        assert_eq!(changed, expected, "{extension} {value:02x?}");
    }
}

#[test]
fn the_subject_is_the_same_text() {
    // Interop: CAs in Go write a name that they copy in other strings.
    for string in [UTF8, PRINTABLE, IA5] {
        assert_eq!(
            with_old(|old| old.subject = name(&[(string, "device")])),
            PLAIN
        );
    }
    let another = Facts {
        same_subject: false,
        ..NOT_PLAIN
    };
    for subject in [
        name(&[(UTF8, "Device")]),
        name(&[(UTF8, "device ")]),
        name(&[(UTF8, "device"), (UTF8, "2")]),
        name(&[]),
        sequence(&[&octets(b"no name")]),
    ] {
        assert_eq!(with_old(|old| old.subject = subject.clone()), another);
    }
}

#[test]
fn a_go_server_copies_a_subject_in_other_strings() {
    let parties = Parties::new();
    let reply = &vector!("sscep-smallstep/sha256aes.1.rsp.der")[..];
    let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let on_our_key = |one: &Certificate<'_>| one.public_key_der() == parties.csr.public_key_der();
    let issued = reply.unverified_certificates().find(on_our_key).unwrap();
    assert_ne!(issued.subject_der(), parties.csr.subject_der());
    assert!(issued.subject().has_same_text(&parties.csr.subject()));
}

#[test]
fn the_alternative_names_are_the_same_set() {
    let another = Facts {
        same_alt_names: false,
        ..NOT_PLAIN
    };
    let wanted = |names: &[&str]| {
        let names = dns_names(names);
        with_csr(|csr| csr.extension(oid::SUBJECT_ALT_NAME, names))
    };
    assert_eq!(wanted(&["device.example"]), PLAIN);
    assert_eq!(wanted(&["other.example"]), another);
    assert_eq!(wanted(&["device.example", "other.example"]), another);
    assert_eq!(wanted(&[]), another);
    let unreadable = with_csr(|csr| csr.extension(oid::SUBJECT_ALT_NAME, octets(b"names")));
    assert_eq!(unreadable, another);

    // The old one has none, or more of them.
    assert_eq!(with_old(|old| old.extensions.clear()), another);
    let two = dns_names(&["device.example", "other.example"]);
    assert_eq!(with_old(|old| old.extensions[0].1 = two.clone()), another);
    // Interop: Go's library writes names by their kinds.
    let mut renewal = Renewal::new();
    renewal.old.extensions[0].1 = two;
    let swapped = dns_names(&["other.example", "device.example"]);
    renewal.csr = issue::csr(&new_key(), |csr| {
        csr.extension(oid::SUBJECT_ALT_NAME, swapped)
    });
    assert_eq!(renewal.facts(), PLAIN);
    // None before, and none now.
    renewal.old.extensions.clear();
    renewal.csr = issue::csr(&new_key(), |csr| {
        csr.extension(oid::SUBJECT_ALT_NAME, dns_names(&[]))
    });
    assert_eq!(renewal.facts(), PLAIN);
    // What cannot be read is not the same, even if it is.
    let unreadable = octets(b"names");
    renewal.old = renewal.old.with(oid::SUBJECT_ALT_NAME, unreadable.clone());
    renewal.csr = issue::csr(&new_key(), |csr| {
        csr.extension(oid::SUBJECT_ALT_NAME, unreadable)
    });
    assert_eq!(renewal.facts(), another);
}

#[test]
fn who_is_self_issued_renews_nothing() {
    let parties = Parties::new();
    let (request, _) = parties.pkcs_req();
    let request = parties.receive(&request);
    assert!(request.renewal_proof(NOW).is_none());
    // Even if it is known exactly.
    let trust = SignerTrust::new().certificate(&parties.client);
    let (message, _) = parties.pkcs_req();
    let request = opened(&parties, &message, &trust);
    assert_eq!(request.signer_match(), SignerMatch::Certificate(0));
    assert!(request.renewal_proof(NOW).is_none());
}

#[test]
fn who_asks_for_no_certificate_renews_nothing() {
    let parties = Parties::new();
    let old = SignerIdentity::new(&parties.issued, &parties.client_key).unwrap();
    let roles = parties.roles();
    let wanted = IssuerAndSerialNumber::of(&parties.issued);
    let (request, _) = parties.send(RequestBuilder::get_cert(wanted, &old, &roles));
    let request = parties.receive(&request);
    assert_eq!(request.signer_match(), SignerMatch::Issuer(0));
    assert!(request.renewal_proof(NOW).is_none());
}
