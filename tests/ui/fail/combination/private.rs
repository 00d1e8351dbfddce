use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(private, facet)]
    owner: String,
    #[sync(search, private)]
    notes: String,
}

fn main() {}
