//! Opening an envelope: the recipient's key, the content key, the plaintext; and one error for all that can go wrong.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use ctutils::{Choice, CtEq, CtGt, CtSelect};
use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::agreement::AgreedKey;
use super::parse::PkiMessage;
use crate::asn1::OctetString;
use crate::certificate::Certificate;
use crate::cms::{EnvelopedData, Identifier, KeyAgreeRecipient, KeyTransRecipient, RecipientInfo};
use crate::crypto::public_key::key_algorithm;
use crate::crypto::{
    ContentCipher, CryptoError, DecryptionKey, DigestAlgorithm, KeyManagement, KeyTransport,
    Policy, Provider, SubstituteSecret, Tolerance, TransportScheme, is_same_key,
};
use crate::oid;
use crate::{BuildError, DecryptError, Item, OpenError, ParseError, ParseErrorKind};
use crate::{RecipientHint, Refused};

/// Somebody whom an envelope may be for: a certificate with its private key, and the passwords that may be shared.
#[derive(Clone, Copy)]
pub struct Recipient<'k> {
    certificate: &'k Certificate<'k>,
    key: Option<&'k dyn DecryptionKey>,
    passwords: [&'k str; MAX_PASSWORDS],
    /// How many were given, also if they are too many.
    password_count: usize,
}

/// The most passwords that are tried on a message.
pub(crate) const MAX_PASSWORDS: usize = 4;

impl<'k> Recipient<'k> {
    /// A certificate with its private key.
    ///
    /// # Errors
    /// [`BuildError::KeyMismatch`] if the key knows its public key and it is not the certificate's.
    pub fn new(
        certificate: &'k Certificate<'k>,
        key: &'k dyn DecryptionKey,
    ) -> Result<Self, BuildError> {
        match key.public_key() {
            Some(public_key) if !is_same_key(public_key, certificate.public_key_der()) => {
                Err(BuildError::KeyMismatch)
            }
            _ => Ok(Self {
                key: Some(key),
                ..Self::without_key(certificate)
            }),
        }
    }

    /// A certificate without its private key, or with one that only signs: what is for its holder is encrypted under a password.
    #[must_use]
    pub const fn without_key(certificate: &'k Certificate<'k>) -> Self {
        Self {
            certificate,
            key: None,
            passwords: [""; MAX_PASSWORDS],
            password_count: 0,
        }
    }

    /// Also opens what is encrypted under this challenge password
    /// ([RFC 8894, section 3.1](https://www.rfc-editor.org/rfc/rfc8894#section-3.1)); an empty one opens nothing.
    ///
    /// Nothing in a message tells under which password it is encrypted. A server chooses those that are worth trying, 4 at
    /// most over all recipients, by the unverified transactionID and signer: each costs as many iterations of PBKDF2 as the
    /// message says, up to [`Policy::max_password_iterations`] over all of them. [`Request::password`](crate::Request::password) tells
    /// which of them it was.
    #[must_use]
    pub fn with_password(mut self, password: &'k str) -> Self {
        if let Some(slot) = self.passwords.get_mut(self.password_count) {
            *slot = password;
        }
        self.password_count = self.password_count.saturating_add(1);
        self
    }

    /// The certificate.
    #[must_use]
    pub const fn certificate(&self) -> &'k Certificate<'k> {
        self.certificate
    }

    /// Whether nothing can be encrypted to the certificate's key without an agreement.
    pub(crate) fn cannot_decrypt(&self) -> bool {
        key_algorithm(self.certificate.public_key_der()) != Some(oid::RSA_ENCRYPTION)
    }

    pub(crate) const fn key(&self) -> Option<&'k dyn DecryptionKey> {
        self.key
    }

    /// The passwords that are not empty, with their positions.
    pub(super) fn passwords(&self) -> impl Iterator<Item = (usize, &'k str)> + Clone + use<'k> {
        let passwords = self.passwords.into_iter().enumerate();
        passwords.filter(|(_, password)| !password.is_empty())
    }
}

impl core::fmt::Debug for Recipient<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Recipient")
            .field("certificate", self.certificate)
            .finish_non_exhaustive()
    }
}

/// The encrypted content key of a message, for a private key that answers elsewhere.
///
/// If there is an [`originator_key`](Self::originator_key), have the private key agree with it. Else have
/// [the bytes](Self::as_bytes) decrypted, try [`transports`](Self::transports) in their order, and tell which one it was by
/// [`decrypted_with`](Self::decrypted_with). Bring the result back whatever it is, error or not:
/// [`open_with`](super::VerifiedMessage::open_with) goes on with a substitute key where it has to. What is encrypted under a challenge
/// password needs no private key: [`open`](super::VerifiedMessage::open) it as [`Recipient::without_key`] with passwords.
///
/// # Security
/// Whoever sent the message wrote the [`originator_key`](Self::originator_key). A point that is not on the private key's curve must not
/// be computed with: the answers to a few of them tell that key. This crate sees to the form and the length of the point, and cannot
/// see that it is on the curve.
#[derive(Clone, Debug)]
pub struct EncryptedKey<'m> {
    message: &'m PkiMessage<'m>,
    recipient: usize,
    encrypted_key: Cow<'m, [u8]>,
    technique: Technique,
    sealed: Sealed<'m>,
}

/// What the private key is to do.
#[derive(Clone, Debug)]
enum Technique {
    Transport {
        declared: KeyTransport,
        retry: Option<KeyTransport>,
        /// Which of the two it was.
        used: KeyTransport,
    },
    Agreement(AgreedKey),
}

/// The encrypted content of a message, all that is public of it checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sealed<'m> {
    pub(super) cipher: ContentCipher,
    iv: &'m [u8],
    content: OctetString<'m>,
}

/// How a message was opened, for its reply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenedBy {
    /// The position of the recipient among those that were given.
    pub(crate) recipient: usize,
    /// The position of the password among those of the recipient, if it was one.
    pub(crate) password: Option<usize>,
    pub(crate) cipher: ContentCipher,
    pub(crate) key_management: KeyManagement,
}

impl<'m> EncryptedKey<'m> {
    /// The position of the recipient among the certificates that were given.
    #[must_use]
    pub const fn recipient(&self) -> usize {
        self.recipient
    }

    /// The encrypted key. In key agreement it is this crate that decrypts it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.encrypted_key
    }

    /// How the key was encrypted: one algorithm, or two to be tried one after the other; none in key agreement.
    ///
    /// There are two only of RSAES-OAEP, under [`Tolerance::OaepMgfMismatch`], where the message leaves open which was used; nothing
    /// but decrypting tells, so a key elsewhere has to be asked again. To try the second after an error of the first is the only
    /// branch that is allowed on what the key answers: [`open_with`](super::VerifiedMessage::open_with) takes the last answer as it
    /// came, and no error tells of it.
    pub fn transports(&self) -> impl Iterator<Item = KeyTransport> + use<> {
        let (declared, retry) = match self.technique {
            Technique::Transport {
                declared, retry, ..
            } => (Some(declared), retry),
            Technique::Agreement(_) => (None, None),
        };
        declared.into_iter().chain(retry)
    }

    /// The public key with which the private key is to agree, a DER SubjectPublicKeyInfo on its curve; `None` in key transport.
    ///
    /// A point that is not on the curve must not be computed with, see [above](Self#security). What is to be brought back is the
    /// x coordinate of the shared point, as from [`DecryptionKey::agree`]; leading zeros that a token has dropped are put back.
    #[must_use]
    pub fn originator_key(&self) -> Option<&[u8]> {
        match &self.technique {
            Technique::Transport { .. } => None,
            Technique::Agreement(agreed) => Some(&agreed.originator),
        }
    }

    /// Tells with which of [`transports`](Self::transports) the key was decrypted, which a reply mirrors. It is the first
    /// if nothing is told.
    #[must_use]
    pub fn decrypted_with(mut self, transport: KeyTransport) -> Self {
        let mut possible = self.transports();
        if let Technique::Transport { used, .. } = &mut self.technique
            && possible.any(|possible| possible == transport)
        {
            *used = transport;
        }
        self
    }

    /// The cipher of the content.
    #[must_use]
    pub const fn cipher(&self) -> ContentCipher {
        self.sealed.cipher
    }

    pub(crate) const fn opened_by(&self) -> OpenedBy {
        OpenedBy {
            recipient: self.recipient,
            password: None,
            cipher: self.sealed.cipher,
            key_management: match &self.technique {
                Technique::Transport { used, .. } => KeyManagement::Transport(*used),
                Technique::Agreement(agreed) => KeyManagement::Agreement(agreed.agreement),
            },
        }
    }

    /// Whether this is the key of that message and of no other.
    pub(crate) fn is_of(&self, message: &PkiMessage<'_>) -> bool {
        core::ptr::addr_eq(self.message, message)
    }

    /// Has a key that answers at once decrypt the content key, or agree on what decrypts it.
    fn ask(
        &mut self,
        key: &dyn DecryptionKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let transports = self.transports();
        match &mut self.technique {
            Technique::Agreement(agreed) => key.agree(&agreed.originator, rng),
            Technique::Transport { used, .. } => {
                let mut result = Err(CryptoError::Failed);
                for transport in transports {
                    result = key.decrypt_key(transport, &self.encrypted_key, rng);
                    if result.is_ok() {
                        *used = transport;
                        break;
                    }
                }
                result
            }
        }
    }

    /// Decrypts the content with what the private key gave; that it is wrong does not show before the padding and the payload
    /// are checked.
    pub(crate) fn decrypt_content<E>(
        &self,
        provider: &Provider,
        answer: Result<Zeroizing<Vec<u8>>, E>,
        secret: &SubstituteSecret,
    ) -> Result<Opened, DecryptError> {
        let answer = answer.map_err(|_| CryptoError::Failed);
        let content_key = match &self.technique {
            Technique::Transport { .. } => answer,
            Technique::Agreement(agreed) => answer.and_then(|agreed_on| {
                let len = self.sealed.cipher.key_len();
                agreed.unwrap(provider, &agreed_on, &self.encrypted_key, len)
            }),
        };
        self.sealed
            .decrypt(provider, &self.encrypted_key, content_key, secret)
    }
}

impl Sealed<'_> {
    pub(super) fn decrypt<E>(
        &self,
        provider: &Provider,
        encrypted_key: &[u8],
        content_key: Result<Zeroizing<Vec<u8>>, E>,
        secret: &SubstituteSecret,
    ) -> Result<Opened, DecryptError> {
        let key = self.select_key(provider, encrypted_key, content_key, secret)?;
        let key = key.get(..self.cipher.key_len()).ok_or(DecryptError)?;
        let mut buffer = Zeroizing::new(self.content.to_vec());
        provider
            .content_encryption()
            .decrypt(self.cipher, key, self.iv, &mut buffer)
            .map_err(|_| DecryptError)?;
        let (padded, padding) = unpad(&buffer, self.cipher.block_len());
        Ok(Opened {
            len: buffer.len().saturating_sub(usize::from(padding)),
            padded,
            buffer,
            is_unwrapped: true,
        })
    }

    /// The content key if transport gave one of the cipher's length, else a substitute: an HMAC of the encrypted key
    /// under a secret. Both are computed always, and neither the choice nor its outcome takes its own path.
    fn select_key<E>(
        &self,
        provider: &Provider,
        encrypted_key: &[u8],
        content_key: Result<Zeroizing<Vec<u8>>, E>,
        secret: &SubstituteSecret,
    ) -> Result<Zeroizing<[u8; 32]>, DecryptError> {
        let substitute = Zeroizing::new(substitute_key(provider, secret, encrypted_key)?);
        let content_key = content_key.unwrap_or_default();
        let mut candidate = Zeroizing::new([0_u8; 32]);
        candidate
            .iter_mut()
            .zip(content_key.iter())
            .for_each(|(slot, byte)| *slot = *byte);
        let right_len = content_key.len().ct_eq(&self.cipher.key_len());
        Ok(Zeroizing::new(substitute.ct_select(&*candidate, right_len)))
    }
}

/// A decrypted content whose padding was looked at and not yet acted on.
pub(crate) struct Opened {
    buffer: Zeroizing<Vec<u8>>,
    padded: Choice,
    len: usize,
    is_unwrapped: bool,
}

impl Opened {
    /// The same, where no password is right.
    pub(super) fn not_unwrapped(self) -> Self {
        Self {
            is_unwrapped: false,
            ..self
        }
    }

    /// Whether one of the passwords is right. Of any other key it is always said.
    pub(crate) const fn is_unwrapped(&self) -> bool {
        self.is_unwrapped
    }

    /// The whole buffer, padding or what stands in its place included.
    pub(crate) fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// Cuts the padding off, if it is right and the payload of `payload_len` bytes ends where it starts.
    ///
    /// This comes after the payload was read and all its checks were made, so that wrong padding takes as long as right
    /// padding does.
    pub(crate) fn finish(mut self, payload_len: usize) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let ends = payload_len.ct_eq(&self.len);
        if !(self.padded & ends).to_bool() {
            return Err(DecryptError);
        }
        // Who knows one of the passwords can compute the substitute key, too.
        if !self.is_unwrapped {
            return Err(DecryptError);
        }
        self.buffer.truncate(payload_len);
        Ok(self.buffer)
    }
}

impl PkiMessage<'_> {
    /// Opens the envelope with the key of whom it names among `recipients` or else, if there is none and it is encrypted under a
    /// password, with one of theirs.
    pub(crate) fn open_envelope(
        &self,
        provider: &Provider,
        policy: &Policy,
        recipients: &[Recipient<'_>],
        rng: &mut dyn CryptoRng,
    ) -> Result<(Opened, OpenedBy), OpenError> {
        let passwords = recipients.iter().fold(0_usize, |count, one| {
            count.saturating_add(one.password_count)
        });
        if passwords > MAX_PASSWORDS {
            return Err(OpenError::TooManyPasswords);
        }
        let certificates = recipients.iter().map(Recipient::certificate);
        // Why there is no key that opens is public, and there may be a password that does.
        let error = match self.encrypted_key(policy, certificates) {
            Ok(mut encrypted) => {
                let recipient = recipients.get(encrypted.recipient());
                if let Some(key) = recipient.and_then(Recipient::key) {
                    let answer = encrypted.ask(key, rng);
                    let secret = key.substitute_secret();
                    let opened = encrypted.decrypt_content(provider, answer, secret)?;
                    return Ok((opened, encrypted.opened_by()));
                }
                OpenError::NoKey
            }
            Err(error) => error,
        };
        let opened = self.open_with_passwords(provider, policy, recipients)?;
        opened.ok_or(error)
    }

    /// Finds the recipient among `certificates`, and checks all that is public of the envelope.
    pub(crate) fn encrypted_key<'m>(
        &'m self,
        policy: &Policy,
        certificates: impl Iterator<Item = &'m Certificate<'m>> + Clone,
    ) -> Result<EncryptedKey<'m>, OpenError> {
        let envelope = self.envelope()?.ok_or(OpenError::NoContent)?;
        let sealed = sealed(&envelope, policy)?;
        let (recipient, named) = find_recipient(&envelope, certificates.clone())?;
        let technique = match named.info {
            KeyInfo::Transport(ktri) => {
                let (declared, retry) = transports(&ktri, policy)?;
                Technique::Transport {
                    declared,
                    retry,
                    used: declared,
                }
            }
            KeyInfo::Agreement(kari) => {
                let certificate = certificates.clone().nth(recipient).ok_or(DecryptError)?;
                let agreed = AgreedKey::of(&kari, certificate.public_key_der(), policy);
                Technique::Agreement(agreed.map_err(OpenError::Refused)?)
            }
        };
        Ok(EncryptedKey {
            message: self,
            recipient,
            encrypted_key: named.encrypted_key.to_cow(),
            technique,
            sealed,
        })
    }

    /// For which of `certificates` the envelope says that it is, if for any.
    pub(crate) fn unverified_recipient_among<'c>(
        &self,
        certificates: impl Iterator<Item = &'c Certificate<'c>> + Clone,
    ) -> Option<usize> {
        let envelope = self.envelope().ok()??;
        let (position, _) = find_recipient(&envelope, certificates).ok()?;
        Some(position)
    }
}

/// The content of an envelope, of a type and in a cipher that the policy allows, in whole blocks with an initialisation vector.
pub(super) fn sealed<'m>(
    envelope: &EnvelopedData<'m>,
    policy: &Policy,
) -> Result<Sealed<'m>, OpenError> {
    // Interop: a .NET client that NDES serves writes encryptedData here.
    let tolerated = envelope.content_type == oid::ENCRYPTED_DATA.as_bytes()
        && policy.tolerates(Tolerance::EncryptedDataContentType);
    if envelope.content_type != oid::DATA.as_bytes() && !tolerated {
        return Err(OpenError::Parse(content_type_error(envelope)));
    }
    let cipher_id = envelope.content_cipher;
    let cipher = cipher_id
        .cipher()
        .ok()
        .filter(|cipher| policy.content_ciphers().contains(*cipher))
        .ok_or(OpenError::Refused(Refused::ContentCipher(cipher_id.oid())))?;
    let invalid = |item, offset| {
        OpenError::Parse(ParseError {
            kind: ParseErrorKind::InvalidValue,
            item,
            offset,
            layer: envelope.layer,
        })
    };
    let (block, content) = (cipher.block_len(), envelope.encrypted_content);
    let iv = cipher_id
        .initialisation_vector()
        .filter(|iv| iv.len() == block)
        .ok_or_else(|| invalid(Item::InitialisationVector, envelope.content_cipher_offset))?;
    if content.len == 0 || !content.len.is_multiple_of(block) {
        return Err(invalid(Item::EncryptedContent, content.offset));
    }
    Ok(Sealed {
        cipher,
        iv,
        content,
    })
}

fn content_type_error(envelope: &EnvelopedData<'_>) -> ParseError {
    let kind = crate::Oid::from_bytes(envelope.content_type)
        .map_or(ParseErrorKind::InvalidValue, ParseErrorKind::UnexpectedType);
    ParseError {
        kind,
        item: Item::EncryptedContentInfo,
        offset: envelope.content_type_offset,
        layer: envelope.layer,
    }
}

/// A certificate that an envelope names, and the content key that is encrypted to it.
#[derive(Clone, Copy)]
struct NamedKey<'m> {
    rid: Identifier<'m>,
    encrypted_key: OctetString<'m>,
    info: KeyInfo<'m>,
}

#[derive(Clone, Copy)]
enum KeyInfo<'m> {
    Transport(KeyTransRecipient<'m>),
    Agreement(KeyAgreeRecipient<'m>),
}

/// The certificates that a recipient names: one in key transport, any number in key agreement.
fn named_keys<'m>(
    recipient: RecipientInfo<'m>,
) -> impl Iterator<Item = Result<NamedKey<'m>, ParseError>> {
    let (ktri, kari) = match recipient {
        RecipientInfo::KeyTrans(ktri) => (Some(ktri), None),
        RecipientInfo::KeyAgree(kari) => (None, Some(kari)),
        _ => (None, None),
    };
    let (kari, unreadable) = match kari {
        Some(Err(error)) => (None, Some(Err(error))),
        readable => (readable.and_then(Result::ok), None),
    };
    let transported = ktri.map(|ktri| {
        Ok(NamedKey {
            rid: ktri.rid,
            encrypted_key: ktri.encrypted_key,
            info: KeyInfo::Transport(ktri),
        })
    });
    let agreed = kari.into_iter().flat_map(|kari| {
        kari.recipient_encrypted_keys().map(move |key| {
            let key = key?;
            Ok(NamedKey {
                rid: key.rid,
                encrypted_key: key.encrypted_key,
                info: KeyInfo::Agreement(kari),
            })
        })
    });
    transported.into_iter().chain(unreadable).chain(agreed)
}

/// The first recipient that names one of the certificates byte for byte; if none does, the first that resembles one.
fn find_recipient<'m, 'c>(
    envelope: &EnvelopedData<'m>,
    certificates: impl Iterator<Item = &'c Certificate<'c>> + Clone,
) -> Result<(usize, NamedKey<'m>), OpenError> {
    let (mut resembling, mut unreadable) = (None, None);
    let mut first: &[u8] = &[];
    let mut count = 0_usize;
    for recipient in envelope.recipients() {
        count = count.saturating_add(1);
        for named in named_keys(recipient?) {
            let named = match named {
                Ok(named) => named,
                Err(error) => {
                    unreadable.get_or_insert(error);
                    continue;
                }
            };
            let mut candidates = certificates.clone();
            if let Some(exact) = candidates.position(|certificate| named.rid.matches(certificate)) {
                return Ok((exact, named));
            }
            if resembling.is_none() {
                resembling = certificates
                    .clone()
                    .position(|certificate| named.rid.resembles(certificate))
                    .map(|position| (position, named));
            }
            if first.is_empty() {
                first = match named.rid {
                    Identifier::IssuerAndSerialNumber { serial, .. } => serial,
                    Identifier::SubjectKeyIdentifier(ski) => ski,
                };
            }
        }
    }
    let hint = RecipientHint::new(first, count);
    resembling.ok_or(unreadable.map_or(OpenError::NoRecipient(hint), OpenError::Parse))
}

/// The key transport that a recipient names, if the policy allows it, and one to try after it.
fn transports(
    ktri: &KeyTransRecipient<'_>,
    policy: &Policy,
) -> Result<(KeyTransport, Option<KeyTransport>), OpenError> {
    let id = ktri.key_encryption;
    let refused = |refused| OpenError::Refused(refused);
    let oaep = id.key_transport().map_err(|error| refused(error.into()))?;
    let scheme = TransportScheme::of(oaep.transport);
    if !policy.transports().contains(scheme) {
        return Err(refused(Refused::KeyTransport(id.oid())));
    }
    let KeyTransport::RsaOaep { digest, mgf_digest } = oaep.transport else {
        return Ok((oaep.transport, None));
    };
    if !policy.oaep_digests().contains(digest) {
        let oid = crate::algorithm_identifier::digest_oid(digest);
        return Err(refused(Refused::OaepDigest(oid)));
    }
    if !policy.mgf_digests().contains(mgf_digest) {
        let oid = crate::algorithm_identifier::digest_oid(mgf_digest);
        return Err(refused(Refused::MgfDigest(oid)));
    }
    let allowed =
        policy.mgf_digests().contains(digest) && policy.tolerates(Tolerance::OaepMgfMismatch);
    Ok((oaep.transport, oaep.retry().filter(|_| allowed)))
}

/// HMAC-SHA-256 ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)) of the encrypted key: long enough for every cipher.
fn substitute_key(
    provider: &Provider,
    secret: &SubstituteSecret,
    encrypted_key: &[u8],
) -> Result<[u8; 32], DecryptError> {
    const BLOCK: usize = 64;
    let digest = |parts: &[&[u8]]| {
        provider
            .digests()
            .digest(DigestAlgorithm::Sha256, parts)
            .map_err(|_| DecryptError)
    };
    let pad = |byte: u8| {
        let mut block = Zeroizing::new([byte; BLOCK]);
        block
            .iter_mut()
            .zip(secret.secret_bytes())
            .for_each(|(slot, key)| *slot ^= key);
        block
    };
    let inner = digest(&[&*pad(0x36), b"scep substitute content key", encrypted_key])?;
    let outer = digest(&[&*pad(0x5c), inner.as_bytes()])?;
    outer.as_bytes().try_into().map_err(|_| DecryptError)
}

/// Whether the buffer ends in PKCS #7 padding ([RFC 5652, section 6.3]), and the padding's length, in a time that depends
/// on the block length alone.
///
/// [RFC 5652, section 6.3]: https://www.rfc-editor.org/rfc/rfc5652#section-6.3
fn unpad(buffer: &[u8], block: usize) -> (Choice, u8) {
    let padding = buffer.last().copied().unwrap_or_default();
    let block_len = u8::try_from(block).unwrap_or(u8::MAX);
    let mut right = !padding.ct_eq(&0) & !padding.ct_gt(&block_len);
    for (position, byte) in (0_u8..block_len).zip(buffer.iter().rev()) {
        let inside = padding.ct_gt(&position);
        right &= !inside | byte.ct_eq(&padding);
    }
    (right, padding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "rustcrypto")]
    #[test]
    fn the_substitute_is_an_hmac_of_the_encrypted_key() {
        use hmac::{Hmac, KeyInit, Mac};

        for fill in [0x00, 0x36, 0x5c, 0xff] {
            let secret = SubstituteSecret::new([fill; 32]);
            let mut hmac = Hmac::<sha2::Sha256>::new_from_slice(secret.secret_bytes()).unwrap();
            hmac.update(b"scep substitute content keyan encrypted key");
            let substitute = substitute_key(&Provider::rustcrypto(), &secret, b"an encrypted key");
            assert_eq!(substitute.unwrap()[..], hmac.finalize().into_bytes()[..]);
        }
    }

    #[test]
    fn padding_is_right_only_if_every_byte_is() {
        let good = |tail: &[u8]| {
            let mut buffer = alloc::vec![0xee; 32 - tail.len()];
            buffer.extend_from_slice(tail);
            let (right, padding) = unpad(&buffer, 16);
            right.to_bool().then_some(padding)
        };
        assert_eq!(good(&[1]), Some(1));
        assert_eq!(good(&[2, 2]), Some(2));
        assert_eq!(good(&[16; 16]), Some(16));
        assert_eq!(good(&[0]), None);
        assert_eq!(good(&[17; 17]), None);
        assert_eq!(good(&[3, 2, 3]), None);
        assert_eq!(good(&[2, 3, 3]), None);
        assert_eq!(good(&[0xff]), None);
    }
}
