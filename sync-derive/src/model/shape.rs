//! Which items can be models at all.

use syn::{Data, DeriveInput, Fields, GenericParam};

use crate::attr::Errors;

/// The named fields of a struct without generics, and whether it is one.
pub(super) fn model_fields<'a>(
    input: &'a DeriveInput,
    errors: &Errors,
) -> (Box<dyn Iterator<Item = &'a syn::Field> + 'a>, bool) {
    let sound = generics(input, errors);
    let refuse = |what: &str, advice: &str| {
        errors.at(input.ident.span(), format!("{what} cannot be a model: {advice}"));
        (Box::new(std::iter::empty()) as Box<dyn Iterator<Item = &'a syn::Field> + 'a>, false)
    };
    match &input.data {
        Data::Enum(_) => refuse(
            "an enum",
            "write a struct with named fields; for an enum that is a field's value, derive `SyncValue`",
        ),
        Data::Union(_) => refuse("a union", "write a struct with named fields"),
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => (Box::new(fields.named.iter()), sound),
            Fields::Unnamed(_) => refuse(
                "a tuple struct",
                "give its fields names; for a newtype that is a field's value, derive `SyncValue`",
            ),
            Fields::Unit => refuse("a struct without fields", "give it fields, one of them `#[sync(id)]`"),
        },
    }
}

fn generics(input: &DeriveInput, errors: &Errors) -> bool {
    for param in &input.generics.params {
        let message = match param {
            GenericParam::Lifetime(_) => "a model owns its fields: write `String` for `&'a str`",
            GenericParam::Type(_) | GenericParam::Const(_) => {
                "a model has no type parameters: write the types that its fields have"
            }
        };
        errors.push(syn::Error::new_spanned(param, message));
    }
    input.generics.params.is_empty()
}
