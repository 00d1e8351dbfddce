use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(backend = "shopping-lists")]
struct List {
    #[sync(id)]
    id: Uuid,
}

fn main() {
    assert_eq!(List::SCHEMA.backend, "shopping-lists");
}
