//! What a store is asked to commit, and the one place that decides what a write makes of a document.
//!
//! Stores differ in where the document is and how it is locked; what an intent does to it is the same in
//! all of them, and is here: pure, without I/O.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::change::{Action, Body, Change, Sight};
use super::commit::Ticket;
use super::context::Context;
use super::request::{Checks, Op, OwnDoc, Parts, Request};
use crate::error::{Code, Error};
use crate::model::{Doc, Extra, Invalid, ModelPatch, Refusal, Rev, SyncModel, id_field};

/// One write, as a store gets it.
#[derive(Debug)]
pub struct Write<M: SyncModel> {
    /// Which document.
    pub id: M::Id,
    /// What is to become of it.
    pub intent: Intent<M>,
    /// What must hold inside the write.
    pub checks: Checks<M>,
    /// Who asks.
    pub context: Context,
    pub(crate) ticket: Ticket<M>,
}

/// What is to become of a document.
#[derive(Debug)]
pub enum Intent<M: SyncModel> {
    /// It is made of this patch.
    Create(Arc<M::Patch>),
    /// It changes by this patch.
    Update {
        /// What changes.
        patch: Arc<M::Patch>,
        /// The writer's own document, to be taken where the stored one is still at its base.
        own: Option<OwnDoc<M>>,
        /// The revision that the document must be at.
        expect: Option<Rev>,
    },
    /// It goes.
    Delete {
        /// The revision that the document must be at.
        expect: Option<Rev>,
    },
    /// It was planned already: the plan has it now.
    Planned(Action),
}

/// What a write makes of a document: decided, and not yet committed.
#[derive(Debug)]
pub struct Plan<M: SyncModel> {
    action: Action,
    before: Option<Doc<M>>,
    /// The document after; `None` where it is gone.
    pub after: Option<Arc<M>>,
    extra: Option<Extra>,
    /// What changed, for an update.
    pub outcome: Option<Arc<M::Patch>>,
}

impl<M: SyncModel> Write<M> {
    /// The write that a request at the end of its chain asks for.
    ///
    /// # Errors
    /// `invalid` where a new document has no id; `internal` where the request is a read.
    pub fn from_request(request: Request<M>) -> Result<Self, Error> {
        let Parts { op, context, checks, slot } = *request.0;
        let (id, intent) = match op {
            Op::Create(patch) => {
                let id = patch.get(id_field()).cloned().filter(|id| !crate::model::ModelId::is_unset(id));
                let id = id.ok_or_else(|| {
                    let message = format!(
                        "{}: a new document has no id; add `AssignId` to its backend, or set one",
                        M::SCHEMA.model
                    );
                    Error::new(Code::Invalid, message).at_field(M::SCHEMA.fields[M::SCHEMA.id].name)
                })?;
                (id, Intent::Create(patch))
            }
            Op::Update { id, patch, own, expect } => (id, Intent::Update { patch, own, expect }),
            Op::Delete { id, expect } => (id, Intent::Delete { expect }),
            Op::Read(_) | Op::Find(_) => {
                return Err(Error::new(Code::Internal, "a read was taken for a write"));
            }
        };
        Ok(Write { id, intent, checks, context, ticket: Ticket::new(slot) })
    }

    /// A save of this process's own code, of which nothing but its answer will speak.
    #[inline]
    pub(crate) fn untold(id: M::Id, patch: Arc<M::Patch>, own: OwnDoc<M>, expect: Option<Rev>) -> Self {
        let intent = Intent::Update { patch, own: Some(own), expect };
        Write { id, intent, checks: Checks::default(), context: Context::default(), ticket: Ticket::none() }
    }

    /// What was asked for, of a store that gives it back; `None` where the store planned it already.
    pub(crate) fn into_op(self) -> Option<Op<M>> {
        Some(match self.intent {
            Intent::Create(patch) => Op::Create(patch),
            Intent::Update { patch, own, expect } => Op::Update { id: self.id, patch, own, expect },
            Intent::Delete { expect } => Op::Delete { id: self.id, expect },
            Intent::Planned(_) => return None,
        })
    }

    /// Decides what the write makes of the document that the store has now, or why it is refused.
    ///
    /// Stores call it inside their atomic write. It takes the intent out of the write, so it is called once.
    ///
    /// # Errors
    /// `exists`, `not_found` (also where the policy hides the document), `conflict` (which carries the
    /// current document), `denied`, `invalid`, `invalid_value`.
    pub fn plan(&mut self, current: Option<&Doc<M>>) -> Result<Plan<M>, Error> {
        let plan = self.plan_over(current)?;
        Ok(Plan { before: current.cloned(), ..plan })
    }

    /// [`plan`](Write::plan) without the document before, for a store that gives up its own to
    /// [`Plan::committed_over`].
    ///
    /// # Errors
    /// As [`plan`](Write::plan).
    #[inline]
    pub(crate) fn plan_over(&mut self, current: Option<&Doc<M>>) -> Result<Plan<M>, Error> {
        // Codecs and `Clone` of field types are code of users; a store calls this under its lock.
        let plan = catch_unwind(AssertUnwindSafe(|| self.decide(current)));
        plan.unwrap_or_else(|_| {
            let message = format!("{} {}: a field's own code panicked", M::SCHEMA.model, self.id);
            Err(Error::new(Code::Internal, message))
        })
    }

    #[inline]
    fn decide(&mut self, current: Option<&Doc<M>>) -> Result<Plan<M>, Error> {
        // A create must also stop at a document that the policy hides: it would overwrite it.
        let visible = current.filter(|doc| self.checks.using.as_ref().is_none_or(|f| f.matches(&doc.value)));
        let planned = Intent::Planned(self.action());
        match std::mem::replace(&mut self.intent, planned) {
            Intent::Create(patch) => self.plan_create(patch, current),
            Intent::Update { patch, own, expect } => self.plan_update(patch, own, expect, visible),
            Intent::Delete { expect } => {
                self.existing(visible, expect)?;
                Ok(Plan { action: Action::Delete, before: None, after: None, extra: None, outcome: None })
            }
            Intent::Planned(_) => {
                let message = format!("{} {}: the store planned one write twice", M::SCHEMA.model, self.id);
                Err(Error::new(Code::Internal, message))
            }
        }
    }

    /// What this write does.
    pub fn action(&self) -> Action {
        match self.intent {
            Intent::Create(_) => Action::Create,
            Intent::Update { .. } => Action::Update,
            Intent::Delete { .. } => Action::Delete,
            Intent::Planned(action) => action,
        }
    }

    fn plan_create(&self, patch: Arc<M::Patch>, current: Option<&Doc<M>>) -> Result<Plan<M>, Error> {
        if current.is_some() {
            return Err(self.exists());
        }
        let mut value = M::build(Arc::unwrap_or_clone(patch)).map_err(|refusal| self.refused(&refusal))?;
        value.normalize().map_err(|refusal| self.refused(&refusal))?;
        self.admit(&value)?;
        Ok(Plan {
            action: Action::Create,
            before: None,
            after: Some(Arc::new(value)),
            extra: None,
            outcome: None,
        })
    }

    #[inline]
    fn plan_update(
        &self,
        mut patch: Arc<M::Patch>,
        own: Option<OwnDoc<M>>,
        expect: Option<Rev>,
        current: Option<&Doc<M>>,
    ) -> Result<Plan<M>, Error> {
        let before = self.existing(current, expect)?;
        let value = match own {
            // The writer normalised its own document before it made the patch of it.
            Some(own) if own.base == before.rev && Arc::ptr_eq(&own.from, &before.value) => own.value,
            _ => {
                Arc::make_mut(&mut patch).normalize().map_err(|refusal| self.refused(&refusal))?;
                let mut value = (*before.value).clone();
                value.apply(&patch);
                Arc::new(value)
            }
        };
        if value.id() != &self.id {
            let message = format!("{} {}: the id of a document cannot be changed", M::SCHEMA.model, self.id);
            return Err(Error::new(Code::Invalid, message).at_field(M::SCHEMA.fields[M::SCHEMA.id].name));
        }
        self.admit(&value)?;
        Ok(Plan {
            action: Action::Update,
            before: None,
            after: Some(value),
            extra: before.extra.clone(),
            outcome: Some(patch),
        })
    }

    fn existing<'a>(&self, current: Option<&'a Doc<M>>, expect: Option<Rev>) -> Result<&'a Doc<M>, Error> {
        let doc = current.ok_or_else(|| not_found::<M>(&self.id))?;
        match expect {
            Some(rev) if rev != doc.rev => {
                let message =
                    format!("{} {}: is at revision {}, not {rev}", M::SCHEMA.model, self.id, doc.rev);
                Err(Error::new(Code::Conflict, message).carrying(Arc::new(doc.clone())))
            }
            _ => Ok(doc),
        }
    }

    /// The policy's CHECK, then the struct's own validation; a panic in it refuses this write only.
    fn admit(&self, value: &M) -> Result<(), Error> {
        if self.checks.check.as_ref().is_some_and(|check| !check.matches(value)) {
            let message = format!("{} {}: the policy does not allow this", M::SCHEMA.model, self.id);
            return Err(Error::new(Code::Denied, message));
        }
        if !self.checks.validate {
            return Ok(());
        }
        let checked: Result<(), Invalid> =
            catch_unwind(AssertUnwindSafe(|| value.check())).map_err(|_| {
                let message = format!("{} {}: its validation panicked", M::SCHEMA.model, self.id);
                Error::new(Code::Internal, message)
            })?;
        checked.map_err(|invalid| invalid.into_error(M::SCHEMA.model, &self.id))
    }

    /// The error of a create whose id the store has already.
    pub fn exists(&self) -> Error {
        Error::new(Code::Exists, format!("{} {}: exists already", M::SCHEMA.model, self.id))
    }

    /// The error of a write whose value in a `unique` field another document has.
    pub fn duplicate(&self, field: &str) -> Error {
        let message = format!("{} {}: another document has this {field}", M::SCHEMA.model, self.id);
        Error::new(Code::Duplicate, message).at_field(field)
    }

    /// The error of a write with a value outside the value domain.
    pub fn refused(&self, refusal: &Refusal) -> Error {
        refused::<M>(&self.id, refusal)
    }
}

/// The error of a document with a value outside the value domain.
pub(crate) fn refused<M: SyncModel>(id: &M::Id, refusal: &Refusal) -> Error {
    Error::new(refusal.code(), format!("{} {id}: {refusal}", M::SCHEMA.model)).at_field(refusal.path())
}

/// The error of a document that is not there, or that the asker may not see.
pub(crate) fn not_found<M: SyncModel>(id: &M::Id) -> Error {
    Error::new(Code::NotFound, format!("{} {id}: not found", M::SCHEMA.model))
}

impl Error {
    /// The document that a conflicting save met.
    pub fn current<M: SyncModel>(&self) -> Option<Doc<M>> {
        self.carried::<Doc<M>>().map(|doc| (*doc).clone())
    }
}

impl<M: SyncModel> Plan<M> {
    /// What the plan does.
    pub fn action(&self) -> Action {
        self.action
    }

    /// The document as it was; `None` where there was none.
    pub fn before(&self) -> Option<&Doc<M>> {
        self.before.as_ref()
    }

    /// The document as it will be stored at this revision; `None` where it will be gone.
    pub fn document(&self, rev: Rev) -> Option<Doc<M>> {
        let value = self.after.clone()?;
        Some(Doc { value, extra: self.extra.clone(), rev })
    }

    /// The fact that the plan becomes once it is committed at this revision and position of the log.
    ///
    /// `prev` is the document's revision just before; for a create, that of the deleted one of the same id
    /// where the store remembers it.
    pub fn committed(mut self, write: &Write<M>, prev: Rev, rev: Rev, position: u64) -> Arc<Change<M>> {
        let before = self.before.take();
        self.committed_over(before, write, (prev, rev), position)
    }

    /// The same, of a store that gives up the document that the plan replaces.
    #[inline]
    pub(crate) fn committed_over(
        self,
        before: Option<Doc<M>>,
        write: &Write<M>,
        (prev, rev): (Rev, Rev),
        position: u64,
    ) -> Arc<Change<M>> {
        let document = self.outcome.is_none().then(|| self.document(rev)).flatten();
        let body = match (self.outcome, document) {
            (Some(outcome), _) => Body::Patch(outcome),
            (None, Some(doc)) => Body::Document(doc),
            (None, None) => Body::Gone,
        };
        let sight = Sight::Documents { before: before.map(|doc| doc.value), after: self.after };
        let id = write.id.clone();
        let context = write.context.clone();
        Arc::new(Change::new(self.action, id, (prev, rev), position, body, sight, context))
    }
}
