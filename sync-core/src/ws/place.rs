//! Where a change belongs in each listen of a session, and the frames that say so.
//!
//! Decided from the change alone: whether the listen's filter (the policy's USING in it) matched before,
//! and matches now. Where a document enters and the change does not have it, it is read once.

use std::sync::Arc;

use super::fact::Fact;
use super::grant::Outcome;
use super::listen::Listen;
use super::outbox::Outgoing;
use super::refused::Refused;
use super::session::{Effect, Session, Ticket};
use super::stats::count;
use crate::backend::Cursor;

/// A change that waits for its document.
pub(crate) struct Fill {
    fact: Arc<dyn Fact>,
    reader: Reader,
}

/// Who is told of a change, and up to where in the log they have then been told everything.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reader {
    /// Every listen of the backend.
    All(u64),
    /// One that returned, and missed it.
    One(u64, u64),
}

/// What a change is to a listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// Nothing: the document was not in it and is not.
    Nothing,
    /// The document is not in it any more.
    Gone,
    /// The document is in it as before; the change as it is says what is new.
    Changed,
    /// The document is in it; this is all of it.
    Whole,
    /// The same, from the document that was read.
    Read,
    /// The document enters it, and must be read.
    Unread,
    /// It cannot be said without telling of documents that the session may not know of.
    Unclear,
}

/// Listens that are told the same in one frame.
struct Group {
    sight: Sight,
    cursor: Option<String>,
    listens: Vec<u64>,
}

/// `None` while nothing was read; the document read, where it is visible.
type Read<'a> = Option<Option<&'a Arc<dyn Fact>>>;

fn sight(listen: &Listen, fact: &dyn Fact, read: Read<'_>, restricted: bool) -> Sight {
    let filter = &*listen.scope.filter;
    if listen.channel.is_some() && listen.channel.as_deref() != fact.channel() {
        return Sight::Nothing;
    }
    let before = fact.before(filter);
    let left = match before {
        Some(false) => Sight::Nothing,
        None if restricted => Sight::Unclear,
        _ => Sight::Gone,
    };
    let from_read = || match read {
        None => Sight::Unread,
        Some(Some(doc)) if doc.after(filter) == Some(true) => Sight::Read,
        // It is in the view at this revision, even if it cannot be shown: that it left is for later to say.
        Some(_) if listen.has_not_shown(fact) => Sight::Nothing,
        Some(_) => left,
    };
    match fact.after(filter) {
        Some(false) => left,
        // Changes made elsewhere than in the channel are not told, so a patch may not fit what is there; and
        // it fits nothing where the document was not shown.
        Some(true) if before == Some(true) && listen.channel.is_none() && !listen.has_not_shown(fact) => {
            Sight::Changed
        }
        Some(true) if fact.has_document() => Sight::Whole,
        _ => from_read(),
    }
}

impl Listen {
    /// Notes whether the client has a copy after this change.
    fn placed(&mut self, fact: &dyn Fact, sight: Sight) {
        let told = matches!(sight, Sight::Changed | Sight::Whole | Sight::Read);
        let elsewhere = self.channel.is_some() && self.channel.as_deref() != fact.channel();
        if !told && !elsewhere && fact.after(&self.scope.filter) != Some(false) {
            self.unshown.insert(fact.id());
        } else if !self.unshown.is_empty() && !elsewhere {
            self.unshown.remove(&fact.id());
        }
    }
}

impl Session {
    pub(crate) fn on_fact(&mut self, seat: usize, fact: Arc<dyn Fact>, mark: u64) {
        self.place(seat, &fact, None, Reader::All(mark));
    }

    pub(crate) fn on_filled(&mut self, seat: usize, result: Result<Outcome, Refused>) {
        let Some(Fill { fact, reader }) = self.seats[seat].fill.take() else { return };
        match result {
            Ok(Outcome::Document(read)) if read.as_ref().is_none_or(|doc| doc.revs().1 >= fact.revs().1) => {
                self.place(seat, &fact, Some(read.as_ref()), reader);
            }
            // What cannot be read now will be in the snapshot.
            _ => match reader {
                Reader::All(_) => self.on_reset(seat),
                Reader::One(listen, _) => self.reset(listen),
            },
        }
    }

    /// Tells a change to those whom it concerns.
    pub(crate) fn place(&mut self, seat: usize, fact: &Arc<dyn Fact>, read: Read<'_>, reader: Reader) {
        let sights = self.sights(seat, &**fact, read, reader);
        if sights.iter().any(|(_, sight)| *sight == Sight::Unread) {
            count(&self.house.counters.fills);
            let job = self.seats[seat].grant.fill(fact);
            self.seats[seat].fill = Some(Fill { fact: fact.clone(), reader });
            self.effects.push(Effect::Run(Ticket::Fill(seat), job));
            return;
        }
        for (n, sight) in &sights {
            if let Some(listen) = self.listens.get_mut(n) {
                listen.placed(&**fact, *sight);
            }
        }
        let (own, mark) = match reader {
            Reader::All(mark) => (self.own_number(&**fact), mark),
            Reader::One(_, mark) => (None, mark),
        };
        let groups = self.grouped(&sights, mark);
        let last = groups.len();
        for (at, group) in groups.iter().enumerate() {
            let n = own.filter(|_| at + 1 == last);
            let body = if group.sight == Sight::Read { read.flatten().unwrap_or(fact) } else { fact };
            self.tell(seat, &**fact, &**body, group, n);
        }
        if let Some(n) = own.filter(|_| last == 0) {
            self.tell_own(n, seat, &**fact);
        }
        for (n, _) in sights.iter().filter(|(_, sight)| *sight == Sight::Unclear) {
            self.reset(*n);
        }
        if let Reader::All(_) = reader {
            for (n, passed) in self.own.passed(seat, &**fact) {
                self.tell_own(n, seat, &*passed);
            }
        }
    }

    fn sights(&self, seat: usize, fact: &dyn Fact, read: Read<'_>, reader: Reader) -> Vec<(u64, Sight)> {
        let restricted = self.seats[seat].grant.is_restricted();
        let concerned = |n: u64, listen: &Listen| match reader {
            Reader::All(_) => listen.seat == seat && listen.is_live() && !listen.has(fact.position()),
            Reader::One(one, _) => n == one && listen.is_replaying(),
        };
        let listens = self.listens.iter().filter(|(n, listen)| concerned(**n, listen));
        listens.map(|(n, listen)| (*n, sight(listen, fact, read, restricted))).collect()
    }

    /// The frames that these sights make, and their cursors.
    fn grouped(&mut self, sights: &[(u64, Sight)], mark: u64) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (n, sight) in sights {
            if matches!(sight, Sight::Nothing | Sight::Unclear) {
                continue;
            }
            let Some(listen) = self.listens.get_mut(n) else { continue };
            // Who returns from here must meet what could not be shown once more, and find it unshown again.
            let moves = mark > listen.told && listen.unshown.is_empty();
            let cursor = moves.then(|| {
                listen.told = mark;
                listen.scope.binding.write(Cursor { position: mark, ..listen.since })
            });
            match groups.iter_mut().find(|group| group.sight == *sight && group.cursor == cursor) {
                Some(group) => group.listens.push(*n),
                None => groups.push(Group { sight: *sight, cursor, listens: vec![*n] }),
            }
        }
        groups
    }

    /// The number of the request that made the change, if it is this session's and not told yet.
    fn own_number(&mut self, fact: &dyn Fact) -> Option<u64> {
        let author = fact.author().filter(|author| author.session == self.name)?;
        let n = author.n;
        self.own.told(n).then_some(n)
    }

    /// Tells the writer of its own change where no listen does.
    pub(crate) fn tell_own(&mut self, n: u64, seat: usize, fact: &dyn Fact) {
        let sight = if fact.is_gone() { Sight::Gone } else { Sight::Changed };
        self.tell(seat, fact, fact, &Group { sight, cursor: None, listens: Vec::new() }, Some(n));
    }

    fn tell(&mut self, seat: usize, fact: &dyn Fact, body: &dyn Fact, group: &Group, n: Option<u64>) {
        let listens: Vec<String> = group.listens.iter().map(u64::to_string).collect();
        let op = if group.sight == Sight::Gone { "gone" } else { "synced" };
        let mut before = format!("{{\"op\":\"{op}\",\"listen\":[{}]", listens.join(","));
        if let Some(n) = n {
            before.push_str(&format!(",\"n\":{n}"));
        }
        if let Some(cursor) = &group.cursor {
            before.push_str(&format!(",\"cursor\":\"{cursor}\""));
        }
        if group.sight == Sight::Gone {
            self.send(format!("{before},\"id\":{},\"rev\":{}}}", fact.id(), fact.revs().1));
            return;
        }
        let whole = group.sight != Sight::Changed;
        let Some((body, fresh)) = body.encoded(self.seats[seat].grant.seen(), whole) else { return };
        if fresh {
            count(&self.house.counters.encoded);
        }
        before.push_str(",\"change\":");
        self.out.push(Outgoing::Around { before, body, after: "}" });
    }
}
