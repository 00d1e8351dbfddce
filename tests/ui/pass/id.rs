use sync_core::prelude::*;

use std::fmt;

#[derive(SyncModel, Clone)]
struct ByUuid {
    #[sync(id)]
    id: Uuid,
}

#[derive(SyncModel, Clone)]
struct ByText {
    #[sync(id)]
    name: String,
}

#[derive(SyncModel, Clone)]
struct ByNumber {
    #[sync(id, rename = "_id")]
    number: u64,
}

#[derive(SyncValue, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[sync(id)]
struct ListId(Uuid);

#[derive(SyncModel, Clone)]
struct ByNewtype {
    #[sync(id, facet)]
    id: ListId,
}

fn text(id: impl fmt::Display) -> String {
    id.to_string()
}

fn main() {
    assert_eq!(ByUuid { id: Uuid::nil() }.id(), &Uuid::nil());
    assert_eq!(ByText { name: "a".into() }.id(), "a");
    assert_eq!(ByNumber { number: 4 }.id(), &4);
    assert_eq!(text(ByNewtype { id: ListId(Uuid::nil()) }.id()), Uuid::nil().to_string());
}
