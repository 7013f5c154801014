//! What a request proves that was signed with an issued certificate.

use alloc::vec::Vec;

use super::request::Request;
use crate::asn1::{Reader, tag};
use crate::certificate::{Certificate, Extension, KeyUsage};
use crate::csr::Csr;
use crate::oid;
use crate::pki_message::SignerMatch;
use crate::{Item, Layer, Limits, MessageType, ParseErrorKind};

/// A request for a certificate that is signed with another one, the old one: the facts by which a server decides whether that
/// one takes the place of a challenge password ([RFC 8894, section 2.4]).
///
/// The holder has the key of the old certificate, which is signed by the issuer that [`issuer`](Self::issuer) names. Nothing
/// is waived because of that: a server that does not ask for more accepts any certificate that its
/// [`SignerTrust`](crate::SignerTrust) does. [`is_plain`](Self::is_plain) sums up what can be seen from the request alone.
///
/// Made by [`Request::renewal_proof`].
///
/// [RFC 8894, section 2.4]: https://www.rfc-editor.org/rfc/rfc8894#section-2.4
#[derive(Clone, Copy, Debug)]
pub struct RenewalProof<'r> {
    request: &'r Request,
    csr: &'r Csr,
    time: i64,
}

/// Whose certificate was renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Holder {
    /// None of the others.
    EndEntity,
    /// An RA: extKeyUsage names [Certificate Request Agent](oid::CERTIFICATE_REQUEST_AGENT).
    Ra,
    /// A CA: basicConstraints says so, or keyUsage lets it sign certificates.
    Ca,
}

/// How the validity of an old certificate stands at the caller's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OldValidity {
    /// The certificate is valid.
    Valid,
    /// Its validity is still to begin.
    NotYetValid,
    /// Its validity is over.
    Expired,
    /// Its times cannot be understood.
    Unreadable,
}

impl Request {
    /// What the request proves as a renewal at this time, in seconds since the Unix epoch: `None` if it asks for no
    /// certificate, or if its signer's certificate is self-issued, as that of a first request.
    ///
    /// A RenewalReq always has one: a self-issued signer is refused before.
    // Interop: sscep, jscep and Cisco renew with a PKCSReq that the old certificate signs, and NDES means that by Renewal.
    #[must_use]
    pub fn renewal_proof(&self, time: i64) -> Option<RenewalProof<'_>> {
        let csr = self.csr()?;
        (!self.signer().is_self_issued()).then_some(RenewalProof {
            request: self,
            csr,
            time,
        })
    }
}

impl<'r> RenewalProof<'r> {
    /// Whether it is a plain renewal, for which a server may do without a challenge password: an end entity renews a
    /// [valid](OldValidity::Valid) certificate by an issuer of ours ([`SignerMatch::Issuer`]), for the
    /// [same subject](Self::has_same_subject) and the [same alternative names](Self::has_same_alt_names).
    ///
    /// What only the caller can see is still to be checked:
    /// - the old certificate is on record as issued by this CA, and is not revoked;
    /// - the issuer is still in use at this time;
    /// - a challenge password that is [present](crate::ChallengePassword::Present) is right: a wrong one always fails;
    /// - what else the CSR asks for, of which nothing was compared, does not go into the certificate.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(self.issuer(), SignerMatch::Issuer(_))
            && self.holder() == Holder::EndEntity
            && self.validity() == OldValidity::Valid
            && self.has_same_subject()
            && self.has_same_alt_names()
    }

    /// The certificate that is to be renewed: the signer's.
    #[must_use]
    pub const fn old_certificate(&self) -> &'r Certificate<'static> {
        self.request.signer()
    }

    /// By which member of the caller's [`SignerTrust`](crate::SignerTrust) it was accepted: one of our issuers, a foreign
    /// one, or because it is known exactly.
    #[must_use]
    pub const fn issuer(&self) -> SignerMatch {
        self.request.signer_match()
    }

    /// Whether the request came as RenewalReq, or as PKCSReq.
    #[must_use]
    pub const fn message_type(&self) -> MessageType {
        self.request.message_type()
    }

    /// Whether the old certificate is valid at the time.
    #[must_use]
    pub fn validity(&self) -> OldValidity {
        match self.old_certificate().validity() {
            None => OldValidity::Unreadable,
            Some(validity) if validity.contains(self.time) => OldValidity::Valid,
            Some(validity) if self.time < validity.not_before => OldValidity::NotYetValid,
            Some(_) => OldValidity::Expired,
        }
    }

    /// Whose certificate it is.
    #[must_use]
    pub fn holder(&self) -> Holder {
        let old = self.old_certificate();
        let agent = |purpose| purpose == oid::CERTIFICATE_REQUEST_AGENT;
        if old.is_ca() || old.key_usage().is_some_and(KeyUsage::key_cert_sign) {
            Holder::Ca
        } else if old.extended_key_usage().any(agent) {
            Holder::Ra
        } else {
            Holder::EndEntity
        }
    }

    /// Whether the CSR asks for the subject of the old certificate.
    ///
    /// Compared in their bytes, but for the [types of strings](crate::NameRef::has_same_text).
    #[must_use]
    pub fn has_same_subject(&self) -> bool {
        let old = self.old_certificate().subject();
        old.has_same_text(&self.csr.subject())
    }

    /// Whether the CSR asks for the subjectAltName of the old certificate: none both times, or the same set of names, each
    /// compared in its bytes. More than 1,024 names are never the same.
    // Interop: CAs in Go write the names by their kinds; Windows has an attribute of its own to ask for extensions.
    #[must_use]
    pub fn has_same_alt_names(&self) -> bool {
        let old = alt_names(self.old_certificate().extensions());
        old.is_some() && old == alt_names(self.csr.extensions())
    }

    /// Whether the key stays the same.
    ///
    /// [RFC 8894, section 2.5](https://www.rfc-editor.org/rfc/rfc8894#section-2.5) allows that and prefers a new one.
    #[must_use]
    pub fn has_same_key(&self) -> bool {
        self.request.signer_has_csr_key() == Some(true)
    }
}

/// As many names as are compared: a CSR could hold a million, which would take many times its own memory.
const MAX_ALT_NAMES: usize = 1024;

/// The GeneralNames in every subjectAltName as a sorted set, or `None` if one cannot be read or if they are too many.
fn alt_names<'a>(extensions: impl Iterator<Item = Extension<'a>>) -> Option<Vec<&'a [u8]>> {
    let mut found = Vec::new();
    for extension in extensions.filter(|extension| extension.oid() == oid::SUBJECT_ALT_NAME) {
        let mut reader = Reader::new_der(extension.value(), 0, Layer::Message, &Limits::REPLY);
        let read = reader.nested(tag::SEQUENCE, Item::Extensions, |names| {
            while !names.at_end() {
                let name = names.element(Item::Extensions)?;
                if found.len() == MAX_ALT_NAMES {
                    let kind = ParseErrorKind::TooMany(MAX_ALT_NAMES);
                    return Err(names.error(kind, Item::Extensions));
                }
                found.push(name.raw);
            }
            Ok(())
        });
        read.and_then(|()| reader.finish(Item::Extensions)).ok()?;
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::encode;
    use crate::certificate::{Criticality, iter_extensions, write_extension};

    /// Extensions with these values of subjectAltName.
    fn extensions(values: &[&[u8]]) -> Vec<u8> {
        encode(0, |w| {
            write_extension(w, oid::KEY_USAGE, Criticality::Critical, &[9]);
            for value in values {
                write_extension(w, oid::SUBJECT_ALT_NAME, Criticality::NonCritical, value);
            }
        })
    }

    #[test]
    fn alternative_names_are_a_set() {
        const A: [u8; 3] = [0x82, 1, b'a'];
        const B: [u8; 3] = [0x81, 1, b'b'];
        let names = |names: &[[u8; 3]]| encode(0, |w| w.sequence(|w| w.raw(&names.concat())));
        let set = |values: &[&[u8]]| {
            let extensions = extensions(values);
            let names = alt_names(iter_extensions(&extensions));
            names.map(|names| names.concat())
        };
        let both = Some([B, A].concat());
        assert_eq!(set(&[&names(&[A, B])]), both);
        assert_eq!(set(&[&names(&[B, A])]), both);
        assert_eq!(set(&[&names(&[B, A, B]), &names(&[A])]), both);
        assert_eq!(set(&[&names(&[A]), &names(&[B])]), both);
        assert_eq!(set(&[&names(&[A])]), Some(A.to_vec()));
        assert_eq!(set(&[]), Some(Vec::new()));
        let with_byte_after = [&names(&[A])[..], &[0]].concat();
        for unreadable in [&[][..], &A, &[0x30, 1, 0x82], &with_byte_after] {
            assert_eq!(set(&[unreadable]), None);
            assert_eq!(set(&[&names(&[A]), unreadable]), None);
        }
        let many = alloc::vec![A; MAX_ALT_NAMES];
        assert_eq!(set(&[&names(&many)]), Some(A.to_vec()));
        assert_eq!(set(&[&names(&many), &names(&[A])]), None);
    }
}
