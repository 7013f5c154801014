//! What a server says when it refuses, beside what the request holds.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Diagnosis, Finding, FindingCode, algorithms, clock, csr, renewal, request};
use crate::crypto::KeyTransport;
use crate::microsoft::Hresult;
use crate::{FailInfo, PkiMessage, inspect};

pub(super) fn judge(
    diagnosis: &Diagnosis<'_>,
    reply: &PkiMessage<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut push = |code, evidence| findings.push(Finding::new(code, evidence));
    let attributes = reply.unverified_attributes();
    let info = attributes.fail_info();
    let error = attributes.microsoft_error();
    let texts: Vec<String> = [attributes.fail_info_text(), attributes.microsoft_message()]
        .into_iter()
        .flatten()
        .collect();
    let mut said: Vec<String> = Vec::new();
    said.extend(info.map(|info| format!("failInfo {info}")));
    said.extend(texts.iter().map(|text| format!("{text:?}")));
    said.extend(error.map(explained));
    if said.is_empty() {
        said.push("pkiStatus FAILURE, and nothing else".into());
    }
    push(FindingCode::Refused, said.join("; "));

    let by_code = error
        .and_then(of_hresult)
        .zip(error.map(|code| format!("HRESULT {code}")));
    let by_text = || texts.iter().find_map(|text| of_intune(text));
    let by_info = || match info? {
        FailInfo::BadAlg => Some((FindingCode::AlgorithmRefused, "failInfo badAlg".into())),
        FailInfo::BadTime => Some((FindingCode::TimeRefused, "failInfo badTime".into())),
        _ => None,
    };
    if let Some((code, seen)) = by_code.or_else(by_text).or_else(by_info) {
        let held = held(code, diagnosis);
        push(
            code,
            held.map_or(seen.clone(), |held| format!("{seen}; {held}")),
        );
    }
    let Some(message) = diagnosis.request else {
        return;
    };
    if info == Some(FailInfo::BadAlg) && has_oaep(message) {
        let evidence = "failInfo badAlg; keyEncryptionAlgorithm RSAES-OAEP".into();
        push(FindingCode::OaepRefused, evidence);
    }
    if let Some(signer) = request::signer(message).filter(|one| renewal::is_renewal(message, one)) {
        push(
            FindingCode::RenewalRefused,
            renewal::facts(diagnosis, &signer),
        );
    }
}

/// A code with its meaning, if it is known.
pub(super) fn explained(code: Hresult) -> String {
    match code.meaning() {
        Some(meaning) => format!("HRESULT {code}: {meaning}"),
        None => format!("HRESULT {code}"),
    }
}

/// What an HRESULT of a server finds.
pub(super) fn of_hresult(code: Hresult) -> Option<FindingCode> {
    Some(match code.code() {
        // The codes by which NDES refuses a challenge password.
        0x8007_0490 | 0x8009_6004 | 0x800b_0110 => FindingCode::ChallengeRefused,
        0x8009_0005 => FindingCode::NotDecrypted,
        0x8009_0008 => FindingCode::AlgorithmRefused,
        0x8009_4012 | 0x8009_4800 | 0x8009_4801 | 0x8009_4802 | 0x8009_4807 => {
            FindingCode::TemplateRefused
        }
        0x8009_4001 | 0x8009_4806 => FindingCode::SubjectRefused,
        0x8009_480f | 0x8009_4812 => FindingCode::AltNamesRefused,
        0x8009_4811 => FindingCode::KeyRefused,
        0x8007_06ba => FindingCode::CaUnreachable,
        0x8009_2012 | 0x8009_2013 => FindingCode::CrlUnavailable,
        _ => return None,
    })
}

/// What a name of Intune finds, which CAs put into their texts.
fn of_intune(text: &str) -> Option<(FindingCode, String)> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .find_map(|word| {
            let code = match word {
                "ChallengePasswordMissing"
                | "ChallengeDeserializationError"
                | "ChallengeDecryptionError"
                | "ChallengeDecodingError"
                | "ChallengeInvalidTimestamp"
                | "ChallengeExpired"
                | "SigningCertThumbprintMismatch"
                | "BadCertificateRequestIdInChallenge"
                | "BadDeviceIdInChallenge"
                | "BadUserIdInChallenge" => FindingCode::ChallengeRefused,
                "SubjectNameMissing" | "SubjectNameMismatch" => FindingCode::SubjectRefused,
                "SubjectAltNameMissing" | "SubjectAltNameMismatch" => FindingCode::AltNamesRefused,
                "KeyUsageMismatch" | "EnhancedKeyUsageMissing" | "EnhancedKeyUsageMismatch" => {
                    FindingCode::UsageRefused
                }
                "KeyLengthMismatch" | "RegisteredKeyMismatch" => FindingCode::KeyRefused,
                _ => return None,
            };
            Some((code, format!("Intune's {word}")))
        })
}

/// What the request holds of that which was refused.
fn held(code: FindingCode, diagnosis: &Diagnosis<'_>) -> Option<String> {
    let of_csr = match code {
        FindingCode::ChallengeRefused => csr::challenge,
        FindingCode::TemplateRefused => csr::template,
        FindingCode::SubjectRefused => csr::subject,
        FindingCode::AltNamesRefused => csr::alt_names,
        FindingCode::UsageRefused => csr::usages,
        FindingCode::KeyRefused => csr::key,
        FindingCode::AlgorithmRefused => return diagnosis.request.map(algorithms::named),
        FindingCode::TimeRefused => return diagnosis.request.and_then(clock::named),
        _ => return None,
    };
    diagnosis.csr.map(of_csr)
}

fn has_oaep(request: &PkiMessage<'_>) -> bool {
    let envelope = inspect::envelope(request).ok().flatten();
    envelope.is_some_and(|envelope| {
        let mut transports = envelope.recipients.iter().map(|one| one.key_transport);
        transports.any(|transport| matches!(transport, Some(Ok(KeyTransport::RsaOaep { .. }))))
    })
}
