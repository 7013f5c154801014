//! An RSA private key in a PKCS #11 token (an HSM, a smart card, SoftHSM), for the crate `scep`.
//!
//! It signs messages and decrypts content-encryption keys there. Nothing here is special to one token; what a token does not
//! do, such as RSASSA-PSS, is left out.

#![forbid(unsafe_code)]

use std::fmt;
use std::sync::{Mutex, PoisonError};

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use pkcs1::UintRef;
use pkcs1::der::Encode;
use scep::crypto::{
    CryptoError, CryptoRng, DecryptionKey, DigestAlgorithm, KeyTransport, SignatureAlgorithm,
    SigningKey, SubstituteSecret,
};
use spki::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

const ALGORITHMS: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256),
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha384),
    SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha512),
];

/// An RSA private key that stays in its token.
///
/// A session does one thing at a time, so calls from several threads wait for each other: open one session a thread, and
/// make a key of each, where that is too slow.
pub struct TokenKey {
    session: Mutex<Session>,
    private_key: ObjectHandle,
    /// A DER SubjectPublicKeyInfo.
    public_key: Vec<u8>,
    substitute: SubstituteSecret,
}

/// Why a key of a token cannot be used.
#[derive(Debug)]
pub enum TokenKeyError {
    /// The token refuses.
    Token(cryptoki::error::Error),
    /// Not one, but so many objects of this class have the identifier.
    Found(ObjectClass, usize),
    /// The public key in the token is no RSA key, or cannot be read.
    PublicKey,
}

impl TokenKey {
    /// The RSA key pair with this CKA_ID, in a session that is logged in.
    ///
    /// `substitute` is secret, random, and the same for as long as the key is in use: keep it beside the key's certificate.
    /// See [`SubstituteSecret`].
    ///
    /// # Errors
    /// A [`TokenKeyError`] if there is not exactly one such pair.
    pub fn find(
        session: Session,
        id: &[u8],
        substitute: SubstituteSecret,
    ) -> Result<Self, TokenKeyError> {
        let private_key = only(&session, ObjectClass::PRIVATE_KEY, id)?;
        let public_key = only(&session, ObjectClass::PUBLIC_KEY, id)?;
        let public_key = subject_public_key_info(&session, public_key)?;
        Ok(Self {
            session: Mutex::new(session),
            private_key,
            public_key,
            substitute,
        })
    }

    /// The public key as a DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key
    }

    fn ask<T>(
        &self,
        question: impl FnOnce(&Session, ObjectHandle) -> cryptoki::error::Result<T>,
    ) -> Result<T, CryptoError> {
        // A session that somebody panicked with still answers.
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        question(&session, self.private_key).map_err(|_| CryptoError::Failed)
    }
}

impl SigningKey for TokenKey {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        &ALGORITHMS
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        let mechanism = match algorithm {
            SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256) => Mechanism::Sha256RsaPkcs,
            SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha384) => Mechanism::Sha384RsaPkcs,
            SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha512) => Mechanism::Sha512RsaPkcs,
            _ => return Err(CryptoError::Unsupported),
        };
        self.ask(|session, key| session.sign(&mechanism, key, message))
    }
}

impl DecryptionKey for TokenKey {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    fn decrypt_key(
        &self,
        algorithm: KeyTransport,
        encrypted_key: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        if algorithm != KeyTransport::RsaPkcs1v15 {
            return Err(CryptoError::Unsupported);
        }
        self.ask(|session, key| session.decrypt(&Mechanism::RsaPkcs, key, encrypted_key))
            .map(Zeroizing::new)
    }

    fn substitute_secret(&self) -> &SubstituteSecret {
        &self.substitute
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").finish_non_exhaustive()
    }
}

impl From<cryptoki::error::Error> for TokenKeyError {
    fn from(error: cryptoki::error::Error) -> Self {
        Self::Token(error)
    }
}

impl fmt::Display for TokenKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => error.fmt(f),
            Self::Found(class, count) => {
                write!(f, "{count} objects of the class {class} have this CKA_ID")
            }
            Self::PublicKey => f.write_str("the public key in the token is not a readable RSA key"),
        }
    }
}

impl std::error::Error for TokenKeyError {}

fn only(session: &Session, class: ObjectClass, id: &[u8]) -> Result<ObjectHandle, TokenKeyError> {
    let found = session.find_objects(&[Attribute::Class(class), Attribute::Id(id.to_vec())])?;
    match found[..] {
        [one] => Ok(one),
        _ => Err(TokenKeyError::Found(class, found.len())),
    }
}

fn subject_public_key_info(session: &Session, key: ObjectHandle) -> Result<Vec<u8>, TokenKeyError> {
    let wanted = [AttributeType::Modulus, AttributeType::PublicExponent];
    let attributes = session.get_attributes(key, &wanted)?;
    let [
        Attribute::Modulus(modulus),
        Attribute::PublicExponent(exponent),
    ] = &attributes[..]
    else {
        return Err(TokenKeyError::PublicKey);
    };
    let encode = || {
        let key = pkcs1::RsaPublicKey {
            modulus: UintRef::new(modulus)?,
            public_exponent: UintRef::new(exponent)?,
        };
        let key = key.to_der()?;
        SubjectPublicKeyInfo {
            algorithm: pkcs1::ALGORITHM_ID,
            subject_public_key: spki::der::asn1::BitStringRef::from_bytes(&key)?,
        }
        .to_der()
    };
    encode().map_err(|_| TokenKeyError::PublicKey)
}
