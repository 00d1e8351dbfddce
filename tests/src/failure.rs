//! What a whole-system test fails with: a sentence, and the line where it was first noticed.
//!
//! Not an error type for programs. It takes any error through `?`, and its `Debug` is readable, because that is
//! what the test runner prints of a test that returns `Err`.

use std::fmt;
use std::panic::Location;

/// The answer of every aid here, and of the tests that use them.
pub type Result<T = ()> = std::result::Result<T, Failure>;

/// Why a test could not go on, and where that was first noticed.
pub struct Failure {
    why: String,
    at: &'static Location<'static>,
}

impl Failure {
    /// A failure in the caller's words.
    #[track_caller]
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), at: Location::caller() }
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::new(error.into().to_string())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  at {}", self.why, self.at)
    }
}
