use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(facet)]
struct List {
    #[sync(id, backend = "lists")]
    id: Uuid,
    size: Size,
}

#[derive(SyncValue, Clone)]
#[sync(conflict = "reject")]
struct Size {
    #[sync(unique)]
    width: u32,
}

#[derive(SyncValue, Clone)]
enum Status {
    #[sync(default)]
    Ready,
}

fn main() {}
