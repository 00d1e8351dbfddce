use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id, private)]
    id: Uuid,
}

fn main() {}
