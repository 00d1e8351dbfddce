//! Clients that mean harm: whatever they send, the server answers, stays small, and tells nothing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sync_core::ws::{Limits, Policy};

use super::{List, Server, User, list};

fn own_rows() -> Policy<List> {
    Policy::new().allow_all().rows(|user: &User| List::OWNER.eq(&user.name)).hide(List::RATING)
}

/// Values of every kind, and of none.
fn values() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let deeper = (0..100).fold(json!(1), |inner, _| json!({"a": inner}));
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1),
        json!(1.5),
        json!(1e308),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("x"),
        json!("a\u{0}b"),
        json!("__proto__"),
        json!("\u{202e}\u{1b}[31m<img src=x onerror=alert(1)>"),
        json!("99999999999999999999999999"),
        json!("0198c5a2-9d1e-7c3b-8f00-2b6f1c9d4e10"),
        json!("x".repeat(100_000)),
        json!([]),
        json!([1]),
        json!([[]]),
        json!({}),
        json!({"__proto__": 1}),
        json!({"$unset": true}),
        json!({"$unset": 1}),
        json!({"$in": {}}),
        json!({"$in": [null, [], {}]}),
        json!({"$eq": {"$eq": 1}}),
        json!({"$or": 1}),
        json!({"$or": [{}]}),
        json!({"$not": []}),
        json!({"constructor": {"prototype": 1}}),
        json!({"rating": 1}),
        json!({"secret": "x"}),
        json!({"edits": 1}),
        json!({"a.b": 1}),
        json!({"": 1}),
        deep,
        deeper,
    ]
}

/// Every member of every frame with every kind of value; each is answered once, and the session lives.
async fn every_member_with_every_value(server: Server) {
    let mine = server.lists.create(list("mine", "ann")).await.unwrap();
    let theirs = server.lists.create(list("theirs", "bob")).await.unwrap();
    let mut ann = server.client("ann").await;
    let id = mine.id.to_string();
    let frames = [
        json!({"op": "create", "backend": "lists", "doc": {"name": "x", "owner": "ann"}, "channel": "c"}),
        json!({"op": "read", "backend": "lists", "id": id}),
        json!({"op": "update", "backend": "lists", "id": id, "patch": {"name": "y"}, "rev": 1, "channel": "c"}),
        json!({"op": "delete", "backend": "lists", "id": id, "rev": 1}),
        json!({"op": "find", "backend": "lists", "filter": {}, "sort": [], "limit": 1, "offset": 0}),
        json!({"op": "unlisten", "listen": 1}),
    ];
    let mut tried = 0;
    for frame in frames {
        for member in frame.as_object().unwrap().keys() {
            for value in values() {
                let mut frame = frame.clone();
                frame[member.as_str()] = value.clone();
                let deletes = frame["op"] == "delete" && frame["rev"].is_null();
                if deletes {
                    continue;
                }
                let answer = ann.ask(frame.clone()).await;
                assert_ne!(answer["code"], "internal", "{frame}");
                let text = answer.to_string();
                assert!(!text.contains("SECRET") && !text.contains("theirs"), "{frame:.300}: {answer:.300}");
                tried += 1;
            }
        }
    }
    for value in values() {
        for frame in [
            json!({"op": "create", "backend": "lists", "doc": {"name": "x", "owner": "ann", "views": value}}),
            json!({"op": "create", "backend": "lists", "doc": {"name": value, "owner": "ann"}}),
            json!({"op": "create", "backend": "lists", "doc": {"id": value, "name": "x", "owner": "ann"}}),
            json!({"op": "update", "backend": "lists", "id": id, "patch": {"note": value}}),
            json!({"op": "update", "backend": "lists", "id": id, "patch": {"views": value}}),
            json!({"op": "update", "backend": "lists", "id": id, "patch": {"owner": value}}),
            json!({"op": "find", "backend": "lists", "filter": {"owner": value}}),
            json!({"op": "find", "backend": "lists", "filter": {"views": value}}),
            json!({"op": "find", "backend": "lists", "filter": {"id": value}}),
            json!({"op": "find", "backend": "lists", "filter": {"owner": {"$gt": value}}}),
            json!({"op": "find", "backend": "lists", "filter": {"owner": {"$in": value}}}),
            json!({"op": "find", "backend": "lists", "filter": {"owner": {"$in": [value]}}}),
            json!({"op": "find", "backend": "lists", "filter": {"$or": value}}),
            json!({"op": "find", "backend": "lists", "filter": {"$not": value}}),
            json!({"op": "find", "backend": "lists", "sort": [value]}),
        ] {
            let answer = ann.ask(frame.clone()).await;
            assert_ne!(answer["code"], "internal", "{frame:.300}");
            let text = answer.to_string();
            assert!(!text.contains("SECRET") && !text.contains("theirs"), "{frame:.300}: {answer:.300}");
            tried += 1;
        }
    }
    assert!(tried > 1_000, "{tried}");
    assert_eq!(*server.lists.fetch(theirs.id).await.unwrap(), theirs.into_inner());
    assert_eq!(ann.ask(json!({"op": "find", "backend": "lists"})).await["op"], "ack");
}

#[tokio::test]
async fn every_member_with_every_value_in_memory() {
    every_member_with_every_value(Server::with(own_rows(), Limits::default()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_member_with_every_value_in_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    every_member_with_every_value(Server::on_sqlite(dir.path(), own_rows()).await).await;
}

/// Frames that no JSON library of ours would make.
#[tokio::test]
async fn texts_that_are_barely_json() {
    let server = Server::with(own_rows(), Limits::default()).await;
    let mut ann = server.client("ann").await;
    for (at, members) in [
        r#""doc":{"name":"x","owner":"ann","\u006eame":"y","na\u006de":"z"}"#,
        r#""doc":{"name":"\ud800","owner":"ann"}"#,
        r#""doc":{"name":"x","owner":"ann","\u0000":1}"#,
        r#""doc":{"name":"x","owner":"ann","\u0072ating":5}"#,
        r#""doc":{"name":"x","owner":"ann","\u005f_proto__":{}}"#,
        r#""doc":{"name":"x","owner":"ann","views":1e400}"#,
        r#""doc":{"name":"x","owner":"ann","views":123456789012345678901234567890}"#,
        r#""doc":{"name":"x","owner":"ann","views":-0}"#,
        r#""doc":{"name":"x","owner":"bob","owner":"ann"}"#,
        r#""doc":{"name":"x","owner":"ann","owner":"bob"}"#,
        r#""doc":{"name":"x","owner":"ann"},"doc":{"name":"x","owner":"bob"}"#,
    ]
    .into_iter()
    .enumerate()
    {
        let n = 1_000 + at as u64;
        ann.text(&format!(r#"{{"op":"create","n":{n},"backend":"lists",{members}}}"#)).await;
        let answer = ann.answer(n).await;
        assert_ne!(answer["code"], "internal", "{members}");
        if answer["op"] == "ack" {
            assert_eq!(answer["doc"]["owner"], "ann", "{members}");
        }
    }
    for list in server.lists.all().await.unwrap() {
        assert_eq!((list.owner.as_str(), list.rating), ("ann", 0));
    }
}

/// What a write would have been refused for must not tell whether the document is there.
async fn a_refusal_tells_nothing_of_what_is_invisible(server: Server) {
    let theirs = server.lists.create(list("theirs", "bob")).await.unwrap();
    let mut ann = server.client("ann").await;
    let missing = "0198c5a2-9d1e-7c3b-8f00-2b6f1c9d4e10".to_owned();
    for patch in [
        json!({}),
        json!({"name": ""}),
        json!({"name": "theirs"}),
        json!({"name": "Cheap"}),
        json!({"owner": "ann"}),
        json!({"owner": "bob"}),
        json!({"owner": "bob", "name": ""}),
        json!({"views": 0}),
        json!({"note": null}),
        json!({"views": "x"}),
        json!({"edits": 1}),
    ] {
        for rev in [Value::Null, json!(0), json!(1), json!(theirs.rev())] {
            for op in ["update", "delete"] {
                let mut answers = Vec::new();
                for id in [theirs.id.to_string(), missing.clone()] {
                    let frame = json!({"op": op, "backend": "lists", "id": id, "patch": patch, "rev": rev});
                    let mut answer = ann.ask(frame).await;
                    answer["n"] = Value::Null;
                    answers.push(answer.to_string().replace(&id, "ID"));
                }
                assert_eq!(answers[0], answers[1], "{op} {patch} {rev}");
            }
        }
    }
    assert_eq!(*server.lists.fetch(theirs.id).await.unwrap(), theirs.into_inner());
}

#[tokio::test]
async fn a_refusal_tells_nothing_of_what_is_invisible_in_memory() {
    a_refusal_tells_nothing_of_what_is_invisible(Server::with(own_rows(), Limits::default()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_tells_nothing_of_what_is_invisible_in_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    a_refusal_tells_nothing_of_what_is_invisible(Server::on_sqlite(dir.path(), own_rows()).await).await;
}

/// Cursors made up by the client: resumed or reset, it is told everything that is its own, and no more.
#[tokio::test]
async fn forged_cursors_hide_nothing_and_show_nothing() {
    let server = Server::with(own_rows(), Limits::default()).await;
    server.lists.create(list("first", "ann")).await.unwrap();
    server.lists.create(list("theirs", "bob")).await.unwrap();
    let mut ann = server.client("ann").await;
    let (.., cursor) = ann.listen(json!({})).await;
    let parts: Vec<&str> = cursor.split('-').collect();
    for (epoch, position) in [
        (parts[0], "0"),
        (parts[0], "1"),
        (parts[0], "ffffffffffffffff"),
        (parts[0], "+1"),
        (parts[0], "fffffffffffff"),
        ("0", parts[1]),
        ("0", "0"),
        ("ffffffffffffffff", "ffffffffffffffff"),
    ] {
        let mut ann = server.client("ann").await;
        let forged = format!("{epoch}-{position}-{}", parts[2]);
        ann.send(json!({"op": "listen", "n": 1, "backend": "lists", "cursor": forged})).await;
        let first = ann.next().await;
        if first["op"] == "reset" {
            ann.snapshot(1).await;
        } else {
            assert_eq!(first["op"], "resumed", "{forged}: {first}");
        }
        let made = server.lists.create(list("new", "ann")).await.unwrap();
        loop {
            let told = ann.next().await;
            assert!(!told.to_string().contains("theirs"), "{forged}: {told}");
            if told["change"]["rev"] == made.rev() {
                break;
            }
        }
        let bob = json!({"op": "listen", "n": 1, "backend": "lists", "cursor": forged});
        let mut other = server.client("bob").await;
        other.send(bob).await;
        assert_eq!(other.next().await["op"], "reset", "another's cursor");
    }
}

/// Sorting by one field a hundred thousand times is sorting by it once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sorts_without_end_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for server in [Server::open().await, Server::on_sqlite(dir.path(), Policy::new().allow_all()).await] {
        server.lists.create_many((0..200).map(|_| list("x", "ann"))).await;
        let mut ann = server.client("ann").await;
        let sort: Vec<&str> = std::iter::repeat_n("owner", 100_000).collect();
        let begun = Instant::now();
        let answer = ann.ask(json!({"op": "find", "backend": "lists", "sort": sort})).await;
        assert_eq!(answer["code"], "bad_frame", "{answer:.200}");
        assert!(begun.elapsed() < Duration::from_secs(2));
        let both = ann.ask(json!({"op": "find", "backend": "lists", "sort": ["owner", "-views"]})).await;
        assert_eq!(both["op"], "ack");
    }
}

/// The widest filters that are allowed are answered by both stores.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_widest_filters_are_answered() {
    let dir = tempfile::tempdir().unwrap();
    for server in [Server::open().await, Server::on_sqlite(dir.path(), own_rows()).await] {
        server.lists.create(list("x", "ann")).await.unwrap();
        let mut ann = server.client("ann").await;
        let ors: Vec<Value> = (0..900).map(|n| json!({"views": n})).collect();
        let nested = (0..15).fold(json!({"$or": ors}), |inner, _| json!({"$not": inner}));
        let ins: Vec<i64> = (0..900).collect();
        for filter in [json!({"$or": ors}), json!({"views": {"$in": ins}}), nested, json!({"$and": ors})] {
            let answer = ann.ask(json!({"op": "find", "backend": "lists", "filter": filter})).await;
            assert_eq!(answer["op"], "ack", "{answer:.300}");
        }
    }
}

#[tokio::test]
async fn a_channel_is_a_name_and_no_document() {
    let server = Server::open().await;
    let mut ann = server.client("ann").await;
    let long = "x".repeat(1_000);
    for frame in [
        json!({"op": "create", "backend": "lists", "doc": {"name": "x", "owner": "ann"}, "channel": long}),
        json!({"op": "listen", "backend": "lists", "channel": long}),
    ] {
        assert_eq!(ann.ask(frame).await["code"], "bad_frame");
    }
    assert!(server.lists.all().await.unwrap().is_empty());
}

/// A client that pings and never reads: its pongs wait in its own socket, not in the server's memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pings_without_end_are_not_kept() {
    use tokio::io::AsyncWriteExt as _;
    let server = Server::open().await;
    let mut ann = server.client("ann").await;
    let tokio_tungstenite::MaybeTlsStream::Plain(stream) = ann.ws.get_mut() else { panic!("no TLS here") };
    // Final, ping, masked with zeros, 125 bytes.
    let mut ping = vec![0x89, 0x80 | 125, 0, 0, 0, 0];
    ping.extend([b'x'; 125]);
    let pings = ping.repeat(1_000);
    let mut taken = 0;
    while taken < 64 << 20 {
        match tokio::time::timeout(Duration::from_secs(2), stream.write_all(&pings)).await {
            Ok(written) => written.unwrap(),
            Err(_) => break,
        }
        taken += pings.len();
    }
    assert!(taken < 32 << 20, "the server took {} MiB of pings", taken >> 20);
}

/// Documents may be as large as a frame; a page of the largest is no answer that anybody should make.
#[tokio::test]
async fn a_page_too_large_is_refused() {
    let server = Server::open().await;
    let large = "x".repeat(500_000);
    server.lists.create_many((0..50).map(|_| list(&large, "ann"))).await;
    let mut ann = server.client("ann").await;
    let find = |limit: u64| json!({"op": "find", "backend": "lists", "limit": limit});
    assert_eq!(ann.ask(find(50)).await["code"], "too_many");
    assert_eq!(ann.ask(find(10)).await["docs"].as_array().unwrap().len(), 10);
}
