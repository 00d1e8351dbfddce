//! Obligation 2: revisions grow for ever, and `prev` names the one just before.

use uuid::Uuid;

use super::Setup;
use super::models::{Specimen, SpecimenPatch};
use super::rig::{Done as _, Rig, create, delete, update};
use crate::backend::Op;
use crate::model::{ModelPatch as _, Rev};

const ID: Uuid = Uuid::from_u128(1);
const LIMIT: Rev = 1 << 53;

fn change(count: i64) -> Op<Specimen> {
    update::<Specimen>(&ID, SpecimenPatch::default().with(Specimen::COUNT, count))
}

pub(super) async fn revisions_grow_and_name_the_one_before<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "revisions_grow_and_name_the_one_before").await;
    let first = rig.create(&Specimen::empty(ID)).await;
    owed!(2, first.prev == 0, "the first revision of a document has prev {}", first.prev);
    owed!(2, first.rev > 0, "a document was created at revision 0");
    let mut last = first.rev;
    for count in 1..=20 {
        // Commits of other documents do not count as this one's.
        rig.create(&Specimen::empty(Uuid::from_u128(100 + count as u128))).await;
        let change = rig.commit(change(count)).await.done(1, "an update that nothing forbids");
        owed!(2, change.prev == last, "a commit on top of {last} has prev {}", change.prev);
        owed!(2, change.rev > last, "revision {} follows {last}", change.rev);
        owed!(2, change.rev < LIMIT, "revision {} is not below 2^53", change.rev);
        let stored = rig.doc(&ID).await.rev;
        owed!(2, stored == change.rev, "committed at {}, stored at {stored}", change.rev);
        last = change.rev;
    }
}

pub(super) async fn revisions_grow_across_delete_and_create<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "revisions_grow_across_delete_and_create").await;
    let mut last = 0;
    for life in 0..5 {
        for write in [create(&Specimen::empty(ID)), change(life + 1), delete::<Specimen>(&ID)] {
            let what = format!("{write:?}");
            let change = rig.commit(write).await.done(1, "a create, an update, a delete");
            owed!(2, change.rev > last, "life {life}: revision {} follows {last}: {what}", change.rev);
            owed!(2, change.prev == last, "life {life}: prev is {} after {last}: {what}", change.prev);
            last = change.rev;
        }
    }
}

pub(super) async fn revisions_grow_across_a_reopening<S: Setup>(setup: &S) {
    if !S::DURABLE {
        return;
    }
    let place = "revisions_grow_across_a_reopening";
    let (mut last, mut gone) = (0, 0);
    let other = Uuid::from_u128(2);
    for life in 0..3 {
        let rig = Rig::<Specimen>::open(setup, place).await;
        let write = if life == 0 { create(&Specimen::empty(ID)) } else { change(life) };
        let change = rig.commit(write).await.done(1, "the first write after a reopening");
        owed!(2, change.rev > last, "life {life}: revision {} follows {last}", change.rev);
        owed!(2, change.prev == last, "life {life}: prev is {} after {last}", change.prev);
        // The last commit of each life is a delete: its revision must not be drawn again either.
        let again = rig.create(&Specimen::empty(other)).await;
        owed!(2, again.rev > gone, "revision {} follows the delete at {gone}", again.rev);
        gone = rig.commit(delete::<Specimen>(&other)).await.done(1, "a document was deleted").rev;
        last = change.rev;
        rig.close().await;
    }
}
