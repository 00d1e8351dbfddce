//! [`SyncValue`] for containers: options, lists, sets, maps, boxes, tuples of none.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::input::{Input, Reader, check_key, read_items};
use super::refusal::Refusal;
use super::value::{Kind, SyncValue};
use super::view::{Entries, Items, View};

/// `None` is left out of documents; `Some(None)` of a double option is stored as null.
impl<T: SyncValue> SyncValue for Option<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;
    const NULL_IS_ABSENT: bool = !T::NULLABLE;
    const OPTIONAL: bool = true;
    fn view(&self) -> View<'_> {
        match self {
            None => View::Absent,
            Some(value) => match value.view() {
                View::Absent => View::Null,
                view => view,
            },
        }
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        match input {
            Input::Null if Self::NULL_IS_ABSENT => Ok(None),
            input => T::read(input).map(Some),
        }
    }
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (None, None) => true,
            (Some(a), Some(b)) => a.same(b),
            _ => false,
        }
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        self.as_mut().map_or(Ok(()), T::normalize)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: SyncValue> SyncValue for Box<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = T::NULLABLE;
    const NULL_IS_ABSENT: bool = T::NULL_IS_ABSENT;
    const OPTIONAL: bool = T::OPTIONAL;
    fn view(&self) -> View<'_> {
        (**self).view()
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        T::read(input).map(Box::new)
    }
    fn same(&self, other: &Self) -> bool {
        (**self).same(other)
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        (**self).normalize()
    }
    fn absent() -> Option<Self> {
        T::absent().map(Box::new)
    }
}

impl<T: SyncValue> SyncValue for Arc<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = T::NULLABLE;
    const NULL_IS_ABSENT: bool = T::NULL_IS_ABSENT;
    const OPTIONAL: bool = T::OPTIONAL;
    fn view(&self) -> View<'_> {
        (**self).view()
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        T::read(input).map(Arc::new)
    }
    fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(self, other) || (**self).same(other)
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        Arc::make_mut(self).normalize()
    }
    fn absent() -> Option<Self> {
        T::absent().map(Arc::new)
    }
}

impl<T: SyncValue> SyncValue for Vec<T> {
    const KIND: Kind = T::LIST_KIND;
    fn view(&self) -> View<'_> {
        T::view_list(self)
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        T::read_list(input)
    }
    fn same(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a.same(b))
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        self.iter_mut().enumerate().try_for_each(|(i, item)| item.normalize().map_err(|r| r.at(i)))
    }
}

impl<T: SyncValue> Items for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }
    fn each(&self, show: &mut dyn FnMut(View<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.iter().try_for_each(|item| show(item.view()))
    }
}

/// A set walks in the order of its values where it has one; a hash set is shown sorted by its text.
impl<T: SyncValue + Ord> SyncValue for BTreeSet<T> {
    const KIND: Kind = Kind::List;
    fn view(&self) -> View<'_> {
        View::List(self)
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        read_each(input).map(|items| items.into_iter().collect())
    }
    fn same(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a.same(b))
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        *self = normalize_each(self.iter())?;
        Ok(())
    }
}

impl<T: SyncValue + Ord> Items for BTreeSet<T> {
    fn count(&self) -> usize {
        self.len()
    }
    fn each(&self, show: &mut dyn FnMut(View<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.iter().try_for_each(|item| show(item.view()))
    }
}

impl<T, S> SyncValue for HashSet<T, S>
where
    T: SyncValue + Ord + Hash,
    S: BuildHasher + Default + Clone + Send + Sync + 'static,
{
    const KIND: Kind = Kind::List;
    fn view(&self) -> View<'_> {
        View::List(self)
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        read_each(input).map(|items| items.into_iter().collect())
    }
    fn same(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|item| other.contains(item))
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        *self = normalize_each(self.iter())?;
        Ok(())
    }
}

impl<T: SyncValue + Ord, S> Items for HashSet<T, S> {
    fn count(&self) -> usize {
        self.len()
    }
    fn each(&self, show: &mut dyn FnMut(View<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut items: Vec<&T> = self.iter().collect();
        items.sort();
        items.into_iter().try_for_each(|item| show(item.view()))
    }
}

fn read_each<T: SyncValue>(input: Input<'_>) -> Result<Vec<T>, Refusal> {
    let Input::List(items) = input else { return input.refuse("a list") };
    read_items(items, T::read)
}

/// The items normalised, as copies: a refusal must leave the set as it is.
fn normalize_each<'a, T: SyncValue, C: FromIterator<T>>(
    items: impl Iterator<Item = &'a T>,
) -> Result<C, Refusal> {
    items.cloned().map(|mut item| item.normalize().map(|()| item)).collect()
}

/// A type whose values can be keys of a map: they are text on the wire.
pub trait MapKey: Clone + Ord + Send + Sync + 'static {
    /// The key's text.
    fn text(&self) -> std::borrow::Cow<'_, str>;
    /// The key of this text.
    ///
    /// # Errors
    /// A [`Refusal`] where the text is no such key.
    fn parse(text: &str) -> Result<Self, Refusal>;
}

impl MapKey for String {
    fn text(&self) -> std::borrow::Cow<'_, str> {
        self.as_str().into()
    }
    fn parse(text: &str) -> Result<Self, Refusal> {
        Ok(text.to_owned())
    }
}

macro_rules! map_keys {
    ($($t:ty: $what:literal),*) => {$(
        impl MapKey for $t {
            fn text(&self) -> std::borrow::Cow<'_, str> {
                self.to_string().into()
            }
            fn parse(text: &str) -> Result<Self, Refusal> {
                text.parse().map_err(|_| Refusal::new(concat!("expects ", $what, " as key")).at(text))
            }
        }
    )*};
}
map_keys!(uuid::Uuid: "a UUID", i32: "an integer", i64: "an integer", u32: "an integer", u64: "an integer");

fn read_entries<K: MapKey, V: SyncValue>(input: Input<'_>) -> Result<Vec<(K, V)>, Refusal> {
    let Input::Map(entries) = input else { return input.refuse("an object") };
    let mut out = Vec::new();
    let mut slot = Reader::new(V::read);
    while let Some(key) = entries.key()? {
        check_key(&key)?;
        entries.value(&mut slot).map_err(|refusal| refusal.at(&key))?;
        if let Some(value) = slot.take() {
            out.push((K::parse(&key)?, value));
        }
    }
    Ok(out)
}

fn normalize_entry<K: MapKey, V: SyncValue>(key: &K, value: &mut V) -> Result<(), Refusal> {
    let text = key.text();
    check_key(&text)?;
    value.normalize().map_err(|refusal| refusal.at(text))
}

/// A value under its key: a key whose value is `None` is there all the same, and shows as null.
fn entry<V: SyncValue>(value: &V) -> View<'_> {
    match value.view() {
        View::Absent => View::Null,
        view => view,
    }
}

impl<K: MapKey, V: SyncValue> SyncValue for BTreeMap<K, V> {
    const KIND: Kind = Kind::Map;
    fn view(&self) -> View<'_> {
        View::Map(self)
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        read_entries(input).map(|entries| entries.into_iter().collect())
    }
    fn same(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|((k, a), (l, b))| k == l && a.same(b))
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        self.iter_mut().try_for_each(|(key, value)| normalize_entry(key, value))
    }
}

impl<K: MapKey, V: SyncValue> Entries for BTreeMap<K, V> {
    fn count(&self) -> usize {
        self.len()
    }
    fn each(&self, show: &mut dyn FnMut(&str, View<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.iter().try_for_each(|(key, value)| show(&key.text(), entry(value)))
    }
}

impl<K, V, S> SyncValue for HashMap<K, V, S>
where
    K: MapKey + Hash,
    V: SyncValue,
    S: BuildHasher + Default + Clone + Send + Sync + 'static,
{
    const KIND: Kind = Kind::Map;
    fn view(&self) -> View<'_> {
        View::Map(self)
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        read_entries(input).map(|entries| entries.into_iter().collect())
    }
    fn same(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(k, a)| other.get(k).is_some_and(|b| a.same(b)))
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        self.iter_mut().try_for_each(|(key, value)| normalize_entry(key, value))
    }
}

impl<K: MapKey, V: SyncValue, S> Entries for HashMap<K, V, S> {
    fn count(&self) -> usize {
        self.len()
    }
    fn each(&self, show: &mut dyn FnMut(&str, View<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut entries: Vec<(&K, &V)> = self.iter().collect();
        entries.sort_by_key(|(key, _)| *key);
        entries.into_iter().try_for_each(|(key, value)| show(&key.text(), entry(value)))
    }
}
