//! Reading `#[sync(..)]`: from tokens to keys with typed values.
//!
//! Nothing here returns early: an attribute with an error is noted in [`Errors`] and left out, and the rest
//! of the struct is read as if it were not there.

mod case;
mod entry;
mod errors;
mod keys;
mod suggest;

pub(crate) use case::{Case, snake_case};
pub(crate) use errors::Errors;
pub(crate) use keys::{Key, Place};

use proc_macro2::Span;
use syn::{Attribute, Ident, LitStr, Path};

use entry::Entry;
use keys::Takes;

/// The attributes of one struct, field or variant.
#[derive(Default)]
pub(crate) struct Attrs {
    given: Vec<Given>,
    /// Whether some attribute had an error, so that what is known of this place is not all that was meant.
    pub(crate) broken: bool,
}

/// One attribute that was read.
struct Given {
    key: Key,
    span: Span,
    value: Value,
}

/// The value of an attribute.
enum Value {
    None,
    Text(LitStr),
    Path(Path),
    Name(Ident),
}

impl Attrs {
    /// Reads all `#[sync(..)]` among the attributes of such a place.
    pub(crate) fn read(attrs: &[Attribute], place: Place, errors: &Errors) -> Self {
        let mut found = Attrs::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("sync")) {
            for entry in entry::split(attr, errors, &mut found.broken) {
                match found.take(entry, place) {
                    Ok(given) => found.given.push(given),
                    Err(error) => {
                        errors.push(error);
                        found.broken = true;
                    }
                }
            }
        }
        found
    }

    fn take(&self, entry: Entry, place: Place) -> syn::Result<Given> {
        let key = keys::find(&entry.key, place)?;
        let span = entry.key.span();
        if !key.repeats() && self.span(key).is_some() {
            return Err(syn::Error::new(span, format!("`{}` is there twice: remove one", key.name())));
        }
        let value = match key.takes() {
            Takes::Nothing => entry.nothing()?,
            Takes::Text(_) => Value::Text(entry.text(key)?),
            Takes::Path(_) => Value::Path(entry.path(key)?),
            Takes::Name(_) => Value::Name(entry.name(key)?),
            Takes::QuotedName(_) => Value::Name(entry.quoted_name(key)?),
            Takes::MaybePath(_) if entry.is_alone() => Value::None,
            Takes::MaybePath(_) => Value::Path(entry.path(key)?),
        };
        Ok(Given { key, span, value })
    }

    fn get(&self, key: Key) -> Option<&Given> {
        self.given.iter().find(|given| given.key == key)
    }

    /// Where the attribute is, if it is there.
    pub(crate) fn span(&self, key: Key) -> Option<Span> {
        self.get(key).map(|given| given.span)
    }

    /// Whether it is there.
    pub(crate) fn has(&self, key: Key) -> bool {
        self.get(key).is_some()
    }

    /// All that are there.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (Key, Span)> + '_ {
        self.given.iter().map(|given| (given.key, given.span))
    }

    /// The text that it was given.
    pub(crate) fn text(&self, key: Key) -> Option<&LitStr> {
        self.texts(key).next()
    }

    /// The texts that it was given, of one that may be there several times.
    pub(crate) fn texts(&self, key: Key) -> impl Iterator<Item = &LitStr> + '_ {
        self.given.iter().filter(move |given| given.key == key).filter_map(|given| match &given.value {
            Value::Text(text) => Some(text),
            _ => None,
        })
    }

    /// The path that it was given.
    pub(crate) fn path(&self, key: Key) -> Option<&Path> {
        match &self.get(key)?.value {
            Value::Path(path) => Some(path),
            _ => None,
        }
    }

    /// The identifier that it was given.
    pub(crate) fn name(&self, key: Key) -> Option<&Ident> {
        match &self.get(key)?.value {
            Value::Name(name) => Some(name),
            _ => None,
        }
    }
}
