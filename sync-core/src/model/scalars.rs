//! [`SyncValue`] for single values: numbers, text, UUIDs, spans of time, bytes, and values of any kind.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use uuid::Uuid;

use super::input::Input;
use super::refusal::Refusal;
use super::value::{Kind, SyncValue};
use super::view::{Value, View};

impl SyncValue for bool {
    const KIND: Kind = Kind::Bool;
    fn view(&self) -> View<'_> {
        View::Bool(*self)
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        match input {
            Input::Bool(b) => Ok(b),
            other => other.refuse("a boolean"),
        }
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// An integer as any wire writes it: a number, or decimal text where a number would lose digits.
fn read_int(input: Input<'_>) -> Result<i64, Refusal> {
    match input {
        Input::Int(n) => Ok(n),
        Input::Float(x) if x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_992.0 => Ok(x as i64),
        Input::Text(ref text) if text.len() <= 20 => match text.parse() {
            Ok(n) => Ok(n),
            Err(_) => input.refuse("an integer"),
        },
        other => other.refuse("an integer"),
    }
}

macro_rules! integers {
    ($($t:ty)*) => {$(
        impl SyncValue for $t {
            const KIND: Kind = Kind::Int;
            fn view(&self) -> View<'_> {
                View::int(*self)
            }
            fn read(input: Input<'_>) -> Result<Self, Refusal> {
                let n = read_int(input)?;
                n.try_into().map_err(|_| {
                    Refusal::new(format!("{n} is outside the range of {}", stringify!($t)))
                })
            }
            fn same(&self, other: &Self) -> bool {
                self == other
            }
            fn normalize(&mut self) -> Result<(), Refusal> {
                if <$t>::BITS < 64 || i64::try_from(*self).is_ok() {
                    Ok(())
                } else {
                    Err(Refusal::out_of_range(*self))
                }
            }
        }
    )*};
}
integers!(i8 i16 i32 i64 isize u16 u32 u64 usize);

/// `u8` is an integer; a list of them is bytes.
impl SyncValue for u8 {
    const KIND: Kind = Kind::Int;
    const LIST_KIND: Kind = Kind::Bytes;
    fn view(&self) -> View<'_> {
        View::Int(i64::from(*self))
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        let n = read_int(input)?;
        n.try_into().map_err(|_| Refusal::new(format!("{n} is outside the range of u8")))
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
    fn view_list(list: &Vec<Self>) -> View<'_> {
        View::Bytes(Cow::Borrowed(list))
    }
    fn read_list(input: Input<'_>) -> Result<Vec<Self>, Refusal> {
        match input {
            Input::Bytes(bytes) => Ok(bytes.into_owned()),
            Input::Text(text) => {
                BASE64.decode(text.as_bytes()).map_err(|_| Refusal::new("expects bytes as padded base64"))
            }
            other => other.refuse("bytes as base64"),
        }
    }
}

macro_rules! floats {
    ($($t:ty)*) => {$(
        impl SyncValue for $t {
            const KIND: Kind = Kind::Float;
            fn view(&self) -> View<'_> {
                View::float(f64::from(*self))
            }
            fn read(input: Input<'_>) -> Result<Self, Refusal> {
                let x = match input {
                    Input::Float(x) => x,
                    Input::Int(n) => n as f64,
                    other => return other.refuse("a number"),
                };
                let narrow = x as $t;
                if narrow.is_finite() { Ok(narrow + 0.0) } else { Err(Refusal::not_finite(x)) }
            }
            fn same(&self, other: &Self) -> bool {
                // NaN is the same as NaN, or a field that holds one would look edited for ever.
                self == other || (self.is_nan() && other.is_nan())
            }
            fn normalize(&mut self) -> Result<(), Refusal> {
                *self += 0.0; // -0 becomes 0
                if self.is_finite() { Ok(()) } else { Err(Refusal::not_finite(f64::from(*self))) }
            }
        }
    )*};
}
floats!(f32 f64);

impl SyncValue for String {
    const KIND: Kind = Kind::Text;
    fn view(&self) -> View<'_> {
        View::text(self)
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        match input {
            Input::Text(text) => Ok(text.into_owned()),
            other => other.refuse("text"),
        }
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl SyncValue for char {
    const KIND: Kind = Kind::Text;
    fn view(&self) -> View<'_> {
        View::Text(Cow::Owned(self.to_string()))
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        let Input::Text(ref text) = input else { return input.refuse("one character") };
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Ok(c),
            _ => Err(Refusal::new("expects one character")),
        }
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl SyncValue for Uuid {
    const KIND: Kind = Kind::Uuid;
    fn view(&self) -> View<'_> {
        View::Uuid(*self)
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        match input {
            Input::Uuid(id) => Ok(id),
            Input::Text(text) => Uuid::try_parse(&text).map_err(|_| Refusal::new("expects a UUID")),
            other => other.refuse("a UUID"),
        }
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// A span of time, stored as whole milliseconds.
impl SyncValue for Duration {
    const KIND: Kind = Kind::Int;
    fn view(&self) -> View<'_> {
        View::int(self.as_millis())
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        let millis = read_int(input)?;
        millis
            .try_into()
            .map(Duration::from_millis)
            .map_err(|_| Refusal::new("expects milliseconds from 0 up"))
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        let millis = i64::try_from(self.as_millis()).map_err(|_| Refusal::out_of_range(self.as_millis()))?;
        *self = Duration::from_millis(millis.unsigned_abs());
        Ok(())
    }
}

impl SyncValue for bytes::Bytes {
    const KIND: Kind = Kind::Bytes;
    fn view(&self) -> View<'_> {
        View::Bytes(Cow::Borrowed(self))
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        u8::read_list(input).map(Into::into)
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// A field that may hold anything that JSON tells apart; UUIDs, dates and bytes in it become text, so that
/// every store gives back the same.
impl SyncValue for Value {
    const KIND: Kind = Kind::Any;
    const NULLABLE: bool = true;
    fn view(&self) -> View<'_> {
        self.view()
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        input.into_value()
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        normalize_any(self, DEEPEST)
    }
}

/// A value of any kind may nest this deep: JSON readers stop at 128 levels, and a document and a frame have
/// some of their own; what cannot be read again must not be stored.
const DEEPEST: usize = 100;

fn normalize_any(value: &mut Value, deeper: usize) -> Result<(), Refusal> {
    let Some(deeper) = deeper.checked_sub(1) else {
        return Err(Refusal::new(format!("nests more than {DEEPEST} levels deep")));
    };
    match value {
        Value::Float(x) => x.normalize(),
        Value::Uuid(id) => {
            *value = Value::Text(id.to_string());
            Ok(())
        }
        Value::Date(date) => {
            *value = Value::Text(date.to_string());
            Ok(())
        }
        Value::Bytes(bytes) => {
            *value = Value::Text(BASE64.encode(bytes));
            Ok(())
        }
        Value::List(items) => items
            .iter_mut()
            .enumerate()
            .try_for_each(|(i, item)| normalize_any(item, deeper).map_err(|r| r.at(i))),
        Value::Map(entries) => entries.iter_mut().try_for_each(|(key, value)| {
            super::input::check_key(key)?;
            normalize_any(value, deeper).map_err(|refusal| refusal.at(&*key))
        }),
        _ => Ok(()),
    }
}
