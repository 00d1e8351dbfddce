//! What several tests share: a model, backends over it, a store with await points, futures that are dropped.

#![allow(dead_code, unreachable_pub, missing_debug_implementations)] // each test crate uses its part

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use sync_core::backend::{Body, Change, Feed, Found, HubStats, Opened, Store, Subscription, Write};
use sync_core::model::{Doc, Rev};
use sync_core::prelude::*;
use sync_core::query::Query;

#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "lists", validate = "List::validate")]
pub(crate) struct List {
    #[sync(id)]
    pub(crate) id: Uuid,
    #[sync(default)]
    pub(crate) name: String,
    #[sync(default)]
    pub(crate) views: i64,
    #[sync(default)]
    pub(crate) low: i64,
    #[sync(default)]
    pub(crate) high: i64,
    pub(crate) note: Option<Option<String>>,
}

impl List {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        if self.low > self.high {
            return Err(Invalid::field("low", "must not be above high"));
        }
        Ok(())
    }
}

pub(crate) fn list() -> List {
    List { id: Uuid::nil(), name: String::new(), views: 0, low: 0, high: 0, note: None }
}

pub(crate) async fn over(store: impl Store<List>) -> Backend<List> {
    let backend = Backend::<List>::builder().with(AssignId::v7()).with(Validate).store(store);
    Registry::builder().backend(backend).build().await.unwrap().backend()
}

/// Nothing was lost, so nothing may have been repaired.
#[track_caller]
pub(crate) fn undisturbed(lists: &Backend<List>) {
    let HubStats { duplicates, held, repairs, resets, overflows, .. } = lists.hub().stats();
    assert_eq!((duplicates, held, repairs, resets, overflows), (0, 0, 0, 0, 0));
}

/// Polls a future so many times, with others running in between, and drops it; whether it was done.
pub(crate) async fn dropped_after(polls: usize, future: impl Future) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        if poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

/// A copy that a reader keeps by the rule alone: a patch on top of `prev`, a document above the copy.
#[derive(Debug, Default)]
pub(crate) struct Copy {
    pub(crate) rev: Rev,
    pub(crate) value: Option<List>,
}

impl Copy {
    pub(crate) fn take(&mut self, change: &Change<List>) {
        if change.rev <= self.rev {
            return;
        }
        match &change.body {
            Body::Patch(patch) => {
                assert_eq!(change.prev, self.rev, "a patch came that does not fit: a read would be needed");
                self.value.as_mut().expect("a patch is on top of a document").apply(patch);
            }
            Body::Document(doc) => self.value = Some((*doc.value).clone()),
            Body::Gone => self.value = None,
        }
        self.rev = change.rev;
    }

    /// Takes all events that wait.
    pub(crate) fn follow(&mut self, events: &mut Subscription<List>) {
        while let Some(event) = events.try_next() {
            self.take(event.change().expect("nothing is lost, so there is no reset"));
        }
    }
}

/// A memory store with await points before and after the commit, so that it can be interrupted there.
pub(crate) struct Halting<M: SyncModel>(pub MemoryStore<M>, pub usize);

impl<M: SyncModel> Store<M> for Halting<M> {
    async fn open(&self, feed: Feed<M>) -> Result<Opened, Error> {
        self.0.open(feed).await
    }
    async fn commit(&self, batch: Vec<Write<M>>) -> Vec<Result<Arc<Change<M>>, Error>> {
        for _ in 0..self.1 {
            tokio::task::yield_now().await;
        }
        let answers = self.0.commit(batch).await;
        for _ in 0..self.1 {
            tokio::task::yield_now().await;
        }
        answers
    }
    async fn get(&self, id: &M::Id) -> Result<Option<Doc<M>>, Error> {
        tokio::task::yield_now().await;
        self.0.get(id).await
    }
    async fn find(&self, query: &Query<M>) -> Result<Found<M>, Error> {
        self.0.find(query).await
    }
}
