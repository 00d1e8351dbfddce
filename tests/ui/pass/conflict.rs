use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(conflict = "reject")]
struct Strict {
    #[sync(id)]
    id: Uuid,
}

#[derive(SyncModel, Clone)]
#[sync(conflict = "merge")]
struct Lax {
    #[sync(id)]
    id: Uuid,
}

fn main() {
    assert_eq!(Strict::SCHEMA.conflict, sync_core::model::Conflict::Reject);
    assert_eq!(Lax::SCHEMA.conflict, sync_core::model::Conflict::Merge);
}
