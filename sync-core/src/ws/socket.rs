//! The thin asynchronous shell of a session: a socket, the futures that the session waits for, its
//! subscriptions and a clock. It decides nothing.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::http::request::Parts;
use futures_util::stream::FuturesUnordered;
use futures_util::{Sink, SinkExt as _, StreamExt as _};
use tokio::time::{Instant, Sleep, timeout};

use super::fact::{Facts, Told};
use super::grant::Outcome;
use super::hello::Hello;
use super::refused::Refused;
use super::router::{Shared, short_name};
use super::session::{Effect, Session, Ticket};
use super::stats::count;
use crate::error::Error;

/// How often an idle client is asked whether it is there.
const PING: Duration = Duration::from_secs(30);
/// A client that was silent for so long is not there.
const SILENCE: Duration = Duration::from_secs(95);
/// How long a connection that the server ended waits for the client to end it too.
const FAREWELL: Duration = Duration::from_secs(2);

/// What a session waited for.
enum Done {
    User(Result<crate::backend::Context, Error>),
    Reply(Ticket, Result<Outcome, Refused>),
}

/// What woke the shell.
enum Woken {
    Input(Option<Result<Message, axum::Error>>),
    Done(Done),
    Told(usize, Told),
    /// Frames were handed to the socket.
    Wrote,
    Clock,
}

/// Why a session is over.
enum Over {
    /// The connection is lost.
    Lost,
    /// The client ends it.
    Left,
    /// The server ends it.
    Ended(u16, &'static str),
}

struct Shell {
    shared: Arc<Shared>,
    /// The handshake, until it is known who this is: its headers hold on to the whole buffer that they were
    /// read into.
    parts: Option<Arc<Parts>>,
    socket: WebSocket,
    session: Session,
    underway: FuturesUnordered<Pin<Box<dyn Future<Output = Done> + Send>>>,
    subscriptions: Vec<(usize, Box<dyn Facts>)>,
    over: Option<Over>,
    /// Something was handed to the socket and not flushed.
    unflushed: bool,
    /// A pong has not left. Nothing is read until it has: pongs gather in the socket's own buffer, which a
    /// client that pings and never reads would fill without end.
    ponging: bool,
    /// Frames and changes take turns, so that neither keeps the other waiting.
    input_first: bool,
    clock: Pin<Box<Sleep>>,
    began: Instant,
    /// When the socket last took something, or had nothing to take.
    moved: Instant,
    heard: Instant,
    pinged: Instant,
}

/// Serves one socket to its end.
pub(crate) async fn run(shared: Arc<Shared>, parts: Arc<Parts>, socket: WebSocket) {
    let house = shared.house.clone();
    count(&house.counters.opened);
    count(&house.counters.sockets);
    let now = Instant::now();
    let mut shell = Shell {
        session: Session::new(house.clone(), format!("s-{}", short_name()).into()),
        underway: FuturesUnordered::new(),
        subscriptions: Vec::new(),
        over: None,
        unflushed: false,
        ponging: false,
        input_first: true,
        clock: Box::pin(tokio::time::sleep(tick(&shared))),
        began: now,
        moved: now,
        heard: now,
        pinged: now,
        shared,
        parts: Some(parts),
        socket,
    };
    let over = shell.serve().await;
    // Requests that are under way are dropped here: that drops their answers, never their commits.
    shell.underway.clear();
    shell.subscriptions.clear();
    let _too_late = match over {
        Over::Lost => Ok(()),
        Over::Left => timeout(FAREWELL, shell.hear_out()).await,
        Over::Ended(code, reason) => timeout(FAREWELL, shell.farewell(code, reason)).await,
    };
    house.counters.sockets.fetch_sub(1, Ordering::Relaxed);
}

/// How often the clocks are looked at.
fn tick(shared: &Shared) -> Duration {
    (shared.house.limits.patience / 4).min(PING / 2)
}

impl Shell {
    async fn serve(&mut self) -> Over {
        let mut closed = self.shared.closed.subscribe();
        loop {
            if let Some(over) = self.over.take() {
                return over;
            }
            let woken = tokio::select! {
                woken = std::future::poll_fn(|cx| self.poll(cx)) => woken,
                _ = closed.wait_for(|closed| *closed) => return Over::Ended(1001, "going away"),
            };
            let effects = match woken {
                Err(_) | Ok(Woken::Input(None)) => return Over::Lost,
                Ok(Woken::Input(Some(message))) => self.hear(message),
                Ok(Woken::Done(Done::User(user))) => {
                    if user.is_ok() {
                        self.parts = None;
                    }
                    self.session.on_user(user)
                }
                Ok(Woken::Done(Done::Reply(ticket, result))) => self.session.on_reply(ticket, result),
                Ok(Woken::Told(seat, told)) => self.session.on_told(seat, told),
                Ok(Woken::Wrote) => self.session.turn(),
                Ok(Woken::Clock) => self.look_at_the_clock(),
            };
            effects.into_iter().for_each(|effect| self.act(effect));
        }
    }

    /// Whatever is there to be done; writing comes last, so that frames that wait leave together.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Woken, axum::Error>> {
        if let Poll::Ready(Some(done)) = self.underway.poll_next_unpin(cx) {
            return Poll::Ready(Ok(Woken::Done(done)));
        }
        self.input_first = !self.input_first;
        for input in [self.input_first, !self.input_first] {
            let woken = if input { self.poll_input(cx) } else { self.poll_changes(cx) };
            if woken.is_ready() {
                return woken.map(Ok);
            }
        }
        if let Poll::Ready(wrote) = self.poll_write(cx) {
            return Poll::Ready(wrote.map(|()| Woken::Wrote));
        }
        self.clock.as_mut().poll(cx).map(|()| Ok(Woken::Clock))
    }

    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<Woken> {
        if self.session.wants_input() && !self.ponging {
            return self.socket.poll_next_unpin(cx).map(Woken::Input);
        }
        Poll::Pending
    }

    fn poll_changes(&mut self, cx: &mut Context<'_>) -> Poll<Woken> {
        for (seat, facts) in &mut self.subscriptions {
            if self.session.wants_changes(*seat)
                && let Poll::Ready(told) = facts.poll(cx)
            {
                return Poll::Ready(Woken::Told(*seat, told));
            }
        }
        Poll::Pending
    }

    /// Hands waiting frames to the socket; ready when some went, so that the session can make more.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        let mut wrote = false;
        while !self.session.out.is_empty() && Pin::new(&mut self.socket).poll_ready(cx)?.is_ready() {
            let frame = self.session.next_frame().expect("the outbox is not empty");
            Pin::new(&mut self.socket).start_send(Message::text(frame))?;
            count(&self.shared.house.counters.frames_out);
            (wrote, self.unflushed) = (true, true);
        }
        if self.unflushed && Pin::new(&mut self.socket).poll_flush(cx)?.is_ready() {
            self.unflushed = false;
            self.moved = Instant::now();
            // Whoever waited for it has not been polled in this round.
            wrote |= std::mem::take(&mut self.ponging);
        }
        if wrote {
            self.moved = Instant::now();
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }

    fn hear(&mut self, message: Result<Message, axum::Error>) -> Vec<Effect> {
        self.heard = Instant::now();
        match message {
            Ok(Message::Text(text)) => self.session.on_frame(&text),
            Ok(Message::Binary(_)) => self.session.on_binary(),
            // Pongs go out with the next write; this is one.
            Ok(Message::Ping(_)) => {
                (self.unflushed, self.ponging) = (true, true);
                Vec::new()
            }
            Ok(Message::Pong(_)) => Vec::new(),
            Ok(Message::Close(_)) => {
                self.over = Some(Over::Left);
                Vec::new()
            }
            Err(error) if is_too_large(&error) => self.session.on_too_large(),
            Err(_) => {
                self.over = Some(Over::Lost);
                Vec::new()
            }
        }
    }

    fn act(&mut self, effect: Effect) {
        match effect {
            Effect::Authenticate(token) => {
                let Some(parts) = self.parts.clone() else { return };
                let user = (self.shared.authenticate)(Hello::new(parts, token));
                self.underway.push(Box::pin(async move { Done::User(user.await) }));
            }
            Effect::Subscribe(seat) => {
                self.subscriptions.push((seat, self.session.seats[seat].grant.subscribe()));
            }
            Effect::Run(ticket, job) => {
                self.underway.push(Box::pin(async move { Done::Reply(ticket, job.await) }));
            }
            Effect::Close(code, reason) => self.over = Some(Over::Ended(code, reason)),
        }
    }

    fn look_at_the_clock(&mut self) -> Vec<Effect> {
        let (now, patience) = (Instant::now(), self.shared.house.limits.patience);
        self.clock.as_mut().reset(now + tick(&self.shared));
        let waits = self.unflushed || !self.session.out.is_empty();
        if waits && now - self.moved > patience {
            count(&self.shared.house.counters.stalled);
            self.session.out.clear();
            self.over = Some(Over::Ended(1013, "too slow"));
        } else if self.session.is_greeting() && now - self.began > patience {
            self.over = Some(Over::Ended(1002, "hello must come first"));
        } else if self.session.wants_input() && now - self.heard > SILENCE {
            self.over = Some(Over::Lost);
        } else if !waits && now - self.pinged > PING {
            self.pinged = now;
            self.unflushed = true;
            // A ping is one of what little fits where nothing waits.
            let _lost = Pin::new(&mut self.socket).start_send(Message::Ping(Vec::new().into()));
        }
        Vec::new()
    }

    /// Sends what is left and the end of the connection, and waits for the client's.
    async fn farewell(&mut self, code: u16, reason: &'static str) {
        while let Some(frame) = self.session.next_frame() {
            count(&self.shared.house.counters.frames_out);
            if self.socket.feed(Message::text(frame)).await.is_err() {
                return;
            }
        }
        let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        if self.socket.send(close).await.is_ok() {
            self.hear_out().await;
        }
    }

    /// Reads to the end, which also answers the client's own farewell. Ending while the client still sends
    /// would reset the connection, and lose what was said.
    async fn hear_out(&mut self) {
        while let Some(Ok(_)) = self.socket.recv().await {}
    }
}

/// tungstenite's error type is not ours to name.
fn is_too_large(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}
