//! `impl SyncValue` for structs and newtypes; enums are in `variants`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use super::{built, codec, codec_type, convert, normalizing, variants};
use crate::attr::Key;
use crate::model::{Codec, Field, Shape, Value};

/// All that `SyncValue` writes.
pub(crate) fn value(value: &Value) -> TokenStream {
    let core = &value.core;
    let items = match &value.shape {
        Shape::Struct(fields) => structure(value, fields),
        Shape::Newtype(field) => newtype(value, field),
        Shape::Units(variants) => variants::units(value, variants),
        Shape::Enum(variants) => variants::with_data(value, variants),
        Shape::Other => stand_in(value),
        Shape::Generic => return TokenStream::new(),
    };
    quote! {
        const _: () = {
            use #core::__private as __sync;
            #items
        };
    }
}

/// The bodies of one impl.
pub(super) struct Bodies {
    pub(super) kind: TokenStream,
    pub(super) view: TokenStream,
    pub(super) read: TokenStream,
    pub(super) same: TokenStream,
    pub(super) normalize: TokenStream,
    /// Whatever differs from the trait's defaults.
    pub(super) rest: TokenStream,
}

impl Bodies {
    /// The impl.
    pub(super) fn of(self, ident: &Ident) -> TokenStream {
        let Bodies { kind, view, read, same, normalize, rest } = self;
        quote! {
            #[automatically_derived]
            impl __sync::SyncValue for #ident {
                const KIND: __sync::Kind = #kind;
                fn view(&self) -> __sync::View<'_> { #view }
                fn read(__input: __sync::Input<'_>) -> __sync::Result<Self, __sync::Refusal> { #read }
                fn same(&self, __other: &Self) -> bool { #same }
                fn normalize(&mut self) -> __sync::Result<(), __sync::Refusal> { #normalize }
                #rest
            }
        }
    }
}

/// The fields of a struct or variant, as lines.
pub(super) struct Lines<'a> {
    pub(super) owner: &'a Ident,
    pub(super) fields: &'a [Field],
    /// What stands before each name in a path: a variant's name and a dot.
    pub(super) path: String,
}

impl Lines<'_> {
    fn each(&self, line: impl Fn(&Field, TokenStream) -> TokenStream) -> TokenStream {
        let stored = self.fields.iter().filter(|field| !field.is_skipped());
        stored.map(|field| line(field, codec(field, self.owner))).collect()
    }

    /// Shows each; `at` is where the value of a field is, as a reference.
    pub(super) fn show(&self, at: impl Fn(&Ident) -> TokenStream) -> TokenStream {
        self.each(|Field { ident, name, .. }, codec| {
            let at = at(ident);
            quote!(__show(#name, #codec::view(#at))?;)
        })
    }

    /// Compares each.
    pub(super) fn same(
        &self,
        a: impl Fn(&Ident) -> TokenStream,
        b: impl Fn(&Ident) -> TokenStream,
    ) -> TokenStream {
        let lines = self.each(|Field { ident, .. }, codec| {
            let (a, b) = (a(ident), b(ident));
            quote!(&& #codec::same(#a, #b))
        });
        quote!(true #lines)
    }

    /// Normalises each.
    pub(super) fn normalize(&self, at: impl Fn(&Ident) -> TokenStream) -> TokenStream {
        self.each(|Field { ident, name, .. }, codec| {
            let (at, path) = (at(ident), format!("{}{name}", self.path));
            quote!(#codec::normalize_field(#at, #path, &mut __refused);)
        })
    }

    /// Reads all from `input`, and makes `of { .. }` of them.
    pub(super) fn read(&self, of: &TokenStream) -> TokenStream {
        let edit = |ident: &Ident| format_ident!("__edit_{}", ident);
        let lets = self.each(|field, _| {
            let (edit, ty) = (edit(&field.ident), &field.ty);
            let codec = codec_type(field, self.owner, &quote!(__sync));
            quote!(let mut #edit = __sync::Edit::<#ty, #codec>::KEEP;)
        });
        let slots = self.each(|Field { ident, name, attrs, .. }, codec| {
            let (edit, aliases) = (edit(ident), attrs.texts(Key::Alias));
            quote!((#name, &[#(#aliases),*], #codec::slot_mut(&mut #edit)),)
        });
        let fields = self.fields.iter().map(|field| {
            let edit = edit(&field.ident);
            built(field, self.owner, &quote!(#edit))
        });
        quote! {
            #lets
            __sync::read_struct(__input, &mut [#slots])?;
            #of { #(#fields)* }
        }
    }
}

/// A struct with named fields.
fn structure(value: &Value, fields: &[Field]) -> TokenStream {
    let ident = &value.ident;
    let lines = Lines { owner: ident, fields, path: String::new() };
    let show = lines.show(|field| quote!(&self.#field));
    let read = lines.read(&quote!(Self));
    let normalize = lines.normalize(|field| quote!(&mut self.#field));
    let bodies = Bodies {
        kind: quote!(__sync::Kind::Map),
        view: quote!(__sync::View::Map(self)),
        read: quote!(__sync::Result::Ok({ #read })),
        same: lines.same(|field| quote!(&self.#field), |field| quote!(&__other.#field)),
        normalize: normalizing(&normalize),
        rest: TokenStream::new(),
    };
    let imp = bodies.of(ident);
    let entries = entries(ident, &quote!(#show __sync::Continue(())));
    let with = fields.iter().filter_map(|field| convert(field, ident));
    quote!(#imp #entries #(#with)*)
}

/// The impl that lets a map be walked.
pub(super) fn entries(ident: &Ident, each: &TokenStream) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl __sync::Entries for #ident {
            fn count(&self) -> usize { __sync::count(self) }
            fn each(&self, __show: &mut __sync::Show<'_>) -> __sync::ControlFlow<()> { #each }
        }
    }
}

/// A struct of one unnamed field.
fn newtype(value: &Value, field: &Field) -> TokenStream {
    let (ident, ty) = (&value.ident, &field.ty);
    let codec = codec(field, ident);
    let nullable = matches!(field.codec, Codec::Native)
        .then(|| quote!(const NULLABLE: bool = <#ty as __sync::SyncValue>::NULLABLE;));
    let bodies = Bodies {
        kind: quote!(#codec::KIND),
        view: quote!(#codec::view(&self.0)),
        read: quote!(#codec::read(__input).map(Self)),
        same: quote!(#codec::same(&self.0, &__other.0)),
        normalize: quote!(#codec::normalize(&mut self.0)),
        rest: quote! {
            #nullable
            const NULL_IS_ABSENT: bool = #codec::NULL_IS_ABSENT;
            const OPTIONAL: bool = #codec::OPTIONAL;
            fn absent() -> __sync::Option<Self> { #codec::absent().map(Self) }
        },
    };
    let imp = bodies.of(ident);
    let with = convert(field, ident);
    let id = value.is_id.then(|| id(ident, ty));
    quote!(#imp #with #id)
}

/// What makes a newtype an id.
fn id(ident: &Ident, ty: &syn::Type) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl __sync::ModelId for #ident {
            fn is_unset(&self) -> bool { <#ty as __sync::ModelId>::is_unset(&self.0) }
            fn from_uuid(id: __sync::Uuid) -> __sync::Option<Self> {
                <#ty as __sync::ModelId>::from_uuid(id).map(Self)
            }
        }
        #[automatically_derived]
        impl __sync::Display for #ident {
            fn fmt(&self, f: &mut __sync::Formatter<'_>) -> __sync::FmtResult {
                __sync::Display::fmt(&self.0, f)
            }
        }
    }
}

/// An impl that is never run.
fn stand_in(value: &Value) -> TokenStream {
    let never = || quote!(__sync::no_field(0));
    let bodies = Bodies {
        kind: quote!(__sync::Kind::Any),
        view: never(),
        read: never(),
        same: never(),
        normalize: never(),
        rest: TokenStream::new(),
    };
    bodies.of(&value.ident)
}
