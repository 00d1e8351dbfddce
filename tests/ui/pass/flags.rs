use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(private)]
    private: Option<String>,
    #[sync(tracked)]
    tracked: Option<String>,
    #[sync(readonly)]
    readonly: Option<String>,
    #[sync(facet)]
    facet: Option<String>,
    #[sync(search)]
    search: Option<String>,
    #[sync(index)]
    index: Option<String>,
    #[sync(unique)]
    unique: Option<String>,
    #[sync(private, tracked, index, unique)]
    several: String,
}

use sync_core::model::Flags;

fn main() {
    let flags = |name| List::SCHEMA.fields[List::SCHEMA.find(name).unwrap()].flags;
    assert_eq!(flags("private"), Flags::PRIVATE);
    assert_eq!(flags("tracked"), Flags::TRACKED);
    assert_eq!(flags("readonly"), Flags::READONLY);
    assert_eq!(flags("facet"), Flags::FACET);
    assert_eq!(flags("search"), Flags::SEARCH);
    assert_eq!(flags("index"), Flags::INDEX);
    assert_eq!(flags("unique"), Flags::UNIQUE);
    assert!(flags("several").has(Flags::PRIVATE.with(Flags::UNIQUE)));
}
