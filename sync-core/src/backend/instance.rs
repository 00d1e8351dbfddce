//! [`Model`]: one tracked instance, owned by you.
//!
//! Passive: nothing changes under your hands. `save`, `refresh` and `apply` merge field by field.
//! Invariant: while a save's outcome is not known (its future was dropped), `pending` holds its slot, and
//! it is settled before anything new is sent; so no edit is counted twice.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::change::{Body, Change};
use super::commit::CommitSlot;
use super::event::Event;
use super::handle::Backend;
use super::request::{Op, OwnDoc, Reply, Request};
use super::write::{not_found, refused};
use crate::error::{Code, Error};
use crate::model::{Conflict, Doc, Field, FieldChange, FieldSet, ModelPatch, Rev, SyncModel, Tracked};

/// A document that remembers what it was fetched as, so that a save sends what you changed and no more.
///
/// It derefs to the struct; edit it as plain Rust. Cloning gives a second tracked copy.
pub struct Model<M: SyncModel> {
    backend: Backend<M>,
    tracked: Tracked<M>,
    /// The document that a save sent whose outcome was not taken over yet.
    pending: Option<Arc<M>>,
    /// Where that outcome will be.
    slot: Arc<CommitSlot<M>>,
}

impl<M: SyncModel> Model<M> {
    pub(crate) fn fetched(backend: Backend<M>, doc: Doc<M>) -> Self {
        Model { backend, tracked: Tracked::fetched(doc), pending: None, slot: Arc::default() }
    }

    /// Edits the document: `list.edit(|l| l.name.push_str(&l.owner))`.
    ///
    /// Editing through the handle (`list.name.push('!')`) works as well; but a line that reads one field
    /// while it writes another needs the plain `&mut` that this gives.
    pub fn edit<R>(&mut self, edit: impl FnOnce(&mut M) -> R) -> R {
        edit(self.tracked.get_mut())
    }

    /// This field becomes that value; records just that, and clones nothing.
    pub fn set<T: 'static>(&mut self, field: Field<M, T>, value: impl Into<T>) {
        self.tracked.set(field, value);
    }

    /// The fields that differ from what was fetched.
    pub fn changed(&self) -> FieldSet {
        self.tracked.changed()
    }

    /// Whether anything differs from what was fetched.
    pub fn is_changed(&self) -> bool {
        !self.changed().is_empty()
    }

    /// Whether the backend is known to have moved on from what was fetched.
    pub fn is_behind(&self) -> bool {
        let newest = self.backend.hub().last_rev(self.id());
        self.tracked.is_behind() || newest.is_some_and(|rev| rev > self.tracked.rev())
    }

    /// A field's value as it was fetched.
    pub fn previous<T: 'static>(&self, field: Field<M, T>) -> &T {
        field.of(self.tracked.base())
    }

    /// Each changed field with its old and new value.
    pub fn changes(&self) -> Vec<FieldChange> {
        self.tracked.changes()
    }

    /// Drops all edits.
    pub fn revert(&mut self) {
        self.tracked.revert();
        // What a dropped save sent is dropped too; what it commits all the same is no reason to undo it.
        if let Some(sent) = &mut self.pending {
            *sent = self.tracked.base().clone();
        }
    }

    /// The revision it was fetched or last saved at.
    pub fn rev(&self) -> Rev {
        self.tracked.rev()
    }

    /// The document itself, edits included.
    pub fn into_inner(self) -> M {
        self.tracked.into_inner()
    }

    /// Saves what changed; a clean one sends nothing.
    ///
    /// Concurrent saves of other fields are kept; of the same field, the last commit wins. Under
    /// `#[sync(conflict = "reject")]` it is [`save_if_unchanged`](Model::save_if_unchanged).
    ///
    /// # Errors
    /// `not_found`, `invalid`, `invalid_value`, `duplicate`, `conflict`, and whatever layers answer. The
    /// edits stay. Where the write was committed all the same ([`Error::committed`]), it is the base now.
    pub async fn save(&mut self) -> Result<(), Error> {
        let expect = (M::SCHEMA.conflict == Conflict::Reject).then(|| self.rev());
        self.save_expecting(expect).await
    }

    /// Saves what changed if the document is still as it was fetched.
    ///
    /// # Errors
    /// `conflict` where the backend has moved on; [`Error::current`] has the document it has now.
    pub async fn save_if_unchanged(&mut self) -> Result<(), Error> {
        self.save_expecting(Some(self.rev())).await
    }

    async fn save_expecting(&mut self, expect: Option<Rev>) -> Result<(), Error> {
        if self.pending.is_some() {
            self.settle().await;
        }
        if self.tracked.is_clean() {
            return Ok(());
        }
        if let Err(refusal) = self.tracked.normalize() {
            return Err(refused::<M>(&self.base_id(), &refusal));
        }
        let patch = self.tracked.patch();
        if patch.is_empty() {
            return Ok(());
        }
        let sent = self.tracked.snapshot();
        let own = OwnDoc { base: self.rev(), from: self.tracked.base().clone(), value: sent };
        // A `conflict = "reject"` save that was pending when the base moved must expect the new base.
        let expect = expect.map(|_| self.rev());
        match self.backend.0.update_now(self.base_id(), Arc::new(patch), own, expect) {
            Ok(answer) => answer.map(|change| self.take_over(None, &change)),
            Err(update) => self.send(update).await,
        }
    }

    /// Sends a save down the chain; the future may be dropped at any await.
    async fn send(&mut self, update: Op<M>) -> Result<(), Error> {
        let sent = self.tracked.snapshot();
        self.pending = Some(sent.clone());
        let request = Request::with_slot(update, self.slot.clone());
        // Its own slot stays here, so the road without another one is enough.
        let result = self.backend.0.run(request).await;
        // The commit may come after a layer's error: it goes with the error all the same.
        let committed = self.settle().await;
        let result = result.map_err(|error| match committed {
            Some(change) => error.carrying(change),
            None => error,
        });
        match result? {
            Reply::Committed(_) => Ok(()),
            Reply::Echo(_) => {
                self.tracked.echoed(&sent);
                Ok(())
            }
            other => other.into_committed().map(|_| ()),
        }
    }

    /// Takes over the commit of a save whose answer is in, or was never waited for.
    async fn settle(&mut self) -> Option<Arc<Change<M>>> {
        self.pending.as_ref()?;
        let committed = CommitSlot::take_outcome(&mut self.slot).await;
        let sent = self.pending.take()?;
        let change = committed?;
        self.take_over(Some(sent), &change);
        Some(change)
    }

    /// The same at once, where a later revision comes in: on top of it, what was committed before would
    /// look like an edit that is still to be sent.
    fn settle_before(&mut self, rev: Rev) {
        if self.pending.is_some()
            && let Some(change) = self.slot.committed().filter(|change| change.rev < rev)
            && let Some(sent) = self.pending.take()
        {
            self.slot = Arc::default();
            self.take_over(Some(sent), &change);
        }
    }

    /// Makes a commit the base; `sent` is what was saved, where that may have been edited since.
    fn take_over(&mut self, sent: Option<Arc<M>>, change: &Change<M>) {
        if change.id != self.base_id() {
            return;
        }
        let (prev, rev, document) = (change.prev, change.rev, change.document());
        match &change.body {
            Body::Patch(_) if self.tracked.committed_as_is(prev, rev, document) => {}
            Body::Patch(outcome) => {
                let sent = sent.unwrap_or_else(|| self.tracked.snapshot());
                self.tracked.committed(&sent, outcome, prev, rev, document.cloned());
            }
            // A layer made something else of the save, as `Upsert` does.
            Body::Document(doc) => {
                let sent = sent.unwrap_or_else(|| self.tracked.snapshot());
                self.tracked.replaced(&sent, doc.clone());
            }
            Body::Gone => self.tracked.note_behind(),
        }
    }

    fn base_id(&self) -> M::Id {
        self.tracked.base().id().clone()
    }

    /// Reads the document again and merges: fields you did not edit take the backend's values.
    ///
    /// # Errors
    /// `not_found` where it is gone, and whatever layers and the store answer. The edits stay.
    pub async fn refresh(&mut self) -> Result<(), Error> {
        self.settle().await;
        let id = self.base_id();
        let doc = self.backend.read(&id).await?.ok_or_else(|| not_found::<M>(&id))?;
        self.tracked.rebase(doc);
        Ok(())
    }

    /// Takes what an event says of this document, and merges; `true` where the document is up to date with
    /// the event now, `false` where `refresh` is needed.
    pub fn apply(&mut self, event: &Event<M>) -> bool {
        match event {
            Event::Change(change) if change.id == self.base_id() => self.apply_change(change),
            Event::Reset => {
                self.tracked.note_behind();
                false
            }
            _ => true,
        }
    }

    fn apply_change(&mut self, change: &Change<M>) -> bool {
        self.settle_before(change.rev);
        if change.rev <= self.rev() {
            return true;
        }
        let applied = match &change.body {
            Body::Patch(outcome) => self.tracked.advance(outcome, change.prev, change.rev),
            Body::Document(doc) => {
                self.tracked.rebase(doc.clone());
                true
            }
            Body::Gone => false,
        };
        if !applied {
            self.tracked.note_behind();
        }
        applied
    }

    /// Deletes the document.
    ///
    /// # Errors
    /// `not_found`, and whatever layers answer.
    pub async fn delete(mut self) -> Result<(), Error> {
        self.settle().await;
        let expect = (M::SCHEMA.conflict == Conflict::Reject).then(|| self.rev());
        let request = Request::new(Op::Delete { id: self.base_id(), expect });
        match self.backend.request(request).await? {
            Reply::Committed(_) | Reply::Echo(_) => Ok(()),
            _ => {
                Err(Error::new(Code::Config, format!("{}: a layer answered a delete oddly", M::SCHEMA.model)))
            }
        }
    }
}

impl<M: SyncModel> Deref for Model<M> {
    type Target = M;
    fn deref(&self) -> &M {
        self.tracked.get()
    }
}

impl<M: SyncModel> DerefMut for Model<M> {
    fn deref_mut(&mut self) -> &mut M {
        self.tracked.get_mut()
    }
}

impl<M: SyncModel> Clone for Model<M> {
    fn clone(&self) -> Self {
        let Model { backend, tracked, pending, slot } = self;
        let slot = if pending.is_some() { slot.clone() } else { Arc::default() };
        Model { backend: backend.clone(), tracked: tracked.clone(), pending: pending.clone(), slot }
    }
}

impl<M: SyncModel + std::fmt::Debug> std::fmt::Debug for Model<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("rev", &self.rev()).field("value", self.tracked.get()).finish()
    }
}
