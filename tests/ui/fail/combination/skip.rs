use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(skip, facet, rename = "o")]
    owner: String,
}

fn main() {}
