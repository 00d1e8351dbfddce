//! Fields that are no `SyncValue`s, and ids that are newtypes.

use std::net::IpAddr;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use sync_core::model::{Kind, Refusal, Value};
use sync_core::prelude::*;

#[derive(SyncValue, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[sync(id)]
struct ShopId(Uuid);

#[derive(SyncModel, Clone, Debug)]
struct Shop {
    #[sync(id)]
    id: ShopId,
    #[sync(opaque)]
    address: Option<IpAddr>,
    #[sync(opaque)]
    city: (String, u32),
    #[sync(with = "span", default)]
    hours: Range<i64>,
    #[sync(default)]
    codes: Vec<u8>,
    opened: SystemTime,
    #[sync(whole, default)]
    shelves: Vec<Shelf>,
    #[sync(whole, token = BEST)]
    best_shelf: Option<Shelf>,
    #[sync(rename = "type")]
    r#type: String,
}

#[derive(SyncModel, Clone, Debug)]
struct Shelf {
    #[sync(id)]
    id: i64,
    label: Option<String>,
}

mod span {
    use super::{Range, Refusal, Value};

    pub(super) fn to_value(range: &Range<i64>) -> Value {
        Value::List(vec![Value::Int(range.start), Value::Int(range.end)])
    }

    pub(super) fn from_value(value: Value) -> Result<Range<i64>, Refusal> {
        match value {
            Value::List(ends) => match ends[..] {
                [Value::Int(start), Value::Int(end)] => Ok(start..end),
                _ => Err(Refusal::new("expects two integers")),
            },
            _ => Err(Refusal::new("expects a list")),
        }
    }
}

fn shop() -> Shop {
    Shop {
        id: ShopId(Uuid::from_u128(1)),
        address: Some("10.0.0.1".parse().unwrap()),
        city: ("Bonn".into(), 53111),
        hours: 8..18,
        codes: vec![255],
        opened: UNIX_EPOCH + Duration::from_nanos(1_234_567_890),
        shelves: vec![Shelf { id: 1, label: None }, Shelf { id: 2, label: Some("b".into()) }],
        best_shelf: None,
        r#type: "corner".into(),
    }
}

#[test]
fn they_are_shown_as_their_codecs_say() {
    assert_eq!(
        serde_json::to_value(shop()).unwrap(),
        json!({
            "id": "00000000-0000-0000-0000-000000000001", "address": "10.0.0.1", "city": ["Bonn", 53111], "hours": [8, 18],
            "codes": "/w==", "opened": "1970-01-01T00:00:01.234Z", "type": "corner",
            "shelves": [{"id": 1}, {"id": 2, "label": "b"}],
        })
    );
}

#[test]
fn they_are_read_back() {
    let mut before = shop();
    SyncModel::normalize(&mut before).unwrap();
    let patch: ShopPatch = serde_json::from_value(serde_json::to_value(&before).unwrap()).unwrap();
    let after = Shop::build(patch).unwrap();
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
    let mut changes = ShopPatch::default();
    before.diff(&after, &mut changes);
    assert!(changes.is_empty(), "{changes:?}");
}

#[test]
fn dates_are_cut_to_milliseconds() {
    let mut shop = shop();
    SyncModel::normalize(&mut shop).unwrap();
    assert_eq!(shop.opened, UNIX_EPOCH + Duration::from_millis(1_234));
}

#[test]
fn refusals_name_the_field_and_the_place() {
    let refused = |json| {
        let error = serde_json::from_value::<ShopPatch>(json).unwrap_err().to_string();
        error.strip_prefix("Shop: ").expect("an error names its model").to_owned()
    };
    assert_eq!(refused(json!({"hours": [1]})), "hours expects two integers");
    assert_eq!(
        refused(json!({"shelves": [{"id": 1}, {"id": "x"}]})),
        "shelves.1.id expects an integer, got text"
    );
    assert_eq!(refused(json!({"shelves": [{"label": "x"}]})), "shelves.0.id is required and missing");
    assert!(refused(json!({"address": "nowhere"})).starts_with("address "));
}

#[test]
fn a_patch_unsets_them_with_null() {
    let patch = ShopPatch::default().with(Shop::ADDRESS, None).with(Shop::BEST, None);
    assert_eq!(serde_json::to_value(&patch).unwrap(), json!({"address": null, "best_shelf": null}));
    let read: ShopPatch = serde_json::from_value(json!({"address": null, "best_shelf": null})).unwrap();
    assert_eq!(read.fields(), patch.fields());
}

#[test]
fn whole_models_differ_by_their_fields() {
    let (old, mut new) = (shop(), shop());
    new.shelves[0].label = Some("a".into());
    let mut patch = ShopPatch::default();
    old.diff(&new, &mut patch);
    assert_eq!(patch.fields(), Shop::SHELVES.into());
    assert_eq!(Shop::SCHEMA.fields[Shop::SHELVES.index()].kind, Kind::List);
    assert!(Shop::SCHEMA.fields[Shop::BEST.index()].optional);
}

#[test]
fn a_foreign_option_is_optional() {
    let optional = |index: usize| Shop::SCHEMA.fields[index].optional;
    assert!(optional(Shop::ADDRESS.index()) && !optional(Shop::CITY.index()));
}

#[test]
fn a_raw_name_is_its_plain_name() {
    assert_eq!(Shop::TYPE.name(), "type");
}

#[test]
fn a_newtype_id_is_as_its_inner() {
    use sync_core::model::ModelId;
    let id = ShopId::from_uuid(Uuid::from_u128(1)).unwrap();
    assert_eq!(id.to_string(), "00000000-0000-0000-0000-000000000001");
    assert!(ShopId(Uuid::nil()).is_unset() && !id.is_unset());
    assert_eq!(ShopId::KIND, Kind::Uuid);
}
