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

/// Somebody deleted the file, or put another in its place, while the server ran. Writes went on into the
/// file without a name and were answered; reads made an empty one beside it.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_gone_takes_no_writes() {
    let place = Place::new();
    let lists = place.open().await;
    lists.create(list("a")).await.unwrap();
    for ending in ["", "-wal", "-shm"] {
        let _missing = std::fs::remove_file(format!("{}{ending}", place.file().display()));
    }
    let error = lists.create(list("b")).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    assert!(lists.fetch("a").await.unwrap_err().is_unavailable());
    assert!(!place.file().exists(), "no one made an empty one");
    // Another one in its place, with tables of the same names.
    let other = place.open().await;
    other.create(list("c")).await.unwrap();
    assert!(lists.create(list("b")).await.unwrap_err().is_unavailable());
    assert!(other.fetch("b").await.unwrap_err().is_not_found());
}

/// A backup was restored into the file while the server ran: the log is shorter than it was, and goes on
/// with numbers that other changes had before. Under the same epochs a cursor from before the restore, or
/// a copy of a client, was taken for one of the new life.
#[tokio::test]
async fn a_restored_backup_begins_a_new_life() {
    let place = Place::new();
    let lists = place.open().await;
    lists.create(list("a")).await.unwrap();
    let backup = place.text("a");
    for views in 1..=3 {
        lists.update("a", patch().with(List::VIEWS, views)).await.unwrap();
    }
    let (epoch, cursor) = (lists.hub().store_epoch(), lists.cursor());
    let view = lists.find(Filter::all()).live().await.unwrap();
    let restore = format!(
        "BEGIN IMMEDIATE; UPDATE lists SET rev = 1, doc = '{backup}'; \
         DELETE FROM lists_changes WHERE seq > 1; COMMIT"
    );
    place.raw().execute_batch(&restore).unwrap();
    wait("the new life", || lists.hub().store_epoch() != epoch).await;
    wait("the old document", || view.items()[0].views == 0).await;
    for views in 11..=14 {
        lists.update("a", patch().with(List::VIEWS, views)).await.unwrap();
    }
    wait("the view", || view.items()[0].views == 14).await;
    let (missed, _) = lists.subscribe_from(cursor).await.unwrap();
    assert!(missed.is_none(), "a cursor of the old life means nothing");
    assert_eq!(place.open().await.hub().store_epoch(), lists.hub().store_epoch(), "it is written down");
}
