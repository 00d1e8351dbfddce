//! Obligation 7: the log gives every change after a position, or says that it cannot.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::Setup;
use super::models::{Specimen, SpecimenPatch};
use super::rig::{Done as _, Rig, broken, create, delete, differing, update};
use super::samples;
use crate::SyncModel as _;
use crate::backend::{Body, Change, Cursor};
use crate::model::ModelPatch as _;
use crate::query::{Filter, Query};
use crate::testing::Dice;

type Changes = Vec<Arc<Change<Specimen>>>;

/// Twenty changes of some documents.
async fn write(rig: &mut Rig<Specimen>, seed: u64) -> Changes {
    let mut dice = Dice::new(seed);
    while dice.below(4) > 0 || rig.backend.hub().stats().delivered < 20 {
        let id = samples::uuid(dice.below(4));
        let value = samples::specimen(id, &mut dice);
        let mut patch = SpecimenPatch::default();
        Specimen::empty(id).diff(&value, &mut patch);
        // Refusals are fine: the id is there, or it is not.
        let _refused = match dice.below(5) {
            0 | 1 => rig.commit(create(&value)).await,
            2 => rig.commit(delete::<Specimen>(&id)).await,
            _ => rig.commit(update::<Specimen>(&id, patch)).await,
        };
    }
    rig.fed()
}

fn outline(changes: &[Arc<Change<Specimen>>]) -> Vec<String> {
    let line = |c: &Arc<Change<Specimen>>| {
        let body = match &c.body {
            Body::Patch(patch) => format!("patch of {:?}", patch.fields()),
            Body::Document(_) => "document".to_owned(),
            Body::Gone => "gone".to_owned(),
        };
        format!("{} {} {} {}->{} {body}", c.position, c.action.as_str(), c.id, c.prev, c.rev)
    };
    changes.iter().map(line).collect()
}

/// The answer after each position must be all that followed, up to the limit, or "forgotten".
async fn exact(rig: &Rig<Specimen>, from: u64, fed: &[Arc<Change<Specimen>>]) {
    let positions: Vec<u64> = std::iter::once(from).chain(fed.iter().map(|c| c.position)).collect();
    for (n, position) in positions.iter().enumerate() {
        for limit in [1, 3, 1_000] {
            let answer = rig.store().changes_after(*position, limit).await.done(7, "the log was read");
            let Some(answer) = answer else { continue };
            let wanted: Vec<_> = fed[n..].iter().take(limit).cloned().collect();
            let (got, wanted) = (outline(&answer), outline(&wanted));
            owed!(
                7,
                got == wanted,
                "after {position}, at most {limit}, the log gave {got:#?} and not {wanted:#?}"
            );
        }
    }
    let end = positions.last().copied().unwrap_or(from);
    let beyond = rig.store().changes_after(end + 1_000, 10).await.done(7, "the log was read beyond its end");
    owed!(7, beyond.is_none_or(|beyond| beyond.is_empty()), "the log has changes beyond its end");
}

/// Whoever applies the changes by their revisions must end with the stored documents.
async fn replays(rig: &Rig<Specimen>, changes: &[Arc<Change<Specimen>>]) {
    let mut copies: BTreeMap<Uuid, (u64, Specimen)> = BTreeMap::new();
    for change in changes {
        match &change.body {
            Body::Document(doc) => drop(copies.insert(change.id, (change.rev, (*doc.value).clone()))),
            Body::Gone => drop(copies.remove(&change.id)),
            Body::Patch(patch) => match copies.get_mut(&change.id) {
                Some((rev, copy)) if *rev == change.prev => {
                    copy.apply(patch);
                    *rev = change.rev;
                }
                other => broken(7, format!("the log has {change:?} for a copy at {:?}", other.map(|c| c.0))),
            },
        }
    }
    let docs = rig.find(&Query::new(Filter::all())).await.docs;
    let stored: Vec<_> = docs.iter().map(|doc| (doc.value.id, doc.rev)).collect();
    let replayed: Vec<_> = copies.iter().map(|(id, (rev, _))| (*id, *rev)).collect();
    owed!(7, stored == replayed, "the log replays to {replayed:?}, and stored is {stored:?}");
    for doc in docs {
        let fields = differing(&copies[&doc.value.id].1, &*doc.value);
        owed!(7, fields.is_empty(), "the log replays to a document that differs in {fields:?}");
    }
}

pub(super) async fn changes_after_a_position_are_all_or_none<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "changes_after_a_position_are_all_or_none").await;
    let from = rig.backend.cursor();
    let fed = write(&mut rig, 71).await;
    exact(&rig, from.position, &fed).await;
    replays(&rig, &fed).await;
    if let Some(logged) = rig.store().changes_after(from.position, 1_000).await.done(7, "the log was read") {
        replays(&rig, &logged).await;
    }
    let before = from.position.saturating_sub(1);
    let answer = rig.store().changes_after(before, 1_000).await.done(7, "the log was read");
    if let Some(answer) = answer {
        let (got, wanted) = (outline(&answer), outline(&fed));
        owed!(7, before == 0 && got == wanted, "from before the store was opened the log gave {got:#?}");
    }
}

pub(super) async fn a_log_continues_after_a_reopening<S: Setup>(setup: &S) {
    if !S::DURABLE {
        return;
    }
    let place = "a_log_continues_after_a_reopening";
    let mut rig = Rig::<Specimen>::open(setup, place).await;
    let from = rig.backend.cursor();
    let mut fed = write(&mut rig, 72).await;
    let left = rig.backend.cursor();
    rig.close().await;

    let mut rig = Rig::<Specimen>::open(setup, place).await;
    let back = rig.backend.cursor();
    let answer = rig.store().changes_after(from.position, 1_000).await.done(7, "the log was read");
    if back.epoch == left.epoch {
        owed!(7, back.position == left.position, "the log was left at {left} and is back at {back}");
        if let Some(answer) = answer {
            let (got, wanted) = (outline(&answer), outline(&fed));
            owed!(7, got == wanted, "after a reopening the log gave {got:#?} and not {wanted:#?}");
            replays(&rig, &answer).await;
        }
    }
    let later = write(&mut rig, 73).await;
    let first = later.first().map_or(u64::MAX, |change| change.position);
    if back.epoch == left.epoch {
        owed!(7, first > left.position, "position {first} was drawn after {}", left.position);
        fed.extend(later);
        exact(&rig, from.position, &fed).await;
        returns(&rig, left, &fed).await;
    }
    rig.close().await;
}

/// A reader that comes back with its cursor gets what followed, or is told to read anew.
async fn returns(rig: &Rig<Specimen>, cursor: Cursor, fed: &[Arc<Change<Specimen>>]) {
    let (missed, _events) = rig.backend.subscribe_from(cursor).await.done(7, "a reader came back");
    if let Some(missed) = missed {
        let wanted: Vec<_> = fed.iter().filter(|c| c.position > cursor.position).cloned().collect();
        let (got, wanted) = (outline(&missed), outline(&wanted));
        owed!(7, got == wanted, "a reader that came back got {got:#?} and not {wanted:#?}");
    }
}
