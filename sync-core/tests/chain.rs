//! Chains: what layers may do to requests, and what they may not do to others.

#![allow(clippy::unwrap_used)] // also in the tests' own functions: what fails there fails the test

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sync_core::backend::{Context, Interest, Next, Op, Reply, Request};
use sync_core::middleware::{Debug, Events, Upsert};
use sync_core::prelude::*;
use sync_core::{Code, backend::BackendBuilder};

#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "lists", validate = "List::validate")]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(default)]
    name: String,
    #[sync(default)]
    low: i64,
    #[sync(default)]
    high: i64,
}

impl List {
    fn validate(&self) -> Result<(), Invalid> {
        assert_ne!(self.name, "panic", "a validation that panics");
        if self.low > self.high { Err(Invalid::field("low", "must not be above high")) } else { Ok(()) }
    }
}

fn named(name: &str) -> ListPatch {
    ListPatch::default().with(List::NAME, name)
}

async fn build(chain: BackendBuilder<List>) -> Backend<List> {
    Registry::builder().backend(chain).build().await.unwrap().backend()
}

fn chain() -> BackendBuilder<List> {
    Backend::<List>::builder().with(AssignId::v7())
}

#[tokio::test]
async fn layers_run_in_the_order_they_were_added_and_may_change_the_request() {
    let lists = build(
        chain()
            .with_fn(async |mut request: Request<List>, next: Next<List>| {
                let name =
                    request.patch().and_then(|patch| patch.get(List::NAME)).cloned().unwrap_or_default();
                request.patch_mut().unwrap().set(List::NAME, name + "1");
                next.run(request).await
            })
            .with_state("2", async |suffix, mut request: Request<List>, next: Next<List>| {
                let name =
                    request.patch().and_then(|patch| patch.get(List::NAME)).cloned().unwrap_or_default();
                request.patch_mut().unwrap().set(List::NAME, name + suffix);
                next.run(request).await
            })
            .store(MemoryStore::new()),
    )
    .await;
    let mut list = lists.create(named("a")).await.unwrap();
    assert_eq!(list.name, "a12");
    // The writer's own document must not slip past a layer that changed the patch.
    list.name = "b".into();
    list.save().await.unwrap();
    assert_eq!(list.name, "b12");
}

#[tokio::test]
async fn a_layer_answers_refuses_and_recovers() {
    let lists =
        build(chain().on([Action::Read], Recover).on([Action::Delete], Refuse).store(MemoryStore::new()))
            .await;
    let kept = lists.create(named("kept")).await.unwrap();
    let id = kept.id;
    let refused = kept.delete().await.unwrap_err();
    assert!(refused.is_denied());
    assert_eq!(lists.fetch(id).await.unwrap().name, "kept");
    assert_eq!(lists.fetch(Uuid::max()).await.unwrap().name, "recovered");

    struct Refuse;
    impl<M: SyncModel> sync_core::backend::Middleware<M> for Refuse {
        async fn handle(&self, _: Request<M>, _: Next<M>) -> Result<Reply<M>, Error> {
            Err(Error::new(Code::Denied, "lists: nothing is deleted here"))
        }
    }

    struct Recover;
    impl sync_core::backend::Middleware<List> for Recover {
        async fn handle(&self, request: Request<List>, next: Next<List>) -> Result<Reply<List>, Error> {
            match next.run(request).await? {
                Reply::Document(None) => {
                    let value = List { id: Uuid::max(), name: "recovered".into(), low: 0, high: 0 };
                    let doc = sync_core::model::Doc { value: Arc::new(value), extra: None, rev: 1 };
                    Ok(Reply::Document(Some(doc)))
                }
                reply => Ok(reply),
            }
        }
    }
}

#[tokio::test]
async fn a_panic_in_a_layer_fails_that_call_only() {
    let lists = build(
        chain()
            .with_fn(async |request: Request<List>, next: Next<List>| {
                let named_panic =
                    request.patch().and_then(|p| p.get(List::NAME)).is_some_and(|n| n == "layer");
                assert!(!named_panic, "a layer that panics");
                next.run(request).await
            })
            .with(Validate)
            .store(MemoryStore::new()),
    )
    .await;
    for bad in ["layer", "panic"] {
        let error = lists.create(named(bad)).await.unwrap_err();
        assert_eq!(error.code(), Code::Internal, "{error}");
        assert!(error.committed::<List>().is_none());
    }
    lists.create(named("good")).await.unwrap();
    assert_eq!(lists.all().await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_patches_that_are_valid_alone_and_not_together_do_not_both_commit() {
    let lists = build(chain().with(Validate).store(MemoryStore::new())).await;
    let mut one = lists.create(named("range").with(List::HIGH, 10)).await.unwrap();
    let mut two = lists.fetch(one.id).await.unwrap();
    one.low = 8;
    two.high = 5;
    one.save().await.unwrap();
    let refused = two.save().await.unwrap_err();
    assert_eq!((refused.code(), refused.fields()), (Code::Invalid, &["low".to_owned()][..]));
    // The edit stays, and can be mended after a refresh.
    two.refresh().await.unwrap();
    assert_eq!((two.low, two.high), (8, 5));
    two.high = 9;
    two.save().await.unwrap();
}

#[tokio::test]
async fn upsert_creates_what_an_update_does_not_find() {
    let lists = build(chain().with(Upsert).store(MemoryStore::new())).await;
    let id = Uuid::now_v7();
    lists.update(id, named("new")).await.unwrap();
    lists.update(id, named("newer")).await.unwrap();
    assert_eq!(lists.fetch(id).await.unwrap().name, "newer");

    // Many writers who all find nothing: one creates, the others update.
    let id = Uuid::now_v7();
    let writers = (0..32).map(|n| {
        let lists = lists.clone();
        tokio::spawn(async move { lists.update(id, ListPatch::default().with(List::HIGH, n)).await })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn handlers_see_what_was_committed_with_old_values_and_harm_no_one() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let from_clients = Arc::new(AtomicUsize::new(0));
    let (log, count) = (seen.clone(), from_clients.clone());
    let events = Events::<List>::new()
        .on_any(|_| async { panic!("a handler that panics") })
        .on_action(Origin::Server, Action::Update, move |event: Event<List>| {
            let log = log.clone();
            async move {
                let change = event.change().unwrap().clone();
                let old = change.old(List::NAME).cloned().unwrap();
                log.lock().unwrap().push((old, change.document().unwrap().name.clone()));
            }
        })
        .on(Origin::Client, move |_| {
            let count = count.clone();
            async move {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    let registry = Registry::builder()
        .backend(chain().with(Debug).with(events).store(MemoryStore::new()))
        .build()
        .await
        .unwrap();
    let lists = registry.backend::<List>();
    let list = lists.create(named("a")).await.unwrap();
    for name in ["b", "c"] {
        lists.update(list.id, named(name)).await.unwrap();
    }
    let client =
        Request::new(Op::Update { id: list.id, patch: Arc::new(named("d")), own: None, expect: None });
    lists.request(client.with_context(Context::of(Origin::Client))).await.unwrap();
    registry.shutdown().await; // drains the handlers
    assert_eq!(*seen.lock().unwrap(), [("a".into(), "b".into()), ("b".to_owned(), "c".to_owned())]);
    assert_eq!(from_clients.load(Ordering::Relaxed), 1);
    assert!(lists.fetch(list.id).await.unwrap_err().is_unavailable());
}

#[tokio::test]
async fn subscribers_hear_what_they_asked_for_and_a_slow_one_is_told() {
    let lists = build(chain().store(MemoryStore::new())).await;
    let one = lists.create(named("one")).await.unwrap();
    let two = lists.create(named("two")).await.unwrap();
    let mut of_one = lists.subscribe_one(one.id);
    let mut of_low = lists.subscribe_fields(List::LOW);
    let mut clients = lists.hub().subscribe(Interest::From(Some(Origin::Client), None));
    let mut slow = lists.subscribe();
    for n in 0..1_100 {
        let id = if n % 2 == 0 { one.id } else { two.id };
        lists
            .update(id, ListPatch::default().with(if n < 3 { List::LOW } else { List::HIGH }, n))
            .await
            .unwrap();
    }
    let mut count = 0;
    while let Some(event) = of_one.try_next() {
        assert_eq!(event.change().unwrap().id, one.id);
        count += 1;
    }
    assert_eq!(count, 550);
    let mut lows = 0;
    while of_low.try_next().is_some() {
        lows += 1;
    }
    assert_eq!(lows, 3);
    assert!(clients.try_next().is_none());
    assert!(slow.try_next().unwrap().is_reset());
    lists.update(one.id, named("after")).await.unwrap();
    assert!(slow.try_next().unwrap().change().is_some());
    assert_eq!(lists.hub().stats().overflows, 1);
}

#[tokio::test]
async fn a_backend_without_a_store_echoes_and_tells() {
    let lists = build(chain()).await;
    let mut events = lists.subscribe();
    let made = lists.create(named("echo")).await.unwrap();
    assert_eq!(made.name, "echo");
    let Some(Event::Signal(signal)) = events.next().await else { panic!("expected a signal") };
    assert_eq!(signal.patch.as_ref().unwrap().get(List::NAME).unwrap(), "echo");
    assert!(lists.fetch(made.id).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn the_registry_finds_backends_by_type_and_by_wire_name_and_says_what_is_wrong() {
    let registry = Registry::builder()
        .backend(chain().store(MemoryStore::new()))
        .backend(chain().name("archive").store(MemoryStore::new()))
        .build()
        .await
        .unwrap();
    assert_eq!(registry.backend::<List>().name(), "lists");
    assert_eq!(registry.named::<List>("archive").unwrap().name(), "archive");
    assert!(registry.named::<List>("nothing").is_none());
    assert_eq!(registry.health().backends.len(), 2);

    let twice = Registry::builder().backend(chain()).backend(chain()).build().await.unwrap_err();
    assert!(twice.message().contains("two backends"), "{twice}");

    #[derive(SyncModel, Clone, Debug)]
    #[sync(backend = "others")]
    struct Other {
        #[sync(id)]
        id: Uuid,
    }
    assert!(registry.try_backend::<Other>().unwrap_err().message().contains("no backend"));
    let nothing = Registry::builder()
        .backend(Backend::<Other>::builder().with(Validate).store(MemoryStore::new()))
        .build()
        .await
        .unwrap_err();
    assert_eq!(nothing.code(), Code::Config);
}

#[tokio::test]
async fn a_create_without_an_id_says_what_to_add() {
    let lists = build(Backend::<List>::builder().store(MemoryStore::new())).await;
    let error = lists.create(named("x")).await.unwrap_err();
    assert!(error.message().contains("AssignId"), "{error}");
    tokio::time::sleep(Duration::ZERO).await;
}
