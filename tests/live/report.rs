//! What the cases of the live tests came to, one line a case, for the table that ci/interop-table makes of them.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;

use super::cases::CASES;

/// The cases of one pair of programs that one test goes through. A case that fails does not keep the next from running.
pub(crate) struct Report {
    client: String,
    server: String,
    lines: Vec<String>,
    failures: Vec<String>,
}

impl Report {
    pub(crate) fn of(client: impl Into<String>, server: impl Into<String>) -> Self {
        Self {
            client: client.into(),
            server: server.into(),
            lines: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// The case works.
    pub(crate) fn works(&mut self, case: &str, check: impl FnOnce()) {
        self.case(case, "yes", "", check);
    }

    /// The server refuses, as it should, and the client can tell.
    pub(crate) fn refused(&mut self, case: &str, with: &str, check: impl FnOnce()) {
        self.case(case, &format!("refused: {with}"), "", check);
    }

    /// The peer is not able to do this, as `check` shows.
    pub(crate) fn peer_cannot(&mut self, case: &str, why: &str, check: impl FnOnce()) {
        self.case(case, "peer cannot", why, check);
    }

    fn case(&mut self, case: &str, expected: &str, note: &str, check: impl FnOnce()) {
        let number = CASES.iter().position(|known| *known == case);
        let number = number.unwrap_or_else(|| panic!("{case:?} is not among CASES"));
        let outcome = catch_unwind(AssertUnwindSafe(check));
        let result = match outcome {
            Ok(()) => expected,
            Err(panic) => {
                let message = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| panic.downcast_ref().copied())
                    .unwrap_or("no message");
                self.failures.push(format!("{case}: {message}"));
                "FAILED"
            }
        };
        let (client, server, test) = (&self.client, &self.server, test_name());
        self.lines.push(format!(
            "{number:03}\t{case}\t{client}\t{server}\t{result}\t{note}\t{test}\n"
        ));
    }

    /// Writes the lines, and fails if any case did.
    pub(crate) fn finish(self) {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop");
        fs::create_dir_all(&directory).unwrap();
        let file = format!("{}.tsv", test_name().replace("::", "."));
        fs::write(directory.join(file), self.lines.concat()).unwrap();
        let failures = &self.failures;
        assert!(
            failures.is_empty(),
            "{} at {}: {} of {} cases failed\n\n{}",
            self.client,
            self.server,
            failures.len(),
            self.lines.len(),
            failures.join("\n\n")
        );
    }
}

/// The file and the function of this test.
fn test_name() -> String {
    let thread = thread::current();
    let function = thread.name().unwrap_or("unknown");
    format!("{}::{function}", env!("CARGO_CRATE_NAME"))
}
