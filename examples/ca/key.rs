//! The private keys of the CA, whatever their kind.

#[cfg(feature = "ec")]
use p256::ecdsa;
use rsa::pkcs1v15;
use rsa::pkcs8::DecodePrivateKey;
use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{CryptoRng, SigningKey};
#[cfg(feature = "ec")]
use scep::crypto::{EllipticCurve, rustcrypto::EcKey};
use scep::{BuildError, Certificate, Recipient};
use sha2::Sha256;
use x509_cert::builder::{self, Builder};
use zeroize::Zeroizing;

use crate::Outcome;

const RSA_BITS: usize = 2048;

/// What a key is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, of 2048 bits if it is made here.
    Rsa,
    #[cfg(feature = "ec")]
    P256,
}

/// A private key: once for SCEP, and once more to sign certificates and CRLs.
pub enum Key {
    Rsa {
        scep: Box<RsaKey>,
        issuing: Box<pkcs1v15::SigningKey<Sha256>>,
    },
    #[cfg(feature = "ec")]
    P256 {
        scep: Box<EcKey>,
        issuing: Box<ecdsa::SigningKey>,
    },
}

impl KeyKind {
    /// Makes a key: the DER of its PrivateKeyInfo.
    pub fn generate(self, rng: &mut dyn CryptoRng) -> Outcome<Zeroizing<Vec<u8>>> {
        Ok(match self {
            Self::Rsa => RsaKey::generate(RSA_BITS, rng)?.to_pkcs8_der()?,
            #[cfg(feature = "ec")]
            Self::P256 => EcKey::generate(EllipticCurve::P256, rng)?.to_pkcs8_der()?,
        })
    }
}

impl Key {
    /// Reads the DER of a PrivateKeyInfo.
    pub fn from_pkcs8_der(der: &[u8]) -> Outcome<Self> {
        #[cfg(feature = "ec")]
        if let Ok(issuing) = ecdsa::SigningKey::from_pkcs8_der(der) {
            return Ok(Self::P256 {
                scep: Box::new(EcKey::from_pkcs8_der(der)?),
                issuing: Box::new(issuing),
            });
        }
        let issuing = pkcs1v15::SigningKey::new(rsa::PrivateKey::from_pkcs8_der(der)?);
        Ok(Self::Rsa {
            scep: Box::new(RsaKey::from_pkcs8_der(der)?),
            issuing: Box::new(issuing),
        })
    }

    pub fn public_key_der(&self) -> &[u8] {
        match self {
            Self::Rsa { scep, .. } => scep.public_key_der(),
            #[cfg(feature = "ec")]
            Self::P256 { scep, .. } => scep.public_key_der(),
        }
    }

    /// The key, to sign replies.
    pub fn signing_key(&self) -> &dyn SigningKey {
        match self {
            Self::Rsa { scep, .. } => &**scep,
            #[cfg(feature = "ec")]
            Self::P256 { scep, .. } => &**scep,
        }
    }

    /// Whoever has the key and its certificate, to open requests.
    pub fn recipient<'k>(
        &'k self,
        certificate: &'k Certificate<'k>,
    ) -> Result<Recipient<'k>, BuildError> {
        match self {
            Self::Rsa { scep, .. } => Recipient::new(certificate, &**scep),
            #[cfg(feature = "ec")]
            Self::P256 { scep, .. } => Recipient::new(certificate, &**scep),
        }
    }

    /// Whether requests may be encrypted under the challenge password instead of to the key.
    pub fn cannot_decrypt(&self) -> bool {
        match self {
            Self::Rsa { .. } => false,
            #[cfg(feature = "ec")]
            Self::P256 { .. } => true,
        }
    }

    /// Signs a certificate or CRL, with SHA-256.
    pub fn build<B: Builder>(
        &self,
        builder: B,
        mut rng: &mut dyn CryptoRng,
    ) -> builder::Result<B::Output> {
        match self {
            Self::Rsa { issuing, .. } => {
                builder.build_with_rng::<_, pkcs1v15::Signature, _>(&**issuing, &mut rng)
            }
            #[cfg(feature = "ec")]
            Self::P256 { issuing, .. } => {
                builder.build_with_rng::<_, ecdsa::DerSignature, _>(&**issuing, &mut rng)
            }
        }
    }
}
