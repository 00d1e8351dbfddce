//! The error sink: every stage notes here what is wrong, and none returns early because of it.

use std::cell::RefCell;

use proc_macro2::{Span, TokenStream};
use quote::quote;

/// All errors of one derive. Must be finished, or it panics: an error is never lost.
pub(crate) struct Errors {
    noted: RefCell<Option<Vec<syn::Error>>>,
}

impl Errors {
    /// An empty sink.
    pub(crate) fn new() -> Self {
        Errors { noted: RefCell::new(Some(Vec::new())) }
    }

    /// Notes an error.
    pub(crate) fn push(&self, error: syn::Error) {
        self.noted.borrow_mut().as_mut().expect("a sink takes errors until it is finished").push(error);
    }

    /// Notes an error at this place.
    pub(crate) fn at(&self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    /// The code, with the errors before it.
    pub(crate) fn finish(self, code: TokenStream) -> TokenStream {
        let noted = self.noted.borrow_mut().take().unwrap_or_default();
        let noted = noted.iter().map(syn::Error::to_compile_error);
        quote!(#(#noted)* #code)
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        if self.noted.borrow().is_some() && !std::thread::panicking() {
            panic!("an error sink of the derive was dropped unread");
        }
    }
}
