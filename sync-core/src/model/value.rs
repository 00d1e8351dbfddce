//! [`SyncValue`]: what a type must do to be a field.

use super::input::{Input, read_items};
use super::refusal::Refusal;
use super::view::View;

/// What stores and clients see of a type: how it sorts, and how it is written in TypeScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A boolean.
    Bool,
    /// A 64-bit signed integer.
    Int,
    /// A finite floating-point number.
    Float,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A UUID.
    Uuid,
    /// A moment.
    Date,
    /// A list.
    List,
    /// Values by key.
    Map,
    /// Anything.
    Any,
}

impl Kind {
    /// Its name on the wire (PROTOCOL.md) and in stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Bool => "bool",
            Kind::Int => "integer",
            Kind::Float => "float",
            Kind::Text => "string",
            Kind::Bytes => "bytes",
            Kind::Uuid => "uuid",
            Kind::Date => "date",
            Kind::List => "list",
            Kind::Map => "map",
            Kind::Any => "any",
        }
    }
}

/// A type that a model's field can have.
///
/// Derive it for your own structs and enums of values. These have it: `bool`, integers up to 64 bits, floats,
/// `char`, `String`, `Uuid`, `DateTime<Utc>`, `NaiveDate`, `SystemTime`, `Duration`, `Bytes`,
/// [`Value`](super::Value), and `Option`, `Box`, `Arc`, `Vec`, sets and maps of what has it. For a foreign type
/// use `#[sync(opaque)]` (it has serde's traits) or `#[sync(with = "module")]` on the field.
///
/// Laws: `read` of what `view` shows gives a value that is `same`; after a successful `normalize`, `view`
/// shows nothing refused.
///
/// ```
/// use sync_core::{SyncValue, model::Kind};
///
/// #[derive(SyncValue, Clone, Debug, PartialEq)]
/// struct Size {
///     width: u32,
///     height: u32,
/// }
///
/// #[derive(SyncValue, Clone, Debug, PartialEq)]
/// #[sync(rename_all = "snake_case")]
/// enum Status {
///     OnAir,
///     Ready,
/// }
/// assert_eq!(<Size as SyncValue>::KIND, Kind::Map);
/// assert_eq!(<Status as SyncValue>::KIND, Kind::Text);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a model: it is not a `SyncValue`",
    label = "not a `SyncValue`",
    note = "for a type of your own, write `#[derive(SyncValue)]` on it",
    note = "for a model, write `#[sync(whole)]` on the field: it is stored and replaced as one value",
    note = "for a foreign type with serde's traits, write `#[sync(opaque)]` on the field",
    note = "for any other foreign type, write `#[sync(with = \"module\")]` on the field"
)]
pub trait SyncValue: Clone + Send + Sync + 'static {
    /// How stores and clients see it.
    const KIND: Kind;

    /// Whether null is one of its values, as it is for `Option`.
    const NULLABLE: bool = false;

    /// Whether null stands for [`absent`](SyncValue::absent); not so for `Option<Option<T>>`.
    const NULL_IS_ABSENT: bool = false;

    /// Whether [`absent`](SyncValue::absent) gives a value.
    const OPTIONAL: bool = false;

    /// The kind of a list of these; `u8` makes bytes of it.
    #[doc(hidden)]
    const LIST_KIND: Kind = Kind::List;

    /// A borrowed look at it; [`View::Absent`] is left out of documents.
    fn view(&self) -> View<'_>;

    /// Reads one value.
    ///
    /// # Errors
    /// A [`Refusal`] that says what was expected.
    fn read(input: Input<'_>) -> Result<Self, Refusal>;

    /// Whether the two are the same value; also for types without `PartialEq`, and never a user's one.
    fn same(&self, other: &Self) -> bool;

    /// Brings it into the value domain: cuts dates to milliseconds, makes -0 into 0.
    ///
    /// # Errors
    /// A [`Refusal`] of what cannot be brought there: NaN, infinity, integers beyond `i64`, reserved keys.
    fn normalize(&mut self) -> Result<(), Refusal> {
        Ok(())
    }

    /// What a missing field reads as; `None` where a field must be there.
    fn absent() -> Option<Self> {
        None
    }

    /// How a list of these looks.
    #[doc(hidden)]
    fn view_list(list: &Vec<Self>) -> View<'_> {
        View::List(list)
    }

    /// Reads a list of these.
    #[doc(hidden)]
    fn read_list(input: Input<'_>) -> Result<Vec<Self>, Refusal> {
        let Input::List(items) = input else { return input.refuse("a list") };
        read_items(items, Self::read)
    }
}
