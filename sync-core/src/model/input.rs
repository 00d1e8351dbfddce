//! Values on their way in: what a decoder hands to a [`Slot`].
//!
//! A decoder exists once per format and knows no type; a type's `read` knows no format. The two meet here,
//! through objects, so that a model adds one typed line per field and no visitor.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::date::Millis;
use super::refusal::Refusal;
use super::view::Value;

/// One value as a decoder found it.
#[allow(missing_debug_implementations)] // it borrows a decoder that is half-way
pub enum Input<'a> {
    /// Null.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Text; formats without UUIDs, dates and bytes carry those as text too.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// A UUID.
    Uuid(Uuid),
    /// A moment.
    Date(Millis),
    /// A list, to be drained.
    List(&'a mut dyn ItemsInput),
    /// A map, to be drained.
    Map(&'a mut dyn EntriesInput),
}

/// The values of a list, one by one.
pub trait ItemsInput {
    /// Puts the next value into the slot; `false` at the end.
    fn next(&mut self, into: &mut dyn Slot) -> Result<bool, Refusal>;
}

/// The entries of a map, one by one.
pub trait EntriesInput {
    /// The next key; `None` at the end. Each key must be followed by one [`value`](EntriesInput::value).
    fn key(&mut self) -> Result<Option<String>, Refusal>;
    /// Puts the value of the key just read into the slot.
    fn value(&mut self, into: &mut dyn Slot) -> Result<(), Refusal>;
}

/// A place that takes one decoded value.
pub trait Slot {
    /// Takes the value, or says why not.
    fn put(&mut self, input: Input<'_>) -> Result<(), Refusal>;
}

/// A slot that reads with a function; [`take`](Reader::take) gives what it read.
pub(crate) struct Reader<T> {
    read: fn(Input<'_>) -> Result<T, Refusal>,
    value: Option<T>,
}

impl<T> Reader<T> {
    pub(crate) fn new(read: fn(Input<'_>) -> Result<T, Refusal>) -> Self {
        Reader { read, value: None }
    }

    pub(crate) fn take(&mut self) -> Option<T> {
        self.value.take()
    }
}

impl<T> Slot for Reader<T> {
    fn put(&mut self, input: Input<'_>) -> Result<(), Refusal> {
        self.value = Some((self.read)(input)?);
        Ok(())
    }
}

/// Drains a list whose values are read with a function; a refusal names the place.
pub(crate) fn read_items<T>(
    items: &mut dyn ItemsInput,
    read: fn(Input<'_>) -> Result<T, Refusal>,
) -> Result<Vec<T>, Refusal> {
    let mut out = Vec::new();
    let mut slot = Reader::new(read);
    while items.next(&mut slot).map_err(|refusal| refusal.at(out.len()))? {
        out.extend(slot.take());
    }
    Ok(out)
}

/// A slot that takes anything and keeps nothing.
pub(crate) struct Ignore;

impl Slot for Ignore {
    fn put(&mut self, input: Input<'_>) -> Result<(), Refusal> {
        match input {
            Input::List(items) => while items.next(self)? {},
            Input::Map(entries) => {
                while entries.key()?.is_some() {
                    entries.value(self)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Input<'_> {
    /// What it is, for messages: "text", "a number".
    pub fn kind(&self) -> &'static str {
        match self {
            Input::Null => "null",
            Input::Bool(_) => "a boolean",
            Input::Int(_) => "an integer",
            Input::Float(_) => "a number",
            Input::Text(_) => "text",
            Input::Bytes(_) => "bytes",
            Input::Uuid(_) => "a UUID",
            Input::Date(_) => "a date",
            Input::List(_) => "a list",
            Input::Map(_) => "an object",
        }
    }

    /// A refusal that says what was expected instead.
    pub fn refuse<T>(&self, expected: &str) -> Result<T, Refusal> {
        Err(Refusal::expected(expected, self.kind()))
    }

    /// Drains it into an owned value; reserved keys are refused.
    pub fn into_value(self) -> Result<Value, Refusal> {
        self.drain(read_value, check_key)
    }

    fn drain(
        self,
        read: fn(Input<'_>) -> Result<Value, Refusal>,
        check: fn(&str) -> Result<(), Refusal>,
    ) -> Result<Value, Refusal> {
        Ok(match self {
            Input::Null => Value::Null,
            Input::Bool(b) => Value::Bool(b),
            Input::Int(n) => Value::Int(n),
            Input::Float(x) if x.is_finite() => Value::Float(x + 0.0),
            Input::Float(x) => return Err(Refusal::not_finite(x)),
            Input::Text(text) => Value::Text(text.into_owned()),
            Input::Bytes(bytes) => Value::Bytes(bytes.into_owned()),
            Input::Uuid(id) => Value::Uuid(id),
            Input::Date(date) => Value::Date(date),
            Input::List(items) => Value::List(read_items(items, read)?),
            Input::Map(entries) => {
                let mut out: Vec<(String, Value)> = Vec::new();
                let mut slot = Reader::new(read);
                while let Some(key) = entries.key()? {
                    check(&key)?;
                    entries.value(&mut slot).map_err(|refusal| refusal.at(&key))?;
                    out.extend(slot.take().map(|value| (key, value)));
                }
                Value::Map(last_of_each(out))
            }
        })
    }
}

/// Of entries with one key the last, as every JSON reader has it; a client may send as many as fit.
fn last_of_each(mut entries: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let mut last: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
    for (at, (key, _)) in entries.iter().enumerate() {
        last.insert(key, at);
    }
    if last.len() < entries.len() {
        let keep: HashSet<usize> = last.into_values().collect();
        let mut at = 0..;
        entries.retain(|_| at.next().is_some_and(|at| keep.contains(&at)));
    }
    entries
}

/// Reads anything that is not data of a document: operators may begin with `$`.
pub(crate) fn read_operators(input: Input<'_>) -> Result<Value, Refusal> {
    input.drain(read_operators, |_| Ok(()))
}

/// Reads anything; a function of its own, so that it fits a [`Reader`].
pub(crate) fn read_value(input: Input<'_>) -> Result<Value, Refusal> {
    input.into_value()
}

/// Refuses keys that some store or client would take for something else than a name.
///
/// `.` and a leading `$` are paths and operators in MongoDB and in our own patches; the three names reach
/// the prototype of JavaScript objects; NUL ends a name in BSON.
pub fn check_key(key: &str) -> Result<(), Refusal> {
    let reason = match key {
        "__proto__" | "constructor" | "prototype" => "is a key that JavaScript reserves",
        _ if key.starts_with('$') => "is a key that begins with $",
        _ if key.contains('.') => "is a key that contains a dot",
        _ if key.contains('\0') => "is a key that contains NUL",
        _ => return Ok(()),
    };
    Err(Refusal::new(reason).at(format_args!("{key:?}")))
}
