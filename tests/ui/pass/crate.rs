mod facade {
    pub use sync_core as sync;
}

use facade::sync::{SyncModel, SyncValue};

#[derive(SyncModel, Clone)]
#[sync(crate = "crate::facade::sync")]
struct List {
    #[sync(id)]
    id: i64,
    size: Size,
}

#[derive(SyncValue, Clone)]
#[sync(crate = "facade::sync")]
struct Size {
    width: u32,
}

fn main() {}
