//! Paths and small functions for the derive's output, so that it depends on nothing that the user's crate
//! imports.

pub use std::any::Any;
pub use std::clone::Clone;
pub use std::default::Default;
pub use std::fmt::{Debug, Formatter, Result as FmtResult};
pub use std::option::Option;
pub use std::result::Result;
pub use std::string::String;

pub use serde::de::{Deserialize, Deserializer};
pub use serde::ser::{Serialize, Serializer};
pub use uuid::Uuid;

pub use crate::model::{
    Codec, Conflict, Convert, Edit, Entries, Field, FieldInfo, Flags, Input, IntoNew, Invalid, Kind, ModelId,
    ModelPatch, Native, Opaque, PatchSlot, Refusal, Schema, SyncModel, SyncValue, Value, View, With,
    debug_patch, deserialize_patch, serialize_model, serialize_patch,
};

/// Brings one field into the value domain; the refusal names it.
pub fn normalize<T, C: Codec<T>>(value: &mut T, name: &'static str) -> Result<(), Refusal> {
    C::normalize(value).map_err(|refusal| refusal.at(name))
}

/// The last arm of each match over indexes.
#[cold]
pub fn no_field(index: usize) -> ! {
    panic!("no field has the index {index}: it comes from the schema of another model")
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
