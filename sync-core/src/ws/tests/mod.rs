//! Sessions without a socket: frames, answers and changes in the order that a test chooses.
#![allow(clippy::unwrap_used)]

mod changes;
mod frames;
mod own;
mod protocol;

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context as Task, Poll, Waker};

use futures_util::FutureExt as _;
use serde_json::{Value as Json, json};

use super::fact::{Facts, Told};
use super::grant::{Job, Offer};
use super::limits::Limits;
use super::policy::Policy;
use super::session::{Effect, House, Session, Ticket};
use super::stats::Counters;
use crate::backend::{Context, Origin};
use crate::prelude::*;

#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "lists")]
struct List {
    #[sync(id)]
    id: i64,
    name: String,
    #[sync(facet)]
    owner: String,
    note: Option<Option<String>>,
}

fn list(id: i64, name: &str) -> List {
    List { id, name: name.into(), owner: "ann".into(), note: None }
}

/// A session, and its other end.
struct Desk {
    session: Session,
    lists: Backend<List>,
    subscriptions: Vec<(usize, Box<dyn Facts>)>,
    jobs: VecDeque<(Ticket, Job)>,
    closed: Option<u16>,
    _registry: Registry,
}

impl Desk {
    async fn open(policy: Policy<List>) -> Self {
        let mut desk = Desk::silent(policy, Limits::default()).await;
        desk.say(json!({"op": "hello", "protocol": 1}));
        assert_eq!(desk.told()[0]["op"], "welcome");
        desk
    }

    async fn silent(policy: Policy<List>, limits: Limits) -> Self {
        let backend = Backend::<List>::builder().store(MemoryStore::new());
        let registry = Registry::builder().backend(backend).build().await.unwrap();
        let lists = registry.backend::<List>();
        let exposed: Arc<dyn super::grant::Exposed> = Arc::new(Offer(lists.clone(), policy));
        let house =
            House { server: "a".into(), exposed: vec![exposed], limits, counters: Counters::default() };
        Desk {
            session: Session::new(Arc::new(house), "s-1".into()),
            lists,
            subscriptions: Vec::new(),
            jobs: VecDeque::new(),
            closed: None,
            _registry: registry,
        }
    }

    fn act(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Authenticate(_) => {
                    let effects = self.session.on_user(Ok(Context::of(Origin::Client)));
                    self.act(effects);
                }
                Effect::Subscribe(seat) => {
                    self.subscriptions.push((seat, self.session.seats[seat].grant.subscribe()));
                }
                Effect::Run(ticket, job) => self.jobs.push_back((ticket, job)),
                Effect::Close(code, _) => self.closed = Some(code),
            }
        }
    }

    /// The client sends a frame; what it asks for is not done yet.
    fn say(&mut self, frame: Json) {
        let effects = self.session.on_frame(&frame.to_string());
        self.act(effects);
    }

    /// Does one thing that the session waits for.
    fn finish_one(&mut self) -> bool {
        let Some((ticket, job)) = self.jobs.pop_front() else { return false };
        let result = job.now_or_never().expect("a memory store answers at once");
        let effects = self.session.on_reply(ticket, result);
        self.act(effects);
        true
    }

    /// Hands over one change, if the session wants it.
    fn hand_over(&mut self) -> bool {
        let mut cx = Task::from_waker(Waker::noop());
        for at in 0..self.subscriptions.len() {
            let (seat, facts) = &mut self.subscriptions[at];
            let seat = *seat;
            if self.session.wants_changes(seat)
                && let Poll::Ready(told) = facts.poll(&mut cx)
            {
                self.tell(seat, told);
                return true;
            }
        }
        false
    }

    fn tell(&mut self, seat: usize, told: Told) {
        let effects = self.session.on_told(seat, told);
        self.act(effects);
    }

    /// Everything that waits, until nothing does; then what the client was sent, each frame as one of the
    /// protocol.
    fn settle(&mut self) -> Vec<Json> {
        let mut out = Vec::new();
        loop {
            out.extend(self.told());
            let effects = self.session.turn();
            let idle = effects.is_empty() && self.session.out.is_empty();
            self.act(effects);
            if idle && !self.finish_one() && !self.hand_over() && self.session.out.is_empty() {
                return out;
            }
        }
    }

    /// What the client was sent so far.
    fn told(&mut self) -> Vec<Json> {
        let frames = std::iter::from_fn(|| self.session.next_frame());
        frames
            .inspect(|frame| protocol::check(frame))
            .map(|frame| serde_json::from_str(&frame).unwrap())
            .collect()
    }

    /// Listens, and drops the snapshot.
    fn listen(&mut self, n: u64, more: Json) {
        let mut frame = json!({"op": "listen", "n": n, "backend": "lists"});
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.say(frame);
        let told = self.settle();
        assert_eq!(told.last().unwrap()["done"], true, "{told:?}");
    }
}

fn everything() -> Policy<List> {
    Policy::new().allow_all()
}
