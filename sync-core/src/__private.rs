//! Paths for the derive's output, so that it does not depend on what the user's crate imports.

pub use std::any::Any;
pub use std::clone::Clone;
pub use std::default::Default;
pub use std::fmt::{Debug, Formatter, Result as FmtResult};
pub use std::option::Option;
pub use std::result::Result;
pub use std::string::String;

pub use serde::de::{Deserialize, Deserializer};
pub use serde::ser::{Serialize, Serializer};

pub use crate::model::{
    Codec, Conflict, Convert, Edit, Entries, Field, FieldInfo, Flags, Input, Invalid, Kind, ModelId,
    ModelPatch, Native, Opaque, PatchSlot, Refusal, Schema, SyncModel, SyncValue, Value, View, With,
    debug_patch, deserialize_patch, serialize_model, serialize_patch,
};
