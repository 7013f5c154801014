//! ECDSA and Ed25519 with public keys: verification of signatures.

use ::aws_lc_rs::digest;
use ::aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, EcdsaVerificationAlgorithm, UnparsedPublicKey,
};

use super::rsa::digest_of;
use crate::crypto::public_key::key_curve;
use crate::crypto::rustcrypto;
use crate::crypto::{CryptoError, EllipticCurve, SignatureAlgorithm, VerifySignature};

/// ECDSA and Ed25519, as [`rustcrypto::EcSignatures`] has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct EcSignatures;

impl VerifySignature for EcSignatures {
    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let verified = key_curve(public_key)
            .and_then(|curve| ecdsa(curve, algorithm))
            .is_some_and(|(ecdsa, digest)| {
                let digest = digest_of(digest, message);
                UnparsedPublicKey::new(ecdsa, public_key)
                    .verify_digest(&digest, signature)
                    .is_ok()
            });
        if verified {
            return Ok(());
        }
        // Also what failed: it tells a wrong key from a wrong signature.
        rustcrypto::EcSignatures.verify(algorithm, public_key, message, signature)
    }
}

/// ECDSA by AWS-LC, and the digest that it is over.
fn ecdsa(
    curve: EllipticCurve,
    algorithm: SignatureAlgorithm,
) -> Option<(
    &'static EcdsaVerificationAlgorithm,
    &'static digest::Algorithm,
)> {
    use EllipticCurve::{P256, P384, P521};

    let (digest, ecdsa) = match algorithm {
        SignatureAlgorithm::EcdsaSha256 => (
            &digest::SHA256,
            match curve {
                P256 => &ECDSA_P256_SHA256_ASN1,
                P384 => &ECDSA_P384_SHA256_ASN1,
                P521 => &ECDSA_P521_SHA256_ASN1,
            },
        ),
        SignatureAlgorithm::EcdsaSha384 => (
            &digest::SHA384,
            match curve {
                P256 => &ECDSA_P256_SHA384_ASN1,
                P384 => &ECDSA_P384_SHA384_ASN1,
                P521 => &ECDSA_P521_SHA384_ASN1,
            },
        ),
        SignatureAlgorithm::EcdsaSha512 => (
            &digest::SHA512,
            match curve {
                P256 => &ECDSA_P256_SHA512_ASN1,
                P384 => &ECDSA_P384_SHA512_ASN1,
                P521 => &ECDSA_P521_SHA512_ASN1,
            },
        ),
        _ => return None,
    };
    Some((ecdsa, digest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::testing;
    use crate::crypto::{Provider, SigningKey, aws_lc_rs};
    use alloc::boxed::Box;
    use alloc::vec;
    use alloc::vec::Vec;

    /// The same keys for both providers.
    fn keys() -> Vec<[Box<dyn SigningKey>; 2]> {
        let mut keys: Vec<[Box<dyn SigningKey>; 2]> = Vec::new();
        for key in [testing::p256, testing::p384, testing::p521] {
            let fast = aws_lc_rs::EcKey::try_from(key()).unwrap();
            keys.push([Box::new(fast), Box::new(key())]);
        }
        let fast = aws_lc_rs::Ed25519Key::try_from(testing::ed25519()).unwrap();
        keys.push([Box::new(fast), Box::new(testing::ed25519())]);
        keys
    }

    /// What each provider says of a signature, which must be the same.
    fn verdict(
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let [fast, software] = [Provider::aws_lc_rs(), Provider::rustcrypto()].map(|provider| {
            provider
                .signatures()
                .verify(algorithm, public_key, message, signature)
        });
        assert_eq!(fast, software, "{algorithm:?}");
        fast
    }

    #[test]
    fn each_provider_verifies_what_either_signs() {
        for [fast, software] in keys() {
            assert_eq!(fast.algorithms(), software.algorithms());
            assert_eq!(fast.public_key(), software.public_key());
            let public_key = fast.public_key().unwrap();
            for (algorithm, key) in fast
                .algorithms()
                .iter()
                .flat_map(|algorithm| [(*algorithm, &fast), (*algorithm, &software)])
            {
                let signature = key.sign(algorithm, b"scep", &mut testing::rng()).unwrap();
                let verify = |message: &[&[u8]], signature: &[u8]| {
                    verdict(algorithm, public_key, message, signature)
                };
                assert_eq!(verify(&[b"sc", b"ep"], &signature), Ok(()));
                let failed = Err(CryptoError::Failed);
                assert_eq!(verify(&[b"sceq"], &signature), failed);
                for position in (0..signature.len()).step_by(31) {
                    let mut wrong = signature.clone();
                    wrong[position] ^= 1;
                    assert_eq!(verify(&[b"scep"], &wrong), failed);
                }
                let longer = [&signature[..], &[0]].concat();
                for wrong in [&[][..], &signature[1..], &longer] {
                    assert_eq!(verify(&[b"scep"], wrong), failed);
                }
            }
        }
    }

    #[test]
    fn a_key_fits_its_own_algorithm_only() {
        let rsa = testing::key();
        for [key, _] in keys() {
            let mut others = rsa.algorithms().to_vec();
            others.extend(
                keys()
                    .iter()
                    .flat_map(|[other, _]| other.algorithms().to_vec()),
            );
            others.retain(|other| !key.algorithms().contains(other));
            for other in others {
                let verdict = verdict(other, key.public_key().unwrap(), &[], &[0; 64]);
                assert_eq!(verdict, Err(CryptoError::InvalidKey), "{other:?}");
                let signed = key.sign(other, &[], &mut testing::rng());
                assert_eq!(signed, Err(CryptoError::Unsupported), "{other:?}");
            }
        }
    }

    #[test]
    fn a_key_that_is_none_verifies_nothing() {
        let signature = testing::p256()
            .sign(
                SignatureAlgorithm::EcdsaSha256,
                b"scep",
                &mut testing::rng(),
            )
            .unwrap();
        let good = testing::p256().public_key_der().to_vec();
        let mut off_the_curve = good.clone();
        *off_the_curve.last_mut().unwrap() ^= 1;
        // The parameters name P-384, whose points are longer.
        let mut another_curve = testing::p384().public_key_der()[..].to_vec();
        another_curve.truncate(another_curve.len() - 97);
        another_curve.extend(&good[good.len() - 65..]);
        let infinity = {
            let mut spki = good[..good.len() - 65].to_vec();
            spki.push(0);
            spki
        };
        for wrong in [
            &[][..],
            &good[1..],
            &off_the_curve,
            &another_curve,
            &infinity,
        ] {
            let verdict = verdict(
                SignatureAlgorithm::EcdsaSha256,
                wrong,
                &[b"scep"],
                &signature,
            );
            assert_eq!(verdict, Err(CryptoError::InvalidKey));
        }
    }

    #[test]
    fn an_ed25519_key_of_small_order_verifies_nothing() {
        let mut spki = testing::ed25519().public_key_der().to_vec();
        let at = spki.len() - 32;
        spki[at..].fill(0);
        spki[at] = 1;
        let mut signature = vec![0; 64];
        signature[0] = 1;
        assert_eq!(
            verdict(SignatureAlgorithm::Ed25519, &spki, &[b"any"], &signature),
            Err(CryptoError::Failed)
        );
    }
}
