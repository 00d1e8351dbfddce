use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    _rev: u64,
    constructor: String,
    #[sync(rename = "$set")]
    set: String,
    #[sync(alias = "a.b")]
    path: String,
    #[sync(rename = "")]
    empty: String,
    #[sync(rename = "__proto__")]
    proto: String,
    #[sync(rename = "nul\0")]
    nul: String,
}

fn main() {}
