//! The JavaScript client against this server: they were written apart, and meet here.

use std::process::Command;

use super::Server;

async fn run(mode: &'static str) {
    let server = Server::open().await;
    let url = format!("ws://{}/sync/ws", server.address);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/client/test/live.mjs");
    let node = move || {
        // Node 20 has its WebSocket behind a flag; later ones take the flag as well.
        Command::new("node").args(["--experimental-websocket", "--no-warnings", script, &url, mode]).output()
    };
    let output = tokio::task::spawn_blocking(node).await.unwrap();
    let output = output.expect("Node.js is there: scripts/test installs it");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{:?}", server.sockets.stats());
    let stats = server.sockets.stats();
    assert_eq!((stats.resets, stats.fills), (0, 0), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_views_are_fresh_reads() {
    run("whole").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_views_are_fresh_reads_after_connections_broke() {
    run("breaks").await;
}
