//! What a field may be compared with: its own type, and what people write for it.

use crate::model::{SyncValue, Value};

/// A value to compare a field of type `T` with: `T` itself, `&str` for text, any integer for an integer,
/// and each of them for an `Option` of the type.
///
/// An integer outside `i64` compares as the nearest one: every stored value is on the same side of it.
#[diagnostic::on_unimplemented(
    message = "a field of type `{T}` cannot be compared with `{Self}`",
    label = "not a value for a field of type `{T}`"
)]
pub trait IntoValue<T> {
    /// The value.
    fn into_value(self) -> Value;
}

impl<T: SyncValue> IntoValue<T> for T {
    fn into_value(mut self) -> Value {
        // A value outside the value domain equals nothing that is stored; null would match what is absent.
        match self.normalize().and_then(|()| self.view().to_value()) {
            Ok(value) => value,
            Err(_) => Value::Map(Vec::new()),
        }
    }
}

impl<T: SyncValue> IntoValue<Option<T>> for T {
    fn into_value(self) -> Value {
        IntoValue::<T>::into_value(self)
    }
}

impl IntoValue<String> for &str {
    fn into_value(self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl IntoValue<Option<String>> for &str {
    fn into_value(self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl IntoValue<String> for &String {
    fn into_value(self) -> Value {
        Value::Text(self.clone())
    }
}

fn nearest(n: i128) -> Value {
    Value::Int(n.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
}

macro_rules! integers {
    ($($field:ty: $($given:ty)*;)*) => {$($(
        impl IntoValue<$field> for $given {
            fn into_value(self) -> Value {
                nearest(self as i128)
            }
        }
        impl IntoValue<Option<$field>> for $given {
            fn into_value(self) -> Value {
                nearest(self as i128)
            }
        }
    )*)*};
}
integers! {
    i8: i16 i32 i64 u8 u16 u32 u64 usize;
    i16: i8 i32 i64 u8 u16 u32 u64 usize;
    i32: i8 i16 i64 u8 u16 u32 u64 usize;
    i64: i8 i16 i32 u8 u16 u32 u64 usize;
    u8: i8 i16 i32 i64 u16 u32 u64 usize;
    u16: i8 i16 i32 i64 u8 u32 u64 usize;
    u32: i8 i16 i32 i64 u8 u16 u64 usize;
    u64: i8 i16 i32 i64 u8 u16 u32 usize;
    usize: i8 i16 i32 i64 u8 u16 u32 u64;
}
