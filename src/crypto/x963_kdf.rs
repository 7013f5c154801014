//! The key derivation function of ANSI X9.63 as [RFC 5753, section 7.2] uses it: from the secret that two keys agree on to the
//! key that encrypts a content key.
//!
//! [RFC 5753, section 7.2]: https://www.rfc-editor.org/rfc/rfc5753#section-7.2

use super::{ComputeDigest, CryptoError, KeyAgreement};
use crate::asn1::{encode, tag};
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// What both sides hash along with the secret.
///
/// ```text
/// ECC-CMS-SharedInfo ::= SEQUENCE {
///     keyInfo AlgorithmIdentifier,
///     entityUInfo [0] EXPLICIT OCTET STRING OPTIONAL,
///     suppPubInfo [2] EXPLICIT OCTET STRING }
/// ```
///
/// `key_info` is the whole identifier of the key wrap, in the very bytes that stand in the message.
pub(crate) fn shared_info(key_info: &[u8], ukm: Option<&[u8]>, agreement: KeyAgreement) -> Vec<u8> {
    let bits = agreement.wrap.key_len().saturating_mul(8);
    let bits = u32::try_from(bits).unwrap_or_default().to_be_bytes();
    let capacity = [key_info.len(), ukm.map_or(0, <[u8]>::len), 32];
    encode(capacity.iter().sum(), |out| {
        out.sequence(|fields| {
            fields.raw(key_info);
            if let Some(ukm) = ukm {
                fields.nested(tag::context_constructed(0), |out| out.octet_string(ukm));
            }
            fields.nested(tag::context_constructed(2), |out| out.octet_string(&bits));
        });
    })
}

/// Derives the key that encrypts a content key.
pub(crate) fn derive(
    digests: &dyn ComputeDigest,
    agreement: KeyAgreement,
    secret: &[u8],
    shared_info: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let len = agreement.wrap.key_len();
    let mut key = Zeroizing::new(alloc::vec![0; len]);
    let blocks = key.chunks_mut(agreement.kdf_digest.output_len());
    for (block, counter) in blocks.zip(1_u32..) {
        let parts = [secret, &counter.to_be_bytes(), shared_info];
        let digest = Zeroizing::new(digests.digest(agreement.kdf_digest, &parts)?);
        block
            .iter_mut()
            .zip(digest.as_bytes())
            .for_each(|(to, from)| *to = *from);
    }
    Ok(key)
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests {
    use super::*;
    use crate::crypto::rustcrypto::{Digests, testing::hex};
    use crate::crypto::{DigestAlgorithm, KeyWrap};

    #[test]
    fn known_answers() {
        // NIST's ANSI X9.63-2001 KDF vectors: without shared information, 128 bits.
        let known = [
            (
                DigestAlgorithm::Sha1,
                "1c7d7b5f0597b03d06a018466ed1a93e30ed4b04dc64ccdd",
                "bf71dffd8f4d99223936beb46fee8ccc",
            ),
            (
                DigestAlgorithm::Sha256,
                "96c05619d56c328ab95fe84b18264b08725b85e33fd34f08",
                "443024c3dae66b95e6f5670601558f71",
            ),
        ];
        for (kdf_digest, secret, expected) in known {
            let wrap = KeyWrap::Aes128;
            let agreement = KeyAgreement { kdf_digest, wrap };
            let key = derive(&Digests, agreement, &hex(secret), &[]).unwrap();
            assert_eq!(key.as_slice(), hex(expected));
        }
    }

    #[test]
    fn a_long_key_is_of_several_digests() {
        let agreement = KeyAgreement {
            kdf_digest: DigestAlgorithm::Sha1,
            wrap: KeyWrap::Aes256,
        };
        let key = derive(&Digests, agreement, b"secret", b"info").unwrap();
        let digest = |counter: u8| {
            let message = [&b"secret"[..], &[0, 0, 0, counter], b"info"];
            Digests.digest(DigestAlgorithm::Sha1, &message).unwrap()
        };
        let both = [digest(1).as_bytes(), digest(2).as_bytes()].concat();
        assert_eq!(key.as_slice(), &both[..32]);
    }

    #[test]
    fn shared_info_is_der_around_the_identifier_as_it_came() {
        let agreement = KeyAgreement {
            kdf_digest: DigestAlgorithm::Sha256,
            wrap: KeyWrap::Aes192,
        };
        assert_eq!(
            shared_info(&[0x30, 0x80, 0, 0], None, agreement),
            hex("300c 3080 0000 a206 0404 0000 00c0")
        );
        assert_eq!(
            shared_info(&[0x30, 0], Some(b"ukm"), agreement),
            hex("3011 3000 a005 0403 756b6d a206 0404 0000 00c0")
        );
    }
}
