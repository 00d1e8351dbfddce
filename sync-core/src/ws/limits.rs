//! [`Limits`]: what one session may ask of the server.

use std::time::Duration;

/// What one session may ask of the server. Clients are told the first three.
///
/// ```
/// use sync_core::ws::Limits;
/// let strict = Limits { snapshot: 1_000, listens: 100, ..Limits::default() };
/// assert_eq!(strict.page, 500);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest frame that a client may send, in bytes. (1 MiB)
    pub frame: usize,
    /// The most documents of one listen; beyond, the client is asked for a filter. (10,000)
    pub snapshot: usize,
    /// The most documents of one `find`, or of one frame of a snapshot. (500)
    pub page: usize,
    /// The most listens of a session. (100)
    pub listens: usize,
    /// The most requests of a session that are under way; then its socket is not read until one is
    /// answered. (100)
    pub requests: usize,
    /// How many bytes wait for a socket before its changes wait in the hub's bounded queue instead.
    /// (256 KiB)
    pub outbox: usize,
    /// How long a client may take to say hello, and how long a socket may take no byte of what waits for
    /// it. (30 s)
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            frame: 1 << 20,
            snapshot: 10_000,
            page: 500,
            listens: 100,
            requests: 100,
            outbox: 256 << 10,
            patience: Duration::from_secs(30),
        }
    }
}
