use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    key: Uuid,
    name: String,
}

fn main() {
    let _ = ListPatch::default().with(List::NAME, "Milk");
}
