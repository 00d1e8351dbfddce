//! What ends with a registry, and what may begin after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use sync_core::Code;
use sync_core::backend::{Context, Hub, Middleware, Next, Op, Reply, Request, Subscription};
use sync_core::middleware::Events;
use sync_core::prelude::*;

use super::common::{List, ListPatch, list, over};

async fn ends<T>(future: impl Future<Output = Option<T>>) {
    let next = tokio::time::timeout(Duration::from_secs(3), future).await;
    assert!(next.expect("it never ends").is_none());
}

/// A subscription ended at `shutdown` only. Where a registry was just dropped, nobody was left who could
/// ever wake its subscribers: they waited for good.
#[tokio::test]
async fn subscriptions_end_with_the_last_handle() {
    let lists = over(MemoryStore::new()).await;
    let mut events = lists.subscribe();
    drop(lists);
    ends(events.next()).await;
}

/// The events of a view ended with the registry where they were asked for before it was shut down; those
/// that were asked for afterwards never did.
#[tokio::test]
async fn events_of_a_view_that_has_ended_end_at_once() {
    let backend = Backend::<List>::builder().with(AssignId::v7()).store(MemoryStore::new());
    let registry = Registry::builder().backend(backend).build().await.unwrap();
    let view = registry.backend::<List>().find(Filter::all()).live().await.unwrap();
    let mut before = view.events();
    registry.shutdown().await;
    ends(before.next()).await;
    ends(view.events().next()).await;
}

struct Unready;
impl<M: SyncModel> Middleware<M> for Unready {
    async fn handle(&self, request: Request<M>, next: Next<M>) -> Result<Reply<M>, Error> {
        next.run(request).await
    }
    async fn attach(&self, _: &Arc<Hub<M>>) -> Result<(), Error> {
        Err(Error::new(Code::Unavailable, "it is not up yet"))
    }
}

struct Noted(Arc<AtomicBool>);
impl Drop for Noted {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// A build that failed half-way left its tables with the writer of the SQLite file, and the tasks of its
/// handlers running: a program that tried again was told that one table cannot end two chains.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_build_that_failed_can_be_tried_again() {
    use sync_core::store::{Sqlite, SqliteStore};
    let folder = tempfile::tempdir().unwrap();
    let file = Sqlite::open(folder.path().join("test.db")).unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let noted = Noted(ended.clone());
    let handler = Events::new().on_any(move |_| {
        let _held = &noted;
        async {}
    });
    let store = || SqliteStore::<List>::new(&file);
    let backend = Backend::<List>::builder().with(handler).with(Unready).store(store());
    assert!(Registry::builder().backend(backend).build().await.unwrap_err().is_unavailable());
    tokio::time::timeout(Duration::from_secs(3), async {
        while !ended.load(SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the handler's task ends");

    let backend = Backend::<List>::builder().with(AssignId::v7()).store(store());
    let registry = Registry::builder().backend(backend).build().await.unwrap();
    let id = registry.backend::<List>().create(list()).await.unwrap().id;
    // The same after a registry that was dropped without a word.
    drop(registry);
    let backend = Backend::<List>::builder().with(AssignId::v7()).store(store());
    let registry = Registry::builder().backend(backend).build().await.unwrap();
    assert_eq!(registry.backend::<List>().fetch(id).await.unwrap().id, id);
}

/// Of two backends the second cannot open: the first is not left open behind the error's back.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_build_that_failed_closes_what_it_had_opened() {
    use sync_core::store::{Sqlite, SqliteStore};
    let folder = tempfile::tempdir().unwrap();
    let file = Sqlite::open(folder.path().join("test.db")).unwrap();
    let store = SqliteStore::<List>::new(&file);
    let one = Backend::<List>::builder().name("one").store(store.clone());
    let two = Backend::<List>::builder().name("two").with(Unready).store(MemoryStore::new());
    assert!(Registry::builder().backend(one).backend(two).build().await.is_err());
    // `store` lives on, as a handle of it may; its table is free all the same.
    let again = Backend::<List>::builder().store(SqliteStore::<List>::new(&file));
    Registry::builder().backend(again).build().await.unwrap();
}

/// A change keeps the context of the request that made it, and so a user's own session. The hub forgot its
/// oldest change under its lock; the session went with it, and with the session its subscription, whose end
/// takes that lock: every task of the backend stood still.
#[test]
fn a_session_that_ends_with_its_last_change_locks_nothing() {
    struct Session(#[allow(dead_code)] std::sync::Mutex<Subscription<List>>);
    let (done, answer) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let lists = over(MemoryStore::new()).await;
            let id = lists.create(list()).await.unwrap().id;
            let user = Arc::new(Session(std::sync::Mutex::new(lists.subscribe_one(Uuid::nil()))));
            let patch = || Arc::new(ListPatch::default().with(List::VIEWS, 1));
            let op = Op::Update { id, patch: patch(), own: None, expect: None };
            let request = Request::new(op).with_context(Context::server().for_user(user));
            drop(lists.request(request).await.unwrap());
            for _ in 0..1100 {
                lists.update(id, (*patch()).clone()).await.unwrap();
            }
        });
        done.send(()).unwrap();
    });
    assert!(answer.recv_timeout(Duration::from_secs(5)).is_ok(), "the hub is locked");
}
