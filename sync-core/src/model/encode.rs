//! Models and patches to and from JSON and serde: thin typed shells over `document` and `json`.

use serde::de::{Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use super::document::{Access, Doc, DocShape, Extra, Fields, Form, PatchShape, PatchSlots, Rev, Root};
use super::field::FieldSet;
use super::json::{Shown, Spelling, read_into, read_json_into, write_json};
use super::refusal::Refusal;
use super::schema::{Flags, Schema};
use super::view::{Value, View};
use super::{ModelPatch, SyncModel};

impl Schema {
    /// All fields.
    pub fn all_fields(&self) -> FieldSet {
        FieldSet::all(self.fields.len())
    }

    /// The fields that may leave the server.
    pub fn public_fields(&self) -> FieldSet {
        (0..self.fields.len()).filter(|i| !self.fields[*i].flags.has(Flags::PRIVATE)).collect()
    }
}

/// The fields of a document that are in `seen`, as a JSON object.
pub(crate) fn encode_doc<M: SyncModel>(
    value: &M,
    seen: &FieldSet,
    extra: Option<&[(String, Value)]>,
    spelling: Spelling,
) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::with_capacity(256);
    let shape = DocShape(value);
    write_json(View::Map(&Fields { shape: &shape, seen, extra }), spelling, &mut out)?;
    Ok(out)
}

/// What a patch says of the fields in `seen`, as a JSON object.
pub(crate) fn encode_patch<P: ModelPatch>(
    patch: &P,
    seen: &FieldSet,
    spelling: Spelling,
) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::with_capacity(128);
    let shape = PatchShape(patch);
    write_json(View::Map(&Fields { shape: &shape, seen, extra: None }), spelling, &mut out)?;
    Ok(out)
}

/// Reads a stored document.
pub(crate) fn decode_doc<M: SyncModel>(json: &[u8], rev: Rev) -> Result<Doc<M>, Refusal> {
    let mut patch = M::Patch::default();
    let extra = decode::<M::Patch>(json, &mut patch, Access::Store, Form::Document)?;
    Ok(Doc { value: std::sync::Arc::new(M::build(patch)?), extra, rev })
}

/// Reads some fields of a stored document; null is a value, as it is in documents.
pub(crate) fn decode_fields<P: ModelPatch>(json: &[u8]) -> Result<P, Refusal> {
    let mut patch = P::default();
    decode(json, &mut patch, Access::Store, Form::Document)?;
    Ok(patch)
}

/// Reads a patch, of a store of ours or of a client.
pub(crate) fn decode_patch<P: ModelPatch>(json: &[u8], access: Access) -> Result<P, Refusal> {
    let mut patch = P::default();
    decode(json, &mut patch, access, Form::Patch)?;
    Ok(patch)
}

fn decode<P: ModelPatch>(
    json: &[u8],
    patch: &mut P,
    access: Access,
    form: Form,
) -> Result<Option<Extra>, Refusal> {
    let mut slots = PatchSlots(patch);
    let mut root = Root { slots: &mut slots, access, form, extra: None };
    read_json_into(json, &mut root)?;
    Ok(root.extra)
}

/// The `Serialize` of a model: its public fields, as clients see them.
#[doc(hidden)]
pub fn serialize_model<M: SyncModel, S: Serializer>(model: &M, out: S) -> Result<S::Ok, S::Error> {
    let shape = DocShape(model);
    let seen = M::SCHEMA.public_fields();
    Shown(View::Map(&Fields { shape: &shape, seen: &seen, extra: None }), Spelling::Wire).serialize(out)
}

/// The `Serialize` of a patch: what it says of public fields.
#[doc(hidden)]
pub fn serialize_patch<P: ModelPatch, S: Serializer>(patch: &P, out: S) -> Result<S::Ok, S::Error> {
    let shape = PatchShape(patch);
    let seen = P::Model::SCHEMA.public_fields();
    Shown(View::Map(&Fields { shape: &shape, seen: &seen, extra: None }), Spelling::Wire).serialize(out)
}

/// The `Deserialize` of a patch: a client's, so private, readonly and unknown fields are refused.
#[doc(hidden)]
pub fn deserialize_patch<'de, P: ModelPatch, D: Deserializer<'de>>(source: D) -> Result<P, D::Error> {
    let mut patch = P::default();
    let mut slots = PatchSlots(&mut patch);
    let mut root = Root { slots: &mut slots, access: Access::Client, form: Form::Patch, extra: None };
    let named = |refusal| D::Error::custom(format_args!("{}: {refusal}", P::Model::SCHEMA.model));
    read_into(source, &mut root).map_err(named)?;
    Ok(patch)
}

/// The `Debug` of a patch: only what it says, private fields hidden.
#[doc(hidden)]
pub fn debug_patch<P: ModelPatch>(
    patch: &P,
    name: &str,
    f: &mut std::fmt::Formatter<'_>,
) -> std::fmt::Result {
    let mut out = f.debug_struct(name);
    for (index, field) in P::Model::SCHEMA.fields.iter().enumerate() {
        let slot = patch.slot(index);
        match slot.is_set() {
            true if field.flags.has(Flags::PRIVATE) => out.field(field.name, &format_args!("[private]")),
            true => out.field(field.name, &slot.view()),
            false => &mut out,
        };
    }
    out.finish()
}
