//! What subscribers get, and what they ask for.

use std::fmt;
use std::sync::Arc;

use super::change::{Action, Change};
use super::context::{Context, Origin};
use crate::model::{FieldSet, SyncModel};

/// What a subscriber gets.
pub enum Event<M: SyncModel> {
    /// A committed fact.
    Change(Arc<Change<M>>),
    /// Something that is told and not kept: of a backend without a store, or emitted by hand.
    Signal(Arc<Signal<M>>),
    /// Events were lost to this reader: read what you keep anew, then go on.
    Reset,
}

/// A fact without a revision; it cannot be read again.
pub struct Signal<M: SyncModel> {
    /// What it is about.
    pub action: Action,
    /// Which document, where it names one.
    pub id: Option<M::Id>,
    /// What it says.
    pub patch: Option<Arc<M::Patch>>,
    /// Who told it.
    pub context: Context,
}

impl<M: SyncModel> Event<M> {
    /// The committed fact, where it is one.
    pub fn change(&self) -> Option<&Arc<Change<M>>> {
        match self {
            Event::Change(change) => Some(change),
            _ => None,
        }
    }

    /// Whether events were lost to this reader.
    pub fn is_reset(&self) -> bool {
        matches!(self, Event::Reset)
    }

    /// Where it came from.
    pub fn origin(&self) -> Option<Origin> {
        match self {
            Event::Change(change) => Some(change.origin()),
            Event::Signal(signal) => Some(signal.context.origin()),
            Event::Reset => None,
        }
    }
}

impl<M: SyncModel> Clone for Event<M> {
    fn clone(&self) -> Self {
        match self {
            Event::Change(change) => Event::Change(change.clone()),
            Event::Signal(signal) => Event::Signal(signal.clone()),
            Event::Reset => Event::Reset,
        }
    }
}

impl<M: SyncModel> fmt::Debug for Event<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Change(change) => change.fmt(f),
            Event::Signal(signal) => signal.fmt(f),
            Event::Reset => f.write_str("Reset"),
        }
    }
}

impl<M: SyncModel> fmt::Debug for Signal<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal")
            .field("action", &self.action)
            .field("id", &self.id)
            .field("patch", &self.patch)
            .field("context", &self.context)
            .finish()
    }
}

/// What a subscriber wants to hear of.
#[derive(Debug)]
pub enum Interest<M: SyncModel> {
    /// Everything.
    All,
    /// One document.
    One(M::Id),
    /// Changes that touch one of these fields; creates and deletes touch all.
    Fields(FieldSet),
    /// Events of this origin (`None`: any) that are about this action (`None`: any).
    From(Option<Origin>, Option<Action>),
}

impl<M: SyncModel> Interest<M> {
    pub(crate) fn wants(&self, event: &Event<M>) -> bool {
        match (self, event) {
            (Interest::All, _) | (_, Event::Reset) => true,
            (Interest::One(id), Event::Change(change)) => *id == change.id,
            (Interest::One(id), Event::Signal(signal)) => signal.id.as_ref() == Some(id),
            (Interest::Fields(fields), Event::Change(change)) => change.changed().meets(fields),
            (Interest::Fields(_), Event::Signal(_)) => true,
            (Interest::From(origin, action), Event::Change(change)) => {
                origin.is_none_or(|origin| origin == change.origin())
                    && action.is_none_or(|action| action == change.action)
            }
            (Interest::From(origin, action), Event::Signal(signal)) => {
                origin.is_none_or(|origin| origin == signal.context.origin())
                    && action.is_none_or(|action| action == signal.action)
            }
        }
    }
}
