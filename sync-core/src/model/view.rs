//! Values on their way out: a borrowed [`View`] of any field, and the owned [`Value`].
//!
//! Every encoder (JSON, SQL parameters, serde, later BSON) reads a `View`; so each exists once instead of
//! once per model. A view is made without copying what it shows.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::ControlFlow;

use uuid::Uuid;

use super::date::Millis;
use super::input::{EntriesInput, Input, ItemsInput, Slot};
use super::refusal::Refusal;

/// A borrowed look at one value of the value domain.
#[derive(Clone)]
pub enum View<'a> {
    /// Nothing there: left out of documents.
    Absent,
    /// An explicit null.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer; the value domain is that of `i64`.
    Int(i64),
    /// A finite floating-point number.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// A UUID.
    Uuid(Uuid),
    /// A moment, to the millisecond.
    Date(Millis),
    /// A list of values.
    List(&'a dyn Items),
    /// Values by key.
    Map(&'a dyn Entries),
    /// A value made for this look (opaque fields).
    Owned(Box<Value>),
    /// A value outside the value domain: says why.
    Refused(Refusal),
}

/// A list that can be walked.
pub trait Items {
    /// How many values it has.
    fn count(&self) -> usize;
    /// Shows each value in turn until told to stop.
    fn each(&self, show: &mut dyn FnMut(View<'_>) -> ControlFlow<()>) -> ControlFlow<()>;
}

/// A map that can be walked, in the same order each time.
pub trait Entries {
    /// How many entries it shows.
    fn count(&self) -> usize;
    /// Shows each entry in turn until told to stop.
    fn each(&self, show: &mut dyn FnMut(&str, View<'_>) -> ControlFlow<()>) -> ControlFlow<()>;
}

/// An owned value of the value domain; also the type of a field that may hold anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Null.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A finite floating-point number.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A UUID.
    Uuid(Uuid),
    /// A moment.
    Date(Millis),
    /// A list.
    List(Vec<Value>),
    /// Values by key, in the order they came.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// A borrowed look at it.
    pub fn view(&self) -> View<'_> {
        match self {
            Value::Null => View::Null,
            Value::Bool(b) => View::Bool(*b),
            Value::Int(n) => View::Int(*n),
            Value::Float(x) => View::float(*x),
            Value::Text(s) => View::text(s),
            Value::Bytes(b) => View::Bytes(Cow::Borrowed(b)),
            Value::Uuid(u) => View::Uuid(*u),
            Value::Date(d) => View::Date(*d),
            Value::List(items) => View::List(items),
            Value::Map(entries) => View::Map(entries),
        }
    }
}

impl Value {
    /// Shows itself as a decoder would, so that any type can read it.
    pub(crate) fn with_input<R>(&self, read: &mut dyn FnMut(Input<'_>) -> R) -> R {
        read(match self {
            Value::Null => Input::Null,
            Value::Bool(b) => Input::Bool(*b),
            Value::Int(n) => Input::Int(*n),
            Value::Float(x) => Input::Float(*x),
            Value::Text(text) => Input::Text(text.into()),
            Value::Bytes(bytes) => Input::Bytes(bytes.into()),
            Value::Uuid(id) => Input::Uuid(*id),
            Value::Date(date) => Input::Date(*date),
            Value::List(items) => return read(Input::List(&mut items.iter())),
            Value::Map(entries) => {
                return read(Input::Map(&mut Replay { rest: entries.iter(), value: None }));
            }
        })
    }
}

impl ItemsInput for std::slice::Iter<'_, Value> {
    fn next(&mut self, into: &mut dyn Slot) -> Result<bool, Refusal> {
        match Iterator::next(self) {
            Some(value) => value.with_input(&mut |input| into.put(input)).map(|()| true),
            None => Ok(false),
        }
    }
}

/// The entries of an owned map, read again.
struct Replay<'a> {
    rest: std::slice::Iter<'a, (String, Value)>,
    value: Option<&'a Value>,
}

impl EntriesInput for Replay<'_> {
    fn key(&mut self) -> Result<Option<String>, Refusal> {
        let entry = self.rest.next();
        self.value = entry.map(|(_, value)| value);
        Ok(entry.map(|(key, _)| key.clone()))
    }
    fn value(&mut self, into: &mut dyn Slot) -> Result<(), Refusal> {
        let value = self.value.take().ok_or_else(|| Refusal::new("has no value"))?;
        value.with_input(&mut |input| into.put(input))
    }
}

impl Entries for Vec<(String, Value)> {
    fn count(&self) -> usize {
        self.len()
    }
    fn each(&self, show: &mut dyn FnMut(&str, View<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.iter().try_for_each(|(key, value)| show(key, value.view()))
    }
}

impl<'a> View<'a> {
    /// Borrowed text.
    pub fn text(text: &'a str) -> Self {
        View::Text(Cow::Borrowed(text))
    }

    /// An integer, refused where it does not fit `i64`.
    pub fn int<N: Copy + fmt::Display + TryInto<i64>>(n: N) -> Self {
        match n.try_into() {
            Ok(n) => View::Int(n),
            Err(_) => View::Refused(Refusal::out_of_range(n)),
        }
    }

    /// A number, refused where it is not finite; -0 shows as 0.
    pub fn float(x: f64) -> Self {
        if x.is_finite() { View::Float(x + 0.0) } else { View::Refused(Refusal::not_finite(x)) }
    }

    /// Whether it shows nothing.
    pub fn is_null(&self) -> bool {
        match self {
            View::Absent | View::Null => true,
            View::Owned(value) => matches!(**value, Value::Null),
            _ => false,
        }
    }

    /// An owned copy; the refusal of the first part outside the value domain.
    pub fn to_value(&self) -> Result<Value, Refusal> {
        Ok(match self {
            View::Absent | View::Null => Value::Null,
            View::Bool(b) => Value::Bool(*b),
            View::Int(n) => Value::Int(*n),
            View::Float(x) => Value::Float(*x),
            View::Text(s) => Value::Text(s.clone().into_owned()),
            View::Bytes(b) => Value::Bytes(b.clone().into_owned()),
            View::Uuid(u) => Value::Uuid(*u),
            View::Date(d) => Value::Date(*d),
            View::Owned(value) => (**value).clone(),
            View::Refused(refusal) => return Err(refusal.clone()),
            View::List(items) => {
                let mut out = Vec::with_capacity(items.count());
                walk(|stop| items.each(&mut |item| stop(item.to_value().map(|value| out.push(value)))))?;
                Value::List(out)
            }
            View::Map(entries) => {
                let mut out = Vec::with_capacity(entries.count());
                walk(|stop| {
                    entries.each(&mut |key, value| {
                        stop(value.to_value().map(|value| out.push((key.to_owned(), value))))
                    })
                })?;
                Value::Map(out)
            }
        })
    }

    /// Where this value sorts against the other: null, then booleans, numbers, text, UUIDs, dates, bytes,
    /// lists, maps.
    ///
    /// Two lists, or two maps, do not sort; they answer `None`, as do refused values. Each kind has its own
    /// place nevertheless, so that `None` taken as "equal" leaves a total order.
    pub fn compare(&self, other: &View<'_>) -> Option<Ordering> {
        if let View::Owned(value) = self {
            return value.view().compare(other);
        }
        if let View::Owned(value) = other {
            return self.compare(&value.view());
        }
        match (self, other) {
            (View::Bool(a), View::Bool(b)) => Some(a.cmp(b)),
            (View::Int(a), View::Int(b)) => Some(a.cmp(b)),
            (View::Float(a), View::Float(b)) => a.partial_cmp(b),
            (View::Int(a), View::Float(b)) => compare_int_float(*a, *b),
            (View::Float(a), View::Int(b)) => compare_int_float(*b, *a).map(Ordering::reverse),
            (View::Text(a), View::Text(b)) => Some(a.cmp(b)),
            (View::Bytes(a), View::Bytes(b)) => Some(a.cmp(b)),
            (View::Uuid(a), View::Uuid(b)) => Some(a.cmp(b)),
            (View::Date(a), View::Date(b)) => Some(a.cmp(b)),
            (a, b) => match (a.rank()?, b.rank()?) {
                (0, 0) => Some(Ordering::Equal),
                (a, b) if a == b => None,
                (a, b) => Some(a.cmp(&b)),
            },
        }
    }

    /// Whether both sort within one kind, so that an order between them means something.
    pub fn same_kind(&self, other: &View<'_>) -> bool {
        match (self, other) {
            (View::Owned(value), other) => value.view().same_kind(other),
            (this, View::Owned(value)) => this.same_kind(&value.view()),
            (this, other) => this.rank().is_some_and(|rank| other.rank() == Some(rank)),
        }
    }

    fn rank(&self) -> Option<u8> {
        Some(match self {
            View::Absent | View::Null => 0,
            View::Bool(_) => 1,
            View::Int(_) | View::Float(_) => 2,
            View::Text(_) => 3,
            View::Uuid(_) => 4,
            View::Date(_) => 5,
            View::Bytes(_) => 6,
            View::List(_) => 7,
            View::Map(_) => 8,
            View::Owned(_) | View::Refused(_) => return None,
        })
    }
}

/// Exact, also where the integer has more digits than a float can hold.
fn compare_int_float(a: i64, b: f64) -> Option<Ordering> {
    if b.is_nan() {
        return None;
    }
    if b >= 9_223_372_036_854_775_808.0 {
        return Some(Ordering::Less);
    }
    if b < -9_223_372_036_854_775_808.0 {
        return Some(Ordering::Greater);
    }
    let whole = b.trunc();
    Some(a.cmp(&(whole as i64)).then_with(|| 0.0f64.partial_cmp(&(b - whole)).unwrap_or(Ordering::Equal)))
}

/// Runs a walk whose steps may fail, and gives the first failure.
pub(crate) fn walk<E>(
    run: impl FnOnce(&mut dyn FnMut(Result<(), E>) -> ControlFlow<()>) -> ControlFlow<()>,
) -> Result<(), E> {
    let mut failure = None;
    let _stopped = run(&mut |step| match step {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    });
    failure.map_or(Ok(()), Err)
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            View::Refused(refusal) => write!(f, "refused: {refusal}"),
            _ => match self.to_value() {
                Ok(value) => value.fmt(f),
                Err(refusal) => write!(f, "refused: {refusal}"),
            },
        }
    }
}
