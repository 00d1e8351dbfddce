//! What a program that uses models wants at hand: `use sync_core::prelude::*`.

pub use crate::backend::{Action, Backend, Event, Model, Origin, Registry};
pub use crate::error::Error;
pub use crate::middleware::{AssignId, Validate};
pub use crate::model::{Invalid, ModelPatch, SyncModel, SyncValue};
pub use crate::query::Filter;
pub use crate::store::MemoryStore;
#[cfg(feature = "sqlite")]
pub use crate::store::{Sqlite, SqliteStore};
pub use crate::verbs::Verbs;
pub use sync_derive::{SyncModel, SyncValue};
pub use uuid::Uuid;
