//! Sockets: an axum router with one WebSocket endpoint and the JavaScript client, for the backends that are
//! exposed with a [`Policy`].
//!
//! ```text
//!   socket.rs      bytes, futures, clocks       decides nothing
//!   session.rs     frames and changes in, frames and effects out       waits for nothing
//!   grant.rs       ids, documents, filters of one backend, under its policy       the only typed part
//! ```
//!
//! The wire is described in `PROTOCOL.md`. Two bounds hold whatever a client does: it is read only while
//! its requests are answered and its frames are taken, and changes that its socket does not take wait in the
//! hub's queue, which ends in a reset.

mod assets;
mod cursor;
mod describe;
mod fact;
mod frames;
mod grant;
mod hello;
mod job;
mod lanes;
mod limits;
mod listen;
mod numbers;
mod origin;
mod outbox;
mod own;
mod place;
mod policy;
mod refused;
mod response;
mod router;
mod serve;
mod session;
mod socket;
mod stats;
mod welcome;

#[cfg(test)]
mod tests;

pub use hello::Hello;
pub use limits::Limits;
pub use policy::{IntoRule, Policy};
pub use router::{RouterBuilder, Sockets, router};
pub use serve::serve;
pub use stats::Stats;
