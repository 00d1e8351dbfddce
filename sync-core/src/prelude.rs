//! What a program that uses models wants at hand: `use sync_core::prelude::*`.

pub use crate::backend::{Action, Backend, Change, Event, Model, Origin, Registry, Subscription};
pub use crate::error::{Code, Error};
pub use crate::live::{Collection, Live};
pub use crate::middleware::{AssignId, Events, Upsert, Validate};
pub use crate::model::{Field, FieldSet, Invalid, ModelPatch, SyncModel, SyncValue};
pub use crate::query::Filter;
pub use crate::store::MemoryStore;
#[cfg(feature = "sqlite")]
pub use crate::store::{Sqlite, SqliteStore};
pub use crate::verbs::Verbs;
pub use sync_derive::{SyncModel, SyncValue};
pub use uuid::Uuid;
