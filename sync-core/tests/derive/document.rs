//! Documents: schema, the public view, building, the value domain, validation.

use serde_json::json;
use sync_core::model::{Flags, Kind};
use sync_core::prelude::*;

use crate::{List, ListPatch, patch, sample};

const ID: &str = "00000000-0000-0000-0000-000000000007";

#[test]
fn the_schema_says_what_the_annotations_say() {
    let schema = List::SCHEMA;
    assert_eq!((schema.model, schema.backend, schema.id, schema.validates), ("List", "lists", 0, true));
    let names: Vec<_> = schema.fields.iter().map(|field| field.name).collect();
    let expected =
        ["id", "name", "owner", "viewCount", "weight", "remark", "doubt", "picture", "notes", "madeBy"];
    assert_eq!(names, expected);
    assert_eq!(schema.fields[1].aliases, ["title"]);
    assert_eq!(schema.fields[2].flags, Flags::FACET.with(Flags::INDEX));
    assert_eq!(schema.fields[7].kind, Kind::Bytes);
    let optional: Vec<_> =
        schema.fields.iter().filter(|field| field.optional).map(|field| field.name).collect();
    assert_eq!(optional, ["viewCount", "weight", "remark", "doubt", "picture", "notes", "madeBy"]);
}

#[test]
fn a_struct_that_names_no_backend_has_its_own_name() {
    #[derive(SyncModel, Clone)]
    struct ShoppingItem {
        #[sync(id)]
        id: i64,
    }
    assert_eq!(ShoppingItem::SCHEMA.backend, "shopping_item");
    assert_eq!(ShoppingItem { id: 4 }.id(), &4);
}

#[test]
fn tokens_reach_the_fields() {
    let list = sample();
    assert_eq!(List::NAME.of(&list), "Milk");
    assert_eq!(List::VIEW_COUNT.name(), "viewCount");
    assert_eq!(List::DOUBT.of(&list), &None);
}

#[test]
fn serialize_is_the_public_view() {
    let shown = serde_json::to_value(sample()).unwrap();
    assert_eq!(
        shown,
        json!({
            "id": ID, "name": "Milk", "owner": "ann", "viewCount": 3, "weight": 0.5,
            "picture": "AQID", "madeBy": "bob",
        })
    );
}

#[test]
fn a_document_takes_defaults_for_what_it_lacks() {
    let list = List::build(patch(json!({"id": ID, "name": "Milk", "owner": "ann"}))).unwrap();
    assert_eq!((list.view_count, list.weight, list.fresh), (0, 1.0, false));
    assert_eq!((list.remark, list.doubt, list.notes), (None, None, String::new()));
}

#[test]
fn a_document_is_refused_without_a_required_field() {
    let refusal = List::build(patch(json!({"id": ID, "name": "Milk"}))).unwrap_err();
    assert_eq!(refusal.to_string(), "owner is required and missing");
}

#[test]
fn into_patch_and_build_are_inverse() {
    let list = List { fresh: false, ..sample() };
    let again = List::build(list.clone().into_patch()).unwrap();
    assert_eq!(format!("{again:?}"), format!("{list:?}"));
}

#[test]
fn diff_and_apply_are_inverse() {
    let (old, mut new) = (sample(), sample());
    new.name = "Bread".into();
    new.doubt = Some(None);
    let mut patch = ListPatch::default();
    old.diff(&new, &mut patch);
    assert_eq!(patch.fields().iter().collect::<Vec<_>>(), [1, 6]);
    let mut edited = old;
    edited.apply(&patch);
    assert_eq!(format!("{edited:?}"), format!("{new:?}"));
}

#[test]
fn what_cannot_be_stored_is_refused_by_its_field() {
    let mut list = List { view_count: u64::MAX, ..sample() };
    let refusal = SyncModel::normalize(&mut list).unwrap_err();
    assert_eq!(refusal.path(), "viewCount");
    let mut list = List { weight: f64::NAN, ..sample() };
    assert_eq!(SyncModel::normalize(&mut list).unwrap_err().to_string(), "weight NaN is not a finite number");
    assert!(serde_json::to_string(&list).unwrap_err().to_string().contains("weight"));
}

#[test]
fn minus_zero_becomes_zero() {
    let mut list = List { weight: -0.0, ..sample() };
    SyncModel::normalize(&mut list).unwrap();
    assert!(list.weight.is_sign_positive());
}

#[test]
fn validate_is_asked() {
    assert!(sample().check().is_ok());
    let unnamed = List { name: String::new(), ..sample() };
    assert_eq!(unnamed.check().unwrap_err().to_string(), "name must not be empty");
}
