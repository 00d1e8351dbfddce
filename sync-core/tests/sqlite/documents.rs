//! What is stored: documents, what is unknown in them, and what does not decode.

use super::*;

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

#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "lists")]
struct Numbered {
    #[sync(id)]
    id: i64,
}

#[tokio::test]
async fn ids_of_another_type_are_refused_when_the_table_is_opened() {
    let place = Place::new();
    place.open().await.create(list("a")).await.unwrap();
    let file = Sqlite::open(place.file()).unwrap();
    let numbered = Backend::<Numbered>::builder().store(SqliteStore::new(&file));
    let error = Registry::builder().backend(numbered).build().await.unwrap_err();
    assert_eq!((error.code(), error.fields()), (Code::Config, &["id".to_owned()][..]), "{error}");
    assert!(error.message().starts_with("Numbered: the ids of the table lists are TEXT, and id is INTEGER"));
}

#[test]
fn a_database_in_memory_is_refused_with_what_to_take_instead() {
    for path in ["", ":memory:"] {
        let error = Sqlite::open(path).unwrap_err();
        assert!(error.code() == Code::Config && error.message().contains("MemoryStore"), "{error}");
    }
}

#[tokio::test]
async fn what_is_too_large_to_be_stored_is_greater_than_all_that_is() {
    let place = Place::new();
    let lists = place.open().await;
    lists.create(List { views: i64::MAX, ..list("a") }).await.unwrap();
    for huge in [i64::MAX as u64 + 1, u64::MAX] {
        assert_eq!(lists.find(List::VIEWS.lt(huge) & List::VIEWS.ne(huge)).count().await.unwrap(), 1);
        assert_eq!(lists.find(List::VIEWS.ge(huge) | List::VIEWS.is_in([huge])).count().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_registry_that_was_not_built_keeps_nothing_open() {
    let place = Place::new();
    let file = Sqlite::open(place.file()).unwrap();
    let lists = || Backend::<List>::builder().store(SqliteStore::new(&file));
    // `List` has nothing to validate by, and is refused after its store was opened.
    let refused = Registry::builder().backend(lists().with(Validate)).build().await.unwrap_err();
    assert!(refused.message().starts_with("List: `Validate`"), "{refused}");
    let twice = Registry::builder().backend(lists()).backend(lists()).build().await.unwrap_err();
    assert!(twice.message().contains("two backends"), "{twice}");
    let registry = Registry::builder().backend(lists()).build().await.unwrap();
    let other = Registry::builder().backend(lists()).build().await.unwrap_err();
    assert!(other.message().contains("shut the registry down"), "{other}");
    registry.shutdown().await;
    Registry::builder().backend(lists()).build().await.unwrap();
}
