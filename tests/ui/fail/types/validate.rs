use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(validate = "valid")]
struct List {
    #[sync(id)]
    id: Uuid,
}

fn valid(_: &List) -> bool {
    true
}

fn main() {}
