//! The aids hold what they promise: real windows that meet through a server, and no process left behind.

use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Html;
use axum::routing::get;
use system_tests::{Browser, Result};
use tokio::sync::broadcast;

const PAGE: &str = r##"<!doctype html><meta charset="utf-8"><title>Echo</title>
<style>body { font: 2rem system-ui; margin: 3rem } output { color: seagreen; display: block; margin-top: 1rem }</style>
<h1>Echo ✓</h1><input id="word"> <button>Say it</button> <output></output>
<script type="module">
const socket = new WebSocket(`ws://${location.host}/socket`);
socket.onopen = () => document.body.dataset.connected = true;
socket.onmessage = (event) => document.querySelector("output").textContent = event.data;
document.querySelector("button").onclick = () => socket.send(document.querySelector("#word").value);
</script>"##;

/// A server on a free port whose page says to all others what is typed into one.
async fn echo_server() -> Result<String> {
    let (said, _) = broadcast::channel::<Message>(16);
    let socket = async |upgrade: WebSocketUpgrade, State(said): State<broadcast::Sender<Message>>| {
        upgrade.on_upgrade(async move |socket| echo(socket, said).await)
    };
    let app =
        Router::new().route("/", get(async || Html(PAGE))).route("/socket", get(socket)).with_state(said);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, app).into_future());
    Ok(url)
}

async fn echo(mut socket: WebSocket, said: broadcast::Sender<Message>) {
    let mut heard = said.subscribe();
    loop {
        tokio::select! {
            Ok(message) = heard.recv() => if socket.send(message).await.is_err() { return },
            Some(Ok(message)) = socket.recv() => { let _ = said.send(message); }
            else => return,
        }
    }
}

#[tokio::test]
async fn browser_users_and_tabs_meet_through_a_server() -> Result {
    let url = echo_server().await?;
    let browser = Browser::start().await?;
    let ann = browser.user().await?;
    let pages = [ann.open(&url).await?, ann.open(&url).await?, browser.user().await?.open(&url).await?];
    for page in &pages {
        page.find("[data-connected]").await?;
    }

    for (number, page) in pages.iter().enumerate() {
        let word = format!("hello from {number}");
        page.type_into("#word", &word).await?;
        page.click("button").await?;
        for page in &pages {
            page.expect_text("output", &word).await?;
        }
    }

    let picture = std::fs::read(pages[2].screenshot("browser_harness").await?)?;
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 5_000, "{} bytes", picture.len());

    // Two tabs of one user share a storage, two users do not.
    pages[0].script("localStorage.setItem('who', 'ann')", vec![]).await?;
    let who = "return localStorage.getItem('who')";
    assert_eq!(pages[1].script(who, vec![]).await?, "ann");
    assert!(pages[2].script(who, vec![]).await?.is_null());

    assert!(pages[2].errors().await?.iter().all(|error| error.contains("favicon.ico")));
    pages[2].script("setTimeout(() => { throw new Error('told to') })", vec![]).await?;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(pages[2].errors().await?.concat().contains("told to"));
    Ok(())
}

/// Chromium is a dozen processes, and one that is missed stays for ever.
#[tokio::test]
async fn browser_leaves_neither_processes_nor_files() -> Result {
    let browser = Browser::start().await?;
    let page = browser.user().await?.open("about:blank").await?;
    let folder = browser.folder().to_path_buf();
    assert!(processes_about(&folder)? > 3, "a living Chromium is seen");

    drop(browser);
    assert!(!folder.exists());
    let began = Instant::now();
    while processes_about(&folder)? > 0 {
        assert!(began.elapsed() < Duration::from_secs(5), "Chromium outlives its browser");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(page.texts("body").await.is_err());
    Ok(())
}

/// How many living processes name this folder in their arguments.
fn processes_about(folder: &Path) -> Result<usize> {
    let folder = folder.to_string_lossy();
    let entries = std::fs::read_dir("/proc")?.filter_map(|entry| entry.ok());
    let arguments = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    Ok(arguments.filter(|line| String::from_utf8_lossy(line).contains(&*folder)).count())
}
