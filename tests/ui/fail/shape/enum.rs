use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
enum List {
    Long,
    Short,
}

fn main() {
    let _ = ListPatch::default();
}
