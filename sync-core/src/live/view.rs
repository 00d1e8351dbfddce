//! The documents of one query, kept in order: pure, without a backend.
//!
//! Invariants: `sorted` holds exactly the documents of `by_id`, in the query's order; each is at the
//! revision of the newest change applied to it. Law: after the same changes the view equals a fresh read.

use std::collections::HashMap;
use std::sync::Arc;

use crate::backend::{Body, Change};
use crate::model::{Doc, ModelPatch as _, SyncModel};
use crate::query::Query;

/// What happened to a view. Places count from 0, in the view's order, at the moment of the event.
#[derive(Debug)]
pub enum ViewEvent<M: SyncModel> {
    /// A document came in.
    Add {
        /// Its place.
        at: usize,
        /// The document.
        doc: Doc<M>,
    },
    /// A document changed and kept its place.
    Change {
        /// Its place.
        at: usize,
        /// The document now.
        doc: Doc<M>,
        /// The document before.
        old: Arc<M>,
    },
    /// A document changed and moved.
    Move {
        /// Its place before.
        from: usize,
        /// Its place now, after it was taken out.
        to: usize,
        /// The document now.
        doc: Doc<M>,
        /// The document before.
        old: Arc<M>,
    },
    /// A document left: it was deleted, or no longer matches.
    Remove {
        /// Its place before.
        at: usize,
        /// The document as the view had it.
        old: Doc<M>,
    },
    /// The reader was too slow: these are the documents now; forget what you had.
    Reset(Vec<Doc<M>>),
}

impl<M: SyncModel> Clone for ViewEvent<M> {
    fn clone(&self) -> Self {
        match self {
            ViewEvent::Add { at, doc } => ViewEvent::Add { at: *at, doc: doc.clone() },
            ViewEvent::Change { at, doc, old } => {
                ViewEvent::Change { at: *at, doc: doc.clone(), old: old.clone() }
            }
            ViewEvent::Move { from, to, doc, old } => {
                ViewEvent::Move { from: *from, to: *to, doc: doc.clone(), old: old.clone() }
            }
            ViewEvent::Remove { at, old } => ViewEvent::Remove { at: *at, old: old.clone() },
            ViewEvent::Reset(docs) => ViewEvent::Reset(docs.clone()),
        }
    }
}

/// What a change needs before the view can take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: it was taken.
    Nothing,
    /// The document, for it enters the view and the change does not carry it.
    Fill,
    /// The document, for a change before this one is missing.
    Repair,
    /// The whole query, for a limited window cannot be kept change by change.
    Query,
}

/// The documents of one query, in order.
#[derive(Debug)]
pub(crate) struct View<M: SyncModel> {
    query: Query<M>,
    sorted: Vec<Doc<M>>,
    by_id: HashMap<M::Id, Doc<M>>,
}

impl<M: SyncModel> View<M> {
    pub(crate) fn new(query: Query<M>, docs: Vec<Doc<M>>) -> Self {
        let by_id = docs.iter().map(|doc| (doc.value.id().clone(), doc.clone())).collect();
        View { query, sorted: docs, by_id }
    }

    pub(crate) fn query(&self) -> &Query<M> {
        &self.query
    }

    pub(crate) fn docs(&self) -> &[Doc<M>] {
        &self.sorted
    }

    pub(crate) fn get(&self, id: &M::Id) -> Option<&Doc<M>> {
        self.by_id.get(id)
    }

    /// Takes a change, telling what happened; or says what it needs first.
    pub(crate) fn take(&mut self, change: &Change<M>, tell: &mut dyn FnMut(ViewEvent<M>)) -> Need {
        let had = self.by_id.get(&change.id);
        if had.is_some_and(|doc| change.rev <= doc.rev) {
            return Need::Nothing;
        }
        if self.query.is_window() {
            let outside = had.is_none() && change.matches_after(&self.query.filter) == Some(false);
            return if outside && self.query.offset == 0 { Need::Nothing } else { Need::Query };
        }
        if change.matches_after(&self.query.filter) == Some(false) {
            self.put_out(&change.id, tell);
            return Need::Nothing;
        }
        let doc = match (&change.body, change.document(), had) {
            (Body::Document(doc), ..) => doc.clone(),
            (_, Some(value), _) => {
                let extra = had.and_then(|doc| doc.extra.clone());
                Doc { value: value.clone(), extra, rev: change.rev }
            }
            (Body::Patch(patch), None, Some(doc)) if doc.rev == change.prev => doc.patched(patch, change.rev),
            (_, None, Some(_)) => return Need::Repair,
            (_, None, None) => return Need::Fill,
        };
        // A filter may name a field whose value did not travel: the document itself tells.
        self.place(&change.id, Some(doc), tell);
        Need::Nothing
    }

    /// Takes a document as it was read: in, out, or changed.
    pub(crate) fn place(&mut self, id: &M::Id, doc: Option<Doc<M>>, tell: &mut dyn FnMut(ViewEvent<M>)) {
        match doc.filter(|doc| self.query.filter.matches(&doc.value)) {
            Some(doc) => self.put_in(doc, tell),
            None => self.put_out(id, tell),
        }
    }

    /// Takes a fresh read of the whole query; tells only what differs.
    pub(crate) fn replace(&mut self, docs: Vec<Doc<M>>, tell: &mut dyn FnMut(ViewEvent<M>)) {
        let kept: std::collections::HashSet<&M::Id> = docs.iter().map(|doc| doc.value.id()).collect();
        let gone: Vec<M::Id> = self.by_id.keys().filter(|id| !kept.contains(id)).cloned().collect();
        drop(kept);
        gone.iter().for_each(|id| self.put_out(id, tell));
        for doc in docs {
            // After a new store epoch a lower revision is the truth as well, and so is the same one with
            // another content.
            if self.by_id.get(doc.value.id()).is_none_or(|had| !same(had, &doc)) {
                self.put_in(doc, tell);
            }
        }
    }

    fn at(&self, value: &M) -> Result<usize, usize> {
        self.sorted.binary_search_by(|doc| self.query.compare(&doc.value, value))
    }

    fn put_in(&mut self, doc: Doc<M>, tell: &mut dyn FnMut(ViewEvent<M>)) {
        let id = doc.value.id().clone();
        let old = self.by_id.insert(id, doc.clone());
        let from = old.as_ref().and_then(|old| self.at(&old.value).ok());
        if let Some(from) = from {
            self.sorted.remove(from);
        }
        let to = self.at(&doc.value).unwrap_or_else(|place| place);
        self.sorted.insert(to, doc.clone());
        tell(match (old, from) {
            (Some(old), Some(from)) if from == to => ViewEvent::Change { at: to, doc, old: old.value },
            (Some(old), Some(from)) => ViewEvent::Move { from, to, doc, old: old.value },
            _ => ViewEvent::Add { at: to, doc },
        });
    }

    fn put_out(&mut self, id: &M::Id, tell: &mut dyn FnMut(ViewEvent<M>)) {
        if let Some(old) = self.by_id.remove(id)
            && let Ok(at) = self.at(&old.value)
        {
            self.sorted.remove(at);
            tell(ViewEvent::Remove { at, old });
        }
    }
}

/// Whether two reads of a document found the same.
fn same<M: SyncModel>(a: &Doc<M>, b: &Doc<M>) -> bool {
    let differs = || {
        let mut patch = M::Patch::default();
        a.value.diff(&b.value, &mut patch);
        !patch.is_empty()
    };
    a.rev == b.rev && a.extra == b.extra && (Arc::ptr_eq(&a.value, &b.value) || !differs())
}
