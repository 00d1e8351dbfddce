//! Which items can be models or values at all.

use syn::{Data, DeriveInput, Fields, GenericParam};

use super::Form;
use crate::attr::Errors;

/// The named fields of a struct, and how much of a model it can be.
pub(super) fn model_fields<'a>(input: &'a DeriveInput, errors: &Errors) -> (Vec<&'a syn::Field>, Form) {
    let plain = no_generics(input, "a model", errors);
    let (what, advice) = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if plain => return (fields.named.iter().collect(), Form::Struct),
            Fields::Named(_) => return (Vec::new(), Form::Generic),
            Fields::Unnamed(_) => (
                "a tuple struct",
                "give its fields names; a newtype that is a field's value derives `SyncValue`",
            ),
            Fields::Unit => ("a struct without fields", "give it fields, one of them `#[sync(id)]`"),
        },
        Data::Enum(_) => (
            "an enum",
            "write a struct with named fields; an enum that is a field's value derives `SyncValue`",
        ),
        Data::Union(_) => ("a union", "write a struct with named fields"),
    };
    errors.at(input.ident.span(), format!("{what} cannot be a model: {advice}"));
    (Vec::new(), if plain { Form::Other } else { Form::Generic })
}

/// Notes each parameter; whether there is none.
pub(super) fn no_generics(input: &DeriveInput, what: &str, errors: &Errors) -> bool {
    for param in &input.generics.params {
        let message = match param {
            GenericParam::Lifetime(_) => {
                format!("{what} owns what it holds, without lifetimes: write `String` for `&str`")
            }
            GenericParam::Type(_) | GenericParam::Const(_) => {
                format!("{what} cannot have parameters: write the types that its fields have")
            }
        };
        errors.push(syn::Error::new_spanned(param, message));
    }
    input.generics.params.is_empty()
}
