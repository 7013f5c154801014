//! Microsoft's content of a CSR, written: for clients of Windows CAs, and for test servers.

use alloc::vec::Vec;

use super::TemplateInformation;
use super::request_content::is_sid;
use crate::asn1::{Writer, encode, tag};
use crate::{CsrBuilder, Item, oid};

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

fn bmp_string(out: &mut Writer, text: &str) {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    out.tlv(tag::BMP_STRING, &units);
}
