//! Rust structs kept in sync: between handles in one process, between server processes, and with browsers.

// Codecs and parsers serve stores and sockets; without one of them some have nothing to do.
#![cfg_attr(not(all(feature = "sqlite", feature = "ws")), allow(dead_code, unused_imports))]

pub mod backend;
// The derive's output says `::sync_core`, also in this crate's own tests.
#[cfg(test)]
extern crate self as sync_core;

mod error;
pub mod live;
pub mod middleware;
pub mod model;
pub mod prelude;
pub mod query;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod verbs;
#[cfg(feature = "ws")]
pub mod ws;

/// What the derive's output names. Not for people: it changes without notice.
#[doc(hidden)]
pub mod __private;

pub use error::{Code, Error};
pub use model::{Field, FieldSet, Invalid, ModelPatch, SyncModel, SyncValue};
pub use query::{Filter, Query};
pub use sync_derive::{SyncModel, SyncValue};
pub use verbs::Verbs;

/// The example in the README compiles.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../../README.md")]
struct Readme;
