//! A finding: a code with its words, and the evidence.

use alloc::string::String;
use core::fmt;

use super::FindingCode;
use crate::FailInfo;

/// Something that is wrong, or worth to know, and what it was seen by.
///
/// Shown, it is one line: code, sentence and evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    code: FindingCode,
    evidence: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// It fails nowhere by itself.
    Note,
    /// Some clients or servers fail by it, or will.
    Warning,
    /// An enrolment fails by it, as a rule.
    Error,
}

/// A kind of client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientKind {
    /// Windows' own client, which MDM services use.
    Windows,
    /// iOS, iPadOS and macOS.
    Apple,
    /// Agents on Android, which are built on jscep.
    Android,
    /// Cisco IOS.
    Cisco,
    /// Clients of routers and servers that know NDES best.
    Other,
}

impl ClientKind {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Windows,
        Self::Apple,
        Self::Android,
        Self::Cisco,
        Self::Other,
    ];

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Windows => "Windows",
            Self::Apple => "Apple",
            Self::Android => "Android (jscep)",
            Self::Cisco => "Cisco IOS",
            Self::Other => "made for NDES",
        }
    }
}

impl Finding {
    pub(super) const fn new(code: FindingCode, evidence: String) -> Self {
        Self { code, evidence }
    }

    /// What it is.
    #[must_use]
    pub const fn code(&self) -> FindingCode {
        self.code
    }

    /// What it was seen by: which field, which value. Never a secret.
    #[must_use]
    pub fn evidence(&self) -> &str {
        &self.evidence
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.row().severity
    }

    /// What is wrong, in a sentence.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        self.code.row().sentence
    }

    /// Where it usually comes from.
    #[must_use]
    pub fn cause(&self) -> &'static str {
        self.code.row().cause
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.code.row().advice
    }

    /// The failInfo with which a server should refuse a request for this; `None` where there is nothing to refuse.
    #[must_use]
    pub fn fail_info(&self) -> Option<FailInfo> {
        self.code.row().fail_info
    }

    /// The failInfoText to send beside it: the sentence, and none beside badMessageCheck. Why a message did not verify or
    /// open is nothing to tell a stranger.
    #[must_use]
    pub fn fail_info_text(&self) -> Option<&'static str> {
        let info = self.fail_info()?;
        (info != FailInfo::BadMessageCheck).then(|| self.sentence())
    }

    /// The clients that fail by it.
    #[must_use]
    pub fn clients(&self) -> &'static [ClientKind] {
        self.code.row().clients
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.code, self.sentence(), self.evidence)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}
