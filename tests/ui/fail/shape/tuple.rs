use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List(Uuid, String);

fn main() {}
