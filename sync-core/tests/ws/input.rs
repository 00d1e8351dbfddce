//! Bad input: a coded error that names the field, a connection that stays where it may, an unchanged store.

use serde_json::{Value, json};
use sync_core::ws::{Limits, Policy};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::client::Closed;
use super::{List, Server, User, list};

/// Each request, the code it is answered with, and the fields that the answer names.
fn bad(id: &str, theirs: &str) -> Vec<(Value, &'static str, Vec<&'static str>)> {
    let create = |doc: Value| json!({"op": "create", "backend": "lists", "doc": doc});
    let update = |patch: Value| json!({"op": "update", "backend": "lists", "id": id, "patch": patch});
    let find = |filter: Value| json!({"op": "find", "backend": "lists", "filter": filter});
    let deep = (0..40).fold(json!({"owner": "x"}), |inner, _| json!({"$not": inner}));
    let wide: Vec<_> = (0..2_000).collect();
    vec![
        (json!({"op": "read", "backend": "secrets", "id": id}), "unknown_backend", vec![]),
        (json!({"op": "subscribe"}), "bad_frame", vec![]),
        (json!({"op": "update", "backend": "lists", "patch": {}}), "bad_frame", vec![]),
        (json!({"op": "create", "backend": "lists", "doc": [1]}), "bad_frame", vec![]),
        (json!({"op": "create", "backend": 5, "doc": {}}), "bad_frame", vec![]),
        (create(json!({"name": "x", "owner": "ann", "colour": 1})), "unknown_field", vec!["colour"]),
        (create(json!({"name": "x", "owner": "ann", "__proto__": {}})), "unknown_field", vec!["__proto__"]),
        (create(json!({"name": "x"})), "invalid_value", vec!["owner"]),
        (create(json!({"name": "", "owner": "ann"})), "invalid", vec!["name"]),
        (create(json!({"id": id, "name": "x", "owner": "ann"})), "exists", vec![]),
        (create(json!({"id": 7, "name": "x", "owner": "ann"})), "invalid_value", vec!["id"]),
        (create(json!({"name": "x", "owner": "bob"})), "denied", vec![]),
        (update(json!({"views": "many"})), "invalid_value", vec!["views"]),
        (update(json!({"views": 1e300})), "invalid_value", vec!["views"]),
        (update(json!({"views": null})), "invalid_value", vec!["views"]),
        (update(json!({"name": {"$set": "x"}})), "invalid_value", vec!["name"]),
        (update(json!({"secret": "x"})), "unknown_field", vec!["secret"]),
        (update(json!({"rating": "x"})), "unknown_field", vec!["rating"]),
        (update(json!({"edits": 3})), "readonly", vec!["edits"]),
        (update(json!({"id": theirs})), "readonly", vec!["id"]),
        (update(json!({"owner": "bob"})), "denied", vec![]),
        (update(json!([])), "bad_frame", vec![]),
        (json!({"op": "update", "backend": "lists", "id": "x", "patch": {}}), "invalid_value", vec!["id"]),
        (
            json!({"op": "update", "backend": "lists", "id": id, "patch": {}, "rev": 1u64 << 53}),
            "bad_frame",
            vec![],
        ),
        (find(json!({"colour": 1})), "unknown_field", vec!["colour"]),
        (find(json!({"secret": "x"})), "unknown_field", vec!["secret"]),
        (find(json!({"rating": 1})), "unknown_field", vec!["rating"]),
        (find(json!({"name": "x"})), "not_facet", vec!["name"]),
        (find(json!({"views": "x"})), "invalid_value", vec!["views"]),
        (find(json!({"views": {"$near": 1}})), "bad_frame", vec![]),
        (find(json!({"views": {"$in": wide}})), "bad_frame", vec![]),
        (find(json!({"$where": "1"})), "unknown_field", vec!["$where"]),
        (find(json!("x")), "bad_frame", vec![]),
        (find(deep), "bad_frame", vec![]),
        (json!({"op": "find", "backend": "lists", "sort": ["-name"]}), "not_facet", vec!["name"]),
        (json!({"op": "find", "backend": "lists", "limit": 501}), "too_many", vec![]),
        (json!({"op": "find", "backend": "lists", "limit": 0}), "bad_frame", vec![]),
        (json!({"op": "find", "backend": "lists", "offset": -1}), "bad_frame", vec![]),
        (json!({"op": "listen", "backend": "lists", "filter": {"name": 1}}), "not_facet", vec!["name"]),
        (json!({"op": "listen", "backend": "secrets"}), "unknown_backend", vec![]),
    ]
}

fn own_rows() -> Policy<List> {
    Policy::new().allow_all().rows(|user: &User| List::OWNER.eq(&user.name)).hide(List::RATING)
}

#[tokio::test]
async fn is_answered_with_a_code_and_the_field_and_changes_nothing() {
    let server = Server::with(own_rows(), Limits::default()).await;
    let mine = server.lists.create(list("mine", "ann")).await.unwrap();
    let theirs = server.lists.create(list("theirs", "bob")).await.unwrap();
    let before = server.lists.cursor();
    let mut ann = server.client("ann").await;
    for (frame, code, fields) in bad(&mine.id.to_string(), &theirs.id.to_string()) {
        let answer = ann.ask(frame.clone()).await;
        assert_eq!((&answer["op"], &answer["code"]), (&json!("error"), &json!(code)), "{frame}: {answer}");
        assert_eq!(answer.get("fields").unwrap_or(&json!([])), &json!(fields), "{frame}: {answer}");
    }
    assert_eq!(server.lists.cursor(), before);
    assert_eq!(*server.lists.fetch(mine.id).await.unwrap(), mine.into_inner());
    assert!(ann.told().await.is_empty());
}

#[tokio::test]
async fn what_is_invisible_and_what_is_missing_answer_alike() {
    let server = Server::with(own_rows(), Limits::default()).await;
    let theirs = server.lists.create(list("theirs", "bob")).await.unwrap();
    let mut ann = server.client("ann").await;
    let missing = "0198c5a2-9d1e-7c3b-8f00-2b6f1c9d4e10";
    for op in ["read", "update", "delete"] {
        let mut answers = Vec::new();
        for id in [theirs.id.to_string(), missing.to_owned()] {
            for rev in [Value::Null, json!(1)] {
                let frame =
                    json!({"op": op, "backend": "lists", "id": id, "patch": {"name": "x"}, "rev": rev});
                let mut answer = ann.ask(frame).await;
                answer["n"] = Value::Null;
                answers.push(answer.to_string().replace(&id, "ID"));
            }
        }
        assert!(
            answers.iter().all(|answer| *answer == answers[0] && answer.contains("not_found")),
            "{answers:?}"
        );
    }
    assert_eq!(server.lists.fetch(theirs.id).await.unwrap().name, "theirs");
}

#[tokio::test]
async fn a_hidden_field_is_not_named_even_by_the_validation_that_refuses_it() {
    let server = Server::with(own_rows(), Limits::default()).await;
    let mine = server.lists.create(list("mine", "ann")).await.unwrap();
    let mut ann = server.client("ann").await;
    for hidden in ["rating", "secret"] {
        assert!(ann.welcome["backends"]["lists"]["fields"].get(hidden).is_none());
    }
    let update =
        json!({"op": "update", "backend": "lists", "id": mine.id.to_string(), "patch": {"name": "Cheap"}});
    let refused = ann.ask(update).await;
    assert_eq!((&refused["code"], refused.get("fields")), (&json!("invalid"), None));
    assert!(!refused.to_string().contains("rating"), "{refused}");
    let create = json!({"op": "create", "backend": "lists", "doc": {"name": "x", "owner": "ann"}});
    let made = ann.ask(create).await;
    assert!(made["doc"].get("rating").is_none() && made["doc"].get("secret").is_none(), "{made}");
}

#[tokio::test]
async fn nonsense_leaves_the_connection_open() {
    let server = Server::open().await;
    let mut ann = server.client("ann").await;
    let deep = "[".repeat(200_000);
    let deep_doc = format!(
        r#"{{"op":"create","n":77,"backend":"lists","doc":{{"name":{}1{}}}}}"#,
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    for text in
        ["", "{", "null", "[]", "\"hello\"", r#"{"op":"read"}"#, r#"{"op":"read","n":-1}"#, &deep, &deep_doc]
    {
        ann.text(text).await;
        let answer = ann.next().await;
        assert_eq!(answer["op"], "error", "{text:.60}");
        assert!(answer["code"] == "bad_frame" || answer["n"] == 77, "{answer}");
    }
    ann.ws.send_message(Message::binary(vec![0, 159, 146, 150])).await;
    assert_eq!(ann.next().await["code"], "bad_frame");
    ann.send(json!({"op": "find", "n": 500, "backend": "lists"})).await;
    assert_eq!(ann.next().await["op"], "ack");
    ann.send(json!({"op": "find", "n": 500, "backend": "lists"})).await;
    assert_eq!(ann.next().await["code"], "bad_frame", "n was used before");
    assert_eq!(ann.ask(json!({"op": "find", "backend": "lists"})).await["total"], 0);
}

#[tokio::test]
async fn what_is_out_of_order_ends_the_connection() {
    let server = Server::open().await;
    let read = json!({"op": "find", "n": 1, "backend": "lists"});
    for frame in [read, json!({"op": "hello", "protocol": 2})] {
        let mut client = server.raw().await;
        client.send(frame).await;
        assert_eq!(client.next().await["code"], "protocol");
        assert_eq!(client.try_next().await, Err(Closed(1002)));
    }
    let mut client = server.client("ann").await;
    client.send(json!({"op": "hello", "protocol": 1})).await;
    assert_eq!(client.next().await["code"], "protocol");
    assert_eq!(client.try_next().await, Err(Closed(1002)));
}

#[tokio::test]
async fn a_frame_too_large_ends_the_connection_whatever_its_size() {
    let server = Server::with(Policy::new().allow_all(), Limits { frame: 10_000, ..Limits::default() }).await;
    for size in [10_001, 15_000, 30_000, 3_000_000] {
        let mut client = server.client("ann").await;
        let sent = client.ws.send_message(Message::text("x".repeat(size))).await;
        if sent && size < 1_000_000 {
            assert_eq!(client.next().await["code"], "too_large", "{size}");
            assert_eq!(client.try_next().await, Err(Closed(1009)), "{size}");
        } else {
            // The rest of so large a frame may reset the connection before its error is read.
            while client.try_next().await.is_ok() {}
        }
    }
    assert_eq!(server.lists.all().await.unwrap().len(), 0);
    let mut client = server.client("ann").await;
    assert_eq!(client.ask(json!({"op": "find", "backend": "lists"})).await["op"], "ack");
}

#[tokio::test]
async fn a_refused_token_may_be_followed_by_a_better_one() {
    let server = Server::open().await;
    let mut client = server.raw().await;
    client.send(json!({"op": "hello", "protocol": 1, "token": "refused"})).await;
    let refused = client.next().await;
    assert_eq!((&refused["code"], refused.get("n")), (&json!("denied"), None));
    client.send(json!({"op": "hello", "protocol": 1, "token": "ann"})).await;
    assert_eq!(client.next().await["op"], "welcome");
}

#[tokio::test]
async fn a_foreign_page_cannot_connect() {
    let server =
        Server::built(Policy::new().allow_all(), |router| router.allow_origin("https://friend.example"))
            .await;
    let url = format!("ws://{}/sync/ws", server.address);
    for (origin, may) in [
        (format!("http://{}", server.address), true),
        ("https://friend.example".into(), true),
        ("https://evil.example".into(), false),
        ("null".into(), false),
    ] {
        let mut request = url.clone().into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        match tokio_tungstenite::connect_async(request).await {
            Ok(_) => assert!(may, "{origin}"),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
                assert!(!may && answer.status() == 403, "{origin}: {}", answer.status());
            }
            Err(error) => panic!("{origin}: {error}"),
        }
    }
}

trait SendMessage {
    async fn send_message(&mut self, message: Message) -> bool;
}

impl<S: futures_util::Sink<Message> + Unpin> SendMessage for S {
    async fn send_message(&mut self, message: Message) -> bool {
        futures_util::SinkExt::send(self, message).await.is_ok()
    }
}
