//! Certificates and CRLs, made with the crate `x509-cert`. None of this is SCEP's.

use std::time::Duration;

use der::asn1::{OctetString, Uint};
use der::flagset::FlagSet;
use der::oid::ObjectIdentifier;
use der::oid::db::{rfc5280, rfc5912};
use der::{DateTime, Decode, Encode};
use scep::crypto::CryptoRng;
use scep::{Certificate, Crl};
use spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{self, CertificateBuilder, CrlBuilder};
use x509_cert::certificate::TbsCertificate;
use x509_cert::crl::RevokedCert;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlNumber, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Time;

use crate::Outcome;
use crate::key::Key;
use crate::serial::Serial;

pub const DAY: i64 = 24 * 60 * 60;

/// What is to be certified.
pub struct Subject<'s> {
    pub name: Name,
    /// A DER SubjectPublicKeyInfo.
    pub public_key: &'s [u8],
    pub role: Role,
}

/// What a certificate is for.
pub enum Role {
    /// To issue to another CA, and nothing else.
    Root,
    /// To issue, while an RA speaks SCEP.
    Ca,
    /// To issue, and to be its own RA: to open requests and to sign replies.
    CaAndRa,
    /// To sign replies.
    RaSigning,
    /// To open requests.
    RaEncryption,
    /// Whatever a device does with it.
    Device {
        /// The value of the extension subjectAltName.
        names: Option<Vec<u8>>,
        purposes: Vec<ObjectIdentifier>,
    },
}

/// The time of a certificate in Unix seconds, from its first to its last second.
#[derive(Clone, Copy)]
pub struct Period {
    pub not_before: i64,
    pub not_after: i64,
}

/// Whoever signs certificates and CRLs.
#[derive(Clone, Copy)]
pub struct Issuer<'i> {
    pub certificate: &'i Certificate<'static>,
    pub key: &'i Key,
}

/// Makes a certificate of the subject for itself.
pub fn self_signed(
    subject: Subject<'_>,
    key: &Key,
    period: Period,
    rng: &mut dyn CryptoRng,
) -> Outcome<Certificate<'static>> {
    let (issuer, serial) = (subject.name.clone(), Serial::random(rng));
    sign(subject, issuer, key, &serial, period, rng)
}

impl Issuer<'_> {
    /// Issues a certificate, for the part of the period in which the issuer's own is valid.
    pub fn issue(
        self,
        subject: Subject<'_>,
        serial: &Serial,
        period: Period,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Certificate<'static>> {
        let own = self.certificate.validity();
        let own = own.ok_or("the issuer's certificate has no readable validity")?;
        let period = Period {
            not_before: period.not_before.max(own.not_before),
            not_after: period.not_after.min(own.not_after),
        };
        if period.not_after <= period.not_before {
            return Err(format!("\"{}\" has expired", self.certificate.subject()).into());
        }
        let issuer = Name::from_der(self.certificate.subject_der())?;
        sign(subject, issuer, self.key, serial, period, rng)
    }

    /// Makes a CRL that is good for a week, of serial numbers and when each was revoked.
    pub fn crl(
        self,
        number: &[u8],
        revoked: &[(Serial, i64)],
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Crl<'static>> {
        let revoked: der::Result<Vec<RevokedCert>> = revoked
            .iter()
            .map(|(serial, date)| {
                Ok(RevokedCert {
                    serial_number: SerialNumber::new(serial.as_bytes())?,
                    revocation_date: time(*date)?,
                    crl_entry_extensions: None,
                })
            })
            .collect();
        let (issuer, number) = (self.certificate.to_x509()?, CrlNumber(Uint::new(number)?));
        let list = CrlBuilder::new_with_this_update(&issuer, number, time(now)?)?
            .with_next_update(Some(time(now + 7 * DAY)?))
            .with_certificates(revoked?.into_iter());
        let list = self.key.build(list, rng)?;
        Ok(Crl::from_der(list.to_der()?)?)
    }
}

fn sign(
    subject: Subject<'_>,
    issuer: Name,
    key: &Key,
    serial: &Serial,
    period: Period,
    rng: &mut dyn CryptoRng,
) -> Outcome<Certificate<'static>> {
    let public_key = SubjectPublicKeyInfoOwned::from_der(subject.public_key)?;
    let profile = Profile {
        issuer,
        subject: subject.name,
        role: subject.role,
    };
    let serial = SerialNumber::new(serial.as_bytes())?;
    let validity =
        x509_cert::time::Validity::new(time(period.not_before)?, time(period.not_after)?);
    let certificate = CertificateBuilder::new(profile, serial, validity, public_key)?;
    Ok(Certificate::try_from(&key.build(certificate, rng)?)?)
}

fn time(unix_seconds: i64) -> der::Result<Time> {
    let since_1970 = Duration::from_secs(unix_seconds.try_into().unwrap_or_default());
    Ok(DateTime::from_unix_duration(since_1970)?.into())
}

struct Profile {
    issuer: Name,
    subject: Name,
    role: Role,
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
        let subject = &self.subject;
        let mut extensions = vec![
            self.role.basic_constraints().to_extension(subject, &[])?,
            KeyUsage(self.role.key_usage(&public_key.algorithm.oid)).to_extension(subject, &[])?,
            SubjectKeyIdentifier::try_from(public_key)?.to_extension(subject, &[])?,
            AuthorityKeyIdentifier::try_from(issuer_key)?.to_extension(subject, &[])?,
        ];
        let purposes = self.role.purposes();
        if !purposes.is_empty() {
            extensions.push(ExtendedKeyUsage(purposes).to_extension(subject, &[])?);
        }
        if let Role::Device {
            names: Some(names), ..
        } = &self.role
        {
            extensions.push(Extension {
                extn_id: rfc5280::ID_CE_SUBJECT_ALT_NAME,
                // RFC 5280, section 4.2.1.6: then these are the only names.
                critical: subject.is_empty(),
                extn_value: OctetString::new(names.as_slice())?,
            });
        }
        Ok(extensions)
    }
}

/// How something is encrypted to a key of this algorithm, if it is at all.
fn opens(key: &ObjectIdentifier) -> FlagSet<KeyUsages> {
    match *key {
        rfc5912::RSA_ENCRYPTION => KeyUsages::KeyEncipherment.into(),
        rfc5912::ID_EC_PUBLIC_KEY => KeyUsages::KeyAgreement.into(),
        _ => FlagSet::default(),
    }
}

/// Certificate Request Agent: Microsoft's name for an RA.
const RA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.1");

impl Role {
    fn basic_constraints(&self) -> BasicConstraints {
        let path_len_constraint = match self {
            Self::Root => Some(1),
            Self::Ca | Self::CaAndRa => Some(0),
            Self::RaSigning | Self::RaEncryption | Self::Device { .. } => None,
        };
        BasicConstraints {
            ca: path_len_constraint.is_some(),
            path_len_constraint,
        }
    }

    fn key_usage(&self, key: &ObjectIdentifier) -> FlagSet<KeyUsages> {
        let issues = KeyUsages::KeyCertSign | KeyUsages::CRLSign;
        let signs = FlagSet::from(KeyUsages::DigitalSignature);
        let opens = opens(key);
        match self {
            Self::Root | Self::Ca => issues,
            Self::CaAndRa => issues | signs | opens,
            Self::RaSigning => signs,
            Self::RaEncryption => opens,
            Self::Device { .. } => signs | opens,
        }
    }

    fn purposes(&self) -> Vec<ObjectIdentifier> {
        match self {
            Self::Root | Self::Ca | Self::CaAndRa => Vec::new(),
            Self::RaSigning | Self::RaEncryption => vec![RA],
            Self::Device { purposes, .. } => purposes.clone(),
        }
    }
}
