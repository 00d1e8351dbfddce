//! The log is bounded, and says where it ends.

use super::*;

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
