//! The conformance suite notices broken stores: a small store passes it, and fails it in the right place
//! with each fault that is built into it.

#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)] // a test may fail by panicking, in its helpers too

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use sync_core::Code;
use sync_core::backend::{Change, Feed, Found, Opened, Store, Write};
use sync_core::model::{Doc, Flags, Rev, Value};
use sync_core::prelude::*;
use sync_core::query::Query;
use sync_core::testing::conformance::{self, Setup};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    ReadsBeforeItLocks,
    StopsAtARefusal,
    CountsPerDocument,
    ForgetsDeletes,
    NamesNoPrev,
    FeedsTwice,
    FeedsAfterTheAnswer,
    FeedsRefused,
    ReadsLate,
    IgnoresTheSort,
    IgnoresTheFilter,
    CountsTheWindow,
    NamesAnotherPosition,
    LogsWithGaps,
    SharesUniqueValues,
    TakesNullAsUnique,
    KeepsOldValues,
    WaitsBeforeItFeeds,
}

struct Small<M: SyncModel> {
    fault: Fault,
    feed: OnceLock<Feed<M>>,
    state: Mutex<State<M>>,
}

struct State<M: SyncModel> {
    docs: BTreeMap<M::Id, Doc<M>>,
    /// As reads see it, where they are late.
    before: BTreeMap<M::Id, Doc<M>>,
    gone: BTreeMap<M::Id, Rev>,
    log: Vec<Arc<Change<M>>>,
    /// Values of unique fields that were ever taken.
    taken: Vec<(usize, Value, M::Id)>,
}

impl<M: SyncModel> State<M> {
    fn clash(&self, doc: &Doc<M>, fault: Fault) -> Option<&'static str> {
        let clashes = |field: &usize| {
            let value = doc.value.any_value(*field);
            let others = self.docs.values().filter(|other| other.value.id() != doc.value.id());
            let mut others = others.map(|other| other.value.any_value(*field));
            match fault {
                Fault::SharesUniqueValues => false,
                Fault::TakesNullAsUnique => others.any(|other| other == value),
                Fault::KeepsOldValues if value != Value::Null => {
                    self.taken.iter().any(|(f, v, id)| f == field && *v == value && id != doc.value.id())
                }
                _ => value != Value::Null && others.any(|other| other == value),
            }
        };
        M::SCHEMA.with(Flags::UNIQUE).find(clashes).map(|field| M::SCHEMA.fields[field].name)
    }
}

/// A field's value, as filters see it.
trait AnyValue {
    fn any_value(&self, field: usize) -> Value;
}

impl<M: SyncModel> AnyValue for M {
    fn any_value(&self, field: usize) -> Value {
        self.view(field).to_value().unwrap()
    }
}

impl<M: SyncModel> Small<M> {
    fn commit_one(
        &self,
        write: &mut Write<M>,
        read: Option<Option<Doc<M>>>,
    ) -> Result<Arc<Change<M>>, Error> {
        let mut state = self.state.lock().unwrap();
        let current = read.unwrap_or_else(|| state.docs.get(&write.id).cloned());
        let plan = write.plan(current.as_ref())?;
        let position = state.log.len() as u64 + 1;
        let prev = current.map(|doc| doc.rev).or_else(|| state.gone.get(&write.id).copied()).unwrap_or(0);
        let rev = if self.fault == Fault::CountsPerDocument { prev % 3 + 1 } else { position };
        let prev = if self.fault == Fault::NamesNoPrev { 0 } else { prev };
        let doc = plan.document(rev);
        if let Some(field) = doc.as_ref().and_then(|doc| state.clash(doc, self.fault)) {
            if self.fault == Fault::FeedsRefused {
                self.feed.get().unwrap().fact(plan.committed(write, prev, rev, position));
            }
            return Err(Error::new(Code::Duplicate, "the value is taken").at_field(field));
        }
        state.before = state.docs.clone();
        match &doc {
            Some(doc) => {
                state.docs.insert(write.id.clone(), doc.clone());
                for field in M::SCHEMA.with(Flags::UNIQUE) {
                    state.taken.push((field, doc.value.any_value(field), write.id.clone()));
                }
            }
            None => {
                state.docs.remove(&write.id);
                if self.fault != Fault::ForgetsDeletes {
                    state.gone.insert(write.id.clone(), rev);
                }
            }
        }
        let change = plan.committed(write, prev, rev, position);
        state.log.push(change.clone());
        // Under the lock, or two commits could change places on their way to the hub.
        if !matches!(self.fault, Fault::FeedsAfterTheAnswer | Fault::WaitsBeforeItFeeds) {
            self.feed.get().unwrap().committed(write, &change);
        }
        Ok(change)
    }

    async fn feed_badly(&self, write: Write<M>, change: &Arc<Change<M>>) {
        let (feed, change) = (self.feed.get().unwrap().clone(), change.clone());
        match self.fault {
            Fault::FeedsAfterTheAnswer => drop(tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                feed.committed(&write, &change);
            })),
            Fault::FeedsTwice => feed.fact(change),
            Fault::WaitsBeforeItFeeds => {
                tokio::task::yield_now().await;
                feed.committed(&write, &change);
            }
            _ => {}
        }
    }
}

impl<M: SyncModel> Store<M> for Small<M> {
    async fn open(&self, feed: Feed<M>) -> Result<Opened, Error> {
        let _first = self.feed.set(feed);
        Ok(Opened { store_epoch: 1, log_epoch: 1, position: 0 })
    }

    async fn commit(&self, batch: Vec<Write<M>>) -> Vec<Result<Arc<Change<M>>, Error>> {
        let mut answers = Vec::new();
        for mut write in batch {
            let mut read = None;
            if self.fault == Fault::ReadsBeforeItLocks {
                read = Some(self.state.lock().unwrap().docs.get(&write.id).cloned());
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let failed = answers.last().is_some_and(Result::is_err);
            if failed && self.fault == Fault::StopsAtARefusal {
                answers.push(Err(Error::new(Code::Internal, "the batch was given up")));
                continue;
            }
            let answer = self.commit_one(&mut write, read);
            if let Ok(change) = &answer {
                self.feed_badly(write, change).await;
            }
            answers.push(answer);
        }
        answers
    }

    async fn get(&self, id: &M::Id) -> Result<Option<Doc<M>>, Error> {
        let state = self.state.lock().unwrap();
        let docs = if self.fault == Fault::ReadsLate { &state.before } else { &state.docs };
        Ok(docs.get(id).cloned())
    }

    async fn find(&self, query: &Query<M>) -> Result<Found<M>, Error> {
        let state = self.state.lock().unwrap();
        let all = self.fault == Fault::IgnoresTheFilter;
        let matching = state.docs.values().filter(|doc| all || query.filter.matches(&doc.value));
        let mut docs: Vec<_> = matching.cloned().collect();
        if self.fault != Fault::IgnoresTheSort {
            docs.sort_by(|a, b| query.compare(&a.value, &b.value));
        }
        let count = docs.len();
        let docs: Vec<_> =
            docs.into_iter().skip(query.offset).take(query.limit.unwrap_or(usize::MAX)).collect();
        let count = if self.fault == Fault::CountsTheWindow { docs.len() } else { count };
        let position = state.log.len() as u64 / if self.fault == Fault::NamesAnotherPosition { 2 } else { 1 };
        Ok(Found { docs, total: query.total.then_some(count), position })
    }

    async fn changes_after(&self, position: u64, limit: usize) -> Result<Option<Vec<Arc<Change<M>>>>, Error> {
        let state = self.state.lock().unwrap();
        let gap = |change: &&Arc<Change<M>>| self.fault != Fault::LogsWithGaps || change.position % 7 != 3;
        let after = state.log.iter().filter(|change| change.position > position).filter(gap);
        Ok(Some(after.take(limit).cloned().collect()))
    }

    fn runs_detached(&self) -> bool {
        self.fault == Fault::ReadsBeforeItLocks
    }
}

struct With(Fault);

impl Setup for With {
    type Store<M: SyncModel> = Small<M>;
    async fn open<M: SyncModel>(&self, _place: &str) -> Result<Small<M>, Error> {
        let state = State {
            docs: BTreeMap::new(),
            before: BTreeMap::new(),
            gone: BTreeMap::new(),
            log: Vec::new(),
            taken: Vec::new(),
        };
        Ok(Small { fault: self.0, feed: OnceLock::new(), state: Mutex::new(state) })
    }
}

mod without_a_fault {
    sync_core::conformance!(super::With(super::Fault::None));
}

#[test]
fn each_fault_is_noticed() {
    let faults = [
        (Fault::ReadsBeforeItLocks, "creates_of_one_id_race", 1),
        (Fault::ReadsBeforeItLocks, "patches_of_different_fields_are_all_kept", 1),
        (Fault::StopsAtARefusal, "a_batch_answers_each_write_and_commits_the_rest", 1),
        (Fault::CountsPerDocument, "revisions_grow_and_name_the_one_before", 2),
        (Fault::ForgetsDeletes, "revisions_grow_across_delete_and_create", 2),
        (Fault::NamesNoPrev, "revisions_grow_and_name_the_one_before", 2),
        (Fault::FeedsTwice, "each_commit_is_fed_before_its_answer", 3),
        (Fault::FeedsAfterTheAnswer, "each_commit_is_fed_before_its_answer", 3),
        (Fault::FeedsRefused, "a_refused_write_leaves_no_trace", 3),
        (Fault::ReadsLate, "reads_see_every_answered_write", 6),
        (Fault::IgnoresTheSort, "sorts_and_windows_agree_with_memory", 6),
        (Fault::IgnoresTheFilter, "comparisons_agree_with_memory", 6),
        (Fault::CountsTheWindow, "totals_count_all_that_match", 6),
        (Fault::NamesAnotherPosition, "a_find_names_the_position_it_includes", 6),
        (Fault::LogsWithGaps, "changes_after_a_position_are_all_or_none", 7),
        (Fault::SharesUniqueValues, "a_value_that_is_taken_is_refused_by_its_field", 8),
        (Fault::SharesUniqueValues, "of_racing_creates_one_gets_the_value", 8),
        (Fault::TakesNullAsUnique, "null_may_repeat", 8),
        (Fault::KeepsOldValues, "a_value_is_free_again_after_change_and_delete", 8),
        (Fault::WaitsBeforeItFeeds, "a_dropped_commit_of_a_store_that_allows_it", 9),
    ];
    for (fault, case, obligation) in faults {
        let run = catch_unwind(AssertUnwindSafe(|| conformance::run(&With(fault), case)));
        let panic = run.expect_err(&format!("{fault:?} passes {case}"));
        let text = panic.downcast_ref::<String>().map_or("no text", String::as_str);
        let wanted = format!("obligation {obligation} (");
        assert!(text.starts_with(&wanted), "{fault:?} fails {case} with: {text}");
    }
}
