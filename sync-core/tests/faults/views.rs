//! Live views where a store's life begins anew, or a store orders as it must.

use std::time::Duration;

use sync_core::backend::Opened;
use sync_core::live::Collection;
use sync_core::prelude::*;

use super::facts::{Facts, Item, doc};

async fn shows(view: &Collection<Item>, expected: &[(u64, i64)]) {
    let mut version = view.version();
    let waiting = async {
        while !view.items().iter().map(|item| (item.id, item.rank)).eq(expected.iter().copied()) {
            version.changed().await.unwrap();
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(3), waiting).await;
    assert!(waited.is_ok(), "the view shows {:?}", view.items());
}

async fn over(store: &Facts) -> Backend<Item> {
    let backend = Backend::<Item>::builder().store(store.clone());
    Registry::builder().backend(backend).build().await.unwrap().backend()
}

/// A view passes over changes that its snapshot has already, by their position. After a restored backup
/// positions begin lower, and the view kept the highest it had ever seen: it was deaf to everything until
/// the new log had grown past the old one.
#[tokio::test]
async fn a_view_follows_a_log_that_begins_anew() {
    let store = Facts::default();
    store.holds(vec![doc(1, 1, 90)], 90);
    let items = over(&store).await;
    let view = items.find(Filter::all()).live().await.unwrap();
    store.holds(vec![doc(1, 2, 3)], 3);
    store.feed().reset(Opened { store_epoch: 2, log_epoch: 2, position: 3 });
    shows(&view, &[(1, 2)]).await;
    store.created(doc(2, 5, 4));
    shows(&view, &[(1, 2), (2, 5)]).await;
}

/// In a new life of a store a document may have the very revision that another content had before. The view
/// told by revisions alone what differs, and kept the old one.
#[tokio::test]
async fn a_view_takes_another_content_of_the_same_revision() {
    let store = Facts::default();
    store.holds(vec![doc(1, 1, 7)], 7);
    let items = over(&store).await;
    let view = items.find(Filter::all()).live().await.unwrap();
    store.holds(vec![doc(1, 2, 7)], 7);
    store.feed().reset(Opened { store_epoch: 2, log_epoch: 2, position: 7 });
    shows(&view, &[(1, 2)]).await;
}

/// A view tries its reads again until they succeed. While it did, its task held the view itself; so the
/// drop of the last handle ended nothing, and a read that never succeeds was tried for ever.
#[tokio::test(start_paused = true)]
async fn a_view_that_no_one_holds_stops_trying() {
    let store = Facts::default();
    let items = over(&store).await;
    let view = items.find(Filter::all()).live().await.unwrap();
    store.fails(true);
    store.feed().reset(Opened { store_epoch: 1, log_epoch: 1, position: 0 });
    tokio::time::sleep(Duration::from_secs(10)).await;
    drop(view);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(items.hub().stats().readers, 0);
}
