use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(backend = 5, conflict = "ask", rename_all = "camel")]
struct List {
    #[sync(id, opaqe)]
    id: Uuid,
    #[sync(private, facet)]
    owner: String,
    #[sync(rename = "owner")]
    name: String,
    #[sync(skip, index)]
    cached: bool,
    #[sync(id)]
    key: Uuid,
}

fn main() {}
