//! The plain struct between reading and writing: what a model is, with the original syntax for spans.

mod check;
mod field;
mod names;
mod shape;
mod value;

use proc_macro2::Span;
use quote::format_ident;
use syn::ext::IdentExt;
use syn::{DeriveInput, Ident, Path, Visibility};

use crate::attr::{Attrs, Case, Errors, Key, Place, snake_case};

pub(crate) use field::{Codec, Default, Field};
pub(crate) use value::{Content, Shape, Value, Variant};

/// A struct that derives `SyncModel`.
pub(crate) struct Model {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) form: Form,
    pub(crate) patch: Ident,
    pub(crate) backend: String,
    /// Where the core is.
    pub(crate) core: Path,
    /// Whether a save of a document that has moved on is refused.
    pub(crate) rejects: bool,
    pub(crate) validate: Option<Path>,
    /// The fields, in the order of the struct.
    pub(crate) fields: Vec<Field>,
    pub(crate) attrs: Attrs,
}

/// How much of the item can be a model.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A struct with named fields.
    Struct,
    /// Something else; it gets a stand-in without fields, so that its error stays alone.
    Other,
    /// It has parameters; it gets nothing.
    Generic,
}

impl Model {
    /// Reads and checks the struct; what is wrong is noted and left out.
    pub(crate) fn read(input: &DeriveInput, errors: &Errors) -> Self {
        let attrs = Attrs::read(&input.attrs, Place::Model, errors);
        let (fields, form) = shape::model_fields(input, errors);
        let case = attrs.text(Key::RenameAll).and_then(|text| Case::read(text, errors));
        let model = Model {
            vis: input.vis.clone(),
            ident: input.ident.clone(),
            form,
            patch: attrs.name(Key::Patch).cloned().unwrap_or_else(|| format_ident!("{}Patch", input.ident)),
            backend: attrs.text(Key::Backend).map_or_else(|| snake_case(&plain(&input.ident)), |b| b.value()),
            core: core_path(&attrs),
            rejects: attrs.text(Key::Conflict).is_some_and(|text| text.value() == "reject"),
            validate: attrs.path(Key::Validate).cloned(),
            fields: Field::read_all(fields, Place::Field, case, errors, &mut 0),
            attrs,
        };
        check::model(&model, errors);
        model
    }

    /// The stored fields.
    pub(crate) fn stored(&self) -> impl Iterator<Item = &Field> + '_ {
        self.fields.iter().filter(|field| !field.is_skipped())
    }

    /// The field that is the id.
    pub(crate) fn id(&self) -> Option<&Field> {
        self.stored().find(|field| field.attrs.has(Key::Id))
    }
}

/// The path of the core: `::sync_core`, unless the struct names another.
fn core_path(attrs: &Attrs) -> Path {
    attrs.path(Key::Crate).cloned().unwrap_or_else(|| {
        let name = Ident::new("sync_core", Span::call_site());
        let mut path = Path::from(name);
        path.leading_colon = Some(std::default::Default::default());
        path
    })
}

/// An identifier's text, without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}
