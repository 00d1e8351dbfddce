//! A session's own writes, until the stream of changes has come to them.
//!
//! Each commit of the session is told to it once with its number (PROTOCOL.md, section 4): in the stream,
//! or by itself where the stream will not bring it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fact::Fact;
use super::lanes::Scope;
use crate::model::Rev;

#[derive(Default)]
pub(crate) struct Own(BTreeMap<u64, Write>);

struct Write {
    seat: usize,
    /// Which document, where it is known.
    id: Option<String>,
    /// The stream may have passed the commit by: it is told as soon as it is known.
    missed: bool,
    /// The latest revision of the document that the stream told while the write was under way.
    seen: Rev,
    told: bool,
    /// The commit, once it is known.
    fact: Option<Arc<dyn Fact>>,
}

impl Own {
    /// A write sets out; `followed` says whether the session follows the backend's changes already.
    pub(crate) fn begin(&mut self, n: u64, seat: usize, scope: &Scope, followed: bool) {
        let id = match scope {
            Scope::One(id) => Some(id.clone()),
            _ => None,
        };
        self.0.insert(n, Write { seat, id, missed: !followed, seen: 0, told: false, fact: None });
    }

    /// The write was refused, or committed nothing.
    pub(crate) fn drop(&mut self, n: u64) {
        self.0.remove(&n);
    }

    /// The write was committed; gives it back, and its backend's seat, if it is to be told now.
    pub(crate) fn committed(&mut self, n: u64, fact: Arc<dyn Fact>) -> Option<(usize, Arc<dyn Fact>)> {
        let write = self.0.get_mut(&n)?;
        let overtaken = write.seen > fact.revs().1;
        if write.told || write.missed || overtaken {
            let Write { told, seat, .. } = self.0.remove(&n)?;
            return (!told).then_some((seat, fact));
        }
        write.id.get_or_insert_with(|| fact.id());
        write.fact = Some(fact);
        None
    }

    /// The stream came to this write: whether it is told now.
    pub(crate) fn told(&mut self, n: u64) -> bool {
        let Some(write) = self.0.get_mut(&n) else { return false };
        let first = !std::mem::replace(&mut write.told, true);
        if write.fact.is_some() {
            self.0.remove(&n);
        }
        first
    }

    /// The stream came to a revision of some document: gives the writes that it has passed by.
    pub(crate) fn passed(&mut self, seat: usize, fact: &dyn Fact) -> Vec<(u64, Arc<dyn Fact>)> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let (id, (_, rev)) = (fact.id(), fact.revs());
        for write in self.0.values_mut().filter(|write| write.seat == seat && write.id.as_ref() == Some(&id))
        {
            write.seen = write.seen.max(rev);
        }
        self.take(|write| write.seat == seat && write.fact.as_ref().is_some_and(|f| f.revs().1 < write.seen))
    }

    /// Changes were lost to the session: gives the commits that the stream will not bring.
    pub(crate) fn lost(&mut self, seat: usize) -> Vec<(u64, Arc<dyn Fact>)> {
        self.0.values_mut().filter(|write| write.seat == seat).for_each(|write| write.missed = true);
        self.take(|write| write.seat == seat)
    }

    fn take(&mut self, which: impl Fn(&Write) -> bool) -> Vec<(u64, Arc<dyn Fact>)> {
        let known = self.0.iter().filter(|(_, write)| !write.told && write.fact.is_some() && which(write));
        let known: Vec<u64> = known.map(|(n, _)| *n).collect();
        known.into_iter().filter_map(|n| Some((n, self.0.remove(&n)?.fact?))).collect()
    }
}

impl std::fmt::Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
