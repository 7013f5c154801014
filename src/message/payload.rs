//! The payloads of polls and queries.

use alloc::vec::Vec;

use crate::asn1::{Reader, encode, tag};
use crate::certificate::Certificate;
use crate::cms::Identifier;
use crate::{Item, Layer, Limits, ParseError};

/// The payload of a CertPoll, [RFC 8894, section 3.3.3].
///
/// ```text
/// issuerAndSubject ::= SEQUENCE {
///     issuer  Name,
///     subject Name }
/// ```
///
/// The issuer is the CA that is to issue the certificate: its subject name. Peers have confused that often enough that a
/// server should find the pending request by transactionID and signer and take the names as a hint.
///
/// [RFC 8894, section 3.3.3]: https://www.rfc-editor.org/rfc/rfc8894#section-3.3.3
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerAndSubject {
    issuer: Vec<u8>,
    subject: Vec<u8>,
}

impl IssuerAndSubject {
    /// From the Names in DER.
    #[must_use]
    pub fn new(issuer_der: &[u8], subject_der: &[u8]) -> Self {
        Self {
            issuer: issuer_der.to_vec(),
            subject: subject_der.to_vec(),
        }
    }

    /// Reads all of `der`.
    ///
    /// # Errors
    /// A [`ParseError`] if the bytes are something else.
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        whole(der, Item::IssuerAndSubject, Self::read)
    }

    /// Two empty Names.
    pub(crate) fn of_nobody() -> Self {
        Self::new(&EMPTY_NAME, &EMPTY_NAME)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let item = Item::IssuerAndSubject;
        reader.nested(tag::SEQUENCE, item, |fields| {
            Ok(Self {
                issuer: fields.expect(tag::SEQUENCE, item)?.raw.to_vec(),
                subject: fields.expect(tag::SEQUENCE, item)?.raw.to_vec(),
            })
        })
    }

    /// The DER encoding.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        encode(
            self.issuer.len().saturating_add(self.subject.len()),
            |out| {
                out.sequence(|fields| {
                    fields.raw(&self.issuer);
                    fields.raw(&self.subject);
                });
            },
        )
    }

    /// The issuer's Name in DER.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer
    }

    /// The subject's Name in DER.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.subject
    }
}

/// The payload of a GetCert or GetCRL, [RFC 8894, section 3.3.4]: a certificate by its issuer and serial number.
///
/// ```text
/// IssuerAndSerialNumber ::= SEQUENCE {
///     issuer Name,
///     serialNumber CertificateSerialNumber }
/// ```
///
/// [RFC 8894, section 3.3.4]: https://www.rfc-editor.org/rfc/rfc8894#section-3.3.4
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IssuerAndSerialNumber {
    issuer: Vec<u8>,
    serial: Vec<u8>,
}

impl IssuerAndSerialNumber {
    /// From the issuer's Name in DER and the contents octets of the serial number.
    #[must_use]
    pub fn new(issuer_der: &[u8], serial: &[u8]) -> Self {
        Self {
            issuer: issuer_der.to_vec(),
            serial: serial.to_vec(),
        }
    }

    /// That of a certificate.
    #[must_use]
    pub fn of(certificate: &Certificate<'_>) -> Self {
        Self::new(certificate.issuer_der(), certificate.serial())
    }

    /// Reads all of `der`.
    ///
    /// # Errors
    /// A [`ParseError`] if the bytes are something else.
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        whole(der, Item::IssuerAndSerialNumber, Self::read)
    }

    /// An empty Name, which no issuer has ([RFC 5280, section 4.1.2.4]), and the greatest serial number
    /// ([section 4.1.2.2]), should somebody look for that alone.
    ///
    /// [RFC 5280, section 4.1.2.4]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.4
    /// [section 4.1.2.2]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.2
    pub(crate) fn of_none() -> Self {
        let mut serial = [0xff; 20];
        serial[0] = 0x7f;
        Self::new(&EMPTY_NAME, &serial)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let item = Item::IssuerAndSerialNumber;
        match Identifier::read_issuer_and_serial(reader, item)? {
            Identifier::IssuerAndSerialNumber { issuer, serial } => Ok(Self::new(issuer, serial)),
            Identifier::SubjectKeyIdentifier(_) => {
                Err(reader.error(crate::ParseErrorKind::InvalidValue, item))
            }
        }
    }

    /// The DER encoding.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        encode(self.issuer.len(), |out| self.identifier().write(out))
    }

    /// The issuer's Name in DER.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer
    }

    /// The contents octets of the serial number.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// Whether this certificate is meant. The issuer may have other [types of strings](crate::NameRef::has_same_text), and
    /// the serial number a leading zero more or less.
    #[must_use]
    pub fn matches(&self, certificate: &Certificate<'_>) -> bool {
        let identifier = self.identifier();
        identifier.matches(certificate) || identifier.resembles(certificate)
    }

    fn identifier(&self) -> Identifier<'_> {
        Identifier::IssuerAndSerialNumber {
            issuer: &self.issuer,
            serial: &self.serial,
        }
    }
}

const EMPTY_NAME: [u8; 2] = [tag::SEQUENCE, 0];

fn whole<T>(
    der: &[u8],
    item: Item,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, ParseError>,
) -> Result<T, ParseError> {
    let mut reader = Reader::new(der, 0, Layer::Message, &Limits::REQUEST);
    let value = read(&mut reader)?;
    reader.finish(item)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParseErrorKind;
    use crate::signed::testing::{patched, pem};

    const NAME: [u8; 2] = [0x30, 0];

    #[test]
    fn payloads_read_back_and_nothing_may_follow() {
        let names = IssuerAndSubject::new(&NAME, &NAME);
        assert_eq!(
            IssuerAndSubject::from_der(&names.to_der()),
            Ok(names.clone())
        );
        let serial = IssuerAndSerialNumber::new(&NAME, &[0, 0x80]);
        assert_eq!(
            (serial.issuer_der(), serial.serial()),
            (&NAME[..], &[0, 0x80][..])
        );
        assert_eq!(
            IssuerAndSerialNumber::from_der(&serial.to_der()),
            Ok(serial)
        );
        let mut longer = names.to_der();
        longer.push(0);
        assert_eq!(
            IssuerAndSubject::from_der(&longer).unwrap_err().kind(),
            ParseErrorKind::TrailingData
        );
        assert!(IssuerAndSerialNumber::from_der(&names.to_der()).is_err());
    }

    #[test]
    fn issuer_and_serial_number_mean_a_certificate_in_other_encodings_too() {
        let ca = pem(include_bytes!("../../test-vectors/keys/ca-jscep.pem"));
        let ca = Certificate::from_der(ca).unwrap();
        let (issuer, serial) = (ca.issuer_der(), ca.serial());
        let means_ca =
            |issuer: &[u8], serial: &[u8]| IssuerAndSerialNumber::new(issuer, serial).matches(&ca);
        assert!(means_ca(issuer, serial));
        // The commonName as a PrintableString.
        let printable = patched(issuer, &[6, 3, 0x55, 4, 3, 0x0c], &[6, 3, 0x55, 4, 3, 0x13]);
        assert!(means_ca(&printable, serial));
        assert!(means_ca(issuer, &[&[0], serial].concat()));
        assert!(!means_ca(&NAME, serial));
        assert!(!means_ca(issuer, &[serial, &[0]].concat()));
    }
}
