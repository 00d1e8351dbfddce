//! [`Hub`]: takes each change once, orders, logs, and feeds subscribers.
//!
//! Invariants, kept under one lock that is never held across an await:
//! - a document's changes are delivered in the order of their revisions, each at most once;
//! - a patch is delivered only on top of the revision it was made on; one that comes early is held, at
//!   most 100 ms, 64 per document and 4,096 in all; then the document is read once and delivered whole;
//! - every revision that is passed over is covered by a document that is delivered, or by a reset.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::time::Duration;

use lru::LruCache;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::change::{Body, Change};
use super::cursor::Cursor;
use super::event::{Event, Interest, Signal};
use super::held::{self, Held, Watch};
use super::ledger::{AHEAD, Ledger, Missed};
use super::mailbox::Mailbox;
use super::store::{Boxed, Opened};
use super::subscription::{Marked, Subscription};
use crate::error::Error;
use crate::model::{Doc, Rev, SyncModel};

/// Of how many documents the last revision is remembered.
const REMEMBERED: usize = 65_536;

/// Reads a document for the hub; the backend does.
pub(crate) trait Reread<M: SyncModel>: Send + Sync {
    fn reread(&self, id: M::Id) -> Boxed<'_, Result<Option<Doc<M>>, Error>>;
}

/// The one place where a backend's changes come together.
pub struct Hub<M: SyncModel> {
    state: Mutex<State<M>>,
    reread: OnceLock<Weak<dyn Reread<M>>>,
    runtime: Handle,
    me: Weak<Hub<M>>,
}

struct State<M: SyncModel> {
    ledger: Ledger<M>,
    last: LruCache<M::Id, Rev>,
    held: Held<M>,
    readers: Vec<Reader<M>>,
    next_reader: u64,
    closed: bool,
    stats: HubStats,
}

struct Reader<M: SyncModel> {
    key: u64,
    interest: Interest<M>,
    mailbox: Arc<Mailbox<Marked<M>>>,
}

/// What a hub has done since it was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubStats {
    /// Changes delivered.
    pub delivered: u64,
    /// Changes that came a second time, and were ignored.
    pub duplicates: u64,
    /// Changes that waited for the one before them.
    pub held: u64,
    /// Documents read because a change was missing.
    pub repairs: u64,
    /// Times that every reader had to read anew.
    pub resets: u64,
    /// Times that one slow reader had to read anew.
    pub overflows: u64,
    /// Readers now.
    pub readers: usize,
}

impl<M: SyncModel> Hub<M> {
    pub(crate) fn new(runtime: Handle) -> Arc<Self> {
        let state = State {
            ledger: Ledger::new(),
            last: LruCache::unbounded(),
            held: Held::new(),
            readers: Vec::new(),
            next_reader: 0,
            closed: false,
            stats: HubStats::default(),
        };
        Arc::new_cyclic(|me| Hub {
            state: Mutex::new(state),
            reread: OnceLock::new(),
            runtime,
            me: me.clone(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().expect("nothing panics while it holds the hub")
    }

    pub(crate) fn reread_with(&self, reread: Weak<dyn Reread<M>>) {
        let _first = self.reread.set(reread);
    }

    /// The store was opened: its log continues from here.
    pub(crate) fn opened(&self, opened: Opened) {
        self.state().ledger.open(opened);
    }

    /// Takes a change, whoever made it; each is delivered once.
    pub(crate) fn accept(&self, change: Arc<Change<M>>) {
        let mut guard = self.state();
        let state = &mut *guard;
        match state.last.get_mut(&change.id) {
            Some(last) if change.rev <= *last => {
                state.stats.duplicates += 1;
                state.ledger.reached(change.position);
                return;
            }
            Some(last) if matches!(change.body, Body::Patch(_)) && change.prev != *last => {
                return self.hold(state, change);
            }
            Some(last) => *last = change.rev,
            None => state.remember(&change),
        }
        if state.held.is_empty() {
            let forgotten = self.deliver(state, change);
            drop(guard);
            return drop(forgotten);
        }
        let id = change.id.clone();
        let forgotten = (self.deliver(state, change), self.release(state, &id));
        drop(guard);
        drop(forgotten);
    }

    /// Delivers a change whose revision was noted.
    ///
    /// Gives back the one that the log forgets for it, to be dropped without the lock: it may be the last
    /// that has a user's own context, and dropping that may end a subscription, which takes the lock.
    #[must_use]
    fn deliver(&self, state: &mut State<M>, change: Arc<Change<M>>) -> Option<Arc<Change<M>>> {
        state.stats.delivered += 1;
        state.ledger.reached(change.position);
        let forgotten = state.ledger.record(change.clone());
        self.tell(state, Event::Change(change));
        state.give_up_if_far_ahead();
        forgotten
    }

    fn tell(&self, state: &mut State<M>, event: Event<M>) {
        let mark = state.ledger.position();
        let Some((Reader { interest, mailbox, .. }, others)) = state.readers.split_last() else { return };
        for Reader { interest, mailbox, .. } in others {
            if interest.wants(&event) && !mailbox.push((event.clone(), mark)) {
                state.stats.overflows += 1;
            }
        }
        // The last one has the event itself: most backends have one reader, and a clone is not free.
        if interest.wants(&event) && !mailbox.push((event, mark)) {
            state.stats.overflows += 1;
        }
    }

    /// Delivers what waited for the document's present revision; gives back what the log forgets for it.
    #[must_use]
    fn release(&self, state: &mut State<M>, id: &M::Id) -> Vec<Arc<Change<M>>> {
        let mut forgotten = Vec::new();
        while let Some(next) = state.held.next(id, state.last.peek(id).copied()) {
            match next {
                held::Next::Covered(position) => state.ledger.reached(position),
                held::Next::Deliver(change) => {
                    state.remember(&change);
                    forgotten.extend(self.deliver(state, change));
                }
            }
        }
        forgotten
    }

    fn hold(&self, state: &mut State<M>, change: Arc<Change<M>>) {
        let id = change.id.clone();
        state.stats.held += 1;
        let watch = state.held.hold(change, Instant::now());
        state.give_up_if_far_ahead();
        if let (Some(watch), Some(hub)) = (watch, self.me.upgrade()) {
            self.runtime.spawn(hub.watch(id, watch));
        }
    }

    /// Looks after a document of which changes wait: when one has waited too long, or too many do, the
    /// document is read and delivered whole. Ends when nothing waits any more.
    async fn watch(self: Arc<Self>, id: M::Id, watch: Watch) {
        let mut pause = Duration::from_millis(20);
        loop {
            let Some(due) = self.state().held.due(&id, &watch) else { return };
            if due > Instant::now() {
                watch.until(due).await;
                continue;
            }
            let Some(newest) = self.state().held.newest(&id) else { return };
            let Some(reread) = self.reread.get().and_then(Weak::upgrade) else { return };
            self.state().stats.repairs += 1;
            tracing::warn!(model = M::SCHEMA.model, %id, "a change is missing: the document is read again");
            match reread.reread(id.clone()).await {
                Ok(found) => self.repaired(&id, found, newest),
                Err(error) => tracing::warn!(model = M::SCHEMA.model, %id, %error, "the read failed"),
            }
            if !self.state().held.has(&id) {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    fn repaired(&self, id: &M::Id, found: Option<Doc<M>>, newest: Rev) {
        let mut guard = self.state();
        let state = &mut *guard;
        let last = state.last.peek(id).copied().unwrap_or(0);
        let rev = found.as_ref().map_or(newest, |doc| doc.rev);
        let mut forgotten = None;
        // What came by itself meanwhile needs no read.
        if rev > last
            && let Some(position) = state.held.position(id, rev)
        {
            let change = Change::repaired(id.clone(), (last, rev), position, found);
            state.remember(&change);
            forgotten = self.deliver(state, Arc::new(change));
        }
        let forgotten = (forgotten, self.release(state, id));
        drop(guard);
        drop(forgotten);
    }

    /// The log, or the store's life, began anew.
    pub(crate) fn reset(&self, opened: Opened) {
        let mut state = self.state();
        state.ledger.restart(opened);
        state.last.clear();
        state.held.clear();
        state.lose_all();
    }

    /// Tells something that is not kept.
    pub(crate) fn signal(&self, signal: Signal<M>) {
        self.tell(&mut self.state(), Event::Signal(Arc::new(signal)));
    }

    /// A reader from now on.
    pub fn subscribe(&self, interest: Interest<M>) -> Subscription<M> {
        self.subscribe_from(interest, None).0
    }

    /// A reader from now on, and what it missed since its cursor; nothing is lost or doubled in between.
    pub(crate) fn subscribe_from(
        &self,
        interest: Interest<M>,
        cursor: Option<Cursor>,
    ) -> (Subscription<M>, Missed<M>) {
        let mut state = self.state();
        let missed = cursor.map_or(Missed::Unknown, |cursor| state.ledger.missed(cursor));
        let (mailbox, mark) = (Arc::new(Mailbox::new()), state.ledger.position());
        if state.closed {
            mailbox.close();
        }
        let key = state.next_reader;
        state.next_reader += 1;
        state.readers.push(Reader { key, interest, mailbox: mailbox.clone() });
        drop(state);
        let hub = self.me.clone();
        let unsubscribe = move || {
            if let Some(hub) = hub.upgrade() {
                hub.state().readers.retain(|reader| reader.key != key);
            }
        };
        (Subscription::new(mailbox, mark, unsubscribe), missed)
    }

    /// Where the log stands: everything at or below was delivered.
    pub fn cursor(&self) -> Cursor {
        let state = self.state();
        Cursor { epoch: state.ledger.opened.log_epoch, position: state.ledger.position() }
    }

    /// The store's unbroken life of revisions.
    pub fn store_epoch(&self) -> u64 {
        self.state().ledger.opened.store_epoch
    }

    /// The last revision delivered of a document, while it is remembered.
    pub fn last_rev(&self, id: &M::Id) -> Option<Rev> {
        self.state().last.peek(id).copied()
    }

    /// What the hub has done.
    pub fn stats(&self) -> HubStats {
        let state = self.state();
        HubStats { readers: state.readers.len(), ..state.stats }
    }

    /// Ends every subscription.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.readers.iter().for_each(|reader| reader.mailbox.close());
    }
}

/// Where no handle is left, nobody shuts it down: its subscribers must not wait for good.
impl<M: SyncModel> Drop for Hub<M> {
    fn drop(&mut self) {
        if let Ok(state) = self.state.get_mut() {
            state.readers.iter().for_each(|reader| reader.mailbox.close());
        }
    }
}

impl<M: SyncModel> State<M> {
    /// Notes the revision that is delivered now.
    fn remember(&mut self, change: &Change<M>) {
        self.last.put(change.id.clone(), change.rev);
        if self.last.len() > REMEMBERED {
            self.last.pop_lru();
        }
    }

    /// Too much is delivered, or waits, above a position that does not come: every reader reads anew,
    /// which covers what is missing, and the log goes on from here.
    fn give_up_if_far_ahead(&mut self) {
        if self.ledger.early() + self.held.len() <= AHEAD {
            return;
        }
        tracing::warn!(model = M::SCHEMA.model, "a position of the log does not come: readers read anew");
        let mut highest = 0;
        for (id, rev, position) in self.held.clear() {
            self.last.put(id, rev);
            highest = highest.max(position);
        }
        self.ledger.skip(highest);
        self.lose_all();
    }

    fn lose_all(&mut self) {
        self.stats.resets += 1;
        self.readers.iter().for_each(|reader| reader.mailbox.lose());
    }
}

impl<M: SyncModel> std::fmt::Debug for Hub<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("model", &M::SCHEMA.model)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{Action, Context, Sight};
    use crate::prelude::*;

    #[derive(SyncModel, Clone, Debug)]
    #[sync(backend = "lists")]
    struct List {
        #[sync(id)]
        id: i64,
    }

    fn gone(position: u64) -> Arc<Change<List>> {
        let sight = Sight::Keys { before: None, after: None };
        let revs = (0, position);
        let change = Change::new(Action::Delete, 1, revs, position, Body::Gone, sight, Context::server());
        Arc::new(change)
    }

    /// A store feeds what another process writes as soon as it is open, and the hub may hear of that only
    /// afterwards. What came in between once held the low-water mark back for ever.
    #[tokio::test]
    async fn changes_that_come_before_the_hub_knows_where_the_log_stands_count() {
        let hub = Hub::<List>::new(Handle::current());
        hub.accept(gone(5));
        hub.accept(gone(6));
        hub.opened(Opened { store_epoch: 1, log_epoch: 1, position: 4 });
        assert_eq!(hub.cursor().position, 6);
        hub.accept(gone(7));
        assert_eq!(hub.cursor().position, 7);
    }
}
