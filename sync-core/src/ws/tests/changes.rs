//! Changes that come from elsewhere, with less at hand than this process's own.

use std::sync::Arc;

use serde_json::json;

use super::super::fact::Told;
use super::{Desk, List, ListPatch, everything, list};
use crate::backend::{Body, Change, Context, Sight};
use crate::model::{Doc, Rev, Value};
use crate::prelude::*;

/// A patch from another server: with the key fields' values, without the document.
fn remote(
    id: i64,
    revs: (Rev, Rev),
    position: u64,
    patch: ListPatch,
    owners: (&str, &str),
) -> Arc<Change<List>> {
    let owner = |owner: &str| vec![(0, Value::Int(id)), (2, Value::Text(owner.into()))];
    let before = if owners.0 == owners.1 { Vec::new() } else { owner(owners.0) };
    let sight = Sight::Keys { before: Some(before), after: Some(owner(owners.1)) };
    let context = Context::of(Origin::Remote);
    Arc::new(Change::new(Action::Update, id, revs, position, Body::Patch(Arc::new(patch)), sight, context))
}

fn rename(name: &str) -> ListPatch {
    ListPatch::default().with(List::NAME, name)
}

#[tokio::test]
async fn one_that_enters_without_its_document_is_read_once() {
    let mut desk = Desk::open(everything()).await;
    let made = desk.lists.create(list(1, "x")).await.unwrap();
    desk.listen(1, json!({"filter": {"owner": "bob"}}));
    desk.listen(2, json!({}));
    let position = desk.lists.cursor().position + 1;
    desk.lists.update(1, ListPatch::default().with(List::OWNER, "bob")).await.unwrap();
    let rev = desk.lists.hub().last_rev(&1).unwrap();
    // The same change as another server would have told it, in place of the local one.
    let patch = ListPatch::default().with(List::OWNER, "bob");
    let change = remote(1, (made.rev(), rev), position, patch, ("ann", "bob"));
    desk.tell(0, Told::Fact(change, position));
    assert!(desk.told().is_empty() && !desk.session.wants_changes(0), "the stream stands still");
    assert!(desk.finish_one());
    let told = desk.told();
    assert_eq!(told.len(), 2);
    assert_eq!((&told[0]["listen"], &told[0]["change"]["doc"]["owner"]), (&json!([1]), &json!("bob")));
    assert_eq!((&told[1]["listen"], &told[1]["change"]["patch"]), (&json!([2]), &json!({"owner": "bob"})));
    assert_eq!(desk.session.house.counters.read().fills, 1);
    // One that stays needs no reading.
    let change = remote(1, (rev, rev + 9), position + 9, rename("y"), ("bob", "bob"));
    desk.tell(0, Told::Fact(change, position + 9));
    assert_eq!(desk.told().len(), 2, "one frame for each cursor");
    assert_eq!(desk.session.house.counters.read().fills, 1);
}

/// A server that was restarted replays its log without the documents: one that came, was changed and left
/// is read too late to be shown, and then there is no copy that a patch would fit.
#[tokio::test]
async fn what_could_not_be_shown_is_not_patched() {
    let mut desk = Desk::open(everything()).await;
    let rev = desk.lists.create(list(1, "x")).await.unwrap().rev();
    desk.listen(1, json!({"filter": {"owner": "bob"}}));
    for name in ["a", "b", "c"] {
        desk.lists.update(1, rename(name)).await.unwrap();
    }
    // Another document, whose changes come in between: no cursor leads past what was not shown.
    desk.lists.create(List { owner: "bob".into(), ..list(2, "x") }).await.unwrap();
    desk.hand_over();
    desk.told();
    for (at, owners) in [(1, ("ann", "bob")), (2, ("bob", "bob")), (3, ("bob", "ann"))] {
        let change = remote(1, (rev + at - 1, rev + at), rev + at, rename("y"), owners);
        desk.tell(0, Told::Fact(change, 0));
        desk.finish_one();
        // That it left is said: an earlier session may have been told of it ahead of its cursor.
        let told = desk.told();
        assert!(told.iter().all(|frame| frame["op"] == "gone"), "{told:?}");
        assert_eq!(told.len(), usize::from(owners.1 == "ann"), "{told:?}");
        let at = rev + 10 + at;
        desk.tell(0, Told::Fact(remote(2, (at - 1, at), at, rename("y"), ("bob", "bob")), at));
        let told = desk.told();
        assert_eq!(told[0].get("cursor").is_some(), owners.1 == "ann", "{told:?}");
    }
    desk.lists.update(1, ListPatch::default().with(List::OWNER, "bob")).await.unwrap();
    for (at, owners) in [(5, ("ann", "bob")), (6, ("bob", "bob"))] {
        let change = remote(1, (rev + at - 1, rev + at), rev + at, rename("y"), owners);
        desk.tell(0, Told::Fact(change, 0));
        desk.finish_one();
        let told = desk.told();
        assert_eq!(told[0]["change"].get("patch").is_some(), at == 6, "whole at first: {told:?}");
    }
}

#[tokio::test]
async fn one_that_left_again_before_it_was_read_is_not_shown() {
    let mut desk = Desk::open(everything()).await;
    let made = desk.lists.create(list(1, "x")).await.unwrap();
    desk.listen(1, json!({"filter": {"owner": "bob"}}));
    let change = remote(1, (made.rev(), made.rev() + 1), made.rev() + 1, rename("y"), ("ann", "bob"));
    desk.lists.update(1, rename("z")).await.unwrap();
    desk.tell(0, Told::Fact(change, 0));
    assert!(desk.finish_one());
    assert!(desk.told().is_empty());
    // A read that gives less than the change says is no answer: everything is read anew.
    let ahead = remote(1, (made.rev() + 50, made.rev() + 51), made.rev() + 51, rename("y"), ("ann", "bob"));
    desk.tell(0, Told::Fact(ahead, 0));
    assert!(desk.finish_one());
    let told = desk.settle();
    assert_eq!((&told[0]["op"], &told[1]["op"]), (&json!("reset"), &json!("snapshot")));
}

/// A document that was replaced from outside: nobody knows what it was before. Where rows are the policy's,
/// a `gone` could name a document that the session must not know of.
#[tokio::test]
async fn what_cannot_be_placed_is_told_without_telling_of_others() {
    let replaced = |doc: List, rev: Rev| {
        let (id, value) = (doc.id, Arc::new(doc));
        let sight = Sight::Documents { before: None, after: Some(value.clone()) };
        let body = Body::Document(Doc { value, extra: None, rev });
        Arc::new(Change::new(
            Action::Update,
            id,
            (rev - 1, rev),
            0,
            body,
            sight,
            Context::of(Origin::External),
        ))
    };
    let theirs = || List { owner: "bob".into(), ..list(1, "x") };
    let mut open = Desk::open(everything()).await;
    open.listen(1, json!({"filter": {"owner": "ann"}}));
    open.tell(0, Told::Fact(replaced(theirs(), 9), 0));
    assert_eq!(open.told()[0]["op"], "gone");
    open.tell(0, Told::Fact(replaced(list(1, "x"), 10), 0));
    assert_eq!(open.told()[0]["change"]["doc"]["name"], "x");

    let mut narrow = Desk::open(everything().rows(List::OWNER.eq("ann"))).await;
    narrow.listen(1, json!({}));
    narrow.tell(0, Told::Fact(replaced(theirs(), 9), 0));
    let told = narrow.settle();
    assert_eq!((&told[0]["op"], &told[1]["op"]), (&json!("reset"), &json!("snapshot")));
    narrow.tell(0, Told::Fact(replaced(list(1, "x"), 10), 0));
    assert_eq!(narrow.told()[0]["change"]["doc"]["name"], "x");
}

#[tokio::test]
async fn changes_during_a_snapshot_come_after_it_and_what_is_in_it_does_not() {
    let mut desk = Desk::open(everything()).await;
    desk.lists.create(list(1, "x")).await.unwrap();
    desk.say(json!({"op": "listen", "n": 1, "backend": "lists"}));
    desk.lists.update(1, rename("in the snapshot")).await.unwrap();
    assert!(!desk.session.wants_changes(0));
    assert!(desk.finish_one());
    desk.lists.update(1, rename("after it")).await.unwrap();
    let told = desk.settle();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0]["docs"][0]["doc"]["name"], "in the snapshot");
    assert_eq!(told[1]["change"]["patch"]["name"], "after it");
}

#[tokio::test]
async fn one_snapshot_is_in_memory_at_a_time() {
    let mut desk = Desk::open(everything()).await;
    for n in 1..=5 {
        desk.say(json!({"op": "listen", "n": n, "backend": "lists"}));
    }
    assert_eq!(desk.jobs.len(), 1);
    desk.say(json!({"op": "unlisten", "n": 9, "listen": 1}));
    assert_eq!(desk.settle().len(), 1 + 4);
}
