//! [`Request`] and [`Reply`]: a wish of this process on its way down a chain, and the answer.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::change::{Action, Change};
use super::commit::CommitSlot;
use super::context::Context;
use crate::error::Error;
use crate::model::{Doc, ModelPatch, Rev, SyncModel, id_field};
use crate::query::{Filter, Query};

/// What is asked for.
#[derive(Debug)]
pub enum Op<M: SyncModel> {
    /// A new document, as a patch that says its fields.
    Create(Arc<M::Patch>),
    /// A change of a document.
    Update {
        /// Which one.
        id: M::Id,
        /// What changes.
        patch: Arc<M::Patch>,
        /// The writer's own document with this very patch in it, while no layer touched the patch.
        own: Option<OwnDoc<M>>,
        /// The revision that the document must be at.
        expect: Option<Rev>,
    },
    /// The end of a document.
    Delete {
        /// Which one.
        id: M::Id,
        /// The revision that the document must be at.
        expect: Option<Rev>,
    },
    /// One document.
    Read(M::Id),
    /// All documents that a query gives.
    Find(Query<M>),
}

/// A writer's own document: what the patch makes of the document at `base`.
///
/// A store whose document is still at `base`, and is the very one that was edited, takes it as it is and
/// spares a clone. The revision alone does not tell: a layer may have altered what was read.
#[derive(Debug)]
pub struct OwnDoc<M> {
    /// The revision it was edited from.
    pub base: Rev,
    /// The document it was edited from.
    pub from: Arc<M>,
    /// The document with all edits.
    pub value: Arc<M>,
}

/// What must hold inside the store's atomic write.
#[derive(Debug)]
pub struct Checks<M: SyncModel> {
    /// The document before must match, or it counts as missing: a policy's USING.
    pub using: Option<Filter<M>>,
    /// The document after must match, or the write is denied: a policy's CHECK.
    pub check: Option<Filter<M>>,
    /// The struct's own validation is asked.
    pub validate: bool,
}

/// A wish on its way down a chain.
///
/// Layers may read and change it, answer it themselves, or hand it on with [`Next::run`](super::Next::run).
/// It derefs to its [`Parts`]; boxed, because every layer moves it.
#[derive(Debug)]
pub struct Request<M: SyncModel>(pub(crate) Box<Parts<M>>);

/// What a request is made of, besides [`Request::op`].
#[derive(Debug)]
pub struct Parts<M: SyncModel> {
    pub(crate) op: Op<M>,
    /// Who asks.
    pub context: Context,
    /// What must hold inside the write.
    pub checks: Checks<M>,
    pub(crate) slot: Arc<CommitSlot<M>>,
}

impl<M: SyncModel> Deref for Request<M> {
    type Target = Parts<M>;
    fn deref(&self) -> &Parts<M> {
        &self.0
    }
}

impl<M: SyncModel> DerefMut for Request<M> {
    fn deref_mut(&mut self) -> &mut Parts<M> {
        &mut self.0
    }
}

impl<M: SyncModel> Request<M> {
    /// A request of this process's own code.
    pub fn new(op: Op<M>) -> Self {
        Request::with_slot(op, Arc::default())
    }

    /// The same, with its outcome told to this slot.
    pub(crate) fn with_slot(op: Op<M>, slot: Arc<CommitSlot<M>>) -> Self {
        Request(Box::new(Parts { op, context: Context::default(), checks: Checks::default(), slot }))
    }

    /// The same, asked by this one.
    #[must_use]
    pub fn with_context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// What is asked for, in one word.
    pub fn action(&self) -> Action {
        match &self.op {
            Op::Create(_) => Action::Create,
            Op::Update { .. } => Action::Update,
            Op::Delete { .. } => Action::Delete,
            Op::Read(_) => Action::Read,
            Op::Find(_) => Action::Find,
        }
    }

    /// What is asked for.
    pub fn op(&self) -> &Op<M> {
        &self.op
    }

    /// What is asked for, to be replaced; the writer's own document no longer counts.
    pub fn op_mut(&mut self) -> &mut Op<M> {
        self.disown();
        &mut self.0.op
    }

    /// Which document, where the request names one.
    pub fn id(&self) -> Option<&M::Id> {
        match &self.op {
            Op::Create(patch) => patch.get(id_field()),
            Op::Update { id, .. } | Op::Delete { id, .. } | Op::Read(id) => Some(id),
            Op::Find(_) => None,
        }
    }

    /// What is written: the fields of a create or an update.
    pub fn patch(&self) -> Option<&M::Patch> {
        match &self.op {
            Op::Create(patch) | Op::Update { patch, .. } => Some(patch),
            _ => None,
        }
    }

    /// What is written, to be changed; the writer's own document no longer counts.
    pub fn patch_mut(&mut self) -> Option<&mut M::Patch> {
        self.disown();
        match &mut self.0.op {
            Op::Create(patch) | Op::Update { patch, .. } => Some(Arc::make_mut(patch)),
            _ => None,
        }
    }

    fn disown(&mut self) {
        if let Op::Update { own, .. } = &mut self.0.op {
            *own = None;
        }
    }
}

/// A copy that a layer can send down a second time; a commit it makes counts for the same caller.
impl<M: SyncModel> Clone for Request<M> {
    fn clone(&self) -> Self {
        let Parts { op, context, checks, slot } = &*self.0;
        let (op, context, checks, slot) = (op.clone(), context.clone(), checks.clone(), slot.clone());
        Request(Box::new(Parts { op, context, checks, slot }))
    }
}

impl<M: SyncModel> Clone for Op<M> {
    fn clone(&self) -> Self {
        match self {
            Op::Create(patch) => Op::Create(patch.clone()),
            Op::Update { id, patch, own, expect } => {
                Op::Update { id: id.clone(), patch: patch.clone(), own: own.clone(), expect: *expect }
            }
            Op::Delete { id, expect } => Op::Delete { id: id.clone(), expect: *expect },
            Op::Read(id) => Op::Read(id.clone()),
            Op::Find(query) => Op::Find(query.clone()),
        }
    }
}

impl<M> Clone for OwnDoc<M> {
    fn clone(&self) -> Self {
        OwnDoc { base: self.base, from: self.from.clone(), value: self.value.clone() }
    }
}

impl<M: SyncModel> Clone for Checks<M> {
    fn clone(&self) -> Self {
        Checks { using: self.using.clone(), check: self.check.clone(), validate: self.validate }
    }
}

impl<M: SyncModel> Default for Checks<M> {
    fn default() -> Self {
        Checks { using: None, check: None, validate: false }
    }
}

/// The answer to a request.
#[derive(Debug)]
pub enum Reply<M: SyncModel> {
    /// A write was committed; the hub has it already.
    Committed(Arc<Change<M>>),
    /// One document, or none.
    Document(Option<Doc<M>>),
    /// What a query found.
    Found(Found<M>),
    /// A backend without a store gives the request back.
    Echo(Option<Arc<M::Patch>>),
}

/// What a query found.
#[derive(Debug)]
pub struct Found<M> {
    /// The documents, in the query's order.
    pub docs: Vec<Doc<M>>,
    /// How many match in all, where the query asked.
    pub total: Option<usize>,
    /// The position of the log that the answer includes: later changes are not in it.
    pub position: u64,
}

impl<M: SyncModel> Reply<M> {
    /// The commit.
    ///
    /// # Errors
    /// Where a layer answered a write with something else.
    pub fn into_committed(self) -> Result<Arc<Change<M>>, Error> {
        match self {
            Reply::Committed(change) => Ok(change),
            other => Err(other.unexpected("a commit")),
        }
    }

    /// The document.
    ///
    /// # Errors
    /// Where a layer answered a read with something else.
    pub fn into_document(self) -> Result<Option<Doc<M>>, Error> {
        match self {
            Reply::Document(doc) => Ok(doc),
            other => Err(other.unexpected("a document")),
        }
    }

    /// What was found.
    ///
    /// # Errors
    /// Where a layer answered a query with something else.
    pub fn into_found(self) -> Result<Found<M>, Error> {
        match self {
            Reply::Found(found) => Ok(found),
            other => Err(other.unexpected("documents")),
        }
    }

    fn unexpected(&self, wanted: &str) -> Error {
        let found = match self {
            Reply::Committed(_) => "a commit",
            Reply::Document(_) => "a document",
            Reply::Found(_) => "documents",
            Reply::Echo(_) => "an echo, for the backend has no store",
        };
        let message = format!("{}: expected {wanted} and was answered with {found}", M::SCHEMA.model);
        Error::new(crate::error::Code::Config, message)
    }
}
