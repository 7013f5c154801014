//! Certificates, made with the crate `x509-cert` and a key that answers late. None of this is SCEP's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use der::{DateTime, Decode};
use getrandom::rand_core::Rng;
use rsa::pkcs1v15::Signature;
use scep::Certificate;
use spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{self, AsyncBuilder, CertificateBuilder};
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use crate::vault::RemoteKey;
use crate::{Outcome, rng};

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What stands in a certificate.
pub struct Profile {
    pub issuer: Name,
    pub subject: Name,
    pub is_ca: bool,
}

/// Makes a certificate on a public key, the DER of a SubjectPublicKeyInfo.
pub async fn issue(
    profile: Profile,
    public_key: &[u8],
    key: &RemoteKey,
) -> Outcome<Certificate<'static>> {
    let public_key = SubjectPublicKeyInfoOwned::from_der(public_key)?;
    let mut serial = [0; 16];
    rng().fill_bytes(&mut serial);
    // Positive, and of the same length always.
    serial[0] = serial[0] & 0x3f | 0x40;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let validity = Validity::new(time(now)?, time(now + YEAR)?);
    let serial = SerialNumber::new(&serial)?;
    let builder = CertificateBuilder::new(profile, serial, validity, public_key)?;
    let certificate = builder.build_async::<_, Signature>(key).await?;
    Ok(Certificate::try_from(&certificate)?)
}

fn time(since_1970: Duration) -> der::Result<Time> {
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
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let constraints = BasicConstraints {
            ca: self.is_ca,
            path_len_constraint: None,
        };
        let both = KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment;
        let usage = if self.is_ca {
            both | KeyUsages::KeyCertSign
        } else {
            both
        };
        Ok(vec![
            constraints.to_extension(&self.subject, &[])?,
            KeyUsage(usage).to_extension(&self.subject, &[])?,
        ])
    }
}
