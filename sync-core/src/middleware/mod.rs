//! The layers that come with the core.
//!
//! | layer | what it does |
//! |---|---|
//! | [`AssignId`] | gives new documents an id |
//! | [`Validate`] | asks the struct's `validate` inside the store's write |
//! | [`Events`] | runs handlers for committed changes, by origin and action |
//! | [`Upsert`] | an update of an unknown document creates it |
//! | [`Debug`](struct@Debug) | tells `tracing` of every request and its answer |

mod assign_id;
mod debug;
mod events;
mod upsert;
mod validate;

pub use assign_id::AssignId;
pub use debug::Debug;
pub use events::Events;
pub use upsert::Upsert;
pub use validate::Validate;
