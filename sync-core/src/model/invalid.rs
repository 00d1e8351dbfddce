//! What a model's own validation answers.

use std::fmt;

use crate::error::{Code, Error};

/// Why a document is not valid: one or more fields with a reason each.
///
/// ```
/// use sync_core::Invalid;
///
/// fn validate(name: &str) -> Result<(), Invalid> {
///     if name.trim().is_empty() {
///         return Err(Invalid::field("name", "must not be empty"));
///     }
///     Ok(())
/// }
/// assert!(validate(" ").is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invalid {
    problems: Vec<(String, String)>,
}

impl Invalid {
    /// One field and what is wrong with it: "must not be empty".
    pub fn field(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Invalid::default().and(name, reason)
    }

    /// The same, with one more problem.
    #[must_use]
    pub fn and(mut self, name: impl Into<String>, reason: impl Into<String>) -> Self {
        self.problems.push((name.into(), reason.into()));
        self
    }

    /// `Ok` where no problem was noted.
    ///
    /// # Errors
    /// Itself, where one was.
    pub fn check(self) -> Result<(), Invalid> {
        if self.problems.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The error it becomes for this document.
    pub(crate) fn into_error(self, model: &str, id: &dyn fmt::Display) -> Error {
        let error = Error::new(Code::Invalid, format!("{model} {id}: {self}"));
        self.problems.into_iter().fold(error, |error, (field, _)| error.at_field(field))
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (field, reason)) in self.problems.iter().enumerate() {
            write!(f, "{}{field} {reason}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}
