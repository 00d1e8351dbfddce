use sync_core::prelude::*;

#[derive(SyncValue, Clone)]
struct Size {
    width: u32,
}

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(private)]
    secret: Size,
    #[sync(default)]
    shown: Size,
    #[sync(skip)]
    cached: Size,
    #[sync(default = "zero")]
    views: String,
}

fn zero() -> i64 {
    0
}

fn main() {}
