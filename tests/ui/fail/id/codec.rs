use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id, opaque)]
    id: Uuid,
}

#[derive(SyncModel, Clone)]
struct Item {
    #[sync(id, with = "text")]
    id: Uuid,
}

mod text {
    pub(super) fn to_value(id: &sync_core::prelude::Uuid) -> sync_core::model::Value {
        sync_core::model::Value::Uuid(*id)
    }
    pub(super) fn from_value(_: sync_core::model::Value) -> Result<sync_core::prelude::Uuid, sync_core::model::Refusal> {
        Err(sync_core::model::Refusal::new("is not here"))
    }
}

fn main() {}
