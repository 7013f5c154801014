//! Clocks: of the reader, the client and the server.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Finding, FindingCode};
use crate::certificate::civil_text;
use crate::{Certificate, PkiMessage};

pub(super) fn judge(
    request: &PkiMessage<'_>,
    signer: Option<&Certificate<'_>>,
    now: i64,
    findings: &mut Vec<Finding>,
) {
    let mut push = |code, evidence| findings.push(Finding::new(code, evidence));
    if let Some(signed) = request.unverified_attributes().signing_seconds() {
        let ahead = signed.saturating_sub(now);
        let evidence = |what| format!("signingTime is {}, {what}", utc(signed));
        if ahead > TOLERANCE {
            let what = format!("{} ahead", length(ahead));
            push(FindingCode::SigningTimeAhead, evidence(what));
        } else if ahead < -TOLERANCE {
            let what = format!("{} ago", length(ahead.saturating_neg()));
            push(FindingCode::SigningTimePast, evidence(what));
        }
    }
    // A client issues a certificate to itself only to sign with it: how long it is to last binds nobody.
    let issued = signer.filter(|signer| !signer.is_self_issued());
    let Some(validity) = issued.and_then(Certificate::validity) else {
        return;
    };
    if now < validity.not_before {
        let (begins, ahead) = (
            utc(validity.not_before),
            validity.not_before.saturating_sub(now),
        );
        let evidence = format!("signer's notBefore is {begins}, {} ahead", length(ahead));
        push(FindingCode::SignerNotYetValid, evidence);
    } else if now > validity.not_after {
        let (ended, ago) = (
            utc(validity.not_after),
            now.saturating_sub(validity.not_after),
        );
        let evidence = format!("signer's notAfter is {ended}, {} ago", length(ago));
        push(FindingCode::SignerExpired, evidence);
    }
}

/// Compares the two signingTimes of a pair.
pub(super) fn judge_pair(
    request: &PkiMessage<'_>,
    reply: &PkiMessage<'_>,
    findings: &mut Vec<Finding>,
) {
    let times = [request, reply].map(|one| one.unverified_attributes().signing_seconds());
    let [Some(sent), Some(came)] = times else {
        return;
    };
    let difference = came.saturating_sub(sent);
    if difference.saturating_abs() > TOLERANCE {
        let evidence = format!(
            "signingTime is {} in the request, {} in the reply: {} apart",
            utc(sent),
            utc(came),
            length(difference.saturating_abs())
        );
        findings.push(Finding::new(FindingCode::ClocksDiffer, evidence));
    }
}

/// The times of a request, for evidence.
pub(super) fn named(request: &PkiMessage<'_>) -> Option<String> {
    let signed = request.unverified_attributes().signing_seconds();
    let begins = super::request::signer(request)
        .and_then(|signer| signer.validity())
        .map(|validity| validity.not_before);
    match (signed, begins) {
        (Some(signed), _) => Some(format!("signingTime is {}", utc(signed))),
        (None, Some(begins)) => Some(format!("signer's notBefore is {}", utc(begins))),
        (None, None) => None,
    }
}

/// A time, for evidence.
pub(super) fn utc(unix: i64) -> String {
    format!("{} UTC", civil_text(unix).unwrap_or_default())
}

/// The seconds by which two clocks may differ, as in most protocols.
const TOLERANCE: i64 = 300;

/// A number of seconds, for people.
fn length(seconds: i64) -> String {
    match seconds {
        ..300 => format!("{seconds} seconds"),
        300..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours {} minutes", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} days", seconds / 86_400),
    }
}
