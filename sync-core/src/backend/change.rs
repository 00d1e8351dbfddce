//! [`Change`]: a committed fact, with everything a reader needs to place it.

use std::fmt;
use std::sync::Arc;

use super::context::{Context, Origin};
use crate::model::{Doc, Field, FieldSet, ModelPatch, Rev, SyncModel, Value, View};
use crate::query::{DocRow, Expr, Filter, Row};

/// What a request asks for, and what a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A new document.
    Create,
    /// One document is read.
    Read,
    /// A document changes.
    Update,
    /// A document goes.
    Delete,
    /// Documents are looked for.
    Find,
}

impl Action {
    /// Its name on the wire and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Read => "read",
            Action::Update => "update",
            Action::Delete => "delete",
            Action::Find => "find",
        }
    }
}

/// What became of the document.
#[derive(Debug)]
pub enum Body<M: SyncModel> {
    /// These fields have these values now; the rest is as it was at `prev`.
    Patch(Arc<M::Patch>),
    /// The document is this now, whatever it was.
    Document(Doc<M>),
    /// The document is gone.
    Gone,
}

/// A committed fact about one document.
///
/// A reader that has a copy applies a `Patch` iff the copy is at `prev`, takes a `Document` or `Gone` above
/// the copy's revision, and ignores what is at or below it; so lost, doubled and late changes do no harm.
pub struct Change<M: SyncModel> {
    /// What the request asked for.
    pub action: Action,
    /// Which document.
    pub id: M::Id,
    /// The document's revision just before; 0 where there was none.
    pub prev: Rev,
    /// Its revision now.
    pub rev: Rev,
    /// The change's place in its backend's log.
    pub position: u64,
    /// What became of the document.
    pub body: Body<M>,
    /// Who did it.
    pub context: Context,
    sight: Sight<M>,
    #[cfg(feature = "ws")]
    pub(super) encoded: super::encoded::Encoded,
}

/// What is known of the document before and after.
#[derive(Debug)]
pub enum Sight<M> {
    /// The documents themselves.
    Documents {
        /// Before the change, where there was one.
        before: Option<Arc<M>>,
        /// After it, where there is one.
        after: Option<Arc<M>>,
    },
    /// The values of key fields: by index, before only where they changed.
    Keys {
        /// Values before; `None` where there was no document.
        before: Option<Vec<(usize, Value)>>,
        /// Values after; `None` where there is no document.
        after: Option<Vec<(usize, Value)>>,
    },
}

/// The key fields of one side of a change as a row.
struct KeyRow<'a> {
    first: &'a [(usize, Value)],
    then: &'a [(usize, Value)],
}

impl Row for KeyRow<'_> {
    fn field(&self, index: usize) -> Option<View<'_>> {
        let found = self.first.iter().chain(self.then).find(|(field, _)| *field == index);
        found.map(|(_, value)| value.view())
    }
}

impl<M: SyncModel> Change<M> {
    /// A fact, as a store makes it when it has committed.
    #[allow(clippy::too_many_arguments)] // each is one part of the fact, and none has a default
    pub fn new(
        action: Action,
        id: M::Id,
        (prev, rev): (Rev, Rev),
        position: u64,
        body: Body<M>,
        sight: Sight<M>,
        context: Context,
    ) -> Self {
        Change {
            action,
            id,
            prev,
            rev,
            position,
            body,
            context,
            sight,
            #[cfg(feature = "ws")]
            encoded: Default::default(),
        }
    }

    /// What a read found in place of changes that did not come.
    pub(crate) fn repaired(id: M::Id, revs: (Rev, Rev), position: u64, found: Option<Doc<M>>) -> Self {
        let sight = Sight::Documents { before: None, after: found.as_ref().map(|doc| doc.value.clone()) };
        let (action, body) = match found {
            Some(doc) => (Action::Update, Body::Document(doc)),
            None => (Action::Delete, Body::Gone),
        };
        Change::new(action, id, revs, position, body, sight, Context::of(Origin::Remote))
    }

    /// Where it came from.
    pub fn origin(&self) -> Origin {
        self.context.origin()
    }

    /// The whole document after the change, where it is at hand.
    pub fn document(&self) -> Option<&Arc<M>> {
        match (&self.body, &self.sight) {
            (Body::Document(doc), _) => Some(&doc.value),
            (Body::Gone, _) => None,
            (_, Sight::Documents { after, .. }) => after.as_ref(),
            _ => None,
        }
    }

    /// The whole document before the change, where it is at hand.
    pub fn before(&self) -> Option<&Arc<M>> {
        match &self.sight {
            Sight::Documents { before, .. } => before.as_ref(),
            Sight::Keys { .. } => None,
        }
    }

    /// What is known of the document before and after.
    pub fn sight(&self) -> &Sight<M> {
        &self.sight
    }

    /// A field's value before the change, where it is at hand.
    pub fn old<T: 'static>(&self, field: Field<M, T>) -> Option<&T> {
        self.before().map(|before| field.of(before))
    }

    /// The fields that changed: those of the patch, or all.
    pub fn changed(&self) -> FieldSet {
        match (&self.body, &self.sight) {
            (Body::Patch(patch), _) => patch.fields(),
            (Body::Document(doc), Sight::Documents { before: Some(before), .. }) => {
                let mut patch = M::Patch::default();
                before.diff(&doc.value, &mut patch);
                patch.fields()
            }
            _ => M::SCHEMA.all_fields(),
        }
    }

    /// Whether the filter matched the document before; `None` where that cannot be told from here.
    pub fn matched_before(&self, filter: &Filter<M>) -> Option<bool> {
        self.met_before(filter.expr())
    }

    /// [`matched_before`](Change::matched_before) for those who keep filters without the model's type.
    pub(crate) fn met_before(&self, filter: &Expr) -> Option<bool> {
        match &self.sight {
            Sight::Documents { before, .. } => match before {
                Some(before) => filter.matches(&DocRow(&**before)),
                // No document before: certain only where the change says so.
                None => (self.prev == 0 || self.action == Action::Create).then_some(false),
            },
            Sight::Keys { before: None, .. } => Some(false),
            Sight::Keys { before: Some(first), after } => {
                filter.matches(&KeyRow { first, then: after.as_deref().unwrap_or_default() })
            }
        }
    }

    /// Whether the filter matches the document now; `None` where that cannot be told from here.
    pub fn matches_after(&self, filter: &Filter<M>) -> Option<bool> {
        self.meets_after(filter.expr())
    }

    /// [`matches_after`](Change::matches_after) for those who keep filters without the model's type.
    pub(crate) fn meets_after(&self, filter: &Expr) -> Option<bool> {
        if matches!(self.body, Body::Gone) {
            return Some(false);
        }
        if let Some(document) = self.document() {
            return filter.matches(&DocRow(&**document));
        }
        match &self.sight {
            Sight::Keys { after: Some(after), .. } => filter.matches(&KeyRow { first: after, then: &[] }),
            _ => None,
        }
    }
}

impl<M: SyncModel> fmt::Debug for Change<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Change");
        out.field("action", &self.action).field("id", &self.id);
        out.field("prev", &self.prev).field("rev", &self.rev).field("position", &self.position);
        match &self.body {
            Body::Patch(patch) => out.field("patch", patch),
            Body::Document(_) => out.field("body", &"document"),
            Body::Gone => out.field("body", &"gone"),
        };
        out.field("context", &self.context).finish()
    }
}
