//! Under every lint that a careful crate denies.

#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused,
    unused_qualifications,
    rust_2018_idioms,
    clippy::all,
    clippy::pedantic
)]
#![forbid(unsafe_code)]

pub mod lists {
    //! A module, so that visibility matters.

    use sync_core::prelude::*;

    /// A list.
    #[derive(SyncModel, Clone, Debug)]
    pub struct List {
        /// Its id.
        #[sync(id)]
        pub id: Uuid,
        /// Its name.
        pub name: String,
        pub(crate) owner: String,
        notes: Option<Note>,
    }

    #[derive(SyncValue, Clone, Debug)]
    struct Note {
        text: String,
        tone: Tone,
    }

    #[derive(SyncValue, Clone, Debug)]
    enum Tone {
        Kind,
        Other(String),
        Mixed { first: f64 },
    }

    /// Enums that leave little to do.
    pub mod small {
        use super::*;

        /// One variant.
        #[derive(SyncValue, Clone, Debug)]
        pub enum One {
            /// With data.
            Only(u32),
        }

        /// One variant.
        #[derive(SyncValue, Clone, Debug)]
        pub enum Lone {
            /// Without data.
            Only,
        }

        /// Two variants.
        #[derive(SyncValue, Clone, Debug)]
        pub enum Hollow {
            /// Without fields.
            First {},
            /// Without fields.
            Second {},
        }

        /// A struct.
        #[derive(SyncValue, Clone, Debug)]
        pub struct Empty {}
    }

    /// A list with all that there is.
    #[must_use]
    pub fn list() -> List {
        let tones = [Tone::Kind, Tone::Other(String::new()), Tone::Mixed { first: 1.0 }];
        let notes = tones.into_iter().last().map(|tone| Note { text: String::new(), tone });
        List { id: Uuid::nil(), name: String::new(), owner: String::new(), notes }
    }
}

#[derive(sync_core::SyncModel, Clone)]
struct Unused {
    #[sync(id)]
    id: i64,
}

fn main() {
    let list = lists::list();
    drop((list.owner, Unused { id: 1 }.id));
}
