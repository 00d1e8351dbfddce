//! The patch: a struct with one `Edit` per stored field, and its one-line impls.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::{codec, codec_type};
use crate::model::{Codec, Model, plain};

/// The struct, in the user's own scope.
pub(super) fn definition(model: &Model) -> TokenStream {
    let (vis, patch, core) = (&model.vis, &model.patch, &model.core);
    let name = plain(&model.ident);
    let core = quote!(#core::__private);
    let fields = model.stored().map(|field| {
        let (vis, ident, ty) = (&field.vis, &field.ident, &field.ty);
        let doc = format!(" What becomes of [`{1}`](field@{0}::{1}).", name, plain(ident));
        let codec = match field.codec {
            Codec::Native => None,
            _ => {
                let codec = codec_type(field, &model.ident, &core);
                Some(quote!(, #codec))
            }
        };
        quote! {
            #[doc = #doc]
            #vis #ident: #core::Edit<#ty #codec>,
        }
    });
    let doc = format!(" A partial change of [`{name}`]: for each field nothing, or its new value.");
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::default::Default)]
        #vis struct #patch { #(#fields)* }
    }
}

/// What makes it a `ModelPatch`.
pub(super) fn impls(model: &Model) -> TokenStream {
    let (ident, patch) = (&model.ident, &model.patch);
    let name = plain(patch);
    let slots = |slot: &str, borrow: TokenStream| -> TokenStream {
        let slot = format_ident!("{slot}");
        let arms = model.stored().map(|field| {
            let (codec, index) = (codec(field, ident), Literal::usize_unsuffixed(field.index));
            let field = &field.ident;
            quote!(#index => #codec::#slot(#borrow self.#field),)
        });
        arms.collect()
    };
    let (shared, unique) = (slots("slot", quote!(&)), slots("slot_mut", quote!(&mut)));
    quote! {
        #[automatically_derived]
        impl __sync::ModelPatch for #patch {
            type Model = #ident;
            fn slot(&self, __index: usize) -> &dyn __sync::PatchSlot {
                match __index { #shared _ => __sync::no_field(__index) }
            }
            fn slot_mut(&mut self, __index: usize) -> &mut dyn __sync::PatchSlot {
                match __index { #unique _ => __sync::no_field(__index) }
            }
        }
        #[automatically_derived]
        impl __sync::IntoNew<#ident> for #patch {
            fn into_new(self) -> #patch {
                self
            }
        }
        #[automatically_derived]
        impl __sync::Debug for #patch {
            fn fmt(&self, f: &mut __sync::Formatter<'_>) -> __sync::FmtResult {
                __sync::debug_patch(self, #name, f)
            }
        }
        #[automatically_derived]
        impl __sync::Serialize for #patch {
            fn serialize<S: __sync::Serializer>(&self, out: S) -> __sync::Result<S::Ok, S::Error> {
                __sync::serialize_patch(self, out)
            }
        }
        #[automatically_derived]
        impl<'de> __sync::Deserialize<'de> for #patch {
            fn deserialize<D: __sync::Deserializer<'de>>(source: D) -> __sync::Result<Self, D::Error> {
                __sync::deserialize_patch(source)
            }
        }
    }
}
