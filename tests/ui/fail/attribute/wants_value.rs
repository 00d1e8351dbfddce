use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(backend, validate, patch)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(rename, token)]
    owner: String,
    #[sync(with)]
    color: String,
}

fn main() {}
