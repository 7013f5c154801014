//! Certificate revocation lists as they are received.

use alloc::borrow::Cow;
use core::fmt;
use core::hash::{Hash, Hasher};

use x509_cert::crl::CertificateList;

use crate::asn1::{Reader, Span, tag};
use crate::certificate::{Certificate, CertificateSignatureError, KeyUsage};
use crate::crypto::{Policy, Provider};
use crate::name::NameRef;
use crate::signed::{Signed, typed_der, typed_view};
use crate::{Item, Layer, Limits, ParseError, Refused};

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

    /// Whether a serial number stands in the list, given as [`Certificate::serial`] gives it.
    ///
    /// An indirect list may mean another issuer's certificate
    /// ([RFC 5280, section 5.3.3](https://www.rfc-editor.org/rfc/rfc5280#section-5.3.3)); that is not looked at.
    #[must_use]
    pub fn contains_serial(&self, serial: &[u8]) -> bool {
        let revoked = self.parts.revoked.of_buffer(&self.der);
        let mut reader = Reader::new_der(revoked, 0, Layer::Message, &Limits::REPLY);
        core::iter::from_fn(|| read_entry(&mut reader).ok()).any(|entry| entry == serial)
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
            while fields.is_next(tag::UTC_TIME) || fields.is_next(tag::GENERALIZED_TIME) {
                fields.element(item)?;
            }
            let mut revoked = Span::default();
            if fields.is_next(tag::SEQUENCE) {
                let list = fields.clone().element(item)?;
                revoked = Span::of(der, list.contents);
                fields.nested(tag::SEQUENCE, item, |entries| {
                    while !entries.at_end() {
                        read_entry(entries)?;
                    }
                    Ok(())
                })?;
            }
            fields.optional(tag::context_constructed(0), Item::Extensions)?;
            Ok(Self {
                signed: Signed::default(),
                inner_algorithm: Span::of(der, inner_algorithm.raw),
                issuer: Span::of(der, issuer.raw),
                revoked,
            })
        })?;
        reader.finish(item)?;
        parts.signed = signed;
        Ok(parts)
    }
}

/// Takes an entry of revokedCertificates and gives its serial number.
fn read_entry<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], ParseError> {
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
    use crate::signed::testing::{patched, pem};
    use alloc::format;

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
        assert!(crl.contains_serial(&[7]));
        assert!(!crl.contains_serial(&[8]));
        assert!(!crl.contains_serial(&[0, 7]));
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
