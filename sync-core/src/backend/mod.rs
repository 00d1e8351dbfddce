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
mod hub;
mod instance;
mod mailbox;
mod middleware;
mod registry;
mod request;
mod shared;
mod store;
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
pub use mailbox::Subscription;
pub use middleware::{Middleware, Next};
pub use registry::{BackendHealth, Health, Registry, RegistryBuilder};
pub use request::{Checks, Found, Op, OwnDoc, Reply, Request};
pub use store::{Feed, Opened, Store};
pub use write::{Intent, Plan, Write};
