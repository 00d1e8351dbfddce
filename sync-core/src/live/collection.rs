//! [`Collection`] and [`Live`]: the handles of live views.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::watch;

use super::follow::{Followed, ViewStats};
use super::view::ViewEvent;
use crate::backend::{Backend, Find, Interest, Mailbox, Model};
use crate::error::Error;
use crate::model::{Doc, SyncModel, id_field};
use crate::query::Query;

/// An always-current, ordered view of a query. Cheap to clone; ends with its last handle.
///
/// ```
/// use sync_core::prelude::*;
/// # #[derive(SyncModel, Clone, Debug)]
/// # #[sync(backend = "lists")]
/// # struct List { #[sync(id)] id: Uuid, name: String }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// # let backend = Backend::<List>::builder().with(AssignId::v7()).store(MemoryStore::new());
/// # let registry = Registry::builder().backend(backend).build().await?;
/// let lists = registry.backend::<List>();
/// let view = lists.find(Filter::all()).sort(List::NAME.asc()).live().await?;
/// let mut events = view.events();
///
/// lists.create(ListPatch::default().with(List::NAME, "Milk")).await?;
/// events.next().await; // Add { at: 0, .. }
/// assert_eq!(view.items()[0].name, "Milk");
/// # Ok(()) }
/// ```
pub struct Collection<M: SyncModel>(Arc<Followed<M>>);

/// The always-current view of one document. Cheap to clone.
pub struct Live<M: SyncModel>(Collection<M>, M::Id);

/// The events of a live view, from when it was asked for.
///
/// At most 1,024 events wait; a slower reader gets [`ViewEvent::Reset`] with the documents as they are.
pub struct ViewEvents<M: SyncModel> {
    followed: Arc<Followed<M>>,
    mailbox: Arc<Mailbox<ViewEvent<M>>>,
}

impl<M: SyncModel> Find<M> {
    /// The query as an always-current view.
    ///
    /// # Errors
    /// Whatever layers and the store answer to the first read.
    pub async fn live(self) -> Result<Collection<M>, Error> {
        Followed::start(self.backend, self.query, Interest::All).await.map(Collection)
    }
}

impl<M: SyncModel> Backend<M> {
    /// One document as an always-current view; also of one that is not there yet.
    ///
    /// # Errors
    /// Whatever layers and the store answer to the first read.
    pub async fn live(&self, id: impl Into<M::Id>) -> Result<Live<M>, Error> {
        let id = id.into();
        let query = Query::new(id_field().eq(id.clone()));
        let followed = Followed::start(self.clone(), query, Interest::One(id.clone())).await?;
        Ok(Live(Collection(followed), id))
    }
}

impl<M: SyncModel> Collection<M> {
    /// The documents now, in order.
    pub fn items(&self) -> Vec<Arc<M>> {
        self.0.state().view.docs().iter().map(|doc| doc.value.clone()).collect()
    }

    /// The documents now with their revisions, in order.
    pub fn docs(&self) -> Vec<Doc<M>> {
        self.0.state().view.docs().to_vec()
    }

    /// How many documents it has.
    pub fn len(&self) -> usize {
        self.0.state().view.docs().len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many match in all, where the query asked for it.
    pub fn total(&self) -> Option<usize> {
        self.0.state().total
    }

    /// The document with this id, if it is in the view.
    pub fn get(&self, id: &M::Id) -> Option<Arc<M>> {
        self.0.state().view.get(id).map(|doc| doc.value.clone())
    }

    /// A tracked instance of the document with this id, to be edited and saved.
    pub fn edit(&self, id: &M::Id) -> Option<Model<M>> {
        let doc = self.0.state().view.get(id).cloned()?;
        Some(Model::fetched(self.0.backend.clone(), doc))
    }

    /// What happens to it from now on.
    pub fn events(&self) -> ViewEvents<M> {
        ViewEvents { mailbox: self.0.state().watch(), followed: self.0.clone() }
    }

    /// The documents now, and what happens to them from here on, with nothing in between.
    pub fn watch(&self) -> (Vec<Doc<M>>, ViewEvents<M>) {
        let mut state = self.0.state();
        let mailbox = state.watch();
        (state.view.docs().to_vec(), ViewEvents { mailbox, followed: self.0.clone() })
    }

    /// A number that grows with each change that was looked at: to wait for "something happened".
    pub fn version(&self) -> watch::Receiver<u64> {
        self.0.version()
    }

    /// What it has read since its first snapshot.
    pub fn stats(&self) -> ViewStats {
        self.0.stats()
    }
}

impl<M: SyncModel> Live<M> {
    /// The document now.
    pub fn get(&self) -> Option<Arc<M>> {
        self.0.get(&self.1)
    }

    /// A tracked instance of it, to be edited and saved.
    pub fn edit(&self) -> Option<Model<M>> {
        self.0.edit(&self.1)
    }

    /// What happens to it from now on.
    pub fn events(&self) -> ViewEvents<M> {
        self.0.events()
    }

    /// A number that grows with each change that was looked at.
    pub fn version(&self) -> watch::Receiver<u64> {
        self.0.version()
    }

    /// What it has read since its first snapshot.
    pub fn stats(&self) -> ViewStats {
        self.0.stats()
    }
}

impl<M: SyncModel> ViewEvents<M> {
    /// The next event; `None` when the backend has shut down.
    pub async fn next(&mut self) -> Option<ViewEvent<M>> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<ViewEvent<M>>> {
        // Under the view's lock, so that a reset's documents and the events after it fit together.
        let state = self.followed.state();
        self.mailbox.poll(cx).map(|taken| {
            taken.map(|event| event.unwrap_or_else(|_| ViewEvent::Reset(state.view.docs().to_vec())))
        })
    }
}

impl<M: SyncModel> Stream for ViewEvents<M> {
    type Item = ViewEvent<M>;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ViewEvent<M>>> {
        self.poll(cx)
    }
}

impl<M: SyncModel> Clone for Collection<M> {
    fn clone(&self) -> Self {
        Collection(self.0.clone())
    }
}

impl<M: SyncModel> Clone for Live<M> {
    fn clone(&self) -> Self {
        Live(self.0.clone(), self.1.clone())
    }
}

impl<M: SyncModel> std::fmt::Debug for Collection<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collection").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl<M: SyncModel> std::fmt::Debug for Live<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Live").field(&self.1).finish()
    }
}

impl<M: SyncModel> std::fmt::Debug for ViewEvents<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ViewEvents")
    }
}
