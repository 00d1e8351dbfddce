//! An opened store with its hub and one reader, and what a broken obligation says.

use std::fmt::Debug;
use std::sync::Arc;

use super::Setup;
use crate::backend::{Backend, Change, Checks, DynStore, Found, Op, Registry, Request, Subscription, Write};
use crate::error::{Code, Error};
use crate::model::{Doc, ModelPatch as _, Rev, SyncModel};
use crate::query::Query;

/// Panics unless the condition holds; the number is the obligation's in the docs of `Store`.
macro_rules! owed {
    ($obligation:literal, $holds:expr, $($what:tt)+) => {
        if !$holds {
            $crate::testing::conformance::rig::broken($obligation, format!($($what)+));
        }
    };
}

const OBLIGATIONS: [&str; 9] = [
    "atomic",
    "revisions",
    "the feed",
    "facts are whole",
    "unknown fields",
    "reads",
    "log",
    "unique",
    "cancellation",
];

/// Tells that an obligation is broken.
#[track_caller]
pub(super) fn broken(obligation: usize, what: impl std::fmt::Display) -> ! {
    panic!("obligation {obligation} ({}) is broken: {what}", OBLIGATIONS[obligation - 1])
}

/// What the store should have done and did.
pub(super) trait Done<T> {
    /// The answer.
    fn done(self, obligation: usize, what: &str) -> T;
}

impl<T> Done<T> for Result<T, Error> {
    #[track_caller]
    fn done(self, obligation: usize, what: &str) -> T {
        self.unwrap_or_else(|error| broken(obligation, format!("{what}, and the store answered {error:?}")))
    }
}

/// The answer that refuses; it must have this code.
#[track_caller]
pub(super) fn refused<T: Debug>(result: Result<T, Error>, code: Code, what: &str) -> Error {
    match result {
        Err(error) if error.code() == code => error,
        other => broken(
            if code == Code::Duplicate { 8 } else { 1 },
            format!("{what} must be refused with {}, and gave {other:?}", code.as_str()),
        ),
    }
}

/// A store under test.
pub(super) struct Rig<M: SyncModel> {
    pub(super) registry: Registry,
    pub(super) backend: Backend<M>,
    pub(super) events: Subscription<M>,
}

impl<M: SyncModel> Rig<M> {
    pub(super) async fn open<S: Setup>(setup: &S, place: &str) -> Self {
        let store = setup.open::<M>(place).await;
        let store = store.unwrap_or_else(|error| panic!("{place}: the store does not open: {error:?}"));
        let registry = Registry::builder().backend(Backend::builder().store(store)).build().await;
        let registry = registry.unwrap_or_else(|error| panic!("{place}: the store does not open: {error:?}"));
        let backend = registry.backend::<M>();
        let events = backend.subscribe();
        Rig { registry, backend, events }
    }

    /// Ends the store; a durable one may be opened again then.
    pub(super) async fn close(self) {
        self.registry.shutdown().await;
    }

    pub(super) fn store(&self) -> Arc<dyn DynStore<M>> {
        self.backend.0.store.clone().expect("a rig has a store")
    }

    /// Commits several writes in one call of the store.
    pub(super) async fn batch(&self, ops: Vec<Op<M>>) -> Vec<Result<Arc<Change<M>>, Error>> {
        let write = |op| Write::from_request(Request::new(op)).expect("the op is a write with an id");
        let writes: Vec<_> = ops.into_iter().map(write).collect();
        let (asked, answers) = (writes.len(), self.store().commit(writes).await);
        owed!(1, answers.len() == asked, "{asked} writes were given {} answers", answers.len());
        answers
    }

    /// Commits one write.
    pub(super) async fn commit(&self, op: Op<M>) -> Result<Arc<Change<M>>, Error> {
        self.backend.request(Request::new(op)).await?.into_committed()
    }

    /// Commits one write under these checks.
    pub(super) async fn checked(&self, op: Op<M>, checks: Checks<M>) -> Result<Arc<Change<M>>, Error> {
        let mut request = Request::new(op);
        request.checks = checks;
        self.backend.request(request).await?.into_committed()
    }

    /// Creates a document that nothing forbids.
    #[track_caller]
    pub(super) fn create(&self, value: &M) -> impl Future<Output = Arc<Change<M>>> + use<'_, M> {
        let op = create(value);
        async move { self.commit(op).await.done(1, "a document was created that nothing forbids") }
    }

    pub(super) async fn get(&self, id: &M::Id) -> Option<Doc<M>> {
        self.store().get(id).await.done(6, "a document was read")
    }

    /// A document that must be there.
    pub(super) async fn doc(&self, id: &M::Id) -> Doc<M> {
        self.get(id).await.unwrap_or_else(|| broken(6, format!("the document {id} is not found by its id")))
    }

    pub(super) async fn find(&self, query: &Query<M>) -> Found<M> {
        self.store().find(query).await.done(6, "documents were looked for")
    }

    /// What the feed has given since the last call.
    pub(super) fn fed(&mut self) -> Vec<Arc<Change<M>>> {
        let mut fed = Vec::new();
        while let Some(event) = self.events.try_next() {
            match event.change() {
                Some(change) => fed.push(change.clone()),
                None => broken(3, format!("the feed gave {event:?} where nothing was lost")),
            }
        }
        fed
    }

    /// Nothing was lost, doubled or late.
    pub(super) fn nothing_repaired(&self) {
        let stats = self.backend.hub().stats();
        owed!(3, stats.duplicates == 0, "the feed gave {} changes twice", stats.duplicates);
        owed!(3, stats.held == 0, "the feed gave {} changes before the one they follow", stats.held);
        owed!(3, stats.repairs == 0, "{} documents had to be read again", stats.repairs);
        owed!(3, stats.resets == 0, "the feed was reset {} times", stats.resets);
    }
}

pub(super) fn create<M: SyncModel>(value: &M) -> Op<M> {
    Op::Create(Arc::new(value.clone().into_patch()))
}

pub(super) fn update<M: SyncModel>(id: &M::Id, patch: M::Patch) -> Op<M> {
    Op::Update { id: id.clone(), patch: Arc::new(patch), own: None, expect: None }
}

pub(super) fn update_at<M: SyncModel>(id: &M::Id, patch: M::Patch, rev: Rev) -> Op<M> {
    Op::Update { id: id.clone(), patch: Arc::new(patch), own: None, expect: Some(rev) }
}

pub(super) fn delete<M: SyncModel>(id: &M::Id) -> Op<M> {
    Op::Delete { id: id.clone(), expect: None }
}

/// The names of the fields in which two documents differ.
pub(super) fn differing<M: SyncModel>(a: &M, b: &M) -> Vec<&'static str> {
    let mut patch = M::Patch::default();
    a.diff(b, &mut patch);
    patch.fields().iter().map(|index| M::SCHEMA.fields[index].name).collect()
}
