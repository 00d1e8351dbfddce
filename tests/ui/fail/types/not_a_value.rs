use sync_core::prelude::*;

#[derive(Clone)]
struct Foreign;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    one: Foreign,
    many: Option<Vec<Foreign>>,
}

#[derive(SyncValue, Clone)]
struct Size {
    width: Foreign,
}

#[derive(SyncValue, Clone)]
enum Place {
    At(Foreign),
    Near { what: Foreign },
}

fn main() {}
