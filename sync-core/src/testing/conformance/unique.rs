//! Obligation 8: no two documents share a value of a unique field.

use uuid::Uuid;

use super::Setup;
use super::models::{Specimen, SpecimenPatch};
use super::rig::{Done as _, Rig, create, delete, refused, update};
use crate::backend::{Checks, Op};
use crate::error::Code;
use crate::model::ModelPatch as _;

const A: Uuid = Uuid::from_u128(1);
const B: Uuid = Uuid::from_u128(2);

fn coded(id: Uuid, code: &str) -> Specimen {
    Specimen { code: Some(code.to_owned()), ..Specimen::empty(id) }
}

fn recode(id: Uuid, code: Option<&str>) -> Op<Specimen> {
    update::<Specimen>(&id, SpecimenPatch::default().with(Specimen::CODE, code.map(str::to_owned)))
}

pub(super) async fn a_value_that_is_taken_is_refused_by_its_field<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "a_value_that_is_taken_is_refused_by_its_field").await;
    rig.create(&Specimen { number: Some(0), ..coded(A, "x") }).await;
    rig.create(&Specimen { number: Some(1), ..coded(B, "y") }).await;
    let third = Uuid::from_u128(3);
    let number = |n: i64| SpecimenPatch::default().with(Specimen::NUMBER, n);
    for (field, write) in [
        ("code", create(&coded(third, "x"))),
        ("code", recode(B, Some("x"))),
        ("number", create(&Specimen { number: Some(0), ..Specimen::empty(third) })),
        ("number", update::<Specimen>(&B, number(0))),
    ] {
        let error = refused(rig.commit(write).await, Code::Duplicate, "a value that is taken");
        owed!(8, error.fields() == [field], "a value of {field} that is taken names {:?}", error.fields());
    }
    // These differ, also where they look alike; and a document may say its own value again.
    for (n, code) in ["X", "x ", "\u{e9}", "e\u{301}", "", "0", "x\0"].into_iter().enumerate() {
        let new = coded(Uuid::from_u128(10 + n as u128), code);
        rig.commit(create(&new)).await.done(8, &format!("the code {code:?} is taken by no one"));
    }
    rig.commit(recode(A, Some("x"))).await.done(8, "a document said its own unique value again");
    let both = SpecimenPatch::default().with(Specimen::NUMBER, 2).with(Specimen::CODE, "z".to_owned());
    rig.commit(update::<Specimen>(&A, both)).await.done(8, "a document took two free values");
}

pub(super) async fn null_may_repeat<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "null_may_repeat").await;
    let third = Specimen::empty(Uuid::from_u128(3));
    for new in [Specimen::empty(A), coded(B, "x"), third] {
        rig.commit(create(&new)).await.done(8, "documents without a code, or a number, were created");
    }
    rig.commit(recode(B, None)).await.done(8, "a third document gave its code up");
}

pub(super) async fn a_value_is_free_again_after_change_and_delete<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "a_value_is_free_again_after_change_and_delete").await;
    rig.create(&coded(A, "x")).await;
    rig.commit(recode(A, Some("y"))).await.done(8, "a document changed its code");
    rig.commit(create(&coded(B, "x"))).await.done(8, "a code was taken that another gave up");
    refused(rig.commit(recode(A, Some("x"))).await, Code::Duplicate, "a code that was given up and taken");
    rig.commit(delete::<Specimen>(&B)).await.done(1, "a document was deleted");
    rig.commit(recode(A, Some("x"))).await.done(8, "a code was taken whose document is deleted");
    rig.commit(recode(A, None)).await.done(8, "a document gave its code up");
    rig.commit(create(&coded(B, "x"))).await.done(8, "a code was taken that another gave up for null");
}

pub(super) async fn of_racing_creates_one_gets_the_value<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "of_racing_creates_one_gets_the_value").await;
    for round in 0..20u128 {
        let code = format!("code {round}");
        let tasks: Vec<_> = (1..=8)
            .map(|n| {
                let backend = rig.backend.clone();
                let new = coded(Uuid::from_u128(round * 100 + n), &code);
                tokio::spawn(async move { backend.create(new).await })
            })
            .collect();
        let mut taken = 0;
        for task in tasks {
            match task.await.expect("a create does not panic") {
                Ok(_) => taken += 1,
                Err(error) => drop(refused::<()>(Err(error), Code::Duplicate, "a code that is taken")),
            }
        }
        owed!(8, taken == 1, "of 8 racing creates {taken} got the code");
    }
}

pub(super) async fn a_refused_write_claims_no_value<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "a_refused_write_claims_no_value").await;
    rig.create(&coded(A, "a")).await;
    rig.create(&Specimen { number: Some(1), ..coded(B, "b") }).await;
    // Its first unique field would be free, its second is not.
    let patch = SpecimenPatch::default().with(Specimen::CODE, "c".to_owned()).with(Specimen::NUMBER, 1);
    refused(rig.commit(update::<Specimen>(&A, patch)).await, Code::Duplicate, "a number that is taken");
    rig.commit(recode(B, Some("c"))).await.done(8, "a code was taken that a refused write had asked for");
    let patch = SpecimenPatch::default().with(Specimen::CODE, "d".to_owned()).with(Specimen::LOW, 1);
    let checks = Checks { validate: true, ..Checks::default() };
    let result = rig.checked(update::<Specimen>(&A, patch), checks).await;
    refused(result, Code::Invalid, "an update that makes a document invalid");
    let answers = rig.batch(vec![recode(B, Some("d")), recode(A, Some("d")), recode(A, Some("c"))]).await;
    let taken: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    owed!(8, taken == [true, false, true], "in one batch b takes d, a may not, a takes c: {answers:?}");
}
