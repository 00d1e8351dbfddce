//! The SQLite store: durable, shared between processes, careful with what it does not know.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used)] // what helps a test may fail by panicking as the test may

mod documents;
mod faults;
mod indexes;
mod log;
mod sharing;
mod writing;

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

/// What the `List` of a program of another age looks like.
mod other {
    use sync_core::prelude::*;

    /// Before `owner`, `views` and `slug` were there.
    #[derive(SyncModel, Clone, Debug)]
    #[sync(backend = "lists")]
    pub(crate) struct Older {
        #[sync(id)]
        pub(crate) id: String,
        pub(crate) name: String,
    }

    /// `name` has another name, and each name is there once.
    #[derive(SyncModel, Clone, Debug)]
    #[sync(backend = "lists")]
    pub(crate) struct Newer {
        #[sync(id)]
        pub(crate) id: String,
        #[sync(alias = "name", unique)]
        pub(crate) title: String,
        #[sync(default)]
        pub(crate) stars: i64,
    }

    /// `name` is a number.
    #[derive(SyncModel, Clone, Debug)]
    #[sync(backend = "lists")]
    pub(crate) struct Counted {
        #[sync(id)]
        pub(crate) id: String,
        #[sync(index)]
        pub(crate) name: i64,
    }

    pub(crate) async fn open<M: SyncModel>(file: &std::path::Path) -> Result<Registry, sync_core::Error> {
        let store = SqliteStore::<M>::new(&Sqlite::open(file)?);
        Registry::builder().backend(Backend::<M>::builder().store(store)).build().await
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
