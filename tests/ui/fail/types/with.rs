use sync_core::prelude::*;

#[derive(Clone)]
struct Color;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(with = "color")]
    color: Color,
}

mod color {
    use sync_core::model::Value;
    pub(super) fn to_value(_: &super::Color) -> Value {
        Value::Null
    }
}

fn main() {}
