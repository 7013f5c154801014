//! The error of verifying a signature and its signer.

use core::fmt;

use super::{Cause, ParseError};
use crate::crypto::DigestAlgorithm;
use crate::{FailInfo, MessageType, Oid, oid};

/// A message could not be verified. It stays sealed and can only be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// A part of the message that was not read before cannot be read.
    Parse(ParseError),
    /// A CertRep stands where a request is expected.
    NotARequest,
    /// A request stands where a CertRep is expected.
    NotAReply(MessageType),
    /// The messageType is none that RFC 8894 defines for requests.
    UnsupportedMessageType(MessageType),
    /// The request has no senderNonce, which RFC 8894, section 3.2.1.5, demands.
    MissingSenderNonce,
    /// eContentType, or the contentType attribute, is not id-data, or the attribute is absent.
    ContentType,
    /// The messageDigest attribute is absent or is not the digest of the content.
    MessageDigest,
    /// No certificate at hand is the one that the SignerIdentifier names.
    SignerCertificateMissing,
    /// Two certificates with different keys answer to the SignerIdentifier.
    AmbiguousSigner,
    /// The signature is not the signer's.
    Signature,
    /// The digestAlgorithm is not the digest that the signature's parameters name.
    DigestMismatch {
        /// What digestAlgorithm says.
        signer_info: DigestAlgorithm,
        /// What the signature's parameters say.
        signature: DigestAlgorithm,
    },
    /// The signature is right and its signer is nobody whom the caller trusts. To a server it may be a renewal: then
    /// [`SignerTrust::issuer`](crate::SignerTrust::issuer) trusts whom a CA issued to. To a client it may be the next CA or a new RA:
    /// fetch GetCACert anew.
    UntrustedSigner,
    /// A RenewalReq is signed by a self-issued certificate, which renews nothing.
    SelfIssuedRenewal,
    /// A GetNextCACert response has no signed content: its certificates are not covered by the signature.
    NoSignedContent,
    /// A GetNextCACert response carries SCEP attributes: it is a pkiMessage, signed for another purpose.
    ScepAttributes,
    /// The caller's policy does not allow this algorithm or key, or the provider does not have it.
    Refused(Refused),
}

/// What a policy refuses, or a provider cannot do, and where it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The digestAlgorithm of a SignerInfo.
    MessageDigest(Oid),
    /// The signatureAlgorithm of a SignerInfo.
    Signature(Oid),
    /// The signature algorithm of a CSR.
    CsrSignature(Oid),
    /// The signature algorithm of a certificate.
    CertificateSignature(Oid),
    /// The contentEncryptionAlgorithm of an envelope.
    ContentCipher(Oid),
    /// The keyEncryptionAlgorithm of a recipient: in key transport, or of a password recipient, where it must be PWRI-KEK.
    KeyTransport(Oid),
    /// The hash of RSAES-OAEP.
    OaepDigest(Oid),
    /// The hash of the mask generation function of RSAES-OAEP.
    MgfDigest(Oid),
    /// The label of RSAES-OAEP is not empty.
    OaepLabel,
    /// The parameters of RSAES-OAEP cannot be read or name an unknown hash.
    OaepParameters,
    /// An algorithm that the policy allows and the caller's provider cannot do. The software provider does elliptic curves with
    /// the feature `ec`, MD5 and single DES with `legacy`.
    Unsupported(Oid),
    /// A public key of an algorithm that is not supported.
    PublicKey(Oid),
    /// An RSA key whose modulus has this number of bits.
    RsaModulusBits(usize),
    /// An RSA key whose public exponent has this number of bits.
    RsaExponentBits(usize),
    /// A key that cannot be read, or an RSA key whose exponent is even or less than 3, or whose modulus is even.
    RsaKey,
    /// The key agreement scheme of a recipient, with its key derivation function.
    KeyAgreement(Oid),
    /// The key wrap of a key agreement.
    KeyWrap(Oid),
    /// A key agreement names no key wrap.
    NoKeyWrap,
    /// The originator of a key agreement is named by a certificate, and brings no key for this message.
    Originator,
    /// The keyDerivationAlgorithm of a password recipient: anything but PBKDF2 with readable parameters for a key as long as the cipher's.
    KeyDerivation(Oid),
    /// A password recipient names no keyDerivationAlgorithm.
    NoKeyDerivation,
    /// The pseudorandom function of PBKDF2.
    PasswordPrf(Oid),
    /// The cipher of PWRI-KEK, or its initialisation vector is not of one block.
    PasswordCipher(Oid),
    /// The iterations of PBKDF2, over all passwords that would be tried: too many, or none.
    PasswordIterations(u64),
    /// The salt of PBKDF2 has this number of bytes, which is not from 8 to 64.
    PasswordSalt(usize),
    /// The elliptic curve of a key.
    Curve(Oid),
    /// An elliptic-curve key that cannot be read, names no curve, has parameters where none belong, or whose point is compressed or of
    /// another length than the curve's.
    EcKey,
}

impl VerifyError {
    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Parse(error) => error.cause(),
            Self::MessageDigest | Self::Signature => Cause::Undecodable,
            Self::UntrustedSigner | Self::Refused(_) => Cause::Policy,
            _ => Cause::Protocol,
        }
    }

    /// What a server should answer.
    #[must_use]
    pub const fn fail_info(&self) -> FailInfo {
        match self {
            Self::Refused(_) | Self::DigestMismatch { .. } => FailInfo::BadAlg,
            Self::NotARequest
            | Self::NotAReply(_)
            | Self::UnsupportedMessageType(_)
            | Self::MissingSenderNonce
            | Self::UntrustedSigner
            | Self::SelfIssuedRenewal => FailInfo::BadRequest,
            _ => FailInfo::BadMessageCheck,
        }
    }
}

impl From<ParseError> for VerifyError {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::NotARequest => f.write_str("a CertRep came where a request is expected"),
            Self::NotAReply(found) => write!(f, "a {found} came where a CertRep is expected"),
            Self::UnsupportedMessageType(found) => {
                write!(f, "messageType {} is not supported", found.code())
            }
            Self::MissingSenderNonce => f.write_str("the request has no senderNonce"),
            Self::ContentType => {
                f.write_str("eContentType and the contentType attribute are not both id-data")
            }
            Self::MessageDigest => {
                f.write_str("messageDigest is absent or not the digest of the content")
            }
            Self::SignerCertificateMissing => {
                f.write_str("no certificate at hand is the one that the SignerIdentifier names")
            }
            Self::AmbiguousSigner => {
                f.write_str("two certificates with different keys answer to the SignerIdentifier")
            }
            Self::Signature => f.write_str("the signature is not the signer's"),
            Self::DigestMismatch {
                signer_info,
                signature,
            } => write!(
                f,
                "digestAlgorithm is {} and the signature's is {}",
                signer_info.name(),
                signature.name()
            ),
            Self::UntrustedSigner => f.write_str(
                "the signature is right, and the signer is nobody whom the caller trusts: neither by SignerTrust nor by CaRoles",
            ),
            Self::SelfIssuedRenewal => {
                f.write_str("a RenewalReq is signed by a self-issued certificate")
            }
            Self::NoSignedContent => f.write_str(
                "the response has no signed content, so nothing covers its certificates",
            ),
            Self::ScepAttributes => {
                f.write_str("a pkiMessage came where a GetNextCACert response is expected")
            }
            Self::Refused(refused) => refused.fmt_of("the signer's key", f),
        }
    }
}

impl core::error::Error for VerifyError {}

impl Refused {
    /// Says whose key it is that is refused; an algorithm says by itself where it stood.
    pub(super) fn fmt_of(&self, key: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::PublicKey(_)
        | Self::RsaModulusBits(_)
        | Self::RsaExponentBits(_)
        | Self::RsaKey
        | Self::Curve(_)
        | Self::EcKey = self
        {
            write!(f, "{key}: ")?;
        }
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (place, oid) = match self {
            Self::MessageDigest(oid) => ("digestAlgorithm of the SignerInfo", oid),
            Self::Signature(oid) => ("signatureAlgorithm of the SignerInfo", oid),
            Self::CsrSignature(oid) => ("signatureAlgorithm of the CSR", oid),
            Self::CertificateSignature(oid) => ("signatureAlgorithm of a certificate", oid),
            Self::ContentCipher(oid) => ("contentEncryptionAlgorithm", oid),
            Self::KeyTransport(oid) => ("keyEncryptionAlgorithm", oid),
            Self::OaepDigest(oid) => ("hash of RSAES-OAEP", oid),
            Self::MgfDigest(oid) => ("mask generation hash of RSAES-OAEP", oid),
            Self::Unsupported(oid) => {
                let name = name(oid).unwrap_or("an algorithm");
                return write!(f, "the crypto provider cannot do {name} ({oid})");
            }
            Self::PublicKey(oid) => ("algorithm of a public key", oid),
            Self::KeyAgreement(oid) => ("scheme of key agreement", oid),
            Self::KeyWrap(oid) => ("key wrap of a key agreement", oid),
            Self::NoKeyWrap => return f.write_str("a key agreement names no key wrap"),
            Self::Originator => {
                return f
                    .write_str("the originator of a key agreement brings no key for the message");
            }
            Self::KeyDerivation(oid) => ("keyDerivationAlgorithm", oid),
            Self::PasswordPrf(oid) => ("pseudorandom function of PBKDF2", oid),
            Self::PasswordCipher(oid) => ("cipher of PWRI-KEK", oid),
            Self::NoKeyDerivation => {
                return f.write_str("a password recipient names no keyDerivationAlgorithm");
            }
            Self::PasswordIterations(count) => {
                return write!(
                    f,
                    "{count} iterations of PBKDF2, over all passwords to be tried, are refused by policy"
                );
            }
            Self::PasswordSalt(len) => {
                return write!(f, "a salt of PBKDF2 has {len} bytes, and not from 8 to 64");
            }
            Self::Curve(oid) => ("elliptic curve of a key", oid),
            Self::EcKey => {
                return f.write_str("an elliptic-curve key names no curve or is of the wrong form");
            }
            Self::OaepLabel => return f.write_str("RSAES-OAEP with a label is refused"),
            Self::OaepParameters => {
                return f.write_str("the parameters of RSAES-OAEP cannot be read");
            }
            Self::RsaModulusBits(bits) => {
                return write!(f, "an RSA key of {bits} bits is refused by policy");
            }
            Self::RsaExponentBits(bits) => {
                return write!(f, "an RSA exponent of {bits} bits is refused by policy");
            }
            Self::RsaKey => {
                return f.write_str(
                    "a key cannot be read, or has an even modulus or an exponent below 3 or even",
                );
            }
        };
        match name(oid) {
            // It may stand in the wrong place, or have parameters that it cannot have.
            Some(name) => write!(
                f,
                "{place} is {name} ({oid}), which is refused by policy or cannot be used so"
            ),
            None => write!(f, "{place} is {oid}, which is unknown"),
        }
    }
}

/// The usual name of an algorithm that this crate knows.
fn name(oid: &Oid) -> Option<&'static str> {
    const NAMES: [(Oid, &str); 42] = [
        (oid::MD5, "md5"),
        (oid::SHA1, "sha-1"),
        (oid::SHA256, "sha-256"),
        (oid::SHA384, "sha-384"),
        (oid::SHA512, "sha-512"),
        (oid::RSA_ENCRYPTION, "rsaEncryption"),
        (oid::MD5_WITH_RSA, "md5WithRSAEncryption"),
        (oid::SHA1_WITH_RSA, "sha1WithRSAEncryption"),
        (oid::SHA256_WITH_RSA, "sha256WithRSAEncryption"),
        (oid::SHA384_WITH_RSA, "sha384WithRSAEncryption"),
        (oid::SHA512_WITH_RSA, "sha512WithRSAEncryption"),
        (oid::RSASSA_PSS, "RSASSA-PSS"),
        (oid::RSAES_OAEP, "RSAES-OAEP"),
        (oid::ECDSA_WITH_SHA256, "ecdsa-with-SHA256"),
        (oid::ECDSA_WITH_SHA384, "ecdsa-with-SHA384"),
        (oid::ECDSA_WITH_SHA512, "ecdsa-with-SHA512"),
        (oid::ED25519, "Ed25519"),
        (oid::EC_PUBLIC_KEY, "ecPublicKey"),
        (oid::SECP256R1, "secp256r1"),
        (oid::SECP384R1, "secp384r1"),
        (oid::SECP521R1, "secp521r1"),
        (oid::DES_CBC, "des-cbc"),
        (oid::DES_EDE3_CBC, "des-ede3-cbc"),
        (oid::AES128_CBC, "aes-128-cbc"),
        (oid::AES192_CBC, "aes-192-cbc"),
        (oid::AES256_CBC, "aes-256-cbc"),
        (oid::PBKDF2, "PBKDF2"),
        (oid::PWRI_KEK, "PWRI-KEK"),
        (oid::HMAC_WITH_SHA1, "hmacWithSHA1"),
        (oid::HMAC_WITH_SHA256, "hmacWithSHA256"),
        (oid::HMAC_WITH_SHA384, "hmacWithSHA384"),
        (oid::HMAC_WITH_SHA512, "hmacWithSHA512"),
        (oid::ECDH_SHA1_KDF, "dhSinglePass-stdDH-sha1kdf"),
        (oid::ECDH_SHA256_KDF, "dhSinglePass-stdDH-sha256kdf"),
        (oid::ECDH_SHA384_KDF, "dhSinglePass-stdDH-sha384kdf"),
        (oid::ECDH_SHA512_KDF, "dhSinglePass-stdDH-sha512kdf"),
        (oid::AES128_WRAP, "aes-128-wrap"),
        (oid::AES192_WRAP, "aes-192-wrap"),
        (oid::AES256_WRAP, "aes-256-wrap"),
        (oid::DATA, "data"),
        (oid::ENCRYPTED_DATA, "encryptedData"),
        (oid::MGF1, "MGF1"),
    ];
    NAMES
        .iter()
        .find(|(known, _)| known == oid)
        .map(|(_, name)| *name)
}
