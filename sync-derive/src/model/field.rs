//! One field of a model or value, with all that is known of it.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Ident, Path, Type, Visibility};

use super::plain;
use crate::attr::{Attrs, Case, Errors, Key, Place};

/// One field.
pub(crate) struct Field {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// Its wire name.
    pub(crate) name: String,
    /// The constant that is its token.
    pub(crate) token: Ident,
    pub(crate) codec: Codec,
    pub(crate) default: Default,
    /// Its place among the stored fields: of a model in its schema, of a value among all its variants.
    pub(crate) index: usize,
    pub(crate) attrs: Attrs,
}

/// How the field's type meets the value domain.
pub(crate) enum Codec {
    /// It is a `SyncValue`.
    Native,
    /// Through serde.
    Opaque,
    /// Through the functions of a user's module.
    With(Path),
    /// A model, or several, stored as a whole.
    Whole,
    /// Not known, because its attributes have an error: it stands in for the right one.
    Broken,
}

/// What the field is where a document lacks it.
pub(crate) enum Default {
    /// What its type makes of a missing value.
    Absent,
    /// `Default::default()`.
    Trait,
    /// What this function gives.
    Function(Path),
}

impl Field {
    /// Reads fields; `next` is the index of the first and becomes that of the one after the last.
    pub(super) fn read_all<'a>(
        fields: impl IntoIterator<Item = &'a syn::Field>,
        place: Place,
        case: Option<Case>,
        errors: &Errors,
        next: &mut usize,
    ) -> Vec<Self> {
        let mut fields: Vec<Field> =
            fields.into_iter().map(|field| Field::read(field, place, case, errors)).collect();
        for field in fields.iter_mut().filter(|field| !field.is_skipped()) {
            field.index = *next;
            *next += 1;
        }
        fields
    }

    /// Reads one field; the one of a newtype is called `value`.
    fn read(field: &syn::Field, place: Place, case: Option<Case>, errors: &Errors) -> Self {
        let attrs = Attrs::read(&field.attrs, place, errors);
        let ident = field.ident.clone().unwrap_or_else(|| Ident::new("value", field.ty.span()));
        let plain = plain(&ident);
        let name = match attrs.text(Key::Rename) {
            Some(name) => name.value(),
            None => case.map_or_else(|| plain.clone(), |case| case.field(&plain)),
        };
        let token = attrs.name(Key::Token).cloned();
        Field {
            vis: field.vis.clone(),
            ty: field.ty.clone(),
            name,
            token: token.unwrap_or_else(|| Ident::new(&plain.to_uppercase(), ident.span())),
            codec: Codec::of(&attrs),
            default: Default::of(&attrs),
            index: 0,
            ident,
            attrs,
        }
    }

    /// Whether it is no part of documents.
    pub(crate) fn is_skipped(&self) -> bool {
        self.attrs.has(Key::Skip)
    }

    /// Where its wire name is said: at `rename`, else at the field.
    pub(crate) fn name_span(&self) -> Span {
        self.attrs.text(Key::Rename).map_or_else(|| self.ident.span(), Spanned::span)
    }
}

impl Codec {
    fn of(attrs: &Attrs) -> Codec {
        let given = [Key::Opaque, Key::With, Key::Whole].into_iter().filter(|key| attrs.has(*key)).count();
        match attrs.path(Key::With) {
            _ if attrs.broken || given > 1 || (given > 0 && attrs.has(Key::Id)) => Codec::Broken,
            Some(module) => Codec::With(module.clone()),
            None if attrs.has(Key::Opaque) => Codec::Opaque,
            None if attrs.has(Key::Whole) => Codec::Whole,
            None => Codec::Native,
        }
    }
}

impl Default {
    fn of(attrs: &Attrs) -> Default {
        match attrs.path(Key::Default) {
            Some(function) => Default::Function(function.clone()),
            None if attrs.has(Key::Default) || attrs.has(Key::Private) => Default::Trait,
            None => Default::Absent,
        }
    }
}
