use sync_core::prelude::*;

#[derive(serde::Serialize, serde::Deserialize, Clone)]
struct Foreign {
    a: (u32, String),
}

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(opaque)]
    one: Foreign,
    #[sync(opaque)]
    maybe: Option<Foreign>,
}

fn main() {}
