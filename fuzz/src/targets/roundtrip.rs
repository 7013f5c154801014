//! What is built reads back, also in whatever BER a peer may write it.

use arbitrary::{Result, Unstructured};
use scep::crypto::{
    CipherSet, ContentCipher, DigestAlgorithm, DigestSet, KeyAgreement, KeyManagement,
    KeyTransport, KeyWrap, KeyWrapSet, PasswordEncryption, Policy, SigningKey,
};
use scep::{
    CaRoles, CertRep, Csr, CsrBuilder, FailInfo, IssuerAndSerialNumber, Limits, PkiMessage,
    Recipient, Request, RequestBody, RequestBuilder, SignerTrust, TransactionId,
};
use x509_cert::name::Name;

use crate::parties::{PARTIES, PASSWORD, Party};
use crate::reached;
use crate::repair;
use crate::tlv::{self, Body, Form, Node};
use crate::toy::{Counter, PROVIDER};

/// Builds a request and an answer as the bytes choose, writes both in other BER, and reads them.
pub fn roundtrip(data: &[u8]) {
    // Too few bytes choose the first of everything.
    let _ = enrol(&mut Unstructured::new(data));
}

fn enrol(input: &mut Unstructured<'_>) -> Result<()> {
    let rng = &mut Counter::new(11);
    let kind = input.int_in_range(0..=3)?;
    let choice: u8 = input.arbitrary()?;
    let is_chosen = |bit: u8| choice >> bit & 1 == 1;
    // Nothing is renewed with a certificate of one's own making.
    let party = match () {
        () if kind == 1 || is_chosen(0) => &PARTIES.renewing,
        () if is_chosen(1) => &PARTIES.curve_client,
        () => &PARTIES.client,
    };
    let is_on_curve = is_chosen(2);
    let ca = match is_on_curve {
        true => &PARTIES.curve_ca,
        false => &PARTIES.ca,
    };
    let (policy, agreement, under_password) = without_decryption(choice);
    let roles = CaRoles::new(&ca.certificate);
    let signer = party.signer();
    let (csr, password) = csr(input, party)?;
    // A query has no CSR, and may have the password all the same.
    let password = match kind {
        0 | 1 => password,
        _ => is_chosen(7).then_some(PASSWORD),
    };
    let id = IssuerAndSerialNumber::of(&PARTIES.renewing.certificate);
    let builder = match kind {
        0 => RequestBuilder::pkcs_req(&csr, &signer, &roles),
        1 => RequestBuilder::renewal_req(&csr, &signer, &roles),
        2 => RequestBuilder::get_cert(id.clone(), &signer, &roles),
        _ => RequestBuilder::get_crl(id.clone(), &signer, &roles),
    };
    let digest = *input.choose(&DigestAlgorithm::ALL)?;
    let cipher = *input.choose(&ContentCipher::ALL)?;
    let transport = match input.arbitrary()? {
        true => KeyTransport::RsaPkcs1v15,
        false => KeyTransport::RsaOaep {
            digest: *input.choose(&DigestAlgorithm::ALL[1..])?,
            mgf_digest: *input.choose(&DigestAlgorithm::ALL[1..])?,
        },
    };
    let mut builder = builder.content_cipher(cipher).key_transport(transport);
    // A key on a curve signs with SHA-2 only.
    let mut algorithms = party.key.algorithms().iter();
    let digest = match algorithms.any(|algorithm| algorithm.digest() == digest) {
        true => {
            builder = builder.digest(digest);
            digest
        }
        false => DigestAlgorithm::Sha256,
    };
    if let Some(id) = TransactionId::new(input.arbitrary()?) {
        builder = builder.transaction_id(id);
    }
    if let (2.., Some(password)) = (kind, password) {
        builder = builder.challenge(password);
    }
    let management = match password {
        _ if !is_on_curve => KeyManagement::Transport(transport),
        Some(_) => KeyManagement::Password(under_password),
        None => KeyManagement::Agreement(agreement),
    };
    let unsigned = builder.build(&PROVIDER, &policy, rng);
    // AES key wrap takes no key of 8 bytes.
    if cipher == ContentCipher::DesCbc && matches!(management, KeyManagement::Agreement(_)) {
        assert!(unsigned.is_err(), "a key of DES was wrapped");
        return Ok(());
    }
    let (bytes, pending) = unsigned
        .and_then(|unsigned| unsigned.sign(&party.key, rng))
        .expect("a request");
    // As many as their iterations allow.
    let passwords = ["another", password.unwrap_or_default()];
    let request = receive(&bytes, &policy, &passwords);
    reached::request(&request);
    assert_eq!(request.transaction_id(), pending.transaction_id());
    assert_eq!(request.message_type(), pending.message_type());
    assert_eq!(
        (request.digest(), request.content_cipher()),
        (digest, cipher)
    );
    assert_eq!(request.key_management(), management);
    assert_eq!(request.signer(), &party.certificate);
    assert_eq!(
        inside(&request),
        if kind < 2 {
            csr.as_der().to_vec()
        } else {
            id.to_der()
        }
    );

    let written = in_other_ber(&bytes, party, input)?;
    let again = receive(&written, &policy, &passwords);
    assert_eq!(facts(&again), facts(&request), "in other BER");

    let signer = ca.signer();
    let mut reply = request.reply(&PROVIDER, &signer);
    if let (2.., Some(password)) = (kind, password) {
        reply = reply.challenge(password);
    }
    let text: &str = input.arbitrary()?;
    let answer = input.int_in_range(0..=2)?;
    let issued = issued(&csr);
    let unsigned = match answer {
        0 => reply.failure(FailInfo::BadTime, Some(text), rng),
        1 => reply.pending(rng),
        _ if kind == 2 => reply.success(std::slice::from_ref(&PARTIES.renewing.certificate), rng),
        _ if kind == 3 => reply.success_crl(&PARTIES.crl, rng),
        _ => reply.success(std::slice::from_ref(&issued), rng),
    };
    // A text that is empty or has control characters, and PENDING for a query, are refused.
    let Ok(unsigned) = unsigned else {
        assert!(answer < 2 || cipher == ContentCipher::DesCbc);
        return Ok(());
    };
    let bytes = unsigned.sign(&ca.key, rng).expect("a reply");
    for bytes in [bytes.clone(), in_other_ber(&bytes, ca, input)?] {
        let reply = PkiMessage::parse(&bytes[..], &Limits::REPLY).expect("a readable reply");
        match pending
            .accept(&reply, &roles, &PROVIDER, &policy)
            .expect("the reply")
        {
            CertRep::Failure(failure) => {
                assert_eq!(failure.info(), Some(FailInfo::BadTime));
                assert_eq!(failure.text(), Some(text));
                assert_eq!(answer, 0);
            }
            CertRep::Pending => assert_eq!(answer, 1),
            CertRep::Success(sealed) => {
                let recipient = Recipient::new(&party.certificate, &party.key).expect("its key");
                let recipient = recipient.with_password(password.unwrap_or_default());
                reached::reply(&bytes);
                let granted = sealed
                    .open(&PROVIDER, &recipient, rng)
                    .expect("what was granted");
                match kind {
                    0 | 1 => assert_eq!(granted.certificate(), Some(&issued)),
                    2 => assert_eq!(granted.certificate(), Some(&PARTIES.renewing.certificate)),
                    _ => assert_eq!(granted.crl(), Some(&PARTIES.crl)),
                }
                assert_eq!(answer, 2);
            }
        }
    }
    Ok(())
}

/// A policy for recipients that cannot decrypt, and what it has them use.
fn without_decryption(choice: u8) -> (Policy, KeyAgreement, PasswordEncryption) {
    // With SHA-1 each password counts twice for a long key.
    let legacy = Policy::legacy().with_max_password_iterations(u32::MAX);
    let chosen = usize::from(choice >> 3);
    let digest = DigestAlgorithm::ALL[1 + chosen % 4];
    let agreement = KeyAgreement::new(digest, KeyWrap::ALL[chosen % KeyWrap::ALL.len()]);
    let cipher = ContentCipher::ALL[1 + chosen / 4 % 4];
    let under_password = PasswordEncryption::new(digest, legacy.password_iterations(), cipher);
    let policy = legacy
        .with_key_agreement_digests(DigestSet::of(&[digest]))
        .with_key_wraps(KeyWrapSet::of(&[agreement.wrap]))
        .with_password_prfs(DigestSet::of(&[digest]))
        .with_password_ciphers(CipherSet::of(&[under_password.cipher]));
    (policy, agreement, under_password)
}

/// A CSR with what the bytes choose inside, and the password in it if there is one.
fn csr<'i>(input: &mut Unstructured<'i>, party: &Party) -> Result<(Csr, Option<&'i str>)> {
    let subject: Name = "CN=device,O=Example".parse().expect("a name");
    let key = &party.key;
    let mut builder = CsrBuilder::new(&subject, party.certificate.public_key_der());
    let password: Option<&str> = input.arbitrary()?;
    if let Some(password) = password {
        builder = builder.challenge_password(password);
    }
    for _ in 0..input.int_in_range(0..=2)? {
        let arc = input.int_in_range(0..=0x7f)?;
        let oid = scep::Oid::from_bytes(&[0x2a, 3, arc]).expect("an OID");
        builder = builder.extension(oid, input.arbitrary::<&[u8]>()?);
    }
    let csr = builder
        .build(key.algorithms()[0])
        .and_then(|csr| csr.sign(key, &PROVIDER, &mut Counter::new(12)))
        .expect("a CSR");
    let presented = csr.challenge_password();
    let expected = password.filter(|password| !password.is_empty());
    assert_eq!(
        presented.verify(password.unwrap_or_default().as_bytes()),
        expected.is_some()
    );
    Ok((csr, expected))
}

/// A certificate for the key of a CSR, that is not the one which a renewal replaces.
fn issued(csr: &Csr) -> scep::Certificate<'static> {
    let mut certificate = tlv::read(PARTIES.neighbour.certificate.as_der());
    let key = tlv::read(csr.public_key_der()).remove(0);
    *certificate[0]
        .at_mut(0)
        .and_then(|part| part.at_mut(6))
        .expect("a key") = key;
    let der = tlv::write(&certificate);
    let der = repair::signed_by(&der, PARTIES.ca.certificate.public_key_der());
    scep::Certificate::from_der(der).expect("a certificate")
}

fn receive(bytes: &[u8], policy: &Policy, passwords: &[&str]) -> Request {
    let (ca, curve_ca) = (&PARTIES.ca, &PARTIES.curve_ca);
    let message = PkiMessage::parse(bytes, &Limits::REQUEST).expect("a message");
    let trust = SignerTrust::new()
        .self_issued()
        .issuer(&ca.certificate)
        .certificate(&PARTIES.client.certificate);
    let recipient = Recipient::new(&ca.certificate, &ca.key).expect("its key");
    let on_curve = Recipient::new(&curve_ca.certificate, &curve_ca.key).expect("its key");
    let on_curve = passwords.iter().fold(on_curve, |on_curve, password| {
        on_curve.with_password(password)
    });
    message
        .receive(
            &PROVIDER,
            policy,
            &trust,
            &[recipient, on_curve],
            &mut Counter::new(13),
        )
        .expect("a request")
}

fn inside(request: &Request) -> Vec<u8> {
    match request.body() {
        RequestBody::PkcsReq(csr) | RequestBody::RenewalReq(csr) => csr.as_der().to_vec(),
        RequestBody::CertPoll(names) => names.to_der(),
        RequestBody::GetCert(id) | RequestBody::GetCrl(id) => id.to_der(),
        _ => unreachable!("a payload that nobody knows"),
    }
}

/// All that a request says, to be compared.
fn facts(request: &Request) -> String {
    format!("{request:?} {:?}", inside(request))
}

/// The same message in other forms of BER, signed again where its octets changed.
fn in_other_ber(bytes: &[u8], signer: &Party, input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut forest = tlv::read(bytes);
    rewrite(&mut forest[0], input, Place::Message)?;
    let is_repaired = repair::sign_as(&mut forest, signer);
    is_repaired.expect("a message to be signed");
    if let Some(signed_data) = forest[0].at_mut(1).and_then(|explicit| explicit.at_mut(0)) {
        rewrite_attributes(signed_data, input)?;
    }
    Ok(tlv::write(&forest))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Message,
    /// Compared or verified as it came.
    Fixed,
}

/// Rewrites what may be in BER: not certificates, names, identifiers and attributes.
fn rewrite(node: &mut Node, input: &mut Unstructured<'_>, place: Place) -> Result<()> {
    if place == Place::Fixed {
        return Ok(());
    }
    let is_string = matches!(node.tag, 0x04 | 0x80);
    // Of the strings only an eContent is elements; an encrypted one looks like some by chance.
    let is_content_info = node
        .at(0)
        .is_some_and(|info| info.at(0).is_some_and(|oid| oid.tag == 0x06));
    if let Some(elements) = node
        .elements_mut()
        .filter(|_| !is_string || is_content_info)
    {
        let count = elements.len();
        for (position, element) in elements.iter_mut().enumerate() {
            // In a SignerInfo, the attributes come before the signature's algorithm and are rewritten apart.
            let is_signed = element.tag == 0xa0 && position > 0 && count > 2;
            let is_fixed = is_signed || is_named(element);
            rewrite(
                element,
                input,
                if is_fixed {
                    Place::Fixed
                } else {
                    Place::Message
                },
            )?;
        }
    }
    if is_string && input.arbitrary()? {
        let octets = node.contents();
        let size = input.int_in_range(1..=64)?;
        let segments = octets.chunks(size).map(|segment| Node::new(0x04, segment));
        *node = Node::of(node.tag | 0x20, segments.collect());
    }
    node.form = match input.int_in_range(0..=2)? {
        0 => Form::Definite,
        1 => Form::Long(input.int_in_range(1..=9)?),
        _ if node.tag & 0x20 != 0 => Form::Indefinite,
        _ => Form::Definite,
    };
    Ok(())
}

/// Whether an element is an AlgorithmIdentifier, or names a certificate.
fn is_named(node: &Node) -> bool {
    let is_algorithm = node.at(0).is_some_and(|first| first.tag == 0x06)
        && node.at(1).is_none_or(|second| second.tag != 0xa0)
        && node.elements().is_some_and(|elements| elements.len() < 3);
    let is_identifier = node.at(0).is_some_and(|first| first.tag == 0x30)
        && node.at(1).is_some_and(|second| second.tag == 0x02);
    node.tag == 0x30 && (is_algorithm || is_identifier)
}

/// Rewrites signed attributes after they were signed: what is signed is their DER form.
fn rewrite_attributes(signed_data: &mut Node, input: &mut Unstructured<'_>) -> Result<()> {
    let infos = signed_data
        .elements_mut()
        .and_then(|elements| elements.last_mut());
    let info = infos.and_then(|infos| infos.at_mut(0));
    let fields = info.and_then(Node::elements_mut).into_iter().flatten();
    for attributes in fields.filter(|field| field.tag == 0xa0) {
        attributes.form = Form::Indefinite;
        let Body::Elements(attributes) = &mut attributes.body else {
            continue;
        };
        for at in 0..attributes.len() {
            let other = input.choose_index(attributes.len())?;
            attributes.swap(at, other);
        }
        for attribute in attributes {
            attribute.form = Form::Long(input.int_in_range(1..=5)?);
            if input.arbitrary()? {
                attribute.form = Form::Indefinite;
            }
        }
    }
    Ok(())
}
