//! A copy that is kept by the rule of `prev` and `rev` equals a fresh read, without ever reading.

use std::collections::BTreeMap;

use sync_core::backend::Store;
use sync_core::prelude::*;
use sync_core::testing::Dice;

use crate::common::{Copy, Halting, List, ListPatch, dropped_after, list, over, undisturbed};
use crate::seed;

/// One handle and its reference: only this handle counts `views`, others write the rest.
async fn history(lists: &Backend<List>, dice: &mut Dice) {
    let mut events = lists.subscribe();
    let mut one = lists.create(list()).await.unwrap();
    let id = one.id;
    let mut copy = Copy::default();
    let mut own = lists.subscribe_one(id);
    let (mut views, mut name) = (0, String::new());
    for n in 0..40 {
        match dice.below(9) {
            0..=2 => {
                one.views += 1;
                views += 1;
            }
            3 => {
                name = n.to_string();
                let patch = ListPatch::default().with(List::NAME, name.clone());
                lists.update(id, patch).await.unwrap();
            }
            4 => drop(dropped_after(dice.below(8), one.save()).await),
            5 => one.refresh().await.unwrap(),
            6 => {
                while let Some(event) = own.try_next() {
                    // `false` only says that a read is due.
                    let _up_to_date = one.apply(&event);
                }
            }
            7 => one = one.clone(),
            _ => one.save().await.unwrap(),
        }
        assert_eq!(one.views, views, "the handle lost or doubled an edit");
        copy.follow(&mut events);
    }
    one.save().await.unwrap();
    assert!(!one.is_changed());
    copy.follow(&mut events);
    let read = lists.fetch(id).await.unwrap();
    assert_eq!((read.views, &read.name), (views, &name));
    assert_eq!((copy.rev, copy.value.as_ref()), (read.rev(), Some(&*read)));
    one.refresh().await.unwrap();
    assert_eq!(*one, *read);
}

async fn histories(store: impl Store<List>, count: u64, seed: u64) {
    let lists = over(store).await;
    for n in 0..count {
        history(&lists, &mut Dice::new(seed.wrapping_add(n))).await;
    }
    undisturbed(&lists);
}

#[tokio::test]
async fn a_handle_counts_each_edit_once_in_memory() {
    histories(MemoryStore::new(), 300, seed(1)).await;
}

#[tokio::test]
async fn a_handle_counts_each_edit_once_in_a_store_with_await_points() {
    histories(Halting(MemoryStore::new(), 2), 300, seed(2)).await;
}

/// Writers on several documents, which come and go; a reader of everything.
async fn copies(store: impl Store<List>, rounds: usize, seed: u64) {
    let lists = over(store).await;
    let mut events = lists.subscribe();
    let mut copies: BTreeMap<Uuid, Copy> = BTreeMap::new();
    let mut dice = Dice::new(seed);
    for round in 0..rounds {
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let (lists, id, op) =
                    (lists.clone(), Uuid::from_u128(1 + dice.below(5) as u128), dice.below(6));
                let n = dice.below(100) as i64;
                let mut patch = ListPatch::default().with(List::VIEWS, n);
                if n % 2 == 0 {
                    patch.set(List::NOTE, (n % 4 == 0).then(|| (n % 8 == 0).then(|| n.to_string())));
                }
                // Refusals are fine: the document is there, or it is not, or would not be valid.
                tokio::spawn(async move {
                    match op {
                        0 | 1 => drop(lists.create(List { id, views: n, ..list() }).await),
                        2 => drop(lists.delete_by_id(id).await),
                        3 => drop(lists.update(id, patch.with(List::LOW, n).with(List::HIGH, 50)).await),
                        _ => drop(lists.update(id, patch).await),
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        while let Some(event) = events.try_next() {
            let change = event.change().expect("nothing is lost, so there is no reset");
            copies.entry(change.id).or_default().take(change);
        }
        if round % 10 == 0 || round + 1 == rounds {
            let read: BTreeMap<_, _> = lists
                .all()
                .await
                .unwrap()
                .into_iter()
                .map(|list| (list.id, (list.rev(), list.into_inner())))
                .collect();
            let kept: BTreeMap<_, _> =
                copies.iter().filter_map(|(id, copy)| Some((*id, (copy.rev, copy.value.clone()?)))).collect();
            assert_eq!(kept, read, "round {round}");
        }
    }
    undisturbed(&lists);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_maintained_copy_equals_a_fresh_read_in_memory() {
    copies(MemoryStore::new(), 2_000, seed(3)).await;
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use sync_core::store::{Sqlite, SqliteStore};

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_maintained_copy_equals_a_fresh_read_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = Sqlite::open(folder.path().join("laws.db")).unwrap();
        copies(SqliteStore::new(&file), 300, seed(4)).await;
    }

    #[tokio::test]
    async fn a_handle_counts_each_edit_once_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = Sqlite::open(folder.path().join("laws.db")).unwrap();
        histories(SqliteStore::new(&file), 40, seed(5)).await;
    }
}
