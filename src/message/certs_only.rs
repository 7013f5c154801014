//! Degenerate certificates-only SignedData, [RFC 8894, section 3.4](https://www.rfc-editor.org/rfc/rfc8894#section-3.4).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::asn1::{Elements, Reader, Span, tag};
use crate::certificate::Certificate;
use crate::cms::{Encoding, SignedData, write_certs_only};
use crate::crl::Crl;
use crate::{Item, Layer, Limit, Limits, ParseError, ParseErrorKind};

/// A set of certificates and CRLs in a SignedData without signers: the payload of a successful reply, and the body of
/// GetCACert. Nothing vouches for it.
///
/// The order means nothing: a SET has none.
#[derive(Clone, PartialEq, Eq)]
pub struct CertsOnly<'a> {
    input: Cow<'a, [u8]>,
    certificates: Set,
    crls: Set,
    encoding: Encoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Set {
    contents: Span,
    count: usize,
}

impl<'a> CertsOnly<'a> {
    /// Reads a whole certificates-only SignedData, BER or DER.
    ///
    /// # Errors
    /// A [`ParseError`] if the bytes are something else, if there is a signer or a content (an empty one is read), or if
    /// a limit is exceeded.
    pub fn parse(input: impl Into<Cow<'a, [u8]>>, limits: &Limits) -> Result<Self, ParseError> {
        let input = input.into();
        if input.len() > limits.input_len {
            let reader = Reader::new(&[], 0, Layer::Message, limits);
            return Err(reader.error(ParseErrorKind::LimitExceeded(Limit::InputLen), Item::Input));
        }
        let (signed, len, encoding) = read_prefix(&input, Layer::Message, limits)?;
        if len != input.len() {
            let reader = Reader::new(&[], len, Layer::Message, limits);
            return Err(reader.error(ParseErrorKind::TrailingData, Item::ContentInfo));
        }
        let set = |elements: Elements<'_>| Set {
            contents: Span::of(&input, elements.contents),
            count: elements.count,
        };
        let (certificates, crls) = (set(signed.certificate_set()), set(signed.crl_set()));
        Ok(Self {
            certificates,
            crls,
            encoding,
            input,
        })
    }

    /// Writes certificates and CRLs, in DER.
    ///
    /// ```
    /// # use scep::{Certificate, CertsOnly};
    /// # fn body(chain: &[Certificate<'_>]) -> Vec<u8> {
    /// CertsOnly::encode(chain, &[])
    /// # }
    /// ```
    #[must_use]
    pub fn encode(certificates: &[Certificate<'_>], crls: &[Crl<'_>]) -> Vec<u8> {
        let certificates: Vec<&[u8]> = certificates.iter().map(Certificate::as_der).collect();
        let crls: Vec<&[u8]> = crls.iter().map(Crl::as_der).collect();
        write_certs_only(&certificates, &crls)
    }

    /// The set with a buffer of its own.
    #[must_use]
    pub fn into_owned(self) -> CertsOnly<'static> {
        CertsOnly {
            input: Cow::Owned(self.input.into_owned()),
            certificates: self.certificates,
            crls: self.crls,
            encoding: self.encoding,
        }
    }

    /// The X.509 certificates in the order of the encoding; one that cannot be read gives its error.
    pub fn certificates(&self) -> impl Iterator<Item = Result<Certificate<'_>, ParseError>> {
        self.sequences(self.certificates).map(Certificate::from_der)
    }

    /// The CRLs in the order of the encoding; one that cannot be read gives its error.
    pub fn crls(&self) -> impl Iterator<Item = Result<Crl<'_>, ParseError>> {
        self.sequences(self.crls).map(Crl::from_der)
    }

    /// Whether the bytes are DER or BER.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The bytes as they were received.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.input
    }

    fn sequences(&self, set: Set) -> impl Iterator<Item = &[u8]> {
        Elements {
            contents: set.contents.of_buffer(&self.input),
            count: set.count,
            offset: 0,
        }
        .iter()
        .filter(|element| element.is(tag::SEQUENCE))
        .map(|element| element.raw)
    }
}

impl core::fmt::Debug for CertsOnly<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CertsOnly")
            .field("certificates", &self.certificates.count)
            .field("crls", &self.crls.count)
            .finish_non_exhaustive()
    }
}

/// Reads a certificates-only SignedData at the start of `input`, and tells how long it is.
pub(crate) fn read_prefix<'a>(
    input: &'a [u8],
    layer: Layer,
    limits: &Limits,
) -> Result<(SignedData<'a>, usize, Encoding), ParseError> {
    let mut reader = Reader::new(input, 0, layer, limits);
    let signed = SignedData::read_content_info(&mut reader, limits)?;
    if signed.signer_infos.count > 0 {
        let offset = signed.signer_infos.offset;
        return Err(reader.error_at(ParseErrorKind::NotAllowed, Item::SignerInfos, offset));
    }
    // Interop: Redwax and cryptlib write an empty OCTET STRING where there should be no eContent.
    if let Some(content) = signed.content.filter(|content| content.len > 0) {
        return Err(reader.error_at(ParseErrorKind::NotAllowed, Item::EContent, content.offset));
    }
    Ok((signed, reader.offset(), Encoding::of(reader.ber_seen())))
}
