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
    #[sync(whole)]
    first: Item,
    #[sync(whole)]
    second: Option<Item>,
    #[sync(whole)]
    rest: Vec<Item>,
}

fn main() {}
