use sync_core::prelude::*;

#[derive(SyncValue, Clone)]
#[sync(id)]
struct Size {
    width: u32,
}

#[derive(SyncValue, Clone)]
struct Minutes(#[sync(rename = "m")] u32);

#[derive(SyncValue, Clone)]
enum Place {
    #[sync(rename_all = "camelCase")]
    At(#[sync(default)] u32),
}

fn main() {}
