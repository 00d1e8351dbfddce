use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct Item {
    #[sync(id)]
    id: Uuid,
}

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    items: Vec<Item>,
}

fn main() {}
