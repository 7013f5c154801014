//! Programs that talk to each other on 127.0.0.1: the examples `ca` and `client`, and the peers that Debian has.
//!
//! Every test that is built on this is ignored unless asked for, because it needs programs that are not everywhere. Where it
//! is asked for, a missing program is a failure.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

mod ca;
mod cases;
mod http;
mod program;
mod report;
mod scratch;

pub(crate) use ca::Ca;
pub(crate) use cases::{ARRANGEMENTS, RENEWALS};
pub(crate) use http::{Answer, get, post, request};
pub(crate) use program::{Finished, Program};
pub(crate) use report::Report;
pub(crate) use scratch::Scratch;

use std::path::PathBuf;

/// Runs the example `client`.
pub(crate) fn client(scratch: &Scratch, arguments: &str) -> Finished {
    Program::run(scratch.path(), example("client"), arguments)
}

/// An example of this crate, built as this test was.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    let path = profile.join("examples").join(name);
    let how = "cargo build --examples --all-features builds it, with --release if the tests are";
    assert!(path.exists(), "{} is not there: {how}", path.display());
    path
}
