//! KeyUsage.

use core::fmt;

/// What a key may be used for, [RFC 5280, section 4.2.1.3](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyUsage(u16);

impl KeyUsage {
    pub(crate) const DIGITAL_SIGNATURE: Self = Self(1 << 15);
    pub(crate) const KEY_ENCIPHERMENT: Self = Self(1 << 13);
    pub(crate) const KEY_AGREEMENT: Self = Self(1 << 11);

    /// Reads the contents octets of the BIT STRING. What cannot be read allows nothing, nor does a bit that is unused.
    pub(crate) const fn from_bit_string(contents: &[u8]) -> Self {
        match contents {
            [unused @ 0..=7, first] => Self(u16::from_be_bytes([*first & 0xff << *unused, 0])),
            [unused @ 0..=7, first, second] => {
                Self(u16::from_be_bytes([*first, *second & 0xff << *unused]))
            }
            [0..=7, first, second, ..] => Self(u16::from_be_bytes([*first, *second])),
            _ => Self(0),
        }
    }

    /// The contents octets of the BIT STRING; only bits of the first octet are ever written.
    pub(crate) fn to_bit_string(self) -> [u8; 2] {
        let [first, _] = self.0.to_be_bytes();
        let unused = u8::try_from(first.trailing_zeros()).unwrap_or_default();
        [unused & 7, first]
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Verifying signatures on what is no certificate or CRL.
    #[must_use]
    pub const fn digital_signature(self) -> bool {
        self.bit(0)
    }

    /// Verifying signatures that cannot be disputed, also called contentCommitment.
    #[must_use]
    pub const fn non_repudiation(self) -> bool {
        self.bit(1)
    }

    /// Encrypting keys.
    #[must_use]
    pub const fn key_encipherment(self) -> bool {
        self.bit(2)
    }

    /// Encrypting data without a content-encryption key.
    #[must_use]
    pub const fn data_encipherment(self) -> bool {
        self.bit(3)
    }

    /// Agreeing on keys.
    #[must_use]
    pub const fn key_agreement(self) -> bool {
        self.bit(4)
    }

    /// Verifying signatures on certificates.
    #[must_use]
    pub const fn key_cert_sign(self) -> bool {
        self.bit(5)
    }

    /// Verifying signatures on CRLs.
    #[must_use]
    pub const fn crl_sign(self) -> bool {
        self.bit(6)
    }

    const fn bit(self, number: u32) -> bool {
        self.0.rotate_left(number) & 0x8000 != 0
    }
}

impl fmt::Debug for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.digital_signature(), "digitalSignature"),
            (self.non_repudiation(), "nonRepudiation"),
            (self.key_encipherment(), "keyEncipherment"),
            (self.data_encipherment(), "dataEncipherment"),
            (self.key_agreement(), "keyAgreement"),
            (self.key_cert_sign(), "keyCertSign"),
            (self.crl_sign(), "cRLSign"),
        ];
        let mut set = f.debug_set();
        for (_, name) in names.into_iter().filter(|(is_set, _)| *is_set) {
            set.entry(&format_args!("{name}"));
        }
        set.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn bits_are_named_from_the_left() {
        let usage = KeyUsage::from_bit_string(&[5, 0b1010_0000]);
        assert!(usage.digital_signature() && usage.key_encipherment());
        assert_eq!(format!("{usage:?}"), "{digitalSignature, keyEncipherment}");
        let usage = KeyUsage::from_bit_string(&[7, 0b0101_1110, 0x80]);
        assert_eq!(
            format!("{usage:?}"),
            "{nonRepudiation, dataEncipherment, keyAgreement, keyCertSign, cRLSign}"
        );
    }

    #[test]
    fn what_cannot_be_read_allows_nothing() {
        for contents in [&[][..], &[0], &[8, 0xa0], &[0xff, 0xa0, 0x80]] {
            assert_eq!(KeyUsage::from_bit_string(contents), KeyUsage(0));
        }
    }

    #[test]
    fn unused_bits_allow_nothing() {
        let digital_signature = KeyUsage::DIGITAL_SIGNATURE;
        assert_eq!(KeyUsage::from_bit_string(&[7, 0xa6]), digital_signature);
        assert_eq!(KeyUsage::from_bit_string(&[6, 0xa6]), digital_signature);
        let both = digital_signature.and(KeyUsage::KEY_ENCIPHERMENT);
        assert_eq!(KeyUsage::from_bit_string(&[5, 0xa6]), both);
        assert_eq!(KeyUsage::from_bit_string(&[7, 0xa0, 0x7f]), both);
        assert_eq!(KeyUsage::from_bit_string(&[7, 0xa0, 0xff, 0xff]).0, 0xa0ff);
    }

    #[test]
    fn what_is_written_reads_back() {
        let usage = KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::KEY_ENCIPHERMENT);
        assert_eq!(usage.to_bit_string(), [5, 0xa0]);
        assert_eq!(KeyUsage::from_bit_string(&[5, 0xa0]), usage);
        assert_eq!(KeyUsage::DIGITAL_SIGNATURE.to_bit_string(), [7, 0x80]);
    }
}
