//! [`Ledger`]: which positions of the log were delivered, and the newest of their changes.
//!
//! Pure. Invariants: everything at or below `position` was delivered; `early` has what was delivered above
//! it; `log` has every delivered change above `forgotten`, in the order of positions.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::change::Change;
use super::cursor::Cursor;
use super::store::Opened;
use crate::model::SyncModel;

/// How many changes the log in memory keeps.
pub(crate) const LOG: usize = 1_024;
/// How many changes may be ahead of one that does not come; then every reader reads anew.
pub(crate) const AHEAD: usize = 65_536;

pub(crate) struct Ledger<M: SyncModel> {
    pub(crate) opened: Opened,
    position: u64,
    early: BTreeSet<u64>,
    log: VecDeque<Arc<Change<M>>>,
    /// The highest position that the log no longer has.
    forgotten: u64,
}

/// What a returning reader missed.
#[derive(Debug)]
pub(crate) enum Missed<M: SyncModel> {
    /// These changes, in order.
    Changes(Vec<Arc<Change<M>>>),
    /// The changes after `after` up to `upto`, which the store's log may have, and these.
    InStore { after: u64, upto: u64, early: Vec<Arc<Change<M>>> },
    /// That cannot be told: it must read anew.
    Unknown,
}

impl<M: SyncModel> Ledger<M> {
    pub(crate) fn new() -> Self {
        let opened = Opened { store_epoch: 0, log_epoch: 0, position: 0 };
        Ledger { opened, position: 0, early: BTreeSet::new(), log: VecDeque::new(), forgotten: 0 }
    }

    /// The low-water mark: everything at or below was delivered.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// How many positions are delivered above the low-water mark.
    pub(crate) fn early(&self) -> usize {
        self.early.len()
    }

    /// The store's log continues from here; changes may have come in since the store said so.
    pub(crate) fn open(&mut self, opened: Opened) {
        self.opened = opened;
        self.forgotten = self.forgotten.max(opened.position);
        self.raise(opened.position);
    }

    /// Everything at or below counts as delivered.
    fn raise(&mut self, position: u64) {
        self.position = self.position.max(position);
        self.early = self.early.split_off(&(self.position + 1));
        while self.early.remove(&(self.position + 1)) {
            self.position += 1;
        }
    }

    /// Notes a position as delivered, and moves the low-water mark as far as it goes.
    pub(crate) fn reached(&mut self, position: u64) {
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

    /// Keeps a change that is delivered; gives back the one that no longer fits.
    pub(crate) fn record(&mut self, change: Arc<Change<M>>) -> Option<Arc<Change<M>>> {
        let at =
            self.log.iter().rposition(|earlier| earlier.position <= change.position).map_or(0, |at| at + 1);
        match at == self.log.len() {
            true => self.log.push_back(change),
            false => self.log.insert(at, change),
        }
        let oldest = if self.log.len() > LOG { self.log.pop_front() } else { None }?;
        self.forgotten = self.forgotten.max(oldest.position);
        Some(oldest)
    }

    /// Begins anew at this position.
    pub(crate) fn restart(&mut self, opened: Opened) {
        self.opened = opened;
        self.position = opened.position;
        self.forgotten = opened.position;
        self.early.clear();
        self.log.clear();
    }

    /// Gives up on what did not come: what follows is delivered, as is everything up to `at_least`.
    pub(crate) fn skip(&mut self, at_least: u64) {
        let last = self.early.last().copied().unwrap_or(0).max(at_least);
        self.raise(last);
        self.forgotten = self.position;
    }

    pub(crate) fn missed(&self, cursor: Cursor) -> Missed<M> {
        if cursor.epoch != self.opened.log_epoch || cursor.position > self.position {
            return Missed::Unknown;
        }
        let after = |position: u64| {
            self.log.iter().filter(move |change| change.position > position).cloned().collect()
        };
        if cursor.position >= self.forgotten {
            return Missed::Changes(after(cursor.position));
        }
        // What was delivered early is in no one's log up to the mark, and will not be delivered again.
        if self.forgotten > self.position {
            return Missed::Unknown;
        }
        Missed::InStore { after: cursor.position, upto: self.position, early: after(self.position) }
    }
}
