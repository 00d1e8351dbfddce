//! [`Backend`]: the handle with every verb.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::stream::{self, StreamExt as _};

use super::builder::BackendBuilder;
use super::change::{Action, Change};
use super::context::Context;
use super::cursor::Cursor;
use super::event::{Interest, Signal};
use super::find::Find;
use super::hub::Hub;
use super::instance::Model;
use super::ledger::Missed;
use super::request::{Op, Reply, Request};
use super::shared::Shared;
use super::subscription::Subscription;
use super::write::not_found;
use crate::error::{Code, Error};
use crate::model::{Doc, FieldSet, IntoNew, SyncModel};
use crate::query::{Filter, Query};

/// How many creates of `create_many` are on their way at once.
const CREATES_AT_ONCE: usize = 256;

/// One configured backend of a model: its chain, its store, its hub. Cheap to clone.
///
/// ```
/// use sync_core::prelude::*;
/// # #[derive(SyncModel, Clone, Debug)]
/// # #[sync(backend = "lists")]
/// # struct List { #[sync(id)] id: Uuid, name: String }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let registry = Registry::builder()
///     .backend(Backend::<List>::builder().with(AssignId::v7()).store(MemoryStore::new()))
///     .build()
///     .await?;
/// let lists = registry.backend::<List>();
///
/// let mut list = lists.create(List { id: Uuid::nil(), name: "Milk".into() }).await?;
/// list.edit(|l| l.name.push_str(" and bread"));
/// list.save().await?;
/// assert_eq!(lists.fetch(list.id).await?.name, "Milk and bread");
/// # Ok(()) }
/// ```
pub struct Backend<M: SyncModel>(pub(crate) Arc<Shared<M>>);

impl<M: SyncModel> Clone for Backend<M> {
    fn clone(&self) -> Self {
        Backend(self.0.clone())
    }
}

impl<M: SyncModel> std::fmt::Debug for Backend<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backend").field("name", &self.0.name).finish_non_exhaustive()
    }
}

impl<M: SyncModel> Backend<M> {
    /// A backend to be configured, and given to [`Registry::builder`](super::Registry::builder).
    pub fn builder() -> BackendBuilder<M> {
        BackendBuilder::new()
    }

    /// Its wire name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Runs any request down the chain: the one road in, which all verbs take.
    ///
    /// # Errors
    /// Whatever the layers and the store answer.
    pub async fn request(&self, request: Request<M>) -> Result<Reply<M>, Error> {
        self.0.call(request).await
    }

    /// Creates a document from the struct or from a patch.
    ///
    /// # Errors
    /// `exists`, `duplicate`, `invalid`, `invalid_value`, and whatever layers answer.
    pub async fn create(&self, new: impl IntoNew<M>) -> Result<Model<M>, Error> {
        self.create_patch(Arc::new(new.into_new())).await
    }

    async fn create_patch(&self, patch: Arc<M::Patch>) -> Result<Model<M>, Error> {
        let reply = self.request(Request::new(Op::Create(patch))).await?;
        let doc = match reply {
            Reply::Committed(change) => committed_doc(&change)?,
            Reply::Echo(Some(patch)) => {
                let value = M::build(Arc::unwrap_or_clone(patch))
                    .map_err(|refusal| Error::refused(M::SCHEMA.model, &refusal))?;
                Doc { value: Arc::new(value), extra: None, rev: 0 }
            }
            other => committed_doc(&*other.into_committed()?)?,
        };
        Ok(Model::fetched(self.clone(), doc))
    }

    /// Creates many documents; one answer each, in order. One refusal stops no other.
    pub async fn create_many<N: IntoNew<M>>(
        &self,
        new: impl IntoIterator<Item = N>,
    ) -> Vec<Result<Model<M>, Error>> {
        let patches: Vec<_> = new.into_iter().map(|new| Arc::new(new.into_new())).collect();
        let creates = patches.into_iter().map(|patch| self.create_patch(patch));
        stream::iter(creates).buffered(CREATES_AT_ONCE).collect().await
    }

    /// Fetches a document.
    ///
    /// # Errors
    /// `not_found`, and whatever layers and the store answer.
    pub async fn fetch(&self, id: impl Into<M::Id>) -> Result<Model<M>, Error> {
        let id = id.into();
        let doc = self.read(&id).await?.ok_or_else(|| not_found::<M>(&id))?;
        Ok(Model::fetched(self.clone(), doc))
    }

    pub(crate) async fn read(&self, id: &M::Id) -> Result<Option<Doc<M>>, Error> {
        self.request(Request::new(Op::Read(id.clone()))).await?.into_document()
    }

    /// Documents that match a filter: `find(List::OWNER.eq("ann")).sort(List::NAME.asc()).all()`.
    pub fn find(&self, filter: Filter<M>) -> Find<M> {
        Find { backend: self.clone(), query: Query::new(filter) }
    }

    /// All documents, by id.
    ///
    /// # Errors
    /// Whatever layers and the store answer.
    pub async fn all(&self) -> Result<Vec<Model<M>>, Error> {
        self.find(Filter::all()).all().await
    }

    /// Changes a document without fetching it.
    ///
    /// # Errors
    /// `not_found`, `invalid`, `invalid_value`, `duplicate`, and whatever layers answer.
    pub async fn update(&self, id: impl Into<M::Id>, patch: M::Patch) -> Result<Arc<Change<M>>, Error> {
        let op = Op::Update { id: id.into(), patch: Arc::new(patch), own: None, expect: None };
        self.request(Request::new(op)).await?.into_committed()
    }

    /// Deletes a document without fetching it.
    ///
    /// # Errors
    /// `not_found`, and whatever layers answer.
    pub async fn delete_by_id(&self, id: impl Into<M::Id>) -> Result<Arc<Change<M>>, Error> {
        let op = Op::Delete { id: id.into(), expect: None };
        self.request(Request::new(op)).await?.into_committed()
    }

    /// Every change from now on.
    pub fn subscribe(&self) -> Subscription<M> {
        self.0.hub.subscribe(Interest::All)
    }

    /// Every change of one document from now on.
    pub fn subscribe_one(&self, id: impl Into<M::Id>) -> Subscription<M> {
        self.0.hub.subscribe(Interest::One(id.into()))
    }

    /// Every change from now on that touches one of these fields; creates and deletes touch all.
    ///
    /// ```no_run
    /// # use sync_core::prelude::*;
    /// # #[derive(SyncModel, Clone, Debug)]
    /// # #[sync(backend = "lists")]
    /// # struct List { #[sync(id)] id: Uuid, name: String, owner: String }
    /// # fn demo(lists: Backend<List>) {
    /// let renames = lists.subscribe_fields(List::NAME);
    /// let gifts = lists.subscribe_fields(List::NAME | List::OWNER);
    /// # }
    /// ```
    pub fn subscribe_fields(&self, fields: impl Into<FieldSet>) -> Subscription<M> {
        self.0.hub.subscribe(Interest::Fields(fields.into()))
    }

    /// Every change after the cursor; `None` where that can no longer be told, so that the caller reads
    /// anew (its subscription runs already, so nothing is lost in between).
    ///
    /// # Errors
    /// Whatever the store answers when its log is read.
    pub async fn subscribe_from(
        &self,
        cursor: Cursor,
    ) -> Result<(Option<Vec<Arc<Change<M>>>>, Subscription<M>), Error> {
        let (subscription, missed) = self.0.hub.subscribe_from(Interest::All, Some(cursor));
        let changes = match (missed, &self.0.store) {
            (Missed::Changes(changes), _) => Some(changes),
            (Missed::InStore { after, upto, early }, Some(store)) => {
                let mut changes = store.changes_after(after, MISSED_AT_MOST + 1).await?;
                if let Some(changes) = &mut changes {
                    changes.retain(|change| change.position <= upto);
                    changes.extend(early);
                }
                changes.filter(|changes| changes.len() <= MISSED_AT_MOST)
            }
            _ => None,
        };
        Ok((changes, subscription))
    }

    /// Tells subscribers and sockets something that is not stored.
    pub fn emit(&self, action: Action, id: Option<M::Id>, patch: Option<M::Patch>) {
        let patch = patch.map(Arc::new);
        self.0.hub.signal(Signal { action, id, patch, context: Context::server() });
    }

    /// Where the log stands.
    pub fn cursor(&self) -> Cursor {
        self.0.hub.cursor()
    }

    /// The hub, for what it has counted.
    pub fn hub(&self) -> &Arc<Hub<M>> {
        &self.0.hub
    }

    /// Whether the registry was shut down.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    /// How many documents, and how many queries, the store was asked for.
    pub fn reads(&self) -> (u64, u64) {
        (self.0.reads.load(Ordering::Relaxed), self.0.finds.load(Ordering::Relaxed))
    }
}

/// A returning reader gets at most this many changes; beyond, reading anew costs less.
const MISSED_AT_MOST: usize = 20_000;

fn committed_doc<M: SyncModel>(change: &Change<M>) -> Result<Doc<M>, Error> {
    let value = change.document().cloned().ok_or_else(|| {
        Error::new(
            Code::Internal,
            format!("{} {}: a create came without its document", M::SCHEMA.model, change.id),
        )
    })?;
    Ok(Doc { value, extra: None, rev: change.rev })
}
