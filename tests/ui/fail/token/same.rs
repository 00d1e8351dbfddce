use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[allow(non_snake_case)]
struct List {
    #[sync(id)]
    id: Uuid,
    name: String,
    #[sync(rename = "Name")]
    Name: String,
    #[sync(token = ID)]
    owner: String,
}

fn main() {}
