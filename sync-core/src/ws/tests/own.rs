//! The writer learns of each of its commits exactly once, in the stream or without it.

use serde_json::{Value as Json, json};

use super::super::fact::Told;
use super::{Desk, List, ListPatch, everything, list};
use crate::prelude::*;

fn update(n: u64, name: &str) -> Json {
    json!({"op": "update", "n": n, "backend": "lists", "id": 1, "patch": {"name": name}})
}

/// Frames with an `n` that are not acks: `(n, listens)`.
fn own(told: &[Json]) -> Vec<(u64, Json)> {
    let own = told.iter().filter(|frame| frame["op"] != "ack" && frame["n"].is_u64());
    own.map(|frame| (frame["n"].as_u64().unwrap(), frame["listen"].clone())).collect()
}

#[tokio::test]
async fn without_a_listen_by_itself_and_with_one_in_the_stream() {
    let mut desk = Desk::open(everything()).await;
    desk.lists.create(list(1, "x")).await.unwrap();
    desk.say(update(1, "a"));
    assert_eq!(own(&desk.settle()), [(1, json!([]))]);
    desk.listen(2, json!({}));
    desk.say(update(3, "b"));
    assert_eq!(own(&desk.settle()), [(3, json!([2]))]);
    desk.listen(4, json!({"filter": {"owner": "nobody"}}));
    desk.say(json!({"op": "delete", "n": 5, "backend": "lists", "id": 1}));
    assert_eq!(own(&desk.settle()), [(5, json!([2]))]);
    assert_eq!(format!("{:?}", desk.session.own), "{}");
}

#[tokio::test]
async fn on_the_last_frame_where_listens_see_it_differently() {
    let mut desk = Desk::open(everything()).await;
    desk.lists.create(list(1, "x")).await.unwrap();
    desk.listen(1, json!({}));
    desk.listen(2, json!({"filter": {"owner": "ann"}}));
    desk.say(json!({"op": "update", "n": 3, "backend": "lists", "id": 1, "patch": {"owner": "bob"}}));
    let told = desk.settle();
    let ops: Vec<&str> = told.iter().map(|frame| frame["op"].as_str().unwrap()).collect();
    assert_eq!(ops, ["ack", "synced", "gone"]);
    assert_eq!(own(&told), [(3, json!([2]))]);
}

/// The listen set out before the write was answered: the stream may bring the write, or may not.
#[tokio::test]
async fn once_where_the_stream_begins_while_the_write_is_under_way() {
    for stream_first in [true, false] {
        let mut desk = Desk::open(everything()).await;
        desk.lists.create(list(1, "x")).await.unwrap();
        desk.say(update(1, "a"));
        desk.say(json!({"op": "listen", "n": 2, "backend": "lists"}));
        if stream_first {
            desk.jobs.rotate_left(1);
        }
        let told = desk.settle();
        assert_eq!(own(&told).len(), 1, "{told:?}");
    }
}

#[tokio::test]
async fn a_reset_does_not_swallow_it() {
    let mut desk = Desk::open(everything()).await;
    desk.lists.create(list(1, "x")).await.unwrap();
    desk.listen(1, json!({}));
    desk.say(update(2, "a"));
    desk.say(json!({"op": "update", "n": 3, "backend": "lists", "id": 1, "patch": {"name": "b"}}));
    assert!(desk.finish_one());
    // The first is acked and the second under way when the stream loses both.
    for name in 0..1_100 {
        desk.lists.update(1, ListPatch::default().with(List::NAME, name.to_string())).await.unwrap();
    }
    let told = desk.settle();
    assert_eq!(own(&told), [(2, json!([])), (3, json!([]))], "{told:?}");
    assert_eq!(told.iter().filter(|frame| frame["op"] == "reset").count(), 1);
    assert_eq!(format!("{:?}", desk.session.own), "{}");
}

#[tokio::test]
async fn where_the_stream_has_overtaken_it() {
    let mut desk = Desk::open(everything()).await;
    let made = desk.lists.create(list(1, "x")).await.unwrap();
    desk.listen(1, json!({}));
    desk.say(update(2, "a"));
    assert!(desk.finish_one());
    desk.told();
    // In place of the session's change comes one with all of a later document.
    let later =
        crate::model::Doc { value: std::sync::Arc::new(list(1, "later")), extra: None, rev: made.rev() + 7 };
    let change =
        crate::backend::Change::repaired(1, (made.rev(), made.rev() + 7), made.rev() + 7, Some(later));
    desk.tell(0, Told::Fact(std::sync::Arc::new(change), made.rev() + 7));
    let told = desk.told();
    assert_eq!(own(&told), [(2, json!([]))], "{told:?}");
}

#[tokio::test]
async fn a_write_that_is_refused_or_changes_nothing_owes_nothing() {
    let mut desk = Desk::open(everything().check(List::OWNER.eq("ann"))).await;
    desk.lists.create(list(1, "x")).await.unwrap();
    desk.say(json!({"op": "update", "n": 1, "backend": "lists", "id": 1, "patch": {"owner": "bob"}}));
    desk.say(json!({"op": "delete", "n": 2, "backend": "lists", "id": 7}));
    let told = desk.settle();
    assert_eq!((&told[0]["code"], &told[1]["code"]), (&json!("denied"), &json!("not_found")));
    assert_eq!(format!("{:?}", desk.session.own), "{}");
}
