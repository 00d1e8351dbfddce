//! Obligation 1: a write sees the document as it is, and is committed or leaves no trace.

use uuid::Uuid;

use super::Setup;
use super::models::{PANIC, Specimen, SpecimenPatch};
use super::rig::{Done as _, Rig, create, delete, differing, refused, update, update_at};
use crate::backend::Checks;
use crate::error::Code;
use crate::model::ModelPatch as _;

const ID: Uuid = Uuid::from_u128(1);

fn patch() -> SpecimenPatch {
    SpecimenPatch::default()
}

pub(super) async fn creates_of_one_id_race<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "creates_of_one_id_race").await;
    let tasks: Vec<_> = (0..32)
        .map(|n| {
            let backend = rig.backend.clone();
            let new = Specimen { count: n, ..Specimen::empty(ID) };
            tokio::spawn(async move { backend.create(new).await })
        })
        .collect();
    let mut winners = Vec::new();
    for (n, task) in tasks.into_iter().enumerate() {
        match task.await.expect("a create does not panic") {
            Ok(_) => winners.push(n as i64),
            Err(error) => drop(refused::<()>(Err(error), Code::Exists, "the create of a taken id")),
        }
    }
    owed!(1, winners.len() == 1, "{} of 32 creates of one id were committed", winners.len());
    let found = rig.doc(&ID).await.value.count;
    owed!(1, found == winners[0], "create {} was committed, and the document is that of {found}", winners[0]);
}

pub(super) async fn patches_of_different_fields_are_all_kept<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "patches_of_different_fields_are_all_kept").await;
    rig.create(&Specimen { high: 1_000, ..Specimen::empty(ID) }).await;
    for round in 1..=100 {
        let patches = [
            patch().with(Specimen::NAME, round.to_string()),
            patch().with(Specimen::COUNT, round),
            patch().with(Specimen::RATIO, round as f64),
            patch().with(Specimen::LOW, round),
        ];
        let tasks = patches.map(|patch| {
            let backend = rig.backend.clone();
            tokio::spawn(async move { backend.update(ID, patch).await })
        });
        for task in tasks {
            task.await.expect("an update does not panic").done(1, "a patch of one field was sent");
        }
        let found = rig.doc(&ID).await.value;
        let found = (found.name.clone(), found.count, found.ratio, found.low);
        let sent = (round.to_string(), round, round as f64, round);
        owed!(1, found == sent, "four concurrent patches {sent:?} of four fields left {found:?}");
        rig.fed();
    }
    rig.nothing_repaired();
}

pub(super) async fn expected_revisions_lose_no_increment<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "expected_revisions_lose_no_increment").await;
    rig.create(&Specimen::empty(ID)).await;
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let backend = rig.backend.clone();
            tokio::spawn(async move {
                for _ in 0..25 {
                    let mut model = backend.fetch(ID).await.done(6, "the document was fetched");
                    loop {
                        model.count += 1;
                        match model.save_if_unchanged().await {
                            Ok(()) => break,
                            Err(error) if error.is_conflict() => {
                                model.revert();
                                model.refresh().await.done(6, "the document was fetched again");
                            }
                            Err(error) => super::rig::broken(1, format!("an increment gave {error:?}")),
                        }
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a conflict is the only refusal");
    }
    let count = rig.doc(&ID).await.value.count;
    owed!(1, count == 100, "100 increments, each on the revision it read, left {count}");
}

pub(super) async fn two_valid_patches_that_break_the_rule_together<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "two_valid_patches_that_break_the_rule_together").await;
    for round in 1..=50 {
        let id = Uuid::from_u128(round);
        rig.create(&Specimen { low: 0, high: 10, ..Specimen::empty(id) }).await;
        let patches = [patch().with(Specimen::LOW, 8), patch().with(Specimen::HIGH, 2)];
        let tasks = patches.map(|patch| {
            let mut request = crate::backend::Request::new(update::<Specimen>(&id, patch));
            request.checks = Checks { validate: true, ..Checks::default() };
            let backend = rig.backend.clone();
            tokio::spawn(async move { backend.request(request).await?.into_committed() })
        });
        let mut kept = 0;
        for task in tasks {
            match task.await.expect("an update does not panic") {
                Ok(_) => kept += 1,
                Err(error) => {
                    drop(refused::<()>(Err(error), Code::Invalid, "a document with low above high"))
                }
            }
        }
        let value = rig.doc(&id).await.value;
        owed!(1, value.low <= value.high, "low {} above high {} was committed", value.low, value.high);
        owed!(1, kept == 1, "of two patches that are invalid together {kept} were committed");
        rig.fed();
    }
}

pub(super) async fn a_batch_answers_each_write_and_commits_the_rest<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "a_batch_answers_each_write_and_commits_the_rest").await;
    let ids: Vec<Uuid> = (1..=5).map(Uuid::from_u128).collect();
    let new = |n: usize| Specimen { count: n as i64, ..Specimen::empty(ids[n]) };
    rig.create(&new(0)).await;
    rig.fed();
    let answers = rig
        .batch(vec![
            create(&new(1)),
            create(&new(0)),
            update::<Specimen>(&ids[4], patch().with(Specimen::COUNT, 7)),
            create(&Specimen { ratio: f64::NAN, ..new(2) }),
            update::<Specimen>(&ids[0], patch().with(Specimen::COUNT, 7)),
            update_at::<Specimen>(&ids[0], patch().with(Specimen::COUNT, 8), 1),
            delete::<Specimen>(&ids[4]),
            create(&new(3)),
        ])
        .await;
    let codes: Vec<_> = answers.iter().map(|answer| answer.as_ref().err().map(|e| e.code())).collect();
    let owed = [
        None,
        Some(Code::Exists),
        Some(Code::NotFound),
        Some(Code::InvalidValue),
        None,
        Some(Code::Conflict),
        Some(Code::NotFound),
        None,
    ];
    owed!(1, codes == owed, "a batch owed the refusals {owed:?} and gave {codes:?}");
    let mut found = Vec::new();
    for id in &ids {
        found.push(rig.get(id).await.map(|doc| doc.value.count));
    }
    let wanted = [Some(7), Some(1), None, Some(3), None];
    owed!(1, found == wanted, "a batch with refusals should leave the counts {wanted:?} and left {found:?}");
    let fed = rig.fed().len();
    owed!(3, fed == 3, "three commits of a batch fed {fed} changes");
}

pub(super) async fn a_batch_sees_its_own_writes<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "a_batch_sees_its_own_writes").await;
    let answers = rig
        .batch(vec![
            create(&Specimen::empty(ID)),
            update::<Specimen>(&ID, patch().with(Specimen::COUNT, 1)),
            update::<Specimen>(&ID, patch().with(Specimen::SIZE, 2u64)),
            delete::<Specimen>(&ID),
            create(&Specimen { name: "again".into(), ..Specimen::empty(ID) }),
        ])
        .await;
    let mut last = 0;
    for (at, answer) in answers.into_iter().enumerate() {
        let change = answer.done(1, "a batch created, changed twice, deleted and created one document");
        owed!(2, change.rev > last, "write {at} of a batch got revision {} after {last}", change.rev);
        owed!(2, at == 0 || change.prev == last, "write {at} has prev {}, after {last}", change.prev);
        last = change.rev;
    }
    let doc = rig.doc(&ID).await;
    owed!(1, doc.rev == last, "the batch ended at revision {last}, the document is at {}", doc.rev);
    let name = &doc.value.name;
    owed!(1, name == "again" && doc.value.count == 0, "a document created anew has old values");
}

pub(super) async fn a_refused_write_leaves_no_trace<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "a_refused_write_leaves_no_trace").await;
    let first = Specimen { code: Some("taken".into()), ..Specimen::empty(Uuid::from_u128(2)) };
    rig.create(&first).await;
    let rev = rig.create(&Specimen { high: 5, ..Specimen::empty(ID) }).await.rev;
    let before = rig.doc(&ID).await;
    let cursor = rig.backend.cursor();
    rig.fed();
    let with_count = || patch().with(Specimen::COUNT, 1);
    let checks = || Checks { validate: true, check: Some(Specimen::SIZE.lt(9)), using: None };
    let writes = [
        (Code::Exists, create(&Specimen::empty(ID))),
        (Code::Conflict, update_at::<Specimen>(&ID, with_count(), rev - 1)),
        (Code::Conflict, update_at::<Specimen>(&ID, with_count(), rev + 1)),
        (Code::Invalid, update::<Specimen>(&ID, with_count().with(Specimen::LOW, 6))),
        (Code::Internal, update::<Specimen>(&ID, with_count().with(Specimen::NAME, PANIC))),
        (Code::Denied, update::<Specimen>(&ID, with_count().with(Specimen::SIZE, 9u64))),
        (Code::InvalidValue, update::<Specimen>(&ID, with_count().with(Specimen::RATIO, f64::INFINITY))),
        (Code::InvalidValue, update::<Specimen>(&ID, with_count().with(Specimen::SIZE, u64::MAX))),
        (Code::Duplicate, update::<Specimen>(&ID, with_count().with(Specimen::CODE, Some("taken".into())))),
        (Code::Invalid, update::<Specimen>(&ID, with_count().with(Specimen::ID, Uuid::from_u128(3)))),
        (Code::NotFound, delete::<Specimen>(&Uuid::from_u128(3))),
        (Code::InvalidValue, create(&Specimen { ratio: f64::NAN, ..Specimen::empty(Uuid::from_u128(3)) })),
    ];
    for (code, write) in writes {
        let what = format!("{write:?}");
        refused(rig.checked(write, checks()).await, code, &what);
        let after = rig.doc(&ID).await;
        let fields = differing(&*before.value, &*after.value);
        owed!(1, fields.is_empty() && after.rev == rev, "refused, and yet changed {fields:?}: {what}");
        let fed = rig.fed();
        owed!(3, fed.is_empty(), "refused, and yet fed {fed:?}: {what}");
    }
    let extra = rig.get(&Uuid::from_u128(3)).await;
    owed!(1, extra.is_none(), "a refused write made the document {extra:?}");
    let now = rig.backend.cursor();
    owed!(7, now == cursor, "refused writes moved the log from {cursor} to {now}");
}

pub(super) async fn a_panicking_validation_harms_only_its_write<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "a_panicking_validation_harms_only_its_write").await;
    let checks = || Checks { validate: true, ..Checks::default() };
    let new = create(&Specimen { name: PANIC.into(), ..Specimen::empty(ID) });
    refused(rig.checked(new, checks()).await, Code::Internal, "a create whose validation panics");
    owed!(1, rig.get(&ID).await.is_none(), "a document is there whose validation panicked");
    let new = create(&Specimen::empty(ID));
    rig.checked(new, checks()).await.done(1, "a valid create followed one whose validation panicked");
    let write = update::<Specimen>(&ID, patch().with(Specimen::NAME, PANIC));
    refused(rig.checked(write, checks()).await, Code::Internal, "an update whose validation panics");
    let write = update::<Specimen>(&ID, patch().with(Specimen::NAME, "calm"));
    rig.checked(write, checks()).await.done(1, "a valid update followed one whose validation panicked");
}
