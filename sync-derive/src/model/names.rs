//! The rules of names: what a wire name may be, and that no two fields share one, nor a token.

use std::collections::HashMap;

use proc_macro2::Span;
use syn::Ident;

use super::{Field, Model, Variant};
use crate::attr::{Errors, Key};

/// No name or alias may be one that a store, a client or a patch takes for something else.
pub(super) fn are_usable<'a>(fields: impl Iterator<Item = &'a Field>, errors: &Errors) {
    for (name, span) in fields.flat_map(all_names) {
        if let Some(reason) = reserved(&name) {
            errors.at(span, format!("{name:?} cannot be a field's name, {reason}: write `rename = \"..\"`"));
        }
    }
}

/// The same list as `check_key` of the core, and what documents use themselves.
fn reserved(name: &str) -> Option<&'static str> {
    Some(match name {
        "" => "it is empty",
        "_rev" => "stores keep the revision under it",
        "__proto__" | "constructor" | "prototype" => "JavaScript reserves it",
        _ if name.starts_with('$') => "it begins with $",
        _ if name.contains('.') => "it contains a dot",
        _ if name.contains('\0') => "it contains NUL",
        _ => return None,
    })
}

/// No two fields may be read by one name.
pub(super) fn are_distinct<'a>(fields: impl Iterator<Item = &'a Field>, errors: &Errors) {
    let mut seen: HashMap<String, String> = HashMap::new();
    for field in fields {
        for (name, span) in all_names(field) {
            let owner = seen.entry(name.clone()).or_insert_with(|| field.ident.to_string());
            if field.ident != *owner {
                errors.at(span, format!("{name:?} is the name of field `{owner}` already: write another"));
            }
        }
        same_name_twice(field, errors);
    }
}

fn same_name_twice(field: &Field, errors: &Errors) {
    let names: Vec<_> = all_names(field).collect();
    for (at, (name, span)) in names.iter().enumerate() {
        if names[..at].iter().any(|(earlier, _)| earlier == name) {
            errors.at(*span, format!("{name:?} is a name of this field already: remove it"));
        }
    }
}

/// The wire name and the aliases, each where it is said.
fn all_names(field: &Field) -> impl Iterator<Item = (String, Span)> + '_ {
    let aliases = field.attrs.texts(Key::Alias).map(|alias| (alias.value(), alias.span()));
    std::iter::once((field.name.clone(), field.name_span())).chain(aliases)
}

/// No two variants may be read by one name, and none by one that is reserved.
pub(super) fn variants(variants: &[Variant], errors: &Errors) {
    let mut seen: HashMap<String, &Ident> = HashMap::new();
    for variant in variants {
        let own = variant.attrs.text(Key::Rename).map_or_else(|| variant.ident.span(), |text| text.span());
        let aliases = variant.attrs.texts(Key::Alias).map(|alias| (alias.value(), alias.span()));
        for (name, span) in std::iter::once((variant.name.clone(), own)).chain(aliases) {
            if let Some(reason) = reserved(&name) {
                errors.at(
                    span,
                    format!("{name:?} cannot be a variant's name, {reason}: write `rename = \"..\"`"),
                );
            }
            if let Some(owner) = seen.insert(name.clone(), &variant.ident) {
                errors.at(span, format!("{name:?} is the name of variant `{owner}` already: write another"));
            }
        }
    }
}

/// No two fields may have the same token, and none may hide what the trait has.
pub(super) fn tokens_are_distinct(model: &Model, errors: &Errors) {
    let mut seen = HashMap::new();
    for field in model.stored() {
        let token = field.token.to_string();
        if token == "SCHEMA" {
            errors.at(
                field.token.span(),
                "the token `SCHEMA` would hide `SyncModel::SCHEMA`: write `#[sync(token = SCHEMA_FIELD)]`",
            );
        }
        if let Some(other) = seen.insert(token.clone(), field.ident.to_string()) {
            let message = format!(
                "the token `{token}` is that of field `{other}` already: write `#[sync(token = {token}_2)]`"
            );
            errors.at(field.token.span(), message);
        }
    }
}
