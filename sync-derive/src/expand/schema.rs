//! The schema: one row per stored field.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};

use super::{codec, end};
use crate::attr::Key;
use crate::model::{Codec, Default, Field, Model, plain};

/// The initializer of `SCHEMA`.
pub(super) fn table(model: &Model) -> TokenStream {
    let (name, backend, validates) = (plain(&model.ident), &model.backend, model.validate.is_some());
    let id = Literal::usize_unsuffixed(model.id().map_or(0, |field| field.index));
    let conflict = if model.rejects { quote!(Reject) } else { quote!(Merge) };
    let rows = model.stored().map(|field| row(model, field));
    quote! {
        &__sync::Schema {
            model: #name,
            backend: #backend,
            fields: &[#(#rows),*],
            id: #id,
            conflict: __sync::Conflict::#conflict,
            validates: #validates,
        }
    }
}

fn row(model: &Model, field: &Field) -> TokenStream {
    let (name, codec) = (&field.name, codec(field, &model.ident));
    let aliases = field.attrs.texts(Key::Alias);
    let optional = match (&field.default, &field.codec) {
        (Default::Absent, Codec::Opaque | Codec::With(_)) => {
            let ty = &field.ty;
            quote!({ use __sync::NoOption as _; __sync::Is::<#ty>::OPTION })
        }
        (Default::Absent, _) => quote!(false),
        _ => quote!(true),
    };
    let flags = flags(field);
    let facts = quote_spanned!(end(&field.ty)=> #codec::FACTS);
    quote!(__sync::FieldInfo::of(#name, &[#(#aliases),*], #facts, #optional, #flags))
}

/// `Flags::NONE`, or the flags joined.
fn flags(field: &Field) -> TokenStream {
    let flag = |key| match key {
        Key::Private => Some(quote!(PRIVATE)),
        Key::Tracked => Some(quote!(TRACKED)),
        Key::Readonly => Some(quote!(READONLY)),
        Key::Facet => Some(quote!(FACET)),
        Key::Search => Some(quote!(SEARCH)),
        Key::Index => Some(quote!(INDEX)),
        Key::Unique => Some(quote!(UNIQUE)),
        Key::Whole => Some(quote!(WHOLE)),
        _ => None,
    };
    let given = field.attrs.keys().filter_map(|(key, _)| flag(key));
    given.fold(quote!(__sync::Flags::NONE), |all, flag| quote!(#all.with(__sync::Flags::#flag)))
}
