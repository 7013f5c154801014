//! The self-signed certificate that signs a first request.

use alloc::vec::Vec;
use core::fmt;

use der::Encode;
use signature::rand_core::CryptoRng;
use x509_cert::name::Name;

use crate::algorithm_identifier::write_signature;
use crate::asn1::{Writer, encode, tag};
use crate::certificate::{Certificate, Criticality, KeyUsage, Validity, write_extension};
use crate::crypto::public_key::{key_algorithm, key_octets};
use crate::crypto::{DigestAlgorithm, Provider, SignatureAlgorithm, SigningKey};
use crate::oid;
use crate::signed::Unsigned;
use crate::{BuildError, Item};

/// Makes the self-signed certificate with which a client that has none yet signs its request
/// ([RFC 8894, section 2.3]).
///
/// Subject and key should be those of the CSR. It is wanted only until the reply is opened: let it be valid for a few
/// days, or as long as a pending request may take, and from an hour or a day ago, so that a server whose clock is
/// behind takes it too.
///
/// ```
/// # #[cfg(feature = "rustcrypto")] {
/// use scep::crypto::{CryptoRng, Provider, SigningKey};
/// use scep::{BuildError, Certificate, SignerCertificateBuilder, Validity};
/// use x509_cert::name::Name;
///
/// fn signer(
///     key: &dyn SigningKey,
///     subject: &Name,
///     now: i64,
///     rng: &mut dyn CryptoRng,
/// ) -> Result<Certificate<'static>, BuildError> {
///     let provider = Provider::rustcrypto();
///     let validity = Validity { not_before: now - 86_400, not_after: now + 7 * 86_400 };
///     let public_key = key.public_key().ok_or(BuildError::KeyMismatch)?;
///     SignerCertificateBuilder::new(subject, public_key, validity)
///         .build(key.algorithms()[0], &provider, rng)?
///         .sign(key, &provider, rng)
/// }
/// # }
/// ```
///
/// [RFC 8894, section 2.3]: https://www.rfc-editor.org/rfc/rfc8894#section-2.3
#[derive(Clone, Debug)]
#[must_use]
pub struct SignerCertificateBuilder<'a> {
    subject: &'a Name,
    public_key: &'a [u8],
    validity: Validity,
}

impl<'a> SignerCertificateBuilder<'a> {
    /// A certificate of this name on this key, the DER of a SubjectPublicKeyInfo.
    pub const fn new(subject: &'a Name, public_key: &'a [u8], validity: Validity) -> Self {
        Self {
            subject,
            public_key,
            validity,
        }
    }

    /// Gives the certificate, which lacks its signature.
    ///
    /// It has a random serial number of 20 octets, a subjectKeyIdentifier, and a critical keyUsage of digitalSignature
    /// and, on an RSA key, keyEncipherment, on one for ECDSA, keyAgreement.
    ///
    /// # Errors
    /// [`BuildError::InvalidInput`] with the item that cannot be written; [`BuildError::Crypto`] if the provider has no
    /// SHA-256.
    pub fn build(
        &self,
        algorithm: SignatureAlgorithm,
        provider: &Provider,
        rng: &mut dyn CryptoRng,
    ) -> Result<UnsignedSignerCertificate, BuildError> {
        let invalid_key = BuildError::InvalidInput(Item::SubjectPublicKeyInfo);
        let key_algorithm = key_algorithm(self.public_key).ok_or(invalid_key)?;
        let key_octets = key_octets(self.public_key).ok_or(invalid_key)?;
        let invalid = BuildError::InvalidInput(Item::Certificate);
        let subject = self.subject.to_der().map_err(|_| invalid)?;
        let mut validity = Writer::with_capacity(40);
        self.validity.write(&mut validity).ok_or(invalid)?;

        let mut usage = KeyUsage::DIGITAL_SIGNATURE;
        match key_algorithm {
            oid::RSA_ENCRYPTION => usage = usage.and(KeyUsage::KEY_ENCIPHERMENT),
            oid::EC_PUBLIC_KEY => usage = usage.and(KeyUsage::KEY_AGREEMENT),
            _ => {}
        }
        // RFC 7093, section 2, method 1: the first 160 bits of the SHA-256 of the key.
        let digest = provider
            .digests()
            .digest(DigestAlgorithm::Sha256, &[key_octets])?;
        let identifier = digest.as_bytes().get(..20).unwrap_or_default();

        let to_be_signed = encode(0, |w| {
            w.sequence(|w| {
                w.nested(tag::context_constructed(0), |version| {
                    version.small_integer(2)
                });
                w.unsigned_integer(&serial(rng));
                write_signature(w, algorithm);
                w.raw(&subject);
                w.raw(&validity.into_bytes());
                w.raw(&subject);
                w.raw(self.public_key);
                w.nested(tag::context_constructed(3), |w| {
                    w.sequence(|w| write_extensions(w, usage, identifier));
                });
            });
        });
        Ok(UnsignedSignerCertificate(Unsigned {
            to_be_signed: to_be_signed.into(),
            algorithm,
            public_key: self.public_key.to_vec(),
        }))
    }
}

/// A signer certificate that lacks nothing but its signature.
#[must_use]
pub struct UnsignedSignerCertificate(Unsigned);

impl UnsignedSignerCertificate {
    /// The bytes to be signed, for a key that signs elsewhere.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        &self.0.to_be_signed
    }

    /// The algorithm to sign them with.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm
    }

    /// Signs with the private key.
    ///
    /// # Errors
    /// [`BuildError::KeyMismatch`] if the key knows its public key and it is another one, [`BuildError::NoAlgorithm`]
    /// if it does not do the algorithm, [`BuildError::Crypto`] if it gives no signature; else as
    /// [`attach`](Self::attach).
    pub fn sign(
        &self,
        key: &dyn SigningKey,
        provider: &Provider,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate<'static>, BuildError> {
        finish(&self.0.sign(key, provider, rng)?)
    }

    /// Takes the signature that was made elsewhere.
    ///
    /// # Errors
    /// [`BuildError::WrongSignature`] if it is not that of the key in the certificate, [`BuildError::Crypto`] if it
    /// cannot be verified.
    pub fn attach(
        &self,
        signature: &[u8],
        provider: &Provider,
    ) -> Result<Certificate<'static>, BuildError> {
        finish(&self.0.attach(signature, provider)?)
    }
}

impl fmt::Debug for UnsignedSignerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsignedSignerCertificate")
            .field("algorithm", &self.0.algorithm)
            .finish_non_exhaustive()
    }
}

fn finish(der: &[u8]) -> Result<Certificate<'static>, BuildError> {
    let der: Vec<u8> = der.to_vec();
    Certificate::from_der(der).map_err(|error| BuildError::InvalidInput(error.item()))
}

/// 20 random octets of a positive number with no leading zero, as RFC 5280, section 4.1.2.2, has them at most.
fn serial(rng: &mut dyn CryptoRng) -> [u8; 20] {
    let mut serial = [0; 20];
    rng.fill_bytes(&mut serial);
    let [first, ..] = &mut serial;
    *first = *first & 0x3f | 0x40;
    serial
}

fn write_extensions(out: &mut Writer, usage: KeyUsage, identifier: &[u8]) {
    let usage = encode(4, |w| w.tlv(tag::BIT_STRING, &usage.to_bit_string()));
    write_extension(out, oid::KEY_USAGE, Criticality::Critical, &usage);
    let identifier = encode(22, |w| w.octet_string(identifier));
    write_extension(
        out,
        oid::SUBJECT_KEY_IDENTIFIER,
        Criticality::NonCritical,
        &identifier,
    );
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests {
    use super::*;
    use crate::crypto::Policy;
    use crate::crypto::rustcrypto::testing::{key, rng};
    use core::str::FromStr;

    const SHA256: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);

    const VALIDITY: Validity = Validity {
        not_before: 1_795_465_365,
        not_after: 2_600_000_000,
    };

    fn name() -> Name {
        Name::from_str("CN=device,O=Example").unwrap()
    }

    fn built(validity: Validity) -> Result<UnsignedSignerCertificate, BuildError> {
        SignerCertificateBuilder::new(&name(), key().public_key_der(), validity).build(
            SHA256,
            &Provider::rustcrypto(),
            &mut rng(),
        )
    }

    #[test]
    fn the_certificate_is_what_section_2_3_asks_for() {
        let provider = Provider::rustcrypto();
        let certificate = built(VALIDITY)
            .unwrap()
            .sign(&key(), &provider, &mut rng())
            .unwrap();
        assert!(certificate.is_self_issued() && !certificate.is_ca());
        assert_eq!(certificate.subject_der(), name().to_der().unwrap());
        assert_eq!(certificate.validity(), Some(VALIDITY));
        assert_eq!(certificate.serial().len(), 20);
        assert!((0x40..0x80).contains(&certificate.serial()[0]));
        assert_eq!(
            certificate.subject_key_identifier().map(<[u8]>::len),
            Some(20)
        );
        let usage = certificate.key_usage().unwrap();
        assert!(usage.digital_signature() && usage.key_encipherment());
        assert!(!usage.key_cert_sign() && !usage.key_agreement());
        let key = certificate.public_key_der();
        assert_eq!(
            certificate.verify_signature(key, &provider, &Policy::strict()),
            Ok(())
        );
        assert_eq!(
            certificate.to_x509().unwrap().to_der().unwrap(),
            certificate.as_der()
        );
    }

    #[test]
    fn serial_numbers_differ() {
        let serial = || serial(&mut rng());
        assert_ne!(serial(), serial());
    }

    #[test]
    fn a_signature_made_elsewhere_is_verified() {
        let provider = Provider::rustcrypto();
        let unsigned = built(VALIDITY).unwrap();
        let signature = key().sign(SHA256, unsigned.to_be_signed(), &mut rng());
        assert!(unsigned.attach(&signature.unwrap(), &provider).is_ok());
        let other = key().sign(SHA256, b"other", &mut rng()).unwrap();
        assert_eq!(
            unsigned.attach(&other, &provider),
            Err(BuildError::WrongSignature)
        );
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let backwards = Validity {
            not_before: 1,
            not_after: 0,
        };
        assert_eq!(
            built(backwards).unwrap_err(),
            BuildError::InvalidInput(Item::Certificate)
        );
        let error = SignerCertificateBuilder::new(&name(), &[5, 0], VALIDITY)
            .build(SHA256, &Provider::rustcrypto(), &mut rng())
            .unwrap_err();
        assert_eq!(error, BuildError::InvalidInput(Item::SubjectPublicKeyInfo));
    }
}
