//! What frames do to a session.

use serde_json::{Value as Json, json};

use super::{Desk, Limits, everything, list};

#[tokio::test]
async fn hello_describes_what_may_be_seen() {
    let mut desk = Desk::silent(everything().hide(super::List::NOTE), Limits::default()).await;
    assert!(desk.session.wants_input());
    desk.say(json!({"op": "hello", "protocol": 1}));
    let welcome = desk.told().remove(0);
    let lists = &welcome["backends"]["lists"];
    assert_eq!(lists["fields"]["id"], json!({"kind": "integer", "readonly": false, "facet": true}));
    assert_eq!(lists["fields"]["owner"], json!({"kind": "string", "readonly": false, "facet": true}));
    assert!(lists["fields"].get("note").is_none());
    let desk = Desk::silent(everything(), Limits::default()).await;
    let described: Json = serde_json::from_str(
        &desk.session.house.exposed[0].grant(&Default::default()).unwrap().unwrap().describe(),
    )
    .unwrap();
    assert_eq!(described["fields"]["note"]["nullable"], true);
}

#[tokio::test]
async fn no_more_is_read_than_can_be_answered() {
    let mut desk =
        Desk::silent(everything(), Limits { requests: 3, outbox: 2_000, ..Limits::default() }).await;
    desk.say(json!({"op": "hello", "protocol": 1}));
    desk.told();
    for n in 1..=3 {
        assert!(desk.session.wants_input());
        desk.say(json!({"op": "read", "n": n, "backend": "lists", "id": n}));
    }
    assert!(!desk.session.wants_input(), "three requests are under way");
    assert!(desk.finish_one() && desk.session.wants_input());
    desk.settle();
    for n in 4.. {
        if !desk.session.wants_input() {
            assert!(n > 10);
            break;
        }
        desk.say(json!({"op": "read", "n": n, "backend": "nothing", "id": n}));
        assert!(n < 100, "errors that are not taken stop the reading");
    }
    desk.told();
    assert!(desk.session.wants_input());
}

#[tokio::test]
async fn requests_of_one_document_start_one_after_the_other() {
    let mut desk = Desk::open(everything()).await;
    desk.lists.create(list(1, "x")).await.unwrap();
    let read = |n: u64| json!({"op": "read", "n": n, "backend": "lists", "id": 1});
    desk.say(json!({"op": "update", "n": 1, "backend": "lists", "id": 1, "patch": {"name": "y"}}));
    desk.say(read(2));
    desk.say(json!({"op": "find", "n": 3, "backend": "lists"}));
    desk.say(json!({"op": "read", "n": 4, "backend": "lists", "id": 2}));
    assert_eq!(desk.jobs.len(), 2, "the update, and the read of another document");
    let answers = desk.settle();
    let read = answers.iter().find(|frame| frame["n"] == 2).unwrap();
    assert_eq!(read["doc"]["name"], "y");
}

#[tokio::test]
async fn a_null_that_is_a_value_and_one_that_unsets() {
    let mut desk = Desk::open(everything()).await;
    desk.say(json!({"op": "create", "n": 1, "backend": "lists", "doc": {"id": 1, "name": "x", "owner": "ann", "note": null}}));
    assert_eq!(desk.settle()[0]["doc"]["note"], Json::Null);
    desk.say(
        json!({"op": "update", "n": 2, "backend": "lists", "id": 1, "patch": {"note": {"$unset": true}}}),
    );
    let ack = &desk.settle()[0];
    assert_eq!(ack["patch"], json!({"note": {"$unset": true}}));
    desk.say(json!({"op": "read", "n": 3, "backend": "lists", "id": 1}));
    assert!(desk.settle()[0]["doc"].get("note").is_none());
}

#[tokio::test]
async fn the_end_is_one() {
    let mut desk = Desk::open(everything()).await;
    desk.say(json!({"op": "hello", "protocol": 1}));
    assert_eq!(desk.closed, Some(1002));
    assert!(!desk.session.wants_input());
    assert_eq!(desk.told().len(), 1);
    desk.say(json!({"op": "read", "n": 1, "backend": "lists", "id": 1}));
    assert!(desk.settle().is_empty());
}

#[tokio::test]
async fn an_integer_that_javascript_cannot_hold_travels_as_text() {
    let mut desk = Desk::open(everything()).await;
    let id = i64::MAX - 1;
    desk.say(json!({"op": "create", "n": 1, "backend": "lists", "doc": {"id": id.to_string(), "name": "x", "owner": "ann"}}));
    let ack = desk.settle().remove(0);
    assert_eq!((&ack["id"], &ack["doc"]["id"]), (&json!(id.to_string()), &json!(id.to_string())));
    assert_eq!(desk.lists.fetch(id).await.unwrap().name, "x");
}

/// Each would read ten thousand documents, and nobody waits for them any more.
#[tokio::test]
async fn listens_that_were_taken_back_do_not_read_side_by_side() {
    let mut desk = Desk::open(everything()).await;
    for n in 1..=500 {
        if !desk.session.wants_input() {
            break;
        }
        desk.say(json!({"op": "listen", "n": 2 * n, "backend": "lists"}));
        desk.say(json!({"op": "unlisten", "n": 2 * n + 1, "listen": 2 * n}));
        desk.told();
    }
    assert_eq!(desk.jobs.len(), 1, "one snapshot at a time is in memory");
    desk.listen(5_000, json!({}));
    assert!(desk.session.queue.is_empty());
}

#[tokio::test]
async fn listens_that_resume_count_among_the_requests() {
    let mut desk = Desk::open(everything()).await;
    desk.say(json!({"op": "listen", "n": 1, "backend": "lists"}));
    let cursor = desk.settle().pop().unwrap()["cursor"].clone();
    let mut n = 1;
    while desk.session.wants_input() && n < 1_000 {
        n += 2;
        desk.say(json!({"op": "listen", "n": n, "backend": "lists", "cursor": cursor}));
        desk.say(json!({"op": "unlisten", "n": n + 1, "listen": n}));
        desk.told();
    }
    assert_eq!(desk.jobs.len(), 100);
    desk.settle();
    assert!(desk.session.wants_input());
}

/// Answers that nobody takes are not made: a request starts when there is room for what it says.
#[tokio::test]
async fn requests_wait_until_answers_are_taken() {
    let mut desk = Desk::open(everything()).await;
    desk.lists.create(list(1, &"x".repeat(200_000))).await.unwrap();
    for n in 1..=50 {
        desk.say(json!({"op": "read", "n": n, "backend": "lists", "id": 1}));
    }
    for n in 51..=90 {
        desk.say(json!({"op": "find", "n": n, "backend": "lists"}));
    }
    assert!(desk.jobs.len() <= 54, "{} at once: queries run a few at a time", desk.jobs.len());
    while desk.finish_one() {}
    let told = desk.told().len();
    assert!(told <= 54, "{told}: what was under way when the room was used up, and no more");
    let answers = desk.settle();
    assert_eq!(told + answers.iter().filter(|frame| frame["op"] == "ack").count(), 90);
}
