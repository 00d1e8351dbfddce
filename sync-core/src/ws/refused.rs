//! [`Refused`]: an error as one session may see it.
//!
//! Invariant: it names no field that the session's policy hides, and tells nothing of the server's inside.

use crate::error::{Code, Error};
use crate::model::{FieldSet, Schema};

/// An error as one session may see it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refused {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) fields: Vec<String>,
    /// The document that a conflicting write met, as JSON.
    pub(crate) current: Option<String>,
}

impl Refused {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Refused { code, message: message.into(), fields: Vec::new(), current: None }
    }

    /// A frame that does not have the shape it should.
    pub(crate) fn frame(message: impl Into<String>) -> Self {
        Refused::new(Code::BadFrame, message)
    }

    /// An error that no backend's fields are part of.
    pub(crate) fn plain(error: &Error) -> Self {
        let (code, message) = told(error);
        Refused { code, message, fields: error.fields().to_vec(), current: None }
    }

    /// An error of a backend: fields that the session does not see are not named.
    pub(crate) fn seen(error: &Error, schema: &Schema, seen: &FieldSet) -> Self {
        let mut refused = Refused::plain(error);
        let hidden = |path: &String| {
            let name = path.split('.').next().unwrap_or(path);
            schema.find(name).is_some_and(|field| !seen.has(field))
        };
        // What the asker named by itself is no secret: that there is no such field.
        if refused.code != Code::UnknownField && refused.fields.iter().any(hidden) {
            refused.fields.retain(|path| !hidden(path));
            refused.message = format!("{}: refused", schema.model);
        }
        refused
    }

    /// The members of an `error` frame behind its `n`.
    pub(crate) fn members(&self) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let mut out = format!("\"code\":\"{}\",\"message\":{}", self.code.as_str(), text(&self.message));
        if !self.fields.is_empty() {
            let fields: Vec<String> = self.fields.iter().map(|field| text(field)).collect();
            out.push_str(&format!(",\"fields\":[{}]", fields.join(",")));
        }
        if let Some(current) = &self.current {
            out.push_str(&format!(",\"current\":{current}"));
        }
        out
    }
}

/// The code and message that may leave the server.
fn told(error: &Error) -> (Code, String) {
    match error.code() {
        code @ (Code::Internal | Code::Config | Code::Corrupt) => {
            tracing::error!(code = code.as_str(), error = ?error, "a client's request failed");
            (Code::Internal, "the server failed; its log says why".into())
        }
        Code::Unavailable => {
            tracing::warn!(error = ?error, "a client's request could not be done now");
            (Code::Unavailable, "not now; try again".into())
        }
        Code::Indeterminate => {
            tracing::error!(error = ?error, "what became of a client's request is not known");
            (Code::Indeterminate, "it may or may not have been committed".into())
        }
        code => (code, error.message().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_inside_is_told() {
        for code in [Code::Internal, Code::Config, Code::Corrupt, Code::Unavailable, Code::Indeterminate] {
            let refused = Refused::plain(&Error::new(code, "/var/lib/app/data.sqlite: disk I/O error"));
            assert!(!refused.members().contains("/var"), "{}", refused.members());
        }
    }
}
