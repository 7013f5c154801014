//! Making a certification request.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use der::Encode;
use signature::rand_core::CryptoRng;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage, SubjectAltName};
use x509_cert::name::Name;
use zeroize::Zeroizing;

use super::{CheckedCsr, Csr, UnverifiedCsr, is_extension_request};
use crate::asn1::{Writer, encode, tag};
use crate::attributes::is_printable;
use crate::certificate::{Criticality, write_extension};
use crate::crypto::public_key::key_algorithm;
use crate::crypto::{Provider, SignatureAlgorithm, SigningKey};
use crate::oid::{self, Oid};
use crate::signed::Unsigned;
use crate::{BuildError, Item, Layer, Limits};

/// Makes a certification request.
///
/// ```
/// # #[cfg(feature = "rustcrypto")] {
/// use scep::crypto::{CryptoRng, Provider, SigningKey};
/// use scep::{BuildError, Csr, CsrBuilder};
/// use x509_cert::name::Name;
///
/// fn csr(key: &dyn SigningKey, subject: &Name, challenge: &str, rng: &mut dyn CryptoRng) -> Result<Csr, BuildError> {
///     let public_key = key.public_key().ok_or(BuildError::KeyMismatch)?;
///     CsrBuilder::new(subject, public_key)
///         .challenge_password(challenge)
///         .build(key.algorithms()[0])?
///         .sign(key, &Provider::rustcrypto(), rng)
/// }
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct CsrBuilder<'a> {
    subject: &'a Name,
    public_key: &'a [u8],
    extensions: Vec<(Oid, Criticality, Vec<u8>)>,
    attributes: Vec<(Oid, Vec<u8>)>,
    challenge_password: Option<Zeroizing<String>>,
    invalid: Option<Item>,
}

impl<'a> CsrBuilder<'a> {
    /// A request for a certificate of this name on this key, the DER of a SubjectPublicKeyInfo.
    pub const fn new(subject: &'a Name, public_key: &'a [u8]) -> Self {
        Self {
            subject,
            public_key,
            extensions: Vec::new(),
            attributes: Vec::new(),
            challenge_password: None,
            invalid: None,
        }
    }

    /// Asks for these alternative names; critical if there is no other name, as
    /// [RFC 5280, section 4.2.1.6](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6) demands.
    pub fn subject_alt_names(self, names: &SubjectAltName) -> Self {
        let criticality = if self.subject.is_empty() {
            Criticality::Critical
        } else {
            Criticality::NonCritical
        };
        self.typed_extension(oid::SUBJECT_ALT_NAME, criticality, names)
    }

    /// Asks for this keyUsage, critical.
    pub fn key_usage(self, usage: KeyUsage) -> Self {
        self.typed_extension(oid::KEY_USAGE, Criticality::Critical, &usage)
    }

    /// Asks for these purposes.
    pub fn extended_key_usage(self, purposes: &ExtendedKeyUsage) -> Self {
        self.typed_extension(oid::EXT_KEY_USAGE, Criticality::NonCritical, purposes)
    }

    /// Asks for another extension; `value` is the DER of its type. It takes the place of an earlier one of its type.
    pub fn extension(self, oid: Oid, value: impl Into<Vec<u8>>) -> Self {
        self.any_extension(oid, Criticality::NonCritical, value.into())
    }

    /// Asks for another extension that is critical, as [`extension`](Self::extension) does.
    pub fn critical_extension(self, oid: Oid, value: impl Into<Vec<u8>>) -> Self {
        self.any_extension(oid, Criticality::Critical, value.into())
    }

    /// Adds another attribute; `value` is its one value, the DER of its type. The challenge password and the extensions have
    /// methods of their own, and are an error here.
    pub fn attribute(mut self, oid: Oid, value: impl Into<Vec<u8>>) -> Self {
        if oid == oid::CHALLENGE_PASSWORD || is_extension_request(oid) {
            return self.with_invalid(Item::CertificationRequestAttributes);
        }
        self.attributes.push((oid, value.into()));
        self
    }

    /// Sets the challenge password. The empty one is a password too, and another thing than none.
    // Interop: NDES reads no UTF8String here, so a PrintableString stands wherever it can.
    pub fn challenge_password(mut self, password: &str) -> Self {
        self.challenge_password = Some(Zeroizing::new(password.into()));
        self
    }

    /// Gives the request, which lacks its signature.
    ///
    /// # Errors
    /// [`BuildError::InvalidInput`] with the item that cannot be written.
    pub fn build(&self, algorithm: SignatureAlgorithm) -> Result<UnsignedCsr, BuildError> {
        if let Some(item) = self.invalid {
            return Err(BuildError::InvalidInput(item));
        }
        if key_algorithm(self.public_key).is_none() {
            return Err(BuildError::InvalidInput(Item::SubjectPublicKeyInfo));
        }
        let subject = self.subject.to_der();
        let subject = subject.map_err(|_| BuildError::InvalidInput(Item::CertificationRequest))?;
        let mut attributes = alloc::vec![self.challenge_attribute(), self.extension_attribute()];
        attributes.extend(self.attributes.iter().map(|(oid, value)| {
            Zeroizing::new(encode(OVERHEAD, |w| {
                write_attribute(w, *oid, |w| w.raw(value))
            }))
        }));
        // X.690, section 11.6: the elements of a SET OF stand in the order of their encodings.
        attributes.sort_unstable_by(|a, b| a.as_slice().cmp(b.as_slice()));
        let contents: usize = attributes.iter().map(|attribute| attribute.len()).sum();
        let capacity = subject
            .len()
            .saturating_add(self.public_key.len())
            .saturating_add(contents)
            .saturating_add(OVERHEAD);
        let to_be_signed = encode(capacity, |w| {
            w.sequence(|info| {
                info.small_integer(0);
                info.raw(&subject);
                info.raw(self.public_key);
                info.nested(tag::context_constructed(0), |w| {
                    for attribute in &attributes {
                        w.raw(attribute);
                    }
                });
            });
        });
        Ok(UnsignedCsr(Unsigned {
            to_be_signed: Zeroizing::new(to_be_signed),
            algorithm,
            public_key: self.public_key.to_vec(),
        }))
    }

    /// The DER of the challengePassword attribute; nothing if there is none.
    fn challenge_attribute(&self) -> Zeroizing<Vec<u8>> {
        let Some(password) = &self.challenge_password else {
            return Zeroizing::default();
        };
        let string = if password.bytes().all(is_printable) {
            tag::PRINTABLE_STRING
        } else {
            tag::UTF8_STRING
        };
        let capacity = password.len().saturating_add(OVERHEAD);
        Zeroizing::new(encode(capacity, |w| {
            write_attribute(w, oid::CHALLENGE_PASSWORD, |w| {
                w.tlv(string, password.as_bytes());
            });
        }))
    }

    /// The DER of the extensionRequest attribute; nothing if there is none.
    fn extension_attribute(&self) -> Zeroizing<Vec<u8>> {
        if self.extensions.is_empty() {
            return Zeroizing::default();
        }
        Zeroizing::new(encode(OVERHEAD, |w| {
            write_attribute(w, oid::EXTENSION_REQUEST, |w| {
                w.sequence(|w| {
                    for (oid, criticality, value) in &self.extensions {
                        write_extension(w, *oid, *criticality, value);
                    }
                });
            });
        }))
    }

    fn typed_extension(self, oid: Oid, criticality: Criticality, value: &impl Encode) -> Self {
        match value.to_der() {
            Ok(value) => self.any_extension(oid, criticality, value),
            Err(_) => self.with_invalid(Item::Extensions),
        }
    }

    /// Remembers that an item cannot be written, until [`build`](Self::build).
    pub(crate) fn with_invalid(mut self, item: Item) -> Self {
        self.invalid = Some(item);
        self
    }

    fn any_extension(mut self, oid: Oid, criticality: Criticality, value: Vec<u8>) -> Self {
        self.extensions.retain(|(earlier, ..)| *earlier != oid);
        self.extensions.push((oid, criticality, value));
        self
    }
}

/// Shows neither the challenge password nor the extensions.
impl fmt::Debug for CsrBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrBuilder").finish_non_exhaustive()
    }
}

/// A certification request that lacks nothing but its signature.
#[must_use]
pub struct UnsignedCsr(Unsigned);

impl UnsignedCsr {
    /// The bytes to be signed, for a key that signs elsewhere. They hold the challenge password.
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
    ) -> Result<Csr, BuildError> {
        self.finish(self.0.sign(key, provider, rng)?)
    }

    /// Takes the signature that was made elsewhere.
    ///
    /// # Errors
    /// [`BuildError::WrongSignature`] if it is not that of the key in the request, [`BuildError::Crypto`] if it cannot
    /// be verified, [`BuildError::InvalidInput`] if the request is larger than a server reads.
    pub fn attach(&self, signature: &[u8], provider: &Provider) -> Result<Csr, BuildError> {
        self.finish(self.0.attach(signature, provider)?)
    }

    fn finish(&self, der: Zeroizing<Vec<u8>>) -> Result<Csr, BuildError> {
        let (parts, _) = UnverifiedCsr::read_prefix(&der, Layer::Message, &Limits::REQUEST)
            .map_err(|error| BuildError::InvalidInput(error.item()))?;
        let algorithm = self.0.algorithm;
        Ok(Csr::from_checked(der, CheckedCsr { parts, algorithm }))
    }
}

/// Does not show the bytes: they hold the challenge password.
impl fmt::Debug for UnsignedCsr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsignedCsr")
            .field("algorithm", &self.0.algorithm)
            .finish_non_exhaustive()
    }
}

/// More than the tags, lengths and identifiers that stand around any one part.
const OVERHEAD: usize = 128;

fn write_attribute(out: &mut Writer, oid: Oid, write_value: impl FnOnce(&mut Writer)) {
    out.sequence(|attribute| {
        attribute.oid(oid);
        attribute.set(write_value);
    });
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests {
    use super::*;
    use crate::ChallengePassword;
    use crate::crypto::rustcrypto::testing::{key, rng};
    use crate::crypto::{CryptoError, DigestAlgorithm, Policy};
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec;
    use core::str::FromStr;
    use x509_cert::ext::pkix::KeyUsages;
    use x509_cert::ext::pkix::name::GeneralName;

    const SHA256: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);

    fn name() -> Name {
        Name::from_str("CN=device,O=Example").unwrap()
    }

    fn built(build: impl FnOnce(CsrBuilder<'_>) -> CsrBuilder<'_>) -> Csr {
        let key = key();
        build(CsrBuilder::new(&name(), key.public_key_der()))
            .build(SHA256)
            .unwrap()
            .sign(&key, &Provider::rustcrypto(), &mut rng())
            .unwrap()
    }

    #[test]
    fn all_that_is_asked_for_stands_in_the_request() {
        let names = GeneralName::DnsName("device.example".to_string().try_into().unwrap());
        let usage = KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment;
        let client_auth = const_oid::db::rfc5280::ID_KP_CLIENT_AUTH;
        let other = Oid::from_bytes(&[0x2a, 3]).unwrap();
        let csr = built(|csr| {
            csr.subject_alt_names(&SubjectAltName(vec![names]))
                .key_usage(KeyUsage(usage))
                .extended_key_usage(&ExtendedKeyUsage(vec![client_auth]))
                .extension(other, [5, 0])
                .critical_extension(other, [5, 1, 0])
                .challenge_password("secret")
        });
        assert_eq!(csr.subject().to_string(), "CN=device,O=Example");
        assert_eq!((csr.version(), csr.signature_algorithm()), (0, SHA256));
        assert!(csr.challenge_password().verify(b"secret"));
        let extensions: Vec<_> = csr
            .extensions()
            .map(|extension| (extension.oid(), extension.is_critical()))
            .collect();
        let expected = [
            (oid::SUBJECT_ALT_NAME, false),
            (oid::KEY_USAGE, true),
            (oid::EXT_KEY_USAGE, false),
            (other, true),
        ];
        assert_eq!(extensions, expected);
        assert_eq!(
            csr.extension(oid::KEY_USAGE).unwrap().value(),
            [3, 2, 5, 0xa0]
        );
        assert_eq!(csr.extension(other).unwrap().value(), [5, 1, 0]);
        let typed = csr.to_x509().unwrap();
        assert_eq!(typed.info.subject, name());
        assert_eq!(typed.to_der().unwrap(), csr.as_der());
        let read = UnverifiedCsr::from_der(csr.as_der(), &Limits::REQUEST).unwrap();
        assert!(
            read.verify(&Provider::rustcrypto(), &Policy::strict())
                .is_ok()
        );
    }

    #[test]
    fn nothing_asked_for_leaves_attributes_empty() {
        let csr = built(|csr| csr);
        assert_eq!(csr.attributes().count(), 0);
        assert!(matches!(
            csr.challenge_password(),
            ChallengePassword::Absent
        ));
        assert!(csr.to_x509().unwrap().info.attributes.is_empty());
        let csr = built(|csr| csr.challenge_password(""));
        assert!(matches!(csr.challenge_password(), ChallengePassword::Empty));
    }

    #[test]
    fn the_password_is_printable_where_it_fits() {
        for (password, string) in [
            ("aZ0 '()+,-./:=?", tag::PRINTABLE_STRING),
            ("a@b", tag::UTF8_STRING),
            ("gr\u{fc}n", tag::UTF8_STRING),
        ] {
            let csr = built(|csr| csr.challenge_password(password));
            let (oid, values) = csr.attributes().next().unwrap();
            assert_eq!((oid, values[2]), (oid::CHALLENGE_PASSWORD, string));
            assert!(csr.challenge_password().verify(password.as_bytes()));
        }
    }

    #[test]
    fn an_empty_subject_makes_alternative_names_critical() {
        let (key, name) = (key(), Name::default());
        let names = GeneralName::DnsName("device.example".to_string().try_into().unwrap());
        let csr = CsrBuilder::new(&name, key.public_key_der())
            .subject_alt_names(&SubjectAltName(vec![names]))
            .build(SHA256)
            .unwrap()
            .sign(&key, &Provider::rustcrypto(), &mut rng())
            .unwrap();
        assert!(csr.extension(oid::SUBJECT_ALT_NAME).unwrap().is_critical());
    }

    #[test]
    fn no_buffer_that_holds_the_password_grows() {
        let password = "p".repeat(3_000);
        let (name, key) = (name(), key());
        let builder = CsrBuilder::new(&name, key.public_key_der()).challenge_password(&password);
        let attribute = builder.challenge_attribute();
        assert_eq!(attribute.capacity(), 3_000 + OVERHEAD);
        let unsigned = builder.build(SHA256).unwrap();
        let parts = name.to_der().unwrap().len() + key.public_key_der().len() + attribute.len();
        assert_eq!(unsigned.0.to_be_signed.capacity(), parts + OVERHEAD);
        let csr = unsigned
            .sign(&key, &Provider::rustcrypto(), &mut rng())
            .unwrap();
        assert_eq!(
            csr.buffer.capacity(),
            unsigned.to_be_signed().len() + 256 + 128
        );
    }

    #[test]
    fn a_signature_made_elsewhere_is_verified() {
        let key = key();
        let unsigned = CsrBuilder::new(&name(), key.public_key_der())
            .build(SHA256)
            .unwrap();
        assert_eq!(unsigned.algorithm(), SHA256);
        let signature = key
            .sign(SHA256, unsigned.to_be_signed(), &mut rng())
            .unwrap();
        let provider = Provider::rustcrypto();
        assert!(unsigned.attach(&signature, &provider).is_ok());
        let other = key.sign(SHA256, b"other", &mut rng()).unwrap();
        assert_eq!(
            unsigned.attach(&other, &provider).unwrap_err(),
            BuildError::WrongSignature
        );
    }

    #[test]
    fn attributes_that_have_methods_of_their_own_are_refused() {
        let other = Oid::from_bytes(&[0x2a, 3]).unwrap();
        let csr = built(|csr| csr.attribute(other, [5, 0]).challenge_password("secret"));
        let attributes: Vec<_> = csr.attributes().map(|(oid, _)| oid).collect();
        assert_eq!(attributes, [other, oid::CHALLENGE_PASSWORD]);
        assert_eq!(csr.attributes().next().unwrap().1, [0x31, 2, 5, 0]);
        let (name, key) = (name(), key());
        for oid in [
            oid::CHALLENGE_PASSWORD,
            oid::EXTENSION_REQUEST,
            oid::MS_CERT_EXTENSIONS,
        ] {
            let error = CsrBuilder::new(&name, key.public_key_der())
                .attribute(oid, [5, 0])
                .build(SHA256)
                .unwrap_err();
            let item = Item::CertificationRequestAttributes;
            assert_eq!(error, BuildError::InvalidInput(item));
        }
    }

    #[test]
    fn a_key_that_does_not_fit_is_refused() {
        let key = key();
        let next = crate::signed::testing::pem(include_bytes!(
            "../../test-vectors/keys/ca-jscep-next.pem"
        ));
        let next = crate::Certificate::from_der(next).unwrap();
        let unsigned = CsrBuilder::new(&name(), next.public_key_der())
            .build(SHA256)
            .unwrap();
        let error = unsigned
            .sign(&key, &Provider::rustcrypto(), &mut rng())
            .unwrap_err();
        assert_eq!(error, BuildError::KeyMismatch);
        let md5 = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Md5);
        let unsigned = CsrBuilder::new(&name(), key.public_key_der())
            .build(md5)
            .unwrap();
        if !key.algorithms().contains(&md5) {
            let error = unsigned
                .sign(&key, &Provider::rustcrypto(), &mut rng())
                .unwrap_err();
            assert_eq!(error, BuildError::NoAlgorithm);
        }
    }

    #[test]
    fn a_key_that_fails_is_told() {
        struct Broken;
        impl SigningKey for Broken {
            fn public_key(&self) -> Option<&[u8]> {
                None
            }
            fn algorithms(&self) -> &[SignatureAlgorithm] {
                &[SHA256]
            }
            fn sign(
                &self,
                _: SignatureAlgorithm,
                _: &[u8],
                _: &mut dyn CryptoRng,
            ) -> Result<Vec<u8>, CryptoError> {
                Err(CryptoError::Failed)
            }
        }
        let key = key();
        let unsigned = CsrBuilder::new(&name(), key.public_key_der())
            .build(SHA256)
            .unwrap();
        let error = unsigned
            .sign(&Broken, &Provider::rustcrypto(), &mut rng())
            .unwrap_err();
        assert_eq!(error, BuildError::Crypto(CryptoError::Failed));
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let name = name();
        let no_key = CsrBuilder::new(&name, &[0x30, 0])
            .build(SHA256)
            .unwrap_err();
        assert_eq!(no_key, BuildError::InvalidInput(Item::SubjectPublicKeyInfo));
        let key = key();
        let large = CsrBuilder::new(&name, key.public_key_der())
            .challenge_password(&"p".repeat(70_000))
            .build(SHA256)
            .unwrap()
            .sign(&key, &Provider::rustcrypto(), &mut rng())
            .unwrap_err();
        let item = Item::CertificationRequestAttributes;
        assert_eq!(large, BuildError::InvalidInput(item));
    }

    #[test]
    fn debug_hides_the_password() {
        let (name, key) = (name(), key());
        let builder = CsrBuilder::new(&name, key.public_key_der()).challenge_password("hidden");
        let unsigned = builder.build(SHA256).unwrap();
        let csr = unsigned
            .sign(&key, &Provider::rustcrypto(), &mut rng())
            .unwrap();
        let shown = format!("{builder:?} {unsigned:?} {csr:?}");
        assert!(
            !shown.contains("hidden") && shown.contains("Present(..)"),
            "{shown}"
        );
    }
}
