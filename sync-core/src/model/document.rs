//! Whole documents and patches as entries: the one encoder and the one decoder of models.
//!
//! Nothing here knows a model's type: documents are shown through [`Shape`] and read into [`Slots`], which
//! the derive's tables implement. Three askers read and see different things, and say so by [`Access`].

use std::ops::ControlFlow;
use std::sync::Arc;

use super::field::FieldSet;
use super::input::{EntriesInput, Ignore, Input, Reader, Slot, read_value};
use super::patch::PatchSlot;
use super::refusal::Refusal;
use super::schema::{Flags, Schema};
use super::view::{Entries, Value, View};
use super::{ModelPatch, SyncModel};

/// A revision: strictly growing per document, also across delete and re-create; below 2^53.
pub type Rev = u64;

/// The fields of a document that this binary does not know, kept as they are.
pub type Extra = Arc<Vec<(String, Value)>>;

/// A whole document where one travels or is stored.
#[derive(Debug)]
pub struct Doc<M> {
    /// The document.
    pub value: Arc<M>,
    /// What a newer binary or another program wrote beside it; `None` where there is nothing.
    pub extra: Option<Extra>,
    /// Its revision.
    pub rev: Rev,
}

impl<M> Clone for Doc<M> {
    fn clone(&self) -> Self {
        Doc { value: self.value.clone(), extra: self.extra.clone(), rev: self.rev }
    }
}

impl<M: SyncModel> Doc<M> {
    /// The document that an outcome made of this one, at its new revision.
    pub fn patched(&self, outcome: &M::Patch, rev: Rev) -> Self {
        let mut value = (*self.value).clone();
        value.apply(outcome);
        Doc { value: Arc::new(value), extra: self.extra.clone(), rev }
    }
}

/// A model without its type, to be shown.
pub(crate) trait Shape {
    fn schema(&self) -> &'static Schema;
    fn view(&self, index: usize) -> View<'_>;
}

/// A document.
pub(crate) struct DocShape<'a, M>(pub(crate) &'a M);

impl<M: SyncModel> Shape for DocShape<'_, M> {
    fn schema(&self) -> &'static Schema {
        M::SCHEMA
    }
    fn view(&self, index: usize) -> View<'_> {
        self.0.view(index)
    }
}

/// What a patch says, in a patch's spelling: fields it says nothing of are absent.
pub(crate) struct PatchShape<'a, P>(pub(crate) &'a P);

impl<P: ModelPatch> Shape for PatchShape<'_, P> {
    fn schema(&self) -> &'static Schema {
        P::Model::SCHEMA
    }
    fn view(&self, index: usize) -> View<'_> {
        let slot = self.0.slot(index);
        if slot.is_set() { slot.patch_view() } else { View::Absent }
    }
}

/// The entries of a shape that an asker may see; shows each field under its wire name.
pub(crate) struct Fields<'a> {
    pub(crate) shape: &'a dyn Shape,
    pub(crate) seen: &'a FieldSet,
    pub(crate) extra: Option<&'a [(String, Value)]>,
}

impl Entries for Fields<'_> {
    fn count(&self) -> usize {
        let fields = self.seen.iter().filter(|i| !matches!(self.shape.view(*i), View::Absent)).count();
        fields + self.extra.map_or(0, <[_]>::len)
    }
    fn each(&self, show: &mut dyn FnMut(&str, View<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let fields = self.shape.schema().fields;
        for index in self.seen.iter() {
            let name = fields[index].name;
            match self.shape.view(index) {
                View::Absent => {}
                // The refusal names the field, whichever encoder meets it.
                View::Refused(refusal) => show(name, View::Refused(refusal.at(name)))?,
                view => show(name, view)?,
            }
        }
        self.extra.unwrap_or_default().iter().try_for_each(|(name, value)| show(name, value.view()))
    }
}

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// A store of ours: every field, and unknown ones are kept.
    Store,
    /// A client: no private fields, no readonly ones, unknown ones are refused.
    Client,
}

/// A patch without its type, to be filled.
pub(crate) trait Slots {
    fn schema(&self) -> &'static Schema;
    fn slot_mut(&mut self, index: usize) -> &mut dyn PatchSlot;
}

/// The slots of a patch.
pub(crate) struct PatchSlots<'a, P>(pub(crate) &'a mut P);

impl<P: ModelPatch> Slots for PatchSlots<'_, P> {
    fn schema(&self) -> &'static Schema {
        P::Model::SCHEMA
    }
    fn slot_mut(&mut self, index: usize) -> &mut dyn PatchSlot {
        self.0.slot_mut(index)
    }
}

/// Whether the entries are a document (null is a value) or a patch (null unsets).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Document,
    Patch,
}

/// Reads entries into slots; gives what it did not know.
pub(crate) fn read_fields(
    entries: &mut dyn EntriesInput,
    slots: &mut dyn Slots,
    access: Access,
    form: Form,
) -> Result<Option<Extra>, Refusal> {
    let schema = slots.schema();
    let mut extra = Vec::new();
    let mut seen = Spellings::default();
    while let Some(name) = entries.key()? {
        let known = schema.find(&name);
        match (known, access) {
            (Some(index), Access::Store) if !seen.is_best(index, schema.fields[index].rank(&name)) => {
                entries.value(&mut Ignore)?;
            }
            (Some(index), Access::Client) if schema.fields[index].flags.has(Flags::PRIVATE) => {
                return Err(Refusal::unknown_field(&name));
            }
            (Some(index), Access::Client) if schema.fields[index].flags.has(Flags::READONLY) => {
                return Err(Refusal::readonly(&name));
            }
            (None, Access::Client) => return Err(Refusal::unknown_field(&name)),
            (Some(index), _) => entries
                .value(&mut Into { slot: slots.slot_mut(index), form })
                .map_err(|refusal| refusal.at(schema.fields[index].name))?,
            (None, Access::Store) if form == Form::Patch => entries.value(&mut Ignore)?,
            (None, Access::Store) => {
                let mut slot = Reader::new(read_value);
                entries.value(&mut slot).map_err(|refusal| refusal.at(&name))?;
                extra.extend(slot.take().map(|value| (name, value)));
            }
        }
    }
    Ok((!extra.is_empty()).then(|| Arc::new(extra)))
}

/// Under which spelling each field with aliases was read: a document that was written by an older and a
/// newer program may have a field twice, and its own name wins, then the aliases in their order.
#[derive(Default)]
struct Spellings(Vec<(usize, usize)>);

impl Spellings {
    /// Whether no better spelling of the field was read before.
    fn is_best(&mut self, field: usize, rank: Option<usize>) -> bool {
        let Some(rank) = rank else { return true };
        match self.0.iter_mut().find(|(known, _)| *known == field) {
            Some((_, best)) if *best < rank => return false,
            Some((_, best)) => *best = rank,
            None => self.0.push((field, rank)),
        }
        true
    }
}

/// A patch's slot as a decoder's slot.
struct Into<'a> {
    slot: &'a mut dyn PatchSlot,
    form: Form,
}

impl Slot for Into<'_> {
    fn put(&mut self, input: Input<'_>) -> Result<(), Refusal> {
        match self.form {
            Form::Document => self.slot.read_value(input),
            Form::Patch => self.slot.read_patch(input),
        }
    }
}

/// The root of a document or patch, as a decoder's slot.
pub(crate) struct Root<'a> {
    pub(crate) slots: &'a mut dyn Slots,
    pub(crate) access: Access,
    pub(crate) form: Form,
    pub(crate) extra: Option<Extra>,
}

impl Slot for Root<'_> {
    fn put(&mut self, input: Input<'_>) -> Result<(), Refusal> {
        let Input::Map(entries) = input else { return input.refuse("an object") };
        self.extra = read_fields(entries, self.slots, self.access, self.form)?;
        Ok(())
    }
}
