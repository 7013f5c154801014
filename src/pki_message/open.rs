//! Opening an envelope: the recipient's key, the content key, the plaintext; and one error for all that can go wrong.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use ctutils::{Choice, CtEq, CtGt, CtSelect};
use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::build::password_key;
use super::parse::PkiMessage;
use crate::algorithm_identifier::KeyTransportError;
use crate::asn1::OctetString;
use crate::certificate::Certificate;
use crate::cms::{EnvelopedData, Identifier, KeyTransRecipient, PasswordRecipient, RecipientInfo};
use crate::crypto::public_key::key_algorithm;
use crate::crypto::pwri_kek;
use crate::crypto::{
    ContentCipher, CryptoError, DecryptionKey, DigestAlgorithm, KeyManagement, KeyTransport,
    PasswordEncryption, Policy, Provider, SubstituteSecret, Tolerance, TransportScheme,
    is_same_key,
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
    password_count: usize,
}

/// The most passwords that are tried on a message.
const MAX_PASSWORDS: usize = 4;

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

    /// A certificate whose private key does not decrypt: what is for its holder is encrypted under a password.
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
    /// message says, up to [`Policy::max_password_iterations`] over all of them.
    #[must_use]
    pub fn with_password(mut self, password: &'k str) -> Self {
        if !password.is_empty() {
            if let Some(slot) = self.passwords.get_mut(self.password_count) {
                *slot = password;
            }
            self.password_count = self.password_count.saturating_add(1);
        }
        self
    }

    /// The certificate.
    #[must_use]
    pub const fn certificate(&self) -> &'k Certificate<'k> {
        self.certificate
    }

    /// Whether nothing can be encrypted to the certificate's key.
    pub(crate) fn only_signs(&self) -> bool {
        key_algorithm(self.certificate.public_key_der()) != Some(oid::RSA_ENCRYPTION)
    }

    const fn key(&self) -> Option<&'k dyn DecryptionKey> {
        self.key
    }

    fn passwords(&self) -> impl Iterator<Item = &'k str> + use<'k> {
        self.passwords.into_iter().take(self.password_count)
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
/// Have it decrypted, try [`transports`](Self::transports) in their order, tell which one it was by
/// [`decrypted_with`](Self::decrypted_with), and bring the result back whatever it is, error or not:
/// [`open_with`](super::VerifiedMessage::open_with) goes on with a substitute key where it has to.
#[derive(Clone, Debug)]
pub struct EncryptedKey<'m> {
    message: &'m PkiMessage<'m>,
    recipient: usize,
    encrypted_key: Cow<'m, [u8]>,
    declared: KeyTransport,
    retry: Option<KeyTransport>,
    /// Which of the two it was.
    transport: KeyTransport,
    sealed: Sealed<'m>,
}

/// The encrypted content of a message, all that is public of it checked.
#[derive(Clone, Copy, Debug)]
struct Sealed<'m> {
    cipher: ContentCipher,
    iv: &'m [u8],
    content: OctetString<'m>,
}

/// How a message was opened, for its reply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenedBy {
    /// The position of the recipient among those that were given.
    pub(crate) recipient: usize,
    pub(crate) cipher: ContentCipher,
    pub(crate) key_management: KeyManagement,
}

impl<'m> EncryptedKey<'m> {
    /// The position of the recipient among the certificates that were given.
    #[must_use]
    pub const fn recipient(&self) -> usize {
        self.recipient
    }

    /// The bytes to be decrypted.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.encrypted_key
    }

    /// How the key was encrypted: one algorithm, or two to be tried one after the other.
    // Interop: smallstep's pkcs7 uses the OAEP hash for MGF1 too and does not write that down.
    pub fn transports(&self) -> impl Iterator<Item = KeyTransport> + use<> {
        core::iter::once(self.declared).chain(self.retry)
    }

    /// Tells with which of [`transports`](Self::transports) the key was decrypted, which a reply mirrors. It is the first
    /// if nothing is told.
    #[must_use]
    pub fn decrypted_with(mut self, transport: KeyTransport) -> Self {
        if self.transports().any(|possible| possible == transport) {
            self.transport = transport;
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
            cipher: self.sealed.cipher,
            key_management: KeyManagement::Transport(self.transport),
        }
    }

    /// Whether this is the key of that message and of no other.
    pub(crate) fn is_of(&self, message: &PkiMessage<'_>) -> bool {
        core::ptr::addr_eq(self.message, message)
    }

    /// Decrypts the content key with a key that answers at once.
    fn decrypt(
        &mut self,
        key: &dyn DecryptionKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let mut result = Err(CryptoError::Failed);
        for transport in self.transports() {
            result = key.decrypt_key(transport, &self.encrypted_key, rng);
            if result.is_ok() {
                self.transport = transport;
                break;
            }
        }
        result
    }

    /// Decrypts the content; that the key is wrong does not show before the padding and the payload are checked.
    pub(crate) fn decrypt_content<E>(
        &self,
        provider: &Provider,
        content_key: Result<Zeroizing<Vec<u8>>, E>,
        secret: &SubstituteSecret,
    ) -> Result<Opened, DecryptError> {
        self.sealed
            .decrypt(provider, &self.encrypted_key, content_key, secret)
    }
}

impl Sealed<'_> {
    fn decrypt<E>(
        &self,
        provider: &Provider,
        encrypted_key: &[u8],
        content_key: Result<Zeroizing<Vec<u8>>, E>,
        secret: &SubstituteSecret,
    ) -> Result<Opened, DecryptError> {
        let block = self.cipher.block_len();
        let whole_blocks = self.content.len > 0 && self.content.len.is_multiple_of(block);
        if !whole_blocks || self.iv.len() != block {
            return Err(DecryptError);
        }
        let key = self.select_key(provider, encrypted_key, content_key, secret)?;
        let key = key.get(..self.cipher.key_len()).ok_or(DecryptError)?;
        let mut buffer = Zeroizing::new(self.content.to_vec());
        provider
            .content_encryption()
            .decrypt(self.cipher, key, self.iv, &mut buffer)
            .map_err(|_| DecryptError)?;
        let (padded, padding) = unpad(&buffer, block);
        Ok(Opened {
            len: buffer.len().saturating_sub(usize::from(padding)),
            padded,
            buffer,
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
}

impl Opened {
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
        self.buffer.truncate(payload_len);
        Ok(self.buffer)
    }
}

impl PkiMessage<'_> {
    /// Opens the envelope with the key of whom it names among `recipients` or else, if it is encrypted under a password, with
    /// one of theirs.
    pub(crate) fn open_envelope(
        &self,
        provider: &Provider,
        policy: &Policy,
        recipients: &[Recipient<'_>],
        rng: &mut dyn CryptoRng,
    ) -> Result<(Opened, OpenedBy), OpenError> {
        let certificates = recipients.iter().map(Recipient::certificate);
        let mut encrypted = match self.encrypted_key(policy, certificates) {
            Err(OpenError::NoRecipient(hint)) => {
                let opened = self.open_with_passwords(provider, policy, recipients)?;
                return opened.ok_or(OpenError::NoRecipient(hint));
            }
            named => named?,
        };
        let recipient = recipients.get(encrypted.recipient());
        let key = recipient.and_then(Recipient::key).ok_or(DecryptError)?;
        let content_key = encrypted.decrypt(key, rng);
        let opened = encrypted.decrypt_content(provider, content_key, key.substitute_secret())?;
        Ok((opened, encrypted.opened_by()))
    }

    /// Opens the first recipient that is a password, or gives `None` if there is no such recipient or no password to try.
    fn open_with_passwords(
        &self,
        provider: &Provider,
        policy: &Policy,
        recipients: &[Recipient<'_>],
    ) -> Result<Option<(Opened, OpenedBy)>, OpenError> {
        let candidates = recipients
            .iter()
            .enumerate()
            .flat_map(|(position, recipient)| {
                recipient
                    .passwords()
                    .map(move |password| (position, password))
            });
        let count = recipients.iter().fold(0_usize, |count, one| {
            count.saturating_add(one.password_count)
        });
        let envelope = self.envelope()?.ok_or(OpenError::NoContent)?;
        let mut pwri = None;
        for recipient in envelope.recipients() {
            if let RecipientInfo::Password(found) = recipient? {
                pwri = Some(found?);
                break;
            }
        }
        let (Some(pwri), 1..) = (pwri, count) else {
            return Ok(None);
        };
        if count > MAX_PASSWORDS {
            return Err(OpenError::TooManyPasswords);
        }
        let sealed = sealed(&envelope, policy)?;
        let under = password_parameters(&pwri, policy, count)?;
        let encrypted_key = pwri.encrypted_key.to_cow();
        let mut opened_by = OpenedBy {
            recipient: 0,
            cipher: sealed.cipher,
            key_management: KeyManagement::Password(under.encryption),
        };
        let mut secret = None;
        let mut content_key = Err(CryptoError::Failed);
        for (position, password) in candidates {
            let kek = password_key(provider, under.encryption, password, under.salt);
            let kek = kek.map_err(|error| match error {
                CryptoError::Unsupported => OpenError::Refused(Refused::KeyDerivation(oid::PBKDF2)),
                _ => OpenError::Decrypt(DecryptError),
            })?;
            let (ciphers, cipher) = (provider.content_encryption(), under.encryption.cipher);
            let len = sealed.cipher.key_len();
            content_key = pwri_kek::unwrap(ciphers, cipher, &kek, under.iv, &encrypted_key, len);
            // As after a failed key transport: what cannot be unwrapped goes on with a key that nobody else can know.
            secret.get_or_insert_with(|| substitute_secret(&kek));
            if content_key.is_ok() {
                opened_by.recipient = position;
                break;
            }
        }
        let secret = secret.ok_or(DecryptError)?;
        let opened = sealed.decrypt(provider, &encrypted_key, content_key, &secret)?;
        Ok(Some((opened, opened_by)))
    }

    /// Finds the recipient among `certificates`, and checks all that is public of the envelope.
    pub(crate) fn encrypted_key<'m>(
        &'m self,
        policy: &Policy,
        certificates: impl Iterator<Item = &'m Certificate<'m>> + Clone,
    ) -> Result<EncryptedKey<'m>, OpenError> {
        let envelope = self.envelope()?.ok_or(OpenError::NoContent)?;
        let sealed = sealed(&envelope, policy)?;
        let (recipient, ktri) = find_recipient(&envelope, certificates)?;
        let (transport, retry) = transports(&ktri, policy)?;
        Ok(EncryptedKey {
            message: self,
            recipient,
            encrypted_key: ktri.encrypted_key.to_cow(),
            declared: transport,
            retry,
            transport,
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

/// The content of an envelope, of a type and in a cipher that the policy allows.
fn sealed<'m>(envelope: &EnvelopedData<'m>, policy: &Policy) -> Result<Sealed<'m>, OpenError> {
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
    Ok(Sealed {
        cipher,
        iv: cipher_id.initialisation_vector().unwrap_or_default(),
        content: envelope.encrypted_content,
    })
}

/// What a password recipient says of its key.
struct PasswordParameters<'a> {
    encryption: PasswordEncryption,
    salt: &'a [u8],
    iv: &'a [u8],
}

/// The lengths of a salt that are read, in bytes: 8 is the least of [RFC 8018, section 4.1].
///
/// [RFC 8018, section 4.1]: https://www.rfc-editor.org/rfc/rfc8018#section-4.1
const SALT_LENS: core::ops::RangeInclusive<usize> = 8..=64;

/// What a password recipient names, if the policy allows it for as many passwords as are to be tried.
fn password_parameters<'m>(
    pwri: &PasswordRecipient<'m>,
    policy: &Policy,
    passwords: usize,
) -> Result<PasswordParameters<'m>, OpenError> {
    let refused = OpenError::Refused;
    let derivation = pwri
        .key_derivation
        .ok_or(refused(Refused::NoKeyDerivation))?;
    let pbkdf2 = derivation.pbkdf2();
    let pbkdf2 = pbkdf2.ok_or(refused(Refused::KeyDerivation(derivation.oid())))?;
    let (prf_oid, prf) = pbkdf2.prf;
    let prf = prf
        .filter(|prf| policy.password_prfs().contains(*prf))
        .ok_or(refused(Refused::PasswordPrf(prf_oid)))?;
    if !SALT_LENS.contains(&pbkdf2.salt.len()) {
        return Err(refused(Refused::PasswordSalt(pbkdf2.salt.len())));
    }
    let passwords = u64::try_from(passwords).unwrap_or(u64::MAX);
    let cost = u64::from(pbkdf2.iterations).saturating_mul(passwords);
    if cost > u64::from(policy.max_password_iterations()) {
        return Err(refused(Refused::PasswordIterations(cost)));
    }
    let encryption = pwri.key_encryption;
    let kek = encryption.pwri_kek();
    let kek = kek.ok_or(refused(Refused::KeyTransport(encryption.oid())))?;
    let cipher = kek
        .cipher()
        .ok()
        .filter(|cipher| policy.password_ciphers().contains(*cipher))
        .ok_or(refused(Refused::PasswordCipher(kek.oid())))?;
    Ok(PasswordParameters {
        encryption: PasswordEncryption {
            prf,
            iterations: pbkdf2.iterations,
            cipher,
        },
        salt: pbkdf2.salt,
        iv: kek.initialisation_vector().unwrap_or_default(),
    })
}

/// The secret under which a substitute key is made: the first key that was made of a password.
fn substitute_secret(kek: &[u8]) -> SubstituteSecret {
    let mut secret = Zeroizing::new([0; 32]);
    secret
        .iter_mut()
        .zip(kek)
        .for_each(|(slot, byte)| *slot = *byte);
    SubstituteSecret::new(*secret)
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

/// The first recipient that names one of the certificates byte for byte; if none does, the first that resembles one.
fn find_recipient<'m, 'c>(
    envelope: &EnvelopedData<'m>,
    certificates: impl Iterator<Item = &'c Certificate<'c>> + Clone,
) -> Result<(usize, KeyTransRecipient<'m>), OpenError> {
    let mut resembling = None;
    let mut first: &[u8] = &[];
    let mut count = 0_usize;
    for recipient in envelope.recipients() {
        let recipient = recipient?;
        count = count.saturating_add(1);
        let RecipientInfo::KeyTrans(ktri) = recipient else {
            continue;
        };
        let mut candidates = certificates.clone();
        if let Some(exact) = candidates.position(|certificate| ktri.rid.matches(certificate)) {
            return Ok((exact, ktri));
        }
        if resembling.is_none() {
            resembling = certificates
                .clone()
                .position(|certificate| ktri.rid.resembles(certificate))
                .map(|position| (position, ktri));
        }
        if first.is_empty() {
            first = match ktri.rid {
                Identifier::IssuerAndSerialNumber { serial, .. } => serial,
                Identifier::SubjectKeyIdentifier(ski) => ski,
            };
        }
    }
    resembling.ok_or(OpenError::NoRecipient(RecipientHint::new(first, count)))
}

/// The key transport that a recipient names, if the policy allows it, and one to try after it.
fn transports(
    ktri: &KeyTransRecipient<'_>,
    policy: &Policy,
) -> Result<(KeyTransport, Option<KeyTransport>), OpenError> {
    let id = ktri.key_encryption;
    let refused = |refused| OpenError::Refused(refused);
    let oaep = id.key_transport().map_err(|error| {
        refused(match error {
            KeyTransportError::Unknown(oid) => Refused::KeyTransport(oid),
            KeyTransportError::Label => Refused::OaepLabel,
            KeyTransportError::Parameters => Refused::OaepParameters,
        })
    })?;
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
    let retry = (oaep.mgf_defaulted
        && digest != mgf_digest
        && policy.mgf_digests().contains(digest)
        && policy.tolerates(Tolerance::OaepMgfMismatch))
    .then_some(KeyTransport::RsaOaep {
        digest,
        mgf_digest: digest,
    });
    Ok((oaep.transport, retry))
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
