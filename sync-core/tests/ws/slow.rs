//! Slow and greedy clients: the server's memory follows neither.

use std::time::Duration;

use serde_json::json;
use sync_core::ModelPatch as _;
use sync_core::ws::{Limits, Policy};

use super::client::Closed;
use super::{List, ListPatch, Server, list};

/// A socket that is not read while thousands of large changes are made gets one reset and a snapshot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_too_slowly_reads_anew() {
    let server = Server::open().await;
    let made = server.lists.create(list("x", "ann")).await.unwrap();
    let mut client = server.client("ann").await;
    let (listen, ..) = client.listen(json!({})).await;
    let text = "x".repeat(8 << 10);
    let changes = 6_000;
    for at in 0..changes {
        let patch = ListPatch::default().with(List::NAME, text.as_str()).with(List::VIEWS, i64::from(at));
        server.lists.update(made.id, patch).await.unwrap();
        if at % 64 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let (mut resets, mut frames) = (0, 0);
    let views = loop {
        let frame = client.next().await;
        frames += 1;
        resets += u32::from(frame["op"] == "reset");
        let doc = match frame["op"].as_str().unwrap() {
            "snapshot" => frame["docs"][0]["doc"]["views"].clone(),
            _ => frame["change"]["patch"]["views"].clone(),
        };
        if doc == changes - 1 {
            break doc;
        }
    };
    assert_eq!(views, changes - 1);
    assert!(resets >= 1 && frames < changes, "{resets} resets, {frames} frames");
    assert_eq!(server.sockets.stats().resets, u64::from(resets));
    server.lists.update(made.id, ListPatch::default().with(List::VIEWS, 0i64)).await.unwrap();
    assert_eq!(client.next().await["listen"], json!([listen]), "and goes on from there");
}

#[tokio::test]
async fn who_does_not_read_at_all_is_let_go() {
    let limits = Limits { patience: Duration::from_millis(300), ..Limits::default() };
    let server = Server::with(Policy::new().allow_all(), limits).await;
    server.lists.create_many((0..9_000).map(|_| list(&"x".repeat(2_000), "ann"))).await;
    let mut client = server.client("ann").await;
    let n = client.number();
    client.send(json!({"op": "listen", "n": n, "backend": "lists"})).await;
    let begun = std::time::Instant::now();
    while server.sockets.stats().stalled == 0 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    while server.sockets.stats().sockets != 0 {
        assert!(begun.elapsed() < Duration::from_secs(15));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let end = loop {
        if let Err(end) = client.try_next().await {
            break end;
        }
    };
    assert!(matches!(end, Closed(1013 | 0)), "{end:?}");
}

#[tokio::test]
async fn who_never_says_hello_is_let_go() {
    let limits = Limits { patience: Duration::from_millis(200), ..Limits::default() };
    let server = Server::with(Policy::new().allow_all(), limits).await;
    assert_eq!(server.raw().await.try_next().await, Err(Closed(1002)));
}

/// Thousands of requests at once: all are answered, in order where it counts, a hundred at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_without_end_are_answered_one_by_one() {
    let server = Server::open().await;
    let mut client = server.client("ann").await;
    let numbers: Vec<u64> = (0..3_000).map(|_| client.number()).collect();
    for n in &numbers {
        client
            .send(json!({"op": "create", "n": n, "backend": "lists", "doc": {"name": "x", "owner": "ann"}}))
            .await;
    }
    for n in numbers {
        assert_eq!(client.answer(n).await["op"], "ack");
    }
    let total = client.ask(json!({"op": "find", "backend": "lists"})).await["total"].clone();
    assert_eq!(total, 3_000);
}
