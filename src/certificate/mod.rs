//! Certificates as they are received.

use alloc::borrow::Cow;
use core::fmt;
use core::hash::{Hash, Hasher};

use crate::asn1::{Reader, Span, tag};
use crate::crypto::{Policy, Provider};
use crate::name::NameRef;
use crate::oid::{self, Oid};
use crate::signed::{SignatureFault, Signed, typed_der, typed_view};
use crate::{Cause, Item, Layer, Limits, ParseError, Refused};

mod extension;
mod key_usage;
mod validity;

pub use extension::Extension;
pub(crate) use extension::{Criticality, iter_extensions, read_extensions, write_extension};
pub use key_usage::KeyUsage;
pub use validity::Validity;
#[cfg(any(feature = "diagnose", feature = "intune"))]
pub(crate) use validity::civil_text;
#[cfg(feature = "diagnose")]
pub(crate) use validity::unix_seconds;

/// A certificate as it was received ([RFC 5280, section 4.1]).
///
/// The bytes stay as they are, and are what signatures are verified over and what travels on. Only the outline is
/// read, so certificates that break rules of RFC 5280 can be used too; [`to_x509`](Self::to_x509) gives a typed view
/// of one that breaks none. Two certificates are equal if their bytes are.
///
/// [RFC 5280, section 4.1]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1
#[derive(Clone)]
pub struct Certificate<'a> {
    der: Cow<'a, [u8]>,
    parts: Parts,
}

/// Where the parts stand in the DER.
#[derive(Clone, Copy)]
struct Parts {
    signed: Signed,
    serial: Span,
    inner_algorithm: Span,
    issuer: Span,
    validity: Span,
    subject: Span,
    public_key: Span,
    extensions: Span,
}

/// Reading.
impl<'a> Certificate<'a> {
    /// Takes the DER of a certificate, borrowed or owned, and nothing after it.
    ///
    /// # Errors
    /// If the outline is not that of a certificate.
    // Interop: sscep sends serials of 32 octets, others negative ones or zero; Windows marks a foreign
    // authorityKeyIdentifier critical. All of these are read: nothing is judged here.
    pub fn from_der(der: impl Into<Cow<'a, [u8]>>) -> Result<Self, ParseError> {
        let der = der.into();
        let parts = Parts::read(&der)?;
        Ok(Self { der, parts })
    }
}

#[cfg(feature = "pem")]
impl Certificate<'static> {
    /// Takes the first PEM block, which must be a `CERTIFICATE`; what follows it, such as a chain, is not looked at.
    ///
    /// # Errors
    /// If it is none, or as [`from_der`](Self::from_der).
    #[cfg_attr(docsrs, doc(cfg(feature = "pem")))]
    pub fn from_pem(pem: &str) -> Result<Self, ParseError> {
        let invalid = ParseError {
            kind: crate::ParseErrorKind::InvalidValue,
            item: Item::Certificate,
            offset: 0,
            layer: Layer::Message,
        };
        // The decoder takes one block and nothing behind it.
        const END: &str = "-----END CERTIFICATE-----";
        let end = pem.find(END).and_then(|at| at.checked_add(END.len()));
        let block = end.and_then(|end| pem.get(..end)).unwrap_or(pem);
        // Lines of any one length, not only of 64 characters.
        let mut decoder =
            pem_rfc7468::Decoder::new_detect_wrap(block.as_bytes()).map_err(|_| invalid)?;
        if decoder.type_label() != "CERTIFICATE" {
            return Err(invalid);
        }
        let mut der = alloc::vec::Vec::new();
        decoder.decode_to_end(&mut der).map_err(|_| invalid)?;
        Self::from_der(der)
    }
}

impl Parts {
    fn read(der: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new_der(der, 0, Layer::Message, &Limits::REPLY);
        let item = Item::Certificate;
        let (signed, mut parts) = Signed::read(&mut reader, der, item, |fields| {
            fields.optional(tag::context_constructed(0), item)?;
            let serial = fields.expect(tag::INTEGER, item)?.contents;
            let inner_algorithm = fields.expect(tag::SEQUENCE, Item::AlgorithmIdentifier)?.raw;
            let issuer = fields.expect(tag::SEQUENCE, item)?.raw;
            let validity = fields.expect(tag::SEQUENCE, item)?.raw;
            let subject = fields.expect(tag::SEQUENCE, item)?.raw;
            let public_key = fields
                .expect(tag::SEQUENCE, Item::SubjectPublicKeyInfo)?
                .raw;
            fields.optional(tag::context(1), item)?;
            fields.optional(tag::context(2), item)?;
            let extensions_tag = tag::context_constructed(3);
            let extensions = if fields.is_next(extensions_tag) {
                fields.nested(extensions_tag, Item::Extensions, read_extensions)?
            } else {
                &[]
            };
            let span = |part| Span::of(der, part);
            Ok(Self {
                signed: Signed::default(),
                serial: span(serial),
                inner_algorithm: span(inner_algorithm),
                issuer: span(issuer),
                validity: span(validity),
                subject: span(subject),
                public_key: span(public_key),
                extensions: span(extensions),
            })
        })?;
        reader.finish(item)?;
        parts.signed = signed;
        Ok(parts)
    }
}

/// What stands in it.
impl Certificate<'_> {
    /// The bytes as they were received.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate with a buffer of its own.
    #[must_use]
    pub fn into_owned(self) -> Certificate<'static> {
        Certificate {
            der: Cow::Owned(self.der.into_owned()),
            parts: self.parts,
        }
    }

    /// The same certificate without a copy.
    #[must_use]
    pub fn borrowed(&self) -> Certificate<'_> {
        Certificate {
            der: Cow::Borrowed(&self.der),
            parts: self.parts,
        }
    }

    /// The contents octets of the serial number: an INTEGER, big-endian, of any length and sign.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        self.parts.serial.of_buffer(&self.der)
    }

    /// The name of the issuer.
    #[must_use]
    pub fn issuer(&self) -> NameRef<'_> {
        NameRef::new(self.issuer_der())
    }

    /// The DER of the name of the issuer.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        self.parts.issuer.of_buffer(&self.der)
    }

    /// The name of the subject.
    #[must_use]
    pub fn subject(&self) -> NameRef<'_> {
        NameRef::new(self.subject_der())
    }

    /// The DER of the name of the subject.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        self.parts.subject.of_buffer(&self.der)
    }

    /// The DER of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key_der(&self) -> &[u8] {
        self.parts.public_key.of_buffer(&self.der)
    }

    /// When the certificate is valid, or `None` if the times cannot be understood.
    #[must_use]
    pub fn validity(&self) -> Option<Validity> {
        Validity::from_der(self.parts.validity.of_buffer(&self.der))
    }

    /// The object identifier of the algorithm that the issuer signed with.
    #[must_use]
    pub fn signature_algorithm_oid(&self) -> Oid {
        self.parts.signed.algorithm_oid(&self.der)
    }

    /// Whether issuer and subject are the same bytes. That the certificate is signed with its own key is not said.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.issuer_der() == self.subject_der()
    }

    /// A typed view.
    ///
    /// # Errors
    /// If `x509-cert` refuses the certificate, which remains usable here.
    pub fn to_x509(&self) -> Result<x509_cert::Certificate, ParseError> {
        typed_view(&self.der, Item::Certificate)
    }
}

/// Its extensions.
impl Certificate<'_> {
    /// Every extension, in order.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        iter_extensions(self.parts.extensions.of_buffer(&self.der))
    }

    /// The first extension of a type.
    #[must_use]
    pub fn extension(&self, oid: Oid) -> Option<Extension<'_>> {
        self.extensions().find(|extension| extension.oid() == oid)
    }

    /// The subjectKeyIdentifier, [RFC 5280, section 4.2.1.2](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.2).
    #[must_use]
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        let extension = self.extension(oid::SUBJECT_KEY_IDENTIFIER)?;
        let identifier =
            value_reader(extension.value()).expect(tag::OCTET_STRING, Item::Extensions);
        identifier.ok().map(|identifier| identifier.contents)
    }

    /// The keyUsage, or `None` if the certificate has no such extension, which allows every usage.
    ///
    /// One that cannot be read allows nothing.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        let extension = self.extension(oid::KEY_USAGE)?;
        Some(read_key_usage(extension.value()))
    }

    /// Whether basicConstraints says that it is a CA
    /// ([RFC 5280, section 4.2.1.9](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9)).
    #[must_use]
    pub fn is_ca(&self) -> bool {
        let Some(extension) = self.extension(oid::BASIC_CONSTRAINTS) else {
            return false;
        };
        let is_ca =
            value_reader(extension.value()).nested(tag::SEQUENCE, Item::Extensions, |fields| {
                let is_ca = fields.optional(tag::BOOLEAN, Item::Extensions)?;
                fields.optional(tag::INTEGER, Item::Extensions)?;
                Ok(is_ca.is_some_and(|value| value.contents.iter().any(|byte| *byte != 0)))
            });
        is_ca.unwrap_or(false)
    }

    /// The purposes in extKeyUsage; none if the certificate has no such extension.
    pub fn extended_key_usage(&self) -> impl Iterator<Item = Oid> {
        let value = self.extension(oid::EXT_KEY_USAGE);
        purposes(value.map_or(&[], |extension| extension.value()))
    }
}

/// Who issued it.
impl Certificate<'_> {
    /// Verifies that `issuer` issued this certificate: its name stands here as issuer, it may issue certificates, and
    /// the signature is right over the bytes as they were received. Who may issue is a CA, or a root that has no
    /// basicConstraints.
    ///
    /// Nothing else of path validation is done: no times, no path length, no name constraints, no revocation.
    ///
    /// # Errors
    /// As the variants say.
    pub fn verify_issued_by(
        &self,
        issuer: &Certificate<'_>,
        provider: &Provider,
        policy: &Policy,
    ) -> Result<(), CertificateSignatureError> {
        if self.issuer_der() != issuer.subject_der() {
            return Err(CertificateSignatureError::AnotherIssuer);
        }
        if !issuer.may_issue() {
            return Err(CertificateSignatureError::IssuerIsNoCa);
        }
        self.verify_signature(issuer.public_key_der(), provider, policy)
    }

    /// Verifies the signature with `public_key`, the DER of a SubjectPublicKeyInfo.
    pub(crate) fn verify_signature(
        &self,
        public_key: &[u8],
        provider: &Provider,
        policy: &Policy,
    ) -> Result<(), CertificateSignatureError> {
        let Parts {
            signed,
            inner_algorithm,
            ..
        } = self.parts;
        // RFC 5280, section 4.1.1.2: the two must be the same.
        if signed.algorithm_der(&self.der) != inner_algorithm.of_buffer(&self.der) {
            return Err(CertificateSignatureError::Invalid);
        }
        signed.verify(
            &self.der,
            public_key,
            provider,
            policy,
            policy.certificate_digests(),
            Refused::CertificateSignature,
        )?;
        Ok(())
    }

    /// Whether the certificate may issue others: that of a CA, or a root of the time before basicConstraints.
    pub(crate) fn may_issue(&self) -> bool {
        let old_root = self.is_self_issued() && self.extension(oid::BASIC_CONSTRAINTS).is_none();
        (self.is_ca() || old_root) && self.key_usage().is_none_or(KeyUsage::key_cert_sign)
    }
}

/// Why a certificate or CRL does not count as issued by another certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateSignatureError {
    /// The issuer that it names is another one.
    AnotherIssuer,
    /// The extensions of the issuer's certificate do not let it issue.
    IssuerIsNoCa,
    /// The signature algorithm or the issuer's key is unknown or refused by policy.
    Refused(Refused),
    /// The signature is wrong.
    Invalid,
}

impl CertificateSignatureError {
    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::AnotherIssuer | Self::IssuerIsNoCa => Cause::Protocol,
            Self::Refused(_) => Cause::Policy,
            Self::Invalid => Cause::Undecodable,
        }
    }
}

impl From<SignatureFault> for CertificateSignatureError {
    fn from(fault: SignatureFault) -> Self {
        match fault {
            SignatureFault::Refused(refused) => Self::Refused(refused),
            SignatureFault::Invalid => Self::Invalid,
        }
    }
}

impl fmt::Display for CertificateSignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnotherIssuer => f.write_str("the named issuer is another one"),
            Self::IssuerIsNoCa => f.write_str("the issuer's certificate does not let it issue"),
            Self::Refused(refused) => refused.fmt(f),
            Self::Invalid => f.write_str("the issuer's signature is wrong"),
        }
    }
}

impl core::error::Error for CertificateSignatureError {}

impl TryFrom<&x509_cert::Certificate> for Certificate<'static> {
    type Error = ParseError;

    fn try_from(certificate: &x509_cert::Certificate) -> Result<Self, ParseError> {
        Self::from_der(typed_der(certificate, Item::Certificate)?)
    }
}

impl PartialEq<Certificate<'_>> for Certificate<'_> {
    fn eq(&self, other: &Certificate<'_>) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate<'_> {}

impl Hash for Certificate<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.der.hash(state);
    }
}

/// Shows the subject and the serial number.
impl fmt::Debug for Certificate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Certificate {{ subject: \"{}\", serial: ",
            self.subject()
        )?;
        for byte in self.serial() {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(", .. }")
    }
}

/// The keyUsage in the value of its extension. One that cannot be read allows nothing.
pub(crate) fn read_key_usage(value: &[u8]) -> KeyUsage {
    let bits = value_reader(value).expect(tag::BIT_STRING, Item::Extensions);
    KeyUsage::from_bit_string(bits.map_or(&[], |bits| bits.contents))
}

/// The purposes in the value of extKeyUsage, as far as they can be read.
pub(crate) fn purposes(value: &[u8]) -> impl Iterator<Item = Oid> + use<'_> {
    let purposes = value_reader(value).expect(tag::SEQUENCE, Item::Extensions);
    let mut reader = value_reader(purposes.map_or(&[], |purposes| purposes.contents));
    core::iter::from_fn(move || Oid::from_bytes(reader.oid(Item::Extensions).ok()?))
}

/// Reads the value of an extension, in BER: it is covered by the issuer's signature as it is.
fn value_reader(value: &[u8]) -> Reader<'_> {
    Reader::new(value, 0, Layer::Message, &Limits::REPLY)
}

#[cfg(test)]
mod tests;
