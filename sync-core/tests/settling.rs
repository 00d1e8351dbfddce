//! Saves whose outcome comes late, or with an error: nothing is counted twice, nothing is lost.

#![allow(clippy::unwrap_used)] // a test may fail by panicking, in its helpers too

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use common::{Halting, List, ListPatch, dropped_after, list, over, undisturbed};
use sync_core::Code;
use sync_core::backend::{Next, Op, Reply, Request};
use sync_core::middleware::Upsert;
use sync_core::prelude::*;

async fn erring(request: Request<List>, next: Next<List>) -> Result<Reply<List>, Error> {
    let update = request.action() == Action::Update;
    let reply = next.run(request).await?;
    if update { Err(Error::new(Code::Internal, "lists: the audit failed")) } else { Ok(reply) }
}

async fn panicking(request: Request<List>, next: Next<List>) -> Result<Reply<List>, Error> {
    let update = request.action() == Action::Update;
    let reply = next.run(request).await;
    assert!(!update, "the audit panics");
    reply
}

async fn counted_once(lists: Backend<List>) {
    let mut one = lists.create(list()).await.unwrap();
    for round in 1..=3 {
        one.views += 1;
        let error = one.save().await.unwrap_err();
        let change = error.committed::<List>().expect("the error carries the commit");
        assert_eq!((change.rev, change.document().unwrap().views), (one.rev(), round));
        assert!(!one.is_changed(), "what was committed is no edit any more");
        // A second save has nothing to send, and so nothing fails.
        one.save().await.unwrap();
        assert_eq!(lists.fetch(one.id).await.unwrap().views, round);
    }
    undisturbed(&lists);
}

#[tokio::test]
async fn a_layer_that_errs_after_the_commit_counts_nothing_twice() {
    let backend = Backend::<List>::builder().with(AssignId::v7()).with_fn(erring).store(MemoryStore::new());
    counted_once(Registry::builder().backend(backend).build().await.unwrap().backend()).await;
}

#[tokio::test]
async fn a_layer_that_panics_after_the_commit_counts_nothing_twice() {
    let backend =
        Backend::<List>::builder().with(AssignId::v7()).with_fn(panicking).store(MemoryStore::new());
    counted_once(Registry::builder().backend(backend).build().await.unwrap().backend()).await;
}

async fn slow(request: Request<List>, next: Next<List>) -> Result<Reply<List>, Error> {
    for _ in 0..2 {
        tokio::task::yield_now().await;
    }
    let reply = next.run(request).await;
    for _ in 0..2 {
        tokio::task::yield_now().await;
    }
    reply
}

/// A save dropped at every await point in turn, then edits or none, then a save.
async fn dropped_everywhere(lists: Backend<List>) {
    let mut one = lists.create(list()).await.unwrap();
    let mut other = lists.fetch(one.id).await.unwrap();
    let (mut views, mut done) = (0, 0);
    for polls in 0..=14 {
        for step in 0..4 {
            one.views += 1;
            views += 1;
            done += usize::from(dropped_after(polls, one.save()).await);
            if step & 1 == 1 {
                one.views += 1;
                views += 1;
                one.edit(|l| l.note = Some(Some(format!("{polls}, {step}"))));
            }
            if step & 2 == 2 {
                other.edit(|l| l.name = format!("{polls}, {step}"));
                other.save().await.unwrap();
            }
            one.save().await.unwrap();
            assert!(!one.is_changed());
            let read = lists.fetch(one.id).await.unwrap();
            assert_eq!(read.views, views, "dropped after {polls} polls, step {step}");
            assert_eq!((&read.note, &read.name), (&one.note, &other.name), "dropped after {polls} polls");
            if step == 3 {
                one.refresh().await.unwrap();
                assert_eq!(*one, *read);
            }
        }
    }
    assert!((4..56).contains(&done), "some were dropped early, some late: {done} of 60 were done");
    undisturbed(&lists);
}

#[tokio::test]
async fn a_save_dropped_between_layers_is_counted_once() {
    let backend = Backend::<List>::builder().with(AssignId::v7()).with_fn(slow).store(MemoryStore::new());
    dropped_everywhere(Registry::builder().backend(backend).build().await.unwrap().backend()).await;
}

#[tokio::test]
async fn a_save_dropped_inside_a_store_is_counted_once() {
    let store = Halting(MemoryStore::new(), 3);
    let backend = Backend::<List>::builder().with(AssignId::v7()).with_fn(slow).store(store);
    dropped_everywhere(Registry::builder().backend(backend).build().await.unwrap().backend()).await;
}

/// The save's future was dropped after the commit. Then events were applied that already brought this
/// commit, and a later one of somebody else: settling the save put its old value back into the base.
#[tokio::test]
async fn settling_a_save_that_events_overtook_changes_nothing() {
    let lists = over(Halting(MemoryStore::new(), 1)).await;
    let mut one = lists.create(list()).await.unwrap();
    let mut events = lists.subscribe();
    one.views = 1;
    assert!(!dropped_after(1, one.save()).await);
    assert!(one.apply(&events.next().await.unwrap()));
    lists.update(one.id, ListPatch::default().with(List::VIEWS, 7)).await.unwrap();
    assert!(one.apply(&events.next().await.unwrap()));
    assert_eq!(one.views, 7);
    // The same value as the dropped save's: it is an edit of 7, and must be sent.
    one.views = 1;
    assert!(one.is_changed());
    one.save().await.unwrap();
    assert_eq!(lists.fetch(one.id).await.unwrap().views, 1);
    assert!(!one.is_behind());
}

/// A layer made a create of the update: its outcome is a whole document, and was not taken as the base, so
/// that the same edits were sent again and again.
#[tokio::test]
async fn a_save_that_became_a_create_is_the_base_too() {
    let backend = Backend::<List>::builder().with(AssignId::v7()).with(Upsert).store(MemoryStore::new());
    let lists = Registry::builder().backend(backend).build().await.unwrap().backend::<List>();
    let mut one = lists.create(list()).await.unwrap();
    lists.delete_by_id(one.id).await.unwrap();
    one.views = 5;
    one.save().await.unwrap();
    assert!(!one.is_changed() && !one.is_behind());
    assert_eq!(one.rev(), lists.fetch(one.id).await.unwrap().rev());
}

/// A dropped save had moved the document on, and the delete expected the revision before it.
#[tokio::test]
async fn a_delete_settles_what_was_dropped() {
    #[derive(SyncModel, Clone)]
    #[sync(backend = "strict", conflict = "reject")]
    struct Strict {
        #[sync(id)]
        id: Uuid,
        views: i64,
    }
    let backend = Backend::<Strict>::builder().with(AssignId::v7()).store(Halting(MemoryStore::new(), 1));
    let strict = Registry::builder().backend(backend).build().await.unwrap().backend::<Strict>();
    let mut one = strict.create(Strict { id: Uuid::nil(), views: 0 }).await.unwrap();
    one.views = 1;
    assert!(!dropped_after(1, one.save()).await);
    one.delete().await.unwrap();
}

/// A backend without a store answered "done", and the model went on to call its edits unsaved.
#[tokio::test]
async fn what_an_echo_told_is_no_edit_any_more() {
    let backend = Backend::<List>::builder().with(AssignId::v7());
    let lists = Registry::builder().backend(backend).build().await.unwrap().backend::<List>();
    let mut one = lists.create(list()).await.unwrap();
    let mut events = lists.subscribe();
    one.views = 1;
    one.save().await.unwrap();
    assert!(!one.is_changed());
    one.save().await.unwrap();
    assert!(events.try_next().is_some() && events.try_next().is_none(), "it is told once");
}

static CALLS: AtomicUsize = AtomicUsize::new(0);
#[derive(Debug)]
struct Touchy(u32);
impl Clone for Touchy {
    fn clone(&self) -> Self {
        if self.0 == 13 && CALLS.fetch_add(1, SeqCst) == 0 {
            panic!("thirteen is not cloned");
        }
        Touchy(self.0)
    }
}
mod touchy {
    use super::Touchy;
    use sync_core::model::{Refusal, Value};
    pub(super) fn to_value(touchy: &Touchy) -> Value {
        Value::Int(touchy.0.into())
    }
    pub(super) fn from_value(value: Value) -> Result<Touchy, Refusal> {
        match value {
            Value::Int(n) => Ok(Touchy(n as u32)),
            _ => Err(Refusal::new("expects an integer")),
        }
    }
}

/// A store that runs a user's code under its lock was lost for good when that code panicked.
#[tokio::test]
async fn a_field_whose_code_panics_fails_its_own_write_only() {
    #[derive(SyncModel, Clone, Debug)]
    #[sync(backend = "touchy")]
    struct Thing {
        #[sync(id)]
        id: u32,
        #[sync(with = "touchy")]
        touchy: Touchy,
    }
    let backend = Backend::<Thing>::builder().store(MemoryStore::new());
    let things = Registry::builder().backend(backend).build().await.unwrap().backend::<Thing>();
    things.create(Thing { id: 1, touchy: Touchy(1) }).await.unwrap();
    let mut patch = ThingPatch::default();
    patch.set(Thing::TOUCHY, Touchy(13));
    let op = Op::Update { id: 1, patch: Arc::new(patch), own: None, expect: None };
    assert_eq!(things.request(Request::new(op)).await.unwrap_err().code(), Code::Internal);
    assert_eq!(things.fetch(1u32).await.unwrap().touchy.0, 1);
    things.delete_by_id(1u32).await.unwrap();
}
