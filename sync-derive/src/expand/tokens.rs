//! The field tokens: `List::NAME`.

use std::collections::HashSet;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::model::{Model, plain};

/// One constant per stored field.
pub(super) fn consts(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let mut seen = HashSet::new();
    // Of two that clash, which is an error already, the first is written.
    let consts = model.stored().filter(|field| seen.insert(&field.token)).map(|field| {
        let (vis, token, ty) = (&field.vis, &field.token, &field.ty);
        let index = Literal::usize_unsuffixed(field.index);
        let doc = format!(" The field [`{0}`](field@Self::{0}).", plain(&field.ident));
        quote! {
            #[doc = #doc]
            #vis const #token: __sync::Field<#ident, #ty> = __sync::Field::new(#index);
        }
    });
    quote! {
        #[allow(dead_code)]
        impl #ident { #(#consts)* }
    }
}
