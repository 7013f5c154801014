//! A CA's certificates made to order: names, keys, usages and times as a test wants them.

use scep::crypto::DigestAlgorithm;
use scep::{Certificate, Crl, Oid, oid};

use super::forge::{oid_der, sequence, tlv};
use super::issue::{Template, ca_constraints, name};
use super::{key, x509};

/// Two UTCTimes around [`NOW`](super::issue::NOW), or on one side of it.
pub(crate) type Period = [&'static str; 2];

pub(crate) const VALID: Period = ["200101000000Z", "400101000000Z"];
pub(crate) const EXPIRED: Period = ["200101000000Z", "261130005319Z"];
pub(crate) const NOT_YET: Period = ["261130005321Z", "400101000000Z"];

/// Bits of keyUsage.
pub(crate) const DIGITAL_SIGNATURE: u8 = 0x80;
pub(crate) const KEY_ENCIPHERMENT: u8 = 0x20;
pub(crate) const DATA_ENCIPHERMENT: u8 = 0x10;
pub(crate) const KEY_AGREEMENT: u8 = 0x08;
pub(crate) const CERT_AND_CRL_SIGN: u8 = 0x06;
pub(crate) const BOTH: u8 = DIGITAL_SIGNATURE | KEY_ENCIPHERMENT;
pub(crate) const ALL_USES: u8 = BOTH | CERT_AND_CRL_SIGN;

/// basicConstraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Constraints {
    Absent,
    EndEntity,
    Ca,
}

/// What a certificate says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) subject: &'static str,
    /// A private key in PEM.
    pub(crate) key: &'static [u8],
    /// A SubjectPublicKeyInfo in the place of the key's own.
    pub(crate) public_key: Option<&'static [u8]>,
    pub(crate) constraints: Constraints,
    pub(crate) usage: Option<u8>,
    pub(crate) purposes: &'static [Oid],
    pub(crate) period: Period,
    pub(crate) digest: DigestAlgorithm,
}

impl Made {
    pub(crate) const fn ca(subject: &'static str, key: &'static [u8], usage: u8) -> Self {
        Self {
            subject,
            key,
            public_key: None,
            constraints: Constraints::Ca,
            usage: Some(usage),
            purposes: &[],
            period: VALID,
            digest: DigestAlgorithm::Sha256,
        }
    }

    pub(crate) const fn leaf(subject: &'static str, key: &'static [u8], usage: u8) -> Self {
        Self {
            constraints: Constraints::EndEntity,
            ..Self::ca(subject, key, usage)
        }
    }

    /// The certificate of an RA, as NDES has them made.
    pub(crate) const fn ra(subject: &'static str, key: &'static [u8], usage: u8) -> Self {
        Self {
            purposes: &[oid::CERTIFICATE_REQUEST_AGENT],
            ..Self::leaf(subject, key, usage)
        }
    }

    pub(crate) fn self_signed(&self) -> Certificate<'static> {
        self.issued_by(self)
    }

    pub(crate) fn issued_by(&self, issuer: &Self) -> Certificate<'static> {
        let own_key = key(self.key);
        let public_key = self.public_key.unwrap_or_else(|| own_key.public_key_der());
        let mut template = Template::new(&common_name(self.subject), public_key);
        template.validity = self.period;
        template.digest = self.digest;
        template = match self.constraints {
            Constraints::Absent => template,
            Constraints::EndEntity => template.with(oid::BASIC_CONSTRAINTS, sequence(&[])),
            Constraints::Ca => template.with(oid::BASIC_CONSTRAINTS, ca_constraints()),
        };
        if let Some(bits) = self.usage {
            let unused = bits.trailing_zeros() as u8 & 7;
            template = template.with(oid::KEY_USAGE, tlv(0x03, &[unused, bits]));
        }
        if !self.purposes.is_empty() {
            let purposes: Vec<u8> = self.purposes.iter().copied().flat_map(oid_der).collect();
            template = template.with(oid::EXT_KEY_USAGE, tlv(0x30, &purposes));
        }
        template.issue(&common_name(issuer.subject), &key(issuer.key))
    }

    /// The CRL that lists these serial numbers.
    pub(crate) fn crl(&self, serials: &[u8]) -> Crl<'static> {
        x509::crl(&common_name(self.subject), serials, &key(self.key))
    }
}

fn common_name(text: &str) -> Vec<u8> {
    name(&[(0x0c, text)])
}

/// A SubjectPublicKeyInfo of P-256; whose key it is does not matter.
pub(crate) const EC_KEY: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1,
    0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
    0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe,
    0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b,
    0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];
