//! Obligation 4: a change says all of its commit: body, documents before and after, who did it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Setup;
use super::models::{Specimen, SpecimenPatch};
use super::rig::{Done as _, Rig, delete, differing, update};
use super::samples;
use crate::backend::{Action, Author, Body, Change, Context, Origin, Request};
use crate::model::{FieldSet, ModelPatch as _};
use crate::query::Filter;
use crate::testing::Dice;

const ID: Uuid = Uuid::from_u128(1);

/// Whether filters over key fields can be answered from the change alone, and are.
fn sees(change: &Change<Specimen>, filter: &Filter<Specimen>, before: bool, after: bool) {
    let seen = (change.matched_before(filter), change.matches_after(filter));
    let owed = (Some(before), Some(after));
    owed!(4, seen == owed, "before and after {filter:?} should be {owed:?} and is {seen:?} of {change:?}");
}

pub(super) async fn a_create_says_all<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "a_create_says_all").await;
    let new = samples::specimen(ID, &mut Dice::new(4));
    let answer = rig.create(&Specimen { name: "ann".into(), ..new.clone() }).await;
    let fed = rig.fed().remove(0);
    for change in [&answer, &fed] {
        owed!(4, change.action == Action::Create && change.id == ID, "a create is told as {change:?}");
        let Body::Document(doc) = &change.body else {
            super::rig::broken(4, format!("a create without its document: {change:?}"))
        };
        let fields = differing(&new, &*doc.value);
        owed!(4, fields.iter().all(|field| *field == "name"), "a create's document differs in {fields:?}");
        owed!(4, doc.rev == change.rev, "a document at {} in a change at {}", doc.rev, change.rev);
        sees(change, &Specimen::NAME.eq("ann"), false, true);
        sees(change, &Specimen::NAME.eq("bob"), false, false);
    }
}

pub(super) async fn an_update_says_what_changed<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "an_update_says_what_changed").await;
    rig.create(&Specimen { name: "ann".into(), flag: Some(true), ..Specimen::empty(ID) }).await;
    rig.fed();
    let patch = SpecimenPatch::default()
        .with(Specimen::NAME, "bob")
        .with(Specimen::FLAG, None)
        .with(Specimen::MAYBE, Some(None));
    let answer = rig.commit(update::<Specimen>(&ID, patch)).await.done(1, "an update that nothing forbids");
    let fed = rig.fed().remove(0);
    for change in [&answer, &fed] {
        owed!(4, change.action == Action::Update && change.id == ID, "an update is told as {change:?}");
        match &change.body {
            Body::Patch(patch) => {
                let fields: FieldSet =
                    [Specimen::NAME.index(), Specimen::FLAG.index(), Specimen::MAYBE.index()]
                        .into_iter()
                        .collect();
                owed!(4, patch.fields() == fields, "an update of three fields says {patch:?}");
                owed!(4, patch.get(Specimen::FLAG) == Some(&None), "an unset field is told as {patch:?}");
                owed!(4, patch.get(Specimen::MAYBE) == Some(&Some(None)), "null is told as {patch:?}");
            }
            Body::Document(doc) => {
                owed!(4, doc.value.name == "bob", "an update's document is {:?}", doc.value)
            }
            Body::Gone => super::rig::broken(4, "an update is told as a delete"),
        }
        sees(change, &Specimen::NAME.eq("ann"), true, false);
        sees(change, &Specimen::NAME.eq("bob"), false, true);
        sees(change, &Specimen::OTHER.is_null(), true, true);
    }
}

pub(super) async fn a_delete_says_what_went<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "a_delete_says_what_went").await;
    rig.create(&Specimen { name: "ann".into(), ..Specimen::empty(ID) }).await;
    rig.fed();
    let answer = rig.commit(delete::<Specimen>(&ID)).await.done(1, "a delete that nothing forbids");
    let fed = rig.fed().remove(0);
    for change in [&answer, &fed] {
        let gone = change.action == Action::Delete && matches!(change.body, Body::Gone) && change.id == ID;
        owed!(4, gone, "a delete is told as {change:?}");
        sees(change, &Specimen::NAME.eq("ann"), true, false);
        sees(change, &Specimen::NAME.eq("bob"), false, false);
    }
}

pub(super) async fn a_fact_keeps_its_context<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "a_fact_keeps_its_context").await;
    let author = Author { session: "s1".into(), n: 7 };
    let context = || Context::of(Origin::Client).by(author.clone()).on_channel("desk").for_user(42u32.into());
    rig.create(&Specimen::empty(ID)).await;
    rig.fed();
    let patch = SpecimenPatch::default().with(Specimen::COUNT, 1);
    for write in [update::<Specimen>(&ID, patch), delete::<Specimen>(&ID)] {
        let request = Request::new(write).with_context(context());
        let reply = rig.backend.request(request).await.and_then(crate::backend::Reply::into_committed);
        let answer = reply.done(1, "a write that nothing forbids");
        let fed = rig.fed().remove(0);
        for change in [&answer, &fed] {
            let context = &change.context;
            owed!(4, change.origin() == Origin::Client, "the origin became {:?}", change.origin());
            owed!(4, context.author() == Some(&author), "the author became {:?}", context.author());
            owed!(4, context.channel() == Some("desk"), "the channel became {:?}", context.channel());
        }
    }
}

pub(super) async fn a_fact_is_in_the_value_domain<S: Setup>(setup: &S) {
    let rig = Rig::<Specimen>::open(setup, "a_fact_is_in_the_value_domain").await;
    let fine = "2026-01-31T12:00:00.123456789Z".parse::<DateTime<Utc>>().expect("a date");
    let cut = "2026-01-31T12:00:00.123Z".parse::<DateTime<Utc>>().expect("a date");
    let new = Specimen { at: Some(fine), ratio: -0.0, ..Specimen::empty(ID) };
    let created = rig.create(&new).await;
    let patch = SpecimenPatch::default().with(Specimen::AT, fine).with(Specimen::RATIO, -0.0);
    let updated = rig.commit(update::<Specimen>(&ID, patch)).await.done(1, "an update that nothing forbids");
    for change in [created, updated] {
        let patch = match &change.body {
            Body::Patch(patch) => (**patch).clone(),
            Body::Document(doc) => crate::SyncModel::into_patch((*doc.value).clone()),
            Body::Gone => super::rig::broken(4, "a write is told as a delete"),
        };
        let told = patch.get(Specimen::AT).copied().flatten();
        owed!(4, told == Some(cut), "a date of nanoseconds is told as {told:?}");
        let ratio = patch.get(Specimen::RATIO).copied().unwrap_or_default();
        owed!(4, ratio.is_sign_positive(), "-0 is told as {ratio:?}");
    }
    let stored = rig.doc(&ID).await.value;
    owed!(6, stored.at == Some(cut), "a date of nanoseconds is stored as {:?}", stored.at);
    owed!(6, stored.ratio.is_sign_positive(), "-0 is stored as {:?}", stored.ratio);
}
