use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(backend = "lists")]
#[sync(backend = "more_lists")]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(facet, search, facet)]
    owner: String,
}

fn main() {}
