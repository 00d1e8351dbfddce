//! [`Session`]: one client's conversation as a pure state machine.
//!
//! Frames, answers and changes go in; effects come out, and frames into the outbox. Nothing here waits,
//! and nothing here knows a socket or a model's type, so that all of it is tested without either.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::fact::Told;
use super::frames::{Ask, Frame, Verb};
use super::grant::{Exposed, Grant, Job, Outcome};
use super::lanes::Lanes;
use super::limits::Limits;
use super::listen::Listen;
use super::numbers::Numbers;
use super::outbox::{Outbox, Outgoing};
use super::own::Own;
use super::place::Fill;
use super::refused::Refused;
use super::stats::{Counters, count};
use crate::backend::{Author, Context};
use crate::error::Code;

/// The version of PROTOCOL.md that is spoken here.
pub(crate) const PROTOCOL: u64 = 1;

/// What all sessions of a router share.
pub(crate) struct House {
    /// Names this process to clients.
    pub(crate) server: String,
    pub(crate) exposed: Vec<Arc<dyn Exposed>>,
    pub(crate) limits: Limits,
    pub(crate) counters: Counters,
}

/// What is to be done for a session.
pub(crate) enum Effect {
    /// Find out who this is, and answer with [`Session::on_user`].
    Authenticate(Option<String>),
    /// Follow the changes of the backend with this seat from here on, with [`Session::on_told`].
    Subscribe(usize),
    /// Await this, and answer with [`Session::on_reply`].
    Run(Ticket, Job),
    /// Send what waits, then end the connection.
    Close(u16, &'static str),
}

/// What an awaited job was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ticket {
    Request(u64),
    Snapshot(u64),
    Missed(u64),
    Fill(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Greeting,
    Authenticating,
    Open,
    Closed,
}

/// A backend that the session may use.
pub(crate) struct Seat {
    pub(crate) grant: Arc<dyn Grant>,
    pub(crate) followed: bool,
    /// A change that waits for its document; the stream stands still until it is there.
    pub(crate) fill: Option<Fill>,
}

pub(crate) struct Session {
    pub(crate) name: Arc<str>,
    pub(crate) house: Arc<House>,
    pub(crate) phase: Phase,
    pub(crate) context: Context,
    pub(crate) seats: Vec<Seat>,
    pub(crate) listens: BTreeMap<u64, Listen>,
    /// Listens that wait for their snapshot; one is served at a time, so that only one is in memory.
    pub(crate) queue: VecDeque<u64>,
    /// Snapshots and changes that were missed, while they are read: also for listens that are gone by now.
    pub(crate) lookups: usize,
    /// One of them is a snapshot.
    pub(crate) reading: bool,
    lanes: Lanes,
    pub(crate) own: Own,
    numbers: Numbers,
    pub(crate) out: Outbox,
    pub(crate) effects: Vec<Effect>,
}

impl Session {
    pub(crate) fn new(house: Arc<House>, name: Arc<str>) -> Self {
        let out = Outbox::new(house.limits.outbox);
        Session {
            name,
            house,
            phase: Phase::Greeting,
            context: Context::default(),
            seats: Vec::new(),
            listens: BTreeMap::new(),
            queue: VecDeque::new(),
            lookups: 0,
            reading: false,
            lanes: Lanes::default(),
            own: Own::default(),
            numbers: Numbers::default(),
            out,
            effects: Vec::new(),
        }
    }

    /// Whether a frame may be read now; while not, the client's frames wait in its own socket.
    pub(crate) fn wants_input(&self) -> bool {
        let ready = matches!(self.phase, Phase::Greeting | Phase::Open);
        ready && self.lanes.len() + self.lookups < self.house.limits.requests && self.out.has_room()
    }

    pub(crate) fn is_greeting(&self) -> bool {
        self.phase == Phase::Greeting
    }

    /// Whether changes of this backend may be taken now; while not, they wait in the hub's bounded queue.
    pub(crate) fn wants_changes(&self, seat: usize) -> bool {
        let live = |listen: &Listen| listen.seat != seat || listen.is_live();
        self.out.has_room() && self.seats[seat].fill.is_none() && self.listens.values().all(live)
    }

    /// A client's frame.
    pub(crate) fn on_frame(&mut self, text: &str) -> Vec<Effect> {
        count(&self.house.counters.frames_in);
        if text.len() > self.house.limits.frame {
            return self.on_too_large();
        }
        let frame = Frame::parse(text);
        match (self.phase, frame.ask) {
            (Phase::Closed | Phase::Authenticating, _) => {}
            (Phase::Greeting, Ok(Ask::Hello { protocol: PROTOCOL, token })) => {
                self.phase = Phase::Authenticating;
                self.effects.push(Effect::Authenticate(token));
            }
            (Phase::Greeting, Ok(Ask::Hello { .. })) => {
                self.end("this server speaks protocol 1");
            }
            (Phase::Greeting, Ok(_)) => self.end("hello must come first"),
            (Phase::Open, Ok(Ask::Hello { .. })) => self.end("hello was said before"),
            (Phase::Greeting | Phase::Open, Err(refused)) => self.error(frame.n, &refused),
            (Phase::Open, Ok(ask)) => match frame.n {
                None => self.error(None, &Refused::frame("the frame has no n")),
                Some(n) if !self.numbers.take(n) => {
                    self.error(Some(n), &Refused::frame("this n was used before"));
                }
                Some(n) => self.ask(n, ask),
            },
        }
        self.turn()
    }

    /// The client sent something that is no text.
    pub(crate) fn on_binary(&mut self) -> Vec<Effect> {
        count(&self.house.counters.frames_in);
        self.error(None, &Refused::frame("a frame is text, not bytes"));
        self.turn()
    }

    /// The client sent a frame above the limit.
    pub(crate) fn on_too_large(&mut self) -> Vec<Effect> {
        let message = format!("a frame has at most {} bytes", self.house.limits.frame);
        self.error(None, &Refused::new(Code::TooLarge, message));
        self.close(1009, "too large");
        self.turn()
    }

    fn ask(&mut self, n: u64, ask: Ask<'_>) {
        let result = match ask {
            Ask::Hello { .. } => Ok(()),
            Ask::Unlisten { listen } => {
                self.listens.remove(&listen);
                self.ack(n, "");
                Ok(())
            }
            Ask::Listen { backend, channel, filter, cursor } => self
                .seat(&backend)
                .and_then(|seat| self.listen(n, seat, filter, channel.as_deref(), cursor.as_deref())),
            Ask::Request { backend, channel, verb } => {
                self.seat(&backend).and_then(|seat| self.request(n, seat, channel, verb))
            }
        };
        if let Err(refused) = result {
            self.error(Some(n), &refused);
        }
    }

    /// A backend that is not exposed and one that is not there answer alike.
    fn seat(&self, name: &str) -> Result<usize, Refused> {
        self.seats.iter().position(|seat| seat.grant.name() == name).ok_or_else(|| {
            let name: String = name.chars().take(60).collect();
            Refused::new(Code::UnknownBackend, format!("no backend {name:?}"))
        })
    }

    fn request(
        &mut self,
        n: u64,
        seat: usize,
        channel: Option<String>,
        verb: Verb<'_>,
    ) -> Result<(), Refused> {
        let mut context = self.context.clone().by(Author { session: self.name.clone(), n });
        if let Some(channel) = channel {
            context = context.on_channel(channel);
        }
        let planned = self.seats[seat].grant.plan(verb, context, &self.house.limits)?;
        if planned.writes {
            self.own.begin(n, seat, &planned.scope, self.seats[seat].followed);
        }
        self.lanes.add(n, seat, planned.scope, planned.writes, planned.job);
        Ok(())
    }

    /// A job is done.
    pub(crate) fn on_reply(&mut self, ticket: Ticket, result: Result<Outcome, Refused>) -> Vec<Effect> {
        match (ticket, result) {
            (Ticket::Request(n), result) => {
                self.lanes.done(n);
                self.answer(n, result);
            }
            (Ticket::Snapshot(listen), result) => self.on_snapshot(listen, result),
            (Ticket::Missed(listen), result) => self.on_missed(listen, result),
            (Ticket::Fill(seat), result) => self.on_filled(seat, result),
        }
        self.turn()
    }

    fn answer(&mut self, n: u64, result: Result<Outcome, Refused>) {
        match result {
            Ok(Outcome::Answer(members, fact)) => {
                self.ack(n, &members);
                match fact {
                    Some(fact) if fact.revs().0 != fact.revs().1 => {
                        if let Some((seat, fact)) = self.own.committed(n, fact) {
                            self.tell_own(n, seat, &*fact);
                        }
                    }
                    _ => self.own.drop(n),
                }
            }
            Ok(_) => self.error(Some(n), &Refused::new(Code::Internal, "the server failed")),
            Err(refused) => {
                self.own.drop(n);
                self.error(Some(n), &refused);
            }
        }
    }

    /// Something came of a subscription.
    pub(crate) fn on_told(&mut self, seat: usize, told: Told) -> Vec<Effect> {
        match told {
            Told::Fact(fact, mark) => self.on_fact(seat, fact, mark),
            Told::Reset => self.on_reset(seat),
            Told::End => self.close(1001, "going away"),
        }
        self.turn()
    }

    /// The next frame for the socket.
    pub(crate) fn next_frame(&mut self) -> Option<String> {
        self.out.pop()
    }

    /// Makes what there is room for, and gives what is to be done; to be called after frames were taken.
    pub(crate) fn turn(&mut self) -> Vec<Effect> {
        // What is answered waits for the socket: so answers that nobody takes are not made.
        while self.out.has_room()
            && let Some((n, job)) = self.lanes.start()
        {
            self.effects.push(Effect::Run(Ticket::Request(n), job));
        }
        self.pump();
        std::mem::take(&mut self.effects)
    }

    fn end(&mut self, why: &'static str) {
        self.error(None, &Refused::new(Code::Protocol, why));
        self.close(1002, why);
    }

    pub(crate) fn close(&mut self, code: u16, reason: &'static str) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            self.listens.clear();
            self.effects.push(Effect::Close(code, reason));
        }
    }

    pub(crate) fn send(&mut self, text: String) {
        self.out.push(Outgoing::Text(text));
    }

    fn ack(&mut self, n: u64, members: &str) {
        let comma = if members.is_empty() { "" } else { "," };
        self.send(format!("{{\"op\":\"ack\",\"n\":{n}{comma}{members}}}"));
    }

    pub(crate) fn error(&mut self, n: Option<u64>, refused: &Refused) {
        count(&self.house.counters.errors);
        let n = n.map(|n| format!("\"n\":{n},")).unwrap_or_default();
        self.send(format!("{{\"op\":\"error\",{n}{}}}", refused.members()));
    }
}
