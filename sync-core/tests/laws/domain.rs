//! The value domain: what is refused, by which name, and that a refusal leaves everything as it was.

use std::collections::BTreeSet;

use sync_core::Code;
use sync_core::model::{Millis, Value};
use sync_core::prelude::*;

use crate::models::{Place, Rich, RichPatch, Status};

fn empty(id: u64) -> Rich {
    Rich {
        id,
        name: String::new(),
        note: None,
        doubt: None,
        ratio: 0.0,
        single: 0.0,
        size: 0,
        begun_at: None,
        day: None,
        bytes: Vec::new(),
        tags: BTreeSet::new(),
        scores: Default::default(),
        hashed: Default::default(),
        words: Vec::new(),
        place: None,
        status: Status::Ready,
        anything: Value::Null,
        secret: String::new(),
        owner: None,
    }
}

async fn riches() -> Backend<Rich> {
    let backend = Backend::<Rich>::builder().store(MemoryStore::new());
    Registry::builder().backend(backend).build().await.unwrap().backend()
}

#[tokio::test]
async fn what_is_refused_is_named_by_its_path() {
    let riches = riches().await;
    let mut one = riches.create(empty(1)).await.unwrap();
    let place = |x| Some(Place { x, label: None, path: Vec::new() });
    let date = |year: i64| Millis::new(0).unwrap().to_datetime() + chrono::Duration::days(365 * year);
    let deep = Value::Map(vec![("a".into(), Value::List(vec![Value::Null, Value::Float(f64::NAN)]))]);
    let patches = [
        ("ratio", RichPatch::default().with(Rich::RATIO, f64::NAN)),
        ("single", RichPatch::default().with(Rich::SINGLE, f32::NEG_INFINITY)),
        ("size", RichPatch::default().with(Rich::SIZE, u64::MAX)),
        ("tags", RichPatch::default().with(Rich::TAGS, [1, 1 << 63])),
        ("scores.a", RichPatch::default().with(Rich::SCORES, [("a".to_owned(), Some(f64::NAN))])),
        ("scores.\"$a\"", RichPatch::default().with(Rich::SCORES, [("$a".to_owned(), None)])),
        ("place.x", RichPatch::default().with(Rich::PLACE, place(f64::INFINITY))),
        ("anything.a.1", RichPatch::default().with(Rich::ANYTHING, deep)),
        ("begunAt", RichPatch::default().with(Rich::BEGUN_AT, date(9_000))),
    ];
    for (path, patch) in patches {
        let error = riches.update(1u64, patch.clone()).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::InvalidValue, &[path.to_owned()][..]), "{error}");
        one.edit(|rich| rich.apply(&patch));
        let before = one.changed();
        let error = one.save().await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::InvalidValue, &[path.to_owned()][..]), "{error}");
        assert_eq!(one.changed(), before, "a refused edit stays as it is");
        one.revert();
        assert_eq!(riches.fetch(1u64).await.unwrap().rev(), one.rev());
    }
}

/// A set was taken out of the document to be normalised, and a refusal dropped it: the next save stored an
/// empty set.
#[tokio::test]
async fn a_refused_set_keeps_its_values() {
    let riches = riches().await;
    let mut one = riches.create(empty(1)).await.unwrap();
    one.edit(|rich| rich.tags = [1, 2, u64::MAX].into());
    assert!(one.save().await.unwrap_err().is_invalid());
    assert_eq!(one.tags, [1, 2, u64::MAX].into());
    one.edit(|rich| rich.tags.remove(&u64::MAX));
    one.save().await.unwrap();
    assert_eq!(riches.fetch(1u64).await.unwrap().tags, [1, 2].into());
}

/// A UUID, a date or bytes in a field that may hold anything came back from memory as they were, and from a
/// file as text: documents differed by where they were kept.
#[tokio::test]
async fn anything_is_what_json_tells_apart() {
    let riches = riches().await;
    let mut one = riches.create(empty(1)).await.unwrap();
    one.edit(|rich| {
        rich.anything = Value::List(vec![
            Value::Uuid(Uuid::from_u128(1)),
            Value::Date(Millis::new(1).unwrap()),
            Value::Bytes(vec![255]),
            Value::Float(-0.0),
        ]);
    });
    one.save().await.unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    let wanted = Value::List(vec![
        text("00000000-0000-0000-0000-000000000001"),
        text("1970-01-01T00:00:00.001Z"),
        text("/w=="),
        Value::Float(0.0),
    ]);
    assert_eq!(one.anything, wanted);
    assert_eq!(riches.fetch(1u64).await.unwrap().anything, wanted);
}

/// A key whose value is `None` was left out by the encoder, as a field is: memory kept it, a file lost it.
#[test]
fn a_key_without_a_value_is_a_key() {
    let mut patch = RichPatch::default();
    patch.set(Rich::SCORES, [("a".to_owned(), None), ("b".to_owned(), Some(1.0))]);
    patch.set(Rich::NOTE, None);
    let text = serde_json::to_string(&patch).unwrap();
    assert_eq!(text, r#"{"note":null,"scores":{"a":null,"b":1.0}}"#);
    let back: RichPatch = serde_json::from_str(&text).unwrap();
    assert_eq!(back.get(Rich::SCORES), patch.get(Rich::SCORES));
}
