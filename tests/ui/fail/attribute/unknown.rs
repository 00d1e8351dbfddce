use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(colour = "red")]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(collection)]
    items: Vec<String>,
}

fn main() {}
