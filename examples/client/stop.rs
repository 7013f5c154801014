//! Why a run ends before it has what it was to get.

use std::fmt::{self, Display};
use std::process::ExitCode;

use scep::Failure;

pub type Outcome<T> = Result<T, Stop>;

/// Why a run ends early. Its text is one line.
pub enum Stop {
    /// The arguments, or what is in DIR, do not go together.
    Usage(String),
    /// The CA has yet to decide, and no polls are left.
    Pending,
    /// The CA refuses.
    Refused(Failure),
    /// The exchange failed, by this check.
    Failed(String),
}

impl Stop {
    /// A step failed.
    pub fn failed(step: &str, why: impl Display) -> Self {
        Self::Failed(format!("{step}: {why}"))
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Pending => 3,
            Self::Refused(_) => 4,
            Self::Failed(_) => 5,
        })
    }
}

impl Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(why) | Self::Failed(why) => f.write_str(why),
            Self::Pending => f.write_str("still pending: the next run asks again"),
            Self::Refused(failure) => write!(f, "the CA refuses: {failure}"),
        }
    }
}
