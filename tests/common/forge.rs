//! A forge of messages: takes a good one apart, lets one thing be changed, and signs it again.
//!
//! It reads and writes DER by itself, so that the crate is not judged by its own code; keys and digests are the crate's.

use super::provider;
use scep::crypto::{ContentCipher, DigestAlgorithm, KeyTransport, SignatureAlgorithm, SigningKey};
use scep::{Certificate, Oid, oid};

use super::rng;

/// One element of DER in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) contents: &'a [u8],
    /// With tag and length.
    pub(crate) raw: &'a [u8],
}

/// Takes apart DER elements that follow one another; their tags have one byte.
pub(crate) fn elements(mut der: &[u8]) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    while let [tag, first, rest @ ..] = der {
        let (len, header) = match first {
            0..0x80 => (usize::from(*first), 2),
            _ => {
                let count = usize::from(first & 0x7f);
                let len = rest[..count]
                    .iter()
                    .fold(0, |len, byte| (len << 8) | usize::from(*byte));
                (len, 2 + count)
            }
        };
        let (raw, after) = der.split_at(header + len);
        found.push(Element {
            tag: *tag,
            contents: &raw[header..],
            raw,
        });
        der = after;
    }
    assert!(der.is_empty(), "no DER");
    found
}

/// Takes apart the contents of the one element that `der` is.
pub(crate) fn inside(der: &[u8]) -> Vec<Element<'_>> {
    match elements(der)[..] {
        [element] => elements(element.contents),
        ref other => panic!("{} elements", other.len()),
    }
}

/// Writes an element.
pub(crate) fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let len = contents.len();
    let bytes = len.to_be_bytes();
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let mut der = vec![tag];
    if len < 0x80 {
        der.push(len as u8);
    } else {
        der.push(0x80 | significant.len() as u8);
        der.extend_from_slice(significant);
    }
    der.extend_from_slice(contents);
    der
}

pub(crate) fn sequence(fields: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &fields.concat())
}

/// A SET OF in DER order.
pub(crate) fn set_of<T: AsRef<[u8]>>(elements: &[T]) -> Vec<u8> {
    let mut sorted: Vec<&[u8]> = elements.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    tlv(0x31, &sorted.concat())
}

/// A constructed context-specific element.
pub(crate) fn explicit(number: u8, contents: &[u8]) -> Vec<u8> {
    tlv(0xa0 | number, contents)
}

pub(crate) fn oid_der(oid: Oid) -> Vec<u8> {
    tlv(0x06, oid.as_bytes())
}

pub(crate) fn octets(octets: &[u8]) -> Vec<u8> {
    tlv(0x04, octets)
}

pub(crate) fn printable(text: &str) -> Vec<u8> {
    tlv(0x13, text.as_bytes())
}

pub(crate) fn small_integer(value: u8) -> Vec<u8> {
    tlv(0x02, &[value])
}

pub(crate) const NULL: [u8; 2] = [0x05, 0x00];

/// An object identifier from its dotted form.
pub(crate) fn dotted(text: &str) -> Oid {
    der::oid::ObjectIdentifier::new(text).unwrap().into()
}

/// An AlgorithmIdentifier.
pub(crate) fn algorithm(oid: Oid, parameters: &[u8]) -> Vec<u8> {
    sequence(&[&oid_der(oid), parameters])
}

pub(crate) const fn digest_oid(digest: DigestAlgorithm) -> Oid {
    match digest {
        DigestAlgorithm::Md5 => oid::MD5,
        DigestAlgorithm::Sha1 => oid::SHA1,
        DigestAlgorithm::Sha256 => oid::SHA256,
        DigestAlgorithm::Sha384 => oid::SHA384,
        DigestAlgorithm::Sha512 => oid::SHA512,
        _ => panic!("no such digest"),
    }
}

pub(crate) const fn cipher_oid(cipher: ContentCipher) -> Oid {
    match cipher {
        ContentCipher::DesCbc => oid::DES_CBC,
        ContentCipher::TripleDesCbc => oid::DES_EDE3_CBC,
        ContentCipher::Aes128Cbc => oid::AES128_CBC,
        ContentCipher::Aes192Cbc => oid::AES192_CBC,
        ContentCipher::Aes256Cbc => oid::AES256_CBC,
        _ => panic!("no such cipher"),
    }
}

/// The identifier of a digest, with NULL.
pub(crate) fn digest_id(digest: DigestAlgorithm) -> Vec<u8> {
    algorithm(digest_oid(digest), &NULL)
}

/// The identifier of MGF1.
pub(crate) fn mgf1_id(digest: DigestAlgorithm) -> Vec<u8> {
    algorithm(oid::MGF1, &digest_id(digest))
}

/// The identifier of a signature, rsaEncryption for PKCS #1 v1.5; every parameter of PSS is written.
pub(crate) fn signature_id(signature: SignatureAlgorithm) -> Vec<u8> {
    match signature {
        SignatureAlgorithm::RsaPkcs1v15(_) => algorithm(oid::RSA_ENCRYPTION, &NULL),
        SignatureAlgorithm::RsaPss {
            digest,
            mgf_digest,
            salt_len,
        } => {
            let salt_len = small_integer(salt_len.try_into().unwrap());
            let parameters = sequence(&[
                &explicit(0, &digest_id(digest)),
                &explicit(1, &mgf1_id(mgf_digest)),
                &explicit(2, &salt_len),
            ]);
            algorithm(oid::RSASSA_PSS, &parameters)
        }
        SignatureAlgorithm::EcdsaSha256 => algorithm(oid::ECDSA_WITH_SHA256, &[]),
        SignatureAlgorithm::EcdsaSha384 => algorithm(oid::ECDSA_WITH_SHA384, &[]),
        SignatureAlgorithm::EcdsaSha512 => algorithm(oid::ECDSA_WITH_SHA512, &[]),
        SignatureAlgorithm::Ed25519 => algorithm(oid::ED25519, &[]),
        _ => panic!("no such signature"),
    }
}

/// The identifier of RSAES-OAEP with the parameters that are given, and none of the others.
pub(crate) fn oaep_id(
    digest: Option<DigestAlgorithm>,
    mgf_digest: Option<DigestAlgorithm>,
    label: Option<&[u8]>,
) -> Vec<u8> {
    let digest = digest.map(|digest| explicit(0, &digest_id(digest)));
    let mgf = mgf_digest.map(|digest| explicit(1, &mgf1_id(digest)));
    let label = label.map(|label| explicit(2, &algorithm(oid::P_SPECIFIED, &octets(label))));
    let parameters: Vec<u8> = [digest, mgf, label]
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    algorithm(oid::RSAES_OAEP, &tlv(0x30, &parameters))
}

/// The identifier of a key transport; both hashes of OAEP are written.
pub(crate) fn transport_id(transport: KeyTransport) -> Vec<u8> {
    match transport {
        KeyTransport::RsaPkcs1v15 => algorithm(oid::RSA_ENCRYPTION, &NULL),
        KeyTransport::RsaOaep { digest, mgf_digest } => {
            oaep_id(Some(digest), Some(mgf_digest), None)
        }
        _ => panic!("no such key transport"),
    }
}

/// How a key names the certificate that it belongs to.
pub(crate) fn issuer_and_serial(certificate: &Certificate<'_>) -> Vec<u8> {
    let serial = tlv(0x02, certificate.serial());
    sequence(&[certificate.issuer_der(), &serial])
}

/// A certificate with another public key, and so with a signature that is no longer right.
pub(crate) fn with_public_key(certificate: &Certificate<'_>, spki: &[u8]) -> Certificate<'static> {
    with_field(certificate, certificate.public_key_der(), spki)
}

/// A certificate with another serial number, and so with a signature that is no longer right.
pub(crate) fn with_serial(certificate: &Certificate<'_>, serial: &[u8]) -> Certificate<'static> {
    let field = tlv(0x02, certificate.serial());
    with_field(certificate, &field, &tlv(0x02, serial))
}

fn with_field(certificate: &Certificate<'_>, old: &[u8], new: &[u8]) -> Certificate<'static> {
    let parts = inside(certificate.as_der());
    let fields = inside(parts[0].raw);
    let changed = |field: &Element<'_>| if field.raw == old { new } else { field.raw }.to_vec();
    let to_be_signed = tlv(0x30, &fields.iter().flat_map(changed).collect::<Vec<u8>>());
    Certificate::from_der(sequence(&[&to_be_signed, parts[1].raw, parts[2].raw])).unwrap()
}

/// An attribute.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) oid: Oid,
    /// The DER of the values, in the order in which they are sent.
    pub(crate) values: Vec<Vec<u8>>,
}

impl Attribute {
    fn read(der: &[u8]) -> Self {
        let fields = inside(der);
        Self {
            oid: Oid::from_bytes(fields[0].contents).unwrap(),
            values: elements(fields[1].contents)
                .iter()
                .map(|value| value.raw.to_vec())
                .collect(),
        }
    }

    pub(crate) fn to_der(&self) -> Vec<u8> {
        sequence(&[&oid_der(self.oid), &tlv(0x31, &self.values.concat())])
    }
}

/// The order of signed attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As DER has it.
    Der,
    /// As they stand in [`Forge::attributes`].
    Listed,
}

/// A SignedData with one signer, taken apart. Every part may be changed before it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Forge {
    pub(crate) version: u8,
    pub(crate) digest_algorithms: Vec<Vec<u8>>,
    pub(crate) content_type: Oid,
    /// The octets of eContent; see [`set_content`](Self::set_content).
    pub(crate) content: Option<Vec<u8>>,
    pub(crate) certificates: Vec<Vec<u8>>,
    /// The DER of the SignerIdentifier.
    pub(crate) sid: Vec<u8>,
    /// What is signed with, and digested with.
    pub(crate) signature: SignatureAlgorithm,
    /// What is written as digestAlgorithm.
    pub(crate) digest_algorithm: Vec<u8>,
    /// What is written as signatureAlgorithm.
    pub(crate) signature_algorithm: Vec<u8>,
    /// The signed attributes, or `None` for a SignerInfo without.
    pub(crate) attributes: Option<Vec<Attribute>>,
    pub(crate) unsigned_attributes: Vec<Attribute>,
}

impl Forge {
    /// Takes a DER message with one signer apart.
    pub(crate) fn of(message: &[u8]) -> Self {
        let content_info = inside(message);
        let signed = inside(content_info[1].contents);
        let [version, digests, encap, ref sets @ ..] = signed[..] else {
            panic!("no SignedData");
        };
        let encap = elements(encap.contents);
        let infos = sets.last().unwrap();
        let mut info = inside(infos.contents).into_iter().peekable();
        info.next();
        let sid = info.next().unwrap().raw.to_vec();
        let digest_algorithm = info.next().unwrap().raw.to_vec();
        let attributes = info.next_if(|field| field.tag == 0xa0).map(|attributes| {
            elements(attributes.contents)
                .iter()
                .map(|attribute| Attribute::read(attribute.raw))
                .collect()
        });
        let digest = DigestAlgorithm::ALL
            .into_iter()
            .find(|digest| inside(&digest_id(*digest))[0].raw == inside(&digest_algorithm)[0].raw)
            .unwrap();
        let raw = |element: &Element<'_>| element.raw.to_vec();
        Self {
            version: version.contents[0],
            digest_algorithms: elements(digests.contents).iter().map(raw).collect(),
            content_type: Oid::from_bytes(encap[0].contents).unwrap(),
            content: encap
                .get(1)
                .map(|content| elements(content.contents)[0].contents.to_vec()),
            certificates: sets
                .iter()
                .filter(|set| set.tag == 0xa0)
                .flat_map(|set| elements(set.contents))
                .map(|certificate| raw(&certificate))
                .collect(),
            sid,
            signature: SignatureAlgorithm::RsaPkcs1v15(digest),
            digest_algorithm,
            signature_algorithm: info.next().unwrap().raw.to_vec(),
            attributes,
            unsigned_attributes: Vec::new(),
        }
    }

    /// The signed attributes.
    pub(crate) fn attributes(&mut self) -> &mut Vec<Attribute> {
        self.attributes.as_mut().unwrap()
    }

    /// Gives the attribute this one value, in its place if it is there.
    pub(crate) fn set(&mut self, oid: Oid, value: Vec<u8>) {
        match self.attributes().iter_mut().find(|found| found.oid == oid) {
            Some(found) => found.values = vec![value],
            None => self.attributes().push(Attribute {
                oid,
                values: vec![value],
            }),
        }
    }

    /// Takes an attribute out, which must be there.
    pub(crate) fn remove(&mut self, oid: Oid) -> Attribute {
        let attributes = self.attributes();
        let position = attributes.iter().position(|found| found.oid == oid);
        attributes.remove(position.unwrap())
    }

    /// Takes another content, and its digest as messageDigest.
    pub(crate) fn set_content(&mut self, content: Option<Vec<u8>>) {
        self.content = content;
        self.redigest();
    }

    /// Takes another algorithm wherever it stands.
    pub(crate) fn set_signature(&mut self, signature: SignatureAlgorithm) {
        self.signature = signature;
        self.digest_algorithm = digest_id(signature.digest());
        self.digest_algorithms = vec![self.digest_algorithm.clone()];
        self.signature_algorithm = signature_id(signature);
        self.redigest();
    }

    /// Has the SignerInfo name this certificate, which comes along.
    pub(crate) fn set_signer(&mut self, certificate: &Certificate<'_>) {
        self.sid = issuer_and_serial(certificate);
        self.certificates = vec![certificate.as_der().to_vec()];
    }

    fn redigest(&mut self) {
        let digest = provider()
            .digests()
            .digest(
                self.signature.digest(),
                &[self.content.as_deref().unwrap_or_default()],
            )
            .unwrap();
        self.set(oid::MESSAGE_DIGEST, octets(digest.as_bytes()));
    }

    /// The contents of the signed attributes.
    pub(crate) fn attribute_contents(&self, order: Order) -> Vec<u8> {
        let mut attributes: Vec<Vec<u8>> = self
            .attributes
            .iter()
            .flatten()
            .map(Attribute::to_der)
            .collect();
        if order == Order::Der {
            attributes.sort_unstable();
        }
        attributes.concat()
    }

    /// A signature over what is to be signed.
    pub(crate) fn signature(&self, key: &dyn SigningKey, signed: Order) -> Vec<u8> {
        let to_be_signed = match &self.attributes {
            Some(_) => tlv(0x31, &self.attribute_contents(signed)),
            None => self.content.clone().unwrap_or_default(),
        };
        key.sign(self.signature, &to_be_signed, &mut rng()).unwrap()
    }

    /// A SignerInfo with this signature.
    pub(crate) fn signer_info(&self, sent: Order, signature: &[u8]) -> Vec<u8> {
        let attributes = self.attributes.as_ref();
        let field = attributes.map(|_| explicit(0, &self.attribute_contents(sent)));
        self.signer_info_of(field.unwrap_or_default(), signature)
    }

    /// A SignerInfo with this field of signed attributes, tag and all, and this signature.
    pub(crate) fn signer_info_of(&self, signed_attributes: Vec<u8>, signature: &[u8]) -> Vec<u8> {
        let mut fields = vec![
            small_integer(self.version),
            self.sid.clone(),
            self.digest_algorithm.clone(),
            signed_attributes,
        ];
        fields.push(self.signature_algorithm.clone());
        fields.push(octets(signature));
        if !self.unsigned_attributes.is_empty() {
            let unsigned = self.unsigned_attributes.iter().map(Attribute::to_der);
            fields.push(explicit(1, &unsigned.collect::<Vec<_>>().concat()));
        }
        tlv(0x30, &fields.concat())
    }

    /// The message with these SignerInfos.
    pub(crate) fn assemble(&self, signer_infos: &[Vec<u8>]) -> Vec<u8> {
        let content = self
            .content
            .as_deref()
            .map(|content| explicit(0, &octets(content)));
        let mut fields = vec![
            small_integer(self.version),
            set_of(&self.digest_algorithms),
            sequence(&[
                &oid_der(self.content_type),
                content.as_deref().unwrap_or_default(),
            ]),
        ];
        if !self.certificates.is_empty() {
            fields.push(explicit(0, &self.certificates.concat()));
        }
        fields.push(set_of(signer_infos));
        let signed = tlv(0x30, &fields.concat());
        sequence(&[&oid_der(oid::SIGNED_DATA), &explicit(0, &signed)])
    }

    /// The message, signed as RFC 5652 has it.
    pub(crate) fn sign(&self, key: &dyn SigningKey) -> Vec<u8> {
        self.sign_in(key, Order::Der, Order::Der)
    }

    /// The message with its attributes sent in one order and signed in another.
    pub(crate) fn sign_in(&self, key: &dyn SigningKey, sent: Order, signed: Order) -> Vec<u8> {
        let signature = self.signature(key, signed);
        self.assemble(&[self.signer_info(sent, &signature)])
    }
}

/// An EnvelopedData with a key-transport recipient, taken apart. Every part may be changed.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    /// The type in the ContentInfo.
    pub(crate) outer_type: Oid,
    pub(crate) version: u8,
    /// Recipients before the one below, in DER.
    pub(crate) other_recipients: Vec<Vec<u8>>,
    /// The DER of the RecipientIdentifier.
    pub(crate) rid: Vec<u8>,
    pub(crate) key_encryption: Vec<u8>,
    pub(crate) encrypted_key: Vec<u8>,
    pub(crate) content_type: Oid,
    pub(crate) cipher: Vec<u8>,
    pub(crate) encrypted_content: Vec<u8>,
}

impl Envelope {
    /// Takes a DER EnvelopedData with one recipient apart.
    pub(crate) fn of(content: &[u8]) -> Self {
        let content_info = inside(content);
        let enveloped = inside(content_info[1].contents);
        let [version, recipients, encrypted] = enveloped[..] else {
            panic!("no EnvelopedData");
        };
        let recipient = inside(recipients.contents);
        let encrypted = elements(encrypted.contents);
        Self {
            outer_type: Oid::from_bytes(content_info[0].contents).unwrap(),
            version: version.contents[0],
            other_recipients: Vec::new(),
            rid: recipient[1].raw.to_vec(),
            key_encryption: recipient[2].raw.to_vec(),
            encrypted_key: recipient[3].contents.to_vec(),
            content_type: Oid::from_bytes(encrypted[0].contents).unwrap(),
            cipher: encrypted[1].raw.to_vec(),
            encrypted_content: encrypted[2].contents.to_vec(),
        }
    }

    /// Encrypts a payload to a certificate.
    pub(crate) fn seal(
        payload: &[u8],
        recipient: &Certificate<'_>,
        cipher: ContentCipher,
        transport: KeyTransport,
    ) -> Self {
        let block = cipher.block_len();
        let padding = block - payload.len() % block;
        let mut padded = payload.to_vec();
        padded.resize(payload.len() + padding, padding as u8);
        Self::encrypt(&padded, recipient, cipher, transport)
    }

    /// As [`seal`](Self::seal), of whole blocks with whatever padding they have.
    pub(crate) fn encrypt(
        blocks: &[u8],
        recipient: &Certificate<'_>,
        cipher: ContentCipher,
        transport: KeyTransport,
    ) -> Self {
        let key = random(cipher.key_len());
        Self::encrypt_under(&key, blocks, recipient, cipher, transport)
    }

    /// As [`encrypt`](Self::encrypt), under this content key.
    pub(crate) fn encrypt_under(
        key: &[u8],
        blocks: &[u8],
        recipient: &Certificate<'_>,
        cipher: ContentCipher,
        transport: KeyTransport,
    ) -> Self {
        let provider = provider();
        let iv = random(cipher.block_len());
        let mut encrypted_content = blocks.to_vec();
        provider
            .content_encryption()
            .encrypt(cipher, key, &iv, &mut encrypted_content)
            .unwrap();
        let encrypted_key = provider
            .key_encryption()
            .encrypt_key(transport, recipient.public_key_der(), key, &mut rng())
            .unwrap();
        Self {
            outer_type: oid::ENVELOPED_DATA,
            version: 0,
            other_recipients: Vec::new(),
            rid: issuer_and_serial(recipient),
            key_encryption: transport_id(transport),
            encrypted_key,
            content_type: oid::DATA,
            cipher: algorithm(cipher_oid(cipher), &octets(&iv)),
            encrypted_content,
        }
    }

    pub(crate) fn to_der(&self) -> Vec<u8> {
        let recipient = sequence(&[
            &small_integer(0),
            &self.rid,
            &self.key_encryption,
            &octets(&self.encrypted_key),
        ]);
        let recipients = [self.other_recipients.concat(), recipient].concat();
        let enveloped = sequence(&[
            &small_integer(self.version),
            &tlv(0x31, &recipients),
            &sequence(&[
                &oid_der(self.content_type),
                &self.cipher,
                &tlv(0x80, &self.encrypted_content),
            ]),
        ]);
        sequence(&[&oid_der(self.outer_type), &explicit(0, &enveloped)])
    }
}

fn random(len: usize) -> Vec<u8> {
    use getrandom::rand_core::Rng;
    let mut bytes = vec![0; len];
    rng().fill_bytes(&mut bytes);
    bytes
}

/// A certificates-only SignedData around the DER of certificates, or of anything else in their place.
pub(crate) fn certificates_only(certificates: &[u8]) -> Vec<u8> {
    degenerate(&explicit(0, certificates))
}

/// The same around CRLs.
pub(crate) fn crls_only(crls: &[u8]) -> Vec<u8> {
    degenerate(&explicit(1, crls))
}

fn degenerate(sets: &[u8]) -> Vec<u8> {
    let signed_data = sequence(&[
        &small_integer(1),
        &tlv(0x31, &[]),
        &sequence(&[&oid_der(oid::DATA)]),
        sets,
        &tlv(0x31, &[]),
    ]);
    sequence(&[&oid_der(oid::SIGNED_DATA), &explicit(0, &signed_data)])
}
