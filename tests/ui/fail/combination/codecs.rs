use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(opaque, with = "color")]
    color: String,
}

mod color {
    use sync_core::model::{Refusal, Value};
    pub(super) fn to_value(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
    pub(super) fn from_value(value: Value) -> Result<String, Refusal> {
        Err(Refusal::new(format!("is {value:?}")))
    }
}

fn main() {}
