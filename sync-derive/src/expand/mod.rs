//! Writing the code: one file per generated thing, over one context.
//!
//! What is written is small on purpose: one typed line per field and job. The work is done by code that
//! exists once, in the core.

mod model;
mod patch;
mod schema;
mod tokens;
mod value;
mod variants;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Type};

pub(crate) use value::value;

use crate::model::{Codec, Default, Field, Form, Model};

/// All that `SyncModel` writes.
pub(crate) fn model(model: &Model) -> TokenStream {
    if model.form == Form::Generic {
        return TokenStream::new();
    }
    let core = &model.core;
    let patch = patch::definition(model);
    let items = [tokens::consts(model), model::imp(model), patch::impls(model)];
    quote! {
        #patch
        const _: () = {
            use #core::__private as __sync;
            #(#items)*
        };
    }
}

/// The codec's type; `core` is how the private module is named there.
fn codec_type(field: &Field, owner: &Ident, core: &TokenStream) -> TokenStream {
    let (end, index) = (end(&field.ty), field.index);
    match &field.codec {
        Codec::Native => quote_spanned!(end=> #core::Native),
        Codec::Opaque => quote_spanned!(end=> #core::Opaque),
        Codec::Whole => quote_spanned!(end=> #core::Whole),
        Codec::Broken => quote_spanned!(end=> #core::Broken),
        Codec::With(_) => quote_spanned!(end=> #core::With<#owner, #index>),
    }
}

/// The type's last token. A path that begins at its first and ends there is underlined as the type.
fn end(ty: &Type) -> Span {
    ty.to_token_stream().into_iter().last().map_or_else(Span::call_site, |token| at(token.span()))
}

/// A span that is shown there, and yet known as the macro's: lints and suggestions are for what users wrote.
fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// `<C as Codec<T>>`, to call the codec. All of it stands at the field's type, so that the compiler, which
/// says the same thing at one place only once, complains there, and once.
fn codec(field: &Field, owner: &Ident) -> TokenStream {
    let (ty, span) = (&field.ty, at(field.ty.span()));
    let codec = codec_type(field, owner, &quote_spanned!(span=> __sync));
    quote_spanned!(span=> <#codec as __sync::Codec<#ty>>)
}

/// The body of a `normalize` whose lines note refusals.
fn normalizing(lines: &TokenStream) -> TokenStream {
    quote! {
        #[allow(unused_mut)]
        let mut __refused = __sync::Option::None;
        #lines
        __sync::unless(__refused)
    }
}

/// The two functions of `with = "module"`.
fn convert(field: &Field, owner: &Ident) -> Option<TokenStream> {
    let Codec::With(module) = &field.codec else { return None };
    let (ty, index) = (&field.ty, field.index);
    Some(quote_spanned! {at(module.span())=>
        #[automatically_derived]
        impl __sync::Convert<#ty, #index> for #owner {
            fn to_value(value: &#ty) -> __sync::Value { #module::to_value(value) }
            fn from_value(value: __sync::Value) -> __sync::Result<#ty, __sync::Refusal> {
                #module::from_value(value)
            }
        }
    })
}

/// The field's value where a struct is made of `Edit`s; `edit` is the field's own.
fn built(field: &Field, owner: &Ident, edit: &TokenStream) -> TokenStream {
    let Field { ident, ty, name, default, .. } = field;
    let default = match default {
        Default::Function(function) => quote_spanned!(at(function.span())=> #function()),
        _ => quote_spanned!(at(ty.span())=> <#ty as __sync::Default>::default()),
    };
    match &field.default {
        _ if field.is_skipped() => quote!(#ident: #default,),
        Default::Absent => {
            let codec = codec(field, owner);
            quote!(#ident: #codec::required(#edit, #name)?,)
        }
        _ => quote!(#ident: __sync::Edit::or_else(#edit, || #default),),
    }
}
