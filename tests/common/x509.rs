//! Certificates and CSRs by hand, with what no builder of this crate writes.

use super::RsaKey;
use scep::crypto::{DigestAlgorithm, SignatureAlgorithm, SigningKey};
use scep::{Certificate, Crl, Oid, oid};

use super::forge::{NULL, algorithm, explicit, octets, oid_der, sequence, small_integer, tlv};
use super::rng;

/// A Name of RelativeDistinguishedNames of one attribute each: its type and the DER of its value.
pub(crate) fn name(attributes: &[(Oid, Vec<u8>)]) -> Vec<u8> {
    let rdns: Vec<u8> = attributes
        .iter()
        .flat_map(|(oid, value)| tlv(0x31, &sequence(&[&oid_der(*oid), value])))
        .collect();
    tlv(0x30, &rdns)
}

/// The type of a common name.
pub(crate) fn common_name() -> Oid {
    super::forge::dotted("2.5.4.3")
}

pub(crate) fn extension(oid: Oid, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid_der(oid), &octets(value)])
}

pub(crate) fn critical_extension(oid: Oid, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid_der(oid), &[1, 1, 0xff], &octets(value)])
}

/// A certificate in parts. Every part may be changed before it is signed.
#[derive(Clone)]
pub(crate) struct MadeCertificate {
    /// The number in the version field; without the field it is v1.
    pub(crate) version: Option<u8>,
    /// The contents octets of the serial number.
    pub(crate) serial: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    /// Two UTCTimes.
    pub(crate) validity: [&'static str; 2],
    pub(crate) subject: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    pub(crate) digest: DigestAlgorithm,
    /// The AlgorithmIdentifier of the signature.
    pub(crate) signature_algorithm: Vec<u8>,
    pub(crate) extensions: Vec<Vec<u8>>,
}

impl MadeCertificate {
    /// A self-issued one of v3 without extensions.
    pub(crate) fn self_issued(key: &RsaKey, subject: &str) -> Self {
        let subject = name(&[(common_name(), tlv(0x0c, subject.as_bytes()))]);
        Self {
            version: Some(2),
            serial: vec![1],
            issuer: subject.clone(),
            validity: ["260101000000Z", "270101000000Z"],
            subject,
            public_key: key.public_key_der().to_vec(),
            digest: DigestAlgorithm::Sha256,
            signature_algorithm: signature_id(DigestAlgorithm::Sha256),
            extensions: Vec::new(),
        }
    }

    /// Takes another digest wherever it stands.
    pub(crate) fn with_digest(mut self, digest: DigestAlgorithm) -> Self {
        self.digest = digest;
        self.signature_algorithm = signature_id(digest);
        self
    }

    pub(crate) fn sign(&self, key: &RsaKey) -> Certificate<'static> {
        self.sign_with(SignatureAlgorithm::RsaPkcs1v15(self.digest), key)
    }

    /// As [`sign`](Self::sign) with any key; `signature_algorithm` must name the algorithm.
    pub(crate) fn sign_with(
        &self,
        algorithm: SignatureAlgorithm,
        key: &dyn SigningKey,
    ) -> Certificate<'static> {
        let version = self
            .version
            .map(|version| explicit(0, &small_integer(version)));
        let validity = self.validity.map(|time| tlv(0x17, time.as_bytes()));
        let extensions = match &self.extensions[..] {
            [] => Vec::new(),
            extensions => explicit(3, &tlv(0x30, &extensions.concat())),
        };
        let to_be_signed = sequence(&[
            &version.unwrap_or_default(),
            &tlv(0x02, &self.serial),
            &self.signature_algorithm,
            &self.issuer,
            &tlv(0x30, &validity.concat()),
            &self.subject,
            &self.public_key,
            &extensions,
        ]);
        let der = signed(&to_be_signed, &self.signature_algorithm, algorithm, key);
        Certificate::from_der(der).unwrap()
    }
}

/// A CRL of these serial numbers, by the issuer of this name and key.
pub(crate) fn crl(issuer: &[u8], serials: &[u8], key: &RsaKey) -> Crl<'static> {
    let (digest, time) = (DigestAlgorithm::Sha256, tlv(0x17, b"261123202656Z"));
    let entries = serials
        .iter()
        .flat_map(|serial| sequence(&[&small_integer(*serial), &time]));
    let to_be_signed = sequence(&[
        &small_integer(1),
        &signature_id(digest),
        issuer,
        &time,
        &tlv(0x30, &entries.collect::<Vec<u8>>()),
    ]);
    Crl::from_der(signed(
        &to_be_signed,
        &signature_id(digest),
        SignatureAlgorithm::RsaPkcs1v15(digest),
        key,
    ))
    .unwrap()
}

/// A CSR in parts. Every part may be changed before it is signed.
#[derive(Clone)]
pub(crate) struct MadeCsr {
    pub(crate) version: u8,
    pub(crate) subject: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    /// The attributes; without a list the field is left out.
    pub(crate) attributes: Option<Vec<Vec<u8>>>,
    pub(crate) digest: DigestAlgorithm,
    /// The AlgorithmIdentifier of the signature.
    pub(crate) signature_algorithm: Vec<u8>,
}

impl MadeCsr {
    /// One without attributes.
    pub(crate) fn new(key: &RsaKey) -> Self {
        Self {
            version: 0,
            subject: name(&[(common_name(), tlv(0x0c, b"device"))]),
            public_key: key.public_key_der().to_vec(),
            attributes: Some(Vec::new()),
            digest: DigestAlgorithm::Sha256,
            signature_algorithm: signature_id(DigestAlgorithm::Sha256),
        }
    }

    /// Takes another digest wherever it stands.
    pub(crate) fn with_digest(mut self, digest: DigestAlgorithm) -> Self {
        self.digest = digest;
        self.signature_algorithm = signature_id(digest);
        self
    }

    pub(crate) fn sign(&self, key: &RsaKey) -> Vec<u8> {
        let attributes = self.attributes.as_ref();
        let to_be_signed = sequence(&[
            &small_integer(self.version),
            &self.subject,
            &self.public_key,
            &attributes
                .map(|attributes| explicit(0, &attributes.concat()))
                .unwrap_or_default(),
        ]);
        let algorithm = SignatureAlgorithm::RsaPkcs1v15(self.digest);
        signed(&to_be_signed, &self.signature_algorithm, algorithm, key)
    }
}

/// The identifier of RSASSA-PKCS1-v1_5 with a digest, and NULL.
pub(crate) fn signature_id(digest: DigestAlgorithm) -> Vec<u8> {
    algorithm(signature_oid(digest), &NULL)
}

pub(crate) fn signature_oid(digest: DigestAlgorithm) -> Oid {
    match digest {
        DigestAlgorithm::Md5 => oid::MD5_WITH_RSA,
        DigestAlgorithm::Sha1 => oid::SHA1_WITH_RSA,
        DigestAlgorithm::Sha256 => oid::SHA256_WITH_RSA,
        DigestAlgorithm::Sha384 => oid::SHA384_WITH_RSA,
        DigestAlgorithm::Sha512 => oid::SHA512_WITH_RSA,
        _ => panic!("no such digest"),
    }
}

fn signed(
    to_be_signed: &[u8],
    id: &[u8],
    algorithm: SignatureAlgorithm,
    key: &dyn SigningKey,
) -> Vec<u8> {
    let signature = key.sign(algorithm, to_be_signed, &mut rng()).unwrap();
    let bits = tlv(0x03, &[&[0], &signature[..]].concat());
    sequence(&[to_be_signed, id, &bits])
}
