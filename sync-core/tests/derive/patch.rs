//! Patches: absent, null and value told apart, and what clients may not name.

use serde_json::json;
use sync_core::model::Edit;
use sync_core::prelude::*;

use crate::{List, ListPatch, patch, refused, sample};

#[test]
fn absent_null_and_value_differ() {
    assert!(patch(json!({})).is_empty());
    assert_eq!(patch(json!({"remark": null})).remark.get(), Some(&None));
    assert_eq!(patch(json!({"remark": "x"})).remark.get(), Some(&Some("x".into())));
    assert_eq!(patch(json!({})).doubt.get(), None);
    assert_eq!(patch(json!({"doubt": null})).doubt.get(), Some(&Some(None)));
    assert_eq!(patch(json!({"doubt": {"$unset": true}})).doubt.get(), Some(&None));
    assert_eq!(patch(json!({"doubt": 5})).doubt.get(), Some(&Some(Some(5))));
}

#[test]
fn json_round_trips() {
    for body in [
        json!({}),
        json!({"name": "Süßes \u{1F95B}", "viewCount": 9}),
        json!({"remark": null, "doubt": null}),
        json!({"doubt": {"$unset": true}, "picture": ""}),
        json!({"doubt": -1, "weight": 2.5, "picture": "AQID"}),
    ] {
        assert_eq!(serde_json::to_value(patch(body.clone())).unwrap(), body);
    }
}

#[test]
fn a_field_is_read_by_its_alias_and_shown_by_its_name() {
    let patch = patch(json!({"title": "Bread"}));
    assert_eq!(patch.get(List::NAME).map(String::as_str), Some("Bread"));
    assert_eq!(serde_json::to_value(&patch).unwrap(), json!({"name": "Bread"}));
}

#[test]
fn clients_cannot_name_what_is_not_theirs() {
    assert_eq!(refused(json!({"notes": "x"})), "notes is not a field of it");
    assert_eq!(refused(json!({"fresh": true})), "fresh is not a field of it");
    assert_eq!(refused(json!({"nmae": "x"})), "nmae is not a field of it");
    assert_eq!(refused(json!({"madeBy": "x"})), "madeBy cannot be written by a client");
}

#[test]
fn a_wrong_type_names_the_field() {
    assert_eq!(refused(json!({"name": 5})), "name expects text, got an integer");
    assert_eq!(refused(json!({"name": null})), "name expects text, got null");
    assert_eq!(refused(json!({"viewCount": -1})), "viewCount -1 is outside the range of u64");
    assert!(refused(json!({"viewCount": u64::MAX})).contains("outside the range"));
    assert_eq!(refused(json!([])), "expects an object, got a list");
}

#[test]
fn a_required_field_cannot_be_unset() {
    assert_eq!(refused(json!({"name": {"$unset": true}})), "name is required and cannot be unset");
}

#[test]
fn only_true_unsets() {
    let remark = patch(json!({"remark": {"$unset": true}}));
    assert_eq!(remark.remark.get(), Some(&None));
    let told = refused(json!({"remark": {"$unset": false}}));
    assert_eq!(told, "remark has $unset in it, which can only be true");
}

#[test]
fn private_fields_stay_hidden() {
    let patch = ListPatch { name: "Milk".to_owned().into(), ..ListPatch::default() };
    let patch = patch.with(List::NOTES, "owes me");
    let debug = format!("{patch:?}");
    assert!(debug.contains("Milk") && debug.contains("[private]") && !debug.contains("owes"), "{debug}");
    assert_eq!(serde_json::to_value(&patch).unwrap(), json!({"name": "Milk"}));
}

#[test]
fn later_patches_win_field_by_field() {
    let mut patch = ListPatch::default().with(List::NAME, "a").with(List::OWNER, "ann");
    patch.merge(ListPatch::default().with(List::NAME, "b").with(List::DOUBT, Some(None)));
    assert_eq!(serde_json::to_value(&patch).unwrap(), json!({"name": "b", "owner": "ann", "doubt": null}));
}

#[test]
fn it_normalizes_by_field() {
    let mut patch = ListPatch { weight: Edit::set(f64::INFINITY), ..ListPatch::default() };
    assert_eq!(patch.normalize().unwrap_err().path(), "weight");
    patch.weight = Edit::set(-0.0);
    patch.normalize().unwrap();
    assert!(patch.weight.get().unwrap().is_sign_positive());
}

#[test]
fn a_patch_of_nothing_changes_nothing() {
    let mut list = sample();
    list.apply(&patch(json!({})));
    assert_eq!(format!("{list:?}"), format!("{:?}", sample()));
}
