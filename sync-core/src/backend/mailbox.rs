//! A subscriber's queue: bounded, and honest at its bound.
//!
//! Invariant: what a reader takes is every event since it subscribed, in order, or a `Reset` in place of
//! what did not fit. At 1,024 waiting events the queue is emptied, and the reader gets one `Reset`. With
//! each event goes the log's low-water mark: the position up to which the reader has then been told all.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::event::Event;
use crate::model::SyncModel;

/// How many events wait for one reader.
pub(crate) const MAILBOX_EVENTS: usize = 1_024;

pub(crate) struct Mailbox<M: SyncModel> {
    state: Mutex<State<M>>,
}

struct State<M: SyncModel> {
    queue: VecDeque<(Event<M>, u64)>,
    /// The log's low-water mark as of the last event that was taken.
    mark: u64,
    /// A reset is owed; nothing is queued until the reader took it, for it reads everything anew then.
    reset: bool,
    closed: bool,
    waker: Option<Waker>,
}

impl<M: SyncModel> Mailbox<M> {
    pub(crate) fn new(mark: u64) -> Self {
        let state = State { queue: VecDeque::new(), mark, reset: false, closed: false, waker: None };
        Mailbox { state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().expect("nothing panics while it holds a mailbox")
    }

    /// Queues an event; `false` where the queue was full and a reset took its place.
    pub(crate) fn push(&self, event: Event<M>, mark: u64) -> bool {
        let mut state = self.state();
        let mut kept = true;
        if !state.reset {
            if state.queue.len() < MAILBOX_EVENTS {
                state.queue.push_back((event, mark));
            } else {
                state.queue.clear();
                state.reset = true;
                kept = false;
            }
        }
        wake(state);
        kept
    }

    /// Puts a reset in place of everything that waits.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        state.queue.clear();
        state.reset = true;
        wake(state);
    }

    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        wake(state);
    }

    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Event<M>>> {
        let mut state = self.state();
        if let Some(event) = state.take() {
            return Poll::Ready(Some(event));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(crate) fn try_next(&self) -> Option<Event<M>> {
        self.state().take()
    }
}

impl<M: SyncModel> State<M> {
    fn take(&mut self) -> Option<Event<M>> {
        if std::mem::take(&mut self.reset) {
            return Some(Event::Reset);
        }
        let (event, mark) = self.queue.pop_front()?;
        self.mark = mark;
        Some(event)
    }
}

/// Wakes the reader after the lock is released.
fn wake<M: SyncModel>(mut state: MutexGuard<'_, State<M>>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// A stream of events; ends when the backend shuts down.
///
/// Reading too slowly is answered with [`Event::Reset`]: read what you keep anew, then go on.
pub struct Subscription<M: SyncModel> {
    pub(crate) mailbox: Arc<Mailbox<M>>,
    pub(crate) unsubscribe: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl<M: SyncModel> Subscription<M> {
    /// The next event; `None` when the backend has shut down.
    pub async fn next(&mut self) -> Option<Event<M>> {
        std::future::poll_fn(|cx| self.mailbox.poll(cx)).await
    }

    /// The next event, when there is one.
    #[cfg(feature = "ws")]
    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event<M>>> {
        self.mailbox.poll(cx)
    }

    /// Every change at or below this position of the log was taken from here, or came before it.
    #[cfg(feature = "ws")]
    pub(crate) fn mark(&self) -> u64 {
        self.mailbox.state().mark
    }

    /// The next event, if one is waiting.
    pub fn try_next(&mut self) -> Option<Event<M>> {
        self.mailbox.try_next()
    }
}

impl<M: SyncModel> Stream for Subscription<M> {
    type Item = Event<M>;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event<M>>> {
        self.mailbox.poll(cx)
    }
}

impl<M: SyncModel> Drop for Subscription<M> {
    fn drop(&mut self) {
        if let Some(unsubscribe) = self.unsubscribe.take() {
            unsubscribe();
        }
    }
}

impl<M: SyncModel> std::fmt::Debug for Subscription<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscription")
    }
}
