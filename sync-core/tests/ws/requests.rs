//! Requests and their answers; what a writer is told of its own writes.

use serde_json::json;

use super::{List, Server, list};
use sync_core::ModelPatch as _;

#[tokio::test]
async fn every_verb_is_answered_and_told_to_the_others() {
    let server = Server::open().await;
    let (mut ann, mut bob) = (server.client("ann").await, server.client("bob").await);
    let (all, docs, _) = bob.listen(json!({})).await;
    assert!(docs.is_empty());

    let made =
        ann.ask(json!({"op": "create", "backend": "lists", "doc": {"name": "Milk", "owner": "ann"}})).await;
    assert_eq!(made["op"], "ack", "{made}");
    assert_eq!(made["doc"]["name"], "Milk");
    assert_eq!(made["doc"]["edits"], 0);
    assert!(made["doc"].get("secret").is_none());
    let told = bob.next().await;
    assert_eq!((&told["op"], &told["listen"]), (&json!("synced"), &json!([all])));
    assert_eq!(told["change"]["method"], "create");
    assert_eq!(told["change"]["doc"], made["doc"]);
    assert!(told["change"].get("prev").is_none() && told.get("n").is_none());
    assert_eq!(ann.next().await["n"], 1, "the writer is told too, though it listens to nothing");

    let id = &made["id"];
    let update =
        json!({"op": "update", "backend": "lists", "id": id, "patch": {"name": "Bread", "note": "soon"}});
    let changed = ann.ask(update).await;
    assert_eq!(changed["patch"], json!({"name": "Bread", "note": "soon"}));
    assert_eq!(changed["prev"], made["rev"]);
    let told = bob.next().await;
    assert_eq!(told["change"]["patch"], changed["patch"]);
    assert_eq!(told["change"]["prev"], made["rev"]);

    let read = bob.ask(json!({"op": "read", "backend": "lists", "id": id})).await;
    assert_eq!((&read["rev"], &read["doc"]["name"]), (&changed["rev"], &json!("Bread")));
    let found = bob.ask(json!({"op": "find", "backend": "lists", "filter": {"owner": {"$in": ["ann"]}}, "sort": ["-views"]})).await;
    assert_eq!((&found["total"], &found["docs"][0]["doc"]), (&json!(1), &read["doc"]));

    let stale =
        json!({"op": "update", "backend": "lists", "id": id, "patch": {"views": 3}, "rev": made["rev"]});
    let conflict = ann.ask(stale).await;
    assert_eq!(conflict["code"], "conflict");
    assert_eq!(conflict["current"], json!({"id": id, "rev": read["rev"], "doc": read["doc"]}));

    let gone = ann.ask(json!({"op": "delete", "backend": "lists", "id": id, "rev": changed["rev"]})).await;
    assert_eq!(gone["op"], "ack");
    let told = bob.next().await;
    assert_eq!((&told["op"], &told["rev"], &told["id"]), (&json!("gone"), &gone["rev"], id));
    assert_eq!(server.sockets.stats().resets + server.sockets.stats().fills, 0);
}

#[tokio::test]
async fn writes_of_one_document_take_effect_in_order_and_are_told_once_each() {
    let server = Server::open().await;
    let made = server.lists.create(list("0", "ann")).await.unwrap();
    let mut ann = server.client("ann").await;
    let (listen, ..) = ann.listen(json!({})).await;
    let first = ann.number();
    let writes = 200;
    for at in 0..writes {
        let n = if at == 0 { first } else { ann.number() };
        let patch = json!({"name": at.to_string()});
        ann.send(
            json!({"op": "update", "n": n, "backend": "lists", "id": made.id.to_string(), "patch": patch}),
        )
        .await;
    }
    for n in first..first + writes {
        let answer = ann.answer(n).await;
        assert_eq!(answer["patch"]["name"], (n - first).to_string());
    }
    let told: Vec<_> = ann.told().await;
    assert_eq!(told.len() as u64, writes);
    for (at, frame) in told.iter().enumerate() {
        assert_eq!((&frame["n"], &frame["listen"]), (&json!(first + at as u64), &json!([listen])));
        assert_eq!(frame["change"]["patch"]["name"], at.to_string());
    }
}

#[tokio::test]
async fn a_change_is_made_into_text_once_however_many_sockets_send_it() {
    let server = Server::open().await;
    let made = server.lists.create(list("Milk", "ann")).await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = server.client("ann").await;
        client.listen(json!({})).await;
        client.listen(json!({"filter": {"owner": "ann"}})).await;
        clients.push(client);
    }
    let patch = super::ListPatch::default().with(List::NAME, "Bread");
    server.lists.update(made.id, patch).await.unwrap();
    for client in &mut clients {
        let (one, two) = (client.next().await, client.next().await);
        assert_eq!(one["change"], two["change"]);
        assert_eq!(one["change"]["patch"], json!({"name": "Bread"}));
    }
    assert_eq!(server.sockets.stats().encoded, 1);
}
