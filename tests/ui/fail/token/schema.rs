use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct Table {
    #[sync(id)]
    id: Uuid,
    schema: String,
}

fn main() {}
