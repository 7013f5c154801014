//! The CA's own business, which is none of SCEP's: certificates and CRLs, made with the crate `x509-cert`.

use std::str::FromStr;
use std::time::Duration;

use der::asn1::Uint;
use der::{DateTime, Decode, Encode};
use rsa::pkcs1v15::{Signature, SigningKey};
use scep::crypto::CryptoRng;
use scep::server::HeldEnrolment;
use scep::{Certificate, Crl, Csr, NameRef, oid};
use sha2::Sha256;
use signature::Keypair;
use spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{self, Builder, CertificateBuilder, CrlBuilder};
use x509_cert::certificate::TbsCertificate;
use x509_cert::crl::RevokedCert;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlNumber, KeyUsage, KeyUsages, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use crate::show::Outcome;

const DAY: i64 = 24 * 60 * 60;

/// A CA's name and key, with which it issues, and its certificate.
pub struct Issuer {
    name: Name,
    key: SigningKey<Sha256>,
    certificate: Certificate<'static>,
    crl_number: u8,
}

/// What a certificate is issued from. Of the extensions that are asked for, the CA takes the alternative names, and nothing
/// else.
pub struct Wanted<'w> {
    subject: NameRef<'w>,
    public_key: &'w [u8],
    names: Option<&'w [u8]>,
}

impl<'w> Wanted<'w> {
    /// What a CSR asks for.
    pub fn by(csr: &'w Csr) -> Self {
        Self {
            subject: csr.subject(),
            public_key: csr.public_key_der(),
            names: csr
                .extension(oid::SUBJECT_ALT_NAME)
                .map(|names| names.value()),
        }
    }

    /// What was asked for and waited.
    pub fn of(held: &'w HeldEnrolment) -> Self {
        Self {
            subject: held.subject(),
            public_key: held.public_key_der(),
            names: held
                .extension(oid::SUBJECT_ALT_NAME)
                .map(|names| names.value()),
        }
    }
}

/// What stands in an issued certificate.
struct Profile {
    issuer: Name,
    subject: Name,
    role: Role,
}

enum Role {
    Ca,
    Device(Option<SubjectAltName>),
}

impl Issuer {
    /// A root CA, valid from `not_before` for ten years.
    pub fn root(
        name: &str,
        key: rsa::PrivateKey,
        not_before: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Self> {
        let name = Name::from_str(name)?;
        let key = SigningKey::<Sha256>::new(key);
        let profile = Profile {
            issuer: name.clone(),
            subject: name.clone(),
            role: Role::Ca,
        };
        let public_key = SubjectPublicKeyInfoOwned::from_key(&key.verifying_key())?;
        let not_after = not_before + 3_650 * DAY;
        let certificate = sign(profile, public_key, (not_before, not_after), &key, rng)?;
        Ok(Self {
            name,
            key,
            certificate,
            crl_number: 0,
        })
    }

    pub fn certificate(&self) -> &Certificate<'static> {
        &self.certificate
    }

    /// Issues a certificate on the wanted key for 90 days.
    pub fn issue(
        &self,
        wanted: &Wanted<'_>,
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Certificate<'static>> {
        let names = wanted.names.map(SubjectAltName::from_der);
        let profile = Profile {
            issuer: self.name.clone(),
            subject: Name::from_der(wanted.subject.as_der())?,
            role: Role::Device(names.transpose()?),
        };
        let public_key = SubjectPublicKeyInfoOwned::from_der(wanted.public_key)?;
        let validity = (now - DAY, now + 90 * DAY);
        sign(profile, public_key, validity, &self.key, rng)
    }

    /// Makes the list of the revoked certificates, good for a week.
    pub fn crl(
        &mut self,
        revoked: &[Certificate<'_>],
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Crl<'static>> {
        self.crl_number += 1;
        let number = CrlNumber(Uint::new(&[self.crl_number])?);
        let revoked: der::Result<Vec<RevokedCert>> = revoked
            .iter()
            .map(|certificate| {
                Ok(RevokedCert {
                    serial_number: SerialNumber::new(certificate.serial())?,
                    revocation_date: time(now)?,
                    crl_entry_extensions: None,
                })
            })
            .collect();
        let issuer = self.certificate.to_x509()?;
        let list = CrlBuilder::new_with_this_update(&issuer, number, time(now)?)?
            .with_next_update(Some(time(now + 7 * DAY)?))
            .with_certificates(revoked?.into_iter())
            .build_with_rng::<_, Signature, _>(&self.key, rng)?;
        Ok(Crl::from_der(list.to_der()?)?)
    }
}

fn sign(
    profile: Profile,
    public_key: SubjectPublicKeyInfoOwned,
    (not_before, not_after): (i64, i64),
    key: &SigningKey<Sha256>,
    rng: &mut dyn CryptoRng,
) -> Outcome<Certificate<'static>> {
    let validity = Validity::new(time(not_before)?, time(not_after)?);
    let serial = SerialNumber::generate(rng);
    let certificate = CertificateBuilder::new(profile, serial, validity, public_key)?
        .build_with_rng::<_, Signature, _>(key, rng)?;
    Ok(Certificate::try_from(&certificate)?)
}

fn time(unix_seconds: i64) -> der::Result<Time> {
    let since_1970 = Duration::from_secs(unix_seconds.try_into().unwrap_or_default());
    Ok(DateTime::from_unix_duration(since_1970)?.into())
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        public_key: SubjectPublicKeyInfoRef<'_>,
        issuer_key: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        // This CA is its own RA: its key also opens requests and signs replies.
        let for_scep = KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment;
        let (ca, usage, names) = match &self.role {
            Role::Ca => (
                true,
                for_scep | KeyUsages::KeyCertSign | KeyUsages::CRLSign,
                None,
            ),
            Role::Device(names) => (false, for_scep, names.as_ref()),
        };
        let constraints = BasicConstraints {
            ca,
            path_len_constraint: None,
        };
        let subject = &self.subject;
        let mut extensions = vec![
            constraints.to_extension(subject, &[])?,
            KeyUsage(usage).to_extension(subject, &[])?,
            SubjectKeyIdentifier::try_from(public_key)?.to_extension(subject, &[])?,
            AuthorityKeyIdentifier::try_from(issuer_key)?.to_extension(subject, &[])?,
        ];
        if let Some(names) = names {
            extensions.push(names.to_extension(subject, &[])?);
        }
        Ok(extensions)
    }
}
