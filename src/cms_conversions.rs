//! Conversions from and to the types of the [`cms`](::cms) crate, behind the feature `cms`.
//!
//! They are outside this crate's semver promise until `cms` 0.3.0 is final. A decoded `cms` value does not keep the bytes it
//! came from: use it to look at a message or to build one, never to verify a signature.

use alloc::vec::Vec;

use ::cms::content_info::ContentInfo;
use ::cms::signed_data::SignedData;
use der::Decode;

use crate::asn1::{encode, tag};
use crate::signed::typed_der;
use crate::{
    CertsOnly, Encoding, Item, Layer, Limits, ParseError, ParseErrorKind, PkiMessage, oid,
};

impl PkiMessage<'_> {
    /// The message as a `cms` ContentInfo.
    ///
    /// # Errors
    /// [`ParseErrorKind::NotDer`] for a message in BER, whose segmented content `cms` would read wrongly;
    /// [`ParseErrorKind::InvalidValue`] for one that `cms` refuses.
    pub fn to_cms(&self) -> Result<ContentInfo, ParseError> {
        decode(self.as_bytes(), self.encoding())
    }
}

impl CertsOnly<'_> {
    /// The set as a `cms` ContentInfo.
    ///
    /// # Errors
    /// As [`PkiMessage::to_cms`].
    pub fn to_cms(&self) -> Result<ContentInfo, ParseError> {
        decode(self.as_bytes(), self.encoding())
    }
}

impl TryFrom<&ContentInfo> for PkiMessage<'static> {
    type Error = ParseError;

    fn try_from(info: &ContentInfo) -> Result<Self, ParseError> {
        Self::parse(typed_der(info, Item::ContentInfo)?, &Limits::REPLY)
    }
}

impl TryFrom<&SignedData> for PkiMessage<'static> {
    type Error = ParseError;

    fn try_from(signed: &SignedData) -> Result<Self, ParseError> {
        Self::parse(content_info(signed)?, &Limits::REPLY)
    }
}

impl TryFrom<&ContentInfo> for CertsOnly<'static> {
    type Error = ParseError;

    fn try_from(info: &ContentInfo) -> Result<Self, ParseError> {
        Self::parse(typed_der(info, Item::ContentInfo)?, &Limits::REPLY)
    }
}

impl TryFrom<&SignedData> for CertsOnly<'static> {
    type Error = ParseError;

    fn try_from(signed: &SignedData) -> Result<Self, ParseError> {
        Self::parse(content_info(signed)?, &Limits::REPLY)
    }
}

fn decode(bytes: &[u8], encoding: Encoding) -> Result<ContentInfo, ParseError> {
    match encoding {
        Encoding::Der => {
            ContentInfo::from_der(bytes).map_err(|_| error(ParseErrorKind::InvalidValue))
        }
        Encoding::Ber => Err(error(ParseErrorKind::NotDer)),
    }
}

fn content_info(signed: &SignedData) -> Result<Vec<u8>, ParseError> {
    let content = typed_der(signed, Item::SignedData)?;
    Ok(encode(content.len(), |out| {
        out.sequence(|info| {
            info.oid(oid::SIGNED_DATA);
            info.nested(tag::context_constructed(0), |explicit| {
                explicit.raw(&content);
            });
        });
    }))
}

const fn error(kind: ParseErrorKind) -> ParseError {
    ParseError {
        kind,
        item: Item::ContentInfo,
        offset: 0,
        layer: Layer::Message,
    }
}
