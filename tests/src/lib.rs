//! Aids shared by the whole-system tests: real browsers and real server processes.
//!
//! What a test starts ends with the test, also when the test is killed: see [`guard`].

pub mod browser;
pub mod failure;
pub mod guard;
pub mod process;

use std::path::PathBuf;

pub use browser::{Browser, Page, User};
pub use failure::{Failure, Result};
pub use process::Program;

/// The folder that cargo builds this test in (`target`), and the name of its profile's folder (`debug`).
///
/// Read off the running test, because a `--target-dir` given to cargo is told to nobody else.
pub(crate) fn build_folders() -> Result<(PathBuf, String)> {
    let test = std::env::current_exe()?; // target/debug/deps/browser_harness-0123456789abcdef
    let profile = test.ancestors().nth(2).ok_or("a test runs outside cargo's target folder")?;
    let name = profile.file_name().ok_or("the profile's folder has no name")?;
    let target = profile.parent().ok_or("the profile's folder has no parent")?;
    Ok((target.to_path_buf(), name.to_string_lossy().into_owned()))
}
