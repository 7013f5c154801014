//! What is to be said about a payload: a CSR above all.

use std::net::{Ipv4Addr, Ipv6Addr};

use scep::crypto::EllipticCurve;
use scep::inspect::{OpenedPayload, PayloadContent};
use scep::{
    Certificate, CertsOnly, ChallengeKind, ChallengePassword, Crl, Csr, CsrError, Extension, Oid,
    ParseError, UnverifiedCsr, oid,
};
use x509_cert::der::Decode;
use x509_cert::der::asn1::Utf8StringRef;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use crate::facts::{CertificateFacts, SignatureFacts, Tools, Verdict, name, sha256};
use crate::input::Failure;
use crate::json::hex;

#[derive(Default)]
pub struct PayloadFacts {
    pub kind: &'static str,
    pub len: usize,
    pub sha256: Vec<u8>,
    /// Why it cannot be read. The bytes themselves may hold a challenge password and are not shown.
    pub error: Option<Failure>,
    pub certificates: Vec<CertificateFacts>,
    /// The issuers of the CRLs.
    pub crls: Vec<String>,
    pub issuer: Option<String>,
    pub serial: Option<Vec<u8>>,
    pub subject: Option<String>,
    /// The version of a CSR, as the facts below if its signature is right.
    pub version: Option<u8>,
    /// What the key of a CSR is of.
    pub key: Option<String>,
    /// Whether the message is signed with the key of the CSR in it.
    pub key_is_signers: Option<bool>,
    pub challenge_password: Option<&'static str>,
    pub challenge_kind: Option<ChallengeKind>,
    /// What the self-signature of a CSR is worth.
    pub csr_signature: Option<SignatureFacts>,
    /// What a CSR asks for.
    pub extensions: Vec<ExtensionFacts>,
}

pub struct ExtensionFacts {
    pub oid: Oid,
    pub critical: bool,
    pub len: usize,
    /// The names in a subjectAltName.
    pub alt_names: Vec<AltName>,
}

pub struct AltName {
    pub kind: &'static str,
    pub value: String,
}

impl PayloadFacts {
    fn new(kind: &'static str, bytes: &[u8], tools: &Tools) -> Self {
        Self {
            kind,
            len: bytes.len(),
            sha256: sha256(bytes, tools),
            ..Self::default()
        }
    }

    /// Of an envelope in a message by this signer.
    pub fn opened(
        payload: &OpenedPayload,
        signer: Option<&Certificate<'_>>,
        tools: &Tools,
    ) -> Self {
        let plaintext = payload.secret_plaintext();
        match &payload.content {
            PayloadContent::Csr(request) => Self::csr(request, signer, tools),
            PayloadContent::CertsOnly(set) => Self::certs_only(set, plaintext, tools),
            PayloadContent::IssuerAndSubject(names) => Self {
                issuer: Some(name(names.issuer_der())),
                subject: Some(name(names.subject_der())),
                ..Self::new("issuer_and_subject", plaintext, tools)
            },
            PayloadContent::IssuerAndSerialNumber(id) => Self {
                issuer: Some(name(id.issuer_der())),
                serial: Some(id.serial().to_vec()),
                ..Self::new("issuer_and_serial_number", plaintext, tools)
            },
            PayloadContent::Unreadable(error) => Self {
                error: Some((*error).into()),
                ..Self::new("unreadable", plaintext, tools)
            },
            _ => Self::new("unknown", plaintext, tools),
        }
    }

    /// Of a CSR, in a message by this signer or by itself.
    pub fn csr(request: &UnverifiedCsr, signer: Option<&Certificate<'_>>, tools: &Tools) -> Self {
        let outcome = request.verify(&tools.provider, &tools.policy);
        let (verdict, note) = match &outcome {
            Ok(_) => (Verdict::Valid, "by its own key".to_owned()),
            Err(error @ CsrError::Refused(_)) => (Verdict::RefusedByPolicy, error.to_string()),
            Err(error) => (Verdict::Invalid, error.to_string()),
        };
        let csr = outcome.as_ref().ok();
        let challenge = request.unverified_challenge_password();
        Self {
            subject: Some(request.unverified_subject().to_string()),
            version: csr.map(Csr::version),
            key: csr.map(|csr| key_name(csr.public_key_der())),
            key_is_signers: csr
                .zip(signer)
                .map(|(csr, signer)| is_same_key(csr.public_key_der(), signer.public_key_der())),
            challenge_password: Some(match challenge {
                ChallengePassword::Absent => "absent",
                ChallengePassword::Empty => "empty",
                ChallengePassword::Present(_) => "present",
            }),
            challenge_kind: Some(challenge.kind()),
            csr_signature: Some(SignatureFacts {
                verdict: Some(verdict),
                note,
                ..SignatureFacts::named(request.signature_algorithm_oid())
            }),
            extensions: csr
                .into_iter()
                .flat_map(Csr::extensions)
                .map(|extension| ExtensionFacts::of(&extension))
                .collect(),
            ..Self::new("pkcs10", request.as_der(), tools)
        }
    }

    pub fn certs_only(set: &CertsOnly<'_>, bytes: &[u8], tools: &Tools) -> Self {
        let certificate = |found: Result<Certificate<'_>, ParseError>| match found {
            Ok(certificate) => CertificateFacts::of(&certificate, tools),
            Err(error) => CertificateFacts::Unreadable(error.into()),
        };
        let crl = |found: Result<Crl<'_>, ParseError>| match found {
            Ok(crl) => crl.issuer().to_string(),
            Err(error) => format!("<{error}>"),
        };
        Self {
            certificates: set.certificates().map(certificate).collect(),
            crls: set.crls().map(crl).collect(),
            ..Self::new("certs_only", bytes, tools)
        }
    }
}

impl ExtensionFacts {
    fn of(extension: &Extension<'_>) -> Self {
        Self {
            oid: extension.oid(),
            critical: extension.is_critical(),
            len: extension.value().len(),
            alt_names: match extension.oid() {
                oid::SUBJECT_ALT_NAME => alt_names(extension.value()),
                _ => Vec::new(),
            },
        }
    }
}

fn alt_names(der: &[u8]) -> Vec<AltName> {
    match SubjectAltName::from_der(der) {
        Ok(names) => names.0.iter().map(AltName::of).collect(),
        Err(error) => vec![AltName {
            kind: "unreadable",
            value: error.to_string(),
        }],
    }
}

/// What people log in by at Windows, in an otherName.
const USER_PRINCIPAL_NAME: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.3");

impl AltName {
    fn of(found: &GeneralName) -> Self {
        let (kind, value) = match found {
            GeneralName::DnsName(dns) => ("DNS", dns.to_string()),
            GeneralName::Rfc822Name(address) => ("email", address.to_string()),
            GeneralName::UniformResourceIdentifier(uri) => ("URI", uri.to_string()),
            GeneralName::IpAddress(octets) => ("IP", ip_address(octets.as_bytes())),
            GeneralName::DirectoryName(directory) => ("directory name", directory.to_string()),
            GeneralName::RegisteredId(id) => ("registered ID", id.to_string()),
            GeneralName::OtherName(other) => match other.value.decode_as::<Utf8StringRef<'_>>() {
                Ok(upn) if other.type_id == USER_PRINCIPAL_NAME => ("UPN", upn.to_string()),
                _ => ("other name", other.type_id.to_string()),
            },
            GeneralName::EdiPartyName(_) => ("EDI party", String::new()),
        };
        let value = value.escape_debug().to_string();
        Self { kind, value }
    }
}

fn ip_address(octets: &[u8]) -> String {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Ipv4Addr::from(four).to_string();
    }
    match <[u8; 16]>::try_from(octets) {
        Ok(sixteen) => Ipv6Addr::from(sixteen).to_string(),
        Err(_) => hex(octets),
    }
}

/// Whether two DER SubjectPublicKeyInfos are of one key. RSA has no parameters that say anything.
fn is_same_key(one: &[u8], other: &[u8]) -> bool {
    let key = |der| SubjectPublicKeyInfoRef::from_der(der).ok();
    key(one).zip(key(other)).is_some_and(|(one, other)| {
        let (of_one, of_other) = (&one.algorithm, &other.algorithm);
        one.subject_public_key == other.subject_public_key
            && of_one.oid == of_other.oid
            && (Oid::from(of_one.oid) == oid::RSA_ENCRYPTION
                || of_one.parameters == of_other.parameters)
    })
}

/// What a public key is of, a DER SubjectPublicKeyInfo: `rsa`, a curve, or the identifier of what is not known.
pub fn key_name(der: &[u8]) -> String {
    let Ok(key) = SubjectPublicKeyInfoRef::from_der(der) else {
        return "unreadable".to_owned();
    };
    let algorithm = Oid::from(key.algorithm.oid);
    if algorithm == oid::RSA_ENCRYPTION {
        return "rsa".to_owned();
    }
    if algorithm == oid::ED25519 {
        return "ed25519".to_owned();
    }
    let curve = key.algorithm.parameters_oid().map(Oid::from);
    match curve {
        Ok(curve) if algorithm == oid::EC_PUBLIC_KEY => {
            let known = [
                (oid::SECP256R1, EllipticCurve::P256),
                (oid::SECP384R1, EllipticCurve::P384),
                (oid::SECP521R1, EllipticCurve::P521),
            ];
            let known = known.iter().find(|(known, _)| *known == curve);
            known.map_or_else(
                || format!("curve {curve}"),
                |(_, curve)| curve.name().to_owned(),
            )
        }
        _ => algorithm.to_string(),
    }
}
