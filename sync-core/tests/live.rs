//! Live views: ordered, current, equal to a fresh read, and cheap where nothing was lost.

#![allow(clippy::unwrap_used)] // also in the tests' own functions: what fails there fails the test

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use sync_core::live::{Collection, ViewEvent, ViewStats};
use sync_core::model::Doc;
use sync_core::prelude::*;

#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "items")]
struct Item {
    #[sync(id)]
    id: u64,
    list: i64,
    rank: Option<i64>,
}

async fn items() -> Backend<Item> {
    let chain = Backend::<Item>::builder().store(MemoryStore::new());
    Registry::builder().backend(chain).build().await.unwrap().backend()
}

fn item(id: u64, list: i64, rank: i64) -> Item {
    Item { id, list, rank: Some(rank) }
}

/// Waits until the view has taken every change so far.
async fn settled(view: &Collection<Item>, expected: impl Fn(&[Arc<Item>]) -> bool) {
    let mut version = view.version();
    let waiting = async {
        while !expected(&view.items()) {
            version.changed().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("the view did not follow");
}

/// Applies view events to a plain list, as a user interface would.
fn replay(list: &mut Vec<Item>, event: ViewEvent<Item>) {
    match event {
        ViewEvent::Add { at, doc } => list.insert(at, (*doc.value).clone()),
        ViewEvent::Change { at, doc, old } => {
            assert_eq!(list[at], *old);
            list[at] = (*doc.value).clone();
        }
        ViewEvent::Move { from, to, doc, old } => {
            assert_eq!(list.remove(from), *old);
            list.insert(to, (*doc.value).clone());
        }
        ViewEvent::Remove { at, old } => assert_eq!(list.remove(at), *old.value),
        ViewEvent::Reset(docs) => *list = plain(docs),
    }
}

fn plain(docs: Vec<Doc<Item>>) -> Vec<Item> {
    docs.into_iter().map(|doc| (*doc.value).clone()).collect()
}

#[tokio::test]
async fn a_view_tells_add_change_move_and_remove() {
    let items = items().await;
    items.create(item(1, 7, 10)).await.unwrap();
    let view = items.find(Item::LIST.eq(7)).sort(Item::RANK.asc()).live().await.unwrap();
    let (docs, mut events) = view.watch();
    assert_eq!(docs.len(), 1);
    items.create(item(2, 7, 5)).await.unwrap();
    items.create(item(3, 8, 1)).await.unwrap();
    items.update(1u64, ItemPatch::default().with(Item::RANK, 6)).await.unwrap();
    items.update(2u64, ItemPatch::default().with(Item::RANK, 9)).await.unwrap();
    items.update(3u64, ItemPatch::default().with(Item::LIST, 7)).await.unwrap();
    items.update(1u64, ItemPatch::default().with(Item::LIST, 8)).await.unwrap();
    items.delete_by_id(2u64).await.unwrap();
    let mut told = Vec::new();
    for _ in 0..6 {
        told.push(match events.next().await.unwrap() {
            ViewEvent::Add { at, doc } => format!("add {} at {at}", doc.value.id),
            ViewEvent::Change { at, doc, .. } => format!("change {} at {at}", doc.value.id),
            ViewEvent::Move { from, to, doc, .. } => format!("move {} from {from} to {to}", doc.value.id),
            ViewEvent::Remove { at, old } => format!("remove {} at {at}", old.value.id),
            ViewEvent::Reset(_) => "reset".to_owned(),
        });
    }
    let expected =
        ["add 2 at 0", "change 1 at 1", "move 2 from 0 to 1", "add 3 at 0", "remove 1 at 1", "remove 2 at 1"];
    assert_eq!(told, expected);
    assert_eq!(view.stats(), ViewStats::default());
}

#[tokio::test]
async fn a_limited_window_is_what_a_fresh_read_gives() {
    let items = items().await;
    for id in 1..=10 {
        items.create(item(id, 1, id as i64)).await.unwrap();
    }
    let query = || items.find(Item::LIST.eq(1)).sort(Item::RANK.desc()).limit(3).offset(1);
    let view = query().live().await.unwrap();
    items.delete_by_id(9u64).await.unwrap();
    items.create(item(11, 1, 11)).await.unwrap();
    settled(&view, |items| items.iter().map(|i| i.id).eq([10, 8, 7])).await;
    let fresh: Vec<u64> = query().all().await.unwrap().iter().map(|i| i.id).collect();
    assert_eq!(fresh, [10, 8, 7]);
}

#[tokio::test]
async fn one_document_is_followed_through_delete_and_re_create() {
    let items = items().await;
    let one = items.live(1u64).await.unwrap();
    assert!(one.get().is_none());
    let mut events = one.events();
    items.create(item(1, 1, 1)).await.unwrap();
    assert!(matches!(events.next().await, Some(ViewEvent::Add { .. })));
    let mut edited = one.edit().unwrap();
    edited.rank = None;
    edited.save().await.unwrap();
    assert!(matches!(events.next().await, Some(ViewEvent::Change { .. })));
    assert_eq!(one.get().unwrap().rank, None);
    items.delete_by_id(1u64).await.unwrap();
    assert!(matches!(events.next().await, Some(ViewEvent::Remove { .. })));
    items.create(item(1, 2, 2)).await.unwrap();
    assert!(matches!(events.next().await, Some(ViewEvent::Add { .. })));
    assert_eq!(one.get().unwrap().list, 2);
}

#[tokio::test(flavor = "current_thread")]
async fn a_view_and_a_watcher_that_fall_behind_recover_by_themselves() {
    let items = items().await;
    let view = items.find(Filter::all()).live().await.unwrap();
    let (docs, mut events) = view.watch();
    let mut list = plain(docs);
    // The view's task does not run before this task waits; MemoryStore never does.
    for id in 1..=1_500 {
        items.create(item(id, 1, 0)).await.unwrap();
    }
    settled(&view, |items| items.len() == 1_500).await;
    assert_eq!(view.stats().queries, 1, "one read of the whole for the reset, and no read one by one");
    while list.len() < 1_500 {
        replay(&mut list, events.next().await.unwrap());
    }
    assert_eq!(list, view.items().iter().map(|item| (**item).clone()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_view_ends_with_the_registry_and_with_its_last_handle() {
    let chain = Backend::<Item>::builder().store(MemoryStore::new());
    let registry = Registry::builder().backend(chain).build().await.unwrap();
    let items = registry.backend::<Item>();
    let view = items.find(Filter::all()).live().await.unwrap();
    let dropped = items.find(Filter::all()).live().await.unwrap();
    assert_eq!(items.hub().stats().readers, 2);
    drop(dropped);
    tokio::time::timeout(Duration::from_secs(5), async {
        while items.hub().stats().readers == 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap();
    let mut events = view.events();
    registry.shutdown().await;
    assert!(events.next().await.is_none());
}

#[derive(Clone, Debug)]
enum Step {
    Create(u64, i64, Option<i64>),
    List(u64, i64),
    Rank(u64, Option<i64>),
    Delete(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rank = prop_oneof![Just(None), (0..4i64).prop_map(Some)];
    let step = prop_oneof![
        (1..8u64, 0..3i64, rank.clone()).prop_map(|(id, list, rank)| Step::Create(id, list, rank)),
        (1..8u64, 0..3i64).prop_map(|(id, list)| Step::List(id, list)),
        (1..8u64, rank).prop_map(|(id, rank)| Step::Rank(id, rank)),
        (1..8u64).prop_map(Step::Delete),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Law: a maintained view, and a list kept by its events, equal a fresh read.
    #[test]
    fn a_maintained_view_equals_a_fresh_read(steps in steps(), limit in prop::option::of(1..5usize)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let items = items().await;
            let query = || {
                let find = items.find(!Item::LIST.eq(0)).sort(Item::RANK.desc().then(Item::LIST.asc()));
                match limit {
                    Some(limit) => find.limit(limit),
                    None => find,
                }
            };
            let view = query().live().await.unwrap();
            let (docs, mut events) = view.watch();
            let mut list = plain(docs);
            for step in steps {
                // Refusals (an id that exists, or does not) are part of the game.
                let _outcome = match step {
                    Step::Create(id, list, rank) => items.create(Item { id, list, rank }).await.map(drop),
                    Step::List(id, list) => items.update(id, ItemPatch::default().with(Item::LIST, list)).await.map(drop),
                    Step::Rank(id, rank) => items.update(id, ItemPatch::default().with(Item::RANK, rank)).await.map(drop),
                    Step::Delete(id) => items.delete_by_id(id).await.map(drop),
                };
                tokio::task::yield_now().await;
            }
            let fresh: Vec<Item> = query().all().await.unwrap().into_iter().map(Model::into_inner).collect();
            settled(&view, |items| items.iter().map(|item| &**item).eq(&fresh)).await;
            while list != fresh {
                replay(&mut list, events.next().await.unwrap());
            }
            assert_eq!((view.stats().fills, view.stats().repairs), (0, 0));
        });
    }
}
