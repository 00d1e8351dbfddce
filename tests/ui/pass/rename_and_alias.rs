use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(rename = "title", alias = "name", alias = "label")]
    name: String,
}

fn main() {
    let patch: ListPatch = serde_json::from_str(r#"{"label": "Milk"}"#).unwrap();
    assert_eq!(serde_json::to_string(&patch).unwrap(), r#"{"title":"Milk"}"#);
}
