//! `impl SyncModel` and the public `Serialize`: one typed line per field and job.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::{at, built, codec, convert, normalizing, schema};
use crate::model::{Field, Form, Model};

/// Both impls, and the glue of fields with a module of their own.
pub(super) fn imp(model: &Model) -> TokenStream {
    let (ident, patch) = (&model.ident, &model.patch);
    let schema = schema::table(model);
    let id = id(model);
    let check = check(model);
    let lines = |line: fn(&Line<'_>) -> TokenStream| -> TokenStream {
        model.stored().map(|field| line(&Line::of(field, model))).collect()
    };
    let (any, view, diff) = (lines(any), lines(view), lines(diff));
    let (apply, into_patch, normalize) = (lines(apply), lines(into_patch), normalizing(&lines(normalize)));
    let build = build(model);
    let with = model.stored().filter_map(|field| convert(field, ident));
    quote! {
        #[automatically_derived]
        impl __sync::SyncModel for #ident {
            type Patch = #patch;
            const SCHEMA: &'static __sync::Schema = #schema;
            #id
            fn any(&self, __index: usize) -> &dyn __sync::Any {
                match __index { #any _ => __sync::no_field(__index) }
            }
            fn view(&self, __index: usize) -> __sync::View<'_> {
                match __index { #view _ => __sync::no_field(__index) }
            }
            fn diff(&self, __newer: &Self, __patch: &mut #patch) { #diff }
            fn apply(&mut self, __patch: &#patch) { #apply }
            fn build(__patch: #patch) -> __sync::Result<Self, __sync::Refusal> { #build }
            fn into_patch(self) -> #patch { #patch { #into_patch } }
            fn normalize(&mut self) -> __sync::Result<(), __sync::Refusal> {
                #normalize
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
        Some(Field { ident, ty, .. }) => quote! {
            type Id = #ty;
            fn id(&self) -> &#ty { &self.#ident }
        },
        None => quote! {
            type Id = __sync::Uuid;
            fn id(&self) -> &__sync::Uuid { __sync::no_field(0) }
        },
    }
}

fn check(model: &Model) -> Option<TokenStream> {
    let function = model.validate.as_ref()?;
    Some(quote_spanned! {at(function.span())=>
        fn check(&self) -> __sync::Result<(), __sync::Invalid> { #function(self) }
    })
}

fn build(model: &Model) -> TokenStream {
    if model.form == Form::Other {
        return quote!(__sync::no_field(0));
    }
    let ident = &model.ident;
    let fields = model.fields.iter().map(|field| {
        let name = &field.ident;
        built(field, ident, &quote!(__patch.#name))
    });
    quote!(__sync::Result::Ok(#ident { #(#fields)* }))
}

/// One stored field, for one line.
struct Line<'a> {
    field: &'a Field,
    index: Literal,
    codec: TokenStream,
}

impl<'a> Line<'a> {
    fn of(field: &'a Field, model: &Model) -> Self {
        let codec = codec(field, &model.ident);
        Line { field, index: Literal::usize_unsuffixed(field.index), codec }
    }
}

fn any(Line { field: Field { ident, .. }, index, .. }: &Line<'_>) -> TokenStream {
    quote!(#index => &self.#ident,)
}

fn view(Line { field: Field { ident, .. }, index, codec }: &Line<'_>) -> TokenStream {
    quote!(#index => #codec::view(&self.#ident),)
}

fn diff(Line { field: Field { ident, .. }, codec, .. }: &Line<'_>) -> TokenStream {
    quote!(#codec::diff(&mut __patch.#ident, &self.#ident, &__newer.#ident);)
}

fn apply(Line { field: Field { ident, .. }, .. }: &Line<'_>) -> TokenStream {
    quote!(__sync::Edit::apply(&__patch.#ident, &mut self.#ident);)
}

fn into_patch(Line { field: Field { ident, .. }, .. }: &Line<'_>) -> TokenStream {
    quote!(#ident: __sync::Edit::set(self.#ident),)
}

fn normalize(Line { field: Field { ident, name, .. }, codec, .. }: &Line<'_>) -> TokenStream {
    quote!(#codec::normalize_field(&mut self.#ident, #name, &mut __refused);)
}
