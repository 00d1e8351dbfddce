use sync_core::prelude::*;

#[derive(SyncModel)]
struct List {
    #[sync(id)]
    id: Uuid,
}

fn main() {}
