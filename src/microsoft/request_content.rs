//! What Windows and the MDM services around it put into a CSR.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::asn1::{Element, Reader, Span, tag};
use crate::attributes::text_of;
use crate::certificate::Certificate;
use crate::csr::{iter_attributes, iter_requested_extensions, iter_values};
use crate::oid::{self, Oid};
use crate::{Csr, Item, Layer, Limits, ParseError, ParseErrorKind, UnverifiedCsr};

/// Reads Microsoft's attributes and extensions of a CSR.
///
/// Every accessor gives `Ok(None)` or nothing where the CSR does not have the item, and an error where it cannot be read. The
/// rest of the CSR is not touched by that. An item that stands twice is an error.
///
/// All of it is what the requester says of itself: the signature of a CSR proves its key, and nothing else in it.
///
/// ```
/// use scep::Csr;
/// use scep::microsoft::RequestContent;
///
/// fn log(csr: &Csr) -> Result<(), scep::ParseError> {
///     let content = RequestContent::of(csr);
///     for sid in content.claimed_sids()? {
///         println!("claims to be {sid}");
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy)]
pub struct RequestContent<'a> {
    der: &'a [u8],
    /// The contents of the CSR's attributes.
    attributes: &'a [u8],
}

/// The key store that made the key.
///
/// ```text
/// CSPInfo ::= SEQUENCE { keySpec INTEGER, provider BMPString, signature BIT STRING }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CspInfo {
    /// 0 for a key of the newer stores, 1 for key exchange, 2 for signing.
    pub key_spec: u32,
    /// The name of the store.
    pub provider: String,
}

/// A name and a value: `CertificateTemplate`, `ValidityPeriod` and `ValidityPeriodUnits` are names in use.
///
/// ```text
/// EnrollmentNameValuePair ::= SEQUENCE { name BMPString, value BMPString }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameValuePair {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Which program made the request, and for whom.
///
/// ```text
/// ClientInfo ::= SEQUENCE {
///     clientId INTEGER OPTIONAL, machine UTF8String OPTIONAL, user UTF8String OPTIONAL, process UTF8String OPTIONAL }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// The kind of program.
    pub client_id: Option<u32>,
    /// The computer's name.
    pub machine: Option<String>,
    /// The user's name.
    pub user: Option<String>,
    /// The program's name.
    pub process: Option<String>,
}

/// A template of version 2 and later.
///
/// ```text
/// CertificateTemplate ::= SEQUENCE { id OBJECT IDENTIFIER, major INTEGER OPTIONAL, minor INTEGER OPTIONAL }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateInformation {
    /// The identifier of the template.
    pub id: Oid,
    /// Its major version.
    pub major: Option<u32>,
    /// Its minor version.
    pub minor: Option<u32>,
}

/// The security identifier of an account that the requester claims to be.
///
/// **Nothing proves it.** A domain controller that finds it in a certificate lets the holder in as that account, so a CA that
/// copies it unchecked gives the domain away. Compare it with what the challenge password, or whoever made it, stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedSid {
    sid: String,
    source: SidSource,
}

/// Where a SID stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SidSource {
    /// In Microsoft's security extension, 1.3.6.1.4.1.311.25.2.
    Extension,
    /// In subjectAltName, in a URI that starts with `tag:microsoft.com,2022-09-14:sid:`, as Intune writes it.
    SubjectAltName,
}

impl ClaimedSid {
    /// The SID, such as `S-1-5-21-1-2-3-1104`.
    #[must_use]
    pub fn unverified_sid(&self) -> &str {
        &self.sid
    }

    /// Where it stands.
    #[must_use]
    pub const fn source(&self) -> SidSource {
        self.source
    }
}

impl SidSource {
    #[cfg(feature = "diagnose")]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Extension => "the security extension",
            Self::SubjectAltName => "subjectAltName",
        }
    }
}

/// Shows the SID.
impl fmt::Display for ClaimedSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sid)
    }
}

impl<'a> RequestContent<'a> {
    /// Of a CSR whose signature is right.
    #[must_use]
    pub fn of(csr: &'a Csr) -> Self {
        Self {
            der: csr.as_der(),
            attributes: csr.attributes_contents(),
        }
    }

    /// Of a CSR whose signature nobody has verified, for tools.
    #[must_use]
    pub fn of_unverified(csr: &'a UnverifiedCsr) -> Self {
        Self {
            der: csr.as_der(),
            attributes: csr.attributes_contents(),
        }
    }
}

/// Attributes.
impl<'a> RequestContent<'a> {
    /// The version of Windows: `major.minor.build.platform`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn os_version(&self) -> Result<Option<String>, ParseError> {
        let value = self.attribute(oid::MS_OS_VERSION)?;
        value
            .map(|value| text(&mut self.reader(value.raw), tag::IA5_STRING, ATTRIBUTES))
            .transpose()
    }

    /// The key store.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn csp_info(&self) -> Result<Option<CspInfo>, ParseError> {
        self.attribute_with(oid::MS_CSP_INFO, |fields| {
            let info = CspInfo {
                key_spec: unsigned(fields, ATTRIBUTES)?,
                provider: text(fields, tag::BMP_STRING, ATTRIBUTES)?,
            };
            // A signature that nobody makes: it is empty or all zeros.
            fields.optional(tag::BIT_STRING, ATTRIBUTES)?;
            Ok(info)
        })
    }

    /// Every name and value, in order.
    ///
    /// # Errors
    /// If one cannot be read, or if there are more than 256.
    pub fn name_value_pairs(&self) -> Result<Vec<NameValuePair>, ParseError> {
        iter_attributes(self.attributes)
            .filter(|(oid, _)| *oid == oid::MS_NAME_VALUE_PAIR)
            .flat_map(|(_, values)| iter_values(values.raw))
            .enumerate()
            .map(|(position, value)| {
                if position == MAX_LISTED {
                    return Err(too_many(&self.reader(self.attributes), ATTRIBUTES));
                }
                self.sequence(&value?, ATTRIBUTES, |fields| {
                    Ok(NameValuePair {
                        name: text(fields, tag::BMP_STRING, ATTRIBUTES)?,
                        value: text(fields, tag::BMP_STRING, ATTRIBUTES)?,
                    })
                })
            })
            .collect()
    }

    /// Which program made the request.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn client_info(&self) -> Result<Option<ClientInfo>, ParseError> {
        self.attribute_with(oid::MS_CLIENT_INFO, |fields| {
            let client_id = optional_unsigned(fields, ATTRIBUTES)?;
            let mut next = || optional_text(fields, tag::UTF8_STRING, ATTRIBUTES);
            Ok(ClientInfo {
                client_id,
                machine: next()?,
                user: next()?,
                process: next()?,
            })
        })
    }

    /// The certificate that is to be renewed. Whether the requester has its key is not said.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn renewal_certificate(&self) -> Result<Option<Certificate<'a>>, ParseError> {
        let value = self.attribute(oid::MS_RENEWAL_CERTIFICATE)?;
        value
            .map(|value| Certificate::from_der(value.raw))
            .transpose()
    }
}

/// Extensions.
impl RequestContent<'_> {
    /// The name of a template of version 1.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn template_name(&self) -> Result<Option<String>, ParseError> {
        let value = self.extension(oid::MS_TEMPLATE_NAME)?;
        value
            .map(|value| {
                let mut reader = self.reader(value);
                let name = text(&mut reader, tag::BMP_STRING, EXTENSIONS)?;
                reader.finish(EXTENSIONS)?;
                Ok(name)
            })
            .transpose()
    }

    /// A template of version 2 and later.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn template_information(&self) -> Result<Option<TemplateInformation>, ParseError> {
        self.extension_with(oid::MS_TEMPLATE_INFORMATION, |fields| {
            Ok(TemplateInformation {
                id: object_identifier(fields)?,
                major: optional_unsigned(fields, EXTENSIONS)?,
                minor: optional_unsigned(fields, EXTENSIONS)?,
            })
        })
    }

    /// The application policies, which say what extKeyUsage says.
    ///
    /// # Errors
    /// If they cannot be read, or if there are more than 256.
    pub fn application_policies(&self) -> Result<Vec<Oid>, ParseError> {
        let policies = self.extension_with(oid::MS_APPLICATION_POLICIES, |policies| {
            let mut found = Vec::new();
            while !policies.at_end() {
                let at = policies.clone();
                let policy = policies.nested(tag::SEQUENCE, EXTENSIONS, |policy| {
                    let identifier = object_identifier(policy)?;
                    policy.optional(tag::SEQUENCE, EXTENSIONS)?;
                    Ok(identifier)
                })?;
                list(&mut found, policy, &at)?;
            }
            Ok(found)
        })?;
        Ok(policies.unwrap_or_default())
    }

    /// The SIDs that the requester claims, from the security extension and from subjectAltName.
    ///
    /// # Errors
    /// If the security extension or subjectAltName cannot be read, if what stands there is no SID, or if there are more than 256.
    pub fn claimed_sids(&self) -> Result<Vec<ClaimedSid>, ParseError> {
        let mut sids = Vec::new();
        self.general_names(oid::MS_NTDS_SECURITY, |name, reader| {
            if let Some(value) =
                other_name(name, reader, oid::MS_NTDS_OBJECT_SID, tag::OCTET_STRING)?
            {
                let sid = claimed_sid(&value, SidSource::Extension, reader)?;
                list(&mut sids, sid, reader)?;
            }
            Ok(())
        })?;
        self.general_names(oid::SUBJECT_ALT_NAME, |name, reader| {
            let uri = (name.tag == URI).then_some(name.contents);
            if let Some(sid) = uri.and_then(|uri| uri.strip_prefix(SID_URI_PREFIX)) {
                let value = Element {
                    contents: sid,
                    ..*name
                };
                let sid = claimed_sid(&value, SidSource::SubjectAltName, reader)?;
                list(&mut sids, sid, reader)?;
            }
            Ok(())
        })?;
        Ok(sids)
    }

    /// The user principal names in subjectAltName, such as `user@example.com`. Nothing proves them.
    ///
    /// # Errors
    /// If subjectAltName cannot be read, or if there are more than 256.
    pub fn claimed_user_principal_names(&self) -> Result<Vec<String>, ParseError> {
        let mut names = Vec::new();
        self.general_names(oid::SUBJECT_ALT_NAME, |name, reader| {
            let value = other_name(name, reader, oid::MS_USER_PRINCIPAL_NAME, tag::UTF8_STRING)?;
            if let Some(value) = value {
                list(&mut names, text_of(value.tag, value.contents), reader)?;
            }
            Ok(())
        })?;
        Ok(names)
    }
}

/// A name in subjectAltName.
#[cfg(feature = "diagnose")]
pub(crate) struct AltName {
    kind: &'static str,
    /// The name, if it is a text.
    pub(crate) text: Option<String>,
}

/// Shows kind and text, for evidence.
#[cfg(feature = "diagnose")]
impl fmt::Display for AltName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => write!(f, "{} {text:?}", self.kind),
            None => f.write_str(self.kind),
        }
    }
}

#[cfg(feature = "diagnose")]
impl RequestContent<'_> {
    /// The names in subjectAltName, of which there may not be more than 256.
    pub(crate) fn alt_names(&self) -> Result<Vec<AltName>, ParseError> {
        let mut names = Vec::new();
        self.general_names(oid::SUBJECT_ALT_NAME, |name, reader| {
            let value = other_name(name, reader, oid::MS_USER_PRINCIPAL_NAME, tag::UTF8_STRING)?;
            let kind = match name.tag {
                EMAIL => "email",
                DNS => "DNS",
                URI => "URI",
                IP => "IP",
                DIRECTORY_NAME => "directoryName",
                _ if value.is_some() => "UPN",
                _ => "a name of another type",
            };
            let text = match (name.tag, value) {
                (EMAIL | DNS | URI, _) => Some(text_of(tag::IA5_STRING, name.contents)),
                (_, value) => value.map(|value| text_of(value.tag, value.contents)),
            };
            list(&mut names, AltName { kind, text }, reader)
        })?;
        Ok(names)
    }
}

impl<'a> RequestContent<'a> {
    /// The only value of the only attribute of a type.
    fn attribute(&self, oid: Oid) -> Result<Option<Element<'a>>, ParseError> {
        let mut attributes = iter_attributes(self.attributes).filter(|(other, _)| *other == oid);
        let Some((_, values)) = attributes.next() else {
            return Ok(None);
        };
        let error = |kind| self.reader(values.raw).error(kind, ATTRIBUTES);
        let mut found = iter_values(values.raw);
        let value = found
            .next()
            .ok_or_else(|| error(ParseErrorKind::Missing))??;
        if found.next().is_some() || attributes.next().is_some() {
            return Err(error(ParseErrorKind::Duplicate));
        }
        Ok(Some(value))
    }

    fn attribute_with<T>(
        &self,
        oid: Oid,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, ParseError>,
    ) -> Result<Option<T>, ParseError> {
        let value = self.attribute(oid)?;
        value
            .map(|value| self.sequence(&value, ATTRIBUTES, read))
            .transpose()
    }

    /// The octets of the only requested extension of a type.
    fn extension(&self, oid: Oid) -> Result<Option<&'a [u8]>, ParseError> {
        let mut extensions =
            iter_requested_extensions(self.attributes).filter(|extension| extension.oid() == oid);
        let value = extensions.next().map(|extension| extension.value());
        if let Some(second) = extensions.next() {
            let error = self.reader(second.value());
            return Err(error.error(ParseErrorKind::Duplicate, EXTENSIONS));
        }
        Ok(value)
    }

    fn extension_with<T>(
        &self,
        oid: Oid,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, ParseError>,
    ) -> Result<Option<T>, ParseError> {
        let value = self.extension(oid)?;
        value
            .map(|value| {
                let mut reader = self.reader(value);
                let value = reader.nested(tag::SEQUENCE, EXTENSIONS, read)?;
                reader.finish(EXTENSIONS)?;
                Ok(value)
            })
            .transpose()
    }

    /// Looks at each GeneralName of an extension.
    fn general_names(
        &self,
        oid: Oid,
        mut look: impl FnMut(&Element<'a>, &Reader<'a>) -> Result<(), ParseError>,
    ) -> Result<(), ParseError> {
        self.extension_with(oid, |names| {
            while !names.at_end() {
                let at = names.clone();
                look(&names.element(EXTENSIONS)?, &at)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    fn sequence<T>(
        &self,
        value: &Element<'a>,
        item: Item,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        self.reader(value.raw).nested(tag::SEQUENCE, item, read)
    }

    /// Reads a part of the CSR, with offsets in the CSR.
    fn reader(&self, part: &'a [u8]) -> Reader<'a> {
        let offset = Span::of(self.der, part).start();
        Reader::new(part, offset, Layer::Message, &Limits::REQUEST)
    }
}

/// Shows nothing: the CSR may hold a challenge password.
impl fmt::Debug for RequestContent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestContent").finish_non_exhaustive()
    }
}

/// As many of a kind as are listed: a CSR could hold enough of the shortest to take many times their own memory.
const MAX_LISTED: usize = 256;

const ATTRIBUTES: Item = Item::CertificationRequestAttributes;
const EXTENSIONS: Item = Item::Extensions;

/// Other kinds of GeneralName.
#[cfg(feature = "diagnose")]
const EMAIL: u8 = tag::context(1);
#[cfg(feature = "diagnose")]
const DNS: u8 = tag::context(2);
#[cfg(feature = "diagnose")]
const DIRECTORY_NAME: u8 = tag::context_constructed(4);
#[cfg(feature = "diagnose")]
const IP: u8 = tag::context(7);

/// uniformResourceIdentifier of GeneralName, [RFC 5280, section 4.2.1.6](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6).
const URI: u8 = tag::context(6);

/// otherName of GeneralName.
const OTHER_NAME: u8 = tag::context_constructed(0);

/// What stands before a SID in a URI of subjectAltName.
pub(super) const SID_URI_PREFIX: &[u8] = b"tag:microsoft.com,2022-09-14:sid:";

/// The value of an otherName of a type, which must have this tag; `None` for any other name.
fn other_name<'a>(
    name: &Element<'a>,
    at: &Reader<'a>,
    oid: Oid,
    value_tag: u8,
) -> Result<Option<Element<'a>>, ParseError> {
    if name.tag != OTHER_NAME {
        return Ok(None);
    }
    at.clone().nested(OTHER_NAME, EXTENSIONS, |fields| {
        let found = object_identifier(fields)?;
        let explicit = tag::context_constructed(0);
        if found != oid {
            fields.expect(explicit, EXTENSIONS)?;
            return Ok(None);
        }
        let value = fields.nested(explicit, EXTENSIONS, |value| {
            value.expect(value_tag, EXTENSIONS)
        })?;
        Ok(Some(value))
    })
}

/// Lists what stands in the extensions at a place, unless there are [`MAX_LISTED`] already.
fn list<T>(found: &mut Vec<T>, one: T, at: &Reader<'_>) -> Result<(), ParseError> {
    if found.len() == MAX_LISTED {
        return Err(too_many(at, EXTENSIONS));
    }
    found.push(one);
    Ok(())
}

/// That there are more than [`MAX_LISTED`].
fn too_many(at: &Reader<'_>, item: Item) -> ParseError {
    at.error(ParseErrorKind::TooMany(MAX_LISTED), item)
}

fn claimed_sid(
    value: &Element<'_>,
    source: SidSource,
    at: &Reader<'_>,
) -> Result<ClaimedSid, ParseError> {
    let sid = core::str::from_utf8(value.contents).ok();
    match sid.filter(|sid| is_sid(sid)) {
        Some(sid) => Ok(ClaimedSid {
            sid: sid.into(),
            source,
        }),
        None => Err(at.error_at(ParseErrorKind::InvalidValue, EXTENSIONS, value.offset)),
    }
}

/// Whether a text is a SID: `S-1-`, the authority, and at least one number after it.
pub(super) fn is_sid(text: &str) -> bool {
    let numbers = text.strip_prefix("S-1-").unwrap_or_default();
    let is_number = |number: &str| {
        (1..=10).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    numbers.contains('-') && numbers.split('-').all(is_number)
}

fn object_identifier(reader: &mut Reader<'_>) -> Result<Oid, ParseError> {
    // `Reader::oid` gives contents that fit.
    Ok(Oid::from_bytes(reader.oid(EXTENSIONS)?).unwrap_or(oid::DATA))
}

fn text(reader: &mut Reader<'_>, tag: u8, item: Item) -> Result<String, ParseError> {
    let element = reader.expect(tag, item)?;
    Ok(text_of(element.tag, element.contents))
}

fn optional_text(
    reader: &mut Reader<'_>,
    tag: u8,
    item: Item,
) -> Result<Option<String>, ParseError> {
    let element = reader.optional(tag, item)?;
    Ok(element.map(|element| text_of(element.tag, element.contents)))
}

fn optional_unsigned(reader: &mut Reader<'_>, item: Item) -> Result<Option<u32>, ParseError> {
    let next = reader.is_next(tag::INTEGER);
    next.then(|| unsigned(reader, item)).transpose()
}

/// Takes an INTEGER of 0 to 2^32 - 1.
fn unsigned(reader: &mut Reader<'_>, item: Item) -> Result<u32, ParseError> {
    let element = reader.expect(tag::INTEGER, item)?;
    let digits = match element.contents {
        [0x80..=0xff, ..] | [] => None,
        [0, digits @ ..] => Some(digits),
        digits => Some(digits),
    };
    digits
        .filter(|digits| digits.len() <= 4)
        .map(|digits| {
            digits
                .iter()
                .fold(0, |value, digit| value << 8 | u32::from(*digit))
        })
        .ok_or_else(|| reader.error_at(ParseErrorKind::InvalidValue, item, element.offset))
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests;
