//! `impl SyncValue` for enums: text, or a map whose one key is the variant's name.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use super::value::{Bodies, Lines, entries};
use super::{codec, convert, normalizing};
use crate::attr::Key;
use crate::model::{Content, Field, Value, Variant};

/// An enum without data.
pub(super) fn units(value: &Value, variants: &[Variant]) -> TokenStream {
    let shown = variants.iter().map(|Variant { ident, name, .. }| quote!(Self::#ident => #name,));
    let read = read(&value.ident, variants);
    let bodies = Bodies {
        kind: quote!(__sync::Kind::Text),
        view: quote!(__sync::View::text(match self { #(#shown)* })),
        read,
        same: quote!(__sync::discriminant(self) == __sync::discriminant(__other)),
        normalize: quote!(__sync::Result::Ok(())),
        rest: TokenStream::new(),
    };
    bodies.of(&value.ident)
}

/// An enum of which some variant holds data.
pub(super) fn with_data(value: &Value, variants: &[Variant]) -> TokenStream {
    let owner = &value.ident;
    let is_unit = |variant: &Variant| matches!(variant.content, Content::Unit);
    let kind = if variants.iter().any(is_unit) { quote!(Any) } else { quote!(Map) };
    let arms = |arm: fn(&Ident, &Variant) -> TokenStream| -> TokenStream {
        variants.iter().map(|variant| arm(owner, variant)).collect()
    };
    let (view, each, same, normalize) = (arms(view), arms(each), arms(same), arms(normalize));
    let bodies = Bodies {
        kind: quote!(__sync::Kind::#kind),
        view: quote!(match self { #view }),
        read: read(owner, variants),
        same: quote!(match (self, __other) { #same _ => false }),
        normalize: normalizing(&quote!(match self { #normalize })),
        rest: TokenStream::new(),
    };
    let imp = bodies.of(owner);
    let entries = entries(owner, &quote!(match self { #each }));
    let with = variants.iter().flat_map(Variant::fields).filter_map(|field| convert(field, owner));
    quote!(#imp #entries #(#with)*)
}

impl Variant {
    fn fields(&self) -> &[Field] {
        match &self.content {
            Content::Unit => &[],
            Content::Newtype(field) => std::slice::from_ref(&**field),
            Content::Struct(fields) => fields,
        }
    }

    fn lines<'a>(&'a self, owner: &'a Ident) -> Lines<'a> {
        Lines { owner, fields: self.fields(), path: format!("{}.", self.name) }
    }

    /// The pattern that binds the fields to names that begin so.
    fn pattern(&self, prefix: &str) -> TokenStream {
        let ident = &self.ident;
        match &self.content {
            Content::Unit => quote!(Self::#ident),
            Content::Newtype(field) => {
                let name = format_ident!("{}{}", prefix, field.ident);
                quote!(Self::#ident(#name))
            }
            Content::Struct(fields) => {
                let stored = fields.iter().filter(|field| !field.is_skipped()).map(|field| &field.ident);
                let names = stored.clone().map(|ident| format_ident!("{}{}", prefix, ident));
                quote!(Self::#ident { #(#stored: #names,)* .. })
            }
        }
    }
}

/// The name of what a pattern bound.
fn bound(prefix: &str) -> impl Fn(&Ident) -> TokenStream + '_ {
    move |ident| {
        let name = format_ident!("{}{}", prefix, ident);
        quote!(#name)
    }
}

fn view(_: &Ident, variant: &Variant) -> TokenStream {
    let (ident, name) = (&variant.ident, &variant.name);
    match variant.content {
        Content::Unit => quote!(Self::#ident => __sync::View::text(#name),),
        _ => quote!(Self::#ident { .. } => __sync::View::Map(self),),
    }
}

fn each(owner: &Ident, variant: &Variant) -> TokenStream {
    let (pattern, name) = (variant.pattern("__a_"), &variant.name);
    match &variant.content {
        Content::Unit => quote!(#pattern => __sync::Continue(()),),
        Content::Newtype(field) => {
            let codec = codec(field, owner);
            quote!(#pattern => __show(#name, __sync::present(#codec::view(__a_value))),)
        }
        Content::Struct(_) => {
            let lines = variant.lines(owner).show(bound("__a_"));
            quote! {
                #pattern => __show(#name, __sync::View::Map(&__sync::Walk(|__show: &mut __sync::Show<'_>| {
                    #lines
                    __sync::Continue(())
                }))),
            }
        }
    }
}

fn same(owner: &Ident, variant: &Variant) -> TokenStream {
    let (a, b) = (variant.pattern("__a_"), variant.pattern("__b_"));
    let lines = variant.lines(owner).same(bound("__a_"), bound("__b_"));
    quote!((#a, #b) => #lines,)
}

fn normalize(owner: &Ident, variant: &Variant) -> TokenStream {
    let (pattern, name) = (variant.pattern("__a_"), &variant.name);
    let lines = match &variant.content {
        Content::Newtype(field) => {
            let codec = codec(field, owner);
            quote!(#codec::normalize_field(__a_value, #name, &mut __refused);)
        }
        _ => variant.lines(owner).normalize(bound("__a_")),
    };
    quote!(#pattern => { #lines })
}

/// Reads the text or the map of one key.
fn read(owner: &Ident, variants: &[Variant]) -> TokenStream {
    let names = variants.iter().map(|variant| &variant.name);
    let arms = variants.iter().map(|variant| {
        let (ident, name, aliases) = (&variant.ident, &variant.name, variant.attrs.texts(Key::Alias));
        let (input, made) = match &variant.content {
            Content::Unit => (quote!(None), quote!(Self::#ident)),
            Content::Newtype(field) => {
                let codec = codec(field, owner);
                (quote!(Some(__input)), quote!(Self::#ident(#codec::read(__input)?)))
            }
            Content::Struct(_) => (quote!(Some(__input)), variant.lines(owner).read(&quote!(Self::#ident))),
        };
        quote!((#name #(| #aliases)*, __sync::Option::#input) => { #made })
    });
    quote! {
        __sync::read_variant(__input, &[#(#names),*], |__name, __input| {
            __sync::Result::Ok(__sync::Option::Some(match (__name, __input) {
                #(#arms)*
                _ => return __sync::Result::Ok(__sync::Option::None),
            }))
        })
    }
}
