//! Obligation 1 once more: what the plan refuses is refused, with its code, inside the write.

use uuid::Uuid;

use super::Setup;
use super::models::{Specimen, SpecimenPatch};
use super::rig::{Done as _, Rig, create, delete, refused, update, update_at};
use crate::backend::{Checks, Op, Request};
use crate::error::Code;
use crate::model::ModelPatch as _;
use crate::query::Filter;

const ID: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn patch() -> SpecimenPatch {
    SpecimenPatch::default()
}

fn using(filter: Filter<Specimen>) -> Checks<Specimen> {
    Checks { using: Some(filter), ..Checks::default() }
}

pub(super) async fn a_create_over_an_id_is_refused<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "a_create_over_an_id_is_refused").await;
    rig.create(&Specimen { name: "first".into(), ..Specimen::empty(ID) }).await;
    let again = Specimen { name: "second".into(), ..Specimen::empty(ID) };
    refused(rig.commit(create(&again)).await, Code::Exists, "a create over an id");
    // A policy that hides the first one must not let it be overwritten.
    let hidden = rig.checked(create(&again), using(Specimen::NAME.eq("second"))).await;
    refused(hidden, Code::Exists, "a create over an id that the policy hides");
    let name = rig.doc(&ID).await.value.name.clone();
    owed!(1, name == "first", "a refused create left {name:?} in place of \"first\"");
}

pub(super) async fn a_missing_document_is_not_found<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "a_missing_document_is_not_found").await;
    rig.create(&Specimen::empty(OTHER)).await;
    let write = update::<Specimen>(&ID, patch().with(Specimen::COUNT, 1));
    refused(rig.commit(write).await, Code::NotFound, "an update of a missing document");
    refused(rig.commit(delete::<Specimen>(&ID)).await, Code::NotFound, "a delete of a missing document");
    let write = update_at::<Specimen>(&ID, patch().with(Specimen::COUNT, 1), 1);
    refused(rig.commit(write).await, Code::NotFound, "an expecting update of a missing document");
    owed!(6, rig.get(&ID).await.is_none(), "a read found a document that was never created");
    rig.create(&Specimen::empty(ID)).await;
    rig.commit(delete::<Specimen>(&ID)).await.done(1, "a document was deleted");
    owed!(6, rig.get(&ID).await.is_none(), "a read found a document that was deleted");
    refused(rig.commit(delete::<Specimen>(&ID)).await, Code::NotFound, "a second delete");
}

pub(super) async fn a_conflict_carries_the_current_document<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "a_conflict_carries_the_current_document").await;
    let old = rig.create(&Specimen::empty(ID)).await.rev;
    let write = update_at::<Specimen>(&ID, patch().with(Specimen::NAME, "newer"), old);
    let rev = rig.commit(write).await.done(1, "an update expected the revision that is there").rev;
    for write in [
        update_at::<Specimen>(&ID, patch().with(Specimen::COUNT, 1), old),
        Op::Delete { id: ID, expect: Some(old) },
    ] {
        let error = refused(rig.commit(write).await, Code::Conflict, "a write that expects an old revision");
        let current = error.current::<Specimen>();
        let carried = current.as_ref().map(|doc| (doc.rev, doc.value.name.as_str()));
        owed!(1, carried == Some((rev, "newer")), "a conflict at revision {rev} carries {carried:?}");
    }
    let write = Op::Delete { id: ID, expect: Some(rev) };
    rig.commit(write).await.done(1, "a delete expected the revision that is there");
}

pub(super) async fn the_id_cannot_change<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "the_id_cannot_change").await;
    rig.create(&Specimen::empty(ID)).await;
    let write = update::<Specimen>(&ID, patch().with(Specimen::ID, OTHER));
    let error = refused(rig.commit(write).await, Code::Invalid, "an update of the id");
    owed!(1, error.fields() == ["id"], "an update of the id names the fields {:?}", error.fields());
    owed!(1, rig.get(&OTHER).await.is_none(), "a refused update of the id made another document");
    let write = update::<Specimen>(&ID, patch().with(Specimen::ID, ID).with(Specimen::COUNT, 1));
    rig.commit(write).await.done(1, "an update said the id that the document has");
}

pub(super) async fn an_invalid_document_names_its_fields<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "an_invalid_document_names_its_fields").await;
    let checks = || Checks { validate: true, ..Checks::default() };
    let new = create(&Specimen { low: 1, ..Specimen::empty(ID) });
    let error = refused(rig.checked(new, checks()).await, Code::Invalid, "a create of an invalid document");
    owed!(1, error.fields() == ["low", "high"], "an invalid document names {:?}", error.fields());
    rig.checked(create(&Specimen::empty(ID)), checks()).await.done(1, "a valid document was created");
    let write = update::<Specimen>(&ID, patch().with(Specimen::HIGH, -1));
    refused(rig.checked(write, checks()).await, Code::Invalid, "an update that makes a document invalid");
    let write = update::<Specimen>(&ID, patch().with(Specimen::HIGH, -1).with(Specimen::LOW, -1));
    rig.checked(write, checks()).await.done(1, "an update changed two fields that are valid together");
}

pub(super) async fn values_outside_the_domain_name_their_field<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "values_outside_the_domain_name_their_field").await;
    rig.create(&Specimen::empty(ID)).await;
    let cases = [
        ("ratio", patch().with(Specimen::RATIO, f64::NAN)),
        ("weight", patch().with(Specimen::WEIGHT, Some(f64::NEG_INFINITY))),
        ("size", patch().with(Specimen::SIZE, u64::MAX)),
        ("span", patch().with(Specimen::SPAN, std::time::Duration::MAX)),
        ("scores.\"a.b\"", patch().with(Specimen::SCORES, [("a.b".to_owned(), 1)])),
        ("scores.\"$a\"", patch().with(Specimen::SCORES, [("$a".to_owned(), 1)])),
        ("at", patch().with(Specimen::AT, chrono::DateTime::from_timestamp_millis(253_402_300_800_000))),
    ];
    for (field, patch) in cases {
        let what = format!("a value outside the value domain in {field}");
        let error = refused(rig.commit(update::<Specimen>(&ID, patch)).await, Code::InvalidValue, &what);
        owed!(1, error.fields() == [field], "{what} names {:?}", error.fields());
    }
}

pub(super) async fn the_using_filter_hides_what_it_does_not_match<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "the_using_filter_hides_what_it_does_not_match").await;
    let new = Specimen { name: "ann".into(), flag: None, ..Specimen::empty(ID) };
    let rev = rig.create(&new).await.rev;
    let with_count = || patch().with(Specimen::COUNT, 1);
    for hidden in [Specimen::NAME.eq("bob"), Specimen::FLAG.eq(true), Filter::none()] {
        for write in [
            update::<Specimen>(&ID, with_count()),
            update_at::<Specimen>(&ID, with_count(), rev + 1),
            delete::<Specimen>(&ID),
        ] {
            let result = rig.checked(write, using(hidden.clone())).await;
            refused(result, Code::NotFound, "a write of a document that the policy hides");
        }
        let mut request = Request::new(Op::Read(ID));
        request.checks = using(hidden);
        let read = rig.backend.request(request).await.and_then(crate::backend::Reply::into_document);
        owed!(6, matches!(read, Ok(None)), "a read of a hidden document gave {read:?}");
    }
    // What it matches before is written, whatever it would match after.
    let seen = using(Specimen::NAME.eq("ann") & Specimen::FLAG.is_null());
    let write = update::<Specimen>(&ID, patch().with(Specimen::NAME, "bob"));
    rig.checked(write, seen).await.done(1, "a visible document was changed");
}

pub(super) async fn the_check_filter_denies_what_it_does_not_match<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "the_check_filter_denies_what_it_does_not_match").await;
    let checks = || Checks { check: Some(Specimen::NAME.eq("ann")), ..Checks::default() };
    let new = Specimen { name: "bob".into(), ..Specimen::empty(ID) };
    refused(rig.checked(create(&new), checks()).await, Code::Denied, "a create that the policy denies");
    rig.create(&new).await;
    let write = update::<Specimen>(&ID, patch().with(Specimen::COUNT, 1));
    refused(rig.checked(write, checks()).await, Code::Denied, "an update that leaves what the policy denies");
    let write = update::<Specimen>(&ID, patch().with(Specimen::NAME, "ann"));
    rig.checked(write, checks()).await.done(1, "an update made what the policy allows");
    let write = update::<Specimen>(&ID, patch().with(Specimen::NAME, "cid"));
    refused(rig.checked(write, checks()).await, Code::Denied, "an update that the policy denies");
    rig.checked(delete::<Specimen>(&ID), checks()).await.done(1, "a delete has no document after it");
}

pub(super) async fn the_using_filter_is_asked_inside_the_write<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "the_using_filter_is_asked_inside_the_write").await;
    // Each of eight writers may change what is free, and takes it: one gets it.
    for round in 1..=25 {
        let id = Uuid::from_u128(round);
        rig.create(&Specimen::empty(id)).await;
        let tasks: Vec<_> = (1..=8)
            .map(|writer| {
                let mut request =
                    Request::new(update::<Specimen>(&id, patch().with(Specimen::COUNT, writer)));
                request.checks = using(Specimen::COUNT.eq(0));
                let backend = rig.backend.clone();
                tokio::spawn(async move { backend.request(request).await?.into_committed() })
            })
            .collect();
        let mut taken = Vec::new();
        for (writer, task) in (1..).zip(tasks) {
            match task.await.expect("an update does not panic") {
                Ok(_) => taken.push(writer),
                Err(error) => drop(refused::<()>(Err(error), Code::NotFound, "a write of what is taken")),
            }
        }
        let count = rig.doc(&id).await.value.count;
        owed!(1, taken == [count], "writers {taken:?} took what only one may take; it is at {count}");
        rig.fed();
    }
}
