//! What a program that uses models wants at hand: `use sync_core::prelude::*`.

pub use crate::error::Error;
pub use crate::model::{Invalid, ModelPatch, SyncModel, SyncValue};
pub use sync_derive::{SyncModel, SyncValue};
pub use uuid::Uuid;
