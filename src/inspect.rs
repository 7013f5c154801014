//! Looking into messages without trusting them: for tools, support and logs, never for a server's road.
//!
//! What this module tells of an opened payload (that it opened, and where in it something is wrong) is exactly what a
//! server must not tell a stranger: an endpoint that answers with it is a decryption oracle.

use alloc::vec::Vec;

use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::asn1::{Reader, tag};
use crate::certificate::Certificate;
use crate::cms::{
    EnvelopedData, KeyAgreeRecipient, KeyTransRecipient, PasswordRecipient, RecipientInfo,
    SignerInfo, find_signer,
};
use crate::crypto::{
    ContentCipher, DecryptionKey, DigestAlgorithm, KeyAgreement, KeyTransport, PasswordEncryption,
    Policy, Provider, SignatureAlgorithm,
};
use crate::csr::UnverifiedCsr;
use crate::message::{CertsOnly, IssuerAndSerialNumber, IssuerAndSubject, NextCaCertificates};
use crate::pki_message::agreement::AgreedKey;
use crate::pki_message::open_password::password_parameters;
use crate::{
    DecryptError, Encoding, Item, Layer, Limits, MessageType, Oid, OpenError, ParseError,
    PkiMessage, Refused, SignedForm, SignerId, VerifyError,
};

/// What the signature of a message or of a GetNextCACert body says.
#[derive(Clone, Debug)]
pub struct SignatureReport<'m> {
    /// The digest, or the unknown identifier in its place.
    pub digest: Result<DigestAlgorithm, Oid>,
    /// The signature algorithm, or the unknown identifier in its place.
    pub algorithm: Result<SignatureAlgorithm, Oid>,
    /// Whether the signature is right, and over which form of the attributes. Nobody's trust is in it.
    pub outcome: Result<SignedForm, VerifyError>,
    /// How the signer is named.
    pub signer_id: SignerId<'m>,
    /// The certificate that the SignerIdentifier names, if it was at hand.
    pub signer: Option<Certificate<'m>>,
    /// Whether that certificate came with the message.
    pub embedded: bool,
}

/// What is public of an envelope.
#[derive(Clone, Debug)]
pub struct EnvelopeReport<'m> {
    /// The recipients in their order.
    pub recipients: Vec<RecipientReport<'m>>,
    /// The type of the encrypted content, which is data ([RFC 5652, section 4](https://www.rfc-editor.org/rfc/rfc5652#section-4)) unless
    /// the peer does it wrong; `None` if it is longer than any that is known.
    pub content_type: Option<Oid>,
    /// The content cipher, or the unknown identifier in its place.
    pub cipher: Result<ContentCipher, Oid>,
    /// Whether the envelope is DER or BER.
    pub encoding: Encoding,
}

/// What is public of a recipient.
#[derive(Clone, Copy, Debug)]
pub struct RecipientReport<'m> {
    /// The kind of recipient.
    pub kind: RecipientKind,
    /// The certificate that it names, if it is a key-transport recipient.
    pub id: Option<SignerId<'m>>,
    /// How the key is encrypted, or the unknown identifier in its place; `None` for other kinds.
    pub key_transport: Option<Result<KeyTransport, Refused>>,
    /// How the key is encrypted by key agreement, or what is unknown of it; `None` for other kinds, and if it cannot be read.
    pub key_agreement: Option<Result<KeyAgreement, Refused>>,
    /// How the key is encrypted under a password, or what is unknown of it; `None` for other kinds, and if it cannot be read.
    pub password: Option<Result<PasswordEncryption, Refused>>,
}

/// The kind of a recipient, [RFC 5652, section 6.2](https://www.rfc-editor.org/rfc/rfc5652#section-6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecipientKind {
    /// ktri.
    KeyTransport,
    /// kari.
    KeyAgreement,
    /// kekri.
    KeyEncryptionKey,
    /// pwri.
    Password,
    /// ori.
    Other,
}

/// A payload that was opened, with the plaintext it was read from or could not be read from.
#[derive(Debug)]
pub struct OpenedPayload {
    plaintext: Zeroizing<Vec<u8>>,
    /// What it is.
    pub content: PayloadContent,
}

/// The kinds of payload.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PayloadContent {
    /// A PKCS #10 whose signature was not looked at.
    Csr(UnverifiedCsr),
    /// Certificates and CRLs.
    CertsOnly(CertsOnly<'static>),
    /// The payload of a CertPoll.
    IssuerAndSubject(IssuerAndSubject),
    /// The payload of a GetCert or GetCRL.
    IssuerAndSerialNumber(IssuerAndSerialNumber),
    /// The envelope opened, and its content is not what the message's type says: in which item and at which byte.
    ///
    /// # Security
    /// Nobody but who holds the key may learn this. It is what a decryption oracle tells.
    Unreadable(ParseError),
}

/// Reports on the signature of a message; the signer is looked for in the message and among `signers`. `None` if its SignerInfo
/// cannot be read again.
#[must_use]
pub fn signature<'m>(
    message: &'m PkiMessage<'m>,
    provider: &Provider,
    policy: &Policy,
    signers: &'m [Certificate<'m>],
) -> Option<SignatureReport<'m>> {
    let info = message.signer_info()?;
    let outcome = message
        .verify_signature(provider, policy, signers.iter())
        .map(|(_, verified)| verified.form);
    let carried = message.unverified_certificates();
    Some(report(&info, carried, signers, outcome))
}

/// Reports on the signature of a GetNextCACert body; the signer is looked for in the body and among `signers`.
///
/// A right signature over no content is reported as right:
/// [`unverified_has_content`](NextCaCertificates::unverified_has_content) tells whether it covers anything.
#[must_use]
pub fn next_ca_signature<'m>(
    body: &'m NextCaCertificates<'m>,
    provider: &Provider,
    policy: &Policy,
    signers: &'m [Certificate<'m>],
) -> Option<SignatureReport<'m>> {
    let (signed, limits) = (body.signed_data()?, body.limits());
    let (info, _) = signed.only_signer_info(Layer::Message, limits).ok()?;
    let carried = || {
        let ders = signed.certificates();
        ders.filter_map(|der| Certificate::from_der(der).ok())
    };
    let content = signed.content.map(|content| content.to_cow());
    let outcome = find_signer(
        &info.sid,
        carried().chain(signers.iter().map(Certificate::borrowed)),
    )
    .and_then(|signer| {
        let content = content.as_deref().unwrap_or_default();
        info.verify(
            signed.content_type,
            content,
            &signer,
            provider,
            policy,
            limits,
        )
    })
    .map(|verified| verified.form);
    Some(report(&info, carried(), signers, outcome))
}

/// Why certificates that came with a message cannot be read, each with its place in the message: those that
/// [`unverified_certificates`](PkiMessage::unverified_certificates) passes over.
pub fn unreadable_certificates<'m>(
    message: &'m PkiMessage<'m>,
) -> impl Iterator<Item = ParseError> + use<'m> {
    let signed = message.signed_data().into_iter();
    signed
        .flat_map(|signed| signed.certificate_set().iter())
        .filter_map(|element| {
            // Attribute certificates and what else may stand there have tags of their own.
            let certificate = element
                .is(tag::SEQUENCE)
                .then(|| Certificate::from_der(element.raw));
            let error = certificate?.err()?;
            let offset = element.offset.saturating_add(error.offset);
            Some(ParseError { offset, ..error })
        })
}

fn report<'m>(
    info: &SignerInfo<'m>,
    carried: impl Iterator<Item = Certificate<'m>>,
    signers: &'m [Certificate<'m>],
    outcome: Result<SignedForm, VerifyError>,
) -> SignatureReport<'m> {
    let digest = info.digest_algorithm.digest().map_err(|unknown| unknown.0);
    let algorithm = info
        .signature_algorithm
        .signature(digest.ok())
        .map_err(|unknown| unknown.0);
    let signer = carried
        .map(|certificate| (certificate, true))
        .chain(signers.iter().map(|signer| (signer.borrowed(), false)))
        .find(|(certificate, _)| info.sid.matches(certificate) || info.sid.resembles(certificate));
    SignatureReport {
        digest,
        algorithm,
        outcome,
        signer_id: info.sid.into(),
        embedded: signer.as_ref().is_some_and(|(_, embedded)| *embedded),
        signer: signer.map(|(certificate, _)| certificate),
    }
}

/// Reports on the envelope of a message, or gives `None` if it has none.
///
/// # Errors
/// A [`ParseError`] if the content is no EnvelopedData.
pub fn envelope<'m>(message: &'m PkiMessage<'m>) -> Result<Option<EnvelopeReport<'m>>, ParseError> {
    let Some(envelope) = sealed(message)? else {
        return Ok(None);
    };
    let recipients = envelope.recipients().map(|recipient| {
        let mut report = RecipientReport {
            kind: RecipientKind::Other,
            id: None,
            key_transport: None,
            key_agreement: None,
            password: None,
        };
        match recipient? {
            RecipientInfo::KeyTrans(ktri) => {
                report.kind = RecipientKind::KeyTransport;
                report.id = Some(ktri.rid.into());
                report.key_transport = Some(key_transport(&ktri));
            }
            RecipientInfo::KeyAgree(kari) => {
                report.kind = RecipientKind::KeyAgreement;
                report.key_agreement = kari.ok().map(|kari| key_agreement(&kari));
            }
            RecipientInfo::Kek => report.kind = RecipientKind::KeyEncryptionKey,
            RecipientInfo::Password(pwri) => {
                report.kind = RecipientKind::Password;
                report.password = pwri.ok().and_then(|pwri| password_encryption(&pwri));
            }
            RecipientInfo::Other => {}
        }
        Ok(report)
    });
    Ok(Some(EnvelopeReport {
        recipients: recipients.collect::<Result<_, ParseError>>()?,
        content_type: Oid::from_bytes(envelope.content_type),
        cipher: envelope
            .content_cipher
            .cipher()
            .map_err(|unknown| unknown.0),
        encoding: envelope.encoding,
    }))
}

/// Opens the envelope of a message that nobody verified, with whichever of `keys` fits.
///
/// No certificate says which key is meant, so each is tried on each recipient, and the content is decrypted for each that fits, which
/// a recipient does once or twice. One that opens to a readable payload goes before one
/// that opens to an [unreadable](PayloadContent::Unreadable): a key that hides by random bytes that it does not fit, as some
/// modules do, ends in right padding once in 256 times.
///
/// # Errors
/// An [`OpenError`]: [`OpenError::Decrypt`] if no key fits.
pub fn open_unverified(
    message: &PkiMessage<'_>,
    provider: &Provider,
    keys: &[&dyn DecryptionKey],
    rng: &mut dyn CryptoRng,
) -> Result<OpenedPayload, OpenError> {
    let (envelope, cipher) = sealed_with(message)?;
    let mut unreadable = None;
    for recipient in envelope.recipients() {
        let recipient = recipient?;
        for key in keys {
            let payloads = content_keys(&recipient, *key, provider, cipher, rng)
                .into_iter()
                .filter(|content_key| content_key.len() == cipher.key_len())
                .filter_map(|content_key| decrypt(&envelope, provider, cipher, &content_key))
                .map(|plaintext| OpenedPayload::read(message, plaintext));
            for payload in payloads {
                if payload.is_readable() {
                    return Ok(payload);
                }
                unreadable.get_or_insert(payload);
            }
        }
    }
    unreadable.ok_or(OpenError::Decrypt(DecryptError))
}

/// Opens the envelope of a message that nobody verified, if it is encrypted under this challenge password. Of several recipients that
/// are a password the first is tried.
///
/// # Errors
/// An [`OpenError`]: [`OpenError::Decrypt`] if it is under another password or under none, and [`OpenError::Refused`] for what
/// [`Policy::compatible`] does not allow, such as too many iterations.
pub fn open_unverified_with_password(
    message: &PkiMessage<'_>,
    provider: &Provider,
    password: &str,
) -> Result<OpenedPayload, OpenError> {
    let (envelope, cipher) = sealed_with(message)?;
    // No other one is tried: each may cost as much.
    let pwri = envelope.password_recipient()?.ok_or(DecryptError)?;
    let under = password_parameters(&pwri, &Policy::compatible(), 1)?;
    let encrypted_key = pwri.encrypted_key.to_cow();
    under
        .key(provider, password)
        .and_then(|key| under.unwrap(provider, &key, &encrypted_key, cipher.key_len()))
        .ok()
        .and_then(|content_key| decrypt(&envelope, provider, cipher, &content_key))
        .map(|plaintext| OpenedPayload::read(message, plaintext))
        .ok_or(OpenError::Decrypt(DecryptError))
}

impl OpenedPayload {
    /// Whether it is what the message's type says.
    #[must_use]
    pub const fn is_readable(&self) -> bool {
        !matches!(self.content, PayloadContent::Unreadable(_))
    }

    /// The opened bytes, which may hold a challenge password.
    #[must_use]
    pub fn secret_plaintext(&self) -> &[u8] {
        &self.plaintext
    }
}

// Interop: NDES and .NET servers send a stub byte as the content of a FAILURE.
fn sealed<'m>(message: &'m PkiMessage<'m>) -> Result<Option<EnvelopedData<'m>>, ParseError> {
    let stub =
        message.content().len() <= 1 && message.unverified_message_type() == MessageType::CertRep;
    if stub {
        return Ok(None);
    }
    message.envelope()
}

/// The envelope, with the cipher of its content.
fn sealed_with<'m>(
    message: &'m PkiMessage<'m>,
) -> Result<(EnvelopedData<'m>, ContentCipher), OpenError> {
    let envelope = sealed(message)?.ok_or(OpenError::NoContent)?;
    let cipher = envelope.content_cipher.cipher();
    let cipher = cipher.map_err(|unknown| OpenError::Refused(Refused::ContentCipher(unknown.0)))?;
    Ok((envelope, cipher))
}

/// The content keys that a recipient has for a private key: in key transport one, or two where it leaves open how, and in key
/// agreement the first that unwraps. Each is tried on the whole content, so who writes a message must not get to choose how many.
fn content_keys(
    recipient: &RecipientInfo<'_>,
    key: &dyn DecryptionKey,
    provider: &Provider,
    cipher: ContentCipher,
    rng: &mut dyn CryptoRng,
) -> Vec<Zeroizing<Vec<u8>>> {
    match recipient {
        RecipientInfo::KeyTrans(ktri) => {
            let encrypted_key = ktri.encrypted_key.to_cow();
            let Ok(oaep) = ktri.key_encryption.key_transport() else {
                return Vec::new();
            };
            [Some(oaep.transport), oaep.retry()]
                .into_iter()
                .flatten()
                .filter_map(|transport| key.decrypt_key(transport, &encrypted_key, rng).ok())
                .collect()
        }
        RecipientInfo::KeyAgree(Ok(kari)) => {
            let public_key = key.public_key().unwrap_or_default();
            let Ok(agreed) = AgreedKey::of(kari, public_key, &Policy::compatible()) else {
                return Vec::new();
            };
            let Ok(secret) = key.agree(&agreed.originator, rng) else {
                return Vec::new();
            };
            kari.recipient_encrypted_keys()
                .flatten()
                .find_map(|key| {
                    let encrypted_key = key.encrypted_key.to_cow();
                    let unwrapped =
                        agreed.unwrap(provider, &secret, &encrypted_key, cipher.key_len());
                    unwrapped.ok()
                })
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

fn key_transport(ktri: &KeyTransRecipient<'_>) -> Result<KeyTransport, Refused> {
    ktri.key_encryption
        .key_transport()
        .map(|oaep| oaep.transport)
        .map_err(Refused::from)
}

fn key_agreement(kari: &KeyAgreeRecipient<'_>) -> Result<KeyAgreement, Refused> {
    let scheme = kari.key_encryption;
    let digest = scheme.key_agreement_digest();
    let kdf_digest = digest.map_err(|unknown| Refused::KeyAgreement(unknown.0))?;
    let (oid, wrap) = scheme.key_wrap().ok_or(Refused::NoKeyWrap)?.wrap;
    let wrap = wrap.ok_or(Refused::KeyWrap(oid))?;
    Ok(KeyAgreement { kdf_digest, wrap })
}

fn password_encryption(
    pwri: &PasswordRecipient<'_>,
) -> Option<Result<PasswordEncryption, Refused>> {
    // Nothing is derived, so that as many iterations as fit into the bound may be told.
    let policy = Policy::compatible().with_max_password_iterations(u32::MAX);
    match password_parameters(pwri, &policy, 1) {
        Ok(under) => Some(Ok(under.encryption)),
        Err(OpenError::Refused(refused)) => Some(Err(refused)),
        Err(_) => None,
    }
}

fn decrypt(
    envelope: &EnvelopedData<'_>,
    provider: &Provider,
    cipher: ContentCipher,
    content_key: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let iv = envelope.content_cipher.initialisation_vector()?;
    let mut buffer = Zeroizing::new(envelope.encrypted_content.to_vec());
    provider
        .content_encryption()
        .decrypt(cipher, content_key, iv, &mut buffer)
        .ok()?;
    let padding = usize::from(*buffer.last()?);
    let len = buffer.len().checked_sub(padding)?;
    let right = (1..=cipher.block_len()).contains(&padding)
        && buffer
            .iter()
            .skip(len)
            .all(|byte| usize::from(*byte) == padding);
    if !right {
        return None;
    }
    buffer.truncate(len);
    Some(buffer)
}

impl OpenedPayload {
    /// Reads a payload as what its message's type says, or as the first kind that fits where that says nothing.
    fn read(message: &PkiMessage<'_>, plaintext: Zeroizing<Vec<u8>>) -> Self {
        let (der, limits) = (&plaintext[..], message.limits());
        let csr = || UnverifiedCsr::from_der(der, limits).map(PayloadContent::Csr);
        // Copied only once it is known to hold no secrets.
        let certs_only = || {
            let set = CertsOnly::parse(der, limits);
            set.map(|set| PayloadContent::CertsOnly(set.into_owned()))
        };
        let names = || {
            let names = whole(der, limits, Item::IssuerAndSubject, IssuerAndSubject::read);
            names.map(PayloadContent::IssuerAndSubject)
        };
        let serial = || {
            let item = Item::IssuerAndSerialNumber;
            let serial = whole(der, limits, item, IssuerAndSerialNumber::read);
            serial.map(PayloadContent::IssuerAndSerialNumber)
        };
        // Whichever was read further is what it was to be.
        let further = |one: ParseError, other: ParseError| {
            if other.offset > one.offset {
                other
            } else {
                one
            }
        };
        let content = match message.unverified_message_type() {
            MessageType::CertRep => certs_only(),
            MessageType::PkcsReq | MessageType::RenewalReq => csr(),
            MessageType::CertPoll => names(),
            MessageType::GetCert | MessageType::GetCrl => serial(),
            MessageType::Other(_) => csr()
                .or_else(|one| certs_only().map_err(|other| further(one, other)))
                .or_else(|one| names().map_err(|other| further(one, other)))
                .or_else(|one| serial().map_err(|other| further(one, other))),
        };
        let content = content.unwrap_or_else(|error| {
            let layer = Layer::Payload;
            PayloadContent::Unreadable(ParseError { layer, ..error })
        });
        Self { plaintext, content }
    }
}

fn whole<T>(
    der: &[u8],
    limits: &Limits,
    item: Item,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, ParseError>,
) -> Result<T, ParseError> {
    let mut reader = Reader::new(der, 0, Layer::Payload, limits);
    let value = read(&mut reader)?;
    reader.finish(item)?;
    Ok(value)
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests {
    use super::*;
    use crate::Limits;
    use alloc::vec::Vec;

    const CA: &[u8] = include_bytes!("../test-vectors/server-jscep/getcacert.der");
    const UNCOVERED: &[u8] = include_bytes!("../test-vectors/server-jscep/getnextcacert.ber");

    fn outcome(body: &[u8], signers: &[Certificate<'_>]) -> Result<SignedForm, VerifyError> {
        let body = NextCaCertificates::parse(body, &Limits::REPLY).unwrap();
        let (provider, policy) = (Provider::rustcrypto(), Policy::default());
        next_ca_signature(&body, &provider, &policy, signers)
            .unwrap()
            .outcome
    }

    #[test]
    fn a_signature_over_no_content_is_judged_by_itself() {
        let ca = [Certificate::from_der(CA).unwrap()];
        assert_eq!(outcome(UNCOVERED, &ca), Ok(SignedForm::AsReceived));
        assert_eq!(
            outcome(UNCOVERED, &[]),
            Err(VerifyError::SignerCertificateMissing)
        );
        // The signature value ends the message, before two end-of-contents for each of its indefinite lengths.
        let mut damaged: Vec<u8> = UNCOVERED.to_vec();
        let last = damaged.iter().rposition(|byte| *byte != 0).unwrap();
        damaged[last] ^= 1;
        assert_eq!(outcome(&damaged, &ca), Err(VerifyError::Signature));
    }
}
