//! One `key` or `key = value` of `#[sync(..)]`, before its key is looked up.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, LitStr, Meta, Path, Token};

use super::{Errors, Key, Value};

/// A key and the tokens behind its `=`, if it has one.
pub(super) struct Entry {
    pub(super) key: Ident,
    value: Option<TokenStream>,
}

/// The entries of one attribute; those that do not parse are noted, and the rest is given.
pub(super) fn split(attr: &Attribute, errors: &Errors, broken: &mut bool) -> Vec<Entry> {
    let Meta::List(list) = &attr.meta else {
        errors.push(syn::Error::new_spanned(attr, "expected a list: write `#[sync(..)]`"));
        *broken = true;
        return Vec::new();
    };
    pieces(list.tokens.clone())
        .into_iter()
        .filter_map(|piece| match parse.parse2(piece) {
            Ok(entry) => Some(entry),
            Err(error) => {
                errors.push(error);
                *broken = true;
                None
            }
        })
        .collect()
}

/// What stands between commas; a comma inside brackets is part of its group.
fn pieces(tokens: TokenStream) -> Vec<TokenStream> {
    let mut pieces = vec![TokenStream::new()];
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => pieces.push(TokenStream::new()),
            token => pieces.last_mut().expect("there is always a last piece").extend([token]),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn parse(input: ParseStream<'_>) -> syn::Result<Entry> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error("expected the name of an attribute"));
    }
    let key = input.call(Ident::parse_any)?;
    if input.is_empty() {
        return Ok(Entry { key, value: None });
    }
    if !input.peek(Token![=]) {
        return Err(input.error(format!("expected a comma or `=` after `{key}`")));
    }
    let equals: Token![=] = input.parse()?;
    if input.is_empty() {
        return Err(syn::Error::new(equals.spans[0], format!("expected a value after `{key} =`")));
    }
    Ok(Entry { key, value: Some(input.parse()?) })
}

impl Entry {
    /// Whether there is a key only.
    pub(super) fn is_alone(&self) -> bool {
        self.value.is_none()
    }

    /// No value.
    pub(super) fn nothing(&self) -> syn::Result<Value> {
        match &self.value {
            None => Ok(Value::None),
            Some(value) => {
                let key = &self.key;
                Err(syn::Error::new_spanned(value, format!("`{key}` takes no value: write `#[sync({key})]`")))
            }
        }
    }

    /// A string literal.
    pub(super) fn text(&self, key: Key) -> syn::Result<LitStr> {
        self.parse(key, |input| input.parse())
    }

    /// A string literal that holds a path.
    pub(super) fn path(&self, key: Key) -> syn::Result<Path> {
        self.quoted(key, "a path", Path::parse_mod_style)
    }

    /// A string literal that holds an identifier.
    pub(super) fn quoted_name(&self, key: Key) -> syn::Result<Ident> {
        self.quoted(key, "a name", |input| input.parse())
    }

    fn quoted<T>(
        &self,
        key: Key,
        what: &str,
        parse: fn(ParseStream<'_>) -> syn::Result<T>,
    ) -> syn::Result<T> {
        let text = self.text(key)?;
        text.parse_with(parse).map_err(|_| {
            let message = format!("{:?} is not {what}: write `{}`", text.value(), key.example());
            syn::Error::new(text.span(), message)
        })
    }

    /// An identifier.
    pub(super) fn name(&self, key: Key) -> syn::Result<Ident> {
        self.parse(key, |input| input.parse())
    }

    fn parse<T>(&self, key: Key, parse: fn(ParseStream<'_>) -> syn::Result<T>) -> syn::Result<T> {
        let (name, example) = (key.name(), key.example());
        let Some(value) = self.value.clone() else {
            return Err(syn::Error::new(
                self.key.span(),
                format!("`{name}` expects a value: write `{example}`"),
            ));
        };
        let wrong =
            syn::Error::new_spanned(&value, format!("`{name}` expects {}: write `{example}`", key.form()));
        parse.parse2(value).map_err(|_| wrong)
    }
}
