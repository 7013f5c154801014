//! What of a request gets into the certificate.

use der::Decode;
use der::oid::ObjectIdentifier;
use der::oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_EMAIL_PROTECTION, ID_KP_SERVER_AUTH};
use scep::oid;
use scep::server::HeldEnrolment;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectAltName};
use x509_cert::name::Name;

use crate::issue::{Role, Subject};

/// RFC 4945, section 5.1.3.12.
const ID_KP_IPSEC_IKE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.17");

/// What a device may ask for, besides TLS client, which it always gets.
const PURPOSES: [ObjectIdentifier; 3] =
    [ID_KP_SERVER_AUTH, ID_KP_EMAIL_PROTECTION, ID_KP_IPSEC_IKE];

/// Names, key and purposes of a certificate that was asked for. Of whatever else a request has, nothing is taken.
///
/// # Errors
/// Why nothing can be issued, in words for the client.
pub fn subject(enrolment: &HeldEnrolment) -> Result<Subject<'_>, &'static str> {
    let name = enrolment.subject().as_der();
    let name = Name::from_der(name).map_err(|_| "the subject cannot be read")?;
    let names = enrolment.extension(oid::SUBJECT_ALT_NAME);
    let names = names.map(|names| names.value().to_vec());
    match &names {
        Some(names) => {
            let names = SubjectAltName::from_der(names);
            let names = names.map_err(|_| "the alternative names cannot be read")?;
            if names.0.is_empty() {
                return Err("the list of alternative names is empty");
            }
        }
        None if name.is_empty() => return Err("there is no name to certify"),
        None => {}
    }
    let wanted = match enrolment.extension(oid::EXT_KEY_USAGE) {
        Some(wanted) => {
            let wanted = ExtendedKeyUsage::from_der(wanted.value());
            wanted
                .map_err(|_| "the extended key usage cannot be read")?
                .0
        }
        None => Vec::new(),
    };
    let granted = PURPOSES.into_iter().filter(|one| wanted.contains(one));
    Ok(Subject {
        name,
        public_key: enrolment.public_key_der(),
        role: Role::Device {
            names,
            purposes: [ID_KP_CLIENT_AUTH].into_iter().chain(granted).collect(),
        },
    })
}
