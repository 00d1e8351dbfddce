//! `impl SyncModel` and the public `Serialize`: one typed line per field and job.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::{codec, schema};
use crate::model::{Codec, Default, Field, Model};

/// Both impls, and the glue of fields with a module of their own.
pub(super) fn imp(model: &Model) -> TokenStream {
    let (ident, patch) = (&model.ident, &model.patch);
    let schema = schema::table(model);
    let id = id(model);
    let check = model.validate.as_ref().map(|function| {
        quote_spanned! {function.span()=>
            fn check(&self) -> __sync::Result<(), __sync::Invalid> { #function(self) }
        }
    });
    let lines = |line: fn(&Line<'_>) -> TokenStream| -> TokenStream {
        let lines = model.stored().enumerate().map(|(index, field)| {
            line(&Line {
                field,
                index: Literal::usize_unsuffixed(index),
                codec: codec(field, index, ident, &quote!(__sync)),
            })
        });
        quote!(#(#lines)*)
    };
    let (any, view, diff) = (lines(any), lines(view), lines(diff));
    let (apply, into_patch, normalize) = (lines(apply), lines(into_patch), lines(normalize));
    let build = model.fields.iter().map(build);
    let with = model.stored().enumerate().filter_map(|(index, field)| convert(model, field, index));
    quote! {
        #[automatically_derived]
        impl __sync::SyncModel for #ident {
            type Patch = #patch;
            const SCHEMA: &'static __sync::Schema = #schema;
            #id
            fn any(&self, index: usize) -> &dyn __sync::Any {
                match index { #any _ => __sync::no_field(index) }
            }
            fn view(&self, index: usize) -> __sync::View<'_> {
                match index { #view _ => __sync::no_field(index) }
            }
            fn diff(&self, newer: &Self, patch: &mut #patch) { #diff }
            fn apply(&mut self, patch: &#patch) { #apply }
            fn build(patch: #patch) -> __sync::Result<Self, __sync::Refusal> {
                __sync::Result::Ok(#ident { #(#build)* })
            }
            fn into_patch(self) -> #patch { #patch { #into_patch } }
            fn normalize(&mut self) -> __sync::Result<(), __sync::Refusal> {
                #normalize
                __sync::Result::Ok(())
            }
            #check
        }
        #[automatically_derived]
        impl __sync::Serialize for #ident {
            fn serialize<S: __sync::Serializer>(&self, out: S) -> __sync::Result<S::Ok, S::Error> {
                __sync::serialize_model(self, out)
            }
        }
        #(#with)*
    }
}

/// The id's type and getter; without an id, as for a UUID, so that the error stays alone.
fn id(model: &Model) -> TokenStream {
    match model.id() {
        Some((_, Field { ident, ty, .. })) => quote! {
            type Id = #ty;
            fn id(&self) -> &#ty { &self.#ident }
        },
        None => quote! {
            type Id = __sync::Uuid;
            fn id(&self) -> &__sync::Uuid { __sync::no_field(0) }
        },
    }
}

/// One stored field, for one line.
struct Line<'a> {
    field: &'a Field,
    index: Literal,
    codec: TokenStream,
}

fn any(Line { field: Field { ident, .. }, index, .. }: &Line<'_>) -> TokenStream {
    quote!(#index => &self.#ident,)
}

fn view(Line { field: Field { ident, ty, .. }, index, codec }: &Line<'_>) -> TokenStream {
    quote!(#index => <#codec as __sync::Codec<#ty>>::view(&self.#ident),)
}

fn diff(Line { field: Field { ident, .. }, .. }: &Line<'_>) -> TokenStream {
    quote!(__sync::Edit::diff(&mut patch.#ident, &self.#ident, &newer.#ident);)
}

fn apply(Line { field: Field { ident, .. }, .. }: &Line<'_>) -> TokenStream {
    quote!(__sync::Edit::apply(&patch.#ident, &mut self.#ident);)
}

fn into_patch(Line { field: Field { ident, .. }, .. }: &Line<'_>) -> TokenStream {
    quote!(#ident: __sync::Edit::set(self.#ident),)
}

fn normalize(Line { field: Field { ident, ty, name, .. }, codec, .. }: &Line<'_>) -> TokenStream {
    quote!(__sync::normalize::<#ty, #codec>(&mut self.#ident, #name)?;)
}

/// The field of a document made of a patch; skipped fields have only their default.
fn build(field: &Field) -> TokenStream {
    let Field { ident, ty, name, default, .. } = field;
    let default = match default {
        Default::Function(function) => quote!(#function),
        _ => quote_spanned!(ty.span()=> <#ty as __sync::Default>::default),
    };
    match &field.default {
        _ if field.is_skipped() => quote!(#ident: #default(),),
        Default::Absent => quote!(#ident: __sync::Edit::required(patch.#ident, #name)?,),
        _ => quote!(#ident: __sync::Edit::or_else(patch.#ident, #default),),
    }
}

/// The two functions of `with = "module"`.
fn convert(model: &Model, field: &Field, index: usize) -> Option<TokenStream> {
    let Codec::With(module) = &field.codec else { return None };
    let (ident, ty) = (&model.ident, &field.ty);
    Some(quote_spanned! {module.span()=>
        #[automatically_derived]
        impl __sync::Convert<#ty, #index> for #ident {
            fn to_value(value: &#ty) -> __sync::Value { #module::to_value(value) }
            fn from_value(value: __sync::Value) -> __sync::Result<#ty, __sync::Refusal> {
                #module::from_value(value)
            }
        }
    })
}
