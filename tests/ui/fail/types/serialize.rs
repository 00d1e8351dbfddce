use sync_core::prelude::*;

#[derive(SyncModel, Clone, serde::Serialize)]
struct List {
    #[sync(id)]
    id: String,
}

fn main() {}
