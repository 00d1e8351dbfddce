//! [`Hub`]: takes each change once, orders, logs, and feeds subscribers.
//!
//! Invariants, kept under one lock that is never held across an await:
//! - a document's changes are delivered in the order of their revisions, each at most once;
//! - a patch is delivered only on top of the revision it was made on; one that comes early is held, at
//!   most 100 ms, 64 per document and 4,096 in all; then the document is read once and delivered whole;
//! - `log` holds what was delivered, by position; `position` is its low-water mark: everything at or below
//!   it was delivered.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::time::Duration;

use lru::LruCache;
use tokio::runtime::Handle;

use super::change::{Body, Change};
use super::cursor::Cursor;
use super::event::{Event, Interest, Signal};
use super::mailbox::Mailbox;
use super::store::{Boxed, Opened};
use super::subscription::{Marked, Subscription};
use crate::error::Error;
use crate::model::{Doc, Rev, SyncModel};

/// How long a change waits for the one before it.
const HOLD: Duration = Duration::from_millis(100);
/// How many changes of one document wait.
const HELD_PER_ID: usize = 64;
/// How many changes wait in all.
const HELD_IN_ALL: usize = 4_096;
/// Of how many documents the last revision is remembered.
const REMEMBERED: usize = 65_536;
/// How many changes the log in memory keeps.
const LOG: usize = 1_024;

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
    opened: Opened,
    position: u64,
    /// Positions delivered above the low-water mark.
    early: BTreeSet<u64>,
    log: VecDeque<Arc<Change<M>>>,
    /// The highest position that the log no longer has.
    forgotten: u64,
    last: LruCache<M::Id, Rev>,
    held: HashMap<M::Id, BTreeMap<Rev, Arc<Change<M>>>>,
    held_in_all: usize,
    readers: Vec<(u64, Interest<M>, Arc<Mailbox<Marked<M>>>)>,
    next_reader: u64,
    closed: bool,
    stats: HubStats,
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

/// What a returning reader missed.
#[derive(Debug)]
pub(crate) enum Missed<M: SyncModel> {
    /// These changes, in order.
    Changes(Vec<Arc<Change<M>>>),
    /// The changes after `after` up to `upto`: the store's log may have them.
    InStore { after: u64, upto: u64 },
    /// That cannot be told: it must read anew.
    Unknown,
}

impl<M: SyncModel> Hub<M> {
    pub(crate) fn new(runtime: Handle) -> Arc<Self> {
        let opened = Opened { store_epoch: 0, log_epoch: 0, position: 0 };
        let state = State {
            opened,
            position: 0,
            early: BTreeSet::new(),
            log: VecDeque::new(),
            forgotten: 0,
            last: LruCache::unbounded(),
            held: HashMap::new(),
            held_in_all: 0,
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
        let mut state = self.state();
        state.opened = opened;
        // Changes may have come in since the store answered.
        state.position = state.position.max(opened.position);
        state.forgotten = state.forgotten.max(opened.position);
    }

    /// Takes a change, whoever made it; each is delivered once.
    pub(crate) fn accept(&self, change: Arc<Change<M>>) {
        let mut guard = self.state();
        let state = &mut *guard;
        match state.last.get_mut(&change.id) {
            Some(last) if change.rev <= *last => {
                state.stats.duplicates += 1;
                state.reached(change.position);
                return;
            }
            Some(last) if matches!(change.body, Body::Patch(_)) && change.prev != *last => {
                return self.hold(state, change);
            }
            Some(last) => *last = change.rev,
            None => state.remember(&change),
        }
        if state.held.is_empty() {
            return self.deliver(state, change);
        }
        let id = change.id.clone();
        self.deliver(state, change);
        self.release(state, &id);
    }

    /// Delivers a change whose revision was noted.
    fn deliver(&self, state: &mut State<M>, change: Arc<Change<M>>) {
        state.stats.delivered += 1;
        state.reached(change.position);
        state.record(change.clone());
        self.tell(state, Event::Change(change));
    }

    fn tell(&self, state: &mut State<M>, event: Event<M>) {
        let Some(((_, interest, mailbox), others)) = state.readers.split_last() else { return };
        for (_, interest, mailbox) in others {
            if interest.wants(&event) && !mailbox.push((event.clone(), state.position)) {
                state.stats.overflows += 1;
            }
        }
        // The last one has the event itself: most backends have one reader, and a clone is not free.
        if interest.wants(&event) && !mailbox.push((event, state.position)) {
            state.stats.overflows += 1;
        }
    }

    /// Delivers what waited for the document's present revision.
    fn release(&self, state: &mut State<M>, id: &M::Id) {
        let Some(mut waiting) = state.held.remove(id) else { return };
        state.held_in_all -= waiting.len();
        while let Some((rev, change)) = waiting.pop_first() {
            match state.last.peek(id).copied() {
                Some(last) if rev <= last => state.reached(change.position),
                Some(last) if change.prev != last => {
                    waiting.insert(rev, change);
                    break;
                }
                _ => {
                    state.remember(&change);
                    self.deliver(state, change);
                }
            }
        }
        if !waiting.is_empty() {
            state.held_in_all += waiting.len();
            state.held.insert(id.clone(), waiting);
        }
    }

    fn hold(&self, state: &mut State<M>, change: Arc<Change<M>>) {
        state.stats.held += 1;
        let id = change.id.clone();
        let waiting = state.held.entry(id.clone()).or_default();
        let first = waiting.is_empty();
        let added = waiting.insert(change.rev, change).is_none();
        let full = waiting.len() >= HELD_PER_ID;
        state.held_in_all += usize::from(added);
        if first || full || state.held_in_all >= HELD_IN_ALL {
            let wait = if full || state.held_in_all >= HELD_IN_ALL { Duration::ZERO } else { HOLD };
            if let Some(hub) = self.me.upgrade() {
                self.runtime.spawn(async move {
                    tokio::time::sleep(wait).await;
                    hub.repair(id).await;
                });
            }
        }
    }

    /// Reads a document whose earlier change did not come, and delivers it whole.
    async fn repair(&self, id: M::Id) {
        let mut pause = Duration::from_millis(20);
        loop {
            let Some(newest) =
                self.state().held.get(&id).and_then(|w| w.last_key_value()).map(|(rev, _)| *rev)
            else {
                return;
            };
            let Some(reread) = self.reread.get().and_then(Weak::upgrade) else { return };
            self.state().stats.repairs += 1;
            tracing::warn!(model = M::SCHEMA.model, %id, "a change is missing: the document is read again");
            match reread.reread(id.clone()).await {
                Ok(found) => self.repaired(&id, found, newest),
                Err(error) => tracing::warn!(model = M::SCHEMA.model, %id, %error, "the read failed"),
            }
            if !self.state().held.contains_key(&id) {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    fn repaired(&self, id: &M::Id, found: Option<Doc<M>>, newest: Rev) {
        let mut state = self.state();
        let last = state.last.peek(id).copied().unwrap_or(0);
        let rev = found.as_ref().map_or(newest, |doc| doc.rev);
        if rev > last {
            let position = state
                .held
                .get(id)
                .and_then(|waiting| waiting.range(..=rev).map(|(_, change)| change.position).max());
            let change = Change::repaired(id.clone(), (last, rev), position.unwrap_or(0), found);
            state.remember(&change);
            self.deliver(&mut state, Arc::new(change));
        }
        self.release(&mut state, id);
    }

    /// The log, or the store's life, began anew.
    pub(crate) fn reset(&self, opened: Opened) {
        let mut state = self.state();
        state.stats.resets += 1;
        state.opened = opened;
        state.position = opened.position;
        state.forgotten = opened.position;
        state.early.clear();
        state.log.clear();
        state.last.clear();
        state.held.clear();
        state.held_in_all = 0;
        state.readers.iter().for_each(|(_, _, mailbox)| mailbox.lose());
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
        let missed = cursor.map_or(Missed::Unknown, |cursor| state.missed(cursor));
        let (mailbox, mark) = (Arc::new(Mailbox::new()), state.position);
        if state.closed {
            mailbox.close();
        }
        let key = state.next_reader;
        state.next_reader += 1;
        state.readers.push((key, interest, mailbox.clone()));
        drop(state);
        let hub = self.me.clone();
        let unsubscribe = move || {
            if let Some(hub) = hub.upgrade() {
                hub.state().readers.retain(|(reader, ..)| *reader != key);
            }
        };
        (Subscription::new(mailbox, mark, unsubscribe), missed)
    }

    /// Where the log stands: everything at or below was delivered.
    pub fn cursor(&self) -> Cursor {
        let state = self.state();
        Cursor { epoch: state.opened.log_epoch, position: state.position }
    }

    /// The store's unbroken life of revisions.
    pub fn store_epoch(&self) -> u64 {
        self.state().opened.store_epoch
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
        state.readers.iter().for_each(|(_, _, mailbox)| mailbox.close());
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

    /// Notes a position as delivered, and moves the low-water mark as far as it goes.
    fn reached(&mut self, position: u64) {
        if position <= self.position {
            return;
        }
        if position > self.position + 1 {
            self.early.insert(position);
            return;
        }
        self.position = position;
        while self.early.remove(&(self.position + 1)) {
            self.position += 1;
        }
    }

    fn record(&mut self, change: Arc<Change<M>>) {
        let at =
            self.log.iter().rposition(|earlier| earlier.position <= change.position).map_or(0, |at| at + 1);
        match at == self.log.len() {
            true => self.log.push_back(change),
            false => self.log.insert(at, change),
        }
        if self.log.len() > LOG {
            let oldest = self.log.pop_front().expect("a log that is too long is not empty");
            self.forgotten = self.forgotten.max(oldest.position);
        }
    }

    fn missed(&self, cursor: Cursor) -> Missed<M> {
        if cursor.epoch != self.opened.log_epoch || cursor.position > self.position {
            return Missed::Unknown;
        }
        if cursor.position < self.forgotten {
            return Missed::InStore { after: cursor.position, upto: self.position };
        }
        let changes = self.log.iter().filter(|change| change.position > cursor.position);
        Missed::Changes(changes.cloned().collect())
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
