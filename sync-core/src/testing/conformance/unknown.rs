//! Obligation 5: what an older binary does not know survives its writes; what a newer one knows reads well.
//!
//! The suite plants unknown fields by opening the place once as [`Wide`] and once as [`Narrow`], so only
//! stores that keep their places can be asked.

use chrono::DateTime;
use uuid::Uuid;

use super::Setup;
use super::models::{GREY, Narrow, NarrowPatch, Wide, WidePatch};
use super::rig::{Done as _, Rig, differing, update};
use crate::model::{ModelPatch as _, Value};
use crate::query::Query;

const ID: Uuid = Uuid::from_u128(1);

fn wide() -> Wide {
    let map = |n: f64| Value::Map(vec![("b".into(), Value::Float(n)), ("a".into(), Value::Null)]);
    Wide {
        id: ID,
        title: "first".into(),
        reads: 0,
        color: "\u{1f986} green".into(),
        rank: Some(None),
        due: DateTime::from_timestamp_millis(1_769_860_800_001),
        words: vec![String::new(), "two".into()],
        scores: [("a".to_owned(), 0.1), ("b".to_owned(), 1e300)].into(),
        anything: Value::List(vec![Value::Int(i64::MAX), Value::Null, map(1.0), map(0.1)]),
    }
}

pub(super) async fn unknown_fields_survive_patches<S: Setup>(setup: &S) {
    if !S::DURABLE {
        return;
    }
    let place = "unknown_fields_survive_patches";
    let rig = Rig::<Wide>::open(setup, place).await;
    rig.create(&wide()).await;
    rig.close().await;

    let rig = Rig::<Narrow>::open(setup, place).await;
    let doc = rig.doc(&ID).await;
    owed!(5, doc.extra.is_some(), "a document of {doc:?} has lost the fields that the model does not know");
    // Once with the writer's own document, which lacks them, once without, once after a reopening.
    let mut model = rig.backend.fetch(ID).await.done(6, "an older binary fetched the document");
    model.title.push_str(", changed");
    model.save().await.done(1, "an older binary saved the document");
    let patch = NarrowPatch::default().with(Narrow::READS, 1);
    rig.commit(update::<Narrow>(&ID, patch)).await.done(1, "an older binary patched the document");
    let found = rig.find(&Query::new(Narrow::READS.eq(1))).await;
    owed!(5, found.docs.iter().all(|doc| doc.extra.is_some()), "a query gave a document without them");
    rig.close().await;
    let rig = Rig::<Narrow>::open(setup, place).await;
    let patch = NarrowPatch::default().with(Narrow::READS, 2);
    rig.commit(update::<Narrow>(&ID, patch)).await.done(1, "an older binary patched the document");
    rig.close().await;

    let rig = Rig::<Wide>::open(setup, place).await;
    let found = rig.doc(&ID).await;
    let wanted = Wide { title: "first, changed".into(), reads: 2, ..wide() };
    let fields = differing(&wanted, &*found.value);
    owed!(5, fields.is_empty(), "three patches by an older binary changed {fields:?}: {:?}", found.value);
    owed!(5, found.extra.is_none(), "fields that the model knows are kept beside it: {:?}", found.extra);
    rig.close().await;
}

pub(super) async fn a_field_that_is_new_reads_as_its_default<S: Setup>(setup: &S) {
    if !S::DURABLE {
        return;
    }
    let place = "a_field_that_is_new_reads_as_its_default";
    let rig = Rig::<Narrow>::open(setup, place).await;
    rig.create(&Narrow { id: ID, title: "old".into(), reads: 3 }).await;
    rig.close().await;

    let rig = Rig::<Wide>::open(setup, place).await;
    let found = rig.doc(&ID).await.value;
    let as_new = found.color == GREY && found.rank.is_none() && found.due.is_none() && found.words.is_empty();
    owed!(5, as_new && found.reads == 3, "an old document reads as {found:?}");
    // A filter means the same in memory, where the default is in its place.
    for (filter, wanted) in [
        (Wide::COLOR.eq(GREY), 1),
        (Wide::COLOR.ne(GREY), 0),
        (Wide::DUE.is_null(), 1),
        (Wide::RANK.is_null(), 1),
        (Wide::READS.ge(3) & Wide::COLOR.lt("h"), 1),
    ] {
        let count = rig.find(&Query::new(filter.clone())).await.docs.len();
        owed!(6, count == wanted, "{filter:?} should find {wanted} old documents and found {count}");
    }
    let patch = WidePatch::default().with(Wide::COLOR, "red").with(Wide::RANK, Some(Some(1)));
    rig.commit(update::<Wide>(&ID, patch)).await.done(1, "a newer binary patched an old document");
    let count = rig.find(&Query::new(Wide::COLOR.eq("red") & Wide::RANK.eq(Some(1)))).await.docs.len();
    owed!(6, count == 1, "a patched old document is not found by its new fields");
    rig.close().await;
}
