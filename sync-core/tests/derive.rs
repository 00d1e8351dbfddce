//! What the derive writes, by running it.

#![deny(warnings, missing_docs)]

use serde_json::json;
use sync_core::model::{Kind, Refusal, Value};
use sync_core::prelude::*;

/// A list of things.
#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "lists", rename_all = "camelCase", validate = "named")]
pub struct List {
    /// Its id.
    #[sync(id)]
    pub id: Uuid,
    /// What it is called.
    #[sync(search, alias = "title")]
    pub name: String,
    /// Whose it is.
    #[sync(facet, index)]
    pub owner: String,
    /// How often it was looked at.
    #[sync(default)]
    pub view_count: u64,
    /// How heavy it is.
    #[sync(default = "one")]
    pub weight: f64,
    /// What was said of it.
    pub remark: Option<String>,
    /// Nothing, null, or a number.
    pub doubt: Option<Option<i64>>,
    /// A picture.
    #[sync(default)]
    pub picture: Vec<u8>,
    #[sync(private)]
    notes: String,
    /// Who made it.
    #[sync(readonly, default)]
    pub made_by: String,
    /// In any order.
    #[sync(with = "backwards", token = REVERSED)]
    pub word: String,
    /// A cache.
    #[sync(skip)]
    pub seen: bool,
}

fn one() -> f64 {
    1.0
}

fn named(list: &List) -> Result<(), Invalid> {
    if list.name.is_empty() { Err(Invalid::field("name", "must not be empty")) } else { Ok(()) }
}

mod backwards {
    use super::{Refusal, Value};
    pub(super) fn to_value(text: &str) -> Value {
        Value::Text(text.chars().rev().collect())
    }
    pub(super) fn from_value(value: Value) -> Result<String, Refusal> {
        match value {
            Value::Text(text) => Ok(text.chars().rev().collect()),
            _ => Err(Refusal::new("expects text")),
        }
    }
}

fn patch(json: serde_json::Value) -> ListPatch {
    serde_json::from_value(json).unwrap()
}

fn sample() -> List {
    List::build(patch(json!({
        "id": "00000000-0000-0000-0000-000000000007",
        "name": "Milk", "owner": "ann", "word": "cba",
    })))
    .unwrap()
}

#[test]
fn a_patch_builds_a_document() {
    let list = sample();
    assert_eq!(list.view_count, 0);
    assert_eq!(list.weight, 1.0);
    assert_eq!(list.word, "abc");
    assert_eq!(List::SCHEMA.fields[3].name, "viewCount");
    assert_eq!(List::SCHEMA.fields[3].kind, Kind::Int);
    assert_eq!(List::NAME.of(&list), "Milk");
    assert_eq!(
        serde_json::to_value(&list).unwrap(),
        json!({
            "id": "00000000-0000-0000-0000-000000000007", "name": "Milk", "owner": "ann", "viewCount": 0,
            "weight": 1.0, "picture": "", "madeBy": "", "word": "cba",
        })
    );
}
