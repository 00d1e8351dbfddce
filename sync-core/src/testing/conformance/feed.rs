//! Obligation 3: the hub gets each commit once, in order, before the answer, and nothing else.

use std::collections::HashMap;

use uuid::Uuid;

use super::Setup;
use super::models::{Specimen, SpecimenPatch};
use super::rig::{Done as _, Rig, create, delete, update, update_at};
use crate::model::ModelPatch as _;

const ID: Uuid = Uuid::from_u128(1);

fn count(count: i64) -> SpecimenPatch {
    SpecimenPatch::default().with(Specimen::COUNT, count)
}

pub(super) async fn each_commit_is_fed_before_its_answer<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "each_commit_is_fed_before_its_answer").await;
    let opened = rig.backend.cursor().position;
    let mut last = opened;
    for write in [
        create(&Specimen::empty(ID)),
        update::<Specimen>(&ID, count(1)),
        update::<Specimen>(&ID, SpecimenPatch::default()),
        delete::<Specimen>(&ID),
        create(&Specimen::empty(ID)),
    ] {
        let what = format!("{write:?}");
        let change = rig.commit(write).await.done(1, "a write that nothing forbids");
        let fed: Vec<_> = rig.fed().iter().map(|fed| (fed.rev, fed.position)).collect();
        let answered = (change.rev, change.position);
        owed!(3, fed == [answered], "answered {answered:?} and had fed (rev, position) {fed:?}: {what}");
        owed!(7, change.position > last, "position {} follows {last}: {what}", change.position);
        last = change.position;
        let cursor = rig.backend.cursor().position;
        owed!(7, cursor == last, "the log stands at {cursor} after the commit at {last}");
    }
    rig.nothing_repaired();
}

pub(super) async fn concurrent_commits_are_fed_once_and_in_order<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "concurrent_commits_are_fed_once_and_in_order").await;
    let ids: Vec<Uuid> = (1..=4).map(Uuid::from_u128).collect();
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let (backend, ids) = (rig.backend.clone(), ids.clone());
            tokio::spawn(async move {
                let mut answered = Vec::new();
                // All of it fits a reader's queue, so nothing may be lost.
                for n in 0..40 {
                    let id = ids[(task + n) % ids.len()];
                    let new = backend.create(Specimen::empty(id)).await;
                    let patched = backend.update(id, count(n as i64)).await;
                    let gone = if n % 7 == 0 { backend.delete_by_id(id).await.ok() } else { None };
                    answered.extend(new.ok().map(|model| model.rev()));
                    answered.extend(patched.ok().map(|change| change.rev));
                    answered.extend(gone.map(|change| change.rev));
                    tokio::task::yield_now().await;
                }
                answered
            })
        })
        .collect();
    let mut fed = Vec::new();
    let mut answered = Vec::new();
    for task in tasks {
        while !task.is_finished() {
            fed.extend(rig.fed());
            tokio::task::yield_now().await;
        }
        answered.extend(task.await.expect("a write does not panic"));
    }
    fed.extend(rig.fed());
    let mut last: HashMap<Uuid, u64> = HashMap::new();
    let mut position = 0;
    for change in &fed {
        let before = last.insert(change.id, change.rev).unwrap_or(0);
        owed!(3, change.prev == before, "after revision {before} the feed gave {change:?}");
        owed!(3, change.position > position, "after position {position} the feed gave {change:?}");
        position = change.position;
    }
    let (commits, changes) = (answered.len(), fed.len());
    owed!(3, commits == changes, "{commits} commits were answered, {changes} changes were fed");
    rig.nothing_repaired();
}

pub(super) async fn nothing_refused_is_fed<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "nothing_refused_is_fed").await;
    let rev = rig.create(&Specimen::empty(ID)).await.rev;
    rig.fed();
    let answers = rig
        .batch(vec![
            create(&Specimen::empty(ID)),
            update_at::<Specimen>(&ID, count(1), rev + 1),
            delete::<Specimen>(&Uuid::from_u128(2)),
            update::<Specimen>(&ID, SpecimenPatch::default().with(Specimen::RATIO, f64::NAN)),
        ])
        .await;
    owed!(1, answers.iter().all(Result::is_err), "four writes must be refused: {answers:?}");
    let fed = rig.fed();
    owed!(3, fed.is_empty(), "four refused writes fed {fed:?}");
}

pub(super) async fn a_reopened_store_feeds_nothing_old<S: Setup>(setup: &S) {
    if !S::DURABLE {
        return;
    }
    let place = "a_reopened_store_feeds_nothing_old";
    let rig = Rig::<Specimen>::open(setup, place).await;
    rig.create(&Specimen::empty(ID)).await;
    rig.close().await;
    let mut rig = Rig::<Specimen>::open(setup, place).await;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let fed = rig.fed();
    owed!(3, fed.is_empty(), "a reopened store fed what was fed before: {fed:?}");
    let change = rig.commit(update::<Specimen>(&ID, count(1))).await.done(1, "an update after a reopening");
    let fed: Vec<_> = rig.fed().iter().map(|fed| fed.rev).collect();
    owed!(3, fed == [change.rev], "one commit after a reopening fed the revisions {fed:?}");
}
