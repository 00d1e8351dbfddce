use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(conflict = "ask")]
struct List {
    #[sync(id)]
    id: Uuid,
}

fn main() {}
