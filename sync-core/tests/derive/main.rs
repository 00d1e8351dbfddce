//! What the derives write, by running it: laws and edges, one file per theme.

#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub)]
#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod codecs;
mod document;
mod laws;
mod many;
mod patch;
mod values;

use sync_core::prelude::*;

/// A list of things.
#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "lists", rename_all = "camelCase", validate = "named")]
pub(crate) struct List {
    /// Its id.
    #[sync(id)]
    pub(crate) id: Uuid,
    /// What it is called.
    #[sync(search, alias = "title")]
    pub(crate) name: String,
    /// Whose it is.
    #[sync(facet, index)]
    pub(crate) owner: String,
    /// How often it was looked at.
    #[sync(default)]
    pub(crate) view_count: u64,
    /// How heavy it is.
    #[sync(default = "one")]
    pub(crate) weight: f64,
    /// What was said of it.
    pub(crate) remark: Option<String>,
    /// Nothing, null, or a number.
    pub(crate) doubt: Option<Option<i64>>,
    /// A picture.
    #[sync(default)]
    pub(crate) picture: Vec<u8>,
    #[sync(private)]
    notes: String,
    /// Who made it.
    #[sync(readonly, default)]
    pub(crate) made_by: String,
    /// Looked up a moment ago.
    #[sync(skip)]
    pub(crate) fresh: bool,
}

fn one() -> f64 {
    1.0
}

fn named(list: &List) -> Result<(), Invalid> {
    if list.name.is_empty() { Err(Invalid::field("name", "must not be empty")) } else { Ok(()) }
}

/// A patch, as a client sends it.
pub(crate) fn patch(json: serde_json::Value) -> ListPatch {
    serde_json::from_value(json).unwrap()
}

/// What a client is told of a patch that it must not send.
pub(crate) fn refused(json: serde_json::Value) -> String {
    let error = serde_json::from_value::<ListPatch>(json).unwrap_err().to_string();
    error.strip_prefix("List: ").expect("an error names its model").to_owned()
}

/// A list as a program makes it.
pub(crate) fn sample() -> List {
    List {
        id: Uuid::from_u128(7),
        name: "Milk".into(),
        owner: "ann".into(),
        view_count: 3,
        weight: 0.5,
        remark: None,
        doubt: None,
        picture: vec![1, 2, 3],
        notes: "owes me".into(),
        made_by: "bob".into(),
        fresh: true,
    }
}
