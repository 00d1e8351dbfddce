//! Obligation 6: reads see what was answered, whole, and a query names the position it includes.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::Setup;
use super::models::{Specimen, SpecimenPatch};
use super::rig::{Done as _, Rig, broken, create, differing, update};
use super::samples;
use crate::SyncModel;
use crate::backend::{Body, Change};
use crate::model::{ModelPatch as _, Rev};
use crate::query::{Filter, Query};
use crate::testing::Dice;

/// The stored documents must be these.
async fn holds(rig: &Rig<Specimen>, wanted: &[Specimen], when: &str) {
    let found = rig.find(&Query::new(Filter::all())).await.docs;
    owed!(6, found.len() == wanted.len(), "{when} {} documents were found of {}", found.len(), wanted.len());
    for value in wanted {
        let read = rig.doc(&value.id).await;
        let listed = found.iter().find(|doc| doc.value.id == value.id);
        let listed = listed.unwrap_or_else(|| broken(6, format!("{when} a query misses {}", value.id)));
        for (how, doc) in [("read", &read), ("query", listed)] {
            let fields = differing(value, &*doc.value);
            let shown = |value: &Specimen| {
                let index = |name: &&str| Specimen::SCHEMA.find(name).expect("a name of the schema");
                fields.iter().map(index).map(|index| format!("{:?}", value.view(index))).collect::<Vec<_>>()
            };
            let (sent, came) = (shown(value), shown(&doc.value));
            owed!(6, fields.is_empty(), "{when} a {how} gave {fields:?} as {came:?}, written as {sent:?}");
        }
    }
}

pub(super) async fn every_kind_of_value_comes_back<S: Setup>(setup: &S) {
    let place = "every_kind_of_value_comes_back";
    let mut rig = Rig::<Specimen>::open(setup, place).await;
    let mut wanted = samples::specimens(150, 6);
    let creates = wanted.iter().map(create).collect();
    for answer in rig.batch(creates).await {
        answer.done(1, "a document of values of every kind was created");
    }
    holds(&rig, &wanted, "after creates").await;
    rig.fed();
    let mut dice = Dice::new(66);
    for value in &mut wanted {
        let new = samples::specimen(value.id, &mut dice);
        let mut patch = SpecimenPatch::default();
        value.diff(&new, &mut patch);
        rig.commit(update::<Specimen>(&value.id, patch)).await.done(1, "all fields of a document changed");
        *value = new;
    }
    holds(&rig, &wanted, "after updates").await;
    rig.close().await;
    if S::DURABLE {
        let rig = Rig::<Specimen>::open(setup, place).await;
        holds(&rig, &wanted, "after a reopening").await;
        rig.close().await;
    }
}

pub(super) async fn reads_see_every_answered_write<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "reads_see_every_answered_write").await;
    let id = Uuid::from_u128(1);
    rig.create(&Specimen::empty(id)).await;
    for round in 1..=100 {
        let patch = SpecimenPatch::default().with(Specimen::COUNT, round);
        rig.commit(update::<Specimen>(&id, patch)).await.done(1, "an update that nothing forbids");
        let readers = [0, 1, 2].map(|_| {
            let store = rig.store();
            tokio::spawn(async move {
                let read = store.get(&id).await.done(6, "a document was read");
                let query = Query::new(Specimen::COUNT.eq(round));
                let found = store.find(&query).await.done(6, "documents were looked for");
                (read.map(|doc| doc.value.count), found.docs.len())
            })
        });
        for reader in readers {
            let saw = reader.await.expect("a read does not panic");
            owed!(6, saw == (Some(round), 1), "after the answer of {round} a read and a query saw {saw:?}");
        }
        rig.fed();
    }
}

pub(super) async fn answered_writes_survive_a_reopening<S: Setup>(setup: &S) {
    if !S::DURABLE {
        return;
    }
    let place = "answered_writes_survive_a_reopening";
    let mut wanted: Vec<Specimen> = Vec::new();
    for life in 0..3 {
        let rig = Rig::<Specimen>::open(setup, place).await;
        holds(&rig, &wanted, "after a reopening").await;
        let new = Specimen { count: life, ..Specimen::empty(Uuid::from_u128(1 + life as u128)) };
        rig.create(&new).await;
        wanted.push(new);
        if life == 2 {
            rig.backend.delete_by_id(wanted.remove(0).id).await.done(1, "a document was deleted");
        }
        rig.close().await;
    }
    let rig = Rig::<Specimen>::open(setup, place).await;
    holds(&rig, &wanted, "after a delete and a reopening").await;
    rig.close().await;
}

/// The revisions of the documents that are there after the changes up to this position.
fn replayed(fed: &[Arc<Change<Specimen>>], position: u64) -> BTreeMap<Uuid, Rev> {
    let mut there = BTreeMap::new();
    for change in fed.iter().filter(|change| change.position <= position) {
        match change.body {
            Body::Gone => drop(there.remove(&change.id)),
            _ => drop(there.insert(change.id, change.rev)),
        }
    }
    there
}

pub(super) async fn a_find_names_the_position_it_includes<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "a_find_names_the_position_it_includes").await;
    let writers: Vec<_> = (0..2)
        .map(|seed| {
            let backend = rig.backend.clone();
            tokio::spawn(async move {
                let mut dice = Dice::new(seed);
                for n in 0..150 {
                    let id = samples::uuid(dice.below(8));
                    let count = SpecimenPatch::default().with(Specimen::COUNT, n);
                    // Refusals are fine: the id is there, or it is not.
                    match dice.below(4) {
                        0 => drop(backend.create(Specimen::empty(id)).await),
                        1 => drop(backend.delete_by_id(id).await),
                        _ => drop(backend.update(id, count).await),
                    }
                }
            })
        })
        .collect();
    let (mut fed, mut seen) = (Vec::new(), Vec::new());
    loop {
        let done = writers.iter().all(|writer| writer.is_finished());
        let found = rig.find(&Query::new(Filter::all())).await;
        let docs: BTreeMap<_, _> = found.docs.iter().map(|doc| (doc.value.id, doc.rev)).collect();
        seen.push((found.position, docs));
        fed.extend(rig.fed());
        if done {
            break;
        }
        tokio::task::yield_now().await;
    }
    for (position, docs) in seen {
        let wanted = replayed(&fed, position);
        owed!(6, docs == wanted, "a query at position {position} gave {docs:?}, the log says {wanted:?}");
    }
}
