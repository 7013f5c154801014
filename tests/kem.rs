//! The traits of a provider carry a KEM as they are: ML-KEM-768 behind `agree`, in a recipient as RFC 9629 has it.
//!
//! `EncryptKey::agree` encapsulates and gives the ciphertext in the place of an ephemeral key; `DecryptionKey::agree` takes the
//! ciphertext and decapsulates. No message is written or opened that way yet: docs/design.md says what is missing.
#![cfg(feature = "rustcrypto")]

mod common;

use cms::content_info::CmsVersion;
use cms::enveloped_data::{OtherRecipientInfo, RecipientIdentifier};
use cms::kemri::{CmsOriForKemOtherInfo, ID_ORI_KEM, KemRecipientInfo};
use common::forge::tlv;
use common::verdict::{around, envelope, open, open_error};
use common::{Parties, provider, rng};
use der::asn1::{Any, BitString, OctetString};
use der::{Decode, Encode};
use ml_kem::{
    Decapsulate, DecapsulationKey, Encapsulate, EncapsulationKey, KeyExport, KeyInit, MlKem768,
};
use scep::OpenError;
use scep::crypto::{
    ContentCipher, CryptoError, DecryptionKey, EncryptKey, KeyTransport, Policy, Provider,
    SubstituteSecret,
};
use sha2::Sha256;
use signature::rand_core::CryptoRng;
use spki::{AlgorithmIdentifierOwned, ObjectIdentifier, SubjectPublicKeyInfoOwned};
use zeroize::Zeroizing;

const ID_ALG_ML_KEM_768: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.4.2");
const ID_ALG_HKDF_WITH_SHA256: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.3.28");
const ID_AES256_WRAP: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.45");
const KEK_LEN: u16 = 32;
const CIPHERTEXT_LEN: usize = 1088;

/// Encrypts to ML-KEM-768 keys.
struct MlKem;

impl EncryptKey for MlKem {
    fn encrypt_key(
        &self,
        _: KeyTransport,
        _: &[u8],
        _: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, CryptoError> {
        Err(CryptoError::Unsupported)
    }

    fn agree(
        &self,
        public_key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), CryptoError> {
        let invalid = CryptoError::InvalidKey;
        let spki = SubjectPublicKeyInfoOwned::from_der(public_key).map_err(|_| invalid)?;
        if spki.algorithm.oid != ID_ALG_ML_KEM_768 {
            return Err(CryptoError::Unsupported);
        }
        let key = spki.subject_public_key.raw_bytes().try_into();
        let key = EncapsulationKey::<MlKem768>::new(key.map_err(|_| invalid)?);
        let (ciphertext, secret) = key.map_err(|_| invalid)?.encapsulate_with_rng(rng);
        Ok((ciphertext.to_vec(), Zeroizing::new(secret.to_vec())))
    }
}

/// An ML-KEM-768 key.
struct MlKemKey {
    key: DecapsulationKey<MlKem768>,
    public_key: Vec<u8>,
    substitute: SubstituteSecret,
}

impl MlKemKey {
    fn from_seed(seed: [u8; 64]) -> Self {
        let key = DecapsulationKey::<MlKem768>::from_seed(seed.into());
        let public_key = SubjectPublicKeyInfoOwned {
            algorithm: algorithm(ID_ALG_ML_KEM_768),
            subject_public_key: BitString::from_bytes(&key.encapsulation_key().to_bytes()).unwrap(),
        };
        Self {
            public_key: public_key.to_der().unwrap(),
            key,
            substitute: SubstituteSecret::new([7; 32]),
        }
    }
}

impl DecryptionKey for MlKemKey {
    fn public_key(&self) -> Option<&[u8]> {
        Some(&self.public_key)
    }

    fn decrypt_key(
        &self,
        _: KeyTransport,
        _: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        Err(CryptoError::Unsupported)
    }

    fn agree(
        &self,
        ciphertext: &[u8],
        _: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let ciphertext = ciphertext.try_into().map_err(|_| CryptoError::InvalidKey)?;
        Ok(Zeroizing::new(self.key.decapsulate(ciphertext).to_vec()))
    }

    fn substitute_secret(&self) -> &SubstituteSecret {
        &self.substitute
    }
}

fn algorithm(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: None,
    }
}

/// HKDF-SHA-256 of the secret, as [RFC 9629, section 5](https://www.rfc-editor.org/rfc/rfc9629#section-5) has it.
fn key_encryption_key(secret: &[u8], wrap: &AlgorithmIdentifierOwned) -> [u8; 32] {
    let info = CmsOriForKemOtherInfo {
        wrap: wrap.clone(),
        kek_length: KEK_LEN,
        ukm: None,
    };
    let mut kek = [0; KEK_LEN as usize];
    hkdf::Hkdf::<Sha256>::new(None, secret)
        .expand(&info.to_der().unwrap(), &mut kek)
        .unwrap();
    kek
}

/// A content key encrypted to `public_key`, by nothing but the provider's traits.
fn encapsulate(
    provider: &Provider,
    public_key: &[u8],
    content_key: &[u8],
) -> Result<KemRecipientInfo, CryptoError> {
    let (ciphertext, secret) = provider.key_encryption().agree(public_key, &mut rng())?;
    let wrap = algorithm(ID_AES256_WRAP);
    let kek = aes_kw::KwAes256::new(&key_encryption_key(&secret, &wrap).into());
    let mut encrypted_key = vec![0; content_key.len() + 8];
    kek.wrap_key(content_key, &mut encrypted_key).unwrap();
    Ok(KemRecipientInfo {
        version: CmsVersion::V0,
        rid: RecipientIdentifier::from_der(&tlv(0x80, &[1; 20])).unwrap(),
        kem: algorithm(ID_ALG_ML_KEM_768),
        kem_ct: OctetString::new(ciphertext).unwrap(),
        kdf: algorithm(ID_ALG_HKDF_WITH_SHA256),
        kek_length: KEK_LEN,
        ukm: None,
        wrap,
        encrypted_key: OctetString::new(encrypted_key).unwrap(),
    })
}

/// The content key, by nothing but the trait of the private key; `None` if what it gives does not unwrap.
fn decapsulate(
    key: &dyn DecryptionKey,
    recipient: &KemRecipientInfo,
) -> Result<Option<Vec<u8>>, CryptoError> {
    let secret = key.agree(recipient.kem_ct.as_bytes(), &mut rng())?;
    let kek = aes_kw::KwAes256::new(&key_encryption_key(&secret, &recipient.wrap).into());
    let mut content_key = vec![0; recipient.encrypted_key.as_bytes().len() - 8];
    let unwrapped = kek.unwrap_key(recipient.encrypted_key.as_bytes(), &mut content_key);
    Ok(unwrapped.ok().map(<[u8]>::to_vec))
}

fn kem_provider() -> Provider {
    provider().with_key_encryption(&MlKem)
}

/// The DER of a RecipientInfo.
fn recipient_info(recipient: &KemRecipientInfo) -> Vec<u8> {
    let other = OtherRecipientInfo {
        ori_type: ID_ORI_KEM,
        ori_value: Any::from_der(&recipient.to_der().unwrap()).unwrap(),
    };
    let mut der = other.to_der().unwrap();
    // [4] IMPLICIT
    der[0] = 0xa4;
    der
}

#[test]
fn a_kem_carries_a_content_key_through_the_traits() {
    let key = MlKemKey::from_seed([3; 64]);
    let key: &dyn DecryptionKey = &key;
    for cipher in [ContentCipher::Aes128Cbc, ContentCipher::Aes256Cbc] {
        let content_key = vec![0x5a; cipher.key_len()];
        let public_key = key.public_key().unwrap();
        let recipient = encapsulate(&kem_provider(), public_key, &content_key).unwrap();
        assert_eq!(recipient.kem_ct.as_bytes().len(), CIPHERTEXT_LEN);
        let read = KemRecipientInfo::from_der(&recipient.to_der().unwrap()).unwrap();
        assert_eq!(decapsulate(key, &read), Ok(Some(content_key)));
    }
}

#[test]
fn a_wrong_ciphertext_or_key_gives_another_secret_and_no_error() {
    let key = MlKemKey::from_seed([3; 64]);
    let mut recipient = encapsulate(&kem_provider(), &key.public_key, &[0x5a; 16]).unwrap();
    let another = MlKemKey::from_seed([4; 64]);
    assert_eq!(decapsulate(&another, &recipient), Ok(None));

    let mut ciphertext = recipient.kem_ct.as_bytes().to_vec();
    ciphertext[0] ^= 1;
    recipient.kem_ct = OctetString::new(ciphertext.clone()).unwrap();
    assert_eq!(decapsulate(&key, &recipient), Ok(None));

    ciphertext.pop();
    recipient.kem_ct = OctetString::new(ciphertext).unwrap();
    assert_eq!(decapsulate(&key, &recipient), Err(CryptoError::InvalidKey));
}

#[test]
fn keys_that_are_none_of_the_kem_are_refused() {
    let key = MlKemKey::from_seed([3; 64]);
    let encapsulate = |public_key: &[u8]| encapsulate(&kem_provider(), public_key, &[0x5a; 16]);
    let rsa = Parties::new().ca.public_key_der().to_vec();
    assert_eq!(encapsulate(&rsa).err(), Some(CryptoError::Unsupported));
    let mut short = SubjectPublicKeyInfoOwned::from_der(&key.public_key).unwrap();
    short.subject_public_key = BitString::from_bytes(&[0; 1183]).unwrap();
    let short = short.to_der().unwrap();
    assert_eq!(encapsulate(&short).err(), Some(CryptoError::InvalidKey));
}

/// Whoever writes to a KEM and to an RSA key in one envelope is understood by the holder of the latter.
#[test]
fn a_recipient_by_kem_is_passed_over() {
    let parties = Parties::new();
    let policy = Policy::default();
    let key = MlKemKey::from_seed([3; 64]);
    let recipient = encapsulate(&kem_provider(), &key.public_key, &[0x5a; 16]).unwrap();
    let mut envelope = envelope(&parties);
    envelope.version = 3;
    envelope.other_recipients = vec![recipient_info(&recipient)];
    let opened = open(&parties, &policy, &around(&parties, &envelope)).unwrap();
    assert_eq!(opened.csr().unwrap().as_der(), parties.csr.as_der());

    // Where nobody else is named that is known, it is for nobody.
    envelope.rid = tlv(0x80, &[9; 20]);
    let (error, _) = open_error(&parties, &policy, &around(&parties, &envelope));
    let OpenError::NoRecipient(hint) = error else {
        panic!("{error:?}");
    };
    assert_eq!(hint.recipients(), 2);
}
