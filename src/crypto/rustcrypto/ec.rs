//! ECDSA and Ed25519 with public keys: verification of signatures.

use super::Digests;
use crate::crypto::public_key::key_curve;
use crate::crypto::{
    ComputeDigest, CryptoError, EllipticCurve, SignatureAlgorithm, VerifySignature,
};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::pkcs8::DecodePublicKey;

/// ECDSA over P-256, P-384 and P-521, each with SHA-256, SHA-384 and SHA-512, and Ed25519.
///
/// An ECDSA signature is a DER ECDSA-Sig-Value ([RFC 3279, section 2.2.3]), an Ed25519 one 64 bytes. Ed25519 is strict:
/// keys and signatures with points of small order are refused.
///
/// [RFC 3279, section 2.2.3]: https://www.rfc-editor.org/rfc/rfc3279#section-2.2.3
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
        match algorithm {
            SignatureAlgorithm::EcdsaSha256
            | SignatureAlgorithm::EcdsaSha384
            | SignatureAlgorithm::EcdsaSha512 => {
                let hash = Digests.digest(algorithm.digest(), message)?;
                verify_ecdsa(public_key, hash.as_bytes(), signature)
            }
            SignatureAlgorithm::Ed25519 => verify_ed25519(public_key, message, signature),
            _ => Err(CryptoError::Unsupported),
        }
    }
}

fn verify_ecdsa(public_key: &[u8], hash: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
    use p256::ecdsa as p256;
    use p384::ecdsa as p384;
    use p521::ecdsa as p521;

    let verify = match key_curve(public_key).ok_or(CryptoError::InvalidKey)? {
        EllipticCurve::P256 => verify_on_curve::<p256::VerifyingKey, p256::DerSignature>,
        EllipticCurve::P384 => verify_on_curve::<p384::VerifyingKey, p384::DerSignature>,
        EllipticCurve::P521 => verify_on_curve::<p521::VerifyingKey, p521::DerSignature>,
    };
    verify(public_key, hash, signature)
}

fn verify_on_curve<K, S>(
    public_key: &[u8],
    hash: &[u8],
    signature: &[u8],
) -> Result<(), CryptoError>
where
    K: DecodePublicKey + PrehashVerifier<S>,
    S: for<'s> TryFrom<&'s [u8]>,
{
    let key = K::from_public_key_der(public_key).map_err(|_| CryptoError::InvalidKey)?;
    let signature = S::try_from(signature).map_err(|_| CryptoError::Failed)?;
    key.verify_prehash(hash, &signature)
        .map_err(|_| CryptoError::Failed)
}

fn verify_ed25519(
    public_key: &[u8],
    message: &[&[u8]],
    signature: &[u8],
) -> Result<(), CryptoError> {
    let key = ed25519_dalek::VerifyingKey::from_public_key_der(public_key);
    let key = key.map_err(|_| CryptoError::InvalidKey)?;
    let signature = ed25519_dalek::Signature::from_slice(signature);
    let signature = signature.map_err(|_| CryptoError::Failed)?;
    // Strict verification takes no parts, and the tag of signed attributes stands apart from what follows it.
    key.verify_strict(&message.concat(), &signature)
        .map_err(|_| CryptoError::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SigningKey;
    use crate::crypto::rustcrypto::testing::{self, hex};
    use crate::crypto::rustcrypto::{EcKey, Ed25519Key};
    use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, EcdsaSha512};
    use alloc::vec::Vec;

    /// Made with OpenSSL 3.0 over "scep": the digest of the curve's own length, a longer one and a shorter one.
    fn known() -> Vec<(SignatureAlgorithm, EcKey, &'static str)> {
        alloc::vec![
            (
                EcdsaSha256,
                testing::p256(),
                "30450220472e0d5b63f4e2dc13ff1f680f4bdf1f28d77f02d4681fdf3f33f9c25cddeb0a022100f99342c3f68b2540ab\
                 30f11c24ad59d827a653c6948c6b5cc32f2e5e3674b2d2",
            ),
            (
                EcdsaSha512,
                testing::p256(),
                "3046022100fdae594e5d7288f5f85f4f88879d88a253f2543b55a731ddc045be15df0e7f46022100c7f82d8976895380\
                 d0f283816e1110580444ae77343e9b380cf1e49cad6f933e",
            ),
            (
                EcdsaSha384,
                testing::p384(),
                "3065023100d18951d37d602e2419846945d66e54a9b5a1bebd4de6b054aff30e21fe58514660e6b8e00dae787dd3f09c\
                 59288b635d023074e9f154e4492a7c2472c0b4630194bd625733c5cb5bdc1191b8d277805f92911eb504db217056ef90\
                 e889370e6b311a",
            ),
            (
                EcdsaSha512,
                testing::p521(),
                "308187024121cc269c251dfab55568f57b1148da5154fb25dc5bab62ded41ac4cef437a52ae797e262a00e4d1a0a3fca\
                 d914bdec2ed42363c9c72487044fc9af508090c943de024200fecad604715da6d453489ae6dd8ecdc84af8d4c56a2cc4\
                 7401d8c45915b099144a76c6400dc700219322ca957de0c8e5055424e6f18c84ece20f29098ca1491b75",
            ),
            (
                EcdsaSha256,
                testing::p521(),
                "3081880242008561e8c3968c53390c9addaf6cc1e33650d7fe4c229e990f5fb7dbaf8307099b6751490e85b1fdd8d2d3\
                 3578d5a2f19486747967ed01544fd164ffd026fd11ce7d024201cb36f21487175d05783a6b81dee589d36fae679ea695\
                 3f71b41e0fe81b4ec4f3b8cd459a17e2f6fa726d5f78efb493e6956308176f475b374a044025be153ca18e",
            ),
        ]
    }

    /// Made with OpenSSL 3.0 over "scep".
    const ED25519: &str = "ba3e202528b8ef1146d0310a41b96b7e5c2e40763a264395b34c132dfae10c1b477bbea785fb4ec7c51f0dfda879a4eb\
             d9eac1f5826030c1fee789e5a6a92a0a";

    fn verify(
        algorithm: SignatureAlgorithm,
        key: &dyn SigningKey,
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        EcSignatures.verify(algorithm, key.public_key().unwrap(), message, signature)
    }

    #[test]
    fn known_signatures_verify_over_their_message_only() {
        let mut known: Vec<_> = known()
            .into_iter()
            .map(|(algorithm, key, signature)| {
                let key: alloc::boxed::Box<dyn SigningKey> = alloc::boxed::Box::new(key);
                (algorithm, key, hex(signature))
            })
            .collect();
        known.push((
            SignatureAlgorithm::Ed25519,
            alloc::boxed::Box::new(testing::ed25519()),
            hex(ED25519),
        ));
        for (algorithm, key, signature) in known {
            let key = &*key;
            for message in [&[&b"scep"[..]][..], &[b"sc", b"", b"ep"]] {
                assert_eq!(verify(algorithm, key, message, &signature), Ok(()));
            }
            let failed = Err(CryptoError::Failed);
            assert_eq!(verify(algorithm, key, &[b"scer"], &signature), failed);
            for position in 0..signature.len() {
                let mut changed = signature.clone();
                changed[position] ^= 1;
                assert_eq!(verify(algorithm, key, &[b"scep"], &changed), failed);
            }
            let longer = [&signature[..], &[0]].concat();
            for wrong in [&[][..], &signature[1..], &longer] {
                assert_eq!(verify(algorithm, key, &[b"scep"], wrong), failed);
            }
        }
    }

    #[test]
    fn a_key_fits_its_own_algorithm_only() {
        let ec = testing::p256();
        let (rsa, ed25519) = (testing::key(), testing::ed25519());
        let ecdsa = [EcdsaSha256, EcdsaSha384, EcdsaSha512];
        let keys: [&dyn SigningKey; 2] = [&rsa, &ed25519];
        for (algorithm, key) in ecdsa
            .into_iter()
            .flat_map(|algorithm| keys.map(|key| (algorithm, key)))
            .chain([
                (SignatureAlgorithm::Ed25519, &rsa as &dyn SigningKey),
                (SignatureAlgorithm::Ed25519, &ec),
            ])
        {
            assert_eq!(
                verify(algorithm, key, &[], &[0; 64]),
                Err(CryptoError::InvalidKey)
            );
        }
        for algorithm in rsa.algorithms() {
            assert_eq!(
                verify(*algorithm, &rsa, &[], &[0; 256]),
                Err(CryptoError::Unsupported)
            );
        }
    }

    #[test]
    fn a_point_that_is_not_on_the_curve_is_no_key() {
        for key in [testing::p256(), testing::p384(), testing::p521()] {
            let mut spki = key.public_key_der().to_vec();
            *spki.last_mut().unwrap() ^= 1;
            assert_eq!(
                EcSignatures.verify(EcdsaSha256, &spki, &[], &[]),
                Err(CryptoError::InvalidKey)
            );
        }
    }

    #[test]
    fn an_ed25519_key_of_small_order_verifies_nothing() {
        // The neutral point with which the signature of zeros is right over every message, if nobody looks.
        let mut spki = testing::ed25519().public_key_der().to_vec();
        let at = spki.len() - 32;
        spki[at..].fill(0);
        spki[at] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert_eq!(
            EcSignatures.verify(SignatureAlgorithm::Ed25519, &spki, &[b"any"], &signature),
            Err(CryptoError::Failed)
        );
    }

    #[test]
    fn what_a_key_signs_verifies_as_what_it_was_signed_with() {
        let keys = [testing::p256(), testing::p384(), testing::p521()];
        let keys = keys.iter().map(|key| key as &dyn SigningKey);
        let ed25519: Ed25519Key = testing::ed25519();
        for key in keys.chain([&ed25519 as &dyn SigningKey]) {
            for signed in key.algorithms() {
                let signature = key.sign(*signed, b"message", &mut testing::rng()).unwrap();
                for algorithm in key.algorithms() {
                    let expected = if algorithm == signed {
                        Ok(())
                    } else {
                        Err(CryptoError::Failed)
                    };
                    assert_eq!(verify(*algorithm, key, &[b"message"], &signature), expected);
                }
            }
        }
    }
}
