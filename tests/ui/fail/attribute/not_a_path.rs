use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(validate = "is it valid?", crate = "sync-core")]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(default = "zero()")]
    views: i64,
    #[sync(with = "")]
    color: String,
}

fn main() {}
