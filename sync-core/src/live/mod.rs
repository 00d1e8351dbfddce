//! Live views: a query's answer that stays current.

mod collection;
mod follow;
mod view;

pub use collection::{Collection, Live, ViewEvents};
pub use follow::ViewStats;
pub use view::ViewEvent;
