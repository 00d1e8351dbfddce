//! Why a value was refused, and where in the document it stands.

use std::borrow::Cow;
use std::fmt;

use crate::error::{Code, Error};

/// A value that was refused: the path to it (field, then keys and positions) and the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    code: Code,
    path: String,
    reason: Cow<'static, str>,
}

impl Refusal {
    /// A refusal for this reason: "is not a date", "is above 9223372036854775807".
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Refusal { code: Code::InvalidValue, path: String::new(), reason: reason.into() }
    }

    /// A field that the model does not have, or that the asker may not name.
    pub fn unknown_field(name: &str) -> Self {
        Refusal { code: Code::UnknownField, path: name.to_owned(), reason: "is not a field of it".into() }
    }

    /// A field that the asker may see and not write.
    pub fn readonly(name: &str) -> Self {
        Refusal {
            code: Code::Readonly,
            path: name.to_owned(),
            reason: "cannot be written by a client".into(),
        }
    }

    /// A required field that is not there.
    pub fn missing(name: &str) -> Self {
        Refusal::new("is required and missing").at(name)
    }

    /// The wrong type of value.
    pub fn expected(what: &str, found: &str) -> Self {
        Refusal::new(format!("expects {what}, got {found}"))
    }

    pub(crate) fn out_of_range(n: impl fmt::Display) -> Self {
        Refusal::new(format!("{n} is outside the range of 64-bit signed integers"))
    }

    pub(crate) fn not_finite(x: f64) -> Self {
        Refusal::new(format!("{x} is not a finite number"))
    }

    /// The same refusal, one level further up: inside this field, key or position.
    pub fn at(mut self, step: impl fmt::Display) -> Self {
        self.path =
            if self.path.is_empty() { step.to_string() } else { format!("{step}.{path}", path = self.path) };
        self
    }

    /// The code of the error it becomes.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Where the value stands, from the document's top: `streams.2.codec`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The reason, without the path.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{} {}", self.path, self.reason)
        }
    }
}

impl std::error::Error for Refusal {}

impl Error {
    /// A refused value, told with the model's name and the field's.
    pub fn refused(model: &str, refusal: &Refusal) -> Self {
        Error::new(refusal.code(), format!("{model}: {refusal}")).at_field(refusal.path())
    }
}
