//! [`Store`]: the end of a chain, and what it owes to everyone above it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::change::Change;
use super::hub::Hub;
use super::request::Found;
use super::write::Write;
use crate::error::Error;
use crate::model::{Doc, SyncModel};
use crate::query::Query;

/// Keeps the documents of one backend, commits writes one after the other per document, and tells the hub.
///
/// What every implementation owes (the conformance suite in `sync_core::testing` checks each):
///
/// 1. **Atomic.** A write reads the document, calls [`Write::plan`] with it, and stores what the plan says,
///    with no other write of that document in between. What `plan` refuses leaves no trace.
/// 2. **Revisions.** Each commit draws a revision above every earlier one of that id, also across delete,
///    re-create and restart, and below 2^53; `prev` is the revision just before.
/// 3. **The feed.** Each commit is given to the [`Feed`] exactly once, in commit order, before the answer;
///    nothing is given that was not committed (durably, where the store is durable). A commit whose caller
///    went away is given too.
/// 4. **Facts are whole.** `body`, `keys` before and after, and the context are those of the commit.
/// 5. **Unknown fields** of a stored document survive every patch.
/// 6. **Reads** see every write that was answered before they began. `find` agrees with
///    [`Query`] evaluated in memory, value by value and in order, and names the position it includes.
/// 7. **Log.** `changes_after` gives every change after a position, in order, or `None` where some are
///    forgotten; never a gap. The log epoch changes when positions no longer continue.
/// 8. **Unique** fields: a second document with the same value (null excepted) is refused with `duplicate`,
///    naming the field.
/// 9. **Cancellation.** Dropping a future of `commit` neither undoes nor hides a commit. A store that can
///    be interrupted half-way says so by `runs_detached` (the default), and the backend runs it in a task
///    of its own.
pub trait Store<M: SyncModel>: Send + Sync + 'static {
    /// Called once, when the registry is built: prepares the tables and takes the feed.
    fn open(&self, feed: Feed<M>) -> impl Future<Output = Result<Opened, Error>> + Send;

    /// Commits each write or refuses it; one answer per write, in order. One refusal touches no other write.
    fn commit(&self, batch: Vec<Write<M>>)
    -> impl Future<Output = Vec<Result<Arc<Change<M>>, Error>>> + Send;

    /// Commits one write at once, where the store can do so without an await point; gives it back where it
    /// cannot. In-process stores spare themselves a boxed future by it.
    ///
    /// An error says that nothing was committed: where no layer is in between, nothing but the answer tells
    /// the writer of its commit.
    #[allow(clippy::result_large_err)] // the write goes on to `commit` right away
    fn commit_now(&self, write: Write<M>) -> Result<Result<Arc<Change<M>>, Error>, Write<M>> {
        Err(write)
    }

    /// One document.
    fn get(&self, id: &M::Id) -> impl Future<Output = Result<Option<Doc<M>>, Error>> + Send;

    /// The documents that a query gives.
    fn find(&self, query: &Query<M>) -> impl Future<Output = Result<Found<M>, Error>> + Send;

    /// The changes after this position, oldest first, at most `limit`; `None` where the log does not reach
    /// back that far.
    fn changes_after(
        &self,
        position: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Stretch<M>, Error>> + Send {
        let _ = (position, limit);
        async { Ok(None) }
    }

    /// Whether the backend must run `commit` in a task of its own, because dropping its future could leave
    /// a commit without its feed.
    fn runs_detached(&self) -> bool {
        true
    }

    /// Ends what the store started; commits that were answered stay.
    fn close(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// A stretch of a log, in order; `None` where the log does not reach back that far.
pub type Stretch<M> = Option<Vec<Arc<Change<M>>>>;

/// What a store found when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Names an unbroken life of revisions; a restored backup begins another.
    pub store_epoch: u64,
    /// Names an unbroken life of log positions.
    pub log_epoch: u64,
    /// The last position of the log.
    pub position: u64,
}

/// A store's way to its hub.
pub struct Feed<M: SyncModel>(pub(crate) Arc<Hub<M>>);

impl<M: SyncModel> Feed<M> {
    /// A write of this process was committed.
    pub fn committed(&self, write: &Write<M>, change: &Arc<Change<M>>) {
        write.ticket.settle(change);
        self.0.accept(change.clone());
    }

    /// A fact from elsewhere: another program wrote to the store.
    pub fn fact(&self, change: Arc<Change<M>>) {
        self.0.accept(change);
    }

    /// The log, or the store's whole life, began anew: every reader reads again.
    pub fn reset(&self, opened: Opened) {
        self.0.reset(opened);
    }
}

impl<M: SyncModel> Clone for Feed<M> {
    fn clone(&self) -> Self {
        Feed(self.0.clone())
    }
}

impl<M: SyncModel> std::fmt::Debug for Feed<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Feed")
    }
}

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// [`Store`] as an object.
pub(crate) trait DynStore<M: SyncModel>: Send + Sync {
    fn open(&self, feed: Feed<M>) -> Boxed<'_, Result<Opened, Error>>;
    fn commit(&self, batch: Vec<Write<M>>) -> Boxed<'_, Vec<Result<Arc<Change<M>>, Error>>>;
    #[allow(clippy::result_large_err)]
    fn commit_now(&self, write: Write<M>) -> Result<Result<Arc<Change<M>>, Error>, Write<M>>;
    fn get<'a>(&'a self, id: &'a M::Id) -> Boxed<'a, Result<Option<Doc<M>>, Error>>;
    fn find<'a>(&'a self, query: &'a Query<M>) -> Boxed<'a, Result<Found<M>, Error>>;
    fn changes_after(&self, position: u64, limit: usize) -> Boxed<'_, Result<Stretch<M>, Error>>;
    fn runs_detached(&self) -> bool;
    fn close(&self) -> Boxed<'_, ()>;
}

impl<M: SyncModel, S: Store<M>> DynStore<M> for S {
    fn open(&self, feed: Feed<M>) -> Boxed<'_, Result<Opened, Error>> {
        Box::pin(Store::open(self, feed))
    }
    fn commit(&self, batch: Vec<Write<M>>) -> Boxed<'_, Vec<Result<Arc<Change<M>>, Error>>> {
        Box::pin(Store::commit(self, batch))
    }
    fn commit_now(&self, write: Write<M>) -> Result<Result<Arc<Change<M>>, Error>, Write<M>> {
        Store::commit_now(self, write)
    }
    fn get<'a>(&'a self, id: &'a M::Id) -> Boxed<'a, Result<Option<Doc<M>>, Error>> {
        Box::pin(Store::get(self, id))
    }
    fn find<'a>(&'a self, query: &'a Query<M>) -> Boxed<'a, Result<Found<M>, Error>> {
        Box::pin(Store::find(self, query))
    }
    fn changes_after(&self, position: u64, limit: usize) -> Boxed<'_, Result<Stretch<M>, Error>> {
        Box::pin(Store::changes_after(self, position, limit))
    }
    fn runs_detached(&self) -> bool {
        Store::runs_detached(self)
    }
    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(Store::close(self))
    }
}
