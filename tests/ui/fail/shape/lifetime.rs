use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List<'a> {
    #[sync(id)]
    id: Uuid,
    name: &'a str,
}

fn main() {}
