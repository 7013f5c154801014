//! RSA with public keys: verification of signatures, and encryption of content-encryption keys.

use super::Digests;
use super::digest::with_digest_type;
use crate::crypto::{
    ComputeDigest, CryptoError, DigestAlgorithm, EncryptKey, KeyTransport, SignatureAlgorithm,
    VerifySignature,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use der::AnyRef;
use rsa::pkcs1::RsaPublicKeyRef;
use rsa::{Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, Pss, PublicKey};
use signature::rand_core::CryptoRng;
use spki::SubjectPublicKeyInfoRef;

/// RSASSA-PKCS1-v1_5 and RSASSA-PSS with SHA-1 and SHA-2; RSASSA-PKCS1-v1_5 with MD5 too with the feature `legacy`.
///
/// A key is an rsaEncryption key with 1024 to 8192 bits and an odd public exponent from 3 to 2³³ - 1. PSS has the same
/// digest in MGF1 as over the message.
#[derive(Clone, Copy, Debug, Default)]
pub struct RsaSignatures;

impl VerifySignature for RsaSignatures {
    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let public_key = parse_public_key(public_key)?;
        let hash = Digests.digest(algorithm.digest(), message)?;
        let hash = hash.as_bytes();
        match algorithm {
            SignatureAlgorithm::RsaPkcs1v15(digest) => {
                // RFC 8017 writes NULL parameters into the DigestInfo, but some signers leave them out.
                let with_null = public_key.verify(pkcs1v15(digest), hash, signature);
                with_null
                    .or_else(|_| public_key.verify(pkcs1v15_without_null(digest), hash, signature))
            }
            SignatureAlgorithm::RsaPss {
                digest,
                mgf_digest,
                salt_len,
            } => {
                if digest != mgf_digest {
                    return Err(CryptoError::Unsupported);
                }
                with_digest_type!(digest, D => {
                    Ok(public_key.verify(Pss::<D>::new_with_salt(salt_len), hash, signature))
                })?
            }
            _ => return Err(CryptoError::Unsupported),
        }
        .map_err(|_| CryptoError::Failed)
    }
}

/// RSAES-PKCS1-v1_5, and RSAES-OAEP with SHA-1 and SHA-2 in any combination.
///
/// Keys are as those of [`RsaSignatures`].
#[derive(Clone, Copy, Debug, Default)]
pub struct RsaKeyTransport;

impl EncryptKey for RsaKeyTransport {
    fn encrypt_key(
        &self,
        algorithm: KeyTransport,
        public_key: &[u8],
        key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        let public_key = parse_public_key(public_key)?;
        match algorithm {
            KeyTransport::RsaPkcs1v15 => public_key.encrypt(rng, Pkcs1v15Encrypt, key),
            KeyTransport::RsaOaep { digest, mgf_digest } => {
                with_digest_type!(digest, D => with_digest_type!(mgf_digest, M => {
                    Ok(public_key.encrypt(rng, Oaep::<D, M>::new_with_mgf_hash(), key))
                }))?
            }
        }
        .map_err(|_| CryptoError::Failed)
    }
}

/// RSASSA-PKCS1-v1_5 with the DigestInfo of [RFC 8017, section 9.2](https://www.rfc-editor.org/rfc/rfc8017#section-9.2).
pub(super) fn pkcs1v15(digest: DigestAlgorithm) -> Pkcs1v15Sign {
    let [with_null, _] = digest_info_prefixes(digest);
    Pkcs1v15Sign {
        hash_len: Some(digest.output_len()),
        prefix: Box::from(with_null),
    }
}

/// RSASSA-PKCS1-v1_5 with a DigestInfo whose algorithm has no parameters.
fn pkcs1v15_without_null(digest: DigestAlgorithm) -> Pkcs1v15Sign {
    let [_, without_null] = digest_info_prefixes(digest);
    Pkcs1v15Sign {
        hash_len: Some(digest.output_len()),
        prefix: Box::from(without_null),
    }
}

/// What precedes the digest in a DigestInfo, with NULL as parameters of the algorithm and without parameters.
const fn digest_info_prefixes(digest: DigestAlgorithm) -> [&'static [u8]; 2] {
    match digest {
        DigestAlgorithm::Md5 => [
            b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10",
            b"\x30\x1e\x30\x0a\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x04\x10",
        ],
        DigestAlgorithm::Sha1 => [
            b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
            b"\x30\x1f\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a\x04\x14",
        ],
        DigestAlgorithm::Sha256 => [
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
            b"\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20",
        ],
        DigestAlgorithm::Sha384 => [
            b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
            b"\x30\x3f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x04\x30",
        ],
        DigestAlgorithm::Sha512 => [
            b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
            b"\x30\x4f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x04\x40",
        ],
    }
}

/// The most bytes of a modulus, 8192 bits: [`PublicKey::MAX_SIZE`].
pub(super) const MAX_MODULUS_LEN: usize = 1024;

/// The most bytes of a public exponent, 2³³ - 1: [`PublicKey::MAX_PUB_EXPONENT`].
const MAX_EXPONENT_LEN: usize = 5;

fn parse_public_key(public_key: &[u8]) -> Result<PublicKey, CryptoError> {
    let spki =
        SubjectPublicKeyInfoRef::try_from(public_key).map_err(|_| CryptoError::InvalidKey)?;
    let parameters = spki.algorithm.parameters.unwrap_or(AnyRef::NULL);
    if spki.algorithm.oid != rsa::pkcs1::ALGORITHM_OID || parameters != AnyRef::NULL {
        return Err(CryptoError::InvalidKey);
    }
    let public_key = spki.subject_public_key.as_bytes();
    let public_key = RsaPublicKeyRef::try_from(public_key.ok_or(CryptoError::InvalidKey)?)
        .map_err(|_| CryptoError::InvalidKey)?;
    // The exact limits are judged by rsa, but only after it has copied numbers of any size.
    if public_key.modulus.as_bytes().len() > MAX_MODULUS_LEN
        || public_key.public_exponent.as_bytes().len() > MAX_EXPONENT_LEN
    {
        return Err(CryptoError::InvalidKey);
    }
    PublicKey::try_from(public_key).map_err(|_| CryptoError::InvalidKey)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::testing::{self, hex};
    use crate::crypto::{DecryptionKey, SigningKey};
    use der::asn1::{BitStringRef, UintRef};
    use der::{Encode, oid::ObjectIdentifier};
    use rsa::traits::PublicKeyParts;
    use spki::AlgorithmIdentifierRef;

    const SHA256: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);

    // Made with OpenSSL 3.0.19 and the test key over "scep".
    const WITH_NULL: &str = "8f8da9b03dfd79019d9ef910f581af474482aba0c1f3cdbfafd58d83a534936f97de74ded7559376273536b0013f317c\
         9fc488845e617b016d841cd136755f0ee42df1c0e3239b61e0e4a03b4623d12406b30ad9e125a1c68c6d2a84f6a8b5da\
         4fd3d1d2a2d12fc27572d9d5e248e79828ff1a51000981ff685b13a868b4d32838f63c1c24453b63325591941abb7bd8\
         0422177d6d9abeb4a376b7ab04d27421c42c2d7aff3bd67156291b931eef931f2035ea83b1d8eef0878bbeb3ccd2591b\
         dce2c119923e9e52a0ef91abc8f0dcc1bc200862e602f925d15c983cd8bccd5d29967632127b72f5b0f12e9676785fcb\
         661e25fa5e07ca35be9cba3e53fc2486";
    const WITHOUT_NULL: &str = "2e8098d8d5bbdf73ed94bd367c3d80d46cd2f702371079fe4f03cf2f7e9f7860b99e6443925596930245dc29cfa18dc6\
         cb6c831ab19bfc7a4cd8ec12e36a4359c15b0d72fa7a23abe98eaef4db8f22272720ec115b8f9cb961c11971ac9e4900\
         02578c1c6bb14b243b2a77c1cdc69788677546029cb6cc3fca4edf09c0af3dd48b0aad2f633aa16b22eb9023d42a4da4\
         19121dd334dd3a006393a8c7edcf974b729d6390c45e09cbe2563b137162854a50d8c03dc598587274bd258a9fa1e7b2\
         ad0585669c6961daa06f087382c14d69852dcb72fa27f7492d7881c8084a258a13946e057977431b279fc2d077c0954d\
         097cd0d1d702943e1e627ede72d4491d";
    const PSS_SALT_11: &str = "18ab19503dd8a5cb59c68d1e8b68799ed32a9d11729768d36eb65622e63159a6d60b2e94e2bf578f157a581d7a2d4293\
         7902912a602c73183dbe1104643ffb73e9cc264e878e2999cd63e95fe6d7f932e5e50d54f3134e6d6d89e0c1e190e903\
         c1cf78f66406998e72778dde81c0de4e4bfba24aef69cc46c4ccd4adad2987318d1de391017609e7c6af4254aeabae90\
         17882ad278f5da77a5c08f7c46d78813b18538b2f7af6f067a25fbe97393bf290989e63a469ce04beef445a8694591ee\
         a22f0f1df71d5ad5bd8e15cc9815765f6061582a1260344975dacb37380ebf2a9488073dbec682c3817a1522791d5632\
         8753af65e27e0ed09f57696a6652ac2c";

    #[test]
    fn openssl_signatures_verify() {
        let key = testing::key();
        let pss = |digest, mgf_digest, salt_len| SignatureAlgorithm::RsaPss {
            digest,
            mgf_digest,
            salt_len,
        };
        let (sha1, sha256) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256);
        let verify = |algorithm, message: &[&[u8]], signature| {
            RsaSignatures.verify(algorithm, key.public_key_der(), message, &hex(signature))
        };
        assert_eq!(verify(SHA256, &[b"scep"], WITH_NULL), Ok(()));
        assert_eq!(verify(SHA256, &[b"sc", b"ep"], WITHOUT_NULL), Ok(()));
        assert_eq!(
            verify(pss(sha256, sha256, 11), &[b"scep"], PSS_SALT_11),
            Ok(())
        );
        for salt_len in [0, 10, 12, 32, 1 << 20, usize::MAX] {
            let verified = verify(pss(sha256, sha256, salt_len), &[b"scep"], PSS_SALT_11);
            assert_eq!(verified, Err(CryptoError::Failed));
        }
        let unequal = verify(pss(sha256, sha1, 11), &[b"scep"], PSS_SALT_11);
        assert_eq!(unequal, Err(CryptoError::Unsupported));
        assert_eq!(
            verify(SHA256, &[b"scop"], WITH_NULL),
            Err(CryptoError::Failed)
        );
        assert_eq!(
            verify(SHA256, &[b"scep"], PSS_SALT_11),
            Err(CryptoError::Failed)
        );
        let sha1 = SignatureAlgorithm::RsaPkcs1v15(sha1);
        assert_eq!(
            verify(sha1, &[b"scep"], WITH_NULL),
            Err(CryptoError::Failed)
        );
    }

    #[test]
    fn a_changed_signature_is_failed() {
        let key = testing::key();
        for algorithm in key.algorithms() {
            let signature = key.sign(*algorithm, b"scep", &mut testing::rng()).unwrap();
            let verify = |signature: &[u8]| {
                RsaSignatures.verify(*algorithm, key.public_key_der(), &[b"scep"], signature)
            };
            assert_eq!(verify(&signature), Ok(()), "{algorithm:?}");
            for position in [0, 1, 128, 255] {
                let mut changed = signature.clone();
                changed[position] ^= 1;
                assert_eq!(verify(&changed), Err(CryptoError::Failed));
            }
            for wrong in [&[][..], &signature[1..], &[0; 256], &[0xff; 256]] {
                assert_eq!(verify(wrong), Err(CryptoError::Failed));
            }
            let longer = [&[0], &signature[..]].concat();
            assert_eq!(verify(&longer), Err(CryptoError::Failed));
        }
    }

    #[test]
    fn md5_is_done_under_legacy_only() {
        let key = testing::key();
        let algorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Md5);
        let verified = RsaSignatures.verify(algorithm, key.public_key_der(), &[], &[0; 256]);
        let expected = if cfg!(feature = "legacy") {
            CryptoError::Failed
        } else {
            CryptoError::Unsupported
        };
        assert_eq!(verified, Err(expected));
        let pss = SignatureAlgorithm::RsaPss {
            digest: DigestAlgorithm::Md5,
            mgf_digest: DigestAlgorithm::Md5,
            salt_len: 16,
        };
        let verified = RsaSignatures.verify(pss, key.public_key_der(), &[], &[0; 256]);
        assert_eq!(verified, Err(CryptoError::Unsupported));
    }

    #[test]
    fn encrypted_keys_decrypt() {
        use DigestAlgorithm::{Md5, Sha1, Sha256, Sha384, Sha512};

        let key = testing::key();
        let rng = &mut testing::rng();
        let mut transports = Vec::from([KeyTransport::RsaPkcs1v15]);
        for digest in [Sha1, Sha256, Sha384, Sha512] {
            transports.extend(
                [Sha1, Sha256, Sha384, Sha512]
                    .map(|mgf_digest| KeyTransport::RsaOaep { digest, mgf_digest }),
            );
        }
        for transport in transports {
            for len in [16, 24, 32] {
                let plain = &[0x5a; 32][..len];
                let encrypted = RsaKeyTransport
                    .encrypt_key(transport, key.public_key_der(), plain, rng)
                    .unwrap();
                assert_eq!(encrypted.len(), 256);
                let decrypted = key.decrypt_key(transport, &encrypted, rng).unwrap();
                assert_eq!(*decrypted, plain, "{transport:?}");
            }
            let long = RsaKeyTransport.encrypt_key(transport, key.public_key_der(), &[1; 256], rng);
            assert_eq!(long, Err(CryptoError::Failed));
        }
        for (digest, mgf_digest) in [(Md5, Sha1), (Sha1, Md5), (Md5, Md5)] {
            let transport = KeyTransport::RsaOaep { digest, mgf_digest };
            let encrypted = RsaKeyTransport.encrypt_key(transport, key.public_key_der(), &[], rng);
            assert_eq!(encrypted, Err(CryptoError::Unsupported));
        }
    }

    #[test]
    fn unusable_public_keys_are_invalid() {
        let private_key = testing::private_key();
        let (n, e) = (
            private_key.n_bytes().into_vec(),
            private_key.e_bytes().into_vec(),
        );
        assert_eq!(check(&spki(&n, &e)), Err(CryptoError::Failed));
        assert_eq!(check(&spki(&n, &[3])), Err(CryptoError::Failed));
        assert_eq!(
            check(&spki(&n, &hex("01ffffffff"))),
            Err(CryptoError::Failed)
        );
        for e in [
            "00",
            "01",
            "02",
            "04",
            "010000",
            "0200000001",
            "0100000000000001",
        ] {
            assert_eq!(
                check(&spki(&n, &hex(e))),
                Err(CryptoError::InvalidKey),
                "{e}"
            );
        }
        let mut even = n.clone();
        even[255] &= 0xfe;
        assert_eq!(check(&spki(&even, &e)), Err(CryptoError::InvalidKey));
        for (len, first, expected) in [
            (127, 0xff, CryptoError::InvalidKey),
            (128, 0x7f, CryptoError::InvalidKey),
            (128, 0x80, CryptoError::Failed),
            (1024, 0xff, CryptoError::Failed),
            (1025, 0x01, CryptoError::InvalidKey),
            (4096, 0xff, CryptoError::InvalidKey),
        ] {
            let mut n = alloc::vec![0xff; len];
            n[0] = first;
            assert_eq!(
                check(&spki(&n, &e)),
                Err(expected),
                "{len} bytes from {first:#x}"
            );
        }
        let der = spki(&n, &e);
        for len in [0, 1, 20, der.len() - 1] {
            assert_eq!(check(&der[..len]), Err(CryptoError::InvalidKey));
        }
        assert_eq!(
            check(&[&der[..], &[0]].concat()),
            Err(CryptoError::InvalidKey)
        );
    }

    #[test]
    fn only_rsa_encryption_keys_are_taken() {
        let private_key = testing::private_key();
        let (n, e) = (private_key.n_bytes(), private_key.e_bytes());
        let rsa = rsa::pkcs1::ALGORITHM_OID;
        let pss = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
        assert_eq!(check(&spki_of(rsa, None, &n, &e)), Err(CryptoError::Failed));
        for (oid, parameters) in [
            (pss, None),
            (pss, Some(AnyRef::NULL)),
            (rsa, Some(AnyRef::new(der::Tag::Integer, &[1]).unwrap())),
        ] {
            let checked = check(&spki_of(oid, parameters, &n, &e));
            assert_eq!(checked, Err(CryptoError::InvalidKey));
        }
    }

    /// Verifies a wrong signature, which is failed if the key is taken.
    fn check(public_key: &[u8]) -> Result<(), CryptoError> {
        let encrypted = RsaKeyTransport.encrypt_key(
            KeyTransport::RsaPkcs1v15,
            public_key,
            &[0; 16],
            &mut testing::rng(),
        );
        let verified = RsaSignatures.verify(SHA256, public_key, &[], &[1; 256]);
        assert_eq!(encrypted.is_ok(), verified == Err(CryptoError::Failed));
        verified
    }

    fn spki(n: &[u8], e: &[u8]) -> Vec<u8> {
        spki_of(rsa::pkcs1::ALGORITHM_OID, Some(AnyRef::NULL), n, e)
    }

    fn spki_of(
        oid: ObjectIdentifier,
        parameters: Option<AnyRef<'_>>,
        n: &[u8],
        e: &[u8],
    ) -> Vec<u8> {
        let public_key = RsaPublicKeyRef {
            modulus: UintRef::new(n).unwrap(),
            public_exponent: UintRef::new(e).unwrap(),
        };
        let public_key = public_key.to_der().unwrap();
        SubjectPublicKeyInfoRef {
            algorithm: AlgorithmIdentifierRef { oid, parameters },
            subject_public_key: BitStringRef::from_bytes(&public_key).unwrap(),
        }
        .to_der()
        .unwrap()
    }
}
