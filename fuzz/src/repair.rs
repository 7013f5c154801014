//! Makes a changed message right again, layer by layer, so that what was changed is reached: padding, content key,
//! signatures of certificates and CSRs, messageDigest, and the signature of the message.

use scep::crypto::Policy;
use scep::{Certificate, NextCaBuilder, oid};

use crate::parties::{PARTIES, PASSWORD, Party};
use crate::recipients::{self, Holder};
use crate::tlv::{self, Body, Node};
use crate::toy::{self, Counter};

/// What is made right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repairs(u8);

impl Repairs {
    /// Everything, with the signature over the attributes as they stand.
    pub const ALL: Self = Self(0b1111);
    /// What signs the content, whatever that is.
    pub const OUTER: Self = Self(0b1100);

    const ENVELOPE: u8 = 1;
    const INNER_SIGNATURES: u8 = 2;
    const MESSAGE_DIGEST: u8 = 4;
    const SIGNATURE: u8 = 8;
    /// Over the DER form of the attributes.
    const DER_FORM: u8 = 16;

    /// The repairs that a byte of input asks for: the most when it is 0.
    pub const fn of(byte: u8) -> Self {
        Self(byte ^ 0b1111)
    }

    const fn has(self, repair: u8) -> bool {
        self.0 & repair != 0
    }
}

/// Repairs a message.
pub fn message(forest: &mut [Node], repairs: Repairs) -> Option<()> {
    let signed_data = forest.first_mut()?.at_mut(1)?.at_mut(0)?;
    if repairs.has(Repairs::INNER_SIGNATURES)
        && let Some(certificates) = signed_data.with_tag_mut(0xa0)
    {
        for certificate in certificates.elements_mut()? {
            sign(certificate, PARTIES.ca.certificate.public_key_der());
        }
    }
    if let Some(content) = content_mut(signed_data)
        && let Body::Wrapped { elements, .. } = &mut content.body
    {
        let _ = elements
            .first_mut()
            .and_then(|envelope| self::envelope(envelope, repairs));
    }
    let public_key = signer_key(signed_data)?;
    sign_message(signed_data, repairs, &public_key)
}

/// Has somebody else sign a message: the certificate goes along, and the SignerIdentifier names it.
pub fn sign_as(forest: &mut [Node], party: &Party) -> Option<()> {
    let certificate = tlv::read(party.certificate.as_der()).pop()?;
    let sid = identifier(&party.certificate)?;
    let signed_data = forest.first_mut()?.at_mut(1)?.at_mut(0)?;
    *signed_data
        .elements_mut()?
        .last_mut()?
        .at_mut(0)?
        .at_mut(1)? = sid;
    signed_data.with_tag_mut(0xa0)?.body = Body::Elements(vec![certificate]);
    let public_key = party.certificate.public_key_der();
    sign_message(signed_data, Repairs::OUTER, public_key)
}

/// The body of GetNextCACert around a content, signed by somebody, with signed attributes or without.
pub fn signed_content(party: &Party, content: &[u8], with_attributes: bool) -> Option<Vec<u8>> {
    let policy = Policy::default();
    let body = NextCaBuilder::new(&[], &party.signer())
        .build(&toy::PROVIDER, &policy)
        .and_then(|unsigned| unsigned.sign(&party.key, &mut Counter::new(0)))
        .ok()?;
    let mut forest = tlv::read(&body);
    let signed_data = forest.first_mut()?.at_mut(1)?.at_mut(0)?;
    content_mut(signed_data)?.body = Body::Octets(content.to_vec());
    if !with_attributes {
        let info = signed_data.elements_mut()?.last_mut()?.at_mut(0)?;
        info.elements_mut()?.retain(|field| field.tag != 0xa0);
    }
    sign_message(
        signed_data,
        Repairs::OUTER,
        party.certificate.public_key_der(),
    )?;
    Some(tlv::write(&forest))
}

fn sign_message(signed_data: &mut Node, repairs: Repairs, public_key: &[u8]) -> Option<()> {
    let octets = content_mut(signed_data).map_or(Vec::new(), |content| content.string_octets());
    let info = signed_data.elements_mut()?.last_mut()?.at_mut(0)?;
    if repairs.has(Repairs::MESSAGE_DIGEST) {
        let len = digest_len(&info.at(2)?.at(0).map(Node::contents).unwrap_or_default());
        let digest = toy::digest(len, &[&octets]);
        let attributes = info.with_tag_mut(0xa0).and_then(Node::elements_mut);
        for attribute in attributes.into_iter().flatten() {
            let is_digest = attribute
                .at(0)
                .is_some_and(|oid| oid.contents() == oid::MESSAGE_DIGEST.as_bytes());
            if is_digest && let Some(values) = attribute.at_mut(1) {
                values.body = Body::Elements(vec![Node::new(0x04, &digest)]);
            }
        }
    }
    let signature = match info.with_tag(0xa0).cloned() {
        None => toy::sign(public_key, &[&octets]),
        Some(attributes) if repairs.has(Repairs::DER_FORM) => {
            let set = Node {
                tag: 0x31,
                ..attributes
            };
            toy::sign(public_key, &[&set.to_der().to_bytes()])
        }
        Some(attributes) => toy::sign(public_key, &[&[0x31], attributes.to_bytes().get(1..)?]),
    };
    if repairs.has(Repairs::SIGNATURE) {
        let strings = info.elements_mut()?.iter_mut().rev();
        let place = strings.into_iter().find(|node| node.tag & 0xdf == 0x04)?;
        place.set_octets(&signature);
    }
    Some(())
}

/// Puts a payload into the envelope of a message, encrypted to a public key, and signs the message.
pub fn seal(message: &[u8], payload: &[u8], public_key: &[u8]) -> Option<Vec<u8>> {
    let mut forest = tlv::read(message);
    let signed_data = forest.first_mut()?.at_mut(1)?.at_mut(0)?;
    join(content_mut(signed_data)?);
    let enveloped = enveloped_mut(signed_data)?;
    let holder = Holder {
        decrypting: public_key,
        on_curve: public_key,
        password: PASSWORD,
    };
    let recipient = enveloped.with_tag_mut(0x31)?.at_mut(0)?;
    recipients::encrypt(recipient, &[0; 16], &holder)?;
    let content = enveloped.elements_mut()?.last_mut()?.at_mut(2)?;
    join(content);
    let padded = [payload, &padding(payload.len(), 16)].concat();
    content.set_octets(&padded);
    self::message(&mut forest, Repairs::OUTER)?;
    Some(tlv::write(&forest))
}

/// Has the first recipient of a message be this certificate.
pub fn address(forest: &mut [Node], certificate: &Certificate<'_>) -> Option<()> {
    *recipient_mut(forest)?.at_mut(1)? = identifier(certificate)?;
    message(forest, Repairs::ALL)
}

/// The first RecipientInfo of a message.
pub fn recipient_mut(forest: &mut [Node]) -> Option<&mut Node> {
    let signed_data = forest.first_mut()?.at_mut(1)?.at_mut(0)?;
    enveloped_mut(signed_data)?.with_tag_mut(0x31)?.at_mut(0)
}

/// The SignerInfo of a message.
pub fn signer_mut(forest: &mut [Node]) -> Option<&mut Node> {
    let signed_data = forest.first_mut()?.at_mut(1)?.at_mut(0)?;
    signed_data.elements_mut()?.last_mut()?.at_mut(0)
}

/// The IssuerAndSerialNumber of a certificate.
fn identifier(certificate: &Certificate<'_>) -> Option<Node> {
    let certificate = tlv::read(certificate.as_der()).pop()?;
    let part = certificate.at(0)?;
    Some(Node::of(
        0x30,
        vec![part.at(3)?.clone(), part.at(1)?.clone()],
    ))
}

/// Repairs the ContentInfo of an EnvelopedData to the CA, to the one on a curve, or under the password.
fn envelope(content_info: &mut Node, repairs: Repairs) -> Option<()> {
    let enveloped = content_info.at_mut(1)?.at_mut(0)?;
    let encrypted = enveloped
        .elements_mut()?
        .iter_mut()
        .rfind(|node| node.tag == 0x30)?;
    let cipher = encrypted.at(1)?.at(0)?.contents();
    let (key_len, block) = cipher_lens(&cipher);
    let content = encrypted.at_mut(2)?;
    if let Body::Wrapped { elements, tail, .. } = &mut content.body {
        if repairs.has(Repairs::INNER_SIGNATURES) {
            elements.iter_mut().for_each(payload);
        }
        if repairs.has(Repairs::ENVELOPE) {
            *tail = padding(tlv::write(elements).len(), block);
        }
    }
    if repairs.has(Repairs::ENVELOPE) {
        let holder = Holder {
            decrypting: PARTIES.ca.certificate.public_key_der(),
            on_curve: PARTIES.curve_ca.certificate.public_key_der(),
            password: PASSWORD,
        };
        let key = vec![0; key_len];
        for recipient in enveloped.with_tag_mut(0x31)?.elements_mut()? {
            let _ = recipients::encrypt(recipient, &key, &holder);
        }
    }
    Some(())
}

/// Signs a payload that is a CSR, and the certificates and CRLs of one that is a set.
pub fn payload(node: &mut Node) {
    if let Some(own) = node.at(0).and_then(|part| part.at(2)).map(Node::to_bytes) {
        sign(node, &own);
    }
    let Some(set) = node.at_mut(1).and_then(|content| content.at_mut(0)) else {
        return;
    };
    for tag in [0xa0, 0xa1] {
        for signed in set
            .with_tag_mut(tag)
            .and_then(Node::elements_mut)
            .into_iter()
            .flatten()
        {
            sign(signed, PARTIES.ca.certificate.public_key_der());
        }
    }
}

/// The DER of a certificate or CRL, signed with a key.
pub fn signed_by(der: &[u8], public_key: &[u8]) -> Vec<u8> {
    let mut forest = tlv::read(der);
    sign(&mut forest[0], public_key);
    tlv::write(&forest)
}

/// The padding behind a payload of this length.
pub fn padding(len: usize, block: usize) -> Vec<u8> {
    let padding = block - len % block;
    vec![padding as u8; padding]
}

/// Signs a SIGNED value of X.509.
fn sign(signed: &mut Node, public_key: &[u8]) {
    let Some(part) = signed.at(0).map(Node::to_bytes) else {
        return;
    };
    if let Some(place) = signed.at_mut(2)
        && place.tag == 0x03
    {
        let signature = toy::sign(public_key, &[&part]);
        place.body = Body::Octets([&[0], &signature[..]].concat());
    }
}

/// The eContent.
fn content_mut(signed_data: &mut Node) -> Option<&mut Node> {
    signed_data.at_mut(2)?.at_mut(1)?.at_mut(0)
}

/// The EnvelopedData of a SignedData.
pub fn enveloped_mut(signed_data: &mut Node) -> Option<&mut Node> {
    content_mut(signed_data)?.at_mut(0)?.at_mut(1)?.at_mut(0)
}

/// The public key of whoever the only SignerInfo names.
fn signer_key(signed_data: &Node) -> Option<Vec<u8>> {
    let sid = signed_data.elements()?.last()?.at(0)?.at(1)?;
    let carried = signed_data
        .elements()?
        .iter()
        .filter(|node| node.tag == 0xa0);
    let is_key_identifier = sid.tag & 0xdf == 0x80;
    let named = carried
        .flat_map(|set| set.elements().unwrap_or_default())
        .filter_map(|certificate| certificate.at(0))
        .find(|part| is_key_identifier || (part.at(3) == sid.at(0) && part.at(1) == sid.at(1)))
        .and_then(|part| part.at(6))
        .map(Node::to_bytes);
    named.or_else(|| {
        let (issuer, serial) = (sid.at(0)?.to_bytes(), sid.at(1)?.contents());
        PARTIES
            .all()
            .map(|party| &party.certificate)
            .into_iter()
            .find(|known| known.issuer_der() == issuer && known.serial() == serial)
            .map(|known| known.public_key_der().to_vec())
    })
}

/// Puts the segments of a string together.
fn join(string: &mut Node) {
    let octets = Node::new(string.tag & 0xdf, &string.string_octets());
    if let Some(joined) = tlv::read(&octets.to_bytes()).pop() {
        *string = joined;
    }
}

/// The length of the digests of an algorithm, be it a digest or one that computes with it.
pub fn digest_len(named: &[u8]) -> usize {
    use scep::oid::*;

    let is = |known: &[scep::Oid]| known.iter().any(|oid| oid.as_bytes() == named);
    match () {
        () if is(&[MD5, MD5_WITH_RSA]) => 16,
        () if is(&[SHA1, SHA1_WITH_RSA, HMAC_WITH_SHA1, ECDH_SHA1_KDF]) => 20,
        () if is(&[SHA384, SHA384_WITH_RSA, HMAC_WITH_SHA384, ECDH_SHA384_KDF]) => 48,
        () if is(&[SHA512, SHA512_WITH_RSA, HMAC_WITH_SHA512, ECDH_SHA512_KDF]) => 64,
        () => 32,
    }
}

/// The lengths of the key and of a block.
pub fn cipher_lens(cipher: &[u8]) -> (usize, usize) {
    let is = |known: scep::Oid| known.as_bytes() == cipher;
    match () {
        () if is(oid::DES_CBC) => (8, 8),
        () if is(oid::DES_EDE3_CBC) => (24, 8),
        () if is(oid::AES192_CBC) => (24, 16),
        () if is(oid::AES256_CBC) => (32, 16),
        () => (16, 16),
    }
}
