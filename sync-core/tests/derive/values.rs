//! `SyncValue`: structs, newtypes and enums as fields.

use serde_json::json;
use sync_core::model::{Kind, Refusal, Value};
use sync_core::prelude::*;

#[derive(SyncModel, Clone, Debug)]
struct Film {
    #[sync(id)]
    id: u32,
    size: Option<Size>,
    status: Status,
    #[sync(default)]
    places: Vec<Place>,
    length: Option<Minutes>,
}

#[derive(SyncValue, Clone, Debug)]
#[sync(rename_all = "camelCase")]
struct Size {
    full_width: u32,
    #[sync(rename = "h", alias = "height")]
    full_height: Option<f64>,
    #[sync(default = "two")]
    planes: u8,
    #[sync(with = "upper", default)]
    label: String,
    #[sync(skip)]
    area: u64,
}

fn two() -> u8 {
    2
}

mod upper {
    use super::{Refusal, Value};

    pub(super) fn to_value(text: &str) -> Value {
        Value::Text(text.to_uppercase())
    }

    pub(super) fn from_value(value: Value) -> Result<String, Refusal> {
        match value {
            Value::Text(text) => Ok(text.to_lowercase()),
            _ => Err(Refusal::new("expects text")),
        }
    }
}

#[derive(SyncValue, Clone, Debug, PartialEq)]
#[sync(rename_all = "snake_case")]
enum Status {
    OnAir,
    #[sync(rename = "done", alias = "finished")]
    Ready,
}

#[derive(SyncValue, Clone, Debug)]
#[sync(rename_all = "kebab-case")]
enum Place {
    Nowhere,
    OnDisk(String),
    At(Option<u32>),
    #[sync(rename_all = "camelCase")]
    OnTape {
        box_number: f64,
        side: Option<char>,
    },
}

#[derive(SyncValue, Clone, Debug)]
struct Minutes(Option<i64>);

fn read(json: serde_json::Value) -> Result<Film, String> {
    let patch: FilmPatch =
        serde_json::from_value(json).map_err(|error| error.to_string().replace("Film: ", ""))?;
    Film::build(patch).map_err(|refusal| refusal.to_string())
}

fn with(field: &str, value: serde_json::Value) -> Result<Film, String> {
    let mut film = json!({"id": 1, "status": "on_air"});
    film[field] = value;
    read(film)
}

#[test]
fn they_round_trip() {
    let film = json!({
        "id": 1,
        "size": {"fullWidth": 1920, "h": 1080.5, "planes": 3, "label": "HD"},
        "status": "done",
        "places": ["nowhere", {"on-disk": "/a"}, {"on-tape": {"boxNumber": 4.0, "side": "A"}}],
        "length": 90,
    });
    assert_eq!(serde_json::to_value(read(film.clone()).unwrap()).unwrap(), film);
}

#[test]
fn fields_of_a_struct_have_defaults_and_aliases() {
    let film = with("size", json!({"fullWidth": 3, "height": 4, "unheard": {"of": []}})).unwrap();
    let size = film.size.unwrap();
    assert_eq!((size.full_width, size.full_height, size.planes, size.area), (3, Some(4.0), 2, 0));
    assert_eq!(with("status", json!("finished")).unwrap().status, Status::Ready);
}

#[test]
fn refusals_name_the_whole_path() {
    let refused = |field, value| with(field, value).unwrap_err();
    assert_eq!(refused("size", json!({})), "size.fullWidth is required and missing");
    assert_eq!(refused("size", json!({"fullWidth": "x"})), "size.fullWidth expects an integer, got text");
    assert_eq!(refused("size", json!(4)), "size expects an object, got an integer");
    assert_eq!(refused("status", json!("gone")), r#"status is "gone", which is none of on_air, done"#);
    assert_eq!(refused("status", json!(4)), "status expects one of on_air, done, got an integer");
    assert_eq!(
        refused("places", json!([{"on-tape": {"boxNumber": true}}])),
        "places.0.on-tape.boxNumber expects a number, got a boolean"
    );
    assert_eq!(
        refused("places", json!([{"on-disk": "a", "nowhere": null}])),
        "places.0 has more than one variant in it"
    );
    assert_eq!(
        refused("places", json!(["on-disk"])),
        r#"places.0 is "on-disk", which has a value: {"on-disk": …}"#
    );
    assert_eq!(
        refused("places", json!([{"nowhere": 1}])),
        r#"places.0 has a value for "nowhere", which has none: it is the text "nowhere""#
    );
    assert!(refused("places", json!([{}])).contains("expects the name of a variant"));
}

/// A variant that holds nothing was shown as an empty map, which is no variant at all.
#[test]
fn a_variant_of_none_keeps_its_name() {
    let film = with("places", json!([{"at": null}, {"at": 3}])).unwrap();
    assert!(film.places[0].same(&Place::At(None)) && film.places[1].same(&Place::At(Some(3))));
    assert_eq!(serde_json::to_value(&film).unwrap()["places"], json!([{"at": null}, {"at": 3}]));
}

#[test]
fn normalize_reaches_down() {
    let mut film = with("places", json!([{"on-tape": {"boxNumber": 1}}])).unwrap();
    film.places.push(Place::OnTape { box_number: f64::NAN, side: None });
    assert_eq!(
        SyncModel::normalize(&mut film).unwrap_err().to_string(),
        "places.1.on-tape.boxNumber NaN is not a finite number"
    );
    film.places[1] = Place::OnTape { box_number: -0.0, side: None };
    film.size = Some(Size {
        full_width: 1,
        full_height: Some(f64::INFINITY),
        planes: 1,
        label: String::new(),
        area: 1,
    });
    assert_eq!(SyncModel::normalize(&mut film).unwrap_err().path(), "size.h");
    film.size = None;
    SyncModel::normalize(&mut film).unwrap();
    let Place::OnTape { box_number, .. } = film.places[1] else { panic!("it was a tape") };
    assert!(box_number.is_sign_positive());
}

#[test]
fn same_needs_no_partial_eq() {
    let place = |side| Place::OnTape { box_number: f64::NAN, side };
    assert!(place(Some('A')).same(&place(Some('A'))));
    assert!(!place(Some('A')).same(&place(None)));
    assert!(!place(None).same(&Place::Nowhere));
    assert!(!Place::OnDisk("a".into()).same(&Place::OnDisk("b".into())));
    assert!(Place::Nowhere.same(&Place::Nowhere));
    assert!(!Status::OnAir.same(&Status::Ready));
}

#[test]
fn kinds_and_options_show_through() {
    assert_eq!(
        (Size::KIND, Status::KIND, Place::KIND, Minutes::KIND),
        (Kind::Map, Kind::Text, Kind::Any, Kind::Int)
    );
    const { assert!(Minutes::NULLABLE && Minutes::OPTIONAL && !<Option<Minutes> as SyncValue>::NULL_IS_ABSENT) };
    let film = with("length", json!(null)).unwrap();
    assert_eq!(film.length.map(|length| length.0), Some(None));
    assert!(with("length", json!({"$unset": true})).unwrap().length.is_none());
}

#[test]
fn a_list_of_enums_is_a_list_of_text() {
    #[derive(SyncModel, Clone)]
    struct Show {
        #[sync(id)]
        id: u32,
        all: Vec<Status>,
    }
    let show = Show { id: 1, all: vec![Status::OnAir, Status::Ready] };
    assert_eq!(serde_json::to_value(&show).unwrap(), json!({"id": 1, "all": ["on_air", "done"]}));
}
