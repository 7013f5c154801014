//! Bounds on what a parser accepts.

use core::fmt;

/// What a [`Limits`] value bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// Bytes of the whole input.
    InputLen,
    /// Levels of nested ASN.1 elements.
    Depth,
    /// Certificates in one set.
    Certificates,
    /// CRLs in one set.
    Crls,
    /// Recipients of one envelope.
    Recipients,
    /// Attributes of one signer or CSR.
    Attributes,
    /// Bytes of one attribute.
    AttributeLen,
    /// Segments of one constructed OCTET STRING.
    Segments,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InputLen => "bytes of input",
            Self::Depth => "levels of nesting",
            Self::Certificates => "certificates",
            Self::Crls => "CRLs",
            Self::Recipients => "recipients",
            Self::Attributes => "attributes",
            Self::AttributeLen => "bytes in an attribute",
            Self::Segments => "segments of a constructed string",
        })
    }
}

/// Bounds on what a parser accepts; going beyond one is an error that names it.
///
/// | bound | [`REQUEST`](Self::REQUEST) | [`REPLY`](Self::REPLY) |
/// | --- | --- | --- |
/// | bytes of input | 2 MiB | 32 MiB |
/// | levels of nesting | 32 | 32 |
/// | certificates in one set | 64 | 256 |
/// | CRLs in one set | 16 | 16 |
/// | recipients of one envelope | 16 | 16 |
/// | attributes of one signer or CSR | 64 | 64 |
/// | bytes of one attribute | 64 KiB | 64 KiB |
/// | segments of one constructed string | 65,536 | 65,536 |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(crate) input_len: usize,
    pub(crate) depth: usize,
    pub(crate) certificates: usize,
    pub(crate) crls: usize,
    pub(crate) recipients: usize,
    pub(crate) attributes: usize,
    pub(crate) attribute_len: usize,
    pub(crate) segments: usize,
}

impl Limits {
    /// For what a server receives: at most 2 MiB.
    pub const REQUEST: Self = Self {
        input_len: 2 << 20,
        depth: 32,
        certificates: 64,
        crls: 16,
        recipients: 16,
        attributes: 64,
        attribute_len: 64 << 10,
        segments: 65_536,
    };

    /// For what a client receives, which may hold a CRL: at most 32 MiB.
    pub const REPLY: Self = Self {
        input_len: 32 << 20,
        certificates: 256,
        ..Self::REQUEST
    };

    /// Sets one bound.
    ///
    /// ```
    /// use scep::{Limit, Limits};
    /// let limits = Limits::REQUEST.with(Limit::InputLen, 64 << 10);
    /// assert_eq!(limits.bound(Limit::InputLen), 65_536);
    /// ```
    #[must_use]
    pub const fn with(mut self, limit: Limit, bound: usize) -> Self {
        match limit {
            Limit::InputLen => self.input_len = bound,
            Limit::Depth => self.depth = bound,
            Limit::Certificates => self.certificates = bound,
            Limit::Crls => self.crls = bound,
            Limit::Recipients => self.recipients = bound,
            Limit::Attributes => self.attributes = bound,
            Limit::AttributeLen => self.attribute_len = bound,
            Limit::Segments => self.segments = bound,
        }
        self
    }

    /// Reads one bound.
    #[must_use]
    pub const fn bound(&self, limit: Limit) -> usize {
        match limit {
            Limit::InputLen => self.input_len,
            Limit::Depth => self.depth,
            Limit::Certificates => self.certificates,
            Limit::Crls => self.crls,
            Limit::Recipients => self.recipients,
            Limit::Attributes => self.attributes,
            Limit::AttributeLen => self.attribute_len,
            Limit::Segments => self.segments,
        }
    }
}
