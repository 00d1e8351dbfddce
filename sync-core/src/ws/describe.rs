//! A backend's entry in `welcome`: what may be done, and the fields that are seen.

use serde_json::{Map, Value as Json, json};

use super::policy::Resolved;
use crate::backend::Action;
use crate::model::{FieldInfo, Flags, Input, ModelPatch as _, SyncModel, View};

/// `{"id":…,"actions":[…],"fields":{…}}`.
pub(crate) fn describe<M: SyncModel>(rules: &Resolved<M>) -> String {
    let actions = [Action::Read, Action::Create, Action::Update, Action::Delete];
    let actions: Vec<_> =
        actions.into_iter().filter(|action| rules.actions.contains(action)).map(Action::as_str).collect();
    let mut fields = Map::new();
    for index in rules.seen.iter() {
        let info = &M::SCHEMA.fields[index];
        fields.insert(info.name.into(), field::<M>(index, info));
    }
    json!({ "id": M::SCHEMA.fields[M::SCHEMA.id].name, "actions": actions, "fields": fields }).to_string()
}

fn field<M: SyncModel>(index: usize, info: &FieldInfo) -> Json {
    let facet = index == M::SCHEMA.id || info.flags.has(Flags::FACET);
    let mut out = json!({
        "kind": info.kind.as_str(),
        "readonly": info.flags.has(Flags::READONLY),
        "facet": facet,
    });
    match null::<M>(index) {
        Null::Refused => {}
        Null::Absent => out["optional"] = true.into(),
        Null::Value => out["nullable"] = true.into(),
    }
    out
}

/// What null is to a field.
enum Null {
    Refused,
    /// The same as absent.
    Absent,
    /// A value of its own.
    Value,
}

/// Asks the field's own decoder.
fn null<M: SyncModel>(index: usize) -> Null {
    let mut patch = M::Patch::default();
    let slot = patch.slot_mut(index);
    match slot.read_patch(Input::Null) {
        Err(_) => Null::Refused,
        Ok(()) if matches!(slot.view(), View::Null) => Null::Value,
        Ok(()) => Null::Absent,
    }
}
