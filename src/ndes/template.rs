//! Which template NDES takes.

use crate::KeyUsage;

/// The value in the registry of an NDES host, under `HKLM\SOFTWARE\Microsoft\Cryptography\MSCEP`, that names the template of a
/// request. It holds the name that does not change, not the one that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TemplateSetting {
    /// `EncryptionTemplate`.
    Encryption,
    /// `SignatureTemplate`.
    Signature,
    /// `GeneralPurposeTemplate`.
    GeneralPurpose,
}

/// The template in all three values until somebody changes them.
pub const DEFAULT_TEMPLATE: &str = "IPSECIntermediateOffline";

impl TemplateSetting {
    /// The value that NDES reads for a CSR with this keyUsage. For a CSR without one it is possibly `GeneralPurposeTemplate`;
    /// `None` for a usage that has neither digitalSignature nor keyEncipherment, of which nothing is known.
    ///
    /// ```
    /// use scep::ndes::TemplateSetting;
    /// assert_eq!(TemplateSetting::of(None), Some(TemplateSetting::GeneralPurpose));
    /// ```
    #[must_use]
    pub const fn of(key_usage: Option<KeyUsage>) -> Option<Self> {
        let Some(usage) = key_usage else {
            return Some(Self::GeneralPurpose);
        };
        match (usage.digital_signature(), usage.key_encipherment()) {
            (true, true) => Some(Self::GeneralPurpose),
            (true, false) => Some(Self::Signature),
            (false, true) => Some(Self::Encryption),
            (false, false) => None,
        }
    }

    /// The name of the value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Encryption => "EncryptionTemplate",
            Self::Signature => "SignatureTemplate",
            Self::GeneralPurpose => "GeneralPurposeTemplate",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_usages_decide() {
        for (bits, name) in [
            (0x20, Some("EncryptionTemplate")),
            (0x80, Some("SignatureTemplate")),
            (0xa0, Some("GeneralPurposeTemplate")),
            (0x04, None),
        ] {
            let usage = KeyUsage::from_bit_string(&[0, bits]);
            let setting = TemplateSetting::of(Some(usage));
            assert_eq!(setting.map(TemplateSetting::name), name, "{bits:02x}");
        }
    }
}
