//! The one error type: opaque, without generics, with stable codes that also go over the wire.
//!
//! Invariant: a message names the model, and the field and the id where there is one, in lower case; the
//! code is enough to act on, the message is for people.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// What kind of error it is; [`Code::as_str`] is the stable spelling that clients see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// No such document, or none that the asker may see.
    NotFound,
    /// A document of that id exists already.
    Exists,
    /// The document is not at the revision that was asked for.
    Conflict,
    /// The model's own validation refused the document.
    Invalid,
    /// A value has the wrong type, is out of range, or is not in the value domain.
    InvalidValue,
    /// The model has no such field (or none that the asker may name).
    UnknownField,
    /// The field cannot be written by a client.
    Readonly,
    /// Clients may not filter or sort by this field.
    NotFacet,
    /// No such backend, or none that is exposed.
    UnknownBackend,
    /// The policy does not allow this.
    Denied,
    /// Another document has this value in a `unique` field.
    Duplicate,
    /// The store cannot be reached now; nothing was done.
    Unavailable,
    /// Whether the write was done is not known.
    Indeterminate,
    /// A frame or a document is larger than allowed.
    TooLarge,
    /// The answer would have more documents than allowed; a filter makes it smaller.
    TooMany,
    /// A frame that is not JSON, has no known op, or lacks a member.
    BadFrame,
    /// A frame that is not allowed in this state of the session.
    Protocol,
    /// The registry, backend or model was set up or used wrongly by this program.
    Config,
    /// A stored document does not decode.
    Corrupt,
    /// A layer or a store failed in a way that is no one's input.
    Internal,
}

impl Code {
    /// The stable spelling, as it goes over the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::NotFound => "not_found",
            Code::Exists => "exists",
            Code::Conflict => "conflict",
            Code::Invalid => "invalid",
            Code::InvalidValue => "invalid_value",
            Code::UnknownField => "unknown_field",
            Code::Readonly => "readonly",
            Code::NotFacet => "not_facet",
            Code::UnknownBackend => "unknown_backend",
            Code::Denied => "denied",
            Code::Duplicate => "duplicate",
            Code::Unavailable => "unavailable",
            Code::Indeterminate => "indeterminate",
            Code::TooLarge => "too_large",
            Code::TooMany => "too_many",
            Code::BadFrame => "bad_frame",
            Code::Protocol => "protocol",
            Code::Config => "config",
            Code::Corrupt => "corrupt",
            Code::Internal => "internal",
        }
    }
}

/// Anything that went wrong: cheap to clone, opaque, with a stable [`code`](Error::code).
///
/// ```
/// use sync_core::{Code, Error};
/// let error = Error::new(Code::Invalid, "lists: name must not be empty").at_field("name");
/// assert!(error.is_invalid());
/// assert_eq!(error.code().as_str(), "invalid");
/// assert_eq!(error.fields(), ["name"]);
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    code: Code,
    message: String,
    fields: Vec<String>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    /// The commit that happened although the call failed, or the current document of a conflict: typed
    /// by the model, so that `Error` itself stays free of type parameters.
    carried: Option<Arc<dyn Any + Send + Sync>>,
}

impl Error {
    /// An error of this code; the message should name the model, the field and the id.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error(Arc::new(Inner {
            code,
            message: message.into(),
            fields: Vec::new(),
            source: None,
            carried: None,
        }))
    }

    /// What the asker may not do.
    pub fn denied(message: impl Into<String>) -> Self {
        Error::new(Code::Denied, message)
    }

    /// The same error, naming one more field.
    pub fn at_field(mut self, field: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).fields.push(field.into());
        self
    }

    /// The same error, with what caused it.
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.0).source = Some(Arc::new(source));
        self
    }

    pub(crate) fn carrying(mut self, value: Arc<dyn Any + Send + Sync>) -> Self {
        Arc::make_mut(&mut self.0).carried = Some(value);
        self
    }

    pub(crate) fn carried<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.0.carried.clone()?.downcast().ok()
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The text for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The fields at fault, by wire name.
    pub fn fields(&self) -> &[String] {
        &self.0.fields
    }

    /// No such document, or none that the asker may see.
    pub fn is_not_found(&self) -> bool {
        self.code() == Code::NotFound
    }

    /// The document was not at the revision asked for; nothing was written.
    pub fn is_conflict(&self) -> bool {
        self.code() == Code::Conflict
    }

    /// Refused by the model's validation, or a value outside the value domain.
    pub fn is_invalid(&self) -> bool {
        matches!(self.code(), Code::Invalid | Code::InvalidValue)
    }

    /// The policy does not allow this.
    pub fn is_denied(&self) -> bool {
        self.code() == Code::Denied
    }

    /// The store cannot be reached now; nothing was written.
    pub fn is_unavailable(&self) -> bool {
        self.code() == Code::Unavailable
    }

    /// Whether the write was done is not known.
    pub fn is_indeterminate(&self) -> bool {
        self.code() == Code::Indeterminate
    }

    /// A document with this id, or with this value in a `unique` field, exists already.
    pub fn is_duplicate(&self) -> bool {
        matches!(self.code(), Code::Duplicate | Code::Exists)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("code", &self.0.code.as_str()).field("message", &self.0.message);
        if !self.0.fields.is_empty() {
            out.field("fields", &self.0.fields);
        }
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// What a caught panic said; empty where it was not text.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default()
}
