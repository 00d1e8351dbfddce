//! What a field may be compared with: its own type, and what people write for it.

use std::any::Any;

use crate::model::{SyncValue, Value};

/// A value to compare a field of type `T` with: `T` itself, `&str` for text, any integer for an integer,
/// and each of them for an `Option` of the type.
///
/// An integer above `i64` equals nothing that is stored, and is greater than all of it. NaN, and what else
/// cannot be stored, equals nothing and has no order.
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
            Err(_) => unsigned(&self).map_or(Value::Map(Vec::new()), integer),
        }
    }
}

/// The integer that a value of the field's own type is, where only that type can be too large.
fn unsigned(value: &dyn Any) -> Option<i128> {
    if let Some(n) = value.downcast_ref::<u64>().or_else(|| value.downcast_ref::<Option<u64>>()?.as_ref()) {
        return Some((*n).into());
    }
    let n = value.downcast_ref::<usize>().or_else(|| value.downcast_ref::<Option<usize>>()?.as_ref())?;
    i128::try_from(*n).ok()
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

/// The integer, or else a float, which integers are compared with exactly: what is above `i64` stays above.
fn integer(n: i128) -> Value {
    i64::try_from(n).map_or(Value::Float(n as f64), Value::Int)
}

macro_rules! integers {
    ($($field:ty: $($given:ty)*;)*) => {$($(
        impl IntoValue<$field> for $given {
            fn into_value(self) -> Value {
                integer(self as i128)
            }
        }
        impl IntoValue<Option<$field>> for $given {
            fn into_value(self) -> Value {
                integer(self as i128)
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

#[cfg(test)]
mod tests {
    use crate::SyncModel;

    #[derive(SyncModel, Clone)]
    #[sync(backend = "things")]
    struct Thing {
        #[sync(id)]
        id: u32,
        size: u64,
        most: Option<usize>,
        depth: i64,
    }

    /// Only a field of the type itself can be compared with what is too large for it; `lt(u64::MAX)` found
    /// nothing there.
    #[test]
    fn what_is_too_large_to_be_stored_is_greater_than_all_that_is() {
        let stored = i64::MAX as u64;
        let thing = Thing { id: 1, size: stored, most: usize::try_from(stored).ok(), depth: i64::MAX };
        for huge in [stored + 1, u64::MAX] {
            for less in
                [Thing::SIZE.lt(huge), Thing::SIZE.le(huge), Thing::SIZE.ne(huge), Thing::DEPTH.lt(huge)]
            {
                assert!(less.matches(&thing), "{less:?}");
            }
            for not in
                [Thing::SIZE.eq(huge), Thing::SIZE.ge(huge), Thing::DEPTH.eq(huge), Thing::SIZE.is_in([huge])]
            {
                assert!(!not.matches(&thing), "{not:?}");
            }
        }
        assert!((Thing::MOST.lt(usize::MAX) & Thing::MOST.lt(Some(usize::MAX))).matches(&thing));
    }
}
