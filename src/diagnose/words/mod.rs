//! The words of findings: a row for each code, in the order of the codes.

use super::{ClientKind, Severity};
use crate::FailInfo;

pub(super) mod ca;
pub(super) mod http;
pub(super) mod reply;
pub(super) mod request;

/// The words of a code.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) severity: Severity,
    pub(super) sentence: &'static str,
    pub(super) cause: &'static str,
    pub(super) advice: &'static str,
    pub(super) fail_info: Option<FailInfo>,
    pub(super) clients: &'static [ClientKind],
}
