//! Borrowed views and writers of the CMS types that SCEP uses (RFC 5652). Nothing here knows what SCEP is.

mod enveloped_data;
mod identifier;
mod signed_data;
mod verify;

pub(crate) use enveloped_data::{
    EnvelopeParts, EnvelopedData, KeyAgreeRecipient, KeyTransRecipient, PasswordRecipient,
    RecipientInfo, RecipientParts, write_enveloped_data,
};
pub(crate) use identifier::Identifier;
pub(crate) use signed_data::{
    Attribute, SignedAttributes, SignedData, SignerInfo, SignerParts, read_content_info,
    write_certs_only, write_signed_data,
};

pub use verify::SignedForm;
pub(crate) use verify::{VerifiedSigner, find_signer};

/// What of a CMS message's encoding was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// DER: definite, minimal lengths and primitive strings.
    Der,
    /// BER: something of an indefinite or longer length, or a string in segments.
    Ber,
}

impl Encoding {
    pub(crate) const fn of(ber_seen: bool) -> Self {
        if ber_seen { Self::Ber } else { Self::Der }
    }
}
