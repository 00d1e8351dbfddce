use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(backend = "")]
struct List {
    #[sync(id)]
    id: Uuid,
}

fn main() {}
