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

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

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
fn codec(field: &Field, owner: &syn::Ident, core: &TokenStream) -> TokenStream {
    match &field.codec {
        Codec::Native => quote!(#core::Native),
        Codec::Opaque => quote!(#core::Opaque),
        Codec::Whole => quote!(#core::Whole),
        Codec::Broken => quote!(#core::Broken),
        Codec::With(_) => {
            let index = field.index;
            quote!(#core::With<#owner, #index>)
        }
    }
}

/// The two functions of `with = "module"`.
fn convert(field: &Field, owner: &syn::Ident) -> Option<TokenStream> {
    let Codec::With(module) = &field.codec else { return None };
    let (ty, index) = (&field.ty, field.index);
    Some(quote_spanned! {module.span()=>
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
fn built(field: &Field, edit: &TokenStream) -> TokenStream {
    let Field { ident, ty, name, default, .. } = field;
    let default = match default {
        Default::Function(function) => quote!(#function),
        _ => quote_spanned!(ty.span()=> <#ty as __sync::Default>::default),
    };
    match &field.default {
        _ if field.is_skipped() => quote!(#ident: #default(),),
        Default::Absent => quote!(#ident: __sync::Edit::required(#edit, #name)?,),
        _ => quote!(#ident: __sync::Edit::or_else(#edit, #default),),
    }
}
