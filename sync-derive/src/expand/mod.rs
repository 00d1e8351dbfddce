//! Writing the code: one file per generated thing, over one context.
//!
//! What is written is small on purpose: one typed line per field and job. The work is done by code that
//! exists once, in the core.

mod model;
mod patch;
mod schema;
mod tokens;

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::{Codec, Field, Model};

/// All that `SyncModel` writes.
pub(crate) fn model(model: &Model) -> TokenStream {
    if !model.sound {
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
fn codec(field: &Field, index: usize, owner: &syn::Ident, core: &TokenStream) -> TokenStream {
    match &field.codec {
        Codec::Native => quote!(#core::Native),
        Codec::Opaque => quote!(#core::Opaque),
        Codec::Whole => quote!(#core::Whole),
        Codec::Broken => quote!(#core::Broken),
        Codec::With(_) => quote!(#core::With<#owner, #index>),
    }
}
