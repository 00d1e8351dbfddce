//! What became of one request, seen from outside the future that made it.
//!
//! Invariants: `underway` counts the writes that reached a store and were not given up by it, for a layer
//! may try twice; `committed` is the newest commit, and never goes back to none. An outcome is what is
//! committed once nothing is under way: the hub has it then. Whoever holds the slot learns it even where the
//! caller's future was dropped or a layer answered with an error.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

use super::change::Change;
use crate::error::Error;
use crate::model::SyncModel;

/// The outcome of one request.
pub(crate) struct CommitSlot<M: SyncModel> {
    state: Mutex<State<M>>,
    settled: Notify,
}

struct State<M: SyncModel> {
    underway: usize,
    committed: Option<Arc<Change<M>>>,
}

impl<M: SyncModel> Default for CommitSlot<M> {
    fn default() -> Self {
        CommitSlot { state: Mutex::new(State { underway: 0, committed: None }), settled: Notify::new() }
    }
}

impl<M: SyncModel> CommitSlot<M> {
    fn state(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().expect("nothing panics while it holds a commit slot")
    }

    /// The error of a request, carrying the commit where one happened all the same.
    pub(crate) fn carried_by(&self, error: Error) -> Error {
        match self.committed() {
            Some(change) => error.carrying(change),
            None => error,
        }
    }

    /// The commit, where one happened so far.
    pub(crate) fn committed(&self) -> Option<Arc<Change<M>>> {
        self.state().committed.clone()
    }

    /// The commit, where one happened, waiting while the store is at it; and a slot for the next request,
    /// which is this one again where no one else holds it any more.
    pub(crate) async fn take_outcome(this: &mut Arc<Self>) -> Option<Arc<Change<M>>> {
        if let Some(slot) = Arc::get_mut(this) {
            let state = slot.state.get_mut().expect("nothing panics while it holds a commit slot");
            return state.committed.take();
        }
        let outcome = this.outcome().await;
        *this = Arc::default();
        outcome
    }

    /// The commit, where one happened; `Err` while the store is at it.
    fn now(&self) -> Result<Option<Arc<Change<M>>>, ()> {
        let state = self.state();
        if state.underway == 0 { Ok(state.committed.clone()) } else { Err(()) }
    }

    /// The commit, where one happened; waits while the store is at it.
    pub(crate) async fn outcome(&self) -> Option<Arc<Change<M>>> {
        loop {
            if let Ok(outcome) = self.now() {
                return outcome;
            }
            let settled = self.settled.notified();
            if let Ok(outcome) = self.now() {
                return outcome;
            }
            settled.await;
        }
    }
}

impl<M: SyncModel> fmt::Debug for CommitSlot<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.write_str(match (state.underway, &state.committed) {
            (0, None) => "Idle",
            (0, Some(_)) => "Committed",
            _ => "Underway",
        })
    }
}

/// A write's own end of its slot: held by the store while it is at it, and settled when it is dropped.
#[derive(Debug)]
pub(crate) struct Ticket<M: SyncModel> {
    /// `None` for a write whose answer cannot get lost: it is committed on the spot, under no layer.
    slot: Option<Arc<CommitSlot<M>>>,
    /// Whether this ticket counts as under way; a commit without an await point never does.
    began: bool,
}

impl<M: SyncModel> Ticket<M> {
    pub(crate) fn new(slot: Arc<CommitSlot<M>>) -> Self {
        Ticket { slot: Some(slot), began: false }
    }

    /// The ticket of a write that only its answer speaks of.
    pub(crate) fn none() -> Self {
        Ticket { slot: None, began: false }
    }

    /// From here on the outcome is the store's, and may come after the caller went away.
    pub(crate) fn begin(&mut self) {
        let Some(slot) = &self.slot else { return };
        slot.state().underway += usize::from(!self.began);
        self.began = true;
    }

    pub(crate) fn settle(&self, change: &Arc<Change<M>>) {
        if let Some(slot) = &self.slot {
            slot.state().committed = Some(change.clone());
        }
    }
}

impl<M: SyncModel> Drop for Ticket<M> {
    fn drop(&mut self) {
        let Some(slot) = self.slot.as_ref().filter(|_| self.began) else { return };
        slot.state().underway -= 1;
        slot.settled.notify_waiters();
    }
}

impl Error {
    /// The commit that happened although the call failed, where one did.
    ///
    /// A layer may err, or panic, after the store committed. The error then carries the change, and a
    /// [`Model`](super::Model) has taken it as its base.
    pub fn committed<M: SyncModel>(&self) -> Option<Arc<Change<M>>> {
        self.carried()
    }
}
