//! Inside functions and macros, under odd names, without the prelude, where std's names mean other things.

#![no_implicit_prelude]

mod hostile {
    pub(crate) struct Option;
    pub(crate) struct Result;
    pub(crate) struct Vec;
    pub(crate) trait Clone {}
    pub(crate) trait Default {}
    #[allow(non_upper_case_globals)]
    pub(crate) const index: () = ();
    #[allow(non_upper_case_globals)]
    pub(crate) const patch: () = ();
}

mod models {
    #[allow(unused_imports)]
    use crate::hostile::*;

    #[derive(::sync_core::SyncModel, ::std::clone::Clone)]
    pub(crate) struct List {
        #[sync(id)]
        pub(crate) id: ::std::string::String,
        pub(crate) r#type: ::std::option::Option<u32>,
        pub(crate) patch: i64,
        pub(crate) index: i64,
        pub(crate) newer: i64,
        pub(crate) show: Show,
    }

    #[derive(::sync_core::SyncValue, ::std::clone::Clone)]
    pub(crate) enum Show {
        Plain { show: u32, input: u32, r#type: bool },
        Other(bool),
    }
}

macro_rules! model {
    ($name:ident { $($field:ident: $ty:ty),* }) => {
        #[derive(::sync_core::SyncModel, ::std::clone::Clone)]
        struct $name {
            #[sync(id)]
            id: ::std::string::String,
            $($field: $ty),*
        }
    };
}

model!(Item { name: ::std::string::String, views: i64 });

fn main() {
    #[derive(::sync_core::SyncModel, ::std::clone::Clone)]
    struct Local {
        #[sync(id)]
        id: i64,
    }
    let _ = (Local::ID, Item::VIEWS, models::List::TYPE);
}
