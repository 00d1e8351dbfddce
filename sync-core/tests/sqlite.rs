//! The SQLite store: durable, shared between processes, careful with what it does not know.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used)] // what helps a test may fail by panicking as the test may

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
    pub(super) struct Older {
        #[sync(id)]
        pub(super) id: String,
        pub(super) name: String,
    }

    /// `name` has another name, and each name is there once.
    #[derive(SyncModel, Clone, Debug)]
    #[sync(backend = "lists")]
    pub(super) struct Newer {
        #[sync(id)]
        pub(super) id: String,
        #[sync(alias = "name", unique)]
        pub(super) title: String,
        #[sync(default)]
        pub(super) stars: i64,
    }

    /// `name` is a number.
    #[derive(SyncModel, Clone, Debug)]
    #[sync(backend = "lists")]
    pub(super) struct Counted {
        #[sync(id)]
        pub(super) id: String,
        #[sync(index)]
        pub(super) name: i64,
    }

    pub(super) async fn open<M: SyncModel>(file: &std::path::Path) -> Result<Registry, sync_core::Error> {
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

#[tokio::test]
async fn a_save_leaves_every_other_byte_as_it_is() {
    let place = Place::new();
    let lists = place.open().await;
    lists.create(list("a")).await.unwrap();
    let text =
        r#"{"id":"a", "later":{"x":[1, 2.50,{"y":null}]},"name":"Milk","views":1,"z":1e5,"q\"":"\u00e9"}"#;
    place.raw().execute("UPDATE lists SET doc = ?1", [text]).unwrap();
    let patch = patch().with(List::NAME, "Oat \"milk\"").with(List::OWNER, Some("ann".to_owned()));
    lists.update("a", patch).await.unwrap();
    let expected = concat!(
        r#"{"id":"a","later":{"x":[1, 2.50,{"y":null}]},"name":"Oat \"milk\"","views":1,"#,
        r#""z":1e5,"q\"":"\u00e9","owner":"ann"}"#
    );
    assert_eq!(place.text("a"), expected);
    let mut copy = lists.fetch("a").await.unwrap();
    copy.edit(|list| list.owner = None);
    copy.save().await.unwrap();
    assert_eq!(place.text("a"), expected.replace(r#","owner":"ann""#, ""));
}

#[tokio::test]
async fn programs_of_different_age_share_a_file() {
    let place = Place::new();
    let older = other::open::<other::Older>(&place.file()).await.unwrap();
    let older = older.backend::<other::Older>();
    older.create(other::Older { id: "a".into(), name: "Milk".into() }).await.unwrap();

    let lists = place.open().await;
    let mut milk = lists.fetch("a").await.unwrap();
    assert_eq!((milk.owner.as_deref(), milk.views), (None, 0));
    assert_eq!(lists.find(List::VIEWS.eq(0)).all().await.unwrap().len(), 1);
    assert_eq!(lists.find(List::VIEWS.ne(0)).all().await.unwrap().len(), 0);
    milk.edit(|list| list.views = 3);
    milk.save().await.unwrap();
    older.update("a", other::OlderPatch::default().with(other::Older::NAME, "Oats")).await.unwrap();
    let milk = lists.fetch("a").await.unwrap();
    assert_eq!((milk.name.as_str(), milk.views), ("Oats", 3));

    let newer = other::open::<other::Newer>(&place.file()).await.unwrap().backend::<other::Newer>();
    assert_eq!(newer.find(other::Newer::TITLE.eq("Oats")).all().await.unwrap().len(), 1);
    newer.update("a", other::NewerPatch::default().with(other::Newer::TITLE, "Rye")).await.unwrap();
    assert_eq!(place.text("a"), r#"{"id":"a","title":"Rye","views":3}"#);
}

/// Filters compare what is stored, and a number that is stored as text does not compare with a number.
#[tokio::test]
async fn a_field_that_changes_its_kind_is_found_all_the_same() {
    let place = Place::new();
    let lists = place.open().await;
    lists.create(List { name: "10".into(), ..list("a") }).await.unwrap();
    lists.create(List { name: "9".into(), ..list("b") }).await.unwrap();
    let counted = other::open::<other::Counted>(&place.file()).await.unwrap().backend::<other::Counted>();
    let found =
        counted.find(other::Counted::NAME.ge(9)).sort(other::Counted::NAME.asc()).all().await.unwrap();
    assert_eq!(found.iter().map(|one| one.name).collect::<Vec<_>>(), [9, 10]);
    assert_eq!(counted.find(other::Counted::NAME.eq(10)).all().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_unique_value_is_there_once() {
    let place = Place::new();
    let lists = place.open().await;
    let slug = |id: &str, slug: &str| List { slug: Some(slug.into()), ..list(id) };
    lists.create(slug("a", "milk")).await.unwrap();
    lists.create(list("none")).await.unwrap();
    lists.create(list("none either")).await.unwrap();
    let error = lists.create(slug("b", "milk")).await.unwrap_err();
    assert_eq!((error.code(), error.fields()), (Code::Duplicate, &["slug".to_owned()][..]), "{error}");
    lists.create(slug("b", "oats")).await.unwrap();
    let error = lists.update("b", patch().with(List::SLUG, Some("milk".to_owned()))).await.unwrap_err();
    assert_eq!(error.code(), Code::Duplicate);
    assert_eq!(lists.fetch("b").await.unwrap().slug.as_deref(), Some("oats"));
    lists.delete_by_id("a").await.unwrap();
    lists.update("b", patch().with(List::SLUG, Some("milk".to_owned()))).await.unwrap();
    // A refusal takes no number.
    assert_eq!(lists.cursor().position, 6);
}

#[tokio::test]
async fn indexes_follow_the_annotations() {
    let place = Place::new();
    let indexes = || -> Vec<String> {
        let conn = place.raw();
        let sql = "SELECT name FROM sqlite_master WHERE name LIKE 'sync:%' ORDER BY name";
        let mut names = conn.prepare(sql).unwrap();
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let lists = place.open().await;
    assert_eq!(indexes(), ["sync:lists:owner:sorted", "sync:lists:slug:unique"]);
    let plan: String = place
        .raw()
        .query_row(
            "EXPLAIN QUERY PLAN SELECT id FROM lists WHERE (doc ->> '$.\"owner\"') IS ?1",
            ["ann"],
            |row| row.get(3),
        )
        .unwrap();
    assert!(plan.contains("sync:lists:owner:sorted"), "{plan}");
    lists.create(list("a")).await.unwrap();
    lists.create(list("b")).await.unwrap();
    lists.registry.shutdown().await;

    // Both are called Milk, and from now on no two may be.
    let error = other::open::<other::Newer>(&place.file()).await.unwrap_err();
    assert_eq!((error.code(), error.fields()), (Code::Config, &["title".to_owned()][..]));
    assert!(error.message().contains("a and b"), "{error}");
    assert_eq!(
        indexes(),
        ["sync:lists:owner:sorted", "sync:lists:slug:unique"],
        "a failed start left a trace"
    );
    place.raw().execute("DELETE FROM lists WHERE id = 'b'", []).unwrap();
    other::open::<other::Newer>(&place.file()).await.unwrap();
    assert_eq!(indexes(), ["sync:lists:title:unique"]);
}

#[tokio::test]
async fn a_document_that_does_not_decode_is_named_and_left_alone() {
    let place = Place::new();
    let lists = place.open().await;
    for id in ["a", "b", "c"] {
        lists.create(list(id)).await.unwrap();
    }
    for (broken, field) in [(r#"{"id":"b","name":5}"#, "name"), (r#"{"id":"c","name":"x"}"#, "id")] {
        place.raw().execute("UPDATE lists SET doc = ?1 WHERE id = 'b'", [broken]).unwrap();
        let error = lists.fetch("b").await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::Corrupt, &[field.to_owned()][..]), "{error}");
        assert!(error.message().contains("List b"), "{error}");
        let error = lists.update("b", patch().with(List::VIEWS, 1)).await.unwrap_err();
        assert_eq!(error.code(), Code::Corrupt);
        assert_eq!(place.text("b"), broken);
        lists.update("a", patch().with(List::VIEWS, 1)).await.unwrap();
    }
    place
        .raw()
        .execute_batch("DROP INDEX \"sync:lists:owner:sorted\"; DROP INDEX \"sync:lists:slug:unique\"")
        .unwrap();
    place.raw().execute("UPDATE lists SET doc = '{\"id\":' WHERE id = 'b'", []).unwrap();
    let error = lists.find(List::NAME.eq("Milk")).all().await.unwrap_err();
    assert_eq!(error.code(), Code::Corrupt);
    assert!(error.message().contains("List b"), "{error}");
    lists.fetch("a").await.unwrap();
}

#[tokio::test]
async fn what_another_handle_writes_reaches_subscribers_once_and_in_order() {
    let place = Place::new();
    let (one, two) = (place.open().await, place.open().await);
    let mut events = one.subscribe();
    let mut copy = Copy::default();
    let mut seen = Vec::new();
    // While the first is idle, it looks by itself.
    two.create(List { owner: Some("ann".into()), ..list("a") }).await.unwrap();
    two.update("a", patch().with(List::OWNER, Some("bob".to_owned()))).await.unwrap();
    wait("the other's changes", || one.cursor().position == 2).await;
    let changes = drain(&mut events);
    assert!(changes.iter().all(|change| change.origin() == Origin::Remote));
    // The keys travel, so a filter can be asked without the document.
    let (ann, bob) = (List::OWNER.eq("ann"), List::OWNER.eq("bob"));
    assert_eq!((changes[1].matched_before(&ann), changes[1].matches_after(&ann)), (Some(true), Some(false)));
    assert_eq!((changes[1].matched_before(&bob), changes[1].matches_after(&bob)), (Some(false), Some(true)));
    assert_eq!(changes[1].matches_after(&List::VIEWS.eq(0)), None);
    seen.extend(changes);
    // While both write, each sees the other's before its own that follow.
    let write = async |lists: &Lists, name: &str| {
        for n in 0..50 {
            let id = format!("{name}{n}");
            lists.create(list(&id)).await.unwrap();
            lists.update("a", patch().with(List::VIEWS, n)).await.unwrap();
            if n % 3 == 0 {
                lists.delete_by_id(id).await.unwrap();
            }
        }
    };
    tokio::join!(write(&one, "one"), write(&two, "two"));
    let end = two.store.find(&sync_core::Query::new(Filter::all())).await.unwrap().position;
    wait("all changes", || one.cursor().position == end && two.cursor().position == end).await;
    seen.extend(drain(&mut events));
    let positions: Vec<u64> = seen.iter().map(|change| change.position).collect();
    assert_eq!(positions, (1..=end).collect::<Vec<_>>());
    seen.iter().for_each(|change| copy.apply(change));
    copy.assert_is(&one).await;
    copy.assert_is(&two).await;
    for lists in [&one, &two] {
        let stats = lists.hub().stats();
        assert_eq!(
            (stats.duplicates, stats.held, stats.repairs, stats.resets, stats.overflows),
            (0, 0, 0, 0, 0)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_handles_that_save_different_fields_lose_nothing() {
    let place = Place::new();
    let (one, two) = (place.open().await, place.open().await);
    one.create(list("a")).await.unwrap();
    let name = async |lists: &Lists| {
        let mut list = lists.fetch("a").await.unwrap();
        for n in 1..=200 {
            list.edit(|list| list.name = format!("name {n}"));
            list.save().await.unwrap();
        }
    };
    let views = async |lists: &Lists| {
        let mut list = lists.fetch("a").await.unwrap();
        for n in 1..=200 {
            list.edit(|list| list.views = n);
            list.save().await.unwrap();
        }
    };
    tokio::join!(name(&one), views(&two));
    let list = one.fetch("a").await.unwrap();
    assert_eq!((list.name.as_str(), list.views, list.rev()), ("name 200", 200, 401));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_writers_are_all_answered_and_told_in_order() {
    let place = Place::new();
    let lists = place.open().await;
    let mut events = lists.subscribe();
    let mut tasks = Vec::new();
    for task in 0..64 {
        let lists = lists.backend.clone();
        tasks.push(tokio::spawn(async move {
            let id = format!("{task}");
            lists.create(list(&id)).await.unwrap();
            for n in 1..=8 {
                let patch = patch().with(List::VIEWS, n).with(List::OWNER, Some(format!("{}", n % 3)));
                lists.update(id.clone(), patch).await.unwrap();
            }
            if task % 4 == 0 {
                lists.delete_by_id(id).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let changes = drain(&mut events);
    assert_eq!(changes.len(), 64 * 9 + 16);
    assert!(changes.iter().zip(1..).all(|(change, n)| change.position == n && change.rev == n));
    let mut copy = Copy::default();
    changes.iter().for_each(|change| copy.apply(change));
    copy.assert_is(&lists).await;
    // Replaying the log gives the same.
    let mut copy = Copy::default();
    let log = lists.store.changes_after(0, 10_000).await.unwrap().unwrap();
    for (logged, told) in log.iter().zip(&changes) {
        copy.apply(logged);
        assert_eq!((logged.prev, logged.action, logged.origin()), (told.prev, told.action, told.origin()));
        for filter in [List::OWNER.eq("1"), List::OWNER.is_null(), List::ID.eq("4")] {
            assert_eq!(logged.matched_before(&filter), told.matched_before(&filter), "{logged:?}");
            assert_eq!(logged.matches_after(&filter), told.matches_after(&filter), "{logged:?}");
        }
    }
    copy.assert_is(&lists).await;
}

#[tokio::test]
async fn one_bad_write_among_many_touches_no_other() {
    let place = Place::new();
    let lists = place.open().await;
    let many = (0..2_000).map(|n| list(&format!("{}", if n == 1_000 { 7 } else { n })));
    let answers = lists.create_many(many).await;
    for (n, answer) in answers.into_iter().enumerate() {
        match n {
            1_000 => assert_eq!(answer.unwrap_err().code(), Code::Exists),
            _ => assert_eq!(answer.unwrap().id, n.to_string()),
        }
    }
    assert_eq!(lists.all().await.unwrap().len(), 1_999);
    assert_eq!(lists.cursor().position, 1_999);
}

/// A statement that ends the whole transaction must not take the writes beside it along.
#[tokio::test]
async fn a_transaction_that_is_lost_is_done_again_write_by_write() {
    let place = Place::new();
    let lists = place.open().await;
    place
        .raw()
        .execute_batch(
            "CREATE TRIGGER poison BEFORE INSERT ON lists_changes WHEN NEW.id = 'bad'
             BEGIN SELECT RAISE(ROLLBACK, 'poisoned'); END",
        )
        .unwrap();
    let mut events = lists.subscribe();
    let many = (0..100).map(|n| list(&if n == 50 { "bad".to_owned() } else { n.to_string() }));
    let answers = lists.create_many(many).await;
    let refused: Vec<usize> = (0..100).filter(|n| answers[*n].is_err()).collect();
    assert_eq!(refused, [50]);
    let changes = drain(&mut events);
    assert_eq!(changes.len(), 99);
    assert!(changes.iter().zip(1..).all(|(change, n)| change.rev == n));
    let mut copy = Copy::default();
    changes.iter().for_each(|change| copy.apply(change));
    copy.assert_is(&lists).await;
}

#[tokio::test]
async fn a_write_whose_caller_went_away_is_committed_and_told() {
    let place = Place::new();
    let lists = place.open().await;
    let mut events = lists.subscribe();
    for n in 0..20 {
        let id = n.to_string();
        // One poll hands it over; then the future is dropped.
        let mut create = Box::pin(lists.create(list(&id)));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(create.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
    }
    wait("the abandoned writes", || lists.cursor().position == 20).await;
    assert_eq!(drain(&mut events).len(), 20);
    assert_eq!(lists.all().await.unwrap().len(), 20);
}

#[tokio::test]
async fn the_log_is_bounded_and_says_where_it_ends() {
    let place = Place::new();
    let lists = Lists::open(&place.file(), |store| store.keep_changes(100)).await;
    lists.create(list("a")).await.unwrap();
    lists.create(list("b")).await.unwrap();
    lists.delete_by_id("b").await.unwrap();
    for n in 0..300 {
        lists.update("a", patch().with(List::VIEWS, n)).await.unwrap();
    }
    assert!(lists.store.changes_after(3, 1_000).await.unwrap().is_none());
    assert!(lists.store.changes_after(304, 1_000).await.unwrap().is_none());
    assert_eq!(lists.store.changes_after(303, 1_000).await.unwrap().unwrap().len(), 0);
    assert_eq!(lists.store.changes_after(250, 10).await.unwrap().unwrap().len(), 10);
    let count = |sql| place.raw().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert!(count("SELECT count(*) FROM lists_changes") <= 101);
    assert_eq!(count("SELECT count(*) FROM lists_gone"), 0, "deletes are remembered as long as the log");
    lists.registry.shutdown().await;
    // An empty log is no young one.
    place.raw().execute_batch("UPDATE sync_meta SET forgotten = 303; DELETE FROM lists_changes").unwrap();
    let lists = place.open().await;
    assert_eq!(lists.cursor().position, 303);
    assert_eq!(lists.update("a", patch().with(List::VIEWS, 1)).await.unwrap().rev, 304);
}

#[tokio::test]
async fn changes_that_are_gone_before_they_were_read_are_one_reset() {
    let place = Place::new();
    let lists = place.open().await;
    lists.create(list("a")).await.unwrap();
    let mut events = lists.subscribe();
    place
        .raw()
        .execute_batch("BEGIN; DELETE FROM lists_changes; UPDATE sync_meta SET forgotten = 1000; COMMIT")
        .unwrap();
    wait("the reset", || lists.cursor().position == 1_000).await;
    assert!(events.try_next().unwrap().is_reset());
    assert!(events.try_next().is_none());
    assert_eq!(lists.create(list("b")).await.unwrap().rev(), 1_001);
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let place = Place::new();
    let error = Sqlite::open(place.file().join("no/such/folder/x.db")).unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    assert_eq!(Sqlite::open(":memory:").unwrap_err().code(), Code::Config);
    std::fs::write(place.file(), "this is a text and no database, and long enough to be sure".repeat(100))
        .unwrap();
    assert_eq!(Sqlite::open(place.file()).unwrap_err().code(), Code::Corrupt);

    let place = Place::new();
    place.raw().execute_batch("CREATE TABLE lists (x)").unwrap();
    let error = Lists::try_open(&place.file(), |store| store).await.err().unwrap();
    assert_eq!(error.code(), Code::Config, "{error}");

    let place = Place::new();
    let file = Sqlite::open(place.file()).unwrap();
    let build = async |name: &str| {
        let store = SqliteStore::<List>::new(&file).table(name);
        Registry::builder().backend(Backend::<List>::builder().store(store)).build().await
    };
    let first = build("it's \"odd\"").await.unwrap();
    assert_eq!(build("it's \"odd\"").await.unwrap_err().code(), Code::Config);
    let lists = first.backend::<List>();
    lists.create(List { slug: Some("x".into()), ..list("a") }).await.unwrap();
    let error = lists.create(List { slug: Some("x".into()), ..list("b") }).await.unwrap_err();
    assert_eq!(error.fields(), ["slug"]);
    first.shutdown().await;
    build("it's \"odd\"").await.unwrap();
    // Plain SQL put a document there whose revision the log has not reached.
    let other = build("lists").await.unwrap().backend::<List>();
    place.raw().execute("INSERT INTO lists VALUES ('a', 99, '{\"id\":\"a\",\"name\":\"x\"}')", []).unwrap();
    let error = other.update("a", patch().with(List::VIEWS, 1)).await.unwrap_err();
    assert_eq!(error.code(), Code::Corrupt, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_opens_while_another_writes_misses_nothing() {
    let place = Place::new();
    let one = place.open().await;
    one.create(list("a")).await.unwrap();
    let writer = one.backend.clone();
    let write = tokio::spawn(async move {
        for n in 0..600 {
            writer.update("a", patch().with(List::VIEWS, n)).await.unwrap();
        }
    });
    let mut others = Vec::new();
    while !write.is_finished() && others.len() < 40 {
        others.push(place.open().await);
    }
    write.await.unwrap();
    for other in &others {
        wait("the writer's end", || other.cursor() == one.cursor()).await;
        assert_eq!(other.hub().stats().resets, 0);
    }
}

#[tokio::test]
async fn many_that_open_a_new_file_at_once_agree() {
    let place = Place::new();
    let file = place.file();
    let opens = (0..8).map(|_| {
        let file = file.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let lists = Lists::open(&file, |store| store).await;
                lists.create(list(&Uuid::new_v4().to_string())).await.unwrap();
                lists.hub().store_epoch()
            })
        })
    });
    let opens: Vec<_> = opens.collect();
    let epochs: Vec<u64> = opens.into_iter().map(|open| open.join().unwrap()).collect();
    assert!(epochs.iter().all(|epoch| *epoch == epochs[0]));
    let lists = place.open().await;
    assert_eq!((lists.all().await.unwrap().len(), lists.cursor().position), (8, 8));
}

#[tokio::test]
async fn stores_of_one_file_have_each_their_own_log() {
    let place = Place::new();
    let file = Sqlite::open(place.file()).unwrap();
    let registry = Registry::builder()
        .backend(Backend::<List>::builder().store(SqliteStore::new(&file)))
        .backend(
            Backend::<other::Older>::builder().name("older").store(SqliteStore::new(&file).table("older")),
        )
        .build()
        .await
        .unwrap();
    let (lists, older) = (registry.backend::<List>(), registry.backend::<other::Older>());
    let create = |n: i32| {
        let (lists, older) = (lists.clone(), older.clone());
        async move {
            lists.create(list(&n.to_string())).await.unwrap();
            older.create(other::Older { id: n.to_string(), name: "x".into() }).await.unwrap();
        }
    };
    futures_util::future::join_all((0..50).map(create)).await;
    assert_eq!((lists.cursor().position, older.cursor().position), (50, 50));
    assert_ne!(lists.hub().store_epoch(), older.hub().store_epoch());
}

/// What fails for all is told to all, leaves no trace, and is over when its cause is.
#[tokio::test]
async fn a_store_that_cannot_write_says_so_and_recovers() {
    let place = Place::new();
    let lists = place.open().await;
    lists.create(list("a")).await.unwrap();
    place.raw().execute_batch("ALTER TABLE lists_changes RENAME TO away").unwrap();
    let answers = lists.create_many((0..10).map(|n| list(&n.to_string()))).await;
    assert!(answers.iter().all(Result::is_err));
    assert!(lists.update("a", patch().with(List::VIEWS, 5)).await.is_err());
    assert_eq!(lists.all().await.unwrap_err().code(), Code::Internal);
    place.raw().execute_batch("ALTER TABLE away RENAME TO lists_changes").unwrap();
    assert_eq!(lists.all().await.unwrap().len(), 1);
    assert_eq!(lists.fetch("a").await.unwrap().views, 0);
    assert_eq!(lists.update("a", patch().with(List::VIEWS, 5)).await.unwrap().rev, 2);

    // Another program holds the lock for a while: the write waits.
    let raw = place.raw();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let backend = lists.backend.clone();
    let write = tokio::spawn(async move { backend.update("a", patch().with(List::VIEWS, 6)).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!write.is_finished());
    assert_eq!(lists.fetch("a").await.unwrap().views, 5);
    raw.execute_batch("ROLLBACK").unwrap();
    assert_eq!(write.await.unwrap().unwrap().rev, 3);

    lists.registry.shutdown().await;
    assert!(lists.update("a", patch().with(List::VIEWS, 7)).await.unwrap_err().is_unavailable());
}

#[tokio::test]
async fn the_log_tells_who_did_it() {
    use sync_core::backend::{Author, Context, Op, Request};
    let place = Place::new();
    let (one, two) = (place.open().await, place.open().await);
    one.create(list("a")).await.unwrap();
    let context =
        Context::of(Origin::Client).by(Author { session: "tab".into(), n: u64::MAX }).on_channel("kitchen");
    let op = Op::Update {
        id: "a".into(),
        patch: std::sync::Arc::new(patch().with(List::VIEWS, 1)),
        own: None,
        expect: None,
    };
    one.request(Request::new(op).with_context(context)).await.unwrap();
    wait("the change", || two.cursor().position == 2).await;
    for (lists, origin) in [(&one, Origin::Client), (&two, Origin::Remote)] {
        let change = lists.store.changes_after(1, 1).await.unwrap().unwrap().remove(0);
        assert_eq!(change.origin(), origin);
        assert_eq!(change.context.author(), Some(&Author { session: "tab".into(), n: u64::MAX }));
        assert_eq!(change.context.channel(), Some("kitchen"));
    }
}
