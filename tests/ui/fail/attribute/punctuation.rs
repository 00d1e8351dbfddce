use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(backend = )]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(facet search)]
    owner: String,
    #[sync("name", alias("title"))]
    name: String,
}

fn main() {}
