use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Option<Uuid>,
}

#[derive(SyncModel, Clone)]
struct Item {
    #[sync(id)]
    id: f64,
}

fn main() {}
