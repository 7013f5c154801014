//! This crate beside others: where both read the same bytes, they read the same.

use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::enveloped_data::{EnvelopedData, RecipientIdentifier, RecipientInfo};
use cms::signed_data::{SignedData, SignerIdentifier};
use der::asn1::OctetString;
use der::{Decode, Encode};
use scep::{
    Certificate, CertsOnly, Crl, Encoding, IssuerAndSerialNumber, Limits, PkiMessage, RecipientId,
    SignerId, UnverifiedCsr, inspect, oid,
};
use x509_cert::crl::CertificateList;
use x509_cert::ext::pkix;
use x509_cert::request::CertReq;

use super::parse::Sink;

/// Reads what follows the first byte with this crate and with `cms` or `x509-cert`.
pub fn differential(data: &[u8]) {
    let Some((&kind, input)) = data.split_first() else {
        return;
    };
    match kind % 6 {
        0 => message(input),
        1 => set(input),
        2 => certificate(input),
        3 => crl(input),
        4 => csr(input),
        _ => query(input),
    }
}

fn decode<T: for<'a> Decode<'a>>(input: &[u8]) -> Option<T> {
    T::from_der(input).ok()
}

/// What the other crates make of a Name: they sort what was not in DER order, and this crate keeps what came.
fn name(der: &[u8]) -> Vec<u8> {
    rewritten::<x509_cert::name::Name>(der)
}

/// Decoded and encoded again.
fn rewritten<T: for<'a> Decode<'a> + Encode>(der: &[u8]) -> Vec<u8> {
    let value = decode::<T>(der).expect("what they read as a part they read by itself");
    value.to_der().expect("what they read they write")
}

/// The SignedData of a ContentInfo as `cms` reads it.
fn signed_data(input: &[u8]) -> Option<SignedData> {
    let info: ContentInfo = decode(input)?;
    (info.content_type.as_bytes() == oid::SIGNED_DATA.as_bytes())
        .then(|| info.content.decode_as().ok())
        .flatten()
}

fn message(input: &[u8]) {
    let Ok(ours) = PkiMessage::parse(input, &Limits::REPLY) else {
        return;
    };
    // `cms` reads segmented strings wrongly, and this crate says so by refusing the conversion.
    let (true, Some(theirs)) = (ours.encoding() == Encoding::Der, signed_data(input)) else {
        return;
    };
    let [signer] = theirs.signer_infos.0.as_slice() else {
        panic!("{} signers", theirs.signer_infos.0.len());
    };
    let sid = ours.unverified_signer_id().expect("a signer");
    match &signer.sid {
        SignerIdentifier::IssuerAndSerialNumber(id) => {
            let issuer = id.issuer.to_der().expect("a name");
            let SignerId::IssuerAndSerialNumber {
                issuer: our_issuer,
                serial,
            } = sid
            else {
                panic!("{sid:?}");
            };
            assert_eq!(name(our_issuer), issuer);
            assert_eq!(serial, id.serial_number.as_bytes());
        }
        SignerIdentifier::SubjectKeyIdentifier(ski) => {
            assert_eq!(sid, SignerId::SubjectKeyIdentifier(ski.0.as_bytes()));
        }
    }
    let attributes = ours.unverified_attributes();
    let value = |oid: scep::Oid| {
        let found = signer.signed_attrs.as_ref()?.iter();
        let mut found = found.filter(|attribute| attribute.oid.as_bytes() == oid.as_bytes());
        let values = &found.next()?.values;
        assert!(
            found.next().is_none() && values.len() == 1,
            "{oid} is ambiguous"
        );
        values.get(0).map(|value| value.value().to_vec())
    };
    assert_eq!(
        value(oid::TRANSACTION_ID).as_deref(),
        Some(attributes.transaction_id().as_bytes())
    );
    let message_type = value(oid::MESSAGE_TYPE).expect("a messageType");
    assert_eq!(
        message_type,
        attributes.message_type().code().to_string().as_bytes()
    );
    for (oid, nonce) in [
        (oid::SENDER_NONCE, attributes.sender_nonce()),
        (oid::RECIPIENT_NONCE, attributes.recipient_nonce()),
    ] {
        assert_eq!(value(oid), nonce.map(|nonce| nonce.as_bytes().to_vec()));
    }
    let status = attributes
        .pki_status()
        .map(|status| status.code().to_string());
    assert_eq!(value(oid::PKI_STATUS), status.map(String::into_bytes));
    let certificates = |set: &cms::signed_data::CertificateSet| set.0.len();
    let theirs_count = theirs.certificates.as_ref().map_or(0, certificates);
    assert!(ours.unverified_certificates().count() <= theirs_count);
    envelope(&ours, &theirs);
}

fn envelope(ours: &PkiMessage<'_>, theirs: &SignedData) {
    let content = theirs.encap_content_info.econtent.as_ref();
    let content = content.and_then(|content| content.decode_as::<OctetString>().ok());
    let info = content.and_then(|content| decode::<ContentInfo>(content.as_bytes()));
    let Some(theirs) = info
        .filter(|info| info.content_type.as_bytes() == oid::ENVELOPED_DATA.as_bytes())
        .and_then(|info| info.content.decode_as::<EnvelopedData>().ok())
    else {
        return;
    };
    let Ok(Some(report)) = inspect::envelope(ours) else {
        return;
    };
    if report.encoding != Encoding::Der {
        return;
    }
    let cipher = &theirs.encrypted_content.content_enc_alg.oid;
    if let Err(unknown) = report.cipher {
        assert_eq!(unknown.as_bytes(), cipher.as_bytes());
    }
    let recipients = ours.unverified_recipients().expect("recipients");
    assert_eq!(recipients.len(), theirs.recip_infos.0.len());
    // `cms` may sort them: one that is there must be there for both.
    for theirs in theirs.recip_infos.0.iter() {
        let RecipientInfo::Ktri(ktri) = theirs else {
            continue;
        };
        let found = recipients.iter().any(|ours| match (&ktri.rid, ours) {
            (
                RecipientIdentifier::IssuerAndSerialNumber(id),
                RecipientId::KeyTransport(SignerId::IssuerAndSerialNumber { issuer, serial }),
            ) => {
                id.serial_number.as_bytes() == *serial
                    && id.issuer.to_der().ok() == Some(name(issuer))
            }
            (
                RecipientIdentifier::SubjectKeyIdentifier(ski),
                RecipientId::KeyTransport(SignerId::SubjectKeyIdentifier(ours)),
            ) => ski.0.as_bytes() == *ours,
            _ => false,
        });
        assert!(found, "a recipient that only cms sees");
    }
}

fn set(input: &[u8]) {
    let Ok(ours) = CertsOnly::parse(input, &Limits::REPLY) else {
        return;
    };
    let (true, Some(theirs)) = (ours.encoding() == Encoding::Der, signed_data(input)) else {
        return;
    };
    assert!(theirs.signer_infos.0.is_empty());
    let set = theirs.certificates.iter().flat_map(|set| set.0.iter());
    let theirs: Vec<_> = set
        .filter_map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => certificate.to_der().ok(),
            CertificateChoices::Other(_) => None,
        })
        .collect();
    let ours: Vec<_> = ours.certificates().collect();
    assert_eq!(ours.len(), theirs.len());
    for certificate in ours.into_iter().flatten() {
        let ours = rewritten::<x509_cert::Certificate>(certificate.as_der());
        assert!(theirs.contains(&ours));
    }
}

fn certificate(input: &[u8]) {
    let (Ok(ours), Some(theirs)) = (
        Certificate::from_der(input),
        decode::<x509_cert::Certificate>(input),
    ) else {
        return;
    };
    let part = theirs.tbs_certificate();
    assert_eq!(ours.serial(), part.serial_number().as_bytes());
    assert_eq!(part.issuer().to_der(), Ok(name(ours.issuer_der())));
    assert_eq!(part.subject().to_der(), Ok(name(ours.subject_der())));
    let key = part.subject_public_key_info().to_der();
    assert_eq!(key.as_deref(), Ok(ours.public_key_der()));
    let algorithm = theirs.signature_algorithm().oid;
    assert_eq!(
        ours.signature_algorithm_oid().as_bytes(),
        algorithm.as_bytes()
    );
    if let Some(validity) = ours.validity() {
        let seconds = |time: &x509_cert::time::Time| time.to_unix_duration().as_secs() as i64;
        let theirs = part.validity();
        assert_eq!(validity.not_before, seconds(&theirs.not_before));
        assert_eq!(validity.not_after, seconds(&theirs.not_after));
    }
    let extensions: Vec<_> = ours
        .extensions()
        .map(|found| {
            (
                found.oid().as_bytes().to_vec(),
                found.is_critical(),
                found.value().to_vec(),
            )
        })
        .collect();
    let theirs: Vec<_> = part
        .extensions()
        .into_iter()
        .flatten()
        .map(|found| {
            let value = found.extn_value.as_bytes().to_vec();
            (found.extn_id.as_bytes().to_vec(), found.critical, value)
        })
        .collect();
    assert_eq!(extensions, theirs);
    known_extensions(&ours);
    Sink::show(&ours.subject());
}

/// What this crate makes of extensions that it knows.
fn known_extensions(ours: &Certificate<'_>) {
    let value = |oid| ours.extension(oid).map(|extension| extension.value());
    if let Some(theirs) = value(oid::BASIC_CONSTRAINTS).and_then(decode::<pkix::BasicConstraints>) {
        assert_eq!(ours.is_ca(), theirs.ca);
    }
    if let Some(theirs) =
        value(oid::SUBJECT_KEY_IDENTIFIER).and_then(decode::<pkix::SubjectKeyIdentifier>)
    {
        assert_eq!(ours.subject_key_identifier(), Some(theirs.0.as_bytes()));
    }
    if let Some(theirs) = value(oid::KEY_USAGE).and_then(decode::<pkix::KeyUsage>) {
        let usage = ours.key_usage().expect("a keyUsage");
        assert_eq!(usage.digital_signature(), theirs.digital_signature());
        assert_eq!(usage.key_encipherment(), theirs.key_encipherment());
        assert_eq!(usage.key_cert_sign(), theirs.key_cert_sign());
        assert_eq!(usage.crl_sign(), theirs.crl_sign());
    }
    if let Some(theirs) = value(oid::EXT_KEY_USAGE).and_then(decode::<pkix::ExtendedKeyUsage>) {
        let ours: Vec<_> = ours.extended_key_usage().collect();
        assert_eq!(ours.len(), theirs.0.len());
        let same = |(ours, theirs): (&scep::Oid, &der::oid::ObjectIdentifier)| {
            ours.as_bytes() == theirs.as_bytes() && ours.to_string() == theirs.to_string()
        };
        assert!(ours.iter().zip(&theirs.0).all(same));
    }
}

fn crl(input: &[u8]) {
    let (Ok(ours), Some(theirs)) = (Crl::from_der(input), decode::<CertificateList>(input)) else {
        return;
    };
    let part = &theirs.tbs_cert_list;
    assert_eq!(part.issuer.to_der(), Ok(name(ours.issuer_der())));
    let entries = part.revoked_certificates.iter().flatten();
    let mut of_entries = entries.flat_map(|entry| entry.crl_entry_extensions.iter().flatten());
    let mut of_list = part.crl_extensions.iter().flatten();
    let tells = !of_list.any(is_unprocessed(&[
        oid::AUTHORITY_KEY_IDENTIFIER,
        oid::CRL_NUMBER,
    ])) && !of_entries.any(is_unprocessed(&[oid::CRL_REASONS, oid::INVALIDITY_DATE]));
    assert_eq!(ours.contains_serial(&[1]).is_ok(), tells);
    if !tells {
        return;
    }
    for entry in part.revoked_certificates.iter().flatten() {
        assert_eq!(
            ours.contains_serial(entry.serial_number.as_bytes()),
            Ok(true)
        );
    }
    let is_listed = part
        .revoked_certificates
        .iter()
        .flatten()
        .any(|entry| entry.serial_number.as_bytes() == [1]);
    assert_eq!(ours.contains_serial(&[1]), Ok(is_listed));
}

/// Whether a list with this extension is not understood by who processes only those.
fn is_unprocessed(processed: &'static [scep::Oid]) -> impl Fn(&x509_cert::ext::Extension) -> bool {
    let must_be_critical = [
        oid::DELTA_CRL_INDICATOR,
        oid::ISSUING_DISTRIBUTION_POINT,
        oid::CERTIFICATE_ISSUER,
    ];
    move |extension| {
        let is_one_of = |oids: &[scep::Oid]| {
            let mut all = oids.iter();
            all.any(|oid| oid.as_bytes() == extension.extn_id.as_bytes())
        };
        (extension.critical || is_one_of(&must_be_critical)) && !is_one_of(processed)
    }
}

fn csr(input: &[u8]) {
    let (Ok(ours), Some(theirs)) = (
        UnverifiedCsr::from_der(input, &Limits::REPLY),
        decode::<CertReq>(input),
    ) else {
        return;
    };
    let subject = theirs.info.subject.to_der();
    assert_eq!(subject, Ok(name(ours.unverified_subject().as_der())));
    assert_eq!(
        ours.signature_algorithm_oid().as_bytes(),
        theirs.algorithm.oid.as_bytes()
    );
    let passwords = theirs
        .info
        .attributes
        .iter()
        .filter(|attribute| attribute.oid.as_bytes() == oid::CHALLENGE_PASSWORD.as_bytes())
        .flat_map(|attribute| attribute.values.iter());
    let utf8 = |value: &der::Any| match der::Tagged::tag(value) {
        der::Tag::Utf8String | der::Tag::PrintableString => Some(value.value().to_vec()),
        _ => None,
    };
    let passwords: Vec<_> = passwords.filter_map(utf8).collect();
    if let [password] = &passwords[..] {
        let ours = ours.unverified_challenge_password();
        assert_eq!(ours.verify(password), !password.is_empty());
    }
}

/// The payload of a query.
fn query(input: &[u8]) {
    let Ok(ours) = IssuerAndSerialNumber::from_der(input) else {
        return;
    };
    let Some(theirs) = decode::<cms::cert::IssuerAndSerialNumber>(input) else {
        return;
    };
    assert_eq!(theirs.issuer.to_der(), Ok(name(ours.issuer_der())));
    assert_eq!(theirs.serial_number.as_bytes(), ours.serial());
}
