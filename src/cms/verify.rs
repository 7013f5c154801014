//! Verification of a SignerInfo over its content, [RFC 5652, section 5.6](https://www.rfc-editor.org/rfc/rfc5652#section-5.6).

use super::{Attribute, Identifier, SignedAttributes, SignerInfo};
use crate::algorithm_identifier::digest_oid;
use crate::asn1::{Reader, der_sorted_set, tag};
use crate::certificate::Certificate;
use crate::crypto::{
    CryptoError, DigestAlgorithm, Policy, Provider, SignatureAlgorithm, check_public_key,
    is_same_key,
};
use crate::oid;
use crate::signed::is_allowed;
use crate::{Layer, Limits, Refused, VerifyError};

/// Over which form of the signed attributes a signature was found right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignedForm {
    /// The bytes as they came.
    AsReceived,
    /// The DER encoding of attributes that came in another order or in BER.
    Der,
    /// The content itself: the SignerInfo has no signed attributes.
    Content,
}

/// A SignerInfo whose signature is right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VerifiedSigner {
    pub(crate) digest: DigestAlgorithm,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) form: SignedForm,
}

/// The certificate that a SignerIdentifier names, among `candidates`; if none is named byte for byte, one that resembles.
pub(crate) fn find_signer<'a>(
    sid: &Identifier<'_>,
    candidates: impl Iterator<Item = Certificate<'a>>,
) -> Result<Certificate<'a>, VerifyError> {
    let (mut exact, mut resembling) = (None, None);
    for candidate in candidates {
        if sid.matches(&candidate) {
            add_of_one_key(&mut exact, candidate);
        } else if sid.resembles(&candidate) {
            add_of_one_key(&mut resembling, candidate);
        }
    }
    exact
        .or(resembling)
        .unwrap_or(Err(VerifyError::SignerCertificateMissing))
}

/// Keeps the first of the certificates that have one identifier, as long as they all have one key.
fn add_of_one_key<'a>(
    found: &mut Option<Result<Certificate<'a>, VerifyError>>,
    candidate: Certificate<'a>,
) {
    match found {
        None => *found = Some(Ok(candidate)),
        Some(Ok(first)) if !is_same_key(first.public_key_der(), candidate.public_key_der()) => {
            *found = Some(Err(VerifyError::AmbiguousSigner));
        }
        Some(_) => {}
    }
}

impl SignerInfo<'_> {
    /// The digest and signature algorithm, if they are known, fit together, and the policy allows them.
    pub(crate) fn algorithms(
        &self,
        policy: &Policy,
    ) -> Result<(DigestAlgorithm, SignatureAlgorithm), VerifyError> {
        let refused_digest =
            VerifyError::Refused(Refused::MessageDigest(self.digest_algorithm.oid()));
        let digest = self.digest_algorithm.digest().map_err(|_| refused_digest)?;
        if !policy.message_digests().contains(digest) {
            return Err(refused_digest);
        }
        let refused_signature =
            VerifyError::Refused(Refused::Signature(self.signature_algorithm.oid()));
        let algorithm = self
            .signature_algorithm
            .signature(Some(digest))
            .map_err(|_| refused_signature)?;
        if algorithm.digest() != digest {
            return Err(VerifyError::DigestMismatch {
                signer_info: digest,
                signature: algorithm.digest(),
            });
        }
        if !is_allowed(algorithm, policy, policy.message_digests()) {
            return Err(refused_signature);
        }
        Ok((digest, algorithm))
    }

    /// Verifies the signature over `content` of this type with the key of `signer`.
    pub(crate) fn verify(
        &self,
        content_type: &[u8],
        content: &[u8],
        signer: &Certificate<'_>,
        provider: &Provider,
        policy: &Policy,
        limits: &Limits,
    ) -> Result<VerifiedSigner, VerifyError> {
        let (digest, algorithm) = self.algorithms(policy)?;
        check_public_key(signer.public_key_der(), policy).map_err(VerifyError::Refused)?;
        let unsupported = Refused::Unsupported(self.signature_algorithm.oid());
        let signature = self.signature.to_cow();
        let verify = |message: &[&[u8]]| {
            provider
                .signatures()
                .verify(algorithm, signer.public_key_der(), message, &signature)
        };
        let outcome = |result| match result {
            Ok(()) => Ok(()),
            Err(CryptoError::Unsupported) => Err(VerifyError::Refused(unsupported)),
            Err(_) => Err(VerifyError::Signature),
        };
        let Some(attributes) = &self.signed_attributes else {
            outcome(verify(&[content]))?;
            return Ok(VerifiedSigner {
                digest,
                algorithm,
                form: SignedForm::Content,
            });
        };
        attributes.check(content_type, content, digest, provider, limits)?;
        // RFC 5652, section 5.4: the tag that is signed is that of SET OF, not the [0] of the message.
        let received = verify(&[&[tag::SET], attributes.after_tag]);
        let form = if received == Err(CryptoError::Failed) {
            let der = der_sorted_set(attributes.contents(), limits)?;
            if der.get(1..) == Some(attributes.after_tag) {
                return Err(VerifyError::Signature);
            }
            outcome(verify(&[&der]))?;
            SignedForm::Der
        } else {
            outcome(received)?;
            SignedForm::AsReceived
        };
        Ok(VerifiedSigner {
            digest,
            algorithm,
            form,
        })
    }
}

impl SignedAttributes<'_> {
    /// Requires the contentType of the content and a messageDigest that is its digest, each once.
    fn check(
        &self,
        expected_type: &[u8],
        content: &[u8],
        digest: DigestAlgorithm,
        provider: &Provider,
        limits: &Limits,
    ) -> Result<(), VerifyError> {
        let computed = provider
            .digests()
            .digest(digest, &[content])
            .map_err(|_| VerifyError::Refused(Refused::Unsupported(digest_oid(digest))))?;
        let mut reader = Reader::new(self.contents(), self.offset(), Layer::Message, limits);
        let (mut content_type, mut message_digest) = (None, None);
        while !reader.at_end() {
            let attribute = Attribute::read(&mut reader, limits)?;
            let (slot, tag, error) = if attribute.oid == oid::CONTENT_TYPE.as_bytes() {
                (&mut content_type, tag::OID, VerifyError::ContentType)
            } else if attribute.oid == oid::MESSAGE_DIGEST.as_bytes() {
                (
                    &mut message_digest,
                    tag::OCTET_STRING,
                    VerifyError::MessageDigest,
                )
            } else {
                continue;
            };
            let value = attribute.value.filter(|value| value.tag == tag);
            match (value, slot.is_some()) {
                (Some(value), false) => *slot = Some(value.contents),
                _ => return Err(error),
            }
        }
        if content_type != Some(expected_type) {
            return Err(VerifyError::ContentType);
        }
        if message_digest != Some(computed.as_bytes()) {
            return Err(VerifyError::MessageDigest);
        }
        Ok(())
    }
}
