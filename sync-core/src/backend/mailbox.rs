//! A reader's queue: bounded, and honest at its bound.
//!
//! Invariant: what a reader takes is everything since it subscribed, in order, or one [`Lost`] in place of
//! what did not fit. At 1,024 waiting items the queue is emptied and `Lost` takes its place; nothing is
//! queued then until the reader took it, for it reads everything anew at that point.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// How many items wait for one reader.
pub(crate) const MAILBOX: usize = 1_024;

/// Items were lost to this reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost;

pub(crate) struct Mailbox<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    queue: VecDeque<T>,
    lost: bool,
    closed: bool,
    waker: Option<Waker>,
}

impl<T> Mailbox<T> {
    pub(crate) fn new() -> Self {
        Mailbox {
            state: Mutex::new(State { queue: VecDeque::new(), lost: false, closed: false, waker: None }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect("nothing panics while it holds a mailbox")
    }

    /// Queues an item; `false` where the queue was full and emptied instead.
    pub(crate) fn push(&self, item: T) -> bool {
        let mut state = self.state();
        let mut kept = true;
        if !state.lost {
            if state.queue.len() < MAILBOX {
                state.queue.push_back(item);
            } else {
                state.queue.clear();
                state.lost = true;
                kept = false;
            }
        }
        wake(state);
        kept
    }

    /// Takes everything that waits away, and says so.
    pub(crate) fn lose(&self) {
        let mut state = self.state();
        state.queue.clear();
        state.lost = true;
        wake(state);
    }

    /// Ends the reader's stream, after what waits.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        wake(state);
    }

    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Lost>>> {
        let mut state = self.state();
        if let Some(item) = take(&mut state) {
            return Poll::Ready(Some(item));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(crate) fn try_next(&self) -> Option<Result<T, Lost>> {
        take(&mut self.state())
    }
}

fn take<T>(state: &mut State<T>) -> Option<Result<T, Lost>> {
    if std::mem::take(&mut state.lost) { Some(Err(Lost)) } else { state.queue.pop_front().map(Ok) }
}

/// Wakes the reader after the lock is released.
fn wake<T>(mut state: MutexGuard<'_, State<T>>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
