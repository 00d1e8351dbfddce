use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(backnd = "lists", renameAll = "camelCase")]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(facte)]
    owner: String,
    #[sync(privat)]
    notes: String,
}

fn main() {
    // What was understood is there, so that nothing else is complained of.
    let _ = ListPatch::default().with(List::OWNER, "ann");
}
