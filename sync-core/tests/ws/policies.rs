//! Policies in both directions: everything that is a user's is told, and nothing else.

use serde_json::json;
use sync_core::ModelPatch as _;
use sync_core::prelude::*;
use sync_core::ws::{self, Limits, Policy};

use super::{List, ListPatch, Server, User, list};

fn own_rows() -> Policy<List> {
    Policy::new().allow_all().rows(|user: &User| List::OWNER.eq(&user.name))
}

#[tokio::test]
async fn rows_come_and_go_with_their_owner() {
    let server = Server::with(own_rows(), Limits::default()).await;
    let mine = server.lists.create(list("mine", "ann")).await.unwrap();
    server.lists.create(list("theirs", "bob")).await.unwrap();
    let mut ann = server.client("ann").await;
    let (listen, docs, _) = ann.listen(json!({})).await;
    assert_eq!(docs.len(), 1);
    assert_eq!(docs[0]["doc"]["name"], "mine");

    let give = |owner: &str| ListPatch::default().with(List::OWNER, owner);
    let theirs = server.lists.create(list("second", "bob")).await.unwrap();
    let name = ListPatch::default().with(List::NAME, "renamed");
    server.lists.update(theirs.id, name).await.unwrap();
    server.lists.update(theirs.id, give("ann")).await.unwrap();
    let given = ann.next().await;
    assert_eq!(given["change"]["method"], "update");
    assert_eq!(given["change"]["doc"]["name"], "renamed", "one that enters comes whole");
    server.lists.update(theirs.id, give("bob")).await.unwrap();
    let taken = ann.next().await;
    assert_eq!((&taken["op"], &taken["id"]), (&json!("gone"), &json!(theirs.id.to_string())));
    server.lists.delete_by_id(theirs.id).await.unwrap();
    server.lists.delete_by_id(mine.id).await.unwrap();
    let gone = ann.next().await;
    assert_eq!((&gone["listen"], &gone["id"]), (&json!([listen]), &json!(mine.id.to_string())));
    assert!(ann.told().await.is_empty(), "nothing of what was bob's was told");
}

#[tokio::test]
async fn what_may_be_seen_and_what_may_be_left_behind_differ() {
    let policy = Policy::new()
        .allow_all()
        .using(|user: &User| List::OWNER.eq(&user.name) | List::OWNER.eq("all"))
        .check(|user: &User| List::OWNER.eq(&user.name));
    let server = Server::with(policy, Limits::default()).await;
    let shared = server.lists.create(list("shared", "all")).await.unwrap();
    let mut ann = server.client("ann").await;
    let rename =
        json!({"op": "update", "backend": "lists", "id": shared.id.to_string(), "patch": {"name": "x"}});
    assert_eq!(ann.ask(rename).await["code"], "denied");
    let take =
        json!({"op": "update", "backend": "lists", "id": shared.id.to_string(), "patch": {"owner": "ann"}});
    assert_eq!(ann.ask(take).await["op"], "ack");
    let mut bob = server.client("bob").await;
    let read = json!({"op": "read", "backend": "lists", "id": shared.id.to_string()});
    assert_eq!(bob.ask(read).await["code"], "not_found");
}

#[tokio::test]
async fn only_what_is_allowed_is_done() {
    let server = Server::with(Policy::new().allow([Action::Read]), Limits::default()).await;
    let made = server.lists.create(list("x", "ann")).await.unwrap();
    let mut ann = server.client("ann").await;
    assert_eq!(ann.welcome["backends"]["lists"]["actions"], json!(["read"]));
    for op in ["create", "update", "delete"] {
        let frame = json!({"op": op, "backend": "lists", "id": made.id.to_string(), "patch": {}, "doc": {}});
        assert_eq!(ann.ask(frame).await["code"], "denied", "{op}");
    }
    let server = Server::with(Policy::new().allow([Action::Create, Action::Update]), Limits::default()).await;
    let made = server.lists.create(list("x", "ann")).await.unwrap();
    let mut ann = server.client("ann").await;
    for op in ["read", "find", "listen"] {
        let frame = json!({"op": op, "backend": "lists", "id": made.id.to_string()});
        assert_eq!(ann.ask(frame).await["code"], "denied", "{op}");
    }
    let stale = json!({"op": "update", "backend": "lists", "id": made.id.to_string(), "patch": {}, "rev": 1});
    let conflict = ann.ask(stale).await;
    assert_eq!((&conflict["code"], conflict.get("current")), (&json!("conflict"), None));
}

#[tokio::test]
async fn a_hidden_field_shows_itself_nowhere() {
    let server = Server::with(Policy::new().allow_all().hide(List::RATING), Limits::default()).await;
    let made = server.lists.create(list("x", "ann")).await.unwrap();
    let mut ann = server.client("ann").await;
    let (_, docs, _) = ann.listen(json!({})).await;
    assert!(docs[0]["doc"].get("rating").is_none());
    server.lists.update(made.id, ListPatch::default().with(List::RATING, 4i64)).await.unwrap();
    let told = ann.next().await;
    assert_eq!(told["change"]["prev"], made.rev());
    assert!(told["change"].get("patch").is_none() && told["change"].get("doc").is_none(), "{told}");
    let store = ListPatch::default().with(List::RATING, 3i64).with(List::NAME, "y");
    server.lists.update(made.id, store).await.unwrap();
    let told = ann.next().await;
    assert_eq!(told["change"]["patch"], json!({"name": "y"}));
}

#[tokio::test]
async fn without_a_user_there_are_no_rows() {
    let (_registry, lists) = super::lists().await;
    lists.create(list("x", "ann")).await.unwrap();
    let sockets = ws::router().expose(lists.clone(), own_rows()).build().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().nest("/sync", sockets.clone().into_axum());
    tokio::spawn(std::future::IntoFuture::into_future(ws::serve(listener, app)));
    let server = Server { address, lists, sockets, registry: _registry };
    let mut client = server.client("ann").await;
    assert_eq!(client.ask(json!({"op": "find", "backend": "lists"})).await["total"], 0);
}

#[tokio::test]
async fn a_policy_that_cannot_be_kept_is_refused_before_anyone_connects() {
    let (_registry, lists) = super::lists().await;
    let refused = |policy: Policy<List>| {
        let built = ws::router().expose(lists.clone(), policy).build();
        built.map(|_| ()).unwrap_err()
    };
    assert_eq!(refused(Policy::new().allow_all().rows(List::NAME.eq("x"))).fields(), ["name"]);
    assert_eq!(refused(Policy::new().allow_all().hide(List::NAME)).fields(), ["name"]);
    assert_eq!(refused(Policy::new().hide(List::ID)).fields(), ["id"]);
    let twice = ws::router().expose(lists.clone(), Policy::new()).expose(lists, Policy::new()).build();
    assert!(twice.is_err());
}
