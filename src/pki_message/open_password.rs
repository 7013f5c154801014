//! Opening an envelope under a password.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::build::password_key;
use super::open::{Opened, OpenedBy, Recipient, sealed};
use super::parse::PkiMessage;
use crate::cms::PasswordRecipient;
use crate::crypto::pwri_kek;
use crate::crypto::{
    CryptoError, KeyManagement, PasswordEncryption, Policy, Provider, SubstituteSecret,
};
use crate::{DecryptError, Item, OpenError, ParseError, ParseErrorKind, Refused, oid};

impl PkiMessage<'_> {
    /// Opens the first recipient that is a password, or gives `None` if there is no such recipient or no password to try.
    pub(super) fn open_with_passwords(
        &self,
        provider: &Provider,
        policy: &Policy,
        recipients: &[Recipient<'_>],
    ) -> Result<Option<(Opened, OpenedBy)>, OpenError> {
        let candidates = recipients.iter().enumerate().flat_map(|(recipient, one)| {
            one.passwords()
                .map(move |(position, password)| (recipient, position, password))
        });
        let count = candidates.clone().count();
        if count == 0 {
            return Ok(None);
        }
        let envelope = self.envelope()?.ok_or(OpenError::NoContent)?;
        let Some(pwri) = envelope.password_recipient()? else {
            return Ok(None);
        };
        let sealed = sealed(&envelope, policy)?;
        let under = password_parameters(&pwri, policy, count)?;
        let block = under.encryption.cipher.block_len();
        let len = pwri.encrypted_key.len;
        if len < block.saturating_mul(2) || !len.is_multiple_of(block) {
            return Err(OpenError::Parse(ParseError {
                kind: ParseErrorKind::InvalidValue,
                item: Item::EncryptedKey,
                offset: pwri.encrypted_key.offset,
                layer: envelope.layer,
            }));
        }
        let encrypted_key = pwri.encrypted_key.to_cow();
        let mut opened_by = OpenedBy {
            recipient: 0,
            password: None,
            cipher: sealed.cipher,
            key_management: KeyManagement::Password(under.encryption),
        };
        let mut secret = None;
        let mut content_key = Err(CryptoError::Failed);
        // All are derived, whichever is right, for the time would tell.
        for (recipient, position, password) in candidates {
            let kek = under.key(provider, password).map_err(|error| match error {
                CryptoError::Unsupported => OpenError::Refused(Refused::Unsupported(oid::PBKDF2)),
                _ => OpenError::Decrypt(DecryptError),
            })?;
            let unwrapped = under.unwrap(provider, &kek, &encrypted_key, sealed.cipher.key_len());
            // As after a failed key transport: what cannot be unwrapped goes on with a key that nobody else can know.
            secret.get_or_insert_with(|| substitute_secret(&kek));
            if content_key.is_err() && unwrapped.is_ok() {
                (opened_by.recipient, opened_by.password) = (recipient, Some(position));
                content_key = unwrapped;
            }
        }
        let secret = secret.ok_or(DecryptError)?;
        let is_unwrapped = content_key.is_ok();
        let mut opened = sealed.decrypt(provider, &encrypted_key, content_key, &secret)?;
        if !is_unwrapped {
            opened = opened.not_unwrapped();
        }
        Ok(Some((opened, opened_by)))
    }
}

/// What a password recipient says of its key.
pub(crate) struct PasswordParameters<'a> {
    pub(crate) encryption: PasswordEncryption,
    salt: &'a [u8],
    iv: &'a [u8],
}

impl PasswordParameters<'_> {
    /// The key that is made of a password.
    pub(crate) fn key(
        &self,
        provider: &Provider,
        password: &str,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        password_key(provider, self.encryption, password, self.salt)
    }

    /// The content key of `len` bytes, if it is encrypted with this key.
    pub(crate) fn unwrap(
        &self,
        provider: &Provider,
        key: &[u8],
        encrypted_key: &[u8],
        len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let (ciphers, cipher) = (provider.content_encryption(), self.encryption.cipher);
        pwri_kek::unwrap(ciphers, cipher, key, self.iv, encrypted_key, len)
    }
}

/// The lengths of a salt that are read, in bytes: 8 is the least of [RFC 8018, section 4.1].
///
/// [RFC 8018, section 4.1]: https://www.rfc-editor.org/rfc/rfc8018#section-4.1
const SALT_LENS: core::ops::RangeInclusive<usize> = 8..=64;

/// What a password recipient names, if the policy allows it for as many passwords as are to be tried.
pub(crate) fn password_parameters<'m>(
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
    let encryption = pwri.key_encryption;
    let kek = encryption.pwri_kek();
    let kek = kek.ok_or(refused(Refused::KeyTransport(encryption.oid())))?;
    let cipher = kek
        .cipher()
        .ok()
        .filter(|cipher| policy.password_ciphers().contains(*cipher))
        .ok_or(refused(Refused::PasswordCipher(kek.oid())))?;
    let iv = kek.initialisation_vector();
    let iv = iv.filter(|iv| iv.len() == cipher.block_len());
    let iv = iv.ok_or(refused(Refused::PasswordCipher(kek.oid())))?;
    // RFC 8018, section 6.2.2: what is named is the length of the cipher's key.
    let named_len = pbkdf2.key_len.map(usize::try_from);
    if named_len.is_some_and(|len| len != Ok(cipher.key_len())) {
        return Err(refused(Refused::KeyDerivation(derivation.oid())));
    }
    // RFC 8018, section 5.2: a key longer than the digest takes the iterations once more.
    let blocks = cipher.key_len().div_ceil(prf.output_len());
    let times = u64::try_from(passwords.saturating_mul(blocks)).unwrap_or(u64::MAX);
    let cost = u64::from(pbkdf2.iterations).saturating_mul(times);
    if cost == 0 || cost > u64::from(policy.max_password_iterations()) {
        return Err(refused(Refused::PasswordIterations(cost)));
    }
    Ok(PasswordParameters {
        encryption: PasswordEncryption {
            prf,
            iterations: pbkdf2.iterations,
            cipher,
        },
        salt: pbkdf2.salt,
        iv,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki_message::open::MAX_PASSWORDS;

    #[test]
    fn the_bounds_are_those_of_the_catalogue() {
        let catalogue = include_str!("../../docs/security.md");
        let (shortest, longest) = (SALT_LENS.start(), SALT_LENS.end());
        for row in [
            alloc::format!("| passwords that are tried on a message | {MAX_PASSWORDS} |"),
            alloc::format!("| bytes in a salt | {shortest} to {longest} |"),
        ] {
            assert!(catalogue.lines().any(|line| line == row), "{row}");
        }
    }
}
