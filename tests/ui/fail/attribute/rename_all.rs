use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(rename_all = "camelcase")]
struct List {
    #[sync(id)]
    id: Uuid,
}

#[derive(SyncValue, Clone)]
#[sync(rename_all = "shouting")]
enum Status {
    Ready,
}

fn main() {}
