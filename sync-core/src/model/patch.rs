//! Patches: typed partial changes, one [`Edit`] per field.
//!
//! A patch is an *intent* while it travels down a chain and an *outcome* once a store committed it; the
//! store turns one into the other. For plain fields both are the same: the field becomes this value.

use std::any::Any;
use std::fmt;

use super::codec::{Codec, Native};
use super::field::{Field, FieldSet};
use super::input::{EntriesInput, Input, Reader, Slot};
use super::refusal::Refusal;
use super::view::{Entries, View};
use super::{Schema, SyncModel};

/// What a patch says of one field: nothing, or its new value.
///
/// `Set(None)` on an `Option` field unsets it; on an `Option<Option<T>>`, `Set(Some(None))` makes it null.
pub struct Edit<T, C = Native> {
    value: Option<T>,
    codec: std::marker::PhantomData<fn() -> C>,
}

impl<T, C> Edit<T, C> {
    /// The field stays as it is.
    pub const KEEP: Self = Edit { value: None, codec: std::marker::PhantomData };

    /// The field becomes this value.
    pub const fn set(value: T) -> Self {
        Edit { value: Some(value), codec: std::marker::PhantomData }
    }

    /// The new value, where there is one.
    pub const fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// Takes the new value out.
    pub fn take(&mut self) -> Option<T> {
        self.value.take()
    }
}

impl<T, C> Edit<T, C> {
    /// The value a document gets that has only this edit, of a field with a default.
    #[doc(hidden)]
    pub fn or_else(self, default: impl FnOnce() -> T) -> T {
        self.value.unwrap_or_else(default)
    }

    /// Puts the new value into the document.
    #[doc(hidden)]
    pub fn apply(&self, to: &mut T)
    where
        T: Clone,
    {
        if let Some(value) = &self.value {
            to.clone_from(value);
        }
    }
}

impl<T: Clone, C> Clone for Edit<T, C> {
    fn clone(&self) -> Self {
        Edit { value: self.value.clone(), codec: self.codec }
    }
}

impl<T, C> Default for Edit<T, C> {
    fn default() -> Self {
        Edit::KEEP
    }
}

impl<T, C> From<T> for Edit<T, C> {
    fn from(value: T) -> Self {
        Edit::set(value)
    }
}

impl<T: fmt::Debug, C> fmt::Debug for Edit<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            None => f.write_str("Keep"),
            Some(value) => f.debug_tuple("Set").field(value).finish(),
        }
    }
}

/// One slot of a patch without its type: what codecs and stores work with.
pub trait PatchSlot: Any + Send + Sync {
    /// Whether it says anything.
    fn is_set(&self) -> bool;
    /// The field's new value as a document shows it; `Absent` also where the slot says nothing.
    fn view(&self) -> View<'_>;
    /// The slot as a patch's JSON shows it; differs from [`view`](PatchSlot::view) where null is a value.
    fn patch_view(&self) -> View<'_>;
    /// Reads the field's value in a document.
    fn read_value(&mut self, input: Input<'_>) -> Result<(), Refusal>;
    /// Reads the slot's form in a patch.
    fn read_patch(&mut self, input: Input<'_>) -> Result<(), Refusal>;
    /// Takes the value out of an `Option<T>`, if `T` is the field's own type.
    fn put(&mut self, value: &mut dyn Any) -> bool;
    /// The value, as `T`.
    fn any(&self) -> Option<&dyn Any>;
    /// Brings the value into the value domain.
    fn normalize(&mut self) -> Result<(), Refusal>;
    /// Says nothing again.
    fn clear(&mut self);
    /// Takes over what another slot of the same type says, where it says something.
    fn merge(&mut self, later: &mut dyn Any);
    /// For [`merge`](PatchSlot::merge).
    fn as_any_mut(&mut self) -> &mut dyn Any;
    /// Whether it says just the value that the field has already.
    fn is_value(&self, field: &dyn Any) -> bool;
}

/// `{"$unset": true}`: how a patch unsets a field whose null is a value.
struct Unset;

const UNSET: &str = "$unset";

impl Entries for Unset {
    fn count(&self) -> usize {
        1
    }
    fn each(
        &self,
        show: &mut dyn FnMut(&str, View<'_>) -> std::ops::ControlFlow<()>,
    ) -> std::ops::ControlFlow<()> {
        show(UNSET, View::Bool(true))
    }
}

/// A map whose first key was read already.
struct Peeked<'a> {
    first: Option<String>,
    rest: &'a mut dyn EntriesInput,
}

impl EntriesInput for Peeked<'_> {
    fn key(&mut self) -> Result<Option<String>, Refusal> {
        self.first.take().map_or_else(|| self.rest.key(), |key| Ok(Some(key)))
    }
    fn value(&mut self, into: &mut dyn Slot) -> Result<(), Refusal> {
        self.rest.value(into)
    }
}

impl<T: Clone + Send + Sync + 'static, C: Codec<T>> PatchSlot for Edit<T, C> {
    fn is_set(&self) -> bool {
        self.value.is_some()
    }
    fn view(&self) -> View<'_> {
        self.value.as_ref().map_or(View::Absent, C::view)
    }
    fn patch_view(&self) -> View<'_> {
        match self.view() {
            View::Absent if self.value.is_some() && !C::NULL_IS_ABSENT => View::Map(&Unset),
            View::Absent => View::Null,
            view => view,
        }
    }
    fn read_value(&mut self, input: Input<'_>) -> Result<(), Refusal> {
        self.value = Some(C::read(input)?);
        Ok(())
    }
    fn read_patch(&mut self, input: Input<'_>) -> Result<(), Refusal> {
        let Input::Map(entries) = input else { return self.read_value(input) };
        let first = entries.key()?;
        if first.as_deref() == Some(UNSET) {
            let mut unset = Reader::new(<bool as super::SyncValue>::read);
            entries.value(&mut unset)?;
            if unset.take() != Some(true) {
                return Err(Refusal::new("has $unset in it, which can only be true"));
            }
            self.value = Some(C::absent().ok_or_else(|| Refusal::new("is required and cannot be unset"))?);
            return entries.key()?.map_or(Ok(()), |_| Err(Refusal::new("has more than $unset in it")));
        }
        match first {
            Some(_) => self.read_value(Input::Map(&mut Peeked { first, rest: entries })),
            None => self.read_value(Input::Map(&mut NoEntries)),
        }
    }
    fn put(&mut self, value: &mut dyn Any) -> bool {
        match value.downcast_mut::<Option<T>>() {
            Some(value) => {
                self.value = value.take();
                true
            }
            None => false,
        }
    }
    fn any(&self) -> Option<&dyn Any> {
        self.value.as_ref().map(|value| value as _)
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        self.value.as_mut().map_or(Ok(()), C::normalize)
    }
    fn clear(&mut self) {
        self.value = None;
    }
    fn merge(&mut self, later: &mut dyn Any) {
        if let Some(later) = later.downcast_mut::<Self>()
            && later.value.is_some()
        {
            self.value = later.value.take();
        }
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn is_value(&self, field: &dyn Any) -> bool {
        matches!((&self.value, field.downcast_ref::<T>()), (Some(new), Some(old)) if C::same(old, new))
    }
}

/// A map that had no keys: its end must not be asked for twice.
struct NoEntries;

impl EntriesInput for NoEntries {
    fn key(&mut self) -> Result<Option<String>, Refusal> {
        Ok(None)
    }
    fn value(&mut self, _: &mut dyn Slot) -> Result<(), Refusal> {
        Err(Refusal::new("has no value"))
    }
}

/// The patch type that the derive writes for a model; its name is the model's with `Patch` behind it.
///
/// ```
/// use sync_core::prelude::*;
///
/// #[derive(SyncModel, Clone, Debug)]
/// #[sync(backend = "lists")]
/// struct List {
///     #[sync(id)]
///     id: Uuid,
///     name: String,
///     note: Option<String>,
/// }
/// let patch = ListPatch::default().with(List::NAME, "Milk").with(List::NOTE, None);
/// assert_eq!(serde_json::to_string(&patch)?, r#"{"name":"Milk","note":null}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait ModelPatch: Default + Clone + fmt::Debug + Send + Sync + 'static {
    /// The model it changes.
    type Model: SyncModel<Patch = Self>;

    /// The slot of the field with this index.
    #[doc(hidden)]
    fn slot(&self, index: usize) -> &dyn PatchSlot;

    /// The slot of the field with this index, to be written.
    #[doc(hidden)]
    fn slot_mut(&mut self, index: usize) -> &mut dyn PatchSlot;

    /// The same patch, and this field becomes that value.
    #[must_use]
    fn with<T: 'static>(mut self, field: Field<Self::Model, T>, value: impl Into<T>) -> Self {
        self.set(field, value);
        self
    }

    /// This field becomes that value.
    fn set<T: 'static>(&mut self, field: Field<Self::Model, T>, value: impl Into<T>) {
        let taken = self.slot_mut(field.index()).put(&mut Some(value.into()));
        debug_assert!(taken, "the derive pairs each index with the field's own type");
    }

    /// The value this field becomes, where the patch says so.
    fn get<T: 'static>(&self, field: Field<Self::Model, T>) -> Option<&T> {
        self.slot(field.index()).any()?.downcast_ref()
    }

    /// The fields it says something of.
    fn fields(&self) -> FieldSet {
        (0..schema::<Self>().fields.len()).filter(|i| self.slot(*i).is_set()).collect()
    }

    /// Whether it says nothing.
    fn is_empty(&self) -> bool {
        !(0..schema::<Self>().fields.len()).any(|i| self.slot(i).is_set())
    }

    /// Takes over what a later patch says.
    fn merge(&mut self, mut later: Self) {
        for index in 0..schema::<Self>().fields.len() {
            self.slot_mut(index).merge(later.slot_mut(index).as_any_mut());
        }
    }

    /// Brings every value into the value domain.
    ///
    /// # Errors
    /// The [`Refusal`] of the first field whose value cannot be brought there.
    fn normalize(&mut self) -> Result<(), Refusal> {
        schema::<Self>().fields.iter().enumerate().try_for_each(|(index, field)| {
            self.slot_mut(index).normalize().map_err(|refusal| refusal.at(field.name))
        })
    }
}

fn schema<P: ModelPatch>() -> &'static Schema {
    P::Model::SCHEMA
}

/// What a document can be created from: the struct, or a patch that says its fields.
pub trait IntoNew<M: SyncModel> {
    /// The fields of the new document.
    fn into_new(self) -> M::Patch;
}

impl<M: SyncModel> IntoNew<M> for M {
    fn into_new(self) -> M::Patch {
        self.into_patch()
    }
}
