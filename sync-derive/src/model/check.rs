//! The rules of a model, one function each.

use super::{Content, Field, Form, Model, Shape, Value, names};
use crate::attr::{Errors, Key};

/// Notes every rule that the model breaks.
pub(super) fn model(model: &Model, errors: &Errors) {
    backend_is_a_name(model, errors);
    conflict_is_known(model, errors);
    if model.form == Form::Struct {
        one_id(model, errors);
    }
    fields(&model.fields, errors);
    for field in &model.fields {
        id_is_plain(field, errors);
        private_is_no_facet(field, errors);
    }
    names::tokens_are_distinct(model, errors);
}

/// Notes every rule that the value breaks.
pub(super) fn value(value: &Value, errors: &Errors) {
    id_is_a_newtype(value, errors);
    match &value.shape {
        Shape::Struct(all) => fields(all, errors),
        Shape::Newtype(field) => only_a_codec(field, errors),
        Shape::Units(variants) | Shape::Enum(variants) => {
            names::variants(variants, errors);
            for variant in variants {
                match &variant.content {
                    Content::Unit => {}
                    Content::Newtype(field) => only_a_codec(field, errors),
                    Content::Struct(all) => fields(all, errors),
                }
            }
        }
        Shape::Other | Shape::Generic => {}
    }
}

/// The rules that fields of models and of values share.
pub(super) fn fields(fields: &[Field], errors: &Errors) {
    for field in fields {
        skip_stands_alone(field, errors);
        one_codec(field, errors);
    }
    let stored = || fields.iter().filter(|field| !field.is_skipped());
    names::are_usable(stored(), errors);
    names::are_distinct(stored(), errors);
}

fn backend_is_a_name(model: &Model, errors: &Errors) {
    if let Some(text) = model.attrs.text(Key::Backend)
        && text.value().trim().is_empty()
    {
        errors.at(text.span(), "a backend needs a name: write `backend = \"lists\"`");
    }
}

fn conflict_is_known(model: &Model, errors: &Errors) {
    if let Some(text) = model.attrs.text(Key::Conflict)
        && !matches!(text.value().as_str(), "merge" | "reject")
    {
        let message = format!("unknown conflict rule {:?}: write \"merge\" or \"reject\"", text.value());
        errors.at(text.span(), message);
    }
}

fn one_id(model: &Model, errors: &Errors) {
    let mut ids = model.fields.iter().filter_map(|field| field.attrs.span(Key::Id));
    if ids.next().is_none() {
        let broken = model.fields.iter().any(|field| field.attrs.broken);
        if !broken {
            errors.at(model.ident.span(), "a model needs an id: write `#[sync(id)]` on the field that is it");
        }
    }
    for second in ids {
        errors.at(second, "a model has one id: remove `id` here or on the earlier field");
    }
}

fn skip_stands_alone(field: &Field, errors: &Errors) {
    if !field.is_skipped() {
        return;
    }
    for (key, span) in field.attrs.keys().filter(|(key, _)| *key != Key::Skip && *key != Key::Default) {
        let name = key.name();
        errors.at(span, format!("`{name}` says nothing of a skipped field: remove it, or remove `skip`"));
    }
}

fn id_is_plain(field: &Field, errors: &Errors) {
    if !field.attrs.has(Key::Id) || field.is_skipped() {
        return;
    }
    for (key, reason) in [
        (Key::Private, "clients name documents by it"),
        (Key::Opaque, "its type must be a `ModelId`"),
        (Key::With, "its type must be a `ModelId`"),
        (Key::Whole, "its type must be a `ModelId`"),
    ] {
        if let Some(span) = field.attrs.span(key) {
            errors.at(span, format!("the id cannot be `{}`: {reason}", key.name()));
        }
    }
}

fn private_is_no_facet(field: &Field, errors: &Errors) {
    if !field.attrs.has(Key::Private) {
        return;
    }
    if let Some(span) = field.attrs.span(Key::Facet) {
        errors.at(
            span,
            "a private field cannot be a `facet`, clients would learn its values: \
             write `tracked` if policies filter by it",
        );
    }
    if let Some(span) = field.attrs.span(Key::Search) {
        errors.at(
            span,
            "a private field cannot be in the `search` text, clients would learn its words: \
             remove `search` or `private`",
        );
    }
}

fn one_codec(field: &Field, errors: &Errors) {
    let given = [Key::Opaque, Key::With, Key::Whole].map(|key| field.attrs.span(key).map(|span| (key, span)));
    let mut given = given.into_iter().flatten();
    if let Some((first, _)) = given.next() {
        for (key, span) in given {
            errors
                .at(span, format!("`{}` and `{}` exclude each other: remove one", first.name(), key.name()));
        }
    }
}

fn id_is_a_newtype(value: &Value, errors: &Errors) {
    let (Some(span), false) = (value.attrs.span(Key::Id), value.is_id) else { return };
    if !matches!(value.shape, Shape::Other | Shape::Generic) {
        errors.at(span, "only a newtype can be an id: write `struct ListId(Uuid);`");
    }
}

fn only_a_codec(field: &Field, errors: &Errors) {
    one_codec(field, errors);
    for (key, span) in field.attrs.keys().filter(|(key, _)| !matches!(key, Key::Opaque | Key::With)) {
        errors.at(span, format!("`{}` says nothing of a field without a name: remove it", key.name()));
    }
}
