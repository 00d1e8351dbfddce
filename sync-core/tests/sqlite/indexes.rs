//! Indexes and unique values follow the annotations.

use super::*;

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
