//! Private keys, whatever their kind.

use std::fmt::{self, Display};

use scep::client::Requester;
use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{CryptoError, CryptoRng, SigningKey};
#[cfg(feature = "ec")]
use scep::crypto::{
    EllipticCurve,
    rustcrypto::{EcKey, Ed25519Key},
};
use scep::{BuildError, Certificate};
use zeroize::Zeroizing;

/// What a key is of. Shown as a person would say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, of so many bits.
    Rsa(usize),
    #[cfg(feature = "ec")]
    Ec(EllipticCurve),
    #[cfg(feature = "ec")]
    Ed25519,
}

/// A private key.
pub enum Key {
    Rsa(RsaKey),
    #[cfg(feature = "ec")]
    Ec(EcKey),
    #[cfg(feature = "ec")]
    Ed25519(Ed25519Key),
}

impl KeyKind {
    /// Reads a kind as the argument `--key` has it; `None` if it is none, and perhaps a file.
    ///
    /// # Errors
    /// Why there is no such key, in words for the user.
    pub fn from_argument(text: &str) -> Option<Result<Self, String>> {
        let wrong = |kinds| Some(Err(format!("--key: {kinds} or a file")));
        if let Some(bits) = text.strip_prefix("rsa:") {
            return match bits {
                "2048" => Some(Ok(Self::Rsa(2048))),
                "3072" => Some(Ok(Self::Rsa(3072))),
                "4096" => Some(Ok(Self::Rsa(4096))),
                _ => wrong("rsa:2048, rsa:3072, rsa:4096"),
            };
        }
        match text {
            #[cfg(feature = "ec")]
            "ec:p256" => Some(Ok(Self::Ec(EllipticCurve::P256))),
            #[cfg(feature = "ec")]
            "ec:p384" => Some(Ok(Self::Ec(EllipticCurve::P384))),
            #[cfg(feature = "ec")]
            "ec:p521" => Some(Ok(Self::Ec(EllipticCurve::P521))),
            #[cfg(feature = "ec")]
            "ed25519" => Some(Ok(Self::Ed25519)),
            #[cfg(not(feature = "ec"))]
            "ec:p256" | "ec:p384" | "ec:p521" | "ed25519" => Some(Err(format!(
                "--key {text} needs a build with `--features ec`"
            ))),
            _ if text.starts_with("ec:") => wrong("ec:p256, ec:p384, ec:p521"),
            _ => None,
        }
    }

    /// Makes a key: the DER of its PrivateKeyInfo.
    pub fn generate(self, rng: &mut dyn CryptoRng) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match self {
            Self::Rsa(bits) => RsaKey::generate(bits, rng)?.to_pkcs8_der(),
            #[cfg(feature = "ec")]
            Self::Ec(curve) => EcKey::generate(curve, rng)?.to_pkcs8_der(),
            #[cfg(feature = "ec")]
            Self::Ed25519 => Ed25519Key::generate(rng)?.to_pkcs8_der(),
        }
    }
}

impl Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            #[cfg(feature = "ec")]
            Self::Ec(curve) => f.write_str(&curve.name().to_uppercase()),
            #[cfg(feature = "ec")]
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

impl Key {
    /// Reads the DER of a PrivateKeyInfo.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, CryptoError> {
        #[cfg(feature = "ec")]
        {
            if let Ok(key) = EcKey::from_pkcs8_der(der) {
                return Ok(Self::Ec(key));
            }
            if let Ok(key) = Ed25519Key::from_pkcs8_der(der) {
                return Ok(Self::Ed25519(key));
            }
        }
        RsaKey::from_pkcs8_der(der).map(Self::Rsa)
    }

    /// Reads the DER of an ECPrivateKey.
    #[cfg(feature = "ec")]
    pub fn from_sec1_der(der: &[u8]) -> Result<Self, CryptoError> {
        EcKey::from_sec1_der(der).map(Self::Ec)
    }

    /// The DER of its PrivateKeyInfo.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match self {
            Self::Rsa(key) => key.to_pkcs8_der(),
            #[cfg(feature = "ec")]
            Self::Ec(key) => key.to_pkcs8_der(),
            #[cfg(feature = "ec")]
            Self::Ed25519(key) => key.to_pkcs8_der(),
        }
    }

    /// The DER of its SubjectPublicKeyInfo.
    pub fn public_key_der(&self) -> &[u8] {
        match self {
            Self::Rsa(key) => key.public_key_der(),
            #[cfg(feature = "ec")]
            Self::Ec(key) => key.public_key_der(),
            #[cfg(feature = "ec")]
            Self::Ed25519(key) => key.public_key_der(),
        }
    }

    pub fn kind(&self) -> KeyKind {
        match self {
            Self::Rsa(key) => KeyKind::Rsa(key.modulus_bits()),
            #[cfg(feature = "ec")]
            Self::Ec(key) => KeyKind::Ec(key.curve()),
            #[cfg(feature = "ec")]
            Self::Ed25519(_) => KeyKind::Ed25519,
        }
    }

    /// The key, to sign requests.
    pub fn signing_key(&self) -> &dyn SigningKey {
        match self {
            Self::Rsa(key) => key,
            #[cfg(feature = "ec")]
            Self::Ec(key) => key,
            #[cfg(feature = "ec")]
            Self::Ed25519(key) => key,
        }
    }

    /// Whoever has the key and its certificate.
    pub fn requester<'k>(
        &'k self,
        certificate: &'k Certificate<'k>,
    ) -> Result<Requester<'k>, BuildError> {
        match self {
            Self::Rsa(key) => Requester::new(certificate, key),
            #[cfg(feature = "ec")]
            Self::Ec(key) => Requester::new(certificate, key),
            #[cfg(feature = "ec")]
            Self::Ed25519(key) => Requester::signing_only(certificate, key),
        }
    }

    /// Whether replies can only be encrypted under the challenge password.
    pub fn only_signs(&self) -> bool {
        match self {
            Self::Rsa(_) => false,
            #[cfg(feature = "ec")]
            Self::Ec(_) => false,
            #[cfg(feature = "ec")]
            Self::Ed25519(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_from_a_file() {
        let kind = |text| KeyKind::from_argument(text).map(|kind| kind.map_err(|_| ()));
        assert_eq!(kind("rsa:3072"), Some(Ok(KeyKind::Rsa(3072))));
        for wrong in ["rsa:1024", "rsa:", "ec:", "ec:p224"] {
            assert_eq!(kind(wrong), Some(Err(())), "{wrong}");
        }
        for file in ["key.pem", "./ed25519", "RSA:2048", ""] {
            assert_eq!(kind(file), None, "{file}");
        }
    }

    #[cfg(feature = "ec")]
    #[test]
    fn a_key_is_of_its_kind_and_reads_back() {
        for (argument, shown) in [
            ("rsa:2048", "RSA 2048"),
            ("ec:p256", "P-256"),
            ("ec:p384", "P-384"),
            ("ec:p521", "P-521"),
            ("ed25519", "Ed25519"),
        ] {
            let kind = KeyKind::from_argument(argument).unwrap().unwrap();
            assert_eq!(kind.to_string(), shown);
            let der = kind.generate(&mut crate::run::rng()).unwrap();
            let key = Key::from_pkcs8_der(&der).unwrap();
            assert_eq!(key.kind(), kind);
            assert_eq!(key.to_pkcs8_der().unwrap(), der);
        }
    }

    #[cfg(not(feature = "ec"))]
    #[test]
    fn elliptic_curves_need_the_feature() {
        for argument in ["ec:p256", "ec:p384", "ec:p521", "ed25519"] {
            let problem = KeyKind::from_argument(argument).unwrap().unwrap_err();
            assert!(problem.contains("--features ec"), "{problem}");
        }
    }
}
