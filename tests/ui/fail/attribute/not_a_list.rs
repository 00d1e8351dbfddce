use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync = "lists"]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync]
    owner: String,
}

fn main() {}
