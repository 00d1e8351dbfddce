//! [`Held`]: changes that came before the one they follow.
//!
//! Pure: the hub keeps the time and reads documents. Invariants: at most [`PER_ID`] changes of one document
//! and [`IN_ALL`] together are kept; of those beyond, only revision and position are, for they are covered
//! by the document that is read in their place.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::change::Change;
use crate::model::{Rev, SyncModel};

/// How long a change waits for the one before it.
pub(crate) const HOLD: Duration = Duration::from_millis(100);
/// How many changes of one document wait.
pub(crate) const PER_ID: usize = 64;
/// How many changes wait in all.
pub(crate) const IN_ALL: usize = 4_096;

pub(crate) struct Held<M: SyncModel> {
    ids: HashMap<M::Id, Waiting<M>>,
    /// Changes that are kept.
    kept: usize,
    /// Changes that are kept, and those beyond the bounds.
    all: usize,
}

/// What waits of one document.
struct Waiting<M: SyncModel> {
    changes: BTreeMap<Rev, (Arc<Change<M>>, Instant)>,
    /// Revisions and positions beyond the bounds.
    beyond: BTreeMap<Rev, u64>,
    watch: Watch,
}

/// Wakes the task that looks after one document's waiting changes, and tells it from a later one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<Notify>);

impl Watch {
    /// Waits for a word, or until then.
    pub(crate) async fn until(&self, due: Instant) {
        let _late = tokio::time::timeout_at(due, self.0.notified()).await;
    }
}

impl<M: SyncModel> Held<M> {
    pub(crate) fn new() -> Self {
        Held { ids: HashMap::new(), kept: 0, all: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// How many changes wait, or are to be covered by a read.
    pub(crate) fn len(&self) -> usize {
        self.all
    }

    pub(crate) fn has(&self, id: &M::Id) -> bool {
        self.ids.contains_key(id)
    }

    /// Takes a change that waits; gives the watch of a document of which nothing waited before.
    pub(crate) fn hold(&mut self, change: Arc<Change<M>>, now: Instant) -> Option<Watch> {
        let is_new = !self.ids.contains_key(&change.id);
        let waiting = self.ids.entry(change.id.clone()).or_insert_with(|| Waiting {
            changes: BTreeMap::new(),
            beyond: BTreeMap::new(),
            watch: Watch::default(),
        });
        if waiting.changes.contains_key(&change.rev) || waiting.beyond.contains_key(&change.rev) {
            return None;
        }
        self.all += 1;
        if waiting.changes.len() < PER_ID && self.kept < IN_ALL {
            self.kept += 1;
            waiting.changes.insert(change.rev, (change, now));
        } else {
            waiting.beyond.insert(change.rev, change.position);
            waiting.watch.0.notify_one();
        }
        is_new.then(|| waiting.watch.clone())
    }

    /// When the document is to be read; `None` where the watch has nothing to look after any more.
    pub(crate) fn due(&self, id: &M::Id, watch: &Watch) -> Option<Instant> {
        let waiting = self.ids.get(id).filter(|waiting| Arc::ptr_eq(&waiting.watch.0, &watch.0))?;
        let first = waiting.changes.values().map(|(_, came)| *came + HOLD).min();
        first.filter(|_| waiting.beyond.is_empty()).or_else(|| Some(Instant::now()))
    }

    /// The highest revision that waits.
    pub(crate) fn newest(&self, id: &M::Id) -> Option<Rev> {
        let waiting = self.ids.get(id)?;
        let kept = waiting.changes.last_key_value().map(|(rev, _)| *rev);
        kept.max(waiting.beyond.last_key_value().map(|(rev, _)| *rev))
    }

    /// The highest position of what waits at this revision or below.
    pub(crate) fn position(&self, id: &M::Id, upto: Rev) -> Option<u64> {
        let waiting = self.ids.get(id)?;
        let kept = waiting.changes.range(..=upto).map(|(_, (change, _))| change.position);
        kept.chain(waiting.beyond.range(..=upto).map(|(_, position)| *position)).max()
    }

    /// The next change that is on top of this revision, or a position that it covers.
    pub(crate) fn next(&mut self, id: &M::Id, last: Option<Rev>) -> Option<Next<M>> {
        let waiting = self.ids.get_mut(id)?;
        let next = waiting.next(last)?;
        self.all -= 1;
        self.kept -= usize::from(next.kept);
        if waiting.changes.is_empty() && waiting.beyond.is_empty() {
            waiting.watch.0.notify_one();
            self.ids.remove(id);
        }
        Some(next.what)
    }

    /// Empties it; gives the documents with their highest revisions and all positions.
    pub(crate) fn clear(&mut self) -> Vec<(M::Id, Rev, u64)> {
        (self.kept, self.all) = (0, 0);
        let newest = |(id, waiting): (M::Id, Waiting<M>)| {
            waiting.watch.0.notify_one();
            let kept = waiting.changes.iter().map(|(rev, (change, _))| (*rev, change.position));
            let all = kept.chain(waiting.beyond.iter().map(|(rev, position)| (*rev, *position)));
            let (rev, position) = all.fold((0, 0), |a, b| (a.0.max(b.0), a.1.max(b.1)));
            (id, rev, position)
        };
        self.ids.drain().map(newest).collect()
    }
}

/// What became of a waiting change.
pub(crate) enum Next<M: SyncModel> {
    /// It follows what was delivered.
    Deliver(Arc<Change<M>>),
    /// What was delivered includes it.
    Covered(u64),
}

struct Taken<M: SyncModel> {
    what: Next<M>,
    kept: bool,
}

impl<M: SyncModel> Waiting<M> {
    fn next(&mut self, last: Option<Rev>) -> Option<Taken<M>> {
        if let Some(beyond) = self.beyond.first_entry()
            && last.is_some_and(|last| *beyond.key() <= last)
        {
            return Some(Taken { what: Next::Covered(beyond.remove()), kept: false });
        }
        let first = self.changes.first_entry()?;
        let what = match last {
            Some(last) if *first.key() <= last => Next::Covered(first.remove().0.position),
            Some(last) if first.get().0.prev != last => return None,
            _ => Next::Deliver(first.remove().0),
        };
        Some(Taken { what, kept: true })
    }
}
