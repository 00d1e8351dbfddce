use sync_core::prelude::*;

#[derive(Clone, Default)]
struct Cache;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(skip)]
    _before: Cache,
    #[sync(id)]
    id: Uuid,
    #[sync(skip, default = "full")]
    energy: u8,
}

fn full() -> u8 {
    100
}

fn main() {
    let list = List::build(ListPatch::default().with(List::ID, Uuid::nil())).unwrap();
    assert_eq!((List::SCHEMA.fields.len(), List::SCHEMA.id, list.energy), (1, 0, 100));
}
