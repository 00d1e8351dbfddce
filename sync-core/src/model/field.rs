//! Field tokens, and sets of fields.

use std::fmt;
use std::marker::PhantomData;
use std::ops::BitOr;

use super::SyncModel;

/// A field of a model as a value: to set it, to filter and sort by it, to ask whether it changed.
///
/// The derive writes one constant per field: `List::NAME` is a `Field<List, String>`.
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
/// }
/// assert_eq!(List::NAME.name(), "name");
/// ```
pub struct Field<M, T> {
    index: u16,
    types: PhantomData<fn(&M) -> &T>,
}

impl<M, T> Field<M, T> {
    /// Only the derive knows the right index.
    #[doc(hidden)]
    pub const fn new(index: u16) -> Self {
        Field { index, types: PhantomData }
    }

    /// Its place in the schema.
    pub const fn index(self) -> usize {
        self.index as usize
    }
}

impl<M: SyncModel, T: 'static> Field<M, T> {
    /// Its name in stores and on wires.
    pub fn name(self) -> &'static str {
        M::SCHEMA.fields[self.index()].name
    }

    /// Its value in this document.
    pub fn of(self, model: &M) -> &T {
        model.any(self.index()).downcast_ref().expect("the derive pairs each index with the field's own type")
    }
}

/// The token of a model's id, whatever the struct calls it.
pub fn id_field<M: SyncModel>() -> Field<M, M::Id> {
    Field::new(M::SCHEMA.id as u16)
}

impl<M, T> Clone for Field<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for Field<M, T> {}

impl<M: SyncModel, T> fmt::Debug for Field<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", M::SCHEMA.model, M::SCHEMA.fields[self.index()].name)
    }
}

/// A set of fields, of any number; the first 64 cost no allocation.
///
/// ```
/// use sync_core::{FieldSet, prelude::*};
/// # #[derive(SyncModel, Clone, Debug)]
/// # #[sync(backend = "lists")]
/// # struct List { #[sync(id)] id: Uuid, name: String, owner: String }
/// let fields = List::NAME | List::OWNER;
/// assert!(fields.contains(List::NAME) && !fields.contains(List::ID));
/// assert_eq!(fields.names::<List>().collect::<Vec<_>>(), ["name", "owner"]);
/// assert_eq!(FieldSet::from(List::NAME).len(), 1);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct FieldSet {
    first: u64,
    rest: Vec<u64>,
}

impl FieldSet {
    /// The empty set.
    pub const fn new() -> Self {
        FieldSet { first: 0, rest: Vec::new() }
    }

    /// The first `n` fields.
    pub fn all(n: usize) -> Self {
        (0..n).collect()
    }

    /// Puts a field in.
    pub fn insert(&mut self, index: usize) {
        match index.checked_sub(64) {
            None => self.first |= 1 << index,
            Some(beyond) => {
                let word = beyond / 64;
                if self.rest.len() <= word {
                    self.rest.resize(word + 1, 0);
                }
                self.rest[word] |= 1 << (beyond % 64);
            }
        }
    }

    /// Whether the field with this index is in.
    pub fn has(&self, index: usize) -> bool {
        match index.checked_sub(64) {
            None => self.first & (1 << index) != 0,
            Some(beyond) => self.rest.get(beyond / 64).is_some_and(|word| word & (1 << (beyond % 64)) != 0),
        }
    }

    /// Whether this field is in: `changed.contains(List::NAME)`.
    pub fn contains<M, T>(&self, field: Field<M, T>) -> bool {
        self.has(field.index())
    }

    /// Whether no field is in.
    pub fn is_empty(&self) -> bool {
        self.first == 0 && self.rest.iter().all(|word| *word == 0)
    }

    /// How many fields are in.
    pub fn len(&self) -> usize {
        (self.first.count_ones() + self.rest.iter().map(|word| word.count_ones()).sum::<u32>()) as usize
    }

    /// Whether some field is in both sets.
    pub fn meets(&self, other: &FieldSet) -> bool {
        self.first & other.first != 0 || self.rest.iter().zip(&other.rest).any(|(a, b)| a & b != 0)
    }

    /// The fields' names, of the model that the set is about.
    pub fn names<M: SyncModel>(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.iter().filter_map(|index| M::SCHEMA.fields.get(index)).map(|field| field.name)
    }

    /// The indexes, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let words = std::iter::once(&self.first).chain(&self.rest).enumerate();
        words.flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(at * 64 + bit)
            })
        })
    }
}

impl FromIterator<usize> for FieldSet {
    fn from_iter<I: IntoIterator<Item = usize>>(indexes: I) -> Self {
        let mut set = FieldSet::new();
        indexes.into_iter().for_each(|index| set.insert(index));
        set
    }
}

impl<M, T> From<Field<M, T>> for FieldSet {
    fn from(field: Field<M, T>) -> Self {
        FieldSet::from_iter([field.index()])
    }
}

/// Both fields: `List::NAME | List::OWNER`.
impl<M, T, U> BitOr<Field<M, U>> for Field<M, T> {
    type Output = FieldSet;
    fn bitor(self, other: Field<M, U>) -> FieldSet {
        FieldSet::from(self) | other
    }
}

/// One more field: `List::NAME | List::OWNER | List::VIEWS`.
impl<M, T> BitOr<Field<M, T>> for FieldSet {
    type Output = FieldSet;
    fn bitor(mut self, other: Field<M, T>) -> FieldSet {
        self.insert(other.index());
        self
    }
}

impl fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
