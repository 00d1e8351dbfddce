use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(patch = "ListChange")]
struct List {
    #[sync(id)]
    id: Uuid,
}

fn main() {
    assert!(ListChange::default().is_empty());
}
