//! Which clients take what a CA says of itself.

use alloc::vec::Vec;
use core::fmt;

use super::{ClientKind, Finding, FindingCode};

/// Whether a kind of client takes the answers to GetCACert and GetCACaps, and if not, why.
///
/// It is what is known of the kind: a release of its own may be stricter, or have learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    client: ClientKind,
    acceptance: Acceptance,
    reasons: Vec<Finding>,
}

/// Whether a client takes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Acceptance {
    /// Nothing is known that it would stumble over.
    Accepted,
    /// It possibly does not.
    Doubtful,
    /// It does not.
    Refused,
}

impl Verdict {
    pub(super) fn of(client: ClientKind, findings: &[Finding]) -> Self {
        let mut acceptance = Acceptance::Accepted;
        let mut reasons = Vec::new();
        for finding in findings {
            let found = acceptance_of(finding.code(), client);
            if found > Acceptance::Accepted {
                reasons.push(finding.clone());
            }
            acceptance = acceptance.max(found);
        }
        Self {
            client,
            acceptance,
            reasons,
        }
    }

    /// Whose verdict it is.
    #[must_use]
    pub const fn client(&self) -> ClientKind {
        self.client
    }

    /// What it is.
    #[must_use]
    pub const fn acceptance(&self) -> Acceptance {
        self.acceptance
    }

    /// What it stands on; nothing if the answers are accepted.
    #[must_use]
    pub fn reasons(&self) -> &[Finding] {
        &self.reasons
    }
}

/// Shows `yes`, `possibly not` or `no`.
impl fmt::Display for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "yes",
            Self::Doubtful => "possibly not",
            Self::Refused => "no",
        })
    }
}

/// What a client makes of a finding. Only what its maker says, its source shows or several reports agree on is a refusal.
fn acceptance_of(code: FindingCode, client: ClientKind) -> Acceptance {
    // It fails later, and nothing today.
    if code == FindingCode::CertificateExpiresSoon {
        return Acceptance::Accepted;
    }
    if refused_by(client).contains(&code) {
        Acceptance::Refused
    } else if code.row().clients.contains(&client) {
        Acceptance::Doubtful
    } else {
        Acceptance::Accepted
    }
}

const fn refused_by(client: ClientKind) -> &'static [FindingCode] {
    match client {
        // Interop: Microsoft's IX509SCEPEnrollment::Initialize demands a certificate for each use, issued by the CA, and
        // the CA of the profile's thumbprint among them.
        ClientKind::Windows => &[
            FindingCode::NoCa,
            FindingCode::NoEncryptionCertificate,
            FindingCode::NoSigningCertificate,
            FindingCode::RaOfAnotherCa,
            FindingCode::ThumbprintUnknown,
        ],
        // Interop: Apple refuses signatures in SHA-1 and PSS, lists without a digest and a cipher that it knows ("the CA
        // does not have the required capability"), and RAs that do not belong to the CA (-67731).
        ClientKind::Apple => &[
            FindingCode::RaOfAnotherCa,
            FindingCode::SignatureRefusedByApple,
            FindingCode::CapabilitiesUnknown,
            FindingCode::CapabilitiesWithoutDigest,
            FindingCode::CapabilitiesWithoutCipher,
            FindingCode::ThumbprintUnknown,
        ],
        // Interop: jscep and sscep know no other key than RSA.
        ClientKind::Android | ClientKind::Other => &[
            FindingCode::EncryptionKeyNotRsa,
            FindingCode::ThumbprintUnknown,
        ],
        ClientKind::Cisco => &[FindingCode::ThumbprintUnknown],
    }
}
