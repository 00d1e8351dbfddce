//! The order in which a session's requests take effect.
//!
//! Requests run side by side, except where that could be noticed: two that touch one document, one of them
//! a write, run in the order in which they were sent, and a query waits for the writes before it. Only a few queries run at
//! once, for each holds its whole page in memory.

use super::grant::Job;

/// How many queries of a session run at once.
const QUERIES: usize = 4;

/// What a request touches.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scope {
    /// One document, by the wire form of its id.
    One(String),
    /// A new document whose id the server makes.
    New,
    /// Any document: a query.
    All,
}

struct Lane {
    n: u64,
    seat: usize,
    scope: Scope,
    writes: bool,
    /// Until it runs.
    job: Option<Job>,
}

impl Lane {
    fn waits_for(&self, earlier: &Lane) -> bool {
        let same = match (&self.scope, &earlier.scope) {
            (Scope::One(this), Scope::One(that)) => this == that,
            (Scope::All, _) | (_, Scope::All) => true,
            _ => false,
        };
        self.seat == earlier.seat && (self.writes || earlier.writes) && same
    }
}

/// A session's requests that are not answered, oldest first.
#[derive(Default)]
pub(crate) struct Lanes(Vec<Lane>);

impl Lanes {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn add(&mut self, n: u64, seat: usize, scope: Scope, writes: bool, job: Job) {
        self.0.push(Lane { n, seat, scope, writes, job: Some(job) });
    }

    /// The request was answered.
    pub(crate) fn done(&mut self, n: u64) {
        self.0.retain(|lane| lane.n != n);
    }

    /// A request that may run now and has not yet.
    pub(crate) fn start(&mut self) -> Option<(u64, Job)> {
        let is_query = |lane: &Lane| lane.scope == Scope::All;
        let queries = self.0.iter().filter(|lane| is_query(lane) && lane.job.is_none()).count();
        let free = |at: usize| {
            let held = is_query(&self.0[at]) && queries >= QUERIES;
            self.0[at].job.is_some()
                && !held
                && !self.0[..at].iter().any(|earlier| self.0[at].waits_for(earlier))
        };
        let at = (0..self.0.len()).find(|at| free(*at))?;
        let lane = &mut self.0[at];
        lane.job.take().map(|job| (lane.n, job))
    }
}

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|lane| lane.n)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(lanes: &mut Lanes, n: u64, scope: Scope, writes: bool) {
        lanes.add(n, 0, scope, writes, Box::pin(std::future::pending()));
    }

    fn started(lanes: &mut Lanes) -> Vec<u64> {
        std::iter::from_fn(|| lanes.start()).map(|(n, _)| n).collect()
    }

    #[test]
    fn what_touches_one_document_goes_in_order() {
        let mut lanes = Lanes::default();
        let one = |id: &str| Scope::One(id.into());
        add(&mut lanes, 1, one("a"), true);
        add(&mut lanes, 2, one("a"), false);
        add(&mut lanes, 3, one("b"), true);
        add(&mut lanes, 4, Scope::New, true);
        add(&mut lanes, 5, Scope::All, false);
        add(&mut lanes, 6, one("a"), true);
        assert_eq!(started(&mut lanes), [1, 3, 4]);
        lanes.done(1);
        assert_eq!(started(&mut lanes), [2]);
        (2..=4).for_each(|n| lanes.done(n));
        assert_eq!(started(&mut lanes), [5], "the write behind the query waits for it");
        lanes.done(5);
        assert_eq!(started(&mut lanes), [6]);
    }
}
