//! For whom a certificate is: a subject with names, and what is made for it.

use der::Encode;
use der::asn1::Ia5String;
use scep::crypto::{CryptoRng, Provider, SignatureAlgorithm};
use scep::{
    BuildError, Certificate, Csr, CsrBuilder, Extension, NameRef, ParseError,
    SignerCertificateBuilder, Validity, oid,
};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use crate::key::Key;

const DAY: i64 = 24 * 60 * 60;

/// For whom a certificate is.
#[derive(Clone, PartialEq, Eq)]
pub struct Device {
    pub subject: Name,
    /// The value of the extension subjectAltName.
    pub alt_names: Option<Vec<u8>>,
}

impl Device {
    /// A subject, and DNS names if there are any.
    pub fn new(subject: Name, dns: Vec<String>) -> Result<Self, der::Error> {
        let general = |name| Ok(GeneralName::DnsName(Ia5String::new(&name)?));
        let names: Vec<_> = dns
            .into_iter()
            .map(general)
            .collect::<Result<_, der::Error>>()?;
        let alt_names = (!names.is_empty()).then(|| SubjectAltName(names).to_der());
        Ok(Self {
            subject,
            alt_names: alt_names.transpose()?,
        })
    }

    /// A subject of one part, in which no character has a meaning of its own.
    pub fn common_name(name: &str) -> Result<Name, der::Error> {
        let escaped = name.chars().flat_map(|character| {
            let special = matches!(
                character,
                '"' | '#' | '+' | ',' | ';' | '<' | '=' | '>' | '\\'
            );
            special.then_some('\\').into_iter().chain([character])
        });
        format!("CN={}", escaped.collect::<String>()).parse()
    }

    /// For whom a certificate was issued.
    pub fn of_certificate(certificate: &Certificate<'_>) -> Result<Self, ParseError> {
        let alt_names = certificate.extension(oid::SUBJECT_ALT_NAME);
        Self::of(certificate.subject(), alt_names)
    }

    /// For whom a certificate was asked for.
    pub fn of_csr(csr: &Csr) -> Result<Self, ParseError> {
        Self::of(csr.subject(), csr.extension(oid::SUBJECT_ALT_NAME))
    }

    fn of(subject: NameRef<'_>, alt_names: Option<Extension<'_>>) -> Result<Self, ParseError> {
        Ok(Self {
            subject: subject.to_x509()?,
            alt_names: alt_names.map(|extension| extension.value().to_vec()),
        })
    }

    /// The request for its certificate.
    pub fn csr(
        &self,
        key: &Key,
        challenge: Option<&str>,
        provider: &Provider,
        rng: &mut dyn CryptoRng,
    ) -> Result<Csr, BuildError> {
        let mut csr = CsrBuilder::new(&self.subject, key.public_key_der());
        if let Some(value) = &self.alt_names {
            csr = if self.subject.is_empty() {
                csr.critical_extension(oid::SUBJECT_ALT_NAME, &value[..])
            } else {
                csr.extension(oid::SUBJECT_ALT_NAME, &value[..])
            };
        }
        if let Some(challenge) = challenge {
            csr = csr.challenge_password(challenge);
        }
        csr.build(algorithm(key)?)?
            .sign(key.signing_key(), provider, rng)
    }

    /// The certificate that it makes itself, to sign requests while it has no other. A request may be pending for long.
    pub fn self_signed(
        &self,
        key: &Key,
        now: i64,
        provider: &Provider,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate<'static>, BuildError> {
        let validity = Validity {
            not_before: now - DAY,
            not_after: now + 90 * DAY,
        };
        SignerCertificateBuilder::new(&self.subject, key.public_key_der(), validity)
            .build(algorithm(key)?, provider, rng)?
            .sign(key.signing_key(), provider, rng)
    }
}

/// What both the CSR and the certificate that signs the first request are signed with: what the key does best.
fn algorithm(key: &Key) -> Result<SignatureAlgorithm, BuildError> {
    let mut algorithms = key.signing_key().algorithms().iter().copied();
    algorithms.next().ok_or(BuildError::NoAlgorithm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_of_a_common_name_has_a_meaning() {
        for name in ["a.example", "a, O=b", "#04", "\"a\" + b=<c>;\\", "ä b"] {
            let subject = Device::common_name(name).unwrap();
            assert_eq!(subject.len(), 1, "{name}");
            let value = subject.iter().next().unwrap().value.value();
            assert_eq!(value, name.as_bytes());
        }
    }

    #[test]
    fn dns_names_are_ascii() {
        let subject = Device::common_name("a").unwrap();
        let device = |dns: &str| Device::new(subject.clone(), vec![dns.to_owned()]);
        assert!(device("a.example").unwrap().alt_names.is_some());
        assert!(device("ä.example").is_err());
        assert!(
            Device::new(subject.clone(), Vec::new())
                .unwrap()
                .alt_names
                .is_none()
        );
    }
}
