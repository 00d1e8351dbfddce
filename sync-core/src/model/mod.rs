//! Models: the trait that the derive implements, values, fields, patches, and the tracked pair.
//!
//! Nothing here knows of backends, stores or sockets.

mod codec;
mod containers;
mod date;
mod dates;
mod document;
mod encode;
mod field;
mod id;
mod input;
mod invalid;
mod json;
mod patch;
mod refusal;
mod scalars;
mod schema;
mod tracked;
mod value;
mod view;
mod whole;

use std::any::Any;

pub use codec::{Codec, Convert, Native, Opaque, With};
pub use containers::MapKey;
pub use date::Millis;
pub(crate) use document::Access;
pub use document::{Doc, Extra, Rev};
#[cfg(feature = "sqlite")]
pub(crate) use encode::decode_fields;
pub use encode::{debug_patch, deserialize_patch, serialize_model, serialize_patch};
pub(crate) use encode::{decode_doc, decode_patch, encode_doc, encode_patch};
pub use field::{Field, FieldSet, id_field};
pub use id::ModelId;
pub use input::{EntriesInput, Input, ItemsInput, Slot, check_key};
pub(crate) use input::{Ignore, read_operators};
pub use invalid::Invalid;
pub use json::{SAFE_INTEGER, Spelling};
pub(crate) use json::{read_json, write_json};
pub use patch::{Edit, IntoNew, ModelPatch, PatchSlot};
pub use refusal::Refusal;
pub use schema::{Conflict, FieldInfo, Flags, Schema};
pub use tracked::{FieldChange, Tracked};
pub use value::{Kind, SyncValue};
pub use view::{Entries, Items, Value, View};
pub use whole::Whole;

/// A struct that can be fetched, edited, saved and followed.
///
/// Derive it; the methods here are what the derive writes and what backends and stores call.
///
/// ```
/// use sync_core::prelude::*;
///
/// #[derive(SyncModel, Clone, Debug)]
/// #[sync(backend = "lists")]
/// struct List {
///     #[sync(id)]
///     id: Uuid,
///     #[sync(facet)]
///     owner: String,
///     #[sync(private)]
///     notes: String,
/// }
/// assert_eq!(List::SCHEMA.fields[1].name, "owner");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    note = "write `#[derive(SyncModel, Clone)]` on the struct"
)]
pub trait SyncModel: Clone + Send + Sync + 'static {
    /// What names a document.
    type Id: ModelId;
    /// The typed partial change of this model.
    type Patch: ModelPatch<Model = Self>;
    /// The table of its fields.
    const SCHEMA: &'static Schema;

    /// The document's id.
    fn id(&self) -> &Self::Id;

    /// The field with this index, to be downcast by its token.
    #[doc(hidden)]
    fn any(&self, index: usize) -> &dyn Any;

    /// A look at the field with this index.
    #[doc(hidden)]
    fn view(&self, index: usize) -> View<'_>;

    /// Notes in the patch each field that differs in the newer document.
    #[doc(hidden)]
    fn diff(&self, newer: &Self, patch: &mut Self::Patch);

    /// Puts each value of the patch into this document.
    #[doc(hidden)]
    fn apply(&mut self, patch: &Self::Patch);

    /// A document made of a patch; fields it lacks take their defaults.
    #[doc(hidden)]
    fn build(patch: Self::Patch) -> Result<Self, Refusal>;

    /// A patch that says every field of this document.
    #[doc(hidden)]
    fn into_patch(self) -> Self::Patch;

    /// Brings this document's own fields into the value domain.
    #[doc(hidden)]
    fn normalize(&mut self) -> Result<(), Refusal>;

    /// What the struct's `validate` function says of this document.
    #[doc(hidden)]
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}
