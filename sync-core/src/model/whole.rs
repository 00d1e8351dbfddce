//! [`Whole`]: models inside a document, stored and replaced as one value.
//!
//! No merging happens inside; unknown fields inside are not kept. As whoever may write the field writes all
//! of it, and whoever sees it sees all of it, a model with private or readonly fields is refused here, when
//! the schema is compiled.

use super::codec::Codec;
use super::document::{Access, DocShape, Fields, Form, PatchSlots, Root};
use super::input::{Input, Reader, Slot};
use super::refusal::Refusal;
use super::schema::{Flags, Schema};
use super::value::Kind;
use super::view::{Value, View};
use super::{ModelPatch, SyncModel};

/// The codec of `#[sync(whole)]`.
///
/// ```compile_fail,E0080
/// use sync_core::prelude::*;
///
/// #[derive(SyncModel, Clone)]
/// struct Item {
///     #[sync(id)]
///     id: Uuid,
///     #[sync(private)] // whoever saw the list would see it
///     notes: String,
/// }
///
/// #[derive(SyncModel, Clone)]
/// struct List {
///     #[sync(id)]
///     id: Uuid,
///     #[sync(whole)]
///     items: Vec<Item>,
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Whole;

/// The kind of one model, or the compile error of one that has something to hide.
const fn kind(schema: &Schema, kind: Kind) -> Kind {
    let mut index = 0;
    while index < schema.fields.len() {
        let flags = schema.fields[index].flags;
        assert!(!flags.has(Flags::PRIVATE), "a model in a `whole` field cannot have private fields");
        assert!(!flags.has(Flags::READONLY), "a model in a `whole` field cannot have readonly fields");
        index += 1;
    }
    kind
}

fn to_value<M: SyncModel>(model: &M) -> Result<Value, Refusal> {
    let seen = M::SCHEMA.all_fields();
    View::Map(&Fields { shape: &DocShape(model), seen: &seen, extra: None }).to_value()
}

fn read<M: SyncModel>(input: Input<'_>) -> Result<M, Refusal> {
    let mut patch = M::Patch::default();
    let mut slots = PatchSlots(&mut patch);
    Root { slots: &mut slots, access: Access::Store, form: Form::Document, extra: None }.put(input)?;
    M::build(patch)
}

fn same<M: SyncModel>(a: &M, b: &M) -> bool {
    let mut patch = M::Patch::default();
    a.diff(b, &mut patch);
    patch.is_empty()
}

fn show(value: Result<Value, Refusal>) -> View<'static> {
    value.map_or_else(View::Refused, |value| View::Owned(Box::new(value)))
}

impl<M: SyncModel> Codec<M> for Whole {
    const KIND: Kind = kind(M::SCHEMA, Kind::Map);
    fn view(value: &M) -> View<'_> {
        show(to_value(value))
    }
    fn read(input: Input<'_>) -> Result<M, Refusal> {
        read(input)
    }
    fn same(a: &M, b: &M) -> bool {
        same(a, b)
    }
    fn normalize(value: &mut M) -> Result<(), Refusal> {
        value.normalize()
    }
}

impl<M: SyncModel> Codec<Option<M>> for Whole {
    const KIND: Kind = kind(M::SCHEMA, Kind::Map);
    const NULL_IS_ABSENT: bool = true;
    const OPTIONAL: bool = true;
    fn view(value: &Option<M>) -> View<'_> {
        value.as_ref().map_or(View::Absent, |value| show(to_value(value)))
    }
    fn read(input: Input<'_>) -> Result<Option<M>, Refusal> {
        if matches!(input, Input::Null) { Ok(None) } else { read(input).map(Some) }
    }
    fn same(a: &Option<M>, b: &Option<M>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => same(a, b),
            (None, None) => true,
            _ => false,
        }
    }
    fn normalize(value: &mut Option<M>) -> Result<(), Refusal> {
        value.as_mut().map_or(Ok(()), M::normalize)
    }
    fn absent() -> Option<Option<M>> {
        Some(None)
    }
}

impl<M: SyncModel> Codec<Vec<M>> for Whole {
    const KIND: Kind = kind(M::SCHEMA, Kind::List);
    fn view(value: &Vec<M>) -> View<'_> {
        let items =
            value.iter().enumerate().map(|(at, item)| to_value(item).map_err(|refusal| refusal.at(at)));
        show(items.collect::<Result<_, _>>().map(Value::List))
    }
    fn read(input: Input<'_>) -> Result<Vec<M>, Refusal> {
        let Input::List(items) = input else { return input.refuse("a list") };
        let mut out = Vec::new();
        let mut slot = Reader::new(read::<M>);
        while items.next(&mut slot).map_err(|refusal| refusal.at(out.len()))? {
            out.extend(slot.take());
        }
        Ok(out)
    }
    fn same(a: &Vec<M>, b: &Vec<M>) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
    }
    fn normalize(value: &mut Vec<M>) -> Result<(), Refusal> {
        let mut items = value.iter_mut().enumerate();
        items.try_for_each(|(at, item)| item.normalize().map_err(|refusal| refusal.at(at)))
    }
}
