//! A file that fails, is shared, or is taken away: no write becomes another one, or is answered in vain.

use super::*;

/// A group's transaction was lost at one write's row of the log. Each write of the group then tried alone;
/// but the wish of that one had been used up when it was planned, and it was planned again as what stood
/// in its place: a delete.
#[tokio::test]
async fn a_write_that_failed_half_way_is_not_tried_again_as_a_delete() {
    let place = Place::new();
    let lists = place.open().await;
    for id in ["a", "b", "c"] {
        lists.create(list(id)).await.unwrap();
    }
    let raw = place.raw();
    raw.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON lists_changes WHEN NEW.body LIKE '%poison%'
         BEGIN SELECT RAISE(ABORT, 'no room in the log'); END;
         BEGIN IMMEDIATE",
    )
    .unwrap();
    // The first write waits for the lock; what comes meanwhile is one group.
    let (first, poison, neighbour, ()) = tokio::join!(
        lists.update("c", patch().with(List::VIEWS, 1)),
        async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            lists.update("a", patch().with(List::NAME, "poison")).await
        },
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            lists.update("b", patch().with(List::VIEWS, 2)).await
        },
        async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            raw.execute_batch("COMMIT").unwrap();
        },
    );
    first.unwrap();
    neighbour.unwrap();
    assert!(poison.is_err(), "{poison:?}");
    assert_eq!(lists.fetch("a").await.unwrap().name, "Milk");
    assert_eq!(lists.fetch("b").await.unwrap().views, 2);
}

/// "Keep everything", said as the largest number there is: the sum with it overflowed, and the whole log
/// was trimmed away, or no write succeeded.
#[tokio::test]
async fn a_log_that_keeps_everything_keeps_it() {
    let place = Place::new();
    let lists = Lists::open(&place.file(), |store| store.keep_changes(u64::MAX)).await;
    lists.create(list("a")).await.unwrap();
    lists.update("a", patch().with(List::VIEWS, 1)).await.unwrap();
    assert_eq!(lists.store.changes_after(0, 10).await.unwrap().unwrap().len(), 2);
}
