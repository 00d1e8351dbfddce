use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(whole)]
    words: Vec<String>,
}

fn main() {}
