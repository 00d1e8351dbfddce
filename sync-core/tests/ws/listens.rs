//! Listens: snapshots without a gap, filters, channels, cursors.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sync_core::ModelPatch as _;
use sync_core::ws::{Limits, Policy};

use super::{List, ListPatch, Server, User, list};

/// The documents that frames make of a snapshot, by the table of PROTOCOL.md, section 4.
fn apply(copies: &mut BTreeMap<String, (u64, Value)>, frame: &Value) {
    let change = frame.get("change").unwrap_or(frame);
    let (id, rev) = (change["id"].as_str().unwrap().to_owned(), change["rev"].as_u64().unwrap());
    if frame["op"] == "gone" {
        copies.remove(&id);
    } else if let Some(doc) = change.get("doc") {
        copies.insert(id, (rev, doc.clone()));
    } else {
        let (at, doc) = copies.get_mut(&id).expect("a patch comes for a copy");
        if *at >= rev {
            return;
        }
        assert_eq!(Some(*at), change["prev"].as_u64(), "a patch fits its copy");
        *at = rev;
        for (name, value) in change.get("patch").and_then(Value::as_object).into_iter().flatten() {
            doc[name] = value.clone();
        }
    }
}

fn copies(docs: &[Value]) -> BTreeMap<String, (u64, Value)> {
    let copy = |entry: &Value| (entry["rev"].as_u64().unwrap(), entry["doc"].clone());
    docs.iter().map(|entry| (entry["id"].as_str().unwrap().to_owned(), copy(entry))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_between_the_snapshot_and_what_follows() {
    let server = Server::open().await;
    let mut ids = Vec::new();
    for at in 0..1_200 {
        ids.push(server.lists.create(list(&at.to_string(), "ann")).await.unwrap().id);
    }
    let writer = tokio::spawn({
        let (lists, ids) = (server.lists.clone(), ids.clone());
        async move {
            for round in 0..40i64 {
                for id in ids.iter().skip(round as usize).step_by(40) {
                    let owner = if (round + id.as_u128() as i64) % 3 == 0 { "bob" } else { "ann" };
                    let patch = ListPatch::default().with(List::VIEWS, round).with(List::OWNER, owner);
                    lists.update(*id, patch).await.unwrap();
                }
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        }
    });
    let mut client = server.client("ann").await;
    let mut views = Vec::new();
    for filter in [json!({}), json!({"owner": "ann"}), json!({"views": {"$lt": 20}})] {
        let n = client.number();
        client.send(json!({"op": "listen", "n": n, "backend": "lists", "filter": filter})).await;
        views.push((n, filter, BTreeMap::new(), false));
    }
    let last = client.number();
    writer.await.unwrap();
    client.send(json!({"op": "update", "n": last, "backend": "lists", "id": ids[0].to_string(), "patch": {"views": -1}})).await;
    // Own changes come in the stream, so this one comes last.
    loop {
        let frame = client.next().await;
        for (n, _, view, live) in &mut views {
            if frame["listen"] == *n {
                assert_eq!(frame["op"], "snapshot");
                view.extend(copies(frame["docs"].as_array().unwrap()));
                *live = frame["done"] == true;
            } else if frame["listen"].as_array().is_some_and(|listens| listens.contains(&json!(n))) {
                assert!(*live, "nothing names a listen before its snapshot is done");
                apply(view, &frame);
            }
        }
        if frame["n"] == last && frame["op"] != "ack" {
            break;
        }
    }
    for (_, filter, view, _) in views {
        let (_, fresh, _) = client.listen(json!({"filter": filter})).await;
        assert_eq!(view, self::copies(&fresh), "{filter}");
    }
    let stats = server.sockets.stats();
    assert_eq!((stats.resets, stats.fills), (0, 0));
    assert!(server.lists.hub().stats().overflows == 0);
}

#[tokio::test]
async fn a_snapshot_comes_in_pages_and_has_an_end() {
    let limits = Limits { snapshot: 1_000, page: 300, ..Limits::default() };
    let server = Server::with(Policy::new().allow_all(), limits).await;
    server.lists.create_many((0..1_000).map(|at| list(&at.to_string(), "ann"))).await;
    let mut client = server.client("ann").await;
    let n = client.number();
    client.send(json!({"op": "listen", "n": n, "backend": "lists"})).await;
    let mut docs = 0;
    loop {
        let frame = client.next().await;
        let page = frame["docs"].as_array().unwrap().len();
        assert!(page <= 300 && frame.to_string().len() < 130 << 10);
        docs += page;
        if frame["done"] == true {
            break;
        }
    }
    assert_eq!(docs, 1_000);
    server.lists.create(list("one more", "ann")).await.unwrap();
    assert_eq!(client.next().await["change"]["doc"]["name"], "one more", "a view may grow past the bound");
    let refused = client.ask(json!({"op": "listen", "backend": "lists"})).await;
    assert_eq!(refused["code"], "too_many");
    assert!(refused["message"].as_str().unwrap().contains("filter"));
    let (_, few, _) = client.listen(json!({"filter": {"owner": "bob"}})).await;
    assert!(few.is_empty());
}

#[tokio::test]
async fn a_cursor_brings_what_was_missed_and_nothing_else() {
    let server = Server::open().await;
    let mine = server.lists.create(list("mine", "ann")).await.unwrap();
    let mut client = server.client("ann").await;
    let (_, _, cursor) = client.listen(json!({"filter": {"owner": "ann"}})).await;
    drop(client);
    let views = |views: i64| ListPatch::default().with(List::VIEWS, views);
    server.lists.update(mine.id, views(1)).await.unwrap();
    server.lists.create(list("theirs", "bob")).await.unwrap();
    server.lists.update(mine.id, ListPatch::default().with(List::OWNER, "bob")).await.unwrap();

    let mut client = server.client("ann").await;
    let resume =
        json!({"op": "listen", "n": 5, "backend": "lists", "filter": {"owner": "ann"}, "cursor": cursor});
    client.send(resume.clone()).await;
    assert_eq!(client.next().await, json!({"op": "resumed", "listen": 5, "cursor": cursor}));
    let first = client.next().await;
    assert_eq!(first["change"]["patch"], json!({"views": 1}));
    assert!(first["cursor"].is_string() && first["cursor"] != cursor.as_str());
    assert_eq!(client.next().await["op"], "gone");
    server.lists.update(mine.id, ListPatch::default().with(List::OWNER, "ann")).await.unwrap();
    let live = client.next().await;
    assert_eq!(live["change"]["doc"]["views"], 1);

    // From where the last frame said, there is nothing to come.
    let mut client = server.client("ann").await;
    let mut again = resume.clone();
    again["cursor"] = live["cursor"].clone();
    client.send(again).await;
    assert_eq!(client.next().await["op"], "resumed");
    assert!(client.told().await.is_empty());
    assert_eq!(server.sockets.stats().resets, 0);

    // The same cursor for another filter, another channel, or made up, is none.
    for (member, value) in [("filter", json!({})), ("channel", json!("kitchen")), ("cursor", json!("1-2-3"))]
    {
        let mut client = server.client("ann").await;
        let mut other = resume.clone();
        other[member] = value;
        client.send(other).await;
        assert_eq!(client.next().await, json!({"op": "reset", "listen": 5}));
        client.snapshot(5).await;
    }
    assert_eq!(server.sockets.stats().resets, 3);
}

#[tokio::test]
async fn another_users_cursor_is_none() {
    let policy = Policy::new().allow_all().rows(|user: &User| List::OWNER.eq(&user.name));
    let server = Server::with(policy, Limits::default()).await;
    let mut ann = server.client("ann").await;
    let (_, _, cursor) = ann.listen(json!({})).await;
    let mut bob = server.client("bob").await;
    bob.send(json!({"op": "listen", "n": 1, "backend": "lists", "cursor": cursor})).await;
    assert_eq!(bob.next().await["op"], "reset");
}

#[tokio::test]
async fn a_channel_scopes_changes_and_not_data() {
    let server = Server::open().await;
    let made = server.lists.create(list("x", "ann")).await.unwrap();
    let mut client = server.client("ann").await;
    let (kitchen, docs, _) = client.listen(json!({"channel": "kitchen"})).await;
    assert_eq!(docs.len(), 1);
    let (all, ..) = client.listen(json!({})).await;
    let mut writer = server.client("bob").await;
    let id = made.id.to_string();
    for (channel, views) in [(json!("garden"), 1), (Value::Null, 2), (json!("kitchen"), 3)] {
        let frame = json!({"op": "update", "backend": "lists", "id": id, "patch": {"views": views}, "channel": channel});
        assert_eq!(writer.ask(frame).await["op"], "ack");
    }
    let told = client.told().await;
    let heard = |listen: u64| -> Vec<Value> {
        let names = |frame: &&Value| frame["listen"].as_array().unwrap().contains(&json!(listen));
        told.iter().filter(names).map(|frame| frame["change"].clone()).collect()
    };
    assert_eq!(heard(all).len(), 3);
    let heard = heard(kitchen);
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0]["doc"]["views"], 3, "it missed two changes, so this one comes whole");
}

#[tokio::test]
async fn unlisten_ends_it_and_listens_are_bounded() {
    let server = Server::with(Policy::new().allow_all(), Limits { listens: 2, ..Limits::default() }).await;
    let mut client = server.client("ann").await;
    let (one, ..) = client.listen(json!({})).await;
    client.listen(json!({})).await;
    assert_eq!(client.ask(json!({"op": "listen", "backend": "lists"})).await["code"], "too_many");
    assert_eq!(client.ask(json!({"op": "unlisten", "listen": one})).await["op"], "ack");
    client.listen(json!({})).await;
    server.lists.create(list("x", "ann")).await.unwrap();
    let told = client.next().await;
    assert!(
        !told["listen"].as_array().unwrap().contains(&json!(one))
            && told["listen"].as_array().unwrap().len() == 2
    );
}

#[tokio::test]
async fn a_server_that_shuts_down_says_so() {
    let server = Server::open().await;
    let (mut idle, mut listening) = (server.client("ann").await, server.client("ann").await);
    listening.listen(json!({})).await;
    server.registry.shutdown().await;
    assert_eq!(listening.try_next().await, Err(super::client::Closed(1001)));
    server.sockets.close();
    assert_eq!(idle.try_next().await, Err(super::client::Closed(1001)));
}

#[tokio::test]
async fn a_client_that_leaves_is_told_farewell() {
    let server = Server::open().await;
    let mut client = server.client("ann").await;
    client.listen(json!({})).await;
    let bye = tokio_tungstenite::tungstenite::protocol::CloseFrame { code: 1000.into(), reason: "".into() };
    client.ws.close(Some(bye)).await.unwrap();
    assert_eq!(client.try_next().await, Err(super::client::Closed(1000)));
    while server.sockets.stats().sockets != 0 || server.lists.hub().stats().readers != 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
