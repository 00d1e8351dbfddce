//! Backends: requests and their chain, changes and their hub, handles, and the registry.
//!
//! One road in, [`Request`]; one road out, [`Change`] through the [`Hub`].

mod builder;
mod change;
mod commit;
mod context;
mod cursor;
#[cfg(feature = "ws")]
mod encoded;
mod event;
mod find;
mod handle;
mod held;
mod hub;
#[cfg(test)]
mod hub_tests;
mod instance;
mod json;
mod ledger;
mod mailbox;
mod middleware;
mod registry;
mod request;
mod shared;
mod store;
mod subscription;
mod write;

pub use builder::BackendBuilder;
pub use change::{Action, Body, Change, Sight};
pub use context::{Author, Context, Origin};
pub use cursor::Cursor;
pub use event::{Event, Interest, Signal};
pub use find::{Find, Page};
pub use handle::Backend;
pub use hub::{Hub, HubStats};
pub use instance::Model;
pub(crate) use mailbox::Mailbox;
pub use middleware::{Middleware, Next};
pub use registry::{BackendHealth, Health, Registry, RegistryBuilder};
pub use request::{Checks, Found, Op, OwnDoc, Parts, Reply, Request};
#[cfg(any(test, feature = "testing"))]
pub(crate) use store::DynStore;
pub use store::{Feed, Opened, Store, Stretch};
pub use subscription::Subscription;
pub(crate) use write::not_found;
pub use write::{Intent, Plan, Write};
