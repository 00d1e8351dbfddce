use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List;

fn main() {}
