//! Certificate revocation lists as they are received.

use alloc::borrow::Cow;
use core::fmt;
use core::hash::{Hash, Hasher};

use x509_cert::crl::CertificateList;

use crate::asn1::{Reader, Span, tag};
use crate::certificate::{
    Certificate, CertificateSignatureError, KeyUsage, iter_extensions, read_extensions,
};
use crate::crypto::{Policy, Provider};
use crate::name::NameRef;
use crate::signed::{Signed, typed_der, typed_view};
use crate::{Cause, Item, Layer, Limits, Oid, ParseError, Refused, oid};

/// The crlExtensions that are processed: they change nothing of what a list says.
const PROCESSED_OF_LIST: [Oid; 2] = [oid::AUTHORITY_KEY_IDENTIFIER, oid::CRL_NUMBER];

/// The crlEntryExtensions that are processed: whatever they say, the number is listed.
const PROCESSED_OF_ENTRY: [Oid; 2] = [oid::CRL_REASONS, oid::INVALIDITY_DATE];

/// Those that RFC 5280 wants critical, since who passes over them takes the list for another than it is. They count as
/// critical however they are marked.
const ALWAYS_CRITICAL: [Oid; 3] = [
    oid::DELTA_CRL_INDICATOR,
    oid::ISSUING_DISTRIBUTION_POINT,
    oid::CERTIFICATE_ISSUER,
];

/// A certificate revocation list as it was received ([RFC 5280, section 5.1]).
///
/// The bytes stay as they are. Two lists are equal if their bytes are.
///
/// [RFC 5280, section 5.1]: https://www.rfc-editor.org/rfc/rfc5280#section-5.1
#[derive(Clone)]
pub struct Crl<'a> {
    der: Cow<'a, [u8]>,
    parts: Parts,
}

/// Where the parts stand in the DER.
#[derive(Clone, Copy)]
struct Parts {
    signed: Signed,
    inner_algorithm: Span,
    issuer: Span,
    /// The contents of revokedCertificates.
    revoked: Span,
    unprocessed: Option<UnprocessedExtension>,
}

/// A CRL has a critical extension that this crate does not process, so it does not tell which certificates are revoked
/// ([RFC 5280, section 5.2], and 5.3 for entries).
///
/// Such a list may be of some certificates or reasons only (issuingDistributionPoint), of what has changed since another
/// list (deltaCRLIndicator), or of certificates of several issuers (certificateIssuer). These three count as critical
/// however they are marked.
///
/// [RFC 5280, section 5.2]: https://www.rfc-editor.org/rfc/rfc5280#section-5.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnprocessedExtension {
    oid: Oid,
}

impl<'a> Crl<'a> {
    /// Takes the DER of a CertificateList, borrowed or owned, and nothing after it.
    ///
    /// # Errors
    /// If the outline, with every entry, is not that of a CertificateList.
    pub fn from_der(der: impl Into<Cow<'a, [u8]>>) -> Result<Self, ParseError> {
        let der = der.into();
        let parts = Parts::read(&der)?;
        Ok(Self { der, parts })
    }
}

impl Crl<'_> {
    /// The bytes as they were received.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The list with a buffer of its own.
    #[must_use]
    pub fn into_owned(self) -> Crl<'static> {
        Crl {
            der: Cow::Owned(self.der.into_owned()),
            parts: self.parts,
        }
    }

    /// The name of the issuer.
    #[must_use]
    pub fn issuer(&self) -> NameRef<'_> {
        NameRef::new(self.issuer_der())
    }

    /// The DER of the name of the issuer.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        self.parts.issuer.of_buffer(&self.der)
    }

    /// Whether a serial number stands in the list, given as [`Certificate::serial`] gives it; leading zeros do not matter.
    ///
    /// It is that of a certificate of the list's [issuer](Self::issuer), and the answer counts only if the list
    /// [is that issuer's](Self::verify_issued_by) and not out of date. A number that is on hold is in the list too.
    ///
    /// # Errors
    /// [`UnprocessedExtension`] if the list or any of its entries has a critical extension other than
    /// authorityKeyIdentifier, cRLNumber, reasonCode and invalidityDate. The list tells nothing then, neither of numbers
    /// that stand in it nor of others: the error never means "not revoked".
    pub fn contains_serial(&self, serial: &[u8]) -> Result<bool, UnprocessedExtension> {
        if let Some(unprocessed) = self.parts.unprocessed {
            return Err(unprocessed);
        }
        let wanted = without_zeros(serial);
        let revoked = self.parts.revoked.of_buffer(&self.der);
        let mut reader = Reader::new_der(revoked, 0, Layer::Message, &Limits::REPLY);
        let mut serials = core::iter::from_fn(|| read_serial(&mut reader).ok());
        Ok(serials.any(|listed| without_zeros(listed) == wanted))
    }

    /// Verifies that `issuer` issued this list: its name stands here as issuer, its keyUsage allows it, and the
    /// signature is right over the bytes as they were received. The times of the list are not looked at.
    ///
    /// # Errors
    /// As the variants say.
    pub fn verify_issued_by(
        &self,
        issuer: &Certificate<'_>,
        provider: &Provider,
        policy: &Policy,
    ) -> Result<(), CertificateSignatureError> {
        if self.issuer_der() != issuer.subject_der() {
            return Err(CertificateSignatureError::AnotherIssuer);
        }
        if !issuer.key_usage().is_none_or(KeyUsage::crl_sign) {
            return Err(CertificateSignatureError::IssuerIsNoCa);
        }
        let Parts {
            signed,
            inner_algorithm,
            ..
        } = self.parts;
        // RFC 5280, section 5.1.1.2: the two must be the same.
        if signed.algorithm_der(&self.der) != inner_algorithm.of_buffer(&self.der) {
            return Err(CertificateSignatureError::Invalid);
        }
        signed.verify(
            &self.der,
            issuer.public_key_der(),
            provider,
            policy,
            policy.certificate_digests(),
            Refused::CertificateSignature,
        )?;
        Ok(())
    }

    /// A typed view.
    ///
    /// # Errors
    /// If `x509-cert` refuses the list, which remains usable here.
    pub fn to_x509(&self) -> Result<CertificateList, ParseError> {
        typed_view(&self.der, Item::CertificateList)
    }
}

impl Parts {
    fn read(der: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new_der(der, 0, Layer::Message, &Limits::REPLY);
        let item = Item::CertificateList;
        let (signed, mut parts) = Signed::read(&mut reader, der, item, |fields| {
            fields.optional(tag::INTEGER, item)?;
            let inner_algorithm = fields.expect(tag::SEQUENCE, Item::AlgorithmIdentifier)?;
            let issuer = fields.expect(tag::SEQUENCE, item)?;
            // thisUpdate and nextUpdate.
            skip_times(fields)?;
            let (mut revoked, mut unprocessed) = (Span::default(), None);
            if fields.is_next(tag::SEQUENCE) {
                let list = fields.clone().element(item)?;
                revoked = Span::of(der, list.contents);
                fields.nested(tag::SEQUENCE, item, |entries| {
                    while !entries.at_end() {
                        let of_entry = read_entry(entries)?;
                        unprocessed = unprocessed.or(of_entry);
                    }
                    Ok(())
                })?;
            }
            let extensions_tag = tag::context_constructed(0);
            if fields.is_next(extensions_tag) {
                let extensions =
                    fields.nested(extensions_tag, Item::Extensions, read_extensions)?;
                unprocessed = find_unprocessed(extensions, &PROCESSED_OF_LIST).or(unprocessed);
            }
            Ok(Self {
                signed: Signed::default(),
                inner_algorithm: Span::of(der, inner_algorithm.raw),
                issuer: Span::of(der, issuer.raw),
                revoked,
                unprocessed,
            })
        })?;
        reader.finish(item)?;
        parts.signed = signed;
        Ok(parts)
    }
}

/// Takes an entry of revokedCertificates, and gives the first of its critical extensions that is not processed.
fn read_entry(reader: &mut Reader<'_>) -> Result<Option<UnprocessedExtension>, ParseError> {
    reader.nested(tag::SEQUENCE, Item::CertificateList, |fields| {
        fields.expect(tag::INTEGER, Item::CertificateList)?;
        // revocationDate.
        skip_times(fields)?;
        if !fields.is_next(tag::SEQUENCE) {
            return Ok(None);
        }
        let extensions = read_extensions(fields)?;
        Ok(find_unprocessed(extensions, &PROCESSED_OF_ENTRY))
    })
}

/// Takes an entry again that [`read_entry`] saw, and gives its serial number.
fn read_serial<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], ParseError> {
    let entry = reader.expect(tag::SEQUENCE, Item::CertificateList)?;
    let mut fields = Reader::new_der(
        entry.contents,
        entry.contents_offset,
        Layer::Message,
        &Limits::REPLY,
    );
    let serial = fields.expect(tag::INTEGER, Item::CertificateList)?;
    Ok(serial.contents)
}

fn skip_times(fields: &mut Reader<'_>) -> Result<(), ParseError> {
    while fields.is_next(tag::UTC_TIME) || fields.is_next(tag::GENERALIZED_TIME) {
        fields.element(Item::CertificateList)?;
    }
    Ok(())
}

/// The first critical extension that is none of those that are processed.
fn find_unprocessed(extensions: &[u8], processed: &[Oid]) -> Option<UnprocessedExtension> {
    iter_extensions(extensions)
        .filter(|extension| extension.is_critical() || ALWAYS_CRITICAL.contains(&extension.oid()))
        .map(|extension| extension.oid())
        .find(|oid| !processed.contains(oid))
        .map(|oid| UnprocessedExtension { oid })
}

/// A serial number without the octets that make no difference.
fn without_zeros(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|octet| **octet == 0).count();
    serial.get(zeros..).unwrap_or_default()
}

impl UnprocessedExtension {
    /// Which extension it is.
    #[must_use]
    pub const fn oid(&self) -> Oid {
        self.oid
    }

    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        Cause::Policy
    }
}

impl fmt::Display for UnprocessedExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the CRL does not tell who is revoked: its critical extension {} is not processed",
            self.oid
        )
    }
}

impl core::error::Error for UnprocessedExtension {}

impl TryFrom<&CertificateList> for Crl<'static> {
    type Error = ParseError;

    fn try_from(crl: &CertificateList) -> Result<Self, ParseError> {
        Self::from_der(typed_der(crl, Item::CertificateList)?)
    }
}

impl PartialEq<Crl<'_>> for Crl<'_> {
    fn eq(&self, other: &Crl<'_>) -> bool {
        self.der == other.der
    }
}

impl Eq for Crl<'_> {}

impl Hash for Crl<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.der.hash(state);
    }
}

/// Shows the issuer.
impl fmt::Debug for Crl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl {{ issuer: \"{}\", .. }}", self.issuer())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParseErrorKind;
    use crate::asn1::encode;
    use crate::certificate::{Criticality, write_extension};
    use crate::signed::testing::{patched, pem};
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use Criticality::{Critical, NonCritical};

    /// What a jscep server answered to a GetCRL.
    const CRL: &[u8] = include_bytes!("../test-vectors/server-jscep/crl.der");

    fn ca() -> Certificate<'static> {
        Certificate::from_der(pem(include_bytes!("../test-vectors/keys/ca-jscep.pem"))).unwrap()
    }

    #[test]
    fn a_list_is_kept_and_searched() {
        let crl = Crl::from_der(CRL).unwrap();
        assert_eq!(crl.as_der(), CRL);
        assert_eq!(crl.issuer_der(), ca().subject_der());
        assert_eq!(crl.contains_serial(&[7]), Ok(true));
        assert_eq!(crl.contains_serial(&[8]), Ok(false));
        assert_eq!(crl.clone().into_owned(), crl);
        assert_eq!(
            format!("{crl:?}"),
            "Crl { issuer: \"CN=jscep CA,O=Peer Test,C=US\", .. }"
        );
        let typed = crl.to_x509().unwrap();
        assert_eq!(
            typed
                .tbs_cert_list
                .revoked_certificates
                .map(|list| list.len()),
            Some(1)
        );
    }

    /// Of no meaning to anybody.
    const UNKNOWN: Oid = oid::CHALLENGE_PASSWORD;

    /// A list of 7 and 0x80 as a CA writes it, with one more of the crlExtensions, or one more of the crlEntryExtensions
    /// of 0x80.
    fn list_with(
        in_list: Option<(Oid, Criticality)>,
        in_entry: Option<(Oid, Criticality)>,
    ) -> Crl<'static> {
        let id: &[u8] = &[0x30, 4, 6, 2, 0x2a, 3];
        let extensions = |usual: [Oid; 2], more: Option<(Oid, Criticality)>| {
            let usual = usual.map(|oid| (oid, NonCritical));
            let written: Vec<_> = usual.into_iter().chain(more).collect();
            encode(0, |w| {
                w.sequence(|w| {
                    for (oid, criticality) in written {
                        write_extension(w, oid, criticality, &[5, 0]);
                    }
                });
            })
        };
        let of_list = extensions([oid::AUTHORITY_KEY_IDENTIFIER, oid::CRL_NUMBER], in_list);
        let of_entry = |more| extensions([oid::CRL_REASONS, oid::INVALIDITY_DATE], more);
        let entries = [(7, of_entry(None)), (0x80, of_entry(in_entry))];
        let der = encode(0, |w| {
            w.sequence(|w| {
                w.sequence(|part| {
                    part.small_integer(1);
                    part.raw(id);
                    part.sequence(|_| {});
                    part.tlv(tag::UTC_TIME, b"261123202656Z");
                    part.sequence(|list| {
                        for (serial, extensions) in &entries {
                            list.sequence(|entry| {
                                entry.tlv(tag::INTEGER, &[*serial]);
                                entry.tlv(tag::UTC_TIME, b"261123202656Z");
                                entry.raw(extensions);
                            });
                        }
                    });
                    part.tlv(tag::context_constructed(0), &of_list);
                });
                w.raw(id);
                w.bit_string(&[]);
            });
        });
        Crl::from_der(der).unwrap()
    }

    /// What a list tells of a number that stands in it and of one that does not.
    fn told(list: &Crl<'_>) -> [Result<bool, UnprocessedExtension>; 2] {
        [list.contains_serial(&[7]), list.contains_serial(&[8])]
    }

    #[test]
    fn extensions_that_change_nothing_are_processed_critical_or_not() {
        let says = [Ok(true), Ok(false)];
        assert_eq!(told(&list_with(None, None)), says);
        for oid in PROCESSED_OF_LIST {
            assert_eq!(told(&list_with(Some((oid, Critical)), None)), says, "{oid}");
        }
        for oid in PROCESSED_OF_ENTRY {
            assert_eq!(told(&list_with(None, Some((oid, Critical)))), says, "{oid}");
        }
        let unknown = Some((UNKNOWN, NonCritical));
        assert_eq!(told(&list_with(unknown, None)), says);
        assert_eq!(told(&list_with(None, unknown)), says);
    }

    #[test]
    fn a_list_with_a_critical_extension_that_is_not_processed_tells_nothing() {
        for oid in [
            oid::ISSUING_DISTRIBUTION_POINT,
            oid::DELTA_CRL_INDICATOR,
            UNKNOWN,
            // What is processed in an entry is not so in the list.
            oid::CRL_REASONS,
        ] {
            let list = list_with(Some((oid, Critical)), None);
            assert_eq!(told(&list), [Err(UnprocessedExtension { oid }); 2], "{oid}");
        }
    }

    #[test]
    fn an_entry_with_a_critical_extension_that_is_not_processed_silences_the_list() {
        for oid in [oid::CERTIFICATE_ISSUER, UNKNOWN, oid::CRL_NUMBER] {
            let list = list_with(None, Some((oid, Critical)));
            assert_eq!(told(&list), [Err(UnprocessedExtension { oid }); 2], "{oid}");
        }
    }

    #[test]
    fn what_must_be_critical_counts_as_critical_unmarked() {
        for oid in [oid::ISSUING_DISTRIBUTION_POINT, oid::DELTA_CRL_INDICATOR] {
            let list = list_with(Some((oid, NonCritical)), None);
            assert_eq!(told(&list), [Err(UnprocessedExtension { oid }); 2], "{oid}");
        }
        let oid = oid::CERTIFICATE_ISSUER;
        let list = list_with(None, Some((oid, NonCritical)));
        assert_eq!(told(&list), [Err(UnprocessedExtension { oid }); 2]);
    }

    #[test]
    fn the_extension_of_the_list_is_named_before_that_of_an_entry() {
        let in_list = Some((oid::ISSUING_DISTRIBUTION_POINT, Critical));
        let in_entry = Some((oid::CERTIFICATE_ISSUER, Critical));
        let error = list_with(in_list, in_entry).contains_serial(&[7]);
        let error = error.unwrap_err();
        assert_eq!(error.oid(), oid::ISSUING_DISTRIBUTION_POINT);
        assert_eq!(error.cause(), Cause::Policy);
        assert_eq!(
            error.to_string(),
            "the CRL does not tell who is revoked: its critical extension 2.5.29.28 is not processed"
        );
    }

    #[test]
    fn leading_zeros_of_a_number_do_not_matter() {
        let crl = list_with(None, None);
        for serial in [&[7][..], &[0, 7], &[0, 0, 7], &[0x80], &[0, 0x80]] {
            assert_eq!(crl.contains_serial(serial), Ok(true), "{serial:?}");
        }
        for serial in [&[][..], &[0], &[7, 0], &[0, 7, 0]] {
            assert_eq!(crl.contains_serial(serial), Ok(false), "{serial:?}");
        }
    }

    #[test]
    fn a_malformed_extension_is_an_error() {
        let more = Some((UNKNOWN, Critical));
        for list in [list_with(more, None), list_with(None, more)] {
            let oid = [&[6, 9], UNKNOWN.as_bytes()].concat();
            let no_oid = [&[4, 9], UNKNOWN.as_bytes()].concat();
            let error = Crl::from_der(patched(list.as_der(), &oid, &no_oid)).unwrap_err();
            assert_eq!(error.item(), Item::Extensions);
            let kind = ParseErrorKind::UnexpectedTag {
                expected: 6,
                found: 4,
            };
            assert_eq!(error.kind(), kind);
        }
    }

    #[test]
    fn what_else_is_in_an_entry_is_an_error() {
        let reason = [0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1d, 21];
        let mut no_extensions = reason;
        no_extensions[0] = 0x31;
        let error = Crl::from_der(patched(CRL, &reason, &no_extensions)).unwrap_err();
        assert_eq!(
            (error.item(), error.kind()),
            (Item::CertificateList, ParseErrorKind::TrailingData)
        );
    }

    #[test]
    fn an_entry_without_serial_is_an_error() {
        let entry = patched(CRL, &[2, 1, 7], &[4, 1, 7]);
        let error = Crl::from_der(entry).unwrap_err();
        assert_eq!(error.item(), Item::CertificateList);
        assert!(matches!(
            error.kind(),
            ParseErrorKind::UnexpectedTag {
                expected: 2,
                found: 4
            }
        ));
    }

    #[test]
    fn every_cut_and_every_added_byte_is_an_error() {
        for len in 0..CRL.len() {
            assert!(Crl::from_der(&CRL[..len]).is_err(), "{len}");
        }
        let error = Crl::from_der([CRL, &[0]].concat()).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::TrailingData);
    }

    #[cfg(feature = "rustcrypto")]
    #[test]
    fn the_issuer_is_verified() {
        let verify = |der: &[u8], issuer: &Certificate<'_>| {
            let crl = Crl::from_der(der).unwrap();
            crl.verify_issued_by(issuer, &Provider::rustcrypto(), &Policy::strict())
        };
        assert_eq!(verify(CRL, &ca()), Ok(()));
        let changed = patched(CRL, &[2, 1, 7], &[2, 1, 8]);
        assert_eq!(
            verify(&changed, &ca()),
            Err(CertificateSignatureError::Invalid)
        );
        let next = pem(include_bytes!("../test-vectors/keys/ca-jscep-next.pem"));
        assert_eq!(
            verify(CRL, &Certificate::from_der(next).unwrap()),
            Err(CertificateSignatureError::AnotherIssuer)
        );
        // keyUsage digitalSignature, keyEncipherment and keyCertSign, but not cRLSign.
        let no_crls = patched(ca().as_der(), &[3, 2, 1, 0xa6], &[3, 2, 1, 0xa4]);
        assert_eq!(
            verify(CRL, &Certificate::from_der(no_crls).unwrap()),
            Err(CertificateSignatureError::IssuerIsNoCa)
        );
    }
}
