//! Certificates as a CA issues them, and the CSRs they are issued for; all in DER that is written here.

use scep::crypto::{DigestAlgorithm, SigningKey};
use scep::{Certificate, Csr, CsrBuilder, Oid, oid};

use super::forge::{oid_der, sequence, set_of, tlv};
use super::x509::{MadeCertificate, extension, signature_id};
use super::{Parties, RsaKey, certificate, key, rng, vector};

/// Half past one on a day in 2026.
pub(crate) const NOW: i64 = 1_796_000_000;

/// A certificate that is to be issued.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// The DER of the Name.
    pub(crate) subject: Vec<u8>,
    /// The DER of the SubjectPublicKeyInfo.
    pub(crate) public_key: Vec<u8>,
    /// Two UTCTimes.
    pub(crate) validity: [&'static str; 2],
    /// What the issuer signs with.
    pub(crate) digest: DigestAlgorithm,
    /// Types and values.
    pub(crate) extensions: Vec<(Oid, Vec<u8>)>,
}

impl Template {
    /// That of an end entity, good for ten years around [`NOW`].
    pub(crate) fn new(subject: &[u8], public_key: &[u8]) -> Self {
        Self {
            subject: subject.to_vec(),
            public_key: public_key.to_vec(),
            validity: ["220101000000Z", "311231235959Z"],
            digest: DigestAlgorithm::Sha256,
            extensions: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, oid: Oid, value: Vec<u8>) -> Self {
        self.extensions.push((oid, value));
        self
    }

    /// Issues the certificate, by the CA of this name and key.
    pub(crate) fn issue(&self, issuer: &[u8], key: &RsaKey) -> Certificate<'static> {
        use getrandom::rand_core::Rng;
        let mut serial = [0; 9];
        rng().fill_bytes(&mut serial);
        serial[0] = 1;
        let extensions = self.extensions.iter();
        let made = MadeCertificate {
            version: Some(2),
            serial: serial.to_vec(),
            issuer: issuer.to_vec(),
            validity: self.validity,
            subject: self.subject.clone(),
            public_key: self.public_key.clone(),
            digest: self.digest,
            signature_algorithm: signature_id(self.digest),
            extensions: extensions
                .map(|(oid, value)| extension(*oid, value))
                .collect(),
        };
        made.sign(key)
    }
}

/// A Name of these common names, each in a string of this tag.
pub(crate) fn name(values: &[(u8, &str)]) -> Vec<u8> {
    let common_name = Oid::from_bytes(&[0x55, 4, 3]).unwrap();
    let rdns = values.iter().map(|(tag, text)| {
        let value = tlv(*tag, text.as_bytes());
        set_of(&[sequence(&[&oid_der(common_name), &value])])
    });
    sequence(&[&rdns.collect::<Vec<_>>().concat()])
}

/// A subjectAltName of these DNS names.
pub(crate) fn dns_names(names: &[&str]) -> Vec<u8> {
    let names = names.iter().map(|name| tlv(0x82, name.as_bytes()));
    sequence(&[&names.collect::<Vec<_>>().concat()])
}

/// basicConstraints of a CA.
pub(crate) fn ca_constraints() -> Vec<u8> {
    sequence(&[&tlv(0x01, &[0xff])])
}

/// A CA on a key, self-issued.
pub(crate) fn root(subject: &str, key: &RsaKey) -> Certificate<'static> {
    let name = name(&[(0x0c, subject)]);
    Template::new(&name, key.public_key_der())
        .with(oid::BASIC_CONSTRAINTS, ca_constraints())
        .issue(&name, key)
}

/// A CSR on a key, for `CN=device` and the DNS name of the device, as far as it is not changed.
pub(crate) fn csr(key: &RsaKey, change: impl FnOnce(CsrBuilder<'_>) -> CsrBuilder<'_>) -> Csr {
    let parties = Parties::new();
    let subject = "CN=device".parse().unwrap();
    let builder = CsrBuilder::new(&subject, key.public_key_der())
        .extension(oid::SUBJECT_ALT_NAME, dns_names(&["device.example"]));
    change(builder)
        .build(key.algorithms()[0])
        .unwrap()
        .sign(key, &parties.provider, &mut rng())
        .unwrap()
}

/// An RA of the CA `ca-jscep`: its encryption and its signature certificate with their keys.
pub(crate) struct Ra {
    pub(crate) encryption: Certificate<'static>,
    pub(crate) encryption_key: RsaKey,
    pub(crate) signature: Certificate<'static>,
    pub(crate) signature_key: RsaKey,
}

impl Ra {
    pub(crate) fn new() -> Self {
        let ca = certificate(vector!("keys/ca-jscep.pem"));
        let ca_key = key(vector!("keys/ca-jscep.key"));
        let issue = |subject: &str, key: &RsaKey| {
            let agent = sequence(&[&oid_der(oid::CERTIFICATE_REQUEST_AGENT)]);
            Template::new(&name(&[(0x0c, subject)]), key.public_key_der())
                .with(oid::EXT_KEY_USAGE, agent)
                .issue(ca.subject_der(), &ca_key)
        };
        let encryption_key = key(vector!("keys/cpend.key"));
        let signature_key = key(vector!("keys/cbad.key"));
        Self {
            encryption: issue("RA encryption", &encryption_key),
            encryption_key,
            signature: issue("RA signature", &signature_key),
            signature_key,
        }
    }
}
