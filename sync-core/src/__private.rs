//! Paths and small functions for the derive's output, so that it depends on nothing that the user's crate
//! imports.

pub use std::any::Any;
pub use std::clone::Clone;
pub use std::default::Default;
pub use std::fmt::{Debug, Display, Formatter, Result as FmtResult};
pub use std::mem::discriminant;
pub use std::ops::ControlFlow::{self, Continue};
pub use std::option::Option;
pub use std::result::Result;
pub use std::string::String;

pub use serde::de::{Deserialize, Deserializer};
pub use serde::ser::{Serialize, Serializer};
pub use uuid::Uuid;

pub use crate::model::{
    Codec, Conflict, Convert, Edit, Entries, Field, FieldInfo, Flags, Input, IntoNew, Invalid, Kind, ModelId,
    ModelPatch, Native, Opaque, PatchSlot, Refusal, Schema, SyncModel, SyncValue, Value, View, Whole, With,
    debug_patch, deserialize_patch, serialize_model, serialize_patch,
};
use crate::model::{Ignore, Slot};

/// The last arm of each match over indexes.
#[cold]
pub fn no_field(index: usize) -> ! {
    panic!("no field has the index {index}: it comes from the schema of another model")
}

/// The outcome of a struct's `normalize`.
pub fn unless(refused: Option<Refusal>) -> Result<(), Refusal> {
    refused.map_or(Ok(()), Err)
}

/// What a walk over entries calls for each.
pub type Show<'a> = dyn FnMut(&str, View<'_>) -> ControlFlow<()> + 'a;

/// Entries that a closure walks: those of a variant with named fields.
#[derive(Debug)]
pub struct Walk<F>(pub F);

impl<F: Fn(&mut Show<'_>) -> ControlFlow<()>> Entries for Walk<F> {
    fn count(&self) -> usize {
        count(self)
    }
    fn each(&self, show: &mut Show<'_>) -> ControlFlow<()> {
        (self.0)(show)
    }
}

/// How many entries are not absent.
pub fn count(entries: &dyn Entries) -> usize {
    let mut count = 0;
    let _all = entries.each(&mut |_, view| {
        count += usize::from(!matches!(view, View::Absent));
        Continue(())
    });
    count
}

/// The value of a variant: it has to be there, or the variant's name would not be.
pub fn present(view: View<'_>) -> View<'_> {
    if matches!(view, View::Absent) { View::Null } else { view }
}

/// Whether a foreign type is an `Option`: `Is::<T>::OPTION` finds the inherent constant before that of
/// [`NoOption`].
#[derive(Debug)]
pub struct Is<T>(std::marker::PhantomData<T>);

impl<T> Is<Option<T>> {
    /// It is.
    pub const OPTION: bool = true;
}

/// What holds of all other types.
pub trait NoOption {
    /// It is not.
    const OPTION: bool = false;
}

impl<T> NoOption for Is<T> {}

/// A field of a struct that is read: its name, its aliases, and where it goes.
pub type Target<'a> = (&'static str, &'static [&'static str], &'a mut dyn PatchSlot);

/// Reads the fields of a struct; unknown keys are passed over.
pub fn read_struct(input: Input<'_>, fields: &mut [Target<'_>]) -> Result<(), Refusal> {
    let Input::Map(entries) = input else { return input.refuse("an object") };
    while let Some(key) = entries.key()? {
        match fields.iter_mut().find(|(name, aliases, _)| *name == key || aliases.contains(&&*key)) {
            Some((name, _, slot)) => {
                entries
                    .value(&mut ReadWith(|input: Input<'_>| slot.read_value(input)))
                    .map_err(|refusal| refusal.at(name))?;
            }
            None => entries.value(&mut Ignore)?,
        }
    }
    Ok(())
}

/// A slot that a closure reads.
struct ReadWith<F>(F);

impl<F: FnMut(Input<'_>) -> Result<(), Refusal>> Slot for ReadWith<F> {
    fn put(&mut self, input: Input<'_>) -> Result<(), Refusal> {
        (self.0)(input)
    }
}

/// Reads an enum: text, or a map of one key. `read` gives `None` for what is no variant of that form.
pub fn read_variant<T>(
    input: Input<'_>,
    names: &'static [&'static str],
    read: fn(&str, Option<Input<'_>>) -> Result<Option<T>, Refusal>,
) -> Result<T, Refusal> {
    let unknown = |name: &str| Refusal::new(format!("is {name:?}, which is none of {}", names.join(", ")));
    let entries = match input {
        Input::Text(name) => {
            return read(&name, None)?.ok_or_else(|| match names.contains(&&*name) {
                true => Refusal::new(format!("is {name:?}, which has a value: {{{name:?}: …}}")),
                false => unknown(&name),
            });
        }
        Input::Map(entries) => entries,
        other => return other.refuse(&format!("one of {}", names.join(", "))),
    };
    let name = entries.key()?.ok_or_else(|| Refusal::expected("the name of a variant", "an empty object"))?;
    let mut out = None;
    let mut slot = ReadWith(|input: Input<'_>| {
        out = read(&name, Some(input))?;
        Ok(())
    });
    entries.value(&mut slot).map_err(|refusal| refusal.at(&name))?;
    if entries.key()?.is_some() {
        return Err(Refusal::new("has more than one variant in it"));
    }
    out.ok_or_else(|| match names.contains(&&*name) {
        true => Refusal::new(format!("has a value for {name:?}, which has none: it is the text {name:?}")),
        false => unknown(&name),
    })
}

/// Stands in for the codec of a field whose attributes have an error, so that this error stays alone.
#[derive(Debug)]
pub struct Broken;

impl<T: Clone + Send + Sync + 'static> Codec<T> for Broken {
    const KIND: Kind = Kind::Any;
    fn view(_: &T) -> View<'_> {
        no_field(0)
    }
    fn read(_: Input<'_>) -> Result<T, Refusal> {
        no_field(0)
    }
    fn same(_: &T, _: &T) -> bool {
        no_field(0)
    }
    fn normalize(_: &mut T) -> Result<(), Refusal> {
        no_field(0)
    }
}
