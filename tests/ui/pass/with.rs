use sync_core::prelude::*;

#[derive(Clone)]
struct Color(u8, u8, u8);

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(with = "color")]
    front: Color,
    #[sync(with = "self::color")]
    back: Color,
}

#[derive(SyncValue, Clone)]
enum Paint {
    Plain(#[sync(with = "color")] Color),
    Mixed {
        #[sync(with = "color")]
        first: Color,
        #[sync(opaque)]
        second: Option<String>,
    },
}

#[derive(SyncValue, Clone)]
struct Wrapped(#[sync(with = "color")] Color);

mod color {
    use super::Color;
    use sync_core::model::{Refusal, Value};

    pub(super) fn to_value(color: &Color) -> Value {
        Value::Bytes(vec![color.0, color.1, color.2])
    }

    pub(super) fn from_value(value: Value) -> Result<Color, Refusal> {
        match value {
            Value::Bytes(bytes) if bytes.len() == 3 => Ok(Color(bytes[0], bytes[1], bytes[2])),
            _ => Err(Refusal::new("expects three bytes")),
        }
    }
}

fn main() {}
