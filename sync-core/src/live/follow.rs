//! The task that keeps a view equal to its query: snapshot, then changes, with no gap between.
//!
//! The subscription begins before the snapshot is read, and changes that the snapshot includes are passed
//! over by its position; so nothing is lost and nothing is seen twice.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::view::{Need, View, ViewEvent};
use crate::backend::{Backend, Change, Event, Found, Interest, Mailbox, Op, Request, Subscription};
use crate::error::Error;
use crate::model::SyncModel;
use crate::query::Query;

/// A view with those who watch it.
pub(crate) struct Followed<M: SyncModel> {
    pub(crate) backend: Backend<M>,
    state: Mutex<State<M>>,
    version: watch::Sender<u64>,
    task: OnceLock<AbortHandle>,
    fills: AtomicU64,
    repairs: AtomicU64,
    queries: AtomicU64,
}

pub(crate) struct State<M: SyncModel> {
    pub(crate) view: View<M>,
    pub(crate) total: Option<usize>,
    watchers: Vec<std::sync::Weak<Mailbox<ViewEvent<M>>>>,
    /// Changes up to here are in the view already.
    position: u64,
    /// Nothing will happen to it any more.
    ended: bool,
}

/// What a view has read since its first snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ViewStats {
    /// Documents read because they came in and the change did not carry them.
    pub fills: u64,
    /// Documents read because a change was missing; 0 where nothing was lost.
    pub repairs: u64,
    /// Times the whole query was read again: for a limited window, or after a reset.
    pub queries: u64,
}

impl<M: SyncModel> Followed<M> {
    /// Reads the query and follows it from there. The task ends when the last handle is dropped.
    pub(crate) async fn start(
        backend: Backend<M>,
        query: Query<M>,
        interest: Interest<M>,
    ) -> Result<Arc<Self>, Error> {
        let events = backend.hub().subscribe(interest);
        let found = read(&backend, &query).await?;
        let state = State {
            total: found.total,
            position: found.position,
            view: View::new(query, found.docs),
            watchers: Vec::new(),
            ended: false,
        };
        let followed = Arc::new(Followed {
            backend,
            state: Mutex::new(state),
            version: watch::Sender::new(0),
            task: OnceLock::new(),
            fills: AtomicU64::new(0),
            repairs: AtomicU64::new(0),
            queries: AtomicU64::new(0),
        });
        let task = tokio::spawn(follow(Arc::downgrade(&followed), events));
        followed.task.get_or_init(|| task.abort_handle());
        Ok(followed)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().expect("nothing panics while it holds a view")
    }

    pub(crate) fn stats(&self) -> ViewStats {
        ViewStats {
            fills: self.fills.load(Ordering::Relaxed),
            repairs: self.repairs.load(Ordering::Relaxed),
            queries: self.queries.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn version(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    async fn take(self: &Arc<Self>, event: Event<M>) {
        let need = match &event {
            Event::Change(change) => self.state().take(change),
            Event::Reset => Need::Query,
            Event::Signal(_) => Need::Nothing,
        };
        match (need, &event) {
            (Need::Fill | Need::Repair, Event::Change(change)) => self.read_one(change, need).await,
            (Need::Query, _) => self.read_all().await,
            _ => {}
        }
        self.version.send_modify(|version| *version += 1);
    }

    async fn read_one(self: &Arc<Self>, change: &Change<M>, need: Need) {
        let counter = if need == Need::Fill { &self.fills } else { &self.repairs };
        counter.fetch_add(1, Ordering::Relaxed);
        let Some(doc) = self.insist(|| self.backend.read(&change.id)).await else { return };
        let mut state = self.state();
        // The read may be older than what the view has by now only if the store broke its word.
        let State { view, watchers, .. } = &mut *state;
        view.place(&change.id, doc, &mut |event| tell(watchers, event));
    }

    async fn read_all(self: &Arc<Self>) {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let query = self.state().view.query().clone();
        let Some(found) = self.insist(|| read(&self.backend, &query)).await else { return };
        let mut state = self.state();
        let State { view, watchers, total, position, .. } = &mut *state;
        *total = found.total;
        // Also where it is lower: the log may have begun anew, and this read is the newest of this task.
        *position = found.position;
        view.replace(found.docs, &mut |event| tell(watchers, event));
    }
}

impl<M: SyncModel> State<M> {
    fn take(&mut self, change: &Change<M>) -> Need {
        if change.position != 0 && change.position <= self.position {
            return Need::Nothing;
        }
        let State { view, watchers, .. } = self;
        view.take(change, &mut |event| tell(watchers, event))
    }

    /// A watcher from now on; what the view holds now goes before its first event.
    pub(crate) fn watch(&mut self) -> Arc<Mailbox<ViewEvent<M>>> {
        let mailbox = Arc::new(Mailbox::new());
        if self.ended {
            mailbox.close();
        }
        self.watchers.push(Arc::downgrade(&mailbox));
        mailbox
    }
}

fn tell<M: SyncModel>(watchers: &mut Vec<std::sync::Weak<Mailbox<ViewEvent<M>>>>, event: ViewEvent<M>) {
    watchers.retain(|watcher| match watcher.upgrade() {
        Some(mailbox) => {
            mailbox.push(event.clone());
            true
        }
        None => false,
    });
}

impl<M: SyncModel> Drop for Followed<M> {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

async fn read<M: SyncModel>(backend: &Backend<M>, query: &Query<M>) -> Result<Found<M>, Error> {
    backend.request(Request::new(Op::Find(query.clone()))).await?.into_found()
}

impl<M: SyncModel> Followed<M> {
    /// Reads until it succeeds, for a view that gave up would be wrong for good; `None` after a shutdown, and
    /// where no one but this task has the view any more.
    async fn insist<T, F: Future<Output = Result<T, Error>>>(
        self: &Arc<Self>,
        read: impl Fn() -> F,
    ) -> Option<T> {
        let mut pause = Duration::from_millis(20);
        loop {
            match read().await {
                Ok(value) => return Some(value),
                Err(_) if self.backend.is_closed() || Arc::strong_count(self) == 1 => return None,
                Err(error) => tracing::warn!(%error, "a live view could not read; it tries again"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    /// Takes an event; a limited window is read once for all the changes that wait.
    async fn follow(self: &Arc<Self>, event: Event<M>, events: &mut Subscription<M>) {
        if !self.state().view.query().is_window() {
            return self.take(event).await;
        }
        let mut stale = self.outdates(&event);
        while let Some(event) = events.try_next() {
            stale |= self.outdates(&event);
        }
        if stale {
            self.read_all().await;
        }
        self.version.send_modify(|version| *version += 1);
    }

    fn outdates(&self, event: &Event<M>) -> bool {
        match event {
            Event::Change(change) => self.state().take(change) != Need::Nothing,
            Event::Reset => true,
            Event::Signal(_) => false,
        }
    }
}

async fn follow<M: SyncModel>(followed: std::sync::Weak<Followed<M>>, mut events: Subscription<M>) {
    while let Some(event) = events.next().await {
        // The task must not keep the view alive while it waits.
        let Some(followed) = followed.upgrade() else { return };
        followed.follow(event, &mut events).await;
    }
    if let Some(followed) = followed.upgrade() {
        let mut state = followed.state();
        state.ended = true;
        state.watchers.iter().filter_map(std::sync::Weak::upgrade).for_each(|mailbox| mailbox.close());
    }
}
