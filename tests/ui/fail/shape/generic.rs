use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List<T, const N: usize> {
    #[sync(id)]
    id: Uuid,
    items: [T; N],
}

#[derive(SyncValue, Clone)]
struct Pair<T> {
    a: T,
    b: T,
}

fn main() {}
