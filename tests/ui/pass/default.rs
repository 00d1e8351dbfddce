use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
struct List {
    #[sync(id)]
    id: Uuid,
    #[sync(default)]
    views: i64,
    #[sync(default = "three")]
    stars: i64,
    #[sync(default = "i64::min_value")]
    least: i64,
}

fn three() -> i64 {
    3
}

fn main() {
    let list = List::build(ListPatch::default().with(List::ID, Uuid::nil())).unwrap();
    assert_eq!((list.views, list.stars, list.least), (0, 3, i64::MIN));
}
