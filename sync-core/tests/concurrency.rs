//! Two tasks, one document: no edit is lost, everyone ends with the same, and nothing was repaired.

#![allow(clippy::unwrap_used)] // a test may fail by panicking, in its helpers too

mod common;

use std::sync::Arc;
use std::time::Instant;

use common::{Copy, List, ListPatch, list, over, undisturbed};
use sync_core::backend::{Store, Subscription};
use sync_core::prelude::*;
use tokio::sync::Barrier;

const ROUNDS: i64 = 10_000;

/// Runs the edits of two handles in two tasks, both saving at the same time; after each round the check.
struct Race {
    lists: Backend<List>,
    id: Uuid,
    events: Subscription<List>,
    copy: Copy,
}

/// What one of the two does in a round.
type Edit = fn(&mut Model<List>, i64);

impl Race {
    async fn new(store: impl Store<List>) -> Self {
        let lists = over(store).await;
        let events = lists.subscribe();
        let id = lists.create(list()).await.unwrap().id;
        let mut race = Race { lists, id, events, copy: Copy::default() };
        race.copy.follow(&mut race.events);
        race
    }

    /// After each round both handles are given to the check, and what the log said of the document.
    async fn run(&mut self, rounds: i64, edits: [Edit; 2], check: fn(i64, &List, [&Model<List>; 2])) {
        let begun = Instant::now();
        let barrier = Arc::new(Barrier::new(2));
        let (back, mut done) = tokio::sync::mpsc::channel(2);
        let starts = [0, 1].map(|which: usize| {
            let edit = edits[which];
            let (lists, id, barrier, back) = (self.lists.clone(), self.id, barrier.clone(), back.clone());
            let (start, mut started) = tokio::sync::mpsc::channel::<(i64, Option<Model<List>>)>(1);
            tokio::spawn(async move {
                while let Some((round, handle)) = started.recv().await {
                    let mut handle = match handle {
                        Some(handle) => handle,
                        None => lists.fetch(id).await.unwrap(),
                    };
                    barrier.wait().await;
                    edit(&mut handle, round);
                    handle.save().await.unwrap();
                    back.send((which, handle)).await.unwrap();
                }
            });
            start
        });
        let mut handles = [None, None];
        for round in 1..=rounds {
            for (start, handle) in starts.iter().zip(&mut handles) {
                start.send((round, handle.take())).await.unwrap();
            }
            for _ in 0..2 {
                let (which, handle) = done.recv().await.unwrap();
                handles[which] = Some(handle);
            }
            let [Some(one), Some(two)] = &mut handles else { panic!("both are done") };
            self.copy.follow(&mut self.events);
            let logged = self.copy.value.as_ref().unwrap();
            // Some rounds go on with handles that are behind.
            if round % 3 != 0 {
                one.refresh().await.unwrap();
                two.refresh().await.unwrap();
                assert_eq!(
                    (&**one, &**two),
                    (logged, logged),
                    "round {round}: the handles see it differently"
                );
            }
            let read = self.lists.fetch(self.id).await.unwrap();
            assert_eq!(
                (self.copy.rev, logged),
                (read.rev(), &*read),
                "round {round}: the log and a read differ"
            );
            check(round, logged, [one, two]);
        }
        undisturbed(&self.lists);
        eprintln!("{rounds} rounds in {:?}", begun.elapsed());
    }
}

async fn different_fields(store: impl Store<List>) {
    let edits: [Edit; 2] =
        [|list, round| list.views = round, |list, round| list.edit(|l| l.name = round.to_string())];
    let check = |round: i64, list: &List, _: [&Model<List>; 2]| {
        assert_eq!((list.views, &list.name), (round, &round.to_string()), "an edit was lost");
    };
    Race::new(store).await.run(ROUNDS, edits, check).await;
}

async fn one_field(store: impl Store<List>) {
    let edits: [Edit; 2] =
        [|list, round| list.views = 2 * round, |list, round| list.set(List::VIEWS, 2 * round + 1)];
    let check = |round: i64, list: &List, handles: [&Model<List>; 2]| {
        let last = handles.map(|handle| handle.rev()).into_iter().max().unwrap();
        assert!(last > 0 && list.views / 2 == round, "the last commit does not win: {list:?}");
    };
    Race::new(store).await.run(ROUNDS, edits, check).await;
}

/// Each of two patches is valid on what its writer saw; together they are not: one is refused.
async fn together_invalid(store: impl Store<List>, rounds: i64) {
    let lists = over(store).await;
    for round in 0..rounds {
        let id = lists.create(List { high: 10, ..list() }).await.unwrap().id;
        let (mut one, mut two) = (lists.fetch(id).await.unwrap(), lists.fetch(id).await.unwrap());
        one.low = 7;
        two.high = 3;
        one.validate().and(two.validate()).unwrap();
        let saves = [one, two].map(|mut list| tokio::spawn(async move { list.save().await }));
        let mut refused = 0;
        for save in saves {
            if let Err(error) = save.await.unwrap() {
                assert!(error.is_invalid(), "{error}");
                refused += 1;
            }
        }
        let list = lists.fetch(id).await.unwrap();
        assert_eq!(refused, 1, "round {round} left {list:?}");
        list.validate().unwrap();
    }
    undisturbed(&lists);
}

/// Increments that expect the revision they were made on are never lost, in eight tasks.
async fn increments(store: impl Store<List>, each: i64) {
    let lists = over(store).await;
    let id = lists.create(list()).await.unwrap().id;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let lists = lists.clone();
            tokio::spawn(async move {
                let mut list = lists.fetch(id).await.unwrap();
                for _ in 0..each {
                    loop {
                        list.views += 1;
                        match list.save_if_unchanged().await {
                            Ok(()) => break,
                            Err(error) => {
                                let current = error.current::<List>().expect("a conflict has the document");
                                assert!(error.is_conflict() && current.rev > list.rev());
                                list.revert();
                                list.refresh().await.unwrap();
                            }
                        }
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(lists.fetch(id).await.unwrap().views, 8 * each);
}

/// Many writers of many documents through `update`, each leaf written by one of them.
async fn every_acknowledged_write(store: impl Store<List>, rounds: i64) {
    let lists = over(store).await;
    let ids: Vec<Uuid> = (1..=4).map(Uuid::from_u128).collect();
    for id in &ids {
        lists.create(List { id: *id, ..list() }).await.unwrap();
    }
    let writer = |field: usize| {
        let (lists, ids) = (lists.clone(), ids.clone());
        tokio::spawn(async move {
            for round in 1..=rounds {
                for id in &ids {
                    let patch = match field {
                        0 => ListPatch::default().with(List::VIEWS, round),
                        1 => ListPatch::default().with(List::NAME, round.to_string()),
                        2 => ListPatch::default().with(List::HIGH, round),
                        _ => ListPatch::default().with(List::NOTE, Some(Some(round.to_string()))),
                    };
                    lists.update(*id, patch).await.unwrap();
                }
            }
        })
    };
    for task in [writer(0), writer(1), writer(2), writer(3)] {
        task.await.unwrap();
    }
    let text = rounds.to_string();
    for list in lists.all().await.unwrap() {
        let leaves = (list.views, &list.name, list.high, &list.note);
        assert_eq!(leaves, (rounds, &text, rounds, &Some(Some(text.clone()))));
    }
    let delivered = lists.hub().stats().delivered as i64;
    assert_eq!(delivered, 4 + 16 * rounds, "each commit is delivered once");
}

mod memory {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn edits_of_different_fields_are_all_kept() {
        different_fields(MemoryStore::new()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_one_field_the_last_commit_wins_everywhere() {
        one_field(MemoryStore::new()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_patches_that_are_invalid_together_never_both_commit() {
        together_invalid(MemoryStore::new(), 2_000).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn increments_that_expect_their_revision_add_up() {
        increments(MemoryStore::new(), 500).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_acknowledged_write_is_there() {
        every_acknowledged_write(MemoryStore::new(), 500).await;
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use sync_core::store::{Sqlite, SqliteStore};
    use tempfile::TempDir;

    use super::*;

    fn store() -> (TempDir, SqliteStore<List>) {
        let folder = tempfile::tempdir().unwrap();
        let file = Sqlite::open(folder.path().join("race.db")).unwrap();
        (folder, SqliteStore::new(&file))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn edits_of_different_fields_are_all_kept() {
        let (_folder, store) = store();
        different_fields(store).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_one_field_the_last_commit_wins_everywhere() {
        let (_folder, store) = store();
        one_field(store).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_patches_that_are_invalid_together_never_both_commit() {
        let (_folder, store) = store();
        together_invalid(store, 300).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn increments_that_expect_their_revision_add_up() {
        let (_folder, store) = store();
        increments(store, 25).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_acknowledged_write_is_there() {
        let (_folder, store) = store();
        every_acknowledged_write(store, 50).await;
    }
}
