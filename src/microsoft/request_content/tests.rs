use super::*;
use crate::CsrBuilder;
use crate::asn1::{Writer, encode};
use crate::crypto::rustcrypto::testing::{key, rng};
use crate::crypto::{DigestAlgorithm, Provider, SignatureAlgorithm};
use crate::microsoft::{sid_alt_name, user_principal_alt_name};
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use core::str::FromStr;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::name::Name;

const SID: &str = "S-1-5-21-1004336348-1177238915-682003330-512";

fn built(build: impl FnOnce(CsrBuilder<'_>) -> CsrBuilder<'_>) -> Csr {
    let (key, name) = (key(), Name::from_str("CN=device").unwrap());
    build(CsrBuilder::new(&name, key.public_key_der()))
        .build(SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256))
        .unwrap()
        .sign(&key, &Provider::rustcrypto(), &mut rng())
        .unwrap()
}

fn der(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    encode(0, write)
}

/// What `read` says of a CSR with one attribute.
fn with_attribute<T>(oid: Oid, value: Vec<u8>, read: impl Fn(RequestContent<'_>) -> T) -> T {
    read(RequestContent::of(&built(|csr| csr.attribute(oid, value))))
}

/// What `read` says of a CSR with one extension.
fn with_extension<T>(oid: Oid, value: Vec<u8>, read: impl Fn(RequestContent<'_>) -> T) -> T {
    read(RequestContent::of(&built(|csr| csr.extension(oid, value))))
}

fn kind<T>(result: Result<T, ParseError>) -> ParseErrorKind {
    result.err().unwrap().kind()
}

fn unexpected(expected: u8, found: u8) -> ParseErrorKind {
    ParseErrorKind::UnexpectedTag { expected, found }
}

#[test]
fn a_plain_request_has_none_of_it() {
    let csr = built(|csr| csr);
    let content = RequestContent::of(&csr);
    assert_eq!(content.os_version(), Ok(None));
    assert_eq!(content.csp_info(), Ok(None));
    assert_eq!(content.name_value_pairs(), Ok(vec![]));
    assert_eq!(content.client_info(), Ok(None));
    assert_eq!(content.renewal_certificate(), Ok(None));
    assert_eq!(content.template_name(), Ok(None));
    assert_eq!(content.template_information(), Ok(None));
    assert_eq!(content.application_policies(), Ok(vec![]));
    assert_eq!(content.claimed_sids(), Ok(vec![]));
    assert_eq!(content.claimed_user_principal_names(), Ok(vec![]));
}

#[test]
fn what_is_written_reads_back() {
    let template = TemplateInformation {
        id: oid::SHA256,
        major: Some(100),
        minor: Some(0x8000_0001),
    };
    let csr = built(|csr| {
        csr.microsoft_template_name("Ger\u{e4}t")
            .microsoft_template_information(&template)
            .microsoft_sid(SID)
            .microsoft_name_value("ValidityPeriod", "Days")
            .microsoft_name_value("ValidityPeriodUnits", "30")
    });
    let unverified = UnverifiedCsr::from_der(csr.as_der(), &Limits::REQUEST).unwrap();
    for content in [
        RequestContent::of(&csr),
        RequestContent::of_unverified(&unverified),
    ] {
        assert_eq!(content.template_name().unwrap().unwrap(), "Ger\u{e4}t");
        assert_eq!(content.template_information(), Ok(Some(template)));
        let sids = content.claimed_sids().unwrap();
        assert_eq!((sids.len(), sids[0].source()), (1, SidSource::Extension));
        assert_eq!(
            (sids[0].unverified_sid(), sids[0].to_string().as_str()),
            (SID, SID)
        );
        let mut pairs = content.name_value_pairs().unwrap();
        pairs.sort_by(|a, b| a.name.cmp(&b.name));
        let pairs: Vec<_> = pairs
            .iter()
            .map(|pair| (pair.name.as_str(), pair.value.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [("ValidityPeriod", "Days"), ("ValidityPeriodUnits", "30")]
        );
    }
    assert_eq!(
        format!("{:?}", RequestContent::of(&csr)),
        "RequestContent { .. }"
    );
}

#[test]
fn what_devices_tell_of_themselves_reads_back() {
    let csp = CspInfo {
        key_spec: 0,
        provider: "Microsoft Software Key Storage Provider".into(),
    };
    let client = ClientInfo {
        client_id: Some(5),
        machine: None,
        user: Some("EXAMPLE\\user".into()),
        process: None,
    };
    let ca = crate::signed::testing::pem(include_bytes!(
        "../../../test-vectors/keys/ca-jscep-next.pem"
    ));
    let ca = Certificate::from_der(ca).unwrap();
    let policies = [oid::CERTIFICATE_REQUEST_AGENT, oid::SHA256];
    let csr = built(|csr| {
        csr.microsoft_os_version("10.0.26100.2")
            .microsoft_csp_info(&csp)
            .microsoft_client_info(&client)
            .microsoft_renewal_certificate(&ca)
            .microsoft_application_policies(&policies)
    });
    let content = RequestContent::of(&csr);
    assert_eq!(content.os_version().unwrap().unwrap(), "10.0.26100.2");
    assert_eq!(content.csp_info(), Ok(Some(csp)));
    // The texts of client information have no names, so the first that is there is read as the machine's.
    let read = content.client_info().unwrap().unwrap();
    assert_eq!(
        (read.client_id, read.machine),
        (client.client_id, client.user)
    );
    assert_eq!(content.renewal_certificate(), Ok(Some(ca)));
    assert_eq!(content.application_policies(), Ok(policies.to_vec()));
}

#[test]
fn names_that_are_written_are_claimed() {
    let names = SubjectAltName(vec![
        sid_alt_name(SID).unwrap(),
        user_principal_alt_name("user@example.com").unwrap(),
    ]);
    let csr = built(|csr| csr.subject_alt_names(&names));
    let content = RequestContent::of(&csr);
    let sids = content.claimed_sids().unwrap();
    assert_eq!(
        (sids.len(), sids[0].unverified_sid(), sids[0].source()),
        (1, SID, SidSource::SubjectAltName)
    );
    assert_eq!(
        content.claimed_user_principal_names(),
        Ok(vec!["user@example.com".into()])
    );
    assert_eq!(sid_alt_name("S-1-x"), None);
}

#[test]
fn versions_of_a_template_may_be_absent() {
    let template = TemplateInformation {
        id: oid::SHA256,
        major: None,
        minor: None,
    };
    let csr = built(|csr| csr.microsoft_template_information(&template));
    let content = RequestContent::of(&csr);
    assert_eq!(content.template_information(), Ok(Some(template)));
    let negative = der(|w| {
        w.sequence(|w| {
            w.oid(oid::SHA256);
            w.tlv(tag::INTEGER, &[0x80]);
        });
    });
    let read = |content: RequestContent<'_>| kind(content.template_information());
    assert_eq!(
        with_extension(oid::MS_TEMPLATE_INFORMATION, negative, read),
        ParseErrorKind::InvalidValue
    );
}

#[test]
fn the_version_of_windows_is_read() {
    let read = |content: RequestContent<'_>| content.os_version();
    let version = der(|w| w.tlv(tag::IA5_STRING, b"10.0.26100.2"));
    let found = with_attribute(oid::MS_OS_VERSION, version, read);
    assert_eq!(found.unwrap().unwrap(), "10.0.26100.2");
    let number = der(|w| w.small_integer(10));
    assert_eq!(
        kind(with_attribute(oid::MS_OS_VERSION, number, read)),
        unexpected(tag::IA5_STRING, tag::INTEGER)
    );
}

#[test]
fn the_key_store_is_read() {
    let info = |key_spec: &[u8], signature: bool| {
        der(|w| {
            w.sequence(|w| {
                w.tlv(tag::INTEGER, key_spec);
                w.tlv(tag::BMP_STRING, b"\0K\0S\0P");
                if signature {
                    w.bit_string(&[]);
                } else {
                    w.null();
                }
            });
        })
    };
    let read = |content: RequestContent<'_>| content.csp_info();
    let found = with_attribute(oid::MS_CSP_INFO, info(&[1], true), read);
    let expected = CspInfo {
        key_spec: 1,
        provider: "KSP".into(),
    };
    assert_eq!(found, Ok(Some(expected)));
    let large = with_attribute(oid::MS_CSP_INFO, info(&[1; 5], true), read);
    assert_eq!(kind(large), ParseErrorKind::InvalidValue);
    let trailing = with_attribute(oid::MS_CSP_INFO, info(&[1], false), read);
    assert_eq!(kind(trailing), ParseErrorKind::TrailingData);
}

#[test]
fn all_of_the_client_info_is_optional() {
    let info = |fields: &[(u8, &[u8])]| {
        der(|w| w.sequence(|w| fields.iter().for_each(|(tag, value)| w.tlv(*tag, value))))
    };
    let read = |content: RequestContent<'_>| content.client_info();
    let client_info = |fields| with_attribute(oid::MS_CLIENT_INFO, info(fields), read);
    let all = client_info(&[
        (tag::INTEGER, &[5]),
        (tag::UTF8_STRING, b"pc.example"),
        (tag::UTF8_STRING, b"EXAMPLE\\user"),
        (tag::UTF8_STRING, b"omadmclient.exe"),
    ]);
    let expected = ClientInfo {
        client_id: Some(5),
        machine: Some("pc.example".into()),
        user: Some("EXAMPLE\\user".into()),
        process: Some("omadmclient.exe".into()),
    };
    assert_eq!(all, Ok(Some(expected)));
    assert_eq!(client_info(&[]), Ok(Some(ClientInfo::default())));
    let other = client_info(&[(tag::OCTET_STRING, b"pc")]);
    assert_eq!(kind(other), ParseErrorKind::TrailingData);
}

#[test]
fn names_and_values_have_two_strings() {
    let one = der(|w| w.sequence(|w| w.tlv(tag::BMP_STRING, b"\0a")));
    let read = |content: RequestContent<'_>| kind(content.name_value_pairs());
    assert_eq!(
        with_attribute(oid::MS_NAME_VALUE_PAIR, one, read),
        ParseErrorKind::Missing
    );
}

#[test]
fn names_and_values_are_not_many() {
    let pair = der(|w| {
        w.sequence(|w| {
            w.tlv(tag::BMP_STRING, b"\0a");
            w.tlv(tag::BMP_STRING, b"\0b");
        });
    });
    for (count, expected) in [(256, Ok(256)), (257, Err(ParseErrorKind::TooMany(256)))] {
        let read = |content: RequestContent<'_>| {
            let pairs = content.name_value_pairs();
            pairs.map(|pairs| pairs.len()).map_err(|error| error.kind())
        };
        let values = pair.repeat(count);
        assert_eq!(
            with_attribute(oid::MS_NAME_VALUE_PAIR, values, read),
            expected
        );
    }
}

#[test]
fn the_certificate_to_be_renewed_is_read() {
    let ca = crate::signed::testing::pem(include_bytes!(
        "../../../test-vectors/keys/ca-jscep-next.pem"
    ));
    let serial = Certificate::from_der(&ca[..]).unwrap().serial().to_vec();
    let csr = built(|csr| csr.attribute(oid::MS_RENEWAL_CERTIFICATE, ca.clone()));
    let found = RequestContent::of(&csr).renewal_certificate().unwrap();
    assert_eq!(found.unwrap().serial(), serial);
    let read = |content: RequestContent<'_>| content.renewal_certificate().is_err();
    assert!(with_attribute(
        oid::MS_RENEWAL_CERTIFICATE,
        vec![0x30, 0],
        read
    ));
}

#[test]
fn application_policies_are_read() {
    let policies = |qualifiers: &[u8]| {
        der(|w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.oid(oid::CERTIFICATE_REQUEST_AGENT);
                    w.raw(qualifiers);
                });
                w.sequence(|w| w.oid(oid::SHA256));
            });
        })
    };
    let read = |content: RequestContent<'_>| content.application_policies();
    let expected = vec![oid::CERTIFICATE_REQUEST_AGENT, oid::SHA256];
    for qualifiers in [&[][..], &[0x30, 0]] {
        let found = with_extension(oid::MS_APPLICATION_POLICIES, policies(qualifiers), read);
        assert_eq!(found, Ok(expected.clone()));
    }
    let null = with_extension(oid::MS_APPLICATION_POLICIES, policies(&[5, 0]), read);
    assert_eq!(kind(null), ParseErrorKind::TrailingData);
}

/// subjectAltName with these names.
fn alt_names(names: &[Vec<u8>]) -> Vec<u8> {
    der(|w| w.sequence(|w| w.raw(&names.concat())))
}

fn uri(text: &str) -> Vec<u8> {
    der(|w| w.tlv(URI, text.as_bytes()))
}

fn other(oid: Oid, value: &[u8]) -> Vec<u8> {
    der(|w| {
        w.nested(OTHER_NAME, |w| {
            w.oid(oid);
            w.nested(tag::context_constructed(0), |w| w.raw(value));
        });
    })
}

#[test]
fn a_sid_in_a_uri_is_claimed_there() {
    let read = |content: RequestContent<'_>| content.claimed_sids();
    let sids = |names: &[Vec<u8>]| with_extension(oid::SUBJECT_ALT_NAME, alt_names(names), read);
    let sid = format!("tag:microsoft.com,2022-09-14:sid:{SID}");
    let found = sids(&[uri("https://device.example"), uri(&sid)]).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].unverified_sid(), found[0].source()),
        (SID, SidSource::SubjectAltName)
    );
    // Another name space, and another kind of name.
    let elsewhere = sid.replace("microsoft", "example");
    assert_eq!(sids(&[uri(&elsewhere)]), Ok(vec![]));
    let dns = der(|w| w.tlv(tag::context(2), sid.as_bytes()));
    assert_eq!(sids(&[dns]), Ok(vec![]));
    for text in ["", "S-1-5", "S-1-5-", "S-1-5-2a", "S-2-5-21", "S-1-5-21\0"] {
        let sid = format!("tag:microsoft.com,2022-09-14:sid:{text}");
        assert_eq!(
            kind(sids(&[uri(&sid)])),
            ParseErrorKind::InvalidValue,
            "{text}"
        );
    }
}

#[test]
fn a_sid_in_the_extension_stands_in_its_own_name() {
    let read = |content: RequestContent<'_>| content.claimed_sids();
    let sids = |name: Vec<u8>| with_extension(oid::MS_NTDS_SECURITY, alt_names(&[name]), read);
    let octets = der(|w| w.octet_string(SID.as_bytes()));
    let found = sids(other(oid::MS_NTDS_OBJECT_SID, &octets)).unwrap();
    assert_eq!(found[0].source(), SidSource::Extension);
    assert_eq!(sids(other(oid::SHA256, &octets)), Ok(vec![]));
    let string = der(|w| w.tlv(tag::UTF8_STRING, SID.as_bytes()));
    assert_eq!(
        kind(sids(other(oid::MS_NTDS_OBJECT_SID, &string))),
        unexpected(tag::OCTET_STRING, tag::UTF8_STRING)
    );
}

#[test]
fn user_principal_names_are_read() {
    let read = |content: RequestContent<'_>| content.claimed_user_principal_names();
    let name = der(|w| w.tlv(tag::UTF8_STRING, b"user@example.com"));
    let names = |oid| {
        let names = alt_names(&[uri("x:y"), other(oid, &name)]);
        with_extension(oid::SUBJECT_ALT_NAME, names, read)
    };
    assert_eq!(
        names(oid::MS_USER_PRINCIPAL_NAME),
        Ok(vec!["user@example.com".into()])
    );
    assert_eq!(names(oid::SHA256), Ok(vec![]));
}

#[test]
fn what_is_listed_is_not_many() {
    let (octets, text) = (
        der(|w| w.octet_string(SID.as_bytes())),
        der(|w| w.tlv(tag::UTF8_STRING, b"")),
    );
    let sid = other(oid::MS_NTDS_OBJECT_SID, &octets);
    let name = other(oid::MS_USER_PRINCIPAL_NAME, &text);
    let policy = der(|w| w.sequence(|w| w.oid(oid::SHA256)));
    for (count, expected) in [(256, Ok(256)), (257, Err(ParseErrorKind::TooMany(256)))] {
        let many = |one: &Vec<u8>| alt_names(&vec![one.clone(); count]);
        let counted = |count: Result<usize, ParseError>| count.map_err(|error| error.kind());
        let sids = with_extension(oid::MS_NTDS_SECURITY, many(&sid), |content| {
            counted(content.claimed_sids().map(|sids| sids.len()))
        });
        let names = with_extension(oid::SUBJECT_ALT_NAME, many(&name), |content| {
            let names = content.claimed_user_principal_names();
            counted(names.map(|names| names.len()))
        });
        let policies = with_extension(oid::MS_APPLICATION_POLICIES, many(&policy), |content| {
            counted(content.application_policies().map(|found| found.len()))
        });
        assert_eq!([sids, names, policies], [expected; 3]);
    }
}

#[test]
fn what_stands_twice_is_an_error() {
    let version = der(|w| w.tlv(tag::IA5_STRING, b"10.0.1.2"));
    let csr = built(|csr| {
        csr.attribute(oid::MS_OS_VERSION, version.clone())
            .attribute(oid::MS_OS_VERSION, version)
    });
    let content = RequestContent::of(&csr);
    assert_eq!(kind(content.os_version()), ParseErrorKind::Duplicate);
}

#[test]
fn an_error_tells_where_in_the_request_it_is() {
    let csr = built(|csr| csr.attribute(oid::MS_OS_VERSION, [5, 0]));
    let error = RequestContent::of(&csr).os_version().unwrap_err();
    assert_eq!(csr.as_der()[error.offset()..][..2], [5, 0]);
}

#[test]
fn what_is_no_sid_is_not_written() {
    let (key, name) = (key(), Name::from_str("CN=device").unwrap());
    let error = CsrBuilder::new(&name, key.public_key_der())
        .microsoft_sid("S-1-x")
        .build(SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256))
        .unwrap_err();
    assert_eq!(error, crate::BuildError::InvalidInput(Item::Extensions));
}
