//! The body of GetNextCACert, [RFC 8894, section 4.7.1](https://www.rfc-editor.org/rfc/rfc8894#section-4.7.1).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use signature::rand_core::CryptoRng;

use super::certs_only::CertsOnly;
use crate::asn1::Reader;
use crate::certificate::Certificate;
use crate::cms::{Encoding, SignedData, find_signer, write_certs_only};
use crate::crypto::{Policy, Provider, SignatureAlgorithm, SigningKey};
use crate::oid;
use crate::pki_message::build::Unsigned;
use crate::pki_message::{SignerIdentity, has_scep_attributes};
use crate::{BuildError, Item, Layer, Limit, Limits, ParseError, ParseErrorKind, VerifyError};

/// The next CA certificates, as the current CA's signature vouches for them.
///
/// A SignedData whose content is a [`CertsOnly`] set. Only what that content holds becomes visible: a certificate beside it
/// is covered by no signature.
#[derive(Clone)]
pub struct NextCaCertificates<'a> {
    input: Cow<'a, [u8]>,
    encoding: Encoding,
    limits: Limits,
}

impl<'a> NextCaCertificates<'a> {
    /// Reads a whole response body, BER or DER.
    ///
    /// # Errors
    /// A [`ParseError`] if the bytes are no SignedData with exactly one signer, or exceed a limit.
    pub fn parse(input: impl Into<Cow<'a, [u8]>>, limits: &Limits) -> Result<Self, ParseError> {
        let input = input.into();
        let mut reader = Reader::new(&input, 0, Layer::Message, limits);
        if input.len() > limits.input_len {
            return Err(reader.error(ParseErrorKind::LimitExceeded(Limit::InputLen), Item::Input));
        }
        let signed = SignedData::read_content_info(&mut reader, limits)?;
        reader.finish(Item::ContentInfo)?;
        signed.only_signer_info(Layer::Message, limits)?;
        let encoding = Encoding::of(reader.ber_seen());
        Ok(Self {
            input,
            encoding,
            limits: *limits,
        })
    }

    /// Verifies the signature by one of `signers`, the current CA's certificate or its RA's, and gives what it covers.
    ///
    /// # Errors
    /// [`VerifyError::NoSignedContent`] if the body has no content, however right its signature is;
    /// [`VerifyError::ScepAttributes`] if it is a pkiMessage; [`VerifyError::UntrustedSigner`] and others as for messages;
    /// [`VerifyError::Parse`] if the content is no certificates-only set.
    pub fn verify(
        &self,
        signers: &[&Certificate<'_>],
        provider: &Provider,
        policy: &Policy,
    ) -> Result<CertsOnly<'static>, VerifyError> {
        let limits = &self.limits;
        let mut reader = Reader::new(&self.input, 0, Layer::Message, limits);
        let signed = SignedData::read_content_info(&mut reader, limits)?;
        let (info, _) = signed.only_signer_info(Layer::Message, limits)?;
        // Interop: the jscep servlet puts the certificates beside an absent content, where nothing signs them.
        let content = signed
            .content
            .filter(|content| content.len > 0)
            .ok_or(VerifyError::NoSignedContent)?;
        let types = [oid::DATA.as_bytes(), oid::SIGNED_DATA.as_bytes()];
        if !types.contains(&signed.content_type) {
            return Err(VerifyError::ContentType);
        }
        if let Some(attributes) = &info.signed_attributes
            && has_scep_attributes(attributes, limits)?
        {
            return Err(VerifyError::ScepAttributes);
        }
        let candidates = signers.iter().map(|signer| (*signer).clone());
        let signer = find_signer(&info.sid, candidates).map_err(|error| match error {
            VerifyError::SignerCertificateMissing => VerifyError::UntrustedSigner,
            other => other,
        })?;
        let octets = content.to_cow();
        info.verify(
            signed.content_type,
            &octets,
            &signer,
            provider,
            policy,
            limits,
        )?;
        Ok(CertsOnly::parse(octets.into_owned(), limits)?)
    }

    /// Whether there is a content that a signature could cover; that the signature is right is not said.
    #[must_use]
    pub fn unverified_has_content(&self) -> bool {
        self.signed_data()
            .and_then(|signed| signed.content)
            .is_some_and(|content| content.len > 0)
    }

    /// The view that [`parse`](Self::parse) found readable.
    pub(crate) fn signed_data(&self) -> Option<SignedData<'_>> {
        let mut reader = Reader::new(&self.input, 0, Layer::Message, &self.limits);
        SignedData::read_content_info(&mut reader, &self.limits).ok()
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether the bytes are DER or BER.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }
}

impl core::fmt::Debug for NextCaCertificates<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NextCaCertificates")
            .field("len", &self.input.len())
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}

/// Builds the body of GetNextCACert.
#[derive(Clone, Debug)]
pub struct NextCaBuilder<'b> {
    certificates: &'b [Certificate<'b>],
    signer: &'b SignerIdentity<'b>,
}

impl<'b> NextCaBuilder<'b> {
    /// The next certificates, signed by the current CA.
    #[must_use]
    pub const fn new(certificates: &'b [Certificate<'b>], signer: &'b SignerIdentity<'b>) -> Self {
        Self {
            certificates,
            signer,
        }
    }

    /// Builds the body, which lacks its signature.
    ///
    /// # Errors
    /// [`BuildError::NoAlgorithm`] if the signer can do nothing that the policy allows; [`BuildError::Crypto`] if the
    /// provider lacks the digest.
    pub fn build(
        &self,
        provider: &Provider,
        policy: &Policy,
    ) -> Result<UnsignedNextCa, BuildError> {
        let certificates: Vec<&[u8]> = self.certificates.iter().map(Certificate::as_der).collect();
        let content = write_certs_only(&certificates, &[]);
        Unsigned::without_scep_attributes(provider, policy, self.signer, content)
            .map(UnsignedNextCa)
    }
}

/// The body of GetNextCACert that lacks its signature: sign it at once with [`sign`](Self::sign), or have
/// [`to_be_signed`](Self::to_be_signed) signed elsewhere and bring the signature to [`attach`](Self::attach).
#[derive(Clone)]
pub struct UnsignedNextCa(Unsigned);

impl UnsignedNextCa {
    /// Signs the body with the signer's key, and gives its bytes.
    ///
    /// # Errors
    /// [`BuildError::KeyMismatch`] if the key knows its public key and it is not the signer's;
    /// [`BuildError::WrongSignature`] if it does not know it and its signature is not the signer's, or if one of ECDSA is not in DER;
    /// [`BuildError::Crypto`] if it gives no signature.
    pub fn sign(
        self,
        key: &dyn SigningKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, BuildError> {
        self.0.sign(key, rng)
    }

    /// The bytes to be signed elsewhere, not yet digested.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        self.0.to_be_signed()
    }

    /// The algorithm with which they are to be signed.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }

    /// Takes the signature that was made elsewhere, and gives the body's bytes.
    ///
    /// # Errors
    /// [`BuildError::WrongSignature`] if it is not the signer's over [`to_be_signed`](Self::to_be_signed).
    pub fn attach(self, signature: &[u8], provider: &Provider) -> Result<Vec<u8>, BuildError> {
        self.0.attach(signature, provider)
    }
}

impl core::fmt::Debug for UnsignedNextCa {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("UnsignedNextCa { .. }")
    }
}
