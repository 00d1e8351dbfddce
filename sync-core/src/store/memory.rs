//! [`MemoryStore`]: documents in this process, gone with it.
//!
//! Invariant: documents, sequence and feed move together under one lock, so that the hub gets each commit
//! in order; the lock is never held across an await, and nothing slow runs under it.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::backend::{Change, Feed, Found, Opened, Store, Write};
use crate::error::{Code, Error};
use crate::model::{Doc, Flags, Rev, SyncModel, Value};
use crate::query::Query;

/// Keeps documents in memory.
///
/// Revisions, and positions of the log, are one sequence that starts at the clock in microseconds, so that
/// a later life of the process never repeats one.
pub struct MemoryStore<M: SyncModel> {
    state: Mutex<State<M>>,
    feed: OnceLock<Feed<M>>,
}

struct State<M: SyncModel> {
    docs: HashMap<M::Id, Doc<M>>,
    /// The last revision of deleted documents: `prev` of a re-create.
    gone: lru::LruCache<M::Id, Rev>,
    unique: Vec<Unique<M>>,
    sequence: u64,
}

/// A unique field: its values, and whose they are.
type Unique<M> = (usize, BTreeMap<String, <M as SyncModel>::Id>);

/// Of how many deleted documents the last revision is remembered.
const GONE: usize = 65_536;

impl<M: SyncModel> MemoryStore<M> {
    /// An empty store.
    pub fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let state = State {
            docs: HashMap::new(),
            gone: lru::LruCache::unbounded(),
            unique: M::SCHEMA.with(Flags::UNIQUE).map(|field| (field, BTreeMap::new())).collect(),
            sequence: since.as_micros() as u64,
        };
        MemoryStore { state: Mutex::new(state), feed: OnceLock::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().expect("nothing panics while it holds the documents")
    }

    fn commit_one(&self, mut write: Write<M>) -> Result<Arc<Change<M>>, Error> {
        let feed = self.feed.get().ok_or_else(|| {
            Error::new(Code::Config, format!("{}: the store was not opened by a registry", M::SCHEMA.model))
        })?;
        let mut state = self.state();
        let State { docs, gone, unique, sequence } = &mut *state;
        let rev = *sequence + 1;
        let place = docs.get_mut(&write.id);
        let plan = write.plan_over(place.as_deref())?;
        let doc = plan.document(rev);
        claim(unique, &write, place.as_deref(), doc.as_ref())?;
        *sequence = rev;
        let before = match (place, doc) {
            (Some(place), Some(doc)) => Some(std::mem::replace(place, doc)),
            (Some(_), None) => {
                gone.put(write.id.clone(), rev);
                if gone.len() > GONE {
                    gone.pop_lru();
                }
                docs.remove(&write.id)
            }
            (None, doc) => {
                docs.extend(doc.map(|doc| (write.id.clone(), doc)));
                None
            }
        };
        let prev = match &before {
            Some(before) => before.rev,
            None => gone.pop(&write.id).unwrap_or(0),
        };
        let change = plan.committed_over(before, &write, (prev, rev), rev);
        feed.committed(&write, &change);
        drop(state);
        Ok(change)
    }
}

/// Takes the values of unique fields for the new document, and gives up those of the old one.
fn claim<M: SyncModel>(
    unique: &mut [Unique<M>],
    write: &Write<M>,
    old: Option<&Doc<M>>,
    new: Option<&Doc<M>>,
) -> Result<(), Error> {
    if unique.is_empty() {
        return Ok(());
    }
    let key = |doc: Option<&Doc<M>>, field: usize| {
        let value = doc?.value.view(field).to_value().ok()?;
        (value != Value::Null).then(|| format!("{value:?}"))
    };
    // Before anything is touched, for a field's own code runs here.
    let keys = || unique.iter().map(|(field, _)| (key(old, *field), key(new, *field))).collect();
    let keys: Vec<_> = unpanicked::<M, _>(keys)?;
    for ((field, owners), (_, new)) in unique.iter().zip(&keys) {
        if let Some(owner) = new.as_ref().and_then(|key| owners.get(key))
            && *owner != write.id
        {
            return Err(write.duplicate(M::SCHEMA.fields[*field].name));
        }
    }
    for ((_, owners), (old, new)) in unique.iter_mut().zip(keys) {
        if let Some(key) = old {
            owners.remove(&key);
        }
        if let Some(key) = new {
            owners.insert(key, write.id.clone());
        }
    }
    Ok(())
}

/// Runs what looks at values through code of users: a panic in it, under our lock, must not be the last
/// thing that the store does.
fn unpanicked<M: SyncModel, R>(look: impl FnOnce() -> R) -> Result<R, Error> {
    catch_unwind(AssertUnwindSafe(look))
        .map_err(|_| Error::new(Code::Internal, format!("{}: a field's own code panicked", M::SCHEMA.model)))
}

impl<M: SyncModel> State<M> {
    fn find(&self, query: &Query<M>) -> Found<M> {
        let matching = self.docs.values().filter(|doc| query.filter.matches(&doc.value));
        if query.limit == Some(0) {
            let total = query.total.then(|| matching.count());
            return Found { docs: Vec::new(), total, position: self.sequence };
        }
        let mut docs: Vec<Doc<M>> = matching.cloned().collect();
        let total = query.total.then_some(docs.len());
        docs.sort_by(|a, b| query.compare(&a.value, &b.value));
        docs.drain(..query.offset.min(docs.len()));
        docs.truncate(query.limit.unwrap_or(usize::MAX));
        Found { docs, total, position: self.sequence }
    }
}

impl<M: SyncModel> Default for MemoryStore<M> {
    fn default() -> Self {
        MemoryStore::new()
    }
}

impl<M: SyncModel> Store<M> for MemoryStore<M> {
    async fn open(&self, feed: Feed<M>) -> Result<Opened, Error> {
        if self.feed.set(feed).is_err() {
            let message = format!("{}: one memory store cannot end two chains", M::SCHEMA.model);
            return Err(Error::new(Code::Config, message));
        }
        let position = self.state().sequence;
        Ok(Opened { store_epoch: position, log_epoch: position, position })
    }

    async fn commit(&self, batch: Vec<Write<M>>) -> Vec<Result<Arc<Change<M>>, Error>> {
        batch.into_iter().map(|write| self.commit_one(write)).collect()
    }

    fn commit_now(&self, write: Write<M>) -> Result<Result<Arc<Change<M>>, Error>, Write<M>> {
        Ok(self.commit_one(write))
    }

    async fn get(&self, id: &M::Id) -> Result<Option<Doc<M>>, Error> {
        Ok(self.state().docs.get(id).cloned())
    }

    async fn find(&self, query: &Query<M>) -> Result<Found<M>, Error> {
        let state = self.state();
        unpanicked::<M, _>(|| state.find(query))
    }

    /// A commit has no await point, so it cannot be interrupted half-way.
    fn runs_detached(&self) -> bool {
        false
    }
}

impl<M: SyncModel> std::fmt::Debug for MemoryStore<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").field("model", &M::SCHEMA.model).finish_non_exhaustive()
    }
}
