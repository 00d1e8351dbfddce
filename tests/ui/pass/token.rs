use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(token = THE_SCHEMA)]
    schema: String,
}

fn main() {
    assert_eq!(List::THE_SCHEMA.name(), "schema");
}
