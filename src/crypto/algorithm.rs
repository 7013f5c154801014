//! The algorithms that SCEP messages name, as plain values.

/// A digest algorithm of [RFC 8894, section 2.9] or older.
///
/// The list is what this crate can name; whether a message may use one is decided by a
/// [`Policy`](super::Policy), and whether it can be computed by the [`Provider`](super::Provider).
///
/// [RFC 8894, section 2.9]: https://www.rfc-editor.org/rfc/rfc8894#section-2.9
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// MD5, 16 bytes. Broken; [RFC 8894, section 2.9](https://www.rfc-editor.org/rfc/rfc8894#section-2.9) forbids it.
    Md5,
    /// SHA-1, 20 bytes. Legacy.
    Sha1,
    /// SHA-256, 32 bytes: what this crate writes by default.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes.
    Sha512,
}

impl DigestAlgorithm {
    /// Every digest algorithm that this crate can name.
    pub const ALL: [Self; 5] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
    ];

    /// The length of a digest in bytes.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The name in lower case, such as `sha-256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha-1",
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }
}

/// A content-encryption algorithm: a block cipher in CBC mode with PKCS #7 padding
/// ([RFC 5652, section 6.3](https://www.rfc-editor.org/rfc/rfc5652#section-6.3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ContentCipher {
    /// Single DES. Broken; only with the feature `legacy` and an explicit policy.
    DesCbc,
    /// Triple DES with three keys.
    TripleDesCbc,
    /// AES-128: what this crate writes by default.
    Aes128Cbc,
    /// AES-192.
    Aes192Cbc,
    /// AES-256.
    Aes256Cbc,
}

impl ContentCipher {
    /// Every content cipher that this crate can name.
    pub const ALL: [Self; 5] = [
        Self::DesCbc,
        Self::TripleDesCbc,
        Self::Aes128Cbc,
        Self::Aes192Cbc,
        Self::Aes256Cbc,
    ];

    /// The length of the key in bytes.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::DesCbc => 8,
            Self::TripleDesCbc | Self::Aes192Cbc => 24,
            Self::Aes128Cbc => 16,
            Self::Aes256Cbc => 32,
        }
    }

    /// The length of a block, and of the initialisation vector, in bytes.
    #[must_use]
    pub const fn block_len(self) -> usize {
        match self {
            Self::DesCbc | Self::TripleDesCbc => 8,
            Self::Aes128Cbc | Self::Aes192Cbc | Self::Aes256Cbc => 16,
        }
    }

    /// The name in lower case, such as `aes-128-cbc`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DesCbc => "des-cbc",
            Self::TripleDesCbc => "des-ede3-cbc",
            Self::Aes128Cbc => "aes-128-cbc",
            Self::Aes192Cbc => "aes-192-cbc",
            Self::Aes256Cbc => "aes-256-cbc",
        }
    }
}

/// A signature algorithm with its digest and parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 ([RFC 8017, section 8.2](https://www.rfc-editor.org/rfc/rfc8017#section-8.2)).
    RsaPkcs1v15(DigestAlgorithm),
    /// RSASSA-PSS ([RFC 8017, section 8.1](https://www.rfc-editor.org/rfc/rfc8017#section-8.1)).
    RsaPss {
        /// The digest of the message, also the digest of the encoding.
        digest: DigestAlgorithm,
        /// The digest of MGF1.
        mgf_digest: DigestAlgorithm,
        /// The length of the salt in bytes.
        salt_len: usize,
    },
    /// ECDSA with SHA-256 ([RFC 5758, section 3.2](https://www.rfc-editor.org/rfc/rfc5758#section-3.2)), whatever the curve.
    EcdsaSha256,
    /// ECDSA with SHA-384.
    EcdsaSha384,
    /// ECDSA with SHA-512.
    EcdsaSha512,
    /// Ed25519 ([RFC 8032, section 5.1](https://www.rfc-editor.org/rfc/rfc8032#section-5.1)), over the message itself.
    Ed25519,
}

impl SignatureAlgorithm {
    /// The digest that is computed over the message. For Ed25519 it is SHA-512, which is part of the algorithm, and which
    /// the content of a signed message is digested with ([RFC 8419, section 2.3]).
    ///
    /// [RFC 8419, section 2.3]: https://www.rfc-editor.org/rfc/rfc8419#section-2.3
    #[must_use]
    pub const fn digest(self) -> DigestAlgorithm {
        match self {
            Self::RsaPkcs1v15(digest) | Self::RsaPss { digest, .. } => digest,
            Self::EcdsaSha256 => DigestAlgorithm::Sha256,
            Self::EcdsaSha384 => DigestAlgorithm::Sha384,
            Self::EcdsaSha512 | Self::Ed25519 => DigestAlgorithm::Sha512,
        }
    }

    /// The name in lower case without the digest, such as `rsa-pkcs1v15`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaPkcs1v15(_) => "rsa-pkcs1v15",
            Self::RsaPss { .. } => "rsa-pss",
            Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512 => "ecdsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// An elliptic curve of ECDSA and ECDH, by its name in [FIPS 186](https://doi.org/10.6028/NIST.FIPS.186-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EllipticCurve {
    /// P-256, also secp256r1 and prime256v1.
    P256,
    /// P-384, also secp384r1.
    P384,
    /// P-521, also secp521r1.
    P521,
}

impl EllipticCurve {
    /// Every curve that this crate can name.
    pub const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// The length of a coordinate in bytes.
    #[must_use]
    pub const fn coordinate_len(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The name in lower case, such as `p-256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "p-256",
            Self::P384 => "p-384",
            Self::P521 => "p-521",
        }
    }
}

/// How a content-encryption key is encrypted to a recipient's public key
/// ([RFC 5652, section 6.2.1](https://www.rfc-editor.org/rfc/rfc5652#section-6.2.1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyTransport {
    /// RSAES-PKCS1-v1_5 ([RFC 8017, section 7.2](https://www.rfc-editor.org/rfc/rfc8017#section-7.2)).
    RsaPkcs1v15,
    /// RSAES-OAEP with an empty label ([RFC 8017, section 7.1](https://www.rfc-editor.org/rfc/rfc8017#section-7.1)).
    RsaOaep {
        /// The digest of the label.
        digest: DigestAlgorithm,
        /// The digest of MGF1.
        mgf_digest: DigestAlgorithm,
    },
}

impl KeyTransport {
    /// The name in lower case without digests, such as `rsa-oaep`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaPkcs1v15 => "rsa-pkcs1v15",
            Self::RsaOaep { .. } => "rsa-oaep",
        }
    }
}

/// How a content-encryption key is encrypted to a password: PBKDF2 ([RFC 8018, section 5.2]) makes a key of the password,
/// and PWRI-KEK ([RFC 3211, section 2.3]) encrypts with it.
///
/// [RFC 8018, section 5.2]: https://www.rfc-editor.org/rfc/rfc8018#section-5.2
/// [RFC 3211, section 2.3]: https://www.rfc-editor.org/rfc/rfc3211#section-2.3
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PasswordEncryption {
    /// The digest of the HMAC that PBKDF2 repeats.
    pub prf: DigestAlgorithm,
    /// How often it repeats it.
    pub iterations: u32,
    /// The cipher of PWRI-KEK.
    pub cipher: ContentCipher,
}

impl PasswordEncryption {
    /// Of its parts.
    #[must_use]
    pub const fn new(prf: DigestAlgorithm, iterations: u32, cipher: ContentCipher) -> Self {
        Self {
            prf,
            iterations,
            cipher,
        }
    }
}

/// How a content-encryption key is encrypted to a key on an elliptic curve: a key that is made for one message agrees with it
/// on a secret by ECDH ([RFC 5753, section 3.1]), the function of ANSI X9.63 ([section 7.2]) makes a key of that, and AES key
/// wrap encrypts with it.
///
/// [RFC 5753, section 3.1]: https://www.rfc-editor.org/rfc/rfc5753#section-3.1
/// [section 7.2]: https://www.rfc-editor.org/rfc/rfc5753#section-7.2
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct KeyAgreement {
    /// The digest of the key derivation function.
    pub kdf_digest: DigestAlgorithm,
    /// What encrypts the content key.
    pub wrap: KeyWrap,
}

impl KeyAgreement {
    /// Of its parts.
    #[must_use]
    pub const fn new(kdf_digest: DigestAlgorithm, wrap: KeyWrap) -> Self {
        Self { kdf_digest, wrap }
    }
}

/// AES key wrap ([RFC 3394](https://www.rfc-editor.org/rfc/rfc3394)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyWrap {
    /// With AES-128.
    Aes128,
    /// With AES-192.
    Aes192,
    /// With AES-256.
    Aes256,
}

impl KeyWrap {
    /// Every key wrap that this crate can name.
    pub const ALL: [Self; 3] = [Self::Aes128, Self::Aes192, Self::Aes256];

    /// The length of the key that encrypts, in bytes.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// The name in lower case, such as `aes-128-wrap`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128 => "aes-128-wrap",
            Self::Aes192 => "aes-192-wrap",
            Self::Aes256 => "aes-256-wrap",
        }
    }
}

/// How a content-encryption key reaches its recipient: the kind of a RecipientInfo
/// ([RFC 5652, section 6.2](https://www.rfc-editor.org/rfc/rfc5652#section-6.2)) with its algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyManagement {
    /// Encrypted to the public key of a certificate.
    Transport(KeyTransport),
    /// Encrypted under a password that both sides know: in SCEP, the challenge password.
    Password(PasswordEncryption),
    /// Encrypted to the public key of a certificate, on an elliptic curve, by key agreement.
    Agreement(KeyAgreement),
}

impl KeyManagement {
    /// The name in lower case without parameters, such as `rsa-oaep`, `password` or `ecdh`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transport(transport) => transport.name(),
            Self::Password(_) => "password",
            Self::Agreement(_) => "ecdh",
        }
    }
}
