//! Counters of one router, for health pages and tests.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])+ $name:ident)*) => {
        /// What the sockets of a router have done since it was built.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[$doc])+ pub $name: u64,)*
        }

        /// The same, while it is counted.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: AtomicU64,)*
        }

        impl Counters {
            pub(crate) fn read(&self) -> Stats {
                Stats { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Sockets that are open now.
    sockets
    /// Sockets that were opened.
    opened
    /// Frames that clients sent.
    frames_in
    /// Frames that were written to sockets.
    frames_out
    /// Requests and frames that were answered with an error.
    errors
    /// Snapshots that were sent to their end.
    snapshots
    /// Listens that went on from a cursor.
    resumed
    /// Listens that had to begin anew: a cursor too old, a reader too slow, a log that began anew.
    resets
    /// Documents read because one that entered a view did not come with its change.
    fills
    /// Changes that were made into text; however many sockets send one, it is once per field view and form.
    encoded
    /// Sockets closed because they took nothing for too long.
    stalled
}

/// One more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
