//! The derive macros of `sync-core`.
//!
//! Three stages, each a folder: `attr` reads `#[sync(..)]`, `model` checks what was read against the
//! rules, `expand` writes the code. Every stage notes its errors in one sink and goes on.

mod attr;
mod expand;
mod model;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

#[doc = include_str!("../docs/model.md")]
#[proc_macro_derive(SyncModel, attributes(sync))]
pub fn sync_model(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let errors = attr::Errors::new();
    let model = model::Model::read(&input, &errors);
    let code = expand::model(&model);
    errors.finish(code).into()
}

#[doc = include_str!("../docs/value.md")]
#[proc_macro_derive(SyncValue, attributes(sync))]
pub fn sync_value(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let errors = attr::Errors::new();
    let value = model::Value::read(&input, &errors);
    let code = expand::value(&value);
    errors.finish(code).into()
}
