use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(rename_all = "lowercase")]
struct List {
    #[sync(id)]
    id: Uuid,
    name: String,
    #[sync(rename = "name")]
    title: String,
    #[sync(alias = "title", alias = "label", alias = "label")]
    owner: String,
    #[sync(alias = "label")]
    text: String,
}

fn main() {}
