//! What certificates, CRLs and CSRs have in common: a part that is signed, an algorithm, and a signature.

use alloc::vec::Vec;

use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::algorithm_identifier::{AlgorithmIdentifier, write_signature};
use crate::asn1::{Reader, Span, encode, tag};
use crate::crypto::{
    CryptoError, DigestSet, Policy, Provider, SignatureAlgorithm, SignatureScheme, SigningKey,
    check_public_key, is_same_key,
};
use crate::{BuildError, Item, Layer, Limits, Oid, ParseError, ParseErrorKind, Refused, oid};

/// The three parts of a SIGNED value (X.509), each where it stands in a buffer.
///
/// ```text
/// SIGNED ::= SEQUENCE { toBeSigned ANY, algorithm AlgorithmIdentifier, signature BIT STRING }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Signed {
    /// The signed part, with tag and length.
    to_be_signed: Span,
    /// The AlgorithmIdentifier, with tag and length.
    algorithm: Span,
    /// The octets of the signature.
    signature: Span,
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureFault {
    /// The algorithm or the key is unknown or refused by policy.
    Refused(Refused),
    /// The signature is wrong.
    Invalid,
}

impl Signed {
    /// Takes the next element, and reads the signed part with `read_part`. Spans are in `whole`.
    pub(crate) fn read<'a, T>(
        reader: &mut Reader<'a>,
        whole: &'a [u8],
        item: Item,
        read_part: impl FnOnce(&mut Reader<'a>) -> Result<T, ParseError>,
    ) -> Result<(Self, T), ParseError> {
        reader.nested(tag::SEQUENCE, item, |fields| {
            let part = fields.clone().expect(tag::SEQUENCE, item)?;
            let value = fields.nested(tag::SEQUENCE, item, read_part)?;
            let algorithm = fields
                .clone()
                .expect(tag::SEQUENCE, Item::AlgorithmIdentifier)?;
            AlgorithmIdentifier::read(fields)?;
            let signature = read_bit_string(fields, Item::Signature)?;
            let signed = Self {
                to_be_signed: Span::of(whole, part.raw),
                algorithm: Span::of(whole, algorithm.raw),
                signature: Span::of(whole, signature),
            };
            Ok((signed, value))
        })
    }

    /// The AlgorithmIdentifier as received.
    pub(crate) fn algorithm_der(self, whole: &[u8]) -> &[u8] {
        self.algorithm.of_buffer(whole)
    }

    /// The object identifier of the signature algorithm.
    pub(crate) fn algorithm_oid(self, whole: &[u8]) -> Oid {
        // `read` read the identifier once, so it reads again.
        self.algorithm_identifier(whole)
            .map_or(oid::DATA, |algorithm| algorithm.oid())
    }

    fn algorithm_identifier(self, whole: &[u8]) -> Option<AlgorithmIdentifier<'_>> {
        let der = self.algorithm.of_buffer(whole);
        AlgorithmIdentifier::read(&mut Reader::new_der(der, 0, Layer::Message, &Limits::REPLY)).ok()
    }

    /// Verifies the signature over the signed part as it was received, and gives its algorithm, one of those that the
    /// policy allows with `digests`. Where it is refused, `refused` names the place.
    pub(crate) fn verify(
        self,
        whole: &[u8],
        public_key: &[u8],
        provider: &Provider,
        policy: &Policy,
        digests: DigestSet,
        refused: fn(Oid) -> Refused,
    ) -> Result<SignatureAlgorithm, SignatureFault> {
        let oid = self.algorithm_oid(whole);
        let algorithm = self
            .algorithm_identifier(whole)
            .and_then(|identifier| identifier.signature(None).ok())
            .filter(|algorithm| is_allowed(*algorithm, policy, digests))
            .ok_or(SignatureFault::Refused(refused(oid)))?;
        check_public_key(public_key, policy).map_err(SignatureFault::Refused)?;
        let message = self.to_be_signed.of_buffer(whole);
        let signature = self.signature.of_buffer(whole);
        match provider
            .signatures()
            .verify(algorithm, public_key, &[message], signature)
        {
            Ok(()) => Ok(algorithm),
            Err(CryptoError::Unsupported) => {
                Err(SignatureFault::Refused(Refused::Unsupported(oid)))
            }
            Err(_) => Err(SignatureFault::Invalid),
        }
    }
}

/// Whether a policy allows a signature algorithm where it allows these digests.
pub(crate) fn is_allowed(
    algorithm: SignatureAlgorithm,
    policy: &Policy,
    digests: DigestSet,
) -> bool {
    let scheme = SignatureScheme::of(algorithm);
    policy.signature_schemes().contains(scheme)
        && digests.contains(algorithm.digest())
        && match algorithm {
            SignatureAlgorithm::RsaPss { mgf_digest, .. } => {
                policy.mgf_digests().contains(mgf_digest)
            }
            _ => true,
        }
}

/// Takes a BIT STRING of whole octets, and gives those.
pub(crate) fn read_bit_string<'a>(
    reader: &mut Reader<'a>,
    item: Item,
) -> Result<&'a [u8], ParseError> {
    let bits = reader.expect(tag::BIT_STRING, item)?;
    match bits.contents.split_first() {
        Some((0, octets)) => Ok(octets),
        _ => Err(reader.error_at(ParseErrorKind::InvalidValue, item, bits.offset)),
    }
}

/// Writes a typed value with the encoder of the `der` family.
pub(crate) fn typed_der(value: &impl der::Encode, item: Item) -> Result<Vec<u8>, ParseError> {
    value.to_der().map_err(|_| ParseError {
        kind: ParseErrorKind::InvalidValue,
        item,
        offset: 0,
        layer: Layer::Message,
    })
}

/// Reads with a decoder of the `der` family, for a typed view of what was received.
pub(crate) fn typed_view<'a, T: der::Decode<'a>>(
    der: &'a [u8],
    item: Item,
) -> Result<T, ParseError> {
    T::from_der(der).map_err(|_| ParseError {
        kind: ParseErrorKind::InvalidValue,
        item,
        offset: 0,
        layer: Layer::Message,
    })
}

/// A part that is yet to be signed.
pub(crate) struct Unsigned {
    pub(crate) to_be_signed: Zeroizing<Vec<u8>>,
    pub(crate) algorithm: SignatureAlgorithm,
    /// The DER SubjectPublicKeyInfo of the key that signs.
    pub(crate) public_key: Vec<u8>,
}

impl Unsigned {
    /// Signs with a key that is at hand, and puts the parts together.
    pub(crate) fn sign(
        &self,
        key: &dyn SigningKey,
        provider: &Provider,
        rng: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, BuildError> {
        if key
            .public_key()
            .is_some_and(|own| !is_same_key(own, &self.public_key))
        {
            return Err(BuildError::KeyMismatch);
        }
        if !key.algorithms().contains(&self.algorithm) {
            return Err(BuildError::NoAlgorithm);
        }
        let signature = key.sign(self.algorithm, &self.to_be_signed, rng)?;
        self.attach(&signature, provider)
    }

    /// Puts the parts together, if the signature is right.
    pub(crate) fn attach(
        &self,
        signature: &[u8],
        provider: &Provider,
    ) -> Result<Zeroizing<Vec<u8>>, BuildError> {
        let message = &[self.to_be_signed.as_slice()];
        provider
            .signatures()
            .verify(self.algorithm, &self.public_key, message, signature)
            .map_err(|error| match error {
                CryptoError::Failed => BuildError::WrongSignature,
                other => BuildError::Crypto(other),
            })?;
        let capacity = self.to_be_signed.len().saturating_add(signature.len());
        let der = encode(capacity.saturating_add(128), |w| {
            w.sequence(|w| {
                w.raw(&self.to_be_signed);
                write_signature(w, self.algorithm);
                w.bit_string(signature);
            });
        });
        Ok(Zeroizing::new(der))
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// The DER in a PEM file.
    pub(crate) fn pem(text: &[u8]) -> Vec<u8> {
        pem_rfc7468::decode_vec(text).unwrap().1
    }

    /// `der` with the only occurrence of `from` changed to `to`, of the same length.
    pub(crate) fn patched(der: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        let mut found = der.windows(from.len()).enumerate();
        let (at, _) = found.find(|(_, window)| *window == from).unwrap();
        assert!(found.all(|(_, window)| window != from));
        let mut out = der.to_vec();
        out[at..at + to.len()].copy_from_slice(to);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::Writer;

    fn signed(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        encode(0, |w| w.sequence(write))
    }

    fn read(der: &[u8]) -> Result<Signed, ParseError> {
        let mut reader = Reader::new_der(der, 0, Layer::Message, &Limits::REPLY);
        Signed::read(&mut reader, der, Item::Certificate, |part| {
            part.element(Item::Certificate)
        })
        .map(|(signed, _)| signed)
    }

    const ALGORITHM: &[u8] = &[0x30, 4, 6, 2, 0x2a, 3];

    #[test]
    fn the_parts_are_found() {
        let der = signed(|w| {
            w.sequence(|part| part.null());
            w.raw(ALGORITHM);
            w.bit_string(&[1, 2]);
        });
        let parts = read(&der).unwrap();
        assert_eq!(parts.to_be_signed.of_buffer(&der), [0x30, 2, 5, 0]);
        assert_eq!(parts.algorithm_der(&der), ALGORITHM);
        assert_eq!(parts.signature.of_buffer(&der), [1, 2]);
        assert_eq!(
            parts.algorithm_oid(&der),
            Oid::from_bytes(&[0x2a, 3]).unwrap()
        );
    }

    #[test]
    fn a_bit_string_with_unused_bits_or_without_octets_is_refused() {
        for contents in [&[][..], &[1, 0x80], &[8]] {
            let der = signed(|w| {
                w.sequence(|part| part.null());
                w.raw(ALGORITHM);
                w.tlv(tag::BIT_STRING, contents);
            });
            let error = read(&der).unwrap_err();
            assert_eq!(
                (error.kind(), error.item(), error.offset()),
                (ParseErrorKind::InvalidValue, Item::Signature, 12)
            );
        }
    }

    #[test]
    fn more_than_three_parts_are_refused() {
        let der = signed(|w| {
            w.sequence(|part| part.null());
            w.raw(ALGORITHM);
            w.bit_string(&[1, 2]);
            w.null();
        });
        assert_eq!(read(&der).unwrap_err().kind(), ParseErrorKind::TrailingData);
    }

    #[test]
    fn pss_is_held_against_its_mask_hash_too() {
        use crate::crypto::{DigestAlgorithm::*, SignatureSchemeSet};

        let policy = Policy::strict();
        let digests = policy.certificate_digests();
        let pss = |digest, mgf_digest| SignatureAlgorithm::RsaPss {
            digest,
            mgf_digest,
            salt_len: 20,
        };
        assert!(is_allowed(pss(Sha256, Sha1), &policy, digests));
        assert!(!is_allowed(pss(Sha256, Md5), &policy, digests));
        assert!(!is_allowed(pss(Sha1, Sha1), &policy, digests));
        let only_v15 = SignatureSchemeSet::of(&[SignatureScheme::RsaPkcs1v15]);
        let policy = policy.with_signature_schemes(only_v15);
        assert!(!is_allowed(pss(Sha256, Sha256), &policy, digests));
        assert!(is_allowed(
            SignatureAlgorithm::RsaPkcs1v15(Sha256),
            &policy,
            digests
        ));
    }
}
