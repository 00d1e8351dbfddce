//! The layers that come with the core.

mod assign_id;

pub use assign_id::AssignId;
