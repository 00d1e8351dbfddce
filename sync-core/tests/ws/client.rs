//! A client that speaks the wire, frame by frame.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::Server;

pub(crate) struct Client {
    pub(crate) ws: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) welcome: Value,
    n: u64,
    /// Frames that came while an answer was waited for.
    early: VecDeque<Value>,
}

/// The frame that the server ended the connection with.
#[derive(Debug, PartialEq)]
pub(crate) struct Closed(pub u16);

impl Server {
    pub(crate) async fn raw(&self) -> Client {
        let (ws, _) = connect_async(format!("ws://{}/sync/ws", self.address)).await.unwrap();
        Client { ws, welcome: Value::Null, n: 0, early: VecDeque::new() }
    }

    pub(crate) async fn client(&self, user: &str) -> Client {
        let mut client = self.raw().await;
        client.send(json!({"op": "hello", "protocol": 1, "token": user})).await;
        client.welcome = client.next().await;
        assert_eq!(client.welcome["op"], "welcome");
        client
    }
}

impl Client {
    pub(crate) async fn send(&mut self, frame: Value) {
        self.text(&frame.to_string()).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.ws.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn try_next(&mut self) -> Result<Value, Closed> {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(10), self.ws.next()).await;
            match message.expect("a frame within ten seconds") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => {
                    return Err(Closed(frame.map_or(0, |frame| frame.code.into())));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(Closed(0)),
            }
        }
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        match self.early.pop_front() {
            Some(frame) => frame,
            None => self.try_next().await.unwrap(),
        }
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.n += 1;
        self.n
    }

    /// Sends a request, and gives its answer.
    pub(crate) async fn ask(&mut self, mut frame: Value) -> Value {
        let n = self.number();
        frame["n"] = n.into();
        self.send(frame).await;
        self.answer(n).await
    }

    /// The answer to a request that was sent.
    pub(crate) async fn answer(&mut self, n: u64) -> Value {
        let answers = |frame: &Value| frame["n"] == n && (frame["op"] == "ack" || frame["op"] == "error");
        if let Some(at) = self.early.iter().position(answers) {
            return self.early.remove(at).unwrap();
        }
        loop {
            let frame = self.try_next().await.unwrap();
            if answers(&frame) {
                return frame;
            }
            self.early.push_back(frame);
        }
    }

    /// Listens, and gives the number of the listen and the documents of the snapshot.
    pub(crate) async fn listen(&mut self, mut frame: Value) -> (u64, Vec<Value>, String) {
        let n = self.number();
        frame["op"] = "listen".into();
        frame["n"] = n.into();
        frame["backend"] = "lists".into();
        self.send(frame).await;
        let (docs, cursor) = self.snapshot(n).await;
        (n, docs, cursor)
    }

    pub(crate) async fn snapshot(&mut self, n: u64) -> (Vec<Value>, String) {
        let mut docs = Vec::new();
        loop {
            let frame = self.next().await;
            assert_eq!((&frame["op"], &frame["listen"]), (&json!("snapshot"), &json!(n)), "{frame}");
            docs.extend(frame["docs"].as_array().unwrap().iter().cloned());
            if frame["done"] == true {
                return (docs, frame["cursor"].as_str().unwrap().to_owned());
            }
        }
    }

    /// What the client was told so far, `what` included, which it asks for so that an end is known.
    pub(crate) async fn told(&mut self) -> Vec<Value> {
        self.ask(json!({"op": "unlisten", "listen": 1u64 << 40})).await;
        self.early.drain(..).collect()
    }
}
