//! Microsoft's content of a CSR, written: for clients of Windows CAs, and for test servers.

use alloc::vec::Vec;

use const_oid::ObjectIdentifier;
use der::Tag;
use der::asn1::{Any, Ia5String};
use x509_cert::ext::pkix::name::{GeneralName, OtherName};

use super::request_content::{SID_URI_PREFIX, is_sid};
use super::{ClientInfo, CspInfo, TemplateInformation};
use crate::asn1::{Writer, encode, tag};
use crate::{Certificate, CsrBuilder, Item, Oid, oid};

/// What Windows CAs look for.
impl CsrBuilder<'_> {
    /// Names a template of version 1, by the name that does not change when the shown one does.
    pub fn microsoft_template_name(self, name: &str) -> Self {
        let value = encode(64, |w| bmp_string(w, name));
        self.extension(oid::MS_TEMPLATE_NAME, value)
    }

    /// Names a template of version 2 or later.
    pub fn microsoft_template_information(self, template: &TemplateInformation) -> Self {
        let value = encode(64, |w| {
            w.sequence(|w| {
                w.oid(template.id);
                for version in [template.major, template.minor].into_iter().flatten() {
                    w.unsigned_integer(&version.to_be_bytes());
                }
            });
        });
        self.extension(oid::MS_TEMPLATE_INFORMATION, value)
    }

    /// Claims a SID in Microsoft's security extension. A text that is no SID is an error of
    /// [`build`](CsrBuilder::build).
    pub fn microsoft_sid(self, sid: &str) -> Self {
        if !is_sid(sid) {
            return self.with_invalid(Item::Extensions);
        }
        let value = encode(128, |w| {
            w.sequence(|names| {
                names.nested(tag::context_constructed(0), |name| {
                    name.oid(oid::MS_NTDS_OBJECT_SID);
                    name.nested(tag::context_constructed(0), |value| {
                        value.octet_string(sid.as_bytes());
                    });
                });
            });
        });
        self.extension(oid::MS_NTDS_SECURITY, value)
    }

    /// Asks for these application policies, which say what extKeyUsage says.
    pub fn microsoft_application_policies(self, policies: &[Oid]) -> Self {
        let value = encode(64, |w| {
            w.sequence(|w| {
                for policy in policies {
                    w.sequence(|w| w.oid(*policy));
                }
            });
        });
        self.extension(oid::MS_APPLICATION_POLICIES, value)
    }

    /// Adds the certificate that is to be renewed.
    pub fn microsoft_renewal_certificate(self, certificate: &Certificate<'_>) -> Self {
        self.attribute(oid::MS_RENEWAL_CERTIFICATE, certificate.as_der())
    }

    /// Tells the version of Windows, such as `10.0.26100.2`. What is not ASCII is an error of
    /// [`build`](CsrBuilder::build).
    pub fn microsoft_os_version(self, version: &str) -> Self {
        if !version.is_ascii() {
            return self.with_invalid(Item::CertificationRequestAttributes);
        }
        let value = encode(32, |w| w.tlv(tag::IA5_STRING, version.as_bytes()));
        self.attribute(oid::MS_OS_VERSION, value)
    }

    /// Names the key store, with the signature of no bits that everybody writes.
    pub fn microsoft_csp_info(self, info: &CspInfo) -> Self {
        let value = encode(128, |w| {
            w.sequence(|w| {
                w.unsigned_integer(&info.key_spec.to_be_bytes());
                bmp_string(w, &info.provider);
                w.bit_string(&[]);
            });
        });
        self.attribute(oid::MS_CSP_INFO, value)
    }

    /// Tells which program makes the request. The texts have no names: of those that are there the first is read as the
    /// computer's, the second as the user's.
    pub fn microsoft_client_info(self, info: &ClientInfo) -> Self {
        let value = encode(128, |w| {
            w.sequence(|w| {
                if let Some(id) = info.client_id {
                    w.unsigned_integer(&id.to_be_bytes());
                }
                for text in [&info.machine, &info.user, &info.process]
                    .into_iter()
                    .flatten()
                {
                    w.tlv(tag::UTF8_STRING, text.as_bytes());
                }
            });
        });
        self.attribute(oid::MS_CLIENT_INFO, value)
    }

    /// Adds a name and a value, such as `CertificateTemplate` or `ValidityPeriodUnits`.
    pub fn microsoft_name_value(self, name: &str, value: &str) -> Self {
        let pair = encode(64, |w| {
            w.sequence(|pair| {
                bmp_string(pair, name);
                bmp_string(pair, value);
            });
        });
        self.attribute(oid::MS_NAME_VALUE_PAIR, pair)
    }
}

/// The name that claims a SID in subjectAltName, a URI, as Intune has devices write it; `None` for a text that is no SID.
#[must_use]
pub fn sid_alt_name(sid: &str) -> Option<GeneralName> {
    let prefix = core::str::from_utf8(SID_URI_PREFIX).ok()?;
    let uri = is_sid(sid).then(|| alloc::format!("{prefix}{sid}"))?;
    Some(GeneralName::UniformResourceIdentifier(
        Ia5String::new(&uri).ok()?,
    ))
}

/// The name that claims a user principal name in subjectAltName, such as `user@example.com`; `None` for one that is too long.
#[must_use]
pub fn user_principal_alt_name(name: &str) -> Option<GeneralName> {
    let type_id = ObjectIdentifier::from_bytes(oid::MS_USER_PRINCIPAL_NAME.as_bytes()).ok()?;
    let value = Any::new(Tag::Utf8String, name.as_bytes()).ok()?;
    Some(GeneralName::OtherName(OtherName { type_id, value }))
}

fn bmp_string(out: &mut Writer, text: &str) {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    out.tlv(tag::BMP_STRING, &units);
}
