//! The SQLite store: durable, shared between processes, careful with what it does not know.
#![cfg(feature = "sqlite")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sync_core::Code;
use sync_core::backend::{Body, Change, Store, Subscription};
use sync_core::model::Rev;
use sync_core::prelude::*;
use tempfile::TempDir;

#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "lists")]
struct List {
    #[sync(id)]
    id: String,
    name: String,
    #[sync(facet)]
    owner: Option<String>,
    #[sync(default)]
    views: i64,
    #[sync(unique)]
    slug: Option<String>,
}

fn list(id: &str) -> List {
    List { id: id.into(), name: "Milk".into(), owner: None, views: 0, slug: None }
}

/// A folder with one file in it, and ways to open it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("test.db")
    }

    async fn open(&self) -> Lists {
        Lists::open(&self.file(), |store| store).await
    }

    /// The file as another program sees it.
    fn raw(&self) -> rusqlite::Connection {
        let conn = rusqlite::Connection::open(self.file()).unwrap();
        conn.busy_timeout(Duration::from_secs(10)).unwrap();
        conn
    }

    fn text(&self, id: &str) -> String {
        self.raw().query_row("SELECT doc FROM lists WHERE id = ?1", [id], |row| row.get(0)).unwrap()
    }
}

/// What another process would have: a file handle, a store and a registry of its own.
struct Lists {
    registry: Registry,
    backend: Backend<List>,
    store: SqliteStore<List>,
}

impl Lists {
    async fn open(file: &Path, with: impl Fn(SqliteStore<List>) -> SqliteStore<List>) -> Self {
        Self::try_open(file, with).await.unwrap()
    }

    async fn try_open(
        file: &Path,
        with: impl Fn(SqliteStore<List>) -> SqliteStore<List>,
    ) -> Result<Self, sync_core::Error> {
        let store = with(SqliteStore::new(&Sqlite::open(file)?));
        let backend = Backend::<List>::builder().store(store.clone());
        let registry = Registry::builder().backend(backend).build().await?;
        Ok(Lists { backend: registry.backend(), registry, store })
    }
}

impl std::ops::Deref for Lists {
    type Target = Backend<List>;
    fn deref(&self) -> &Backend<List> {
        &self.backend
    }
}

fn patch() -> ListPatch {
    ListPatch::default()
}

async fn wait(what: &str, mut met: impl FnMut() -> bool) {
    for _ in 0..500 {
        if met() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited 5 s for {what}");
}

/// What a reader of changes alone would hold: the law is that it is what the store holds.
#[derive(Default)]
struct Copy(BTreeMap<String, (List, Rev)>);

impl Copy {
    fn apply(&mut self, change: &Change<List>) {
        match &change.body {
            Body::Document(doc) => drop(self.0.insert(change.id.clone(), ((*doc.value).clone(), doc.rev))),
            Body::Gone => drop(self.0.remove(&change.id)),
            Body::Patch(patch) => {
                let (list, rev) = self.0.get_mut(&change.id).expect("a patch is of a document that is there");
                assert_eq!(*rev, change.prev, "{change:?}");
                list.apply(patch);
                *rev = change.rev;
            }
        }
    }

    async fn assert_is(&self, lists: &Lists) {
        let stored = lists.all().await.unwrap();
        assert_eq!(stored.len(), self.0.len());
        for list in stored {
            assert_eq!(self.0.get(&list.id), Some(&((*list).clone(), list.rev())), "{}", list.id);
        }
    }
}

fn drain(events: &mut Subscription<List>) -> Vec<std::sync::Arc<Change<List>>> {
    std::iter::from_fn(|| events.try_next()).map(|event| event.change().expect("no reset").clone()).collect()
}

#[tokio::test]
async fn a_document_is_created_read_patched_and_deleted() {
    let place = Place::new();
    let lists = place.open().await;
    let mut events = lists.subscribe();
    let mut milk = lists.create(list("a")).await.unwrap();
    milk.edit(|list| list.name.push('!'));
    milk.save().await.unwrap();
    assert_eq!(lists.fetch("a").await.unwrap().name, "Milk!");
    assert!(lists.create(list("a")).await.unwrap_err().is_duplicate());
    assert!(lists.update("b", patch().with(List::VIEWS, 1)).await.unwrap_err().is_not_found());
    let found = lists.find(List::NAME.eq("Milk!")).all().await.unwrap();
    assert_eq!(found.len(), 1);
    milk.delete().await.unwrap();
    assert!(lists.fetch("a").await.unwrap_err().is_not_found());
    let again = lists.create(list("a")).await.unwrap();
    let changes = drain(&mut events);
    let revs: Vec<_> = changes.iter().map(|change| (change.prev, change.rev, change.position)).collect();
    assert_eq!(revs, [(0, 1, 1), (1, 2, 2), (2, 3, 3), (3, 4, 4)]);
    assert_eq!(again.rev(), 4);
}

#[tokio::test]
async fn everything_is_there_after_a_restart_and_the_log_continues() {
    let place = Place::new();
    let first = place.open().await;
    first.create(list("a")).await.unwrap();
    first.create(list("b")).await.unwrap();
    first.update("a", patch().with(List::OWNER, Some("ann".to_owned()))).await.unwrap();
    first.delete_by_id("b").await.unwrap();
    let (cursor, epoch) = (first.cursor(), first.hub().store_epoch());
    first.registry.shutdown().await;
    drop(first);

    let second = place.open().await;
    assert_eq!(second.cursor(), cursor);
    assert_eq!(second.hub().store_epoch(), epoch);
    assert_eq!(second.fetch("a").await.unwrap().owner.as_deref(), Some("ann"));
    let change = second.update("a", patch().with(List::VIEWS, 7)).await.unwrap();
    assert_eq!((change.prev, change.rev), (3, 5));
    // The deleted one is remembered, so that a copy of it cannot outlive the new one.
    let again = second.store.changes_after(0, 100).await.unwrap().unwrap();
    assert_eq!(again.len(), 5);
    let mut copy = Copy::default();
    again.iter().for_each(|change| copy.apply(change));
    copy.assert_is(&second).await;
}
