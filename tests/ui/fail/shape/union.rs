use sync_core::prelude::*;

#[derive(SyncModel, Clone, Copy)]
union List {
    a: u32,
    b: f32,
}

fn main() {}
