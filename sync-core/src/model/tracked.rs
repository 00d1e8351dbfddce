//! The tracked pair under a `Model`: the document last known from the backend, and the edited one.
//!
//! Pure: no backend, no clock. Invariants: while nothing was edited both are the same `Arc`; recorded sets
//! are not yet in `current`; `base_rev` is the revision whose document `base` is, also when single leaves
//! of later commits were taken over (then `behind` says so).

use std::sync::{Arc, OnceLock};

use super::document::{Doc, Extra, Rev};
use super::field::{Field, FieldSet};
use super::refusal::Refusal;
use super::view::Value;
use super::{ModelPatch, SyncModel};

/// A document with its edits.
#[derive(Clone, Debug)]
pub struct Tracked<M: SyncModel> {
    base: Arc<M>,
    base_rev: Rev,
    extra: Option<Extra>,
    current: Arc<M>,
    /// Sets that were recorded and not applied to `current` yet.
    recorded: Option<Box<M::Patch>>,
    /// `current` with `recorded` applied, made at the first look.
    shown: OnceLock<Arc<M>>,
    behind: bool,
}

/// One changed field: its name, the old value, the new one.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// The field's wire name.
    pub field: &'static str,
    /// Its value before; `Null` where there was none.
    pub old: Value,
    /// Its value now.
    pub new: Value,
}

impl<M: SyncModel> Tracked<M> {
    /// A document as it was fetched.
    pub fn fetched(doc: Doc<M>) -> Self {
        Tracked {
            current: doc.value.clone(),
            base: doc.value,
            base_rev: doc.rev,
            extra: doc.extra,
            recorded: None,
            shown: OnceLock::new(),
            behind: false,
        }
    }

    /// The document with all edits.
    pub fn get(&self) -> &M {
        match &self.recorded {
            None => &self.current,
            Some(recorded) => self.shown.get_or_init(|| {
                let mut value = (*self.current).clone();
                value.apply(recorded);
                Arc::new(value)
            }),
        }
    }

    /// The document, to be edited; cloned at the first edit.
    pub fn get_mut(&mut self) -> &mut M {
        self.materialize();
        Arc::make_mut(&mut self.current)
    }

    fn materialize(&mut self) {
        if let Some(recorded) = self.recorded.take() {
            match self.shown.take() {
                Some(shown) => self.current = shown,
                None => Arc::make_mut(&mut self.current).apply(&recorded),
            }
        }
    }

    /// Records that this field becomes that value, without a clone of the document.
    pub fn set<T: 'static>(&mut self, field: Field<M, T>, value: impl Into<T>) {
        self.shown.take();
        self.recorded.get_or_insert_default().set(field, value);
    }

    /// The document last known from the backend.
    pub fn base(&self) -> &Arc<M> {
        &self.base
    }

    /// The revision of the base.
    pub fn rev(&self) -> Rev {
        self.base_rev
    }

    /// What the backend has beside the fields of this struct.
    pub fn extra(&self) -> Option<&Extra> {
        self.extra.as_ref()
    }

    /// Whether the backend is known to have moved on from the base.
    pub fn is_behind(&self) -> bool {
        self.behind
    }

    /// Notes that the backend has moved on.
    pub fn note_behind(&mut self) {
        self.behind = true;
    }

    /// The edits, as a patch; empty where nothing differs.
    pub fn patch(&self) -> M::Patch {
        let mut patch = M::Patch::default();
        if !Arc::ptr_eq(&self.base, &self.current) {
            self.base.diff(&self.current, &mut patch);
        }
        if let Some(recorded) = &self.recorded {
            patch.merge((**recorded).clone());
            for index in recorded.fields().iter() {
                if patch.slot(index).is_value(self.base.any(index)) {
                    patch.slot_mut(index).clear();
                }
            }
        }
        patch
    }

    /// The fields that differ from the base.
    pub fn changed(&self) -> FieldSet {
        if self.is_clean() { FieldSet::new() } else { self.patch().fields() }
    }

    /// Whether it is known without comparing that nothing was edited.
    pub fn is_clean(&self) -> bool {
        self.recorded.is_none() && Arc::ptr_eq(&self.base, &self.current)
    }

    /// Each edited field with its old and its new value.
    pub fn changes(&self) -> Vec<FieldChange> {
        let patch = self.patch();
        let fields = patch.fields();
        let change = |index: usize| FieldChange {
            field: M::SCHEMA.fields[index].name,
            old: self.base.view(index).to_value().unwrap_or_default(),
            new: patch.slot(index).view().to_value().unwrap_or_default(),
        };
        fields.iter().map(change).collect()
    }

    /// Drops all edits.
    pub fn revert(&mut self) {
        self.current = self.base.clone();
        self.recorded = None;
        self.shown.take();
    }

    /// Brings the edited document into the value domain, so that what is sent is what will be stored.
    ///
    /// # Errors
    /// The refusal of a value that cannot be brought there; the edits stay.
    pub fn normalize(&mut self) -> Result<(), Refusal> {
        self.get_mut().normalize()
    }

    /// The edited document as it is now, shared: what a save sends along.
    pub fn snapshot(&mut self) -> Arc<M> {
        self.materialize();
        self.current.clone()
    }

    /// Takes a newer document as the base and keeps the edits, field by field.
    pub fn rebase(&mut self, doc: Doc<M>) {
        let edits = (!self.is_clean()).then(|| self.patch());
        self.adopt(doc, edits);
        self.behind = false;
    }

    /// Takes what a save of the document `sent` committed: `outcome` on top of `prev`, now at `rev`.
    ///
    /// Where the commit was made on top of the base, the base becomes the committed document; else it
    /// takes over the committed leaves only, keeps its revision, and is behind. Edits made since `sent`
    /// stay edits. A base that is at `rev` or above has it already, by its event or a read.
    pub fn committed(
        &mut self,
        sent: &Arc<M>,
        outcome: &M::Patch,
        prev: Rev,
        rev: Rev,
        document: Option<Arc<M>>,
    ) {
        if rev <= self.base_rev {
            return;
        }
        let later = self.edits_since(sent);
        let in_step = prev == self.base_rev;
        let rev = if in_step { rev } else { self.base_rev };
        let doc = match document.filter(|_| in_step) {
            Some(value) => Doc { value, extra: self.extra.clone(), rev },
            None => self.known().patched(outcome, rev),
        };
        self.adopt(doc, later);
        self.behind = !in_step;
    }

    /// Takes a save of the edited document over, where that very document was committed on top of the base;
    /// `false` where [`committed`](Tracked::committed) has to look closer.
    pub fn committed_as_is(&mut self, prev: Rev, rev: Rev, document: Option<&Arc<M>>) -> bool {
        let as_is = document.is_some_and(|document| Arc::ptr_eq(document, &self.current));
        if !as_is || prev != self.base_rev || self.recorded.is_some() {
            return false;
        }
        self.base = self.current.clone();
        self.base_rev = rev;
        self.behind = false;
        true
    }

    /// Takes the whole document that a save of `sent` left, whatever was there before. Edits made since
    /// `sent` stay edits.
    pub fn replaced(&mut self, sent: &Arc<M>, doc: Doc<M>) {
        if doc.rev > self.base_rev {
            let later = self.edits_since(sent);
            self.adopt(doc, later);
            self.behind = false;
        }
    }

    /// Takes what a backend without a store told everyone: it is the base now, at no new revision.
    pub fn echoed(&mut self, sent: &Arc<M>) {
        let later = self.edits_since(sent);
        let doc = Doc { value: sent.clone(), extra: self.extra.clone(), rev: self.base_rev };
        self.adopt(doc, later);
    }

    fn edits_since(&mut self, sent: &Arc<M>) -> Option<M::Patch> {
        self.materialize();
        (!Arc::ptr_eq(sent, &self.current)).then(|| {
            let mut later = M::Patch::default();
            sent.diff(&self.current, &mut later);
            later
        })
    }

    /// Takes a fact that patches the document at `prev`; `false` where the base is not at `prev`.
    pub fn advance(&mut self, outcome: &M::Patch, prev: Rev, rev: Rev) -> bool {
        if self.base_rev != prev {
            return false;
        }
        self.rebase(self.known().patched(outcome, rev));
        true
    }

    /// The document last known from the backend, whole.
    fn known(&self) -> Doc<M> {
        Doc { value: self.base.clone(), extra: self.extra.clone(), rev: self.base_rev }
    }

    fn adopt(&mut self, doc: Doc<M>, edits: Option<M::Patch>) {
        self.recorded = None;
        self.shown.take();
        self.current = doc.value.clone();
        if let Some(edits) = edits.filter(|edits| !edits.is_empty()) {
            Arc::make_mut(&mut self.current).apply(&edits);
        }
        self.base = doc.value;
        self.base_rev = doc.rev;
        self.extra = doc.extra;
    }

    /// The edited document itself.
    pub fn into_inner(mut self) -> M {
        self.materialize();
        drop(self.base); // or the edited one would be shared, and cloned
        Arc::unwrap_or_clone(self.current)
    }
}
