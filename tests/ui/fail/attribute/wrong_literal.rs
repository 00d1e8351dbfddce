use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(backend = lists, rename_all = 5, patch = "my patch")]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(rename = 'o', token = "OWNED_BY")]
    owner: String,
    #[sync(default = 5)]
    views: i64,
}

fn main() {}
