//! Listens: from the request to the last frame of a snapshot, or of what was missed.
//!
//! The subscription comes before the snapshot, and changes at or below the snapshot's position are in it
//! already; so there is no gap. A listen keeps nothing per document, but for those that it could not show.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::fact::{Fact, Scoped};
use super::grant::{Outcome, Pages};
use super::place::Reader;
use super::refused::Refused;
use super::session::{Effect, Session, Ticket};
use super::stats::count;
use crate::backend::Cursor;
use crate::error::Code;

/// A frame of a snapshot ends when it has grown past this; its socket's buffer keeps the size of the largest.
const PAGE_BYTES: usize = 8 << 10;

/// A standing query of a session.
pub(crate) struct Listen {
    pub(crate) seat: usize,
    pub(crate) scope: Scoped,
    pub(crate) channel: Option<Arc<str>>,
    state: State,
    /// The client has everything up to here, from the snapshot or from what it missed.
    pub(crate) since: Cursor,
    /// Positions above `since` that it has as well.
    also: HashSet<u64>,
    /// Ids of documents that entered, and had left again when they were read: until they leave or are
    /// shown no patch fits what the client has: nothing, or what an earlier session read ahead of its cursor.
    pub(crate) unshown: HashSet<String>,
    /// The position of the last cursor that the client was told.
    pub(crate) told: u64,
}

enum State {
    /// Waits for its turn to get a snapshot.
    Queued,
    /// The documents are being read.
    Reading,
    /// The documents are being sent.
    Sending(Box<dyn Pages>, Cursor),
    /// What it missed is being looked up.
    Resuming(String),
    /// What it missed is being sent.
    Replaying(VecDeque<Arc<dyn Fact>>),
    Live,
}

impl Listen {
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, State::Live)
    }

    pub(crate) fn is_replaying(&self) -> bool {
        matches!(self.state, State::Replaying(_))
    }

    /// Whether the client has the change at this position already; one without a position is told.
    pub(crate) fn has(&self, position: u64) -> bool {
        position != 0 && (position <= self.since.position || self.also.contains(&position))
    }

    fn begin_at(&mut self, at: Cursor) {
        self.since = at;
        self.told = at.position;
        self.also.clear();
        self.unshown.clear();
    }

    pub(crate) fn has_not_shown(&self, fact: &dyn Fact) -> bool {
        !self.unshown.is_empty() && self.unshown.contains(&fact.id())
    }
}

impl Session {
    pub(crate) fn listen(
        &mut self,
        n: u64,
        seat: usize,
        filter: Option<&RawValue>,
        channel: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<(), Refused> {
        if self.listens.len() >= self.house.limits.listens {
            let message = format!("a session has at most {} listens", self.house.limits.listens);
            return Err(Refused::new(Code::TooMany, message));
        }
        let scope = self.seats[seat].grant.scope(filter, channel)?;
        self.follow(seat);
        let since = cursor.map(|cursor| scope.binding.read(cursor));
        let state = match (cursor, since) {
            (Some(text), Some(Some(since))) => {
                let job = self.seats[seat].grant.missed(since);
                self.lookups += 1;
                self.effects.push(Effect::Run(Ticket::Missed(n), job));
                State::Resuming(text.to_owned())
            }
            _ => State::Queued,
        };
        let is_queued = matches!(state, State::Queued);
        let listen = Listen {
            seat,
            scope,
            channel: channel.map(Arc::from),
            state,
            since: Cursor { epoch: 0, position: 0 },
            also: HashSet::new(),
            unshown: HashSet::new(),
            told: 0,
        };
        self.listens.insert(n, listen);
        match since {
            // No cursor: the snapshot alone is the answer.
            None => self.queue.push_back(n),
            Some(_) if is_queued => self.reset(n),
            Some(_) => {}
        }
        Ok(())
    }

    fn follow(&mut self, seat: usize) {
        if !std::mem::replace(&mut self.seats[seat].followed, true) {
            self.effects.push(Effect::Subscribe(seat));
        }
    }

    /// The listen begins anew.
    pub(crate) fn reset(&mut self, n: u64) {
        let Some(listen) = self.listens.get_mut(&n) else { return };
        count(&self.house.counters.resets);
        listen.state = State::Queued;
        self.queue.push_back(n);
        self.send(format!("{{\"op\":\"reset\",\"listen\":{n}}}"));
    }

    /// Changes were lost to this session: every listen of the backend begins anew.
    pub(crate) fn on_reset(&mut self, seat: usize) {
        for (n, fact) in self.own.lost(seat) {
            self.tell_own(n, seat, &*fact);
        }
        let listens: Vec<u64> =
            self.listens.iter().filter(|(_, listen)| listen.seat == seat).map(|(n, _)| *n).collect();
        listens.into_iter().for_each(|n| self.reset(n));
    }

    pub(crate) fn on_snapshot(&mut self, n: u64, result: Result<Outcome, Refused>) {
        self.lookups -= 1;
        self.reading = false;
        let Some(listen) = self.listens.get_mut(&n) else { return self.next_in_queue(n) };
        if !matches!(listen.state, State::Reading) {
            // It was reset meanwhile: these documents are older than that.
            return;
        }
        match result {
            Ok(Outcome::Found(pages, at)) => listen.state = State::Sending(pages, at),
            Ok(_) => self.fail(n, &Refused::new(Code::Internal, "the server failed")),
            Err(refused) => self.fail(n, &refused),
        }
    }

    fn fail(&mut self, n: u64, refused: &Refused) {
        self.listens.remove(&n);
        self.next_in_queue(n);
        self.error(Some(n), refused);
    }

    fn next_in_queue(&mut self, n: u64) {
        if self.queue.front() == Some(&n) {
            self.queue.pop_front();
        }
    }

    pub(crate) fn on_missed(&mut self, n: u64, result: Result<Outcome, Refused>) {
        self.lookups -= 1;
        let Some(listen) = self.listens.get_mut(&n) else { return };
        let State::Resuming(cursor) = &listen.state else { return };
        match result {
            Ok(Outcome::Missed(Some(facts), upto)) => {
                let resumed = format!("{{\"op\":\"resumed\",\"listen\":{n},\"cursor\":\"{cursor}\"}}");
                let told = listen.scope.binding.read(cursor).map_or(0, |since| since.position);
                listen.begin_at(upto);
                listen.told = told;
                let early = facts.iter().map(|fact| fact.position());
                listen.also = early.filter(|position| *position > upto.position).collect();
                listen.state = State::Replaying(facts.into());
                count(&self.house.counters.resumed);
                self.send(resumed);
            }
            Err(refused) if refused.code != Code::Internal => self.fail(n, &refused),
            _ => self.reset(n),
        }
    }

    /// Makes frames of snapshots and of what was missed while there is room for them.
    pub(crate) fn pump(&mut self) {
        while self.out.has_room() && self.pump_snapshot() {}
        let listens: Vec<u64> =
            self.listens.iter().filter(|(_, listen)| listen.is_replaying()).map(|(n, _)| *n).collect();
        for n in listens {
            while self.out.has_room() && self.pump_missed(n) {}
        }
    }

    /// One step of the snapshot whose turn it is; `false` where there is none to be taken now.
    fn pump_snapshot(&mut self) -> bool {
        let Some(&n) = self.queue.front() else { return false };
        let Some(listen) = self.listens.get_mut(&n) else {
            self.queue.pop_front();
            return true;
        };
        match &mut listen.state {
            // The one before it was taken back, and is still being read.
            State::Queued if self.reading => false,
            State::Queued => {
                listen.state = State::Reading;
                self.lookups += 1;
                self.reading = true;
                let grant = &self.seats[listen.seat].grant;
                let job = grant.snapshot(&listen.scope, self.house.limits.snapshot);
                self.effects.push(Effect::Run(Ticket::Snapshot(n), job));
                false
            }
            State::Sending(pages, at) => {
                let at = *at;
                let (docs, done) = pages.next(self.house.limits.page, PAGE_BYTES);
                let mut frame =
                    format!("{{\"op\":\"snapshot\",\"listen\":{n},\"docs\":[{docs}],\"done\":{done}");
                if done {
                    frame.push_str(&format!(",\"cursor\":\"{}\"", listen.scope.binding.write(at)));
                    listen.begin_at(at);
                    listen.state = State::Live;
                    count(&self.house.counters.snapshots);
                    self.queue.pop_front();
                }
                frame.push('}');
                self.send(frame);
                true
            }
            State::Reading => false,
            // It had its snapshot: it stood in the queue twice.
            State::Resuming(_) | State::Replaying(_) | State::Live => {
                self.queue.pop_front();
                true
            }
        }
    }

    /// One change that a returning listen missed; `false` where there is none to be taken now.
    fn pump_missed(&mut self, n: u64) -> bool {
        let Some(listen) = self.listens.get_mut(&n) else { return false };
        let State::Replaying(facts) = &mut listen.state else { return false };
        if self.seats[listen.seat].fill.is_some() {
            return false;
        }
        let Some(fact) = facts.pop_front() else {
            listen.state = State::Live;
            return false;
        };
        let (seat, upto) = (listen.seat, fact.position().min(listen.since.position));
        self.place(seat, &fact, None, Reader::One(n, upto));
        true
    }
}
