//! Shapes of what stands behind a signature or in an envelope: CSRs, and certificates to choose from.

use std::hint::black_box;
use std::sync::LazyLock;

use scep::crypto::{ContentCipher, KeyTransport, Policy};
use scep::microsoft::RequestContent;
use scep::{
    CaCertificates, CaPin, CaRoles, CertRep, Certificate, ChallengePassword, Granted, Limit,
    Limits, NextCaBuilder, NextCaCertificates, Oid, PendingRequest, PkiMessage, Recipient, Request,
    RoleRules, SignerTrust, TransactionError, oid,
};

use super::free::{AnyKey, TRUSTING};
use super::{LIFTED, assembled, filled, in_place_of_content, long_name, message, text_name};
use crate::common::forge::{
    Attribute, Envelope, Forge, certificates_only, dotted, explicit, octets, oid_der, sequence, tlv,
};
use crate::common::issue::{NOW, Template, ca_constraints};
use crate::common::made::{DIGITAL_SIGNATURE, KEY_ENCIPHERMENT};
use crate::common::x509::{MadeCsr, extension};
use crate::common::{Parties, RsaKey, certificate, key, rng, vector};

/// About as long as each certificate is, so that there are as many as are read in the longest input, and as it is without the
/// extensions that fill it; and such an extension.
const CERTIFICATE_LEN: usize = (2 << 20) / Limits::REPLY.bound(Limit::Certificates);
const SMALLEST: usize = 750;
const SMALL_EXTENSION: usize = 7;

/// As many alternative names as a renewal compares.
const ALT_NAMES: usize = 1024;

fn ca() -> Certificate<'static> {
    certificate(vector!("keys/ca-jscep.pem"))
}

/// The request in one of the shapes with a CSR.
pub(crate) fn receive(input: &[u8]) -> Request {
    let message = PkiMessage::parse(input, &LIFTED).unwrap();
    let ca = ca();
    let trust = SignerTrust::new().self_issued().issuer(&ca);
    let recipient = Recipient::new(&ca, &AnyKey).unwrap();
    let policy = Policy::default();
    let received = message.receive(&TRUSTING, &policy, &trust, &[recipient], &mut rng());
    received.unwrap()
}

/// Receives a request and looks at everything that its CSR says.
pub(crate) fn read_csr(input: &[u8]) {
    let request = receive(input);
    let csr = request.csr().unwrap();
    let content = RequestContent::of(csr);
    black_box((
        matches!(csr.challenge_password(), ChallengePassword::Absent),
        csr.attributes().count(),
        csr.extensions().count(),
        csr.extension(oid::SUBJECT_ALT_NAME).is_some(),
    ));
    black_box((
        content.os_version().is_ok(),
        content.csp_info().is_ok(),
        content.name_value_pairs().is_ok(),
        content.client_info().is_ok(),
        content.renewal_certificate().is_ok(),
        content.template_name().is_ok(),
        content.template_information().is_ok(),
        content.application_policies().is_ok(),
        content.claimed_sids().is_ok(),
        content.claimed_user_principal_names().is_ok(),
    ));
}

/// Receives a renewal that is plain, which all of its names must be looked at for.
pub(super) fn prove_renewal(input: &[u8]) {
    let request = receive(input);
    let proof = request.renewal_proof(NOW).unwrap();
    assert!(proof.is_plain() && proof.has_same_key());
}

/// Finds who is who in an answer to GetCACert, where all RAs sign replies and one receives.
pub(super) fn select(input: &[u8]) {
    let answer = CaCertificates::parse(input, None, &LIFTED).unwrap();
    let ca = answer.certificates().flatten().find(Certificate::is_ca);
    let ca = ca.unwrap();
    let (pin, rules, policy) = (
        CaPin::certificate(&ca),
        RoleRules::default(),
        Policy::default(),
    );
    let roles = CaRoles::select(&answer, &pin, NOW, &rules, &TRUSTING, &policy).unwrap();
    assert!(roles.reply_signers().len() >= input.len() / CERTIFICATE_LEN - 2);
}

/// Finds who is who in an answer to GetNextCACert, where there are many certificates of one CA.
pub(super) fn select_next(input: &[u8]) {
    let body = NextCaCertificates::parse(input, &LIFTED).unwrap();
    let ca = ca();
    let (current, rules, policy) = (CaRoles::new(&ca), RoleRules::default(), Policy::default());
    let roles = CaRoles::from_next(&body, &current, NOW, &rules, &TRUSTING, &policy);
    assert!(roles.unwrap().issuer().is_ca());
}

/// Accepts a reply with many certificates, of which one or each could be the one that was asked for.
pub(crate) fn accept(input: &[u8]) {
    match accepted(input) {
        Ok(granted) => assert!(granted.others().len() >= input.len() / CERTIFICATE_LEN - 2),
        Err(TransactionError::Ambiguous(count)) => {
            assert!(count >= input.len() / CERTIFICATE_LEN - 2);
        }
        Err(error) => panic!("{error}"),
    }
}

fn accepted(input: &[u8]) -> Result<Granted, TransactionError> {
    let reply = PkiMessage::parse(input, &LIFTED).unwrap();
    let (ca, policy) = (ca(), Policy::default());
    let roles = CaRoles::new(&ca);
    let pending = &REPLY.1;
    let accepted = pending.accept(&reply, &roles, &TRUSTING, &policy)?;
    let CertRep::Success(sealed) = accepted else {
        panic!("no SUCCESS");
    };
    let client = certificate(vector!("keys/c2048.selfsigned.pem"));
    let recipient = Recipient::new(&client, &AnyKey).unwrap();
    sealed.open(&TRUSTING, &recipient, &mut rng())
}

/// A SUCCESS with the digest that the provider gives, and what it is read with.
static REPLY: LazyLock<(Forge, PendingRequest)> = LazyLock::new(|| {
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let mut forge = Forge::of(&parties.grant(&parties.receive(&request)));
    forge.set(oid::MESSAGE_DIGEST, octets(&[0; 32]));
    (forge, pending)
});

/// The DER of an envelope around a payload, which [`AnyKey`] opens and the provider leaves as it is.
fn sealed(payload: &[u8], recipient: &Certificate<'_>) -> Vec<u8> {
    let (cipher, transport) = (ContentCipher::Aes128Cbc, KeyTransport::RsaPkcs1v15);
    let mut envelope = Envelope::seal(b"", recipient, cipher, transport);
    let padding = 16 - payload.len() % 16;
    envelope.encrypted_content = [payload, &vec![padding as u8; padding]].concat();
    envelope.to_der()
}

/// A PKCSReq around this CSR.
fn with_csr(csr: &[u8]) -> Forge {
    let mut forge = message();
    forge.content = Some(sealed(csr, &ca()));
    forge
}

/// A CSR on the client's key, with a subject and attributes.
fn csr(subject: Option<Vec<u8>>, attributes: Vec<Vec<u8>>) -> Vec<u8> {
    let key = key(vector!("keys/c2048.key"));
    let mut csr = MadeCsr::new(&key);
    csr.subject = subject.unwrap_or(csr.subject);
    csr.attributes = Some(attributes);
    csr.sign(&key)
}

pub(crate) fn csr_attributes(size: usize) -> Vec<u8> {
    let attribute = Attribute {
        oid: dotted("1.2"),
        values: Vec::new(),
    };
    let attributes = vec![filled(&attribute.to_der(), size)];
    assembled(&with_csr(&csr(None, attributes)))
}

/// Extension requests as long as an attribute may be, each of the smallest extensions.
pub(crate) fn csr_extensions(size: usize) -> Vec<u8> {
    let len = Limits::REQUEST.bound(Limit::AttributeLen) - 256;
    let request = extension_request(&filled(&extension(dotted("1.2"), &[]), len));
    assembled(&with_csr(&csr(None, vec![request; size / len])))
}

/// An extension request as long as an attribute may be, of the shortest names of every kind that is listed.
pub(crate) fn csr_names() -> Vec<u8> {
    let len = Limits::REQUEST.bound(Limit::AttributeLen) - 256;
    let name = |oid: Oid, value: &[u8]| tlv(0xa0, &[oid_der(oid), explicit(0, value)].concat());
    let listed = [
        (
            oid::SUBJECT_ALT_NAME,
            name(oid::MS_USER_PRINCIPAL_NAME, &[0x0c, 0]),
        ),
        (
            oid::MS_NTDS_SECURITY,
            name(oid::MS_NTDS_OBJECT_SID, &octets(b"S-1-5-1")),
        ),
        (
            oid::MS_APPLICATION_POLICIES,
            sequence(&[&oid_der(dotted("1.2"))]),
        ),
    ];
    let listed = listed.map(|(oid, one)| extension(oid, &tlv(0x30, &filled(&one, len / 3))));
    assembled(&with_csr(&csr(
        None,
        vec![extension_request(&listed.concat())],
    )))
}

/// An attribute that asks for these extensions.
fn extension_request(extensions: &[u8]) -> Vec<u8> {
    let oid = oid::EXTENSION_REQUEST;
    let values = vec![tlv(0x30, extensions)];
    Attribute { oid, values }.to_der()
}

/// An old certificate and a CSR with the same names, a quarter of the size each time: a subject that differs in the type of its last
/// string, and alternative names that differ in their last octets, in the reverse order.
pub(crate) fn renewal(size: usize) -> Vec<u8> {
    let parties = Parties::new();
    let quarter = size / 4;
    let names = |range: &mut dyn Iterator<Item = usize>| -> Vec<u8> {
        let start = filled(b"x", quarter / ALT_NAMES - 6);
        let names = range.flat_map(|number| {
            let end = (number as u16).to_be_bytes();
            tlv(0x82, &[&start[..], &end].concat())
        });
        tlv(0x30, &names.collect::<Vec<_>>())
    };
    let old = Template::new(&long_name(quarter, 0x0c), parties.csr.public_key_der())
        .with(oid::SUBJECT_ALT_NAME, names(&mut (0..ALT_NAMES)))
        .issue(parties.ca.subject_der(), &parties.ca_key);
    // In as many attributes as it takes for each to be read.
    let step = ALT_NAMES / 16;
    let requests = (0..16).rev().map(|part| {
        let names = names(&mut (part * step..(part + 1) * step).rev());
        extension_request(&extension(oid::SUBJECT_ALT_NAME, &names))
    });
    let csr = csr(Some(long_name(quarter, 0x13)), requests.collect());
    let mut forge = with_csr(&csr);
    forge.set_signer(&old);
    assembled(&forge)
}

/// Certificates by the CA on a key, told apart by their last octets, with the smallest extensions before those that matter.
fn issued(size: usize, key: &RsaKey, last: Vec<(Oid, Vec<u8>)>) -> Vec<Vec<u8>> {
    let parties = Parties::new();
    let count = size / CERTIFICATE_LEN;
    let extensions = (CERTIFICATE_LEN - SMALLEST) / SMALL_EXTENSION;
    let mut template = Template::new(parties.ca.subject_der(), key.public_key_der());
    template.extensions = vec![(dotted("1.2"), Vec::new()); extensions];
    template.extensions.extend(last);
    let one = template.issue(parties.ca.subject_der(), &parties.ca_key);
    let numbered = |number: usize| {
        let mut der = one.as_der().to_vec();
        let end = der.len() - 2;
        der[end..].copy_from_slice(&(number as u16).to_be_bytes());
        der
    };
    (1..count).map(numbered).collect()
}

/// RAs that sign, one that receives, and their CA.
pub(super) fn ras(size: usize) -> Vec<u8> {
    let parties = Parties::new();
    let agent = sequence(&[&oid_der(oid::CERTIFICATE_REQUEST_AGENT)]);
    let usage = |bits: u8| tlv(0x03, &[bits.trailing_zeros() as u8, bits]);
    let ra = |bits| {
        vec![
            (oid::EXT_KEY_USAGE, agent.clone()),
            (oid::KEY_USAGE, usage(bits)),
        ]
    };
    let key = &parties.client_key;
    let mut certificates = issued(size, key, ra(DIGITAL_SIGNATURE));
    let receiving = issued(2 * CERTIFICATE_LEN, key, ra(KEY_ENCIPHERMENT));
    certificates.truncate(certificates.len() - 1);
    certificates.extend(receiving);
    certificates.push(ca().as_der().to_vec());
    certificates_only(&certificates.concat())
}

/// An answer to GetCACert of CAs with long names and of others that none of them issued.
pub(crate) fn strangers(size: usize) -> Vec<u8> {
    let parties = Parties::new();
    let (name, key) = (text_name(CERTIFICATE_LEN - SMALLEST), &parties.ca_key);
    let count = size / CERTIFICATE_LEN;
    let ca = Template::new(&name, key.public_key_der())
        .with(oid::BASIC_CONSTRAINTS, ca_constraints())
        .issue(&name, key);
    let other = Template::new(&name, key.public_key_der()).issue(parties.ca.subject_der(), key);
    let certificates = [ca, other].map(|one| one.as_der().repeat(count / 2));
    certificates_only(&certificates.concat())
}

/// CAs that are all alike.
pub(super) fn next_cas(size: usize) -> Vec<u8> {
    static NEXT: LazyLock<Forge> = LazyLock::new(|| {
        let parties = Parties::new();
        let next = certificate(vector!("keys/ca-jscep-next.pem"));
        let signer = parties.ca_signer();
        let body = NextCaBuilder::new(std::slice::from_ref(&next), &signer)
            .build(&parties.provider, &parties.policy)
            .unwrap()
            .sign(&parties.ca_key, &mut rng())
            .unwrap();
        let mut forge = Forge::of(&body);
        forge.set(oid::MESSAGE_DIGEST, octets(&[0; 32]));
        forge
    });
    let mut forge = NEXT.clone();
    let constraints = vec![(oid::BASIC_CONSTRAINTS, ca_constraints())];
    let certificates = issued(size, &Parties::new().client_key, constraints);
    forge.content = Some(certificates_only(&certificates.concat()));
    assembled(&forge)
}

/// A SUCCESS with certificates on the key that was asked for, each another one.
pub(super) fn wanted(size: usize) -> Vec<u8> {
    let parties = Parties::new();
    let certificates = issued(size, &parties.client_key, Vec::new());
    forge_reply(&certificates.concat(), &parties)
}

/// A SUCCESS with the certificate that was asked for and many others.
pub(super) fn others(size: usize) -> Vec<u8> {
    let parties = Parties::new();
    let mut certificates = issued(size, &parties.ca_key, Vec::new());
    certificates.push(parties.issued.as_der().to_vec());
    forge_reply(&certificates.concat(), &parties)
}

/// The same, in segments that must be joined.
pub(crate) fn others_in_segments(size: usize) -> Vec<u8> {
    let message = others(size);
    let mut forge = Forge::of(&message);
    let content = forge.content.take().unwrap();
    let segments: Vec<u8> = content
        .chunks(1000)
        .flat_map(|chunk| tlv(0x04, chunk))
        .collect();
    in_place_of_content(&forge, &tlv(0x24, &segments))
}

fn forge_reply(certificates: &[u8], parties: &Parties) -> Vec<u8> {
    let mut forge = REPLY.0.clone();
    forge.content = Some(sealed(&certificates_only(certificates), &parties.client));
    assembled(&forge)
}
