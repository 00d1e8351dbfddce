//! A type that derives `SyncValue`: a struct, a newtype or an enum.

use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Fields, Ident, Path, Token};

use super::{Field, check, core_path, plain, shape};
use crate::attr::{Attrs, Case, Errors, Key, Place};

/// A type that derives `SyncValue`.
pub(crate) struct Value {
    pub(crate) ident: Ident,
    pub(crate) core: Path,
    pub(crate) shape: Shape,
    /// Whether it is a newtype that names documents.
    pub(crate) is_id: bool,
    pub(crate) attrs: Attrs,
}

/// What kind of type it is.
pub(crate) enum Shape {
    /// A struct with named fields: a map.
    Struct(Vec<Field>),
    /// A struct of one unnamed field: as that field.
    Newtype(Box<Field>),
    /// An enum without data: text.
    Units(Vec<Variant>),
    /// An enum with data: a map of one key, the variant's name; text for variants without data.
    Enum(Vec<Variant>),
    /// None of these; it gets a stand-in, so that its error stays alone.
    Other,
    /// It has parameters; it gets nothing.
    Generic,
}

/// One variant of an enum.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    /// Its wire name.
    pub(crate) name: String,
    pub(crate) content: Content,
    pub(crate) attrs: Attrs,
}

/// What a variant holds.
pub(crate) enum Content {
    Unit,
    Newtype(Box<Field>),
    Struct(Vec<Field>),
}

impl Value {
    /// Reads and checks the type; what is wrong is noted and left out.
    pub(crate) fn read(input: &DeriveInput, errors: &Errors) -> Self {
        let attrs = Attrs::read(&input.attrs, Place::Value, errors);
        let case = attrs.text(Key::RenameAll).and_then(|text| Case::read(text, errors));
        let shape = match shape::no_generics(input, "a value", errors) {
            true => Shape::read(input, case, errors),
            false => Shape::Generic,
        };
        let is_id = attrs.has(Key::Id) && matches!(shape, Shape::Newtype(_));
        let value = Value { ident: input.ident.clone(), core: core_path(&attrs), shape, is_id, attrs };
        check::value(&value, errors);
        value
    }
}

impl Shape {
    fn read(input: &DeriveInput, case: Option<Case>, errors: &Errors) -> Shape {
        let (what, advice) = match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => {
                    return Shape::Struct(Field::read_all(
                        &fields.named,
                        Place::ValueField,
                        case,
                        errors,
                        &mut 0,
                    ));
                }
                Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                    return Shape::newtype(fields, errors);
                }
                Fields::Unnamed(_) => ("a tuple struct of several fields", "give its fields names"),
                Fields::Unit => ("a struct without fields", "give it fields, or write an enum"),
            },
            Data::Enum(data) if data.variants.is_empty() => ("an enum without variants", "give it some"),
            Data::Enum(data) => return Shape::variants(&data.variants, case, errors),
            Data::Union(_) => ("a union", "write a struct or an enum"),
        };
        errors.at(input.ident.span(), format!("{what} cannot be a value: {advice}"));
        Shape::Other
    }

    fn newtype(fields: &syn::FieldsUnnamed, errors: &Errors) -> Shape {
        let mut fields = Field::read_all(&fields.unnamed, Place::ValueField, None, errors, &mut 0);
        Shape::Newtype(Box::new(fields.remove(0)))
    }

    fn variants(
        variants: &Punctuated<syn::Variant, Token![,]>,
        case: Option<Case>,
        errors: &Errors,
    ) -> Shape {
        let mut next = 0;
        let variants: Vec<Option<Variant>> =
            variants.iter().map(|variant| Variant::read(variant, case, errors, &mut next)).collect();
        let Some(variants) = variants.into_iter().collect::<Option<Vec<_>>>() else { return Shape::Other };
        match variants.iter().all(|variant| matches!(variant.content, Content::Unit)) {
            true => Shape::Units(variants),
            false => Shape::Enum(variants),
        }
    }
}

impl Variant {
    /// Nothing for a variant that cannot be written out; its error is noted.
    fn read(
        variant: &syn::Variant,
        case: Option<Case>,
        errors: &Errors,
        next: &mut usize,
    ) -> Option<Variant> {
        let attrs = Attrs::read(&variant.attrs, Place::Variant, errors);
        let inner = attrs.text(Key::RenameAll).and_then(|text| Case::read(text, errors));
        let content = match &variant.fields {
            Fields::Unit => Content::Unit,
            Fields::Named(fields) => {
                Content::Struct(Field::read_all(&fields.named, Place::ValueField, inner, errors, next))
            }
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                let mut fields = Field::read_all(&fields.unnamed, Place::ValueField, None, errors, next);
                Content::Newtype(Box::new(fields.remove(0)))
            }
            Fields::Unnamed(fields) => {
                errors.push(syn::Error::new_spanned(
                    fields,
                    "a variant of several fields needs their names: write `{ name: Type, .. }`",
                ));
                return None;
            }
        };
        let plain = plain(&variant.ident);
        let name = match attrs.text(Key::Rename) {
            Some(name) => name.value(),
            None => case.map_or_else(|| plain.clone(), |case| case.variant(&plain)),
        };
        Some(Variant { ident: variant.ident.clone(), name, content, attrs })
    }
}
