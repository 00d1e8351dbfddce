use sync_core::prelude::*;

#[derive(SyncValue, Clone)]
struct Pair(u32, u32);

#[derive(SyncValue, Clone)]
struct Nothing;

#[derive(SyncValue, Clone)]
enum Never {}

#[derive(SyncValue, Clone)]
enum Place {
    At(u32, u32),
    Nowhere,
}

#[derive(SyncModel, Clone)]
struct Film {
    #[sync(id)]
    id: u32,
    pair: Pair,
    nothing: Nothing,
    never: Never,
    place: Place,
}

fn main() {}
