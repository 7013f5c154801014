//! Sets of algorithms and of what else a policy allows, as bits in a byte.

use super::{
    ContentCipher, DigestAlgorithm, EllipticCurve, KeyTransport, KeyWrap, SignatureAlgorithm,
};
use core::fmt;

/// Defines a set of the values of one enum as bits.
macro_rules! bit_set {
    ($(#[$doc:meta])* $set:ident of $item:ident { $($variant:ident = $bit:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $set(u8);

        impl $set {
            /// The set without members.
            pub const EMPTY: Self = Self(0);

            /// The set of these members.
            #[must_use]
            pub const fn of(mut members: &[$item]) -> Self {
                let mut set = Self::EMPTY;
                while let [first, rest @ ..] = members {
                    set = set.with(*first);
                    members = rest;
                }
                set
            }

            /// The set with one more member.
            #[must_use]
            pub const fn with(self, member: $item) -> Self {
                Self(self.0 | Self::bit(member))
            }

            /// The set with one member less.
            #[must_use]
            pub const fn without(self, member: $item) -> Self {
                Self(self.0 & !Self::bit(member))
            }

            /// Whether this is a member.
            #[must_use]
            pub const fn contains(self, member: $item) -> bool {
                self.0 & Self::bit(member) != 0
            }

            /// The members, in the order in which their enum declares them.
            pub fn iter(self) -> impl Iterator<Item = $item> {
                $item::ALL.into_iter().filter(move |member| self.contains(*member))
            }

            const fn bit(member: $item) -> u8 {
                match member {
                    $($item::$variant => $bit,)+
                }
            }
        }

        impl fmt::Debug for $set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_set().entries(self.iter()).finish()
            }
        }
    };
}

bit_set! {
    /// A set of digest algorithms.
    DigestSet of DigestAlgorithm { Md5 = 1, Sha1 = 2, Sha256 = 4, Sha384 = 8, Sha512 = 16 }
}

bit_set! {
    /// A set of content ciphers.
    CipherSet of ContentCipher {
        DesCbc = 1, TripleDesCbc = 2, Aes128Cbc = 4, Aes192Cbc = 8, Aes256Cbc = 16
    }
}

bit_set! {
    /// A set of signature schemes.
    SignatureSchemeSet of SignatureScheme { RsaPkcs1v15 = 1, RsaPss = 2, Ecdsa = 4, Ed25519 = 8 }
}

bit_set! {
    /// A set of elliptic curves.
    CurveSet of EllipticCurve { P256 = 1, P384 = 2, P521 = 4 }
}

bit_set! {
    /// A set of key wraps.
    KeyWrapSet of KeyWrap { Aes128 = 1, Aes192 = 2, Aes256 = 4 }
}

bit_set! {
    /// A set of key transport schemes.
    TransportSet of TransportScheme { RsaPkcs1v15 = 1, RsaOaep = 2 }
}

bit_set! {
    /// A set of tolerances.
    ToleranceSet of Tolerance {
        MissingSenderNonce = 1, OaepMgfMismatch = 2, WeakRequests = 4, EncryptedDataContentType = 8, AnotherIssuer = 16
    }
}

/// A signature scheme, without its digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 ([RFC 8017, section 8.2](https://www.rfc-editor.org/rfc/rfc8017#section-8.2)).
    RsaPkcs1v15,
    /// RSASSA-PSS ([RFC 8017, section 8.1](https://www.rfc-editor.org/rfc/rfc8017#section-8.1)).
    RsaPss,
    /// ECDSA ([FIPS 186-5, section 6](https://doi.org/10.6028/NIST.FIPS.186-5)).
    Ecdsa,
    /// Ed25519 ([RFC 8032, section 5.1](https://www.rfc-editor.org/rfc/rfc8032#section-5.1)).
    Ed25519,
}

impl SignatureScheme {
    /// Every signature scheme that this crate can name.
    pub const ALL: [Self; 4] = [Self::RsaPkcs1v15, Self::RsaPss, Self::Ecdsa, Self::Ed25519];

    /// The scheme of a signature algorithm.
    #[must_use]
    pub const fn of(algorithm: SignatureAlgorithm) -> Self {
        match algorithm {
            SignatureAlgorithm::RsaPkcs1v15(_) => Self::RsaPkcs1v15,
            SignatureAlgorithm::RsaPss { .. } => Self::RsaPss,
            SignatureAlgorithm::EcdsaSha256
            | SignatureAlgorithm::EcdsaSha384
            | SignatureAlgorithm::EcdsaSha512 => Self::Ecdsa,
            SignatureAlgorithm::Ed25519 => Self::Ed25519,
        }
    }
}

/// An RSA key transport scheme, without its digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TransportScheme {
    /// RSAES-PKCS1-v1_5 ([RFC 8017, section 7.2](https://www.rfc-editor.org/rfc/rfc8017#section-7.2)).
    RsaPkcs1v15,
    /// RSAES-OAEP ([RFC 8017, section 7.1](https://www.rfc-editor.org/rfc/rfc8017#section-7.1)).
    RsaOaep,
}

impl TransportScheme {
    /// Every key transport scheme that this crate can name.
    pub const ALL: [Self; 2] = [Self::RsaPkcs1v15, Self::RsaOaep];

    /// The scheme of a key transport algorithm.
    #[must_use]
    pub const fn of(algorithm: KeyTransport) -> Self {
        match algorithm {
            KeyTransport::RsaPkcs1v15 => Self::RsaPkcs1v15,
            KeyTransport::RsaOaep { .. } => Self::RsaOaep,
        }
    }
}

/// A deviation from [RFC 8894](https://www.rfc-editor.org/rfc/rfc8894) that a policy may let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Tolerance {
    /// A request without senderNonce is read, against
    /// [RFC 8894, section 3.2.1.5](https://www.rfc-editor.org/rfc/rfc8894#section-3.2.1.5).
    MissingSenderNonce,
    /// After OAEP with absent MGF parameters fails, it is tried once more with the OAEP hash as MGF hash.
    ///
    /// Absent parameters mean SHA-1 ([RFC 8017, appendix A.2.1]), but a Go library in use means the OAEP hash by them.
    ///
    /// [RFC 8017, appendix A.2.1]: https://www.rfc-editor.org/rfc/rfc8017#appendix-A.2.1
    OaepMgfMismatch,
    /// A fresh request is written in 3DES or SHA-1 to a CA that lists nothing better in its capabilities, which nobody
    /// signed: [RFC 8894, section 3.5.2](https://www.rfc-editor.org/rfc/rfc8894#section-3.5.2).
    WeakRequests,
    /// An envelope is opened that calls its content encryptedData (1.2.840.113549.1.7.6) and not data, against
    /// [RFC 8894, section 3.2.2](https://www.rfc-editor.org/rfc/rfc8894#section-3.2.2). The content is read as data.
    EncryptedDataContentType,
    /// A client takes the certificate that it enrolled for, or asked for by GetCert, though none of the CA's certificates that
    /// it knows verifies it: [`Granted::issuer`](crate::Granted::issuer) and
    /// [`Issued::issuer`](crate::client::Issued::issuer) are `None` then.
    AnotherIssuer,
}

impl Tolerance {
    /// Every tolerance that this crate knows.
    pub const ALL: [Self; 5] = [
        Self::MissingSenderNonce,
        Self::OaepMgfMismatch,
        Self::WeakRequests,
        Self::EncryptedDataContentType,
        Self::AnotherIssuer,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    #[test]
    fn members_come_and_go() {
        let set = DigestSet::of(&[DigestAlgorithm::Sha512, DigestAlgorithm::Sha1]);
        for digest in DigestAlgorithm::ALL {
            let expected = matches!(digest, DigestAlgorithm::Sha512 | DigestAlgorithm::Sha1);
            assert_eq!(set.contains(digest), expected);
            assert!(set.with(digest).contains(digest));
            assert!(!set.without(digest).contains(digest));
            assert_eq!(set.with(digest).without(digest), set.without(digest));
        }
        assert_eq!(
            set.without(DigestAlgorithm::Sha1)
                .without(DigestAlgorithm::Sha512),
            DigestSet::EMPTY
        );
        assert_eq!(DigestSet::default(), DigestSet::EMPTY);
    }

    #[test]
    fn every_member_has_its_own_bit() {
        assert_eq!(
            DigestSet::of(&DigestAlgorithm::ALL)
                .iter()
                .collect::<Vec<_>>(),
            DigestAlgorithm::ALL
        );
        assert_eq!(
            CipherSet::of(&ContentCipher::ALL)
                .iter()
                .collect::<Vec<_>>(),
            ContentCipher::ALL
        );
        for cipher in ContentCipher::ALL {
            assert_eq!(
                CipherSet::of(&[cipher]).iter().collect::<Vec<_>>(),
                [cipher]
            );
        }
        for digest in DigestAlgorithm::ALL {
            assert_eq!(
                DigestSet::of(&[digest]).iter().collect::<Vec<_>>(),
                [digest]
            );
        }
        assert_eq!(TransportSet::of(&TransportScheme::ALL).iter().count(), 2);
        assert_eq!(
            SignatureSchemeSet::of(&SignatureScheme::ALL).iter().count(),
            4
        );
        assert_eq!(CurveSet::of(&EllipticCurve::ALL).iter().count(), 3);
        assert_eq!(KeyWrapSet::of(&KeyWrap::ALL).iter().count(), 3);
        assert_eq!(
            ToleranceSet::of(&Tolerance::ALL).iter().count(),
            Tolerance::ALL.len()
        );
    }

    #[test]
    fn debug_lists_names() {
        assert_eq!(format!("{:?}", DigestSet::EMPTY), "{}");
        let set = CipherSet::of(&[ContentCipher::Aes128Cbc, ContentCipher::DesCbc]);
        assert_eq!(format!("{set:?}"), "{DesCbc, Aes128Cbc}");
    }
}
