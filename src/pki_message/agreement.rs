//! Key agreement, [RFC 5753, section 3.1]: what a message asks of the private key, and from its answer to the content key.
//!
//! [RFC 5753, section 3.1]: https://www.rfc-editor.org/rfc/rfc5753#section-3.1

use alloc::vec::Vec;

use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::Refused;
use crate::algorithm_identifier::{curve_of, write_key_wrap};
use crate::asn1::encode;
use crate::certificate::Certificate;
use crate::cms::KeyAgreeRecipient;
use crate::crypto::public_key::{ec_public_key, key_algorithm, key_curve, key_octets};
use crate::crypto::{CryptoError, EllipticCurve, KeyAgreement, Policy, Provider, check_public_key};
use crate::crypto::{key_wrap, x963_kdf};
use crate::oid;

/// How the content key of a message is encrypted by key agreement.
#[derive(Clone, Debug)]
pub(crate) struct AgreedKey {
    pub(super) agreement: KeyAgreement,
    curve: EllipticCurve,
    /// The public key with which the recipient's is to agree, a SubjectPublicKeyInfo.
    pub(crate) originator: Vec<u8>,
    shared_info: Vec<u8>,
}

impl AgreedKey {
    /// What a recipient names, if the policy allows it, for the holder of a public key, a SubjectPublicKeyInfo, to open.
    pub(crate) fn of(
        kari: &KeyAgreeRecipient<'_>,
        public_key: &[u8],
        policy: &Policy,
    ) -> Result<Self, Refused> {
        let scheme = kari.key_encryption;
        let kdf_digest = scheme
            .key_agreement_digest()
            .ok()
            .filter(|digest| policy.key_agreement_digests().contains(*digest))
            .ok_or(Refused::KeyAgreement(scheme.oid()))?;
        let named = scheme.key_wrap().ok_or(Refused::NoKeyWrap)?;
        let (wrap_oid, wrap) = named.wrap;
        let wrap = wrap
            .filter(|wrap| policy.key_wraps().contains(*wrap))
            .ok_or(Refused::KeyWrap(wrap_oid))?;
        let (curve, originator) = originator(kari, public_key)?;
        check_public_key(&originator, policy)?;
        let agreement = KeyAgreement { kdf_digest, wrap };
        let ukm = kari.ukm.map(|ukm| ukm.to_cow());
        Ok(Self {
            agreement,
            curve,
            originator,
            shared_info: x963_kdf::shared_info(named.raw, ukm.as_deref(), agreement),
        })
    }

    /// The content key of `len` bytes, from what the private key agreed on.
    pub(crate) fn unwrap(
        &self,
        provider: &Provider,
        secret: &[u8],
        encrypted_key: &[u8],
        len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let secret = self.whole_coordinate(secret)?;
        let kek = x963_kdf::derive(
            provider.digests(),
            self.agreement,
            &secret,
            &self.shared_info,
        )?;
        let ciphers = provider.content_encryption();
        key_wrap::unwrap(ciphers, self.agreement.wrap, &kek, encrypted_key, len)
    }

    /// The x coordinate as long as the curve's field: a private key elsewhere may have dropped leading zeros of it.
    fn whole_coordinate(&self, secret: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let len = self.curve.coordinate_len();
        let zeros = len.checked_sub(secret.len());
        let mut whole = Zeroizing::new(alloc::vec![0; len]);
        whole
            .get_mut(zeros.ok_or(CryptoError::Failed)?..)
            .unwrap_or_default()
            .copy_from_slice(secret);
        Ok(whole)
    }
}

/// The curve, and the originator's public key. Its curve is the recipient's, whether it says so or not.
fn originator(
    kari: &KeyAgreeRecipient<'_>,
    recipient: &[u8],
) -> Result<(EllipticCurve, Vec<u8>), Refused> {
    let curve = key_curve(recipient).ok_or_else(|| {
        let algorithm = key_algorithm(recipient);
        algorithm.map_or(Refused::EcKey, Refused::PublicKey)
    })?;
    let key = kari.originator_key.ok_or(Refused::Originator)?;
    if key.algorithm.oid() != oid::EC_PUBLIC_KEY {
        return Err(Refused::PublicKey(key.algorithm.oid()));
    }
    // Interop: OpenSSL writes no parameters, RFC 3278 had NULL, others name the curve.
    if !key.algorithm.has_null_or_none() {
        let named = key.algorithm.named_curve().ok_or(Refused::EcKey)?;
        if curve_of(named) != Some(curve) {
            return Err(Refused::Curve(named));
        }
    }
    Ok((curve, ec_public_key(curve, key.public_key)))
}

/// A content key that was encrypted to a public key.
pub(super) struct WrappedKey {
    pub(super) encrypted_key: Vec<u8>,
    /// The ephemeral public key, a SubjectPublicKeyInfo.
    ephemeral: Vec<u8>,
}

impl WrappedKey {
    /// Encrypts a content key to the holder of `certificate`.
    // RFC 5753, section 3.1.1, would have a ukm beside the ephemeral key, in case that is used twice. This one is made here, of
    // the same random numbers that a ukm would be.
    pub(super) fn new(
        provider: &Provider,
        certificate: &Certificate<'_>,
        agreement: KeyAgreement,
        key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, CryptoError> {
        let public_key = certificate.public_key_der();
        let (ephemeral, secret) = provider.key_encryption().agree(public_key, rng)?;
        // A key of another curve, or in another form, would be written into a message that nobody opens.
        let curve = key_curve(public_key);
        let point = key_octets(&ephemeral).filter(|_| key_curve(&ephemeral) == curve);
        let recipients = key_octets(public_key).map(<[u8]>::len);
        if curve.is_none() || point.map(<[u8]>::len) != recipients {
            return Err(CryptoError::InvalidKey);
        }
        let key_info = encode(16, |out| write_key_wrap(out, agreement.wrap));
        let shared_info = x963_kdf::shared_info(&key_info, None, agreement);
        let kek = x963_kdf::derive(provider.digests(), agreement, &secret, &shared_info)?;
        let ciphers = provider.content_encryption();
        Ok(Self {
            encrypted_key: key_wrap::wrap(ciphers, agreement.wrap, &kek, key)?,
            ephemeral,
        })
    }

    /// The point of the ephemeral key.
    pub(super) fn originator(&self) -> Result<&[u8], CryptoError> {
        key_octets(&self.ephemeral).ok_or(CryptoError::InvalidKey)
    }
}
