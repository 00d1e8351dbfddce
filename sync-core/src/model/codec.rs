//! How a field's type meets the value domain: natively, through serde, or through a user's module.
//!
//! [`Codec`] is what the derive's typed lines call. [`Native`] is for `SyncValue` types; [`Opaque`] for
//! foreign types with serde's traits; `#[sync(with = "module")]` writes a codec of its own.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::input::Input;
use super::patch::{Edit, PatchSlot};
use super::refusal::Refusal;
use super::value::{Kind, SyncValue};
use super::view::{Value, View};

/// The way a field of type `T` is shown, read, compared and normalised.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be `whole`: it is no model, nor an `Option` or `Vec` of one",
    label = "not a model",
    note = "`#[sync(whole)]` is for structs that derive `SyncModel`; a `SyncValue` needs no annotation"
)]
pub trait Codec<T>: Send + Sync + 'static {
    /// How stores and clients see it.
    const KIND: Kind;
    /// See [`SyncValue::NULL_IS_ABSENT`].
    const NULL_IS_ABSENT: bool = false;
    /// Whether [`absent`](Codec::absent) gives a value, where that is known at compile time.
    const OPTIONAL: bool = false;
    /// A look at the value.
    fn view(value: &T) -> View<'_>;
    /// Reads one value.
    ///
    /// # Errors
    /// A [`Refusal`] that says what was expected.
    fn read(input: Input<'_>) -> Result<T, Refusal>;
    /// Whether two values are the same.
    fn same(a: &T, b: &T) -> bool;
    /// Brings the value into the value domain.
    ///
    /// # Errors
    /// A [`Refusal`] of what cannot be brought there.
    fn normalize(value: &mut T) -> Result<(), Refusal>;
    /// What a missing field reads as.
    fn absent() -> Option<T> {
        None
    }

    // What follows is for the derive alone. It calls all of it as `<C as Codec<T>>::..`, spanned on the
    // field's type: the compiler then has the same complaint of each call, and says it once.

    /// What the schema says of the type: its kind, and whether it is optional.
    #[doc(hidden)]
    const FACTS: (Kind, bool) = (Self::KIND, Self::OPTIONAL);

    /// An edit without its type.
    #[doc(hidden)]
    fn slot(edit: &Edit<T, Self>) -> &dyn PatchSlot
    where
        Self: Sized,
        T: Clone + Send + Sync + 'static,
    {
        edit
    }

    /// An edit without its type, to be written.
    #[doc(hidden)]
    fn slot_mut(edit: &mut Edit<T, Self>) -> &mut dyn PatchSlot
    where
        Self: Sized,
        T: Clone + Send + Sync + 'static,
    {
        edit
    }

    /// Notes the newer value where it differs.
    #[doc(hidden)]
    fn diff(edit: &mut Edit<T, Self>, older: &T, newer: &T)
    where
        Self: Sized,
        T: Clone,
    {
        if !Self::same(older, newer) {
            *edit = Edit::set(newer.clone());
        }
    }

    /// The value a document gets that has only this edit, or the refusal of a missing field.
    #[doc(hidden)]
    fn required(mut edit: Edit<T, Self>, name: &'static str) -> Result<T, Refusal>
    where
        Self: Sized,
    {
        edit.take().or_else(Self::absent).ok_or_else(|| Refusal::missing(name))
    }

    /// Brings a field into the value domain; notes the first refusal, under the field's name.
    ///
    /// A sink and not a `Result`, because a `?` on each line is what the compiler would be busy with.
    #[doc(hidden)]
    fn normalize_field(value: &mut T, name: &'static str, refused: &mut Option<Refusal>) {
        if let Err(refusal) = Self::normalize(value) {
            refused.get_or_insert_with(|| refusal.at(name));
        }
    }
}

/// The codec of `SyncValue` types.
#[derive(Clone, Copy, Debug)]
pub struct Native;

impl<T: SyncValue> Codec<T> for Native {
    const KIND: Kind = T::KIND;
    const NULL_IS_ABSENT: bool = T::NULL_IS_ABSENT;
    const OPTIONAL: bool = T::OPTIONAL;
    fn view(value: &T) -> View<'_> {
        value.view()
    }
    fn read(input: Input<'_>) -> Result<T, Refusal> {
        T::read(input)
    }
    fn same(a: &T, b: &T) -> bool {
        a.same(b)
    }
    fn normalize(value: &mut T) -> Result<(), Refusal> {
        value.normalize()
    }
    fn absent() -> Option<T> {
        T::absent()
    }
}

/// The codec of foreign types with serde's traits: stored as what serde makes of them, compared by that.
#[derive(Clone, Copy, Debug)]
pub struct Opaque;

impl<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Codec<T> for Opaque {
    const KIND: Kind = Kind::Any;
    const NULL_IS_ABSENT: bool = true;
    fn view(value: &T) -> View<'_> {
        match to_value(value) {
            Ok(Value::Null) => View::Absent,
            Ok(value) => View::Owned(Box::new(value)),
            Err(refusal) => View::Refused(refusal),
        }
    }
    fn read(input: Input<'_>) -> Result<T, Refusal> {
        let value = super::json::to_serde_json(&input.into_value()?);
        serde_json::from_value(value).map_err(|error| Refusal::new(error.to_string()))
    }
    fn same(a: &T, b: &T) -> bool {
        matches!((to_value(a), to_value(b)), (Ok(a), Ok(b)) if a == b)
    }
    fn normalize(value: &mut T) -> Result<(), Refusal> {
        to_value(value).and_then(|mut value| SyncValue::normalize(&mut value))
    }
    fn absent() -> Option<T> {
        serde_json::from_value(serde_json::Value::Null).ok()
    }
}

fn to_value<T: Serialize>(value: &T) -> Result<Value, Refusal> {
    let json = serde_json::to_vec(value).map_err(|error| Refusal::new(error.to_string()))?;
    super::json::read_json(&json, Value::read)
}

/// The codec of `#[sync(with = "module")]`: `module::to_value(&T) -> Value` and
/// `module::from_value(Value) -> Result<T, Refusal>`, which the derive hands over as the [`Convert`] of the
/// struct and the field's index.
#[derive(Debug)]
pub struct With<S, const FIELD: usize>(PhantomData<fn() -> S>);

/// The two functions of a user's module, for one field of the struct.
#[doc(hidden)]
pub trait Convert<T, const FIELD: usize>: Send + Sync + 'static {
    fn to_value(value: &T) -> Value;
    fn from_value(value: Value) -> Result<T, Refusal>;
}

impl<T, S, const FIELD: usize> Codec<T> for With<S, FIELD>
where
    T: Clone + Send + Sync + 'static,
    S: Convert<T, FIELD>,
{
    const KIND: Kind = Kind::Any;
    const NULL_IS_ABSENT: bool = true;
    fn view(value: &T) -> View<'_> {
        match S::to_value(value) {
            Value::Null => View::Absent,
            value => View::Owned(Box::new(value)),
        }
    }
    fn read(input: Input<'_>) -> Result<T, Refusal> {
        S::from_value(input.into_value()?)
    }
    fn same(a: &T, b: &T) -> bool {
        S::to_value(a) == S::to_value(b)
    }
    fn normalize(value: &mut T) -> Result<(), Refusal> {
        SyncValue::normalize(&mut S::to_value(value))
    }
    fn absent() -> Option<T> {
        S::from_value(Value::Null).ok()
    }
}
