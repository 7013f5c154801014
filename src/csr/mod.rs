//! Certification requests, PKCS #10 ([RFC 2986](https://www.rfc-editor.org/rfc/rfc2986)).

use alloc::vec::Vec;
use core::fmt;

use x509_cert::request::CertReq;
use zeroize::Zeroizing;

use crate::asn1::{Element, Reader, Span, encode, tag};
use crate::certificate::{Extension, iter_extensions, read_extensions};
use crate::crypto::public_key::key_algorithm;
use crate::crypto::{DigestAlgorithm, Policy, Provider, SignatureAlgorithm};
use crate::name::NameRef;
use crate::oid::{self, Oid};
use crate::signed::{SignatureFault, Signed, typed_der, typed_view};
use crate::{
    Cause, FailInfo, Item, Layer, Limit, Limits, OpenError, ParseError, ParseErrorKind, Refused,
};

mod build;
mod challenge_password;

pub use build::{CsrBuilder, UnsignedCsr};
pub(crate) use challenge_password::Challenge;
pub use challenge_password::{ChallengeKind, ChallengePassword, PresentedPassword};

/// A certification request whose own signature is right: the requester has the private key.
///
/// The bytes stay as they came, also for a service that must see them untouched. Made only by
/// [`UnverifiedCsr::verify`], by opening a request, and by a [`CsrBuilder`]. The bytes hold the challenge password, so
/// they are zeroised in the end and not shown by [`Debug`](fmt::Debug).
#[derive(Clone)]
pub struct Csr {
    buffer: Zeroizing<Vec<u8>>,
    parts: CsrParts,
    algorithm: SignatureAlgorithm,
}

/// What stands in it.
impl Csr {
    /// The bytes as they were received, the challenge password among them.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        self.parts.whole.of_buffer(&self.buffer)
    }

    /// The version number: 0, which is called v1, unless the peer does it wrong.
    // Interop: Apple's client of 2016 writes 2.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.parts.version
    }

    /// The name of the subject.
    #[must_use]
    pub fn subject(&self) -> NameRef<'_> {
        NameRef::new(self.subject_der())
    }

    /// The DER of the name of the subject.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        self.parts.subject.of_buffer(&self.buffer)
    }

    /// The DER of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key_der(&self) -> &[u8] {
        self.parts.public_key.of_buffer(&self.buffer)
    }

    /// The algorithm of its signature.
    #[must_use]
    pub const fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The challenge password ([RFC 2985, section 5.4.1](https://www.rfc-editor.org/rfc/rfc2985#section-5.4.1)).
    #[must_use]
    pub fn challenge_password(&self) -> ChallengePassword<'_> {
        self.parts.challenge_password(&self.buffer)
    }

    /// The requested extensions, from extensionRequest
    /// ([RFC 2985, section 5.4.2](https://www.rfc-editor.org/rfc/rfc2985#section-5.4.2)) and from its Microsoft twin.
    ///
    /// An extension that was sent twice comes twice. All of them are wishes of the requester, who proved nothing but
    /// to have the key.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        iter_requested_extensions(self.attributes_contents())
    }

    /// The first requested extension of a type.
    #[must_use]
    pub fn extension(&self, oid: Oid) -> Option<Extension<'_>> {
        self.extensions().find(|extension| extension.oid() == oid)
    }

    /// Every attribute with its values: the DER of the SET OF, or of what was sent in its place.
    ///
    /// The challenge password is among them.
    pub fn attributes(&self) -> impl Iterator<Item = (Oid, &[u8])> {
        iter_attributes(self.attributes_contents()).map(|(oid, values)| (oid, values.raw))
    }

    /// The contents of attributes, for [`iter_attributes`].
    pub(crate) fn attributes_contents(&self) -> &[u8] {
        self.parts.attributes.of_buffer(&self.buffer)
    }

    /// A typed view. It has the challenge password too, shows it by `Debug`, and does not wipe it.
    ///
    /// # Errors
    /// If `x509-cert` refuses the CSR, which remains usable here.
    pub fn to_x509(&self) -> Result<CertReq, ParseError> {
        typed_view(self.as_der(), Item::CertificationRequest)
    }
}

impl Csr {
    /// From a buffer that starts with the CSR in which `checked` was found.
    pub(crate) const fn from_checked(buffer: Zeroizing<Vec<u8>>, checked: CheckedCsr) -> Self {
        Self {
            buffer,
            parts: checked.parts,
            algorithm: checked.algorithm,
        }
    }
}

/// A certification request whose own signature nobody has verified: its sender need not have the private key.
#[derive(Clone)]
pub struct UnverifiedCsr {
    buffer: Zeroizing<Vec<u8>>,
    parts: CsrParts,
}

impl UnverifiedCsr {
    /// Takes the DER of a CSR and nothing after it.
    ///
    /// # Errors
    /// If it cannot be read, exceeds a limit, or has more than one challenge password.
    pub fn from_der(der: impl Into<Vec<u8>>, limits: &Limits) -> Result<Self, ParseError> {
        let buffer = Zeroizing::new(der.into());
        if buffer.len() > limits.bound(Limit::InputLen) {
            return Err(ParseError {
                kind: ParseErrorKind::LimitExceeded(Limit::InputLen),
                item: Item::Input,
                offset: 0,
                layer: Layer::Message,
            });
        }
        let (parts, len) = Self::read_prefix(&buffer, Layer::Message, limits)?;
        if len < buffer.len() {
            return Err(ParseError {
                kind: ParseErrorKind::TrailingData,
                item: Item::CertificationRequest,
                offset: len,
                layer: Layer::Message,
            });
        }
        Ok(Self { buffer, parts })
    }

    /// Reads the CSR with which a buffer starts, and tells its length.
    pub(crate) fn read_prefix(
        buffer: &[u8],
        layer: Layer,
        limits: &Limits,
    ) -> Result<(CsrParts, usize), ParseError> {
        let mut reader = Reader::new_der(buffer, 0, layer, limits);
        let parts = CsrParts::read(&mut reader, buffer, limits)?;
        Ok((parts, reader.offset()))
    }

    /// Spends the time of verifying a CSR on one whose signature cost nothing, because it cannot be read, is refused, or is over a
    /// point off its curve: who waits for the answer must not learn from its time which of them it was.
    ///
    /// The key is of the size that nearly all CSRs have. It is nobody's, and no signature is right under it.
    pub(crate) fn check_in_vain(payload: &[u8], provider: &Provider) {
        let algorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
        let _ = provider
            .signatures()
            .verify(algorithm, &nobodys_key(), &[payload], &[1; 256]);
    }

    /// Verifies its signature with its own public key, both as far as the policy allows them.
    ///
    /// # Errors
    /// As the variants say.
    pub fn verify(&self, provider: &Provider, policy: &Policy) -> Result<Csr, CsrError> {
        let checked = self.parts.check(&self.buffer, provider, policy)?;
        Ok(Csr::from_checked(self.buffer.clone(), checked))
    }

    /// The bytes as they were received.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        self.parts.whole.of_buffer(&self.buffer)
    }

    /// The object identifier of its signature algorithm.
    #[must_use]
    pub fn signature_algorithm_oid(&self) -> Oid {
        self.parts.signed.algorithm_oid(&self.buffer)
    }

    /// The name of the subject, for logs.
    #[must_use]
    pub fn unverified_subject(&self) -> NameRef<'_> {
        NameRef::new(self.parts.subject.of_buffer(&self.buffer))
    }

    /// The contents of attributes, for [`iter_attributes`].
    pub(crate) fn attributes_contents(&self) -> &[u8] {
        self.parts.attributes.of_buffer(&self.buffer)
    }

    /// The DER of the SubjectPublicKeyInfo.
    #[cfg(feature = "diagnose")]
    pub(crate) fn public_key_der(&self) -> &[u8] {
        self.parts.public_key.of_buffer(&self.buffer)
    }

    /// The challenge password of whoever sent this.
    #[must_use]
    pub fn unverified_challenge_password(&self) -> ChallengePassword<'_> {
        self.parts.challenge_password(&self.buffer)
    }
}

impl TryFrom<&CertReq> for UnverifiedCsr {
    type Error = ParseError;

    fn try_from(csr: &CertReq) -> Result<Self, ParseError> {
        Self::from_der(
            typed_der(csr, Item::CertificationRequest)?,
            &Limits::REQUEST,
        )
    }
}

/// Where the parts of a CSR stand in a buffer.
#[derive(Clone, Copy)]
pub(crate) struct CsrParts {
    whole: Span,
    signed: Signed,
    version: u8,
    subject: Span,
    public_key: Span,
    /// The contents of attributes.
    attributes: Span,
    /// Tag and contents of the challenge password.
    challenge: Option<(u8, Span)>,
}

/// The parts of a CSR whose own signature is right.
#[derive(Clone, Copy)]
pub(crate) struct CheckedCsr {
    parts: CsrParts,
    algorithm: SignatureAlgorithm,
}

impl CsrParts {
    fn read<'a>(
        reader: &mut Reader<'a>,
        buffer: &'a [u8],
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        let item = Item::CertificationRequest;
        let whole = reader.clone().expect(tag::SEQUENCE, item)?;
        let (signed, mut parts) = Signed::read(reader, buffer, item, |fields| {
            let version = fields.small_integer(item)?;
            let subject = fields.expect(tag::SEQUENCE, item)?;
            let public_key = fields.expect(tag::SEQUENCE, Item::SubjectPublicKeyInfo)?;
            let mut parts = Self {
                whole: Span::of(buffer, whole.raw),
                signed: Signed::default(),
                version,
                subject: Span::of(buffer, subject.raw),
                public_key: Span::of(buffer, public_key.raw),
                attributes: Span::default(),
                challenge: None,
            };
            // Interop: some clients leave the attributes out, which RFC 2986, section 4, does not allow.
            if !fields.at_end() {
                parts.read_attributes(fields, buffer, limits)?;
            }
            Ok(parts)
        })?;
        parts.signed = signed;
        Ok(parts)
    }

    fn read_attributes<'a>(
        &mut self,
        fields: &mut Reader<'a>,
        buffer: &'a [u8],
        limits: &Limits,
    ) -> Result<(), ParseError> {
        let item = Item::CertificationRequestAttributes;
        let attributes_tag = tag::context_constructed(0);
        let attributes =
            fields
                .clone()
                .elements(attributes_tag, item, Limit::Attributes, limits)?;
        self.attributes = Span::of(buffer, attributes.contents);
        fields.nested(attributes_tag, item, |reader| {
            let mut passwords = 0_usize;
            while !reader.at_end() {
                let start = reader.clone();
                let (oid, values) = read_attribute(reader)?;
                let len = reader.offset().saturating_sub(start.offset());
                if len > limits.bound(Limit::AttributeLen) {
                    let kind = ParseErrorKind::LimitExceeded(Limit::AttributeLen);
                    return Err(start.error(kind, item));
                }
                if oid == oid::CHALLENGE_PASSWORD {
                    passwords = passwords.saturating_add(1);
                    if passwords > 1 {
                        let item = Item::ChallengePassword;
                        return Err(start.error(ParseErrorKind::Duplicate, item));
                    }
                    let value = read_challenge(&start, &values)?;
                    self.challenge =
                        value.map(|value| (value.tag, Span::of(buffer, value.contents)));
                } else if is_extension_request(oid) {
                    check_extension_request(start)?;
                }
            }
            Ok(())
        })
    }

    fn challenge_password<'a>(&self, buffer: &'a [u8]) -> ChallengePassword<'a> {
        match self.challenge {
            None => ChallengePassword::Absent,
            Some((tag, span)) => ChallengePassword::of(tag, span.of_buffer(buffer)),
        }
    }

    /// Whether the CSR, found in `buffer`, is for an RSA key.
    pub(crate) fn has_rsa_key(&self, buffer: &[u8]) -> bool {
        key_algorithm(self.public_key.of_buffer(buffer)) == Some(oid::RSA_ENCRYPTION)
    }

    /// Verifies the signature of the CSR, found in `buffer`, with its own public key.
    pub(crate) fn check(
        &self,
        buffer: &[u8],
        provider: &Provider,
        policy: &Policy,
    ) -> Result<CheckedCsr, CsrError> {
        let algorithm = self.signed.verify(
            buffer,
            self.public_key.of_buffer(buffer),
            provider,
            policy,
            policy.csr_digests(),
            Refused::CsrSignature,
        )?;
        Ok(CheckedCsr {
            parts: *self,
            algorithm,
        })
    }
}

/// Takes an attribute and gives its type and the element where its values should stand.
fn read_attribute<'a>(reader: &mut Reader<'a>) -> Result<(Oid, Element<'a>), ParseError> {
    let item = Item::CertificationRequestAttributes;
    reader.nested(tag::SEQUENCE, item, |fields| {
        let oid = fields.oid(item)?;
        let values = fields.element(item)?;
        // `Reader::oid` gave the contents, so they fit.
        Ok((Oid::from_bytes(oid).unwrap_or(oid::DATA), values))
    })
}

/// The one value of a challengePassword attribute, if it has any.
// Interop: micromdm before 1.0 wrote a bare OCTET STRING in the place of the SET OF values.
fn read_challenge<'a>(
    attribute: &Reader<'_>,
    values: &Element<'a>,
) -> Result<Option<Element<'a>>, ParseError> {
    let error = |kind| attribute.error(kind, Item::ChallengePassword);
    let value = match values.tag {
        tag::SET => {
            let mut elements = iter_values(values.raw);
            let value = elements.next().transpose();
            if elements.next().is_some() {
                return Err(error(ParseErrorKind::Duplicate));
            }
            value.map_err(|_| error(ParseErrorKind::InvalidValue))?
        }
        tag::OCTET_STRING => Some(*values),
        _ => return Err(error(ParseErrorKind::InvalidValue)),
    };
    match value {
        Some(value) if !challenge_password::is_text(value.tag) => {
            Err(error(ParseErrorKind::InvalidValue))
        }
        value => Ok(value),
    }
}

/// Requires that every value of the next attribute, an extension request, is a SEQUENCE OF Extension.
fn check_extension_request(mut attribute: Reader<'_>) -> Result<(), ParseError> {
    let item = Item::CertificationRequestAttributes;
    attribute.nested(tag::SEQUENCE, item, |fields| {
        fields.oid(item)?;
        fields.nested(tag::SET, item, |values| {
            while !values.at_end() {
                read_extensions(values)?;
            }
            Ok(())
        })
    })
}

/// The attributes again that [`CsrParts`] saw: types, and the elements where their values stand.
pub(crate) fn iter_attributes<'a>(
    contents: &'a [u8],
) -> impl Iterator<Item = (Oid, Element<'a>)> + use<'a> {
    let mut reader = Reader::new_der(contents, 0, Layer::Message, &Limits::REPLY);
    core::iter::from_fn(move || read_attribute(&mut reader).ok())
}

/// The extensions of every extension request among these attributes.
pub(crate) fn iter_requested_extensions<'a>(
    contents: &'a [u8],
) -> impl Iterator<Item = Extension<'a>> + use<'a> {
    iter_attributes(contents)
        .filter(|(oid, _)| is_extension_request(*oid))
        .flat_map(|(_, values)| iter_values(values.raw))
        // They were read before.
        .filter_map(Result::ok)
        .flat_map(|value| iter_extensions(value.contents))
}

/// The values in a SET OF, up to the first that cannot be read.
pub(crate) fn iter_values<'a>(
    set: &'a [u8],
) -> impl Iterator<Item = Result<Element<'a>, ParseError>> + use<'a> {
    let item = Item::CertificationRequestAttributes;
    let mut reader = Reader::new_der(set, 0, Layer::Message, &Limits::REPLY);
    let values = reader.element(item);
    let mut rest =
        values.map(|values| Reader::new_der(values.contents, 0, Layer::Message, &Limits::REPLY));
    core::iter::from_fn(move || {
        let value = match &mut rest {
            Ok(reader) if reader.at_end() => return None,
            Ok(reader) => reader.element(item),
            Err(error) => Err(*error),
        };
        if value.is_err() {
            rest = Ok(Reader::new_der(&[], 0, Layer::Message, &Limits::REPLY));
        }
        Some(value)
    })
}

/// A SubjectPublicKeyInfo with an RSA modulus of 2048 bits, all of them set, and the exponent 65537.
fn nobodys_key() -> Vec<u8> {
    let key = encode(280, |w| {
        w.sequence(|key| {
            key.unsigned_integer(&[0xff; 256]);
            key.unsigned_integer(&[1, 0, 1]);
        });
    });
    encode(304, |w| {
        w.sequence(|info| {
            info.sequence(|algorithm| {
                algorithm.oid(oid::RSA_ENCRYPTION);
                algorithm.null();
            });
            info.bit_string(&key);
        });
    })
}

fn is_extension_request(oid: Oid) -> bool {
    oid == oid::EXTENSION_REQUEST || oid == oid::MS_CERT_EXTENSIONS
}

/// Why a CSR does not count as made by who has the private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CsrError {
    /// The signature algorithm or the public key is unknown or refused by policy.
    Refused(Refused),
    /// The signature is wrong.
    Signature,
}

impl CsrError {
    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Refused(_) => Cause::Policy,
            Self::Signature => Cause::Undecodable,
        }
    }

    /// What a server should answer: badMessageCheck, as to an envelope that does not open.
    ///
    /// Whoever captures an envelope can flip bits in it, so a finer answer would tell what is inside.
    #[must_use]
    pub const fn fail_info(&self) -> FailInfo {
        FailInfo::BadMessageCheck
    }
}

impl From<SignatureFault> for CsrError {
    fn from(fault: SignatureFault) -> Self {
        match fault {
            SignatureFault::Refused(refused) => Self::Refused(refused),
            SignatureFault::Invalid => Self::Signature,
        }
    }
}

impl From<CsrError> for OpenError {
    fn from(error: CsrError) -> Self {
        match error {
            CsrError::Refused(refused) => Self::CsrRefused(refused),
            CsrError::Signature => Self::CsrSignature,
        }
    }
}

impl fmt::Display for CsrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::Signature => f.write_str("the CSR is not signed by its own key"),
        }
    }
}

impl core::error::Error for CsrError {}

/// Shows the subject, and of the challenge password whether it is there.
impl fmt::Debug for Csr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Csr")
            .field("subject", &self.subject())
            .field("challenge_password", &self.challenge_password())
            .finish_non_exhaustive()
    }
}

/// Shows the subject, and of the challenge password whether it is there.
impl fmt::Debug for UnverifiedCsr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedCsr")
            .field("unverified_subject", &self.unverified_subject())
            .field(
                "unverified_challenge_password",
                &self.unverified_challenge_password(),
            )
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
