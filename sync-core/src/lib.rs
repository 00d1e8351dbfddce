//! Rust structs kept in sync: between handles in one process, between server processes, and with browsers.

mod error;
pub mod model;
pub mod prelude;

/// What the derive's output names. Not for people: it changes without notice.
#[doc(hidden)]
pub mod __private;

pub use error::{Code, Error};
pub use model::{Field, FieldSet, Invalid, ModelPatch, SyncModel, SyncValue};
