//! Digests.

use crate::crypto::{ComputeDigest, CryptoError, DigestAlgorithm, DigestValue};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Evaluates an expression with a type that does one of the digests that RSA-PSS and OAEP take, or gives
/// [`CryptoError::Unsupported`].
macro_rules! with_digest_type {
    ($algorithm:expr, $digest:ident => $result:expr) => {
        match $algorithm {
            DigestAlgorithm::Md5 => Err(CryptoError::Unsupported),
            DigestAlgorithm::Sha1 => {
                type $digest = sha1::Sha1;
                $result
            }
            DigestAlgorithm::Sha256 => {
                type $digest = sha2::Sha256;
                $result
            }
            DigestAlgorithm::Sha384 => {
                type $digest = sha2::Sha384;
                $result
            }
            DigestAlgorithm::Sha512 => {
                type $digest = sha2::Sha512;
                $result
            }
        }
    };
}
pub(super) use with_digest_type;

/// SHA-1 and SHA-2; MD5 too with the feature `legacy`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Digests;

impl ComputeDigest for Digests {
    fn digest(
        &self,
        algorithm: DigestAlgorithm,
        parts: &[&[u8]],
    ) -> Result<DigestValue, CryptoError> {
        match algorithm {
            #[cfg(feature = "legacy")]
            DigestAlgorithm::Md5 => compute::<md5::Md5>(parts),
            #[cfg(not(feature = "legacy"))]
            DigestAlgorithm::Md5 => Err(CryptoError::Unsupported),
            DigestAlgorithm::Sha1 => compute::<Sha1>(parts),
            DigestAlgorithm::Sha256 => compute::<Sha256>(parts),
            DigestAlgorithm::Sha384 => compute::<Sha384>(parts),
            DigestAlgorithm::Sha512 => compute::<Sha512>(parts),
        }
    }
}

fn compute<D: Digest>(parts: &[&[u8]]) -> Result<DigestValue, CryptoError> {
    let mut digest = D::new();
    for part in parts {
        digest.update(part);
    }
    DigestValue::new(&digest.finalize()).ok_or(CryptoError::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::testing::hex;

    /// The digests of `abc`, from FIPS 180 and RFC 1321.
    const ABC: [(DigestAlgorithm, &str); 5] = [
        (DigestAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
        (
            DigestAlgorithm::Sha1,
            "a9993e364706816aba3e25717850c26c9cd0d89d",
        ),
        (
            DigestAlgorithm::Sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            DigestAlgorithm::Sha384,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
             8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            DigestAlgorithm::Sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ];

    #[test]
    fn known_answers() {
        for (algorithm, expected) in ABC {
            let whole = Digests.digest(algorithm, &[b"abc"]);
            if algorithm == DigestAlgorithm::Md5 && cfg!(not(feature = "legacy")) {
                assert_eq!(whole, Err(CryptoError::Unsupported));
                continue;
            }
            assert_eq!(whole.unwrap().as_bytes(), hex(expected));
            assert_eq!(whole.unwrap().as_bytes().len(), algorithm.output_len());
            assert_eq!(Digests.digest(algorithm, &[b"a", b"", b"bc"]), whole);
            assert_ne!(Digests.digest(algorithm, &[b"ab"]), whole);
        }
    }

    #[test]
    fn nothing_is_digested_as_the_empty_string() {
        let empty = hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for parts in [&[][..], &[&b""[..]][..]] {
            let digest = Digests.digest(DigestAlgorithm::Sha256, parts).unwrap();
            assert_eq!(digest.as_bytes(), empty);
        }
    }
}
