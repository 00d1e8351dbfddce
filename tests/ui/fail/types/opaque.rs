use sync_core::prelude::*;

#[derive(Clone)]
struct Foreign;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(opaque)]
    color: Foreign,
}

fn main() {}
