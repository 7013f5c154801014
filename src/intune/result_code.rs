//! What Intune says of a request.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::pki_message::build::check_text;
use crate::{FailInfo, Item};

/// What Intune says of a request, by name: Microsoft defines no numbers.
///
/// A name that is not known is kept, and is a refusal like all but [`Success`](Self::Success).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResultCode {
    /// Intune does not say what is wrong.
    Unknown,
    /// The request is in order.
    Success,
    /// Intune cannot read the CSR.
    CertificateRequestDecodingFailed,
    /// The CSR has no challenge password.
    ChallengePasswordMissing,
    /// The challenge password is none of Intune's.
    ChallengeDeserializationError,
    /// Intune cannot decrypt the challenge password.
    ChallengeDecryptionError,
    /// Intune cannot decode the challenge password.
    ChallengeDecodingError,
    /// The time in the challenge password makes no sense.
    ChallengeInvalidTimestamp,
    /// The challenge password has expired.
    ChallengeExpired,
    /// The CSR has no subject, and the profile wants one.
    SubjectNameMissing,
    /// The subject of the CSR is not the profile's.
    SubjectNameMismatch,
    /// The CSR has no subjectAltName, and the profile wants one.
    SubjectAltNameMissing,
    /// The subjectAltName of the CSR is not the profile's.
    SubjectAltNameMismatch,
    /// The keyUsage of the CSR is not the profile's.
    KeyUsageMismatch,
    /// The key of the CSR does not have the profile's size.
    KeyLengthMismatch,
    /// The CSR has no extKeyUsage, and the profile wants one.
    EnhancedKeyUsageMissing,
    /// The extKeyUsage of the CSR is not the profile's.
    EnhancedKeyUsageMismatch,
    /// Intune knows no key of the device in the directory.
    AadKeyIdentifierListMissing,
    /// The key is not the one that the device has registered.
    RegisteredKeyMismatch,
    /// The challenge password was signed with another certificate than Intune expects.
    SigningCertThumbprintMismatch,
    /// The profile is no longer assigned to the device.
    ScepProfileNoLongerTargetedToTheClient,
    /// A signature is wrong.
    SignatureValidationFailed,
    /// The challenge password names no request that Intune knows.
    BadCertificateRequestIdInChallenge,
    /// The challenge password names another device.
    BadDeviceIdInChallenge,
    /// The challenge password names another user.
    BadUserIdInChallenge,
    /// A name that Microsoft has not published.
    Other(String),
}

impl ResultCode {
    /// The code of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        KNOWN
            .iter()
            .find(|known| known.name == name)
            .map_or_else(|| Self::Other(name.into()), |known| known.code.clone())
    }

    /// The name. It may be any text that came as one: [`fail_info_text`](Self::fail_info_text) gives what a reply can hold.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            _ => self.known().map_or("", |known| known.name),
        }
    }

    /// The name as failInfoText of the refusal; `None` for success, and for a text that no reply can hold: an empty one, or one with
    /// control characters.
    #[must_use]
    pub fn fail_info_text(&self) -> Option<&str> {
        let name = self.name();
        let is_text = check_text(name, Item::FailInfoText).is_ok();
        (is_text && !self.is_success()).then_some(name)
    }

    /// Whether a certificate may be issued.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Success)
    }

    /// What it means; `None` for a name that is not known.
    #[must_use]
    pub fn meaning(&self) -> Option<&'static str> {
        Some(self.known()?.meaning)
    }

    /// What to do about it; `None` for a name that is not known.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        Some(self.known()?.advice)
    }

    /// What to answer the device: badRequest, or `None` for success.
    #[must_use]
    pub const fn fail_info(&self) -> Option<FailInfo> {
        match self {
            Self::Success => None,
            _ => Some(FailInfo::BadRequest),
        }
    }

    fn known(&self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.code == *self)
    }
}

/// Shows the name.
impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for ResultCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ResultCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self::from_name(&name))
    }
}

/// A code that Microsoft has published.
struct Known {
    code: ResultCode,
    name: &'static str,
    meaning: &'static str,
    advice: &'static str,
}

/// In Microsoft's order.
const KNOWN: &[Known] = &[
    Known {
        code: ResultCode::Unknown,
        name: "Unknown",
        meaning: "Intune does not say what is wrong.",
        advice: "Try again; if it stays, ask Microsoft's support with the client-request-id.",
    },
    Known {
        code: ResultCode::Success,
        name: "Success",
        meaning: "The request is in order.",
        advice: "Issue the certificate.",
    },
    Known {
        code: ResultCode::CertificateRequestDecodingFailed,
        name: "CertificateRequestDecodingFailed",
        meaning: "Intune cannot read the CSR.",
        advice: "Send the CSR as it was received, in base64 without PEM lines.",
    },
    Known {
        code: ResultCode::ChallengePasswordMissing,
        name: "ChallengePasswordMissing",
        meaning: "The CSR has no challenge password.",
        advice: "See whether the request comes from a device with Intune's profile.",
    },
    Known {
        code: ResultCode::ChallengeDeserializationError,
        name: "ChallengeDeserializationError",
        meaning: "The challenge password is none of Intune's.",
        advice: "See whether the request comes from a device with Intune's profile.",
    },
    Known {
        code: ResultCode::ChallengeDecryptionError,
        name: "ChallengeDecryptionError",
        meaning: "Intune cannot decrypt the challenge password.",
        advice: "See whether the device belongs to the tenant that is asked.",
    },
    Known {
        code: ResultCode::ChallengeDecodingError,
        name: "ChallengeDecodingError",
        meaning: "Intune cannot decode the challenge password.",
        advice: "See whether something cuts or changes the CSR.",
    },
    Known {
        code: ResultCode::ChallengeInvalidTimestamp,
        name: "ChallengeInvalidTimestamp",
        meaning: "The time in the challenge password makes no sense.",
        advice: "Let the device take the profile anew.",
    },
    Known {
        code: ResultCode::ChallengeExpired,
        name: "ChallengeExpired",
        meaning: "The challenge password has expired.",
        advice: "Let the device take the profile anew.",
    },
    Known {
        code: ResultCode::SubjectNameMissing,
        name: "SubjectNameMissing",
        meaning: "The CSR has no subject, and the profile wants one.",
        advice: "Compare the CSR with the profile's subject.",
    },
    Known {
        code: ResultCode::SubjectNameMismatch,
        name: "SubjectNameMismatch",
        meaning: "The subject of the CSR is not the profile's.",
        advice: "Compare the CSR with the profile's subject.",
    },
    Known {
        code: ResultCode::SubjectAltNameMissing,
        name: "SubjectAltNameMissing",
        meaning: "The CSR has no subjectAltName, and the profile wants one.",
        advice: "Compare the CSR with the profile's alternative names.",
    },
    Known {
        code: ResultCode::SubjectAltNameMismatch,
        name: "SubjectAltNameMismatch",
        meaning: "The subjectAltName of the CSR is not the profile's.",
        advice: "Compare the CSR with the profile's alternative names.",
    },
    Known {
        code: ResultCode::KeyUsageMismatch,
        name: "KeyUsageMismatch",
        meaning: "The keyUsage of the CSR is not the profile's.",
        advice: "Compare the CSR with the profile's key usage.",
    },
    Known {
        code: ResultCode::KeyLengthMismatch,
        name: "KeyLengthMismatch",
        meaning: "The key of the CSR does not have the profile's size.",
        advice: "Compare the CSR with the profile's key size.",
    },
    Known {
        code: ResultCode::EnhancedKeyUsageMissing,
        name: "EnhancedKeyUsageMissing",
        meaning: "The CSR has no extKeyUsage, and the profile wants one.",
        advice: "Compare the CSR with the profile's extended key usages.",
    },
    Known {
        code: ResultCode::EnhancedKeyUsageMismatch,
        name: "EnhancedKeyUsageMismatch",
        meaning: "The extKeyUsage of the CSR is not the profile's.",
        advice: "Compare the CSR with the profile's extended key usages.",
    },
    Known {
        code: ResultCode::AadKeyIdentifierListMissing,
        name: "AadKeyIdentifierListMissing",
        meaning: "Intune knows no key of the device in the directory.",
        advice: "See whether the device is still registered in the directory.",
    },
    Known {
        code: ResultCode::RegisteredKeyMismatch,
        name: "RegisteredKeyMismatch",
        meaning: "The key is not the one that the device has registered.",
        advice: "Register the device anew.",
    },
    Known {
        code: ResultCode::SigningCertThumbprintMismatch,
        name: "SigningCertThumbprintMismatch",
        meaning: "The challenge password was signed with another certificate than Intune expects.",
        advice: "Let the device take the profile anew.",
    },
    Known {
        code: ResultCode::ScepProfileNoLongerTargetedToTheClient,
        name: "ScepProfileNoLongerTargetedToTheClient",
        meaning: "The profile is no longer assigned to the device.",
        advice: "Assign the profile again, or let it go.",
    },
    Known {
        code: ResultCode::SignatureValidationFailed,
        name: "SignatureValidationFailed",
        meaning: "A signature is wrong.",
        advice: "See whether something changes the CSR; it must be sent as it was received.",
    },
    Known {
        code: ResultCode::BadCertificateRequestIdInChallenge,
        name: "BadCertificateRequestIdInChallenge",
        meaning: "The challenge password names no request that Intune knows.",
        advice: "Let the device take the profile anew.",
    },
    Known {
        code: ResultCode::BadDeviceIdInChallenge,
        name: "BadDeviceIdInChallenge",
        meaning: "The challenge password names another device.",
        advice: "See whether the profile was copied from one device to another.",
    },
    Known {
        code: ResultCode::BadUserIdInChallenge,
        name: "BadUserIdInChallenge",
        meaning: "The challenge password names another user.",
        advice: "See whether the profile was copied from one user to another.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_name_and_is_found_by_it() {
        assert_eq!(KNOWN.len(), 25);
        for known in KNOWN {
            assert_eq!(ResultCode::from_name(known.name), known.code);
            assert_eq!(known.code.name(), known.name);
            assert_eq!(alloc::format!("{:?}", known.code), known.name);
            assert!(known.code.meaning().is_some() && known.code.advice().is_some());
        }
    }

    #[test]
    fn what_a_reply_can_hold_is_its_text() {
        let text = |name: &str| {
            ResultCode::from_name(name)
                .fail_info_text()
                .map(String::from)
        };
        assert_eq!(
            text("ChallengeExpired").as_deref(),
            Some("ChallengeExpired")
        );
        assert_eq!(text("OutOfFashion").as_deref(), Some("OutOfFashion"));
        for name in ["Success", "", "two\nlines"] {
            assert_eq!(text(name), None, "{name}");
        }
    }

    #[test]
    fn only_success_is_one() {
        let successes = KNOWN.iter().filter(|known| known.code.is_success());
        assert_eq!(successes.count(), 1);
        assert_eq!(ResultCode::Success.fail_info(), None);
        // Names are compared whole and by case: what is not exactly success is a refusal.
        for name in ["success", "Success ", "", "ChallengeOutOfFashion"] {
            let code = ResultCode::from_name(name);
            assert_eq!(code, ResultCode::Other(name.into()));
            assert_eq!((code.name(), code.meaning()), (name, None));
            assert_eq!(code.fail_info(), Some(FailInfo::BadRequest));
        }
    }
}
