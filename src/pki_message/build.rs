//! The way out: payload, envelope, signed attributes, signature.

use alloc::vec::Vec;
use core::fmt;

use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::agreement::WrappedKey;
use crate::asn1::{Reader, SetOf, Writer, encode, tag};
use crate::certificate::Certificate;
use crate::cms::{
    EnvelopeParts, Identifier, RecipientParts, SignerParts, write_enveloped_data, write_signed_data,
};
use crate::crypto::public_key::{key_algorithm, key_curve};
use crate::crypto::pwri_kek;
use crate::crypto::{
    ContentCipher, CryptoError, DigestAlgorithm, KeyAgreement, KeyManagement, KeyTransport,
    PasswordEncryption, Policy, Provider, SignatureAlgorithm, SignatureScheme, SigningKey,
    check_public_key, fits_transport, is_same_key,
};
use crate::microsoft::Hresult;
use crate::oid::{self, Oid};
use crate::{
    BuildError, FailInfo, Item, Layer, Limits, MessageType, Nonce, PkiStatus, Refused,
    TransactionId,
};

/// Who signs a message: a certificate, what its key can do, and the certificates that go along.
///
/// The key itself comes when the message is signed, so that it may answer elsewhere and later.
#[derive(Clone, Debug)]
pub struct SignerIdentity<'c> {
    certificate: Certificate<'c>,
    algorithms: Vec<SignatureAlgorithm>,
    others: Vec<Certificate<'c>>,
}

impl<'c> SignerIdentity<'c> {
    /// A certificate whose private key is at hand.
    ///
    /// # Errors
    /// [`BuildError::KeyMismatch`] if the key knows its public key and it is not the certificate's.
    pub fn new(certificate: &'c Certificate<'_>, key: &dyn SigningKey) -> Result<Self, BuildError> {
        match key.public_key() {
            Some(public_key) if !is_same_key(public_key, certificate.public_key_der()) => {
                Err(BuildError::KeyMismatch)
            }
            _ => Ok(Self::remote(certificate, key.algorithms())),
        }
    }

    /// A certificate whose private key is elsewhere and can do these algorithms, the preferred one first.
    #[must_use]
    pub fn remote(certificate: &'c Certificate<'_>, algorithms: &[SignatureAlgorithm]) -> Self {
        Self {
            certificate: certificate.borrowed(),
            algorithms: algorithms.to_vec(),
            others: Vec::new(),
        }
    }

    /// Sends another certificate along, such as the signer's issuer.
    #[must_use]
    pub fn with_certificate(mut self, certificate: &'c Certificate<'_>) -> Self {
        self.others.push(certificate.borrowed());
        self
    }

    /// The identity with certificates of its own, to be prepared once and kept.
    #[must_use]
    pub fn into_owned(self) -> SignerIdentity<'static> {
        SignerIdentity {
            certificate: self.certificate.into_owned(),
            algorithms: self.algorithms,
            others: self
                .others
                .into_iter()
                .map(Certificate::into_owned)
                .collect(),
        }
    }

    /// The signer's certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate<'c> {
        &self.certificate
    }

    /// The algorithm with the wanted digest, else the [preferred](preference) one that the policy allows if another will do.
    fn algorithm(
        &self,
        wanted: WantedDigest,
        policy: &Policy,
    ) -> Result<SignatureAlgorithm, BuildError> {
        let allowed = |algorithm: &&SignatureAlgorithm| {
            policy.message_digests().contains(algorithm.digest())
                && policy
                    .signature_schemes()
                    .contains(SignatureScheme::of(**algorithm))
        };
        let (digest, another_will_do) = match wanted {
            WantedDigest::Any => (None, true),
            WantedDigest::Preferred(digest) => (Some(digest), true),
            WantedDigest::Named(digest) => (Some(digest), false),
        };
        let possible = || self.algorithms.iter().filter(allowed).copied();
        let another = || possible().min_by_key(preference);
        possible()
            .find(|algorithm| Some(algorithm.digest()) == digest)
            .or_else(|| another().filter(|_| another_will_do))
            .ok_or(BuildError::NoAlgorithm)
    }
}

/// What comes first where no digest is wanted, the least first: with RSA SHA-256, which every server reads that knows it, and SHA-1 and
/// MD5 last. A key on a curve knows best what suits it, such as SHA-384 a key on P-384
/// ([RFC 5753, section 8](https://www.rfc-editor.org/rfc/rfc5753#section-8)): the first of its algorithms.
fn preference(algorithm: &SignatureAlgorithm) -> u8 {
    let is_rsa = matches!(
        algorithm,
        SignatureAlgorithm::RsaPkcs1v15(_) | SignatureAlgorithm::RsaPss { .. }
    );
    match algorithm.digest() {
        _ if !is_rsa => 0,
        DigestAlgorithm::Sha256 => 0,
        DigestAlgorithm::Sha384 => 1,
        DigestAlgorithm::Sha512 => 2,
        DigestAlgorithm::Sha1 => 3,
        DigestAlgorithm::Md5 => 4,
    }
}

/// Which digest a message is to have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WantedDigest {
    /// Whatever suits the key.
    Any,
    /// This one if the key can do it, because it was negotiated or is mirrored.
    Preferred(DigestAlgorithm),
    /// This one and no other.
    Named(DigestAlgorithm),
}

/// The attributes that a message is built with.
pub(crate) struct AttributeSet<'a> {
    pub(crate) message_type: MessageType,
    pub(crate) transaction_id: &'a TransactionId<'a>,
    pub(crate) sender_nonce: Nonce,
    pub(crate) reply: Option<ReplyAttributes<'a>>,
}

/// The attributes of a CertRep.
pub(crate) struct ReplyAttributes<'a> {
    pub(crate) pki_status: PkiStatus,
    pub(crate) recipient_nonce: Option<Nonce>,
    pub(crate) fail_info: Option<(FailInfo, Option<&'a str>)>,
    pub(crate) microsoft_error: Option<Hresult>,
    pub(crate) microsoft_message: Option<&'a str>,
}

/// A message that lacks its signature and nothing else.
#[derive(Clone)]
pub(crate) struct Unsigned {
    provider: Provider,
    certificate: Certificate<'static>,
    others: Vec<Certificate<'static>>,
    algorithm: SignatureAlgorithm,
    content: Option<Vec<u8>>,
    /// A SET OF in DER.
    attributes: Vec<u8>,
}

impl Unsigned {
    /// Puts a message together.
    pub(crate) fn new(
        provider: &Provider,
        policy: &Policy,
        signer: &SignerIdentity<'_>,
        digest: WantedDigest,
        attributes: &AttributeSet<'_>,
        content: Option<Vec<u8>>,
    ) -> Result<Self, BuildError> {
        let algorithm = signer.algorithm(digest, policy)?;
        let message_digest = provider.digests().digest(
            algorithm.digest(),
            &[content.as_deref().unwrap_or_default()],
        )?;
        let attributes = attributes.encode(message_digest.as_bytes());
        Ok(Self::assemble(
            provider, signer, algorithm, attributes, content,
        ))
    }

    /// Puts a signed content together that is no pkiMessage, such as the body of GetNextCACert.
    pub(crate) fn without_scep_attributes(
        provider: &Provider,
        policy: &Policy,
        signer: &SignerIdentity<'_>,
        content: Vec<u8>,
    ) -> Result<Self, BuildError> {
        let algorithm = signer.algorithm(WantedDigest::Any, policy)?;
        let digest = provider.digests().digest(algorithm.digest(), &[&content])?;
        let attributes = encode(128, |out| {
            out.set_of(|set| write_cms_attributes(set, digest.as_bytes()));
        });
        Ok(Self::assemble(
            provider,
            signer,
            algorithm,
            attributes,
            Some(content),
        ))
    }

    fn assemble(
        provider: &Provider,
        signer: &SignerIdentity<'_>,
        algorithm: SignatureAlgorithm,
        attributes: Vec<u8>,
        content: Option<Vec<u8>>,
    ) -> Self {
        Self {
            provider: *provider,
            certificate: signer.certificate.clone().into_owned(),
            others: signer
                .others
                .iter()
                .map(|certificate| certificate.clone().into_owned())
                .collect(),
            algorithm,
            content,
            attributes,
        }
    }

    pub(crate) fn to_be_signed(&self) -> &[u8] {
        &self.attributes
    }

    pub(crate) const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    pub(crate) fn sign(
        &self,
        key: &dyn SigningKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, BuildError> {
        let signature = |rng| key.sign(self.algorithm, &self.attributes, rng);
        match key.public_key() {
            Some(own) if is_same_key(own, self.certificate.public_key_der()) => {
                let signature = signature(rng)?;
                self.check_form(&signature)?;
                Ok(self.finish(&signature))
            }
            Some(_) => Err(BuildError::KeyMismatch),
            // Only the signature can tell whose key it is.
            None => self.attach(&signature(rng)?, &self.provider),
        }
    }

    /// Requires the form that a signature has in a message: secure elements give those of ECDSA as two numbers side by side.
    fn check_form(&self, signature: &[u8]) -> Result<(), BuildError> {
        use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, EcdsaSha512};
        match self.algorithm {
            EcdsaSha256 | EcdsaSha384 | EcdsaSha512 if !is_ecdsa_sig_value(signature) => {
                Err(BuildError::WrongSignature)
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn attach(
        &self,
        signature: &[u8],
        provider: &Provider,
    ) -> Result<Vec<u8>, BuildError> {
        provider
            .signatures()
            .verify(
                self.algorithm,
                self.certificate.public_key_der(),
                &[&self.attributes],
                signature,
            )
            .map_err(|error| match error {
                CryptoError::Failed => BuildError::WrongSignature,
                other => BuildError::Crypto(other),
            })?;
        Ok(self.finish(signature))
    }

    fn finish(&self, signature: &[u8]) -> Vec<u8> {
        let mut certificates = Vec::with_capacity(self.others.len().saturating_add(1));
        certificates.push(self.certificate.as_der());
        certificates.extend(self.others.iter().map(Certificate::as_der));
        write_signed_data(
            &SignerParts {
                algorithm: self.algorithm,
                content: self.content.as_deref(),
                certificates: &certificates,
                sid: Identifier::of(&self.certificate),
                signed_attributes: &self.attributes,
            },
            signature,
        )
    }
}

impl AttributeSet<'_> {
    /// The attributes as a SET OF in DER order.
    fn encode(&self, message_digest: &[u8]) -> Vec<u8> {
        encode(512, |out| {
            out.set_of(|set| {
                write_cms_attributes(set, message_digest);
                self.write(set);
            });
        })
    }

    fn write(&self, set: &mut SetOf<'_>) {
        write_code(set, oid::MESSAGE_TYPE, self.message_type.code());
        // Interop: peers read the type that they write; jscep and EJBCA read no other.
        let id = self.transaction_id;
        write_attribute(set, oid::TRANSACTION_ID, |value| {
            value.tlv(id.tag(), id.as_bytes());
        });
        write_octets(set, oid::SENDER_NONCE, self.sender_nonce.as_bytes());
        let Some(reply) = &self.reply else {
            return;
        };
        write_code(set, oid::PKI_STATUS, reply.pki_status.code());
        if let Some(nonce) = reply.recipient_nonce {
            write_octets(set, oid::RECIPIENT_NONCE, nonce.as_bytes());
        }
        if let Some((info, text)) = reply.fail_info {
            write_code(set, oid::FAIL_INFO, info.code());
            if let Some(text) = text {
                write_utf8(set, oid::FAIL_INFO_TEXT, text);
            }
        }
        if let Some(error) = reply.microsoft_error {
            write_code(set, oid::MS_SCEP_ERROR, error.signed());
        }
        if let Some(text) = reply.microsoft_message {
            write_utf8(set, oid::MS_SCEP_SERVER_MESSAGE, text);
        }
    }
}

/// The attributes that CMS demands of every signer.
fn write_cms_attributes(set: &mut SetOf<'_>, message_digest: &[u8]) {
    write_attribute(set, oid::CONTENT_TYPE, |value| value.oid(oid::DATA));
    write_octets(set, oid::MESSAGE_DIGEST, message_digest);
}

fn write_octets(set: &mut SetOf<'_>, oid: Oid, octets: &[u8]) {
    write_attribute(set, oid, |value| value.octet_string(octets));
}

fn write_utf8(set: &mut SetOf<'_>, oid: Oid, text: &str) {
    write_attribute(set, oid, |value| {
        value.tlv(tag::UTF8_STRING, text.as_bytes())
    });
}

/// A number as RFC 8894 writes it: its decimal digits as text.
fn write_code(set: &mut SetOf<'_>, oid: Oid, code: impl fmt::Display) {
    write_attribute(set, oid, |value| {
        value.nested(tag::PRINTABLE_STRING, |text| text.display(code));
    });
}

fn write_attribute(set: &mut SetOf<'_>, oid: Oid, value: impl FnOnce(&mut Writer)) {
    set.element(|out| {
        out.sequence(|attribute| {
            attribute.oid(oid);
            attribute.set(value);
        });
    });
}

/// To whom an envelope is encrypted, and how.
#[derive(Clone, Copy)]
pub(crate) enum EnvelopeRecipient<'a> {
    Transport(&'a Certificate<'a>, KeyTransport),
    Agreement(&'a Certificate<'a>, KeyAgreement),
    Password(&'a str, PasswordEncryption),
}

impl EnvelopeRecipient<'_> {
    pub(crate) const fn key_management(&self) -> KeyManagement {
        match self {
            Self::Transport(_, transport) => KeyManagement::Transport(*transport),
            Self::Agreement(_, agreement) => KeyManagement::Agreement(*agreement),
            Self::Password(_, encryption) => KeyManagement::Password(*encryption),
        }
    }

    /// The same recipient for an envelope that is thrown away: with the iterations that a provider may demand at least.
    pub(crate) fn for_trial(mut self) -> Self {
        if let Self::Password(_, encryption) = &mut self {
            encryption.iterations = encryption.iterations.min(MIN_ITERATIONS);
        }
        self
    }
}

/// [RFC 8018, section 4.2](https://www.rfc-editor.org/rfc/rfc8018#section-4.2), and NIST SP 800-132, section 5.2.
const MIN_ITERATIONS: u32 = 1000;

/// Who is to get an envelope, and what may be used for it.
#[derive(Clone, Copy)]
pub(crate) struct Addressee<'a> {
    pub(crate) certificate: &'a Certificate<'a>,
    /// The challenge password that is shared in the transaction.
    pub(crate) password: Option<&'a str>,
    pub(crate) cipher: ContentCipher,
}

impl<'a> Addressee<'a> {
    /// How a content key is encrypted to the certificate's key, which the policy must allow.
    ///
    /// A key that decrypts gets it by one of `transports`, the first that the policy allows and that fits. For one that does not
    /// there is the password ([RFC 8894, section 3.1](https://www.rfc-editor.org/rfc/rfc8894#section-3.1)) or, where none is shared,
    /// key agreement, if it is on a curve.
    pub(crate) fn envelope_recipient(
        &self,
        transports: impl IntoIterator<Item = KeyTransport>,
        policy: &Policy,
    ) -> Result<EnvelopeRecipient<'a>, BuildError> {
        let public_key = self.certificate.public_key_der();
        check_public_key(public_key, policy).map_err(BuildError::Recipient)?;
        let algorithm = key_algorithm(public_key).unwrap_or(oid::RSA_ENCRYPTION);
        if algorithm != oid::RSA_ENCRYPTION {
            return self.without_decryption(algorithm, policy);
        }
        let mut allowed = transports
            .into_iter()
            .filter(|transport| policy.allows_transport(*transport))
            .peekable();
        allowed.peek().ok_or(BuildError::EmptyPolicy)?;
        // A short key and a long OAEP hash leave no room for the content key.
        allowed
            .find(|transport| fits_transport(public_key, *transport, self.cipher.key_len()))
            .map(|transport| EnvelopeRecipient::Transport(self.certificate, transport))
            .ok_or(BuildError::Recipient(Refused::RsaKey))
    }

    fn without_decryption(
        &self,
        algorithm: Oid,
        policy: &Policy,
    ) -> Result<EnvelopeRecipient<'a>, BuildError> {
        let password = self.password.filter(|password| !password.is_empty());
        let encryption = policy.fresh_password_encryption();
        if let (Some(password), Some(encryption)) = (password, encryption) {
            return Ok(EnvelopeRecipient::Password(password, encryption));
        }
        let reason = match password {
            Some(_) => BuildError::EmptyPolicy,
            None => BuildError::NoPassword(algorithm),
        };
        key_curve(self.certificate.public_key_der()).ok_or(reason)?;
        let agreement = policy.fresh_key_agreement(self.cipher.key_len());
        let agreement = agreement.ok_or(reason)?;
        match self.certificate.key_usage() {
            Some(usage) if !usage.key_agreement() => Err(BuildError::NoKeyAgreement),
            _ => Ok(EnvelopeRecipient::Agreement(self.certificate, agreement)),
        }
    }
}

/// Encrypts a payload to one recipient, [RFC 8894, section 3.2.2](https://www.rfc-editor.org/rfc/rfc8894#section-3.2.2).
pub(crate) fn seal(
    provider: &Provider,
    recipient: EnvelopeRecipient<'_>,
    cipher: ContentCipher,
    payload: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, BuildError> {
    let mut key = Zeroizing::new([0; 32]);
    let key = key.get_mut(..cipher.key_len()).unwrap_or_default();
    rng.fill_bytes(key);
    let mut iv = [0; 16];
    let iv = iv.get_mut(..cipher.block_len()).unwrap_or_default();
    rng.fill_bytes(iv);
    let write = |recipient, encrypted_key: &[u8]| {
        let parts = EnvelopeParts {
            recipient,
            encrypted_key,
            cipher,
            iv,
        };
        write_enveloped_data(&parts, payload, |content| {
            provider
                .content_encryption()
                .encrypt(cipher, key, iv, content)
        })
    };
    let envelope = match recipient {
        EnvelopeRecipient::Transport(certificate, transport) => {
            let public_key = certificate.public_key_der();
            let encryption = provider.key_encryption();
            let encrypted_key = encryption.encrypt_key(transport, public_key, key, rng)?;
            let rid = Identifier::of(certificate);
            write(RecipientParts::KeyTrans { rid, transport }, &encrypted_key)?
        }
        EnvelopeRecipient::Agreement(certificate, agreement) => {
            let wrapped = WrappedKey::new(provider, certificate, agreement, key, rng)?;
            let recipient = RecipientParts::KeyAgree {
                rid: Identifier::of(certificate),
                agreement,
                originator: wrapped.originator()?,
            };
            write(recipient, &wrapped.encrypted_key)?
        }
        EnvelopeRecipient::Password(password, encryption) => {
            let mut salt = [0; SALT_LEN];
            rng.fill_bytes(&mut salt);
            let mut iv = [0; 16];
            let block_len = encryption.cipher.block_len();
            let iv = iv.get_mut(..block_len).unwrap_or_default();
            rng.fill_bytes(iv);
            let kek = password_key(provider, encryption, password, &salt)?;
            let ciphers = provider.content_encryption();
            let encrypted_key = pwri_kek::wrap(ciphers, encryption.cipher, &kek, iv, key, rng)?;
            let recipient = RecipientParts::Password {
                encryption,
                salt: &salt,
                iv,
            };
            write(recipient, &encrypted_key)?
        }
    };
    Ok(envelope)
}

/// The length of a salt that is written, in bytes.
const SALT_LEN: usize = 16;

/// The key that encrypts a content key, made of a password.
pub(crate) fn password_key(
    provider: &Provider,
    encryption: PasswordEncryption,
    password: &str,
    salt: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let PasswordEncryption {
        prf,
        iterations,
        cipher,
    } = encryption;
    let mut key = Zeroizing::new(alloc::vec![0; cipher.key_len()]);
    let derivation = provider.key_derivation();
    derivation.pbkdf2(prf, password.as_bytes(), salt, iterations, &mut key)?;
    Ok(key)
}

/// Whether a signature is the DER of an `Ecdsa-Sig-Value`, the SEQUENCE of two INTEGERs of [RFC 3279, section 2.2.3].
///
/// [RFC 3279, section 2.2.3]: https://www.rfc-editor.org/rfc/rfc3279#section-2.2.3
fn is_ecdsa_sig_value(signature: &[u8]) -> bool {
    let item = Item::Signature;
    let mut reader = Reader::new_der(signature, 0, Layer::Message, &Limits::REPLY);
    let numbers = reader.nested(tag::SEQUENCE, item, |numbers| {
        numbers.expect(tag::INTEGER, item)?;
        numbers.expect(tag::INTEGER, item)
    });
    numbers.is_ok() && reader.finish(item).is_ok()
}

/// Requires a text that UTF8String may carry to people: not empty and without control characters.
pub(crate) fn check_text(text: &str, item: Item) -> Result<(), BuildError> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(BuildError::InvalidInput(item));
    }
    Ok(())
}
